//! The record of one ID. Every format writes it, and the exit code is computed from it.

use std::sync::Arc;
use std::time::SystemTime;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::action::{Action, Already};
use crate::exit::Verdict;
use crate::graph::failure::{CallFailure, FailureKind};
use crate::text::humanize::counted;
use crate::text::sanitize::sanitize;

/// The result for one ID. The fields are those of the contract, in its order.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    pub id: String,
    /// Its position in the input, counted from 1.
    pub index: usize,
    #[serde(serialize_with = "action")]
    pub action: &'static Action,
    pub status: Status,
    /// The status of the last response; `None` if there was none.
    pub http_status: Option<u16>,
    /// How many requests were sent, completely or in part.
    pub attempts: u32,
    /// From the first attempt to the result.
    pub duration_ms: u64,
    /// When the result was known.
    #[serde(serialize_with = "rfc3339")]
    pub time: SystemTime,
    #[serde(flatten)]
    pub owner: Owner,
    /// Our ID for the last attempt.
    pub client_request_id: Option<Uuid>,
    /// The service's ID, which Microsoft Support asks for.
    pub request_id: Option<String>,
    #[serde(serialize_with = "error")]
    pub error: Option<CallFailure>,
    /// In a box, because most records have none, and `-o json` keeps all records until the end.
    #[serde(flatten)]
    pub details: Option<Box<Details>>,
}

/// The fields that only the records of some runs have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Details {
    DryRun {
        /// Always true.
        dry_run: bool,
        /// `None` if it could not be read.
        partner: Option<PartnerAsRead>,
    },
    Onboarding {
        /// Where the partner confirms the onboarding; `None` if that is not known.
        onboarding_url: Option<String>,
    },
}

/// A partner before the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartnerAsRead {
    pub display_name: Option<String>,
    pub onboarding_status: Option<String>,
}

impl Details {
    /// The fields that all records of a run have, without values.
    pub fn of_run(action: &Action, is_rehearsal: bool) -> Option<Self> {
        match is_rehearsal {
            true => Some(Self::DryRun { dry_run: true, partner: None }),
            false => action.is_confirmed_by_partner.then_some(Self::Onboarding { onboarding_url: None }),
        }
    }
}

/// The account that a run acts as, and where. All records of a run share it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// The tenant, if the token names it.
    pub tenant_id: Option<Arc<str>>,
    /// The Graph server; `None` if the run ended before it was known.
    pub graph_url: Option<Arc<str>>,
    /// The account that signed in, or the application, if the token names it.
    pub account: Option<Arc<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// A 204; with `--wait`, the change has also taken effect.
    Done(&'static Action),
    Failed,
    /// An earlier run has done it.
    Skipped,
    /// No request was sent.
    NotAttempted,
    /// A run without `--dry-run` would change it.
    Would(&'static Action),
    /// The partner is already in the state that the action leads to.
    Already(&'static Already),
}

impl Status {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done(action) => action.statuses.done,
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::NotAttempted => "not_attempted",
            Self::Would(action) => action.statuses.would,
            Self::Already(already) => already.name,
        }
    }

    /// Whether `-o id` prints the ID.
    pub const fn has_succeeded(self) -> bool {
        matches!(self, Self::Done(_) | Self::Would(_))
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Record {
    /// Whether an onboarding was started, and it is not known where the partner confirms it.
    pub fn lacks_onboarding_url(&self) -> bool {
        matches!(
            (self.status, self.details.as_deref()),
            (Status::Done(_), Some(Details::Onboarding { onboarding_url: None }))
        )
    }

    /// What it means for the exit code.
    pub fn verdict(&self) -> Verdict {
        match (self.status, &self.error) {
            (Status::Done(_) | Status::Skipped | Status::Would(_) | Status::Already(_), _) => Verdict::Done,
            (Status::Failed, Some(failure)) => failure.verdict(),
            _ => Verdict::Undone,
        }
    }
}

/// Counts for the whole run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub total: usize,
    pub succeeded: usize,
    pub failed: usize,
    /// How many an earlier run had done, or, in a dry run, were already in the wanted state.
    pub skipped: usize,
    /// For how many no request was sent.
    pub not_attempted: usize,
    /// From the first request to the last result.
    pub duration_ms: u64,
    /// The tenant, if the token names it.
    pub tenant_id: Option<String>,
    /// The cloud, if the Graph server is a cloud's.
    pub cloud: Option<&'static str>,
}

impl Summary {
    pub fn count(&mut self, status: Status) {
        self.total += 1;
        match status {
            Status::Done(_) | Status::Would(_) => self.succeeded += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped | Status::Already(_) => self.skipped += 1,
            Status::NotAttempted => self.not_attempted += 1,
        }
    }

    /// As one line for people.
    pub fn in_words(&self, action: &Action, is_rehearsal: bool) -> String {
        let Self { total, succeeded, failed, skipped, not_attempted, duration_ms, .. } = self;
        let words = &action.words;
        let (done, skipped_as) = if is_rehearsal { (words.would, "already done") } else { (words.done, "skipped") };
        let mut line = format!("{}: {succeeded} {done}", counted(*total, "partner"));
        for (count, name) in [(failed, "failed"), (skipped, skipped_as), (not_attempted, "not attempted")] {
            if *count > 0 {
                line.push_str(&format!(", {count} {name}"));
            }
        }
        let checked = if is_rehearsal { ", checked" } else { "" };
        line.push_str(&format!("{checked} in {}.{} s", duration_ms / 1000, duration_ms % 1000 / 100));
        if let Some(tenant) = &self.tenant_id {
            line.push_str(&format!(" (tenant {})", sanitize(tenant)));
        }
        if is_rehearsal {
            line.push_str("; nothing was changed");
        }
        line
    }
}

fn action<S: Serializer>(action: &&'static Action, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(action.name)
}

/// The `error` of the contract. The record has the failure's other fields.
fn error<S: Serializer>(failure: &Option<CallFailure>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Fields<'a> {
        code: &'a str,
        message: &'a str,
        kind: FailureKind,
    }

    let fields = failure.as_ref().map(|CallFailure { code, message, kind, .. }| Fields { code, message, kind: *kind });
    fields.serialize(serializer)
}

fn rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(*time))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::action::DISCONNECT;

    pub const DONE: Status = Status::Done(&DISCONNECT);

    /// A record that has failed, unless it is done. The error contains control characters.
    pub fn record(index: usize, status: Status) -> Record {
        let error = (status != DONE).then(|| CallFailure {
            code: "Not\tFound".into(),
            message: "no\nsuch \u{1b}[2Jpartner".into(),
            kind: FailureKind::Http,
            http_status: Some(404),
            request_id: Some("r".into()),
            hint: None,
            is_unsent: false,
        });
        Record {
            id: format!("id-{index}"),
            index,
            action: &DISCONNECT,
            status,
            http_status: Some(404),
            attempts: 1,
            duration_ms: 5,
            time: SystemTime::UNIX_EPOCH,
            owner: Owner { tenant_id: Some("t".into()), graph_url: Some("https://g".into()), account: None },
            client_request_id: Some(uuid::Uuid::nil()),
            request_id: Some("r".into()),
            error,
            details: None,
        }
    }
}
