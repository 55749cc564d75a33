//! From how a call ended to the record of its ID. Pure, but for the time of day.

use std::time::{Instant, SystemTime};

use crate::exit::Signal;
use crate::graph::advice::{self, Caller, Purpose};
use crate::graph::client::{Ended, Outcome, Progress};
use crate::graph::problem;
use crate::net::attempt::{Answer, NoAnswer};
use crate::output::record::{Failure, FailureKind, Record, Status};
use crate::words::roughly;

/// Why a run sends nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A signal.
    Interrupted(Signal),
    /// The service refused the token, which is no good for the rest either.
    Unauthorized,
    /// `--fail-fast`, and a failure.
    FailFast,
    /// Nobody reads the results any more, or they cannot be written.
    OutputGone,
}

impl Reason {
    fn code(self) -> &'static str {
        match self {
            Self::Interrupted(_) => "Interrupted",
            Self::Unauthorized => "Unauthorized",
            Self::FailFast => "FailFast",
            Self::OutputGone => "OutputGone",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Interrupted(Signal::Interrupt) => "the run was interrupted",
            Self::Interrupted(Signal::Terminate) => "the run was asked to end",
            Self::Unauthorized => "the service refused the token",
            Self::FailFast => "--fail-fast stopped the run",
            Self::OutputGone => "the results could no longer be written",
        }
    }

    fn failure(self, message: String) -> Failure {
        let kind = if self == Self::Unauthorized { FailureKind::Auth } else { FailureKind::Interrupted };
        Failure { code: self.code().to_owned(), message, kind }
    }
}

/// The record of an ID, so far without a result.
pub struct Draft<'a> {
    /// The partner.
    pub id: &'a str,
    /// Its place in the input.
    pub index: usize,
    /// How far its call came.
    pub progress: Progress,
    /// Where its requests go: host and port.
    pub host: &'a str,
    /// Whose token they are sent with.
    pub caller: &'a Caller,
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
    pub fn settle(&self, outcome: Outcome, stopped: Option<Reason>) -> Settled {
        let Outcome { last, ended, unanswered_before, renewal_failed } = outcome;
        // A call ends stopped only after the run was.
        let reason = stopped.unwrap_or(Reason::OutputGone);
        match (last, ended) {
            (Some(Ok(answer)), _) if answer.status == 204 => self.answered(Status::Disconnected, &answer, None).into(),
            (Some(Ok(answer)), ended) => {
                let problem = problem::read(&answer);
                let kind = kind(answer.status, ended);
                let mut failure = Failure { code: problem.code, message: problem.message, kind };
                append(&mut failure, ended, reason);
                failure.message.push_str(match answer.status {
                    400..=499 if unanswered_before => EARLIER_MAY_HAVE_DONE_IT,
                    502 | 504 => MAY_BE_DONE,
                    _ if unanswered_before => MAY_BE_DONE,
                    _ => "",
                });
                let record = self.answered(Status::Failed, &answer, Some(failure));
                let is_told = answer.status == 401 && renewal_failed;
                let hint = advice::for_status(answer.status, Purpose::Write, self.caller)
                    .filter(|_| ended != Ended::Stopped && !is_told);
                Settled { record: Record { request_id: problem.request_id, ..record }, hint }
            }
            (Some(Err(no_answer)), ended) => {
                let mut failure = unanswered(self.host, &no_answer);
                append(&mut failure, ended, reason);
                if unanswered_before || no_answer.was_sent() {
                    failure.message.push_str(MAY_BE_DONE);
                }
                let hint =
                    (ended != Ended::Stopped).then(|| advice::without_answer(&no_answer, Purpose::Write).to_owned());
                Settled { record: self.record(Status::Failed, Some(failure)), hint }
            }
            (None, Ended::Hopeless(wait)) => {
                let message = format!("the service asks to wait {}, which is too long", roughly(wait));
                let failure = Failure { code: "TooManyRequests".to_owned(), message, kind: FailureKind::Throttled };
                self.record(Status::NotAttempted, Some(failure)).into()
            }
            (None, _) => self.not_attempted(reason).into(),
        }
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
            true => format!("given up while waiting for an answer: {}{MAY_BE_DONE}", reason.words()),
            false => format!("given up before another attempt: {}", reason.words()),
        };
        self.record(Status::Failed, Some(reason.failure(message)))
    }

    fn answered(&self, status: Status, answer: &Answer, error: Option<Failure>) -> Record {
        let request_id = answer.request_id.clone();
        Record { http_status: Some(answer.status), request_id, ..self.record(status, error) }
    }

    fn record(&self, status: Status, error: Option<Failure>) -> Record {
        let Progress { attempts, client_request_id, started, .. } = self.progress;
        let elapsed = started.map(|started| Instant::now() - started).unwrap_or_default();
        Record {
            id: self.id.to_owned(),
            index: self.index,
            action: "disconnect",
            status,
            http_status: None,
            attempts,
            duration_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            time: SystemTime::now(),
            client_request_id,
            request_id: None,
            error,
        }
    }
}

