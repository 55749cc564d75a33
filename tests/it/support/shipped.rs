//! The program as it is shipped: what cargo builds for users, and not what it builds for tests, which unwinds and whose
//! libraries have the features that the tests need, too. It stands alone, for whoever measures.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the cargo around this program says of the package, so that build scripts which look at it would run anew; and what
/// would make another program of it.
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

/// Builds it below a target directory with two jobs, as far as it is not built yet. Where it is then.
///
/// # Errors
/// In words: it cannot be built.
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
    made.ok_or_else(|| "cargo does not name what it made".to_owned())
}
