//! Runs the binary from a shell.

use std::process::Command;

use super::Intunectl;
use super::os::PATH;

/// `program` in the environment of `intunectl`, which is on its PATH. It does not run in the background, because it may
/// have to create its own terminal.
pub fn beside(intunectl: &Command, program: &str) -> Command {
    let own = std::path::Path::new(intunectl.get_program()).parent().unwrap();
    let mut command = Command::new(program);
    command.env_clear().current_dir(intunectl.get_current_dir().unwrap());
    for (name, value) in intunectl.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let usual = std::env::split_paths(PATH);
    command.env("PATH", std::env::join_paths(std::iter::once(own.to_owned()).chain(usual)).unwrap());
    command
}

impl Intunectl {
    /// A script of `sh` that finds `intunectl`.
    pub fn sh(&self, script: &str) -> Command {
        self.shell("sh", script)
    }

    /// A script of this shell that finds `intunectl`.
    pub fn shell(&self, shell: &str, script: &str) -> Command {
        let mut command = beside(&self.command(), shell);
        command.args(["-c", script]);
        super::in_background(&mut command);
        command
    }
}
