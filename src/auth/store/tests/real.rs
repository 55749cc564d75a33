//! A real Secret Service, working and broken.
//!
//! The environment decides which keyring is found, and a process cannot safely change its own environment. A test that
//! needs another keyring runs itself again in a child process.

use std::env;
use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::sync::{MutexGuard, PoisonError};

use super::super::{check, delete, load, profiles, replace, save};
use super::*;

/// Set in the child process of a test.
const CHILD: &str = "INTUNECTL_TEST_CHILD";

fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// This test program, running only `test`.
fn this_program(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    child(&mut command, test);
    command
}

/// This test program with a Secret Service of its own, running only `test`.
fn with_secret_service(test: &str) -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/with-secret-service"));
    command.arg(env::current_exe().unwrap());
    child(&mut command, test);
    command
}

fn child(command: &mut Command, test: &str) {
    let test = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    command.args([&test, "--exact", "--include-ignored", "--nocapture"]).env(CHILD, "1");
}

/// Runs it, and checks that one test ran: a wrong name would run none and pass.
fn succeeds(command: &mut Command) {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("test result: ok. 1 passed"));
}

/// Checks that the keyring is one for tests, not that of the person who runs them, and lets one test at a time use it:
/// each writes so much that others would time out.
fn keyring_for_tests() -> MutexGuard<'static, ()> {
    static IN_USE: Mutex<()> = Mutex::new(());
    let guard = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(
        env::var("INTUNECTL_TEST_SECRET_SERVICE").as_deref(),
        Ok("1"),
        "run these tests with .ci/with-secret-service"
    );
    guard
}

fn read(profile: &str) -> Option<String> {
    load(profile).unwrap().map(|s| s.expose_secret().to_owned())
}

fn write(profile: &str, secret: &str) {
    save(profile, &SecretString::from(secret)).unwrap();
}

