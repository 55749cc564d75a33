//! The credentials of applications: each kind, its variables, and the order.
//!
//! To add one: its variables (`crate::variables`), a variant here, and its place in [`Credential::in_environment`].

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::sign_in::ClientAuthentication;
use super::{token, token_text};
use crate::error::Error;
use crate::net::http;
use crate::net::request::{Repeat, RetryingRequest, SendOptions, describe_unexpected};
use crate::net::root::{Cloud, Root};
use crate::net::secret::encodings_of_secret;
use crate::variables::{
    self, ACTIONS_ID_TOKEN_REQUEST_TOKEN, ACTIONS_ID_TOKEN_REQUEST_URL, AZURE_CLIENT_CERTIFICATE_PATH,
    AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN, AZURE_FEDERATED_TOKEN_FILE, AZURESUBSCRIPTION_CLIENT_ID,
    AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, Role, SYSTEM_OIDCREQUESTURI,
};

/// The variables of an application that are set, if one of them names an application.
pub fn variables(get: impl Fn(&str) -> Option<OsString>) -> Vec<&'static str> {
    let is_set = |name: &&str| get(name).is_some();
    match variables::with(&[Role::Application]).any(|name| is_set(&name)) {
        true => variables::with(&[Role::Application, Role::ApplicationDetail]).filter(is_set).collect(),
        false => Vec::new(),
    }
}

pub(super) enum Credential {
    Secret(SecretString),
    /// The file is read for every token, because its issuer renews it.
    FederatedTokenFile(PathBuf),
    /// Requested for every token, because the answer is valid only for minutes.
    GitHubActions {
        url: Url,
        token: SecretString,
    },
}

impl Credential {
    /// The first credential that is set. An empty variable counts as set: a pipeline step without its secret must not
    /// use a person's sign-in.
    pub(super) fn in_environment(get: impl Fn(&str) -> Option<OsString>) -> Result<Option<Self>, Error> {
        if let Some(secret) = get(AZURE_CLIENT_SECRET) {
            let secret = text(AZURE_CLIENT_SECRET, secret)?;
            token_text::check_value(&secret).map_err(|reason| unfit(AZURE_CLIENT_SECRET, &reason.to_string()))?;
            return Ok(Some(Self::Secret(SecretString::from(secret))));
        }
        if get(AZURE_CLIENT_CERTIFICATE_PATH).is_some() {
            return Err(unsupported(AZURE_CLIENT_CERTIFICATE_PATH, "sign in with a certificate"));
        }
        if let Some(path) = get(AZURE_FEDERATED_TOKEN_FILE) {
            return Ok(Some(Self::FederatedTokenFile(text(AZURE_FEDERATED_TOKEN_FILE, path)?.into())));
        }
        if get(AZURE_FEDERATED_TOKEN).is_some() {
            return Err(unsupported(AZURE_FEDERATED_TOKEN, "use a federated token that is not in a file"));
        }
        if let Some((url, token)) = get(ACTIONS_ID_TOKEN_REQUEST_URL).zip(get(ACTIONS_ID_TOKEN_REQUEST_TOKEN)) {
            let url = Url::parse(&text(ACTIONS_ID_TOKEN_REQUEST_URL, url)?)
                .map_err(|_| unfit(ACTIONS_ID_TOKEN_REQUEST_URL, "is not a valid URL"))?;
            if !url.username().is_empty() || url.password().is_some() {
                return Err(unfit(ACTIONS_ID_TOKEN_REQUEST_URL, "contains a user name or password"));
            }
            return Ok(Some(Self::GitHubActions {
                url,
                token: SecretString::from(text(ACTIONS_ID_TOKEN_REQUEST_TOKEN, token)?),
            }));
        }
        match [SYSTEM_OIDCREQUESTURI, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, AZURESUBSCRIPTION_CLIENT_ID]
            .into_iter()
            .find(|name| get(name).is_some())
        {
            Some(name) => Err(unsupported(name, "sign in with an Azure DevOps service connection")),
            None => Ok(None),
        }
    }

    /// Its name in messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Secret(_) => AZURE_CLIENT_SECRET,
            Self::FederatedTokenFile(_) => AZURE_FEDERATED_TOKEN_FILE,
            Self::GitHubActions { .. } => "GitHub Actions",
        }
    }

    pub(super) fn variables(&self) -> &'static [&'static str] {
        match self {
            Self::Secret(_) => &[AZURE_CLIENT_SECRET],
            Self::FederatedTokenFile(_) => &[AZURE_FEDERATED_TOKEN_FILE],
            Self::GitHubActions { .. } => &[ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN],
        }
    }

    /// The variable that makes it fetch the credential from a server other than `root`.
    pub(super) fn names_other_server(&self, root: &Root) -> Option<&'static str> {
        match self {
            Self::GitHubActions { url, .. } => {
                (url.origin().ascii_serialization() != root.as_str()).then_some(ACTIONS_ID_TOKEN_REQUEST_URL)
            }
            Self::Secret(_) | Self::FederatedTokenFile(_) => None,
        }
    }

    /// The proof of the application's identity for the sign-in service.
    ///
    /// # Errors
    /// The file cannot be read, or GitHub issues no identity token.
    pub(super) async fn authentication(
        &self,
        graph: &Root,
        send_options: SendOptions<'_>,
    ) -> anyhow::Result<ClientAuthentication> {
        Ok(match self {
            Self::Secret(secret) => ClientAuthentication::Secret(secret.clone()),
            Self::FederatedTokenFile(path) => {
                let path = path.clone();
                // The file may be a pipe.
                let read = tokio::task::spawn_blocking(move || read_assertion(&path)).await;
                ClientAuthentication::Assertion(read??)
            }
            Self::GitHubActions { url, token } => {
                ClientAuthentication::Assertion(from_github(url, token, audience(graph), send_options).await?)
            }
        })
    }
}

