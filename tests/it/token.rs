//! Where the token comes from, where it is sent, and that it is never shown.

use std::ffi::OsString;
use std::process::Command;

use serde_json::json;

use crate::support::graph::{Graph, TOKEN, Unspoken};
use crate::support::jwt::{OTHER_PERMISSION, OTHER_TENANT, PERMISSION, TENANT, but, claims, good, jwt};
use crate::support::os::{is_a_directory, no_such_file};
use crate::support::{Intunectl, Seen, run, run_with};

/// Text that no message contains by chance.
const SECRET: &str = "Xyzzy-Plugh-0451";

/// A home, and a Graph in which every request succeeds.
struct Scene {
    home: Intunectl,
    graph: Graph,
}

impl Scene {
    fn new() -> Self {
        Self { home: Intunectl::new(), graph: Graph::that_does_it() }
    }

    /// A command that disconnects one partner, without a token.
    fn disconnect(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command();
        command.args(["partner", "disconnect", "a"]).args(arguments).env("INTUNECTL_GRAPH_URL", self.graph.url());
        command
    }

    /// Asserts that a command fails with this code, prints and sends nothing, and does not show the secret. Returns
    /// standard error.
    #[track_caller]
    fn refuses(&self, command: &mut Command, code: i32) -> String {
        let seen = run(command);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(code)), "{}", seen.stderr);
        assert!(!seen.stderr.contains(SECRET), "{}", seen.stderr);
        assert_eq!(self.graph.lines(), [""; 0]);
        seen.stderr
    }
}

/// Application credentials.
const APP: [(&str, &str); 3] =
    [("AZURE_TENANT_ID", "contoso.example"), ("AZURE_CLIENT_ID", "an-app"), ("AZURE_CLIENT_SECRET", SECRET)];

#[test]
fn the_first_source_that_is_set_is_used() {
    let scene = Scene::new();
    scene.home.file("token", "from-file\n");
    assert_eq!(run(scene.disconnect(&["--token", "from-option"]).env("INTUNECTL_TOKEN", "x").envs(APP)).code, Some(0));
    assert_eq!(run(scene.disconnect(&["--token-file", "token"]).env("INTUNECTL_TOKEN", "x").envs(APP)).code, Some(0));
    assert_eq!(run(scene.disconnect(&[]).env("INTUNECTL_TOKEN", "from-environment").envs(APP)).code, Some(0));
    assert_eq!(scene.graph.tokens(), ["from-option", "from-file", "from-environment"]);
}

#[test]
fn global_options_may_precede_the_command() {
    let scene = Scene::new();
    let mut command = scene.home.command();
    command.args(["--graph-url", &scene.graph.url(), "--token", TOKEN, "partner", "disconnect", "a"]);
    assert_eq!(run(&mut command).code, Some(0));
    assert_eq!(scene.graph.tokens(), [TOKEN]);
}

#[test]
fn token_and_token_file_cannot_be_used_together() {
    let scene = Scene::new();
    scene.home.file("token", "from-file");
    let stderr = scene.refuses(&mut scene.disconnect(&["--token", SECRET, "--token-file", "token"]), 2);
    assert!(stderr.contains("cannot be used with"), "{stderr}");
}

