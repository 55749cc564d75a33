//! Why a call did not do what it was for, in words.

use crate::exit::{Signal, Verdict};
use crate::graph::advice::{self, Caller, Purpose};
use crate::graph::client::{Ended, Outcome};
use crate::graph::partner::Partner;
use crate::graph::problem;
use crate::ids::PartnerId;
use crate::net::answer::{Answer, NoAnswer};
use crate::output::record::{Failure, FailureKind};
use crate::text::humanize::approx_duration;

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
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Interrupted(_) => "Interrupted",
            Self::Unauthorized => "Unauthorized",
            Self::FailFast => "FailFast",
            Self::OutputGone => "OutputGone",
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Interrupted(Signal::Interrupt) => "the run was interrupted",
            Self::Interrupted(Signal::Terminate) => "the run was asked to end",
            Self::Unauthorized => "the service refused the token",
            Self::FailFast => "--fail-fast stopped the run",
            Self::OutputGone => "the results could no longer be written",
        }
    }

    pub(super) fn failure(self, message: String) -> Failure {
        let kind = if self == Self::Unauthorized { FailureKind::Auth } else { FailureKind::Interrupted };
        Failure { code: self.code().to_owned(), message, kind }
    }
}

/// The two ends of a call.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// Where requests go: host and port.
    pub host: &'a str,
    /// Whose token they are sent with.
    pub caller: &'a Caller,
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
    pub(super) fn unsent(failure: Failure) -> Self {
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
    pub(super) fn undone(self, outcome: Outcome, purpose: Purpose, stopped: Option<Reason>) -> Undone {
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
                let message = format!("the service asks to wait {}, which is too long", approx_duration(wait));
                let code = "TooManyRequests".to_owned();
                Undone::unsent(Failure { code, message, kind: FailureKind::Throttled })
            }
            (None, _) => Undone::unsent(reason.failure(reason.words().to_owned())),
        }
    }
}

const EARLIER_MAY_HAVE_DONE_IT: &str =
    "; an earlier attempt had no answer and may have done it: look with `intunectl partner list`";
pub(super) const MAY_BE_DONE: &str = "; it may have been done all the same: look with `intunectl partner list`";

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
            failure.message.push_str(&format!("; not tried again: the service asks to wait {}", approx_duration(wait)));
        }
        Ended::Stopped => {
            failure.kind = FailureKind::Interrupted;
            failure.message.push_str(&format!("; not tried again: {}", reason.words()));
        }
    }
}
