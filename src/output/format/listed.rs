//! What every format has to know of a thing to list it.

use serde::Serialize;

use crate::output::terminal::TextStyle;

/// Whether JSON shows what looks like a token. It does not where it quotes what somebody may have typed in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    Kept,
    Redacted,
}

/// Something of which a command prints a list.
pub trait Listed: Serialize + Sized {
    const TOKENS: Tokens;

    fn id(&self) -> &str;

    fn table(items: &[Self], style: TextStyle) -> String;
}
