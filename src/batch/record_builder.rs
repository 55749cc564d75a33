//! Turns the end of a call into the record of its ID. Pure, except for the clock.

use std::time::{Instant, SystemTime};

use super::confirm::{Confirmation, WaitEnd};
use crate::action::{Action, Already};
use crate::cancel::CancelReason;
use crate::exit::Verdict;
use crate::graph::advice::Purpose;
use crate::graph::client::{Outcome, Progress};
use crate::graph::failure::{CallContext, CallFailure, FailureKind, MAY_BE_DONE};
use crate::graph::partner::{Fields, Partner};
use crate::ids::PartnerId;
use crate::output::record::{Details, Owner, PartnerAsRead, Record, Status};

/// What a record needs to know before there is a result.
#[derive(Clone, Copy)]
pub struct RecordBuilder<'a> {
    pub id: &'a PartnerId,
    /// Its position in the input.
    pub index: usize,
    pub action: &'static Action,
    /// Whether this is a dry run.
    pub is_rehearsal: bool,
    pub owner: &'a Owner,
    pub progress: Progress,
}

impl RecordBuilder<'_> {
    /// The record of a write.
    pub fn acted(&self, outcome: Outcome, context: CallContext<'_>) -> Record {
        match outcome.last {
            Some(Ok(answer)) if answer.status == 204 => self.accepted(answer.request_id, None),
            last => self.failed(context.failure(Outcome { last, ..outcome }, Purpose::Write(self.id))),
        }
    }

    /// The record of a write that `--wait` waited for. `request_id` is the service's ID of the 204.
    pub fn confirmed(
        &self,
        request_id: Option<String>,
        confirmation: Confirmation,
        cancelled: Option<CancelReason>,
    ) -> Record {
        let Confirmation { end, onboarding_url } = confirmation;
        let failure = match end {
            WaitEnd::InEffect => return self.accepted(request_id, onboarding_url),
            WaitEnd::TimeUp { waited, seen } => {
                let waited = humantime::format_duration(waited);
                let message =
                    format!("the request was accepted, but the change was not visible within {waited}: {seen}");
                let hint = "check later with `intunectl partner show ID`, or use a longer wait, for example --wait=10m";
                CallFailure { hint: Some(hint.to_owned()), ..CallFailure::not_confirmed(message) }
            }
            WaitEnd::Refused(failure) => {
                let words = failure.in_words();
                let message = format!("the request was accepted, but the change could not be checked: {words}");
                let not_confirmed = CallFailure::not_confirmed(message);
                let kind = match failure.verdict() {
                    Verdict::Unauthorized => FailureKind::Auth,
                    _ => not_confirmed.kind,
                };
                CallFailure { kind, hint: failure.hint, ..not_confirmed }
            }
            WaitEnd::Stopped { seen } => {
                let reason = cancelled.unwrap_or(CancelReason::OutputGone);
                let why = reason.in_words();
                let message = format!("the request was accepted, but {why} before the change was visible; {seen}");
                CallFailure::cancelled(reason, message)
            }
        };
        let record = self.failed(CallFailure { http_status: Some(204), request_id, ..failure });
        with_onboarding_url(record, onboarding_url)
    }

    /// The record of a read in a dry run.
    pub fn rehearsed(&self, outcome: Outcome, context: CallContext<'_>) -> Record {
        match Partner::from_outcome(outcome, self.id, context) {
            Ok(partner) => {
                let Fields { display_name, onboarding_status, .. } = partner.fields;
                let is_already = |already: &&Already| {
                    onboarding_status.as_deref().is_some_and(|status| already.when.includes(status))
                };
                let already = self.action.already.as_ref().filter(is_already);
                let status = already.map_or(Status::Would(self.action), Status::Already);
                let partner = Some(PartnerAsRead { display_name, onboarding_status });
                let details = Some(Box::new(Details::DryRun { dry_run: true, partner }));
                Record { http_status: Some(200), details, ..self.record(status) }
            }
            Err(failure) => self.failed(failure),
        }
    }

    /// The record of an ID that an earlier run has done.
    pub fn skipped(&self) -> Record {
        self.record(Status::Skipped)
    }

    /// The record of an ID for which no request was sent.
    pub fn not_attempted(&self, reason: CancelReason) -> Record {
        self.failed(CallFailure::not_attempted(reason))
    }

    /// The record of a call that was abandoned while it was in progress.
    pub fn given_up(&self, reason: CancelReason) -> Record {
        if self.progress.attempts == 0 {
            return self.not_attempted(reason);
        }
        let why = reason.in_words();
        let message = match self.progress.may_be_done {
            true => {
                let maybe = if self.is_rehearsal { "" } else { MAY_BE_DONE };
                format!("{why} before an answer arrived{maybe}")
            }
            false => format!("not retried: {why}"),
        };
        self.failed(CallFailure::cancelled(reason, message))
    }

    /// The record of a 204. `onboarding_url` is where the partner confirms the change, if it has to and that is known.
    pub fn accepted(&self, request_id: Option<String>, onboarding_url: Option<String>) -> Record {
        let record = self.record(Status::Done(self.action));
        with_onboarding_url(Record { http_status: Some(204), request_id, ..record }, onboarding_url)
    }

    fn failed(&self, failure: CallFailure) -> Record {
        let status = if failure.is_unsent { Status::NotAttempted } else { Status::Failed };
        let (http_status, request_id) = (failure.http_status, failure.request_id.clone());
        Record { http_status, request_id, error: Some(failure), ..self.record(status) }
    }

    fn record(&self, status: Status) -> Record {
        let Progress { attempts, client_request_id, started, .. } = self.progress;
        let elapsed = started.map(|started| Instant::now() - started).unwrap_or_default();
        Record {
            id: self.id.as_str().to_owned(),
            index: self.index,
            action: self.action,
            status,
            http_status: None,
            attempts,
            duration_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            time: SystemTime::now(),
            owner: self.owner.clone(),
            client_request_id,
            request_id: None,
            error: None,
            details: Details::of_run(self.action, self.is_rehearsal).map(Box::new),
        }
    }
}

