//! The parameters of forms and queries: `application/x-www-form-urlencoded` (RFC 6749, appendix B).

use std::collections::HashMap;

use super::error::EntraError;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form(HashMap<String, String>);

impl Form {
    /// A repeated parameter is an error (RFC 6749, section 3.2).
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, EntraError> {
        let mut parameters = HashMap::new();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let mut half = || decode(halves.next().unwrap_or_default()).ok_or(EntraError::Malformed);
            let (name, value) = (half()?, half()?);
            if parameters.contains_key(&name) {
                return Err(EntraError::Repeated(name));
            }
            parameters.insert(name, value);
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter. An empty one counts as missing (RFC 6749, section 3.2).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&str, EntraError> {
        self.get(name).ok_or(EntraError::Missing(name))
    }
}

/// Decodes a name or value. `None`: a `%` without two hexadecimal digits after it, or not UTF-8.
fn decode(bytes: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => (digit(*bytes.next()?)? << 4) | digit(*bytes.next()?)?,
            byte => *byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    #[test]
    fn names_and_values_are_decoded_and_an_empty_value_counts_as_missing() {
        let table = [
            ("", None),
            ("a=1", Some("1")),
            ("b=2&a=1", Some("1")),
            ("&&a=1&", Some("1")),
            ("%61=%31", Some("1")),
            ("a=x+y%2Bz%20%26%3d", Some("x y+z &=")),
            ("a=b=c", Some("b=c")),
            ("a=%E6%9d%B1", Some("東")),
            ("a=東", Some("東")),
            ("a", None),
            ("a=", None),
            ("A=1", None),
        ];
        for (text, expected) in table {
            assert_eq!(Form::parse(text.as_bytes()).unwrap().get("a"), expected, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_not_a_form_are_rejected() {
        for bytes in [&b"a=%"[..], b"a=%4", b"a=%4&b=1", b"a=%zz", b"a=%+1", b"%f=1", b"a=%ff", b"a=\xff", b"\xc3=1"] {
            assert_eq!(Form::parse(bytes), Err(EntraError::Malformed), "{bytes:?}");
        }
        for text in ["a=1&a=2", "a=1&b=2&%61=1", "a&a=1"] {
            assert_eq!(Form::parse(text.as_bytes()), Err(EntraError::Repeated("a".into())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn encoded_parameters_are_decoded_unchanged(parameters in prop::collection::hash_map(".*", ".*", 0..8), plus: bool) {
            let encode = |text: &str| {
                let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
                if plus { encoded.replace("%20", "+") } else { encoded }
            };
            let pairs: Vec<_> = parameters.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
            prop_assert_eq!(Form::parse(pairs.join("&").as_bytes()), Ok(Form(parameters)));
        }

        #[test]
        fn no_bytes_cause_a_panic(bytes: Vec<u8>) {
            let _ = Form::parse(&bytes);
        }
    }
}
