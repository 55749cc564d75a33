//! `partner disconnect` and `partner onboard`: one command, two verbs.

use std::collections::HashSet;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Context as _;

use super::consent;
use crate::action::Action;
use crate::batch::resume::{self, Earlier};
use crate::batch::{self, Finished, Plan, Surroundings, Task};
use crate::cli;
use crate::context::{Connection, Context, block_on, stdout_is_terminal};
use crate::error::Error;
use crate::exit::{Exit, Signal};
use crate::graph::advice::Caller;
use crate::graph::pace::Rate;
use crate::ids::input::{self, Stdin};
use crate::ids::{Collected, PartnerId, PartnerIds};
use crate::interrupt::Interrupts;
use crate::net::root::Cloud;
use crate::output::record::{Owner, Status, Summary};
use crate::output::sink::{Look, Sink, text_line};
use crate::output::terminal::{Layout, Shape, measure};
use crate::output::{Format, stdout};
use crate::permission;
use crate::text::humanize::{counted, without_errno};
use crate::text::sanitize::sanitize;

/// How many records may be handed to the output together.
const TOGETHER: usize = 64;

/// Runs it.
///
/// # Errors
/// The IDs are bad, or there is no usable token: nothing was sent. Or the output broke off.
pub fn run(context: &Context, action: &'static Action, options: cli::Write) -> anyhow::Result<Exit> {
    block_on(async {
        // From here on a signal is answered by a report, not by death.
        let mut interrupts = Interrupts::listen().context("the system refuses a handler for Ctrl-C")?;
        let cli::Write { ids, concurrency, rate, dry_run, yes, wait, fail_fast, resume } = options;
        // Whoever can answer now is asked, even if this is in the background by the time the token is there.
        let tty = if yes || dry_run { None } else { consent::terminal() };
        if wait.is_some() {
            refuse_duration(&ids.ids)?;
        }
        let selection = context.selection()?;
        let format = context.format;
        let reading = tokio::task::spawn_blocking(move || read(&ids, resume, action, format));
        let (Collected { ids, tenants, warnings }, log) = tokio::select! {
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
        let mut plan = Plan {
            ids: &ids,
            done: HashSet::new(),
            action,
            task: if dry_run { Task::Rehearse } else { Task::Act { wait } },
            concurrency: usize::from(concurrency),
            fail_fast,
            tell_failures: context.format == Format::Id,
            caller: Caller::default(),
            owner: Owner { graph_url: selection.graph().map(|root| root.as_str().into()), ..Owner::default() },
            stop: Rc::clone(&context.stop),
        };
        let connecting = context.connect(selection);
        tokio::pin!(connecting);
        let connection = tokio::select! {
            connection = &mut connecting => connection?,
            signal = interrupts.recv() => {
                context.finish_renewing(connecting, &mut interrupts).await;
                let around = surroundings(context, &plan, log.as_ref(), rate.0, &mut interrupts)?;
                let finished = batch::without_requests(&plan, Some(signal), Summary::default(), around).await;
                conclude(context, &plan, &finished);
                return Ok(finished.exit);
            }
        };
        tenants.check(connection.tenant())?;
        if let Some(log) = &log {
            plan.done = log.done(context, &connection);
        }
        plan.owner = connection.owner();
        let summary = Summary {
            tenant_id: connection.tenant().map(str::to_owned),
            cloud: connection.cloud().map(Cloud::name),
            ..Summary::default()
        };
        if plan.todo().next().is_none() {
            let around = surroundings(context, &plan, log.as_ref(), rate.0, &mut interrupts)?;
            let finished = batch::without_requests(&plan, None, summary, around).await;
            conclude(context, &plan, &finished);
            return Ok(finished.exit);
        }
        plan.caller = connection.caller();
        // Whether a rehearsed run would be refused is told at its end.
        context.warn_about(&connection, if dry_run { permission::READ } else { permission::WRITE });
        let client = context.client(&connection, rate.0)?;
        if let Some(tty) = tty
            && let Some(exit) = consent::ask(context, &plan, &connection, &client, tty, &mut interrupts).await?
        {
            return Ok(exit);
        }
        let around = surroundings(context, &plan, log.as_ref(), rate.0, &mut interrupts)?;
        let finished = batch::run(&plan, &client, summary, around).await?;
        conclude(context, &plan, &finished);
        let lacks_permission = connection.claims().and_then(|claims| claims.has_any(permission::WRITE)) == Some(false);
        if plan.task == Task::Rehearse && lacks_permission && matches!(finished.exit, Exit::Success | Exit::Failure) {
            let needed = permission::in_words(permission::WRITE);
            context.console.error(&format!("a run would be refused: the token lacks the permission {needed}"));
            return Ok(Exit::Failure);
        }
        Ok(finished.exit)
    })
}

/// No ID that Graph issues reads as a duration; who types a space before one means it for `--wait`.
fn refuse_duration(ids: &[String]) -> Result<(), Error> {
    let Some(duration) = ids.iter().find(|id| humantime::parse_duration(id).is_ok()) else { return Ok(()) };
    Err(Error::usage(format!("`{duration}` stands where an ID belongs; nothing was sent"))
        .hint(format!("a duration follows --wait with an equals sign: --wait={duration}")))
}

/// Reads the IDs, and the records of earlier runs.
fn read(
    cli::Ids { ids, from_file }: &cli::Ids,
    resume: Option<PathBuf>,
    action: &'static Action,
    format: Format,
) -> Result<(Collected, Option<Log>), Error> {
    let from_file = from_file.as_deref();
    if input::is_stdin_named(ids, from_file) && resume.as_deref().is_some_and(input::is_stdin) {
        return Err(Error::usage("standard input cannot be both the IDs and the records; nothing was sent")
            .hint("give one of them as a file"));
    }
    let collected = input::read(ids, from_file, Stdin::IfNamed, action.name)?;
    Ok((collected, resume.map(|path| Log::read(path, action, format)).transpose()?))
}

/// The records that earlier runs have left in a file.
struct Log {
    path: PathBuf,
    earlier: Earlier,
    /// Whether this run's records follow in the same file, where a torn one stands at the end.
    continues_torn: bool,
}

impl Log {
    fn read(path: PathBuf, action: &'static Action, format: Format) -> Result<Self, Error> {
        let name = path.display();
        let is_own = stdout::is(&path);
        if is_own && !stdout::appends() {
            return Err(Error::usage(format!(
                "standard output would overwrite the records in {name}; nothing was sent"
            ))
            .hint("append to it, with `>>`; if it is the first run, leave out --resume"));
        }
        if is_own && format != Format::Ndjson {
            return Err(Error::usage(format!("the output would go between the records in {name}; nothing was sent"))
                .hint("append records to it, with -o ndjson, or write somewhere else"));
        }
        let bytes = input::file(&path).map_err(|error| {
            error.hint(
                "--resume takes the records that an earlier run has left (-o ndjson); leave it out of the first run",
            )
        })?;
        let earlier = resume::read(&bytes, action).map_err(|foreign| {
            Error::usage(format!("{name}: {foreign}; nothing was sent"))
                .hint("--resume takes the records that an earlier run of disconnect or onboard has left (-o ndjson)")
        })?;
        let continues_torn = is_own && bytes.last().is_some_and(|last| *last != b'\n');
        Ok(Self { path, earlier, continues_torn })
    }

    /// The IDs that are done in the connection's tenant at its root. Says which records do not count, and why.
    fn done(&self, context: &Context, connection: &Connection) -> HashSet<PartnerId> {
        let Self { path, earlier, .. } = self;
        let name = path.display();
        if earlier.torn > 0 {
            context.console.note(&format!("{name}: ignored {}", counted(earlier.torn, "incomplete record")));
        }
        if earlier.unowned > 0 {
            context.console.warning(&format!(
                "{name}: ignored {} of an earlier version, which did not record the tenant",
                counted(earlier.unowned, "record")
            ));
        }
        let (done, others) = earlier.of(connection.tenant(), connection.root.as_str());
        if others > 0 {
            context.console.note(&format!(
                "{name}: ignored {} that are not of this tenant and Graph root",
                counted(others, "record")
            ));
        }
        if connection.tenant().is_none() && !done.is_empty() {
            context.console.warning(&format!(
                "{name}: neither the token nor the records name a tenant: check that both are of the same one"
            ));
        }
        done
    }

    /// Ends a torn record at the end of the log, before this run's are appended to it.
    fn end_torn_record(&self) -> anyhow::Result<()> {
        if self.continues_torn {
            stdout::print(b"\n").map_err(|error| Error::failure(format!("{error:#}; nothing was sent")))?;
        }
        Ok(())
    }
}

fn surroundings<'a>(
    context: &'a Context,
    plan: &Plan<'_>,
    log: Option<&Log>,
    rate: Option<Rate>,
    interrupts: &'a mut Interrupts,
) -> anyhow::Result<Surroundings<'a>> {
    log.map_or(Ok(()), Log::end_torn_record)?;
    let rate = if plan.task == Task::Rehearse { rate.map(Rate::for_all) } else { rate };
    // What stands behind a pipe may write to the same terminal, and would write into the line.
    let total = if stdout::is_pipe() { 0 } else { plan.todo().count() };
    let progress = context.console.start_progress(total, rate).filter(|_| stdout_is_terminal());
    // With -v each step is told on standard error in between: whoever does not read that is not to hold up the records.
    let together = if context.is_traced() { 1 } else { TOGETHER };
    let sink =
        Sink::start(look(context, plan.ids), progress, together).context("the system refuses what the output needs")?;
    Ok(Surroundings { console: &context.console, sink, interrupts })
}

