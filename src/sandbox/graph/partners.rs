//! The tenant's remote assistance partners, which requests read and change.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::time::SystemTime;

use serde_json::{Map, Value, json};

/// The names of the partners, in turn. One in twelve has none, which the reference allows.
const NAMES: [Option<&str>; 12] = [
    Some("TeamViewer"),
    Some("リモートサポート 東京"),
    Some("Contoso \"Remote\" Assist, Ltd."),
    Some("Fernwartung Zürich"),
    Some("Удалённая помощь"),
    Some("دعم عن بُعد"),
    Some("远程协助 上海"),
    None,
    Some("원격 지원 서울"),
    Some("עזרה מרחוק"),
    Some("ความช่วยเหลือระยะไกล"),
    Some("Helpdesk 👩‍💻"),
];

/// How Graph writes an unset time in a field that cannot be null.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// The version of the API, as a path names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    Beta,
}

impl Version {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// Source: Graph reference, remoteAssistanceOnboardingStatus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnboardingStatus {
    NotOnboarded,
    Onboarding { expires: SystemTime },
    Onboarded,
}

/// One partner. Fields that never change are derived from its number.
#[derive(Debug)]
pub(super) struct RemoteAssistancePartner {
    pub(super) number: usize,
    id: String,
    status: OnboardingStatus,
}

impl RemoteAssistancePartner {
    /// The `number`th partner, counted from 1, onboarded. Its ID ends with the number, so that people recognise it.
    fn new(number: usize) -> Self {
        Self { number, id: format!("5a4d0b0c-0002-4000-8000-{number:012}"), status: OnboardingStatus::Onboarded }
    }

    /// Has no effect if the partner is not onboarded.
    pub(super) fn disconnect(&mut self) {
        self.status = OnboardingStatus::NotOnboarded;
    }

    /// The partner would have to confirm the onboarding before `expires`.
    pub(super) fn begin_onboarding(&mut self, expires: SystemTime) {
        self.status = OnboardingStatus::Onboarding { expires };
    }

    /// The JSON of the partner. Only beta has the expiry of the onboarding request
    /// (source: Graph reference, remoteAssistancePartner).
    pub(super) fn fields(&self, version: Version) -> Map<String, Value> {
        let mut fields = vec![
            ("id", json!(self.id)),
            ("displayName", json!(self.display_name())),
            ("onboardingUrl", json!(format!("https://remote-assistance.example/onboarding/{}", self.number))),
            ("onboardingStatus", json!(self.onboarding_status())),
            ("lastConnectionDateTime", json!(self.last_connection())),
        ];
        if version == Version::Beta {
            fields.push(("onboardingRequestExpiryDateTime", json!(self.request_expiry())));
        }
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn display_name(&self) -> Option<String> {
        let index = self.number.saturating_sub(1);
        let name = NAMES.get(index % NAMES.len()).copied().flatten()?;
        Some(match index / NAMES.len() {
            0 => name.to_owned(),
            round => format!("{name} {}", round + 1),
        })
    }

    fn onboarding_status(&self) -> &'static str {
        match self.status {
            OnboardingStatus::NotOnboarded => "notOnboarded",
            OnboardingStatus::Onboarding { .. } => "onboarding",
            OnboardingStatus::Onboarded => "onboarded",
        }
    }

    /// A different second for each partner, with seven decimals as in the service's answers.
    fn last_connection(&self) -> String {
        let second = self.number % 86_400;
        format!("2026-11-20T{:02}:{:02}:{:02}.6670033Z", second / 3_600, second / 60 % 60, second % 60)
    }

    fn request_expiry(&self) -> String {
        match self.status {
            OnboardingStatus::Onboarding { expires } => humantime::format_rfc3339_seconds(expires).to_string(),
            OnboardingStatus::NotOnboarded | OnboardingStatus::Onboarded => NO_TIME.to_owned(),
        }
    }
}

