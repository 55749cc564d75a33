//! Collects secrets, and searches output and files for them.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use reqwest::Url;

use super::server::{Reply, Request};

/// Secrets are searched for in pieces of this many bytes. Shorter pieces are useless to an attacker.
const PIECE: usize = 16;

/// The secret fields of forms and answers.
const FIELDS: [&str; 10] = [
    "access_token",
    "refresh_token",
    "id_token",
    "device_code",
    "code",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "assertion",
    "value",
];

/// Every secret that was issued or sent.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    pub fn keep(&self, secret: &str) {
        if secret.len() >= 8 {
            self.0.lock().unwrap().insert(secret.to_owned());
        }
    }

    /// Adds the secrets in a request.
    pub fn of_request(&self, request: &Request) {
        for field in FIELDS.into_iter().filter_map(|name| request.form(name)) {
            self.keep(&field);
        }
        if let Some(bearer) = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) {
            self.keep(bearer);
        }
    }

    /// Adds the secrets in an answer.
    pub fn of_answer(&self, reply: &Reply) {
        let Reply::Answer { body, .. } = reply else { return };
        let Ok(serde_json::Value::Object(answer)) = serde_json::from_slice(body) else { return };
        for field in FIELDS.into_iter().filter_map(|name| answer.get(name)?.as_str()) {
            self.keep(field);
        }
    }

    /// Asserts that none of these named places contains a secret, a piece of one, or its URL-encoded form.
    #[track_caller]
    pub fn assert_in_none(&self, places: impl IntoIterator<Item = (String, Vec<u8>)>) {
        let encoded = |secret: &String| {
            let url = Url::parse_with_params("http://x/", [("v", secret)]).unwrap();
            url.query().unwrap()[2..].to_owned()
        };
        let forms: Vec<_> =
            self.0.lock().unwrap().iter().flat_map(|secret| [secret.clone(), encoded(secret)]).collect();
        let pieces: HashSet<&[u8]> = forms.iter().flat_map(|form| form.as_bytes().chunks_exact(PIECE)).collect();
        let short: Vec<_> = forms.iter().filter(|form| form.len() < PIECE).collect();
        for (place, bytes) in places {
            let text = String::from_utf8_lossy(&bytes);
            let piece = bytes.windows(PIECE).find(|window| pieces.contains(window));
            let piece = piece.map(String::from_utf8_lossy);
            let whole = short.iter().find(|form| text.contains(form.as_str()));
            let shown: String = text.chars().take(4000).collect();
            assert!(
                piece.is_none() && whole.is_none(),
                "{place} contains a secret or a piece of one, {piece:?} {whole:?}: {shown}"
            );
        }
    }
}

#[test]
fn a_secret_is_found_whole_in_part_and_url_encoded() {
    let secrets = Secrets::default();
    let (long, short) = ("1.AT+/&refresh-abcdefghijklmnopqrstuvwxyz0123456789==", "sh0rt/one");
    secrets.keep(long);
    secrets.keep(short);
    let is_found = |text: &str| {
        let place = [("a place".to_owned(), format!("before {text} after").into_bytes())];
        std::panic::catch_unwind(|| secrets.assert_in_none(place)).is_err()
    };
    for shown in [long, short, &long[9..42], "1.AT%2B%2F%26refresh-", "sh0rt%2Fone"] {
        assert!(is_found(shown), "{shown}");
    }
    for hidden in ["", "sh0rt", &long[1..16], "[redacted]"] {
        assert!(!is_found(hidden), "{hidden}");
    }
}
