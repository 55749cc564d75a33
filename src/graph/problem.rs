//! What the service says is wrong, found in whatever body it says it in.
//!
//! The documented shape is `{"error":{"code","message","innerError":{"request-id"}}}`. Intune puts an error of its
//! own into `message`, as JSON in a string, at times twice; gateways and proxies send HTML; bodies come empty, cut
//! short, or not as text at all. Source: graph-facts, "Errors as they really look".

use serde_json::{Map, Value};

use crate::net::answer::Answer;

/// How deep errors in strings in errors are followed; two is the deepest that was seen.
const DEPTH: usize = 8;

/// An error answer in the words a person needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The service's code, or the HTTP status's name where the service gave none.
    pub code: String,
    /// The innermost message, as it came: it may hold control characters.
    pub message: String,
    /// The id that Microsoft's support asks for.
    pub request_id: Option<String>,
}

/// Reads an answer that is not what was asked for.
pub fn read(answer: &Answer) -> Problem {
    let mut found = Found::default();
    if let Ok(Value::Object(body)) = serde_json::from_slice(&answer.body) {
        // OAuth errors and some gateways have a string in "error".
        match body.get("error") {
            Some(Value::Object(error)) => found.error(error, DEPTH),
            _ => found.error(&body, DEPTH),
        }
    }
    let message = found.message.filter(|message| !message.trim().is_empty());
    let request_id = found.activity.or(found.request_id).or_else(|| answer.request_id.clone());
    Problem {
        code: answer.without_secrets(&found.code.unwrap_or_else(|| status_name(answer.status))),
        message: answer.without_secrets(&message.unwrap_or_else(|| without_words(answer))),
        request_id: request_id.map(|id| answer.without_secrets(&id)),
    }
}

#[derive(Default)]
struct Found {
    code: Option<String>,
    message: Option<String>,
    activity: Option<String>,
    request_id: Option<String>,
}

impl Found {
    /// Takes what one layer says; inner layers, read later, know better than outer ones.
    fn error(&mut self, error: &Map<String, Value>, depth: usize) {
        // "UnknownError" outside of an Intune error is only Graph's word for "see inside".
        if let Some(code) = text(error, &["code", "ErrorCode"]) {
            self.code = Some(code.to_owned());
        }
        if let Some(inner) = field(error, &["innerError"]).and_then(Value::as_object) {
            self.inner(inner, depth);
        }
        let Some(message) = text(error, &["message"]) else { return };
        match serde_json::from_str(message) {
            Ok(Value::Object(inner)) if depth > 0 => self.error(&inner, depth - 1),
            _ => self.sentence(message),
        }
    }

    fn inner(&mut self, inner: &Map<String, Value>, depth: usize) {
        if let Some(id) = text(inner, &["request-id"]) {
            self.request_id = Some(id.to_owned());
        }
        if let Some(deeper) = field(inner, &["innerError"]).and_then(Value::as_object)
            && depth > 0
        {
            self.inner(deeper, depth - 1);
        }
    }

    /// Splits Intune's sentence: what it says, ` - Operation ID …`, ` - Activity ID: …`, ` - Url: …`.
    fn sentence(&mut self, message: &str) {
        if let Some((_, rest)) = message.split_once(" - Activity ID: ") {
            let id = rest.split([' ', '"']).next().unwrap_or_default();
            self.activity = Some(id.to_owned()).filter(|id| !id.is_empty());
        }
        let said = message.split_once(" - Operation ID").map_or(message, |(said, _)| said);
        self.message = Some(said.to_owned());
    }
}

/// A field by name; Graph spells `innerError` and `Message` with more than one case.
fn field<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    object.iter().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name))).map(|(_, value)| value)
}

