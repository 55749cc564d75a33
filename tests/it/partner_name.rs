//! `--name`: partners by their display names.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::graph::PARTNERS;
use crate::support::jwt::{self, OTHER_TENANT, TENANT};
use crate::support::running::Running;
use crate::support::server::{Reply, Request, Server};
use crate::support::terminal::{BUT_STDOUT, Terminal};
use crate::support::{Intunectl, Seen, run, run_with};

/// The verbs, and the status of a success.
const VERBS: [(&str, &str); 3] =
    [("disconnect", "disconnected"), ("onboard", "onboarding_started"), ("delete", "deleted")];

/// The answer to a request for the list.
type Answer = fn() -> Reply;

fn is_list(request: &Request) -> bool {
    request.path.starts_with(PARTNERS) && !request.path.starts_with(&format!("{PARTNERS}/"))
}

fn partner(id: &str, name: &str) -> Value {
    json!({"id": id, "displayName": name, "onboardingStatus": "onboarded"})
}

/// A service with these partners, that accepts every change.
fn with(partners: Vec<Value>) -> Server {
    Server::start(move |request, _| answer(&partners, request))
}

fn answer(partners: &[Value], request: &Request) -> Reply {
    match partners.iter().find(|partner| partner["id"] == request.id()) {
        _ if is_list(request) => Reply::status(200).body(json!({"value": partners}).to_string()),
        _ if request.is_write() => Reply::done(),
        Some(partner) => Reply::status(200).body(partner.to_string()),
        None => Reply::not_found(),
    }
}

/// A service with some partners.
fn service() -> Server {
    with(vec![
        partner("tv", "TeamViewer"),
        json!({"id": "unnamed", "displayName": null}),
        partner("z", "Fernwartung Zürich"),
        json!({"id": "e1", "displayName": "Contoso Europe", "onboardingStatus": "notOnboarded"}),
        json!({"id": "e2", "displayName": "CONTOSO europe"}),
    ])
}

fn run_verb(server: &Server, verb: &str, arguments: &[&str]) -> Seen {
    run(Intunectl::new().partner(verb, server.root()).args(arguments))
}

/// The methods of all requests, with the IDs of those for one partner.
fn requests(server: &Server) -> Vec<String> {
    let line = |request: Request| {
        let id = if is_list(&request) { "list" } else { request.id() };
        format!("{} {id}", request.method)
    };
    server.requests().into_iter().map(line).collect()
}

/// Asserts that the names were rejected after the list was read, and that nothing else was sent.
#[track_caller]
fn assert_rejected(seen: &Seen, server: &Server, message: &str) {
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
    let hint = match message.contains("The partners are:") {
        true => "give a name exactly as it is shown above, or give the ID",
        false => "give the ID of the partner instead of its name",
    };
    assert_eq!(seen.stderr, format!("error: {message}\nhint: {hint}\n"));
    assert_eq!(requests(server), ["GET list"]);
}

