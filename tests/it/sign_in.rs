//! Signing in, with a real keyring, against the sandbox and against sign-in services that misbehave.

use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::Duration;
#[cfg(unix)]
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::Digest as _;
use unicode_width::UnicodeWidthStr as _;

use crate::support::Seen;
use crate::support::graph::{PARTNERS, Unspoken};
use crate::support::http::{get, query, say, send};
use crate::support::jwt::{ACCOUNT, OTHER_TENANT, PERMISSION, TENANT, claims, jwt, padded};
use crate::support::keyring::{assert_nobody_signed_in, entries, forget, store, store_session};
use crate::support::machine::Machine;
use crate::support::platform::{Platform, answer, refusal};
use crate::support::running::Running;
use crate::support::sandbox::{FIRST, SECOND, Sandbox};
use crate::support::server::{Reply, Request};
use crate::support::terminal::{Streams, Terminal};

const SANDBOX_TENANT: &str = "00000000-0000-0000-0000-5a4d0b0c0001";
const CLIENT: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";

/// Secrets that resemble nothing else, with characters that forms, URLs and JSON encode.
const DEVICE_CODE: &str = "GMxDevice/code+8Qf~3zVnTqLw0=RkYb";
const CODE: &str = "0.AXMcode_that~came-back/8Jq+ZvNw5=Tg";
const REFRESH: &str = "1.AXMrefresh~9Kd/Wq+Zx7Lp=Bn3Vc-Ty_Gh";
const CLIENT_SECRET: &str = "bWo8Q~clientSecret.xK4/Rt+Zq9=Vm";

/// A sign-in service's answer to a request for a device code.
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

/// A sign-in service's answer to an account that has signed in.
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

/// With these fields replaced; null removes one.
fn but(mut value: Value, changes: &Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            change => value[name] = change.clone(),
        }
    }
    value
}

/// A sign-in service that grants everything, and at the same address a Graph without partners.
fn good(_: &Request, endpoint: &str, _: usize) -> Reply {
    match endpoint {
        "devicecode" => answer(200, &code()),
        "token" => answer(200, &tokens()),
        "remoteAssistancePartners" => answer(200, &json!({"value": []})),
        _ => Reply::status(204),
    }
}

/// The command to sign in at this URL.
fn login(machine: &Machine, url: &str, arguments: &[&str]) -> Command {
    machine.command(&[&["auth", "login", "--graph-url", url, "--login-url", url], arguments].concat())
}

/// Signs in by device code.
fn sign_in(machine: &Machine, url: &str, arguments: &[&str]) -> Seen {
    machine.seen(&mut login(machine, url, &[&["--device-code"], arguments].concat()))
}

/// Starts to sign in with a browser, and waits until it is opened. Returns the process and the address.
fn begin_in_browser(machine: &Machine, url: &str, arguments: &[&str]) -> (Running, String) {
    machine.has_opened_none();
    let process = Running::start(login(machine, url, arguments).env("BROWSER", machine.browser()));
    let address = machine.opened();
    (process, address)
}

/// The address that it prints for a browser, on a line of its own.
fn printed_address(process: &Running) -> String {
    let text = process.wait_for_stderr("Waiting for the browser");
    text.lines().find_map(|line| line.strip_prefix("  http")).map(|rest| format!("http{rest}")).unwrap()
}

/// The address to which the browser returns, with these parameters.
fn back(address: &str, parameters: &[(&str, &str)]) -> String {
    let redirect = query(address, "redirect_uri").unwrap();
    reqwest::Url::parse_with_params(&redirect, parameters).unwrap().into()
}

fn port(address: &str) -> u16 {
    reqwest::Url::parse(&query(address, "redirect_uri").unwrap()).unwrap().port().unwrap()
}

/// Signs in with a browser that returns with [`CODE`].
fn sign_in_by_browser(machine: &Machine, url: &str, arguments: &[&str]) -> Seen {
    let (process, address) = begin_in_browser(machine, url, arguments);
    let state = query(&address, "state").unwrap();
    let page = get(&back(&address, &[("code", CODE), ("state", &state)]));
    assert_eq!(page.status, 200, "{}", page.head);
    machine.end_of(process)
}

/// Asserts that the sign-in failed with these words and a hint, and that nothing is stored.
#[track_caller]
fn assert_sign_in_failed(seen: &Seen, words: &str) {
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{words}: {}", seen.stderr);
    assert!(seen.stderr.contains(&format!("error: sign-in failed: {words}")), "{words}: {}", seen.stderr);
    assert!(seen.stderr.contains("\nhint: "), "{}", seen.stderr);
    assert!(!seen.stderr.contains(|c: char| c.is_control() && c != '\n'), "{:?}", seen.stderr);
    assert_nobody_signed_in();
}

// The whole life of a sign-in.

/// From the first sign-in to the last sign-out, with this way to sign in.
fn signs_in_uses_renews_and_signs_out(sign_in: impl Fn(&Machine, &Platform, &str) -> Seen) {
    let machine = Machine::new();
    let sandbox = Sandbox::approving(&[]);
    let ear = Platform::before(&machine.secrets, &sandbox);
    let seen = sign_in(&machine, &ear, sandbox.url());
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    let signed_in = format!(
        "signed in as admin@sandbox.example to tenant {SANDBOX_TENANT} (profile 'default', {})\n",
        sandbox.url()
    );
    assert!(seen.stderr.ends_with(&signed_in), "{}", seen.stderr);

    let status = machine.run_twice(&["auth", "status"]);
    assert_eq!((status.stderr.as_str(), status.code), ("", Some(0)));
    for line in [
        "Source:      profile 'default'".to_owned(),
        "Account:     admin@sandbox.example".to_owned(),
        format!("Tenant:      {SANDBOX_TENANT}"),
        format!("Application: intunectl sandbox ({CLIENT})"),
        format!("Graph:       {}", sandbox.url()),
        format!("Disconnect:  yes: the token has {PERMISSION}"),
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
    let row = format!("default\tadmin@sandbox.example\t{SANDBOX_TENANT}\t{}\tvalid for 59m ", sandbox.url());
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

    assert_eq!(sign_in(&machine, &ear, sandbox.url()).code, Some(0));
    assert_eq!(machine.run_twice(&["partner", "disconnect", "-q", SECOND]).code, Some(0));

    let seen = machine.run(&["auth", "logout"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)));
    assert!(seen.stderr.starts_with("deleted the sign-in of profile 'default'"), "{}", seen.stderr);
    assert_nobody_signed_in();
    for command in [&["partner", "list"][..], &["auth", "status"], &["auth", "token"]] {
        let seen = machine.run_twice(command);
        let shown = if command == ["auth", "status"] { "Source:      profile 'default'\n" } else { "" };
        assert_eq!((seen.stdout.as_str(), seen.code), (shown, Some(4)), "{}", seen.stderr);
        assert!(seen.stderr.starts_with("error: no access token: not signed in (profile "), "{}", seen.stderr);
    }
    assert_eq!(machine.run(&["auth", "list"]).stderr, "no profiles; sign in with `intunectl auth login`\n");
}

/// Tokens are valid for less than 5 minutes, so every run renews.
fn is_renewed_by_every_run(sign_in: impl Fn(&Machine, &Platform, &str) -> Seen) {
    let machine = Machine::new();
    let sandbox = Sandbox::approving(&["--token-lifetime", "4m"]);
    let ear = Platform::before(&machine.secrets, &sandbox);
    assert_eq!(sign_in(&machine, &ear, sandbox.url()).code, Some(0));
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
    machine.run(&["auth", "login", "--device-code", "--graph-url", graph, "--login-url", ear.root()])
}

