//! Signing in to Microsoft's identity platform with OAuth 2.0. The `oauth2` crate implements the protocol; this module
//! knows the addresses of the sign-in service, sends the requests, and describes what goes wrong.
//! Source: graph-facts, "Tokens".

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl,
    DeviceCodeErrorResponse, EndpointNotSet, EndpointSet, ErrorResponseType, ExtraTokenFields, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope,
    StandardDeviceAuthorizationResponse, StandardErrorResponse, StandardRevocableToken, StandardTokenResponse,
    TokenResponse as _, TokenUrl,
};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::claims::Claims;
use super::refusal::SignInError;
use super::tenant::Tenant;
use super::token::Token;
use crate::net::answer::Answer;
use crate::net::http;
use crate::net::request::{Repeat, RetryingRequest, SendOptions, describe_unexpected};
use crate::net::root::{Root, is_loopback};
use crate::net::secret::{REDACTED, encodings_of_secret};
use crate::text::sanitize::{sanitize, without_tokens};
use crate::variables::HTTPS_PROXY;

/// Microsoft Graph Command Line Tools: a public client that needs no registration. Source: graph-facts, "Tokens".
pub const DEFAULT_CLIENT: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
/// The sign-in fails after this many polls in a row without an answer. Each poll is retried like any request.
const UNANSWERED_POLLS: u32 = 3;
/// A token's lifetime above a century is nonsense, and counts as unknown.
const LONGEST_LIFE: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// A longer interval between polls is nonsense, and so is a code that is valid for more than a day.
const LONGEST_POLL: Duration = Duration::from_secs(3600);

/// The hint if the sign-in service does not answer, unless the failed attempt has a better one.
fn unreachable() -> String {
    format!(
        "try again later. If that fails, check the network (and its sign-in page, if it has one), {HTTPS_PROXY}, --login-url and --cloud"
    )
}

/// The scopes of a sign-in: the permission, a refresh token, and the account's name.
pub fn scopes(graph: &Root, permission: &str) -> Vec<String> {
    vec![format!("{}/{permission}", graph.as_str()), "offline_access".into(), "openid".into(), "profile".into()]
}

pub struct TokenSet {
    pub access: Token,
    pub refresh: Option<SecretString>,
    /// The claims of the ID token.
    pub identity: Option<Claims>,
}

/// An application's credential. Source: RFC 6749, section 2.3; RFC 7521, section 4.2.
pub enum ClientAuthentication {
    Secret(SecretString),
    /// A token of an identity provider that the sign-in service trusts.
    Assertion(SecretString),
}

/// A device code, and the page where the user enters it.
pub struct DeviceAuthorization {
    /// The code, without control characters.
    pub code: String,
    pub page: Url,
    pub expires_in: Duration,
    response: StandardDeviceAuthorizationResponse,
}

pub struct BrowserSignIn {
    /// The page to open. Contains no secret.
    pub url: String,
    /// The callback must repeat it, which shows that it answers this sign-in.
    pub state: String,
    redirect: RedirectUrl,
    verifier: PkceCodeVerifier,
}

/// The field that OpenID Connect adds to OAuth's.
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
type OAuthClient = oauth2::Client<
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

/// The sign-in service, for one tenant and one application.
pub struct Platform<'a> {
    client: OAuthClient,
    http: reqwest::Client,
    host: String,
    /// Whether the service is on this machine and has no TLS: a sandbox, or a test.
    is_plain: bool,
    send_options: SendOptions<'a>,
    /// Secrets that were sent, and must not be shown if an answer repeats them.
    sent: RefCell<Rc<[SecretString]>>,
}

impl<'a> Platform<'a> {
    /// Does not connect yet.
    pub fn new(login: &Root, tenant: &Tenant, client_id: &str, send_options: SendOptions<'a>) -> anyhow::Result<Self> {
        let endpoint = |name: &str| format!("{}/{tenant}/oauth2/v2.0/{name}", login.as_str());
        let client = oauth2::Client::new(ClientId::new(client_id.to_owned()))
            .set_auth_uri(AuthUrl::new(endpoint("authorize"))?)
            .set_token_uri(TokenUrl::new(endpoint("token"))?)
            .set_device_authorization_url(DeviceAuthorizationUrl::new(endpoint("devicecode"))?)
            .set_auth_type(AuthType::RequestBody);
        Ok(Self {
            client,
            http: http::client(login, send_options.transport)?,
            host: login.host().to_owned(),
            is_plain: login.is_plain(),
            send_options,
            sent: RefCell::default(),
        })
    }

