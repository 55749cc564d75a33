//! Which token a call uses. The first source that is set wins, and nothing falls through to the next once one is.

use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

use super::app::App;
use super::claims::Claims;
use super::session::{self, Session};
use super::store::{self, StoreError};
use crate::encoding;
use crate::error::Error;
use crate::words::{plain, roughly};

/// The source of a token that is being stored.
pub const STANDARD_INPUT: &str = "standard input";
/// More than any token; a file larger than this is not one.
const LARGEST: u64 = 256 * 1024;

/// Where tokens may come from, as given by the user and not yet looked at.
pub struct Sources {
    /// `--token`.
    pub flag: Option<SecretString>,
    /// `--token-file`.
    pub file: Option<PathBuf>,
    /// `INTUNECTL_TOKEN`.
    pub environment: Option<OsString>,
    /// App credentials in the environment.
    pub app: Option<App>,
    /// Whether the environment names an application, but nothing there proves to be it.
    pub half_app: bool,
    /// The profile in force.
    pub profile: String,
}

/// A source that is set.
pub enum Found {
    /// It holds a token that somebody else got.
    Given(Token, Given),
    /// It has to be asked for one.
    App(App),
    /// It holds a sign-in.
    Profile(Box<Session>),
}

/// Where a token that somebody else got was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// `--token`.
    Option,
    /// `--token-file`.
    File(PathBuf),
    /// `INTUNECTL_TOKEN`.
    Environment,
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("--token"),
            Self::File(path) => write!(f, "the token file {}", path.display()),
            Self::Environment => f.write_str("INTUNECTL_TOKEN"),
        }
    }
}

/// A token, and what is known of it.
#[derive(Clone)]
pub struct Token {
    /// The token itself: visible ASCII.
    pub secret: SecretString,
    /// What it says of itself, if it is a JWT.
    pub claims: Option<Claims>,
    /// When it expires, where that is known.
    pub expires_at: Option<SystemTime>,
}

impl Sources {
    /// Whether [`resolve`](Self::resolve) would get along by itself: it would find a token, where there is one, without
    /// taking it from a pipe or a terminal, and without a prompt for the keyring's password. Sources that have to be
    /// asked for a token do not.
    pub fn asks_nobody(&self) -> bool {
        match self {
            Self { flag: Some(_), .. } => true,
            Self { file: Some(path), .. } => path.is_file(),
            Self { environment: Some(_), .. } => true,
            Self { app: Some(_), .. } => false,
            Self { .. } => store::is_open(),
        }
    }

    /// Finds the first that is set. The keyring is touched only where nothing else is.
    ///
    /// # Errors
    /// None is set, or the first that is cannot be used: empty, unreadable, malformed, expired.
    pub fn resolve(self, now: SystemTime) -> anyhow::Result<Found> {
        let (secret, given) = match self {
            Self { flag: Some(token), .. } => (token, Given::Option),
            Self { file: Some(path), .. } => (read_file(&path, "the token file")?, Given::File(path)),
            Self { environment: Some(value), .. } => (from_environment(value)?, Given::Environment),
            Self { app: Some(app), .. } => return Ok(Found::App(app)),
            Self { profile, half_app, .. } => {
                let ways = ways(&profile, half_app);
                let session = Session::load(&profile).map_err(|error| no_keyring(error, &profile, &ways))?;
                let nobody = || {
                    Error::auth(format!("no access token: nobody is signed in under profile '{profile}'")).hint(&ways)
                };
                return Ok(Found::Profile(Box::new(session.ok_or_else(nobody)?)));
            }
        };
        let source = given.to_string();
        let token = Token::read(&secret, &source)?;
        token.not_expired(&source, GET_ANOTHER, now)?;
        Ok(Found::Given(token, given))
    }
}

/// What to do about a token that has expired and that something else got.
pub const GET_ANOTHER: &str = "a Graph token lives about an hour: get a new one and run again";

/// A token with less than this left is renewed before it is used. Source: the contract.
const TOO_LITTLE: Duration = Duration::from_secs(5 * 60);

/// A token is used for this long at the least, whatever is said of its end: a service that gives tokens that have
/// ended by then would be asked for one before every request.
const SHORTEST: Duration = Duration::from_secs(10);

