//! What users and scripts see. Results go to standard output through [`sink::Sink`], everything else to standard
//! error through [`console::Console`].

pub mod console;
pub mod record;
pub mod sink;
pub mod stdout;
pub mod table;

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
