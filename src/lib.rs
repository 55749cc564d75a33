//! `intunectl` manages Intune's remote assistance partners from the command line. Only the binary is for use; this
//! library exists to keep `main` small.
//!
//! CONTRIBUTING.md describes the modules; `tests/it/architecture.rs` checks that imports run one way.

mod action;
mod auth;
mod batch;
#[doc(hidden)]
pub mod bench;
mod cancel;
mod cli;
mod commands;
mod context;
mod error;
mod exit;
mod graph;
mod ids;
mod interrupt;
mod lock;
mod net;
mod output;
mod permission;
mod sandbox;
mod text;
mod usage;
mod variables;

use std::ffi::OsString;
use std::mem::ManuallyDrop;

use clap::FromArgMatches as _;
use clap::builder::StyledStr;
use clap::error::ErrorKind as ClapError;

use cli::{AuthCommand, Cli, Command, PartnerCommand};
use commands::help;
use context::Context;
use error::{Error, ErrorKind};
use exit::Exit;
use output::console::Console;
use output::stdout;
use output::style::Color;

/// Parses and runs the command line, and returns the exit code of the process.
pub fn run() -> i32 {
    if let Some(line) = commands::complete::command_line() {
        return line.complete().code();
    }
    set_panic_hook();
    let cli = match parse() {
        Ok(cli) => cli,
        Err(exit) => return exit.code(),
    };
    let console = Console::new(cli.global.quiet, cli.global.color);
    dispatch(cli).unwrap_or_else(|error| failed(&console, &error)).code()
}

fn failed(console: &Console, error: &anyhow::Error) -> Exit {
    console.failure(error);
    error.downcast_ref::<Error>().map_or(ErrorKind::Failure, Error::kind).into()
}

/// Parses the command line, or prints help, the version or a usage error.
fn parse() -> Result<Cli, Exit> {
    // clap takes the width from the terminal first.
    let width = |command: clap::Command| match output::terminal::asked_for() {
        Some(columns) => command.term_width(columns.min(100)),
        None => command,
    };
    if std::env::args_os().len() < 2 {
        return Err(print_help(&width(help::short()).render_help(), Color::Auto, Exit::Success));
    }
    // Never dropped: it holds all help texts, and dropping it is a tenth of the instructions of `--version`.
    let mut command = ManuallyDrop::new(width(help::command(std::env::args_os())));
    parse_words(&mut command).map_err(|error| {
        let color = color_of_help(std::env::args_os());
        match error.kind() {
            ClapError::DisplayHelp | ClapError::DisplayVersion => print_help(&error.render(), color, Exit::Success),
            // Not a success: in a script, a variable may have been empty.
            ClapError::DisplayHelpOnMissingArgumentOrSubcommand => print_help(&error.render(), color, Exit::Usage),
            _ => {
                let words: Vec<_> =
                    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
                failed(&Console::new(false, color), &usage::error(&error, &command, &words).into())
            }
        }
    })
}

fn parse_words(command: &mut clap::Command) -> Result<Cli, clap::Error> {
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    if let Some(option) = cli::repeated_selector(std::env::args_os()) {
        return Err(command.error(
            ClapError::ArgumentConflict,
            format!("the argument '{option}' cannot be used multiple times; nothing was sent"),
        ));
    }
    if let Some(meant) = matches.subcommand_name().and_then(help::instead_of) {
        command.try_get_matches_from_mut(["intunectl"].iter().chain(meant))?;
    }
    Cli::from_arg_matches(&matches)
}

fn print_help(text: &StyledStr, color: Color, exit: Exit) -> Exit {
    let is_colored = color.on(&std::io::stdout());
    let text = if is_colored { text.ansi().to_string() } else { text.to_string() };
    match stdout::print(text.as_bytes()) {
        Ok(_) => exit,
        Err(error) => failed(&Console::new(false, color), &error),
    }
}

/// The value of `--color`, for help and usage errors: they are printed before the option has been parsed.
fn color_of_help(arguments: impl Iterator<Item = OsString>) -> Color {
    let mut words = arguments.map_while(|word| word.into_string().ok().filter(|word| word != "--"));
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        match value.as_deref() {
            Some("always") => return Color::Always,
            Some("never") => return Color::Never,
            _ => {}
        }
    }
    Color::Auto
}

/// Reports only the location of a panic: its message could quote a token.
fn set_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let console = Console::new(false, Color::Never);
        console.error(&format!("internal error ({place}); requests in flight may have succeeded"));
        console.hint("check the partners with `intunectl partner list`, and report this bug");
    }));
}

fn dispatch(cli: Cli) -> anyhow::Result<Exit> {
    let Cli { global, command } = cli;
    let context = || Context::new(global);
    match command {
        Command::Completion { shell } => commands::completion::run(shell),
        Command::Man { command } => commands::man::run(&command),
        Command::Sandbox(options) => commands::sandbox::run(&context()?, options),
        Command::Partner(PartnerCommand::List) => commands::partner_list::run(&context()?),
        Command::Partner(PartnerCommand::Show { ids }) => commands::partner_show::run(&context()?, ids),
        Command::Partner(PartnerCommand::Disconnect(options)) => {
            commands::partner_write::run(&context()?, &action::DISCONNECT, options)
        }
        Command::Partner(PartnerCommand::Onboard(options)) => {
            commands::partner_write::run(&context()?, &action::ONBOARD, options)
        }
        Command::Partner(PartnerCommand::Delete(options)) => {
            commands::partner_write::run(&context()?, &action::DELETE, options)
        }
        Command::Auth(AuthCommand::Login(options)) => commands::auth_login::run(&context()?, &options),
        Command::Auth(AuthCommand::Status) => commands::auth_status::run(&context()?),
        Command::Auth(AuthCommand::List) => commands::auth_list::run(&context()?),
        Command::Auth(AuthCommand::Token) => commands::auth_token::run(&context()?),
        Command::Auth(AuthCommand::Logout { all }) => commands::auth_logout::run(&context()?, all),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    /// Set in the child process of the test, which runs this program again.
    const CHILD: &str = "INTUNECTL_TEST_CHILD";
    const SECRET: &str = "s3cret-of-a-panic";

    #[test]
    fn a_panic_is_reported_without_its_message() {
        if std::env::var_os(CHILD).is_some() {
            super::set_panic_hook();
            let _ = std::thread::spawn(|| panic!("{SECRET}")).join();
            "no number".parse::<u8>().map_err(|_| SECRET).unwrap();
        }
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["tests::a_panic_is_reported_without_its_message", "--exact", "--nocapture"]).env(CHILD, "1");
        let output = child.env("RUST_BACKTRACE", "full").output().unwrap();
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        assert!(!output.status.success() && !text.contains(SECRET), "{text}");
        assert_eq!(text.matches("error: internal error (src/lib.rs:").count(), 2, "{text}");
    }
}
