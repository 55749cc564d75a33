//! A pseudo-terminal of Unix. Its tests run on Linux; for macOS they are only compiled.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

#[cfg(target_os = "linux")]
use rustix::pty::ioctl_tiocgptpeer;
use rustix::pty::{OpenptFlags, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::{ALL, Streams, Terminal};
use crate::support::Seen;
use crate::support::running::{Running, Stream, check};
use crate::support::shell::beside;

/// The shell code around a script at a terminal. Like the user's shell, it survives Ctrl-C. It stays until the test has
/// read everything: when the first process of a terminal ends, unread output is lost.
const AROUND: [&str; 2] = ["trap : INT TERM; ", "\nprintf '\\036%d\\036' $? >/dev/tty; exec sleep 300 >/dev/null 2>&1"];
/// Encloses the exit code on the terminal.
const MARK: char = '\u{1e}';

/// The key that ends input.
pub const END_OF_INPUT: &str = "\u{4}";

/// The screen and the keyboard.
pub struct System {
    screen: Stream,
    keyboard: File,
}

impl Terminal {
    pub(super) fn open(
        command: &Command,
        input: Option<&str>,
        output: Option<File>,
        streams: Streams,
        columns: u16,
    ) -> Self {
        let script = match input {
            // `$0` is the input; `$@` is the command.
            Some(_) => r#"printf %s "$0" | "$@""#,
            None if streams.stdin => r#""$@""#,
            None => r#""$@" </dev/null"#,
        };
        Self::open_script(command, script, input.unwrap_or("sh"), output, streams, columns)
    }

    /// Starts a shell script at a terminal of 80 columns, in the environment of `intunectl`, which is on its PATH.
    /// `"$@"` is the command.
    pub fn script(intunectl: &Command, script: &str) -> Self {
        Self::open_script(intunectl, script, "sh", None, ALL, 80)
    }

    fn open_script(
        command: &Command,
        script: &str,
        name: &str,
        output: Option<File>,
        streams: Streams,
        columns: u16,
    ) -> Self {
        let keyboard = open_keyboard();
        tcsetwinsize(&keyboard, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let own = open_terminal(&keyboard);
        // A new session, whose controlling terminal is standard input.
        let mut wrapped = beside(command, "setsid");
        wrapped.args(["--ctty", "sh", "-c", &AROUND.join(script), name]);
        wrapped.arg(command.get_program()).args(command.get_args());
        let or_piped = |is_terminal| if is_terminal { own.try_clone().unwrap().into() } else { Stdio::piped() };
        wrapped.stdin(own.try_clone().unwrap()).stderr(or_piped(streams.stderr));
        wrapped.stdout(output.map_or_else(|| or_piped(streams.stdout), Stdio::from));
        let running = Running::with(&mut wrapped);
        let keyboard = File::from(keyboard);
        // It ends when no process has the terminal open, so the test must not keep it open.
        let screen = Stream::read(Some(keyboard.try_clone().unwrap()));
        Self { running, system: System { screen, keyboard }, streams }
    }

    pub fn keys(&self, keys: impl AsRef<[u8]>) {
        (&self.system.keyboard).write_all(keys.as_ref()).unwrap();
    }

    /// Types the key that ends input.
    pub fn end_input(&self) {
        self.keys(END_OF_INPUT);
    }

    pub fn ctrl_z(&self) {
        self.keys("\u{1a}");
    }

    /// Sends SIGTERM to all processes on the terminal, as Ctrl-C sends SIGINT.
    pub fn terminate(&self) {
        self.running.signal_group("TERM");
    }

    /// Waits for this many occurrences on the terminal, and returns the output so far.
    pub fn wait_for_times(&self, part: &str, times: usize) -> String {
        self.system.screen.wait_for_times(part, times)
    }

    /// The output to the terminal so far.
    pub fn screen(&self) -> String {
        self.system.screen.text()
    }

    /// Whether this has appeared right after the sequence of a colour.
    pub fn is_coloured(&self, part: &str, sequence: &str) -> bool {
        self.screen().contains(&format!("{sequence}{part}"))
    }

    /// Whether no escape sequence has appeared on the terminal.
    pub fn is_plain(&self) -> bool {
        !self.screen().contains('\u{1b}')
    }

    /// Like [`Terminal::end`], with the output to the terminal separately.
    pub fn end_with_screen(mut self) -> (Seen, String) {
        self.wait_for_times(&MARK.to_string(), 2);
        self.running.signal_group("KILL");
        let mut seen = self.running.end();
        drop(self.system.keyboard);
        // Typed keys are echoed, even if they are not UTF-8.
        let screen = String::from_utf8_lossy(&self.system.screen.rest()).replace("\r\n", "\n");
        let (shown, code) = screen.split_once(MARK).unwrap();
        seen.code = Some(code.trim_end_matches(MARK).parse().unwrap());
        check(shown);
        (seen, shown.to_owned())
    }

    /// The same with the coloured parts.
    pub fn end_with_colours(self) -> (Seen, String, Vec<String>) {
        let (seen, screen) = self.end_with_screen();
        let coloured = screen.split("\u{1b}[").skip(1).filter_map(|part| {
            let (colour, text) = part.split_once('m').unwrap();
            (colour != "0" && !text.is_empty()).then(|| text.to_owned())
        });
        let coloured = coloured.collect();
        (seen, screen, coloured)
    }
}

fn open_keyboard() -> OwnedFd {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    #[cfg(target_os = "linux")]
    let flags = flags | OpenptFlags::CLOEXEC;
    let keyboard = openpt(flags).unwrap();
    unlockpt(&keyboard).unwrap();
    keyboard
}

#[cfg(target_os = "linux")]
fn open_terminal(keyboard: &OwnedFd) -> OwnedFd {
    ioctl_tiocgptpeer(keyboard, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap()
}

#[cfg(not(target_os = "linux"))]
fn open_terminal(keyboard: &OwnedFd) -> OwnedFd {
    let path = rustix::pty::ptsname(keyboard, Vec::new()).unwrap().into_string().unwrap();
    File::options().read(true).write(true).open(path).unwrap().into()
}
