//! A token, and the only Graph server that it may be sent to.

use super::Roots;
use crate::auth::claims::Claims;
use crate::auth::origin::TokenOrigin;
use crate::auth::renewal::SignedInProfile;
use crate::auth::session::{self, Session};
use crate::auth::sources::{self, NOTHING_SENT, StaticSource};
use crate::auth::tenant::Tenant;
use crate::auth::token::Token;
use crate::error::Error;
use crate::graph::advice::Caller;
use crate::net::http::Transport;
use crate::net::root::{Cloud, Root};
use crate::output::record::Owner;
use crate::text::sanitize::sanitize;

pub struct Connection {
    pub token: Token,
    /// Where the token comes from.
    pub origin: TokenOrigin,
    pub root: Root,
    /// The sign-in server that can look up tenants, if one is known.
    pub(super) login: Option<Root>,
    /// In a sandbox, the cloud that was named.
    pub(super) rehearsed: Option<Cloud>,
    pub(super) transport: Transport,
}

impl Connection {
    /// The profile, if the token comes from one.
    pub fn profile(&self) -> Option<&SignedInProfile> {
        self.origin.profile()
    }

    /// The cloud of the Graph server; in a sandbox, the cloud that was named.
    pub fn cloud(&self) -> Option<Cloud> {
        Cloud::of(&self.root).or(self.rehearsed)
    }

    /// The tenant, if the token or the profile names it.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant_of(&self.token)
    }

    /// The tenant of a token from the same source.
    pub(super) fn tenant_of<'a>(&'a self, token: &'a Token) -> Option<&'a str> {
        let signed_in = || self.profile()?.tenant.as_ref().filter(|tenant| tenant.is_id()).map(Tenant::as_str);
        token.claims.as_ref().and_then(|claims| claims.tenant.as_deref()).or_else(signed_in)
    }

    /// The account that signed in or, without one, the application, if the token or the profile names it.
    pub fn account(&self) -> Option<&str> {
        let app = match self.origin.app() {
            Some(app) => Some(app.client_id()),
            None if self.is_app_only() == Some(false) => None,
            None => self.claims().and_then(Claims::app_id),
        };
        self.person().or(app)
    }

    /// The account that signed in, if the token or the profile names it.
    pub fn person(&self) -> Option<&str> {
        self.claims().and_then(Claims::account).or_else(|| self.profile()?.account.as_deref())
    }

    /// Whether an application acts for itself, not for an account; `None` if that is not known.
    pub fn is_app_only(&self) -> Option<bool> {
        match self.origin.app() {
            Some(_) => Some(true),
            None => self.claims().and_then(Claims::is_app_only),
        }
    }

    /// Whose token this is, for advice.
    pub fn caller(&self) -> Caller {
        Caller { is_app_only: self.is_app_only(), renewal_advice: self.origin.renewal_advice(self.claims()) }
    }

    /// Whether a new token can be requested when this one expires.
    pub fn is_renewable(&self) -> bool {
        self.origin.is_renewable()
    }

    /// The token's claims.
    pub fn claims(&self) -> Option<&Claims> {
        self.token.claims.as_ref()
    }

    /// The owner that the records of a run name.
    pub fn owner(&self) -> Owner {
        Owner {
            tenant_id: self.tenant().map(Into::into),
            graph_url: Some(self.root.as_str().into()),
            account: self.account().map(Into::into),
        }
    }

    /// The token's audience, if it is neither this Graph server nor that of a cloud.
    pub fn other_audience(&self) -> Option<String> {
        let is_for_graph = |audience: &str| {
            audience == self.root.as_str() || Cloud::ALL.into_iter().any(|cloud| audience == cloud.graph())
        };
        self.claims().and_then(Claims::audience).filter(|audience| !is_for_graph(audience))
    }

    /// The Graph server that a token has to be for; in a sandbox, that of the cloud that was named.
    pub fn graph(&self) -> &str {
        self.cloud().map_or(self.root.as_str(), |cloud| cloud.graph())
    }

    /// Checks that the token is not for another cloud. An audience outside the clouds does not say, and a server
    /// outside the clouds may forward to any of them.
    pub(super) fn check_cloud(&self) -> Result<(), Error> {
        let audience = self.claims().and_then(Claims::audience);
        let other = Cloud::ALL.into_iter().find(|cloud| audience.as_deref() == Some(cloud.graph()));
        match (Cloud::of(&self.root), other) {
            (Some(cloud), Some(other)) if cloud != other => Err(Error::auth(format!(
                "the token is for the cloud {} ({}), not for {} ({}); {}",
                other.name(),
                other.graph(),
                cloud.name(),
                cloud.graph(),
                self.origin.outcome()
            ))
            .hint(self.origin.hint_for_cloud(other))),
            _ => Ok(()),
        }
    }

    /// Checks that the token is for the tenant with this ID. `typed` is the ID or one of the tenant's domains.
    ///
    /// # Errors
    /// The token is for another tenant, or does not name its tenant.
    pub(super) fn check_tenant(&self, typed: &Tenant, id: &Tenant) -> Result<(), Error> {
        let named = if typed == id { typed.to_string() } else { format!("{typed} ({id})") };
        let hint = self.origin.hint_for_tenant(typed);
        let what = match self.tenant() {
            Some(found) if found.eq_ignore_ascii_case(id.as_str()) => return Ok(()),
            Some(found) => format!("is for tenant {}, not for {named}", sanitize(found)),
            None => format!("does not name its tenant; cannot check --tenant {typed}"),
        };
        Err(Error::auth(format!("{} {what}; {}", self.origin.its_token(), self.origin.outcome())).hint(hint))
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
        // Without a profile that remembers it, only the variable names this server.
        roots.check_variables()?;
        return Err(sources::not_signed_in(name).into());
    };
    let parse = |url: &str| {
        url.parse::<Root>().map_err(|reason| {
            Error::auth(format!("the address of a server in profile '{name}' {reason}"))
                .hint(session::sign_in_again(name))
        })
    };
    let (graph, login) = (parse(&session.graph_url)?, parse(&session.login_url)?);
    roots.check_profile(name, &graph, &login)?;
    let token = session.token().map_err(|reason| {
        Error::auth(format!("the token of profile '{name}' {reason}; {NOTHING_SENT}"))
            .hint(session::sign_in_again(name))
    })?;
    let profile = SignedInProfile::new(name, graph.clone(), login.clone(), session);
    profile.check_token_tenant(token.claims.as_ref(), None)?;
    let origin = TokenOrigin::Profile(profile);
    Ok(Connection { token, origin, root: graph, login: Some(login), rehearsed: roots.rehearsed, transport })
}
