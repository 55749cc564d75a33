//! `partner show`.

use std::io::Read as _;
#[cfg(unix)]
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::graph::PARTNERS;
use crate::support::os::json_in_pipe;
use crate::support::redirect::{close, start_read};
#[cfg(unix)]
use crate::support::running::Running;
use crate::support::server::{Reply, Server};
use crate::support::terminal::{BUT_STDOUT, Terminal};
use crate::support::{Intunectl, Seen, TOKEN, ids, run, run_with, start};

/// A service that has every partner.
fn all_there() -> Server {
    Server::start(|request, _| Reply::partner(request.id(), "onboarded"))
}

/// Shows partners of a server.
fn show(server: &Server, arguments: &[&str]) -> Seen {
    run(Intunectl::new().partner("show", server.root()).args(arguments))
}

/// The first three fields of each line of text: ID, name and status.
fn fields(seen: &Seen) -> Vec<Vec<&str>> {
    seen.stdout.lines().map(|line| line.split('\t').take(3).collect()).collect()
}

/// The fields for partners from [`Reply::partner`].
fn onboarded(ids: &[&str]) -> Vec<Vec<String>> {
    ids.iter().map(|id| vec![(*id).to_owned(), format!("Name of {id}"), "onboarded".to_owned()]).collect()
}

#[test]
fn ids_come_from_arguments_files_and_standard_input_in_order() {
    let home = Intunectl::new();
    let file = home.file("ids.txt", "# two of them\r\nb\r\n\r\n{\"id\":\"c\"}\n");
    let file = file.to_str().unwrap();
    let page = r#"{"@odata.context":"x","value":[{"id":"d","displayName":"D"},{"id":"e"}]}"#;
    let cases: [(&[&str], &str, &[&str]); 6] = [
        (&["z", "a", "m"], "", &["z", "a", "m"]),
        (&["-f", file], "", &["b", "c"]),
        (&["-"], page, &["d", "e"]),
        (&[], "d\ne\n", &["d", "e"]),
        (&["--from-file", "-"], "[\"d\",\"e\"]", &["d", "e"]),
        (&["a", "-", "f", "-f", file], page, &["a", "d", "e", "f", "b", "c"]),
    ];
    for (arguments, stdin, expected) in cases {
        let server = all_there();
        let mut command = home.partner("show", server.root());
        let seen = run_with(command.args(arguments), stdin);
        assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)), "{arguments:?}");
        assert_eq!(fields(&seen), onboarded(expected), "{arguments:?}");
        server.assert_only_read();
        assert_eq!(server.ids().len(), expected.len());
    }
}

#[test]
fn the_output_is_in_input_order_even_if_the_first_is_answered_last() {
    let (server, gate) =
        Server::gated(|request, _| request.id() == "p-0001", |request, _| Reply::partner(request.id(), "onboarded"));
    let running = start("show", &server, 5, &["-o", "id"]);
    server.wait_for(5);
    gate.open();
    let seen = running.end();
    assert_eq!(
        (seen.stdout.lines().collect::<Vec<_>>(), seen.code),
        (ids(5).iter().map(String::as_str).collect(), Some(0))
    );
}

#[test]
fn every_partner_is_one_get_request_with_the_token_and_without_a_body() {
    let server = Server::start(|request, _| match request.id() {
        "a" => Reply::partner("a", "onboarded"),
        _ => Reply::partner("a+b=@:", "onboarded"),
    });
    let seen = show(&server, &["a", "a+b=@:", "-vv"]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let mut requests = server.requests();
    requests.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Vec<_> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, [format!("{PARTNERS}/a"), format!("{PARTNERS}/a%2Bb%3D%40%3A")]);
    for request in &requests {
        assert_eq!((request.method.as_str(), request.body.as_slice()), ("GET", &[][..]));
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(request.header("content-length"), None);
    }
    let server = all_there();
    assert_eq!(show(&server, &["a", "--api-version", "beta"]).code, Some(0));
    assert_eq!(server.requests()[0].path, PARTNERS.replace("v1.0", "beta") + "/a");
}

