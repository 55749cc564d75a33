//! The pages of a sign-in: plain HTML without scripts, styles or other files.

use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use hyper::{Response, StatusCode};

use super::error::{EntraError, timestamp};
use crate::sandbox::http::{Trace, respond, set};

/// Nothing may be loaded, sent or framed. Links and the page's refresh still work.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) struct ConsentPrompt<'a> {
    pub(super) client_id: &'a str,
    pub(super) scope: &'a str,
    pub(super) account: &'a str,
    /// The targets of the links to continue and to cancel.
    pub(super) accept: &'a str,
    pub(super) decline: &'a str,
    /// How long until the page continues by itself.
    pub(super) approve_after: Duration,
}

/// The page that a client opens in a browser.
pub(super) fn consent(prompt: &ConsentPrompt) -> Response<Bytes> {
    let ConsentPrompt { client_id, scope, account, accept, decline, approve_after } = prompt;
    // A page can only wait for whole seconds. Rounded down, it would continue too early.
    let seconds = approve_after.as_secs().saturating_add(u64::from(approve_after.subsec_nanos() > 0));
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"{seconds}; url={}\">\n", escape(accept));
    let body = format!(
        "<p>The application {client_id} requests: {scope}</p>\n\
         <p><a href=\"{accept}\">Continue as {account}</a></p>\n\
         <p><a href=\"{decline}\">Cancel</a></p>\n\
         <p>The sandbox needs no password. It continues automatically after {seconds} s.</p>",
        client_id = escape(client_id),
        scope = escape(scope),
        account = escape(account),
        accept = escape(accept),
        decline = escape(decline),
    );
    page(StatusCode::OK, "Sign in to the sandbox", &refresh, &body)
}

/// The page on which people would enter a device code.
pub(super) fn device(approve_after: Duration) -> Response<Bytes> {
    let body = format!(
        "<p>There is nothing to enter here: the sandbox approves every code automatically, {} after it was issued.</p>",
        humantime::format_duration(approve_after),
    );
    page(StatusCode::OK, "Enter code", "", &body)
}

/// The page for an error, instead of a redirect.
pub(super) fn error(error: &EntraError, trace: &Trace) -> Response<Bytes> {
    let body = format!(
        "<p>{}</p>\n<p>Trace ID: {}<br>\nCorrelation ID: {}<br>\nTimestamp: {}</p>",
        escape(&error.sentence()),
        escape(&trace.request_id),
        escape(&trace.client_request_id),
        timestamp(trace),
    );
    let mut response = page(error.status(), "The sandbox cannot sign you in", "", &body);
    error.mark(&mut response);
    response
}

fn page(status: StatusCode, title: &str, head: &str, body: &str) -> Response<Bytes> {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         {head}<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    );
    let mut response = respond(status, "text/html; charset=utf-8", page);
    set(&mut response, CACHE_CONTROL, "no-store");
    set(&mut response, CONTENT_SECURITY_POLICY, POLICY);
    set(&mut response, REFERRER_POLICY, "no-referrer");
    set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut response, X_FRAME_OPTIONS, "DENY");
    response
}

/// Text that is safe between tags and in an attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_is_escaped() {
        assert_eq!(escape("<a href=\"x\">&'東</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;東&lt;/a&gt;");
    }

    #[test]
    fn the_refresh_waits_for_whole_seconds_rounded_up() {
        for (millis, seconds) in [(0, "0"), (1, "1"), (1_000, "1"), (1_500, "2"), (60_000, "60")] {
            let response = consent(&ConsentPrompt {
                client_id: "c",
                scope: "s",
                account: "a",
                accept: "http://localhost/?code=1&state='2'",
                decline: "http://localhost/?error=x",
                approve_after: Duration::from_millis(millis),
            });
            let page = std::str::from_utf8(response.body()).unwrap();
            let refresh = format!(
                r#"<meta http-equiv="refresh" content="{seconds}; url=http://localhost/?code=1&amp;state=&#39;2&#39;">"#
            );
            assert!(page.contains(&refresh), "{page}");
        }
    }

    #[test]
    fn a_page_loads_nothing_and_is_not_cached() {
        let response = device(Duration::from_millis(1_500));
        let page = std::str::from_utf8(response.body()).unwrap();
        assert!(page.contains("automatically, 1s 500ms after it was issued"), "{page}");
        let headers = [
            (CACHE_CONTROL, "no-store"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (REFERRER_POLICY, "no-referrer"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
        ];
        for (name, value) in headers {
            assert_eq!(response.headers()[name], value);
        }
        assert!(!page.contains("<script") && !page.contains("<form") && !page.contains("<input"), "{page}");
    }
}
