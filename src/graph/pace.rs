//! Our own rate limit. Pure: the caller passes the time in and does the waiting.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A rate limit: the most requests in any window of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At least 1.
    pub requests: usize,
    /// Longer than zero.
    pub window: Duration,
}

impl Rate {
    /// The published limit for writes to this resource, per application and tenant.
    /// Source: microsoft-graph-docs, `includes/throttling-intune-remote-assistance.md`.
    pub const PUBLISHED: Self = Self { requests: 100, window: Duration::from_secs(20) };

    /// The limit of all requests for a limit of writes. The published ones are 1,000 and 100 (same source).
    #[must_use]
    pub fn for_all(self) -> Self {
        Self { requests: self.requests.saturating_mul(10), ..self }
    }
}

/// When a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Send now. The request is counted.
    Free,
    /// Ask again at this time.
    At(Instant),
    /// Ask again after a request in flight has ended.
    AfterAnswer,
}

/// A sliding window over the requests as the *service* sees them.
///
/// When a request arrives there is unknown, except that it is between its start and its answer: the first request
/// must connect, a later one on an open connection arrives at once. If requests counted from their starts, the service
/// could receive them closer together than they were sent, and answer 429. Therefore a request holds its place from its
/// start until one whole window after its end. That costs one round trip per window; anything less could exceed the
/// limit.
#[derive(Debug)]
pub struct Pace {
    rate: Rate,
    under_way: usize,
    ended: VecDeque<Instant>,
}

impl Pace {
    pub fn new(rate: Rate) -> Self {
        Self { rate, under_way: 0, ended: VecDeque::new() }
    }

    /// Asks for a place; `Slot::Free` takes it, and [`Pace::end`] must follow.
    pub fn begin(&mut self, now: Instant) -> Slot {
        while self.ended.front().is_some_and(|end| now.saturating_duration_since(*end) >= self.rate.window) {
            self.ended.pop_front();
        }
        if self.under_way + self.ended.len() < self.rate.requests {
            self.under_way += 1;
            return Slot::Free;
        }
        match self.ended.front() {
            Some(end) => Slot::At(*end + self.rate.window),
            None => Slot::AfterAnswer,
        }
    }

    /// A request has ended. If it certainly did not leave (`sent` is false), its place is free again.
    pub fn end(&mut self, now: Instant, sent: bool) {
        self.under_way = self.under_way.saturating_sub(1);
        if sent {
            self.ended.push_back(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_place_is_free_again_one_window_after_its_request_ended() {
        let start = Instant::now();
        let mut pace = Pace::new(Rate { requests: 2, window: 100 * MS });
        assert_eq!(pace.begin(start), Slot::Free);
        assert_eq!(pace.begin(start), Slot::Free);
        assert_eq!(pace.begin(start), Slot::AfterAnswer);
        pace.end(start + 10 * MS, true);
        assert_eq!(pace.begin(start + 10 * MS), Slot::At(start + 110 * MS));
        assert_eq!(pace.begin(start + 109 * MS), Slot::At(start + 110 * MS));
        assert_eq!(pace.begin(start + 110 * MS), Slot::Free);
        assert_eq!(pace.begin(start + 110 * MS), Slot::AfterAnswer);
    }

    #[test]
    fn a_request_that_was_not_sent_frees_its_place() {
        let start = Instant::now();
        let mut pace = Pace::new(Rate { requests: 1, window: 100 * MS });
        assert_eq!(pace.begin(start), Slot::Free);
        pace.end(start, false);
        assert_eq!(pace.begin(start), Slot::Free);
    }

    /// Simulates `latencies.len()` requests, `workers` at a time, each of which arrives between its start and its end.
    /// Returns (start, arrival, end) of each, in milliseconds.
    fn simulate(rate: Rate, workers: usize, latencies: &[(u64, u64)]) -> Vec<(u64, u64, u64)> {
        let origin = Instant::now();
        let at = |ms: u64| origin + Duration::from_millis(ms);
        let mut pace = Pace::new(rate);
        let (mut now, mut running, mut seen) = (0_u64, Vec::<u64>::new(), Vec::new());
        let mut waiting = latencies.iter();
        let mut next = waiting.next();
        while next.is_some() || !running.is_empty() {
            running.retain(|end| {
                let over = *end <= now;
                if over {
                    pace.end(at(*end), true);
                }
                !over
            });
            let mut wake = running.iter().min().copied();
            while let (Some((latency, arrival)), true) = (next, running.len() < workers) {
                match pace.begin(at(now)) {
                    Slot::Free => {
                        let end = now + latency;
                        seen.push((now, now + arrival % (latency + 1), end));
                        running.push(end);
                        next = waiting.next();
                        wake = Some(wake.map_or(end, |w| w.min(end)));
                    }
                    Slot::At(time) => {
                        let time = u64::try_from((time - origin).as_millis()).unwrap();
                        wake = Some(wake.map_or(time, |w| w.min(time)));
                        break;
                    }
                    Slot::AfterAnswer => break,
                }
            }
            now = wake.unwrap_or(now).max(now);
        }
        seen
    }

    proptest! {
        #[test]
        fn requests_arrive_within_the_rate_limit_and_never_wait_needlessly(
            requests in 1..8_usize,
            window in 1..200_u64,
            workers in 1..12_usize,
            latencies in proptest::collection::vec((0..150_u64, 0..150_u64), 1..60),
        ) {
            let rate = Rate { requests, window: Duration::from_millis(window) };
            let seen = simulate(rate, workers, &latencies);
            prop_assert_eq!(seen.len(), latencies.len());
            let mut arrivals: Vec<_> = seen.iter().map(|s| s.1).collect();
            arrivals.sort_unstable();
            for pair in arrivals.windows(requests + 1) {
                prop_assert!(pair[requests] - pair[0] >= window, "{:?} within {}", pair, window);
            }
            // A request starts at once, when another ends (a worker is free), or one window after that (a place is
            // free).
            for (start, _, _) in &seen {
                let due = |end: u64| *start == end || *start == end + window;
                prop_assert!(*start == 0 || seen.iter().any(|(_, _, end)| due(*end)));
            }
        }
    }
}
