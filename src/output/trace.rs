//! Shows attempts and waits in the progress line and with `-v`.

use reqwest::header::HeaderMap;
use secrecy::SecretString;

use super::console::Console;
use crate::net::event::{Event, Why};
use crate::net::secret::{REDACTED, redact};

pub struct Trace<'a> {
    pub console: &'a Console,
    /// 1: attempts and waits; 2: headers, too.
    pub verbosity: u8,
}

impl Trace<'_> {
    pub fn observe(&self, label: &str, event: &Event<'_>) {
        match event {
            Event::Held { host, status, wait, is_named } => self.console.held(host, *status, *wait, *is_named),
            Event::Waiting { why: Why::Pace, wait } => self.console.paced(*wait),
            _ => {}
        }
        if self.verbosity == 0 {
            return;
        }
        let headers = |headers: &HeaderMap, mark: char, secrets: &[SecretString]| {
            for (name, value) in headers.iter().filter(|_| self.verbosity > 1) {
                let private = value.is_sensitive() || ["set-cookie", "authorization"].contains(&name.as_str());
                let value = String::from_utf8_lossy(value.as_bytes());
                let value = if private { REDACTED.into() } else { redact(&value, secrets) };
                self.console.trace(&format!("{label}: {mark} {name}: {value}"));
            }
        };
        match event {
            Event::Sending { attempt, method, url, headers: sent, secrets } => {
                // The URL of a next page comes from the service, so it may contain a secret.
                let url = redact(url.as_str(), secrets);
                self.console.trace(&format!("{label}: attempt {attempt}: {method} {url}"));
                headers(sent, '>', secrets);
            }
            Event::Answered { status, elapsed, headers: came, secrets } => {
                self.console.trace(&format!("{label}: {status} after {} ms", elapsed.as_millis()));
                headers(came, '<', secrets);
            }
            Event::Unanswered { reason, elapsed } => {
                self.console.trace(&format!("{label}: {reason}, after {} ms", elapsed.as_millis()));
            }
            Event::Held { host, status, wait, is_named } => {
                let source = if *is_named { "Retry-After" } else { "no Retry-After" };
                let wait = wait.as_secs_f64();
                self.console.trace(&format!(
                    "{label}: {host} answered {status}: all requests are paused for {wait:.1} s ({source})"
                ));
            }
            Event::Waiting { why, wait } => {
                let why = match why {
                    Why::Pace => "because of the rate limit",
                    Why::Throttled => "because the service throttles requests",
                    Why::Backoff => "before the next attempt",
                };
                self.console.trace(&format!("{label}: waiting {:.1} s {why}", wait.as_secs_f64()));
            }
        }
    }
}
