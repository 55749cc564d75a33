//! `partner disconnect`: the output in every format, and what must never be in it.

use std::io::{BufRead as _, Read as _};
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::Arc;

use unicode_width::UnicodeWidthStr as _;

use crate::support::os::broken_pipe;
use crate::support::redirect::{close, start_read};
use crate::support::running::Running;
use crate::support::server::{Reply, Server};
use crate::support::terminal::widths;
use crate::support::terminal::{ALL, Streams, Terminal, assert_shown};
use crate::support::{Intunectl, TOKEN, disconnect, ids, run, start};

const NOT_FOUND: &str =
    r#"{"error":{"code":"ResourceNotFound","message":"no such partner","innerError":{"request-id":"r-2"}}}"#;

/// A server for which the second partner does not exist.
fn without_the_second() -> Server {
    Server::start(|request, _| match request.id() {
        "p-0002" => Reply::status(404).body(NOT_FOUND),
        id => Reply::done().header("request-id", &format!("r-of-{id}")),
    })
}

fn three(arguments: &[&str]) -> crate::support::Seen {
    let server = without_the_second();
    let seen = run(Intunectl::new().disconnect(server.root()).args(ids(3)).arg("-j1").args(arguments));
    assert_eq!(server.ids(), ids(3));
    seen
}

#[test]
fn text_is_one_line_of_tab_separated_fields_per_id() {
    let seen = three(&[]);
    let lines = "p-0001\tdisconnected\n\
                 p-0002\tfailed\t404 ResourceNotFound: no such partner (request ID r-2)\n\
                 p-0003\tdisconnected\n";
    assert_eq!((seen.stdout.as_str(), seen.code), (lines, Some(1)));
    assert!(seen.timeless().starts_with("3 partners: 2 disconnected, 1 failed in T s\nhint: 404: "), "{seen:?}");
    assert_eq!(seen.stderr.lines().count(), 2, "{seen:?}");
}

#[test]
fn ndjson_is_one_record_per_line_with_the_fields_of_the_contract_in_order() {
    let seen = three(&["-o", "ndjson"]);
    assert_eq!(seen.code, Some(1));
    assert!(!seen.stderr.contains("3 partners"), "{}", seen.stderr);
    let names = [
        "id",
        "index",
        "action",
        "status",
        "http_status",
        "attempts",
        "duration_ms",
        "time",
        "tenant_id",
        "graph_url",
        "account",
        "client_request_id",
        "request_id",
        "error",
    ];
    for line in seen.stdout.lines() {
        let places: Vec<_> = names.iter().map(|name| line.find(&format!("\"{name}\":")).expect(name)).collect();
        assert!(places.is_sorted(), "{line}");
    }
    for (n, record) in seen.records().into_iter().enumerate() {
        assert_eq!(record.as_object().unwrap().len(), names.len(), "{record}");
        assert_eq!((&record["id"], &record["index"]), (&ids(3)[n].clone().into(), &(n + 1).into()));
        assert_eq!((&record["action"], &record["attempts"]), (&"disconnect".into(), &1.into()));
        assert!(record["duration_ms"].as_u64().is_some_and(|duration| duration < 60_000), "{record}");
        let time = record["time"].as_str().unwrap();
        assert!(time.len() == 24 && humantime::parse_rfc3339(time).is_ok(), "{time}");
        assert!(uuid::Uuid::parse_str(record["client_request_id"].as_str().unwrap()).is_ok(), "{record}");
        let (status, http_status, request_id, error) = match n {
            1 => (
                "failed",
                404,
                "r-2",
                serde_json::json!({"code": "ResourceNotFound", "message": "no such partner", "kind": "http"}),
            ),
            _ => ("disconnected", 204, ["r-of-p-0001", "", "r-of-p-0003"][n], serde_json::Value::Null),
        };
        assert_eq!((&record["status"], &record["http_status"]), (&status.into(), &http_status.into()));
        assert_eq!((&record["request_id"], &record["error"]), (&request_id.into(), &error));
    }
}

