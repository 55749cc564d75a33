//! `partner disconnect`: what is retried, and when.

use std::time::{Duration, SystemTime};

use crate::support::server::{Reply, Request, Server};
use crate::support::{Intunectl, disconnect, ids, run, start};

/// A 429 with this `Retry-After`.
fn throttled(retry_after: &str) -> Reply {
    Reply::status(429).header("Retry-After", retry_after)
}

/// A server that gives this answer to the first request, and 204 to all others.
fn once(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |_, n| if n == 0 { reply() } else { Reply::done() })
}

/// Disconnects one partner; its record and the exit code.
fn record(root: &str, arguments: &[&str]) -> (serde_json::Value, Option<i32>) {
    let seen = disconnect(root, &[&["p-1", "-o", "ndjson"], arguments].concat());
    let mut records = seen.records();
    assert_eq!(records.len(), 1, "{}", seen.stderr);
    (records.remove(0), seen.code)
}

fn message(record: &serde_json::Value) -> &str {
    record["error"]["message"].as_str().unwrap()
}

#[test]
fn a_temporary_failure_is_retried() {
    for status in [408, 429, 502, 503, 504] {
        let server = once(move || Reply::status(status).header("Retry-After", "0"));
        let (record, code) = record(server.root(), &[]);
        assert_eq!((&record["status"], &record["attempts"], code), (&"disconnected".into(), &2.into(), Some(0)));
        assert_eq!(server.ids(), ["p-1", "p-1"], "{status}");
    }
}

#[test]
fn there_is_one_attempt_more_than_retries() {
    for status in [408_u16, 429, 502, 503, 504] {
        for (retries, attempts) in [("0", 1_u16), ("1", 2), ("3", 4)] {
            let server = Server::always(move || Reply::status(status).header("Retry-After", "0"));
            let (record, code) = record(server.root(), &["--retries", retries]);
            assert_eq!((&record["attempts"], &record["http_status"]), (&attempts.into(), &status.into()));
            assert_eq!((&record["status"], code), (&"failed".into(), Some(1)));
            let kind = if status == 429 { "throttled" } else { "http" };
            assert_eq!(record["error"]["kind"], kind);
            assert_eq!(server.ids().len(), usize::from(attempts), "{status} with {retries} retries");
        }
    }
}

#[test]
fn a_permanent_failure_is_not_retried_even_with_retry_after() {
    for status in [400, 403, 404, 500, 501] {
        let server = Server::always(move || Reply::status(status).header("Retry-After", "0"));
        let (record, code) = record(server.root(), &[]);
        assert_eq!((&record["status"], code, server.ids().len()), (&"failed".into(), Some(1), 1), "{status}");
    }
}

#[test]
fn a_refused_connection_is_retried_and_then_reported() {
    // A privileged port, on which nothing listens.
    let (record, code) = record("http://127.0.0.1:1", &["--retries", "1"]);
    assert_eq!((&record["status"], &record["attempts"], code), (&"failed".into(), &2.into(), Some(1)));
    assert_eq!((&record["http_status"], &record["error"]["code"]), (&().into(), &"ConnectionRefused".into()));
    assert_eq!((&record["error"]["kind"], message(&record)), (&"network".into(), "127.0.0.1:1: connection refused"));
}

#[test]
fn a_lost_connection_is_retried_and_then_reported() {
    for reply in [|| Reply::Close, || Reply::Reset, || Reply::Raw(b"HTTP/1.1 204".to_vec())] {
        let server = Server::always(reply);
        let (record, code) = record(server.root(), &["--retries", "1"]);
        assert_eq!((&record["status"], &record["attempts"], code), (&"failed".into(), &2.into(), Some(1)), "{record}");
        assert_eq!((&record["http_status"], &record["error"]["code"]), (&().into(), &"ConnectionLost".into()));
        assert_eq!(record["error"]["kind"], "network");
        assert_eq!(
            message(&record),
            format!(
                "{}: connection lost before an answer arrived; the change may have been applied anyway: check with \
                 `intunectl partner list`",
                server.root().trim_start_matches("http://")
            )
        );
        assert_eq!(server.ids().len(), 2);
    }
}

#[test]
fn a_retry_after_a_lost_connection_can_succeed() {
    for reply in [|| Reply::Close, || Reply::Reset] {
        let server = once(reply);
        let (record, code) = record(server.root(), &[]);
        assert_eq!((&record["status"], &record["attempts"], code), (&"disconnected".into(), &2.into(), Some(0)));
        assert_eq!(server.ids().len(), 2);
    }
}

#[test]
fn an_attempt_without_an_answer_times_out_and_is_retried() {
    for half_an_answer in ["", "HTTP/1.1 204 No Content\r\nrequest-id: "] {
        let server = Server::always(move || Reply::Stall(half_an_answer.into()));
        let (record, code) = record(server.root(), &["--timeout", "300ms", "--retries", "1"]);
        assert_eq!((&record["status"], &record["attempts"], code), (&"failed".into(), &2.into(), Some(1)));
        assert_eq!((&record["http_status"], &record["error"]["kind"]), (&().into(), &"timeout".into()));
        assert!(message(&record).contains(": no answer in time; the change may have been applied"), "{record}");
        assert!(server.gaps()[0] >= Duration::from_millis(290), "{:?}", server.gaps());
        assert_eq!(server.ids().len(), 2);
    }
}

