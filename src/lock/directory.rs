//! The directory for lock files: the first that works of up to four.

use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::variables::{HOME, XDG_RUNTIME_DIR, XDG_STATE_HOME};

/// Only its owner may read and write it.
const PRIVATE: u32 = 0o700;

/// A directory that may be used.
#[derive(Debug, PartialEq, Eq)]
pub struct Directory {
    pub path: PathBuf,
    /// An existing directory above it, which must belong to the user. After `su` or `sudo` it may belong to another
    /// user, who could not use a directory that we create there.
    pub base: Option<PathBuf>,
}

/// All that may be used, best first.
pub fn candidates() -> Vec<Directory> {
    candidates_from(|name| env::var_os(name), &env::temp_dir())
}

fn candidates_from(get: impl Fn(&str) -> Option<OsString>, temporary: &Path) -> Vec<Directory> {
    // The XDG specification: a relative path is invalid and has to be ignored.
    let get = |name| get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let below = |base: &Path, path: &str| Directory { path: base.join(path), base: Some(base.to_owned()) };
    let runtime = get(XDG_RUNTIME_DIR).map(|base| below(&base, "intunectl"));
    let state = get(XDG_STATE_HOME).map(|state| Directory {
        path: state.join("intunectl"),
        // The state directory itself may not exist yet.
        base: state.ancestors().find(|path| path.exists()).map(Path::to_owned),
    });
    let home = get(HOME).map(|base| below(&base, ".local/state/intunectl"));
    let user = rustix::process::geteuid().as_raw();
    let temporary = Directory { path: temporary.join(format!("intunectl-{user}")), base: None };
    [runtime, state, home, Some(temporary)].into_iter().flatten().collect()
}

impl Directory {
    /// Opens a lock file in it. Creates both if necessary.
    pub fn open(&self, name: &str) -> io::Result<File> {
        if let Some(base) = &self.base {
            let metadata = fs::metadata(base)?;
            if !metadata.is_dir() {
                return Err(Errno::NOTDIR.into());
            }
            if !is_own(&metadata) {
                return Err(io::Error::other(format!("{} belongs to another user", base.display())));
            }
        }
        let directory = self.open_directory()?;
        // Relative to the open directory, because its path could be replaced in the meantime.
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&directory, format!("{name}.lock"), flags, Mode::RUSR | Mode::WUSR)?);
        // Another user may have created it before the directory was private, and could hold its lock for ever.
        if !is_own(&file.metadata()?) {
            return Err(io::Error::other(format!("{name}.lock belongs to another user")));
        }
        Ok(file)
    }

    /// Opens the directory itself, and makes sure that it belongs to the user and is private.
    fn open_directory(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = || rustix::fs::open(&self.path, flags, Mode::empty());
        let opened = match open() {
            Err(Errno::NOENT) => {
                self.create()?;
                open()
            }
            opened => opened,
        };
        let directory = File::from(opened.map_err(|error| match error {
            // For a symbolic link, systems report one or the other.
            Errno::LOOP => Errno::NOTDIR,
            error => error,
        })?);
        if !is_own(&directory.metadata()?) {
            return Err(io::Error::other("belongs to another user"));
        }
        if !is_private(&directory)? {
            directory.set_permissions(Permissions::from_mode(PRIVATE))?;
            // Some file systems accept every mode and do not apply it.
            if !is_private(&directory)? {
                return Err(io::Error::other("other users can write to it"));
            }
        }
        Ok(directory)
    }

    fn create(&self) -> io::Result<()> {
        match DirBuilder::new().mode(PRIVATE).recursive(self.base.is_some()).create(&self.path) {
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            created => created,
        }
    }
}

fn is_own(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw()
}

fn is_private(directory: &File) -> io::Result<bool> {
    Ok(directory.metadata()?.permissions().mode() & 0o777 == PRIVATE)
}

#[cfg(test)]
mod tests;
