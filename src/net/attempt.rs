//! One request, sent once: the answer as it came, or in what way none came.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};

use super::event::{Event, Observer};
use super::retry;
use crate::words::plain;

/// The most of a body that is read where the answer is an error.
const ERROR_BODY: usize = 64 * 1024;
/// The most of a body that is read where it is what was asked for: one page of partners.
const CONTENT_BODY: usize = 16 * 1024 * 1024;

/// What one attempt led to.
pub type Result = std::result::Result<Answer, NoAnswer>;

/// An answer from the service, or from something that stands in front of it.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// The `request-id` header, which Microsoft's support asks for.
    pub request_id: Option<String>,
    /// The `Location` header of a redirect, which is never followed.
    pub location: Option<String>,
    /// The body, as far as it came and was read.
    pub body: Vec<u8>,
    /// Whether the body was read to its end.
    pub whole: bool,
    /// What was sent with the request, and may have come back.
    pub secrets: Rc<[SecretString]>,
}

impl Answer {
    /// Takes the secrets out of the body.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        // Only a secret makes this owned, so any other body stays as it came, byte for byte.
        if let Cow::Owned(redacted) = redact(&String::from_utf8_lossy(&self.body), &self.secrets) {
            self.body = redacted.into_bytes();
        }
        self
    }

    /// Takes the secrets out of text from the body. They were taken out of the body as that came, but JSON's escapes
    /// may have hidden them there.
    pub fn without_secrets(&self, text: &str) -> String {
        redact(text, &self.secrets).into_owned()
    }
}

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// The connection was refused.
    Refused,
    /// The connection was reset or closed; `sent` where the request had left before.
    Lost {
        /// Whether the service may have got the request.
        sent: bool,
    },
    /// This process may open no further connection at the moment.
    TooManyFiles,
    /// The server closed the connection and said that it has not looked at the request.
    Declined,
    /// Time ran out; `sent` where it did after connecting.
    Timeout {
        /// Whether the service may have got the request.
        sent: bool,
    },
    /// The proxy did not open a way to the host.
    Proxy {
        /// The proxy's reason, as far as it is known.
        reason: String,
        /// Whether the proxy would do it for us at another time.
        authorized: bool,
    },
    /// The host's name has no address.
    NotFound {
        /// The resolver's words.
        reason: String,
    },
    /// No trust in the server, or no common TLS.
    Tls {
        /// What was wrong.
        reason: String,
    },
    /// Anything else; `sent` where the request may have left before.
    Unknown {
        /// Whether the service may have got the request.
        sent: bool,
        /// What was wrong.
        reason: String,
    },
}

impl NoAnswer {
    /// Whether the service may have got the request, and done what it asks.
    pub fn was_sent(&self) -> bool {
        match self {
            Self::Lost { sent } | Self::Timeout { sent } | Self::Unknown { sent, .. } => *sent,
            Self::Refused
            | Self::TooManyFiles
            | Self::Declined
            | Self::Proxy { .. }
            | Self::NotFound { .. }
            | Self::Tls { .. } => false,
        }
    }

    /// Whether the request reached the service, so that it counts against its limit.
    pub fn was_seen(&self) -> bool {
        self.was_sent() || *self == Self::Declined
    }

