//! `partner disconnect` where no connection comes about: a proxy that opens none, a server that never speaks.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Intunectl, Seen};

/// A root that nobody can reach but through a proxy.
const ROOT: &str = "https://graph.example";

/// A proxy that answers every request with this status; its address, and how often it was asked for the root.
fn proxy(status: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            assert_eq!(lines.next().as_deref(), Some("CONNECT graph.example:443 HTTP/1.1"));
            count.fetch_add(1, Ordering::SeqCst);
            // To the end of the head: what is left unread would reset the connection.
            assert!(lines.any(|line| line.is_empty()));
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
    });
    (url, asked)
}

/// Disconnects one partner; the message of its failure, too.
fn fails(root: &str, proxy: &str, code: &str, kind: &str, arguments: &[&str]) -> (Seen, String) {
    let home = Intunectl::new();
    // A machine without any trusted root cannot begin.
    home.file("own.pem", crate::support::tls::Identity::new(&[]).pem);
    let mut command = home.disconnect(root);
    command.args(["a", "-o", "ndjson", "--ca-cert", "own.pem"]).args(arguments);
    if !proxy.is_empty() {
        command.env("HTTPS_PROXY", proxy);
    }
    let seen = crate::support::run(&mut command);
    let [record] = &seen.records()[..] else { panic!("{seen:?}") };
    assert_eq!((&record["status"], seen.code), (&"failed".into(), Some(1)), "{seen:?}");
    assert_eq!((&record["error"]["code"], &record["error"]["kind"]), (&code.into(), &kind.into()), "{record}");
    let message = record["error"]["message"].as_str().unwrap().to_owned();
    assert!(!message.contains("may have"), "{message}");
    (seen, message)
}

#[test]
fn a_proxy_that_opens_no_connection_is_asked_again() {
    let (url, asked) = proxy("503 Service Unavailable");
    let (seen, message) = fails(ROOT, &url, "ProxyFailure", "network", &["--retries", "1"]);
    assert!(message.contains("the proxy did not open a connection ("), "{message}");
    assert!(seen.stderr.contains("hint: check the proxy in HTTPS_PROXY, and whether it lets this host"), "{seen:?}");
    assert_eq!((&seen.records()[0]["attempts"], asked.load(Ordering::SeqCst)), (&2.into(), 2));
}

#[test]
fn a_proxy_that_wants_a_password_is_not_asked_again() {
    let (url, asked) = proxy("407 Proxy Authentication Required");
    let (seen, _) = fails(ROOT, &url, "ProxyFailure", "network", &["--retries", "4"]);
    assert!(seen.stderr.contains("hint: the proxy in HTTPS_PROXY wants a user name and password: "), "{seen:?}");
    assert_eq!((&seen.records()[0]["attempts"], asked.load(Ordering::SeqCst)), (&1.into(), 1));
}

#[test]
fn a_server_that_never_speaks_is_a_connection_that_did_not_come_about() {
    // Connections are made, and wait to be accepted.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("https://{}", listener.local_addr().unwrap());
    let (seen, message) = fails(&root, "", "ConnectTimeout", "timeout", &["--timeout", "400ms", "--retries", "1"]);
    assert!(message.ends_with(": connecting took too long"), "{message}");
    assert!(seen.stderr.contains("hint: check the network, HTTPS_PROXY, and --graph-url"), "{seen:?}");
    assert_eq!(seen.records()[0]["attempts"], 2);
}