#[test]
fn an_answer_that_is_not_http_is_reported_and_not_retried() {
    let server = Server::always(|| Reply::Raw(b"SSH-2.0-OpenSSH_9.6\r\n\x1b[2J\0\xff".to_vec()));
    let (record, code) = record(server.root(), &[]);
    assert_eq!((&record["status"], &record["attempts"], code), (&"failed".into(), &1.into(), Some(1)));
    assert!(message(&record).contains("no valid answer (not HTTP: "), "{record}");
    assert_eq!(server.ids().len(), 1);
}

#[test]
fn retry_after_is_obeyed_as_an_integer_and_as_a_fraction() {
    for (retry_after, least) in [("1", 1000), ("1.25", 1250), (" 1 ", 1000)] {
        let server = once(move || throttled(retry_after));
        let (record, code) = record(server.root(), &[]);
        assert_eq!((&record["status"], code), (&"disconnected".into(), Some(0)));
        let gap = server.gaps()[0];
        assert!(gap >= Duration::from_millis(least), "{retry_after:?}: {gap:?}");
        assert!(gap < Duration::from_secs(20), "{retry_after:?}: {gap:?}");
    }
}

#[test]
fn retry_after_is_obeyed_as_a_date() {
    let until = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    let server = once({
        let until = until.clone();
        move || throttled(&until)
    });
    let (record, code) = record(server.root(), &[]);
    assert_eq!((&record["status"], code), (&"disconnected".into(), Some(0)));
    let second = &server.requests()[1];
    assert!(second.time >= httpdate::parse_http_date(&until).unwrap(), "{until}: {:?}", second.time);
}

#[test]
fn a_retry_after_date_is_measured_against_the_clock_of_the_service() {
    let in_1999 = |s| format!("Fri, 31 Dec 1999 23:59:{s:02} GMT");
    let server = once(move || throttled(&in_1999(12)).header("Date", &in_1999(11)));
    let (record, code) = record(server.root(), &[]);
    assert_eq!((&record["status"], code), (&"disconnected".into(), Some(0)));
    assert!(server.gaps()[0] >= Duration::from_secs(1), "{:?}", server.gaps());
}

#[test]
fn an_invalid_retry_after_counts_as_absent() {
    let nonsense = ["", "soon", "-5", "1e9", "NaN", "inf", "1.2.3", "0x10", "7, 9", "Fri, 99 Foo 2024 00:00:00 GMT"];
    let server = Server::start(move |_, n| match nonsense.get(n) {
        // A 503 does not pause other requests, so all of them can back off at once.
        Some(words) => Reply::status(503).header("Retry-After", words),
        None => Reply::done(),
    });
    let seen = run(Intunectl::new().disconnect(server.root()).args(ids(nonsense.len())).args(["-j", "10"]));
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert_eq!(server.ids().len(), 2 * nonsense.len());
}

#[test]
fn without_retry_after_the_wait_is_random_and_at_most_the_backoff() {
    let server = Server::start(|_, n| if n < 16 { Reply::status(503) } else { Reply::done() });
    let seen = run(Intunectl::new().disconnect(server.root()).args(ids(16)).args(["-j", "16", "-v"]));
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let waits: Vec<f64> = seen
        .stderr
        .lines()
        .filter_map(|line| line.split_once("waiting ")?.1.strip_suffix(" s before the next attempt")?.parse().ok())
        .collect();
    assert_eq!(waits.len(), 16, "{}", seen.stderr);
    assert!(waits.iter().all(|wait| *wait <= 1.0), "{waits:?}");
    assert!(waits.iter().any(|wait| (wait - waits[0]).abs() > 0.05), "{waits:?}");
}

#[test]
fn a_wait_of_over_10_minutes_is_not_begun_and_the_rest_is_not_attempted() {
    let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(7300));
    for (retry_after, shown) in [
        ("3600", "1h"),
        ("601", "10m 1s"),
        ("99999999999999999999", "years"),
        ("600.5", "10m"),
        (soon.as_str(), "2h 1m"),
    ] {
        for status in [429, 503] {
            let words = retry_after.to_owned();
            let server = Server::always(move || Reply::status(status).header("Retry-After", &words));
            let seen = disconnect(server.root(), &["a", "b", "c", "-j1", "-o", "ndjson"]);
            let records = seen.records();
            assert_eq!((records.len(), seen.code, server.ids()), (3, Some(1), vec!["a".to_owned()]), "{}", seen.stdout);
            assert_eq!((&records[0]["status"], &records[0]["http_status"]), (&"failed".into(), &status.into()));
            for record in &records {
                assert_eq!(record["error"]["kind"], "throttled");
                assert!(message(record).contains("Graph asks for a wait of"), "{record}");
            }
            assert!(message(&records[0]).contains(shown), "{retry_after}: {}", records[0]);
            for record in &records[1..] {
                assert_eq!((&record["status"], &record["attempts"]), (&"not_attempted".into(), &0.into()));
            }
        }
    }
}

