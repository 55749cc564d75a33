//! Usage errors: what is wrong with a command line, and a hint that leads to no change that was not asked for.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::error::Error;

/// Names that other tools give to commands: the group, those names, and ours.
const SYNONYMS: &[(&str, &[&str], &[&str])] = &[
    (
        "partner",
        &["rm", "remove", "del", "destroy", "offboard", "unboard", "uninstall", "unregister", "detach", "revoke"],
        &["disconnect", "delete"],
    ),
    ("partner", &["add", "connect", "create", "new"], &["onboard"]),
    ("partner", &["get", "describe", "view", "info"], &["list", "show"]),
    ("partner", &["status"], &["show"]),
    ("auth", &["log-in", "signin", "sign-in", "connect"], &["login"]),
    ("auth", &["log-out", "signout", "sign-out", "rm", "remove", "delete"], &["logout"]),
    ("auth", &["whoami", "show"], &["status"]),
    ("auth", &["ls", "profiles"], &["list"]),
    ("auth", &["get-token", "print-token"], &["token"]),
];

/// What to report for clap's error about these words. `root` is the command line that clap has parsed.
pub fn error(error: &clap::Error, root: &Command, words: &[String]) -> Error {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let place = Place::of(error, root);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = context(ContextKind::InvalidSubcommand).unwrap_or_default();
            if word.starts_with('-') {
                return Error::usage("`intunectl help` has no options").hint(place.help());
            }
            Error::usage(format!("`{} {}` is not a command", place.name(), shown(word)))
                .hint(place.instead_of(word, words).unwrap_or_else(|| place.commands()))
        }
        ErrorKind::MissingSubcommand => {
            Error::usage(format!("`{}` needs a command", place.name())).hint(place.commands())
        }
        ErrorKind::UnknownArgument => {
            let argument = whole(context(ContextKind::InvalidArg).unwrap_or_default(), words);
            if !argument.starts_with('-') {
                return Error::usage(format!("`{}` does not accept `{}`", place.name(), shown(argument)))
                    .hint(place.extra_word());
            }
            Error::usage(format!("`{}` has no option `{}`", place.name(), shown(argument)))
                .hint(place.other_option(argument, words))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(missing)) => missing.join(" "),
                _ => "more".to_owned(),
            };
            Error::usage(format!("`{}` needs {missing}", place.name())).hint(place.help())
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue if context(ContextKind::InvalidValue) != Some("") => {
            let value = context(ContextKind::InvalidValue).unwrap_or_default();
            let value = if shown(value) == value { &format!("'{value}'") } else { NOT_SHOWN };
            let option = context(ContextKind::InvalidArg).unwrap_or_default();
            let reason = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(valid)) => format!("\n  [possible values: {}]", valid.join(", ")),
                _ => error.source().map(|reason| format!(": {reason}")).unwrap_or_default(),
            };
            Error::usage(format!("invalid value {value} for '{option}'{reason}"))
        }
        ErrorKind::TooManyValues => {
            // `--verbose...` can be repeated.
            let option = context(ContextKind::InvalidArg).unwrap_or_default().trim_end_matches('.');
            let error = Error::usage(format!("{option} takes no value"));
            match option {
                "--with-token" => error.hint("pipe the token: `intunectl auth login --with-token < token.txt`"),
                _ => error,
            }
        }
        _ => {
            let text = error.render().to_string();
            // Without clap's tips and pointers.
            let message = text.split("\n\n").next().unwrap_or_default().trim_end();
            Error::usage(message.strip_prefix("error: ").unwrap_or(message))
        }
    }
}

/// A long option with one dash, as it was typed (`-WhatIf`); clap names only its first letter. (`-px1` may be a
/// password.)
fn whole<'a>(argument: &'a str, words: &'a [String]) -> &'a str {
    let is_short = argument.starts_with('-') && !argument.starts_with("--");
    let is_name = |word: &str| word.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    let typed = words.iter().find(|word| is_short && word.starts_with(argument) && is_name(word));
    typed.map_or(argument, String::as_str)
}

/// The command at which the error is.
struct Place<'a> {
    root: &'a Command,
    /// The commands from below the root to this one.
    path: Vec<&'a Command>,
}

impl<'a> Place<'a> {
    /// clap tells the command only in its usage: "Usage: intunectl partner list [OPTIONS]".
    fn of(error: &clap::Error, root: &'a Command) -> Self {
        let usage = match error.get(ContextKind::Usage) {
            Some(ContextValue::StyledStr(usage)) => usage.to_string(),
            _ => String::new(),
        };
        let (mut path, mut command) = (Vec::new(), root);
        for word in usage.split_whitespace().skip(2) {
            let Some(below) = command.find_subcommand(word) else { break };
            path.push(below);
            command = below;
        }
        Self { root, path }
    }

