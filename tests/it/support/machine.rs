//! A machine on which an account signs in. At its end, no output and no file may contain a secret.

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

/// A machine: a home and programs. When it is dropped, its output and its files are searched for secrets.
pub struct Machine {
    pub home: Intunectl,
    /// The directory of the programs and their files. It is the whole PATH.
    pub desk: TempDir,
    pub secrets: Secrets,
    said: Mutex<Vec<String>>,
}

impl Machine {
    /// With an empty keyring.
    pub fn new() -> Self {
        let machine = Self::of(Intunectl::with_keyring());
        assert_eq!(machine.run(&["auth", "logout", "--all"]).code, Some(0));
        machine
    }

    /// Without a keyring.
    pub fn without_keyring() -> Self {
        Self::of(Intunectl::new())
    }

    fn of(home: Intunectl) -> Self {
        Self { home, desk: TempDir::new().unwrap(), secrets: Secrets::default(), said: Mutex::default() }
    }

    /// The command, which finds only the programs on the desk.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command();
        command.args(arguments).env("PATH", self.desk.path());
        command
    }

    /// Runs intunectl to its end.
    pub fn run(&self, arguments: &[&str]) -> Seen {
        self.seen(&mut self.command(arguments))
    }

    /// Runs a command to its end.
    pub fn seen(&self, command: &mut Command) -> Seen {
        self.end_of(Running::start(command))
    }

    /// Waits for the end of a process, and keeps its output.
    pub fn end_of(&self, running: Running) -> Seen {
        let seen = running.end();
        self.keep_output(&seen.stdout);
        self.keep_output(&seen.stderr);
        seen
    }

    /// Runs it with `-vv` and again without. Returns the output of the second run.
    pub fn run_twice(&self, arguments: &[&str]) -> Seen {
        self.run(&[arguments, &["-vv"]].concat());
        self.run(arguments)
    }

    /// Runs `auth token`. The token on its standard output is not a leak.
    pub fn token(&self, arguments: &[&str]) -> Seen {
        let seen = Running::start(&mut self.command(&[&["auth", "token"], arguments].concat())).end();
        self.keep_output(&seen.stderr);
        seen
    }

    /// Keeps output to be searched for secrets.
    pub fn keep_output(&self, text: &str) {
        self.said.lock().unwrap().push(text.to_owned());
    }

    /// Installs a program that does these steps of `tests/helper`, and returns its path.
    pub fn program(&self, name: &str, steps: &[&str]) -> String {
        install(self.desk.path(), name, steps).to_str().unwrap().to_owned()
    }

    /// Installs a browser, which records its first argument for [`Machine::opened`].
    pub fn browser(&self) -> String {
        self.browser_of_name("browser")
    }

    /// The same under another name.
    pub fn browser_of_name(&self, name: &str) -> String {
        self.program(name, &["append-argument", self.desk.path().join("opened").to_str().unwrap()])
    }

    /// Waits until the browser is opened, and returns its URL.
    pub fn opened(&self) -> String {
        let read = || std::fs::read_to_string(self.desk.path().join("opened")).unwrap_or_default();
        let text = until(|| Some(read()).filter(|text| text.ends_with('\n')), || "no browser was opened".to_owned());
        text.lines().last().unwrap().to_owned()
    }

    /// Whether a browser was opened.
    pub fn has_opened_any(&self) -> bool {
        self.desk.path().join("opened").exists()
    }

    /// Forgets that a browser was opened.
    pub fn has_opened_none(&self) {
        let _ = std::fs::remove_file(self.desk.path().join("opened"));
    }

    /// Asserts that there are no files on this machine except empty lock files.
    #[track_caller]
    pub fn assert_nothing_written(&self) {
        for path in files(self.home.home()) {
            let is_lock = path.extension().is_some_and(|extension| extension == "lock");
            assert!(is_lock && std::fs::read(&path).unwrap().is_empty(), "{} was written", path.display());
        }
    }
}

impl Drop for Machine {
    /// Searches output and files for secrets.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let said = self.said.get_mut().unwrap().drain(..).map(|text| ("the output".to_owned(), text.into_bytes()));
        let shared = self.home.has_keyring().then(keyring::directories).into_iter().flatten();
        let paths = shared.chain([self.home.home().to_owned()]).flat_map(|place| files(&place));
        // A file that has been deleted meanwhile contains nothing.
        let read = |path: &Path| (path.display().to_string(), std::fs::read(path).unwrap_or_default());
        self.secrets.assert_in_none(said.chain(paths.map(|path| read(&path))));
    }
}

/// Polls until `look` finds something. Panics with `words` after [`PATIENCE`].
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
