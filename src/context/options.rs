//! What was asked for on the command line, as far as every command has it; without clap.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::auth::tenant::Tenant;
use crate::net::root::Cloud;
use crate::output::Format;
use crate::output::console::Color;

/// The options.
#[derive(Default)]
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
