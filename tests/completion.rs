//! The completion scripts that packagers take from the source, as the binary prints them.

mod support;

use std::path::Path;

use support::Intunectl;

/// Shells, and the names that they look for.
const SCRIPTS: [(&str, &str); 5] = [
    ("bash", "intunectl.bash"),
    ("zsh", "_intunectl"),
    ("fish", "intunectl.fish"),
    ("powershell", "_intunectl.ps1"),
    ("elvish", "intunectl.elv"),
];

#[test]
fn the_committed_scripts_are_those_that_the_binary_prints() {
    for (shell, name) in SCRIPTS {
        let output = Intunectl::new().command().args(["completion", shell]).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
        let committed = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(name));
        assert!(
            committed.is_ok_and(|committed| committed == output.stdout),
            "completions/{name} is out of step; make it anew: cargo run -- completion {shell} > completions/{name}"
        );
    }
}

#[test]
fn a_script_needs_neither_a_keyring_nor_sensible_settings() {
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(["completion", "bash"]).env("INTUNECTL_GRAPH_URL", "nonsense").env("INTUNECTL_OUTPUT", "nonsense");
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    assert!(output.stdout.starts_with(b"_intunectl()"));
}

#[test]
fn an_unknown_shell_is_a_usage_error_that_names_the_known_ones() {
    let output = Intunectl::new().command().args(["completion", "tcsh"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
    let stderr = String::from_utf8(output.stderr).unwrap();
    for (shell, _) in SCRIPTS {
        assert!(stderr.contains(shell), "{stderr}");
    }
}
