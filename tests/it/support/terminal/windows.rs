//! A Windows console.

use std::fs::File;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use unicode_width::UnicodeWidthStr as _;

use super::{Streams, Terminal};
use crate::support::Seen;
use crate::support::console::Console;
use crate::support::machine::until;
use crate::support::running::check;

/// The screen and the keyboard.
pub type System = Console;

/// The keys that end input: Ctrl-Z at the start of a line, and Enter.
pub const END_OF_INPUT: &str = "\u{1a}\n";
const CTRL_C: char = '\u{3}';

impl Terminal {
    pub(super) fn open(
        command: &Command,
        input: Option<&str>,
        output: Option<File>,
        streams: Streams,
        columns: u16,
    ) -> Self {
        let letters =
            [streams.stdin, streams.stdout, streams.stderr].map(|is_console| if is_console { 'c' } else { '-' });
        let or_piped = |is_console| if is_console { Stdio::null() } else { Stdio::piped() };
        let (system, mut running) = Console::open(command, &String::from_iter(letters), columns, |wrapped| {
            let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
            let stdout = output.map_or_else(|| or_piped(streams.stdout), Stdio::from);
            wrapped.stdin(stdin).stdout(stdout).stderr(or_piped(streams.stderr));
        });
        if let Some(input) = input {
            let (mut pipe, input) = (running.stdin(), input.to_owned());
            thread::spawn(move || pipe.write_all(input.as_bytes()));
        }
        Self { system, running, streams }
    }

    pub fn keys(&self, keys: impl AsRef<[u8]>) {
        let keys = String::from_utf8_lossy(keys.as_ref());
        for (n, keys) in keys.split(CTRL_C).enumerate() {
            if n > 0 {
                self.system.send("INT");
            }
            self.system.keys(keys);
        }
    }

    /// Types the keys that end input.
    pub fn end_input(&self) {
        self.keys(END_OF_INPUT);
    }

    /// Closes the console.
    pub fn terminate(&self) {
        self.system.send("TERM");
    }

    /// Sends the event that corresponds to a signal.
    pub fn send(&self, signal: &str) {
        self.system.send(signal);
    }

    /// Waits for this many occurrences on the terminal, and returns its content.
    pub fn wait_for_times(&self, part: &str, times: usize) -> String {
        let part = part.replace("\r\n", "\n");
        let look = || Some(self.screen()).filter(|screen| screen.matches(&part).count() >= times);
        until(look, || format!("{part:?} did not come {times} times: {}", self.screen()))
    }

    /// The content of the terminal.
    pub fn screen(&self) -> String {
        self.system.screen()
    }

    /// Whether this is on the terminal and coloured.
    pub fn is_coloured(&self, part: &str, _: &str) -> bool {
        let (screen, colours) = (self.screen(), self.system.colours());
        screen.lines().zip(colours.lines()).any(|(line, colours)| {
            let colours = line.find(part).and_then(|at| colours.get(line[..at].width()..)?.get(..part.width()));
            colours.is_some_and(|colours| colours.chars().all(|colour| colour == '#'))
        })
    }

    /// Whether nothing on the terminal is coloured, and no escape sequence is visible.
    pub fn is_plain(&self) -> bool {
        !self.system.colours().contains('#') && !self.screen().contains('\u{1b}')
    }

    /// Whether the program has enabled escape sequences on the console.
    pub fn understands_escapes(&self) -> bool {
        self.system.understands_escapes()
    }

    /// Like [`Terminal::end`], with the content of the terminal separately.
    pub fn end_with_screen(self) -> (Seen, String) {
        let (seen, screen, _) = self.end_with_colours();
        (seen, screen)
    }

    /// The same with the coloured parts of all rows in which each character takes one cell.
    pub fn end_with_colours(self) -> (Seen, String, Vec<String>) {
        let code = until(|| self.system.code(), || format!("the program does not end: {}", self.screen()));
        let (screen, colours) = (self.screen(), self.system.colours());
        check(&screen);
        // Closing the connection ends the console.
        drop(self.system);
        let coloured = screen.lines().zip(colours.lines()).flat_map(|(row, cells)| coloured(row, cells)).collect();
        (Seen { code: Some(code), ..self.running.end() }, screen, coloured)
    }
}

/// The coloured parts of a row.
fn coloured(row: &str, cells: &str) -> Vec<String> {
    if row.chars().count() != cells.len() {
        return Vec::new();
    }
    let only = |(c, cell)| if cell == '#' { c } else { '\0' };
    let row: String = row.chars().zip(cells.chars()).map(only).collect();
    row.split('\0').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
