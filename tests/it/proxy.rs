//! `partner disconnect` where no connection comes about: a proxy that opens none, a server that never speaks.

use std::net::TcpListener;

use crate::support::server::{Reply, Server};
use crate::support::tls::Identity;
use crate::support::{Intunectl, Seen, run};

/// A root that nobody can reach but through a proxy.
const ROOT: &str = "https://graph.example";

/// A proxy that answers every request with this status.
fn proxy(status: &'static str) -> Server {
    Server::always(move || Reply::Raw(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into()))
}

/// Fails unless a proxy was asked for the root so many times.
#[track_caller]
fn assert_asked(proxy: &Server, times: usize) {
    let asked: Vec<_> = proxy.requests().into_iter().map(|request| (request.method, request.path)).collect();
    assert_eq!(asked, vec![("CONNECT".to_owned(), "graph.example:443".to_owned()); times]);
}

/// Disconnects one partner; the message of its failure, too.
fn fails(root: &str, proxy: &str, code: &str, kind: &str, arguments: &[&str]) -> (Seen, String) {
    let home = Intunectl::new();
    // A machine without any trusted root cannot begin.
    home.file("own.pem", Identity::new(&[]).pem);
    let mut command = home.disconnect(root);
    command.args(["a", "-o", "ndjson", "--ca-cert", "own.pem"]).args(arguments);
    if cfg!(windows) {
        // wine 8 does not add a certificate to those of the system (E_INVALIDARG).
        command.env("SSL_CERT_FILE", "own.pem");
    }
    if !proxy.is_empty() {
        command.env("HTTPS_PROXY", proxy);
    }
    let seen = run(&mut command);
    let [record] = &seen.records()[..] else { panic!("{seen:?}") };
    assert_eq!((&record["status"], seen.code), (&"failed".into(), Some(1)), "{seen:?}");
    assert_eq!((&record["error"]["code"], &record["error"]["kind"]), (&code.into(), &kind.into()), "{record}");
    let message = record["error"]["message"].as_str().unwrap().to_owned();
    assert!(!message.contains("may have"), "{message}");
    (seen, message)
}

#[test]
fn a_proxy_that_opens_no_connection_is_asked_again() {
    let proxy = proxy("503 Service Unavailable");
    let (seen, message) = fails(ROOT, proxy.root(), "ProxyFailure", "network", &["--retries", "1"]);
    assert!(message.contains("the proxy did not open a connection ("), "{message}");
    assert!(seen.stderr.contains("hint: check the proxy in HTTPS_PROXY, and whether it lets this host"), "{seen:?}");
    assert_eq!(seen.records()[0]["attempts"], 2);
    assert_asked(&proxy, 2);
}

#[test]
fn a_proxy_that_wants_a_password_is_not_asked_again() {
    let proxy = proxy("407 Proxy Authentication Required");
    let (seen, _) = fails(ROOT, proxy.root(), "ProxyFailure", "network", &["--retries", "4"]);
    assert!(seen.stderr.contains("hint: the proxy in HTTPS_PROXY wants a user name and password: "), "{seen:?}");
    assert_eq!(seen.records()[0]["attempts"], 1);
    assert_asked(&proxy, 1);
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
