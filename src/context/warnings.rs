//! Warnings about a token before its first use. None of them stops the run.

use super::connection::Connection;
use super::{Context, Selection};
use crate::auth::claims::Claims;
use crate::auth::origin::{NOT_AZURE_CLI, TokenOrigin};
use crate::auth::sources::TokenSource;
use crate::permission;
use crate::text::sanitize::sanitize;

impl Context {
    /// Warns after a sign-in if calls use another token.
    pub fn warn_about_other_sources(&self) {
        match self.selection() {
            Ok(Selection { source: TokenSource::Profile(_), .. }) => {}
            Ok(Selection { source, .. }) => {
                let message = format!("commands use {source}, not this profile");
                self.console.warning_with_hint(&message, "to use the profile, add --profile NAME");
            }
            Err(error) => self.console.warning_about(&error.into()),
        }
    }

    /// Warns before the first request if the token's claims show that Graph will probably reject it.
    pub fn warn_about(&self, connection: &Connection, permissions: &[&str]) {
        let Some(claims) = connection.claims() else { return };
        if let Some(audience) = connection.other_audience() {
            let graph = connection.graph();
            self.console.warning_with_hint(
                &format!("the token is for {}, not for {graph}; Graph will probably reject it", sanitize(&audience)),
                &match &connection.origin {
                    TokenOrigin::Static(_) => format!("get a token for the resource {graph}"),
                    TokenOrigin::App { .. } | TokenOrigin::Profile(_) => {
                        "check --graph-url, --login-url and --cloud".to_owned()
                    }
                },
            );
        }
        self.warn_about_permissions(claims, permissions, "get a new token");
    }

    /// Warns if a token names permissions, but none of these. `then` is what to do after an administrator's consent.
    pub fn warn_about_permissions(&self, claims: &Claims, permissions: &[&str], then: &str) {
        if claims.has_any(permissions) == Some(false) {
            let hint = match claims.is_of_azure_cli() {
                true => NOT_AZURE_CLI.to_owned(),
                false => format!(
                    "an administrator has to grant one of these permissions to the application in the Entra admin center; then {then}"
                ),
            };
            let needed = permission::in_words(permissions);
            self.console.warning_with_hint(
                &format!("the token lacks the permission {needed}; Graph will probably reject it"),
                &hint,
            );
        }
    }
}
