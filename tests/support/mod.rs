//! What the black-box tests share: the real binary in an environment of its own.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy.toml covers #[test] functions")]

pub mod graph;
pub mod jwt;
#[cfg(unix)]
pub mod shell;

use std::path::PathBuf;
use std::process::Output;

use tempfile::TempDir;

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

    /// The command, for `assert_cmd`.
    pub fn command(&self) -> assert_cmd::Command {
        assert_cmd::Command::from_std(self.std_command())
    }

    /// The command, for tests that need the process itself.
    pub fn std_command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("intunectl"));
        command
            .env_clear()
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            // For the sandbox's commands.
            .env("PATH", "/usr/bin:/bin");
        command
    }
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