fn look(context: &Context, ids: &PartnerIds) -> Look {
    let shape = Shape::of(&std::io::stdout(), context.color);
    let id_width = match shape.layout {
        Layout::Tabs => 0,
        Layout::Columns { .. } => ids.iter().map(|(id, _)| measure(id.as_str())).max().unwrap_or_default(),
    };
    Look { format: context.format, shape, id_width }
}

/// Tells on standard error what standard output does not.
fn conclude(context: &Context, plan: &Plan<'_>, finished: &Finished) {
    let Finished { exit, summary, hints, written } = finished;
    let console = &context.console;
    // A reader that is gone has seen enough, unless the same Ctrl-C has ended it, as it does with a `| tee`.
    let is_news = !written.closed() || matches!(exit, Exit::Interrupted(_)) && !written.lost.is_empty();
    if let Some(error) = written.error.as_ref().filter(|_| is_news) {
        console.error(&format!("the results could not all be written: {}", without_errno(error)));
        let plain_text = Look { format: Format::Text, shape: Shape::PLAIN, id_width: 0 };
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
    let words = &plan.action.words;
    let (done, skipped_as) = if is_rehearsed { (words.would, "with nothing to do") } else { (words.done, "skipped") };
    let mut line = format!("{}: {succeeded} {done}", counted(*total, "partner"));
    for (count, name) in [(failed, "failed"), (skipped, skipped_as), (not_attempted, "not attempted")] {
        if *count > 0 {
            line.push_str(&format!(", {count} {name}"));
        }
    }
    line.push_str(&format!(" in {}.{} s", duration_ms / 1000, duration_ms % 1000 / 100));
    if let Some(tenant) = &summary.tenant_id {
        line.push_str(&format!(" (tenant {})", sanitize(tenant)));
    }
    if is_rehearsed {
        line.push_str("; nothing was changed");
    }
    line
}
