//! Both services without a network, with a simulated clock.

use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::super::*;

pub const ROOT: &str = "http://127.0.0.1:1";
pub const PARTNERS: &str = "/v1.0/deviceManagement/remoteAssistancePartners";
pub const FIRST: &str = "5a4d0b0c-0002-4000-8000-000000000001";
pub const NOBODY: &str = "5a4d0b0c-0002-4000-8000-999999999999";
/// Longer than any test takes.
pub const HOUR: Duration = Duration::from_secs(3_600);

pub type Pairs<'a> = &'a [(&'a str, &'a str)];

pub struct TestServices {
    services: Services,
    now: SystemTime,
    instant: Instant,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl TestServices {
    /// Three partners and no limit. Sign-ins are approved after 2 s.
    pub fn new() -> Self {
        Self::with(Graph::new(ROOT.into(), 3, HashMap::new(), None))
    }

    pub fn throttled(requests: usize) -> Self {
        Self::with(Graph::new(ROOT.into(), 3, HashMap::new(), Some(Limit { requests, window: HOUR })))
    }

    pub fn with(graph: Graph) -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let entra = Entra::new(ROOT.into(), Duration::from_secs(2), HOUR, now);
        Self { services: Services { entra, graph }, now, instant: Instant::now() }
    }

    pub fn sleep(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.instant += Duration::from_secs(seconds);
    }

    pub fn send(&mut self, method: &str, path: &str, headers: Pairs, body: &[u8]) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header(CONTENT_LENGTH, body.len());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let trace = Trace::of(&head.headers, self.now);
        let response = self.services.answer(&head, body, &trace, self.instant);
        Reply::of(response.unwrap_or_else(|error| error.response(&trace)))
    }

    /// Sends a request without a body, and with this access token.
    pub fn call(&mut self, method: &str, path: &str, token: &str) -> Reply {
        self.send(method, path, &[(AUTHORIZATION.as_str(), &format!("Bearer {token}"))], b"")
    }

    pub fn fixed_token(&self) -> String {
        self.services.entra.tokens.fixed().to_owned()
    }

    pub fn get(&mut self, path: &str) -> Reply {
        let token = self.fixed_token();
        self.call("GET", path, &token)
    }

    pub fn post(&mut self, path: &str) -> Reply {
        let token = self.fixed_token();
        self.call("POST", path, &token)
    }

    pub fn delete(&mut self, path: &str) -> Reply {
        let token = self.fixed_token();
        self.call("DELETE", path, &token)
    }

    pub fn status_of(&mut self, id: &str) -> String {
        self.get(&format!("{PARTNERS}/{id}")).json()["onboardingStatus"].as_str().unwrap().to_owned()
    }
}

impl Reply {
    pub fn of(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self { status: head.status.as_u16(), headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub fn header(&self, name: impl hyper::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The status and message of a Graph error.
    pub fn graph_error(&self) -> (u16, String) {
        (self.status, self.json()["error"]["message"].as_str().unwrap().to_owned())
    }
}

/// Encodes a text for a path or a form.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
