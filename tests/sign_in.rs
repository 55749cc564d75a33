//! Signing in, with a real keyring, against the sandbox and against platforms that lie.
#![cfg(all(unix, not(target_os = "macos")))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "clippy.toml covers #[test] functions")]

mod support;

use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::Digest as _;

use support::Seen;
use support::graph::{PARTNERS, Unspoken};
use support::jwt::{PERMISSION, claims, jwt, padded};
use support::server::{Reply, Request, Server};
use support::signing::{Machine, Platform, Process, Sandbox, answer, get, query, refusal, say, send};

const FIRST: &str = "5a4d0b0c-0002-4000-8000-000000000001";
const SECOND: &str = "5a4d0b0c-0002-4000-8000-000000000002";
const SANDBOX_TENANT: &str = "00000000-0000-0000-0000-5a4d0b0c0001";
const CLIENT: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
/// That of [`claims`].
const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const ACCOUNT: &str = "admin@contoso.example";

/// Secrets of a shape that nothing else has, with characters that forms, addresses and JSON write in other ways.
const DEVICE_CODE: &str = "GMxDevice/code+8Qf~3zVnTqLw0=RkYb";
const CODE: &str = "0.AXMcode_that~came-back/8Jq+ZvNw5=Tg";
const REFRESH: &str = "1.AXMrefresh~9Kd/Wq+Zx7Lp=Bn3Vc-Ty_Gh";
const CLIENT_SECRET: &str = "bWo8Q~clientSecret.xK4/Rt+Zq9=Vm";

/// What a platform gives for a code.
fn code() -> Value {
    json!({
        "user_code": "BCDF-GHJK",
        "device_code": DEVICE_CODE,
        "verification_uri": "https://login.example/device",
        "expires_in": 900,
        "interval": 1,
        "message": "To sign in, use a web browser.",
    })
}

/// What a platform gives to somebody who has signed in.
fn tokens() -> Value {
    json!({
        "token_type": "Bearer",
        "scope": PERMISSION,
        "expires_in": 3600,
        "access_token": jwt(&claims(3600)),
        "refresh_token": REFRESH,
        "id_token": jwt(&json!({"tid": TENANT, "preferred_username": ACCOUNT, "nonce": "id"})),
    })
}

/// With these fields in place of its own; null takes one away.
fn but(mut value: Value, changes: Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            change => value[name] = change.clone(),
        }
    }
    value
}

/// A platform that does what it is asked, and a Graph at the same address with nothing in it.
fn good(_: &Request, endpoint: &str, _: usize) -> Reply {
    match endpoint {
        "devicecode" => answer(200, &code()),
        "token" => answer(200, &tokens()),
        "remoteAssistancePartners" => answer(200, &json!({"value": []})),
        _ => Reply::status(204),
    }
}

/// The command to sign in at a platform.
fn login(machine: &Machine, url: &str, arguments: &[&str]) -> Command {
    machine.command(&[&["auth", "login", "--graph-url", url, "--login-url", url], arguments].concat())
}

/// Signs in by device code; what was seen.
fn sign_in(machine: &Machine, url: &str, arguments: &[&str]) -> Seen {
    machine.seen(&mut login(machine, url, &[&["--device-code"], arguments].concat()))
}

/// Starts to sign in with a browser, and waits until it was opened: the process, and the address.
fn begin_in_browser(machine: &Machine, url: &str, arguments: &[&str]) -> (Process, String) {
    let _ = std::fs::remove_file(machine.desk.path().join("opened"));
    let process = Process::start(login(machine, url, arguments).env("BROWSER", machine.browser()));
    let address = machine.opened();
    (process, address)
}

/// Where the browser comes back to, with these parameters.
fn back(address: &str, parameters: &[(&str, &str)]) -> String {
    let redirect = query(address, "redirect_uri").unwrap();
    reqwest::Url::parse_with_params(&redirect, parameters).unwrap().into()
}

fn port(address: &str) -> u16 {
    reqwest::Url::parse(&query(address, "redirect_uri").unwrap()).unwrap().port().unwrap()
}

