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
            let path = private_dir()?.join(format!("prompt-{}.lock", rustix::process::getpgrp()));
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