#[test]
fn the_partner_with_this_name_in_any_case_is_changed() {
    for (verb, status) in VERBS {
        for name in ["TeamViewer", "teamviewer", "TEAMVIEWER"] {
            let server = service();
            let seen = run_verb(&server, verb, &["--name", name, "-o", "ndjson"]);
            let record = &seen.records()[0];
            assert_eq!((seen.records().len(), seen.code), (1, Some(0)), "{seen:?}");
            assert_eq!([&record["id"], &record["index"], &record["status"]], [&json!("tv"), &json!(1), &json!(status)]);
            let sent = match verb {
                "delete" => &["GET list", "DELETE tv"][..],
                // Read again for its onboarding URL.
                "onboard" => &["GET list", "POST tv", "GET tv"],
                _ => &["GET list", "POST tv"],
            };
            assert_eq!(requests(&server), sent);
        }
    }
    let server = service();
    let seen = run_verb(&server, "show", &["--name=FERNWARTUNG ZÜRICH", "-o", "id"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("z\n", Some(0)), "{seen:?}");
    assert_eq!(requests(&server), ["GET list", "GET z"]);
}

#[test]
fn a_dry_run_reads_the_partner_and_sends_no_write() {
    for (verb, status) in
        [("disconnect", "would_disconnect"), ("onboard", "already_onboarded"), ("delete", "would_delete")]
    {
        let server = service();
        let seen = run_verb(&server, verb, &["--name", "TeamViewer", "--dry-run", "-o", "ndjson"]);
        assert_eq!((&seen.records()[0]["status"], seen.code), (&status.into(), Some(0)), "{seen:?}");
        assert_eq!(requests(&server), ["GET list", "GET tv"]);
    }
}

#[test]
fn the_list_is_read_once_over_all_its_pages() {
    let server =
        Server::start(|request, _| {
            let host = request.header("host").unwrap();
            let next = format!("http://{host}{PARTNERS}?$skiptoken=2");
            match request.path.ends_with("skiptoken=2") {
                // The first partner moved to the second page while the list was read.
                true => Reply::status(200)
                    .body(json!({"value": [partner("a", "First"), partner("b", "Second")]}).to_string()),
                false if is_list(request) => Reply::status(200)
                    .body(json!({"value": [partner("a", "First")], "@odata.nextLink": next}).to_string()),
                false => Reply::done(),
            }
        });
    let seen = run_verb(&server, "disconnect", &["--name", "second", "--name", "first", "-j1", "-o", "id"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("b\na\n", Some(0)), "{seen:?}");
    assert_eq!(requests(&server), ["GET list", "GET list", "POST b", "POST a"]);
}

#[test]
fn named_partners_follow_those_of_arguments_and_file_and_count_once() {
    let home = Intunectl::new();
    home.file("ids.txt", "f\n");
    let server = service();
    let names = ["--name", "TeamViewer", "--name", "teamviewer", "--name", "Fernwartung Zürich"];
    let mut command = home.partner("disconnect", server.root());
    let seen = run(command.args(["a", "z", "-f", "ids.txt", "-j1", "-o", "ndjson"]).args(names));
    let records: Vec<_> = seen.records().iter().map(|record| format!("{} {}", record["index"], record["id"])).collect();
    assert_eq!((records.join(" "), seen.code), (r#"1 "a" 2 "z" 3 "f" 4 "tv""#.to_owned(), Some(0)), "{seen:?}");
    assert_eq!(seen.stderr, "ignored 2 duplicate IDs\n");
    assert_eq!(requests(&server), ["GET list", "POST a", "POST z", "POST f", "POST tv"]);
}

#[test]
fn several_partners_with_the_name_are_listed_and_nothing_is_changed() {
    let message = "1 error in the names; nothing was changed:\n  \
                   `contoso Europe`: 2 partners have this name:\n    \
                   e1  `Contoso Europe` (notOnboarded)\n    \
                   e2  `CONTOSO europe`";
    for verb in ["disconnect", "onboard", "delete", "show"] {
        let server = service();
        // Another name, and an ID, change nothing either.
        let seen = run_verb(&server, verb, &["a", "--name", "contoso Europe", "--name", "TeamViewer"]);
        assert_rejected(&seen, &server, message);
    }
    let server = service();
    let seen = run_verb(&server, "disconnect", &["--name", "contoso Europe", "--dry-run", "-o", "json"]);
    assert_rejected(&seen, &server, message);
}

#[test]
fn if_no_partner_has_a_name_the_partners_are_listed_once_those_that_contain_it_first() {
    let server = service();
    let seen =
        run_verb(&server, "disconnect", &["--name", "Fernwartung", "--name", "unnamed", "--name", "CONTOSO EUROPE"]);
    let message = "3 errors in the names; nothing was changed:\
         \n  `Fernwartung`: no partner has this name\
         \n  `unnamed`: no partner has this name\
         \n  `CONTOSO EUROPE`: 2 partners have this name:\
         \n    e1  `Contoso Europe` (notOnboarded)\
         \n    e2  `CONTOSO europe`\
         \nThe partners are:\
         \n  z  `Fernwartung Zürich` (onboarded)\
         \n  e1  `Contoso Europe` (notOnboarded)\
         \n  e2  `CONTOSO europe`\
         \n  tv  `TeamViewer` (onboarded)";
    assert_rejected(&seen, &server, message);
    // A part of a name, or a name with a space more, is another name.
    for name in ["Team", "TeamViewer ", "Team*", "tv"] {
        let server = service();
        assert_eq!(run_verb(&server, "delete", &["--name", name]).code, Some(2), "{name}");
        assert_eq!(requests(&server), ["GET list"], "{name}");
    }
}

#[test]
fn at_most_ten_names_and_partners_are_listed_and_the_others_counted() {
    let partners = || (1..=13).map(|n| partner(&format!("p{n}"), &format!("Helpdesk {n}")));
    let same = || (1..=12).map(|n| partner(&format!("s{n}"), "Same"));
    let rows = |seen: &Seen, indent: &str| {
        let rows = seen.stderr.lines().filter_map(|line| line.strip_prefix(indent));
        rows.filter(|row| !row.starts_with(' ')).map(str::to_owned).collect::<Vec<_>>()
    };
    let server = with(partners().collect());
    let names: Vec<_> = (0..14).map(|n| format!("--name=n{n}")).collect();
    let seen = run_verb(&server, "disconnect", &names.iter().map(String::as_str).collect::<Vec<_>>());
    let listed = rows(&seen, "  ");
    assert_eq!((listed.len(), seen.code), (22, Some(2)), "{seen:?}");
    assert_eq!((listed[9].as_str(), listed[10].as_str()), ("`n9`: no partner has this name", "… and 4 more"));
    assert_eq!((listed[20].as_str(), listed[21].as_str()), ("p10  `Helpdesk 10` (onboarded)", "… and 3 more"));
    let server = with(same().collect());
    let listed = rows(&run_verb(&server, "delete", &["--name", "same"]), "    ");
    assert_eq!((listed.len(), listed[10].as_str()), (11, "… and 2 more"));
    let server = with(vec![json!({"id": "a"})]);
    let message = "1 error in the names; nothing was changed:\n  `a`: no partner has this name";
    assert_rejected(&run_verb(&server, "show", &["--name", "a"]), &server, message);
}

#[test]
fn a_name_of_other_letters_is_another_name() {
    let server = with(vec![partner("m", "Maße")]);
    let seen = run_verb(&server, "disconnect", &["--name", "Masse"]);
    let message = "1 error in the names; nothing was changed:\n  `Masse`: no partner has this name\n\
                   The partners are:\n  m  `Maße` (onboarded)";
    assert_rejected(&seen, &server, message);
}

#[test]
fn a_missing_permission_is_reported_before_the_list_is_read() {
    let server = Server::always(|| Reply::status(403));
    let home = Intunectl::new();
    for verb in ["disconnect", "show"] {
        let mut command = home.partner(verb, server.root());
        let seen =
            run(command.args(["--name", "TeamViewer"]).env("INTUNECTL_TOKEN", jwt::but(&json!({"scp": "User.Read"}))));
        let warning = seen.stderr.find("warning: the token").unwrap_or_else(|| panic!("{seen:?}"));
        assert!(seen.stderr.find("cannot list the partners").unwrap() > warning, "{seen:?}");
    }
}

#[test]
fn a_blank_name_is_a_usage_error_and_nothing_is_sent() {
    for verb in ["disconnect", "onboard", "delete", "show"] {
        for name in ["", "  ", "\t"] {
            let server = service();
            let seen = run_verb(&server, verb, &["a", "--name", name]);
            assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(2), 0), "{seen:?}");
            assert!(seen.stderr.contains("the name is empty"), "{seen:?}");
        }
    }
}

#[test]
fn if_the_list_cannot_be_read_nothing_is_changed() {
    let failures: [(Answer, i32, &str); 5] = [
        (|| Reply::status(500), 1, "500"),
        (|| Reply::status(403), 1, "403"),
        (Reply::expired, 4, "401"),
        (|| Reply::status(200).body("{}"), 1, "the answer is not a list of partners"),
        (|| Reply::Close, 1, "127.0.0.1"),
    ];
    for (failure, code, words) in failures {
        for (verb, _) in VERBS {
            let server = Server::start(move |request, _| if is_list(request) { failure() } else { Reply::done() });
            let seen = run_verb(&server, verb, &["a", "--name", "TeamViewer", "--retries", "0"]);
            assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)), "{seen:?}");
            let error = seen.stderr.lines().next().unwrap();
            assert!(error.starts_with("error: cannot list the partners: ") && error.contains(words), "{error}");
            assert!(error.ends_with("; nothing was changed"), "{error}");
            assert_eq!(requests(&server), ["GET list"]);
        }
    }
}

