//! What every command needs, resolved once from options and environment: settings, the console, and, only when
//! asked for, the token and the client (`connection`).

mod connection;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::SecretString;
use tokio::sync::watch;

pub use self::connection::{Connection, Source};
use crate::auth::tenant::Tenant;
use crate::clean::clean;
use crate::error::Error;
use crate::exit::Exit;
use crate::interrupt::Interrupts;
use crate::net::attempt::{REDACTED, redact};
use crate::net::event::{Event, Why};
use crate::net::http::Transport;
use crate::net::root::{Cloud, Root};
use crate::output::Format;
use crate::output::console::{Color, Console};
use crate::stop::Stop;

/// What was asked for on the command line, as far as every command has it.
pub struct Options {
    /// `--token`.
    pub token: Option<SecretString>,
    /// `--token-file`.
    pub token_file: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--tenant`.
    pub tenant: Option<Tenant>,
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
    pub tenant: Option<Tenant>,
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
    /// Set once nothing new may be sent.
    pub stop: Rc<Stop>,
    /// Whether a sign-in is being renewed right now.
    renewing: watch::Sender<bool>,
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
            stop: Rc::new(Stop::new()),
            renewing: watch::Sender::new(false),
        })
    }

    /// The same, but for a caller who must not show anything of what happens on the way, whatever is asked for.
    #[must_use]
    pub fn without_traces(self) -> Self {
        Self { verbosity: 0, ..self }
    }

    /// Whether the roots were asked for, and are not to be the profile's.
    pub fn has_roots(&self) -> bool {
        self.cloud.is_some() || self.graph_url.is_some() || self.login_url.is_some()
    }

    /// Whether `--token` or `--token-file` is given.
    pub fn has_token_option(&self) -> bool {
        self.token.is_some() || self.token_file.is_some()
    }

    /// The roots to sign in at: a token must not go to another Graph root than it was asked for at.
    ///
    /// # Errors
    /// A Graph root that is no cloud's is given, without a sign-in root that goes with it; as the error that `kind`
    /// makes.
    pub fn sign_in_roots(&self, kind: impl Fn(&'static str) -> Error) -> anyhow::Result<(Root, Root)> {
        let is_unknown = self.graph_url.as_ref().is_some_and(|root| Cloud::of(root).is_none());
        if is_unknown && self.login_url.is_none() {
            return Err(kind("another Graph root is given, but no sign-in root that goes with it")
                .hint("give --login-url (INTUNECTL_LOGIN_URL) too, or leave out --graph-url (INTUNECTL_GRAPH_URL)")
                .into());
        }
        Ok(self.roots())
    }

    /// The Graph root in force, and the sign-in root that goes with it.
    pub fn roots(&self) -> (Root, Root) {
        let of_graph = self.graph_url.as_ref().and_then(Cloud::of);
        let (graph, login) = of_graph.or(self.cloud).unwrap_or(Cloud::Global).into();
        (self.graph_url.clone().unwrap_or(graph), self.login_url.clone().unwrap_or(login))
    }

    /// After a signal: nothing new is sent, but `work` goes on for as long as it renews a sign-in, until another signal.
    pub async fn finish_renewing<T>(&self, work: impl Future<Output = T>, interrupts: &mut Interrupts) {
        self.stop.set();
        let mut renewing = self.renewing.subscribe();
        if *renewing.borrow() {
            self.console.note("interrupted: waiting for the sign-in to be renewed. Interrupt again to end at once");
        }
        tokio::select! {
            biased;
            _ = renewing.wait_for(|renewing| !renewing) => {}
            _ = work => {}
            _ = interrupts.recv() => {}
        }
    }

    /// How servers are reached. Reads the file that `--ca-cert` names.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn transport(&self) -> Result<Transport, Error> {
        Transport::load(self.timeout, self.retries, self.ca_cert.as_deref())
    }

    /// Whether each step is told on standard error (`-v`).
    pub fn is_traced(&self) -> bool {
        self.verbosity > 0
    }

    /// Follows what happens on the way: the progress shows what holds everybody back, `-v` all of it.
    pub fn observer(&self) -> impl Fn(&str, &Event<'_>) + '_ {
        move |label, event| self.observe(label, event)
    }

    fn observe(&self, label: &str, event: &Event<'_>) {
        match event {
            Event::Held { host, status, wait, is_named } => self.console.held(host, *status, *wait, *is_named),
            Event::Waiting { why: Why::Pace, wait } => self.console.paced(*wait),
            _ => {}
        }
        if !self.is_traced() {
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
                // The address of a further page is the service's.
                let url = redact(url.as_str(), secrets);
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
            Event::Held { host, status, wait, is_named } => {
                let whose = if *is_named { "as it asks" } else { "it names no time" };
                let wait = wait.as_secs_f64();
                self.console
                    .trace(&format!("{label}: {host} answered {status}: nothing is sent for {wait:.1} s, {whose}"));
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

/// Runs a command to its end, or to the first signal. A sign-in that is being renewed by then is renewed to the end: what
/// the sign-in service has given must be kept. (A second signal ends that, too.)
///
/// # Errors
/// Those of the command; or the system refuses a runtime or a handler.
pub fn run_until_interrupted(
    context: &Context,
    command: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    block_on(async {
        let mut interrupts = Interrupts::listen().context("the system refuses a handler for Ctrl-C")?;
        tokio::pin!(command);
        tokio::select! {
            exit = &mut command => exit,
            signal = interrupts.recv() => {
                context.console.end_progress();
                context.finish_renewing(command, &mut interrupts).await;
                context.console.error("interrupted");
                Ok(Exit::Interrupted(signal))
            }
        }
    })
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
    if name.is_empty() || name.chars().count() > 64 || clean(&name) != name {
        return Err(Error::usage(format!(
            "the profile name in {from} is empty, longer than 64 characters, or holds control characters or others that \
             would not be shown as they are"
        )));
    }
    Ok(name)
}
