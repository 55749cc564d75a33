//! `partner disconnect`: which requests are sent, and where.

use std::collections::HashSet;

use httpmock::Method::POST;
use httpmock::{HttpMockRequest, Mock, MockServer};

use crate::support::graph::PARTNERS;
use crate::support::server::{Reply, Server};
use crate::support::{Intunectl, TOKEN, disconnect, run};

/// Whether a request is as Graph's reference says, except for its address.
fn is_as_documented(request: &HttpMockRequest) -> bool {
    let headers = request.headers();
    let header = |name: &str| {
        let values: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        values.join(" and ")
    };
    header("authorization") == format!("Bearer {TOKEN}")
        && header("accept") == "application/json"
        && header("content-length") == "0"
        && header("transfer-encoding").is_empty()
        && header("content-type").is_empty()
        && header("user-agent") == concat!("intunectl/", env!("CARGO_PKG_VERSION"))
        && uuid::Uuid::parse_str(&header("client-request-id")).is_ok_and(|id| id.get_version_num() == 4)
        && request.body_ref().is_empty()
}

/// Expects the documented request at a path, and answers it with 204.
fn expect<'a>(server: &'a MockServer, path: &str) -> Mock<'a> {
    server.mock(|when, then| {
        when.method(POST).path(path).is_true(is_as_documented);
        then.status(204);
    })
}

/// Matches every unexpected request. It must be created after the expectations, because the first match wins.
fn nothing_else(server: &MockServer) -> Mock<'_> {
    server.mock(|when, then| {
        when.any_request();
        then.status(418);
    })
}

