//! What a format needs to list items.

use serde::Serialize;

use crate::output::terminal::TextStyle;

/// Whether JSON shows what looks like a token. It is redacted in output that quotes what was typed, perhaps in the wrong
/// place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    Kept,
    Redacted,
}

/// An item of a list that a command prints.
pub trait Listed: Serialize + Sized {
    const TOKENS: Tokens;

    fn id(&self) -> &str;

    fn table(items: &[Self], style: TextStyle) -> String;
}
