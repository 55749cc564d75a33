//! Hints for calls that failed.

use crate::net::answer::NoAnswer;
use crate::permission;

/// Whose token a call is made with.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// `None` if that is not known.
    pub is_app_only: Option<bool>,
    /// How to get a new token, as a sentence.
    pub renewal_advice: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    List,
    Read,
    Write,
}

/// What to do about an answer.
pub fn for_status(status: u16, purpose: Purpose, caller: &Caller) -> Option<String> {
    let words = match (status, purpose) {
        (401, _) => {
            let causes = match caller.is_app_only {
                Some(true) => "lack a permission, or the tenant may not allow app-only access",
                Some(false) => "have expired, be for another service, or lack a permission",
                None => "have expired or lack a permission, or the tenant may not allow app-only access",
            };
            format!("the token may {causes}. {}", caller.renewal_advice)
        }
        (403, _) => return needs(purpose, caller),
        (404, Purpose::List) => "check --graph-url, --cloud and --api-version".to_owned(),
        (404, Purpose::Read | Purpose::Write) => {
            "no such partner in this tenant, or wrong --graph-url: check with `intunectl partner list`".to_owned()
        }
        (429, Purpose::List | Purpose::Read) => {
            "other programs may be using up the tenant's rate limit: try again later".to_owned()
        }
        (429, Purpose::Write) => {
            "other programs may be using up the tenant's rate limit: try again later, or with a lower --rate".to_owned()
        }
        (300..=399, _) => {
            "a proxy or a captive portal may be redirecting requests: check HTTPS_PROXY and --graph-url".to_owned()
        }
        _ => return None,
    };
    Some(format!("{status}: {words}"))
}

/// What a call needs. Two permissions would do, but a hint with both takes a third line.
/// Source: graph-facts, "The resource".
fn needs(purpose: Purpose, caller: &Caller) -> Option<String> {
    let permission = match purpose {
        Purpose::List | Purpose::Read => permission::READ,
        Purpose::Write => permission::WRITE,
    };
    let others = match caller.is_app_only {
        Some(true) => "and that the tenant has an active Intune licence and allows app-only access",
        Some(false) => "the account an Intune role, and the tenant an active Intune licence",
        None => "the account an Intune role, and the tenant a licence (and app-only access)",
    };
    Some(format!("403: check that the token has {}, {others}", permission.first()?))
}

/// What to do if no answer came.
pub fn without_answer(reason: &NoAnswer, purpose: Purpose) -> &'static str {
    reason.hint().unwrap_or(match (reason, purpose) {
        (NoAnswer::NotFound { .. } | NoAnswer::Refused | NoAnswer::Timeout { .. }, _) => {
            "check the network, HTTPS_PROXY, and --graph-url"
        }
        (_, Purpose::Write) => {
            "check the network and the proxy, then run again: repeating a completed action is harmless"
        }
        (_, Purpose::List | Purpose::Read) => "check the network and the proxy, then run again",
    })
}
