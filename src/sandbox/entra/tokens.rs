//! Tokens: their claims, validity and expiry. Nothing here reads a clock.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::EntraError;
use super::scopes::Scopes;
use super::tenant::{self, TENANT};

/// The administrator of the sandbox's tenant.
pub(super) const ACCOUNT: &str = "admin@sandbox.example";

/// The display name of every client.
const APPLICATION: &str = "intunectl sandbox";

/// The audience of every access token: Graph itself, so that the client's check of the audience can be tried out.
const AUDIENCE: &str = "https://graph.microsoft.com";

/// The lifetime of the fixed token: longer than a real one's, for long sessions.
const FIXED_LIVES: Duration = Duration::from_secs(8 * 60 * 60);

/// What a client was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) client_id: String,
    /// The ID of the tenant.
    pub(super) tenant: String,
    pub(super) scopes: Scopes,
}

impl Grant {
    pub(super) fn new(client_id: &str, tenant_name: &str, scopes: Scopes) -> Self {
        Self { client_id: client_id.to_owned(), tenant: tenant::id(tenant_name), scopes }
    }
}

/// Whose identity a token carries, as in its claim `idtyp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Identity {
    /// A signed-in administrator.
    User,
    /// An application, with no user signed in.
    Application,
}

/// Why an access token is not accepted. `valid_from` is when all sessions were revoked, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum InvalidToken {
    Unknown,
    Expired,
    Revoked { valid_from: u64 },
}

/// Issues tokens, and remembers all of them.
#[derive(Debug)]
pub(in crate::sandbox) struct TokenIssuer {
    fixed: String,
    lifetime: Duration,
    access: HashMap<String, AccessToken>,
    refresh: HashMap<String, RefreshToken>,
    /// How often all sessions were revoked, and when last.
    revocations: (u64, SystemTime),
}

#[derive(Debug)]
struct AccessToken {
    identity: Identity,
    expires: u64,
    revocations: u64,
}

#[derive(Debug)]
struct RefreshToken {
    grant: Grant,
    issued: SystemTime,
    revocations: u64,
    used: bool,
}

impl TokenIssuer {
    /// Makes the fixed token. Tokens of sign-ins are valid for `lifetime`, in whole seconds.
    pub(super) fn new(lifetime: Duration, now: SystemTime) -> Self {
        Self {
            fixed: make_fixed(now),
            lifetime,
            access: HashMap::new(),
            refresh: HashMap::new(),
            revocations: (0, UNIX_EPOCH),
        }
    }

    /// The token that is accepted without a sign-in.
    pub(in crate::sandbox) fn fixed(&self) -> &str {
        &self.fixed
    }

    /// In seconds.
    pub(super) fn lifetime(&self) -> u64 {
        self.lifetime.as_secs()
    }

    pub(in crate::sandbox) fn check(&self, token: &str, now: SystemTime) -> Result<Identity, InvalidToken> {
        if token == self.fixed {
            return Ok(Identity::User);
        }
        let access = self.access.get(token).ok_or(InvalidToken::Unknown)?;
        if seconds(now) >= access.expires {
            return Err(InvalidToken::Expired);
        }
        let (revocations, valid_from) = self.revocations;
        if access.revocations < revocations {
            return Err(InvalidToken::Revoked { valid_from: seconds(valid_from) });
        }
        Ok(access.identity)
    }

    pub(super) fn issue_access(&mut self, grant: &Grant, identity: Identity, now: SystemTime) -> String {
        let (issued, expires) = self.period(now);
        let mut claims = json!({
            "aud": AUDIENCE,
            "tid": grant.tenant,
            "appid": grant.client_id,
            "app_displayname": APPLICATION,
            "iat": issued,
            "nbf": issued,
            "exp": expires,
        });
        let of_identity = match identity {
            Identity::User => json!({"idtyp": "user", "upn": ACCOUNT, "scp": grant.scopes.scp()}),
            Identity::Application => json!({"idtyp": "app", "roles": grant.scopes.permissions()}),
        };
        if let (Some(claims), Value::Object(of_identity)) = (claims.as_object_mut(), of_identity) {
            claims.extend(of_identity);
        }
        let token = jwt(&claims, &signature());
        self.access.insert(token.clone(), AccessToken { identity, expires, revocations: self.revocations.0 });
        token
    }

