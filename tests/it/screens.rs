//! Everything that a user can see, as text in `tests/screens/`, to be read from top to bottom. These tests compare;
//! what a text means is asserted elsewhere. `SNAPSHOTS=overwrite cargo test --test it screens::` writes the files anew.

mod help;
mod identity;
mod ids;
mod list_and_show;
mod messages;
mod narrow;
mod network;
mod profiles;
mod progress;
mod prompt;
mod results;
mod resume;
mod sandbox;
mod service;
mod sign_in;
mod stopping;
mod texts;
mod usage;

use std::path::PathBuf;
use std::process::Command;

use super::support::server::Server;
use super::support::{Intunectl, Seen, run, with_duration};

/// The files of `tests/screens/`, without `.txt`, in the order in which they are read.
const FILES: &[&str] = &[
    "01-help",
    "02-usage",
    "03-ids",
    "04-list-and-show",
    "05-prompt",
    "06-results",
    "07-resume",
    "08-identity",
    "08-profile-identity",
    "09-sign-in",
    "10-auth-status",
    "10-profiles",
    "11-service",
    "12-network",
    "13-progress",
    "14-stopping",
    "15-sandbox",
    "16-narrow",
];

/// One file of screens.
pub struct Screens {
    file: &'static str,
    /// The home in which commands run, with the files that the screens need.
    pub home: Intunectl,
    variables: Vec<(&'static str, String)>,
    masks: Vec<(String, String)>,
    text: String,
}

impl Screens {
    /// An empty file. Its commands run in a home of their own, with no keyring.
    pub fn new(file: &'static str) -> Self {
        Self::at(file, Intunectl::new())
    }

    /// The same with this home.
    pub fn at(file: &'static str, home: Intunectl) -> Self {
        assert!(FILES.contains(&file), "add {file} to FILES");
        Self { file, home, variables: Vec::new(), masks: Vec::new(), text: String::new() }
    }

    /// Sets a variable for the commands that follow. It is not shown.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.unset(name);
        self.variables.push((name, value.to_owned()));
    }

    /// Removes a variable that [`Self::set`] has set.
    pub fn unset(&mut self, name: &str) {
        self.variables.retain(|(other, _)| *other != name);
    }

    /// Has the commands that follow use this server for Graph and for signing in.
    pub fn serve(&mut self, server: &Server) {
        self.set("INTUNECTL_GRAPH_URL", server.root());
        self.set("INTUNECTL_LOGIN_URL", server.root());
    }

    /// Shows `to` in place of `from`, which differs between runs.
    pub fn mask(&mut self, from: impl Into<String>, to: impl Into<String>) {
        self.masks.push((from.into(), to.into()));
    }

    pub fn heading(&mut self, text: &str) {
        self.text.push_str(&format!("\n# {text}\n"));
    }

    /// `intunectl` or a shell in the environment of these screens.
    fn surround(&self, mut command: Command) -> Command {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The command `intunectl` in this environment, for a fake that starts it itself.
    pub fn command(&self) -> Command {
        self.surround(self.home.command())
    }

    /// Types a line in a shell that is not at a terminal, and shows both streams and the exit code.
    #[cfg(unix)]
    pub fn sh(&mut self, line: &str) {
        let seen = run(&mut self.surround(self.home.sh(&format!("exec 2>&1\n{line}"))));
        self.show(line, &seen.stdout, seen.code);
    }

    /// Shows a line and its outcome.
    pub fn show(&mut self, line: &str, screen: &str, code: Option<i32>) {
        let end = if screen.is_empty() || screen.ends_with('\n') { "" } else { "\n" };
        let code = match code {
            Some(0) => String::new(),
            Some(code) => format!("[exit code {code}]\n"),
            None => "[killed]\n".to_owned(),
        };
        self.text.push_str(&format!("\n$ {line}\n{screen}{end}{code}"));
    }

    /// The same for a run that has ended.
    pub fn show_seen(&mut self, line: &str, seen: &Seen) {
        self.show(line, &format!("{}{}", seen.stdout, seen.stderr), seen.code);
    }

    /// Compares them with the file.
    #[track_caller]
    pub fn check(self) {
        let mut text = self.text.trim_start().replace(self.home.home().to_str().unwrap(), "/home/admin");
        for (from, to) in &self.masks {
            text = text.replace(from, to);
        }
        let text = with_duration(&with_one_port(&text), "0.2");
        let file = snapbox::Data::read_from(&path(self.file), None).raw();
        snapbox::Assert::new().action_env("SNAPSHOTS").eq(snapbox::Data::text(text).raw(), file);
    }
}

fn path(file: &str) -> PathBuf {
    directory().join(file).with_extension("txt")
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/screens")
}

/// Replaces every loopback port with the same one.
fn with_one_port(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        text + "127.0.0.1:" + if rest.len() < part.len() { "8080" } else { "" } + rest
    })
}

/// All screens, and the names of their files.
fn all() -> Vec<(&'static str, String)> {
    FILES.iter().map(|file| (*file, std::fs::read_to_string(path(file)).unwrap())).collect()
}

#[test]
fn every_file_of_screens_is_written_by_a_test() {
    let mut found: Vec<_> = std::fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    assert_eq!(found, FILES.iter().map(|file| path(file)).collect::<Vec<_>>());
}
