//! The controlling terminal, where the prompt is shown even if the standard streams are redirected. Only the prompt
//! uses it.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{PAUSE, Tty, is_in_foreground};
#[cfg(windows)]
pub use windows::{PAUSE, Tty};