/// A partner with unusual fields, numbers and escapes.
const ODD: &str = r#"{"@odata.context":"https://x/$metadata#y","id":"a","displayName":"Team\u0056iewer \/ 日本","onboardingStatus":"someNewStatus","lastConnectionDateTime":"2026-11-20T00:00:03.6670033Z","new":{"n":1.50,"big":12345678901234567890,"e":1E2,"dup":1,"dup":2},"none":null}"#;

#[test]
fn json_formats_keep_graphs_own_fields_byte_for_byte() {
    let server = Server::always(|| Reply::status(200).body(ODD));
    let odd = json_in_pipe(ODD);
    let seen = show(&server, &["a", "-o", "ndjson"]);
    assert_eq!((seen.stdout, seen.stderr, seen.code), (format!("{odd}\n"), String::new(), Some(0)));
    let seen = show(&server, &["a", "-o", "json"]);
    assert!(seen.stdout.contains(&odd), "{seen:?}");
    let array: Vec<serde_json::Value> = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!((array.len(), &array[0]["onboardingStatus"]), (1, &"someNewStatus".into()));
    assert_eq!(show(&server, &["a", "-o", "id"]).stdout, "a\n");
    let seen = show(&server, &["a"]);
    assert_eq!(fields(&seen), [["a", "TeamViewer / 日本", "someNewStatus"]]);
    server.assert_only_read();
}

#[test]
fn ndjson_is_one_line_per_partner_and_json_always_an_array() {
    let pretty = |id: &str| format!("{{\r\n  \"id\": \"{id}\",\n  \"displayName\": \"A\\nB\"\n}}\n");
    let server = Server::start(move |request, _| Reply::status(200).body(pretty(request.id())));
    let seen = show(&server, &["b", "a", "-o", "ndjson"]);
    let expected = ["b", "a"].map(|id| serde_json::json!({"id": id, "displayName": "A\nB"}));
    assert_eq!((seen.records(), seen.code), (expected.to_vec(), Some(0)));
    let seen = show(&server, &["b", "a", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&seen.stdout).unwrap(), expected);
    let seen = show(&server, &["b", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&seen.stdout).unwrap(), expected[..1]);
}

