//! Makes text from outside safe for a terminal and for one field of a line.

use std::borrow::Cow;

/// The longest message, in characters. A longer one is cut in the middle: its end may be text that we added.
const LONGEST: usize = 500;
const BEGINNING: usize = 300;

/// Makes a text [`one_line`]. A text of more than 500 characters is cut in the middle.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    let cleaned = one_line(text);
    if cleaned.len() <= LONGEST || cleaned.chars().count() <= LONGEST {
        return cleaned;
    }
    let mut chars: Vec<_> = cleaned.chars().collect();
    let end = chars.len() - (LONGEST - BEGINNING - 1);
    chars.splice(BEGINNING..end, ['…']);
    Cow::Owned(chars.into_iter().collect())
}

/// Replaces characters that could act on a terminal or break a line: control characters (including escape sequences),
/// line and paragraph separators, and characters that reorder text, which can make one ID look like another. White
/// space among them becomes a space, all others U+FFFD.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts_on_terminal) {
        return Cow::Borrowed(text);
    }
    let mut chars = text.chars().peekable();
    let mut cleaned = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push(' '),
            c if acts_on_terminal(c) => cleaned.push(char::REPLACEMENT_CHARACTER),
            c => cleaned.push(c),
        }
    }
    Cow::Owned(cleaned)
}

/// Whether a character could act on a terminal, break a line or reorder text.
pub fn acts_on_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Like [`sanitize`], for our own text that may quote others: line breaks stay, and nothing is cut.
pub fn sanitize_lines(text: &str) -> Cow<'_, str> {
    let unfit = |c: char| acts_on_terminal(c) && c != '\n';
    if !text.contains(unfit) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if unfit(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

/// Replaces everything that looks like a JWT. Types keep tokens out of text; this is the last line of defence, for a
/// token that was typed in place of an option or a name.
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
    fn characters_that_act_on_a_terminal_are_replaced() {
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
        assert_eq!(sanitize_lines("a\n\u{1b}[2J\tb"), "a\n\u{fffd}[2J\u{fffd}b");
    }

    #[test]
    fn text_that_looks_like_a_token_is_redacted() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2ln-_x";
        assert_eq!(without_tokens(&format!("'{token}' and {token}.")), "'[redacted]' and [redacted]");
        assert_eq!(without_tokens("eyJshort is a word, eyJ"), "eyJshort is a word, eyJ");
    }

    proptest! {
        #[test]
        fn sanitized_text_is_one_field_of_one_line(text in "\\PC*|.*") {
            let cleaned = sanitize(&text).into_owned();
            prop_assert!(!cleaned.chars().any(acts_on_terminal));
            prop_assert_eq!(sanitize(&cleaned), cleaned.as_str());
            prop_assert!(!one_line(&text).contains(acts_on_terminal));
        }
    }
}
