//! `auth login`: the ways to sign in, what can go wrong, and a hint for every refusal by Microsoft Entra.
#![cfg(unix)]

use std::collections::VecDeque;
use std::fs::File;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Screens;
use crate::support::helper::install;
use crate::support::http::{get, query};
use crate::support::jwt;
use crate::support::keyring::store;
use crate::support::machine::until;
use crate::support::platform::{TAIL, answer, refusal};
use crate::support::running::Running;
use crate::support::server::{Reply, Server};
use crate::support::terminal::{ALL, Terminal};
use crate::support::{Intunectl, run};

const LOGIN: &str = "intunectl auth login";
const TENANT: &str = "8a1c2f60-3d54-4e7b-9f02-6b5d8e4a7c19";
const OTHER_TENANT: &str = "c4b7e9d1-0f36-4a58-8e2d-913a7f6b5c04";
const APPLICATION: &str = "b7d92e51-6a0c-4f13-8e75-2c9f1d4b8a36";

/// Who signs in.
#[derive(Clone, Copy, PartialEq)]
enum Caller {
    Account,
    /// An application with a client secret.
    Secret,
    /// An application with a federated token.
    Federated,
}
use Caller::{Account, Federated, Secret};

/// OAuth errors, which are shown if Entra gives no description.
const OAUTH_ERRORS: &[&str] = &[
    "access_denied",
    "expired_token",
    "bad_verification_code",
    "invalid_grant",
    "invalid_client",
    "unauthorized_client",
    "interaction_required",
    "consent_required",
    "invalid_scope",
    "invalid_resource",
    "invalid_request",
    "unsupported_grant_type",
    "authorization_pending",
    "server_error",
    "temporarily_unavailable",
    "",
    "an_unknown_error",
];

