//! Machines whose Secret Service cannot be reached or does not answer, and lock files on a machine with several users.
//! Neither applies to Windows.

use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::Scene;
use crate::support::graph::{Graph, TOKEN, Unspoken};
use crate::support::jwt::good;
use crate::support::running::Running;
use crate::support::tab::Offers;
use crate::support::{Intunectl, Seen, files, run, run_with};

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
#[allow(clippy::print_stderr, reason = "a test that needs root reports that it is skipped")]
fn another_users_files_in_the_temporary_directory_block_neither_login_nor_logout() {
    let keyring = Scene::new();
    let shared = Intunectl::new();
    let user = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(shared.home()).unwrap());
    let lock = shared.file(&format!("intunectl-{user}.lock"), "");
    let held = File::open(&lock).unwrap();
    held.try_lock().unwrap();
    let directory = shared.home().join(format!("intunectl-{user}"));
    std::fs::create_dir(&directory).unwrap();
    for path in [&lock, &directory] {
        if chown(path, Some(65_534), None).is_err() {
            eprintln!("skipped: only root can give {} to another user", path.display());
            return;
        }
    }
    let (url, token) = (keyring.graph.url(), good());
    let mut login = keyring.command(&["auth", "login", "--with-token", "--graph-url", &url]);
    login.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", shared.home());
    assert_eq!(run_with(&mut login, token.clone()).code, Some(0));
    keyring.has(&[], &token);
    let created = keyring.home.home().join(".local/state/intunectl/intunectl.lock");
    assert_eq!(files(keyring.home.home()), [created]);

    // Without a home no directory is left for the lock, but the sign-in can still be deleted.
    let mut logout = keyring.command(&["auth", "logout"]);
    logout.env("HOME", "/nonexistent").env_remove("XDG_RUNTIME_DIR").env("TMPDIR", shared.home());
    assert_eq!(run(&mut logout).code, Some(0));
    keyring.has_none("default");
    assert_eq!(files(shared.home()), [lock]);
}

#[test]
fn without_a_keyring_login_fails_at_once_and_names_the_variable() {
    let home = Intunectl::new();
    let token = good();
    let start = Instant::now();
    let Seen { stdout, stderr, code } =
        run_with(home.command().args(["auth", "login", "--with-token"]), token.as_str());
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!((stdout.as_str(), code), ("", Some(1)));
    assert!(stderr.starts_with("error: cannot store a sign-in: the keyring cannot be used: "), "{stderr}");
    assert!(
        stderr.contains("\nhint: ") && stderr.contains("INTUNECTL_TOKEN") && !stderr.contains(&token[..40]),
        "{stderr}"
    );
    assert_eq!(files(home.home()), [""; 0].map(PathBuf::from));
}

#[test]
fn without_a_keyring_logout_fails() {
    let seen = run(Intunectl::new().command().args(["auth", "logout"]));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(1)));
    assert!(seen.stderr.starts_with("error: the keyring cannot be used: "), "{}", seen.stderr);
}

/// A bus that accepts connections and never answers.
struct SilentBus {
    home: Intunectl,
    listener: UnixListener,
}

impl SilentBus {
    fn new() -> Self {
        let home = Intunectl::new();
        let listener = UnixListener::bind(home.home().join("bus")).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { home, listener }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command();
        let bus = format!("unix:path={}", self.home.home().join("bus").display());
        command.args(arguments).env("DBUS_SESSION_BUS_ADDRESS", bus);
        command
    }
}

#[test]
fn a_silent_keyring_counts_as_unusable_after_three_seconds() {
    let bus = SilentBus::new();
    let start = Instant::now();
    // All at once, to wait only once.
    let commands = [
        (
            &["auth", "login", "--with-token"][..],
            good(),
            1,
            "error: cannot store a sign-in: the keyring did not answer",
        ),
        (&["auth", "logout"], String::new(), 1, "error: the keyring did not answer within 3 s"),
        (&["auth", "token"], String::new(), 4, "error: no access token: the keyring did not answer"),
        (&["partner", "list"], String::new(), 4, "error: no access token: the keyring did not answer"),
        (&["partner", "disconnect", "a"], String::new(), 4, "error: no access token: the keyring did not answer"),
        (&["partner", "disconnect", "-"], "a\nb\n".to_owned(), 4, "error: no access token: the keyring did not answer"),
    ];
    let started: Vec<_> = commands
        .into_iter()
        .map(|(arguments, stdin, code, words)| (Running::with_input(&mut bus.command(arguments), stdin), code, words))
        .collect();
    for (running, expected, words) in started {
        let seen = running.end();
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(expected)), "{}", seen.stderr);
        assert!(seen.stderr.starts_with(words), "{}", seen.stderr);
        let needs_a_token = !words.starts_with("error: the keyring");
        assert_eq!(seen.stderr.contains("INTUNECTL_TOKEN"), needs_a_token, "{}", seen.stderr);
    }
    // The limit is 3 s; the rest is for slow machines.
    let took = start.elapsed();
    assert!((Duration::from_secs(3)..Duration::from_secs(15)).contains(&took), "{took:?}");
    assert_eq!(files(bus.home.home()), [""; 0].map(PathBuf::from));
}

#[test]
fn completion_does_not_wait_for_a_silent_keyring() {
    let bus = SilentBus::new();
    let server = Unspoken::new();
    let mut command = bus.command(&[]);
    let offers = Offers::to(command.env("INTUNECTL_GRAPH_URL", server.url()), &["partner", "disconnect", ""]);
    assert_eq!(offers.ids(), [""; 0]);
    server.assert_unspoken();
}

#[test]
fn a_token_given_as_an_option_leaves_the_keyring_untouched() {
    let bus = SilentBus::new();
    let graph = Graph::that_does_it();
    bus.home.file("token", TOKEN);
    for source in [["--token", TOKEN], ["--token-file", "token"]] {
        let url = graph.url();
        let arguments = [&["partner", "disconnect", "a", "--graph-url", &url][..], &source].concat();
        assert_eq!(run(&mut bus.command(&arguments)).code, Some(0));
    }
    let refused = bus.listener.accept();
    assert!(refused.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "{refused:?}");
    assert_eq!(graph.disconnected(), ["a", "a"]);
}
