//! Failed calls: one type for records, for `partner list` and `show`, and for the prompt.

use serde::Serialize;

use super::advice::{self, Caller, Purpose};
use super::client::{Client, Ended, Outcome};
use super::problem;
use crate::cancel::{Cancel, CancelReason};
use crate::error::Error;
use crate::exit::Verdict;
use crate::net::answer::{self, Answer, NoAnswer};
use crate::text::humanize::approx_duration;
use crate::text::sanitize::sanitize;

/// A failed call.
#[derive(Debug, Clone)]
pub struct CallFailure {
    /// The service's code, or ours if it gave none.
    pub code: String,
    /// As it came from the service: it may contain control characters.
    pub message: String,
    pub kind: FailureKind,
    /// `None` if no answer came.
    pub http_status: Option<u16>,
    /// The service's ID, which Microsoft Support asks for.
    pub request_id: Option<String>,
    pub hint: Option<String>,
    /// Whether no request was sent.
    pub is_unsent: bool,
}

/// The kinds of failure that scripts distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The service refused the request, or its answer was not the expected one.
    Http,
    /// The service refused the token.
    Auth,
    /// No answer because of the network.
    Network,
    /// No answer in time.
    Timeout,
    /// The service throttles requests.
    Throttled,
    /// The service answered 204, but the change was not visible within `--wait`.
    NotConfirmed,
    /// The run was stopped before the partner was done.
    Interrupted,
}

impl CallFailure {
    fn new(code: &str, message: String, kind: FailureKind) -> Self {
        let code = code.to_owned();
        Self { code, message, kind, http_status: None, request_id: None, hint: None, is_unsent: false }
    }

    /// Adds a clause to the message. The service's own may end in a full stop.
    fn add(&mut self, clause: &str) {
        if !clause.is_empty() {
            self.message.truncate(self.message.trim_end_matches('.').len());
            self.message.push_str(clause);
        }
    }

    /// The run was stopped; `message` is about this call.
    pub fn cancelled(reason: CancelReason, message: String) -> Self {
        let kind = match reason {
            CancelReason::Unauthorized => FailureKind::Auth,
            _ => FailureKind::Interrupted,
        };
        Self::new(reason.code(), message, kind)
    }

    /// The run was stopped before a request was sent.
    pub fn not_attempted(reason: CancelReason) -> Self {
        Self { is_unsent: true, ..Self::cancelled(reason, reason.in_words().to_owned()) }
    }

    /// The service accepted the request, but the change was not visible in time.
    pub fn not_confirmed(message: String) -> Self {
        Self::new("NotConfirmed", message, FailureKind::NotConfirmed)
    }

    /// A successful answer with the wrong content.
    pub fn unexpected(answer: &Answer, message: &str) -> Self {
        Self {
            http_status: Some(answer.status),
            request_id: answer.request_id.clone(),
            hint: Some(advice::NOT_GRAPH.to_owned()),
            ..Self::new("UnexpectedAnswer", message.to_owned(), FailureKind::Http)
        }
    }

    /// One line for people: HTTP status, code, message, request ID.
    pub fn in_words(&self) -> String {
        let status = self.http_status.map(|status| format!("{status} ")).unwrap_or_default();
        let id = self.request_id.as_deref().map(|id| format!(" (request ID {})", sanitize(id))).unwrap_or_default();
        format!("{status}{}: {}{id}", sanitize(&self.code), sanitize(&self.message))
    }

    /// The error of a command that this failure ends.
    pub fn into_error(self, message: String) -> Error {
        let error = match self.verdict() {
            Verdict::Unauthorized => Error::auth(message),
            Verdict::Undone | Verdict::Done => Error::failure(message),
        };
        self.hint.into_iter().fold(error, Error::hint)
    }

    /// What it means for the exit code.
    pub fn verdict(&self) -> Verdict {
        if self.kind == FailureKind::Auth { Verdict::Unauthorized } else { Verdict::Undone }
    }
}

