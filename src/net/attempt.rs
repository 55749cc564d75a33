//! One attempt: a request is sent once and its answer read.

use std::rc::Rc;
use std::time::{Instant, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use secrecy::SecretString;

use super::answer::{Answer, NoAnswer, Result};
use super::event::{Event, Observer};
use super::retry;
use super::secret::redact;

/// The most bytes that are read of the body of an error.
const ERROR_BODY: usize = 64 * 1024;
/// The most bytes that are read of a requested body: one page of partners.
const CONTENT_BODY: usize = 16 * 1024 * 1024;

/// One attempt, besides the request itself.
pub struct Attempt<'a> {
    /// The call's name for the observer.
    pub label: &'a str,
    /// Counted from 1.
    pub number: u32,
    /// Whether the body of a 200 is needed.
    pub wanted: bool,
    /// The secrets in the request. The answer may contain them.
    pub secrets: &'a Rc<[SecretString]>,
    pub observer: Observer<'a>,
}

/// Sends a request once.
///
/// # Errors
/// No answer came, or a needed body is incomplete.
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

/// Reads the headers of an answer, and as much of its body as is useful.
///
/// A needed body (`wanted`) must be complete. Any other body only explains the status, which is valid even if the body
/// cannot be read.
///
/// # Errors
/// A needed body is incomplete.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_a_server_sends_back_is_removed() {
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
