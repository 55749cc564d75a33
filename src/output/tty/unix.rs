//! The terminal on Unix. Only processes in its foreground can use it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::error::Error;
use crate::output::style::Color;
use crate::output::terminal::TextStyle;
use crate::text::sanitize::without_tokens;

/// How often to check whether a line was typed. It is also enough time for both steps of a shell that resumes a job:
/// the shell puts it in the foreground and continues it.
pub const PAUSE: Duration = Duration::from_millis(50);
/// The longest line that a terminal can hold. Source: Linux's `N_TTY_BUF_SIZE`.
const LONGEST: usize = 4096;

/// The controlling terminal.
pub struct Tty {
    input: File,
    output: File,
}

impl Tty {
    /// Opens it if a person can answer there, that is, if this process is in its foreground.
    ///
    /// In the background, a process is stopped if it reads (SIGTTIN) or discards input (SIGTTOU), and perhaps if it
    /// writes (`stty tostop`). It is never stopped if it opens the terminal or queries its foreground group. Source:
    /// POSIX, "General Terminal Interface".
    ///
    /// Some containers have no `/dev/tty`. There, the terminal of a standard stream is opened through Linux's `/proc`.
    ///
    /// # Errors
    /// None on Unix.
    pub fn open() -> Result<Option<Self>, Error> {
        let streams = [is_controlling(io::stderr()), is_controlling(io::stdin()), is_controlling(io::stdout())];
        let paths = ["/proc/self/fd/2", "/proc/self/fd/0", "/proc/self/fd/1"];
        let usable = streams.into_iter().zip(paths).filter_map(|(is_usable, path)| is_usable.then_some(path));
        let tty = std::iter::once("/dev/tty").chain(usable).find_map(Self::open_at);
        Ok(tty.filter(|tty| is_in_foreground(&tty.output)))
    }

    fn open_at(path: &str) -> Option<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;

        // Only reads do not block: a write that does not block would lose a part of a long text.
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).ok()?;
        let input = File::options().read(true).custom_flags(flags).open(path).ok()?;
        let output = File::options().write(true).open(path).ok()?;
        is_controlling(&output).then_some(Self { input, output })
    }

    /// Whether standard error leads to this terminal.
    pub fn is_stderr(&self) -> bool {
        is_controlling(io::stderr())
    }

    /// Waits until no other process prompts at this terminal, and makes others wait until the lock is dropped. `None`
    /// if there is no directory for the lock: two prompts at once are better than none. Blocks the thread.
    ///
    /// The lock is named after the process group: only processes of the foreground group can prompt, and a job that was
    /// stopped at its prompt must not block the next one.
    pub fn turn(&self) -> Option<crate::lock::TemporaryLock> {
        let (own, _) = groups(&self.output)?;
        crate::lock::acquire_temporary(&format!("intunectl-prompt-{own}")).ok()
    }

    /// The layout and colours for it.
    pub fn text_style(&self, color: Color) -> TextStyle {
        TextStyle::of(&self.output, color)
    }

    /// Writes sanitized text, unless this process is now in the background.
    pub fn write(&self, text: &str) {
        if is_in_foreground(&self.output) {
            // It fails only if the terminal has hung up, and then nobody reads it.
            let _ = (&self.output).write_all(without_tokens(text).as_bytes());
        }
    }

    /// Shows sanitized text and a question, and reads a line, which ends in a line feed if the user pressed Enter. Keys
    /// that were typed before the question do not count.
    ///
    /// Waits while this process is in the background. Asks again when it is back in the foreground, and whenever
    /// `has_resumed` is set because it was stopped and continued: keys typed in between were typed for a shell.
    ///
    /// # Errors
    /// The terminal has hung up.
    pub fn ask(&self, shown: &str, question: &str, has_resumed: &AtomicBool) -> io::Result<String> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        use rustix::io::Errno;

        let pause = Timespec::try_from(PAUSE).map_err(io::Error::other)?;
        let mut shown = Some(shown);
        // The keys since the question; `None` if the question is not on the screen.
        let mut typed: Option<Vec<u8>> = None;
        let mut chunk = [0; 4096];
        loop {
            if !is_controlling(&self.output) {
                return Err(io::ErrorKind::NotConnected.into());
            }
            if !is_in_foreground(&self.output) {
                typed = None;
                thread::sleep(PAUSE);
                continue;
            }
            if has_resumed.load(Ordering::SeqCst) {
                typed = None;
            }
            let Some(line) = &mut typed else {
                thread::sleep(PAUSE);
                if is_in_foreground(&self.output) {
                    has_resumed.store(false, Ordering::SeqCst);
                    self.write(shown.take().unwrap_or_default());
                    let _ = rustix::termios::tcflush(&self.input, rustix::termios::QueueSelector::IFlush);
                    self.write(question);
                    typed = Some(Vec::new());
                }
                continue;
            };
            // Reads only if there is input: if this process is stopped after the check for the foreground, and
            // continues in the background, a read would stop it again. If `poll` cannot tell (macOS), that may still
            // happen.
            let mut events = [PollFd::new(&self.input, PollFlags::IN)];
            if matches!(poll(&mut events, Some(&pause)), Ok(0) | Err(Errno::INTR)) || !is_in_foreground(&self.output) {
                continue;
            }
            match (&self.input).read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(count) => {
                    line.extend(chunk.iter().take(count));
                    if count == 0 || line.ends_with(b"\n") || line.len() >= LONGEST {
                        return Ok(self.end_line(line));
                    }
                }
            }
        }
    }

    fn end_line(&self, line: &[u8]) -> String {
        if !line.ends_with(b"\n") {
            // Ctrl-D sends what was typed, but does not end the line on the screen.
            self.write("\n");
        }
        String::from_utf8_lossy(line).into_owned()
    }
}

