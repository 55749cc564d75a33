//! `--resume`: IDs that the records of an earlier run show as done are skipped.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

#[cfg(unix)]
use crate::support::named_pipe::NamedPipe;
use crate::support::redirect::{append, run_into};
#[cfg(unix)]
use crate::support::running::Running;
use crate::support::server::{Reply, Server};
use crate::support::{Intunectl, Seen, ids, jwt, run};

/// The tenant of the token in these tests, as JSON.
const TENANT: &str = r#""11111111-2222-3333-4444-555555555555""#;
/// Placeholder in a record for the URL of the server.
const ROOT: &str = "{root}";

/// A record of an earlier run, with its line break.
fn record(id: &str, action: &str, status: &str) -> String {
    record_of(id, action, status, TENANT, ROOT)
}

/// The same, of this tenant (as JSON) at this Graph server.
fn record_of(id: &str, action: &str, status: &str, tenant: &str, root: &str) -> String {
    format!(
        r#"{{"id":"{id}","index":7,"action":"{action}","status":"{status}","http_status":204,"attempts":1,"duration_ms":184,"time":"2026-11-23T10:15:30.123Z","tenant_id":{tenant},"graph_url":"{root}","account":"a","client_request_id":"c","request_id":"r","error":null}}"#
    ) + "\n"
}

/// The log with this server as the Graph server.
fn at(server: &Server, log: impl AsRef<[u8]>) -> Vec<u8> {
    let encodings: [fn(&str) -> Vec<u8>; 3] = [
        |text| text.as_bytes().to_vec(),
        |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ];
    let mut log = log.as_ref().to_vec();
    for encode in encodings {
        let (from, to) = (encode(ROOT), encode(server.root()));
        while let Some(at) = log.windows(from.len()).position(|window| window == from) {
            log.splice(at..at + from.len(), to.iter().copied());
        }
    }
    log
}

/// Writes a log with this server as the Graph server.
fn write(home: &Intunectl, server: &Server, name: &str, log: impl AsRef<[u8]>) -> PathBuf {
    home.file(name, at(server, log))
}

/// The command, with a token that names its tenant.
fn command(home: &Intunectl, verb: &str, server: &Server) -> Command {
    let mut command = home.partner(verb, server.root());
    command.env("INTUNECTL_TOKEN", jwt::good());
    command
}

/// The record of a partner that was disconnected.
fn done(id: &str) -> String {
    record(id, "disconnect", "disconnected")
}

/// Disconnects `ids`, resuming from a log with this content.
fn resume(server: &Server, log: impl AsRef<[u8]>, ids: &[&str]) -> Seen {
    let home = Intunectl::new();
    let log = write(&home, server, "audit.ndjson", log);
    run(command(&home, "disconnect", server).args(ids).args(["-j1", "-o", "ndjson", "--resume"]).arg(log))
}

/// The IDs that are sent if a run resumes from a log with this content.
#[track_caller]
fn sent(log: impl AsRef<[u8]>, ids: &[&str]) -> Vec<String> {
    let server = Server::always(Reply::done);
    let seen = resume(&server, log, ids);
    assert_eq!((seen.code, seen.records().len()), (Some(0), ids.len()), "{seen:?}");
    assert_eq!(seen.with_status("disconnected").len(), server.done().len());
    server.ids()
}

/// Disconnects with these arguments and this standard input. Standard output goes to a file.
fn disconnect_into(home: &Intunectl, server: &Server, arguments: &[&str], stdin: &str, file: File) -> Seen {
    let token = jwt::good();
    let mut command = home.disconnect(server.root());
    let seen = run_into(command.env("INTUNECTL_TOKEN", &token).args(arguments), stdin, file);
    let is_shown = seen.stderr.contains(&token) || read(home, "log").contains(&token);
    assert!(!is_shown, "{seen:?}");
    seen
}

/// The same with `-o ndjson >> log`.
fn appended(home: &Intunectl, server: &Server, arguments: &[&str]) -> Seen {
    let arguments = [arguments, &["-o", "ndjson"]].concat();
    disconnect_into(home, server, &arguments, "", append(&home.home().join("log")))
}

/// The options of the first run. On Windows it cannot name the log, because an empty one is rejected there.
const FIRST: &[&str] = if cfg!(windows) { &[] } else { RESUMED };
/// The options of every later run.
const RESUMED: &[&str] = &["--resume", "log"];

