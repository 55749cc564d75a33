//! Which token a call uses. The first source that is set wins, and nothing falls through to the next once one is.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};

use super::claims::Claims;
use super::session::Session;
use super::store::StoreError;
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
    /// Whether the environment holds app credentials.
    pub app_credentials: bool,
    /// The profile in force.
    pub profile: String,
}

/// A token, and what is known of it.
pub struct Token {
    /// The token itself: visible ASCII.
    pub secret: SecretString,
    /// What it says of itself, if it is a JWT.
    pub claims: Option<Claims>,
    /// The profile it comes from, which also says where it may go.
    pub session: Option<Session>,
}

impl Sources {
    /// Finds the token. The keyring is touched only where nothing else is set.
    ///
    /// # Errors
    /// None is set, or the first that is cannot be used: empty, unreadable, malformed, expired.
    pub fn resolve(self, now: SystemTime) -> anyhow::Result<Token> {
        let (secret, source) = match self {
            Self { flag: Some(token), .. } => (token, "--token".to_owned()),
            Self { file: Some(path), .. } => (read_file(&path)?, format!("the token file {}", path.display())),
            Self { environment: Some(value), .. } => (from_environment(value)?, "INTUNECTL_TOKEN".to_owned()),
            Self { app_credentials: true, .. } => return Err(app_credentials().into()),
            Self { profile, .. } => {
                let session = Session::load(&profile).map_err(no_keyring)?.ok_or_else(|| none(&profile))?;
                let source = format!("profile '{profile}'");
                return Token::new(&session.access_token, &source, now)
                    .map(|token| Token { session: Some(session), ..token });
            }
        };
        Token::new(&secret, &source, now)
    }
}

impl Token {
    /// Checks a token from `source`.
    ///
    /// # Errors
    /// It is empty, malformed or expired.
    pub fn new(secret: &SecretString, source: &str, now: SystemTime) -> anyhow::Result<Self> {
        let secret = check(secret, source)?;
        let claims = Claims::read(&secret);
        if let Some(ago) = claims.as_ref().and_then(|claims| claims.expired_for(now)) {
            return Err(Error::auth(format!("the token from {source} expired {} ago; nothing was sent", roughly(ago)))
                .hint("a Graph token lives about an hour: get a new one and run again")
                .into());
        }
        Ok(Self { secret, claims, session: None })
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

fn read_file(path: &std::path::Path) -> Result<SecretString, Error> {
    use std::io::Read as _;

    let unreadable = |reason: &str| Error::usage(format!("cannot read the token file {}: {reason}", path.display()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| unreadable(&plain(&error)))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&plain(&error)))?;
    if bytes.len() as u64 > LARGEST {
        return Err(unreadable("it is too large to be a token"));
    }
    let text = encoding::decode(&bytes).map_err(|error| unreadable(&format!("it {error}")))?;
    Ok(SecretString::from(text.into_owned()))
}

fn from_environment(value: OsString) -> Result<SecretString, Error> {
    // The value itself is never part of the message.
    let text =
        value.into_string().map_err(|_| Error::auth("INTUNECTL_TOKEN holds a character that no header may hold"))?;
    Ok(SecretString::from(text))
}

fn app_credentials() -> Error {
    Error::auth(
        "the environment holds app credentials (AZURE_TENANT_ID, AZURE_CLIENT_ID, …), which this version cannot use yet",
    )
    .hint(
        "get a token with them and hand it over: INTUNECTL_TOKEN=\"$(az account get-access-token --resource-type \
         ms-graph --query accessToken -o tsv)\"; or unset AZURE_CLIENT_ID to use the keyring",
    )
}

fn none(profile: &str) -> Error {
    Error::auth(format!("no access token: nobody is signed in under profile '{profile}'")).hint(FOUR_WAYS)
}

/// Without a keyring there is no token either; what is there but unreadable has its own words.
fn no_keyring(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Damaged) => Error::auth(format!("no access token: {}", StoreError::Damaged))
            .hint("intunectl auth login --with-token replaces it, intunectl auth logout removes it")
            .into(),
        Some(reason) => Error::auth(format!("no access token: {reason}")).hint(FOUR_WAYS).into(),
        None => error,
    }
}

/// What to do without a token.
pub const FOUR_WAYS: &str = "give one in one of four ways:
  1. --token-file PATH (or --token TOKEN)
  2. INTUNECTL_TOKEN in the environment
  3. app credentials in the environment (AZURE_TENANT_ID, AZURE_CLIENT_ID, …; not in this version yet)
  4. the system's keyring: intunectl auth login --with-token < token.txt";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::Kind;

    fn sources() -> Sources {
        Sources { flag: None, file: None, environment: None, app_credentials: false, profile: "default".into() }
    }

    fn resolve(sources: Sources) -> Result<String, (Kind, String)> {
        match sources.resolve(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)) {
            Ok(token) => Ok(token.secret.expose_secret().to_owned()),
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
            app_credentials: true,
            profile: "default".into(),
        };
        let with_flag = Sources { flag: all.flag.take(), ..sources() };
        assert_eq!(resolve(with_flag), Ok("from-flag".into()));
        assert!(resolve(all).unwrap_err().1.contains("/nonexistent/token"));
        let environment = || Some(OsString::from(" from-environment\n"));
        let env = Sources { environment: environment(), app_credentials: true, ..sources() };
        assert_eq!(resolve(env), Ok("from-environment".into()));
        assert!(resolve(Sources { app_credentials: true, ..sources() }).unwrap_err().1.contains("app credentials"));
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
