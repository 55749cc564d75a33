//! `auth status` for every source of a token; the profiles in the keyring, and the renewal of their tokens.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::net::Shutdown;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::Screens;
use crate::support::jwt::{self, OTHER_TENANT};
use crate::support::keyring::store;
use crate::support::platform::{Issuer, Platform, answer, dead, refusal_of_entra};
use crate::support::running::Running;
use crate::support::server::{Gate, PATIENCE, Reply};
use crate::support::terminal::{Streams, Terminal};
use crate::support::{BINARY, Intunectl, run, run_with};

/// 1 h 24 min, and the seconds that the screens may take.
const LIFETIME: u64 = 84 * 60 + 59;

/// Less than 5 minutes, so the token is renewed before it is used; if that fails, it is still valid.
const SHORT: u64 = 180;

const EXPIRED: u64 = 0;

const TENANT: &str = "a1f9d2c4-6b3e-4f70-8d15-92c7e0b4a6d8";
const CLIENT: &str = "31359c7f-bd7e-475c-86db-fdb8c937548e";
const PARTNER: &str = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";

/// A token for an account of Contoso, with these claims in place of others.
fn token(changes: &Value) -> String {
    let mut claims = jwt::claims(i64::try_from(LIFETIME).unwrap());
    let named = json!({
        "tid": TENANT,
        "upn": "admin@contoso.com",
        "appid": "14d82eec-204b-4c2f-b7e8-296a70dab67e",
        "app_displayname": "Microsoft Graph Command Line Tools",
        "idtyp": "user",
    });
    for part in [&named, changes] {
        claims.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    }
    jwt::jwt(&claims)
}

/// Shows fixed times in place of the ones at which tokens expire that were issued since `start`.
fn mask_expiry(screens: &mut Screens, start: SystemTime) {
    for second in 0..=start.elapsed().unwrap().as_secs() + 1 {
        for (lifetime, shown) in [(EXPIRED, "2026-11-24T10:00:00Z"), (LIFETIME, "2026-11-24T11:24:59Z")] {
            let at = start + Duration::from_secs(lifetime + second);
            screens.mask(humantime::format_rfc3339_seconds(at).to_string(), shown);
        }
    }
}

#[test]
fn auth_status() {
    let start = SystemTime::now();
    let mut screens = Screens::new("10-auth-status");

    screens.heading("A token in an environment variable");
    screens.set("INTUNECTL_TOKEN", &token(&json!({})));
    screens.sh("intunectl auth status");
    screens.sh("intunectl auth status -o json");
    screens.sh("intunectl auth status -o csv");

    screens.heading("Other variables are set, too");
    screens.set("INTUNECTL_PROFILE", "contoso");
    screens.set("AZURE_CLIENT_ID", CLIENT);
    screens.sh("intunectl auth status");
    screens.unset("INTUNECTL_PROFILE");
    screens.unset("AZURE_CLIENT_ID");

    screens.heading("The token lacks the permission");
    screens.set("INTUNECTL_TOKEN", &token(&json!({"scp": "User.Read Directory.Read.All"})));
    screens.sh("intunectl auth status");

    screens.heading("The token has expired");
    let expired = jwt::claims(-(2 * 3600 + 5 * 60 + 30));
    screens.set("INTUNECTL_TOKEN", &token(&json!({"exp": expired["exp"]})));
    screens.sh("intunectl auth status");
    screens.sh("intunectl auth status -o json");
    screens.unset("INTUNECTL_TOKEN");

    screens.heading("A token of an application, in a file");
    let app_only = json!({
        "upn": null, "scp": null, "idtyp": "app", "roles": ["DeviceManagementServiceConfig.ReadWrite.All"],
        "appid": CLIENT, "app_displayname": "Partner cleanup",
    });
    screens.home.file("token.txt", token(&app_only));
    screens.sh("intunectl auth status --token-file token.txt");

    screens.heading("A token that is not a JWT");
    screens.home.file("token.txt", "EwBwA8l6BAAUs5-an-opaque-token");
    screens.sh("intunectl auth status --token-file token.txt");
    screens.sh("intunectl auth token --token-file token.txt");

    screens.heading("Application credentials");
    let platform = Platform::renewing(move |_, issuer| {
        issuer.grant_as(LIFETIME, |body| {
            body["access_token"] = token(&app_only).into();
            drop(body.as_object_mut().unwrap().remove("refresh_token"));
        })
    });
    screens.serve(&platform.server);
    screens.set("AZURE_TENANT_ID", TENANT);
    screens.set("AZURE_CLIENT_ID", CLIENT);
    screens.set("AZURE_CLIENT_SECRET", "a-client-secret");
    screens.sh("intunectl auth status");
    for name in
        ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "INTUNECTL_GRAPH_URL", "INTUNECTL_LOGIN_URL"]
    {
        screens.unset(name);
    }

    screens.heading("No token, and a keyring that cannot be reached");
    screens.sh("intunectl auth status");
    screens.sh("intunectl auth list");
    screens.sh("intunectl auth logout");

    screens.heading("No token, and no desktop session");
    let seen = run(screens.home.command().args(["auth", "list"]).env_remove("DBUS_SESSION_BUS_ADDRESS"));
    screens.show_seen("intunectl auth list", &seen);

    screens.heading("A keyring that does not answer");
    let bus = screens.home.home().join("bus");
    let _silent = UnixListener::bind(&bus).unwrap();
    screens.set("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", bus.display()));
    screens.sh("intunectl auth list");
    screens.sh("intunectl auth logout");

    mask_expiry(&mut screens, start);
    screens.check();
}

