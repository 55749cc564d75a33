//! Device codes, from their issue to the one time that they are good for tokens (RFC 8628). Nothing here reads a clock.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::super::tokens::{Grant, elapsed, random_text};
use super::denial::Denial;

/// How long a device code can be approved: as long as Entra's
/// (source: Microsoft identity platform, OAuth 2.0 device authorization grant flow).
pub(super) const LIVES: Duration = Duration::from_secs(15 * 60);

/// How long a client should wait between two requests, at first. Entra asks for 5 s; nobody rehearses patience.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// What a `slow_down` adds to it (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// How much sooner than asked for a request may come: what a clock that is set and a busy machine make of a client
/// that sleeps for the interval and no longer.
const TOLERANCE: Duration = Duration::from_millis(500);

/// The letters of a user code: no vowels, so that no words come of them (RFC 8628, section 6.1).
const LETTERS: [char; 20] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];

/// All device codes that were issued.
#[derive(Debug)]
pub(super) struct DeviceCodes {
    approve_after: Duration,
    codes: HashMap<String, DeviceCode>,
}

#[derive(Debug)]
struct DeviceCode {
    grant: Grant,
    issued: SystemTime,
    interval: Duration,
    asked: Option<SystemTime>,
    used: bool,
}

impl DeviceCodes {
    /// None yet. Each will be approved by itself after `approve_after`.
    pub(super) fn new(approve_after: Duration) -> Self {
        Self { approve_after, codes: HashMap::new() }
    }

    /// A new code for `grant`.
    pub(super) fn issue(&mut self, grant: Grant, now: SystemTime) -> String {
        let code = random_text();
        let entry = DeviceCode { grant, issued: now, interval: INTERVAL, asked: None, used: false };
        self.codes.insert(code.clone(), entry);
        code
    }

    /// What the code is good for: once, after it was approved and before it expires.
    pub(super) fn redeem(&mut self, code: &str, client_id: &str, now: SystemTime) -> Result<Grant, Denial> {
        let code = self.codes.get_mut(code).ok_or(Denial::DeviceCodeUnknown)?;
        if code.used || code.grant.client_id != client_id {
            return Err(Denial::InvalidGrant);
        }
        let age = elapsed(code.issued, now);
        if age >= LIVES {
            return Err(Denial::DeviceCodeExpired);
        }
        let waited = code.asked.replace(now).map(|asked| elapsed(asked, now));
        if waited.is_some_and(|waited| waited + TOLERANCE < code.interval) {
            code.interval += SLOWER;
            return Err(Denial::SlowDown);
        }
        if age < self.approve_after {
            return Err(Denial::Pending);
        }
        code.used = true;
        Ok(code.grant.clone())
    }
}

/// A code for people to type: `BCDF-GHJK`.
pub(super) fn user_code() -> String {
    let mut number = Uuid::new_v4().as_u128();
    let mut letter = || {
        let index = number % LETTERS.len() as u128;
        number /= LETTERS.len() as u128;
        usize::try_from(index).ok().and_then(|index| LETTERS.get(index)).unwrap_or(&'X')
    };
    let code: String = (0..8).map(|_| *letter()).collect();
    let (first, second) = code.split_at(4);
    format!("{first}-{second}")
}

#[cfg(test)]
mod tests {
    use super::super::super::tokens::tests::grant;
    use super::*;
    use std::time::UNIX_EPOCH;

    const CLIENT: &str = "client";

    /// Asks at each of these times, in milliseconds since the issue.
    fn ask(approve_after: u64, times: &[u64]) -> Vec<Result<Grant, Denial>> {
        let mut codes = DeviceCodes::new(Duration::from_millis(approve_after));
        let code = codes.issue(grant(CLIENT, "User.Read"), UNIX_EPOCH);
        times.iter().map(|at| codes.redeem(&code, CLIENT, UNIX_EPOCH + Duration::from_millis(*at))).collect()
    }

    #[test]
    fn a_code_is_pending_until_approved_then_good_once() {
        let given = Ok(grant(CLIENT, "User.Read"));
        let (pending, used) = (Err(Denial::Pending), Err(Denial::InvalidGrant));
        let answers = ask(2_000, &[0, 1_000, 1_999, 3_000, 3_001, 900_000]);
        assert_eq!(answers, [pending.clone(), pending.clone(), pending, given.clone(), used.clone(), used]);
        for approve_after in [0, 2_000] {
            assert_eq!(ask(approve_after, &[approve_after])[0], given);
        }
    }

    #[test]
    fn whoever_does_not_wait_is_slowed_down_by_five_seconds_each_time() {
        let (pending, slower) = (Err(Denial::Pending), Err(Denial::SlowDown));
        // 1 s at first, of which half may be missing; 6 s afterwards; then 11 s.
        let times = [0, 500, 999, 6_498, 17_000, 28_000];
        let expected = [&pending, &pending, &slower, &slower, &pending, &pending].map(Clone::clone);
        assert_eq!(ask(60_000, &times), expected);
        assert_eq!(ask(60_000, &[0, 100, 5_600]), [pending.clone(), slower.clone(), pending]);
        // Approved or not: too soon is too soon.
        assert_eq!(ask(50, &[0, 100])[1], slower);
    }

    #[test]
    fn whoever_sleeps_for_the_interval_is_never_slowed_down() {
        let times: Vec<_> = (0..899).map(|second| second * 1_000).collect();
        assert!(ask(900_000, &times).iter().all(|answer| *answer == Err(Denial::Pending)));
    }

    #[test]
    fn a_code_expires_whether_approved_or_not() {
        for approve_after in [0, 3_600_000] {
            assert_eq!(ask(approve_after, &[900_000]), [Err(Denial::DeviceCodeExpired)]);
        }
        assert!(ask(0, &[899_999])[0].is_ok());
    }

    #[test]
    fn another_code_or_another_client_gets_nothing() {
        let mut codes = DeviceCodes::new(Duration::ZERO);
        let code = codes.issue(grant(CLIENT, "User.Read"), UNIX_EPOCH);
        assert_eq!(codes.redeem("x", CLIENT, UNIX_EPOCH), Err(Denial::DeviceCodeUnknown));
        assert_eq!(codes.redeem(&code, "another", UNIX_EPOCH), Err(Denial::InvalidGrant));
        assert!(codes.redeem(&code, CLIENT, UNIX_EPOCH).is_ok());
    }

    #[test]
    fn a_user_code_is_easy_to_read_and_new_each_time() {
        let (code, other) = (user_code(), user_code());
        assert_ne!(code, other);
        let (first, second) = code.split_once('-').unwrap();
        assert_eq!((first.len(), second.len()), (4, 4));
        assert!(code.chars().all(|c| c == '-' || LETTERS.contains(&c)), "{code}");
    }
}
