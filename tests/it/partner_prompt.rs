//! The confirmation prompt, on a real terminal.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::support::server::{Gate, Reply, Request, Server};
use crate::support::terminal::{ALL, BUT_STDOUT, END_OF_INPUT, Streams, Terminal, widths};
use crate::support::{Intunectl, Seen, TOKEN, ids, jwt, run};

// Needs Linux's list of locks, and setsid.
#[cfg(target_os = "linux")]
mod jobs;
#[cfg(windows)]
mod mintty;

const QUESTION: &str = "[y/N]";

/// A service in which every partner can be read and disconnected.
fn service() -> Server {
    Server::start(all_can_be_disconnected)
}

/// The same service. Reads are not answered before the gate is open.
fn gated_service() -> (Server, Gate) {
    Server::gated(|request, _| !request.is_write(), all_can_be_disconnected)
}

fn all_can_be_disconnected(request: &Request, _: usize) -> Reply {
    if request.is_write() { Reply::done() } else { Reply::partner(request.id(), "onboarded") }
}

/// Answers the prompt with these keys, and waits for the end.
fn answer(command: &Command, keys: &[u8]) -> Seen {
    let terminal = Terminal::start(command, BUT_STDOUT, 80);
    terminal.wait_for(QUESTION);
    terminal.keys(keys);
    terminal.end()
}

/// Asserts that the prompt was declined, that the command reports it, and that only reads were sent.
#[track_caller]
fn assert_declined(seen: &Seen, server: &Server) {
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(1)), "{seen:?}");
    assert!(seen.stderr.contains("nothing was sent"), "{seen:?}");
    server.assert_only_read();
}

#[test]
fn y_and_yes_confirm_in_any_case() {
    for keys in ["y\n", "Y\n", "yes\n", "YES\n", "Yes\n", " y \n"] {
        for (verb, method, status) in [
            ("disconnect", "POST", "disconnected"),
            ("onboard", "POST", "onboarding_started"),
            ("delete", "DELETE", "deleted"),
        ] {
            let server = service();
            let home = Intunectl::new();
            let mut command = home.partner(verb, server.root());
            let seen = answer(command.args(["a", "b", "-o", "ndjson"]), keys.as_bytes());
            assert_eq!((seen.with_status(status), seen.code), (vec!["a".into(), "b".into()], Some(0)), "{keys:?}");
            assert!(!seen.stderr.contains("nothing was sent"), "{seen:?}");
            // The prompt's reads come before the first change. After an onboarding, the partner is read again.
            let methods: Vec<_> = server.requests().into_iter().map(|request| request.method).collect();
            assert_eq!(methods[..3], ["GET", "GET", method]);
            let reads = if verb == "onboard" { 4 } else { 2 };
            assert_eq!((server.ids_of(method).len(), server.ids_of("GET").len()), (2, reads), "{methods:?}");
        }
    }
}

#[test]
fn any_other_answer_declines() {
    let noes: [&[u8]; 13] = [
        b"\n",
        b"n\n",
        b"N\n",
        b"no\n",
        b"x\n",
        b"yy\n",
        b"yes please\n",
        b"y n\n",
        b"1\n",
        "はい\n".as_bytes(),
        b"\xff\xfe\n",
        b"\x1b[A\n",
        END_OF_INPUT.as_bytes(),
    ];
    for keys in noes {
        let server = service();
        let home = Intunectl::new();
        let seen = answer(home.disconnect(server.root()).args(["a", "b", "-o", "ndjson"]), keys);
        assert_declined(&seen, &server);
        // The shell's next prompt starts on a new line.
        assert!(seen.stderr.ends_with('\n'), "{keys:?}: {seen:?}");
    }
}

/// Asserts that there was no prompt, that no partner was read, and that both were disconnected.
#[track_caller]
fn assert_not_asked(screen: &str, server: &Server) {
    assert!(!screen.contains(QUESTION), "{screen}");
    assert_eq!((server.ids_of("GET").len(), server.done()), (0, vec!["a".to_owned(), "b".to_owned()]), "{screen}");
}

