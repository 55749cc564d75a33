//! `completion`: the scripts that it prints, the committed copies for packagers, and what the scripts offer.

#[cfg(unix)]
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::graph::{Graph, PARTNERS, TOKEN, Unspoken};
use crate::support::jwt::{claims, good, jwt};
#[cfg(unix)]
use crate::support::named_pipe::NamedPipe;
use crate::support::server::{Reply, Server};
use crate::support::tab::{Offers, in_time};
use crate::support::{BINARY, Intunectl, Seen, run};

#[cfg(unix)]
mod shells;

/// Shells, and the file names that they look for.
const SCRIPTS: [(&str, &str); 5] = [
    ("bash", "intunectl.bash"),
    ("zsh", "_intunectl"),
    ("fish", "intunectl.fish"),
    ("powershell", "_intunectl.ps1"),
    ("elvish", "intunectl.elv"),
];

fn script(shell: &str) -> PathBuf {
    let (_, name) = SCRIPTS.into_iter().find(|(name, _)| *name == shell).unwrap();
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(name)
}

#[test]
fn the_committed_scripts_are_up_to_date() {
    for (shell, name) in SCRIPTS {
        let output = Intunectl::new().command().args(["completion", shell]).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
        assert!(
            std::fs::read(script(shell)).is_ok_and(|committed| committed == output.stdout),
            "completions/{name} is out of date; write it again: cargo run -- completion {shell} > completions/{name}"
        );
    }
}

#[test]
fn a_script_is_printed_without_a_keyring_and_with_invalid_settings() {
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(["completion", "bash"]).env("INTUNECTL_GRAPH_URL", "nonsense").env("INTUNECTL_OUTPUT", "nonsense");
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    assert_eq!(output.stdout, std::fs::read(script("bash")).unwrap());
}

#[test]
fn a_script_finds_the_program_by_its_name() {
    for (shell, _) in SCRIPTS {
        let text = std::fs::read_to_string(script(shell)).unwrap();
        assert!(!text.contains(BINARY) && text.contains("intunectl") && text.contains("INTUNECTL_COMPLETE"), "{text}");
    }
}

