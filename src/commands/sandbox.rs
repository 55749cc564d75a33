//! `sandbox`: a local stand-in for Graph, for a command or until interrupted.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitStatus;

use anyhow::Context as _;
use tokio::process::{Child, Command};

use crate::auth::token::plain;
use crate::cli;
use crate::context::{Context, block_on};
use crate::error::Error;
use crate::exit::{Exit, Signal};
use crate::interrupt::Interrupts;
use crate::output::stdout;
use crate::sandbox::{Config, Limit, Sandbox};

/// Runs it.
///
/// # Errors
/// The port is taken, or the command cannot be run.
pub fn run(context: &Context, options: cli::Sandbox) -> anyhow::Result<Exit> {
    let cli::Sandbox { partners, latency, throttle, fail, port, command } = options;
    let config = Config {
        partners: partners as usize,
        latency,
        throttle: throttle.0.map(|rate| Limit { requests: rate.requests, window: rate.window }),
        failures: fail.into_iter().collect(),
        port,
    };
    block_on(async {
        let mut interrupts = Interrupts::listen().context("the system refuses a handler for Ctrl-C")?;
        let sandbox = Sandbox::bind(config).await.map_err(|error| not_started(&error))?;
        let settings = settings(&sandbox);
        let (program, arguments) = match command.split_first() {
            Some((program, arguments)) => (program, arguments),
            None => {
                show(&settings)?;
                context.console.note("serving until interrupted");
                tokio::select! {
                    () = sandbox.serve() => return Ok(Exit::Success),
                    signal = interrupts.recv() => return Ok(Exit::Interrupted(signal)),
                }
            }
        };
        let child = start(program, arguments, &settings)?;
        tokio::select! {
            () = sandbox.serve() => Err(Error::failure("the sandbox ended before the command").into()),
            exit = wait(child, &mut interrupts) => exit,
        }
    })
}

fn not_started(error: &anyhow::Error) -> Error {
    match error.downcast_ref::<std::io::Error>() {
        Some(reason) => Error::failure(format!("the sandbox {error}: {}", plain(reason)))
            .hint("leave out --port for one that is free"),
        None => Error::failure(format!("{error:#}")),
    }
}

type Settings = [(&'static str, String); 3];

fn settings(sandbox: &Sandbox) -> Settings {
    [
        ("INTUNECTL_GRAPH_URL", sandbox.url()),
        ("INTUNECTL_LOGIN_URL", sandbox.url()),
        // Worth nothing anywhere else: the sandbox made it up.
        ("INTUNECTL_TOKEN", sandbox.token().to_owned()),
    ]
}

/// Prints the settings as the shell of the platform takes them.
fn show(settings: &Settings) -> anyhow::Result<Exit> {
    let line = |(name, value): &(&str, String)| match cfg!(windows) {
        true => format!("$env:{name} = \"{value}\"\n"),
        false => format!("export {name}='{value}'\n"),
    };
    stdout::print(settings.iter().map(line).collect::<String>().as_bytes())
}

fn start(program: &OsStr, arguments: &[OsString], settings: &Settings) -> anyhow::Result<Child> {
    Command::new(program)
        .args(arguments)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .env("PATH", path_with_us()?)
        // What would lead the command's calls elsewhere than here.
        .env_remove("INTUNECTL_CLOUD")
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            let program = program.to_string_lossy();
            Error::usage(format!("cannot run {program}: {}", plain(&error)))
                .hint("the command behind -- is run as it is; for pipes, give it to a shell: -- sh -c '… | …'")
                .into()
        })
}

/// The PATH with this very program on it, so that a command finds `intunectl` wherever it was built.
fn path_with_us() -> anyhow::Result<OsString> {
    let own = std::env::current_exe().context("the place of this program cannot be found")?;
    let own = own.parent().map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path))).context("PATH cannot be set")
}

/// Waits for the command. A Ctrl-C reaches it by itself, through the terminal; a SIGTERM is passed on. What comes of
/// either is for the command to say; a second SIGTERM ends it.
async fn wait(mut child: Child, interrupts: &mut Interrupts) -> anyhow::Result<Exit> {
    let mut asked = false;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit(status.context("the command's end cannot be waited for")?)),
            signal = interrupts.recv() => if signal == Signal::Terminate {
                let ended = if asked { child.start_kill() } else { terminate(&mut child) };
                ended.context("the command cannot be ended")?;
                asked = true;
            }
        }
    }
}

#[cfg(unix)]
fn terminate(child: &mut Child) -> std::io::Result<()> {
    let pid = child.id().and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?));
    match pid {
        Some(pid) => Ok(rustix::process::kill_process(pid, rustix::process::Signal::TERM)?),
        // It has ended already.
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) -> std::io::Result<()> {
    child.start_kill()
}

/// The command's code; as a shell has it, 128 and the signal where a signal ended it.
fn exit(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None::<i32>;
    let code = status.code().or(signal.map(|signal| 128 + signal)).unwrap_or(1);
    Exit::Command(u8::try_from(code).unwrap_or(1))
}
