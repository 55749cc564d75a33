//! The command line: definitions and help, nothing else.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueHint};
use secrecy::SecretString;

use crate::auth::tenant::Tenant;
use crate::graph::pace::Rate;
use crate::ids::name::PartnerName;
use crate::net::root::Cloud;
use crate::output::Format;
use crate::output::style::Color;
use crate::text::sanitize::without_tokens;

/// Examples of a command that changes partners, and where its exit codes are explained.
macro_rules! with_exit_codes {
    ($examples:literal) => {
        concat!($examples, "\nExit codes: `intunectl help exit-codes`")
    };
}

/// Manage Intune's remote assistance partners through Microsoft Graph
#[derive(Parser)]
#[command(name = "intunectl", bin_name = "intunectl", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Try it without a tenant:
  intunectl sandbox -- sh -c \\
    'intunectl partner list -o id \\
     | intunectl partner disconnect --tenant contoso.example -y -'

More help:
  intunectl partner disconnect --help  # a command and its options
  intunectl help environment           # environment variables
  intunectl help exit-codes            # exit codes, with advice for scripts")]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// List, disconnect, onboard and delete partners
    #[command(subcommand)]
    Partner(PartnerCommand),
    /// Sign in, sign out, and show tokens
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Print a completion script
    #[command(long_about = "\
Print a completion script.

Add the line for your shell to its startup file (see Examples). TAB then completes commands, options, values, file \
names and partner IDs, with the partners' names and statuses if the shell can show them.

IDs come from the tenant that the command would act in. They are offered if a valid token is available and the service \
answers within 0.3 s. The token can come from --token, --token-file, INTUNECTL_TOKEN or a sign-in. On macOS a sign-in \
is not used, because the Keychain could show a dialog. Completion never signs in and never renews a token.

No IDs are offered if the line contains $NAME or a wildcard. In bash, completion ignores INTUNECTL_PROFILE=x before the \
command: use --profile x. In shells other than bash, no IDs are offered if another command precedes intunectl on the line.")]
    #[command(after_help = "\
Examples:
  eval \"$(intunectl completion bash)\"         # in ~/.bashrc
  source <(intunectl completion zsh)         # in ~/.zshrc, after compinit
  intunectl completion fish | source         # in ~/.config/fish/config.fish
  eval (intunectl completion elvish | slurp) # in ~/.config/elvish/rc.elv
  # in PowerShell's $PROFILE:
  intunectl completion powershell | Out-String | Invoke-Expression")]
    Completion {
        /// Shell that the script is for
        shell: clap_complete::Shell,
    },
    /// Print a manual page
    #[command(hide = true)]
    #[command(after_help = "\