#[test]
fn unusable_application_credentials_are_an_error_and_the_keyring_is_not_used() {
    let scene = Scene::new();
    let elsewhere = Unspoken::new();
    scene.home.file("placeholder", "${{ secrets.X }}\n");
    scene.home.file("none", "undefined\n");
    let secrets: [(&[(&str, &str)], &str); 9] = [
        // A pipeline without its secret leaves the variable empty, and must not act with somebody's sign-in.
        (&[("AZURE_CLIENT_SECRET", "")], "error: AZURE_CLIENT_SECRET is empty"),
        (
            &[("AZURE_CLIENT_SECRET", " "), ("AZURE_FEDERATED_TOKEN_FILE", "/nonexistent")],
            "error: AZURE_CLIENT_SECRET is empty",
        ),
        (
            &[("AZURE_FEDERATED_TOKEN_FILE", "/nonexistent")],
            "error: cannot read AZURE_FEDERATED_TOKEN_FILE /nonexistent",
        ),
        (&[("AZURE_CLIENT_SECRET", "$(SECRET)")], "error: AZURE_CLIENT_SECRET contains a placeholder in place of"),
        (
            &[("AZURE_CLIENT_SECRET", "${{ secrets.X }}")],
            "error: AZURE_CLIENT_SECRET contains a placeholder in place of",
        ),
        (&[("AZURE_CLIENT_SECRET", " null\n")], "error: AZURE_CLIENT_SECRET contains only `null`; nothing was sent"),
        (
            &[("AZURE_FEDERATED_TOKEN_FILE", "placeholder")],
            "error: the file in AZURE_FEDERATED_TOKEN_FILE contains a placeholder in place of its value: placeholder\n",
        ),
        (
            &[("AZURE_FEDERATED_TOKEN_FILE", "none")],
            "error: the file in AZURE_FEDERATED_TOKEN_FILE contains only `undefined`: none\n",
        ),
        (
            &[("ACTIONS_ID_TOKEN_REQUEST_URL", "http://token.example"), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", SECRET)],
            "error: ACTIONS_ID_TOKEN_REQUEST_URL uses http",
        ),
    ];
    for (secret, words) in secrets {
        let mut command = scene.disconnect(&["--login-url", &elsewhere.url()]);
        command.envs(APP[..2].iter().copied()).envs(secret.iter().copied());
        let stderr = scene.refuses(&mut command, 4);
        assert!(stderr.starts_with(words) && !stderr.contains("keyring cannot"), "{stderr}");
    }
    elsewhere.assert_unspoken();
}

#[test]
fn with_a_named_graph_server_application_credentials_need_a_named_sign_in_server() {
    let scene = Scene::new();
    let stderr = scene.refuses(scene.disconnect(&[]).envs(APP), 4);
    let error = "error: no sign-in server is known for the Graph server in INTUNECTL_GRAPH_URL; nothing was sent\nhint: add --login-url";
    assert!(stderr.starts_with(error), "{stderr}");
}

#[test]
fn an_empty_source_is_an_error_and_no_later_source_is_used() {
    let scene = Scene::new();
    for empty in ["", " \t\r\n"] {
        scene.home.file("token", empty);
        for (arguments, variable, source) in [
            (&["--token", empty][..], SECRET, "--token is empty"),
            (&["--token-file", "token"], SECRET, "the token file token is empty"),
            (&[], empty, "INTUNECTL_TOKEN is empty"),
        ] {
            let mut command = scene.disconnect(arguments);
            let stderr = scene.refuses(command.env("INTUNECTL_TOKEN", variable).envs(APP), 4);
            assert!(stderr.contains(source) && stderr.contains("hint: "), "{stderr}");
        }
    }
}

#[test]
fn without_a_token_the_hint_names_every_way_to_get_one() {
    let scene = Scene::new();
    let stderr = scene.refuses(&mut scene.disconnect(&[]), 4);
    assert!(stderr.starts_with("error: no access token"), "{stderr}");
    // Without a keyring, a sign-in cannot be stored. Windows always has one.
    let sign_in = if cfg!(windows) { "intunectl auth login" } else { "the system keyring" };
    for way in ["--token-file", "INTUNECTL_TOKEN", "AZURE_CLIENT_ID", sign_in] {
        assert!(stderr.contains(way), "no {way} in {stderr}");
    }
}

#[test]
fn white_space_around_a_token_is_trimmed() {
    let scene = Scene::new();
    let spaced = format!("\u{feff}\r\n {TOKEN}\t\r\n\n");
    scene.home.file("token", &spaced);
    assert_eq!(run(&mut scene.disconnect(&["--token", &format!(" {TOKEN}\n")])).code, Some(0));
    assert_eq!(run(&mut scene.disconnect(&["--token-file", "token"])).code, Some(0));
    assert_eq!(run(scene.disconnect(&[]).env("INTUNECTL_TOKEN", format!("\t{TOKEN} "))).code, Some(0));
    // A shell that reads a file keeps its byte order mark.
    assert_eq!(run(scene.disconnect(&[]).env("INTUNECTL_TOKEN", &spaced)).code, Some(0));
    assert_eq!(scene.graph.tokens(), [TOKEN; 4]);
}

#[test]
fn a_token_that_cannot_be_sent_in_a_header_is_rejected() {
    let scene = Scene::new();
    for token in ["a b", "a\nb", "a\r\nX-Evil: b", "a\tb", "a\u{7f}b", "a\u{1b}b", "aé", "a\u{feff}b", "名"] {
        let token = format!("{SECRET}{token}");
        scene.home.file("token", &token);
        for arguments in [&["--token", &token][..], &["--token-file", "token"], &[]] {
            let stderr = scene.refuses(scene.disconnect(arguments).env("INTUNECTL_TOKEN", &token), 4);
            assert!(stderr.contains("contains a space or another character that no token contains"), "{stderr}");
        }
    }
}

/// Texts that are clearly not tokens, and what the error says about them after the name of the source. They contain
/// [`SECRET`] where there could be a secret.
pub fn not_tokens() -> Vec<(String, &'static str)> {
    let texts = [
        ("\"{}\"", "begins or ends with a quotation mark"),
        ("'{}'", "begins or ends with a quotation mark"),
        ("{}\"", "begins or ends with a quotation mark"),
        ("Bearer {}", "contains the word Bearer before the token"),
        ("bearer", "contains only `Bearer`"),
        ("null", "contains only `null`"),
        ("NULL", "contains only `null`"),
        ("None", "contains only `None`"),
        ("undefined", "contains only `undefined`"),
        ("true", "contains only `true`"),
        ("[object Object]", "contains only `[object Object]`"),
        ("System.Security.SecureString", "contains a SecureString of PowerShell, not its text"),
        ("01000000d08c9ddf0115d1118c7a00c04fc297eb{}", "contains a SecureString of PowerShell, not its text"),
        ("$(az login -p {})", "contains a placeholder in place of its value"),
        ("${{ secrets.TOKEN }}", "contains a placeholder in place of its value"),
        ("${TOKEN}", "contains a placeholder in place of its value"),
        ("{{ token }}", "contains a placeholder in place of its value"),
        ("$env:TOKEN", "contains a space or another character that no token contains"),
        ("%TOKEN%", "contains a space or another character that no token contains"),
        ("***", "contains a space or another character that no token contains"),
        ("@{Token={}; TenantId=x}", "contains a space or another character that no token contains"),
        ("Authorization: Bearer {}", "contains a space or another character that no token contains"),
        ("export INTUNECTL_TOKEN={}", "contains a space or another character that no token contains"),
        ("INTUNECTL_TOKEN={}", "contains a space or another character that no token contains"),
        ("{}…", "contains a space or another character that no token contains"),
        ("<!doctype html><html><p>{}</p></html>", "contains a space or another character that no token contains"),
        ("ERROR: {}", "contains a space or another character that no token contains"),
        ("{}\n{}", "contains a space or another character that no token contains"),
        ("{\"accessToken\": \"{}\",", "contains JSON that is not one complete object"),
        ("{\"accessToken\": \"{}\"}{\"accessToken\": \"{}\"}", "contains JSON that is not one complete object"),
        ("{'accessToken': '{}'}", "contains JSON that is not one complete object"),
        ("[{\"accessToken\": \"{}\"}]", "contains JSON that is not one complete object"),
        ("{\"refresh_token\": \"{}\"}", "contains JSON without a token in accessToken, access_token or token"),
        ("{\"access_token\": null}", "contains JSON without a token in accessToken, access_token or token"),
        ("{\"token\": \"\"}", "contains JSON without a token in accessToken, access_token or token"),
        ("{\"error\": \"{}\"}", "contains JSON without a token in accessToken, access_token or token"),
        (
            "{\"error\": \"invalid_grant\", \"error_description\": \"{}.\"}",
            "contains an error response (invalid_grant), not a token",
        ),
        ("{\"Token\": {\"Length\": 2000}, \"x\": \"{}\"}", "contains JSON in which the token is not text"),
        ("{\"token\": [\"{}\"]}", "contains JSON in which the token is not text"),
        ("{\"token\": \"{}\", \"token\": \"{}\"}", "contains JSON with more than one token"),
        ("{\"access_token\": \"{}\", \"Token\": \"other-{}\"}", "contains JSON with more than one token"),
        ("{\"token\": \"Bearer {}\"}", "contains the word Bearer before the token"),
        ("{\"accessToken\": \"null\"}", "contains only `null`"),
        ("{\"Token\": \"System.Security.SecureString\"}", "contains a SecureString of PowerShell, not its text"),
        ("{\"token\": \"{} {}\"}", "contains a space or another character that no token contains"),
        (
            "{\"token\": \"{\\\"token\\\": \\\"{}\\\"}\"}",
            "contains a space or another character that no token contains",
        ),
    ];
    texts.map(|(text, words)| (text.replace("{}", SECRET), words)).to_vec()
}

#[test]
fn what_is_clearly_not_a_token_is_rejected_by_its_kind_from_every_source() {
    let server = Unspoken::new();
    let home = Intunectl::new();
    for (text, words) in not_tokens() {
        home.file("token", format!("{text}\r\n"));
        let option = format!("--token={text}");
        for (arguments, source) in [
            (&[option.as_str()][..], "--token"),
            (&["--token-file", "token"], "the token file token"),
            (&[], "INTUNECTL_TOKEN"),
        ] {
            let mut command = home.command();
            command.args(["partner", "disconnect", "a", "-vv", "--graph-url", &server.url()]).args(arguments);
            let seen = run(command.args(["--login-url", &server.url()]).env("INTUNECTL_TOKEN", &text).envs(APP));
            assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{text}: {}", seen.stderr);
            let error = format!("error: {source} {words}");
            assert!(seen.stderr.starts_with(&error), "{text}: {}", seen.stderr);
            assert!(seen.stderr.contains("; nothing was sent\nhint: "), "{text}: {}", seen.stderr);
            assert!(!seen.stderr.contains(SECRET), "{text}: {}", seen.stderr);
        }
    }
    server.assert_unspoken();
}

#[test]
fn a_token_is_read_from_a_json_document_of_every_source() {
    let token = good();
    let refresh = format!("1.{SECRET}");
    let document = |name: &str| json!({name: token, "expiresOn": "2026-01-01 10:00:00.000000", "tokenType": "Bearer"});
    let response = json!({
        "token_type": "Bearer", "expires_in": 3599, "access_token": token, "refresh_token": refresh, "id_token": refresh,
    });
    let texts = [
        format!("{:#}\n", document("accessToken")),
        document("Token").to_string(),
        document("token").to_string(),
        format!("{response:#}").replace('\n', "\r\n"),
        json!({"access_token": format!(" {token}\n")}).to_string(),
    ];
    let scene = Scene::new();
    for text in &texts {
        for (arguments, variable, file) in [
            (&["--token", text.as_str()][..], "x", Vec::new()),
            (&[], text.as_str(), Vec::new()),
            (&["--token-file", "token"], "x", text.clone().into_bytes()),
            // As `>` of Windows PowerShell writes it.
            (
                &["--token-file", "token"],
                "x",
                format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
            ),
        ] {
            scene.home.file("token", file);
            let seen = run(scene.disconnect(arguments).arg("-vv").env("INTUNECTL_TOKEN", variable));
            assert_eq!((seen.stdout.as_str(), seen.code), ("a\tdisconnected\n", Some(0)), "{text}: {}", seen.stderr);
            assert!(!seen.stderr.contains(SECRET) && !seen.stderr.contains(&token[..40]), "{text}: {}", seen.stderr);
        }
    }
    assert_eq!(scene.graph.tokens(), vec![token.clone(); texts.len() * 4]);
    assert!(scene.graph.came().iter().all(|came| !format!("{came:?}").contains(SECRET)));
    let seen = run(scene.home.command().args(["auth", "token", "--token", &texts[3]]));
    assert_eq!(seen, Seen { stdout: format!("{token}\n"), stderr: String::new(), code: Some(0) });
}

#[test]
fn a_token_in_json_is_checked_like_any_other() {
    let scene = Scene::new();
    let expired = json!({"accessToken": jwt(&claims(-7200))}).to_string();
    let stderr = scene.refuses(scene.disconnect(&[]).env("INTUNECTL_TOKEN", &expired), 4);
    assert!(stderr.starts_with("error: the token from INTUNECTL_TOKEN expired 2h"), "{stderr}");
    let other = json!({"accessToken": good()}).to_string();
    let stderr = scene.refuses(scene.disconnect(&["--tenant", OTHER_TENANT]).env("INTUNECTL_TOKEN", &other), 4);
    assert!(stderr.contains(&format!("is for tenant {TENANT}, not for {OTHER_TENANT}")), "{stderr}");
}

#[test]
fn a_token_variable_that_is_not_unicode_is_rejected() {
    #[cfg(unix)]
    let value: OsString = {
        use std::os::unix::ffi::OsStringExt as _;
        OsString::from_vec([SECRET.as_bytes(), b"\xff"].concat())
    };
    #[cfg(windows)]
    let value: OsString = {
        use std::os::windows::ffi::OsStringExt as _;
        OsString::from_wide(&SECRET.encode_utf16().chain([0xd800]).collect::<Vec<_>>())
    };
    let scene = Scene::new();
    let stderr = scene.refuses(scene.disconnect(&[]).env("INTUNECTL_TOKEN", value), 4);
    assert!(stderr.contains("INTUNECTL_TOKEN is not valid Unicode"), "{stderr}");
}

#[test]
fn a_token_file_may_be_utf_16() {
    let scene = Scene::new();
    let encode = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{TOKEN}\r\n").encode_utf16().flat_map(unit).collect()
    };
    for bytes in [encode(u16::to_le_bytes), encode(u16::to_be_bytes)] {
        scene.home.file("token", bytes);
        assert_eq!(run(&mut scene.disconnect(&["--token-file", "token"])).code, Some(0));
    }
    assert_eq!(scene.graph.tokens(), [TOKEN; 2]);
}

