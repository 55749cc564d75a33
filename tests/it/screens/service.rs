//! What Graph, the sign-in server, and gateways and proxies in front of them can answer.

use serde_json::{Value, json};

use super::Screens;
use crate::support::jwt;
use crate::support::platform::{Platform, answer};
use crate::support::server::{Reply, Request, Server};

const DISCONNECT: &str = "intunectl partner disconnect 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
const SHOW: &str = "intunectl partner show 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
const LIST: &str = "intunectl partner list";

const NOT_FOUND: &[u8] = include_bytes!("../../data/404-resource-not-found.json");
const FORBIDDEN: &[u8] = include_bytes!("../../data/403-intune-nested.json");
const UNAUTHORIZED: &[u8] = include_bytes!("../../data/401-intune-nested-twice.json");
const THROTTLED: &[u8] = include_bytes!("../../data/429-documented.json");
const WEB_PAGE: &[u8] = include_bytes!("../../data/502-gateway.html");

/// A situation in which Graph gives this answer to all requests, and the commands in it.
fn always(
    screens: &mut Screens,
    heading: &str,
    lines: &[&str],
    reply: impl Fn() -> Reply + Send + Sync + 'static,
) -> Server {
    scripted(screens, heading, lines, move |_, _| reply())
}

/// The same with an answer to each request, given the number of those before it.
fn scripted(
    screens: &mut Screens,
    heading: &str,
    lines: &[&str],
    script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
) -> Server {
    let server = Server::start(script);
    screens.serve(&server);
    screens.heading(heading);
    for line in lines {
        screens.sh(line);
    }
    server
}

/// An error in Graph's own form.
fn error(status: u16, code: &str, message: &str) -> Reply {
    let inner = json!({"request-id": "7d1b5c0e-3f0a-4a55-8c21-0b9e6f4d2a73"});
    answer(status, &json!({"error": {"code": code, "message": message, "innerError": inner}}))
}

/// The token of an application.
fn of_app() -> String {
    jwt::but(&json!({"scp": null, "upn": null, "roles": [jwt::PERMISSION], "idtyp": "app", "appid": "an-app"}))
}

#[test]
fn service() {
    let mut screens = Screens::new("11-service");
    screens.home.file(
        "ids.txt",
        "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10\n8c2d4e6f-1a3b-4c5d-8e7f-901a2b3c4d5e\n\
         b7a6c5d4-e3f2-4011-9a8b-7c6d5e4f3a2b\n",
    );
    screens.set("INTUNECTL_TOKEN", &jwt::good());
    refused_requests(&mut screens);
    refused_tokens(&mut screens);
    throttled_requests(&mut screens);
    failures_of_the_service(&mut screens);
    unexpected_answers(&mut screens);
    sign_in_server(&mut screens);
    screens.check();
}

fn refused_requests(screens: &mut Screens) {
    always(screens, "The partner is disconnected", &[DISCONNECT], Reply::done);
    always(screens, "The partner does not exist", &[DISCONNECT, SHOW], || Reply::status(404).body(NOT_FOUND));
    always(screens, "Several partners do not exist", &["intunectl partner disconnect -f ids.txt -j 1"], || {
        Reply::status(404).body(NOT_FOUND)
    });
    always(screens, "--graph-url names a server that is not Graph", &[LIST], || Reply::status(404));
    let forbidden = || Reply::status(403).body(FORBIDDEN);
    always(screens, "The account is not allowed to do this", &[DISCONNECT, SHOW, LIST], forbidden);
    screens.set("INTUNECTL_TOKEN", &of_app());
    always(screens, "The application is not allowed to do this", &[DISCONNECT, LIST], forbidden);
    screens.set("INTUNECTL_TOKEN", "opaque-token-of-an-administrator");
    always(screens, "The token is not allowed to do this, and it does not say whose it is", &[DISCONNECT], forbidden);
    screens.set("INTUNECTL_TOKEN", &jwt::good());
    always(screens, "Graph rejects the request", &[DISCONNECT, LIST], || {
        error(400, "BadRequest", "The request is invalid.")
    });
    always(screens, "The partner is being changed by somebody else", &[DISCONNECT], || {
        error(409, "Conflict", "The resource is being modified.")
    });
}

fn refused_tokens(screens: &mut Screens) {
    let expired = Reply::expired;
    always(
        screens,
        "Graph refuses the token: the run stops",
        &["intunectl partner disconnect -f ids.txt -j 1", SHOW, LIST],
        expired,
    );
    let refused = || Reply::status(401).body(UNAUTHORIZED);
    screens.set("INTUNECTL_TOKEN", &of_app());
    always(screens, "Graph refuses the token of an application", &[DISCONNECT], refused);
    screens.set("INTUNECTL_TOKEN", "opaque-token-of-an-administrator");
    always(screens, "Graph refuses the token, and the token does not say whose it is", &[DISCONNECT], refused);
    screens.set("INTUNECTL_TOKEN", &jwt::good());
}

