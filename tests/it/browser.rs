//! Signing in with a real browser: headless Chromium, from the sandbox's page back to the loopback.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::support::http::get;
use crate::support::machine::{Machine, until};
use crate::support::sandbox::Sandbox;

/// It must send no requests of its own, run as root in a container, and report what it shows. (`--dump-dom` at times
/// reports before the last page has arrived.)
const OPTIONS: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage \
                       --disable-background-networking --disable-component-update --disable-sync \
                       --remote-debugging-port=0";

/// A Chromium that the tool starts. It ends with its test.
struct Chromium {
    place: PathBuf,
}

impl Chromium {
    /// A script that becomes Chromium.
    fn program(&self, machine: &Machine) -> PathBuf {
        let place = self.place.display();
        let path = machine.desk.path().join("browser");
        std::fs::write(
            &path,
            format!(
                "#!/bin/sh\n/bin/mkdir -p '{place}'; echo $$ > '{place}/process'\n\
                 export HOME='{place}' PATH=/usr/bin:/bin\n\
                 exec chromium {OPTIONS} --user-data-dir='{place}/data' \"$1\" 2>'{place}/log'\n"
            ),
        )
        .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.place.join(name)).ok().filter(|text| text.contains('\n'))
    }

    /// Waits until it shows a page with this title.
    fn shows(&self, title: &str) {
        let pages = || {
            let port = self.read("data/DevToolsActivePort")?;
            Some(get(&format!("http://127.0.0.1:{}/json/list", port.lines().next()?)).body)
        };
        // Does not show the pages: their addresses contain the code.
        let words = || format!("{title} is not shown: {}", self.read("log").unwrap_or_default());
        until(|| pages().filter(|text| text.contains(&format!("\"title\": \"{title}\""))), words);
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        if let Some(process) = self.read("process") {
            let kill = format!("kill -KILL {process}");
            let _ = Command::new("/bin/sh").args(["-c", &kill]).status();
        }
    }
}

#[test]
#[ignore = "needs Chromium; .ci/run runs it"]
fn chromium_opens_the_sign_in_page_returns_and_the_account_is_signed_in() {
    let machine = Machine::new();
    let sandbox = Sandbox::start(&["--approve-after", "1s"]);
    let chromium = Chromium { place: machine.desk.path().join("chromium") };
    let mut command =
        machine.command(&["auth", "login", "-vv", "--graph-url", sandbox.url(), "--login-url", sandbox.url()]);
    let seen = machine.seen(command.env("BROWSER", chromium.program(&machine)));
    let log = chromium.read("log").unwrap_or_default();
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(0)), "{}\n{log}", seen.stderr);
    assert!(seen.stderr.contains("\nsigned in as admin@sandbox.example to tenant "), "{}", seen.stderr);
    chromium.shows("intunectl: Return to the terminal");
    assert_eq!(machine.run(&["partner", "list", "-o", "id"]).stdout.lines().count(), 3);
    assert_eq!(machine.run(&["auth", "logout"]).code, Some(0));
}
