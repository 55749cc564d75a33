//! `auth logout`.

use crate::auth::session::Session;
use crate::auth::store::{self, StoreError};
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;

/// Deleting what does not exist is not a failure: the result is the same.
pub fn run(context: &Context, all: bool) -> anyhow::Result<Exit> {
    let console = &context.console;
    if context.tenant().is_some() {
        return Err(Error::usage(
            "auth logout deletes a profile's sign-in, whatever its tenant: --tenant is not used here",
        )
        .hint("name the profile: --profile NAME. `intunectl auth list` shows each profile's tenant")
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
            // The others are to be deleted all the same.
            Err(error) if all => {
                console.error(&format!("cannot delete the sign-in of profile '{profile}': {error}"));
                exit = Exit::Failure;
            }
            Err(error) => return Err(error),
        }
    }
    if turn.is_contested {
        console.warning_with_hint(
            &format!("{}: it may store a sign-in again", StoreError::Busy),
            "when it has ended, check with `intunectl auth list`",
        );
    }
    Ok(exit)
}
