//! The grammar of partner IDs.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The longest ID, in characters.
const MAX_CHARS: usize = 256;
/// The length of a GUID with hyphens. No other form of a GUID has this length.
const GUID_CHARS: usize = 36;
/// Shorter texts that begin like a JWT are words.
const SHORTEST_TOKEN: usize = 20;

/// The ID of a remote assistance partner, safe to send as one path segment once percent-encoded.
///
/// Graph's reference calls it an opaque string; its examples are GUIDs. GUIDs are compared without case, as Graph
/// compares them, and all other IDs exactly. An ID is shown and sent as it was given, a GUID without braces.
#[derive(Debug, Clone)]
pub struct PartnerId(Box<str>);

impl PartnerId {
    /// Does not trim `text`. `{GUID}`, as PowerShell and the registry write it, is that GUID.
    ///
    /// # Errors
    /// The first problem with `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let id = without_braces(text);
        if id.len() > MAX_CHARS || !id.bytes().all(may_be_in_id) {
            let wrong = text.chars().find(|c| !u8::try_from(*c).is_ok_and(may_be_in_id));
            return Err(wrong.map_or(InvalidId::TooLong, InvalidId::Contains));
        }
        match id.as_bytes() {
            [] => Err(InvalidId::Empty),
            [b'-', ..] => Err(InvalidId::Hyphen),
            // A URL parser removes these segments from a path.
            [b'.'] | [b'.', b'.'] => Err(InvalidId::Dots),
            [b'i' | b'I', b'd' | b'D'] => Err(InvalidId::Heading),
            [b'e', b'y', b'J', ..] if id.len() >= SHORTEST_TOKEN => Err(InvalidId::Token),
            _ if is_no_id(id) => Err(InvalidId::NoId),
            _ => Ok(Self(id.into())),
        }
    }

    /// The ID as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of a GUID; `None` for any other ID.
    fn guid(&self) -> Option<Uuid> {
        guid(&self.0)
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

/// Whether a text is a GUID with hyphens and without braces.
pub(super) fn is_guid(text: &str) -> bool {
    guid(text).is_some()
}

fn guid(text: &str) -> Option<Uuid> {
    if text.len() == GUID_CHARS { Uuid::try_parse(text).ok() } else { None }
}

fn without_braces(text: &str) -> &str {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    inner.filter(|inner| is_guid(inner)).unwrap_or(text)
}

/// What programs print if there is no ID, or for an object; what a table has cut; a line; and a GUID with more text.
/// Graph issues no such IDs, so these texts are mistakes.
fn is_no_id(id: &str) -> bool {
    ["null", "none", "undefined"].iter().any(|word| id.eq_ignore_ascii_case(word))
        || ["System.", "Microsoft."].iter().any(|start| id.starts_with(start))
        || id.ends_with("..")
        || !id.bytes().any(|byte| byte.is_ascii_alphanumeric())
        || id.len() > GUID_CHARS && only_guid(id).is_some()
}

/// The GUID in a text, if it contains exactly one.
pub(super) fn only_guid(text: &str) -> Option<&str> {
    let mut guids = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|part| is_guid(part));
    guids.next().filter(|_| guids.next().is_none())
}

fn may_be_in_id(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z')
        || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'=' | b'+' | b'@' | b':')
}

/// Why a text is not an ID. Displayed as the predicate of a sentence: "`a b` contains a space".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidId {
    Empty,
    TooLong,
    /// `.` or `..`.
    Dots,
    /// It begins with a hyphen.
    Hyphen,
    /// It is the heading of a column of IDs.
    Heading,
    /// It is probably an access token.
    Token,
    /// A program printed it in place of an ID.
    NoId,
    /// It contains a character that no ID has.
    Contains(char),
}

impl InvalidId {
    /// Invisible characters: Unicode's default-ignorable characters (soft hyphen, zero-width characters, bidirectional
    /// formatting, byte order mark, variation selectors, tags) and U+2800, a blank that is not white space. They come from
    /// documents, chats and concatenated files, and a message has to name them.
    pub(super) fn is_invisible(c: char) -> bool {
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
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "is longer than {MAX_CHARS} characters"),
            Self::Dots | Self::Token | Self::NoId => f.write_str("is not an ID"),
            Self::Hyphen => f.write_str("begins with `-`"),
            Self::Heading => f.write_str("is a column heading, not an ID"),
            Self::Contains(' ') => f.write_str("contains a space"),
            Self::Contains('\t') => f.write_str("contains a tab"),
            Self::Contains('\n' | '\r') => f.write_str("contains a line break"),
            Self::Contains('`') => f.write_str("contains a backtick"),
            Self::Contains(c) => {
                let code = u32::from(c);
                match c {
                    _ if c.is_whitespace() => write!(f, "contains white space (U+{code:04X})"),
                    _ if c.is_control() => write!(f, "contains a control character (U+{code:04X})"),
                    _ if Self::is_invisible(c) => write!(f, "contains an invisible character (U+{code:04X})"),
                    _ => write!(f, "contains `{c}`"),
                }
            }
        }
    }
}

/// Whether a text may be, or contain, an access token: perhaps after `Bearer ` or a variable's name.
pub(super) fn may_be_token(text: &str) -> bool {
    // Every JWT starts with this.
    text.contains("eyJ")
}

/// A rejected text for a message: quoted, cut to 40 characters, control characters escaped. A token file may have been
/// given to the wrong option, so text that may be a token is not shown.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if may_be_token(self.0) {
            return f.write_str("a text that looks like an access token (not shown)");
        }
        if self.0.len() > MAX_CHARS && self.0.chars().nth(MAX_CHARS).is_some() {
            return write!(f, "a text of {} characters (not shown)", self.0.chars().count());
        }
        let mut chars = self.0.chars();
        f.write_str("`")?;
        for c in chars.by_ref().take(40) {
            match c {
                ' ' => f.write_str(" ")?,
                _ if c.is_whitespace() || c.is_control() || InvalidId::is_invisible(c) => {
                    write!(f, "{}", c.escape_default())?;
                }
                _ => write!(f, "{c}")?,
            }
        }
        f.write_str(if chars.next().is_some() { "…`" } else { "`" })
    }
}
