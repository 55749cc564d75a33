//! Which certificates are trusted, against a real TLS server.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::{ServerConnection, StreamOwned};

use crate::support::os::no_such_file;
use crate::support::server::listen;
use crate::support::tls::Identity;
use crate::support::{Intunectl, Seen, run};

/// A server that speaks HTTP/1.1 over TLS and answers every request with 204.
struct TlsServer {
    url: String,
    pem: String,
    requests: Arc<AtomicUsize>,
}

impl TlsServer {
    fn start() -> Self {
        let Identity { config, pem, .. } = Identity::new(&[]);
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&requests);
        let port = listen(move |stream| {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            let mut request = [0; 4096];
            // A client that does not trust the certificate aborts the handshake.
            let Ok(length) = stream.read(&mut request) else { return };
            if request[..length].starts_with(b"POST ") {
                seen.fetch_add(1, Ordering::SeqCst);
                stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        Self { url: format!("https://localhost:{port}"), pem, requests }
    }

    fn disconnect(&self, user: &Intunectl, arguments: &[&str], variables: &[(&str, &str)]) -> Seen {
        let mut command = user.command();
        command.args(["partner", "disconnect", "a", "--retries", "0", "--token", "test-token"]);
        command.args(["--graph-url", &self.url]).args(arguments).envs(variables.iter().copied());
        run(&mut command)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// A certificate other than the server's. With it, the tests also run on machines without trusted certificates.
fn another_root() -> String {
    rcgen::generate_simple_self_signed(vec!["elsewhere".to_owned()]).unwrap().cert.pem()
}

#[test]
fn an_untrusted_server_gets_no_request() {
    let (server, user) = (TlsServer::start(), Intunectl::new());
    user.file("other.pem", another_root());
    let seen = server.disconnect(&user, &[], &[("SSL_CERT_FILE", "other.pem")]);
    assert_eq!(seen.code, Some(1));
    assert!(seen.stdout.starts_with("a\tfailed\tTlsFailure: localhost:"), "{seen:?}");
    assert!(!seen.stdout.contains("may have"), "{seen:?}");
    assert!(
        seen.stderr.contains("hint: if a proxy inspects TLS traffic, give its root certificate (PEM) with --ca-cert"),
        "{seen:?}"
    );
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_certificate_in_ca_cert_is_trusted_in_addition() {
    let (server, user) = (TlsServer::start(), Intunectl::new());
    user.file("own.pem", &server.pem);
    user.file("other.pem", another_root());
    let seen = server.disconnect(&user, &["--ca-cert", "own.pem"], &[("SSL_CERT_FILE", "other.pem")]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\tdisconnected\n", Some(0)), "{seen:?}");
    assert_eq!(server.requests(), 1);
}

#[test]
#[cfg_attr(windows, ignore = "wine 8 cannot add a certificate to the system's: CertCreateCertificateChainEngine")]
fn a_certificate_in_ca_cert_is_trusted_even_if_the_system_trusts_none() {
    let (server, user) = (TlsServer::start(), Intunectl::new());
    user.file("own.pem", &server.pem);
    let seen = server.disconnect(&user, &["--ca-cert", "own.pem"], &[]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\tdisconnected\n", Some(0)), "{seen:?}");
    assert_eq!(server.requests(), 1);
}

#[test]
fn the_certificates_in_ssl_cert_file_are_trusted() {
    let (server, user) = (TlsServer::start(), Intunectl::new());
    user.file("own.pem", &server.pem);
    let seen = server.disconnect(&user, &[], &[("SSL_CERT_FILE", "own.pem")]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\tdisconnected\n", Some(0)), "{seen:?}");
    assert_eq!(server.requests(), 1);
}

#[test]
fn nothing_is_sent_if_certificates_cannot_be_read() {
    let (server, user) = (TlsServer::start(), Intunectl::new());
    user.file("not.pem", "hello");
    let missing = format!("cannot read --ca-cert missing.pem: {}", no_such_file());
    for (arguments, variables, words) in [
        (&["--ca-cert", "missing.pem"][..], &[][..], &*missing),
        (&["--ca-cert", "not.pem"], &[], "--ca-cert contains no PEM certificate"),
        (&[], &[("SSL_CERT_FILE", "missing.pem")], "cannot read the certificates in SSL_CERT_FILE or SSL_CERT_DIR: "),
    ] {
        let seen = server.disconnect(&user, arguments, variables);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
        assert!(seen.stderr.contains(words) && seen.stderr.contains("hint: "), "{seen:?}");
    }
    assert_eq!(server.requests(), 0);
}