#[test]
fn json_is_ascii_on_windows_and_utf_8_elsewhere() {
    const ERROR: &str = r#"{"error":{"code":"Inconnu","message":"Aucun partenaire « 名 » 🙂"}}"#;
    let server = Server::always(|| Reply::status(404).body(ERROR));
    for format in ["ndjson", "json"] {
        let seen = disconnect(server.root(), &["a", "-o", format]);
        assert_eq!((seen.stdout.is_ascii(), seen.code), (cfg!(windows), Some(1)), "{seen:?}");
        let message = if cfg!(windows) {
            r"Aucun partenaire \u00ab \u540d \u00bb \ud83d\ude42"
        } else {
            "Aucun partenaire « 名 » 🙂"
        };
        assert_eq!(seen.stdout.matches(&format!("\"{message}\"")).count(), 1, "{seen:?}");
        let document: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
        let record = if format == "json" { &document["results"][0] } else { &document };
        assert_eq!(record["error"]["message"], "Aucun partenaire « 名 » 🙂");
    }
}

#[test]
fn json_is_one_document_in_input_order() {
    // The first is answered last.
    let (server, gate) = Server::gated(|request, _| request.id() == "p-0001", |_, _| Reply::done());
    let running = start("disconnect", &server, 4, &["-j2", "-o", "json"]);
    server.wait_for(4);
    gate.open();
    let seen = running.end();
    assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)));
    let document: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!(document.as_object().unwrap().keys().collect::<Vec<_>>(), ["results", "summary"]);
    assert!(seen.stdout.starts_with("{\n  \"summary\""), "{}", seen.stdout);
    let found: Vec<_> = document["results"].as_array().unwrap().iter().map(|record| record["id"].clone()).collect();
    assert_eq!(found, ids(4));
    let mut summary = document["summary"].clone();
    assert!(summary["duration_ms"].take().is_u64());
    assert_eq!(
        summary,
        serde_json::json!({"total": 4, "succeeded": 4, "failed": 0, "skipped": 0, "not_attempted": 0,
            "duration_ms": null, "tenant_id": null, "cloud": null})
    );
}

#[test]
fn the_id_format_prints_ids_that_succeeded_and_reports_failures_on_standard_error() {
    let seen = three(&["-o", "id"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("p-0001\np-0003\n", Some(1)));
    let error = "error: p-0002: 404 ResourceNotFound: no such partner (request ID r-2)\n";
    assert!(
        seen.timeless().starts_with(&format!("{error}3 partners: 2 disconnected, 1 failed in T s\n")),
        "{}",
        seen.stderr
    );
}

#[test]
fn every_result_is_written_as_soon_as_it_is_known() {
    for (format, lines) in [("text", 2), ("ndjson", 2), ("csv", 3), ("id", 2)] {
        let (server, gate) = Server::gated(|request, _| request.id() == "first", |_, _| Reply::done());
        let running =
            Running::start(Intunectl::new().disconnect(server.root()).args(["first", "second", "-o", format]));
        running.wait_for_stdout("second");
        gate.open();
        let seen = running.end();
        assert!(seen.stdout.find("second").unwrap() < seen.stdout.find("first").unwrap(), "{}", seen.stdout);
        assert_eq!((seen.stdout.lines().count(), seen.code), (lines, Some(0)));
    }
}

#[test]
fn colour_is_for_terminals_unless_options_or_variables_say_otherwise() {
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let server = without_the_second();
        let intunectl = Intunectl::new();
        let mut command = intunectl.disconnect(server.root());
        let seen = run(command.args(ids(3)).arg("-j1").args(arguments).envs(variables.iter().copied()));
        let [stdout, stderr] = [&seen.stdout, &seen.stderr].map(|text| text.contains('\u{1b}'));
        assert_eq!(stdout, stderr, "{seen:?}");
        (stdout, seen)
    };
    assert!(!coloured(&[], &[]).0);
    assert!(!coloured(&[], &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]).0);
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]).0);
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]).0);
    let (yes, seen) = coloured(&["--color", "always"], &[("NO_COLOR", "1")]);
    assert!(yes);
    assert_eq!(seen.stdout.lines().next(), Some("p-0001\t\u{1b}[32mdisconnected\u{1b}[0m"));
    assert!(seen.stdout.contains("\u{1b}[1m\u{1b}[31mfailed\u{1b}[0m"), "{}", seen.stdout);
    // Formats for programs are never coloured.
    for format in ["ndjson", "json", "id"] {
        let seen = three(&["--color", "always", "-o", format]);
        assert!(!seen.stdout.contains('\u{1b}'), "{}", seen.stdout);
    }
}

