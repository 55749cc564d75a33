//! The program of the tests that `intunectl` starts: see `tests/helper/main.rs`, which says what its steps are.

use std::path::{Path, PathBuf};

use super::BINARY;

/// What the names of programs end in.
const SUFFIX: &str = std::env::consts::EXE_SUFFIX;

/// Where it is. Its arguments are its steps.
pub fn helper() -> PathBuf {
    let directory = std::path::absolute(BINARY).unwrap().parent().unwrap().join("examples");
    let path = directory.join(format!("test-helper{SUFFIX}"));
    assert!(path.exists(), "{} is not built. Run: cargo build --example test-helper", path.display());
    path
}

/// Puts it into a directory under a name, with these steps; its path there. It keeps its arguments for itself.
pub fn install(directory: &Path, name: &str, steps: &[&str]) -> PathBuf {
    let path = link_program(&helper(), directory, name);
    std::fs::write(path.with_extension("steps"), steps.join("\0")).unwrap();
    path
}

/// Gives a program another name in a directory; its path there.
pub fn link_program(program: &Path, directory: &Path, name: &str) -> PathBuf {
    let path = directory.join(format!("{name}{SUFFIX}"));
    // A copy is for a directory in another file system.
    if !path.exists() && std::fs::hard_link(program, &path).is_err() {
        std::fs::copy(program, &path).unwrap();
    }
    path
}