#[test]
fn an_id_in_the_list_that_is_not_valid_is_not_sent() {
    let server = with(vec![partner("a/b", "TeamViewer"), partner("c", "Contoso")]);
    let seen = run_verb(&server, "delete", &["--name", "TeamViewer", "--name", "Contoso"]);
    let message = "1 error in the names; nothing was changed:\n  `TeamViewer`: the ID of this partner contains `/`";
    assert_rejected(&seen, &server, message);
    assert_eq!(run_verb(&server, "delete", &["--name", "Contoso"]).code, Some(0));
}

#[test]
fn ctrl_c_while_the_list_is_read_is_130_and_reports_the_given_ids() {
    for (verb, arguments) in [("disconnect", &["a", "b"][..]), ("delete", &[]), ("show", &["a"])] {
        let (server, gate) = Server::gated(|_, _| true, |request, _| answer(&[partner("tv", "TeamViewer")], request));
        let home = Intunectl::new();
        let mut command = home.partner(verb, server.root());
        let running = Running::start(command.args(arguments).args(["--name", "TeamViewer", "-o", "ndjson"]));
        server.wait_for(1);
        running.signal("INT");
        let seen = running.end();
        gate.open();
        assert_eq!((seen.code, requests(&server)), (Some(130), vec!["GET list".to_owned()]), "{seen:?}");
        assert_eq!(seen.stderr, "error: interrupted\n");
        match verb {
            "show" => assert_eq!(seen.stdout, ""),
            _ => assert_eq!(seen.with_status("not_attempted"), arguments),
        }
    }
}

