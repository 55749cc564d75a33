//! `sandbox`: a stand-in for Graph, to try everything out.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::graph::PARTNERS;
use crate::support::helper::helper;
use crate::support::os::{address_in_use, no_such_program};
#[cfg(unix)]
use crate::support::running::Running;
use crate::support::sandbox::{FIRST, SECOND, Sandbox, THIRD};
#[cfg(windows)]
use crate::support::terminal::{ALL, Terminal};
use crate::support::{Intunectl, Seen, run, run_with};

/// Runs `intunectl sandbox` with these arguments.
fn sandbox(arguments: &[&str]) -> Seen {
    let home = Intunectl::new();
    run(home.command().arg("sandbox").args(arguments))
}

/// Runs the steps with `tests/helper` in a sandbox with these options.
fn rehearse(options: &[&str], steps: &[&str]) -> Seen {
    let helper = helper();
    sandbox(&[options, &["--", helper.to_str().unwrap()], steps].concat())
}

/// Steps that disconnect all partners, with these options.
fn disconnect_all<'a>(options: &[&'a str]) -> Vec<&'a str> {
    let list = ["pipe", "intunectl", "partner", "list", "-o", "id", "|"];
    [&list[..], &["intunectl", "partner", "disconnect", "-"], options].concat()
}

#[test]
fn all_partners_of_the_sandbox_can_be_disconnected() {
    let seen = rehearse(&[], &disconnect_all(&["-q", "-j", "1"]));
    assert_eq!(seen, all_disconnected());
}

#[cfg(unix)]
#[test]
fn all_partners_of_the_sandbox_can_be_disconnected_in_a_shell() {
    let script = "command -v intunectl >&2; intunectl partner list -o id | intunectl partner disconnect -q -j 1 -";
    let seen = sandbox(&["--", "sh", "-c", script]);
    let own = Intunectl::new().command().get_program().to_str().unwrap().to_owned();
    assert_eq!(seen, Seen { stderr: own + "\n", ..all_disconnected() });
}

fn all_disconnected() -> Seen {
    let stdout = [FIRST, SECOND, THIRD].map(|id| format!("{id}\tdisconnected\n")).concat();
    Seen { stdout, stderr: String::new(), code: Some(0) }
}

#[test]
fn a_command_gets_the_settings_and_nothing_is_printed() {
    let names = ["INTUNECTL_GRAPH_URL", "INTUNECTL_LOGIN_URL", "INTUNECTL_TOKEN", "INTUNECTL_SANDBOX", "PATH"];
    let Seen { stdout, stderr, code } = rehearse(&[], &names.map(|name| ["print-variable", name]).concat());
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let [graph, login, token, sandbox, path] = stdout.lines().collect::<Vec<_>>()[..] else { panic!("{stdout}") };
    assert!(graph.starts_with("http://127.0.0.1:") && login == graph && sandbox == graph, "{stdout}");
    assert_eq!(token.split('.').count(), 3);
    // This program comes first on the PATH.
    let first = std::env::split_paths(path).next().unwrap();
    let own = PathBuf::from(Intunectl::new().command().get_program());
    assert_eq!(first.canonicalize().unwrap(), own.parent().unwrap().canonicalize().unwrap());
}

/// Variables that an administrator or a pipeline may have set for a real tenant.
const OF_A_TENANT: [(&str, &str); 19] = [
    ("INTUNECTL_TOKEN", "of-the-tenant"),
    ("INTUNECTL_PROFILE", "contoso"),
    ("INTUNECTL_CLIENT_ID", "my-app"),
    ("INTUNECTL_CLOUD", "china"),
    ("INTUNECTL_GRAPH_URL", "https://microsoftgraph.chinacloudapi.cn"),
    ("INTUNECTL_LOGIN_URL", "https://login.chinacloudapi.cn"),
    ("INTUNECTL_OUTPUT", "ndjson"),
    ("AZURE_TENANT_ID", "contoso.example"),
    ("AZURE_CLIENT_ID", "my-app"),
    ("AZURE_CLIENT_SECRET", "s3cret"),
    ("AZURE_CLIENT_CERTIFICATE_PATH", "/nonexistent/app.pem"),
    ("AZURE_FEDERATED_TOKEN_FILE", "/nonexistent/token"),
    ("AZURE_FEDERATED_TOKEN", "e30.e30."),
    ("AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn"),
    ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "11111111-2222-3333-4444-555555555555"),
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://pipelines.actions.example"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-pipeline"),
    ("SYSTEM_OIDCREQUESTURI", "https://devops.example"),
    ("SYSTEM_ACCESSTOKEN", "of-the-pipeline"),
];

