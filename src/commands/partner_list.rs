//! `partner list`.

use crate::context::{Context, block_on, stdout_is_terminal};
use crate::error::Error;
use crate::exit::Exit;
use crate::graph::advice::{READ_PERMISSION, WRITE_PERMISSION};
use crate::graph::pace::Rate;
use crate::graph::partner;
use crate::ids::PartnerId;
use crate::output::{Format, stdout, table};

/// Runs it. Nothing is printed before the last page is there: half a list, piped into `disconnect`, would pass for
/// the whole.
///
/// # Errors
/// There is no usable token, or the service does not give the list.
pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let partners = block_on(async {
        let connection = context.connect().await?;
        context.warn_about(&connection, &[READ_PERMISSION, WRITE_PERMISSION]);
        let client = context.client(&connection, Some(Rate::PUBLISHED.for_reads()))?;
        partner::list(&client, connection.is_app_only()).await
    })?;
    if context.format == Format::Id
        && let Some((n, reason)) = (1_usize..)
            .zip(&partners)
            .find_map(|(n, partner)| PartnerId::parse(&partner.fields.id).err().map(|reason| (n, reason)))
    {
        // One line would be read as another ID, or as several.
        return Err(
            Error::failure(format!("the ID of partner {n} in Graph's list {reason}; nothing was printed")).into()
        );
    }
    let mut text = Vec::new();
    table::write(&mut text, &partners, context.format, stdout_is_terminal())?;
    stdout::print(&text)
}
