//! The token that a call uses, where another one would come from, and the client that is made of both.

use std::fmt;
use std::time::SystemTime;

use anyhow::Context as _;
use secrecy::SecretString;
use uuid::Uuid;

use super::{Context, TransportOptions};
use crate::auth::app::App;
use crate::auth::claims::Claims;
use crate::auth::renewal::{Failure, Profile, Renewed};
use crate::auth::session::{self, Session};
use crate::auth::token::{Found, Given, Sources, Token};
use crate::clean::clean;
use crate::error::Error;
use crate::graph::advice::WRITE_PERMISSION;
use crate::graph::client::{self, Bearer, Client, Need, Renew};
use crate::graph::pace::Rate;
use crate::net::http::Transport;
use crate::net::root::{Cloud, Root};

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
    Profile {
        /// The profile.
        profile: Profile,
        /// Who, where it is known.
        account: Option<String>,
        /// The tenant, where it is known.
        tenant: Option<String>,
        /// The application that can renew the sign-in, where it can be renewed.
        client_id: Option<String>,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(given) => given.fmt(f),
            Self::App { app, .. } => app.fmt(f),
            Self::Profile { profile, .. } => write!(f, "profile '{}'", profile.name),
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
            Source::Profile { tenant, .. } => tenant.as_deref(),
            Source::Given(_) | Source::App { .. } => None,
        };
        self.claims().and_then(|claims| claims.tenant.as_deref()).or(signed_in)
    }

    /// Who signed in, where the token or the sign-in says so.
    pub fn account(&self) -> Option<&str> {
        let signed_in = match &self.source {
            Source::Profile { account, .. } => account.as_deref(),
            Source::Given(_) | Source::App { .. } => None,
        };
        self.claims().and_then(Claims::account).or(signed_in)
    }

    /// Whether an application acts for itself, and for nobody who signed in; `None` where that is not known.
    pub fn is_app_only(&self) -> Option<bool> {
        match &self.source {
            Source::App { .. } => Some(true),
            Source::Given(_) | Source::Profile { .. } => self.claims().and_then(Claims::is_app_only),
        }
    }

    /// Whether there is a way to another token when this one ends.
    pub fn is_renewable(&self) -> bool {
        match &self.source {
            Source::Given(_) => false,
            Source::App { .. } => true,
            Source::Profile { client_id, .. } => client_id.is_some(),
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
        let look_up = LookUp { sources: self.token_sources()?, transport: self.transport_options() };
        let looked_up = tokio::task::spawn_blocking(move || look_up.run()).await;
        let (found, transport) = looked_up.context("looking for the token broke off")??;
        match found {
            Found::Given(token, given) => {
                Ok(Connection { token, source: Source::Given(given), root: self.roots().0, transport })
            }
            Found::App(app) => {
                let (root, login) = self.sign_in_roots(Error::auth)?;
                let token = app.token(&root, &login, &transport, &self.observer()).await?;
                Ok(Connection { token, source: Source::App { app, login }, root, transport })
            }
            Found::Profile(session) => self.connect_profile(*session, transport).await,
        }
    }

    async fn connect_profile(&self, session: Session, transport: Transport) -> anyhow::Result<Connection> {
        let (graph, login) = self.roots_of(&session)?;
        let token = session.token()?;
        let profile = Profile { name: self.profile.clone(), graph: graph.clone(), login };
        let Session { account, tenant, renewal, .. } = session;
        let client_id = renewal.map(|renewal| renewal.client_id);
        let source = Source::Profile { profile, account, tenant, client_id };
        let mut connection = Connection { token, source, root: graph, transport };
        let now = SystemTime::now();
        if connection.is_renewable() && connection.token.is_due(now) {
            match self.another(&connection, &connection.token.secret).await {
                Ok(token) => connection.token = token,
                // What there is may still do.
                Err(failure) if !failure.is_refused && connection.token.expires_in(now).is_some() => {
                    self.console.warning(&format!("{:#}", failure.error));
                }
                Err(failure) => return Err(failure.error),
            }
        }
        let name = format!("profile '{}'", self.profile);
        let hint = format!("sign in again: {}", session::command(&self.profile));
        connection.token.not_expired(&name, &hint, SystemTime::now())?;
        Ok(connection)
    }

    /// Gets another token than `used` from where it was from.
    async fn another(&self, connection: &Connection, used: &SecretString) -> Result<Token, Failure> {
        let Connection { source, root, transport, .. } = connection;
        match source {
            Source::Given(_) => Err(Error::auth("the token cannot be renewed").into()),
            Source::App { app, login } => Ok(app.token(root, login, transport, &self.observer()).await?),
            Source::Profile { profile, .. } => {
                self.renewing.set(true);
                let renewed = profile.renew(used, WRITE_PERMISSION, transport, &self.observer()).await;
                self.renewing.set(false);
                let Renewed { token, unkept } = renewed?;
                if let Some(error) = unkept {
                    self.console.warning_with_hint(
                        &format!("the renewed sign-in of profile '{}' could not be kept: {error:#}", profile.name),
                        &format!(
                            "this run goes on with it; should the next one fail: {}",
                            session::command(&profile.name)
                        ),
                    );
                }
                Ok(token)
            }
        }
    }

    /// Whether a sign-in is being renewed: to break that off may lose it, where the sign-in service has given another
    /// refresh token and it is not stored yet.
    pub fn is_renewing(&self) -> bool {
        self.renewing.get()
    }

    /// What gets the client its next token; a failure is told here.
    fn renewal<'a>(&'a self, connection: &'a Connection) -> Option<Renew<'a>> {
        connection.is_renewable().then(|| -> Renew<'a> {
            Box::new(move |used, need| {
                Box::pin(async move {
                    match self.another(connection, &used).await {
                        Ok(token) => Some(Bearer { renew_at: token.renew_at(SystemTime::now()), token: token.secret }),
                        Err(Failure { error, .. }) => {
                            match need {
                                // What there is may still do.
                                Need::Due => self.console.warning(&format!("{error:#}")),
                                Need::Refused => self.console.failure(&error),
                            }
                            None
                        }
                    }
                })
            })
        })
    }

    fn token_sources(&self) -> anyhow::Result<Sources> {
        let is_given = self.token.is_some() || self.token_file.is_some();
        let environment = std::env::var_os("INTUNECTL_TOKEN");
        // What is passed over is not looked at, so that nothing in it can be wrong.
        let app =
            if is_given || environment.is_some() { None } else { App::in_environment(|name| std::env::var_os(name))? };
        Ok(Sources {
            flag: self.token.clone(),
            file: self.token_file.clone(),
            environment,
            app,
            profile: self.profile.clone(),
        })
    }

    /// Says, after a sign-in, what calls will use instead of it.
    pub fn warn_about_other_sources(&self) {
        let source = match std::env::var_os("INTUNECTL_TOKEN") {
            Some(_) => Some("INTUNECTL_TOKEN is".to_owned()),
            None => App::in_environment(|name| std::env::var_os(name)).ok().flatten().map(|app| format!("{app} are")),
        };
        if let Some(source) = source {
            let message = format!("{source} set, and used instead of this sign-in");
            self.console.warning_with_hint(&message, "unset what is set to use the sign-in");
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
            self.warn_about_tenant(asked, connection.tenant());
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
                "ask for a token for Microsoft Graph: az account get-access-token --resource-type ms-graph",
            );
        }
        if claims.has_any(permissions) == Some(false) {
            let needed = permissions.join(" or ");
            self.console.warning_with_hint(
                &format!("the token lacks the permission {needed}; the service will probably refuse it"),
                "have an administrator consent to the permission for the application, then get a new token",
            );
        }
    }

    fn warn_about_tenant(&self, asked: &str, found: Option<&str>) {
        let hint = "sign in to the other tenant under a --profile of its own, or leave out --tenant";
        match found {
            Some(found) if found.eq_ignore_ascii_case(asked) => {}
            Some(found) if Uuid::try_parse(asked).is_ok() => {
                let message = format!("the token is for tenant {}, not for {asked}", clean(found));
                self.console.warning_with_hint(&message, hint);
            }
            Some(found) => self.console.warning_with_hint(
                &format!(
                    "the token names its tenant by ID, {}: whether that is {asked} is not known here",
                    clean(found)
                ),
                "give --tenant the tenant's ID to have it checked",
            ),
            None => self.console.warning_with_hint(
                &format!("the token does not name its tenant: whether it is {asked} is not known"),
                "look at `intunectl partner list` first",
            ),
        }
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

/// What may take its time: a keyring, and files that may be pipes.
struct LookUp {
    sources: Sources,
    transport: TransportOptions,
}

impl LookUp {
    fn run(self) -> anyhow::Result<(Found, Transport)> {
        Ok((self.sources.resolve(SystemTime::now())?, self.transport.load()?))
    }
}
