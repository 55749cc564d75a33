//! An identity platform and a Graph at one root. What a request leads to is up to the test; which tokens were given,
//! and what else is secret, is kept here, so that a test can end by looking for it where it does not belong.

use std::collections::HashSet;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use super::jwt;
use super::server::{Reply, Request, Server};

/// The tenant that everybody signs in to.
pub const TENANT: &str = "11111111-2222-3333-4444-555555555555";
/// What Entra says behind its sentence.
pub const TAIL: &str = "Trace ID: 0a0a0a0a-1111-2222-3333-444444444444 Correlation ID: \
                        c0c0c0c0-5555-6666-7777-888888888888 Timestamp: 2026-11-24 10:00:00Z";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// A secret is looked for in pieces of so many bytes: less of it is worth nothing to anybody.
const PIECE: usize = 16;

/// What the platform has given so far.
#[derive(Default)]
pub struct Issuer {
    given: Mutex<Given>,
    at_sign_in: AtomicU64,
    as_jwt: AtomicBool,
    tenant: Mutex<Option<String>>,
}

#[derive(Default)]
struct Given {
    access: Vec<String>,
    refresh: Vec<String>,
    /// Refresh tokens that were not used yet.
    unused: HashSet<String>,
    secrets: Vec<String>,
}

impl Issuer {
    /// The answer that gives the next tokens; the access token lives for so many seconds.
    pub fn grant(&self, seconds: u64) -> Reply {
        self.grant_as(seconds, |_| {})
    }

    /// The same, with another body.
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
        // What a form has to encode is in it.
        let refresh = format!("1.AT+/&refresh-{n}-{}==", random(900));
        let identity = jwt::padded(&claims, 200);
        given.access.push(access.clone());
        given.refresh.push(refresh.clone());
        given.unused.insert(refresh.clone());
        given.secrets.extend([access.clone(), refresh.clone(), identity.clone()]);
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

    /// The same from a platform that takes every refresh token once.
    pub fn grant_once(&self, request: &Request, seconds: u64) -> Reply {
        let token = request.form("refresh_token").expect("a refresh token is sent");
        let is_unused = self.given.lock().unwrap().unused.remove(&token);
        if is_unused { self.grant(seconds) } else { dead() }
    }

    /// The access token that was given as number `n`, counted from 0, the one of the first sign-in.
    pub fn access(&self, n: usize) -> String {
        self.given.lock().unwrap().access[n].clone()
    }

    /// The refresh token that was given with it.
    pub fn refresh(&self, n: usize) -> String {
        self.given.lock().unwrap().refresh[n].clone()
    }

    /// Which access token a request to Graph came with.
    pub fn bearer(&self, request: &Request) -> usize {
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let given = self.given.lock().unwrap();
        let known = given.access.iter().position(|access| Some(access.as_str()) == token);
        known.unwrap_or_else(|| panic!("no token that was given: {request:?}"))
    }

    /// From now on access tokens are JWTs, and not words that say nothing.
    pub fn give_jwts(&self) {
        self.as_jwt.store(true, Ordering::Relaxed);
    }

    /// From now on tokens are for this tenant, and not for [`TENANT`].
    pub fn give_for(&self, tenant: &str) {
        *self.tenant.lock().unwrap() = Some(tenant.to_owned());
    }

    /// Something else that nobody may see. It has to be long enough to be found.
    pub fn keep_secret(&self, secret: &str) {
        assert!(secret.len() >= 2 * PIECE, "{secret}");
        self.given.lock().unwrap().secrets.push(secret.to_owned());
    }
}

/// The root at which both are.
pub struct Platform {
    server: Server,
    issuer: Arc<Issuer>,
}

