//! The claims of an access token. They are not verified: the service decides. With them, problems can be reported
//! before the first request.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

/// Microsoft Graph's application ID, which some tokens name as their audience.
const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";
/// Azure CLI's own application. Consent to these permissions is not possible for it. Source: graph-facts, "The
/// resource".
const AZURE_CLI_APP_ID: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// The claims that are used. Source: graph-facts, "Tokens".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    exp: Option<u64>,
    aud: Option<String>,
    pub tenant: Option<String>,
    account: Option<String>,
    app_id: Option<String>,
    app_name: Option<String>,
    idtyp: Option<String>,
    scp: Option<String>,
    roles: Vec<String>,
}

impl Claims {
    /// `None` for a token that is not a JWT. It may still be valid.
    pub fn read(token: &SecretString) -> Option<Self> {
        let mut parts = token.expose_secret().split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let claims = object(payload)?;
        // A claim of an unexpected type counts as missing.
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let roles = claims.get("roles").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Some(Self {
            exp: claims.get("exp").and_then(Value::as_u64),
            aud: text("aud"),
            tenant: text("tid"),
            account: ["upn", "preferred_username", "unique_name", "email"].into_iter().find_map(text),
            app_id: text("appid"),
            app_name: text("app_displayname"),
            idtyp: text("idtyp"),
            scp: text("scp"),
            roles: roles.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }

    pub fn expiry(&self) -> Option<SystemTime> {
        // Times after the year 9999 cannot be written (RFC 3339), and count as unknown.
        UNIX_EPOCH.checked_add(Duration::from_secs(self.exp.filter(|seconds| *seconds < 253_402_300_800)?))
    }

    /// The account that signed in; `None` if an application acts for itself.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    pub fn app_id(&self) -> Option<&str> {
        self.app_id.as_deref()
    }

    pub fn app_name(&self) -> Option<&str> {
        self.app_name.as_deref()
    }

    /// Whether the token was issued to Azure CLI's own application, which cannot have the permissions.
    pub fn is_of_azure_cli(&self) -> bool {
        self.app_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(AZURE_CLI_APP_ID))
    }

    /// Whether the application acts for itself, not for an account; `None` if the token does not say.
    pub fn is_app_only(&self) -> Option<bool> {
        match (self.idtyp.as_deref(), &self.scp) {
            (Some("app"), _) => Some(true),
            (_, Some(_)) => Some(false),
            (_, None) if !self.roles.is_empty() => Some(true),
            (_, None) => None,
        }
    }

    /// The scopes of an account's token, and the roles of an application's.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        let delegated = self.scp.as_deref().unwrap_or_default().split(' ').filter(|scope| !scope.is_empty());
        delegated.chain(self.roles.iter().map(String::as_str))
    }

    /// The audience in lower case, without a trailing slash: a Graph server or something else. `None` for Graph's
    /// application ID, which is the same in every cloud.
    pub fn audience(&self) -> Option<String> {
        let audience = self.aud.as_deref()?.trim_end_matches('/').to_ascii_lowercase();
        (audience != GRAPH_APP_ID).then_some(audience)
    }

    /// Whether the token has one of `permissions`; `None` if it names no permissions at all.
    pub fn has_any(&self, permissions: &[&str]) -> Option<bool> {
        let mut all = self.permissions().peekable();
        all.peek()?;
        Some(all.any(|one| permissions.iter().any(|wanted| wanted.eq_ignore_ascii_case(one))))
    }
}

/// Whether a token begins with the header of a JWT, which names its algorithm (RFC 7515, 4.1.1).
pub(super) fn names_algorithm(token: &SecretString) -> bool {
    let header = token.expose_secret().split('.').next().and_then(object);
    header.is_some_and(|header| header.get("alg").is_some_and(Value::is_string))
}

/// A JSON object that is a part of a token.
fn object(part: &str) -> Option<Map<String, Value>> {
    let json = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> SecretString {
        SecretString::from(format!("eyJhbGciOiJub25lIn0.{}.sig", URL_SAFE_NO_PAD.encode(payload)))
    }

    #[test]
    fn the_claims_of_a_jwt_are_read_and_other_tokens_have_none() {
        let claims = Claims::read(&token(r#"{"exp":100,"tid":"t","upn":"a@b","scp":["A"],"roles":["R",1]}"#)).unwrap();
        assert_eq!((claims.tenant.as_deref(), claims.account()), (Some("t"), Some("a@b")));
        assert_eq!((claims.exp, claims.scp, claims.roles), (Some(100), None, vec!["R".to_owned()]));
        for opaque in ["opaque", "a.b.c", "eyJ.e30", "..", ""] {
            assert_eq!(Claims::read(&SecretString::from(opaque)), None, "{opaque}");
        }
        assert_eq!(Claims::read(&token("[]")), None);
    }

    #[test]
    fn the_header_of_a_jwt_names_its_algorithm() {
        let header = |json: &str| format!("{}.e30.sig", URL_SAFE_NO_PAD.encode(json));
        for (text, expected) in [
            (header(r#"{"alg":"RS256","typ":"JWT"}"#), true),
            (header(r#"{"typ":"JWT"}"#), false),
            (header(r#"{"alg":1}"#), false),
            (header(r#"["alg"]"#), false),
            ("a.e30.b".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(names_algorithm(&SecretString::from(text.as_str())), expected, "{text}");
        }
    }

    #[test]
    fn an_expiry_out_of_range_counts_as_unknown() {
        let claims = Claims { exp: Some(100), ..Claims::default() };
        assert_eq!(claims.expiry(), Some(UNIX_EPOCH + Duration::from_secs(100)));
        assert_eq!(Claims::default().expiry(), None);
        assert_eq!(Claims { exp: Some(u64::MAX), ..Claims::default() }.expiry(), None);
    }

    #[test]
    fn the_claims_show_whether_an_application_acts_for_itself() {
        for (payload, expected) in [
            (r#"{"idtyp":"app"}"#, Some(true)),
            (r#"{"idtyp":"app","scp":"x"}"#, Some(true)),
            (r#"{"idtyp":"user","scp":"x"}"#, Some(false)),
            (r#"{"scp":"x","roles":["y"]}"#, Some(false)),
            (r#"{"roles":["y"]}"#, Some(true)),
            ("{}", None),
        ] {
            assert_eq!(Claims::read(&token(payload)).unwrap().is_app_only(), expected, "{payload}");
        }
    }

    #[test]
    fn azure_cli_is_recognised_by_its_application_id() {
        for (id, expected) in [(AZURE_CLI_APP_ID.to_uppercase(), true), ("an-app".to_owned(), false)] {
            assert_eq!(Claims { app_id: Some(id), ..Claims::default() }.is_of_azure_cli(), expected);
        }
        assert!(!Claims::default().is_of_azure_cli());
    }

    #[test]
    fn permissions_are_found_in_scopes_and_in_roles() {
        for (payload, expected) in [
            (r#"{"scp":"User.Read X.All"}"#, Some(true)),
            (r#"{"roles":["X.All"]}"#, Some(true)),
            (r#"{"scp":"User.Read"}"#, Some(false)),
            ("{}", None),
            (r#"{"scp":""}"#, None),
        ] {
            assert_eq!(Claims::read(&token(payload)).unwrap().has_any(&["Y.All", "x.all"]), expected, "{payload}");
        }
    }
}
