//! Sign-in, as Entra's OAuth 2.0 endpoints (v2.0) do it: device code, authorization code, refresh token, client
//! credentials, and the configuration in which they are found (source: Microsoft identity platform reference;
//! graph-facts, "Tokens"). Nobody has to be there: what a person would approve is approved after a while by itself.

mod authorization;
pub(super) mod denial;
mod device;
mod discovery;
mod pages;
pub(super) mod scopes;

use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use self::authorization::{AuthorizationCodes, Proof, is_challenge, is_loopback};
use self::denial::json_response;
use self::device::DeviceCodes;
use self::pages::Question;
use super::errors::Trace;
use super::form::Form;
use super::tokens::{ACCOUNT, Caller, Grant, Tokens, tenant_id};

pub(super) use self::denial::Denial;
pub(super) use self::scopes::Scopes;

/// The only kind of assertion there is (RFC 7523, section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Names that stand for no tenant in particular.
const ANY_TENANT: [&str; 3] = ["common", "organizations", "consumers"];

/// What stays as it is in a query: what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The stand-in for Entra, less the tokens that it gives.
#[derive(Debug)]
pub(super) struct SignIn {
    root: String,
    approve_after: Duration,
    devices: DeviceCodes,
    codes: AuthorizationCodes,
}

/// A request to an endpoint.
pub(super) struct Request<'a> {
    /// The tenant that the path names.
    pub(super) tenant: &'a str,
    /// The rest of the path.
    pub(super) endpoint: &'a str,
    /// What else the request says.
    pub(super) head: &'a Parts,
    /// Its body.
    pub(super) body: &'a [u8],
}

impl SignIn {
    /// For the Graph at `root`. What a person would approve is approved after `approve_after`.
    pub(super) fn new(root: String, approve_after: Duration) -> Self {
        let (devices, codes) = (DeviceCodes::new(approve_after), AuthorizationCodes::new(approve_after));
        Self { root, approve_after, devices, codes }
    }

    /// Answers a request that arrives at the time of `trace`.
    pub(super) fn answer(&mut self, tokens: &mut Tokens, request: &Request, trace: &Trace) -> Response<Bytes> {
        let now = trace.time;
        let answer = match request.endpoint {
            "devicecode" => self.device_code(request, now),
            "token" => self.token(tokens, request, now),
            // Where people are, there are pages.
            "authorize" => {
                return self.authorize(request, now).unwrap_or_else(|denial| pages::denial(&denial, trace));
            }
            _ => Err(Denial::UnknownEndpoint),
        };
        to_response(answer, trace)
    }

    /// The OpenID configuration of a tenant.
    pub(super) fn configuration(&self, tenant: &str, head: &Parts, trace: &Trace) -> Response<Bytes> {
        let method = check_method(head, &Method::GET, "GET");
        to_response(method.and_then(|()| discovery::configuration(&self.root, tenant)), trace)
    }

    /// The page on which people would enter a device code.
    pub(super) fn device_page(&self) -> Response<Bytes> {
        pages::device(self.approve_after)
    }

    fn device_code(&mut self, request: &Request, now: SystemTime) -> Result<Value, Denial> {
        let form = posted(request)?;
        let client_id = required(&form, "client_id")?;
        let scopes = self.scopes(required(&form, "scope")?)?;
        let code = self.devices.issue(grant(client_id, request.tenant, scopes), now);
        let (user_code, page) = (device::user_code(), format!("{}/device", self.root));
        Ok(json!({
            "user_code": user_code,
            "device_code": code,
            "verification_uri": page,
            "expires_in": device::LIVES.as_secs(),
            "interval": device::INTERVAL.as_secs(),
            "message": format!(
                "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
            ),
        }))
    }

