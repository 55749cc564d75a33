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
mod variables;

use std::ffi::OsString;
use std::mem::ManuallyDrop;

use clap::{CommandFactory as _, FromArgMatches as _};

use cli::{AuthCommand, Cli, Command, PartnerCommand};
use context::Context;
use error::{Error, ErrorKind};
use exit::Exit;
use output::console::Console;
use output::style::Color;

/// Parses and runs the command line, and returns the exit code of the process.
pub fn run() -> i32 {
    if let Some(line) = commands::complete::command_line() {
        return line.complete().code();
    }
    set_panic_hook();
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error).code(),
    };
    let console = Console::new(cli.global.quiet, cli.global.color);
    let exit = dispatch(cli).unwrap_or_else(|error| {
        console.failure(&error);
        error.downcast_ref::<Error>().map_or(ErrorKind::Failure, Error::kind).into()
    });
    exit.code()
}

fn parse() -> Result<Cli, clap::Error> {
    // Never dropped: it holds all help texts, and dropping it is a tenth of the instructions of `--version`.
    let mut command = ManuallyDrop::new(Cli::command().color(color_of_help(std::env::args_os())));
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    if let Some(option) = cli::repeated_selector(std::env::args_os()) {
        return Err(command.error(
            clap::error::ErrorKind::ArgumentConflict,
            format!("the argument '{option}' cannot be used multiple times; nothing was sent"),
        ));
    }
    Cli::from_arg_matches(&matches)
}

/// The value of `--color`, for what clap prints itself: help and usage errors. It prints them before it has parsed the
/// option.
fn color_of_help(arguments: impl Iterator<Item = OsString>) -> clap::ColorChoice {
    let mut words = arguments.map_while(|word| word.into_string().ok().filter(|word| word != "--"));
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        match value.as_deref() {
            Some("always") => return clap::ColorChoice::Always,
            Some("never") => return clap::ColorChoice::Never,
            _ => {}
        }
    }
    clap::ColorChoice::Auto
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

/// Prints help, the version or a usage error. A usage error may quote a token that was typed in the wrong place.
fn not_parsed(error: &clap::Error) -> Exit {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return match error.print() {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                let console = Console::new(false, Color::Never);
                console.error(&format!("cannot write to standard output: {}", text::humanize::without_errno(&error)));
                Exit::Failure
            }
            _ => Exit::Success,
        };
    }
    if text::sanitize::without_tokens(&text) == text {
        // If standard error is closed, there is no other stream for this.
        let _ = error.print();
    } else {
        Console::new(false, Color::Never).note(text.trim_end());
    }
    Exit::Usage
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
