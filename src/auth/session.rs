//! A profile's sign-in as stored in the keyring: a token, the only servers that may receive it, and a refresh token.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::store;
use super::tenant::Tenant;
use super::token::Token;
use super::token_text::NotAToken;
use crate::error::Error;
use crate::variables::INTUNECTL_PROFILE;

#[derive(Clone)]
pub struct Session {
    pub access_token: SecretString,
    pub expires_at: Option<SystemTime>,
    /// The Graph server that the token was issued for.
    pub graph_url: String,
    /// The sign-in server that issued it.
    pub login_url: String,
    pub account: Option<String>,
    /// The tenant of the sign-in, by its ID if that is known.
    pub tenant: Option<Tenant>,
    /// The tenant that the user named at sign-in.
    pub asked_tenant: Option<Tenant>,
    /// `None` for a token that was stored without a refresh token.
    pub renewal: Option<Renewal>,
    /// The text in the keyring that this was read from.
    stored: Option<SecretString>,
}

/// The values for the request for a new token.
#[derive(Clone)]
pub struct Renewal {
    pub client_id: String,
    /// Entra accepts one more than once ("Refresh tokens in the Microsoft identity platform"). Other servers may not,
    /// and Entra may stop doing so.
    pub refresh_token: SecretString,
}

/// The JSON in the keyring. A later version that adds fields must make them optional, to read what this one wrote.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    graph_url: Cow<'a, str>,
    login_url: Cow<'a, str>,
    /// In seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    account: Option<Cow<'a, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    tenant: Option<Cow<'a, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    asked_tenant: Option<Cow<'a, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    client_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Cow<'a, str>>,
}

impl Session {
    pub fn new(access_token: SecretString, graph_url: &str, login_url: &str) -> Self {
        Self {
            access_token,
            graph_url: graph_url.to_owned(),
            login_url: login_url.to_owned(),
            expires_at: None,
            account: None,
            tenant: None,
            asked_tenant: None,
            renewal: None,
            stored: None,
        }
    }

    /// Reads a profile; `None` if it is not signed in.
    ///
    /// # Errors
    /// There is no keyring, it is locked or does not answer, or the entry is damaged.
    pub fn load(profile: &str) -> anyhow::Result<Option<Self>> {
        let Some(secret) = store::load(profile)? else { return Ok(None) };
        // Not serde's own message, which may quote a secret.
        let session = Self::parse(secret).map_err(|_| {
            Error::auth(format!("the keyring entry of profile '{profile}' cannot be read")).hint(sign_in_again(profile))
        })?;
        Ok(Some(session))
    }

    fn parse(secret: SecretString) -> serde_json::Result<Self> {
        let stored: Stored<'_> = serde_json::from_str(secret.expose_secret())?;
        let expires_at = stored.expires_at.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        // An invalid tenant counts as none.
        let tenant = |text: Option<Cow<'_, str>>| text.and_then(|text| text.parse().ok());
        let renewal = stored.client_id.zip(stored.refresh_token);
        Ok(Self {
            access_token: SecretString::from(&*stored.access_token),
            expires_at,
            graph_url: stored.graph_url.into_owned(),
            login_url: stored.login_url.into_owned(),
            account: stored.account.map(Cow::into_owned),
            tenant: tenant(stored.tenant),
            asked_tenant: tenant(stored.asked_tenant),
            renewal: renewal.map(|(client_id, token)| Renewal {
                client_id: client_id.into_owned(),
                refresh_token: SecretString::from(&*token),
            }),
            stored: Some(secret),
        })
    }

    fn text(&self) -> anyhow::Result<SecretString> {
        let since_1970 = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs());
        let stored = Stored {
            access_token: self.access_token.expose_secret().into(),
            graph_url: (&self.graph_url).into(),
            login_url: (&self.login_url).into(),
            expires_at: self.expires_at.and_then(since_1970),
            account: self.account.as_deref().map(Cow::from),
            tenant: self.tenant.as_ref().map(|tenant| tenant.as_str().into()),
            asked_tenant: self.asked_tenant.as_ref().map(|tenant| tenant.as_str().into()),
            client_id: self.renewal.as_ref().map(|renewal| renewal.client_id.as_str().into()),
            refresh_token: self.renewal.as_ref().map(|renewal| renewal.refresh_token.expose_secret().into()),
        };
        Ok(SecretString::from(serde_json::to_string(&stored).context("cannot write the profile as JSON")?))
    }

    /// # Errors
    /// What is stored is not a token.
    pub fn token(&self) -> Result<Token, NotAToken> {
        let token = match self.is_stored_token() {
            true => Token::stored(&self.access_token)?,
            false => Token::issued(&self.access_token).ok_or(NotAToken::Unsendable)?,
        };
        Ok(Token { expires_at: self.expires_at.or(token.expires_at), ..token })
    }

    /// Whether it is a token that the user stored, and not a sign-in, which has a tenant.
    pub fn is_stored_token(&self) -> bool {
        self.renewal.is_none() && self.tenant.is_none()
    }

    /// Stores the session under a profile, whole or not at all. Replaces the previous one.
    ///
    /// # Errors
    /// There is no keyring, it is locked or does not answer. The previous session is still there.
    pub fn save(&self, profile: &str) -> anyhow::Result<()> {
        Ok(store::save(profile, &self.text()?)?)
    }

    /// Stores the session under a profile if `before` is still stored there, and returns whether it did. A sign-in or
    /// sign-out in the meantime is left alone.
    ///
    /// # Errors
    /// There is no keyring, it is locked or does not answer. The previous session is still there.
    pub fn save_in_place_of(&self, before: &Self, profile: &str) -> anyhow::Result<bool> {
        let Some(stored) = &before.stored else { return Ok(false) };
        // `before` itself may have been stored late, after the keyring had timed out.
        Ok(store::replace(profile, &[stored.clone(), before.text()?], &self.text()?)?)
    }

    /// Deletes a profile's sign-in, and returns whether there was one.
    ///
    /// # Errors
    /// There is no keyring, it is locked or does not answer.
    pub fn forget(profile: &str) -> anyhow::Result<bool> {
        Ok(store::delete(profile)?)
    }
}

