//! `partner disconnect`: what people read when the service, or something in front of it, says no.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::support::server::{Reply, Server};
use crate::support::{Intunectl, Seen, disconnect, run};

/// Disconnects one partner that is answered so; nothing is tried again.
fn answered(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Seen {
    let server = Server::always(reply);
    let seen = disconnect(server.root(), &["p-1", "--retries", "0", "--timeout", "5s"]);
    assert_eq!(server.ids(), ["p-1"]);
    seen
}

/// The third field of the only line: what is to be read about the failure.
fn detail(seen: &Seen) -> &str {
    let line = seen.stdout.strip_prefix("p-1\tfailed\t").and_then(|line| line.strip_suffix('\n'));
    let detail = line.unwrap_or_else(|| panic!("{seen:?}"));
    assert!(!detail.contains(['\n', '\t']), "{detail}");
    detail
}

#[test]
fn an_error_is_told_in_its_innermost_words_and_with_the_id_that_support_asks_for() {
    let table = [
        (
            401,
            include_str!("../data/401-expired.json"),
            "401 InvalidAuthenticationToken: Lifetime validation failed, the token is expired. \
             (request id 5a1fd4a6-5f3f-4d5b-a7c9-6d1a52a8b7e2)",
            4,
        ),
        (
            401,
            include_str!("../data/401-intune-nested-twice.json"),
            "401 Forbidden: An error has occurred (request id c64ee84a-7c55-46ab-9181-fb075f6457a1)",
            4,
        ),
        (
            403,
            include_str!("../data/403-intune-nested.json"),
            "403 Forbidden: Application is not authorized to perform this operation. Application must have one of the \
             following scopes: DeviceManagementServiceConfig.ReadWrite.All \
             (request id 2578f4a3-00e0-4699-bde7-e699fabc1086)",
            1,
        ),
        (
            404,
            include_str!("../data/404-resource-not-found.json"),
            "404 ResourceNotFound: An error has occurred (request id 8b2f2a3e-61f3-4f0e-8a4e-0f4b6f1f6c11)",
            1,
        ),
        (
            429,
            include_str!("../data/429-documented.json"),
            "429 TooManyRequests: Please retry again later. (request id 94fb3b52-452a-4535-a601-69e0a90e3aa2)",
            1,
        ),
        (
            429,
            include_str!("../data/429-intune.json"),
            "429 TooManyRequests: An error has occurred. (request id 44be9ec1-489e-4282-8c72-a77f5b14b0cb)",
            1,
        ),
        (
            502,
            include_str!("../data/502-gateway.html"),
            "502 BadGateway: a web page \"502 Bad Gateway\" instead of Graph's answer: it is from a gateway or proxy; \
             it may have been done all the same: look with `intunectl partner list` (request id from-the-header)",
            1,
        ),
    ];
    for (status, body, expected, code) in table {
        let seen = answered(move || Reply::status(status).header("request-id", "from-the-header").body(body));
        assert_eq!((detail(&seen), seen.code), (expected, Some(code)));
    }
}

#[test]
fn a_hint_says_what_to_do_about_it_once_however_many_failed() {
    for (status, hint) in [
        (401, "hint: 401: the service does not accept the token"),
        (403, "hint: 403: the token needs the permission DeviceManagementServiceConfig.ReadWrite.All"),
        (404, "hint: 404: no such partner"),
        (429, "hint: 429: other programs may be using up the tenant's limit"),
        (302, "hint: 302: something between here and Graph redirects requests"),
    ] {
        let server = Server::always(move || Reply::status(status).header("Retry-After", "0"));
        let seen = disconnect(server.root(), &["a", "b", "c", "--retries", "0"]);
        assert_eq!(seen.stderr.matches("hint: ").count(), 1, "{}", seen.stderr);
        assert!(seen.stderr.contains(hint), "{}", seen.stderr);
    }
}

#[test]
fn a_body_that_is_not_an_error_of_graphs_is_said_to_be_none() {
    let not_graphs = "500 InternalServerError: the answer is not one of Graph's";
    let table: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "500 InternalServerError: no reason given"),
        (b" \r\n ".into(), "500 InternalServerError: no reason given"),
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
        let told = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let seen = answered(move || Reply::status(500).body(body.clone()));
        assert_eq!((detail(&seen), seen.code), (expected, Some(1)), "{told}");
    }
}

