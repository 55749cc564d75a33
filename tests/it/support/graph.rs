//! A fake Graph that records every request, so that a test can check which requests came and that no other came.

use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};

use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};

use super::Intunectl;

/// The path of the partners.
pub const PARTNERS: &str = "/v1.0/deviceManagement/remoteAssistancePartners";

/// An opaque token: it has no claims.
pub const TOKEN: &str = "opaque-token-of-the-tests";

/// A recorded request.
#[derive(Debug, Clone)]
pub struct Came {
    /// Method and path. The path is as it was sent.
    pub line: String,
    headers: Vec<(String, String)>,
}

impl Came {
    /// The value of a header, which may occur only once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} occurs more than once: {self:?}");
        value
    }
}

/// Status, headers and body.
type Answer = (u16, Vec<(&'static str, String)>, String);

/// The mock server and its requests.
pub struct Graph {
    server: MockServer,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Graph {
    /// Answers each request with the status and the body that `answer` returns for its method and path. `{root}` in the
    /// body is replaced with this server's URL.
    pub fn answering(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self::with_headers(move |line| {
            let (status, body) = answer(line);
            (status, Vec::new(), body)
        })
    }

    /// Answers each request with a status, headers and a body.
    pub fn with_headers(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let server = MockServer::start();
        let came = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&came);
        let root = server.base_url();
        server.mock(|when, then| {
            when.any_request();
            then.respond_with(move |request: &HttpMockRequest| {
                // The mock adds scheme and host to the path.
                let path = request.uri_str().splitn(4, '/').nth(3).unwrap();
                let line = format!("{} /{path}", request.method_str());
                let (status, headers, body) = answer(&line);
                keep.lock().unwrap().push(Came { line, headers: request.headers_vec().clone() });
                let response = HttpMockResponse::builder().status(status).headers(headers);
                response.body(body.replace("{root}", &root)).build()
            });
        });
        Self { server, came }
    }

    /// Answers every request with 204.
    pub fn that_does_it() -> Self {
        Self::answering(|_| (204, String::new()))
    }

    pub fn url(&self) -> String {
        self.server.base_url()
    }

    /// The command, with this URL and [`TOKEN`] in its environment.
    pub fn command(&self, home: &Intunectl, arguments: &[&str]) -> Command {
        let mut command = home.command();
        command.args(arguments).env("INTUNECTL_GRAPH_URL", self.url()).env("INTUNECTL_TOKEN", TOKEN);
        command
    }

    /// All requests, in order.
    pub fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// The tokens of all requests.
    pub fn tokens(&self) -> Vec<String> {
        let token = |came: Came| came.header("authorization").unwrap().replacen("Bearer ", "", 1);
        self.came().into_iter().map(token).collect()
    }

    /// The methods and paths of all requests.
    pub fn lines(&self) -> Vec<String> {
        self.came().into_iter().map(|request| request.line).collect()
    }

    /// The IDs of all requests, each of which must be a disconnect.
    pub fn disconnected(&self) -> Vec<String> {
        let id = |line: String| {
            let rest = line.strip_prefix("POST ").and_then(|path| path.strip_prefix(PARTNERS));
            let id = rest.and_then(|rest| rest.strip_prefix('/')?.strip_suffix("/disconnect"));
            id.unwrap_or_else(|| panic!("not to disconnect: {line}")).to_owned()
        };
        self.lines().into_iter().map(id).collect()
    }
}

/// A server to which the program must not connect.
pub struct Unspoken(TcpListener);

impl Unspoken {
    /// Listens on a free loopback port.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    /// The URL, for a Graph server or a proxy.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// Fails if anything has connected. Call it after the program has ended.
    pub fn assert_unspoken(&self) {
        let visitor = self.0.accept();
        assert!(
            visitor.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock),
            "unexpected connection: {visitor:?}"
        );
    }
}
