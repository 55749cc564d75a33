//! App credentials from the environment: an application that signs in as itself. Its tokens stay in memory.
//! Source: graph-facts, "Tokens".

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::sign_in::{ClientAuthentication, Platform};
use super::tenant::Tenant;
use super::token::{self, Token};
use crate::error::Error;
use crate::net::http;
use crate::net::request::{Repeat, RetryingRequest, SendOptions, describe_unexpected, encodings_of_secret};
use crate::net::root::{Cloud, Root};
use crate::variables::{
    self, ACTIONS_ID_TOKEN_REQUEST_TOKEN, ACTIONS_ID_TOKEN_REQUEST_URL, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_ID,
    AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN, AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID,
    AZURESUBSCRIPTION_CLIENT_ID, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, Role, SYSTEM_OIDCREQUESTURI,
};

/// An application, and how it proves to be itself.
pub struct App {
    tenant: Tenant,
    client_id: String,
    credential: Credential,
}

enum Credential {
    Secret(SecretString),
    /// Read anew for every token: whoever put the file there renews it.
    File(PathBuf),
    /// Asked for anew for every token: what comes is good for minutes.
    GitHub {
        url: Url,
        token: SecretString,
    },
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.credential {
            Credential::Secret(_) => AZURE_CLIENT_SECRET,
            Credential::File(_) => AZURE_FEDERATED_TOKEN_FILE,
            Credential::GitHub { .. } => "GitHub Actions",
        };
        write!(f, "app credentials in the environment ({source})")
    }
}

impl App {
    /// The variables in an environment that belong to an application, if they name one.
    pub fn variables(get: impl Fn(&str) -> Option<OsString>) -> Vec<&'static str> {
        let is_set = |name: &&str| get(name).is_some();
        match variables::with(&[Role::Application]).any(|name| is_set(&name)) {
            true => variables::with(&[Role::Application, Role::ApplicationDetail]).filter(is_set).collect(),
            false => Vec::new(),
        }
    }

    /// The application that an environment names. `tenant` is used instead of `AZURE_TENANT_ID`.
    ///
    /// # Errors
    /// Something is missing, empty, or not what it should be; or this version cannot use it. The error never repeats a
    /// secret.
    pub fn in_environment(get: impl Fn(&str) -> Option<OsString>, tenant: Option<&Tenant>) -> Result<Self, Error> {
        let tenant = match (tenant, get(AZURE_TENANT_ID)) {
            (Some(tenant), _) => Some(tenant.clone()),
            (None, Some(tenant)) => {
                Some(text(AZURE_TENANT_ID, tenant)?.parse().map_err(|reason| unfit(AZURE_TENANT_ID, reason))?)
            }
            (None, None) => None,
        };
        let client_id = get(AZURE_CLIENT_ID).map(|client_id| text(AZURE_CLIENT_ID, client_id)).transpose()?;
        if tenant.as_ref().is_some_and(Tenant::is_any) {
            return Err(unfit(AZURE_TENANT_ID, "names no tenant"));
        }
        let credential = Credential::in_environment(&get)?;
        match (tenant, client_id, credential) {
            (Some(tenant), Some(client_id), Some(credential)) => Ok(Self { tenant, client_id, credential }),
            (tenant, client_id, credential) => {
                let missing = [
                    tenant.is_none().then(|| AZURE_TENANT_ID.to_owned()),
                    client_id.is_none().then(|| AZURE_CLIENT_ID.to_owned()),
                    credential.is_none().then(|| missing_credential(&get)),
                ];
                Err(incomplete(&Self::variables(&get), &missing.into_iter().flatten().collect::<Vec<_>>()))
            }
        }
    }

    /// The variables that it is made of; `AZURE_TENANT_ID` only if no tenant `is_given`.
    pub fn uses(&self, is_given: bool) -> Vec<&'static str> {
        let credential = match &self.credential {
            Credential::Secret(_) => &[AZURE_CLIENT_SECRET][..],
            Credential::File(_) => &[AZURE_FEDERATED_TOKEN_FILE],
            Credential::GitHub { .. } => &[ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN],
        };
        let tenant = (!is_given).then_some(AZURE_TENANT_ID);
        tenant.into_iter().chain([AZURE_CLIENT_ID]).chain(credential.iter().copied()).collect()
    }

    /// The ID of the application.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Whether no server but this one is asked for what proves the application.
    pub fn asks_only(&self, root: &Root) -> bool {
        match &self.credential {
            Credential::GitHub { url, .. } => url.origin().ascii_serialization() == root.as_str(),
            Credential::Secret(_) | Credential::File(_) => true,
        }
    }

    /// Gets a token for Graph.
    ///
    /// # Errors
    /// The platform refuses, cannot be reached, or there is nothing to prove the application with.
    pub async fn token(&self, graph: &Root, login: &Root, wire: SendOptions<'_>) -> anyhow::Result<Token> {
        let platform = Platform::new(login, &self.tenant, &self.client_id, wire)?;
        let scope = format!("{}/.default", graph.as_str());
        let granted = match &self.credential {
            Credential::Secret(secret) => {
                platform.client_credentials(ClientAuthentication::Secret(secret), scope).await
            }
            Credential::File(path) => {
                let path = path.clone();
                // The file may be a pipe.
                let read = tokio::task::spawn_blocking(move || read_assertion(&path)).await;
                platform.client_credentials(ClientAuthentication::Assertion(&read??), scope).await
            }
            Credential::GitHub { url, token } => {
                let assertion = from_github(url, token, audience(graph), wire).await?;
                platform.client_credentials(ClientAuthentication::Assertion(&assertion), scope).await
            }
        };
        let otherwise = format!("check {AZURE_TENANT_ID}, {AZURE_CLIENT_ID} and what proves the application");
        let what = format!("no token for the {self}");
        Ok(granted.map_err(|error| error.about(&what, "intunectl auth login", &otherwise))?.access)
    }
}

