//! From how a call ended to the record of its ID. Pure, but for the time of day.

use std::time::{Instant, SystemTime};

use super::confirm::Confirmation;
use super::undone::{Ends, MAY_BE_DONE, Reason, Undone};
use crate::action::Action;
use crate::exit::Verdict;
use crate::graph::advice::Purpose;
use crate::graph::client::{Outcome, Progress};
use crate::graph::partner::Fields;
use crate::ids::PartnerId;
use crate::output::record::{Failure, FailureKind, Owner, Record, Status};

/// The record of an ID, so far without a result.
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// The partner.
    pub id: &'a PartnerId,
    /// Its place in the input.
    pub index: usize,
    /// What is to be done.
    pub action: &'static Action,
    /// Whether it is only looked at what would happen.
    pub is_rehearsal: bool,
    /// In whose name the run acts.
    pub owner: &'a Owner,
    /// How far its call came.
    pub progress: Progress,
    /// To whom its requests go, and for whom.
    pub ends: Ends<'a>,
}

/// A record, and what to do about it.
pub struct Settled {
    /// The record.
    pub record: Record,
    /// For people.
    pub hint: Option<String>,
}

impl From<Record> for Settled {
    fn from(record: Record) -> Self {
        Self { record, hint: None }
    }
}

impl Draft<'_> {
    /// The record of a call that ended; `stopped` is why the run was stopped, if it was.
    pub fn acted(&self, outcome: Outcome, stopped: Option<Reason>) -> Settled {
        match outcome.last {
            Some(Ok(answer)) if answer.status == 204 => {
                self.answered(Status::Done(self.action), answer.request_id, None).into()
            }
            last => self.undone(self.ends.undone(Outcome { last, ..outcome }, Purpose::Write, stopped)),
        }
    }

    /// The record of a 204 that was followed up; `request_id` is the service's id of that.
    pub fn confirmed(
        &self,
        request_id: Option<String>,
        confirmation: Confirmation,
        stopped: Option<Reason>,
    ) -> Settled {
        let (failure, hint) = match confirmation {
            Confirmation::InEffect => return self.answered(Status::Done(self.action), request_id, None).into(),
            Confirmation::TimeUp { waited, seen } => {
                let waited = humantime::format_duration(waited);
                (
                    not_confirmed(format!("accepted, but not in effect after {waited}: {seen}")),
                    Some(WAIT_LONGER.to_owned()),
                )
            }
            Confirmation::Refused(undone) => {
                let failure =
                    not_confirmed(format!("accepted, but whether it is in effect is not known: {}", undone.in_words()));
                let kind = if undone.verdict() == Verdict::Unauthorized { FailureKind::Auth } else { failure.kind };
                (Failure { kind, ..failure }, undone.hint)
            }
            Confirmation::Stopped { seen } => {
                let reason = stopped.unwrap_or(Reason::OutputGone);
                (
                    reason.failure(format!(
                        "accepted, but not waited for until it is in effect: {}; {seen}",
                        reason.words()
                    )),
                    None,
                )
            }
        };
        Settled { record: self.answered(Status::Failed, request_id, Some(failure)), hint }
    }

    /// The record of a partner that was only read.
    pub fn rehearsed(&self, outcome: Outcome, stopped: Option<Reason>) -> Settled {
        let http_status = outcome.last.as_ref().and_then(|last| last.as_ref().ok()).map(|answer| answer.status);
        match self.ends.read(self.id, outcome, stopped) {
            Ok(partner) => {
                let Fields { display_name, onboarding_status, .. } = partner.fields;
                let is_needless =
                    onboarding_status.as_deref().is_some_and(|status| self.action.needless.includes(status));
                let status = if is_needless { Status::Already(self.action) } else { Status::Would(self.action) };
                let words: Vec<_> = display_name.into_iter().chain(onboarding_status).collect();
                Record { http_status, remark: Some(words.join(", ")), ..self.record(status, None) }.into()
            }
            Err(undone) => self.undone(undone),
        }
    }

    /// The record of an ID that an earlier run has done.
    pub fn skipped(&self) -> Record {
        Record { remark: Some("done by an earlier run".to_owned()), ..self.record(Status::Skipped, None) }
    }

    /// The record of an ID for which nothing was sent.
    pub fn not_attempted(&self, reason: Reason) -> Record {
        self.record(Status::NotAttempted, Some(reason.failure(reason.words().to_owned())))
    }

    /// The record of a call that was given up while under way.
    pub fn given_up(&self, reason: Reason) -> Record {
        if self.progress.attempts == 0 {
            return self.not_attempted(reason);
        }
        let message = match self.progress.may_be_done {
            true => {
                let maybe = if self.is_rehearsal { "" } else { MAY_BE_DONE };
                format!("given up while waiting for an answer: {}{maybe}", reason.words())
            }
            false => format!("given up before another attempt: {}", reason.words()),
        };
        self.record(Status::Failed, Some(reason.failure(message)))
    }

    fn undone(&self, undone: Undone) -> Settled {
        let Undone { failure, http_status, request_id, hint, is_unsent } = undone;
        let status = if is_unsent { Status::NotAttempted } else { Status::Failed };
        Settled { record: Record { http_status, request_id, ..self.record(status, Some(failure)) }, hint }
    }

    /// The record of a 204.
    fn answered(&self, status: Status, request_id: Option<String>, error: Option<Failure>) -> Record {
        Record { http_status: Some(204), request_id, ..self.record(status, error) }
    }

    fn record(&self, status: Status, error: Option<Failure>) -> Record {
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
            error,
            dry_run: self.is_rehearsal,
            remark: None,
        }
    }
}

