//! The binary on a terminal, with keys to type. On Windows the terminal is a console whose screen is read; elsewhere
//! the output to the terminal is read.

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

/// Which standard streams are the terminal. Otherwise input is empty, and output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
}

/// All streams, as in an interactive session.
pub const ALL: Streams = Streams { stdin: true, stdout: true, stderr: true };
/// All but standard output, which is read separately.
pub const BUT_STDOUT: Streams = Streams { stdout: false, ..ALL };

/// A process in the foreground of a terminal of its own.
pub struct Terminal {
    system: System,
    running: Running,
    streams: Streams,
}

impl Terminal {
    /// Starts a command at a terminal of this width and 24 lines, with `streams` on it.
    pub fn start(command: &Command, streams: Streams, columns: u16) -> Self {
        Self::open(command, None, None, streams, columns)
    }

    /// The same with all streams but standard output, which is this file.
    pub fn start_with_output(command: &Command, output: File, columns: u16) -> Self {
        Self::open(command, None, Some(output), BUT_STDOUT, columns)
    }

    /// The same, but standard input is a pipe with this input.
    pub fn start_with_input(command: &Command, input: &str, streams: Streams, columns: u16) -> Self {
        Self::open(command, Some(input), None, Streams { stdin: false, ..streams }, columns)
    }

    pub fn ctrl_c(&self) {
        self.keys("\u{3}");
    }

    /// Waits until this is on the terminal, and returns the output so far.
    pub fn wait_for(&self, part: &str) -> String {
        self.wait_for_times(part, 1)
    }

    /// Waits until standard output, which is not the terminal, contains this.
    pub fn wait_for_stdout(&self, part: &str) {
        self.running.wait_for_stdout(part);
    }

    /// Waits for its end. If standard error is the terminal, `stderr` is the output to the terminal, including the echo
    /// of typed keys, with plain line ends. If a signal ended it, the exit code is 128 plus the signal, as in shells.
    pub fn end(self) -> Seen {
        let is_stderr = self.streams.stderr;
        let (seen, screen) = self.end_with_screen();
        if is_stderr { Seen { stderr: screen, ..seen } } else { seen }
    }
}

/// Asserts the content of a terminal of this width, ignoring colours. A console's screen does not show whether a full
/// row, or one that ends in spaces, continues in the next one. If a line reaches the edge of a console, spaces and line
/// breaks are ignored.
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

/// The width of each line on a terminal, without colours.
pub fn widths(screen: &str) -> Vec<usize> {
    anstream::adapter::strip_str(screen).to_string().lines().map(unicode_width::UnicodeWidthStr::width).collect()
}
