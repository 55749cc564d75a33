//! The command line: definitions and help, nothing else.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueHint};
use secrecy::SecretString;

use crate::auth::tenant::Tenant;
use crate::graph::pace::Rate;
use crate::net::root::Cloud;
use crate::output::Format;
use crate::output::style::Color;
use crate::text::sanitize::without_tokens;

/// Manage Intune's remote assistance partners through Microsoft Graph
#[derive(Parser)]
#[command(name = "intunectl", bin_name = "intunectl", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Start here, with no tenant:
  intunectl sandbox -- sh -c \\
    'intunectl partner list -o id \\
     | intunectl partner disconnect --tenant contoso.example -y -'

Exit codes: 0 all done, 1 at least one failed or you declined, 2 usage (nothing was sent), 4 no usable token, or one for \
another tenant, 130/143 interrupted.")]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// The tenant's remote assistance partners
    #[command(subcommand)]
    Partner(PartnerCommand),
    /// The token that calls are made with
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Print a completion script
    #[command(long_about = "\
Print a completion script, to be run whenever the shell starts.

It asks intunectl what fits: commands, options, values, files, and the IDs of partners, with their names and statuses \
where the shell shows them.

IDs are those of the tenant that the command would act on, as the options on the line have it. They are offered where a \
token is at hand (--token, --token-file, INTUNECTL_TOKEN, or a sign-in whose token is still good; not that of a sign-in \
on macOS, as the Keychain might ask) and the service lists them within 0.3 s. For the sake of a TAB nobody is signed in \
and no token is renewed. None are offered where the shell would still change a word on the line, such as a variable, \
or, but for bash, where something else is done on the line first. What is set in front of a command, as in \
INTUNECTL_PROFILE=x intunectl, bash does not show: use the option.")]
    #[command(after_help = "\
Examples:
  eval \"$(intunectl completion bash)\"         # in ~/.bashrc
  source <(intunectl completion zsh)         # in ~/.zshrc, below compinit
  intunectl completion fish | source         # in ~/.config/fish/config.fish
  eval (intunectl completion elvish | slurp) # in ~/.config/elvish/rc.elv
  # in PowerShell's $PROFILE:
  intunectl completion powershell | Out-String | Invoke-Expression")]
    Completion {
        /// The shell to print it for
        shell: clap_complete::Shell,
    },
    /// Print a manual page, for packagers
    #[command(hide = true)]
    #[command(after_help = "\
Examples:
  intunectl man > intunectl.1
  intunectl man partner disconnect > intunectl-partner-disconnect.1")]
    Man {
        /// The command; none for the page of all
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// A local stand-in for Graph, to rehearse against
    #[command(long_about = "\
A local stand-in for Graph, to rehearse against.

It behaves as the reference says: partners are listed, disconnected and onboarded, writes are throttled at the \
published limit, errors look like Graph's. Signing in works too, by device code, by browser and as an application; \
nobody has to be there to approve it. It listens on this machine only, and its partners are gone when it ends.

With a command, the sandbox runs it with INTUNECTL_GRAPH_URL, INTUNECTL_LOGIN_URL, INTUNECTL_TOKEN and \
INTUNECTL_SANDBOX set, with intunectl on its PATH, and with all other variables unset that select a tenant or an \
identity. It exits with the command's code. INTUNECTL_SANDBOX marks the rehearsal: every request goes to the sandbox, \
and sign-ins are stored apart from yours, until you log out in a sandbox. Without a command, it prints those settings \
and serves until interrupted.")]
    #[command(after_help = "\
Examples:
  intunectl sandbox -- sh -c \\
    'intunectl partner list -o id \\
     | intunectl partner disconnect --tenant contoso.example -y -'
  intunectl sandbox --partners 300 --latency 50ms -- bash
  intunectl sandbox --throttle 20/4s \\
    --fail 5a4d0b0c-0002-4000-8000-000000000001=403
  intunectl sandbox -- sh -c 'unset INTUNECTL_TOKEN
    intunectl auth login --device-code && intunectl partner list &&
    intunectl auth logout'")]
    Sandbox(SandboxOptions),
}