fn by_browser(machine: &Machine, ear: &Platform, graph: &str) -> Seen {
    machine.has_opened_none();
    let mut command = machine.command(&["auth", "login", "-vv", "--graph-url", graph, "--login-url", ear.root()]);
    let process = Running::start(command.env("BROWSER", machine.browser()));
    let page = get(&machine.opened());
    let last = get(&page.link("Continue as admin@sandbox.example"));
    assert!(last.status == 200 && last.body.contains("You can close this window"), "{}{}", last.head, last.body);
    machine.keep_output(&last.body);
    machine.end_of(process)
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_by_device_code_works_from_the_first_call_to_sign_out() {
    signs_in_uses_renews_and_signs_out(by_device_code);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_by_browser_works_from_the_first_call_to_sign_out() {
    signs_in_uses_renews_and_signs_out(by_browser);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn every_run_renews_a_token_that_expires_soon_after_a_sign_in_by_device_code() {
    is_renewed_by_every_run(by_device_code);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn every_run_renews_a_token_that_expires_soon_after_a_sign_in_by_browser() {
    is_renewed_by_every_run(by_browser);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_device_code_is_shown_on_standard_error_and_standard_output_is_empty() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let url = platform.root().to_owned();
    let seen = sign_in(&machine, &url, &[]);
    let stderr = format!(
        "To sign in at {}, open this page in a browser on any device:\n\n  https://login.example/device\n\nand enter \
         this code:\n\n  BCDF-GHJK\n\nWaiting. The code expires in 15m. Never enter a code that someone else sent \
         you.\nsigned in as {ACCOUNT} to tenant {TENANT} (profile 'default', {url})\n",
        url.trim_start_matches("http://")
    );
    assert_eq!(seen, Seen { stdout: String::new(), stderr, code: Some(0) });
    // --quiet hides only what is not needed to sign in.
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

// A device code, and a sign-in service that misbehaves.

/// A sign-in service with other answers at this endpoint.
fn with(machine: &Machine, endpoint: &'static str, reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Platform {
    Platform::scripted(
        &machine.secrets,
        move |request, name, n| if name == endpoint { reply(n) } else { good(request, name, n) },
    )
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_refused_device_code_fails_with_the_services_message_and_a_hint() {
    let machine = Machine::new();
    for (error, description, words, hint) in [
        ("expired_token", "AADSTS70020: The code expired.", "AADSTS70020: The code expired.", "--browser"),
        ("expired_token", "", "the code expired before", "before the code expires"),
        ("authorization_declined", "AADSTS70018: no", "AADSTS70018: no", "the new code"),
        ("authorization_declined", "", "the sign-in was declined", "accept the permissions"),
        ("access_denied", "", "the sign-in was declined", "add --browser"),
        ("bad_verification_code", "", "the sign-in service does not know", "add --browser"),
        ("invalid_grant", "AADSTS53003: Blocked by policy.", "AADSTS53003: Blocked by policy.", "add --browser"),
        ("odd\u{1b}[2J\u{202e}\r\nerror: forged", "", "odd", "add --browser"),
        ("invalid_grant", "AADSTS1: a\u{1b}]0;x\u{7}\r\nhint: forged", "AADSTS1: a", "add --browser"),
    ] {
        for endpoint in ["token", "devicecode"] {
            let platform = with(&machine, endpoint, move |_| refusal(error, description));
            let seen = sign_in(&machine, platform.root(), &["-vv"]);
            let host = platform.root().trim_start_matches("http://");
            assert_sign_in_failed(&seen, &format!("{host}: {words}"));
            assert!(seen.stderr.lines().last().unwrap().starts_with("hint: "), "{}", seen.stderr);
            assert!(seen.stderr.lines().last().unwrap().contains(hint), "{}", seen.stderr);
            assert!(!seen.stderr.contains("\nhint: forged") && !seen.stderr.contains("\nerror: forged"));
            assert_eq!(platform.asked(endpoint).len(), 1, "the refused request was repeated");
        }
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_invalid_or_unsafe_device_code_answer_is_rejected_and_not_shown() {
    let machine = Machine::new();
    let nonsense = [
        json!({"verification_uri": "javascript:alert(1)"}),
        json!({"verification_uri": "file:///etc/passwd"}),
        json!({"verification_uri": "login.example/device"}),
        // Plain http, and a host that a user part disguises.
        json!({"verification_uri": "http://login.example/device"}),
        json!({"verification_uri": "https://login.microsoftonline.com@login.example/device"}),
        json!({"verification_uri": "https://a:b@login.example/device"}),
        json!({"verification_uri": "https://@login.example/device"}),
        json!({"verification_uri": "https://:@login.example/device"}),
        json!({"verification_uri": "https:login.example/device"}),
        json!({"verification_uri": "https:\\\\login.example\\device"}),
        json!({"verification_uri": " https://login.example/device"}),
        json!({"verification_uri": "https://login.microsoftonline.com/\n  https://login.example"}),
        json!({"verification_uri": "https://login.exa\u{200b}mple/device"}),
        json!({"verification_uri": "http://login.example@127.0.0.1/device"}),
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
        let given = but(code(), &changes);
        let platform = with(&machine, "devicecode", move |_| answer(200, &given));
        let seen = sign_in(&machine, platform.root(), &["-vv"]);
        let host = platform.root().trim_start_matches("http://");
        assert_sign_in_failed(&seen, host);
        let words = ["the answer is not valid", "the device code in the answer is not valid", "is not safe"];
        assert!(words.iter().any(|words| seen.stderr.contains(words)), "{changes}: {}", seen.stderr);
        assert!(!seen.stderr.contains("BCDF") && platform.asked("token").is_empty(), "{changes}: {}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_missing_null_or_zero_polling_interval_is_accepted() {
    let machine = Machine::new();
    let mut null = code();
    null["interval"] = Value::Null;
    let others =
        [json!({"interval": null}), json!({"interval": 0}), json!({"interval": 3600}), json!({"message": null})];
    for given in others.map(|changes| but(code(), &changes)).into_iter().chain([null]) {
        let shown = given.to_string();
        let platform = with(&machine, "devicecode", move |_| answer(200, &given));
        let seen = sign_in(&machine, platform.root(), &["-vv"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{shown}: {}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_polling_interval_of_zero_means_one_second() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, |request, endpoint, n| match (endpoint, n) {
        ("devicecode", _) => answer(200, &but(code(), &json!({"interval": 0}))),
        ("token", 0 | 1) => refusal("authorization_pending", ""),
        _ => good(request, endpoint, n),
    });
    assert_eq!(sign_in(&machine, platform.root(), &["-vv"]).code, Some(0));
    let polls = platform.asked("token");
    assert_eq!(polls.len(), 3);
    assert!(polls.windows(2).all(|pair| pair[1].at - pair[0].at >= Duration::from_secs(1)));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn after_slow_down_polls_are_five_seconds_further_apart() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, |request, endpoint, n| match (endpoint, n) {
        ("token", 0) => refusal("slow_down", "AADSTS1: too fast"),
        _ => good(request, endpoint, n),
    });
    let seen = sign_in(&machine, platform.root(), &["-vv"]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    let [first, second] = &platform.asked("token")[..] else { panic!() };
    assert!(second.at - first.at >= Duration::from_secs(6), "{:?}", second.at - first.at);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn polling_ends_when_the_device_code_expires() {
    let machine = Machine::new();
    for seconds in [0, 1] {
        let platform = Platform::scripted(&machine.secrets, move |_, endpoint, _| match endpoint {
            "devicecode" => answer(200, &but(code(), &json!({"expires_in": seconds}))),
            _ => refusal("authorization_pending", "AADSTS70016: Pending."),
        });
        let seen = sign_in(&machine, platform.root(), &["-vv"]);
        assert_sign_in_failed(&seen, platform.root().trim_start_matches("http://"));
        assert!(seen.stderr.contains("expired") && platform.asked("token").len() <= 2, "{}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_device_code_is_shown_without_control_characters() {
    let machine = Machine::new();
    let unfit = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    let page =
        json!({"verification_uri": "https://login.example/\u{1b}[2Jdevice\u{202e}\nand type your password there:"});
    let refusing = with(&machine, "devicecode", move |_| answer(200, &but(code(), &page)));
    let seen = sign_in(&machine, refusing.root(), &[]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{}", seen.stderr);
    assert!(!seen.stderr.contains(unfit) && !seen.stderr.contains("password"), "{:?}", seen.stderr);
    let platform = with(&machine, "devicecode", |_| {
        answer(200, &but(code(), &json!({"user_code": "BC\u{1b}[31mDF\r\n\n  \u{9b}2JOTHER\u{7}"})))
    });
    let seen = sign_in(&machine, platform.root(), &[]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    assert!(!seen.stderr.contains(unfit), "{:?}", seen.stderr);
    let lines: Vec<_> = seen.stderr.lines().collect();
    assert_eq!(lines[2], "  https://login.example/device");
    assert!(lines[6].starts_with("  BC") && lines[6].contains("OTHER"), "{lines:?}");
    assert_eq!(lines.len(), 10, "{lines:?}");
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn polling_ends_after_three_polls_in_a_row_without_an_answer() {
    let machine = Machine::new();
    let elsewhere = Unspoken::new();
    let location = format!("{}/portal?{DEVICE_CODE}", elsewhere.url());
    type Given = Box<dyn Fn(usize) -> Reply + Send + Sync>;
    let answers: [(Given, &str); 3] = [
        (Box::new(|_| Reply::status(403).body("<html>no</html>")), "403 Forbidden: unexpected answer"),
        (
            Box::new(move |_| Reply::status(302).header("Location", &location)),
            "/portal; intunectl does not follow redirects",
        ),
        (Box::new(|_| Reply::Close), "connection lost before an answer arrived"),
    ];
    for (reply, words) in answers {
        let platform = with(&machine, "token", reply);
        let seen = sign_in(&machine, platform.root(), &["-vv", "--retries", "0"]);
        assert_sign_in_failed(&seen, platform.root().trim_start_matches("http://"));
        assert!(seen.stderr.contains(words), "{words}: {}", seen.stderr);
        assert_eq!(platform.asked("token").len(), 3, "{words}");
    }
    elsewhere.assert_unspoken();
    // One or two failures in a row do not end the sign-in.
    let platform = with(&machine, "token", |n| match n {
        0 | 1 | 3 => Reply::status(403),
        2 => refusal("authorization_pending", ""),
        _ => answer(200, &tokens()),
    });
    assert_eq!(sign_in(&machine, platform.root(), &["-vv"]).code, Some(0));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_answer_that_is_not_the_sign_in_services_is_described() {
    let machine = Machine::new();
    let elsewhere = Unspoken::new();
    let location = elsewhere.url();
    type Given = Box<dyn Fn() -> Reply + Send + Sync>;
    let html = "<html><script>alert(1)</script>\u{1b}[2J</html>";
    let answers: Vec<(Given, &str)> = vec![
        (
            Box::new(move || Reply::status(200).header("Content-Type", "text/html").body(html)),
            "the answer is not valid",
        ),
        (Box::new(|| Reply::status(200).body("")), "the answer is not valid"),
        (Box::new(|| answer(200, &json!([]))), "the answer is not valid"),
        (Box::new(move || Reply::status(403).body(html)), "403 Forbidden: unexpected answer"),
        (
            Box::new(|| Reply::status(500).body("{}")),
            "500 Internal Server Error: the service or a proxy is too busy or not available",
        ),
        (
            Box::new(move || Reply::status(302).header("Location", &location)),
            "302 Found: the server redirects to http://127.0.0.1:",
        ),
        (Box::new(|| Reply::Close), "connection lost before an answer arrived"),
        (Box::new(|| Reply::Raw(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())), "not HTTP: "),
        (
            Box::new(|| Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"user_code\":".to_vec())),
            "connection lost before an answer arrived",
        ),
        (Box::new(|| Reply::Stall(b"HTTP/1.1 200 OK\r\n".to_vec())), "no answer in time"),
    ];
    for (reply, words) in answers {
        let platform = with(&machine, "devicecode", move |_| reply());
        let seen = sign_in(&machine, platform.root(), &["-vv", "--retries", "0", "--timeout", "2s"]);
        assert_sign_in_failed(&seen, platform.root().trim_start_matches("http://"));
        assert!(seen.stderr.contains(words) && !seen.stderr.contains("<html"), "{words}: {}", seen.stderr);
        assert!(platform.asked("token").is_empty());
    }
    elsewhere.assert_unspoken();
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_absurdly_late_expiry_counts_as_unknown() {
    let machine = Machine::new();
    for seconds in [1_000_000_000_000_u64, u64::MAX] {
        let access = jwt(&but(claims(3600), &json!({"exp": seconds})));
        let given = but(tokens(), &json!({"expires_in": seconds, "access_token": access}));
        let platform = with(&machine, "token", move |_| answer(200, &given));
        assert_eq!(sign_in(&machine, platform.root(), &["-vv"]).code, Some(0));
        let status = machine.run_twice(&["auth", "status"]);
        assert!(status.stdout.contains("Expires:     unknown\n") && status.code == Some(0), "{status:?}");
        let list: Value = serde_json::from_str(&machine.run(&["auth", "list", "-o", "json"]).stdout).unwrap();
        assert_eq!(list[0]["expires_at"], Value::Null);
        assert_eq!(machine.run(&["partner", "list", "-vv"]).code, Some(0));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn invalid_tokens_are_not_stored() {
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
        let given = but(tokens(), &changes);
        let platform = with(&machine, "token", move |_| answer(200, &given));
        let seen = sign_in(&machine, platform.root(), &["-vv"]);
        assert_sign_in_failed(&seen, platform.root().trim_start_matches("http://"));
        assert!(!seen.stderr.contains("of-a-secret"), "{changes}: {}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_missing_refresh_token_or_permission_is_a_warning() {
    let machine = Machine::new();
    for (changes, words) in [
        (
            json!({"refresh_token": null}),
            "this sign-in cannot be renewed (the service sent no refresh token) and expires in 59m ",
        ),
        (
            json!({"access_token": jwt(&but(claims(3600), &json!({"scp": "User.Read"})))}),
            "the token lacks the permission DeviceManagementServiceConfig.ReadWrite.All",
        ),
    ] {
        let given = but(tokens(), &changes);
        let platform = with(&machine, "token", move |_| answer(200, &given));
        let seen = sign_in(&machine, platform.root(), &["-vv"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
        assert!(seen.stderr.contains(&format!("\nwarning: {words}")), "{}", seen.stderr);
        assert_eq!(machine.run(&["auth", "status", "-q"]).code, Some(0));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_interrupted_sign_in_stores_nothing() {
    let machine = Machine::new();
    let platform = with(&machine, "token", |_| refusal("authorization_pending", ""));
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let asked = platform.asked("token").len();
        let process = Running::start(&mut login(&machine, platform.root(), &["--device-code", "-vv"]));
        platform.server.wait_for(2 * asked + 2);
        process.signal(signal);
        let seen = machine.end_of(process);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)));
        assert!(seen.stderr.ends_with("error: interrupted; the sign-in was not completed\n"), "{}", seen.stderr);
        let (process, _) = begin_in_browser(&machine, platform.root(), &["-vv"]);
        process.wait_for_stderr("Waiting for the browser");
        process.signal(signal);
        let seen = machine.end_of(process);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)), "{}", seen.stderr);
    }
    assert_nobody_signed_in();
}

// A browser, and other visitors to the port.

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_browser_opens_the_right_page_and_its_code_is_redeemed_with_the_verifier() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let own = "0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c11";
    for (arguments, tenant, client) in [
        (&[][..], "organizations", CLIENT),
        (&["--tenant", "Contoso.example"], "contoso.example", CLIENT),
        (&["--tenant", TENANT, "--client-id", own], TENANT, own),
    ] {
        let (process, address) = begin_in_browser(&machine, platform.root(), arguments);
        assert!(address.starts_with(&format!("{}/{tenant}/oauth2/v2.0/authorize?", platform.root())), "{address}");
        assert_eq!(printed_address(&process), address, "the printed address is the one that is opened");
        let state = query(&address, "state").unwrap();
        let challenge = query(&address, "code_challenge").unwrap();
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", client),
            ("scope", &format!("{}/{PERMISSION} offline_access openid profile", platform.root())),
            ("code_challenge_method", "S256"),
            ("redirect_uri", &format!("http://localhost:{}", port(&address))),
        ] {
            assert_eq!(query(&address, name).as_deref(), Some(value), "{name}");
        }
        assert!(state.len() >= 16 && challenge.len() == 43, "{address}");
        let page = get(&back(&address, &[("code", CODE), ("state", &state), ("session_state", "x")]));
        assert_eq!(page.status, 200);
        assert!(page.body.contains("You can close this window"), "{}", page.body);
        assert!(!page.body.contains(&state) && !page.body.contains("<script"), "{}", page.body);
        for header in
            ["cache-control: no-store", "referrer-policy: no-referrer", "content-security-policy: default-src 'none'"]
        {
            assert!(page.head.to_lowercase().contains(header), "{header}: {}", page.head);
        }
        machine.keep_output(&format!("{}{}", page.head, page.body));
        let seen = machine.end_of(process);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
        assert!(seen.stderr.ends_with(&format!(
            "signed in as {ACCOUNT} to tenant {TENANT} (profile 'default', {})\n",
            platform.root()
        )));
        let redeemed = platform.asked("token").pop().unwrap();
        assert_eq!(redeemed.path, format!("/{tenant}/oauth2/v2.0/token"));
        for (name, value) in [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", CODE),
            ("redirect_uri", &format!("http://localhost:{}", port(&address))),
        ] {
            assert_eq!(redeemed.form(name).as_deref(), Some(value), "{name}");
        }
        let verifier = redeemed.form("code_verifier").unwrap();
        assert!((43..=128).contains(&verifier.len()), "{verifier}");
        assert_eq!(URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier)), challenge);
        assert_eq!(redeemed.form("client_secret"), None);
    }
    // Every sign-in has a verifier of its own.
    let verifiers: Vec<_> = platform.asked("token").iter().map(|request| request.form("code_verifier")).collect();
    assert!(verifiers[0] != verifiers[1] && verifiers[1] != verifiers[2] && verifiers[0] != verifiers[2]);
    assert!(platform.asked("authorize").is_empty() && platform.asked("devicecode").is_empty());
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn forged_callbacks_and_stray_requests_do_not_end_the_wait_for_the_browser() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let (mut process, address) = begin_in_browser(&machine, platform.root(), &["-vv"]);
    let (port, state) = (port(&address), query(&address, "state").unwrap());
    let root = format!("http://localhost:{port}");
    let silent: Vec<_> = (0..20).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let forged: [&[(&str, &str)]; 8] = [
        &[("code", "theirs"), ("state", "theirs")],
        &[("code", "theirs")],
        &[("code", "theirs"), ("state", "")],
        &[("error", "access_denied"), ("state", "theirs")],
        &[("error", "access_denied")],
        &[("code", "theirs"), ("code", CODE), ("state", &state)],
        &[("code", "theirs"), ("error", "access_denied"), ("state", &state)],
        &[("code", "theirs"), ("state", &state), ("state", &state)],
    ];
    for parameters in forged {
        let page = get(&back(&address, parameters));
        assert_eq!(page.status, 400, "{parameters:?}");
        assert!(!page.body.contains("theirs") && !page.body.contains(&state), "{}", page.body);
    }
    let good = format!("?code={CODE}&state={state}");
    for path in ["/favicon.ico", "/", &format!("/other{good}"), &format!("//{good}"), "/%2e%2e/"] {
        assert_eq!(get(&format!("{root}{path}")).status, 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(send(&format!("{root}/{good}"), method, "x=y").status, 404, "{method}");
    }
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\r\n\r\nSSH-2.0-x\r\n\r\n",
    ] {
        assert!(!say("127.0.0.1", port, garbage).contains("200 OK"));
    }
    let endless = [b"GET /?".to_vec(), vec![b'a'; 1 << 20], b" HTTP/1.1\r\n\r\n".to_vec()].concat();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    // The server may close the connection before it has read everything.
    let _ = std::io::Write::write_all(&mut stream, &endless);
    assert!(process.is_running());
    assert!(platform.server.requests().is_empty(), "a stray request led to a request");
    let page = get(&back(&address, &[("code", CODE), ("state", &state)]));
    assert_eq!(page.status, 200);
    let seen = machine.end_of(process);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    assert_eq!(platform.asked("token")[0].form("code").as_deref(), Some(CODE));
    drop(silent);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_second_callback_changes_nothing() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let (process, address) = begin_in_browser(&machine, platform.root(), &["-vv"]);
    let state = query(&address, "state").unwrap();
    // Connected before the first returns, because the port closes then.
    let mut second = TcpStream::connect(("127.0.0.1", port(&address))).unwrap();
    assert_eq!(get(&back(&address, &[("code", CODE), ("state", &state)])).status, 200);
    let line = format!("GET /?error=access_denied&state={state} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let _ = std::io::Write::write_all(&mut second, line.as_bytes());
    let seen = machine.end_of(process);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    let [redeemed] = &platform.asked("token")[..] else { panic!("{:?}", platform.asked("token")) };
    assert_eq!(redeemed.form("code").as_deref(), Some(CODE));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_refusal_in_the_browser_fails_with_the_services_message() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    for (error, description, words, hint) in [
        ("access_denied", None, "the sign-in was declined", "--device-code"),
        ("access_denied", Some("AADSTS65004: User declined."), "AADSTS65004: User declined.", "accept the permissions"),
        ("server_error", Some("AADSTS1: \u{1b}[2Jodd\nhint: x"), "AADSTS1: \u{fffd}[2Jodd", "--device-code"),
        ("<script>alert(1)</script>", None, "<script>alert(1)</script>", "--device-code"),
    ] {
        let (process, address) = begin_in_browser(&machine, platform.root(), &["-vv"]);
        let state = query(&address, "state").unwrap();
        let mut parameters = vec![("error", error), ("state", &state)];
        parameters.extend(description.map(|text| ("error_description", text)));
        let page = get(&back(&address, &parameters));
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Not signed in") && !page.body.contains("<script"), "{}", page.body);
        let seen = machine.end_of(process);
        assert_sign_in_failed(&seen, &format!("{}: {words}", platform.root().trim_start_matches("http://")));
        assert!(seen.stderr.lines().last().unwrap().contains(hint), "{}", seen.stderr);
    }
    assert!(platform.server.requests().is_empty());
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_code_that_the_service_does_not_redeem_fails_the_sign_in() {
    let machine = Machine::new();
    let elsewhere = Unspoken::new();
    let location = elsewhere.url();
    type Given = Box<dyn Fn() -> Reply + Send + Sync>;
    let answers: Vec<(Given, &str)> = vec![
        (Box::new(|| refusal("invalid_grant", "AADSTS54005: Already redeemed.")), "AADSTS54005: Already redeemed."),
        (Box::new(|| refusal("invalid_request", "AADSTS50148: The verifier.")), "AADSTS50148: The verifier."),
        (Box::new(|| Reply::status(200).header("Content-Type", "text/html").body("<html>")), "the answer is not valid"),
        (
            Box::new(move || Reply::status(307).header("Location", &location)),
            "307 Temporary Redirect: the server redirects to",
        ),
        (Box::new(|| Reply::Close), "connection lost"),
    ];
    for (reply, words) in answers {
        let platform = with(&machine, "token", move |_| reply());
        let seen = sign_in_by_browser(&machine, platform.root(), &["-vv", "--retries", "0"]);
        assert_sign_in_failed(&seen, &format!("{}: {words}", platform.root().trim_start_matches("http://")));
    }
    elsewhere.assert_unspoken();
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn the_port_is_only_on_loopback() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let (_process, address) = begin_in_browser(&machine, platform.root(), &[]);
    // Addresses in /proc are hexadecimal, in the machine's byte order (little-endian here); 0A is LISTEN.
    let end = format!(":{:04X}", port(&address));
    for (table, loopback) in [("/proc/net/tcp", "0100007F"), ("/proc/net/tcp6", "00000000000000000000000001000000")] {
        let table = std::fs::read_to_string(table).unwrap_or_default();
        let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let listening: Vec<_> = rows.filter(|row| row[1].ends_with(&end) && row[3] == "0A").collect();
        assert!(listening.iter().all(|row| row[1] == format!("{loopback}{end}")), "{listening:?}");
        assert!(listening.len() == 1 || loopback.len() > 8, "{listening:?}");
    }
}

// The way to sign in that is chosen.

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_browser_is_used_if_one_can_be_opened_and_a_device_code_otherwise() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let browser = machine.browser();
    let two = format!("/nonexistent/browser:{browser} %s");
    let gone = "/nonexistent/browser";
    /// Environment, arguments, and whether a browser opens.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], bool);
    let table: [Case; 9] = [
        (&[], &[], false),
        (&[("BROWSER", &browser)], &[], true),
        (&[("BROWSER", &two)], &[], true),
        (&[("BROWSER", "")], &[], false),
        (&[("BROWSER", gone)], &[], false),
        (&[("BROWSER", &browser)], &["--device-code"], false),
        (&[("BROWSER", &browser), ("DISPLAY", ":0")], &["--device-code"], false),
        (&[("DISPLAY", ":0")], &[], false),
        (&[("WAYLAND_DISPLAY", "wayland-0"), ("BROWSER", gone)], &[], false),
    ];
    for (environment, arguments, opens) in table {
        // Windows always has a browser. Only these tests give it one with $BROWSER.
        if cfg!(windows) && !environment.contains(&("BROWSER", browser.as_str())) {
            continue;
        }
        machine.has_opened_none();
        let asked = platform.asked("devicecode").len();
        let mut command = login(&machine, platform.root(), &[&["-vv"], arguments].concat());
        let process = Running::start(command.envs(environment.iter().copied()));
        if opens {
            let address = machine.opened();
            get(&back(&address, &[("code", CODE), ("state", &query(&address, "state").unwrap())]));
        }
        let seen = machine.end_of(process);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{environment:?}: {}", seen.stderr);
        assert_eq!(machine.has_opened_any(), opens, "{environment:?} {arguments:?}");
        assert_eq!(platform.asked("devicecode").len() - asked, usize::from(!opens), "{environment:?} {arguments:?}");
    }
    if cfg!(windows) {
        return;
    }
    // A text browser that fails.
    let text_browser = machine.program("lynx", &["exit", "3"]);
    let asked = platform.asked("devicecode").len();
    let mut command = login(&machine, platform.root(), &["-vv"]);
    let seen = machine.seen(command.env("BROWSER", &text_browser));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    assert!(seen.stderr.contains("\nthe browser did not open: sign in with a code instead\n"), "{}", seen.stderr);
    assert_eq!(platform.asked("devicecode").len() - asked, 1);
    // The system's own browser, for a user at a display.
    std::fs::remove_file(&browser).unwrap();
    machine.browser_of_name("x-www-browser");
    for (name, value) in [("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")] {
        machine.has_opened_none();
        let process = Running::start(login(&machine, platform.root(), &["-vv"]).env(name, value));
        let address = machine.opened();
        get(&back(&address, &[("code", CODE), ("state", &query(&address, "state").unwrap())]));
        assert_eq!(machine.end_of(process).code, Some(0));
    }
    machine.has_opened_none();
    for browser in ["", gone, "no-such-browser"] {
        let mut command = login(&machine, platform.root(), &["-vv"]);
        assert_eq!(machine.seen(command.env("BROWSER", browser)).code, Some(0));
        assert!(!machine.has_opened_any(), "there is no display");
    }
}

// On Windows there is always a browser.
#[cfg(unix)]
#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn with_browser_it_prints_the_address_and_waits_even_if_no_browser_opens() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let fails = machine.program("fails", &["exit", "3"]);
    for browser in ["", "/nonexistent/browser", &fails] {
        let mut command = login(&machine, platform.root(), &["--browser", "-q"]);
        let process = Running::start(command.env("BROWSER", browser));
        let address = printed_address(&process);
        let state = query(&address, "state").unwrap();
        get(&back(&address, &[("code", CODE), ("state", &state)]));
        let seen = machine.end_of(process);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{browser}: {}", seen.stderr);
    }
    assert!(platform.asked("devicecode").is_empty());
}

#[test]
fn browser_device_code_and_with_token_exclude_each_other() {
    let machine = Machine::without_keyring();
    let elsewhere = Unspoken::new();
    for ways in [
        &["--browser", "--device-code"][..],
        &["--device-code", "--browser"],
        &["--browser", "--with-token"],
        &["--device-code", "--with-token"],
        &["--with-token", "--client-id", "c"],
    ] {
        let seen = machine.seen(&mut login(&machine, &elsewhere.url(), ways));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{ways:?}: {}", seen.stderr);
        assert!(seen.stderr.contains("cannot be used with"), "{ways:?}: {}", seen.stderr);
    }
    elsewhere.assert_unspoken();
}

#[test]
fn auth_login_rejects_token_options_and_invalid_client_ids() {
    let machine = Machine::without_keyring();
    for (options, words) in [
        (&["--token", "some-token"][..], "--token and --token-file cannot be used with"),
        (&["--token-file", "token", "--with-token"], "--token and --token-file cannot be used with"),
        (&["--client-id", ""], "--client-id"),
        (&["--client-id", &jwt(&claims(3600))], "(not shown) for '--client-id <ID>': looks like a token"),
    ] {
        let seen = machine.run(&[&["auth", "login"], options].concat());
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{options:?}: {}", seen.stderr);
        assert!(seen.stderr.contains(words), "{options:?}: {}", seen.stderr);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn signing_in_again_reuses_tenant_and_client_id_unless_options_override_them() {
    let machine = Machine::new();
    let (first, second) = (Platform::scripted(&machine.secrets, good), Platform::scripted(&machine.secrets, good));
    let again = |platform: &Platform, options: &[&str]| {
        let seen = sign_in(&machine, platform.root(), &[&["--profile", "work", "-vv"], options].concat());
        assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    };
    again(&first, &["--client-id", "own-app", "--tenant", "contoso.example"]);
    again(&first, &[]);
    again(&first, &["--client-id", "another", "--tenant", TENANT]);
    // A tenant and its applications belong to one cloud.
    again(&second, &[]);
    let asked = |platform: &Platform| -> Vec<_> {
        let of = |request: Request| (request.path.split('/').nth(1).unwrap().to_owned(), request.form("client_id"));
        platform.asked("devicecode").into_iter().map(of).collect()
    };
    let named = |tenant: &str, client: &str| (tenant.to_owned(), Some(client.to_owned()));
    let contoso = named("contoso.example", "own-app");
    assert_eq!(asked(&first), [contoso.clone(), contoso, named(TENANT, "another")]);
    assert_eq!(asked(&second), [named("organizations", CLIENT)]);
    // Another profile has settings of its own.
    assert_eq!(sign_in(&machine, first.root(), &[]).code, Some(0));
    assert_eq!(asked(&first).last(), Some(&named("organizations", CLIENT)));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn signing_in_to_a_different_tenant_than_before_is_a_warning() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, move |request, endpoint, n| match (endpoint, n) {
        ("token", 1..) => {
            let token = jwt(&but(claims(3600), &json!({"tid": OTHER_TENANT})));
            answer(200, &but(tokens(), &json!({"access_token": token, "id_token": null})))
        }
        _ => good(request, endpoint, n),
    });
    let words = format!("warning: profile 'default' was for tenant {TENANT} before; this sign-in replaced it\n");
    for (tenant, says_so) in [(TENANT, false), (OTHER_TENANT, true), (OTHER_TENANT, false)] {
        let seen = sign_in(&machine, platform.root(), &[]);
        assert!(seen.stderr.contains(&format!("to tenant {tenant} (")), "{}", seen.stderr);
        assert_eq!(seen.stderr.contains(&words), says_so, "{}", seen.stderr);
    }
    // Incomplete application credentials are an error. The signed-in account is not used instead.
    let mut command = machine.command(&["partner", "list", "--graph-url", platform.root()]);
    let seen = machine.seen(command.env("AZURE_TENANT_ID", "t").env("AZURE_CLIENT_ID", "c"));
    let words = "error: application credentials are incomplete: found AZURE_TENANT_ID, AZURE_CLIENT_ID; missing ";
    assert!(seen.code == Some(4) && seen.stderr.starts_with(words), "{}", seen.stderr);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_source_that_calls_use_instead_of_the_new_sign_in_is_a_warning() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let app = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", CLIENT_SECRET)];
    for (environment, words) in [
        (&[("INTUNECTL_TOKEN", "")][..], "commands use INTUNECTL_TOKEN, not this profile\nhint: "),
        (&app, "commands use application credentials (AZURE_CLIENT_SECRET), not this profile\nhint: "),
        (&app[..2], "commands use application credentials, not this profile\nhint: "),
        (&app[..1], ""),
    ] {
        let mut command = login(&machine, platform.root(), &["--device-code"]);
        let seen = machine.seen(command.envs(environment.iter().copied()));
        assert_eq!(seen.code, Some(0), "{}", seen.stderr);
        assert!(seen.stderr.contains(words), "{}", seen.stderr);
        assert_eq!(seen.stderr.contains("warning"), !words.is_empty(), "{}", seen.stderr);
    }
}

// A token from elsewhere, stored in place of a sign-in.

/// Stores the token that is on standard input.
fn store_token(machine: &Machine, platform: &Platform, token: &str, arguments: &[&str]) -> Seen {
    let arguments = [&["auth", "login", "--with-token", "--graph-url", platform.root()], arguments].concat();
    machine.end_of(Running::with_input(&mut machine.command(&arguments), token))
}

/// What is stored: the token of a profile, the profiles, and whether the refresh token is among it.
fn stored(machine: &Machine, profile: &str) -> (String, String, bool) {
    let token = machine.token(&["--profile", profile]).stdout;
    (token, machine.run(&["auth", "list", "-o", "json"]).stdout, entries("intunectl").contains(REFRESH))
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_renewable_sign_in_is_replaced_by_a_jwt_for_graph_but_by_no_other_token() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let of_azure = jwt(&but(claims(1800), &json!({"aud": "https://Management.core.windows.net/"})));
    let document = json!({"accessToken": "opaque.token-from.elsewhere"}).to_string();
    let root = platform.root();
    let no_graph = format!("is for https://management.core.windows.net, not for {root}");
    for (profile, logout) in [("default", "intunectl auth logout"), ("work", "intunectl auth logout --profile work")] {
        assert_eq!(sign_in(&machine, root, &["--profile", profile]).code, Some(0));
        let before = stored(&machine, profile);
        let sign_in = format!("the sign-in of {ACCOUNT} to tenant {TENANT} (profile '{profile}')");
        let other_profile =
            format!("to store it in another profile, add --profile NAME. To delete this sign-in first:\n  {logout}");
        let other_token = format!("get a token for the resource {root}");
        for (token, flaw, hint) in [
            ("opaque-token-from-elsewhere", "is not a JWT", &other_profile),
            ("aaa.bbb.ccc", "is not a JWT", &other_profile),
            ("a.e30.b", "is not a JWT", &other_profile),
            (&document, "is not a JWT", &other_profile),
            (&of_azure, &no_graph, &other_token),
        ] {
            machine.secrets.keep(token);
            let seen = store_token(&machine, &platform, token, &["--profile", profile]);
            let error = format!(
                "error: the token from standard input {flaw}, and would replace {sign_in}, which can be renewed; \
                 nothing was stored\nhint: {hint}\n"
            );
            assert_eq!(seen, Seen { stdout: String::new(), stderr: error, code: Some(4) });
            assert_eq!(stored(&machine, profile), before);
        }
        let token = jwt(&but(claims(1800), &json!({"tid": OTHER_TENANT, "upn": "other@contoso.example"})));
        machine.secrets.keep(&token);
        let seen = store_token(&machine, &platform, &token, &["--profile", profile]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
        let told = format!(
            "replaced {sign_in}\nwarning: the replaced sign-in could be renewed, but a stored token cannot\nhint: "
        );
        assert!(seen.stderr.starts_with("stored the token of other@contoso.example "), "{}", seen.stderr);
        assert!(seen.stderr.contains(&told), "{}", seen.stderr);
        assert_eq!(machine.token(&["--profile", profile]).stdout, format!("{token}\n"));
        // The refresh token is gone with its sign-in.
        assert!(!entries("intunectl").contains(REFRESH));
        // What cannot be renewed may be replaced by any token.
        let seen = store_token(&machine, &platform, "opaque-token-from-elsewhere", &["--profile", profile]);
        let told = format!(
            "replaced the stored token of other@contoso.example to tenant {OTHER_TENANT} (profile '{profile}')\n"
        );
        assert!(seen.code == Some(0) && seen.stderr.ends_with(&told), "{}", seen.stderr);
        let seen = store_token(&machine, &platform, "another-opaque-token", &["--profile", profile]);
        let told = format!("replaced the stored token (profile '{profile}')\n");
        assert!(seen.code == Some(0) && seen.stderr.ends_with(&told), "{}", seen.stderr);
        assert_eq!(machine.run(&["auth", "logout", "--profile", profile]).code, Some(0));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_rejected_token_leaves_a_renewable_sign_in_as_it_is() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    assert_eq!(sign_in(&machine, platform.root(), &[]).code, Some(0));
    let before = stored(&machine, "default");
    assert!(before.2);
    let expired = jwt(&claims(-7200));
    for token in ["", "null", "System.Security.SecureString", &expired, "{\"error\":\"invalid_grant\"}"] {
        assert_eq!(store_token(&machine, &platform, token, &[]).code, Some(4), "{token}");
        assert_eq!(stored(&machine, "default"), before, "{token}");
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_jwt_for_any_clouds_graph_replaces_a_renewable_sign_in() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    for audience in ["00000003-0000-0000-c000-000000000000", "https://graph.microsoft.us/", platform.root()] {
        assert_eq!(sign_in(&machine, platform.root(), &[]).code, Some(0));
        let token = jwt(&but(claims(1800), &json!({"aud": audience})));
        machine.secrets.keep(&token);
        let seen = store_token(&machine, &platform, &token, &[]);
        assert_eq!(seen.code, Some(0), "{}", seen.stderr);
        assert_eq!(machine.token(&[]).stdout, format!("{token}\n"));
        assert_eq!(machine.run(&["auth", "logout"]).code, Some(0));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_sign_in_that_cannot_be_read_is_replaced_by_a_jwt_but_by_no_other_token() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let damage = |unreadable: bool| match unreadable {
        true => store_session("default", "{\"of\": \"a later version\"}"),
        false => store("intunectl", "default", "not what intunectl writes"),
    };
    for (unreadable, why) in [(false, "the keyring entry of this "), (true, "the keyring entry of profile 'default' ")]
    {
        damage(unreadable);
        let before = entries("intunectl");
        let seen = store_token(&machine, &platform, "opaque-token-from-elsewhere", &[]);
        let error = "error: the token from standard input is not a JWT, and would replace the sign-in (profile 'default'), \
             which cannot be read; nothing was stored\n\
             hint: to store it in another profile, add --profile NAME. To delete this sign-in first:\n  intunectl auth logout\n";
        assert_eq!(seen, Seen { stdout: String::new(), stderr: error.to_owned(), code: Some(4) });
        assert_eq!(entries("intunectl"), before);
        let token = jwt(&claims(3600));
        let seen = store_token(&machine, &platform, &token, &[]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
        // Said after it was stored.
        let told = format!("\nwarning: the replaced sign-in could not be read: {why}");
        assert!(seen.stderr.starts_with("stored the token of ") && seen.stderr.contains(&told), "{}", seen.stderr);
        assert_eq!(machine.token(&[]).stdout, format!("{token}\n"));
        assert_eq!(machine.run(&["auth", "logout"]).code, Some(0));
    }
}

// Machines on which a sign-in cannot be stored.

/// Each way to sign in, on a machine with a browser.
#[cfg(unix)]
const WAYS: [&[&str]; 3] = [&["--device-code"], &["--browser"], &[]];

/// Asserts that it failed before it asked for, opened or wrote anything.
#[cfg(unix)]
#[track_caller]
fn assert_cannot_be_kept(machine: &Machine, seen: &Seen) {
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(1)), "{}", seen.stderr);
    assert!(seen.stderr.starts_with("error: cannot store a sign-in: the keyring "), "{}", seen.stderr);
    let hint = seen.stderr.lines().last().unwrap();
    assert!(hint.starts_with("hint: ") && hint.contains("INTUNECTL_TOKEN"), "{}", seen.stderr);
    assert!(!machine.has_opened_any());
    machine.assert_nothing_written();
}

// On Windows there is always a keyring.
#[cfg(unix)]
#[test]
fn without_a_keyring_a_sign_in_fails_before_it_starts() {
    let machine = Machine::without_keyring();
    let platform = Unspoken::new();
    for way in WAYS {
        let start = Instant::now();
        let seen = machine.seen(login(&machine, &platform.url(), way).env("BROWSER", machine.browser()));
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert_cannot_be_kept(&machine, &seen);
    }
    for command in [&["auth", "list"][..], &["auth", "list", "-o", "json"], &["auth", "logout", "--all"]] {
        let seen = machine.run(command);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(1)), "{}", seen.stderr);
        assert!(seen.stderr.starts_with("error: the keyring cannot be used: "), "{}", seen.stderr);
    }
    platform.assert_unspoken();
}

#[cfg(unix)]
#[test]
fn with_a_keyring_that_never_answers_a_sign_in_fails_before_it_starts() {
    let machine = Machine::without_keyring();
    let platform = Unspoken::new();
    let bus = machine.desk.path().join("bus");
    let _listener = UnixListener::bind(&bus).unwrap();
    let address = format!("unix:path={}", bus.display());
    let browser = machine.browser();
    let start = Instant::now();
    // All at once: each takes 3 s.
    let started = WAYS.map(|way| {
        let mut command = login(&machine, &platform.url(), way);
        Running::start(command.env("BROWSER", &browser).env("DBUS_SESSION_BUS_ADDRESS", &address))
    });
    let others = [&["auth", "list"][..], &["auth", "logout", "--all"]]
        .map(|command| Running::start(machine.command(command).env("DBUS_SESSION_BUS_ADDRESS", &address)));
    for process in started {
        assert_cannot_be_kept(&machine, &machine.end_of(process));
    }
    for process in others {
        let seen = machine.end_of(process);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(1)), "{}", seen.stderr);
        assert!(seen.stderr.starts_with("error: the keyring did not answer within 3 s"), "{}", seen.stderr);
    }
    // They wait for 3 s; the rest is for slow machines.
    assert!((Duration::from_secs(3)..Duration::from_secs(15)).contains(&start.elapsed()), "{:?}", start.elapsed());
    platform.assert_unspoken();
}

#[cfg(unix)]
#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn with_a_keyring_that_is_locked_a_sign_in_fails_before_it_starts() {
    let machine = Machine::without_keyring();
    let platform = Unspoken::new();
    // In a session of its own, with a keyring of its own.
    let locked = |command: &Command| {
        let wrapper = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/with-secret-service");
        let mut wrapped = Command::new(wrapper);
        let script = format!("exec env HOME='{}' \"$@\"", machine.home.home().display());
        wrapped.args(["sh", "-c", &script, "sh"]).arg(command.get_program()).args(command.get_args());
        wrapped.env("INTUNECTL_TEST_LOCKED", "1").env("BROWSER", machine.browser());
        let mut seen = machine.seen(wrapped.current_dir(machine.home.home()));
        // The bus reports it if it cannot raise a limit.
        seen.stderr = seen
            .stderr
            .lines()
            .filter(|line| !line.starts_with("dbus-daemon"))
            .fold(String::new(), |text, line| text + line + "\n");
        seen
    };
    for way in WAYS {
        let seen = locked(&login(&machine, &platform.url(), way));
        assert_cannot_be_kept(&machine, &seen);
        assert!(seen.stderr.contains("locked"), "{}", seen.stderr);
    }
    // A service that was never unlocked since its installation says that it contains nothing.
    let list = locked(&machine.command(&["auth", "list"]));
    let stderr = "no profiles; sign in with `intunectl auth login`\n".to_owned();
    assert_eq!(list, Seen { stdout: String::new(), stderr, code: Some(0) });
    platform.assert_unspoken();
}

#[cfg(unix)]
#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_keyring_that_was_locked_again_is_an_error_and_does_not_count_as_empty() {
    let machine = Machine::without_keyring();
    let platform = Unspoken::new();
    // Sign in, in a session of its own; then restart the keyring's service, as after a login without a password.
    let script = "
        own=\"$1\"; shift
        printf of-a-session-before | \"$own\" auth login --with-token -q || exit 9
        bus() { dbus-send --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.\"$@\"; }
        kill $(bus GetConnectionUnixProcessID string:org.freedesktop.secrets | tr -dc '0-9 ' | sed 's/.* //')
        while bus NameHasOwner string:org.freedesktop.secrets | grep -q true; do sleep 0.05; done
        gnome-keyring-daemon --foreground --components=secrets </dev/null >/dev/null 2>&1 &
        until bus NameHasOwner string:org.freedesktop.secrets | grep -q true; do sleep 0.05; done
        code=0; \"$own\" \"$@\" || code=$?; kill $!; exit $code";
    machine.secrets.keep("of-a-session-before");
    for (arguments, code, words) in [
        (&["auth", "list"][..], 1, "error: the keyring cannot be used: it is locked"),
        (&["auth", "list", "-o", "json"], 1, "error: the keyring cannot be used: it is locked"),
        (&["auth", "logout"], 1, "error: the keyring cannot be used: it is locked"),
        (&["auth", "logout", "--all"], 1, "error: the keyring cannot be used: it is locked"),
        (&["auth", "status"], 4, "error: no access token: the keyring cannot be used: it is locked"),
        (&["partner", "list"], 4, "error: no access token: the keyring cannot be used: it is locked"),
        (&["auth", "login", "--device-code"], 1, "error: cannot store a sign-in: the keyring cannot be used"),
    ] {
        let command = login(&machine, &platform.url(), &[]);
        let mut wrapped = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/with-secret-service"));
        wrapped.args(["sh", "-c", script, "sh"]).arg(command.get_program()).args(arguments);
        if arguments.contains(&"login") {
            wrapped.args(["--graph-url", &platform.url(), "--login-url", &platform.url()]);
        }
        let seen = machine.seen(&mut wrapped);
        let shown = if arguments.contains(&"status") { "Source:      profile 'default'\n" } else { "" };
        assert_eq!((seen.stdout.as_str(), seen.code), (shown, Some(code)), "{arguments:?}: {}", seen.stderr);
        assert!(seen.stderr.contains(words), "{arguments:?}: {}", seen.stderr);
    }
    platform.assert_unspoken();
}

// Servers that must not get a token.

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_profiles_tokens_are_not_sent_to_another_server() {
    let machine = Machine::new();
    let elsewhere = Unspoken::new();
    // With 3600 the access token would be sent, with 60 and 0 first the refresh token.
    for expires_in in [3600, 60, 0] {
        let given = but(tokens(), &json!({"expires_in": expires_in}));
        let platform = with(&machine, "token", move |_| answer(200, &given));
        assert_eq!(sign_in(&machine, platform.root(), &["-vv"]).code, Some(0));
        let before = platform.server.requests().len();
        let deeper = format!("{}/deeper", platform.root());
        let other_name = platform.root().replace("127.0.0.1", "localhost");
        let upgraded = platform.root().replace("http:", "https:");
        let url = elsewhere.url();
        let graph = [&url, &deeper, &other_name, &upgraded, "https://graph.microsoft.com"]
            .map(|root| ("--graph-url", "INTUNECTL_GRAPH_URL", root));
        let login = [&url, &deeper, &other_name, &upgraded, "https://login.microsoftonline.com"]
            .map(|root| ("--login-url", "INTUNECTL_LOGIN_URL", root));
        let cloud = ["global", "china"].map(|name| ("--cloud", "INTUNECTL_CLOUD", name));
        for (option, variable, value) in graph.into_iter().chain(login).chain(cloud) {
            for command in
                [&["partner", "list"][..], &["partner", "disconnect", "a"], &["auth", "token"], &["auth", "status"]]
            {
                let by_option = machine.run(&[command, &[option, value, "-vv"]].concat());
                let by_variable = machine.seen(machine.command(command).env(variable, value));
                // `auth status` shows the source even on an error.
                let shown = if command == ["auth", "status"] { "Source:      profile 'default'\n" } else { "" };
                for seen in [by_option, by_variable] {
                    assert_eq!(seen.code, Some(4), "{option} {value}: {}", seen.stderr);
                    assert!(
                        seen.stdout == shown || !shown.is_empty() && seen.stdout.starts_with(shown),
                        "{}",
                        seen.stdout
                    );
                    let told =
                        format!(", but {} names ", if seen.stderr.contains("leave out") { option } else { variable });
                    assert!(seen.stderr.contains(&told), "{}", seen.stderr);
                }
            }
        }
        assert_eq!(platform.server.requests().len(), before);
    }
    elsewhere.assert_unspoken();
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_profiles_tokens_do_not_follow_a_redirect() {
    let machine = Machine::new();
    let elsewhere = Unspoken::new();
    for status in [301, 302, 303, 307, 308] {
        for (endpoint, code) in [("remoteAssistancePartners", 1), ("token", 4)] {
            let location = format!("{}/v1.0/x", elsewhere.url());
            // With an expired token, a call first renews it.
            let ended = if endpoint == "token" { 0 } else { 3600 };
            let platform = Platform::scripted(&machine.secrets, move |request, name, n| match (name, n) {
                ("token", 0) => answer(200, &but(tokens(), &json!({"expires_in": ended}))),
                (name, _) if name == endpoint => Reply::status(status).header("Location", &location),
                _ => good(request, name, n),
            });
            assert_eq!(sign_in(&machine, platform.root(), &["-vv"]).code, Some(0));
            let seen = machine.run(&["partner", "list", "-vv"]);
            assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)), "{}", seen.stderr);
            let told =
                format!("the server redirects to {}/v1.0/x; intunectl does not follow redirects", elsewhere.url());
            assert!(seen.stderr.contains(&told), "{}", seen.stderr);
        }
    }
    elsewhere.assert_unspoken();
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_profiles_token_is_not_sent_to_a_next_page_outside_the_graph_url() {
    let machine = Machine::new();
    let elsewhere = Unspoken::new();
    let link = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let given = std::sync::Arc::clone(&link);
    let platform = Platform::scripted(&machine.secrets, move |request, name, n| match name {
        "devicecode" | "token" => good(request, name, n),
        _ => answer(200, &json!({"value": [], "@odata.nextLink": *given.lock().unwrap()})),
    });
    let (own, other) = (platform.root().to_owned(), elsewhere.url());
    let (host, other_host) = (own.trim_start_matches("http://"), other.trim_start_matches("http://"));
    let root = format!("{own}/proxy");
    let mut command = machine.command(&["auth", "login", "--device-code", "--graph-url", &root, "--login-url", &own]);
    assert_eq!(machine.seen(&mut command).code, Some(0));
    for next in [
        format!("{other}{PARTNERS}"),
        format!("{other}/proxy{PARTNERS}"),
        format!("http://{host}@{other_host}/proxy{PARTNERS}"),
        format!("http://{host}:x@{other_host}/proxy{PARTNERS}"),
        format!("http://{other_host}\\@{host}/proxy{PARTNERS}"),
        format!("http://{host}#@{other_host}/proxy{PARTNERS}"),
        format!("http://{host}?@{other_host}/proxy{PARTNERS}"),
        format!("http://{host}.{other_host}/proxy{PARTNERS}"),
        format!("//{other_host}/proxy{PARTNERS}"),
        format!("https://{host}/proxy{PARTNERS}"),
        format!("ftp://{host}/proxy{PARTNERS}"),
        format!("file:///proxy{PARTNERS}"),
        format!("{own}{PARTNERS}"),
        format!("{own}/proxy/../elsewhere{PARTNERS}"),
        format!("{own}/proxy/%2e%2e/elsewhere{PARTNERS}"),
        format!("{own}/proxyelse{PARTNERS}"),
        format!("{own}/proxy"),
        format!("/proxy{PARTNERS}"),
        "javascript:alert(1)".to_owned(),
        "\u{1b}[2J".to_owned(),
    ] {
        *link.lock().unwrap() = next.clone();
        let before = platform.server.requests().len();
        let seen = machine.run(&["partner", "list", "-vv"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(1)), "{next}: {}", seen.stderr);
        let error =
            "error: Graph's link to the next page does not belong to the Graph server; the list is incomplete\nhint: ";
        assert!(seen.stderr.contains(error) && !seen.stderr.contains('\u{1b}'), "{next}: {}", seen.stderr);
        assert_eq!(platform.server.requests().len() - before, 1, "{next}");
    }
    elsewhere.assert_unspoken();
}

// An application.

/// An application's credential.
enum Proof {
    Secret,
    File,
    GitHub,
}

const ASSERTION: &str = "AXqAssertion~of/the+job.Kz3Wn8=Rv5.Qy-Lm_7";
const GITHUB_TOKEN: &str = "GhQRequest~token/of+the.Job=x9Vz-K_2";

/// With application credentials in the environment.
fn as_app<'a>(machine: &Machine, command: &'a mut Command, url: &str, proof: &Proof) -> &'a mut Command {
    command.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", "an-app");
    match proof {
        Proof::Secret => {
            machine.secrets.keep(CLIENT_SECRET);
            command.env("AZURE_CLIENT_SECRET", CLIENT_SECRET)
        }
        Proof::File => {
            machine.secrets.keep(ASSERTION);
            let path = machine.desk.path().join("federated");
            std::fs::write(&path, format!("{ASSERTION}\n")).unwrap();
            command.env("AZURE_FEDERATED_TOKEN_FILE", path)
        }
        Proof::GitHub => {
            machine.secrets.keep(GITHUB_TOKEN);
            command.env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{url}/job/idtoken?api-version=2.0"));
            command.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", GITHUB_TOKEN)
        }
    }
}

/// The claims of an app-only token.
fn of_app() -> Value {
    but(claims(3600), &json!({"scp": null, "upn": null, "roles": [PERMISSION], "idtyp": "app", "appid": "an-app"}))
}

/// A sign-in service for applications, with Graph's and GitHub's answers at the same address.
fn for_apps(
    machine: &Machine,
    graph: impl Fn() -> Reply + Send + Sync + 'static,
    github: impl Fn() -> Reply + Send + Sync + 'static,
) -> Platform {
    Platform::scripted(&machine.secrets, move |_, endpoint, _| match endpoint {
        "token" => answer(200, &json!({"token_type": "Bearer", "expires_in": 3600, "access_token": jwt(&of_app())})),
        "idtoken" => github(),
        _ => graph(),
    })
}

fn at<'a>(command: &'a mut Command, url: &str) -> &'a mut Command {
    command.args(["--graph-url", url, "--login-url", url])
}

#[test]
fn an_application_signs_in_for_one_run_and_nothing_is_stored() {
    let machine = Machine::without_keyring();
    let sandbox = Sandbox::approving(&[]);
    let ear = Platform::before(&machine.secrets, &sandbox);
    let roots = ["--graph-url", sandbox.url(), "--login-url", ear.root()];
    for (n, (proof, source)) in
        [(Proof::Secret, "AZURE_CLIENT_SECRET"), (Proof::File, "AZURE_FEDERATED_TOKEN_FILE")].into_iter().enumerate()
    {
        let run = |arguments: &[&str]| {
            let mut command = machine.command(&[arguments, &roots].concat());
            machine.seen(as_app(&machine, &mut command, "", &proof))
        };
        let status = run(&["auth", "status", "-vv"]);
        assert_eq!(status.code, Some(0), "{}", status.stderr);
        assert!(status.stdout.contains(&format!("Source:      application credentials ({source})\n")));
        assert!(status.stdout.contains("Account:     none (app-only)\n"), "{}", status.stdout);
        let report = run(&["auth", "status", "-o", "json"]);
        let report: Value = serde_json::from_str(&report.stdout).unwrap();
        assert_eq!(
            (&report["app_only"], &report["renewable"], &report["account"]),
            (&json!(true), &json!(true), &Value::Null)
        );
        assert_eq!(run(&["partner", "list", "-o", "id", "-vv"]).stdout.lines().count(), 3);
        assert_eq!(run(&["partner", "disconnect", FIRST, SECOND, "-vv"]).code, Some(0));
        sandbox.revoke();
        // Nothing of it is stored, so there is nothing to revoke.
        assert_eq!(run(&["partner", "list", "-vv"]).code, Some(0));
        let asked = ear.asked("token");
        assert_eq!(asked.len(), 5 * (n + 1), "one for each run");
        for request in &asked[5 * n..] {
            assert_eq!(request.path, format!("/{TENANT}/oauth2/v2.0/token"));
            assert_eq!(request.form("grant_type").as_deref(), Some("client_credentials"));
            assert_eq!(request.form("client_id").as_deref(), Some("an-app"));
            assert_eq!(request.form("scope").unwrap(), format!("{}/.default", sandbox.url()));
            let jwt_bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned();
            let sent = ["client_secret", "client_assertion", "client_assertion_type"].map(|name| request.form(name));
            match proof {
                Proof::Secret => assert_eq!(sent, [Some(CLIENT_SECRET.to_owned()), None, None]),
                _ => assert_eq!(sent, [None, Some(ASSERTION.to_owned()), Some(jwt_bearer)]),
            }
            assert_eq!(request.header("authorization"), None);
        }
    }
    let mut command = machine.command(&[&["partner", "list", "-vv"], &roots[..]].concat());
    let seen = machine.seen(as_app(&machine, &mut command, "", &Proof::Secret).env("AZURE_CLIENT_SECRET", "expired"));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)));
    assert!(
        seen.stderr.contains("AADSTS7000222") && seen.stderr.contains("\nhint: create a new client secret"),
        "{}",
        seen.stderr
    );
    machine.assert_nothing_written();
}

#[test]
fn application_credentials_are_not_used_if_only_the_graph_server_is_named() {
    let machine = Machine::without_keyring();
    let (graph, github) = (Unspoken::new(), Unspoken::new());
    for proof in [Proof::Secret, Proof::File, Proof::GitHub] {
        for command in
            [&["partner", "list", "-vv"][..], &["partner", "disconnect", "a"], &["auth", "status"], &["auth", "token"]]
        {
            let mut by_option = machine.command(command);
            as_app(&machine, &mut by_option, &github.url(), &proof).args(["--graph-url", &graph.url()]);
            let mut by_variable = machine.command(command);
            as_app(&machine, &mut by_variable, &github.url(), &proof).env("INTUNECTL_GRAPH_URL", graph.url());
            for command in [&mut by_option, &mut by_variable] {
                let seen = machine.seen(command);
                assert_eq!((seen.stdout.lines().count() < 2, seen.code), (true, Some(4)), "{}", seen.stderr);
                let error = "error: no sign-in server is known for the Graph server in ";
                assert!(seen.stderr.contains(error), "{}", seen.stderr);
            }
        }
    }
    graph.assert_unspoken();
    github.assert_unspoken();
}

#[test]
fn a_github_actions_job_signs_in_with_its_identity_token() {
    let machine = Machine::without_keyring();
    let platform = for_apps(
        &machine,
        || answer(200, &json!({"value": []})),
        || answer(200, &json!({"count": 1, "value": ASSERTION})),
    );
    let mut command = machine.command(&["partner", "list", "-vv"]);
    let seen = machine.seen(at(as_app(&machine, &mut command, platform.root(), &Proof::GitHub), platform.root()));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}", seen.stderr);
    let [github, token, graph] = &platform.server.requests()[..] else { panic!() };
    assert_eq!(github.method, "GET");
    assert_eq!(github.header("authorization").unwrap(), format!("Bearer {GITHUB_TOKEN}"));
    let asked = format!("http://x{}", github.path);
    assert!(github.path.starts_with("/job/idtoken?api-version=2.0&audience="), "{}", github.path);
    assert_eq!(query(&asked, "api-version").as_deref(), Some("2.0"));
    assert_eq!(query(&asked, "audience").as_deref(), Some("api://AzureADTokenExchange"));
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", "an-app"),
        ("client_assertion", ASSERTION),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ] {
        assert_eq!(token.form(name).as_deref(), Some(value));
    }
    assert!(token.form("client_secret").is_none() && token.header("authorization").is_none());
    assert_eq!(graph.header("authorization").unwrap(), format!("Bearer {}", jwt(&of_app())));
}

#[test]
fn without_a_github_identity_token_the_hint_names_the_jobs_permission() {
    let machine = Machine::without_keyring();
    let elsewhere = Unspoken::new();
    let location = elsewhere.url();
    type Given = Box<dyn Fn() -> Reply + Send + Sync>;
    let answers: Vec<(Given, &str)> = vec![
        (Box::new(|| Reply::status(403).body("<html>no</html>")), "403 Forbidden"),
        (Box::new(|| answer(401, &json!({"message": GITHUB_TOKEN}))), "401 Unauthorized"),
        (
            Box::new(|| Reply::status(200).header("Content-Type", "text/html").body("<html>")),
            "the answer contains no token",
        ),
        (Box::new(|| answer(200, &json!({"count": 0}))), "the answer contains no token"),
        (Box::new(|| answer(200, &json!({"value": null}))), "the answer contains no token"),
        (Box::new(|| answer(200, &json!({"value": 7}))), "the answer contains no token"),
        (Box::new(|| answer(200, &json!({"value": " "}))), "the answer contains no token"),
        (
            Box::new(move || Reply::status(302).header("Location", &location)),
            "302 Found: the server redirects to http://127",
        ),
    ];
    for (github, words) in answers {
        let platform = for_apps(&machine, || answer(200, &json!({"value": []})), github);
        let mut command = machine.command(&["partner", "list", "-vv"]);
        let seen = machine.seen(at(as_app(&machine, &mut command, platform.root(), &Proof::GitHub), platform.root()));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{words}: {}", seen.stderr);
        let error = "error: GitHub Actions issued no identity token: 127.0.0.1:";
        assert!(seen.stderr.contains(error) && seen.stderr.contains(words), "{words}: {}", seen.stderr);
        assert!(seen.stderr.lines().last().unwrap().contains("`id-token: write`"), "{}", seen.stderr);
        assert!(!seen.stderr.contains("<html"), "{}", seen.stderr);
        assert_eq!(platform.server.requests().len(), 1, "{words}");
    }
    let mut command = machine.command(&["partner", "list", "-vv"]);
    as_app(&machine, &mut command, "http://token.example", &Proof::GitHub);
    let seen = machine.seen(at(&mut command, &elsewhere.url()));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)));
    assert!(seen.stderr.contains("ACTIONS_ID_TOKEN_REQUEST_URL uses http"), "{}", seen.stderr);
    elsewhere.assert_unspoken();
}

#[test]
fn a_hint_about_app_only_access_is_shown_for_app_only_tokens_only() {
    let words = "app-only access";
    let error = json!({"error": {"code": "Forbidden", "message": "An error has occurred."}});
    for (status, code) in [(401, 4), (403, 1)] {
        let machine = Machine::without_keyring();
        let error = error.clone();
        let platform = for_apps(&machine, move || answer(status, &error), || Reply::status(500));
        for command in [&["partner", "list", "-vv"][..], &["partner", "disconnect", "a", "-vv"]] {
            let before = platform.asked("token").len();
            let mut of_app_itself = machine.command(command);
            let seen = machine.seen(at(as_app(&machine, &mut of_app_itself, "", &Proof::Secret), platform.root()));
            assert_eq!(seen.code, Some(code), "{}", seen.stderr);
            assert!(seen.stderr.contains(words), "{}", seen.stderr);
            // A refused token is replaced once.
            assert_eq!(platform.asked("token").len() - before, if status == 401 { 2 } else { 1 });
            let mut given = machine.command(command);
            let seen = machine.seen(at(given.env("INTUNECTL_TOKEN", jwt(&of_app())), platform.root()));
            assert!(seen.code == Some(code) && seen.stderr.contains(words), "{}", seen.stderr);
            let mut delegated = machine.command(command);
            let seen = machine.seen(at(delegated.env("INTUNECTL_TOKEN", jwt(&claims(3600))), platform.root()));
            assert!(seen.code == Some(code) && !seen.stderr.contains("app-only"), "{}", seen.stderr);
            assert!(seen.stderr.contains(&format!("hint: {status}: ")), "{}", seen.stderr);
        }
    }
}

#[test]
fn auth_status_shows_the_source_even_if_it_has_no_usable_token() {
    let machine = Machine::without_keyring();
    let app = [("AZURE_TENANT_ID", ""), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s")];
    let token = jwt(&claims(3600));
    machine.secrets.keep(&token);
    // On Windows there is always a keyring.
    let no_session = if cfg!(windows) {
        "no access token: not signed in (profile 'absent')"
    } else {
        "no access token: the keyring cannot be used"
    };
    for (arguments, environment, source, words) in [
        (&["--token-file", "missing"][..], &[][..], "the token file missing", "cannot read the token file missing"),
        (&["--token-file", &token], &[], "the token file [redacted]", "cannot read the token file [redacted]"),
        (&["--token", ""], &[], "--token", "--token is empty"),
        (&[], &[("INTUNECTL_TOKEN", "a b")], "INTUNECTL_TOKEN", "contains a space"),
        (&[], &app, "application credentials", "AZURE_TENANT_ID is empty"),
        (&["--profile", "absent"], &[], "profile 'absent'", no_session),
    ] {
        for format in ["json", "ndjson", "text"] {
            let mut command = machine.command(&[&["auth", "status", "-o", format], arguments].concat());
            let seen = machine.seen(command.envs(environment.iter().copied()));
            assert_eq!(seen.code, Some(4), "{}", seen.stderr);
            assert!(seen.stderr.starts_with("error: ") && seen.stderr.contains(words), "{}", seen.stderr);
            if format == "text" {
                assert_eq!(seen.stdout, format!("Source:      {source}\n"));
                continue;
            }
            let report: Value = serde_json::from_str(&seen.stdout).unwrap();
            assert_eq!((&report["usable"], &report["source"]), (&json!(false), &json!(source)));
            assert!(report["error"]["message"].as_str().unwrap().contains(words), "{report}");
        }
    }
}

// Tenants.

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_token_for_a_tenant_other_than_the_named_one_fails_the_sign_in() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    let seen = sign_in(&machine, platform.root(), &["-vv", "--tenant", OTHER_TENANT]);
    let host = platform.root().trim_start_matches("http://");
    assert_sign_in_failed(&seen, &format!("{host} issued a token for tenant {TENANT}, not for {OTHER_TENANT}\n"));
    // Tokens contain no domain to compare.
    assert_eq!(sign_in(&machine, platform.root(), &["--tenant", "contoso.example"]).code, Some(0));
    assert_eq!(sign_in(&machine, platform.root(), &["--tenant", &TENANT.to_uppercase()]).code, Some(0));
}

#[test]
fn an_invalid_tenant_is_a_usage_error() {
    let machine = Machine::without_keyring();
    let elsewhere = Unspoken::new();
    for tenant in
        ["a/b", "..", "", " ", "consumers", "Consumers", "a b", "a?b", "a#b", "a%2fb", "\u{1b}[2J", "münchen.de"]
    {
        for command in [&["auth", "login", "--device-code"][..], &["partner", "list"]] {
            let mut command = machine.command(&[command, &["--tenant", tenant]].concat());
            let seen = machine.seen(at(&mut command, &elsewhere.url()));
            assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{tenant}: {}", seen.stderr);
            assert!(seen.stderr.contains("--tenant") && !seen.stderr.contains('\u{1b}'), "{tenant}: {:?}", seen.stderr);
        }
    }
    elsewhere.assert_unspoken();
}

// Profiles.

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn profiles_of_any_name_are_listed_even_if_others_are_damaged() {
    let machine = Machine::new();
    let platform = Platform::scripted(&machine.secrets, good);
    // wine stores credentials in the registry, where a name has at most 255 characters.
    let long = "長".repeat(if cfg!(windows) { 30 } else { 64 });
    let names = [
        "UPPER",
        "With Space ",
        "a%b",
        "a/b",
        "a/b/a/0",
        "default",
        "upper",
        "作業用 テナント",
        "%000041",
        "'quoted'",
        &long,
    ];
    for name in names {
        let seen = sign_in(&machine, platform.root(), &["-vv", "--profile", name]);
        assert_eq!(seen.code, Some(0), "{name}: {}", seen.stderr);
    }
    // One entry is not a valid head; the secret of another is not a profile.
    let (generation, text) = ("0123456789abcdef0123456789abcdef", "no-JSON-but-a-secret-of-somebody");
    machine.secrets.keep(text);
    let head = json!({"layout": 1, "slot": "a", "generation": generation, "chunks": 1, "bytes": text.len()});
    store("intunectl", "broken", "no head");
    store("intunectl", "odd", &head.to_string());
    store("intunectl", "odd/a/0", &format!("{generation}{text}"));
    store("another-program", "default", "somebody else's");
    let damaged = ["broken", "odd"];
    let mut all: Vec<_> = names.into_iter().chain(damaged).collect();
    all.sort_unstable();

    let list = machine.run_twice(&["auth", "list", "--profile", "UPPER"]);
    assert_eq!((list.stderr.as_str(), list.code), ("", Some(0)));
    let rows: Vec<Vec<_>> = list.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), all);
    for row in &rows {
        match damaged.contains(&row[0]) {
            true => assert_eq!(row[1..], ["", "", "", "unreadable"]),
            false => assert_eq!(row[1..4], [ACCOUNT, TENANT, platform.root()]),
        }
    }
    // At 40 columns, in blocks. Only a name may be wider. On a console, a line that fills it, as that of a tenant
    // would, looks like one that continues below.
    let narrow = if cfg!(windows) { 41 } else { 40 };
    let on_a_terminal = |columns| {
        let streams = Streams { stdin: true, stdout: true, stderr: false };
        let list = machine.command(&["auth", "list", "--profile", "UPPER"]);
        let (seen, screen, coloured) = Terminal::start(&list, streams, columns).end_with_colours();
        assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)));
        assert_eq!((coloured, screen.contains('\u{1b}')), (Vec::new(), false), "{screen:?}");
        screen
    };
    let screen = on_a_terminal(narrow);
    let block = format!(
        "UPPER *\n  account: {ACCOUNT}\n  tenant:\n    {TENANT}\n  graph: {}\n  token: valid for 59m ",
        platform.root()
    );
    assert!(screen.contains(&block), "{}", screen);
    assert!(screen.contains("\nbroken\n  token: unreadable\n"), "{}", screen);
    let too_wide: Vec<_> = screen.lines().filter(|line| line.width() > 40).collect();
    assert_eq!(too_wide, [long.as_str()]);
    let screen = on_a_terminal(300);
    let heading = screen.lines().next().unwrap();
    assert_eq!(heading.split_whitespace().collect::<Vec<_>>(), ["PROFILE", "ACCOUNT", "TENANT", "GRAPH", "TOKEN"]);
    assert_eq!(screen.lines().filter(|line| line.contains(" * ")).count(), 1);
    let ids = machine.run(&["auth", "list", "-o", "id"]);
    assert_eq!((ids.stdout.lines().collect::<Vec<_>>(), ids.code), (all.clone(), Some(0)));
    let json = machine.run_twice(&["auth", "list", "-o", "json", "--profile", "UPPER"]);
    let document: Vec<Value> = serde_json::from_str(&json.stdout).unwrap();
    let lines = machine.run_twice(&["auth", "list", "-o", "ndjson", "--profile", "UPPER"]).records();
    assert_eq!(document, lines);
    assert_eq!(document.iter().map(|entry| entry["profile"].as_str().unwrap()).collect::<Vec<_>>(), all);
    for entry in &document {
        let name = entry["profile"].as_str().unwrap();
        assert_eq!(entry["current"], json!(name == "UPPER"));
        if damaged.contains(&name) {
            assert!(entry["error"].is_string() && entry["account"].is_null(), "{entry}");
        } else {
            let known =
                (&entry["account"], &entry["tenant_id"], &entry["client_id"], &entry["renewable"], &entry["error"]);
            assert_eq!(known, (&json!(ACCOUNT), &json!(TENANT), &json!(CLIENT), &json!(true), &Value::Null));
            assert_eq!((&entry["graph_url"], &entry["login_url"]), (&json!(platform.root()), &json!(platform.root())));
        }
    }
    for name in damaged {
        let seen = machine.run(&["partner", "list", "--profile", name, "-vv"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)));
        assert!(seen.stderr.contains(&format!("intunectl auth login --profile {name}\n")), "{}", seen.stderr);
    }
    // Sign in to one again, and sign out of another; each by its own name.
    assert_eq!(sign_in(&machine, platform.root(), &["--profile", "broken"]).code, Some(0));
    assert_eq!(machine.run(&["partner", "list", "--profile", "broken"]).code, Some(0));
    assert_eq!(machine.run(&["auth", "logout", "--profile", "UPPER"]).code, Some(0));
    let ids = machine.run(&["auth", "list", "-o", "id"]).stdout;
    assert!(!ids.lines().any(|name| name == "UPPER") && ids.lines().any(|name| name == "upper"), "{ids}");
    let hint = machine.run(&["partner", "list", "--profile", "作業用", "-vv"]).stderr;
    assert!(hint.contains("not signed in (profile '作業用')"), "{hint}");

    let logout = machine.run(&["auth", "logout", "--all"]);
    assert_eq!((logout.stdout.as_str(), logout.code), ("", Some(0)));
    assert_eq!(logout.stderr.lines().count(), all.len() - 1, "{}", logout.stderr);
    assert!(logout.stderr.contains("deleted the sign-in of profile '作業用 テナント'; "), "{}", logout.stderr);
    assert_nobody_signed_in();
    assert!(entries("another-program").contains("somebody else's"));
    assert_eq!(machine.run(&["auth", "logout", "--all"]).stderr, "not signed in\n");
    forget("another-program", "default");
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn tokens_of_12_kb_are_stored_and_renewed_whole() {
    let machine = Machine::new();
    // Made once, because they contain a time.
    let long: Vec<_> = (0..4)
        .map(|n| {
            let access = padded(&but(claims(3600), &json!({"jti": n})), 9_000);
            let refresh: String = (0..600).map(|at| format!("~{n}/{at:03}+Qx9Zk=Lw-Tb_Vr")).collect();
            (access, refresh)
        })
        .collect();
    assert!(long[0].0.len() > 12_000 && long[0].1.len() > 12_000);
    let given = long.clone();
    let platform = Platform::scripted(&machine.secrets, move |request, endpoint, n| match endpoint {
        "token" => {
            let (access, refresh) = &given[n];
            let tokens = json!({"access_token": access, "refresh_token": refresh, "expires_in": 200});
            answer(200, &but(self::tokens(), &tokens))
        }
        _ => good(request, endpoint, n),
    });
    assert_eq!(sign_in(&machine, platform.root(), &["-vv"]).code, Some(0));
    for n in 1..=3 {
        // In each run, the token expires in less than 5 minutes.
        match n {
            2 => assert!(machine.token(&[]).stdout.trim_end() == long[n].0),
            _ => assert_eq!(machine.run(&["partner", "list", "-vv"]).code, Some(0)),
        }
        let asked = platform.asked("token");
        assert_eq!(asked.len(), n + 1);
        assert!(asked[n].form("refresh_token").unwrap() == long[n - 1].1);
    }
    let sent = platform.asked("remoteAssistancePartners").pop().unwrap();
    assert!(sent.header("authorization").unwrap() == format!("Bearer {}", long[3].0));
    assert_eq!(machine.run(&["auth", "logout"]).code, Some(0));
    assert_nobody_signed_in();
}