#[test]
fn the_prompt_is_on_the_terminal_even_if_standard_streams_are_redirected() {
    for bits in 0..8 {
        let streams = Streams { stdin: bits & 1 != 0, stdout: bits & 2 != 0, stderr: bits & 4 != 0 };
        for (keys, code) in [("n\n", 1), ("y\n", 0)] {
            let server = service();
            let home = Intunectl::new();
            let terminal = Terminal::start(home.disconnect(server.root()).args(["a", "b", "-q"]), streams, 80);
            // On Windows, a process may have a console that nobody sees: at least one stream must lead to it.
            if cfg!(windows) && bits == 0 {
                let (seen, screen) = terminal.end_with_screen();
                assert_eq!((seen.code, screen.as_str()), (Some(0), ""), "{seen:?}");
                assert_not_asked(&seen.stderr, &server);
                continue;
            }
            terminal.wait_for(QUESTION);
            server.assert_only_read();
            terminal.keys(keys);
            let (seen, screen) = terminal.end_with_screen();
            assert_eq!(seen.code, Some(code), "{streams:?}: {seen:?} {screen}");
            assert!(screen.contains("Name of b") && !seen.stdout.contains("Name of"), "{streams:?}: {seen:?} {screen}");
            let said = if code == 1 { "nothing was sent\n" } else { "" };
            assert_eq!(seen.stderr, if streams.stderr { "" } else { said }, "{streams:?}");
            // The terminal shows the result of the answer.
            assert_eq!(screen.matches("nothing was sent").count(), usize::from(code == 1), "{streams:?}: {screen}");
            if code == 1 {
                server.assert_only_read();
            } else {
                assert_eq!(server.done(), ["a", "b"], "{streams:?}");
            }
        }
    }
}

#[test]
fn in_ci_there_is_no_prompt() {
    for (value, is_asked) in [("true", false), ("1", false), ("false", true), ("FALSE", true), ("", true)] {
        let server = service();
        let home = Intunectl::new();
        let terminal = Terminal::start(home.disconnect(server.root()).args(["a", "b"]).env("CI", value), ALL, 80);
        if is_asked {
            terminal.wait_for(QUESTION);
            terminal.keys("n\n");
            assert_declined(&terminal.end(), &server);
        } else {
            let seen = terminal.end();
            assert_eq!(seen.code, Some(0), "CI={value}: {seen:?}");
            assert_not_asked(&seen.stderr, &server);
        }
    }
}

#[test]
fn keys_that_were_typed_before_the_prompt_do_not_answer_it() {
    // A complete answer, and one without Enter.
    for (before, after) in [("y\n", "\n"), ("y", "\n")] {
        let (server, gate) = gated_service();
        let home = Intunectl::new();
        let terminal = Terminal::start(home.disconnect(server.root()).arg("a"), BUT_STDOUT, 80);
        server.wait_for(1);
        terminal.keys(before);
        // A terminal has echoed the keys when they can be read. A console echoes them when they are read.
        if cfg!(unix) {
            terminal.wait_for(&before.replace('\n', "\r\n"));
        }
        gate.open();
        terminal.wait_for(QUESTION);
        terminal.keys(after);
        assert_declined(&terminal.end(), &server);
    }
}

#[test]
fn piped_input_does_not_answer_the_prompt() {
    let server = service();
    let home = Intunectl::new();
    let terminal =
        Terminal::start_with_input(home.disconnect(server.root()).args(["a", "b"]), &"y\n".repeat(100), ALL, 80);
    terminal.wait_for(QUESTION);
    terminal.keys("n\n");
    assert_declined(&terminal.end(), &server);

    let home = Intunectl::new();
    let terminal = Terminal::start_with_input(home.disconnect(server.root()).arg("-"), "a\ny\n", ALL, 80);
    terminal.wait_for(QUESTION);
    terminal.keys("n\n");
    let seen = terminal.end();
    assert!(seen.stderr.contains("Disconnect 2 partners"), "{seen:?}");
    assert_declined(&seen, &server);
}

