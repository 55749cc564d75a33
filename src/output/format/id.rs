//! Only IDs, one per line.

use super::listed::Listed;
use crate::output::record::Record;

/// The ID, if it succeeded.
pub fn record(record: &Record) -> Option<Vec<u8>> {
    record.status.has_succeeded().then(|| format!("{}\n", record.id).into_bytes())
}

pub fn list(items: &[impl Listed]) -> Vec<u8> {
    items.iter().map(|item| format!("{}\n", item.id())).collect::<String>().into_bytes()
}
