//! `partner disconnect` and `partner onboard`: one command, two verbs.

use std::io::IsTerminal as _;
use std::path::Path;
use std::rc::Rc;

use anyhow::Context as _;
use futures_util::StreamExt as _;

use crate::batch::read::read;
use crate::batch::resume::{self, Earlier};
use crate::batch::settle::Ends;
use crate::batch::{self, Finished, Plan, Surroundings, Task};
use crate::clean::clean;
use crate::cli;
use crate::context::{Connection, Context, block_on, stdout_is_terminal};
use crate::error::Error;
use crate::exit::{Exit, Signal, Verdict};
use crate::graph::advice::Caller;
use crate::graph::client::Client;
use crate::graph::partner::Action;
use crate::ids::{Collected, PartnerIds, input};
use crate::interrupt::Interrupts;
use crate::output::record::{Status, Summary, name};
use crate::output::sink::{Look, Sink, text_line};
use crate::output::{Format, stdout, table};
use crate::permission;
use crate::words::plain;
use unicode_width::UnicodeWidthStr as _;

/// How many partners are shown before it is asked.
const MOST_SHOWN: usize = 20;

/// Runs it.
///
/// # Errors
/// Nothing was sent: the IDs are bad, or there is no usable token.
pub fn run(context: &Context, action: Action, options: cli::Act) -> anyhow::Result<Exit> {
    block_on(async {
        // From here on a signal is answered by a report, not by death.
        let mut interrupts = Interrupts::listen().context("the system refuses a handler for Ctrl-C")?;
        let cli::Act { ids: cli::Ids { ids, from_file }, concurrency, rate, dry_run, yes, wait, fail_fast, resume } =
            options;
        // No ID that Graph issues reads as a duration; who types a space before one means it for --wait.
        if wait.is_some()
            && let Some(duration) = ids.iter().find(|id| humantime::parse_duration(id).is_ok())
        {
            return Err(Error::usage(format!("`{duration}` stands where an ID belongs; nothing was sent"))
                .hint(format!("a duration follows --wait with an equals sign: --wait={duration}"))
                .into());
        }
        let format = context.format;
        let reading = tokio::task::spawn_blocking(move || {
            let collected = input::read(&ids, from_file.as_deref(), name(action))?;
            let earlier = resume.map(|path| earlier(&path, action, format)).transpose()?;
            anyhow::Ok((collected, earlier.unwrap_or_default()))
        });
        let (Collected { ids, warnings }, Earlier { done, torn }) = tokio::select! {
            read = reading => read.context("reading the IDs broke off")??,
            signal = interrupts.recv() => {
                context.console.error("interrupted while reading the IDs; nothing was sent");
                return Ok(Exit::Interrupted(signal));
            }
        };
        for warning in warnings {
            context.console.warning(&warning);
        }
        match ids.repeated() {
            0 => {}
            1 => context.console.note("1 repeated ID is sent once"),
            repeated => context.console.note(&format!("{repeated} repeated IDs are sent once")),
        }
        match torn {
            0 => {}
            1 => context.console.note("1 record of an earlier run is torn, and does not count"),
            torn => context.console.note(&format!("{torn} records of earlier runs are torn, and do not count")),
        }
        let mut plan = Plan {
            ids: &ids,
            done,
            action,
            task: if dry_run { Task::Rehearse } else { Task::Act { wait } },
            concurrency: usize::from(concurrency),
            fail_fast,
            tell_failures: context.format == Format::Id,
            caller: Caller::default(),
            stop: Rc::clone(&context.stop),
        };
        if ids.iter().all(|(id, _)| plan.done.contains(id)) {
            let around = surroundings(context, &plan, &mut interrupts)?;
            let finished = batch::without_requests(&plan, None, around).await;
            conclude(context, &plan, &finished);
            return Ok(finished.exit);
        }
        let connecting = context.connect();
        tokio::pin!(connecting);
        let connection = tokio::select! {
            connection = &mut connecting => connection?,
            signal = interrupts.recv() => {
                context.finish_renewing(connecting, &mut interrupts).await;
                let around = surroundings(context, &plan, &mut interrupts)?;
                let finished = batch::without_requests(&plan, Some(signal), around).await;
                conclude(context, &plan, &finished);
                return Ok(finished.exit);
            }
        };
        plan.caller = connection.caller();
        context.warn_about(&connection, &[permission::WRITE]);
        let client = context.client(&connection, rate.0)?;
        if !yes && !dry_run && std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            let consenting = consent(context, &plan, &connection, &client);
            tokio::pin!(consenting);
            let is_given = tokio::select! {
                is_given = &mut consenting => is_given?,
                signal = interrupts.recv() => {
                    context.finish_renewing(consenting, &mut interrupts).await;
                    // The line with the question, or with the terminal's ^C, is not over yet.
                    context.console.instruction("");
                    context.console.error("interrupted; nothing was sent");
                    return Ok(Exit::Interrupted(signal));
                }
            };
            if !is_given {
                context.console.instruction("nothing was sent");
                return Ok(Exit::Failure);
            }
        }
        let summary = Summary {
            tenant_id: connection.tenant().map(str::to_owned),
            cloud: connection.cloud(),
            ..Summary::default()
        };
        let around = surroundings(context, &plan, &mut interrupts)?;
        let finished = batch::run(&plan, &client, summary, around).await?;
        conclude(context, &plan, &finished);
        let lacks_permission =
            connection.claims().and_then(|claims| claims.has_any(&[permission::WRITE])) == Some(false);
        if plan.task == Task::Rehearse && lacks_permission && matches!(finished.exit, Exit::Success | Exit::Failure) {
            context
                .console
                .error(&format!("a run would be refused: the token lacks the permission {}", permission::WRITE));
            return Ok(Exit::Failure);
        }
        Ok(finished.exit)
    })
}

