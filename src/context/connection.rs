//! The token that a call uses, where the next one comes from, and the client that is made of both.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use secrecy::SecretString;

use super::{Context, Roots, Selection};
use crate::auth::app::App;
use crate::auth::claims::Claims;
use crate::auth::discovery;
use crate::auth::renewal::{Outlook, RenewalFailure, Renewed, SignedInProfile};
use crate::auth::session::{self, Session};
use crate::auth::sources::{self, ResolvedSource, StaticSource, TokenSource};
use crate::auth::tenant::Tenant;
use crate::auth::token::Token;
use crate::error::Error;
use crate::graph::advice::Caller;
use crate::graph::client::{Bearer, Client, ClientOptions, Renew, RenewError, RenewReason};
use crate::graph::pace::Rate;
use crate::net::event::Observer;
use crate::net::http::Transport;
use crate::net::request::SendOptions;
use crate::net::root::{Cloud, Root};
use crate::output::record::Owner;
use crate::permission;
use crate::text::sanitize::sanitize;
use crate::variables::{AZURE_AUTHORITY_HOST, AZURE_CLIENT_ID};

/// A token, and the only root it may be sent to.
pub struct Connection {
    /// The token.
    pub token: Token,
    /// Where it is from.
    pub credential: Credential,
    /// The root.
    pub root: Root,
    /// The sign-in root that knows its tenants, if that is known.
    login: Option<Root>,
    /// In a rehearsal, the cloud that was named.
    rehearsed: Option<Cloud>,
    transport: Transport,
}

/// Where a token is from, and so where the next one would be from.
pub enum Credential {
    /// Somebody else got it.
    Given(StaticSource),
    /// The application signed in as itself.
    App {
        /// The application.
        app: App,
        /// The sign-in root that issues its tokens.
        login: Root,
    },
    /// Somebody signed in.
    Profile(SignedInProfile),
}

impl Credential {
    /// What to do for another token than this one.
    fn another(&self, claims: Option<&Claims>) -> String {
        match self {
            Self::Given(_) if claims.is_some_and(Claims::is_of_azure_cli) => NOT_AZURE_CLI.to_owned(),
            Self::Given(_) => "Get a new one and run again".to_owned(),
            Self::App { .. } => "Check the application's permissions in the Entra admin center".to_owned(),
            Self::Profile(profile) => format!("Sign in again: {}", session::login_command(&profile.name)),
        }
    }
}

impl Connection {
    /// The sign-in, if that is where the token is from.
    pub fn profile(&self) -> Option<&SignedInProfile> {
        match &self.credential {
            Credential::Profile(profile) => Some(profile),
            Credential::Given(_) | Credential::App { .. } => None,
        }
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
    fn tenant_of<'a>(&'a self, token: &'a Token) -> Option<&'a str> {
        let signed_in = || self.profile()?.tenant.as_ref().filter(|tenant| tenant.is_id()).map(Tenant::as_str);
        token.claims.as_ref().and_then(|claims| claims.tenant.as_deref()).or_else(signed_in)
    }

    /// Who acts: the account that signed in or, without one, the application; as the token or the sign-in says.
    pub fn account(&self) -> Option<&str> {
        let app = match &self.credential {
            Credential::App { app, .. } => Some(app.client_id()),
            Credential::Given(_) | Credential::Profile(_) if self.is_app_only() == Some(false) => None,
            Credential::Given(_) | Credential::Profile(_) => self.claims().and_then(Claims::app_id),
        };
        self.person().or(app)
    }

    /// Who signed in, if the token or the sign-in says so.
    pub fn person(&self) -> Option<&str> {
        self.claims().and_then(Claims::account).or_else(|| self.profile()?.account.as_deref())
    }

    /// Whether an application acts for itself, and for nobody who signed in; `None` where that is not known.
    pub fn is_app_only(&self) -> Option<bool> {
        match &self.credential {
            Credential::App { .. } => Some(true),
            Credential::Given(_) | Credential::Profile(_) => self.claims().and_then(Claims::is_app_only),
        }
    }

    /// Whose token it is, for advice.
    pub fn caller(&self) -> Caller {
        Caller { is_app_only: self.is_app_only(), another: self.credential.another(self.claims()) }
    }

    /// Whether there is a way to another token when this one ends.
    pub fn is_renewable(&self) -> bool {
        match &self.credential {
            Credential::Given(_) => false,
            Credential::App { .. } => true,
            Credential::Profile(profile) => profile.client_id.is_some(),
        }
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
    ///
    /// # Errors
    /// It is.
    fn check_cloud(&self) -> Result<(), Error> {
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
            .hint(match &self.credential {
                Credential::Given(_) => format!("to act in {0}, use --cloud {0}", other.name()),
                Credential::App { .. } => format!("check --cloud, --login-url and {AZURE_AUTHORITY_HOST}"),
                Credential::Profile(profile) => format!("sign in again: {}", session::login_command(&profile.name)),
            })),
            _ => Ok(()),
        }
    }
}

