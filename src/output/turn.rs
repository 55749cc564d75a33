//! One question at a time at a terminal: a lock on an empty file.

#[cfg(unix)]
pub use self::unix::Turn;
#[cfg(not(unix))]
pub use self::without::Turn;

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    use std::path::PathBuf;

    use crate::private_dir::private_dir;

    /// The right to ask, until it is dropped or the process ends.
    pub struct Turn {
        path: PathBuf,
        _locked: File,
    }

    impl Turn {
        /// Waits until nobody else asks at this terminal.
        ///
        /// The lock goes by the process group: all who can ask at a terminal at a time are of its foreground group, and
        /// a job that was stopped at its question is not to hold up the next one.
        ///
        /// # Errors
        /// There is no place for the file, or it cannot be locked there.
        pub fn wait() -> io::Result<Self> {
            Self::wait_for(private_dir()?.join(format!("prompt-{}.lock", rustix::process::getpgrp())))
        }

        fn wait_for(path: PathBuf) -> io::Result<Self> {
            loop {
                let file =
                    File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
                match file.lock() {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    locked => locked?,
                }
                // Whoever had it before has deleted it.
                if file.metadata()?.nlink() > 0 {
                    return Ok(Self { path, _locked: file });
                }
            }
        }
    }

    impl Drop for Turn {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    #[cfg(test)]
    mod tests {
        use std::sync::atomic::{AtomicUsize, Ordering};
        use std::thread;

        use super::*;

        #[test]
        fn however_many_wait_only_one_has_the_turn() {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("lock");
            let having_it = AtomicUsize::new(0);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..200 {
                            let turn = Turn::wait_for(path.clone()).unwrap();
                            assert_eq!(having_it.fetch_add(1, Ordering::SeqCst), 0);
                            thread::yield_now();
                            having_it.fetch_sub(1, Ordering::SeqCst);
                            drop(turn);
                        }
                    });
                }
            });
            assert!(!path.exists());
        }
    }
}

#[cfg(not(unix))]
mod without {
    use std::io;

    /// The right to ask.
    pub struct Turn;

    impl Turn {
        /// Two processes cannot find out here whether they share a console, at least not without unsafe code.
        ///
        /// # Errors
        /// Always.
        pub fn wait() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}