/// Signs in with a browser that comes back with [`CODE`].
fn sign_in_by_browser(machine: &Machine, url: &str, arguments: &[&str]) -> Seen {
    let (process, address) = begin_in_browser(machine, url, arguments);
    let state = query(&address, "state").unwrap();
    let page = get(&back(&address, &[("code", CODE), ("state", &state)]));
    assert_eq!(page.status, 200, "{}", page.head);
    process.end(machine)
}

/// Nobody was signed in: so in words, with this code, and nothing is kept.
#[track_caller]
fn assert_nobody(machine: &Machine, seen: &Seen, words: &str) {
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{words}: {}", seen.stderr);
    assert!(seen.stderr.contains(&format!("error: nobody was signed in: {words}")), "{words}: {}", seen.stderr);
    assert!(seen.stderr.contains("\nhint: "), "{}", seen.stderr);
    assert!(!seen.stderr.contains(|c: char| c.is_control() && c != '\n'), "{:?}", seen.stderr);
    machine.has_nobody();
}

// The whole life of a sign-in.

/// From the first sign-in to the last sign-out, whichever way somebody signs in.
fn lives(sign_in: impl Fn(&Machine, &Platform, &str) -> Seen) {
    let machine = Machine::new();
    let sandbox = Sandbox::start(&[]);
    let ear = Platform::before(&machine, &sandbox);
    let seen = sign_in(&machine, &ear, &sandbox.url);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    let signed_in = format!(
        "signed in as admin@sandbox.example to tenant {SANDBOX_TENANT} under profile 'default', for {}\n",
        sandbox.url
    );
    assert!(seen.stderr.ends_with(&signed_in), "{}", seen.stderr);

    let status = machine.run_twice(&["auth", "status"]);
    assert_eq!((status.stderr.as_str(), status.code), ("", Some(0)));
    for line in [
        "Source:      profile 'default'".to_owned(),
        "Account:     admin@sandbox.example".to_owned(),
        format!("Tenant:      {SANDBOX_TENANT}"),
        format!("Application: intunectl sandbox ({CLIENT})"),
        format!("Graph:       {}", sandbox.url),
        format!("Disconnect:  yes: {PERMISSION} is among the permissions"),
    ] {
        assert!(status.stdout.lines().any(|found| found == line), "{line}: {}", status.stdout);
    }
    assert!(status.stdout.contains("Expires:     in 59m "), "{}", status.stdout);
    let status = machine.run_twice(&["auth", "status", "-o", "json"]);
    let report: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(
        (&report["usable"], &report["profile"], &report["renewable"], &report["app_only"], &report["error"]),
        (&json!(true), &json!("default"), &json!(true), &json!(false), &Value::Null)
    );
    assert_eq!((&report["account"], &report["tenant_id"]), (&json!("admin@sandbox.example"), &json!(SANDBOX_TENANT)));
    assert_eq!((&report["app_id"], &report["has_needed_permission"]), (&json!(CLIENT), &json!(true)));

    let list = machine.run_twice(&["auth", "list"]);
    let row = format!("default\tadmin@sandbox.example\t{SANDBOX_TENANT}\t{}\tgood for 59m ", sandbox.url);
    assert!(list.stdout.starts_with(&row) && list.stdout.ends_with(", then renewed\n"), "{}", list.stdout);

    assert_eq!(machine.run_twice(&["partner", "list", "-o", "id"]).stdout.lines().count(), 3);
    let seen = machine.run_twice(&["partner", "disconnect", "-q", FIRST]);
    assert_eq!(seen, Seen { stdout: format!("{FIRST}\tdisconnected\n"), stderr: String::new(), code: Some(0) });
    let before = ear.asked("token").len();

    sandbox.revoke();
    for command in [&["partner", "list"][..], &["partner", "disconnect", SECOND]] {
        let seen = machine.run_twice(command);
        assert_eq!(seen.code, Some(4), "{}", seen.stderr);
        let error = "error: the sign-in of profile 'default' cannot be renewed: ";
        assert!(seen.stderr.contains(error) && seen.stderr.contains(": AADSTS50173: "), "{}", seen.stderr);
        assert!(seen.stderr.contains("`intunectl auth login`"), "{}", seen.stderr);
        assert!(!seen.stdout.contains("disconnected\n"), "{}", seen.stdout);
    }
    assert!(ear.asked("token").len() > before);

    assert_eq!(sign_in(&machine, &ear, &sandbox.url).code, Some(0));
    assert_eq!(machine.run_twice(&["partner", "disconnect", "-q", SECOND]).code, Some(0));

    let seen = machine.run(&["auth", "logout"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)));
    assert!(seen.stderr.starts_with("forgot the sign-in of profile 'default'"), "{}", seen.stderr);
    machine.has_nobody();
    for command in [&["partner", "list"][..], &["auth", "status"], &["auth", "token"]] {
        let seen = machine.run_twice(command);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{}", seen.stderr);
        assert!(seen.stderr.starts_with("error: no access token: nobody is signed in"), "{}", seen.stderr);
    }
    assert_eq!(machine.run(&["auth", "list"]).stderr, "nobody is signed in; `intunectl auth login` signs in\n");
}

