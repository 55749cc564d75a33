//! What can be done to a partner: a row of data for each verb that is requested at an address below the partner's. Another
//! one is a row here, a variant in `cli.rs` and a line in `lib.rs`.

use reqwest::Method;

/// A verb: how it is requested, what it is called, and which `onboardingStatus` shows what came of it.
/// Source: Microsoft Graph v1.0 reference, pages `intune-remoteassistance-remoteassistancepartner*`.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// On the command line and in records.
    pub name: &'static str,
    pub method: Method,
    /// The last segment of the address.
    pub segment: &'static str,
    /// The statuses of records: of a request that succeeded, of one that `--dry-run` would send, and of one that
    /// `--dry-run` would send in vain.
    pub statuses: Statuses,
    pub words: Words,
    /// The status of a partner for which the action has taken effect.
    pub in_effect: OnboardingStatus,
    /// The status of a partner for which there is nothing left to do.
    pub needless: OnboardingStatus,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Statuses {
    pub done: &'static str,
    pub would: &'static str,
    pub already: &'static str,
}

/// What the prompt and the summary say to people.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// "This … 2 partners".
    pub present: &'static str,
    /// "… 2 partners?"
    pub imperative: &'static str,
    /// What to know before one answers, as a line of its own.
    pub warning: Option<&'static str>,
    /// "2 partners: 2 …", after a run and after a dry run.
    pub done: &'static str,
    pub would: &'static str,
}

/// A set of `onboardingStatus` values. The service may add some that are not known yet.
#[derive(Debug, PartialEq, Eq)]
pub enum OnboardingStatus {
    Is(&'static str),
    IsNot(&'static str),
}

impl OnboardingStatus {
    pub fn includes(&self, status: &str) -> bool {
        match self {
            Self::Is(this) => status == *this,
            Self::IsNot(this) => status != *this,
        }
    }
}

/// Removes the partner's connector from the tenant.
pub static DISCONNECT: Action = Action {
    name: "disconnect",
    method: Method::POST,
    segment: "disconnect",
    statuses: Statuses { done: "disconnected", would: "would_disconnect", already: "already_disconnected" },
    words: Words {
        present: "disconnects",
        imperative: "Disconnect",
        warning: Some("There is no undo."),
        done: "disconnected",
        would: "would be disconnected",
    },
    in_effect: OnboardingStatus::Is("notOnboarded"),
    needless: OnboardingStatus::Is("notOnboarded"),
};

/// Begins to set up the partner's connector; the partner has to confirm it. One that was begun and never confirmed can
/// be begun again.
pub static ONBOARD: Action = Action {
    name: "onboard",
    method: Method::POST,
    segment: "beginOnboarding",
    statuses: Statuses { done: "onboarding_started", would: "would_onboard", already: "already_onboarded" },
    words: Words {
        present: "onboards",
        imperative: "Onboard",
        warning: None,
        done: "onboarding started",
        would: "would be onboarded",
    },
    in_effect: OnboardingStatus::IsNot("notOnboarded"),
    needless: OnboardingStatus::Is("onboarded"),
};

/// Every verb, for those who read the records of earlier runs.
pub static ALL: [&Action; 2] = [&DISCONNECT, &ONBOARD];
