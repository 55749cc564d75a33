//! `partner disconnect`: rate limit and concurrency.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::support::server::{Reply, Server};
use crate::support::{Intunectl, disconnect, ids, run, start};

/// A service that accepts at most `limit` writes in any window of this length. Rejected ones count, too.
fn throttling(limit: usize, window: Duration) -> Server {
    let recent = Mutex::new(VecDeque::<Instant>::new());
    Server::start(move |request, _| {
        let mut recent = recent.lock().unwrap();
        recent.retain(|before| request.at.saturating_duration_since(*before) < window);
        recent.push_back(request.at);
        if recent.len() > limit { Reply::status(429) } else { Reply::done() }
    })
}

#[test]
fn a_rate_at_the_limit_of_the_service_is_not_throttled_and_loses_no_time() {
    let server = throttling(20, Duration::from_secs(4));
    let seen = run(Intunectl::new().disconnect(server.root()).args(ids(70)).args(["--rate", "20/4s", "-j", "16"]));
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert_eq!((server.ids().len(), server.done()), (70, ids(70)), "no request was throttled");
    let arrivals: Vec<_> = server.requests().into_iter().map(|request| request.at).collect();
    for pair in arrivals.windows(21) {
        assert!(pair[20] - pair[0] >= Duration::from_secs(4), "21 requests within {:?}", pair[20] - pair[0]);
    }
    // Three windows must pass after the first 20 requests. Any more is the time that the answers took.
    let span = server.span();
    assert!(span >= Duration::from_secs(12) && span < Duration::from_millis(12_500), "{span:?}");
}

#[test]
fn without_a_rate_limit_requests_are_throttled_and_all_succeed_in_the_end() {
    let server = throttling(10, Duration::from_secs(1));
    let seen = run(Intunectl::new().disconnect(server.root()).args(ids(30)).args(["--rate", "off", "-j", "8"]));
    assert_eq!(seen.code, Some(0), "{}", seen.stdout);
    assert_eq!(server.done(), ids(30));
    assert!(server.ids().len() > 30, "some requests were throttled");
}

#[test]
fn a_failed_request_counts_against_the_rate_limit() {
    let server =
        Server::start(|_, n| if n == 0 { Reply::status(502).header("Retry-After", "0") } else { Reply::done() });
    let seen = disconnect(server.root(), &["a", "b", "--rate", "1/500ms"]);
    assert_eq!((seen.code, server.ids().len()), (Some(0), 3));
    assert!(server.gaps().iter().all(|gap| *gap >= Duration::from_millis(500)), "{:?}", server.gaps());
}

#[test]
fn each_of_2000_partners_is_disconnected_once() {
    let server = Server::always(Reply::done);
    let intunectl = Intunectl::new();
    let list = intunectl.file("ids.txt", ids(2000).join("\n"));
    let mut command = intunectl.disconnect(server.root());
    let seen = run(command.arg("-f").arg(list).args(["-j", "64", "--rate", "off", "-o", "ndjson"]));
    assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
    assert_eq!(seen.records().len(), 2000);
    assert_eq!(seen.with_status("disconnected"), ids(2000));
    let mut sent = server.ids();
    sent.sort();
    assert_eq!((sent, server.done()), (ids(2000), ids(2000)));
    assert!(server.most_at_once() <= 64);
}

#[test]
fn concurrency_is_the_highest_number_of_requests_in_flight() {
    for concurrency in [1, 5, 64] {
        let (server, gate) = Server::gated(|_, _| true, |_, _| Reply::done());
        let running = start("disconnect", &server, 150, &["--rate", "off", "-j", &concurrency.to_string()]);
        server.wait_for(concurrency);
        gate.open();
        assert_eq!(running.end().code, Some(0));
        assert_eq!((server.done(), server.most_at_once()), (ids(150), concurrency));
    }
}
