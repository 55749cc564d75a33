//! `--dry-run`: what would happen, with reads only.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::server::{Reply, Server};
use crate::support::terminal::{BUT_STDOUT, Terminal};
use crate::support::{Intunectl, Seen, ids, jwt, run, start};

/// A service with partners whose ID is their status. It has no partner `missing`.
fn service() -> Server {
    Server::start(|request, _| match request.id() {
        "missing" => Reply::not_found(),
        "nothing" => Reply::status(200).body(r#"{"id":"nothing","onboardingStatus":null}"#),
        id => Reply::partner(id, id).header("request-id", &format!("r-of-{id}")),
    })
}

/// Runs a verb with `--dry-run`.
fn rehearse(verb: &str, server: &Server, arguments: &[&str]) -> Seen {
    let seen = run(Intunectl::new().partner(verb, server.root()).arg("--dry-run").args(arguments));
    server.assert_only_read();
    seen
}

#[test]
fn a_dry_run_reports_what_would_happen_and_exits_as_the_run_would() {
    let cases = [
        ("disconnect", "onboarded", "would_disconnect", 0),
        ("disconnect", "onboarding", "would_disconnect", 0),
        ("disconnect", "someNewStatus", "would_disconnect", 0),
        ("disconnect", "nothing", "would_disconnect", 0),
        // A run would succeed too.
        ("disconnect", "notOnboarded", "already_disconnected", 0),
        ("disconnect", "missing", "failed", 1),
        ("onboard", "notOnboarded", "would_onboard", 0),
        // Onboarding can be started again.
        ("onboard", "onboarding", "would_onboard", 0),
        ("onboard", "someNewStatus", "would_onboard", 0),
        ("onboard", "onboarded", "already_onboarded", 0),
        ("onboard", "missing", "failed", 1),
    ];
    for (verb, id, expected, code) in cases {
        let server = service();
        let seen = rehearse(verb, &server, &[id, "-o", "ndjson"]);
        let record = &seen.records()[0];
        assert_eq!((&record["status"], seen.code), (&expected.into(), Some(code)), "{verb} {id}: {seen:?}");
        assert_eq!((&record["action"], &record["index"], &record["attempts"]), (&verb.into(), &1.into(), &1.into()));
        let http_status = if id == "missing" { 404 } else { 200 };
        assert_eq!(record["http_status"], http_status, "{record}");
        assert_eq!(record["error"].is_null(), id != "missing", "{record}");
        assert_eq!(server.ids_of("GET"), [id]);
    }
}

#[test]
fn the_names_that_powershell_has_for_a_dry_run_are_accepted() {
    for option in ["--dry-run", "--what-if", "--whatif"] {
        let server = service();
        let seen = run(Intunectl::new().disconnect(server.root()).args(["onboarded", option, "-o", "ndjson"]));
        assert_eq!((&seen.records()[0]["status"], seen.code), (&"would_disconnect".into(), Some(0)), "{seen:?}");
        server.assert_only_read();
    }
}

#[test]
fn one_missing_partner_makes_the_exit_code_1() {
    for (ids, code) in [
        (&["onboarded", "onboarding"][..], 0),
        (&["onboarded", "notOnboarded"], 0),
        (&["onboarded", "missing"], 1),
        (&["missing", "notOnboarded", "onboarded"], 1),
    ] {
        let seen = rehearse("disconnect", &service(), ids);
        assert_eq!((seen.stdout.lines().count(), seen.code), (ids.len(), Some(code)), "{ids:?}: {seen:?}");
        assert!(seen.stderr.contains("nothing was changed"), "{seen:?}");
    }
}

#[test]
fn text_shows_the_name_and_the_status_of_every_partner() {
    let seen = rehearse("disconnect", &service(), &["onboarded", "notOnboarded", "missing", "-j1"]);
    let lines: Vec<Vec<_>> = seen.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines[0][..2], ["onboarded", "would_disconnect"]);
    assert!(lines[0][2].contains("Name of onboarded") && lines[0][2].contains("onboarded"), "{seen:?}");
    assert_eq!(lines[1][..2], ["notOnboarded", "already_disconnected"]);
    assert_eq!(lines[2][..], ["missing", "failed", "404 ResourceNotFound: no such partner (request ID r-404)"]);
    assert!(seen.stderr.starts_with("3 partners: 1 would be disconnected, 1 failed"), "{seen:?}");
    assert!(seen.stderr.contains("\nhint: 404: "), "{seen:?}");
}