#[test]
fn a_megabyte_is_neither_read_nor_shown() {
    let too_long = "500 InternalServerError: the answer broke off, or was too long to be one of Graph's";
    let long = "x".repeat(1_000_000);
    for body in [long.clone(), format!(r#"{{"error":{{"code":"C","message":"{long}"}}}}"#)] {
        let seen = answered(move || Reply::status(500).body(body.clone()));
        assert_eq!((detail(&seen), seen.code), (too_long, Some(1)));
    }
    // One that is still read is cut for people, and whole for programs.
    let body = format!(r#"{{"error":{{"code":"C","message":"{}"}}}}"#, "y".repeat(50_000));
    let server = Server::always(move || Reply::status(500).body(body.clone()));
    let text = disconnect(server.root(), &["p-1"]);
    assert_eq!(detail(&text), format!("500 C: {}…{}", "y".repeat(300), "y".repeat(199)));
    let json = disconnect(server.root(), &["p-1", "-o", "ndjson"]);
    assert_eq!(json.records()[0]["error"]["message"], "y".repeat(50_000));
}

#[test]
fn a_body_that_breaks_off_leaves_the_status() {
    let cut = r#"{"error":{"code":"ResourceNotFound","mess"#;
    let heads: [fn(usize) -> String; 2] = [
        |length| format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n", length + 100),
        |length| format!("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n"),
    ];
    for head in heads {
        let answer = format!("{}{cut}", head(cut.len()));
        let seen = answered(move || Reply::Raw(answer.clone().into()));
        let expected = "404 NotFound: the answer broke off, or was too long to be one of Graph's";
        assert_eq!((detail(&seen), seen.code), (expected, Some(1)));
    }
    let nothing = answered(|| Reply::Raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n".into()));
    assert_eq!(detail(&nothing), "404 NotFound: no reason given; the answer broke off");
}

#[test]
fn a_body_without_end_comes_to_an_end() {
    for (head, expected) in [
        (
            "HTTP/1.1 500 Oops\r\n\r\n",
            "500 InternalServerError: the answer broke off, or was too long to be one of Graph's",
        ),
        (
            "HTTP/1.1 403 Oops\r\nContent-Length: 99999999999\r\n\r\n",
            "403 Forbidden: the answer broke off, or was too long to be one of Graph's",
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", "200 OK: not the 204 No Content that means done"),
        ("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "302 Found: redirected to /x, which is never followed"),
    ] {
        let seen = answered(move || Reply::Endless(head.into()));
        assert_eq!((detail(&seen), seen.code), (expected, Some(1)));
    }
}

#[test]
fn a_body_that_stalls_leaves_the_status_when_the_time_is_over() {
    let head = "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n{\"error\":";
    let server = Server::always(move || Reply::Stall(head.into()));
    let seen = disconnect(server.root(), &["p-1", "--timeout", "300ms"]);
    assert_eq!(detail(&seen), "403 Forbidden: the answer broke off, or was too long to be one of Graph's");
    assert_eq!((seen.code, server.ids().len()), (Some(1), 1));
}

#[test]
fn headers_without_end_are_survived() {
    for head in ["HTTP/1.1 204 No Content\r\n", "HTTP/1.1 204 No Content\r\nX-Long: ", "HTTP/1.1 "] {
        let seen = answered(move || Reply::Endless(head.into()));
        assert!(
            detail(&seen).starts_with("NetworkFailure: 127.0.0.1:") && detail(&seen).contains(": no answer ("),
            "{seen:?}"
        );
        assert_eq!(seen.code, Some(1));
    }
}

#[test]
fn a_204_is_done_whatever_comes_before_or_behind_it() {
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
fn where_nobody_listens_it_is_told_in_words() {
    let seen = disconnect("http://127.0.0.1:1", &["p-1", "--retries", "0"]);
    assert_eq!((detail(&seen), seen.code), ("ConnectionRefused: 127.0.0.1:1: the connection was refused", Some(1)));
    assert!(seen.stderr.contains("hint: check the network, HTTPS_PROXY, and --graph-url"), "{}", seen.stderr);
}

#[test]
fn where_there_is_no_tls_it_is_told_and_nothing_has_been_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("https://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.read_exact(&mut [0]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    // No certificate is needed to see that there is none: the test does without the system's.
    let intunectl = Intunectl::new();
    let none = intunectl.file("none.pem", "");
    let seen = run(intunectl.disconnect(&root).arg("p-1").env("SSL_CERT_FILE", none));
    assert!(
        detail(&seen).contains("TlsFailure: 127.0.0.1:") && detail(&seen).contains(": no secure connection ("),
        "{seen:?}"
    );
    assert!(!detail(&seen).contains("may have been done"), "{seen:?}");
    assert!(seen.stderr.contains("hint: if a proxy inspects the traffic here"), "{}", seen.stderr);
    assert_eq!(seen.code, Some(1));
    server.join().unwrap();
}
