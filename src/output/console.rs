//! Standard error: errors, warnings, hints and progress. Nothing else writes there.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::progress::{ProgressLine, State};
use super::stdout::Patient;
use super::style::{Color, DIM, RED, YELLOW, painted};
use super::terminal::Layout;
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
    /// If `quiet`, it shows errors only.
    pub fn new(quiet: bool, color: Color) -> Self {
        Self { quiet, color: color.on(&io::stderr()), progress: RefCell::new(None) }
    }

    /// Prints an error: the command did not do what was asked.
    pub fn error(&self, message: &str) {
        self.labelled("error", RED, message, true);
    }

    /// Prints what to do next. Indented lines are commands.
    pub fn hint(&self, message: &str) {
        self.labelled("hint", AnsiColor::Cyan.on_default(), message, false);
    }

    /// Prints a hint that belongs to no error or warning. Not shown if quiet.
    pub fn tip(&self, message: &str) {
        if !self.quiet {
            self.hint(message);
        }
    }

    /// Prints an error, and its hint if it has one.
    pub fn failure(&self, error: &anyhow::Error) {
        self.error(&format!("{error:#}"));
        if let Some(hint) = error.downcast_ref::<Error>().and_then(Error::hint_text) {
            self.hint(hint);
        }
    }

    /// Prints an error that does not end the command as a warning, with its hint. Not shown if quiet.
    pub fn warning_about(&self, error: &anyhow::Error) {
        self.warning(&format!("{error:#}"));
        if let Some(hint) = error.downcast_ref::<Error>().and_then(Error::hint_text).filter(|_| !self.quiet) {
            self.hint(hint);
        }
    }

    /// Prints what a person must know to continue. Shown even if quiet.
    pub fn instruction(&self, message: &str) {
        self.line(&wrapped(message, 0, false));
    }

    /// Prints a warning. Not shown if quiet.
    pub fn warning(&self, message: &str) {
        if !self.quiet {
            self.labelled("warning", YELLOW, message, true);
        }
    }

    /// Prints a warning and a hint. Not shown if quiet.
    pub fn warning_with_hint(&self, message: &str, hint: &str) {
        if !self.quiet {
            self.warning(message);
            self.hint(hint);
        }
    }

    /// Prints a plain line. Not shown if quiet.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            self.line(&wrapped(message, 0, false));
        }
    }

    /// Prints a line of `-v`. It is not wrapped: one line is one event.
    pub fn trace(&self, message: &str) {
        self.line(&painted(&cleaned(message), DIM, self.color));
    }

    /// `is_list`: indented lines are entries of a list.
    fn labelled(&self, label: &str, style: Style, message: &str, is_list: bool) {
        let label = format!("{label}:");
        let message = wrapped(message, label.len() + 1, is_list);
        self.line(&format!("{} {message}", painted(&label, style, self.color)));
    }

    fn line(&self, line: &str) {
        let write = || {
            // If standard error fails, there is nowhere left to report that.
            let _ = Patient(io::stderr().lock()).write_all(format!("{line}\n").as_bytes());
        };
        match &*self.progress.borrow() {
            Some(line) => line.suspend(write),
            None => write(),
        }
    }

    /// Shows progress over `total` IDs on a terminal, if there is more than one ID, unless quiet. The writer of the
    /// results needs the returned line, because both write to the same terminal.
    pub fn start_progress(&self, total: usize, rate: Option<Rate>) -> Option<ProgressLine> {
        if total < 2 {
            return None;
        }
        self.start(State::of_ids(total, rate))
    }

    /// Shows that `what` ("the partners") is being read, if that takes longer than a moment, until the result is
    /// dropped.
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

    /// One more ID is finished; `failed` IDs have failed so far.
    pub fn advance(&self, failed: usize) {
        self.update(|state, _| {
            state.advance();
            state.failed = failed;
        });
    }

    /// `count` changes were accepted and are polled until they are visible (`--wait`).
    pub fn confirming(&self, count: usize) {
        self.update(|state, _| state.confirming = count);
    }

    /// The server `who` answered with `status`, which pauses all requests for `wait`. `is_named`: it sent
    /// `Retry-After`.
    pub fn held(&self, who: &str, status: u16, wait: Duration, is_named: bool) {
        self.update(|state, now| state.held(now, who, status, wait, is_named));
    }

    /// The rate limit delays the next request by `wait`.
    pub fn paced(&self, wait: Duration) {
        self.update(|state, now| state.paced(now, wait));
    }

    /// No new requests will be sent.
    pub fn stopping(&self) {
        self.update(|state, _| state.stopping = true);
    }

    /// Removes the progress line.
    pub fn end_progress(&self) {
        if let Some(line) = self.progress.borrow_mut().take() {
            line.end();
        }
    }
}

fn cleaned(message: &str) -> String {
    without_tokens(&sanitize_lines(message)).into_owned()
}

/// Fits a message into the terminal, after a label of this width. For programs, it stays as it is.
fn wrapped(message: &str, label: usize, is_list: bool) -> String {
    Layout::of(&io::stderr()).wrap(&cleaned(message), label, is_list)
}

/// Removes the progress line however the command ends.
impl Drop for Console {
    fn drop(&mut self) {
        self.end_progress();
    }
}

/// Shows that something is being read, until it is dropped.
pub struct Reading(Option<ProgressLine>);

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.end();
        }
    }
}
