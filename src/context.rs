//! What every command needs, resolved once from options and environment: settings, the console, and, only when
//! asked for, the token and the client.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use secrecy::SecretString;

use crate::auth::session::Session;
use crate::auth::token::{Sources, Token};
use crate::clean::clean;
use crate::cli;
use crate::error::Error;
use crate::graph::client::{Client, Options};
use crate::graph::pace::Rate;
use crate::net::attempt::{REDACTED, redact};
use crate::net::event::{Event, Why};
use crate::net::root::{Cloud, Root};
use crate::output::Format;
use crate::output::console::{Color, Console};
use crate::words::plain;

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
}

/// A token, and the only root it may be sent to.
pub struct Connection {
    /// The token.
    pub token: Token,
    /// The root.
    pub root: Root,
    /// What `--ca-cert` holds.
    extra_roots: Option<Vec<u8>>,
}

impl Connection {
    /// The cloud, where the root is one of its.
    pub fn cloud(&self) -> Option<&'static str> {
        Cloud::of(&self.root).map(Cloud::name)
    }

    /// The tenant, where the token names it.
    pub fn tenant(&self) -> Option<&str> {
        self.token.claims.as_ref().and_then(|claims| claims.tenant.as_deref())
    }
}

impl Context {
    /// Resolves the options that every command has.
    ///
    /// # Errors
    /// An option, or the environment variable that stands in for it, has a value that it cannot have.
    pub fn new(options: cli::Global) -> anyhow::Result<Self> {
        // clap sees this only where both stand behind the same command.
        if options.token.is_some() && options.token_file.is_some() {
            return Err(Error::usage("--token and --token-file are both given").hint("give one of them").into());
        }
        let color = color(options.color);
        let debug = variable("INTUNECTL_DEBUG")?.is_some_and(|value| value != "0");
        let format = match options.output {
            Some(format) => format,
            None => named("INTUNECTL_OUTPUT", output)?.unwrap_or(cli::Output::Text),
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
            console: Console::new(options.quiet, color),
            format: match format {
                cli::Output::Text => Format::Text,
                cli::Output::Json => Format::Json,
                cli::Output::Ndjson => Format::Ndjson,
                cli::Output::Id => Format::Id,
            },
            color,
            profile: profile_name(profile.0, profile.1)?,
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
        })
    }

    /// Finds the token and the root that it may be sent to. This may wait: for the keyring, 3 s at most, and for a
    /// file as long as that takes.
    ///
    /// # Errors
    /// There is no usable token, or the profile's is for another root than the one asked for.
    pub fn connect(&self) -> anyhow::Result<Connection> {
        let looked_up = LookUp { sources: self.token_sources(), ca_cert: self.ca_cert.clone() }.run()?;
        self.connection(looked_up)
    }

    /// The same for code that must not be held up.
    ///
    /// # Errors
    /// Those of [`Context::connect`].
    pub async fn connect_async(&self) -> anyhow::Result<Connection> {
        let look_up = LookUp { sources: self.token_sources(), ca_cert: self.ca_cert.clone() };
        let looked_up = tokio::task::spawn_blocking(move || look_up.run()).await;
        self.connection(looked_up.context("looking for the token broke off")??)
    }

    fn connection(&self, (token, extra_roots): (Token, Option<Vec<u8>>)) -> anyhow::Result<Connection> {
        let root = self.root_for(token.session.as_ref())?;
        Ok(Connection { token, root, extra_roots })
    }

    fn token_sources(&self) -> Sources {
        // One that is empty is set: the step of a pipeline whose secret is missing must not act as whoever is signed in.
        let set = |name| std::env::var_os(name).is_some();
        let secret = ["AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"].into_iter().any(set)
            || ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"].into_iter().all(set);
        Sources {
            flag: self.token.clone(),
            file: self.token_file.clone(),
            environment: std::env::var_os("INTUNECTL_TOKEN"),
            app_credentials: set("AZURE_TENANT_ID") && set("AZURE_CLIENT_ID") && secret,
            profile: self.profile.clone(),
        }
    }

    /// The Graph root in force, and the sign-in root that goes with it.
    pub fn roots(&self) -> (Root, Root) {
        let (graph, login) = self.cloud.unwrap_or(Cloud::Global).into();
        (self.graph_url.clone().unwrap_or(graph), self.login_url.clone().unwrap_or(login))
    }

    /// The root for a token: a profile's goes to the root that it was issued for and nowhere else.
    fn root_for(&self, session: Option<&Session>) -> anyhow::Result<Root> {
        let Some(session) = session else { return Ok(self.roots().0) };
        let own: Root = session.graph_url.parse().map_err(|reason| {
            Error::auth(format!("the Graph root of profile '{}' {reason}", self.profile))
                .hint(format!("sign in again: intunectl auth login --with-token --profile '{}'", self.profile))
        })?;
        let asked = self.graph_url.is_some() || self.cloud.is_some();
        if asked && self.roots().0 != own {
            return Err(Error::auth(format!(
                "the token of profile '{}' is for {} and is sent nowhere else",
                self.profile,
                own.as_str()
            ))
            .hint("leave out --graph-url and --cloud (and their environment variables), or sign in to that root under another --profile")
            .into());
        }
        Ok(own)
    }

    /// Says, before the first request, what the token's claims give away.
    pub fn warn_about(&self, connection: &Connection, permissions: &[&str]) {
        let Some(claims) = &connection.token.claims else { return };
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

    /// Makes the client.
    ///
    /// # Errors
    /// The trusted roots cannot be loaded.
    pub fn client<'a>(
        &self,
        connection: &Connection,
        rate: Option<Rate>,
        observer: &'a dyn Fn(&str, &Event<'_>),
    ) -> anyhow::Result<Client<'a>> {
        let options = Options {
            root: &connection.root,
            version: &self.api_version,
            token: connection.token.secret.clone(),
            timeout: self.timeout,
            retries: self.retries,
            rate,
            extra_roots: connection.extra_roots.as_deref(),
        };
        Client::new(options, observer)
    }

    /// Follows a client's events, as far as `-v` asks for it.
    pub fn observe(&self, token: &SecretString, label: &str, event: &Event<'_>) {
        if self.verbosity == 0 {
            return;
        }
        let headers = |headers: &reqwest::header::HeaderMap, mark: char| {
            for (name, value) in headers.iter().filter(|_| self.verbosity > 1) {
                let private = value.is_sensitive() || ["set-cookie", "authorization"].contains(&name.as_str());
                let value = String::from_utf8_lossy(value.as_bytes());
                let value = if private { REDACTED.into() } else { redact(&value, token) };
                self.console.trace(&format!("{label}: {mark} {name}: {value}"));
            }
        };
        match event {
            Event::Sending { attempt, method, url, headers: sent } => {
                self.console.trace(&format!("{label}: attempt {attempt}: {method} {url}"));
                headers(sent, '>');
            }
            Event::Answered { status, elapsed, headers: came } => {
                self.console.trace(&format!("{label}: {status} after {} ms", elapsed.as_millis()));
                headers(came, '<');
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
    ca_cert: Option<PathBuf>,
}

impl LookUp {
    fn run(self) -> anyhow::Result<(Token, Option<Vec<u8>>)> {
        let token = self.sources.resolve(SystemTime::now())?;
        let pem = self.ca_cert.map(|path| {
            std::fs::read(&path).map_err(|error| {
                Error::usage(format!("cannot read --ca-cert {}: {}", path.display(), plain(&error)))
                    .hint("--ca-cert takes a PEM file with the certificates to trust in addition to the system's")
            })
        });
        Ok((token, pem.transpose()?))
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

/// The colour that the option stands for.
pub fn color(option: cli::Color) -> Color {
    match option {
        cli::Color::Auto => Color::Auto,
        cli::Color::Always => Color::Always,
        cli::Color::Never => Color::Never,
    }
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

fn output(name: &str) -> Result<cli::Output, &'static str> {
    clap::ValueEnum::from_str(name, false).map_err(|_| "is not a format; one of: text, json, ndjson, id")
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
