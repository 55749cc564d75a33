//! Control events of a Windows console.

use std::time::{Duration, Instant};

use super::{assert_whole, start};
use crate::support::server::{Reply, Server};
use crate::support::terminal::{BUT_STDOUT, Terminal};
use crate::support::{Intunectl, ids};

/// Events after which Windows soon ends the process.
const CLOSINGS: [&str; 3] = ["TERM", "LOGOFF", "SHUTDOWN"];
/// How long requests in flight may take after that.
const CLOSING: Duration = Duration::from_secs(3);

#[test]
fn after_ctrl_c_or_ctrl_break_requests_in_flight_finish() {
    for signal in ["INT", "BREAK"] {
        let (server, gate) = Server::gated(|_, _| true, |_, _| Reply::done());
        let home = Intunectl::new();
        let mut command = home.disconnect(server.root());
        command.args(ids(9)).args(["-y", "-j", "3", "-o", "ndjson"]);
        let terminal = Terminal::start(&command, BUT_STDOUT, 120);
        server.wait_for(3);
        terminal.send(signal);
        terminal.wait_for("interrupted: no new requests; waiting for 3 requests to finish");
        gate.open();
        let seen = terminal.end();
        assert_eq!((seen.code, server.ids().len()), (Some(130), 3), "{signal}: {seen:?}");
        assert_whole(&seen, &server, 9);
    }
}

#[test]
fn answers_soon_after_the_console_is_closed_are_reported() {
    for signal in CLOSINGS {
        let (server, gate) = Server::gated(|_, _| true, |_, _| Reply::done());
        let running = start(&server, 9, &["-j", "3"]);
        server.wait_for(3);
        running.signal(signal);
        running.wait_for_stderr("interrupted: no new requests; waiting for 3 requests to finish");
        gate.open();
        let seen = running.end();
        assert_eq!((seen.code, server.ids().len()), (Some(143), 3), "{signal}: {seen:?}");
        assert_whole(&seen, &server, 9);
        assert_eq!(seen.with_status("disconnected"), ids(3), "{signal}: {seen:?}");
        assert!(seen.stderr.contains("error: the console was closed, or Windows is shutting down\n"), "{seen:?}");
    }
}

#[test]
fn requests_still_in_flight_3_s_after_the_console_is_closed_are_abandoned() {
    for signal in CLOSINGS {
        let server = Server::start(|_, n| if n == 0 { Reply::done() } else { Reply::Stall(Vec::new()) });
        let running = start(&server, 6, &["-j", "2", "--timeout", "10m"]);
        server.wait_for(3);
        let sent = Instant::now();
        running.signal(signal);
        let seen = running.end();
        let time = sent.elapsed();
        assert!(time >= CLOSING, "{signal}: {time:?}");
        // Windows ends it after 5 s; the test allows more for slow machines.
        assert!(time < CLOSING + Duration::from_secs(10), "{signal}: {time:?}");
        assert_eq!((seen.code, server.ids().len()), (Some(143), 3), "{signal}: {seen:?}");
        assert_whole(&seen, &server, 6);
        let records = seen.records();
        let given_up: Vec<_> = records.iter().filter(|record| record["status"] == "failed").collect();
        assert_eq!(given_up.len(), 2, "{signal}: {seen:?}");
        for record in given_up {
            let message = record["error"]["message"].as_str().unwrap();
            assert!(message.contains("the change may have been applied anyway: check with"), "{message}");
        }
    }
}
