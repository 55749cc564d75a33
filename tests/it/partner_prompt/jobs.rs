//! The prompt under a Unix shell: jobs, pipelines, sessions, namespaces, and the lock with which prompts wait for each
//! other.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::tcgetpgrp;

use super::{QUESTION, assert_declined, assert_not_asked, gated_service, service};
use crate::support::machine::until;
use crate::support::named_pipe::NamedPipe;
use crate::support::running::Running;
use crate::support::server::{Reply, Server};
use crate::support::shell::beside;
use crate::support::terminal::{ALL, Terminal};
use crate::support::{Intunectl, TOKEN, run};

#[test]
fn without_a_terminal_there_is_no_prompt() {
    let home = Intunectl::new();
    // A session without a terminal, like those of cron and services.
    let server = service();
    let mut alone = beside(&home.disconnect(server.root()), "setsid");
    alone.args(["--wait", "intunectl", "partner", "disconnect", "a", "b", "--graph-url", server.root()]);
    let seen = Running::start(&mut alone).end();
    assert_eq!(seen.code, Some(0), "{seen:?}");
    assert_not_asked(&seen.stderr, &server);
    // The standard streams are the terminal of another session.
    let server = service();
    let terminal = Terminal::script(home.disconnect(server.root()).args(["a", "b"]), r#"setsid --wait "$@""#);
    let seen = terminal.end();
    assert_eq!(seen.code, Some(0), "{seen:?}");
    assert_not_asked(&seen.stderr, &server);
}

#[test]
fn a_background_job_shows_no_prompt_and_is_not_stopped() {
    for script in [
        r#"set -m; "$@" & wait $!"#,
        // With this setting, writing stops a background job.
        r#"set -m; stty tostop; "$@" >out 2>err & wait $!"#,
        r#"set -m; stty tostop; "$@" >out 2>err </dev/null & wait $!"#,
    ] {
        let server = service();
        let home = Intunectl::new();
        let seen = Terminal::script(home.disconnect(server.root()).args(["a", "b"]), script).end();
        assert_eq!(seen.code, Some(0), "{script}: {seen:?}");
        assert_not_asked(&seen.stderr, &server);
    }
}

#[test]
fn at_the_end_of_a_pipeline_there_is_one_prompt() {
    // In the shell's own process group, and in one that the shell creates for the pipeline.
    for job_control in ["", "set -m; "] {
        for (keys, code) in [("n\n", 1), ("y\n", 0)] {
            let server = Server::start(|request, _| match (request.is_post(), request.path.ends_with("Partners")) {
                (true, _) => Reply::done(),
                (_, true) => Reply::status(200).body(r#"{"value":[{"id":"a"},{"id":"b"}]}"#),
                _ => Reply::partner(request.id(), "onboarded"),
            });
            let home = Intunectl::new();
            let mut command = home.disconnect(server.root());
            command.arg("-").env("INTUNECTL_GRAPH_URL", server.root());
            let script = format!(r#"{job_control}intunectl partner list -o id | "$@""#);
            let terminal = Terminal::script(&command, &script);
            terminal.wait_for(QUESTION);
            server.assert_only_read();
            terminal.keys(keys);
            let seen = terminal.end();
            assert_eq!(seen.code, Some(code), "{script}: {seen:?}");
            assert_eq!(seen.stderr.matches(QUESTION).count(), 1, "{seen:?}");
            let done: &[&str] = if code == 0 { &["a", "b"] } else { &[] };
            assert_eq!(server.done(), done);
        }
    }
}

/// The lock of a prompt as the system reports it: its holder, and whether a process waits for it.
struct Lock {
    holder: Option<Pid>,
    has_waiter: bool,
}

/// The lock file in this directory, if there is one.
fn lock_file(directory: &Path) -> Option<PathBuf> {
    let mut files = std::fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path());
    let file = files.next();
    assert_eq!(files.next(), None, "there is more than one lock");
    file
}

fn lock(directory: &Path) -> Lock {
    let inode = lock_file(directory).and_then(|file| file.metadata().ok()).map(|metadata| metadata.ino());
    let mut lock = Lock { holder: None, has_waiter: false };
    // "1: FLOCK ADVISORY WRITE 1234 fd:01:5678 0 EOF". A waiting process has "->" after the number. Source: proc(5).
    for line in std::fs::read_to_string("/proc/locks").unwrap().lines() {
        let words: Vec<_> = line.split_whitespace().skip(1).collect();
        let (is_waiter, words) = match words.strip_prefix(&["->"]) {
            Some(words) => (true, words),
            None => (false, &words[..]),
        };
        let place = words[4].rsplit(':').next().and_then(|inode| inode.parse().ok());
        if inode.is_some() && place == inode {
            lock.has_waiter |= is_waiter;
            lock.holder = if is_waiter { lock.holder } else { Pid::from_raw(words[3].parse().unwrap()) };
        }
    }
    lock
}

#[test]
fn a_second_prompt_on_a_terminal_waits_for_the_first() {
    for is_killed in [false, true] {
        let server = service();
        let home = Intunectl::new();
        let script = format!(
            "intunectl partner disconnect a --graph-url {root} -q & one=$!
             intunectl partner onboard b --graph-url {root} -q & two=$!
             wait $one; echo disconnect: $?; wait $two; echo onboard: $?",
            root = server.root()
        );
        let terminal = Terminal::script(&home.disconnect(server.root()), &script);
        terminal.wait_for(QUESTION);
        let locks = home.home().join("intunectl");
        let waits = || {
            assert_eq!(terminal.screen().matches(QUESTION).count(), 1, "{}", terminal.screen());
            lock(&locks).has_waiter.then_some(())
        };
        until(waits, || "the second does not wait".to_owned());
        let (first, second, done) = match terminal.screen().contains("\r\nDisconnect 1 partner") {
            true => ("disconnect", "onboard", "b"),
            false => ("onboard", "disconnect", "a"),
        };
        // The second one has not read its partner: its progress would overwrite the prompt.
        assert_eq!(server.requests().len(), 1);
        if is_killed {
            kill_process(lock(&locks).holder.unwrap(), Signal::KILL).unwrap();
        } else {
            terminal.keys("n\n");
        }
        terminal.wait_for_times(QUESTION, 2);
        terminal.keys("y\n");
        let seen = terminal.end();
        let code = if is_killed { 137 } else { 1 };
        assert!(seen.stderr.contains(&format!("{first}: {code}\n")), "{seen:?}");
        assert!(seen.stderr.contains(&format!("{second}: 0\n")), "{seen:?}");
        assert_eq!(server.done(), [done]);
        assert_eq!(lock_file(&locks), None);
    }
}

#[test]
fn a_job_that_was_stopped_at_its_prompt_blocks_no_other() {
    let server = service();
    let home = Intunectl::new();
    let script = r#"set -m; "$@"; "$@"; code=$?; kill -KILL %1; (exit $code)"#;
    let terminal = Terminal::script(home.disconnect(server.root()).arg("a"), script);
    terminal.wait_for(QUESTION);
    terminal.ctrl_z();
    terminal.wait_for_times(QUESTION, 2);
    terminal.keys("n\n");
    assert_declined(&terminal.end(), &server);
}

#[test]
fn without_a_directory_for_the_lock_there_is_still_a_prompt() {
    let server = service();
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    command.arg("a").env_remove("XDG_RUNTIME_DIR").env("HOME", "/dev/null").env("TMPDIR", "/dev/null");
    let terminal = Terminal::start(&command, ALL, 80);
    terminal.wait_for(QUESTION);
    terminal.keys("n\n");
    assert_declined(&terminal.end(), &server);
}

#[test]
fn without_a_runtime_directory_the_lock_is_in_the_home() {
    let server = service();
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    command.arg("a").env_remove("XDG_RUNTIME_DIR");
    let terminal = Terminal::start(&command, ALL, 80);
    terminal.wait_for(QUESTION);
    let directory = home.home().join(".local/state/intunectl");
    assert_eq!(directory.metadata().unwrap().mode() & 0o777, 0o700);
    assert!(lock(&directory).holder.is_some());
    terminal.keys("n\n");
    assert_declined(&terminal.end(), &server);
    assert_eq!(lock_file(&directory), None);
}

#[test]
fn a_job_moved_to_the_background_before_its_prompt_waits_there() {
    let (server, gate) = gated_service();
    let home = Intunectl::new();
    let script = r#"set -m; stty tostop; "$@" 2>err; bg; echo ready; read line; fg"#;
    let terminal = Terminal::script(home.disconnect(server.root()).arg("a"), script);
    server.wait_for(1);
    terminal.ctrl_z();
    terminal.wait_for("ready");
    gate.open();
    assert_not_stopped(&home);
    assert!(!terminal.screen().contains(QUESTION), "{}", terminal.screen());
    terminal.keys("\n");
    terminal.wait_for(QUESTION);
    terminal.keys("n\n");
    let (seen, screen) = terminal.end_with_screen();
    assert_eq!(seen.code, Some(1), "{screen}");
    assert_eq!(screen.matches(QUESTION).count(), 1, "{screen}");
    server.assert_only_read();
}

/// Asserts that the process with the prompt is not stopped. Waits long enough for a wrong read to stop it.
#[track_caller]
fn assert_not_stopped(home: &Intunectl) {
    // The system's list may lack a line while other processes change it.
    let pid = until(|| lock(&home.home().join("intunectl")).holder, || "there is no prompt".to_owned());
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(300) {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap();
        assert!(!stat.contains(") T "), "{stat}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_job_that_was_stopped_at_its_prompt_ignores_keys_for_the_shell_and_asks_again() {
    // Typed at once, before the prompt was shown again, or at the prompt before it was stopped.
    for (before, after) in [("", "fg\ny\n"), ("", "fg\ny\n"), ("", "fg\ny\n"), ("y", "fg\n"), ("y", "fg\n\n")] {
        let server = service();
        let home = Intunectl::new();
        let script = r#"set -m; "$@"; echo ready; read line; fg"#;
        let terminal = Terminal::script(home.disconnect(server.root()).arg("a"), script);
        terminal.wait_for(QUESTION);
        terminal.keys(before);
        terminal.wait_for(&format!("{QUESTION} {before}"));
        terminal.ctrl_z();
        terminal.wait_for("ready");
        terminal.keys(after);
        terminal.wait_for_times(QUESTION, 2);
        terminal.keys("\n");
        let seen = terminal.end();
        assert_declined(&seen, &server);
        assert_eq!(seen.stderr.matches("There is no undo.\n").count(), 2, "{seen:?}");
    }
    // The second prompt can be answered like the first.
    let server = service();
    let home = Intunectl::new();
    let terminal = Terminal::script(home.disconnect(server.root()).arg("a"), r#"set -m; "$@"; fg"#);
    terminal.wait_for(QUESTION);
    terminal.ctrl_z();
    terminal.wait_for_times(QUESTION, 2);
    terminal.keys("y\n");
    let seen = terminal.end();
    assert_eq!((server.done(), seen.code), (vec!["a".to_owned()], Some(0)), "{seen:?}");
}

#[test]
fn a_job_moved_to_the_background_at_its_prompt_asks_again_in_the_foreground() {
    let server = service();
    let home = Intunectl::new();
    let script = r#"set -m; "$@"; bg; echo ready; read line; echo "the shell read $line"; fg"#;
    let terminal = Terminal::script(home.disconnect(server.root()).arg("a"), script);
    terminal.wait_for(QUESTION);
    terminal.ctrl_z();
    terminal.wait_for("ready");
    assert_not_stopped(&home);
    assert_eq!(terminal.screen().matches(QUESTION).count(), 1);
    terminal.keys("y\n");
    terminal.wait_for("the shell read y");
    terminal.wait_for_times(QUESTION, 2);
    terminal.keys("n\n");
    assert_declined(&terminal.end(), &server);
}

#[test]
fn a_job_moved_to_the_background_before_its_token_came_asks_in_the_foreground() {
    let server = service();
    let home = Intunectl::new();
    let fifo = NamedPipe::new(&home).path().to_owned();
    let mut command = home.disconnect(server.root());
    command.args(["a", "--token-file"]).arg(&fifo).env_remove("INTUNECTL_TOKEN");
    let script = r#"set -m; "$@"; bg; echo ready; read line; fg"#;
    let terminal = Terminal::script(&command, script);
    // It can be opened for writing only after a process has opened it for reading.
    let nonblock = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
    let open = || File::options().write(true).custom_flags(nonblock).open(&fifo).ok();
    let mut token = until(open, || "the token is not read".to_owned());
    terminal.ctrl_z();
    terminal.wait_for("ready");
    token.write_all(TOKEN.as_bytes()).unwrap();
    drop(token);
    server.wait_for(1);
    server.assert_only_read();
    terminal.keys("\n");
    terminal.wait_for(QUESTION);
    terminal.keys("n\n");
    assert_declined(&terminal.end(), &server);
}

/// Whether this command works here. Reports if it does not.
#[expect(clippy::print_stderr, reason = "reports that a test is skipped")]
fn works(command: &[&str]) -> bool {
    let works = Command::new(command[0]).args(&command[1..]).output().is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("skipped: `{}` does not work here", command.join(" "));
    }
    works
}

#[test]
fn in_a_pid_namespace_there_is_a_prompt() {
    // With its own /proc, and with the outer one.
    for options in [&["--fork", "--pid", "--mount-proc"][..], &["--fork", "--pid"]] {
        if !works(&[&["unshare"], options, &["true"]].concat()) {
            continue;
        }
        let script = format!(r#"unshare {} "$@""#, options.join(" "));
        for (keys, code) in [("n\n", 1), ("y\n", 0)] {
            let server = service();
            let home = Intunectl::new();
            let terminal = Terminal::script(home.disconnect(server.root()).arg("a"), &script);
            terminal.wait_for(QUESTION);
            server.assert_only_read();
            terminal.keys(keys);
            let seen = terminal.end();
            assert_eq!((seen.code, server.done().len()), (Some(code), usize::from(code == 0)), "{script}: {seen:?}");
            assert_eq!(seen.stderr.matches("nothing was sent").count(), usize::from(code == 1), "{script}: {seen:?}");
        }
    }
}

#[test]
fn without_dev_tty_the_prompt_uses_the_terminal_of_a_standard_stream() {
    let bare = "mount -t tmpfs none /dev";
    if !works(&["unshare", "--mount", "sh", "-c", bare]) {
        return;
    }
    for redirections in ["", "2>err", "2>err </dev/null", "</dev/null >out", ">out 2>err"] {
        let server = service();
        let home = Intunectl::new();
        // The streams are redirected before the devices disappear.
        let script = format!(r#"unshare --mount sh -c '{bare} && exec "$@"' sh "$@" {redirections}"#);
        let terminal = Terminal::script(home.disconnect(server.root()).arg("a"), &script);
        terminal.wait_for(QUESTION);
        terminal.keys("n\n");
        let seen = terminal.end();
        assert_declined(&seen, &server);
    }
}

#[test]
fn a_hangup_of_the_terminal_counts_as_no() {
    let server = service();
    let home = Intunectl::new();
    // As with nohup, the process survives. Its exit code is written to a file.
    let script = r#"trap '' HUP; intunectl partner disconnect a 2>err; echo $? >part; mv part code"#;
    let mut command = beside(home.disconnect(server.root()).env("INTUNECTL_GRAPH_URL", server.root()), "script");
    command.args(["--quiet", "--command", script, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let terminal = Running::with(&mut command);
    terminal.wait_for_stdout(QUESTION);
    // No other process has the other end of the terminal.
    terminal.signal("KILL");
    let code = home.home().join("code");
    until(|| code.exists().then_some(()), || "it does not end".to_owned());
    assert_eq!(std::fs::read_to_string(code).unwrap(), "1\n");
    assert_eq!(std::fs::read_to_string(home.home().join("err")).unwrap(), "nothing was sent\n");
    server.assert_only_read();
}

/// Set for the process that the test below starts, which is this test program again.
const AT_A_TERMINAL: &str = "INTUNECTL_TEST_AT_A_TERMINAL";

#[test]
fn tests_that_run_on_a_terminal_show_no_prompt() {
    if let Some(root) = std::env::var_os(AT_A_TERMINAL) {
        let root = root.to_str().unwrap();
        let terminal = std::fs::File::open("/dev/tty").unwrap();
        assert_eq!(tcgetpgrp(terminal), Ok(getpgrp()), "this test is not in the foreground");
        let home = Intunectl::new();
        assert_eq!(run(home.disconnect(root).arg("a")).code, Some(0));
        let mut script = home.sh(&format!("intunectl partner disconnect b --graph-url {root}"));
        assert_eq!(run(script.env("INTUNECTL_TOKEN", TOKEN)).code, Some(0));
        return;
    }
    let server = service();
    let home = Intunectl::new();
    let mut command = home.command_of(&std::env::current_exe().unwrap());
    command.args(["partner_prompt::jobs::tests_that_run_on_a_terminal_show_no_prompt", "--exact", "--nocapture"]);
    let seen = Terminal::start(command.env(AT_A_TERMINAL, server.root()), ALL, 80).end();
    assert_eq!(seen.code, Some(0), "{seen:?}");
    assert_not_asked(&seen.stderr, &server);
}
