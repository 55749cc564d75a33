//! The gate that every request passes: the pace that we keep, and the hold that the service asks for. Pure, like
//! the pace: time is passed in, and the caller waits.

use std::time::Instant;

use super::pace::{Pace, Rate, Slot};

/// What a request does, which the service limits apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// It reads.
    Read,
    /// It changes something.
    Write,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Now. The pass is given back with [`Gate::leave`].
    Go(Pass),
    /// Not before this time, for the sake of the pace.
    Paced(Instant),
    /// Not before this time: the service throttles.
    Held(Instant),
    /// Not before a request under way has ended.
    AfterAnswer,
}

/// The right to send one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    kind: RequestKind,
    /// The hold that it was given after, if it counts among the first of that one.
    opening: Option<u64>,
}

/// What became of a request, as far as the gate needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// It never left this machine.
    Unsent,
    /// It was sent, and the service did not ask anybody to wait.
    Passed,
    /// The service asked everybody to wait until then.
    Throttled(Instant),
}

/// Pace and hold together.
///
/// Requests sent while throttled still count against the limit (Microsoft Graph, throttling guidance), and Intune
/// often does not say how long it throttles. So after a hold one request goes alone; with each that passes, one more
/// may be under way (as TCP's slow start has it), instead of all spending an attempt to learn that it is not over.
#[derive(Debug)]
pub struct Gate {
    writes: Option<Pace>,
    /// Reads and writes together, as the published limits have it.
    all: Option<Pace>,
    hold: Hold,
    holds: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    None,
    Until(Instant),
    /// The time is over: so many requests may be under way, and so many are.
    Opening {
        allowed: usize,
        under_way: usize,
    },
}

/// As many requests as can be under way at all: from here on the gate is open.
const OPEN: usize = 64;

impl Gate {
    /// A gate with nothing sent yet; `writes` is the pace of writes, from which that of all requests follows, and `None`
    /// for no pace at all.
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

    /// A place in every pace that counts a request of this kind, or in none.
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
            // What was sent before the hold says nothing about its end.
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
    fn one_throttled_answer_holds_everybody_and_the_gate_opens_one_by_one() {
        let t = Instant::now();
        let mut gate = Gate::new(None);
        let (a, b) = (pass(gate.enter(t, RequestKind::Write)), pass(gate.enter(t, RequestKind::Write)));
        gate.leave(t, a, Departure::Throttled(t + 2 * S));
        assert_eq!(gate.enter(t + S, RequestKind::Write), Turn::Held(t + 2 * S));
        // What was under way before the hold says nothing about it.
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
    fn what_began_after_an_earlier_hold_does_not_open_a_later_one() {
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
    fn what_never_left_shows_nothing_about_the_hold() {
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
    fn the_longest_wait_that_was_asked_for_counts() {
        let t = Instant::now();
        let mut gate = Gate::new(None);
        let (a, b) = (pass(gate.enter(t, RequestKind::Write)), pass(gate.enter(t, RequestKind::Write)));
        gate.leave(t, a, Departure::Throttled(t + 5 * S));
        gate.leave(t, b, Departure::Throttled(t + 2 * S));
        assert_eq!(gate.enter(t + 3 * S, RequestKind::Write), Turn::Held(t + 5 * S));
    }

    #[test]
    fn a_probe_that_is_throttled_holds_again_and_one_that_fails_otherwise_does_not() {
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
    fn the_hold_comes_before_the_pace_and_the_pace_still_counts_after_it() {
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
    fn reads_keep_to_ten_times_the_pace_of_writes_and_writes_count_among_all() {
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
        // The reads keep their places for a second longer: a write has to wait for one of them, and keeps none itself.
        assert_eq!(gate.enter(t + 10 * S, RequestKind::Write), Turn::Paced(t + 11 * S));
        pass(gate.enter(t + 11 * S, RequestKind::Write));
    }

    #[test]
    fn a_hold_holds_reads_and_writes_alike() {
        let t = Instant::now();
        let mut gate = Gate::new(None);
        let write = pass(gate.enter(t, RequestKind::Write));
        gate.leave(t, write, Departure::Throttled(t + S));
        assert_eq!(gate.enter(t, RequestKind::Read), Turn::Held(t + S));
        pass(gate.enter(t + S, RequestKind::Read));
        assert_eq!(gate.enter(t + S, RequestKind::Write), Turn::AfterAnswer);
    }
}
