//! The keyring of `.ci/with-secret-service`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Seen, run};

/// The keyring is one for all tests, and the tool does not wait long for its turn: whoever has this uses it alone.
pub struct Keyring {
    _alone: MutexGuard<'static, ()>,
}

impl Keyring {
    /// Waits for its turn, and makes sure that the keyring is not that of whoever runs the tests.
    pub fn alone() -> Self {
        static IN_USE: Mutex<()> = Mutex::new(());
        let alone = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(
            std::env::var("INTUNECTL_TEST_SECRET_SERVICE").as_deref(),
            Ok("1"),
            "run these tests with .ci/with-secret-service, or they would change your own keyring"
        );
        Self { _alone: alone }
    }
}

/// Has a command find it.
pub fn with_keyring(command: &mut Command) {
    for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
        command.env(name, std::env::var_os(name).unwrap());
    }
}

/// The entries of a program in it, as `secret-tool` shows them.
pub fn entries(service: &str) -> String {
    let Seen { stdout, stderr, .. } =
        run(Command::new("secret-tool").args(["search", "--all", "--unlock", "service", service]));
    stdout + &stderr
}

/// Asserts that nobody is signed in.
#[track_caller]
pub fn assert_nobody_signed_in() {
    assert_eq!(entries("intunectl"), "");
}

/// Where it, and those who use it, leave files.
pub fn directories() -> [PathBuf; 2] {
    ["HOME", "XDG_RUNTIME_DIR"].map(|name| PathBuf::from(std::env::var_os(name).unwrap()))
}
