//! What happens on the way to an answer, for whoever wants to follow.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use secrecy::SecretString;

use super::answer::NoAnswer;

/// Something that happened on the way, for whoever wants to follow.
pub enum Event<'a> {
    /// An attempt begins.
    Sending {
        /// Counted from 1.
        attempt: u32,
        method: &'a Method,
        url: &'a Url,
        /// What is sent; the token is marked sensitive.
        headers: &'a HeaderMap,
        /// What nobody may see.
        secrets: &'a [SecretString],
    },
    /// An attempt was answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// Since it began.
        elapsed: Duration,
        /// What came.
        headers: &'a HeaderMap,
        /// What nobody may see, though it may have come back.
        secrets: &'a [SecretString],
    },
    /// An attempt was not answered.
    Unanswered {
        reason: &'a NoAnswer,
        /// Since it began.
        elapsed: Duration,
    },
    /// An answer holds everybody back.
    Held {
        /// Who gave it: the host, and the port where it is not the usual one.
        host: &'a str,
        /// Its HTTP status: 429 or 503.
        status: u16,
        /// For how long nothing is sent.
        wait: Duration,
        /// Whether the answer named that time, as `Retry-After`; else it is a guess of ours.
        is_named: bool,
    },
    Waiting {
        why: Why,
        wait: Duration,
    },
}

/// What a wait is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Pace,
    Throttled,
    Backoff,
}

/// Follows events, for as long as it is needed; told the label of the call, too.
pub type OwnObserver<'a> = Box<dyn Fn(&str, &Event<'_>) + 'a>;

/// Follows events; told the label of the call, too.
pub type Observer<'a> = &'a dyn Fn(&str, &Event<'_>);
