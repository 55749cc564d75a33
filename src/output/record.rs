//! The record of one ID, which every format writes and the exit code folds.

use std::sync::Arc;
use std::time::SystemTime;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::action::Action;
use crate::exit::Verdict;
use crate::graph::failure::{CallFailure, FailureKind};
use crate::text::humanize::counted;
use crate::text::sanitize::sanitize;

/// What became of one ID. Field for field the contract's record; times in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    pub id: String,
    /// Its place in the input, counted from 1.
    pub index: usize,
    #[serde(serialize_with = "action")]
    pub action: &'static Action,
    pub status: Status,
    /// The last answer's HTTP status; none came where it is `None`.
    pub http_status: Option<u16>,
    /// How many requests were sent, or begun.
    pub attempts: u32,
    /// From the first attempt to the result.
    pub duration_ms: u64,
    /// When the result was known.
    #[serde(serialize_with = "rfc3339")]
    pub time: SystemTime,
    /// In whose name and where.
    #[serde(flatten)]
    pub owner: Owner,
    /// Our id for the last attempt.
    pub client_request_id: Option<Uuid>,
    /// The service's, which support asks for.
    pub request_id: Option<String>,
    /// Why it is not done.
    #[serde(serialize_with = "error")]
    pub error: Option<CallFailure>,
    /// Whether it was only looked at what would happen. Not written where it was not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// What else there is to say to people.
    #[serde(skip)]
    pub remark: Option<String>,
}

/// In whose name a run acts, and where. All records of a run share it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// The tenant, if the token names it.
    pub tenant_id: Option<Arc<str>>,
    /// The Graph root; `None` if the run ended before it was decided.
    pub graph_url: Option<Arc<str>>,
    /// The account that signed in, or the application, if the token names it.
    pub account: Option<Arc<str>>,
}

/// What was done about an ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 204; and with `--wait`, it has taken effect.
    Done(&'static Action),
    /// Anything else, or nothing.
    Failed,
    /// An earlier run has done it.
    Skipped,
    /// No request was sent.
    NotAttempted,
    /// A run without `--dry-run` would do it.
    Would(&'static Action),
    /// The partner is as it would be afterwards.
    Already(&'static Action),
}

impl Status {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done(action) => action.statuses.done,
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::NotAttempted => "not_attempted",
            Self::Would(action) => action.statuses.would,
            Self::Already(action) => action.statuses.already,
        }
    }

    /// Whether it is what was asked for.
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
    /// What the exit code makes of it.
    pub fn verdict(&self) -> Verdict {
        match (self.status, &self.error) {
            (Status::Done(_) | Status::Skipped | Status::Would(_) | Status::Already(_), _) => Verdict::Done,
            (Status::Failed, Some(failure)) => failure.verdict(),
            _ => Verdict::Undone,
        }
    }
}

/// The whole run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub total: usize,
    pub succeeded: usize,
    pub failed: usize,
    /// For how many there was nothing to do: an earlier run had done it, or whoever else.
    pub skipped: usize,
    /// For how many nothing was sent.
    pub not_attempted: usize,
    /// From the first request to the last result.
    pub duration_ms: u64,
    /// The tenant, where the token names it.
    pub tenant_id: Option<String>,
    /// The cloud, where the root is one of its.
    pub cloud: Option<&'static str>,
}

impl Summary {
    /// Counts one more result.
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
        line.push_str(&format!(" in {}.{} s", duration_ms / 1000, duration_ms % 1000 / 100));
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

/// Field for field the contract's `error`: what else a failure knows stands beside it in the record.
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

    /// A record that fails, unless it is done, for a reason that is not fit for a terminal.
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
            dry_run: false,
            remark: None,
        }
    }
}