/// Runs a shell script in this home, where the test has put its files.
#[cfg(unix)]
fn script(shell: &str, home: &Intunectl, server: &Server, script: &str) -> Seen {
    let mut command = home.shell(shell, script);
    let token = jwt::good();
    let seen = run(command.env("INTUNECTL_GRAPH_URL", server.root()).env("INTUNECTL_TOKEN", &token));
    assert!(!seen.stdout.contains(&token) && !seen.stderr.contains(&token), "{seen:?}");
    seen
}

fn read(home: &Intunectl, name: &str) -> String {
    std::fs::read_to_string(home.home().join(name)).unwrap()
}

/// Asserts a usage error, no connection, and all of `words` on standard error.
#[track_caller]
fn assert_refused(seen: &Seen, server: &Server, words: &[&str]) {
    assert_eq!((seen.code, server.connections()), (Some(2), 0), "{seen:?}");
    for words in words {
        assert!(seen.stderr.contains(words), "{words}: {seen:?}");
    }
}

#[test]
fn ids_that_are_done_are_skipped_and_reported_as_skipped() {
    let server = Server::start(|request, _| if request.id() == "d" { Reply::status(404) } else { Reply::done() });
    let log = done("c") + &done("somebody-else") + &done("a");
    let seen = resume(&server, &log, &["a", "b", "c", "d", "e"]);
    assert_eq!((seen.code, server.ids()), (Some(1), vec!["b".to_owned(), "d".to_owned(), "e".to_owned()]), "{seen:?}");
    let mut told: Vec<_> = seen
        .records()
        .iter()
        .map(|record| (record["index"].as_u64().unwrap(), record["status"].as_str().unwrap().to_owned()))
        .collect();
    told.sort();
    let expected = ["skipped", "disconnected", "skipped", "failed", "disconnected"];
    assert_eq!(told, (1..).zip(expected.map(str::to_owned)).collect::<Vec<_>>());
    for record in seen.records().iter().filter(|record| record["status"] == "skipped") {
        let fields = ["action", "http_status", "attempts", "client_request_id", "request_id", "error"];
        let fields = fields.map(|field| record[field].clone());
        assert_eq!(fields, [json!("disconnect"), Value::Null, json!(0), Value::Null, Value::Null, Value::Null]);
    }
}

#[test]
fn skipped_ids_are_counted_in_every_format() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let log = write(&home, &server, "audit.ndjson", done("a") + &done("c"));
    let resumed = |format: &str| {
        let mut command = command(&home, "disconnect", &server);
        run(command.args(["a", "b", "c", "-o", format, "--resume"]).arg(&log))
    };
    let seen = resumed("text");
    assert_eq!(seen.code, Some(0));
    let lines: Vec<Vec<_>> = seen.stdout.lines().map(|line| line.split('\t').take(2).collect()).collect();
    assert!(lines.contains(&vec!["a", "skipped"]) && lines.contains(&vec!["b", "disconnected"]), "{seen:?}");
    let tenant = TENANT.trim_matches('"');
    assert_eq!(seen.timeless(), format!("3 partners: 1 disconnected, 2 skipped in T s (tenant {tenant})\n"));
    let document: Value = serde_json::from_str(&resumed("json").stdout).unwrap();
    let count = |name: &str| document["summary"][name].as_u64().unwrap();
    let counts = ["total", "succeeded", "failed", "skipped", "not_attempted"].map(count);
    assert_eq!(counts, [3, 1, 0, 2, 0]);
    let statuses: Vec<_> = document["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, ["skipped", "disconnected", "skipped"]);
    assert_eq!(resumed("id").stdout, "b\n");
}

#[test]
fn only_completed_actions_count_and_the_last_record_of_an_id_decides() {
    let disconnect = |status: &str| record("a", "disconnect", status);
    let cases: [(String, bool); 12] = [
        (disconnect("disconnected"), true),
        (disconnect("skipped"), true),
        (disconnect("failed"), false),
        (disconnect("not_attempted"), false),
        (disconnect("would_disconnect"), false),
        (disconnect("already_disconnected"), false),
        (disconnect("disconnected") + &disconnect("failed"), false),
        (disconnect("failed") + &disconnect("disconnected"), true),
        (disconnect("disconnected") + &disconnect("not_attempted"), true),
        (record("a", "onboard", "onboarding_started"), false),
        (disconnect("disconnected") + &record("a", "onboard", "onboarding_started"), false),
        (record("a", "onboard", "onboarding_started") + &disconnect("disconnected"), true),
    ];
    for (log, is_done) in cases {
        assert_eq!(sent(&log, &["a"]).is_empty(), is_done, "{log}");
    }
}