/// Adds it to the record of an onboarding. Other records stay as they are.
fn with_onboarding_url(record: Record, onboarding_url: Option<String>) -> Record {
    let onboarding_url = onboarding_url.filter(|url| !url.is_empty());
    let details = record.details.map(|details| match *details {
        Details::Onboarding { .. } => Box::new(Details::Onboarding { onboarding_url }),
        Details::DryRun { .. } => details,
    });
    Record { details, ..record }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::action::DISCONNECT;
    use crate::cancel::Cancel;
    use crate::exit::Signal;
    use crate::graph::advice::Caller;
    use crate::graph::client::Ended;
    use crate::net::answer::{self, Answer, NoAnswer};

    const PROGRESS: Progress = Progress { attempts: 2, client_request_id: None, started: None, may_be_done: true };

    /// The record of partner `a`.
    fn build(make: impl FnOnce(RecordBuilder<'_>) -> Record) -> Record {
        let (id, owner) = (PartnerId::parse("a").unwrap(), Owner::default());
        make(RecordBuilder {
            id: &id,
            index: 3,
            action: &DISCONNECT,
            is_rehearsal: false,
            owner: &owner,
            progress: PROGRESS,
        })
    }

    /// The record of a call with this end. If it was stopped, Ctrl-C stopped it.
    fn acted(last: Option<answer::Result>, ended: Ended, unanswered_before: bool) -> Record {
        let (caller, cancel) = (Caller::default(), Cancel::default());
        cancel.set(CancelReason::Interrupted(Signal::Interrupt));
        let context = CallContext { host: "graph.example", caller: &caller, cancel: &cancel };
        let outcome = Outcome { last, ended, unanswered_before, renewal_failed: false };
        build(|builder| builder.acted(outcome, context))
    }

    fn answer(status: u16) -> Option<answer::Result> {
        Some(Ok(Answer { status, whole: true, ..Answer::default() }))
    }

    #[test]
    fn only_a_204_is_done() {
        for status in (100..600).filter(|status| *status != 204) {
            assert_eq!(acted(answer(status), Ended::Settled, false).status, Status::Failed, "{status}");
        }
        let done = acted(answer(204), Ended::Settled, true);
        assert_eq!(
            (done.status, done.http_status, done.attempts, done.index),
            (Status::Done(&DISCONNECT), Some(204), 2, 3)
        );
        assert!(done.error.is_none());
    }

    #[test]
    fn every_end_of_a_call_has_a_kind_and_a_message() {
        let timeout = |sent| Some(Err(NoAnswer::Timeout { sent }));
        let hour = Ended::Hopeless(Duration::from_secs(3600));
        let terminated = CancelReason::Interrupted(Signal::Terminate);
        let table = [
            (acted(answer(401), Ended::Settled, false), FailureKind::Auth, "no reason"),
            (acted(answer(404), Ended::Settled, true), FailureKind::Http, "an earlier attempt got no answer"),
            (acted(answer(500), Ended::Settled, true), FailureKind::Http, "may have been applied anyway"),
            (acted(answer(504), Ended::Settled, false), FailureKind::Http, "may have been applied anyway"),
            (acted(answer(408), Ended::Settled, true), FailureKind::Http, "may have been applied anyway"),
            (acted(answer(429), Ended::Settled, false), FailureKind::Throttled, "no reason"),
            (acted(answer(503), hour, false), FailureKind::Throttled, "asks for a wait of 1h"),
            (acted(answer(503), Ended::Stopped, false), FailureKind::Interrupted, "the run was interrupted"),
            (acted(timeout(true), Ended::Settled, false), FailureKind::Timeout, "may have been applied anyway"),
            (acted(timeout(false), Ended::Settled, false), FailureKind::Timeout, "no connection in time"),
            (acted(Some(Err(NoAnswer::Refused)), Ended::Settled, false), FailureKind::Network, "refused"),
            (acted(None, hour, false), FailureKind::Throttled, "Graph asks for a wait of 1h; the limit is 10 minutes"),
            (acted(None, Ended::Stopped, false), FailureKind::Interrupted, "the run was interrupted"),
            (build(|builder| builder.given_up(terminated)), FailureKind::Interrupted, "may have been applied"),
            (
                build(|builder| builder.not_attempted(CancelReason::Unauthorized)),
                FailureKind::Auth,
                "rejected the token",
            ),
        ];
        for (record, kind, words) in table {
            let failure = record.error.unwrap();
            assert_eq!(failure.kind, kind, "{failure:?}");
            assert!(failure.message.contains(words), "{failure:?}");
        }
        let answered = Progress { may_be_done: false, ..PROGRESS };
        let interrupted = CancelReason::Interrupted(Signal::Interrupt);
        let given_up = build(|builder| RecordBuilder { progress: answered, ..builder }.given_up(interrupted));
        let failure = given_up.error.unwrap();
        assert!(failure.message == "not retried: the run was interrupted", "{failure:?}");
        for undone in [timeout(false), answer(503), answer(404)] {
            let failure = acted(undone, Ended::Settled, false).error.unwrap();
            assert!(!failure.message.contains("may have"), "{failure:?}");
        }
    }
}
