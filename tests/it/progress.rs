//! The progress line, as a terminal gets it: how far a run is, and who holds it back for how long.

use std::io::Write as _;
use std::time::Duration;

use crate::support::running::Running;
use crate::support::server::{Gate, Reply, Server};
use crate::support::shell::start_at_terminal;
use crate::support::{Intunectl, disconnect, ids};

/// The columns that a line leaves free.
const FREE: usize = 3;

/// A shell's script that finds `intunectl` and a root to speak to, on a terminal 80 columns wide.
fn terminal(home: &Intunectl, root: &str, script: &str) -> Running {
    let mut command = home.disconnect(root);
    command.env("TERM", "xterm").env("INTUNECTL_GRAPH_URL", root);
    start_at_terminal(&command, &format!("stty rows 24 cols 80; {script}"))
}

/// A run over so many IDs, with more options, on a terminal.
fn run(home: &Intunectl, server: &Server, count: usize, script: &str) -> Running {
    home.file("ids", ids(count).join("\n"));
    terminal(home, server.root(), &script.replace("RUN", "intunectl partner disconnect -y -f ids"))
}

/// What is left of a stream on the screen of a terminal that is wide enough for it, without its colours.
fn screen(stream: &str) -> Vec<String> {
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
                // To erase what is behind; colours have numbers.
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
fn drawn(stream: &str) -> Vec<String> {
    let lines =
        stream.split('\r').filter_map(|part| part.split_once("\u{1b}[K")).map(|(line, _)| screen(line).concat());
    lines.filter(|line| !line.is_empty()).collect()
}

/// Answers so many, and the rest once the gate is open.
fn in_two_parts(first: usize) -> (Server, Gate) {
    Server::gated(move |_, n| n >= first, |_, _| Reply::done())
}

#[test]
fn a_long_run_shows_how_far_it_is_and_how_long_it_will_take_and_leaves_nothing_behind() {
    let (server, gate) = in_two_parts(250);
    let home = Intunectl::new();
    let running = run(&home, &server, 300, "RUN --rate off >results");
    running.wait_for_stdout("  250/300  about ");
    gate.open();
    let seen = running.end();
    let lines = drawn(&seen.stdout);
    assert!(lines.iter().all(|line| line.len() <= 80 - FREE), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("=============>    250/300  about ") && line.ends_with("/s")),
        "{lines:?}"
    );
    assert!(seen.stdout.contains("\u{1b}[32m=============>"), "{}", seen.stdout);
    let shown = screen(&seen.stdout);
    assert!(shown.len() == 1 && shown[0].starts_with("300 partners: 300 disconnected in "), "{shown:?}");
    assert_eq!(seen.code, Some(0));
}

#[test]
fn results_messages_and_progress_share_the_terminal() {
    let (server, gate) = Server::gated(
        |_, n| n >= 24,
        |request, n| if n < 24 && request.id().ends_with('7') { Reply::status(404) } else { Reply::done() },
    );
    let home = Intunectl::new();
    let running = run(&home, &server, 25, "RUN -j 1 -v");
    running.wait_for_stdout("24/25  2 failed");
    gate.open();
    let seen = running.end();
    let shown = screen(&seen.stdout);
    for (n, id) in (1..).zip(ids(25)) {
        let status = if n % 10 == 7 { "failed         404 " } else { "disconnected" };
        let result = format!("{id}  {status}");
        assert_eq!(shown.iter().filter(|line| line.starts_with(&result)).count(), 1, "{result}: {shown:?}");
        let url = format!("{}/v1.0/deviceManagement/remoteAssistancePartners/{id}/disconnect", server.root());
        let begins = format!("{id}: attempt 1: POST {url}");
        assert_eq!(shown.iter().filter(|line| **line == begins).count(), 1, "{begins}: {shown:?}");
    }
    assert!(!shown.iter().any(|line| line.contains("/25")), "{shown:?}");
    assert_eq!(seen.code, Some(1));
}

#[test]
fn a_hold_shows_who_asked_for_it_and_counts_down() {
    let server = Server::start(|_, n| match n {
        2 => Reply::status(429).header("Retry-After", "300"),
        _ => Reply::done(),
    });
    let host = server.root().strip_prefix("http://").unwrap();
    let home = Intunectl::new();
    let mut running = run(&home, &server, 20, "RUN -j 1 >results");
    running.wait_for_stdout("2/20  held for 4m");
    running.stdin().write_all(b"\x03").unwrap();
    let seen = running.end();
    let lines = drawn(&seen.stdout);
    let left = lines.iter().filter_map(|line| {
        let (left, who) = line.strip_prefix("2/20  held for ")?.split_once(" more: ")?;
        assert_eq!(who, format!("{host} answered 429"));
        Some(humantime::parse_duration(left).unwrap())
    });
    let left: Vec<_> = left.collect();
    assert!(left.is_sorted_by(|earlier, later| earlier >= later), "{left:?}");
    assert!(left[0] <= Duration::from_secs(300) && left[left.len() - 1] < Duration::from_secs(300), "{left:?}");
    // Yellow.
    assert!(seen.stdout.contains("\u{1b}[35m2/20  held for "), "{}", seen.stdout);
    let shown = screen(&seen.stdout);
    assert!(!shown.iter().any(|line| line.contains("held for")), "{shown:?}");
    assert_eq!((shown[0].as_str(), seen.code), ("error: interrupted", Some(130)));
}