#[test]
fn records_of_a_dry_run_do_not_change_what_is_done() {
    let server = Server::start(|request, _| if request.is_post() { Reply::done() } else { Reply::status(404) });
    let home = Intunectl::new();
    for (options, code) in [(&[][..], 0), (&["--dry-run"], 1), (RESUMED, 0)] {
        let seen = appended(&home, &server, &[&["a"], options].concat());
        assert_eq!(seen.code, Some(code), "{options:?}: {seen:?}");
    }
    let log = read(&home, "log");
    let statuses: Vec<Value> =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].clone()).collect();
    assert_eq!(statuses, ["disconnected", "failed", "skipped"]);
    assert_eq!(server.ids_of("POST"), ["a"]);
}

#[test]
fn onboard_resumes_from_records_of_onboard_only() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let log = write(&home, &server, "audit.ndjson", done("a") + &record("b", "onboard", "onboarding_started"));
    let mut command = command(&home, "onboard", &server);
    let seen = run(command.args(["a", "b", "-o", "ndjson", "--resume"]).arg(log));
    assert_eq!(
        (seen.with_status("onboarding_started"), seen.with_status("skipped")),
        (vec!["a".into()], vec!["b".into()])
    );
    assert_eq!((server.ids_of("POST"), seen.code), (vec!["a".to_owned()], Some(0)));
}

#[test]
fn guids_are_compared_without_case_and_other_ids_exactly() {
    let guid = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
    assert!(sent(done(&guid.to_uppercase()), &[guid]).is_empty());
    assert!(sent(done(guid), &[&guid.to_uppercase()]).is_empty());
    assert_eq!(sent(done("ABC"), &["abc"]), ["abc"]);
}

