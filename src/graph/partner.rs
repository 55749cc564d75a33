//! The calls on remote assistance partners.
//! Source: Microsoft Graph v1.0 reference, pages `intune-remoteassistance-remoteassistancepartner*`.

use std::cell::Cell;
use std::collections::HashSet;

use reqwest::{Method, Url};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::advice::{NOT_GRAPH, Purpose};
use super::client::{Call, Client, Outcome, Progress};
use super::failure::{CallContext, CallFailure};
use crate::action::Action;
use crate::cancel::StopFlag;
use crate::error::Error;
use crate::ids::PartnerId;
use crate::net::answer::Answer;

const COLLECTION: [&str; 2] = ["deviceManagement", "remoteAssistancePartners"];
/// More pages than any tenant has: a longer chain of links does not end.
const MOST_PAGES: usize = 10_000;

/// A partner as Graph describes it.
#[derive(Debug)]
pub struct Partner {
    /// Graph's own JSON, with unknown fields.
    pub raw: Box<RawValue>,
    pub fields: Fields,
}

/// As Graph sent it.
impl Serialize for Partner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

impl Partner {
    /// The partner that [`get`] received.
    pub fn from_outcome(mut outcome: Outcome, id: &PartnerId, context: CallContext<'_>) -> Result<Self, CallFailure> {
        let read = |answer: &Answer| {
            let partner = Self::new(serde_json::from_slice(&answer.body).ok()?, answer)?;
            PartnerId::parse(&partner.fields.id).is_ok_and(|found| found == *id).then_some(partner)
        };
        match outcome.take_success() {
            Some(answer) => {
                let partner = if answer.status == 200 { read(&answer) } else { None };
                let unexpected = "the answer does not describe this partner";
                partner.ok_or_else(|| CallFailure::unexpected(&answer, unexpected))
            }
            None => Err(context.failure(outcome, Purpose::Read(id))),
        }
    }

    fn new(raw: Box<RawValue>, answer: &Answer) -> Option<Self> {
        let mut fields: Fields = serde_json::from_str(raw.get()).ok()?;
        let Fields { id, display_name, onboarding_status, onboarding_url, last_connection_date_time } = &mut fields;
        let others = [display_name, onboarding_status, onboarding_url, last_connection_date_time];
        for text in others.into_iter().flatten().chain([id]) {
            *text = answer.without_secrets(text);
        }
        let raw = without_secrets(&raw, answer).unwrap_or(raw);
        Some(Self { raw, fields })
    }
}

/// The same JSON without secrets that are hidden by escapes; `None` if there are none, so that it stays unchanged.
fn without_secrets(raw: &RawValue, answer: &Answer) -> Option<Box<RawValue>> {
    // Secrets without escapes were redacted before.
    if !raw.get().contains('\\') {
        return None;
    }
    let value: serde_json::Value = serde_json::from_str(raw.get()).ok()?;
    // Serialized again, it has no escapes for characters that a token may contain.
    let plain = value.to_string();
    let redacted = answer.without_secrets(&plain);
    if redacted == plain { None } else { RawValue::from_string(redacted).ok() }
}

/// The fields that this program uses.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    /// Opaque; in practice a GUID.
    pub id: String,
    #[serde(default)]
    pub display_name: Option<String>,
    /// `notOnboarded`, `onboarding`, `onboarded`, or a value that the service adds later.
    #[serde(default)]
    pub onboarding_status: Option<String>,
    /// Where the partner confirms an onboarding.
    #[serde(default)]
    pub onboarding_url: Option<String>,
    /// When the partner last connected to Intune, as Graph writes it.
    #[serde(default)]
    pub last_connection_date_time: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Box<RawValue>>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
}

/// Requests an action on one partner. A 204 means that the service accepted it.
pub async fn act(
    client: &Client<'_>,
    action: &Action,
    id: &str,
    progress: &Cell<Progress>,
    stop: &StopFlag,
) -> Outcome {
    let url = client.url(&COLLECTION.into_iter().chain([id]).chain(action.segment).collect::<Vec<_>>());
    client.send(&Call { method: action.method.clone(), url, label: id, progress }, stop).await
}

pub async fn get(client: &Client<'_>, id: &str, progress: &Cell<Progress>, stop: &StopFlag) -> Outcome {
    let [first, second] = COLLECTION;
    let url = client.url(&[first, second, id]);
    client.send(&Call { method: Method::GET, url, label: id, progress }, stop).await
}

/// Reads all partners, over all pages.
///
/// # Errors
/// A page was refused or is not Graph's, or the links from page to page leave the Graph server or do not end.
pub async fn list(client: &Client<'_>, context: CallContext<'_>) -> Result<Vec<Partner>, Error> {
    let mut url = client.url(&COLLECTION);
    let mut seen = HashSet::new();
    let mut partners = Vec::new();
    loop {
        let (page, answer) = page(client, url.clone(), context).await?;
        for raw in page.value {
            let no_partner = || Error::failure("Graph's list has an entry that is not a partner");
            partners.push(Partner::new(raw, &answer).ok_or_else(no_partner)?);
        }
        let Some(link) = page.next_link.filter(|link| !link.is_empty()) else { return Ok(partners) };
        // The token goes with the next request, so a response must not decide where that goes.
        let next = Url::parse(&link).ok().filter(|next| client.owns(next)).ok_or_else(|| {
            Error::failure("Graph's link to the next page does not belong to the Graph server; the list is incomplete")
                .hint("check --graph-url. If a proxy rewrites addresses, it must also rewrite @odata.nextLink")
        })?;
        seen.insert(url);
        if seen.contains(&next) || seen.len() >= MOST_PAGES {
            return Err(Error::failure(
                "Graph's link to the next page leads to an earlier page; the list is incomplete",
            ));
        }
        url = next;
    }
}

async fn page(client: &Client<'_>, url: Url, context: CallContext<'_>) -> Result<(Page, Answer), Error> {
    let call = Call { method: Method::GET, url, label: "list", progress: &Cell::new(Progress::default()) };
    let mut outcome = client.send(&call, &context.cancel.flag).await;
    let failed = |why: &str| format!("cannot list the partners: {why}");
    let answer = outcome.take_success().ok_or_else(|| {
        let failure = context.failure(outcome, Purpose::List);
        // Without a response, the code is ours and adds nothing to the message.
        let why = failed(&if failure.http_status.is_some() { failure.in_words() } else { failure.message.clone() });
        failure.into_error(why)
    })?;
    let page = if answer.status == 200 { serde_json::from_slice(&answer.body).ok() } else { None };
    let no_list = || Error::failure(failed("the answer is not a list of partners")).hint(NOT_GRAPH);
    Ok((page.ok_or_else(no_list)?, answer))
}
