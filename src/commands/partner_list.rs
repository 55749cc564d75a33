//! `partner list`.

use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::graph::failure::CallContext;
use crate::graph::pace::Rate;
use crate::graph::partner;
use crate::ids::PartnerId;
use crate::output::terminal::{Layout, TextStyle};
use crate::output::{Format, stdout};
use crate::permission;

/// Runs it. Nothing is printed before the last page is read: in a pipe to `disconnect`, half a list would look
/// complete.
///
/// # Errors
/// There is no usable token, or the list cannot be read.
pub fn run(context: &Context) -> anyhow::Result<Exit> {
    context.run_until_interrupted(list(context))
}

async fn list(context: &Context) -> anyhow::Result<Exit> {
    let connection = context.connect(context.selection()?).await?;
    context.warn_about(&connection, permission::READ);
    let client = context.client(&connection, Some(Rate::PUBLISHED))?;
    let reading = context.console.reading("the partners");
    let caller = connection.caller();
    let partners = partner::list(&client, CallContext::new(&client, &caller, &context.cancel)).await?;
    drop(reading);
    if context.format == Format::Id
        && let Some((n, reason)) = (1_usize..)
            .zip(&partners)
            .find_map(|(n, partner)| PartnerId::parse(&partner.fields.id).err().map(|reason| (n, reason)))
    {
        // As a line of IDs, it would be read as another ID, or as several.
        return Err(
            Error::failure(format!("the ID of partner {n} in Graph's list {reason}; nothing was printed")).into()
        );
    }
    let style = TextStyle::of(&std::io::stdout(), context.color);
    if partners.is_empty() && context.format == Format::Text && style.layout != Layout::Tabs {
        context.console.note("no partners");
    }
    stdout::print_patiently(context.format.list(&partners, style)?).await
}
