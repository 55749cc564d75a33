//! The question before anything is sent, with what it is about.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use futures_util::StreamExt as _;

use crate::batch::Plan;
use crate::batch::read::read;
use crate::batch::settle::Ends;
use crate::clean::clean;
use crate::context::{Connection, Context};
use crate::error::Error;
use crate::exit::Verdict;
use crate::graph::client::Client;
use crate::graph::partner::Action;
use crate::output::console::RED;
use crate::output::table::{self, Cell, Column};
use crate::output::terminal::Shape;

/// How many partners are shown; of the others, how many there are.
const MOST_SHOWN: usize = 20;

/// Whether somebody is there: elsewhere it is never asked, so that no script waits for an answer.
pub fn can_be_asked() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Shows what would be acted on, and asks. Anything but a yes is a no.
///
/// # Errors
/// The service refuses the token, does not answer, or the answer cannot be read.
pub async fn ask(
    context: &Context,
    plan: &Plan<'_>,
    connection: &Connection,
    client: &Client<'_>,
) -> anyhow::Result<bool> {
    let todo = plan.todo().count();
    let ends = Ends { host: client.host(), caller: &plan.caller };
    let mut rows = Vec::new();
    let reading = context.console.reading("the partners");
    let mut partners = std::pin::pin!(read(client, plan.todo().take(MOST_SHOWN), ends, &plan.stop));
    while let Some((id, partner)) = partners.next().await {
        rows.push(match partner {
            Ok(partner) => [table::id(&partner), table::name(&partner), table::status(&partner)],
            Err(undone) if undone.verdict() == Verdict::Unauthorized => {
                let error = Error::auth(format!("{}; nothing was sent", undone.in_words()));
                return Err(undone.hint.into_iter().fold(error, Error::hint).into());
            }
            // Where no answer comes to this, none would come to what it is to be asked for.
            Err(undone) if undone.http_status.is_none() => {
                let message = format!("cannot show what this would act on: {}; nothing was sent", undone.in_words());
                return Err(undone.hint.into_iter().fold(Error::failure(message), Error::hint).into());
            }
            Err(undone) => {
                let status = undone.http_status.map(|status| format!("{status} ")).unwrap_or_default();
                let status = format!("not read: {status}{}", clean(&undone.failure.code));
                [Cell::from(clean(id.as_str()).into_owned()), Cell::default(), Cell { text: status, style: RED }]
            }
        });
    }
    drop(reading);
    let columns = [Column::whole("id"), Column::cut("name"), Column::whole("status")];
    let shape = Shape::of(&std::io::stderr(), context.color);
    context.console.instruction(&question(plan.action, todo, plan.ids.len() - todo, connection, client.host()));
    context.console.table(&table::text(&columns, &rows, shape));
    if todo > rows.len() {
        context.console.instruction(&format!("… and {} more", todo - rows.len()));
    }
    context.console.instruction("");
    context.console.ask(match (plan.action, todo) {
        (Action::Disconnect, 1) => "There is no undo. Disconnect it? [y/N] ",
        (Action::Disconnect, _) => "There is no undo. Disconnect them? [y/N] ",
        (Action::Onboard, 1) => "Onboard it? [y/N] ",
        (Action::Onboard, _) => "Onboard them? [y/N] ",
    });
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let answer = answer.await.context("asking broke off")?.context("the answer cannot be read; nothing was sent")?;
    if !answer.ends_with('\n') {
        // Ctrl-D ends the answer, but not the line.
        context.console.instruction("");
    }
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// What the partners that follow are shown for.
fn question(action: Action, count: usize, skipped: usize, connection: &Connection, host: &str) -> String {
    let verb = match action {
        Action::Disconnect => "disconnects",
        Action::Onboard => "begins to onboard",
    };
    let partners = if count == 1 { "partner" } else { "partners" };
    let tenant = connection
        .tenant()
        .map_or("a tenant that the token does not name".to_owned(), |tenant| format!("tenant {}", clean(tenant)));
    let account = connection.account().map(|account| format!(", as {}", clean(account))).unwrap_or_default();
    let skipped = if skipped > 0 { format!(" ({skipped} done by an earlier run are skipped)") } else { String::new() };
    format!("This {verb} {count} {partners} of {tenant}\nat {host}{account}{skipped}:\n")
}
