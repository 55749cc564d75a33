//! What the black-box tests share: they run the real binary in an environment of its own.

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

/// The binary that cargo built for these tests.
pub const BINARY: &str = env!("CARGO_BIN_EXE_intunectl");

/// A token that is easy to find in any output, with characters that JSON may escape.
pub const TOKEN: &str = "unmistakable-T0ken/of+this~test";

/// The binary in an empty environment with its own home, with a keyring or with one that cannot be reached.
pub struct Intunectl {
    home: TempDir,
    keyring: Option<keyring::Keyring>,
}

impl Intunectl {
    /// With a new home and no keyring.
    pub fn new() -> Self {
        Self { home: TempDir::new().unwrap(), keyring: None }
    }

    /// With a new home and exclusive use of the test keyring.
    pub fn with_keyring() -> Self {
        Self { keyring: Some(keyring::Keyring::alone()), ..Self::new() }
    }

    pub fn has_keyring(&self) -> bool {
        self.keyring.is_some()
    }

    /// Writes a file in the home, and returns its path.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// `partner disconnect` at a Graph server, with a token. The test adds the rest.
    pub fn disconnect(&self, root: &str) -> Command {
        self.partner("disconnect", root)
    }

    /// The same for another verb of `partner`.
    pub fn partner(&self, verb: &str, root: &str) -> Command {
        let mut command = self.command();
        command.args(["partner", verb, "--graph-url", root]).env("INTUNECTL_TOKEN", TOKEN);
        command
    }

    /// The command.
    pub fn command(&self) -> Command {
        self.command_of(Path::new(BINARY))
    }

    /// The same for another build.
    pub fn command_of(&self, program: &Path) -> Command {
        // Under wine, the path of a program has no drive letter, and the command runs on another drive.
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
            // For the commands of the sandbox.
            .env("PATH", os::PATH);
    }

    #[cfg(windows)]
    fn set_environment(&self, command: &mut Command) {
        // Every process on Windows finds the keyring of the user who runs it.
        assert_eq!(
            std::env::var_os("INTUNECTL_TEST_SECRET_SERVICE").as_deref(),
            Some("1".as_ref()),
            "run these tests with .ci/windows, or they would use your own keyring"
        );
        for name in ["USERPROFILE", "LOCALAPPDATA", "APPDATA", "TEMP", "TMP"] {
            command.env(name, self.home.path());
        }
        // Without it, no socket can be opened.
        command.env("SystemRoot", std::env::var_os("SystemRoot").unwrap());
        // No colours, like an unset TERM elsewhere.
        command.env("PATH", os::PATH).env("TERM", "dumb");
    }
}

/// The release build, up to date.
#[cfg(target_os = "linux")]
pub fn shipped_program() -> &'static Path {
    static SHIPPED: OnceLock<PathBuf> = OnceLock::new();
    SHIPPED.get_or_init(|| shipped::build(Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()).unwrap())
}

/// Runs a command in the background of the terminal from which the tests may have been started, so that it shows no
/// prompt. A Windows console has no background; there is no prompt there unless a standard stream is the console.
pub fn in_background(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    let _ = command;
}

/// All plain files below a directory. Files that are deleted meanwhile are skipped.
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

/// What users see: standard output, standard error and the exit code.
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
        assert!(self.stdout.is_empty() || self.stdout.ends_with('\n'), "incomplete line: {}", self.stdout);
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The IDs of the records with a status, sorted.
    pub fn with_status(&self, status: &str) -> Vec<String> {
        let of = self.records().into_iter().filter(|record| record["status"] == status);
        let mut ids: Vec<_> = of.map(|record| record["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// Asserts that each of `count` IDs is reported once, with as many attempts as in `sent`, and as disconnected if it
    /// is in `done`.
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

    /// Standard error with `T` in place of the duration of the run.
    pub fn timeless(&self) -> String {
        let lines: String = self.stderr.lines().map(|line| format!("{line}\n")).collect();
        with_duration(&lines, "T")
    }
}

/// The text with every time that a run took as this one.
pub fn with_duration(text: &str, time: &str) -> String {
    let mut parts = text.split(" in ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let is_time = rest.len() < part.len()
            && rest.strip_prefix(" s").is_some_and(|after| !after.starts_with(char::is_alphanumeric));
        let (time, rest) = if is_time { (time, rest) } else { ("", part) };
        format!("{text} in {time}{rest}")
    })
}

/// IDs `p-0001`, `p-0002` and so on, in sorted order.
pub fn ids(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("p-{n:04}")).collect()
}

/// Starts a verb of `partner` for `count` IDs at a server.
pub fn start(verb: &str, server: &server::Server, count: usize, arguments: &[&str]) -> running::Running {
    let home = Intunectl::new();
    running::Running::start(home.partner(verb, server.root()).args(ids(count)).args(arguments)).at(home)
}

/// Runs a command to its end; see [`running::Running::end`].
pub fn run(command: &mut Command) -> Seen {
    running::Running::start(command).end()
}

/// The same with this standard input, which need not be read to its end.
pub fn run_with(command: &mut Command, stdin: impl Into<Vec<u8>>) -> Seen {
    running::Running::with_input(command, stdin).end()
}

/// Runs `partner disconnect` against the server at `root`.
pub fn disconnect(root: &str, arguments: &[&str]) -> Seen {
    run(Intunectl::new().disconnect(root).args(arguments))
}
