//! The gate that every request passes: our rate limit and pauses that the service asks for (the hold). Pure, like
//! `pace`: the caller passes the time in and does the waiting.

use std::time::Instant;

use super::pace::{Pace, Rate, Slot};

/// Reads and writes have separate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    Read,
    Write,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Send now, then return the pass with [`Gate::leave`].
    Go(Pass),
    /// Not before this time, because of the rate limit.
    Paced(Instant),
    /// Not before this time, because the service throttles.
    Held(Instant),
    /// Not before a request in flight has ended.
    AfterAnswer,
}

/// The right to send one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    kind: RequestKind,
    /// The hold that it follows, if the gate was not fully open yet.
    opening: Option<u64>,
}

/// What the gate needs to know about a request that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// It did not leave this machine.
    Unsent,
    /// It was sent, and the service did not ask to wait.
    Passed,
    /// The service asked to wait until then. That concerns all requests.
    Throttled(Instant),
}

/// Our rate limit and the hold.
///
/// Requests sent while throttled still count against the limit (Microsoft Graph, throttling guidance), and Intune
/// often does not say how long it throttles. If all requests resumed at once, each could waste an attempt. Therefore
/// one request goes alone after a hold, and with each that passes one more may be in flight, as in TCP's slow start.
#[derive(Debug)]
pub struct Gate {
    writes: Option<Pace>,
    /// Reads and writes together, like the published limits.
    all: Option<Pace>,
    hold: Hold,
    holds: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    None,
    Until(Instant),
    /// The hold is over: how many requests may be in flight, and how many are.
    Opening {
        allowed: usize,
        under_way: usize,
    },
}

/// The gate is open if this many requests may be in flight: there are never more.
const OPEN: usize = 64;

impl Gate {
    /// `writes` is the rate limit of writes, from which that of all requests follows; `None` for no limit.
    pub fn new(writes: Option<Rate>) -> Self {
        let all = writes.map(Rate::for_all);
        Self { writes: writes.map(Pace::new), all: all.map(Pace::new), hold: Hold::None, holds: 0 }
    }

    /// Asks to send a request.
    pub fn enter(&mut self, now: Instant, kind: RequestKind) -> Turn {
        let opening = match self.hold {
            Hold::Until(end) if now < end => return Turn::Held(end),
            Hold::Opening { allowed, under_way } if under_way >= allowed => return Turn::AfterAnswer,
            Hold::Until(_) => Some((1, 0)),
            Hold::Opening { allowed, under_way } => Some((allowed, under_way)),
            Hold::None => None,
        };
        match self.slot(now, kind) {
            Slot::At(time) => Turn::Paced(time),
            Slot::AfterAnswer => Turn::AfterAnswer,
            Slot::Free => {
                if let Some((allowed, under_way)) = opening {
                    self.hold = Hold::Opening { allowed, under_way: under_way + 1 };
                }
                Turn::Go(Pass { kind, opening: opening.map(|_| self.holds) })
            }
        }
    }

    /// Takes a place in every rate limit that counts a request of this kind, or in none.
    fn slot(&mut self, now: Instant, kind: RequestKind) -> Slot {
        let mut writes = self.writes.as_mut().filter(|_| kind == RequestKind::Write);
        let begin = |pace: &mut Option<&mut Pace>| pace.as_mut().map_or(Slot::Free, |pace| pace.begin(now));
        match begin(&mut writes) {
            Slot::Free => {}
            later => return later,
        }
        let slot = begin(&mut self.all.as_mut());
        if let Some(writes) = writes.filter(|_| slot != Slot::Free) {
            writes.end(now, false);
        }
        slot
    }

