//! The console of Windows. It has no background, and stops no process.

use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crossterm_winapi::{Console, Handle};
use winapi_util::HandleRef;

use crate::output::style::Color;
use crate::output::terminal::TextStyle;
use crate::text::sanitize::without_tokens;

/// Ctrl-C ends the line that is being read. By then it has been heard, and the line does not count.
pub const PAUSE: Duration = Duration::from_millis(50);
/// What is typed behind so much does not count.
const LONGEST: u64 = 4096;

/// The console.
pub struct Tty {
    /// Its input, by line.
    lines: File,
    /// Its input, by key.
    keys: Console,
    /// Its output as characters. What is written to `screen`, the console decodes with its code page.
    output: Console,
    screen: File,
}

impl Tty {
    /// Opens it, if a person sees it: a standard stream is one. (A service may have a console that nobody sees.)
    pub fn open() -> Option<Self> {
        if !is_at_console() {
            return None;
        }
        let open = |name| File::options().read(true).write(true).open(name).ok();
        Some(Self {
            lines: open("CONIN$")?,
            keys: Handle::current_in_handle().ok()?.into(),
            output: Handle::current_out_handle().ok()?.into(),
            screen: open("CONOUT$")?,
        })
    }

    /// Whether somebody is at a terminal that is no console (the one of Git Bash is none), where they cannot be asked.
    pub fn is_out_of_reach() -> bool {
        let is_at_terminal = io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal();
        is_at_terminal && !is_at_console()
    }

    /// Whether standard error leads here.
    pub fn is_stderr(&self) -> bool {
        is_console(HandleRef::stderr())
    }

    /// Two processes cannot find out here whether they share a console, at least not without unsafe code.
    pub fn turn(&self) {}

    /// What suits it.
    pub fn text_style(&self, color: Color) -> TextStyle {
        TextStyle::of(&self.screen, color)
    }

    /// Writes cleaned text.
    pub fn write(&self, text: &str) {
        // Of a console that was closed nobody reads.
        let _ = self.output.write_char_buffer(without_tokens(text).as_bytes());
    }

    /// Shows cleaned text and then a question, and reads a line; it ends in a line feed if it was typed to its end. Keys
    /// that were typed before the question do not count.
    ///
    /// # Errors
    /// The console was closed.
    pub fn ask(&self, shown: &str, question: &str, _has_resumed: &AtomicBool) -> io::Result<String> {
        self.write(shown);
        self.keys.read_console_input()?;
        self.write(question);
        let mut line = Vec::new();
        io::BufReader::new(&self.lines).take(LONGEST).read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            // Ctrl-Z ends what was typed, but not the line on the screen.
            self.write("\n");
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

fn is_at_console() -> bool {
    [HandleRef::stdin(), HandleRef::stdout(), HandleRef::stderr()].into_iter().any(is_console)
}

fn is_console(stream: HandleRef) -> bool {
    winapi_util::console::mode(stream).is_ok()
}