impl Token {
    /// Reads a token from `source`.
    ///
    /// # Errors
    /// It is empty or malformed.
    pub fn read(secret: &SecretString, source: &str) -> Result<Self, Error> {
        let secret = check(secret, source)?;
        let claims = Claims::read(&secret);
        let expires_at = claims.as_ref().and_then(Claims::expiry);
        Ok(Self { secret, claims, expires_at })
    }

    /// Makes sure that it has not expired; `hint` says what to do if it has.
    ///
    /// # Errors
    /// It has.
    pub fn not_expired(&self, source: &str, hint: &str, now: SystemTime) -> Result<(), Error> {
        let Some(ago) = self.expires_at.and_then(|at| now.duration_since(at).ok()) else { return Ok(()) };
        Err(Error::auth(format!("the token from {source} expired {} ago; nothing was sent", roughly(ago))).hint(hint))
    }

    /// How long it has left.
    pub fn expires_in(&self, now: SystemTime) -> Option<Duration> {
        self.expires_at?.duration_since(now).ok()
    }

    /// Whether it has too little left to begin with.
    pub fn is_due(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|at| at.duration_since(now).is_ok_and(|left| left < TOO_LITTLE) || at <= now)
    }

    /// When it is to be renewed, where it is used from now on. One that lives for no more than those 5 minutes is used
    /// for half of them: to renew it at once would be to renew it for every request.
    pub fn renew_at(&self, now: SystemTime) -> Option<SystemTime> {
        let at = self.expires_at?;
        let left = at.duration_since(now).unwrap_or_default();
        if left > TOO_LITTLE { at.checked_sub(TOO_LITTLE) } else { now.checked_add((left / 2).max(SHORTEST)) }
    }
}

/// Trims a token, and refuses what no header may hold.
fn check(secret: &SecretString, source: &str) -> Result<SecretString, Error> {
    let text = secret.expose_secret().trim();
    if text.is_empty() {
        return Err(match source {
            STANDARD_INPUT => Error::auth("standard input holds no token")
                .hint("pipe it in: intunectl auth login --with-token < token.txt"),
            _ => Error::auth(format!("{source} is set, but empty"))
                .hint("an empty token is an error, not an absence: set it, or leave it out to use the next source"),
        });
    }
    if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
        return Err(
            Error::auth(format!("the token from {source} begins with the word Bearer")).hint("give the token alone")
        );
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::auth(format!("the token from {source} holds a character that no header may hold")).hint(
            "a token is one word of letters, digits and punctuation: look for a line break or a space inside it",
        ));
    }
    Ok(SecretString::from(text))
}

/// Reads a file that holds a token; `what` is what the user calls it.
///
/// # Errors
/// It cannot be read, is not text, or is too large to be a token.
pub(super) fn read_file(path: &Path, what: &str) -> Result<SecretString, Error> {
    let what = format!("{what} {}", path.display());
    let file = std::fs::File::open(path).map_err(|error| unreadable(&what, &plain(&error)))?;
    read_from(file, &what)
}

/// Reads a token from a source of text.
///
/// # Errors
/// It cannot be read, is not text, or is too large to be a token.
pub fn read_from(source: impl Read, what: &str) -> Result<SecretString, Error> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(what, &plain(&error)))?;
    if bytes.len() as u64 > LARGEST {
        return Err(unreadable(what, "it is too large to be a token"));
    }
    let text = encoding::decode(&bytes).map_err(|error| unreadable(what, &format!("it {error}")))?;
    Ok(SecretString::from(text.into_owned()))
}

fn unreadable(what: &str, reason: &str) -> Error {
    Error::usage(format!("cannot read {what}: {reason}"))
}

fn from_environment(value: OsString) -> Result<SecretString, Error> {
    // The value itself is never part of the message.
    let text =
        value.into_string().map_err(|_| Error::auth("INTUNECTL_TOKEN holds a character that no header may hold"))?;
    Ok(SecretString::from(text))
}

/// Without a keyring there is no token either; what is there but unreadable has its own words.
fn no_keyring(error: anyhow::Error, profile: &str, ways: &str) -> anyhow::Error {
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Damaged) => Error::auth(format!("no access token: {}", StoreError::Damaged))
            .hint(format!("sign in again, which replaces it: {}", session::command(profile)))
            .into(),
        Some(reason) => Error::auth(format!("no access token: {reason}")).hint(ways).into(),
        None => error,
    }
}

