//! Signing in with a browser: opening one, and waiting on a port of this machine until it returns.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use reqwest::Url;
use secrecy::SecretString;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::variables;

/// How long a connection may take to send its request.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// How long the last page may take to reach the browser before the program continues.
const PAGE_WITHIN: Duration = Duration::from_secs(1);
/// How many connections are served at once. A browser opens a few.
const CONNECTIONS: usize = 32;
/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Whether a browser can be opened where the user sees it.
pub fn can_be_opened() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_remote = set(variables::SSH_CONNECTION) || set(variables::SSH_TTY);
    let has_display = if cfg!(any(target_os = "macos", target_os = "windows")) {
        !is_remote
    } else {
        // WSL opens the browser of Windows, on the same desktop.
        set(variables::DISPLAY) || set(variables::WAYLAND_DISPLAY) || (set(variables::WSL_DISTRO_NAME) && !is_remote)
    };
    // Without a display, nobody would see the system's browser, which is tried if $BROWSER fails.
    if has_display { webbrowser::Browser::is_available() } else { browser_variable_names_a_program() }
}

fn browser_variable_names_a_program() -> bool {
    let browsers = std::env::var(variables::BROWSER).unwrap_or_default();
    let path = std::env::var_os(variables::PATH).unwrap_or_default();
    browsers.split(':').filter_map(|browser| browser.split_ascii_whitespace().next()).any(|program| {
        match program.contains(std::path::MAIN_SEPARATOR) {
            true => std::path::Path::new(program).is_file(),
            false => std::env::split_paths(&path).any(|directory| directory.join(program).is_file()),
        }
    })
}

pub enum Callback {
    Code(SecretString),
    Refused {
        /// Such as `access_denied`.
        error: String,
        /// Such as `AADSTS65004: …`.
        description: Option<String>,
    },
}

/// A loopback port of this machine, to which the browser returns.
pub struct Port {
    listeners: Vec<TcpListener>,
    number: u16,
}

impl Port {
    /// Listens on a free port.
    pub async fn listen() -> io::Result<Self> {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let number = first.local_addr()?.port();
        // `localhost` is either address, and browsers differ in which one they try first. If another program has this
        // port on ::1, it may receive the code, which is worthless without our verifier.
        let second = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, number))).await;
        Ok(Self { listeners: std::iter::once(first).chain(second).collect(), number })
    }

    /// The address to which the browser returns. Source: graph-facts, "Tokens".
    pub fn redirect(&self) -> String {
        format!("http://localhost:{}", self.number)
    }

    /// Waits for the browser to return with this `state`. Other requests are answered, and do not end the wait.
    pub async fn wait(self, state: &str) -> Callback {
        let (callbacks, mut received) = mpsc::channel(1);
        let handler = Arc::new(CallbackHandler { state: state.to_owned(), callbacks });
        let mut connections = JoinSet::new();
        let mut listeners = JoinSet::new();
        let (streams, mut accepted) = mpsc::channel::<TcpStream>(8);
        for listener in self.listeners {
            let streams = streams.clone();
            listeners.spawn(async move {
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => {
                            if streams.send(stream).await.is_err() {
                                return;
                            }
                        }
                        Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                    }
                }
            });
        }
        loop {
            tokio::select! {
                Some(stream) = accepted.recv(), if connections.len() < CONNECTIONS => {
                    connections.spawn(converse(stream, Arc::clone(&handler)));
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                Some(done) = received.recv() => {
                    // The page must arrive first, but a browser's idle connections must not delay the program.
                    let all = async { while connections.join_next().await.is_some() {} };
                    let _ = tokio::time::timeout(PAGE_WITHIN, all).await;
                    return done;
                }
            }
        }
    }
}

/// Answers all requests, and passes the callback on.
struct CallbackHandler {
    state: String,
    callbacks: mpsc::Sender<Callback>,
}

