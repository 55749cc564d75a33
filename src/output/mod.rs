//! What users and scripts see. Results go to standard output through [`sink::Sink`], everything else to standard
//! error through [`console::Console`]; a person is asked at the controlling terminal, [`tty::Tty`].

pub mod console;
pub mod json;
pub mod progress;
pub mod record;
pub mod sink;
pub mod stdout;
pub mod table;
pub mod terminal;
pub mod tty;

use std::str::FromStr;

/// How results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people; tab-separated off a terminal.
    #[default]
    Text,
    /// One document at the end.
    Json,
    /// A record per line.
    Ndjson,
    /// The IDs alone.
    Id,
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            "ndjson" => Ok(Self::Ndjson),
            "id" => Ok(Self::Id),
            _ => Err("is not a format; one of: text, json, ndjson, id"),
        }
    }
}
