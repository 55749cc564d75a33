//! The command line itself.

mod support;

use support::{Intunectl, Seen};

fn seen(arguments: &[&str]) -> Seen {
    Intunectl::new().command().args(arguments).output().unwrap().into()
}

#[test]
fn version_and_help_go_to_standard_output() {
    let Seen { stdout, stderr, code } = seen(&["--version"]);
    assert_eq!((stdout.as_str(), stderr.as_str(), code), ("intunectl 0.1.0\n", "", Some(0)));
    for command in [&["--help"][..], &["partner", "--help"], &["partner", "disconnect", "--help"], &["sandbox", "-h"]] {
        let Seen { stdout, stderr, code } = seen(command);
        assert!(stdout.contains("Usage: intunectl"), "{stdout}");
        assert_eq!((stderr.as_str(), code), ("", Some(0)));
    }
}
