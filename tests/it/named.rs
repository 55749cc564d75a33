//! A run acts on exactly the tenant, the identity and the partners that the user named, or on nothing.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::graph::{Graph, Unspoken};
use crate::support::jwt::{OTHER_TENANT, TENANT};
use crate::support::named_pipe::NamedPipe;
use crate::support::server::{Reply, Request, Server};
use crate::support::{Intunectl, Seen, TOKEN, jwt, run};

/// Every command that talks to Graph or prints a token.
const COMMANDS: [&[&str]; 7] = [
    &["partner", "disconnect", "a"],
    &["partner", "onboard", "a"],
    &["partner", "delete", "a"],
    &["partner", "show", "a"],
    &["partner", "list"],
    &["auth", "status"],
    &["auth", "token"],
];

/// How many requests a command sends to Graph. After onboarding, it reads the partner.
fn requests_of(words: &[&str]) -> usize {
    match words {
        ["partner", "onboard", ..] => 2,
        ["partner", ..] => 1,
        _ => 0,
    }
}

/// A command with these options, with a server that is Graph and the sign-in service.
fn command(home: &Intunectl, server: &Server, words: &[&str], options: &[&str]) -> Command {
    let mut command = home.command();
    command.args(words).args(options).args(["--graph-url", server.root(), "--login-url", server.root()]);
    command
}

