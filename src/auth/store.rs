//! Secrets in the operating system's keyring, one per profile, of any size: whole or not at all, and never hanging.
//!
//! There is no connection before the first call, and every call makes a new one. That costs a few milliseconds, and
//! works with a keyring that was restarted or stuck during a long run.

mod error;
mod layout;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use keyring::CredentialStore;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

use self::error::ANSWER_WITHIN;
pub use self::error::StoreError;
use self::layout::service;
use crate::lock;

/// How long to wait for another process that writes. The rest of [`ANSWER_WITHIN`] is for the keyring.
const TURN_WITHIN: Duration = Duration::from_secs(2);

/// Reads the secret of `profile`; `None` if there is none, and also from a Secret Service that was never unlocked since
/// it was installed.
pub fn load(profile: &str) -> Result<Option<SecretString>, StoreError> {
    let profile = profile.to_owned();
    in_time(move |_| layout::load(&*connect()?, &profile))
}

/// Whether reads need no prompt; `false` if that cannot be known beforehand.
pub fn is_open() -> bool {
    in_time(|_| Ok(is_unlocked())).unwrap_or_default()
}

/// Saves the secret of `profile` in place of the one before. Until the new one is whole in the keyring, the old one
/// stays readable.
///
/// # Errors
/// See [`StoreError`]. After [`StoreError::TimedOut`] either secret may be the one in force.
pub fn save(profile: &str, secret: &SecretString) -> Result<(), StoreError> {
    let (profile, secret) = (profile.to_owned(), secret.clone());
    in_turn(move |store| layout::save(store, &profile, &secret))
}

/// Saves the secret of `profile` if the stored one is one of `before`, and returns whether it did.
///
/// # Errors
/// See [`StoreError`]. After [`StoreError::TimedOut`] either secret may be the one in force.
pub fn replace(profile: &str, before: &[SecretString], secret: &SecretString) -> Result<bool, StoreError> {
    let (profile, before, secret) = (profile.to_owned(), before.to_vec(), secret.clone());
    in_turn(move |store| {
        let found = layout::load(store, &profile)?;
        let is_one = |found: SecretString| before.iter().any(|one| one.expose_secret() == found.expose_secret());
        let is_as_before = found.is_some_and(is_one);
        if is_as_before {
            layout::save(store, &profile, &secret)?;
        }
        Ok(is_as_before)
    })
}

/// The names of all profiles for which the keyring holds anything, in alphabetical order.
pub fn profiles() -> Result<Vec<String>, StoreError> {
    in_time(|_| layout::profiles(&*connect()?))
}

