//! Hints for calls that failed.

use uuid::Uuid;

use crate::ids::PartnerId;
use crate::net::answer::NoAnswer;
use crate::permission;

/// What to do if an answer is not one of Graph's.
pub const NOT_GRAPH: &str = "another server may have answered: check --graph-url and HTTPS_PROXY";

/// Whose token a call is made with.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// `None` if that is not known.
    pub is_app_only: Option<bool>,
    /// How to get a new token, as a sentence.
    pub renewal_advice: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    List,
    Read(&'a PartnerId),
    Write(&'a PartnerId),
}

/// What to do about an answer.
pub fn for_status(status: u16, purpose: Purpose<'_>, caller: &Caller) -> Option<String> {
    let words = match (status, purpose) {
        (401, _) => {
            let causes = match caller.is_app_only {
                Some(true) => "the application may lack a permission, or the tenant may not allow app-only access",
                Some(false) => "the token is expired, is for another service, or lacks a permission",
                None => "the token is expired or lacks a permission, or the tenant blocks app-only access",
            };
            format!("{causes}. {}", caller.renewal_advice)
        }
        // The permission that a call needs. Either of two is enough, but a hint with both takes a third line.
        // Source: graph-facts, "The resource".
        (403, _) => {
            let permission = match purpose {
                Purpose::List | Purpose::Read(_) => permission::READ,
                Purpose::Write(_) => permission::WRITE,
            };
            let others = match caller.is_app_only {
                Some(true) => "the tenant's Intune licence, and whether the tenant allows app-only access",
                Some(false) => "the account's Intune role, and the tenant's Intune licence",
                None => "the Intune licence, and the Intune role or app-only access",
            };
            format!("check the permission {}, {others}", permission.first()?)
        }
        (404, Purpose::List) => "check --graph-url, --cloud and --api-version".to_owned(),
        // The same text for all IDs, because each hint is shown once.
        (404, Purpose::Read(id) | Purpose::Write(id)) if Uuid::try_parse(id.as_str()).is_err() => {
            "no partner with this ID in the tenant; if it is a name, use `--name NAME`. `intunectl partner list` shows both"
                .to_owned()
        }
        (404, Purpose::Read(_) | Purpose::Write(_)) => {
            "no partner with this ID in the tenant, or wrong --graph-url; `intunectl partner list` shows all IDs"
                .to_owned()
        }
        (429, Purpose::List | Purpose::Read(_)) => {
            "other programs may be sending too many requests to this tenant: run the command again later".to_owned()
        }
        (429, Purpose::Write(_)) => {
            "other programs may be sending too many requests to this tenant: run the command again later, or with a \
             lower --rate"
                .to_owned()
        }
        (300..=399, _) => {
            "if this network has a sign-in page, open it in a browser; otherwise check HTTPS_PROXY and --graph-url"
                .to_owned()
        }
        _ => return None,
    };
    Some(format!("{status}: {words}"))
}

/// What to do if no answer came.
pub fn without_answer(reason: &NoAnswer, purpose: Purpose<'_>) -> &'static str {
    reason.hint().unwrap_or(match (reason, purpose) {
        (NoAnswer::NotFound { .. } | NoAnswer::Refused | NoAnswer::Timeout { .. }, _) => {
            "check the network, HTTPS_PROXY, and --graph-url"
        }
        (_, Purpose::Write(_)) => {
            "check the network and HTTPS_PROXY, then run the command again: it is safe to repeat an action"
        }
        (_, Purpose::List | Purpose::Read(_)) => "check the network and HTTPS_PROXY, then run the command again",
    })
}
