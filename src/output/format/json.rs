//! One JSON document. Values are unchanged, but characters that act on a terminal are escaped.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::listed::{Listed, Tokens};
use crate::output::record::{Record, Summary};
use crate::output::stdout;
use crate::text::sanitize::{acts_on_terminal, without_tokens};

#[derive(Serialize)]
struct Document<'a> {
    summary: &'a Summary,
    results: &'a [Record],
}

pub fn records(out: impl Write, summary: &Summary, results: &[Record]) -> io::Result<()> {
    // Buffered: as one text it would take more memory than the records.
    let mut out = BufWriter::new(out);
    pretty(&mut out, &Document { summary, results }, Tokens::Kept)?;
    out.flush()
}

pub fn list<T: Listed>(items: &[T]) -> io::Result<Vec<u8>> {
    let mut document = Vec::new();
    pretty(&mut document, &items, T::TOKENS)?;
    Ok(document)
}

pub fn report(report: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut document = Vec::new();
    pretty(&mut document, report, Tokens::Redacted)?;
    Ok(document)
}

fn pretty(out: &mut dyn Write, value: &impl Serialize, tokens: Tokens) -> io::Result<()> {
    write(out, value, Safe { pretty: Some(PrettyFormatter::new()), tokens, is_ascii: stdout::is_recoded() })
}

/// Writes one line of JSON.
pub fn compact(out: &mut dyn Write, value: &impl Serialize, tokens: Tokens) -> io::Result<()> {
    write(out, value, Safe { pretty: None, tokens, is_ascii: stdout::is_recoded() })
}

fn write(out: &mut dyn Write, value: &impl Serialize, formatter: Safe) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// Escapes characters that JSON allows in a string but that act on a terminal. The string's value stays the same.
/// One type for both layouts, so that the code for every written type is compiled once.
struct Safe {
    /// `None` writes one line.
    pretty: Option<PrettyFormatter<'static>>,
    tokens: Tokens,
    /// Whether all characters outside ASCII are escaped.
    is_ascii: bool,
}

impl Safe {
    fn write(&self, out: &mut (impl Write + ?Sized), text: &str) -> io::Result<()> {
        let text = match self.tokens {
            Tokens::Kept => Cow::Borrowed(text),
            Tokens::Redacted => without_tokens(text),
        };
        let mut rest = &*text;
        // Not the ASCII control characters: JSON escapes them in strings, and allows some between its tokens.
        while let Some(at) = rest.find(|c| c >= '\u{7f}' && (self.is_ascii || acts_on_terminal(c))) {
            let (safe, unsafe_) = rest.split_at(at);
            out.write_all(safe.as_bytes())?;
            let mut chars = unsafe_.chars();
            if let Some(c) = chars.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

/// The layout writes everything but strings.
macro_rules! to_layout {
    ($($method:ident($($argument:ident: $type:ty)?)),*) => {$(
        fn $method<W: ?Sized + Write>(&mut self, out: &mut W $(, $argument: $type)?) -> io::Result<()> {
            match &mut self.pretty {
                Some(pretty) => pretty.$method(out $(, $argument)?),
                None => CompactFormatter.$method(out $(, $argument)?),
            }
        }
    )*};
}

impl Formatter for Safe {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        self.write(out, fragment)
    }

    /// Graph's own JSON on one line. In JSON, line breaks occur only between tokens, never in a string.
    fn write_raw_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        self.write(out, &fragment.replace(['\n', '\r'], " "))
    }

    to_layout!(begin_array(), end_array(), begin_array_value(first: bool), end_array_value());
    to_layout!(begin_object(), end_object(), begin_object_key(first: bool), begin_object_value(), end_object_value());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// On one line, and pretty.
    fn written(value: &impl Serialize, tokens: Tokens, is_ascii: bool) -> [String; 2] {
        [None, Some(PrettyFormatter::new())].map(|pretty| {
            let mut bytes = Vec::new();
            write(&mut bytes, value, Safe { pretty, tokens, is_ascii }).unwrap();
            String::from_utf8(bytes).unwrap()
        })
    }

    #[test]
    fn terminal_control_characters_are_escaped_and_tokens_redacted_on_request() {
        let value = serde_json::json!({ "a": "\u{9b}2J\u{7f}é", "b": ["gp\u{202e}exe\u{2028}", "\u{1b}[2J\n"] });
        let line = "{\"a\":\"\\u009b2J\\u007fé\",\"b\":[\"gp\\u202eexe\\u2028\",\"\\u001b[2J\\n\"]}\n";
        assert_eq!(written(&value, Tokens::Kept, false)[0], line);
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2ln-_x";
        let value = [format!("\t{token}\t")];
        assert_eq!(written(&value, Tokens::Redacted, false)[0], "[\"\\t[redacted]\\t\"]\n");
        assert!(written(&value, Tokens::Kept, false)[0].contains(token));
    }

    #[test]
    fn raw_json_is_unchanged_except_for_line_breaks() {
        let raw: Box<serde_json::value::RawValue> =
            serde_json::from_str("{\n \"n\": 1.50,\r\n\"c\":\"\u{9b}\"}").unwrap();
        assert_eq!(written(&[raw], Tokens::Kept, false)[1], "[\n  {  \"n\": 1.50,  \"c\":\"\\u009b\"}\n]\n");
        assert_eq!(written(&[(); 0], Tokens::Kept, false), ["[]\n", "[]\n"]);
    }

    #[test]
    fn everything_but_ascii_is_escaped_if_requested() {
        let raw: Box<serde_json::value::RawValue> = serde_json::from_str(r#"{"名":"é"}"#).unwrap();
        let value = (serde_json::json!({ "リ": "🙂 a\n" }), raw);
        let line = r#"[{"\u30ea":"\ud83d\ude42 a\n"},{"\u540d":"\u00e9"}]"#;
        assert_eq!(written(&value, Tokens::Kept, true)[0], format!("{line}\n"));
    }

    proptest! {
        #[test]
        fn any_text_keeps_its_value_and_cannot_act_on_a_terminal(text in "\\PC*|.*|[\u{7f}-\u{9f}\u{200e}-\u{2069}]*") {
            for is_ascii in [false, true] {
                for json in written(&[&text], Tokens::Kept, is_ascii) {
                    prop_assert_eq!(&serde_json::from_str::<[String; 1]>(&json).unwrap()[0], &text);
                    prop_assert!(!json.trim_end().chars().any(|c| acts_on_terminal(c) && c != '\n'));
                    prop_assert!(!is_ascii || json.is_ascii(), "{json}");
                }
            }
        }
    }
}
