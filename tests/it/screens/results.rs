//! What the commands that change partners report, in every format.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use super::Screens;
use super::list_and_show::{CONTOSO, FABRIKAM, MISSING, TEAMVIEWER, at_terminal, expired, forbidden, not_found, words};
use crate::support::redirect::start_read;
use crate::support::running::Running;
use crate::support::server::{Gate, Reply, Request, Server};
use crate::support::terminal::{ALL, Streams, Terminal};
use crate::support::{jwt, run};

/// All partners of the file `ids.txt`.
const IDS: [&str; 4] = [TEAMVIEWER, CONTOSO, MISSING, FABRIKAM];
const REQUEST_ID: &str = "b1946ac9-2492-4d23-8f6c-5d6a7f1c0e42";

/// Has a server answer for one partner after the other, so that results come in the same order each time.
#[derive(Clone, Default)]
struct Turns(Arc<Mutex<HashMap<String, Gate>>>);

impl Turns {
    fn gate(&self, id: &str) -> Gate {
        self.0.lock().unwrap().entry(id.to_owned()).or_default().clone()
    }

    /// Types a line in a shell, and shows the output.
    fn sh(&self, screens: &mut Screens, line: &str) {
        self.0.lock().unwrap().clear();
        let running = Running::start(&mut screens.surround(screens.home.sh(&format!("exec 2>&1\n{line}"))));
        let [first @ .., last] = IDS;
        for id in first {
            self.gate(id).open();
            if line.contains("ids.txt") && !line.ends_with("-o json") {
                running.wait_for_stdout(id);
            }
        }
        self.gate(last).open();
        let seen = running.end();
        screens.show(line, &constant(&seen.stdout), seen.code);
    }

    /// Types a line at a terminal of this width.
    fn at_terminal(&self, screens: &mut Screens, columns: u16, line: &str) {
        self.0.lock().unwrap().clear();
        let terminal = Terminal::start(&words(screens, line), Streams { stderr: false, ..ALL }, columns);
        for id in IDS {
            self.gate(id).open();
            terminal.wait_for(id);
        }
        let (seen, screen) = terminal.end_with_screen();
        screens.show(line, &(screen + &seen.stderr), seen.code);
    }
}

/// Replaces times and IDs that are not the same in every run, in JSON and in CSV.
fn constant(text: &str) -> String {
    if text.starts_with("id,index,action,") {
        return text.lines().map(constant_row).collect();
    }
    let constants = [
        ("\"duration_ms\":", "184"),
        ("\"time\":", "\"2026-11-23T10:15:30.123Z\""),
        ("\"client_request_id\":", "\"4c1f8e6a-0b7d-4a3e-9c52-d8e7f6a5b4c3\""),
    ];
    constants.into_iter().fold(text.to_owned(), |text, (key, value)| {
        let mut parts = text.split(key);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            let end = part.find([',', '\n', '}']).unwrap_or(part.len());
            let (old, rest) = part.split_at(end);
            let space = if old.starts_with(' ') { " " } else { "" };
            let value = if old.trim() == "null" { "null" } else { value };
            text + key + space + value + rest
        })
    })
}

/// The same for a row of CSV.
fn constant_row(row: &str) -> String {
    let mut cells: Vec<_> = row.split(',').collect();
    if cells[1] != "index" && cells.len() > 12 {
        cells[6] = "184";
        cells[7] = "2026-11-23T10:15:30.123Z";
        cells[11] = "4c1f8e6a-0b7d-4a3e-9c52-d8e7f6a5b4c3";
    }
    cells.join(",") + "\n"
}

fn done() -> Reply {
    Reply::done().header("request-id", REQUEST_ID)
}

