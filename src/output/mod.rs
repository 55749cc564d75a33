//! What users and scripts see. Results go to standard output through [`sink::Sink`], everything else to standard error
//! through [`console::Console`]. Prompts use the controlling terminal, [`tty::Tty`].

pub mod console;
pub mod format;
pub mod partners;
pub mod progress;
pub mod record;
pub mod sink;
pub mod stdout;
pub mod style;
pub mod table;
pub mod terminal;
pub mod trace;
pub mod tty;

pub use format::Format;
