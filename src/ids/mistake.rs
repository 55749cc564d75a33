//! What is wrong with a text that is not an ID, and what to do about it: one line.

use std::borrow::Cow;
use std::fmt;

use super::id::{InvalidId, Quoted, is_guid, may_be_token};

/// The command that prints IDs.
pub(super) const PRINT_IDS: &str = "`intunectl partner list -o id`";

/// Where an ID was expected. The same mistake has different remedies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Argument,
    Line,
    JsonString,
    CsvCell,
}

/// A text that is not an ID. Displayed with the reason and the fix.
pub(super) struct Mistake<'a> {
    pub(super) text: &'a str,
    pub(super) why: InvalidId,
    pub(super) place: Place,
}

impl fmt::Display for Mistake<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, why, .. } = *self;
        if may_be_token(text) {
            return write!(f, "{} {}; give a token with --token-file", Quoted(text), InvalidId::Token);
        }
        match why {
            InvalidId::Empty => write!(f, "the ID {why}; {}", self.fix()),
            _ => write!(f, "{} {why}; {}", Quoted(text), self.fix()),
        }
    }
}

impl Mistake<'_> {
    fn fix(&self) -> Cow<'static, str> {
        let is_argument = self.place == Place::Argument;
        match self.why {
            InvalidId::Empty if is_argument => "check the variable that it comes from",
            InvalidId::Empty => "add the ID, or remove the line",
            InvalidId::TooLong => "check where it comes from",
            InvalidId::Hyphen if is_argument => "options go before `--`",
            InvalidId::Hyphen => "options go on the command line",
            InvalidId::Dots | InvalidId::Heading | InvalidId::Token => "give only IDs",
            InvalidId::Contains(c) => return self.fix_for(c),
        }
        .into()
    }

    fn fix_for(&self, c: char) -> Cow<'static, str> {
        match c {
            _ if c.is_whitespace() || matches!(c, ',' | ';' | '|') => match self.place {
                Place::Argument => "give each ID as its own argument",
                Place::Line => return self.one_id_on_a_line(),
                Place::JsonString => "write each ID as its own string",
                Place::CsvCell => "put each ID in its own row",
            },
            '/' | '\\' | '?' | '&' => return self.only_the_id(),
            '%' => "give the ID without percent-encoding",
            '#' if self.place == Place::Line => "put a space before a comment",
            '…' => return format!("a table has cut the ID: print whole IDs with {PRINT_IDS}").into(),
            '\u{2018}'..='\u{201f}' | '«' | '»' => "use straight quotes, or none",
            '"' | '\'' | '`' => "use the same quote (' or \") on both sides, or none",
            '{' | '}' => "only a GUID can be in braces",
            '\u{2010}'..='\u{2015}' | '\u{2212}' => "type a hyphen (-) instead",
            _ if c.is_control() || InvalidId::is_invisible(c) => "remove it, or type the ID again",
            _ => "an ID has only the letters A to Z, digits and - _ . ~ = + @ :",
        }
        .into()
    }

    fn one_id_on_a_line(&self) -> Cow<'static, str> {
        let mut words = self.text.split_whitespace();
        let begins_with_id = words.clone().next().is_some_and(is_guid);
        match (words.find(|word| is_guid(word)), words.any(is_guid)) {
            (Some(_), false) if begins_with_id => "put a `#` before text after the ID".into(),
            (Some(id), false) => format!("give only the ID: {id}").into(),
            _ => "put each ID on its own line".into(),
        }
    }

    /// The fix for a URL or a path.
    fn only_the_id(&self) -> Cow<'static, str> {
        let mut parts = self.text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        match parts.find(|part| is_guid(part)) {
            Some(id) => format!("give only the ID: {id}").into(),
            None => "give only the ID, usually the last part".into(),
        }
    }
}

/// Whether a rejected text may be the name of a partner.
pub(super) fn may_be_name(text: &str) -> bool {
    let has_mark_of_name = text.contains(|c: char| c == ' ' || c.is_alphabetic() && !c.is_ascii());
    has_mark_of_name && !may_be_token(text) && !text.split_whitespace().any(is_guid)
}
