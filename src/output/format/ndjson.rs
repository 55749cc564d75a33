//! JSON, one line per item.

use std::io;

use serde::Serialize;

use super::json;
use super::listed::{Listed, Tokens};
use crate::output::record::Record;

pub fn record(record: &Record) -> io::Result<Vec<u8>> {
    let mut line = Vec::with_capacity(400);
    json::compact(&mut line, record, Tokens::Kept)?;
    Ok(line)
}

pub fn list<T: Listed>(items: &[T]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    items.iter().try_for_each(|item| json::compact(&mut lines, item, T::TOKENS))?;
    Ok(lines)
}

pub fn report(report: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    json::compact(&mut line, report, Tokens::Redacted)?;
    Ok(line)
}
