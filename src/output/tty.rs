//! The controlling terminal: where a person is asked, wherever the standard streams lead. Nothing else reads or writes
//! there.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::thread;
use std::time::Duration;

use super::console::Color;
use super::terminal::Shape;
use crate::clean::without_tokens;

/// How often to look whether this process is in the foreground again.
const PAUSE: Duration = Duration::from_millis(100);
/// No line that is typed is longer: a terminal holds no more of one. Source: Linux's `N_TTY_BUF_SIZE`.
const LONGEST: u64 = 4096;

/// The controlling terminal.
pub struct Tty {
    input: File,
    output: File,
}

impl Tty {
    /// Opens it, if a person can answer there: this process is in its foreground.
    ///
    /// From the background, to read stops a process (SIGTTIN), to discard input does (SIGTTOU), and so may writing
    /// (`stty tostop`). To open the terminal and to ask for its foreground group never does. Source: POSIX, "General
    /// Terminal Interface".
    #[cfg(unix)]
    pub fn open() -> Option<Self> {
        let input = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let output = input.try_clone().ok()?;
        Some(Self { input, output }).filter(Self::is_in_foreground)
    }

    /// Opens the console, if a person sees it: a standard stream is one. (A service may have a console that nobody
    /// sees.) A console has no background.
    #[cfg(windows)]
    pub fn open() -> Option<Self> {
        use std::io::IsTerminal as _;

        if !(io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()) {
            return None;
        }
        let open = |name| File::options().read(true).write(true).open(name).ok();
        let tty = Self { input: open("CONIN$")?, output: open("CONOUT$")? };
        // Makes the console understand colours.
        let _ = anstream::AutoStream::always_ansi(tty.output.try_clone().ok()?);
        Some(tty)
    }

    #[cfg(unix)]
    fn is_in_foreground(&self) -> bool {
        rustix::termios::tcgetpgrp(&self.input) == Ok(rustix::process::getpgrp())
    }

    #[cfg(windows)]
    fn is_in_foreground(&self) -> bool {
        true
    }

    /// Whether standard error leads here.
    pub fn is_stderr(&self) -> bool {
        // The system answers this for the controlling terminal alone.
        #[cfg(unix)]
        return rustix::termios::tcgetpgrp(io::stderr()).is_ok();
        #[cfg(windows)]
        return io::IsTerminal::is_terminal(&io::stderr());
    }

    /// Waits until nobody else asks at this terminal, and has others wait until what is returned is dropped. Without a
    /// directory for the lock there is none: two questions at once are better than none. Blocks the thread.
    ///
    /// The lock goes by the process group: all who can ask at a terminal at a time are of its foreground group, and a
    /// job that was stopped at its question is not to hold up the next one.
    #[cfg(unix)]
    pub fn turn(&self) -> Option<crate::lock::Passing> {
        crate::lock::acquire_passing(&format!("intunectl-prompt-{}", rustix::process::getpgrp())).ok()
    }

    /// Two processes cannot find out here whether they share a console, at least not without unsafe code.
    #[cfg(windows)]
    pub fn turn(&self) {}

    /// What suits it.
    pub fn shape(&self, color: Color) -> Shape {
        Shape::of(&self.output, color)
    }

    /// Writes cleaned text, unless this process is in the background by now.
    pub fn write(&self, text: &str) {
        if self.is_in_foreground() {
            // Of a terminal that has hung up nobody reads.
            let _ = self.write_all(&without_tokens(text));
        }
    }

    #[cfg(unix)]
    fn write_all(&self, text: &str) -> io::Result<()> {
        (&self.output).write_all(text.as_bytes())
    }

    /// What is written to the file itself, the console takes for text in its own code page. The standard library knows
    /// better for standard error and standard output.
    #[cfg(windows)]
    fn write_all(&self, text: &str) -> io::Result<()> {
        use std::io::IsTerminal as _;

        if io::stderr().is_terminal() {
            return io::stderr().write_all(text.as_bytes());
        }
        if io::stdout().is_terminal() {
            return io::stdout().write_all(text.as_bytes());
        }
        let text = text.replace('…', "...");
        (&self.output).write_all(text.replace(|c: char| !c.is_ascii(), "?").as_bytes())
    }

    /// Shows cleaned text and then a question, and reads a line; it ends in a line feed if it was typed to its end. Keys
    /// that were typed before the question do not count. Waits while this process is in the background: somebody has put
    /// it there since the terminal was opened.
    ///
    /// # Errors
    /// The terminal has hung up.
    pub fn ask(&self, shown: &str, question: &str) -> io::Result<String> {
        while !self.is_in_foreground() {
            thread::sleep(PAUSE);
        }
        self.write(shown);
        self.discard_input();
        self.write(question);
        let mut line = Vec::new();
        BufReader::new(&self.input).take(LONGEST).read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            // Ctrl-D ends what was typed, but not the line on the screen.
            self.write("\n");
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    #[cfg(unix)]
    fn discard_input(&self) {
        let _ = rustix::termios::tcflush(&self.input, rustix::termios::QueueSelector::IFlush);
    }

    /// Not done here: FlushConsoleInputBuffer cannot be called without unsafe code, and no dependency of ours wraps it.
    #[cfg(windows)]
    fn discard_input(&self) {}
}