/// The audience that Microsoft Entra expects in GitHub's token.
/// Source: Microsoft Entra, "Configure an application to trust a managed identity"; for GitHub, Azure/login#452.
fn audience(graph: &Root) -> &'static str {
    match Cloud::of(graph) {
        Some(Cloud::GccHigh | Cloud::Dod) => "api://AzureADTokenExchangeUSGov",
        Some(Cloud::China) => "api://AzureADTokenExchangeChina",
        Some(Cloud::Global) | None => "api://AzureADTokenExchange",
    }
}

pub(super) fn text(name: &str, value: OsString) -> Result<String, Error> {
    let text = value.into_string().map_err(|_| unfit(name, "is not valid Unicode"))?;
    match text.trim() {
        "" => Err(unfit(name, "is empty")),
        text => Ok(text.to_owned()),
    }
}

/// The missing variables, for the error if there is no credential.
pub(super) fn missing(get: impl Fn(&str) -> Option<OsString>) -> String {
    match (get(ACTIONS_ID_TOKEN_REQUEST_URL), get(ACTIONS_ID_TOKEN_REQUEST_TOKEN)) {
        (Some(_), None) => ACTIONS_ID_TOKEN_REQUEST_TOKEN.to_owned(),
        (None, Some(_)) => ACTIONS_ID_TOKEN_REQUEST_URL.to_owned(),
        _ => format!("a credential ({AZURE_CLIENT_SECRET} or {AZURE_FEDERATED_TOKEN_FILE})"),
    }
}

fn unsupported(name: &str, what: &str) -> Error {
    Error::auth(format!("{name} is set, but this version cannot {what}; nothing was sent"))
        .hint(format!("set {AZURE_CLIENT_SECRET}. {USE_PROFILE}"))
}

pub(super) const USE_PROFILE: &str = "To use a sign-in, add --profile default";

pub(super) fn unfit(name: &str, reason: &str) -> Error {
    Error::auth(format!("{name} {reason}; nothing was sent")).hint(format!("correct {name}. {USE_PROFILE}"))
}

fn read_assertion(path: &Path) -> Result<SecretString, Error> {
    let assertion = token::read_file(path).map_err(|reason| {
        Error::auth(format!("cannot read {AZURE_FEDERATED_TOKEN_FILE} {}: {reason}", path.display()))
            .hint(format!("check {AZURE_FEDERATED_TOKEN_FILE}"))
    })?;
    let text = assertion.expose_secret().trim();
    if text.is_empty() {
        return Err(Error::auth(format!("{AZURE_FEDERATED_TOKEN_FILE} names an empty file: {}", path.display()))
            .hint("wait until the issuer of the federated token has written the file"));
    }
    token_text::check_value(text).map_err(|reason| {
        Error::auth(format!("the file in {AZURE_FEDERATED_TOKEN_FILE} {reason}: {}", path.display()))
            .hint(reason.hint())
    })?;
    Ok(SecretString::from(text))
}

/// Requests the identity token of the running job from GitHub Actions.
/// Source: GitHub, "OpenID Connect reference".
async fn from_github(
    url: &Url,
    token: &SecretString,
    audience: &str,
    send_options: SendOptions<'_>,
) -> anyhow::Result<SecretString> {
    #[derive(Deserialize)]
    struct IdTokenResponse {
        value: String,
    }
    let failed = |why: &str| {
        Error::auth(format!("GitHub Actions issued no identity token: {why}"))
            .hint("check the network of the runner, and that the job has the permission `id-token: write`")
    };
    // As for any token: https, or loopback.
    let root: Root =
        url.origin().ascii_serialization().parse().map_err(|reason| unfit(ACTIONS_ID_TOKEN_REQUEST_URL, reason))?;
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("audience", audience);
    let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| unfit(ACTIONS_ID_TOKEN_REQUEST_TOKEN, "contains a control character"))?;
    header.set_sensitive(true);
    let http = http::client(&root, send_options.transport)?;
    let make = || {
        let mut request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        request.headers_mut().insert(AUTHORIZATION, header.clone());
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        request
    };
    let secrets: Rc<[_]> = encodings_of_secret(token.expose_secret()).into();
    let request = RetryingRequest { label: "GitHub Actions", repeat: Repeat::Safe, secrets: &secrets, send_options };
    let answer = request.send(&http, make).await.map_err(|reason| {
        Error::auth(format!("GitHub Actions issued no identity token: {}: {reason}", root.host()))
            .hint(reason.hint().unwrap_or("check the network and the proxy of the runner, then run the job again"))
    })?;
    if answer.status != 200 {
        return Err(failed(&format!("{}: {}", root.host(), describe_unexpected(&answer))).into());
    }
    // Never serde's own message, which may quote what it could not read.
    let given =
        serde_json::from_slice::<IdTokenResponse>(&answer.body).ok().filter(|given| !given.value.trim().is_empty());
    let given = given.ok_or_else(|| failed(&format!("{}: the answer contains no token", root.host())))?;
    Ok(SecretString::from(given.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn githubs_token_is_requested_with_the_audience_of_the_cloud() {
        for cloud in Cloud::ALL {
            let (graph, _) = cloud.into();
            let suffix = match cloud {
                Cloud::Global => "Exchange",
                Cloud::GccHigh | Cloud::Dod => "ExchangeUSGov",
                Cloud::China => "ExchangeChina",
            };
            assert!(audience(&graph).ends_with(suffix));
        }
    }
}
