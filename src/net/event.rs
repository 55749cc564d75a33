//! Events during a call, for the progress and `-v`.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use secrecy::SecretString;

use super::answer::NoAnswer;

/// Something that happens during a call.
pub enum Event<'a> {
    /// An attempt begins.
    Sending {
        /// Counted from 1.
        attempt: u32,
        method: &'a Method,
        url: &'a Url,
        /// The token is marked sensitive.
        headers: &'a HeaderMap,
        /// Must not be shown.
        secrets: &'a [SecretString],
    },
    /// An attempt was answered.
    Answered {
        status: u16,
        /// Since the attempt began.
        elapsed: Duration,
        headers: &'a HeaderMap,
        /// Must not be shown. The answer may contain them.
        secrets: &'a [SecretString],
    },
    /// An attempt was not answered.
    Unanswered {
        reason: &'a NoAnswer,
        /// Since the attempt began.
        elapsed: Duration,
    },
    /// An answer pauses all requests.
    Held {
        /// The server: host, and the port if it is not the default.
        host: &'a str,
        /// Its HTTP status: 429 or 503.
        status: u16,
        /// For how long nothing is sent.
        wait: Duration,
        /// Whether the answer named that time in `Retry-After`; else it is our backoff.
        is_named: bool,
    },
    Waiting {
        why: Why,
        wait: Duration,
    },
}

/// The reason for a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Pace,
    Throttled,
    Backoff,
}

/// An owned [`Observer`].
pub type OwnObserver<'a> = Box<dyn Fn(&str, &Event<'_>) + 'a>;

/// Receives the label of a call and an event.
pub type Observer<'a> = &'a dyn Fn(&str, &Event<'_>);
