//! Throttling: a sliding window over the latest requests decides whether the next one is accepted. Nothing here reads a
//! clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many requests of any kind are allowed per write: 1,000 requests and 100 writes in 20 s
/// (source: Graph reference, throttling-intune-remote-assistance).
const ALL_PER_WRITE: usize = 10;

/// A number of requests per length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many requests a window accepts; at least 1.
    pub requests: usize,
    /// The length of a window; more than zero.
    pub window: Duration,
}

/// The limits of one application in one tenant: one on writes, and ten times that on requests of any kind.
#[derive(Debug)]
pub(super) struct Throttle {
    writes: SlidingWindow,
    all: SlidingWindow,
}

impl Throttle {
    pub(super) fn new(writes: Limit) -> Self {
        let all = Limit { requests: writes.requests.saturating_mul(ALL_PER_WRITE), ..writes };
        Self { writes: SlidingWindow::new(writes), all: SlidingWindow::new(all) }
    }

    /// Counts a request that arrives at `now`. Times never go back. Returns `None` if it is accepted, else how long to
    /// wait until a request is accepted, if no other is sent before.
    pub(super) fn arrive(&mut self, is_write: bool, now: Instant) -> Option<Duration> {
        let (mut is_refused, mut wait) = self.all.arrive(now);
        if is_write {
            let (is_refused_as_write, wait_as_write) = self.writes.arrive(now);
            is_refused |= is_refused_as_write;
            wait = wait.max(wait_as_write);
        }
        is_refused.then_some(wait)
    }
}

/// One limit, and when the latest requests arrived.
///
/// Rejected requests count, too (source: Graph concepts, throttling). A request is accepted if the `requests`-th one
/// before it is at least a window old. Older arrivals need not be kept.
#[derive(Debug)]
struct SlidingWindow {
    limit: Limit,
    arrivals: VecDeque<Instant>,
}

impl SlidingWindow {
    fn new(limit: Limit) -> Self {
        Self { limit, arrivals: VecDeque::new() }
    }

    /// Whether this limit rejects the request, and how long it would reject the next one.
    fn arrive(&mut self, now: Instant) -> (bool, Duration) {
        let Limit { requests, window } = self.limit;
        let age = |arrival: &Instant| now.saturating_duration_since(*arrival);
        while self.arrivals.front().is_some_and(|oldest| age(oldest) >= window) {
            self.arrivals.pop_front();
        }
        let is_full = self.arrivals.len() >= requests;
        if is_full {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(now);
        let wait = match self.arrivals.front() {
            Some(oldest) if self.arrivals.len() >= requests => window.saturating_sub(age(oldest)),
            _ => Duration::ZERO,
        };
        (is_full, wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit { requests: 3, window: Duration::from_millis(100) };

    /// When a request arrives, in milliseconds, and whether it is a write.
    type Sent = (u64, bool);
    /// The wait in milliseconds, or `None` if the request is accepted.
    type Wait = Option<u128>;

    fn play(requests: &[Sent]) -> Vec<Wait> {
        let start = Instant::now();
        let mut throttle = Throttle::new(LIMIT);
        let mut arrive = |&(at, is_write): &Sent| {
            throttle.arrive(is_write, start + Duration::from_millis(at)).map(|wait| wait.as_millis())
        };
        requests.iter().map(&mut arrive).collect()
    }

    #[test]
    fn writes_are_accepted_up_to_the_limit_in_every_window() {
        let table: [(&[Sent], &[Wait]); 6] = [
            (&[], &[]),
            (&[(0, true), (0, true), (0, true)], &[None, None, None]),
            // A rejected request counts: the second arrival must expire, not the first.
            (&[(0, true), (10, true), (20, true), (30, true)], &[None, None, None, Some(80)]),
            // One millisecond early is rejected and extends the wait; exactly on time is accepted.
            (&[(0, true), (10, true), (20, true), (99, true), (110, true)], &[None, None, None, Some(11), None]),
            // A client that keeps sending is never accepted.
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
    fn the_limit_for_all_requests_is_ten_times_that_for_writes() {
        let mut requests = vec![(0, false); 29];
        requests.extend([(5, true), (6, true), (7, false)]);
        let answers = play(&requests);
        assert_eq!(answers[..30], [None; 30]);
        assert_eq!(answers[30..], [Some(94), Some(93)]);
    }

    #[test]
    fn rejected_writes_count_as_requests() {
        let answers = play(&[&[(0, true); 30][..], &[(50, false)]].concat());
        assert_eq!(answers[30], Some(50));
    }

    #[test]
    fn the_longer_of_two_waits_is_announced() {
        let requests = [&[(0, false); 27][..], &[(90, true); 4]].concat();
        // All requests: the second of the first ones expires in 10 ms. Writes: the second of them in 100 ms.
        assert_eq!(play(&requests)[30], Some(100));
    }

    #[test]
    fn a_write_refused_by_the_limit_on_all_requests_waits_for_the_limit_on_writes_as_well() {
        let answers = play(&[&[(0, false); 28][..], &[(85, true), (86, true), (90, true), (185, true)]].concat());
        assert_eq!(answers[28..], [None, None, Some(95), None]);
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
                if let Some(retry_after) = throttle.arrive(is_write, now) {
                    prop_assert!(retry_after > Duration::ZERO && retry_after <= limit.window);
                    now += retry_after;
                    prop_assert_eq!(throttle.arrive(is_write, now), None);
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
        fn a_client_that_ignores_rejections_gets_no_more_than_the_limit(
            requests in 1_usize..6,
            gaps in prop::collection::vec(0_u64..60, 0..300),
        ) {
            let limit = Limit { requests, window: Duration::from_millis(100) };
            let mut throttle = Throttle::new(limit);
            let mut now = Instant::now();
            let mut accepted = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                if throttle.arrive(true, now).is_none() {
                    accepted.push(now);
                }
                prop_assert!(throttle.writes.arrivals.len() <= requests);
            }
            prop_assert!(accepted.windows(requests + 1).all(|w| w[requests] - w[0] >= limit.window));
        }
    }
}