// Secrets that an answer repeats.

/// How an answer repeats the secrets that were sent.
#[derive(Clone, Copy, Debug)]
enum Echo {
    Description,
    Error,
    Page,
    Location,
    Header,
}

/// An answer with all secrets of the request.
fn echo(request: &Request, how: Echo) -> Reply {
    let fields = ["device_code", "code", "code_verifier", "refresh_token", "client_secret", "client_assertion"];
    let fields = fields.into_iter().filter_map(|name| request.form(name));
    let bearer = request.header("authorization").map(|value| value.replace("Bearer ", ""));
    let all: Vec<_> = fields.chain(bearer).collect();
    assert!(!all.is_empty(), "the request contains no secret: {request:?}");
    let text = all.join(" and ");
    let refused = |error: &str, text: &str| {
        answer(400, &json!({"error": error, "error_description": text, "message": text, "correlation_id": text}))
    };
    match how {
        Echo::Description => refused("invalid_grant", &format!("AADSTS1: {text} Correlation ID: {}", all[0])),
        Echo::Error => refused(&text, ""),
        Echo::Page => Reply::status(403).header("Content-Type", "text/html").body(format!("<html>{text}</html>")),
        Echo::Location => Reply::status(307).header("Location", &format!("http://127.0.0.1:9/{}", all.join("/"))),
        Echo::Header => refused("invalid_grant", "AADSTS1: No.").header("X-Echo", &text).header("Set-Cookie", &text),
    }
}

