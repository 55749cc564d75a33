//! Errors that do not belong to one partner: a message, a hint on what to do next, and a kind that decides the exit
//! code. The failure of one partner is a record, not an error.

use std::fmt;

/// Decides the exit code ([`crate::exit::Exit`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line or its input is invalid; nothing was sent. Exit 2.
    Usage,
    /// There is no usable token, or the service rejected it. Exit 4.
    Auth,
    /// Anything else. Exit 1.
    Failure,
}

/// An error with a kind and, if a person can act on it, a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
}

impl Error {
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message.into())
    }

    pub fn auth(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Auth, message.into())
    }

    pub fn failure(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failure, message.into())
    }

    fn new(kind: ErrorKind, message: String) -> Self {
        Self { kind, message, hint: None }
    }

    /// Adds what to do next. It is printed on a line of its own, after `hint: `.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a clause to the message.
    #[must_use]
    pub fn and(mut self, clause: &str) -> Self {
        self.message.push_str("; ");
        self.message.push_str(clause);
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
