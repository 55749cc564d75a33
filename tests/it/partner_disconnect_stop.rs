//! `partner disconnect`: a run that stops early still reports every ID.

use std::io::Write as _;
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::support::named_pipe::NamedPipe;
use crate::support::running::Running;
use crate::support::server::{Gate, Reply, Server};
use crate::support::{self, Intunectl, Seen, ids, run};

#[cfg(windows)]
mod events;

#[cfg(unix)]
const SIGNALS: [(&str, i32, &str); 2] =
    [("INT", 130, "the run was interrupted"), ("TERM", 143, "the run was terminated")];
#[cfg(windows)]
const SIGNALS: [(&str, i32, &str); 5] = [
    ("INT", 130, "the run was interrupted"),
    ("BREAK", 130, "the run was interrupted"),
    ("TERM", 143, "the run was terminated"),
    ("LOGOFF", 143, "the run was terminated"),
    ("SHUTDOWN", 143, "the run was terminated"),
];

/// Starts a run over `count` IDs that prints records and attempts.
fn start(server: &Server, count: usize, arguments: &[&str]) -> Running {
    support::start("disconnect", server, count, &[&["-o", "ndjson", "-v"], arguments].concat())
}

#[track_caller]
fn assert_whole(seen: &Seen, server: &Server, count: usize) {
    seen.assert_whole(count, &server.done(), &server.ids());
}

#[test]
fn after_a_signal_requests_in_flight_finish_and_no_new_ones_are_sent() {
    for (signal, code, words) in SIGNALS {
        let (server, gate) = Server::gated(|_, _| true, |_, _| Reply::done());
        let running = start(&server, 9, &["-j", "3"]);
        server.wait_for(3);
        running.signal(signal);
        running.wait_for_stderr(
            "interrupted: no new requests; waiting for 3 requests to finish. Interrupt again to stop at once\n",
        );
        gate.open();
        let seen = running.end();
        assert_eq!((seen.code, server.ids().len()), (Some(code), 3));
        assert_whole(&seen, &server, 9);
        assert_eq!(seen.with_status("not_attempted"), ids(9)[3..]);
        for record in seen.records().iter().filter(|record| record["status"] == "not_attempted") {
            assert_eq!(record["error"]["kind"], "interrupted");
            assert_eq!(record["error"]["message"], words);
            assert_eq!((&record["http_status"], &record["client_request_id"]), (&().into(), &().into()));
        }
    }
}

#[test]
fn a_signal_ends_a_wait_for_a_throttling_service() {
    for (signal, code, words) in SIGNALS {
        let server = Server::always(|| Reply::status(429).header("Retry-After", "300"));
        let running = start(&server, 5, &["-j1"]);
        running.wait_for_stderr("waiting 300.0 s because the service throttles requests");
        running.signal(signal);
        let seen = running.end();
        assert_eq!((seen.code, server.ids().len()), (Some(code), 1));
        assert_whole(&seen, &server, 5);
        let first = &seen.records()[0];
        assert_eq!((&first["status"], &first["http_status"]), (&"failed".into(), &429.into()));
        assert_eq!(first["error"]["kind"], "interrupted");
        assert!(first["error"]["message"].as_str().unwrap().ends_with(&format!("; not retried: {words}")), "{first}");
    }
}

#[test]
fn a_signal_ends_a_wait_for_the_rate_limit() {
    for (signal, code, _) in SIGNALS {
        let server = Server::always(Reply::done);
        let running = start(&server, 5, &["--rate", "2/300s", "-j", "4"]);
        running.wait_for_stderr(" s because of the rate limit");
        running.signal(signal);
        let seen = running.end();
        assert_eq!((seen.code, server.ids().len()), (Some(code), 2));
        assert_whole(&seen, &server, 5);
        assert_eq!(seen.with_status("not_attempted"), ids(5)[2..]);
    }
}