Examples:
  intunectl man > intunectl.1
  intunectl man partner disconnect > intunectl-partner-disconnect.1")]
    Man {
        /// Command that the page is about [default: intunectl itself]
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// Run a simulated Graph service, to try commands without a tenant
    #[command(long_about = "\
Run a simulated Graph service, to try commands without a tenant.

The sandbox lists, disconnects, onboards and deletes partners, throttles writes at the published limit, and returns \
errors like Graph's. You can sign in with a device code, in a browser or as an application; the sandbox approves each sign-in. It \
accepts connections from this machine only. Its partners are deleted when it ends.

With a command, the sandbox runs the command and returns its exit code. intunectl is on the command's PATH. \
INTUNECTL_GRAPH_URL, INTUNECTL_LOGIN_URL, INTUNECTL_TOKEN and INTUNECTL_SANDBOX are set. All other variables that \
select a tenant, an account or an application are unset. Without a command, the sandbox prints the variables to set, \
and runs until you press Ctrl-C.

If INTUNECTL_SANDBOX is set, every request goes to the sandbox, and sign-ins are stored separately from your own. To \
delete them, run `intunectl auth logout --all` in a sandbox.")]
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
    /// List the tenant's partners
    #[command(visible_alias = "ls")]
    #[command(after_help = "\
Examples:
  intunectl partner list
  intunectl partner list -o json
  intunectl partner list -o ndjson \\
    | jq -c 'select(.displayName == \"TeamViewer\")' \\
    | intunectl partner disconnect --dry-run -")]
    List,
    /// Show partners by ID
    #[command(long_about = "\
Show partners by ID.

Without IDs, the command reads standard input, unless that is a terminal.")]
    #[command(after_help = "\
Examples:
  intunectl partner show 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  intunectl partner show --name TeamViewer
  intunectl partner show -f ids.txt -o json
  intunectl partner list -o id | intunectl partner show -o ndjson

Exit codes: `intunectl help exit-codes`")]
    Show {
        #[command(flatten)]
        ids: Ids,
    },
    /// Disconnect partners from the tenant
    #[command(long_about = "\
Disconnect partners from the tenant.

Sends POST /deviceManagement/remoteAssistancePartners/{id}/disconnect for each ID and reports each result. There is no \
undo: to get a partner back, onboard it again.

The command reads all IDs before the first request. If one is not a valid ID, nothing is sent.

In the foreground of a terminal, the command shows the partners and asks for confirmation. In cron, services and \
background jobs, it acts without asking. It also does so if CI is set to anything but false.

The command retries after throttling, gateway errors, lost connections and timeouts. Disconnecting a partner twice is \
harmless.

The token needs the permission DeviceManagementServiceConfig.ReadWrite.All or \
DeviceManagementConfiguration.ReadWrite.All.")]
    #[command(after_help = with_exit_codes!("\
Examples:
  intunectl partner disconnect 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10 --dry-run
  intunectl partner disconnect 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  intunectl partner disconnect --name TeamViewer
  intunectl partner disconnect -f ids.txt --tenant contoso.com --dry-run
  intunectl partner disconnect -f ids.txt --tenant contoso.com -y --wait \\
    -o ndjson > audit.ndjson
  intunectl partner disconnect -f ids.txt --tenant contoso.com -y \\
    --resume audit.ndjson -o ndjson >> audit.ndjson
"))]
    Disconnect(Write),
    /// Start onboarding partners
    #[command(long_about = "\
Start onboarding partners.

Sends POST /deviceManagement/remoteAssistancePartners/{id}/beginOnboarding for each ID and reports each result. The \
partner must then confirm the onboarding at the address that is shown.

In the foreground of a terminal, the command asks for confirmation. In cron, services and background jobs, and if CI is \
set (and not false), it acts without asking.

Everything else works as in `intunectl partner disconnect`.

The token needs the permission DeviceManagementServiceConfig.ReadWrite.All or \
DeviceManagementConfiguration.ReadWrite.All.")]
    #[command(after_help = with_exit_codes!("\
Examples:
  intunectl partner onboard -f ids.txt --dry-run
  intunectl partner onboard 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  intunectl partner onboard --name TeamViewer
  intunectl partner onboard -f ids.txt --tenant contoso.com -y --wait=10m \\
    -o ndjson > audit.ndjson
"))]
    Onboard(Write),
    /// Delete partners from the tenant
    #[command(long_about = "\
Delete partners from the tenant.

Sends DELETE /deviceManagement/remoteAssistancePartners/{id} for each ID and reports each result. There is no undo: a \
deleted partner is no longer in the list and cannot be onboarded. To keep it in the list, use `intunectl partner \
disconnect`. Deleting a partner twice fails with 404.

In the foreground of a terminal, the command asks for confirmation. In cron, services and background jobs, and if CI is \
set (and not false), it acts without asking.

Everything else works as in `intunectl partner disconnect`.

The token needs the permission DeviceManagementServiceConfig.ReadWrite.All or \
DeviceManagementConfiguration.ReadWrite.All.")]
    #[command(after_help = with_exit_codes!("\
Examples:
  intunectl partner delete 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10 --dry-run
  intunectl partner delete 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  intunectl partner delete --name TeamViewer
  intunectl partner delete -f ids.txt --tenant contoso.com -y --wait \\
    -o ndjson > audit.ndjson
"))]
    Delete(Write),
}

#[derive(Args)]
pub struct Ids {
    /// Partner IDs; `-` reads them from standard input
    ///
    /// Files and standard input can contain, in any mix: one ID per line, perhaps with quotes and a comma; blank lines,
    /// and comments that start with #; JSON: objects with an "id", arrays, and pages of results from Graph; what `partner
    /// list` prints for programs. Or a file is CSV with a column "id". The encoding is UTF-8, or UTF-16 with a byte order
    /// mark. If a record has a "tenant_id", the token must be for that tenant.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Read IDs from this file; `-` is standard input
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub from_file: Option<PathBuf>,
    /// Use the partner with exactly this display name, ignoring case (repeatable)
    ///
    /// The list of partners is read first. If no partner has the name, or more than one, nothing is changed and the exit
    /// code is 2.
    #[arg(long = "name", value_name = "NAME")]
    pub names: Vec<PartnerName>,
    /// If there are no IDs, succeed and send nothing
    #[arg(long)]
    pub allow_empty: bool,
}