#[test]
fn show_with_a_name_does_not_read_standard_input() {
    let home = Intunectl::new();
    let server = service();
    let seen = run_with(home.partner("show", server.root()).args(["--name", "TeamViewer", "-o", "id"]), "z\n");
    assert_eq!((seen.stdout.as_str(), seen.code), ("tv\n", Some(0)), "{seen:?}");
    let seen = run_with(home.partner("show", server.root()).args(["-", "--name", "TeamViewer", "-o", "id"]), "z\n");
    assert_eq!((seen.stdout.as_str(), seen.code), ("z\ntv\n", Some(0)), "{seen:?}");
    // An empty file is fine if there is a name.
    home.file("empty", "");
    let mut command = home.partner("disconnect", server.root());
    assert_eq!(run(command.args(["-f", "empty", "--name", "TeamViewer"])).code, Some(0));
    // A bad line is not.
    home.file("bad", "a/b\n");
    let server = service();
    let mut command = home.partner("disconnect", server.root());
    let seen = run(command.args(["-f", "bad", "--name", "TeamViewer"]));
    assert_eq!((seen.code, server.connections()), (Some(2), 0), "{seen:?}");
}

#[test]
fn the_tenant_is_checked_before_the_list_is_read() {
    let home = Intunectl::new();
    home.file("records", json!({"id": "a", "tenant_id": OTHER_TENANT}).to_string());
    for options in [&["--tenant", OTHER_TENANT][..], &["-f", "records"]] {
        let server = service();
        let mut command = home.partner("delete", server.root());
        command.args(["--name", "TeamViewer", "--login-url", server.root()]).args(options);
        let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()));
        assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(4), 0), "{seen:?}");
    }
}

