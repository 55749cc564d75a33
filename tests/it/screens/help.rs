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
    for words in [&["", "--help"], COMMANDS].concat() {
        let is_whole = ["", "--help"].contains(&words);
        show_help(&mut screens, &if is_whole { words.to_owned() } else { format!("{words} --help") });
    }
    for topic in ["help environment", "help exit-codes"] {
        show_help(&mut screens, topic);
    }
    screens.heading("The same in a narrow terminal, of 40 columns");
    screens.set("COLUMNS", "40");
    for words in ["", "partner show -h", "help exit-codes"] {
        show_help(&mut screens, words);
    }
    screens.check();
}

fn show_help(screens: &mut Screens, words: &str) {
    let seen = run(screens.command().args(words.split_whitespace()));
    assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)), "{words}");
    screens.show(format!("intunectl {words}").trim_end(), &seen.stdout, seen.code);
}
