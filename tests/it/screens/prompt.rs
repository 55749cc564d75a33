//! The confirmation prompt at a terminal.
#![cfg(target_os = "linux")]

use serde_json::json;

use super::Screens;
use crate::support::jwt;
use crate::support::server::{Gate, Reply, Request, Server};
use crate::support::terminal::{ALL, Terminal};

const QUESTION: &str = "[y/N]";
const TENANT: &str = "a1f9d2c4-6b3e-4f70-8d15-92c7e0b4a6d8";
const TEAMVIEWER: &str = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
const HELPDESK: &str = "c2a7d4e8-1f3b-4a96-8e05-7b9c6d2f1a34";
const SUPPORT: &str = "0b6f93d1-5e2c-4d78-a31f-84c9e7a05b62";

/// Graph. It answers reads of the partner [`SUPPORT`] when the gate is open.
fn service(gate: Gate) -> Server {
    Server::start(move |request, _| {
        if request.is_post() {
            return Reply::done();
        }
        if request.id() == SUPPORT {
            gate.pass();
        }
        partner(request)
    })
}

fn partner(request: &Request) -> Reply {
    let (name, status) = match request.id() {
        TEAMVIEWER => ("TeamViewer", "onboarded"),
        HELPDESK => ("Contoso Helpdesk", "onboarding"),
        SUPPORT => ("Fabrikam Remote Support for Large Enterprises", "notOnboarded"),
        id => return numbered(id),
    };
    Reply::status(200).body(json!({"id": request.id(), "displayName": name, "onboardingStatus": status}).to_string())
}

/// One of many partners. Some of them cannot be read.
fn numbered(id: &str) -> Reply {
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}}).to_string();
    match id.get(34..) {
        Some("98") => Reply::status(404).body(error("ResourceNotFound", "Resource not found.")),
        Some("99") => Reply::Close,
        number => {
            let name = format!("Remote Support {}", number.unwrap_or_default());
            Reply::status(200).body(json!({"id": id, "displayName": name, "onboardingStatus": "onboarded"}).to_string())
        }
    }
}

fn id(number: usize) -> String {
    format!("7d4c2b1a-9e8f-4a3b-b5c6-1f2e3d4c5b{number:02}")
}

fn token() -> String {
    jwt::but(&json!({"tid": TENANT, "upn": "admin@contoso.com"}))
}

/// Types a line at a terminal of 80 columns, and answers the prompt with these keys.
fn answer(screens: &mut Screens, line: &str, keys: &str) {
    let terminal = Terminal::script(&screens.command(), line);
    terminal.wait_for(QUESTION);
    terminal.keys(keys);
    screens.show_seen(line, &terminal.end());
}

#[test]
fn prompt() {
    let gate = Gate::default();
    let server = service(gate.clone());
    let mut screens = Screens::new("05-prompt");
    screens.serve(&server);
    screens.mask(server.root().strip_prefix("http://").unwrap(), "graph.microsoft.com");
    screens.set("INTUNECTL_TOKEN", &token());
    one_partner(&mut screens);
    many_partners(&mut screens);
    resumed(&mut screens, &server);
    second_prompt(&mut screens, &gate);
    narrow_window(&mut screens);
    unread_partners(&mut screens);
    screens.check();
}

fn one_partner(screens: &mut Screens) {
    screens.heading("Disconnect a partner, and confirm");
    answer(screens, &format!("intunectl partner disconnect {TEAMVIEWER}"), "y\n");

    screens.heading("Decline. Enter alone declines, too");
    answer(screens, &format!("intunectl partner disconnect {TEAMVIEWER}"), "n\n");

    screens.heading("Onboard a partner");
    answer(screens, &format!("intunectl partner onboard {HELPDESK}"), "\n");

    screens.heading("Delete a partner");
    answer(screens, &format!("intunectl partner delete {HELPDESK}"), "\n");

    screens.heading("Press Ctrl-C");
    answer(screens, &format!("intunectl partner disconnect {TEAMVIEWER}"), "\u{3}");

    screens.heading("Standard error goes to a file: the terminal shows the prompt and the result");
    answer(screens, &format!("intunectl partner disconnect {TEAMVIEWER} 2>errors.txt"), "n\n");
    screens.sh("cat errors.txt");

    screens.heading("The token does not name its tenant");
    screens.set("INTUNECTL_TOKEN", "opaque");
    answer(screens, &format!("intunectl partner disconnect {TEAMVIEWER}"), "n\n");
    screens.set("INTUNECTL_TOKEN", &token());
}

fn many_partners(screens: &mut Screens) {
    screens.heading("Disconnect 25 partners: the first 20 are shown");
    screens.home.file("ids.txt", (1..=25).map(|n| id(n) + "\n").collect::<String>());
    answer(screens, "intunectl partner disconnect -f ids.txt", "n\n");
}

fn resumed(screens: &mut Screens, server: &Server) {
    screens.heading("Resume a run that has disconnected 23 of them");
    let record = |n| {
        json!({
            "id": id(n), "index": n, "action": "disconnect", "status": "disconnected",
            "tenant_id": TENANT, "graph_url": server.root(), "error": null,
        })
    };
    screens.home.file("audit.ndjson", (1..=23).map(|n| format!("{}\n", record(n))).collect::<String>());
    answer(screens, "intunectl partner disconnect -f ids.txt --resume audit.ndjson", "n\n");
}

fn second_prompt(screens: &mut Screens, gate: &Gate) {
    screens.heading("Two commands run at the same time: the second prompt waits for the answer to the first");
    let [first, second] = [TEAMVIEWER, SUPPORT].map(|id| format!("intunectl partner disconnect {id}"));
    // The second command starts when the first one shows its prompt.
    let wait = "until [ -e started ]; do sleep 0.01; done";
    let terminal = Terminal::script(&screens.command(), &format!("{first} & {wait}; {second} & wait"));
    terminal.wait_for(QUESTION);
    screens.home.file("started", "");
    terminal.keys("n\n");
    terminal.wait_for("nothing was sent");
    gate.open();
    terminal.wait_for_times(QUESTION, 2);
    terminal.keys("n\n");
    terminal.wait_for_times("nothing was sent", 2);
    screens.show_seen(&format!("{first} & {second} & wait"), &terminal.end());
}

fn narrow_window(screens: &mut Screens) {
    screens.heading("In a window of 40 columns");
    let mut command = screens.command();
    command.args(["partner", "disconnect", TEAMVIEWER, SUPPORT]);
    let terminal = Terminal::start(&command, ALL, 40);
    terminal.wait_for(QUESTION);
    terminal.keys("n\n");
    screens.show_seen(&format!("intunectl partner disconnect {TEAMVIEWER} {SUPPORT}"), &terminal.end());
}

fn unread_partners(screens: &mut Screens) {
    screens.heading("Some partners cannot be read: one does not exist, and for one the connection fails");
    let line = format!("intunectl partner disconnect {TEAMVIEWER} {} {} --retries 0", id(98), id(99));
    answer(screens, &line, "n\n");

    screens.heading("No partner can be read: Graph does not answer");
    let line = format!("intunectl partner disconnect {} --retries 0", id(99));
    let terminal = Terminal::script(&screens.command(), &line);
    screens.show_seen(&line, &terminal.end());
}
