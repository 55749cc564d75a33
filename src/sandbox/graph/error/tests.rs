use std::time::SystemTime;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::sandbox::tests::services::Reply;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const CLIENT_ID: &str = "0F2C1B1E-8d2b-4c8e-9a35-0a5e3b1d7c11";

fn trace() -> Trace {
    let headers = HeaderMap::from_iter([(CLIENT_REQUEST_ID, HeaderValue::from_static(CLIENT_ID))]);
    Trace::of(&headers, SystemTime::UNIX_EPOCH + Duration::from_millis(1_706_781_600_999))
}

fn reply(error: &GraphError, trace: &Trace) -> Reply {
    let mut response = error.response(trace);
    trace.mark(&mut response);
    Reply::of(response)
}

#[test]
fn an_error_has_the_documented_fields_and_the_ids_of_its_headers() {
    let trace = trace();
    let response = reply(&GraphError::TokenMissing, &trace);
    assert_eq!(response.status, 401);
    assert_eq!(response.header(WWW_AUTHENTICATE), Some(r#"Bearer realm="""#));
    assert_eq!(response.header(CLIENT_REQUEST_ID), Some(CLIENT_ID));
    let expected = json!({"error": {
        "code": "InvalidAuthenticationToken",
        "message": "Access token is empty.",
        "innerError": {
            "date": "2024-02-01T10:00:00",
            "request-id": response.header(REQUEST_ID),
            "client-request-id": CLIENT_ID,
        },
    }});
    assert_eq!(response.json(), expected);
}

#[test]
fn the_challenge_of_a_revoked_token_says_what_a_new_one_must_claim() {
    let response = reply(&GraphError::Token(InvalidToken::Revoked { valid_from: 1_706_781_600 }), &trace());
    assert_eq!(response.status, 401);
    let message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
                   TokenIssuedBeforeRevocationTimestamp";
    assert_eq!(response.json()["error"]["message"], message);
    let challenge = response.header(WWW_AUTHENTICATE).unwrap();
    assert!(challenge.starts_with(r#"Bearer realm="", client_id="0"#), "{challenge}");
    let (_, claims) = challenge.split_once(r#"error="insufficient_claims", claims=""#).unwrap();
    let claims = STANDARD.decode(claims.trim_end_matches('"')).unwrap();
    assert_eq!(claims, br#"{"access_token":{"nbf":{"essential":true,"value":"1706781600"}}}"#);
}

#[test]
fn the_error_for_an_unknown_partner_is_json_inside_json() {
    let trace = trace();
    let response = reply(&GraphError::UnknownPartner, &trace);
    assert_eq!(response.status, 404);
    let outer = response.json();
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
    let response = reply(&GraphError::Throttled { retry_after: Duration::from_micros(2_127_001) }, &trace);
    assert_eq!(response.status, 429);
    assert_eq!(response.header(RETRY_AFTER), Some("2.128"));
    let inner = json!({
        "code": "429",
        "date": "2024-02-01T10:00:00",
        "message": "Please retry after",
        "request-id": trace.request_id,
        "status": "429",
    });
    assert_eq!(response.json()["error"]["innerError"], inner);
}

#[test]
fn a_wait_is_rounded_up_to_the_millisecond() {
    let table = [(0, "0.000"), (1, "0.001"), (1_000_000, "0.001"), (1_000_001, "0.002"), (20_000_000_000, "20.000")];
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
        let response = reply(&GraphError::Configured(StatusCode::from_u16(status).unwrap()), &trace());
        assert_eq!(response.status, status);
        match code {
            Some(code) => assert_eq!(response.json()["error"]["code"], code),
            None => assert!(response.body.starts_with("<html>"), "{status}"),
        }
        assert_eq!(response.header(RETRY_AFTER), (status == 429).then_some("1"));
    }
}
