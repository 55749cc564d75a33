//! `intunectl sandbox` while it serves.

use std::path::Path;

use super::graph::PARTNERS;
use super::http::{request, say};
use super::running::Running;
use super::{BINARY, Intunectl, Seen};

/// The partners that it has.
pub const FIRST: &str = "5a4d0b0c-0002-4000-8000-000000000001";
pub const SECOND: &str = "5a4d0b0c-0002-4000-8000-000000000002";
pub const THIRD: &str = "5a4d0b0c-0002-4000-8000-000000000003";

/// A sandbox that serves until the test ends.
pub struct Sandbox {
    _home: Intunectl,
    running: Running,
    /// What it printed: settings by name.
    pub settings: Vec<(String, String)>,
}

impl Sandbox {
    /// Starts one with these options.
    pub fn start(options: &[&str]) -> Self {
        Self::of(Path::new(BINARY), options)
    }

    /// Starts one of another build.
    pub fn of(program: &Path, options: &[&str]) -> Self {
        let home = Intunectl::new();
        let running = Running::start(home.command_of(program).arg("sandbox").args(options));
        // As the usual shell of the system sets a variable.
        let (before, between, end) = if cfg!(windows) { ("$env:", " = \"", "\"") } else { ("export ", "='", "'") };
        let stdout = running.wait_for_stdout_times(&format!("{end}\n"), 4);
        let setting = |line: &str| {
            let parts = line.strip_prefix(before).and_then(|rest| rest.strip_suffix(end)?.split_once(between));
            let (name, value) = parts.unwrap();
            (name.to_owned(), value.to_owned())
        };
        Self { _home: home, running, settings: stdout.lines().map(setting).collect() }
    }

    /// Starts one in which somebody who signs in is approved of at once.
    pub fn approving(options: &[&str]) -> Self {
        Self::start(&[&["--approve-after", "0s"], options].concat())
    }

    /// A setting.
    pub fn setting(&self, name: &str) -> &str {
        &self.settings.iter().find(|(key, _)| key == name).unwrap().1
    }

    /// Its root, for Graph and for signing in.
    pub fn url(&self) -> &str {
        self.setting("INTUNECTL_GRAPH_URL")
    }

    /// Its port on the loopback.
    pub fn port(&self) -> u16 {
        self.url().strip_prefix("http://127.0.0.1:").unwrap().parse().unwrap()
    }

    /// The header that names it.
    pub fn host(&self) -> String {
        format!("Host: 127.0.0.1:{}\r\n", self.port())
    }

    /// Sends a request as anybody would who knows no more than the settings; the whole answer.
    pub fn ask(&self, line: &str) -> String {
        self.send(line, &self.host(), "")
    }

    /// Sends a request with these lines for the host, each ending in CRLF, and this form.
    pub fn send(&self, line: &str, host: &str, form: &str) -> String {
        let head = format!("{host}Authorization: Bearer {}\r\n", self.setting("INTUNECTL_TOKEN"));
        say("127.0.0.1", self.port(), request(line, &head, form))
    }

    /// Disconnects a partner; the whole answer.
    pub fn disconnect(&self, id: &str) -> String {
        self.ask(&format!("POST {PARTNERS}/{id}/disconnect"))
    }

    /// Ends all sessions, as an administrator does.
    pub fn revoke(&self) {
        let answer = self.ask("POST /v1.0/me/revokeSignInSessions");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    /// Ends it with a signal; what was seen of it.
    pub fn end(self, signal: &str) -> Seen {
        self.running.signal(signal);
        self.running.end()
    }
}
