//! Makes the connection, renews its token, and makes the client.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use secrecy::SecretString;

use super::connection::{Connection, profile_connection, static_connection};
use super::{Context, Roots, Selection};
use crate::auth::discovery;
use crate::auth::origin::TokenOrigin;
use crate::auth::renewal::{Outlook, RenewalFailure, Renewed, SignedInProfile};
use crate::auth::session;
use crate::auth::sources::{NOTHING_SENT, ResolvedSource, StaticSource};
use crate::auth::token::Token;
use crate::error::Error;
use crate::graph::bearer::{Bearer, Renew, RenewReason};
use crate::graph::client::{Client, ClientOptions};
use crate::graph::pace::Rate;
use crate::net::event::Observer;
use crate::net::http::Transport;
use crate::net::request::SendOptions;
use crate::permission;
use crate::text::sanitize::sanitize;

impl Context {
    /// Finds the token and the Graph server that it may be sent to, requests or renews the token if necessary, and
    /// checks that it is for the tenant in `--tenant`. This may wait: for the keyring at most 3 s, for a file without
    /// limit, and for the sign-in service. Sends nothing to Graph.
    ///
    /// # Errors
    /// There is no usable token, or the token is not for the tenant, cloud or Graph server that was named.
    pub async fn connect(&self, selection: Selection) -> anyhow::Result<Connection> {
        let Selection { source, roots, .. } = selection;
        let (timeout, retries, ca_cert) = (self.options.timeout, self.options.retries, self.options.ca_cert.clone());
        let look_up = tokio::task::spawn_blocking(move || {
            let found = source.resolve(SystemTime::now())?;
            anyhow::Ok((found, Transport::load(timeout, retries, ca_cert.as_deref())?))
        });
        let (found, transport) = look_up.await.context("token lookup")??;
        let connection = match found {
            ResolvedSource::Static(token, source) => static_connection(token, source, roots, transport),
            ResolvedSource::App(app) => {
                let (root, login) = roots.both(Error::auth)?;
                let observer = self.observer();
                let token = app.token(&root, &login, self.send_options(&transport, &observer)).await?;
                token.not_expired(
                    &app.to_string(),
                    NOTHING_SENT,
                    "check the clock of this machine",
                    SystemTime::now(),
                )?;
                let (origin, login) = (TokenOrigin::App { app, login }, roots.directory());
                Connection { token, origin, root, login, rehearsed: roots.rehearsed, transport }
            }
            ResolvedSource::Profile(name, session) => profile_connection(&name, session.as_deref(), &roots, transport)?,
        };
        self.check(&connection).await?;
        self.renew_if_due(connection).await
    }

    /// Accepts a token that the user supplied, if it is for the cloud and the tenant that were named.
    pub async fn accept(&self, token: Token, source: StaticSource, roots: Roots) -> anyhow::Result<Connection> {
        let connection = static_connection(token, source, roots, self.transport()?);
        self.check(&connection).await?;
        Ok(connection)
    }

    /// Checks that the token is for the cloud and the tenant that were named.
    async fn check(&self, connection: &Connection) -> anyhow::Result<()> {
        connection.check_cloud()?;
        let Some(typed) = self.options.tenant.as_ref().filter(|tenant| !tenant.is_any()) else { return Ok(()) };
        if typed.is_id() || connection.tenant().is_none() {
            return Ok(connection.check_tenant(typed, typed)?);
        }
        let outcome = connection.origin.outcome();
        let login = connection.login.as_ref().ok_or_else(|| {
            Error::auth(format!("cannot find the tenant of {typed}: no sign-in server is known; {outcome}"))
                .hint("use the tenant's ID in --tenant, or add --login-url URL")
        })?;
        let observer = self.observer();
        let id =
            discovery::tenant_id(typed, login, outcome, self.send_options(&connection.transport, &observer)).await?;
        Ok(connection.check_tenant(typed, &id)?)
    }

    /// The token and the Graph server as [`connect`](Self::connect) would find them, without waiting for anything: no
    /// sign-in service, no keyring password, no pipe. A profile's token is used without renewal. `None` if finding them
    /// would have to wait.
    pub fn connection_at_hand(&self) -> anyhow::Result<Option<Connection>> {
        let Selection { source, roots, .. } = self.selection()?;
        if !source.asks_nobody() || self.options.ca_cert.as_ref().is_some_and(|path| !path.is_file()) {
            return Ok(None);
        }
        let now = SystemTime::now();
        let connection = match source.resolve(now)? {
            ResolvedSource::Static(token, source) => static_connection(token, source, roots, self.transport()?),
            ResolvedSource::App(_) => return Ok(None),
            ResolvedSource::Profile(name, mut session) => {
                if let Some(session) = &mut session {
                    session.renewal = None;
                }
                let connection = profile_connection(&name, session.as_deref(), &roots, self.transport()?)?;
                connection.token.not_expired("the keyring", NOTHING_SENT, "sign in again", now)?;
                connection
            }
        };
        connection.check_cloud()?;
        match &self.options.tenant {
            // Finding its ID would take a request.
            Some(tenant) if !tenant.is_id() => return Ok(None),
            Some(tenant) => connection.check_tenant(tenant, tenant)?,
            None => {}
        }
        Ok(Some(connection))
    }

