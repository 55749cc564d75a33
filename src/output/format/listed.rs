//! What a format needs to list items.

use serde::Serialize;

use crate::output::terminal::TextStyle;

/// Whether JSON shows text that looks like a token. Such text is redacted in output that quotes user input: a token may
/// have been typed in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    Kept,
    Redacted,
}

/// An item of a list that a command prints.
pub trait Listed: Serialize + Sized {
    const TOKENS: Tokens;
    /// The fields that CSV always shows, in this order. Others follow.
    const COLUMNS: &'static [&'static str];

    fn id(&self) -> &str;

    fn table(items: &[Self], style: TextStyle) -> String;
}
