//! The controlling terminal, where the prompt is shown whatever the standard streams are. Only the prompt uses it.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{PAUSE, Tty, is_in_foreground};
#[cfg(windows)]
pub use windows::{PAUSE, Tty};
