//! `partner disconnect`: the main job.

use std::io::{IsTerminal as _, Read};
use std::path::Path;
use std::rc::Rc;

use anyhow::Context as _;

use crate::batch::{self, Finished, Plan, Surroundings};
use crate::clean::clean;
use crate::cli;
use crate::context::{Context, block_on, stdout_is_terminal};
use crate::error::Error;
use crate::exit::{Exit, Signal};
use crate::graph::advice::Caller;
use crate::graph::pace::Rate;
use crate::ids::{Collected, Collector, PartnerIds};
use crate::interrupt::Interrupts;
use crate::output::Format;
use crate::output::record::{Status, Summary};
use crate::output::sink::{Look, Sink, text_line};
use crate::permission;
use crate::words::plain;
use unicode_width::UnicodeWidthStr as _;

const STDIN: &str = "standard input";
/// Ten times what a million IDs take in the most talkative form.
const LARGEST: u64 = 1 << 30;

/// Runs it.
///
/// # Errors
/// Nothing was sent: the IDs are bad, or there is no usable token.
pub fn run(context: &Context, options: cli::Disconnect) -> anyhow::Result<Exit> {
    block_on(async {
        // From here on a signal is answered by a report, not by death.
        let mut interrupts = Interrupts::listen().context("the system refuses a handler for Ctrl-C")?;
        let cli::Disconnect { ids, from_file, concurrency, rate, fail_fast } = options;
        let reading = tokio::task::spawn_blocking(move || read_ids(&ids, from_file.as_deref()));
        let Collected { ids, warnings } = tokio::select! {
            collected = reading => collected.context("reading the IDs broke off")??,
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
        let mut plan = Plan {
            ids: &ids,
            concurrency: usize::from(concurrency),
            fail_fast,
            tell_failures: context.format == Format::Id,
            caller: Caller::default(),
            stop: Rc::clone(&context.stop),
        };
        let connecting = context.connect();
        tokio::pin!(connecting);
        let connection = tokio::select! {
            connection = &mut connecting => connection?,
            signal = interrupts.recv() => {
                context.finish_renewing(connecting, &mut interrupts).await;
                let around = surroundings(context, &ids, rate.0, &mut interrupts)?;
                let finished = batch::give_up(&plan, signal, around).await;
                conclude(context, &finished);
                return Ok(finished.exit);
            }
        };
        plan.caller = connection.caller();
        context.warn_about(&connection, &[permission::WRITE]);
        let client = context.client(&connection, rate.0)?;
        let summary = Summary {
            tenant_id: connection.tenant().map(str::to_owned),
            cloud: connection.cloud(),
            ..Summary::default()
        };
        let around = surroundings(context, &ids, rate.0, &mut interrupts)?;
        let finished = batch::run(&plan, &client, summary, around).await?;
        conclude(context, &finished);
        Ok(finished.exit)
    })
}

fn surroundings<'a>(
    context: &'a Context,
    ids: &PartnerIds,
    rate: Option<Rate>,
    interrupts: &'a mut Interrupts,
) -> anyhow::Result<Surroundings<'a>> {
    let progress = context.console.start_progress(ids.len(), rate).filter(|_| stdout_is_terminal());
    let sink = Sink::start(look(context, ids), progress).context("the system refuses what the output needs")?;
    Ok(Surroundings { console: &context.console, sink, interrupts })
}

/// Reads and checks every ID from every source.
fn read_ids(arguments: &[String], from_file: Option<&Path>) -> anyhow::Result<Collected> {
    let mut collector = Collector::new();
    let dash = Path::new("-");
    let times = arguments.iter().filter(|id| *id == "-").count() + usize::from(from_file == Some(dash));
    if times > 1 {
        return Err(Error::usage("standard input is named more than once").hint("give `-` once").into());
    }
    for (n, id) in arguments.iter().enumerate() {
        if id == "-" {
            collector.source(STDIN, &stdin()?);
        } else {
            collector.argument(n + 1, id);
        }
    }
    match from_file {
        Some(path) if path == dash => collector.source(STDIN, &stdin()?),
        Some(path) => {
            let name = path.display().to_string();
            let read = std::fs::File::open(path).and_then(whole);
            let bytes = read.map_err(|error| {
                Error::usage(format!("cannot read {name}: {}; nothing was sent", plain(&error)))
                    .hint("-f takes a file with partner IDs, or - for standard input")
            })?;
            collector.source(&name, &bytes);
        }
        None if arguments.is_empty() => {
            // A terminal would wait in silence for somebody to type.
            if std::io::stdin().is_terminal() {
                return Err(no_ids().into());
            }
            collector.source(STDIN, &stdin()?);
        }
        None => {}
    }
    Ok(collector.finish()?)
}

fn stdin() -> Result<Vec<u8>, Error> {
    whole(std::io::stdin().lock())
        .map_err(|error| Error::usage(format!("cannot read standard input: {}; nothing was sent", plain(&error))))
}

/// Reads a source to its end, which it must have: `/dev/zero` has none.
fn whole(source: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(std::io::Error::other("it is larger than 1 GiB, so it is no list of partners"));
    }
    Ok(bytes)
}

fn no_ids() -> Error {
    Error::usage("no partner IDs given").hint(
        "name them, or pipe them in:
  intunectl partner disconnect 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  intunectl partner list -o id | intunectl partner disconnect -",
    )
}

fn look(context: &Context, ids: &PartnerIds) -> Look {
    let terminal = stdout_is_terminal();
    let widest = || ids.iter().map(|(id, _)| id.as_str().width()).max().unwrap_or_default();
    Look { format: context.format, id_width: terminal.then(widest), color: context.color.on(&std::io::stdout()) }
}

/// Tells on standard error what standard output does not.
fn conclude(context: &Context, finished: &Finished) {
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
        console.note(&in_words(summary));
    }
    for hint in hints {
        console.hint(hint);
    }
}

/// A summary as one line.
fn in_words(summary: &Summary) -> String {
    let Summary { total, succeeded, failed, not_attempted, duration_ms, .. } = summary;
    let mut line = format!("{total} {}: {succeeded} disconnected", if *total == 1 { "partner" } else { "partners" });
    for (count, name) in [(failed, "failed"), (not_attempted, "not attempted")] {
        if *count > 0 {
            line.push_str(&format!(", {count} {name}"));
        }
    }
    line.push_str(&format!(" in {}.{} s", duration_ms / 1000, duration_ms % 1000 / 100));
    if let Some(tenant) = &summary.tenant_id {
        line.push_str(&format!(" (tenant {})", clean(tenant)));
    }
    line
}
