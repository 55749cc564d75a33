//! The answer to a request, or why there is none.

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

/// Whether a request may have been carried out although no answer says so: it was sent and got no answer, or a gateway
/// answered in place of the service. A gateway also answers 408 if the service did not answer it in time.
pub fn may_be_done(result: &Result) -> bool {
    match result {
        Ok(answer) => matches!(answer.status, 408 | 502 | 504),
        Err(no_answer) => no_answer.was_sent(),
    }
}

/// An answer from the service, or from a gateway or proxy in front of it.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub status: u16,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// The `request-id` header, which Microsoft Support asks for.
    pub request_id: Option<String>,
    /// The `Location` header of a redirect, which is never followed.
    pub location: Option<String>,
    /// As much of the body as was read.
    pub body: Vec<u8>,
    /// Whether the body was read to its end.
    pub whole: bool,
    /// The secrets that were sent with the request. The answer may contain them.
    pub secrets: Rc<[SecretString]>,
}

impl Answer {
    /// Removes the secrets from the body.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        // `Owned` means that a secret was found. Any other body stays as it came, byte for byte.
        if let Cow::Owned(redacted) = redact(&String::from_utf8_lossy(&self.body), &self.secrets) {
            self.body = redacted.into_bytes();
        }
        self
    }

    /// Removes the secrets from text of the body. [`Answer::redacted`] does not find those that JSON escapes.
    pub fn without_secrets(&self, text: &str) -> String {
        redact(text, &self.secrets).into_owned()
    }
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    Refused,
    /// The connection was reset or closed.
    Lost {
        /// Whether the service may have received the request.
        sent: bool,
    },
    /// This process has too many open files to open another connection.
    TooManyFiles,
    /// The server said that it did not process the request.
    Declined,
    /// The time limit was reached.
    Timeout {
        /// Whether the service may have received the request.
        sent: bool,
    },
    /// The proxy did not connect to the host.
    Proxy {
        reason: String,
        /// `false` if the proxy requires a user name and password, so that a retry is useless.
        authorized: bool,
    },
    /// The host name has no address.
    NotFound {
        reason: String,
    },
    /// The server's certificate is not trusted, or the TLS handshake failed.
    Tls {
        reason: String,
    },
    /// Any other error.
    Unknown {
        /// Whether the service may have received the request.
        sent: bool,
        reason: String,
    },
}

impl NoAnswer {
    /// Whether the service may have received the request and carried it out.
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

    /// Whether the request may have reached the service, so that it counts against the rate limit.
    pub fn was_seen(&self) -> bool {
        self.was_sent() || *self == Self::Declined
    }

    /// What to do, whichever server it was; `None` if that depends on the request.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Tls { .. } => {
                Some("if a proxy inspects TLS traffic, give its root certificate (PEM) with --ca-cert FILE")
            }
            Self::TooManyFiles => Some("raise the limit on open files (ulimit -n), or use a lower -j"),
            Self::Proxy { authorized: false, .. } => {
                Some("add a user name and password to HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT")
            }
            Self::Proxy { .. } => Some("check HTTPS_PROXY, and that the proxy allows connections to this server"),
            Self::Timeout { sent: true } => {
                Some("if the server is slow, use a longer --timeout, for example --timeout 60s")
            }
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
            Self::Refused => f.write_str("connection refused"),
            Self::Lost { sent: false } => f.write_str("connection lost before the request was sent"),
            Self::Lost { sent: true } => f.write_str("connection lost before an answer arrived"),
            Self::TooManyFiles => f.write_str("intunectl has too many open files"),
            Self::Declined => f.write_str("the server did not process the request"),
            Self::Proxy { reason, .. } => write!(f, "the proxy did not connect ({reason})"),
            Self::Timeout { sent: false } => f.write_str("no connection in time"),
            Self::Timeout { sent: true } => f.write_str("no answer in time"),
            Self::NotFound { reason } => write!(f, "host not found ({reason})"),
            Self::Tls { reason } => write!(f, "TLS connection failed ({reason})"),
            Self::Unknown { reason, .. } => write!(f, "no valid answer ({reason})"),
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
            // The type is private to hyper-util; its text begins like this.
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
                    return Self::Unknown { sent, reason: format!("not HTTP: {reason}") };
                }
                if http.is_incomplete_message() || http.is_closed() || http.is_canceled() {
                    return Self::Lost { sent };
                }
            }
            // A stream reset, a GOAWAY, or the end of the connection. REFUSED_STREAM, and a GOAWAY without an error,
            // promise that the request was not processed (RFC 9113, sections 8.7 and 6.8).
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

/// The causes of an error, outermost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| behind(*cause))
}

/// The next cause. `source()` of an `io::Error` skips the error that it wraps, so that one comes from `get_ref`: a TLS
/// error is wrapped in two of them.
fn behind<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "the server gave no reason".to_owned(), without_errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unanswered_request_may_have_been_carried_out() {
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
