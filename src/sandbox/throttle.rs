//! Whether a request is accepted now: a sliding window over the last requests. Nothing here reads a clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many times the limit on writes the limit on all requests is: 1,000 to 100 per 20 s
/// (source: Graph reference, throttling-intune-remote-assistance).
const ALL_PER_WRITE: usize = 10;

/// A number of requests per length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The most requests that any window accepts; at least 1.
    pub requests: usize,
    /// The length of a window; more than zero.
    pub window: Duration,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is served.
    Accept,
    /// It gets a 429. With nothing further sent, a request would be accepted after `retry_after`.
    Refuse { retry_after: Duration },
}

/// The limits of one app in one tenant: one on writes, and ten times that on requests of any kind.
#[derive(Debug)]
pub(super) struct Throttle {
    writes: SlidingWindow,
    all: SlidingWindow,
}

impl Throttle {
    /// Limits writes to `writes`.
    pub(super) fn new(writes: Limit) -> Self {
        let all = Limit { requests: writes.requests.saturating_mul(ALL_PER_WRITE), ..writes };
        Self { writes: SlidingWindow::new(writes), all: SlidingWindow::new(all) }
    }

    /// Counts a request that arrives at `now`, which never goes back, and decides on it.
    pub(super) fn arrive(&mut self, is_write: bool, now: Instant) -> Decision {
        let in_all = self.all.arrive(now);
        if is_write { in_all.and(self.writes.arrive(now)) } else { in_all }
    }
}

impl Decision {
    /// Accepted only where both accept; otherwise the longer of the waits.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Accept, decision) | (decision, Self::Accept) => decision,
            (Self::Refuse { retry_after: a }, Self::Refuse { retry_after: b }) => {
                Self::Refuse { retry_after: a.max(b) }
            }
        }
    }
}

/// One limit, and when the latest requests arrived.
///
/// Refused requests count too (source: Graph concepts, throttling), so a request is accepted where the `requests`-th
/// before it lies a whole window back. No more than that many arrivals are worth keeping.
#[derive(Debug)]
struct SlidingWindow {
    limit: Limit,
    arrivals: VecDeque<Instant>,
}

impl SlidingWindow {
    fn new(limit: Limit) -> Self {
        Self { limit, arrivals: VecDeque::new() }
    }