#[test]
fn a_token_file_that_cannot_be_read_is_exit_4_and_no_other_source_is_used() {
    let scene = Scene::new();
    scene.home.file("huge", "x".repeat(300 * 1024));
    scene.home.file("binary", b"Xyzzy\xff");
    for (path, reason) in [
        ("missing", &*no_such_file()),
        (".", &*is_a_directory()),
        ("huge", "too large to be a token"),
        ("binary", "it is not UTF-8 text"),
    ] {
        let mut command = scene.disconnect(&["--token-file", path]);
        let stderr = scene.refuses(command.env("INTUNECTL_TOKEN", SECRET), 4);
        let begin = format!("error: cannot read the token file {path}: ");
        assert!(stderr.starts_with(&begin) && stderr.contains(reason), "{stderr}");
        assert!(stderr.ends_with("; nothing was sent\n"), "{stderr}");
    }
}

#[test]
fn the_token_is_never_shown_at_any_verbosity() {
    // A server that returns the token in every field that may be shown.
    let headers = || ["request-id", "set-cookie", "x-echo"].map(|name| (name, format!("Bearer {SECRET}"))).to_vec();
    let graph = Graph::with_headers(move |line| match line.starts_with("GET ") {
        true => (200, headers(), "{\"value\":[]}".to_owned()),
        false => {
            let words = format!("you sent {SECRET}");
            let error = json!({"code": words, "message": words, "innerError": {"request-id": words}});
            (403, headers(), json!({"error": error}).to_string())
        }
    });
    let home = Intunectl::new();
    home.file("token", SECRET);
    for source in [&["--token", SECRET][..], &["--token-file", "token"], &[]] {
        for format in ["text", "json", "ndjson", "id"] {
            for command in [&["partner", "disconnect", "a", "-vv", "-o", format][..], &["partner", "list", "-vv"]] {
                let mut command = graph.command(&home, &[command, source].concat());
                let Seen { stdout, stderr, code } = run(command.env("INTUNECTL_TOKEN", SECRET));
                assert!(code == Some(0) || code == Some(1), "{stderr}");
                assert!(stderr.contains("authorization: [redacted]"), "{stderr}");
                assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET), "{stdout}{stderr}");
            }
        }
    }
    assert!(graph.came().iter().all(|came| came.header("authorization").unwrap().ends_with(SECRET)));
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Unspoken::new();
    let location = other.url();
    let home = Intunectl::new();
    for status in [301, 302, 303, 307, 308] {
        let headers = vec![("location", location.clone())];
        let graph = Graph::with_headers(move |_| (status, headers.clone(), String::new()));
        for command in [&["partner", "disconnect", "a"][..], &["partner", "list"]] {
            let Seen { stdout, stderr, code } = run(&mut graph.command(&home, command));
            assert_eq!(code, Some(1), "{stderr}");
            let message = format!("the server redirects to {location}; intunectl does not follow redirects");
            assert!(stdout.contains(&message) || stderr.contains(&message), "{stdout}{stderr}");
            if command.contains(&"disconnect") {
                let ends =
                    stdout.starts_with(&format!("a\tfailed\t{status} ")) && stdout.ends_with(&format!(": {message}\n"));
                assert!(ends, "{stdout}");
            }
        }
        assert_eq!(graph.lines().len(), 2);
    }
    other.assert_unspoken();
}

