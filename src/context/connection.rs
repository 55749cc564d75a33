//! The token that a call uses, where another one would come from, and the client that is made of both.

use std::fmt;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use secrecy::SecretString;

use super::Context;
use crate::auth::app::App;
use crate::auth::claims::Claims;
use crate::auth::renewal::{Failure, Outlook, Profile, Renewed};
use crate::auth::session::{self, Session};
use crate::auth::tenant::Tenant;
use crate::auth::token::{Found, Given, Sources, Token};
use crate::clean::clean;
use crate::error::Error;
use crate::graph::advice::Caller;
use crate::graph::client::{self, Bearer, Client, Need, NoBearer, Renew};
use crate::graph::pace::Rate;
use crate::net::event::Observer;
use crate::net::exchange::Wire;
use crate::net::http::Transport;
use crate::net::root::{Cloud, Root};
use crate::permission;

/// A token, and the only root it may be sent to.
pub struct Connection {
    /// The token.
    pub token: Token,
    /// Where it is from.
    pub source: Source,
    /// The root.
    pub root: Root,
    transport: Transport,
}

/// Where a token is from, and so where another one would be.
pub enum Source {
    /// Somebody else got it.
    Given(Given),
    /// The application signed in as itself.
    App {
        /// The application.
        app: App,
        /// Where.
        login: Root,
    },
    /// Somebody signed in.
    Profile(Profile),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(given) => given.fmt(f),
            Self::App { app, .. } => app.fmt(f),
            Self::Profile(profile) => write!(f, "profile '{}'", profile.name),
        }
    }
}

impl Source {
    /// What to do for another token than the one that it has given.
    fn another(&self) -> String {
        match self {
            Self::Given(_) => "Get a new one and run again".to_owned(),
            Self::App { .. } => "Check the application's permissions in the Entra admin center".to_owned(),
            Self::Profile(profile) => format!("Sign in again: {}", session::command(&profile.name)),
        }
    }
}

impl Connection {
    /// The cloud, where the root is one of its.
    pub fn cloud(&self) -> Option<&'static str> {
        Cloud::of(&self.root).map(Cloud::name)
    }

    /// The tenant, where the token or the sign-in names it.
    pub fn tenant(&self) -> Option<&str> {
        let signed_in = match &self.source {
            Source::Profile(profile) => profile.tenant.as_ref().filter(|tenant| tenant.is_id()).map(Tenant::as_str),
            Source::Given(_) | Source::App { .. } => None,
        };
        self.claims().and_then(|claims| claims.tenant.as_deref()).or(signed_in)
    }

    /// Who signed in, where the token or the sign-in says so.
    pub fn account(&self) -> Option<&str> {
        let signed_in = match &self.source {
            Source::Profile(profile) => profile.account.as_deref(),
            Source::Given(_) | Source::App { .. } => None,
        };
        self.claims().and_then(Claims::account).or(signed_in)
    }

    /// Whether an application acts for itself, and for nobody who signed in; `None` where that is not known.
    pub fn is_app_only(&self) -> Option<bool> {
        match &self.source {
            Source::App { .. } => Some(true),
            Source::Given(_) | Source::Profile(_) => self.claims().and_then(Claims::is_app_only),
        }
    }

    /// Whose token it is, for advice.
    pub fn caller(&self) -> Caller {
        Caller { is_app_only: self.is_app_only(), another: self.source.another() }
    }

    /// Whether there is a way to another token when this one ends.
    pub fn is_renewable(&self) -> bool {
        match &self.source {
            Source::Given(_) => false,
            Source::App { .. } => true,
            Source::Profile(profile) => profile.client_id.is_some(),
        }
    }

    /// What the token says of itself.
    pub fn claims(&self) -> Option<&Claims> {
        self.token.claims.as_ref()
    }
}