#[cfg(unix)]
#[test]
fn a_prompt_on_another_terminal_does_not_wait() {
    let server = service();
    let home = Intunectl::new();
    let terminals = ["a", "b"].map(|id| {
        let terminal = Terminal::start(home.disconnect(server.root()).arg(id), ALL, 80);
        terminal.wait_for(QUESTION);
        terminal
    });
    for terminal in terminals {
        terminal.keys("n\n");
        assert_declined(&terminal.end(), &server);
    }
}

/// On Windows, intunectl cannot find out whether two prompts share a console.
#[cfg(windows)]
#[test]
fn a_second_prompt_reports_that_it_waits_for_the_first() {
    for is_killed in [false, true] {
        let server = service();
        let home = Intunectl::new();
        let first = Terminal::start(home.disconnect(server.root()).arg("a"), ALL, 80);
        first.wait_for(QUESTION);
        let second = Terminal::start(home.disconnect(server.root()).arg("b"), ALL, 80);
        second.wait_for("waiting for the answer to another intunectl prompt\n");
        // The second one has not read its partner.
        assert_eq!(server.requests().len(), 1);
        if is_killed {
            drop(first);
        } else {
            first.keys("n\n");
            assert_eq!(first.end().code, Some(1));
        }
        second.wait_for(QUESTION);
        second.keys("n\n");
        assert_declined(&second.end(), &server);
    }
}

#[test]
fn layout_and_colours_of_the_prompt_suit_the_terminal_not_standard_error() {
    let server = service();
    let home = Intunectl::new();
    const STDERR_IN_A_PIPE: Streams = Streams { stderr: false, ..ALL };
    let shown = |arguments: &[&str], variables: &[(&str, &str)], columns| {
        let mut command = home.disconnect(server.root());
        command.arg("5a4d0b0c-0002-4000-8000-000000000001").args(arguments).envs(variables.iter().copied());
        let terminal = Terminal::start(&command, STDERR_IN_A_PIPE, columns);
        terminal.wait_for(QUESTION);
        let is_green = terminal.is_coloured("onboarded", "\u{1b}[32m");
        assert!(is_green != terminal.is_plain(), "{}", terminal.screen());
        terminal.keys("n\n");
        let (seen, screen) = terminal.end_with_screen();
        assert_eq!((seen.stderr.as_str(), seen.code), ("nothing was sent\n", Some(1)), "{screen}");
        (screen, is_green)
    };
    let in_columns = "ID                                    NAME";
    let in_blocks = "5a4d0b0c-0002-4000-8000-000000000001\n  name:";
    assert!(shown(&[], &[], 110).0.contains(in_columns));
    assert!(shown(&[], &[], 40).0.contains(in_blocks));
    let xterm = ("TERM", "xterm");
    for (arguments, variables, is_green) in [
        (&[][..], &[xterm][..], true),
        (&["--color", "always"], &[], true),
        (&[], &[], false),
        (&["--color", "never"], &[xterm], false),
        (&[], &[xterm, ("NO_COLOR", "1")], false),
    ] {
        let (screen, seen) = shown(arguments, variables, 110);
        assert_eq!(seen, is_green, "{arguments:?} {variables:?}: {screen:?}");
        assert!(!is_green || cfg!(windows) || screen.contains("\u{1b}[32monboarded\u{1b}[0m"), "{screen:?}");
        assert!(is_green || !screen.contains('\u{1b}'), "{screen:?}");
    }
}

