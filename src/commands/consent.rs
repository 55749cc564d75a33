//! The prompt before a change, with the partners that would be changed.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;

use crate::action::Action;
use crate::batch::Plan;
use crate::batch::read::read;
use crate::context::{Connection, Context};
use crate::error::Error;
use crate::exit::{Exit, Verdict};
use crate::graph::client::Client;
use crate::graph::failure::CallContext;
use crate::interrupt::Interrupts;
use crate::output::console::Console;
use crate::output::partners;
use crate::output::style::RED;
use crate::output::table::{self, Cell, Column};
use crate::output::tty::{self, Tty};
use crate::text::humanize::counted;
use crate::text::sanitize::{sanitize, sanitize_lines};

/// How many partners are shown. The others are counted.
const MOST_SHOWN: usize = 20;
/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// The answer to the prompt.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Yes,
    No,
    /// There was no answer in time.
    Nobody,
}

/// The terminal at which a person can answer. Without one there is no prompt, so that no script waits for an answer.
///
/// # Errors
/// There is a terminal, but it cannot show the prompt.
pub fn terminal() -> Result<Option<Tty>, Error> {
    if is_ci(std::env::var_os(crate::variables::CI).as_deref()) { Ok(None) } else { Tty::open() }
}

/// Some CI systems give their jobs a terminal.
fn is_ci(variable: Option<&OsStr>) -> bool {
    variable.is_some_and(|value| !value.is_empty() && !value.eq_ignore_ascii_case("false"))
}

/// Shows the partners, and asks for confirmation. If the answer is not yes, returns how the command exits.
///
/// # Errors
/// The service rejected the token, or did not answer.
pub async fn ask(
    context: &Context,
    plan: &Plan,
    connection: &Connection,
    client: &Client<'_>,
    tty: Tty,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Option<Exit>> {
    let tty = Arc::new(tty);
    let asking = show_and_ask(context, plan, connection, client, &tty);
    tokio::pin!(asking);
    let answer = tokio::select! {
        answer = &mut asking => answer?,
        signal = interrupts.recv() => {
            interrupts.finish(signal, asking, &context.console, &context.cancel).await;
            context.console.end_progress();
            // The cursor is still in the line with the question, or with the terminal's ^C.
            tty.write("\n");
            tell(&tty, &context.console, Console::error, "interrupted; nothing was sent");
            return Ok(Some(Exit::Interrupted(signal)));
        }
    };
    match answer {
        Reply::Yes => return Ok(None),
        Reply::No => tell(&tty, &context.console, Console::instruction, "nothing was sent"),
        Reply::Nobody => {
            tty.write("\n");
            tell(&tty, &context.console, Console::error, "no answer within 10 minutes; nothing was sent");
        }
    }
    Ok(Some(Exit::Failure))
}

/// Prints a message on standard error, and also on the terminal if standard error leads elsewhere.
fn tell(tty: &Tty, console: &Console, say: impl Fn(&Console, &str), message: &str) {
    if !tty.is_stderr() {
        tty.write(&format!("{message}\n"));
    }
    say(console, message);
}

async fn show_and_ask(
    context: &Context,
    plan: &Plan,
    connection: &Connection,
    client: &Client<'_>,
    tty: &Arc<Tty>,
) -> anyhow::Result<Reply> {
    // Before the partners are read, because the progress would overwrite the prompt of another process.
    let waiting = Arc::clone(tty);
    let _turn = tokio::task::spawn_blocking(move || waiting.turn()).await;
    let todo = plan.todo().count();
    let (mut rows, mut unanswered) = (Vec::new(), Vec::new());
    let reading = context.console.reading("the partners");
    let mut reads = std::pin::pin!(read(
        client,
        plan.todo().take(MOST_SHOWN),
        CallContext::new(client, &plan.caller, &context.cancel)
    ));
    while let Some((id, partner)) = reads.next().await {
        rows.push(match partner {
            Ok(partner) => [partners::id(&partner), partners::name(&partner), partners::status(&partner)],
            Err(failure) if failure.verdict() == Verdict::Unauthorized => {
                let message = format!("{}; nothing was changed", failure.in_words());
                return Err(failure.into_error(message).into());
            }
            Err(failure) => {
                let status = failure.http_status.map(|status| format!("{status} ")).unwrap_or_default();
                let status = format!("not read: {status}{}", sanitize(&failure.code));
                let row = [
                    Cell::from(sanitize(id.as_str()).into_owned()),
                    Cell::default(),
                    Cell { text: status, style: RED },
                ];
                unanswered.extend(Some(failure).filter(|failure| failure.http_status.is_none()));
                row
            }
        });
    }
    drop(reading);
    // If no read was answered, no change would be either.
    if unanswered.len() == rows.len()
        && let Some(failure) = unanswered.pop()
    {
        let message = format!("cannot read the partners: {}; nothing was changed", failure.in_words());
        return Err(failure.into_error(message).into());
    }
    let columns = [Column::whole("id"), Column::cut("name"), Column::whole("status")];
    let style = tty.text_style(context.color);
    let wrapped = |text: &str| style.layout.wrap(text, 0, false);
    let mut shown = wrapped(&heading(plan.action, todo, plan.ids.len() - todo, connection, client.host()));
    shown += &table::text(&columns, &rows, style);
    if todo > rows.len() {
        shown += &format!("… and {} more\n", todo - rows.len());
    }
    // Count and tenant again, because a long table pushes the heading off the screen.
    let whom = partners_of(todo, connection);
    let warning = plan.action.words.warning.map(|warning| format!("{warning}\n")).unwrap_or_default();
    let question = wrapped(&format!("\n{warning}{} {whom}? [y/N] ", plan.action.words.imperative));
    within(PATIENCE, ask_until_answered(tty, &shown, &question)).await
}

/// The line that answers the question. A line typed for the shell, while this process was stopped, does not count.
async fn ask_until_answered(tty: &Arc<Tty>, shown: &str, question: &str) -> anyhow::Result<io::Result<String>> {
    let has_resumed = Arc::new(AtomicBool::new(false));
    let asking = async {
        let mut shown = shown.to_owned();
        loop {
            let (tty, question, flag) = (Arc::clone(tty), question.to_owned(), Arc::clone(&has_resumed));
            let shown = std::mem::take(&mut shown);
            let line = tokio::task::spawn_blocking(move || tty.ask(&shown, &question, &flag)).await;
            let line = line.context("prompt failed")?;
            // The line may have been read before the signal was handled.
            tokio::time::sleep(tty::PAUSE).await;
            if line.is_err() || !has_resumed.load(Ordering::SeqCst) {
                return Ok(line);
            }
        }
    };
    tokio::select! {
        // Listens for the signal before the question is shown.
        biased;
        never = note_resumptions(&has_resumed) => match never {},
        line = asking => line,
    }
}

/// Sets the flag whenever this process continues after it was stopped. Never ends.
async fn note_resumptions(has_resumed: &AtomicBool) -> Infallible {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        if let Ok(mut signals) = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())) {
            while signals.recv().await.is_some() {
                has_resumed.store(true, Ordering::SeqCst);
            }
        }
    }
    #[cfg(not(unix))]
    let _ = has_resumed;
    std::future::pending().await
}

