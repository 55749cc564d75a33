//! `partner onboard`: how it differs from `partner disconnect`, and that nothing else differs. The tests of
//! `partner disconnect` are more thorough.

use std::time::Duration;

use crate::support::server::{Reply, Server};
use crate::support::{Intunectl, Seen, TOKEN, ids, run, start};

fn onboard(server: &Server, arguments: &[&str]) -> Seen {
    run(Intunectl::new().partner("onboard", server.root()).args(arguments))
}

/// A service for which `p-0002` does not exist.
fn without_the_second() -> Server {
    Server::start(|request, _| match request.id() {
        "p-0002" => Reply::not_found(),
        id => Reply::done().header("request-id", &format!("r-of-{id}")),
    })
}

#[test]
fn the_request_is_a_post_to_begin_onboarding_with_content_length_0() {
    let server = Server::always(Reply::done);
    let seen = onboard(&server, &["5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10", "a+b=@:", "-j1", "-vv"]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    let path = |id| format!("/v1.0/deviceManagement/remoteAssistancePartners/{id}/beginOnboarding");
    assert_eq!(paths, ["5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10", "a%2Bb%3D%40%3A"].map(path));
    for request in server.requests() {
        assert_eq!((request.method.as_str(), request.body.as_slice()), ("POST", &[][..]));
        assert_eq!(request.header("content-length"), Some("0"));
        assert_eq!((request.header("content-type"), request.header("transfer-encoding")), (None, None));
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert!(uuid::Uuid::parse_str(request.header("client-request-id").unwrap()).is_ok());
    }
    let server = Server::always(Reply::done);
    assert_eq!(onboard(&server, &["a", "--api-version", "beta"]).code, Some(0));
    assert_eq!(server.requests()[0].path, "/beta/deviceManagement/remoteAssistancePartners/a/beginOnboarding");
}

#[test]
fn records_and_text_say_that_onboarding_was_started() {
    let three = ["p-0001", "p-0002", "p-0003", "-j1"];
    let seen = onboard(&without_the_second(), &[&three[..], &["-o", "ndjson"]].concat());
    assert_eq!(seen.code, Some(1));
    let reported: Vec<_> = seen
        .records()
        .into_iter()
        .map(|record| {
            assert_eq!(record["action"], "onboard");
            let field = |name: &str| record[name].to_string().trim_matches('"').to_owned();
            (field("id"), field("index"), field("status"), field("http_status"), field("request_id"))
        })
        .collect();
    let row = |id: &str, index: &str, status: &str, http: &str, request: &str| {
        (id.to_owned(), index.to_owned(), status.to_owned(), http.to_owned(), request.to_owned())
    };
    assert_eq!(
        reported,
        [
            row("p-0001", "1", "onboarding_started", "204", "r-of-p-0001"),
            row("p-0002", "2", "failed", "404", "r-404"),
            row("p-0003", "3", "onboarding_started", "204", "r-of-p-0003"),
        ]
    );
    let seen = onboard(&without_the_second(), &three);
    let lines = "p-0001\tonboarding_started\n\
                 p-0002\tfailed\t404 ResourceNotFound: no such partner (request ID r-404)\n\
                 p-0003\tonboarding_started\n";
    assert_eq!((seen.stdout.as_str(), seen.code), (lines, Some(1)));
    let summary = seen.timeless().lines().next().unwrap().to_owned();
    assert_eq!(summary, "3 partners: 2 onboarding started, 1 failed in T s");
    assert!(!seen.stderr.contains("disconnect"), "{seen:?}");
}

#[test]
fn the_json_document_counts_started_onboardings_as_succeeded() {
    let seen = onboard(&without_the_second(), &["p-0001", "p-0002", "p-0003", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    let summary = &document["summary"];
    assert_eq!((&summary["total"], &summary["succeeded"], &summary["failed"]), (&3.into(), &2.into(), &1.into()));
    let statuses: Vec<_> = document["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["onboarding_started", "failed", "onboarding_started"]);
}

#[test]
fn the_id_format_prints_ids_that_succeeded_and_reports_failures() {
    let seen = onboard(&without_the_second(), &["p-0001", "p-0002", "p-0003", "-j1", "-o", "id"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("p-0001\np-0003\n", Some(1)));
    assert!(seen.stderr.contains("error: p-0002: 404 ResourceNotFound: no such partner"), "{seen:?}");
}

#[test]
fn temporary_failures_are_retried() {
    let server = Server::start(|_, n| match n {
        0 => Reply::Reset,
        1 => Reply::status(502).header("Retry-After", "0.01"),
        2 => Reply::status(503).header("Retry-After", "1"),
        3 => Reply::status(429).header("Retry-After", "1"),
        _ => Reply::done(),
    });
    let seen = onboard(&server, &["a", "-o", "ndjson"]);
    let record = &seen.records()[0];
    assert_eq!((&record["status"], &record["attempts"], seen.code), (&"onboarding_started".into(), &5.into(), Some(0)));
    assert!(server.gaps()[2..].iter().all(|gap| *gap >= Duration::from_secs(1)), "{:?}", server.gaps());
    assert_eq!(server.ids_of("POST"), ["a"; 5]);
}

#[test]
fn permanent_failures_are_not_retried() {
    for status in [400_u16, 403, 404, 409, 500] {
        let server = Server::always(move || Reply::status(status));
        let seen = onboard(&server, &["a", "-o", "ndjson"]);
        assert_eq!((&seen.records()[0]["http_status"], seen.code), (&status.into(), Some(1)));
        assert_eq!(server.requests().len(), 1, "{status}");
    }
    // Only a 204 is a success.
    let server = Server::always(|| Reply::status(200).body("{}"));
    assert_eq!(onboard(&server, &["a"]).code, Some(1));
}

#[test]
fn a_rejected_token_stops_the_run() {
    let server = Server::start(|_, n| if n == 1 { Reply::status(401) } else { Reply::done() });
    let seen = run(Intunectl::new().partner("onboard", server.root()).args(ids(9)).args(["-j1", "-o", "ndjson"]));
    assert_eq!((seen.code, server.ids()), (Some(4), ids(2)), "{seen:?}");
    assert_eq!(seen.with_status("onboarding_started"), ids(1));
    assert_eq!(seen.with_status("not_attempted"), ids(9)[2..]);
    assert!(seen.records()[1..].iter().all(|record| record["error"]["kind"] == "auth"), "{seen:?}");
}

#[test]
fn after_a_signal_every_id_is_reported() {
    let (server, gate) = Server::gated(|_, _| true, |_, _| Reply::done());
    let running = start("onboard", &server, 9, &["-j3", "-o", "ndjson"]);
    server.wait_for(3);
    running.signal("INT");
    running.wait_for_stderr("waiting for 3 requests to finish");
    gate.open();
    let seen = running.end();
    assert_eq!((seen.code, server.ids().len()), (Some(130), 3));
    assert_eq!(seen.with_status("onboarding_started").len(), 3);
    assert_eq!(seen.with_status("not_attempted"), ids(9)[3..]);
}

#[test]
fn the_rate_limit_is_kept() {
    let server = Server::always(Reply::done);
    let seen =
        run(Intunectl::new().partner("onboard", server.root()).args(ids(9)).args(["--rate", "3/400ms", "-j", "9"]));
    assert_eq!((seen.code, server.done()), (Some(0), ids(9)));
    let arrivals: Vec<_> = server.requests().into_iter().map(|request| request.at).collect();
    for four in arrivals.windows(4) {
        assert!(four[3] - four[0] >= Duration::from_millis(400), "{:?}", four[3] - four[0]);
    }
}

#[test]
fn ids_come_from_a_file_and_if_one_is_invalid_nothing_is_sent() {
    let home = Intunectl::new();
    let server = Server::always(Reply::done);
    let file = home.file("ids.txt", "a\nb\na\n");
    let seen = run(home.partner("onboard", server.root()).arg("-f").arg(&file).args(["-j1", "-o", "id"]));
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\nb\n", Some(0)), "{seen:?}");
    assert_eq!(server.ids(), ["a", "b"]);
    let file = home.file("ids.txt", "c\nd/e\n");
    let seen = run(home.partner("onboard", server.root()).arg("-f").arg(&file));
    assert_eq!((seen.stdout.as_str(), seen.code, server.requests().len()), ("", Some(2), 2), "{seen:?}");
    assert!(seen.stderr.contains("ids.txt:2"), "{seen:?}");
    let seen = run(&mut home.partner("onboard", server.root()));
    assert_eq!((seen.code, server.requests().len()), (Some(2), 2), "{seen:?}");
}