/// A Graph in which every request succeeds, and a sign-in service that knows some domains.
fn service() -> Server {
    Server::start(|request, _| match (request.is_write(), request.path.split('/').nth(1).unwrap()) {
        _ if is_discovery(request) => discovery(request),
        (true, _) => Reply::done(),
        (false, _) if request.path.ends_with("Partners") => Reply::status(200).body(r#"{"value":[]}"#),
        (false, _) => Reply::partner("a", "onboarded"),
    })
}

fn is_discovery(request: &Request) -> bool {
    request.path.ends_with("/v2.0/.well-known/openid-configuration")
}

/// Microsoft Entra's answer for a domain.
fn discovery(request: &Request) -> Reply {
    assert!(request.header("authorization").is_none(), "a token was sent with a look-up");
    let issuer = match request.path.split('/').nth(1).unwrap() {
        "contoso.example" => format!("https://login.example/{TENANT}/v2.0"),
        "fabrikam.example" => format!("https://login.partner.example/{OTHER_TENANT}/v2.0"),
        "odd.example" => "https://login.example/{tenantid}/v2.0".to_owned(),
        domain => {
            let words =
                format!("AADSTS90002: Tenant '{domain}' not found. Trace ID: t Correlation ID: c Timestamp: now");
            let body = json!({"error": "invalid_tenant", "error_description": words, "error_codes": [90002]});
            return Reply::status(400).body(body.to_string());
        }
    };
    Reply::status(200).body(json!({"issuer": issuer, "token_endpoint": "x"}).to_string())
}

/// Asserts that a command failed before it sent anything to Graph, and printed nothing.
#[track_caller]
fn assert_refused(seen: &Seen, server: &Server, code: i32, words: &[&str]) {
    // `auth status` shows at most the source.
    let printed = seen.stdout.lines().filter(|line| !line.starts_with("Source: ")).count();
    assert_eq!((printed, seen.code), (0, Some(code)), "{seen:?}");
    assert!(
        seen.stderr.lines().any(|line| line.starts_with("error: ") && line.ends_with("; nothing was sent")),
        "{seen:?}"
    );
    assert!(seen.stderr.contains("\nhint: "), "{seen:?}");
    for words in words {
        assert!(seen.stderr.contains(words), "{words:?}: {seen:?}");
    }
    let sent: Vec<_> = server.requests().into_iter().filter(|request| !is_discovery(request)).collect();
    assert!(sent.is_empty(), "{sent:?}");
}

// The tenant.

#[test]
fn every_command_rejects_a_token_for_another_tenant_even_if_quiet() {
    let server = service();
    let home = Intunectl::new();
    home.file("token", jwt::good());
    for words in COMMANDS {
        for quiet in [&[][..], &["-q"]] {
            for (option, variable, name) in [
                (&["--token-file", "token"][..], None, "the token in token"),
                (&[], Some(jwt::good()), "the token from INTUNECTL_TOKEN"),
            ] {
                let options = [&["--tenant", OTHER_TENANT], quiet, option].concat();
                let mut command = command(&home, &server, words, &options);
                let seen = run(command.envs(variable.map(|token| ("INTUNECTL_TOKEN", token))));
                let error = format!("error: {name} is for tenant {TENANT}, not for {OTHER_TENANT}; nothing was sent\n");
                let login = format!("\n  intunectl auth login --profile NAME --tenant {OTHER_TENANT}\n");
                assert_refused(&seen, &server, 4, &[&error, &login]);
            }
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_token_for_the_named_tenant_is_used_and_an_id_needs_no_look_up() {
    for tenant in [TENANT.to_owned(), TENANT.to_uppercase(), TENANT.replace('-', "")] {
        for words in COMMANDS {
            let (server, home) = (service(), Intunectl::new());
            let mut command = command(&home, &server, words, &["--tenant", &tenant]);
            let seen = Seen::from(command.env("INTUNECTL_TOKEN", jwt::good()).output().unwrap());
            assert_eq!(seen.code, Some(0), "{tenant}: {seen:?}");
            assert_eq!(server.requests().len(), requests_of(words), "{words:?}: {:?}", server.requests());
        }
    }
}

#[test]
fn a_token_that_names_no_tenant_is_rejected_without_a_look_up() {
    let server = service();
    let home = Intunectl::new();
    for tenant in [TENANT, "contoso.example"] {
        for token in ["opaque-token-of-this-test".to_owned(), jwt::but(&json!({"tid": null}))] {
            for words in COMMANDS {
                let mut command = command(&home, &server, words, &["--tenant", tenant]);
                let seen = run(command.env("INTUNECTL_TOKEN", &token));
                let error =
                    format!("the token from INTUNECTL_TOKEN does not name its tenant; cannot check --tenant {tenant}");
                assert_refused(&seen, &server, 4, &[&error]);
            }
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_domain_is_looked_up_once_first_and_without_the_token() {
    for words in COMMANDS {
        let (server, home) = (service(), Intunectl::new());
        let mut matching = command(&home, &server, words, &["--tenant", "Contoso.example"]);
        let seen = Seen::from(matching.env("INTUNECTL_TOKEN", jwt::good()).output().unwrap());
        assert_eq!(seen.code, Some(0), "{seen:?}");
        let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
        assert_eq!(paths[0], "/contoso.example/v2.0/.well-known/openid-configuration");
        assert_eq!(paths.len(), 1 + requests_of(words), "{paths:?}");

        let server = service();
        let mut other = command(&home, &server, words, &["--tenant", "fabrikam.example"]);
        let seen = run(other.env("INTUNECTL_TOKEN", jwt::good()));
        let error = format!("is for tenant {TENANT}, not for fabrikam.example ({OTHER_TENANT}); nothing was sent\n");
        assert_refused(&seen, &server, 4, &[&error, "--tenant fabrikam.example\n"]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_domain_whose_tenant_cannot_be_found_is_exit_4() {
    let home = Intunectl::new();
    for (domain, words) in [
        ("unknown.example", "AADSTS90002: Tenant 'unknown.example' not found. (correlation ID c)"),
        ("odd.example", "the answer contains no tenant ID"),
    ] {
        let server = service();
        let mut command = command(&home, &server, COMMANDS[0], &["--tenant", domain]);
        let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()));
        let error = format!("error: cannot find the tenant of {domain}");
        assert_refused(&seen, &server, 4, &[&error, words]);
    }
    type Answer = fn() -> Reply;
    let replies: [(Answer, &str); 7] = [
        (|| Reply::status(200).body("<html>hotel</html>"), "200 OK"),
        (|| Reply::status(200).body(r#"{"issuer":"nonsense"}"#), "contains no tenant ID"),
        (|| Reply::status(404), "404"),
        (|| Reply::status(302).header("Location", "https://elsewhere.example"), "intunectl does not follow redirects"),
        (|| Reply::status(400).body(r#"{"issuer":"https://x/11111111-2222-3333-4444-555555555555"}"#), "400"),
        (|| Reply::Close, "connection lost"),
        (|| Reply::status(200).body("{\"issuer\":\"\u{1b}[2J\"}"), "200 OK"),
    ];
    for (reply, words) in replies {
        let server = Server::always(reply);
        let mut command = command(&home, &server, COMMANDS[0], &["--tenant", "contoso.example", "--retries", "0"]);
        let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()));
        assert_refused(&seen, &server, 4, &["cannot find the tenant of contoso.example", words]);
        assert!(!seen.stderr.contains('\u{1b}'), "{seen:?}");
    }
}

#[test]
fn a_domain_without_a_known_sign_in_server_is_exit_4() {
    let server = service();
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(["partner", "disconnect", "a", "--tenant", "contoso.example", "--graph-url", server.root()]);
    let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()));
    assert_refused(&seen, &server, 4, &["use the tenant's ID in --tenant, or add --login-url URL"]);
}

#[test]
fn a_placeholder_for_any_tenant_is_a_usage_error() {
    let server = service();
    let home = Intunectl::new();
    for tenant in ["organizations", "common"] {
        let mut command = command(&home, &server, COMMANDS[0], &["--tenant", tenant]);
        assert_refused(
            &run(command.env("INTUNECTL_TOKEN", jwt::good())),
            &server,
            2,
            &["does not select a single tenant"],
        );
    }
}

#[test]
fn control_characters_in_a_tenant_never_reach_the_terminal() {
    let server = service();
    let home = Intunectl::new();
    let hostile = jwt::but(&json!({"tid": "\u{1b}[2J\r\nerror: fake"}));
    let mut command = command(&home, &server, COMMANDS[0], &["--tenant", OTHER_TENANT]);
    let seen = run(command.env("INTUNECTL_TOKEN", hostile));
    assert_refused(&seen, &server, 4, &[]);
    assert!(!seen.stderr.contains(['\u{1b}', '\r']) && seen.stderr.matches("\nerror:").count() == 0, "{seen:?}");
}

// An application.

/// A sign-in service that issues these tokens, and Graph.
fn platform(token: impl Fn(&Request) -> String + Send + Sync + 'static) -> Server {
    Server::start(move |request, _| match request.path.ends_with("/oauth2/v2.0/token") {
        true => {
            let body = json!({"access_token": token(request), "token_type": "Bearer", "expires_in": 3600});
            Reply::status(200).body(body.to_string())
        }
        false if request.is_post() => Reply::done(),
        false => Reply::status(200).body(r#"{"value":[]}"#),
    })
}

const APP: [(&str, &str); 2] = [("AZURE_CLIENT_ID", "an-app"), ("AZURE_CLIENT_SECRET", "s3cret-of-the-app")];

#[test]
fn an_application_requests_its_token_from_the_tenant_in_the_option() {
    for variable in [None, Some("contoso.example"), Some("")] {
        let server = platform(|request| {
            assert!(request.path.starts_with(&format!("/{OTHER_TENANT}/")), "{request:?}");
            jwt::but(
                &json!({"tid": OTHER_TENANT, "upn": null, "scp": null, "roles": [jwt::PERMISSION], "appid": "an-app"}),
            )
        });
        let home = Intunectl::new();
        let mut command = command(&home, &server, COMMANDS[0], &["--tenant", OTHER_TENANT, "-o", "ndjson"]);
        let seen = run(command.envs(APP).envs(variable.map(|tenant| ("AZURE_TENANT_ID", tenant))));
        assert_eq!(seen.code, Some(0), "{seen:?}");
        let record = &seen.records()[0];
        assert_eq!((&record["tenant_id"], &record["account"]), (&json!(OTHER_TENANT), &json!("an-app")));
    }
}

#[test]
fn an_application_does_not_use_a_token_for_another_tenant() {
    for (token, words) in [
        (jwt::good(), format!("is for tenant {TENANT}, not for {OTHER_TENANT}")),
        ("opaque-token-of-this-test".to_owned(), "does not name its tenant".to_owned()),
    ] {
        let server = platform(move |_| token.clone());
        let home = Intunectl::new();
        let mut command = command(&home, &server, COMMANDS[0], &["--tenant", OTHER_TENANT]);
        let seen = run(command.envs(APP));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{seen:?}");
        assert!(seen.stderr.contains(&words), "{seen:?}");
        assert!(server.requests().iter().all(|request| request.path.ends_with("/token")));
    }
}

#[test]
fn with_incomplete_application_credentials_no_sign_in_is_used_instead() {
    let server = service();
    let home = Intunectl::new();
    for (variables, words) in [
        (&[("AZURE_CLIENT_ID", "c")][..], "found AZURE_CLIENT_ID; missing AZURE_TENANT_ID, a credential ("),
        (&[("AZURE_CLIENT_SECRET", "s")], "found AZURE_CLIENT_SECRET; missing AZURE_TENANT_ID, AZURE_CLIENT_ID"),
        (
            &[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://x")],
            "missing ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        ),
        (
            &[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_CERTIFICATE_PATH", "/tmp/cert.pem")],
            "AZURE_CLIENT_CERTIFICATE_PATH is set, but this version cannot sign in with a certificate;",
        ),
        (
            &[
                ("AZURE_TENANT_ID", "t"),
                ("AZURE_CLIENT_ID", "c"),
                ("SYSTEM_OIDCREQUESTURI", "http://127.0.0.1:9/oidc"),
                ("SYSTEM_ACCESSTOKEN", "x"),
                ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "c"),
            ],
            "SYSTEM_OIDCREQUESTURI is set, but this version cannot sign in with an Azure DevOps service connection",
        ),
        (&[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "")], "AZURE_CLIENT_ID is empty"),
        (&[("INTUNECTL_TOKEN_COMMAND", "echo x")], "INTUNECTL_TOKEN_COMMAND is set, but this version cannot use it"),
        (
            &[("INTUNECTL_MANAGED_IDENTITY", "true")],
            "INTUNECTL_MANAGED_IDENTITY is set, but this version cannot use it",
        ),
    ] {
        for words_of in COMMANDS {
            let mut command = command(&home, &server, words_of, &[]);
            let seen = run(command.envs(variables.iter().copied()));
            assert_refused(&seen, &server, 4, &[words]);
            assert!(!seen.stderr.contains("keyring"), "the keyring was used: {seen:?}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_application_needs_the_name_of_one_tenant() {
    let server = service();
    let home = Intunectl::new();
    for tenant in ["organizations", "common", "consumers", "Organizations"] {
        let mut command = command(&home, &server, COMMANDS[0], &[]);
        let seen = run(command.envs(APP).env("AZURE_TENANT_ID", tenant));
        assert_refused(&seen, &server, 4, &["error: AZURE_TENANT_ID "]);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn with_graph_url_a_secret_is_sent_only_to_the_sign_in_server_in_login_url() {
    let (server, leftover) = (service(), Unspoken::new());
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(COMMANDS[0]).args(["--graph-url", server.root()]).envs(APP).env("AZURE_TENANT_ID", TENANT);
    let seen = run(command.env("INTUNECTL_LOGIN_URL", leftover.url()));
    assert_refused(
        &seen,
        &server,
        4,
        &["no sign-in server is known for the Graph server in --graph-url", "add --login-url"],
    );
    leftover.assert_unspoken();
}

// Precedence and contradictions.

#[test]
fn an_option_that_selects_a_token_tenant_or_server_cannot_be_given_twice() {
    let server = service();
    let home = Intunectl::new();
    home.file("token", jwt::good());
    for [before, after] in [
        [["--tenant", OTHER_TENANT], ["--tenant", TENANT]],
        [["--tenant", TENANT], ["--tenant", TENANT]],
        [["--token", "one-token"], ["--token", "another-token"]],
        [["--token-file", "token"], ["--token-file", "token"]],
        [["--profile", "a"], ["--profile", "b"]],
        [["--cloud", "china"], ["--cloud", "global"]],
        [["--graph-url", "https://graph.example"], ["--graph-url", server.root()]],
        [["--login-url", "https://login.example"], ["--login-url", server.root()]],
    ] {
        let equals = format!("{}={}", before[0], before[1]);
        for before in [&before[..], &[equals.as_str()]] {
            for words in COMMANDS {
                for middle in [&[&words[..1], before, &words[1..], &after].concat(), &[before, words, &after].concat()]
                {
                    let mut command = home.command();
                    let seen = run(command.args(middle).env("INTUNECTL_GRAPH_URL", server.root()));
                    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{middle:?}: {seen:?}");
                    assert!(seen.stderr.contains(&format!("'{}' cannot be used multiple times", after[0])), "{seen:?}");
                }
            }
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_empty_source_is_an_error_and_the_next_source_is_not_used() {
    let server = service();
    let home = Intunectl::new();
    for (error, code) in [
        ("INTUNECTL_TOKEN is empty", 4),
        ("INTUNECTL_TOKEN_COMMAND is set, but this version cannot", 4),
        ("INTUNECTL_MANAGED_IDENTITY is set, but this version cannot", 4),
        ("INTUNECTL_PROFILE is empty", 2),
    ] {
        let variable = error.split(' ').next().unwrap();
        let mut command = command(&home, &server, COMMANDS[0], &[]);
        let seen = run(command.envs(APP).env("AZURE_TENANT_ID", TENANT).env(variable, ""));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)), "{variable}: {seen:?}");
        assert!(seen.stderr.starts_with(&format!("error: {error}")), "{seen:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_domain_is_not_looked_up_at_a_sign_in_server_that_was_left_in_a_variable() {
    let (leftover, proxy) = (Unspoken::new(), Server::always(|| Reply::Close));
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(COMMANDS[0]).args(["--tenant", "contoso.example", "--retries", "0"]).env("HTTPS_PROXY", proxy.root());
    let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()).env("INTUNECTL_LOGIN_URL", leftover.url()));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{seen:?}");
    let asked: Vec<_> = proxy.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["login.microsoftonline.com:443"]);
    leftover.assert_unspoken();
}

#[test]
fn a_server_on_this_machine_is_reached_without_a_proxy_over_tls_too() {
    let proxy = Unspoken::new();
    let home = Intunectl::new();
    let mut command = home.command();
    // Nothing listens on this port.
    command.args(COMMANDS[0]).args(["--retries", "0"]).env("INTUNECTL_GRAPH_URL", "https://localhost:9");
    let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()).env("HTTPS_PROXY", proxy.url()));
    assert_eq!(seen.code, Some(1), "{seen:?}");
    proxy.assert_unspoken();
}

#[test]
fn variables_do_not_override_the_profile_option() {
    let server = service();
    let home = Intunectl::new();
    for variables in [&[("INTUNECTL_TOKEN", "a-token")][..], &APP] {
        // Windows always has a keyring, so this profile must not exist.
        let mut command = command(&home, &server, COMMANDS[0], &["--profile", "of-nobody"]);
        let seen = run(command.env("AZURE_TENANT_ID", TENANT).envs(variables.iter().copied()));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{seen:?}");
        let why = if cfg!(windows) { "not signed in (profile 'of-nobody')\n" } else { "the keyring cannot be used" };
        assert!(seen.stderr.starts_with(&format!("error: no access token: {why}")), "{seen:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn contradicting_options_or_variables_are_exit_2() {
    let server = service();
    let home = Intunectl::new();
    home.file("token", TOKEN);
    let with_token =
        |words: &[&str]| [&["--token-file", "token"], words].concat().iter().map(ToString::to_string).collect();
    let options: Vec<Vec<String>> = vec![
        with_token(&["--token", "another-token"]),
        with_token(&["--profile", "prod"]),
        with_token(&["--cloud", "china", "--graph-url", server.root()]),
        with_token(&["--cloud", "china", "--login-url", server.root()]),
        with_token(&["--cloud", "global", "--graph-url", "https://graph.microsoft.us"]),
        with_token(&["--graph-url", "https://graph.microsoft.com", "--login-url", "https://login.microsoftonline.us"]),
    ];
    for options in options {
        let mut command = home.command();
        let seen = run(command.args(COMMANDS[0]).args(&options));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{options:?}: {seen:?}");
    }
    let root = server.root();
    for variables in [
        &[("INTUNECTL_CLOUD", "china"), ("INTUNECTL_GRAPH_URL", root)][..],
        &[("INTUNECTL_CLOUD", "china"), ("INTUNECTL_LOGIN_URL", root)],
        &[("INTUNECTL_GRAPH_URL", root), ("INTUNECTL_TOKEN_COMMAND", "echo x")],
        &[("INTUNECTL_GRAPH_URL", root), ("INTUNECTL_MANAGED_IDENTITY", "true")],
    ] {
        let mut command = home.command();
        let seen = run(command.args(COMMANDS[0]).env("INTUNECTL_TOKEN", TOKEN).envs(variables.iter().copied()));
        assert_refused(&seen, &server, 2, &[variables.last().unwrap().0]);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_server_that_was_left_in_a_variable_does_not_override_the_cloud_option() {
    let (leftover, proxy) = (Unspoken::new(), Server::always(|| Reply::Close));
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(COMMANDS[0]).args(["--cloud", "global", "--retries", "0"]).env("HTTPS_PROXY", proxy.root());
    command.env("INTUNECTL_TOKEN", jwt::good()).env("INTUNECTL_GRAPH_URL", leftover.url());
    assert_eq!(run(&mut command).code, Some(1));
    let asked: Vec<_> = proxy.requests().into_iter().map(|request| (request.method, request.path)).collect();
    assert_eq!(asked, [("CONNECT".to_owned(), "graph.microsoft.com:443".to_owned())]);
    leftover.assert_unspoken();
}

#[test]
fn a_foreign_server_in_a_variable_is_exit_2_and_the_option_is_named() {
    let home = Intunectl::new();
    for (variable, url, option) in [
        ("INTUNECTL_GRAPH_URL", "https://graph.micros0ft.example", "--graph-url"),
        ("INTUNECTL_LOGIN_URL", "https://login.micros0ft.example", "--login-url"),
    ] {
        for words in COMMANDS {
            let mut command = home.command();
            let seen = run(command.args(words).env("INTUNECTL_TOKEN", jwt::good()).env(variable, url));
            assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
            let host = url.trim_start_matches("https://");
            let error = format!("error: {variable} names {host}, which is neither ");
            let hint = format!("; nothing was sent\nhint: unset {variable}");
            assert!(seen.stderr.starts_with(&error) && seen.stderr.contains(&hint), "{seen:?}");
            assert!(seen.stderr.contains(option), "{seen:?}");
        }
    }
    let seen = run(home
        .command()
        .args(COMMANDS[0])
        .envs([("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s")])
        .env("AZURE_AUTHORITY_HOST", "https://login.micros0ft.example/"));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
    assert!(seen.stderr.contains("AZURE_AUTHORITY_HOST is not the sign-in server of a Microsoft cloud"), "{seen:?}");
    assert!(seen.stderr.contains("--login-url"), "{seen:?}");
}

#[test]
fn a_token_for_another_cloud_is_exit_4_and_the_cloud_option_is_named() {
    let home = Intunectl::new();
    for (audience, cloud) in [
        ("https://graph.microsoft.us", "gcc-high"),
        ("https://graph.microsoft.us/", "gcc-high"),
        ("HTTPS://DOD-GRAPH.MICROSOFT.US", "dod"),
        ("https://microsoftgraph.chinacloudapi.cn", "china"),
    ] {
        for words in COMMANDS {
            let mut command = home.command();
            let seen = run(command.args(words).env("INTUNECTL_TOKEN", jwt::but(&json!({"aud": audience}))));
            let source = if words == ["auth", "status"] { "Source:      INTUNECTL_TOKEN\n" } else { "" };
            assert_eq!((seen.stdout.as_str(), seen.code), (source, Some(4)), "{seen:?}");
            let error = format!(
                "error: the token is for the cloud {cloud} ({}), not for global",
                audience.trim_end_matches('/').to_lowercase()
            );
            assert!(seen.stderr.starts_with(&error), "{seen:?}");
            assert!(seen.stderr.ends_with(&format!("to act in {cloud}, use --cloud {cloud}\n")), "{seen:?}");
        }
    }
    // Graph's ID is the same in every cloud, and a server of the user's own may forward to any cloud.
    for changes in
        [json!({"aud": "00000003-0000-0000-c000-000000000000"}), json!({"aud": "https://graph.microsoft.us"})]
    {
        let graph = Graph::that_does_it();
        let mut command = home.disconnect(&graph.url());
        assert_eq!(run(command.arg("a").env("INTUNECTL_TOKEN", jwt::but(&changes))).code, Some(0));
    }
    for cloud in ["gcc-high", "dod"] {
        let mut command = home.command();
        command.args(["auth", "token", "--cloud", cloud]);
        let token = jwt::but(&json!({"aud": "00000003-0000-0000-c000-000000000000"}));
        assert_eq!(Seen::from(command.env("INTUNECTL_TOKEN", token).output().unwrap()).code, Some(0));
    }
}

#[test]
fn status_shows_the_source_and_the_variables_that_are_not_used() {
    let home = Intunectl::new();
    let status = |format: &str| {
        let mut command = home.command();
        command.args(["auth", "status", "-o", format, "--cloud", "global"]).env("INTUNECTL_TOKEN", jwt::good());
        command.env("INTUNECTL_PROFILE", "work").env("AZURE_CLIENT_ID", "c").env("INTUNECTL_GRAPH_URL", "nonsense");
        run(&mut command)
    };
    let seen = status("text");
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let start = "Source:      INTUNECTL_TOKEN\nNot used:    INTUNECTL_PROFILE, AZURE_CLIENT_ID, INTUNECTL_GRAPH_URL\n";
    assert!(seen.stdout.starts_with(start), "{seen:?}");
    let report: Value = serde_json::from_str(&status("json").stdout).unwrap();
    assert_eq!(report["unused"], json!(["INTUNECTL_PROFILE", "AZURE_CLIENT_ID", "INTUNECTL_GRAPH_URL"]));
    let mut command = home.command();
    let seen = run(command.args(["auth", "status", "-o", "json", "--profile", "p"]).env("INTUNECTL_TOKEN", "t"));
    let report: Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!((&report["source"], &report["unused"]), (&json!("profile 'p'"), &json!(["INTUNECTL_TOKEN"])));
}

// Records.

#[test]
fn every_record_names_its_tenant_graph_server_and_account() {
    let server = Server::start(|request, _| match request.id() {
        "a" if request.is_post() => Reply::done(),
        _ => Reply::status(404),
    });
    let home = Intunectl::new();
    let app =
        jwt::but(&json!({"upn": null, "scp": null, "roles": [jwt::PERMISSION], "appid": "an-app", "idtyp": "app"}));
    let unnamed = jwt::but(&json!({"upn": null, "appid": "an-app"}));
    for (token, tenant, account) in [
        (jwt::good(), json!(TENANT), json!("admin@contoso.example")),
        (app, json!(TENANT), json!("an-app")),
        // The account is unknown; it is not the application.
        (unnamed, json!(TENANT), Value::Null),
        (TOKEN.to_owned(), Value::Null, Value::Null),
    ] {
        for (arguments, statuses) in [
            (&["a", "b", "-j1"][..], ["disconnected", "failed"]),
            (&["b", "a", "-j1", "--fail-fast"], ["failed", "not_attempted"]),
            (&["a", "b", "-j1", "--dry-run"], ["failed", "failed"]),
        ] {
            let mut command = home.disconnect(server.root());
            let seen = run(command.args(arguments).args(["-o", "ndjson"]).env("INTUNECTL_TOKEN", &token));
            let records = seen.records();
            assert_eq!(records.iter().map(|record| &record["status"]).collect::<Vec<_>>(), statuses, "{seen:?}");
            for record in records {
                let owner = ["tenant_id", "graph_url", "account"].map(|field| record[field].clone());
                assert_eq!(owner, [tenant.clone(), json!(server.root()), account.clone()]);
            }
        }
    }
}

#[test]
fn a_record_names_the_graph_server_even_if_interrupted_before_the_token_is_read() {
    let server = service();
    let home = Intunectl::new();
    let pipe = NamedPipe::new(&home);
    let options = ["-o", "ndjson", "--token-file", pipe.path().to_str().unwrap()];
    let running = crate::support::running::Running::start(&mut command(&home, &server, COMMANDS[0], &options));
    let writer = pipe.writer();
    running.signal("INT");
    let seen = running.end();
    let record = &seen.records()[0];
    assert_eq!((&record["status"], &record["graph_url"]), (&json!("not_attempted"), &json!(server.root())));
    assert_eq!((&record["tenant_id"], &record["account"], seen.code), (&Value::Null, &Value::Null, Some(130)));
    drop(writer);
}

#[test]
fn records_of_another_tenant_are_rejected_as_input() {
    let home = Intunectl::new();
    let record = |id: &str, tenant: Value| {
        json!({"id": id, "index": 1, "status": "failed", "tenant_id": tenant, "error": null}).to_string() + "\n"
    };
    let good = || record("a", json!(TENANT.to_uppercase()));
    for (input, place) in [
        (good() + &record("b", json!(OTHER_TENANT)), "list:2: "),
        ("\n".to_owned() + &record("a", json!(OTHER_TENANT)), "list:2: "),
        (format!("[\n{},\n{}]", good().trim(), record("b", json!(OTHER_TENANT))), "list:3: "),
        (json!({"value": [{"id": "a"}], "tenant_id": OTHER_TENANT}).to_string(), "list:1: "),
        // The same ID in two tenants is not one partner.
        (good() + &record("a", json!(OTHER_TENANT)), "list:2: "),
    ] {
        home.file("list", input);
        for verb in ["disconnect", "onboard", "delete", "show"] {
            let server = service();
            let mut command = command(&home, &server, &["partner", verb, "-f", "list"], &[]);
            let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()));
            let told = format!(
                "error: {place}this record belongs to tenant {OTHER_TENANT}, but the token is for tenant {TENANT}"
            );
            assert_refused(&seen, &server, 4, &[&told]);
        }
    }
    // A token that names no tenant may not be for the record's tenant.
    home.file("list", good());
    let server = service();
    let mut opaque = command(&home, &server, &["partner", "disconnect", "-f", "list"], &[]);
    let seen = run(opaque.env("INTUNECTL_TOKEN", TOKEN));
    assert_refused(&seen, &server, 4, &["the token does not name its tenant"]);
    // Records of the token's tenant, or of no tenant, are accepted.
    home.file("list", good() + &record("b", Value::Null) + "{\"id\":\"c\"}\nd\n");
    let mut own = command(&home, &server, &["partner", "disconnect", "-f", "list"], &[]);
    assert_eq!(run(own.env("INTUNECTL_TOKEN", jwt::good())).code, Some(0));
    assert_eq!(server.done(), ["a", "b", "c", "d"]);
    // A tenant that is not a string is a bad line.
    home.file("list", r#"{"id":"a","tenant_id":7}"#);
    let server = service();
    let mut bad = command(&home, &server, &["partner", "disconnect", "-f", "list"], &[]);
    let seen = run(bad.env("INTUNECTL_TOKEN", jwt::good()));
    assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(2), 0));
    assert!(seen.stderr.contains("list:1: `tenant_id` is a number, not a string"), "{seen:?}");
}

// In a sandbox.

#[test]
fn in_a_sandbox_no_request_goes_to_another_server() {
    let (sandbox, outside) = (service(), service());
    let home = Intunectl::new();
    let in_sandbox = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = home.command();
        command.args(words).env("INTUNECTL_SANDBOX", sandbox.root()).env("INTUNECTL_TOKEN", jwt::good());
        run(command.envs(variables.iter().copied()))
    };
    let root = outside.root();
    for words in [
        ["partner", "disconnect", "a", "--graph-url", root],
        ["partner", "disconnect", "a", "--login-url", root],
        ["partner", "disconnect", "a", "--graph-url", "https://graph.microsoft.com"],
    ] {
        assert_refused(&in_sandbox(&words, &[]), &sandbox, 2, &[words[3], "names a server outside the sandbox"]);
    }
    for name in ["INTUNECTL_GRAPH_URL", "INTUNECTL_LOGIN_URL"] {
        assert_refused(&in_sandbox(COMMANDS[0], &[(name, root)]), &sandbox, 2, &[name, "INTUNECTL_SANDBOX is set"]);
    }
    // With no server, the sandbox's own, or a cloud's name, every request goes to the sandbox.
    for (words, cloud) in [
        (&["partner", "disconnect", "a"][..], Value::Null),
        (&["partner", "disconnect", "a", "--graph-url", sandbox.root()], Value::Null),
        (&["partner", "disconnect", "a", "--cloud", "china"], json!("china")),
    ] {
        let seen = in_sandbox(&[words, &["-o", "json"]].concat(), &[]);
        let document: Value = serde_json::from_str(&seen.stdout).unwrap();
        assert_eq!((&document["summary"]["cloud"], seen.code), (&cloud, Some(0)), "{seen:?}");
        assert_eq!(document["results"][0]["graph_url"], sandbox.root());
    }
    assert_eq!((sandbox.done(), outside.connections()), (vec!["a".to_owned(); 3], 0));
    // An address that cannot be a sandbox is an error.
    for value in ["1", "https://127.0.0.1:1", "http://sandbox.example"] {
        let seen = in_sandbox(COMMANDS[0], &[("INTUNECTL_SANDBOX", value)]);
        assert_refused(&seen, &outside, 2, &["INTUNECTL_SANDBOX is not the address of a sandbox"]);
    }
}

// Advice.

#[test]
fn the_hint_for_a_token_of_azure_cli_is_to_sign_in() {
    let home = Intunectl::new();
    let az = jwt::but(&json!({"appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "scp": "User.Read Group.Read.All"}));
    let server = Server::always(|| Reply::status(403));
    let mut command = home.disconnect(server.root());
    let seen = run(command.arg("a").env("INTUNECTL_TOKEN", az));
    let hint =
        "\nhint: Azure CLI cannot get this permission. Leave out this token and sign in:\n  intunectl auth login\n";
    assert!(
        seen.stderr.starts_with("warning: the token lacks the permission ") && seen.stderr.contains(hint),
        "{seen:?}"
    );
}

#[test]
fn no_help_recommends_azure_cli_for_a_token() {
    let home = Intunectl::new();
    for words in [&["--help"][..], &["auth", "login", "--help"], &["partner", "disconnect", "--help"]] {
        let seen = run(home.command().args(words));
        assert!(!seen.stdout.contains("get-access-token"), "{words:?}");
    }
}