    async fn renew_if_due(&self, mut connection: Connection) -> anyhow::Result<Connection> {
        let TokenOrigin::Profile(profile) = &connection.origin else { return Ok(connection) };
        let name = profile.name.clone();
        let now = SystemTime::now();
        if connection.is_renewable() && connection.token.is_due(now) {
            let is_good = connection.token.expires_in(now).is_some();
            let reason = if is_good { RenewReason::Due } else { RenewReason::Refused };
            match self.renew_token(&connection, &connection.token.secret, reason).await {
                Ok(token) => connection.token = token,
                // The current token is still valid.
                Err(failure) if failure.outlook == Outlook::Passing && is_good => {
                    self.console.warning_about(&failure.error);
                }
                Err(failure) => return Err(failure.error),
            }
        }
        if self.cancel.is_set() {
            return Err(Error::auth("interrupted; nothing was sent").into());
        }
        let hint = session::sign_in_again(&name);
        connection.token.not_expired(&format!("profile '{name}'"), NOTHING_SENT, &hint, SystemTime::now())?;
        Ok(connection)
    }

    /// Gets a token in place of `used` from the same source.
    async fn renew_token(
        &self,
        connection: &Connection,
        used: &SecretString,
        reason: RenewReason,
    ) -> Result<Token, RenewalFailure> {
        let Connection { origin, root, transport, .. } = connection;
        let observer = self.observer();
        let (send_options, turn_within) = match reason {
            // The old token still works, so this must not delay the run. The next request tries again.
            RenewReason::Due => {
                (SendOptions { retries: 0, ..self.send_options(transport, &observer) }, Duration::from_secs(2))
            }
            // Twice the default --timeout.
            RenewReason::Refused => (self.send_options(transport, &observer), Duration::from_secs(60)),
        };
        let token = match origin {
            TokenOrigin::Static(_) => Err(Error::auth("not renewable"))?,
            TokenOrigin::App { app, login } => tokio::select! {
                token = app.token(root, login, send_options) => token?,
                () = self.cancel.flag.wait() => {
                    return Err(RenewalFailure { error: Error::auth("interrupted").into(), outlook: Outlook::Stopped });
                }
            },
            TokenOrigin::Profile(profile) => self.renew_profile(profile, used, turn_within, send_options).await?,
        };
        // A domain may have moved to another tenant, in which the rest of the run must not act.
        match (connection.tenant(), connection.tenant_of(&token)) {
            (Some(before), after) if after != Some(before) => {
                let after = after.map_or_else(|| "no tenant".into(), |after| format!("tenant {}", sanitize(after)));
                let message = format!("the renewed token is for {after}, not for {}", sanitize(before));
                Err(RenewalFailure { error: Error::auth(message).into(), outlook: Outlook::Final })
            }
            _ => Ok(token),
        }
    }

    async fn renew_profile(
        &self,
        profile: &SignedInProfile,
        used: &SecretString,
        turn_within: Duration,
        send_options: SendOptions<'_>,
    ) -> Result<Token, RenewalFailure> {
        let renewing = profile.renew(used, permission::ASKED, turn_within, send_options);
        let Renewed { token, unkept } = self.cancel.shield(renewing).await?;
        if let Some(error) = unkept {
            self.console.warning_with_hint(
                &format!("cannot store the renewed sign-in of profile '{}': {error:#}", profile.name),
                &format!(
                    "this command continues. Start or unlock the keyring; if the next command fails, {}",
                    session::sign_in_again(&profile.name)
                ),
            );
        }
        Ok(token)
    }

    /// How to send requests to servers other than Graph.
    pub fn send_options<'a>(&'a self, transport: &'a Transport, observer: Observer<'a>) -> SendOptions<'a> {
        SendOptions { transport, retries: transport.retries, observer, stop: &self.cancel.flag }
    }

    /// The client's way to a new token. Reports a failure itself.
    fn renew_callback<'a>(&'a self, connection: &'a Connection) -> Option<Renew<'a>> {
        connection.is_renewable().then(|| -> Renew<'a> {
            Box::new(move |used, reason| {
                Box::pin(async move {
                    match self.renew_token(connection, &used, reason).await {
                        Ok(token) => Ok(Bearer { renew_at: token.renew_at(SystemTime::now()), token: token.secret }),
                        Err(RenewalFailure { error, outlook }) => {
                            match (outlook, reason) {
                                (Outlook::Stopped, _) => {}
                                // The current token is still valid.
                                (_, RenewReason::Due) => self.console.warning_about(&error),
                                (_, RenewReason::Refused) => self.console.failure(&error),
                            }
                            Err(outlook)
                        }
                    }
                })
            })
        })
    }

    pub fn client<'a>(&'a self, connection: &'a Connection, rate: Option<Rate>) -> anyhow::Result<Client<'a>> {
        let token = &connection.token;
        Client::new(ClientOptions {
            root: &connection.root,
            version: &self.options.api_version,
            bearer: Bearer { token: token.secret.clone(), renew_at: token.renew_at(SystemTime::now()) },
            renew: self.renew_callback(connection),
            transport: &connection.transport,
            rate,
            observer: Box::new(self.observer()),
        })
    }
}
