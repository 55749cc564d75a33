//! The commands that change partners: one command, with the verb as data.

use std::collections::HashSet;
use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Context as _;

use super::resume_log::ResumeLog;
use super::{by_name, consent};
use crate::action::Action;
use crate::batch::{self, Finished, Plan, RunIo, Task};
use crate::cli;
use crate::context::{Connection, Context};
use crate::error::Error;
use crate::exit::{Exit, Signal};
use crate::graph::advice::Caller;
use crate::graph::client::Client;
use crate::graph::pace::Rate;
use crate::ids::input::{self, Stdin};
use crate::ids::{Collected, PartnerId, PartnerIds};
use crate::interrupt::{Interrupts, block_on};
use crate::net::root::Cloud;
use crate::output::format::text::{RecordStyle, text_line};
use crate::output::record::{Details, Owner, Status, Summary};
use crate::output::sink::Sink;
use crate::output::terminal::{Layout, TextStyle, measure};
use crate::output::{Format, stdout};
use crate::permission;
use crate::text::humanize::{counted, without_errno};

/// How many records may be handed to the output together.
const BATCH_SIZE: usize = 64;

/// Reads the IDs, connects, asks for confirmation, and sends.
///
/// # Errors
/// An ID is invalid, or there is no usable token: nothing was sent. Or the output cannot be started.
pub fn run(context: &Context, action: &'static Action, options: cli::Write) -> anyhow::Result<Exit> {
    block_on(async {
        // From here on, a signal does not kill the process: every ID is reported first.
        let mut interrupts = Interrupts::listen()?;
        let cli::Write { ids, concurrency, rate, dry_run, yes, wait, fail_fast, resume } = options;
        // Decided now: the process may be in the background by the time it has a token.
        let tty = if yes || dry_run { None } else { consent::terminal()? };
        if wait.is_some() {
            refuse_duration(&ids.ids)?;
        }
        let selection = context.selection()?;
        let names = ids.names.clone();
        let (Collected { ids, tenants, .. }, log) = match read(context, action, ids, resume, &mut interrupts).await? {
            ControlFlow::Continue(input) => input,
            ControlFlow::Break(exit) => return Ok(exit),
        };
        let plan = Plan {
            ids,
            done: HashSet::new(),
            action,
            task: if dry_run { Task::Rehearse } else { Task::Act { wait } },
            concurrency: usize::from(concurrency),
            fail_fast,
            reports_failures: context.format == Format::Id,
            caller: Caller::default(),
            owner: Owner { graph_url: selection.graph().map(|root| root.as_str().into()), ..Owner::default() },
            cancel: Rc::clone(&context.cancel),
        };
        let mut write = PartnerWrite { context, plan, log, rate: rate.0, interrupts };
        if write.plan.ids.is_empty() && names.is_empty() {
            context.console.note(input::NONE_GIVEN);
            return write.report_unsent(None, Summary::default()).await;
        }
        let connection = match write.prepare(context.connect(selection), Summary::default()).await? {
            ControlFlow::Continue(connection) => connection,
            ControlFlow::Break(exit) => return Ok(exit),
        };
        tenants.check(connection.tenant())?;
        write.act_as(&connection);
        if names.is_empty() && write.is_done() {
            return write.report_unsent(None, summary(&connection)).await;
        }
        // A dry run reports at its end whether the real run would be refused.
        context.warn_about(&connection, if write.is_rehearsal() { permission::READ } else { permission::WRITE });
        let (client, caller) = (context.client(&connection, write.rate)?, connection.caller());
        let finding = by_name::find(context, &client, &caller, &names);
        match write.prepare(finding, summary(&connection)).await? {
            ControlFlow::Continue(named) => write.add(named),
            ControlFlow::Break(exit) => return Ok(exit),
        }
        if write.is_done() {
            return write.report_unsent(None, summary(&connection)).await;
        }
        if let Some(tty) = tty
            && let Some(exit) =
                consent::ask(context, &write.plan, &connection, &client, tty, &mut write.interrupts).await?
        {
            return Ok(exit);
        }
        write.send(&client, &connection).await
    })
}

