//! The binary on a terminal: what it shows there, and somebody who types.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::Seen;
use super::running::{Running, Stream, check};
use super::shell::beside;

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

/// What a shell does around a script at a terminal. It outlives Ctrl-C, as the user's shell does, and stays when all is
/// over: with the first process of a terminal goes what was not read of it yet.
const AROUND: [&str; 2] = ["trap : INT TERM; ", "\nprintf '\\036%d\\036' $? >/dev/tty; exec sleep 300 >/dev/null 2>&1"];
/// Stands around the exit code on the terminal.
const MARK: char = '\u{1e}';

/// A process in the foreground of a terminal of its own.
pub struct Terminal {
    running: Running,
    screen: Stream,
    keyboard: File,
    streams: Streams,
}

impl Terminal {
    /// Starts a command at a terminal of so many columns and 24 lines, with `streams` on it.
    pub fn start(command: &Command, streams: Streams, columns: u16) -> Self {
        let script = if streams.stdin { r#""$@""# } else { r#""$@" </dev/null"# };
        Self::open(command, script, streams, columns)
    }

    /// Starts a shell's script at a terminal 80 columns wide, in the surroundings of `intunectl`, which is on its PATH.
    /// `"$@"` is the command.
    pub fn script(intunectl: &Command, script: &str) -> Self {
        Self::open(intunectl, script, ALL, 80)
    }

    fn open(command: &Command, script: &str, streams: Streams, columns: u16) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let keyboard = openpt(flags).unwrap();
        unlockpt(&keyboard).unwrap();
        tcsetwinsize(&keyboard, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let own: OwnedFd = ioctl_tiocgptpeer(&keyboard, flags).unwrap();
        // A session of its own, whose terminal is what standard input is.
        let mut wrapped = beside(command, "setsid");
        wrapped.args(["--ctty", "sh", "-c", &AROUND.join(script), "sh"]);
        wrapped.arg(command.get_program()).args(command.get_args());
        let or_piped = |is_terminal| if is_terminal { own.try_clone().unwrap().into() } else { Stdio::piped() };
        wrapped.stdin(own.try_clone().unwrap()).stdout(or_piped(streams.stdout)).stderr(or_piped(streams.stderr));
        let running = Running::with(&mut wrapped);
        let keyboard = File::from(keyboard);
        // Its end comes when nobody has the terminal open any more, so neither must the test.
        let screen = Stream::read(Some(keyboard.try_clone().unwrap()));
        Self { running, screen, keyboard, streams }
    }

    /// Types keys.
    pub fn keys(&self, keys: impl AsRef<[u8]>) {
        (&self.keyboard).write_all(keys.as_ref()).unwrap();
    }

    /// Types Ctrl-C.
    pub fn ctrl_c(&self) {
        self.keys("\u{3}");
    }

    /// Types Ctrl-D.
    pub fn ctrl_d(&self) {
        self.keys("\u{4}");
    }

    /// Types Ctrl-Z.
    pub fn ctrl_z(&self) {
        self.keys("\u{1a}");
    }

    /// Sends SIGTERM to all on the terminal, as Ctrl-C sends SIGINT.
    pub fn terminate(&self) {
        self.running.signal_group("TERM");
    }

    /// Waits until this has appeared on the terminal.
    pub fn wait_for(&self, part: &str) {
        self.screen.wait_for_times(part, 1);
    }

    /// Waits until this has appeared on the terminal so many times.
    pub fn wait_for_times(&self, part: &str, times: usize) {
        self.screen.wait_for_times(part, times);
    }

    /// What has appeared on the terminal so far.
    pub fn screen(&self) -> String {
        self.screen.text()
    }

    /// Waits for its end, and tells what was seen: where standard error is the terminal, what appeared there stands in
    /// its place, with what was typed, and with plain line ends. A signal that killed it is 128 more, as for shells.
    pub fn end(self) -> Seen {
        let is_stderr = self.streams.stderr;
        let (seen, screen) = self.end_with_screen();
        if is_stderr { Seen { stderr: screen, ..seen } } else { seen }
    }

    /// The same, with what appeared on the terminal by itself.
    pub fn end_with_screen(mut self) -> (Seen, String) {
        self.wait_for_times(&MARK.to_string(), 2);
        self.running.signal_group("KILL");
        let mut seen = self.running.end();
        drop(self.keyboard);
        // What was typed is echoed, whatever it was.
        let screen = String::from_utf8_lossy(&self.screen.rest()).replace("\r\n", "\n");
        let (shown, code) = screen.split_once(MARK).unwrap();
        seen.code = Some(code.trim_end_matches(MARK).parse().unwrap());
        check(shown);
        (seen, shown.to_owned())
    }
}
