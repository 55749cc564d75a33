//! Colours and styles, and whether a stream gets them.

use anstyle::{AnsiColor, Style};

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether a stream gets colour.
    pub fn on(self, stream: &impl anstream::stream::RawStream) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
        }
    }
}

/// Bold red.
pub const RED: Style = AnsiColor::Red.on_default().bold();
/// Magenta, for what is neither good nor bad. (Yellow cannot be read on white.)
pub const MAGENTA: Style = AnsiColor::Magenta.on_default();
/// Bold yellow.
pub const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
/// Green.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// Bold.
pub const BOLD: Style = Style::new().bold();
/// Dim.
pub const DIM: Style = Style::new().dimmed();

/// Text in this style, if it is to be coloured.
pub fn painted(text: &str, style: Style, color: bool) -> String {
    if color && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
