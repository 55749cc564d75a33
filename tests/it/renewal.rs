//! Renewing a token: when, how often, what is stored, and how a run is affected. The keyring is a real one. The sign-in
//! service is a fake that answers in every way that a real one may.

#[cfg(unix)]
use std::net::Shutdown;
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(unix)]
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::graph::Unspoken;
use crate::support::jwt::{OTHER_TENANT, TENANT};
use crate::support::keyring::with_keyring;
use crate::support::machine::Machine;
use crate::support::platform::{Detour, Issuer, Platform, answer, dead, random, refusal_of_entra};
use crate::support::running::Running;
use crate::support::server::{Gate, PATIENCE, Reply, Request};
use crate::support::tab::Offers;
use crate::support::{Intunectl, Seen, ids, os};

/// Enough for a run.
const HOUR: u64 = 3600;
/// So little that a token is renewed before the first request, but still usable.
const LITTLE: u64 = 180;
/// The token has expired by the time it is stored.
const EXPIRED: u64 = 0;

/// A machine and a sign-in service.
struct Scene {
    machine: Machine,
    platform: Platform,
}

impl Scene {
    /// With the keyring of `.ci/with-secret-service`, empty.
    fn new(platform: Platform) -> Self {
        Self::on(Machine::new(), platform)
    }

    /// Without a keyring.
    fn without_keyring(platform: Platform) -> Self {
        Self::on(Machine::without_keyring(), platform)
    }

    fn on(mut machine: Machine, platform: Platform) -> Self {
        machine.secrets = platform.issuer.secrets.clone();
        Self { machine, platform }
    }

    fn issuer(&self) -> &Issuer {
        &self.platform.issuer
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.machine.command(arguments)
    }

