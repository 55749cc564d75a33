//! The verbs that act on a partner, each a row of data. A new verb is a row here, a variant in `cli.rs` and a line in
//! `lib.rs`.

use reqwest::Method;

/// A verb: its request, its names, and the `onboardingStatus` that shows its effect.
/// Source: Microsoft Graph v1.0 reference, pages `intune-remoteassistance-remoteassistancepartner*`.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// On the command line and in records.
    pub name: &'static str,
    pub method: Method,
    /// The last segment of the address.
    pub segment: &'static str,
    pub statuses: Statuses,
    pub words: Words,
    /// The status of a partner on which the action has taken effect.
    pub in_effect: OnboardingStatus,
    /// The status of a partner that the action would not change.
    pub needless: OnboardingStatus,
    /// Whether the partner confirms it at its `onboardingUrl`, so that the result shows that.
    pub is_confirmed_by_partner: bool,
}

/// The statuses of records.
#[derive(Debug, PartialEq, Eq)]
pub struct Statuses {
    /// The request succeeded.
    pub done: &'static str,
    /// `--dry-run`: the request would be sent.
    pub would: &'static str,
    /// `--dry-run`: the request would be sent, but would change nothing.
    pub already: &'static str,
}

/// The words of the prompt and the summary.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// "This … 2 partners".
    pub present: &'static str,
    /// "… 2 partners?"
    pub imperative: &'static str,
    /// A line of its own in the prompt.
    pub warning: Option<&'static str>,
    /// "2 partners: 2 …", after a run and after a dry run.
    pub done: &'static str,
    pub would: &'static str,
}

/// A set of `onboardingStatus` values. The service may add new ones.
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

/// Disconnects the partner from the tenant.
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
    is_confirmed_by_partner: false,
};

/// Starts onboarding the partner, which has to confirm it. An onboarding that was never confirmed can be started again.
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
    is_confirmed_by_partner: true,
};

/// Every verb: the records of earlier runs may name any.
pub static ALL: [&Action; 2] = [&DISCONNECT, &ONBOARD];
