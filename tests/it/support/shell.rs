//! The binary behind a shell.

use std::process::Command;

use super::Intunectl;
use super::os::PATH;

/// `program` in the surroundings of `intunectl`, which is on its PATH. It is not in the background: it may be for it to
/// make a terminal of its own.
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
    /// A shell's script that finds `intunectl`.
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