/// What earlier runs have done, by the records that they left in a file.
fn earlier(path: &Path, action: Action, format: Format) -> Result<Earlier, Error> {
    let name = path.display();
    let is_own = stdout::is(path);
    if is_own && !stdout::appends() {
        return Err(Error::usage(format!(
            "the output replaces {name}, whose records are gone by now; nothing was sent"
        ))
        .hint("append to it, with `>>`; if it is the first run, leave out --resume"));
    }
    if is_own && format != Format::Ndjson {
        return Err(Error::usage(format!("the output would go between the records in {name}; nothing was sent"))
            .hint("append records to it, with -o ndjson, or write somewhere else"));
    }
    let bytes = input::file(path).map_err(|error| {
        error.hint("--resume takes the records that an earlier run has left (-o ndjson); leave it out of the first run")
    })?;
    let earlier = resume::read(&bytes, action).map_err(|foreign| {
        Error::usage(format!("{name}: {foreign}; nothing was sent"))
            .hint("--resume takes the records that an earlier run of disconnect or onboard has left (-o ndjson)")
    })?;
    if is_own && bytes.last().is_some_and(|last| *last != b'\n') {
        // The next record is not to be appended to a torn one.
        stdout::print(b"\n").map_err(|error| Error::failure(format!("{error:#}; nothing was sent")))?;
    }
    Ok(earlier)
}

