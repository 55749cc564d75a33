//! A loopback stand-in for Microsoft Graph, to rehearse against with no tenant.
//!
//! It shares nothing with the client, not even types, so that it can contradict it: what it knows of the service it
//! has from the published reference.

mod errors;
mod form;
mod host;
mod partners;
mod service;
mod sign_in;
mod throttle;
mod tokens;

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, ensure};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use self::errors::{Refusal, Trace};
use self::partners::Partners;
use self::service::Service;
use self::sign_in::SignIn;
use self::throttle::Throttle;
use self::tokens::Tokens;

pub use self::throttle::Limit;

/// The most bytes of a request's body that are read. Only sign-in has bodies to speak of: a few thousand bytes, where
/// an assertion is among them.
const BODY_LIMIT: usize = 64 * 1024;

/// How long a connection may be idle. Clients give theirs up sooner (after 90 s at the most, usually), so that a
/// request does not meet a connection that is being closed.
const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// How long to wait after a connection could not be accepted: until some file descriptors are free again, mostly.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the stand-in should be like.
#[derive(Debug, Clone)]
pub struct Config {
    /// How many partners the tenant has.
    pub partners: usize,
    /// How much later than it could every answer comes.
    pub latency: Duration,
    /// The limit on writes; that on requests of any kind is ten times it. `None`: no limits.
    pub throttle: Option<Limit>,
    /// The HTTP status (400 to 599) that actions on a partner fail with, by the partner's ID, whatever its case.
    pub failures: HashMap<String, u16>,
    /// How long after it began a sign-in is approved by itself.
    pub approve_after: Duration,
    /// How long the tokens of a sign-in live, in whole seconds; at least one.
    pub token_lifetime: Duration,
    /// The port of 127.0.0.1 to listen on; 0 for any that is free.
    pub port: u16,
}

/// A stand-in that listens, but does not serve yet.
pub struct Sandbox {
    listener: TcpListener,
    url: String,
    latency: Duration,
    service: Service,
}

impl Sandbox {
    /// Listens on 127.0.0.1, and makes the partners and a token.
    ///
    /// # Errors
    /// The port is taken, a limit is zero, tokens would live for less than a second, or a failure's status lies outside
    /// 400 to 599.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        let Config { partners, latency, throttle, failures, approve_after, token_lifetime, port } = config;
        if let Some(limit) = throttle {
            ensure!(limit.requests > 0 && !limit.window.is_zero(), "a limit of nothing would refuse every request");
        }
        ensure!(token_lifetime.as_secs() > 0, "a token must live for a second at least");
        let failures = failures.iter().map(failure).collect::<anyhow::Result<_>>()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("cannot listen on port {port} of 127.0.0.1"))?;
        let url = format!("http://{}", listener.local_addr().context("cannot tell which port was given")?);
        let service = Service {
            root: url.clone(),
            tokens: Tokens::new(token_lifetime, SystemTime::now()),
            sign_in: SignIn::new(url.clone(), approve_after),
            partners: Partners::new(partners),
            failures,
            throttle: throttle.map(Throttle::new),
        };
        Ok(Self { listener, url, latency, service })
    }

    /// The root of the stand-in, with no version part: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The token that it accepts without a sign-in.
    pub fn token(&self) -> &str {
        self.service.tokens.fixed()
    }

    /// Serves until it is dropped, which closes every connection.
    pub async fn serve(self) {
        let service = Arc::new(Mutex::new(self.service));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(converse(stream, service.clone(), self.latency))),
                    // A client that has gone again, or no file descriptor left: neither is a reason to stop.
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

/// A configured failure, as the service looks it up.
fn failure((id, status): (&String, &u16)) -> anyhow::Result<(String, StatusCode)> {
    ensure!((400..=599).contains(status), "{status} is not the status of a failure (400 to 599), for ID {id}");
    Ok((partners::key(id), StatusCode::from_u16(*status)?))
}