#[test]
fn results_fit_the_terminal_and_errors_are_not_cut() {
    const IDS: [&str; 2] = ["5a4d0b0c-0002-4000-8000-000000000001", "5a4d0b0c-0002-4000-8000-000000000002"];
    const ERROR: &str = r#"{"error":{"code":"ResourceNotFound","message":"このテナントにはこのパートナーがありません。 See https://a.example/a/page/on/partners/that/are/not/there"}}"#;
    let server = Server::start(|request, _| match request.id() {
        id if id == IDS[1] => Reply::status(404).body(ERROR).header("request-id", "r-2"),
        _ => Reply::done(),
    });
    let intunectl = Intunectl::new();
    let on = |columns: u16, variables: &[(&str, &str)]| {
        let mut command = intunectl.disconnect(server.root());
        command.args(["-yqj1", IDS[0], IDS[1]]).envs(variables.iter().copied());
        let streams = Streams { stderr: false, ..ALL };
        let (seen, screen, coloured) = Terminal::start(&command, streams, columns).end_with_colours();
        assert_eq!(seen.code, Some(1), "{screen}");
        (screen, coloured)
    };
    let assert_on = |columns: u16, variables: &[(&str, &str)], expected: &str| {
        let (screen, coloured) = on(columns, variables);
        assert_shown(&screen, expected, columns);
        assert_eq!((coloured, screen.contains('\u{1b}')), (Vec::new(), false));
    };
    let wide = "\
5a4d0b0c-0002-4000-8000-000000000001  disconnected
5a4d0b0c-0002-4000-8000-000000000002  failed         404 ResourceNotFound: このテナントにはこのパートナーがありません。 See https://a.example/a/page/on/partners/that/are/not/there (request ID r-2)
";
    let below = "\
5a4d0b0c-0002-4000-8000-000000000001  disconnected
5a4d0b0c-0002-4000-8000-000000000002  failed
  404 ResourceNotFound: このテナントにはこのパートナーがありません。 See
  https://a.example/a/page/on/partners/that/are/not/there (request ID r-2)
";
    let narrow = "\
5a4d0b0c-0002-4000-8000-000000000001
  disconnected
5a4d0b0c-0002-4000-8000-000000000002
  failed
  404 ResourceNotFound: このテナントには
  このパートナーがありません。 See
  https://a.example/a/page/on/partners/that/are/not/there
  (request ID r-2)
";
    assert_on(200, &[], wide);
    assert_on(80, &[], below);
    assert_on(40, &[], narrow);
    assert_on(200, &[("COLUMNS", "40")], narrow);
    assert_on(40, &[("COLUMNS", "200")], wide);
    // A console always has a width.
    #[cfg(unix)]
    assert_on(0, &[], wide);
    // Only the address is wider: it is not broken, so that it can be copied.
    let too_wide: Vec<_> = narrow.lines().filter(|line| line.width() > 40).map(str::trim).collect();
    assert_eq!(too_wide, ["https://a.example/a/page/on/partners/that/are/not/there"]);
    assert!(widths(&on(80, &[("TERM", "xterm")]).0).into_iter().all(|width| width <= 80));

    let (screen, coloured) = on(40, &[("TERM", "xterm")]);
    assert_shown(&screen, narrow, 40);
    assert_eq!(coloured[..2], ["disconnected", "failed"], "{screen}");
    if cfg!(unix) {
        assert!(screen.contains("\n  \u{1b}[32mdisconnected\u{1b}[0m\n"), "{screen:?}");
    }
    for uncoloured in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert_on(40, &[("TERM", "xterm"), uncoloured], narrow);
    }
}

