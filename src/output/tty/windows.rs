//! The console of Windows. It has no background, and stops no process.

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

/// How long to wait with a line that was read: Ctrl-C ends it too, and is heard a little later.
pub const PAUSE: Duration = Duration::from_millis(50);
/// Another question is answered, or given up, in less.
const LONGEST_QUESTION: Duration = Duration::from_secs(15 * 60);
/// Ctrl-C is a signal, Enter ends a line, and what is typed is shown. Source: Microsoft, "SetConsoleMode".
const INPUT_BY_LINE: u32 = 0x1 | 0x2 | 0x4;
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
    /// Opens it, if a standard stream is one. (A service may have a console that no stream leads to, and nobody sees.)
    ///
    /// # Errors
    /// Somebody is at a terminal, but cannot be asked there: it is no console (the one of Git Bash is none), or the console
    /// cannot be opened.
    pub fn open() -> Result<Option<Self>, Error> {
        let unasked = || {
            Error::usage("intunectl cannot ask you in this terminal; nothing was sent")
                .hint("use PowerShell or cmd; or give -y, and you are not asked")
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

    /// Whether standard error leads here.
    pub fn is_stderr(&self) -> bool {
        is_console(HandleRef::stderr())
    }

    /// Waits until nobody else asks, and has others wait until what is returned is dropped. Blocks the thread.
    ///
    /// The lock is one for all consoles of a user: without unsafe code, two processes cannot find out whether they share
    /// one. Without a directory for it there is none: two questions at once are better than none.
    pub fn turn(&self) -> Option<File> {
        let lock = |deadline| crate::lock::acquire("intunectl-prompt", deadline).ok();
        if let Some(lock) = lock(Instant::now())? {
            return Some(lock);
        }
        self.write("waiting for the answer to another question of intunectl\n");
        lock(Instant::now() + LONGEST_QUESTION)?
    }

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
        // The program before may have left it otherwise.
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
