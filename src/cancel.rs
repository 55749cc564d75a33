//! That nothing new is to be sent, and why: something that those who wait for something else can wait for too.

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
    /// The time of `--wait` is over.
    WaitOver,
}

impl CancelReason {
    /// For the `code` of a record.
    pub fn code(self) -> &'static str {
        match self {
            Self::Interrupted(_) => "Interrupted",
            Self::Unauthorized => "Unauthorized",
            Self::FailFast => "FailFast",
            Self::OutputGone => "OutputGone",
            Self::WaitOver => "WaitOver",
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Self::Interrupted(Signal::Interrupt) => "the run was interrupted",
            Self::Interrupted(Signal::Terminate) => "the run was asked to end",
            Self::Unauthorized => "the service refused the token",
            Self::FailFast => "--fail-fast stopped the run",
            Self::OutputGone => "the results could no longer be written",
            Self::WaitOver => "the time to wait is over",
        }
    }
}

/// Tells everybody who holds a reference that no new request may begin.
#[derive(Debug, Default)]
pub struct Cancel {
    reason: watch::Sender<Option<CancelReason>>,
    is_shielded: watch::Sender<bool>,
}

impl Cancel {
    /// Cancels. The first reason is the one that counts.
    pub fn set(&self, reason: CancelReason) {
        self.reason.send_modify(|first| {
            first.get_or_insert(reason);
        });
    }

    pub fn is_set(&self) -> bool {
        self.reason.borrow().is_some()
    }

    pub fn reason(&self) -> Option<CancelReason> {
        *self.reason.borrow()
    }

    /// Returns once it is set, with the reason.
    pub async fn wait(&self) -> CancelReason {
        match self.reason.subscribe().wait_for(Option::is_some).await.map(|reason| *reason) {
            Ok(Some(reason)) => reason,
            // The sender lives as long as `self`, so the channel cannot close.
            Ok(None) | Err(_) => std::future::pending().await,
        }
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
