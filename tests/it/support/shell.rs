//! The binary behind a shell, on a terminal, and never for longer than a minute.

use std::process::{Command, Stdio};

use unicode_width::UnicodeWidthStr;

use super::os::PATH;
use super::running::Running;
use super::{Intunectl, Seen};

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
    #[cfg(unix)]
    pub fn sh(&self, script: &str) -> Command {
        self.shell("sh", script)
    }

    /// A script of this shell that finds `intunectl`.
    #[cfg(unix)]
    pub fn shell(&self, shell: &str, script: &str) -> Command {
        let mut command = beside(&self.command(), shell);
        command.args(["-c", script]);
        super::in_background(&mut command);
        command
    }

    /// Runs a shell's script with a terminal as its standard input, at which nobody types. Its output goes to files:
    /// a terminal would mix the two streams.
    pub fn at_a_terminal(&self, script: &str) -> Seen {
        let read = |name| std::fs::read_to_string(self.home().join(name)).unwrap();
        let seen = at_terminal(&self.command(), &format!("{{ {script}; }} >terminal.out 2>terminal.err"));
        Seen { stdout: read("terminal.out"), stderr: read("terminal.err"), ..seen }
    }
}

/// Runs a shell's script, in the surroundings of `intunectl`, with its standard output on a terminal of so many columns
/// (0: of a size that is not known). Standard error goes to a file: the terminal would mix the two.
pub fn on_a_terminal(intunectl: &Command, columns: u16, script: &str) -> Seen {
    let err = intunectl.get_current_dir().unwrap().join("terminal.err");
    let seen = at_terminal(intunectl, &format!("stty rows 24 cols {columns} && {{ {script}; }} 2>terminal.err"));
    Seen { stdout: seen.stdout.replace("\r\n", "\n"), stderr: std::fs::read_to_string(err).unwrap(), ..seen }
}

/// Runs a shell's script at a terminal at which nobody types; what it shows there is its standard output.
fn at_terminal(intunectl: &Command, script: &str) -> Seen {
    let mut running = start_at_terminal(intunectl, script);
    // Held until the end: at its end `script` would type Ctrl-D.
    let keyboard = running.stdin();
    let seen = running.end();
    drop(keyboard);
    seen
}

/// Starts a shell's script at a terminal; what is typed there is its standard input, and what it shows there its standard
/// output.
fn start_at_terminal(intunectl: &Command, script: &str) -> Running {
    let mut command = beside(intunectl, "script");
    command.args(["--quiet", "--return", "--command", script, "/dev/null"]);
    Running::with(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

/// How wide each line is on a terminal, without what colours it.
pub fn widths(screen: &str) -> Vec<usize> {
    anstream::adapter::strip_str(screen).to_string().lines().map(UnicodeWidthStr::width).collect()
}