#[test]
fn a_signal_ends_a_wait_before_a_retry() {
    for (signal, code, words) in SIGNALS {
        let server = Server::always(|| Reply::status(503));
        // After some attempts it is nearly always waiting. If a request is in flight instead, the result is the same.
        let running = start(&server, 1, &["--retries", "1000"]);
        server.wait_for(2);
        running.wait_for_stderr("before the next attempt");
        running.signal(signal);
        let seen = running.end();
        assert_eq!(seen.code, Some(code));
        assert_whole(&seen, &server, 1);
        let record = &seen.records()[0];
        assert_eq!((&record["http_status"], &record["error"]["kind"]), (&503.into(), &"interrupted".into()));
        assert_eq!(record["error"]["message"], format!("the server gave no reason; not retried: {words}"));
    }
}

#[test]
fn nothing_is_sent_after_a_signal_while_the_ids_are_being_read() {
    for (signal, code, _) in SIGNALS {
        let server = Server::always(Reply::done);
        let mut running = Running::with(
            Intunectl::new()
                .disconnect(server.root())
                .arg("-")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        );
        let mut stdin = running.stdin();
        // More than a pipe holds: the write returns only when the run reads.
        stdin.write_all(b"p-1\n".repeat(100_000).as_slice()).unwrap();
        running.signal(signal);
        let seen = running.end();
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)));
        assert_eq!(seen.stderr, "error: interrupted while reading the IDs; nothing was sent\n");
        assert_eq!(server.connections(), 0);
        drop(stdin);
    }
}

#[test]
fn a_second_signal_abandons_requests_in_flight() {
    for (first, second, code) in [("INT", "INT", 130), ("TERM", "TERM", 143), ("INT", "TERM", 143)] {
        let server = Server::start(|_, n| if n == 0 { Reply::done() } else { Reply::Stall(Vec::new()) });
        let running = start(&server, 6, &["-j", "2", "--timeout", "10m"]);
        server.wait_for(3);
        running.signal(first);
        running.wait_for_stderr("Interrupt again to stop at once");
        running.signal(second);
        let seen = running.end();
        assert_eq!((seen.code, server.ids().len()), (Some(code), 3), "{}", seen.stderr);
        assert_whole(&seen, &server, 6);
        assert_eq!(seen.with_status("not_attempted").len(), 3);
        let records = seen.records();
        let given_up: Vec<_> = records.iter().filter(|record| record["status"] == "failed").collect();
        assert_eq!(given_up.len(), 2);
        for record in given_up {
            let message = record["error"]["message"].as_str().unwrap();
            assert!(message.starts_with("the run was "), "{message}");
            assert!(message.contains("the change may have been applied anyway: check with"), "{message}");
        }
    }
}

#[test]
fn a_second_signal_does_not_wait_for_a_stalled_reader() {
    let server = Server::always(Reply::done);
    // Nobody reads the pipe, and it holds less than the output.
    let (reader, writer) = std::io::pipe().unwrap();
    let running = Running::with(
        Intunectl::new()
            .disconnect(server.root())
            .args(ids(1000))
            .args(["-o", "ndjson", "--rate", "off"])
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::piped()),
    );
    server.wait_for(1000);
    running.signal("INT");
    // Two equal signals at the same moment would be one.
    running.signal("TERM");
    let seen = running.end();
    assert!(matches!(seen.code, Some(130 | 143)), "{seen:?}");
    assert!(seen.stderr.contains("error: cannot write all results: "), "{}", seen.stderr);
    drop(reader);
}

/// A run with a signal at a random request, and random answers.
fn round(concurrency: usize, rng: &mut fastrand::Rng) {
    const COUNT: usize = 60;
    let (signal, code, _) = SIGNALS[rng.usize(..SIGNALS.len())];
    let moment = rng.usize(1..COUNT);
    let seed = rng.u64(..);
    let signaller = Arc::new(OnceLock::<Box<dyn Fn(&str) + Send + Sync>>::new());
    let sender = Arc::clone(&signaller);
    let server = Server::start(move |_, n| {
        if n + 1 == moment {
            sender.wait()(signal);
        }
        match fastrand::Rng::with_seed(seed ^ n as u64).u8(..40) {
            0..4 => Reply::status(404),
            4 => Reply::Close,
            5 => Reply::Reset,
            6..10 => Reply::status(503).header("Retry-After", "0.01"),
            10..14 => Reply::status(502).header("Retry-After", "0.01"),
            _ => Reply::done(),
        }
    });
    let running = start(&server, COUNT, &["-j", &concurrency.to_string(), "--rate", "off"]);
    assert!(signaller.set(Box::new(running.signaller())).is_ok());
    let seen = running.end();
    assert_eq!(seen.code, Some(code), "-j {concurrency}, SIG{signal} at request {moment}: {}", seen.stderr);
    assert_whole(&seen, &server, COUNT);
}

