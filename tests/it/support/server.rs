//! A scripted HTTP/1.1 server. It can behave like any service, and like any proxy in front of one. It records every
//! request, so that a test can check which requests came and that no other came.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Longer than any test takes on the slowest machine. It is reached only if a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A recorded request.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// When its head was complete.
    pub at: Instant,
    /// The same as wall-clock time.
    pub time: SystemTime,
}

impl Request {
    /// The value of a header, by its name in lower case. It may occur only once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} occurs twice: {self:?}");
        value
    }

    /// The ID in the path, still encoded.
    pub fn id(&self) -> &str {
        match self.path.split_once("/remoteAssistancePartners/") {
            Some((_, id)) => id.split('/').next().unwrap(),
            None => self.path.rsplit('/').nth(1).expect("the path has an ID"),
        }
    }

    /// Whether it is a change of any kind.
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }

    /// Whether it is a change by an action.
    pub fn is_post(&self) -> bool {
        self.method == "POST"
    }

    /// A field of the form in the body.
    pub fn form(&self, name: &str) -> Option<String> {
        let query = std::str::from_utf8(&self.body).unwrap();
        let url = reqwest::Url::parse(&format!("http://form/?{query}")).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn parse(head: &str) -> Self {
        let mut lines = head.trim_end().split("\r\n");
        let mut words = lines.next().unwrap().split(' ');
        let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        assert_eq!((words.next(), words.next()), (Some("HTTP/1.1"), None), "{head}");
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        let headers = headers.collect();
        Self { method, path, headers, body: Vec::new(), at: Instant::now(), time: SystemTime::now() }
    }
}

/// How the server reacts to a request.
pub enum Reply {
    /// A complete answer. `Content-Length` is added unless it is in `headers`.
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// Sends these bytes and closes the connection.
    Raw(Vec<u8>),
    /// Sends these bytes, and then others without end.
    Endless(Vec<u8>),
    /// Sends these bytes, and then nothing, but keeps the connection open.
    Stall(Vec<u8>),
    Close,
    Reset,
}

impl Reply {
    /// 204: the change was accepted.
    pub fn done() -> Self {
        Self::status(204)
    }

    /// A status without headers or body.
    pub fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The answer to an expired token.
    pub fn expired() -> Self {
        Self::status(401).body(include_bytes!("../../data/401-expired.json"))
    }

    /// The answer if the partner does not exist.
    pub fn not_found() -> Self {
        Self::status(404).body(
            r#"{"error":{"code":"ResourceNotFound","message":"no such partner","innerError":{"request-id":"r-404"}}}"#,
        )
    }

    /// A partner with this ID and this `onboardingStatus`, as Graph returns it.
    pub fn partner(id: &str, status: &str) -> Self {
        let body = format!(r#"{{"id":"{id}","displayName":"Name of {id}","onboardingStatus":"{status}"}}"#);
        Self::status(200).header("Content-Type", "application/json").body(body)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        match &mut self {
            Self::Answer { headers, .. } => headers.push((name.to_owned(), value.to_owned())),
            _ => panic!("only an answer has headers"),
        }
        self
    }

    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        match &mut self {
            Self::Answer { body, .. } => *body = bytes.into(),
            _ => panic!("only an answer has a body"),
        }
        self
    }

    fn bytes(self) -> Vec<u8> {
        let Self::Answer { status, headers, body } = self else { panic!("not an answer") };
        let mut head = format!("HTTP/1.1 {status} Some Reason\r\n");
        let says_length = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if !says_length && status != 204 {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.into_bytes(), body].concat()
    }
}

/// Blocks threads until the test opens it.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets all threads pass from now on.
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Waits until it is open.
    pub fn pass(&self) {
        let waited = self.0.1.wait_timeout_while(self.0.0.lock().unwrap(), PATIENCE, |open| !*open).unwrap();
        assert!(!waited.1.timed_out(), "the gate was never opened");
    }
}

#[derive(Default)]
struct Log {
    requests: Vec<Request>,
    /// The complete answers: ID, status and time.
    answers: Vec<(String, u16, Instant)>,
    connections: usize,
    under_way: usize,
    most_at_once: usize,
}

/// The server. It listens until the test process ends.
pub struct Server {
    log: Arc<(Mutex<Log>, Condvar)>,
    root: String,
}

impl Server {
    /// Starts a server. `script` gets the request and the number of earlier requests, and may block.
    pub fn start(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let log = Arc::<(Mutex<Log>, Condvar)>::default();
        let shared = Arc::clone(&log);
        let port = listen(move |stream| {
            shared.0.lock().unwrap().connections += 1;
            serve(stream, &script, &shared);
        });
        Self { log, root: format!("http://127.0.0.1:{port}") }
    }