    /// An ID token from the issuer at `root`. It is unsigned, because no client has a key to verify it.
    pub(super) fn make_id_token(&self, grant: &Grant, root: &str, now: SystemTime) -> String {
        let (issued, expires) = self.period(now);
        let claims = json!({
            "ver": "2.0",
            "iss": format!("{root}/{}/v2.0", grant.tenant),
            "aud": grant.client_id,
            "tid": grant.tenant,
            "sub": ACCOUNT,
            "preferred_username": ACCOUNT,
            "iat": issued,
            "nbf": issued,
            "exp": expires,
        });
        jwt(&claims, &[])
    }

    pub(super) fn issue_refresh(&mut self, grant: Grant, now: SystemTime) -> String {
        let token = random_text();
        let refresh = RefreshToken { grant, issued: now, revocations: self.revocations.0, used: false };
        self.refresh.insert(token.clone(), refresh);
        token
    }

    /// A refresh token works once. This reveals a client that keeps the old one although the response has a new one.
    pub(super) fn redeem_refresh(&mut self, token: &str, client_id: &str) -> Result<Grant, EntraError> {
        let refresh = self.refresh.get_mut(token).ok_or(EntraError::UnknownGrant)?;
        if refresh.used || refresh.grant.client_id != client_id {
            return Err(EntraError::InvalidGrant);
        }
        let (revocations, valid_from) = self.revocations;
        if refresh.revocations < revocations {
            return Err(EntraError::Revoked { issued: date(refresh.issued), valid_from: date(valid_from) });
        }
        refresh.used = true;
        Ok(refresh.grant.clone())
    }

    /// Revokes all sessions, and with them every token issued so far except the fixed one.
    pub(in crate::sandbox) fn revoke(&mut self, now: SystemTime) {
        self.revocations = (self.revocations.0 + 1, now);
    }

    /// When a token issued `now` becomes valid and expires, in seconds since 1970.
    fn period(&self, now: SystemTime) -> (u64, u64) {
        let issued = seconds(now);
        (issued, issued.saturating_add(self.lifetime()))
    }
}

/// A text that cannot be guessed.
pub(super) fn random_text() -> String {
    URL_SAFE_NO_PAD.encode([signature(), signature()].concat())
}

/// The time between two moments; zero if the clock was set back.
pub(super) fn elapsed(since: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(since).unwrap_or_default()
}

/// A token like that of a signed-in administrator. It is not signed: the sandbox compares it as a whole.
fn make_fixed(now: SystemTime) -> String {
    let issued = seconds(now);
    let claims = json!({
        "aud": AUDIENCE,
        "tid": TENANT,
        "upn": ACCOUNT,
        "app_displayname": APPLICATION,
        "scp": "DeviceManagementServiceConfig.ReadWrite.All",
        "iat": issued,
        "nbf": issued,
        "exp": issued + FIXED_LIVES.as_secs(),
    });
    jwt(&claims, &signature())
}

fn jwt(claims: &Value, signature: &[u8]) -> String {
    let header = json!({"typ": "JWT", "alg": "none"});
    let parts = [header.to_string().into_bytes(), claims.to_string().into_bytes(), signature.to_vec()];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

/// Random bytes in place of a signature.
fn signature() -> Vec<u8> {
    [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat()
}

fn seconds(time: SystemTime) -> u64 {
    elapsed(UNIX_EPOCH, time).as_secs()
}

/// A time as in the text of Entra's messages.
fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_micros(time).to_string().replace('Z', "0Z")
}

#[cfg(test)]
pub(super) mod tests;
