//! Text: what comes from outside made safe to show, durations and counts as people read them, bytes as text.

pub mod encoding;
pub mod humanize;
pub mod sanitize;