#[test]
fn the_prompt_shows_the_tenant_and_the_id_name_and_status_of_each_partner() {
    let server = Server::start(|request, _| match request.id() {
        "a" => Reply::partner("a", "onboarded"),
        "b" => Reply::partner("b", "someNewStatus"),
        _ => Reply::status(200).body(r#"{"id":"c"}"#),
    });
    let token = jwt::good();
    for (verb, words) in [("disconnect", "isconnect"), ("onboard", "nboard"), ("delete", "elete")] {
        let home = Intunectl::new();
        let mut command = home.partner(verb, server.root());
        command.args(["a", "b", "c"]).env("INTUNECTL_TOKEN", &token);
        let seen = answer(&command, b"n\n");
        assert_declined(&seen, &server);
        let shown = seen.stderr.split(QUESTION).next().unwrap();
        for part in [jwt::TENANT, jwt::ACCOUNT, "3 partners", words] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let row = |id: &str| {
            let line = shown.lines().find(|line| line.split_whitespace().next() == Some(id));
            line.unwrap_or_else(|| panic!("{id} is not shown: {shown}"))
        };
        assert!(row("a").contains("Name of a") && row("a").contains("onboarded"), "{shown}");
        assert!(row("b").contains("Name of b") && row("b").contains("someNewStatus"), "{shown}");
        row("c");
        assert!(!seen.stderr.contains(&token), "the token was shown");
    }
}

#[test]
fn the_first_20_partners_are_shown_and_the_others_counted() {
    for (count, more) in
        [(20, None), (21, Some("… and 1 more\n")), (25, Some("… and 5 more\n")), (1020, Some("… and 1000 more\n"))]
    {
        let server = service();
        let home = Intunectl::new();
        let list = home.file("ids.txt", ids(count).join("\n"));
        let seen = answer(home.disconnect(server.root()).arg("-f").arg(list), b"n\n");
        assert_declined(&seen, &server);
        let mut read = server.ids_of("GET");
        read.sort();
        assert_eq!(read, ids(20));
        let shown = seen.stderr.split(QUESTION).next().unwrap();
        let rows: Vec<_> = shown.lines().filter_map(|line| line.split_whitespace().next()).collect();
        let rows: Vec<_> = rows.into_iter().filter(|id| id.starts_with("p-")).collect();
        assert_eq!(rows, ids(20), "in the order of the input");
        assert!(shown.contains(&format!("{count} partners")), "{shown}");
        assert_eq!(
            shown.split_once('…').map(|(_, rest)| format!("…{}\n", rest.lines().next().unwrap())).as_deref(),
            more
        );
    }
}

#[test]
fn the_question_repeats_the_number_of_partners_and_the_tenant() {
    let server = service();
    let home = Intunectl::new();
    for (verb, question) in [
        ("disconnect", "There is no undo.\nDisconnect "),
        ("onboard", "\nOnboard "),
        ("delete", "There is no undo.\nDelete "),
    ] {
        for (count, partners) in [(1, "1 partner"), (25, "25 partners")] {
            let tenant = format!("tenant {}", jwt::TENANT);
            for (token, whose) in [(jwt::good(), tenant.as_str()), (TOKEN.to_owned(), "an unknown tenant")] {
                let mut command = home.partner(verb, server.root());
                let seen = answer(command.args(ids(count)).env("INTUNECTL_TOKEN", token), b"n\n");
                assert_declined(&seen, &server);
                let shown = seen.stderr.split(QUESTION).next().unwrap();
                assert!(shown.ends_with(&format!("{question}{partners} in {whose}? ")), "{shown}");
                // The terminal has 24 lines, and the cursor is on the last one. A long table pushes the heading off.
                let above = shown.lines().count().saturating_sub(24);
                let heading = shown.lines().position(|line| line.starts_with("This ")).unwrap();
                assert_eq!(heading < above, count == 25, "{shown}");
                assert!(shown.lines().last().unwrap().len() + QUESTION.len() < 80, "{shown}");
            }
        }
    }
}

#[test]
fn in_a_narrow_window_the_prompt_is_wrapped_between_words() {
    let server = service();
    let home = Intunectl::new();
    for (verb, present, imperative, warning) in [
        ("disconnect", "disconnects", "Disconnect", "There is no undo.\n"),
        ("onboard", "onboards", "Onboard", ""),
        ("delete", "deletes", "Delete", "There is no undo.\n"),
    ] {
        let mut command = home.partner(verb, server.root());
        command.args(["a", "b", "c"]).env("INTUNECTL_TOKEN", jwt::good());
        let terminal = Terminal::start(&command, BUT_STDOUT, 40);
        terminal.wait_for(QUESTION);
        terminal.keys("n\n");
        let seen = terminal.end();
        assert_declined(&seen, &server);
        let tenant = jwt::TENANT;
        let heading = format!("This {present} 3 partners in tenant\n{tenant}\nat ");
        let question = format!("\n\n{warning}{imperative} 3 partners in tenant\n{tenant}?\n{QUESTION} ");
        let shown = seen.stderr.split_inclusive(&format!("{QUESTION} ")).next().unwrap();
        assert!(shown.starts_with(&heading) && shown.ends_with(&question), "{shown}");
        assert!(widths(shown).into_iter().all(|width| width <= 40), "{shown}");
    }
}

#[test]
fn after_a_yes_partners_that_were_only_counted_are_disconnected_too() {
    let server = service();
    let home = Intunectl::new();
    let seen = answer(home.disconnect(server.root()).args(ids(25)).args(["-o", "ndjson"]), b"y\n");
    assert_eq!((seen.with_status("disconnected"), seen.code), (ids(25), Some(0)), "{seen:?}");
    assert_eq!(server.done(), ids(25));
    assert_eq!(server.requests().iter().position(Request::is_post), Some(20));
}

#[test]
fn the_prompt_for_one_partner_uses_the_singular() {
    let server = service();
    let home = Intunectl::new();
    let seen = answer(home.disconnect(server.root()).arg("a"), b"\n");
    assert!(seen.stderr.contains("1 partner ") && !seen.stderr.contains("partners"), "{seen:?}");
    assert_declined(&seen, &server);
}

#[test]
fn the_prompt_counts_a_repeated_id_once() {
    let server = service();
    let home = Intunectl::new();
    let seen = answer(home.disconnect(server.root()).args(["a", "b", "a"]), b"n\n");
    assert!(seen.stderr.contains("2 partners"), "{seen:?}");
    assert_eq!(server.ids_of("GET").len(), 2);
}

#[test]
fn ctrl_c_at_the_prompt_is_exit_130_and_nothing_is_sent() {
    let server = service();
    let home = Intunectl::new();
    for _ in 0..5 {
        let seen = answer(home.disconnect(server.root()).args(["a", "b", "-o", "ndjson"]), b"\x03");
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(130)), "{seen:?}");
        assert!(seen.stderr.ends_with("nothing was sent\n"), "{seen:?}");
    }
    // Also after something was typed.
    let seen = answer(home.disconnect(server.root()).arg("a"), b"y\x03");
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(130)), "{seen:?}");
    // If standard error leads elsewhere, both show the message.
    let terminal =
        Terminal::start(home.disconnect(server.root()).arg("a"), Streams { stderr: false, ..BUT_STDOUT }, 80);
    terminal.wait_for(QUESTION);
    terminal.ctrl_c();
    let (seen, screen) = terminal.end_with_screen();
    assert_eq!((seen.stderr.as_str(), seen.code), ("error: interrupted; nothing was sent\n", Some(130)), "{screen}");
    assert!(screen.ends_with("\ninterrupted; nothing was sent\n"), "{screen}");
    server.assert_only_read();
}

