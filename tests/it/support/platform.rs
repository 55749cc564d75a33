//! A sign-in service and a Graph at one URL. A test decides on the answers. The tokens that were issued, and other
//! secrets, are recorded here, so that a test can search for leaks.

use std::collections::{HashMap, HashSet};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use super::http::send;
use super::jwt;
use super::sandbox::Sandbox;
use super::secrets::Secrets;
use super::server::{Reply, Request, Server};

/// The text after Entra's sentence.
pub const TAIL: &str = "Trace ID: 0a0a0a0a-1111-2222-3333-444444444444 Correlation ID: \
                        c0c0c0c0-5555-6666-7777-888888888888 Timestamp: 2026-11-24 10:00:00Z";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The tokens that the sign-in service has issued so far.
#[derive(Default)]
pub struct Issuer {
    given: Mutex<Given>,
    /// All secrets that were issued or received, which must not be shown.
    pub secrets: Secrets,
    at_sign_in: AtomicU64,
    as_jwt: AtomicBool,
    tenant: Mutex<Option<String>>,
}

#[derive(Default)]
struct Given {
    access: Vec<String>,
    refresh: Vec<String>,
    /// Refresh tokens that have not been used yet.
    unused: HashSet<String>,
}

impl Issuer {
    /// The answer with the next tokens; the access token is valid for `seconds`.
    pub fn grant(&self, seconds: u64) -> Reply {
        self.grant_as(seconds, |_| {})
    }

    /// The same, with a changed body.
    pub fn grant_as(&self, seconds: u64, change: impl FnOnce(&mut Value)) -> Reply {
        let mut claims = jwt::claims(i64::try_from(seconds).unwrap());
        if let Some(tenant) = &*self.tenant.lock().unwrap() {
            claims["tid"] = tenant.as_str().into();
        }
        let mut given = self.given.lock().unwrap();
        let n = given.access.len();
        let access = match self.as_jwt.load(Ordering::Relaxed) {
            true => {
                let mut claims = claims.clone();
                claims["uti"] = random(22).into();
                jwt::jwt(&claims)
            }
            false => format!("access-{n}-{}", random(1900)),
        };
        // Contains characters that a form must encode.
        let refresh = format!("1.AT+/&refresh-{n}-{}==", random(900));
        let identity = jwt::padded(&claims, 200);
        given.access.push(access.clone());
        given.refresh.push(refresh.clone());
        given.unused.insert(refresh.clone());
        // Even if `change` replaces them in the answer.
        for secret in [&access, &refresh, &identity] {
            self.secrets.keep(secret);
        }
        let mut body = json!({
            "token_type": "Bearer",
            "scope": jwt::PERMISSION,
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": access,
            "refresh_token": refresh,
            "id_token": identity,
        });
        change(&mut body);
        answer(200, &body)
    }

    /// The same from a service that accepts every refresh token once.
    pub fn grant_once(&self, request: &Request, seconds: u64) -> Reply {
        let token = request.form("refresh_token").expect("a refresh token is sent");
        let is_unused = self.given.lock().unwrap().unused.remove(&token);
        if is_unused { self.grant(seconds) } else { dead() }
    }

    /// The access token number `n`; 0 is that of the first sign-in.
    pub fn access(&self, n: usize) -> String {
        self.given.lock().unwrap().access[n].clone()
    }

    /// The refresh token number `n`.
    pub fn refresh(&self, n: usize) -> String {
        self.given.lock().unwrap().refresh[n].clone()
    }

    /// The number of the access token in a request to Graph.
    pub fn bearer(&self, request: &Request) -> usize {
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let given = self.given.lock().unwrap();
        let known = given.access.iter().position(|access| Some(access.as_str()) == token);
        known.unwrap_or_else(|| panic!("not an issued token: {request:?}"))
    }

    /// From now on access tokens are JWTs, not opaque.
    pub fn give_jwts(&self) {
        self.as_jwt.store(true, Ordering::Relaxed);
    }

    /// From now on tokens are for this tenant, not for [`TENANT`].
    pub fn give_for(&self, tenant: &str) {
        *self.tenant.lock().unwrap() = Some(tenant.to_owned());
    }
}

/// A server that is both a sign-in service and Graph.
pub struct Platform {
    pub server: Server,
    pub issuer: Arc<Issuer>,
}

