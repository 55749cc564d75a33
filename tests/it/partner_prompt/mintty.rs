//! A terminal on Windows that is not a console: Git Bash's. It is a pair of pipes, and programs recognize it by their
//! name.

use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use tokio::runtime::Runtime;

use super::{assert_not_asked, service};
use crate::support::redirect::run_into;
use crate::support::{Intunectl, Seen};

/// One side of such a terminal, and the other one, which must stay open.
fn terminal(runtime: &Runtime) -> (File, NamedPipeServer) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let n = COUNT.fetch_add(1, Ordering::SeqCst) + 1000 * std::process::id() as usize;
    let name = format!(r"\\.\pipe\msys-1888ae32e00d56aa-pty{n}-to-master");
    let _guard = runtime.enter();
    let server = ServerOptions::new().create(&name).unwrap();
    (File::options().read(true).write(true).open(name).unwrap(), server)
}

#[test]
fn without_a_console_the_prompt_is_an_error_and_nothing_is_sent() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for is_stdin in [true, false] {
        for (arguments, acts) in [(&[][..], false), (&["-y"], true)] {
            let server = service();
            let home = Intunectl::new();
            let (file, _other_side) = terminal(&runtime);
            let mut command = home.disconnect(server.root());
            command.args(["a", "b", "-q"]).args(arguments);
            let seen: Seen = match is_stdin {
                true => command.stdin(file).output().unwrap().into(),
                false => run_into(&mut command, "", file),
            };
            if acts {
                assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)));
                assert_not_asked(&seen.stderr, &server);
            } else {
                assert_eq!((seen.stdout.as_str(), seen.code, server.connections()), ("", Some(2), 0), "{seen:?}");
                let message = "error: this terminal cannot show the confirmation prompt; nothing was sent\n\
                               hint: use PowerShell or cmd, or skip the prompt with -y\n";
                assert_eq!(seen.stderr, message);
            }
        }
    }
}