    pub fn leave(&mut self, now: Instant, pass: Pass, left: Departure) {
        let writes = self.writes.as_mut().filter(|_| pass.kind == RequestKind::Write);
        for pace in writes.into_iter().chain(&mut self.all) {
            pace.end(now, left != Departure::Unsent);
        }
        match (self.hold, left) {
            (Hold::Until(end), Departure::Throttled(until)) => self.hold = Hold::Until(end.max(until)),
            (_, Departure::Throttled(until)) => {
                self.hold = Hold::Until(until);
                self.holds += 1;
            }
            // A request that was sent before the hold says nothing about its end.
            (Hold::Opening { allowed, under_way }, _) if pass.opening == Some(self.holds) => {
                self.hold = match allowed + usize::from(left == Departure::Passed) {
                    OPEN.. => Hold::None,
                    allowed => Hold::Opening { allowed, under_way: under_way - 1 },
                };
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn pass(turn: Turn) -> Pass {
        match turn {
            Turn::Go(pass) => pass,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_throttled_answer_pauses_all_requests_and_the_gate_reopens_one_by_one() {
        let t = Instant::now();
        let mut gate = Gate::new(None);
        let (a, b) = (pass(gate.enter(t, RequestKind::Write)), pass(gate.enter(t, RequestKind::Write)));
        gate.leave(t, a, Departure::Throttled(t + 2 * S));
        assert_eq!(gate.enter(t + S, RequestKind::Write), Turn::Held(t + 2 * S));
        // A request from before the hold does not open the gate.
        gate.leave(t + S, b, Departure::Passed);
        assert_eq!(gate.enter(t + S, RequestKind::Write), Turn::Held(t + 2 * S));
        let mut under_way = vec![pass(gate.enter(t + 2 * S, RequestKind::Write))];
        for expected in 2..OPEN {
            assert_eq!(gate.enter(t + 2 * S, RequestKind::Write), Turn::AfterAnswer);
            gate.leave(t + 3 * S, under_way.pop().unwrap(), Departure::Passed);
            while let Turn::Go(pass) = gate.enter(t + 3 * S, RequestKind::Write) {
                under_way.push(pass);
            }
            assert_eq!(under_way.len(), expected);
        }
        gate.leave(t + 3 * S, under_way.pop().unwrap(), Departure::Passed);
        for _ in 0..2 * OPEN {
            pass(gate.enter(t + 3 * S, RequestKind::Write));
        }
    }

    #[test]
    fn a_request_from_before_a_hold_does_not_open_the_gate_after_it() {
        let t = Instant::now();
        let mut gate = Gate::new(None);
        let first = pass(gate.enter(t, RequestKind::Write));
        gate.leave(t, first, Departure::Throttled(t + S));
        let probe = pass(gate.enter(t + S, RequestKind::Write));
        gate.leave(t + S, probe, Departure::Passed);
        let (early, late) = (pass(gate.enter(t + S, RequestKind::Write)), pass(gate.enter(t + S, RequestKind::Write)));
        gate.leave(t + S, early, Departure::Throttled(t + 2 * S));
        let probe = pass(gate.enter(t + 2 * S, RequestKind::Write));
        gate.leave(t + 2 * S, late, Departure::Passed);
        assert_eq!(gate.enter(t + 2 * S, RequestKind::Write), Turn::AfterAnswer);
        gate.leave(t + 2 * S, probe, Departure::Passed);
        pass(gate.enter(t + 2 * S, RequestKind::Write));
    }

    #[test]
    fn a_request_that_was_not_sent_does_not_open_the_gate() {
        let t = Instant::now();
        let mut gate = Gate::new(None);
        let first = pass(gate.enter(t, RequestKind::Write));
        gate.leave(t, first, Departure::Throttled(t + S));
        for _ in 0..2 * OPEN {
            let unsent = pass(gate.enter(t + S, RequestKind::Write));
            assert_eq!(gate.enter(t + S, RequestKind::Write), Turn::AfterAnswer);
            gate.leave(t + S, unsent, Departure::Unsent);
        }
    }

    #[test]
    fn the_longest_requested_wait_wins() {
        let t = Instant::now();
        let mut gate = Gate::new(None);
        let (a, b) = (pass(gate.enter(t, RequestKind::Write)), pass(gate.enter(t, RequestKind::Write)));
        gate.leave(t, a, Departure::Throttled(t + 5 * S));
        gate.leave(t, b, Departure::Throttled(t + 2 * S));
        assert_eq!(gate.enter(t + 3 * S, RequestKind::Write), Turn::Held(t + 5 * S));
    }

    #[test]
    fn only_a_throttled_request_starts_a_new_hold() {
        let t = Instant::now();
        let mut gate = Gate::new(None);
        let first = pass(gate.enter(t, RequestKind::Write));
        gate.leave(t, first, Departure::Throttled(t + S));
        let probe = pass(gate.enter(t + S, RequestKind::Write));
        gate.leave(t + S, probe, Departure::Throttled(t + 3 * S));
        assert_eq!(gate.enter(t + 2 * S, RequestKind::Write), Turn::Held(t + 3 * S));
        let probe = pass(gate.enter(t + 3 * S, RequestKind::Write));
        gate.leave(t + 3 * S, probe, Departure::Unsent);
        pass(gate.enter(t + 3 * S, RequestKind::Write));
    }

    #[test]
    fn the_rate_limit_still_counts_after_a_hold() {
        let t = Instant::now();
        let mut gate = Gate::new(Some(Rate { requests: 1, window: 10 * S }));
        let first = pass(gate.enter(t, RequestKind::Write));
        assert_eq!(gate.enter(t, RequestKind::Write), Turn::AfterAnswer);
        gate.leave(t, first, Departure::Throttled(t + S));
        assert_eq!(gate.enter(t, RequestKind::Write), Turn::Held(t + S));
        assert_eq!(gate.enter(t + S, RequestKind::Write), Turn::Paced(t + 10 * S));
        pass(gate.enter(t + 10 * S, RequestKind::Write));
    }

    #[test]
    fn all_requests_together_have_ten_times_the_rate_limit_of_writes() {
        let t = Instant::now();
        let mut gate = Gate::new(Some(Rate { requests: 1, window: 10 * S }));
        let write = pass(gate.enter(t, RequestKind::Write));
        assert_eq!(gate.enter(t, RequestKind::Write), Turn::AfterAnswer);
        let reads: Vec<_> = (0..9).map(|_| pass(gate.enter(t, RequestKind::Read))).collect();
        assert_eq!(gate.enter(t, RequestKind::Read), Turn::AfterAnswer);
        gate.leave(t, write, Departure::Passed);
        assert_eq!(gate.enter(t, RequestKind::Write), Turn::Paced(t + 10 * S));
        assert_eq!(gate.enter(t, RequestKind::Read), Turn::Paced(t + 10 * S));
        for read in reads {
            gate.leave(t + S, read, Departure::Passed);
        }
        pass(gate.enter(t + 10 * S, RequestKind::Read));
        // The reads ended a second later: a write waits for a place among all requests, and takes none among the
        // writes.
        assert_eq!(gate.enter(t + 10 * S, RequestKind::Write), Turn::Paced(t + 11 * S));
        pass(gate.enter(t + 11 * S, RequestKind::Write));
    }

    #[test]
    fn a_hold_pauses_reads_and_writes() {
        let t = Instant::now();
        let mut gate = Gate::new(None);
        let write = pass(gate.enter(t, RequestKind::Write));
        gate.leave(t, write, Departure::Throttled(t + S));
        assert_eq!(gate.enter(t, RequestKind::Read), Turn::Held(t + S));
        pass(gate.enter(t + S, RequestKind::Read));
        assert_eq!(gate.enter(t + S, RequestKind::Write), Turn::AfterAnswer);
    }
}