    fn token(&mut self, tokens: &mut Tokens, request: &Request, now: SystemTime) -> Result<Value, Denial> {
        let form = posted(request)?;
        match required(&form, "grant_type")? {
            "urn:ietf:params:oauth:grant-type:device_code" => {
                let client_id = required(&form, "client_id")?;
                let grant = self.devices.redeem(required(&form, "device_code")?, client_id, now)?;
                Ok(self.signed_in(tokens, grant, now))
            }
            "authorization_code" => {
                let proof = Proof {
                    client_id: required(&form, "client_id")?,
                    code: required(&form, "code")?,
                    redirect_uri: required(&form, "redirect_uri")?,
                    verifier: required(&form, "code_verifier")?,
                };
                let grant = self.codes.redeem(proof, now)?;
                Ok(self.signed_in(tokens, grant, now))
            }
            "refresh_token" => self.refresh(tokens, &form, now),
            "client_credentials" => self.application(tokens, &form, request.tenant, now),
            other => Err(Denial::UnknownGrantType(other.to_owned())),
        }
    }

    /// The tokens that a person's sign-in comes to.
    fn signed_in(&self, tokens: &mut Tokens, grant: Grant, now: SystemTime) -> Value {
        let mut answer = self.answer_for(tokens, &grant, Caller::User, now);
        if grant.scopes.has_offline_access() {
            answer.insert("refresh_token".into(), tokens.issue_refresh(grant, now).into());
        }
        answer.into()
    }

    /// New tokens for a refresh token. Fewer scopes may be asked for this time; the new refresh token stays good for
    /// those of the old one (RFC 6749, section 6).
    fn refresh(&self, tokens: &mut Tokens, form: &Form, now: SystemTime) -> Result<Value, Denial> {
        let client_id = required(form, "client_id")?;
        let token = required(form, "refresh_token")?;
        // Before the token is used up: a request that makes no sense must not cost it.
        let scopes = form.get("scope").map(|scope| self.scopes(scope)).transpose()?;
        let grant = tokens.redeem_refresh(token, client_id)?;
        let this_time = Grant { scopes: scopes.unwrap_or_else(|| grant.scopes.clone()), ..grant.clone() };
        let mut answer = self.answer_for(tokens, &this_time, Caller::User, now);
        answer.insert("refresh_token".into(), tokens.issue_refresh(grant, now).into());
        Ok(answer.into())
    }

    /// A token for an application itself. Which secrets are good, nobody can know; two are known to be bad, so that
    /// failures can be rehearsed.
    fn application(&self, tokens: &mut Tokens, form: &Form, tenant: &str, now: SystemTime) -> Result<Value, Denial> {
        let client_id = required(form, "client_id")?;
        let scope = required(form, "scope")?;
        let secret = form.get("client_secret");
        let assertion = form.get("client_assertion");
        if secret.or(assertion).is_none() {
            return Err(Denial::NoCredential);
        }
        if secret.is_none() && required(form, "client_assertion_type")? != JWT_BEARER {
            return Err(Denial::Malformed);
        }
        if ANY_TENANT.contains(&tenant) {
            return Err(Denial::NoTenant);
        }
        if scope != format!("{}/.default", self.root) {
            let of_another = scope.ends_with("/.default") && !scope.contains(' ');
            let denial = if of_another { Denial::InvalidScope } else { Denial::NotDefaultScope };
            return Err(denial(scope.to_owned()));
        }
        match secret {
            Some("expired") => Err(Denial::SecretExpired { client_id: client_id.to_owned() }),
            Some("wrong") => Err(Denial::SecretWrong { client_id: client_id.to_owned() }),
            _ => {
                let grant = grant(client_id, tenant, Scopes::of_application());
                Ok(self.answer_for(tokens, &grant, Caller::Application, now).into())
            }
        }
    }

    /// What every answer with tokens holds.
    fn answer_for(&self, tokens: &mut Tokens, grant: &Grant, caller: Caller, now: SystemTime) -> Map<String, Value> {
        let mut answer = Map::new();
        answer.insert("token_type".into(), "Bearer".into());
        answer.insert("scope".into(), grant.scopes.granted(&self.root).into());
        answer.insert("expires_in".into(), tokens.lifetime().into());
        answer.insert("ext_expires_in".into(), tokens.lifetime().into());
        answer.insert("access_token".into(), tokens.issue_access(grant, caller, now).into());
        if grant.scopes.has_openid() {
            answer.insert("id_token".into(), tokens.make_id_token(grant, &self.root, now).into());
        }
        answer
    }

