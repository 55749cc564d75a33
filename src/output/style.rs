//! Colours and styles, and whether a stream gets them.

#[cfg(unix)]
pub use std::os::fd::AsFd as Handle;
#[cfg(windows)]
pub use std::os::windows::io::AsHandle as Handle;

use anstream::stream::RawStream;
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
    pub fn on(self, stream: &(impl RawStream + Handle)) -> bool {
        let is_wanted = match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
        };
        is_wanted && (!stream.is_terminal() || understands_sequences(stream))
    }
}

/// Whether a terminal acts on escape sequences.
#[cfg(unix)]
pub fn understands_sequences(_terminal: &impl Handle) -> bool {
    true
}

/// Whether a terminal acts on escape sequences. On a console, each stream must enable that; before Windows 10 it
/// cannot. Source: Microsoft, "Console Virtual Terminal Sequences". A terminal that is not a console (Git Bash) always
/// does.
#[cfg(windows)]
pub fn understands_sequences(terminal: &impl Handle) -> bool {
    const ENABLE_VIRTUAL_TERMINAL_PROCESSING: u32 = 0x4;
    let Ok(terminal) = terminal.as_handle().try_clone_to_owned().map(std::fs::File::from) else { return false };
    winapi_util::console::mode(&terminal).map_or(true, |mode| {
        winapi_util::console::set_mode(&terminal, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING).is_ok()
    })
}

pub const RED: Style = AnsiColor::Red.on_default().bold();
/// For states that are neither good nor bad. Yellow would be unreadable on white.
pub const MAGENTA: Style = AnsiColor::Magenta.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();

/// Text in this style if `color`, else plain.
pub fn painted(text: &str, style: Style, color: bool) -> String {
    if color && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