#[derive(Subcommand)]
pub enum PartnerCommand {
    /// List the partners
    #[command(after_help = "\
Examples:
  intunectl partner list
  intunectl partner list -o json
  intunectl partner list -o ndjson \\
    | jq -c 'select(.displayName == \"TeamViewer\")' \\
    | intunectl partner disconnect --dry-run -")]
    List,
    /// Show partners
    #[command(after_help = "\
Examples:
  intunectl partner show 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  intunectl partner show -f ids.txt -o json
  intunectl partner list -o id | intunectl partner show -o ndjson

Exit codes: 0 all partners shown, 1 at least one could not be shown, 2 usage, 4 no usable token, one for another tenant, \
or refused (401).")]
    Show {
        #[command(flatten)]
        ids: Ids,
    },
    /// Disconnect partners: remove their connectors from the tenant
    #[command(long_about = "\
Disconnect partners: remove their connectors from the tenant.

Sends POST /deviceManagement/remoteAssistancePartners/{id}/disconnect for each ID and prints what became of each. \
There is no undo: a partner that is to come back must be onboarded again. All IDs are read and checked before the \
first request; one bad ID, and nothing is sent. In the foreground of a terminal it shows the partners and asks first. \
Otherwise (cron, services, background jobs, or if CI is set) it acts without asking. Where a \
request may be repeated safely (throttling, a gateway's error, a lost connection, a timeout), it is.

The token needs the permission DeviceManagementServiceConfig.ReadWrite.All or \
DeviceManagementConfiguration.ReadWrite.All.")]
    #[command(after_help = "\
Examples:
  intunectl partner disconnect 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10 --dry-run
  intunectl partner disconnect 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  intunectl partner disconnect -f ids.txt --tenant contoso.com --dry-run
  intunectl partner disconnect -f ids.txt --tenant contoso.com -y --wait \\
    -o ndjson > audit.ndjson
  intunectl partner disconnect -f ids.txt --tenant contoso.com -y \\
    --resume audit.ndjson -o ndjson >> audit.ndjson

Exit codes: 0 every ID got 204 or was skipped by --resume (with --wait, the change is visible; with --dry-run, every \
partner could be read and the token has the permission), 1 at least one did not, or you declined, 2 usage (nothing was sent), 4 no usable token, one for \
another tenant, or refused (401), 130/143 interrupted.")]
    Disconnect(Write),
    /// Onboard partners: begin to set up their connectors
    #[command(long_about = "\
Onboard partners: begin to set up their connectors.

Sends POST /deviceManagement/remoteAssistancePartners/{id}/beginOnboarding for each ID and prints what became of each. \
The partner has to confirm it before it is onboarded. All else is as with `intunectl partner disconnect`.

The token needs the permission DeviceManagementServiceConfig.ReadWrite.All or \
DeviceManagementConfiguration.ReadWrite.All.")]
    #[command(after_help = "\
Examples:
  intunectl partner onboard -f ids.txt --dry-run
  intunectl partner onboard 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  intunectl partner onboard -f ids.txt --tenant contoso.com -y --wait=10m \\
    -o ndjson > audit.ndjson

Exit codes: 0 every ID got 204 or was skipped by --resume (with --wait, the change is visible; with --dry-run, every \
partner could be read and the token has the permission), 1 at least one did not, or you declined, 2 usage (nothing was sent), 4 no usable token, one for \
another tenant, or refused (401), 130/143 interrupted.")]
    Onboard(Write),
}

#[derive(Args)]
pub struct Ids {
    /// Partner IDs; - reads them from standard input (show does so, too, if there is no ID at all)
    ///
    /// Files and standard input may hold, also mixed: an ID per line, blank lines and # comments; a JSON object with
    /// an "id" per line; a JSON array of strings or of such objects; a page as Graph sends it. UTF-8, or UTF-16 with a
    /// byte order mark. If an object has a "tenant_id", the token must be for that tenant.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Read IDs from this file too; `-` is standard input
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub from_file: Option<PathBuf>,
}

#[derive(Args)]
pub struct Write {
    #[command(flatten)]
    pub ids: Ids,
    /// How many partners may be worked on at once, 1 to 64
    #[arg(short = 'j', long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub concurrency: u8,
    /// The pace: no window of this length ever holds more requests than that, nor more than ten times as many with
    /// reads; `off` for none
    ///
    /// The default is the published limit for this resource. Beyond it the service throttles the whole application,
    /// your other tools included.
    #[arg(long, value_name = "N/DURATION|off", default_value = "100/20s", value_parser = rate)]
    pub rate: RateLimit,
    /// Read each partner and say what would happen; change nothing
    ///
    /// Exits with 1 if a partner cannot be read, or if the token lacks the permission.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask for confirmation. Without a terminal, or if CI is set, nobody is asked
    #[arg(short, long)]
    pub yes: bool,
    /// After a 204, read the partner until it shows that it took effect, for this long [without a value: 5m]
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "5m", value_parser = positive)]
    pub wait: Option<Duration>,
    /// Stop at the first failure
    #[arg(long)]
    pub fail_fast: bool,
    /// Skip IDs that the records in FILE (-o ndjson) show as done in this tenant
    ///
    /// FILE may be the file that this run appends to (with `>>`). Records of other tenants or Graph roots, and
    /// incomplete ones from a run that was killed, are ignored.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub resume: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum AuthCommand {
    /// Sign in, and keep the sign-in in the system's keyring
    #[command(long_about = "\
Sign in, and keep the sign-in in the system's keyring, under the profile in force.