#[test]
fn records_are_read_in_every_encoding_that_shells_write() {
    let log = done("a") + &done("c").replace(r#""account":"a""#, r#""account":"名é""#);
    let crlf = log.replace('\n', "\r\n");
    let utf16 = |to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let text = format!("\u{feff}{crlf}");
        text.encode_utf16().flat_map(to_bytes).collect()
    };
    let logs = [
        log.clone().into_bytes(),
        crlf.clone().into_bytes(),
        format!("\u{feff}{log}").into_bytes(),
        format!("\n{log}\n  \n").into_bytes(),
        log.trim_end().as_bytes().to_vec(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ];
    for bytes in logs {
        assert_eq!(sent(&bytes, &["a", "b", "c"]), ["b"], "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn records_rewritten_by_jq_or_python_are_read() {
    let sorted = format!(
        r#"{{"action":"disconnect","error":null,"graph_url":"{ROOT}","id":"a","index":1,"status":"disconnected","tenant_id":{TENANT}}}"#
    );
    let spaced = format!(
        r#"{{"id": "b", "index": 1, "action": "disconnect", "status": "disconnected", "tenant_id": {TENANT}, "graph_url": "{ROOT}", "error": null}}"#
    );
    let escaped = format!(
        r#"{{"id":"\u0064","index":1,"action":"disconnect","status":"disconnected","tenant_id":{TENANT},"graph_url":"{ROOT}"}}"#
    );
    assert_eq!(sent(format!("{sorted}\n{spaced}\n{escaped}\n"), &["a", "b", "d", "c"]), ["c"]);
}

#[test]
fn an_incomplete_last_record_is_ignored_without_an_error() {
    let torn = done("b:c");
    for cut in [1, 3, 6, 8, 9, 30, torn.len() - 2] {
        let bytes = [done("a").as_bytes(), &torn.as_bytes()[..cut]].concat();
        assert_eq!(sent(&bytes, &["a", "b:c"]), ["b%3Ac"], "{}", String::from_utf8_lossy(&bytes));
    }
    // Also if it ends within a character, in any encoding.
    let text = format!("\u{feff}{}{}", done("a"), r#"{"id":"b🛠"#);
    let utf16: Vec<_> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), &utf16] {
        for torn in 0..5 {
            assert_eq!(sent(&bytes[..bytes.len() - torn], &["a", "b"]), ["b"], "{torn}");
        }
    }
    // If only its line break is missing, it is complete.
    assert!(sent(torn.trim_end(), &["b:c"]).is_empty());
}

#[test]
fn incomplete_records_are_counted_on_standard_error_unless_quiet() {
    let server = Server::always(Reply::done);
    let seen = resume(&server, done("a") + r#"{"id":"b","ind"#, &["a", "b"]);
    assert!(seen.stderr.contains("audit.ndjson: ignored 1 incomplete record\n"), "{seen:?}");
    assert_eq!(seen.code, Some(0));
    let home = Intunectl::new();
    let log = write(&home, &server, "log", done("a") + r#"{"id":"b","ind"#);
    let quiet = run(command(&home, "disconnect", &server).args(["a", "b", "-q", "--resume"]).arg(log));
    assert_eq!((quiet.stderr.as_str(), quiet.code), ("", Some(0)));
}

#[test]
fn a_record_that_was_appended_to_an_incomplete_one_counts() {
    let torn = done("b");
    for cut in [1, 3, 9, 40, torn.len() - 2] {
        let log = done("a") + &torn[..cut] + &done("c") + &done("d");
        assert_eq!(sent(&log, &["a", "b", "c", "d"]), ["b"], "{log}");
        // Two runs were killed.
        let log = done("a") + &torn[..cut] + &torn[..cut.max(9)] + &done("c");
        assert_eq!(sent(&log, &["a", "b", "c", "d"]), ["b", "d"], "{log}");
        // A line break was put between them.
        let log = done("a") + &torn[..cut] + "\n" + &done("c") + &done("d");
        assert_eq!(sent(&log, &["a", "b", "c", "d"]), ["b"], "{log}");
    }
}

#[test]
fn a_message_that_looks_like_a_record_does_not_count() {
    let quoting = r#"{"id":"a","index":1,"action":"disconnect","status":"failed","http_status":400,"error":{"code":"x","message":"{\"id\":\"b\",\"action\":\"disconnect\",\"status\":\"disconnected\"}","kind":"http"}}"#;
    assert_eq!(sent(format!("{quoting}\n"), &["a", "b"]), ["a", "b"]);
    // Also if the record ends within the message.
    let cut = quoting.find("disconnected").unwrap() + 14;
    assert_eq!(sent(&quoting[..cut], &["a", "b"]), ["a", "b"]);
}

#[test]
fn one_command_line_can_resume_from_a_file_and_append_to_it() {
    let server = Server::start(|request, n| match request.id() {
        "p-0003" if n < 5 => Reply::status(404),
        _ => Reply::done(),
    });
    let home = Intunectl::new();
    home.file("ids", ids(5).join("\n"));
    let run = |resume: &[&str]| appended(&home, &server, &[&["-f", "ids"], resume].concat());
    // The first run finds the empty file that the shell has created.
    let first = run(FIRST);
    assert_eq!((first.code, server.ids().len()), (Some(1), 5), "{first:?}");
    let log = read(&home, "log");
    assert_eq!((log.lines().count(), log.starts_with('{'), log.ends_with('\n')), (5, true, true), "{log}");

    let second = run(RESUMED);
    assert_eq!((second.code, &server.ids()[5..]), (Some(0), &["p-0003".to_owned()][..]), "{second:?}");
    let log = read(&home, "log");
    assert_eq!(log.lines().count(), 10, "{log}");

    let third = run(RESUMED);
    assert_eq!((third.code, server.ids().len()), (Some(0), 6), "{third:?}");
    let log = read(&home, "log");
    let statuses: Vec<_> =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].clone()).collect();
    assert_eq!(statuses.len(), 15);
    assert_eq!(statuses[10..], ["skipped"; 5]);
}

#[test]
fn an_incomplete_last_record_gets_a_line_break_before_the_next_record() {
    let home = Intunectl::new();
    home.file("ids", ids(3).join("\n"));
    for torn in [r#"{"id":"p-0002","index":2,"act"#, "{"] {
        let server = Server::always(Reply::done);
        write(&home, &server, "log", done("p-0001") + torn);
        let run = || appended(&home, &server, &[&["-f", "ids", "-j1"], RESUMED].concat());
        let seen = run();
        assert_eq!((seen.code, server.ids()), (Some(0), ids(3)[1..].to_vec()), "{seen:?}");
        let log = read(&home, "log");
        let lines: Vec<_> = log.lines().collect();
        assert_eq!((lines.len(), lines[1]), (5, torn), "{log}");
        assert!([0, 2, 3, 4].into_iter().all(|n| serde_json::from_str::<Value>(lines[n]).is_ok()), "{log}");
        let seen = run();
        assert_eq!((seen.code, server.ids().len()), (Some(0), 2), "{seen:?}");
    }
}

#[test]
fn through_tee_a_record_appended_to_an_incomplete_one_is_not_lost() {
    let home = Intunectl::new();
    let server = Server::always(Reply::done);
    home.file("ids", ids(3).join("\n"));
    write(&home, &server, "log", done("p-0001") + r#"{"id":"p-0002","index":2,"act"#);
    // `tee -a` opens the log before the run starts.
    let run = || {
        let mut log = append(&home.home().join("log"));
        let mut command = command(&home, "disconnect", &server);
        let seen = run(command.args(["-f", "ids", "-j1", "-o", "ndjson"]).args(RESUMED));
        log.write_all(seen.stdout.as_bytes()).unwrap();
        seen
    };
    let seen = run();
    assert_eq!((seen.records().len(), server.ids()), (3, ids(3)[1..].to_vec()), "{seen:?}");
    let seen = run();
    assert_eq!((seen.with_status("skipped"), server.ids().len()), (ids(3), 2), "{seen:?}");
}

/// Gives the log a second name, `link`.
fn link(home: &Intunectl) {
    std::fs::hard_link(home.home().join("log"), home.home().join("link")).unwrap();
}

/// A usage error with this message and hint.
fn refused(error: &str, hint: &str) -> Seen {
    let stderr = format!("error: {error}; nothing was sent\nhint: {hint}\n");
    Seen { stdout: String::new(), stderr, code: Some(2) }
}

/// The error if standard output would overwrite records.
fn overwriting(log: &str) -> Seen {
    refused(
        &format!("standard output is {log} itself, which `>` may have emptied"),
        "restore the records if the file is empty, then use `>>`. For a first run, leave out --resume",
    )
}

/// The error if the output has a format other than that of the records.
fn between(log: &str) -> Seen {
    refused(
        &format!("the output would be mixed with the records in {log}"),
        "use -o ndjson, or write the output to another file",
    )
}

/// The error if the log is empty, on Windows.
fn emptied(log: &str) -> Seen {
    refused(
        &format!("{log} is empty"),
        "`>` empties a file before intunectl reads it: restore the records if the file is empty, then use `>>`. For a first run, leave out --resume",
    )
}

#[test]
fn a_log_that_the_shell_has_emptied_is_rejected() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    home.file("ids", ids(3).join("\n"));
    let path = write(&home, &server, "log", done("p-0001"));
    link(&home);
    #[cfg(unix)]
    std::os::unix::fs::symlink("log", home.home().join("symlink")).unwrap();
    let same = Path::new(".").join("log");
    for log in [
        "log",
        same.to_str().unwrap(),
        path.to_str().unwrap(),
        "link",
        #[cfg(unix)]
        "symlink",
    ] {
        for format in ["ndjson", "text"] {
            write(&home, &server, "log", done("p-0001"));
            let arguments = ["-f", "ids", "-o", format, "--resume", log];
            // What `>` does.
            let seen = disconnect_into(&home, &server, &arguments, "", File::create(&path).unwrap());
            let expected = match format {
                _ if cfg!(unix) => overwriting(log),
                "ndjson" => emptied(log),
                // The format is checked before the log is read.
                _ => between(log),
            };
            assert_eq!(seen, expected, "{format}");
            assert_eq!(read(&home, "log"), "", "the log is no longer empty, as the shell left it");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn standard_output_in_the_middle_of_the_log_is_rejected() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let log = done("a") + &done("b");
    let path = write(&home, &server, "log", &log);
    link(&home);
    for (place, name) in [(0, "log"), (1, "log"), (10, "link"), (done("a").len() as u64, "link")] {
        let mut file = File::options().write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(place)).unwrap();
        let seen = disconnect_into(&home, &server, &["c", "-o", "ndjson", "--resume", name], "", file);
        assert_eq!(seen, overwriting(name), "{place}");
        assert_eq!(read(&home, "log").as_bytes(), at(&server, &log));
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_log_is_the_same_file_under_its_other_name() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let earlier = done("a") + r#"{"id":"b","index":2,"act"#;
    write(&home, &server, "log", &earlier);
    link(&home);
    let seen = appended(&home, &server, &["a", "b", "-j1", "--resume", "link"]);
    assert_eq!((seen.code, server.ids()), (Some(0), vec!["b".to_owned()]), "{seen:?}");
    // The incomplete record got its line break, which it gets only if both are the same file.
    let log = read(&home, "log");
    let new = log.strip_prefix(&*String::from_utf8(at(&server, earlier)).unwrap()).unwrap();
    let records: Vec<Value> =
        new.strip_prefix('\n').unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = records.iter().map(|record| (&record["id"], &record["status"])).collect();
    assert_eq!(told, [(&json!("a"), &json!("skipped")), (&json!("b"), &json!("disconnected"))]);
}

#[test]
fn only_records_are_appended_to_the_log() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    home.file("ids", ids(3).join("\n"));
    let path = write(&home, &server, "log", done("p-0001"));
    link(&home);
    #[cfg(unix)]
    std::os::unix::fs::symlink("log", home.home().join("symlink")).unwrap();
    for (log, format) in [
        ("log", &[][..]),
        ("log", &["-o", "json"]),
        ("link", &["-o", "id"]),
        ("link", &["-o", "text"]),
        #[cfg(unix)]
        ("symlink", &["-o", "id"]),
    ] {
        let arguments = [&["-f", "ids", "--resume", log], format].concat();
        for name in [
            "log",
            "link",
            #[cfg(unix)]
            "symlink",
        ] {
            let seen = disconnect_into(&home, &server, &arguments, "", append(&home.home().join(name)));
            assert_eq!(seen, between(log));
            assert_eq!(read(&home, "log").as_bytes(), at(&server, done("p-0001")));
        }
    }
    assert_eq!(server.connections(), 0);
    let mut command = command(&home, "disconnect", &server);
    let seen = run_into(command.args(["-f", "ids"]).args(RESUMED).env("INTUNECTL_OUTPUT", "ndjson"), "", append(&path));
    assert_eq!((seen.code, server.ids().len()), (Some(0), 2), "{seen:?}");
    assert_eq!(read(&home, "log").lines().count(), 4);
}

#[test]
fn a_file_that_cannot_be_read_is_a_usage_error_and_nothing_is_sent() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    for path in [Path::new("/nonexistent/audit.ndjson"), Path::new("audit.ndjson"), home.home()] {
        let seen = run(command(&home, "disconnect", &server).args(["a", "--resume"]).arg(path));
        assert_refused(&seen, &server, &["nothing was sent"]);
        assert_eq!(seen.stdout, "");
    }
}

#[test]
fn a_file_without_records_is_a_usage_error_with_the_line_number() {
    let document = r#"{
  "summary": {
    "total": 1
  },
  "results": []
}"#;
    let files = [
        ("p-0001\np-0002\n", 1),
        ("# partners\np-0001\n", 1),
        ("id,status\np-0001,disconnected\n", 1),
        ("{\"id\":\"p-0001\",\"displayName\":\"TeamViewer\",\"onboardingStatus\":\"onboarded\"}\n", 1),
        (document, 2),
        ("[\n]\n", 1),
        ("{\"summary\":{},\"results\":[{\"id\":\"a\",\"action\":\"disconnect\",\"status\":\"disconnected\"}]}\n", 1),
        ("{\"@odata.context\":\"x\",\"value\":[{\"id\":\"a\"}]}\n", 1),
        ("a\tdisconnected\n", 1),
        ("\u{0}\u{1}\u{2}\n", 1),
        ("{\"id\":\"a\",\"action\":\"rename\",\"status\":\"renamed\"}\n", 1),
    ];
    for (file, line) in files {
        for good in [0, 2] {
            let server = Server::always(Reply::done);
            let log = done("a").repeat(good) + file;
            let seen = resume(&server, &log, &["a", "b"]);
            assert_refused(&seen, &server, &["audit.ndjson", &format!("line {}", line + good), "hint: "]);
            assert_eq!(seen.stdout, "", "{file}");
        }
    }
}

#[test]
fn if_everything_is_done_nothing_is_sent() {
    let home = Intunectl::new();
    let server = Server::always(Reply::done);
    let log = write(&home, &server, "audit.ndjson", done("a") + &done("b"));
    for arguments in [&["-o", "ndjson"][..], &["-o", "text"], &["--dry-run", "-o", "ndjson"], &["--wait", "-o", "text"]]
    {
        let mut command = command(&home, "disconnect", &server);
        let seen = run(command.args(["a", "b"]).args(arguments).arg("--resume").arg(&log));
        assert_eq!((seen.code, seen.stdout.matches("skipped").count()), (Some(0), 2), "{seen:?}");
        assert_eq!(server.connections(), 0);
    }
    // Without a token, the tenant of the records cannot be checked.
    let mut command = command(&home, "disconnect", &server);
    let seen = run(command.args(["a", "b", "--resume"]).arg(&log).env_remove("INTUNECTL_TOKEN"));
    assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(4), 0), "{seen:?}");
}

