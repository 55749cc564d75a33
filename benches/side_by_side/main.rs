//! intunectl and curl side by side: by turns, in one run, against the same server on loopback. Prints a table of medians
//! and ratios, and fails where a bar is missed: `cargo bench --bench side_by_side`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table and the progress are all that it is for")]
#![allow(clippy::indexing_slicing, reason = "a benchmark may break off")]

mod measure;
mod nginx;
mod parts;
mod server;
mod table;
#[path = "../../tests/support"]
mod support {
    pub mod callgrind;
    pub mod tls;
}

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Instant, SystemTime};

use anyhow::{Result, ensure};
use clap::Parser;
use clap::builder::PossibleValuesParser;
use tempfile::TempDir;

use parts::{Bench, PARTS};
use table::{Row, Table};

/// How many runs a median is made of, at least, that is put on record.
const RUNS: usize = 20;

/// Measures intunectl and curl by turns.
#[derive(Parser)]
struct Options {
    /// How often each is run.
    #[arg(long, default_value_t = RUNS, value_parser = at_least_one)]
    runs: usize,
    /// Only this part; can be given several times.
    #[arg(long, value_name = "PART", value_parser = PossibleValuesParser::new(PARTS.map(|(name, _)| name)))]
    only: Vec<String>,
    /// Measures this binary; without it, one is built from nothing, and that is measured too.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Puts the table into docs/performance.md.
    #[arg(long)]
    save: bool,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn at_least_one(text: &str) -> std::result::Result<usize, String> {
    text.parse().ok().filter(|runs| *runs > 0).ok_or_else(|| "is not a number from 1".to_owned())
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    ensure!(
        !options.save || options.runs >= RUNS && options.only.is_empty() && options.binary.is_none(),
        "what is put on record is a whole run: no --only, no --binary, and at least {RUNS} --runs"
    );
    for (program, package) in [("curl", "curl"), ("nginx", "nginx-light"), ("time", "time"), ("valgrind", "valgrind")] {
        let found = Command::new(program).arg("--version").output();
        ensure!(found.is_ok(), "{program} is missing: install Debian's package {package}");
    }
    let mut table = Table::default();
    let home = TempDir::new()?;
    let binary = match &options.binary {
        Some(binary) => binary.canonicalize()?,
        None => build(home.path(), &mut table)?,
    };
    let size = std::fs::metadata(&binary)?.len() as f64 / 1e6;
    let row = Row::alone("stripped release binary", format!("{size:.2} MB"));
    table.push(row.bar("at most 6 MB", size <= 6.0));
    let bench = Bench::new(options.runs, home.path(), &binary)?;
    for (name, part) in PARTS {
        if options.only.is_empty() || options.only.iter().any(|only| only == name) {
            part(&bench, &mut table)?;
        }
    }
    let report = table.markdown(&surroundings(&bench, options.runs)?);
    println!("{report}");
    if options.save {
        table::save(&report)?;
    }
    Ok(if table.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the binary from nothing, with the dependencies fetched before.
fn build(home: &Path, table: &mut Table) -> Result<PathBuf> {
    let cargo = || {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        cargo
    };
    let target = home.join("target");
    ensure!(cargo().args(["fetch", "--locked"]).status()?.success(), "the dependencies cannot be fetched");
    let started = Instant::now();
    let built =
        cargo().args(["build", "--release", "--locked", "--jobs", "2"]).env("CARGO_TARGET_DIR", &target).status()?;
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    ensure!(built.success(), "the binary cannot be built");
    let row = Row::alone("`cargo build --release` from nothing, 2 jobs", format!("{minutes:.1} min"));
    table.push(row.bar("at most 3 min", minutes <= 3.0));
    Ok(target.join("release").join("intunectl"))
}

/// When, where and with what it was measured.
fn surroundings(bench: &Bench, runs: usize) -> Result<String> {
    let first_line = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output()?;
        // nginx tells its version on standard error.
        let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        anyhow::Ok(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned())
    };
    let about = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let value = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
        value.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let curl = first_line("curl", &["--version"])?;
    Ok(format!(
        "{}, commit {}. {} cores ({}), memory {}; {}; {}; {}; {} roots in the system's bundle. Medians of {}.",
        humantime::format_rfc3339_seconds(SystemTime::now()),
        first_line("git", &["describe", "--always", "--dirty"])?,
        std::thread::available_parallelism()?,
        about("/proc/cpuinfo", "model name"),
        about("/proc/meminfo", "MemTotal"),
        first_line("rustc", &["--version"])?,
        curl.split(" (").next().unwrap_or_default(),
        first_line("nginx", &["-v"])?,
        bench.system_roots(),
        runs,
    ))
}
