//! What tests of signing in share: a machine with a keyring, a sandbox, a platform that can lie, a browser, and the one
//! look at everything that came out, which must hold no secret.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Url;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::keyring::{self, Keyring, with_keyring};
use super::server::{PATIENCE, Reply, Request, Server};
use super::{Intunectl, Seen};

/// Every secret that was handed out or sent, whichever way.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeSet<String>>>);

/// What is secret in a form, and in an answer.
const SECRET_FIELDS: [&str; 10] = [
    "access_token",
    "refresh_token",
    "id_token",
    "device_code",
    "code",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "assertion",
    "value",
];

impl Secrets {
    /// One more.
    pub fn keep(&self, secret: &str) {
        if secret.len() >= 8 {
            self.0.lock().unwrap().insert(secret.to_owned());
        }
    }

    fn of_request(&self, request: &Request) {
        for field in SECRET_FIELDS.into_iter().filter_map(|name| request.form(name)) {
            self.keep(&field);
        }
        if let Some(bearer) = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) {
            self.keep(bearer);
        }
    }

    fn of_answer(&self, reply: &Reply) {
        let Reply::Answer { body, .. } = reply else { return };
        let Ok(Value::Object(answer)) = serde_json::from_slice(body) else { return };
        for field in SECRET_FIELDS.into_iter().filter_map(|name| answer.get(name)?.as_str()) {
            self.keep(field);
        }
    }

    /// Fails where a text holds one of them, or a part of one that is worth anything, or one as a form has it.
    #[track_caller]
    pub fn are_not_in(&self, what: &str, bytes: &[u8]) {
        for secret in self.0.lock().unwrap().iter() {
            let encoded =
                Url::parse_with_params("http://x/", [("v", secret)]).unwrap().query().unwrap()[2..].to_owned();
            for form in [secret.as_bytes(), encoded.as_bytes()] {
                let step = if form.len() > 40 { 20 } else { 1 };
                let found = (0..=form.len().saturating_sub(40)).step_by(step).find(|start| {
                    let part = &form[*start..form.len().min(start + 40)];
                    bytes.windows(part.len()).any(|window| window == part)
                });
                let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(4000)]);
                assert!(found.is_none(), "{what} holds a part of the secret {secret:.60}: {shown}");
            }
        }
    }
}

/// A machine: a home, programs, and, where it has one, the wrapper's keyring to itself. What is left at its end holds
/// no secret.
pub struct Machine {
    pub home: Intunectl,
    /// Where programs are, and what they leave. No other program can be found.
    pub desk: TempDir,
    pub secrets: Secrets,
    outputs: Mutex<Vec<String>>,
    keyring: Option<Keyring>,
}

impl Machine {
    /// With the wrapper's keyring, empty.
    pub fn new() -> Self {
        let mut machine = Self::without_keyring();
        machine.keyring = Some(Keyring::alone());
        assert_eq!(machine.run(&["auth", "logout", "--all"]).code, Some(0));
        machine
    }

    /// With none.
    pub fn without_keyring() -> Self {
        let (home, desk) = (Intunectl::new(), TempDir::new().unwrap());
        Self { home, desk, secrets: Secrets::default(), outputs: Mutex::default(), keyring: None }
    }

    /// The command, which finds no program but those of the desk.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.std_command();
        command.args(arguments).env("PATH", self.desk.path());
        if self.keyring.is_some() {
            with_keyring(&mut command);
        }
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Seen {
        self.seen(&mut self.command(arguments))
    }

    /// Runs a command to its end.
    pub fn seen(&self, command: &mut Command) -> Seen {
        Process::start(command).end(self)
    }

    /// Runs it to its end, and again with all that it says of itself; what it said the first time.
    pub fn run_twice(&self, arguments: &[&str]) -> Seen {
        self.run(&[arguments, &["-vv"]].concat());
        self.run(arguments)
    }

