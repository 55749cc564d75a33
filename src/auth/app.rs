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

use super::sign_in::{Platform, Proof};
use super::tenant::Tenant;
use super::token::{self, Token};
use crate::error::Error;
use crate::net::exchange::{self, Exchange, Repeat, Wire, disguises};
use crate::net::http;
use crate::net::root::{Cloud, Root};

const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const GITHUB_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const GITHUB_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// An application, and how it proves to be itself.
pub struct App {
    tenant: Tenant,
    client_id: String,
    evidence: Evidence,
}

enum Evidence {
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
        let source = match &self.evidence {
            Evidence::Secret(_) => SECRET,
            Evidence::File(_) => FILE,
            Evidence::GitHub { .. } => "GitHub Actions",
        };
        write!(f, "app credentials in the environment ({source})")
    }
}

impl App {
    /// The credentials in an environment; `None` where they are not all there.
    ///
    /// # Errors
    /// They are all there, but one is empty or cannot be what it should be. The error never repeats a secret.
    pub fn in_environment(get: impl Fn(&str) -> Option<OsString>) -> Result<Option<Self>, Error> {
        // One that is empty is set: the step of a pipeline whose secret is missing must not act as whoever is signed in.
        let (Some(tenant), Some(client_id)) = (get(TENANT), get(CLIENT)) else { return Ok(None) };
        let github = || get(GITHUB_URL).zip(get(GITHUB_TOKEN));
        let evidence = if let Some(secret) = get(SECRET) {
            Evidence::Secret(SecretString::from(text(SECRET, secret)?))
        } else if let Some(path) = get(FILE) {
            Evidence::File(text(FILE, path)?.into())
        } else if let Some((url, token)) = github() {
            let url = Url::parse(&text(GITHUB_URL, url)?).map_err(|_| unfit(GITHUB_URL, "is no address"))?;
            if !url.username().is_empty() || url.password().is_some() {
                return Err(unfit(GITHUB_URL, "holds a user name or password"));
            }
            Evidence::GitHub { url, token: SecretString::from(text(GITHUB_TOKEN, token)?) }
        } else {
            return Ok(None);
        };
        let tenant = text(TENANT, tenant)?.parse().map_err(|reason| unfit(TENANT, reason))?;
        Ok(Some(Self { tenant, client_id: text(CLIENT, client_id)?, evidence }))
    }

    /// Whether an application is named in an environment, but nothing there proves to be it.
    pub fn is_half_in_environment(get: impl Fn(&str) -> Option<OsString>) -> bool {
        get(TENANT).is_some() && get(CLIENT).is_some() && matches!(Self::in_environment(get), Ok(None))
    }

