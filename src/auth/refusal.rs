//! Why a sign-in failed, in the sign-in service's own words, with a hint.

use std::fmt;

use secrecy::SecretString;

use super::aadsts;
use crate::error::Error;
use crate::net::secret::redact;
use crate::text::sanitize::sanitize;

/// Why there is no token. Contains no secret.
#[derive(Debug, Clone)]
pub struct SignInError {
    words: String,
    cause: Cause,
}

#[derive(Debug, Clone)]
enum Cause {
    /// The sign-in service refused: the AADSTS number, and whether a later attempt may work.
    Refused { number: Option<u32>, is_passing: bool },
    /// The sign-in service did not answer: the hint.
    Unanswered(String),
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for SignInError {}

impl SignInError {
    /// A refusal by the sign-in service: the OAuth error, and the service's own words, without the secrets that were
    /// sent.
    pub fn refused(host: &str, error: &str, description: Option<&str>, secrets: &[SecretString]) -> Self {
        // Before the text is cut: a part of a secret would not be found.
        let (error, description) = (&*redact(error, secrets), description.map(|text| redact(text, secrets)));
        let aadsts::EntraError { number, sentence, correlation_id } = aadsts::read(error, description.as_deref());
        let number = number.or_else(|| aadsts::like(error));
        let id = correlation_id.map(|id| format!(" (correlation ID {})", sanitize(&id))).unwrap_or_default();
        // RFC 6749, section 4.1.2.1; RFC 8628, section 3.5.
        let is_passing = ["temporarily_unavailable", "server_error", "slow_down"].contains(&error);
        Self { words: format!("{host}: {}{id}", sanitize(&sentence)), cause: Cause::Refused { number, is_passing } }
    }

    /// The sign-in service did not answer, or something else answered in its place.
    pub fn unanswered(words: String, hint: String) -> Self {
        Self { words, cause: Cause::Unanswered(hint) }
    }

    /// Whether the refusal is permanent, so that a retry cannot succeed.
    pub fn is_final(&self) -> bool {
        matches!(self.cause, Cause::Refused { is_passing: false, .. })
    }

    /// An error that begins with `what`. `login` is the command that signs in; `otherwise` is the hint if there is no
    /// better one.
    pub fn about(&self, what: &str, login: &str, otherwise: &str) -> Error {
        let hint = match &self.cause {
            Cause::Refused { number, .. } => number.and_then(|number| aadsts::hint(number, login)),
            Cause::Unanswered(hint) => Some(hint.clone()),
        };
        Error::auth(format!("{what}: {self}")).hint(hint.unwrap_or_else(|| otherwise.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(error: &str, description: &str) -> SignInError {
        SignInError::refused("login.example", error, Some(description), &[])
    }

    #[test]
    fn temporary_refusals_and_missing_answers_are_not_final() {
        assert!(refused("invalid_grant", "AADSTS700082: Expired.").is_final());
        assert!(!refused("temporarily_unavailable", "AADSTS90033: A transient error.").is_final());
        assert!(!SignInError::unanswered("refused".to_owned(), "try again".to_owned()).is_final());
    }
}