#[allow(clippy::print_stdout, reason = "cargo shows the seed if the test fails")]
fn rounds(concurrency: usize) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..8 {
        round(concurrency, &mut rng);
    }
}

#[test]
fn every_id_is_reported_whenever_a_signal_comes_with_one_worker() {
    rounds(1);
}

#[test]
fn every_id_is_reported_whenever_a_signal_comes_with_four_workers() {
    rounds(4);
}

#[test]
fn every_id_is_reported_whenever_a_signal_comes_with_sixteen_workers() {
    rounds(16);
}

#[test]
fn with_fail_fast_the_first_failure_stops_the_run() {
    let [failure, gate] = [Gate::default(), Gate::default()];
    let doors = [failure.clone(), gate.clone()];
    let server = Server::start(move |_, n| match n {
        0 | 1 => Reply::done(),
        2 => {
            doors[0].pass();
            Reply::status(404)
        }
        _ => {
            doors[1].pass();
            Reply::done()
        }
    });
    let running = start(&server, 20, &["-j", "3", "--fail-fast"]);
    server.wait_for(5);
    failure.open();
    running.wait_for_stdout(r#""status":"failed""#);
    gate.open();
    let seen = running.end();
    assert_eq!(seen.code, Some(1));
    assert_whole(&seen, &server, 20);
    // The requests in flight at the failure have finished, and no new ones were sent.
    assert_eq!(seen.with_status("disconnected").len(), 4);
    let records = seen.records();
    let rest: Vec<_> = records.iter().filter(|record| record["status"] == "not_attempted").collect();
    assert_eq!(rest.len(), 15);
    for record in rest {
        assert_eq!(record["error"]["kind"], "interrupted");
        assert_eq!(record["error"]["message"], "--fail-fast stopped the run");
    }
}

#[test]
fn without_fail_fast_a_failure_does_not_stop_the_run() {
    let server = Server::start(|_, n| if n % 2 == 0 { Reply::status(404) } else { Reply::done() });
    let seen = run(Intunectl::new().disconnect(server.root()).args(ids(20)).args(["-o", "ndjson"]));
    assert_eq!((seen.code, server.ids().len()), (Some(1), 20));
    assert_whole(&seen, &server, 20);
    assert_eq!(seen.with_status("failed").len(), 10);
}

#[test]
fn a_rejected_token_stops_the_run_but_requests_in_flight_finish() {
    let [refusal, gate] = [Gate::default(), Gate::default()];
    let doors = [refusal.clone(), gate.clone()];
    let server = Server::start(move |_, n| match n {
        0 => Reply::done(),
        1 => {
            doors[0].pass();
            Reply::expired()
        }
        _ => {
            doors[1].pass();
            if n == 2 { Reply::done() } else { Reply::status(404) }
        }
    });
    let running = start(&server, 20, &["-j", "3"]);
    server.wait_for(4);
    refusal.open();
    running.wait_for_stdout(r#""kind":"auth""#);
    gate.open();
    let seen = running.end();
    assert_eq!(seen.code, Some(4), "a rejected token is more serious than a missing partner: {}", seen.stderr);
    assert_whole(&seen, &server, 20);
    let count = |status| seen.with_status(status).len();
    assert_eq!(["disconnected", "failed", "not_attempted"].map(count), [2, 2, 16]);
    for record in seen.records().iter().filter(|record| record["status"] == "not_attempted") {
        assert_eq!(record["error"]["kind"], "auth");
        assert_eq!(record["error"]["message"], "Graph rejected the token");
    }
    assert!(seen.stderr.contains("hint: 401: the token is expired"), "{}", seen.stderr);
}

#[test]
fn a_rejected_token_ends_a_wait_before_a_retry() {
    let (server, gate) = Server::gated(
        |request, _| request.id() == "p-0001",
        |request, _| match request.id() {
            "p-0001" => Reply::status(401),
            _ => Reply::status(502).header("Retry-After", "300"),
        },
    );
    let running = start(&server, 5, &["-j", "2"]);
    running.wait_for_stderr("waiting 300.0 s before the next attempt");
    gate.open();
    let seen = running.end();
    assert_eq!((seen.code, server.ids().len()), (Some(4), 2));
    assert_whole(&seen, &server, 5);
    assert!(
        seen.stdout.contains("the server gave no reason; not retried: Graph rejected the token"),
        "{}",
        seen.stdout
    );
}

#[test]
fn an_interruption_takes_precedence_over_a_rejected_token() {
    let (server, gate) = Server::gated(|_, _| true, |_, _| Reply::status(401));
    let running = start(&server, 5, &["-j", "2"]);
    server.wait_for(2);
    running.signal("TERM");
    running.wait_for_stderr("no new requests");
    gate.open();
    let seen = running.end();
    assert_eq!((seen.code, server.ids().len()), (Some(143), 2));
    assert_whole(&seen, &server, 5);
}

/// A full socket, and its other end, which nobody reads.
#[cfg(unix)]
fn full() -> (UnixStream, UnixStream) {
    let (mut writer, reader) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    while writer.write(&[b'x'; 4096]).is_ok() {}
    while writer.write(b"x").is_ok() {}
    writer.set_nonblocking(false).unwrap();
    (writer, reader)
}

/// Two equal signals at the same moment would be one. Of two different ones, either may arrive second.
#[cfg(unix)]
#[track_caller]
fn ends_soon_after_two_signals(running: Running) -> Seen {
    let start = Instant::now();
    running.signal("INT");
    running.signal("TERM");
    let seen = running.end();
    assert!(matches!(seen.code, Some(130 | 143)), "{seen:?}");
    // About 2 s; the rest is for slow machines.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    seen
}

#[test]
fn every_id_is_reported_after_a_signal_while_waiting_for_the_token() {
    for (signal, code, words) in SIGNALS {
        let server = Server::always(Reply::done);
        let home = Intunectl::new();
        let pipe = NamedPipe::new(&home);
        let mut command = home.disconnect(server.root());
        command.arg("--token-file").arg(pipe.path()).args(ids(5)).args(["p-0001", "-o", "ndjson"]);
        let running = Running::start(&mut command);
        // This is printed before the token is read.
        running.wait_for_stderr("ignored 1 duplicate ID\n");
        let start = Instant::now();
        running.signal(signal);
        let seen = running.end();
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!((seen.with_status("not_attempted"), seen.code), (ids(5), Some(code)), "{seen:?}");
        assert_whole(&seen, &server, 5);
        for record in seen.records() {
            assert_eq!(record["error"]["message"], words, "{record}");
        }
        assert_eq!(server.connections(), 0);
    }
}

#[cfg(unix)]
#[test]
fn two_signals_end_the_run_if_nobody_reads_standard_error() {
    let server = Server::always(Reply::done);
    let (writer, reader) = full();
    let mut running = Running::with(
        Intunectl::new()
            .disconnect(server.root())
            .args(["-", "-vv"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(OwnedFd::from(writer)),
    );
    // More than a pipe holds: when it is written, the run handles signals.
    let lines: String = ids(20_000).into_iter().map(|id| id + "\n").collect();
    running.stdin().write_all(lines.as_bytes()).unwrap();
    ends_soon_after_two_signals(running);
    drop(reader);
}

#[cfg(unix)]
#[test]
fn two_signals_end_the_run_if_nobody_reads_standard_output() {
    let server = Server::always(Reply::done);
    let (writer, reader) = full();
    let running = Running::with(
        Intunectl::new()
            .disconnect(server.root())
            .args(ids(3))
            .stdin(Stdio::null())
            .stdout(OwnedFd::from(writer))
            .stderr(Stdio::piped()),
    );
    server.wait_for(3);
    let seen = ends_soon_after_two_signals(running);
    assert!(seen.stderr.contains("error: cannot write all results: "), "{}", seen.stderr);
    drop(reader);
}
