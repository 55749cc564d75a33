//! Locks between the processes of one user: an empty file each.
//!
//! On Unix they are in a directory that only this user can write to. In a shared one, another user could create the
//! file first and lock this user out. Nothing is written to a lock file.

#[cfg(unix)]
mod directory;

use std::fs::{File, TryLockError};
use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::text::humanize::without_errno;
use directory::{Directory, candidates};

/// How often to check whether the lock is free.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `deadline` for the lock of this name; `None` if another process still holds it then. It is held until
/// the file is dropped or the process ends. Blocks the thread.
///
/// The name starts with `intunectl`: on Windows, the files of other programs are in the same directory.
///
/// # Errors
/// No directory can be used: a message with each directory and the reason.
pub fn acquire(name: &str, deadline: Instant) -> Result<Option<File>, String> {
    acquire_in(&candidates(), name, deadline)
}

/// Uses the first of `directories` that works.
fn acquire_in(directories: &[Directory], name: &str, deadline: Instant) -> Result<Option<File>, String> {
    first(directories, |directory| lock(directory.open(name)?, deadline))
}

fn first<T>(directories: &[Directory], mut work: impl FnMut(&Directory) -> io::Result<T>) -> Result<T, String> {
    let mut failures = Vec::new();
    for directory in directories {
        match work(directory) {
            Ok(done) => return Ok(done),
            Err(error) => failures.push(format!("{}: {}", directory.path.display(), without_errno(&error))),
        }
    }
    Err(format!("cannot create a lock file: {}", failures.join("; ")))
}

/// A lock whose name is used only for a short time. Its file is deleted when it is released.
#[cfg(unix)]
pub struct TemporaryLock {
    path: PathBuf,
    _locked: File,
}

/// Waits for the lock of this name, without a limit. Blocks the thread.
#[cfg(unix)]
pub fn acquire_temporary(name: &str) -> Result<TemporaryLock, String> {
    acquire_temporary_in(&candidates(), name)
}

#[cfg(unix)]
fn acquire_temporary_in(directories: &[Directory], name: &str) -> Result<TemporaryLock, String> {
    use std::os::unix::fs::MetadataExt as _;

    first(directories, |directory| {
        loop {
            let file = directory.open(name)?;
            match file.lock() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                locked => locked?,
            }
            // With no link left, it was deleted by the previous holder.
            if file.metadata()?.nlink() > 0 {
                return Ok(TemporaryLock { path: directory.path.join(format!("{name}.lock")), _locked: file });
            }
        }
    })
}

#[cfg(unix)]
impl Drop for TemporaryLock {
    fn drop(&mut self) {
        // Before the lock is released: afterwards the file may be another process's.
        let _ = std::fs::remove_file(&self.path);
    }
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

    #[cfg(unix)]
    #[test]
    fn a_temporary_lock_has_one_holder_at_a_time_and_leaves_no_file() {
        use std::sync::atomic::{AtomicUsize, Ordering};

        let dir = tempfile::tempdir().unwrap();
        let directories = [Directory { path: dir.path().join("intunectl"), base: None }];
        let having_it = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let lock = acquire_temporary_in(&directories, "intunectl-test").unwrap();
                        assert_eq!(having_it.fetch_add(1, Ordering::SeqCst), 0);
                        thread::yield_now();
                        having_it.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(&directories[0].path).unwrap().count(), 0);
    }

    #[test]
    fn waiting_for_a_held_lock_ends_at_the_deadline() {
        let dir = tempfile::tempdir().unwrap();
        let _held = lock(open(&dir), soon()).unwrap().unwrap();
        assert!(lock(open(&dir), Instant::now()).unwrap().is_none());
        assert!(lock(open(&dir), Instant::now() + 3 * PAUSE).unwrap().is_none());
    }

    #[test]
    fn a_second_process_waits_until_the_first_releases_the_lock() {
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
