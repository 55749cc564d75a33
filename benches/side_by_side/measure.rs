//! What a command costs: time on the wall, time of the processor, memory.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Error, Result, bail, ensure};

use crate::support::callgrind;

/// Where the programs are, nginx among them, whatever else the caller has.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Where a program is. It is to be started by that: std takes a slower way to start one that has to be looked for.
///
/// # Errors
/// In words: it is not there.
pub fn find(program: &str, package: &str) -> Result<PathBuf> {
    let found = PATH.split(':').map(|directory| Path::new(directory).join(program)).find(|file| file.is_file());
    found.with_context(|| format!("{program} is missing: install Debian's package {package}"))
}

/// A command in an environment of its own.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", PATH);
    command
}

/// A command, and how it shows that it did what it should.
#[derive(Debug, Clone)]
pub struct Job {
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    /// How many lines of its output hold which text.
    shows: (usize, &'static str),
}

/// What one run cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From the start to the end, in seconds.
    pub wall: f64,
    /// Of the processor, in user and in kernel mode, in seconds.
    pub cpu: f64,
    /// The most memory that was resident, in MB (10⁶ bytes).
    pub peak: f64,
}

impl Job {
    /// A command with its arguments, of whose output so many lines are to hold a text.
    pub fn new(program: impl Into<PathBuf>, arguments: &[&str], shows: (usize, &'static str)) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { program: program.into(), arguments, variables: Vec::new(), shows }
    }

    /// With a variable in its environment, which holds little else.
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

    /// How long a run takes, in seconds.
    ///
    /// # Errors
    /// It does not do what it should.
    pub fn wall(&self, home: &Path) -> Result<f64> {
        self.run(self.command(home), home)
    }

    /// What a run costs, by GNU time. That adds a millisecond to the time on the wall, so this is for longer runs. It
    /// stands in between because it is small: the memory of a process is counted from when it was a copy of its parent.
    ///
    /// # Errors
    /// It does not do what it should.
    pub fn cost(&self, home: &Path) -> Result<Cost> {
        let report = home.join("time");
        let options = ["--format=%e %U %S %M".into(), format!("--output={}", report.display())];
        self.run(callgrind::under("time", options, &self.command(home)).map_err(Error::msg)?, home)?;
        let text = std::fs::read_to_string(&report)?;
        let numbers: Vec<f64> = text.split_whitespace().map_while(|number| number.parse().ok()).collect();
        let [wall, user, system, kib] = numbers[..] else { bail!("GNU time reports {text:?}") };
        // It cuts both to 10 ms: half of that is what each has lost on average.
        Ok(Cost { wall, cpu: user + system + 0.01, peak: kib * 1024.0 / 1e6 })
    }

    /// How many instructions a run takes, in millions.
    ///
    /// # Errors
    /// It does not do what it should.
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

    /// How many lines hold the text that is to be shown.
    fn shown(&self, out: impl Read) -> Result<usize> {
        let mut shown = 0;
        for line in BufReader::new(out).lines() {
            shown += usize::from(line?.contains(self.shows.1));
        }
        Ok(shown)
    }
}

/// Measures two by turns, so many times each, after one run of each that does not count.
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

/// The one in the middle.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
}
