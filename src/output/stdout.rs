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

/// The same, without holding up whatever else is under way: a reader may stall, and Ctrl-C is then to be heard.
pub async fn print_patiently(bytes: Vec<u8>) -> anyhow::Result<Exit> {
    let printed = tokio::task::spawn_blocking(move || print(&bytes)).await;
    printed.unwrap_or_else(|_| Err(Error::failure("the output broke off").into()))
}

/// Whether somebody reads standard output from a pipe or a socket.
pub fn is_pipe() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = file().and_then(|stdout| stdout.metadata()).map(|metadata| metadata.file_type());
        kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
    }
    // Git Bash's terminal is a pipe, too.
    #[cfg(windows)]
    return !io::stdout().is_terminal() && file().and_then(winapi_util::file::typ).is_ok_and(|kind| kind.is_pipe());
}

/// Whether standard output is this file.
pub fn is(path: &Path) -> bool {
    // A pipe that has a path would be waited for.
    path.is_file()
        && same_file::Handle::stdout()
            .is_ok_and(|own| same_file::Handle::from_path(path).is_ok_and(|other| own == other))
}

/// Whether what is written goes behind what is there, as `>>` has it.
pub fn appends() -> bool {
    #[cfg(unix)]
    return rustix::fs::fcntl_getfl(io::stdout()).is_ok_and(|flags| flags.contains(rustix::fs::OFlags::APPEND));
    // Windows does not tell how a file was opened. For `>>`, cmd starts at its end.
    #[cfg(windows)]
    return file().and_then(|mut stdout| Ok(stdout.stream_position()? == stdout.metadata()?.len())).unwrap_or(false);
}

/// Whether others may decode what is written with a code page that lacks some of its characters, as PowerShell does with
/// the output of a program that it redirects, captures or passes on.
pub fn is_recoded() -> bool {
    cfg!(windows) && !io::stdout().is_terminal()
}

/// Without the buffer that std has around it, which forgets how far it came when a write fails.
#[cfg(unix)]
fn raw() -> io::Result<File> {
    file()
}

/// A console takes what std writes there, which is UTF-16, and decodes what is written to its file with its code page.
/// Without any standard output std writes to nowhere.
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
