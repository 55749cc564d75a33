//! `--wait`: a 204 means only that the request was accepted, so the partner is read until the change has taken effect.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::running::Running;
use crate::support::server::{Gate, Reply, Server};
use crate::support::{Intunectl, Seen, ids, run, start};

/// A failing reply to a read, and its name.
type Failure = (fn() -> Reply, &'static str);

/// A service that accepts every POST. `read` answers every read; it gets the ID and the number of earlier reads of it.
fn service(read: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Server {
    let reads = Mutex::new(HashMap::<String, usize>::new());
    Server::start(move |request, _| {
        if request.is_post() {
            return Reply::done().header("request-id", "r-of-the-204");
        }
        let before = {
            let mut reads = reads.lock().unwrap();
            let count = reads.entry(request.id().to_owned()).or_default();
            *count += 1;
            *count - 1
        };
        read(request.id(), before)
    })
}

/// A service in which a disconnect has taken effect at this read of the partner, counted from 0.
fn in_effect_at(read: usize) -> Server {
    service(move |id, before| Reply::partner(id, if before >= read { "notOnboarded" } else { "onboarded" }))
}

/// A service that accepts the first change, and the others only after the gate is open.
fn only_the_first_is_taken_on(read: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (Server, Gate) {
    Server::gated(
        |request, _| request.is_post() && request.id() != "p-0001",
        move |request, _| match request.is_post() {
            true => Reply::done().header("request-id", "r-of-the-204"),
            false => read(request.id()),
        },
    )
}

fn disconnect(server: &Server, arguments: &[&str]) -> Seen {
    run(Intunectl::new().disconnect(server.root()).args(["-o", "ndjson"]).args(arguments))
}

fn message(record: &Value) -> &str {
    record["error"]["message"].as_str().unwrap_or_default()
}

/// The methods of all requests, in order.
fn methods(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request| request.method).collect()
}

/// Asserts that it was accepted but not confirmed.
#[track_caller]
fn assert_unconfirmed(record: &Value, kind: &str) {
    assert_eq!((&record["status"], &record["http_status"]), (&"failed".into(), &204.into()), "{record}");
    assert_eq!((&record["error"]["kind"], &record["request_id"]), (&kind.into(), &"r-of-the-204".into()), "{record}");
    assert_eq!(record["attempts"], 1, "{record}");
}

#[test]
fn a_change_that_takes_effect_at_once_is_seen_at_once() {
    // After 900 ms, a second read would be too late.
    for wait in ["--wait=900ms", "--wait=5m", "--wait"] {
        let server = in_effect_at(0);
        let seen = disconnect(&server, &["a", wait]);
        let record = &seen.records()[0];
        assert_eq!(
            (&record["status"], &record["http_status"], seen.code),
            (&"disconnected".into(), &204.into(), Some(0))
        );
        assert_eq!((&record["attempts"], &record["request_id"]), (&1.into(), &"r-of-the-204".into()));
        assert!(record["error"].is_null());
        assert_eq!(methods(&server), ["POST", "GET"]);
        assert_eq!(server.ids(), ["a", "a"]);
    }
}

#[test]
fn without_wait_a_204_is_enough_and_nothing_is_read() {
    let server = in_effect_at(0);
    let seen = disconnect(&server, &["a", "b"]);
    assert_eq!((seen.code, methods(&server)), (Some(0), vec!["POST".to_owned(), "POST".to_owned()]));
}

#[test]
fn the_partner_is_read_at_growing_intervals_until_the_change_has_taken_effect() {
    let server = in_effect_at(2);
    let seen = disconnect(&server, &["a", "--wait=60s"]);
    assert_eq!((seen.with_status("disconnected").len(), seen.code), (1, Some(0)), "{seen:?}");
    assert_eq!(methods(&server), ["POST", "GET", "GET", "GET"]);
    let gaps = server.gaps();
    assert!(gaps[1] >= Duration::from_secs(1) && gaps[2] >= Duration::from_secs(2), "{gaps:?}");
    let duration = seen.records()[0]["duration_ms"].as_u64().unwrap();
    assert!(duration >= 3000, "the duration includes the wait: {duration} ms");
}

#[test]
fn a_result_is_reported_only_when_the_change_has_taken_effect() {
    let gate = Gate::default();
    let door = gate.clone();
    let server = service(move |id, _| {
        if id == "a" {
            door.pass();
        }
        Reply::partner(id, "notOnboarded")
    });
    let home = Intunectl::new();
    let running = Running::start(home.disconnect(server.root()).args(["a", "b", "--wait", "-o", "id"]));
    running.wait_for_stdout("b\n");
    gate.open();
    let seen = running.end();
    assert_eq!((seen.stdout.as_str(), seen.code), ("b\na\n", Some(0)), "{seen:?}");
}

#[test]
fn onboarding_has_taken_effect_with_any_status_but_not_onboarded() {
    let server = service(|id, before| Reply::partner(id, if before == 0 { "notOnboarded" } else { id }));
    let home = Intunectl::new();
    let statuses = ["onboarded", "onboarding", "someNewStatus"];
    let seen = run(home.partner("onboard", server.root()).args(statuses).args(["--wait=60s", "-o", "ndjson"]));
    assert_eq!((seen.with_status("onboarding_started"), seen.code), (statuses.map(str::to_owned).to_vec(), Some(0)));
    assert_eq!((server.ids_of("POST").len(), server.ids_of("GET").len()), (3, 6));
}

#[test]
fn a_disconnect_has_taken_effect_only_with_the_status_not_onboarded() {
    let server = service(|id, _| match id {
        "nothing" => Reply::status(200).body(r#"{"id":"nothing"}"#),
        "empty" => Reply::partner("empty", ""),
        _ => Reply::partner(id, id),
    });
    let seen = disconnect(
        &server,
        &["onboarding", "onboarded", "someNewStatus", "NotOnboarded", "empty", "nothing", "--wait=900ms"],
    );
    assert_eq!((seen.records().len(), seen.code), (6, Some(1)));
    for record in seen.records() {
        assert_unconfirmed(&record, "not_confirmed");
        let id = record["id"].as_str().unwrap();
        assert!(message(&record).contains(id) || ["empty", "nothing"].contains(&id), "{record}");
    }
}

#[test]
fn if_the_time_runs_out_the_message_has_the_last_status_and_the_duration() {
    let server = in_effect_at(usize::MAX);
    let seen = disconnect(&server, &["a", "--wait=900ms"]);
    let records = seen.records();
    assert_unconfirmed(&records[0], "not_confirmed");
    assert!(message(&records[0]).contains("900ms") && message(&records[0]).contains("onboarded"), "{records:?}");
    assert_eq!((seen.code, methods(&server)), (Some(1), vec!["POST".to_owned(), "GET".to_owned()]));
    assert!(seen.stderr.contains("hint: "), "{seen:?}");
    let seen = run(Intunectl::new().disconnect(server.root()).args(["a", "--wait=2s"]));
    assert!(seen.stdout.starts_with("a\tfailed\t204 NotConfirmed: "), "{seen:?}");
    assert!(seen.stderr.contains("1 partner: 0 disconnected, 1 failed"), "{seen:?}");
    assert_eq!(methods(&server)[2..], ["POST", "GET", "GET"]);
    let seen = run(Intunectl::new().disconnect(server.root()).args(["a", "--wait=900ms", "-o", "id"]));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(1)), "{seen:?}");
    assert!(seen.stderr.contains("error: a: 204 NotConfirmed: "), "{seen:?}");
}

#[test]
fn partners_that_are_waited_for_do_not_count_against_concurrency() {
    let posts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&posts);
    let server = Server::start(move |request, _| match request.is_post() {
        true => {
            counted.fetch_add(1, Ordering::SeqCst);
            Reply::done()
        }
        // No change takes effect before all requests were sent.
        false if counted.load(Ordering::SeqCst) < 6 => Reply::partner(request.id(), "onboarded"),
        false => Reply::partner(request.id(), "notOnboarded"),
    });
    let home = Intunectl::new();
    let seen = run(home.disconnect(server.root()).args(ids(6)).args(["-j1", "--wait", "-o", "ndjson"]));
    assert_eq!((seen.with_status("disconnected"), seen.code), (ids(6), Some(0)), "{seen:?}");
    assert_eq!(server.ids_of("POST"), ids(6));
}

