//! Reads several partners at once.

use std::cell::Cell;

use futures_util::{Stream, StreamExt as _, stream};

use crate::cancel::CancelReason;
use crate::exit::Verdict;
use crate::graph::client::{Client, Progress};
use crate::graph::failure::{CallContext, CallFailure};
use crate::graph::partner::{self, Partner};
use crate::ids::PartnerId;

/// How many partners are read at once: the default of `--concurrency`.
const CONCURRENCY: usize = 8;

/// Reads partners, and returns each or its failure, in the order of the IDs. If the service rejects the token, sets
/// `context.cancel` and reads no more.
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
