//! The output on a Windows console: colours, the progress line, and characters that its code page lacks. (The consoles
//! of the tests have code page 437, as in the Americas.)

use std::fs::File;
use std::process::Command;

use crate::support::server::{Reply, Server};
use crate::support::terminal::{ALL, Streams, Terminal};
use crate::support::{Intunectl, ids, run};

/// In two scripts; only UTF-8 has both of them.
const NAME: &str = "日本リモート é";

/// A service with one partner, which has this name.
fn service() -> Server {
    Server::start(|request, _| {
        let partner = format!(r#"{{"id":"a","displayName":"{NAME}","onboardingStatus":"onboarded"}}"#);
        match (request.is_post(), request.path.ends_with("/a")) {
            (true, _) => Reply::status(404).body(format!(r#"{{"error":{{"code":"NotFound","message":"{NAME}"}}}}"#)),
            (false, true) => Reply::status(200).body(partner),
            (false, false) => Reply::status(200).body(format!(r#"{{"value":[{partner}]}}"#)),
        }
    })
}

/// A command without TERM, as users run it.
fn as_users_do(command: &mut Command) -> &Command {
    command.env_remove("TERM")
}

#[test]
fn results_and_messages_are_coloured_without_visible_escape_sequences() {
    let server = Server::start(|request, _| if request.id() == "b" { Reply::not_found() } else { Reply::done() });
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    let terminal = Terminal::start(as_users_do(command.args(["a", "b", "-y", "-j1"])), ALL, 100);
    terminal.wait_for("2 partners: 1 disconnected, 1 failed");
    assert!(terminal.understands_escapes());
    for word in ["disconnected", "failed"] {
        assert!(terminal.is_coloured(word, ""), "{word}: {}", terminal.screen());
    }
    let seen = terminal.end();
    assert!(!seen.stderr.contains(['\u{1b}', '←']) && seen.code == Some(1), "{seen:?}");

    let terminal = Terminal::start(as_users_do(home.command().args(["partner", "list"])), ALL, 100);
    terminal.wait_for("hint: ");
    assert!(terminal.is_coloured("error:", "") && terminal.is_coloured("hint:", ""), "{}", terminal.screen());
    let seen = terminal.end();
    assert!(!seen.stderr.contains(['\u{1b}', '←']) && seen.code == Some(4), "{seen:?}");
}

/// The library of `.ci/windows` simulates Windows before 10.
#[test]
fn a_console_without_escape_sequences_gets_plain_text_and_no_progress_line() {
    let server = Server::start(|_, _| Reply::done());
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    command.args(ids(3)).args(["-y", "-j1", "--color", "always"]).env("INTUNECTL_TEST_OLD_CONSOLE", "1");
    let terminal = Terminal::start(as_users_do(&mut command), ALL, 100);
    terminal.wait_for("3 partners: 3 disconnected");
    assert!(!terminal.understands_escapes() && terminal.is_plain(), "{}", terminal.screen());
    let seen = terminal.end();
    assert!(!seen.stderr.contains(['\u{1b}', '←']) && !seen.stderr.contains("/3") && seen.code == Some(0), "{seen:?}");
}

#[test]
fn plain_output_does_not_change_the_mode_of_the_console() {
    let home = Intunectl::new();
    for (arguments, variables) in
        [(&["--color", "never"][..], &[][..]), (&[], &[("NO_COLOR", "1")]), (&[], &[("TERM", "dumb")])]
    {
        let mut command = home.command();
        as_users_do(command.args(["partner", "list"]).args(arguments));
        let terminal = Terminal::start(command.envs(variables.iter().copied()), ALL, 100);
        terminal.wait_for("hint: ");
        assert!(terminal.is_plain() && !terminal.understands_escapes(), "{}", terminal.screen());
        assert_eq!(terminal.end().code, Some(4));
    }
}

#[test]
fn standard_error_is_coloured_even_if_standard_output_is_a_file() {
    let (server, gate) = Server::gated(|_, n| n >= 19, |_, _| Reply::done());
    let home = Intunectl::new();
    let results = home.home().join("results");
    let mut command = home.disconnect(server.root());
    command.args(ids(20)).args(["-y", "-j1", "-v"]);
    let terminal = Terminal::start_with_output(as_users_do(&mut command), File::create(&results).unwrap(), 120);
    terminal.wait_for("19/20");
    // Trace lines are dim.
    assert!(terminal.is_coloured("p-0001: attempt 1: ", ""), "{}", terminal.screen());
    assert!(terminal.understands_escapes());
    gate.open();
    let seen = terminal.end();
    assert!(!seen.stderr.contains(['\u{1b}', '←']) && seen.code == Some(0), "{seen:?}");
    assert!(!seen.stderr.contains("/20"), "{seen:?}");
    let results = std::fs::read_to_string(results).unwrap();
    assert_eq!(results.lines().count(), 20);
    assert!(!results.contains('\u{1b}'), "{results}");
}

#[test]
fn characters_that_the_code_page_lacks_are_shown() {
    let server = service();
    let home = Intunectl::new();
    // On standard output and standard error.
    let mut command = home.command();
    let terminal = Terminal::start(as_users_do(command.args(["auth", "status", "--profile", NAME])), ALL, 120);
    let screen = terminal.end().stderr;
    assert!(screen.contains(&format!("profile '{NAME}'\n")), "{screen}");
    assert!(screen.contains(&format!("error: no access token: not signed in (profile '{NAME}')\n")), "{screen}");
    // In the prompt, and in a result after it.
    let mut command = home.disconnect(server.root());
    let terminal = Terminal::start(as_users_do(command.arg("a")), ALL, 120);
    let screen = terminal.wait_for("[y/N] ");
    assert!(screen.contains(&format!("a   {NAME}  onboarded\n")), "{screen}");
    terminal.keys("y\n");
    let screen = terminal.end().stderr;
    assert!(screen.contains(&format!("404 NotFound: {NAME}")), "{screen}");
}

#[test]
fn json_is_readable_on_a_console_and_ascii_in_a_pipe() {
    let server = service();
    let home = Intunectl::new();
    for format in ["text", "json", "ndjson"] {
        let mut command = home.partner("list", server.root());
        command.args(["-o", format]);
        let screen = Terminal::start(as_users_do(&mut command), ALL, 200).end().stderr;
        assert!(screen.contains(NAME), "{format}: {screen}");
        // Also if standard error is not the console.
        let streams = Streams { stderr: false, ..ALL };
        let (_, screen) = Terminal::start(&command, streams, 200).end_with_screen();
        assert!(screen.contains(NAME), "{format}: {screen}");
        let seen = run(&mut command);
        assert_eq!(seen.stdout.contains(r"\u65e5\u672c\u30ea"), format.ends_with("json"), "{format}: {seen:?}");
        assert_eq!(seen.stdout.contains(NAME), !format.ends_with("json"), "{format}: {seen:?}");
    }
}
