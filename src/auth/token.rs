//! An access token: reading it, and when to renew it.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

use super::claims::{self, Claims};
use super::token_text::{self, NotAToken};
use crate::error::Error;
use crate::text::encoding;
use crate::text::humanize::{approx_duration, without_errno};

/// In bytes. No token is this large.
const LARGEST: u64 = 256 * 1024;

#[derive(Clone)]
pub struct Token {
    /// Visible ASCII.
    pub secret: SecretString,
    /// `None` if it is not a JWT.
    pub claims: Option<Claims>,
    pub expires_at: Option<SystemTime>,
}

/// A token that expires sooner than this is renewed before it is used. Source: the contract.
const TOO_LITTLE: Duration = Duration::from_secs(5 * 60);

/// A token is used for at least this long, whatever its expiry. Otherwise, with a sign-in service that issues expired
/// tokens, each request to Graph would need a new one.
const SHORTEST: Duration = Duration::from_secs(10);

impl Token {
    /// Of a text of visible ASCII.
    pub(super) fn new(secret: SecretString) -> Self {
        let claims = Claims::read(&secret);
        let expires_at = claims.as_ref().and_then(Claims::expiry);
        Self { secret, claims, expires_at }
    }

    /// A token that was issued to us. `None` if it cannot be sent in a header.
    pub fn issued(secret: &SecretString) -> Option<Self> {
        let text = secret.expose_secret().trim();
        let is_sendable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_sendable.then(|| Self::new(SecretString::from(text)))
    }

    /// A token that a user gave, alone or in JSON.
    ///
    /// # Errors
    /// The text contains no token, or more than a token.
    pub(super) fn given(secret: &SecretString) -> Result<Self, NotAToken> {
        Ok(Self::new(SecretString::from(token_text::read(secret.expose_secret())?)))
    }

    /// A token that a user gave, and that was stored. An earlier version may have stored something else, for example
    /// the JSON around a token.
    ///
    /// # Errors
    /// It is not a token alone.
    pub(super) fn stored(secret: &SecretString) -> Result<Self, NotAToken> {
        Ok(Self::new(SecretString::from(token_text::check(secret.expose_secret())?)))
    }

    /// Whether it is certainly a JWT.
    pub fn is_jwt(&self) -> bool {
        self.claims.is_some() && claims::names_algorithm(&self.secret)
    }

    /// # Errors
    /// The token has expired; `outcome` says what did not happen for this reason, and `hint` what to do about it.
    pub fn not_expired(&self, source: &str, outcome: &str, hint: &str, now: SystemTime) -> Result<(), Error> {
        let Some(ago) = self.expires_at.and_then(|at| now.duration_since(at).ok()) else { return Ok(()) };
        Err(Error::auth(format!("the token from {source} expired {} ago; {outcome}", approx_duration(ago))).hint(hint))
    }

    pub fn expires_in(&self, now: SystemTime) -> Option<Duration> {
        self.expires_at?.duration_since(now).ok()
    }

    /// Whether it has to be renewed before it is used.
    pub fn is_due(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|at| at.duration_since(now).is_ok_and(|left| left < TOO_LITTLE) || at <= now)
    }

    /// When to renew it, if it is used from now on. A token that is valid for at most 5 minutes is renewed after half
    /// of that time: renewing it 5 minutes before its expiry would mean renewing it for every request.
    pub fn renew_at(&self, now: SystemTime) -> Option<SystemTime> {
        let at = self.expires_at?;
        let left = at.duration_since(now).unwrap_or_default();
        if left > TOO_LITTLE { at.checked_sub(TOO_LITTLE) } else { now.checked_add((left / 2).max(SHORTEST)) }
    }
}

/// Reads a file that contains a token.
///
/// # Errors
/// Why it cannot be read: it is not there, is not text, or is too large to be a token.
pub(super) fn read_file(path: &Path) -> Result<SecretString, String> {
    read_from(File::open(path).map_err(|error| without_errno(&error))?)
}

/// # Errors
/// Why it cannot be read: it failed, is not text, or is too large to be a token.
pub(super) fn read_from(source: impl Read) -> Result<SecretString, String> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| without_errno(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err("it is too large to be a token".to_owned());
    }
    let text = encoding::decode(&bytes).map_err(|error| format!("it {error}"))?;
    Ok(SecretString::from(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_five_minutes_before_expiry_or_halfway_if_it_is_shorter() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        // Seconds until it expires; whether it is due; seconds until it is renewed.
        for (left, is_due, in_seconds) in
            [(3600, false, 3300), (301, false, 1), (300, false, 150), (299, true, 149), (2, true, 10), (0, true, 10)]
        {
            let expires_at = Some(now + Duration::from_secs(left));
            let token = Token { secret: "t".into(), claims: None, expires_at };
            assert_eq!(token.is_due(now), is_due, "{left}");
            let at = token.renew_at(now).unwrap();
            assert_eq!(at.duration_since(now).unwrap().as_secs(), in_seconds, "{left}");
        }
        let expired = Token { secret: "t".into(), claims: None, expires_at: Some(now - Duration::from_secs(9)) };
        assert!(expired.is_due(now) && expired.renew_at(now) == Some(now + SHORTEST));
        let unknown = Token { expires_at: None, ..expired };
        assert!(!unknown.is_due(now) && unknown.renew_at(now).is_none());
    }
}