#[test]
fn concurrency_limits_the_reads_in_flight() {
    for concurrency in [1, 3] {
        let gate = Gate::default();
        let door = gate.clone();
        let [now, most] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let seen_at_once = Arc::clone(&most);
        let server = service(move |id, _| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            door.pass();
            now.fetch_sub(1, Ordering::SeqCst);
            Reply::partner(id, "notOnboarded")
        });
        let running = start("disconnect", &server, 9, &["-o", "id", "--wait", "-j", &concurrency.to_string()]);
        // All requests are sent although the reads are not answered.
        server.wait_for(9 + concurrency);
        assert_eq!((server.ids_of("POST").len(), server.ids_of("GET").len()), (9, concurrency));
        gate.open();
        let seen = running.end();
        assert_eq!((seen.stdout.lines().count(), seen.code), (9, Some(0)), "{seen:?}");
        assert!(seen_at_once.load(Ordering::SeqCst) <= concurrency);
    }
}

#[test]
fn temporary_failures_of_reads_do_not_end_the_wait() {
    let failures: [Failure; 7] = [
        (|| Reply::status(404).body(r#"{"error":{"code":"ResourceNotFound","message":"no such partner"}}"#), "404"),
        (|| Reply::status(500), "500"),
        (|| Reply::status(503), "503"),
        (|| Reply::Close, "close"),
        (|| Reply::Reset, "reset"),
        (|| Reply::status(200).body("<html>hotel</html>"), "html"),
        (|| Reply::partner("somebody-else", "notOnboarded"), "another"),
    ];
    // A retry of the read and the next read have the same result.
    for retries in ["0", "4"] {
        let server = service(move |id, before| {
            let failure = failures.iter().find(|(_, name)| *name == id).filter(|_| before == 0);
            failure.map_or_else(|| Reply::partner(id, "notOnboarded"), |(failure, _)| failure())
        });
        let names = failures.map(|(_, name)| name);
        let seen = disconnect(&server, &[&names[..], &["--wait=60s", "--retries", retries, "-j", "7"]].concat());
        assert_eq!((seen.with_status("disconnected").len(), seen.code), (7, Some(0)), "{seen:?}");
        assert!(seen.records().iter().all(|record| record["attempts"] == 1), "{seen:?}");
        assert_eq!(server.ids_of("POST").len(), 7, "no request is sent again because a read fails");
    }
}

#[test]
fn a_permanent_failure_of_reads_is_reported_when_the_time_is_up() {
    let failures: [Failure; 3] =
        [(|| Reply::status(404), "404"), (|| Reply::status(500), "500"), (|| Reply::Close, "connection")];
    for (failure, words) in failures {
        let server = service(move |_, _| failure());
        let seen = disconnect(&server, &["a", "--wait=900ms", "--retries", "0"]);
        assert_eq!(seen.code, Some(1));
        assert_unconfirmed(&seen.records()[0], "not_confirmed");
        assert!(message(&seen.records()[0]).contains(words), "{seen:?}");
        assert!(!message(&seen.records()[0]).contains("may have been applied"), "a read changes nothing: {seen:?}");
    }
}

#[test]
fn a_throttled_read_is_retried_after_retry_after() {
    let server = service(|id, before| match before {
        0 => Reply::status(429).header("Retry-After", "1"),
        _ => Reply::partner(id, "notOnboarded"),
    });
    let seen = disconnect(&server, &["a", "--wait=60s"]);
    assert_eq!((seen.with_status("disconnected").len(), seen.code), (1, Some(0)), "{seen:?}");
    assert!(server.gaps()[1] >= Duration::from_secs(1), "{:?}", server.gaps());
}

#[test]
fn a_retry_after_longer_than_the_wait_does_not_extend_it() {
    let server = service(|_, _| Reply::status(429).header("Retry-After", "300"));
    let start = Instant::now();
    let seen = disconnect(&server, &["a", "--wait=900ms"]);
    assert_eq!(seen.code, Some(1));
    assert_unconfirmed(&seen.records()[0], "not_confirmed");
    assert!(message(&seen.records()[0]).contains("429"), "{seen:?}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_retry_after_of_an_hour_ends_the_wait_at_once() {
    for count in [1, 2] {
        let gate = Gate::default();
        let door = gate.clone();
        let server = service(move |_, _| {
            door.pass();
            Reply::status(429).header("Retry-After", "3600")
        });
        let home = Intunectl::new();
        let mut command = home.disconnect(server.root());
        let running = Running::start(command.args(ids(count)).args(["-j2", "--wait=9m", "-o", "ndjson"]));
        // All are accepted before a read is answered, so that the pause affects only reads.
        server.wait_for(count + 1);
        let start = Instant::now();
        gate.open();
        let seen = running.end();
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        assert_eq!((seen.code, seen.with_status("failed")), (Some(1), ids(count)), "{seen:?}");
        for record in seen.records() {
            assert_unconfirmed(&record, "not_confirmed");
            assert!(message(&record).contains(" a wait of "), "{record}");
        }
        assert!(seen.stdout.contains(" 1h"), "{seen:?}");
        assert_eq!(server.ids_of("POST").len(), count);
    }
}

#[test]
fn a_token_that_may_not_read_is_reported_at_once_and_does_not_stop_the_run() {
    let server = service(|_, _| Reply::status(403).body(r#"{"error":{"code":"Forbidden","message":"not for you"}}"#));
    let start = Instant::now();
    let seen = disconnect(&server, &["a", "b", "-j1", "--wait=10m"]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!((seen.code, seen.records().len()), (Some(1), 2), "{seen:?}");
    for record in seen.records() {
        assert_unconfirmed(&record, "not_confirmed");
        assert!(message(&record).contains("403 Forbidden: not for you"), "{record}");
    }
    assert!(seen.stderr.contains("DeviceManagementServiceConfig.Read"), "{seen:?}");
    assert_eq!((server.ids_of("POST").len(), server.ids_of("GET").len()), (2, 2));
}

#[test]
fn a_token_that_is_rejected_for_a_read_is_exit_4_and_stops_the_run() {
    let (server, gate) = only_the_first_is_taken_on(|_| Reply::expired());
    let running = start("disconnect", &server, 9, &["-j1", "--wait", "-o", "ndjson"]);
    running.wait_for_stdout(r#""kind":"auth""#);
    // The request that was in flight.
    gate.open();
    let seen = running.end();
    assert_eq!(seen.code, Some(4), "{seen:?}");
    let records = seen.records();
    assert_eq!(records[0]["id"], "p-0001");
    assert_unconfirmed(&records[0], "auth");
    assert!(message(&records[0]).contains("401 InvalidAuthenticationToken"), "{seen:?}");
    assert_eq!(records.len(), 9);
    let rest = seen.with_status("not_attempted");
    assert_eq!(server.ids_of("POST").len() + rest.len(), 9);
    assert!(rest.len() >= 7, "{seen:?}");
    for record in &records[1..] {
        assert_eq!(record["error"]["kind"], "auth", "{record}");
    }
    assert!(seen.stderr.contains("hint: 401: "), "{seen:?}");
}

#[test]
fn a_signal_ends_the_wait_quickly_and_the_records_say_accepted() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let server = in_effect_at(usize::MAX);
        let running = start("disconnect", &server, 3, &["--wait=10m", "-o", "ndjson", "--rate", "3/10m"]);
        // Three, each read once: the next reads are a second away.
        server.wait_for(6);
        let start = Instant::now();
        running.signal(signal);
        let seen = running.end();
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!((seen.code, seen.records().len()), (Some(code), 3), "{seen:?}");
        for record in seen.records() {
            assert_unconfirmed(&record, "interrupted");
            assert!(message(&record).contains("accepted"), "{record}");
        }
        assert_eq!(server.ids_of("POST").len(), 3);
    }
}

#[test]
fn after_a_signal_records_distinguish_accepted_and_unsent_ids() {
    let server = in_effect_at(usize::MAX);
    // The rate limit allows two.
    let running = start("disconnect", &server, 5, &["--wait=10m", "-o", "ndjson", "--rate", "2/10m", "-j2"]);
    server.wait_for(4);
    running.signal("INT");
    let seen = running.end();
    assert_eq!((seen.code, seen.records().len()), (Some(130), 5), "{seen:?}");
    assert_eq!(seen.with_status("not_attempted").len(), 3, "{seen:?}");
    for record in seen.records().iter().filter(|record| record["status"] == "failed") {
        assert_unconfirmed(record, "interrupted");
    }
    assert_eq!(server.ids_of("POST").len(), 2);
}

#[test]
fn a_second_signal_does_not_wait_for_a_stalled_read() {
    let server = service(|_, _| Reply::Stall(Vec::new()));
    let home = Intunectl::new();
    let running =
        Running::start(home.disconnect(server.root()).args(["a", "--wait", "--timeout", "10m", "-o", "ndjson"]));
    server.wait_for(2);
    running.signal("INT");
    running.wait_for_stderr("Interrupt again to stop at once");
    running.signal("INT");
    let seen = running.end();
    assert_eq!(seen.code, Some(130));
    assert_unconfirmed(&seen.records()[0], "interrupted");
}

#[test]
fn a_stalled_service_delays_the_end_by_no_more_than_the_wait_and_one_timeout() {
    let server = service(|_, _| Reply::Stall(Vec::new()));
    let start = Instant::now();
    let seen = disconnect(&server, &["a", "b", "c", "-j1", "--wait=900ms", "--timeout", "1s"]);
    // Enough for three reads one after the other, but not for a retry.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!((seen.code, seen.records().len()), (Some(1), 3), "{seen:?}");
    for record in seen.records() {
        assert_unconfirmed(&record, "not_confirmed");
    }
    let reads = server.ids_of("GET");
    assert!(reads.len() <= 3, "no read starts after the time is up: {reads:?}");
}

#[test]
fn a_request_that_was_not_accepted_is_not_waited_for() {
    let server = Server::start(|request, _| match request.id() {
        "gone" => Reply::status(404),
        "odd" => Reply::status(200).body("{}"),
        id if request.is_post() => Reply::done().header("request-id", id),
        id => Reply::partner(id, "notOnboarded"),
    });
    let seen = disconnect(&server, &["gone", "odd", "a", "--wait"]);
    assert_eq!((seen.with_status("failed"), seen.code), (vec!["gone".into(), "odd".into()], Some(1)), "{seen:?}");
    assert_eq!(server.ids_of("GET"), ["a"]);
}

#[test]
fn fail_fast_stops_the_run_if_a_change_is_not_confirmed_in_time() {
    let (server, gate) = only_the_first_is_taken_on(|id| Reply::partner(id, "onboarded"));
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    command.args(ids(5)).args(["-j1", "--wait=900ms", "--fail-fast", "-o", "ndjson"]);
    let running = Running::start(&mut command);
    running.wait_for_stdout("not_confirmed");
    gate.open();
    let seen = running.end();
    assert_eq!((seen.code, server.ids_of("POST")), (Some(1), ids(2)), "{seen:?}");
    assert_eq!(seen.with_status("not_attempted"), ids(5)[2..]);
}

#[test]
fn resume_repeats_changes_that_were_not_confirmed() {
    let server = in_effect_at(1);
    let home = Intunectl::new();
    let seen = run(home.disconnect(server.root()).args(["a", "--wait=900ms", "-o", "ndjson"]));
    assert_eq!(seen.with_status("failed"), ["a"]);
    let log = home.file("audit.ndjson", &seen.stdout);
    let seen = run(home.disconnect(server.root()).args(["a", "--wait=60s", "-o", "ndjson", "--resume"]).arg(log));
    assert_eq!((seen.with_status("disconnected").len(), seen.code), (1, Some(0)), "{seen:?}");
    assert_eq!(server.ids_of("POST"), ["a", "a"]);
}

#[test]
fn an_invalid_duration_is_a_usage_error() {
    let server = in_effect_at(0);
    for wait in ["--wait=", "--wait=0s", "--wait=abc", "--wait=5", "--wait=-1s", "--wait=2years"] {
        let seen = disconnect(&server, &["a", wait]);
        assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(2), 0), "{wait}: {seen:?}");
    }
    let seen = disconnect(&server, &["a", "--wait=1m 30s"]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
}

#[test]
fn a_duration_after_wait_and_a_space_is_not_used_as_an_id() {
    let server = in_effect_at(0);
    for arguments in [&["a", "--wait", "3s"][..], &["--wait", "10m", "a"], &["a", "--wait", "1h", "-y"]] {
        let seen = disconnect(&server, arguments);
        assert_eq!(
            (seen.stdout.as_str(), seen.code, server.connections()),
            ("", Some(2), 0),
            "{arguments:?}: {seen:?}"
        );
        let duration = arguments[arguments.iter().position(|argument| *argument == "--wait").unwrap() + 1];
        assert!(seen.stderr.contains(&format!("--wait={duration}")), "the hint has the right spelling: {seen:?}");
    }
    // Without --wait, it is an ID.
    let seen = disconnect(&server, &["3s"]);
    assert_eq!((seen.code, server.ids_of("POST")), (Some(0), vec!["3s".to_owned()]), "{seen:?}");
}
