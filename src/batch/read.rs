//! Several partners, read at once.

use std::cell::Cell;

use futures_util::{Stream, StreamExt as _, stream};

use crate::cancel::CancelReason;
use crate::exit::Verdict;
use crate::graph::client::{Client, Progress};
use crate::graph::failure::{CallContext, CallFailure};
use crate::graph::partner::{self, Partner};
use crate::ids::PartnerId;

/// How many are read at once: as many as are changed at once, unless an option says otherwise.
const CONCURRENCY: usize = 8;

/// Reads partners, and gives each in the order of the IDs, or why it is not there. Where the service refuses the token,
/// `context.cancel` is set, and no other is read.
pub fn read<'a>(
    client: &'a Client<'_>,
    ids: impl Iterator<Item = &'a PartnerId> + 'a,
    context: CallContext<'a>,
) -> impl Stream<Item = (&'a PartnerId, Result<Partner, CallFailure>)> + 'a {
    let reads = ids.map(move |id| async move {
        let outcome = partner::get(client, id.as_str(), &Cell::new(Progress::default()), &context.cancel.flag).await;
        let partner = Partner::from_outcome(outcome, id, context);
        if partner.as_ref().is_err_and(|failure| failure.verdict() == Verdict::Unauthorized) {
            context.cancel.set(CancelReason::Unauthorized);
        }
        (id, partner)
    });
    stream::iter(reads).buffered(CONCURRENCY)
}