#[test]
fn on_a_narrow_terminal_the_hold_and_its_time_are_left() {
    let server = Server::always(|| Reply::status(503).header("Retry-After", "300"));
    // Whichever is narrower: a line that wraps could not be drawn over.
    for (narrow, columns) in [("stty cols 40", 40), ("export COLUMNS=40", 40), ("stty cols 36; export COLUMNS=200", 36)]
    {
        let home = Intunectl::new();
        let mut running = run(&home, &server, 500, &format!("{narrow}; RUN --color never >results"));
        running.wait_for_stdout("held for 4m");
        running.stdin().write_all(b"\x03").unwrap();
        let seen = running.end();
        let lines = drawn(&seen.stdout);
        assert!(lines.iter().all(|line| line.len() <= columns - FREE), "{narrow}: {lines:?}");
        let with_status =
            lines.iter().any(|line| line.starts_with("0/500  held for 4m") && line.ends_with(" more (503)"));
        assert!(with_status, "{narrow}: {lines:?}");
    }
}

#[test]
fn a_hold_for_which_no_time_is_named_says_so() {
    let server = Server::always(|| Reply::status(429));
    let home = Intunectl::new();
    let mut running = run(&home, &server, 20, "RUN -j 1 --retries 1000 >results");
    running.wait_for_stdout(" answered 429 without a time");
    running.stdin().write_all(b"\x03").unwrap();
    assert_eq!(running.end().code, Some(130));
}

#[test]
fn there_is_none_where_it_is_not_wanted_or_cannot_be_drawn_over() {
    let table = [
        ("RUN", true),
        ("RUN -q", false),
        ("TERM=dumb RUN", false),
        ("unset TERM; RUN", false),
        ("{ RUN 2>&1 >&3 | cat; } 3>&1", false),
        ("RUN 2>errors", false),
        // What stands behind a pipe may write to the same terminal.
        ("RUN | cat", false),
    ];
    for (script, is_shown) in table {
        let (server, gate) = in_two_parts(19);
        let home = Intunectl::new();
        let running = run(&home, &server, 20, &script.replace("RUN", "RUN -j 1"));
        // Each result that is shown has the line drawn again behind it.
        running.wait_for_stdout(if is_shown { "  19/20" } else { "p-0019" });
        gate.open();
        let seen = running.end();
        assert_eq!(!drawn(&seen.stdout).is_empty(), is_shown, "{script}: {}", seen.stdout);
        assert_eq!(seen.stdout.contains("/20"), is_shown, "{script}: {}", seen.stdout);
        assert_eq!(seen.stdout.matches("\u{1b}[K").count() > 0, is_shown, "{script}: {}", seen.stdout);
        assert_eq!(screen(&seen.stdout).iter().filter(|line| line.starts_with("p-00")).count(), 20, "{script}");
    }
}

#[test]
fn one_id_has_none() {
    let server = Server::always(|| Reply::status(429).header("Retry-After", "0.3"));
    let home = Intunectl::new();
    let seen = run(&home, &server, 1, "RUN --retries 1").end();
    assert!(!seen.stdout.contains("\u{1b}[K") && seen.code == Some(1), "{}", seen.stdout);
}

#[test]
fn a_list_that_takes_long_says_that_it_is_being_read() {
    let page = r#"{"value":[{"id":"p-1","displayName":"Contoso"}]}"#;
    let (server, gate) = Server::gated(|_, _| true, move |_, _| Reply::status(200).body(page));
    let home = Intunectl::new();
    let running = terminal(&home, server.root(), "intunectl partner list");
    running.wait_for_stdout("reading the partners: ");
    gate.open();
    let seen = running.end();
    let shown = screen(&seen.stdout);
    assert!(shown[0].starts_with("ID ") && shown[1].starts_with("p-1 "), "{shown:?}");
    assert_eq!((shown.len(), seen.code), (2, Some(0)));
}

#[test]
fn a_list_that_is_held_back_says_by_whom() {
    let server = Server::always(|| Reply::status(429).header("Retry-After", "300"));
    let host = server.root().strip_prefix("http://").unwrap();
    let home = Intunectl::new();
    let mut running = terminal(&home, server.root(), "intunectl partner list");
    running.wait_for_stdout(&format!(" more: {host} answered 429"));
    running.stdin().write_all(b"\x03").unwrap();
    let seen = running.end();
    assert_eq!((screen(&seen.stdout), seen.code), (vec!["error: interrupted".to_owned()], Some(130)));
}

#[test]
fn verbose_says_once_for_each_answer_that_it_holds_everybody_back() {
    let server = Server::start(|_, n| match n {
        0 => Reply::status(429).header("Retry-After", "0.5"),
        1 => Reply::status(429),
        _ => Reply::done(),
    });
    let host = server.root().strip_prefix("http://").unwrap();
    let arguments: Vec<_> = ids(20).into_iter().chain(["-j1", "-v"].map(str::to_owned)).collect();
    let seen = disconnect(server.root(), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let held: Vec<_> = seen.stderr.lines().filter(|line| line.contains("nothing is sent")).collect();
    let begins = format!("p-0001: {host} answered 429: nothing is sent for ");
    assert_eq!(held.len(), 2, "{held:?}");
    assert_eq!(held[0], format!("{begins}0.5 s, as it asks"));
    assert!(held[1].starts_with(&begins) && held[1].ends_with(" s, it names no time"), "{held:?}");
    assert_eq!(seen.code, Some(0));
}
