//! `--name`: finds partners by their display names.

use std::collections::HashMap;

use crate::context::Context;
use crate::error::Error;
use crate::graph::advice::Caller;
use crate::graph::client::Client;
use crate::graph::failure::CallContext;
use crate::graph::partner::{self, Partner};
use crate::ids::PartnerId;
use crate::ids::name::{PartnerName, folded};
use crate::text::humanize::counted;
use crate::text::sanitize::sanitize;

/// How many partners are listed if none has a name. The others are counted.
const MOST_LISTED: usize = 10;

/// The ID of each partner, in the order of the names. Reads the whole list, or nothing if there are no names.
///
/// # Errors
/// The list cannot be read. Or a usage error: a name is not the name of exactly one partner.
pub async fn find(
    context: &Context,
    client: &Client<'_>,
    caller: &Caller,
    names: &[PartnerName],
) -> anyhow::Result<Vec<PartnerId>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let _reading = context.console.reading("the partners");
    let partners = partner::list(client, CallContext::new(client, caller, &context.cancel)).await;
    Ok(pick(names, &partners.map_err(|error| error.and("nothing was changed"))?)?)
}

/// The partners with the same name without case.
type ByName<'a> = HashMap<String, Vec<&'a Partner>>;

fn pick(names: &[PartnerName], partners: &[Partner]) -> Result<Vec<PartnerId>, Error> {
    let mut by_name = ByName::new();
    for partner in partners {
        let same = by_name.entry(folded(display_name(partner))).or_default();
        // While partners are added or deleted, two pages may contain the same one.
        if !same.iter().any(|other| other.fields.id == partner.fields.id) {
            same.push(partner);
        }
    }
    let (mut ids, mut problems) = (Vec::new(), Vec::new());
    for name in names {
        match by_name.get(name.folded()).map(Vec::as_slice) {
            Some([partner]) => ids.push(id(partner)?),
            Some(same) => problems.push(several(name, same)),
            None => problems.push(none(name, partners)),
        }
    }
    if problems.is_empty() {
        return Ok(ids);
    }
    let message =
        format!("{} in the names; nothing was changed:{}", counted(problems.len(), "error"), problems.concat());
    Err(Error::usage(message).hint("give an ID, or a name exactly as `intunectl partner list` shows it"))
}

fn id(partner: &Partner) -> Result<PartnerId, Error> {
    PartnerId::parse(&partner.fields.id).map_err(|reason| {
        let name = sanitize(display_name(partner));
        Error::failure(format!("the ID of partner {name} in Graph's list {reason}; nothing was changed"))
    })
}

fn several(name: &PartnerName, partners: &[&Partner]) -> String {
    let rows: String = partners.iter().copied().map(row).collect();
    format!("\n  {name}: {} have this name:{rows}", counted(partners.len(), "partner"))
}

/// Lists the partners with a name, similar names first.
fn none(name: &PartnerName, partners: &[Partner]) -> String {
    let mut candidates: Vec<_> = partners.iter().filter(|partner| !display_name(partner).is_empty()).collect();
    if candidates.is_empty() {
        return format!("\n  {name}: no partner has this name");
    }
    candidates.sort_by_cached_key(|partner| !name.resembles(&folded(display_name(partner))));
    let rows: String = candidates.iter().copied().take(MOST_LISTED).map(row).collect();
    let more = match candidates.len().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        more => format!("\n    … and {more} more"),
    };
    format!("\n  {name}: no partner has this name. The partners are:{rows}{more}")
}

/// A partner as a line of the message.
fn row(partner: &Partner) -> String {
    let fields = &partner.fields;
    let words: Vec<_> =
        [&fields.display_name, &fields.onboarding_status].into_iter().flatten().map(|text| sanitize(text)).collect();
    format!("\n    {}  {}", sanitize(&fields.id), words.join(", "))
}

fn display_name(partner: &Partner) -> &str {
    partner.fields.display_name.as_deref().unwrap_or_default()
}
