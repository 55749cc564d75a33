//! A server that speaks only HTTP/2 over TLS.

use std::net::TcpStream;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use h2::Reason;
use rustls::ServerConfig;

use super::server::{self, PATIENCE};
use super::tls::Identity;
use super::{Intunectl, Seen};

/// A recorded request.
#[derive(Clone)]
pub struct Came {
    pub path: String,
    pub client_request_id: String,
    pub at: Instant,
}

type Log = Arc<(Mutex<Vec<Came>>, Condvar)>;

/// The server, and a home that has its certificate as `own.pem`. It listens until the test process ends.
pub struct Server {
    pub home: Intunectl,
    pub root: String,
    log: Log,
}

impl Server {
    /// Answers each request with 204, or resets it if `script` returns a reason. `script` gets the number of earlier
    /// requests.
    pub fn start(script: impl Fn(usize) -> Option<Reason> + Send + Sync + 'static) -> Self {
        let log = Log::default();
        let (script, shared) = (Arc::new(script), Arc::clone(&log));
        let (home, root) = listen(move |stream, config| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(stream, config, &*script, &shared));
        });
        Self { home, root, log }
    }

    /// `partner disconnect` in that home, trusting the certificate.
    pub fn command(&self, arguments: &[&str]) -> Command {
        command(&self.home, &self.root, arguments)
    }

    pub fn run(&self, arguments: &[&str]) -> Seen {
        super::run(&mut self.command(arguments))
    }

    /// All requests so far, in order.
    pub fn came(&self) -> Vec<Came> {
        self.log.0.lock().unwrap().clone()
    }

    /// Waits until this many requests have come.
    pub fn wait_for(&self, requests: usize) {
        let (log, changed) = &*self.log;
        let waited = changed.wait_timeout_while(log.lock().unwrap(), PATIENCE, |log| log.len() < requests).unwrap();
        assert!(!waited.1.timed_out(), "waited for {requests} requests, but {} came", waited.0.len());
    }
}

/// Serves each connection on its own thread. Returns a home that has the certificate as `own.pem`, and the Graph URL.
pub fn listen(serve: impl Fn(TcpStream, Arc<ServerConfig>) + Send + Sync + 'static) -> (Intunectl, String) {
    let Identity { config, pem, .. } = Identity::new(&["h2"]);
    let home = Intunectl::new();
    home.file("own.pem", pem);
    let port = server::listen(move |stream| serve(stream, Arc::clone(&config)));
    (home, format!("https://localhost:{port}"))
}

/// `partner disconnect` in a home that trusts the server at `root`.
pub fn command(home: &Intunectl, root: &str, arguments: &[&str]) -> Command {
    let mut command = home.disconnect(root);
    command.args(["--ca-cert", "own.pem", "-o", "ndjson"]).args(arguments);
    if cfg!(windows) {
        // wine 8 cannot add a certificate to those of the system (E_INVALIDARG).
        command.env("SSL_CERT_FILE", "own.pem");
    }
    command
}

async fn serve(stream: TcpStream, config: Arc<ServerConfig>, script: &dyn Fn(usize) -> Option<Reason>, log: &Log) {
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    let Ok(stream) = tokio_rustls::TlsAcceptor::from(config).accept(stream).await else { return };
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let client_request_id = request.headers()["client-request-id"].to_str().unwrap().to_owned();
        let came = Came { path: request.uri().path().to_owned(), client_request_id, at: Instant::now() };
        let before = {
            let mut log = log.0.lock().unwrap();
            log.push(came);
            log.len() - 1
        };
        log.1.notify_all();
        match script(before) {
            Some(reason) => respond.send_reset(reason),
            None => {
                let done = hyper::Response::builder().status(204).body(()).unwrap();
                respond.send_response(done, true).unwrap();
            }
        }
    }
}
