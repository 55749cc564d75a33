//! A request that is sent again while that makes sense, with nobody else's requests to think of.

use std::rc::Rc;
use std::time::Duration;

use secrecy::SecretString;

use super::answer::{self, Answer};
use super::attempt::{self, Attempt};
use super::event::{Event, Observer, Why};
use super::http::Transport;
use super::retry::{self, Next};
use crate::cancel::StopFlag;
use crate::text::humanize::approx_duration;

/// Whether a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Twice is as good as once.
    Safe,
    /// Only where the one before was certainly not carried out.
    Unsent,
}

/// The way to a server that is not Graph, and who else has a say in it.
#[derive(Clone, Copy)]
pub struct SendOptions<'a> {
    pub transport: &'a Transport,
    /// How many attempts may follow the first.
    pub retries: u32,
    pub observer: Observer<'a>,
    /// Once it is set, no further attempt begins; one that is under way may end.
    pub stop: &'a StopFlag,
}

/// Something to send.
pub struct RetryingRequest<'a> {
    /// What the observer knows it by.
    pub label: &'a str,
    /// Whether it may be sent again.
    pub repeat: Repeat,
    /// The secrets that are sent, and may come back.
    pub secrets: &'a Rc<[SecretString]>,
    pub send_options: SendOptions<'a>,
}

impl RetryingRequest<'_> {
    /// Sends what `make` makes. The body of a 200 comes whole, the secrets that it may hold among it.
    pub async fn send(&self, http: &reqwest::Client, make: impl Fn() -> reqwest::Request) -> answer::Result {
        let Self { label, repeat, secrets, send_options } = *self;
        let SendOptions { transport, retries, observer, stop } = send_options;
        let mut number = 1;
        loop {
            let mut request = make();
            *request.timeout_mut() = Some(transport.timeout);
            let attempt = Attempt { label, number, wanted: true, secrets, observer };
            let result = attempt::send(http, request, &attempt).await;
            match retry::decide(&result, number, retries, fastrand::f64()).next {
                Next::Again(wait) if repeat == Repeat::Safe || !answer::may_be_done(&result) => {
                    observer(label, &Event::Waiting { why: Why::Backoff, wait });
                    tokio::select! {
                        biased;
                        () = stop.wait() => return result,
                        () = tokio::time::sleep(wait) => number += 1,
                    }
                }
                Next::Again(_) | Next::Stands | Next::Hopeless(_) => return result,
            }
        }
    }
}

/// In words, an answer that is not one of the service's own.
pub fn describe_unexpected(answer: &Answer) -> String {
    let reason = reqwest::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let status = format!("{} {}", answer.status, reason.unwrap_or_default());
    let status = status.trim();
    match (answer.status, &answer.location, answer.retry_after) {
        (300..=399, Some(location), _) => {
            // What is behind a question mark may be what was sent.
            let place = location.split(['?', '#']).next().unwrap_or_default();
            format!("{status}: redirected to {place}, which is never followed")
        }
        (429 | 500..=599, _, Some(wait)) if wait > Duration::ZERO => {
            format!("{status}: too busy, and asks to wait {}", approx_duration(wait))
        }
        (429 | 500..=599, _, _) => format!("{status}: too busy, or out of order; or so says a gateway or proxy"),
        _ => format!("{status}, with no reason that the service would give: it may be from a gateway or proxy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_answer_is_told_in_words() {
        let answer = Answer { status: 302, location: Some("https://portal/?sent=x".into()), ..Answer::default() };
        assert_eq!(describe_unexpected(&answer), "302 Found: redirected to https://portal/, which is never followed");
        let answer = Answer { status: 429, retry_after: Some(Duration::from_secs(900)), ..Answer::default() };
        assert_eq!(describe_unexpected(&answer), "429 Too Many Requests: too busy, and asks to wait 15m");
        assert!(describe_unexpected(&Answer { status: 503, ..Answer::default() }).contains("out of order"));
        assert!(describe_unexpected(&Answer { status: 404, ..Answer::default() }).contains("gateway or proxy"));
        assert!(describe_unexpected(&Answer { status: 599, ..Answer::default() }).starts_with("599: "));
    }
}