Where a browser can be opened here, it is sent to Microsoft's sign-in page and comes back by itself ($BROWSER is \
honoured). Elsewhere a code is shown, to be typed into a page on any other device. From then on tokens are renewed as \
needed, without asking. Nothing is ever written to a file.

The application is Microsoft Graph Command Line Tools, unless --client-id names another; the tenant is that of the \
account that signs in, unless --tenant names another (--tenant organizations for any). Signing in to an existing \
profile reuses its cloud, tenant and client ID unless you override them. The permission that is asked for is \
DeviceManagementServiceConfig.ReadWrite.All, to which an administrator has to consent once for the tenant.

With --with-token, an access token that something else has got is read from standard input and kept as it is; it \
cannot be renewed. One from Azure CLI works only if az is signed in as a service principal or a managed identity.")]
    #[command(after_help = "\
Examples:
  intunectl auth login
  intunectl auth login --device-code --tenant contoso.onmicrosoft.com
  intunectl auth login --profile gov --cloud gcc-high
  intunectl auth login --with-token < token.txt")]
    Login(LoginOptions),
    /// Show the token that a call would use: where it is from, for whom, and what it allows
    #[command(long_about = "\
Show which token a command would use: source, unused variables, account, tenant, application, permissions, expiry, and \
whether it can disconnect partners. A sign-in with less than 5 minutes left is renewed, as a call would.")]
    #[command(after_help = "\
Examples:
  intunectl auth status
  intunectl auth status -o json | jq .tenant_id
  intunectl auth status -q >/dev/null || intunectl auth login

Exit codes: 0 the token can be used, 4 there is none that can.")]
    Status,
    /// List the profiles in the system's keyring
    #[command(after_help = "\
Examples:
  intunectl auth list
  intunectl auth list -o id")]
    List,
    /// Print the token that a call would use, renewed if need be
    #[command(after_help = "\
Example:
  printf 'Authorization: Bearer %s' \"$(intunectl auth token)\" \\
    | curl -H @- https://graph.microsoft.com/v1.0/organization")]
    Token,
    /// Forget the profile's sign-in
    #[command(long_about = "\
Forget the profile's sign-in.

It is deleted from the system's keyring. Tokens that were given stay valid until they expire: where one may have been \
stolen, have the account's sessions revoked in the Entra admin center, too.")]
    #[command(after_help = "\
Examples:
  intunectl auth logout
  intunectl auth logout --profile contoso
  intunectl auth logout --all")]
    Logout {
        /// Forget the sign-ins of all profiles
        #[arg(long)]
        all: bool,
    },
}

#[derive(Args)]
pub struct LoginOptions {
    /// Sign in with a browser on this machine
    #[arg(long, group = "way")]
    pub browser: bool,
    /// Sign in with a code, typed into a page on any device
    #[arg(long, group = "way")]
    pub device_code: bool,
    /// Keep an access token from standard input
    #[arg(long, group = "way", conflicts_with = "client_id")]
    pub with_token: bool,
    /// The application to sign in with, a public client [default: the profile's, else Microsoft Graph Command Line Tools]
    #[arg(long, value_name = "ID", value_parser = client_id)]
    pub client_id: Option<String>,
}

#[derive(Args)]
pub struct SandboxOptions {
    /// How many partners there are
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub partners: u32,
    /// How long each answer takes
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    pub latency: Duration,
    /// Throttle writes beyond this, and all requests beyond ten times this; `off` for never
    #[arg(long, value_name = "N/DURATION|off", default_value = "100/20s", value_parser = rate)]
    pub throttle: RateLimit,
    /// Answer every POST for this ID with this HTTP status (may be repeated)
    #[arg(long, value_name = "ID=STATUS", value_parser = failure)]
    pub fail: Vec<(String, u16)>,
    /// How long until a sign-in is approved by itself
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = humantime::parse_duration)]
    pub approve_after: Duration,
    /// How long the tokens of a sign-in live; at least 1s
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = lifetime)]
    pub token_lifetime: Duration,
    /// The port to listen on; 0 for any that is free
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// A command to run against the sandbox
    #[arg(last = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<std::ffi::OsString>,
}