/// Waits for the turn to renew the sign-in of `profile`, as only one process at a time may: a refresh token may be
/// valid for one use. The turn lasts until the file is dropped or the process ends. Blocks for up to `wait`.
///
/// # Errors
/// Another process has been renewing it for longer ([`StoreError::Busy`]), or no lock file can be created.
pub fn turn_to_renew(profile: &str, wait: Duration) -> Result<File, StoreError> {
    // The name of a file holds less than that of a profile may.
    let digest = Sha256::digest(profile.as_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    take_turn(&format!("{}-renewal-{name}", service()), Instant::now() + wait)
}

/// The turn to [`delete`]. It lasts until it is dropped.
pub struct DeleteTurn {
    _lock: Option<File>,
    /// Another process is writing, and may store a sign-in again.
    pub is_contested: bool,
}

/// Waits for the turn to [`delete`], for up to 2 s. Without a lock there is a turn all the same: a sign-in that cannot
/// be deleted is worse than one that a suspended process may store again.
///
/// # Errors
/// There is no keyring, or it does not answer.
pub fn turn_to_delete() -> Result<DeleteTurn, StoreError> {
    in_time(|asked| {
        connect()?;
        let lock = take_turn(service(), asked + TURN_WITHIN);
        let is_contested = matches!(lock, Err(StoreError::Busy));
        Ok(DeleteTurn { _lock: lock.ok(), is_contested })
    })
}

/// Deletes all that the keyring holds for `profile`, and returns whether there was anything. Call it after
/// [`turn_to_delete`]: this does not wait for another writer.
pub fn delete(profile: &str) -> Result<bool, StoreError> {
    let profile = profile.to_owned();
    in_time(move |_| layout::delete(&*connect()?, &profile))
}

/// Checks that a secret can be saved, by saving and deleting an entry that belongs to no profile.
pub fn check() -> Result<(), StoreError> {
    in_turn(layout::probe)
}

/// Waits until `deadline` for the lock of this name.
///
/// Two writers at once would both fill the slot that the head does not name, and the head of either could then name a
/// mix. Readers would notice, but the sign-in would be lost. So nothing is saved without the lock: failing to save is
/// the lesser harm. Readers need no lock.
fn take_turn(name: &str, deadline: Instant) -> Result<File, StoreError> {
    lock::acquire(name, deadline).map_err(StoreError::Unavailable)?.ok_or(StoreError::Busy)
}

/// Runs `work` on the keyring while no other process or thread of this user writes to it.
fn in_turn<T: Send + 'static>(
    work: impl FnOnce(&CredentialStore) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    in_time(move |asked| {
        let store = connect()?;
        let _turn = take_turn(service(), asked + TURN_WITHIN)?;
        // The caller has given up by now. Writing all the same could undo what it has saved since.
        if asked.elapsed() >= ANSWER_WITHIN {
            return Err(StoreError::TimedOut);
        }
        work(&*store)
    })
}

/// Runs `work` on a thread of its own, with the time at which the wait began, and waits for at most [`ANSWER_WITHIN`].
///
/// A locked Secret Service on a desktop blocks for as long as its prompt is open, which may be a year. A thread that
/// nobody waits for ends with the process, whereas tokio's blocking threads would keep its runtime from shutting down.
fn in_time<T: Send + 'static>(
    work: impl FnOnce(Instant) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, answered) = mpsc::sync_channel(1);
    let asked = Instant::now();
    thread::Builder::new()
        .name("keyring".into())
        // Nobody may be listening any more; the answer is then dropped, and a secret in it wiped.
        .spawn(move || drop(answer.send(work(asked))))
        .map_err(|e| StoreError::Unavailable(format!("no thread can be started for it ({e})")))?;
    answered.recv_timeout(ANSWER_WITHIN).unwrap_or_else(|e| {
        Err(match e {
            mpsc::RecvTimeoutError::Timeout => StoreError::TimedOut,
            mpsc::RecvTimeoutError::Disconnected => StoreError::Unavailable("its library failed".into()),
        })
    })
}

#[cfg(target_os = "windows")]
fn connect() -> Result<Arc<CredentialStore>, StoreError> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn connect() -> Result<Arc<CredentialStore>, StoreError> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn connect() -> Result<Arc<CredentialStore>, StoreError> {
    Ok(dbus_secret_service_keyring_store::Store::new()?)
}

/// Windows never prompts. macOS may, for a password or for access, and does not say so beforehand.
#[cfg(any(target_os = "windows", target_os = "macos"))]
fn is_unlocked() -> bool {
    cfg!(target_os = "windows")
}

/// The store unlocks whatever it finds before it says what that is, and to unlock shows a prompt. Whether a collection
/// is locked can be read without one; even a search may show one (KeePassXC's "unlock before searching").
#[cfg(all(unix, not(target_os = "macos")))]
fn is_unlocked() -> bool {
    use dbus_secret_service::{Collection, EncryptionType, SecretService};
    let is_open = |collection: &Collection<'_>| collection.is_locked().is_ok_and(|locked| !locked);
    SecretService::connect(EncryptionType::Plain)
        .is_ok_and(|service| service.get_all_collections().is_ok_and(|all| all.iter().all(is_open)))
}
