//! Instructions as a measure: they are the same on a machine that is busy. It stands alone, for whoever measures.

use std::ffi::OsStr;
use std::process::{Command, Output};

/// How many instructions `command` takes, outside of the kernel and with all of its threads. Its environment is what is
/// set for it and nothing else, and its standard input is empty.
///
/// # Errors
/// In words: there is no valgrind, or the program did not do what it is measured for. That is, it did not end with
/// `code`, or `is_right` does not approve of what it printed.
pub fn instructions(command: &Command, code: i32, is_right: impl FnOnce(&Output) -> bool) -> Result<u64, String> {
    let directory =
        tempfile::tempdir().map_err(|error| format!("there is no place for what callgrind finds: {error}"))?;
    let [counts, log] = ["counts", "log"].map(|name| directory.path().join(name));
    let option = |name: &str, path: &std::path::Path| format!("--{name}={}", path.display());
    let options = [
        // Whatever a .valgrindrc says.
        "--command-line-only=yes".to_owned(),
        "--tool=callgrind".to_owned(),
        option("callgrind-out-file", &counts),
        option("log-file", &log),
    ];
    let output = under("valgrind", options, command)?.output().map_err(|error| format!("valgrind: {error}"))?;
    if output.status.code() != Some(code) || !is_right(&output) {
        let log = std::fs::read(log).unwrap_or_default();
        let said = [output.stdout, output.stderr, log].map(|text| String::from_utf8_lossy(&text).into_owned());
        let (status, words) = (output.status, command.get_args().collect::<Vec<_>>());
        return Err(format!("{words:?} did not do what it is measured for: {status}\n{}", said.join("\n")));
    }
    let counts = std::fs::read_to_string(counts).map_err(|error| format!("callgrind left no counts: {error}"))?;
    let total = counts.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
    total.ok_or_else(|| "callgrind's counts have no total".to_owned())
}

/// `command` under a tool that takes it behind its own arguments. Its environment is what is set for it, but the tool is
/// looked for on the PATH of this process.
///
/// # Errors
/// The tool is not there.
pub fn under(
    tool: &str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    command: &Command,
) -> Result<Command, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(tool)).find(|file| file.is_file());
    let found = found.ok_or_else(|| format!("{tool} is not installed; Debian's package is of that name"))?;
    let mut under = Command::new(found);
    under.args(arguments).arg(command.get_program()).args(command.get_args()).env_clear();
    under.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(directory) = command.get_current_dir() {
        under.current_dir(directory);
    }
    Ok(under)
}
