//! `partner disconnect` without a connection: a proxy that opens none, a server that does not answer.

use std::net::TcpListener;

use crate::support::server::{Reply, Server};
use crate::support::tls::Identity;
use crate::support::{Intunectl, Seen, run};

/// A server that can only be reached through a proxy.
const ROOT: &str = "https://graph.example";

/// A proxy that answers every request with this status.
fn proxy(status: &'static str) -> Server {
    Server::always(move || Reply::Raw(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into()))
}

/// Asserts that the proxy was asked this many times to connect to the server.
#[track_caller]
fn assert_asked(proxy: &Server, times: usize) {
    let asked: Vec<_> = proxy.requests().into_iter().map(|request| (request.method, request.path)).collect();
    assert_eq!(asked, vec![("CONNECT".to_owned(), "graph.example:443".to_owned()); times]);
}

/// Disconnects one partner, which fails; the message is the second value.
fn fails(root: &str, proxy: &str, code: &str, kind: &str, arguments: &[&str]) -> (Seen, String) {
    let home = Intunectl::new();
    // Needed on a machine without trusted certificates.
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
fn a_proxy_that_is_unavailable_is_retried() {
    let proxy = proxy("503 Service Unavailable");
    let (seen, message) = fails(ROOT, proxy.root(), "ProxyFailure", "network", &["--retries", "1"]);
    assert!(message.contains("the proxy did not connect ("), "{message}");
    assert!(seen.stderr.contains("hint: check HTTPS_PROXY, and that the proxy allows connections"), "{seen:?}");
    assert_eq!(seen.records()[0]["attempts"], 2);
    assert_asked(&proxy, 2);
}

#[test]
fn a_proxy_that_requires_a_password_is_not_retried() {
    let proxy = proxy("407 Proxy Authentication Required");
    let (seen, _) = fails(ROOT, proxy.root(), "ProxyFailure", "network", &["--retries", "4"]);
    assert!(seen.stderr.contains("hint: add a user name and password to HTTPS_PROXY: "), "{seen:?}");
    assert_eq!(seen.records()[0]["attempts"], 1);
    assert_asked(&proxy, 1);
}

#[test]
fn a_tls_handshake_without_an_answer_is_a_connect_timeout() {
    // The system accepts connections, but nothing answers the handshake.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("https://{}", listener.local_addr().unwrap());
    let (seen, message) = fails(&root, "", "ConnectTimeout", "timeout", &["--timeout", "400ms", "--retries", "1"]);
    assert!(message.ends_with(": no connection in time"), "{message}");
    assert!(seen.stderr.contains("hint: check the network, HTTPS_PROXY, and --graph-url"), "{seen:?}");
    assert_eq!(seen.records()[0]["attempts"], 2);
}
