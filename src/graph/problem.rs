//! The error in an answer, in every known form.
//!
//! The documented form is `{"error":{"code","message","innerError":{"request-id"}}}`. Intune puts an error of its
//! own into `message`, as JSON in a string, sometimes twice; gateways and proxies send HTML; bodies can be empty, cut
//! short, or not text at all. Source: graph-facts, "Errors as they really look".

use serde_json::{Map, Value};

use crate::net::answer::Answer;

/// How many levels of nested errors are read. The deepest seen in practice is two.
const DEPTH: usize = 8;

/// What an error answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The service's code, or the name of the HTTP status if there is none.
    pub code: String,
    /// The innermost message, as it came: it may contain control characters.
    pub message: String,
    /// The ID that Microsoft Support asks for.
    pub request_id: Option<String>,
}

/// Reads an answer that is not a success.
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
    /// Reads one layer. Inner layers are read later and replace what outer ones said.
    fn error(&mut self, error: &Map<String, Value>, depth: usize) {
        // Graph says "UnknownError" around an Intune error, which has the real code.
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

    /// Splits Intune's sentence: the message, ` - Operation ID …`, ` - Activity ID: …`, ` - Url: …`.
    fn sentence(&mut self, message: &str) {
        if let Some((_, rest)) = message.split_once(" - Activity ID: ") {
            let id = rest.split([' ', '"']).next().unwrap_or_default();
            self.activity = Some(id.to_owned()).filter(|id| !id.is_empty());
        }
        let said = message.split_once(" - Operation ID").map_or(message, |(said, _)| said);
        self.message = Some(said.to_owned());
    }
}

/// A field by name, ignoring case: Graph's spelling of `innerError` and `Message` varies.
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

/// The message for an answer that contains none.
fn without_words(answer: &Answer) -> String {
    let body = answer.body.trim_ascii();
    let starts_with = |start: &[u8]| body.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    match answer.status {
        100..=299 => "expected 204 No Content".to_owned(),
        300..=399 => match &answer.location {
            Some(location) => format!("the server redirects to {location}; intunectl does not follow redirects"),
            None => "the server redirects; intunectl does not follow redirects".to_owned(),
        },
        _ if body.is_empty() && answer.whole => "the server gave no reason".to_owned(),
        _ if body.is_empty() => "the answer is incomplete".to_owned(),
        _ if starts_with(b"<!doctype") || starts_with(b"<html") => {
            let title = title(&String::from_utf8_lossy(body));
            format!("a gateway or proxy answered with a web page{title}")
        }
        _ if !answer.whole => "the answer is incomplete or too long".to_owned(),
        _ => "the answer is not in Graph's format".to_owned(),
    }
}

/// The page's title in quotes and parentheses, after a space; empty if there is none.
fn title(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>").map(|at| at + "<title>".len());
    let end = lower.find("</title>");
    let text = start.zip(end).and_then(|(start, end)| page.get(start..end)).unwrap_or_default().trim();
    if text.is_empty() { String::new() } else { format!(" (\"{}\")", text.chars().take(100).collect::<String>()) }
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
    fn a_documented_error_is_read() {
        let body = r#"{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed.",
            "innererror":{"date":"x","request-id":"r-1"}}}"#;
        let expected = ("InvalidAuthenticationToken".into(), "Lifetime validation failed.".into(), Some("r-1".into()));
        assert_eq!(problem(401, body), expected);
    }

    #[test]
    fn a_nested_intune_error_is_reduced_to_its_sentence_and_activity_id() {
        let intune = r#"{"_version":3,"Message":"Not allowed. - Operation ID (for customer support): 0 - Activity ID: act-1 - Url: https://fef.example","CustomApiErrorPhrase":""}"#;
        let once = serde_json::json!({"error":{"code":"Forbidden","message":intune,"innerError":{"request-id":"r-1"}}});
        let expected = ("Forbidden".to_owned(), "Not allowed.".to_owned(), Some("act-1".to_owned()));
        assert_eq!(problem(403, &once.to_string()), expected);

        let wrapped = serde_json::json!({"ErrorCode":"Forbidden","Message":intune,"InnerError":null}).to_string();
        let twice = serde_json::json!({"error":{"code":"UnknownError","message":wrapped}});
        assert_eq!(problem(401, &twice.to_string()), expected);
    }

    #[test]
    fn the_request_id_of_a_nested_inner_error_is_found() {
        let body = r#"{"error":{"code":"X","message":"m","innerError":{"innerError":{"request-id":"deep"}}}}"#;
        assert_eq!(problem(400, body), ("X".into(), "m".into(), Some("deep".into())));
    }

    #[test]
    fn an_answer_that_is_not_a_graph_error_is_described() {
        let page = "<html>\n<head><title>502 Bad Gateway</title></head></html>";
        let table = [
            (502, page, "BadGateway", "a web page (\"502 Bad Gateway\")"),
            (502, "<!DOCTYPE html><title>", "BadGateway", "answered with a web page"),
            (500, "", "InternalServerError", "the server gave no reason"),
            (599, "oops", "Status599", "not in Graph's format"),
            (404, "[1]", "NotFound", "not in Graph's format"),
            (400, r#"{"error":{"code":"","message":""}}"#, "BadRequest", "not in Graph's format"),
            (400, r#"{"error":"invalid_request","message":"said plainly"}"#, "BadRequest", "said plainly"),
            (200, "{}", "OK", "204"),
            (302, "", "Found", "redirects"),
        ];
        for (status, body, code, part) in table {
            let (got, message, id) = problem(status, body);
            assert_eq!(got, code, "{body}");
            assert!(message.contains(part), "{body}: {message}");
            assert_eq!(id.as_deref(), Some("from-header"));
        }
        let cut = Answer { whole: false, ..answer(404, br#"{"error":{"code":"ResourceNo"#) };
        assert!(read(&cut).message.contains("is incomplete"));
    }

    #[test]
    fn deeply_nested_errors_are_read_to_a_limit() {
        let mut body = r#"{"message":"bottom"}"#.to_owned();
        for _ in 0..12 {
            body = serde_json::json!({ "message": body }).to_string();
        }
        assert!(!problem(500, &body).1.is_empty());
    }

    proptest! {
        #[test]
        fn every_body_leads_to_a_code_and_a_message(body in proptest::collection::vec(any::<u8>(), 0..300), status in 100..600_u16) {
            let problem = read(&answer(status, &body));
            prop_assert!(!problem.code.is_empty() && !problem.message.is_empty());
        }
    }
}
