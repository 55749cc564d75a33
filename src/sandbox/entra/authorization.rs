//! Authorization codes, bound to the client, the redirect URI and the PKCE challenge of their request (RFC 6749,
//! section 4.1; RFC 7636). Nothing here reads a clock.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::error::EntraError;
use super::tokens::{Grant, elapsed, random_text};

/// How long a code can be redeemed after its approval
/// (source: Microsoft identity platform, OAuth 2.0 authorization code flow).
const LIVES: Duration = Duration::from_secs(10 * 60);

/// The length of a SHA-256 in base64url.
const CHALLENGE_LENGTH: usize = 43;

#[derive(Debug)]
pub(super) struct AuthorizationCodes {
    approve_after: Duration,
    codes: HashMap<String, AuthorizationCode>,
}

#[derive(Debug)]
struct AuthorizationCode {
    grant: Grant,
    redirect_uri: String,
    challenge: String,
    issued: SystemTime,
    used: bool,
}

/// What a client sends to redeem a code.
#[derive(Debug, Clone, Copy)]
pub(super) struct AuthorizationCodeRequest<'a> {
    pub(super) code: &'a str,
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) verifier: &'a str,
}

impl AuthorizationCodes {
    /// The consent page waits for `approve_after` before it redirects with a code.
    pub(super) fn new(approve_after: Duration) -> Self {
        Self { approve_after, codes: HashMap::new() }
    }

    pub(super) fn issue(&mut self, grant: Grant, redirect_uri: &str, challenge: &str, now: SystemTime) -> String {
        let code = random_text();
        let (redirect_uri, challenge) = (redirect_uri.to_owned(), challenge.to_owned());
        self.codes.insert(code.clone(), AuthorizationCode { grant, redirect_uri, challenge, issued: now, used: false });
        code
    }

    /// Redeems a code, which works once.
    pub(super) fn redeem(&mut self, request: AuthorizationCodeRequest, now: SystemTime) -> Result<Grant, EntraError> {
        let code = self.codes.get_mut(request.code).ok_or(EntraError::UnknownGrant)?;
        if code.grant.client_id != request.client_id {
            return Err(EntraError::InvalidGrant);
        }
        if code.used {
            return Err(EntraError::CodeUsed);
        }
        if elapsed(code.issued, now) >= self.approve_after.saturating_add(LIVES) {
            return Err(EntraError::CodeExpired);
        }
        if code.redirect_uri != request.redirect_uri {
            return Err(EntraError::OtherRedirect {
                now: request.redirect_uri.to_owned(),
                then: code.redirect_uri.clone(),
            });
        }
        if !is_verifier(request.verifier) || challenge(request.verifier) != code.challenge {
            return Err(EntraError::VerifierWrong);
        }
        code.used = true;
        Ok(code.grant.clone())
    }
}

/// Whether a text has the form of an S256 challenge.
pub(super) fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_LENGTH && URL_SAFE_NO_PAD.decode(text).is_ok()
}

/// The S256 challenge for a verifier (RFC 7636, section 4.2).
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Whether a text is a valid verifier (RFC 7636, section 4.1).
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~'))
}

/// Whether a redirect URI leads only to this machine: `http://localhost[:port][/path]`, or the same with a loopback
/// address. The registration of a public client has no others (source: graph-facts, "Tokens").
pub(super) fn is_loopback(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://") else { return false };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let port = ["localhost", "127.0.0.1", "[::1]"].iter().find_map(|host| authority.strip_prefix(host));
    let is_port = |port: &str| {
        port.strip_prefix(':').is_some_and(|digits| {
            digits.bytes().all(|digit| digit.is_ascii_digit()) && digits.parse().is_ok_and(|port: u16| port > 0)
        })
    };
    port.is_some_and(|port| port.is_empty() || is_port(port)) && path.chars().all(is_path_character)
}

/// A character of a path (RFC 3986, section 3.3). A query or fragment is not allowed, because the code goes there.
fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/%-._~!$&'()*+,;=:@".contains(c)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tokens::tests::grant;
    use super::*;
    use std::time::UNIX_EPOCH;

    /// The pair of RFC 7636, appendix B.
    pub(in crate::sandbox::entra) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    pub(in crate::sandbox::entra) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_challenge_matches_the_example_of_the_rfc() {
        assert_eq!(challenge(VERIFIER), CHALLENGE);
        assert!(is_challenge(CHALLENGE));
        for text in ["", VERIFIER.get(1..).unwrap(), &format!("{CHALLENGE}="), &CHALLENGE.replace('-', "+")] {
            assert!(!is_challenge(text), "{text}");
        }
    }

    #[test]
    fn a_malformed_verifier_is_rejected_even_if_its_hash_matches() {
        let long = "x".repeat(129);
        for verifier in ["short", &long, "dBjftJeZ4CVP mB92K27uhbUJU1p1r_wW1gFWFOEjXk"] {
            let mut codes = AuthorizationCodes::new(Duration::ZERO);
            let redirect_uri = "http://localhost";
            let code = codes.issue(grant("client", "User.Read"), redirect_uri, &challenge(verifier), UNIX_EPOCH);
            let request = AuthorizationCodeRequest { code: &code, client_id: "client", redirect_uri, verifier };
            assert_eq!(codes.redeem(request, UNIX_EPOCH), Err(EntraError::VerifierWrong), "{verifier}");
        }
    }

    #[test]
    fn redirects_lead_only_to_this_machine() {
        let good = [
            "http://localhost",
            "http://localhost/",
            "http://localhost:1",
            "http://localhost:65535/",
            "http://localhost:8400/a/b%20c;d=e",
            "http://127.0.0.1:49152/",
            "http://[::1]:49152/path",
        ];
        for uri in good {
            assert!(is_loopback(uri), "{uri}");
        }
        let bad = [
            "",
            "localhost",
            "https://localhost",
            "HTTP://localhost",
            "http://",
            "http:///",
            "http://localhost.evil.example/",
            "http://localhostevil",
            "http://localhost:",
            "http://localhost:0",
            "http://localhost:65536",
            "http://localhost:+80",
            "http://localhost:80@evil.example/",
            "http://user@localhost/",
            "http://localhost?x=1",
            "http://localhost/?x=1",
            "http://localhost/#f",
            "http://localhost\\@evil.example/",
            "http://localhost/\"><script>",
            "http://localhost/\r\nx",
            "http://localhost/ ",
            "http://127.0.0.2/",
            "http://[::1/",
            "http://evil.example/",
            "javascript:alert(1)",
        ];
        for uri in bad {
            assert!(!is_loopback(uri), "{uri}");
        }
    }
}
