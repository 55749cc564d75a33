//! That nothing new is to be sent, and why: something that those who wait for something else can wait for too.

use std::cell::OnceCell;

use tokio::sync::watch;

use crate::exit::Signal;

/// Why a run sends nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    Interrupted(Signal),
    /// The service refused the token, which is no good for the rest either.
    Unauthorized,
    /// `--fail-fast`, and a failure.
    FailFast,
    /// Nobody reads the results any more, or they cannot be written.
    OutputGone,
}

impl CancelReason {
    /// For the `code` of a record.
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
            Self::Interrupted(Signal::Terminate) => "the run was asked to end",
            Self::Unauthorized => "the service refused the token",
            Self::FailFast => "--fail-fast stopped the run",
            Self::OutputGone => "the results could no longer be written",
        }
    }
}

/// Tells everybody who holds a reference that no new request may begin.
#[derive(Debug, Default)]
pub struct StopFlag(watch::Sender<bool>);

impl StopFlag {
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it is set.
    pub async fn wait(&self) {
        // The sender lives as long as `self`, so the channel cannot close.
        let _ = self.0.subscribe().wait_for(|is_set| *is_set).await;
    }
}

/// The end of a run before it is done.
#[derive(Debug, Default)]
pub struct Cancel {
    pub flag: StopFlag,
    reason: OnceCell<CancelReason>,
    is_shielded: watch::Sender<bool>,
}

impl Cancel {
    /// Cancels. The first reason is the one that counts.
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

    /// Carries out what has to be finished although the run is cancelled: the renewal of a sign-in, whose old token may be
    /// used up by then.
    pub async fn shield<T>(&self, work: impl Future<Output = T>) -> T {
        self.is_shielded.send_replace(true);
        let result = work.await;
        self.is_shielded.send_replace(false);
        result
    }

    pub fn is_shielded(&self) -> bool {
        *self.is_shielded.borrow()
    }

    /// Returns once there is nothing to be finished.
    pub async fn shield_ended(&self) {
        // The sender lives as long as `self`, so the channel cannot close.
        let _ = self.is_shielded.subscribe().wait_for(|is_shielded| !is_shielded).await;
    }
}
