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

/// How many names, and how many partners, a message lists. The others are counted.
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
    let (mut ids, mut problems, mut is_unknown) = (Vec::new(), Vec::new(), false);
    for name in names {
        let found = by_name.get(name.folded()).map(Vec::as_slice);
        is_unknown |= found.is_none();
        match found {
            None => problems.push(format!("{name}: no partner has this name")),
            Some([partner]) => match PartnerId::parse(&partner.fields.id) {
                Ok(id) => ids.push(id),
                Err(reason) => problems.push(format!("{name}: the ID of this partner {reason}")),
            },
            Some(same) => {
                let rows = listed(same.iter().map(|partner| row(partner)), "    ");
                problems.push(format!("{name}: {} have this name:{rows}", counted(same.len(), "partner")));
            }
        }
    }
    if problems.is_empty() {
        return Ok(ids);
    }
    let count = counted(problems.len(), "error");
    let mut message = format!("{count} in the names; nothing was changed:{}", listed(problems.into_iter(), "  "));
    let mut named: Vec<_> = partners.iter().filter(|partner| !display_name(partner).is_empty()).collect();
    if !is_unknown || named.is_empty() {
        return Err(Error::usage(message).hint("give the ID of the partner instead of its name"));
    }
    message += "\nThe partners are:";
    // First those that contain a name that was given.
    let is_other = |partner: &Partner| {
        let own = folded(display_name(partner));
        !names.iter().any(|name| own.contains(name.folded()))
    };
    named.sort_by_cached_key(|partner| is_other(partner));
    message += &listed(named.into_iter().map(row), "  ");
    Err(Error::usage(message).hint("give a name exactly as it is shown above, or give the ID"))
}

/// The first lines of a list, each on a line of its own, and the number of the others.
fn listed(lines: impl Iterator<Item = String>, indent: &str) -> String {
    let (mut text, mut more) = (String::new(), 0);
    for (n, line) in lines.enumerate() {
        match n < MOST_LISTED {
            true => text += &format!("\n{indent}{line}"),
            false => more += 1,
        }
    }
    if more > 0 {
        text += &format!("\n{indent}… and {more} more");
    }
    text
}

/// A partner as a line of the message. The quotes show where its name ends.
fn row(partner: &Partner) -> String {
    let status = partner.fields.onboarding_status.as_deref().map(|status| format!(" ({})", sanitize(status)));
    format!("{}  `{}`{}", sanitize(&partner.fields.id), sanitize(display_name(partner)), status.unwrap_or_default())
}

fn display_name(partner: &Partner) -> &str {
    partner.fields.display_name.as_deref().unwrap_or_default()
}
