//! What is offered when somebody presses TAB, asked for as the shells' scripts ask.

use std::ffi::OsStr;
use std::process::Command;
use std::time::Instant;

use super::server::PATIENCE;
use super::{Seen, run};

/// What was offered.
#[derive(Debug, PartialEq, Eq)]
pub struct Offers(String);

impl Offers {
    /// Completes the last of `words`, which follow `intunectl`, as fish does it. Whatever comes of it, nothing is said.
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

    /// All of it: value and description.
    pub fn all(&self) -> Vec<(&str, &str)> {
        self.0.lines().map(|line| line.split_once('\t').unwrap_or((line, ""))).collect()
    }

    /// What is no option, with its description.
    pub fn described(&self) -> Vec<(&str, &str)> {
        self.all().into_iter().filter(|(value, _)| !value.starts_with('-')).collect()
    }

    /// What is no option.
    pub fn ids(&self) -> Vec<&str> {
        self.described().into_iter().map(|(value, _)| value).collect()
    }
}

/// Asks again until what is offered is good: on a slow machine there may be no time for a lookup.
pub fn in_time<T: std::fmt::Debug>(ask: impl Fn() -> T, is_good: impl Fn(&T) -> bool) -> T {
    let started = Instant::now();
    loop {
        let offers = ask();
        if is_good(&offers) {
            return offers;
        }
        assert!(started.elapsed() < PATIENCE, "that is all there is: {offers:?}");
    }
}
