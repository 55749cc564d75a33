//! Completion: runs it like the scripts of the shells.

use std::ffi::OsStr;
use std::process::Command;
use std::time::Instant;

use super::server::PATIENCE;
use super::{Seen, run};

/// The candidates that were offered.
#[derive(Debug, PartialEq, Eq)]
pub struct Offers(String);

impl Offers {
    /// Completes the last of `words`, which follow `intunectl`, like fish. It must print nothing to standard error.
    pub fn to(command: &mut Command, words: &[impl AsRef<OsStr>]) -> Self {
        let seen = run(command.env("INTUNECTL_COMPLETE", "fish").args(["--", "intunectl"]).args(words));
        let Seen { stdout, stderr, code } = seen;
        assert_eq!((stderr.as_str(), code), ("", Some(0)));
        Self(stdout)
    }

    /// The same with a new command each time, until IDs are offered.
    pub fn with_ids(command: impl Fn() -> Command, words: &[impl AsRef<OsStr>]) -> Self {
        in_time(|| Self::to(&mut command(), words), |offers| !offers.ids().is_empty())
    }

    /// All candidates with their descriptions.
    pub fn all(&self) -> Vec<(&str, &str)> {
        self.0.lines().map(|line| line.split_once('\t').unwrap_or((line, ""))).collect()
    }

    /// The candidates that are not options, with their descriptions.
    pub fn described(&self) -> Vec<(&str, &str)> {
        self.all().into_iter().filter(|(value, _)| !value.starts_with('-')).collect()
    }

    /// The candidates that are not options.
    pub fn ids(&self) -> Vec<&str> {
        self.described().into_iter().map(|(value, _)| value).collect()
    }
}

/// Repeats the completion until the candidates are as expected: on a slow machine, a lookup may take too long.
pub fn in_time<T: std::fmt::Debug>(ask: impl Fn() -> T, is_good: impl Fn(&T) -> bool) -> T {
    let started = Instant::now();
    loop {
        let offers = ask();
        if is_good(&offers) {
            return offers;
        }
        assert!(started.elapsed() < PATIENCE, "unexpected candidates: {offers:?}");
    }
}