#[test]
fn a_partner_that_an_earlier_run_has_done_is_skipped() {
    let home = Intunectl::new();
    let server = service();
    let record = |id: &str| {
        format!(
            r#"{{"id":"{id}","action":"disconnect","status":"disconnected","tenant_id":"{TENANT}","graph_url":"{}"}}"#,
            server.root()
        ) + "\n"
    };
    home.file("log", record("tv"));
    let mut command = home.partner("disconnect", server.root());
    command.args(["--name", "TeamViewer", "--resume", "log", "-o", "ndjson"]).env("INTUNECTL_TOKEN", jwt::good());
    let seen = run(&mut command);
    assert_eq!((seen.with_status("skipped"), seen.code), (vec!["tv".to_owned()], Some(0)), "{seen:?}");
    assert_eq!(requests(&server), ["GET list"]);
}

#[test]
fn the_prompt_shows_the_partner_that_has_the_name() {
    for (keys, code, sent) in [("y\n", 0, &["POST tv"][..]), ("n\n", 1, &[])] {
        let server = service();
        let home = Intunectl::new();
        let mut command = home.partner("disconnect", server.root());
        let terminal = Terminal::start(command.args(["--name", "teamviewer", "-o", "id"]), BUT_STDOUT, 80);
        terminal.wait_for("[y/N]");
        terminal.keys(keys);
        let seen = terminal.end();
        assert_eq!(seen.code, Some(code), "{seen:?}");
        assert!(seen.stderr.contains("This disconnects 1 partner in "), "{seen:?}");
        let row = seen.stderr.lines().find(|line| line.starts_with("tv ")).unwrap();
        assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["tv", "TeamViewer", "onboarded"]);
        assert_eq!(requests(&server), [&["GET list", "GET tv"][..], sent].concat());
    }
}

#[test]
fn names_from_the_network_are_cleaned_and_a_typed_token_is_not_shown() {
    let server = with(vec![partner("a\u{1b}[2J", "Team\u{1b}]0;x\u{7}\n\u{202e}Viewer")]);
    let token = jwt::good();
    let mut long = "x".repeat(300);
    long.push_str("secret");
    for name in [token.as_str(), &long, "\u{1b}[31mred"] {
        let seen = run_verb(&server, "disconnect", &["--name", name]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)));
        assert!(!seen.stderr.contains(&token[..30]) && !seen.stderr.contains("secret"), "{seen:?}");
        assert!(!seen.stderr.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{seen:?}");
        assert!(
            seen.stderr.contains("\n  a\u{fffd}[2J  `Team\u{fffd}]0;x\u{fffd} \u{fffd}Viewer` (onboarded)\n"),
            "{seen:?}"
        );
    }
    server.assert_only_read();
}

/// A command for an ID at a service without partners.
fn unknown(server: &Server, verb: &str, arguments: &[&str]) -> Command {
    let mut command = Intunectl::new().partner(verb, server.root());
    command.args(arguments).current_dir(std::env::temp_dir());
    command
}

#[test]
fn if_an_id_that_is_not_found_may_be_a_name_the_hint_shows_the_option() {
    let server = Server::always(Reply::not_found);
    let guid = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
    for verb in ["disconnect", "onboard", "delete", "show"] {
        for options in [&[][..], &["--dry-run"]] {
            if verb == "show" && !options.is_empty() {
                continue;
            }
            for (id, is_name) in [("TeamViewer", true), (guid, false), (&guid.to_uppercase(), false)] {
                let seen = run(&mut unknown(&server, verb, &[&[id], options].concat()));
                assert_eq!(seen.code, Some(1), "{seen:?}");
                let hint = seen.stderr.lines().find(|line| line.starts_with("hint: 404: ")).unwrap();
                assert_eq!(hint.contains("--name NAME"), is_name, "{verb} {id}: {hint}");
            }
        }
    }
    // Once for all of them.
    let seen = run(&mut unknown(&server, "disconnect", &["TeamViewer", "Contoso", "Fabrikam"]));
    assert_eq!(seen.stderr.matches("hint: ").count(), 1, "{seen:?}");
}
