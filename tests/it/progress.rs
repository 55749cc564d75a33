//! The progress line on a terminal: how far the run is, and for how long a server has paused it.

use std::fs::File;
use std::process::Command;
use std::time::Duration;

use crate::support::machine::until;
use crate::support::server::{Gate, Reply, Server};
use crate::support::terminal::{ALL, BUT_STDOUT, Streams, Terminal};
use crate::support::{Intunectl, Seen, disconnect, ids};

/// The columns that the line leaves free.
const FREE: usize = 3;

/// A run over `count` IDs with more options, for a terminal.
fn run(home: &Intunectl, server: &Server, count: usize, arguments: &[&str]) -> Command {
    home.file("ids", ids(count).join("\n"));
    let mut command = home.disconnect(server.root());
    command.args(["-y", "-f", "ids"]).args(arguments).env("TERM", "xterm");
    command
}

/// Starts a run on a terminal of this width, with its results in a file.
fn start(home: &Intunectl, command: &Command, columns: u16) -> Watched {
    Watched::new(Terminal::start_with_output(command, File::create(home.home().join("results")).unwrap(), columns))
}

/// Starts `partner list` on a terminal.
fn list(home: &Intunectl, server: &Server) -> Watched {
    Watched::new(Terminal::start(home.partner("list", server.root()).env("TERM", "xterm"), ALL, 80))
}

/// A terminal, and the states of the progress line on it in the order in which they were drawn. On Linux these are all
/// states. A console's screen shows only the current one.
struct Watched {
    terminal: Terminal,
    states: Vec<String>,
}

/// What was seen at the end.
struct Ended {
    states: Vec<String>,
    is_drawn: bool,
    /// All output to the terminal; of a console, what is left on its screen.
    text: String,
    /// The lines left on the screen.
    screen: Vec<String>,
    stdout: String,
    /// Empty if it is the terminal.
    stderr: String,
    code: Option<i32>,
}

impl Watched {
    fn new(terminal: Terminal) -> Self {
        Self { terminal, states: Vec::new() }
    }

    /// Waits until this is on the terminal.
    fn wait_for(&mut self, part: &str) {
        let text = self.terminal.wait_for(part);
        self.keep(&text);
    }

    fn keep(&mut self, text: &str) {
        if cfg!(windows) {
            self.states.extend(latest(text));
        } else {
            self.states = drawn(text);
        }
    }

    /// Waits until the time in the line changes. `time` returns `None` for a line without one: a console can be read
    /// while its line is being drawn.
    fn wait_for_change(&mut self, time: impl Fn(&str) -> Option<Duration>) {
        let before = self.states.last().and_then(|line| time(line));
        let text = until(
            || {
                let text = self.terminal.screen();
                let now = latest(&text).and_then(|line| time(&line));
                now.is_some_and(|now| Some(now) != before).then_some(text)
            },
            || format!("the line does not change from {before:?}"),
        );
        self.keep(&text);
    }

    /// Waits until this part is coloured.
    fn wait_for_colour(&self, part: &str, sequence: &str) {
        let is_coloured = || self.terminal.is_coloured(part, sequence).then_some(());
        until(is_coloured, || format!("{part} is not coloured: {}", self.terminal.screen()));
    }

    /// Waits for its end.
    fn end(mut self) -> Ended {
        // Only the line makes the console act on escape sequences, because nothing else is coloured.
        #[cfg(windows)]
        let is_drawn = self.terminal.understands_escapes();
        let (seen, text) = self.terminal.end_with_screen();
        #[cfg(unix)]
        let is_drawn = text.contains("\u{1b}[K");
        if cfg!(unix) {
            self.states = drawn(&text);
        }
        let Seen { stdout, stderr, code } = seen;
        Ended { states: self.states, is_drawn, screen: screen(&text), text, stdout, stderr, code }
    }
}

/// The latest state of the line in the output of a terminal, or on the screen of a console.
fn latest(text: &str) -> Option<String> {
    if cfg!(windows) { text.lines().last().map(str::to_owned) } else { drawn(text).pop() }
}

/// The lines that an output leaves on a terminal that is wide enough for it, without colours.
pub fn screen(stream: &str) -> Vec<String> {
    let (mut lines, mut line, mut column) = (Vec::new(), Vec::new(), 0);
    let mut chars = stream.chars();
    while let Some(c) = chars.next() {
        match c {
            '\r' => column = 0,
            '\n' => {
                lines.push(std::mem::take(&mut line).into_iter().collect());
                column = 0;
            }
            '\u{1b}' => {
                let sequence: String = chars.by_ref().take_while(|c| !c.is_ascii_alphabetic()).collect();
                // `K` erases the rest of the line. Colours have numbers.
                if sequence == "[" {
                    line.truncate(column);
                }
            }
            c => {
                line.splice(column..line.len().min(column + 1), [c]);
                column += 1;
            }
        }
    }
    lines.push(line.into_iter().collect());
    lines.retain(|line: &String| !line.is_empty());
    lines
}

