//! Cancelling a run: no new requests start, and every waiting task notices.

use std::cell::OnceCell;

use tokio::sync::watch;

use crate::exit::Signal;

/// Why a run sends no new requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    Interrupted(Signal),
    /// The service rejected the token; all other requests would fail, too.
    Unauthorized,
    /// The first failure, with `--fail-fast`.
    FailFast,
    /// The results cannot be written: the reader closed the pipe, or writing failed.
    OutputGone,
}

impl CancelReason {
    /// The `error.code` of a record.
    pub fn code(self) -> &'static str {
        match self {
            Self::Interrupted(_) => "Interrupted",
            Self::Unauthorized => "Unauthorized",
            Self::FailFast => "FailFast",
            Self::OutputGone => "OutputGone",
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Self::Interrupted(Signal::Interrupt) => "the run was interrupted",
            Self::Interrupted(Signal::Terminate) => "the run was terminated",
            Self::Unauthorized => "Graph rejected the token",
            Self::FailFast => "--fail-fast stopped the run",
            Self::OutputGone => "the results could no longer be written",
        }
    }
}

/// Set when no new request may start.
#[derive(Debug, Default)]
pub struct StopFlag(watch::Sender<bool>);

impl StopFlag {
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is set.
    pub async fn wait(&self) {
        // Cannot fail: `self` holds the sender, so the channel stays open.
        let _ = self.0.subscribe().wait_for(|is_set| *is_set).await;
    }
}

/// Cancels a run.
#[derive(Debug, Default)]
pub struct Cancel {
    pub flag: StopFlag,
    reason: OnceCell<CancelReason>,
    is_shielded: watch::Sender<bool>,
}

impl Cancel {
    /// Cancels the run. Only the first reason counts.
    pub fn set(&self, reason: CancelReason) {
        self.reason.get_or_init(|| reason);
        self.flag.set();
    }

    pub fn is_set(&self) -> bool {
        self.flag.is_set()
    }

    pub fn reason(&self) -> Option<CancelReason> {
        self.reason.get().copied()
    }

    /// Runs work that must finish even if the run is cancelled: the renewal of a sign-in, whose old refresh token may
    /// be used up already.
    pub async fn shield<T>(&self, work: impl Future<Output = T>) -> T {
        self.is_shielded.send_replace(true);
        let result = work.await;
        self.is_shielded.send_replace(false);
        result
    }

    pub fn is_shielded(&self) -> bool {
        *self.is_shielded.borrow()
    }

    /// Returns when no such work is running.
    pub async fn shield_ended(&self) {
        // Cannot fail: `self` holds the sender, so the channel stays open.
        let _ = self.is_shielded.subscribe().wait_for(|is_shielded| !is_shielded).await;
    }
}
