//! Device codes, from their issue until they are redeemed (RFC 8628). Nothing here reads a clock.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::error::EntraError;
use super::tokens::{Grant, elapsed, random_text};

/// How long a device code is valid, as in Entra
/// (source: Microsoft identity platform, OAuth 2.0 device authorization grant flow).
pub(super) const LIVES: Duration = Duration::from_secs(15 * 60);

/// The initial interval between two polls. Entra asks for 5 s; the sandbox need not be that slow.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// What each `slow_down` adds to the interval (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// How much too early a poll may arrive: a client that sleeps for exactly the interval can look early if the clock is
/// adjusted or the machine is busy.
const TOLERANCE: Duration = Duration::from_millis(500);

/// The letters of a user code: no vowels, so that it never spells a word (RFC 8628, section 6.1).
const LETTERS: [char; 20] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];

#[derive(Debug)]
pub(super) struct DeviceCodes {
    approve_after: Duration,
    codes: HashMap<String, DeviceAuthorization>,
}

#[derive(Debug)]
struct DeviceAuthorization {
    grant: Grant,
    issued: SystemTime,
    interval: Duration,
    asked: Option<SystemTime>,
    used: bool,
}

impl DeviceCodes {
    /// Each code is approved automatically after `approve_after`.
    pub(super) fn new(approve_after: Duration) -> Self {
        Self { approve_after, codes: HashMap::new() }
    }

    pub(super) fn issue(&mut self, grant: Grant, now: SystemTime) -> String {
        let code = random_text();
        let entry = DeviceAuthorization { grant, issued: now, interval: INTERVAL, asked: None, used: false };
        self.codes.insert(code.clone(), entry);
        code
    }

    /// Redeems a code, once, after its approval and before it expires.
    pub(super) fn redeem(&mut self, code: &str, client_id: &str, now: SystemTime) -> Result<Grant, EntraError> {
        let code = self.codes.get_mut(code).ok_or(EntraError::DeviceCodeUnknown)?;
        if code.used || code.grant.client_id != client_id {
            return Err(EntraError::InvalidGrant);
        }
        let age = elapsed(code.issued, now);
        if age >= LIVES {
            return Err(EntraError::DeviceCodeExpired);
        }
        let waited = code.asked.replace(now).map(|asked| elapsed(asked, now));
        if waited.is_some_and(|waited| waited + TOLERANCE < code.interval) {
            code.interval += SLOWER;
            return Err(EntraError::SlowDown);
        }
        if age < self.approve_after {
            return Err(EntraError::Pending);
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
    use super::super::tokens::tests::grant;
    use super::*;
    use std::time::UNIX_EPOCH;

    /// Polls at each of these times, in milliseconds since the code was issued.
    fn ask(approve_after: u64, times: &[u64]) -> Vec<Result<Grant, EntraError>> {
        let mut codes = DeviceCodes::new(Duration::from_millis(approve_after));
        let code = codes.issue(grant("client", "User.Read"), UNIX_EPOCH);
        times.iter().map(|at| codes.redeem(&code, "client", UNIX_EPOCH + Duration::from_millis(*at))).collect()
    }

    #[test]
    fn a_code_is_pending_until_its_approval_and_then_works_once() {
        let given = Ok(grant("client", "User.Read"));
        let (pending, used) = (Err(EntraError::Pending), Err(EntraError::InvalidGrant));
        let answers = ask(2_000, &[0, 1_000, 1_999, 3_000, 3_001, 900_000]);
        assert_eq!(answers, [pending.clone(), pending.clone(), pending, given.clone(), used.clone(), used]);
        for approve_after in [0, 2_000] {
            assert_eq!(ask(approve_after, &[approve_after])[0], given);
        }
    }

    #[test]
    fn a_client_that_polls_too_often_is_slowed_down_by_five_seconds_each_time() {
        let (pending, slower) = (Err(EntraError::Pending), Err(EntraError::SlowDown));
        // The interval is 1 s at first, and half of it is enough; then 6 s, then 11 s.
        let times = [0, 500, 999, 6_498, 17_000, 28_000];
        let expected = [&pending, &pending, &slower, &slower, &pending, &pending].map(Clone::clone);
        assert_eq!(ask(60_000, &times), expected);
        assert_eq!(ask(60_000, &[0, 100, 5_600]), [pending.clone(), slower.clone(), pending]);
        // The same if the code is already approved.
        assert_eq!(ask(50, &[0, 100])[1], slower);
    }

    #[test]
    fn a_client_that_polls_at_the_interval_is_never_slowed_down() {
        let times: Vec<_> = (0..899).map(|second| second * 1_000).collect();
        assert!(ask(900_000, &times).iter().all(|answer| *answer == Err(EntraError::Pending)));
    }

    #[test]
    fn a_code_expires_even_if_it_is_approved() {
        for approve_after in [0, 3_600_000] {
            assert_eq!(ask(approve_after, &[900_000]), [Err(EntraError::DeviceCodeExpired)]);
        }
        assert!(ask(0, &[899_999])[0].is_ok());
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