fn throttled_requests(screens: &mut Screens) {
    // The time left of the hour when the next partner would be sent.
    for seconds in 30..59 {
        screens.mask(format!("59m {seconds}s"), "59m 59s");
    }
    let throttled = |wait: &str| Reply::status(429).header("Retry-After", wait).body(THROTTLED);
    scripted(screens, "Graph throttles the first request: it is retried", &[DISCONNECT], move |_, n| {
        if n == 0 { throttled("0.01") } else { Reply::done() }
    });
    always(screens, "Graph throttles all requests", &[DISCONNECT, SHOW, LIST], move || throttled("0.01"));
    always(
        screens,
        "Graph asks for a wait of an hour, which is too long",
        &["intunectl partner disconnect -f ids.txt -j 1", LIST],
        move || throttled("3600"),
    );
    always(screens, "Graph asks for a wait of two hours, without a message", &[DISCONNECT], || {
        Reply::status(503).header("Retry-After", "7200")
    });
}

fn failures_of_the_service(screens: &mut Screens) {
    always(screens, "Graph reports an internal error", &[DISCONNECT, LIST], || Reply::status(500));
    let gateway = || Reply::status(502).header("Retry-After", "0.01").body(WEB_PAGE);
    always(
        screens,
        "A gateway does not reach Graph. After four retries it is unknown whether the partner was disconnected",
        &[DISCONNECT, SHOW, LIST],
        gateway,
    );
    scripted(
        screens,
        "The gateway reaches Graph again",
        &[DISCONNECT],
        move |_, n| {
            if n == 0 { gateway() } else { Reply::done() }
        },
    );
    scripted(
        screens,
        "The gateway reaches Graph again, which does not know the partner: the first attempt may be the reason",
        &[DISCONNECT],
        move |_, n| if n == 0 { gateway() } else { Reply::not_found() },
    );
    always(screens, "A gateway waits too long for Graph", &[DISCONNECT], || {
        Reply::status(504).header("Retry-After", "0.01")
    });
}

fn unexpected_answers(screens: &mut Screens) {
    let portal = "https://portal.example/login";
    always(screens, "A captive portal redirects requests", &[DISCONNECT, LIST], move || {
        Reply::status(302).header("Location", portal)
    });
    always(screens, "A redirect that does not say where", &[DISCONNECT], || Reply::status(307));
    always(screens, "An answer that is a success, but not the one that means disconnected", &[DISCONNECT], || {
        Reply::status(200).body("{}")
    });
    always(screens, "A server that is not Graph answers with success", &[SHOW, LIST], || {
        Reply::status(200).body(r#"{"status": "ok"}"#)
    });
    always(screens, "An error that is not in Graph's format", &[DISCONNECT], || {
        Reply::status(400).body("Invalid hostname")
    });
    let cut = "HTTP/1.1 403 Forbidden\r\nContent-Length: 500\r\n\r\n";
    always(screens, "An error that ends early", &[DISCONNECT], move || {
        Reply::Raw(format!("{cut}{{\"error\":{{\"code\":\"Forb").into())
    });
    always(screens, "An error whose body does not arrive", &[DISCONNECT], move || Reply::Raw(cut.into()));
}

fn sign_in_server(screens: &mut Screens) {
    screens.unset("INTUNECTL_TOKEN");
    screens.set("AZURE_TENANT_ID", jwt::TENANT);
    screens.set("AZURE_CLIENT_ID", "0f3d7b52-8c41-4e0a-9d6e-2a1b3c4d5e6f");
    screens.set("AZURE_CLIENT_SECRET", "the-secret-of-the-application");
    let platform = Platform::start(
        |_, _| {
            let token: Value = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": of_app()});
            answer(200, &token)
        },
        |_, _| Reply::status(401).body(UNAUTHORIZED),
    );
    screens.serve(&platform.server);
    screens.heading("An application gets a token with its secret, and Graph refuses it");
    screens.sh(LIST);
    always(screens, "The sign-in server is busy", &[LIST], || Reply::status(503).header("Retry-After", "900"));
    always(screens, "The sign-in server is down", &[LIST], || Reply::status(500));
    always(screens, "A gateway answers in place of the sign-in server", &[LIST], || Reply::status(403).body(WEB_PAGE));
    always(screens, "A captive portal redirects the sign-in", &[LIST], || {
        Reply::status(302).header("Location", "https://portal.example/login?next=graph")
    });
}