#[test]
fn only_auth_token_prints_the_token() {
    let home = Intunectl::new();
    let seen = run(home.command().args(["auth", "token", "-vv", "--token", &format!(" {SECRET}\n")]));
    assert_eq!(seen, Seen { stdout: format!("{SECRET}\n"), stderr: String::new(), code: Some(0) });
}

#[test]
fn a_token_typed_in_the_wrong_place_is_not_shown() {
    let scene = Scene::new();
    let token = good();
    let places = [
        vec!["partner", "disconnect", &token],
        vec!["partner", "disconnect", "--", &token],
        vec!["partner", "disconnect", "a", "--tokn", &token],
        vec!["partner", "disconnect", "a", "--output", &token],
        vec!["partner", "disconnect", "a", "-f", &token],
        vec!["partner", "list", &token],
        vec!["partner", &token],
        vec!["auth", "login", &token],
        vec!["completion", &token],
        vec![&token],
    ];
    let with_equals = ["--tokn", "--timeout", "--output", "--cloud", "--rate", "--api-version", "--graph-url"]
        .map(|option| format!("{option}={token}"));
    let with_equals = with_equals.iter().map(|option| vec!["partner", "disconnect", "a", option]);
    for arguments in places.into_iter().chain(with_equals) {
        let seen = run_with(&mut scene.graph.command(&scene.home, &arguments), token.clone());
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{arguments:?}: {}", seen.stderr);
        // Nor a usable part of it.
        assert!(
            !seen.stderr.contains(&token[..40]) && !seen.stderr.contains(&token[200..240]),
            "{arguments:?} {seen:?}"
        );
    }
    for variable in ["INTUNECTL_OUTPUT", "INTUNECTL_CLOUD", "INTUNECTL_GRAPH_URL", "INTUNECTL_LOGIN_URL"] {
        let seen = run(scene.graph.command(&scene.home, &["partner", "disconnect", "a"]).env(variable, &token));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{variable}: {}", seen.stderr);
        assert!(!seen.stderr.contains(&token[..40]), "{variable}: {}", seen.stderr);
    }
    // As the list of IDs, as if a wrong file were redirected.
    for stdin in [token.clone(), format!("TOKEN={token}\n"), format!("[\"{token}\"]")] {
        let seen = run_with(&mut scene.graph.command(&scene.home, &["partner", "disconnect", "-"]), stdin);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{}", seen.stderr);
        assert!(!seen.stderr.contains(&token[..40]) && seen.stderr.contains("not shown"), "{}", seen.stderr);
    }
    assert_eq!(scene.graph.lines(), [""; 0]);
}