impl Context {
    /// Finds the token and the root that it may be sent to; gets or renews the token where that is called for. This
    /// may wait: for the keyring, 3 s at most, for a file as long as that takes, and for the sign-in service.
    ///
    /// # Errors
    /// There is no usable token, or the profile's is for another root than the one asked for.
    pub async fn connect(&self) -> anyhow::Result<Connection> {
        let sources = self.token_sources()?;
        let half_app = sources.half_app;
        let (timeout, retries, ca_cert) = (self.timeout, self.retries, self.ca_cert.clone());
        let look_up = tokio::task::spawn_blocking(move || {
            let found = sources.resolve(SystemTime::now())?;
            anyhow::Ok((found, Transport::load(timeout, retries, ca_cert.as_deref())?))
        });
        let (found, transport) = look_up.await.context("looking for the token broke off")??;
        match found {
            Found::Given(token, given) => Ok(self.connection_of_given(token, given, transport)),
            Found::App(app) => {
                let (root, login) = self.sign_in_roots(Error::auth)?;
                let observer = self.observer();
                let token = app.token(&root, &login, self.wire(&transport, &observer)).await?;
                token.not_expired(&app.to_string(), "check the clock of this machine", SystemTime::now())?;
                Ok(Connection { token, source: Source::App { app, login }, root, transport })
            }
            Found::Profile(session) => {
                if half_app {
                    self.console.warning_with_hint(
                        &format!(
                            "AZURE_TENANT_ID and AZURE_CLIENT_ID are set, but nothing that proves the application: \
                             profile '{}' is used instead",
                            self.profile
                        ),
                        "in GitHub Actions the job needs `permissions: id-token: write`; elsewhere set \
                         AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE, or unset AZURE_CLIENT_ID",
                    );
                }
                self.connect_profile(&session, transport).await
            }
        }
    }

    /// The token and the root as [`connect`](Self::connect) would find them, where that takes nobody else: no sign-in
    /// service, no password for the keyring, no pipe. What a profile has is used as it is and not renewed. `None` where
    /// it is not that easy.
    ///
    /// # Errors
    /// There is no usable token, or the profile's is for another root than the one asked for.
    pub fn connection_at_hand(&self) -> anyhow::Result<Option<Connection>> {
        let sources = self.token_sources()?;
        if !sources.asks_nobody() || self.ca_cert.as_ref().is_some_and(|path| !path.is_file()) {
            return Ok(None);
        }
        let now = SystemTime::now();
        let connection = match sources.resolve(now)? {
            Found::Given(token, given) => self.connection_of_given(token, given, self.transport()?),
            Found::App(_) => return Ok(None),
            Found::Profile(mut session) => {
                session.renewal = None;
                let connection = self.connection_of_profile(&session, self.transport()?)?;
                connection.token.not_expired("the keyring", "sign in again", now)?;
                connection
            }
        };
        Ok(Some(connection))
    }

    fn connection_of_given(&self, token: Token, given: Given, transport: Transport) -> Connection {
        Connection { token, source: Source::Given(given), root: self.roots().0, transport }
    }

    fn connection_of_profile(&self, session: &Session, transport: Transport) -> anyhow::Result<Connection> {
        let (graph, login) = self.roots_of(session)?;
        let token = session.token()?;
        let profile = Profile::new(&self.profile, graph.clone(), login, session);
        profile.check_tenant(token.claims.as_ref(), None)?;
        Ok(Connection { token, source: Source::Profile(profile), root: graph, transport })
    }