#[derive(Args)]
#[cfg_attr(test, derive(Default))]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The access token. Others on this machine may see it in the list of processes: prefer --token-file
    #[arg(long, global = true, value_name = "TOKEN", conflicts_with = "token_file")]
    pub token: Option<SecretString>,
    /// A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub token_file: Option<PathBuf>,
    /// The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// The tenant to act in: its ID or a domain. If the token is for another tenant, nothing is sent
    #[arg(long, global = true, value_name = "ID|DOMAIN")]
    pub tenant: Option<Tenant>,
    /// The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile's, else global]
    #[arg(long, global = true, value_name = "CLOUD", value_parser = cloud_parser())]
    pub cloud: Option<Cloud>,
    /// Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud's]
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub graph_url: Option<String>,
    /// Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud's]
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub login_url: Option<String>,
    /// The version of the API
    #[arg(long, global = true, value_name = "VERSION", default_value = "v1.0", value_parser = ["v1.0", "beta"])]
    pub api_version: String,
    /// How results are written [env: INTUNECTL_OUTPUT] [default: text]
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// When to use colour [env: NO_COLOR, CLICOLOR_FORCE; COLUMNS is the width]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// How long one attempt may take; connecting has 10 s of it
    #[arg(long, global = true, value_name = "DURATION", default_value = "30s", value_parser = positive)]
    pub timeout: Duration,
    /// How many attempts may follow the first
    #[arg(long, global = true, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub retries: u32,
    /// Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system's]
    #[arg(long, global = true, value_name = "PEM", value_hint = ValueHint::FilePath)]
    pub ca_cert: Option<PathBuf>,
    /// No summary, no progress, no warnings; errors stay
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// A rate, or none. (A bare `Option` would make the option itself optional to clap.)
#[derive(Clone, Copy)]
pub struct RateLimit(pub Option<Rate>);

fn client_id(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("is empty"),
        text if without_tokens(text) != text => Err("looks like a token"),
        text => Ok(text.to_owned()),
    }
}

fn rate(text: &str) -> Result<RateLimit, String> {
    if text == "off" {
        return Ok(RateLimit(None));
    }
    let (requests, window) =
        text.split_once('/').ok_or("is neither `off` nor a number and a duration, such as 100/20s")?;
    let requests = requests.parse().ok().filter(|n| (1..=1_000_000).contains(n));
    let requests = requests.ok_or("needs a number from 1 to 1000000 before the slash, such as 100/20s")?;
    Ok(RateLimit(Some(Rate { requests, window: positive(window)? })))
}

/// The longest duration that is of any use here; also what every clock can add to now.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

fn positive(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|_| "is no duration, such as 30s or 500ms".to_owned())?;
    if duration.is_zero() || duration > LONGEST {
        return Err("must be longer than zero and at most a year".to_owned());
    }
    Ok(duration)
}

/// Tokens count in whole seconds.
fn lifetime(text: &str) -> Result<Duration, String> {
    let duration = positive(text)?;
    if duration < Duration::from_secs(1) {
        return Err("must be at least 1s".to_owned());
    }
    Ok(duration)
}

fn failure(text: &str) -> Result<(String, u16), String> {
    let parts = text.rsplit_once('=').filter(|(id, _)| !id.is_empty());
    let (id, status) = parts.ok_or("is not ID=STATUS, such as 5a4d0b0c-0002-4000-8000-000000000001=403")?;
    let status = status.parse().ok().filter(|status| (400..600).contains(status));
    Ok((id.to_owned(), status.ok_or("needs a status from 400 to 599")?))
}

fn cloud_parser() -> impl clap::builder::TypedValueParser<Value = Cloud> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Cloud::ALL.map(Cloud::name)).try_map(|name| name.parse::<Cloud>())
}

/// What selects a token, a tenant or a server.
const SELECTORS: [&str; 7] =
    ["--token", "--token-file", "--profile", "--tenant", "--cloud", "--graph-url", "--login-url"];

/// An option that selects whom a run acts for, if it is there more than once. clap notices that only after the same
/// command: before and after it, the last one would win.
pub fn repeated_selector(arguments: impl Iterator<Item = OsString>) -> Option<&'static str> {
    let mut seen = [false; SELECTORS.len()];
    for word in arguments.take_while(|word| word != "--") {
        let Some(name) = word.to_str().map(|word| word.split('=').next().unwrap_or_default()) else { continue };
        if let Some((selector, seen)) = SELECTORS.iter().zip(&mut seen).find(|(selector, _)| **selector == name) {
            if *seen {
                return Some(selector);
            }
            *seen = true;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_rate_is_a_number_in_a_time_or_off() {
        assert_eq!(rate("100/20s").unwrap().0, Some(Rate::PUBLISHED));
        assert!(rate("off").unwrap().0.is_none());
        for text in ["", "100", "0/20s", "-1/20s", "100/0s", "100/20", "100/", "/20s", "1e3/1s", "5/999years", "OFF"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_lives_for_a_second_at_least() {
        assert_eq!(lifetime("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(lifetime("1h 30m"), Ok(Duration::from_secs(5_400)));
        for text in ["", "0s", "999ms", "1", "-1s", "2years"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_failure_is_an_id_and_an_error_status() {
        assert_eq!(failure("a=b=404"), Ok(("a=b".into(), 404)));
        for text in ["", "a", "a=", "=404", "a=204", "a=600", "a=x"] {
            assert!(failure(text).is_err(), "{text}");
        }
    }
}