/// With tokens that live for less than 5 minutes, so that every run renews.
fn is_renewed_by_every_run(sign_in: impl Fn(&Machine, &Platform, &str) -> Seen) {
    let machine = Machine::new();
    let sandbox = Sandbox::start(&["--token-lifetime", "4m"]);
    let ear = Platform::before(&machine, &sandbox);
    assert_eq!(sign_in(&machine, &ear, &sandbox.url).code, Some(0));
    let mut used = Vec::new();
    for n in 1..=3 {
        let seen = machine.run(&["partner", "list", "-o", "id", "-vv"]);
        assert_eq!((seen.stdout.lines().count(), seen.code), (3, Some(0)), "{}", seen.stderr);
        let asked = ear.asked("token");
        let refreshed = asked.iter().filter(|request| request.form("grant_type").unwrap() == "refresh_token");
        let tokens: Vec<_> = refreshed.map(|request| request.form("refresh_token").unwrap()).collect();
        assert_eq!(tokens.len(), n);
        assert!(!used.contains(&tokens[n - 1]), "a refresh token was used twice");
        used = tokens;
        let last = asked.last().unwrap();
        assert_eq!(last.path, format!("/{SANDBOX_TENANT}/oauth2/v2.0/token"));
        assert_eq!(last.form("client_id").unwrap(), CLIENT);
    }
    assert_eq!(machine.run(&["auth", "logout", "-vv"]).code, Some(0));
}

fn by_device_code(machine: &Machine, ear: &Platform, graph: &str) -> Seen {
    machine.run(&["auth", "login", "--device-code", "--graph-url", graph, "--login-url", ear.url()])
}

