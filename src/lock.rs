//! Locks between the processes of one user: an empty file each.
//!
//! On Unix they are in a directory that only this user can write. In a shared one, another user could create a file
//! first, and so lock this user out. Nothing is written to a lock file, and nobody deletes it: another process may be
//! waiting for it.

#[cfg(unix)]
mod directory;

use std::fs::{File, TryLockError};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::words::plain;
use directory::{Directory, candidates};

/// How often to check whether the lock is free.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `deadline` for the lock of this name; `None` if another process still holds it then. It is held until the
/// file is dropped or the process ends. Blocks the thread.
///
/// The name starts with `intunectl`: on Windows, the files of other programs are in the same directory.
///
/// # Errors
/// No directory can be used: a message with each that was tried, and the reason.
pub fn acquire(name: &str, deadline: Instant) -> Result<Option<File>, String> {
    acquire_in(&candidates(), name, deadline)
}

/// Uses the first of `directories` that works.
fn acquire_in(directories: &[Directory], name: &str, deadline: Instant) -> Result<Option<File>, String> {
    let mut failures = Vec::new();
    for directory in directories {
        match directory.open(name).and_then(|file| lock(file, deadline)) {
            Ok(locked) => return Ok(locked),
            Err(error) => failures.push(format!("{}: {}", directory.path.display(), plain(&error))),
        }
    }
    Err(format!("cannot create a lock file: {}", failures.join("; ")))
}

fn lock(file: File, deadline: Instant) -> io::Result<Option<File>> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Windows gives each user a directory for temporary files.
#[cfg(not(unix))]
mod directory {
    use std::env;
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::path::PathBuf;

    pub struct Directory {
        pub path: PathBuf,
    }

    pub fn candidates() -> [Directory; 1] {
        [Directory { path: env::temp_dir() }]
    }

    impl Directory {
        pub fn open(&self, name: &str) -> io::Result<File> {
            let path = self.path.join(format!("{name}.lock"));
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    fn open(dir: &tempfile::TempDir) -> File {
        File::create(dir.path().join("lock")).unwrap()
    }

    #[test]
    fn a_lock_that_stays_held_is_given_up_at_the_deadline() {
        let dir = tempfile::tempdir().unwrap();
        let _held = lock(open(&dir), soon()).unwrap().unwrap();
        assert!(lock(open(&dir), Instant::now()).unwrap().is_none());
        assert!(lock(open(&dir), Instant::now() + 3 * PAUSE).unwrap().is_none());
    }

    #[test]
    fn a_second_process_waits_until_the_first_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let first = lock(open(&dir), soon()).unwrap().unwrap();
        let (got_it, has_it) = mpsc::channel();
        let file = open(&dir);
        let second = thread::spawn(move || {
            let locked = lock(file, soon()).unwrap();
            got_it.send(()).unwrap();
            drop(locked.unwrap());
        });
        assert!(has_it.recv_timeout(Duration::from_millis(100)).is_err());
        drop(first);
        has_it.recv_timeout(Duration::from_secs(10)).unwrap();
        second.join().unwrap();
    }
}
