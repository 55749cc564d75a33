//! A stand-in for Microsoft Graph and Entra on 127.0.0.1, for trying things out without a tenant.
//!
//! It shares nothing with the client, not even types, so that it can reveal the client's mistakes. What it knows about
//! the services comes from their published reference.

mod body;
mod entra;
mod graph;
mod host;
mod http;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, ensure};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use self::entra::{EndpointRequest, Entra};
use self::graph::{Graph, GraphError};
use self::http::{Trace, percent_decode};

pub use self::graph::Limit;

/// How long a connection may be idle. Clients close theirs earlier (usually after 90 s at most), so that no request
/// arrives on a connection that is being closed.
const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// How long to wait after a connection could not be accepted, usually until a file descriptor is free again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, Clone)]
pub struct Config {
    /// The number of partners in the tenant.
    pub partners: usize,
    /// How long every response is delayed.
    pub latency: Duration,
    /// The limit on writes; the limit on all requests is ten times as high. `None`: no limits.
    pub throttle: Option<Limit>,
    /// The HTTP status (400 to 599) that actions on a partner fail with, by the partner's ID in any case.
    pub failures: HashMap<String, u16>,
    /// How long after its start a sign-in is approved automatically.
    pub approve_after: Duration,
    /// The lifetime of the tokens of a sign-in, in whole seconds; at least one.
    pub token_lifetime: Duration,
    /// The port of 127.0.0.1 to listen on; 0 for any free one.
    pub port: u16,
}

/// A stand-in that listens, but does not serve yet.
pub struct Sandbox {
    listener: TcpListener,
    url: String,
    latency: Duration,
    services: Services,
}

struct Services {
    entra: Entra,
    graph: Graph,
}

impl Sandbox {
    /// Listens on 127.0.0.1, and makes the partners and a token.
    ///
    /// # Errors
    /// The port is taken, a limit is zero, the token lifetime is less than a second, or a failure's status is outside
    /// 400 to 599.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        let Config { partners, latency, throttle, failures, approve_after, token_lifetime, port } = config;
        if let Some(limit) = throttle {
            ensure!(limit.requests > 0 && !limit.window.is_zero(), "the throttling limit must be greater than zero");
        }
        ensure!(token_lifetime.as_secs() > 0, "the token lifetime must be at least 1 s");
        let failures = failures.into_iter().map(checked_failure).collect::<anyhow::Result<_>>()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("cannot listen on 127.0.0.1:{port}"))?;
        let url = format!("http://{}", listener.local_addr().context("cannot read the port")?);
        let services = Services {
            entra: Entra::new(url.clone(), approve_after, token_lifetime, SystemTime::now()),
            graph: Graph::new(url.clone(), partners, failures, throttle),
        };
        Ok(Self { listener, url, latency, services })
    }

    /// The root of both services, without a version: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The token that is accepted without a sign-in.
    pub fn token(&self) -> &str {
        self.services.entra.tokens.fixed()
    }

    /// Serves until it is dropped, which closes every connection.
    pub async fn serve(self) {
        let services = Arc::new(Mutex::new(self.services));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(serve_connection(stream, services.clone(), self.latency))),
                    // The client has disconnected, or there is no file descriptor left: neither is a reason to stop.
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

fn checked_failure((id, status): (String, u16)) -> anyhow::Result<(String, StatusCode)> {
    ensure!((400..=599).contains(&status), "{status} for ID {id} is not an error status (400 to 599)");
    Ok((id, StatusCode::from_u16(status)?))
}

async fn serve_connection(stream: TcpStream, services: Arc<Mutex<Services>>, latency: Duration) {
    // Without it, small responses may wait until earlier ones are acknowledged: slower, but no reason to stop.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| answer(request, services.clone(), latency));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE_LIMIT);
    // An error is the client's fault: it did not send HTTP, or it has disconnected. hyper has responded if it could.
    let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
}

/// Answers one request. It takes effect immediately; the response is sent after `latency`.
async fn answer(
    request: Request<Incoming>,
    services: Arc<Mutex<Services>>,
    latency: Duration,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = match host::check(&head) {
        Ok(()) => body::read(body).await,
        Err(error) => Err(error),
    };
    let trace = Trace::of(&head.headers, SystemTime::now());
    let response = body.and_then(|body| {
        services.lock().unwrap_or_else(PoisonError::into_inner).answer(&head, &body, &trace, Instant::now())
    });
    let mut response = response.unwrap_or_else(|error| error.response(&trace));
    trace.mark(&mut response);
    // The timer counts in milliseconds, so even a sleep of zero would take one.
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    Ok(response.map(Full::new))
}

impl Services {
    /// Entra answers Entra's paths, Graph all others. The sandbox's own errors have the form of Graph's errors.
    fn answer(
        &mut self,
        head: &Parts,
        body: &[u8],
        trace: &Trace,
        now: Instant,
    ) -> Result<Response<Bytes>, GraphError> {
        body::check_length(head)?;
        let segments: Vec<_> = head.uri.path().trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            [tenant, "oauth2", "v2.0", endpoint @ ..] => {
                let (tenant, endpoint) = (percent_decode(tenant), endpoint.join("/"));
                Ok(self.entra.answer(&EndpointRequest { tenant: &tenant, endpoint: &endpoint, head, body }, trace))
            }
            // An empty tenant has no segment here, because leading slashes were removed.
            [tenant @ .., "v2.0", ".well-known", "openid-configuration"] if tenant.len() < 2 => {
                Ok(self.entra.configuration(&percent_decode(&tenant.concat()), head, trace))
            }
            ["device"] if head.method == Method::GET => Ok(self.entra.device_page()),
            ["device"] => Err(GraphError::WrongMethod { allowed: "GET" }),
            _ => self.graph.answer(&mut self.entra.tokens, &segments, head, trace, now),
        }
    }
}
