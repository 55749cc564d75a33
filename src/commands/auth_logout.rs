//! `auth logout`.

use crate::auth::session::Session;
use crate::context::Context;
use crate::exit::Exit;

/// Runs it. To forget what was never known is no failure: afterwards it is as it was asked for.
///
/// # Errors
/// There is no keyring, it is locked or does not answer.
pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let profile = &context.profile;
    context.console.note(&if Session::forget(profile)? {
        format!("forgot the token of profile '{profile}'; it stays valid until it expires")
    } else {
        format!("nobody was signed in under profile '{profile}'")
    });
    Ok(Exit::Success)
}
