//! Exit codes, and how the results of a run fold into one.

use crate::error::ErrorKind;

/// A signal that asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C; on Windows, Ctrl-Break too.
    Interrupt,
    /// SIGTERM; on Windows, the console is closed, the user logs off, or the system shuts down.
    Terminate,
}

/// How the process ends. Scripts rely on the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything succeeded.
    Success,
    /// 1: at least one partner failed, or the person declined.
    Failure,
    /// 2: the command line or its input was invalid; nothing was sent.
    Usage,
    /// 4: no usable token, or the service rejected it.
    Auth,
    /// 130 or 143: interrupted.
    Interrupted(Signal),
    /// The code of the command that the sandbox ran: 8 bits, on Windows 32.
    Command(i32),
}

impl Exit {
    pub fn code(self) -> i32 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Auth => 4,
            Self::Interrupted(Signal::Interrupt) => 130,
            Self::Interrupted(Signal::Terminate) => 143,
            Self::Command(code) => code,
        }
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Self::Usage,
            ErrorKind::Auth => Self::Auth,
            ErrorKind::Failure => Self::Failure,
        }
    }
}

/// The effect of one result on the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Done,
    /// Failed, or not attempted.
    Undone,
    /// The service rejected the token.
    Unauthorized,
}

/// Folds results into an exit code. The most serious wins: interrupted, then unauthorized, then undone.
pub fn fold(verdicts: impl IntoIterator<Item = Verdict>, interrupted: Option<Signal>) -> Exit {
    if let Some(signal) = interrupted {
        return Exit::Interrupted(signal);
    }
    verdicts.into_iter().fold(Exit::Success, |exit, verdict| match (exit, verdict) {
        (Exit::Auth, _) | (_, Verdict::Unauthorized) => Exit::Auth,
        (Exit::Failure, _) | (_, Verdict::Undone) => Exit::Failure,
        (exit, Verdict::Done) => exit,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_most_serious_result_decides_the_code() {
        use Verdict::{Done, Unauthorized, Undone};
        let table: &[(&[Verdict], Option<Signal>, i32)] = &[
            (&[], None, 0),
            (&[Done, Done], None, 0),
            (&[Done, Undone, Done], None, 1),
            (&[Undone, Unauthorized, Undone], None, 4),
            (&[Unauthorized, Done], None, 4),
            (&[Done], Some(Signal::Interrupt), 130),
            (&[Unauthorized, Undone], Some(Signal::Terminate), 143),
        ];
        for (verdicts, signal, code) in table {
            assert_eq!(fold(verdicts.iter().copied(), *signal).code(), *code, "{verdicts:?} {signal:?}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_results_does_not_change_the_code(picks in proptest::collection::vec(0..3_usize, 0..20)) {
            let verdicts: Vec<_> =
                picks.iter().map(|i| [Verdict::Done, Verdict::Undone, Verdict::Unauthorized][*i]).collect();
            let backwards: Vec<_> = verdicts.iter().rev().copied().collect();
            prop_assert_eq!(fold(verdicts, None), fold(backwards, None));
        }
    }
}
