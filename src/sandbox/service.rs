//! From a request to its response: what Graph would say to it, and what it changes.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::{Map, Value};

use super::errors::{Refusal, Trace, respond};
use super::partners::{self, Partner, Partners, Version};
use super::sign_in::{Request, SignIn};
use super::throttle::{Decision, Throttle};
use super::tokens::{Caller, Tokens};

/// The most partners that one page holds.
const PAGE: usize = 100;

/// How long a partner has to confirm an onboarding request. The reference gives no time; a day is long enough here.
const ONBOARDING_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// What Graph calls the JSON of its answers.
const ODATA: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// The stand-in for Graph, less its sockets.
pub(super) struct Service {
    /// What links in answers begin with: scheme and authority.
    pub(super) root: String,
    /// The tokens that are accepted.
    pub(super) tokens: Tokens,
    /// Where more of them come from.
    pub(super) sign_in: SignIn,
    /// The partners of the tenant.
    pub(super) partners: Partners,
    /// The statuses that actions on a partner fail with, by `partners::key`.
    pub(super) failures: HashMap<String, StatusCode>,
    /// The limits, if there are any.
    pub(super) throttle: Option<Throttle>,
}

/// What a path of the API stands for.
#[derive(Debug, PartialEq, Eq)]
enum Route {
    List,
    Partner { id: String },
    Act { id: String, action: Action },
    RevokeSessions,
}

/// What a POST does to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Disconnect,
    BeginOnboarding,
}

impl Service {
    /// Answers a request that arrives at `now`. Its body is of interest to sign-in alone.
    pub(super) fn answer(&mut self, head: &Parts, body: &[u8], trace: &Trace, now: Instant) -> Response<Bytes> {
        self.dispatch(head, body, trace, now).unwrap_or_else(|refusal| refusal.response(trace))
    }

    /// Refuses in the order in which the layers of the service would: web server, sign-in, throttling, API.
    fn dispatch(&mut self, head: &Parts, body: &[u8], trace: &Trace, now: Instant) -> Result<Response<Bytes>, Refusal> {
        check_length(head)?;
        let segments: Vec<_> = head.uri.path().trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            [tenant, "oauth2", "v2.0", endpoint @ ..] => {
                let (tenant, endpoint) = (percent_decode(tenant), endpoint.join("/"));
                let request = Request { tenant: &tenant, endpoint: &endpoint, head, body };
                Ok(self.sign_in.answer(&mut self.tokens, &request, trace))
            }
            // A tenant whose name is empty has no segment here.
            [tenant @ .., "v2.0", ".well-known", "openid-configuration"] if tenant.len() < 2 => {
                Ok(self.sign_in.configuration(&percent_decode(&tenant.concat()), head, trace))
            }
            ["device"] if head.method == Method::GET => Ok(self.sign_in.device_page()),
            ["device"] => Err(Refusal::WrongMethod { allowed: "GET" }),
            _ => self.call(&segments, head, trace, now),
        }
    }

    /// A call of Graph.
    fn call(
        &mut self,
        segments: &[&str],
        head: &Parts,
        trace: &Trace,
        now: Instant,
    ) -> Result<Response<Bytes>, Refusal> {
        let caller = self.check_token(head, trace.time)?;
        self.check_throttle(head, now)?;
        let (version, route) = parse(segments)?;
        check_method(&head.method, &route)?;
        match route {
            Route::List => self.list(version, head.uri.query().unwrap_or_default()),
            Route::Partner { id } => self.show(version, &id),
            Route::Act { id, action } => self.act(&id, action),
            Route::RevokeSessions => self.revoke_sessions(version, caller, trace.time),
        }
    }

    fn check_token(&self, head: &Parts, now: SystemTime) -> Result<Caller, Refusal> {
        let header = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                self.tokens.check(token.trim(), now)
            }
            _ => Err(Refusal::TokenMissing),
        }
    }

    fn check_throttle(&mut self, head: &Parts, now: Instant) -> Result<(), Refusal> {
        let is_write = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&head.method);
        match self.throttle.as_mut().map(|throttle| throttle.arrive(is_write, now)) {
            Some(Decision::Refuse { retry_after }) => Err(Refusal::Throttled { retry_after }),
            Some(Decision::Accept) | None => Ok(()),
        }
    }

    /// A page of partners. `$top` is the size of the page, as Graph has it; options other than paging are ignored.
    fn list(&self, version: Version, query: &str) -> Result<Response<Bytes>, Refusal> {
        let top = number(query, "$top")?;
        let skip = number(query, "$skiptoken")?.unwrap_or(0);
        let page = self.partners.page(skip, top.unwrap_or(PAGE).min(PAGE));
        let mut body = Map::new();
        body.insert("@odata.context".into(), self.context(version, "").into());
        body.insert("value".into(), page.iter().map(|partner| partner.fields(version)).collect());
        let next = skip.saturating_add(page.len());
        // An empty page is the last one, whatever follows it: a link after `$top=0` would lead nowhere for ever.
        if !page.is_empty() && next < self.partners.count() {
            body.insert("@odata.nextLink".into(), self.next_link(version, top, next).into());
        }
        Ok(ok(body))
    }

    fn show(&self, version: Version, id: &str) -> Result<Response<Bytes>, Refusal> {
        let partner = self.partners.get(id).ok_or(Refusal::UnknownPartner)?;
        let mut body = partner.fields(version);
        body.insert("@odata.context".into(), self.context(version, "/$entity").into());
        Ok(ok(body))
    }

    fn act(&mut self, id: &str, action: Action) -> Result<Response<Bytes>, Refusal> {
        if let Some(status) = self.failures.get(&partners::key(id)) {
            return Err(Refusal::Configured(*status));
        }
        let partner = self.partners.get_mut(id).ok_or(Refusal::UnknownPartner)?;
        action.apply(partner);
        Ok(no_content())
    }

    /// Ends every session that began with a sign-in (source: Graph reference, user: revokeSignInSessions).
    fn revoke_sessions(
        &mut self,
        version: Version,
        caller: Caller,
        now: SystemTime,
    ) -> Result<Response<Bytes>, Refusal> {
        if caller == Caller::Application {
            return Err(Refusal::NobodySignedIn);
        }
        self.tokens.revoke(now);
        let mut body = Map::new();
        body.insert("@odata.context".into(), format!("{}/{}/$metadata#Edm.Boolean", self.root, version.name()).into());
        body.insert("value".into(), true.into());
        Ok(ok(body))
    }

    fn context(&self, version: Version, suffix: &str) -> String {
        format!("{}/{}/$metadata#deviceManagement/remoteAssistancePartners{suffix}", self.root, version.name())
    }

    fn next_link(&self, version: Version, top: Option<usize>, skip: usize) -> String {
        let top = top.map(|top| format!("$top={top}&")).unwrap_or_default();
        let path = format!("{}/{}/deviceManagement/remoteAssistancePartners", self.root, version.name());
        format!("{path}?{top}$skiptoken={skip}")
    }
}