    /// A token of a profile, which alone may be shown.
    pub fn token(&self, arguments: &[&str]) -> String {
        let output = self.command(&[&["auth", "token"], arguments].concat()).output().unwrap();
        let seen = Seen::from(output);
        assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)));
        seen.stdout.trim_end().to_owned()
    }

    /// Something more that came out.
    pub fn keep_output(&self, text: &str) {
        self.outputs.lock().unwrap().push(text.to_owned());
    }

    /// A program, as a shell has it; its path.
    pub fn program(&self, name: &str, script: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.desk.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A program that leaves its first argument on the desk, as [`Machine::opened`] takes it up.
    pub fn browser(&self) -> String {
        self.program("browser", &format!("printf '%s\\n' \"$1\" >> '{}'", self.desk.path().join("opened").display()))
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

    /// Asserts that a command left nothing on this machine's disk but the empty file of a lock.
    #[track_caller]
    pub fn assert_nothing_written(&self) {
        for path in files(self.home.home()) {
            let is_lock = path.extension().is_some_and(|extension| extension == "lock");
            assert!(is_lock && std::fs::read(&path).unwrap().is_empty(), "{} was written", path.display());
        }
    }

    /// The entries of a program in the keyring, as `secret-tool` shows them.
    pub fn entries(service: &str) -> String {
        let mut command = Command::new("secret-tool");
        let output = command.args(["search", "--all", "--unlock", "service", service]).output().unwrap();
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat()
    }

    /// Has nobody signed in under this profile.
    #[track_caller]
    pub fn has_nobody(&self) {
        assert_eq!(Self::entries("intunectl"), "");
    }
}

impl Drop for Machine {
    /// The look at everything.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for text in self.outputs.lock().unwrap().iter() {
            self.secrets.are_not_in("the output", text.as_bytes());
            assert!(!text.contains("this should not have happened"), "a panic: {text}");
        }
        let mut places = vec![self.home.home().to_owned()];
        if self.keyring.is_some() {
            places.extend(keyring::directories());
        }
        for path in places.iter().flat_map(|place| files(place)) {
            self.secrets.are_not_in(&path.display().to_string(), &std::fs::read(&path).unwrap_or_default());
        }
    }
}

/// All plain files below a directory.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    // A keyring's own files come and go.
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        let Ok(kind) = std::fs::symlink_metadata(&path).map(|metadata| metadata.file_type()) else { continue };
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.push(path);
        }
    }
    found
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

/// A command under way, whose output can be read meanwhile. It does not survive its test.
pub struct Process {
    child: Child,
    output: TempDir,
}

impl Process {
    /// Starts a command.
    pub fn start(command: &mut Command) -> Self {
        let output = TempDir::new().unwrap();
        let file = |name| File::create(output.path().join(name)).unwrap();
        let child = command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err")).spawn().unwrap();
        Self { child, output }
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8(std::fs::read(self.output.path().join(name)).unwrap()).unwrap()
    }

    /// Standard error, once it has this in it.
    pub fn stderr_with(&self, part: &str) -> String {
        let look = || Some(self.read("err")).filter(|text| text.contains(part));
        until(look, || format!("{part:?} did not come: {}", self.read("err")))
    }

