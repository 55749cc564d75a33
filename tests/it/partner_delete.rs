//! `partner delete`: how it differs from `partner disconnect`, and that nothing else differs. The tests of
//! `partner disconnect` are more thorough.

use std::time::Duration;

use crate::support::jwt::{self, TENANT};
use crate::support::server::{Reply, Request, Server};
use crate::support::{Intunectl, Seen, TOKEN, ids, run, start};

/// The answer to a read.
type Read = fn(&Request) -> Reply;

/// The records of an earlier run: verbs and statuses.
type Records = &'static [(&'static str, &'static str)];

fn delete(server: &Server, arguments: &[&str]) -> Seen {
    run(Intunectl::new().partner("delete", server.root()).args(arguments))
}

/// A service for which `p-0002` does not exist.
fn without_the_second() -> Server {
    Server::start(|request, _| match request.id() {
        "p-0002" => Reply::not_found(),
        id if request.is_write() => Reply::done().header("request-id", &format!("r-of-{id}")),
        id => Reply::partner(id, "notOnboarded"),
    })
}

/// A service that deletes every partner, and in which the deletion is visible at this read of it, counted from 1.
fn gone_at(read: usize) -> Server {
    Server::start(move |request, n| match request.is_write() {
        true => Reply::done(),
        false if n >= read => Reply::not_found(),
        false => Reply::partner(request.id(), "notOnboarded"),
    })
}

