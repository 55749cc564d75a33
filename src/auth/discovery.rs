//! Looks up the ID of the tenant that has a domain. The sign-in service publishes it, and no token is sent.
//! Source: graph-facts, "A tenant's ID from a domain".

use std::rc::Rc;

use reqwest::Url;
use serde::Deserialize;
use uuid::Uuid;

use super::refusal::SignInError;
use super::tenant::Tenant;
use crate::error::Error;
use crate::net::http;
use crate::net::request::{Repeat, RetryingRequest, SendOptions, describe_unexpected};
use crate::net::root::Root;

const OTHERWISE: &str = "check the domain, or use the tenant's ID in --tenant";

/// An OpenID configuration or an error.
#[derive(Deserialize)]
struct Configuration {
    issuer: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// # Errors
/// No tenant has this domain, or the service does not answer. `outcome` says what did not happen for this reason.
pub async fn tenant_id(
    domain: &Tenant,
    login: &Root,
    outcome: &str,
    send_options: SendOptions<'_>,
) -> anyhow::Result<Tenant> {
    let failed = |why: &str, hint: &str| {
        Error::auth(format!("cannot find the tenant of {domain}: {}: {why}; {outcome}", login.host())).hint(hint)
    };
    let address = format!("{}/{domain}/v2.0/.well-known/openid-configuration", login.as_str());
    let url = Url::parse(&address).map_err(|_| failed("invalid domain", OTHERWISE))?;
    let http = http::client(login, send_options.transport)?;
    let request = RetryingRequest { label: "tenant", repeat: Repeat::Safe, secrets: &Rc::default(), send_options };
    let answer = request.send(&http, || reqwest::Request::new(reqwest::Method::GET, url.clone())).await;
    let answer = answer.map_err(|reason| {
        failed(&reason.to_string(), reason.hint().unwrap_or("check the network, or use the tenant's ID in --tenant"))
    })?;
    match serde_json::from_slice(&answer.body) {
        Ok(Configuration { issuer: Some(issuer), .. }) if answer.status == 200 => {
            // In some clouds the host is not the sign-in server's. The ID is the first segment of the path.
            let id = Url::parse(&issuer)
                .ok()
                .and_then(|url| url.path_segments()?.next().filter(|id| Uuid::try_parse(id).is_ok())?.parse().ok());
            id.ok_or_else(|| failed("the answer contains no tenant ID", OTHERWISE).into())
        }
        Ok(Configuration { error: Some(error), error_description, .. }) => {
            let error = SignInError::refused(login.host(), &error, error_description.as_deref(), &[]);
            let error = error.about(&format!("cannot find the tenant of {domain}"), "intunectl auth login", OTHERWISE);
            let hint = error.hint_text().unwrap_or_default().to_owned();
            Err(Error::auth(format!("{error}; {outcome}")).hint(hint).into())
        }
        _ => Err(failed(&describe_unexpected(&answer), OTHERWISE).into()),
    }
}