#[test]
fn the_settings_replace_those_of_a_real_tenant() {
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(["sandbox", "--", "intunectl", "partner", "disconnect", "-q", FIRST]).envs(OF_A_TENANT);
    let stdout = format!("{FIRST}\tdisconnected\n");
    assert_eq!(run(&mut command), Seen { stdout, stderr: String::new(), code: Some(0) });
}

#[test]
fn the_command_gets_only_the_settings_and_variables_unrelated_to_a_tenant() {
    let home = Intunectl::new();
    let mut command = home.command();
    let own: Vec<_> = command.get_envs().map(|(name, _)| name.to_str().unwrap().to_owned()).collect();
    command.args(["sandbox", "--"]).arg(helper()).arg("print-variables").envs(OF_A_TENANT);
    command.env("INTUNECTL_\u{ff}", "x").env("AZURE_CONFIG_DIR", "x");
    let mut kept = vec!["CI=true", "LLVM_PROFILE=a=b", "MY_AZURE_CLIENT_ID=", "café=1"];
    // Windows ignores the case of names.
    if cfg!(unix) {
        kept.push("azure_client_id=lower");
    }
    command.envs(kept.iter().map(|entry| entry.split_once('=').unwrap()));
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let bytes = std::ffi::OsStr::from_bytes;
        command.env(bytes(b"INTUNECTL_\xff"), "x").env("AZURE_TENANT", bytes(b"\xff"));
        command.env(bytes(b"\xff_AZURE_"), bytes(b"\xff"));
        kept.push("\u{fffd}_AZURE_=\u{fffd}");
    }
    let Output { stdout, stderr, status } = command.output().unwrap();
    assert_eq!((String::from_utf8(stderr).unwrap().as_str(), status.code()), ("", Some(0)));
    let stdout = String::from_utf8_lossy(&stdout);
    let entries: BTreeSet<_> = stdout.split_terminator('\0').collect();
    for entry in &kept {
        assert!(entries.contains(entry), "{entry}: {entries:?}");
    }
    fn name(entry: &str) -> &str {
        entry.split('=').next().unwrap()
    }
    // Windows and wine add some.
    let is_added = |name: &&str| cfg!(windows) && (*name == "SystemDrive" || name.starts_with("WINE"));
    let names: BTreeSet<_> = entries.iter().map(|entry| name(entry)).filter(|name| !is_added(name)).collect();
    let settings = ["INTUNECTL_GRAPH_URL", "INTUNECTL_LOGIN_URL", "INTUNECTL_TOKEN", "INTUNECTL_SANDBOX"];
    let kept = kept.iter().map(|entry| name(entry));
    assert_eq!(names, own.iter().map(String::as_str).chain(settings).chain(kept).collect());
}

