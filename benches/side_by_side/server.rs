//! The server for both: TLS on loopback, with the latency and rate limit that a row of the table needs. It checks and
//! counts the requests, to make sure that the work that is measured was done.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::support::tls::Identity;

/// How the server behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Behaviour {
    /// The delay of every answer.
    pub latency: Duration,
    /// The rate limit for each token: requests and window. Above it, the answer is 429.
    pub limit: Option<(usize, Duration)>,
}

/// The requests that came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Came {
    /// Requests to disconnect that were answered with 204.
    pub done: usize,
    /// Requests that were answered with 429.
    pub throttled: usize,
    /// Anything else.
    pub strange: usize,
}

/// A server on a thread of its own.
pub struct Server {
    root: String,
    came: Arc<Mutex<Came>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    behaviour: Behaviour,
    came: Arc<Mutex<Came>>,
    /// The times of the requests in the last window, for each token.
    recent: Mutex<HashMap<Vec<u8>, VecDeque<Instant>>>,
}

impl Server {
    /// Starts a server with the protocols of its identity.
    ///
    /// # Errors
    /// There is no port or no thread.
    pub fn start(identity: &Identity, behaviour: Behaviour) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for the server")?;
        listener.set_nonblocking(true)?;
        let root = format!("https://127.0.0.1:{}", listener.local_addr()?.port());
        let came = Arc::<Mutex<Came>>::default();
        let state = State { behaviour, came: Arc::clone(&came), recent: Mutex::default() };
        let config = Arc::clone(&identity.config);
        // One thread: the machine's other core is for the program that is measured.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("server".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    refused = serve(listener, config, Arc::new(state)) => eprintln!("the server ended: {refused:?}"),
                }
            });
        })?;
        Ok(Self { root, came, end: Some(end), thread: Some(thread) })
    }

    /// The address.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The requests since the last call.
    pub fn came(&self) -> Came {
        std::mem::take(&mut *self.came.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fails unless exactly this many disconnects, and nothing else, came since the last call.
    ///
    /// # Errors
    /// Other requests came.
    pub fn expect(&self, done: usize) -> Result<()> {
        let came = self.came();
        ensure!(came == Came { done, ..Came::default() }, "expected {done} requests, but {came:?} came");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, config: Arc<ServerConfig>, state: Arc<State>) -> Result<Infallible> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let acceptor = TlsAcceptor::from(config);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        // The client reports if a connection fails.
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let service = service_fn(|request| answer(request, Arc::clone(&state)));
            if is_h2 {
                let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            } else {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            }
        });
    }
}

async fn answer(request: Request<Incoming>, state: Arc<State>) -> Result<Response<String>, Infallible> {
    let token = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes().to_vec());
    let path = request.uri().path();
    let is_disconnect = request.method() == Method::POST
        && path.starts_with("/v1.0/deviceManagement/remoteAssistancePartners/")
        && path.ends_with("/disconnect");
    if !state.behaviour.latency.is_zero() {
        tokio::time::sleep(state.behaviour.latency).await;
    }
    let status = match token {
        Some(token) if is_disconnect && state.is_over_limit(&token) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) if is_disconnect => StatusCode::NO_CONTENT,
        _ => StatusCode::NOT_FOUND,
    };
    state.count(status);
    let mut response = Response::new(String::new());
    *response.status_mut() = status;
    Ok(response)
}

impl State {
    fn count(&self, status: StatusCode) {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        match status {
            StatusCode::NO_CONTENT => came.done += 1,
            StatusCode::TOO_MANY_REQUESTS => came.throttled += 1,
            _ => came.strange += 1,
        }
    }

    /// Whether this request exceeds the limit of its token. Rejected requests count too, as at the service.
    fn is_over_limit(&self, token: &[u8]) -> bool {
        let Some((most, window)) = self.behaviour.limit else { return false };
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let (recent, now) = (recent.entry(token.to_vec()).or_default(), Instant::now());
        while recent.front().is_some_and(|at| now.duration_since(*at) >= window) {
            recent.pop_front();
        }
        recent.push_back(now);
        recent.len() > most
    }
}
