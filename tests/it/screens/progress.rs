//! The progress line, and what `-v` and `-vv` print.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::process::Command;

use super::Screens;
use crate::progress::{drawn, screen};
use crate::support::machine::until;
use crate::support::server::{Gate, Reply, Server};
use crate::support::terminal::{ALL, Terminal};
use crate::support::{TOKEN, run};

const WIDTHS: [u16; 2] = [80, 40];
const RUN: &str = "intunectl partner disconnect -y -f ids.txt >results.txt";

#[test]
fn progress() {
    let mut screens = Screens::new("13-progress");
    screens.set("TERM", "xterm");
    screens.set("INTUNECTL_TOKEN", TOKEN);
    for columns in WIDTHS {
        a_run(&mut screens, columns);
    }
    for columns in WIDTHS {
        let server = Server::always(|| Reply::status(429).header("Retry-After", "300"));
        write_ids(&screens, 20);
        screens.heading(&format!("Graph asks the run to wait, at {columns} columns"));
        watch(&mut screens, &server, RUN, columns, "paused, ");
    }
    screens.heading("Graph throttles the run, but does not say for how long");
    watch(&mut screens, &Server::always(|| Reply::status(429)), RUN, 80, " without Retry-After");
    for columns in WIDTHS {
        screens.heading(&format!("The rate limit holds the run back, at {columns} columns"));
        waiting_for_the_rate_limit(&mut screens, columns);
    }
    waiting_until_visible(&mut screens);
    reading(&mut screens);
    verbose(&mut screens);
    screens.check();
}

/// The line of a run from its start to its end, with a Ctrl-C in between.
fn a_run(screens: &mut Screens, columns: u16) {
    let [first, rest] = [Gate::default(), Gate::default()];
    let gates = [first.clone(), rest.clone()];
    let server = Server::start(move |_, n| {
        gates[usize::from(n >= 90)].pass();
        if n % 8 == 0 { Reply::not_found() } else { Reply::done() }
    });
    write_ids(screens, 120);
    screens.serve(&server);
    let terminal = start(screens, RUN, columns);
    terminal.wait_for(" 0/120");
    first.open();
    terminal.wait_for("90/120  12 failed  about ");
    // All that may be in flight at once.
    server.wait_for(98);
    terminal.ctrl_c();
    terminal.wait_for("  stopping");
    terminal.wait_for("nterrupt");
    rest.open();
    let (seen, stream) = terminal.end_with_screen();
    let state = |part: &str| state(&stream, part).unwrap();
    let left = screen(&stream.replace("^C", ""));
    let (note, rest) = left.split_at(left.iter().position(|line| line.starts_with("error: ")).unwrap());
    let before = format!("{}\n{}^C", state("0/120"), state("12 failed  about "));
    let after = format!("{}\n{}\n{}", note.join("\n"), state("stopping"), rest.join("\n"));
    screens.heading(&format!(
        "The progress line at {columns} columns: at the start, later, and after Ctrl-C. At the end it disappears"
    ));
    screens.show(RUN, &format!("{before}\n{after}"), seen.code);
}

/// The line of a run that has sent as many requests as the rate limit allows.
fn waiting_for_the_rate_limit(screens: &mut Screens, columns: u16) {
    write_ids(screens, 300);
    // The time left is shown only if there is room.
    let part = if columns == 80 { "100/300  rate limit: continues in 18s  about " } else { "100/300  rate limit: " };
    watch(screens, &Server::always(Reply::done), RUN, columns, part);
}

/// The line while `--wait` polls.
fn waiting_until_visible(screens: &mut Screens) {
    let server =
        Server::start(
            |request, _| {
                if request.is_post() { Reply::done() } else { Reply::partner(request.id(), "onboarded") }
            },
        );
    write_ids(screens, 6);
    screens.heading("All changes are accepted, and --wait polls until they are visible");
    let line = "intunectl partner disconnect -y --wait -f ids.txt >results.txt";
    watch(screens, &server, line, 80, " 6 not visible yet");
}

/// The line of a command that reads.
fn reading(screens: &mut Screens) {
    let (server, _gate) = Server::gated(|_, _| true, |_, _| Reply::done());
    screens.heading("Reading the partners takes longer than a second");
    watch(screens, &server, "intunectl partner list", 80, "reading the partners: ");
    let server = Server::always(|| Reply::status(429).header("Retry-After", "300"));
    screens.heading("Graph asks the command to wait while it reads");
    watch(screens, &server, "intunectl partner list", 80, "paused, ");
}

