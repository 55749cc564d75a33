//! A machine on which somebody signs in, and the one look at everything that came out there, which must hold no secret.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::helper::install;
use super::running::Running;
use super::secrets::Secrets;
use super::server::PATIENCE;
use super::{Intunectl, Seen, files, keyring};

/// A machine: a home, and programs. What was said on it, and is left at its end, holds no secret.
pub struct Machine {
    pub home: Intunectl,
    /// Where programs are, and what they leave. No other program can be found.
    pub desk: TempDir,
    pub secrets: Secrets,
    said: Mutex<Vec<String>>,
}

impl Machine {
    /// With the wrapper's keyring to itself, empty.
    pub fn new() -> Self {
        let machine = Self::of(Intunectl::with_keyring());
        assert_eq!(machine.run(&["auth", "logout", "--all"]).code, Some(0));
        machine
    }

    /// With none.
    pub fn without_keyring() -> Self {
        Self::of(Intunectl::new())
    }

    fn of(home: Intunectl) -> Self {
        Self { home, desk: TempDir::new().unwrap(), secrets: Secrets::default(), said: Mutex::default() }
    }

    /// The command, which finds no program but those of the desk.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command();
        command.args(arguments).env("PATH", self.desk.path());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Seen {
        self.seen(&mut self.command(arguments))
    }

    /// Runs a command to its end.
    pub fn seen(&self, command: &mut Command) -> Seen {
        self.end_of(Running::start(command))
    }

    /// Waits for the end of what runs here.
    pub fn end_of(&self, running: Running) -> Seen {
        let seen = running.end();
        self.keep_output(&seen.stdout);
        self.keep_output(&seen.stderr);
        seen
    }

    /// Runs it to its end, and again with all that it says of itself; what it said the first time.
    pub fn run_twice(&self, arguments: &[&str]) -> Seen {
        self.run(&[arguments, &["-vv"]].concat());
        self.run(arguments)
    }

    /// What `auth token` says. What it prints there is no leak.
    pub fn token(&self, arguments: &[&str]) -> Seen {
        let seen = Running::start(&mut self.command(&[&["auth", "token"], arguments].concat())).end();
        self.keep_output(&seen.stderr);
        seen
    }

    /// Something more that came out.
    pub fn keep_output(&self, text: &str) {
        self.said.lock().unwrap().push(text.to_owned());
    }

    /// A program that does these steps of `tests/helper`; its path.
    pub fn program(&self, name: &str, steps: &[&str]) -> String {
        install(self.desk.path(), name, steps).to_str().unwrap().to_owned()
    }

    /// A program that leaves its first argument on the desk, as [`Machine::opened`] takes it up.
    pub fn browser(&self) -> String {
        self.browser_of_name("browser")
    }

    /// The same under another name.
    pub fn browser_of_name(&self, name: &str) -> String {
        self.program(name, &["append-argument", self.desk.path().join("opened").to_str().unwrap()])
    }

    /// What the browser was opened with, once it was.
    pub fn opened(&self) -> String {
        let read = || std::fs::read_to_string(self.desk.path().join("opened")).unwrap_or_default();
        let text = until(|| Some(read()).filter(|text| text.ends_with('\n')), || "no browser was opened".to_owned());
        text.lines().last().unwrap().to_owned()
    }

    /// Whether a browser was opened.
    pub fn has_opened_any(&self) -> bool {
        self.desk.path().join("opened").exists()
    }

    /// As if none had been opened yet.
    pub fn has_opened_none(&self) {
        let _ = std::fs::remove_file(self.desk.path().join("opened"));
    }

    /// Asserts that a command left nothing on this machine's disk but the empty file of a lock.
    #[track_caller]
    pub fn assert_nothing_written(&self) {
        for path in files(self.home.home()) {
            let is_lock = path.extension().is_some_and(|extension| extension == "lock");
            assert!(is_lock && std::fs::read(&path).unwrap().is_empty(), "{} was written", path.display());
        }
    }
}

impl Drop for Machine {
    /// The look at everything.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let said = self.said.get_mut().unwrap().drain(..).map(|text| ("the output".to_owned(), text.into_bytes()));
        let shared = self.home.has_keyring().then(keyring::directories).into_iter().flatten();
        let paths = shared.chain([self.home.home().to_owned()]).flat_map(|place| files(&place));
        // What vanishes meanwhile holds nothing.
        let read = |path: &Path| (path.display().to_string(), std::fs::read(path).unwrap_or_default());
        self.secrets.assert_in_none(said.chain(paths.map(|path| read(&path))));
    }
}

/// Looks again and again, for longer than anything takes.
pub fn until<T>(look: impl Fn() -> Option<T>, words: impl Fn() -> String) -> T {
    let started = Instant::now();
    loop {
        match look() {
            Some(found) => return found,
            None if started.elapsed() > PATIENCE => panic!("{}", words()),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}
