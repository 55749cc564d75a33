//! Signing in: Microsoft's identity platform, as OAuth 2.0 has it. The protocol is the `oauth2` crate's; this module
//! knows the platform's addresses, sends, and puts into words what goes wrong.
//! Source: graph-facts, "Tokens".

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl,
    DeviceCodeErrorResponse, EndpointNotSet, EndpointSet, ErrorResponse, ErrorResponseType, ExtraTokenFields,
    HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError,
    Scope, StandardDeviceAuthorizationResponse, StandardErrorResponse, StandardRevocableToken, StandardTokenResponse,
    TokenResponse as _, TokenUrl,
};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::aadsts;
use super::claims::Claims;
use super::session;
use super::token::Token;
use crate::clean::clean;
use crate::error::Error;
use crate::net::attempt::{self, Answer, Attempt, NoAnswer, REDACTED, redact};
use crate::net::event::{Event, Observer, Why};
use crate::net::http::{self, Transport};
use crate::net::retry::{self, Next};
use crate::net::root::Root;

/// Microsoft Graph Command Line Tools: a public client that needs no registration. Source: graph-facts, "Tokens".
pub const DEFAULT_CLIENT: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
/// Whichever work or school account signs in.
pub const DEFAULT_TENANT: &str = "organizations";
/// How the hints on refusals name the command, for the profile that needs no name.
const LOGIN: &str = "`intunectl auth login`";
/// What the observer knows these calls by.
const LABEL: &str = "sign-in";
/// Nobody types a code for longer, and no service gives anybody the time to.
const LONGEST_POLL: Duration = Duration::from_secs(3600);

/// A tenant as it stands in an address: an ID, a domain, or `organizations`.
///
/// # Errors
/// It can be none of them.
pub fn tenant(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.len() > 253 || text.starts_with('.') {
        return Err("is neither a tenant's ID nor one of its domains");
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) {
        return Err("holds a character that neither a tenant's ID nor a domain has");
    }
    if text.eq_ignore_ascii_case("consumers") {
        return Err("stands for personal accounts, which Intune does not know");
    }
    Ok(text.to_ascii_lowercase())
}

/// What a sign-in asks for: the permission, a refresh token, and who it is that signs in.
pub fn scopes(graph: &Root, permission: &str) -> Vec<String> {
    vec![format!("{}/{permission}", graph.as_str()), "offline_access".into(), "openid".into(), "profile".into()]
}

/// What signing in gave.
pub struct Tokens {
    /// For Graph.
    pub access: Token,
    /// To get the next one with.
    pub refresh: Option<SecretString>,
    /// What the ID token says of whoever signed in.
    pub identity: Option<Claims>,
}

/// What proves that an application is itself.
pub enum Proof<'a> {
    /// A secret that it shares with the platform.
    Secret(&'a SecretString),
    /// What an identity provider that the platform trusts says of it.
    Assertion(&'a SecretString),
}

/// A code that somebody is to type into a page.
pub struct DeviceCode(StandardDeviceAuthorizationResponse);

impl DeviceCode {
    /// The code.
    pub fn code(&self) -> Cow<'_, str> {
        clean(self.0.user_code().secret())
    }

    /// The page.
    pub fn page(&self) -> Cow<'_, str> {
        clean(self.0.verification_uri())
    }

    /// How long the code is good for.
    pub fn expires_in(&self) -> Duration {
        self.0.expires_in()
    }
}

/// A sign-in that a browser has been sent to.
pub struct BrowserSignIn {
    /// Where it is to go. Holds no secret.
    pub url: String,
    /// What has to come back, so that the answer is one to this question.
    pub state: String,
    redirect: RedirectUrl,
    verifier: PkceCodeVerifier,
}

/// Why there is no token. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInError {
    words: String,
    hint: Option<&'static str>,
    /// Whether the platform has refused, so that the same will not work again.
    pub is_refused: bool,
}

impl SignInError {
    /// A refusal by the platform: OAuth's code, and the platform's own words.
    pub fn refused(host: &str, error: &str, description: Option<&str>) -> Self {
        let aadsts::Reason { number, sentence, correlation_id } = aadsts::read(error, description);
        let id = correlation_id.map(|id| format!(" (correlation id {})", clean(&id))).unwrap_or_default();
        Self {
            words: format!("{host}: {}{id}", clean(&sentence)),
            hint: number.and_then(aadsts::hint),
            is_refused: true,
        }
    }

    fn failed(words: String, hint: Option<&'static str>) -> Self {
        Self { words, hint, is_refused: false }
    }

