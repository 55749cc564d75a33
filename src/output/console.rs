//! The door to standard error: warnings, errors, hints, progress. Nothing else writes there.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::progress::{ProgressLine, State};
use super::stdout::Patient;
use super::style::{Color, DIM, RED, YELLOW};
use crate::error::Error;
use crate::graph::pace::Rate;
use crate::text::sanitize::{sanitize_lines, without_tokens};

/// Standard error.
pub struct Console {
    quiet: bool,
    color: bool,
    progress: RefCell<Option<ProgressLine>>,
}

impl Console {
    /// A console that, if `quiet`, shows nothing but errors.
    pub fn new(quiet: bool, color: Color) -> Self {
        Self { quiet, color: color.on(&io::stderr()), progress: RefCell::new(None) }
    }

    /// Something is wrong, and what was asked for is not done.
    pub fn error(&self, message: &str) {
        self.labelled("error", RED, message);
    }

    /// What to do next.
    pub fn hint(&self, message: &str) {
        self.labelled("hint", AnsiColor::Cyan.on_default(), message);
    }

    /// An error, and what to do next where that is known.
    pub fn failure(&self, error: &anyhow::Error) {
        self.error(&format!("{error:#}"));
        if let Some(hint) = error.downcast_ref::<Error>().and_then(Error::hint_text) {
            self.hint(hint);
        }
    }

    /// An error that is not the end, and what to do about it. Not shown if quiet.
    pub fn warning_about(&self, error: &anyhow::Error) {
        self.warning(&format!("{error:#}"));
        if let Some(hint) = error.downcast_ref::<Error>().and_then(Error::hint_text).filter(|_| !self.quiet) {
            self.hint(hint);
        }
    }

    /// What somebody has to know to go on. Shown even if quiet.
    pub fn instruction(&self, message: &str) {
        self.line(&sanitize_lines(message));
    }

    /// Something may be wrong. Not shown if quiet.
    pub fn warning(&self, message: &str) {
        if !self.quiet {
            self.labelled("warning", YELLOW, message);
        }
    }

    /// Something may be wrong, and what to do about it. Not shown if quiet.
    pub fn warning_with_hint(&self, message: &str, hint: &str) {
        if !self.quiet {
            self.warning(message);
            self.hint(hint);
        }
    }

    /// Good to know. Not shown if quiet.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            self.line(&sanitize_lines(message));
        }
    }

    /// What was asked for with `-v`.
    pub fn trace(&self, message: &str) {
        let message = sanitize_lines(message);
        self.line(&if self.color { format!("{DIM}{message}{DIM:#}") } else { message.into_owned() });
    }

    fn labelled(&self, label: &str, style: Style, message: &str) {
        let message = sanitize_lines(message);
        self.line(&if self.color {
            format!("{style}{label}:{style:#} {message}")
        } else {
            format!("{label}: {message}")
        });
    }

    fn line(&self, line: &str) {
        let write = || {
            // With standard error gone there is nobody left to tell.
            let _ = Patient(io::stderr().lock()).write_all(format!("{}\n", without_tokens(line)).as_bytes());
        };
        match &*self.progress.borrow() {
            Some(line) => line.suspend(write),
            None => write(),
        }
    }

    /// Shows progress over so many IDs at this pace, on a terminal, for more than one, unless quiet. What is returned is
    /// for whoever writes results, to keep out of each other's way.
    pub fn start_progress(&self, total: usize, rate: Option<Rate>) -> Option<ProgressLine> {
        if total < 2 {
            return None;
        }
        self.start(State::of_ids(total, rate))
    }

    /// Shows, where it takes longer than a moment, that `what` ("the partners") is being read; for as long as what is
    /// returned is kept.
    pub fn reading(&self, what: &'static str) -> Reading {
        Reading(self.start(State::of_reading(what)))
    }

    fn start(&self, state: State) -> Option<ProgressLine> {
        if self.quiet {
            return None;
        }
        self.end_progress();
        let line = ProgressLine::start(state, self.color)?;
        *self.progress.borrow_mut() = Some(line.clone());
        Some(line)
    }

    fn update(&self, change: impl FnOnce(&mut State, Duration)) {
        if let Some(line) = &*self.progress.borrow() {
            line.update(change);
        }
    }

    /// One ID more is done with; `failed` so far.
    pub fn advance(&self, failed: usize) {
        self.update(|state, _| {
            state.advance();
            state.failed = failed;
        });
    }

    /// So many are done, but for a look at whether it took effect.
    pub fn confirming(&self, count: usize) {
        self.update(|state, _| state.confirming = count);
    }

    /// A service answered with this status, so that nothing is sent for so long; whether it named that time itself.
    pub fn held(&self, who: &str, status: u16, wait: Duration, is_named: bool) {
        self.update(|state, now| state.held(now, who, status, wait, is_named));
    }

    /// Nothing is sent for so long, for the sake of the pace.
    pub fn paced(&self, wait: Duration) {
        self.update(|state, now| state.paced(now, wait));
    }

    /// Nothing new is sent any more.
    pub fn stopping(&self) {
        self.update(|state, _| state.stopping = true);
    }

    /// Takes the progress away.
    pub fn end_progress(&self) {
        if let Some(line) = self.progress.borrow_mut().take() {
            line.end();
        }
    }
}

/// Whatever ends a command, what it shows ends with it.
impl Drop for Console {
    fn drop(&mut self) {
        self.end_progress();
    }
}

/// Something is being read.
pub struct Reading(Option<ProgressLine>);

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.end();
        }
    }
}