/// What to do without a token.
fn ways(profile: &str, half_app: bool) -> String {
    let half = "AZURE_TENANT_ID and AZURE_CLIENT_ID are set, but nothing that proves the application: \
                AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE, or, in GitHub Actions, `permissions: id-token: write`. \
                Set that, or ";
    format!(
        "{}give a token in one of four ways:
  1. --token-file PATH (or --token TOKEN)
  2. INTUNECTL_TOKEN in the environment
  3. app credentials in the environment: AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_CLIENT_SECRET,
     AZURE_FEDERATED_TOKEN_FILE, or GitHub Actions' id-token
  4. the system's keyring: {}",
        if half_app { half } else { "" },
        session::command(profile)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn sources() -> Sources {
        Sources { flag: None, file: None, environment: None, app: None, half_app: false, profile: "default".into() }
    }

    fn app() -> Option<App> {
        App::in_environment(|name| (!name.starts_with("ACTIONS_")).then(|| "x".into())).unwrap()
    }

    #[test]
    fn a_token_is_renewed_five_minutes_before_its_end_or_halfway_where_it_lives_no_longer() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        // Seconds left; whether it is due; in how many seconds it is to be renewed.
        for (left, is_due, in_seconds) in
            [(3600, false, 3300), (301, false, 1), (300, false, 150), (299, true, 149), (2, true, 10), (0, true, 10)]
        {
            let expires_at = Some(now + Duration::from_secs(left));
            let token = Token { secret: "t".into(), claims: None, expires_at };
            assert_eq!(token.is_due(now), is_due, "{left}");
            let at = token.renew_at(now).unwrap();
            assert_eq!(at.duration_since(now).unwrap().as_secs(), in_seconds, "{left}");
        }
        let expired = Token { secret: "t".into(), claims: None, expires_at: Some(now - Duration::from_secs(9)) };
        assert!(expired.is_due(now) && expired.renew_at(now) == Some(now + SHORTEST));
        let unknown = Token { expires_at: None, ..expired };
        assert!(!unknown.is_due(now) && unknown.renew_at(now).is_none());
    }

    fn resolve(sources: Sources) -> Result<String, (Kind, String)> {
        match sources.resolve(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)) {
            Ok(Found::Given(token, _)) => Ok(token.secret.expose_secret().to_owned()),
            Ok(Found::App(app)) => Ok(app.to_string()),
            Ok(Found::Profile(_)) => panic!("no test touches the keyring"),
            Err(error) => {
                let error = error.downcast::<Error>().unwrap();
                Err((error.kind(), format!("{error} {}", error.hint_text().unwrap_or_default())))
            }
        }
    }

    #[test]
    fn the_first_source_that_is_set_wins() {
        let mut all = Sources {
            flag: Some("from-flag".into()),
            file: Some("/nonexistent/token".into()),
            environment: Some("from-environment".into()),
            app: app(),
            half_app: false,
            profile: "default".into(),
        };
        let with_flag = Sources { flag: all.flag.take(), ..sources() };
        assert_eq!(resolve(with_flag), Ok("from-flag".into()));
        assert!(resolve(all).unwrap_err().1.contains("/nonexistent/token"));
        let environment = || Some(OsString::from(" from-environment\n"));
        let env = Sources { environment: environment(), app: app(), ..sources() };
        assert_eq!(resolve(env), Ok("from-environment".into()));
        let found = resolve(Sources { app: app(), ..sources() }).unwrap();
        assert_eq!(found, "app credentials in the environment (AZURE_CLIENT_SECRET)");
    }

    #[test]
    fn a_source_that_is_set_but_unusable_is_an_error_and_never_shown() {
        for (value, part) in [
            ("", "empty"),
            (" \n\t", "empty"),
            ("se cret", "no header"),
            ("se\ncret", "no header"),
            ("secré", "no header"),
            ("Bearer secret", "word Bearer"),
            ("bearer secret", "word Bearer"),
        ] {
            let (kind, words) = resolve(Sources { flag: Some(value.into()), ..sources() }).unwrap_err();
            assert_eq!(kind, Kind::Auth);
            assert!(words.contains(part) && !words.contains("cr"), "{value:?}: {words}");
        }
    }
}
