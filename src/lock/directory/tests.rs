//! Which directory is used, and what is left unchanged.
#![allow(clippy::print_stderr, reason = "a test that needs root reports that it is skipped")]

use std::os::unix::fs::{chown, symlink};
use std::time::Instant;

use tempfile::TempDir;

use super::super::acquire_in;
use super::*;

/// A user's directories, all below one that is deleted after the test.
struct Scene {
    root: TempDir,
}

impl Scene {
    /// With a runtime directory, a home and a directory for temporary files.
    fn new() -> Self {
        let scene = Self { root: tempfile::tempdir().unwrap() };
        for name in ["run", "home", "tmp"] {
            fs::create_dir(scene.path(name)).unwrap();
        }
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn temporary(&self) -> PathBuf {
        self.path("tmp").join(format!("intunectl-{}", rustix::process::geteuid().as_raw()))
    }

    fn candidates(&self, variables: &[(&str, &str)]) -> Vec<Directory> {
        let get = |name: &str| Some(self.path(variables.iter().find(|(key, _)| *key == name)?.1).into_os_string());
        candidates_from(get, &self.path("tmp"))
    }

    /// The directory in which a lock is taken. Checks the owner and mode of the file and its directory.
    #[track_caller]
    fn takes(&self, variables: &[(&str, &str)]) -> PathBuf {
        let candidates = self.candidates(variables);
        let _lock = acquire_in(&candidates, "intunectl-test", Instant::now()).unwrap().unwrap();
        let has_lock = |path: &&Directory| fs::symlink_metadata(path.path.join("intunectl-test.lock")).is_ok();
        let found: Vec<_> = candidates.iter().filter(has_lock).map(|candidate| candidate.path.clone()).collect();
        let [path] = &found[..] else { panic!("{found:?}") };
        let (directory, file) = (fs::symlink_metadata(path).unwrap(), path.join("intunectl-test.lock"));
        assert!(directory.is_dir() && directory.permissions().mode() & 0o7777 == 0o700, "{directory:?}");
        let file = fs::symlink_metadata(file).unwrap();
        assert!(file.is_file() && file.len() == 0 && file.permissions().mode() & 0o7777 == 0o600, "{file:?}");
        // A second process finds the same.
        assert!(acquire_in(&candidates, "intunectl-test", Instant::now()).unwrap().is_none());
        path.clone()
    }

    /// Why no lock can be taken.
    fn refuses(&self, variables: &[(&str, &str)]) -> String {
        acquire_in(&self.candidates(variables), "intunectl-test", Instant::now()).unwrap_err()
    }

    /// Gives a path to another user; `false` if the tests do not run as root.
    fn give_away(&self, name: &str) -> bool {
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            chown(self.path(name), Some(65_534), None).unwrap();
        } else {
            eprintln!("skipped: only root can give {name} to another user");
        }
        is_root
    }
}

const RUN: (&str, &str) = ("XDG_RUNTIME_DIR", "run");
const STATE: (&str, &str) = ("XDG_STATE_HOME", "state");
const HOME: (&str, &str) = ("HOME", "home");
/// Where the lock is below [`HOME`].
const BELOW_HOME: &str = "home/.local/state/intunectl";

#[test]
fn directories_are_tried_in_the_order_runtime_state_home_temporary() {
    for (variables, expected) in [
        (&[RUN, STATE, HOME][..], "run/intunectl"),
        (&[RUN], "run/intunectl"),
        (&[STATE, HOME], "state/intunectl"),
        (&[HOME], BELOW_HOME),
    ] {
        let scene = Scene::new();
        assert_eq!(scene.takes(variables), scene.path(expected));
    }
    let scene = Scene::new();
    assert_eq!(scene.takes(&[]), scene.temporary());
}

#[test]
fn locks_with_different_names_do_not_block_each_other() {
    let scene = Scene::new();
    let take = |name| acquire_in(&scene.candidates(&[RUN]), name, Instant::now()).unwrap();
    let _held = [take("intunectl").unwrap(), take("intunectl-sandbox").unwrap()];
    assert!(take("intunectl").is_none() && take("intunectl-sandbox").is_none());
}

#[test]
fn an_empty_or_relative_path_in_a_variable_is_ignored() {
    for value in ["", "run", "./run"] {
        let found = candidates_from(|_| Some(value.into()), Path::new("/tmp"));
        assert_eq!(found.len(), 1, "{value}: {found:?}");
        assert_eq!(found[0].base, None);
    }
}

#[test]
fn a_directory_that_belongs_to_another_user_is_skipped_and_nothing_is_left_in_it() {
    // The last case is that after `sudo`: the state directory would have to be created in somebody else's home.
    for variable in [RUN, ("XDG_STATE_HOME", "run"), ("XDG_STATE_HOME", "run/new")] {
        let scene = Scene::new();
        if !scene.give_away("run") {
            return;
        }
        assert_eq!(scene.takes(&[variable, HOME]), scene.path(BELOW_HOME));
        assert_eq!(fs::read_dir(scene.path("run")).unwrap().count(), 0);
    }
    let scene = Scene::new();
    assert!(scene.give_away("home"));
    assert_eq!(scene.takes(&[HOME]), scene.temporary());
    assert_eq!(fs::read_dir(scene.path("home")).unwrap().count(), 0);
}

#[test]
fn a_directory_of_another_user_in_place_of_ours_is_skipped() {
    let scene = Scene::new();
    fs::create_dir(scene.path("run/intunectl")).unwrap();
    if scene.give_away("run/intunectl") {
        assert_eq!(scene.takes(&[RUN, HOME]), scene.path(BELOW_HOME));
        assert_eq!(fs::read_dir(scene.path("run/intunectl")).unwrap().count(), 0);
        let mode = fs::metadata(scene.path("run/intunectl")).unwrap().permissions().mode();
        assert_ne!(mode & 0o777, 0o700, "the mode of another user's directory was changed");
    }
}

