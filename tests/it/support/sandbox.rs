//! A running `intunectl sandbox`.

use std::path::Path;

use super::graph::PARTNERS;
use super::http::{request, say};
use super::running::Running;
use super::{BINARY, Intunectl, Seen};

/// Its partners.
pub const FIRST: &str = "5a4d0b0c-0002-4000-8000-000000000001";
pub const SECOND: &str = "5a4d0b0c-0002-4000-8000-000000000002";
pub const THIRD: &str = "5a4d0b0c-0002-4000-8000-000000000003";

/// A sandbox that runs until the test ends.
pub struct Sandbox {
    _home: Intunectl,
    running: Running,
    /// The settings that it printed, by name.
    pub settings: Vec<(String, String)>,
}

impl Sandbox {
    /// Starts a sandbox with these options.
    pub fn start(options: &[&str]) -> Self {
        Self::of(Path::new(BINARY), options)
    }

    /// Starts the sandbox of another build.
    pub fn of(program: &Path, options: &[&str]) -> Self {
        let home = Intunectl::new();
        let running = Running::start(home.command_of(program).arg("sandbox").args(options));
        // The syntax of the system's usual shell.
        let (before, between, end) = if cfg!(windows) { ("$env:", " = \"", "\"") } else { ("export ", "='", "'") };
        let stdout = running.wait_for_stdout_times(&format!("{end}\n"), 4);
        let setting = |line: &str| {
            let parts = line.strip_prefix(before).and_then(|rest| rest.strip_suffix(end)?.split_once(between));
            let (name, value) = parts.unwrap();
            (name.to_owned(), value.to_owned())
        };
        Self { _home: home, running, settings: stdout.lines().map(setting).collect() }
    }

    /// Starts a sandbox that approves sign-ins immediately.
    pub fn approving(options: &[&str]) -> Self {
        Self::start(&[&["--approve-after", "0s"], options].concat())
    }

    pub fn setting(&self, name: &str) -> &str {
        &self.settings.iter().find(|(key, _)| key == name).unwrap().1
    }

    /// Its URL, for Graph and for sign-ins.
    pub fn url(&self) -> &str {
        self.setting("INTUNECTL_GRAPH_URL")
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.url().strip_prefix("http://127.0.0.1:").unwrap().parse().unwrap()
    }

    /// The `Host` header for it.
    pub fn host(&self) -> String {
        format!("Host: 127.0.0.1:{}\r\n", self.port())
    }

    /// Sends a request with its host and its token, and returns the whole answer.
    pub fn ask(&self, line: &str) -> String {
        self.send(line, &self.host(), "")
    }

    /// Sends a request with these header lines, each ending in CRLF, and this form.
    pub fn send(&self, line: &str, host: &str, form: &str) -> String {
        let head = format!("{host}Authorization: Bearer {}\r\n", self.setting("INTUNECTL_TOKEN"));
        say("127.0.0.1", self.port(), request(line, &head, form))
    }

    /// Disconnects a partner, and returns the whole answer.
    pub fn disconnect(&self, id: &str) -> String {
        self.ask(&format!("POST {PARTNERS}/{id}/disconnect"))
    }

    /// Revokes all sessions.
    pub fn revoke(&self) {
        let answer = self.ask("POST /v1.0/me/revokeSignInSessions");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    /// Ends it with a signal.
    pub fn end(self, signal: &str) -> Seen {
        self.running.signal(signal);
        self.running.end()
    }
}
