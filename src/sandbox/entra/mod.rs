//! The stand-in for Entra: its OAuth 2.0 endpoints (v2.0) for device codes, authorization codes, refresh tokens and
//! client credentials, and the OpenID configuration that names them (source: Microsoft identity platform reference;
//! graph-facts, "Tokens"). No person is needed: sign-ins are approved automatically after a time.

mod authorization;
mod device;
mod discovery;
mod error;
mod form;
mod pages;
mod scopes;
mod tenant;
#[cfg(test)]
mod tests;
mod tokens;

use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use self::authorization::{AuthorizationCodeRequest, AuthorizationCodes, is_challenge, is_loopback};
use self::device::DeviceCodes;
use self::error::{EntraError, json_response};
use self::form::Form;
use self::pages::ConsentPrompt;
use self::scopes::Scopes;
use self::tokens::{ACCOUNT, Grant};
use super::http::Trace;

pub(super) use self::tokens::{Identity, InvalidToken, TokenIssuer};

/// The only type of assertion (RFC 7523, section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The error for the client if the user cancels.
const DECLINED: &str = "AADSTS65004: User declined to consent to access the app.";

/// The characters that must be encoded in a query: all except those that RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) struct Entra {
    pub(super) tokens: TokenIssuer,
    root: String,
    approve_after: Duration,
    device_codes: DeviceCodes,
    authorization_codes: AuthorizationCodes,
}

pub(super) struct EndpointRequest<'a> {
    pub(super) tenant: &'a str,
    pub(super) endpoint: &'a str,
    pub(super) head: &'a Parts,
    pub(super) body: &'a [u8],
}

impl Entra {
    /// For the Graph at `root`. Sign-ins are approved after `approve_after`, and their tokens are valid for `lifetime`.
    pub(super) fn new(root: String, approve_after: Duration, lifetime: Duration, now: SystemTime) -> Self {
        Self {
            tokens: TokenIssuer::new(lifetime, now),
            root,
            approve_after,
            device_codes: DeviceCodes::new(approve_after),
            authorization_codes: AuthorizationCodes::new(approve_after),
        }
    }

    pub(super) fn answer(&mut self, request: &EndpointRequest, trace: &Trace) -> Response<Bytes> {
        match request.endpoint {
            "devicecode" => to_response(self.device_code(request, trace.time), trace),
            "token" => to_response(self.token(request, trace.time), trace),
            // A person reads the answer in a browser, so errors are pages, too.
            "authorize" => self.authorize(request, trace.time).unwrap_or_else(|error| pages::error(&error, trace)),
            _ => EntraError::UnknownEndpoint.response(trace),
        }
    }

    pub(super) fn configuration(&self, tenant: &str, head: &Parts, trace: &Trace) -> Response<Bytes> {
        let method = check_method(head, "GET");
        to_response(method.and_then(|()| discovery::configuration(&self.root, tenant)), trace)
    }

    /// The page on which people would enter a device code.
    pub(super) fn device_page(&self) -> Response<Bytes> {
        pages::device(self.approve_after)
    }