/// AADSTS numbers with the same hint, and the sentence that the first of them comes with.
const REFUSALS: &[(Caller, &[u32], &str)] = &[
    (
        Account,
        &[50_020, 16_000, 16_003, 50_014, 50_034, 51_004, 90_072],
        "User account 'admin@fabrikam.com' from identity provider 'https://sts.windows.net/' does not exist in tenant \
         'Contoso' and cannot access the application in that tenant.",
    ),
    (Account, &[500_208], "The domain is not a valid login domain for the account type."),
    (
        Account,
        &[50_059, 50_128, 50_194, 90_019, 90_130, 9_001_023],
        "No tenant-identifying information found in either the request or implied by any provided credentials.",
    ),
    (
        Account,
        &[90_002, 900_023],
        "Tenant 'contoso.example' not found. Check to make sure you have the correct tenant ID.",
    ),
    (
        Secret,
        &[90_002, 900_023],
        "Tenant 'contoso.example' not found. Check to make sure you have the correct tenant ID.",
    ),
    (
        Account,
        &[900_439, 90_038, 90_051, 900_382, 900_432],
        "USGClientNotSupportedOnPublicEndpoint - US Government applications are not supported on this endpoint.",
    ),
    (
        Account,
        &[500_021, 50_002, 500_022],
        "Access to 'Contoso' tenant is denied. Your administrator has enabled tenant restrictions.",
    ),
    (Account, &[500_213, 500_212], "The resource tenant's cross-tenant access policy does not allow this user."),
    (
        Account,
        &[65_001, 90_008, 90_094, 90_095, 90_099],
        "The user or administrator has not consented to use the application.",
    ),
    (Account, &[65_004], "User declined to consent to access the app."),
    (
        Account,
        &[650_057, 65_005, 650_056],
        "Invalid resource. The client has requested access to a resource which is not listed in the requested \
         permissions in the client's application registration.",
    ),
    (Account, &[65_002], "Consent between first party application and first party resource must be configured."),
    (
        Account,
        &[53_003, 50_131, 53_002, 530_032, 530_035],
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
    (
        Account,
        &[53_000, 50_005, 50_097, 50_129, 53_001, 530_033],
        "Device is not in required device state: compliant. Conditional Access policy requires a compliant device.",
    ),
    (Account, &[53_011, 530_034], "User blocked due to risk on home tenant."),
    (Account, &[50_053], "The account is locked, you've tried to sign in too many times with an incorrect password."),
    (
        Account,
        &[50_076, 50_072, 50_074, 50_078, 50_079, 50_158, 53_004],
        "Due to a configuration change made by your administrator, you must use multi-factor authentication to access \
         this resource.",
    ),
    (Account, &[50_055, 50_125, 50_144], "The password is expired."),
    (Account, &[50_057, 500_571], "The user account is disabled."),
    (Account, &[50_105], "The signed in user is not assigned to a role for the application."),
    (
        Account,
        &[700_082, 50_089, 50_132, 50_133, 50_139, 50_173, 54_005, 70_000, 70_008, 70_043, 700_020, 700_084],
        "The refresh token has expired due to inactivity.",
    ),
    (Account, &[70_016], "OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
    (Account, &[70_018], "Invalid verification code due to user typing in wrong user code for device code flow."),
    (Account, &[70_020, 70_019], "The provided value for the input parameter 'device_code' is not valid."),
    (Account, &[90_120], "The authorization code is already authorized or declined."),
    (
        Account,
        &[700_016, 70_001, 700_011, 7_000_229],
        "Application with identifier 'b7d92e51-6a0c-4f13-8e75-2c9f1d4b8a36' was not found in the directory 'Contoso'.",
    ),
    (
        Secret,
        &[700_016, 70_001, 700_011, 7_000_229],
        "Application with identifier 'b7d92e51-6a0c-4f13-8e75-2c9f1d4b8a36' was not found in the directory 'Contoso'.",
    ),
    (Account, &[7_000_112], "Application 'b7d92e51-6a0c-4f13-8e75-2c9f1d4b8a36'(Partners) is disabled."),
    (
        Account,
        &[7_000_218],
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    (Secret, &[700_025], "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."),
    (
        Account,
        &[50_011, 70_004, 900_971],
        "The redirect URI 'http://localhost:8400' specified in the request does not match the redirect URIs configured \
         for the application.",
    ),
    (
        Account,
        &[9_002_327],
        "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
    ),
    (
        Account,
        &[500_011, 50_001, 70_011],
        "The resource principal named https://graph.example was not found in the tenant named Contoso.",
    ),
    (Secret, &[7_000_222], "The provided client secret keys are expired."),
    (
        Secret,
        &[7_000_215, 70_002],
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not \
         the client secret ID.",
    ),
    (
        Federated,
        &[700_213, 70_021, 70_025, 700_211, 7_002_138],
        "No matching federated identity record found for presented assertion subject 'repo:contoso/intune:ref:main'.",
    ),
    (Federated, &[700_212], "No matching federated identity record found for presented assertion audience."),
    (Federated, &[700_238, 700_223], "Tenant does not allow tokens from this issuer for federated credentials."),
    (Federated, &[700_024], "Client assertion is not within its valid time range."),
    (Federated, &[700_027, 50_027], "Client assertion failed signature validation."),
    (
        Account,
        &[90_033, 50_033, 50_196, 70_012, 90_006, 90_012, 90_024, 90_055, 90_090],
        "A transient error has occurred. Please try again.",
    ),
    (Account, &[50_199], "For security reasons, user confirmation is required for this request."),
];

/// Unusual answers: an endpoint, and its answer to the next request, in this order.
type Answers = Arc<Mutex<VecDeque<(&'static str, Reply)>>>;

/// A sign-in service that signs everybody in, unless `answers` says otherwise.
fn platform(answers: &Answers) -> Server {
    let answers = Arc::clone(answers);
    Server::start(move |request, _| {
        let endpoint = request.path.split('?').next().unwrap().rsplit('/').next().unwrap();
        let mut answers = answers.lock().unwrap();
        if answers.front().is_some_and(|(next, _)| *next == endpoint) {
            return answers.pop_front().unwrap().1;
        }
        match endpoint {
            "devicecode" => answer(200, &code()),
            "token" => answer(200, &tokens(TENANT)),
            _ => answer(200, &json!({"value": []})),
        }
    })
}

fn code() -> Value {
    json!({
        "user_code": "F7KQ2WXND",
        "device_code": "the-device-code",
        "verification_uri": "https://login.microsoft.com/device",
        "expires_in": 900,
        "interval": 1,
    })
}

/// With this field in place of its own; null removes it.
fn with(mut value: Value, name: &str, field: Value) -> Value {
    match field {
        Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
        field => value[name] = field,
    }
    value
}

/// What Entra issues. The tokens are valid for almost 90 minutes, so that each run of the test shows the same time.
fn tokens(tenant: &str) -> Value {
    json!({
        "token_type": "Bearer",
        "expires_in": 5399,
        "access_token": token(tenant),
        "refresh_token": "the-refresh-token",
    })
}

fn token(tenant: &str) -> String {
    jwt::jwt(&claims(tenant))
}

fn claims(tenant: &str) -> Value {
    let mut claims = jwt::claims(5399);
    claims["tid"] = tenant.into();
    claims["upn"] = "admin@contoso.com".into();
    claims
}

/// The machine of an administrator, who signs in again and again.
struct Desk {
    screens: Screens,
    server: Server,
    answers: Answers,
    programs: TempDir,
}

impl Desk {
    fn new() -> Self {
        let answers = Answers::default();
        let server = platform(&answers);
        let mut screens = Screens::at("09-sign-in", Intunectl::with_keyring());
        assert_eq!(run(screens.command().args(["auth", "logout", "--all"])).code, Some(0));
        screens.serve(&server);
        let root = server.root().to_owned();
        let encoded: String =
            reqwest::Url::parse_with_params("http://x", [("x", &root)]).unwrap().query().unwrap()[2..].into();
        screens.mask(format!("{root}/organizations"), "https://login.microsoftonline.com/organizations");
        screens.mask(&root, "https://graph.microsoft.com");
        screens.mask(root.trim_start_matches("http://"), "login.microsoftonline.com");
        screens.mask(encoded, "https%3A%2F%2Fgraph.microsoft.com");
        Self { screens, server, answers, programs: TempDir::new().unwrap() }
    }

    /// Has the next request to an endpoint answered like this.
    fn next(&self, endpoint: &'static str, reply: Reply) {
        self.answers.lock().unwrap().push_back((endpoint, reply));
    }

    /// A situation in which this line is typed.
    fn shows(&mut self, heading: &str, line: &str) {
        self.screens.heading(heading);
        self.screens.sh(line);
        assert!(self.answers.lock().unwrap().is_empty(), "{heading}");
    }

    fn sign_out(&self) {
        assert_eq!(run(self.screens.command().args(["auth", "logout"])).code, Some(0));
    }

    /// Starts to sign in with a browser. Returns the process and the address that the browser opens.
    fn begin_in_browser(&mut self) -> (Running, String) {
        let opened = self.programs.path().join("opened");
        let _ = std::fs::remove_file(&opened);
        let browser = install(self.programs.path(), "browser", &["append-argument", opened.to_str().unwrap()]);
        let process = Running::start(self.screens.command().args(["auth", "login"]).env("BROWSER", browser));
        process.wait_for_stderr("Waiting for the browser");
        let read = || std::fs::read_to_string(&opened).ok().filter(|text| text.ends_with('\n'));
        let address = until(read, || "no browser was opened".to_owned()).trim_end().to_owned();
        self.mask_address(&address);
        (process, address)
    }

    /// Masks what is random in the address of a sign-in page.
    fn mask_address(&mut self, address: &str) {
        for name in ["state", "code_challenge"] {
            self.screens.mask(format!("{name}={}", query(address, name).unwrap()), format!("{name}=..."));
        }
        let port = reqwest::Url::parse(&query(address, "redirect_uri").unwrap()).unwrap().port().unwrap();
        self.screens.mask(format!("localhost%3A{port}"), "localhost%3A8400");
    }

    /// Shows the text of the page that the browser shows at its return.
    fn shows_page(&mut self, heading: &str, address: &str, parameters: &[(&str, &str)]) {
        let redirect = query(address, "redirect_uri").unwrap();
        let page = match parameters {
            [] => get(&redirect),
            _ => get(reqwest::Url::parse_with_params(&redirect, parameters).unwrap().as_str()),
        };
        let part = |tag: &str| {
            let rest = page.body.split(&format!("<{tag}>")).nth(1).unwrap();
            rest.split(&format!("</{tag}>")).next().unwrap().to_owned()
        };
        self.screens.heading(heading);
        self.screens.show("(browser)", &format!("{}\n\n{}", part("h1"), part("p")), Some(0));
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn sign_in() {
    let mut desk = Desk::new();
    signs_in(&mut desk);
    is_used_wrongly(&mut desk);
    does_not_complete(&mut desk);
    has_no_keyring(&mut desk);
    gets_a_wrong_answer(&mut desk);
    is_refused(&mut desk);
    desk.screens.check();
}

fn signs_in(desk: &mut Desk) {
    let (process, address) = desk.begin_in_browser();
    let state = query(&address, "state").unwrap();
    let redirect = query(&address, "redirect_uri").unwrap();
    get(reqwest::Url::parse_with_params(&redirect, [("code", "the-code"), ("state", &state)]).unwrap().as_str());
    let seen = process.end();
    desk.screens.heading("Sign in with a browser");
    desk.screens.show_seen(LOGIN, &seen);

    let (process, address) = desk.begin_in_browser();
    let state = query(&address, "state").unwrap();
    desk.shows_page("The browser after the sign-in", &address, &[("code", "the-code"), ("state", &state)]);
    process.end();

    desk.shows("Sign in on a machine without a browser", LOGIN);
    desk.next("token", answer(200, &tokens(OTHER_TENANT)));
    desk.shows("Sign in to another tenant than before", "intunectl auth login --tenant fabrikam.com");
    desk.sign_out();

    let fails = install(desk.programs.path(), "lynx", &["exit", "3"]);
    let mut command = desk.screens.command();
    // No other browser can be found.
    command.args(["auth", "login"]).env("BROWSER", fails).env("PATH", desk.programs.path());
    let seen = run(&mut command);
    desk.mask_address(seen.stderr.lines().find_map(|line| line.strip_prefix("  ")).unwrap());
    desk.screens.heading("Sign in with a text browser that fails");
    desk.screens.show_seen(LOGIN, &seen);

    desk.screens.home.file("token.txt", token(TENANT));
    desk.screens.home.file("opaque.txt", "an-opaque-token-of-another-server");
    desk.shows(
        "Store a token that is not a JWT in place of a sign-in that can be renewed",
        "intunectl auth login --with-token < opaque.txt",
    );
    let mut other = claims(TENANT);
    other["aud"] = "https://management.core.windows.net/".into();
    desk.screens.home.file("arm.txt", jwt::jwt(&other));
    desk.shows(
        "Store a token that is not for Graph in place of a sign-in that can be renewed",
        "intunectl auth login --with-token < arm.txt",
    );
    desk.shows(
        "Store a token from elsewhere in place of a sign-in that can be renewed",
        "intunectl auth login --with-token < token.txt",
    );
    desk.shows(
        "Store a token that does not name its account and expiry",
        "intunectl auth login --with-token < opaque.txt",
    );
    desk.sign_out();
    desk.shows("Store a token in a new profile", "intunectl auth login --with-token < token.txt");

    desk.screens.set("INTUNECTL_TOKEN", "another-token-in-the-environment");
    desk.shows("Sign in while INTUNECTL_TOKEN is set", LOGIN);
    desk.screens.unset("INTUNECTL_TOKEN");

    desk.next("token", answer(200, &with(tokens(TENANT), "refresh_token", Value::Null)));
    desk.shows("The sign-in cannot be renewed", LOGIN);
    desk.sign_out();
    let opaque = with(tokens(TENANT), "refresh_token", Value::Null);
    let opaque =
        with(with(opaque, "access_token", json!("an-opaque-token-of-another-server")), "expires_in", Value::Null);
    desk.next("token", answer(200, &opaque));
    desk.shows("The sign-in cannot be renewed, and its expiry is unknown", LOGIN);
    let mut claims = claims(TENANT);
    claims["scp"] = "User.Read".into();
    desk.next("token", answer(200, &with(tokens(TENANT), "access_token", json!(jwt::jwt(&claims)))));
    desk.shows("The token lacks the permission", LOGIN);
    desk.sign_out();

    store("intunectl", "default", "not what intunectl writes");
    desk.shows("The keyring's entry of the previous sign-in is damaged", LOGIN);
    desk.sign_out();
    store("intunectl", "default", "not what intunectl writes");
    desk.shows(
        "A token that is not a JWT does not replace a damaged entry",
        "intunectl auth login --with-token < opaque.txt",
    );
    desk.shows("A token replaces a damaged entry", "intunectl auth login --with-token < token.txt");
    desk.sign_out();
}

fn is_used_wrongly(desk: &mut Desk) {
    desk.shows("A token as an option", "intunectl auth login --token-file token.txt");
    let mut command = desk.screens.command();
    let terminal = Terminal::start(command.args(["auth", "login", "--with-token"]), ALL, 80);
    let seen = terminal.end();
    desk.screens.heading("--with-token without a redirection");
    desk.screens.show_seen("intunectl auth login --with-token", &seen);
}

fn does_not_complete(desk: &mut Desk) {
    desk.next("devicecode", answer(200, &with(code(), "interval", json!(60))));
    desk.next("token", refusal("authorization_pending", ""));
    let requests = desk.server.requests().len();
    let terminal = Terminal::start(desk.screens.command().args(["auth", "login"]), ALL, 80);
    terminal.wait_for("Waiting.");
    desk.server.wait_for(requests + 2);
    terminal.ctrl_c();
    let seen = terminal.end();
    desk.screens.heading("The user presses Ctrl-C");
    desk.screens.show_seen(LOGIN, &seen);

    desk.next("devicecode", answer(200, &with(code(), "expires_in", json!(1))));
    desk.next("token", refusal("authorization_pending", ""));
    desk.next("token", refusal("authorization_pending", ""));
    desk.screens.heading("The code expires");
    desk.screens.sh(LOGIN);
    desk.answers.lock().unwrap().clear();

    let (process, address) = desk.begin_in_browser();
    let state = query(&address, "state").unwrap();
    desk.shows_page("The browser returns from another sign-in", &address, &[("code", "the-code"), ("state", "other")]);
    desk.shows_page("A browser opens the port without a reason", &address, &[]);
    let declined = [("error", "access_denied"), ("state", &state)];
    desk.shows_page("The browser after the user declined", &address, &declined);
    let seen = process.end();
    desk.screens.heading("The terminal after the user declined");
    desk.screens.show_seen(LOGIN, &seen);

    let (process, address) = desk.begin_in_browser();
    let state = query(&address, "state").unwrap();
    let unknown = [("error", "an_unknown_error"), ("state", &state)];
    desk.shows_page("The browser returns with an unknown error", &address, &unknown);
    let seen = process.end();
    desk.screens.heading("The terminal after the unknown error");
    desk.screens.show_seen(LOGIN, &seen);
}

fn has_no_keyring(desk: &mut Desk) {
    let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
    desk.screens.set("DBUS_SESSION_BUS_ADDRESS", "");
    desk.screens.set("XDG_RUNTIME_DIR", "");
    desk.shows("The machine has no keyring service", LOGIN);
    desk.screens.set("DBUS_SESSION_BUS_ADDRESS", &bus);
    let locks = std::env::var("XDG_RUNTIME_DIR").unwrap();
    desk.screens.set("XDG_RUNTIME_DIR", &locks);
    let lock = File::create(format!("{locks}/intunectl/intunectl.lock")).unwrap();
    lock.lock().unwrap();
    desk.shows("Another intunectl is writing to the keyring", LOGIN);
    drop(lock);
}

fn gets_a_wrong_answer(desk: &mut Desk) {
    desk.next("token", answer(200, &tokens(OTHER_TENANT)));
    let line = format!("intunectl auth login --tenant {TENANT}");
    desk.shows("The token is for another tenant", &line);
    desk.next("devicecode", Reply::status(403).header("Content-Type", "text/html").body("<html>Blocked</html>"));
    desk.shows("A proxy answers instead of the sign-in service", LOGIN);
    desk.next("devicecode", Reply::status(200).header("Content-Type", "text/html").body("<html>Welcome</html>"));
    desk.shows("The answer is no OAuth answer", LOGIN);
    desk.next("devicecode", answer(200, &with(code(), "verification_uri", json!("http://login.example/device"))));
    desk.shows("The page for the code is not safe", LOGIN);
    desk.next("devicecode", answer(200, &with(code(), "user_code", json!(""))));
    desk.shows("The device code is empty", LOGIN);
    desk.next("token", answer(200, &with(tokens(TENANT), "access_token", json!("not a token"))));
    desk.shows("The token contains spaces", LOGIN);
}

fn is_refused(desk: &mut Desk) {
    for error in OAUTH_ERRORS {
        desk.next("devicecode", refusal(error, ""));
        let heading = if error.is_empty() { "no OAuth error" } else { error };
        desk.shows(&format!("Refused without a description: {heading}"), LOGIN);
    }
    desk.screens.home.file("federated.txt", jwt::good());
    for (caller, numbers, sentence) in REFUSALS {
        let (first, others) = numbers.split_first().unwrap();
        set_application(desk, *caller);
        let hint = refused_hint(desk, *caller, *first, sentence);
        for number in others {
            assert_eq!(refused_hint(desk, *caller, *number, sentence), hint, "{number}");
        }
        let others: Vec<_> = others.iter().map(ToString::to_string).collect();
        let others = if others.is_empty() { String::new() } else { format!(" (same hint: {})", others.join(", ")) };
        desk.next(caller.endpoint(), refusal_by_entra(*first, sentence));
        desk.shows(&format!("AADSTS{first}{others}"), caller.line());
    }
}

impl Caller {
    fn line(self) -> &'static str {
        if self == Account { LOGIN } else { "intunectl partner list" }
    }

    /// The endpoint that refuses. Device codes come first, which keeps the screens short.
    fn endpoint(self) -> &'static str {
        if self == Account { "devicecode" } else { "token" }
    }
}

/// Sets the variables of an application, if an application signs in.
fn set_application(desk: &mut Desk, caller: Caller) {
    let variables = [
        ("AZURE_TENANT_ID", "contoso.example", caller != Account),
        ("AZURE_CLIENT_ID", APPLICATION, caller != Account),
        ("AZURE_CLIENT_SECRET", "the-client-secret", caller == Secret),
        ("AZURE_FEDERATED_TOKEN_FILE", "federated.txt", caller == Federated),
    ];
    for (name, value, is_set) in variables {
        match is_set {
            true => desk.screens.set(name, value),
            false => desk.screens.unset(name),
        }
    }
}

fn refusal_by_entra(number: u32, sentence: &str) -> Reply {
    refusal("invalid_grant", &format!("AADSTS{number}: {sentence} {TAIL}"))
}

/// The hint after a refusal with this number; nothing if there is none.
fn refused_hint(desk: &Desk, caller: Caller, number: u32, sentence: &str) -> String {
    desk.next(caller.endpoint(), refusal_by_entra(number, sentence));
    let seen = run(desk.screens.command().args(caller.line().split(' ').skip(1)));
    assert_eq!(seen.code, Some(4), "{number}: {}", seen.stderr);
    seen.stderr.split_once("\nhint: ").map(|(_, hint)| hint.to_owned()).unwrap_or_default()
}