impl Connection {
    /// Makes sure that the token is for the tenant with this ID, which was `typed` so or as one of its domains.
    ///
    /// # Errors
    /// It is for another, or does not say for which.
    fn check_tenant(&self, typed: &Tenant, id: &Tenant) -> Result<(), Error> {
        let named = if typed == id { typed.to_string() } else { format!("{typed} ({id})") };
        let hint = match &self.credential {
            Credential::App { .. } => format!("check --tenant, --login-url and {AZURE_CLIENT_ID}"),
            Credential::Given(StaticSource::StandardInput) => format!("get a token for {typed}"),
            Credential::Given(_) => format!(
                "use a token for {typed}. To act there as a person, sign in and add --profile NAME:\n  \
                 intunectl auth login --profile NAME --tenant {typed}"
            ),
            Credential::Profile(_) => format!(
                "`intunectl auth list` shows the profiles and their tenants. To sign in to {typed}:\n  \
                 intunectl auth login --profile NAME --tenant {typed}"
            ),
        };
        let what = match self.tenant() {
            Some(found) if found.eq_ignore_ascii_case(id.as_str()) => return Ok(()),
            Some(found) => format!("is for tenant {}, not for {named}", sanitize(found)),
            None => format!("does not name its tenant, so --tenant {typed} cannot be checked"),
        };
        Err(Error::auth(format!("{} {what}; nothing was sent", self.its_token())).hint(hint))
    }

    /// What to call the token.
    fn its_token(&self) -> String {
        match &self.credential {
            Credential::Given(StaticSource::File(path)) => format!("the token in {}", path.display()),
            Credential::Given(given) => format!("the token from {given}"),
            Credential::App { app, .. } => format!("the token of the {app}"),
            Credential::Profile(profile) => format!("the token of profile '{}'", profile.name),
        }
    }
}

/// Source: graph-facts, "The resource".
const NOT_AZURE_CLI: &str = "Azure CLI's own application cannot get this permission for people. Leave out this token, and sign in: \
     intunectl auth login";

impl Context {
    /// Finds the token and the root that it may be sent to; gets or renews the token if that is called for, and makes
    /// sure that it is for the tenant that was typed. This may wait: for the keyring, 3 s at most, for a file as long as
    /// that takes, and for the sign-in service. Nothing is sent to Graph.
    ///
    /// # Errors
    /// There is no usable token; it is for another tenant or cloud, or for another root than the one that was named.
    pub async fn connect(&self, selection: Selection) -> anyhow::Result<Connection> {
        let Selection { source, roots, .. } = selection;
        let (timeout, retries, ca_cert) = (self.options.timeout, self.options.retries, self.options.ca_cert.clone());
        let look_up = tokio::task::spawn_blocking(move || {
            let found = source.resolve(SystemTime::now())?;
            anyhow::Ok((found, Transport::load(timeout, retries, ca_cert.as_deref())?))
        });
        let (found, transport) = look_up.await.context("looking for the token broke off")??;
        let connection = match found {
            ResolvedSource::Static(token, given) => given_connection(token, given, roots, transport),
            ResolvedSource::App(app) => {
                let (root, login) = roots.both(Error::auth)?;
                let observer = self.observer();
                let token = app.token(&root, &login, self.wire(&transport, &observer)).await?;
                token.not_expired(&app.to_string(), "check the clock of this machine", SystemTime::now())?;
                let (credential, login) = (Credential::App { app, login }, roots.directory());
                Connection { token, credential, root, login, rehearsed: roots.rehearsed, transport }
            }
            ResolvedSource::Profile(name, session) => profile_connection(&name, session.as_deref(), &roots, transport)?,
        };
        self.check(&connection).await?;
        self.renew_if_due(connection).await
    }

    /// Takes a token that something else got, if it is for the cloud and the tenant that were named.
    ///
    /// # Errors
    /// It is for another cloud or tenant.
    pub async fn accept(&self, token: Token, given: StaticSource, roots: Roots) -> anyhow::Result<Connection> {
        let connection = given_connection(token, given, roots, self.transport()?);
        self.check(&connection).await?;
        Ok(connection)
    }

    /// Makes sure that the token is for the cloud and the tenant that were named.
    async fn check(&self, connection: &Connection) -> anyhow::Result<()> {
        connection.check_cloud()?;
        let Some(typed) = self.options.tenant.as_ref().filter(|tenant| !tenant.is_any()) else { return Ok(()) };
        if typed.is_id() || connection.tenant().is_none() {
            return Ok(connection.check_tenant(typed, typed)?);
        }
        let login = connection.login.as_ref().ok_or_else(|| {
            Error::auth(format!("the tenant of {typed} cannot be found: no sign-in root is known; nothing was sent"))
                .hint("use the tenant's ID in --tenant, or add --login-url URL")
        })?;
        let observer = self.observer();
        let id = discovery::tenant_id(typed, login, self.wire(&connection.transport, &observer)).await?;
        Ok(connection.check_tenant(typed, &id)?)
    }