    /// The address on a line of its own that it prints for a browser.
    pub fn address(&self) -> String {
        let text = self.stderr_with("Waiting for it to come back");
        text.lines().find_map(|line| line.strip_prefix("  http")).map(|rest| format!("http{rest}")).unwrap()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let script = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &script]).status().unwrap().success());
    }

    /// Waits for its end; what was seen goes to the machine, too.
    pub fn end(mut self, machine: &Machine) -> Seen {
        let started = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > PATIENCE => panic!("it does not end: {}", self.read("err")),
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let seen = Seen { stdout: self.read("out"), stderr: self.read("err"), code: status.code() };
        machine.keep_output(&seen.stdout);
        machine.keep_output(&seen.stderr);
        seen
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The sandbox of `intunectl sandbox`, until the test ends.
pub struct Sandbox {
    child: Child,
    pub url: String,
    /// The token that needs no sign-in.
    pub token: String,
    _home: Intunectl,
}

impl Sandbox {
    /// Starts one that approves at once.
    pub fn start(options: &[&str]) -> Self {
        Self::that_approves_after("0s", options)
    }

    /// Starts one that approves after this time.
    pub fn that_approves_after(time: &str, options: &[&str]) -> Self {
        let home = Intunectl::new();
        let mut command = home.std_command();
        command.args(["sandbox", "--approve-after", time]).args(options);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines: Vec<_> =
            BufReader::new(child.stdout.as_mut().unwrap()).lines().take(3).map(Result::unwrap).collect();
        let setting = |name: &str| {
            let line = lines.iter().find_map(|line| line.strip_prefix(&format!("export {name}='")));
            line.unwrap().trim_end_matches('\'').to_owned()
        };
        Self { url: setting("INTUNECTL_GRAPH_URL"), token: setting("INTUNECTL_TOKEN"), child, _home: home }
    }

    /// Ends all sessions, as an administrator does.
    pub fn revoke(&self) {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST /v1.0/me/revokeSignInSessions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n",
            self.token
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sign-in service that does as a test likes, and tells the machine which secrets went over the wire.
pub struct Platform {
    pub server: Server,
}

impl Platform {
    /// Answers each request, given the last segment of its path and how many came to that before it.
    pub fn start(machine: &Machine, script: impl Fn(&Request, &str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let secrets = machine.secrets.clone();
        let before = Mutex::new(Vec::<String>::new());
        let server = Server::start(move |request, _| {
            secrets.of_request(request);
            let path = request.path.split('?').next().unwrap();
            let endpoint = path.rsplit('/').next().unwrap().to_owned();
            let n = {
                let mut before = before.lock().unwrap();
                before.push(endpoint.clone());
                before.iter().filter(|name| **name == endpoint).count() - 1
            };
            let reply = script(request, &endpoint, n);
            secrets.of_answer(&reply);
            reply
        });
        Self { server }
    }

    /// A sandbox's sign-in, with an ear in between.
    pub fn before(machine: &Machine, sandbox: &Sandbox) -> Self {
        let root = sandbox.url.clone();
        Self::start(machine, move |request, _, _| {
            let body = std::str::from_utf8(&request.body).unwrap();
            let answer = match request.method.as_str() {
                "GET" => get(&format!("{root}{}", request.path)),
                _ => send(&format!("{root}{}", request.path), "POST", body),
            };
            Reply::status(answer.status).header("Content-Type", &answer.content_type()).body(answer.body)
        })
    }

    /// Its root.
    pub fn url(&self) -> &str {
        self.server.root()
    }

    /// The requests to an endpoint.
    pub fn asked(&self, endpoint: &str) -> Vec<Request> {
        let is_there = |request: &Request| request.path.split('?').next().unwrap().ends_with(&format!("/{endpoint}"));
        self.server.requests().into_iter().filter(is_there).collect()
    }
}

/// An answer in JSON.
pub fn answer(status: u16, body: &Value) -> Reply {
    Reply::status(status).header("Content-Type", "application/json").body(body.to_string())
}

/// OAuth's refusal.
pub fn refusal(error: &str, description: &str) -> Reply {
    answer(400, &json!({"error": error, "error_description": description}))
}

/// What a browser gets.
pub struct Page {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Page {
    fn content_type(&self) -> String {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-type:"));
        line.and_then(|line| line.split_once(": ")).map_or(String::new(), |(_, value)| value.to_owned())
    }

    /// Where the link with this text leads.
    pub fn link(&self, text: &str) -> String {
        let before = self.body.split(&format!("\">{text}")).next().unwrap();
        before.rsplit("<a href=\"").next().unwrap().replace("&amp;", "&").replace("&#39;", "'")
    }
}

/// Opens an address as a browser does.
pub fn get(url: &str) -> Page {
    send(url, "GET", "")
}

/// Sends a request to an address.
pub fn send(url: &str, method: &str, body: &str) -> Page {
    let url = Url::parse(url).unwrap();
    let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    let form = "application/x-www-form-urlencoded";
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {form}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let said = say(host, port, request.as_bytes());
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Page { status, head: head.to_owned(), body: body.to_owned() }
}

/// Says something to a port, and hears all that comes back.
pub fn say(host: &str, port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect((host, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let (mut answer, mut chunk) = (String::new(), [0; 8192]);
    // A connection that is reset has said what it had to say.
    while let Ok(n @ 1..) = stream.read(&mut chunk) {
        answer.push_str(&String::from_utf8_lossy(&chunk[..n]));
        // Not everybody closes a connection when asked to.
        let Some((head, body)) = answer.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if length.is_some_and(|length: usize| body.len() >= length) {
            break;
        }
    }
    answer
}

/// The parameters of an address.
pub fn query(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let value = values.next();
    assert!(values.next().is_none(), "{name} is there twice: {url}");
    value
}
