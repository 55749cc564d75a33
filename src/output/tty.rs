//! The controlling terminal: where a person is asked, wherever the standard streams lead. Nothing else reads or writes
//! there.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{PAUSE, Tty, is_in_foreground};
#[cfg(windows)]
pub use windows::{PAUSE, Tty};