    /// The host, and the port unless it is the default one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Starts a sign-in with a device code.
    ///
    /// # Errors
    /// The platform refused, or did not answer properly.
    pub async fn device_code(&self, scopes: &[String]) -> Result<DeviceAuthorization, SignInError> {
        let scopes = scopes.iter().cloned().map(Scope::new);
        let request = self.client.exchange_device_code().add_scopes(scopes);
        let response = request.request_async(&|request| self.send(request, Repeat::Safe)).await;
        let response: StandardDeviceAuthorizationResponse = response.map_err(|error| self.failed(error))?;
        self.keep_secret(response.device_code().secret());
        let page = self.page(response.verification_uri()).ok_or_else(|| {
            self.unexpected(
                "the address of the sign-in page in the answer is not safe (not https, or with a user name)",
            )
        })?;
        let (code, expires_in) = (sanitize(response.user_code().secret()).into_owned(), response.expires_in());
        if response.interval() > LONGEST_POLL || expires_in > 24 * LONGEST_POLL || code.is_empty() {
            return Err(self.unexpected("the device code in the answer is not valid"));
        }
        Ok(DeviceAuthorization { code, page, expires_in, response })
    }

    /// The page at this address, if it is safe to show. A user part, even an empty one, would disguise the host, and
    /// the text that is shown must be the URL that was checked. `http` is only for a service on this machine, whose
    /// pages are on this machine, too.
    fn page(&self, address: &str) -> Option<Url> {
        let (_, rest) = address.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let is_plain_text = address.chars().all(|c| c.is_ascii_graphic() && c != '\\');
        let url = Url::parse(address).ok().filter(|_| is_plain_text && !authority.contains('@'))?;
        let is_here = self.is_plain && is_loopback(&url);
        (url.scheme() == "https" || is_here).then_some(url)
    }

    /// Waits until the user has signed in with the code, or it has expired.
    ///
    /// # Errors
    /// The user declined, the code expired, or the service did not answer properly.
    pub async fn await_device(&self, code: &DeviceAuthorization) -> Result<TokenSet, SignInError> {
        // The service may ask for an interval of zero, which would flood it.
        let sleep = |wait: Duration| tokio::time::sleep(wait.clamp(Duration::from_secs(1), LONGEST_POLL));
        // After a failure the library keeps polling for as long as the code is valid.
        let (unanswered, given_up) = (Cell::new(0), Notify::new());
        let last = RefCell::new(None);
        let http = |request| async {
            let answer = self.send(request, Repeat::Safe).await;
            match &answer {
                Ok(_) => unanswered.set(0),
                Err(reason) => {
                    *last.borrow_mut() = Some(reason.clone());
                    unanswered.set(unanswered.get() + 1);
                    if unanswered.get() >= UNANSWERED_POLLS {
                        given_up.notify_one();
                    }
                }
            }
            answer
        };
        let polling = self.client.exchange_device_access_token(&code.response).request_async(&http, sleep, None);
        let granted: Result<_, RequestTokenError<_, DeviceCodeErrorResponse>> = tokio::select! {
            granted = polling => granted,
            () = given_up.notified() => match last.take() {
                Some(reason) => Err(RequestTokenError::Request(reason)),
                None => return Err(self.unexpected("the answer is not valid")),
            },
        };
        self.tokens(granted)
    }

    /// The page for a browser, which will return to `redirect`.
    pub fn browser(&self, redirect: String, scopes: &[String]) -> anyhow::Result<BrowserSignIn> {
        let redirect = RedirectUrl::new(redirect)?;
        let mut asked = self.ask_browser(redirect.clone(), scopes);
        // Once in ten thousand times, the random part looks like a token, and would be redacted when it is printed.
        for _ in 0..3 {
            if without_tokens(&asked.url) != asked.url {
                asked = self.ask_browser(redirect.clone(), scopes);
            }
        }
        Ok(asked)
    }

    fn ask_browser(&self, redirect: RedirectUrl, scopes: &[String]) -> BrowserSignIn {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = self
            .client
            .authorize_url(CsrfToken::new_random)
            .set_redirect_uri(Cow::Borrowed(&redirect))
            .set_pkce_challenge(challenge)
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            // Administrators have several accounts. By default the service uses the browser's current one.
            .add_extra_param("prompt", "select_account")
            .url();
        BrowserSignIn { url: url.into(), state: state.into_secret(), redirect, verifier }
    }

    /// Exchanges the code that a browser returned with.
    ///
    /// # Errors
    /// The platform refused, or did not answer properly.
    pub async fn redeem(&self, code: &SecretString, sign_in: BrowserSignIn) -> Result<TokenSet, SignInError> {
        let BrowserSignIn { redirect, verifier, .. } = sign_in;
        self.keep_secret(code.expose_secret());
        self.keep_secret(verifier.secret());
        let code = AuthorizationCode::new(code.expose_secret().to_owned());
        let request =
            self.client.exchange_code(code).set_redirect_uri(Cow::Owned(redirect)).set_pkce_verifier(verifier);
        let granted = request.request_async(&|request| self.send(request, Repeat::Unsent)).await;
        self.tokens(granted)
    }