/// A partner with this status.
fn partner(id: &str, status: &str) -> Reply {
    let name = match id {
        TEAMVIEWER => "TeamViewer",
        CONTOSO => "Contoso Remote Assistance",
        _ => "Fabrikam",
    };
    let body = format!(r#"{{"id":"{id}","displayName":"{name}","onboardingStatus":"{status}"}}"#);
    Reply::status(200).header("request-id", REQUEST_ID).body(body)
}

/// A tenant with three partners, one of them not onboarded.
fn answer(request: &Request) -> Reply {
    match request.id() {
        MISSING => not_found(),
        _ if request.is_write() => done(),
        id => partner(id, if id == FABRIKAM { "notOnboarded" } else { "onboarded" }),
    }
}

/// A server that answers in turns.
fn in_turns(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (Server, Turns) {
    let turns = Turns::default();
    let gates = turns.clone();
    let server = Server::start(move |request, _| {
        gates.gate(request.id()).pass();
        answer(request)
    });
    (server, turns)
}

/// A server that answers writes with 204, and reads as `read` says.
fn accepting(read: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request, _| if request.is_write() { done() } else { read(request.id()) })
}

/// Starts a command in a shell that becomes it, so that signals are for it.
fn start(screens: &Screens, line: &str) -> Running {
    Running::start(&mut screens.surround(screens.home.sh(&format!("exec 2>&1\nexec {line}"))))
}

fn end(screens: &mut Screens, line: &str, running: Running) {
    let seen = running.end();
    screens.show(line, &constant(&seen.stdout), seen.code);
}

#[test]
fn results() {
    let mut screens = Screens::new("06-results");
    screens.set("INTUNECTL_TOKEN", &jwt::good());
    screens.home.file("ids.txt", IDS.join("\n"));
    show_disconnect(&mut screens);
    show_onboard(&mut screens);
    show_delete(&mut screens);
    show_names(&mut screens);
    show_no_ids(&mut screens);
    show_dry_run(&mut screens);
    show_wait(&mut screens);
    show_skipped(&mut screens);
    show_stops(&mut screens);
    show_signals(&mut screens);
    show_lost_output(&mut screens);
    screens.check();
}

fn show_disconnect(screens: &mut Screens) {
    let (server, turns) = in_turns(answer);
    screens.serve(&server);
    screens.heading("Disconnect a partner");
    turns.sh(screens, &format!("intunectl partner disconnect {TEAMVIEWER}"));
    screens
        .heading("Disconnect the partners of a file, of which one does not exist. The output goes to a pipe or a file");
    let line = "intunectl partner disconnect -f ids.txt";
    turns.sh(screens, line);
    screens.heading("The same at a terminal of 120, 80 and 40 columns, without confirmation");
    for columns in [120, 80, 40] {
        turns.at_terminal(screens, columns, "intunectl partner disconnect -f ids.txt -y");
    }
    screens.heading("Only the IDs that succeeded: failures go to standard error");
    turns.sh(screens, &format!("{line} -o id"));
    screens.heading("A record for each partner, as soon as it is known");
    turns.sh(screens, &format!("{line} -o ndjson"));
    screens.heading("One document, at the end");
    turns.sh(screens, &format!("{line} -o json"));
    screens.heading("A table for a spreadsheet, and the same for a dry run and an onboarding");
    turns.sh(screens, &format!("{line} -o csv"));
    turns.sh(screens, &format!("{line} -o csv --dry-run"));
    turns.sh(screens, &format!("intunectl partner onboard {FABRIKAM} -o csv"));
    screens.heading("An ID is given twice");
    turns.sh(screens, &format!("intunectl partner disconnect {TEAMVIEWER} {TEAMVIEWER}"));
}

fn show_onboard(screens: &mut Screens) {
    let (server, turns) = in_turns(|request| match request.id() {
        id if id != MISSING && !request.is_post() => {
            let url = format!("https://remote-assistance.example/onboarding/{}", &id[..8]);
            let status = r#""onboardingStatus":"onboarding""#;
            Reply::status(200).body(format!(r#"{{"id":"{id}",{status},"onboardingUrl":"{url}"}}"#))
        }
        _ => answer(request),
    });
    screens.serve(&server);
    screens.heading("Onboard partners: in a pipe, at a terminal, and in every other format");
    let line = "intunectl partner onboard -f ids.txt";
    turns.sh(screens, line);
    turns.at_terminal(screens, 80, "intunectl partner onboard -f ids.txt -y");
    turns.sh(screens, &format!("{line} -o id"));
    let line = format!("intunectl partner onboard {FABRIKAM}");
    turns.sh(screens, &format!("{line} -o ndjson"));
    turns.sh(screens, &format!("{line} -o json"));
}

fn show_delete(screens: &mut Screens) {
    let (server, turns) = in_turns(answer);
    screens.serve(&server);
    screens.heading("Delete partners: a dry run, the run, and a record");
    turns.sh(screens, "intunectl partner delete -f ids.txt --dry-run");
    turns.at_terminal(screens, 80, "intunectl partner delete -f ids.txt --dry-run");
    turns.sh(screens, "intunectl partner delete -f ids.txt");
    turns.sh(screens, &format!("intunectl partner delete {FABRIKAM} -o ndjson"));
    screens.heading("Wait until the partner no longer exists. In the second run, it still exists after the wait");
    let server = accepting(|_| not_found());
    screens.serve(&server);
    screens.sh(&format!("intunectl partner delete {FABRIKAM} --wait"));
    let server = accepting(|id| partner(id, "notOnboarded"));
    screens.serve(&server);
    screens.sh(&format!("intunectl partner delete {FABRIKAM} --wait=1s"));
}

/// A tenant whose list has these partners: ID, name and status.
fn listing(partners: Vec<(String, &'static str, &'static str)>) -> Server {
    Server::start(move |request, _| {
        let json = |(id, name, status): &(String, _, _)| serde_json::json!({"id": id, "displayName": name, "onboardingStatus": status});
        let list = || serde_json::json!({"value": partners.iter().map(json).collect::<Vec<_>>()});
        match partners.iter().find(|(id, _, _)| id == request.id()) {
            _ if request.path.ends_with("/remoteAssistancePartners") => Reply::status(200).body(list().to_string()),
            None => not_found(),
            Some(_) if request.is_write() => done(),
            Some(partner) => Reply::status(200).body(json(partner).to_string()),
        }
    })
}

fn show_names(screens: &mut Screens) {
    let id = |id: &str| id.to_owned();
    let server = listing(vec![
        (id(TEAMVIEWER), "TeamViewer", "onboarded"),
        (id(CONTOSO), "Contoso Remote Assistance", "onboarded"),
        (id(FABRIKAM), "TEAMVIEWER", "notOnboarded"),
    ]);
    screens.serve(&server);
    screens.heading("Name the partner in place of its ID. The case does not matter");
    screens.sh("intunectl partner disconnect --name 'contoso remote assistance'");
    screens.sh("intunectl partner show --name 'Contoso Remote Assistance'");
    screens.heading("No partner has one of the names, and two have the other");
    screens.sh("intunectl partner disconnect --name Contoso --name TeamViewer");
    screens.heading("The name is that of a variable that is not set");
    screens.sh("intunectl partner disconnect --name \"$PARTNER\"");
    screens.heading("An access token is given in place of a name");
    screens.set("TOKEN", &jwt::good());
    screens.sh("intunectl partner show --name $TOKEN");
    screens.unset("TOKEN");
    screens.heading("A name is given in place of an ID");
    screens.sh("intunectl partner disconnect TeamViewer");
    screens.sh("intunectl partner delete TeamViewer --dry-run");
    screens.sh("intunectl partner show TeamViewer");
    screens.heading("There are more partners than are listed");
    let many = (1..=14).map(|n| (format!("{}{n:02}", &TEAMVIEWER[..34]), "Remote Support", "onboarded"));
    let server = listing(many.chain([(id(CONTOSO), "Contoso Helpdesk", "onboarding")]).collect());
    screens.serve(&server);
    screens.sh("intunectl partner disconnect --name 'Contoso Help'");
    screens.heading("Graph's list has an ID that cannot be sent");
    let server = listing(vec![("5f0e1c9a/2b7d".to_owned(), "TeamViewer", "onboarded")]);
    screens.serve(&server);
    screens.sh("intunectl partner disconnect --name TeamViewer");
    screens.heading("No partner has a name");
    let server = listing(Vec::new());
    screens.serve(&server);
    screens.sh("intunectl partner disconnect --name TeamViewer");
    screens.heading("The list cannot be read");
    let server = Server::always(forbidden);
    screens.serve(&server);
    screens.sh("intunectl partner disconnect --name TeamViewer");
    screens.heading("You press Ctrl-C while the list is read");
    let (server, gate) = Server::gated(|_, _| true, |_, _| not_found());
    screens.serve(&server);
    let line = format!("intunectl partner disconnect {TEAMVIEWER} --name Contoso");
    let running = start(screens, &line);
    server.wait_for(1);
    running.signal("INT");
    end(screens, &line, running);
    gate.open();
}

fn show_no_ids(screens: &mut Screens) {
    screens.heading("There are no IDs, and that is no error");
    screens.home.file("none.txt", "");
    for line in [
        "intunectl partner disconnect -f none.txt --allow-empty",
        "intunectl partner disconnect -f none.txt --allow-empty -o json",
        "intunectl partner show -f none.txt --allow-empty -o json",
    ] {
        let running = start(screens, line);
        end(screens, line, running);
    }
}

fn show_dry_run(screens: &mut Screens) {
    let (server, turns) = in_turns(answer);
    screens.serve(&server);
    screens.heading("See what would happen: in a pipe, at a terminal, and in every other format");
    let line = "intunectl partner disconnect -f ids.txt --dry-run";
    turns.sh(screens, line);
    turns.at_terminal(screens, 80, line);
    turns.sh(screens, &format!("{line} -o id"));
    let one = format!("intunectl partner disconnect {TEAMVIEWER} --dry-run");
    turns.sh(screens, &format!("{one} -o ndjson"));
    turns.sh(screens, &format!("{one} -o json"));
    screens.heading("The same before onboarding");
    turns.sh(screens, "intunectl partner onboard -f ids.txt --dry-run");
    turns.sh(screens, &format!("intunectl partner onboard {TEAMVIEWER} --dry-run"));
    screens.heading("The token may read partners, but not change them");
    let read_only = serde_json::json!({"scp": "DeviceManagementServiceConfig.Read.All"});
    screens.set("INTUNECTL_TOKEN", &jwt::but(&read_only));
    turns.sh(screens, &one);
    screens.set("INTUNECTL_TOKEN", &jwt::good());
    server.assert_only_read();
}

fn show_wait(screens: &mut Screens) {
    let wait = format!("intunectl partner disconnect {TEAMVIEWER} --wait");
    screens.heading("Wait until the change is visible");
    let server = accepting(|id| partner(id, "notOnboarded"));
    screens.serve(&server);
    screens.sh(&wait);
    screens.heading("The change is not visible in time");
    let server = accepting(|id| partner(id, "onboarded"));
    screens.serve(&server);
    screens.sh(&format!("{wait}=1s"));
    at_terminal(screens, 80, &format!("{wait}=1s -y"));
    let url = "https://remote-assistance.example/onboarding/5f0e1c9a";
    let server = accepting(move |id| {
        let status = r#""onboardingStatus":"notOnboarded""#;
        Reply::status(200).body(format!(r#"{{"id":"{id}",{status},"onboardingUrl":"{url}"}}"#))
    });
    screens.serve(&server);
    at_terminal(screens, 80, &format!("intunectl partner onboard {TEAMVIEWER} --wait=1s -y"));
    screens.heading("Graph reports no status");
    let server = accepting(|id| Reply::status(200).body(format!(r#"{{"id":"{id}","displayName":"TeamViewer"}}"#)));
    screens.serve(&server);
    screens.sh(&format!("{wait}=1s"));
    screens.heading("The partner cannot be read");
    let server = accepting(|_| Reply::status(500));
    screens.serve(&server);
    screens.sh(&format!("{wait}=1s"));
    screens.heading("The account may not read partners");
    let server = accepting(|_| forbidden());
    screens.serve(&server);
    screens.sh(&wait);
    screens.heading("The token expires");
    let server = accepting(|_| expired());
    screens.serve(&server);
    screens.sh(&wait);
    screens.heading("Graph throttles reads for an hour");
    let server = accepting(|_| Reply::status(429).header("Retry-After", "3600"));
    screens.serve(&server);
    screens.sh(&wait);
    screens.heading("Graph throttles another request for longer than the wait");
    let (server, turns) = in_turns(|request| match request.id() {
        MISSING => Reply::status(429).header("Retry-After", "60"),
        _ => done(),
    });
    screens.serve(&server);
    let line = format!("intunectl partner disconnect {MISSING} {TEAMVIEWER} --wait=1s --retries 0");
    let running = start(screens, &line);
    for id in [MISSING, TEAMVIEWER] {
        turns.gate(id).open();
        running.wait_for_stdout(id);
    }
    end(screens, &line, running);
    screens.heading("You press Ctrl-C while it waits");
    let (server, gate) = Server::gated(|request, _| !request.is_post(), answer_onboarded);
    screens.serve(&server);
    let running = start(screens, &wait);
    server.wait_for(2);
    running.signal("INT");
    running.wait_for_stdout("Interrupt again");
    gate.open();
    end(screens, &wait, running);
    screens.heading("You press Ctrl-C twice while it waits, and Graph does not answer");
    let server = accepting(|_| Reply::Stall(Vec::new()));
    screens.serve(&server);
    let running = start(screens, &wait);
    server.wait_for(2);
    interrupt_twice(&running);
    end(screens, &wait, running);
    screens.heading("The equals sign of --wait is missing");
    screens.sh(&format!("intunectl partner disconnect {TEAMVIEWER} --wait 10m"));
}

fn interrupt_twice(running: &Running) {
    running.signal("INT");
    running.wait_for_stdout("Interrupt again");
    running.signal("INT");
}

fn answer_onboarded(request: &Request, _: usize) -> Reply {
    if request.is_post() { done() } else { partner(request.id(), "onboarded") }
}

fn show_skipped(screens: &mut Screens) {
    let (server, turns) = in_turns(answer);
    screens.serve(&server);
    screens.heading("Run again with the records of the first run");
    for id in IDS {
        turns.gate(id).open();
    }
    let line = "intunectl partner disconnect -f ids.txt -o ndjson 2>/dev/null";
    let seen = run(&mut screens.surround(screens.home.sh(line)));
    screens.home.file("audit.ndjson", seen.stdout);
    turns.sh(screens, "intunectl partner disconnect -f ids.txt --resume audit.ndjson");
    screens.heading("Both the IDs and the records are to come from standard input");
    screens.sh("cat ids.txt | intunectl partner disconnect - --resume /dev/stdin");
}

fn show_stops(screens: &mut Screens) {
    screens.heading("Several failures at once");
    let (server, turns) = in_turns(|request| match request.id() {
        TEAMVIEWER => forbidden(),
        CONTOSO => Reply::Close,
        MISSING => not_found(),
        _ => done(),
    });
    screens.serve(&server);
    turns.sh(screens, "intunectl partner disconnect -f ids.txt --retries 0");
    screens.heading("Stop at the first failure, with one request at a time");
    let (server, turns) = in_turns(answer);
    screens.serve(&server);
    turns.sh(screens, "intunectl partner disconnect -f ids.txt -j 1 --fail-fast");
    turns.sh(screens, "intunectl partner disconnect -f ids.txt -j 1 --fail-fast -o ndjson");
}

fn show_signals(screens: &mut Screens) {
    let line = format!("intunectl partner disconnect {TEAMVIEWER}");
    screens.heading("The system sends SIGTERM: the request in flight may finish");
    let (server, gate) = Server::gated(|_, _| true, answer_onboarded);
    screens.serve(&server);
    let running = start(screens, &line);
    server.wait_for(1);
    running.signal("TERM");
    running.wait_for_stdout("Interrupt again");
    gate.open();
    end(screens, &line, running);
    screens.heading("You press Ctrl-C twice, and Graph does not answer");
    let server = Server::always(|| Reply::Stall(Vec::new()));
    screens.serve(&server);
    let running = start(screens, &line);
    server.wait_for(1);
    interrupt_twice(&running);
    end(screens, &line, running);
    screens.heading("You press Ctrl-C while the IDs are read");
    let line = "intunectl partner disconnect -";
    let mut command = screens.surround(screens.home.sh(&format!("exec 2>&1\nexec {line}")));
    let mut running = Running::with(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
    let mut stdin = running.stdin();
    // More than a pipe holds: after it is written, it is being read.
    stdin.write_all(format!("{TEAMVIEWER}\n").repeat(10_000).as_bytes()).unwrap();
    running.signal("INT");
    end(screens, line, running);
}

fn show_lost_output(screens: &mut Screens) {
    screens.heading("The disk is full");
    let server = Server::always(done);
    screens.serve(&server);
    screens.sh(&format!("intunectl partner disconnect {TEAMVIEWER} > /dev/full"));
    screens.heading("Standard output is not read, and you press Ctrl-C twice");
    // As JSON, each of these characters takes six bytes: more than a pipe holds.
    let message = "\u{9b}".repeat(30_000);
    let server = Server::always(move || {
        Reply::status(400).body(format!(r#"{{"error":{{"code":"BadRequest","message":"{message}"}}}}"#))
    });
    screens.serve(&server);
    let line = format!("intunectl partner disconnect {TEAMVIEWER} -o ndjson");
    let (running, mut stdout) = start_read(&mut words(screens, &line));
    stdout.read_exact(&mut [0]).unwrap();
    running.signal("INT");
    running.wait_for_stderr("Interrupt again");
    running.signal("INT");
    let seen = running.end();
    screens.show(&format!("{line} | less"), &seen.stderr, seen.code);
}