    /// The token and the root as [`connect`](Self::connect) would find them, if that takes nobody else: no sign-in
    /// service, no password for the keyring, no pipe. What a profile has is used as it is and not renewed. `None` if it
    /// is not that easy.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub fn connection_at_hand(&self) -> anyhow::Result<Option<Connection>> {
        let Selection { source, roots, .. } = self.selection()?;
        if !source.asks_nobody() || self.options.ca_cert.as_ref().is_some_and(|path| !path.is_file()) {
            return Ok(None);
        }
        let now = SystemTime::now();
        let connection = match source.resolve(now)? {
            ResolvedSource::Static(token, given) => given_connection(token, given, roots, self.transport()?),
            ResolvedSource::App(_) => return Ok(None),
            ResolvedSource::Profile(name, mut session) => {
                if let Some(session) = &mut session {
                    session.renewal = None;
                }
                let connection = profile_connection(&name, session.as_deref(), &roots, self.transport()?)?;
                connection.token.not_expired("the keyring", "sign in again", now)?;
                connection
            }
        };
        connection.check_cloud()?;
        match &self.options.tenant {
            // To find its ID would be to ask somebody.
            Some(tenant) if !tenant.is_id() => return Ok(None),
            Some(tenant) => connection.check_tenant(tenant, tenant)?,
            None => {}
        }
        Ok(Some(connection))
    }

    async fn renew_if_due(&self, mut connection: Connection) -> anyhow::Result<Connection> {
        let Credential::Profile(profile) = &connection.credential else { return Ok(connection) };
        let name = profile.name.clone();
        let now = SystemTime::now();
        if connection.is_renewable() && connection.token.is_due(now) {
            let is_good = connection.token.expires_in(now).is_some();
            let need = if is_good { RenewReason::Due } else { RenewReason::Refused };
            match self.another(&connection, &connection.token.secret, need).await {
                Ok(token) => connection.token = token,
                // What there is may still do.
                Err(failure) if failure.outlook == Outlook::Passing && is_good => {
                    self.console.warning_about(&failure.error);
                }
                Err(failure) => return Err(failure.error),
            }
        }
        if self.stop.is_set() {
            return Err(Error::auth("interrupted; nothing was sent").into());
        }
        let hint = format!("sign in again: {}", session::login_command(&name));
        connection.token.not_expired(&format!("profile '{name}'"), &hint, SystemTime::now())?;
        Ok(connection)
    }

    /// Gets another token than `used` from where it was from.
    async fn another(
        &self,
        connection: &Connection,
        used: &SecretString,
        need: RenewReason,
    ) -> Result<Token, RenewalFailure> {
        let Connection { credential, root, transport, .. } = connection;
        let observer = self.observer();
        let (wire, turn_within) = match need {
            // While the old one works, nothing is to wait for long; and there is a next time.
            RenewReason::Due => (SendOptions { retries: 0, ..self.wire(transport, &observer) }, Duration::from_secs(2)),
            // Twice what an attempt usually may take.
            RenewReason::Refused => (self.wire(transport, &observer), Duration::from_secs(60)),
        };
        let token = match credential {
            Credential::Given(_) => Err(Error::auth("the token cannot be renewed"))?,
            Credential::App { app, login } => tokio::select! {
                token = app.token(root, login, wire) => token?,
                () = self.stop.wait() => {
                    return Err(RenewalFailure { error: Error::auth("interrupted").into(), outlook: Outlook::Stopped });
                }
            },
            Credential::Profile(profile) => self.renew(profile, used, turn_within, wire).await?,
        };
        // A domain may have moved: the rest of the run is not for another tenant.
        match (connection.tenant(), connection.tenant_of(&token)) {
            (Some(before), after) if after != Some(before) => {
                let after = after.map_or_else(|| "no tenant".into(), |after| format!("tenant {}", sanitize(after)));
                let message = format!("the new token is for {after}, not for {}", sanitize(before));
                Err(RenewalFailure { error: Error::auth(message).into(), outlook: Outlook::Final })
            }
            _ => Ok(token),
        }
    }

    async fn renew(
        &self,
        profile: &SignedInProfile,
        used: &SecretString,
        turn_within: Duration,
        wire: SendOptions<'_>,
    ) -> Result<Token, RenewalFailure> {
        self.renewing.send_replace(true);
        let renewed = profile.renew(used, permission::ASKED, turn_within, wire).await;
        self.renewing.send_replace(false);
        let Renewed { token, unkept } = renewed?;
        if let Some(error) = unkept {
            self.console.warning_with_hint(
                &format!("the renewed sign-in of profile '{}' could not be kept: {error:#}", profile.name),
                &format!(
                    "this run goes on with it; should the next one fail: {}",
                    session::login_command(&profile.name)
                ),
            );
        }
        Ok(token)
    }

    /// The way to servers that are not Graph.
    pub fn wire<'a>(&'a self, transport: &'a Transport, observer: Observer<'a>) -> SendOptions<'a> {
        SendOptions { transport, retries: transport.retries, observer, stop: &self.stop }
    }

    /// What gets the client its next token; a failure is told here.
    fn renewal<'a>(&'a self, connection: &'a Connection) -> Option<Renew<'a>> {
        connection.is_renewable().then(|| -> Renew<'a> {
            Box::new(move |used, need| {
                Box::pin(async move {
                    match self.another(connection, &used, need).await {
                        Ok(token) => Ok(Bearer { renew_at: token.renew_at(SystemTime::now()), token: token.secret }),
                        Err(RenewalFailure { outlook: Outlook::Stopped, .. }) => Err(RenewError::Stopped),
                        Err(RenewalFailure { error, outlook }) => {
                            match need {
                                // What there is may still do.
                                RenewReason::Due => self.console.warning_about(&error),
                                RenewReason::Refused => self.console.failure(&error),
                            }
                            Err(if outlook == Outlook::Final { RenewError::ForGood } else { RenewError::ForNow })
                        }
                    }
                })
            })
        })
    }

    /// Says, after a sign-in, what calls use instead of it.
    pub fn warn_about_other_sources(&self) {
        match self.selection() {
            Ok(Selection { source: TokenSource::Profile(_), .. }) => {}
            Ok(Selection { source, .. }) => {
                let message =
                    format!("calls use another source than this sign-in, which is set and comes first: {source}");
                self.console.warning_with_hint(&message, "to use the sign-in, unset that, or add --profile NAME");
            }
            Err(error) => self.console.warning_about(&error.into()),
        }
    }

    /// Says, before the first request, what the token's claims give away.
    pub fn warn_about(&self, connection: &Connection, permissions: &[&str]) {
        let Some(claims) = connection.claims() else { return };
        let root = connection.root.as_str();
        let is_for_graph =
            |audience: &str| audience == root || Cloud::ALL.into_iter().any(|cloud| audience == cloud.graph());
        if let Some(audience) = claims.audience().filter(|audience| !is_for_graph(audience)) {
            let graph = connection.cloud().map_or_else(|| root.to_owned(), |cloud| cloud.graph().to_owned());
            self.console.warning_with_hint(
                &format!(
                    "the token is for {}, not for {graph}; the service will probably refuse it",
                    sanitize(&audience)
                ),
                &match &connection.credential {
                    Credential::Given(_) => format!("get a token for the resource {graph}"),
                    Credential::App { .. } | Credential::Profile(_) => {
                        "check --graph-url, --login-url and --cloud".to_owned()
                    }
                },
            );
        }
        self.warn_about_permissions(claims, permissions, "get a new token");
    }

    /// Says that a token has none of these permissions, if it names any; `then` is what to do once there is consent.
    pub fn warn_about_permissions(&self, claims: &Claims, permissions: &[&str], then: &str) {
        if claims.has_any(permissions) == Some(false) {
            let hint = match claims.is_of_azure_cli() {
                true => NOT_AZURE_CLI.to_owned(),
                false => format!("have an administrator consent to the permission for the application, then {then}"),
            };
            let needed = permission::in_words(permissions);
            self.console.warning_with_hint(
                &format!("the token lacks the permission {needed}; the service will probably refuse it"),
                &hint,
            );
        }
    }

    /// Makes the client.
    ///
    /// # Errors
    /// The trusted roots cannot be loaded.
    pub fn client<'a>(&'a self, connection: &'a Connection, rate: Option<Rate>) -> anyhow::Result<Client<'a>> {
        let token = &connection.token;
        Client::new(ClientOptions {
            root: &connection.root,
            version: &self.options.api_version,
            bearer: Bearer { token: token.secret.clone(), renew_at: token.renew_at(SystemTime::now()) },
            renew: self.renewal(connection),
            transport: &connection.transport,
            rate,
            observer: Box::new(self.observer()),
        })
    }
}

fn given_connection(token: Token, given: StaticSource, roots: Roots, transport: Transport) -> Connection {
    let login = roots.directory();
    let Roots { graph, rehearsed, .. } = roots;
    Connection { token, credential: Credential::Given(given), root: graph, login, rehearsed, transport }
}

fn profile_connection(
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
    let credential = Credential::Profile(profile);
    Ok(Connection { token, credential, root: graph, login: Some(login), rehearsed: roots.rehearsed, transport })
}
