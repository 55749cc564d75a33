//! What came back, or in what way nothing did.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use secrecy::SecretString;

use super::secret::redact;
use crate::text::humanize::without_errno;

pub type Result = std::result::Result<Answer, NoAnswer>;

/// Whether a request may have been carried out although no answer says so: it left and no answer came, or a gateway
/// answered because the service's own answer did not come. A gateway also gives 408 when it gave up on the service.
pub fn may_be_done(result: &Result) -> bool {
    match result {
        Ok(answer) => matches!(answer.status, 408 | 502 | 504),
        Err(no_answer) => no_answer.was_sent(),
    }
}

/// An answer from the service, or from something that stands in front of it.
#[derive(Debug, Clone, Default)]
pub struct Answer {
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
        reason: String,
    },
    /// No trust in the server, or no common TLS.
    Tls {
        reason: String,
    },
    /// Anything else; `sent` where the request may have left before.
    Unknown {
        /// Whether the service may have got the request.
        sent: bool,
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
    causes(error).last().map_or_else(|| "no reason given".to_owned(), without_errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_carried_out_is_known_by_its_answer() {
        let answer = |status| Ok(Answer { status, ..Answer::default() });
        for (result, expected) in [
            (answer(204), false),
            (answer(401), false),
            (answer(404), false),
            (answer(408), true),
            (answer(429), false),
            (answer(500), false),
            (answer(502), true),
            (answer(503), false),
            (answer(504), true),
            (Err(NoAnswer::Refused), false),
            (Err(NoAnswer::Declined), false),
            (Err(NoAnswer::Timeout { sent: false }), false),
            (Err(NoAnswer::Timeout { sent: true }), true),
            (Err(NoAnswer::Lost { sent: true }), true),
        ] {
            assert_eq!(may_be_done(&result), expected, "{result:?}");
        }
    }
}
