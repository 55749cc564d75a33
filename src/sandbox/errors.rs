//! Refusals, in the shapes that the service sends them in: Graph's own, Intune's (JSON in a string inside the
//! message) and the pages of gateways. The shapes are those of public issue reports (source: graph-facts, "Errors as
//! they really look").

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// What support asks for: the IDs of one request and the time of its answer.
#[derive(Debug)]
pub(super) struct Trace {
    /// The ID of the request, made here.
    pub(super) request_id: String,
    /// The ID that the client gave it.
    pub(super) client_request_id: String,
    /// When it arrived.
    pub(super) time: SystemTime,
}

impl Trace {
    /// A fresh request ID, and the client's own ID where it sent a GUID. Where it did not, the service repeats its own.
    pub(super) fn of(headers: &HeaderMap, time: SystemTime) -> Self {
        let request_id = Uuid::new_v4().to_string();
        let sent = headers.get(CLIENT_REQUEST_ID).and_then(|value| value.to_str().ok());
        let guid = sent.filter(|text| Uuid::try_parse(text).is_ok());
        let client_request_id = guid.map_or_else(|| request_id.clone(), str::to_owned);
        Self { request_id, client_request_id, time }
    }

    /// Adds the IDs to a response. (`Date` is added by hyper.)
    pub(super) fn mark(&self, response: &mut Response<Bytes>) {
        set(response, REQUEST_ID, &self.request_id);
        set(response, CLIENT_REQUEST_ID, &self.client_request_id);
    }

    /// The time as error bodies have it: UTC to the second, with no zone.
    fn date(&self) -> String {
        humantime::format_rfc3339_seconds(self.time).to_string().trim_end_matches('Z').to_owned()
    }

    fn inner_error(&self) -> Value {
        json!({"date": self.date(), "request-id": self.request_id, "client-request-id": self.client_request_id})
    }
}

/// Why a request is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 400: no valid `Host`, or more than one.
    HostInvalid,
    /// 421: a host that is not this machine.
    HostNotLoopback,
    /// 411: a POST that does not say how long its body is.
    LengthRequired,
    /// 413: a body longer than the sandbox reads.
    BodyTooLong,
    /// 400: a body that ends early or is not framed as its headers say.
    BodyBroken,
    /// 401: no bearer token.
    TokenMissing,
    /// 401: another bearer token.
    TokenWrong,
    /// 401: a bearer token that was good once.
    TokenExpired,
    /// 401: a bearer token from before all sessions were revoked, in seconds since 1970.
    TokenRevoked { valid_from: u64 },
    /// 400: somebody's own resource, asked for by an application as which nobody is signed in.
    NobodySignedIn,
    /// 429: too many requests; the time until one would be accepted.
    Throttled { retry_after: Duration },
    /// 400: no such path, from this segment on.
    UnknownSegment(String),
    /// 405: the path is for `allowed` alone.
    WrongMethod { allowed: &'static str },
    /// 400: the value of an OData query option makes no sense.
    BadQueryOption(String),
    /// 404: no partner has the ID.
    UnknownPartner,
    /// The status that the ID was configured to fail with.
    Configured(StatusCode),
}

