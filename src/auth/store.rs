//! Secrets of any size in the system keyring, one per profile. A secret is stored whole or not at all, and no call
//! hangs.
//!
//! Every call opens a new connection. That costs a few milliseconds, and works with a keyring that was restarted or stuck
//! during a long run.

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

/// How long to wait for another process that is writing. The rest of [`ANSWER_WITHIN`] is for the keyring.
const TURN_WITHIN: Duration = Duration::from_secs(2);

/// Reads the secret of `profile`; `None` if there is none, or if the Secret Service has never been unlocked since it
/// was installed.
pub fn load(profile: &str) -> Result<Option<SecretString>, StoreError> {
    let profile = profile.to_owned();
    in_time(move |_| layout::load(&*connect()?, &profile))
}

/// Whether reading shows no prompt; `false` if that is unknown.
pub fn is_open() -> bool {
    in_time(|_| Ok(is_unlocked())).unwrap_or_default()
}

/// Saves the secret of `profile` in place of the previous one, which stays readable until the new one is complete.
///
/// # Errors
/// See [`StoreError`]. After [`StoreError::TimedOut`] either secret may be stored.
pub fn save(profile: &str, secret: &SecretString) -> Result<(), StoreError> {
    let (profile, secret) = (profile.to_owned(), secret.clone());
    in_turn(move |store| layout::save(store, &profile, &secret))
}

/// Saves the secret of `profile` if the stored one is one of `before`, and returns whether it did.
///
/// # Errors
/// See [`StoreError`]. After [`StoreError::TimedOut`] either secret may be stored.
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

/// The names of all profiles that have an entry in the keyring, in alphabetical order.
pub fn profiles() -> Result<Vec<String>, StoreError> {
    in_time(|_| layout::profiles(&*connect()?))
}

/// Waits up to `wait` for the lock on renewals of `profile`. Only one process at a time may renew a sign-in, because a
/// refresh token may be valid for one use only. The lock is held until the file is dropped or the process ends.
///
/// # Errors
/// Another process still holds the lock ([`StoreError::Busy`]), or no lock file can be created.
pub fn turn_to_renew(profile: &str, wait: Duration) -> Result<File, StoreError> {
    // A hash, because a profile's name may be too long for a file name.
    let digest = Sha256::digest(profile.as_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    take_turn(&format!("{}-renewal-{name}", service()), Instant::now() + wait)
}

/// The permission to [`delete`], until it is dropped.
pub struct DeleteTurn {
    _lock: Option<File>,
    /// Another process is writing, and may store a sign-in again.
    pub is_contested: bool,
}

/// Waits up to 2 s for the lock on writing. Deleting is allowed even without it: a sign-in that cannot be deleted is
/// worse than one that a suspended process may store again.
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

/// Deletes all entries of `profile`, and returns whether there were any. Call [`turn_to_delete`] first: this does not
/// wait for other writers.
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
/// mix. Readers would notice, but the sign-in would be lost. Failing to save is the lesser harm, and nothing is saved
/// without the lock. Readers need no lock.
fn take_turn(name: &str, deadline: Instant) -> Result<File, StoreError> {
    lock::acquire(name, deadline).map_err(StoreError::Unavailable)?.ok_or(StoreError::Busy)
}

/// Runs `work` on the keyring while holding the lock on writing.
fn in_turn<T: Send + 'static>(
    work: impl FnOnce(&CredentialStore) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    in_time(move |asked| {
        let store = connect()?;
        let _turn = take_turn(service(), asked + TURN_WITHIN)?;
        // The caller has stopped waiting. Writing now could undo what it has saved since.
        if asked.elapsed() >= ANSWER_WITHIN {
            return Err(StoreError::TimedOut);
        }
        work(&*store)
    })
}

/// Runs `work` on a thread of its own, passing the time at which the wait began, and waits for at most
/// [`ANSWER_WITHIN`].
///
/// A locked Secret Service on a desktop blocks for as long as its prompt is open, without limit. A detached thread ends
/// with the process, whereas tokio's blocking threads would keep its runtime from shutting down.
fn in_time<T: Send + 'static>(
    work: impl FnOnce(Instant) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, answered) = mpsc::sync_channel(1);
    let asked = Instant::now();
    thread::Builder::new()
        .name("keyring".into())
        // If the caller has stopped waiting, the answer is dropped, which wipes a secret in it.
        .spawn(move || drop(answer.send(work(asked))))
        .map_err(|e| StoreError::Unavailable(format!("cannot start a thread ({e})")))?;
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

/// Windows never prompts. macOS may ask for a password or for permission, and does not say so beforehand.
#[cfg(any(target_os = "windows", target_os = "macos"))]
fn is_unlocked() -> bool {
    cfg!(target_os = "windows")
}

/// The keyring library unlocks every entry that it finds, which shows a prompt. Reading whether a collection is locked
/// shows none. Even a search may show one (KeePassXC's "unlock before searching").
#[cfg(all(unix, not(target_os = "macos")))]
fn is_unlocked() -> bool {
    use dbus_secret_service::{Collection, EncryptionType, SecretService};
    let is_open = |collection: &Collection<'_>| collection.is_locked().is_ok_and(|locked| !locked);
    SecretService::connect(EncryptionType::Plain)
        .is_ok_and(|service| service.get_all_collections().is_ok_and(|all| all.iter().all(is_open)))
}
