//! What every command needs, resolved once from options and environment: settings, the console, and, only when
//! asked for, the token and the client.

use std::cell::Cell;
use std::fmt;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use secrecy::SecretString;
use uuid::Uuid;

use crate::auth::app::App;
use crate::auth::claims::Claims;
use crate::auth::renewal::{Failure, Profile, Renewed};
use crate::auth::session::{self, Session};
use crate::auth::token::{Found, Given, Sources, Token};
use crate::clean::clean;
use crate::error::Error;
use crate::graph::advice::WRITE_PERMISSION;
use crate::graph::client::{self, Bearer, Client, Renew};
use crate::graph::pace::Rate;
use crate::net::attempt::{REDACTED, redact};
use crate::net::event::{Event, Why};
use crate::net::http::Transport;
use crate::net::root::{Cloud, Root};
use crate::output::Format;
use crate::output::console::{Color, Console};
use crate::words::plain;

/// What was asked for on the command line, as far as every command has it.
pub struct Options {
    /// `--token`.
    pub token: Option<SecretString>,
    /// `--token-file`.
    pub token_file: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--tenant`, as [`sign_in::tenant`] has it.
    pub tenant: Option<String>,
    /// `--cloud`.
    pub cloud: Option<Cloud>,
    /// `--graph-url`.
    pub graph_url: Option<String>,
    /// `--login-url`.
    pub login_url: Option<String>,
    /// `--api-version`.
    pub api_version: String,
    /// `--output`.
    pub output: Option<Format>,
    /// `--color`.
    pub color: Color,
    /// `--timeout`.
    pub timeout: Duration,
    /// `--retries`.
    pub retries: u32,
    /// `--ca-cert`.
    pub ca_cert: Option<PathBuf>,
    /// `--quiet`.
    pub quiet: bool,
    /// How often `--verbose`.
    pub verbose: u8,
}

/// Settings and streams of one invocation.
pub struct Context {
    /// Standard error.
    pub console: Console,
    /// How results are written.
    pub format: Format,
    /// When to use colour.
    pub color: Color,
    /// The profile in force.
    pub profile: String,
    /// The tenant that was asked for.
    pub tenant: Option<String>,
    verbosity: u8,
    cloud: Option<Cloud>,
    graph_url: Option<Root>,
    login_url: Option<Root>,
    api_version: String,
    timeout: Duration,
    retries: u32,
    ca_cert: Option<PathBuf>,
    token: Option<SecretString>,
    token_file: Option<PathBuf>,
    /// Whether a sign-in is being renewed right now.
    renewing: Cell<bool>,
}

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
    /// Resolves the options that every command has.
    ///
    /// # Errors
    /// An option, or the environment variable that stands in for it, has a value that it cannot have.
    pub fn new(options: Options) -> anyhow::Result<Self> {
        // clap sees this only where both stand behind the same command.
        if options.token.is_some() && options.token_file.is_some() {
            return Err(Error::usage("--token and --token-file are both given").hint("give one of them").into());
        }
        let debug = variable("INTUNECTL_DEBUG")?.is_some_and(|value| value != "0");
        let format = match options.output {
            Some(format) => format,
            None => named("INTUNECTL_OUTPUT", str::parse::<Format>)?.unwrap_or_default(),
        };
        let cloud = match options.cloud {
            Some(cloud) => Some(cloud),
            None => named("INTUNECTL_CLOUD", str::parse::<Cloud>)?,
        };
        let profile = match options.profile {
            Some(profile) => ("--profile", profile),
            None => ("INTUNECTL_PROFILE", variable("INTUNECTL_PROFILE")?.unwrap_or_else(|| "default".to_owned())),
        };
        Ok(Self {
            console: Console::new(options.quiet, options.color),
            format,
            color: options.color,
            profile: profile_name(profile.0, profile.1)?,
            tenant: options.tenant,
            verbosity: options.verbose.max(u8::from(debug)),
            cloud,
            graph_url: root("--graph-url", "INTUNECTL_GRAPH_URL", options.graph_url)?,
            login_url: root("--login-url", "INTUNECTL_LOGIN_URL", options.login_url)?,
            api_version: options.api_version,
            timeout: options.timeout,
            retries: options.retries,
            ca_cert: options.ca_cert,
            token: options.token,
            token_file: options.token_file,
            renewing: Cell::new(false),
        })
    }

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
            Box::new(move |used| {
                Box::pin(async move {
                    match self.another(connection, &used).await {
                        Ok(token) => Some(Bearer { renew_at: token.renew_at(SystemTime::now()), token: token.secret }),
                        Err(Failure { error, .. }) => {
                            self.console.failure(&error);
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

    fn transport_options(&self) -> TransportOptions {
        TransportOptions { timeout: self.timeout, retries: self.retries, ca_cert: self.ca_cert.clone() }
    }

    /// How servers are reached. Reads the file that `--ca-cert` names.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn transport(&self) -> Result<Transport, Error> {
        self.transport_options().load()
    }

    /// The roots to sign in at: a token must not go to another Graph root than it was asked for at.
    ///
    /// # Errors
    /// Another Graph root is given, without a sign-in root that goes with it; as the error that `kind` makes.
    pub fn sign_in_roots(&self, kind: impl Fn(&'static str) -> Error) -> anyhow::Result<(Root, Root)> {
        if self.graph_url.is_some() && self.login_url.is_none() {
            return Err(kind("another Graph root is given, but no sign-in root that goes with it")
                .hint("give --login-url (INTUNECTL_LOGIN_URL) too, or leave out --graph-url (INTUNECTL_GRAPH_URL)")
                .into());
        }
        Ok(self.roots())
    }

    /// The Graph root in force, and the sign-in root that goes with it.
    pub fn roots(&self) -> (Root, Root) {
        let (graph, login) = self.cloud.unwrap_or(Cloud::Global).into();
        (self.graph_url.clone().unwrap_or(graph), self.login_url.clone().unwrap_or(login))
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

    /// Follows what happens on the way, as far as `-v` asks for it.
    pub fn observer(&self) -> impl Fn(&str, &Event<'_>) + '_ {
        move |label, event| self.observe(label, event)
    }

    fn observe(&self, label: &str, event: &Event<'_>) {
        if self.verbosity == 0 {
            return;
        }
        let headers = |headers: &reqwest::header::HeaderMap, mark: char, secrets: &[SecretString]| {
            for (name, value) in headers.iter().filter(|_| self.verbosity > 1) {
                let private = value.is_sensitive() || ["set-cookie", "authorization"].contains(&name.as_str());
                let value = String::from_utf8_lossy(value.as_bytes());
                let value = if private { REDACTED.into() } else { redact(&value, secrets) };
                self.console.trace(&format!("{label}: {mark} {name}: {value}"));
            }
        };
        match event {
            Event::Sending { attempt, method, url, headers: sent, secrets } => {
                self.console.trace(&format!("{label}: attempt {attempt}: {method} {url}"));
                headers(sent, '>', secrets);
            }
            Event::Answered { status, elapsed, headers: came, secrets } => {
                self.console.trace(&format!("{label}: {status} after {} ms", elapsed.as_millis()));
                headers(came, '<', secrets);
            }
            Event::Unanswered { reason, elapsed } => {
                self.console.trace(&format!("{label}: {reason}, after {} ms", elapsed.as_millis()));
            }
            Event::Waiting { why, wait } => {
                let why = match why {
                    Why::Pace => "for the pace",
                    Why::Throttled => "because the service throttles",
                    Why::Backoff => "before the next attempt",
                };
                self.console.trace(&format!("{label}: waiting {:.1} s {why}", wait.as_secs_f64()));
            }
        }
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

/// How servers are reached, before the file is read.
struct TransportOptions {
    timeout: Duration,
    retries: u32,
    ca_cert: Option<PathBuf>,
}

impl TransportOptions {
    fn load(self) -> Result<Transport, Error> {
        let pem = self.ca_cert.map(|path| {
            std::fs::read(&path).map_err(|error| {
                Error::usage(format!("cannot read --ca-cert {}: {}", path.display(), plain(&error)))
                    .hint("--ca-cert takes a PEM file with the certificates to trust in addition to the system's")
            })
        });
        Ok(Transport { timeout: self.timeout, retries: self.retries, extra_roots: pem.transpose()? })
    }
}

/// Runs async code to its end. What it left running on other threads (a read from a pipe, a name that does not
/// resolve, a keyring) is abandoned instead of waited for.
///
/// # Errors
/// Those of the code; or the system refuses a runtime.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    // One thread: several cost more CPU and were never faster (measured for this tool's load).
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the system refuses what is needed to wait for the network")?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// An environment variable; one that is empty counts as absent. (`INTUNECTL_TOKEN` is the exception.)
fn variable(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::usage(format!("{name} is not text"))),
    }
}

/// An environment variable that stands in for an option with fixed values.
fn named<T, E: std::fmt::Display>(name: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, Error> {
    let Some(value) = variable(name)? else { return Ok(None) };
    parse(&value).map(Some).map_err(|reason| Error::usage(format!("{name}: '{value}' {reason}")))
}

// The address itself is not repeated: it may hold a password.
fn root(option: &str, name: &str, given: Option<String>) -> Result<Option<Root>, Error> {
    let (from, text) = match given {
        Some(text) => (option, text),
        None => match variable(name)? {
            Some(text) => (name, text),
            None => return Ok(None),
        },
    };
    let root = text.parse().map_err(|reason| {
        Error::usage(format!("the address in {from} {reason}")).hint("give a root such as https://graph.microsoft.com")
    })?;
    Ok(Some(root))
}

fn profile_name(from: &str, name: String) -> Result<String, Error> {
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(Error::usage(format!(
            "the profile name in {from} is empty, longer than 64 characters, or holds control characters"
        )));
    }
    Ok(name)
}
