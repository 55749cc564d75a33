//! What the black-box tests share: the real binary in an environment of its own.

#[cfg(target_os = "linux")]
pub mod callgrind;
#[cfg(windows)]
pub mod console;
pub mod graph;
pub mod helper;
pub mod http;
pub mod http2;
pub mod jwt;
pub mod keyring;
pub mod machine;
pub mod named_pipe;
pub mod os;
pub mod platform;
pub mod redirect;
pub mod running;
pub mod sandbox;
pub mod secrets;
pub mod server;
#[cfg(unix)]
pub mod shell;
#[cfg(target_os = "linux")]
pub mod shipped;
pub mod tab;
pub mod terminal;
pub mod tls;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
#[cfg(target_os = "linux")]
use std::sync::OnceLock;

use tempfile::TempDir;

/// The binary that cargo has built for these tests.
pub const BINARY: &str = env!("CARGO_BIN_EXE_intunectl");

/// A token that cannot be overlooked where it does not belong, with characters that JSON may escape.
pub const TOKEN: &str = "unmistakable-T0ken/of+this~test";

/// The binary, with no environment but a home of its own and a keyring that cannot be reached, unless it is to have one.
pub struct Intunectl {
    home: TempDir,
    keyring: Option<keyring::Keyring>,
}

impl Intunectl {
    /// A new home.
    pub fn new() -> Self {
        Self { home: TempDir::new().unwrap(), keyring: None }
    }

    /// A new home on a machine whose keyring is the wrapper's, which it has to itself.
    pub fn with_keyring() -> Self {
        Self { keyring: Some(keyring::Keyring::alone()), ..Self::new() }
    }

    /// Whether it is on such a machine.
    pub fn has_keyring(&self) -> bool {
        self.keyring.is_some()
    }

    /// A file in it.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// The home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// `partner disconnect` against a Graph root, with a token; what follows is up to the test.
    pub fn disconnect(&self, root: &str) -> Command {
        self.partner("disconnect", root)
    }

    /// Another verb of `partner`, likewise.
    pub fn partner(&self, verb: &str, root: &str) -> Command {
        let mut command = self.command();
        command.args(["partner", verb, "--graph-url", root]).env("INTUNECTL_TOKEN", TOKEN);
        command
    }

    /// The command.
    pub fn command(&self) -> Command {
        self.command_of(Path::new(BINARY))
    }

    /// Another build of it, likewise.
    pub fn command_of(&self, program: &Path) -> Command {
        // Under wine, the path of a program has no drive, which is another one where the command runs.
        let mut command = Command::new(std::path::absolute(program).unwrap());
        command.env_clear().current_dir(self.home.path());
        self.set_environment(&mut command);
        if self.has_keyring() {
            keyring::with_keyring(&mut command);
        }
        in_background(&mut command);
        command
    }

    #[cfg(unix)]
    fn set_environment(&self, command: &mut Command) {
        command
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            // For the sandbox's commands.
            .env("PATH", os::PATH);
    }

    #[cfg(windows)]
    fn set_environment(&self, command: &mut Command) {
        // Every process here finds the keyring of whoever runs it.
        assert_eq!(
            std::env::var_os("INTUNECTL_TEST_SECRET_SERVICE").as_deref(),
            Some("1".as_ref()),
            "run these tests with .ci/windows, or they would use your own keyring"
        );
        for name in ["USERPROFILE", "LOCALAPPDATA", "APPDATA", "TEMP", "TMP"] {
            command.env(name, self.home.path());
        }
        // Without it no socket can be opened.
        command.env("SystemRoot", std::env::var_os("SystemRoot").unwrap());
        // What no TERM at all is elsewhere: no colours.
        command.env("PATH", os::PATH).env("TERM", "dumb");
    }
}

/// The program as it is shipped, up to date.
#[cfg(target_os = "linux")]
pub fn shipped_program() -> &'static Path {
    static SHIPPED: OnceLock<PathBuf> = OnceLock::new();
    SHIPPED.get_or_init(|| shipped::build(Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()).unwrap())
}

/// Has a command run in the background of the terminal that the tests may have been started at: there nobody is asked.
/// A console of Windows has no background, and nobody is asked there without a standard stream that leads to it.
pub fn in_background(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    let _ = command;
}

/// All plain files below a directory; what vanishes meanwhile is none.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
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

    /// Asserts that each of so many IDs is reported once, with as many attempts as came, and as disconnected where that
    /// was done.
    #[track_caller]
    pub fn assert_whole(&self, count: usize, done: &[String], sent: &[String]) {
        let records = self.records();
        let mut reported: Vec<_> = records.iter().map(|record| record["id"].as_str().unwrap()).collect();
        reported.sort_unstable();
        assert_eq!(reported, ids(count), "{}", self.stderr);
        assert_eq!(self.with_status("disconnected"), done, "{}", self.stderr);
        for record in records {
            let times = sent.iter().filter(|id| **id == record["id"]).count();
            assert_eq!(record["attempts"], times, "{record}");
            assert_eq!(record["status"] == "not_attempted", times == 0, "{record}");
        }
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

/// Starts a verb of `partner` for so many IDs at a server.
pub fn start(verb: &str, server: &server::Server, count: usize, arguments: &[&str]) -> running::Running {
    let home = Intunectl::new();
    running::Running::start(home.partner(verb, server.root()).args(ids(count)).args(arguments)).at(home)
}

/// Runs a command to its end; see [`running::Running::end`].
pub fn run(command: &mut Command) -> Seen {
    running::Running::start(command).end()
}

/// The same with this as its standard input, as far as it is read.
pub fn run_with(command: &mut Command, stdin: impl Into<Vec<u8>>) -> Seen {
    running::Running::with_input(command, stdin).end()
}

/// Disconnects IDs with a server's answers, and what was seen of it. The server is at `root`.
pub fn disconnect(root: &str, arguments: &[&str]) -> Seen {
    run(Intunectl::new().disconnect(root).args(arguments))
}