    /// Exchanges a refresh token.
    ///
    /// # Errors
    /// The platform refused, or did not answer properly.
    pub async fn refresh(&self, token: &SecretString, scopes: &[String]) -> Result<TokenSet, SignInError> {
        self.keep_secret(token.expose_secret());
        let token = RefreshToken::new(token.expose_secret().to_owned());
        let request = self.client.exchange_refresh_token(&token).add_scopes(scopes.iter().cloned().map(Scope::new));
        let granted = request.request_async(&|request| self.send(request, Repeat::Safe)).await;
        self.tokens(granted)
    }

    /// Gets an app-only token.
    ///
    /// # Errors
    /// The platform refused, or did not answer properly.
    pub async fn client_credentials(
        &self,
        authentication: &ClientAuthentication,
        scope: String,
    ) -> Result<TokenSet, SignInError> {
        let client = match authentication {
            ClientAuthentication::Secret(secret) => {
                self.keep_secret(secret.expose_secret());
                self.client.clone().set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            }
            ClientAuthentication::Assertion(_) => self.client.clone(),
        };
        let mut request = client.exchange_client_credentials().add_scope(Scope::new(scope));
        if let ClientAuthentication::Assertion(assertion) = authentication {
            self.keep_secret(assertion.expose_secret());
            request = request
                .add_extra_param("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                .add_extra_param("client_assertion", assertion.expose_secret());
        }
        let granted = request.request_async(&|request| self.send(request, Repeat::Safe)).await;
        self.tokens(granted)
    }

    fn tokens<T: ErrorResponseType + fmt::Display + 'static>(
        &self,
        granted: Result<Granted, RequestTokenError<SignInError, StandardErrorResponse<T>>>,
    ) -> Result<TokenSet, SignInError> {
        let granted = granted.map_err(|error| self.failed(error))?;
        let access = SecretString::from(granted.access_token().secret().as_str());
        let mut access = Token::issued(&access)
            .ok_or_else(|| self.unexpected("the token in the answer cannot be sent in a header"))?;
        let in_reason = |left: &Duration| *left <= LONGEST_LIFE;
        let expires_at = granted.expires_in().filter(in_reason).and_then(|left| SystemTime::now().checked_add(left));
        access.expires_at = expires_at.or(access.expires_at);
        let id_token = granted.extra_fields().id_token.as_deref().map(SecretString::from);
        Ok(TokenSet {
            access,
            refresh: granted.refresh_token().map(|token| SecretString::from(token.secret().as_str())),
            identity: id_token.as_ref().and_then(Claims::read),
        })
    }

    /// Remembers a secret, in all its encodings, so that it is not shown.
    fn keep_secret(&self, secret: &str) {
        let mut sent = self.sent.borrow_mut();
        *sent = sent.iter().cloned().chain(encodings_of_secret(secret)).collect();
    }

    fn failed<T: ErrorResponseType + fmt::Display + 'static>(
        &self,
        error: RequestTokenError<SignInError, StandardErrorResponse<T>>,
    ) -> SignInError {
        match error {
            RequestTokenError::ServerResponse(refusal) => {
                let description = refusal.error_description().map(String::as_str);
                SignInError::refused(&self.host, &refusal.error().to_string(), description, &self.sent.borrow())
            }
            RequestTokenError::Request(error) => error,
            // The answer, and the library's message, which may quote it, may contain secrets.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => self.unexpected("the answer is not valid"),
        }
    }

    /// A refusal that a browser returned with.
    pub fn refused(&self, error: &str, description: Option<&str>) -> SignInError {
        SignInError::refused(&self.host, error, description, &self.sent.borrow())
    }

    fn unexpected(&self, words: &str) -> SignInError {
        SignInError::unanswered(format!("{}: {}", self.host, sanitize(words)), unreachable())
    }

    /// Sends a request of the protocol, and retries it.
    async fn send(&self, request: HttpRequest, repeat: Repeat) -> Result<HttpResponse, SignInError> {
        let unfit = || self.unexpected("the request cannot be made");
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| unfit())?;
        let secrets = Rc::clone(&self.sent.borrow());
        let make = || {
            let mut request = reqwest::Request::new(parts.method.clone(), url.clone());
            *request.headers_mut() = parts.headers.clone();
            *request.body_mut() = Some(body.clone().into());
            request
        };
        let request = RetryingRequest { label: "sign-in", repeat, secrets: &secrets, send_options: self.send_options };
        let answer = request.send(&self.http, make).await.map_err(|reason| {
            let hint = reason.hint().map_or_else(unreachable, str::to_owned);
            SignInError::unanswered(format!("{}: {reason}", self.host), hint)
        })?;
        if answer.status != 200 && !is_refusal(&answer) {
            return Err(self.unexpected(&describe_unexpected(&answer)));
        }
        let mut response = HttpResponse::new(answer.body);
        *response.status_mut() = oauth2::http::StatusCode::from_u16(answer.status).map_err(|_| unfit())?;
        Ok(response)
    }
}

/// Whether an answer is an OAuth error (RFC 6749, section 5.2).
fn is_refusal(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct OAuthError {
        #[serde(rename = "error")]
        _error: String,
    }
    serde_json::from_slice::<OAuthError>(&answer.body).is_ok()
}
