//! `partner onboard`: how it differs from `partner disconnect`, and that nothing else differs. The tests of
//! `partner disconnect` are more thorough.

use std::time::{Duration, Instant};

use crate::support::server::{Reply, Request, Server};
use crate::support::{Intunectl, Seen, TOKEN, ids, run, start};

fn onboard(server: &Server, arguments: &[&str]) -> Seen {
    run(Intunectl::new().partner("onboard", server.root()).args(arguments))
}

/// Where this partner confirms the onboarding.
fn url_of(id: &str) -> String {
    format!("https://partner.example/onboarding/{id}?a=b")
}

/// The answer to a read of a partner.
fn as_read(id: &str) -> Reply {
    let url = url_of(id);
    Reply::status(200).body(format!(r#"{{"id":"{id}","onboardingStatus":"onboarding","onboardingUrl":"{url}"}}"#))
}

/// A service that accepts every onboarding and can read every partner.
fn service() -> Server {
    onboarding(|_| Reply::done())
}

/// A service that can read every partner. `answer` answers the writes.
fn onboarding(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request, _| if request.is_post() { answer(request) } else { as_read(request.id()) })
}

/// A service for which `p-0002` does not exist.
fn without_the_second() -> Server {
    onboarding(|request| match request.id() {
        "p-0002" => Reply::not_found(),
        id => Reply::done().header("request-id", &format!("r-of-{id}")),
    })
}

#[test]
fn the_request_is_a_post_to_begin_onboarding_with_content_length_0() {
    let server = service();
    let seen = onboard(&server, &["5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10", "a+b=@:", "-j1", "-vv"]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let writes: Vec<_> = server.requests().into_iter().filter(Request::is_post).collect();
    let paths: Vec<_> = writes.iter().map(|request| request.path.as_str()).collect();
    let path = |id| format!("/v1.0/deviceManagement/remoteAssistancePartners/{id}/beginOnboarding");
    assert_eq!(paths, ["5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10", "a%2Bb%3D%40%3A"].map(path));
    for request in writes {
        assert_eq!((request.method.as_str(), request.body.as_slice()), ("POST", &[][..]));
        assert_eq!(request.header("content-length"), Some("0"));
        assert_eq!((request.header("content-type"), request.header("transfer-encoding")), (None, None));
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert!(uuid::Uuid::parse_str(request.header("client-request-id").unwrap()).is_ok());
    }
    let server = service();
    assert_eq!(onboard(&server, &["a", "--api-version", "beta"]).code, Some(0));
    let path = "/beta/deviceManagement/remoteAssistancePartners/a";
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, [format!("{path}/beginOnboarding"), path.to_owned()]);
}

#[test]
fn after_the_204_the_partner_is_read_once_for_its_onboarding_url() {
    for (format, expected) in [
        ("text", format!("a\tonboarding_started\tconfirm at {}\n", url_of("a"))),
        ("id", "a\n".to_owned()),
        ("ndjson", format!(r#""error":null,"onboarding_url":"{}"}}"#, url_of("a")) + "\n"),
        ("csv", format!(",,,,{}\n", url_of("a"))),
    ] {
        let server = service();
        let seen = onboard(&server, &["a", "-o", format]);
        assert!(seen.stdout.ends_with(&expected), "{format}: {seen:?}");
        assert_eq!(seen.code, Some(0));
        let methods: Vec<_> = server.requests().into_iter().map(|request| request.method).collect();
        assert_eq!(methods, ["POST", "GET"]);
        assert_eq!(server.ids(), ["a", "a"]);
    }
    // It is the record of the write.
    let record = &onboard(&without_the_second(), &["a", "-o", "ndjson"]).records()[0];
    assert_eq!(
        (&record["attempts"], &record["http_status"], &record["request_id"]),
        (&1.into(), &204.into(), &"r-of-a".into())
    );
}

#[test]
fn with_wait_the_onboarding_url_comes_from_the_read_that_confirms() {
    let server = service();
    let seen = onboard(&server, &["a", "--wait", "-o", "ndjson"]);
    assert_eq!((&seen.records()[0]["onboarding_url"], seen.code), (&url_of("a").into(), Some(0)));
    assert_eq!((server.ids_of("POST"), server.ids_of("GET")), (vec!["a".to_owned()], vec!["a".to_owned()]));
}

/// A read of a partner whose onboarding is not visible yet.
fn not_onboarded(id: &str) -> Reply {
    let url = url_of(id);
    Reply::status(200).body(format!(r#"{{"id":"{id}","onboardingStatus":"notOnboarded","onboardingUrl":"{url}"}}"#))
}

#[test]
fn if_the_change_is_not_visible_in_time_the_onboarding_url_is_shown_anyway() {
    // A read that succeeds, then this. The last two end the wait.
    type Row = (fn() -> Reply, &'static str, i32);
    let then: [Row; 4] = [
        (|| not_onboarded("a"), "--wait=3s", 1),
        (|| Reply::status(500), "--wait=3s", 1),
        (|| Reply::status(403), "--wait", 1),
        (|| Reply::status(401), "--wait", 4),
    ];
    for (n, (then, wait, code)) in then.into_iter().enumerate() {
        let server = || {
            Server::start(move |request, n| match n {
                _ if request.is_post() => Reply::done(),
                1 => not_onboarded("a"),
                _ => then(),
            })
        };
        let options = ["a", wait, "--retries", "0"];
        let seen = onboard(&server(), &[&options[..], &["-o", "ndjson"]].concat());
        let record = &seen.records()[0];
        assert_eq!((&record["status"], &record["onboarding_url"]), (&"failed".into(), &url_of("a").into()), "{n}");
        assert_eq!(seen.code, Some(code), "{n}: {seen:?}");
        let seen = onboard(&server(), &options);
        assert!(seen.stdout.ends_with(&format!("; confirm at {}\n", url_of("a"))), "{n}: {seen:?}");
    }
}

#[test]
fn if_the_wait_is_interrupted_the_onboarding_url_is_shown_anyway() {
    let server =
        Server::start(|request, _| if request.is_post() { Reply::done() } else { not_onboarded(request.id()) });
    let running = start("onboard", &server, 1, &["-o", "ndjson", "--wait"]);
    // The second read shows that the first one was answered.
    server.wait_for(3);
    running.signal("INT");
    let seen = running.end();
    let record = &seen.records()[0];
    assert_eq!((&record["onboarding_url"], seen.code), (&url_of("p-0001").into(), Some(130)), "{seen:?}");
    assert_eq!(record["error"]["kind"], "interrupted", "{seen:?}");
}

#[test]
fn only_records_of_onboardings_have_an_onboarding_url() {
    let server = without_the_second();
    let home = Intunectl::new();
    for (verb, options, is_there) in
        [("onboard", &[][..], true), ("onboard", &["--dry-run"], false), ("disconnect", &[], false)]
    {
        let mut command = home.partner(verb, server.root());
        let seen =
            run(command.args(["p-0001", "p-0002", "--fail-fast", "-j1", "p-0003", "-o", "ndjson"]).args(options));
        assert_eq!(seen.records().len(), 3, "{seen:?}");
        for record in seen.records() {
            assert_eq!(record.get("onboarding_url").is_some(), is_there, "{record}");
            assert!(record["status"] == "onboarding_started" || record["onboarding_url"].is_null(), "{record}");
        }
    }
}

#[test]
fn a_read_that_fails_changes_neither_the_status_nor_the_exit_code() {
    let replies: [fn() -> Reply; 10] = [
        || Reply::not_found(),
        || Reply::status(403),
        || Reply::expired(),
        || Reply::status(500),
        || Reply::status(503),
        || Reply::status(200).body("<html>"),
        || as_read("another"),
        || Reply::status(200).body(r#"{"id":"a","onboardingUrl":""}"#),
        || Reply::partner("a", "onboarding"),
        || Reply::Reset,
    ];
    for (n, reply) in replies.into_iter().enumerate() {
        let server = Server::start(move |request, _| if request.is_post() { Reply::done() } else { reply() });
        let seen = onboard(&server, &["a", "--retries", "0", "-o", "ndjson"]);
        let record = &seen.records()[0];
        assert_eq!((&record["status"], seen.code), (&"onboarding_started".into(), Some(0)), "{n}: {seen:?}");
        assert_eq!((record["onboarding_url"].is_null(), record["error"].is_null()), (true, true), "{n}: {record}");
        assert_eq!((seen.stderr.matches("hint: ").count(), server.ids_of("GET").len()), (1, 1), "{n}: {seen:?}");
        let seen = onboard(&server, &["a", "--retries", "0"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("a\tonboarding_started\n", Some(0)), "{n}: {seen:?}");
    }
}

#[test]
fn a_read_that_stalls_or_is_throttled_does_not_delay_the_result_for_long() {
    let replies: [fn() -> Reply; 2] = [|| Reply::Stall(Vec::new()), || Reply::status(429).header("Retry-After", "300")];
    for reply in replies {
        let server = Server::start(move |request, _| if request.is_post() { Reply::done() } else { reply() });
        let start = Instant::now();
        let seen = onboard(&server, &["a", "--timeout", "2s", "-o", "ndjson"]);
        assert_eq!((&seen.records()[0]["status"], seen.code), (&"onboarding_started".into(), Some(0)), "{seen:?}");
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    }
}

#[test]
fn one_hint_says_how_to_see_urls_that_are_not_known() {
    // The service can read the first partner, and not the others.
    let server = || {
        Server::start(|request, _| match request.id() {
            _ if request.is_post() => Reply::done(),
            "p-0001" => as_read("p-0001"),
            _ => Reply::status(403),
        })
    };
    for options in [&[][..], &["-o", "ndjson"], &["-o", "id"]] {
        let server = server();
        let seen = run(Intunectl::new().partner("onboard", server.root()).args(ids(3)).args(options));
        let hints: Vec<_> = seen.stderr.lines().filter(|line| line.starts_with("hint: ")).collect();
        assert!(hints.len() == 1 && hints[0].contains("`intunectl partner show ID`"), "{options:?}: {seen:?}");
        assert_eq!(seen.code, Some(0));
    }
    // Not if every URL is known, if nothing was onboarded, or if quiet.
    for (command, options) in [
        ("onboard", &["p-0001"][..]),
        ("onboard", &["p-0001", "--wait"]),
        ("onboard", &["p-0001", "--dry-run"]),
        ("disconnect", &["p-0001", "p-0002"]),
        ("onboard", &["p-0001", "p-0002", "-q"]),
    ] {
        let seen = run(Intunectl::new().partner(command, server().root()).args(options));
        assert!(seen.code == Some(0) && !seen.stderr.contains("hint: "), "{command} {options:?}: {seen:?}");
    }
}

#[test]
fn nothing_is_read_after_fail_fast_has_stopped_the_run() {
    let (server, gate) = Server::gated(
        |request, _| request.id() == "p-0001",
        |request, _| if request.id() == "p-0002" { Reply::not_found() } else { Reply::done() },
    );
    let running = start("onboard", &server, 2, &["-j2", "--fail-fast", "-o", "ndjson"]);
    running.wait_for_stdout("p-0002");
    gate.open();
    let seen = running.end();
    assert_eq!((seen.with_status("onboarding_started"), seen.code), (ids(1), Some(1)), "{seen:?}");
    assert_eq!((server.ids_of("POST").len(), server.ids_of("GET").len()), (2, 0));
}

#[test]
fn a_second_signal_does_not_wait_for_a_read_and_the_result_is_a_success() {
    let server = Server::start(|request, _| if request.is_post() { Reply::done() } else { Reply::Stall(Vec::new()) });
    let running = start("onboard", &server, 1, &["-o", "ndjson", "--timeout", "10m"]);
    server.wait_for(2);
    running.signal("INT");
    running.wait_for_stderr("Interrupt again to stop at once");
    running.signal("INT");
    let seen = running.end();
    assert_eq!((seen.with_status("onboarding_started"), seen.code), (ids(1), Some(130)), "{seen:?}");
    assert!(seen.records()[0]["onboarding_url"].is_null() && seen.records()[0]["error"].is_null(), "{seen:?}");
    assert!(!seen.stderr.contains("hint: "), "{seen:?}");
}

#[test]
fn records_and_text_say_that_onboarding_was_started() {
    let three = ["p-0001", "p-0002", "p-0003", "-j1"];
    let seen = onboard(&without_the_second(), &[&three[..], &["-o", "ndjson"]].concat());
    assert_eq!(seen.code, Some(1));
    let mut records = seen.records();
    records.sort_by_key(|record| record["index"].as_u64());
    let reported: Vec<_> = records
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
    let lines = format!(
        "p-0001\tonboarding_started\tconfirm at {}\n\
         p-0002\tfailed\t404 ResourceNotFound: no such partner (request ID r-404)\n\
         p-0003\tonboarding_started\tconfirm at {}\n",
        url_of("p-0001"),
        url_of("p-0003")
    );
    // The second may fail while the first is being read.
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!((sorted(&seen.stdout), seen.code), (sorted(&lines), Some(1)));
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
    assert_eq!((seen.stdout.lines().count(), seen.code), (2, Some(1)));
    assert!(["p-0001\n", "p-0003\n"].into_iter().all(|line| seen.stdout.contains(line)), "{seen:?}");
    assert!(seen.stderr.contains("error: p-0002: 404 ResourceNotFound: no such partner"), "{seen:?}");
}

#[test]
fn temporary_failures_are_retried() {
    let server = Server::start(|_, n| match n {
        0 => Reply::Reset,
        1 => Reply::status(502).header("Retry-After", "0.01"),
        2 => Reply::status(503).header("Retry-After", "1"),
        3 => Reply::status(429).header("Retry-After", "1"),
        4 => Reply::done(),
        _ => as_read("a"),
    });
    let seen = onboard(&server, &["a", "-o", "ndjson"]);
    let record = &seen.records()[0];
    assert_eq!((&record["status"], &record["attempts"], seen.code), (&"onboarding_started".into(), &5.into(), Some(0)));
    assert!(server.gaps()[2..4].iter().all(|gap| *gap >= Duration::from_secs(1)), "{:?}", server.gaps());
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
    let server = onboarding(|request| if request.id() == "p-0002" { Reply::status(401) } else { Reply::done() });
    let seen = run(Intunectl::new().partner("onboard", server.root()).args(ids(9)).args(["-j1", "-o", "ndjson"]));
    assert_eq!((seen.code, server.ids_of("POST")), (Some(4), ids(2)), "{seen:?}");
    assert_eq!(seen.with_status("onboarding_started"), ids(1));
    assert_eq!(seen.with_status("not_attempted"), ids(9)[2..]);
    let others = seen.records().into_iter().filter(|record| record["id"] != "p-0001");
    assert!(others.into_iter().all(|record| record["error"]["kind"] == "auth"), "{seen:?}");
}

#[test]
fn after_a_signal_every_id_is_reported_and_nothing_is_read() {
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
    let server = service();
    let seen =
        run(Intunectl::new().partner("onboard", server.root()).args(ids(9)).args(["--rate", "3/400ms", "-j", "9"]));
    assert_eq!((seen.code, server.done()), (Some(0), ids(9)));
    let arrivals: Vec<_> = server.requests().into_iter().filter(Request::is_post).map(|request| request.at).collect();
    for four in arrivals.windows(4) {
        assert!(four[3] - four[0] >= Duration::from_millis(400), "{:?}", four[3] - four[0]);
    }
}

#[test]
fn ids_come_from_a_file_and_if_one_is_invalid_nothing_is_sent() {
    let home = Intunectl::new();
    let server = service();
    let file = home.file("ids.txt", "a\nb\na\n");
    let seen = run(home.partner("onboard", server.root()).arg("-f").arg(&file).args(["-j1", "-o", "id"]));
    assert_eq!((seen.stdout.lines().count(), seen.code), (2, Some(0)), "{seen:?}");
    assert_eq!(server.ids_of("POST"), ["a", "b"]);
    let file = home.file("ids.txt", "c\nd/e\n");
    let seen = run(home.partner("onboard", server.root()).arg("-f").arg(&file));
    assert_eq!((seen.stdout.as_str(), seen.code, server.requests().len()), ("", Some(2), 4), "{seen:?}");
    assert!(seen.stderr.contains("ids.txt:2"), "{seen:?}");
    let seen = run(&mut home.partner("onboard", server.root()));
    assert_eq!((seen.code, server.requests().len()), (Some(2), 4), "{seen:?}");
}