/// The answer in a line, if it comes in time.
async fn within(
    limit: Duration,
    line: impl Future<Output = anyhow::Result<io::Result<String>>>,
) -> anyhow::Result<Reply> {
    let Ok(line) = tokio::time::timeout(limit, line).await else { return Ok(Reply::Nobody) };
    // A terminal that has hung up has no line.
    let line = line?.unwrap_or_default();
    // Ctrl-D sends what was typed, but does not end the line: that is not an answer.
    let answer = line.strip_suffix('\n').unwrap_or_default();
    Ok(if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) { Reply::Yes } else { Reply::No })
}

/// What would happen to the partners listed below it.
fn heading(action: &Action, count: usize, skipped: usize, connection: &Connection, host: &str) -> String {
    let account = connection.account().map(|account| format!(", as {}", sanitize(account))).unwrap_or_default();
    let skipped = if skipped > 0 { format!(" (skipped: {skipped} done by an earlier run)") } else { String::new() };
    sanitize_lines(&format!(
        "This {} {}\nat {host}{account}{skipped}:\n\n",
        action.words.present,
        partners_of(count, connection)
    ))
    .into_owned()
}

fn partners_of(count: usize, connection: &Connection) -> String {
    let partners = counted(count, "partner");
    match connection.tenant() {
        Some(tenant) => format!("{partners} in tenant {}", sanitize(tenant)),
        None => format!("{partners} in an unknown tenant"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: impl Future<Output = anyhow::Result<io::Result<String>>>) -> Reply {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(within(Duration::from_millis(1), line)).unwrap()
    }

    #[test]
    fn the_prompt_does_not_wait_longer_than_its_limit() {
        assert_eq!(answer(std::future::pending()), Reply::Nobody);
    }

    #[test]
    fn only_y_or_yes_on_a_complete_line_confirms() {
        let table = [
            ("y\n", Reply::Yes),
            (" YES \r\n", Reply::Yes),
            ("\n", Reply::No),
            ("n\n", Reply::No),
            ("yy\n", Reply::No),
            ("y", Reply::No),
            ("", Reply::No),
        ];
        for (line, expected) in table {
            assert_eq!(answer(std::future::ready(Ok(Ok(line.to_owned())))), expected, "{line:?}");
        }
        let hung_up = io::Error::from(io::ErrorKind::Other);
        assert_eq!(answer(std::future::ready(Ok(Err(hung_up)))), Reply::No);
    }

    #[test]
    fn any_value_of_ci_except_false_means_ci() {
        let table = [
            (None, false),
            (Some(""), false),
            (Some("false"), false),
            (Some("False"), false),
            (Some("true"), true),
            (Some("1"), true),
            (Some("0"), true),
        ];
        for (variable, expected) in table {
            assert_eq!(is_ci(variable.map(OsStr::new)), expected, "{variable:?}");
        }
    }
}
