//! Parameters as forms and queries carry them: `application/x-www-form-urlencoded` (RFC 6749, appendix B).

use std::collections::HashMap;

/// Parameters by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form(HashMap<String, String>);

/// Why bytes are no parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotForm {
    /// A `%` without two hexadecimal digits behind it, or no UTF-8.
    Malformed,
    /// The parameter of this name comes twice, which RFC 6749 (section 3.2) forbids.
    Repeated(String),
}

impl Form {
    /// Takes parameters apart.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, NotForm> {
        let mut parameters = HashMap::new();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let mut half = || decode(halves.next().unwrap_or_default()).ok_or(NotForm::Malformed);
            let (name, value) = (half()?, half()?);
            if parameters.contains_key(&name) {
                return Err(NotForm::Repeated(name));
            }
            parameters.insert(name, value);
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter. One that is empty counts as left out (RFC 6749, section 3.2).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Undoes the encoding of a name or value.
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
    fn names_and_values_are_decoded_and_an_empty_value_counts_as_none() {
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
    fn what_is_no_form_is_refused() {
        for bytes in [&b"a=%"[..], b"a=%4", b"a=%4&b=1", b"a=%zz", b"a=%+1", b"%f=1", b"a=%ff", b"a=\xff", b"\xc3=1"] {
            assert_eq!(Form::parse(bytes), Err(NotForm::Malformed), "{bytes:?}");
        }
        for text in ["a=1&a=2", "a=1&b=2&%61=1", "a&a=1"] {
            assert_eq!(Form::parse(text.as_bytes()), Err(NotForm::Repeated("a".into())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_what_is_read(parameters in prop::collection::hash_map(".*", ".*", 0..8), plus: bool) {
            let encode = |text: &str| {
                let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
                if plus { encoded.replace("%20", "+") } else { encoded }
            };
            let pairs: Vec<_> = parameters.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
            prop_assert_eq!(Form::parse(pairs.join("&").as_bytes()), Ok(Form(parameters)));
        }

        #[test]
        fn no_bytes_are_a_reason_to_stop(bytes: Vec<u8>) {
            let _ = Form::parse(&bytes);
        }
    }
}
