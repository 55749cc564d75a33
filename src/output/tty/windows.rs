//! The Windows console. It has no background, and stops no process.

use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crossterm_winapi::{Console, Handle};
use winapi_util::HandleRef;

use crate::error::Error;
use crate::output::style::Color;
use crate::output::terminal::TextStyle;
use crate::text::sanitize::without_tokens;

/// How long to wait after a line was read: Ctrl-C ends it too, and its event comes a little later.
pub const PAUSE: Duration = Duration::from_millis(50);
/// Longer than any prompt of another process lasts.
const LONGEST_QUESTION: Duration = Duration::from_secs(15 * 60);
/// Ctrl-C is a signal, Enter ends a line, and keys are echoed. Source: Microsoft, "SetConsoleMode".
const INPUT_BY_LINE: u32 = 0x1 | 0x2 | 0x4;
/// Input after this many bytes is ignored.
const LONGEST: u64 = 4096;

/// The console.
pub struct Tty {
    /// Its input, by line.
    lines: File,
    /// Its input, by key.
    keys: Console,
    /// Its output, as characters. The console would decode bytes that are written to `screen` with its code page.
    output: Console,
    screen: File,
}

impl Tty {
    /// Opens it if a standard stream leads to it. (A service may have a console that no stream leads to and nobody
    /// sees.)
    ///
    /// # Errors
    /// There is a terminal, but it cannot show the prompt: it is not a console (Git Bash's is not), or the console
    /// cannot be opened.
    pub fn open() -> Result<Option<Self>, Error> {
        let unasked = || {
            Error::usage("this terminal cannot show the confirmation prompt; nothing was sent")
                .hint("use PowerShell or cmd, or skip the prompt with -y")
        };
        if [HandleRef::stdin(), HandleRef::stdout(), HandleRef::stderr()].into_iter().any(is_console) {
            return Self::open_console().map(Some).map_err(|_| unasked());
        }
        let is_at_terminal = io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal();
        if is_at_terminal { Err(unasked()) } else { Ok(None) }
    }

    fn open_console() -> io::Result<Self> {
        let open = |name| File::options().read(true).write(true).open(name);
        Ok(Self {
            lines: open("CONIN$")?,
            keys: Handle::current_in_handle()?.into(),
            output: Handle::current_out_handle()?.into(),
            screen: open("CONOUT$")?,
        })
    }

    /// Whether standard error leads to the console.
    pub fn is_stderr(&self) -> bool {
        is_console(HandleRef::stderr())
    }

    /// Waits until no other process prompts, and makes others wait until the lock is dropped. Blocks the thread.
    ///
    /// All consoles of a user share one lock: without unsafe code, two processes cannot find out whether they share a
    /// console. `None` if there is no directory for the lock: two prompts at once are better than none.
    pub fn turn(&self) -> Option<File> {
        let lock = |deadline| crate::lock::acquire("intunectl-prompt", deadline).ok();
        if let Some(lock) = lock(Instant::now())? {
            return Some(lock);
        }
        self.write("waiting for the answer to another intunectl prompt\n");
        lock(Instant::now() + LONGEST_QUESTION)?
    }

    /// The layout and colours for it.
    pub fn text_style(&self, color: Color) -> TextStyle {
        TextStyle::of(&self.screen, color)
    }

    /// Writes sanitized text.
    pub fn write(&self, text: &str) {
        // It fails only if the console was closed, and then nobody reads it.
        let _ = self.output.write_char_buffer(without_tokens(text).as_bytes());
    }

    /// Shows sanitized text and a question, and reads a line, which ends in a line feed if the user pressed Enter. Keys
    /// that were typed before the question do not count.
    ///
    /// # Errors
    /// The console was closed.
    pub fn ask(&self, shown: &str, question: &str, _has_resumed: &AtomicBool) -> io::Result<String> {
        self.write(shown);
        // Another program may have changed it.
        let mode = winapi_util::console::mode(&self.lines)?;
        winapi_util::console::set_mode(&self.lines, mode | INPUT_BY_LINE)?;
        self.keys.read_console_input()?;
        self.write(question);
        let mut line = Vec::new();
        io::BufReader::new(&self.lines).take(LONGEST).read_until(b'\n', &mut line)?;
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

fn is_console(stream: HandleRef) -> bool {
    winapi_util::console::mode(stream).is_ok()
}
