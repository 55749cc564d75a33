//! One action for many IDs, several at a time. Each result is reported as soon as it is known, and every ID exactly
//! once, however the run ends.

mod confirm;
pub mod read;
mod record_builder;
pub mod resume;

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::action::Action;
use crate::cancel::{Cancel, CancelReason};
use crate::exit::{Exit, Signal, Verdict, fold};
use crate::graph::advice::Caller;
use crate::graph::client::{Client, Outcome, Progress};
use crate::graph::failure::CallContext;
use crate::graph::partner;
use crate::ids::{PartnerId, PartnerIds};
use crate::interrupt::Interrupts;
use crate::output::console::Console;
use crate::output::format::text::detail;
use crate::output::record::{Owner, Record, Status, Summary};
use crate::output::sink::{Sink, Written};
use crate::text::humanize::counted;
use crate::text::sanitize::sanitize;
use confirm::{Confirmation, WaitEnd, confirm, onboarding_url};
use record_builder::RecordBuilder;

/// How many results may wait for a slow reader. Beyond that, no new request is sent.
const BACKLOG: usize = 4096;
/// How long results may still be written after a second signal.
const GRACE: Duration = Duration::from_secs(1);

/// What to do, and how.
pub struct Plan {
    /// In the order of the input.
    pub ids: PartnerIds,
    /// The IDs that an earlier run has done.
    pub done: HashSet<PartnerId>,
    pub action: &'static Action,
    pub task: Task,
    /// How many requests may be in flight; at least 1. After a 204, the same number of reads in addition.
    pub concurrency: usize,
    /// Whether the first failure stops the run (`--fail-fast`).
    pub fail_fast: bool,
    /// Whether failures go to standard error, because standard output has only successes.
    pub reports_failures: bool,
    /// Whose token is sent.
    pub caller: Caller,
    /// The tenant, Graph server and account for the records.
    pub owner: Owner,
    pub cancel: Rc<Cancel>,
}

impl Plan {
    /// The IDs that no earlier run has done, in the order of the input.
    pub fn todo(&self) -> impl Iterator<Item = &PartnerId> {
        self.ids.iter().map(|(id, _)| id).filter(|id| !self.done.contains(*id))
    }
}

/// Whether the action is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Act {
        /// How long to wait for the change to take effect (`--wait`).
        wait: Option<Duration>,
    },
    /// Only reads, to report what would happen (`--dry-run`).
    Rehearse,
}

/// How the run ended.
pub struct Finished {
    pub exit: Exit,
    pub summary: Summary,
    /// What to do about the failures, each hint once.
    pub hints: Vec<String>,
    /// Whether it is not known where a partner confirms its onboarding.
    pub lacks_onboarding_url: bool,
    pub written: Written,
}

/// Where results and messages go, and what may end the run.
pub struct RunIo<'a> {
    pub console: &'a Console,
    pub sink: Sink,
    pub interrupts: &'a mut Interrupts,
}

/// Carries out a plan. `summary` has what is known before the run.
///
/// # Errors
/// Not the failure of an ID, which is in its record.
pub async fn run(plan: &Plan, client: &Client<'_>, summary: Summary, mut io: RunIo<'_>) -> anyhow::Result<Finished> {
    let mut run = Run::new(plan, summary, io.console);
    let backlog = Arc::new(Semaphore::new(BACKLOG));
    let mut flights = FuturesUnordered::new();
    let mut signals = 0;
    let mut output_failed = false;
    let mut announce = false;
    while signals < 2 {
        let may_start = run.may_start();
        if !may_start && flights.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            signal = io.interrupts.recv() => {
                signals += 1;
                run.interrupt(signal);
                announce = signals == 1;
            }
            () = io.sink.failed(), if !output_failed => {
                output_failed = true;
                run.cancel(CancelReason::OutputGone);
            }
            Some(landed) = flights.next(), if !flights.is_empty() => {
                flights.extend(run.land(landed, client, &mut io.sink));
            }
            permit = Arc::clone(&backlog).acquire_owned(), if may_start => {
                let permit = permit.context("the output has ended before the run")?;
                flights.extend(run.start(client, permit, &mut io.sink));
            }
            // Only if nothing else can be done without waiting.
            () = std::future::ready(()), if io.sink.is_holding() => io.sink.hand_over(),
            // Last: calls that had sent nothing have ended by now, so only requests in flight are counted.
            () = std::future::ready(()), if announce => {
                announce = false;
                io.console.note(&format!(
                    "interrupted: no new requests; waiting for {} to finish. Interrupt again to stop at once",
                    counted(flights.len(), "request")
                ));
            }
        }
    }
    drop(flights);
    Ok(run.finish(io, signals).await)
}