#[test]
fn a_partner_is_disconnected_with_one_post_without_a_body() {
    let server = MockServer::start();
    let expected = expect(&server, &format!("{PARTNERS}/p-1/disconnect"));
    let unexpected = nothing_else(&server);
    let seen = disconnect(&server.base_url(), &["p-1"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("p-1\tdisconnected\n", Some(0)));
    assert_eq!(seen.timeless(), "1 partner: 1 disconnected in T s\n");
    expected.assert();
    unexpected.assert_calls(0);
}

#[test]
fn every_id_gets_one_post_even_if_it_is_given_twice() {
    let server = MockServer::start();
    let guid = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
    let expected = [guid, "p-2", "p-3"].map(|id| expect(&server, &format!("{PARTNERS}/{id}/disconnect")));
    let unexpected = nothing_else(&server);
    let seen = disconnect(&server.base_url(), &[guid, "p-2", &guid.to_uppercase(), "p-3", "p-2", "-j1"]);
    let stdout = format!("{guid}\tdisconnected\np-2\tdisconnected\np-3\tdisconnected\n");
    assert_eq!((seen.stdout, seen.code), (stdout, Some(0)));
    assert_eq!(seen.stderr.lines().next(), Some("ignored 2 duplicate IDs"));
    expected.iter().for_each(Mock::assert);
    unexpected.assert_calls(0);
}

#[test]
fn api_version_and_a_path_in_graph_url_determine_the_path_of_requests() {
    for (prefix, arguments, path) in [
        ("", &["--api-version", "beta"][..], "/beta"),
        ("/graph", &[], "/graph/v1.0"),
        ("/a/b%20c//", &["--api-version", "beta"], "/a/b%20c/beta"),
    ] {
        let server = Server::always(Reply::done);
        let root = format!("{}{prefix}", server.root());
        let seen = disconnect(&root, &[arguments, &["p-1"]].concat());
        assert_eq!((seen.stdout.as_str(), seen.code), ("p-1\tdisconnected\n", Some(0)), "{}", seen.stderr);
        let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
        assert_eq!(paths, [format!("{path}/deviceManagement/remoteAssistancePartners/p-1/disconnect")]);
    }
}

#[test]
fn an_id_is_one_percent_encoded_segment_of_the_path() {
    let table = [
        ("a+b", "a%2Bb"),
        ("a:b", "a%3Ab"),
        ("a@b", "a%40b"),
        ("a=b", "a%3Db"),
        ("a...b", "a...b"),
        ("a:b@c", "a%3Ab%40c"),
        ("~a_b-c.d", "~a_b-c.d"),
        ("=+@:a", "%3D%2B%40%3Aa"),
    ];
    let server = Server::always(Reply::done);
    let ids = table.map(|(id, _)| id);
    let seen = disconnect(server.root(), &[&["-j1", "--"], &ids[..]].concat());
    let stdout: String = ids.iter().map(|id| format!("{id}\tdisconnected\n")).collect();
    assert_eq!((seen.stdout, seen.code), (stdout, Some(0)));
    let sent: Vec<_> = server.requests().into_iter().map(|request| (request.method, request.path)).collect();
    assert_eq!(sent, table.map(|(_, segment)| ("POST".to_owned(), format!("{PARTNERS}/{segment}/disconnect"))));
}

#[test]
fn nothing_is_sent_if_one_id_is_invalid() {
    let long = "x".repeat(257);
    for id in [
        "a b",
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "a%b",
        "a%2fb",
        ".",
        "..",
        "a\tb",
        "a\u{a0}b",
        "a\u{7}b",
        "a\u{1b}[2Jb",
        "a\u{202e}b",
        "ü",
        "日本",
        "a;b",
        "a,b&c=d",
        "{x}",
        "a\"b<c>",
        "!$'()*",
        "a|b^c",
        "[a]",
        "a`b",
        "id",
        "",
        &long,
    ] {
        let server = Server::always(Reply::done);
        let seen = disconnect(server.root(), &["p-1", id, "p-3"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{id:?}");
        assert!(seen.stderr.starts_with("error: ") && !seen.stderr.contains('\u{1b}'), "{id:?}: {}", seen.stderr);
        assert!(seen.stderr.contains("\n  argument 2: "), "{id:?}: {}", seen.stderr);
        assert_eq!(server.connections(), 0, "{id:?}");
    }
}

#[test]
fn every_attempt_has_its_own_client_request_id_and_the_last_is_in_the_record() {
    let server =
        Server::start(|_, n| if n < 2 { Reply::status(429).header("Retry-After", "0") } else { Reply::done() });
    let seen = disconnect(server.root(), &["p-1", "p-2", "-j1", "-o", "ndjson"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let sent: Vec<_> =
        server.requests().iter().map(|request| request.header("client-request-id").unwrap().to_owned()).collect();
    assert_eq!(sent.len(), 4);
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), 4, "{sent:?}");
    let reported: Vec<_> = seen.records().into_iter().map(|record| record["client_request_id"].clone()).collect();
    assert_eq!(reported, [sent[2].clone(), sent[3].clone()]);
}

#[test]
fn connections_are_reused() {
    let server = Server::always(Reply::done);
    let seen = disconnect(server.root(), &[&["-j1"][..], &["a", "b", "c", "d", "e"]].concat());
    assert_eq!((seen.code, server.ids().len()), (Some(0), 5));
    assert!(server.connections() < 5, "{} connections for 5 requests", server.connections());
}

#[test]
fn only_a_204_is_success() {
    let no_204 = "expected 204 No Content";
    let table = [
        (200, "OK", no_204),
        (201, "Created", no_204),
        (202, "Accepted", no_204),
        (205, "ResetContent", no_204),
        (206, "PartialContent", no_204),
        (304, "NotModified", "the server redirects; intunectl does not follow redirects"),
        (400, "BadRequest", "the server gave no reason"),
        (403, "Forbidden", "the server gave no reason"),
        (404, "NotFound", "the server gave no reason"),
        (409, "Conflict", "the server gave no reason"),
        (411, "LengthRequired", "the server gave no reason"),
        (500, "InternalServerError", "the server gave no reason"),
        (501, "NotImplemented", "the server gave no reason"),
        (599, "Status599", "the server gave no reason"),
    ];
    let server = Server::start(move |_, n| Reply::status(table[n].0));
    let ids = crate::support::ids(table.len());
    let seen = run(Intunectl::new().disconnect(server.root()).arg("-j1").args(&ids));
    let lines =
        ids.iter().zip(table).map(|(id, (status, code, words))| format!("{id}\tfailed\t{status} {code}: {words}\n"));
    assert_eq!((seen.stdout.clone(), seen.code), (lines.collect(), Some(1)));
    assert!(seen.timeless().contains("14 partners: 0 disconnected, 14 failed in T s\n"), "{}", seen.stderr);
    assert_eq!(server.ids(), ids);
}