fn by_browser(machine: &Machine, ear: &Platform, graph: &str) -> Seen {
    let _ = std::fs::remove_file(machine.desk.path().join("opened"));
    let mut command = machine.command(&["auth", "login", "-vv", "--graph-url", graph, "--login-url", ear.url()]);
    let process = Process::start(command.env("BROWSER", machine.browser()));
    let page = get(&machine.opened());
    let last = get(&page.link("Continue as admin@sandbox.example"));
    assert!(last.status == 200 && last.body.contains("You can close this window"), "{}{}", last.head, last.body);
    machine.keep_output(&last.body);
    process.end(machine)
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_by_device_code_is_shown_used_revoked_made_anew_and_forgotten() {
    lives(by_device_code);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_by_browser_is_shown_used_revoked_made_anew_and_forgotten() {
    lives(by_browser);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_by_device_code_is_renewed_by_every_run_that_finds_too_little_left() {
    is_renewed_by_every_run(by_device_code);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_by_browser_is_renewed_by_every_run_that_finds_too_little_left() {
    is_renewed_by_every_run(by_browser);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_device_code_is_shown_on_standard_error_and_nothing_else_is() {
    let machine = Machine::new();
    let platform = Platform::start(&machine, good);
    let url = platform.url().to_owned();
    let seen = sign_in(&machine, &url, &[]);
    let stderr = format!(
        "To sign in, open this page in a browser, on any device:\n\n  https://login.example/device\n\nand type this code \
         there:\n\n  BCDF-GHJK\n\nWaiting for that; the code is good for 15m. Type it only if you have just run this \
         command yourself.\nsigned in as {ACCOUNT} to tenant {TENANT} under profile 'default', for {url}\n"
    );
    assert_eq!(seen, Seen { stdout: String::new(), stderr, code: Some(0) });
    // Quiet hides what is not needed to sign in, and nothing more.
    let quiet = sign_in(&machine, &url, &["-q"]);
    assert!(quiet.stderr.contains("BCDF-GHJK") && !quiet.stderr.contains("signed in as"), "{}", quiet.stderr);
    let [asked, _] = &platform.asked("devicecode")[..] else { panic!() };
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/organizations/oauth2/v2.0/devicecode"));
    assert_eq!(asked.form("client_id").as_deref(), Some(CLIENT));
    assert_eq!(asked.form("scope").unwrap(), format!("{url}/{PERMISSION} offline_access openid profile"));
    let polled = &platform.asked("token")[0];
    assert_eq!(polled.path, "/organizations/oauth2/v2.0/token");
    assert_eq!(polled.form("grant_type").as_deref(), Some("urn:ietf:params:oauth:grant-type:device_code"));
    assert_eq!(polled.form("device_code").as_deref(), Some(DEVICE_CODE));
}

// A device code, and a platform that does not play along.

/// A platform whose answers to these endpoints are others.
fn with(machine: &Machine, endpoint: &'static str, reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Platform {
    Platform::start(machine, move |request, name, n| if name == endpoint { reply(n) } else { good(request, name, n) })
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_refusal_ends_a_device_code_with_the_platforms_words_and_what_to_do() {
    let machine = Machine::new();
    for (error, description, words, hint) in [
        ("expired_token", "AADSTS70020: The code expired.", "AADSTS70020: The code expired.", "--browser"),
        ("expired_token", "", "the code expired before the sign-in was finished", "run it again; --browser"),
        ("authorization_declined", "AADSTS70018: no", "AADSTS70018: no", "run it again"),
        ("authorization_declined", "", "the sign-in was declined", "run it again; --browser"),
        ("access_denied", "", "the sign-in was declined", "run it again; --browser"),
        ("bad_verification_code", "", "the device code is not one that the service knows", "run it again; --browser"),
        ("invalid_grant", "AADSTS53003: Blocked by policy.", "AADSTS53003: Blocked by policy.", "try --browser"),
        ("odd\u{1b}[2J\u{202e}\r\nerror: forged", "", "odd", "run it again; --browser"),
        ("invalid_grant", "AADSTS1: a\u{1b}]0;x\u{7}\r\nhint: forged", "AADSTS1: a", "run it again; --browser"),
    ] {
        for endpoint in ["token", "devicecode"] {
            let platform = with(&machine, endpoint, move |_| refusal(error, description));
            let seen = sign_in(&machine, platform.url(), &["-vv"]);
            let host = platform.url().trim_start_matches("http://");
            assert_nobody(&machine, &seen, &format!("{host}: {words}"));
            assert!(seen.stderr.lines().last().unwrap().starts_with("hint: "), "{}", seen.stderr);
            assert!(seen.stderr.lines().last().unwrap().contains(hint), "{}", seen.stderr);
            assert!(!seen.stderr.contains("\nhint: forged") && !seen.stderr.contains("\nerror: forged"));
            assert_eq!(platform.asked(endpoint).len(), 1, "it was asked again");
        }
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_code_that_makes_no_sense_is_not_shown() {
    let machine = Machine::new();
    let nonsense = [
        json!({"verification_uri": "javascript:alert(1)"}),
        json!({"verification_uri": "file:///etc/passwd"}),
        json!({"verification_uri": "login.example/device"}),
        json!({"verification_uri": ""}),
        json!({"verification_uri": null}),
        json!({"verification_uri": 7}),
        json!({"user_code": ""}),
        json!({"user_code": null}),
        json!({"device_code": null}),
        json!({"device_code": [DEVICE_CODE]}),
        json!({"interval": 3601}),
        json!({"interval": 18_446_744_073_709_551_615_u64}),
        json!({"interval": 1e300}),
        json!({"interval": -1}),
        json!({"interval": "soon"}),
        json!({"expires_in": null}),
        json!({"expires_in": -1}),
        json!({"expires_in": 86_401}),
        json!({"expires_in": 18_446_744_073_709_551_615_u64}),
        json!({"expires_in": "soon"}),
    ];
    for changes in nonsense {
        let given = but(code(), changes.clone());
        let platform = with(&machine, "devicecode", move |_| answer(200, &given));
        let seen = sign_in(&machine, platform.url(), &["-vv"]);
        let host = platform.url().trim_start_matches("http://");
        assert_nobody(&machine, &seen, host);
        assert!(seen.stderr.contains("makes no sense"), "{changes}: {}", seen.stderr);
        assert!(!seen.stderr.contains("BCDF") && platform.asked("token").is_empty(), "{changes}: {}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_interval_that_is_missing_or_none_is_no_reason_to_fail() {
    let machine = Machine::new();
    for changes in [json!({"interval": null}), json!({"interval": 0}), json!({"interval": 3600}), json!({"message": null})]
    {
        let mut given = but(code(), changes.clone());
        if changes == json!({"interval": null}) {
            given["interval"] = Value::Null;
        }
        let platform = with(&machine, "devicecode", move |_| answer(200, &given));
        let seen = sign_in(&machine, platform.url(), &["-vv"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{changes}: {}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_interval_of_nothing_is_no_flood() {
    let machine = Machine::new();
    let platform = Platform::start(&machine, |request, endpoint, n| match (endpoint, n) {
        ("devicecode", _) => answer(200, &but(code(), json!({"interval": 0}))),
        ("token", 0 | 1) => refusal("authorization_pending", ""),
        _ => good(request, endpoint, n),
    });
    assert_eq!(sign_in(&machine, platform.url(), &["-vv"]).code, Some(0));
    let polls = platform.asked("token");
    assert_eq!(polls.len(), 3);
    assert!(polls.windows(2).all(|pair| pair[1].at - pair[0].at >= Duration::from_secs(1)));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn whoever_is_asked_to_slow_down_waits_five_seconds_longer_from_then_on() {
    let machine = Machine::new();
    let platform = Platform::start(&machine, |request, endpoint, n| match (endpoint, n) {
        ("token", 0) => refusal("slow_down", "AADSTS1: too fast"),
        _ => good(request, endpoint, n),
    });
    let seen = sign_in(&machine, platform.url(), &["-vv"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    let [first, second] = &platform.asked("token")[..] else { panic!() };
    assert!(second.at - first.at >= Duration::from_secs(6), "{:?}", second.at - first.at);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn nobody_waits_beyond_the_end_of_a_code() {
    let machine = Machine::new();
    for seconds in [0, 1] {
        let platform = Platform::start(&machine, move |_, endpoint, _| match endpoint {
            "devicecode" => answer(200, &but(code(), json!({"expires_in": seconds}))),
            _ => refusal("authorization_pending", "AADSTS70016: Pending."),
        });
        let seen = sign_in(&machine, platform.url(), &["-vv"]);
        assert_nobody(&machine, &seen, platform.url().trim_start_matches("http://"));
        assert!(seen.stderr.contains("expired") && platform.asked("token").len() <= 2, "{}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn what_is_shown_of_a_code_does_not_act_on_the_terminal() {
    let machine = Machine::new();
    let platform = with(&machine, "devicecode", |_| {
        answer(
            200,
            &but(
                code(),
                json!({
                    "verification_uri": "https://login.example/\u{1b}[2Jdevice\u{202e}\nand type your password there:",
                    "user_code": "BC\u{1b}[31mDF\r\n\n  \u{9b}2JOTHER\u{7}",
                }),
            ),
        )
    });
    let seen = sign_in(&machine, platform.url(), &[]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    let unfit = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!seen.stderr.contains(unfit), "{:?}", seen.stderr);
    let lines: Vec<_> = seen.stderr.lines().collect();
    assert!(lines[2].starts_with("  https://login.example/") && lines[2].ends_with(" and type your password there:"));
    assert!(lines[6].starts_with("  BC") && lines[6].contains("OTHER"), "{lines:?}");
    assert_eq!(lines.len(), 10, "{lines:?}");
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_answer_that_is_not_the_platforms_is_told_in_words() {
    let machine = Machine::new();
    let elsewhere = Unspoken::new();
    let location = elsewhere.url();
    type Given = Box<dyn Fn() -> Reply + Send + Sync>;
    let html = "<html><script>alert(1)</script>\u{1b}[2J</html>";
    let answers: Vec<(Given, &str)> = vec![
        (Box::new(move || Reply::status(200).header("Content-Type", "text/html").body(html)), "makes no sense"),
        (Box::new(|| Reply::status(200).body("")), "makes no sense"),
        (Box::new(|| answer(200, &json!([]))), "makes no sense"),
        (Box::new(move || Reply::status(403).body(html)), "403 Forbidden, in an answer that is not of the sign-in"),
        (Box::new(|| Reply::status(500).body("{}")), "500 Internal Server Error, in an answer that is not"),
        (
            Box::new(move || Reply::status(302).header("Location", &location)),
            "302 Found: redirected to http://127.0.0.1:",
        ),
        (Box::new(|| Reply::Close), "the connection broke before the answer came"),
        (Box::new(|| Reply::Raw(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())), "what came was not HTTP"),
        (
            Box::new(|| Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"user_code\":".to_vec())),
            "the connection broke before the answer came",
        ),
        (Box::new(|| Reply::Stall(b"HTTP/1.1 200 OK\r\n".to_vec())), "no answer came in time"),
    ];
    for (reply, words) in answers {
        let platform = with(&machine, "devicecode", move |_| reply());
        let seen = sign_in(&machine, platform.url(), &["-vv", "--retries", "0", "--timeout", "2s"]);
        assert_nobody(&machine, &seen, platform.url().trim_start_matches("http://"));
        assert!(seen.stderr.contains(words) && !seen.stderr.contains("<html"), "{words}: {}", seen.stderr);
        assert!(platform.asked("token").is_empty());
    }
    elsewhere.assert_unspoken();
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn tokens_that_make_no_sense_are_not_kept() {
    let machine = Machine::new();
    for changes in [
        json!({"access_token": null}),
        json!({"access_token": ""}),
        json!({"access_token": "two words-of-a-secret"}),
        json!({"access_token": "line\nbreak-of-a-secret"}),
        json!({"access_token": 7}),
        json!({"token_type": null}),
        json!({"expires_in": "soon"}),
        json!({"refresh_token": ["list-of-a-secret"]}),
    ] {
        let given = but(tokens(), changes.clone());
        let platform = with(&machine, "token", move |_| answer(200, &given));
        let seen = sign_in(&machine, platform.url(), &["-vv"]);
        assert_nobody(&machine, &seen, platform.url().trim_start_matches("http://"));
        assert!(!seen.stderr.contains("of-a-secret"), "{changes}: {}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn without_a_refresh_token_or_the_permission_there_is_a_warning() {
    let machine = Machine::new();
    for (changes, words) in [
        (json!({"refresh_token": null}), "the sign-in service gave nothing to renew the token with: it ends in 59m "),
        (
            json!({"access_token": jwt(&but(claims(3600), json!({"scp": "User.Read"})))}),
            "the token lacks the permission DeviceManagementServiceConfig.ReadWrite.All",
        ),
    ] {
        let given = but(tokens(), changes);
        let platform = with(&machine, "token", move |_| answer(200, &given));
        let seen = sign_in(&machine, platform.url(), &["-vv"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
        assert!(seen.stderr.contains(&format!("\nwarning: {words}")), "{}", seen.stderr);
        assert_eq!(machine.run(&["auth", "status", "-q"]).code, Some(0));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_interrupted_sign_in_leaves_nothing_behind() {
    let machine = Machine::new();
    let platform = with(&machine, "token", |_| refusal("authorization_pending", ""));
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let asked = platform.asked("token").len();
        let process = Process::start(&mut login(&machine, platform.url(), &["--device-code", "-vv"]));
        platform.server.wait_for(2 * asked + 2);
        process.signal(signal);
        let seen = process.end(&machine);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)));
        assert!(seen.stderr.ends_with("error: interrupted; nobody was signed in\n"), "{}", seen.stderr);
        let (process, _) = begin_in_browser(&machine, platform.url(), &["-vv"]);
        process.stderr_with("Waiting for it to come back");
        process.signal(signal);
        let seen = process.end(&machine);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)), "{}", seen.stderr);
    }
    machine.has_nobody();
}