#[derive(Args)]
pub struct Write {
    #[command(flatten)]
    pub ids: Ids,
    /// Act on up to N partners at once (1 to 64)
    #[arg(short = 'j', long, value_name = "N", default_value_t = 8, value_parser = |text: &str| number::<u8>(text, 1, 64))]
    pub concurrency: u8,
    /// Send at most N writes, and at most 10 x N requests of any kind, per DURATION; `off` for no limit
    ///
    /// The default is the published limit. If you exceed it, the service also throttles other tools that use the same
    /// application.
    #[arg(long, value_name = "N/DURATION|off", default_value = "100/20s", value_parser = rate)]
    pub rate: RateLimit,
    /// Read each partner and report what would happen; change nothing
    ///
    /// The exit code is 1 if a partner cannot be read, or if the token lacks the permission.
    #[arg(long, visible_aliases = ["what-if", "whatif"])]
    pub dry_run: bool,
    /// Skip the confirmation prompt
    #[arg(short, long)]
    pub yes: bool,
    /// Wait until the change is visible, at most DURATION [default of DURATION: 5m]
    ///
    /// If the change is not visible by then, the partner is reported as failed.
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "5m", value_parser = positive)]
    pub wait: Option<Duration>,
    /// Send no new request after the first failure
    #[arg(long)]
    pub fail_fast: bool,
    /// Skip each partner that an earlier run finished in this tenant; FILE has the records of that run (-o ndjson)
    ///
    /// FILE may be the file that this run appends to (with `>>`). Records of other tenants or Graph servers are ignored,
    /// and so are incomplete records.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub resume: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum AuthCommand {
    /// Sign in, and save the sign-in to the system keyring
    #[command(long_about = "\
Sign in, and save the sign-in to the system keyring.

If this machine can open a browser (the variable BROWSER can name one), the browser shows Microsoft's sign-in page. \
Otherwise, you get a code to type into a page on any device. After that, intunectl renews tokens by itself. It does not \
write them to a file.

You sign in to the account's own tenant, unless --tenant names another. An existing profile keeps its cloud, tenant and \
client ID, unless you give --cloud, --tenant or --client-id. --tenant organizations selects the account's own tenant.

The sign-in asks for the permission DeviceManagementServiceConfig.ReadWrite.All. An administrator must consent to it \
once for the tenant.

A token that is stored with --with-token cannot be renewed. It replaces a sign-in that can be renewed only if it is a \
JWT. A token from Azure CLI works only if az is signed in as a service principal or a managed identity.")]
    #[command(after_help = "\
Examples:
  intunectl auth login
  intunectl auth login --device-code --tenant contoso.onmicrosoft.com
  intunectl auth login --profile gov --cloud gcc-high
  intunectl auth login --with-token < token.txt")]
    Login(LoginOptions),
    /// Show which token a command would use
    #[command(long_about = "\
Show which token a command would use.

The command prints the token's source, account, tenant, application, permissions and expiry. It also says whether the \
token can disconnect partners, and which variables are set but not used. A token that expires in less than 5 minutes is \
renewed first.")]
    #[command(after_help = "\
Examples:
  intunectl auth status
  intunectl auth status -o json | jq .tenant_id
  intunectl auth status -q >/dev/null || intunectl auth login

Exit codes:
  0  the token can be used
  4  no usable token")]
    Status,
    /// List the profiles in the system keyring
    #[command(after_help = "\
Examples:
  intunectl auth list
  intunectl auth list -o id")]
    List,
    /// Print the token that a command would use, renewed if necessary
    #[command(after_help = "\
Example:
  printf 'Authorization: Bearer %s' \"$(intunectl auth token)\" \\
    | curl -H @- https://graph.microsoft.com/v1.0/organization")]
    Token,
    /// Delete the profile's sign-in from the system keyring
    #[command(long_about = "\