#[test]
fn records_of_another_tenant_or_graph_server_do_not_count_and_are_reported() {
    let other = r#""99999999-2222-3333-4444-555555555555""#;
    let of = |tenant: &str, root: &str| record_of("a", "disconnect", "disconnected", tenant, root);
    let old = r#"{"id":"a","index":1,"action":"disconnect","status":"disconnected","error":null}"#.to_owned() + "\n";
    let unowned = "without a tenant, ";
    let elsewhere = "of another tenant or Graph server";
    for (log, told) in [
        (of(other, ROOT), format!("audit.ndjson: ignored 1 record {elsewhere}")),
        (of(TENANT, "https://graph.microsoft.com"), format!("ignored 1 record {elsewhere}")),
        (of("null", ROOT), format!("ignored 1 record {elsewhere}")),
        (of(other, ROOT).repeat(3), format!("ignored 3 records {elsewhere}")),
        (old.clone(), format!("warning: audit.ndjson: ignored 1 record {unowned}")),
        (old.repeat(2), format!("ignored 2 records {unowned}")),
    ] {
        let server = Server::always(Reply::done);
        let home = Intunectl::new();
        write(&home, &server, "audit.ndjson", &log);
        let mut resumed = command(&home, "disconnect", &server);
        let seen = run(resumed.args(["a", "-o", "ndjson", "--resume", "audit.ndjson"]));
        assert_eq!((seen.code, server.done()), (Some(0), vec!["a".to_owned()]), "{log}: {seen:?}");
        assert!(seen.stderr.lines().any(|line| line.contains(&told)), "{told}: {seen:?}");
        assert_eq!(seen.stderr.lines().count(), 1, "more than one line: {seen:?}");
    }
    // In upper case it is the same tenant.
    let tenant = TENANT.to_uppercase();
    assert!(sent(record_of("a", "disconnect", "disconnected", &tenant, ROOT), &["a"]).is_empty());
}

