//! What happens on the way to an answer, for whoever wants to follow.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use super::attempt::NoAnswer;

/// Something that happened on the way, for whoever wants to follow.
pub enum Event<'a> {
    /// An attempt begins.
    Sending {
        /// Counted from 1.
        attempt: u32,
        /// The method.
        method: &'a Method,
        /// The address.
        url: &'a Url,
        /// What is sent; the token is marked sensitive.
        headers: &'a HeaderMap,
    },
    /// An attempt was answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// Since it began.
        elapsed: Duration,
        /// What came.
        headers: &'a HeaderMap,
    },
    /// An attempt was not answered.
    Unanswered {
        /// Why.
        reason: &'a NoAnswer,
        /// Since it began.
        elapsed: Duration,
    },
    /// A wait begins.
    Waiting {
        /// What for.
        why: Why,
        /// How long.
        wait: Duration,
    },
}

/// What a wait is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The pace.
    Pace,
    /// The service throttles.
    Throttled,
    /// The next attempt.
    Backoff,
}

/// Follows events; told the label of the call, too.
pub type Observer<'a> = &'a dyn Fn(&str, &Event<'_>);