Delete the profile's sign-in from the system keyring.

Issued tokens stay valid until they expire. If one may have been stolen, also revoke the account's sessions: in \
the Entra admin center, open the user and choose \"Revoke sessions\".")]
    #[command(after_help = "\
Examples:
  intunectl auth logout
  intunectl auth logout --profile contoso
  intunectl auth logout --all")]
    Logout {
        /// Delete the sign-ins of all profiles
        #[arg(long)]
        all: bool,
    },
}

#[derive(Args)]
pub struct LoginOptions {
    /// Sign in with a browser on this machine
    #[arg(long, group = "way")]
    pub browser: bool,
    /// Sign in with a code that you type into a page on any device
    #[arg(long, group = "way")]
    pub device_code: bool,
    /// Store an access token from standard input, alone or in JSON
    #[arg(long, group = "way", conflicts_with = "client_id")]
    pub with_token: bool,
    /// ID of the application to sign in with (a public client) [default: the profile's, else that of Microsoft Graph
    /// Command Line Tools]
    #[arg(long, value_name = "ID", value_parser = client_id)]
    pub client_id: Option<String>,
}

#[derive(Args)]
pub struct SandboxOptions {
    /// Number of partners
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = |text: &str| number::<u32>(text, 0, 1_000_000))]
    pub partners: u32,
    /// Time that each response takes
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub latency: Duration,
    /// Throttle above N writes, or 10 x N requests of any kind, per DURATION; `off` for no limit
    #[arg(long, value_name = "N/DURATION|off", default_value = "100/20s", value_parser = rate)]
    pub throttle: RateLimit,
    /// Answer every change of this partner with this HTTP status (repeatable)
    #[arg(long, value_name = "ID=STATUS", value_parser = failure)]
    pub fail: Vec<(String, u16)>,
    /// Time until the sandbox approves a sign-in
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration)]
    pub approve_after: Duration,
    /// Time until the tokens of a sign-in expire (at least 1s)
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = lifetime)]
    pub token_lifetime: Duration,
    /// Port to listen on; 0 for any free port
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = |text: &str| number::<u16>(text, 0, 65_535))]
    pub port: u16,
    /// Command to run against the sandbox
    #[arg(last = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<std::ffi::OsString>,
}

#[derive(Args)]
#[cfg_attr(test, derive(Default))]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Access token [env: INTUNECTL_TOKEN]; prefer --token-file, as other users of this machine can see a command line
    #[arg(long, global = true, value_name = "TOKEN", conflicts_with = "token_file")]
    pub token: Option<SecretString>,
    /// File that contains the access token, alone or in JSON
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub token_file: Option<PathBuf>,
    /// Profile in the system keyring [env: INTUNECTL_PROFILE] [default: the profile named default]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Tenant to act in; if the token is for another tenant, nothing is sent [default: the token's]
    #[arg(long, global = true, value_name = "ID|DOMAIN")]
    pub tenant: Option<Tenant>,
    /// Microsoft cloud [env: INTUNECTL_CLOUD] [default: the profile's, else global]
    #[arg(long, global = true, value_name = "CLOUD", value_parser = cloud_parser())]
    pub cloud: Option<Cloud>,
    /// URL of the Graph server, without /v1.0 or /beta [env: INTUNECTL_GRAPH_URL] [default: the cloud's]
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub graph_url: Option<String>,
    /// URL of the sign-in server [env: INTUNECTL_LOGIN_URL] [default: the cloud's]
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub login_url: Option<String>,
    /// Version of the Graph API
    #[arg(long, global = true, value_name = "VERSION", default_value = "v1.0", value_parser = ["v1.0", "beta"])]
    pub api_version: String,
    /// Output format [env: INTUNECTL_OUTPUT] [default: text]
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// When to use colour [env: NO_COLOR, CLICOLOR_FORCE]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Time limit of each attempt, of which at most 10s for connecting
    #[arg(long, global = true, value_name = "DURATION", default_value = "30s", value_parser = positive)]
    pub timeout: Duration,
    /// Maximum number of retries of each request
    #[arg(long, global = true, value_name = "N", default_value_t = 4, value_parser = |text: &str| number::<u32>(text, 0, 1000))]
    pub retries: u32,
    /// Also trust the root certificates in this PEM file (SSL_CERT_FILE and SSL_CERT_DIR replace the system's)
    #[arg(long, global = true, value_name = "PEM", value_hint = ValueHint::FilePath)]
    pub ca_cert: Option<PathBuf>,
    /// Print only results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show attempts and waits on standard error; -vv also shows headers, without secrets [env: INTUNECTL_DEBUG=1]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// A rate, or no limit. (clap would take a bare `Option` for an optional option.)
