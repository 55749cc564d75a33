//! `partner list`.

use std::io::BufRead as _;
use std::process::Command;

use crate::support::graph::{Graph, PARTNERS, TOKEN, Unspoken};
use crate::support::redirect::{close, start_read};
use crate::support::server::{Reply, Server};
use crate::support::terminal::widths;
use crate::support::terminal::{ALL, Streams, Terminal, assert_shown};
use crate::support::{Intunectl, Seen, run};

/// Two partners with unusual fields, numbers and escapes.
const FIRST: &str = r#"{"id":"a","displayName":"Team\u0056iewer","onboardingStatus":"onboarded","lastConnectionDateTime":"2026-11-20T00:00:03.6670033Z","@odata.etag":"W/\"1\"","new":{"n":1.50,"big":12345678901234567890,"e":1E2},"onboardingStatus@odata.type":"x"}"#;
const SECOND: &str =
    r#"{"displayName":null,"id":"5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10","onboardingStatus":"someNewStatus"}"#;

fn page(partners: &[&str]) -> String {
    format!(r#"{{"@odata.context":"c","value":[{}]}}"#, partners.join(","))
}

fn linked(partner: &str, link: &str) -> String {
    format!(r#"{{"@odata.nextLink":"{link}","value":[{partner}]}}"#)
}

/// Lists the partners of this Graph.
fn list(graph: &Graph, arguments: &[&str]) -> Seen {
    run(&mut graph.command(&Intunectl::new(), &[&["partner", "list"], arguments].concat()))
}

/// A success that prints this and nothing on standard error.
fn printed(stdout: impl Into<String>) -> Seen {
    Seen { stdout: stdout.into(), stderr: String::new(), code: Some(0) }
}

/// Lists the partners of a Graph with this one page.
fn list_of(page: &str, arguments: &[&str]) -> Seen {
    let page = page.to_owned();
    let graph = Graph::answering(move |_| (200, page.clone()));
    let seen = list(&graph, arguments);
    assert_eq!(graph.lines(), [format!("GET {PARTNERS}")]);
    seen
}

#[test]
fn text_is_tab_separated_if_it_does_not_go_to_a_terminal() {
    let expected = "a\tTeamViewer\tonboarded\t2026-11-20T00:00:03.6670033Z\n\
                    5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10\t\tsomeNewStatus\t\n";
    for arguments in [&[][..], &["-o", "text"], &["--output", "text", "--color", "never"]] {
        assert_eq!(list_of(&page(&[FIRST, SECOND]), arguments), printed(expected));
    }
}

/// Partners with names that are hard to lay out.
const NAMED: [&str; 4] = [
    r#"{"id":"5a4d0b0c-0001-4000-8000-000000000001","displayName":"リモートサポート 東京","onboardingStatus":"onboarded","lastConnectionDateTime":"2026-11-20T08:15:03.6670033Z"}"#,
    r#"{"id":"5a4d0b0c-0001-4000-8000-000000000002","displayName":"Helpdesk 👩‍💻 of Contoso's subsidiaries in か\u3099き\u3099, and of Fabrikam","onboardingStatus":"notOnboarded","lastConnectionDateTime":"0001-01-01T00:00:00Z"}"#,
    r#"{"id":"5a4d0b0c-0001-4000-8000-000000000003","displayName":null,"onboardingStatus":"onboarding"}"#,
    r#"{"id":"5a4d0b0c-0001-4000-8000-000000000004","displayName":"مكتب","onboardingStatus":"onboarded"}"#,
];

/// Lists these partners with `seen_by`, with variables (`NAME=VALUE NAME=VALUE`) and arguments.
fn list_with<T>(partners: &[&str], variables: &str, arguments: &[&str], seen_by: impl Fn(&mut Command) -> T) -> T {
    let page = page(partners);
    let graph = Graph::answering(move |_| (200, page.clone()));
    let home = Intunectl::new();
    let mut command = graph.command(&home, &[&["partner", "list"], arguments].concat());
    seen_by(command.envs(variables.split_whitespace().map(|variable| variable.split_once('=').unwrap())))
}

/// A list on a terminal.
struct Shown {
    seen: Seen,
    screen: String,
    coloured: Vec<String>,
}

/// Lists these partners on a terminal with this number of columns.
fn list_on(partners: &[&str], columns: u16, variables: &str, arguments: &[&str]) -> Shown {
    let streams = Streams { stderr: false, ..ALL };
    list_with(partners, variables, arguments, |command| {
        let (seen, screen, coloured) = Terminal::start(command, streams, columns).end_with_colours();
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{screen}");
        Shown { seen, screen, coloured }
    })
}

impl Shown {
    /// Asserts that the terminal shows this, without colours, and that standard error is empty.
    #[track_caller]
    fn assert(&self, expected: &str, columns: u16) {
        assert_eq!(self.seen.stderr, "");
        assert_shown(&self.screen, expected, columns);
        assert!(self.coloured.is_empty() && !self.screen.contains('\u{1b}'), "{:?}: {:?}", self.coloured, self.screen);
    }
}

#[test]
fn a_table_fits_the_terminal() {
    let wide = "\
ID                                    NAME                                                            STATUS        LAST SEEN (UTC)
5a4d0b0c-0001-4000-8000-000000000001  リモートサポート 東京                                           onboarded     2026-11-20 08:15
5a4d0b0c-0001-4000-8000-000000000002  Helpdesk 👩‍💻 of Contoso's subsidiaries in か\u{3099}き\u{3099}, and of Fabrikam  notOnboarded  never
5a4d0b0c-0001-4000-8000-000000000003                                                                  onboarding
5a4d0b0c-0001-4000-8000-000000000004  مكتب                                                            onboarded
";
    let cut = "\
ID                                    NAME        STATUS        LAST SEEN (UTC)
5a4d0b0c-0001-4000-8000-000000000001  リモート…   onboarded     2026-11-20 08:15
5a4d0b0c-0001-4000-8000-000000000002  Helpdesk…   notOnboarded  never
5a4d0b0c-0001-4000-8000-000000000003              onboarding
5a4d0b0c-0001-4000-8000-000000000004  مكتب        onboarded
";
    let blocks = "\
5a4d0b0c-0001-4000-8000-000000000001
  name: リモートサポート 東京
  status: onboarded
  last seen (UTC): 2026-11-20 08:15
5a4d0b0c-0001-4000-8000-000000000002
  name:
    Helpdesk 👩‍💻 of Contoso's subsidiari…
  status: notOnboarded
  last seen (UTC): never
5a4d0b0c-0001-4000-8000-000000000003
  status: onboarding
5a4d0b0c-0001-4000-8000-000000000004
  name: مكتب
  status: onboarded
";
    for (columns, expected) in [(200, wide), (80, cut), (79, ""), (40, blocks)] {
        let shown = list_on(&NAMED, columns, "", &[]);
        assert!(widths(&shown.screen).into_iter().all(|width| width <= columns.into()), "{}", shown.screen);
        if !expected.is_empty() {
            shown.assert(expected, columns);
        }
    }
    // The variable overrides the terminal if it is a number. If neither gives a width, nothing is cut.
    for (columns, variable, expected) in [
        (40, "200", wide),
        (200, "80", cut),
        (200, "40", blocks),
        (80, "0", cut),
        (40, "wide", blocks),
        // A console always has a width.
        #[cfg(unix)]
        (0, "", wide),
    ] {
        list_on(&NAMED, columns, &format!("COLUMNS={variable}"), &[]).assert(expected, columns);
    }
}

#[test]
fn without_a_terminal_nothing_is_cut_and_values_are_as_graph_wrote_them() {
    let lines: Vec<_> = NAMED
        .iter()
        .map(|partner| {
            let partner: serde_json::Value = serde_json::from_str(partner).unwrap();
            let fields = ["id", "displayName", "onboardingStatus", "lastConnectionDateTime"];
            fields.map(|field| partner.get(field).and_then(|value| value.as_str()).unwrap_or_default()).join("\t")
                + "\n"
        })
        .collect();
    for columns in ["20", "0"] {
        let variables = format!("COLUMNS={columns} TERM=xterm");
        assert_eq!(list_with(&NAMED, &variables, &[], run), printed(lines.concat()));
    }
}

#[test]
fn an_empty_list_says_so_on_a_terminal() {
    let Shown { seen, screen, .. } = list_on(&[], 80, "", &[]);
    assert_eq!((screen.as_str(), seen.stderr.as_str()), ("", "no partners\n"));
}

#[test]
fn colour_is_for_terminals_unless_options_or_variables_say_otherwise() {
    const TERMINAL: bool = true;
    const PIPE: bool = false;
    let table = [
        ("TERM=xterm-256color", &[][..], TERMINAL, true),
        ("", &[], TERMINAL, false),
        ("TERM=dumb", &[], TERMINAL, false),
        ("TERM=xterm NO_COLOR=1", &[], TERMINAL, false),
        ("TERM=xterm NO_COLOR=", &[], TERMINAL, true),
        ("TERM=xterm NO_COLOR=1 CLICOLOR_FORCE=1", &[], TERMINAL, false),
        ("TERM=xterm CLICOLOR=0", &[], TERMINAL, false),
        ("TERM=dumb CLICOLOR_FORCE=1", &[], TERMINAL, true),
        ("TERM=xterm NO_COLOR=1", &["--color", "always"], TERMINAL, true),
        ("TERM=dumb", &["--color", "always"], TERMINAL, true),
        ("TERM=xterm CLICOLOR_FORCE=1", &["--color", "never"], TERMINAL, false),
        ("TERM=xterm", &[], PIPE, false),
        ("CLICOLOR_FORCE=1", &[], PIPE, true),
        ("NO_COLOR=1 CLICOLOR_FORCE=1", &[], PIPE, false),
        ("CLICOLOR_FORCE=1", &["--color", "never"], PIPE, false),
        ("", &["--color", "always"], PIPE, true),
        ("", &["--color", "always", "-o", "json"], TERMINAL, false),
        ("TERM=xterm", &["-o", "ndjson"], TERMINAL, false),
        ("TERM=xterm", &["-o", "id"], TERMINAL, false),
    ];
    let plain = list_on(&NAMED, 80, "", &[]).screen;
    let tabs = list_with(&NAMED, "", &[], run).stdout;
    for (variables, arguments, on_terminal, is_coloured) in table {
        let case = format!("{variables} {arguments:?}");
        let text = match on_terminal {
            TERMINAL => {
                let shown = list_on(&NAMED, 80, variables, arguments);
                assert_eq!(shown.seen.stderr, "");
                assert_eq!(
                    shown.coloured.iter().any(|text| text == "onboarded"),
                    is_coloured,
                    "{case}: {}",
                    shown.screen
                );
                assert_eq!(shown.coloured.is_empty(), !is_coloured, "{case}: {}", shown.screen);
                if is_coloured {
                    assert_shown(&shown.screen, &plain, 80);
                }
                shown.screen
            }
            PIPE => {
                let Seen { stdout, stderr, code } = list_with(&NAMED, variables, arguments, run);
                assert_eq!((stderr.as_str(), code), ("", Some(0)));
                assert_eq!(anstream::adapter::strip_str(&stdout).to_string(), tabs);
                stdout
            }
        };
        // A console removes escape sequences from what it shows.
        let is_escaped = is_coloured && !(cfg!(windows) && on_terminal);
        assert_eq!(text.contains('\u{1b}'), is_escaped, "{case}: {text:?}");
        assert_eq!(text.contains("\u{1b}[32monboarded\u{1b}[0m"), is_escaped, "{case}: {text:?}");
    }
}

#[test]
fn an_unknown_status_and_a_long_id_are_shown_unchanged() {
    let id = "x".repeat(100);
    let partner = format!(r#"{{"id":"{id}","displayName":"A","onboardingStatus":"someStatusOfTheServiceThatIsNew"}}"#);
    let expected = format!("{id}\n  name: A\n  status: someStatusOfTheServiceThatIsNew\n");
    list_on(&[&partner], 80, "", &[]).assert(&expected, 80);
}

#[test]
fn json_formats_keep_graphs_own_fields_unchanged() {
    let page = page(&[FIRST, SECOND]);
    assert_eq!(list_of(&page, &["-o", "ndjson"]), printed(format!("{FIRST}\n{SECOND}\n")));
    let Seen { stdout, stderr, code } = list_of(&page, &["-o", "json"]);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    assert!(stdout.contains(FIRST) && stdout.contains(SECOND), "{stdout}");
    let array: Vec<serde_json::Value> = serde_json::from_str(&stdout).unwrap();
    let ids: Vec<_> = array.iter().map(|partner| partner["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a", "5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10"]);
}

#[test]
fn json_is_ascii_on_windows_and_utf_8_elsewhere() {
    let partner = r#"{"id":"a","displayName":"リモート 👩‍💻","onboardingStatus":"onboarded"}"#;
    let escaped = r#"{"id":"a","displayName":"\u30ea\u30e2\u30fc\u30c8 \ud83d\udc69\u200d\ud83d\udcbb","onboardingStatus":"onboarded"}"#;
    let expected = if cfg!(windows) { escaped } else { partner };
    let page = page(&[partner]);
    assert_eq!(list_of(&page, &["-o", "ndjson"]), printed(format!("{expected}\n")));
    assert_eq!(list_of(&page, &["-o", "json"]), printed(format!("[\n  {expected}\n]\n")));
    assert_eq!(expected.is_ascii(), cfg!(windows));
    let [value, original] = [expected, partner].map(|json| serde_json::from_str::<serde_json::Value>(json).unwrap());
    assert_eq!(value, original);
    // Text is never escaped.
    assert_eq!(list_of(&page, &[]), printed("a\tリモート 👩\u{200d}💻\tonboarded\t\n"));
}

#[test]
fn ndjson_is_one_object_per_line_wherever_graph_breaks_lines() {
    let pretty =
        "{\r\n  \"value\": [\r\n    {\r\n      \"id\": \"a\",\n      \"displayName\": \"A\\nB\"\n    }\n  ]\n}\n";
    let Seen { stdout, code, .. } = list_of(pretty, &["-o", "ndjson"]);
    assert_eq!((stdout.lines().count(), code), (1, Some(0)), "{stdout}");
    let partner: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(partner, serde_json::json!({"id": "a", "displayName": "A\nB"}));
}

#[test]
fn the_id_format_prints_only_ids() {
    let expected = printed("a\n5F0E1C9A-2b7d-4c8e-9a41-6d3b8f2e7c10\n");
    assert_eq!(list_of(&page(&[FIRST, SECOND]), &["-o", "id"]), expected);
}

#[test]
fn an_empty_list_is_a_success() {
    for (format, expected) in [("text", ""), ("json", "[]\n"), ("ndjson", ""), ("id", "")] {
        assert_eq!(list_of(&page(&[]), &["-o", format]), printed(expected));
    }
}

#[test]
fn all_pages_are_read_with_the_token() {
    let graph = Graph::answering(|line| match line.rsplit_once("?$skiptoken=").map(|(_, page)| page) {
        None => (200, linked(r#"{"id":"a"}"#, &format!("{{root}}{PARTNERS}?$skiptoken=2"))),
        Some("2") => (200, linked("", &format!("{{root}}{PARTNERS}?$skiptoken=3"))),
        Some(_) => (200, page(&[r#"{"id":"b"}"#, r#"{"id":"c"}"#])),
    });
    assert_eq!(list(&graph, &["-o", "id"]), printed("a\nb\nc\n"));
    let pages = ["", "?$skiptoken=2", "?$skiptoken=3"].map(|query| format!("GET {PARTNERS}{query}"));
    assert_eq!(graph.lines(), pages);
    let token = format!("Bearer {TOKEN}");
    assert!(graph.came().iter().all(|came| came.header("authorization") == Some(&token)));
}

#[test]
fn the_option_chooses_the_api_version() {
    let graph = Graph::answering(|_| (200, page(&[])));
    assert_eq!(list(&graph, &["--api-version", "beta"]), printed(""));
    assert_eq!(graph.lines(), [format!("GET {}", PARTNERS.replace("v1.0", "beta"))]);
}

#[test]
fn a_page_on_another_server_is_not_requested() {
    let other = Unspoken::new();
    let links = [
        format!("{}{PARTNERS}?$skiptoken=2", other.url()),
        format!("{{root}}@{}{PARTNERS}", other.url().replace("http://", "")),
        format!("{}{PARTNERS}", other.url().replace("http", "https")),
        format!("{}{PARTNERS}", other.url().replace("http:", "")),
        "not an address".to_owned(),
    ];
    for link in links {
        for format in ["text", "json", "ndjson", "id"] {
            let link = link.clone();
            let graph = Graph::answering(move |_| (200, linked(FIRST, &link)));
            let Seen { stdout, stderr, code } = list(&graph, &["-o", format]);
            assert_eq!((stdout.as_str(), code), ("", Some(1)), "{stderr}");
            assert!(
                stderr.starts_with("error: Graph's link to the next page does not belong to the Graph server"),
                "{stderr}"
            );
            assert!(stderr.contains("\nhint: "), "{stderr}");
            assert_eq!(graph.lines(), [format!("GET {PARTNERS}")]);
        }
    }
    other.assert_unspoken();
}

#[test]
fn pages_that_link_in_a_circle_are_an_error() {
    let to_itself = Graph::answering(|_| (200, linked(FIRST, &format!("{{root}}{PARTNERS}"))));
    let in_turn = Graph::answering(|line| {
        let next = if line.ends_with("=2") { 3 } else { 2 };
        (200, linked(FIRST, &format!("{{root}}{PARTNERS}?$skiptoken={next}")))
    });
    for (graph, requests) in [(to_itself, 1), (in_turn, 3)] {
        let Seen { stdout, stderr, code } = list(&graph, &[]);
        assert_eq!((stdout.as_str(), code), ("", Some(1)), "{stderr}");
        assert_eq!(stderr, "error: Graph's link to the next page leads to an earlier page; the list is incomplete\n");
        assert_eq!(graph.lines().len(), requests);
    }
}

#[test]
fn an_incomplete_list_is_never_printed() {
    let graph = Graph::answering(|line| match line.contains("skiptoken") {
        false => (200, linked(FIRST, &format!("{{root}}{PARTNERS}?$skiptoken=2"))),
        true => (403, String::new()),
    });
    let Seen { stdout, stderr, code } = list(&graph, &["-o", "ndjson"]);
    assert_eq!((stdout.as_str(), code), ("", Some(1)), "{stderr}");
}

#[test]
fn a_rejected_token_is_exit_4() {
    let body =
        r#"{"error":{"code":"InvalidAuthenticationToken","message":"expired.","innerError":{"request-id":"r-1"}}}"#;
    let graph = Graph::answering(|_| (401, body.to_owned()));
    let Seen { stdout, stderr, code } = list(&graph, &[]);
    assert_eq!((stdout.as_str(), code), ("", Some(4)));
    let error = "error: cannot list the partners: 401 InvalidAuthenticationToken: expired. (request ID r-1)\nhint: ";
    assert!(stderr.starts_with(error), "{stderr}");
    assert_eq!(graph.lines().len(), 1);
}

#[test]
fn a_missing_permission_is_exit_1_with_a_hint() {
    let graph = Graph::answering(|_| (403, r#"{"error":{"code":"Forbidden","message":"no\u001b[2J"}}"#.to_owned()));
    let Seen { stdout, stderr, code } = list(&graph, &["-q"]);
    assert_eq!((stdout.as_str(), code), ("", Some(1)));
    assert!(stderr.starts_with("error: cannot list the partners: 403 Forbidden: no\u{fffd}[2J\nhint: "), "{stderr}");
    assert!(stderr.contains("DeviceManagementServiceConfig.Read.All"), "{stderr}");
}

#[test]
fn an_answer_that_is_not_a_list_is_exit_1() {
    for body in ["", "null", "[]", "{}", r#"{"value":{}}"#, r#"{"value":[{"id":"a"}"#, "<html><title>Portal</title>"] {
        let Seen { stdout, stderr, code } = list_of(body, &["-o", "ndjson"]);
        assert_eq!((stdout.as_str(), code), ("", Some(1)));
        assert!(stderr.starts_with("error: cannot list the partners: the answer is not a list of partners\nhint: "));
    }
    for status in [201, 202, 204, 206] {
        let graph = Graph::answering(move |_| (status, if status == 204 { String::new() } else { page(&[FIRST]) }));
        let Seen { stdout, stderr, code } = list(&graph, &["-o", "ndjson"]);
        assert_eq!((stdout.as_str(), code), ("", Some(1)));
        assert!(stderr.starts_with("error: cannot list the partners: the answer is not a list of partners\nhint: "));
    }
    for body in [r#"{"value":[{"id":"a"},{"name":"b"}]}"#, r#"{"value":[{"id":7}]}"#, r#"{"value":["a"]}"#] {
        let Seen { stdout, stderr, code } = list_of(body, &["-o", "id"]);
        assert_eq!((stdout.as_str(), code), ("", Some(1)));
        assert_eq!(stderr, "error: Graph's list has an entry that is not a partner\n", "{body}");
    }
}

#[test]
fn the_id_format_refuses_invalid_ids() {
    for id in [r"b\nc", r"b\rc", r"b c", "", "../b"] {
        let page = page(&[r#"{"id":"a"}"#, &format!(r#"{{"id":"{id}"}}"#)]);
        let Seen { stdout, stderr, code } = list_of(&page, &["-o", "id"]);
        assert_eq!((stdout.as_str(), code), ("", Some(1)));
        assert!(stderr.starts_with("error: the ID of partner 2 in Graph's list "), "{stderr}");
        // In JSON it is quoted, and one ID.
        assert_eq!(list_of(&page, &["-o", "ndjson"]), printed(format!("{{\"id\":\"a\"}}\n{{\"id\":\"{id}\"}}\n")));
    }
}

#[test]
fn control_characters_are_replaced_in_text_and_escaped_in_json() {
    let partner = "{\"id\":\"a\",\"displayName\":\"\\u001b]0;x\\u0007\\tA\\u202eB\\nC\u{9b}2J\"}";
    let cleaned = "a\t\u{fffd}]0;x\u{fffd} A\u{fffd}B C\u{fffd}2J\t\t\n";
    assert_eq!(list_of(&page(&[partner]), &[]), printed(cleaned));
    // In JSON the string keeps its value.
    let escaped = partner.replace('\u{9b}', "\\u009b");
    assert_eq!(list_of(&page(&[partner]), &["-o", "ndjson"]), printed(format!("{escaped}\n")));
}

#[test]
fn a_reader_that_closes_the_pipe_early_is_not_a_failure() {
    // More than any pipe holds, so that writing fails.
    let partners: Vec<_> = (0..30_000).map(|n| format!(r#"{{"id":"{n:036}"}}"#)).collect();
    let body = page(&partners.iter().map(String::as_str).collect::<Vec<_>>());
    let graph = Graph::answering(move |_| (200, body.clone()));
    let home = Intunectl::new();
    for format in ["text", "json", "ndjson", "id"] {
        let mut command = graph.command(&home, &["partner", "list", "-o", format]);
        let (running, mut stdout) = start_read(&mut command);
        assert!(stdout.read_line(&mut String::new()).unwrap() > 0);
        close(stdout);
        let Seen { stderr, code, .. } = running.end();
        assert_eq!((stderr.as_str(), code), ("", Some(0)), "{format}");
    }
}

/// Lists the partners at this URL.
fn list_at(root: &str, arguments: &[&str]) -> Seen {
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(["partner", "list", "--graph-url", root]).args(arguments).env("INTUNECTL_TOKEN", TOKEN);
    run(&mut command)
}

#[test]
fn a_page_with_an_incomplete_body_is_requested_again() {
    let server = Server::start(|_, before| match before {
        0 => Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"value\":[{\"id\":\"half\"}".to_vec()),
        _ => Reply::status(200).body(page(&[r#"{"id":"a"}"#])),
    });
    assert_eq!(list_at(server.root(), &["-o", "id"]), printed("a\n"));
    assert_eq!(server.requests().len(), 2);

    let server = Server::always(|| Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"value\":[".to_vec()));
    let Seen { stdout, stderr, code } = list_at(server.root(), &["--retries", "1"]);
    assert_eq!((stdout.as_str(), code, server.requests().len()), ("", Some(1), 2), "{stderr}");
    let host = server.root().strip_prefix("http://").unwrap();
    assert!(stderr.starts_with(&format!("error: cannot list the partners: {host}: connection ")), "{stderr}");
}

#[test]
fn the_hints_of_list_are_those_for_reads() {
    for (status, hint) in [
        (404, "hint: 404: check --graph-url, --cloud and --api-version\n"),
        (
            429,
            "hint: 429: other programs may be sending too many requests to this tenant: run the command again later\n",
        ),
    ] {
        let server = Server::always(move || Reply::status(status));
        let Seen { stdout, stderr, code } = list_at(server.root(), &["--retries", "0"]);
        assert_eq!((stdout.as_str(), code, server.requests().len()), ("", Some(1), 1), "{stderr}");
        assert!(stderr.starts_with(&format!("error: cannot list the partners: {status} ")), "{stderr}");
        assert!(stderr.ends_with(hint), "{stderr}");
    }
}

#[test]
fn a_network_failure_names_the_host_and_has_a_hint() {
    // A port that was free a moment ago.
    let host = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let seen = list_at(&format!("http://{host}"), &["--retries", "0"]);
    let stderr = format!(
        "error: cannot list the partners: {host}: connection refused\n\
         hint: check the network, HTTPS_PROXY, and --graph-url\n"
    );
    assert_eq!(seen, Seen { stdout: String::new(), stderr, code: Some(1) });
}

#[test]
fn a_page_outside_the_path_of_the_graph_url_is_not_requested() {
    for outside in ["", "/tenant-b", "/tenant-ab", "/tenant-a/.."] {
        let graph = Graph::answering(move |_| {
            (200, linked(r#"{"id":"a"}"#, &format!("{{root}}{outside}{PARTNERS}?$skiptoken=2")))
        });
        let Seen { stdout, stderr, code } = list_at(&format!("{}/tenant-a", graph.url()), &[]);
        assert_eq!((stdout.as_str(), code), ("", Some(1)), "{stderr}");
        assert!(
            stderr.starts_with("error: Graph's link to the next page does not belong to the Graph server"),
            "{stderr}"
        );
        assert_eq!(graph.lines(), [format!("GET /tenant-a{PARTNERS}")]);
    }
    let graph = Graph::answering(|line| match line.contains('?') {
        true => (200, page(&[r#"{"id":"b"}"#])),
        false => (200, linked(r#"{"id":"a"}"#, &format!("{{root}}/tenant-a{PARTNERS}?$skiptoken=2"))),
    });
    assert_eq!(list_at(&format!("{}/tenant-a", graph.url()), &["-o", "id"]), printed("a\nb\n"));
}

#[test]
fn a_token_that_the_service_sends_back_is_redacted_in_every_encoding() {
    const OPAQUE: &str = "EwB4A+secret/opaque==";
    let escaped: String = OPAQUE.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let encoded = "EwB4A%2Bsecret%2Fopaque%3D%3D";
    for form in
        [OPAQUE, &escaped, &OPAQUE.replace('/', "\\/"), encoded, &encoded.to_lowercase().replace("ewb4a", "EwB4A")]
    {
        let partner = format!(r#"{{"id":"a","displayName":"is {form}","other":{{"{form}":["{form}"]}}}}"#);
        let graph = Graph::answering(move |line| match line.contains("?t=") {
            true => (200, page(&[&partner])),
            false => (200, linked(&partner, &format!("{{root}}{PARTNERS}?t={}", partner.split('"').nth(7).unwrap()))),
        });
        for arguments in [&["-o", "json"][..], &["-o", "ndjson", "-vv"], &["-v"]] {
            let home = Intunectl::new();
            let mut command = graph.command(&home, &["partner", "list"]);
            let seen = run(command.args(arguments).env("INTUNECTL_TOKEN", OPAQUE));
            assert_eq!(seen.code, Some(0), "{form} {seen:?}");
            for text in [seen.stdout.replace("\\/", "/"), seen.stderr] {
                let text = text.to_lowercase();
                assert!(!text.contains("secret"), "{form} {text}");
                assert!(!text.contains("\\u0073\\u0065"), "{form} {text}");
            }
        }
    }
}