#[test]
fn records_without_a_tenant_match_a_token_without_one_with_a_warning() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    write(&home, &server, "log", record_of("a", "disconnect", "disconnected", "null", ROOT) + &done("b"));
    let mut command = home.disconnect(server.root());
    let seen = run(command.args(["a", "b", "-o", "ndjson", "--resume", "log"]));
    assert_eq!((seen.with_status("skipped"), server.ids(), seen.code), (vec!["a".into()], vec!["b".into()], Some(0)));
    assert!(seen.stderr.contains("warning: log: the token and the records name no tenant"), "{seen:?}");
    assert!(seen.stderr.contains("ignored 1 record of another tenant"), "{seen:?}");
}

#[test]
fn a_run_resumes_only_from_records_of_its_own_tenant() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let run = |resume: &[&str]| appended(&home, &server, &[&["a", "b"], resume].concat());
    assert_eq!(run(FIRST).code, Some(0));
    assert_eq!(run(RESUMED).code, Some(0));
    assert_eq!(server.done(), ["a", "b"]);
    let token = jwt::but(&json!({"tid": jwt::OTHER_TENANT}));
    let mut other = home.disconnect(server.root());
    other.args(["a", "b", "-o", "ndjson"]).args(RESUMED).env("INTUNECTL_TOKEN", token);
    assert_eq!(run_into(&mut other, "", append(&home.home().join("log"))).code, Some(0));
    assert_eq!(server.done(), ["a", "a", "b", "b"]);
    // Back in the first tenant: its last records still decide.
    assert_eq!(run(RESUMED).code, Some(0));
    assert_eq!(server.done().len(), 4);
}