    fn command(&self) -> &'a Command {
        self.path.last().unwrap_or(&self.root)
    }

    /// As it is typed, with `intunectl`.
    fn name(&self) -> String {
        let names = self.path.iter().map(|command| format!(" {}", command.get_name()));
        format!("{}{}", self.root.get_name(), names.collect::<String>())
    }

    fn commands(&self) -> String {
        match visible(self.command()).map(Command::get_name).collect::<Vec<_>>().as_slice() {
            [] => self.help(),
            names => format!("commands of `{}`: {}", self.name(), names.join(", ")),
        }
    }

    fn help(&self) -> String {
        format!("run `{} --help`", self.name())
    }

    fn extra_word(&self) -> String {
        match self.command().get_positionals().find(|positional| positional.is_last_set()) {
            Some(positional) => {
                format!("put `--` before the {}, for example: {} -- bash", positional.get_id(), self.name())
            }
            None => self.help(),
        }
    }

    /// The commands that may be meant by a misplaced word. The other words are not repeated: they may be secrets, and what
    /// limits the command could get lost on the way.
    fn instead_of(&self, word: &str, words: &[String]) -> Option<String> {
        let group = match self.path.as_slice() {
            [] => None,
            [group] => Some(group.get_name()),
            // `help partner list show`
            _ => return None,
        };
        let mut meant = meant(self.root, group, &word.to_ascii_lowercase());
        // `rm ID` cannot be `auth logout`.
        let next = words.iter().skip_while(|other| *other != word).nth(1);
        let with_ids = meant.iter().find(|named| named.command.get_positionals().next().is_some());
        if let Some(with_ids) = with_ids.filter(|_| next.is_some_and(|next| !next.starts_with('-'))) {
            let group = with_ids.group;
            meant.retain(|named| named.group == group);
        }
        let is_help = words.iter().take_while(|other| *other != word).any(|before| before == "help");
        let start = if is_help { "intunectl help" } else { "intunectl" };
        let names: Vec<_> = meant.iter().map(|named| format!("`{start} {}`", named.name())).collect();
        match names.split_last()? {
            (name, []) => Some(format!("the command is {name}")),
            (last, names) => Some(format!("the commands are {} and {last}", names.join(", "))),
        }
    }

    /// What to type instead of an option that does not exist here.
    fn other_option(&self, typed: &str, words: &[String]) -> String {
        let typed = typed.trim_start_matches('-').to_ascii_lowercase();
        let has = |command: &Command, option: &str| options(command).any(|other| other == option);
        if means_dry_run(&typed) && has(self.command(), "dry-run") {
            return "--dry-run shows what would happen, and changes nothing".to_owned();
        }
        // Shorter ones, such as `--all`, may mean anything.
        let is_meant = |option: &&str| typed.len() > 3 && is_similar(&typed, option);
        if let Some(option) = options(self.command()).find(is_meant) {
            return format!("a similar option is --{option}");
        }
        let mut below = (self.command(), self.name());
        for word in words {
            if let Some(command) = below.0.find_subcommand(word) {
                below = (command, format!("{} {}", below.1, command.get_name()));
            }
        }
        match below {
            (command, name) if has(command, &typed) => format!("put --{typed} after `{name}`"),
            _ => format!("`{} --help` lists the options", self.name()),
        }
    }
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|below| !below.is_hide_set())
}

fn options(command: &Command) -> impl Iterator<Item = &str> {
    command.get_arguments().filter_map(Arg::get_long)
}

/// A command, and its group if it is in one.
struct Named<'a> {
    group: Option<&'a str>,
    command: &'a Command,
}

impl Named<'_> {
    /// As it is typed after `intunectl`.
    fn name(&self) -> String {
        self.group.into_iter().chain([self.command.get_name()]).collect::<Vec<_>>().join(" ")
    }
}

/// Stands for text that may be a secret.
const NOT_SHOWN: &str = "(not shown)";

/// A word as a message may show it: a misspelt word, an ID, or a short number, duration or rate. Anything else may be a
/// secret.
pub fn shown(word: &str) -> &str {
    let is_number = word.len() <= 8 && word.starts_with(|c: char| c.is_ascii_digit());
    let is_word = word.chars().count() <= 32 && word.chars().all(|c| c.is_alphabetic() || c == '-');
    let is_guid = word.len() == 36 && uuid::Uuid::try_parse(word).is_ok();
    if is_word || is_guid || is_number { word } else { NOT_SHOWN }
}