const ECHOES: [Echo; 5] = [Echo::Description, Echo::Error, Echo::Page, Echo::Location, Echo::Header];

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_answer_that_repeats_an_accounts_secrets_is_redacted() {
    for how in ECHOES {
        let machine = Machine::new();
        // A code from a browser, and its verifier.
        let platform = Platform::scripted(&machine.secrets, move |request, _, _| echo(request, how));
        let seen = sign_in_by_browser(&machine, platform.root(), &["-vv"]);
        assert_eq!(seen.code, Some(4), "{how:?}: {}", seen.stderr);
        assert!(matches!(how, Echo::Page) || seen.stderr.contains("[redacted]"), "{how:?}: {}", seen.stderr);
        // A device code, valid for one second, because polling continues if the answer is not the sign-in service's.
        let platform = Platform::scripted(&machine.secrets, move |request, endpoint, _| match endpoint {
            "token" => echo(request, how),
            _ => answer(200, &but(code(), &json!({"expires_in": 1}))),
        });
        let seen = sign_in(&machine, platform.root(), &["-vv"]);
        assert_eq!(seen.code, Some(4), "{how:?}: {}", seen.stderr);
        assert_nobody_signed_in();
        // A refresh token, and an access token.
        let platform = Platform::scripted(&machine.secrets, move |request, endpoint, n| match (endpoint, n) {
            ("token", 0) => answer(200, &but(tokens(), &json!({"expires_in": 60}))),
            ("devicecode", _) => good(request, endpoint, n),
            _ => echo(request, how),
        });
        assert_eq!(sign_in(&machine, platform.root(), &["-vv"]).code, Some(0));
        for command in [&["partner", "list"][..], &["partner", "disconnect", "a"]] {
            let seen = machine.run(&[command, &["-vv"]].concat());
            assert_ne!(seen.code, Some(0), "{how:?}: {}", seen.stderr);
        }
    }
}