#[test]
fn with_a_log_without_records_every_id_is_sent() {
    for log in ["\n", "\r\n\r\n"] {
        assert_eq!(sent(log, &["a", "b"]), ["a", "b"], "{log:?}");
    }
}

#[test]
fn with_an_empty_log_every_id_is_sent_except_on_windows() {
    let nothing = if cfg!(windows) { "NUL" } else { "/dev/null" };
    let home = Intunectl::new();
    for (name, log) in
        [("log", Some(&b""[..])), ("log", Some(b"\xef\xbb\xbf")), ("log", Some(b"\xff\xfe")), (nothing, None)]
    {
        let server = Server::always(Reply::done);
        if let Some(log) = log {
            home.file(name, log);
        }
        // Standard output is a pipe, as in PowerShell even if it redirects to a file.
        let mut command = command(&home, "disconnect", &server);
        let seen = run(command.args(["a", "b", "-j1", "-o", "ndjson", "--resume", name]));
        if cfg!(windows) {
            assert_eq!(seen, emptied(name), "{log:?}");
            assert_eq!(server.connections(), 0);
        } else {
            assert_eq!(
                (seen.code, seen.with_status("disconnected")),
                (Some(0), vec!["a".into(), "b".into()]),
                "{seen:?}"
            );
            assert_eq!((seen.stderr.as_str(), server.ids()), ("", vec!["a".to_owned(), "b".to_owned()]), "{log:?}");
        }
    }
}

