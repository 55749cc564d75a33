//! Standard output itself.

use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::error::Error;
use crate::exit::Exit;
use crate::text::humanize::without_errno;

/// Opens standard output.
pub fn open() -> io::Result<impl Write> {
    Ok(Patient(raw()?))
}

/// Prints `bytes`, for commands that print one thing and end. A reader that has seen enough is no failure.
pub fn print(bytes: &[u8]) -> anyhow::Result<Exit> {
    let failed =
        |error: &io::Error| Error::failure(format!("cannot write to standard output: {}", without_errno(error)));
    let mut out = open().map_err(|error| failed(&error))?;
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(Exit::Success),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Success),
        Err(error) => Err(failed(&error).into()),
    }
}

/// Whether somebody reads standard output from a pipe or a socket.
#[cfg(unix)]
pub fn is_pipe() -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = raw().and_then(|stdout| stdout.metadata()).map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

/// Whether somebody reads standard output from a pipe. Here that is not known, where it is no terminal.
#[cfg(not(unix))]
pub fn is_pipe() -> bool {
    !io::IsTerminal::is_terminal(&io::stdout())
}

/// Whether standard output is this file.
#[cfg(unix)]
pub fn is(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let own = raw().and_then(|stdout| stdout.metadata());
    own.and_then(|own| {
        path.metadata().map(|other| own.is_file() && (own.dev(), own.ino()) == (other.dev(), other.ino()))
    })
    .unwrap_or(false)
}

/// Whether what is written goes behind what is there, as `>>` has it.
#[cfg(unix)]
pub fn appends() -> bool {
    rustix::fs::fcntl_getfl(io::stdout()).is_ok_and(|flags| flags.contains(rustix::fs::OFlags::APPEND))
}

/// Whether standard output is this file. Here that is not known.
#[cfg(not(unix))]
pub fn is(_path: &Path) -> bool {
    false
}

/// Whether what is written goes behind what is there, as `>>` has it. Here that is not known.
#[cfg(not(unix))]
pub fn appends() -> bool {
    true
}

/// The same, without holding up whatever else is under way: a reader may stall, and Ctrl-C is then to be heard.
pub async fn print_patiently(bytes: Vec<u8>) -> anyhow::Result<Exit> {
    let printed = tokio::task::spawn_blocking(move || print(&bytes)).await;
    printed.unwrap_or_else(|_| Err(Error::failure("the output broke off").into()))
}

/// Without the buffer that std has around it, which forgets how far it came when a write fails.
#[cfg(unix)]
fn raw() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd as _;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn raw() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}

/// Waits where there is no room at the moment. Some programs (Node.js among them) leave the pipe that they hand over
/// non-blocking.
pub struct Patient<W>(pub W);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(5)),
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