#[derive(Clone, Copy)]
pub struct RateLimit(pub Option<Rate>);

/// clap's own message does not say which numbers are valid ("invalid digit found in string").
fn number<N: TryFrom<u32>>(text: &str, lowest: u32, highest: u32) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| (lowest..=highest).contains(number));
    let number = number.and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| format!("must be a number from {lowest} to {highest}"))
}

fn client_id(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("must not be empty"),
        text if without_tokens(text) != text => Err("looks like a token, not a client ID"),
        text => Ok(text.to_owned()),
    }
}

fn rate(text: &str) -> Result<RateLimit, &'static str> {
    if text == "off" {
        return Ok(RateLimit(None));
    }
    let (requests, window) = text.split_once('/').ok_or("not a rate; use for example 100/20s, or `off`")?;
    let requests = requests.parse().ok().filter(|n| (1..=1_000_000).contains(n));
    let requests = requests.ok_or("the number must be from 1 to 1000000")?;
    Ok(RateLimit(Some(Rate {
        requests,
        window: positive(window)
            .map_err(|_| "the duration must be more than 0 and at most 1 year, with a unit, for example 20s")?,
    })))
}

/// A year: more than any run needs, and every clock can add it to now.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

fn duration(text: &str) -> Result<Duration, &'static str> {
    humantime::parse_duration(text).map_err(|_| "not a duration; use for example 30s or 500ms")
}

fn positive(text: &str) -> Result<Duration, &'static str> {
    let duration = duration(text)?;
    if duration.is_zero() || duration > LONGEST {
        return Err("must be more than 0s and at most 1 year");
    }
    Ok(duration)
}

/// Tokens expire at a whole second.
fn lifetime(text: &str) -> Result<Duration, &'static str> {
    let duration = positive(text)?;
    if duration < Duration::from_secs(1) {
        return Err("must be at least 1s");
    }
    Ok(duration)
}

fn failure(text: &str) -> Result<(String, u16), &'static str> {
    let parts = text.rsplit_once('=').filter(|(id, _)| !id.is_empty());
    let (id, status) = parts.ok_or("not ID=STATUS; use for example 5a4d0b0c-0002-4000-8000-000000000001=403")?;
    let status = status.parse().ok().filter(|status| (400..600).contains(status));
    Ok((id.to_owned(), status.ok_or("the status must be from 400 to 599")?))
}

fn cloud_parser() -> impl clap::builder::TypedValueParser<Value = Cloud> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Cloud::ALL.map(Cloud::name)).try_map(|name| name.parse::<Cloud>())
}

/// What selects a token, a tenant or a server.
const SELECTORS: [&str; 7] =
    ["--token", "--token-file", "--profile", "--tenant", "--cloud", "--graph-url", "--login-url"];

/// An option of [`SELECTORS`] that is given more than once. clap reports this only if both follow the same command;
/// if one is before a command and one after it, the last one would win.
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
    fn clap_accepts_the_definitions() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_rate_is_a_number_per_duration_or_off() {
        assert_eq!(rate("100/20s").unwrap().0, Some(Rate::PUBLISHED));
        assert!(rate("off").unwrap().0.is_none());
        for text in ["", "100", "0/20s", "-1/20s", "100/0s", "100/20", "100/", "/20s", "1e3/1s", "5/999years", "OFF"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_lifetime_is_at_least_one_second() {
        assert_eq!(lifetime("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(lifetime("1h 30m"), Ok(Duration::from_secs(5_400)));
        for text in ["", "0s", "999ms", "1", "-1s", "2years"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_failure_to_simulate_is_an_id_and_an_error_status() {
        assert_eq!(failure("a=b=404"), Ok(("a=b".into(), 404)));
        for text in ["", "a", "a=", "=404", "a=204", "a=600", "a=x"] {
            assert!(failure(text).is_err(), "{text}");
        }
    }
}