/// Reports every ID of a plan that sends nothing: an earlier run has done all, or a signal came before the first
/// request.
pub async fn without_requests(plan: &Plan, signal: Option<Signal>, summary: Summary, io: RunIo<'_>) -> Finished {
    let mut run = Run::new(plan, summary, io.console);
    if let Some(signal) = signal {
        run.interrupt(signal);
    }
    run.finish(io, usize::from(signal.is_some())).await
}

/// Waits until the results are written, or for a second signal: a stalled reader must not hold up the process.
async fn written(
    console: &Console,
    sink: Sink,
    summary: &Summary,
    interrupts: &mut Interrupts,
    mut signals: usize,
) -> (Written, Option<Signal>) {
    let finished = sink.finish(summary.clone());
    tokio::pin!(finished);
    let mut signal = None;
    while signals < 2 {
        tokio::select! {
            written = &mut finished => return (written, signal),
            next = interrupts.recv() => {
                signals += 1;
                signal = Some(next);
                if signals < 2 {
                    console.note(
                        "interrupted: all requests are finished; waiting for standard output to be read. Interrupt again to stop at once",
                    );
                }
            }
        }
    }
    let written = tokio::time::timeout(GRACE, finished).await;
    (written.unwrap_or_else(|_| Written::failed("no program reads standard output")), signal)
}

/// A call, or a wait for its effect, that has ended.
struct Landed {
    position: usize,
    with: With,
    permit: OwnedSemaphorePermit,
}

enum With {
    Outcome(Outcome),
    Confirmation(Confirmation),
    OnboardingUrl(Option<String>),
}

/// A partner that is read after a 204: until the change is visible (`--wait`), or for its `onboardingUrl`.
struct Accepted {
    progress: Progress,
    request_id: Option<String>,
}

