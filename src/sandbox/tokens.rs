//! Tokens: what is in them, whom they open the door to, and until when. Nothing here reads a clock.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::errors::Refusal;
use super::sign_in::denial::Denial;
use super::sign_in::scopes::Scopes;

/// The tenant of the sandbox.
const TENANT: &str = "00000000-0000-0000-0000-5a4d0b0c0001";

/// Who signs in to it.
pub(super) const ACCOUNT: &str = "admin@sandbox.example";

/// What every client is called.
const APPLICATION: &str = "intunectl sandbox";

/// Whom every access token is for: Graph itself, so that a client's own check of it has something to check.
const AUDIENCE: &str = "https://graph.microsoft.com";

/// How long the fixed token says that it lives: longer than a real one, as long as a rehearsal may take.
const FIXED_LIVES: Duration = Duration::from_secs(8 * 60 * 60);

/// What a sign-in has come to: who may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// The client that asked.
    pub(super) client_id: String,
    /// The ID of the tenant.
    pub(super) tenant: String,
    /// What it was given.
    pub(super) scopes: Scopes,
}

/// As whom a token lets its bearer act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// A signed-in administrator.
    User,
    /// An application, with nobody signed in.
    Application,
}

/// All tokens that open the door, or did.
#[derive(Debug)]
pub(super) struct Tokens {
    fixed: String,
    lifetime: Duration,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    /// How often all sessions were revoked, and the last time.
    revocations: (u64, SystemTime),
}

#[derive(Debug)]
struct Access {
    caller: Caller,
    expires: u64,
    revocations: u64,
}

#[derive(Debug)]
struct Refresh {
    grant: Grant,
    issued: SystemTime,
    revocations: u64,
    used: bool,
}

impl Tokens {
    /// A fixed token from the start; those of sign-ins will live for `lifetime`, in whole seconds.
    pub(super) fn new(lifetime: Duration, now: SystemTime) -> Self {
        Self {
            fixed: make_fixed(now),
            lifetime,
            access: HashMap::new(),
            refresh: HashMap::new(),
            revocations: (0, UNIX_EPOCH),
        }
    }

    /// The token that needs no sign-in.
    pub(super) fn fixed(&self) -> &str {
        &self.fixed
    }

    /// How long tokens of a sign-in live, in seconds.
    pub(super) fn lifetime(&self) -> u64 {
        self.lifetime.as_secs()
    }

    /// Whom an access token lets in.
    pub(super) fn check(&self, token: &str, now: SystemTime) -> Result<Caller, Refusal> {
        if token == self.fixed {
            return Ok(Caller::User);
        }
        let access = self.access.get(token).ok_or(Refusal::TokenWrong)?;
        if seconds(now) >= access.expires {
            return Err(Refusal::TokenExpired);
        }
        let (revocations, valid_from) = self.revocations;
        if access.revocations < revocations {
            return Err(Refusal::TokenRevoked { valid_from: seconds(valid_from) });
        }
        Ok(access.caller)
    }

    /// An access token for a grant.
    pub(super) fn issue_access(&mut self, grant: &Grant, caller: Caller, now: SystemTime) -> String {
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
        let of_caller = match caller {
            Caller::User => json!({"idtyp": "user", "upn": ACCOUNT, "scp": grant.scopes.scp()}),
            Caller::Application => json!({"idtyp": "app", "roles": grant.scopes.permissions()}),
        };
        if let (Some(claims), Value::Object(of_caller)) = (claims.as_object_mut(), of_caller) {
            claims.extend(of_caller);
        }
        let token = jwt(&claims, &signature());
        self.access.insert(token.clone(), Access { caller, expires, revocations: self.revocations.0 });
        token
    }

    /// An ID token for a grant, from the issuer at `root`: unsigned, as nobody has a key to check it with.
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

    /// A refresh token for a grant.
    pub(super) fn issue_refresh(&mut self, grant: Grant, now: SystemTime) -> String {
        let token = random_text();
        let refresh = Refresh { grant, issued: now, revocations: self.revocations.0, used: false };
        self.refresh.insert(token.clone(), refresh);
        token
    }