/// The names of the entries of `profile`, found by searching.
fn held(profile: &str) -> Vec<String> {
    let found = connect().unwrap().search(&HashMap::from([("service", service())])).unwrap();
    let names = found.iter().filter_map(|entry| Some(entry.get_specifiers()?.1));
    names.filter(|name| name.split('/').next() == Some(&entry_name(profile))).collect()
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn secrets_of_any_size_are_saved_replaced_and_deleted() {
    let _keyring = keyring_for_tests();
    for bytes in [0, 1_000, 4_000, 12_000, 100_000] {
        let profile = format!("size {bytes}");
        assert_eq!(read(&profile), None);
        for (bytes, seed) in [(bytes, 1), (bytes / 4, 2), (bytes / 2, 3)] {
            let secret = text(bytes, seed);
            write(&profile, &secret);
            assert_eq!(read(&profile).as_ref(), Some(&secret));
            assert_eq!(held(&profile).len(), entries(&secret));
        }
        assert_eq!(delete(&profile), Ok(true));
        assert_eq!(read(&profile), None);
        assert_eq!(held(&profile), [""; 0]);
        assert_eq!(delete(&profile), Ok(false));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_secret_is_replaced_only_if_it_is_unchanged_since_it_was_read() {
    let _keyring = keyring_for_tests();
    let secret = |text: &str| SecretString::from(text);
    write("replaced", "first");
    assert!(profiles().unwrap().contains(&"replaced".to_owned()));
    assert_eq!(replace("replaced", &[secret("other"), secret("first")], &secret("second")), Ok(true));
    assert_eq!(replace("replaced", &[secret("other"), secret("first")], &secret("third")), Ok(false));
    assert_eq!(read("replaced").as_deref(), Some("second"));
    assert_eq!(delete("replaced"), Ok(true));
    assert_eq!(replace("replaced", &[secret("other"), secret("second")], &secret("third")), Ok(false));
    assert_eq!(read("replaced"), None);
    assert!(!profiles().unwrap().contains(&"replaced".to_owned()));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn the_check_succeeds_and_leaves_nothing() {
    let _keyring = keyring_for_tests();
    check().unwrap();
    let found = connect().unwrap().search(&HashMap::from([("service", service())])).unwrap();
    assert!(found.iter().filter_map(Entry::get_specifiers).all(|(_, name)| !name.starts_with('/')));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn entries_of_other_programs_under_the_same_name_are_replaced_and_deleted() {
    let _keyring = keyring_for_tests();
    let leave_entries = || {
        for other in ["backup", "another tool"] {
            let attributes = ["service", service(), "username", "shared", "from", other];
            let mut tool = Command::new("secret-tool");
            tool.args(["store", "--label", other]).args(attributes).stdin(Stdio::piped());
            let mut tool = tool.spawn().unwrap();
            tool.stdin.take().unwrap().write_all(b"not ours").unwrap();
            assert!(tool.wait().unwrap().success());
        }
    };
    leave_entries();
    assert_eq!(load("shared").unwrap_err(), StoreError::Damaged);
    write("shared", "ours");
    assert_eq!(read("shared").as_deref(), Some("ours"));
    leave_entries();
    assert_eq!(delete("shared"), Ok(true));
    assert_eq!(read("shared"), None);
    assert_eq!(delete("shared"), Ok(false));
}

/// In the parent process: two processes and a thread save at once while it reads.
#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn processes_that_save_at_once_leave_one_intact_secret_and_readers_always_find_one() {
    let _keyring = keyring_for_tests();
    let profile = "contended";
    let save_often = |writer: u64| {
        for round in 0..5 {
            let seed = writer + round;
            write(profile, &text(2_000 * (seed as usize % 5), seed));
        }
    };
    if is_child() {
        return save_often(u64::from(std::process::id()));
    }
    write(profile, "");
    let me = || this_program("processes_that_save_at_once_leave_one_intact_secret_and_readers_always_find_one");
    let mut processes = [me().spawn().unwrap(), me().spawn().unwrap()];
    let thread = thread::spawn(move || save_often(1));
    while !thread.is_finished() {
        // A secret that is not whole is an error, on which `read` panics.
        assert!(read(profile).is_some());
    }
    thread.join().unwrap();
    for process in &mut processes {
        assert!(process.wait().unwrap().success());
    }
    let last = read(profile).unwrap();
    assert_eq!(held(profile).len(), entries(&last));
    assert_eq!(delete(profile), Ok(true));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn readers_during_logins_and_logouts_find_a_whole_secret_or_none() {
    let _keyring = keyring_for_tests();
    let secret = text(5_000, 1);
    let thread = thread::spawn({
        let secret = secret.clone();
        move || {
            for _ in 0..10 {
                write("coming and going", &secret);
                assert_eq!(delete("coming and going"), Ok(true));
            }
        }
    });
    while !thread.is_finished() {
        assert!(read("coming and going").is_none_or(|found| found == secret));
    }
    thread.join().unwrap();
}

/// A locked service must say so. It must not look empty, or lose its entries.
#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_locked_keyring_is_unusable() {
    if !is_child() {
        return succeeds(&mut with_secret_service("a_locked_keyring_is_unusable"));
    }
    let _keyring = keyring_for_tests();
    write("default", "secret");
    let lock = [
        "--session",
        "--print-reply",
        "--dest=org.freedesktop.secrets",
        "/org/freedesktop/secrets",
        "org.freedesktop.Secret.Service.Lock",
        "array:objpath:/org/freedesktop/secrets/aliases/default",
    ];
    assert!(is_open());
    assert!(Command::new("dbus-send").args(lock).stdout(Stdio::null()).status().unwrap().success());
    assert!(!is_open());
    unusable(load("default"));
    unusable(save("default", &SecretString::from("new")));
    unusable(delete("default"));
    unusable(check());
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_keyring_that_was_never_unlocked_is_empty_and_saves_nothing() {
    if !is_child() {
        let mut command = with_secret_service("a_keyring_that_was_never_unlocked_is_empty_and_saves_nothing");
        return succeeds(command.env("INTUNECTL_TEST_LOCKED", "1"));
    }
    let _keyring = keyring_for_tests();
    assert!(load("default").unwrap().is_none());
    unusable(check());
    unusable(save("default", &SecretString::from("new")));
}

fn unusable<T>(answer: Result<T, StoreError>) {
    assert!(matches!(answer.map(drop), Err(StoreError::Unavailable(_))));
}

#[test]
fn without_a_bus_every_call_fails_at_once() {
    if !is_child() {
        let nowhere = tempfile::tempdir().unwrap();
        let address = format!("unix:path={}/bus", nowhere.path().display());
        let mut command = this_program("without_a_bus_every_call_fails_at_once");
        return succeeds(command.env("DBUS_SESSION_BUS_ADDRESS", address));
    }
    let asked = Instant::now();
    assert!(!is_open());
    unusable(load("default"));
    unusable(save("default", &SecretString::from("new")));
    unusable(delete("default"));
    unusable(check());
    assert!(asked.elapsed() < Duration::from_secs(1));
}

/// Not only the call, but also the process has to end in time.
#[test]
fn a_bus_that_never_answers_blocks_neither_the_call_nor_the_process() {
    if is_child() {
        return assert_eq!(check(), Err(StoreError::TimedOut));
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bus");
    let _silent = UnixListener::bind(&path).unwrap();
    let mut command = this_program("a_bus_that_never_answers_blocks_neither_the_call_nor_the_process");
    let asked = Instant::now();
    succeeds(command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", path.display())));
    assert!(asked.elapsed() < ANSWER_WITHIN + Duration::from_secs(2));
}