#[test]
fn a_partner_without_name_and_status_is_shown() {
    for body in
        [r#"{"id":"a"}"#, r#"{"id":"a","displayName":null,"onboardingStatus":null,"lastConnectionDateTime":null}"#]
    {
        let server = Server::always(move || Reply::status(200).body(body));
        let seen = show(&server, &["a"]);
        assert_eq!((fields(&seen), seen.code), (vec![vec!["a", "", ""]], Some(0)));
    }
}

#[test]
fn control_characters_are_replaced_in_text() {
    let body = "{\"id\":\"a\",\"displayName\":\"\\u001b]0;x\\u0007\\tA\\u202eB\\nC\u{9b}2J\",\"onboardingStatus\":\"\\u001b[2J\"}";
    let server = Server::always(move || Reply::status(200).body(body));
    let seen = show(&server, &["a"]);
    assert_eq!((seen.stdout.lines().count(), seen.code), (1, Some(0)), "{seen:?}");
    assert!(!seen.stdout.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{seen:?}");
    let json = show(&server, &["a", "-o", "ndjson"]);
    assert!(!json.stdout.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{json:?}");
    assert_eq!(json.records(), [serde_json::from_str::<serde_json::Value>(body).unwrap()]);
}

#[test]
fn a_missing_partner_is_reported_and_the_others_are_shown() {
    for (format, expected) in [("id", "a\nc\n"), ("text", ""), ("ndjson", ""), ("json", "")] {
        let server = Server::start(|request, _| match request.id() {
            "b" => Reply::not_found(),
            id => Reply::partner(id, "onboarded"),
        });
        let seen = show(&server, &["a", "b", "c", "-q", "-o", format]);
        assert_eq!(seen.code, Some(1), "{seen:?}");
        let error = seen.stderr.lines().next().unwrap();
        assert_eq!(error, "error: b: 404 ResourceNotFound: no such partner (request ID r-404)");
        assert!(seen.stderr.contains("\nhint: 404: "), "{seen:?}");
        match format {
            "id" => assert_eq!(seen.stdout, expected),
            "text" => assert_eq!(fields(&seen), onboarded(&["a", "c"])),
            _ => {
                for id in ["\"a\"", "\"c\""] {
                    assert!(seen.stdout.contains(id) && !seen.stdout.contains("\"b\""), "{seen:?}");
                }
            }
        }
        server.assert_only_read();
    }
}

#[test]
fn if_all_partners_are_missing_the_output_is_empty_and_the_exit_code_1() {
    let server = Server::always(Reply::not_found);
    for (format, expected) in [("id", ""), ("text", ""), ("ndjson", ""), ("json", "[]\n")] {
        let seen = show(&server, &["a", "b", "-o", format]);
        assert_eq!((seen.stdout.as_str(), seen.code), (expected, Some(1)), "{seen:?}");
        for id in ["a", "b"] {
            assert!(seen.stderr.contains(&format!("error: {id}: 404 ")), "{seen:?}");
        }
        assert_eq!(seen.stderr.matches("hint: ").count(), 1, "the same hint is shown once: {seen:?}");
    }
}

#[test]
fn a_rejected_token_is_exit_4_and_no_further_partner_is_requested() {
    let (server, gate) = Server::gated(
        |request, _| !ids(2).contains(&request.id().to_owned()),
        |request, _| {
            if request.id() == "p-0002" { Reply::expired() } else { Reply::partner(request.id(), "onboarded") }
        },
    );
    let running = start("show", &server, 100, &["-o", "id"]);
    running.wait_for_stderr("error: p-0002: 401 InvalidAuthenticationToken: ");
    gate.open();
    let seen = running.end();
    assert_eq!(seen.code, Some(4), "{seen:?}");
    assert!(seen.stdout.starts_with("p-0001\n"), "{seen:?}");
    assert!(seen.stderr.contains("hint: 401: "), "{seen:?}");
    // Only those that were in flight.
    assert!(server.ids().len() < 20, "{:?}", server.ids());
    let rest = format!("\nerror: {} more partners not read: ", 100 - server.ids().len());
    assert!(seen.stderr.contains(&rest) && seen.stderr.lines().count() == 3, "one line for the rest: {seen:?}");
    server.assert_only_read();
}

#[test]
fn a_rejected_token_is_exit_4_even_if_another_partner_is_missing() {
    let server = Server::start(|request, _| match request.id() {
        "a" => Reply::not_found(),
        _ => Reply::status(401),
    });
    assert_eq!(show(&server, &["a", "b"]).code, Some(4));
}

#[test]
fn an_answer_that_is_not_the_requested_partner_is_not_shown() {
    let wrong: [(u16, &str); 11] = [
        (200, r#"{"id":"b","displayName":"Another","onboardingStatus":"onboarded"}"#),
        (200, r#"{"id":"A","displayName":"Another","onboardingStatus":"onboarded"}"#),
        (200, "<html><title>Sign in to the hotel</title></html>"),
        (200, ""),
        (200, "null"),
        (200, "[]"),
        (200, "{}"),
        (200, r#"{"id":7}"#),
        (200, r#"{"value":[{"id":"a"}]}"#),
        (200, r#"{"id":"a"}{"id":"a"}"#),
        (204, ""),
    ];
    for (status, body) in wrong {
        for format in ["text", "json", "ndjson", "id"] {
            let server = Server::always(move || Reply::status(status).body(body));
            let seen = show(&server, &["a", "-o", format]);
            let nothing = if format == "json" { "[]\n" } else { "" };
            assert_eq!((seen.stdout.as_str(), seen.code), (nothing, Some(1)), "{body}: {seen:?}");
            assert!(seen.stderr.starts_with("error: a: "), "{body}: {seen:?}");
            assert!(!seen.stderr.contains("Another"), "{body}: {seen:?}");
        }
    }
}

#[test]
fn a_success_other_than_200_does_not_show_a_partner() {
    for status in [201, 202, 204, 206] {
        let server = Server::start(move |request, _| match status {
            204 => Reply::status(204),
            _ => Reply::status(status).body(format!(r#"{{"id":"{}"}}"#, request.id())),
        });
        let seen = show(&server, &["a", "-o", "id"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(1)), "{status}: {seen:?}");
        let error = format!("error: a: {status} UnexpectedAnswer: the answer does not describe this partner\n");
        assert!(seen.stderr.starts_with(&error), "{seen:?}");
        assert_eq!(server.ids(), ["a"]);
    }
}

#[test]
fn a_guid_is_the_same_partner_in_upper_and_lower_case() {
    let server = Server::always(|| Reply::partner("5F0E1C9A-2B7D-4C8E-9A41-6D3B8F2E7C10", "onboarded"));
    let guid = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
    let seen = show(&server, &[guid, &guid.to_uppercase(), "-o", "id"]);
    assert_eq!((seen.stdout.trim_end().to_lowercase().as_str(), seen.code), (guid, Some(0)), "{seen:?}");
    assert_eq!(server.requests().len(), 1, "a duplicate ID is requested once");
}

#[test]
fn temporary_failures_are_retried_after_retry_after() {
    let server = Server::start(|request, n| match [503, 429, 408, 502, 504].get(n) {
        Some(status) => Reply::status(*status).header("Retry-After", if n < 2 { "1" } else { "0.01" }),
        None => Reply::partner(request.id(), "onboarded"),
    });
    let seen = show(&server, &["a", "-o", "id", "--retries", "5"]);
    assert_eq!((seen.stdout.as_str(), seen.stderr.as_str(), seen.code), ("a\n", "", Some(0)));
    let gaps = server.gaps();
    assert!(gaps.len() == 5 && gaps[..2].iter().all(|gap| *gap >= Duration::from_secs(1)), "{gaps:?}");
    for reply in
        [|| Reply::Close, || Reply::Reset, || Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec())]
    {
        let server =
            Server::start(move |request, n| if n == 0 { reply() } else { Reply::partner(request.id(), "onboarded") });
        assert_eq!(show(&server, &["a", "-o", "id"]).stdout, "a\n");
    }
}

#[test]
fn a_permanent_failure_does_not_say_that_anything_may_have_changed() {
    type Failure = (fn() -> Reply, &'static str);
    let failures: [Failure; 4] = [
        (|| Reply::status(503), "503 "),
        (|| Reply::status(429).header("Retry-After", "3600"), "429 "),
        (|| Reply::Close, "connection"),
        (|| Reply::Stall(Vec::new()), "no answer in time"),
    ];
    for (reply, words) in failures {
        let server = Server::always(reply);
        let seen = show(&server, &["a", "--retries", "0", "--timeout", "300ms"]);
        assert_eq!((seen.stdout.as_str(), seen.code, server.requests().len()), ("", Some(1), 1), "{seen:?}");
        assert!(seen.stderr.starts_with("error: a: ") && seen.stderr.contains(words), "{seen:?}");
        assert!(!seen.stderr.contains("may have"), "a read changes nothing: {seen:?}");
    }
}

#[test]
fn a_wait_of_more_than_ten_minutes_fails_every_partner() {
    let server = Server::always(|| Reply::status(429).header("Retry-After", "3600"));
    let seen = show(&server, &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(1)), "{seen:?}");
    assert!(server.requests().len() <= 8 && seen.stderr.contains(" 1h"), "{seen:?}");
    assert!(seen.stderr.contains(" not read: "), "{seen:?}");
}

#[test]
fn a_signal_ends_the_command_at_once_and_nothing_is_printed() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let server = Server::start(|request, _| match request.id() {
            "p-0001" => Reply::partner("p-0001", "onboarded"),
            _ => Reply::Stall(Vec::new()),
        });
        let running = start("show", &server, 3, &["--timeout", "10m"]);
        server.wait_for(3);
        running.signal(signal);
        let seen = running.end();
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)), "{seen:?}");
    }
}

#[test]
fn invalid_ids_and_no_ids_are_usage_errors_and_nothing_is_sent() {
    let server = all_there();
    for arguments in [&["a", "b/c"][..], &["../a"], &["-f", "/nonexistent/ids"], &["-"], &[]] {
        let seen = show(&server, arguments);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{arguments:?}: {seen:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn at_a_terminal_show_neither_waits_for_ids_nor_prompts() {
    let server = all_there();
    let home = Intunectl::new();
    let seen = Terminal::start(&home.partner("show", server.root()), BUT_STDOUT, 80).end();
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
    assert!(seen.stderr.contains("no partner IDs"), "{seen:?}");
    assert!(seen.stderr.contains("\n  intunectl partner show "), "an example: {seen:?}");
    assert_eq!(server.connections(), 0);
    let seen = Terminal::start(home.partner("show", server.root()).args(["a", "b"]), BUT_STDOUT, 80).end();
    assert_eq!(seen.code, Some(0), "{seen:?}");
    assert_eq!(fields(&seen), onboarded(&["a", "b"]));
    assert_eq!(seen.stderr, "");
}

#[test]
fn no_token_is_exit_4_and_nothing_is_sent() {
    let server = all_there();
    let seen = run(Intunectl::new().partner("show", server.root()).arg("a").env_remove("INTUNECTL_TOKEN"));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{seen:?}");
    assert_eq!(server.connections(), 0);
}

#[cfg(unix)]
#[test]
fn a_full_disk_does_not_hide_a_rejected_token() {
    let server = Server::start(|request, _| match request.id() {
        "z" => Reply::expired(),
        id => Reply::partner(id, "onboarded"),
    });
    for (ids, code) in [(&["a", "z"][..], 4), (&["a"], 1)] {
        for format in ["text", "json", "ndjson", "id"] {
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let home = Intunectl::new();
            let mut command = home.partner("show", server.root());
            command.args(ids).args(["-o", format]).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
            let seen = Running::with(&mut command).end();
            assert_eq!(seen.code, Some(code), "{seen:?}");
            let reported = |words: &str| seen.stderr.lines().any(|line| line.starts_with(words));
            assert!(reported("error: cannot write to standard output: No space left on device"), "{seen:?}");
            assert_eq!(reported("error: z: 401 InvalidAuthenticationToken: "), code == 4, "{seen:?}");
            assert_eq!(reported("hint: 401: "), code == 4, "{seen:?}");
        }
    }
}

#[test]
fn ctrl_c_does_not_wait_for_a_stalled_reader() {
    let server = Server::start(|request, _| {
        // More than a pipe holds.
        let (id, name) = (request.id(), "x".repeat(300_000));
        let partner = format!(r#"{{"id":"{id}","displayName":"{name}"}}"#);
        Reply::status(200).body(if id == "a" { partner } else { format!(r#"{{"value":[{partner}]}}"#) })
    });
    for arguments in [&["show", "a"][..], &["list"]] {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let home = Intunectl::new();
            let mut command = home.partner(arguments[0], server.root());
            let (running, mut reader) = start_read(command.args(&arguments[1..]).args(["-o", "ndjson"]));
            // Now it is writing, and cannot finish.
            reader.read_exact(&mut [0]).unwrap();
            let start = Instant::now();
            running.signal(signal);
            let seen = running.end();
            assert_eq!((seen.stderr.as_str(), seen.code), ("error: interrupted\n", Some(code)));
            assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
            close(reader);
        }
    }
}

#[test]
fn a_reader_that_closes_the_pipe_early_is_not_a_failure() {
    let server = Server::start(|request, _| {
        // More than a pipe holds.
        let name = "x".repeat(100_000);
        Reply::status(200).body(format!(r#"{{"id":"{}","displayName":"{name}"}}"#, request.id()))
    });
    let home = Intunectl::new();
    let mut command = home.partner("show", server.root());
    let (running, mut stdout) = start_read(command.args(["p-1", "p-2", "-o", "ndjson"]));
    let mut first = [0];
    stdout.read_exact(&mut first).unwrap();
    close(stdout);
    assert_eq!(&first, b"{");
    let Seen { stderr, code, .. } = running.end();
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
}