    /// As an error about the sign-in of a profile, which says how to sign it in again.
    pub fn about_renewal(self, profile: &str) -> Error {
        let command = session::command(profile);
        let again = format!("sign in again: {command}");
        let hint = match self.hint {
            Some(hint) if hint.contains(LOGIN) => hint.replace(LOGIN, &format!("`{command}`")),
            Some(hint) if self.is_refused => format!("{hint}; then {again}"),
            Some(hint) => hint.to_owned(),
            None => again,
        };
        Error::auth(format!("the sign-in of profile '{profile}' cannot be renewed: {}", self.words)).hint(hint)
    }

    /// As an error with what it is about in front, and `otherwise` as the hint where nothing better is known.
    pub fn about(self, what: &str, otherwise: impl Into<String>) -> Error {
        let error = Error::auth(format!("{what}: {}", self.words));
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error.hint(otherwise),
        }
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// No answer of the platform's: none at all, or that of something else.
#[derive(Debug)]
enum Unanswered {
    NoAnswer(NoAnswer),
    Foreign(String),
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(reason) => reason.fmt(f),
            Self::Foreign(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for Unanswered {}

/// What the platform sends beside what OAuth has.
#[derive(Clone, Deserialize, Serialize)]
struct Extra {
    #[serde(default, skip_serializing)]
    id_token: Option<String>,
}

impl ExtraTokenFields for Extra {}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

type Granted = StandardTokenResponse<Extra, BasicTokenType>;
type Client = oauth2::Client<
    BasicErrorResponse,
    Granted,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The identity platform, for one tenant and one application.
pub struct Platform<'a> {
    client: Client,
    http: reqwest::Client,
    host: String,
    transport: &'a Transport,
    observer: Observer<'a>,
    /// What was sent, and must not be shown if it comes back.
    sent: RefCell<Rc<[SecretString]>>,
}

impl<'a> Platform<'a> {
    /// For an application in a tenant. It connects to nothing yet.
    ///
    /// # Errors
    /// The trusted roots cannot be loaded.
    pub fn new(
        login: &Root,
        tenant: &str,
        client_id: &str,
        transport: &'a Transport,
        observer: Observer<'a>,
    ) -> anyhow::Result<Self> {
        let endpoint = |name: &str| format!("{}/{tenant}/oauth2/v2.0/{name}", login.as_str());
        let client = oauth2::Client::new(ClientId::new(client_id.to_owned()))
            .set_auth_uri(AuthUrl::new(endpoint("authorize"))?)
            .set_token_uri(TokenUrl::new(endpoint("token"))?)
            .set_device_authorization_url(DeviceAuthorizationUrl::new(endpoint("devicecode"))?)
            .set_auth_type(AuthType::RequestBody);
        Ok(Self {
            client,
            http: http::client(login, transport)?,
            host: login.host().to_owned(),
            transport,
            observer,
            sent: RefCell::default(),
        })
    }

    /// The host, and the port where it is not the usual one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Asks for a code that somebody can type elsewhere.
    ///
    /// # Errors
    /// It was refused, or no sensible answer came.
    pub async fn device_code(&self, scopes: &[String]) -> Result<DeviceCode, SignInError> {
        let scopes = scopes.iter().cloned().map(Scope::new);
        let request = self.client.exchange_device_code().add_scopes(scopes);
        let given = request.request_async(&|request| self.exchange(request)).await;
        let code: StandardDeviceAuthorizationResponse = given.map_err(|error| self.failed(error))?;
        self.keep_secret(code.device_code().secret());
        let is_page = Url::parse(code.verification_uri()).is_ok_and(|url| ["https", "http"].contains(&url.scheme()));
        let is_sensible = is_page && code.interval() <= LONGEST_POLL && code.expires_in() <= 24 * LONGEST_POLL;
        if !is_sensible || code.user_code().secret().is_empty() {
            return Err(self.foreign("the code that it gave makes no sense"));
        }
        Ok(DeviceCode(code))
    }

    /// Waits until the code was typed, or is no good any more.
    ///
    /// # Errors
    /// It was declined, has expired, or no sensible answer came.
    pub async fn await_device(&self, code: &DeviceCode) -> Result<Tokens, SignInError> {
        // An interval of nothing would be a flood.
        let sleep = |wait: Duration| tokio::time::sleep(wait.clamp(Duration::from_secs(1), LONGEST_POLL));
        let request = self.client.exchange_device_access_token(&code.0);
        let granted = request.request_async(&|request| self.exchange(request), sleep, None).await;
        self.tokens(&granted.map_err(|error: RequestTokenError<_, DeviceCodeErrorResponse>| self.failed(error))?)
    }

