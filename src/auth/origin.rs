//! Where a token comes from: its name in messages, whether it can be renewed, and what to do if it is the wrong one.

use super::app::App;
use super::claims::Claims;
use super::renewal::SignedInProfile;
use super::session;
use super::sources::{NOTHING_SENT, StaticSource};
use super::tenant::Tenant;
use crate::net::root::{Cloud, Root};
use crate::variables::{AZURE_AUTHORITY_HOST, AZURE_CLIENT_ID};

/// Source: graph-facts, "The resource".
pub const NOT_AZURE_CLI: &str =
    "Azure CLI cannot get this permission. Leave out this token and sign in:\n  intunectl auth login";

/// Where a token comes from, and where a new one would come from.
pub enum TokenOrigin {
    /// The user supplied it.
    Static(StaticSource),
    /// The application signed in as itself.
    App {
        app: App,
        /// The sign-in server that issues its tokens.
        login: Root,
    },
    /// An account signed in.
    Profile(SignedInProfile),
}

impl TokenOrigin {
    /// How to get a new token.
    pub fn renewal_advice(&self, claims: Option<&Claims>) -> String {
        match self {
            Self::Static(_) if claims.is_some_and(Claims::is_of_azure_cli) => NOT_AZURE_CLI.to_owned(),
            Self::Static(_) => "Get a new token. If it is also rejected, check its permissions".to_owned(),
            Self::App { .. } => "Check the application's permissions in the Entra admin center".to_owned(),
            Self::Profile(profile) => format!("Sign in again: {}", session::login_command(&profile.name)),
        }
    }

    pub fn app(&self) -> Option<&App> {
        match self {
            Self::App { app, .. } => Some(app),
            Self::Static(_) | Self::Profile(_) => None,
        }
    }

    pub fn profile(&self) -> Option<&SignedInProfile> {
        match self {
            Self::Profile(profile) => Some(profile),
            Self::Static(_) | Self::App { .. } => None,
        }
    }

    /// Whether a new token can be requested when this one expires.
    pub fn is_renewable(&self) -> bool {
        match self {
            Self::Static(_) => false,
            Self::App { .. } => true,
            Self::Profile(profile) => profile.client_id.is_some(),
        }
    }

    /// What to do if the token is for the cloud `other`.
    pub fn hint_for_cloud(&self, other: Cloud) -> String {
        match self {
            Self::Static(_) => format!("to act in {0}, use --cloud {0}", other.name()),
            Self::App { .. } => format!("check --cloud, --login-url and {AZURE_AUTHORITY_HOST}"),
            Self::Profile(profile) => session::sign_in_again(&profile.name),
        }
    }

    /// What to do if the token is not for the tenant that was `typed`.
    pub fn hint_for_tenant(&self, typed: &Tenant) -> String {
        match self {
            Self::App { .. } => format!("check --tenant, --login-url and {AZURE_CLIENT_ID}"),
            Self::Static(StaticSource::StandardInput) => format!("get a token for {typed}"),
            Self::Static(_) => format!(
                "use a token for {typed}. Or sign in, and use --profile NAME instead of the token:\n  \
                 intunectl auth login --profile NAME --tenant {typed}"
            ),
            Self::Profile(_) => format!(
                "`intunectl auth list` shows the profiles and their tenants. To sign in to {typed}:\n  \
                 intunectl auth login --profile NAME --tenant {typed}"
            ),
        }
    }

    /// What did not happen, because the token cannot be used.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Static(source) => source.outcome(),
            Self::App { .. } | Self::Profile(_) => NOTHING_SENT,
        }
    }

    /// The token's name in messages.
    pub fn its_token(&self) -> String {
        match self {
            Self::Static(StaticSource::File(path)) => format!("the token in {}", path.display()),
            Self::Static(source) => format!("the token from {source}"),
            Self::App { .. } => "the application's token".to_owned(),
            Self::Profile(profile) => format!("the token of profile '{}'", profile.name),
        }
    }
}
