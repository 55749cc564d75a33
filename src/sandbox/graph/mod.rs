//! The stand-in for Graph: how it answers a request, and what the request changes.

mod error;
mod partners;
mod route;
#[cfg(test)]
mod tests;
mod throttle;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::{Map, Value};

use self::partners::{Partners, RemoteAssistancePartner, Version};
use self::route::{Route, query_number};
use self::throttle::Throttle;
use super::entra::{Identity, TokenIssuer};
use super::http::{Trace, respond};

pub(super) use self::error::GraphError;
pub use self::throttle::Limit;

/// The most partners on one page.
const PAGE: usize = 100;

/// How long a partner has to confirm an onboarding request. The reference does not say; a day is long enough here.
const ONBOARDING_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

const ODATA: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

pub(super) struct Graph {
    /// The beginning of links in responses: scheme and authority.
    root: String,
    partners: Partners,
    /// The status with which changes of a partner fail, by `partners::key`.
    failures: HashMap<String, StatusCode>,
    throttle: Option<Throttle>,
}

impl Graph {
    pub(super) fn new(
        root: String,
        partners: usize,
        failures: HashMap<String, StatusCode>,
        throttle: Option<Limit>,
    ) -> Self {
        let failures = failures.into_iter().map(|(id, status)| (partners::key(&id), status)).collect();
        Self { root, partners: Partners::new(partners), failures, throttle: throttle.map(Throttle::new) }
    }

    /// Answers a request. It is checked in the order of the service's layers: sign-in, throttling, API.
    pub(super) fn answer(
        &mut self,
        tokens: &mut TokenIssuer,
        segments: &[&str],
        head: &Parts,
        trace: &Trace,
        now: Instant,
    ) -> Result<Response<Bytes>, GraphError> {
        let identity = tokens.check(bearer_token(head)?, trace.time)?;
        self.check_throttle(head, now)?;
        let (version, route) = Route::parse(segments)?;
        route.check_method(&head.method)?;
        match route {
            Route::List => self.list(version, head.uri.query().unwrap_or_default()),
            Route::Partner(id) if head.method == Method::DELETE => {
                self.write(&id, |partners| partners.remove(&id).map(|_| ()))
            }
            Route::Partner(id) => self.show(version, &id),
            Route::Disconnect(id) => {
                self.write(&id, |partners| partners.get_mut(&id).map(RemoteAssistancePartner::disconnect))
            }
            Route::BeginOnboarding(id) => {
                let expires = trace.time + ONBOARDING_LASTS;
                self.write(&id, |partners| partners.get_mut(&id).map(|partner| partner.begin_onboarding(expires)))
            }
            // This needs a signed-in user (source: Graph reference, user: revokeSignInSessions).
            Route::RevokeSessions if identity == Identity::Application => Err(GraphError::NotDelegated),
            Route::RevokeSessions => {
                tokens.revoke(trace.time);
                Ok(self.ok(version, "Edm.Boolean", [("value".to_owned(), true.into())].into_iter().collect()))
            }
        }
    }

    fn check_throttle(&mut self, head: &Parts, now: Instant) -> Result<(), GraphError> {
        let is_write = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&head.method);
        match self.throttle.as_mut().and_then(|throttle| throttle.arrive(is_write, now)) {
            Some(retry_after) => Err(GraphError::Throttled { retry_after }),
            None => Ok(()),
        }
    }

    /// A page of partners. `$top` is the page size, as in Graph; options other than paging are ignored.
    fn list(&self, version: Version, query: &str) -> Result<Response<Bytes>, GraphError> {
        let top = query_number(query, "$top")?;
        let last = query_number(query, "$skiptoken")?.unwrap_or(0);
        let mut rest = self.partners.after(last);
        let page: Vec<_> = rest.by_ref().take(top.unwrap_or(PAGE).min(PAGE)).collect();
        let mut body = Map::new();
        body.insert("value".into(), page.iter().map(|partner| partner.fields(version)).collect());
        // An empty page is the last one even if partners follow: after `$top=0`, the links would never end.
        if let (Some(last), Some(_)) = (page.last(), rest.next()) {
            let last = last.number;
            let (root, version) = (&self.root, version.name());
            let top = top.map(|top| format!("$top={top}&")).unwrap_or_default();
            let link = format!("{root}/{version}/deviceManagement/remoteAssistancePartners?{top}$skiptoken={last}");
            body.insert("@odata.nextLink".into(), link.into());
        }
        Ok(self.ok(version, "deviceManagement/remoteAssistancePartners", body))
    }

    fn show(&self, version: Version, id: &str) -> Result<Response<Bytes>, GraphError> {
        let partner = self.partners.get(id).ok_or(GraphError::UnknownPartner)?;
        Ok(self.ok(version, "deviceManagement/remoteAssistancePartners/$entity", partner.fields(version)))
    }

    /// Changes a partner, unless that is configured to fail. `change` returns `None` if the partner does not exist.
    fn write(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Partners) -> Option<()>,
    ) -> Result<Response<Bytes>, GraphError> {
        if let Some(status) = self.failures.get(&partners::key(id)) {
            return Err(GraphError::Configured(*status));
        }
        change(&mut self.partners).ok_or(GraphError::UnknownPartner)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }

    /// The response with these fields. `kind` is their type in the metadata.
    fn ok(&self, version: Version, kind: &str, mut body: Map<String, Value>) -> Response<Bytes> {
        let context = format!("{}/{}/$metadata#{kind}", self.root, version.name());
        body.insert("@odata.context".into(), context.into());
        respond(StatusCode::OK, ODATA, Value::Object(body).to_string())
    }
}

fn bearer_token(head: &Parts) -> Result<&str, GraphError> {
    let header = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        _ => Err(GraphError::TokenMissing),
    }
}
