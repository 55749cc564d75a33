//! The verbs that act on a partner, each a row of data. A new verb is a row here, a variant in `cli.rs` and a line in
//! `lib.rs`.

use reqwest::Method;

/// A verb: its request, its names, and what shows its effect.
/// Source: Microsoft Graph v1.0 reference, pages `intune-remoteassistance-remoteassistancepartner*`.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// On the command line and in records.
    pub name: &'static str,
    pub method: Method,
    /// What follows the address of the partner.
    pub segment: Option<&'static str>,
    pub statuses: Statuses,
    pub words: Words,
    pub effect: Effect,
    /// `None` if the action changes every partner.
    pub already: Option<Already>,
    /// The names of the actions after which this one is no longer done.
    pub undone_by: &'static [&'static str],
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
}

/// A partner that the action would not change.
#[derive(Debug, PartialEq, Eq)]
pub struct Already {
    /// `--dry-run`: the request would be sent, but would change nothing.
    pub name: &'static str,
    pub when: OnboardingStatus,
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

/// How a read of a partner shows that the action has taken effect.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    Status(OnboardingStatus),
    /// 404: the partner no longer exists.
    Gone,
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
    segment: Some("disconnect"),
    statuses: Statuses { done: "disconnected", would: "would_disconnect" },
    words: Words {
        present: "disconnects",
        imperative: "Disconnect",
        warning: Some("There is no undo."),
        done: "disconnected",
        would: "would be disconnected",
    },
    effect: Effect::Status(OnboardingStatus::Is("notOnboarded")),
    already: Some(Already { name: "already_disconnected", when: OnboardingStatus::Is("notOnboarded") }),
    undone_by: &["onboard"],
    is_confirmed_by_partner: false,
};

/// Starts onboarding the partner, which has to confirm it. An onboarding that was never confirmed can be started again.
pub static ONBOARD: Action = Action {
    name: "onboard",
    method: Method::POST,
    segment: Some("beginOnboarding"),
    statuses: Statuses { done: "onboarding_started", would: "would_onboard" },
    words: Words {
        present: "onboards",
        imperative: "Onboard",
        warning: None,
        done: "onboarding started",
        would: "would be onboarded",
    },
    effect: Effect::Status(OnboardingStatus::IsNot("notOnboarded")),
    already: Some(Already { name: "already_onboarded", when: OnboardingStatus::Is("onboarded") }),
    undone_by: &["disconnect", "delete"],
    is_confirmed_by_partner: true,
};

/// Deletes the partner from the tenant's list.
pub static DELETE: Action = Action {
    name: "delete",
    method: Method::DELETE,
    segment: None,
    statuses: Statuses { done: "deleted", would: "would_delete" },
    words: Words {
        present: "deletes",
        imperative: "Delete",
        warning: Some("There is no undo."),
        done: "deleted",
        would: "would be deleted",
    },
    effect: Effect::Gone,
    already: None,
    // It can only be onboarded if the ID exists again.
    undone_by: &["onboard"],
    is_confirmed_by_partner: false,
};

/// Every verb: the records of earlier runs may name any.
pub static ALL: [&Action; 3] = [&DISCONNECT, &ONBOARD, &DELETE];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_undone_only_by_other_verbs_that_exist() {
        for action in ALL {
            assert!(!action.undone_by.is_empty() && !action.undone_by.contains(&action.name), "{}", action.name);
            for name in action.undone_by {
                assert!(ALL.iter().any(|other| other.name == *name), "{}: {name}", action.name);
            }
        }
    }
}
