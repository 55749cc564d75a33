//! Text: decoding it, making it safe to show, and formatting numbers for people.

pub mod encoding;
pub mod humanize;
pub mod sanitize;
