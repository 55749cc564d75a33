//! The cost of a command: wall time, processor time, instructions and memory.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Error, Result, bail, ensure};

use crate::support::callgrind;

/// Where to look for programs. nginx is in a directory that may be missing from the caller's PATH.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// The path of a program. Start it by this path: std starts a program more slowly if it has to look for it.
///
/// # Errors
/// The program is missing.
pub fn find(program: &str, package: &str) -> Result<PathBuf> {
    let found = PATH.split(':').map(|directory| Path::new(directory).join(program)).find(|file| file.is_file());
    found.with_context(|| format!("{program} is missing: install Debian's package {package}"))
}

/// A command with no environment but a PATH.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", PATH);
    command
}

/// A command, and the output by which it shows that it succeeded.
#[derive(Debug, Clone)]
pub struct Job {
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    /// The number of lines of the output that contain a text.
    shows: (usize, &'static str),
}

/// The cost of one run.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Wall time, in seconds.
    pub wall: f64,
    /// Processor time, in user and in kernel mode, in seconds.
    pub cpu: f64,
    /// Peak resident memory, in MB (10⁶ bytes).
    pub peak: f64,
}

impl Job {
    /// A command with its arguments, and the number of lines of its output that must contain a text.
    pub fn new(program: impl Into<PathBuf>, arguments: &[&str], shows: (usize, &'static str)) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { program: program.into(), arguments, variables: Vec::new(), shows }
    }

    /// Adds a variable to its environment.
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn command(&self, home: &Path) -> Command {
        let mut command = command(&self.program);
        command.args(&self.arguments).current_dir(home).env("HOME", home);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The wall time of a run, in seconds.
    ///
    /// # Errors
    /// The run fails, or its output is wrong.
    pub fn wall(&self, home: &Path) -> Result<f64> {
        self.run(self.command(home), home)
    }

    /// The cost of a run, by GNU time. This adds a millisecond to the wall time, so use it for longer runs. GNU time must
    /// start the command because it is small: the peak memory of a process includes that of its parent at the fork.
    ///
    /// # Errors
    /// The run fails, or its output is wrong.
    pub fn cost(&self, home: &Path) -> Result<Cost> {
        let report = home.join("time");
        let options = ["--format=%e %U %S %M".into(), format!("--output={}", report.display())];
        self.run(callgrind::under("time", options, &self.command(home)).map_err(Error::msg)?, home)?;
        let text = std::fs::read_to_string(&report)?;
        let numbers: Vec<f64> = text.split_whitespace().map_while(|number| number.parse().ok()).collect();
        let [wall, user, system, kib] = numbers[..] else { bail!("GNU time reports {text:?}") };
        // It truncates both to 10 ms; on average, each loses half of that.
        Ok(Cost { wall, cpu: user + system + 0.01, peak: kib * 1024.0 / 1e6 })
    }

    /// The instructions of a run, in millions.
    ///
    /// # Errors
    /// The run fails, or its output is wrong.
    pub fn instructions(&self, home: &Path) -> Result<f64> {
        let is_right = |output: &Output| self.shown(&output.stdout[..]).is_ok_and(|shown| shown == self.shows.0);
        let count = callgrind::instructions(&self.command(home), 0, is_right).map_err(Error::msg)?;
        Ok(count as f64 / 1e6)
    }

    fn run(&self, mut command: Command, home: &Path) -> Result<f64> {
        let out = home.join("out");
        command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(home.join("err"))?);
        let started = Instant::now();
        let status = command.status().with_context(|| format!("{command:?}"))?;
        let wall = started.elapsed().as_secs_f64();
        let said = || std::fs::read_to_string(home.join("err")).unwrap_or_default();
        ensure!(status.success(), "{command:?} ended with {status}: {}", said());
        let shown = self.shown(File::open(&out)?)?;
        ensure!(shown == self.shows.0, "{command:?} shows {:?} {shown} times, not {}", self.shows.1, self.shows.0);
        Ok(wall)
    }

    /// The number of lines that contain the text.
    fn shown(&self, out: impl Read) -> Result<usize> {
        let mut shown = 0;
        for line in BufReader::new(out).lines() {
            shown += usize::from(line?.contains(self.shows.1));
        }
        Ok(shown)
    }
}

/// Measures two jobs in turns, after one run of each that does not count.
///
/// # Errors
/// One of them fails.
pub fn by_turns<T>(
    runs: usize,
    mut ours: impl FnMut() -> Result<T>,
    mut theirs: impl FnMut() -> Result<T>,
) -> Result<(Vec<T>, Vec<T>)> {
    ours()?;
    theirs()?;
    let (mut of_ours, mut of_theirs) = (Vec::with_capacity(runs), Vec::with_capacity(runs));
    for _ in 0..runs {
        of_ours.push(ours()?);
        of_theirs.push(theirs()?);
    }
    Ok((of_ours, of_theirs))
}

/// The median.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
}
