//! The helper program that `intunectl` starts in tests. `tests/helper/main.rs` documents its steps.

use std::path::{Path, PathBuf};

use super::BINARY;

/// The extension of programs.
const SUFFIX: &str = std::env::consts::EXE_SUFFIX;

/// Its path. Its arguments are its steps.
pub fn helper() -> PathBuf {
    let directory = std::path::absolute(BINARY).unwrap().parent().unwrap().join("examples");
    let path = directory.join(format!("test-helper{SUFFIX}"));
    assert!(path.exists(), "{} is missing; run: cargo build --example test-helper", path.display());
    path
}

/// Installs it in a directory under a name, with fixed steps, and returns its path. There it ignores its arguments.
pub fn install(directory: &Path, name: &str, steps: &[&str]) -> PathBuf {
    let path = link_program(&helper(), directory, name);
    std::fs::write(path.with_extension("steps"), steps.join("\0")).unwrap();
    path
}

/// Links a program into a directory under another name, and returns its path.
pub fn link_program(program: &Path, directory: &Path, name: &str) -> PathBuf {
    let path = directory.join(format!("{name}{SUFFIX}"));
    // In another file system, it must be copied.
    if !path.exists() && std::fs::hard_link(program, &path).is_err() {
        std::fs::copy(program, &path).unwrap();
    }
    path
}
