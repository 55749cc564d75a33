//! A scripted HTTP/1.1 server: it does to a client whatever a service, or something in front of it, may do, and
//! keeps a record of every request, so that a test can say which ones came and that no other did.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Longer than anything here takes on the slowest machine; reached only where a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// When its head was complete.
    pub at: Instant,
    /// The same, by the clock on the wall.
    pub time: SystemTime,
}

impl Request {
    /// A header's value, by its name in lower case; a header that came twice is no header of ours.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} came twice: {self:?}");
        value
    }

    /// The ID in the path, as it was encoded there.
    pub fn id(&self) -> &str {
        match self.path.split_once("/remoteAssistancePartners/") {
            Some((_, id)) => id.split('/').next().unwrap(),
            None => self.path.rsplit('/').nth(1).expect("the path has an ID"),
        }
    }

    /// Whether it changes something.
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

/// What becomes of a request.
pub enum Reply {
    /// An answer in full; the length of the body is said unless a header says another.
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// These bytes, and the end of the connection.
    Raw(Vec<u8>),
    /// These bytes, and then others without end.
    Endless(Vec<u8>),
    /// These bytes, and then nothing, though the connection stays open.
    Stall(Vec<u8>),
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
}

impl Reply {
    /// The one answer that means done.
    pub fn done() -> Self {
        Self::status(204)
    }

    /// A status, and nothing else.
    pub fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The answer to a token that has expired.
    pub fn expired() -> Self {
        Self::status(401).body(include_bytes!("../../data/401-expired.json"))
    }

    /// The answer to a request for a partner that is not there.
    pub fn not_found() -> Self {
        Self::status(404).body(
            r#"{"error":{"code":"ResourceNotFound","message":"no such partner","innerError":{"request-id":"r-404"}}}"#,
        )
    }

    /// A partner with this ID and this `onboardingStatus`, as Graph shows it.
    pub fn partner(id: &str, status: &str) -> Self {
        let body = format!(r#"{{"id":"{id}","displayName":"Name of {id}","onboardingStatus":"{status}"}}"#);
        Self::status(200).header("Content-Type", "application/json").body(body)
    }

    /// With a header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match &mut self {
            Self::Answer { headers, .. } => headers.push((name.to_owned(), value.to_owned())),
            _ => panic!("only an answer has headers"),
        }
        self
    }

    /// With a body.
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

/// A door that a test opens, for those who wait in front of it.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets everybody through, from now on.
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
    /// What was answered in full: the ID, the status, and when.
    answers: Vec<(String, u16, Instant)>,
    connections: usize,
    under_way: usize,
    most_at_once: usize,
}

/// The server. It listens from `start` until the test's process ends.
pub struct Server {
    log: Arc<(Mutex<Log>, Condvar)>,
    root: String,
}

impl Server {
    /// Starts one. `script` is told the request and how many came before it, and may wait as long as it likes.
    pub fn start(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let log = Arc::<(Mutex<Log>, Condvar)>::default();
        let shared = Arc::clone(&log);
        let port = listen(move |stream| {
            shared.0.lock().unwrap().connections += 1;
            serve(stream, &script, &shared);
        });
        Self { log, root: format!("http://127.0.0.1:{port}") }
    }

    /// One that answers as `script` says, but those requests for which `waits` holds not before the gate is open.
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

    /// One that answers everything alike.
    pub fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |_, _| reply())
    }

    /// The Graph root.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Every request so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.log().requests.clone()
    }

    /// The IDs in them.
    pub fn ids(&self) -> Vec<String> {
        self.log().requests.iter().map(|request| request.id().to_owned()).collect()
    }

    /// The IDs in the requests of one method, in the order in which they came.
    pub fn ids_of(&self, method: &str) -> Vec<String> {
        let log = self.log();
        log.requests.iter().filter(|request| request.method == method).map(|request| request.id().to_owned()).collect()
    }

    /// Fails if anything but reads came.
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

    /// How long before each request but the first the one before it came.
    pub fn gaps(&self) -> Vec<Duration> {
        self.log().requests.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
    }

    /// From the first request to the last answer.
    pub fn span(&self) -> Duration {
        let log = self.log();
        log.answers.last().unwrap().2 - log.requests.first().unwrap().at
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.log().connections
    }

    /// The most requests that were under way at once.
    pub fn most_at_once(&self) -> usize {
        self.log().most_at_once
    }

    /// Waits until so many requests have come.
    pub fn wait_for(&self, requests: usize) {
        let waited = self.log.1.wait_timeout_while(self.log(), PATIENCE, |log| log.requests.len() < requests).unwrap();
        assert!(!waited.1.timed_out(), "waited for {requests} requests, but {} came", waited.0.requests.len());
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.0.lock().unwrap()
    }
}

/// Listens on a port of the loopback until the test's process ends, and serves each connection on a thread of its own.
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

/// Reads and answers requests until one side has had enough.
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
        // Before the answer: once the client has it, the next request may come.
        log.0.lock().unwrap().under_way -= 1;
        if matches!(reply, Reply::Reset) {
            // The last byte is still unread, and to close a socket with something unread is to reset it.
            return;
        }
        let _ = stream.read_exact(&mut [0]);
        // A client that has gone is none of the server's business: the log has what it did.
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
                // Returns when the client gives up.
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

/// Reads a request, but for its last byte, which stays in the socket. `None` where no other comes.
fn receive(stream: &mut TcpStream) -> Option<Request> {
    let (mut came, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let n = stream.peek(&mut chunk).ok().filter(|n| *n > 0)?;
        came.extend_from_slice(&chunk[..n]);
        // None of ours sends a request before the last was answered, so what comes behind the head is its body.
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