fn not_confirmed(message: String) -> Failure {
    Failure { code: "NotConfirmed".to_owned(), message, kind: FailureKind::NotConfirmed }
}

const WAIT_LONGER: &str = "`intunectl partner show` shows how it stands; a longer --wait waits longer";
#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;
    use crate::action::DISCONNECT;
    use crate::exit::Signal;
    use crate::graph::advice::Caller;
    use crate::graph::client::Ended;
    use crate::net::answer::{self, Answer, NoAnswer};

    const CALLER: &Caller = &Caller { is_app_only: None, another: String::new() };
    const ENDS: Ends<'_> = Ends { host: "graph.example", caller: CALLER };
    const PROGRESS: Progress = Progress { attempts: 2, client_request_id: None, started: None, may_be_done: true };

    /// What becomes of partner `a`.
    fn draft(make: impl Fn(&Draft<'_>) -> Settled) -> Record {
        let (id, owner) = (PartnerId::parse("a").unwrap(), Owner::default());
        make(&Draft {
            id: &id,
            index: 3,
            action: &DISCONNECT,
            is_rehearsal: false,
            owner: &owner,
            progress: PROGRESS,
            ends: ENDS,
        })
        .record
    }

    fn settle(last: Option<answer::Result>, ended: Ended, unanswered_before: bool) -> Record {
        let stopped = Some(Reason::Interrupted(Signal::Interrupt));
        let outcome = Cell::new(Some(Outcome { last, ended, unanswered_before, renewal_failed: false }));
        draft(|draft| draft.acted(outcome.take().unwrap(), stopped))
    }

    fn answer(status: u16) -> Option<answer::Result> {
        Some(Ok(Answer { status, whole: true, ..Answer::default() }))
    }

    #[test]
    fn only_a_204_is_done() {
        for status in (100..600).filter(|status| *status != 204) {
            assert_eq!(settle(answer(status), Ended::Settled, false).status, Status::Failed, "{status}");
        }
        let done = settle(answer(204), Ended::Settled, true);
        assert_eq!(
            (done.status, done.http_status, done.attempts, done.index),
            (Status::Done(&DISCONNECT), Some(204), 2, 3)
        );
        assert!(done.error.is_none());
    }

    #[test]
    fn every_ending_has_its_kind_and_its_words() {
        let timeout = |sent| Some(Err(NoAnswer::Timeout { sent }));
        let hour = Ended::Hopeless(Duration::from_secs(3600));
        let terminated = Reason::Interrupted(Signal::Terminate);
        let table = [
            (settle(answer(401), Ended::Settled, false), FailureKind::Auth, "no reason"),
            (settle(answer(404), Ended::Settled, true), FailureKind::Http, "an earlier attempt had no answer"),
            (settle(answer(500), Ended::Settled, true), FailureKind::Http, "may have been done all the same"),
            (settle(answer(504), Ended::Settled, false), FailureKind::Http, "may have been done all the same"),
            (settle(answer(429), Ended::Settled, false), FailureKind::Throttled, "no reason"),
            (settle(answer(503), hour, false), FailureKind::Throttled, "asks to wait 1h"),
            (settle(answer(503), Ended::Stopped, false), FailureKind::Interrupted, "the run was interrupted"),
            (settle(timeout(true), Ended::Settled, false), FailureKind::Timeout, "may have been done all the same"),
            (settle(timeout(false), Ended::Settled, false), FailureKind::Timeout, "connecting took too long"),
            (settle(Some(Err(NoAnswer::Refused)), Ended::Settled, false), FailureKind::Network, "refused"),
            (settle(None, hour, false), FailureKind::Throttled, "the service asks to wait 1h, which is too long"),
            (settle(None, Ended::Stopped, false), FailureKind::Interrupted, "the run was interrupted"),
            (draft(|draft| draft.given_up(terminated).into()), FailureKind::Interrupted, "may have been done"),
            (draft(|draft| draft.not_attempted(Reason::Unauthorized).into()), FailureKind::Auth, "refused the token"),
        ];
        for (record, kind, words) in table {
            let failure = record.error.unwrap();
            assert_eq!(failure.kind, kind, "{failure:?}");
            assert!(failure.message.contains(words), "{failure:?}");
        }
        let answered = Progress { may_be_done: false, ..PROGRESS };
        let interrupted = Reason::Interrupted(Signal::Interrupt);
        let given_up = draft(|draft| Draft { progress: answered, ..*draft }.given_up(interrupted).into());
        let failure = given_up.error.unwrap();
        assert!(failure.message == "given up before another attempt: the run was interrupted", "{failure:?}");
        for undone in [timeout(false), answer(503), answer(404)] {
            let failure = settle(undone, Ended::Settled, false).error.unwrap();
            assert!(!failure.message.contains("may have"), "{failure:?}");
        }
    }
}