#[test]
fn sigterm_at_the_prompt_is_exit_143_and_nothing_is_sent() {
    let server = service();
    let home = Intunectl::new();
    let terminal = Terminal::start(home.disconnect(server.root()).arg("a"), BUT_STDOUT, 80);
    terminal.wait_for(QUESTION);
    terminal.terminate();
    let seen = terminal.end();
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(143)), "{seen:?}");
    server.assert_only_read();
}

#[test]
fn ctrl_c_while_partners_are_read_for_the_prompt_is_exit_130_at_once() {
    let server = Server::always(|| Reply::Stall(Vec::new()));
    let home = Intunectl::new();
    let terminal =
        Terminal::start(home.disconnect(server.root()).args(ids(30)).args(["--timeout", "10m"]), BUT_STDOUT, 80);
    server.wait_for(8);
    terminal.ctrl_c();
    let seen = terminal.end();
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(130)), "{seen:?}");
    assert!(!seen.stderr.contains(QUESTION) && seen.stderr.contains("nothing was sent"), "{seen:?}");
    server.assert_only_read();
}

#[test]
fn ctrl_c_while_the_reads_for_the_prompt_are_throttled_is_exit_130_at_once() {
    let server = Server::always(|| Reply::status(429).header("Retry-After", "300"));
    let home = Intunectl::new();
    let terminal = Terminal::start(home.disconnect(server.root()).args(["a", "-v"]), BUT_STDOUT, 80);
    terminal.wait_for("waiting 300.0 s because the service throttles requests");
    terminal.ctrl_c();
    let seen = terminal.end();
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(130)), "{seen:?}");
    server.assert_only_read();
}

