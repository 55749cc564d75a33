//! Several partners, read at once.

use std::cell::Cell;

use futures_util::{Stream, StreamExt as _, stream};

use super::undone::{Ends, Reason, Undone};
use crate::cancel::Cancel;
use crate::exit::Verdict;
use crate::graph::client::{Client, Progress};
use crate::graph::partner::{self, Partner};
use crate::ids::PartnerId;

/// How many are read at once: as many as are changed at once, unless an option says otherwise.
const CONCURRENCY: usize = 8;

/// Reads partners, and gives each in the order of the IDs, or why it is not there. Where the service refuses the token,
/// `stop` is set, and no other is read.
pub fn read<'a>(
    client: &'a Client<'_>,
    ids: impl Iterator<Item = &'a PartnerId> + 'a,
    ends: Ends<'a>,
    stop: &'a Cancel,
) -> impl Stream<Item = (&'a PartnerId, Result<Partner, Undone>)> + 'a {
    let reads = ids.map(move |id| async move {
        let outcome = partner::get(client, id.as_str(), &Cell::new(Progress::default()), stop).await;
        let partner = ends.read(id, outcome, Some(Reason::Unauthorized));
        if partner.as_ref().is_err_and(|undone| undone.verdict() == Verdict::Unauthorized) {
            stop.set();
        }
        (id, partner)
    });
    stream::iter(reads).buffered(CONCURRENCY)
}
