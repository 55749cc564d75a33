//! The token, the tenant and the servers that a run uses, and everything that stops it before the first request.
#![cfg(target_os = "linux")]

use serde_json::{Value, json};

use super::Screens;
use crate::support::jwt;
use crate::support::keyring;
use crate::support::platform::{Platform, refusal_of_entra};
use crate::support::server::{Reply, Request, Server};
use crate::support::{Intunectl, run, run_with};

const TENANT: &str = "a1f9d2c4-6b3e-4f70-8d15-92c7e0b4a6d8";
const OTHER_TENANT: &str = "c7e5b1a0-3d42-4f9e-8b6a-1f2d3c4e5a60";
const CLIENT: &str = "31359c7f-bd7e-475c-86db-fdb8c937548e";
const PARTNER: &str = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";

/// A token for an account of Contoso, with these claims in place of others. It does not say when it expires.
fn token(changes: &Value) -> String {
    let mut claims = jwt::claims(0);
    let named = json!({"exp": null, "tid": TENANT, "upn": "admin@contoso.com"});
    for part in [&named, changes] {
        claims.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    }
    jwt::jwt(&claims)
}

/// The time 3 hours and 2 minutes ago, as a claim.
fn expired() -> Value {
    jwt::claims(-(3 * 3600 + 2 * 60 + 5))["exp"].clone()
}

/// Graph with one partner, and a sign-in service that knows the domains of two tenants. Applications get `token`.
fn service(token: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request, n| match request.path.rsplit('/').next().unwrap().split('?').next().unwrap() {
        "openid-configuration" => discovery(request),
        "token" => token(n),
        "remoteAssistancePartners" => partners(),
        _ => Reply::status(404),
    })
}

fn partners() -> Reply {
    let partner = json!({"id": PARTNER, "displayName": "TeamViewer", "onboardingStatus": "onboarded"});
    Reply::status(200).body(json!({"value": [partner]}).to_string())
}

fn discovery(request: &Request) -> Reply {
    let issuer = match request.path.split('/').nth(1).unwrap() {
        "contoso.com" => format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "fabrikam.com" => format!("https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"),
        "example.com" => "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
        domain => {
            return refusal_of_entra("invalid_tenant", &format!("AADSTS90002: Tenant '{domain}' not found."));
        }
    };
    Reply::status(200).body(json!({"issuer": issuer}).to_string())
}

/// The answer that grants this access token.
fn grant(token: &str) -> Reply {
    Reply::status(200).body(json!({"token_type": "Bearer", "access_token": token}).to_string())
}

/// The claims of an application's token.
fn of_application(changes: &Value) -> Value {
    let mut claims = json!({"upn": null, "scp": null, "roles": [jwt::PERMISSION], "idtyp": "app", "appid": CLIENT});
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    claims
}

#[test]
fn identity() {
    let mut screens = Screens::new("08-identity");
    let service = service(|_| Reply::status(500));
    screens.serve(&service);
    screens.home.file("token.txt", token(&json!({})));
    usual(&mut screens);
    no_token(&mut screens);
    unusable_tokens(&mut screens);
    contradictions(&mut screens);
    tenants(&mut screens);
    clouds(&mut screens);
    servers(&mut screens);
    warnings(&mut screens);
    rejected(&mut screens);
    application_that_gets_a_token(&mut screens);
    application_credentials(&mut screens);
    application_without_a_token(&mut screens);
    github_actions(&mut screens);
    screens.check();
}

fn usual(screens: &mut Screens) {
    screens.heading("The token comes from a file, and has to be for Contoso");
    screens.sh(&format!("intunectl partner list --token-file token.txt --tenant {TENANT}"));
    screens.sh("intunectl partner list --token-file token.txt --tenant contoso.com");

    screens.heading("Which token a command would use, and which variables are set but not used");
    screens.set("INTUNECTL_TOKEN", &token(&json!({})));
    screens.sh(&format!("INTUNECTL_PROFILE=work AZURE_CLIENT_ID={CLIENT} intunectl auth status"));
    screens.unset("INTUNECTL_TOKEN");
}