impl Credential {
    /// The first credential that is set. One that is empty is set, too: the step of a pipeline whose secret is missing
    /// must not act as whoever is signed in.
    fn in_environment(get: impl Fn(&str) -> Option<OsString>) -> Result<Option<Self>, Error> {
        if let Some(secret) = get(AZURE_CLIENT_SECRET) {
            return Ok(Some(Self::Secret(SecretString::from(text(AZURE_CLIENT_SECRET, secret)?))));
        }
        let unsupported = |name, what| unsupported(&App::variables(&get), name, what);
        if get(AZURE_CLIENT_CERTIFICATE_PATH).is_some() {
            return Err(unsupported(AZURE_CLIENT_CERTIFICATE_PATH, "sign in with a certificate"));
        }
        if let Some(path) = get(AZURE_FEDERATED_TOKEN_FILE) {
            return Ok(Some(Self::File(text(AZURE_FEDERATED_TOKEN_FILE, path)?.into())));
        }
        if get(AZURE_FEDERATED_TOKEN).is_some() {
            return Err(unsupported(AZURE_FEDERATED_TOKEN, "use a federated token that is not in a file"));
        }
        if let Some((url, token)) = get(ACTIONS_ID_TOKEN_REQUEST_URL).zip(get(ACTIONS_ID_TOKEN_REQUEST_TOKEN)) {
            let url = Url::parse(&text(ACTIONS_ID_TOKEN_REQUEST_URL, url)?)
                .map_err(|_| unfit(ACTIONS_ID_TOKEN_REQUEST_URL, "is not a valid URL"))?;
            if !url.username().is_empty() || url.password().is_some() {
                return Err(unfit(ACTIONS_ID_TOKEN_REQUEST_URL, "holds a user name or password"));
            }
            return Ok(Some(Self::GitHub {
                url,
                token: SecretString::from(text(ACTIONS_ID_TOKEN_REQUEST_TOKEN, token)?),
            }));
        }
        match [SYSTEM_OIDCREQUESTURI, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, AZURESUBSCRIPTION_CLIENT_ID]
            .into_iter()
            .find(|name| get(name).is_some())
        {
            Some(name) => Err(unsupported(name, "sign in with a service connection of Azure DevOps")),
            None => Ok(None),
        }
    }
}

