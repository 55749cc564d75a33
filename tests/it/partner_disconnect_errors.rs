//! `partner disconnect`: messages about errors of the service, and of gateways and proxies in front of it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::support::server::{Reply, Server};
use crate::support::{Intunectl, Seen, disconnect, run};

/// Disconnects one partner at a server that gives this answer, without retries.
fn answered(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Seen {
    let server = Server::always(reply);
    let seen = disconnect(server.root(), &["p-1", "--retries", "0", "--timeout", "5s"]);
    assert_eq!(server.ids(), ["p-1"]);
    seen
}

/// The third field of the only line: the message about the failure.
fn detail(seen: &Seen) -> &str {
    let line = seen.stdout.strip_prefix("p-1\tfailed\t").and_then(|line| line.strip_suffix('\n'));
    let detail = line.unwrap_or_else(|| panic!("{seen:?}"));
    assert!(!detail.contains(['\n', '\t']), "{detail}");
    detail
}

#[test]
fn an_error_shows_the_innermost_message_and_the_request_id() {
    let table = [
        (
            401,
            include_str!("../data/401-expired.json"),
            "401 InvalidAuthenticationToken: Lifetime validation failed, the token is expired. \
             (request ID 5a1fd4a6-5f3f-4d5b-a7c9-6d1a52a8b7e2)",
            4,
        ),
        (
            401,
            include_str!("../data/401-intune-nested-twice.json"),
            "401 Forbidden: An error has occurred (request ID c64ee84a-7c55-46ab-9181-fb075f6457a1)",
            4,
        ),
        (
            403,
            include_str!("../data/403-intune-nested.json"),
            "403 Forbidden: Application is not authorized to perform this operation. Application must have one of the \
             following scopes: DeviceManagementServiceConfig.ReadWrite.All \
             (request ID 2578f4a3-00e0-4699-bde7-e699fabc1086)",
            1,
        ),
        (
            404,
            include_str!("../data/404-resource-not-found.json"),
            "404 ResourceNotFound: An error has occurred (request ID 8b2f2a3e-61f3-4f0e-8a4e-0f4b6f1f6c11)",
            1,
        ),
        (
            429,
            include_str!("../data/429-documented.json"),
            "429 TooManyRequests: Please retry again later. (request ID 94fb3b52-452a-4535-a601-69e0a90e3aa2)",
            1,
        ),
        (
            429,
            include_str!("../data/429-intune.json"),
            "429 TooManyRequests: An error has occurred. (request ID 44be9ec1-489e-4282-8c72-a77f5b14b0cb)",
            1,
        ),
        (
            502,
            include_str!("../data/502-gateway.html"),
            "502 BadGateway: a gateway or proxy answered with a web page (\"502 Bad Gateway\"); the change may have been \
             applied anyway: check with `intunectl partner list` (request ID from-the-header)",
            1,
        ),
    ];
    for (status, body, expected, code) in table {
        let seen = answered(move || Reply::status(status).header("request-id", "from-the-header").body(body));
        assert_eq!((detail(&seen), seen.code), (expected, Some(code)));
    }
}

#[test]
fn a_hint_is_shown_once_for_any_number_of_failures() {
    for (status, hint) in [
        (401, "hint: 401: the token is expired"),
        (403, "hint: 403: check the permission DeviceManagementServiceConfig.ReadWrite.All"),
        (404, "hint: 404: no partner with this ID in the tenant"),
        (429, "hint: 429: other programs may be sending too many requests to this tenant"),
        (302, "hint: 302: if this network has a sign-in page"),
    ] {
        let server = Server::always(move || Reply::status(status).header("Retry-After", "0"));
        let seen = disconnect(server.root(), &["a", "b", "c", "--retries", "0"]);
        assert_eq!(seen.stderr.matches("hint: ").count(), 1, "{}", seen.stderr);
        assert!(seen.stderr.contains(hint), "{}", seen.stderr);
    }
}

#[test]
fn a_body_that_is_not_a_graph_error_is_described() {
    let not_graphs = "500 InternalServerError: the answer is not in Graph's format";
    let table: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "500 InternalServerError: the server gave no reason"),
        (b" \r\n ".into(), "500 InternalServerError: the server gave no reason"),
        (b"oops".into(), not_graphs),
        (b"null".into(), not_graphs),
        (b"[]".into(), not_graphs),
        (br#"{"error":null}"#.into(), not_graphs),
        (br#"{"error":{"code":7,"message":["x"],"innerError":"y"}}"#.into(), not_graphs),
        (br#"{"error":{"code":"#.into(), not_graphs),
        (b"{\"error\":{\"code\":\"\xff\xfe\"}}".into(), not_graphs),
        (vec![0; 1000], not_graphs),
        ("[".repeat(60_000).into(), not_graphs),
        ("{\"error\":".repeat(7_000).into(), not_graphs),
        (r#"{"error":{"innerError":"#.repeat(2_500).into(), not_graphs),
    ];
    for (body, expected) in table {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let seen = answered(move || Reply::status(500).body(body.clone()));
        assert_eq!((detail(&seen), seen.code), (expected, Some(1)), "{start}");
    }
}

#[test]
fn a_body_of_a_megabyte_is_neither_read_nor_shown() {
    let too_long = "500 InternalServerError: the answer is incomplete or too long";
    let long = "x".repeat(1_000_000);
    for body in [long.clone(), format!(r#"{{"error":{{"code":"C","message":"{long}"}}}}"#)] {
        let seen = answered(move || Reply::status(500).body(body.clone()));
        assert_eq!((detail(&seen), seen.code), (too_long, Some(1)));
    }
    // A shorter one is cut in text and complete in JSON.
    let body = format!(r#"{{"error":{{"code":"C","message":"{}"}}}}"#, "y".repeat(50_000));
    let server = Server::always(move || Reply::status(500).body(body.clone()));
    let text = disconnect(server.root(), &["p-1"]);
    assert_eq!(detail(&text), format!("500 C: {}…{}", "y".repeat(300), "y".repeat(199)));
    let json = disconnect(server.root(), &["p-1", "-o", "ndjson"]);
    assert_eq!(json.records()[0]["error"]["message"], "y".repeat(50_000));
}

#[test]
fn an_incomplete_body_does_not_hide_the_status() {
    let cut = r#"{"error":{"code":"ResourceNotFound","mess"#;
    let heads: [fn(usize) -> String; 2] = [
        |length| format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n", length + 100),
        |length| format!("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n"),
    ];
    for head in heads {
        let answer = format!("{}{cut}", head(cut.len()));
        let seen = answered(move || Reply::Raw(answer.clone().into()));
        let expected = "404 NotFound: the answer is incomplete or too long";
        assert_eq!((detail(&seen), seen.code), (expected, Some(1)));
    }
    let nothing = answered(|| Reply::Raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n".into()));
    assert_eq!(detail(&nothing), "404 NotFound: the answer is incomplete");
}

#[test]
fn an_endless_body_is_cut_off() {
    for (head, expected) in [
        ("HTTP/1.1 500 Oops\r\n\r\n", "500 InternalServerError: the answer is incomplete or too long"),
        (
            "HTTP/1.1 403 Oops\r\nContent-Length: 99999999999\r\n\r\n",
            "403 Forbidden: the answer is incomplete or too long",
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", "200 OK: expected 204 No Content"),
        (
            "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n",
            "302 Found: the server redirects to /x; intunectl does not follow redirects",
        ),
    ] {
        let seen = answered(move || Reply::Endless(head.into()));
        assert_eq!((detail(&seen), seen.code), (expected, Some(1)));
    }
}

#[test]
fn a_body_that_stalls_does_not_hide_the_status() {
    let head = "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n{\"error\":";
    let server = Server::always(move || Reply::Stall(head.into()));
    let seen = disconnect(server.root(), &["p-1", "--timeout", "300ms"]);
    assert_eq!(detail(&seen), "403 Forbidden: the answer is incomplete or too long");
    assert_eq!((seen.code, server.ids().len()), (Some(1), 1));
}

#[test]
fn endless_headers_are_a_failure() {
    for head in ["HTTP/1.1 204 No Content\r\n", "HTTP/1.1 204 No Content\r\nX-Long: ", "HTTP/1.1 "] {
        let seen = answered(move || Reply::Endless(head.into()));
        assert!(
            detail(&seen).starts_with("NetworkFailure: 127.0.0.1:") && detail(&seen).contains(": no valid answer ("),
            "{seen:?}"
        );
        assert_eq!(seen.code, Some(1));
    }
}

#[test]
fn a_204_is_success_regardless_of_what_precedes_or_follows_it() {
    for answer in [
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 1000\r\n\r\n{\"error\":{}}",
        "HTTP/1.1 204\r\nRetry-After: 3600\r\nLocation: http://127.0.0.1:1/\r\nContent-Encoding: gzip\r\n\r\ngarbage",
        "HTTP/1.0 204 No Content\r\n\r\n",
    ] {
        let seen = answered(move || Reply::Raw(answer.into()));
        assert_eq!((seen.stdout.as_str(), seen.code), ("p-1\tdisconnected\n", Some(0)), "{answer}: {}", seen.stderr);
    }
}

#[test]
fn a_refused_connection_is_reported_with_a_hint() {
    let seen = disconnect("http://127.0.0.1:1", &["p-1", "--retries", "0"]);
    assert_eq!((detail(&seen), seen.code), ("ConnectionRefused: 127.0.0.1:1: connection refused", Some(1)));
    assert!(seen.stderr.contains("hint: check the network, HTTPS_PROXY, and --graph-url"), "{}", seen.stderr);
}

#[test]
fn a_server_without_tls_gets_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("https://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.read_exact(&mut [0]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    // The handshake fails before certificates matter, so the test does not need the system's.
    let intunectl = Intunectl::new();
    let none = intunectl.file("none.pem", "");
    let seen = run(intunectl.disconnect(&root).arg("p-1").env("SSL_CERT_FILE", none));
    assert!(
        detail(&seen).contains("TlsFailure: 127.0.0.1:") && detail(&seen).contains(": TLS connection failed ("),
        "{seen:?}"
    );
    assert!(!detail(&seen).contains("may have"), "{seen:?}");
    assert!(seen.stderr.contains("hint: if a proxy inspects TLS traffic"), "{}", seen.stderr);
    assert_eq!(seen.code, Some(1));
    server.join().unwrap();
}