    /// What a refresh token is good for. It works once: whoever keeps the old one, though the answer held a new one,
    /// is to find out here.
    pub(super) fn redeem_refresh(&mut self, token: &str, client_id: &str) -> Result<Grant, Denial> {
        let refresh = self.refresh.get_mut(token).ok_or(Denial::UnknownGrant)?;
        if refresh.used || refresh.grant.client_id != client_id {
            return Err(Denial::InvalidGrant);
        }
        let (revocations, valid_from) = self.revocations;
        if refresh.revocations < revocations {
            return Err(Denial::Revoked { issued: date(refresh.issued), valid_from: date(valid_from) });
        }
        refresh.used = true;
        Ok(refresh.grant.clone())
    }

    /// Ends all sessions: every token of a sign-in so far.
    pub(super) fn revoke(&mut self, now: SystemTime) {
        self.revocations = (self.revocations.0 + 1, now);
    }

    /// When a token of `now` begins and ends, in seconds since 1970.
    fn period(&self, now: SystemTime) -> (u64, u64) {
        let issued = seconds(now);
        (issued, issued.saturating_add(self.lifetime()))
    }
}

/// The ID of a tenant, from the name of it in a path. One that is an ID is taken at its word; any other name leads to
/// the sandbox's own.
pub(super) fn tenant_id(name: &str) -> String {
    Uuid::try_parse(name).map_or_else(|_| TENANT.to_owned(), |id| id.to_string())
}

/// A text that nobody guesses.
pub(super) fn random_text() -> String {
    URL_SAFE_NO_PAD.encode([signature(), signature()].concat())
}

/// The time between two moments; none where the clock was set back.
pub(super) fn elapsed(since: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(since).unwrap_or_default()
}

/// A token that looks like one of a signed-in administrator. Nothing is signed: the sandbox compares it as a whole.
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

