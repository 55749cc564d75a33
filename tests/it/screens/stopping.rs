//! How a run stops early: Ctrl-C and signals, an output that cannot be written, and failures that stop it.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use super::Screens;
use super::progress::steady;
use crate::progress::{drawn, screen};
use crate::support::TOKEN;
use crate::support::machine::until;
use crate::support::named_pipe::NamedPipe;
use crate::support::redirect::{close, start_read};
use crate::support::running::Running;
use crate::support::server::{Gate, Reply, Server};
use crate::support::terminal::{ALL, Terminal};

const IDS: [&str; 5] = [
    "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10",
    "8c1d7e40-93b2-4f6a-b5c8-2e9d0a7f4b63",
    "a27f9b15-6e0c-4d38-8f71-c4b5e2d3a906",
    "c3e8d6f2-1b4a-4975-a0de-7f9c8b6a5d24",
    "e94b0a7d-5c2f-4e1b-93a6-0d8e7f6c5b42",
];
/// Is in all notes about an interruption.
const NOTE: &str = "nterrupt";

#[test]
fn stopping() {
    let mut screens = Screens::new("14-stopping");
    screens.set("TERM", "xterm");
    screens.set("INTUNECTL_TOKEN", TOKEN);
    screens.home.file("ids.txt", IDS.map(|id| format!("{id}\n")).concat());
    interrupting_requests(&mut screens);
    interrupting_waits(&mut screens);
    terminating(&mut screens);
    interrupting_the_output(&mut screens);
    closing_the_output(&mut screens);
    filling_the_disk(&mut screens);
    stopping_by_itself(&mut screens);
    screens.heading("The system allows too few open files");
    screens.sh("ulimit -n 4; intunectl partner list");
    screens.sh("ulimit -n 10; intunectl partner list");
    screens.check();
}

/// Ctrl-C, once and twice, with requests in flight.
fn interrupting_requests(screens: &mut Screens) {
    const LINE: &str = "intunectl partner disconnect -y -j 2 -f ids.txt";
    let gates = [Gate::default(), Gate::default()];
    let doors = gates.clone();
    let server = Server::start(move |request, _| {
        if let Some(n @ 1..=2) = IDS.iter().position(|id| *id == request.id()) {
            doors[n - 1].pass();
        }
        Reply::done()
    });
    screens.serve(&server);
    screens.heading("Ctrl-C while requests are in flight: they finish");
    let terminal = at_terminal(screens, LINE);
    terminal.wait_for("1/5\u{1b}[K");
    server.wait_for(3);
    let before = interrupt(&terminal);
    gates[0].open();
    terminal.wait_for(&format!("{}  ", IDS[1]));
    gates[1].open();
    show_end(screens, LINE, terminal, &[before]);

    let server = Server::start(|request, _| match request.id() == IDS[0] {
        true => Reply::done(),
        false => Reply::Stall(Vec::new()),
    });
    screens.serve(&server);
    screens.heading("A second Ctrl-C: the requests in flight are abandoned");
    let terminal = at_terminal(screens, LINE);
    terminal.wait_for("1/5\u{1b}[K");
    server.wait_for(3);
    let before = [interrupt(&terminal), interrupt_silently(&terminal)];
    show_end(screens, LINE, terminal, &before);
}