#[test]
fn an_expired_token_is_exit_4_and_the_error_says_how_long_ago() {
    let scene = Scene::new();
    for (seconds, ago) in [(-3 * 3600 - 125, "3h 2m"), (-40 * 86400, "1month 9days")] {
        let token = jwt(&claims(seconds));
        let stderr = scene.refuses(scene.disconnect(&["-q"]).env("INTUNECTL_TOKEN", &token), 4);
        let start = format!("error: the token from INTUNECTL_TOKEN expired {ago} ago; nothing was sent\nhint: ");
        assert!(stderr.starts_with(&start), "{stderr}");
    }
}

#[test]
fn a_wrong_audience_is_a_warning_with_a_hint() {
    let scene = Scene::new();
    let token = but(&json!({"aud": "https://management.azure.com/"}));
    let seen = run(scene.disconnect(&[]).env("INTUNECTL_TOKEN", &token));
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\tdisconnected\n", Some(0)));
    assert!(seen.stderr.starts_with("warning: the token is for https://management.azure.com, not for "), "{seen:?}");
    assert!(seen.stderr.contains("\nhint: get a token for the resource "), "{seen:?}");
    assert_eq!(scene.graph.tokens(), [token]);
}

#[test]
fn a_missing_permission_is_a_warning_with_a_hint() {
    let lacking = [json!({"scp": "User.Read openid"}), json!({"scp": null, "roles": ["User.Read.All"]})];
    for changes in lacking {
        let scene = Scene::new();
        let token = but(&changes);
        let seen = run(scene.disconnect(&[]).env("INTUNECTL_TOKEN", &token));
        assert_eq!((seen.stdout.as_str(), seen.code), ("a\tdisconnected\n", Some(0)));
        let words = format!("warning: the token lacks the permission {PERMISSION} or {OTHER_PERMISSION};");
        assert!(seen.stderr.starts_with(&words), "{seen:?}");
        assert!(seen.stderr.contains("\nhint: an administrator has to grant"), "{seen:?}");
        assert_eq!(scene.graph.tokens(), [token]);
    }
}

