//! `>`, `>>` and `|` without a shell.

use std::fs::File;
use std::io::{BufReader, PipeReader, Seek as _, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};

use super::Seen;
use super::running::Running;

/// Opens a file as for `>>`. On Windows, a shell only starts at the end of the file.
pub fn append(path: &Path) -> File {
    let mut file = File::options().append(cfg!(unix)).write(true).create(true).truncate(false).open(path).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file
}

/// Runs a command with this standard input, and with its standard output in a file.
pub fn run_into(command: &mut Command, stdin: impl Into<Vec<u8>>, file: File) -> Seen {
    let running = Running::with_input_into(command, stdin, file);
    let_go(command);
    running.end()
}

/// Runs `first | second`.
pub fn run_piped(first: &mut Command, second: &mut Command) -> [Seen; 2] {
    let (reader, writer) = std::io::pipe().unwrap();
    let first_running = Running::with(first.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()));
    let second_running = Running::with(second.stdin(reader).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let_go(first);
    let_go(second);
    [first_running, second_running].map(Running::end)
}

/// Starts a command whose standard output the test reads itself.
pub fn start_read(command: &mut Command) -> (Running, BufReader<PipeReader>) {
    let (reader, writer) = std::io::pipe().unwrap();
    let running = Running::with(command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()));
    let_go(command);
    (running, BufReader::new(reader))
}

/// Closes a pipe that `start_read` returned, in every process but the one that writes to it. A process that another
/// test is starting has it open until it runs its program, and until then a write succeeds.
pub fn close(reader: BufReader<PipeReader>) {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd as _;

        let pipe = std::fs::read_link(format!("/proc/self/fd/{}", reader.get_ref().as_raw_fd())).unwrap();
        drop(reader);
        let is_open = |directory: std::fs::DirEntry| {
            let files = std::fs::read_dir(directory.path().join("fd")).into_iter().flatten().flatten();
            files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|file| file == pipe)
        };
        let holders = || std::fs::read_dir("/proc").unwrap().flatten().map(is_open).filter(|is_open| *is_open).count();
        super::machine::until(|| (holders() <= 1).then_some(()), || "the pipe is still open".to_owned());
    }
    #[cfg(not(target_os = "linux"))]
    drop(reader);
}

/// Closes the streams that a `Command` keeps open.
fn let_go(command: &mut Command) {
    command.stdin(Stdio::null()).stdout(Stdio::null());
}
