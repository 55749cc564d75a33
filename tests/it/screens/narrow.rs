//! Typical messages at terminals of 80 and 40 columns.
#![cfg(target_os = "linux")]

use super::Screens;
use super::list_and_show::{CONTOSO, MISSING, TEAMVIEWER, forbidden, not_found, words};
use crate::support::jwt::{claims, good, jwt};
use crate::support::server::{Reply, Server};
use crate::support::terminal::{ALL, Terminal};

/// Shows everything that a command writes to a terminal of this width.
fn on(screens: &mut Screens, columns: u16, line: &str) {
    let mut command = words(screens, line);
    command.env("NO_COLOR", "1");
    let seen = Terminal::start(&command, ALL, columns).end();
    screens.show(line, &seen.stderr, seen.code);
}

#[test]
fn narrow() {
    let mut screens = Screens::new("16-narrow");
    let server = Server::start(|request, _| match request.id() {
        MISSING => not_found(),
        _ if request.is_post() => Reply::done(),
        id if id == CONTOSO => forbidden(),
        id => Reply::partner(id, "onboarded"),
    });
    screens.serve(&server);
    screens.home.file("ids.txt", format!("{TEAMVIEWER}\nteam viewer\nTeamViewer/1\n"));
    screens.home.file("audit.csv", "id,index,action,status\na,1,disconnect,disconnected\n");
    for columns in [80, 40] {
        screens.heading(&format!("Messages at a terminal of {columns} columns: invalid IDs in a file"));
        screens.set("INTUNECTL_TOKEN", &good());
        on(&mut screens, columns, "intunectl partner disconnect -f ids.txt");
        screens.heading("A partner that does not exist, and one that the account may not read");
        on(&mut screens, columns, &format!("intunectl partner disconnect -y -j 1 {TEAMVIEWER} {MISSING}"));
        on(&mut screens, columns, &format!("intunectl partner show {CONTOSO}"));
        screens.heading("A CSV file is not a file to resume from");
        on(&mut screens, columns, &format!("intunectl partner disconnect {TEAMVIEWER} -y --resume audit.csv"));
        screens.heading("The token is for another tenant, is expired, or is missing");
        on(&mut screens, columns, "intunectl partner list --tenant 99999999-2222-3333-4444-555555555555");
        screens.set("INTUNECTL_TOKEN", &jwt(&claims(-(2 * 3600 + 5 * 60 + 30))));
        on(&mut screens, columns, "intunectl partner list");
        screens.unset("INTUNECTL_TOKEN");
        on(&mut screens, columns, "intunectl partner list");
        screens.heading("The Graph server cannot be reached");
        screens.set("INTUNECTL_TOKEN", &good());
        on(&mut screens, columns, "intunectl partner list --graph-url http://127.0.0.1:9 --retries 0");
    }
    screens.check();
}