/// The command that signs in to a profile, quoted for a shell.
pub fn login_command(profile: &str) -> String {
    command("login", profile)
}

/// The command that signs out of a profile, quoted for a shell.
pub fn logout_command(profile: &str) -> String {
    command("logout", profile)
}

fn command(verb: &str, profile: &str) -> String {
    let is_other_in_force = std::env::var_os(INTUNECTL_PROFILE).is_some_and(|name| !name.is_empty());
    command_for(verb, profile, profile == "default" && !is_other_in_force)
}

/// The hint to sign in to a profile again.
pub fn sign_in_again(profile: &str) -> String {
    format!("sign in again: {}", login_command(profile))
}

fn command_for(verb: &str, profile: &str, needs_no_name: bool) -> String {
    let is_plain = profile.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    // A value that starts with `-` would be parsed as an option.
    let option = if profile.starts_with('-') { "--profile=" } else { "--profile " };
    match profile {
        _ if needs_no_name => format!("intunectl auth {verb}"),
        name if is_plain => format!("intunectl auth {verb} {option}{name}"),
        // cmd.exe has no single quotes. Unix shells expand `$` and others within double quotes.
        name if cfg!(windows) => format!("intunectl auth {verb} {option}\"{name}\""),
        name => format!("intunectl auth {verb} {option}'{}'", name.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_session_is_read_back_unchanged() {
        let session = Session {
            expires_at: Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000)),
            account: Some("ädmin@contoso.example".to_owned()),
            tenant: Some("contoso".parse().unwrap()),
            asked_tenant: Some("contoso.example".parse().unwrap()),
            renewal: Some(Renewal { client_id: "c".to_owned(), refresh_token: "r\"\\".into() }),
            ..Session::new("a\"\\".into(), "https://graph.example", "https://login.example")
        };
        let text = session.text().unwrap();
        assert_eq!(
            text.expose_secret(),
            r#"{"access_token":"a\"\\","graph_url":"https://graph.example","login_url":"https://login.example","expires_at":1800000000,"account":"ädmin@contoso.example","tenant":"contoso","asked_tenant":"contoso.example","client_id":"c","refresh_token":"r\"\\"}"#
        );
        let read = Session::parse(text.clone()).unwrap();
        assert_eq!(read.text().unwrap().expose_secret(), text.expose_secret());
        assert_eq!(read.stored.unwrap().expose_secret(), text.expose_secret());
    }

    #[test]
    fn the_login_command_is_quoted_for_a_shell() {
        assert_eq!(command_for("login", "default", true), "intunectl auth login");
        assert_eq!(command_for("login", "default", false), "intunectl auth login --profile default");
        assert_eq!(command_for("login", "work-2.eu", false), "intunectl auth login --profile work-2.eu");
        #[cfg(unix)]
        assert_eq!(command_for("login", "it's 仕事", false), r"intunectl auth login --profile 'it'\''s 仕事'");
        assert_eq!(command_for("login", "-q", false), "intunectl auth login --profile=-q");
    }

    #[test]
    fn a_session_stored_by_an_earlier_version_is_read() {
        let text = r#"{"access_token":"a","graph_url":"https://g","login_url":"https://l"}"#;
        let session = Session::parse(text.into()).unwrap();
        assert_eq!(session.access_token.expose_secret(), "a");
        assert!(session.renewal.is_none() && session.expires_at.is_none() && session.account.is_none());
        for text in ["", "{}", "[]", r#"{"access_token":1}"#] {
            assert!(Session::parse(text.into()).is_err(), "{text}");
        }
    }
}