#[test]
fn the_first_run_can_resume_from_the_log_that_it_starts_except_on_windows() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let seen = appended(&home, &server, &[&["a"], RESUMED].concat());
    if cfg!(windows) {
        assert_eq!(seen, emptied("log"));
        assert_eq!((read(&home, "log").as_str(), server.connections()), ("", 0));
    } else {
        assert_eq!((seen.stderr.as_str(), seen.code, server.ids()), ("", Some(0), vec!["a".to_owned()]));
        assert_eq!(read(&home, "log").lines().count(), 1);
    }
}

#[cfg(unix)]
#[test]
fn records_can_be_read_from_a_pipe() {
    let home = Intunectl::new();
    home.file("ids", ids(3).join("\n"));
    for line in [
        "intunectl partner disconnect -f ids -o ndjson --resume <(cat log)",
        "intunectl partner disconnect -f ids -o ndjson --resume <(grep p- log) >> log; cat log",
        "cat log | intunectl partner disconnect -f ids -o ndjson --resume /dev/stdin",
        "intunectl partner disconnect -f ids -o ndjson --resume /dev/stdin < log",
    ] {
        let server = Server::always(Reply::done);
        write(&home, &server, "log", done("p-0001") + &done("p-0003"));
        let seen = script("bash", &home, &server, line);
        assert_eq!((seen.code, server.ids()), (Some(0), vec!["p-0002".to_owned()]), "{line}: {seen:?}");
        assert_eq!(seen.with_status("skipped"), ["p-0001", "p-0003"], "{line}");
    }
}

#[cfg(unix)]
#[test]
fn standard_input_cannot_be_both_the_ids_and_the_records() {
    let home = Intunectl::new();
    let server = Server::always(Reply::done);
    write(&home, &server, "log", done("p-0001"));
    for ids in ["-", "a -", "-f -", "-f /dev/stdin", "-f /dev/fd/0"] {
        for records in ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
            let command = format!("intunectl partner disconnect {ids} -o ndjson --resume {records}");
            for line in [format!("cat log | {command}"), format!("{command} < log")] {
                let seen = script("sh", &home, &server, &line);
                let words =
                    ["standard input cannot be both the IDs and the records of --resume; nothing was sent", "hint: "];
                assert_refused(&seen, &server, &words);
                assert_eq!(seen.stdout, "", "{line}");
            }
        }
    }
}

#[test]
fn the_failed_records_of_the_log_can_be_the_ids() {
    // Users do this without --resume, too.
    let home = Intunectl::new();
    let server = Server::always(Reply::done);
    let log = done("a") + &record("b", "disconnect", "failed");
    let path = write(&home, &server, "log", log);
    let log = read(&home, "log");
    let failed = log.lines().find(|line| line.contains("failed")).unwrap();
    let seen = disconnect_into(&home, &server, &[&["-", "-o", "ndjson"], RESUMED].concat(), failed, append(&path));
    assert_eq!((seen.code, server.ids()), (Some(0), vec!["b".to_owned()]), "{seen:?}");
    assert_eq!(read(&home, "log").lines().count(), 3);
}

#[cfg(unix)]
#[test]
fn after_a_signal_while_records_are_read_nothing_is_sent() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let pipe = NamedPipe::new(&home);
    let running = Running::start(command(&home, "disconnect", &server).args(["a", "--resume"]).arg(pipe.path()));
    let writer = pipe.writer();
    running.signal("INT");
    let seen = running.end();
    assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(130), 0), "{seen:?}");
    drop(writer);
}

#[test]
fn bad_ids_are_reported_before_anything_is_written_to_the_log() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let torn = done("a") + "{\"id\":\"b";
    write(&home, &server, "log", &torn);
    let seen = appended(&home, &server, &[&["a", "b/c"], RESUMED].concat());
    assert_refused(&seen, &server, &["b/c"]);
    assert_eq!(read(&home, "log").as_bytes(), at(&server, torn));
}
