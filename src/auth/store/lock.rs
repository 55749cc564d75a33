//! One writer at a time, across all processes of a user: a lock on an empty file.
//!
//! Two writers at once would both fill the slot that the head does not name, and the head of either could then name a
//! mix. Readers would notice, but the login would be lost. So whoever cannot have the lock does not write: failing to
//! save is the lesser harm. Readers need no lock.

use std::env;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::StoreError;
use crate::words::plain;

/// How often to look whether the lock is free.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits for the lock of this name until `deadline`; it is held until the file is dropped or the process ends.
pub(super) fn acquire(name: &str, deadline: Instant) -> Result<File, StoreError> {
    let refused =
        |what: String, e: io::Error| StoreError::Unavailable(format!("{what} cannot be used ({})", plain(&e)));
    let path = path(name).map_err(|e| refused("its lock file".into(), e))?;
    match lock(&path, deadline) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(StoreError::Busy),
        Err(e) => Err(refused(format!("its lock file {}", path.display()), e)),
    }
}

/// `None` if another process still has it at the deadline.
fn lock(path: &Path, deadline: Instant) -> io::Result<Option<File>> {
    let file = open(path)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(e)) => return Err(e),
        }
    }
}

/// The lock file: in the directory of the user's session if there is one, else in the directory for temporary files,
/// which on Linux all users share.
///
/// The session's directory is not used if it is another user's, as it is after `su`: a file left there would lock that
/// user out.
#[cfg(target_os = "linux")]
fn path(name: &str) -> io::Result<PathBuf> {
    use std::os::unix::fs::MetadataExt;

    let user = rustix::process::geteuid().as_raw();
    let is_own = |dir: &PathBuf| std::fs::metadata(dir).is_ok_and(|m| m.is_dir() && m.uid() == user);
    let session = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(is_own);
    Ok(session.unwrap_or_else(env::temp_dir).join(format!("{name}-{user}.lock")))
}

/// The lock file: in the directory for temporary files, which macOS and Windows give to each user alone.
#[cfg(not(target_os = "linux"))]
fn path(name: &str) -> io::Result<PathBuf> {
    Ok(env::temp_dir().join(format!("{name}.lock")))
}

/// Opens the lock file, readable by its owner alone where it has to be made. Nothing is ever written to it, and nobody
/// deletes it: another process may be waiting for it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // `create_new` follows no symbolic link.
    match options.clone().create_new(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => open_existing(path, &options),
        made => made,
    }
}

/// Opens the file that is there already, unless it is a symbolic link, a pipe or the like that another user may have
/// planted in a shared directory. An own file in such a directory can be exchanged by nobody else, and a foreign one
/// that is exchanged between the look and the opening has another identity afterwards.
#[cfg(unix)]
fn open_existing(path: &Path, options: &OpenOptions) -> io::Result<File> {
    use std::os::unix::fs::MetadataExt;

    let seen = std::fs::symlink_metadata(path)?;
    if !seen.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    // Its owner could hold the lock for ever.
    if seen.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    let file = options.open(path)?;
    let opened = file.metadata()?;
    if (seen.dev(), seen.ino()) != (opened.dev(), opened.ino()) {
        return Err(io::Error::other("it was exchanged while it was opened"));
    }
    Ok(file)
}

#[cfg(not(unix))]
fn open_existing(path: &Path, options: &OpenOptions) -> io::Result<File> {
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_lock_that_is_not_given_back_is_not_waited_for_beyond_the_deadline() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let _held = lock(&path, soon()).unwrap().unwrap();
        assert!(lock(&path, Instant::now()).unwrap().is_none());
        assert!(lock(&path, Instant::now() + 3 * PAUSE).unwrap().is_none());
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn a_second_writer_waits_until_the_first_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = lock(&path, soon()).unwrap().unwrap();
        let (got_it, has_it) = mpsc::channel();
        let second = thread::spawn({
            let path = path.clone();
            move || {
                let file = lock(&path, soon()).unwrap().unwrap();
                got_it.send(()).unwrap();
                drop(file);
            }
        });
        assert!(has_it.recv_timeout(Duration::from_millis(100)).is_err());
        drop(first);
        has_it.recv_timeout(Duration::from_secs(10)).unwrap();
        second.join().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0, "nothing is written to the lock file");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let file = lock(&path, soon()).unwrap().unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_planted_symbolic_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (path, target) = (dir.path().join("lock"), dir.path().join("target"));
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(lock(&path, soon()).is_err());
        assert!(!target.exists());
        std::fs::write(&target, "someone's").unwrap();
        assert!(lock(&path, soon()).is_err());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "someone's");
    }

    #[test]
    fn a_directory_in_its_place_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(lock(dir.path(), soon()).is_err());
    }
}