#[test]
fn quiet_hides_the_summary_but_not_errors() {
    let server = Server::always(Reply::done);
    let seen = disconnect(server.root(), &["a", "b", "a", "-j1", "-q"]);
    assert_eq!(
        (seen.stdout.as_str(), seen.stderr.as_str(), seen.code),
        ("a\tdisconnected\nb\tdisconnected\n", "", Some(0))
    );
    let seen = three(&["-q", "-o", "id"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("p-0001\np-0003\n", Some(1)));
    assert!(seen.stderr.starts_with("error: p-0002: 404 ResourceNotFound: no such partner"), "{}", seen.stderr);
    assert!(!seen.stderr.contains("3 partners"), "{}", seen.stderr);
}

#[test]
fn verbose_shows_every_attempt_and_wait_and_if_given_twice_the_headers_too() {
    let server = Server::start(|_, n| match n % 2 {
        0 => Reply::status(503).header("Retry-After", "0.1"),
        _ => Reply::done().header("request-id", "r-1").header("Set-Cookie", "session=s3cret"),
    });
    let url = format!("{}/v1.0/deviceManagement/remoteAssistancePartners/p-1/disconnect", server.root());
    let host = server.root().strip_prefix("http://").unwrap();
    let seen = disconnect(server.root(), &["p-1", "-v"]);
    let lines: Vec<_> = seen.stderr.lines().map(|line| line.split(" after ").next().unwrap()).collect();
    let expected = [
        &format!("p-1: attempt 1: POST {url}"),
        "p-1: 503",
        &format!("p-1: {host} answered 503: all requests are paused for 0.1 s (Retry-After)"),
        "p-1: waiting 0.1 s because the service throttles requests",
        &format!("p-1: attempt 2: POST {url}"),
        "p-1: 204",
    ];
    assert_eq!(lines[..6], expected);
    assert_eq!((lines.len(), seen.code), (7, Some(0)));

    for (arguments, variables) in [(&["-vv"][..], &[][..]), (&["-v", "-v"], &[("INTUNECTL_DEBUG", "1")])] {
        let seen =
            run(Intunectl::new().disconnect(server.root()).arg("p-1").args(arguments).envs(variables.iter().copied()));
        for line in
            ["> authorization: [redacted]", "> content-length: 0", "< request-id: r-1", "< set-cookie: [redacted]"]
        {
            assert!(seen.stderr.contains(&format!("p-1: {line}\n")), "{line}: {}", seen.stderr);
        }
        assert!(!seen.stderr.contains("s3cret"), "{}", seen.stderr);
    }
    let seen = run(Intunectl::new().disconnect(server.root()).arg("p-1").env("INTUNECTL_DEBUG", "1"));
    assert!(seen.stderr.contains("attempt 2: POST") && !seen.stderr.contains("> accept"), "{}", seen.stderr);
}

/// A server that sends the token back in every possible place. (`Running::end` looks for it in every test.)
fn reflecting(status: u16) -> Server {
    let escaped = TOKEN.replace('/', "\\/").replace('+', "\\u002b");
    let twice = escaped.replace('\\', "\\\\");
    let bodies = [
        format!(
            "{{\"error\":{{\"code\":\"{TOKEN}\",\"message\":\"you sent {TOKEN}\",\"innerError\":{{\"request-id\":\"{TOKEN}\"}}}}}}"
        ),
        format!(
            "{{\"error\":{{\"code\":\"{escaped}\",\"message\":\"you sent {escaped}\",\"innerError\":{{\"request-id\":\"{escaped}\"}}}}}}"
        ),
        format!(
            "{{\"error\":{{\"code\":\"E\",\"message\":\"{{\\\"Message\\\":\\\"you sent {twice} - Activity ID: {twice}\\\"}}\"}}}}"
        ),
        format!("<html><title>you sent {TOKEN}</title></html>"),
    ];
    Server::start(move |_, n| {
        Reply::status(status)
            .header("request-id", TOKEN)
            .header("Location", &format!("http://127.0.0.1:1/?token={TOKEN}"))
            .header("X-Echo", &format!("Bearer {TOKEN}"))
            .header("WWW-Authenticate", &format!("Bearer {TOKEN}"))
            .header("Set-Cookie", TOKEN)
            .body(bodies[n % bodies.len()].clone())
    })
}

#[test]
fn a_token_that_the_server_sends_back_is_never_shown() {
    for status in [200, 204, 302, 401, 403, 500] {
        for format in ["text", "ndjson", "json", "id"] {
            // A rejected token stops the run, so every body needs a run.
            let server = reflecting(status);
            for id in ids(4) {
                let seen = disconnect(server.root(), &[&id, "-o", format, "-vv", "--retries", "0"]);
                assert!(status == 204 || seen.code != Some(0), "{seen:?}");
                assert!(seen.stderr.contains("[redacted]"), "{}", seen.stderr);
            }
            assert_eq!(server.ids(), ids(4));
        }
    }
}

#[test]
fn an_invalid_or_misplaced_token_is_not_shown() {
    let server = Server::always(Reply::done);
    for arguments in [
        &["--token", TOKEN, "--token-file", "x", "p-1"][..],
        &["--token", &format!("{TOKEN} {TOKEN}"), "p-1"],
        &["--token", &format!("Bearer {TOKEN}"), "p-1"],
        &["--token", &format!("{TOKEN}\u{e9}"), "p-1"],
    ] {
        let seen = disconnect(server.root(), arguments);
        assert!(matches!(seen.code, Some(2 | 4)) && seen.stdout.is_empty(), "{seen:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn text_from_a_server_cannot_act_on_a_terminal_or_break_a_line() {
    let error = serde_json::json!({"error": {
        "code": "Not\u{1b}[31mFound\tat\u{7}all",
        "message": "one\ttwo\nthree\r\n\u{1b}]0;title\u{7}\u{9b}2J \u{202e}drawkcab\u{2066} \u{2028}end\u{0}",
        "innerError": {"request-id": "r\u{1b}[2J\n1\t2"},
    }});
    let body = error.to_string();
    let server =
        Server::always(move || Reply::status(400).header("X-Hostile", "c1 \u{9b}2J, bidi \u{202e}").body(body.clone()));
    let text = disconnect(server.root(), &["p-1", "-vv"]);
    let line = "p-1\tfailed\t400 Not\u{fffd}[31mFound at\u{fffd}all: one two three \u{fffd}]0;title\u{fffd}\u{fffd}2J \
                \u{fffd}drawkcab\u{fffd}  end\u{fffd} (request ID r\u{fffd}[2J 1 2)\n";
    assert_eq!(text.stdout, line);
    assert!(text.stderr.contains("< x-hostile: c1 \u{fffd}2J, bidi \u{fffd}\n"), "{}", text.stderr);
    let id = disconnect(server.root(), &["p-1", "-o", "id"]);
    for text in [&text.stdout, &text.stderr, &id.stderr] {
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{2028}', '\0']), "{text:?}");
    }
    // JSON keeps the values.
    let json = disconnect(server.root(), &["p-1", "-o", "ndjson"]);
    assert_eq!(json.stdout.lines().count(), 1);
    let record = &json.records()[0];
    assert_eq!(record["error"]["code"], error["error"]["code"]);
    assert_eq!(record["error"]["message"], error["error"]["message"]);
    assert_eq!(record["request_id"], error["error"]["innerError"]["request-id"]);
}

#[test]
fn a_reader_that_closes_the_pipe_early_stops_the_run_without_an_error() {
    for format in ["text", "ndjson", "id"] {
        let (server, gate) = Server::gated(|_, n| n > 0, |_, _| Reply::done());
        let intunectl = Intunectl::new();
        let mut command = intunectl.disconnect(server.root());
        let (running, mut stdout) = start_read(command.args(ids(500)).args(["-j1", "--rate", "off", "-o", format]));
        stdout.read_line(&mut String::new()).unwrap();
        close(stdout);
        gate.open();
        let seen = running.end();
        let done = server.done().len();
        assert_eq!((seen.code, server.ids().len()), (Some(1), done), "{}", seen.stderr);
        assert!((2..500).contains(&done), "{done} requests were sent");
        let summary = format!("500 partners: {done} disconnected, {} not attempted in T s\n", 500 - done);
        assert_eq!(seen.timeless(), if format == "ndjson" { String::new() } else { summary });
    }
}

#[test]
fn a_reader_that_closes_the_pipe_early_is_not_a_failure_if_everything_is_done() {
    let (server, gate) = Server::gated(|_, n| n > 0, |_, _| Reply::done());
    let intunectl = Intunectl::new();
    let mut command = intunectl.disconnect(server.root());
    let (running, mut stdout) = start_read(command.args(["a", "b", "-j1"]));
    stdout.read_line(&mut String::new()).unwrap();
    close(stdout);
    gate.open();
    let seen = running.end();
    assert_eq!((seen.timeless().as_str(), seen.code), ("2 partners: 2 disconnected in T s\n", Some(0)));
    assert_eq!(server.done(), ["a", "b"]);
}

#[test]
fn if_the_same_ctrl_c_ends_the_reader_unwritten_results_are_reported() {
    for (format, lost) in
        [("text", &["p-0002"][..]), ("ndjson", &["p-0002"]), ("id", &["p-0002"]), ("json", &["p-0001", "p-0002"])]
    {
        let (server, gate) = Server::gated(|_, n| n > 0, |_, _| Reply::done());
        let intunectl = Intunectl::new();
        let mut command = intunectl.disconnect(server.root());
        let (running, mut stdout) = start_read(command.args(ids(5)).args(["-j1", "-o", format]));
        server.wait_for(2);
        if format != "json" {
            stdout.read_line(&mut String::new()).unwrap();
        }
        running.signal("INT");
        running.wait_for_stderr("interrupted: no new requests");
        // As `tee` does.
        close(stdout);
        gate.open();
        let seen = running.end();
        assert_eq!((seen.code, server.done()), (Some(130), ids(2)), "{}", seen.stderr);
        let errors: Vec<_> = seen.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        let lost: Vec<_> = lost.iter().map(|id| format!("error: result not written: {id} disconnected")).collect();
        let why = "error: cannot write all results: ".to_owned() + &broken_pipe();
        assert_eq!(errors, [vec![why], lost, vec!["error: interrupted".to_owned()]].concat());
    }
}

#[test]
fn a_slow_reader_delays_no_request_and_misses_no_result() {
    let server = Arc::new(Server::always(Reply::done));
    let intunectl = Intunectl::new();
    let mut command = intunectl.disconnect(server.root());
    let (running, mut stdout) = start_read(command.args(ids(1500)).args(["-j8", "--rate", "off", "-o", "ndjson"]));
    // All requests are sent although nothing was read from the pipe, which holds less than their records.
    server.wait_for(1500);
    let mut text = String::new();
    stdout.read_to_string(&mut text).unwrap();
    let seen = crate::support::Seen { stdout: text, ..running.end() };
    assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)));
    assert_eq!(seen.with_status("disconnected"), ids(1500));
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_reported_with_the_results_that_could_not_be_written() {
    for format in ["text", "ndjson", "json", "id"] {
        let server = without_the_second();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let intunectl = Intunectl::new();
        let mut command = intunectl.disconnect(server.root());
        command.args(ids(3)).args(["-j3", "-o", format]);
        let seen = Running::with(command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped())).end();
        assert_eq!(seen.code, Some(1), "{}", seen.stderr);
        assert!(seen.stderr.contains("error: cannot write all results: No space left on device\n"), "{}", seen.stderr);
        assert!(!seen.stderr.contains("os error") && !seen.stderr.contains('\u{fffd}'), "{}", seen.stderr);
        for id in server.ids() {
            let status = if id == "p-0002" { "failed 404 ResourceNotFound" } else { "disconnected" };
            let expected = format!("error: result not written: {id} {status}");
            // With `id`, failures are on standard error anyway.
            let expected = if format == "id" && id == "p-0002" { "error: p-0002: 404".to_owned() } else { expected };
            assert!(seen.stderr.contains(&expected), "{expected}: {}", seen.stderr);
        }
    }
}