    /// What to do about it, whichever server it was; `None` where that depends on what was asked of it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Tls { .. } => {
                Some("if a proxy inspects the traffic here, name its root certificate with --ca-cert or SSL_CERT_FILE")
            }
            Self::TooManyFiles => Some("allow more open files (ulimit -n), or have fewer requests under way (-j)"),
            Self::Proxy { authorized: false, .. } => {
                Some("the proxy in HTTPS_PROXY wants a user name and password: http://USER:PASSWORD@HOST:PORT")
            }
            Self::Proxy { .. } => Some("check the proxy in HTTPS_PROXY, and whether it lets this host through"),
            Self::Timeout { sent: true } => Some("the service may be slow: a larger --timeout gives it longer"),
            Self::NotFound { .. }
            | Self::Refused
            | Self::Timeout { sent: false }
            | Self::Lost { .. }
            | Self::Declined
            | Self::Unknown { .. } => None,
        }
    }

    /// A short name, for the `code` of a record.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused => "ConnectionRefused",
            Self::Lost { .. } => "ConnectionLost",
            Self::TooManyFiles => "TooManyOpenFiles",
            Self::Declined => "RequestDeclined",
            Self::Timeout { sent: false } => "ConnectTimeout",
            Self::Timeout { sent: true } => "Timeout",
            Self::Proxy { .. } => "ProxyFailure",
            Self::NotFound { .. } => "HostNotFound",
            Self::Tls { .. } => "TlsFailure",
            Self::Unknown { .. } => "NetworkFailure",
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("the connection was refused"),
            Self::Lost { sent: false } => f.write_str("the connection broke before the request was sent"),
            Self::Lost { sent: true } => f.write_str("the connection broke before the answer came"),
            Self::TooManyFiles => f.write_str("this process may open no more connections"),
            Self::Declined => f.write_str("the server closed the connection without looking at the request"),
            Self::Proxy { reason, .. } => write!(f, "the proxy did not open a connection ({reason})"),
            Self::Timeout { sent: false } => f.write_str("connecting took too long"),
            Self::Timeout { sent: true } => f.write_str("no answer came in time"),
            Self::NotFound { reason } => write!(f, "the host was not found ({reason})"),
            Self::Tls { reason } => write!(f, "no secure connection ({reason})"),
            Self::Unknown { reason, .. } => write!(f, "no answer ({reason})"),
        }
    }
}

impl std::error::Error for NoAnswer {}

impl From<reqwest::Error> for NoAnswer {
    fn from(error: reqwest::Error) -> Self {
        let sent = !error.is_connect();
        if error.is_timeout() {
            return Self::Timeout { sent };
        }
        let reason = innermost(&error);
        if error.is_dns() {
            return Self::NotFound { reason };
        }
        for cause in causes(&error) {
            // hyper-util's type is its own secret; it begins so.
            if let Some(reason) = cause.to_string().strip_prefix("tunnel error: ").filter(|_| !sent) {
                return Self::Proxy { authorized: !reason.contains("authorization"), reason: reason.to_owned() };
            }
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return Self::Tls { reason: tls.to_string() };
            }
            let io = cause.downcast_ref::<io::Error>();
            if io.and_then(io::Error::raw_os_error).is_some_and(is_too_many_files) {
                return Self::TooManyFiles;
            }
            match io.map(io::Error::kind) {
                Some(io::ErrorKind::ConnectionRefused) => return Self::Refused,
                Some(io::ErrorKind::TimedOut) => return Self::Timeout { sent },
                Some(
                    io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::NotConnected
                    | io::ErrorKind::UnexpectedEof,
                ) => return Self::Lost { sent },
                _ => {}
            }
            if let Some(http) = cause.downcast_ref::<hyper::Error>() {
                if http.is_parse() {
                    return Self::Unknown { sent, reason: format!("what came was not HTTP: {reason}") };
                }
                if http.is_incomplete_message() || http.is_closed() || http.is_canceled() {
                    return Self::Lost { sent };
                }
            }
            // HTTP/2's ways of breaking off: a stream reset, a GOAWAY, the connection's end. Two of them promise that
            // the request was not processed (RFC 9113, sections 8.7 and 6.8).
            if let Some(broken) = cause.downcast_ref::<h2::Error>() {
                let declined =
                    broken.is_remote() && broken.is_reset() && broken.reason() == Some(h2::Reason::REFUSED_STREAM)
                        || broken.is_remote() && broken.is_go_away() && broken.reason() == Some(h2::Reason::NO_ERROR);
                return if declined { Self::Declined } else { Self::Lost { sent } };
            }
        }
        Self::Unknown { sent, reason }
    }
}

#[cfg(unix)]
fn is_too_many_files(number: i32) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error).contains(&number)
}

/// Source: Windows Sockets error codes, WSAEMFILE.
#[cfg(windows)]
fn is_too_many_files(number: i32) -> bool {
    number == 10_024
}

/// What lies behind an error, outermost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| behind(*cause))
}

/// An `io::Error` hides what it wraps from `source()`, so it is asked itself: a TLS error is wrapped in two.
fn behind<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "no reason given".to_owned(), plain)
}

/// One attempt, as whoever follows it knows it.
pub struct Attempt<'a> {
    /// What the call is known by.
    pub label: &'a str,
    /// Counted from 1.
    pub number: u32,
    /// Whether the body of a 200 is what is asked for.
    pub wanted: bool,
    /// The secrets that are sent, and may come back.
    pub secrets: &'a Rc<[SecretString]>,
    /// Follows it.
    pub observer: Observer<'a>,
}

