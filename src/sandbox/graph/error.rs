//! Errors as the service sends them: Graph's own, Intune's (JSON in a string inside the message) and the pages of
//! gateways. The forms come from public issue reports (source: graph-facts, "Errors as they really look").

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use hyper::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::entra::InvalidToken;
use crate::sandbox::http::{Trace, respond, set};

/// Why a request is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) enum GraphError {
    /// 400: no valid `Host`, or more than one.
    HostInvalid,
    /// 421: a host that is not this machine.
    HostNotLoopback,
    /// 411: a POST that does not declare the length of its body.
    LengthRequired,
    /// 413: a body that is longer than the sandbox reads.
    BodyTooLong,
    /// 400: a body that ends early or is not framed as its headers say.
    BodyBroken,
    /// 401: no bearer token.
    TokenMissing,
    /// 401: a bearer token that is not valid.
    Token(InvalidToken),
    /// 400: an application without a signed-in user requests a user's own resource.
    NotDelegated,
    /// 429: too many requests, and the time until the next one would be accepted.
    Throttled { retry_after: Duration },
    /// 400: no such path, from this segment on.
    UnknownSegment(String),
    /// 405: a method other than `allowed`.
    WrongMethod { allowed: &'static str },
    /// 400: the value of an OData query option is invalid.
    BadQueryOption(String),
    /// 404: no partner has the ID.
    UnknownPartner,
    /// The status that the ID was configured to fail with.
    Configured(StatusCode),
}

impl From<InvalidToken> for GraphError {
    fn from(error: InvalidToken) -> Self {
        Self::Token(error)
    }
}

impl GraphError {
    pub(in crate::sandbox) fn response(&self, trace: &Trace) -> Response<Bytes> {
        match self {
            Self::HostInvalid => {
                let message = "The request must name one valid host, in a single Host header.";
                plain(StatusCode::BAD_REQUEST, message, trace)
            }
            Self::HostNotLoopback => {
                let message = "The sandbox serves this machine only. The host must be localhost or a loopback address.";
                plain(StatusCode::MISDIRECTED_REQUEST, message, trace)
            }
            Self::LengthRequired => respond(StatusCode::LENGTH_REQUIRED, HTML, LENGTH_REQUIRED_PAGE.to_owned()),
            Self::BodyTooLong => plain(StatusCode::PAYLOAD_TOO_LARGE, "The request body is too large.", trace),
            Self::BodyBroken => plain(StatusCode::BAD_REQUEST, "The request body cannot be read.", trace),
            Self::TokenMissing => unauthorized("Access token is empty.", trace),
            Self::Token(InvalidToken::Unknown) => {
                unauthorized("CompactToken parsing failed with error code: 80049217", trace)
            }
            Self::Token(InvalidToken::Expired) => unauthorized(TOKEN_EXPIRED, trace),
            Self::Token(InvalidToken::Revoked { valid_from }) => revoked(*valid_from, trace),
            Self::NotDelegated => {
                let message = "/me request is only valid with delegated authentication flow.";
                plain(StatusCode::BAD_REQUEST, message, trace)
            }
            Self::Throttled { retry_after } => throttled(&seconds(*retry_after), trace),
            Self::UnknownSegment(segment) => {
                plain(StatusCode::BAD_REQUEST, &format!("Resource not found for the segment '{segment}'."), trace)
            }
            Self::WrongMethod { allowed } => wrong_method(allowed, trace),
            Self::BadQueryOption(message) => plain(StatusCode::BAD_REQUEST, message, trace),
            Self::UnknownPartner => not_found(trace),
            Self::Configured(status) => configured(*status, trace),
        }
    }
}

/// The response that fits a configured status.
fn configured(status: StatusCode, trace: &Trace) -> Response<Bytes> {
    match status {
        StatusCode::UNAUTHORIZED => unauthorized(TOKEN_EXPIRED, trace),
        StatusCode::FORBIDDEN => forbidden(trace),
        StatusCode::NOT_FOUND => not_found(trace),
        StatusCode::TOO_MANY_REQUESTS => throttled("1", trace),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => gateway(status),
        _ => plain(status, "An error has occurred.", trace),
    }
}

const HTML: &str = "text/html";

const TOKEN_EXPIRED: &str = "Lifetime validation failed, the token is expired.";

