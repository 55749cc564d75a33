//! How errors, warnings, hints and notes fit a terminal: between words, below the label; commands and addresses stay
//! whole. For programs, every message is one line.

use std::process::Command;

use crate::support::jwt;
use crate::support::server::{Reply, Server};
use crate::support::terminal::{ALL, Streams, Terminal, assert_shown, widths};
use crate::support::{Intunectl, run};

const ERROR: &str = r#"{"error":{"code":"NotAuthorized","message":"Application is not authorized to perform this operation. See https://learn.microsoft.example/graph/remote-assistance-permissions for the permissions.","innerError":{"request-id":"3d2b1a90-6c5e-4f78-8a9b-0c1d2e3f4a5b"}}}"#;

/// Commands with long messages of every kind.
fn commands(home: &Intunectl, server: &Server) -> Vec<Command> {
    home.file("ids.txt", "a/b\nc d\n".repeat(6));
    let command = |arguments: &[&str], token: Option<String>| {
        let mut command = home.command();
        command.args(arguments).args(["--graph-url", server.root()]);
        command.envs(token.map(|token| ("INTUNECTL_TOKEN", token)));
        command
    };
    let other_tenant = || Some(jwt::jwt(&jwt::claims(3600)));
    vec![
        // A list in an error.
        command(&["partner", "disconnect", "-f", "ids.txt"], Some("opaque".to_owned())),
        // A hint with a command.
        command(&["partner", "list", "--tenant", "99999999-2222-3333-4444-555555555555"], other_tenant()),
        // An error with an address, and a hint.
        command(&["partner", "list"], other_tenant()),
        // An error for each partner, a note and a hint.
        command(&["partner", "disconnect", "-y", "-j1", "-o", "id", "a", "b"], other_tenant()),
        // No token.
        command(&["partner", "list"], None),
    ]
}

fn service() -> Server {
    Server::always(|| Reply::status(403).body(ERROR))
}

/// A text without white space.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn messages_fit_the_terminal_and_lose_no_words() {
    let (home, server) = (Intunectl::new(), service());
    for columns in [80, 40] {
        for mut command in commands(&home, &server) {
            let piped = run(&mut command);
            let seen = Terminal::start(&command, ALL, columns).end();
            assert_eq!(seen.code, piped.code);
            // The duration of the run differs.
            let text = |text: &str| squeezed(text).replace(|c: char| c.is_ascii_digit(), "0");
            let text_of_piped = text(&(piped.stdout + &piped.stderr));
            assert_eq!(text(&seen.stderr), text_of_piped, "{command:?}");
            for line in seen.stderr.lines().filter(|line| widths(line).into_iter().any(|width| width > columns.into()))
            {
                let is_command = line.starts_with("  intunectl ");
                let is_one_word = !line.trim().contains(' ');
                assert!(is_command || is_one_word, "{line:?} in {columns} columns: {}", seen.stderr);
            }
        }
    }
}

#[test]
fn further_lines_begin_below_the_text_and_lists_and_commands_keep_their_lines() {
    let server = service();
    let home = Intunectl::new();
    let mut command = home.partner("list", server.root());
    let shown = |command: &Command, columns| Terminal::start(command, ALL, columns).end().stderr;
    let expected = "\
error: cannot list the partners: 403 NotAuthorized: Application is not
       authorized to perform this operation. See
       https://learn.microsoft.example/graph/remote-assistance-permissions for
       the permissions. (request ID 3d2b1a90-6c5e-4f78-8a9b-0c1d2e3f4a5b)
";
    let screen = shown(&command, 80);
    assert!(screen.starts_with(expected), "{screen}");
    // `COLUMNS` overrides the width of the terminal.
    let narrow = shown(&command, 40);
    assert!(narrow.starts_with("error: cannot list the partners: 403\n       NotAuthorized: "), "{narrow}");
    assert_shown(&shown(command.env("COLUMNS", "40"), 80), &narrow, 80);
    assert_shown(&shown(command.env("COLUMNS", "80"), 40), &screen, 40);

    let mut commands = commands(&home, &server);
    let list = shown(&commands.remove(0), 40);
    assert!(list.lines().filter(|line| line.starts_with("  ids.txt:")).count() >= 10, "{list}");
    let hint = shown(&commands.remove(0), 80);
    let login = "\n  intunectl auth login --profile NAME --tenant 99999999-2222-3333-4444-555555555555\n";
    assert!(cfg!(windows) || hint.ends_with(login), "{hint}");
}

#[test]
fn for_programs_a_message_is_one_line() {
    let server = service();
    let home = Intunectl::new();
    let mut command = home.partner("list", server.root());
    let seen = run(command.env("COLUMNS", "40"));
    assert_eq!(seen.stderr.lines().count(), 2, "{seen:?}");
    let streams = Streams { stderr: false, ..ALL };
    assert_eq!(Terminal::start(&command, streams, 40).end().stderr, seen.stderr);
}