    fn arrive(&mut self, now: Instant) -> Decision {
        self.forget_expired(now);
        let full = self.arrivals.len() >= self.limit.requests;
        if full {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(now);
        if full { Decision::Refuse { retry_after: self.until_oldest_expires(now) } } else { Decision::Accept }
    }

    fn forget_expired(&mut self, now: Instant) {
        while self.arrivals.front().is_some_and(|first| now.saturating_duration_since(*first) >= self.limit.window) {
            self.arrivals.pop_front();
        }
    }

    fn until_oldest_expires(&self, now: Instant) -> Duration {
        let age = self.arrivals.front().map_or(Duration::ZERO, |first| now.saturating_duration_since(*first));
        self.limit.window.saturating_sub(age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit { requests: 3, window: Duration::from_millis(100) };

    /// When a request arrives, in milliseconds, and whether it is a write.
    type Sent = (u64, bool);
    /// The wait in milliseconds, or `None` where the request is accepted.
    type Told = Option<u128>;

    fn play(requests: &[Sent]) -> Vec<Told> {
        let start = Instant::now();
        let mut throttle = Throttle::new(LIMIT);
        let mut arrive = |&(at, is_write): &Sent| match throttle.arrive(is_write, start + Duration::from_millis(at)) {
            Decision::Accept => None,
            Decision::Refuse { retry_after } => Some(retry_after.as_millis()),
        };
        requests.iter().map(&mut arrive).collect()
    }

    #[test]
    fn writes_are_accepted_up_to_the_limit_and_again_once_the_window_has_slid() {
        let table: [(&[Sent], &[Told]); 6] = [
            (&[], &[]),
            (&[(0, true), (0, true), (0, true)], &[None, None, None]),
            // A refused request counts: what has to expire is no longer the first arrival, but the second.
            (&[(0, true), (10, true), (20, true), (30, true)], &[None, None, None, Some(80)]),
            // One millisecond early is refused, and pushes the end out; the announced time itself is accepted.
            (&[(0, true), (10, true), (20, true), (99, true), (110, true)], &[None, None, None, Some(11), None]),
            // Whoever goes on sending is never let in.
            (
                &[(0, true), (0, true), (0, true), (30, true), (60, true), (90, true), (120, true)],
                &[None, None, None, Some(70), Some(40), Some(40), Some(40)],
            ),
            (&[(0, true), (0, true), (0, true), (100, true)], &[None, None, None, None]),
        ];
        for (requests, expected) in table {
            assert_eq!(play(requests), expected, "{requests:?}");
        }
    }

    #[test]
    fn reads_have_ten_times_the_limit_and_leave_the_writes_theirs() {
        let mut requests = vec![(0, false); 29];
        requests.extend([(5, true), (6, true), (7, false)]);
        let answers = play(&requests);
        assert_eq!(answers[..30], [None; 30]);
        assert_eq!(answers[30..], [Some(94), Some(93)]);
    }

    #[test]
    fn writes_refused_by_their_own_limit_still_count_as_requests() {
        let answers = play(&[&[(0, true); 30][..], &[(50, false)]].concat());
        assert_eq!(answers[30], Some(50));
    }

    #[test]
    fn the_longer_of_two_waits_is_announced() {
        let requests = [&[(0, false); 27][..], &[(90, true); 4]].concat();
        // All requests: the second of the first ones expires in 10 ms. Writes: the second of them in 100 ms.
        assert_eq!(play(&requests)[30], Some(100));
    }

    proptest! {
        #[test]
        fn no_window_accepts_more_than_the_limit_and_the_announced_wait_is_enough(
            requests in 1_usize..6,
            window in 1_u64..200,
            steps in prop::collection::vec((0_u64..60, any::<bool>()), 0..300),
        ) {
            let limit = Limit { requests, window: Duration::from_millis(window) };
            let mut throttle = Throttle::new(limit);
            let mut now = Instant::now();
            let (mut accepted, mut writes) = (Vec::new(), Vec::new());
            for (gap, is_write) in steps {
                now += Duration::from_millis(gap);
                if let Decision::Refuse { retry_after } = throttle.arrive(is_write, now) {
                    prop_assert!(retry_after > Duration::ZERO && retry_after <= limit.window);
                    now += retry_after;
                    prop_assert_eq!(throttle.arrive(is_write, now), Decision::Accept);
                }
                accepted.push(now);
                if is_write {
                    writes.push(now);
                }
                prop_assert!(throttle.writes.arrivals.len() <= requests);
                prop_assert!(throttle.all.arrivals.len() <= requests * ALL_PER_WRITE);
            }
            prop_assert!(writes.windows(requests + 1).all(|w| w[requests] - w[0] >= limit.window));
            let all = requests * ALL_PER_WRITE;
            prop_assert!(accepted.windows(all + 1).all(|w| w[all] - w[0] >= limit.window));
        }

        #[test]
        fn whoever_ignores_the_refusals_gets_no_more_than_the_limit(
            requests in 1_usize..6,
            gaps in prop::collection::vec(0_u64..60, 0..300),
        ) {
            let limit = Limit { requests, window: Duration::from_millis(100) };
            let mut throttle = Throttle::new(limit);
            let mut now = Instant::now();
            let mut accepted = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                if throttle.arrive(true, now) == Decision::Accept {
                    accepted.push(now);
                }
                prop_assert!(throttle.writes.arrivals.len() <= requests);
            }
            prop_assert!(accepted.windows(requests + 1).all(|w| w[requests] - w[0] >= limit.window));
        }
    }
}