fn text<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a str> {
    field(object, names).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// `404` as `NotFound`.
fn status_name(status: u16) -> String {
    let known = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    known.map_or_else(|| format!("Status{status}"), |reason| reason.replace([' ', '\'', '-'], ""))
}

/// What to say of an answer that says nothing itself.
fn without_words(answer: &Answer) -> String {
    let body = answer.body.trim_ascii();
    let starts_with = |start: &[u8]| body.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    match answer.status {
        100..=299 => "not the 204 No Content that means done".to_owned(),
        300..=399 => match &answer.location {
            Some(location) => format!("redirected to {location}, which is never followed"),
            None => "redirected, which is never followed".to_owned(),
        },
        _ if body.is_empty() && answer.whole => "no reason given".to_owned(),
        _ if body.is_empty() => "no reason given; the answer broke off".to_owned(),
        _ if starts_with(b"<!doctype") || starts_with(b"<html") => {
            let title = title(&String::from_utf8_lossy(body));
            format!("a web page{title} instead of Graph's answer: it is from a gateway or proxy")
        }
        _ if !answer.whole => "the answer broke off, or was too long to be one of Graph's".to_owned(),
        _ => "the answer is not one of Graph's".to_owned(),
    }
}

/// The page's title, quoted and with a space before it; empty where there is none.
fn title(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>").map(|at| at + "<title>".len());
    let end = lower.find("</title>");
    let text = start.zip(end).and_then(|(start, end)| page.get(start..end)).unwrap_or_default().trim();
    if text.is_empty() { String::new() } else { format!(" \"{}\"", text.chars().take(100).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(status: u16, body: &[u8]) -> Answer {
        Answer { status, body: body.to_vec(), whole: true, request_id: Some("from-header".into()), ..Answer::default() }
    }

    fn problem(status: u16, body: &str) -> (String, String, Option<String>) {
        let Problem { code, message, request_id } = read(&answer(status, body.as_bytes()));
        (code, message, request_id)
    }

    #[test]
    fn the_documented_shape_is_read() {
        let body = r#"{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed.",
            "innererror":{"date":"x","request-id":"r-1"}}}"#;
        let expected = ("InvalidAuthenticationToken".into(), "Lifetime validation failed.".into(), Some("r-1".into()));
        assert_eq!(problem(401, body), expected);
    }

    #[test]
    fn an_intune_error_is_unwrapped_to_its_sentence_and_its_activity() {
        let intune = r#"{"_version":3,"Message":"Not allowed. - Operation ID (for customer support): 0 - Activity ID: act-1 - Url: https://fef.example","CustomApiErrorPhrase":""}"#;
        let once = serde_json::json!({"error":{"code":"Forbidden","message":intune,"innerError":{"request-id":"r-1"}}});
        let expected = ("Forbidden".to_owned(), "Not allowed.".to_owned(), Some("act-1".to_owned()));
        assert_eq!(problem(403, &once.to_string()), expected);

        let wrapped = serde_json::json!({"ErrorCode":"Forbidden","Message":intune,"InnerError":null}).to_string();
        let twice = serde_json::json!({"error":{"code":"UnknownError","message":wrapped}});
        assert_eq!(problem(401, &twice.to_string()), expected);
    }

    #[test]
    fn a_nested_inner_error_is_followed() {
        let body = r#"{"error":{"code":"X","message":"m","innerError":{"innerError":{"request-id":"deep"}}}}"#;
        assert_eq!(problem(400, body), ("X".into(), "m".into(), Some("deep".into())));
    }

    #[test]
    fn what_is_not_graphs_is_said_to_be_so() {
        let page = "<html>\n<head><title>502 Bad Gateway</title></head></html>";
        let table = [
            (502, page, "BadGateway", "a web page \"502 Bad Gateway\" instead of Graph's answer"),
            (502, "<!DOCTYPE html><title>", "BadGateway", "a web page instead"),
            (500, "", "InternalServerError", "no reason given"),
            (599, "oops", "Status599", "not one of Graph's"),
            (404, "[1]", "NotFound", "not one of Graph's"),
            (400, r#"{"error":{"code":"","message":""}}"#, "BadRequest", "not one of Graph's"),
            (400, r#"{"error":"invalid_request","message":"said plainly"}"#, "BadRequest", "said plainly"),
            (200, "{}", "OK", "204"),
            (302, "", "Found", "redirected"),
        ];
        for (status, body, code, part) in table {
            let (got, message, id) = problem(status, body);
            assert_eq!(got, code, "{body}");
            assert!(message.contains(part), "{body}: {message}");
            assert_eq!(id.as_deref(), Some("from-header"));
        }
        let cut = Answer { whole: false, ..answer(404, br#"{"error":{"code":"ResourceNo"#) };
        assert!(read(&cut).message.contains("broke off"));
    }

    #[test]
    fn an_error_inside_an_error_without_end_comes_to_an_end() {
        let mut body = r#"{"message":"bottom"}"#.to_owned();
        for _ in 0..12 {
            body = serde_json::json!({ "message": body }).to_string();
        }
        assert!(!problem(500, &body).1.is_empty());
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_fail(body in proptest::collection::vec(any::<u8>(), 0..300), status in 100..600_u16) {
            let problem = read(&answer(status, &body));
            prop_assert!(!problem.code.is_empty() && !problem.message.is_empty());
        }
    }
}
