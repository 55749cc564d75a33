//! IDs alone, a line each.

use super::listed::Listed;
use crate::output::record::Record;

/// The ID if it is done; nothing otherwise.
pub fn record(record: &Record) -> Vec<u8> {
    if record.status.has_succeeded() { format!("{}\n", record.id).into_bytes() } else { Vec::new() }
}

pub fn list(items: &[impl Listed]) -> Vec<u8> {
    items.iter().map(|item| format!("{}\n", item.id())).collect::<String>().into_bytes()
}
