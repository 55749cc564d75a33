//! Standard output for commands that print one thing and end.

use std::io::{self, Write as _};

use anyhow::Context as _;

use crate::exit::Exit;

/// Prints `bytes`. A reader that has seen enough is no failure.
///
/// # Errors
/// They cannot be written.
pub fn print(bytes: &[u8]) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(Exit::Success),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Success),
        Err(error) => Err(error).context("cannot write to standard output"),
    }
}
