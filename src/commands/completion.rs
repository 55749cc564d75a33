//! `completion`.

use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::exit::Exit;
use crate::output::stdout;
use crate::variables::INTUNECTL_COMPLETE;

pub fn run(shell: Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    let (is_whole, ours) = match shell {
        Shell::Bash => (false, include_str!("completion/bash.sh")),
        Shell::Zsh => (false, include_str!("completion/zsh.sh")),
        // clap's runs the line that is being typed, its `$( )` and its `> file` included.
        Shell::PowerShell => (true, include_str!("completion/powershell.ps1")),
        // clap's pass on no words after the cursor, and nothing before the command.
        Shell::Fish => (true, include_str!("completion/fish.fish")),
        Shell::Elvish => (true, include_str!("completion/elvish.elv")),
        _ => (false, ""),
    };
    if let Some(shell) = Shells::builtins().completer(&shell.to_string()).filter(|_| !is_whole) {
        // By name, so that the PATH decides: a script outlives the location of the program that printed it.
        shell.write_registration(INTUNECTL_COMPLETE, "intunectl", "intunectl", "intunectl", &mut script)?;
    }
    script.extend_from_slice(ours.as_bytes());
    stdout::print(&script)
}
