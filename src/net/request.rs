//! A request to a server other than Graph, with retries. No rate limit and no other request concerns it.

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

/// When a request may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Always: repeating it is harmless.
    Safe,
    /// Only if the attempt before was certainly not carried out.
    Unsent,
}

/// How requests to servers other than Graph are sent.
#[derive(Clone, Copy)]
pub struct SendOptions<'a> {
    pub transport: &'a Transport,
    /// The maximum number of retries.
    pub retries: u32,
    pub observer: Observer<'a>,
    /// Once it is set, no attempt begins; one in flight may finish.
    pub stop: &'a StopFlag,
}

/// A request with its retries.
pub struct RetryingRequest<'a> {
    /// Its name for the observer.
    pub label: &'a str,
    pub repeat: Repeat,
    /// The secrets in the request. The answer may contain them.
    pub secrets: &'a Rc<[SecretString]>,
    pub send_options: SendOptions<'a>,
}

impl RetryingRequest<'_> {
    /// Sends the request that `make` makes. The body of a 200 is complete, and its secrets are not removed.
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

/// Describes an answer that is not in the service's format.
pub fn describe_unexpected(answer: &Answer) -> String {
    let reason = reqwest::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let status = format!("{} {}", answer.status, reason.unwrap_or_default());
    let status = status.trim();
    match (answer.status, &answer.location, answer.retry_after) {
        (300..=399, Some(location), _) => {
            // The query may contain what was sent.
            let place = location.split(['?', '#']).next().unwrap_or_default();
            format!("{status}: the server redirects to {place}; intunectl does not follow redirects")
        }
        (429 | 500..=599, _, Some(wait)) if wait > Duration::ZERO => {
            format!("{status}: the service is busy and asks for a wait of {}", approx_duration(wait))
        }
        (429 | 500..=599, _, _) => format!("{status}: the service or a proxy is too busy or not available"),
        _ => format!("{status}: unexpected answer, possibly from a gateway or proxy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unexpected_answer_is_described() {
        let answer = Answer { status: 302, location: Some("https://portal/?sent=x".into()), ..Answer::default() };
        assert_eq!(
            describe_unexpected(&answer),
            "302 Found: the server redirects to https://portal/; intunectl does not follow redirects"
        );
        let answer = Answer { status: 429, retry_after: Some(Duration::from_secs(900)), ..Answer::default() };
        assert_eq!(
            describe_unexpected(&answer),
            "429 Too Many Requests: the service is busy and asks for a wait of 15m"
        );
        assert!(describe_unexpected(&Answer { status: 503, ..Answer::default() }).contains("not available"));
        assert!(describe_unexpected(&Answer { status: 404, ..Answer::default() }).contains("gateway or proxy"));
        assert!(describe_unexpected(&Answer { status: 599, ..Answer::default() }).starts_with("599: "));
    }
}
