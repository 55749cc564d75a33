//! A Windows console, run by a small C program (`console.c`) that `.ci/windows` builds.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::machine::until;
use super::running::Running;
use super::server::PATIENCE;

/// The event that replaces a signal. Source: Microsoft, "HandlerRoutine callback function".
fn event(signal: &str) -> &'static str {
    match signal {
        "INT" => "0",
        "BREAK" => "1",
        // The console is closed.
        "TERM" | "HUP" => "2",
        "LOGOFF" => "5",
        "SHUTDOWN" => "6",
        "KILL" => "kill",
        _ => panic!("no event for SIG{signal}"),
    }
}

fn program() -> Command {
    let path = std::env::var_os("INTUNECTL_TEST_CONSOLE");
    Command::new(path.expect("this test needs the console program of .ci/windows in INTUNECTL_TEST_CONSOLE"))
}

/// Sends an event to any process.
pub fn send(process: u32, signal: &str) {
    let seen = Running::start(program().args(["event", &process.to_string(), event(signal)])).end();
    assert_eq!(seen.code, Some(0), "cannot send SIG{signal} to {process}: {}", seen.stderr);
}

/// A console with a process in it.
pub struct Console(Mutex<BufReader<TcpStream>>);

impl Console {
    /// Opens a console of this width and starts a command in it. `streams` has one character for each standard stream:
    /// "c" for the console, "-" for what `redirect` sets.
    pub fn open(
        command: &Command,
        streams: &str,
        columns: u16,
        redirect: impl FnOnce(&mut Command),
    ) -> (Self, Running) {
        use std::os::windows::process::CommandExt as _;
        /// Gives a process its own invisible console. Source: Microsoft, "Process Creation Flags".
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut wrapped = program();
        wrapped.args([&port.to_string(), streams, &columns.to_string()]);
        wrapped.arg(command.get_program()).args(command.get_args()).creation_flags(CREATE_NO_WINDOW);
        wrapped.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            wrapped.current_dir(directory);
        }
        redirect(&mut wrapped);
        let running = Running::with(&mut wrapped);
        // If the program fails to start, it never connects.
        listener.set_nonblocking(true).unwrap();
        let (stream, _) = until(|| listener.accept().ok(), || "the console program did not connect".to_owned());
        // The stream has inherited non-blocking mode from the listener.
        stream.set_nonblocking(false).unwrap();
        // A console that hangs, which wine's does at times, fails one test and does not hold up all others.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        (Self(Mutex::new(BufReader::new(stream))), running)
    }

    pub fn keys(&self, keys: &str) {
        let units: Vec<_> = keys.replace('\n', "\r").encode_utf16().map(|unit| format!("{unit:04x}")).collect();
        // In parts, because the program limits the length of a line.
        for units in units.chunks(1000) {
            assert_eq!(self.ask(&format!("type {}", units.join(" "))), "ok");
        }
    }

    /// Sends an event to all processes in it.
    pub fn send(&self, signal: &str) {
        assert_eq!(self.ask(&format!("event {}", event(signal))), "ok");
    }

    /// The content of the screen, including what has scrolled off. A full row continues in the next one.
    pub fn screen(&self) -> String {
        self.read("screen")
    }

    /// The same with `#` for each coloured character, and `.` for the others.
    pub fn colours(&self) -> String {
        self.read("colours")
    }

    /// Whether the program has enabled escape sequences on the console.
    pub fn understands_escapes(&self) -> bool {
        self.ask("escapes") == "yes"
    }

    /// The exit code, if the program has ended.
    pub fn code(&self) -> Option<i32> {
        // Windows' codes are unsigned; the standard library shows the same bits as signed.
        self.ask("state").strip_prefix("ended ").map(|code| code.parse::<u32>().unwrap().cast_signed())
    }

    fn ask(&self, line: &str) -> String {
        Self::exchange(&mut self.0.lock().unwrap(), line)
    }

    fn read(&self, line: &str) -> String {
        let mut stream = self.0.lock().unwrap();
        let mut bytes = vec![0; Self::exchange(&mut stream, line).parse().unwrap()];
        stream.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn exchange(stream: &mut BufReader<TcpStream>, line: &str) -> String {
        stream.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).unwrap();
        assert!(!answer.starts_with("console: "), "{answer}");
        answer.trim_end().to_owned()
    }
}

impl Drop for Console {
    /// Closes the connection even if another process has inherited it.
    fn drop(&mut self) {
        let _ = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).get_ref().shutdown(Shutdown::Both);
    }
}
