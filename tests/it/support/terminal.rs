//! The binary on a terminal: what it shows there, and somebody who types. On Windows a terminal is a console, whose screen
//! is read; elsewhere what comes to a terminal is read.

use std::fs::File;
use std::process::Command;

#[cfg(unix)]
pub use self::unix::END_OF_INPUT;
#[cfg(unix)]
use self::unix::System;
#[cfg(windows)]
pub use self::windows::END_OF_INPUT;
#[cfg(windows)]
use self::windows::System;
use super::Seen;
use super::running::Running;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

/// Which standard streams are the terminal. Where it is not, input is empty, and output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
}

/// All of them, as where somebody works at it.
pub const ALL: Streams = Streams { stdin: true, stdout: true, stderr: true };
/// All but standard output, which is looked at by itself.
pub const BUT_STDOUT: Streams = Streams { stdout: false, ..ALL };

/// A process in the foreground of a terminal of its own.
pub struct Terminal {
    system: System,
    running: Running,
    streams: Streams,
}

impl Terminal {
    /// Starts a command at a terminal of so many columns and 24 lines, with `streams` on it.
    pub fn start(command: &Command, streams: Streams, columns: u16) -> Self {
        Self::open(command, None, None, streams, columns)
    }

    /// The same, where all but standard output is on it, which is this file.
    pub fn start_with_output(command: &Command, output: File, columns: u16) -> Self {
        Self::open(command, None, Some(output), BUT_STDOUT, columns)
    }

    /// The same, where standard input is a pipe with this in it.
    pub fn start_with_input(command: &Command, input: &str, streams: Streams, columns: u16) -> Self {
        Self::open(command, Some(input), None, Streams { stdin: false, ..streams }, columns)
    }

    /// Types Ctrl-C.
    pub fn ctrl_c(&self) {
        self.keys("\u{3}");
    }

    /// Waits until this has appeared on the terminal; what is there by then.
    pub fn wait_for(&self, part: &str) -> String {
        self.wait_for_times(part, 1)
    }

    /// Waits until standard output, which is not the terminal, has this in it.
    pub fn wait_for_stdout(&self, part: &str) {
        self.running.wait_for_stdout(part);
    }

    /// Waits for its end, and tells what was seen: where standard error is the terminal, what appeared there stands in
    /// its place, with what was typed, and with plain line ends. A signal that killed it is 128 more, as for shells.
    pub fn end(self) -> Seen {
        let is_stderr = self.streams.stderr;
        let (seen, screen) = self.end_with_screen();
        if is_stderr { Seen { stderr: screen, ..seen } } else { seen }
    }
}

/// Asserts what is on a terminal of so many columns, but for colours. Of a console's screen nobody can tell whether a row
/// that is full, or that ends in spaces, goes on in the next one: where a line reaches the edge of a console, neither
/// spaces nor line breaks count.
#[track_caller]
pub fn assert_shown(screen: &str, expected: &str, columns: u16) {
    let screen = anstream::adapter::strip_str(screen).to_string();
    let fits = widths(expected).into_iter().all(|width| width < columns.into());
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    if cfg!(windows) && !fits {
        assert_eq!(squeezed(&screen), squeezed(expected), "{screen}");
    } else {
        assert_eq!(screen, expected);
    }
}

/// How wide each line is on a terminal, without what colours it.
pub fn widths(screen: &str) -> Vec<usize> {
    anstream::adapter::strip_str(screen).to_string().lines().map(unicode_width::UnicodeWidthStr::width).collect()
}
