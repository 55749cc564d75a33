//! Whether and when a request is retried: a pure function of the result, the attempt and chance.

use std::time::{Duration, SystemTime};

use super::answer::{NoAnswer, Result};

/// A longer wait is not begun. Source: the contract; users report that the service asked for 41 s and 315 s.
pub const LONGEST_WAIT: Duration = Duration::from_secs(600);

const BASE: Duration = Duration::from_secs(1);
/// The longest wait after a first attempt that HTTP/2 declined, which promises that nothing was done. Usually the
/// server closes a connection after a number of requests, and a new one works. The wait lets requests share the new
/// one.
const SHORTLY: Duration = Duration::from_millis(30);
const CAP: Duration = Duration::from_secs(30);

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub next: Next,
    /// How long all requests pause.
    pub hold: Option<Duration>,
}

/// What follows for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The result is final.
    Stands,
    /// A retry after this wait.
    Again(Duration),
    /// A retry is possible, but only after a wait that is too long.
    Hopeless(Duration),
}

/// Decides what follows `attempt`, counted from 1. If the service does not say how long to wait, the wait is an
/// exponential backoff with full jitter (`chance` is uniform in 0..1), except after a first attempt that was declined
/// (`SHORTLY`).
pub fn decide(result: &Result, attempt: u32, retries: u32, chance: f64) -> Decision {
    let (status, asked) = match result {
        Ok(answer) => (Some(answer.status), answer.retry_after),
        Err(_) => (None, None),
    };
    // Zero, or a date in the past, counts as absent: a throttled request is not resent within milliseconds.
    let asked = asked.filter(|asked| !asked.is_zero());
    let most = match result {
        Err(NoAnswer::Declined) if attempt == 1 => SHORTLY,
        _ => backoff(attempt),
    };
    let wait = asked.unwrap_or_else(|| most.mul_f64(chance.clamp(0.0, 1.0)));
    // A 429 throttles the application, not one partner; so does a 503 that says how long.
    let throttled = status == Some(429) || (status == Some(503) && asked.is_some());
    let next = if !is_passing(result) {
        Next::Stands
    } else if wait > LONGEST_WAIT {
        Next::Hopeless(wait)
    } else if attempt > retries {
        Next::Stands
    } else {
        Next::Again(wait)
    };
    Decision { next, hold: throttled.then_some(wait) }
}

/// Whether a retry may change the result.
fn is_passing(result: &Result) -> bool {
    match result {
        Ok(answer) => matches!(answer.status, 408 | 429 | 502 | 503 | 504),
        Err(reason) => match reason {
            NoAnswer::Refused
            | NoAnswer::TooManyFiles
            | NoAnswer::Lost { .. }
            | NoAnswer::Declined
            | NoAnswer::Timeout { .. } => true,
            NoAnswer::Proxy { authorized, .. } => *authorized,
            NoAnswer::Unknown { .. } | NoAnswer::NotFound { .. } | NoAnswer::Tls { .. } => false,
        },
    }
}

/// The longest wait after an attempt: 1 s, 2 s, 4 s, … 30 s.
fn backoff(attempt: u32) -> Duration {
    BASE.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX)).min(CAP)
}