impl Platform {
    /// Answers each request by a script, which gets the last segment of its path and the number of earlier requests to
    /// it.
    pub fn scripted(
        secrets: &Secrets,
        script: impl Fn(&Request, &str, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::of(Arc::new(Issuer { secrets: secrets.clone(), ..Issuer::default() }), script)
    }

    /// Sign-ins by device code succeed. `token` answers other requests for a token, `graph` all other requests.
    pub fn start(
        token: impl Fn(&Request, &Issuer) -> Reply + Send + Sync + 'static,
        graph: impl Fn(&Request, &Issuer) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let issuer = Arc::<Issuer>::default();
        let shared = Arc::clone(&issuer);
        Self::of(issuer, move |request, _, _| {
            if request.path.ends_with("/oauth2/v2.0/devicecode") {
                return device_code();
            }
            if !is_for_token(request) {
                return graph(request, &shared);
            }
            match request.form("grant_type").as_deref() {
                Some(DEVICE_GRANT) => shared.grant(shared.at_sign_in.load(Ordering::Relaxed)),
                _ => token(request, &shared),
            }
        })
    }

    fn of(issuer: Arc<Issuer>, script: impl Fn(&Request, &str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let (secrets, before) = (issuer.secrets.clone(), Mutex::new(HashMap::<String, usize>::new()));
        let server = Server::start(move |request, _| {
            secrets.of_request(request);
            let endpoint = endpoint(request);
            let n = {
                let mut before = before.lock().unwrap();
                let count = before.entry(endpoint.to_owned()).or_default();
                *count += 1;
                *count - 1
            };
            let reply = script(request, endpoint, n);
            secrets.of_answer(&reply);
            reply
        });
        Self { server, issuer }
    }

    /// A recording proxy for a sandbox's sign-in.
    pub fn before(secrets: &Secrets, sandbox: &Sandbox) -> Self {
        let root = sandbox.url().to_owned();
        Self::scripted(secrets, move |request, _, _| {
            let body = std::str::from_utf8(&request.body).unwrap();
            let answer = send(&format!("{root}{}", request.path), &request.method, body);
            Reply::status(answer.status).header("Content-Type", &answer.content_type()).body(answer.body)
        })
    }

    /// A platform whose Graph answers every request with 204.
    pub fn renewing(token: impl Fn(&Request, &Issuer) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(token, |_, _| Reply::done())
    }

    pub fn root(&self) -> &str {
        self.server.root()
    }

    /// The lifetime of the access token of the next sign-in, in seconds.
    pub fn at_sign_in(&self, seconds: u64) {
        self.issuer.at_sign_in.store(seconds, Ordering::Relaxed);
    }

    /// The requests to an endpoint.
    pub fn asked(&self, name: &str) -> Vec<Request> {
        self.server.requests().into_iter().filter(|request| endpoint(request) == name).collect()
    }

    /// The requests for tokens, without those of sign-ins by device code.
    pub fn token_requests(&self) -> Vec<Request> {
        let is_sign_in = |request: &Request| request.form("grant_type").as_deref() == Some(DEVICE_GRANT);
        let requests = self.server.requests().into_iter();
        requests.filter(|request| is_for_token(request) && !is_sign_in(request)).collect()
    }

    /// The requests to Graph.
    pub fn graph(&self) -> Vec<Request> {
        self.server.requests().into_iter().filter(|request| request.path.starts_with("/v1.0/")).collect()
    }

    /// The numbers of the access tokens that Graph received, in order.
    pub fn bearers(&self) -> Vec<usize> {
        self.graph().iter().map(|request| self.issuer.bearer(request)).collect()
    }
}

fn is_for_token(request: &Request) -> bool {
    request.path.ends_with("/oauth2/v2.0/token")
}

/// The last segment of a request's path.
fn endpoint(request: &Request) -> &str {
    request.path.split('?').next().unwrap().rsplit('/').next().unwrap()
}

fn device_code() -> Reply {
    let body = json!({
        "device_code": format!("device-code-{}", random(80)),
        "user_code": "ABCD1234",
        "verification_uri": "https://login.example/device",
        "expires_in": 900,
        "interval": 1,
    });
    answer(200, &body)
}

pub fn answer(status: u16, body: &Value) -> Reply {
    Reply::status(status).header("Content-Type", "application/json; charset=utf-8").body(body.to_string())
}

/// An OAuth error.
pub fn refusal(error: &str, description: &str) -> Reply {
    answer(400, &json!({"error": error, "error_description": description}))
}

/// A refusal in Entra's form.
pub fn refusal_of_entra(error: &str, sentence: &str) -> Reply {
    answer(400, &json!({"error": error, "error_description": format!("{sentence} {TAIL}"), "error_codes": [1]}))
}

/// The refusal of an expired refresh token.
pub fn dead() -> Reply {
    refusal_of_entra("invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity.")
}

/// `count` random letters and digits.
pub fn random(count: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(count).collect()
}

/// A second address of a server, which can be closed.
pub struct Detour {
    root: String,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Detour {
    /// Forwards to the server at `root`.
    pub fn to(root: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let closed = Arc::new(AtomicBool::new(false));
        let (target, is_closed) = (address(root).to_owned(), Arc::clone(&closed));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if is_closed.load(Ordering::SeqCst) {
                    return;
                }
                let (near, far) = (stream.unwrap(), TcpStream::connect(&target).unwrap());
                pass_on(near.try_clone().unwrap(), far.try_clone().unwrap());
                pass_on(far, near);
            }
        });
        Self { root: own, closed, thread: Some(thread) }
    }

    pub fn root(&self) -> &str {
        &self.root
    }

    /// From now on refuses connections.
    pub fn close(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the listening thread.
        drop(TcpStream::connect(address(&self.root)));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn address(root: &str) -> &str {
    root.strip_prefix("http://").unwrap()
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