impl Platform {
    /// Starts one. People can sign in; any other request for a token is answered by `token`, and what is no such
    /// request by `graph`.
    pub fn start(
        token: impl Fn(&Request, &Issuer) -> Reply + Send + Sync + 'static,
        graph: impl Fn(&Request, &Issuer) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let issuer = Arc::<Issuer>::default();
        let shared = Arc::clone(&issuer);
        let server = Server::start(move |request, _| {
            if request.path.ends_with("/oauth2/v2.0/devicecode") {
                return device_code(&shared);
            }
            if !request.path.ends_with("/oauth2/v2.0/token") {
                return graph(request, &shared);
            }
            for secret in ["refresh_token", "client_secret", "client_assertion"] {
                if let Some(secret) = request.form(secret) {
                    shared.keep_secret(&secret);
                }
            }
            match request.form("grant_type").as_deref() {
                Some(DEVICE_GRANT) => shared.grant(shared.at_sign_in.load(Ordering::Relaxed)),
                _ => token(request, &shared),
            }
        });
        Self { server, issuer }
    }

    /// One whose Graph does what it is asked.
    pub fn renewing(token: impl Fn(&Request, &Issuer) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(token, |_, _| Reply::done())
    }

    /// The root.
    pub fn root(&self) -> &str {
        self.server.root()
    }

    /// The server itself.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// What was given.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// How many seconds the access token of whoever signs in next lives.
    pub fn at_sign_in(&self, seconds: u64) {
        self.issuer.at_sign_in.store(seconds, Ordering::Relaxed);
    }

    /// The requests for tokens, those of people who sign in left out.
    pub fn token_requests(&self) -> Vec<Request> {
        let is_sign_in = |request: &Request| request.form("grant_type").as_deref() == Some(DEVICE_GRANT);
        let requests = self.server.requests().into_iter().filter(|request| request.path.ends_with("/v2.0/token"));
        requests.filter(|request| !is_sign_in(request)).collect()
    }

    /// The requests to Graph.
    pub fn graph(&self) -> Vec<Request> {
        self.server.requests().into_iter().filter(|request| request.path.starts_with("/v1.0/")).collect()
    }

    /// Which access tokens Graph saw, in the order in which they came.
    pub fn bearers(&self) -> Vec<usize> {
        self.graph().iter().map(|request| self.issuer.bearer(request)).collect()
    }

    /// Looks for everything that was given, or that came, and that nobody may see, in texts and in all files below some
    /// directories.
    #[track_caller]
    pub fn assert_kept_secret(&self, texts: &[String], directories: &[PathBuf]) {
        let given = self.issuer.given.lock().unwrap();
        let pieces: HashSet<&[u8]> = given.secrets.iter().flat_map(|s| s.as_bytes().chunks_exact(PIECE)).collect();
        let shown = |bytes: &[u8]| bytes.windows(PIECE).any(|window| pieces.contains(window));
        for text in texts {
            assert!(!shown(text.as_bytes()), "a secret was shown: {text}");
        }
        for path in directories.iter().flat_map(|directory| files(directory)) {
            assert!(!shown(&std::fs::read(&path).unwrap()), "{} holds a secret", path.display());
        }
    }
}

fn device_code(issuer: &Issuer) -> Reply {
    let code = format!("device-code-{}", random(80));
    issuer.keep_secret(&code);
    let body = json!({
        "device_code": code,
        "user_code": "ABCD1234",
        "verification_uri": "https://login.example/device",
        "expires_in": 900,
        "interval": 1,
    });
    answer(200, &body)
}

/// An answer with JSON in it.
pub fn answer(status: u16, body: &Value) -> Reply {
    Reply::status(status).header("Content-Type", "application/json; charset=utf-8").body(body.to_string())
}

/// A refusal as Entra gives it.
pub fn refusal(error: &str, sentence: &str) -> Reply {
    answer(400, &json!({"error": error, "error_description": format!("{sentence} {TAIL}"), "error_codes": [1]}))
}

/// The refusal of a refresh token that is no good any more.
pub fn dead() -> Reply {
    refusal("invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity.")
}

/// So many letters and digits.
pub fn random(count: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(count).collect()
}

/// All plain files below a directory; what vanishes meanwhile is none.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// Another way to a server, which can be closed.
pub struct Detour {
    root: String,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Detour {
    /// A way to the server at `root`.
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

    /// Its own root.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Closes it: from now on connections are refused.
    pub fn close(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the one that listens.
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
