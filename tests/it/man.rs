//! `man`: the manual pages, which packagers ship.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{BINARY, Intunectl, Seen, run};

fn seen(arguments: &[&str]) -> Seen {
    run(Intunectl::new().command().args(arguments))
}

fn page(command: &[&str]) -> String {
    let Seen { stdout, stderr, code } = seen(&[&["man"], command].concat());
    assert_eq!((stderr.as_str(), code), ("", Some(0)), "{command:?}");
    stdout
}

/// Text without the escapes of roff.
fn plain(text: &str) -> String {
    let text = ["\\fB", "\\fI", "\\fR"].iter().fold(text.to_owned(), |text, mark| text.replace(mark, ""));
    text.replace("\\-", "-").replace(r"\*(Aq", "'").replace("\\\\", "\\")
}

/// A section's lines.
fn section<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let heading = [format!(".SH {name}"), format!(".SH \"{name}\"")];
    let after = page.lines().skip_while(|line| !heading.contains(&(*line).to_owned())).skip(1);
    after.take_while(|line| !line.starts_with(".SH ")).collect()
}

/// All commands that have a page, from the subcommands on the pages; the program itself is first.
fn commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut looked_at = 0;
    while let Some(path) = found.get(looked_at).cloned() {
        let words: Vec<_> = path.iter().map(String::as_str).collect();
        let name = [&["intunectl"][..], &words].concat().join("-");
        for line in section(&page(&words), "SUBCOMMANDS").into_iter().map(plain) {
            let below = line.strip_prefix(&format!("{name}-")).and_then(|rest| rest.strip_suffix("(1)"));
            found.extend(below.map(|below| [&path[..], &[below.to_owned()]].concat()));
        }
        looked_at += 1;
    }
    found
}

#[test]
fn every_command_has_a_page_with_each_of_its_options_once() {
    let commands = commands();
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        let (name, page) = ([&["intunectl"][..], &words].concat().join("-"), page(&words));
        let title = format!(".TH \"{name}\" \"1\" \"\" \"intunectl {}\" \"User Commands\"", env!("CARGO_PKG_VERSION"));
        assert_eq!(page.lines().next(), Some(title.as_str()));
        assert!(plain(&page).contains(&format!("\n{name} - ")), "{page}");
        for name in ["SYNOPSIS", "DESCRIPTION", "EXIT STATUS"] {
            assert!(!section(&page, name).concat().is_empty(), "{name}: {page}");
        }
        let help = seen(&[&words[..], &["--help"]].concat()).stdout;
        let is_option = |line: &&str| line.starts_with("      --") || line.starts_with("  -");
        let option = |line: &str| line.split("--").nth(1).unwrap().split([' ', '=', '.']).next().unwrap().to_owned();
        let in_help: BTreeSet<_> = help.lines().filter(is_option).map(option).collect();
        let headers = page.lines().filter(|line| line.starts_with("\\fB\\-")).map(plain);
        let mut in_page: Vec<_> = headers.map(|line| option(&line)).collect();
        in_page.sort();
        // The global options are on the first page only.
        assert_eq!(in_page.contains(&"tenant".to_owned()), words.is_empty(), "{command:?}");
        assert_eq!(page.contains("The global options are in intunectl(1)."), !words.is_empty(), "{command:?}");
        assert_eq!(in_page, in_help.into_iter().collect::<Vec<_>>(), "{command:?}");
        let usage = help.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap();
        assert_eq!(plain(section(&page, "SYNOPSIS")[0]), usage);
    }
}

#[test]
fn a_page_shows_the_examples_of_the_help() {
    let page = page(&["partner", "disconnect"]);
    let help = seen(&["partner", "disconnect", "--help"]).stdout;
    let typed = help.split_once("\nExamples:\n").unwrap().1.split_once("\n\n").unwrap().0;
    assert_eq!(plain(&section(&page, "EXAMPLES").join("\n")), format!(".nf\n{typed}\n.fi"));
    assert!(!page.contains("Exit codes"), "{page}");
    assert_eq!(plain(section(&page, "SEE ALSO")[0]), "intunectl(1), intunectl-partner(1)");
}