/// Reads a `Retry-After`: an integer, a fraction (`2.128`, as Graph's throttling guidance shows it) or an HTTP date.
/// A date is measured against the answer's own `Date` if there is one, since the two clocks may disagree. `None` if it
/// is invalid, as if it were absent.
pub fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.starts_with(|c: char| c.is_ascii_digit()) && value.chars().all(|c| c.is_ascii_digit() || c == '.') {
        let seconds: f64 = value.parse().ok()?;
        // Too large for a Duration is too long to wait, not nonsense.
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let from = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now);
    Some(until.duration_since(from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::answer::Answer;
    use super::*;

    fn answer(status: u16, retry_after: Option<f64>) -> Result {
        Ok(Answer { status, retry_after: retry_after.map(Duration::from_secs_f64), ..Answer::default() })
    }

    fn seconds(s: f64) -> Duration {
        Duration::from_secs_f64(s)
    }

    #[test]
    fn only_temporary_failures_are_retried() {
        let again = Next::Again(seconds(0.5));
        let table = [
            (answer(408, None), again, None),
            (answer(429, None), again, Some(0.5)),
            (answer(429, Some(7.25)), Next::Again(seconds(7.25)), Some(7.25)),
            (answer(429, Some(600.0)), Next::Again(seconds(600.0)), Some(600.0)),
            (answer(429, Some(600.5)), Next::Hopeless(seconds(600.5)), Some(600.5)),
            (answer(429, Some(0.0)), again, Some(0.5)),
            (answer(502, None), again, None),
            (answer(502, Some(3.0)), Next::Again(seconds(3.0)), None),
            (answer(503, None), again, None),
            (answer(503, Some(3.0)), Next::Again(seconds(3.0)), Some(3.0)),
            (answer(504, None), again, None),
            (Err(NoAnswer::Refused), again, None),
            (Err(NoAnswer::Lost { sent: true }), again, None),
            (Err(NoAnswer::Timeout { sent: false }), again, None),
            (Err(NoAnswer::Declined), Next::Again(SHORTLY / 2), None),
            (Err(NoAnswer::TooManyFiles), again, None),
            (Err(NoAnswer::Proxy { reason: String::new(), authorized: true }), again, None),
            (Err(NoAnswer::Proxy { reason: String::new(), authorized: false }), Next::Stands, None),
            (answer(200, None), Next::Stands, None),
            (answer(302, None), Next::Stands, None),
            (answer(400, Some(3.0)), Next::Stands, None),
            (answer(401, None), Next::Stands, None),
            (answer(403, None), Next::Stands, None),
            (answer(404, None), Next::Stands, None),
            (answer(500, None), Next::Stands, None),
            (answer(501, None), Next::Stands, None),
            (Err(NoAnswer::Unknown { sent: true, reason: String::new() }), Next::Stands, None),
            (Err(NoAnswer::NotFound { reason: String::new() }), Next::Stands, None),
            (Err(NoAnswer::Tls { reason: String::new() }), Next::Stands, None),
        ];
        for (result, next, hold) in table {
            let decision = decide(&result, 1, 4, 0.5);
            assert_eq!(decision, Decision { next, hold: hold.map(seconds) }, "{result:?}");
        }
    }

    #[test]
    fn of_the_retried_statuses_only_429_and_503_prove_that_nothing_was_done() {
        let is_harmless = |status: &u16| {
            let result = answer(*status, None);
            is_passing(&result) && !super::super::answer::may_be_done(&result)
        };
        assert_eq!((100..600).filter(is_harmless).collect::<Vec<_>>(), [429, 503]);
    }

    #[test]
    fn a_throttled_last_attempt_still_pauses_other_requests() {
        let decision = decide(&answer(429, Some(3.0)), 5, 4, 0.5);
        assert_eq!(decision, Decision { next: Next::Stands, hold: Some(seconds(3.0)) });
        assert_eq!(decide(&answer(503, None), 1, 0, 0.5).next, Next::Stands);
        // The message still says how long the service asked to wait.
        assert_eq!(decide(&answer(429, Some(3600.0)), 1, 0, 0.5).next, Next::Hopeless(seconds(3600.0)));
    }

    #[test]
    fn a_declined_request_is_retried_quickly_only_once() {
        let next = |attempt| decide(&Err(NoAnswer::Declined), attempt, 4, 0.5).next;
        assert_eq!(next(1), Next::Again(SHORTLY / 2));
        assert_eq!(next(2), Next::Again(seconds(1.0)));
        assert_eq!(next(5), Next::Stands);
    }

    #[test]
    fn the_backoff_doubles_up_to_its_cap() {
        for (attempt, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (100, 30), (u32::MAX, 30)] {
            assert_eq!(backoff(attempt), Duration::from_secs(most));
        }
    }

    #[test]
    fn every_valid_form_of_retry_after_is_read() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let in_ten = "Sun, 09 Sep 2001 01:46:50 GMT";
        let table = [
            ("7", None, Some(7.0)),
            (" 7 ", None, Some(7.0)),
            ("0", None, Some(0.0)),
            ("2.128", None, Some(2.128)),
            (in_ten, None, Some(10.0)),
            ("Sunday, 09-Sep-01 01:46:50 GMT", None, Some(10.0)),
            ("Sun Sep  9 01:46:50 2001", None, Some(10.0)),
            ("Sun, 09 Sep 2001 01:00:00 GMT", None, Some(0.0)),
            (in_ten, Some("Sun, 09 Sep 2001 01:46:47 GMT"), Some(3.0)),
            (in_ten, Some("yesterday"), Some(10.0)),
            ("", None, None),
            ("soon", None, None),
            ("-5", None, None),
            ("+5", None, None),
            ("1e3", None, None),
            ("inf", None, None),
            ("NaN", None, None),
            ("1.2.3", None, None),
            (".5", None, None),
            ("7, 9", None, None),
            ("٣", None, None),
        ];
        for (value, date, expected) in table {
            assert_eq!(retry_after(value, date, now), expected.map(seconds), "{value:?}");
        }
        assert_eq!(retry_after("99999999999999999999999", None, now), Some(Duration::MAX));
    }

    proptest! {
        #[test]
        fn a_wait_never_exceeds_the_backoff_or_the_requested_time(
            attempt in 1..50_u32, chance in 0.0..1.0_f64, asked in proptest::option::of(0.0..2000.0_f64),
            status in prop::sample::select(vec![408_u16, 429, 502, 503, 504]),
        ) {
            let most = asked.filter(|asked| *asked > 0.0).map_or_else(|| backoff(attempt), seconds);
            match decide(&answer(status, asked), attempt, 50, chance).next {
                Next::Again(wait) => {
                    prop_assert!(wait <= most && wait <= LONGEST_WAIT);
                    prop_assert!(asked.is_none_or(|asked| asked == 0.0) || wait == most);
                }
                Next::Hopeless(wait) => prop_assert!(wait == most && wait > LONGEST_WAIT),
                Next::Stands => prop_assert!(false),
            }
        }

        #[test]
        fn no_retry_after_header_causes_a_panic(value in ".*", date in proptest::option::of(".*")) {
            let _ = retry_after(&value, date.as_deref(), SystemTime::now());
        }
    }
}
