//! Reads of a partner after a 204, which means only that the request was accepted. With `--wait`, the partner is read
//! until the change has taken effect. After `onboard`, it is read for its `onboardingUrl`.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::action::{Action, Effect};
use crate::cancel::{Cancel, StopFlag};
use crate::graph::client::{Client, Ended, Outcome, Progress};
use crate::graph::failure::{CallContext, CallFailure};
use crate::graph::partner::{self, Partner};
use crate::ids::PartnerId;
use crate::text::sanitize::sanitize;

const LONGEST: Duration = Duration::from_secs(10);
/// For how long the record of an accepted request is held back to add the `onboardingUrl`. An attempt in flight may
/// finish after that.
const URL_PATIENCE: Duration = Duration::from_secs(10);

/// The result of a wait.
pub struct Confirmation {
    pub end: WaitEnd,
    /// As the last read that succeeded showed it.
    pub onboarding_url: Option<String>,
}

/// How a wait ended.
pub enum WaitEnd {
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
    let reading = async {
        let mut seen = "the partner could not be read".to_owned();
        let mut onboarding_url = None;
        for interval in intervals() {
            let Some(_turn) = turn(interval, reads, &over).await else { break };
            let outcome = partner::get(client, id.as_str(), &Cell::new(Progress::default()), &over).await;
            let is_over = outcome.ended == Ended::Stopped;
            // After the time is up, "not retried" would say nothing new.
            let ended = if is_over { Ended::Settled } else { outcome.ended };
            let read = Partner::from_outcome(Outcome { ended, ..outcome }, id, context);
            if let Ok(partner) = &read {
                onboarding_url.clone_from(&partner.fields.onboarding_url);
            }
            if shows(&action.effect, &read) {
                return Confirmation { end: WaitEnd::InEffect, onboarding_url };
            }
            match read {
                Ok(partner) => seen = unchanged(&action.effect, &partner),
                // An earlier read says more than a request that was not sent, or a token that was being renewed.
                Err(failure) if is_over && (failure.is_unsent || failure.http_status == Some(401)) => {}
                Err(failure)
                    if matches!(ended, Ended::Hopeless(_)) || matches!(failure.http_status, Some(401 | 403)) =>
                {
                    return Confirmation { end: WaitEnd::Refused(failure), onboarding_url };
                }
                Err(failure) => seen = format!("reading the partner failed: {}", failure.in_words()),
            }
        }
        let end = match context.cancel.is_set() {
            true => WaitEnd::Stopped { seen },
            false => WaitEnd::TimeUp { waited: wait, seen },
        };
        Confirmation { end, onboarding_url }
    };
    tokio::select! {
        // First, so that nothing is read after the run was stopped.
        biased;
        never = end_at(wait, context.cancel, &over) => never,
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

/// Reads the `onboardingUrl` of a partner once. `None` if it has none, cannot be read soon, or the run was stopped.
///
/// Like [`confirm`], it does not abort a read.
pub async fn onboarding_url(
    client: &Client<'_>,
    id: &PartnerId,
    context: CallContext<'_>,
    reads: &Semaphore,
) -> Option<String> {
    let over = StopFlag::default();
    let reading = async {
        let _turn = turn(Duration::ZERO, reads, &over).await?;
        let outcome = partner::get(client, id.as_str(), &Cell::new(Progress::default()), &over).await;
        Partner::from_outcome(outcome, id, context).ok()?.fields.onboarding_url
    };
    tokio::select! {
        biased;
        never = end_at(URL_PATIENCE, context.cancel, &over) => never,
        url = reading => url,
    }
}

/// Sets `over` when the time is up or the run was stopped. Never returns.
async fn end_at<T>(limit: Duration, cancel: &Cancel, over: &StopFlag) -> T {
    tokio::select! {
        () = cancel.flag.wait() => {}
        () = tokio::time::sleep(limit) => {}
    }
    over.set();
    std::future::pending().await
}

/// Waits, and then until a read may start. `None` if it is over before that.
async fn turn<'a>(wait: Duration, reads: &'a Semaphore, over: &StopFlag) -> Option<SemaphorePermit<'a>> {
    let turn = async {
        tokio::time::sleep(wait).await;
        reads.acquire().await.ok()
    };
    tokio::select! {
        biased;
        () = over.wait() => None,
        turn = turn => turn,
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