    /// A server that answers as `script` says. Requests for which `waits` returns true are answered when the gate is
    /// open.
    pub fn gated(
        waits: impl Fn(&Request, usize) -> bool + Send + Sync + 'static,
        script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> (Self, Gate) {
        let gate = Gate::default();
        let door = gate.clone();
        let server = Self::start(move |request, n| {
            if waits(request, n) {
                door.pass();
            }
            script(request, n)
        });
        (server, gate)
    }

    /// A server that answers all requests alike.
    pub fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |_, _| reply())
    }

    pub fn root(&self) -> &str {
        &self.root
    }

    /// All requests so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.log().requests.clone()
    }

    /// The IDs of all requests, in order.
    pub fn ids(&self) -> Vec<String> {
        self.log().requests.iter().map(|request| request.id().to_owned()).collect()
    }

    /// The IDs of the requests with this method, in order.
    pub fn ids_of(&self, method: &str) -> Vec<String> {
        let log = self.log();
        log.requests.iter().filter(|request| request.method == method).map(|request| request.id().to_owned()).collect()
    }

    /// Asserts that all requests were reads.
    pub fn assert_only_read(&self) {
        let log = self.log();
        let other = log.requests.iter().find(|request| request.method != "GET");
        assert!(other.is_none(), "{other:?}");
    }

    /// The IDs that were answered with 204, sorted.
    pub fn done(&self) -> Vec<String> {
        let mut ids: Vec<_> =
            self.log().answers.iter().filter(|answer| answer.1 == 204).map(|answer| answer.0.clone()).collect();
        ids.sort();
        ids
    }

    /// The times between successive requests.
    pub fn gaps(&self) -> Vec<Duration> {
        self.log().requests.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
    }

    /// The time from the first request to the last answer.
    pub fn span(&self) -> Duration {
        let log = self.log();
        log.answers.last().unwrap().2 - log.requests.first().unwrap().at
    }

    /// The number of connections so far.
    pub fn connections(&self) -> usize {
        self.log().connections
    }

    /// The highest number of requests in flight at once.
    pub fn most_at_once(&self) -> usize {
        self.log().most_at_once
    }

    /// Waits until this many requests have come.
    pub fn wait_for(&self, requests: usize) {
        let waited = self.log.1.wait_timeout_while(self.log(), PATIENCE, |log| log.requests.len() < requests).unwrap();
        assert!(!waited.1.timed_out(), "waited for {requests} requests, but {} came", waited.0.requests.len());
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.0.lock().unwrap()
    }
}

/// Listens on a loopback port until the test process ends, and serves each connection on its own thread.
pub fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, serve) = (stream.unwrap(), Arc::clone(&serve));
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// Reads and answers requests until one side closes the connection.
fn serve(mut stream: TcpStream, script: &impl Fn(&Request, usize) -> Reply, log: &(Mutex<Log>, Condvar)) {
    stream.set_nodelay(true).unwrap();
    while let Some(request) = receive(&mut stream) {
        let n = {
            let mut log = log.0.lock().unwrap();
            log.requests.push(request.clone());
            log.under_way += 1;
            log.most_at_once = log.most_at_once.max(log.under_way);
            log.requests.len() - 1
        };
        log.1.notify_all();
        let reply = script(&request, n);
        // Before the answer is sent, because the next request may come right after it.
        log.0.lock().unwrap().under_way -= 1;
        if matches!(reply, Reply::Reset) {
            // Closing a socket with unread data resets it. The last byte is still unread.
            return;
        }
        let _ = stream.read_exact(&mut [0]);
        // If the client has disconnected, the answer is lost, but it is in the log.
        let keep = match reply {
            Reply::Answer { status, .. } => {
                log.0.lock().unwrap().answers.push((request.id().to_owned(), status, Instant::now()));
                stream.write_all(&reply.bytes()).is_ok()
            }
            Reply::Raw(bytes) => {
                let _ = stream.write_all(&bytes);
                false
            }
            Reply::Endless(bytes) => {
                let mut going = stream.write_all(&bytes).is_ok();
                while going {
                    going = stream.write_all(&[b'x'; 4096]).is_ok();
                }
                false
            }
            Reply::Stall(bytes) => {
                let _ = stream.write_all(&bytes);
                // Returns when the client closes the connection.
                let _ = stream.read(&mut [0]);
                false
            }
            Reply::Close | Reply::Reset => false,
        };
        if !keep {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

/// Reads a request except its last byte, which stays in the socket. `None` if no more requests come.
fn receive(stream: &mut TcpStream) -> Option<Request> {
    let (mut came, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let n = stream.peek(&mut chunk).ok().filter(|n| *n > 0)?;
        came.extend_from_slice(&chunk[..n]);
        // No client of the tests pipelines requests, so everything after the head is the body.
        let end = came.windows(4).position(|window| window == b"\r\n\r\n").map(|end| end + 4);
        let request = end.map(|end| {
            let (head, body) = came.split_at(end);
            Request { body: body.to_vec(), ..Request::parse(std::str::from_utf8(head).unwrap()) }
        });
        let length = |request: &Request| request.header("content-length").map_or(0, |length| length.parse().unwrap());
        match request.filter(|request| request.body.len() >= length(request)) {
            Some(request) => {
                stream.read_exact(&mut chunk[..n - 1]).ok()?;
                return Some(request);
            }
            None => stream.read_exact(&mut chunk[..n]).ok()?,
        }
    }
}
