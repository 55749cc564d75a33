//! `partner list` and `partner show`: tables, formats, and what goes wrong.

use super::Screens;
use crate::support::jwt;
use crate::support::running::Running;
use crate::support::server::{Gate, Reply, Request, Server};
use crate::support::terminal::{ALL, Streams, Terminal};

pub const TEAMVIEWER: &str = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
pub const CONTOSO: &str = "8a2c6e4f-91b3-4d7a-b5e0-2c4f6a8d1e35";
pub const FABRIKAM: &str = "c4d7f0b2-3e5a-4916-8c7d-9f1b2e3a4d56";
/// A partner that the tenant does not have.
pub const MISSING: &str = "e9b3a5c1-7d2f-4e60-a8b4-1f3c5d7e9a02";

const NOT_FOUND: &str = r#"{"error":{"code":"ResourceNotFound","message":"Resource not found.","innerError":{"request-id":"0c9f6a52-4f0e-4b1d-9d53-7e2a8c1b6f34"}}}"#;
const FORBIDDEN: &str = r#"{"error":{"code":"Forbidden","message":"Application is not authorized to perform this operation.","innerError":{"request-id":"3d2b1a90-6c5e-4f78-8a9b-0c1d2e3f4a5b"}}}"#;
const EXPIRED: &str = r#"{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed, the token is expired.","innerError":{"request-id":"7e6d5c4b-3a29-4817-9605-f4e3d2c1b0a9"}}}"#;

/// A partner as Graph sends it.
fn partner(id: &str, name: &str, status: &str, last_seen: &str) -> String {
    format!(
        r#"{{"id":"{id}","displayName":"{name}","onboardingStatus":"{status}","lastConnectionDateTime":"{last_seen}"}}"#
    )
}

fn partners() -> Vec<String> {
    vec![
        partner(TEAMVIEWER, "TeamViewer", "onboarded", "2026-11-20T08:15:03.6670033Z"),
        partner(CONTOSO, "Contoso Remote Assistance, Europe", "onboarding", "0001-01-01T00:00:00Z"),
        partner(FABRIKAM, "Fabrikam リモート", "notOnboarded", "2026-03-02T17:40:00Z"),
    ]
}