/// Attempts, waits and headers.
fn verbose(screens: &mut Screens) {
    let server = Server::start(|_, n| match n {
        0 => Reply::Reset,
        1 => Reply::status(429),
        2 => Reply::status(429).header("Retry-After", "0.5"),
        3 => Reply::status(502).header("Retry-After", "0.2"),
        _ => Reply::done(),
    });
    screens.serve(&server);
    screens.heading("-v: attempts and waits");
    trace(screens, "intunectl partner disconnect -v 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10");
    let server = Server::always(Reply::done);
    screens.serve(&server);
    screens.heading("-v: intunectl waits because of the rate limit");
    trace(
        screens,
        "intunectl partner disconnect -v -j 1 --rate 1/1s \
         5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10 8c1d7e40-93b2-4f6a-b5c8-2e9d0a7f4b63",
    );
    let server = Server::always(|| Reply::done().header("request-id", "r-1").header("Set-Cookie", "session=s3cret"));
    screens.serve(&server);
    screens.heading("-vv: headers, too, without secrets");
    trace(screens, "intunectl partner disconnect -vv 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10");
}

/// Writes a file with `count` IDs.
fn write_ids(screens: &Screens, count: usize) {
    let ids: String = (1..=count).map(|n| format!("5f0e1c9a-2b7d-4c8e-9a41-{n:012}\n")).collect();
    screens.home.file("ids.txt", ids);
}

/// Starts a command at a terminal. Its standard output is a file if the line says so.
fn start(screens: &Screens, line: &str, columns: u16) -> Terminal {
    let (words, file) = line.split_once(" >").unwrap_or((line, ""));
    let mut command: Command = screens.command();
    command.args(words.split(' ').skip(1)).env("NO_COLOR", "1");
    match file {
        "" => Terminal::start(&command, ALL, columns),
        file => Terminal::start_with_output(&command, File::create(screens.home.home().join(file)).unwrap(), columns),
    }
}

/// Shows the first state of the line with this part in it.
fn watch(screens: &mut Screens, server: &Server, line: &str, columns: u16, part: &str) {
    screens.serve(server);
    let terminal = start(screens, line, columns);
    let state = until(|| state(&terminal.screen(), part), || format!("no {part:?}: {}", terminal.screen()));
    screens.show(line, &state, Some(0));
}

fn state(stream: &str, part: &str) -> Option<String> {
    drawn(stream).into_iter().find(|state| state.contains(part)).map(|state| steady(&state))
}

/// Shows the output of a command, with [`steady`] values.
fn trace(screens: &mut Screens, line: &str) {
    let mut command = screens.command();
    command.args(line.split_whitespace().skip(1));
    let seen = run(&mut command);
    screens.show(line, &steady(&(seen.stderr + &seen.stdout)), seen.code);
}

/// Replaces what differs between runs.
pub fn steady(text: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = text.replace(&format!("intunectl/{version}"), "intunectl/1.0.0");
    for (before, after, with) in [
        ("about ", " left", "5s"),
        ("rate limit: continues in ", "s", "18"),
        ("  ", "/s\n", "45"),
        ("paused, ", " left", "4m 59s"),
        ("reading the partners: ", "\n", "1s"),
        (" after ", " ms", "12"),
        ("paused for ", " s (", "0.5"),
        ("waiting ", " s before", "0.5"),
        ("waiting ", " s because the", "0.5"),
        ("waiting ", " s because of", "0.9"),
        ("client-request-id: ", "\n", "0b5c6f7e-3a1d-4e2b-8f90-1c2d3e4f5a6b"),
        ("(request ID ", ")", "1d2f8a3c-7b64-4e05-9c1a-3f5e7d9b2a48"),
    ] {
        text = with_between(&format!("{text}\n"), before, after, with);
        text.pop();
    }
    text
}

/// Replaces the text between two others on a line.
fn with_between(text: &str, before: &str, after: &str, with: &str) -> String {
    let mut parts = text.split(before);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let end = part.find(after).filter(|end| !part[..*end].contains('\n') && *end <= 36);
        text + before + &end.map_or_else(|| part.to_owned(), |end| format!("{with}{}", &part[end..]))
    })
}