/// Sends a request once.
///
/// # Errors
/// No answer came, or a body that was asked for broke off.
pub async fn send(http: &reqwest::Client, request: reqwest::Request, attempt: &Attempt<'_>) -> Result {
    let started = Instant::now();
    let Attempt { label, number, wanted, secrets, observer } = *attempt;
    let (method, url, headers) = (request.method(), request.url(), request.headers());
    observer(label, &Event::Sending { attempt: number, method, url, headers, secrets });
    let result = match http.execute(request).await {
        Ok(response) => {
            let headers = response.headers().clone();
            let status = response.status().as_u16();
            let result = read(response, wanted, secrets).await;
            observer(label, &Event::Answered { status, elapsed: started.elapsed(), headers: &headers, secrets });
            result
        }
        Err(error) => Err(NoAnswer::from(error)),
    };
    if let Err(reason) = &result {
        observer(label, &Event::Unanswered { reason, elapsed: started.elapsed() });
    }
    result
}

/// Reads an answer: its headers, and of its body no more than there is a use for.
///
/// Where the body is what was asked for (`wanted`), it has to come whole. Any other body is there to explain the
/// status, which stands, whatever happens to the body.
///
/// # Errors
/// A body that was asked for broke off.
async fn read(mut response: reqwest::Response, wanted: bool, secrets: &Rc<[SecretString]>) -> Result {
    let status = response.status().as_u16();
    let mut answer = from_headers(status, response.headers(), secrets);
    let wanted = wanted && status == 200;
    let limit = match status {
        204 => return Ok(answer),
        _ if wanted => CONTENT_BODY,
        _ => ERROR_BODY,
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = limit - answer.body.len();
                answer.body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if chunk.len() > room {
                    break;
                }
            }
            Ok(None) => {
                answer.whole = true;
                break;
            }
            Err(error) if wanted => return Err(NoAnswer::from(error)),
            Err(_) => break,
        }
    }
    Ok(answer)
}

fn from_headers(status: u16, headers: &HeaderMap, secrets: &Rc<[SecretString]>) -> Answer {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let redacted = |value: Option<&str>| value.map(|value| redact(value, secrets).into_owned());
    Answer {
        status,
        retry_after: text(RETRY_AFTER.as_str())
            .and_then(|value| retry::retry_after(value, text(DATE.as_str()), SystemTime::now())),
        request_id: redacted(text("request-id")),
        location: redacted(text(LOCATION.as_str())),
        body: Vec::new(),
        whole: false,
        secrets: Rc::clone(secrets),
    }
}

/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Takes secrets out of what a server, or something that poses as one, sends back. No real one is shorter than 8
/// characters, and a made-up one such as `x` would be found in every other word.
pub fn redact<'a>(text: &'a str, secrets: &[SecretString]) -> Cow<'a, str> {
    let found = secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| secret.len() >= 8);
    found.fold(Cow::Borrowed(text), |text, secret| match text.contains(secret) {
        true => text.replace(secret, REDACTED).into(),
        false => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_a_server_sends_back_is_taken_out() {
        let secrets: Rc<[_]> = ["s3cret-token", "another-one"].map(SecretString::from).into();
        let body = b"{\"message\":\"you sent s3cret-token, another-one, s3cret-token\xff\"}".to_vec();
        let answer = Answer { body, secrets: Rc::clone(&secrets), ..Answer::default() }.redacted();
        let expected = "{\"message\":\"you sent [redacted], [redacted], [redacted]\u{fffd}\"}";
        assert_eq!(String::from_utf8(answer.body).unwrap(), expected);

        assert_eq!(redact("the next token", &[SecretString::from("token")]), "the next token");

        let mut headers = HeaderMap::new();
        headers.insert("request-id", HeaderValue::from_static("is-s3cret-token"));
        headers.insert(LOCATION, HeaderValue::from_static("https://elsewhere/?t=s3cret-token"));
        let answer = from_headers(302, &headers, &secrets);
        assert_eq!(answer.request_id.as_deref(), Some("is-[redacted]"));
        assert_eq!(answer.location.as_deref(), Some("https://elsewhere/?t=[redacted]"));
    }
}