/// Serves one connection until either side ends it.
async fn converse(stream: TcpStream, service: Arc<Mutex<Service>>, latency: Duration) {
    // Without it small answers may wait for the acknowledgement of earlier ones; slower, but no reason to stop.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| answer(request, service.clone(), latency));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE_LIMIT);
    // An error is the client's: what it sent was not HTTP, or it has gone. hyper has told it what there is to tell.
    let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
}

/// Answers one request. Its effect is there at once, the answer after `latency`, as with a service far away.
async fn answer(
    request: Request<Incoming>,
    service: Arc<Mutex<Service>>,
    latency: Duration,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let read = match host::check(&head) {
        Ok(()) => read(body).await,
        Err(refusal) => Err(refusal),
    };
    let trace = Trace::of(&head.headers, SystemTime::now());
    let mut response = match read {
        Ok(body) => service.lock().unwrap_or_else(PoisonError::into_inner).answer(&head, &body, &trace, Instant::now()),
        Err(refusal) => refusal.response(&trace),
    };
    trace.mark(&mut response);
    // The timer's grain is a millisecond: even sleeping for no time at all would take one.
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    Ok(response.map(Full::new))
}

/// Reads a body to its end.
async fn read<B>(body: B) -> Result<Bytes, Refusal>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if body.size_hint().lower() > BODY_LIMIT as u64 {
        return Err(Refusal::BodyTooLong);
    }
    let read = Limited::new(body, BODY_LIMIT).collect().await;
    let refused = |e: Box<dyn std::error::Error + Send + Sync>| match e.is::<LengthLimitError>() {
        true => Refusal::BodyTooLong,
        false => Refusal::BodyBroken,
    };
    Ok(read.map_err(refused)?.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream as Client;
    use tokio::task::{JoinHandle, spawn_blocking};
    use uuid::Uuid;

    const PARTNERS: &str = "/v1.0/deviceManagement/remoteAssistancePartners";
    const FIRST: &str = "5a4d0b0c-0002-4000-8000-000000000001";
    const NOBODY: &str = "5a4d0b0c-0002-4000-8000-999999999999";
    /// Too long for any test to see the end of.
    const HOUR: Duration = Duration::from_secs(3_600);

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

    /// A sandbox that serves, and what a client has to know of it.
    struct Running {
        authority: String,
        token: String,
        server: JoinHandle<()>,
    }

    /// A response, taken apart.
    #[derive(Debug)]
    struct Reply {
        status: u16,
        head: String,
        body: String,
    }

    impl Running {
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

        /// Sends `bytes` on a connection of their own, and reads until the server closes it.
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
            Reply::parse(&self.exchange(request).await)
        }

        async fn get(&self, path: &str) -> Reply {
            self.send(&format!("GET {path}"), &format!("Authorization: Bearer {}\r\n", self.token)).await
        }

        async fn post(&self, path: &str) -> Reply {
            let headers = format!("Authorization: Bearer {}\r\nContent-Length: 0\r\n", self.token);
            self.send(&format!("POST {path}"), &headers).await
        }

        /// Sends parameters to an endpoint of sign-in.
        async fn sign_in(&self, endpoint: &str, parameters: &str) -> Reply {
            let length = parameters.len();
            // The body stands behind the headers.
            let headers = format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{parameters}"
            );
            let reply = self.send(&format!("POST /contoso.example/oauth2/v2.0/{endpoint}"), &headers).await;
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            reply
        }

        /// Signs in by device code; the access token and the refresh token.
        async fn tokens(&self) -> (String, String) {
            let device = self.sign_in("devicecode", "client_id=c&scope=User.Read+offline_access").await.json();
            let grant_type = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
            let code = device["device_code"].as_str().unwrap();
            let parameters = format!("grant_type={grant_type}&client_id=c&device_code={code}");
            let tokens = self.sign_in("token", &parameters).await.json();
            let text = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
            (text("access_token"), text("refresh_token"))
        }

        /// A call with another token than the fixed one.
        async fn call(&self, line: &str, token: &str) -> Reply {
            self.send(line, &format!("Authorization: Bearer {token}\r\nContent-Length: 0\r\n")).await
        }

        async fn status_of(&self, id: &str) -> String {
            self.get(&format!("{PARTNERS}/{id}")).await.json()["onboardingStatus"].as_str().unwrap().to_owned()
        }
    }

    impl Reply {
        fn parse(text: &str) -> Self {
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text:?}"));
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            Self { status, head: head.to_owned(), body: body.to_owned() }
        }

        fn header(&self, name: &str) -> Option<&str> {
            let headers = self.head.lines().filter_map(|line| line.split_once(": "));
            headers.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        }

        fn json(&self) -> Value {
            serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
        }

        fn message(&self) -> String {
            self.json()["error"]["message"].as_str().unwrap().to_owned()
        }
    }

    #[tokio::test]
    async fn the_pages_of_the_list_lead_to_every_partner_once() {
        let sandbox = Running::start(Config { partners: 250, ..config() }).await;
        for (query, sizes) in [("", vec![100, 100, 50]), ("?$top=125&$select=id", vec![100, 100, 50])] {
            let mut next = Some(format!("{PARTNERS}{query}"));
            let (mut pages, mut ids) = (Vec::new(), std::collections::HashSet::new());
            while let Some(path) = next.take() {
                let page = sandbox.get(&path).await.json();
                let context = page["@odata.context"].as_str().unwrap();
                assert!(context.ends_with("/v1.0/$metadata#deviceManagement/remoteAssistancePartners"));
                let value = page["value"].as_array().unwrap();
                ids.extend(value.iter().map(|partner| partner["id"].to_string()));
                pages.push(value.len());
                let link = page["@odata.nextLink"].as_str();
                next = link.map(|url| url.split_once(&sandbox.authority).unwrap().1.to_owned());
            }
            assert_eq!((pages, ids.len()), (sizes, 250));
        }
    }

    #[tokio::test]
    async fn top_is_the_size_of_each_page() {
        let sandbox = Running::start(config()).await;
        let page = sandbox.get(&format!("{PARTNERS}?%24top=2")).await.json();
        assert_eq!(page["value"].as_array().unwrap().len(), 2);
        let link = format!("http://{}{PARTNERS}?$top=2&$skiptoken=2", sandbox.authority);
        assert_eq!(page["@odata.nextLink"], link);
        let rest = sandbox.get(&link).await.json();
        assert_eq!(rest["value"].as_array().unwrap().len(), 1);
        assert_eq!(rest.get("@odata.nextLink"), None);
        let none = sandbox.get(&format!("{PARTNERS}?$top=0")).await.json();
        assert_eq!((none["value"].as_array().unwrap().len(), none.get("@odata.nextLink")), (0, None));
        assert_eq!(sandbox.get(&format!("{PARTNERS}?$top=some")).await.status, 400);
    }

    #[tokio::test]
    async fn a_hundred_thousand_partners_are_served() {
        let sandbox = Running::start(Config { partners: 100_000, ..config() }).await;
        let last = "5a4d0b0c-0002-4000-8000-000000100000";
        assert_eq!(sandbox.post(&format!("{PARTNERS}/{last}/disconnect")).await.status, 204);
        assert_eq!(sandbox.status_of(last).await, "notOnboarded");
        let page = sandbox.get(&format!("{PARTNERS}?$skiptoken=99999")).await.json();
        assert_eq!(page["value"][0]["id"], last);
    }

    #[tokio::test]
    async fn the_actions_answer_204_and_change_the_partner_in_both_versions() {
        let sandbox = Running::start(config()).await;
        assert_eq!(sandbox.status_of(FIRST).await, "onboarded");
        let beta = PARTNERS.replace("v1.0", "beta");
        let encoded = FIRST.to_uppercase().replace('A', "%41");
        let steps = [
            (format!("{PARTNERS}/{FIRST}/disconnect"), "notOnboarded"),
            (format!("{PARTNERS}/{encoded}/microsoft.graph.disconnect"), "notOnboarded"),
            (format!("{beta}/{FIRST}/beginOnboarding"), "onboarding"),
            (format!("{beta}/{FIRST}/disconnect"), "notOnboarded"),
            (format!("{PARTNERS}/{encoded}/microsoft.graph.beginOnboarding"), "onboarding"),
        ];
        for (path, status) in steps {
            let reply = sandbox.post(&path).await;
            assert_eq!((reply.status, reply.body.as_str(), reply.header("content-type")), (204, "", None), "{path}");
            assert_eq!(sandbox.status_of(&encoded).await, status, "{path}");
        }
        let partner = sandbox.get(&format!("{beta}/{FIRST}")).await.json();
        assert!(partner["onboardingRequestExpiryDateTime"].as_str().unwrap() > "2020");
        assert!(partner["@odata.context"].as_str().unwrap().ends_with("/$entity"));
    }

    #[tokio::test]
    async fn what_the_service_refuses_is_refused() {
        let sandbox = Running::start(config()).await;
        let partner = format!("{PARTNERS}/{FIRST}");
        let nobody = format!("{PARTNERS}/{NOBODY}");
        for reply in [sandbox.get(&nobody).await, sandbox.post(&format!("{nobody}/disconnect")).await] {
            assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (404, Some("ResourceNotFound")));
        }
        let wrong = [
            (sandbox.post(PARTNERS).await, "GET"),
            (sandbox.post(&partner).await, "GET"),
            (sandbox.get(&format!("{partner}/disconnect")).await, "POST"),
        ];
        for (reply, allowed) in wrong {
            assert_eq!((reply.status, reply.header("allow")), (405, Some(allowed)));
        }
        let unknown = sandbox.post(&format!("{partner}/connect")).await;
        assert_eq!(unknown.status, 400);
        assert_eq!(unknown.message(), "Resource not found for the segment 'connect'.");
        assert_eq!(sandbox.status_of(FIRST).await, "onboarded");
    }

    #[tokio::test]
    async fn every_response_carries_its_ids_and_the_client_s() {
        let sandbox = Running::start(config()).await;
        let client_id = "client-request-id: 0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c11\r\n";
        let token = format!("Authorization: Bearer {}\r\n", sandbox.token);
        let replies = [
            sandbox.send(&format!("GET {PARTNERS}"), &format!("{client_id}{token}")).await,
            sandbox.send(&format!("GET {PARTNERS}/{NOBODY}"), &format!("{client_id}{token}")).await,
            sandbox.send(&format!("GET {PARTNERS}"), client_id).await,
            sandbox.send(&format!("POST {PARTNERS}"), client_id).await,
            sandbox.send("POST /organizations/oauth2/v2.0/token", client_id).await,
        ];
        assert_eq!(replies.each_ref().map(|reply| reply.status), [200, 404, 401, 411, 411]);
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
    }

    #[tokio::test]
    async fn only_the_token_itself_opens_the_door() {
        let sandbox = Running::start(config()).await;
        let (empty, wrong) = ("Access token is empty.", "CompactToken parsing failed with error code: 80049217");
        let token = &sandbox.token;
        let table = [
            (String::new(), Some(empty)),
            ("Authorization: Bearer\r\n".to_owned(), Some(empty)),
            (format!("Authorization: Basic {token}\r\n"), Some(empty)),
            ("Authorization: Bearer e30.e30.\r\n".to_owned(), Some(wrong)),
            (format!("Authorization: Bearer {token}x\r\n"), Some(wrong)),
            (format!("Authorization: Bearer {}\r\n", token.to_lowercase()), Some(wrong)),
            (format!("authorization: bearer {token}\r\n"), None),
        ];
        for (header, message) in table {
            let reply = sandbox.send(&format!("GET {PARTNERS}"), &header).await;
            match message {
                None => assert_eq!(reply.status, 200),
                Some(message) => {
                    assert_eq!((reply.status, reply.message().as_str()), (401, message), "{header}");
                    assert_eq!(reply.header("www-authenticate"), Some(r#"Bearer realm="""#));
                }
            }
        }
    }

    #[tokio::test]
    async fn a_post_must_say_how_long_its_body_is() {
        let sandbox = Running::start(config()).await;
        let line = format!("POST {PARTNERS}/{FIRST}/disconnect");
        let token = format!("Authorization: Bearer {}\r\n", sandbox.token);
        let reply = sandbox.send(&line, &token).await;
        assert_eq!((reply.status, reply.header("content-type")), (411, Some("text/html")));
        assert!(reply.body.contains("HTTP Error 411."), "{reply:?}");
        assert_eq!(sandbox.status_of(FIRST).await, "onboarded");
        // The body of a chunked request stands behind the headers: here "{}".
        let chunked = format!("{token}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n");
        assert_eq!(sandbox.send(&line, &chunked).await.status, 204);
    }

    #[tokio::test]
    async fn a_body_that_is_too_long_is_not_read() {
        let sandbox = Running::start(config()).await;
        let headers = format!("Authorization: Bearer {}\r\nContent-Length: 65537\r\n", sandbox.token);
        let reply = sandbox.send(&format!("POST {PARTNERS}/{FIRST}/disconnect"), &headers).await;
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (413, Some("PayloadTooLarge")));
        assert_eq!(sandbox.status_of(FIRST).await, "onboarded");
    }

    #[tokio::test]
    async fn bodies_are_read_up_to_the_limit() {
        for (length, expected) in [(BODY_LIMIT, Ok(BODY_LIMIT)), (BODY_LIMIT + 1, Err(Refusal::BodyTooLong))] {
            let body = Full::new(Bytes::from(vec![0; length]));
            // Mapped, a body no longer tells its length beforehand; neither does a chunked one.
            assert_eq!(read(body.clone().map_frame(|frame| frame)).await.map(|body| body.len()), expected);
            assert_eq!(read(body).await.map(|body| body.len()), expected);
        }
    }

    #[tokio::test]
    async fn writes_beyond_the_limit_are_throttled_and_change_nothing() {
        let limit = Limit { requests: 2, window: HOUR };
        let sandbox = Running::start(Config { throttle: Some(limit), ..config() }).await;
        let disconnect = format!("{PARTNERS}/{FIRST}/disconnect");
        let onboard = format!("{PARTNERS}/{FIRST}/beginOnboarding");
        assert_eq!(sandbox.post(&disconnect).await.status, 204);
        assert_eq!(sandbox.post(&disconnect).await.status, 204);
        let reply = sandbox.post(&onboard).await;
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (429, Some("TooManyRequests")));
        let wait = reply.header("retry-after").unwrap();
        assert_eq!(wait.split_once('.').unwrap().1.len(), 3, "{wait}");
        assert!((0.0..=HOUR.as_secs_f64()).contains(&wait.parse().unwrap()), "{wait}");
        assert_eq!(sandbox.status_of(FIRST).await, "notOnboarded");
        // Four requests so far; reads have the rest of twenty.
        for _ in 4..20 {
            assert_eq!(sandbox.get(PARTNERS).await.status, 200);
        }
        assert_eq!(sandbox.get(PARTNERS).await.status, 429);
    }

    #[tokio::test]
    async fn a_configured_failure_comes_every_time_and_changes_nothing() {
        let failures = HashMap::from([(FIRST.to_uppercase(), 503), ("not-a-guid".to_owned(), 418)]);
        let sandbox = Running::start(Config { failures, ..config() }).await;
        for _ in 0..2 {
            let reply = sandbox.post(&format!("{PARTNERS}/{FIRST}/disconnect")).await;
            assert_eq!((reply.status, reply.header("content-type")), (503, Some("text/html")));
        }
        assert_eq!(sandbox.status_of(FIRST).await, "onboarded");
        assert_eq!(sandbox.post(&format!("{PARTNERS}/Not-A-GUID/beginOnboarding")).await.status, 418);
    }

    #[tokio::test]
    async fn an_answer_comes_no_sooner_than_the_latency() {
        let latency = Duration::from_millis(20);
        let sandbox = Running::start(Config { latency, ..config() }).await;
        let start = Instant::now();
        assert_eq!(sandbox.get(PARTNERS).await.status, 200);
        assert!(start.elapsed() >= latency);
    }

    #[tokio::test]
    async fn tokens_of_a_sign_in_open_the_door_beside_the_fixed_one() {
        let sandbox = Running::start(config()).await;
        let (access, refresh) = sandbox.tokens().await;
        let root = format!("http://{}", sandbox.authority).replace(':', "%3A").replace('/', "%2F");
        let next = format!("grant_type=refresh_token&client_id=c&refresh_token={refresh}");
        let next = sandbox.sign_in("token", &next).await.json();
        let app = format!("grant_type=client_credentials&client_id=c&client_secret=s&scope={root}%2F.default");
        let app = sandbox.sign_in("token", &app).await.json();
        let text = |tokens: &Value| tokens["access_token"].as_str().unwrap().to_owned();
        for token in [access, text(&next), text(&app), sandbox.token.clone()] {
            assert_eq!(sandbox.call(&format!("GET {PARTNERS}"), &token).await.status, 200);
            let line = format!("POST {PARTNERS}/{FIRST}/disconnect");
            assert_eq!(sandbox.call(&line, &token).await.status, 204);
        }
        assert_eq!(sandbox.call(&format!("GET {PARTNERS}"), &refresh).await.status, 401);
    }

    #[tokio::test]
    async fn a_token_of_a_sign_in_expires() {
        let token_lifetime = Duration::from_secs(1);
        let sandbox = Running::start(Config { token_lifetime, ..config() }).await;
        let (access, refresh) = sandbox.tokens().await;
        tokio::time::sleep(token_lifetime).await;
        let reply = sandbox.call(&format!("GET {PARTNERS}"), &access).await;
        let expected = "Lifetime validation failed, the token is expired.";
        assert_eq!((reply.status, reply.message().as_str()), (401, expected));
        let parameters = format!("grant_type=refresh_token&client_id=c&refresh_token={refresh}");
        let renewed = sandbox.sign_in("token", &parameters).await.json();
        assert_eq!(renewed["expires_in"], 1);
        assert_eq!(sandbox.get(PARTNERS).await.status, 200);
    }

    #[tokio::test]
    async fn a_browser_is_led_back_to_the_client_with_a_code() {
        let sandbox = Running::start(Config { approve_after: Duration::from_millis(1_500), ..config() }).await;
        // The pair of RFC 7636, appendix B.
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let redirect = "redirect_uri=http%3A%2F%2Flocalhost%3A8400%2F";
        let query = format!(
            "client_id=c&response_type=code&{redirect}&scope=User.Read&state=s&code_challenge={challenge}\
             &code_challenge_method=S256"
        );
        let page = sandbox.send(&format!("GET /common/oauth2/v2.0/authorize?{query}"), "").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"), "{page:?}");
        let (_, rest) = page.body.split_once(r#"content="2; url=http://localhost:8400/?code="#).unwrap();
        let (code, rest) = rest.split_once("&amp;state=s").unwrap();
        assert!(rest.starts_with("\">"), "{rest}");
        let parameters =
            format!("grant_type=authorization_code&client_id=c&code={code}&{redirect}&code_verifier={verifier}");
        let reply = sandbox.sign_in("token", &parameters).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let again = sandbox.sign_in("token", &parameters).await;
        assert_eq!((again.status, again.json()["error_codes"][0].as_u64()), (400, Some(54005)));
    }

    #[tokio::test]
    async fn the_page_for_device_codes_is_there_to_look_at() {
        let sandbox = Running::start(Config { approve_after: Duration::from_secs(2), ..config() }).await;
        let device = sandbox.sign_in("devicecode", "client_id=c&scope=User.Read").await.json();
        let url = device["verification_uri"].as_str().unwrap();
        let path = url.strip_prefix(&format!("http://{}", sandbox.authority)).unwrap();
        let page = sandbox.send(&format!("GET {path}"), "").await;
        assert!(page.status == 200 && page.body.contains("by itself, 2s after"), "{page:?}");
        assert_eq!(sandbox.call(&format!("POST {path}"), "").await.header("allow"), Some("GET"));
    }

    #[tokio::test]
    async fn the_errors_of_sign_in_are_entras_and_carry_the_ids_of_the_response() {
        let sandbox = Running::start(config()).await;
        let reply = sandbox.sign_in("token", "grant_type=password").await;
        let body = reply.json();
        assert_eq!((reply.status, body["error"].as_str()), (400, Some("unsupported_grant_type")));
        assert_eq!(body["trace_id"], reply.header("request-id").unwrap());
        assert_eq!(body["correlation_id"], reply.header("client-request-id").unwrap());
        let deeper = sandbox.sign_in("token/more", "").await;
        assert_eq!((deeper.status, deeper.json()["error"].as_str()), (404, Some("invalid_request")));
        let line = "POST /common/oauth2/v2.0/token";
        assert_eq!(sandbox.send(line, "").await.status, 411);
        assert_eq!(sandbox.send(line, "Content-Length: 65537\r\n").await.status, 413);
    }

    #[tokio::test]
    async fn the_configuration_of_a_tenant_needs_no_token_and_leads_to_its_endpoints() {
        let sandbox = Running::start(Config { throttle: Some(Limit { requests: 1, window: HOUR }), ..config() }).await;
        let get = |name: &'static str| {
            let line = format!("GET /{name}/v2.0/.well-known/openid-configuration");
            let sandbox = &sandbox;
            async move { sandbox.send(&line, "").await }
        };
        for name in ["contoso.example", "contoso%2Eexample", "common"] {
            let configuration = get(name).await;
            assert_eq!(configuration.status, 200, "{configuration:?}");
            for endpoint in ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint"] {
                let url = configuration.json()[endpoint].as_str().unwrap().to_owned();
                let path = url.strip_prefix(&format!("http://{}", sandbox.authority)).unwrap();
                // The method is wrong for each, so that none of them does anything; but it is there.
                assert_eq!(sandbox.send(&format!("PUT {path}"), "").await.status, 405, "{path}");
            }
        }
        for (name, shown) in [("", ""), ("contoso.invalid", "contoso.invalid"), ("a%2Fb.example", "a/b.example")] {
            let unknown = get(name).await.json();
            assert_eq!(unknown["error"], "invalid_tenant");
            let description = unknown["error_description"].as_str().unwrap();
            assert!(description.starts_with(&format!("AADSTS90002: Tenant '{shown}' not found.")), "{description}");
        }
        for path in ["/a/b/v2.0/.well-known/openid-configuration", "/a.example/v2.0/.well-known/openid-configuration/x"]
        {
            assert_eq!(sandbox.send(&format!("GET {path}"), "").await.status, 401, "{path}");
        }
    }

    #[tokio::test]
    async fn sign_in_is_not_throttled_and_counts_for_nothing() {
        let limit = Limit { requests: 1, window: HOUR };
        let sandbox = Running::start(Config { throttle: Some(limit), ..config() }).await;
        for _ in 0..15 {
            assert_eq!(sandbox.sign_in("devicecode", "client_id=c&scope=User.Read").await.status, 200);
        }
        assert_eq!(sandbox.post(&format!("{PARTNERS}/{FIRST}/disconnect")).await.status, 204);
    }

    #[tokio::test]
    async fn revoking_sessions_ends_all_that_began_with_a_sign_in() {
        let sandbox = Running::start(config()).await;
        for (version, is_fixed) in [("v1.0", true), ("beta", false)] {
            let (access, refresh) = sandbox.tokens().await;
            let token = if is_fixed { &sandbox.token } else { &access };
            let reply = sandbox.call(&format!("POST /{version}/me/revokeSignInSessions"), token).await;
            let context = format!("http://{}/{version}/$metadata#Edm.Boolean", sandbox.authority);
            let expected = serde_json::json!({"@odata.context": context, "value": true});
            assert_eq!((reply.status, reply.json()), (200, expected));
            let reply = sandbox.call(&format!("GET {PARTNERS}"), &access).await;
            assert_eq!(reply.status, 401);
            assert!(reply.message().ends_with("code: TokenIssuedBeforeRevocationTimestamp"), "{reply:?}");
            let parameters = format!("grant_type=refresh_token&client_id=c&refresh_token={refresh}");
            let reply = sandbox.sign_in("token", &parameters).await;
            assert_eq!((reply.status, reply.json()["error_codes"][0].as_u64()), (400, Some(50173)));
            assert_eq!(sandbox.get(PARTNERS).await.status, 200);
        }
        let (access, _) = sandbox.tokens().await;
        assert_eq!(sandbox.call(&format!("GET {PARTNERS}"), &access).await.status, 200);
    }

    #[tokio::test]
    async fn sessions_are_revoked_by_their_user_with_a_post_and_within_the_limit() {
        let limit = Limit { requests: 2, window: HOUR };
        let sandbox = Running::start(Config { throttle: Some(limit), ..config() }).await;
        let path = "/v1.0/me/revokeSignInSessions";
        let root = format!("http://{}", sandbox.authority);
        let app = format!("grant_type=client_credentials&client_id=c&client_secret=s&scope={root}/.default");
        let app = sandbox.sign_in("token", &app).await.json();
        let reply = sandbox.call(&format!("POST {path}"), app["access_token"].as_str().unwrap()).await;
        let expected = "/me request is only valid with delegated authentication flow.";
        assert_eq!((reply.status, reply.message().as_str()), (400, expected));
        let reply = sandbox.get(path).await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
        assert_eq!(sandbox.send(&format!("POST {path}"), "Content-Length: 0\r\n").await.status, 401);
        assert_eq!(sandbox.post(path).await.status, 200);
        assert_eq!(sandbox.post(path).await.status, 429);
    }

    #[tokio::test]
    async fn clients_that_are_silent_or_speak_no_http_are_in_nobody_s_way() {
        let sandbox = Running::start(config()).await;
        let silent: Vec<_> = (0..20).map(|_| sandbox.connect()).collect();
        let mut half = sandbox.connect();
        half.write_all(format!("GET {PARTNERS} HTTP/1.1\r\nHo").as_bytes()).unwrap();
        for garbage in ["\x16\x03\x01\r\n\r\n", "GET\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"] {
            assert_eq!(Reply::parse(&sandbox.exchange(garbage.to_owned()).await).status, 400);
        }
        drop(half);
        assert_eq!(sandbox.get(PARTNERS).await.status, 200);
        drop(silent);
    }

    #[tokio::test]
    async fn a_connection_serves_one_request_after_the_other() {
        let sandbox = Running::start(config()).await;
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
        let sandbox = Running::start(config()).await;
        let mut client = sandbox.connect();
        // The server has accepted this connection once a later one has been answered.
        assert_eq!(sandbox.get(PARTNERS).await.status, 200);
        sandbox.server.abort();
        assert!(sandbox.server.await.unwrap_err().is_cancelled());
        let rest = spawn_blocking(move || client.read(&mut [0; 1])).await.unwrap();
        assert_eq!(rest.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_refused_at_once() {
        let taken = Sandbox::bind(config()).await.unwrap();
        let port = taken.url().rsplit_once(':').unwrap().1.parse().unwrap();
        let nothing = |requests, window| Config { throttle: Some(Limit { requests, window }), ..config() };
        let short_lived = Config { token_lifetime: Duration::from_millis(999), ..config() };
        let fails_with = |status| Config { failures: HashMap::from([(FIRST.into(), status)]), ..config() };
        let table = [
            (Config { port, ..config() }, format!("cannot listen on port {port} of 127.0.0.1")),
            (nothing(0, HOUR), "a limit of nothing would refuse every request".to_owned()),
            (nothing(1, Duration::ZERO), "a limit of nothing would refuse every request".to_owned()),
            (short_lived, "a token must live for a second at least".to_owned()),
            (fails_with(399), format!("399 is not the status of a failure (400 to 599), for ID {FIRST}")),
            (fails_with(600), format!("600 is not the status of a failure (400 to 599), for ID {FIRST}")),
        ];
        for (config, message) in table {
            assert_eq!(Sandbox::bind(config).await.err().unwrap().to_string(), message);
        }
    }
}
