//! `partner show`.

use anyhow::Context as _;
use futures_util::StreamExt as _;

use super::by_name;
use crate::batch::read::read;
use crate::cli;
use crate::context::Context;
use crate::exit::{Exit, Verdict, fold};
use crate::graph::failure::CallContext;
use crate::graph::pace::Rate;
use crate::graph::partner::Partner;
use crate::ids::Collected;
use crate::ids::input::{self, Stdin};
use crate::output::partners::PartnerWithUrl;
use crate::output::stdout;
use crate::output::terminal::TextStyle;
use crate::permission;
use crate::text::humanize::counted;
use crate::text::sanitize::sanitize;

/// Runs it.
///
/// # Errors
/// An ID is invalid, or there is no usable token. A partner that cannot be read is reported, and the command fails.
pub fn run(context: &Context, ids: cli::Ids) -> anyhow::Result<Exit> {
    context.run_until_interrupted(show(context, ids))
}

async fn show(context: &Context, cli::Ids { ids, from_file, names, allow_empty }: cli::Ids) -> anyhow::Result<Exit> {
    let selection = context.selection()?;
    let (stdin, needed_by) = match names.as_slice() {
        [] => (Stdin::ByDefault, (!allow_empty).then_some("show")),
        _ => (Stdin::IfNamed, None),
    };
    let reading = tokio::task::spawn_blocking(move || input::read(&ids, from_file.as_deref(), stdin, needed_by));
    let Collected { mut ids, tenants, warnings } = reading.await.context("reading the IDs failed")??;
    for warning in warnings {
        context.console.warning(&warning);
    }
    if ids.is_empty() && names.is_empty() {
        context.console.note(input::NONE_GIVEN);
        let text = context.format.list::<Partner>(&[], TextStyle::of(&std::io::stdout(), context.color))?;
        return stdout::print_patiently(text).await;
    }
    let connection = context.connect(selection).await?;
    tenants.check(connection.tenant())?;
    context.warn_about(&connection, permission::READ);
    let client = context.client(&connection, Some(Rate::PUBLISHED))?;
    let caller = connection.caller();
    ids.extend(by_name::find(context, &client, &caller, &names).await?);
    let (mut partners, mut verdicts, mut hints, mut unread) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let reading = context.console.reading("the partners");
    let mut read = std::pin::pin!(read(
        &client,
        ids.iter().map(|(id, _)| id),
        CallContext::new(&client, &caller, &context.cancel)
    ));
    while let Some((id, partner)) = read.next().await {
        match partner {
            Ok(partner) => partners.push(PartnerWithUrl(partner)),
            // One line for all: there may be thousands, and the reason was reported before.
            Err(failure) if failure.is_unsent => {
                verdicts.push(failure.verdict());
                unread.push(failure.message);
            }
            Err(failure) => {
                context.console.error(&format!("{}: {}", sanitize(id.as_str()), failure.in_words()));
                verdicts.push(failure.verdict());
                hints.extend(failure.hint.filter(|hint| !hints.contains(hint)));
            }
        }
    }
    drop(reading);
    if let Some(why) = unread.last() {
        let partners = counted(unread.len(), "more partner");
        context.console.error(&format!("{partners} not read: {}", sanitize(why)));
    }
    let text = context.format.list(&partners, TextStyle::of(&std::io::stdout(), context.color))?;
    if let Err(error) = stdout::print_patiently(text).await {
        context.console.failure(&error);
        verdicts.push(Verdict::Undone);
    }
    for hint in hints {
        context.console.hint(&hint);
    }
    Ok(fold(verdicts, None))
}