#[test]
fn quiet_hides_the_warnings_and_their_hints() {
    let scene = Scene::new();
    let token = but(&json!({"aud": "https://management.azure.com/", "scp": "User.Read"}));
    let seen = run(scene.disconnect(&["-q"]).env("INTUNECTL_TOKEN", token));
    assert_eq!(seen, Seen { stdout: "a\tdisconnected\n".into(), stderr: String::new(), code: Some(0) });
}

#[test]
fn a_usable_token_causes_no_warning() {
    let tokens = [
        good(),
        but(&json!({"aud": "00000003-0000-0000-c000-000000000000"})),
        but(&json!({"aud": "https://graph.microsoft.com/"})),
        but(&json!({"aud": "https://graph.microsoft.us"})),
        but(&json!({"scp": null, "roles": [PERMISSION], "idtyp": "app"})),
        but(&json!({"scp": OTHER_PERMISSION})),
        but(&json!({"scp": null, "roles": [OTHER_PERMISSION], "idtyp": "app"})),
        // Claims of unexpected types: the service decides.
        but(&json!({"exp": "soon", "aud": 1, "scp": ["x"], "roles": "x", "tid": null})),
        SECRET.to_owned(),
        "eyJ.eyJ.x".to_owned(),
        format!("{SECRET}.{SECRET}.{SECRET}"),
    ];
    for token in tokens {
        let scene = Scene::new();
        let seen = run(scene.disconnect(&[]).env("INTUNECTL_TOKEN", &token));
        assert_eq!((seen.stdout.as_str(), seen.code), ("a\tdisconnected\n", Some(0)));
        assert!(seen.stderr.starts_with("1 partner: 1 disconnected in "), "{}", seen.stderr);
        assert_eq!(scene.graph.tokens(), [token]);
    }
}

