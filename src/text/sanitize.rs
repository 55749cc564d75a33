//! Text from elsewhere, made fit for a terminal and for one field of a line.

use std::borrow::Cow;

/// More of a message than anybody reads, in characters. What is longer keeps its beginning and its end, where we add
/// what we know ourselves.
const LONGEST: usize = 500;
const BEGINNING: usize = 300;

/// Replaces what could act on a terminal or break a line apart: control characters (escape sequences among them),
/// line and paragraph separators, and the characters that reorder text, which can make one ID look like another.
/// White space among them becomes a space, anything else U+FFFD. What is longer than 500 characters is cut in the
/// middle.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST && !text.chars().any(is_unfit) {
        return Cow::Borrowed(text);
    }
    let mut chars = text.chars().peekable();
    let mut cleaned = Vec::with_capacity(text.len());
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push(' '),
            c if is_unfit(c) => cleaned.push(char::REPLACEMENT_CHARACTER),
            c => cleaned.push(c),
        }
    }
    if cleaned.len() > LONGEST {
        let end = cleaned.len() - (LONGEST - BEGINNING - 1);
        cleaned.splice(BEGINNING..end, ['…']);
    }
    Cow::Owned(cleaned.into_iter().collect())
}

fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Escapes in JSON what JSON lets stand, yet acts on a terminal: DEL, the C1 controls (U+009B begins an escape sequence),
/// and what [`clean`] replaces beside control characters. In JSON they can stand in strings alone, and the value of the
/// string stays the same.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    let unfit = |c: char| c >= '\u{7f}' && is_unfit(c);
    if !json.contains(unfit) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            c if unfit(c) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Like [`clean`] for text of ours that may quote others: line breaks stay, nothing is cut.
pub fn sanitize_lines(text: &str) -> Cow<'_, str> {
    let unfit = |c: char| is_unfit(c) && c != '\n';
    if !text.contains(unfit) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if unfit(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

/// Replaces whatever looks like a JWT. The last line of defence, behind the types that keep tokens out of text: it
/// catches one that was typed where an option or a name belongs.
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    // Every JWT begins with the base64 of `{"`.
    const START: &str = "eyJ";
    const SHORTEST: usize = 20;
    if !text.contains(START) {
        return Cow::Borrowed(text);
    }
    let mut rest = text;
    let mut result = String::with_capacity(text.len());
    while let Some(at) = rest.find(START) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.=".contains(c))).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        result.push_str(before);
        result.push_str(if word.len() < SHORTEST { word } else { "[redacted]" });
        rest = after;
    }
    result.push_str(rest);
    Cow::Owned(result)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_acts_on_it() {
        let table = [
            ("plain, 日本語 and ünïcode", "plain, 日本語 and ünïcode"),
            ("a\tb\nc\r\nd", "a b c d"),
            ("\u{1b}[31mred\u{1b}[0m", "\u{fffd}[31mred\u{fffd}[0m"),
            ("\u{9b}2J\u{7}\u{0}", "\u{fffd}2J\u{fffd}\u{fffd}"),
            ("gp\u{202e}exe\u{2066}", "gp\u{fffd}exe\u{fffd}"),
            ("one\u{2028}two\u{85}three", "one two three"),
        ];
        for (text, expected) in table {
            assert_eq!(sanitize(text), expected);
        }
        let long = sanitize(&format!("{}; and what we add", "x".repeat(600))).into_owned();
        assert!(long.chars().count() == 500 && long.contains('…') && long.ends_with("; and what we add"), "{long}");
        assert_eq!(escape_json("{\"a\":\"\u{9b}2J\u{7f}é\"}"), "{\"a\":\"\\u009b2J\\u007fé\"}");
        assert_eq!(escape_json("\"gp\u{202e}exe\u{2028}\""), "\"gp\\u202eexe\\u2028\"");
        assert_eq!(sanitize_lines("a\n\u{1b}[2J\tb"), "a\n\u{fffd}[2J\u{fffd}b");
    }

    #[test]
    fn what_looks_like_a_token_is_not_shown() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2ln-_x";
        assert_eq!(without_tokens(&format!("'{token}' and {token}.")), "'[redacted]' and [redacted]");
        assert_eq!(without_tokens("eyJshort is a word, eyJ"), "eyJshort is a word, eyJ");
    }

    proptest! {
        #[test]
        fn cleaned_text_is_one_field_of_one_line(text in "\\PC*|.*") {
            let cleaned = sanitize(&text).into_owned();
            prop_assert!(!cleaned.chars().any(is_unfit));
            prop_assert_eq!(sanitize(&cleaned), cleaned.as_str());
        }
    }
}
