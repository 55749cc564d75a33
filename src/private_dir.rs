//! A place for lock files that is the user's alone, so that nobody else can hold a lock there.

use std::env;
use std::fs::{DirBuilder, metadata, symlink_metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::PathBuf;

/// The directory, made if need be: in that of the user's session if there is one, else in the one for temporary files.
///
/// The session's directory is not used if it is another user's, as it is after `su`.
///
/// # Errors
/// It cannot be made, or what is there in its place is not the user's alone.
pub fn private_dir() -> io::Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let is_own = |dir: &PathBuf| metadata(dir).is_ok_and(|dir| dir.is_dir() && dir.uid() == user);
    let dir = match env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(is_own) {
        Some(session) => session.join("intunectl"),
        None => env::temp_dir().join(format!("intunectl-{user}")),
    };
    match DirBuilder::new().mode(0o700).create(&dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    let found = symlink_metadata(&dir)?;
    if found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0 {
        Ok(dir)
    } else {
        Err(io::Error::other("it is not the user's alone"))
    }
}
