//! `auth logout`.

use crate::auth::session::Session;
use crate::auth::store::{self, StoreError};
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;

/// Deleting a sign-in that does not exist is a success: the result is the same.
pub fn run(context: &Context, all: bool) -> anyhow::Result<Exit> {
    let console = &context.console;
    if context.tenant().is_some() {
        return Err(Error::usage("auth logout deletes a profile, and does not accept --tenant")
            .hint("use --profile NAME; `intunectl auth list` shows each profile's tenant")
            .into());
    }
    context.note_rehearsal()?;
    let profiles = if all { store::profiles()? } else { vec![context.profile()?] };
    if profiles.is_empty() {
        console.note("not signed in");
        return Ok(Exit::Success);
    }
    let turn = store::turn_to_delete()?;
    let mut exit = Exit::Success;
    for profile in profiles {
        match Session::forget(&profile) {
            Ok(true) => console
                .note(&format!("deleted the sign-in of profile '{profile}'; its tokens stay valid until they expire")),
            Ok(false) => console.note(&format!("not signed in (profile '{profile}')")),
            // Go on with the others.
            Err(error) if all => {
                console.error(&format!("cannot delete the sign-in of profile '{profile}': {error}"));
                exit = Exit::Failure;
            }
            Err(error) => return Err(error),
        }
    }
    if turn.is_contested {
        console.warning_with_hint(
            &format!("{}; it may store a sign-in again", StoreError::Busy),
            "after it ends, check with `intunectl auth list`",
        );
    }
    Ok(exit)
}
