//! Help: the short help of `intunectl` alone, the topics of `intunectl help`, and what the help of a command shows of
//! the global options.

use std::ffi::OsString;

use clap::{Command, CommandFactory as _};

use crate::cli::Cli;
use crate::variables;

const ENVIRONMENT: &str = "environment";
const EXIT_CODES: &str = "exit-codes";
const VERSION: &str = "version";

/// Stands for the global options in the help of a command. They would hide the command's own options.
const GLOBAL_OPTIONS: &str = "\
Global options (--tenant, --profile, -o, -q, -v, ...): `intunectl --help`
Variables: `intunectl help environment`";

/// Exit codes, their meanings, and what a script should do.
pub const CODES: [(&str, &str, &str); 5] = [
    (
        "0",
        "Success. Every partner succeeded, or was skipped by --resume. With --dry-run: every partner could be read, and \
         the token has the permission.",
        "A script can continue.",
    ),
    (
        "1",
        "At least one partner did not succeed, you declined, or something else failed.",
        "A script should keep the results. To run only the rest, give the records (-o ndjson) to --resume.",
    ),
    (
        "2",
        "Usage error: an invalid option or ID, no ID, an unreadable input file, or settings that contradict each \
         other. Nothing was changed.",
        "Correct the command or its input first.",
    ),
    (
        "4",
        "No usable token, a token for another tenant, or the service rejected the token (401), possibly during the run.",
        "A script should stop. Check the sign-in with `intunectl auth status`, then run the rest with --resume.",
    ),
    (
        "130, 143",
        "Interrupted: 130 by Ctrl-C (SIGINT; on Windows also Ctrl-Break), 143 by SIGTERM (on Windows: the console was \
         closed, logoff, shutdown).",
        "Every partner has a result, unless a second signal ended the program. Run the rest with --resume.",
    ),
];

/// The command line. Every run pays for what is changed here, so only that is changed which these arguments need.
pub fn command(mut arguments: impl Iterator<Item = OsString>) -> Command {
    let command = with_whole_examples(Cli::command().mut_subcommands(|command| command.defer(own_options_first)));
    let needs_more =
        arguments.any(|word| word == "help" || word.to_str().is_some_and(|word| instead_of(word).is_some()));
    if needs_more { with_topics(command).subcommand(Command::new(VERSION).hide(true)) } else { command }
}

/// Adds the topics. They are hidden commands, so that clap's `intunectl help` finds them.
pub fn with_topics(command: Command) -> Command {
    let topic = |name| Command::new(name).hide(true);
    command.subcommand(topic(ENVIRONMENT).defer(environment)).subcommand(topic(EXIT_CODES).defer(exit_codes))
}

pub fn is_topic(name: &str) -> bool {
    [ENVIRONMENT, EXIT_CODES].contains(&name)
}

/// What a word means that is a command only by its name: `intunectl environment` shows the topic.
pub fn instead_of(name: &str) -> Option<&'static [&'static str]> {
    match name {
        ENVIRONMENT => Some(&["help", ENVIRONMENT]),
        EXIT_CODES => Some(&["help", EXIT_CODES]),
        VERSION => Some(&["--version"]),
        _ => None,
    }
}

/// Replaces the global options in the help of a command with one line. They stay in its usage.
fn own_options_first(command: Command) -> Command {
    let command = command.mut_subcommands(|below| below.defer(own_options_first)).mut_args(|argument| {
        let is_global = argument.is_global_set();
        argument.hide_short_help(is_global).hide_long_help(is_global)
    });
    with_whole_examples(command).after_help(GLOBAL_OPTIONS)
}

/// Moves what follows the options into the template, where clap does not wrap it: half of a command must not look like
/// a command.
fn with_whole_examples(command: Command) -> Command {
    let examples = command.get_after_help().map(|text| format!("\n\n{text}")).unwrap_or_default();
    let template = "{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}";
    command.help_template(format!("{template}{examples}")).after_help(None)
}

/// The help of `intunectl` alone: every command, without groups.
pub fn short() -> Command {
    const TEMPLATE: &str = "\
{about}

Commands:
{subcommands}

Examples:
  intunectl auth login
  intunectl partner list
  intunectl partner disconnect 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10 --dry-run

More help:
  intunectl partner disconnect --help  # a command and its options
  intunectl --help                     # global options
  intunectl help environment           # environment variables
  intunectl help exit-codes            # exit codes, with advice for scripts";
    let root = Cli::command();
    let mut short = Command::new("intunectl").disable_help_subcommand(true).help_template(TEMPLATE).max_term_width(100);
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        if !command.has_subcommands() {
            short = short.subcommand(listed(command, command.get_name().to_owned()));
        }
        for below in command.get_subcommands() {
            short = short.subcommand(listed(below, format!("{} {}", command.get_name(), below.get_name())));
        }
    }
    short.about(root.get_about().cloned().unwrap_or_default())
}

/// A command as a line of the short help. The name is leaked, because clap takes only static names here.
fn listed(command: &Command, name: String) -> Command {
    Command::new(&*name.leak()).about(command.get_about().cloned().unwrap_or_default())
}

fn environment(topic: Command) -> Command {
    let variables = variables::manual().map(|(names, text)| entry(&names, &[text])).collect::<String>();
    text(
        topic,
        format!(
            "Environment variables. An option overrides its variable. `intunectl auth status` shows the token that a \
             command would use, and the variables that are set but not used.{variables}"
        ),
    )
}

fn exit_codes(topic: Command) -> Command {
    let codes = CODES.map(|(code, meaning, advice)| entry(code, &[meaning, advice]));
    text(
        topic,
        format!(
            "Exit codes. The most serious one counts: 130 or 143, then 4, then 1.{}\n\n`intunectl auth \
             status` exits with 0 if the token can be used, and with 4 if not. `intunectl sandbox -- COMMAND` exits \
             with the code of COMMAND.",
            codes.concat()
        ),
    )
}

/// A term and its explanation. clap wraps the lines, and keeps their indentation.
fn entry(term: &str, lines: &[&str]) -> String {
    format!("\n\n  {term}{}", lines.iter().map(|line| format!("\n      {line}")).collect::<String>())
}

fn text(topic: Command, text: String) -> Command {
    topic.long_about(text).help_template("{about}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the help of a command and of all commands below it.
    fn check(command: &mut Command, definition: &Command) {
        let help = command.render_long_help().to_string();
        let after = definition.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.ends_with(&format!("{after}\n")), "{help}");
        for below in command.get_subcommands_mut() {
            if let Some(definition) = definition.find_subcommand(below.get_name()) {
                check(below, definition);
            }
        }
    }

    #[test]
    fn the_template_of_the_help_does_not_change_the_examples() {
        let mut command = command(std::iter::empty());
        command.build();
        check(&mut command, &Cli::command());
    }
}