#[test]
fn without_a_reader_of_standard_error_the_results_are_the_same() {
    let server = without_the_second();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let intunectl = Intunectl::new();
    let mut command = intunectl.disconnect(server.root());
    command.args(ids(3)).args(["-j1", "-vv"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(writer);
    let seen = Running::with(&mut command).end();
    assert_eq!((seen.stdout, seen.code), (three(&[]).stdout, Some(1)));
}

#[cfg(unix)]
#[test]
fn a_late_reader_of_a_non_blocking_output_gets_every_line() {
    const COUNT: usize = 3000;
    let server = Server::always(Reply::done);
    let (writer, mut reader) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let running = Running::with(
        Intunectl::new()
            .disconnect(server.root())
            .args(ids(COUNT))
            .args(["-o", "ndjson", "--rate", "off"])
            .stdin(Stdio::null())
            .stdout(OwnedFd::from(writer))
            .stderr(Stdio::piped()),
    );
    // Now there is far more output than the socket holds.
    server.wait_for(COUNT);
    let mut stdout = String::new();
    reader.read_to_string(&mut stdout).unwrap();
    let seen = crate::support::Seen { stdout, ..running.end() };
    assert_eq!((seen.records().len(), seen.code), (COUNT, Some(0)), "{}", seen.stderr);
    assert_eq!(seen.with_status("disconnected"), ids(COUNT));
}
