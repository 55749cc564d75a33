//! The grammar of partner IDs.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The longest ID, in characters (not bytes).
const MAX_CHARS: usize = 256;

/// The ID of a remote assistance partner, safe to send as one path segment once percent-encoded.
///
/// Graph's reference calls it an opaque string; its examples are GUIDs. GUIDs are compared without case, as Graph
/// compares them, and all other IDs exactly. An ID is shown and sent as it was given.
#[derive(Debug, Clone)]
pub struct PartnerId(Box<str>);

impl PartnerId {
    /// Does not trim `text`.
    ///
    /// # Errors
    /// The first problem with `text`, as the predicate of a sentence: "`a b` contains white space".
    pub fn parse(text: &str) -> Result<Self, Cow<'static, str>> {
        if text.is_empty() {
            return Err("is empty".into());
        }
        if is_too_long(text) {
            return Err(format!("is longer than {MAX_CHARS} characters").into());
        }
        // A URL parser removes these segments from a path.
        if matches!(text, "." | "..") {
            return Err("is not an ID".into());
        }
        match text.chars().find_map(wrong_char) {
            Some(wrong) => Err(wrong),
            None => Ok(Self(text.into())),
        }
    }

    /// The ID as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of a GUID; `None` for any other ID.
    fn guid(&self) -> Option<Uuid> {
        // The only form of this length has hyphens and no braces.
        if self.0.len() == 36 { Uuid::try_parse(&self.0).ok() } else { None }
    }
}

impl PartialEq for PartnerId {
    fn eq(&self, other: &Self) -> bool {
        // Case does not change whether a text is a GUID, so checking one of the two is enough.
        self.0.eq_ignore_ascii_case(&other.0) && (self.0 == other.0 || self.guid().is_some())
    }
}

impl Eq for PartnerId {}

impl Hash for PartnerId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.guid() {
            Some(guid) => guid.hash(state),
            None => self.0.hash(state),
        }
    }
}

impl fmt::Display for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for PartnerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Why an ID cannot contain this character; `None` if it can.
fn wrong_char(c: char) -> Option<Cow<'static, str>> {
    match c {
        // Fast path: nearly all IDs contain only these.
        '-' | '0'..='9' | 'A'..='Z' | 'a'..='z' => None,
        // These have a meaning in a URL.
        '/' | '\\' | '?' | '#' | '%' => Some(format!("contains `{c}`").into()),
        _ if c.is_whitespace() => Some("contains white space".into()),
        _ if c.is_control() => Some("contains a control character".into()),
        _ if is_invisible(c) => Some(format!("contains an invisible character (U+{:04X})", u32::from(c)).into()),
        _ => None,
    }
}

/// Invisible characters: Unicode's default-ignorable characters (soft hyphen, zero-width characters, bidirectional
/// formatting, byte order mark, variation selectors, tags) and U+2800, a blank that is not white space.
///
/// The contract does not name them. They make two IDs look alike: a person could confirm one partner at the prompt and
/// disconnect another. Graph issues no such IDs; the characters come from documents, chats and concatenated files.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

fn is_too_long(text: &str) -> bool {
    text.len() > MAX_CHARS && text.chars().nth(MAX_CHARS).is_some()
}

/// A rejected text for a message: quoted, cut to 40 characters, control characters escaped. A token file may have been
/// given to the wrong option, so text that may be a token is not shown.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_too_long(self.0) {
            return f.write_str("(not shown)");
        }
        // Every JWT starts with this, perhaps after `Bearer ` or a variable's name.
        if self.0.contains("eyJ") {
            return f.write_str("(not shown: looks like an access token)");
        }
        let mut chars = self.0.chars();
        f.write_str("`")?;
        for c in chars.by_ref().take(40) {
            match c {
                ' ' => f.write_str(" ")?,
                _ if c.is_whitespace() || c.is_control() || is_invisible(c) => write!(f, "{}", c.escape_default())?,
                _ => write!(f, "{c}")?,
            }
        }
        f.write_str(if chars.next().is_some() { "…`" } else { "`" })
    }
}