    /// Where to send a browser that will come back to `redirect`.
    ///
    /// # Errors
    /// `redirect` is no address.
    pub fn browser(&self, redirect: String, scopes: &[String]) -> anyhow::Result<BrowserSignIn> {
        let redirect = RedirectUrl::new(redirect)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = self
            .client
            .authorize_url(CsrfToken::new_random)
            .set_redirect_uri(Cow::Borrowed(&redirect))
            .set_pkce_challenge(challenge)
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            // Administrators have more than one account; the browser's own would be taken unasked.
            .add_extra_param("prompt", "select_account")
            .url();
        Ok(BrowserSignIn { url: url.into(), state: state.into_secret(), redirect, verifier })
    }

    /// Exchanges what a browser came back with.
    ///
    /// # Errors
    /// It was refused, or no sensible answer came.
    pub async fn redeem(&self, code: &SecretString, sign_in: BrowserSignIn) -> Result<Tokens, SignInError> {
        let BrowserSignIn { redirect, verifier, .. } = sign_in;
        self.keep_secret(code.expose_secret());
        self.keep_secret(verifier.secret());
        let code = AuthorizationCode::new(code.expose_secret().to_owned());
        let request =
            self.client.exchange_code(code).set_redirect_uri(Cow::Owned(redirect)).set_pkce_verifier(verifier);
        let granted = request.request_async(&|request| self.exchange(request)).await;
        self.tokens(&granted.map_err(|error| self.failed(error))?)
    }

    /// Gets the next tokens for a refresh token.
    ///
    /// # Errors
    /// It was refused, or no sensible answer came.
    pub async fn refresh(&self, token: &SecretString, scopes: &[String]) -> Result<Tokens, SignInError> {
        self.keep_secret(token.expose_secret());
        let token = RefreshToken::new(token.expose_secret().to_owned());
        let request = self.client.exchange_refresh_token(&token).add_scopes(scopes.iter().cloned().map(Scope::new));
        let granted = request.request_async(&|request| self.exchange(request)).await;
        self.tokens(&granted.map_err(|error| self.failed(error))?)
    }

    /// Gets a token for an application that acts for itself.
    ///
    /// # Errors
    /// It was refused, or no sensible answer came.
    pub async fn app(&self, proof: Proof<'_>, scope: String) -> Result<Tokens, SignInError> {
        let client = match proof {
            Proof::Secret(secret) => {
                self.keep_secret(secret.expose_secret());
                self.client.clone().set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            }
            Proof::Assertion(_) => self.client.clone(),
        };
        let mut request = client.exchange_client_credentials().add_scope(Scope::new(scope));
        if let Proof::Assertion(assertion) = proof {
            self.keep_secret(assertion.expose_secret());
            request = request
                .add_extra_param("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                .add_extra_param("client_assertion", assertion.expose_secret());
        }
        let granted = request.request_async(&|request| self.exchange(request)).await;
        self.tokens(&granted.map_err(|error| self.failed(error))?)
    }

    fn tokens(&self, granted: &Granted) -> Result<Tokens, SignInError> {
        let access = SecretString::from(granted.access_token().secret().as_str());
        let mut access = Token::read(&access, &self.host)
            .map_err(|_| self.foreign("the token that it gave cannot be sent in a header"))?;
        let expires_at = granted.expires_in().and_then(|left| SystemTime::now().checked_add(left));
        access.expires_at = expires_at.or(access.expires_at);
        let id_token = granted.extra_fields().id_token.as_deref().map(SecretString::from);
        Ok(Tokens {
            access,
            refresh: granted.refresh_token().map(|token| SecretString::from(token.secret().as_str())),
            identity: id_token.as_ref().and_then(Claims::read),
        })
    }

    fn keep_secret(&self, secret: &str) {
        let mut sent = self.sent.borrow_mut();
        *sent = sent.iter().cloned().chain([SecretString::from(secret)]).collect();
    }

    fn failed<T: ErrorResponseType + fmt::Display + 'static>(
        &self,
        error: RequestTokenError<Unanswered, StandardErrorResponse<T>>,
    ) -> SignInError
    where
        StandardErrorResponse<T>: ErrorResponse,
    {
        let error = match error {
            RequestTokenError::ServerResponse(refusal) => {
                let description = refusal.error_description().map(String::as_str);
                SignInError::refused(&self.host, &refusal.error().to_string(), description)
            }
            RequestTokenError::Request(Unanswered::NoAnswer(reason)) => {
                SignInError::failed(format!("{}: {reason}", self.host), Some(reason.hint()))
            }
            RequestTokenError::Request(Unanswered::Foreign(words)) => self.foreign(&words),
            // Neither what could not be parsed nor the library's words for it, which may quote it.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => self.foreign("its answer makes no sense"),
        };
        SignInError { words: redact(&error.words, &self.sent.borrow()).into_owned(), ..error }
    }