/// The commands that a word may mean, in its group if possible.
fn meant<'a>(root: &'a Command, group: Option<&str>, word: &str) -> Vec<Named<'a>> {
    let all = || {
        visible(root).flat_map(|top| {
            let below = visible(top).map(|command| Named { group: Some(top.get_name()), command });
            std::iter::once(Named { group: None, command: top }).chain(below)
        })
    };
    let other_name = |named: &Named| {
        let rows = SYNONYMS.iter().filter(|(group, others, _)| Some(*group) == named.group && others.contains(&word));
        rows.flat_map(|(_, _, ours)| *ours).any(|name| *name == named.command.get_name())
    };
    let is_it =
        |named: &Named| named.command.get_all_aliases().chain([named.command.get_name()]).any(|name| name == word);
    let is_misspelt = |named: &Named| is_similar(word, named.command.get_name());
    let is_near = |named: &Named| named.group == group;
    let rules: [&dyn Fn(&Named) -> bool; 6] = [
        &|named| is_near(named) && is_it(named),
        &|named| is_near(named) && other_name(named),
        &|named| is_near(named) && is_misspelt(named),
        &is_it,
        &other_name,
        &is_misspelt,
    ];
    let found = rules.iter().map(|rule| all().filter(rule).collect::<Vec<_>>());
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// Whether a word is this name with one slip of the keys, or its beginning. No more: `--what` is not `--wait`, and
/// `disconnected` is not `disconnect`.
fn is_similar(typed: &str, name: &str) -> bool {
    let is_beginning = typed.len() > 1 && name.starts_with(typed);
    is_beginning || name.len() > 2 && is_slip(typed, name)
}

/// Whether two words differ by at most one character that was left out, added or replaced, or by two that were swapped.
fn is_slip(a: &str, b: &str) -> bool {
    let (mut a, mut b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    for _ in 0..2 {
        while a.last().is_some() && a.last() == b.last() {
            a.pop();
            b.pop();
        }
        a.reverse();
        b.reverse();
    }
    match (a.as_slice(), b.as_slice()) {
        ([a1, a2], [b1, b2]) => a1 == b2 && a2 == b1,
        (a, b) => a.len() < 2 && b.len() < 2,
    }
}

/// Whether an option is one that other tools have for a dry run, or a misspelt one.
fn means_dry_run(typed: &str) -> bool {
    ["dry", "what", "preview", "simul", "noop", "no-op"].iter().any(|part| typed.contains(part))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use proptest::prelude::*;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn only_one_slip_of_the_keys_is_similar() {
        let table = [
            ("from-file", "from-file", true),
            ("form-file", "from-file", true),
            ("fromfile", "from-file", true),
            ("from--file", "from-file", true),
            ("from-filw", "from-file", true),
            ("from", "from-file", true),
            ("f", "from-file", false),
            ("from-file-x", "from-file", false),
            ("what", "wait", false),
            ("watch", "wait", false),
            ("what-if", "wait", false),
            ("no-wait", "wait", false),
            ("disconnected", "disconnect", false),
            ("connect", "disconnect", false),
            ("", "all", false),
        ];
        for (typed, name, is) in table {
            assert_eq!(is_similar(typed, name), is, "{typed} {name}");
        }
    }

    #[test]
    fn every_other_name_stands_for_a_command() {
        for (group, others, ours) in SYNONYMS {
            let root = Cli::command();
            let group = root.find_subcommand(group).unwrap();
            assert!(ours.iter().all(|name| group.find_subcommand(name).is_some()), "{ours:?}");
            assert!(others.iter().all(|name| group.find_subcommand(name).is_none()), "{others:?}");
        }
    }

    #[test]
    fn only_words_and_guids_are_shown() {
        for word in ["", "disconect", "--form-file", "30", "100/20s", "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10"] {
            assert_eq!(shown(word), word);
        }
        let long = "x".repeat(33);
        for secret in ["AZURE_CLIENT_SECRET=Ab", "Ab18Q~abc", "Bearer SECRET", "@file", "hunter2", "a\u{1b}", &long] {
            assert_eq!(shown(secret), "(not shown)");
        }
    }

    proptest! {
        #[test]
        fn a_slip_is_the_same_in_both_directions(a in "[ab]{0,5}", b in "[ab]{0,5}") {
            prop_assert_eq!(is_slip(&a, &b), is_slip(&b, &a));
            let [longer, other] = [format!("{a}x"), format!("{b}xyz")];
            prop_assert!(is_slip(&a, &a) && is_slip(&a, &longer) && !is_slip(&a, &other));
        }
    }
}
