//! The keyring of `.ci/with-secret-service`, or of wine in `.ci/windows`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

#[cfg(unix)]
use super::{Seen, run, run_with};

/// Exclusive use of the keyring. All tests share it, and intunectl does not wait long for its turn.
pub struct Keyring {
    _alone: MutexGuard<'static, ()>,
}

impl Keyring {
    /// Waits for exclusive use, and makes sure that this is not the keyring of the person who runs the tests.
    pub fn alone() -> Self {
        static IN_USE: Mutex<()> = Mutex::new(());
        let alone = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(
            std::env::var("INTUNECTL_TEST_SECRET_SERVICE").as_deref(),
            Ok("1"),
            "run these tests with .ci/with-secret-service, or on Windows with .ci/windows, or they would change your own keyring"
        );
        Self { _alone: alone }
    }
}

/// Makes a command find the keyring. On Windows the user's keyring is always found.
pub fn with_keyring(command: &mut Command) {
    let names: &[&str] = if cfg!(windows) { &[] } else { &["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] };
    for name in names {
        command.env(name, std::env::var_os(name).unwrap());
    }
}

/// The entries of a program, as `secret-tool` shows them.
#[cfg(unix)]
pub fn entries(service: &str) -> String {
    let Seen { stdout, stderr, .. } =
        run(Command::new("secret-tool").args(["search", "--all", "--unlock", "service", service]));
    stdout + &stderr
}

/// The entries of a program, one per line.
#[cfg(windows)]
pub fn entries(service: &str) -> String {
    use keyring::api::CredentialStoreApi as _;
    let store = windows_native_keyring_store::Store::new().unwrap();
    let entries = store.search(&std::collections::HashMap::new()).unwrap().into_iter();
    let entries = entries.filter_map(|entry| Some((entry.get_specifiers()?, entry.get_secret().unwrap_or_default())));
    let entries = entries.filter(|((found, _), _)| found == service);
    entries.map(|((_, name), secret)| format!("{name}: {}\n", String::from_utf8_lossy(&secret))).collect()
}

/// Adds an entry of a program.
#[cfg(unix)]
#[track_caller]
pub fn store(service: &str, name: &str, secret: &str) {
    let mut command = Command::new("secret-tool");
    command.args(["store", "--label", "of the tests", "service", service, "username", name]);
    assert_eq!(run_with(&mut command, secret).code, Some(0));
}

/// Adds the session of a profile, as the program stores it.
#[track_caller]
pub fn store_session(profile: &str, session: &str) {
    let generation = "0".repeat(32);
    let head = json!({"layout": 1, "slot": "a", "generation": generation, "chunks": 1, "bytes": session.len()});
    store("intunectl", profile, &head.to_string());
    store("intunectl", &format!("{profile}/a/0"), &format!("{generation}{session}"));
}

/// Removes an entry.
#[cfg(unix)]
#[track_caller]
pub fn forget(service: &str, name: &str) {
    let clear = Command::new("secret-tool").args(["clear", "service", service, "username", name]).status().unwrap();
    assert!(clear.success());
}

#[cfg(windows)]
fn entry(service: &str, name: &str) -> keyring::Entry {
    use keyring::api::CredentialStoreApi as _;
    windows_native_keyring_store::Store::new().unwrap().build(service, name, None).unwrap()
}

/// Adds an entry of a program.
#[cfg(windows)]
#[track_caller]
pub fn store(service: &str, name: &str, secret: &str) {
    entry(service, name).set_secret(secret.as_bytes()).unwrap();
}

/// Removes an entry.
#[cfg(windows)]
#[track_caller]
pub fn forget(service: &str, name: &str) {
    entry(service, name).delete_credential().unwrap();
}

/// Asserts that there is no sign-in in the keyring.
#[track_caller]
pub fn assert_nobody_signed_in() {
    assert_eq!(entries("intunectl"), "");
}

/// The directories in which the keyring and its clients leave files.
pub fn directories() -> Vec<PathBuf> {
    let names: &[&str] = if cfg!(windows) { &[] } else { &["HOME", "XDG_RUNTIME_DIR"] };
    names.iter().map(|name| PathBuf::from(std::env::var_os(name).unwrap())).collect()
}