    /// Disconnects `count` IDs as profile 'work', with `-vv`.
    fn disconnect(&self, count: usize, arguments: &[&str]) -> Command {
        let mut command = self.command(&["partner", "disconnect", "-vv", "-o", "ndjson", "--profile", "work"]);
        command.args(ids(count)).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Seen {
        self.machine.run(arguments)
    }

    fn end_of(&self, running: Running) -> Seen {
        self.machine.end_of(running)
    }

    fn outcome(&self, mut command: Command) -> Seen {
        self.machine.seen(&mut command)
    }

    /// Signs in with a device code; the access token expires after this many seconds.
    fn sign_in(&self, profile: &str, seconds: u64) {
        let root = self.platform.root().to_owned();
        self.sign_in_at(&root, profile, seconds, &[]);
    }

    fn sign_in_at(&self, login: &str, profile: &str, seconds: u64, arguments: &[&str]) {
        self.platform.at_sign_in(seconds);
        let root = self.platform.root();
        let roots = ["--graph-url", root, "--login-url", login, "--profile", profile];
        let seen = self.run(&[&["auth", "login", "--device-code", "-vv"], &roots[..], arguments].concat());
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    }

    /// Runs `auth token` for profile 'work'.
    fn token(&self) -> Seen {
        self.machine.token(&["-vv", "--profile", "work"])
    }

    /// Asserts that the keyring has the `n`th tokens issued. The access token must expire soon: the refresh token is
    /// seen only when the next renewal sends it.
    #[track_caller]
    fn keeps(&self, n: usize) {
        let seen = self.token();
        assert_eq!(seen.code, Some(0), "{}", seen.stderr);
        let sent = self.platform.token_requests().last().and_then(|request| request.form("refresh_token"));
        assert_eq!(sent, Some(self.issuer().refresh(n)), "the keyring had a different refresh token");
    }
}

/// The errors, warnings and hints, without the lines that `-vv` adds.
fn told(seen: &Seen) -> Vec<&str> {
    let labels = ["error: ", "warning: ", "hint: "];
    seen.stderr.lines().filter(|line| labels.iter().any(|label| line.starts_with(label))).collect()
}

/// The command in a hint that signs in again.
fn login_command(seen: &Seen) -> &str {
    let start = seen.stderr.find("intunectl auth login").unwrap_or_else(|| panic!("{}", seen.stderr));
    seen.stderr[start..].split(['`', '\n']).next().unwrap()
}

/// Asserts that the run succeeded without an error, warning or hint.
#[track_caller]
fn assert_quiet(seen: &Seen) {
    assert_eq!((seen.code, told(seen)), (Some(0), vec![]), "{}", seen.stderr);
}

/// Asserts that the records agree with what Graph saw. For scenes in which Graph saw a single run.
#[track_caller]
fn assert_whole(seen: &Seen, platform: &Platform, count: usize) {
    let done: Vec<_> = platform.server.done().into_iter().filter(|id| id.starts_with("p-")).collect();
    let sent: Vec<_> = platform.graph().iter().map(|request| request.id().to_owned()).collect();
    seen.assert_whole(count, &done, &sent);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_token_that_expires_soon_is_renewed_before_the_first_request() {
    for (left, as_jwt) in [(290, false), (290, true), (60, false), (EXPIRED, false), (EXPIRED, true)] {
        let scene = Scene::new(Platform::renewing(|_, issuer| issuer.grant(HOUR)));
        if as_jwt {
            scene.issuer().give_jwts();
        }
        let root = scene.platform.root().to_owned();
        scene.sign_in_at(&root, "work", left, &["--client-id", "an-app-of-ours"]);
        let before = scene.platform.server.requests().len();
        let seen = scene.outcome(scene.disconnect(20, &[]));
        assert_quiet(&seen);
        assert_whole(&seen, &scene.platform, 20);
        assert_eq!(scene.platform.bearers(), [1; 20]);
        let request = &scene.platform.server.requests()[before];
        assert_eq!((request.method.as_str(), request.path.clone()), ("POST", format!("/{TENANT}/oauth2/v2.0/token")));
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
        // A public client has no credential.
        assert_eq!((request.header("authorization"), request.form("client_secret")), (None, None));
        let scope = format!("{root}/DeviceManagementServiceConfig.ReadWrite.All offline_access openid profile");
        for (name, value) in [
            ("grant_type", "refresh_token"),
            ("client_id", "an-app-of-ours"),
            ("refresh_token", &scene.issuer().refresh(0)),
            ("scope", &scope),
        ] {
            assert_eq!(request.form(name).as_deref(), Some(value), "{name}");
        }
        // It is stored, and the next run uses it.
        assert_eq!(scene.token().stdout, format!("{}\n", scene.issuer().access(1)));
        assert_eq!(scene.platform.token_requests().len(), 1);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_token_with_enough_time_left_is_not_renewed() {
    for as_jwt in [false, true] {
        let scene = Scene::new(Platform::renewing(|_, _| dead()));
        if as_jwt {
            scene.issuer().give_jwts();
        }
        scene.sign_in("work", 900);
        let seen = scene.outcome(scene.disconnect(20, &[]));
        assert_quiet(&seen);
        assert_eq!((scene.platform.bearers(), scene.platform.token_requests().len()), (vec![0; 20], 0));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn every_command_that_needs_a_token_renews_it() {
    let scene =
        Scene::new(Platform::start(|_, issuer| issuer.grant(LITTLE), |_, _| answer(200, &json!({"value": []}))));
    scene.sign_in("work", LITTLE);
    for command in [["partner", "list"], ["auth", "status"]] {
        let renewals = scene.platform.token_requests().len();
        let seen = scene.run(&[&command[..], &["-vv", "--profile", "work"]].concat());
        assert_quiet(&seen);
        assert_eq!(scene.platform.token_requests().len(), renewals + 1, "{command:?}");
    }
    assert_eq!(scene.token().stdout, format!("{}\n", scene.issuer().access(3)));
    assert_eq!(scene.platform.bearers(), [1]);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn completion_uses_a_valid_token_and_never_renews_one() {
    let listed = |request: &Request, issuer: &Issuer| match issuer.bearer(request) {
        0 => answer(200, &json!({"value": [{"id": "a"}]})),
        _ => Reply::expired(),
    };
    let scene = Scene::new(Platform::start(|_, issuer| issuer.grant(HOUR), listed));
    let line = ["partner", "disconnect", "--profile", "work", ""];
    for seconds in [LITTLE, EXPIRED, HOUR] {
        scene.sign_in("work", seconds);
        let before = scene.platform.graph().len();
        match seconds {
            LITTLE => assert_eq!(Offers::with_ids(|| scene.command(&[]), &line).ids(), ["a"]),
            // One has expired, the other is rejected.
            _ => assert_eq!(Offers::to(&mut scene.command(&[]), &line).ids(), [""; 0]),
        }
        let sent = scene.platform.graph().len() - before;
        assert!(if seconds == EXPIRED { sent == 0 } else { seconds == LITTLE || sent <= 1 }, "{seconds}: {sent}");
        // Another profile, and a Graph server other than the profile's.
        assert_eq!(Offers::to(&mut scene.command(&[]), &["partner", "disconnect", ""]).ids(), [""; 0]);
        let elsewhere = Unspoken::new();
        let root = elsewhere.url();
        let line = [&line[..4], &["--graph-url", &root, ""]].concat();
        assert_eq!(Offers::to(&mut scene.command(&[]), &line).ids(), [""; 0]);
        elsewhere.assert_unspoken();
    }
    assert_eq!(scene.platform.token_requests().len(), 0);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_list_whose_token_is_rejected_renews_it_once() {
    for (still_refused, code, bearers) in [(false, 0, vec![0, 1]), (true, 4, vec![0, 1])] {
        let scene = Scene::new(Platform::start(
            |_, issuer| issuer.grant(HOUR),
            move |request, issuer| match issuer.bearer(request) {
                1.. if !still_refused => answer(200, &json!({"value": []})),
                _ => Reply::expired(),
            },
        ));
        scene.sign_in("work", HOUR);
        let seen = scene.run(&["partner", "list", "-vv", "--retries", "0", "--profile", "work"]);
        assert_eq!(seen.code, Some(code), "{}", seen.stderr);
        assert_eq!((scene.platform.bearers(), scene.platform.token_requests().len()), (bearers, 1));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_renewed_sign_in_is_stored_before_its_token_is_used() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let found = Arc::clone(&kept);
    let platform = Platform::start(
        |_, issuer| issuer.grant(HOUR),
        move |request, issuer| {
            let home = Intunectl::new();
            let mut command = home.command();
            with_keyring(command.args(["auth", "token", "--profile", "work"]));
            let seen = Running::start(&mut command).end();
            let is_there = seen.stdout.trim_end() == issuer.access(issuer.bearer(request));
            found.lock().unwrap().push(is_there);
            Reply::done()
        },
    );
    let scene = Scene::new(platform);
    scene.sign_in("work", LITTLE);
    assert_eq!(scene.outcome(scene.disconnect(3, &["-j1"])).code, Some(0));
    assert_eq!(*kept.lock().unwrap(), [true; 3]);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_run_killed_at_its_first_request_has_stored_the_new_refresh_token() {
    let (came, comes) = mpsc::channel();
    let came = Mutex::new(came);
    let platform = Platform::start(
        |request, issuer| issuer.grant_once(request, LITTLE),
        move |_, _| {
            let _ = came.lock().unwrap().send(());
            Reply::Stall(Vec::new())
        },
    );
    let scene = Scene::new(platform);
    scene.sign_in("work", LITTLE);
    for n in 1..=5 {
        let running = Running::start(&mut scene.disconnect(1, &["--timeout", "10m"]));
        comes.recv_timeout(PATIENCE).unwrap();
        running.signal("KILL");
        assert_eq!(scene.end_of(running).code, os::KILLED);
        let sent = scene.platform.token_requests()[n - 1].form("refresh_token");
        assert_eq!(sent, Some(scene.issuer().refresh(n - 1)));
    }
    scene.keeps(5);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_run_killed_at_any_time_after_the_new_tokens_arrive_leaves_a_usable_sign_in() {
    let (event, events) = mpsc::channel();
    let [answered, used] = [event.clone(), event].map(Mutex::new);
    let tell = |channel: &Mutex<mpsc::Sender<(bool, Instant)>>, is_answer| {
        let _ = channel.lock().unwrap().send((is_answer, Instant::now()));
    };
    // It accepts a refresh token any number of times, as Entra does for public clients.
    let platform = Platform::start(
        move |_, issuer| {
            tell(&answered, true);
            issuer.grant(LITTLE)
        },
        move |_, _| {
            tell(&used, false);
            Reply::done()
        },
    );
    let scene = Scene::new(platform);
    scene.sign_in("work", LITTLE);
    let next = |is_answer| loop {
        let (found, at) = events.recv_timeout(PATIENCE).unwrap();
        if found == is_answer {
            return at;
        }
    };
    // Measure how long storing takes, to kill the runs within that time.
    assert_eq!(scene.outcome(scene.disconnect(1, &[])).code, Some(0));
    let answered = next(true);
    let takes = next(false) - answered;
    for _ in 0..25 {
        let running = Running::start(&mut scene.disconnect(1, &[]));
        next(true);
        std::thread::sleep(takes.mul_f64(fastrand::f64() * 1.3));
        running.signal("KILL");
        scene.end_of(running);
        let seen = scene.token();
        assert_quiet(&seen);
        next(true);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_token_rejected_during_a_run_is_renewed_once_and_no_id_is_lost() {
    for arguments in [&["-j16"][..], &["-j16", "--retries", "0"], &["-j1", "--retries", "0"]] {
        let good_for = AtomicUsize::new(20);
        let platform = Platform::start(
            |_, issuer| issuer.grant(HOUR),
            move |request, issuer| {
                let is_first = issuer.bearer(request) == 0;
                let is_good = good_for.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                if is_first && is_good.is_err() { Reply::expired() } else { Reply::done() }
            },
        );
        let scene = Scene::new(platform);
        scene.sign_in("work", HOUR);
        let seen = scene.outcome(scene.disconnect(60, arguments));
        assert_quiet(&seen);
        assert_whole(&seen, &scene.platform, 60);
        assert_eq!(seen.with_status("disconnected"), ids(60));
        assert_eq!(scene.platform.token_requests().len(), 1);
        let twice = seen.records().iter().filter(|record| record["attempts"] == 2).count();
        assert_eq!(twice, scene.platform.graph().len() - 60);
        assert!((1..=16).contains(&twice), "{twice}");
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_renewed_token_that_is_rejected_too_stops_the_run() {
    for concurrency in ["1", "8"] {
        let platform = Platform::start(
            |_, issuer| issuer.grant(HOUR),
            // A server that echoes the token it was sent, and the one before.
            |request, issuer| {
                let words = format!("you sent {} {}", issuer.access(0), issuer.access(issuer.bearer(request)));
                answer(401, &json!({"error": {"code": words, "message": words}})).header("x-echo", &words)
            },
        );
        let scene = Scene::new(platform);
        scene.sign_in("work", HOUR);
        let seen = scene.outcome(scene.disconnect(40, &["-j", concurrency]));
        assert_eq!(seen.code, Some(4), "{}", seen.stderr);
        assert_whole(&seen, &scene.platform, 40);
        assert_eq!(scene.platform.token_requests().len(), 1);
        let failed = seen.records().iter().filter(|record| record["status"] == "failed").count();
        assert!((1..=8).contains(&failed), "{failed}");
        assert_eq!(seen.with_status("not_attempted").len(), 40 - failed);
        for record in seen.records() {
            assert_eq!(record["error"]["kind"], "auth", "{record}");
        }
        let bearers = scene.platform.bearers();
        assert!(bearers.iter().filter(|n| **n == 1).count() >= 1, "{bearers:?}");
        let hints = told(&seen);
        assert!(hints.len() == 1 && hints[0].starts_with("hint: 401: "), "{hints:?}");
    }
}

/// Issues tokens with this lifetime after the gate opens, and reports each request for one when it arrives.
fn held_grant(life: u64) -> (impl Fn(&Request, &Issuer) -> Reply + Send + Sync + 'static, Gate, mpsc::Receiver<()>) {
    let (gate, (came, comes)) = (Gate::default(), mpsc::channel());
    let (door, came) = (gate.clone(), Mutex::new(came));
    let grant = move |_: &Request, issuer: &Issuer| {
        let _ = came.lock().unwrap().send(());
        door.pass();
        issuer.grant(life)
    };
    (grant, gate, comes)
}

/// A Graph that rejects the first token, after sixteen requests have arrived with it.
fn refusing_sixteen() -> impl Fn(&Request, &Issuer) -> Reply + Send + Sync {
    let sixteen = Barrier::new(16);
    move |request, issuer| {
        if issuer.bearer(request) > 0 {
            return Reply::done();
        }
        sixteen.wait();
        Reply::expired()
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn sixteen_requests_rejected_at_once_wait_for_one_renewal() {
    let (grant, gate, comes) = held_grant(HOUR);
    let platform = Platform::start(grant, refusing_sixteen());
    let scene = Scene::new(platform);
    scene.sign_in("work", HOUR);
    let running = Running::start(&mut scene.disconnect(60, &["-j16", "--timeout", "10m"]));
    comes.recv_timeout(PATIENCE).unwrap();
    // By now all of them know that their token was rejected.
    for id in ids(16) {
        running.wait_for_stderr(&format!("{id}: 401 after "));
    }
    gate.open();
    let seen = scene.end_of(running);
    assert_quiet(&seen);
    assert_whole(&seen, &scene.platform, 60);
    assert_eq!(scene.platform.token_requests().len(), 1);
    assert_eq!(scene.platform.bearers(), [vec![0; 16], vec![1; 60]].concat());
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_interrupted_run_stores_the_tokens_of_a_renewal_in_progress() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (grant, gate, comes) = held_grant(LITTLE);
        let platform = Platform::start(grant, refusing_sixteen());
        let scene = Scene::new(platform);
        scene.sign_in("work", HOUR);
        let running = Running::start(&mut scene.disconnect(60, &["-j16", "--timeout", "10m"]));
        comes.recv_timeout(PATIENCE).unwrap();
        for id in ids(16) {
            running.wait_for_stderr(&format!("{id}: 401 after "));
        }
        running.signal(signal);
        running.wait_for_stderr("interrupted: no new requests");
        gate.open();
        let seen = scene.end_of(running);
        assert_eq!(seen.code, Some(code), "{}", seen.stderr);
        assert_whole(&seen, &scene.platform, 60);
        assert_eq!(scene.platform.bearers(), [0; 16]);
        assert_eq!(seen.with_status("not_attempted"), ids(60)[16..]);
        for record in seen.records() {
            assert_eq!(record["error"]["kind"], "interrupted", "{record}");
        }
        scene.keeps(1);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_run_interrupted_before_its_first_request_stores_the_tokens_of_its_renewal() {
    let (grant, gate, comes) = held_grant(LITTLE);
    let platform = Platform::renewing(grant);
    let scene = Scene::new(platform);
    scene.sign_in("work", LITTLE);
    let running = Running::start(&mut scene.disconnect(5, &["--timeout", "10m"]));
    comes.recv_timeout(PATIENCE).unwrap();
    running.signal("INT");
    gate.open();
    let seen = scene.end_of(running);
    assert_eq!((seen.with_status("not_attempted"), seen.code), (ids(5), Some(130)), "{}", seen.stderr);
    assert_eq!(scene.platform.graph().len(), 0);
    scene.keeps(1);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_second_signal_does_not_wait_for_the_renewal() {
    let (grant, gate, comes) = held_grant(LITTLE);
    let platform = Platform::start(grant, |_, _| Reply::expired());
    let scene = Scene::new(platform);
    for left in [LITTLE, HOUR] {
        scene.sign_in("work", left);
        let running = Running::start(&mut scene.disconnect(5, &["--timeout", "10m", "-j1"]));
        comes.recv_timeout(PATIENCE).unwrap();
        running.signal("INT");
        // Two different signals: two equal ones at the same moment count as one.
        running.signal("TERM");
        let seen = scene.end_of(running);
        assert!(matches!(seen.code, Some(130 | 143)), "{seen:?}");
        let reported: Vec<_> = seen.records().iter().map(|record| record["id"].clone()).collect();
        assert_eq!(reported, ids(5), "{}", seen.stderr);
    }
    gate.open();
    // The sign-in service accepts a refresh token more than once, so nothing is lost.
    assert_eq!(scene.token().code, Some(0));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn processes_running_at_once_share_one_renewal() {
    for processes in [2, 5] {
        // Each refresh token works once: the second process to use one would be signed out.
        let gate = Arc::new(Mutex::new(Gate::default()));
        let door = Arc::clone(&gate);
        let platform = Platform::renewing(move |request, issuer| {
            let door = door.lock().unwrap().clone();
            door.pass();
            issuer.grant_once(request, HOUR)
        });
        let scene = Scene::new(platform);
        for round in 0..4 {
            *gate.lock().unwrap() = Gate::default();
            let given = 2 * round;
            scene.sign_in("work", if round % 2 == 0 { LITTLE } else { EXPIRED });
            let started: Vec<_> =
                (0..processes).map(|_| Running::start(&mut scene.disconnect(3, &["--timeout", "10m"]))).collect();
            gate.lock().unwrap().open();
            for running in started {
                let seen = scene.end_of(running);
                assert_quiet(&seen);
                assert_eq!(seen.with_status("disconnected"), ids(3));
            }
            assert_eq!(scene.platform.token_requests().len(), round + 1);
            assert_eq!(scene.platform.bearers()[3 * processes * round..], vec![given + 1; 3 * processes]);
            assert_eq!(scene.token().stdout, format!("{}\n", scene.issuer().access(given + 1)));
        }
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn processes_running_at_once_take_turns_if_every_token_expires_soon() {
    let scene = Scene::new(Platform::renewing(|request, issuer| issuer.grant_once(request, LITTLE)));
    scene.sign_in("work", LITTLE);
    for _ in 0..3 {
        let started: Vec<_> = (0..5).map(|_| Running::start(&mut scene.disconnect(3, &[]))).collect();
        for running in started {
            let seen = scene.end_of(running);
            assert_quiet(&seen);
        }
    }
    let sent: Vec<_> = scene.platform.token_requests().iter().map(|request| request.form("refresh_token")).collect();
    let expected: Vec<_> = (0..15).map(|n| Some(scene.issuer().refresh(n))).collect();
    assert_eq!(sent, expected);
    scene.keeps(15);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn processes_running_at_once_whose_token_is_rejected_share_one_renewal() {
    let all = Barrier::new(5);
    let platform = Platform::start(
        |request, issuer| issuer.grant_once(request, HOUR),
        move |request, issuer| {
            if issuer.bearer(request) > 0 {
                return Reply::done();
            }
            all.wait();
            Reply::expired()
        },
    );
    let scene = Scene::new(platform);
    scene.sign_in("work", HOUR);
    let started: Vec<_> = (0..5).map(|_| Running::start(&mut scene.disconnect(4, &["-j1"]))).collect();
    for running in started {
        let seen = scene.end_of(running);
        assert_quiet(&seen);
        assert_eq!(seen.with_status("disconnected"), ids(4));
    }
    assert_eq!(scene.platform.token_requests().len(), 1);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_process_that_cannot_see_the_lock_uses_the_token_of_the_process_that_renewed() {
    // Another session of the same user: the keyring is shared, the directory of the lock is not.
    let [both, used] = [Gate::default(), Gate::default()];
    let doors = [both, used.clone()];
    let platform = Platform::start(
        move |request, issuer| {
            let reply = issuer.grant_once(request, HOUR);
            if matches!(reply, Reply::Answer { status: 200, .. }) {
                doors[0].pass();
            } else {
                // The first stores its tokens before it uses them; only then is the second refused.
                doors[0].open();
                doors[1].pass();
            }
            reply
        },
        move |_, _| {
            used.open();
            Reply::done()
        },
    );
    let scene = Scene::new(platform);
    scene.sign_in("work", LITTLE);
    let mut second = scene.disconnect(3, &["--timeout", "10m"]);
    let elsewhere = tempfile::tempdir().unwrap();
    second.env(if cfg!(windows) { "TMP" } else { "XDG_RUNTIME_DIR" }, elsewhere.path());
    let started = [Running::start(&mut scene.disconnect(3, &["--timeout", "10m"])), Running::start(&mut second)];
    for running in started {
        let seen = scene.end_of(running);
        assert_quiet(&seen);
        assert_eq!(seen.with_status("disconnected"), ids(3));
    }
    assert_eq!(scene.platform.bearers(), [1; 6]);
}

const DEAD: &str = "AADSTS700082: The refresh token has expired due to inactivity. (correlation ID \
                    c0c0c0c0-5555-6666-7777-888888888888)";

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_expired_sign_in_says_how_to_sign_in_again() {
    let scene = Scene::new(Platform::renewing(|_, _| dead()));
    let host = scene.platform.root().strip_prefix("http://").unwrap();
    let quoted = if cfg!(windows) { r#" --profile "two words""# } else { " --profile 'two words'" };
    for (profile, option) in [("work", " --profile work"), ("default", ""), ("two words", quoted)] {
        scene.sign_in(profile, EXPIRED);
        for command in
            [&["partner", "disconnect", "a"][..], &["partner", "list"], &["auth", "token"], &["auth", "status"]]
        {
            let seen = scene.run(&[command, &["--profile", profile]].concat());
            let source = format!("Source:      profile '{profile}'\n");
            let shown = if command == ["auth", "status"] { source.as_str() } else { "" };
            assert_eq!((seen.stdout.as_str(), seen.code), (shown, Some(4)), "{command:?}");
            let error = format!("error: the sign-in of profile '{profile}' cannot be renewed: {host}: {DEAD}");
            assert!(seen.stderr.starts_with(&format!("{error}\nhint: ")), "{}", seen.stderr);
            assert_eq!(login_command(&seen), format!("intunectl auth login{option}"));
        }
    }
    assert_eq!(scene.platform.graph().len(), 0);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_that_expires_during_a_run_is_reported_once() {
    let platform = Platform::start(|_, _| dead(), refusing_sixteen());
    let scene = Scene::new(platform);
    scene.sign_in("work", HOUR);
    let seen = scene.outcome(scene.disconnect(60, &["-j16"]));
    assert_eq!(seen.code, Some(4), "{}", seen.stderr);
    assert_whole(&seen, &scene.platform, 60);
    assert_eq!(scene.platform.token_requests().len(), 1);
    assert_eq!(seen.with_status("failed"), ids(16));
    for record in seen.records() {
        assert_eq!(record["error"]["kind"], "auth", "{record}");
    }
    // No guess about the cause of the 401: the cause is known.
    let [error, hint] = told(&seen)[..] else { panic!("{}", seen.stderr) };
    assert!(error.contains("profile 'work' cannot be renewed: ") && error.ends_with(&format!(": {DEAD}")), "{error}");
    assert!(hint.starts_with("hint: "), "{hint}");
    assert_eq!(login_command(&seen), "intunectl auth login --profile work");
}

type Given = Box<dyn Fn(&Issuer) -> Reply + Send + Sync>;

/// Answers of a sign-in service without valid tokens, and a part of the message for each.
fn nonsense(elsewhere: &str) -> Vec<(&'static str, Given, &'static str)> {
    let location = elsewhere.to_owned();
    let page = include_bytes!("../data/502-gateway.html");
    let odd = |change: fn(&mut serde_json::Value)| move |issuer: &Issuer| issuer.grant_as(HOUR, change);
    vec![
        ("503", Box::new(|_| Reply::status(503)), "503 Service Unavailable"),
        ("429", Box::new(|_| Reply::status(429).header("Retry-After", "3600")), "429 Too Many Requests"),
        ("a page", Box::new(move |_| Reply::status(502).body(page)), "502 Bad Gateway"),
        ("a page with 200", Box::new(move |_| Reply::status(200).body(page)), "the answer is not valid"),
        (
            "a redirect",
            Box::new(move |_| Reply::status(302).header("Location", &location)),
            "intunectl does not follow redirects",
        ),
        (
            "a redirect that keeps the method",
            Box::new({
                let location = elsewhere.to_owned();
                move |_| Reply::status(307).header("Location", &location)
            }),
            "intunectl does not follow redirects",
        ),
        (
            "a truncated answer",
            Box::new(|issuer| {
                let Reply::Answer { mut body, .. } = issuer.grant(HOUR) else { panic!("an answer") };
                body.pop();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len() + 1);
                Reply::Raw([head.into_bytes(), body].concat())
            }),
            "connection lost before an answer arrived",
        ),
        ("no answer", Box::new(|_| Reply::Close), "connection lost before an answer arrived"),
        ("a reset", Box::new(|_| Reply::Reset), "connection lost before an answer arrived"),
        ("no HTTP", Box::new(|_| Reply::Raw(b"hello there\r\n\r\n".to_vec())), "not HTTP: "),
        (
            "truncated JSON",
            Box::new(|issuer| {
                let Reply::Answer { mut body, .. } = issuer.grant(HOUR) else { panic!("an answer") };
                body.pop();
                Reply::status(200).body(body)
            }),
            "the answer is not valid",
        ),
        ("an empty body", Box::new(|_| Reply::status(200)), "the answer is not valid"),
        ("204", Box::new(|_| Reply::status(204)), "204 No Content"),
        ("a list", Box::new(|_| answer(200, &json!([1, {"access_token": 2}]))), "the answer is not valid"),
        (
            "no access token",
            Box::new(odd(|body| drop(body.as_object_mut().unwrap().remove("access_token")))),
            "the answer is not valid",
        ),
        ("a number for a token", Box::new(odd(|body| body["access_token"] = 12.into())), "the answer is not valid"),
        (
            "an empty token",
            Box::new(odd(|body| body["access_token"] = "".into())),
            "the token in the answer cannot be sent in a header",
        ),
        (
            "a token with a line break",
            Box::new(odd(|body| {
                let token = body["access_token"].as_str().unwrap();
                body["access_token"] = format!("{token}\r\nX-Evil: {token}").into();
            })),
            "the token in the answer cannot be sent in a header",
        ),
        ("a time before now", Box::new(odd(|body| body["expires_in"] = (-5).into())), "the answer is not valid"),
        (
            "control characters",
            Box::new(|_| answer(500, &json!({"message": "\u{1b}[2J\u{202e}"}))),
            "500 Internal Server Error",
        ),
    ]
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn while_the_sign_in_service_fails_a_token_is_used_until_it_expires() {
    let elsewhere = Unspoken::new();
    for (what, reply, words) in nonsense(&elsewhere.url()) {
        let scene = Scene::new(Platform::renewing(move |_, issuer| reply(issuer)));
        for (left, code) in [(LITTLE, 0), (EXPIRED, 4)] {
            scene.sign_in("work", left);
            let (sent, given) = (scene.platform.graph().len(), scene.platform.token_requests().len());
            let seen = scene.outcome(scene.disconnect(20, &["--retries", "0", "-j4"]));
            assert_eq!(seen.code, Some(code), "{what}: {}", seen.stderr);
            let [problem, rest @ ..] = &told(&seen)[..] else { panic!("{what}: {}", seen.stderr) };
            let label = if code == 0 { "warning" } else { "error" };
            let start = format!("{label}: the sign-in of profile 'work' cannot be renewed: 127.0.0.1:");
            assert!(problem.starts_with(&start) && problem.contains(words), "{what}: {problem}");
            assert!(rest.iter().all(|line| line.starts_with("hint: ")) && rest.len() < 2, "{what}: {rest:?}");
            assert!(!seen.stderr.contains(['\u{1b}', '\u{202e}']), "{what}: {}", seen.stderr);
            // One attempt to renew, and no more during the run.
            assert_eq!(scene.platform.token_requests().len(), given + 1, "{what}");
            assert_eq!(scene.platform.graph().len() - sent, if code == 0 { 20 } else { 0 }, "{what}");
            if code == 0 {
                assert_eq!(seen.with_status("disconnected"), ids(20), "{what}");
            } else {
                assert_eq!(rest.len(), 1, "{what}: there is no hint: {}", seen.stderr);
            }
        }
    }
    elsewhere.assert_unspoken();
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn while_the_sign_in_service_is_unreachable_a_token_is_used_until_it_expires() {
    let scene = Scene::new(Platform::renewing(|_, _| dead()));
    for (left, code) in [(LITTLE, 0), (EXPIRED, 4)] {
        let mut detour = Detour::to(scene.platform.root());
        scene.sign_in_at(detour.root(), "work", left, &[]);
        detour.close();
        let seen = scene.outcome(scene.disconnect(1, &["--retries", "0"]));
        assert_eq!(seen.code, Some(code), "{}", seen.stderr);
        let words = format!(
            "the sign-in of profile 'work' cannot be renewed: {}: connection refused",
            detour.root().strip_prefix("http://").unwrap()
        );
        assert!(told(&seen)[0].ends_with(&words), "{}", seen.stderr);
        assert_eq!(scene.platform.graph().len(), 1);
    }
    assert_eq!(scene.platform.token_requests().len(), 0);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_renewal_that_fails_temporarily_is_retried() {
    let failures = AtomicUsize::new(2);
    let platform = Platform::renewing(move |_, issuer| {
        let is_over = failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err();
        if is_over { issuer.grant(HOUR) } else { Reply::status(503).header("Retry-After", "0.01") }
    });
    let scene = Scene::new(platform);
    scene.sign_in("work", EXPIRED);
    let seen = scene.outcome(scene.disconnect(2, &[]));
    assert_quiet(&seen);
    assert_eq!((scene.platform.bearers(), scene.platform.token_requests().len()), (vec![1; 2], 3));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_service_that_fails_during_a_run_is_reported_once() {
    let elsewhere = Unspoken::new();
    for (what, reply, words) in nonsense(&elsewhere.url()) {
        let scene = Scene::new(Platform::start(move |_, issuer| reply(issuer), refusing_sixteen()));
        scene.sign_in("work", HOUR);
        let seen = scene.outcome(scene.disconnect(30, &["-j16", "--retries", "0"]));
        assert_eq!(seen.code, Some(4), "{what}: {}", seen.stderr);
        assert_whole(&seen, &scene.platform, 30);
        assert_eq!(scene.platform.token_requests().len(), 1, "{what}");
        let [error, hint] = told(&seen)[..] else { panic!("{what}: {}", seen.stderr) };
        assert!(error.starts_with("error: the sign-in of profile 'work' cannot be renewed"), "{what}: {error}");
        assert!(error.contains(words) && hint.starts_with("hint: "), "{what}: {error}");
    }
    elsewhere.assert_unspoken();
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_token_due_for_renewal_during_a_run_stays_in_use_if_the_renewal_fails() {
    for (concurrency, at_once) in [("1", 1), ("4", 2)] {
        let gate = Gate::default();
        let door = gate.clone();
        let platform = Platform::start(
            |_, _| Reply::status(503),
            move |_, _| {
                door.pass();
                Reply::done()
            },
        );
        let scene = Scene::new(platform);
        // Due soon after the start of the run; on a slow machine before it, which makes no difference here.
        scene.sign_in("work", 303);
        let running = Running::start(&mut scene.disconnect(30, &["-j", concurrency, "--retries", "0"]));
        // Two more requests were for signing in.
        scene.platform.server.wait_for(2 + at_once);
        std::thread::sleep(Duration::from_millis(3100));
        gate.open();
        let seen = scene.end_of(running);
        assert_eq!((seen.code, seen.with_status("disconnected")), (Some(0), ids(30)), "{}", seen.stderr);
        assert_eq!((scene.platform.bearers(), scene.platform.token_requests().len()), (vec![0; 30], 1));
        let problems: Vec<_> = told(&seen).into_iter().filter(|line| !line.starts_with("hint: ")).collect();
        let words = "warning: the sign-in of profile 'work' cannot be renewed: ";
        assert!(problems.len() == 1 && problems[0].contains(words), "{problems:?}");
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_or_sign_out_during_a_renewal_is_not_overwritten() {
    for is_out in [false, true] {
        for left in [LITTLE, HOUR] {
            let (grant, gate, comes) = held_grant(HOUR);
            let platform =
                Platform::start(
                    grant,
                    |request, issuer| if issuer.bearer(request) == 0 { Reply::expired() } else { Reply::done() },
                );
            let scene = Scene::new(platform);
            scene.sign_in("work", left);
            let running = Running::start(&mut scene.disconnect(3, &["--timeout", "10m"]));
            comes.recv_timeout(PATIENCE).unwrap();
            let ours = if is_out {
                assert_eq!(scene.run(&["auth", "logout", "--profile", "work"]).code, Some(0));
                1
            } else {
                scene.sign_in("work", HOUR);
                2
            };
            gate.open();
            let seen = scene.end_of(running);
            assert_quiet(&seen);
            assert_eq!(scene.platform.bearers().last(), Some(&ours), "the run ends with its own token");
            let theirs = scene.token();
            match is_out {
                true => assert_eq!((theirs.stdout.as_str(), theirs.code), ("", Some(4)), "{}", theirs.stderr),
                false => assert_eq!(theirs.stdout, format!("{}\n", scene.issuer().access(1))),
            }
        }
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_run_whose_profile_was_deleted_gets_no_new_token() {
    let (gate, (came, comes)) = (Gate::default(), mpsc::channel());
    let (door, came) = (gate.clone(), Mutex::new(came));
    let platform = Platform::start(
        |_, issuer| issuer.grant(HOUR),
        move |_, _| {
            let _ = came.lock().unwrap().send(());
            door.pass();
            Reply::expired()
        },
    );
    let scene = Scene::new(platform);
    scene.sign_in("work", HOUR);
    let running = Running::start(&mut scene.disconnect(3, &["-j1", "--timeout", "10m"]));
    comes.recv_timeout(PATIENCE).unwrap();
    assert_eq!(scene.run(&["auth", "logout", "--profile", "work"]).code, Some(0));
    gate.open();
    let seen = scene.end_of(running);
    assert_eq!((seen.code, scene.platform.token_requests().len()), (Some(4), 0), "{}", seen.stderr);
    assert_whole(&seen, &scene.platform, 3);
    assert!(told(&seen)[0].contains("the profile was signed out"), "{}", seen.stderr);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn short_lived_tokens_are_not_renewed_for_every_request() {
    for seconds in [120, 300, 20] {
        let scene = Scene::new(Platform::renewing(move |_, issuer| issuer.grant(seconds)));
        scene.sign_in("work", seconds.min(LITTLE));
        let seen = scene.outcome(scene.disconnect(50, &[]));
        assert_quiet(&seen);
        assert_whole(&seen, &scene.platform, 50);
        // Tokens of 20 s are renewed every 10 s, if a machine is that slow.
        assert!(scene.platform.token_requests().len() < if seconds == 20 { 7 } else { 2 }, "{seconds}");
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn the_old_refresh_token_stays_in_use_if_no_new_one_is_issued() {
    let platform = Platform::renewing(|_, issuer| {
        issuer.grant_as(LITTLE, |body| drop(body.as_object_mut().unwrap().remove("refresh_token")))
    });
    let scene = Scene::new(platform);
    scene.sign_in("work", LITTLE);
    for n in [1, 3, 5] {
        let seen = scene.outcome(scene.disconnect(1, &[]));
        assert_quiet(&seen);
        assert_eq!(scene.platform.bearers().last(), Some(&n));
        scene.keeps(0);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_service_that_never_answers_is_awaited_only_until_the_timeout() {
    let scene = Scene::new(Platform::renewing(|_, _| Reply::Stall(b"HTTP/1.1 200 OK\r\n".to_vec())));
    for (left, code) in [(LITTLE, 0), (EXPIRED, 4)] {
        scene.sign_in("work", left);
        let seen = scene.outcome(scene.disconnect(1, &["--retries", "0", "--timeout", "1s"]));
        assert_eq!((seen.code, scene.platform.graph().len()), (Some(code), 1), "{}", seen.stderr);
        assert!(told(&seen)[0].ends_with(": no answer in time"), "{}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_token_renewed_before_the_run_is_renewed_again_if_it_is_rejected() {
    let scene = Scene::new(Platform::start(
        |_, issuer| issuer.grant(HOUR),
        |request, issuer| if issuer.bearer(request) == 1 { Reply::expired() } else { Reply::done() },
    ));
    scene.sign_in("work", LITTLE);
    let seen = scene.outcome(scene.disconnect(20, &["-j4"]));
    assert_quiet(&seen);
    assert_whole(&seen, &scene.platform, 20);
    assert_eq!(scene.platform.token_requests().len(), 2);
    assert_eq!(scene.platform.bearers().iter().filter(|n| **n == 2).count(), 20);
    assert_eq!(scene.token().stdout, format!("{}\n", scene.issuer().access(2)));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_request_rejected_late_uses_the_token_renewed_in_the_meantime() {
    let gate = Gate::default();
    let platform = Platform::start(
        |_, issuer| issuer.grant(HOUR),
        move |request, issuer| match (issuer.bearer(request), request.id()) {
            (0, "p-0001") => {
                gate.pass();
                Reply::expired()
            }
            (0, _) => Reply::expired(),
            (_, "p-0010") => {
                gate.open();
                Reply::done()
            }
            _ => Reply::done(),
        },
    );
    let scene = Scene::new(platform);
    scene.sign_in("work", HOUR);
    let seen = scene.outcome(scene.disconnect(10, &["-j2", "--timeout", "10m", "--retries", "0"]));
    assert_quiet(&seen);
    assert_whole(&seen, &scene.platform, 10);
    assert_eq!(scene.platform.token_requests().len(), 1);
    assert_eq!(scene.platform.bearers().last(), Some(&1));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_request_repeated_with_a_new_token_does_not_count_as_a_retry() {
    for (retries, statuses, code) in [
        ("0", &[401, 204][..], 0),
        ("0", &[401, 503], 1),
        ("1", &[503, 401, 204], 0),
        ("1", &[401, 503, 204], 0),
        ("1", &[503, 401, 503], 1),
    ] {
        let asked = AtomicUsize::new(0);
        let answers = statuses.to_vec();
        let platform = Platform::start(
            |_, issuer| issuer.grant(HOUR),
            move |_, _| {
                let status = answers[asked.fetch_add(1, Ordering::SeqCst)];
                if status == 503 { Reply::status(503).header("Retry-After", "0.01") } else { Reply::status(status) }
            },
        );
        let scene = Scene::new(platform);
        scene.sign_in("work", HOUR);
        let seen = scene.outcome(scene.disconnect(1, &["--retries", retries]));
        assert_eq!(seen.code, Some(code), "{statuses:?}: {}", seen.stderr);
        assert_whole(&seen, &scene.platform, 1);
        assert_eq!(seen.records()[0]["attempts"], statuses.len());
        assert_eq!(scene.platform.token_requests().len(), 1);
    }
}

/// A socket that forwards to the keyring's bus, and can be deleted.
#[cfg(unix)]
struct Bus {
    socket: PathBuf,
}

#[cfg(unix)]
impl Bus {
    fn new(home: &Intunectl) -> Self {
        let real = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
        let real = real.split([',', ';']).find_map(|part| part.strip_prefix("unix:path=")).map(PathBuf::from).unwrap();
        let socket = home.home().join("bus");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.unwrap(), UnixStream::connect(&real).unwrap());
                for (mut from, mut to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Self { socket }
    }

    fn address(&self) -> String {
        format!("unix:path={}", self.socket.display())
    }
}

#[cfg(unix)]
#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_renewed_token_that_cannot_be_stored_is_used_with_a_warning() {
    for left in [LITTLE, HOUR] {
        let gone = Arc::new(Mutex::new(PathBuf::new()));
        let socket = Arc::clone(&gone);
        let platform = Platform::start(
            move |_, issuer| {
                std::fs::remove_file(&*socket.lock().unwrap()).unwrap();
                issuer.grant(HOUR)
            },
            |request, issuer| if issuer.bearer(request) == 0 { Reply::expired() } else { Reply::done() },
        );
        let scene = Scene::new(platform);
        scene.sign_in("work", left);
        let bus = Bus::new(&scene.machine.home);
        gone.lock().unwrap().clone_from(&bus.socket);
        let mut command = scene.disconnect(9, &["-j3"]);
        command.env("DBUS_SESSION_BUS_ADDRESS", bus.address());
        let seen = scene.outcome(command);
        assert_eq!(seen.code, Some(0), "{}", seen.stderr);
        assert_whole(&seen, &scene.platform, 9);
        assert_eq!(scene.platform.token_requests().len(), 1);
        let [warning, hint] = told(&seen)[..] else { panic!("{}", seen.stderr) };
        let words = "warning: cannot store the renewed sign-in of profile 'work': the keyring cannot be used: ";
        assert!(warning.starts_with(words), "{warning}");
        assert!(hint.contains("this command continues"), "{hint}");
        assert!(hint.ends_with("intunectl auth login --profile work"), "{hint}");
    }
}

/// An application's credentials, on a machine without a keyring.
struct App {
    scene: Scene,
    proof: (&'static str, String),
}

impl App {
    fn with_secret(platform: Platform) -> Self {
        Self::new(Scene::without_keyring(platform), "AZURE_CLIENT_SECRET", &random(40))
    }

    fn new(scene: Scene, name: &'static str, value: &str) -> Self {
        Self { scene, proof: (name, value.to_owned()) }
    }

    fn disconnect(&self, count: usize, arguments: &[&str]) -> Command {
        let root = self.scene.platform.root();
        let mut command = self.scene.command(&["partner", "disconnect", "-vv", "-o", "ndjson"]);
        command.args(["--graph-url", root, "--login-url", root]).args(ids(count)).args(arguments);
        command.env("AZURE_TENANT_ID", "contoso.example").env("AZURE_CLIENT_ID", "an-app");
        command.env(self.proof.0, &self.proof.1);
        command
    }

    fn outcome(&self, count: usize, arguments: &[&str]) -> Seen {
        self.scene.outcome(self.disconnect(count, arguments))
    }
}

/// An application's token comes without a refresh token.
fn grant_app(issuer: &Issuer, seconds: u64) -> Reply {
    issuer.grant_as(seconds, |body| {
        for name in ["refresh_token", "id_token", "scope"] {
            body.as_object_mut().unwrap().remove(name);
        }
    })
}

#[test]
fn an_application_gets_one_token_per_run_and_stores_none() {
    for seconds in [HOUR, 120, 300] {
        let app = App::with_secret(Platform::renewing(move |_, issuer| grant_app(issuer, seconds)));
        for run in 0..2 {
            let seen = app.outcome(50, &[]);
            assert_quiet(&seen);
            assert_eq!(seen.with_status("disconnected"), ids(50));
            assert_eq!(app.scene.platform.token_requests().len(), run + 1, "{seconds}");
            assert_eq!(app.scene.platform.bearers()[50 * run..], vec![run; 50]);
        }
        let request = &app.scene.platform.token_requests()[0];
        assert_eq!(request.path, "/contoso.example/oauth2/v2.0/token");
        let scope = format!("{}/.default", app.scene.platform.root());
        for (name, value) in [
            ("grant_type", "client_credentials"),
            ("client_id", "an-app"),
            ("client_secret", &app.proof.1),
            ("scope", &scope),
        ] {
            assert_eq!(request.form(name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(request.header("authorization"), None);
        // Nothing is written, not even an empty file.
        assert_eq!(std::fs::read_dir(app.scene.machine.home.home()).unwrap().count(), 0);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_application_does_not_change_the_keyring() {
    let platform = Platform::start(
        |_, issuer| grant_app(issuer, HOUR),
        |request, issuer| if issuer.bearer(request) == 1 { Reply::expired() } else { Reply::done() },
    );
    let scene = Scene::new(platform);
    scene.sign_in("work", HOUR);
    let app = App::new(scene, "AZURE_CLIENT_SECRET", &random(40));
    let seen = app.outcome(5, &["-j1"]);
    assert_eq!((seen.code, app.scene.platform.bearers()), (Some(0), vec![1, 2, 2, 2, 2, 2]), "{}", seen.stderr);
    assert_eq!(app.scene.token().stdout, format!("{}\n", app.scene.issuer().access(0)));
    let list = app.scene.run(&["auth", "list", "-o", "json"]);
    assert_eq!(list.stdout.matches("\"profile\"").count(), 1, "{}", list.stdout);
}

#[test]
fn an_application_whose_token_is_rejected_gets_a_new_one_once() {
    for (is_good_then, code) in [(true, 0), (false, 4)] {
        let sixteen = refusing_sixteen();
        let platform = Platform::start(
            |_, issuer| grant_app(issuer, HOUR),
            move |request, issuer| match issuer.bearer(request) {
                1.. if !is_good_then => Reply::expired(),
                _ => sixteen(request, issuer),
            },
        );
        let app = App::with_secret(platform);
        let seen = app.outcome(60, &["-j16", "--retries", "0"]);
        assert_eq!(seen.code, Some(code), "{}", seen.stderr);
        assert_whole(&seen, &app.scene.platform, 60);
        assert_eq!(app.scene.platform.token_requests().len(), 2);
        let bearers = app.scene.platform.bearers();
        assert_eq!(bearers[..16], [0; 16]);
        assert!(bearers[16..].iter().all(|n| *n == 1), "{bearers:?}");
        if is_good_then {
            assert_eq!((seen.with_status("disconnected"), told(&seen)), (ids(60), vec![]));
        }
    }
}

#[test]
fn an_application_rejected_during_a_run_is_reported_once() {
    let asked = AtomicUsize::new(0);
    let platform = Platform::start(
        move |_, issuer| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => grant_app(issuer, HOUR),
            _ => refusal_of_entra("invalid_client", "AADSTS7000222: The provided client secret keys are expired."),
        },
        refusing_sixteen(),
    );
    let app = App::with_secret(platform);
    let seen = app.outcome(40, &["-j16"]);
    assert_eq!((seen.code, app.scene.platform.token_requests().len()), (Some(4), 2), "{}", seen.stderr);
    assert_whole(&seen, &app.scene.platform, 40);
    let [error, hint] = told(&seen)[..] else { panic!("{}", seen.stderr) };
    assert!(error.contains("AADSTS7000222: ") && error.contains("(correlation ID c0c0c0c0-"), "{error}");
    assert!(hint.contains("AZURE_CLIENT_SECRET"), "{hint}");
}

#[test]
fn an_application_whose_token_expires_during_a_run_gets_a_new_one() {
    for concurrency in [1, 16] {
        // The first is due one second after it was issued, five minutes before it expires.
        let (gate, asked) = (Gate::default(), AtomicUsize::new(0));
        let door = gate.clone();
        let platform = Platform::start(
            move |_, issuer| grant_app(issuer, if asked.fetch_add(1, Ordering::SeqCst) == 0 { 301 } else { HOUR }),
            move |_, _| {
                door.pass();
                Reply::done()
            },
        );
        let app = App::with_secret(platform);
        let running = Running::start(&mut app.disconnect(60, &["-j", &concurrency.to_string()]));
        app.scene.platform.server.wait_for(1 + concurrency);
        // It was issued before these requests, so that second has passed by then.
        std::thread::sleep(Duration::from_millis(1100));
        gate.open();
        let seen = app.scene.end_of(running);
        assert_quiet(&seen);
        assert_whole(&seen, &app.scene.platform, 60);
        assert_eq!(app.scene.platform.token_requests().len(), 2);
        // While one request renews, others may use the old token, which is valid for some minutes.
        let bearers = app.scene.platform.bearers();
        let old = bearers[concurrency..].iter().filter(|n| **n == 0).count();
        assert!(bearers.contains(&1) && (old == 0 || concurrency > 1), "{bearers:?}");
    }
}

#[test]
fn the_federated_token_is_read_again_for_each_renewal() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("assertion");
    let assertions = [0, 1].map(|n| format!("assertion-{n}.{}", random(700)));
    std::fs::write(&file, format!("{}\n", assertions[0])).unwrap();
    let (path, next) = (file.clone(), assertions[1].clone());
    let platform = Platform::start(
        |_, issuer| grant_app(issuer, HOUR),
        move |request, issuer| match issuer.bearer(request) {
            0 => {
                std::fs::write(&path, &next).unwrap();
                Reply::expired()
            }
            _ => Reply::done(),
        },
    );
    let scene = Scene::without_keyring(platform);
    let app = App::new(scene, "AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap());
    let seen = app.outcome(5, &["-j1"]);
    assert_quiet(&seen);
    assert_whole(&seen, &app.scene.platform, 5);
    let requests = app.scene.platform.token_requests();
    let sent: Vec<_> = requests.iter().map(|request| request.form("client_assertion").unwrap()).collect();
    assert_eq!(sent, assertions);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for request in requests {
        assert_eq!(request.form("client_assertion_type").as_deref(), Some(kind));
        assert_eq!(request.form("client_secret"), None);
    }
}

#[test]
fn a_federated_token_missing_at_the_renewal_is_reported_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("assertion");
    std::fs::write(&file, random(700)).unwrap();
    let path = file.clone();
    let platform = Platform::start(
        |_, issuer| grant_app(issuer, HOUR),
        move |_, _| {
            let _ = std::fs::remove_file(&path);
            Reply::expired()
        },
    );
    let app = App::new(Scene::without_keyring(platform), "AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap());
    let seen = app.outcome(9, &["-j4"]);
    assert_eq!((seen.code, app.scene.platform.token_requests().len()), (Some(4), 1), "{}", seen.stderr);
    assert_whole(&seen, &app.scene.platform, 9);
    let errors: Vec<_> = told(&seen).into_iter().filter(|line| line.starts_with("error: ")).collect();
    assert!(errors.len() == 1 && errors[0].contains("cannot read AZURE_FEDERATED_TOKEN_FILE"), "{errors:?}");
}

#[test]
fn a_new_federated_token_is_requested_from_github_for_each_renewal() {
    let key = random(300);
    let expected = format!("Bearer {key}");
    let asked = AtomicUsize::new(0);
    let platform = Platform::start(
        |_, issuer| grant_app(issuer, HOUR),
        move |request, issuer| {
            if request.path.starts_with("/github/") {
                assert_eq!(request.path, "/github/token?job=7&audience=api%3A%2F%2FAzureADTokenExchange");
                assert_eq!(request.header("authorization"), Some(expected.as_str()));
                let assertion = format!("assertion-{}.{}", asked.fetch_add(1, Ordering::SeqCst), random(700));
                issuer.secrets.keep(&assertion);
                return answer(200, &json!({"value": assertion}));
            }
            if issuer.bearer(request) == 0 { Reply::expired() } else { Reply::done() }
        },
    );
    platform.issuer.secrets.keep(&key);
    let app = App::new(Scene::without_keyring(platform), "ACTIONS_ID_TOKEN_REQUEST_TOKEN", &key);
    let mut command = app.disconnect(5, &["-j2"]);
    command.env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/github/token?job=7", app.scene.platform.root()));
    let seen = app.scene.outcome(command);
    assert_quiet(&seen);
    assert_whole(&seen, &app.scene.platform, 5);
    let requests = app.scene.platform.token_requests();
    let sent: Vec<_> = requests.iter().map(|request| request.form("client_assertion").unwrap()).collect();
    assert!(sent.len() == 2 && sent[0].starts_with("assertion-0.") && sent[1].starts_with("assertion-1."));
}

#[test]
fn an_applications_credential_echoed_by_the_server_is_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("assertion");
    let assertion = format!("assertion.{}", random(200));
    std::fs::write(&file, &assertion).unwrap();
    for (name, value) in
        [("AZURE_CLIENT_SECRET", random(40)), ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap().into())]
    {
        let platform = Platform::renewing(|request, _| {
            let proof = request.form("client_secret").or_else(|| request.form("client_assertion")).unwrap();
            refusal_of_entra("invalid_client", &format!("AADSTS7000215: Invalid client secret: {proof}."))
        });
        let app = App::new(Scene::without_keyring(platform), name, &value);
        let seen = app.outcome(3, &[]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{}", seen.stderr);
        assert!(told(&seen)[0].contains("AADSTS7000215: Invalid client secret: [redacted]."), "{}", seen.stderr);
    }
}

#[test]
fn while_the_sign_in_service_fails_an_application_gets_no_token() {
    let elsewhere = Unspoken::new();
    for (what, reply, words) in nonsense(&elsewhere.url()) {
        let app = App::with_secret(Platform::renewing(move |_, issuer| reply(issuer)));
        let seen = app.outcome(3, &["--retries", "0"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{what}: {}", seen.stderr);
        let [error, hint] = told(&seen)[..] else { panic!("{what}: {}", seen.stderr) };
        let start = "error: cannot get a token with application credentials (AZURE_CLIENT_SECRET): 127.0.0.1:";
        assert!(error.starts_with(start) && error.contains(words) && hint.starts_with("hint: "), "{what}: {error}");
        assert_eq!((app.scene.platform.graph().len(), app.scene.platform.token_requests().len()), (0, 1), "{what}");
    }
    elsewhere.assert_unspoken();
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_echoed_refresh_token_is_not_shown() {
    let scene = Scene::new(Platform::renewing(|request, _| {
        let sent = request.form("refresh_token").unwrap();
        refusal_of_entra("invalid_grant", &format!("AADSTS700082: The refresh token {sent} has expired."))
    }));
    scene.sign_in("work", EXPIRED);
    let seen = scene.outcome(scene.disconnect(1, &[]));
    assert_eq!(seen.code, Some(4));
}

#[test]
fn an_echoed_assertion_is_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("assertion");
    for assertion in [random(700), crate::support::jwt::jwt(&json!({"x": random(300)}))] {
        std::fs::write(&file, &assertion).unwrap();
        let platform = Platform::renewing(|request, _| {
            let proof = request.form("client_assertion").unwrap();
            refusal_of_entra("invalid_client", &format!("AADSTS700027: Bad assertion {proof}."))
        });
        let app = App::new(Scene::without_keyring(platform), "AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap());
        let seen = app.outcome(1, &[]);
        assert_eq!(seen.code, Some(4));
    }
}

#[test]
fn an_echoed_client_secret_that_is_truncated_is_not_shown_in_part() {
    let platform = Platform::renewing(|request, _| {
        let proof = request.form("client_secret").unwrap();
        refusal_of_entra("invalid_client", &format!("AADSTS7000215: {}{proof}{}", "x".repeat(255), "y".repeat(400)))
    });
    let app = App::with_secret(platform);
    let seen = app.outcome(1, &[]);
    assert_eq!(seen.code, Some(4));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_token_stays_in_use_while_the_sign_in_service_reports_a_temporary_error() {
    for (status, error, sentence) in [
        (503, "temporarily_unavailable", "AADSTS90033: A transient error has occurred. Please try again."),
        (500, "server_error", "AADSTS90012: Request timed out."),
        (400, "temporarily_unavailable", "AADSTS90033: A transient error has occurred. Please try again."),
        (429, "temporarily_unavailable", "AADSTS90055: Too many requests."),
    ] {
        let scene = Scene::new(Platform::renewing(move |_, _| {
            answer(status, &json!({"error": error, "error_description": sentence}))
        }));
        scene.sign_in("work", LITTLE);
        let seen = scene.outcome(scene.disconnect(1, &["--retries", "0"]));
        assert_eq!(seen.code, Some(0), "{status} {error} {:?}", told(&seen));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn ctrl_c_does_not_wait_for_a_renewal_by_another_process() {
    let (grant, gate, comes) = held_grant(LITTLE);
    let platform = Platform::renewing(grant);
    let scene = Scene::new(platform);
    scene.sign_in("work", LITTLE);
    let first = Running::start(&mut scene.disconnect(1, &["--timeout", "10m"]));
    comes.recv_timeout(PATIENCE).unwrap();
    let mut command = scene.disconnect(2, &["p-0001", "--timeout", "10m"]);
    let second = Running::start(&mut command);
    second.wait_for_stderr("ignored 1 duplicate ID\n");
    std::thread::sleep(Duration::from_millis(500));
    second.signal("INT");
    let started = Instant::now();
    let seen = scene.end_of(second);
    let took = started.elapsed();
    // The other process is held until here.
    gate.open();
    scene.end_of(first);
    let requests = scene.platform.token_requests().len();
    assert_eq!(seen.code, Some(130));
    assert!(took < Duration::from_secs(5), "{took:?}, {requests} token requests: {}", seen.stderr);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn the_login_command_in_a_hint_is_quoted_for_a_shell() {
    let scene = Scene::new(Platform::renewing(|_, _| dead()));
    scene.sign_in("o'brien", EXPIRED);
    let seen = scene.run(&["partner", "list", "--profile", "o'brien"]);
    let command = login_command(&seen);
    if cfg!(windows) {
        assert_eq!(command, r#"intunectl auth login --profile "o'brien""#);
        return;
    }
    let output = Command::new("sh").args(["-c", &format!("set -- {command}; echo \"$5\"")]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "o'brien\n", "{command}");
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn ctrl_c_ends_the_wait_before_a_retry_of_the_renewal() {
    for left in [EXPIRED, HOUR] {
        let (came, comes) = mpsc::channel();
        let came = Mutex::new(came);
        let platform = Platform::start(
            move |_, _| {
                let _ = came.lock().unwrap().send(());
                Reply::status(503).header("Retry-After", "6")
            },
            |_, _| Reply::expired(),
        );
        let scene = Scene::new(platform);
        scene.sign_in("work", left);
        let running = Running::start(&mut scene.disconnect(3, &["-j1", "--retries", "1"]));
        comes.recv_timeout(PATIENCE).unwrap();
        running.wait_for_stderr("sign-in: waiting 6.0 s");
        running.signal("INT");
        let at = Instant::now();
        let seen = scene.end_of(running);
        let took = at.elapsed();
        assert_eq!(seen.code, Some(130));
        assert!(
            took < Duration::from_secs(4) && scene.platform.token_requests().len() == 1,
            "{left}: {took:?}, {} token requests",
            scene.platform.token_requests().len()
        );
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_wait_for_the_sign_in_service_does_not_outlast_the_token() {
    let scene = Scene::new(Platform::renewing(|_, _| Reply::status(503).header("Retry-After", "8")));
    scene.sign_in("work", 6);
    let seen = scene.outcome(scene.disconnect(1, &["--retries", "1"]));
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn ctrl_c_during_a_renewal_still_stores_the_new_tokens() {
    for command in [["auth", "token"], ["partner", "list"]] {
        let (gate, (came, comes)) = (Gate::default(), mpsc::channel());
        let (door, came) = (gate.clone(), Mutex::new(came));
        let platform = Platform::renewing(move |request, issuer| {
            let reply = issuer.grant_once(request, LITTLE);
            let _ = came.lock().unwrap().send(());
            door.pass();
            reply
        });
        let scene = Scene::new(platform);
        scene.sign_in("work", LITTLE);
        let running = Running::start(&mut scene.command(&[&command[..], &["--profile", "work"]].concat()));
        comes.recv_timeout(PATIENCE).unwrap();
        running.signal("INT");
        gate.open();
        let seen = scene.end_of(running);
        let next = scene.token();
        assert_eq!(next.code, Some(0), "{:?} then {}", seen, next.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_refresh_token_echoed_in_a_redirect_is_not_shown() {
    for encode in [false, true] {
        let scene = Scene::new(Platform::renewing(move |request, _| {
            let sent = request.form("refresh_token").unwrap();
            let url = reqwest::Url::parse_with_params("http://else.example/", [("t", &sent)]).unwrap();
            let location = if encode { url.to_string() } else { format!("http://else.example/?t={sent}") };
            Reply::status(302).header("Location", &location)
        }));
        scene.sign_in("work", EXPIRED);
        let seen = scene.outcome(scene.disconnect(1, &[]));
        assert_eq!(seen.code, Some(4));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_run_does_not_continue_in_another_tenant() {
    for left in [LITTLE, HOUR] {
        let (gate, (came, comes)) = (Gate::default(), mpsc::channel());
        let (door, came) = (gate.clone(), Mutex::new(came));
        let platform = Platform::start(
            |_, issuer| issuer.grant(HOUR),
            move |request, issuer| {
                if issuer.bearer(request) == 0 {
                    let _ = came.lock().unwrap().send(());
                    door.pass();
                    return Reply::expired();
                }
                Reply::done()
            },
        );
        let scene = Scene::new(platform);
        scene.sign_in("work", HOUR);
        let running = Running::start(&mut scene.disconnect(3, &["-j1", "--timeout", "10m"]));
        comes.recv_timeout(PATIENCE).unwrap();
        scene.issuer().give_for(OTHER_TENANT);
        scene.sign_in("work", left);
        gate.open();
        let seen = scene.end_of(running);
        assert_eq!(scene.platform.bearers(), [0], "{left} {:?} {:?}", seen.code, seen.with_status("disconnected"));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn nothing_is_sent_to_graph_after_ctrl_c_during_a_renewal() {
    let ([first, gate], (came, comes)) = ([Gate::default(), Gate::default()], mpsc::channel());
    let (doors, came) = ([first.clone(), gate.clone()], Mutex::new(came));
    let [a, b] = doors;
    let platform = Platform::start(
        move |_, issuer| {
            let _ = came.lock().unwrap().send(());
            b.pass();
            issuer.grant(HOUR)
        },
        move |_, _| {
            a.pass();
            Reply::done()
        },
    );
    let scene = Scene::new(platform);
    scene.sign_in("work", 302);
    let running = Running::start(&mut scene.disconnect(9, &["-j1", "--timeout", "10m"]));
    scene.platform.server.wait_for(3);
    std::thread::sleep(Duration::from_millis(2100));
    first.open();
    comes.recv_timeout(PATIENCE).unwrap();
    running.signal("INT");
    running.wait_for_stderr("interrupted: no new requests");
    gate.open();
    let seen = scene.end_of(running);
    assert_eq!(
        scene.platform.graph().len(),
        1,
        "{:?} {:?} {:?}",
        seen.code,
        told(&seen),
        seen.with_status("disconnected")
    );
}

#[test]
fn a_token_issued_already_expired_is_not_used() {
    let platform = Platform::renewing(move |_, issuer| issuer.grant_as(60, |body| body["expires_in"] = 0.into()));
    let app = App::with_secret(platform);
    let seen = app.outcome(50, &["-j1"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{}", seen.stderr);
    assert!(seen.stderr.contains("expired 0s ago; nothing was sent"), "{}", seen.stderr);
    assert_eq!((app.scene.platform.token_requests().len(), app.scene.platform.graph().len()), (1, 0));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_renewed_token_for_another_tenant_is_neither_used_nor_stored() {
    let scene = Scene::new(Platform::renewing(|_, issuer| {
        issuer.give_for(OTHER_TENANT);
        issuer.grant(HOUR)
    }));
    scene.sign_in("work", EXPIRED);
    for _ in 0..2 {
        let seen = scene.outcome(scene.disconnect(3, &[]));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{}", seen.stderr);
        let words = "is for tenant 99999999-2222-3333-4444-555555555555, but the profile is for 11111111-";
        assert!(seen.stderr.contains(words), "{}", seen.stderr);
    }
    assert_eq!((scene.platform.graph().len(), scene.platform.token_requests().len()), (0, 2));
}

#[test]
fn a_run_stopped_during_a_renewal_does_not_blame_the_token() {
    // One request is rejected and renews the token; meanwhile another fails, which stops the run.
    let (gate, asked) = (Gate::default(), AtomicUsize::new(0));
    let (door, opens) = (gate.clone(), gate.clone());
    let platform = Platform::start(
        move |_, issuer| {
            if asked.fetch_add(1, Ordering::SeqCst) > 0 {
                door.pass();
            }
            grant_app(issuer, HOUR)
        },
        move |request, _| if request.id() == "p-0001" { Reply::expired() } else { Reply::status(403) },
    );
    let app = App::with_secret(platform);
    let seen = app.outcome(3, &["-j2", "--fail-fast"]);
    opens.open();
    assert_eq!(seen.code, Some(1), "{}", seen.stderr);
    assert!(!seen.stderr.contains("interrupted"), "{}", seen.stderr);
    let records = seen.records();
    let refused = records.iter().find(|record| record["id"] == "p-0001").unwrap();
    assert_eq!((&refused["http_status"], &refused["error"]["kind"]), (&401.into(), &"interrupted".into()), "{refused}");
}

/// A run with `--wait` in which `count` IDs are accepted, and the token is rejected when they are read. On return a new
/// token has been requested, which arrives when the first gate opens; requests for `count` other IDs are in flight, and
/// are answered when the second gate opens; one more ID has not been sent.
fn refused_while_waiting(count: usize, wait: &str) -> (App, Running, [Gate; 2]) {
    let gates = [Gate::default(), Gate::default()];
    let ([token, others], asked) = (gates.clone(), AtomicUsize::new(0));
    let platform = Platform::start(
        move |_, issuer| {
            if asked.fetch_add(1, Ordering::SeqCst) > 0 {
                token.pass();
            }
            grant_app(issuer, HOUR)
        },
        move |request, issuer| {
            if !request.is_post() {
                let is_refused = issuer.bearer(request) == 0;
                return if is_refused { Reply::expired() } else { Reply::partner(request.id(), "notOnboarded") };
            }
            if !ids(count).contains(&request.id().to_owned()) {
                others.pass();
            }
            Reply::done()
        },
    );
    let app = App::with_secret(platform);
    let running = Running::start(&mut app.disconnect(2 * count + 1, &["-j", &count.to_string(), wait]));
    // Two for tokens, one for each accepted ID and each in flight, and one to read each accepted ID.
    app.scene.platform.server.wait_for(2 + 3 * count);
    for id in ids(count) {
        running.wait_for_stderr(&format!("{id}: 401 after "));
    }
    (app, running, gates)
}

/// `--wait` times out while the token is renewed.
fn the_wait_is_over_while_the_token_is_renewed(count: usize) {
    let (app, running, [token, others]) = refused_while_waiting(count, "--wait=3s");
    // The wait began before the reads arrived.
    std::thread::sleep(Duration::from_secs(4));
    token.open();
    for id in ids(count) {
        running.wait_for_stdout(&format!(r#"{{"id":"{id}","#));
    }
    others.open();
    let seen = app.scene.end_of(running);
    assert_eq!(
        (seen.code, seen.with_status("disconnected")),
        (Some(1), ids(2 * count + 1)[count..].to_vec()),
        "{seen:?}"
    );
    assert_eq!(seen.with_status("failed"), ids(count));
    for record in seen.records().iter().filter(|record| record["status"] == "failed") {
        let expected = (&204.into(), &"not_confirmed".into());
        assert_eq!((&record["http_status"], &record["error"]["kind"]), expected, "{record}");
    }
    let [hint] = told(&seen)[..] else { panic!("{}", seen.stderr) };
    assert!(hint.contains("a longer wait"), "{hint}");
}

#[test]
fn a_wait_that_times_out_during_a_renewal_does_not_blame_the_token() {
    the_wait_is_over_while_the_token_is_renewed(1);
}

#[test]
fn waits_that_time_out_during_a_renewal_do_not_blame_the_token() {
    the_wait_is_over_while_the_token_is_renewed(2);
}

#[test]
fn waits_interrupted_during_a_renewal_do_not_blame_the_token() {
    for (count, (signal, code)) in [(1, ("INT", 130)), (2, ("INT", 130)), (2, ("TERM", 143))] {
        let (app, running, [token, others]) = refused_while_waiting(count, "--wait=10m");
        running.signal(signal);
        running.wait_for_stderr("interrupted: no new requests");
        token.open();
        others.open();
        let seen = app.scene.end_of(running);
        assert_eq!((seen.code, seen.with_status("failed")), (Some(code), ids(2 * count)), "{seen:?}");
        assert_eq!(seen.with_status("not_attempted"), ids(2 * count + 1)[2 * count..]);
        for record in seen.records() {
            assert_eq!(record["error"]["kind"], "interrupted", "{record}");
        }
        assert!(!told(&seen).iter().any(|line| line.contains("401")), "{}", seen.stderr);
    }
}
