//! `sandbox`: serves a local stand-in for Graph, for one command or until interrupted.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitStatus;

use anyhow::Context as _;
use tokio::process::{Child, Command};

use crate::cli;
use crate::context::Context;
use crate::error::Error;
use crate::exit::{Exit, Signal};
use crate::interrupt::{Signals, block_on};
use crate::output::stdout;
#[cfg(unix)]
use crate::output::tty::is_in_foreground;
use crate::sandbox::{Config, Limit, Sandbox};
use crate::text::humanize::without_errno;
use crate::variables::{
    self, INTUNECTL_GRAPH_URL, INTUNECTL_LOGIN_URL, INTUNECTL_SANDBOX, INTUNECTL_TOKEN, PATH, Role,
};

pub fn run(context: &Context, options: cli::SandboxOptions) -> anyhow::Result<Exit> {
    let cli::SandboxOptions { partners, latency, throttle, fail, approve_after, token_lifetime, port, command } =
        options;
    let config = Config {
        partners: partners as usize,
        latency,
        throttle: throttle.0.map(|rate| Limit { requests: rate.requests, window: rate.window }),
        failures: fail.into_iter().collect(),
        approve_after,
        token_lifetime,
        port,
    };
    block_on(async {
        let mut signals = Signals::listen().context("cannot set up the handler for Ctrl-C")?;
        let sandbox = Sandbox::bind(config).await.map_err(|error| not_started(&error))?;
        let settings = settings(&sandbox);
        let (program, arguments) = match command.split_first() {
            Some((program, arguments)) => (program, arguments),
            None => {
                show(&settings)?;
                context.console.note("the sandbox runs until you press Ctrl-C");
                tokio::select! {
                    () = sandbox.serve() => return Ok(Exit::Success),
                    signal = signals.recv() => return Ok(Exit::Interrupted(signal)),
                }
            }
        };
        let child = start(program, arguments, &settings)?;
        tokio::select! {
            () = sandbox.serve() => Err(Error::failure("the sandbox stopped before the command ended").into()),
            exit = wait(child, &mut signals) => exit,
        }
    })
}

fn not_started(error: &anyhow::Error) -> Error {
    match error.downcast_ref::<std::io::Error>() {
        Some(reason) => Error::failure(format!("the sandbox {error}: {}", without_errno(reason)))
            .hint("leave out --port to use a free port"),
        None => Error::failure(format!("{error:#}")),
    }
}

type Settings = [(&'static str, String); 4];

fn settings(sandbox: &Sandbox) -> Settings {
    [
        (INTUNECTL_GRAPH_URL, sandbox.url()),
        (INTUNECTL_LOGIN_URL, sandbox.url()),
        // It is valid only in this sandbox.
        (INTUNECTL_TOKEN, sandbox.token().to_owned()),
        // Marks the sandbox: intunectl sends nothing elsewhere, and stores sign-ins separately from real ones.
        (INTUNECTL_SANDBOX, sandbox.url()),
    ]
}

/// Prints the settings in the syntax of the system's usual shell.
fn show(settings: &Settings) -> anyhow::Result<Exit> {
    let line = |(name, value): &(&str, String)| match cfg!(windows) {
        true => format!("$env:{name} = \"{value}\"\n"),
        false => format!("export {name}='{value}'\n"),
    };
    stdout::print(settings.iter().map(line).collect::<String>().as_bytes())
}

fn start(program: &OsStr, arguments: &[OsString], settings: &Settings) -> anyhow::Result<Child> {
    let path = path_with_us()?;
    let mut child = Command::new(find(program, &path));
    #[cfg(unix)]
    if terminal().is_none() {
        child.process_group(0);
    }
    for (name, _) in std::env::vars_os().filter(|(name, _)| leads_to_a_tenant(name)) {
        child.env_remove(name);
    }
    child
        .args(arguments)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .env(PATH, path)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            let program = program.to_string_lossy();
            Error::usage(format!("cannot run '{program}': {}", without_errno(&error)))
                .hint(format!("for pipes, run a shell: -- {SHELL}"))
                .into()
        })
}

/// An example of a command with a pipe.
const SHELL: &str = if cfg!(windows) { r#"cmd /c "… | …""# } else { "sh -c '… | …'" };

/// The program that a shell would run. Windows itself finds only `.exe`, but many programs, such as `az`, are a `.cmd`.
#[cfg(windows)]
fn find(program: &OsStr, path: &OsStr) -> PathBuf {
    let found = std::env::current_dir().ok().and_then(|directory| which::which_in(program, Some(path), directory).ok());
    // If none is found, Windows reports that.
    found.unwrap_or_else(|| program.into())
}

#[cfg(unix)]
fn find<'a>(program: &'a OsStr, _path: &OsStr) -> &'a OsStr {
    program
}

