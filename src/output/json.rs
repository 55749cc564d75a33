//! JSON for commands that print one thing and end. A token that was typed where a name belongs is not shown.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::SystemTime;

use serde::Serialize;

use crate::text::sanitize::{escape_json, without_tokens};

/// Writes one document, indented.
///
/// # Errors
/// Those of `out`.
pub fn document(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{}", without_tokens(&escape_json(&serde_json::to_string_pretty(value)?)))
}

/// Writes one line.
///
/// # Errors
/// Those of `out`.
pub fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{}", without_tokens(&escape_json(&serde_json::to_string(value)?)))
}

/// A time in RFC 3339; `None` beyond the year 9999, which that cannot write.
pub fn time(time: SystemTime) -> Option<String> {
    let mut text = String::new();
    write!(text, "{}", humantime::format_rfc3339_seconds(time)).ok().map(|()| text)
}
