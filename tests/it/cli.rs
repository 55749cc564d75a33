//! Help, version and usage errors.

use std::path::Path;

use crate::support::helper::link_program;
use crate::support::{BINARY, Intunectl, Seen, run};

fn seen(arguments: &[&str]) -> Seen {
    run(Intunectl::new().command().args(arguments))
}

#[test]
fn version_and_help_go_to_standard_output() {
    let Seen { stdout, stderr, code } = seen(&["--version"]);
    assert_eq!((stdout.as_str(), stderr.as_str(), code), ("intunectl 0.1.0\n", "", Some(0)));
    for command in [&["--help"][..], &["partner", "--help"], &["partner", "disconnect", "--help"], &["sandbox", "-h"]] {
        let Seen { stdout, stderr, code } = seen(command);
        assert!(stdout.contains("Usage: intunectl"), "{stdout}");
        assert_eq!((stderr.as_str(), code), ("", Some(0)));
    }
}

/// The commands below a command, as its help lists them.
fn below(path: &[&str]) -> Vec<String> {
    let Seen { stdout, .. } = seen(&[path, &["--help"]].concat());
    let listed = stdout.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next());
    // clap's command `help` has no help.
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// All commands without subcommands.
fn commands() -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    for first in below(&[]) {
        match below(&[&first]) {
            none if none.is_empty() => commands.push(vec![first]),
            second => commands.extend(second.into_iter().map(|second| vec![first.clone(), second])),
        }
    }
    assert!(commands.len() >= 11, "{commands:?}");
    commands
}

fn help(command: &[String]) -> String {
    let path: Vec<_> = command.iter().map(String::as_str).collect();
    seen(&[&path[..], &["--help"]].concat()).stdout
}

#[test]
fn the_long_help_of_every_command_has_an_example() {
    for command in commands() {
        let stdout = help(&command);
        let example = stdout.split_once("\nExample").map(|(_, examples)| examples).unwrap_or_default();
        assert!(example.contains(&format!("intunectl {}", command.join(" "))), "{command:?}: {stdout}");
    }
}

#[test]
fn an_unknown_or_incomplete_word_is_a_usage_error() {
    for (arguments, word) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["nonsense"], "nonsense"),
        (&["partner", "nonsense"], "nonsense"),
        (&["partner", "list", "nonsense"], "nonsense"),
        (&["partner", "disconnect", "a", "--nonsense"], "--nonsense"),
        (&["partner", "disconnect", "a", "--from-file"], "--from-file"),
        (&["auth", "logout", "--with-token"], "--with-token"),
        (&["completion"], "<SHELL>"),
    ] {
        let Seen { stdout, stderr, code } = seen(arguments);
        assert_eq!((stdout.as_str(), code), ("", Some(2)), "{arguments:?}");
        assert!(stderr.starts_with("error: ") && stderr.contains(word) && stderr.contains("--help"), "{stderr}");
    }
}

#[test]
fn a_misspelt_command_gets_a_suggestion() {
    let Seen { stderr, code, .. } = seen(&["partner", "disconect", "a"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("'disconnect'"), "{stderr}");
}

#[test]
fn a_missing_command_is_a_usage_error_that_shows_the_help() {
    for group in [&[][..], &["partner"], &["auth"]] {
        let Seen { stdout, stderr, code } = seen(group);
        assert_eq!((stdout.as_str(), code), ("", Some(2)), "{group:?}");
        assert!(stderr.contains("Usage: intunectl") && stderr.contains("Commands:"), "{stderr}");
    }
}

#[test]
fn a_value_out_of_range_is_a_usage_error() {
    for option in [
        "--concurrency=0",
        "--concurrency=65",
        "--rate=0/20s",
        "--rate=100",
        "--timeout=0s",
        "--timeout=soon",
        "--retries=-1",
        "--retries=many",
        "--output=xml",
        "--cloud=mars",
        "--api-version=v2.0",
        "--color=green",
    ] {
        let Seen { stdout, stderr, code } = seen(&["partner", "disconnect", "a", "--token", "t", option]);
        assert_eq!((stdout.as_str(), code), ("", Some(2)), "{option}");
        let name = option.split('=').next().unwrap();
        assert!(stderr.starts_with("error: invalid value") && stderr.contains(name), "{stderr}");
    }
}

#[test]
fn examples_fit_80_columns_so_that_they_can_be_copied() {
    for command in commands() {
        let help = help(&command);
        let examples = help.lines().skip_while(|line| !line.starts_with("Example")).skip(1);
        for line in examples.take_while(|line| line.starts_with("  ")) {
            assert!(line.len() < 80, "{command:?}: {line}");
        }
    }
}

#[test]
fn usage_errors_follow_the_color_option() {
    let table: [(&[&str], &str, bool); 6] = [
        (&["--color", "always"], "NO_COLOR", true),
        (&["--color=always"], "NO_COLOR", true),
        (&["--color", "never"], "CLICOLOR_FORCE", false),
        (&["--color=never"], "CLICOLOR_FORCE", false),
        (&[], "CLICOLOR_FORCE", true),
        // Words after `--` are not options.
        (&["completion", "--", "--color=always"], "NO_COLOR", false),
    ];
    for (arguments, variable, colored) in table {
        let home = Intunectl::new();
        let mut command = home.command();
        let output = command.args(arguments).arg("--no-such-option").env(variable, "1").output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.contains('\u{1b}'), colored, "{arguments:?} {stderr:?}");
    }
}

#[test]
fn usage_shows_the_name_intunectl_even_if_the_file_is_renamed() {
    let home = Intunectl::new();
    let renamed = link_program(Path::new(BINARY), home.home(), "renamed");
    for arguments in [
        &[][..],
        &["--help"],
        &["-h"],
        &["--version"],
        &["--nonsense"],
        &["nonsense"],
        &["help", "partner", "disconnect"],
        &["partner"],
        &["partner", "--help"],
        &["partner", "list", "-h"],
        &["partner", "list", "nonsense"],
        &["partner", "disconnect"],
        &["partner", "disconnect", "a", "--from-file"],
        &["auth", "login", "--version"],
        &["completion"],
        &["sandbox", "--help"],
    ] {
        let seen = run(home.command_of(&renamed).args(arguments));
        assert_eq!(seen, self::seen(arguments));
        let text = seen.stdout + &seen.stderr;
        assert!(!text.contains("renamed") && !text.contains("intunectl.exe"), "{arguments:?}: {text}");
        let mut usages = text.split("Usage: ").skip(1);
        assert!(usages.all(|usage| usage.starts_with("intunectl ")), "{arguments:?}: {text}");
    }
}