    fn foreign(&self, words: &str) -> SignInError {
        SignInError::failed(
            format!("{}: {}", self.host, clean(words)),
            Some("check the network, the proxy, --login-url and --cloud"),
        )
    }

    /// Sends a request of the protocol, and sends it again while that makes sense.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let unfit = || Unanswered::Foreign("the request cannot be made".to_owned());
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| unfit())?;
        let secrets = Rc::clone(&self.sent.borrow());
        let make = || {
            let mut request = reqwest::Request::new(parts.method.clone(), url.clone());
            *request.headers_mut() = parts.headers.clone();
            *request.body_mut() = Some(body.clone().into());
            request
        };
        let answer = send(&self.http, make, &secrets, self.transport, self.observer).await;
        let answer = answer.map_err(Unanswered::NoAnswer)?;
        if answer.status != 200 && !is_refusal(&answer) {
            return Err(Unanswered::Foreign(foreign_answer(&answer)));
        }
        let mut response = HttpResponse::new(answer.body);
        *response.status_mut() = oauth2::http::StatusCode::from_u16(answer.status).map_err(|_| unfit())?;
        Ok(response)
    }
}

/// Sends what `make` makes, again and again while that makes sense: whatever is asked here may be asked twice.
///
/// # Errors
/// No answer came, in the last attempt.
pub(super) async fn send(
    http: &reqwest::Client,
    make: impl Fn() -> reqwest::Request,
    secrets: &Rc<[SecretString]>,
    transport: &Transport,
    observer: Observer<'_>,
) -> attempt::Result {
    let mut number = 1;
    loop {
        let mut request = make();
        *request.timeout_mut() = Some(transport.timeout);
        let attempt = Attempt { label: LABEL, number, wanted: true, secrets, observer };
        let result = attempt::send(http, request, &attempt).await;
        match retry::decide(&result, number, transport.retries, fastrand::f64()).next {
            Next::Again(wait) => {
                observer(LABEL, &Event::Waiting { why: Why::Backoff, wait });
                tokio::time::sleep(wait).await;
                number += 1;
            }
            Next::Stands | Next::Hopeless(_) => return result,
        }
    }
}

/// Whether an answer is one of OAuth's errors (RFC 6749, section 5.2).
fn is_refusal(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(rename = "error")]
        _error: String,
    }
    serde_json::from_slice::<Refusal>(&answer.body).is_ok()
}

/// In words, an answer that is not the platform's.
pub(super) fn foreign_answer(answer: &Answer) -> String {
    let reason = reqwest::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let status = format!("{} {}", answer.status, reason.unwrap_or_default());
    match &answer.location {
        Some(location) if (300..400).contains(&answer.status) => {
            format!("{}: redirected to {location}, which is never followed", status.trim())
        }
        _ => format!(
            "{}, in an answer that is not of the sign-in service: it may be from a gateway or proxy",
            status.trim()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_an_id_or_a_domain() {
        for (text, expected) in [
            ("organizations", "organizations"),
            (" Contoso.onmicrosoft.com ", "contoso.onmicrosoft.com"),
            ("11111111-2222-3333-4444-55555555AAAA", "11111111-2222-3333-4444-55555555aaaa"),
        ] {
            assert_eq!(tenant(text).as_deref(), Ok(expected));
        }
        for text in
            ["", " ", "a/b", "..", ".", "a?b", "a#b", "a%2fb", "a b", "münchen.de", "consumers", &"a".repeat(300)]
        {
            assert!(tenant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_platforms_words_with_what_to_do() {
        let words = "AADSTS7000222: The provided client secret keys for app 'x' are expired. Trace ID: t \
                     Correlation ID: c-1 Timestamp: 2026-11-24 10:00:00Z";
        let error = SignInError::refused("login.example", "invalid_client", Some(words)).about("no token", "otherwise");
        assert_eq!(
            error.to_string(),
            "no token: login.example: AADSTS7000222: The provided client secret keys for app 'x' are expired. \
             (correlation id c-1)"
        );
        assert!(error.hint_text().is_some_and(|hint| hint.contains("AZURE_CLIENT_SECRET")), "{error:?}");
        let error =
            SignInError::refused("login.example", "invalid_grant", Some("AADSTS700082: Expired.")).about_renewal("w");
        assert_eq!(
            error.to_string(),
            "the sign-in of profile 'w' cannot be renewed: login.example: AADSTS700082: Expired."
        );
        assert!(error.hint_text().unwrap().ends_with("`intunectl auth login --profile 'w'`"), "{error:?}");
        let error = SignInError::refused("login.example", "odd\u{1b}[2J", None).about("no token", "otherwise");
        assert!(!error.to_string().contains('\u{1b}') && error.hint_text() == Some("otherwise"), "{error:?}");
    }
}