/// Ctrl-C before a request is sent, and while none is in flight.
fn interrupting_waits(screens: &mut Screens) {
    screens.heading("Ctrl-C while the IDs are still being read");
    let server = Server::always(Reply::done);
    screens.serve(&server);
    let mut running = Running::with(
        screens
            .command()
            .args(["partner", "disconnect", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    );
    let mut stdin = running.stdin();
    // More than a pipe holds: the write returns only when the run reads.
    stdin.write_all(format!("{}\n", IDS[0]).repeat(5_000).as_bytes()).unwrap();
    running.signal("INT");
    screens.show_seen("ssh admin01 cat ids.txt | intunectl partner disconnect -", &running.end());
    drop(stdin);

    screens.heading("Ctrl-C while the token is being read");
    let line = "intunectl partner disconnect -y --token-file pipe -f ids.txt";
    let pipe = NamedPipe::new(&screens.home);
    screens.unset("INTUNECTL_TOKEN");
    let terminal = at_terminal(screens, line);
    // It is opened when the run wants to read the token.
    let writer = pipe.writer();
    let before = interrupt_silently(&terminal);
    show_end(screens, line, terminal, &[before]);
    drop(writer);
    screens.set("INTUNECTL_TOKEN", TOKEN);

    let server = Server::always(|| Reply::status(429).header("Retry-After", "300"));
    screens.serve(&server);
    screens.heading("Ctrl-C while Graph asks the run to wait");
    let line = "intunectl partner disconnect -y -j 1 -f ids.txt";
    let terminal = at_terminal(screens, line);
    terminal.wait_for(" answered 429\u{1b}[K");
    let before = interrupt_silently(&terminal);
    show_end(screens, line, terminal, &[before]);

    screens.heading("Ctrl-C while the partners are being read");
    let line = "intunectl partner list";
    let terminal = at_terminal(screens, line);
    terminal.wait_for(" answered 429\u{1b}[K");
    let before = interrupt_silently(&terminal);
    show_end(screens, line, terminal, &[before]);
}

/// SIGTERM, as from a service manager.
fn terminating(screens: &mut Screens) {
    let (server, gate) = Server::gated(|_, n| n == 1, |_, _| Reply::done());
    screens.serve(&server);
    screens.heading("SIGTERM, for example when a service is stopped");
    let line = "intunectl partner disconnect -j 1 -f ids.txt";
    let running = Running::start(&mut command(screens, line));
    server.wait_for(2);
    running.signal("TERM");
    running.wait_for_stderr(NOTE);
    gate.open();
    screens.show_seen(line, &running.end());
}

/// Ctrl-C when all requests are answered, but nobody reads the results.
fn interrupting_the_output(screens: &mut Screens) {
    let server = Server::always(Reply::done);
    screens.serve(&server);
    screens.heading("Ctrl-C, twice, while the next program does not read the results");
    let (mut writer, reader) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    while writer.write(&[b'x'; 4096]).is_ok() {}
    while writer.write(b"x").is_ok() {}
    writer.set_nonblocking(false).unwrap();
    let line = format!("intunectl partner disconnect -v {}", IDS[0]);
    let mut command = command(screens, &line);
    let running = Running::with(command.stdin(Stdio::null()).stdout(OwnedFd::from(writer)).stderr(Stdio::piped()));
    running.wait_for_stderr(": 204 after ");
    running.signal("INT");
    running.wait_for_stderr(NOTE);
    running.signal("INT");
    let mut seen = running.end();
    drop((command, reader));
    // The attempt is not the point here.
    let is_attempt = |line: &&str| line.starts_with(IDS[0]);
    seen.stderr = seen.stderr.lines().filter(|line| !is_attempt(line)).map(|line| format!("{line}\n")).collect();
    screens.show_seen(&format!("intunectl partner disconnect {} | ./store-results", IDS[0]), &seen);
}

/// A pipe that its reader closes, and no standard output at all.
fn closing_the_output(screens: &mut Screens) {
    let (server, gate) = Server::gated(|_, n| n == 1, |_, n| if n < 2 { Reply::done() } else { failed() });
    screens.serve(&server);
    screens.heading("The next program closes the pipe: no new requests, and no retries");
    let (running, mut reader) = start_read(&mut command(screens, "intunectl partner disconnect -j 1 -f ids.txt"));
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    close(reader);
    gate.open();
    let seen = running.end();
    screens.show(
        "set -o pipefail; intunectl partner disconnect -j 1 -f ids.txt | head -n 1",
        &format!("{first}{}", seen.stderr),
        seen.code,
    );
    screens.serve(&Server::always(Reply::done));
    screens.heading("Standard output is closed from the start");
    screens.sh(&format!("intunectl partner disconnect {} >&-", IDS[0]));
}

/// A standard output that has no room.
fn filling_the_disk(screens: &mut Screens) {
    screens.heading("The disk is full: no new requests, and no retries");
    screens.serve(&Server::start(|_, n| if n == 0 { Reply::done() } else { failed() }));
    screens.sh("intunectl partner disconnect -j 1 -f ids.txt >/dev/full");
    screens.heading("The disk is full: other commands");
    screens.sh("intunectl completion bash >/dev/full");
}

/// Failures that stop a run.
fn stopping_by_itself(screens: &mut Screens) {
    let line = "intunectl partner disconnect -j 1 -f ids.txt";
    screens.heading("Graph rejects the token during the run");
    screens.serve(&Server::start(|_, n| if n == 1 { Reply::expired() } else { Reply::done() }));
    screens.sh(line);
    screens.heading("--fail-fast stops the run at the first failure");
    screens.serve(&Server::start(|_, n| if n == 1 { Reply::not_found() } else { Reply::done() }));
    screens.sh(&line.replace("-j 1", "-j 1 --fail-fast"));
}

/// A failure whose retry would be long after the output was found to fail.
fn failed() -> Reply {
    Reply::status(502).header("Retry-After", "300")
}

fn command(screens: &Screens, line: &str) -> Command {
    let mut command = screens.command();
    command.args(line.split(' ').skip(1)).env("NO_COLOR", "1");
    command
}

fn at_terminal(screens: &Screens, line: &str) -> Terminal {
    Terminal::start(&command(screens, line), ALL, 100)
}

/// Types Ctrl-C, and waits for the note about it and the progress line after it. Returns the output before it.
fn interrupt(terminal: &Terminal) -> String {
    let before = terminal.screen();
    terminal.ctrl_c();
    let is_noted = || {
        let stream = terminal.screen();
        let note = stream.rfind(NOTE)?;
        stream[note..].contains("  stopping\u{1b}[K").then_some(())
    };
    until(is_noted, || format!("no note: {}", terminal.screen()));
    before
}

/// The same if there is no note.
fn interrupt_silently(terminal: &Terminal) -> String {
    let before = terminal.screen();
    terminal.ctrl_c();
    before
}

/// Waits for the end of a command, and shows its lines, with the progress line and `^C` at each Ctrl-C.
fn show_end(screens: &mut Screens, line: &str, terminal: Terminal, interrupts: &[String]) {
    let (seen, stream) = terminal.end_with_screen();
    let lines = |stream: &str| -> Vec<String> {
        let states = drawn(stream);
        let lines = screen(&stream.replace("^C", "").replace("\r\n", "\n"));
        lines.into_iter().filter(|line| !line.is_empty() && !states.contains(line)).collect()
    };
    let (mut shown, mut from) = (String::new(), 0);
    for before in interrupts {
        let lines = lines(before);
        shown.extend(lines[from..].iter().map(|line| format!("{line}\n")));
        from = lines.len();
        shown.push_str(&format!("{}^C\n", drawn(before).pop().unwrap_or_default()));
    }
    shown.extend(lines(&stream)[from..].iter().map(|line| format!("{line}\n")));
    screens.show(line, &steady(&shown), seen.code);
}