impl Refusal {
    /// The response that the service would send.
    pub(super) fn response(&self, trace: &Trace) -> Response<Bytes> {
        match self {
            Self::HostInvalid => {
                let message = "The request must name one valid host, in a single Host header.";
                plain(StatusCode::BAD_REQUEST, message, trace)
            }
            Self::HostNotLoopback => {
                let message = "The sandbox serves this machine only. The host must be localhost or a loopback address.";
                plain(StatusCode::MISDIRECTED_REQUEST, message, trace)
            }
            Self::LengthRequired => html(StatusCode::LENGTH_REQUIRED, LENGTH_REQUIRED_PAGE.to_owned()),
            Self::BodyTooLong => plain(StatusCode::PAYLOAD_TOO_LARGE, "The request body is too large.", trace),
            Self::BodyBroken => plain(StatusCode::BAD_REQUEST, "The request body cannot be read.", trace),
            Self::TokenMissing => unauthorized("Access token is empty.", trace),
            Self::TokenWrong => unauthorized("CompactToken parsing failed with error code: 80049217", trace),
            Self::TokenExpired => unauthorized(TOKEN_EXPIRED, trace),
            Self::TokenRevoked { valid_from } => revoked(*valid_from, trace),
            Self::NobodySignedIn => {
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

/// The body that fits a status which was asked for.
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

const TOKEN_EXPIRED: &str = "Lifetime validation failed, the token is expired.";

/// A token's refusal. Graph names the scheme and an empty realm.
fn unauthorized(message: &str, trace: &Trace) -> Response<Bytes> {
    let mut response = graph_error(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message, trace);
    set(&mut response, WWW_AUTHENTICATE, r#"Bearer realm="""#);
    response
}

/// The refusal of a token that was revoked before its end: with a challenge that says what a new one has to claim
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

/// The application that Graph itself is to the sign-in service.
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

/// What the workloads behind Graph answer to the wrong method (source: microsoft-graph-docs#119).
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
            "date": trace.date(),
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

/// An error whose code says no more than its status.
fn plain(status: StatusCode, message: &str, trace: &Trace) -> Response<Bytes> {
    let reason = status.canonical_reason().unwrap_or("Unknown Error");
    let code: String = reason.chars().filter(char::is_ascii_alphanumeric).collect();
    graph_error(status, &code, message, trace)
}

fn graph_error(status: StatusCode, code: &str, message: &str, trace: &Trace) -> Response<Bytes> {
    let error = json!({"code": code, "message": message, "innerError": trace.inner_error()});
    json_response(status, &json!({"error": error}))
}

/// Intune's own error, which Graph passes on as a string inside its own.
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

/// The page of the web server in front of Graph, which alone refuses a POST of unknown length.
const LENGTH_REQUIRED_PAGE: &str = r#"<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">
<HTML><HEAD><TITLE>Length Required</TITLE>
<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>
<BODY><h2>Length Required</h2>
<hr><p>HTTP Error 411. The request must be chunked or have a content length.</p>
</BODY></HTML>
"#;

/// The page of a gateway that did not get through to the service.
fn gateway(status: StatusCode) -> Response<Bytes> {
    let page = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
         <hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n"
    );
    html(status, page)
}

fn json_response(status: StatusCode, body: &Value) -> Response<Bytes> {
    respond(status, "application/json", body.to_string())
}

fn html(status: StatusCode, page: String) -> Response<Bytes> {
    respond(status, "text/html", page)
}

/// A response with a body of this type.
pub(super) fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Sets a header to a text made here, or checked by hyper when it came in: always fit for a header.
pub(super) fn set(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Seconds for `Retry-After`, as a fraction like the reference's `2.128`; rounded up, as less would be too early.
fn seconds(duration: Duration) -> String {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT_ID: &str = "0F2C1B1E-8d2b-4c8e-9a35-0a5e3b1d7c11";

    fn trace() -> Trace {
        let mut headers = HeaderMap::new();
        headers.insert(CLIENT_REQUEST_ID, HeaderValue::from_static(CLIENT_ID));
        Trace::of(&headers, SystemTime::UNIX_EPOCH + Duration::from_millis(1_706_781_600_999))
    }

    fn body(response: &Response<Bytes>) -> Value {
        serde_json::from_slice(response.body()).unwrap()
    }

    fn header(response: &Response<Bytes>, name: HeaderName) -> Option<&str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn a_guid_of_the_client_is_repeated_and_anything_else_is_replaced() {
        let trace = trace();
        assert_eq!(trace.client_request_id, CLIENT_ID);
        assert_ne!(trace.request_id, self::trace().request_id);
        for sent in [None, Some(HeaderValue::from_static("run-7")), HeaderValue::from_bytes(b"\xff").ok()] {
            let headers = sent.into_iter().map(|value| (CLIENT_REQUEST_ID, value)).collect();
            let trace = Trace::of(&headers, SystemTime::UNIX_EPOCH);
            assert!(Uuid::parse_str(&trace.client_request_id).is_ok(), "{trace:?}");
        }
    }

    #[test]
    fn an_error_has_the_documented_fields_and_the_ids_of_its_headers() {
        let trace = trace();
        let mut response = Refusal::TokenMissing.response(&trace);
        trace.mark(&mut response);
        assert_eq!(response.status(), 401);
        assert_eq!(header(&response, WWW_AUTHENTICATE), Some(r#"Bearer realm="""#));
        assert_eq!(header(&response, CLIENT_REQUEST_ID), Some(CLIENT_ID));
        let expected = json!({"error": {
            "code": "InvalidAuthenticationToken",
            "message": "Access token is empty.",
            "innerError": {
                "date": "2024-02-01T10:00:00",
                "request-id": header(&response, REQUEST_ID),
                "client-request-id": CLIENT_ID,
            },
        }});
        assert_eq!(body(&response), expected);
    }

    #[test]
    fn the_challenge_of_a_revoked_token_says_what_a_new_one_has_to_claim() {
        let response = Refusal::TokenRevoked { valid_from: 1_706_781_600 }.response(&trace());
        assert_eq!(response.status(), 401);
        let message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
                       TokenIssuedBeforeRevocationTimestamp";
        assert_eq!(body(&response)["error"]["message"], message);
        let challenge = header(&response, WWW_AUTHENTICATE).unwrap();
        assert!(challenge.starts_with(r#"Bearer realm="", client_id="0"#), "{challenge}");
        let (_, claims) = challenge.split_once(r#"error="insufficient_claims", claims=""#).unwrap();
        let claims = STANDARD.decode(claims.trim_end_matches('"')).unwrap();
        assert_eq!(claims, br#"{"access_token":{"nbf":{"essential":true,"value":"1706781600"}}}"#);
    }

    #[test]
    fn an_unknown_partner_is_told_in_json_inside_json() {
        let trace = trace();
        let response = Refusal::UnknownPartner.response(&trace);
        assert_eq!(response.status(), 404);
        let outer = body(&response);
        assert_eq!(outer["error"]["code"], "ResourceNotFound");
        let text = outer["error"]["message"].as_str().unwrap();
        assert!(text.starts_with("{\r\n  \"_version\": 3,\r\n  \"Message\": \"An error has occurred - Operation ID"));
        let inner: Value = serde_json::from_str(text).unwrap();
        let message = inner["Message"].as_str().unwrap();
        assert!(message.contains(&format!(" - Activity ID: {} - Url: https://", trace.request_id)), "{message}");
        assert_eq!(inner["HttpHeaders"], "{}");
    }

    #[test]
    fn throttling_has_the_documented_body_and_a_fraction_of_seconds() {
        let trace = trace();
        let response = Refusal::Throttled { retry_after: Duration::from_micros(2_127_001) }.response(&trace);
        assert_eq!(response.status(), 429);
        assert_eq!(header(&response, RETRY_AFTER), Some("2.128"));
        let inner = json!({
            "code": "429",
            "date": "2024-02-01T10:00:00",
            "message": "Please retry after",
            "request-id": trace.request_id,
            "status": "429",
        });
        assert_eq!(body(&response)["error"]["innerError"], inner);
    }

    #[test]
    fn a_wait_is_rounded_up_to_the_millisecond() {
        let table =
            [(0, "0.000"), (1, "0.001"), (1_000_000, "0.001"), (1_000_001, "0.002"), (20_000_000_000, "20.000")];
        for (nanos, expected) in table {
            assert_eq!(seconds(Duration::from_nanos(nanos)), expected);
        }
        assert_eq!(seconds(Duration::MAX), "18446744073709551616.000");
    }

    #[test]
    fn a_configured_status_comes_with_a_body_that_fits() {
        let table = [
            (400, Some("BadRequest")),
            (401, Some("InvalidAuthenticationToken")),
            (403, Some("Forbidden")),
            (404, Some("ResourceNotFound")),
            (409, Some("Conflict")),
            (429, Some("TooManyRequests")),
            (500, Some("InternalServerError")),
            (502, None),
            (503, None),
            (504, None),
            (599, Some("UnknownError")),
        ];
        for (status, code) in table {
            let response = Refusal::Configured(StatusCode::from_u16(status).unwrap()).response(&trace());
            assert_eq!(response.status(), status);
            match code {
                Some(code) => assert_eq!(body(&response)["error"]["code"], code),
                None => assert!(response.body().starts_with(b"<html>"), "{status}"),
            }
            assert_eq!(header(&response, RETRY_AFTER), (status == 429).then_some("1"));
        }
    }
}
