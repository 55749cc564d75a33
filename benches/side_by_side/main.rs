//! Measures intunectl and curl in turns, against the same server on loopback. Prints a table of medians and ratios, and
//! fails if a limit is missed: `cargo bench --bench side_by_side`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints a table and its progress")]
#![allow(clippy::indexing_slicing, reason = "a benchmark may panic")]

mod measure;
mod nginx;
mod parts;
mod server;
mod table;
#[path = "../../tests/it/support"]
mod support {
    pub mod callgrind;
    pub mod shipped;
    pub mod tls;
}

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Instant, SystemTime};

use anyhow::{Context as _, Error, Result, ensure};
use clap::Parser;
use clap::builder::PossibleValuesParser;

use measure::{command, find};
use parts::{Bench, PARTS};
use support::shipped;
use table::{Row, Table};

/// The fewest runs of a median that may be saved.
const RUNS: usize = 20;
const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// Measures intunectl and curl in turns.
#[derive(Parser)]
struct Options {
    /// The number of runs of each.
    #[arg(long, default_value_t = RUNS, value_parser = at_least_one)]
    runs: usize,
    /// Measures only this part (repeatable).
    #[arg(long, value_name = "PART", value_parser = PossibleValuesParser::new(PARTS.map(|(name, _)| name)))]
    only: Vec<String>,
    /// Measures this binary; by default, one is built from scratch, and the build is measured too.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Puts the table into docs/performance.md.
    #[arg(long)]
    save: bool,
    /// `cargo bench` passes this.
    #[arg(long, hide = true)]
    bench: bool,
}

fn at_least_one(text: &str) -> std::result::Result<usize, String> {
    text.parse().ok().filter(|runs| *runs > 0).ok_or_else(|| "must be a number, at least 1".to_owned())
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    if !options.bench {
        // `cargo test --all-targets` runs every benchmark to check that it starts.
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(
        !options.save || options.runs >= RUNS && options.only.is_empty() && options.binary.is_none(),
        "only a whole run can be saved: no --only, no --binary, and at least {RUNS} --runs"
    );
    let curl = find("curl", "curl")?;
    for (program, package) in
        [("nginx", "nginx-light"), ("setpriv", "util-linux"), ("time", "time"), ("valgrind", "valgrind")]
    {
        find(program, package)?;
    }
    // The same directory for all runs: an interrupted run leaves it behind.
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("side_by_side");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    std::fs::create_dir_all(&home)?;
    let mut bench = Bench::new(options.runs, &home, &curl)?;
    let about = about(&bench, &curl, options.runs)?;
    let mut table = Table::default();
    bench.binary = match &options.binary {
        Some(binary) => binary.canonicalize().with_context(|| binary.display().to_string())?,
        None => build(&home, &mut table)?,
    };
    let size = std::fs::metadata(&bench.binary)?.len() as f64 / 1e6;
    let row = Row::alone("stripped release binary", format!("{size:.2} MB"));
    table.push(row.bar("at most 6 MB", size <= 6.0));
    let is_asked_for = |name: &str| options.only.is_empty() || options.only.iter().any(|only| only == name);
    let mut parts = PARTS.into_iter().filter(|(name, _)| is_asked_for(name));
    let measured = parts.try_for_each(|(_, part)| part(&bench, &mut table));
    let report = table.markdown(&about);
    println!("{report}");
    std::fs::remove_dir_all(&home)?;
    measured?;
    if options.save {
        table::save(&report)?;
    }
    Ok(if table.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the binary from scratch, after fetching the dependencies.
fn build(home: &Path, table: &mut Table) -> Result<PathBuf> {
    let fetched = Command::new(env!("CARGO")).args(["fetch", "--locked"]).current_dir(PACKAGE).status()?;
    ensure!(fetched.success(), "cannot fetch the dependencies");
    let started = Instant::now();
    let binary = shipped::build(&home.join("target")).map_err(Error::msg)?;
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    let row = Row::alone("`cargo build --release` from nothing, 2 jobs", format!("{minutes:.1} min"));
    table.push(row.bar("at most 3 min", minutes <= 3.0));
    Ok(binary)
}

/// The time, the machine and the versions of a run.
fn about(bench: &Bench, curl: &Path, runs: usize) -> Result<String> {
    let first_line = |text: Vec<u8>| String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned();
    let told = |program: &str, argument: &str| {
        let output = Command::new(program).args(argument.split(' ')).current_dir(PACKAGE).output();
        let output = output.ok().filter(|output| output.status.success());
        output.map_or_else(|| format!("{program} unknown"), |output| first_line(output.stdout))
    };
    let curl = first_line(command(curl).arg("--version").output()?.stdout);
    // nginx prints its version to standard error.
    let nginx = first_line(command("nginx").arg("-v").output()?.stderr);
    let machine = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let value = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
        value.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    Ok(format!(
        "{}, commit {}. {} cores ({}), memory {}; {}; {}; {}; {} roots in the system's file. Medians of {runs}.",
        humantime::format_rfc3339_seconds(SystemTime::now()),
        told("git", "describe --always --dirty"),
        std::thread::available_parallelism()?,
        machine("/proc/cpuinfo", "model name"),
        machine("/proc/meminfo", "MemTotal"),
        told("rustc", "--version"),
        curl.split(" (").next().unwrap_or_default(),
        nginx,
        bench.system_roots(),
    ))
}