#[test]
fn the_request_is_a_delete_of_the_partner_itself_without_a_body() {
    let server = Server::always(Reply::done);
    let seen = delete(&server, &["5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10", "a+b@c:d", "-j1", "-vv"]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    let path = |id| format!("/v1.0/deviceManagement/remoteAssistancePartners/{id}");
    assert_eq!(paths, ["5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10", "a%2Bb%40c%3Ad"].map(path));
    for request in server.requests() {
        assert_eq!((request.method.as_str(), request.body.as_slice()), ("DELETE", &[][..]));
        assert_eq!((request.header("content-type"), request.header("transfer-encoding")), (None, None));
        assert!(request.header("content-length").is_none_or(|length| length == "0"), "{request:?}");
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert!(uuid::Uuid::parse_str(request.header("client-request-id").unwrap()).is_ok());
    }
    let server = Server::always(Reply::done);
    assert_eq!(delete(&server, &["a", "--api-version", "beta"]).code, Some(0));
    assert_eq!(server.requests()[0].path, "/beta/deviceManagement/remoteAssistancePartners/a");
}

#[test]
fn records_and_text_say_that_the_partner_was_deleted() {
    let three = ["p-0001", "p-0002", "p-0003", "-j1"];
    let seen = delete(&without_the_second(), &[&three[..], &["-o", "ndjson"]].concat());
    assert_eq!(seen.code, Some(1));
    let fields = |record: &serde_json::Value| {
        assert_eq!(record["action"], "delete");
        ["index", "status", "http_status", "request_id"].map(|name| record[name].to_string()).join(" ")
    };
    let reported: Vec<_> = seen.records().iter().map(fields).collect();
    let expected =
        [r#"1 "deleted" 204 "r-of-p-0001""#, r#"2 "failed" 404 "r-404""#, r#"3 "deleted" 204 "r-of-p-0003""#];
    assert_eq!(reported, expected);
    let seen = delete(&without_the_second(), &three);
    let lines = "p-0001\tdeleted\n\
                 p-0002\tfailed\t404 ResourceNotFound: no such partner (request ID r-404)\n\
                 p-0003\tdeleted\n";
    assert_eq!((seen.stdout.as_str(), seen.code), (lines, Some(1)));
    assert_eq!(seen.timeless().lines().next(), Some("3 partners: 2 deleted, 1 failed in T s"));
    assert!(!seen.stderr.contains("disconnect") && !seen.stderr.contains("onboard"), "{seen:?}");
    assert_eq!(delete(&without_the_second(), &[&three[..], &["-o", "id"]].concat()).stdout, "p-0001\np-0003\n");
}

#[test]
fn a_dry_run_sends_no_delete_and_would_delete_a_partner_of_any_status() {
    for status in ["onboarded", "onboarding", "notOnboarded", "someNewStatus"] {
        let server = Server::start(move |request, _| Reply::partner(request.id(), status));
        let seen = delete(&server, &["a", "--dry-run", "-o", "ndjson"]);
        assert_eq!((&seen.records()[0]["status"], seen.code), (&"would_delete".into(), Some(0)), "{seen:?}");
        server.assert_only_read();
    }
    let server = without_the_second();
    let seen = delete(&server, &["p-0001", "p-0002", "-j1", "--dry-run"]);
    assert_eq!(
        (seen.stdout.lines().next(), seen.code),
        (Some("p-0001\twould_delete\tName of p-0001, notOnboarded"), Some(1))
    );
    let summary = "2 partners: 1 would be deleted, 1 failed, checked in T s; nothing was changed";
    assert_eq!(seen.timeless().lines().next(), Some(summary));
    server.assert_only_read();
}

#[test]
fn wait_lasts_until_the_partner_is_not_found() {
    let server = gone_at(2);
    let seen = delete(&server, &["a", "--wait=60s", "-o", "ndjson"]);
    let record = &seen.records()[0];
    assert_eq!((&record["status"], &record["http_status"], seen.code), (&"deleted".into(), &204.into(), Some(0)));
    let methods: Vec<_> = server.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["DELETE", "GET", "GET"]);
}

#[test]
fn a_partner_that_still_exists_after_the_wait_is_not_confirmed() {
    let reads: [(Read, &str); 3] = [
        (|request| Reply::partner(request.id(), "notOnboarded"), "the partner still exists"),
        // Other failures of a read do not show that it is gone.
        (|_| Reply::status(410), "reading the partner failed: 410 "),
        (|_| Reply::status(500), "reading the partner failed: 500 "),
    ];
    for (read, words) in reads {
        let server = Server::start(move |request, _| if request.is_write() { Reply::done() } else { read(request) });
        let seen = delete(&server, &["a", "--wait=400ms", "-o", "ndjson"]);
        let record = &seen.records()[0];
        assert_eq!((&record["status"], &record["http_status"], seen.code), (&"failed".into(), &204.into(), Some(1)));
        assert_eq!(record["error"]["kind"], "not_confirmed");
        assert!(record["error"]["message"].as_str().unwrap().contains(words), "{record}");
        assert_eq!(server.ids_of("DELETE"), ["a"]);
    }
}

#[test]
fn temporary_failures_are_retried_and_permanent_ones_are_not() {
    let server = Server::start(|_, n| match n {
        0 => Reply::Reset,
        1 => Reply::status(502).header("Retry-After", "0.01"),
        2 => Reply::status(503).header("Retry-After", "1"),
        3 => Reply::status(429).header("Retry-After", "1"),
        _ => Reply::done(),
    });
    let seen = delete(&server, &["a", "-o", "ndjson"]);
    let record = &seen.records()[0];
    assert_eq!((&record["status"], &record["attempts"], seen.code), (&"deleted".into(), &5.into(), Some(0)));
    assert!(server.gaps()[2..].iter().all(|gap| *gap >= Duration::from_secs(1)), "{:?}", server.gaps());
    assert_eq!(server.ids_of("DELETE"), ["a"; 5]);
    for status in [200_u16, 400, 403, 404, 409, 500] {
        let server = Server::always(move || Reply::status(status));
        let seen = delete(&server, &["a", "-o", "ndjson"]);
        assert_eq!((&seen.records()[0]["http_status"], seen.code), (&status.into(), Some(1)));
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[test]
fn if_a_partner_is_not_found_after_an_unanswered_attempt_the_message_says_that_it_may_have_succeeded() {
    let server = Server::start(|_, n| if n == 0 { Reply::Close } else { Reply::not_found() });
    let seen = delete(&server, &["a", "-o", "ndjson"]);
    let record = &seen.records()[0];
    assert_eq!((&record["status"], &record["attempts"], seen.code), (&"failed".into(), &2.into(), Some(1)));
    assert!(record["error"]["message"].as_str().unwrap().contains("may have succeeded"), "{record}");
    assert!(!seen.stderr.contains("no partner with this ID"), "{seen:?}");
}

#[test]
fn a_rejected_token_stops_the_run() {
    let server = Server::start(|_, n| if n == 1 { Reply::status(401) } else { Reply::done() });
    let seen = run(Intunectl::new().partner("delete", server.root()).args(ids(9)).args(["-j1", "-o", "ndjson"]));
    assert_eq!((seen.code, server.ids()), (Some(4), ids(2)), "{seen:?}");
    assert_eq!((seen.with_status("deleted"), seen.with_status("not_attempted")), (ids(1), ids(9)[2..].to_vec()));
}

#[test]
fn after_a_signal_every_id_is_reported() {
    let (server, gate) = Server::gated(|_, _| true, |_, _| Reply::done());
    let running = start("delete", &server, 9, &["-j3", "-o", "ndjson"]);
    server.wait_for(3);
    running.signal("INT");
    running.wait_for_stderr("waiting for 3 requests to finish");
    gate.open();
    let seen = running.end();
    assert_eq!((seen.code, server.ids().len()), (Some(130), 3));
    assert_eq!((seen.with_status("deleted").len(), seen.with_status("not_attempted")), (3, ids(9)[3..].to_vec()));
}

#[test]
fn the_rate_limit_of_writes_is_kept() {
    let server = Server::always(Reply::done);
    let seen =
        run(Intunectl::new().partner("delete", server.root()).args(ids(9)).args(["--rate", "3/400ms", "-j", "9"]));
    assert_eq!((seen.code, server.done()), (Some(0), ids(9)));
    let arrivals: Vec<_> = server.requests().into_iter().map(|request| request.at).collect();
    for four in arrivals.windows(4) {
        assert!(four[3] - four[0] >= Duration::from_millis(400), "{:?}", four[3] - four[0]);
    }
}

/// Whether `verb` skips partner `a`, if an earlier run wrote these records: verbs and statuses.
fn skips(verb: &str, records: &[(&str, &str)]) -> bool {
    let server = Server::always(Reply::done);
    let record = |(action, status): &(&str, &str)| {
        let record = serde_json::json!({
            "id": "a", "action": action, "status": status, "tenant_id": TENANT, "graph_url": server.root(),
        });
        // A record begins with its ID.
        format!("{{\"id\":\"a\",{}\n", record.to_string().replacen("\"id\":\"a\",", "", 1).trim_start_matches('{'))
    };
    let home = Intunectl::new();
    let log = home.file("log", records.iter().map(record).collect::<String>());
    let mut command = home.partner(verb, server.root());
    let seen = run(command.args(["a", "-o", "ndjson", "--resume"]).arg(log).env("INTUNECTL_TOKEN", jwt::good()));
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let writes = server.requests().iter().filter(|request| request.is_write()).count();
    assert_eq!(seen.with_status("skipped").is_empty(), writes == 1, "{seen:?}");
    server.requests().is_empty()
}

#[test]
fn a_resumed_run_skips_what_no_later_action_has_undone() {
    const DISCONNECTED: (&str, &str) = ("disconnect", "disconnected");
    const STARTED: (&str, &str) = ("onboard", "onboarding_started");
    const DELETED: (&str, &str) = ("delete", "deleted");
    let cases: [(&str, Records, bool); 12] = [
        ("delete", &[DELETED], true),
        ("delete", &[DELETED, ("delete", "failed")], false),
        ("delete", &[DISCONNECTED], false),
        ("delete", &[STARTED], false),
        ("delete", &[DISCONNECTED, DELETED], true),
        // Disconnecting a deleted partner does not bring it back; onboarding shows that the ID exists again.
        ("delete", &[DELETED, ("disconnect", "failed")], true),
        ("delete", &[DELETED, STARTED], false),
        ("disconnect", &[DELETED], false),
        ("disconnect", &[DISCONNECTED, DELETED], true),
        ("onboard", &[STARTED, DELETED], false),
        ("onboard", &[STARTED, ("delete", "failed")], false),
        ("onboard", &[DELETED, STARTED], true),
    ];
    for (verb, records, expected) in cases {
        assert_eq!(skips(verb, records), expected, "{verb} after {records:?}");
    }
}