/// What [`CallContext::failure`] needs to know besides the outcome.
#[derive(Debug, Clone, Copy)]
pub struct CallContext<'a> {
    /// The Graph server: host and port.
    pub host: &'a str,
    /// Whose token they are sent with.
    pub caller: &'a Caller,
    /// Why the run was stopped, if it was.
    pub cancel: &'a Cancel,
}

impl<'a> CallContext<'a> {
    pub fn new(client: &'a Client<'_>, caller: &'a Caller, cancel: &'a Cancel) -> Self {
        Self { host: client.host(), caller, cancel }
    }

    /// Why a call failed.
    pub fn failure(self, outcome: Outcome, purpose: Purpose<'_>) -> CallFailure {
        let Outcome { last, ended, unanswered_before, renewal_failed } = outcome;
        // A call ends stopped only after the run was.
        let reason = self.cancel.reason().unwrap_or(CancelReason::OutputGone);
        let maybe = match purpose {
            Purpose::Write(_) => maybe_done(last.as_ref(), unanswered_before),
            Purpose::List | Purpose::Read(_) => "",
        };
        let mut failure = match (last, ended) {
            (Some(Ok(answer)), _) => {
                let is_told = answer.status == 401 && renewal_failed;
                // A 404 after an attempt without an answer is explained by the message.
                let is_explained = answer.status == 404 && !maybe.is_empty();
                let hint =
                    advice::for_status(answer.status, purpose, self.caller).filter(|_| !is_told && !is_explained);
                refused(&answer, ended, hint)
            }
            (Some(Err(no_answer)), _) => unanswered(self.host, &no_answer, purpose),
            (None, Ended::Hopeless(wait)) => {
                let message = format!("Graph asks for a wait of {}; the limit is 10 minutes", approx_duration(wait));
                let failure = CallFailure::new("TooManyRequests", message, FailureKind::Throttled);
                return CallFailure { is_unsent: true, ..failure };
            }
            (None, _) => return CallFailure::not_attempted(reason),
        };
        // Why there was no retry that might have changed the result.
        match ended {
            Ended::Settled => {}
            Ended::Hopeless(wait) => {
                let wait = approx_duration(wait);
                failure.add(&format!("; not retried: Graph asks for a wait of {wait}"));
            }
            Ended::Stopped => {
                failure.kind = FailureKind::Interrupted;
                failure.add(&format!("; not retried: {}", reason.in_words()));
                failure.hint = None;
            }
        }
        failure.add(maybe);
        failure
    }
}

/// The end of a message about a request that may have been carried out.
pub const MAY_BE_DONE: &str = "; the change may have been applied anyway: check with `intunectl partner list`";

/// The end of a message about a write, if one of its attempts may have been carried out.
fn maybe_done(last: Option<&answer::Result>, unanswered_before: bool) -> &'static str {
    match last {
        Some(last) if answer::may_be_done(last) => MAY_BE_DONE,
        Some(Ok(Answer { status: 400..=499, .. })) if unanswered_before => {
            "; an earlier attempt got no answer and may have succeeded: check with `intunectl partner list`"
        }
        _ if unanswered_before => MAY_BE_DONE,
        _ => "",
    }
}

fn refused(answer: &Answer, ended: Ended, hint: Option<String>) -> CallFailure {
    let problem::Problem { code, message, request_id } = problem::read(answer);
    let kind = match (answer.status, ended) {
        (401, _) => FailureKind::Auth,
        (429, _) | (_, Ended::Hopeless(_)) => FailureKind::Throttled,
        _ => FailureKind::Http,
    };
    CallFailure { code, message, kind, http_status: Some(answer.status), request_id, hint, is_unsent: false }
}

fn unanswered(host: &str, no_answer: &NoAnswer, purpose: Purpose<'_>) -> CallFailure {
    let kind = match no_answer {
        NoAnswer::Timeout { .. } => FailureKind::Timeout,
        _ => FailureKind::Network,
    };
    let hint = Some(advice::without_answer(no_answer, purpose).to_owned());
    CallFailure { hint, ..CallFailure::new(no_answer.code(), format!("{host}: {no_answer}"), kind) }
}
