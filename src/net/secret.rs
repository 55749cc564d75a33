//! Removes secrets from what servers send back.

use std::borrow::Cow;

use oauth2::url::form_urlencoded;
use percent_encoding::utf8_percent_encode;
use secrecy::{ExposeSecret, SecretString};

use crate::text::encoding::UNRESERVED;

/// Shown in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Removes secrets from what a server, or something that poses as one, sends back. Shorter ones than 8 characters stay:
/// no real secret is that short, and an invented one such as `x` is part of many words.
pub fn redact<'a>(text: &'a str, secrets: &[SecretString]) -> Cow<'a, str> {
    let found = secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| secret.len() >= 8);
    found.fold(Cow::Borrowed(text), |text, secret| match text.contains(secret) {
        true => text.replace(secret, REDACTED).into(),
        false => text,
    })
}

/// The encodings in which an answer may contain a secret, each once: percent-encoded in lower and upper case, as in a
/// form, and, last, as it is.
pub fn encodings_of_secret(secret: &str) -> Vec<SecretString> {
    let in_form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let elsewhere = utf8_percent_encode(secret, UNRESERVED).to_string();
    let mut parts = elsewhere.split('%');
    let mut in_small = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        in_small.push_str(&format!("%{}{rest}", code.to_ascii_lowercase()));
    }
    let mut forms = vec![in_small, elsewhere, in_form];
    forms.dedup();
    forms.retain(|form| form != secret);
    forms.into_iter().chain([secret.to_owned()]).map(SecretString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_encoding() {
        let forms =
            |secret| encodings_of_secret(secret).iter().map(|form| form.expose_secret().to_owned()).collect::<Vec<_>>();
        assert_eq!(forms("a~b c/d"), ["a~b%20c%2fd", "a~b%20c%2Fd", "a%7Eb+c%2Fd", "a~b c/d"]);
        assert_eq!(forms("plain-1.2_3"), ["plain-1.2_3"]);
    }
}
