//! What users and scripts see. Results go to standard output through [`sink::Sink`], everything else to standard
//! error through [`console::Console`]; a person is asked at the controlling terminal, [`tty::Tty`].

pub mod console;
pub mod json;
pub mod progress;
pub mod record;
pub mod sink;
pub mod stdout;
pub mod style;
pub mod table;
pub mod terminal;
pub mod tty;

use std::str::FromStr;

/// How results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people; tab-separated where standard output is not a terminal
    #[default]
    Text,
    /// One document, at the end
    Json,
    /// A JSON record per line, each the moment it is known
    Ndjson,
    /// IDs alone: those that succeeded
    Id,
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        clap::ValueEnum::from_str(name, false).map_err(|_| "is not a format; one of: text, json, ndjson, id")
    }
}
