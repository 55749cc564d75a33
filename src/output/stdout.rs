//! Standard output itself.

use std::fs::File;
#[cfg(windows)]
use std::io::Seek as _;
use std::io::{self, IsTerminal as _, Write};
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

/// Prints `bytes`, for commands that print once and exit. A closed pipe is not a failure: the reader has seen enough.
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

/// The same without blocking other tasks: Ctrl-C must work even if the reader stalls.
pub async fn print_patiently(bytes: Vec<u8>) -> anyhow::Result<Exit> {
    let printed = tokio::task::spawn_blocking(move || print(&bytes)).await;
    printed.unwrap_or_else(|_| Err(Error::failure("writing to standard output failed unexpectedly").into()))
}

/// Whether standard output is a pipe or a socket.
pub fn is_pipe() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = file().and_then(|stdout| stdout.metadata()).map(|metadata| metadata.file_type());
        kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
    }
    // The terminal of Git Bash is a pipe, too.
    #[cfg(windows)]
    return !io::stdout().is_terminal() && file().and_then(winapi_util::file::typ).is_ok_and(|kind| kind.is_pipe());
}

/// Whether standard output is this file.
pub fn is(path: &Path) -> bool {
    // Opening a named pipe would block.
    path.is_file()
        && same_file::Handle::stdout()
            .is_ok_and(|own| same_file::Handle::from_path(path).is_ok_and(|other| own == other))
}

/// Whether standard output appends to a file, as with `>>`.
pub fn appends() -> bool {
    #[cfg(unix)]
    return rustix::fs::fcntl_getfl(io::stdout()).is_ok_and(|flags| flags.contains(rustix::fs::OFlags::APPEND));
    // Windows does not say how a file was opened. For `>>`, cmd starts at its end.
    #[cfg(windows)]
    return file().and_then(|mut stdout| Ok(stdout.stream_position()? == stdout.metadata()?.len())).unwrap_or(false);
}

/// Whether a reader may decode the output with a code page that lacks some characters: PowerShell does that if it
/// redirects, captures or pipes the output of a program.
pub fn is_recoded() -> bool {
    cfg!(windows) && !io::stdout().is_terminal()
}

/// Without the buffer of std, which loses track of how much was written when a write fails.
#[cfg(unix)]
fn raw() -> io::Result<File> {
    file()
}

/// A console decodes bytes with its code page; there, std does the writing, in UTF-16. If there is no standard output,
/// std discards what is written.
#[cfg(windows)]
fn raw() -> io::Result<Box<dyn Write + Send>> {
    let stdout = file()?;
    let kind = winapi_util::file::typ(&stdout);
    Ok(if kind.is_ok_and(|kind| kind.is_disk() || kind.is_pipe()) { Box::new(stdout) } else { Box::new(io::stdout()) })
}

fn file() -> io::Result<File> {
    #[cfg(unix)]
    use std::os::fd::AsFd as _;
    #[cfg(windows)]
    use std::os::windows::io::AsHandle as _;

    #[cfg(unix)]
    return Ok(io::stdout().as_fd().try_clone_to_owned()?.into());
    #[cfg(windows)]
    return Ok(io::stdout().as_handle().try_clone_to_owned()?.into());
}

/// Waits if there is no room at the moment. Some programs, such as Node.js, pass on a pipe that is non-blocking.
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
