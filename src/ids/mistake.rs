//! What is wrong with a text that is not an ID, and what to do about it: one line.

use std::borrow::Cow;
use std::fmt;

use super::id::{InvalidId, Quoted, may_be_token, only_guid};

const CUT: &str = "a table has cut the ID: print whole IDs, for example with `-o id`";

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
            InvalidId::NoId | InvalidId::Contains(_) if let Some(id) = only_guid(self.text) => {
                // With spaces, text after the ID is a comment.
                let is_comment = self.place == Place::Line && self.text.split_whitespace().next() == Some(id);
                return if is_comment {
                    "put a `#` before text after the ID".into()
                } else {
                    format!("give only the ID: {id}").into()
                };
            }
            InvalidId::NoId if self.text.ends_with("..") => CUT,
            InvalidId::NoId => "check the command that printed it",
            InvalidId::Contains(c) => self.fix_for(c),
        }
        .into()
    }

    fn fix_for(&self, c: char) -> &'static str {
        match c {
            _ if c.is_whitespace() || matches!(c, ',' | ';' | '|') => match self.place {
                Place::Argument => "give each ID as its own argument",
                Place::Line => "put each ID on its own line, and `#` before other text",
                Place::JsonString => "write each ID as its own string",
                Place::CsvCell => "put each ID in its own row",
            },
            '/' | '\\' | '?' | '&' => "give only the ID, usually the last part",
            '%' => "give the ID without percent-encoding",
            '#' if self.place == Place::Line => "put a space before a comment",
            '…' => CUT,
            '\u{2018}'..='\u{201f}' | '«' | '»' => "use straight quotes, or none",
            '"' | '\'' | '`' if self.text.starts_with(c) && self.text.ends_with(c) => "remove the quotes",
            '"' | '\'' | '`' => "use the same quote (' or \") on both sides, or none",
            '{' | '}' => "only a GUID can be in braces",
            '\u{2010}'..='\u{2015}' | '\u{2212}' => "type a hyphen (-) instead",
            _ if c.is_control() || InvalidId::is_invisible(c) => "remove it, or type the ID again",
            _ => "an ID has only the letters A to Z, digits and - _ . ~ = + @ :",
        }
    }
}

/// Whether a rejected text may be the name of a partner.
pub(super) fn may_be_name(text: &str) -> bool {
    let has_mark_of_name = text.contains(|c: char| c == ' ' || c.is_alphabetic() && !c.is_ascii());
    has_mark_of_name && !may_be_token(text) && only_guid(text).is_none()
}
