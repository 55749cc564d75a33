//! The calls on remote assistance partners.
//! Source: Microsoft Graph v1.0 reference, pages `intune-remoteassistance-remoteassistancepartner*`.

use std::cell::Cell;
use std::collections::HashSet;

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{Call, Client, Ended, Outcome, Progress};
use super::problem;
use crate::clean::clean;
use crate::error::Error;
use crate::stop::Stop;

const COLLECTION: [&str; 2] = ["deviceManagement", "remoteAssistancePartners"];
/// More pages than any tenant has; a chain of links longer than this does not end.
const MOST_PAGES: usize = 10_000;
/// What every call needs; reading alone is content with `Read`.
pub const PERMISSION: &str = "DeviceManagementServiceConfig.ReadWrite.All";
/// What reading needs.
pub const READ_PERMISSION: &str = "DeviceManagementServiceConfig.Read.All";

/// A partner as Graph describes it.
#[derive(Debug)]
pub struct Partner {
    /// Graph's own JSON, unknown fields included.
    pub raw: Box<RawValue>,
    /// The fields that have a meaning here.
    pub fields: Fields,
}

/// The fields that have a meaning here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    /// Opaque; in practice a GUID.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub display_name: Option<String>,
    /// `notOnboarded`, `onboarding`, `onboarded`, or what the service adds.
    #[serde(default)]
    pub onboarding_status: Option<String>,
    /// When the partner last called Intune, as the service writes it.
    #[serde(default)]
    pub last_connection_date_time: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Box<RawValue>>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
}

/// Asks for one partner's connector to be removed. 204 means that it is.
pub async fn disconnect(client: &Client<'_>, id: &str, progress: &Cell<Progress>, stop: &Stop) -> Outcome {
    let [first, second] = COLLECTION;
    let url = client.url(&[first, second, id, "disconnect"]);
    client.send(&Call { method: Method::POST, url, label: id, progress }, stop).await
}

/// Reads all partners, over all pages.
///
/// # Errors
/// A page was refused, is not one of Graph's, or the chain of pages leads away from the root or does not end.
pub async fn list(client: &Client<'_>) -> anyhow::Result<Vec<Partner>> {
    let mut url = client.url(&COLLECTION);
    let mut seen = HashSet::new();
    let mut partners = Vec::new();
    loop {
        let page = page(client, url.clone()).await?;
        for raw in page.value {
            let fields = serde_json::from_str(raw.get())
                .map_err(|_| Error::failure("Graph's list holds something that is not a partner with an ID"))?;
            partners.push(Partner { raw, fields });
        }
        let Some(link) = page.next_link.filter(|link| !link.is_empty()) else { return Ok(partners) };
        // The token goes with the next request, so where to is not for the answer to decide.
        let next = Url::parse(&link).ok().filter(|next| client.owns(next)).ok_or_else(|| {
            Error::failure("the next page of the list is not on the Graph root; the list is not complete").hint(
                "if Graph is reached through a proxy that rewrites addresses, it must rewrite @odata.nextLink too",
            )
        })?;
        seen.insert(url);
        if seen.contains(&next) || seen.len() >= MOST_PAGES {
            return Err(Error::failure("the list's pages lead in a circle; the list is not complete").into());
        }
        url = next;
    }
}

async fn page(client: &Client<'_>, url: Url) -> anyhow::Result<Page> {
    let call = Call { method: Method::GET, url, label: "list", progress: &Cell::new(Progress::default()) };
    let outcome = client.send(&call, &Stop::new()).await;
    let answer = match outcome.last {
        Some(Ok(answer)) => answer,
        Some(Err(reason)) => return Err(Error::failure(format!("the partners cannot be listed: {reason}")).into()),
        None => return Err(Error::failure("the partners cannot be listed: nothing was sent").into()),
    };
    if answer.status == 200 {
        let page = serde_json::from_slice(&answer.body);
        return page.map_err(|_| Error::failure("the answer is not a list of partners, or broke off").into());
    }
    let problem = problem::read(&answer);
    let id = problem.request_id.map(|id| format!(" (request id {})", clean(&id))).unwrap_or_default();
    let (status, code, words) = (answer.status, clean(&problem.code), clean(&problem.message));
    let mut message = format!("the partners cannot be listed: {status} {code}: {words}{id}");
    if let Ended::Hopeless(wait) = outcome.ended {
        message.push_str(&format!("; the service asks to wait {}", humantime::format_duration(wait)));
    }
    let error = if answer.status == 401 { Error::auth(message) } else { Error::failure(message) };
    Err(match hint(answer.status) {
        Some(hint) => error.hint(hint).into(),
        None => error.into(),
    })
}

/// What to do about a status.
pub fn hint(status: u16) -> Option<String> {
    let words = match status {
        401 => format!(
            "the service does not accept the token: it may have expired, be for another service, or lack {PERMISSION}; \
             an app-only token may not be enabled for this tenant. Get a new one and run again"
        ),
        403 => format!(
            "the token needs the permission {PERMISSION}, the account a role in Intune that includes it, and the tenant \
             an active Intune licence; app-only access may not be enabled for this tenant"
        ),
        404 => "no such partner, or no such API at this root; `intunectl partner list` shows the IDs that there are"
            .to_owned(),
        429 => "other programs may be using up the tenant's limit: try again later, or with a lower --rate".to_owned(),
        300..=399 => "something between here and Graph redirects requests: check the proxy, a captive portal, and \
                      --graph-url"
            .to_owned(),
        _ => return None,
    };
    Some(words)
}
