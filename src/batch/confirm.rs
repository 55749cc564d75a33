//! `--wait`: a 204 means only that the request was accepted, so the partner is read until the change has taken effect.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::action::{Action, Effect};
use crate::cancel::StopFlag;
use crate::graph::client::{Client, Ended, Outcome, Progress};
use crate::graph::failure::{CallContext, CallFailure};
use crate::graph::partner::{self, Partner};
use crate::ids::PartnerId;
use crate::text::sanitize::sanitize;

const LONGEST: Duration = Duration::from_secs(10);

/// How the wait ended.
pub enum Confirmation {
    InEffect,
    /// The time ran out.
    TimeUp {
        waited: Duration,
        /// What the last read showed, in words.
        seen: String,
    },
    /// The service refuses to let the partner be read, or asks to wait too long.
    Refused(CallFailure),
    /// The run was stopped.
    Stopped {
        /// What the last read showed, in words.
        seen: String,
    },
}

/// Reads a partner until `action` has taken effect, for at most `wait`. `reads` limits how many partners are read at
/// once.
///
/// The last read may finish after that, or after the run was stopped: it is not aborted, because it may be renewing the
/// sign-in.
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
            // After the time is up, "not retried" would say nothing new.
            let ended = if is_over { Ended::Settled } else { outcome.ended };
            let read = Partner::from_outcome(Outcome { ended, ..outcome }, id, context);
            if shows(&action.effect, &read) {
                return Confirmation::InEffect;
            }
            match read {
                Ok(partner) => seen = unchanged(&action.effect, &partner),
                // An earlier read says more than a request that was not sent, or a token that was being renewed.
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
        // First, so that nothing is read after the run was stopped.
        biased;
        confirmation = watching => confirmation,
        confirmation = reading => confirmation,
    }
}

/// Whether a read shows this effect.
fn shows(effect: &Effect, read: &Result<Partner, CallFailure>) -> bool {
    match (effect, read) {
        (Effect::Status(expected), Ok(partner)) => {
            partner.fields.onboarding_status.as_deref().is_some_and(|status| expected.includes(status))
        }
        (Effect::Gone, Err(failure)) => failure.http_status == Some(404),
        _ => false,
    }
}

/// What a read shows instead of the effect, in words.
fn unchanged(effect: &Effect, partner: &Partner) -> String {
    match effect {
        Effect::Status(_) => {
            let status = partner.fields.onboarding_status.as_deref().unwrap_or("missing");
            format!("the status is still {}", sanitize(status))
        }
        Effect::Gone => "the partner still exists".to_owned(),
    }
}

/// The wait before each read: 0, 1, 2, 4, 8 s, then always 10 s.
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
