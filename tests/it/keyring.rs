//! Profiles in the keyring: storing, using and deleting their tokens, and the lock on writing.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::graph::{Graph, TOKEN, Unspoken};
use crate::support::jwt::{OTHER_TENANT, TENANT, but, claims, good, jwt, padded};
use crate::support::keyring::{entries, store_session};
use crate::support::terminal::{Streams, Terminal};
use crate::support::{Intunectl, Seen, files, run, run_with};
use crate::token::not_tokens;

// On other systems it would use the keyring of the person who runs the tests.
#[cfg(target_os = "linux")]
mod bus;

/// A home on a machine with the keyring of `.ci/with-secret-service`.
struct Scene {
    home: Intunectl,
    graph: Graph,
}

impl Scene {
    fn new() -> Self {
        let keyring = Self { home: Intunectl::with_keyring(), graph: Graph::that_does_it() };
        for profile in ["default", "work", "other"] {
            assert_eq!(keyring.run(&["auth", "logout", "--profile", profile]).code, Some(0));
        }
        keyring
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command();
        command.args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Seen {
        run(&mut self.command(arguments))
    }

    /// Stores a token for the fake Graph under the current profile.
    fn login(&self, token: impl Into<Vec<u8>>, arguments: &[&str]) -> Seen {
        let url = self.graph.url();
        let command = [&["auth", "login", "--with-token", "--graph-url", &url], arguments].concat();
        run_with(&mut self.command(&command), token)
    }

    /// Asserts that the current profile has this token.
    #[track_caller]
    fn has(&self, arguments: &[&str], token: &str) {
        let seen = self.run(&[&["auth", "token"], arguments].concat());
        assert_eq!(seen, Seen { stdout: format!("{token}\n"), stderr: String::new(), code: Some(0) });
    }

    /// Asserts that a profile is not signed in.
    #[track_caller]
    fn has_none(&self, profile: &str) {
        let seen = self.run(&["auth", "token", "--profile", profile]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)));
        let error = format!("error: no access token: not signed in (profile '{profile}')\nhint: ");
        assert!(seen.stderr.starts_with(&error), "{}", seen.stderr);
    }

    /// Another command, in a sandbox.
    fn rehearse(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.env("INTUNECTL_SANDBOX", self.graph.url());
        command
    }

    /// The directory of the lock files.
    fn locks(&self) -> PathBuf {
        match std::env::var_os("XDG_RUNTIME_DIR").filter(|_| cfg!(unix)) {
            Some(directory) => PathBuf::from(directory).join("intunectl"),
            None => self.home.home().to_owned(),
        }
    }

    /// Holds a lock, as a suspended process does.
    fn hold(&self, name: &str) -> File {
        let file = File::create(self.locks().join(name)).unwrap();
        file.try_lock().unwrap();
        file
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_stored_token_is_used_until_logout() {
    for token in [good(), padded(&claims(3600), 9_000), TOKEN.to_owned()] {
        let keyring = Scene::new();
        keyring.has_none("default");
        let Seen { stdout, stderr, code } = keyring.login(format!("{token}\n"), &[]);
        assert_eq!((stdout.as_str(), code), ("", Some(0)), "{stderr}");
        let (who, until) = match token == TOKEN {
            true => ("", ""),
            false => (" of admin@contoso.example", "; it expires in 59m "),
        };
        let told = format!("stored the token{who} (profile 'default', {}){until}", keyring.graph.url());
        assert!(stderr.starts_with(&told) && stderr.lines().count() == 1, "{stderr}");
        keyring.has(&[], &token);
        // No option names the Graph server: the profile does.
        let seen = keyring.run(&["partner", "disconnect", "-q", "a"]);
        assert_eq!(seen, Seen { stdout: "a\tdisconnected\n".into(), stderr: String::new(), code: Some(0) });
        assert_eq!(keyring.graph.tokens(), [token]);
        let seen = keyring.run(&["auth", "logout"]);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)));
        assert!(seen.stderr.starts_with("deleted the sign-in of profile 'default'"), "{}", seen.stderr);
        keyring.has_none("default");
        assert_eq!(keyring.run(&["partner", "disconnect", "a"]).code, Some(4));
        assert_eq!(keyring.graph.tokens().len(), 1);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_token_in_utf16_with_byte_order_mark_and_crlf_is_accepted() {
    let keyring = Scene::new();
    let token = good();
    let bytes: Vec<u8> = format!("\u{feff}{token}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(keyring.login(bytes, &["-q"]), Seen { stdout: String::new(), stderr: String::new(), code: Some(0) });
    keyring.has(&[], &token);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn an_unusable_token_is_rejected_and_the_stored_one_stays() {
    let keyring = Scene::new();
    let token = good();
    assert_eq!(keyring.login(token.clone(), &[]).code, Some(0));
    let expired = jwt(&claims(-7200));
    for (input, words) in [
        ("", "standard input contains no token; nothing was stored\n"),
        (" \r\n", "standard input contains no token; nothing was stored\n"),
        ("secret with spaces", "standard input contains a space"),
        (&expired, "the token from standard input expired 2h"),
    ] {
        let Seen { stdout, stderr, code } = keyring.login(input, &[]);
        assert_eq!((stdout.as_str(), code), ("", Some(4)), "{stderr}");
        assert!(stderr.starts_with(&format!("error: {words}")) && !stderr.contains("secret with"), "{stderr}");
        assert!(stderr.contains("; nothing was stored\nhint: ") && !stderr.contains("nothing was sent"), "{stderr}");
        keyring.has(&[], &token);
    }
    let url = keyring.graph.url();
    let domain = ["--tenant", "contoso.example", "--graph-url", &url];
    for options in [&["--tenant", OTHER_TENANT][..], &["--cloud", "china"], &domain] {
        let mut login = keyring.command(&["auth", "login", "--with-token"]);
        let Seen { stdout, stderr, code } = run_with(login.args(options), good());
        assert_eq!((stdout.as_str(), code), ("", Some(4)), "{stderr}");
        assert!(stderr.contains("; nothing was stored\nhint: ") && !stderr.contains("nothing was sent"), "{stderr}");
        keyring.has(&[], &token);
    }
    for (input, reason) in [
        ("x".repeat(300_000).into_bytes(), "it is too large to be a token"),
        (vec![b'x', 0xff], "it is not UTF-8 text (line 1)"),
    ] {
        let stderr = format!("error: cannot read standard input: {reason}; nothing was stored\n");
        assert_eq!(keyring.login(input, &[]), Seen { stdout: String::new(), stderr, code: Some(4) });
        keyring.has(&[], &token);
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn what_is_clearly_not_a_token_is_not_stored() {
    let keyring = Scene::new();
    for (text, words) in not_tokens() {
        let Seen { stdout, stderr, code } = keyring.login(format!("{text}\r\n"), &["-vv"]);
        assert_eq!((stdout.as_str(), code), ("", Some(4)), "{text}: {stderr}");
        assert!(stderr.starts_with(&format!("error: standard input {words}")), "{text}: {stderr}");
        assert!(stderr.contains("; nothing was stored\nhint: ") && !stderr.contains("Xyzzy-Plugh"), "{text}: {stderr}");
    }
    keyring.has_none("default");
    assert!(!entries("intunectl").contains("Xyzzy-Plugh"));
    assert_eq!(keyring.graph.tokens(), [""; 0]);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn what_an_earlier_version_stored_and_is_not_a_token_is_neither_sent_nor_printed() {
    let keyring = Scene::new();
    let url = keyring.graph.url();
    let response = json!({"access_token": good(), "refresh_token": "Xyzzy-Plugh-0451"}).to_string();
    for (text, words) in [
        (response.as_str(), "contains a space or another character that no token contains"),
        ("null", "contains only `null`"),
        ("System.Security.SecureString", "contains a SecureString of PowerShell, not its text"),
        ("$(Xyzzy-Plugh)", "contains a placeholder in place of its value"),
        ("Bearer Xyzzy-Plugh", "contains the word Bearer before the token"),
    ] {
        let session = json!({"access_token": text, "graph_url": url, "login_url": url});
        store_session("work", &session.to_string());
        let error = format!(
            "error: the token of profile 'work' {words}; nothing was sent\n\
             hint: sign in again: intunectl auth login --profile work\n"
        );
        for command in
            [&["partner", "disconnect", "a"][..], &["partner", "list"], &["auth", "token"], &["auth", "status"]]
        {
            let Seen { stdout, stderr, code } = keyring.run(&[command, &["--profile", "work", "-vv"]].concat());
            assert_eq!((stderr.as_str(), code), (error.as_str(), Some(4)), "{command:?}");
            let shown = if command == ["auth", "status"] { "Source:      profile 'work'\n" } else { "" };
            assert_eq!(stdout, shown, "{command:?}");
        }
        let listed = keyring.run(&["auth", "list", "-o", "json"]).stdout;
        assert!(listed.contains(&format!("the token {words}")) && !listed.contains("Plugh"), "{listed}");
        let listed = keyring.run(&["auth", "list"]).stdout;
        assert!(listed.ends_with("\tunusable\n") && !listed.contains("Plugh"), "{listed}");
        assert_eq!(keyring.run(&["auth", "logout", "--profile", "work"]).code, Some(0));
    }
    assert_eq!(keyring.graph.lines(), [""; 0]);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn of_a_whole_token_response_only_the_access_token_is_stored() {
    let keyring = Scene::new();
    let token = good();
    let secret = "1.Xyzzy-Plugh-0451";
    let response = json!({"token_type": "Bearer", "access_token": token, "refresh_token": secret, "id_token": secret});
    for text in [response.to_string(), format!("{response:#}\n")] {
        let Seen { stdout, stderr, code } = keyring.login(text, &["-vv"]);
        assert_eq!((stdout.as_str(), code), ("", Some(0)), "{stderr}");
        assert!(stderr.contains("stored the token of admin@contoso.example") && !stderr.contains(secret), "{stderr}");
        keyring.has(&[], &token);
        let stored = entries("intunectl");
        assert!(stored.contains(&token[..40]) && !stored.contains("Xyzzy-Plugh"), "{stored}");
    }
    assert_eq!(keyring.run(&["auth", "logout"]).code, Some(0));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn each_profile_has_its_own_token() {
    let keyring = Scene::new();
    let [default, work, other] = [1, 2, 3].map(|n| jwt(&claims(3600 + n)));
    assert_eq!(keyring.login(default.clone(), &[]).code, Some(0));
    assert_eq!(keyring.login(work.clone(), &["--profile", "work"]).code, Some(0));
    let url = keyring.graph.url();
    let mut login = keyring.command(&["auth", "login", "--with-token", "--graph-url", &url]);
    assert_eq!(run_with(login.env("INTUNECTL_PROFILE", "other"), other.clone()).code, Some(0));
    for (profile, token) in [("default", &default), ("work", &work), ("other", &other)] {
        keyring.has(&["--profile", profile], token);
        let by_variable = run(keyring.command(&["auth", "token"]).env("INTUNECTL_PROFILE", profile));
        assert_eq!(by_variable.stdout, format!("{token}\n"));
    }
    // The option wins, and an empty variable is an error.
    let mut command = keyring.command(&["partner", "disconnect", "a", "--profile", "work"]);
    assert_eq!(run(command.env("INTUNECTL_PROFILE", "other")).code, Some(0));
    assert_eq!(run(keyring.command(&["partner", "disconnect", "a"]).env("INTUNECTL_PROFILE", "")).code, Some(2));
    assert_eq!(keyring.run(&["partner", "disconnect", "a"]).code, Some(0));
    assert_eq!(keyring.graph.tokens(), [work, default.clone()]);
    // A sign-in to delete is named by its profile, not by its tenant.
    let seen = keyring.run(&["auth", "logout", "--tenant", OTHER_TENANT]);
    assert!(seen.code == Some(2) && seen.stderr.contains("--profile NAME"), "{seen:?}");
    keyring.has(&[], &default);
    assert_eq!(keyring.run(&["auth", "logout", "--profile", "work"]).code, Some(0));
    keyring.has_none("work");
    keyring.has(&[], &default);
    keyring.has(&["--profile", "other"], &other);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn the_profile_option_beats_variables_and_variables_beat_the_default_profile() {
    let keyring = Scene::new();
    let [default, work, other] = [1, 2, 3].map(|n| jwt(&claims(3600 + n)));
    assert_eq!(keyring.login(default, &[]).code, Some(0));
    assert_eq!(keyring.login(work.clone(), &["--profile", "work"]).code, Some(0));
    let app = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s")];
    for variables in [&[("INTUNECTL_TOKEN", other.as_str())][..], &app, &[("INTUNECTL_PROFILE", "default")]] {
        let mut command = keyring.command(&["partner", "disconnect", "a", "--profile", "work"]);
        assert_eq!(run(command.envs(variables.iter().copied())).code, Some(0));
    }
    assert_eq!(keyring.graph.tokens(), [work.clone(), work.clone(), work.clone()]);
    let mut command = keyring.command(&["partner", "disconnect", "a"]);
    assert_eq!(run(command.env("INTUNECTL_PROFILE", "work").envs(app)).code, Some(0));
    let mut command = keyring.command(&["partner", "disconnect", "a", "--graph-url", &keyring.graph.url()]);
    assert_eq!(run(command.env("INTUNECTL_PROFILE", "work").env("INTUNECTL_TOKEN", &other)).code, Some(0));
    assert_eq!(keyring.graph.tokens()[3..], [work, other]);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_profile_is_never_used_in_place_of_an_application_or_for_another_tenant() {
    let keyring = Scene::new();
    assert_eq!(keyring.login(good(), &[]).code, Some(0));
    let named = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c")];
    for variables in [
        &[("AZURE_CLIENT_ID", "c")][..],
        &named,
        &[named[0], named[1], ("AZURE_CLIENT_CERTIFICATE_PATH", "/tmp/cert.pem")],
        &[named[0], named[1], ("SYSTEM_OIDCREQUESTURI", "http://127.0.0.1:9/oidc"), ("SYSTEM_ACCESSTOKEN", "x")],
        &[("AZURE_FEDERATED_TOKEN", "x")],
        &[("INTUNECTL_TOKEN_COMMAND", "echo x")],
    ] {
        for command in [&["partner", "disconnect", "a"][..], &["partner", "list"], &["auth", "token"]] {
            let seen = run(keyring.command(command).envs(variables.iter().copied()));
            assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{variables:?}: {seen:?}");
        }
    }
    for quiet in [&[][..], &["-q"]] {
        let arguments = [&["partner", "disconnect", "a", "--tenant", OTHER_TENANT], quiet].concat();
        let seen = keyring.run(&arguments);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{seen:?}");
        let told = format!("error: the token of profile 'default' is for tenant {TENANT}, not for {OTHER_TENANT}");
        assert!(seen.stderr.starts_with(&told), "{seen:?}");
    }
    assert_eq!(keyring.graph.tokens(), [""; 0]);
    // AZURE_TENANT_ID alone selects no application.
    let mut command = keyring.command(&["partner", "disconnect", "a"]);
    assert_eq!(run(command.env("AZURE_TENANT_ID", "t")).code, Some(0));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn login_rejects_a_token_for_a_tenant_other_than_the_tenant_option() {
    let keyring = Scene::new();
    let seen = keyring.login(good(), &["--tenant", OTHER_TENANT]);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{seen:?}");
    assert!(
        seen.stderr.contains(&format!("the token from standard input is for tenant {TENANT}, not for {OTHER_TENANT}")),
        "{seen:?}"
    );
    keyring.has_none("default");
    // Without a sign-in, a foreign Graph server named only by a variable is an error.
    let mut command = keyring.command(&["partner", "disconnect", "a"]);
    let seen = run(command.env("INTUNECTL_GRAPH_URL", "https://graph.micros0ft.example"));
    assert!(seen.code == Some(2) && seen.stderr.contains("--graph-url"), "{seen:?}");
    assert_eq!(keyring.login(good(), &["--tenant", TENANT]).code, Some(0));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_profiles_token_is_sent_only_to_its_own_graph_server() {
    let keyring = Scene::new();
    let token = good();
    assert_eq!(keyring.login(token.clone(), &[]).code, Some(0));
    let (own, other) = (keyring.graph.url(), Unspoken::new());
    let elsewhere = other.url();
    let upgraded = own.replace("http:", "https:");
    for option in [
        ["--graph-url", &elsewhere],
        ["--graph-url", "https://graph.microsoft.com"],
        ["--graph-url", &upgraded],
        ["--cloud", "global"],
        ["--cloud", "china"],
    ] {
        let variable = if option[0] == "--cloud" { "INTUNECTL_CLOUD" } else { "INTUNECTL_GRAPH_URL" };
        for command in [&["partner", "disconnect", "a"][..], &["partner", "list"], &["auth", "token"]] {
            let by_option = keyring.run(&[command, &option].concat());
            let by_variable = run(keyring.command(command).env(variable, option[1]));
            for Seen { stdout, stderr, code } in [by_option, by_variable] {
                assert_eq!((stdout.as_str(), code), ("", Some(4)), "{option:?} {command:?}: {stderr}");
                let error = format!("error: the Graph server of profile 'default' is {own}, but ");
                assert!(stderr.starts_with(&error), "{stderr}");
            }
        }
    }
    other.assert_unspoken();
    assert_eq!(keyring.graph.tokens(), [""; 0]);
    assert_eq!(keyring.run(&["partner", "disconnect", "a", "--graph-url", &format!("{own}/")]).code, Some(0));
    assert_eq!(keyring.graph.tokens(), [token]);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_profile_cannot_be_used_in_another_cloud() {
    let keyring = Scene::new();
    // A token for another cloud is not stored.
    let seen = run_with(&mut keyring.command(&["auth", "login", "--with-token", "--cloud", "china"]), good());
    assert!(seen.code == Some(4) && seen.stderr.ends_with("to act in global, use --cloud global\n"), "{seen:?}");
    let token = but(&json!({"aud": "https://microsoftgraph.chinacloudapi.cn"}));
    let login = run_with(&mut keyring.command(&["auth", "login", "--with-token", "--cloud", "china"]), token.clone());
    assert!(login.stderr.contains(", https://microsoftgraph.chinacloudapi.cn)"), "{}", login.stderr);
    keyring.has(&[], &token);
    keyring.has(&["--cloud", "china"], &token);
    let url = keyring.graph.url();
    for option in [["--cloud", "global"], ["--cloud", "dod"], ["--graph-url", &url]] {
        let seen = keyring.run(&[&["partner", "disconnect", "a"][..], &option].concat());
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{}", seen.stderr);
    }
    assert_eq!(keyring.graph.tokens(), [""; 0]);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_new_login_replaces_the_previous_one() {
    let keyring = Scene::new();
    let elsewhere = Unspoken::new();
    let url = elsewhere.url();
    // For another Graph server, and long enough that chunks of it could be left over.
    let long = padded(&claims(3600), 9_000);
    let login = run_with(&mut keyring.command(&["auth", "login", "--with-token", "--graph-url", &url]), long);
    assert_eq!(login.code, Some(0));
    for token in [TOKEN.to_owned(), good(), padded(&claims(3600), 4_000)] {
        assert_eq!(keyring.login(token.clone(), &[]).code, Some(0));
        keyring.has(&[], &token);
    }
    assert_eq!(keyring.run(&["partner", "disconnect", "a"]).code, Some(0));
    assert_eq!(keyring.graph.tokens().len(), 1);
    elsewhere.assert_unspoken();
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn logout_succeeds_if_not_signed_in() {
    let keyring = Scene::new();
    let seen = keyring.run(&["auth", "logout", "--profile", "work"]);
    let stderr = "not signed in (profile 'work')\n".to_owned();
    assert_eq!(seen, Seen { stdout: String::new(), stderr, code: Some(0) });
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn a_token_in_a_variable_beats_the_default_profile() {
    let keyring = Scene::new();
    assert_eq!(keyring.login(good(), &[]).code, Some(0));
    let url = keyring.graph.url();
    let mut command = keyring.command(&["partner", "disconnect", "a", "--graph-url", &url]);
    assert_eq!(run(command.env("INTUNECTL_TOKEN", TOKEN)).code, Some(0));
    assert_eq!(keyring.graph.tokens(), [TOKEN]);
    // An empty variable is an error; the profile is not tried instead.
    let mut command = keyring.command(&["partner", "disconnect", "a"]);
    assert_eq!(run(command.env("INTUNECTL_TOKEN", "")).code, Some(4));
    let mut command = keyring.command(&["partner", "disconnect", "a"]);
    let app = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "")];
    assert_eq!(run(command.envs(app)).code, Some(4));
    assert_eq!(keyring.graph.tokens().len(), 1);
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn no_token_is_written_to_a_file_in_clear_text() {
    let keyring = Scene::new();
    let token = jwt(&claims(3599));
    assert_eq!(keyring.login(token.clone(), &[]).code, Some(0));
    assert_eq!(keyring.run(&["partner", "disconnect", "a"]).code, Some(0));
    keyring.has(&[], &token);
    let lock = keyring.locks().join("intunectl.lock");
    assert!(std::fs::read(&lock).unwrap().is_empty());
    // On Windows the keyring's files belong to the system.
    assert_eq!(files(keyring.home.home()), if cfg!(windows) { vec![lock.clone()] } else { Vec::new() });
    #[cfg(windows)]
    let (stored, session) = (Vec::<PathBuf>::new(), Vec::new());
    #[cfg(unix)]
    let (stored, session) = {
        let directory = |name| files(&PathBuf::from(std::env::var_os(name).unwrap()));
        let (stored, session) = (directory("HOME"), directory("XDG_RUNTIME_DIR"));
        assert!(session.contains(&lock), "{session:?}");
        let ours = keyring.locks();
        assert!(
            session.iter().filter(|path| path.starts_with(&ours)).all(|path| std::fs::read(path).unwrap().is_empty())
        );
        assert!(stored.iter().any(|path| path.extension().is_some_and(|name| name == "keyring")), "{stored:?}");
        (stored, session)
    };
    // Parts of it, because a keyring may store it in pieces.
    let parts: Vec<_> = (0..token.len() - 40).step_by(20).map(|start| &token.as_bytes()[start..start + 40]).collect();
    for path in stored.iter().chain(&session) {
        let bytes = std::fs::read(path).unwrap();
        let found = parts.iter().any(|part| bytes.windows(part.len()).any(|window| window == *part));
        assert!(!found, "{} contains a part of the token", path.display());
    }
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn sandbox_sign_ins_and_real_sign_ins_do_not_see_each_other() {
    let keyring = Scene::new();
    let rehearse = |arguments: &[&str]| run(&mut keyring.rehearse(arguments));
    assert_eq!(rehearse(&["auth", "logout", "--all"]).code, Some(0));
    let [real, rehearsed] = [1, 2].map(|n| jwt(&claims(3600 + n)));
    let shown = |token: &str| Seen { stdout: format!("{token}\n"), stderr: String::new(), code: Some(0) };
    let told = |stderr: &str| Seen { stdout: String::new(), stderr: stderr.to_owned(), code: Some(0) };
    assert_eq!(keyring.login(real.clone(), &["--profile", "work"]).code, Some(0));

    assert_eq!(rehearse(&["auth", "list", "-o", "id"]).stdout, "");
    assert_eq!(rehearse(&["auth", "token", "--profile", "work"]).code, Some(4));
    let logout = rehearse(&["auth", "logout", "--profile", "work"]);
    let rehearsal = "INTUNECTL_SANDBOX is set: this command sees only sign-ins to the sandbox\n";
    assert_eq!(logout, told(&format!("{rehearsal}not signed in (profile 'work')\n")));
    let mut logout = keyring.command(&["auth", "logout", "--all"]);
    assert_eq!(
        run(logout.env("INTUNECTL_SANDBOX", "http://127.0.0.1:9")),
        told(&format!("{rehearsal}not signed in\n"))
    );
    // An invalid INTUNECTL_SANDBOX selects neither the sandbox's nor the real sign-ins.
    for command in [&["auth", "logout", "--all"][..], &["auth", "list"]] {
        let seen = run(keyring.command(command).env("INTUNECTL_SANDBOX", "1"));
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
    }
    keyring.has(&["--profile", "work"], &real);

    let url = keyring.graph.url();
    let login = ["auth", "login", "--with-token", "--profile", "work", "--graph-url", &url];
    assert_eq!(run_with(&mut keyring.rehearse(&login), rehearsed.clone()).code, Some(0));
    assert_eq!(rehearse(&["auth", "token", "--profile", "work"]), shown(&rehearsed));
    assert_eq!(rehearse(&["auth", "list", "-o", "id"]).stdout, "work\n");
    keyring.has(&["--profile", "work"], &real);
    // An empty variable counts as unset.
    let mut token = keyring.command(&["auth", "token", "--profile", "work"]);
    assert_eq!(run(token.env("INTUNECTL_SANDBOX", "")), shown(&real));

    assert_eq!(keyring.run(&["auth", "logout", "--all"]).code, Some(0));
    keyring.has_none("work");
    assert_eq!(rehearse(&["auth", "token", "--profile", "work"]), shown(&rehearsed));
    let deleted = "deleted the sign-in of profile 'work'; its tokens stay valid until they expire\n";
    let logout = told(&format!("{rehearsal}{deleted}"));
    assert_eq!(rehearse(&["auth", "logout", "--all"]), logout);
    assert_eq!(rehearse(&["auth", "list", "-o", "id"]).stdout, "");
}

const BUSY: &str = "another intunectl is writing to the keyring, or is suspended (Ctrl-Z)";

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn while_another_process_holds_the_lock_login_fails_and_logout_works() {
    let keyring = Scene::new();
    assert_eq!(keyring.run(&["auth", "logout", "--all"]).code, Some(0));
    let profiles = (0..10).map(|n| format!("held-{n}")).collect::<Vec<_>>();
    let token = good();
    for profile in &profiles {
        assert_eq!(keyring.login(token.clone(), &["--profile", profile]).code, Some(0));
    }
    let held = keyring.hold("intunectl.lock");
    let login = keyring.login(jwt(&claims(3599)), &["--profile", &profiles[0]]);
    assert_eq!((login.stdout.as_str(), login.code), ("", Some(1)));
    assert!(login.stderr.contains(BUSY), "{}", login.stderr);
    keyring.has(&["--profile", &profiles[0]], &token);

    let start = Instant::now();
    let logout = keyring.run(&["auth", "logout", "--all"]);
    // 2 s for each of the ten would be 20 s.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    let deleted = profiles.iter().map(|profile| {
        format!("deleted the sign-in of profile '{profile}'; its tokens stay valid until they expire\n")
    });
    let warning = format!(
        "warning: {BUSY}; it may store a sign-in again\n\
         hint: after it ends, check with `intunectl auth list`\n"
    );
    let stderr = deleted.collect::<String>() + &warning;
    assert_eq!(logout, Seen { stdout: String::new(), stderr, code: Some(0) });
    let logout = keyring.run(&["auth", "logout", "--profile", &profiles[0]]);
    let stderr = format!("not signed in (profile '{}')\n{warning}", profiles[0]);
    assert_eq!(logout, Seen { stdout: String::new(), stderr, code: Some(0) });
    drop(held);
    assert_eq!(keyring.run(&["auth", "list", "-o", "id"]).stdout, "");
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn sandbox_runs_and_real_runs_do_not_share_locks() {
    let keyring = Scene::new();
    // Creates the lock files.
    assert_eq!(keyring.login(good(), &[]).code, Some(0));
    let url = keyring.graph.url();
    let login = ["auth", "login", "--with-token", "--graph-url", &url];
    let rehearse = || run_with(&mut keyring.rehearse(&login), good());
    assert_eq!(rehearse().code, Some(0));
    let held = keyring.hold("intunectl.lock");
    assert_eq!((rehearse().code, keyring.login(good(), &[]).code), (Some(0), Some(1)));
    drop(held);
    let _held = keyring.hold("intunectl-sandbox.lock");
    assert_eq!((rehearse().code, keyring.login(good(), &[]).code), (Some(1), Some(0)));
    assert_eq!(run(&mut keyring.rehearse(&["auth", "logout", "--all"])).code, Some(0));
}

#[test]
#[ignore = "needs a Secret Service; .ci/run runs it under .ci/with-secret-service"]
fn without_a_lock_directory_login_fails_and_logout_works() {
    let keyring = Scene::new();
    let token = good();
    assert_eq!(keyring.login(token.clone(), &[]).code, Some(0));
    let nowhere = |arguments: &[&str]| {
        let mut command = keyring.command(arguments);
        command.env_remove("XDG_RUNTIME_DIR").env("HOME", "/nonexistent/home").env("TMPDIR", "/nonexistent/tmp");
        command.env("TMP", r"C:\nonexistent").env("TEMP", r"C:\nonexistent");
        command
    };
    let url = keyring.graph.url();
    let mut login = nowhere(&["auth", "login", "--with-token", "--graph-url", &url]);
    let login = run_with(&mut login, jwt(&claims(3599)));
    assert_eq!((login.stdout.as_str(), login.code), ("", Some(1)));
    for words in match cfg!(windows) {
        true => [r"cannot create a lock file: C:\nonexistent", r"\: "],
        false => [
            "cannot create a lock file: /nonexistent/home/.local/state/intunectl: No such file or directory",
            "; /nonexistent/tmp/intunectl-",
        ],
    } {
        assert!(login.stderr.contains(words), "{}", login.stderr);
    }
    keyring.has(&[], &token);
    let stderr = "deleted the sign-in of profile 'default'; its tokens stay valid until they expire\n".to_owned();
    let logout = run(&mut nowhere(&["auth", "logout"]));
    assert_eq!(logout, Seen { stdout: String::new(), stderr, code: Some(0) });
    keyring.has_none("default");
}

#[test]
fn login_with_token_does_not_read_from_a_terminal() {
    let home = Intunectl::new();
    let mut login = home.command();
    login.args(["auth", "login", "--with-token"]);
    let streams = Streams { stdin: true, stdout: false, stderr: false };
    let Seen { stdout, stderr, code } = Terminal::start(&login, streams, 80).end();
    assert_eq!((stdout.as_str(), code), ("", Some(2)), "{stderr}");
    assert!(
        stderr.contains(
            "but standard input is a terminal\nhint: read the token from a file: intunectl auth login --with-token < "
        ),
        "{stderr}"
    );
}