/// One of eight requests in flight gets this status with a `Retry-After`, which must pause all.
fn pauses_all_workers(status: u16) {
    let (server, gate) = Server::gated(
        |_, n| (1..8).contains(&n),
        move |_, n| if n == 0 { Reply::status(status).header("Retry-After", "2") } else { Reply::done() },
    );
    let running = start("disconnect", &server, 30, &["-j", "8", "-v", "-o", "ndjson"]);
    running.wait_for_stderr("because the service throttles requests");
    server.wait_for(8);
    gate.open();
    let seen = running.end();
    assert_eq!((seen.code, server.done()), (Some(0), ids(30)), "{}", seen.stderr);
    let requests = server.requests();
    assert_eq!(requests.len(), 31);
    for request in &requests[8..] {
        let gap = request.at - requests[0].at;
        assert!(
            gap >= Duration::from_secs(2),
            "{} was sent {gap:?} after the request that was throttled",
            request.id()
        );
    }
}

#[test]
fn a_429_pauses_all_workers() {
    pauses_all_workers(429);
}

#[test]
fn a_503_with_retry_after_pauses_all_workers() {
    pauses_all_workers(503);
}

#[test]
fn a_503_without_retry_after_pauses_no_other_worker() {
    let server = Server::start(|request, n| {
        // The first partner fails until others have been sent.
        if request.id() == "p-0001" && n < 12 { Reply::status(503) } else { Reply::done() }
    });
    let seen = run(Intunectl::new().disconnect(server.root()).args(ids(20)).args(["-j2", "-v", "--retries", "20"]));
    assert_eq!((seen.code, server.done()), (Some(0), ids(20)), "{}", seen.stderr);
    assert!(seen.stderr.contains("before the next attempt"), "{}", seen.stderr);
    assert!(!seen.stderr.contains("because the service throttles requests"), "{}", seen.stderr);
}

#[test]
fn a_4xx_after_an_unanswered_attempt_says_that_the_earlier_one_may_have_succeeded() {
    let maybe = "; an earlier attempt got no answer and may have succeeded: check with `intunectl partner list`";
    let gone = || Reply::status(404).body(r#"{"error":{"code":"ResourceNotFound","message":"no such partner"}}"#);
    let first: [fn(&Request) -> Reply; 4] =
        [|_| Reply::Close, |_| Reply::Reset, |_| Reply::status(502), |_| Reply::status(504)];
    for first in first {
        let server = Server::start(move |request, n| if n == 0 { first(request) } else { gone() });
        let (record, code) = record(server.root(), &[]);
        assert_eq!((message(&record), code), (format!("no such partner{maybe}").as_str(), Some(1)));
        assert_eq!(server.ids().len(), 2);
    }
    // A throttled attempt was not carried out. In the second case there is no earlier attempt.
    let server = Server::start(move |_, n| if n == 0 { throttled("0") } else { gone() });
    assert_eq!(message(&record(server.root(), &[]).0), "no such partner");
    let server = Server::always(gone);
    assert_eq!(message(&record(server.root(), &[]).0), "no such partner");
}

#[test]
fn a_long_wait_is_reported_even_without_retries() {
    let server = Server::always(|| Reply::status(429).header("Retry-After", "3600"));
    let seen = disconnect(server.root(), &["a", "-o", "ndjson", "--retries", "0"]);
    assert_eq!((seen.code, server.requests().len()), (Some(1), 1), "{seen:?}");
    let record = &seen.records()[0];
    assert_eq!((&record["attempts"], &record["error"]["kind"]), (&1.into(), &"throttled".into()), "{record}");
    let message = record["error"]["message"].as_str().unwrap();
    assert!(message.ends_with("; not retried: Graph asks for a wait of 1h"), "{message}");
}

#[test]
fn a_long_message_does_not_cut_off_that_an_attempt_may_have_succeeded() {
    let words = "no ".repeat(200);
    let body = format!(r#"{{"error":{{"code":"NotFound","message":"{words}"}}}}"#);
    let server = Server::start(move |_, before| match before {
        0 => Reply::Close,
        _ => Reply::status(404).body(body.clone()),
    });
    let seen = disconnect(server.root(), &["a"]);
    assert_eq!((seen.code, server.requests().len()), (Some(1), 2), "{seen:?}");
    assert!(seen.stdout.starts_with("a\tfailed\t404 NotFound: no no no "), "{seen:?}");
    let end = "; an earlier attempt got no answer and may have succeeded: check with `intunectl partner list`";
    assert!(seen.stdout.contains(end), "{seen:?}");
}