    fn device_code(&mut self, request: &EndpointRequest, now: SystemTime) -> Result<Value, EntraError> {
        let form = posted(request)?;
        let client_id = form.required("client_id")?;
        let scopes = self.scopes(form.required("scope")?)?;
        let code = self.device_codes.issue(Grant::new(client_id, request.tenant, scopes), now);
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

    fn token(&mut self, request: &EndpointRequest, now: SystemTime) -> Result<Value, EntraError> {
        let form = posted(request)?;
        match form.required("grant_type")? {
            "urn:ietf:params:oauth:grant-type:device_code" => {
                let client_id = form.required("client_id")?;
                let grant = self.device_codes.redeem(form.required("device_code")?, client_id, now)?;
                Ok(self.signed_in(grant, now))
            }
            "authorization_code" => {
                let request = AuthorizationCodeRequest {
                    client_id: form.required("client_id")?,
                    code: form.required("code")?,
                    redirect_uri: form.required("redirect_uri")?,
                    verifier: form.required("code_verifier")?,
                };
                let grant = self.authorization_codes.redeem(request, now)?;
                Ok(self.signed_in(grant, now))
            }
            "refresh_token" => self.refresh(&form, now),
            "client_credentials" => self.client_credentials(&form, request.tenant, now),
            other => Err(EntraError::UnknownGrantType(other.to_owned())),
        }
    }

    fn signed_in(&mut self, grant: Grant, now: SystemTime) -> Value {
        let mut answer = self.token_response(&grant, Identity::User, now);
        if grant.scopes.has("offline_access") {
            answer.insert("refresh_token".into(), self.tokens.issue_refresh(grant, now).into());
        }
        answer.into()
    }

    /// A client may request fewer scopes this time; the new refresh token keeps the scopes of the old one (RFC 6749,
    /// section 6).
    fn refresh(&mut self, form: &Form, now: SystemTime) -> Result<Value, EntraError> {
        let client_id = form.required("client_id")?;
        let token = form.required("refresh_token")?;
        // Checked first: an invalid request must not use up the token.
        let scopes = form.get("scope").map(|scope| self.scopes(scope)).transpose()?;
        let grant = self.tokens.redeem_refresh(token, client_id)?;
        let this_time = Grant { scopes: scopes.unwrap_or_else(|| grant.scopes.clone()), ..grant.clone() };
        let mut answer = self.token_response(&this_time, Identity::User, now);
        answer.insert("refresh_token".into(), self.tokens.issue_refresh(grant, now).into());
        Ok(answer.into())
    }

    /// A token for an application itself. All secrets are valid except `expired` and `wrong`, which provoke errors.
    fn client_credentials(&mut self, form: &Form, tenant: &str, now: SystemTime) -> Result<Value, EntraError> {
        let client_id = form.required("client_id")?;
        let scope = form.required("scope")?;
        let secret = form.get("client_secret");
        if secret.or(form.get("client_assertion")).is_none() {
            return Err(EntraError::NoCredential);
        }
        if secret.is_none() && form.required("client_assertion_type")? != JWT_BEARER {
            return Err(EntraError::Malformed);
        }
        if tenant::is_any(tenant) {
            return Err(EntraError::NoTenant);
        }
        if scope != format!("{}/.default", self.root) {
            let is_default_of_another_service = scope.ends_with("/.default") && !scope.contains(' ');
            let error =
                if is_default_of_another_service { EntraError::InvalidScope } else { EntraError::NotDefaultScope };
            return Err(error(scope.to_owned()));
        }
        match secret {
            Some("expired") => Err(EntraError::SecretExpired { client_id: client_id.to_owned() }),
            Some("wrong") => Err(EntraError::SecretWrong { client_id: client_id.to_owned() }),
            _ => {
                let grant = Grant::new(client_id, tenant, Scopes::of_application());
                Ok(self.token_response(&grant, Identity::Application, now).into())
            }
        }
    }

    /// The fields of every response with tokens.
    fn token_response(&mut self, grant: &Grant, identity: Identity, now: SystemTime) -> Map<String, Value> {
        let mut answer = Map::new();
        answer.insert("token_type".into(), "Bearer".into());
        answer.insert("scope".into(), grant.scopes.granted(&self.root).into());
        answer.insert("expires_in".into(), self.tokens.lifetime().into());
        answer.insert("ext_expires_in".into(), self.tokens.lifetime().into());
        answer.insert("access_token".into(), self.tokens.issue_access(grant, identity, now).into());
        if grant.scopes.has("openid") {
            answer.insert("id_token".into(), self.tokens.make_id_token(grant, &self.root, now).into());
        }
        answer
    }

    /// The page that a client opens in a browser. Errors are shown there instead of being sent to the redirect URI: a
    /// person is looking at it, and the client that made the mistake may not be listening.
    fn authorize(&mut self, request: &EndpointRequest, now: SystemTime) -> Result<Response<Bytes>, EntraError> {
        check_method(request.head, "GET")?;
        let query = Form::parse(request.head.uri.query().unwrap_or_default().as_bytes())?;
        let client_id = query.required("client_id")?;
        let redirect_uri = query.required("redirect_uri")?;
        if !is_loopback(redirect_uri) {
            let (client_id, redirect_uri) = (client_id.to_owned(), redirect_uri.to_owned());
            return Err(EntraError::RedirectRefused { client_id, redirect_uri });
        }
        let response_type = query.required("response_type")?;
        if response_type != "code" {
            return Err(EntraError::ResponseType(response_type.to_owned()));
        }
        if query.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(EntraError::Malformed);
        }
        let scopes = self.scopes(query.required("scope")?)?;
        let challenge = query.required("code_challenge")?;
        if query.required("code_challenge_method")? != "S256" {
            return Err(EntraError::ChallengeMethod);
        }
        if !is_challenge(challenge) {
            return Err(EntraError::ChallengeSize);
        }
        let scope = scopes.granted(&self.root);
        let grant = Grant::new(client_id, request.tenant, scopes);
        let code = self.authorization_codes.issue(grant, redirect_uri, challenge, now);
        let state = query.get("state").map(|state| ("state", state));
        let declined = [("error", "access_denied"), ("error_description", DECLINED)];
        Ok(pages::consent(&ConsentPrompt {
            client_id,
            scope: &scope,
            account: ACCOUNT,
            accept: &with_query(redirect_uri, [("code", code.as_str())].into_iter().chain(state)),
            decline: &with_query(redirect_uri, declined.into_iter().chain(state)),
            approve_after: self.approve_after,
        }))
    }

    fn scopes(&self, text: &str) -> Result<Scopes, EntraError> {
        Scopes::parse(text, &self.root).map_err(EntraError::InvalidScope)
    }
}

/// The parameters in the body of a POST. Entra ignores a body of another type.
fn posted(request: &EndpointRequest) -> Result<Form, EntraError> {
    check_method(request.head, "POST")?;
    let content_type = request.head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(Form::default());
    }
    Form::parse(request.body)
}

fn check_method(head: &Parts, allowed: &'static str) -> Result<(), EntraError> {
    match head.method.as_str() {
        method if method == allowed => Ok(()),
        other => Err(EntraError::WrongMethod { allowed, received: other.to_owned() }),
    }
}

fn to_response(answer: Result<Value, EntraError>, trace: &Trace) -> Response<Bytes> {
    match answer {
        Ok(body) => json_response(StatusCode::OK, &body),
        Err(error) => error.response(trace),
    }
}

/// Adds a query to a redirect URI, which has none of its own.
fn with_query<'a>(uri: &str, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let encode = |(name, value)| format!("{name}={}", utf8_percent_encode(value, ENCODED));
    let query: Vec<_> = parameters.map(encode).collect();
    // `http://` has two slashes; a third one begins the path.
    let path = if uri.matches('/').count() < 3 { "/" } else { "" };
    format!("{uri}{path}?{}", query.join("&"))
}