fn no_token(screens: &mut Screens) {
    screens.heading("Nothing names a token, and the system keyring cannot be used");
    screens.sh("intunectl partner list");
}

fn unusable_tokens(screens: &mut Screens) {
    screens.heading("The token is empty");
    screens.sh("INTUNECTL_TOKEN= intunectl partner list");
    screens.sh("intunectl partner list --token \"$UNSET\"");
    screens.home.file("empty.txt", "\n");
    screens.sh("intunectl partner list --token-file empty.txt");

    screens.heading("The token contains something else");
    screens.sh("INTUNECTL_TOKEN='Bearer EwBwA8l6BAAUs5' intunectl partner list");
    screens.sh("INTUNECTL_TOKEN='\"EwBwA8l6BAAUs5\"' intunectl partner list");
    screens.sh("INTUNECTL_TOKEN='EwBwA8l6 BAAUs5' intunectl partner list");
    screens.sh(r"INTUNECTL_TOKEN=$(printf 'EwBwA8l6\377') intunectl partner list");

    screens.heading("A script gives something that is not a token");
    for text in [
        "null",
        "System.Security.SecureString",
        "${{ secrets.TOKEN }}",
        "ERROR: Please run az login to set up an account.",
    ] {
        screens.sh(&format!("INTUNECTL_TOKEN='{text}' intunectl partner list"));
    }

    screens.heading("The token is in JSON");
    screens.home.file("az.json", format!("{:#}\n", json!({"accessToken": token(&json!({})), "tokenType": "Bearer"})));
    screens.sh("intunectl partner list --token-file az.json");
    screens.home.file("ps.json", r#"{"Token":{"Length":2143},"TenantId":"contoso"}"#);
    screens.sh("intunectl partner list --token-file ps.json");
    for text in [
        r#"{"accessToken":"EwBwA8l6"#,
        r#"{"refreshToken":"EwBwA8l6BAAUs5"}"#,
        r#"{"token":"EwBwA8l6","access_token":"BAAUs5"}"#,
        r#"{"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired."}"#,
    ] {
        screens.sh(&format!("INTUNECTL_TOKEN='{text}' intunectl partner list"));
    }

    screens.heading("The file of the token cannot be read");
    screens.sh("intunectl partner list --token-file missing.txt");
    screens.home.file("disk.img", "x".repeat(300 * 1024));
    screens.sh("intunectl partner list --token-file disk.img");
    screens.home.file("picture.jpg", b"\xff\xd8\xff\xe0");
    screens.sh("intunectl partner list --token-file picture.jpg");

    screens.heading("The token has expired");
    screens.home.file("old.txt", token(&json!({"exp": expired()})));
    screens.sh("intunectl partner list --token-file old.txt");

    screens.heading("A source that this version does not support");
    screens.sh("INTUNECTL_TOKEN_COMMAND='az account get-access-token' intunectl partner list");
    screens.sh("INTUNECTL_MANAGED_IDENTITY=true intunectl partner list");

    screens.heading("The name of the profile is not valid");
    screens.sh("INTUNECTL_PROFILE= intunectl partner list");
    screens.sh("intunectl partner list --profile ''");
    screens.sh(r#"intunectl partner list --profile "$(printf 'work\007')""#);
    screens.sh(r"INTUNECTL_PROFILE=$(printf 'b\374ro') intunectl partner list");
}

fn contradictions(screens: &mut Screens) {
    screens.heading("Two options name a token");
    screens.sh("intunectl --profile work partner list --token-file token.txt");

    screens.heading("Two variables name a token");
    screens.sh("INTUNECTL_TOKEN=EwBwA8l6BAAUs5 INTUNECTL_MANAGED_IDENTITY=true intunectl partner list");

    screens.heading("Options or variables name servers that do not fit together");
    screens.unset("INTUNECTL_GRAPH_URL");
    screens.unset("INTUNECTL_LOGIN_URL");
    screens.sh("intunectl partner list --token-file token.txt --cloud china --graph-url https://graph.microsoft.us");
    screens.sh("intunectl partner list --token-file token.txt --cloud dod --login-url https://login.contoso.com");
    screens.sh("intunectl partner list --token-file token.txt --graph-url https://graph.microsoft.com \
         --login-url https://login.microsoftonline.us");
    screens.sh("INTUNECTL_CLOUD=china INTUNECTL_GRAPH_URL=https://graph.microsoft.us \
         intunectl partner list --token-file token.txt");
}

fn tenants(screens: &mut Screens) {
    let server = service(|_| Reply::status(500));
    screens.serve(&server);
    screens.heading("The token is for another tenant");
    screens.sh(&format!("intunectl partner disconnect {PARTNER} --token-file token.txt --tenant {OTHER_TENANT}"));
    screens.sh(&format!("intunectl partner disconnect {PARTNER} --token-file token.txt --tenant fabrikam.com"));

    screens.heading("The token does not say which tenant it is for");
    screens.sh(&format!("INTUNECTL_TOKEN=EwBwA8l6BAAUs5 intunectl partner disconnect {PARTNER} --tenant contoso.com"));

    screens.heading("The option does not name one tenant");
    screens.sh("intunectl partner list --token-file token.txt --tenant organizations");
    screens.sh("intunectl partner list --token-file token.txt --tenant consumers");
    screens.sh("intunectl partner list --token-file token.txt --tenant 'Contoso Ltd'");
    screens.sh("intunectl partner list --token-file token.txt --tenant ''");

    screens.heading("The domain cannot be looked up");
    screens.sh("intunectl partner list --token-file token.txt --tenant cantoso.com");
    screens.sh("intunectl partner list --token-file token.txt --tenant example.com");

    screens.heading("The sign-in server closes the connection");
    let closing = Server::always(|| Reply::Close);
    screens.set("INTUNECTL_LOGIN_URL", closing.root());
    screens.sh("intunectl partner list --token-file token.txt --tenant contoso.com --retries 0");
    screens.unset("INTUNECTL_LOGIN_URL");

    screens.heading("No server is known that could look up the domain");
    screens.sh("intunectl partner list --token-file token.txt --tenant contoso.com");
    screens.unset("INTUNECTL_GRAPH_URL");
}

fn clouds(screens: &mut Screens) {
    screens.heading("The token is for another cloud");
    screens.home.file("us-government.txt", token(&json!({"aud": "https://graph.microsoft.us"})));
    screens.sh(&format!("intunectl partner disconnect {PARTNER} --token-file us-government.txt"));

    screens.heading("There is no such cloud");
    screens.sh("INTUNECTL_CLOUD=mars intunectl partner list --token-file token.txt");
}

fn servers(screens: &mut Screens) {
    screens.heading("Only a variable names a server that is not Microsoft's");
    screens.sh("INTUNECTL_GRAPH_URL=https://graph.contoso.com intunectl partner list --token-file token.txt");
    screens.sh("INTUNECTL_LOGIN_URL=https://login.contoso.com intunectl partner list --token-file token.txt");
    screens.sh(&format!("AZURE_AUTHORITY_HOST=login.contoso.com AZURE_CLIENT_ID={CLIENT} intunectl partner list"));

    screens.heading("The address of a server is not safe for a token");
    screens.sh("intunectl partner list --token-file token.txt --graph-url http://graph.contoso.com");

    screens.heading("In a sandbox, a command names another server");
    let sandbox = service(|_| Reply::status(500));
    screens.set("INTUNECTL_SANDBOX", sandbox.root());
    screens.sh("intunectl partner list --token-file token.txt --graph-url https://graph.microsoft.com");
    screens.unset("INTUNECTL_SANDBOX");
    screens.sh("INTUNECTL_SANDBOX=1 intunectl partner list --token-file token.txt");
}

fn warnings(screens: &mut Screens) {
    let server = service(|_| Reply::status(500));
    screens.serve(&server);
    screens.heading("The token is for another service");
    screens.home.file("azure.txt", token(&json!({"aud": "https://management.azure.com/"})));
    screens.sh("intunectl partner list --token-file azure.txt");

    screens.heading("The token lacks the permission");
    screens.home.file("user-read.txt", token(&json!({"scp": "User.Read"})));
    screens.sh("intunectl partner list --token-file user-read.txt");

    screens.heading("The token is Azure CLI's");
    let azure_cli = json!({"scp": "User.Read", "appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46"});
    screens.home.file("az.txt", token(&azure_cli));
    screens.sh("intunectl partner list --token-file az.txt");
}

fn rejected(screens: &mut Screens) {
    screens.heading("Graph rejects the token");
    let rejecting = Server::always(Reply::expired);
    screens.serve(&rejecting);
    screens.sh("intunectl partner list --token-file token.txt");
}

fn set_application(screens: &mut Screens) {
    screens.set("AZURE_TENANT_ID", TENANT);
    screens.set("AZURE_CLIENT_ID", CLIENT);
    screens.set("AZURE_CLIENT_SECRET", "a-client-secret");
}

fn application_that_gets_a_token(screens: &mut Screens) {
    screens.heading("An application signs in with its secret");
    set_application(screens);
    let right = service(|_| grant(&token(&of_application(&json!({})))));
    screens.serve(&right);
    screens.sh("intunectl partner list");

    screens.heading("The application's token is for another service");
    let azure = service(|_| grant(&token(&of_application(&json!({"aud": "https://management.azure.com"})))));
    screens.serve(&azure);
    screens.sh("intunectl partner list");

    screens.heading("The application's token is for another tenant");
    screens.serve(&right);
    screens.sh(&format!("intunectl partner list --tenant {OTHER_TENANT}"));

    screens.heading("The application's token is for another cloud");
    let other = service(|_| grant(&token(&of_application(&json!({"aud": "https://graph.microsoft.us"})))));
    screens.unset("INTUNECTL_GRAPH_URL");
    screens.unset("INTUNECTL_LOGIN_URL");
    screens.sh(&format!("intunectl partner list --graph-url https://graph.microsoft.com --login-url {}", other.root()));

    screens.heading("The application's token has expired already");
    let old = service(|_| grant(&token(&of_application(&json!({"exp": expired()})))));
    screens.serve(&old);
    screens.sh("intunectl partner list");

    screens.heading("Graph rejects the application's token");
    let rejecting = Server::start(|request, _| match request.is_post() {
        true => grant(&token(&of_application(&json!({})))),
        false => Reply::expired(),
    });
    screens.serve(&rejecting);
    screens.sh("intunectl partner list");

    screens.heading("The new token of a running command is for another tenant");
    let moving = Server::start(|request, n| match (request.is_post(), n) {
        (true, 0) => grant(&token(&of_application(&json!({})))),
        (true, _) => grant(&token(&of_application(&json!({"tid": OTHER_TENANT})))),
        (false, _) => Reply::expired(),
    });
    screens.serve(&moving);
    screens.sh("intunectl partner list");
    screens.unset("INTUNECTL_GRAPH_URL");
    screens.unset("INTUNECTL_LOGIN_URL");
    for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"] {
        screens.unset(name);
    }
}

fn application_credentials(screens: &mut Screens) {
    let named = format!("AZURE_TENANT_ID={TENANT} AZURE_CLIENT_ID={CLIENT}");
    screens.heading("Application credentials are incomplete");
    screens.sh("AZURE_CLIENT_SECRET=a-client-secret intunectl partner list");
    screens.sh(&format!("{named} intunectl partner list"));
    screens.sh(&format!("{named} ACTIONS_ID_TOKEN_REQUEST_TOKEN=a-token intunectl partner list"));

    screens.heading("Application credentials are empty or not valid");
    screens.sh(&format!("{named} AZURE_CLIENT_SECRET= intunectl partner list"));
    screens.sh(&format!(
        "AZURE_TENANT_ID=common AZURE_CLIENT_ID={CLIENT} AZURE_CLIENT_SECRET=a-client-secret intunectl partner list"
    ));
    screens.sh(r"AZURE_CLIENT_SECRET=$(printf '\377') intunectl partner list");

    screens.heading("Application credentials that this version does not support");
    screens.sh(&format!("{named} AZURE_CLIENT_CERTIFICATE_PATH=app.pem intunectl partner list"));
    screens.sh(&format!("{named} AZURE_FEDERATED_TOKEN=an-assertion intunectl partner list"));
    screens.sh(&format!("{named} SYSTEM_OIDCREQUESTURI=https://dev.azure.com/contoso intunectl partner list"));

    screens.heading("Application credentials with another Graph server, but without its sign-in server");
    screens.sh(&format!(
        "{named} AZURE_CLIENT_SECRET=a-client-secret intunectl partner list --graph-url https://graph.contoso.com"
    ));
}

fn application_without_a_token(screens: &mut Screens) {
    let refusing = service(|_| {
        refusal_of_entra("invalid_client", "AADSTS7000114: Application 'contoso' is not allowed to make this call.")
    });
    screens.serve(&refusing);
    set_application(screens);
    screens.heading("The sign-in service refuses the application");
    screens.sh("intunectl partner list");
    screens.unset("AZURE_CLIENT_SECRET");

    screens.heading("The file with the federated token cannot be used");
    screens.sh("AZURE_FEDERATED_TOKEN_FILE=missing.txt intunectl partner list");
    screens.sh("AZURE_FEDERATED_TOKEN_FILE=empty.txt intunectl partner list");
    screens.home.file("placeholder.txt", "$(ID_TOKEN)\n");
    screens.sh("AZURE_FEDERATED_TOKEN_FILE=placeholder.txt intunectl partner list");

    screens.heading("The secret of the application is not set in the pipeline");
    screens.sh("AZURE_CLIENT_SECRET='$(CLIENT_SECRET)' intunectl partner list");
    screens.sh("AZURE_CLIENT_SECRET=null intunectl partner list");
}

fn github_actions(screens: &mut Screens) {
    screens.heading("In GitHub Actions, the job gets no identity token");
    let github = Server::always(|| Reply::status(403).body("<html>no</html>"));
    screens.set("ACTIONS_ID_TOKEN_REQUEST_URL", github.root());
    screens.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "a-token");
    screens.sh("intunectl partner list");
    let empty = Server::always(|| Reply::status(200).body(r#"{"value":""}"#));
    screens.set("ACTIONS_ID_TOKEN_REQUEST_URL", empty.root());
    screens.sh("intunectl partner list");
    let closing = Server::always(|| Reply::Close);
    screens.set("ACTIONS_ID_TOKEN_REQUEST_URL", closing.root());
    screens.sh("intunectl partner list --retries 0");

    screens.heading("The variables of GitHub Actions are not valid");
    screens.sh("ACTIONS_ID_TOKEN_REQUEST_URL=github intunectl partner list");
    screens.sh("ACTIONS_ID_TOKEN_REQUEST_URL=https://job:secret@github.example intunectl partner list");
    screens.sh(r#"ACTIONS_ID_TOKEN_REQUEST_TOKEN="$(printf 'a\001b')" intunectl partner list"#);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn profile_identity() {
    let mut screens = Screens::at("08-profile-identity", Intunectl::with_keyring());
    let sign_out =
        |screens: &Screens| assert_eq!(run(screens.command().args(["auth", "logout", "--all"])).code, Some(0));
    sign_out(&screens);
    let server = service(|_| Reply::status(500));
    screens.home.file("token.txt", token(&json!({})));
    screens.home.file("empty.txt", "");

    screens.heading("Not signed in");
    screens.sh("intunectl partner list");
    screens.sh("intunectl partner list --profile contoso");

    screens.heading("A token is stored in a profile, and used from there");
    screens.set("INTUNECTL_GRAPH_URL", server.root());
    screens.sh("intunectl auth login --with-token --profile contoso < token.txt");
    screens.unset("INTUNECTL_GRAPH_URL");
    screens.sh("intunectl partner list --profile contoso");

    screens.heading("There is no token to store, or it is for another tenant");
    screens.sh("intunectl auth login --with-token < empty.txt");
    screens.sh("echo null | intunectl auth login --with-token");
    screens.sh(&format!("intunectl auth login --with-token --tenant {OTHER_TENANT} < token.txt"));

    screens.heading("Another source is used instead of the sign-in");
    screens.set("INTUNECTL_GRAPH_URL", server.root());
    screens.sh("INTUNECTL_TOKEN=EwBwA8l6BAAUs5 intunectl auth login --with-token < token.txt");
    screens.sh(&format!("AZURE_CLIENT_ID={CLIENT} intunectl auth login --with-token < token.txt"));
    screens.unset("INTUNECTL_GRAPH_URL");

    screens.heading("The profile is for another tenant");
    screens.sh(&format!("intunectl partner disconnect {PARTNER} --tenant {OTHER_TENANT}"));

    screens.heading("The profile is for other servers");
    screens.sh(&format!("intunectl partner disconnect {PARTNER} --profile contoso --cloud global"));
    screens.sh(&format!(
        "INTUNECTL_LOGIN_URL=https://login.microsoftonline.us intunectl partner disconnect {PARTNER} --profile contoso"
    ));

    screens.heading("Graph rejects the profile's token");
    let rejecting = Server::always(Reply::expired);
    screens.set("INTUNECTL_GRAPH_URL", rejecting.root());
    assert_eq!(run_with(screens.command().args(["auth", "login", "--with-token"]), token(&json!({}))).code, Some(0));
    screens.unset("INTUNECTL_GRAPH_URL");
    screens.sh("intunectl partner list");

    screens.heading("The sign-ins of a sandbox are its own");
    screens.set("INTUNECTL_SANDBOX", server.root());
    screens.sh("intunectl auth list");
    screens.sh("intunectl auth login --with-token < token.txt");
    let restarted = service(|_| Reply::status(500));
    let restarted = restarted.root().replace("127.0.0.1", "localhost");
    screens.mask(&restarted, "http://localhost:9090");
    screens.set("INTUNECTL_SANDBOX", &restarted);
    screens.sh("intunectl partner list");
    sign_out(&screens);
    screens.unset("INTUNECTL_SANDBOX");

    screens.heading("The keyring has an address that is not valid");
    keyring::store_session(
        "damaged",
        r#"{"access_token":"a","graph_url":"graph","login_url":"https://login.microsoftonline.com"}"#,
    );
    screens.sh("intunectl partner list --profile damaged");

    screens.heading("The keyring has a token that cannot be sent");
    keyring::store_session(
        "damaged",
        r#"{"access_token":"a b","graph_url":"https://graph.microsoft.com","login_url":"https://login.microsoftonline.com"}"#,
    );
    screens.sh("intunectl partner list --profile damaged");
    sign_out(&screens);

    screens.heading("The renewed sign-in cannot be stored");
    // A link to the keyring's bus, which the renewal takes away.
    let address = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
    let bus = address.split([',', ';']).find_map(|part| part.strip_prefix("unix:path=")).unwrap();
    let link = screens.home.home().join("bus");
    std::os::unix::fs::symlink(bus, &link).unwrap();
    let gone = link.clone();
    let platform = Platform::start(
        move |_, issuer| {
            std::fs::remove_file(&gone).unwrap();
            issuer.grant(3600)
        },
        |_, _| partners(),
    );
    platform.at_sign_in(60);
    let root = platform.root();
    let login = ["auth", "login", "--device-code", "--graph-url", root, "--login-url", root];
    assert_eq!(run(screens.command().args(login)).code, Some(0));
    screens.set("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", link.display()));
    screens.sh("intunectl partner list");
    screens.unset("DBUS_SESSION_BUS_ADDRESS");
    sign_out(&screens);
    screens.check();
}
