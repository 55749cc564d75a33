//! Builds the program as it is shipped. The build for tests differs: it unwinds, and its libraries have the features
//! that the tests need, too. This uses no other module, because the benchmarks include it, too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Variables that cargo sets for this process, which would make build scripts run again, and variables that would
/// change the build.
const REMOVED: [&str; 12] = [
    "CARGO_BIN_",
    "CARGO_BUILD_",
    "CARGO_CRATE_",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
];

/// Builds it in a target directory with two jobs, unless it is up to date, and returns its path.
///
/// # Errors
/// A message: the build failed.
pub fn build(target: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--jobs", "2", "--message-format", "json-render-diagnostics"]);
    cargo.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit());
    for (name, _) in std::env::vars_os() {
        if REMOVED.iter().any(|removed| name.as_encoded_bytes().starts_with(removed.as_bytes())) {
            cargo.env_remove(name);
        }
    }
    let built = cargo.output().map_err(|error| format!("cargo does not start: {error}"))?;
    if !built.status.success() {
        return Err("the release build failed".to_owned());
    }
    let messages = serde_json::Deserializer::from_slice(&built.stdout).into_iter::<serde_json::Value>();
    let made = messages.flatten().filter_map(|message| message["executable"].as_str().map(PathBuf::from)).last();
    made.ok_or_else(|| "cargo does not name the program that it built".to_owned())
}
