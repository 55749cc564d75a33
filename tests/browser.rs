//! Signing in with a real browser: Chromium, without a window, from the sandbox's page back to the loopback.
#![cfg(all(unix, not(target_os = "macos")))]
#![allow(clippy::unwrap_used, reason = "clippy.toml covers #[test] functions")]

mod support;

use support::signing::{Machine, Process, Sandbox, until};

/// So that it is quiet on the network, runs as root in a container, and ends by itself.
const OPTIONS: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage \
                       --disable-background-networking --disable-component-update --disable-sync \
                       --virtual-time-budget=30000 --dump-dom";

#[test]
#[ignore = "needs Chromium; .ci/run runs it"]
fn a_real_browser_goes_to_the_page_comes_back_and_somebody_is_signed_in() {
    let machine = Machine::new();
    let sandbox = Sandbox::that_approves_after("1s", &[]);
    let place = |name: &str| machine.desk.path().join(name).display().to_string();
    let script = format!(
        "export HOME='{home}' PATH=/usr/bin:/bin\n\
         chromium {OPTIONS} --user-data-dir='{home}' \"$1\" >'{page}' 2>'{log}'\n\
         echo >'{ended}'",
        home = place("chromium"),
        page = place("page"),
        log = place("log"),
        ended = place("ended"),
    );
    let browser = machine.program("browser", &script);
    let mut command =
        machine.command(&["auth", "login", "-vv", "--graph-url", &sandbox.url, "--login-url", &sandbox.url]);
    let seen = Process::start(command.env("BROWSER", browser)).end(&machine);
    let log = std::fs::read_to_string(place("log")).unwrap_or_default();
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}\n{log}", seen.stderr);
    assert!(seen.stderr.contains("\nsigned in as admin@sandbox.example to tenant "), "{}", seen.stderr);
    // What somebody at the browser sees in the end.
    until(|| std::fs::metadata(place("ended")).ok(), || format!("Chromium does not end: {log}"));
    let page = std::fs::read_to_string(place("page")).unwrap();
    assert!(page.contains("<h1>Back in the terminal</h1>") && page.contains("You can close this window"), "{page}");
    machine.keep_output(&page);
    assert_eq!(machine.run(&["partner", "list", "-o", "id"]).stdout.lines().count(), 3);
    assert_eq!(machine.run(&["auth", "logout"]).code, Some(0));
}
