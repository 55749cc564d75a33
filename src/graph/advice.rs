//! What to do when a call fails, in words for an administrator.

use crate::net::answer::NoAnswer;
use crate::permission;

/// Whose token a call is made with.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// Whether it is that of an application that acts for itself; `None` where that is not known.
    pub is_app_only: Option<bool>,
    /// What to do for another token.
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
    // Source: graph-facts, "The resource".
    let app_only = match caller.is_app_only {
        Some(true) => "; the token is app-only, and app-only access may not be enabled for this tenant",
        Some(false) => "",
        None => "; if the token is app-only, that may not be enabled for this tenant",
    };
    let permission = permission::in_words(match purpose {
        Purpose::List | Purpose::Read => permission::READ,
        Purpose::Write => permission::WRITE,
    });
    let words = match (status, purpose) {
        (401, _) => format!(
            "the service does not accept the token: it may have expired, be for another service, or lack \
             {permission}{app_only}. {}",
            caller.renewal_advice
        ),
        (403, _) => format!(
            "the token needs the permission {permission}, the account a role in Intune that includes it, and the tenant \
             an active Intune licence{app_only}"
        ),
        (404, Purpose::List) => {
            "there is no such API at this root: check --graph-url, --cloud and --api-version".to_owned()
        }
        (404, Purpose::Read | Purpose::Write) => {
            "no such partner, or no such API at this root; `intunectl partner list` shows the IDs that there are"
                .to_owned()
        }
        (429, Purpose::List | Purpose::Read) => {
            "other programs may be using up the tenant's limit: try again later".to_owned()
        }
        (429, Purpose::Write) => {
            "other programs may be using up the tenant's limit: try again later, or with a lower --rate".to_owned()
        }
        (300..=399, _) => {
            "something between here and Graph redirects requests: check the proxy, a captive portal, and \
                           --graph-url"
                .to_owned()
        }
        _ => return None,
    };
    Some(format!("{status}: {words}"))
}

/// What to do where no answer came.
pub fn without_answer(reason: &NoAnswer, purpose: Purpose) -> &'static str {
    reason.hint().unwrap_or(match (reason, purpose) {
        (NoAnswer::NotFound { .. } | NoAnswer::Refused | NoAnswer::Timeout { .. }, _) => {
            "check the network, HTTPS_PROXY, and --graph-url"
        }
        (_, Purpose::Write) => "check the network and the proxy, then run again: to do again what is done does no harm",
        (_, Purpose::List | Purpose::Read) => "check the network and the proxy, then run again",
    })
}
