//! `partner disconnect` over HTTP/2, where a server can decline or abort a single request.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use h2::Reason;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::http2::{Server, command, listen};
use crate::support::running::Running;
use crate::support::server::Gate;
use crate::support::{Seen, ids};

/// The message of the only record, which is a failure.
#[track_caller]
fn failure(seen: &Seen, code: &str, kind: &str, attempts: usize) -> String {
    let [record] = &seen.records()[..] else { panic!("{seen:?}") };
    assert_eq!((&record["status"], seen.code), (&"failed".into(), Some(1)), "{seen:?}");
    assert_eq!(record["http_status"], serde_json::Value::Null, "{record}");
    assert_eq!((&record["error"]["code"], &record["error"]["kind"]), (&code.into(), &kind.into()), "{record}");
    assert_eq!(record["attempts"], attempts, "{record}");
    record["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn http_2_is_used_if_the_server_supports_it() {
    let server = Server::start(|_| None);
    let seen = server.run(&["a", "b"]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
    assert_eq!(seen.with_status("disconnected"), ["a", "b"]);
    let mut paths: Vec<_> = server.came().into_iter().map(|came| came.path).collect();
    paths.sort();
    let path = |id| format!("{}/{id}/disconnect", crate::support::graph::PARTNERS);
    assert_eq!(paths, [path("a"), path("b")]);
}

#[test]
fn a_refused_stream_is_retried_and_was_not_carried_out() {
    for retries in 0..3 {
        let server = Server::start(|_| Some(Reason::REFUSED_STREAM));
        let seen = server.run(&["a", "--retries", &retries.to_string()]);
        let message = failure(&seen, "RequestDeclined", "network", retries + 1);
        assert!(!message.contains("may have"), "{message}");
        let came = server.came();
        assert_eq!(came.len(), retries + 1);
        let ids: HashSet<_> = came.iter().map(|came| &came.client_request_id).collect();
        assert_eq!(ids.len(), retries + 1, "each attempt has its own ID");
        assert_eq!(seen.records()[0]["client_request_id"], came[retries].client_request_id);
    }
}

#[test]
fn a_refused_stream_is_retried_at_once_and_can_succeed() {
    let server = Server::start(|before| (before == 0).then_some(Reason::REFUSED_STREAM));
    let seen = server.run(&["a", "-v"]);
    let record = &seen.records()[0];
    assert_eq!((&record["status"], &record["attempts"], seen.code), (&"disconnected".into(), &2.into(), Some(0)));
    // The backoff of another failure would be as short with a probability of 1 in 20.
    assert!(seen.stderr.contains("a: waiting 0.0 s before the next attempt"), "{}", seen.stderr);
    assert_eq!(server.came().len(), 2);
}

#[test]
fn refused_streams_count_against_the_rate_limit() {
    let server = Server::start(|before| (before < 2).then_some(Reason::REFUSED_STREAM));
    let seen = server.run(&["a", "b", "--rate", "2/3s"]);
    assert_eq!((seen.with_status("disconnected").len(), seen.code), (2, Some(0)), "{seen:?}");
    let came = server.came();
    assert_eq!(came.len(), 4);
    for three in came.windows(3) {
        let span = three[2].at - three[0].at;
        assert!(span >= Duration::from_secs(3), "three requests within {span:?}");
    }
}

#[test]
fn a_refused_stream_is_not_retried_after_an_interrupt() {
    let gate = Gate::default();
    let door = gate.clone();
    let server = Server::start(move |_| {
        door.pass();
        Some(Reason::REFUSED_STREAM)
    });
    let running = Running::start(&mut server.command(&["a", "b", "-j", "1"]));
    server.wait_for(1);
    running.signal("INT");
    running.wait_for_stderr("no new requests; waiting for 1 request to finish");
    gate.open();
    let seen = running.end();
    assert_eq!((seen.code, server.came().len()), (Some(130), 1), "{seen:?}");
    assert_eq!((seen.with_status("failed"), seen.with_status("not_attempted")), (vec!["a".into()], vec!["b".into()]));
    let records = seen.records();
    let refused = records.iter().find(|record| record["id"] == "a").unwrap();
    assert_eq!((&refused["attempts"], &refused["error"]["kind"]), (&1.into(), &"interrupted".into()));
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.ends_with("; not retried: the run was interrupted"), "{message}");
}

#[test]
fn an_aborted_stream_is_retried_and_may_have_been_carried_out() {
    let server = Server::start(|_| Some(Reason::INTERNAL_ERROR));
    let seen = server.run(&["a", "--retries", "1"]);
    let message = failure(&seen, "ConnectionLost", "network", 2);
    assert!(message.contains("; the change may have been applied anyway: check with"), "{message}");
    assert_eq!(server.came().len(), 2);

    let server = Server::start(|before| (before == 0).then_some(Reason::INTERNAL_ERROR));
    let seen = server.run(&["a"]);
    assert_eq!((seen.with_status("disconnected"), seen.code), (vec!["a".to_owned()], Some(0)), "{seen:?}");
    assert_eq!(server.came().len(), 2);
}

/// What the server of raw frames has done.
#[derive(Default)]
struct Frames {
    streams: AtomicUsize,
    done: AtomicUsize,
    gone: AtomicBool,
}

const SETTINGS: u8 = 4;
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_OF_STREAM_AND_HEADERS: u8 = 5;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Answers each stream with 204, until two streams are open on a connection after an answered one. It leaves these two
/// unprocessed, and says so with a GOAWAY.
fn go_away(stream: TcpStream, config: Arc<ServerConfig>, frames: &Frames) -> std::io::Result<()> {
    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    stream.read_exact(&mut [0; 24])?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[]))?;
    let mut answered = 0;
    let mut left = 0;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let [a, b, c, kind, flags, id @ ..] = head;
        stream.read_exact(&mut vec![0; u32::from_be_bytes([0, a, b, c]) as usize])?;
        if kind == SETTINGS && flags & ACK == 0 {
            stream.write_all(&frame(SETTINGS, ACK, 0, &[]))?;
        }
        if kind != HEADERS {
            continue;
        }
        frames.streams.fetch_add(1, Ordering::SeqCst);
        let id = u32::from_be_bytes(id);
        // The first stream of a connection is always answered, so that the others use the same connection.
        if answered > 0 && !frames.gone.load(Ordering::SeqCst) {
            left += 1;
            if left == 2 && !frames.gone.swap(true, Ordering::SeqCst) {
                let payload = [u32::to_be_bytes(answered), 0_u32.to_be_bytes()].concat();
                stream.write_all(&frame(GOAWAY, 0, 0, &payload))?;
                // The client closes the connection.
                std::io::copy(&mut stream, &mut std::io::sink())?;
                return Ok(());
            }
            continue;
        }
        answered = id;
        frames.done.fetch_add(1, Ordering::SeqCst);
        // In HPACK's static table 9 is ":status: 204".
        stream.write_all(&frame(HEADERS, END_OF_STREAM_AND_HEADERS, id, &[0x89]))?;
    }
}

#[test]
fn no_id_is_lost_if_the_server_closes_a_connection_with_goaway() {
    const COUNT: usize = 12;
    let frames = Arc::new(Frames::default());
    let shared = Arc::clone(&frames);
    let (home, root) = listen(move |stream, config| drop(go_away(stream, config, &shared)));
    // The first request opens the connection, which then carries two at a time.
    let ids = ids(COUNT);
    let arguments: Vec<_> = ids.iter().map(String::as_str).chain(["-j", "2", "--rate", "off"]).collect();
    let seen = crate::support::run(&mut command(&home, &root, &arguments));
    assert_eq!((seen.records().len(), seen.code), (COUNT, Some(0)), "{seen:?}");
    assert_eq!(seen.with_status("disconnected"), ids);
    let attempts: u64 = seen.records().iter().map(|record| record["attempts"].as_u64().unwrap()).sum();
    let [streams, done] = [&frames.streams, &frames.done].map(|number| number.load(Ordering::SeqCst));
    assert!(frames.gone.load(Ordering::SeqCst));
    assert_eq!((attempts, streams, done), (COUNT as u64 + 2, COUNT + 2, COUNT));
}
