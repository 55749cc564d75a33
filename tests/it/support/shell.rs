//! The binary behind a shell, on a terminal, and never for longer than a minute.

use std::process::{Command, Stdio};
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::running::Running;
use super::{Intunectl, Seen, in_background};

/// More than anything here takes on the slowest machine.
pub const MINUTE: Duration = Duration::from_secs(60);

/// Runs a command to its end.
pub fn run(command: &mut assert_cmd::Command) -> Seen {
    command.timeout(MINUTE).output().unwrap().into()
}

/// `program` in the surroundings of `intunectl`, which is on its PATH. It is not in the background: it may be for it to
/// make a terminal of its own.
pub fn beside(intunectl: &Command, program: &str) -> Command {
    let own = std::path::Path::new(intunectl.get_program()).parent().unwrap();
    let mut command = Command::new(program);
    command.env_clear().current_dir(intunectl.get_current_dir().unwrap());
    for (name, value) in intunectl.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("PATH", format!("{}:/usr/bin:/bin", own.display()));
    command
}

impl Intunectl {
    /// A shell's script that finds `intunectl`.
    pub fn sh(&self, script: &str) -> assert_cmd::Command {
        self.shell("sh", script)
    }

    /// A script of this shell that finds `intunectl`.
    pub fn shell(&self, shell: &str, script: &str) -> assert_cmd::Command {
        let mut command = beside(&self.std_command(), shell);
        command.args(["-c", script]);
        in_background(&mut command);
        assert_cmd::Command::from_std(command)
    }

    /// Runs a shell's script with a terminal as its standard input, at which nobody types. Its output goes to files:
    /// a terminal would mix the two streams.
    pub fn at_a_terminal(&self, script: &str) -> Seen {
        let (out, err) = (self.home().join("terminal.out"), self.home().join("terminal.err"));
        let mut command = beside(&self.std_command(), "script");
        command.args(["--quiet", "--return", "--command", &format!("{{ {script}; }} >terminal.out 2>terminal.err")]);
        command.arg("/dev/null").stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Held until the end: at its end `script` would type Ctrl-D.
        let keyboard = child.stdin.take();
        let code = code_within(&mut child, MINUTE);
        drop(keyboard);
        let read = |path| std::fs::read_to_string(path).unwrap();
        Seen { stdout: read(out), stderr: read(err), code }
    }
}

/// Runs a shell's script, in the surroundings of `intunectl`, with its standard output on a terminal of so many columns
/// (0: of a size that is not known). Standard error goes to a file: the terminal would mix the two.
pub fn on_a_terminal(intunectl: &Command, columns: u16, script: &str) -> Seen {
    let err = intunectl.get_current_dir().unwrap().join("terminal.err");
    let mut command = beside(intunectl, "script");
    let script = format!("stty rows 24 cols {columns} && {{ {script}; }} 2>terminal.err");
    command.args(["--quiet", "--return", "--command", &script, "/dev/null"]);
    let mut running = Running::with(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
    // Held until the end: at its end `script` would type Ctrl-D.
    let keyboard = running.stdin();
    let Seen { stdout, code, .. } = running.end();
    drop(keyboard);
    Seen { stdout: stdout.replace("\r\n", "\n"), stderr: std::fs::read_to_string(err).unwrap(), code }
}

/// How wide each line is on a terminal, without what colours it.
pub fn widths(screen: &str) -> Vec<usize> {
    anstream::adapter::strip_str(screen).to_string().lines().map(UnicodeWidthStr::width).collect()
}

/// Waits for a process no longer than that; its exit code.
pub fn code_within(child: &mut std::process::Child, limit: Duration) -> Option<i32> {
    let start = std::time::Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if start.elapsed() > limit {
            child.kill().unwrap();
            panic!("still running after {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