/// Rejects a duration among the IDs: it was meant for `--wait`. No ID that Graph issues looks like a duration.
fn refuse_duration(ids: &[String]) -> Result<(), Error> {
    let Some(duration) = ids.iter().find(|id| humantime::parse_duration(id).is_ok()) else { return Ok(()) };
    Err(Error::usage(format!("`{duration}` is not a partner ID; nothing was sent"))
        .hint(format!("write --wait={duration}, with an equals sign")))
}

/// Reads the IDs, and the records of earlier runs.
async fn read(
    context: &Context,
    action: &'static Action,
    cli::Ids { ids, from_file, names, allow_empty }: cli::Ids,
    resume: Option<PathBuf>,
    interrupts: &mut Interrupts,
) -> anyhow::Result<ControlFlow<Exit, (Collected, Option<ResumeLog>)>> {
    let format = context.format;
    let reading = tokio::task::spawn_blocking(move || {
        let from_file = from_file.as_deref();
        if input::is_stdin_named(&ids, from_file) && resume.as_deref().is_some_and(input::is_stdin) {
            return Err(Error::usage(
                "standard input cannot be both the IDs and the records of --resume; nothing was sent",
            )
            .hint("give one of them in a file"));
        }
        let needed_by = (names.is_empty() && !allow_empty).then_some(action.name);
        let collected = input::read(&ids, from_file, Stdin::IfNamed, needed_by)?;
        Ok((collected, resume.map(|path| ResumeLog::read(path, action, format)).transpose()?))
    });
    let (collected, log) = tokio::select! {
        read = reading => read.context("reading the IDs failed")??,
        signal = interrupts.recv() => {
            context.console.error("interrupted while reading the IDs; nothing was sent");
            return Ok(ControlFlow::Break(Exit::Interrupted(signal)));
        }
    };
    for warning in &collected.warnings {
        context.console.warning(warning);
    }
    note_repeated(context, collected.ids.repeated());
    Ok(ControlFlow::Continue((collected, log)))
}

fn note_repeated(context: &Context, count: usize) {
    if count > 0 {
        context.console.note(&format!("ignored {}", counted(count, "duplicate ID")));
    }
}

fn summary(connection: &Connection) -> Summary {
    Summary {
        tenant_id: connection.tenant().map(str::to_owned),
        cloud: connection.cloud().map(Cloud::name),
        ..Summary::default()
    }
}

struct PartnerWrite<'a> {
    context: &'a Context,
    plan: Plan,
    log: Option<ResumeLog>,
    rate: Option<Rate>,
    interrupts: Interrupts,
}