/// Shows what would be acted on, and asks. Anything but a yes is a no.
async fn consent(
    context: &Context,
    plan: &Plan<'_>,
    connection: &Connection,
    client: &Client<'_>,
) -> anyhow::Result<bool> {
    let todo: Vec<_> = plan.ids.iter().map(|(id, _)| id).filter(|id| !plan.done.contains(*id)).collect();
    let ends = Ends { host: client.host(), caller: &plan.caller };
    let mut rows = Vec::new();
    let shown = todo.iter().take(MOST_SHOWN).copied();
    let mut partners = std::pin::pin!(read(client, shown, ends, &plan.stop));
    while let Some((id, partner)) = partners.next().await {
        let (name, status) = match partner {
            Ok(partner) => (partner.fields.display_name, partner.fields.onboarding_status),
            Err(undone) if undone.verdict() == Verdict::Unauthorized => {
                let error = Error::auth(format!("{}; nothing was sent", undone.in_words()));
                return Err(match undone.hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
                .into());
            }
            Err(undone) => {
                let status = undone.http_status.map(|status| format!("{status} ")).unwrap_or_default();
                (None, Some(format!("not read: {status}{}", undone.failure.code)))
            }
        };
        let cell = |text: Option<String>| clean(&text.unwrap_or_default()).into_owned();
        rows.push([clean(id.as_str()).into_owned(), cell(name), cell(status)]);
    }
    let mut text = question(plan.action, todo.len(), plan.done.len(), connection, client.host()).into_bytes();
    let more = todo.len() - rows.len();
    table::write_rows(&mut text, ["ID", "NAME", "STATUS"], rows.into_iter(), true)?;
    if more > 0 {
        text.extend(format!("… and {more} more\n").bytes());
    }
    context.console.instruction(&String::from_utf8_lossy(&text));
    context.console.ask(match (plan.action, todo.len()) {
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
    format!("This {verb} {count} {partners} of {tenant} at {host}{account}{skipped}:\n\n")
}

fn surroundings<'a>(
    context: &'a Context,
    plan: &Plan<'_>,
    interrupts: &'a mut Interrupts,
) -> anyhow::Result<Surroundings<'a>> {
    let bar = context.console.start_progress(plan.ids.len()).filter(|_| stdout_is_terminal());
    let sink = Sink::start(look(context, plan.ids), bar).context("the system refuses what the output needs")?;
    Ok(Surroundings { console: &context.console, sink, interrupts })
}

fn look(context: &Context, ids: &PartnerIds) -> Look {
    let terminal = stdout_is_terminal();
    let widest = || ids.iter().map(|(id, _)| id.as_str().width()).max().unwrap_or_default();
    Look { format: context.format, id_width: terminal.then(widest), color: context.color.on(&std::io::stdout()) }
}

/// Tells on standard error what standard output does not.
fn conclude(context: &Context, plan: &Plan<'_>, finished: &Finished) {
    let Finished { exit, summary, hints, written } = finished;
    let console = &context.console;
    if let Some(error) = written.error.as_ref().filter(|_| !written.closed()) {
        console.error(&format!("the results could not all be written: {}", plain(error)));
        let plain_text = Look { format: Format::Text, id_width: None, color: false };
        for record in written.lost.iter().filter(|record| record.status != Status::NotAttempted) {
            // A sentence for people: the console lets no tab through.
            console.error(&format!("not written: {}", text_line(record, plain_text).replace('\t', " ")));
        }
    }
    if let Exit::Interrupted(signal) = exit {
        console.error(match signal {
            Signal::Interrupt => "interrupted",
            Signal::Terminate => "asked to end (SIGTERM)",
        });
    }
    if matches!(context.format, Format::Text | Format::Id) {
        console.note(&in_words(plan, summary));
    }
    for hint in hints {
        console.hint(hint);
    }
}

/// A summary as one line.
fn in_words(plan: &Plan<'_>, summary: &Summary) -> String {
    let Summary { total, succeeded, failed, skipped, not_attempted, duration_ms, .. } = summary;
    let is_rehearsed = plan.task == Task::Rehearse;
    let (done, skipped_as) = match (is_rehearsed, plan.action) {
        (false, Action::Disconnect) => ("disconnected", "skipped"),
        (false, Action::Onboard) => ("begun to onboard", "skipped"),
        (true, Action::Disconnect) => ("would be disconnected", "with nothing to do"),
        (true, Action::Onboard) => ("would be onboarded", "with nothing to do"),
    };
    let mut line = format!("{total} {}: {succeeded} {done}", if *total == 1 { "partner" } else { "partners" });
    for (count, name) in [(failed, "failed"), (skipped, skipped_as), (not_attempted, "not attempted")] {
        if *count > 0 {
            line.push_str(&format!(", {count} {name}"));
        }
    }
    line.push_str(&format!(" in {}.{} s", duration_ms / 1000, duration_ms % 1000 / 100));
    if let Some(tenant) = &summary.tenant_id {
        line.push_str(&format!(" (tenant {})", clean(tenant)));
    }
    if is_rehearsed {
        line.push_str("; nothing was changed");
    }
    line
}