#[test]
fn an_answer_that_repeats_an_applications_secrets_is_redacted() {
    for how in ECHOES {
        let machine = Machine::without_keyring();
        for (proof, github_echoes) in
            [(Proof::Secret, false), (Proof::File, false), (Proof::GitHub, false), (Proof::GitHub, true)]
        {
            let platform = Platform::scripted(&machine.secrets, move |request, endpoint, _| match endpoint {
                "idtoken" if !github_echoes => answer(200, &json!({"value": ASSERTION})),
                _ => echo(request, how),
            });
            let mut command = machine.command(&["partner", "list", "-vv"]);
            let seen = machine.seen(at(as_app(&machine, &mut command, platform.root(), &proof), platform.root()));
            assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{how:?}: {}", seen.stderr);
        }
        // An app-only token, at Graph.
        let platform = Platform::scripted(&machine.secrets, move |request, endpoint, n| match endpoint {
            "token" => answer(200, &tokens()),
            _ if n < 2 => {
                let mut reply = echo(request, how);
                if let Reply::Answer { status, .. } = &mut reply {
                    *status = 401;
                }
                reply
            }
            _ => echo(request, how),
        });
        let mut command = machine.command(&["partner", "list", "-vv"]);
        let seen = machine.seen(at(as_app(&machine, &mut command, platform.root(), &Proof::Secret), platform.root()));
        assert_eq!(seen.code, Some(4), "{how:?}: {}", seen.stderr);
    }
}

