//! `auth token`: the one place that prints a token.

use secrecy::ExposeSecret as _;

use crate::context::{Context, block_on};
use crate::exit::Exit;
use crate::output::stdout;

/// Runs it.
///
/// # Errors
/// There is no usable token.
pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let connection = block_on(context.connect())?;
    stdout::print(format!("{}\n", connection.token.secret.expose_secret()).as_bytes())
}