/// Signs in to a profile with a token that expires after this many seconds.
fn sign_in(screens: &Screens, platform: &Platform, profile: &str, seconds: u64) {
    platform.issuer.give_jwts();
    platform.at_sign_in(seconds);
    let root = platform.root();
    let mut command = screens.command();
    command.args(["auth", "login", "--device-code", "--graph-url", root, "--login-url", root, "--profile", profile]);
    let seen = run(command.args(["--client-id", CLIENT]));
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
}

/// Stores a token without a refresh token under a profile.
fn store_token(screens: &Screens, profile: &str, token: &str) {
    let mut command = screens.command();
    let seen = run_with(command.args(["auth", "login", "--with-token", "-q", "--profile", profile]), token);
    assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)));
}

/// A sign-in service that renews with `renew`, and a Graph with one partner. It accepts every token.
fn service(renew: impl Fn(&Issuer) -> Reply + Send + Sync + 'static) -> Platform {
    Platform::start(move |_, issuer| renew(issuer), |request, _| if request.is_post() { Reply::done() } else { list() })
}

fn list() -> Reply {
    let partner = json!({"id": PARTNER, "displayName": "TeamViewer", "onboardingStatus": "onboarded"});
    answer(200, &json!({"value": [partner]}))
}

/// A socket that forwards a number of connections to the keyring's bus, and is then deleted.
fn forward_to_keyring(home: &Intunectl, connections: usize) -> PathBuf {
    let real = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
    let real = real.split([',', ';']).find_map(|part| part.strip_prefix("unix:path=")).map(PathBuf::from).unwrap();
    let socket = home.home().join("bus");
    let listener = UnixListener::bind(&socket).unwrap();
    let path = socket.clone();
    std::thread::spawn(move || {
        for n in 1..=connections {
            let near = listener.accept().unwrap().0;
            if n == connections {
                let _ = std::fs::remove_file(&path);
            }
            let far = UnixStream::connect(&real).unwrap();
            for (mut from, mut to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    socket
}

/// Shows a command whose keyring cannot be reached after a number of connections.
fn show_with_failing_keyring(screens: &mut Screens, connections: usize, line: &str) {
    let socket = forward_to_keyring(&screens.home, connections);
    screens.set("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", socket.display()));
    screens.sh(line);
    screens.unset("DBUS_SESSION_BUS_ADDRESS");
    let _ = std::fs::remove_file(socket);
}

/// Shows a command in a session of its own, with a keyring that contains a profile. Its service was restarted and is
/// locked.
fn show_with_locked_keyring(screens: &mut Screens, arguments: &[&str]) {
    let script = "
        own=\"$1\"; shift
        printf a-stored-token | \"$own\" auth login --with-token -q || exit 9
        bus() { dbus-send --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.\"$@\"; }
        kill $(bus GetConnectionUnixProcessID string:org.freedesktop.secrets | tr -dc '0-9 ' | sed 's/.* //')
        while bus NameHasOwner string:org.freedesktop.secrets | grep -q true; do sleep 0.05; done
        gnome-keyring-daemon --foreground --components=secrets </dev/null >/dev/null 2>&1 &
        until bus NameHasOwner string:org.freedesktop.secrets | grep -q true; do sleep 0.05; done
        code=0; \"$own\" \"$@\" 2>&1 || code=$?; kill $!; exit $code";
    let mut wrapped = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/with-secret-service"));
    let seen = run(wrapped.args(["sh", "-c", script, "sh", BINARY]).args(arguments));
    // Standard error has the warnings of other programs.
    screens.show(&format!("intunectl {}", arguments.join(" ")), &seen.stdout, seen.code);
}

fn lock_directory() -> PathBuf {
    PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR").unwrap()).join("intunectl")
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn profiles() {
    let start = SystemTime::now();
    let mut screens = Screens::at("10-profiles", Intunectl::with_keyring());
    assert_eq!(run(screens.command().args(["auth", "logout", "--all"])).code, Some(0));
    screens.mask(jwt::TENANT, TENANT);
    screens.mask(OTHER_TENANT, "c4d8e2a1-7f36-4b09-9e52-0a1b3c5d7f98");
    screens.mask(jwt::ACCOUNT, "admin@contoso.com");
    let platform = service(|issuer| issuer.grant(LIFETIME));

    screens.heading("Not signed in");
    screens.sh("intunectl auth status");
    screens.sh("intunectl auth list");
    screens.sh("intunectl auth logout");
    screens.sh("intunectl auth logout --all");

    screens.heading("Signed in");
    sign_in(&screens, &platform, "default", LIFETIME);
    screens.sh("intunectl auth status");
    let stored = run(screens.command().args(["auth", "token"])).stdout;
    screens.mask(stored.trim_end(), "eyJ0eXAiOiJKV1QiLCJub25jZSI6…");
    screens.sh("intunectl auth token");

    screens.heading("Profiles in every state");
    sign_in(&screens, &platform, "contoso", EXPIRED);
    store_token(&screens, "fabrikam", &token(&json!({"upn": "admin@fabrikam.com", "tid": OTHER_TENANT})));
    let damaged =
        "{\"layout\":1,\"slot\":\"a\",\"generation\":\"0123456789abcdef0123456789abcdef\",\"chunks\":1,\"bytes\":7}";
    store("intunectl", "damaged", damaged);
    store("intunectl", "damaged/a/0", "0123456789abcdef0123456789abcdef{\"a\":1}");
    store("intunectl", "incomplete", damaged);
    store_token(&screens, "opaque", "EwBwA8l6BAAUs5-an-opaque-token");
    screens.sh("intunectl auth list");
    screens.sh("intunectl auth list -o json");
    screens.sh("intunectl auth list -o csv");

    screens.heading("Profiles that cannot be read");
    screens.sh("intunectl auth status --profile damaged");
    screens.sh("intunectl auth token --profile incomplete");

    screens.heading("A list on a terminal");
    store_token(&screens, "default", &token(&json!({})));
    for profile in ["contoso", "damaged", "incomplete"] {
        assert_eq!(run(screens.command().args(["auth", "logout", "--profile", profile])).code, Some(0));
    }
    let mut command = screens.command();
    command.args(["auth", "list"]);
    let on_terminal = Streams { stdin: true, stdout: true, stderr: false };
    let (seen, screen, _) = Terminal::start(&command, on_terminal, 120).end_with_colours();
    screens.show("intunectl auth list", &screen, seen.code);

    screens.heading("Signing out");
    screens.sh("intunectl auth logout --tenant contoso.com");
    screens.sh("intunectl auth logout --profile fabrikam");
    screens.sh("intunectl auth logout --all");

    renewal(&mut screens);

    screens.heading("A keyring that fails while profiles are deleted");
    store_token(&screens, "contoso", "EwBwA8l6BAAUs5-an-opaque-token");
    store_token(&screens, "fabrikam", "EwBwA8l6BAAUs5-an-opaque-token");
    show_with_failing_keyring(&mut screens, 3, "intunectl auth logout --all");

    screens.heading("Another intunectl is suspended while it uses the keyring");
    let lock = File::create(lock_directory().join("intunectl.lock")).unwrap();
    lock.try_lock().unwrap();
    screens.sh("intunectl auth logout --all");
    drop(lock);

    screens.heading("A keyring that is locked");
    for arguments in [["auth", "list"], ["auth", "logout"]] {
        show_with_locked_keyring(&mut screens, &arguments);
    }
    mask_expiry(&mut screens, start);
    screens.check();
}

fn renewal(screens: &mut Screens) {
    let line = "intunectl partner list -o id";

    screens.heading("The sign-in has expired");
    let platform = service(|_| dead());
    sign_in(screens, &platform, "default", EXPIRED);
    screens.sh("intunectl auth status");

    screens.heading("The sign-in service rejects the account");
    let platform = service(|_| refusal_of_entra("invalid_grant", "AADSTS50057: The user account is disabled."));
    sign_in(screens, &platform, "default", EXPIRED);
    screens.sh(line);

    screens.heading("The sign-in service fails while the token is still valid for 3 minutes");
    let platform = service(|_| Reply::status(503));
    sign_in(screens, &platform, "default", SHORT);
    screens.sh(line);

    screens.heading("The sign-in service fails after the token has expired");
    sign_in(screens, &platform, "default", EXPIRED);
    screens.sh(&format!("{line} --retries 0"));

    screens.heading("The sign-in service issues a token for another tenant");
    let platform = service(|issuer| {
        issuer.give_for(OTHER_TENANT);
        issuer.grant(LIFETIME)
    });
    sign_in(screens, &platform, "default", EXPIRED);
    screens.sh(line);

    screens.heading("Another intunectl is renewing the same sign-in");
    let (gate, (came, comes)) = (Gate::default(), mpsc::channel());
    let (door, came) = (gate.clone(), Mutex::new(came));
    let platform = service(move |issuer| {
        came.lock().unwrap().send(()).unwrap();
        door.pass();
        issuer.grant(LIFETIME)
    });
    sign_in(screens, &platform, "default", SHORT);
    let first = Running::start(screens.command().args(["partner", "list"]));
    comes.recv_timeout(PATIENCE).unwrap();
    screens.sh(line);
    gate.open();
    assert_eq!(first.end().code, Some(0));

    screens.heading("The profile is signed out while its token is in use");
    let (gate, (came, comes)) = (Gate::default(), mpsc::channel());
    let (door, came) = (gate.clone(), Mutex::new(came));
    let platform = Platform::start(
        |_, issuer| issuer.grant(LIFETIME),
        move |_, _| {
            came.lock().unwrap().send(()).unwrap();
            door.pass();
            Reply::expired()
        },
    );
    sign_in(screens, &platform, "default", LIFETIME);
    let running = Running::start(screens.command().args(["partner", "disconnect", PARTNER]));
    comes.recv_timeout(PATIENCE).unwrap();
    assert_eq!(run(screens.command().args(["auth", "logout"])).code, Some(0));
    gate.open();
    screens.show_seen(&format!("intunectl partner disconnect {PARTNER}"), &running.end());

    screens.heading("The keyring cannot be read for the renewal");
    let platform = service(|issuer| issuer.grant(LIFETIME));
    sign_in(screens, &platform, "default", EXPIRED);
    show_with_failing_keyring(screens, 1, line);

    screens.heading("The renewed sign-in cannot be stored");
    show_with_failing_keyring(screens, 2, line);

    screens.heading("There is no directory for a lock file");
    sign_in(screens, &platform, "default", EXPIRED);
    let mut command = screens.command();
    command.args(["partner", "list"]).env("XDG_RUNTIME_DIR", "/nonexistent/run");
    let seen = run(command.env("HOME", "/nonexistent/home").env("TMPDIR", "/nonexistent/tmp"));
    let user = std::fs::metadata(screens.home.home()).unwrap().uid();
    screens.mask(format!("/intunectl-{user}:"), "/intunectl-1000:");
    screens.show_seen("intunectl partner list", &seen);
}