    /// The page that a browser is sent to. Whatever is wrong is told on a page, not to the redirect URI: somebody is
    /// looking, and the client that made the mistake may not be listening.
    fn authorize(&mut self, request: &Request, now: SystemTime) -> Result<Response<Bytes>, Denial> {
        check_method(request.head, &Method::GET, "GET")?;
        let query = Form::parse(request.head.uri.query().unwrap_or_default().as_bytes())?;
        let client_id = required(&query, "client_id")?;
        let redirect_uri = required(&query, "redirect_uri")?;
        if !is_loopback(redirect_uri) {
            let (client_id, redirect_uri) = (client_id.to_owned(), redirect_uri.to_owned());
            return Err(Denial::RedirectRefused { client_id, redirect_uri });
        }
        let response_type = required(&query, "response_type")?;
        if response_type != "code" {
            return Err(Denial::ResponseType(response_type.to_owned()));
        }
        if query.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(Denial::Malformed);
        }
        let scopes = self.scopes(required(&query, "scope")?)?;
        let challenge = required(&query, "code_challenge")?;
        if required(&query, "code_challenge_method")? != "S256" {
            return Err(Denial::ChallengeMethod);
        }
        if !is_challenge(challenge) {
            return Err(Denial::ChallengeSize);
        }
        let scope = scopes.granted(&self.root);
        let code = self.codes.issue(grant(client_id, request.tenant, scopes), redirect_uri, challenge, now);
        let state = query.get("state").map(|state| ("state", state));
        let declined = [("error", "access_denied"), ("error_description", DECLINED)];
        Ok(pages::question(&Question {
            client_id,
            scope: &scope,
            account: ACCOUNT,
            accept: &with_query(redirect_uri, [("code", code.as_str())].into_iter().chain(state)),
            decline: &with_query(redirect_uri, declined.into_iter().chain(state)),
            approve_after: self.approve_after,
        }))
    }

    fn scopes(&self, text: &str) -> Result<Scopes, Denial> {
        Scopes::parse(text, &self.root).map_err(Denial::InvalidScope)
    }
}

/// What a client is told where the person at the browser would not have it.
const DECLINED: &str = "AADSTS65004: User declined to consent to access the app.";

fn grant(client_id: &str, tenant: &str, scopes: Scopes) -> Grant {
    Grant { client_id: client_id.to_owned(), tenant: tenant_id(tenant), scopes }
}

/// The parameters in the body of a POST. A body of another type has none that Entra would see.
fn posted(request: &Request) -> Result<Form, Denial> {
    check_method(request.head, &Method::POST, "POST")?;
    let content_type = request.head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(Form::default());
    }
    Ok(Form::parse(request.body)?)
}

fn check_method(head: &Parts, method: &Method, allowed: &'static str) -> Result<(), Denial> {
    if head.method == method {
        return Ok(());
    }
    Err(Denial::WrongMethod { allowed, received: head.method.to_string() })
}

fn to_response(answer: Result<Value, Denial>, trace: &Trace) -> Response<Bytes> {
    match answer {
        Ok(body) => json_response(StatusCode::OK, &body),
        Err(denial) => denial.response(trace),
    }
}

fn required<'a>(form: &'a Form, name: &'static str) -> Result<&'a str, Denial> {
    form.get(name).ok_or(Denial::Missing(name))
}

/// A redirect URI, which has no query of its own, with one.
fn with_query<'a>(uri: &str, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let encode = |(name, value)| format!("{name}={}", utf8_percent_encode(value, ENCODED));
    let query: Vec<_> = parameters.map(encode).collect();
    // `http://` has two slashes; a third one begins the path.
    let path = if uri.matches('/').count() < 3 { "/" } else { "" };
    format!("{uri}{path}?{}", query.join("&"))
}

#[cfg(test)]
mod tests;