#[test]
fn with_yes_there_is_no_prompt_and_no_partner_is_read() {
    for option in ["-y", "--yes"] {
        let server = service();
        let home = Intunectl::new();
        let seen = Terminal::start(home.disconnect(server.root()).args(["a", "b", option]), BUT_STDOUT, 80).end();
        assert_eq!(seen.code, Some(0), "{seen:?}");
        assert!(!seen.stderr.contains(QUESTION), "{seen:?}");
        assert_eq!((server.ids_of("GET").len(), server.done()), (0, vec!["a".into(), "b".into()]));
    }
}

#[test]
fn the_prompt_shows_which_partners_could_not_be_read() {
    let server = Server::start(|request, _| match (request.is_post(), request.id()) {
        (true, _) => Reply::done(),
        (_, "b") => Reply::status(404).body(r#"{"error":{"code":"ResourceNotFound","message":"no such partner"}}"#),
        (_, "c") => Reply::status(403).body(r#"{"error":{"code":"Forbidden","message":"no"}}"#),
        (_, "d") => Reply::status(200).body("<html>hotel</html>"),
        (_, "e") => Reply::status(200).body(r#"{"id":"a","displayName":"Another"}"#),
        (_, "f") => Reply::Close,
        (_, id) => Reply::partner(id, "onboarded"),
    });
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    command.args(["a", "b", "c", "d", "e", "f", "g", "--retries", "0", "-o", "id"]);
    let seen = answer(&command, b"y\n");
    let shown = seen.stderr.split(QUESTION).next().unwrap();
    let row = |id: &str| shown.lines().find(|line| line.split_whitespace().next() == Some(id)).unwrap();
    assert!(row("a").contains("onboarded") && row("g").contains("onboarded"), "{shown}");
    assert!(row("b").contains("404") && row("c").contains("403"), "{shown}");
    for id in ["b", "c", "d", "e", "f"] {
        assert!(row(id).contains("not read") && !row(id).contains("onboarded"), "{shown}");
    }
    assert!(!shown.contains("Another") && !shown.contains("hotel"), "{shown}");
    assert_eq!((server.done().len(), seen.stdout.lines().count(), seen.code), (7, 7, Some(0)), "{seen:?}");
}

#[test]
fn a_rejected_token_is_exit_4_without_a_prompt() {
    let server = Server::always(Reply::expired);
    let home = Intunectl::new();
    let seen = Terminal::start(home.disconnect(server.root()).args(ids(100)), BUT_STDOUT, 80).end();
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{seen:?}");
    assert!(seen.stderr.contains("401 InvalidAuthenticationToken") && seen.stderr.contains("hint: "), "{seen:?}");
    assert!(!seen.stderr.contains(QUESTION), "{seen:?}");
    assert!(server.ids().len() <= 8, "{:?}", server.ids());
    server.assert_only_read();
}

#[test]
fn control_characters_from_the_service_and_the_token_are_removed() {
    let name = r"\u001b[2J\u001b]0;title\u0007\r\nDisconnect nothing? [y/N] \u202egnp\u009b31m\u0000";
    let body = format!(r#"{{"id":"a","displayName":"{name}","onboardingStatus":"\u001b[8mhidden"}}"#);
    let server = Server::always(move || Reply::status(200).body(body.clone()));
    let token = jwt::but(&json!({"tid": "\u{1b}[2Jtenant\u{7}", "upn": "admin\u{1b}[8m\r@contoso"}));
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    command.arg("a").env("INTUNECTL_TOKEN", token);
    let terminal = Terminal::start(&command, BUT_STDOUT, 80);
    terminal.wait_for("There is no undo");
    terminal.keys("n\n");
    let seen = terminal.end();
    assert_declined(&seen, &server);
    assert!(!seen.stderr.contains(['\u{1b}', '\u{7}', '\0', '\r', '\u{9b}', '\u{202e}']), "{seen:?}");
    let row = seen.stderr.lines().find(|line| line.starts_with("a ")).unwrap();
    assert!(row.contains("title") && row.contains("Disconnect nothing?") && row.contains("hidden"), "{seen:?}");
}

#[test]
fn names_in_any_script_and_of_any_length_are_shown() {
    let server = Server::start(|request, _| {
        let name = match request.id() {
            "a" => "リモートサポート株式会社".to_owned(),
            "b" => "Ünïcødé 🛠️".to_owned(),
            _ => "長".repeat(5000),
        };
        let id = request.id();
        Reply::status(200).body(format!(r#"{{"id":"{id}","displayName":"{name}","onboardingStatus":"onboarded"}}"#))
    });
    let home = Intunectl::new();
    for columns in [80, 20] {
        let terminal = Terminal::start(home.disconnect(server.root()).args(["a", "b", "c"]), BUT_STDOUT, columns);
        terminal.wait_for(QUESTION);
        terminal.keys("n\n");
        let seen = terminal.end();
        assert_declined(&seen, &server);
        assert!(seen.stderr.contains("Ünïcødé"), "{seen:?}");
        let shown = if columns == 80 { "リモートサポート株式会社" } else { "リモートサポー…" };
        assert!(seen.stderr.contains(shown), "{seen:?}");
    }
}

#[test]
fn the_prompt_is_shown_with_quiet_and_in_every_format() {
    for arguments in [
        &["-q"][..],
        &["-q", "-o", "id"],
        &["-o", "json"],
        &["-o", "ndjson"],
        &["-o", "id"],
        &["--wait"],
        &["--fail-fast"],
    ] {
        let server = service();
        let home = Intunectl::new();
        let mut command = home.disconnect(server.root());
        let seen = answer(command.arg("partner-a").args(arguments), b"n\n");
        assert!(seen.stderr.contains("partner-a") && seen.stderr.contains("Name of partner-a"), "{seen:?}");
        assert_declined(&seen, &server);
    }
}

#[test]
fn with_all_streams_on_the_terminal_results_follow_the_answer() {
    let server = service();
    let home = Intunectl::new();
    let terminal = Terminal::start(home.disconnect(server.root()).args(["a", "b"]), ALL, 80);
    terminal.wait_for(QUESTION);
    terminal.keys("yes\n");
    let seen = terminal.end();
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let after = seen.stderr.split(QUESTION).nth(1).unwrap();
    for id in ["a", "b"] {
        let row = after.lines().find(|line| line.split_whitespace().any(|word| word == id));
        assert!(row.is_some_and(|row| row.contains("disconnected")), "{seen:?}");
    }
}

#[test]
fn the_prompt_leaves_out_ids_that_an_earlier_run_has_done() {
    let server = service();
    let home = Intunectl::new();
    let earlier = run(home.disconnect(server.root()).args(ids(30)).args(["-o", "ndjson", "-j1"]));
    let log: String = earlier.stdout.lines().take(27).map(|line| format!("{line}\n")).collect();
    let log = home.file("audit.ndjson", log);
    assert_eq!(server.done(), ids(30));

    let mut command = home.disconnect(server.root());
    command.args(ids(30)).args(["-o", "ndjson", "--resume"]).arg(&log);
    let seen = answer(&command, b"n\n");
    assert_eq!((seen.stdout.as_str(), seen.code, server.done().len()), ("", Some(1), 30), "{seen:?}");
    let mut read = server.ids_of("GET");
    read.sort();
    assert_eq!(read, ids(30)[27..]);
    assert!(seen.stderr.contains("3 partners") && seen.stderr.contains("27"), "{seen:?}");
    assert!(seen.stderr.contains("p-0028") && !seen.stderr.contains("p-0027"), "{seen:?}");

    let seen = answer(&command, b"y\n");
    assert_eq!((seen.with_status("disconnected"), seen.code), (ids(30)[27..].to_vec(), Some(0)), "{seen:?}");
    assert_eq!(seen.with_status("skipped"), ids(27));

    // If nothing is left to do, there is no prompt.
    let all = home.file("all.ndjson", &earlier.stdout);
    let before = server.requests().len();
    let seen =
        Terminal::start(home.disconnect(server.root()).args(ids(30)).arg("--resume").arg(all), BUT_STDOUT, 80).end();
    assert_eq!((seen.code, server.requests().len()), (Some(0), before), "{seen:?}");
    assert!(!seen.stderr.contains(QUESTION), "{seen:?}");
}

#[test]
fn ids_can_be_typed_before_the_prompt() {
    for arguments in [&["-"][..], &["-f", "-"]] {
        let server = service();
        let home = Intunectl::new();
        let terminal =
            Terminal::start(home.disconnect(server.root()).args(arguments).args(["-o", "id", "-j1"]), BUT_STDOUT, 80);
        terminal.keys("a\nb\n");
        terminal.end_input();
        terminal.wait_for(QUESTION);
        server.assert_only_read();
        terminal.keys("y\n");
        let seen = terminal.end();
        assert_eq!((seen.stdout.as_str(), seen.code), ("a\nb\n", Some(0)), "{seen:?}");
        assert!(seen.stderr.contains("2 partners"), "{seen:?}");
    }
}

#[test]
fn ctrl_c_while_ids_are_typed_is_exit_130() {
    let server = service();
    let home = Intunectl::new();
    let terminal = Terminal::start(home.disconnect(server.root()).arg("-"), BUT_STDOUT, 80);
    // A process that reads already listens for signals. A terminal cannot hold this many keys, so all are typed only
    // after the process has read some. A console can hold them, but does not echo them before they are read.
    terminal.keys("a\n".repeat(if cfg!(windows) { 1 } else { 200_000 }));
    terminal.wait_for("a\r\n");
    terminal.ctrl_c();
    let seen = terminal.end();
    assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(130), 0), "{}", seen.stderr.len());
}

#[test]
fn without_ids_at_a_terminal_there_are_examples_and_no_wait() {
    let server = service();
    let home = Intunectl::new();
    for verb in ["disconnect", "onboard", "delete"] {
        let seen = Terminal::start(&home.partner(verb, server.root()), BUT_STDOUT, 80).end();
        assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(2), 0), "{seen:?}");
        assert!(seen.stderr.contains(&format!("\n  intunectl partner {verb} ")), "{seen:?}");
    }
}

#[test]
fn at_most_eight_partners_are_read_at_once_for_the_prompt() {
    let (server, gate) = Server::gated(|_, _| true, |request, _| Reply::partner(request.id(), "onboarded"));
    let home = Intunectl::new();
    let terminal = Terminal::start(home.disconnect(server.root()).args(ids(20)), BUT_STDOUT, 80);
    server.wait_for(8);
    gate.open();
    terminal.wait_for(QUESTION);
    terminal.keys("n\n");
    assert_declined(&terminal.end(), &server);
    assert_eq!(server.most_at_once(), 8);
}

#[test]
fn a_pause_by_the_service_ends_before_the_prompt() {
    let server = Server::start(|request, n| match n {
        0 => Reply::status(429).header("Retry-After", "1"),
        _ if request.is_post() => Reply::done(),
        _ => Reply::partner(request.id(), "onboarded"),
    });
    let home = Intunectl::new();
    let seen = answer(home.disconnect(server.root()).args(["a", "-o", "id"]), b"y\n");
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\n", Some(0)), "{seen:?}");
    assert!(server.gaps()[0] >= Duration::from_secs(1), "{:?}", server.gaps());
    assert!(seen.stderr.contains("Name of a"), "{seen:?}");
}
