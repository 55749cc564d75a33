//! A run acts on exactly the tenant, the identity and the partners that were named, or on nothing.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::graph::{Graph, Unspoken};
use crate::support::jwt::{OTHER_TENANT, TENANT};
use crate::support::named_pipe::NamedPipe;
use crate::support::server::{Reply, Request, Server};
use crate::support::{Intunectl, Seen, TOKEN, jwt, run};

/// Every command that talks to Graph or prints a token.
const COMMANDS: [&[&str]; 6] = [
    &["partner", "disconnect", "a"],
    &["partner", "onboard", "a"],
    &["partner", "show", "a"],
    &["partner", "list"],
    &["auth", "status"],
    &["auth", "token"],
];

/// A command with these options against a server that is Graph and the sign-in service.
fn command(home: &Intunectl, server: &Server, words: &[&str], options: &[&str]) -> Command {
    let mut command = home.command();
    command.args(words).args(options).args(["--graph-url", server.root(), "--login-url", server.root()]);
    command
}

/// A Graph in which everything works, and a sign-in service that knows one domain.
fn service() -> Server {
    Server::start(|request, _| match (request.is_post(), request.path.split('/').nth(1).unwrap()) {
        _ if is_discovery(request) => discovery(request),
        (true, _) => Reply::done(),
        (false, _) if request.path.ends_with("Partners") => Reply::status(200).body(r#"{"value":[]}"#),
        (false, _) => Reply::partner("a", "onboarded"),
    })
}

fn is_discovery(request: &Request) -> bool {
    request.path.ends_with("/v2.0/.well-known/openid-configuration")
}

/// What Microsoft Entra says of a domain.
fn discovery(request: &Request) -> Reply {
    assert!(request.header("authorization").is_none(), "a look-up needs no token");
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

/// Refused before anything was sent to Graph, and nothing was printed.
#[track_caller]
fn assert_refused(seen: &Seen, server: &Server, code: i32, words: &[&str]) {
    // The source, which is all that `auth status` can show.
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
fn a_token_for_another_tenant_is_refused_by_every_command_also_if_quiet() {
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
                let told = format!("error: {name} is for tenant {TENANT}, not for {OTHER_TENANT}; nothing was sent\n");
                let typed = format!("\n  intunectl auth login --profile NAME --tenant {OTHER_TENANT}\n");
                assert_refused(&seen, &server, 4, &[&told, &typed]);
            }
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_token_for_the_tenant_is_used_and_nothing_is_looked_up_for_an_id() {
    for tenant in [TENANT.to_owned(), TENANT.to_uppercase(), TENANT.replace('-', "")] {
        for words in COMMANDS {
            let (server, home) = (service(), Intunectl::new());
            let mut command = command(&home, &server, words, &["--tenant", &tenant]);
            let seen = Seen::from(command.env("INTUNECTL_TOKEN", jwt::good()).output().unwrap());
            assert_eq!(seen.code, Some(0), "{tenant}: {seen:?}");
            let sent = usize::from(words[0] == "partner");
            assert_eq!(server.requests().len(), sent, "{words:?}: {:?}", server.requests());
        }
    }
}

#[test]
fn a_token_that_names_no_tenant_is_refused_without_a_look_up() {
    let server = service();
    let home = Intunectl::new();
    for tenant in [TENANT, "contoso.example"] {
        for token in ["opaque-token-of-this-test".to_owned(), jwt::but(&json!({"tid": null}))] {
            for words in COMMANDS {
                let mut command = command(&home, &server, words, &["--tenant", tenant]);
                let seen = run(command.env("INTUNECTL_TOKEN", &token));
                let told = format!(
                    "the token from INTUNECTL_TOKEN does not name its tenant, so --tenant {tenant} cannot be checked"
                );
                assert_refused(&seen, &server, 4, &[&told]);
            }
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_domain_is_looked_up_once_before_anything_else_and_without_the_token() {
    for words in COMMANDS {
        let (server, home) = (service(), Intunectl::new());
        let mut matching = command(&home, &server, words, &["--tenant", "Contoso.example"]);
        let seen = Seen::from(matching.env("INTUNECTL_TOKEN", jwt::good()).output().unwrap());
        assert_eq!(seen.code, Some(0), "{seen:?}");
        let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
        assert_eq!(paths[0], "/contoso.example/v2.0/.well-known/openid-configuration");
        assert_eq!(paths.len(), 1 + usize::from(words[0] == "partner"), "{paths:?}");

        let server = service();
        let mut other = command(&home, &server, words, &["--tenant", "fabrikam.example"]);
        let seen = run(other.env("INTUNECTL_TOKEN", jwt::good()));
        let told = format!("is for tenant {TENANT}, not for fabrikam.example ({OTHER_TENANT}); nothing was sent\n");
        assert_refused(&seen, &server, 4, &[&told, "--tenant fabrikam.example\n"]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_domain_of_which_no_tenant_is_known_is_exit_4() {
    let home = Intunectl::new();
    for (domain, words) in [
        ("unknown.example", "AADSTS90002: Tenant 'unknown.example' not found. (correlation ID c)"),
        ("odd.example", "the answer contains no tenant ID"),
    ] {
        let server = service();
        let mut command = command(&home, &server, COMMANDS[0], &["--tenant", domain]);
        let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()));
        let told = format!("error: the tenant of {domain} cannot be found");
        assert_refused(&seen, &server, 4, &[&told, words]);
    }
    type Answer = fn() -> Reply;
    let replies: [(Answer, &str); 7] = [
        (|| Reply::status(200).body("<html>hotel</html>"), "200 OK"),
        (|| Reply::status(200).body(r#"{"issuer":"nonsense"}"#), "contains no tenant ID"),
        (|| Reply::status(404), "404"),
        (|| Reply::status(302).header("Location", "https://elsewhere.example"), "never followed"),
        (|| Reply::status(400).body(r#"{"issuer":"https://x/11111111-2222-3333-4444-555555555555"}"#), "400"),
        (|| Reply::Close, "the connection"),
        (|| Reply::status(200).body("{\"issuer\":\"\u{1b}[2J\"}"), "200 OK"),
    ];
    for (reply, words) in replies {
        let server = Server::always(reply);
        let mut command = command(&home, &server, COMMANDS[0], &["--tenant", "contoso.example", "--retries", "0"]);
        let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()));
        assert_refused(&seen, &server, 4, &["the tenant of contoso.example cannot be found", words]);
        assert!(!seen.stderr.contains('\u{1b}'), "{seen:?}");
    }
}

#[test]
fn a_domain_at_a_root_whose_sign_in_is_not_known_is_exit_4() {
    let server = service();
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(["partner", "disconnect", "a", "--tenant", "contoso.example", "--graph-url", server.root()]);
    let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()));
    assert_refused(&seen, &server, 4, &["use the tenant's ID in --tenant, or add --login-url URL"]);
}

#[test]
fn what_names_no_tenant_is_a_usage_error() {
    let server = service();
    let home = Intunectl::new();
    for tenant in ["organizations", "common"] {
        let mut command = command(&home, &server, COMMANDS[0], &["--tenant", tenant]);
        assert_refused(&run(command.env("INTUNECTL_TOKEN", jwt::good())), &server, 2, &["is not one tenant"]);
    }
}

#[test]
fn the_tenant_s_name_acts_on_no_terminal() {
    let server = service();
    let home = Intunectl::new();
    let hostile = jwt::but(&json!({"tid": "\u{1b}[2J\r\nerror: fake"}));
    let mut command = command(&home, &server, COMMANDS[0], &["--tenant", OTHER_TENANT]);
    let seen = run(command.env("INTUNECTL_TOKEN", hostile));
    assert_refused(&seen, &server, 4, &[]);
    assert!(!seen.stderr.contains(['\u{1b}', '\r']) && seen.stderr.matches("\nerror:").count() == 0, "{seen:?}");
}

// An application.

/// The platform's answer to an application, and Graph.
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
fn an_application_signs_in_to_the_tenant_that_was_typed() {
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
fn an_application_that_gets_a_token_for_another_tenant_sends_nothing_with_it() {
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
fn incomplete_application_credentials_are_exit_4_and_never_somebody_s_sign_in() {
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
            "AZURE_CLIENT_CERTIFICATE_PATH is set, but this version cannot sign in with a certificate; found AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH;",
        ),
        (
            &[
                ("AZURE_TENANT_ID", "t"),
                ("AZURE_CLIENT_ID", "c"),
                ("SYSTEM_OIDCREQUESTURI", "http://127.0.0.1:9/oidc"),
                ("SYSTEM_ACCESSTOKEN", "x"),
                ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "c"),
            ],
            "SYSTEM_OIDCREQUESTURI is set, but this version cannot sign in with a service connection of Azure DevOps",
        ),
        (&[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "")], "AZURE_CLIENT_ID is set, but empty"),
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
            assert!(!seen.stderr.contains("keyring"), "a sign-in was looked for: {seen:?}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn an_application_signs_in_to_one_tenant_or_to_none() {
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
fn an_application_s_secret_goes_with_a_typed_graph_root_to_a_typed_sign_in_root_alone() {
    let (server, leftover) = (service(), Unspoken::new());
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(COMMANDS[0]).args(["--graph-url", server.root()]).envs(APP).env("AZURE_TENANT_ID", TENANT);
    let seen = run(command.env("INTUNECTL_LOGIN_URL", leftover.url()));
    assert_refused(
        &seen,
        &server,
        4,
        &["no sign-in root is known for the Graph root in --graph-url", "add --login-url"],
    );
    leftover.assert_unspoken();
}

// Precedence, and what contradicts itself.

#[test]
fn a_selector_that_is_given_twice_is_exit_2_wherever_it_stands() {
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
                    assert!(seen.stderr.contains(&format!("'{}' is given more than once", after[0])), "{seen:?}");
                }
            }
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_source_that_is_set_but_empty_is_an_error_and_no_absence() {
    let server = service();
    let home = Intunectl::new();
    for (variable, code) in [
        ("INTUNECTL_TOKEN", 4),
        ("INTUNECTL_TOKEN_COMMAND", 4),
        ("INTUNECTL_MANAGED_IDENTITY", 4),
        ("INTUNECTL_PROFILE", 2),
    ] {
        let mut command = command(&home, &server, COMMANDS[0], &[]);
        let seen = run(command.envs(APP).env("AZURE_TENANT_ID", TENANT).env(variable, ""));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)), "{variable}: {seen:?}");
        assert!(seen.stderr.starts_with(&format!("error: {variable} is set, but ")), "{seen:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_leftover_sign_in_root_does_not_say_whose_a_domain_is() {
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
fn a_root_on_this_machine_is_reached_through_no_proxy_also_over_tls() {
    let proxy = Unspoken::new();
    let home = Intunectl::new();
    let mut command = home.command();
    // Nobody listens there.
    command.args(COMMANDS[0]).args(["--retries", "0"]).env("INTUNECTL_GRAPH_URL", "https://localhost:9");
    let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()).env("HTTPS_PROXY", proxy.url()));
    assert_eq!(seen.code, Some(1), "{seen:?}");
    proxy.assert_unspoken();
}

#[test]
fn a_profile_that_was_typed_is_not_replaced_by_what_is_set() {
    let server = service();
    let home = Intunectl::new();
    for variables in [&[("INTUNECTL_TOKEN", "a-token")][..], &APP] {
        // Windows' keyring is always there, so it is a profile that nobody has.
        let mut command = command(&home, &server, COMMANDS[0], &["--profile", "of-nobody"]);
        let seen = run(command.env("AZURE_TENANT_ID", TENANT).envs(variables.iter().copied()));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{seen:?}");
        let why = if cfg!(windows) { "not signed in (profile 'of-nobody')\n" } else { "the keyring cannot be used" };
        assert!(seen.stderr.starts_with(&format!("error: no access token: {why}")), "{seen:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn what_contradicts_itself_is_exit_2() {
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
fn a_leftover_root_does_not_override_a_cloud_that_was_typed() {
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
fn a_root_that_only_a_variable_names_is_exit_2_and_names_the_option() {
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
            let told = format!(
                "error: {variable} names {host}, which is neither a Microsoft cloud nor this machine; nothing was sent\nhint: "
            );
            assert!(seen.stderr.starts_with(&told) && seen.stderr.contains(option), "{seen:?}");
        }
    }
    let seen = run(home
        .command()
        .args(COMMANDS[0])
        .envs([("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s")])
        .env("AZURE_AUTHORITY_HOST", "https://login.micros0ft.example/"));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
    assert!(seen.stderr.contains("AZURE_AUTHORITY_HOST is not the sign-in root of a Microsoft cloud"), "{seen:?}");
    assert!(seen.stderr.contains("--login-url"), "{seen:?}");
}

#[test]
fn a_token_for_another_cloud_is_exit_4_and_the_cloud_to_type_is_named() {
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
            let told = format!(
                "error: the token is for the cloud {cloud} ({}), not for global",
                audience.trim_end_matches('/').to_lowercase()
            );
            assert!(seen.stderr.starts_with(&told), "{seen:?}");
            assert!(seen.stderr.ends_with(&format!("to act in {cloud}, use --cloud {cloud}\n")), "{seen:?}");
        }
    }
    // The ID of Graph is the same in every cloud; and behind a root of the user's own may be any.
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
fn status_shows_what_is_used_and_what_is_set_in_vain() {
    let home = Intunectl::new();
    let status = |format: &str| {
        let mut command = home.command();
        command.args(["auth", "status", "-o", format, "--cloud", "global"]).env("INTUNECTL_TOKEN", jwt::good());
        command.env("INTUNECTL_PROFILE", "work").env("AZURE_CLIENT_ID", "c").env("INTUNECTL_GRAPH_URL", "nonsense");
        run(&mut command)
    };
    let seen = status("text");
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let vain = "Source:      INTUNECTL_TOKEN\nNot used:    INTUNECTL_PROFILE, AZURE_CLIENT_ID, INTUNECTL_GRAPH_URL\n";
    assert!(seen.stdout.starts_with(vain), "{seen:?}");
    let report: Value = serde_json::from_str(&status("json").stdout).unwrap();
    assert_eq!(report["unused"], json!(["INTUNECTL_PROFILE", "AZURE_CLIENT_ID", "INTUNECTL_GRAPH_URL"]));
    let mut command = home.command();
    let seen = run(command.args(["auth", "status", "-o", "json", "--profile", "p"]).env("INTUNECTL_TOKEN", "t"));
    let report: Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!((&report["source"], &report["unused"]), (&json!("profile 'p'"), &json!(["INTUNECTL_TOKEN"])));
}

// Records.

#[test]
fn every_record_says_whose_it_is() {
    let server = Server::start(|request, _| match request.id() {
        "a" if request.is_post() => Reply::done(),
        _ => Reply::status(404),
    });
    let home = Intunectl::new();
    let app =
        jwt::but(&json!({"upn": null, "scp": null, "roles": [jwt::PERMISSION], "appid": "an-app", "idtyp": "app"}));
    let nobody = jwt::but(&json!({"upn": null, "appid": "an-app"}));
    for (token, tenant, account) in [
        (jwt::good(), json!(TENANT), json!("admin@contoso.example")),
        (app, json!(TENANT), json!("an-app")),
        // A person whom the token does not name is not the application.
        (nobody, json!(TENANT), Value::Null),
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
                let whose = ["tenant_id", "graph_url", "account"].map(|field| record[field].clone());
                assert_eq!(whose, [tenant.clone(), json!(server.root()), account.clone()]);
            }
        }
    }
}

#[test]
fn a_run_that_is_interrupted_before_it_has_a_token_names_the_root_that_was_typed() {
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
fn records_of_another_tenant_are_no_input() {
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
        for verb in ["disconnect", "onboard", "show"] {
            let server = service();
            let mut command = command(&home, &server, &["partner", verb, "-f", "list"], &[]);
            let seen = run(command.env("INTUNECTL_TOKEN", jwt::good()));
            let told =
                format!("error: {place}this record is of tenant {OTHER_TENANT}, but the token is for tenant {TENANT}");
            assert_refused(&seen, &server, 4, &[&told]);
        }
    }
    // A token that names no tenant cannot be one for the record's.
    home.file("list", good());
    let server = service();
    let mut opaque = command(&home, &server, &["partner", "disconnect", "-f", "list"], &[]);
    let seen = run(opaque.env("INTUNECTL_TOKEN", TOKEN));
    assert_refused(&seen, &server, 4, &["the token does not say which tenant it is for"]);
    // Records of the tenant itself are, and those that name none.
    home.file("list", good() + &record("b", Value::Null) + "{\"id\":\"c\"}\nd\n");
    let mut own = command(&home, &server, &["partner", "disconnect", "-f", "list"], &[]);
    assert_eq!(run(own.env("INTUNECTL_TOKEN", jwt::good())).code, Some(0));
    assert_eq!(server.done(), ["a", "b", "c", "d"]);
    // What is no tenant is a bad line.
    home.file("list", r#"{"id":"a","tenant_id":7}"#);
    let server = service();
    let mut bad = command(&home, &server, &["partner", "disconnect", "-f", "list"], &[]);
    let seen = run(bad.env("INTUNECTL_TOKEN", jwt::good()));
    assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(2), 0));
    assert!(seen.stderr.contains("list:1: `tenant_id` is a number, not a string"), "{seen:?}");
}

// Rehearsals.

#[test]
fn in_a_rehearsal_nothing_leads_out_of_the_sandbox() {
    let (sandbox, outside) = (service(), service());
    let home = Intunectl::new();
    let rehearse = |words: &[&str], variables: &[(&str, &str)]| {
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
        assert_refused(
            &rehearse(&words, &[]),
            &sandbox,
            2,
            &[words[3], "is outside the sandbox, and this is a rehearsal"],
        );
    }
    for name in ["INTUNECTL_GRAPH_URL", "INTUNECTL_LOGIN_URL"] {
        assert_refused(&rehearse(COMMANDS[0], &[(name, root)]), &sandbox, 2, &[name, "this is a rehearsal"]);
    }
    // Without any root, with the sandbox's own, and with another cloud's name, every request goes there.
    for (words, cloud) in [
        (&["partner", "disconnect", "a"][..], Value::Null),
        (&["partner", "disconnect", "a", "--graph-url", sandbox.root()], Value::Null),
        (&["partner", "disconnect", "a", "--cloud", "china"], json!("china")),
    ] {
        let seen = rehearse(&[words, &["-o", "json"]].concat(), &[]);
        let document: Value = serde_json::from_str(&seen.stdout).unwrap();
        assert_eq!((&document["summary"]["cloud"], seen.code), (&cloud, Some(0)), "{seen:?}");
        assert_eq!(document["results"][0]["graph_url"], sandbox.root());
    }
    assert_eq!((sandbox.done(), outside.connections()), (vec!["a".to_owned(); 3], 0));
    // What is no sandbox on this machine marks no rehearsal.
    for value in ["1", "https://127.0.0.1:1", "http://sandbox.example"] {
        let seen = rehearse(COMMANDS[0], &[("INTUNECTL_SANDBOX", value)]);
        assert_refused(&seen, &outside, 2, &["INTUNECTL_SANDBOX is set, but is not the address of a sandbox"]);
    }
}

// Advice.

#[test]
fn a_token_of_azure_cli_s_own_application_gets_the_advice_to_sign_in() {
    let home = Intunectl::new();
    let az = jwt::but(&json!({"appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "scp": "User.Read Group.Read.All"}));
    let server = Server::always(|| Reply::status(403));
    let mut command = home.disconnect(server.root());
    let seen = run(command.arg("a").env("INTUNECTL_TOKEN", az));
    let hint = "hint: Azure CLI's own application cannot get this permission for people. Leave out this token, and sign in: intunectl auth login\n";
    assert!(
        seen.stderr.starts_with("warning: the token lacks the permission ") && seen.stderr.contains(hint),
        "{seen:?}"
    );
}

#[test]
fn nobody_is_sent_to_azure_cli_for_a_token() {
    let home = Intunectl::new();
    for words in [&["--help"][..], &["auth", "login", "--help"], &["partner", "disconnect", "--help"]] {
        let seen = run(home.command().args(words));
        assert!(!seen.stdout.contains("get-access-token"), "{words:?}");
    }
}
