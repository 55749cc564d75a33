//! Counts instructions, which do not depend on how busy the machine is. It uses no other module, because the benchmarks
//! include it, too.

use std::ffi::OsStr;
use std::process::{Command, Output};

/// How many instructions `command` takes outside of the kernel, with all of its threads. Its environment has only the
/// variables that are set for it, and its standard input is empty.
///
/// # Errors
/// A message: valgrind is missing, or the program did not do what is measured. That is, it did not end with `code`, or
/// `is_right` rejects its output.
pub fn instructions(command: &Command, code: i32, is_right: impl FnOnce(&Output) -> bool) -> Result<u64, String> {
    let directory = tempfile::tempdir().map_err(|error| format!("cannot create a directory for callgrind: {error}"))?;
    let [counts, log] = ["counts", "log"].map(|name| directory.path().join(name));
    let option = |name: &str, path: &std::path::Path| format!("--{name}={}", path.display());
    let options = [
        // Ignore a .valgrindrc.
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
        return Err(format!("{words:?} did not do what is measured: {status}\n{}", said.join("\n")));
    }
    let counts = std::fs::read_to_string(counts).map_err(|error| format!("callgrind wrote no counts: {error}"))?;
    let total = counts.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
    total.ok_or_else(|| "callgrind's counts have no total".to_owned())
}

/// `command` run by a tool, which takes it after its own arguments. Its environment has only the variables that are set
/// for it, but the tool is searched on the PATH of this process.
///
/// # Errors
/// The tool is not installed.
pub fn under(
    tool: &str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    command: &Command,
) -> Result<Command, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(tool)).find(|file| file.is_file());
    let found = found.ok_or_else(|| format!("{tool} is not installed; on Debian, install the package {tool}"))?;
    let mut under = Command::new(found);
    under.args(arguments).arg(command.get_program()).args(command.get_args()).env_clear();
    under.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(directory) = command.get_current_dir() {
        under.current_dir(directory);
    }
    Ok(under)
}
