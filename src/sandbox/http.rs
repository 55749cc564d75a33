//! What the responses of both services have in common.

use std::time::SystemTime;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// What support asks for: the IDs of one request, and when it arrived.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) request_id: String,
    pub(super) client_request_id: String,
    pub(super) time: SystemTime,
}

impl Trace {
    /// A new request ID, and the client's ID if it sent a GUID. If not, the service repeats the request ID.
    pub(super) fn of(headers: &HeaderMap, time: SystemTime) -> Self {
        let request_id = Uuid::new_v4().to_string();
        let sent = headers.get(CLIENT_REQUEST_ID).and_then(|value| value.to_str().ok());
        let guid = sent.filter(|text| Uuid::try_parse(text).is_ok());
        let client_request_id = guid.map_or_else(|| request_id.clone(), str::to_owned);
        Self { request_id, client_request_id, time }
    }

    /// Adds the IDs to a response. (hyper adds `Date`.)
    pub(super) fn mark(&self, response: &mut Response<Bytes>) {
        set(response, REQUEST_ID, &self.request_id);
        set(response, CLIENT_REQUEST_ID, &self.client_request_id);
    }
}

pub(super) fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Sets a header. The value was made here, or hyper checked it on arrival, so it is always valid.
pub(super) fn set(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Decodes a part of a URL. A `%` without two hexadecimal digits after it stands for itself.
pub(super) fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_id_is_repeated_if_the_client_sends_no_guid() {
        for value in [None, Some(HeaderValue::from_static("run-7")), HeaderValue::from_bytes(b"\xff").ok()] {
            let headers = value.into_iter().map(|value| (CLIENT_REQUEST_ID, value)).collect();
            let trace = Trace::of(&headers, SystemTime::UNIX_EPOCH);
            assert!(Uuid::parse_str(&trace.request_id).is_ok(), "{trace:?}");
            assert_eq!(trace.client_request_id, trace.request_id);
        }
    }

    #[test]
    fn percent_encoding_is_decoded_and_other_text_is_kept() {
        let table = [
            ("", ""),
            ("plain", "plain"),
            ("a%20b%2Fc%2fd", "a b/c/d"),
            ("%E6%9D%B1", "東"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%+f%zz", "%+f%zz"),
            ("%2541", "%41"),
            ("%東", "%東"),
            ("%ff", "\u{fffd}"),
        ];
        for (encoded, expected) in table {
            assert_eq!(percent_decode(encoded), expected, "{encoded}");
        }
    }
}