fn page(partners: &[String]) -> Reply {
    Reply::status(200).body(format!(r#"{{"value":[{}]}}"#, partners.join(",")))
}

pub fn not_found() -> Reply {
    Reply::status(404).body(NOT_FOUND)
}

pub fn forbidden() -> Reply {
    Reply::status(403).body(FORBIDDEN)
}

pub fn expired() -> Reply {
    Reply::status(401).body(EXPIRED)
}

fn is_list(request: &Request) -> bool {
    request.path.ends_with("/remoteAssistancePartners")
}

/// A tenant with the three partners.
fn tenant() -> Server {
    Server::start(|request, _| {
        if is_list(request) {
            return page(&partners());
        }
        match partners().into_iter().find(|partner| partner.contains(request.id())) {
            Some(partner) => Reply::status(200).body(partner),
            None => not_found(),
        }
    })
}

/// Shows the output of a command at a terminal of this width. Standard error follows the screen.
pub fn at_terminal(screens: &mut Screens, columns: u16, line: &str) {
    let terminal = Terminal::start(&words(screens, line), Streams { stderr: false, ..ALL }, columns);
    let (seen, screen) = terminal.end_with_screen();
    screens.show(line, &(screen + &seen.stderr), seen.code);
}

/// The command of a line that has only words.
pub fn words(screens: &Screens, line: &str) -> std::process::Command {
    let mut command = screens.command();
    command.args(line.split(' ').skip(1));
    command
}

#[test]
fn list_and_show() {
    let mut screens = Screens::new("04-list-and-show");
    screens.set("INTUNECTL_TOKEN", &jwt::good());
    let server = tenant();
    screens.serve(&server);
    show_list(&mut screens);
    show_partners(&mut screens);
    show_failures_of_list(&mut screens);
    show_failures_of_show(&mut screens);
    screens.check();
}

fn show_list(screens: &mut Screens) {
    screens.heading("List the partners, at a terminal of 80 columns");
    at_terminal(screens, 80, "intunectl partner list");
    screens.heading("The same at a terminal of 120 columns, and of 60");
    at_terminal(screens, 120, "intunectl partner list");
    at_terminal(screens, 60, "intunectl partner list");
    screens.heading("The output goes to a pipe or a file: tabs, no headings, nothing cut, times as Graph writes them");
    screens.sh("intunectl partner list | cat");
    screens.heading("Every other format");
    for format in ["json", "ndjson", "csv", "id"] {
        screens.sh(&format!("intunectl partner list -o {format}"));
    }
    screens.heading("The format that the environment sets is misspelled: INTUNECTL_OUTPUT is `jsonl`");
    screens.set("INTUNECTL_OUTPUT", "jsonl");
    screens.sh("intunectl partner list");
    screens.unset("INTUNECTL_OUTPUT");
    screens.heading("A tenant without partners, at a terminal and in a pipe");
    let server = Server::always(|| page(&[]));
    screens.serve(&server);
    at_terminal(screens, 80, "intunectl partner list");
    screens.sh("intunectl partner list | wc -l");
    screens.sh("intunectl partner list -o json");
    screens.sh("intunectl partner list -o csv");
}

fn show_partners(screens: &mut Screens) {
    let server = tenant();
    screens.serve(&server);
    screens.heading("Show partners, in the order in which they are given");
    at_terminal(screens, 80, &format!("intunectl partner show {FABRIKAM} {TEAMVIEWER}"));
    screens.sh(&format!("intunectl partner show {FABRIKAM} {TEAMVIEWER} | cut -f 1,3"));
    for format in ["json", "ndjson", "csv", "id"] {
        screens.sh(&format!("intunectl partner show {FABRIKAM} -o {format}"));
    }
    screens.heading("A partner that has to confirm its onboarding, at a terminal of 80 columns and in a pipe");
    let url = "https://remote-assistance.example/intune/onboarding?tenant=11111111-2222-3333-4444-555555555555&request=8a2c6e4f";
    let onboarding = partner(CONTOSO, "Contoso Remote Assistance, Europe", "onboarding", "0001-01-01T00:00:00Z");
    let onboarding = onboarding.replace('}', &format!(r#","onboardingUrl":"{url}"}}"#));
    let confirming = Server::always(move || Reply::status(200).body(onboarding.clone()));
    screens.serve(&confirming);
    at_terminal(screens, 80, &format!("intunectl partner show {CONTOSO}"));
    screens.sh(&format!("intunectl partner show {CONTOSO} | cat"));
    screens.serve(&server);
    screens.heading("One of the partners does not exist");
    screens.sh(&format!("intunectl partner show {TEAMVIEWER} {MISSING}"));
    screens.sh(&format!("intunectl partner show {TEAMVIEWER} {MISSING} -o json"));
    screens.heading("A name contains control characters: text replaces them, JSON escapes them");
    let hostile = partner(TEAMVIEWER, r"Team\u001b[2JViewer\nGmbH", "onboarded", "2026-11-20T08:15:03Z");
    let server = Server::always(move || Reply::status(200).body(hostile.clone()));
    screens.serve(&server);
    screens.sh(&format!("intunectl partner show {TEAMVIEWER}"));
    screens.sh(&format!("intunectl partner show {TEAMVIEWER} -o ndjson"));
}

fn show_failures_of_list(screens: &mut Screens) {
    screens.heading("Graph refuses to list the partners");
    let server = Server::always(forbidden);
    screens.serve(&server);
    screens.sh("intunectl partner list");
    screens.heading("The answer is a web page of a proxy");
    let server = Server::always(|| Reply::status(200).body("<html><title>Contoso Proxy</title></html>"));
    screens.serve(&server);
    screens.sh("intunectl partner list");
    screens.heading("The list contains something that is not a partner");
    let server = Server::always(|| page(&[r#"{"displayName":"TeamViewer"}"#.to_owned()]));
    screens.serve(&server);
    screens.sh("intunectl partner list");
    screens.heading("The list contains an invalid ID: -o id refuses it, because other commands read these IDs");
    let server = Server::always(|| page(&[partners().remove(0), r#"{"id":"team viewer"}"#.to_owned()]));
    screens.serve(&server);
    screens.sh("intunectl partner list -o id");
    screens.heading("The link to the next page leads to another server");
    let linked = |link: &str| Reply::status(200).body(format!(r#"{{"value":[],"@odata.nextLink":"{link}"}}"#));
    let server = Server::always(move || linked("https://graph.example.com/v1.0/next"));
    screens.serve(&server);
    screens.sh("intunectl partner list");
    screens.heading("The link to the next page leads to the same page again");
    let server = Server::start(move |request, _| {
        linked(&format!("http://{}{}", request.header("host").unwrap_or_default(), request.path))
    });
    screens.serve(&server);
    screens.sh("intunectl partner list");
}

fn show_failures_of_show(screens: &mut Screens) {
    screens.heading("Graph answers with another partner");
    let server = Server::always(|| Reply::status(200).body(partners().remove(1)));
    screens.serve(&server);
    screens.sh(&format!("intunectl partner show {TEAMVIEWER}"));

    screens.heading("The token expires while 10 partners are read, 8 at a time");
    let ids: Vec<_> = (1..=10).map(|n| format!("5a4d0b0c-0002-4000-8000-{n:012}")).collect();
    screens.home.file("ids.txt", ids.join("\n"));
    // The first is answered when 8 were sent, the others after that answer was read.
    let [first, others] = [(); 2].map(|()| Gate::default());
    let (first_gate, others_gate) = (first.clone(), others.clone());
    let server = Server::start(move |request, _| {
        let is_first = request.id().ends_with("-000000000001");
        if is_first { &first_gate } else { &others_gate }.pass();
        match is_first {
            true => expired(),
            false => Reply::status(200).body(partner(request.id(), "Helpdesk", "onboarded", "2026-11-20T08:15:03Z")),
        }
    });
    screens.serve(&server);
    let line = "intunectl partner show -f ids.txt";
    let running = Running::start(&mut screens.surround(screens.home.sh(&format!("exec 2>&1\n{line}"))));
    server.wait_for(8);
    first.open();
    running.wait_for_stdout("InvalidAuthenticationToken");
    others.open();
    let seen = running.end();
    screens.show(line, &seen.stdout, seen.code);
}
