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
    if text.len() <= LONGEST && !text.chars().any(acts_on_terminal) {
        return Cow::Borrowed(text);
    }
    let mut chars = text.chars().peekable();
    let mut cleaned = Vec::with_capacity(text.len());
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push(' '),
            c if acts_on_terminal(c) => cleaned.push(char::REPLACEMENT_CHARACTER),
            c => cleaned.push(c),
        }
    }
    if cleaned.len() > LONGEST {
        let end = cleaned.len() - (LONGEST - BEGINNING - 1);
        cleaned.splice(BEGINNING..end, ['…']);
    }
    Cow::Owned(cleaned.into_iter().collect())
}

/// Whether a character could act on a terminal, break a line apart or reorder text.
pub fn acts_on_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Like [`sanitize`] for text of ours that may quote others: line breaks stay, nothing is cut.
pub fn sanitize_lines(text: &str) -> Cow<'_, str> {
    let unfit = |c: char| acts_on_terminal(c) && c != '\n';
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
            prop_assert!(!cleaned.chars().any(acts_on_terminal));
            prop_assert_eq!(sanitize(&cleaned), cleaned.as_str());
        }
    }
}
