//! The progress line on standard error: how far the run is and how long the rest will take. While all requests are
//! paused, it shows for how much longer and which server asked for it. While the rate limit delays the next request, it
//! shows when the run continues. [`State`] is pure: the time since the start of the run is passed in.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::stdout::Patient;
use super::style::{GREEN, MAGENTA, painted, understands_sequences};
use super::terminal::{asked_for, columns_of, measure};
use crate::graph::pace::Rate;
use crate::text::humanize::approx_duration;
use crate::text::sanitize::sanitize;

/// Often enough for a clock that counts seconds.
const TICK: Duration = Duration::from_millis(250);
/// Reading that takes less time than this shows no line.
const SHORT: Duration = Duration::from_secs(1);
/// A wait for the rate limit that is not longer than this is not shown: the line would flicker.
const UNNOTICED: Duration = Duration::from_secs(1);
/// Earlier, a rate and an estimate would be guesses.
const MEANINGFUL: Duration = Duration::from_secs(2);
/// Columns left free on the right: the `^C` that a terminal echoes would wrap a full line, which could not be erased
/// then.
const FREE: usize = 3;
/// Between the parts of the line.
const GAP: &str = "  ";

/// The line while it is shown. Its own thread keeps it up to date.
#[derive(Clone)]
pub struct ProgressLine(Arc<Shared>);

struct Shared {
    started: Instant,
    /// `COLUMNS`.
    columns: Option<usize>,
    color: bool,
    state: Mutex<State>,
    /// Locked during a write to the terminal, which blocks while the terminal is stopped (Ctrl-S). The state has its
    /// own lock, so that this does not delay the run.
    screen: Mutex<Screen>,
    over: Condvar,
}

#[derive(Default)]
struct Screen {
    is_drawn: bool,
    is_over: bool,
}

impl ProgressLine {
    /// Starts showing a line. `None` if standard error is not a terminal that can show it.
    pub fn start(state: State, color: bool) -> Option<Self> {
        let terminal = std::env::var_os(crate::variables::TERM);
        let is_dumb = terminal.map_or(cfg!(unix), |terminal| terminal == "dumb");
        if is_dumb || !io::stderr().is_terminal() || !understands_sequences(&io::stderr()) {
            return None;
        }
        let line = Self(Arc::new(Shared {
            started: Instant::now(),
            columns: asked_for(),
            color,
            state: Mutex::new(state),
            screen: Mutex::default(),
            over: Condvar::new(),
        }));
        let shared = Arc::clone(&line.0);
        let keep_up_to_date = move || {
            let mut screen = lock(&shared.screen);
            while !screen.is_over {
                shared.draw(&mut screen);
                screen = shared.over.wait_timeout(screen, TICK).unwrap_or_else(PoisonError::into_inner).0;
            }
        };
        // If the system has no thread left, the run continues without the line.
        thread::Builder::new().name("progress".to_owned()).spawn(keep_up_to_date).ok()?;
        Some(line)
    }

    /// Changes the state. `change` gets the time since the start of the run, too.
    pub fn update(&self, change: impl FnOnce(&mut State, Duration)) {
        change(&mut lock(&self.0.state), self.0.started.elapsed());
    }

    /// Removes the line while something else is written to the terminal.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        let mut screen = lock(&self.0.screen);
        screen.erase();
        let written = write();
        if !screen.is_over {
            self.0.draw(&mut screen);
        }
        written
    }

    /// Removes the line.
    pub fn end(&self) {
        let mut screen = lock(&self.0.screen);
        screen.erase();
        screen.is_over = true;
        self.0.over.notify_all();
    }
}

impl Shared {
    fn draw(&self, screen: &mut Screen) {
        // The narrower one: a line that wraps cannot be redrawn in place.
        let width = [self.columns, columns_of(io::stderr())].into_iter().flatten().min().unwrap_or(80);
        let line = lock(&self.state).line(self.started.elapsed(), width, self.color);
        if line.is_empty() {
            screen.erase();
        } else {
            write(&format!("\r{line}\x1b[K"));
            screen.is_drawn = true;
        }
    }
}

