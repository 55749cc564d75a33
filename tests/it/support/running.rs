//! A running process: its output so far, and signals.

use std::io::{Read, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::machine::until;
use super::server::PATIENCE;
use super::{Intunectl, Seen, TOKEN};

/// A running process. It is killed when this is dropped.
pub struct Running {
    child: Child,
    stdout: Stream,
    stderr: Stream,
    _home: Option<Intunectl>,
}

/// The output of a stream so far. A separate thread reads it, so that the process never waits for the test.
pub(super) struct Stream {
    text: Arc<(Mutex<Vec<u8>>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts a command. Standard input is empty; standard output and standard error are read.
    pub fn start(command: &mut Command) -> Self {
        Self::with(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// Like [`Running::start`] with this standard input, which need not be read to its end.
    pub fn with_input(command: &mut Command, stdin: impl Into<Vec<u8>>) -> Self {
        Self::with_input_into(command, stdin, Stdio::piped())
    }

    /// The same with this standard output, which is read if it is [`Stdio::piped`].
    pub fn with_input_into(command: &mut Command, stdin: impl Into<Vec<u8>>, stdout: impl Into<Stdio>) -> Self {
        let mut running = Self::with(command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped()));
        let (mut pipe, stdin) = (running.stdin(), stdin.into());
        // On a separate thread: the pipe may hold less, and the process may end before it has read everything.
        thread::spawn(move || pipe.write_all(&stdin));
        running
    }

    /// Starts a command with its streams as they are set. Pipes are read.
    pub fn with(command: &mut Command) -> Self {
        let mut child = spawn(command);
        let stdout = Stream::read(child.stdout.take());
        let stderr = Stream::read(child.stderr.take());
        Self { child, stdout, stderr, _home: None }
    }

    /// Keeps the home for as long as the process runs.
    pub fn at(mut self, home: Intunectl) -> Self {
        self._home = Some(home);
        self
    }

    /// Its standard input, which must be a pipe.
    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("standard input is a pipe")
    }

    /// A function that sends it a signal, from any thread. On Windows, it sends the corresponding event.
    #[cfg(windows)]
    pub fn signaller(&self) -> impl Fn(&str) + Send + Sync + use<> {
        let id = self.child.id();
        move |name| super::console::send(id, name)
    }

    /// A function that sends it a signal, from any thread.
    #[cfg(unix)]
    pub fn signaller(&self) -> impl Fn(&str) + Send + Sync + use<> {
        let pid = Pid::from_child(&self.child);
        move |name| kill_process(pid, signal(name)).unwrap()
    }

    /// Sends it a signal by name, such as `INT`.
    pub fn signal(&self, signal: &str) {
        self.signaller()(signal);
    }

    /// Sends a signal to its process group, which it must lead.
    #[cfg(unix)]
    pub fn signal_group(&self, name: &str) {
        kill_process_group(Pid::from_child(&self.child), signal(name)).unwrap();
    }

    /// Waits until standard output contains this, and returns the output so far.
    pub fn wait_for_stdout(&self, part: &str) -> String {
        self.wait_for_stdout_times(part, 1)
    }

    /// The same for this many occurrences.
    pub fn wait_for_stdout_times(&self, part: &str, times: usize) -> String {
        self.stdout.wait_for_times(part, times)
    }

    /// The same for standard error.
    pub fn wait_for_stderr(&self, part: &str) -> String {
        self.stderr.wait_for_times(part, 1)
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end, and returns its output and exit code.
    pub fn end(mut self) -> Seen {
        let started = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > PATIENCE => {
                    panic!("the process does not end; standard error: {}", self.stderr.text())
                }
                None => thread::sleep(Duration::from_millis(2)),
            }
        };
        let text = |stream: &mut Stream| String::from_utf8(stream.rest()).expect("the output is UTF-8");
        let seen = Seen { stdout: text(&mut self.stdout), stderr: text(&mut self.stderr), code: status.code() };
        check(&seen.stdout);
        check(&seen.stderr);
        seen
    }
}

/// Starts a process. wine 8 sometimes fails ("sendmsg: Socket operation on non-socket", and error 1359), at times more
/// than once in a row.
fn spawn(command: &mut Command) -> Child {
    const ERROR_INTERNAL_ERROR: i32 = 1359;
    let is_wine_s = |error: &std::io::Error| cfg!(windows) && error.raw_os_error() == Some(ERROR_INTERNAL_ERROR);
    for _ in 0..4 {
        match command.spawn() {
            Err(error) if is_wine_s(&error) => {}
            spawned => return spawned.unwrap(),
        }
    }
    command.spawn().unwrap()
}

#[cfg(unix)]
fn signal(name: &str) -> Signal {
    match name {
        "INT" => Signal::INT,
        "TERM" => Signal::TERM,
        "HUP" => Signal::HUP,
        "KILL" => Signal::KILL,
        _ => panic!("unknown signal SIG{name}"),
    }
}

/// Asserts that output contains neither the token nor a panic.
pub(super) fn check(text: &str) {
    assert!(!text.to_lowercase().contains(&TOKEN.to_lowercase()), "the token was shown: {text}");
    assert!(!text.contains("panicked") && !text.contains("error: internal error"), "{text}");
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Stream {
    pub(super) fn read(pipe: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::<(Mutex<Vec<u8>>, Condvar)>::default();
        let shared = Arc::clone(&text);
        let reader = pipe.map(|mut pipe| {
            thread::spawn(move || {
                let mut chunk = [0; 8192];
                while let Ok(n @ 1..) = pipe.read(&mut chunk) {
                    shared.0.lock().unwrap().extend_from_slice(chunk.get(..n).unwrap_or_default());
                    shared.1.notify_all();
                }
            })
        });
        Self { text, reader }
    }

    /// Waits for this many occurrences, and returns the output so far.
    pub(super) fn wait_for_times(&self, part: &str, times: usize) -> String {
        let (text, changed) = &*self.text;
        let missing = |text: &mut Vec<u8>| String::from_utf8_lossy(text).matches(part).count() < times;
        let (text, timeout) = changed.wait_timeout_while(text.lock().unwrap(), PATIENCE, missing).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!timeout.timed_out(), "{part:?} did not come {times} times: {text}");
        text
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.0.lock().unwrap()).into_owned()
    }

    /// Waits for its end, and returns everything.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        if let Some(reader) = self.reader.take() {
            until(
                || reader.is_finished().then_some(()),
                || format!("another process keeps the stream open: {}", self.text()),
            );
            reader.join().unwrap();
        }
        self.text.0.lock().unwrap().clone()
    }
}
