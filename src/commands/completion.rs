//! `completion`.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::output::stdout;

/// Runs it.
///
/// # Errors
/// The script cannot be written.
pub fn run(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "intunectl", &mut script);
    stdout::print(&script)
}
