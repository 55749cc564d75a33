//! `auth token`: the one place that prints a token.

use secrecy::ExposeSecret as _;

use crate::context::Context;
use crate::exit::Exit;
use crate::output::stdout;

pub fn run(context: &Context) -> anyhow::Result<Exit> {
    context.run_until_interrupted(async {
        let connection = context.connect(context.selection()?).await?;
        stdout::print(format!("{}\n", connection.token.secret.expose_secret()).as_bytes())
    })
}