/// Each state of the line, in the order in which they were drawn.
pub fn drawn(stream: &str) -> Vec<String> {
    let lines =
        stream.split('\r').filter_map(|part| part.split_once("\u{1b}[K")).map(|(line, _)| screen(line).concat());
    lines.filter(|line| !line.is_empty()).collect()
}

/// Answers the first requests immediately, and the rest when the gate is open.
fn in_two_parts(first: usize) -> (Server, Gate) {
    Server::gated(move |_, n| n >= first, |_, _| Reply::done())
}

#[test]
fn a_long_run_shows_its_progress_and_the_time_left_and_removes_the_line() {
    let (server, gate) = in_two_parts(250);
    let home = Intunectl::new();
    let mut watched = start(&home, &run(&home, &server, 300, &["--rate", "off"]), 80);
    watched.wait_for("  250/300  about ");
    watched.wait_for_colour("=============>", "\u{1b}[32m");
    gate.open();
    let ended = watched.end();
    let states = ended.states;
    assert!(states.iter().all(|line| line.len() <= 80 - FREE), "{states:?}");
    assert!(
        states.iter().any(|line| line.starts_with("=============>    250/300  about ") && line.ends_with("/s")),
        "{states:?}"
    );
    let shown = ended.screen;
    assert!(shown.len() == 1 && shown[0].starts_with("300 partners: 300 disconnected in "), "{shown:?}");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn results_messages_and_progress_do_not_mix_on_the_terminal() {
    let (server, gate) = Server::gated(
        |_, n| n >= 24,
        |request, n| if n < 24 && request.id().ends_with('7') { Reply::status(404) } else { Reply::done() },
    );
    let home = Intunectl::new();
    let mut watched = Watched::new(Terminal::start(&run(&home, &server, 25, &["-j", "1", "-v"]), ALL, 80));
    watched.wait_for("24/25  2 failed");
    gate.open();
    let Ended { screen: shown, code, .. } = watched.end();
    for (n, id) in (1..).zip(ids(25)) {
        let status = if n % 10 == 7 { "failed         404 " } else { "disconnected" };
        let result = format!("{id}  {status}");
        assert_eq!(shown.iter().filter(|line| line.starts_with(&result)).count(), 1, "{result}: {shown:?}");
        let url = format!("{}/v1.0/deviceManagement/remoteAssistancePartners/{id}/disconnect", server.root());
        let begins = format!("{id}: attempt 1: POST {url}");
        assert_eq!(shown.iter().filter(|line| **line == begins).count(), 1, "{begins}: {shown:?}");
    }
    assert!(!shown.iter().any(|line| line.contains("/25")), "{shown:?}");
    assert_eq!(code, Some(1));
}

#[test]
fn long_messages_are_wrapped_and_the_line_is_redrawn_below_them() {
    const ERROR: &str = r#"{"error":{"code":"ResourceNotFound","message":"this tenant has no such partner"}}"#;
    let (server, gate) = Server::gated(
        |_, n| n >= 11,
        |request, _| if request.id() == "p-0007" { Reply::status(404).body(ERROR) } else { Reply::done() },
    );
    let home = Intunectl::new();
    let mut watched = start(&home, &run(&home, &server, 12, &["-j", "1", "-o", "id", "--color", "never"]), 40);
    watched.wait_for("11/12  1 failed");
    gate.open();
    let Ended { states, screen: shown, code, .. } = watched.end();
    assert!(states.iter().any(|line| line.contains("11/12  1 failed")), "{states:?}");
    let error = [
        "error: p-0007: 404 ResourceNotFound:",
        "       this tenant has no such partner",
        "12 partners: 11 disconnected, 1",
    ];
    assert_eq!(shown[1..3], error[1..], "{shown:?}");
    assert_eq!((shown[0].as_str(), code), (error[0], Some(1)), "{shown:?}");
}

#[test]
fn a_pause_shows_its_server_and_counts_down() {
    let server = Server::start(|_, n| match n {
        2 => Reply::status(429).header("Retry-After", "300"),
        _ => Reply::done(),
    });
    let host = server.root().strip_prefix("http://").unwrap();
    let home = Intunectl::new();
    let mut watched = start(&home, &run(&home, &server, 20, &["-j", "1"]), 80);
    watched.wait_for("2/20  paused, 4m");
    watched.wait_for_colour("2/20  paused, ", "\u{1b}[35m");
    let told = format!(" left: {host} answered 429");
    let left = |line: &str| {
        let left = line.strip_prefix("2/20  paused, ")?.strip_suffix(&told)?;
        humantime::parse_duration(left).ok()
    };
    // Two states at least, whatever the first one was.
    watched.wait_for_change(left);
    watched.wait_for_change(left);
    watched.terminal.ctrl_c();
    let ended = watched.end();
    let left: Vec<_> = ended.states.iter().filter_map(|line| left(line)).collect();
    assert!(left.is_sorted_by(|earlier, later| earlier >= later), "{left:?}");
    assert!(left[0] <= Duration::from_secs(300) && left[left.len() - 1] < left[0], "{left:?}");
    let shown = ended.screen;
    assert!(!shown.iter().any(|line| line.contains("paused, ")), "{shown:?}");
    assert_eq!((shown[0].as_str(), ended.code), ("error: interrupted", Some(130)));
}

#[test]
fn on_a_narrow_terminal_a_pause_shows_its_time_and_status() {
    let server = Server::always(|| Reply::status(503).header("Retry-After", "300"));
    // The narrower of the two counts: a line that wraps could not be redrawn in place.
    for (columns, variable, narrower) in [(40, None, 40), (80, Some("40"), 40), (38, Some("200"), 38)] {
        let home = Intunectl::new();
        let mut command = run(&home, &server, 500, &["--color", "never"]);
        command.envs(variable.map(|columns| ("COLUMNS", columns)));
        let mut watched = start(&home, &command, columns);
        watched.wait_for("paused, 4m");
        watched.terminal.ctrl_c();
        let states = watched.end().states;
        assert!(states.iter().all(|line| line.len() <= narrower - FREE), "{columns} {variable:?}: {states:?}");
        let with_status =
            states.iter().any(|line| line.starts_with("0/500  paused, 4m") && line.ends_with(" left (503)"));
        assert!(with_status, "{columns} {variable:?}: {states:?}");
    }
}

#[test]
fn a_wait_for_the_rate_limit_shows_when_the_run_continues_and_counts_down() {
    for columns in [80, 40] {
        let server = Server::always(Reply::done);
        let home = Intunectl::new();
        let mut watched = start(&home, &run(&home, &server, 20, &["-j", "1", "--rate", "2/300s"]), columns);
        watched.wait_for("2/20  rate limit: continues in 4m");
        let left = |line: &str| {
            let (_, left) = line.split_once("2/20  rate limit: continues in ")?;
            humantime::parse_duration(left.split("  ").next()?).ok()
        };
        watched.wait_for_change(left);
        watched.wait_for_change(left);
        watched.terminal.ctrl_c();
        let Ended { states, screen: shown, code, .. } = watched.end();
        let left: Vec<_> = states.iter().filter_map(|line| left(line)).collect();
        assert!(left.is_sorted_by(|earlier, later| earlier >= later), "{states:?}");
        assert!(left[0] <= Duration::from_secs(300) && left[left.len() - 1] < left[0], "{states:?}");
        assert!(states.iter().all(|line| line.len() <= usize::from(columns) - FREE), "{states:?}");
        assert!(!states.iter().any(|line| line.contains("paused")), "{states:?}");
        assert!(!shown.iter().any(|line| line.contains("rate limit")), "{shown:?}");
        assert_eq!((shown[0].as_str(), code), ("error: interrupted", Some(130)));
    }
}

#[test]
#[cfg(unix)]
fn a_short_wait_for_the_rate_limit_is_not_shown() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let watched = start(&home, &run(&home, &server, 4, &["-j", "1", "--rate", "1/500ms"]), 80);
    let Ended { states, code, .. } = watched.end();
    assert!(!states.is_empty() && !states.iter().any(|line| line.contains("rate limit")), "{states:?}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_pause_without_retry_after_says_so() {
    let server = Server::always(|| Reply::status(429));
    let home = Intunectl::new();
    let mut watched = start(&home, &run(&home, &server, 20, &["-j", "1", "--retries", "1000"]), 80);
    watched.wait_for(" answered 429 without Retry-After");
    watched.terminal.ctrl_c();
    assert_eq!(watched.end().code, Some(130));
}

#[test]
fn there_is_no_line_if_it_is_unwanted_or_cannot_be_redrawn() {
    let [quiet, dumb, none] = ["-q", "TERM=dumb", "no TERM"];
    let table = [
        ("", ALL, true),
        (quiet, ALL, false),
        (dumb, ALL, false),
        // A console needs no such variable.
        (none, ALL, cfg!(windows)),
        ("", Streams { stderr: false, ..ALL }, false),
        // The reader of a pipe may write to the same terminal.
        ("", BUT_STDOUT, false),
    ];
    for (how, streams, is_shown) in table {
        let (server, gate) = in_two_parts(19);
        let home = Intunectl::new();
        let mut command = run(&home, &server, 20, &["-j", "1", "--color", "never"]);
        match how {
            "TERM=dumb" => command.env("TERM", "dumb"),
            "no TERM" => command.env_remove("TERM"),
            "-q" => command.arg(how),
            _ => &mut command,
        };
        let mut watched = Watched::new(Terminal::start(&command, streams, 80));
        // The line is redrawn after each result.
        match (is_shown, streams.stdout) {
            (true, _) => watched.wait_for("  19/20"),
            (false, true) => watched.wait_for("p-0019"),
            (false, false) => watched.terminal.wait_for_stdout("p-0019"),
        }
        gate.open();
        let ended = watched.end();
        let (states, text) = (ended.states, ended.text);
        assert_eq!(ended.is_drawn, is_shown, "{how} {streams:?}: {text}");
        assert_eq!(states.iter().any(|line| line.contains("/20")), is_shown, "{how} {streams:?}: {states:?} {text}");
        assert!(is_shown || !text.contains("/20"), "{how} {streams:?}: {text}");
        if !streams.stderr {
            let stderr = &ended.stderr;
            assert!(!stderr.contains("/20") && !stderr.contains('\u{1b}'), "{how} {streams:?}: {stderr:?}");
        }
        let results = ended.screen.iter().map(String::as_str).chain(ended.stdout.lines());
        assert_eq!(results.filter(|line| line.starts_with("p-00")).count(), 20, "{how} {streams:?}");
    }
}

#[test]
fn a_run_with_one_id_has_no_line() {
    let server = Server::always(|| Reply::status(429).header("Retry-After", "0.3"));
    let home = Intunectl::new();
    let command = run(&home, &server, 1, &["--retries", "1", "--color", "never"]);
    let mut watched = Watched::new(Terminal::start(&command, ALL, 80));
    watched.wait_for("failed");
    let ended = watched.end();
    assert!(!ended.is_drawn && ended.code == Some(1), "{}", ended.text);
}

#[test]
fn a_slow_list_shows_that_it_is_reading() {
    let page = r#"{"value":[{"id":"p-1","displayName":"Contoso"}]}"#;
    let (server, gate) = Server::gated(|_, _| true, move |_, _| Reply::status(200).body(page));
    let home = Intunectl::new();
    let mut watched = list(&home, &server);
    watched.wait_for("reading the partners: ");
    gate.open();
    let Ended { screen: shown, code, .. } = watched.end();
    assert!(shown[0].starts_with("ID ") && shown[1].starts_with("p-1 "), "{shown:?}");
    assert_eq!((shown.len(), code), (2, Some(0)));
}

#[test]
fn a_paused_list_shows_its_server() {
    let server = Server::always(|| Reply::status(429).header("Retry-After", "300"));
    let host = server.root().strip_prefix("http://").unwrap();
    let home = Intunectl::new();
    let mut watched = list(&home, &server);
    watched.wait_for(&format!(" left: {host} answered 429"));
    watched.terminal.ctrl_c();
    let ended = watched.end();
    assert_eq!((ended.screen, ended.code), (vec!["error: interrupted".to_owned()], Some(130)));
}

#[test]
fn verbose_reports_each_pause_once() {
    let server = Server::start(|_, n| match n {
        0 => Reply::status(429).header("Retry-After", "0.5"),
        1 => Reply::status(429),
        _ => Reply::done(),
    });
    let host = server.root().strip_prefix("http://").unwrap();
    let arguments: Vec<_> = ids(20).into_iter().chain(["-j1", "-v"].map(str::to_owned)).collect();
    let seen = disconnect(server.root(), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let held: Vec<_> = seen.stderr.lines().filter(|line| line.contains("all requests are paused")).collect();
    let begins = format!("p-0001: {host} answered 429: all requests are paused for ");
    assert_eq!(held.len(), 2, "{held:?}");
    assert_eq!(held[0], format!("{begins}0.5 s (Retry-After)"));
    assert!(held[1].starts_with(&begins) && held[1].ends_with(" s (no Retry-After)"), "{held:?}");
    assert_eq!(seen.code, Some(0));
}