impl Screen {
    fn erase(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            write("\r\x1b[K");
        }
    }
}

fn write(text: &str) {
    // If standard error fails, there is nowhere left to report that.
    let _ = Patient(io::stderr().lock()).write_all(text.as_bytes());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The content of the line.
#[derive(Debug, Clone)]
pub struct State {
    what: Subject,
    done: usize,
    /// How many of these failed.
    pub failed: usize,
    /// How many changes were accepted and are polled until they are visible (`--wait`).
    pub confirming: usize,
    /// Whether no new requests are sent.
    pub stopping: bool,
    hold: Option<ShownHold>,
    /// The end of the latest pause, or the start of the run, and how many requests were still to be sent then.
    open: (Duration, usize),
    paced: Option<Paced>,
}

/// The latest time for which the rate limit delayed a request.
#[derive(Debug, Clone, Copy)]
struct Paced {
    since: Duration,
    until: Duration,
}

#[derive(Debug, Clone, Copy)]
enum Subject {
    Ids { total: usize, rate: Option<Rate> },
    Reading(&'static str),
}

#[derive(Debug, Clone)]
struct ShownHold {
    who: String,
    status: u16,
    is_named: bool,
    since: Duration,
    until: Duration,
}

impl State {
    /// A run over `total` IDs with this rate limit.
    pub fn of_ids(total: usize, rate: Option<Rate>) -> Self {
        Self { open: (Duration::ZERO, total), ..Self::of(Subject::Ids { total, rate }) }
    }

    /// Reading something whose length is not known. Nothing is shown if it takes less than [`SHORT`].
    pub fn of_reading(what: &'static str) -> Self {
        Self::of(Subject::Reading(what))
    }

    fn of(what: Subject) -> Self {
        Self {
            what,
            done: 0,
            failed: 0,
            confirming: 0,
            stopping: false,
            hold: None,
            open: (Duration::ZERO, 0),
            paced: None,
        }
    }

    /// One more ID is finished.
    pub fn advance(&mut self) {
        self.done = self.done.saturating_add(1);
    }

    /// The server `who` answered with `status`, which pauses all requests for `wait`. `is_named`: it sent
    /// `Retry-After`.
    pub fn held(&mut self, now: Duration, who: &str, status: u16, wait: Duration, is_named: bool) {
        let until = now.saturating_add(wait);
        let current = self.hold_at(now);
        if current.is_some_and(|hold| hold.until >= until) {
            return;
        }
        let since = current.map_or(now, |hold| hold.since);
        self.hold = Some(ShownHold { who: sanitize(who).into_owned(), status, is_named, since, until });
        self.open = (until, self.to_send());
    }

    /// The rate limit delays the next request by `wait`.
    pub fn paced(&mut self, now: Duration, wait: Duration) {
        let until = now.saturating_add(wait);
        // Reads may wait for a shorter time than writes.
        if self.paced.is_none_or(|paced| paced.until < until) {
            self.paced = Some(Paced { since: now, until });
        }
    }

    /// The line: always narrower than the terminal, and empty if there is nothing to show.
    pub fn line(&self, now: Duration, width: usize, color: bool) -> String {
        let mut text = Parts { text: String::new(), room: width.saturating_sub(FREE) };
        let hold = self.hold_at(now).filter(|_| !self.stopping);
        let mut bar = None;
        match (self.what, hold) {
            (Subject::Reading(_), Some(hold)) => hold.tell(now, &mut text),
            (Subject::Reading(what), None) if now >= SHORT => {
                text.insist(&format!("reading {what}: {}", approx_duration(now)));
                self.tell_paced(now, &mut text);
            }
            (Subject::Reading(_), None) => {}
            (Subject::Ids { total, .. }, Some(hold)) => {
                text.insist(&format!("{}/{total}", self.done));
                hold.tell(now, &mut text);
                self.tell_more(now, &mut text);
            }
            (Subject::Ids { total, .. }, None) => {
                text.insist(&format!("{}/{total}", self.done));
                self.tell_paced(now, &mut text);
                self.tell_more(now, &mut text);
                let columns = [16, 8].into_iter().find(|columns| text.has_room_for(*columns));
                bar = columns.map(|columns| bar_of(self.done, total, columns));
            }
        }
        match (text.fitted(), bar) {
            (text, Some(bar)) => format!("{}{GAP}{text}", painted(&bar, GREEN, color)),
            (text, None) => painted(&text, MAGENTA, color && hold.is_some()),
        }
    }

    /// Adds when the run continues, if the rate limit delays it noticeably.
    fn tell_paced(&self, now: Duration, text: &mut Parts) {
        if let Some(paced) = self.paced_at(now) {
            let left = approx_duration(seconds(paced.until.saturating_sub(now)));
            if !text.add(&format!("rate limit: continues in {left}")) {
                text.insist(&format!("rate limit: {left}"));
            }
        }
    }

    /// Adds the parts that fit, the most important first.
    fn tell_more(&self, now: Duration, text: &mut Parts) {
        let parts = [
            self.stopping.then(|| "stopping".to_owned()),
            (self.failed > 0).then(|| format!("{} failed", self.failed)),
            self.estimate(now).map(|left| format!("about {} left", approx_duration(seconds(left)))),
            (self.confirming > 0).then(|| format!("{} not visible yet", self.confirming)),
            self.rate(now).filter(|_| self.hold_at(now).is_none() && self.paced_at(now).is_none()).map(per_time),
        ];
        for part in parts.into_iter().flatten() {
            text.add(&part);
        }
    }

    fn hold_at(&self, now: Duration) -> Option<&ShownHold> {
        self.hold.as_ref().filter(|hold| hold.until > now)
    }

    fn paced_at(&self, now: Duration) -> Option<Paced> {
        self.paced
            .filter(|paced| !self.stopping && paced.until > now && paced.until.saturating_sub(paced.since) > UNNOTICED)
    }

    fn to_send(&self) -> usize {
        match self.what {
            Subject::Ids { total, .. } => total.saturating_sub(self.done).saturating_sub(self.confirming),
            Subject::Reading(_) => 0,
        }
    }

    /// The time that the run took so far. A pause counts only when it is over, because it may be the last one.
    fn observed(&self, now: Duration) -> Duration {
        self.hold_at(now).map_or(now, |hold| hold.since)
    }

    /// IDs per second so far, as soon as that is meaningful.
    fn rate(&self, now: Duration) -> Option<f64> {
        let observed = self.observed(now);
        let is_known = self.done > 0 && observed >= MEANINGFUL && !self.stopping;
        is_known.then(|| self.done as f64 / observed.as_secs_f64())
    }

    /// How long the rest takes, as soon as that is meaningful: from the speed so far, or from the rate limit if that is
    /// slower.
    fn estimate(&self, now: Duration) -> Option<Duration> {
        let Subject::Ids { total, rate } = self.what else { return None };
        let observed = self.observed(now);
        let left = total.saturating_sub(self.done);
        let by_rate = Duration::try_from_secs_f64(left as f64 / self.rate(now)?).unwrap_or(Duration::MAX);
        let hold = self.hold_at(now).map_or(Duration::ZERO, |hold| hold.until.saturating_sub(now));
        let Some(pace) = rate else { return Some(hold.saturating_add(by_rate)) };
        // The windows follow each other; the first one starts at once.
        let windows = |ids: usize| {
            let windows = ids.saturating_sub(1) / pace.requests.max(1);
            pace.window.saturating_mul(u32::try_from(windows).unwrap_or(u32::MAX))
        };
        // The plan accounts for the part of the current window that is over. The number of requests still to be sent
        // corrects a plan that was wrong.
        let (since, were_to_send) = self.open;
        let planned = since.saturating_add(windows(were_to_send)).saturating_sub(now.saturating_add(hold));
        let to_send = self.to_send();
        let most = windows(to_send.saturating_add(pace.requests));
        let by_pace = planned.min(most).max(windows(to_send));
        // Bursts with waits between them say nothing about the rest; then only the rate limit counts.
        let is_paced = self.paced.is_some_and(|paced| observed < paced.until.saturating_add(pace.window));
        Some(hold.saturating_add(if is_paced { by_pace } else { by_pace.max(by_rate) }))
    }
}

impl ShownHold {
    /// The pause and its time come first, because the end is cut off if there is not enough room.
    fn tell(&self, now: Duration, text: &mut Parts) {
        let Self { who, status, .. } = self;
        let held = format!("paused, {} left", approx_duration(seconds(self.until.saturating_sub(now))));
        let unnamed = if self.is_named { "" } else { " without Retry-After" };
        let longer = [
            format!("{held}: {who} answered {status}{unnamed}"),
            format!("{held}: {who} answered {status}"),
            format!("{held} ({status})"),
        ];
        if !longer.iter().any(|longer| text.add(longer)) {
            text.insist(&held);
        }
    }
}

/// The parts of a line that fit.
struct Parts {
    text: String,
    room: usize,
}

impl Parts {
    fn has_room_for(&self, columns: usize) -> bool {
        let gap = if self.text.is_empty() { 0 } else { GAP.len() };
        measure(&self.text) + gap + columns <= self.room
    }

    /// Adds it if there is room, and returns whether there was.
    fn add(&mut self, part: &str) -> bool {
        let has_room = self.has_room_for(measure(part));
        if has_room {
            self.insist(part);
        }
        has_room
    }

    /// Adds it anyway; [`Self::fitted`] cuts off what does not fit.
    fn insist(&mut self, part: &str) {
        if !self.text.is_empty() {
            self.text.push_str(GAP);
        }
        self.text.push_str(part);
    }

    fn fitted(mut self) -> String {
        while measure(&self.text) > self.room {
            self.text.pop();
        }
        self.text
    }
}

fn bar_of(done: usize, total: usize, columns: usize) -> String {
    let filled = (columns.saturating_mul(done) / total.max(1)).min(columns);
    let tip = if done > 0 && filled < columns { ">" } else { "" };
    format!("{:columns$}", "=".repeat(filled) + tip)
}

/// A rate per second, or per minute if it is less than one per second.
fn per_time(rate: f64) -> String {
    match rate {
        10.0.. => format!("{rate:.0}/s"),
        1.0.. => format!("{rate:.1}/s"),
        _ => format!("{:.0}/min", rate * 60.0),
    }
}

/// Rounded up to whole seconds, at least one.
fn seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GRAPH: &str = "graph.microsoft.com";

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A run over 500 IDs, `done` of them finished.
    fn run(rate: Option<Rate>, done: usize) -> State {
        State { done, ..State::of_ids(500, rate) }
    }

    #[test]
    fn a_line_shows_as_many_parts_as_fit_the_width() {
        let early = run(None, 10);
        let late = State { failed: 3, ..run(None, 120) };
        let confirming = State { confirming: 4, ..late.clone() };
        let stopping = State { stopping: true, ..late.clone() };
        let table = [
            (&run(None, 0), 0, 80, "                  0/500"),
            (&early, 1, 80, ">                 10/500"),
            (&early, 1, 21, ">         10/500"),
            (&early, 1, 18, "10/500"),
            (&early, 1, 5, "10"),
            (&early, 1, 3, ""),
            (&early, 2, 80, ">                 10/500  about 1m 38s left  5.0/s"),
            (&late, 20, 80, "===>              120/500  3 failed  about 1m 4s left  6.0/s"),
            (&late, 20, 40, "120/500  3 failed  about 1m 4s left"),
            (&late, 20, 30, "120/500  3 failed  6.0/s"),
            (&late, 7200, 80, "===>              120/500  3 failed  about 6h 20m left  1/min"),
            (&confirming, 20, 90, "===>              120/500  3 failed  about 1m 4s left  4 not visible yet  6.0/s"),
            (&confirming, 20, 80, "=>        120/500  3 failed  about 1m 4s left  4 not visible yet  6.0/s"),
            (&stopping, 20, 80, "===>              120/500  stopping  3 failed"),
            (&run(None, 500), 20, 80, "================  500/500  about 1s left  25/s"),
        ];
        for (state, now, width, line) in table {
            assert_eq!(state.line(s(now), width, false), line, "after {now} s in {width} columns");
        }
    }

    #[test]
    fn a_pause_shows_its_time_first_and_the_server_if_there_is_room() {
        let held = |rate, is_named| {
            let mut state = State { failed: 3, ..run(rate, 120) };
            state.held(s(20), GRAPH, 429, s(41), is_named);
            state
        };
        let (named, unnamed) = (held(None, true), held(None, false));
        let table = [
            (&named, 20.0, 80, "120/500  paused, 41s left: graph.microsoft.com answered 429  3 failed"),
            (
                &named,
                20.1,
                100,
                "120/500  paused, 41s left: graph.microsoft.com answered 429  3 failed  about 1m 45s left",
            ),
            (
                &named,
                60.5,
                100,
                "120/500  paused, 1s left: graph.microsoft.com answered 429  3 failed  about 1m 4s left",
            ),
            (&named, 30.0, 40, "120/500  paused, 31s left (429)"),
            (&named, 30.0, 30, "120/500  paused, 31s left"),
            (&named, 30.0, 20, "120/500  paused, "),
            (&unnamed, 30.0, 85, "120/500  paused, 31s left: graph.microsoft.com answered 429 without Retry-After"),
            (&unnamed, 30.0, 80, "120/500  paused, 31s left: graph.microsoft.com answered 429  3 failed"),
            (&named, 61.0, 80, "===>              120/500  3 failed  about 3m 14s left  2.0/s"),
        ];
        for (state, now, width, line) in table {
            assert_eq!(
                state.line(Duration::from_secs_f64(now), width, false),
                line,
                "after {now} s in {width} columns"
            );
        }
        let stopping = State { stopping: true, ..named };
        assert_eq!(stopping.line(s(30), 80, false), "===>              120/500  stopping  3 failed");
    }

    #[test]
    fn a_wait_for_the_rate_limit_shows_when_the_run_continues() {
        let mut paced = State { failed: 3, ..run(Some(Rate::PUBLISHED), 100) };
        paced.paced(s(2), s(18));
        let table = [
            (2.0, 90, "===>              100/500  rate limit: continues in 18s  3 failed  about 1m 18s left"),
            (2.0, 80, "=>        100/500  rate limit: continues in 18s  3 failed  about 1m 18s left"),
            (2.1, 68, "===>              100/500  rate limit: continues in 18s  3 failed"),
            (2.0, 40, "100/500  rate limit: continues in 18s"),
            (2.0, 39, "100/500  rate limit: 18s  3 failed"),
            (2.0, 20, "100/500  rate lim"),
            (19.2, 40, "100/500  rate limit: continues in 1s"),
            // It is over.
            (20.0, 80, "===>              100/500  3 failed  about 1m left  5.0/s"),
        ];
        for (now, width, line) in table {
            let shown = paced.line(Duration::from_secs_f64(now), width, false);
            assert_eq!(shown, line, "after {now} s in {width} columns");
        }
        // A shorter wait of another request does not hide it.
        paced.paced(s(3), s(4));
        assert_eq!(paced.line(s(4), 40, false), "100/500  rate limit: continues in 16s");
        let stopping = State { stopping: true, ..paced.clone() };
        assert_eq!(stopping.line(s(4), 80, false), "===>              100/500  stopping  3 failed");
        // A pause by the service takes precedence, and what is left of the wait is shown after it.
        paced.held(s(4), GRAPH, 429, s(6), true);
        assert_eq!(paced.line(s(4), 65, false), "100/500  paused, 6s left: graph.microsoft.com answered 429");
        assert_eq!(paced.line(s(11), 40, false), "100/500  rate limit: continues in 9s");
    }

    #[test]
    fn a_wait_for_the_rate_limit_of_a_second_or_less_is_not_shown() {
        let mut state = run(Some(Rate { requests: 1, window: s(1) }), 10);
        for now in 0..10 {
            state.paced(s(now), s(1));
            assert!(!state.line(s(now), 200, false).contains("rate limit"));
        }
        state.paced(s(10), s(1) + Duration::from_millis(1));
        assert!(state.line(s(10), 200, false).contains("rate limit: continues in 2s"));
    }

    #[test]
    fn the_longest_pause_is_shown() {
        let mut state = run(None, 120);
        state.held(s(10), GRAPH, 429, s(41), true);
        state.held(s(11), "elsewhere", 503, s(5), false);
        assert_eq!(state.line(s(12), 65, false), "120/500  paused, 39s left: graph.microsoft.com answered 429");
        state.held(s(13), "else\nwhere", 503, s(60), true);
        assert_eq!(state.line(s(13), 65, false), "120/500  paused, 1m left: else where answered 503");
        state.held(s(80), GRAPH, 429, s(2), true);
        assert_eq!(state.line(s(80), 65, false), "120/500  paused, 2s left: graph.microsoft.com answered 429");
    }

    #[test]
    fn reading_is_shown_after_a_second_and_a_pause_immediately() {
        let mut state = State::of_reading("the partners");
        for (now, line) in
            [(0, ""), (999, ""), (1_000, "reading the partners: 1s"), (72_300, "reading the partners: 1m 12s")]
        {
            assert_eq!(state.line(Duration::from_millis(now), 80, false), line);
        }
        state.held(Duration::from_millis(500), GRAPH, 429, s(3), true);
        assert_eq!(state.line(s(1), 80, false), "paused, 3s left: graph.microsoft.com answered 429");
        assert_eq!(state.line(s(1), 40, false), "paused, 3s left (429)");
        assert_eq!(state.line(s(4), 80, false), "reading the partners: 4s");
        state.paced(s(5), s(14));
        assert_eq!(state.line(s(6), 80, false), "reading the partners: 6s  rate limit: continues in 13s");
    }

    #[test]
    fn the_bar_is_green_and_a_pause_is_magenta() {
        let mut state = run(None, 250);
        assert_eq!(state.line(s(1), 40, true), "\u{1b}[32m========>       \u{1b}[0m  250/500");
        state.held(s(1), GRAPH, 429, s(9), true);
        assert_eq!(state.line(s(1), 40, true), "\u{1b}[35m250/500  paused, 9s left (429)\u{1b}[0m");
    }

    #[test]
    fn the_estimate_follows_the_rate_limit_if_the_run_is_limited_by_it() {
        let seconds =
            |state: &State, now: f64| state.estimate(Duration::from_secs_f64(now)).map(|left| left.as_secs_f64());
        // Nothing is known yet.
        assert_eq!(seconds(&run(Some(Rate::PUBLISHED), 90), 1.9), None);
        assert_eq!(seconds(&run(Some(Rate::PUBLISHED), 0), 19.0), None);
        // 100 at once, at 0, 20, 40, 60 and 80 s: neither a burst at the start nor the average around a burst is the
        // speed of the rest.
        let mut state = run(Some(Rate::PUBLISHED), 100);
        assert_eq!(seconds(&state, 2.0), Some(78.0));
        state.paced(s(2), s(18));
        assert_eq!(seconds(&state, 19.0), Some(61.0));
        state.done = 200;
        state.paced(s(22), s(18));
        assert_eq!(seconds(&state, 22.0), Some(58.0));
        state.done = 499;
        state.paced(s(62), s(18));
        assert_eq!(seconds(&state, 81.0), Some(0.0));
        // Slower than the rate limit allows.
        assert_eq!(seconds(&run(Some(Rate::PUBLISHED), 100), 50.0), Some(200.0));
        // Paused for a minute at 2 s: after that the windows start again.
        let mut state = run(Some(Rate::PUBLISHED), 100);
        state.paced(s(2), s(18));
        state.held(s(2), GRAPH, 429, s(60), true);
        assert_eq!(seconds(&state, 3.0), Some(59.0 + 60.0));
        state.done = 200;
        state.paced(s(64), s(18));
        assert_eq!(seconds(&state, 70.0), Some(52.0));
        // Changes that are polled have been sent already.
        let state = State { confirming: 400, ..run(Some(Rate { requests: 1, window: s(60) }), 100) };
        assert_eq!(seconds(&state, 100.0), Some(400.0));
    }

    prop_compose! {
        fn any_state()(
            (total, done, failed, confirming) in any::<(usize, usize, usize, usize)>(),
            small in any::<bool>(),
            reading in any::<bool>(),
            stopping in any::<bool>(),
            rate in proptest::option::of((0..2000_usize, any::<Duration>())),
            holds in proptest::collection::vec((any::<Duration>(), "\\PC*|.*", any::<u16>(), any::<Duration>(), any::<bool>()), 0..3),
            paced in proptest::option::of((any::<Duration>(), any::<Duration>())),
        ) -> State {
            let fit = |n: usize| if small { n % 1000 } else { n };
            let rate = rate.map(|(requests, window)| Rate { requests, window });
            let mut state = if reading { State::of_reading("the partners") } else { State::of_ids(fit(total), rate) };
            (state.done, state.failed, state.confirming) = (fit(done), fit(failed), fit(confirming));
            state.stopping = stopping;
            for (now, who, status, wait, is_named) in holds {
                state.held(now, &who, status, wait, is_named);
            }
            if let Some((now, wait)) = paced {
                state.paced(now, wait);
            }
            state
        }
    }

    proptest! {
        #[test]
        fn a_line_is_a_single_line_and_narrower_than_the_terminal(
            state in any_state(), now in any::<Duration>(), seconds in 0..100_u64, soon in any::<bool>(),
            width in 0..200_usize, color in any::<bool>(),
        ) {
            let line = state.line(if soon { s(seconds) } else { now }, width, color);
            let plain = anstream::adapter::strip_str(&line).to_string();
            prop_assert!(measure(&plain) <= width.saturating_sub(FREE), "{plain:?} in {width}");
            prop_assert!(!plain.contains(char::is_control), "{plain:?}");
            prop_assert!(color || plain == line);
        }

        #[test]
        fn the_time_of_a_pause_counts_down_and_disappears(wait in 0..700_000_u64, at in 0..1_400_000_u64) {
            let mut state = run(None, 1);
            state.held(s(10), GRAPH, 429, Duration::from_millis(wait), true);
            let line = state.line(s(10) + Duration::from_millis(at), 200, false);
            let told = line.split_once("paused, ").map(|(_, rest)| {
                humantime::parse_duration(rest.split_once(" left").unwrap().0).unwrap().as_secs()
            });
            prop_assert_eq!(told, wait.checked_sub(at).filter(|left| *left > 0).map(|left| left.div_ceil(1000)));
        }

        #[test]
        fn the_time_of_a_wait_for_the_rate_limit_counts_down_and_disappears(
            wait in 0..700_000_u64, at in 0..1_400_000_u64, width in 44..200_usize,
        ) {
            let mut state = run(None, 1);
            state.paced(s(10), Duration::from_millis(wait));
            let line = state.line(s(10) + Duration::from_millis(at), width, false);
            let told = line.split_once("rate limit: continues in ").map(|(_, rest)| {
                humantime::parse_duration(rest.split("  ").next().unwrap()).unwrap().as_secs()
            });
            let left = wait.checked_sub(at).filter(|left| *left > 0 && wait > 1000);
            prop_assert_eq!(told, left.map(|left| left.div_ceil(1000)));
        }

        #[test]
        fn the_estimate_is_never_shorter_than_the_rate_limit_allows(
            requests in 1..50_usize, window in 1..100_u64, total in 1..2000_usize, done in 1..2000_usize, now in 2..1000_u64,
        ) {
            let rate = Rate { requests, window: s(window) };
            let done = done.min(total);
            let state = State { done, ..State::of_ids(total, Some(rate)) };
            let left = state.estimate(s(now)).unwrap();
            let windows = (total - done).saturating_sub(1) / requests;
            prop_assert!(left >= s(window * windows as u64));
        }
    }
}
