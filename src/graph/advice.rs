//! Hints for calls that failed.

use crate::net::answer::NoAnswer;

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
        // What a call needs. Source: graph-facts, "The resource". `auth status` names the permissions.
        (403, _) => {
            let others = match caller.is_app_only {
                Some(true) => "the tenant's Intune licence, and whether the tenant allows app-only access",
                Some(false) => "the account's Intune role, and the tenant's Intune licence",
                None => "the account's Intune role, and the tenant's licence (and app-only access)",
            };
            format!("check the token's permission with `intunectl auth status`, {others}")
        }
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