#[test]
fn the_permission_to_read_is_enough_for_reading() {
    let graph = Graph::answering(|_| (200, "{\"value\":[]}".to_owned()));
    let home = Intunectl::new();
    for permission in
        ["DeviceManagementServiceConfig.Read.All", "DeviceManagementConfiguration.Read.All", OTHER_PERMISSION]
    {
        let token = but(&json!({"scp": permission}));
        let seen = run(graph.command(&home, &["partner", "list"]).env("INTUNECTL_TOKEN", token));
        assert_eq!(seen, Seen { stdout: String::new(), stderr: String::new(), code: Some(0) }, "{permission}");
    }
}

#[test]
fn an_unsafe_server_address_is_rejected_and_never_repeated() {
    let scene = Scene::new();
    let port = scene.graph.url().rsplit(':').next().unwrap().to_owned();
    let roots = [
        (format!("http://graph.example/{SECRET}"), "uses http"),
        ("http://0.0.0.0".into(), "uses http"),
        (format!("http://localhost.{SECRET}.example"), "uses http"),
        (format!("http://admin:{SECRET}@127.0.0.1:{port}"), "contains a user name or password"),
        (format!("https://{SECRET}@graph.microsoft.com"), "contains a user name or password"),
        (format!("http://127.0.0.1:{port}/v1.0"), "ends in a version"),
        (format!("http://127.0.0.1:{port}/beta/"), "ends in a version"),
        (format!("http://127.0.0.1:{port}?key={SECRET}"), "has a query"),
        (format!("http://127.0.0.1:{port}#{SECRET}"), "has a query or fragment"),
        (format!("ftp://{SECRET}"), "is neither https nor http"),
        (format!("127.0.0.1:{port}/{SECRET}"), "is not a valid URL"),
        (format!("http://[{SECRET}"), "is not a valid URL"),
    ];
    for (root, reason) in roots {
        for option in ["--graph-url", "--login-url"] {
            let mut command = scene.disconnect(&["--token", TOKEN, option, &root]);
            let stderr = scene.refuses(&mut command, 2);
            assert!(stderr.contains(&format!("the address in {option} {reason}")), "{root}: {stderr}");
        }
        for variable in ["INTUNECTL_GRAPH_URL", "INTUNECTL_LOGIN_URL"] {
            let stderr = scene.refuses(scene.disconnect(&["--token", TOKEN]).env(variable, &root), 2);
            assert!(stderr.contains(&format!("the address in {variable} {reason}")), "{root}: {stderr}");
        }
    }
    let stderr = scene.refuses(&mut scene.disconnect(&["--token", TOKEN, "--graph-url", ""]), 2);
    assert!(stderr.contains("the address in --graph-url is not a valid URL"), "{stderr}");
}