async fn converse(stream: TcpStream, handler: Arc<CallbackHandler>) {
    let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
        let handler = Arc::clone(&handler);
        async move { Ok::<_, Infallible>(handler.answer(request.method(), &request.uri().to_string())) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(REQUEST_WITHIN).keep_alive(false);
    // On an error, the other side did not speak HTTP, or closed the connection.
    let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
}

impl CallbackHandler {
    fn answer(&self, method: &Method, target: &str) -> Response<Full<Bytes>> {
        match classify(method, target, &self.state) {
            CallbackRequest::Expected(callback) => {
                let page = match &callback {
                    Callback::Code(_) => CAME_BACK,
                    Callback::Refused { .. } => REFUSED,
                };
                // The channel is full if the browser returned before: the user has reloaded the page.
                let _ = self.callbacks.try_send(callback);
                respond(StatusCode::OK, page)
            }
            CallbackRequest::Forged => respond(StatusCode::BAD_REQUEST, FORGED),
            CallbackRequest::Stray => respond(StatusCode::NOT_FOUND, STRAY),
        }
    }
}

/// A request to the port.
enum CallbackRequest {
    /// The browser returns from the sign-in page.
    Expected(Callback),
    /// It answers another sign-in: the `state` is not ours.
    Forged,
    /// Anything else, such as a request for an icon, or from a scanner.
    Stray,
}

fn classify(method: &Method, target: &str, state: &str) -> CallbackRequest {
    let url = Url::options().base_url(Url::parse("http://localhost").ok().as_ref()).parse(target);
    let Some(url) = url.ok().filter(|url| method == Method::GET && url.path() == "/" && url.query().is_some()) else {
        return CallbackRequest::Stray;
    };
    // A parameter must not be repeated: RFC 6749, section 3.1.
    let one = |name: &str| {
        let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        values.next().filter(|value| values.next().is_none() && !value.is_empty())
    };
    if one("state").as_deref() != Some(state) {
        return CallbackRequest::Forged;
    }
    match (one("code"), one("error")) {
        (Some(code), None) => CallbackRequest::Expected(Callback::Code(SecretString::from(code))),
        (None, Some(error)) => {
            CallbackRequest::Expected(Callback::Refused { error, description: one("error_description") })
        }
        _ => CallbackRequest::Forged,
    }
}

fn respond(status: StatusCode, page: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(page.as_bytes())));
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        // The address of the page contains the code.
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (CONNECTION, "close"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

macro_rules! page {
    ($title:literal, $text:literal) => {
        concat!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>intunectl: ",
            $title,
            "</title><meta name=\"viewport\" content=\"width=device-width\"><style>body{font:1.1rem/1.5 system-ui,",
            "sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style></head>\n<body><h1>",
            $title,
            "</h1>\n<p>",
            $text,
            "</p></body></html>\n"
        )
    };
}

const CAME_BACK: &str =
    page!("Return to the terminal", "You can close this window. The terminal shows whether the sign-in succeeded.");
const REFUSED: &str =
    page!("Not signed in", "The sign-in was refused or cancelled. You can close this window. The terminal shows why.");
const FORGED: &str = page!(
    "Not the expected sign-in",
    "intunectl ignored this page: it belongs to another sign-in. Return to the window that intunectl opened, or start \
     again in the terminal."
);
const STRAY: &str = page!("Nothing here", "intunectl is waiting for the browser to return from the sign-in page.");

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn name(visitor: &CallbackRequest) -> String {
        match visitor {
            CallbackRequest::Expected(Callback::Code(code)) => format!("code {}", code.expose_secret()),
            CallbackRequest::Expected(Callback::Refused { error, description }) => {
                format!("refused {error} {description:?}")
            }
            CallbackRequest::Forged => "forged".to_owned(),
            CallbackRequest::Stray => "stray".to_owned(),
        }
    }

    #[test]
    fn only_a_callback_with_our_state_is_expected() {
        for (target, expected) in [
            ("/?code=a%2Bb&state=s", "code a+b"),
            ("/?state=s&code=c&session_state=x", "code c"),
            (
                "/?error=access_denied&error_description=AADSTS65004%3A+no&state=s",
                "refused access_denied Some(\"AADSTS65004: no\")",
            ),
            ("/?error=access_denied&state=s", "refused access_denied None"),
            ("/?code=c", "forged"),
            ("/?code=c&state=S", "forged"),
            ("/?code=c&state=", "forged"),
            ("/?code=c&state=s&state=s", "forged"),
            ("/?code=c&code=d&state=s", "forged"),
            ("/?code=c&error=e&state=s", "forged"),
            ("/?code=&state=s", "forged"),
            ("/?state=s", "forged"),
            ("/?error=access_denied", "forged"),
            ("/", "stray"),
            ("/favicon.ico", "stray"),
            ("/other?code=c&state=s", "stray"),
            ("*", "stray"),
        ] {
            assert_eq!(name(&classify(&Method::GET, target, "s")), expected, "{target}");
        }
        assert_eq!(name(&classify(&Method::POST, "/?code=c&state=s", "s")), "stray");
    }
}