impl Action {
    /// The action of this name, also where the name is qualified, as OData has it.
    fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("microsoft.graph.").unwrap_or(name) {
            "disconnect" => Some(Self::Disconnect),
            "beginOnboarding" => Some(Self::BeginOnboarding),
            _ => None,
        }
    }

    fn apply(self, partner: &mut Partner) {
        match self {
            Self::Disconnect => partner.disconnect(),
            Self::BeginOnboarding => partner.begin_onboarding(SystemTime::now() + ONBOARDING_LASTS),
        }
    }
}

/// Takes the segments of a path apart, and names the first one that leads nowhere.
fn parse(segments: &[&str]) -> Result<(Version, Route), Refusal> {
    let (version, rest) = match segments {
        ["v1.0", rest @ ..] => (Version::V1, rest),
        ["beta", rest @ ..] => (Version::Beta, rest),
        _ => return Err(unknown(segments.first())),
    };
    let route = match rest {
        ["deviceManagement", "remoteAssistancePartners"] => Route::List,
        ["deviceManagement", "remoteAssistancePartners", id] => Route::Partner { id: percent_decode(id) },
        ["deviceManagement", "remoteAssistancePartners", id, name] => {
            let action = Action::named(name).ok_or_else(|| unknown(Some(name)))?;
            Route::Act { id: percent_decode(id), action }
        }
        ["deviceManagement", "remoteAssistancePartners", _, _, ..] => return Err(unknown(rest.get(4))),
        ["me", "revokeSignInSessions" | "microsoft.graph.revokeSignInSessions"] => Route::RevokeSessions,
        ["me", "revokeSignInSessions" | "microsoft.graph.revokeSignInSessions", _, ..] => {
            return Err(unknown(rest.get(2)));
        }
        ["deviceManagement" | "me", _, ..] => return Err(unknown(rest.get(1))),
        _ => return Err(unknown(rest.first())),
    };
    Ok((version, route))
}

fn unknown(segment: Option<&&str>) -> Refusal {
    Refusal::UnknownSegment(segment.map(|segment| percent_decode(segment)).unwrap_or_default())
}

/// A POST must say how long its body is, even where it has none (source: graph-facts, "The resource").
fn check_length(head: &Parts) -> Result<(), Refusal> {
    let is_told = head.headers.contains_key(CONTENT_LENGTH) || head.headers.contains_key(TRANSFER_ENCODING);
    if head.method == Method::POST && !is_told { Err(Refusal::LengthRequired) } else { Ok(()) }
}

