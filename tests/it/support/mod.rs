//! What the black-box tests share: the real binary in an environment of its own.

#[cfg(target_os = "linux")]
pub mod callgrind;
pub mod graph;
#[cfg(unix)]
pub mod http2;
pub mod jwt;
#[cfg(unix)]
pub mod keyring;
pub mod platform;
#[cfg(unix)]
pub mod running;
pub mod server;
#[cfg(unix)]
pub mod shell;
pub mod shipped;
#[cfg(unix)]
pub mod signing;
#[cfg(unix)]
pub mod tab;
#[cfg(target_os = "linux")]
pub mod terminal;
pub mod tls;

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A token that cannot be overlooked where it does not belong, with characters that JSON may escape.
pub const TOKEN: &str = "unmistakable-T0ken/of+this~test";

/// The binary, with no environment but a home of its own and a keyring that cannot be reached.
pub struct Intunectl {
    home: TempDir,
}

impl Intunectl {
    /// A new home.
    pub fn new() -> Self {
        Self { home: TempDir::new().unwrap() }
    }

    /// A file in it.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// The home.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// `partner disconnect` against a Graph root, with a token; what follows is up to the test.
    pub fn disconnect(&self, root: &str) -> Command {
        self.partner("disconnect", root)
    }

    /// Another verb of `partner`, likewise.
    pub fn partner(&self, verb: &str, root: &str) -> Command {
        let mut command = self.std_command();
        command.args(["partner", verb, "--graph-url", root]).env("INTUNECTL_TOKEN", TOKEN);
        command
    }

    /// The command, for `assert_cmd`.
    pub fn command(&self) -> assert_cmd::Command {
        assert_cmd::Command::from_std(self.std_command())
    }

    /// The command, for tests that need the process itself.
    pub fn std_command(&self) -> Command {
        self.command_of(assert_cmd::cargo::cargo_bin!("intunectl"))
    }

    /// Another build of it, likewise.
    pub fn command_of(&self, program: &std::path::Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            // For the sandbox's commands.
            .env("PATH", "/usr/bin:/bin");
        in_background(&mut command);
        command
    }
}

/// Has a command run in the background of the terminal that the tests may have been started at: there nobody is asked.
pub fn in_background(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    // On Windows no standard stream of a test's is a console, which is enough.
    #[cfg(not(unix))]
    let _ = command;
}

/// Standard output, standard error and exit code together: what users see.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

impl From<Output> for Seen {
    fn from(output: Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        }
    }
}

impl Seen {
    /// The lines of standard output, as JSON.
    pub fn records(&self) -> Vec<serde_json::Value> {
        assert!(self.stdout.is_empty() || self.stdout.ends_with('\n'), "a line is torn: {}", self.stdout);
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The IDs of the records with a status, sorted.
    pub fn with_status(&self, status: &str) -> Vec<String> {
        let of = self.records().into_iter().filter(|record| record["status"] == status);
        let mut ids: Vec<_> = of.map(|record| record["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// Standard error with the time that the run took, which no two runs share, as `T`.
    pub fn timeless(&self) -> String {
        let lines = self.stderr.lines().map(|line| {
            let timed = line.split_once(" in ").and_then(|(before, after)| {
                let behind = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                behind.starts_with(" s").then(|| format!("{before} in T{behind}\n"))
            });
            timed.unwrap_or_else(|| format!("{line}\n"))
        });
        lines.collect()
    }
}

/// IDs `p-0001`, `p-0002`, …: in their own order when sorted.
pub fn ids(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("p-{n:04}")).collect()
}

/// Runs a command to its end; see [`running::Running::end`].
#[cfg(unix)]
pub fn run(command: &mut Command) -> Seen {
    running::Running::start(command).end()
}

/// Disconnects IDs with a server's answers, and what was seen of it. The server is at `root`.
#[cfg(unix)]
pub fn disconnect(root: &str, arguments: &[&str]) -> Seen {
    run(Intunectl::new().disconnect(root).args(arguments))
}
