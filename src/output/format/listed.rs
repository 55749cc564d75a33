//! What every format has to know of a thing to list it.

use serde::Serialize;

use crate::output::terminal::TextStyle;

/// Something of which a command prints a list.
pub trait Listed: Serialize + Sized {
    /// Whether it quotes what somebody typed, which may be a token in the wrong place: in JSON, that is not shown.
    const QUOTES_INPUT: bool;

    fn id(&self) -> &str;

    fn table(items: &[Self], style: TextStyle) -> String;
}
