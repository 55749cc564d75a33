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
        // clap's script executes the line as it is typed, including `$( )` and `> file`.
        Shell::PowerShell => (true, include_str!("completion/powershell.ps1")),
        // clap's scripts pass on neither the words after the cursor nor those before the command.
        Shell::Fish => (true, include_str!("completion/fish.fish")),
        Shell::Elvish => (true, include_str!("completion/elvish.elv")),
        _ => (false, ""),
    };
    if let Some(shell) = Shells::builtins().completer(&shell.to_string()).filter(|_| !is_whole) {
        // By name, to be found on the PATH: the program may move after it has printed the script.
        shell.write_registration(INTUNECTL_COMPLETE, "intunectl", "intunectl", "intunectl", &mut script)?;
    }
    script.extend_from_slice(ours.as_bytes());
    stdout::print(&script)
}
