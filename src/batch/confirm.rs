//! After a 204, which is a promise: whether it has taken effect.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::action::Action;
use crate::cancel::StopFlag;
use crate::graph::client::{Client, Ended, Outcome, Progress};
use crate::graph::failure::{CallContext, CallFailure};
use crate::graph::partner::{self, Partner};
use crate::ids::PartnerId;
use crate::text::sanitize::sanitize;

const LONGEST: Duration = Duration::from_secs(10);

/// What came of waiting.
pub enum Confirmation {
    /// The partner is as it was to be.
    InEffect,
    /// The time ran out before.
    TimeUp {
        /// How long it was.
        waited: Duration,
        /// What was seen last.
        seen: String,
    },
    /// The service does not let the partner be read, or not for a long time.
    Refused(CallFailure),
    /// The run was stopped before.
    Stopped {
        /// What was seen last.
        seen: String,
    },
}

/// Reads a partner until it shows that `action` has taken effect, for no longer than `wait`. `reads` bounds how many
/// partners are read at once.
///
/// The last read may end after the time has run out or the run was stopped: it is not broken off, since it may be
/// renewing the sign-in.
pub async fn confirm(
    client: &Client<'_>,
    action: &Action,
    id: &PartnerId,
    wait: Duration,
    context: CallContext<'_>,
    reads: &Semaphore,
) -> Confirmation {
    let over = StopFlag::default();
    let watching = async {
        tokio::select! {
            () = context.cancel.flag.wait() => {}
            () = tokio::time::sleep(wait) => {}
        }
        over.set();
        std::future::pending::<Confirmation>().await
    };
    let reading = async {
        let mut seen = "the partner could not be read".to_owned();
        for interval in intervals() {
            let turn = async {
                tokio::time::sleep(interval).await;
                reads.acquire().await
            };
            let turn = tokio::select! {
                biased;
                () = over.wait() => None,
                turn = turn => Some(turn),
            };
            if turn.is_none() {
                break;
            }
            let outcome = partner::get(client, id.as_str(), &Cell::new(Progress::default()), &over).await;
            let is_over = outcome.ended == Ended::Stopped;
            // That it was not tried again is no news where the time was up.
            let ended = if is_over { Ended::Settled } else { outcome.ended };
            match Partner::from_outcome(Outcome { ended, ..outcome }, id, context) {
                Ok(partner) => {
                    let status = partner.fields.onboarding_status;
                    if status.as_deref().is_some_and(|status| action.in_effect.includes(status)) {
                        return Confirmation::InEffect;
                    }
                    seen = format!("the status is still {}", sanitize(status.as_deref().unwrap_or("missing")));
                }
                // What was seen before says more than that nothing was sent, or that the token was being renewed.
                Err(failure) if is_over && (failure.is_unsent || failure.http_status == Some(401)) => {}
                Err(failure)
                    if matches!(ended, Ended::Hopeless(_)) || matches!(failure.http_status, Some(401 | 403)) =>
                {
                    return Confirmation::Refused(failure);
                }
                Err(failure) => seen = format!("reading the partner failed: {}", failure.in_words()),
            }
        }
        match context.cancel.is_set() {
            true => Confirmation::Stopped { seen },
            false => Confirmation::TimeUp { waited: wait, seen },
        }
    };
    tokio::select! {
        // First, so that nothing is read where the run was stopped before.
        biased;
        confirmation = watching => confirmation,
        confirmation = reading => confirmation,
    }
}

/// The times before each read: at once, then 1 s, 2 s, 4 s, 8 s, and 10 s without end.
fn intervals() -> impl Iterator<Item = Duration> {
    let growing = std::iter::successors(Some(Duration::from_secs(1)), |last| Some((*last * 2).min(LONGEST)));
    std::iter::once(Duration::ZERO).chain(growing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_between_reads_grows_from_one_second_to_ten() {
        let seconds: Vec<_> = intervals().map(|interval| interval.as_secs()).take(8).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8, 10, 10, 10]);
    }
}
