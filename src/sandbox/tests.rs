//! The sandbox over real sockets.

pub(in crate::sandbox) mod services;

use std::io::{Read as _, Write as _};
use std::net::TcpStream as Client;

use tokio::task::{JoinHandle, spawn_blocking};
use uuid::Uuid;

use self::services::{FIRST, HOUR, NOBODY, PARTNERS, Reply};
use super::*;

fn config() -> Config {
    Config {
        partners: 3,
        latency: Duration::ZERO,
        throttle: None,
        failures: HashMap::new(),
        approve_after: Duration::ZERO,
        token_lifetime: HOUR,
        port: 0,
    }
}

/// A running sandbox, and what a client needs to know.
struct TestSandbox {
    authority: String,
    token: String,
    server: JoinHandle<()>,
}

impl TestSandbox {
    async fn start(config: Config) -> Self {
        let sandbox = Sandbox::bind(config).await.unwrap();
        let authority = sandbox.url().strip_prefix("http://").unwrap().to_owned();
        let token = sandbox.token().to_owned();
        Self { authority, token, server: tokio::spawn(sandbox.serve()) }
    }

    fn connect(&self) -> Client {
        let client = Client::connect(&self.authority).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        client
    }

    /// Sends `bytes` on a new connection, and reads until the server closes it.
    async fn exchange(&self, bytes: String) -> String {
        let mut client = self.connect();
        let exchange = move || {
            client.write_all(bytes.as_bytes()).unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            answer
        };
        spawn_blocking(exchange).await.unwrap()
    }

    /// Sends a request with these header lines, each ending in CRLF.
    async fn send(&self, line: &str, headers: &str) -> Reply {
        let host = &self.authority;
        let request = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
        parse(&self.exchange(request).await)
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path}"), &format!("Authorization: Bearer {}\r\n", self.token)).await
    }
}

fn parse(text: &str) -> Reply {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    Reply { status, headers, body: body.to_owned() }
}

#[tokio::test]
async fn every_response_has_a_new_request_id_and_the_clients_own_id() {
    let sandbox = TestSandbox::start(config()).await;
    let client_id = "client-request-id: 0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c11\r\n";
    let token = format!("Authorization: Bearer {}\r\n", sandbox.token);
    let replies = [
        sandbox.send(&format!("GET {PARTNERS}"), &format!("{client_id}{token}")).await,
        sandbox.send(&format!("GET {PARTNERS}/{NOBODY}"), &format!("{client_id}{token}")).await,
        sandbox.send(&format!("GET {PARTNERS}"), client_id).await,
        sandbox.send(&format!("POST {PARTNERS}"), client_id).await,
        sandbox.send("POST /organizations/oauth2/v2.0/token", client_id).await,
        sandbox.send("POST /organizations/oauth2/v2.0/token", &format!("{client_id}Content-Length: 0\r\n")).await,
    ];
    assert_eq!(replies.each_ref().map(|reply| reply.status), [200, 404, 401, 411, 411, 400]);
    let mut ids = std::collections::HashSet::new();
    for reply in &replies {
        let id = reply.header("request-id").unwrap();
        assert!(Uuid::parse_str(id).is_ok() && ids.insert(id), "{reply:?}");
        assert_eq!(reply.header("client-request-id"), Some("0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c11"));
        assert!(httpdate::parse_http_date(reply.header("date").unwrap()).is_ok());
    }
    for reply in &replies[1..3] {
        assert_eq!(reply.json()["error"]["innerError"]["request-id"], reply.header("request-id").unwrap());
    }
    let of_entra = replies[5].json();
    assert_eq!(of_entra["trace_id"], replies[5].header("request-id").unwrap());
    assert_eq!(of_entra["correlation_id"], "0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c11");
}

#[tokio::test]
async fn a_body_that_is_too_long_or_has_no_declared_length_is_rejected() {
    let sandbox = TestSandbox::start(config()).await;
    let line = format!("POST {PARTNERS}/{FIRST}/disconnect");
    let token = format!("Authorization: Bearer {}\r\n", sandbox.token);
    let reply = sandbox.send(&line, &token).await;
    assert_eq!((reply.status, reply.header("content-type")), (411, Some("text/html")));
    assert!(reply.body.contains("HTTP Error 411."), "{reply:?}");
    let reply = sandbox.send(&line, &format!("{token}Content-Length: 65537\r\n")).await;
    assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (413, Some("PayloadTooLarge")));
    assert_eq!(sandbox.get(&format!("{PARTNERS}/{FIRST}")).await.json()["onboardingStatus"], "onboarded");
    // The body of a chunked request follows the headers: here "{}".
    let chunked = format!("{token}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n");
    assert_eq!(sandbox.send(&line, &chunked).await.status, 204);
}

#[tokio::test]
async fn clients_that_are_silent_or_do_not_speak_http_do_not_block_others() {
    let sandbox = TestSandbox::start(config()).await;
    let silent: Vec<_> = (0..20).map(|_| sandbox.connect()).collect();
    let mut half = sandbox.connect();
    half.write_all(format!("GET {PARTNERS} HTTP/1.1\r\nHo").as_bytes()).unwrap();
    for garbage in ["\x16\x03\x01\r\n\r\n", "GET\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"] {
        assert_eq!(parse(&sandbox.exchange(garbage.to_owned()).await).status, 400);
    }
    drop(half);
    assert_eq!(sandbox.get(PARTNERS).await.status, 200);
    drop(silent);
}

#[tokio::test]
async fn a_connection_serves_several_requests() {
    let sandbox = TestSandbox::start(config()).await;
    let token = &sandbox.token;
    let request = |path: &str, more: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}\r\n")
    };
    let both = request(&format!("{PARTNERS}/{NOBODY}"), "") + &request(PARTNERS, "Connection: close\r\n");
    let answers = sandbox.exchange(both).await;
    let statuses: Vec<_> = answers.match_indices("HTTP/1.1 ").map(|(at, _)| &answers[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["404", "200"]);
}

#[tokio::test]
async fn dropping_the_server_closes_its_connections() {
    let sandbox = TestSandbox::start(config()).await;
    let mut client = sandbox.connect();
    // The server has accepted this connection once a later one has been answered.
    assert_eq!(sandbox.get(PARTNERS).await.status, 200);
    sandbox.server.abort();
    assert!(sandbox.server.await.unwrap_err().is_cancelled());
    let rest = spawn_blocking(move || client.read(&mut [0; 1])).await.unwrap();
    assert_eq!(rest.unwrap(), 0);
}

#[tokio::test]
async fn an_invalid_configuration_is_rejected_at_the_start() {
    let nothing = |requests, window| Config { throttle: Some(Limit { requests, window }), ..config() };
    let short_lived = Config { token_lifetime: Duration::from_millis(999), ..config() };
    let fails_with = |status| Config { failures: HashMap::from([(FIRST.into(), status)]), ..config() };
    let table = [
        (nothing(0, HOUR), "the throttling limit must be greater than zero".to_owned()),
        (nothing(1, Duration::ZERO), "the throttling limit must be greater than zero".to_owned()),
        (short_lived, "the token lifetime must be at least 1 s".to_owned()),
        (fails_with(399), format!("399 for ID {FIRST} is not an error status (400 to 599)")),
        (fails_with(600), format!("600 for ID {FIRST} is not an error status (400 to 599)")),
    ];
    for (config, message) in table {
        assert_eq!(Sandbox::bind(config).await.err().unwrap().to_string(), message);
    }
}
