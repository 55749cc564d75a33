//! A console of Windows, through a small program in C (`console.c`) that `.ci/windows` builds.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::machine::until;
use super::running::Running;

/// What is sent to a process in place of a signal. Source: Microsoft, "HandlerRoutine callback function".
fn event(signal: &str) -> &'static str {
    match signal {
        "INT" => "0",
        "BREAK" => "1",
        // The console is closed.
        "TERM" | "HUP" => "2",
        "LOGOFF" => "5",
        "SHUTDOWN" => "6",
        "KILL" => "kill",
        _ => panic!("there is no event for SIG{signal}"),
    }
}

fn program() -> Command {
    let path = std::env::var_os("INTUNECTL_TEST_CONSOLE");
    Command::new(path.expect("this test needs the console program of .ci/windows in INTUNECTL_TEST_CONSOLE"))
}

/// Sends an event to a process, wherever it runs.
pub fn send(process: u32, signal: &str) {
    let status = program().args(["event", &process.to_string(), event(signal)]).status().unwrap();
    assert!(status.success(), "SIG{signal} cannot be sent to {process}");
}

/// A console with a process in it.
pub struct Console(Mutex<BufReader<TcpStream>>);

impl Console {
    /// Opens one of so many columns, and starts a command in it; `streams` has a "c" for each of its standard streams
    /// that is to be the console, and a "-" for each that `redirect` has set.
    pub fn open(
        command: &Command,
        streams: &str,
        columns: u16,
        redirect: impl FnOnce(&mut Command),
    ) -> (Self, Running) {
        use std::os::windows::process::CommandExt as _;
        /// Gives a process a console of its own that nobody sees. Source: Microsoft, "Process Creation Flags".
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
        // A program that does not come up never connects.
        listener.set_nonblocking(true).unwrap();
        let (stream, _) = until(|| listener.accept().ok(), || "the console program did not connect".to_owned());
        // It has that from the listener.
        stream.set_nonblocking(false).unwrap();
        (Self(Mutex::new(BufReader::new(stream))), running)
    }

    /// Types keys.
    pub fn keys(&self, keys: &str) {
        let units: Vec<_> = keys.replace('\n', "\r").encode_utf16().map(|unit| format!("{unit:04x}")).collect();
        // Of a long text a part at a time: the program reads so much at most.
        for units in units.chunks(1000) {
            assert_eq!(self.ask(&format!("type {}", units.join(" "))), "ok");
        }
    }

    /// Sends an event, as a key or the system does.
    pub fn send(&self, signal: &str) {
        assert_eq!(self.ask(&format!("event {}", event(signal))), "ok");
    }

    /// What is on the screen and has scrolled off it. A row that is full goes on in the next one.
    pub fn screen(&self) -> String {
        self.read("screen")
    }

    /// The same with a `#` for each character that is coloured, and a `.` for the others.
    pub fn colours(&self) -> String {
        self.read("colours")
    }

    /// Whether the program has had the console understand escape sequences.
    pub fn understands_escapes(&self) -> bool {
        self.ask("escapes") == "yes"
    }

    /// The exit code, once it has ended.
    pub fn code(&self) -> Option<i32> {
        // Windows' codes are unsigned; the standard library has the same bits as signed ones.
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
    /// Ends the connection also if a process that was started meanwhile has inherited it.
    fn drop(&mut self) {
        let _ = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).get_ref().shutdown(Shutdown::Both);
    }
}