    async fn connect_profile(&self, session: &Session, transport: Transport) -> anyhow::Result<Connection> {
        let mut connection = self.connection_of_profile(session, transport)?;
        let now = SystemTime::now();
        if connection.is_renewable() && connection.token.is_due(now) {
            let is_good = connection.token.expires_in(now).is_some();
            let need = if is_good { Need::Due } else { Need::Refused };
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
        let name = format!("profile '{}'", self.profile);
        let hint = format!("sign in again: {}", session::command(&self.profile));
        connection.token.not_expired(&name, &hint, SystemTime::now())?;
        Ok(connection)
    }

    /// Gets another token than `used` from where it was from.
    async fn another(&self, connection: &Connection, used: &SecretString, need: Need) -> Result<Token, Failure> {
        let Connection { source, root, transport, .. } = connection;
        let observer = self.observer();
        let (wire, turn_within) = match need {
            // While the old one works, nothing is to wait for long; and there is a next time.
            Need::Due => (Wire { retries: 0, ..self.wire(transport, &observer) }, Duration::from_secs(2)),
            // Twice what an attempt usually may take.
            Need::Refused => (self.wire(transport, &observer), Duration::from_secs(60)),
        };
        match source {
            Source::Given(_) => Err(Error::auth("the token cannot be renewed"))?,
            Source::App { app, login } => {
                let token = tokio::select! {
                    token = app.token(root, login, wire) => token?,
                    () = self.stop.wait() => {
                        return Err(Failure { error: Error::auth("interrupted").into(), outlook: Outlook::Stopped });
                    }
                };
                let tenant = |token: &Token| token.claims.as_ref().and_then(|claims| claims.tenant.clone());
                match (tenant(&connection.token), tenant(&token)) {
                    // A domain may have moved: the rest of the run is not for another tenant.
                    (Some(before), Some(after)) if before != after => {
                        let message =
                            format!("the new token is for tenant {}, not for {}", clean(&after), clean(&before));
                        Err(Failure { error: Error::auth(message).into(), outlook: Outlook::Final })
                    }
                    _ => Ok(token),
                }
            }
            Source::Profile(profile) => self.renew(profile, used, turn_within, wire).await,
        }
    }

    async fn renew(
        &self,
        profile: &Profile,
        used: &SecretString,
        turn_within: Duration,
        wire: Wire<'_>,
    ) -> Result<Token, Failure> {
        self.renewing.send_replace(true);
        let renewed = profile.renew(used, permission::WRITE, turn_within, wire).await;
        self.renewing.send_replace(false);
        let Renewed { token, unkept } = renewed?;
        if let Some(error) = unkept {
            self.console.warning_with_hint(
                &format!("the renewed sign-in of profile '{}' could not be kept: {error:#}", profile.name),
                &format!("this run goes on with it; should the next one fail: {}", session::command(&profile.name)),
            );
        }
        Ok(token)
    }

    /// The way to servers that are not Graph.
    pub fn wire<'a>(&'a self, transport: &'a Transport, observer: Observer<'a>) -> Wire<'a> {
        Wire { transport, retries: transport.retries, observer, stop: &self.stop }
    }

    /// What gets the client its next token; a failure is told here.
    fn renewal<'a>(&'a self, connection: &'a Connection) -> Option<Renew<'a>> {
        connection.is_renewable().then(|| -> Renew<'a> {
            Box::new(move |used, need| {
                Box::pin(async move {
                    match self.another(connection, &used, need).await {
                        Ok(token) => Ok(Bearer { renew_at: token.renew_at(SystemTime::now()), token: token.secret }),
                        Err(Failure { outlook: Outlook::Stopped, .. }) => Err(NoBearer::Stopped),
                        Err(Failure { error, outlook }) => {
                            match need {
                                // What there is may still do.
                                Need::Due => self.console.warning_about(&error),
                                Need::Refused => self.console.failure(&error),
                            }
                            Err(if outlook == Outlook::Final { NoBearer::ForGood } else { NoBearer::ForNow })
                        }
                    }
                })
            })
        })
    }

    fn token_sources(&self) -> anyhow::Result<Sources> {
        let environment = std::env::var_os("INTUNECTL_TOKEN");
        let variable = |name: &str| std::env::var_os(name);
        // What is passed over is not looked at, so that nothing in it can be wrong.
        let is_given = self.has_token_option() || environment.is_some();
        let app = if is_given { None } else { App::in_environment(variable)? };
        let half_app = !is_given && App::is_half_in_environment(variable);
        Ok(Sources {
            flag: self.token.clone(),
            file: self.token_file.clone(),
            environment,
            app,
            half_app,
            profile: self.profile.clone(),
        })
    }

    /// The source that a call would use, whether or not there is a token in it.
    pub fn source_in_force(&self) -> String {
        self.source_before_profile().unwrap_or_else(|| format!("profile '{}'", self.profile))
    }

    /// The source that is set and wins over the profile.
    fn source_before_profile(&self) -> Option<String> {
        match (&self.token, &self.token_file, std::env::var_os("INTUNECTL_TOKEN")) {
            (Some(_), ..) => Some(Given::Option.to_string()),
            (None, Some(path), _) => Some(Given::File(path.clone()).to_string()),
            (None, None, Some(_)) => Some(Given::Environment.to_string()),
            (None, None, None) => match App::in_environment(|name| std::env::var_os(name)) {
                Ok(app) => Some(app?.to_string()),
                Err(_) => Some("app credentials in the environment".to_owned()),
            },
        }
    }

    /// Says, after a sign-in, what calls will use instead of it.
    pub fn warn_about_other_sources(&self) {
        if let Some(source) = self.source_before_profile() {
            let message = format!("calls use another source than this sign-in, which is set and comes first: {source}");
            self.console.warning_with_hint(&message, "unset that to use the sign-in");
        }
    }

    /// The roots of a profile: its token goes to the root that it was issued for, its refresh token to the one that it
    /// is from, and both nowhere else.
    fn roots_of(&self, session: &Session) -> anyhow::Result<(Root, Root)> {
        let parse = |url: &str| {
            url.parse::<Root>().map_err(|reason| {
                Error::auth(format!("a root of profile '{}' {reason}", self.profile))
                    .hint(format!("sign in again: {}", session::command(&self.profile)))
            })
        };
        let own = (parse(&session.graph_url)?, parse(&session.login_url)?);
        let asked = self.roots();
        let other_graph = (self.graph_url.is_some() || self.cloud.is_some()) && asked.0 != own.0;
        let other_login = self.login_url.is_some() && asked.1 != own.1;
        if other_graph || other_login {
            let own = if other_graph { &own.0 } else { &own.1 };
            let options = if other_graph { "--graph-url and --cloud" } else { "--login-url" };
            return Err(Error::auth(format!(
                "the {} of profile '{}' is for {} and is sent nowhere else",
                if other_graph { "token" } else { "sign-in" },
                self.profile,
                own.as_str()
            ))
            .hint(format!(
                "leave out {options} (and what stands for it in the environment), or sign in to that root under another \
                 --profile"
            ))
            .into());
        }
        Ok(own)
    }

    /// Says, before the first request, what the token's claims give away.
    pub fn warn_about(&self, connection: &Connection, permissions: &[&str]) {
        if let Some(asked) = &self.tenant {
            self.warn_about_tenant(asked, connection);
        }
        let Some(claims) = connection.claims() else { return };
        let mut roots = vec![connection.root.as_str()];
        if Cloud::of(&connection.root).is_none() {
            // Behind a root of the user's own may stand any cloud.
            roots.extend(Cloud::ALL.map(Cloud::graph));
        }
        if let Some(audience) = claims.foreign_audience(&roots) {
            self.console.warning_with_hint(
                &format!(
                    "the token is for {}, not for {}; the service will probably refuse it",
                    clean(audience),
                    connection.root.as_str()
                ),
                match &connection.source {
                    Source::Given(_) => {
                        "ask for a token for Microsoft Graph: az account get-access-token --resource-type ms-graph"
                    }
                    Source::App { .. } | Source::Profile(_) => "check --graph-url, --login-url and --cloud",
                },
            );
        }
        self.warn_about_permissions(claims, permissions, "get a new token");
    }

    /// Says that a token has none of these permissions, where it names any; `then` is what to do once there is consent.
    pub fn warn_about_permissions(&self, claims: &Claims, permissions: &[&str], then: &str) {
        if claims.has_any(permissions) == Some(false) {
            let needed = permissions.join(" or ");
            self.console.warning_with_hint(
                &format!("the token lacks the permission {needed}; the service will probably refuse it"),
                &format!("have an administrator consent to the permission for the application, then {then}"),
            );
        }
    }

    fn warn_about_tenant(&self, asked: &Tenant, connection: &Connection) {
        let other = match &connection.source {
            Source::Given(_) => "get a token for that tenant, or leave out --tenant".to_owned(),
            Source::App { .. } => "set AZURE_TENANT_ID to that tenant, or leave out --tenant".to_owned(),
            Source::Profile(_) => "sign in to that tenant under another --profile, or leave out --tenant".to_owned(),
        };
        let (message, hint) = match connection.tenant() {
            Some(found) if found.eq_ignore_ascii_case(asked.as_str()) => return,
            Some(found) if asked.is_id() => {
                (format!("the token is for tenant {}, not for {asked}", clean(found)), other)
            }
            Some(found) => (
                format!(
                    "the token names its tenant by ID, {}: whether that is '{asked}' is not known here",
                    clean(found)
                ),
                "give --tenant the tenant's ID to have it checked".to_owned(),
            ),
            None => (format!("the token does not name its tenant: whether it is '{asked}' is not known"), other),
        };
        self.console.warning_with_hint(&message, &hint);
    }

    /// Makes the client.
    ///
    /// # Errors
    /// The trusted roots cannot be loaded.
    pub fn client<'a>(&'a self, connection: &'a Connection, rate: Option<Rate>) -> anyhow::Result<Client<'a>> {
        let token = &connection.token;
        Client::new(client::Options {
            root: &connection.root,
            version: &self.api_version,
            bearer: Bearer { token: token.secret.clone(), renew_at: token.renew_at(SystemTime::now()) },
            renew: self.renewal(connection),
            transport: &connection.transport,
            rate,
            observer: Box::new(self.observer()),
        })
    }
}