/// Which audience the platform expects in what GitHub says.
/// Source: Microsoft Entra, "Configure an application to trust a managed identity"; for GitHub, Azure/login#452.
fn audience(graph: &Root) -> &'static str {
    match Cloud::of(graph) {
        Some(Cloud::GccHigh | Cloud::Dod) => "api://AzureADTokenExchangeUSGov",
        Some(Cloud::China) => "api://AzureADTokenExchangeChina",
        Some(Cloud::Global) | None => "api://AzureADTokenExchange",
    }
}

fn text(name: &str, value: OsString) -> Result<String, Error> {
    let text = value.into_string().map_err(|_| unfit(name, "is not text"))?;
    match text.trim() {
        "" => Err(unfit(name, "is set, but empty")),
        text => Ok(text.to_owned()),
    }
}

/// What would complete the credentials.
fn missing_credential(get: impl Fn(&str) -> Option<OsString>) -> String {
    match (get(ACTIONS_ID_TOKEN_REQUEST_URL), get(ACTIONS_ID_TOKEN_REQUEST_TOKEN)) {
        (Some(_), None) => ACTIONS_ID_TOKEN_REQUEST_TOKEN.to_owned(),
        (None, Some(_)) => ACTIONS_ID_TOKEN_REQUEST_URL.to_owned(),
        _ => format!("a credential ({AZURE_CLIENT_SECRET} or {AZURE_FEDERATED_TOKEN_FILE})"),
    }
}

fn incomplete(found: &[&str], missing: &[String]) -> Error {
    Error::auth(format!(
        "application credentials are incomplete: found {}; missing {}; nothing was sent",
        found.join(", "),
        missing.join(", ")
    ))
    .hint(format!("set what is missing (in GitHub Actions: `permissions: id-token: write`). {USE_PROFILE}"))
}

fn unsupported(found: &[&str], name: &str, what: &str) -> Error {
    let found = found.join(", ");
    Error::auth(format!("{name} is set, but this version cannot {what}; found {found}; nothing was sent"))
        .hint(format!("set {AZURE_CLIENT_SECRET}. {USE_PROFILE}"))
}

const USE_PROFILE: &str = "To use a sign-in instead, add --profile default";

fn unfit(name: &str, reason: &str) -> Error {
    Error::auth(format!("{name} {reason}; nothing was sent")).hint(format!("correct {name}. {USE_PROFILE}"))
}

fn read_assertion(path: &std::path::Path) -> Result<SecretString, Error> {
    let assertion = token::read_file(path, AZURE_FEDERATED_TOKEN_FILE)
        .map_err(|error| Error::auth(error.to_string()).hint(format!("check {AZURE_FEDERATED_TOKEN_FILE}")))?;
    match assertion.expose_secret().trim() {
        "" => Err(Error::auth(format!("{AZURE_FEDERATED_TOKEN_FILE}: {} is empty", path.display()))
            .hint("whatever issues the federated token has not done so yet")),
        text => Ok(SecretString::from(text)),
    }
}

