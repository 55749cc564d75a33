//! What a profile keeps in the keyring: a token, and the roots that it may be sent to.

use anyhow::Context as _;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::store;
use crate::error::Error;

/// A signed-in profile.
pub struct Session {
    /// The access token.
    pub access_token: SecretString,
    /// The Graph root it was issued for.
    pub graph_url: String,
    /// The sign-in root it was issued by.
    pub login_url: String,
}

/// The JSON in the keyring. Fields that a later version adds are optional there, so that it can read this.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    access_token: &'a str,
    graph_url: String,
    login_url: String,
}

impl Session {
    /// Reads a profile; `None` where nobody is signed in under its name.
    ///
    /// # Errors
    /// There is no keyring, it is locked or does not answer, or what is there is damaged.
    pub fn load(profile: &str) -> anyhow::Result<Option<Self>> {
        let Some(secret) = store::load(profile)? else { return Ok(None) };
        // Never serde's own message, which may quote what it could not read.
        let stored: Stored<'_> = serde_json::from_str(secret.expose_secret()).map_err(|_| {
            Error::auth(format!("what the keyring holds for profile '{profile}' is not readable"))
                .hint(format!("sign in again: intunectl auth login --with-token --profile '{profile}'"))
        })?;
        Ok(Some(Self {
            access_token: SecretString::from(stored.access_token),
            graph_url: stored.graph_url,
            login_url: stored.login_url,
        }))
    }

    /// Stores a profile in place of what was there, whole or not at all.
    ///
    /// # Errors
    /// There is no keyring, it is locked or does not answer; what was there before still is.
    pub fn save(&self, profile: &str) -> anyhow::Result<()> {
        let stored = Stored {
            access_token: self.access_token.expose_secret(),
            graph_url: self.graph_url.clone(),
            login_url: self.login_url.clone(),
        };
        let json = serde_json::to_string(&stored).context("the profile cannot be written as JSON")?;
        Ok(store::save(profile, &SecretString::from(json))?)
    }

    /// Forgets a profile; whether there was one.
    ///
    /// # Errors
    /// There is no keyring, it is locked or does not answer.
    pub fn forget(profile: &str) -> anyhow::Result<bool> {
        Ok(store::delete(profile)?)
    }
}