/// The state of a run. Each ID is not started (from `next` on), in `under_way`, in `accepted`, or reported.
struct Run<'a> {
    plan: &'a Plan,
    console: &'a Console,
    started: Instant,
    next: usize,
    under_way: BTreeMap<usize, Rc<Cell<Progress>>>,
    accepted: BTreeMap<usize, Accepted>,
    confirmations: Rc<Semaphore>,
    interrupted: Option<Signal>,
    summary: Summary,
    verdicts: Vec<Verdict>,
    hints: Vec<String>,
    lacks_onboarding_url: bool,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, summary: Summary, console: &'a Console) -> Self {
        Self {
            plan,
            console,
            started: Instant::now(),
            next: 0,
            under_way: BTreeMap::new(),
            accepted: BTreeMap::new(),
            confirmations: Rc::new(Semaphore::new(plan.concurrency)),
            interrupted: None,
            summary,
            verdicts: Vec::with_capacity(plan.ids.len()),
            hints: Vec::new(),
            lacks_onboarding_url: false,
        }
    }

    fn may_start(&self) -> bool {
        !self.plan.cancel.is_set() && self.next < self.plan.ids.len() && self.under_way.len() < self.plan.concurrency
    }

    /// From now on, no new request is sent.
    fn cancel(&self, reason: CancelReason) {
        self.console.stopping();
        self.plan.cancel.set(reason);
    }

    fn interrupt(&mut self, signal: Signal) {
        self.cancel(CancelReason::Interrupted(signal));
        self.interrupted = Some(signal);
    }

    /// Starts the next ID, or reports it as skipped.
    fn start<'f>(
        &mut self,
        client: &'f Client<'_>,
        permit: OwnedSemaphorePermit,
        sink: &mut Sink,
    ) -> Option<LocalBoxFuture<'f, Landed>>
    where
        'a: 'f,
    {
        let position = self.next;
        self.next += 1;
        let (id, _) = self.plan.ids.get(position)?;
        if self.plan.done.contains(id) {
            self.report(self.builder(position, Progress::default())?.skipped(), Some(permit), sink);
            return None;
        }
        let (action, task) = (self.plan.action, self.plan.task);
        let progress = Rc::new(Cell::new(Progress::default()));
        self.under_way.insert(position, Rc::clone(&progress));
        let cancel = Rc::clone(&self.plan.cancel);
        Some(Box::pin(async move {
            let outcome = match task {
                Task::Act { .. } => partner::act(client, action, id.as_str(), &progress, &cancel.flag).await,
                Task::Rehearse => partner::get(client, id.as_str(), &progress, &cancel.flag).await,
            };
            Landed { position, with: With::Outcome(outcome), permit }
        }))
    }

    /// Reports an ID that is finished, and stops the run if its result requires it. If the partner is to be read first,
    /// returns that instead.
    fn land<'f>(
        &mut self,
        landed: Landed,
        client: &'f Client<'_>,
        sink: &mut Sink,
    ) -> Option<LocalBoxFuture<'f, Landed>>
    where
        'a: 'f,
    {
        let Landed { position, with, permit } = landed;
        let mut record = match with {
            With::Outcome(outcome) => {
                let progress = self.under_way.remove(&position)?.get();
                let builder = self.builder(position, progress)?;
                match (self.plan.task, &outcome.last) {
                    (Task::Rehearse, _) => builder.rehearsed(outcome, self.context(client)),
                    (Task::Act { wait }, Some(Ok(answer)))
                        if answer.status == 204 && (wait.is_some() || self.reads_onboarding_url()) =>
                    {
                        self.accepted.insert(position, Accepted { progress, request_id: answer.request_id.clone() });
                        self.show_confirming();
                        return Some(self.follow_up(position, builder, wait, client, permit));
                    }
                    (Task::Act { .. }, _) => builder.acted(outcome, self.context(client)),
                }
            }
            With::Confirmation(confirmation) => {
                let Accepted { progress, request_id } = self.accepted.remove(&position)?;
                self.show_confirming();
                self.builder(position, progress)?.confirmed(request_id, confirmation, self.plan.cancel.reason())
            }
            With::OnboardingUrl(url) => {
                let Accepted { progress, request_id } = self.accepted.remove(&position)?;
                self.builder(position, progress)?.accepted(request_id, url)
            }
        };
        // A hint is shown once for all IDs.
        let hint = record.error.as_mut().and_then(|failure| failure.hint.take());
        self.hints.extend(hint.filter(|hint| !self.hints.contains(hint)));
        if record.verdict() == Verdict::Unauthorized {
            self.cancel(CancelReason::Unauthorized);
        } else if self.plan.fail_fast && record.status == Status::Failed {
            self.cancel(CancelReason::FailFast);
        }
        self.report(record, Some(permit), sink);
        None
    }

    /// Whether a partner is read after a 204 even without `--wait`. The record says where the partner confirms.
    fn reads_onboarding_url(&self) -> bool {
        self.plan.action.is_confirmed_by_partner && !self.plan.cancel.is_set()
    }

    fn show_confirming(&self) {
        if matches!(self.plan.task, Task::Act { wait: Some(_) }) {
            self.console.confirming(self.accepted.len());
        }
    }

    /// Reads a partner until the change has taken effect, or once. Other IDs may start meanwhile.
    fn follow_up<'f>(
        &self,
        position: usize,
        builder: RecordBuilder<'f>,
        wait: Option<Duration>,
        client: &'f Client<'_>,
        permit: OwnedSemaphorePermit,
    ) -> LocalBoxFuture<'f, Landed>
    where
        'a: 'f,
    {
        let (context, reads) = (self.context(client), Rc::clone(&self.confirmations));
        Box::pin(async move {
            let RecordBuilder { id, action, .. } = builder;
            let with = match wait {
                Some(wait) => With::Confirmation(confirm(client, action, id, wait, context, &reads).await),
                None => With::OnboardingUrl(onboarding_url(client, id, context, &reads).await),
            };
            Landed { position, with, permit }
        })
    }

    /// Reports every ID that has no result yet: those in progress, and those not started.
    fn report_the_rest(&mut self, sink: &mut Sink) {
        // Without a reason, the rest are IDs that an earlier run has done.
        let cancelled = self.plan.cancel.reason();
        let reason = cancelled.unwrap_or(CancelReason::OutputGone);
        for (position, progress) in std::mem::take(&mut self.under_way) {
            if let Some(record) = self.builder(position, progress.get()).map(|builder| builder.given_up(reason)) {
                self.report(record, None, sink);
            }
        }
        for (position, Accepted { progress, request_id }) in std::mem::take(&mut self.accepted) {
            let Some(builder) = self.builder(position, progress) else { continue };
            let record = match self.plan.task {
                Task::Act { wait: Some(_) } => {
                    let end = WaitEnd::Stopped { seen: "the last check had no answer".to_owned() };
                    builder.confirmed(request_id, Confirmation { end, onboarding_url: None }, cancelled)
                }
                Task::Act { wait: None } | Task::Rehearse => builder.accepted(request_id, None),
            };
            self.report(record, None, sink);
        }
        for position in self.next..self.plan.ids.len() {
            let Some(builder) = self.builder(position, Progress::default()) else { break };
            let is_done = self.plan.done.contains(builder.id);
            self.report(if is_done { builder.skipped() } else { builder.not_attempted(reason) }, None, sink);
        }
        self.next = self.plan.ids.len();
    }

    /// Reports every ID that has no result yet, and waits until the results are written.
    async fn finish(mut self, mut io: RunIo<'_>, signals: usize) -> Finished {
        self.report_the_rest(&mut io.sink);
        let Self { mut summary, hints, lacks_onboarding_url, verdicts, interrupted, started, .. } = self;
        summary.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        io.console.end_progress();
        let (written, signal) = written(io.console, io.sink, &summary, io.interrupts, signals).await;
        let exit = match fold(verdicts, interrupted.or(signal)) {
            Exit::Success if written.error.is_some() && !written.closed() => Exit::Failure,
            exit => exit,
        };
        Finished { exit, summary, hints, lacks_onboarding_url, written }
    }

    fn context<'f>(&self, client: &'f Client<'_>) -> CallContext<'f>
    where
        'a: 'f,
    {
        CallContext::new(client, &self.plan.caller, &self.plan.cancel)
    }

    fn builder(&self, position: usize, progress: Progress) -> Option<RecordBuilder<'a>> {
        let (id, index) = self.plan.ids.get(position)?;
        let is_rehearsal = self.plan.task == Task::Rehearse;
        let owner = &self.plan.owner;
        Some(RecordBuilder { id, index, action: self.plan.action, is_rehearsal, owner, progress })
    }

    fn report(&mut self, record: Record, permit: Option<OwnedSemaphorePermit>, sink: &mut Sink) {
        self.summary.count(record.status);
        self.verdicts.push(record.verdict());
        self.lacks_onboarding_url |= record.lacks_onboarding_url();
        let is_told = self.plan.reports_failures && record.status == Status::Failed;
        let told = is_told.then(|| format!("{}: {}", sanitize(&record.id), detail(&record)));
        if record.status != Status::Skipped {
            self.console.advance(self.summary.failed);
        }
        sink.record(record, permit);
        if let Some(told) = told {
            // A reader that does not read standard error must not hold up the records.
            sink.hand_over();
            self.console.error(&told);
        }
    }
}