#[test]
fn an_unknown_shell_is_a_usage_error_that_lists_the_known_ones() {
    let output = Intunectl::new().command().args(["completion", "tcsh"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
    let stderr = String::from_utf8(output.stderr).unwrap();
    for (shell, _) in SCRIPTS {
        assert!(stderr.contains(shell), "{stderr}");
    }
}

// Commands, options, values and files.

#[test]
fn commands_options_values_and_files_are_offered_but_nothing_hidden() {
    let home = Intunectl::new();
    home.file("ids.txt", "");
    let offers = |words: &[&str]| Offers::to(&mut home.command(), words);
    let commands = offers(&[""]);
    assert_eq!(commands.ids(), ["partner", "auth", "completion", "sandbox", "help"]);
    assert!(commands.all().contains(&("partner", "List, disconnect, onboard and delete partners")));
    assert_eq!(offers(&["auth", "log"]).ids(), ["login", "logout"]);
    assert_eq!(offers(&["partner", "disconnect", "--token-f"]).all()[0].0, "--token-file");
    assert_eq!(offers(&["--cloud", ""]).ids(), ["global", "gcc-high", "dod", "china"]);
    assert_eq!(offers(&["--cloud=d"]).all(), [("--cloud=dod", "")]);
    assert_eq!(offers(&["partner", "disconnect", "-f", "i"]).ids(), ["ids.txt"]);
    assert_eq!(offers(&["completion", "p"]).ids(), ["powershell"]);
    // The help of a command does not list the global options, but they are accepted.
    assert_eq!(offers(&["partner", "list", "--te"]).all()[0].0, "--tenant");
    assert_eq!(offers(&["auth", "login", "--q"]).all()[0].0, "--quiet");
}

#[test]
fn help_offers_commands_and_topics() {
    let home = Intunectl::new();
    let offers = |words: &[&str]| Offers::to(&mut home.command(), words);
    let topics = ["partner", "auth", "completion", "sandbox", "environment", "exit-codes", "help"];
    assert_eq!(offers(&["help", ""]).ids(), topics);
    assert_eq!(offers(&["help", "env"]).ids(), ["environment"]);
    assert_eq!(offers(&["help", "partner", "d"]).ids()[0], "disconnect");
}

#[test]
fn a_command_runs_as_usual_if_only_the_completion_variable_is_set() {
    let graph = Graph::that_does_it();
    let home = Intunectl::new();
    for value in ["bash", "nonsense", "1", "0", ""] {
        let mut command = home.disconnect(&graph.url());
        let Seen { stdout, code, .. } = run(command.arg("a").env("INTUNECTL_COMPLETE", value));
        assert_eq!((stdout.as_str(), code), ("a\tdisconnected\n", Some(0)), "{value}");
    }
    assert_eq!(graph.disconnected().len(), 5);
}

#[test]
fn a_request_from_an_unknown_shell_gets_no_answer_and_no_message() {
    let home = Intunectl::new();
    for (shell, words) in [("nonsense", &["intunectl", ""][..]), ("/bin/tcsh", &["intunectl", "p"]), ("bash", &["x"])] {
        let mut command = home.command();
        let seen = run(command.env("INTUNECTL_COMPLETE", shell).arg("--").args(words));
        assert_eq!(seen, Seen { stdout: String::new(), stderr: String::new(), code: Some(1) }, "{shell}");
    }
}

// Partner IDs.

/// Partners with these IDs.
fn partners(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({"id": id, "displayName": "A name", "onboardingStatus": "onboarded"})).collect()
}

/// A Graph server with one page of partners.
fn listing(partners: &Value) -> Graph {
    let page = json!({ "value": partners }).to_string();
    Graph::answering(
        move |line| if line == format!("GET {PARTNERS}") { (200, page.clone()) } else { (404, "{}".into()) },
    )
}

/// A command that completes an ID, with the token in the environment.
fn command(root: &str) -> Command {
    let mut command = Intunectl::new().command();
    // The home is deleted when this function returns.
    command.env("INTUNECTL_GRAPH_URL", root).env("INTUNECTL_TOKEN", TOKEN).current_dir("/");
    command
}

const DISCONNECT: [&str; 3] = ["partner", "disconnect", ""];

/// Checks that these words and variables get no IDs and send nothing.
fn nothing_is_sent(words: &[&str], variables: &[(&str, Option<&str>)]) {
    let server = Unspoken::new();
    let mut command = command(&server.url());
    command.env("INTUNECTL_LOGIN_URL", server.url());
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    assert_eq!(Offers::to(&mut command, words).ids(), [""; 0], "{words:?}");
    server.assert_unspoken();
}

#[test]
fn ids_are_offered_with_names_and_statuses() {
    let graph = listing(&json!([
        {"id": "5A4D0B0C-0002-4000-8000-000000000001", "displayName": "TeamViewer", "onboardingStatus": "onboarded"},
        {"id": "b", "displayName": "日本\tand\u{1b}[31m\r\n: %F{red}", "onboardingStatus": "a new one"},
        {"id": "c", "displayName": null},
        {"id": "d", "onboardingStatus": "notOnboarded", "@odata.type": "#x"},
    ]));
    let expected = [
        ("5A4D0B0C-0002-4000-8000-000000000001", "TeamViewer, onboarded"),
        ("b", "日本 and\u{fffd}[31m : %F{red}, a new one"),
        ("c", ""),
        ("d", "notOnboarded"),
    ];
    for verb in ["disconnect", "onboard", "delete", "show"] {
        let offers = Offers::with_ids(|| command(&graph.url()), &["partner", verb, ""]);
        assert_eq!(offers.described(), expected, "{verb}");
    }
    let came = graph.came().pop().unwrap();
    assert_eq!(came.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
}

#[test]
fn only_ids_that_start_as_typed_and_are_not_on_the_line_are_offered() {
    let guid = |n: u8| format!("5a4d0b0c-0002-4000-8000-00000000000{n}");
    let graph = listing(&partners(&[&guid(1), &guid(2), "other", "Other"]));
    let with_ids = |words: &[&str]| {
        let offers = Offers::with_ids(|| command(&graph.url()), &[&DISCONNECT[..2], words].concat());
        offers.ids().join(" ")
    };
    assert_eq!(with_ids(&["5A4"]), format!("{} {}", guid(1), guid(2)));
    assert_eq!(with_ids(&["o"]), "other Other");
    assert_eq!(with_ids(&["other", "-q", &guid(2).to_uppercase(), ""]), format!("{} Other", guid(1)));
    assert_eq!(with_ids(&["-f", "ids", "--", ""]), format!("{} {} other Other", guid(1), guid(2)));
}

#[test]
fn an_id_that_is_special_to_a_shell_is_not_offered() {
    let unfit = [
        "$(reboot)",
        "`reboot`",
        "a;reboot",
        "a|b",
        "a&b",
        "a>b",
        "'",
        "\"",
        "a b",
        "a\tb",
        "a\nb",
        "*",
        "a[b]",
        "{a,b}",
        "~a",
        "!a",
        "#a",
        "-q",
        "--token",
        "a:b",
        "a/b",
        "a%b",
        "a\u{202e}b",
        "..",
        ".",
        "",
        "ａ",
        "a=b",
    ];
    let (longest, too_long) = ("x".repeat(256), "x".repeat(257));
    let all = [&unfit[..], &["fit", "a.fit-one_too", &longest, &too_long]].concat();
    let graph = listing(&partners(&all));
    let offers = Offers::with_ids(|| command(&graph.url()), &DISCONNECT);
    assert_eq!(offers.ids(), ["fit", "a.fit-one_too", &longest]);
}

#[test]
fn without_a_valid_token_nothing_is_offered_or_sent() {
    nothing_is_sent(&["--token-file", "/nonexistent", "partner", "disconnect", ""], &[]);
    nothing_is_sent(&DISCONNECT, &[("INTUNECTL_TOKEN", Some(""))]);
    nothing_is_sent(&DISCONNECT, &[("INTUNECTL_TOKEN", Some(&jwt(&claims(-5))))]);
    nothing_is_sent(&DISCONNECT, &[("INTUNECTL_TOKEN", None)]);
    // An application would have to request a token first.
    let app = [("AZURE_TENANT_ID", Some("t")), ("AZURE_CLIENT_ID", Some("c")), ("AZURE_CLIENT_SECRET", Some("s"))];
    nothing_is_sent(&DISCONNECT, &[&[("INTUNECTL_TOKEN", None)][..], &app].concat());
}

#[cfg(unix)]
#[test]
fn a_token_is_not_read_from_a_pipe() {
    let home = Intunectl::new();
    let pipe = NamedPipe::new(&home).path().to_owned();
    assert!(pipe.metadata().unwrap().file_type().is_fifo());
    let end = pipe.clone();
    let writer = std::thread::spawn(move || std::fs::write(end, TOKEN).unwrap());
    for option in ["--token-file", "--ca-cert"] {
        nothing_is_sent(&[option, pipe.to_str().unwrap(), "partner", "disconnect", ""], &[]);
    }
    assert!(!writer.is_finished());
    assert_eq!(std::fs::read_to_string(pipe).unwrap(), TOKEN);
    writer.join().unwrap();
}

#[test]
fn options_anywhere_on_the_line_are_honoured() {
    let graph = listing(&partners(&["a"]));
    let other = Unspoken::new();
    let home = Intunectl::new();
    let file = home.file("token", good());
    let (root, file) = (graph.url(), file.to_str().unwrap().to_owned());
    let joined = format!("--graph-url={root}");
    let lines = [
        vec!["--graph-url", &root, "partner", "disconnect", ""],
        vec!["partner", "--graph-url", &root, "disconnect", ""],
        vec!["partner", "disconnect", "x", "--graph-url", &root, "-q", "y", ""],
        vec!["partner", "disconnect", &joined, ""],
    ];
    for line in lines {
        let with = || {
            let mut command = command(&other.url());
            command.env("INTUNECTL_TOKEN", jwt(&claims(-5)));
            command
        };
        let line = [&["--token-file", &file][..], &line].concat();
        assert_eq!(Offers::with_ids(with, &line).ids(), ["a"], "{line:?}");
    }
    let bearer = format!("Bearer {}", good().split('.').next().unwrap());
    let came = graph.came();
    assert!(came.iter().all(|came| came.header("authorization").unwrap().starts_with(&bearer)));
    // As bash and zsh do it: the cursor need not be at the end.
    let words = ["--", "intunectl", "partner", "disconnect", "", "--graph-url", &root];
    let asked = || {
        let mut command = command(&other.url());
        run(command
            .args(words)
            .env("INTUNECTL_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", "3")
            .env("_CLAP_IFS", "\u{b}"))
        .stdout
    };
    in_time(asked, |offered| offered.split('\u{b}').next() == Some("a"));
    other.assert_unspoken();
}

#[test]
fn a_tilde_is_the_home_directory_that_the_shell_uses() {
    let graph = listing(&partners(&["a"]));
    let home = Intunectl::new();
    home.file("a token", TOKEN);
    let with = || {
        let mut command = home.command();
        command.env("INTUNECTL_GRAPH_URL", graph.url());
        command
    };
    assert_eq!(Offers::with_ids(with, &["--token-file", "~/a token", "partner", "disconnect", ""]).ids(), ["a"]);
}

#[test]
fn the_version_of_the_api_is_honoured() {
    let page = json!({ "value": partners(&["a"]) }).to_string();
    let beta = PARTNERS.replace("v1.0", "beta");
    let graph = Graph::answering(move |line| (if line == format!("GET {beta}") { 200 } else { 404 }, page.clone()));
    let words = [&DISCONNECT[..2], &["--api-version", "beta", ""]].concat();
    assert_eq!(Offers::with_ids(|| command(&graph.url()), &words).ids(), ["a"]);
}

#[test]
fn a_line_that_the_shell_would_change_gets_no_ids() {
    for word in [
        "$OPTIONS",
        "\"--cloud\"",
        "'a'",
        "`cat ids`",
        "*",
        "{a,b}",
        // On Windows, a backslash is part of a path.
        if cfg!(windows) { "$a" } else { "a\\b" },
        "~user/x",
        ">out",
        "a;",
        "(a)",
        "@x",
        "=ls",
    ] {
        nothing_is_sent(&["partner", "disconnect", word, ""], &[]);
    }
}

#[test]
fn a_line_that_the_command_would_reject_gets_no_ids() {
    for words in [
        &["--cloud", "mars"][..],
        &["--nonsense"],
        &["--token", "a", "--token-file", "b"],
        &["--graph-url", "http://graph.example"],
        &["--api-version", "v2.0"],
        &["--profile", ""],
        &["--help"],
    ] {
        nothing_is_sent(&[&DISCONNECT[..2], words, &[""]].concat(), &[]);
    }
    for (variable, value) in [("INTUNECTL_CLOUD", "mars"), ("INTUNECTL_OUTPUT", "xml")] {
        nothing_is_sent(&DISCONNECT, &[(variable, Some(value))]);
    }
}

#[test]
fn nothing_is_looked_up_if_the_word_is_not_an_id() {
    for words in [&["-"][..], &["--fr"], &["-f", ""], &["--cloud=d"], &["a$"], &["'a"], &["a:"]] {
        let server = Unspoken::new();
        Offers::to(&mut command(&server.url()), &[&DISCONNECT[..2], words].concat());
        server.assert_unspoken();
    }
}

#[test]
fn either_all_pages_are_offered_or_nothing() {
    let pages = |second: u16| {
        Graph::answering(move |line| {
            let next = format!("{{root}}{PARTNERS}?$skiptoken=2");
            match line.contains("skiptoken") {
                false => (200, json!({"value": partners(&["a"]), "@odata.nextLink": next}).to_string()),
                true => (second, json!({ "value": partners(&["b"]) }).to_string()),
            }
        })
    };
    let both = pages(200);
    assert_eq!(Offers::with_ids(|| command(&both.url()), &DISCONNECT).ids(), ["a", "b"]);
    let one = pages(500);
    assert_eq!(Offers::to(&mut command(&one.url()), &DISCONNECT).ids(), [""; 0]);
    assert!(one.came().len() <= 2);
}

#[test]
fn a_failed_lookup_prints_nothing_and_is_not_retried_or_redirected() {
    let elsewhere = Unspoken::new();
    let other = elsewhere.url();
    let page = json!({ "value": partners(&["a"]) }).to_string();
    let onwards = json!({ "value": partners(&["a"]), "@odata.nextLink": format!("{other}{PARTNERS}") }).to_string();
    let answer = |status, body: &str| Reply::status(status).body(body);
    type Script = Box<dyn Fn() -> Reply + Send + Sync>;
    let scripts: Vec<Script> = vec![
        Box::new(|| Reply::Stall(Vec::new())),
        Box::new(|| Reply::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"value\":[{\"id\":\"a\"}".into())),
        Box::new(|| Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n{\"value\":[{\"id\":\"".into())),
        Box::new(|| Reply::Raw(b"not HTTP\r\n\r\n".into())),
        Box::new(|| Reply::Close),
        Box::new(|| Reply::Reset),
        Box::new(move || answer(200, "<html>sign in to the network</html>")),
        Box::new(move || answer(200, "{}")),
        Box::new(move || answer(200, r#"{"value":[{"displayName":"without an ID"}]}"#)),
        Box::new(|| Reply::status(204)),
        Box::new({
            let page = page.clone();
            move || Reply::status(500).body(page.clone())
        }),
        Box::new(|| Reply::status(401).header("WWW-Authenticate", "Bearer")),
        Box::new(|| Reply::status(429).header("Retry-After", "0")),
        Box::new(|| Reply::status(503)),
        Box::new(move || Reply::status(307).header("Location", &format!("{other}{PARTNERS}"))),
        Box::new(move || Reply::status(200).body(onwards.clone())),
    ];
    for (n, script) in scripts.into_iter().enumerate() {
        let server = Server::start(move |_, _| script());
        let mut command = command(server.root());
        command.env("INTUNECTL_DEBUG", "1");
        let words = ["-vv", "partner", "disconnect", "--retries", "9", "--timeout", "1h", ""];
        assert_eq!(Offers::to(&mut command, &words).ids(), [""; 0], "{n}");
        assert!(server.requests().len() <= 1, "{n}");
    }
    elsewhere.assert_unspoken();
}

#[test]
fn the_token_is_not_offered_even_if_the_server_returns_it() {
    let token = "abcdefghijklmnopqrstuvwxyz0123456789";
    let escaped = token.replace('a', "\\u0061");
    let page = format!(
        r#"{{"value":[{{"id":"{token}"}},{{"id":"{escaped}"}},{{"id":"a","displayName":"{escaped} {token}"}}]}}"#
    );
    let graph = Graph::answering(move |_| (200, page.clone()));
    let with = || {
        let mut command = command(&graph.url());
        command.env("INTUNECTL_TOKEN", token);
        command
    };
    let offers = Offers::with_ids(with, &DISCONNECT);
    assert_eq!(offers.described(), [("a", "[redacted] [redacted]")]);
}

// The scripts.

#[test]
fn nothing_is_looked_up_if_the_script_does_not_see_the_whole_line() {
    nothing_is_sent(&DISCONNECT, &[("INTUNECTL_COMPLETE_NO_LOOKUP", Some("1"))]);
    let graph = listing(&partners(&["a"]));
    let with = || {
        let mut command = command(&graph.url());
        command.env("INTUNECTL_COMPLETE_NO_LOOKUP", "");
        command
    };
    assert_eq!(Offers::with_ids(with, &DISCONNECT).ids(), ["a"]);
}