/// The block of shell commands in docs/sandbox.md that contains this.
#[cfg(unix)]
fn sandbox_example(part: &str) -> &'static str {
    let page = include_str!("../../docs/sandbox.md");
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut blocks = blocks.filter(|block| block.contains(part));
    let block = blocks.next().unwrap();
    assert!(blocks.next().is_none(), "{part} is in more than one block");
    block
}

#[cfg(unix)]
#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn the_examples_of_the_sandbox_page_work() {
    let machine = Machine::new();
    for (part, says) in [
        ("sandbox -- sh -c 'intunectl partner list", "3 partners: 3 disconnected"),
        ("auth login --device-code", "deleted the sign-in of profile 'default'"),
        ("AZURE_CLIENT_SECRET", "3 partners: 3 disconnected"),
    ] {
        let sandbox = machine.command(&[]);
        let programs = std::path::Path::new(sandbox.get_program()).parent().unwrap().to_owned();
        let mut shell = Command::new("sh");
        shell.args(["-c", sandbox_example(part)]).env_clear();
        for (name, value) in sandbox.get_envs() {
            shell.env(name, value.unwrap());
        }
        crate::support::in_background(&mut shell);
        let seen = machine.seen(shell.env("PATH", format!("{}:/usr/bin:/bin", programs.display())));
        assert_eq!(seen.code, Some(0), "{}", seen.stderr);
        assert_eq!(seen.stdout.matches("\tdisconnected\n").count(), 3, "{}", seen.stdout);
        assert!(seen.stderr.contains(says), "{}", seen.stderr);
    }
    assert_nobody_signed_in();
}