fn check_method(method: &Method, route: &Route) -> Result<(), Refusal> {
    let allowed = match route {
        Route::List | Route::Partner { .. } => "GET",
        Route::Act { .. } | Route::RevokeSessions => "POST",
    };
    if method.as_str() == allowed { Ok(()) } else { Err(Refusal::WrongMethod { allowed }) }
}

/// The value of a query option that is a number not below zero.
fn number(query: &str, name: &str) -> Result<Option<usize>, Refusal> {
    let mut options = query.split('&').map(|option| option.split_once('=').unwrap_or((option, "")));
    let Some((_, value)) = options.find(|(key, _)| percent_decode(key) == name) else {
        return Ok(None);
    };
    let value = percent_decode(value);
    let number = value.parse().map_err(|_| {
        Refusal::BadQueryOption(format!(
            "Invalid value '{value}' for {name} query option found. \
             The {name} query option requires a non-negative integer value."
        ))
    })?;
    Ok(Some(number))
}

/// Undoes percent-encoding; a `%` without two hexadecimal digits behind it stands for itself.
fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn ok(body: Map<String, Value>) -> Response<Bytes> {
    respond(StatusCode::OK, ODATA, Value::Object(body).to_string())
}

fn no_content() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone_and_what_is_none_is_left() {
        let table = [
            ("", ""),
            ("plain", "plain"),
            ("a%20b%2Fc%2fd", "a b/c/d"),
            ("%E6%9D%B1", "東"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%+f%zz", "%+f%zz"),
            ("%2541", "%41"),
            ("%東", "%東"),
            ("%ff", "\u{fffd}"),
        ];
        for (encoded, expected) in table {
            assert_eq!(percent_decode(encoded), expected, "{encoded}");
        }
    }

    #[test]
    fn paths_of_the_reference_are_known_in_both_versions() {
        let act = |action| Route::Act { id: "A b".into(), action };
        let table = [
            ("", Route::List),
            ("/A%20b", Route::Partner { id: "A b".into() }),
            ("/A%20b/disconnect", act(Action::Disconnect)),
            ("/A%20b/microsoft.graph.disconnect", act(Action::Disconnect)),
            ("/A%20b/beginOnboarding", act(Action::BeginOnboarding)),
            ("/A%20b/microsoft.graph.beginOnboarding", act(Action::BeginOnboarding)),
        ];
        for (path, route) in table {
            let beta = format!("beta/deviceManagement/remoteAssistancePartners{path}");
            let v1 = format!("v1.0/deviceManagement/remoteAssistancePartners{path}");
            assert_eq!(parse(&v1.split('/').collect::<Vec<_>>()).unwrap().0, Version::V1);
            assert_eq!(parse(&beta.split('/').collect::<Vec<_>>()), Ok((Version::Beta, route)));
        }
        for name in ["revokeSignInSessions", "microsoft.graph.revokeSignInSessions"] {
            assert_eq!(parse(&["v1.0", "me", name]), Ok((Version::V1, Route::RevokeSessions)));
        }
    }

    #[test]
    fn the_first_segment_that_leads_nowhere_is_named() {
        let table = [
            ("", ""),
            ("v2.0/deviceManagement", "v2.0"),
            ("v1.0", ""),
            ("v1.0/me", "me"),
            ("v1.0/me/messages/1", "messages"),
            ("beta/me/revokeSignInSessions/now", "now"),
            ("v1.0/deviceManagement", "deviceManagement"),
            ("v1.0/deviceManagement/remote%20Partners/1", "remote Partners"),
            ("v1.0/deviceManagement/remoteAssistancePartners/1/Disconnect", "Disconnect"),
            ("v1.0/deviceManagement/remoteAssistancePartners/1/disconnect/x", "x"),
        ];
        for (path, segment) in table {
            let segments: Vec<_> = path.split('/').collect();
            assert_eq!(parse(&segments), Err(Refusal::UnknownSegment(segment.into())), "{path}");
        }
    }

    #[test]
    fn query_options_are_read_as_odata_has_them() {
        assert_eq!(number("", "$top"), Ok(None));
        assert_eq!(number("$skip=1&$top=7&$top=8", "$top"), Ok(Some(7)));
        assert_eq!(number("a=b&%24top=%37", "$top"), Ok(Some(7)));
        for query in ["$top", "$top=", "$top=-1", "$top=x", "$top=99999999999999999999999"] {
            assert!(matches!(number(query, "$top"), Err(Refusal::BadQueryOption(_))), "{query}");
        }
    }
}