/// The terms of a section of definitions, and their texts.
fn definitions(page: &str, name: &str) -> Vec<(String, String)> {
    let lines = section(page, name).into_iter().filter(|line| *line != ".TP").map(plain).collect::<Vec<_>>();
    lines.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

#[test]
fn a_page_has_the_exit_codes_of_the_topic_or_those_of_its_command() {
    let topic = seen(&["help", "exit-codes"]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for command in commands() {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        let codes = definitions(&page(&words), "EXIT STATUS");
        let names: Vec<_> = codes.iter().map(|(code, _)| code.as_str()).collect();
        if words == ["auth", "status"] {
            assert_eq!(names, ["0", "4"]);
            continue;
        }
        assert_eq!(names, ["0", "1", "2", "4", "130, 143"], "{words:?}");
        assert!(codes.iter().all(|(code, text)| topic.contains(&format!("{code} {text}"))), "{codes:?}");
    }
}

#[test]
fn the_first_page_explains_every_variable_that_an_option_names() {
    let environment = plain(&section(&page(&[]), "ENVIRONMENT").join("\n"));
    for command in commands() {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        for named in plain(&page(&words)).split("[env: ").skip(1) {
            let names = named.split([']', ' ', '=']).next().unwrap().split(',').filter(|name| !name.is_empty());
            for name in names {
                assert!(environment.contains(name), "{name}: {environment}");
            }
        }
    }
}

#[test]
fn a_page_does_not_depend_on_place_or_settings() {
    let here = page(&[]);
    let home = Intunectl::new();
    let mut elsewhere = home.command();
    elsewhere.arg("man").env("COLUMNS", "40").env("INTUNECTL_OUTPUT", "nonsense").env("CLICOLOR_FORCE", "1");
    assert_eq!(run(&mut elsewhere).stdout, here);
    let own = Path::new(BINARY);
    for text in [home.home(), own.parent().unwrap()] {
        assert!(!here.contains(text.to_str().unwrap()), "{here}");
    }
    assert!(here.is_ascii() && here.ends_with('\n') && !here.contains("\n\n\n"), "{here}");
}

#[test]
fn hidden_commands_have_no_page_and_are_on_none() {
    assert!(!seen(&["--help"]).stdout.contains("manual page"));
    let first = plain(&page(&[]));
    for name in ["intunectl-man", "intunectl-help"] {
        assert!(!first.contains(name), "{first}");
    }
    for command in [&["man"][..], &["help"], &["partner", "help"], &["disconnect"], &["partner", "disconnect", "x"]] {
        let Seen { stdout, stderr, code } = seen(&[&["man"], command].concat());
        assert_eq!((stdout.as_str(), code), ("", Some(2)), "{command:?}");
        let named = command.last().unwrap();
        let error = format!("error: no manual page for '{named}'\nhint: ");
        assert!(stderr.starts_with(&error) && stderr.contains("`intunectl"), "{stderr}");
    }
}

#[test]
fn formatters_report_no_problems() {
    // If it is installed.
    let is_there = |name| Command::new(name).arg("--version").output().is_ok();
    for (formatter, arguments) in [("groff", &["-man", "-ww", "-z"][..]), ("mandoc", &["-T", "lint", "-W", "error"])] {
        if !is_there(formatter) {
            continue;
        }
        for command in commands() {
            let words: Vec<_> = command.iter().map(String::as_str).collect();
            let home = Intunectl::new();
            let file = home.file("page", page(&words));
            let output = Command::new(formatter).args(arguments).arg(file).stdin(Stdio::null()).output().unwrap();
            let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
            assert_eq!(said, "", "{formatter}, {command:?}");
        }
    }
}
