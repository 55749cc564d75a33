//! From how a call ended to the record of its ID. Pure, but for the time of day.

use std::time::{Instant, SystemTime};

use super::confirm::Confirmation;
use crate::exit::{Signal, Verdict};
use crate::graph::advice::{self, Caller, Purpose};
use crate::graph::client::{Ended, Outcome, Progress};
use crate::graph::partner::{Action, Fields, Partner};
use crate::graph::problem;
use crate::ids::PartnerId;
use crate::net::attempt::{Answer, NoAnswer};
use crate::output::record::{Failure, FailureKind, Owner, Record, Status};
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
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// The partner.
    pub id: &'a PartnerId,
    /// Its place in the input.
    pub index: usize,
    /// What is to be done.
    pub action: Action,
    /// Whether it is only looked at what would happen.
    pub is_rehearsal: bool,
    /// In whose name the run acts.
    pub owner: &'a Owner,
    /// How far its call came.
    pub progress: Progress,
    /// To whom its requests go, and for whom.
    pub ends: Ends<'a>,
}

/// The two ends of a call.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// Where requests go: host and port.
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

/// Why a call did not do what it was for.
pub struct Undone {
    /// Why, for people and scripts.
    pub failure: Failure,
    /// The status of the answer; `None` where none came.
    pub http_status: Option<u16>,
    /// The service's id of it.
    pub request_id: Option<String>,
    /// For people.
    pub hint: Option<String>,
    /// Whether nothing was sent at all.
    pub is_unsent: bool,
}

impl Undone {
    fn unsent(failure: Failure) -> Self {
        Self { failure, http_status: None, request_id: None, hint: None, is_unsent: true }
    }

    /// An answer that is not the partner that was asked for.
    fn no_partner(answer: &Answer) -> Self {
        let message = "the answer is not the partner that was asked for".to_owned();
        let failure = Failure { code: "UnexpectedAnswer".to_owned(), message, kind: FailureKind::Http };
        let hint = "check --graph-url, and what stands between here and Graph".to_owned();
        let (http_status, request_id) = (Some(answer.status), answer.request_id.clone());
        Self { failure, http_status, request_id, hint: Some(hint), is_unsent: false }
    }

    /// As one line for people.
    pub fn in_words(&self) -> String {
        self.failure.in_words(self.http_status, self.request_id.as_deref())
    }

    /// What the exit code makes of it.
    pub fn verdict(&self) -> Verdict {
        if self.failure.kind == FailureKind::Auth { Verdict::Unauthorized } else { Verdict::Undone }
    }
}

impl Ends<'_> {
    /// The partner that a call to read it was answered with, or why there is none; `stopped` is why the run was stopped,
    /// if it was.
    pub fn read(self, id: &PartnerId, outcome: Outcome, stopped: Option<Reason>) -> Result<Partner, Undone> {
        match outcome.last {
            Some(Ok(answer)) if (200..300).contains(&answer.status) => {
                let partner = Some(&answer).filter(|answer| answer.status == 200);
                partner.and_then(|answer| Partner::read(answer, id)).ok_or_else(|| Undone::no_partner(&answer))
            }
            last => Err(self.undone(Outcome { last, ..outcome }, Purpose::Read, stopped)),
        }
    }

    /// Why a call did not do what it was for.
    fn undone(self, outcome: Outcome, purpose: Purpose, stopped: Option<Reason>) -> Undone {
        let Outcome { last, ended, unanswered_before, renewal_failed } = outcome;
        // A call ends stopped only after the run was.
        let reason = stopped.unwrap_or(Reason::OutputGone);
        // To read changes nothing, however often it is done.
        let changes = purpose == Purpose::Write;
        match (last, ended) {
            (Some(Ok(answer)), ended) => {
                let problem = problem::read(&answer);
                let kind = kind(answer.status, ended);
                let mut failure = Failure { code: problem.code, message: problem.message, kind };
                append(&mut failure, ended, reason);
                failure.message.push_str(match answer.status {
                    400..=499 if unanswered_before && changes => EARLIER_MAY_HAVE_DONE_IT,
                    502 | 504 if changes => MAY_BE_DONE,
                    _ if unanswered_before && changes => MAY_BE_DONE,
                    _ => "",
                });
                let is_told = answer.status == 401 && renewal_failed;
                let hint = advice::for_status(answer.status, purpose, self.caller)
                    .filter(|_| ended != Ended::Stopped && !is_told);
                let request_id = problem.request_id;
                Undone { failure, http_status: Some(answer.status), request_id, hint, is_unsent: false }
            }
            (Some(Err(no_answer)), ended) => {
                let mut failure = unanswered(self.host, &no_answer);
                append(&mut failure, ended, reason);
                if changes && (unanswered_before || no_answer.was_sent()) {
                    failure.message.push_str(MAY_BE_DONE);
                }
                let hint = (ended != Ended::Stopped).then(|| advice::without_answer(&no_answer, purpose).to_owned());
                Undone { failure, http_status: None, request_id: None, hint, is_unsent: false }
            }
            (None, Ended::Hopeless(wait)) => {
                let message = format!("the service asks to wait {}, which is too long", roughly(wait));
                let code = "TooManyRequests".to_owned();
                Undone::unsent(Failure { code, message, kind: FailureKind::Throttled })
            }
            (None, _) => Undone::unsent(reason.failure(reason.words().to_owned())),
        }
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
                let is_needless = onboarding_status.as_deref().is_some_and(|status| self.action.is_needless(status));
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

const EARLIER_MAY_HAVE_DONE_IT: &str =
    "; an earlier attempt had no answer and may have done it: look with `intunectl partner list`";
const WAIT_LONGER: &str = "`intunectl partner show` shows how it stands; a longer --wait waits longer";
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
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;
    use crate::net::attempt;

    const CALLER: &Caller = &Caller { is_app_only: None, another: String::new() };
    const ENDS: Ends<'_> = Ends { host: "graph.example", caller: CALLER };
    const PROGRESS: Progress = Progress { attempts: 2, client_request_id: None, started: None, may_be_done: true };

    /// What becomes of partner `a`.
    fn draft(make: impl Fn(&Draft<'_>) -> Settled) -> Record {
        let (id, owner) = (PartnerId::parse("a").unwrap(), Owner::default());
        make(&Draft {
            id: &id,
            index: 3,
            action: Action::Disconnect,
            is_rehearsal: false,
            owner: &owner,
            progress: PROGRESS,
            ends: ENDS,
        })
        .record
    }

    fn settle(last: Option<attempt::Result>, ended: Ended, unanswered_before: bool) -> Record {
        let stopped = Some(Reason::Interrupted(Signal::Interrupt));
        let outcome = Cell::new(Some(Outcome { last, ended, unanswered_before, renewal_failed: false }));
        draft(|draft| draft.acted(outcome.take().unwrap(), stopped))
    }

    fn answer(status: u16) -> Option<attempt::Result> {
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
            (Status::Done(Action::Disconnect), Some(204), 2, 3)
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
