//! `auth login`: so far, with a token that somebody else got.

use std::io::{IsTerminal as _, Read as _};
use std::time::SystemTime;

use secrecy::SecretString;

use crate::auth::session::Session;
use crate::auth::store::{self, StoreError};
use crate::auth::token::{STANDARD_INPUT, Token};
use crate::clean::clean;
use crate::context::Context;
use crate::encoding;
use crate::error::Error;
use crate::exit::Exit;
use crate::words::{plain, roughly};

/// The most that is read: far more than any token.
const LARGEST: u64 = 256 * 1024;

/// Runs it.
///
/// # Errors
/// There is no keyring, or no usable token on standard input.
pub fn run(context: &Context, with_token: bool) -> anyhow::Result<Exit> {
    if !with_token {
        return Err(Error::usage("signing in by browser or device code is not in this version yet")
            .hint(
                "hand over a token that another tool got:
  az account get-access-token --resource-type ms-graph --query accessToken -o tsv \\
    | intunectl auth login --with-token",
            )
            .into());
    }
    if std::io::stdin().is_terminal() {
        return Err(Error::usage("--with-token reads the token from standard input, which is a terminal")
            .hint("intunectl auth login --with-token < token.txt")
            .into());
    }
    store::check().map_err(|reason| no_keyring(&reason))?;
    let token = Token::new(&read()?, STANDARD_INPUT, SystemTime::now())?;
    let (graph, login) = context.roots();
    let session = Session {
        access_token: token.secret,
        graph_url: graph.as_str().to_owned(),
        login_url: login.as_str().to_owned(),
    };
    session.save(&context.profile).map_err(|error| match error.downcast::<StoreError>() {
        Ok(reason) => no_keyring(&reason).into(),
        Err(error) => error,
    })?;
    let claims = token.claims.as_ref();
    let account = claims.and_then(|claims| claims.account()).map(|name| format!(" for {}", clean(name)));
    let expiry = claims.and_then(|claims| claims.expires_in(SystemTime::now()));
    let expiry = expiry.map(|left| format!("; it expires in {}", roughly(left)));
    context.console.note(&format!(
        "stored the token{} under profile '{}', for {}{}",
        account.unwrap_or_default(),
        context.profile,
        graph.as_str(),
        expiry.unwrap_or_default()
    ));
    Ok(Exit::Success)
}

fn read() -> anyhow::Result<SecretString> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::usage(format!("cannot read standard input: {}", plain(&error))))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::usage("standard input holds far more than a token").into());
    }
    let text = encoding::decode(&bytes).map_err(|error| Error::usage(format!("standard input {error}")))?;
    Ok(SecretString::from(text.into_owned()))
}

/// Nothing is written anywhere else instead.
fn no_keyring(reason: &StoreError) -> Error {
    Error::failure(format!("the token cannot be kept: {reason}")).hint(match reason {
        StoreError::Busy => "try again when it is done, or set INTUNECTL_TOKEN in the environment instead",
        _ => "unlock or install the system's keyring, or set INTUNECTL_TOKEN in the environment instead",
    })
}