impl PartnerWrite<'_> {
    fn is_rehearsal(&self) -> bool {
        self.plan.task == Task::Rehearse
    }

    /// Whether there is nothing left to do.
    fn is_done(&self) -> bool {
        self.plan.todo().next().is_none()
    }

    /// Does what comes before the confirmation. If a signal comes, reports every ID and ends the command.
    async fn prepare<T>(
        &mut self,
        work: impl Future<Output = anyhow::Result<T>>,
        summary: Summary,
    ) -> anyhow::Result<ControlFlow<Exit, T>> {
        tokio::pin!(work);
        let signal = tokio::select! {
            result = &mut work => return Ok(ControlFlow::Continue(result?)),
            signal = self.interrupts.recv() => signal,
        };
        self.interrupts.finish(signal, work, &self.context.console, &self.context.cancel).await;
        self.context.console.end_progress();
        Ok(ControlFlow::Break(self.report_unsent(Some(signal), summary).await?))
    }

    /// Adds partners after those of the input.
    fn add(&mut self, ids: Vec<PartnerId>) {
        let before = self.plan.ids.repeated();
        self.plan.ids.extend(ids);
        note_repeated(self.context, self.plan.ids.repeated() - before);
    }

    /// Fills in what depends on the token: which IDs are done, and what the records say.
    fn act_as(&mut self, connection: &Connection) {
        if let Some(log) = &self.log {
            self.plan.done = log.done(self.context, connection);
        }
        self.plan.owner = connection.owner();
        self.plan.caller = connection.caller();
    }

    /// Reports every ID without sending anything.
    async fn report_unsent(&mut self, signal: Option<Signal>, summary: Summary) -> anyhow::Result<Exit> {
        let (plan, io) = self.start_output()?;
        let finished = batch::without_requests(plan, signal, summary, io).await;
        Ok(self.conclude(&finished))
    }

    async fn send(&mut self, client: &Client<'_>, connection: &Connection) -> anyhow::Result<Exit> {
        let (plan, io) = self.start_output()?;
        let finished = batch::run(plan, client, summary(connection), io).await?;
        let exit = self.conclude(&finished);
        let lacks_permission = connection.claims().and_then(|claims| claims.has_any(permission::WRITE)) == Some(false);
        if self.is_rehearsal() && lacks_permission && matches!(exit, Exit::Success | Exit::Failure) {
            let needed = permission::in_words(permission::WRITE);
            self.context.console.error(&format!("the token lacks the permission; it needs {needed}"));
            return Ok(Exit::Failure);
        }
        Ok(exit)
    }

    fn start_output(&mut self) -> anyhow::Result<(&Plan, RunIo<'_>)> {
        let Self { context, plan, log, rate, interrupts } = self;
        log.as_ref().map_or(Ok(()), ResumeLog::end_torn_record)?;
        let rate = if plan.task == Task::Rehearse { rate.map(Rate::for_all) } else { *rate };
        // The reader of a pipe may write to the same terminal, into the progress line.
        let total = if stdout::is_pipe() { 0 } else { plan.todo().count() };
        let progress = context.console.start_progress(total, rate).filter(|_| std::io::stdout().is_terminal());
        // With -v, a reader that does not read standard error must not hold up the records.
        let batch_size = if context.is_traced() { 1 } else { BATCH_SIZE };
        let details = Details::of_run(plan.action, plan.task == Task::Rehearse);
        let heading = context.format.heading(details.as_ref())?;
        let sink = Sink::start(context.format, heading, record_style(context, &plan.ids), progress, batch_size)
            .context("cannot start to write the results")?;
        Ok((plan, RunIo { console: &context.console, sink, interrupts }))
    }

    /// Reports on standard error what standard output does not show.
    fn conclude(&self, finished: &Finished) -> Exit {
        let Finished { exit, summary, hints, lacks_onboarding_url, written } = finished;
        let console = &self.context.console;
        // A reader that has closed the pipe wants no more, unless the same Ctrl-C ended it, as with `| tee`.
        let is_news = !written.closed() || matches!(exit, Exit::Interrupted(_)) && !written.lost.is_empty();
        if let Some(error) = written.error.as_ref().filter(|_| is_news) {
            console.error(&format!("cannot write all results: {}", without_errno(error)));
            for record in written.lost.iter().filter(|record| record.status != Status::NotAttempted) {
                // The console replaces tabs.
                console.error(&format!(
                    "result not written: {}",
                    text_line(record, RecordStyle::PLAIN).replace('\t', " ")
                ));
            }
        }
        if let Exit::Interrupted(signal) = exit {
            console.error(match signal {
                Signal::Interrupt => "interrupted",
                Signal::Terminate if cfg!(windows) => "the console was closed, or Windows is shutting down",
                Signal::Terminate => "terminated by SIGTERM",
            });
        }
        if matches!(self.context.format, Format::Text | Format::Id) && summary.total > 0 {
            console.note(&summary.in_words(self.plan.action, self.is_rehearsal()));
        }
        for hint in hints {
            console.hint(hint);
        }
        if *lacks_onboarding_url && !matches!(exit, Exit::Interrupted(_)) {
            console.tip("to see where a partner confirms, run `intunectl partner show ID`");
        }
        *exit
    }
}

fn record_style(context: &Context, ids: &PartnerIds) -> RecordStyle {
    let text = TextStyle::of(&std::io::stdout(), context.color);
    let id_width = match text.layout {
        Layout::Tabs => 0,
        Layout::Columns { .. } => ids.iter().map(|(id, _)| measure(id.as_str())).max().unwrap_or_default(),
    };
    RecordStyle { text, id_width }
}
