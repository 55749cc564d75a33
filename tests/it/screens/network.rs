//! What can go wrong between this machine and Graph.

use std::net::TcpListener;

use h2::Reason;

use super::Screens;
use crate::support::server::{Reply, Server, listen};
use crate::support::{Intunectl, http2, jwt, run};

const DISCONNECT: &str = "intunectl partner disconnect 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
const LIST: &str = "intunectl partner list";

#[test]
fn network() {
    // The server of the first screens, and the home of an administrator who has its certificate as `own.pem`.
    let server = http2::Server::start(|before| (before > 0).then_some(Reason::REFUSED_STREAM));
    let home = Intunectl::new();
    std::fs::copy(server.home.home().join("own.pem"), home.home().join("proxy-ca.pem")).unwrap();
    home.file("system.pem", other_authority());
    home.file("notes.txt", "renew the certificate in May\n");
    home.file("damaged.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    let mut screens = Screens::at("12-network", home);
    screens.mask(server.root.clone(), "https://localhost:8443");
    screens.mask(server.root.replace("https://", ""), "localhost:8443");
    // The machine of these tests may have no trusted certificate of its own.
    screens.set("SSL_CERT_FILE", "system.pem");
    screens.set("INTUNECTL_TOKEN", &jwt::good());
    certificates(&mut screens, &server);
    hosts(&mut screens);
    answers(&mut screens);
    proxies(&mut screens);
    addresses(&mut screens);
    screens.check();
}

/// The certificate of an authority that did not issue the server's. Its name must differ, too: otherwise the error
/// would be about the signature.
fn other_authority() -> String {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "Contoso Root CA");
    params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
}

fn certificates(screens: &mut Screens, server: &http2::Server) {
    screens.set("INTUNECTL_GRAPH_URL", &server.root);
    screens.heading("A proxy inspects TLS traffic, and its root certificate is given");
    screens.sh(&format!("{DISCONNECT} --ca-cert proxy-ca.pem"));
    screens.heading("The server refuses a request without processing it");
    screens.sh(&format!("{DISCONNECT} --ca-cert proxy-ca.pem --retries 0"));
    screens.heading("The certificate of the server is not trusted");
    screens.sh(DISCONNECT);
    screens.sh(LIST);
    screens.heading("--ca-cert names a file that does not exist, is not a certificate, or is damaged");
    screens.sh(&format!("{DISCONNECT} --ca-cert proxy.pem"));
    screens.sh(&format!("{DISCONNECT} --ca-cert notes.txt"));
    screens.sh(&format!("{DISCONNECT} --ca-cert damaged.pem"));
    screens.heading("SSL_CERT_FILE names a file that does not exist");
    screens.sh(&format!("SSL_CERT_FILE=certs.pem {DISCONNECT}"));
    screens.heading("The server closes the connection during the TLS handshake");
    let port = listen(drop);
    screens.set("INTUNECTL_GRAPH_URL", &format!("https://127.0.0.1:{port}"));
    screens.sh(&format!("{DISCONNECT} --retries 0"));
    screens.heading("The server does not answer the TLS handshake");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    screens.set("INTUNECTL_GRAPH_URL", &format!("https://{}", silent.local_addr().unwrap()));
    screens.sh(&format!("{DISCONNECT} --retries 0 --timeout 300ms"));
}

fn hosts(screens: &mut Screens) {
    screens.unset("INTUNECTL_GRAPH_URL");
    screens.heading("The host name has no address");
    // What the resolver says without a network.
    screens.mask("Temporary failure in name resolution", "Name or service not known");
    screens.set("RES_OPTIONS", "timeout:1 attempts:1");
    screens.sh(&format!("{DISCONNECT} --graph-url https://graph.invalid"));
    screens.sh(&format!("{LIST} --graph-url https://graph.invalid"));
    screens.unset("RES_OPTIONS");
    screens.heading("The server refuses connections");
    // Nothing listens on this port.
    screens.sh(&format!("{DISCONNECT} --graph-url http://127.0.0.1:1 --retries 0"));
    screens.sh(&format!("{LIST} --graph-url http://127.0.0.1:1 --retries 0"));
    screens.heading("Too many files are open");
    let line = |limit| format!("ulimit -n {limit}; {DISCONNECT} --graph-url http://127.0.0.1:1 --retries 0");
    // The highest limit at which only the connection fails, which differs between systems.
    let run_with = |limit| run(&mut screens.surround(screens.home.sh(&format!("exec 2>&1; {}", line(limit)))));
    let seen = (4..64).rev().map(run_with).find(|seen| seen.stdout.contains("TooManyOpenFiles")).unwrap();
    screens.show(&line(10), &seen.stdout, seen.code);
}

fn answers(screens: &mut Screens) {
    let mut always = |heading: &str, lines: &[String], reply: fn() -> Reply| {
        let server = Server::always(reply);
        screens.serve(&server);
        screens.heading(heading);
        for line in lines {
            screens.sh(line);
        }
    };
    let lines = [DISCONNECT, LIST].map(|line| format!("{line} --retries 0"));
    always("The connection is lost after a request was sent", &lines, || Reply::Reset);
    let lines = [DISCONNECT, LIST].map(|line| format!("{line} --retries 0 --timeout 300ms"));
    always("The server does not answer in time", &lines, || Reply::Stall(Vec::new()));
    let lines = [DISCONNECT, LIST].map(str::to_owned);
    always("The server does not speak HTTP", &lines, || Reply::Raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec()));
    screens.unset("INTUNECTL_GRAPH_URL");
    screens.unset("INTUNECTL_LOGIN_URL");
}

fn proxies(screens: &mut Screens) {
    let line = format!("{DISCONNECT} --graph-url https://graph.example --retries 0");
    for (heading, status) in [
        ("The proxy requires a user name and password", "407 Proxy Authentication Required"),
        ("The proxy does not allow connections to this host", "403 Forbidden"),
    ] {
        let proxy =
            Server::always(move || Reply::Raw(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into()));
        screens.heading(heading);
        screens.sh(&format!("HTTPS_PROXY={} {line}", proxy.root()));
    }
    screens.heading("The address of the proxy is not valid");
    screens.sh(&format!("HTTPS_PROXY=http//proxy.contoso.com:8080 {line}"));
}

fn addresses(screens: &mut Screens) {
    screens.heading("--graph-url must be a URL that is safe for a token");
    for url in [
        "graph.microsoft.com",
        "ftp://graph.microsoft.com",
        "http://graph.microsoft.com",
        "https://admin:secret@graph.microsoft.com",
        "https://graph.microsoft.com/?tenant=contoso",
        "https://graph.microsoft.com/v1.0",
    ] {
        screens.sh(&format!("{LIST} --graph-url '{url}'"));
    }
    screens.heading("The cloud must be one of Microsoft's");
    screens.sh(&format!("INTUNECTL_CLOUD=germany {LIST}"));
}