/// All partners, in list order.
#[derive(Debug)]
pub(super) struct Partners {
    /// By number. Numbers stay the same when others are deleted, so that no page skips a partner.
    list: BTreeMap<usize, RemoteAssistancePartner>,
    numbers: HashMap<String, usize>,
}

impl Partners {
    /// `count` partners, always the same.
    pub(super) fn new(count: usize) -> Self {
        let list: BTreeMap<_, _> = (1..=count).map(|number| (number, RemoteAssistancePartner::new(number))).collect();
        let numbers = list.iter().map(|(number, partner)| (key(&partner.id), *number)).collect();
        Self { list, numbers }
    }

    /// The partners after the one with this number, which need not exist.
    pub(super) fn after(&self, number: usize) -> impl Iterator<Item = &RemoteAssistancePartner> {
        self.list.range((Bound::Excluded(number), Bound::Unbounded)).map(|(_, partner)| partner)
    }

    /// The partner with this ID, in any case.
    pub(super) fn get(&self, id: &str) -> Option<&RemoteAssistancePartner> {
        self.list.get(self.numbers.get(&key(id))?)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut RemoteAssistancePartner> {
        self.list.get_mut(self.numbers.get(&key(id))?)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<RemoteAssistancePartner> {
        self.list.remove(&self.numbers.remove(&key(id))?)
    }
}

/// An ID as it is compared: the service ignores ASCII case.
pub(super) fn key(id: &str) -> String {
    id.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const THIRD: &str = "5a4d0b0c-0002-4000-8000-000000000003";

    #[test]
    fn each_of_100000_partners_is_found_by_its_own_guid() {
        let partners = Partners::new(100_000);
        assert_eq!(partners.numbers.len(), 100_000);
        for partner in partners.after(0) {
            assert_eq!(uuid::Uuid::parse_str(&partner.id).unwrap().to_string(), partner.id);
            assert_eq!(partners.get(&partner.id.to_uppercase()).unwrap().number, partner.number);
        }
        assert!(partners.get("5a4d0b0c-0002-4000-8000-000000100001").is_none());
    }

    #[test]
    fn a_deleted_partner_is_gone_and_those_after_it_stay_in_place() {
        let mut partners = Partners::new(5);
        assert_eq!(partners.remove(&THIRD.to_uppercase()).unwrap().number, 3);
        assert!(partners.remove(THIRD).is_none() && partners.get(THIRD).is_none());
        let numbers = |number| partners.after(number).map(|partner| partner.number).collect::<Vec<_>>();
        assert_eq!((numbers(0), numbers(2), numbers(3)), (vec![1, 2, 4, 5], vec![4, 5], vec![4, 5]));
        assert!(numbers(5).is_empty() && numbers(usize::MAX).is_empty());
    }

    #[test]
    fn names_repeat_with_a_number_and_one_in_twelve_is_null() {
        let partners = Partners::new(24);
        let names: Vec<_> = partners.after(0).map(RemoteAssistancePartner::display_name).collect();
        assert_eq!(names[0].as_deref(), Some("TeamViewer"));
        assert_eq!(names[1].as_deref(), Some("リモートサポート 東京"));
        assert_eq!(names[7], None);
        assert_eq!(names[12].as_deref(), Some("TeamViewer 2"));
        assert_eq!(names.iter().filter(|name| name.is_none()).count(), 2);
    }

    #[test]
    fn the_fields_are_those_of_the_reference() {
        let partners = Partners::new(3);
        let partner = partners.get(THIRD).unwrap();
        let v1 = json!({
            "id": THIRD,
            "displayName": "Contoso \"Remote\" Assist, Ltd.",
            "onboardingUrl": "https://remote-assistance.example/onboarding/3",
            "onboardingStatus": "onboarded",
            "lastConnectionDateTime": "2026-11-20T00:00:03.6670033Z",
        });
        assert_eq!(Value::from(partner.fields(Version::V1)), v1);
        let mut beta = v1;
        beta["onboardingRequestExpiryDateTime"] = json!("0001-01-01T00:00:00Z");
        assert_eq!(Value::from(partner.fields(Version::Beta)), beta);
    }
}