#[test]
fn a_nested_sandbox_has_its_own_settings() {
    let helper = helper();
    let inner = ["print-variable", "INTUNECTL_SANDBOX", "run", "intunectl", "sandbox", "--", helper.to_str().unwrap()];
    let disconnect = disconnect_all(&["-q", "-j", "1", "-o", "id"]);
    let list = ["&&", "run", "intunectl", "partner", "list", "-o", "ndjson"];
    let steps = [&inner[..], &inner[..2], &disconnect, &list].concat();
    let Seen { stdout, stderr, code } = rehearse(&["--partners", "1"], &steps);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let [outer, inner, ids @ .., last] = &stdout.lines().collect::<Vec<_>>()[..] else { panic!("{stdout}") };
    assert!(outer != inner && ids == [FIRST, SECOND, THIRD], "{stdout}");
    assert!(last.contains(r#""onboardingStatus":"onboarded""#), "{stdout}");
}

#[test]
fn the_exit_code_of_the_command_is_passed_on() {
    let code_of = |code: i32| rehearse(&[], &["exit", &code.to_string()]);
    // Windows has codes of 32 bits; the last one here is that of an access violation.
    let wide = if cfg!(windows) { &[256, 70_000, -1, -1_073_741_819][..] } else { &[] };
    for code in [0, 1, 3, 255].iter().chain(wide) {
        assert_eq!(code_of(*code), Seen { stdout: String::new(), stderr: String::new(), code: Some(*code) });
    }
}

#[cfg(unix)]
#[test]
fn a_command_ended_by_a_signal_gives_128_plus_the_signal() {
    for (signal, code) in [("KILL", 137), ("INT", 130)] {
        let seen = sandbox(&["--", "sh", "-c", &format!("kill -{signal} $$")]);
        assert_eq!(seen, Seen { stdout: String::new(), stderr: String::new(), code: Some(code) });
    }
}

#[test]
fn the_command_has_the_standard_streams_of_the_sandbox() {
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(["sandbox", "--"]).arg(helper()).args(["copy", "print-error", "err\n"]);
    assert_eq!(run_with(&mut command, "in"), Seen { stdout: "in".into(), stderr: "err\n".into(), code: Some(0) });
}

/// A batch file in the only directory of the PATH, and a command to run it.
#[cfg(windows)]
fn batch_file(home: &Intunectl, name: &str) -> std::process::Command {
    std::fs::create_dir(home.home().join("tools")).unwrap();
    home.file(&format!("tools/{name}"), format!("@echo {name} [%~1] [%~2]\r\n@exit /b 7\r\n"));
    let mut command = home.command();
    command.env("PATH", home.home().join("tools")).env("PATHEXT", ".COM;.EXE;.BAT;.CMD");
    command
}

#[cfg(windows)]
#[test]
fn a_batch_file_on_the_path_is_run_without_its_extension() {
    for name in ["az.cmd", "az.bat"] {
        for typed in ["az", "AZ", name] {
            let home = Intunectl::new();
            let mut command = batch_file(&home, name);
            command.args(["sandbox", "--", typed, "two words", "one"]);
            let stdout = format!("{name} [two words] [one]\r\n");
            assert_eq!(run(&mut command), Seen { stdout, stderr: String::new(), code: Some(7) });
        }
    }
}

#[cfg(windows)]
#[test]
fn pathext_lists_the_extensions_that_can_be_omitted() {
    let home = Intunectl::new();
    let mut command = batch_file(&home, "az.cmd");
    command.args(["sandbox", "--", "az"]).env("PATHEXT", ".EXE");
    let Seen { stdout, stderr, code } = run(&mut command);
    assert_eq!((stdout.as_str(), code), ("", Some(2)), "{stderr}");
    assert!(stderr.starts_with(&format!("error: cannot run 'az': {}\nhint: ", no_such_program())), "{stderr}");
    assert!(stderr.contains("cmd /c"), "{stderr}");
}

#[test]
fn a_missing_program_is_reported_with_the_reason() {
    let Seen { stdout, stderr, code } = sandbox(&["--", "no-such-program"]);
    assert_eq!((stdout.as_str(), code), ("", Some(2)));
    assert!(
        stderr.starts_with(&format!("error: cannot run 'no-such-program': {}\nhint: ", no_such_program())),
        "{stderr}"
    );
}

#[test]
fn without_a_command_it_prints_the_settings_and_serves_until_interrupted() {
    for (signal, expected) in [("INT", 130), ("TERM", 143)] {
        let serving = Sandbox::start(&[]);
        let names: Vec<_> = serving.settings.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["INTUNECTL_GRAPH_URL", "INTUNECTL_LOGIN_URL", "INTUNECTL_TOKEN", "INTUNECTL_SANDBOX"]);
        assert_eq!(serving.setting("INTUNECTL_SANDBOX"), serving.setting("INTUNECTL_GRAPH_URL"));
        assert!(serving.ask(&format!("GET {PARTNERS}")).starts_with("HTTP/1.1 200 OK\r\n"));
        let Seen { stderr, code, .. } = serving.end(signal);
        assert_eq!((stderr.as_str(), code), ("the sandbox runs until you press Ctrl-C\n", Some(expected)));
    }
}

/// On Windows, PowerShell would evaluate it, but wine has none.
#[cfg(unix)]
#[test]
fn a_shell_can_evaluate_the_printed_settings() {
    let serving = Sandbox::start(&[]);
    let home = Intunectl::new();
    let settings: String = serving.settings.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
    home.file("settings", settings);
    let seen = run(&mut home.sh(". ./settings; intunectl partner disconnect -q $(intunectl partner list -o id)"));
    assert_eq!((seen.stdout.lines().count(), seen.stderr.as_str(), seen.code), (3, "", Some(0)));
}

#[test]
fn with_the_printed_settings_requests_go_to_the_sandbox() {
    let serving = Sandbox::start(&[]);
    let home = Intunectl::new();
    let command = |arguments: &[&str]| run(home.command().args(arguments).envs(serving.settings.iter().cloned()));
    let listed = command(&["partner", "list", "-o", "id"]);
    let ids: Vec<_> = listed.stdout.lines().collect();
    assert_eq!(ids, [FIRST, SECOND, THIRD]);
    let seen = command(&[&["partner", "disconnect", "-q", "-j", "1"], &ids[..]].concat());
    assert_eq!(seen, all_disconnected());
}

#[cfg(unix)]
#[test]
fn a_sigterm_ends_the_command_too() {
    let home = Intunectl::new();
    let mut command = home.command();
    let running = Running::start(command.args(["sandbox", "--"]).arg(helper()).args(["print", "started\n", "hang"]));
    running.wait_for_stdout("\n");
    running.signal("TERM");
    // Standard output is read to its end, which comes only when the command has ended, too.
    let seen = running.end();
    assert_eq!((seen.stdout.as_str(), seen.code), ("started\n", Some(143)));
}

/// The events of a console reach the command, too.
#[cfg(windows)]
#[test]
fn when_the_console_is_closed_the_command_can_finish() {
    // The system ends a program that does not handle the event: Windows with 0xC000013A, wine with 0.
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(["sandbox", "--"]).arg(helper()).args(["print", "started", "hang"]);
    let terminal = Terminal::start(&command, ALL, 80);
    terminal.wait_for("started");
    terminal.terminate();
    let code = terminal.end().code;
    assert!(matches!(code, Some(-1_073_741_510 | 0)), "{code:?}");

    // intunectl has 3 s for requests in flight, and reports them.
    let home = Intunectl::new();
    let mut command = home.command();
    command.args(["sandbox", "--latency", "1s", "--", "intunectl", "partner", "disconnect", "-v", "-j", "1", "-y"]);
    let terminal = Terminal::start(command.args([FIRST, SECOND]), ALL, 200);
    terminal.wait_for("attempt 1: POST");
    terminal.terminate();
    let seen = terminal.end();
    assert_eq!(seen.code, Some(143), "{seen:?}");
    assert!(seen.stderr.contains(&format!("{FIRST}  disconnected")), "{seen:?}");
    assert!(seen.stderr.contains(&format!("{SECOND}  not_attempted")), "{seen:?}");
}

#[test]
fn the_sandbox_can_be_used_with_plain_http() {
    let serving = Sandbox::start(&[]);
    let list = serving.ask(&format!("GET {PARTNERS}"));
    assert!(list.contains("\r\nrequest-id: ") && list.contains(FIRST), "{list}");
    let done = serving.disconnect(FIRST);
    assert!(done.starts_with("HTTP/1.1 204 No Content\r\n") && done.ends_with("\r\n\r\n"), "{done}");
    assert!(serving.ask(&format!("GET {PARTNERS}/{FIRST}")).contains(r#""onboardingStatus":"notOnboarded""#));
    assert!(serving.disconnect("nobody").starts_with("HTTP/1.1 404 Not Found\r\n"));
    let again = serving.ask(&format!("POST {PARTNERS}/{FIRST}/beginOnboarding"));
    assert!(again.starts_with("HTTP/1.1 204 No Content\r\n"), "{again}");
}

/// The status line of an answer, and its body.
fn answered(answer: &str) -> (&str, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap(), serde_json::from_str(body).unwrap())
}

#[test]
fn a_request_for_another_host_is_rejected_and_has_no_effect() {
    // One write is allowed. A rejected request must not use it up.
    let serving = Sandbox::start(&["--throttle", "1/1h", "--approve-after", "0s"]);
    let (devicecode, token) = ("POST /common/oauth2/v2.0/devicecode", "POST /common/oauth2/v2.0/token");
    let sign_in = |line: &str, form: &str| {
        let answer = serving.send(line, &serving.host(), form);
        let (status, body) = answered(&answer);
        assert_eq!(status, "HTTP/1.1 200 OK", "{body}");
        body
    };
    let device = sign_in(devicecode, "client_id=c&scope=User.Read+offline_access");
    let device_code = device["device_code"].as_str().unwrap();
    let grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    let tokens = sign_in(token, &format!("grant_type={grant_type}&client_id=c&device_code={device_code}"));
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let refresh = format!("grant_type=refresh_token&client_id=c&refresh_token={refresh_token}");

    let rebound = format!("Host: attacker.example:{}\r\n", serving.port());
    for (line, form) in [
        (&*format!("GET {PARTNERS}"), ""),
        (&format!("POST {PARTNERS}/{FIRST}/disconnect"), ""),
        ("POST /v1.0/me/revokeSignInSessions", ""),
        (devicecode, "client_id=c&scope=User.Read"),
        (token, &refresh),
        ("GET /common/oauth2/v2.0/authorize", ""),
        ("GET /device", ""),
        ("GET /no/such/path", ""),
    ] {
        let answer = serving.send(line, &rebound, form);
        let (status, body) = answered(&answer);
        assert_eq!(status, "HTTP/1.1 421 Misdirected Request", "{line}");
        assert_eq!(body["error"]["code"], "MisdirectedRequest", "{line}");
    }

    // The refresh token is unused, no session is revoked, and the partner is not disconnected.
    sign_in(token, &refresh);
    assert!(serving.ask(&format!("GET {PARTNERS}/{FIRST}")).contains(r#""onboardingStatus":"onboarded""#));
    assert!(serving.disconnect(FIRST).starts_with("HTTP/1.1 204 No Content\r\n"));
}

#[test]
fn a_request_must_name_exactly_one_loopback_host() {
    let serving = Sandbox::start(&[]);
    let own = serving.host();
    let twice = format!("{own}{own}");
    let (ok, bad, misdirected) = ("200 OK", "400 Bad Request", "421 Misdirected Request");
    for (root, host, status) in [
        ("", &*own, ok),
        ("", "Host: localhost\r\n", ok),
        ("", "Host: 127.1.2.3:1\r\n", ok),
        ("", "Host: [::1]\r\n", ok),
        ("http://localhost", &own, ok),
        ("", "", bad),
        ("", "Host:\r\n", bad),
        ("", "Host: 127.0.0.1:x\r\n", bad),
        ("", &twice, bad),
        ("http://x@127.0.0.1", &own, bad),
        ("", "Host: 127.0.0.1.attacker.example\r\n", misdirected),
        ("http://attacker.example", &own, misdirected),
        ("http://127.0.0.1", "Host: attacker.example\r\n", misdirected),
    ] {
        for path in [PARTNERS, "/device"] {
            let answer = serving.send(&format!("GET {root}{path}"), host, "");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{root}{path} {host}: {answer}");
        }
    }
}

#[test]
fn the_tenant_id_of_a_domain_can_be_looked_up() {
    let serving = Sandbox::start(&[]);
    let look_up = |method: &str, tenant: &str| {
        let answer = serving.ask(&format!("{method} /{tenant}/v2.0/.well-known/openid-configuration"));
        let (status, body) = answered(&answer);
        (status.to_owned(), body)
    };
    let root = serving.setting("INTUNECTL_LOGIN_URL");
    let id = "0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c11";
    for (tenant, expected) in
        [("contoso.example", "00000000-0000-0000-0000-5a4d0b0c0001"), (id, id), ("organizations", "{tenantid}")]
    {
        let (status, body) = look_up("GET", tenant);
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert_eq!(body["issuer"], format!("{root}/{expected}/v2.0"));
    }
    let (status, body) = look_up("GET", "contoso.invalid");
    assert_eq!(status, "HTTP/1.1 400 Bad Request");
    assert_eq!((&body["error"], &body["error_codes"][0]), (&"invalid_tenant".into(), &90002.into()));
    assert_eq!(look_up("POST", "contoso.example").0, "HTTP/1.1 405 Method Not Allowed");
}

#[test]
fn partners_sets_the_number_of_partners() {
    for count in [0, 1, 250] {
        let seen = sandbox(&["--partners", &count.to_string(), "--", "intunectl", "partner", "list", "-o", "id"]);
        assert_eq!((seen.stdout.lines().count(), seen.stderr.as_str(), seen.code), (count, "", Some(0)));
    }
}

#[test]
fn latency_delays_every_answer() {
    let serving = Sandbox::start(&["--latency", "300ms"]);
    for line in [format!("GET {PARTNERS}"), format!("POST {PARTNERS}/{FIRST}/disconnect"), "GET /".to_owned()] {
        let start = Instant::now();
        serving.ask(&line);
        assert!(start.elapsed() >= Duration::from_millis(300), "{line}: {:?}", start.elapsed());
    }
}

#[test]
fn writes_beyond_the_limit_are_throttled_and_reads_are_not() {
    let serving = Sandbox::start(&["--throttle", "2/1h"]);
    assert!(serving.disconnect(FIRST).starts_with("HTTP/1.1 204"));
    assert!(serving.disconnect(SECOND).starts_with("HTTP/1.1 204"));
    let refused = serving.disconnect(THIRD);
    assert!(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{refused}");
    let retry_after = refused.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap();
    let seconds: f64 = retry_after.parse().unwrap();
    assert!(seconds > 0.0 && seconds <= 3600.0, "{retry_after}");
    assert!(refused.contains(r#""code":"TooManyRequests""#), "{refused}");
    assert!(serving.ask(&format!("GET {PARTNERS}")).starts_with("HTTP/1.1 200"));
}

#[test]
fn throttling_can_be_turned_off() {
    let serving = Sandbox::start(&["--throttle", "off"]);
    for _ in 0..120 {
        assert!(serving.disconnect(FIRST).starts_with("HTTP/1.1 204"));
    }
}

#[test]
fn a_run_without_a_rate_limit_copes_with_throttling() {
    let steps = disconnect_all(&["-v", "--rate", "off", "-o", "ndjson"]);
    // The window is long enough for six requests on any machine.
    let Seen { stdout, stderr, code } = rehearse(&["--partners", "6", "--throttle", "4/3s"], &steps);
    assert_eq!((stdout.lines().count(), code), (6, Some(0)), "{stdout}{stderr}");
    assert!(stdout.lines().all(|line| line.contains(r#""status":"disconnected""#)), "{stdout}");
    assert!(stderr.contains(": 429 after "), "{stderr}");
}

#[test]
fn fail_makes_actions_on_a_partner_fail_with_this_status() {
    let upper = SECOND.to_uppercase();
    let fail = [format!("{FIRST}=403"), format!("{upper}=404"), "odd=id=500".to_owned()];
    let options = fail.iter().flat_map(|fail| ["--fail", fail]).collect::<Vec<_>>();
    let disconnect = ["--", "intunectl", "partner", "disconnect", "-j", "1", "--retries", "0", FIRST, SECOND, THIRD];
    let Seen { stdout, code, .. } = sandbox(&[&options[..], &disconnect].concat());
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!((lines.len(), code), (3, Some(1)), "{stdout}");
    assert!(
        lines[0].starts_with(&format!("{FIRST}\tfailed\t403 Forbidden: Application is not authorized")),
        "{stdout}"
    );
    assert!(lines[1].starts_with(&format!("{SECOND}\tfailed\t404 ResourceNotFound: ")), "{stdout}");
    assert_eq!(lines[2], format!("{THIRD}\tdisconnected"));
    let serving = Sandbox::start(&options);
    assert!(serving.disconnect("odd=id").starts_with("HTTP/1.1 500"));
    assert!(serving.ask(&format!("GET {PARTNERS}/{FIRST}")).starts_with("HTTP/1.1 200"));
}

#[test]
fn deleted_partners_are_gone_from_the_sandbox() {
    let serving = Sandbox::start(&["--fail", &format!("{THIRD}=403")]);
    let home = Intunectl::new();
    let seen = |arguments: &[&str]| {
        let mut command = home.command();
        run(command.envs(serving.settings.iter().map(|(name, value)| (name, value))).args(arguments))
    };
    let deleted = seen(&["partner", "delete", "-j1", "--wait", "-o", "id", FIRST, SECOND, THIRD]);
    assert_eq!((deleted.stdout, deleted.code), (format!("{FIRST}\n{SECOND}\n"), Some(1)), "{}", deleted.stderr);
    assert_eq!(seen(&["partner", "list", "-o", "id"]).stdout, format!("{THIRD}\n"));
    for verb in ["show", "disconnect", "onboard", "delete"] {
        let again = seen(&["partner", verb, FIRST]);
        assert_eq!(again.code, Some(1), "{again:?}");
        assert!((again.stdout + &again.stderr).contains("404 ResourceNotFound"), "{verb}");
    }
}

#[test]
fn a_rejected_token_is_exit_4() {
    let fail = format!("{FIRST}=401");
    assert_eq!(sandbox(&["--fail", &fail, "--", "intunectl", "partner", "disconnect", "-q", FIRST]).code, Some(4));
    assert_eq!(sandbox(&["--", "intunectl", "partner", "list", "--token", "another"]).code, Some(4));
}

#[test]
fn fail_needs_an_id_and_an_error_status() {
    for fail in ["a", "a=200", "a=600", "=404", "a="] {
        let Seen { stderr, code, .. } = sandbox(&["--fail", fail, "--", "true"]);
        assert_eq!(code, Some(2));
        assert!(stderr.starts_with("error: invalid value"), "{stderr}");
    }
}

#[test]
fn a_port_in_use_is_reported_with_the_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let Seen { stdout, stderr, code } = sandbox(&["--port", &port, "--", "true"]);
    assert_eq!((stdout.as_str(), code), ("", Some(1)));
    let reason = address_in_use();
    let error = format!("error: the sandbox cannot listen on 127.0.0.1:{port}: {reason}\nhint: ");
    assert!(stderr.starts_with(&error), "{stderr}");
}

#[test]
fn port_sets_the_port() {
    // It was free a moment ago, and it is below the range that systems assign automatically.
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let free = (20_000..30_000).find(is_free).unwrap().to_string();
    let Seen { stdout, stderr, code } = rehearse(&["--port", &free], &["print-variable", "INTUNECTL_GRAPH_URL"]);
    assert_eq!((stdout, stderr.as_str(), code), (format!("http://127.0.0.1:{free}\n"), "", Some(0)));
}

#[cfg(target_os = "linux")]
#[test]
fn the_sandbox_listens_only_on_loopback() {
    let serving = Sandbox::start(&[]);
    let port = serving.port();
    // Addresses in /proc are hexadecimal and, on little-endian machines, reversed. 0A is LISTEN.
    let is_here = |line: &&str| line.contains(&format!(":{port:04X} ")) && line.contains(" 0A ");
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let listening: Vec<_> = table.lines().filter(is_here).collect();
    assert!(listening.len() == 1 && listening[0].contains(" 0100007F:"), "{listening:?}");
    let table = std::fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    assert_eq!(table.lines().filter(is_here).count(), 0);
}