#[test]
fn the_json_document_counts_every_id_once_and_is_in_input_order() {
    let seen =
        rehearse("disconnect", &service(), &["missing", "onboarded", "notOnboarded", "onboarding", "-o", "json"]);
    let document: Value = serde_json::from_str(&seen.stdout).unwrap();
    let statuses: Vec<_> = document["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["failed", "would_disconnect", "already_disconnected", "would_disconnect"]);
    let mut summary = document["summary"].clone();
    summary["duration_ms"].take();
    let expected = json!({"total": 4, "succeeded": 2, "failed": 1, "skipped": 1, "not_attempted": 0, "duration_ms": null,
                          "tenant_id": null, "cloud": null});
    assert_eq!((summary, seen.code), (expected, Some(1)));
}

#[test]
fn only_records_of_a_dry_run_have_dry_run() {
    let home = Intunectl::new();
    let server = Server::start(|request, _| match request.id() {
        "missing" => Reply::status(404),
        "refused" => Reply::status(401),
        _ if request.is_post() => Reply::done(),
        id => Reply::partner(id, id),
    });
    let done = run(home.disconnect(server.root()).args(["done", "-o", "ndjson"])).stdout;
    let log = home.file("audit.ndjson", done);
    for (options, mark) in [(&["--dry-run"][..], Some(&Value::Bool(true))), (&[], None)] {
        for format in ["ndjson", "json"] {
            let mut command = home.disconnect(server.root());
            command.args(["done", "onboarded", "notOnboarded", "missing", "refused", "unsent", "-j1", "-o", format]);
            let seen = run(command.args(options).arg("--resume").arg(&log));
            let records = match format {
                "ndjson" => seen.records(),
                _ => serde_json::from_str::<Value>(&seen.stdout).unwrap()["results"].as_array().unwrap().clone(),
            };
            let status = |id: &str| records.iter().find(|record| record["id"] == id).unwrap()["status"].clone();
            assert_eq!(["done", "missing", "unsent"].map(status), ["skipped", "failed", "not_attempted"]);
            assert!(records.len() == 6 && records.iter().all(|record| record.get("dry_run") == mark), "{seen:?}");
        }
    }
}

#[test]
fn only_records_of_a_dry_run_have_the_partner_as_it_was_read() {
    let server = service();
    let seen = rehearse("disconnect", &server, &["onboarded", "nothing", "missing", "-j1", "-o", "ndjson"]);
    let partners: Vec<_> = seen.records().into_iter().map(|record| record["partner"].clone()).collect();
    assert_eq!(
        partners,
        [
            json!({"displayName": "Name of onboarded", "onboardingStatus": "onboarded"}),
            json!({"displayName": null, "onboardingStatus": null}),
            Value::Null,
        ]
    );
    assert!(seen.records().iter().all(|record| record.as_object().unwrap().contains_key("partner")), "{seen:?}");
    let line = seen.stdout.lines().next().unwrap();
    assert!(line.contains(r#""error":null,"dry_run":true,"partner":{"displayName":"#), "{line}");
    let seen = run(Intunectl::new().disconnect(server.root()).args(["onboarded", "-o", "ndjson"]));
    assert!(!seen.stdout.contains("\"partner\""), "{seen:?}");
}

#[test]
fn the_id_format_prints_only_ids_that_would_be_changed() {
    let seen =
        rehearse("disconnect", &service(), &["onboarded", "notOnboarded", "missing", "other", "-j1", "-o", "id"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("onboarded\nother\n", Some(1)));
    assert!(seen.stderr.contains("error: missing: 404 "), "{seen:?}");
}

#[test]
fn concurrency_limits_the_reads_in_flight() {
    for concurrency in [1, 3, 20] {
        let (server, gate) = Server::gated(|_, _| true, |request, _| Reply::partner(request.id(), "onboarded"));
        let running = start("disconnect", &server, 40, &["--dry-run", "-o", "id", "-j", &concurrency.to_string()]);
        server.wait_for(concurrency);
        gate.open();
        let seen = running.end();
        assert_eq!((seen.code, seen.stdout.lines().count()), (Some(0), 40));
        server.assert_only_read();
        assert_eq!((server.ids().len(), server.most_at_once()), (40, concurrency));
    }
}

#[test]
fn reads_are_limited_to_ten_times_the_rate() {
    let server = service();
    let seen = run(Intunectl::new().disconnect(server.root()).args(ids(35)).args(["--dry-run", "--rate", "1/400ms"]));
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let arrivals: Vec<_> = server.requests().into_iter().map(|request| request.at).collect();
    for eleven in arrivals.windows(11) {
        assert!(eleven[10] - eleven[0] >= Duration::from_millis(400), "{:?}", eleven[10] - eleven[0]);
    }
    // With one read per 400 ms it would take 13.6 s.
    assert!(arrivals[34] - arrivals[0] < Duration::from_secs(13), "{:?}", arrivals[34] - arrivals[0]);
}

#[test]
fn a_rejected_token_is_exit_4_and_stops_the_run() {
    for verb in ["disconnect", "onboard", "delete"] {
        let server = Server::start(|request, n| match n {
            1 => Reply::expired(),
            _ => Reply::partner(request.id(), "someNewStatus"),
        });
        let home = Intunectl::new();
        let mut command = home.partner(verb, server.root());
        let seen = run(command.args(ids(20)).args(["--dry-run", "-j1", "-o", "ndjson"]));
        assert_eq!((seen.code, server.ids()), (Some(4), ids(2)), "{seen:?}");
        server.assert_only_read();
        assert_eq!(seen.with_status("not_attempted"), ids(20)[2..]);
        assert!(seen.records()[1..].iter().all(|record| record["error"]["kind"] == "auth"), "{seen:?}");
    }
}

#[test]
fn a_signal_is_exit_130_and_reports_every_id() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (server, gate) = Server::gated(|_, _| true, |request, _| Reply::partner(request.id(), "onboarded"));
        let running = start("disconnect", &server, 9, &["--dry-run", "-j3", "-o", "ndjson"]);
        server.wait_for(3);
        running.signal(signal);
        running.wait_for_stderr("waiting for 3 requests to finish");
        gate.open();
        let seen = running.end();
        assert_eq!((seen.code, server.ids().len()), (Some(code), 3), "{seen:?}");
        assert_eq!(seen.with_status("would_disconnect").len(), 3);
        assert_eq!(seen.with_status("not_attempted"), ids(9)[3..]);
        server.assert_only_read();
    }
}

#[test]
fn after_a_second_signal_no_record_says_that_anything_may_have_changed() {
    let server = Server::always(|| Reply::Stall(Vec::new()));
    let running = start("disconnect", &server, 4, &["--dry-run", "-j2", "-o", "ndjson", "--timeout", "10m"]);
    server.wait_for(2);
    running.signal("INT");
    running.wait_for_stderr("Interrupt again to stop at once");
    running.signal("INT");
    let seen = running.end();
    assert_eq!((seen.code, seen.records().len()), (Some(130), 4), "{seen:?}");
    assert!(!seen.stdout.contains("may have been applied"), "{seen:?}");
}

#[test]
fn fail_fast_stops_the_run_at_the_first_failure() {
    let server = Server::start(|request, n| match n {
        1 => Reply::not_found(),
        _ => Reply::partner(request.id(), "onboarded"),
    });
    let home = Intunectl::new();
    let seen =
        run(home.disconnect(server.root()).args(ids(9)).args(["--dry-run", "--fail-fast", "-j1", "-o", "ndjson"]));
    assert_eq!((seen.code, server.ids()), (Some(1), ids(2)), "{seen:?}");
    assert_eq!(seen.with_status("not_attempted").len(), 7);
}

#[test]
fn an_answer_that_is_not_the_requested_partner_fails() {
    for (status, body) in [
        (200, r#"{"id":"b","onboardingStatus":"onboarded"}"#),
        (200, "<html>Sign in to the hotel</html>"),
        (200, ""),
        (201, r#"{"id":"a","onboardingStatus":"onboarded"}"#),
        (202, r#"{"id":"a","onboardingStatus":"onboarded"}"#),
        (204, ""),
        (206, r#"{"id":"a","onboardingStatus":"onboarded"}"#),
        (302, ""),
        (500, "{}"),
    ] {
        let server = Server::always(move || Reply::status(status).body(body));
        let seen = rehearse("disconnect", &server, &["a", "-o", "ndjson"]);
        let record = &seen.records()[0];
        assert_eq!((&record["status"], seen.code), (&"failed".into(), Some(1)), "{status} {body}: {seen:?}");
        assert_eq!((&record["http_status"], &record["error"]["kind"]), (&status.into(), &"http".into()), "{record}");
        let message = record["error"]["message"].as_str().unwrap();
        assert_eq!(message == "the answer does not describe this partner", status < 300, "{record}");
    }
}

#[test]
fn temporary_failures_are_retried_and_no_message_says_that_anything_may_have_changed() {
    let server = Server::start(|request, n| match n {
        0 => Reply::Close,
        1 => Reply::status(429).header("Retry-After", "1"),
        2 => Reply::status(503).header("Retry-After", "0.01"),
        _ => Reply::partner(request.id(), "onboarded"),
    });
    let seen = rehearse("disconnect", &server, &["a", "-o", "ndjson"]);
    assert_eq!((&seen.records()[0]["attempts"], seen.code), (&4.into(), Some(0)), "{seen:?}");
    assert!(server.gaps()[1] >= Duration::from_secs(1));
    for reply in [|| Reply::Close, || Reply::status(504), || Reply::Stall(Vec::new())] {
        let server = Server::always(reply);
        let seen = rehearse("disconnect", &server, &["a", "--retries", "0", "--timeout", "300ms"]);
        assert_eq!((seen.code, server.requests().len()), (Some(1), 1), "{seen:?}");
        assert!(seen.stdout.starts_with("a\tfailed\t") && !seen.stdout.contains("may have been applied"), "{seen:?}");
    }
}

/// A dry run with a token that has these permissions.
fn with_permissions(permissions: &Value, server: &Server, arguments: &[&str]) -> Seen {
    let token = jwt::but(&json!({"scp": permissions}));
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    let seen = run(command.arg("--dry-run").args(arguments).env("INTUNECTL_TOKEN", &token));
    assert!(![&seen.stdout, &seen.stderr].into_iter().any(|text| text.contains(&token)), "{seen:?}");
    server.assert_only_read();
    seen
}

#[test]
fn a_token_that_may_only_read_is_exit_1_with_an_error_even_if_quiet() {
    let only_read = json!("DeviceManagementServiceConfig.Read.All User.Read");
    for quiet in [&[][..], &["-q"], &["-q", "-o", "json"], &["-q", "-o", "ndjson"], &["-q", "-o", "id"]] {
        let seen = with_permissions(&only_read, &service(), &[&["onboarded"], quiet].concat());
        assert_eq!(seen.code, Some(1), "{seen:?}");
        assert!(seen.stderr.contains("error: "), "{seen:?}");
        assert!(
            seen.stderr.contains("lacks the permission; it needs DeviceManagementServiceConfig.ReadWrite.All"),
            "{seen:?}"
        );
    }
    // Also with another failure: fixing only that one would not be enough.
    let seen = with_permissions(&only_read, &service(), &["onboarded", "missing", "-q"]);
    assert!(seen.stderr.contains("lacks the permission") && seen.code == Some(1), "{seen:?}");
    // The token may read, so there is no warning beforehand.
    let seen = with_permissions(&only_read, &service(), &["onboarded"]);
    assert!(!seen.stderr.contains("probably") && !seen.stderr.contains("warning: "), "{seen:?}");
    let error = "error: the token lacks the permission; it needs ";
    assert!(seen.stderr.lines().last().unwrap().starts_with(error) && seen.code == Some(1), "{seen:?}");
    let seen = with_permissions(&json!(jwt::PERMISSION), &service(), &["onboarded", "-q"]);
    assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)));
    // A token without permissions in its claims may have it.
    let seen = with_permissions(&Value::Null, &service(), &["onboarded"]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
}

#[test]
fn if_reads_are_refused_the_hint_names_the_permission_to_read() {
    let server = Server::always(|| Reply::status(403).body(r#"{"error":{"code":"Forbidden","message":"no"}}"#));
    let seen = rehearse("disconnect", &server, &["a", "b"]);
    assert_eq!(seen.code, Some(1));
    assert!(seen.stdout.contains("a\tfailed\t403 Forbidden: no"), "{seen:?}");
    assert!(seen.stderr.contains("DeviceManagementServiceConfig.Read"), "{seen:?}");
}

#[test]
fn resume_skips_what_a_run_has_done_but_not_what_a_dry_run_has_reported() {
    let server = Server::start(|request, _| match request.is_post() {
        true => Reply::done(),
        false => Reply::partner(request.id(), "onboarded"),
    });
    let home = Intunectl::new();
    let rehearsal = run(home.disconnect(server.root()).args(["x", "y", "--dry-run", "-o", "ndjson"]));
    assert_eq!(rehearsal.with_status("would_disconnect"), ["x", "y"]);
    let log = home.file("rehearsed.ndjson", &rehearsal.stdout);
    let seen = run(home.disconnect(server.root()).args(["x", "y", "-j1", "-o", "id", "--resume"]).arg(&log));
    assert_eq!((seen.stdout.as_str(), seen.code), ("x\ny\n", Some(0)), "{seen:?}");

    let real = run(home.disconnect(server.root()).args(["x", "-o", "ndjson"]));
    let log = home.file("real.ndjson", &real.stdout);
    let before = server.ids().len();
    let seen = run(home.disconnect(server.root()).args(["x", "y", "--dry-run", "-o", "ndjson", "--resume"]).arg(&log));
    assert_eq!(
        (seen.with_status("skipped"), seen.with_status("would_disconnect")),
        (vec!["x".into()], vec!["y".into()])
    );
    assert_eq!(seen.code, Some(0));
    let rest: Vec<_> = server.requests().split_off(before).into_iter().map(|came| (came.method, came.path)).collect();
    assert!(matches!(&rest[..], [(method, path)] if method == "GET" && path.ends_with("/y")), "{rest:?}");
}

#[test]
fn a_dry_run_never_prompts_and_never_waits() {
    let server = service();
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    command.args(["onboarded", "onboarding", "--dry-run", "--wait"]);
    let seen = Terminal::start(&command, BUT_STDOUT, 80).end();
    assert_eq!((seen.stdout.lines().count(), seen.code), (2, Some(0)), "{seen:?}");
    assert!(!seen.stderr.contains("[y/N]"), "{seen:?}");
    server.assert_only_read();
    assert_eq!(server.ids().len(), 2);
}

#[test]
fn invalid_ids_are_usage_errors_and_nothing_is_read() {
    let server = service();
    let seen = rehearse("disconnect", &server, &["a", "b/c"]);
    assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(2), 0), "{seen:?}");
}
