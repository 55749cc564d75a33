//! The binary on a terminal: what it shows there, and somebody who types. On Windows a terminal is a console, whose screen
//! is read; elsewhere what comes to a terminal is read.

use std::fs::File;
use std::process::Command;

#[cfg(target_os = "linux")]
pub use self::linux::END_OF_INPUT;
#[cfg(target_os = "linux")]
use self::linux::System;
#[cfg(windows)]
pub use self::windows::END_OF_INPUT;
#[cfg(windows)]
use self::windows::System;
use super::Seen;
use super::running::Running;

#[cfg(target_os = "linux")]
mod linux;
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
