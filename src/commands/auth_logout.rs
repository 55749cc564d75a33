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
    let mut exit = Exit::Success;
    for profile in profiles {
        match Session::forget(&profile) {
            Ok(true) => context
                .console
                .note(&format!("forgot the sign-in of profile '{profile}'; its tokens stay valid until they expire")),
            Ok(false) => context.console.note(&format!("nobody was signed in under profile '{profile}'")),
            // The others are to be forgotten all the same.
            Err(error) if all => {
                context.console.error(&format!("the sign-in of profile '{profile}' is still there: {error}"));
                exit = Exit::Failure;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(exit)
}