/// Whether a variable of this name selects a tenant or an identity: the variables that we know, and all others of
/// intunectl and of the Azure SDKs (source: the contract, "Token"). Windows ignores the case of names.
fn leads_to_a_tenant(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let is = |name: &[u8], expected: &str| match cfg!(windows) {
        true => name.eq_ignore_ascii_case(expected.as_bytes()),
        false => name == expected.as_bytes(),
    };
    let begins_with = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| is(start, prefix));
    let roles = [Role::TokenSource, Role::Application, Role::ApplicationDetail, Role::Root];
    ["INTUNECTL_", "AZURE_", "AZURESUBSCRIPTION_"].into_iter().any(begins_with)
        || variables::with(&roles).any(|expected| is(name, expected))
}

/// The PATH with the directory of this program first, so that a command finds this `intunectl`.
fn path_with_us() -> anyhow::Result<OsString> {
    let own = std::env::current_exe().context("cannot find the path of intunectl")?;
    let own = own.parent().map(PathBuf::from);
    // An empty PATH would mean the working directory.
    let path = std::env::var_os(PATH).filter(|path| !path.is_empty()).unwrap_or_else(|| USUAL_PATH.into());
    let with_us = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path)));
    with_us.map_err(|_| {
        Error::failure(format!(
            "cannot add intunectl's directory to {PATH}: the path of the directory contains a colon"
        ))
        .hint("move intunectl to a directory without a colon in its path")
        .into()
    })
}

/// Where a shell looks if PATH is not set.
const USUAL_PATH: &str = if cfg!(windows) { r"C:\Windows\System32" } else { "/usr/bin:/bin" };

/// Waits for the command and passes signals on to it. A second SIGTERM kills it.
async fn wait(mut child: Child, signals: &mut Signals) -> anyhow::Result<Exit> {
    let mut asked = false;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit(status.context("cannot wait for the command")?)),
            signal = signals.recv() => {
                let ended = match signal {
                    Signal::Terminate if asked => child.start_kill(),
                    _ => pass_on(signal, &mut child),
                };
                ended.context("cannot stop the command")?;
                asked |= signal == Signal::Terminate;
            }
        }
    }
}

/// Passes a signal on to the command, or to its process group if it has its own. Ctrl-C at a terminal has already
/// reached the command, which would take a second one for a second Ctrl-C.
#[cfg(unix)]
fn pass_on(signal: Signal, child: &mut Child) -> std::io::Result<()> {
    use rustix::process::{Pid, Signal as Os, kill_process, kill_process_group};

    let terminal = terminal();
    let signal = match signal {
        Signal::Interrupt if terminal.as_ref().is_some_and(is_in_foreground) => return Ok(()),
        Signal::Interrupt => Os::INT,
        Signal::Terminate => Os::TERM,
    };
    match child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
        Some(pid) if terminal.is_none() => Ok(kill_process_group(pid, signal)?),
        Some(pid) => Ok(kill_process(pid, signal)?),
        // It has already ended.
        None => Ok(()),
    }
}

/// The controlling terminal, where Ctrl-C is typed, even if the standard streams are redirected. If there is one, the
/// command must share our foreground process group to be able to read from it.
#[cfg(unix)]
fn terminal() -> Option<std::fs::File> {
    std::fs::File::open("/dev/tty").ok()
}

/// The events of a console reach every process in it. The command may need time to finish.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
fn pass_on(_: Signal, _: &mut Child) -> std::io::Result<()> {
    Ok(())
}

/// The command's exit code; like a shell's, 128 plus the signal if a signal ended it.
fn exit(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None::<i32>;
    Exit::Command(status.code().or(signal.map(|signal| 128 + signal)).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_select_a_tenant_are_recognized_by_name() {
        for name in [
            "INTUNECTL_TOKEN",
            "INTUNECTL_",
            "AZURE_CLIENT_ID",
            "AZURE_CLIENT_CERTIFICATE_PATH",
            "AZURESUBSCRIPTION_CLIENT_ID",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "SYSTEM_OIDCREQUESTURI",
            "SYSTEM_ACCESSTOKEN",
        ] {
            assert!(leads_to_a_tenant(name.as_ref()), "{name}");
            assert_eq!(leads_to_a_tenant(name.to_lowercase().as_ref()), cfg!(windows), "{name}");
        }
        for name in ["", "INTUNECTL", "AZURE", "MY_AZURE_CLIENT_ID", "SYSTEM_ACCESSTOKEN_2", "LLVM_PROFILE_FILE", "東"]
        {
            assert!(!leads_to_a_tenant(name.as_ref()), "{name}");
        }
    }
}
