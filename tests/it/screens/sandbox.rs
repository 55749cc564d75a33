//! `intunectl sandbox`.
#![cfg(target_os = "linux")]

use std::net::TcpListener;

use super::Screens;
use super::progress::steady;
use crate::support::helper::link_program;
use crate::support::run;
use crate::support::terminal::{ALL, Terminal};

#[test]
fn sandbox() {
    let mut screens = Screens::new("15-sandbox");
    serving(&mut screens);
    screens.heading("Running one command in the sandbox");
    screens.sh("intunectl sandbox -- intunectl partner list");
    screens.heading("Running several commands in the sandbox");
    screens.sh(
        "intunectl sandbox -- sh -c 'intunectl partner list -o id | intunectl partner disconnect -j 1 -; intunectl partner list'",
    );
    screens.heading("The exit code is that of the command");
    screens.sh("intunectl sandbox -- sh -c 'exit 3'");
    screens.heading("Trying out failures");
    let line = "intunectl sandbox --fail 5a4d0b0c-0002-4000-8000-000000000002=403 -- intunectl partner disconnect -j 1 \
                5a4d0b0c-0002-4000-8000-000000000001 5a4d0b0c-0002-4000-8000-000000000002";
    let seen = run(screens.command().args(line.split(' ').skip(1)));
    screens.show(line, &steady(&(seen.stdout + &seen.stderr)), seen.code);
    screens.heading("A command in the sandbox cannot reach a real tenant");
    screens.sh("intunectl sandbox -- intunectl partner list --graph-url https://graph.microsoft.com");
    wrong_options(&mut screens);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("--port {}", listener.local_addr().unwrap().port());
    screens.heading("The port is in use");
    screens.mask(&port, "--port 8080");
    screens.sh(&format!("intunectl sandbox {port}"));
    screens.heading("The command cannot be run");
    screens.sh("intunectl sandbox -- 'intunectl partner list | wc -l'");
    screens.heading("The path of intunectl contains a colon");
    let directory = screens.home.home().join("tools:new");
    std::fs::create_dir(&directory).unwrap();
    link_program(screens.home.command().get_program().as_ref(), &directory, "intunectl");
    screens.sh("tools:new/intunectl sandbox -- intunectl partner list");
    screens.check();
}

/// Without a command.
fn serving(screens: &mut Screens) {
    screens.heading("Starting the sandbox, and stopping it with Ctrl-C");
    let mut command = screens.command();
    let terminal = Terminal::start(command.arg("sandbox").env("NO_COLOR", "1"), ALL, 80);
    let shown = terminal.wait_for("press Ctrl-C\r\n");
    terminal.ctrl_c();
    let seen = terminal.end();
    let (_, token) = shown.split_once("INTUNECTL_TOKEN='").unwrap();
    screens.mask(token.split('\'').next().unwrap(), "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0…");
    screens.show("intunectl sandbox", &seen.stderr, seen.code);
}

fn wrong_options(screens: &mut Screens) {
    screens.heading("Options with an invalid value");
    for options in [
        "--partners ten",
        "--latency 300",
        "--throttle 100",
        "--throttle 0/20s",
        "--throttle 100/0s",
        "--fail 5a4d0b0c-0002-4000-8000-000000000001",
        "--fail 5a4d0b0c-0002-4000-8000-000000000001=204",
        "--token-lifetime 500ms",
        "--port 70000",
    ] {
        screens.sh(&format!("intunectl sandbox {options}"));
    }
    screens.heading("The `--` before the command is missing");
    screens.sh("intunectl sandbox intunectl partner list");
}
