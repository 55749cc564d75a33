//! Where a token comes from. One source is selected. If it cannot be used, no other is tried.

use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};

use super::app::App;
use super::session::{self, Session};
use super::store::{self, StoreError};
use super::token::{self, Token};
use super::token_text::{NotAToken, trim};
use crate::error::Error;
use crate::variables::{AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_TENANT_ID, INTUNECTL_TOKEN};

/// What did not happen, because a command has no usable token.
pub const NOTHING_SENT: &str = "nothing was sent";

/// The selected source, not read yet.
pub enum TokenSource {
    /// `--token`.
    Token(SecretString),
    TokenFile(PathBuf),
    /// `INTUNECTL_TOKEN`.
    Variable(OsString),
    App(App),
    /// A variable selects it, but it cannot be used.
    Unusable {
        name: &'static str,
        error: Error,
    },
    Profile(String),
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => StaticSource::Option.fmt(f),
            Self::TokenFile(path) => StaticSource::File(path.clone()).fmt(f),
            Self::Variable(_) => StaticSource::Variable.fmt(f),
            Self::App(app) => app.fmt(f),
            Self::Unusable { name, .. } => f.write_str(name),
            Self::Profile(name) => write!(f, "profile '{name}'"),
        }
    }
}

pub enum ResolvedSource {
    /// A token that the user supplied. It cannot be renewed.
    Static(Token, StaticSource),
    /// An application, which still has to request a token.
    App(App),
    /// A profile, and its sign-in if there is one.
    Profile(String, Option<Box<Session>>),
}

/// Where the user supplied a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaticSource {
    /// `--token`.
    Option,
    File(PathBuf),
    /// `INTUNECTL_TOKEN`.
    Variable,
    /// Standard input of `auth login --with-token`.
    StandardInput,
}

impl fmt::Display for StaticSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("--token"),
            Self::File(path) => write!(f, "the token file {}", path.display()),
            Self::Variable => f.write_str(INTUNECTL_TOKEN),
            Self::StandardInput => f.write_str("standard input"),
        }
    }
}

impl TokenSource {
    /// The source that this variable will name in a later version.
    pub fn unsupported(variable: &'static str) -> Self {
        let error = Error::auth(format!("{variable} is set, but this version cannot use it; nothing was sent"))
            .hint(format!("unset {variable} and set {INTUNECTL_TOKEN}, or add --profile default"));
        Self::Unusable { name: variable, error }
    }

    /// Whether [`resolve`](Self::resolve) returns without waiting for a pipe, a terminal, the keyring's password or the
    /// sign-in service.
    pub fn asks_nobody(&self) -> bool {
        match self {
            Self::Token(_) | Self::Variable(_) => true,
            Self::TokenFile(path) => path.is_file(),
            Self::App(_) | Self::Unusable { .. } => false,
            Self::Profile(_) => store::is_open(),
        }
    }

    /// Reads the source. The keyring is touched only for a profile.
    ///
    /// # Errors
    /// The source is empty, unreadable, malformed or expired, or there is no keyring.
    pub fn resolve(self, now: SystemTime) -> anyhow::Result<ResolvedSource> {
        let (secret, source) = match self {
            Self::Token(token) => (token, StaticSource::Option),
            Self::TokenFile(path) => {
                let read = token::read_file(&path);
                let source = StaticSource::File(path);
                (read.map_err(|reason| source.unreadable(&reason))?, source)
            }
            Self::Variable(value) => (from_variable(value)?, StaticSource::Variable),
            Self::App(app) => return Ok(ResolvedSource::App(app)),
            Self::Unusable { error, .. } => return Err(error.into()),
            Self::Profile(profile) => {
                let session = Session::load(&profile).map_err(|error| no_keyring(error, &profile))?;
                return Ok(ResolvedSource::Profile(profile, session.map(Box::new)));
            }
        };
        Ok(ResolvedSource::Static(source.token(&secret, now)?, source))
    }
}

impl StaticSource {
    /// Reads the token of [`StandardInput`](Self::StandardInput).
    ///
    /// # Errors
    /// It cannot be read, or the token is empty, malformed or expired.
    pub fn read(&self, input: impl Read, now: SystemTime) -> Result<Token, Error> {
        let secret = token::read_from(input).map_err(|reason| self.unreadable(&reason))?;
        self.token(&secret, now)
    }

    /// # Errors
    /// There is no token, it is malformed or expired.
    fn token(&self, secret: &SecretString, now: SystemTime) -> Result<Token, Error> {
        if trim(secret.expose_secret()).is_empty() {
            return Err(self.empty());
        }
        let token = Token::given(secret).map_err(|reason| self.rejects(&reason))?;
        token.not_expired(
            &self.to_string(),
            self.outcome(),
            "get a new token, then run the command again. Most tokens are valid for about an hour",
            now,
        )?;
        Ok(token)
    }

    fn empty(&self) -> Error {
        let message = match self {
            Self::StandardInput => format!("standard input contains no token; {}", self.outcome()),
            _ => format!("{self} is empty"),
        };
        Error::auth(message).hint(match self {
            Self::StandardInput => {
                "write the token to a file, then run:\n  intunectl auth login --with-token < token.txt"
            }
            Self::Option => "give a token, or leave out --token",
            Self::Variable => "set it to a token, or unset it",
            Self::File(_) => "write a token to the file, or leave out --token-file",
        })
    }

    fn rejects(&self, reason: &NotAToken) -> Error {
        Error::auth(format!("{self} {reason}; {}", self.outcome())).hint(reason.hint())
    }

    fn unreadable(&self, reason: &str) -> Error {
        Error::auth(format!("cannot read {self}: {reason}; {}", self.outcome()))
    }

    /// What did not happen, because there is no usable token.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::StandardInput => "nothing was stored",
            Self::Option | Self::File(_) | Self::Variable => NOTHING_SENT,
        }
    }
}

/// The error if there is no sign-in for a profile.
pub fn not_signed_in(profile: &str) -> Error {
    let other = match profile {
        "default" => format!("in a script, {}", other_ways()),
        // No other source is used if --profile names one.
        _ => "`intunectl auth list` shows the profiles".to_owned(),
    };
    Error::auth(format!("no access token: not signed in (profile '{profile}')"))
        .hint(format!("{other}. To sign in:\n  {}", session::login_command(profile)))
}

fn from_variable(value: OsString) -> Result<SecretString, Error> {
    // The value itself is never part of the message.
    let text = value.into_string().map_err(|_| Error::auth(format!("{INTUNECTL_TOKEN} is not valid Unicode")))?;
    Ok(SecretString::from(text))
}

fn no_keyring(error: anyhow::Error, profile: &str) -> anyhow::Error {
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Damaged) => Error::auth(format!("no access token: {}", StoreError::Damaged))
            .hint(session::sign_in_again(profile))
            .into(),
        Some(reason) => Error::auth(format!("no access token: {reason}"))
            .hint(format!("start or unlock the system keyring, or {}", other_ways()))
            .into(),
        None => error,
    }
}

/// The ways to a token without the keyring.
fn other_ways() -> String {
    format!(
        "use --token-file or {INTUNECTL_TOKEN}, or set {AZURE_TENANT_ID}, {AZURE_CLIENT_ID} and {AZURE_CLIENT_SECRET}"
    )
}
