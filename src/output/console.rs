//! The door to standard error: warnings, errors, hints, progress. Nothing else writes there.

use std::cell::RefCell;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::stdout::Patient;
use crate::clean::{clean_lines, without_tokens};
use crate::error::Error;

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set, or wherever `CLICOLOR_FORCE` is.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether a stream gets colour.
    pub fn on(self, stream: &impl anstream::stream::RawStream) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
        }
    }
}

/// Bold red.
pub const RED: Style = AnsiColor::Red.on_default().bold();
/// Bold yellow.
pub const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
/// Green.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// Bold.
pub const BOLD: Style = Style::new().bold();
/// Dim.
pub const DIM: Style = Style::new().dimmed();

/// Standard error.
pub struct Console {
    quiet: bool,
    color: bool,
    bar: RefCell<Option<ProgressBar>>,
}

impl Console {
    /// A console that, if `quiet`, shows nothing but errors.
    pub fn new(quiet: bool, color: Color) -> Self {
        Self { quiet, color: color.on(&io::stderr()), bar: RefCell::new(None) }
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
        self.line(&clean_lines(message));
    }

    /// Asks, on a line that the answer is to end. Shown even if quiet.
    pub fn ask(&self, question: &str) {
        let _ = Patient(io::stderr().lock()).write_all(without_tokens(&clean_lines(question)).as_bytes());
    }

    /// What somebody has to see to go on, laid out and coloured by then, out of cleaned text.
    pub fn table(&self, text: &str) {
        self.line(text.trim_end());
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
            self.line(&clean_lines(message));
        }
    }

    /// What was asked for with `-v`.
    pub fn trace(&self, message: &str) {
        let message = clean_lines(message);
        self.line(&if self.color { format!("{DIM}{message}{DIM:#}") } else { message.into_owned() });
    }

    fn labelled(&self, label: &str, style: Style, message: &str) {
        let message = clean_lines(message);
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
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Shows progress over `total` IDs, on a terminal, for more than one, unless quiet. The bar that is returned is
    /// for whoever writes results, to keep out of each other's way.
    pub fn start_progress(&self, total: usize) -> Option<ProgressBar> {
        if self.quiet || total < 2 || !io::stderr().is_terminal() {
            return None;
        }
        // Narrower than any window: a bar across it would be pushed to a second line by the terminal's own "^C".
        let template = if self.color {
            "{bar:16.green} {pos}/{len} {elapsed} {msg}"
        } else {
            "{bar:16} {pos}/{len} {elapsed} {msg}"
        };
        let style = ProgressStyle::with_template(template).ok()?.progress_chars("=> ");
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr()).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(250));
        *self.bar.borrow_mut() = Some(bar.clone());
        Some(bar)
    }

    /// One ID more is done with; `failed` so far.
    pub fn advance(&self, failed: usize) {
        if let Some(bar) = &*self.bar.borrow() {
            if failed > 0 {
                bar.set_message(format!("{failed} failed"));
            }
            bar.inc(1);
        }
    }

    /// Takes the progress away.
    pub fn end_progress(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }
}
