//! 100,000 IDs, the number in the largest scripts. The tests run the release build, because a debug build takes a
//! minute: `cargo test --test it -- --ignored large::`.

use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::sandbox::Sandbox;
use crate::support::{Intunectl, shipped_program};

const IDS: usize = 100_000;
const MOST_KIB: u64 = 60 * 1024;

/// The peak of the resident memory of a process, in KiB; 0 if it has ended.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The output, the time from the last ID to the first output, and the peak of the memory in KiB.
fn disconnect(user: &Intunectl, sandbox: &Sandbox, ids: &[u8], format: &str) -> (Vec<u8>, Duration, u64) {
    let mut child = user
        .command_of(shipped_program())
        .args(["partner", "disconnect", "-", "-j", "32", "--rate", "off", "-o", format])
        .envs(sandbox.settings.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(ids).unwrap();
    let given = Instant::now();
    let mut out = Vec::new();
    let (mut first, mut most) = (None, 0);
    let mut pipe = child.stdout.take().unwrap();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let length = pipe.read(&mut chunk).unwrap();
        first.get_or_insert_with(|| given.elapsed());
        // At every read: the peak only grows, and the process has ended by the last read.
        most = most.max(peak(child.id()));
        if length == 0 {
            break;
        }
        out.extend_from_slice(chunk.get(..length).unwrap());
    }
    assert!(child.wait().unwrap().success());
    (out, first.unwrap(), most)
}

#[test]
#[ignore = "large, and needs a release build; .ci/run runs it"]
fn a_hundred_thousand_ids_start_within_a_second_and_take_little_memory() {
    let user = Intunectl::new();
    let sandbox = Sandbox::of(shipped_program(), &["--throttle", "off", "--partners", &IDS.to_string()]);
    let mut list = user.command_of(shipped_program());
    let list = list.args(["partner", "list", "-o", "id"]).envs(sandbox.settings.iter().cloned()).output();
    let ids = list.unwrap().stdout;
    assert_eq!(ids.split(|byte| *byte == b'\n').count(), IDS + 1);

    let (records, first, most) = disconnect(&user, &sandbox, &ids, "ndjson");
    assert_eq!(records.split(|byte| *byte == b'\n').count(), IDS + 1);
    assert!(first < Duration::from_secs(1), "{first:?}");
    assert!((1..MOST_KIB).contains(&most), "{most} KiB");

    // The only format that keeps all records until the end.
    let (document, _, most) = disconnect(&user, &sandbox, &ids, "json");
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["summary"]["succeeded"], IDS);
    assert!((1..MOST_KIB).contains(&most), "{most} KiB");
}
