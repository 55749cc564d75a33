//! How results are written: one module per format. A new format is a module, a variant of [`Format`], and a line in
//! each of its methods.

pub mod csv;
pub mod id;
pub mod json;
mod listed;
pub mod ndjson;
pub mod text;

use std::io::{self, Write};
use std::str::FromStr;

use clap::ValueEnum as _;
use serde::Serialize;

use super::record::{Details, Record, Summary};
use super::terminal::TextStyle;
pub use listed::{Listed, Tokens};
use text::RecordStyle;

/// How results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Table for people; tab-separated if standard output is not a terminal
    #[default]
    Text,
    /// One document, at the end
    Json,
    /// One JSON record per line, as soon as it is known
    Ndjson,
    /// A header and one row per partner, for spreadsheets
    Csv,
    /// Only IDs, one per line: those that succeeded (list and show: all)
    Id,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        clap::ValueEnum::from_str(name, false).map_err(|_| {
            let values = Self::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
            let names: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
            format!("is not an output format; use one of: {}", names.join(", "))
        })
    }
}

/// What a format does with a record as soon as it is known.
pub enum RecordOutput {
    /// Writes it now. The line end is included.
    Line(Vec<u8>),
    /// Writes all records at the end.
    AtTheEnd,
    Hidden,
}

impl Format {
    /// The line before the records of a run that have these details. It is written even if there are no records.
    pub fn heading(self, details: Option<&Details>) -> io::Result<Vec<u8>> {
        match self {
            Self::Csv => csv::record_heading(details),
            Self::Text | Self::Json | Self::Ndjson | Self::Id => Ok(Vec::new()),
        }
    }

    pub fn record(self, record: &Record, style: RecordStyle) -> io::Result<RecordOutput> {
        match self {
            Self::Text => Ok(RecordOutput::Line(text::record(record, style).into_bytes())),
            Self::Json => Ok(RecordOutput::AtTheEnd),
            Self::Ndjson => ndjson::record(record).map(RecordOutput::Line),
            Self::Csv => csv::record(record).map(RecordOutput::Line),
            Self::Id => Ok(id::record(record).map_or(RecordOutput::Hidden, RecordOutput::Line)),
        }
    }

    /// Writes, at the end, all records that are [`RecordOutput::AtTheEnd`], in input order.
    pub fn records(self, out: impl Write, summary: &Summary, records: &[Record]) -> io::Result<()> {
        match self {
            Self::Json => json::records(out, summary, records),
            Self::Text | Self::Ndjson | Self::Csv | Self::Id => Ok(()),
        }
    }

    pub fn list<T: Listed>(self, items: &[T], style: TextStyle) -> io::Result<Vec<u8>> {
        match self {
            Self::Text => Ok(T::table(items, style).into_bytes()),
            Self::Json => json::list(items),
            Self::Ndjson => ndjson::list(items),
            Self::Csv => csv::list(items),
            Self::Id => Ok(id::list(items)),
        }
    }

    /// One item without an ID, such as a status. `text` is its text for people.
    pub fn report(self, report: &impl Serialize, text: impl FnOnce() -> String) -> io::Result<Vec<u8>> {
        match self {
            Self::Text | Self::Id => Ok(text().into_bytes()),
            Self::Json => json::report(report),
            Self::Ndjson => ndjson::report(report),
            Self::Csv => csv::report(report),
        }
    }
}
