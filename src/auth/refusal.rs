//! Why a sign-in failed, in the platform's own words, and what to do about it.

use secrecy::SecretString;

use super::aadsts;
use crate::error::Error;
use crate::net::secret::redact;
use crate::text::sanitize::sanitize;

/// Why there is no token. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInError {
    words: String,
    cause: Cause,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cause {
    /// The platform refused: its AADSTS number, and whether a retry may work later.
    Refused { number: Option<u32>, is_passing: bool },
    /// No answer of the platform's own: the hint.
    Unanswered(String),
}

impl SignInError {
    /// A refusal by the platform: OAuth's code, and the platform's own words, without the secrets that were sent.
    pub fn refused(host: &str, error: &str, description: Option<&str>, secrets: &[SecretString]) -> Self {
        // Before anything is cut: a part of a secret would not be found.
        let (error, description) = (&*redact(error, secrets), description.map(|text| redact(text, secrets)));
        let aadsts::EntraError { number, sentence, correlation_id } = aadsts::read(error, description.as_deref());
        let id = correlation_id.map(|id| format!(" (correlation id {})", sanitize(&id))).unwrap_or_default();
        // RFC 6749, section 4.1.2.1; RFC 8628, section 3.5.
        let is_passing = ["temporarily_unavailable", "server_error", "slow_down"].contains(&error);
        Self { words: format!("{host}: {}{id}", sanitize(&sentence)), cause: Cause::Refused { number, is_passing } }
    }

    /// No answer of the platform's own.
    pub fn unanswered(words: String, hint: String) -> Self {
        Self { words, cause: Cause::Unanswered(hint) }
    }

    /// Whether the platform has refused, so that the same will not work again.
    pub fn is_final(&self) -> bool {
        matches!(self.cause, Cause::Refused { is_passing: false, .. })
    }

    /// As an error that begins with `what`. `login` is the command that signs in; `otherwise` is the hint if nothing
    /// better is known.
    pub fn about(&self, what: &str, login: &str, otherwise: &str) -> Error {
        let hint = match &self.cause {
            Cause::Refused { number, .. } => number.and_then(|number| aadsts::hint(number, login)),
            Cause::Unanswered(hint) => Some(hint.clone()),
        };
        Error::auth(format!("{what}: {}", self.words)).hint(hint.unwrap_or_else(|| otherwise.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(error: &str, description: &str) -> SignInError {
        SignInError::refused("login.example", error, Some(description), &[])
    }

    #[test]
    fn a_refusal_is_told_in_the_platforms_words_with_what_to_do() {
        let words = "AADSTS7000222: The provided client secret keys for app 'x' are expired. Trace ID: t \
                     Correlation ID: c-1 Timestamp: 2026-11-24 10:00:00Z";
        let error = refused("invalid_client", words).about("no token", "log in", "otherwise");
        assert_eq!(
            error.to_string(),
            "no token: login.example: AADSTS7000222: The provided client secret keys for app 'x' are expired. \
             (correlation id c-1)"
        );
        assert!(error.hint_text().is_some_and(|hint| hint.contains("AZURE_CLIENT_SECRET")), "{error:?}");
        let error = refused("invalid_grant", "AADSTS700082: Expired.").about("no token", "log in", "otherwise");
        assert!(error.hint_text().unwrap().ends_with("`log in`"), "{error:?}");
        let error = refused("odd\u{1b}[2J", "").about("no token", "log in", "otherwise");
        assert!(!error.to_string().contains('\u{1b}') && error.hint_text() == Some("otherwise"), "{error:?}");
    }

    #[test]
    fn a_secret_that_comes_back_is_taken_out_whole() {
        let secret = "s".repeat(2_000);
        let words = format!("AADSTS70000: you sent {secret} Trace ID: {secret} Correlation ID: {secret}");
        let secrets = [SecretString::from(secret)];
        let error = SignInError::refused("login.example", &words, Some(&words), &secrets).about("no token", "l", "o");
        assert_eq!(error.to_string(), "no token: login.example: AADSTS70000: you sent [redacted]");
        let error = SignInError::refused("login.example", &words, None, &secrets).about("no token", "l", "o");
        assert!(!error.to_string().contains("ssss"), "{error}");
    }

    #[test]
    fn what_may_pass_is_not_final() {
        assert!(refused("invalid_grant", "AADSTS700082: Expired.").is_final());
        assert!(!refused("temporarily_unavailable", "AADSTS90033: A transient error.").is_final());
        assert!(!SignInError::unanswered("refused".to_owned(), "try again".to_owned()).is_final());
    }
}
