//! A token, and the only root that it may be sent to.

use super::Roots;
use crate::auth::claims::Claims;
use crate::auth::origin::TokenOrigin;
use crate::auth::renewal::SignedInProfile;
use crate::auth::session::{self, Session};
use crate::auth::sources::{self, StaticSource};
use crate::auth::tenant::Tenant;
use crate::auth::token::Token;
use crate::error::Error;
use crate::graph::advice::Caller;
use crate::net::http::Transport;
use crate::net::root::{Cloud, Root};
use crate::output::record::Owner;
use crate::text::sanitize::sanitize;

/// A token, and the only root it may be sent to.
pub struct Connection {
    pub token: Token,
    /// Where it is from.
    pub origin: TokenOrigin,
    pub root: Root,
    /// The sign-in root that knows its tenants, if that is known.
    pub(super) login: Option<Root>,
    /// In a rehearsal, the cloud that was named.
    pub(super) rehearsed: Option<Cloud>,
    pub(super) transport: Transport,
}

impl Connection {
    /// The sign-in, if that is where the token is from.
    pub fn profile(&self) -> Option<&SignedInProfile> {
        self.origin.profile()
    }

    /// The cloud, if the root is one of its; in a rehearsal, the cloud that was named.
    pub fn cloud(&self) -> Option<Cloud> {
        Cloud::of(&self.root).or(self.rehearsed)
    }

    /// The tenant, if the token or the sign-in names it.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant_of(&self.token)
    }

    /// The tenant of another token from the same source.
    pub(super) fn tenant_of<'a>(&'a self, token: &'a Token) -> Option<&'a str> {
        let signed_in = || self.profile()?.tenant.as_ref().filter(|tenant| tenant.is_id()).map(Tenant::as_str);
        token.claims.as_ref().and_then(|claims| claims.tenant.as_deref()).or_else(signed_in)
    }

    /// Who acts: the account that signed in or, without one, the application; as the token or the sign-in says.
    pub fn account(&self) -> Option<&str> {
        let app = match self.origin.app() {
            Some(app) => Some(app.client_id()),
            None if self.is_app_only() == Some(false) => None,
            None => self.claims().and_then(Claims::app_id),
        };
        self.person().or(app)
    }

    /// Who signed in, if the token or the sign-in says so.
    pub fn person(&self) -> Option<&str> {
        self.claims().and_then(Claims::account).or_else(|| self.profile()?.account.as_deref())
    }

    /// Whether an application acts for itself, and for nobody who signed in; `None` where that is not known.
    pub fn is_app_only(&self) -> Option<bool> {
        match self.origin.app() {
            Some(_) => Some(true),
            None => self.claims().and_then(Claims::is_app_only),
        }
    }

    /// Whose token it is, for advice.
    pub fn caller(&self) -> Caller {
        Caller { is_app_only: self.is_app_only(), renewal_advice: self.origin.renewal_advice(self.claims()) }
    }

    /// Whether there is a way to another token when this one ends.
    pub fn is_renewable(&self) -> bool {
        self.origin.is_renewable()
    }

    /// What the token says of itself.
    pub fn claims(&self) -> Option<&Claims> {
        self.token.claims.as_ref()
    }

    /// Whose the records of a run are.
    pub fn owner(&self) -> Owner {
        Owner {
            tenant_id: self.tenant().map(Into::into),
            graph_url: Some(self.root.as_str().into()),
            account: self.account().map(Into::into),
        }
    }

    /// Makes sure that the token is not one for another cloud. An audience outside the clouds says nothing of that, nor
    /// does a root outside them, behind which may stand any cloud.
    pub(super) fn check_cloud(&self) -> Result<(), Error> {
        let audience = self.claims().and_then(Claims::audience);
        let other = Cloud::ALL.into_iter().find(|cloud| audience.as_deref() == Some(cloud.graph()));
        match (Cloud::of(&self.root), other) {
            (Some(cloud), Some(other)) if cloud != other => Err(Error::auth(format!(
                "the token is for the cloud {} ({}), not for {} ({}); nothing was sent",
                other.name(),
                other.graph(),
                cloud.name(),
                cloud.graph()
            ))
            .hint(self.origin.hint_for_cloud(other))),
            _ => Ok(()),
        }
    }

    /// Makes sure that the token is for the tenant with this ID, which was `typed` so or as one of its domains.
    ///
    /// # Errors
    /// It is for another, or does not say for which.
    pub(super) fn check_tenant(&self, typed: &Tenant, id: &Tenant) -> Result<(), Error> {
        let named = if typed == id { typed.to_string() } else { format!("{typed} ({id})") };
        let hint = self.origin.hint_for_tenant(typed);
        let what = match self.tenant() {
            Some(found) if found.eq_ignore_ascii_case(id.as_str()) => return Ok(()),
            Some(found) => format!("is for tenant {}, not for {named}", sanitize(found)),
            None => format!("does not name its tenant, so --tenant {typed} cannot be checked"),
        };
        Err(Error::auth(format!("{} {what}; nothing was sent", self.origin.its_token())).hint(hint))
    }
}

pub(super) fn static_connection(token: Token, source: StaticSource, roots: Roots, transport: Transport) -> Connection {
    let login = roots.directory();
    let Roots { graph, rehearsed, .. } = roots;
    Connection { token, origin: TokenOrigin::Static(source), root: graph, login, rehearsed, transport }
}

pub(super) fn profile_connection(
    name: &str,
    session: Option<&Session>,
    roots: &Roots,
    transport: Transport,
) -> anyhow::Result<Connection> {
    let Some(session) = session else {
        // Without a sign-in that remembers it, a root is named by a variable alone.
        roots.check_variables()?;
        return Err(sources::not_signed_in(name).into());
    };
    let parse = |url: &str| {
        url.parse::<Root>().map_err(|reason| {
            Error::auth(format!("a root of profile '{name}' {reason}"))
                .hint(format!("sign in again: {}", session::login_command(name)))
        })
    };
    let (graph, login) = (parse(&session.graph_url)?, parse(&session.login_url)?);
    roots.check_profile(name, &graph, &login)?;
    let token = session.token()?;
    let profile = SignedInProfile::new(name, graph.clone(), login.clone(), session);
    profile.check_token_tenant(token.claims.as_ref(), None)?;
    let origin = TokenOrigin::Profile(profile);
    Ok(Connection { token, origin, root: graph, login: Some(login), rehearsed: roots.rehearsed, transport })
}
