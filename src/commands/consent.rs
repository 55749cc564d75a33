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
    let (mut rows, mut unanswered) = (Vec::new(), Vec::new());
    let reading = context.console.reading("the partners");
    let mut partners = std::pin::pin!(read(client, plan.todo().take(MOST_SHOWN), ends, &plan.stop));
    while let Some((id, partner)) = partners.next().await {
        rows.push(match partner {
            Ok(partner) => [table::id(&partner), table::name(&partner), table::status(&partner)],
            Err(undone) if undone.verdict() == Verdict::Unauthorized => {
                let error = Error::auth(format!("{}; nothing was sent", undone.in_words()));
                return Err(undone.hint.into_iter().fold(error, Error::hint).into());
            }
            Err(undone) => {
                let status = undone.http_status.map(|status| format!("{status} ")).unwrap_or_default();
                let status = format!("not read: {status}{}", clean(&undone.failure.code));
                let row =
                    [Cell::from(clean(id.as_str()).into_owned()), Cell::default(), Cell { text: status, style: RED }];
                unanswered.extend(Some(undone).filter(|undone| undone.http_status.is_none()));
                row
            }
        });
    }
    drop(reading);
    // Where no answer comes at all, none would come to what is asked about.
    if unanswered.len() == rows.len()
        && let Some(undone) = unanswered.pop()
    {
        let message = format!("cannot show what this would act on: {}; nothing was sent", undone.in_words());
        return Err(undone.hint.into_iter().fold(Error::failure(message), Error::hint).into());
    }
    let columns = [Column::whole("id"), Column::cut("name"), Column::whole("status")];
    let shape = Shape::of(&std::io::stderr(), context.color);
    context.console.instruction(&heading(plan.action, todo, plan.ids.len() - todo, connection, client.host()));
    context.console.table(&table::text(&columns, &rows, shape));
    if todo > rows.len() {
        context.console.instruction(&format!("… and {} more", todo - rows.len()));
    }
    context.console.instruction("");
    // How many and whose, once more: a long table pushes the heading off the screen.
    let whom = partners_of(todo, connection);
    context.console.ask(&match plan.action {
        Action::Disconnect => format!("There is no undo.\nDisconnect {whom}? [y/N] "),
        Action::Onboard => format!("Onboard {whom}? [y/N] "),
    });
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let answer = answer.await.context("asking broke off")?.context("the answer cannot be read; nothing was sent")?;
    if !answer.ends_with('\n') {
        // Ctrl-D ends what was typed, but not the line: that is no answer.
        context.console.instruction("");
        return Ok(false);
    }
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// What the partners that follow are shown for.
fn heading(action: Action, count: usize, skipped: usize, connection: &Connection, host: &str) -> String {
    let verb = match action {
        Action::Disconnect => "disconnects",
        Action::Onboard => "onboards",
    };
    let account = connection.account().map(|account| format!(", as {}", clean(account))).unwrap_or_default();
    let skipped = if skipped > 0 { format!(" ({skipped} done by an earlier run are skipped)") } else { String::new() };
    format!("This {verb} {}\nat {host}{account}{skipped}:\n", partners_of(count, connection))
}

fn partners_of(count: usize, connection: &Connection) -> String {
    let partners = if count == 1 { "partner" } else { "partners" };
    match connection.tenant() {
        Some(tenant) => format!("{count} {partners} of tenant {}", clean(tenant)),
        None => format!("{count} {partners} of a tenant that the token does not name"),
    }
}