/// Whether this process is in the foreground of its controlling terminal.
pub fn is_in_foreground(terminal: impl AsFd) -> bool {
    groups(terminal).is_some_and(|(own, foreground)| own == foreground)
}

/// Whether this is the controlling terminal: the system reports the foreground group only for that one. rustix returns
/// `OPNOTSUPP` for a group outside this PID namespace.
fn is_controlling(stream: impl AsFd) -> bool {
    matches!(rustix::termios::tcgetpgrp(stream), Ok(_) | Err(rustix::io::Errno::OPNOTSUPP))
}

/// This process's group, and the foreground group of its controlling terminal.
fn groups(terminal: impl AsFd) -> Option<(i32, i32)> {
    // In a PID namespace, a group from outside is 0, which rustix's `getpgrp` does not accept.
    let stat = std::fs::read("/proc/self/stat").unwrap_or_default();
    if let Some((own, foreground)) = groups_in(&String::from_utf8_lossy(&stat))
        && (own == 0 || foreground > 0)
    {
        return Some((own, foreground));
    }
    // Not Linux, or an incomplete /proc. `tcgetpgrp` is first, because it fails in such a namespace.
    let foreground = rustix::termios::tcgetpgrp(terminal).ok()?;
    Some((rustix::process::getpgrp().as_raw_pid(), foreground.as_raw_pid()))
}

/// The same from Linux's `/proc/self/stat`. Its second field is the program's name in parentheses, cut after some byte.
/// Source: proc_pid_stat(5).
fn groups_in(stat: &str) -> Option<(i32, i32)> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(2);
    let own = fields.next()?.parse().ok()?;
    Some((own, fields.nth(2)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_are_found_after_any_program_name() {
        for (stat, expected) in [
            ("12 (intunectl) R 11 12 10 34816 13 4194304 1", Some((12, 13))),
            ("1 (a) b (c) 7 8) S 0 0 0 34816 0 4194304 1", Some((0, 0))),
            ("12 (intunectl) R 11 12 10 0 -1 4194304 1", Some((12, -1))),
            ("12 (intunectl) R 11 12 10", None),
            ("", None),
        ] {
            assert_eq!(groups_in(stat), expected, "{stat}");
        }
    }
}
