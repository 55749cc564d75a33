//! `auth logout`.

use crate::auth::session::Session;
use crate::auth::store;
use crate::context::Context;
use crate::exit::Exit;

/// Runs it. To forget what was never known is no failure: afterwards it is as it was asked for.
///
/// # Errors
/// There is no keyring, it is locked or does not answer.
pub fn run(context: &Context, all: bool) -> anyhow::Result<Exit> {
    let profiles = if all { store::profiles()? } else { vec![context.profile.clone()] };
    if profiles.is_empty() {
        context.console.note("nobody was signed in");
    }
    for profile in profiles {
        context.console.note(&if Session::forget(&profile)? {
            format!("forgot the sign-in of profile '{profile}'; its tokens stay valid until they expire")
        } else {
            format!("nobody was signed in under profile '{profile}'")
        });
    }
    Ok(Exit::Success)
}
