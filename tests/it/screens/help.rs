//! The help of every command, at a width of 80 columns.

use super::Screens;
use crate::support::run;

const COMMANDS: &[&str] = &[
    "partner",
    "partner list",
    "partner show",
    "partner disconnect",
    "partner onboard",
    "partner delete",
    "auth",
    "auth login",
    "auth status",
    "auth list",
    "auth token",
    "auth logout",
    "completion",
    "sandbox",
    "man",
];

#[test]
fn help() {
    let mut screens = Screens::new("01-help");
    screens.set("COLUMNS", "80");
    let global = show_help(&mut screens, "", None);
    for words in COMMANDS {
        show_help(&mut screens, words, global.as_deref());
    }
    screens.check();
}

/// Shows the help of a command, and returns its global options. If they are those that are expected, they are left out.
fn show_help(screens: &mut Screens, words: &str, expected: Option<&str>) -> Option<String> {
    const HEADING: &str = "\nGlobal options:\n";
    let seen = run(screens.command().args(words.split_whitespace()).arg("--help"));
    assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)), "{words}");
    let start = seen.stdout.find(HEADING).unwrap() + HEADING.len();
    let rest = &seen.stdout[start..];
    let end = rest.lines().take_while(|line| line.is_empty() || line.starts_with(' ')).map(|line| line.len() + 1).sum();
    let (global, after) = rest.split_at(end);
    let global = global.trim_end();
    let space = if words.is_empty() { "" } else { " " };
    let line = format!("intunectl{space}{words} --help");
    let screen = match expected {
        Some(expected) => {
            assert_eq!(global, expected, "{words}");
            let end = if after.is_empty() { "" } else { "\n" };
            format!("{}      (as in `intunectl --help`)\n{end}{after}", &seen.stdout[..start])
        }
        None => seen.stdout.clone(),
    };
    screens.show(&line, &screen, seen.code);
    Some(global.to_owned())
}