const EARLIER_MAY_HAVE_DONE_IT: &str =
    "; an earlier attempt had no answer and may have done it: look with `intunectl partner list`";
const MAY_BE_DONE: &str = "; it may have been done all the same: look with `intunectl partner list`";

fn kind(status: u16, ended: Ended) -> FailureKind {
    match (status, ended) {
        (_, Ended::Stopped) => FailureKind::Interrupted,
        (401, _) => FailureKind::Auth,
        (429, _) | (_, Ended::Hopeless(_)) => FailureKind::Throttled,
        _ => FailureKind::Http,
    }
}

fn unanswered(host: &str, reason: &NoAnswer) -> Failure {
    let kind = match reason {
        NoAnswer::Timeout { .. } => FailureKind::Timeout,
        _ => FailureKind::Network,
    };
    Failure { code: reason.code().to_owned(), message: format!("{host}: {reason}"), kind }
}

/// Says why a result that might have been another's stands.
fn append(failure: &mut Failure, ended: Ended, reason: Reason) {
    match ended {
        Ended::Settled => {}
        Ended::Hopeless(wait) => {
            failure.message.push_str(&format!("; not tried again: the service asks to wait {}", roughly(wait)));
        }
        Ended::Stopped => {
            failure.kind = FailureKind::Interrupted;
            failure.message.push_str(&format!("; not tried again: {}", reason.words()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CALLER: &Caller = &Caller { is_app_only: None, another: String::new() };
    const DRAFT: Draft<'_> = Draft {
        id: "a",
        index: 3,
        progress: Progress { attempts: 2, client_request_id: None, started: None, may_be_done: true },
        host: "graph.example",
        caller: CALLER,
    };

    fn settle(last: Option<crate::net::attempt::Result>, ended: Ended, before: bool) -> Record {
        let outcome = Outcome { last, ended, unanswered_before: before, renewal_failed: false };
        DRAFT.settle(outcome, Some(Reason::Interrupted(Signal::Interrupt))).record
    }

    fn answer(status: u16) -> Option<crate::net::attempt::Result> {
        Some(Ok(Answer { status, whole: true, ..Answer::default() }))
    }

    #[test]
    fn only_a_204_is_done() {
        for status in (100..600).filter(|status| *status != 204) {
            assert_eq!(settle(answer(status), Ended::Settled, false).status, Status::Failed, "{status}");
        }
        let done = settle(answer(204), Ended::Settled, true);
        assert_eq!((done.status, done.http_status, done.attempts, done.index), (Status::Disconnected, Some(204), 2, 3));
        assert!(done.error.is_none());
    }

    #[test]
    fn every_ending_has_its_kind_and_its_words() {
        let timeout = |sent| Some(Err(NoAnswer::Timeout { sent }));
        let hour = Ended::Hopeless(Duration::from_secs(3600));
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
            (DRAFT.given_up(Reason::Interrupted(Signal::Terminate)), FailureKind::Interrupted, "may have been done"),
            (DRAFT.not_attempted(Reason::Unauthorized), FailureKind::Auth, "refused the token"),
        ];
        for (record, kind, words) in table {
            let failure = record.error.unwrap();
            assert_eq!(failure.kind, kind, "{failure:?}");
            assert!(failure.message.contains(words), "{failure:?}");
        }
        let answered = Progress { may_be_done: false, ..DRAFT.progress };
        let given_up = Draft { progress: answered, ..DRAFT }.given_up(Reason::Interrupted(Signal::Interrupt));
        let failure = given_up.error.unwrap();
        assert!(failure.message == "given up before another attempt: the run was interrupted", "{failure:?}");
        for undone in [timeout(false), answer(503), answer(404)] {
            let failure = settle(undone, Ended::Settled, false).error.unwrap();
            assert!(!failure.message.contains("may have"), "{failure:?}");
        }
    }
}