    /// Gets a token for Graph.
    ///
    /// # Errors
    /// The platform refuses, cannot be reached, or there is nothing to prove the application with.
    pub async fn token(&self, graph: &Root, login: &Root, wire: Wire<'_>) -> anyhow::Result<Token> {
        let platform = Platform::new(login, &self.tenant, &self.client_id, wire)?;
        let scope = format!("{}/.default", graph.as_str());
        let granted = match &self.evidence {
            Evidence::Secret(secret) => platform.app(Proof::Secret(secret), scope).await,
            Evidence::File(path) => {
                let path = path.clone();
                // The file may be a pipe.
                let read = tokio::task::spawn_blocking(move || read_assertion(&path)).await;
                platform.app(Proof::Assertion(&read??), scope).await
            }
            Evidence::GitHub { url, token } => {
                let assertion = from_github(url, token, audience(graph), wire).await?;
                platform.app(Proof::Assertion(&assertion), scope).await
            }
        };
        let otherwise = "check AZURE_TENANT_ID, AZURE_CLIENT_ID and what proves the application";
        let what = format!("no token for the {self}");
        Ok(granted.map_err(|error| error.about(&what, "intunectl auth login", otherwise))?.access)
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

fn unfit(name: &str, reason: &str) -> Error {
    Error::auth(format!("{name} {reason}")).hint(
        "app credentials are AZURE_TENANT_ID and AZURE_CLIENT_ID with AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE, \
         or GitHub Actions' id-token; what is set but empty is an error, not an absence: set it, or unset \
         AZURE_CLIENT_ID to use the next source",
    )
}

fn read_assertion(path: &std::path::Path) -> Result<SecretString, Error> {
    let assertion = token::read_file(path, FILE)?;
    match assertion.expose_secret().trim() {
        "" => Err(Error::auth(format!("{FILE}: {} is empty", path.display()))
            .hint("whatever issues the federated token has not done so yet")),
        text => Ok(SecretString::from(text)),
    }
}

/// Asks GitHub Actions for what it says of the running job.
/// Source: GitHub, "OpenID Connect reference".
async fn from_github(url: &Url, token: &SecretString, audience: &str, wire: Wire<'_>) -> anyhow::Result<SecretString> {
    #[derive(Deserialize)]
    struct Given {
        value: String,
    }
    let failed = |why: &str| {
        Error::auth(format!("GitHub Actions gave no identity token: {why}"))
            .hint("the job needs `permissions: id-token: write`")
    };
    // The same care as for any other token: https, or this machine.
    let root: Root = url.origin().ascii_serialization().parse().map_err(|reason| unfit(GITHUB_URL, reason))?;
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("audience", audience);
    let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| unfit(GITHUB_TOKEN, "holds a character that no header may hold"))?;
    header.set_sensitive(true);
    let http = http::client(&root, wire.transport)?;
    let make = || {
        let mut request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        request.headers_mut().insert(AUTHORIZATION, header.clone());
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        request
    };
    let secrets: Rc<[_]> = disguises(token.expose_secret()).into();
    let exchange = Exchange { label: "GitHub Actions", repeat: Repeat::Safe, secrets: &secrets, wire };
    let answer = exchange.send(&http, make).await.map_err(|reason| {
        Error::auth(format!("GitHub Actions gave no identity token: {}: {reason}", root.host()))
            .hint(reason.hint().unwrap_or("check the network and the proxy of the runner, then run the job again"))
    })?;
    if answer.status != 200 {
        return Err(failed(&format!("{}: {}", root.host(), exchange::foreign(&answer))).into());
    }
    // Never serde's own message, which may quote what it could not read.
    let given = serde_json::from_slice::<Given>(&answer.body).ok().filter(|given| !given.value.trim().is_empty());
    let given = given.ok_or_else(|| failed(&format!("{}: its answer holds none", root.host())))?;
    Ok(SecretString::from(given.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Result<Option<App>, Error> {
        App::in_environment(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    const APP: [(&str, &str); 2] = [(TENANT, "Contoso.example"), (CLIENT, " an-app\n")];

    #[test]
    fn credentials_are_found_where_they_are_all_there() {
        let secret = [&APP[..], &[(SECRET, "s"), (FILE, "f")]].concat();
        let file = [&APP[..], &[(FILE, "f"), (GITHUB_URL, "https://x"), (GITHUB_TOKEN, "t")]].concat();
        let github = [&APP[..], &[(GITHUB_URL, "https://x?a=b"), (GITHUB_TOKEN, "t")]].concat();
        for (variables, source) in [(secret, SECRET), (file, FILE), (github, "GitHub Actions")] {
            let app = found(&variables).unwrap().unwrap();
            assert_eq!(app.to_string(), format!("app credentials in the environment ({source})"));
            assert_eq!((app.tenant.as_str(), app.client_id.as_str()), ("contoso.example", "an-app"));
        }
        for variables in [&APP[..], &APP[1..], &[(SECRET, "s")], &[APP[0], APP[1], (GITHUB_URL, "https://x")]] {
            assert!(found(variables).unwrap().is_none(), "{variables:?}");
            let get = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            assert_eq!(App::is_half_in_environment(get), variables.len() > 1, "{variables:?}");
        }
    }

    #[test]
    fn what_is_set_but_empty_or_nonsense_is_an_error() {
        for (name, value, words) in [
            (SECRET, "", "is set, but empty"),
            (FILE, " ", "is set, but empty"),
            (TENANT, "", "is set, but empty"),
            (CLIENT, "\n", "is set, but empty"),
            (TENANT, "a/b", "holds a character"),
            (GITHUB_URL, "github", "is no address"),
            (GITHUB_URL, "https://a:b@x", "holds a user name or password"),
        ] {
            let mut variables = vec![(name, value), (GITHUB_URL, "https://x"), (GITHUB_TOKEN, "t")];
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
