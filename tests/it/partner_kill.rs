//! `kill -9` during a run, then `--resume`: no ID is lost, and none is sent again after its record was written.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use fastrand::Rng;

use crate::support::os::KILLED;
use crate::support::redirect::append;
use crate::support::running::Running;
use crate::support::server::{Reply, Server};
use crate::support::{Intunectl, ids};

const IDS: usize = 500;
const ROUNDS: usize = 50;

/// Sends a signal to the running process.
type Signaller = Box<dyn Fn(&str) + Send + Sync>;

/// Kills a process when the server receives request number `at`.
#[derive(Default)]
struct Killer {
    at: AtomicUsize,
    victim: Mutex<Option<Signaller>>,
}

impl Killer {
    /// Must be called at every request.
    fn look(&self, request: usize) {
        if request == self.at.load(Ordering::SeqCst) {
            // The process may have started so recently that it is not stored here yet.
            let victim = loop {
                match self.victim.lock().unwrap().take() {
                    Some(victim) => break victim,
                    None => std::thread::yield_now(),
                }
            };
            victim("KILL");
        }
    }
}

/// A home with 500 IDs and a log, and a service in which all partners can be disconnected.
struct Round {
    home: Intunectl,
    list: PathBuf,
    log: PathBuf,
    server: Server,
    killer: Arc<Killer>,
}

impl Round {
    fn new() -> Self {
        let home = Intunectl::new();
        let list = home.file("ids.txt", ids(IDS).join("\n"));
        let log = home.file("audit.ndjson", "");
        let killer = Arc::new(Killer { at: AtomicUsize::new(usize::MAX), ..Killer::default() });
        let asked = Arc::clone(&killer);
        let server = Server::start(move |request, n| {
            asked.look(n);
            assert!(request.is_post());
            Reply::done()
        });
        Self { home, list, log, server, killer }
    }

    /// `intunectl partner disconnect -f ids.txt --rate off -j 8 -o ndjson --resume audit.ndjson >> audit.ndjson`, on
    /// Windows without `--resume` if the log is empty.
    fn start(&self) -> Running {
        let mut command = self.home.disconnect(self.server.root());
        command.arg("-f").arg(&self.list).args(["--rate", "off", "-j", "8", "-o", "ndjson"]);
        if cfg!(unix) || self.length() > 0 {
            command.arg("--resume").arg(&self.log);
        }
        Running::with(command.stdin(Stdio::null()).stdout(append(&self.log)).stderr(Stdio::piped()))
    }

    /// Runs it until it is killed, at one of the requests that are left.
    fn run_and_kill(&self, rng: &mut Rng) {
        let before = self.server.requests().len();
        let left = IDS - records(&self.log).len();
        self.killer.at.store(before + rng.usize(..left), Ordering::SeqCst);
        let running = self.start();
        *self.killer.victim.lock().unwrap() = Some(Box::new(running.signaller()));
        let seen = running.end();
        self.killer.at.store(usize::MAX, Ordering::SeqCst);
        assert_eq!(seen.code, KILLED, "it ended before it was killed: {seen:?}");
    }

    /// Removes a random number of bytes from the end of the log, but none of the first `kept` bytes. A kill rarely
    /// leaves an incomplete record; a full disk or a failing machine does.
    fn tear(&self, kept: u64, rng: &mut Rng) {
        let torn = (self.length() - kept).min(400);
        let file = File::options().write(true).open(&self.log).unwrap();
        file.set_len(self.length() - rng.u64(..=torn)).unwrap();
    }

    fn length(&self) -> u64 {
        self.log.metadata().unwrap().len()
    }
}

/// The IDs that a log records as done.
fn records(log: &Path) -> BTreeSet<String> {
    let bytes = std::fs::read(log).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let records = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let done = records.filter(|record| ["disconnected", "skipped"].iter().any(|status| record["status"] == *status));
    done.map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn round(rng: &mut Rng) {
    let round = Round::new();
    // After each kill: the number of requests so far, and the IDs that the log records as done.
    let mut moments: Vec<(usize, BTreeSet<String>)> = Vec::new();
    for kill in 0..3 {
        let kept = round.length();
        round.run_and_kill(rng);
        if rng.u8(..3) == 0 {
            round.tear(kept, rng);
        }
        // Requests that the killed process has sent may still arrive: none of them has a record.
        moments.push((round.server.requests().len(), records(&round.log)));
        if moments[kill].1.len() == IDS || rng.bool() {
            break;
        }
    }
    let seen = round.start().end();
    assert_eq!(seen.code, Some(0), "{seen:?}");

    assert_eq!(records(&round.log), ids(IDS).into_iter().collect(), "an ID has no record");
    let sent = round.server.ids();
    assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), IDS, "an ID was not sent");
    for (before, done) in &moments {
        let again: Vec<_> = sent[*before..].iter().filter(|id| done.contains(*id)).collect();
        assert!(again.is_empty(), "sent again after the record was written: {again:?}");
    }
}

#[allow(clippy::print_stdout, reason = "cargo shows the seed if the test fails")]
fn rounds(count: usize) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    for n in 0..count {
        println!("round {n}");
        round(&mut rng);
    }
}

// Two halves, which run at the same time.

#[test]
fn after_kills_at_random_moments_resume_loses_no_id_and_repeats_none() {
    rounds(ROUNDS / 2);
}

#[test]
fn after_kills_at_more_random_moments_resume_loses_no_id_and_repeats_none() {
    rounds(ROUNDS / 2);
}