#[test]
fn a_symbolic_link_or_a_file_in_place_of_the_directory_is_skipped_and_kept() {
    let scene = Scene::new();
    let (link, target) = (scene.path("run/intunectl"), scene.path("target"));
    symlink(&target, &link).unwrap();
    assert_eq!(scene.takes(&[RUN, HOME]), scene.path(BELOW_HOME));
    assert!(!target.exists(), "something was created at the target of the link");
    fs::create_dir(&target).unwrap();
    assert_eq!(scene.takes(&[RUN, HOME]), scene.path(BELOW_HOME));
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    assert_eq!(fs::read_link(&link).unwrap(), target);

    let scene = Scene::new();
    fs::write(scene.path("run/intunectl"), "someone's").unwrap();
    assert_eq!(scene.takes(&[RUN, HOME]), scene.path(BELOW_HOME));
    assert_eq!(fs::read_to_string(scene.path("run/intunectl")).unwrap(), "someone's");
}

#[test]
fn a_variable_that_points_to_nothing_or_to_a_plain_file_is_skipped() {
    let scene = Scene::new();
    fs::write(scene.path("file"), "").unwrap();
    for value in ["nothing", "file"] {
        let variables = [("XDG_RUNTIME_DIR", value), ("HOME", value)];
        assert_eq!(scene.takes(&variables), scene.temporary());
        assert!(!scene.path("nothing").exists());
    }
    assert_eq!(scene.takes(&[("XDG_STATE_HOME", "file")]), scene.temporary());
    let temporary = candidates_from(|_| None, &scene.path("nothing"));
    assert!(acquire_in(&temporary, "intunectl-test", Instant::now()).is_err() && !scene.path("nothing").exists());
}

/// `/proc/self` belongs to the user, but not even root can create a file there.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_in_which_nothing_can_be_created_is_skipped() {
    let scene = Scene::new();
    let get = |name: &str| match name {
        "XDG_RUNTIME_DIR" | "XDG_STATE_HOME" => Some("/proc/self".into()),
        "HOME" => Some(scene.path("home").into_os_string()),
        _ => None,
    };
    let candidates = candidates_from(get, &scene.path("tmp"));
    let _lock = acquire_in(&candidates, "intunectl-test", Instant::now()).unwrap().unwrap();
    assert!(scene.path(BELOW_HOME).join("intunectl-test.lock").exists());
}

#[test]
fn a_directory_without_permission_to_write_is_skipped() {
    let scene = Scene::new();
    fs::set_permissions(scene.path("run"), Permissions::from_mode(0o500)).unwrap();
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: root may write everywhere");
    } else {
        assert_eq!(scene.takes(&[RUN, HOME]), scene.path(BELOW_HOME));
    }
}

#[test]
fn a_directory_that_is_open_to_other_users_is_made_private() {
    for mode in [0o777, 0o1777, 0o2770, 0o755, 0o710, 0o500] {
        let scene = Scene::new();
        let directory = scene.path("run/intunectl");
        fs::create_dir(&directory).unwrap();
        fs::set_permissions(&directory, Permissions::from_mode(mode)).unwrap();
        assert_eq!(scene.takes(&[RUN, HOME]), directory, "{mode:o}");
    }
}

#[test]
fn a_lock_file_of_another_user_in_a_formerly_open_directory_blocks_nobody() {
    let scene = Scene::new();
    let (directory, lock) = (scene.path("run/intunectl"), scene.path("run/intunectl/intunectl-test.lock"));
    fs::create_dir(&directory).unwrap();
    let takes_next = || {
        let _lock = acquire_in(&scene.candidates(&[RUN, HOME]), "intunectl-test", Instant::now()).unwrap().unwrap();
        assert!(scene.path(BELOW_HOME).join("intunectl-test.lock").exists());
        fs::remove_dir_all(scene.path("home/.local")).unwrap();
    };

    symlink(scene.path("target"), &lock).unwrap();
    takes_next();
    assert!(!scene.path("target").exists());
    fs::remove_file(&lock).unwrap();

    fs::create_dir(&lock).unwrap();
    takes_next();
    fs::remove_dir(&lock).unwrap();

    let held = File::create(&lock).unwrap();
    held.lock().unwrap();
    if scene.give_away("run/intunectl/intunectl-test.lock") {
        takes_next();
    }
}

#[test]
fn if_no_directory_works_the_error_gives_the_reason_for_each() {
    let scene = Scene::new();
    fs::write(scene.path("run/intunectl"), "").unwrap();
    symlink("elsewhere", scene.temporary()).unwrap();
    let variables = [RUN, ("HOME", "nothing")];
    let [run, home] = [scene.path("run/intunectl"), scene.path("nothing/.local/state/intunectl")];
    let expected = format!(
        "cannot create a lock file: {}: Not a directory; {}: No such file or directory; {}: Not a directory",
        run.display(),
        home.display(),
        scene.temporary().display()
    );
    assert_eq!(scene.refuses(&variables), expected);

    fs::remove_file(scene.path("run/intunectl")).unwrap();
    if scene.give_away("run") {
        let reason = format!("{}: {} belongs to another user; ", run.display(), scene.path("run").display());
        assert!(scene.refuses(&variables).contains(&reason), "{}", scene.refuses(&variables));
        fs::remove_file(scene.temporary()).unwrap();
        fs::create_dir(scene.temporary()).unwrap();
        chown(scene.temporary(), Some(65_534), None).unwrap();
        assert!(scene.refuses(&variables).ends_with(": belongs to another user"), "{}", scene.refuses(&variables));
    }
}