#[test]
fn options_override_variables_and_an_empty_variable_counts_as_not_set() {
    let scene = Scene::new();
    let other = Unspoken::new();
    let mut command = scene.disconnect(&["--token", TOKEN, "--graph-url", &scene.graph.url()]);
    assert_eq!(run(command.env("INTUNECTL_GRAPH_URL", other.url())).code, Some(0));
    other.assert_unspoken();
    let mut command = scene.disconnect(&["--token", TOKEN, "-o", "id"]);
    assert_eq!(run(command.env("INTUNECTL_OUTPUT", "json")).stdout, "a\n");
    let mut command = scene.disconnect(&["--token", TOKEN]);
    for empty in ["INTUNECTL_OUTPUT", "INTUNECTL_CLOUD", "INTUNECTL_LOGIN_URL", "INTUNECTL_DEBUG"] {
        command.env(empty, "");
    }
    assert_eq!(run(&mut command).stdout, "a\tdisconnected\n");
    assert_eq!(scene.graph.tokens().len(), 3);
}

#[test]
fn variables_have_the_same_effect_as_their_options() {
    let scene = Scene::new();
    let mut command = scene.disconnect(&["--token", TOKEN]);
    let seen = run(command.env("INTUNECTL_OUTPUT", "id").env("INTUNECTL_DEBUG", "1"));
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\n", Some(0)));
    assert!(seen.stderr.starts_with("a: attempt 1: POST http://127.0.0.1:"), "{}", seen.stderr);
    assert_eq!(scene.graph.tokens(), [TOKEN]);
}

#[test]
fn a_variable_with_an_invalid_value_is_a_usage_error() {
    let scene = Scene::new();
    let long = "x".repeat(65);
    for (variable, value, words) in [
        ("INTUNECTL_OUTPUT", "xml", "'xml' is not an output format; use one of: text, json, ndjson, csv, id"),
        ("INTUNECTL_OUTPUT", "JSON", "'JSON' is not an output format"),
        ("INTUNECTL_CLOUD", "mars", "global, gcc-high, dod, china"),
    ] {
        let mut command = scene.disconnect(&["--token", TOKEN]);
        let stderr = scene.refuses(command.env_remove("INTUNECTL_GRAPH_URL").env(variable, value), 2);
        assert!(stderr.contains(variable) && stderr.contains(words), "{stderr}");
    }
    for (value, words) in [("a\nb", "contains control"), (long.as_str(), "longer than 64 characters")] {
        let stderr = scene.refuses(scene.disconnect(&[]).env("INTUNECTL_PROFILE", value), 2);
        assert!(stderr.contains("INTUNECTL_PROFILE") && stderr.contains(words), "{stderr}");
        // A variable that an option overrides is not checked.
        let seen = run(scene.home.command().args(["auth", "token", "--token", TOKEN]).env("INTUNECTL_PROFILE", value));
        assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    }
    let stderr = scene.refuses(&mut scene.disconnect(&["--token", TOKEN, "--profile", ""]), 2);
    assert!(stderr.contains("--profile"), "{stderr}");
}

#[test]
fn a_server_on_this_machine_is_reached_without_a_proxy() {
    let scene = Scene::new();
    let proxy = Unspoken::new();
    let mut command = scene.disconnect(&["--token", TOKEN]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, proxy.url()).env(name.to_lowercase(), proxy.url());
    }
    assert_eq!(run(&mut command).code, Some(0));
    assert_eq!(scene.graph.tokens(), [TOKEN]);
    proxy.assert_unspoken();
}