/// Asks GitHub Actions for what it says of the running job.
/// Source: GitHub, "OpenID Connect reference".
async fn from_github(
    url: &Url,
    token: &SecretString,
    audience: &str,
    wire: SendOptions<'_>,
) -> anyhow::Result<SecretString> {
    #[derive(Deserialize)]
    struct IdTokenResponse {
        value: String,
    }
    let failed = |why: &str| {
        Error::auth(format!("GitHub Actions gave no identity token: {why}"))
            .hint("the job needs `permissions: id-token: write`")
    };
    // The same care as for any other token: https, or this machine.
    let root: Root =
        url.origin().ascii_serialization().parse().map_err(|reason| unfit(ACTIONS_ID_TOKEN_REQUEST_URL, reason))?;
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("audience", audience);
    let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| unfit(ACTIONS_ID_TOKEN_REQUEST_TOKEN, "holds a character that no header may hold"))?;
    header.set_sensitive(true);
    let http = http::client(&root, wire.transport)?;
    let make = || {
        let mut request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        request.headers_mut().insert(AUTHORIZATION, header.clone());
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        request
    };
    let secrets: Rc<[_]> = encodings_of_secret(token.expose_secret()).into();
    let exchange = RetryingRequest { label: "GitHub Actions", repeat: Repeat::Safe, secrets: &secrets, wire };
    let answer = exchange.send(&http, make).await.map_err(|reason| {
        Error::auth(format!("GitHub Actions gave no identity token: {}: {reason}", root.host()))
            .hint(reason.hint().unwrap_or("check the network and the proxy of the runner, then run the job again"))
    })?;
    if answer.status != 200 {
        return Err(failed(&format!("{}: {}", root.host(), describe_unexpected(&answer))).into());
    }
    // Never serde's own message, which may quote what it could not read.
    let given =
        serde_json::from_slice::<IdTokenResponse>(&answer.body).ok().filter(|given| !given.value.trim().is_empty());
    let given = given.ok_or_else(|| failed(&format!("{}: its answer holds none", root.host())))?;
    Ok(SecretString::from(given.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Result<App, Error> {
        App::in_environment(
            |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)),
            None,
        )
    }

    const APP: [(&str, &str); 2] = [(AZURE_TENANT_ID, "Contoso.example"), (AZURE_CLIENT_ID, " an-app\n")];

    #[test]
    fn the_first_credential_that_is_set_is_used() {
        let secret = [
            &APP[..],
            &[(AZURE_CLIENT_SECRET, "s"), (AZURE_CLIENT_CERTIFICATE_PATH, "c"), (AZURE_FEDERATED_TOKEN_FILE, "f")],
        ]
        .concat();
        let file = [
            &APP[..],
            &[
                (AZURE_FEDERATED_TOKEN_FILE, "f"),
                (AZURE_FEDERATED_TOKEN, "a"),
                (ACTIONS_ID_TOKEN_REQUEST_URL, "https://x"),
                (ACTIONS_ID_TOKEN_REQUEST_TOKEN, "t"),
            ],
        ]
        .concat();
        let github = [
            &APP[..],
            &[
                (ACTIONS_ID_TOKEN_REQUEST_URL, "https://x?a=b"),
                (ACTIONS_ID_TOKEN_REQUEST_TOKEN, "t"),
                (SYSTEM_OIDCREQUESTURI, "d"),
            ],
        ]
        .concat();
        for (variables, source) in
            [(secret, AZURE_CLIENT_SECRET), (file, AZURE_FEDERATED_TOKEN_FILE), (github, "GitHub Actions")]
        {
            let app = found(&variables).unwrap();
            assert_eq!(app.to_string(), format!("app credentials in the environment ({source})"));
            assert_eq!((app.tenant.as_str(), app.client_id.as_str()), ("contoso.example", "an-app"));
        }
    }

    #[test]
    fn an_application_is_named_by_its_id_or_by_a_credential_alone() {
        for name in variables::with(&[Role::Application]) {
            let variables = App::variables(|asked| (asked == name || asked == AZURE_TENANT_ID).then(|| "x".into()));
            assert_eq!(variables, [AZURE_TENANT_ID, name]);
        }
        for name in variables::with(&[Role::ApplicationDetail]) {
            assert!(App::variables(|asked| (asked == name).then(|| "x".into())).is_empty(), "{name}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_what_was_found() {
        let (tenant, client) = (APP[0], APP[1]);
        for (variables, words) in [
            (vec![client], "found AZURE_CLIENT_ID; missing AZURE_TENANT_ID, a credential"),
            (vec![(AZURE_CLIENT_SECRET, "s")], "found AZURE_CLIENT_SECRET; missing AZURE_TENANT_ID, AZURE_CLIENT_ID;"),
            (
                vec![client, (AZURE_CLIENT_SECRET, "s")],
                "found AZURE_CLIENT_ID, AZURE_CLIENT_SECRET; missing AZURE_TENANT_ID;",
            ),
            (
                vec![tenant, (AZURE_FEDERATED_TOKEN_FILE, "f")],
                "found AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE; missing AZURE_CLIENT_ID;",
            ),
            (vec![tenant, client], "found AZURE_TENANT_ID, AZURE_CLIENT_ID; missing a credential (AZURE_CLIENT_SECRET"),
            (
                vec![tenant, client, (ACTIONS_ID_TOKEN_REQUEST_URL, "https://x")],
                "missing ACTIONS_ID_TOKEN_REQUEST_TOKEN;",
            ),
            (vec![tenant, client, (ACTIONS_ID_TOKEN_REQUEST_TOKEN, "t")], "missing ACTIONS_ID_TOKEN_REQUEST_URL;"),
        ] {
            let error = found(&variables).err().unwrap();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn a_credential_that_cannot_be_used_is_an_error_and_no_reason_to_use_another() {
        for (name, more) in [
            (AZURE_CLIENT_CERTIFICATE_PATH, (AZURE_FEDERATED_TOKEN_FILE, "f")),
            (AZURE_FEDERATED_TOKEN, (ACTIONS_ID_TOKEN_REQUEST_URL, "https://x")),
            (SYSTEM_OIDCREQUESTURI, (AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, "c")),
            (AZURESUBSCRIPTION_CLIENT_ID, (ACTIONS_ID_TOKEN_REQUEST_TOKEN, "t")),
        ] {
            let error = found(&[&APP[..], &[(name, "x"), more]].concat()).err().unwrap();
            assert!(error.to_string().starts_with(&format!("{name} is set, but this version cannot ")), "{error}");
        }
    }

    #[test]
    fn a_tenant_that_is_given_replaces_the_variable() {
        let tenant: Tenant = "fabrikam.example".parse().unwrap();
        for variable in [None, Some("contoso.example"), Some("")] {
            let get = |name: &str| {
                if name == AZURE_TENANT_ID {
                    variable.map(Into::into)
                } else {
                    (name != AZURE_CLIENT_CERTIFICATE_PATH).then(|| "x".into())
                }
            };
            assert_eq!(App::in_environment(get, Some(&tenant)).ok().unwrap().tenant, tenant);
        }
    }

    #[test]
    fn what_is_set_but_empty_or_nonsense_is_an_error() {
        for (name, value, words) in [
            (AZURE_CLIENT_SECRET, "", "is set, but empty"),
            (AZURE_FEDERATED_TOKEN_FILE, " ", "is set, but empty"),
            (AZURE_TENANT_ID, "", "is set, but empty"),
            (AZURE_CLIENT_ID, "\n", "is set, but empty"),
            (AZURE_TENANT_ID, "a/b", "holds a character"),
            (ACTIONS_ID_TOKEN_REQUEST_URL, "github", "is not a valid URL"),
            (ACTIONS_ID_TOKEN_REQUEST_URL, "https://a:b@x", "holds a user name or password"),
        ] {
            let mut variables =
                vec![(name, value), (ACTIONS_ID_TOKEN_REQUEST_URL, "https://x"), (ACTIONS_ID_TOKEN_REQUEST_TOKEN, "t")];
            variables.extend(APP);
            let error = found(&variables).err().unwrap();
            assert!(error.to_string().starts_with(&format!("{name} {words}")), "{error}");
        }
    }

    #[test]
    fn each_cloud_has_its_audience() {
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