/// The challenge names the scheme and an empty realm, as Graph's does.
fn unauthorized(message: &str, trace: &Trace) -> Response<Bytes> {
    let mut response = graph_error(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message, trace);
    set(&mut response, WWW_AUTHENTICATE, r#"Bearer realm="""#);
    response
}

/// A token that was revoked before it expired. The challenge says what a new one must claim
/// (source: Microsoft identity platform, "Claims challenges, claims requests and client capabilities").
fn revoked(valid_from: u64, trace: &Trace) -> Response<Bytes> {
    let message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
                   TokenIssuedBeforeRevocationTimestamp";
    let claims = json!({"access_token": {"nbf": {"essential": true, "value": valid_from.to_string()}}});
    let claims = STANDARD.encode(claims.to_string());
    let mut response = unauthorized(message, trace);
    let challenge = format!(
        "Bearer realm=\"\", client_id=\"{GRAPH}\", error_description=\"{message}\", \
         error=\"insufficient_claims\", claims=\"{claims}\""
    );
    set(&mut response, WWW_AUTHENTICATE, &challenge);
    response
}

/// Graph's own application ID.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

fn forbidden(trace: &Trace) -> Response<Bytes> {
    let text = "Application is not authorized to perform this operation. Application must have one of the following \
                scopes: DeviceManagementServiceConfig.ReadWrite.All";
    graph_error(StatusCode::FORBIDDEN, "Forbidden", &intune_message(text, trace), trace)
}

fn not_found(trace: &Trace) -> Response<Bytes> {
    let message = intune_message("An error has occurred", trace);
    graph_error(StatusCode::NOT_FOUND, "ResourceNotFound", &message, trace)
}

/// The answer of the workloads behind Graph (source: microsoft-graph-docs#119).
fn wrong_method(allowed: &str, trace: &Trace) -> Response<Bytes> {
    let message = "Specified HTTP method is not allowed for the request target.";
    let mut response = graph_error(StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", message, trace);
    set(&mut response, ALLOW, allowed);
    response
}

/// The documented body, whose `innerError` differs from all others (source: Graph concepts, throttling).
fn throttled(retry_after: &str, trace: &Trace) -> Response<Bytes> {
    let body = json!({"error": {
        "code": "TooManyRequests",
        "innerError": {
            "code": "429",
            "date": date(trace),
            "message": "Please retry after",
            "request-id": trace.request_id,
            "status": "429",
        },
        "message": "Please retry again later.",
    }});
    let mut response = json_response(StatusCode::TOO_MANY_REQUESTS, &body);
    set(&mut response, RETRY_AFTER, retry_after);
    response
}

/// An error whose code only repeats its status.
fn plain(status: StatusCode, message: &str, trace: &Trace) -> Response<Bytes> {
    let reason = status.canonical_reason().unwrap_or("Unknown Error");
    let code: String = reason.chars().filter(char::is_ascii_alphanumeric).collect();
    graph_error(status, &code, message, trace)
}

fn graph_error(status: StatusCode, code: &str, message: &str, trace: &Trace) -> Response<Bytes> {
    let (date, client_request_id) = (date(trace), &trace.client_request_id);
    let inner = json!({"date": date, "request-id": trace.request_id, "client-request-id": client_request_id});
    json_response(status, &json!({"error": {"code": code, "message": message, "innerError": inner}}))
}

/// UTC to the second, with no zone.
fn date(trace: &Trace) -> String {
    humantime::format_rfc3339_seconds(trace.time).to_string().trim_end_matches('Z').to_owned()
}

/// Intune's own error, which Graph passes on as a string inside its own error.
fn intune_message(text: &str, trace: &Trace) -> String {
    let message = json!(format!(
        "{text} - Operation ID (for customer support): {operation} - Activity ID: {activity} - Url: {url}",
        operation = Uuid::nil(),
        activity = trace.request_id,
        url = "https://fef.sandbox.example/TEMService/deviceManagement/remoteAssistancePartners?api-version=5023-10-14",
    ));
    let lines = [
        "{",
        "  \"_version\": 3,",
        &format!("  \"Message\": {message},"),
        "  \"CustomApiErrorPhrase\": \"\",",
        "  \"RetryAfter\": null,",
        "  \"ErrorSourceService\": \"\",",
        "  \"HttpHeaders\": \"{}\"",
        "}",
    ];
    lines.join("\r\n")
}

/// The page of the web server in front of Graph, which rejects a POST of unknown length.
const LENGTH_REQUIRED_PAGE: &str = r#"<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">
<HTML><HEAD><TITLE>Length Required</TITLE>
<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>
<BODY><h2>Length Required</h2>
<hr><p>HTTP Error 411. The request must be chunked or have a content length.</p>
</BODY></HTML>
"#;

/// The page of a gateway that cannot reach the service.
fn gateway(status: StatusCode) -> Response<Bytes> {
    let page = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
         <hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n"
    );
    respond(status, HTML, page)
}

fn json_response(status: StatusCode, body: &Value) -> Response<Bytes> {
    respond(status, "application/json", body.to_string())
}

/// Seconds for `Retry-After`, with decimals like the `2.128` of the reference, rounded up so that the wait is
/// sufficient.
fn seconds(duration: Duration) -> String {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

#[cfg(test)]
mod tests;