/// Random bytes where a signature would be.
fn signature() -> Vec<u8> {
    [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat()
}

fn seconds(time: SystemTime) -> u64 {
    elapsed(UNIX_EPOCH, time).as_secs()
}

/// A time as Entra writes it inside a sentence.
fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_micros(time).to_string().replace('Z', "0Z")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const ROOT: &str = "http://127.0.0.1:1";
    const NOW: Duration = Duration::from_millis(1_000_000_750);

    /// A grant for tests elsewhere too.
    pub(in crate::sandbox) fn grant(client_id: &str, scope: &str) -> Grant {
        let scopes = Scopes::parse(scope, ROOT).unwrap();
        Grant { client_id: client_id.into(), tenant: TENANT.into(), scopes }
    }

    fn tokens() -> Tokens {
        Tokens::new(Duration::from_secs(3_600), UNIX_EPOCH)
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// The claims of a token, and the length of its signature.
    pub(in crate::sandbox) fn claims(token: &str) -> (Value, usize) {
        let parts: Vec<_> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        assert_eq!(parts.len(), 3);
        (serde_json::from_slice(&parts[1]).unwrap(), parts[2].len())
    }

    #[test]
    fn the_fixed_token_has_the_claims_of_an_administrator_s() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let token = make_fixed(now);
        assert_ne!(token, make_fixed(now));
        let expected = json!({
            "aud": "https://graph.microsoft.com",
            "tid": TENANT,
            "upn": "admin@sandbox.example",
            "app_displayname": "intunectl sandbox",
            "scp": "DeviceManagementServiceConfig.ReadWrite.All",
            "iat": 1_000_000,
            "nbf": 1_000_000,
            "exp": 1_028_800,
        });
        assert_eq!(claims(&token), (expected, 32));
    }

    #[test]
    fn an_access_token_says_whose_it_is() {
        let mut tokens = tokens();
        let both = json!({
            "aud": "https://graph.microsoft.com",
            "tid": TENANT,
            "appid": "client",
            "app_displayname": "intunectl sandbox",
            "iat": 1_000_000,
            "nbf": 1_000_000,
            "exp": 1_003_600,
        });
        let table = [
            (Caller::User, json!({"idtyp": "user", "upn": "admin@sandbox.example", "scp": "openid A.B"})),
            (Caller::Application, json!({"idtyp": "app", "roles": ["A.B"]})),
        ];
        for (caller, more) in table {
            let token = tokens.issue_access(&grant("client", "openid offline_access A.B"), caller, UNIX_EPOCH + NOW);
            let mut expected = both.clone();
            expected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_eq!(claims(&token), (expected, 32));
            assert_eq!(tokens.check(&token, UNIX_EPOCH + NOW), Ok(caller));
        }
    }

    #[test]
    fn an_id_token_is_unsigned_and_for_the_client() {
        let token = tokens().make_id_token(&grant("client", "openid"), ROOT, UNIX_EPOCH + NOW);
        let expected = json!({
            "ver": "2.0",
            "iss": format!("{ROOT}/{TENANT}/v2.0"),
            "aud": "client",
            "tid": TENANT,
            "sub": "admin@sandbox.example",
            "preferred_username": "admin@sandbox.example",
            "iat": 1_000_000,
            "nbf": 1_000_000,
            "exp": 1_003_600,
        });
        assert_eq!(claims(&token), (expected, 0));
    }

    #[test]
    fn an_access_token_is_accepted_until_its_own_end() {
        let mut tokens = tokens();
        let token = tokens.issue_access(&grant("client", "A.B"), Caller::User, at(100));
        for (seconds, expected) in
            [(100, Ok(Caller::User)), (3_699, Ok(Caller::User)), (3_700, Err(Refusal::TokenExpired))]
        {
            assert_eq!(tokens.check(&token, at(seconds)), expected, "{seconds}");
        }
        let fixed = tokens.fixed().to_owned();
        assert_eq!(tokens.check(&fixed, at(1_000_000_000)), Ok(Caller::User));
        assert_eq!(tokens.check(&format!("{token}x"), at(100)), Err(Refusal::TokenWrong));
    }

    #[test]
    fn a_refresh_token_works_once_and_for_its_client_alone() {
        let mut tokens = tokens();
        let token = tokens.issue_refresh(grant("client", "A.B"), at(0));
        assert_eq!(tokens.redeem_refresh("x", "client"), Err(Denial::UnknownGrant));
        assert_eq!(tokens.redeem_refresh(&token, "another"), Err(Denial::InvalidGrant));
        assert_eq!(tokens.redeem_refresh(&token, "client"), Ok(grant("client", "A.B")));
        assert_eq!(tokens.redeem_refresh(&token, "client"), Err(Denial::InvalidGrant));
    }

    #[test]
    fn a_revocation_ends_what_was_issued_before_it_and_nothing_after() {
        let mut tokens = tokens();
        let access = tokens.issue_access(&grant("client", "A.B"), Caller::User, at(100));
        let refresh = tokens.issue_refresh(grant("client", "A.B"), at(100));
        // In the same second: what counts is the order.
        tokens.revoke(at(100));
        assert_eq!(tokens.check(&access, at(101)), Err(Refusal::TokenRevoked { valid_from: 100 }));
        let date = "1970-01-01T00:01:40.0000000Z";
        let revoked = Denial::Revoked { issued: date.into(), valid_from: date.into() };
        assert_eq!(tokens.redeem_refresh(&refresh, "client"), Err(revoked));
        let access = tokens.issue_access(&grant("client", "A.B"), Caller::User, at(100));
        let refresh = tokens.issue_refresh(grant("client", "A.B"), at(100));
        assert!(tokens.check(&access, at(101)).is_ok() && tokens.redeem_refresh(&refresh, "client").is_ok());
        let fixed = tokens.fixed().to_owned();
        assert!(tokens.check(&fixed, at(101)).is_ok());
    }

    #[test]
    fn a_tenant_named_by_its_id_is_that_tenant() {
        let id = "0F2C1B1E-8d2b-4c8e-9a35-0a5e3b1d7c11";
        assert_eq!(tenant_id(id), id.to_lowercase());
        for name in ["organizations", "common", "contoso.onmicrosoft.com", ""] {
            assert_eq!(tenant_id(name), TENANT);
        }
    }

    #[test]
    fn a_random_text_is_long_and_new_each_time() {
        assert_ne!(random_text(), random_text());
        assert_eq!(random_text().len(), 86);
    }
}
