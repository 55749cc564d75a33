//! `--allow-empty`: no IDs are no error.

use crate::support::server::{Reply, Server};
use crate::support::terminal::{BUT_STDOUT, Terminal};
use crate::support::{Intunectl, Seen, run, run_with};

const NOTE: &str = "no partner IDs were given; nothing was sent\n";
const WRITES: [&str; 3] = ["disconnect", "onboard", "delete"];

/// Runs a verb with application credentials. A request for a token would be recorded too.
fn seen(server: &Server, home: &Intunectl, verb: &str, arguments: &[&str], stdin: &str) -> Seen {
    let mut command = home.command();
    command.args(["partner", verb, "--graph-url", server.root(), "--login-url", server.root()]).args(arguments);
    let app = [("AZURE_TENANT_ID", "contoso.example"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s")];
    run_with(command.envs(app), stdin)
}

#[test]
fn without_ids_nothing_is_sent_no_token_is_requested_and_the_exit_code_is_0() {
    let home = Intunectl::new();
    home.file("empty", "\n# none\n");
    home.file("page", r#"{"value":[]}"#);
    for verb in ["disconnect", "onboard", "delete", "show"] {
        for arguments in [&[][..], &["-"], &["-f", "-"], &["-f", "empty"], &["-f", "page"], &["-", "-f", "empty"]] {
            let server = Server::always(Reply::done);
            let with_option = [arguments, &["--allow-empty"]].concat();
            let empty = seen(&server, &home, verb, &with_option, "");
            assert_eq!(empty, Seen { stdout: String::new(), stderr: NOTE.to_owned(), code: Some(0) }, "{arguments:?}");
            // Without the option, it is an error.
            let refused = seen(&server, &home, verb, arguments, "");
            assert_eq!((refused.stdout.as_str(), refused.code), ("", Some(2)), "{refused:?}");
            assert!(refused.stderr.starts_with("error: no partner IDs "), "{refused:?}");
            assert_eq!(server.connections(), 0);
        }
    }
}

#[test]
fn the_output_has_the_format_of_an_output_without_results() {
    let home = Intunectl::new();
    let server = Server::always(Reply::done);
    let stdout = |verb: &str, format: &str| {
        let seen = seen(&server, &home, verb, &["--allow-empty", "-o", format], "");
        assert_eq!(seen.code, Some(0), "{seen:?}");
        seen.stdout
    };
    for verb in WRITES {
        let document: serde_json::Value = serde_json::from_str(&stdout(verb, "json")).unwrap();
        assert_eq!(document["results"], serde_json::json!([]));
        let counts = ["total", "succeeded", "failed", "skipped", "not_attempted"];
        assert!(counts.iter().all(|name| document["summary"][name] == 0), "{document}");
        assert_eq!([stdout(verb, "ndjson"), stdout(verb, "id"), stdout(verb, "text")], ["", "", ""]);
    }
    assert_eq!(stdout("show", "json").trim(), "[]");
    assert_eq!([stdout("show", "ndjson"), stdout("show", "id"), stdout("show", "text")], ["", "", ""]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn bad_lines_and_files_stay_errors() {
    let home = Intunectl::new();
    home.file("bad", "a/b\n");
    let server = Server::always(Reply::done);
    for verb in ["disconnect", "onboard", "delete", "show"] {
        for file in ["bad", "missing"] {
            let seen = seen(&server, &home, verb, &["--allow-empty", "-f", file], "");
            assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn ids_that_are_given_are_used() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    let seen = run(home.disconnect(server.root()).args(["a", "--allow-empty", "-o", "id"]));
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\n", Some(0)), "{seen:?}");
}

#[test]
fn at_a_terminal_there_is_no_prompt_and_no_wait_for_input() {
    let server = Server::always(Reply::done);
    let home = Intunectl::new();
    for verb in ["disconnect", "onboard", "delete", "show"] {
        let seen = Terminal::start(home.partner(verb, server.root()).arg("--allow-empty"), BUT_STDOUT, 80).end();
        assert_eq!((seen.stdout.as_str(), seen.stderr.as_str(), seen.code), ("", NOTE, Some(0)), "{verb}");
    }
    assert_eq!(server.connections(), 0);
}
