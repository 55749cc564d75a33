//! Application credentials from the environment: an application that signs in as itself. Its tokens stay in memory.
//! Source: graph-facts, "Tokens".

use std::ffi::OsString;
use std::fmt;

use super::credential::{self, Credential, USE_PROFILE, text, unfit};
use super::sign_in::Platform;
use super::tenant::Tenant;
use super::token::Token;
use crate::error::Error;
use crate::net::request::SendOptions;
use crate::net::root::Root;
use crate::variables::{AZURE_CLIENT_ID, AZURE_TENANT_ID};

/// The source's name in messages.
pub const NAME: &str = "application credentials";

/// An application with its credential.
pub struct App {
    tenant: Tenant,
    client_id: String,
    credential: Credential,
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME} ({})", self.credential.name())
    }
}

impl App {
    /// The application that an environment names. `tenant` overrides `AZURE_TENANT_ID`.
    ///
    /// # Errors
    /// A variable is missing, empty or invalid, or this version cannot use it. The error never repeats a secret.
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
            return Err(unfit(AZURE_TENANT_ID, "does not name one tenant"));
        }
        match (tenant, client_id, Credential::in_environment(&get)?) {
            (Some(tenant), Some(client_id), Some(credential)) => Ok(Self { tenant, client_id, credential }),
            (tenant, client_id, credential) => {
                let missing = [
                    tenant.is_none().then(|| AZURE_TENANT_ID.to_owned()),
                    client_id.is_none().then(|| AZURE_CLIENT_ID.to_owned()),
                    credential.is_none().then(|| credential::missing(&get)),
                ];
                let missing: Vec<_> = missing.into_iter().flatten().collect();
                Err(Error::auth(format!(
                    "application credentials are incomplete: found {}; missing {}; nothing was sent",
                    credential::variables(&get).join(", "),
                    missing.join(", ")
                ))
                .hint(format!(
                    "set what is missing (in GitHub Actions: the permission `id-token: write`). {USE_PROFILE}"
                )))
            }
        }
    }

    /// The variables that it uses: without `AZURE_TENANT_ID` if an option names the tenant (`is_given`).
    pub fn uses(&self, is_given: bool) -> Vec<&'static str> {
        let tenant = (!is_given).then_some(AZURE_TENANT_ID);
        tenant.into_iter().chain([AZURE_CLIENT_ID]).chain(self.credential.variables().iter().copied()).collect()
    }

    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The variable that makes it fetch the credential from a server other than `root`.
    pub fn names_other_server(&self, root: &Root) -> Option<&'static str> {
        self.credential.names_other_server(root)
    }

    /// Gets a token for Graph.
    ///
    /// # Errors
    /// The sign-in service refuses or cannot be reached, or the credential cannot be read.
    pub async fn token(&self, graph: &Root, login: &Root, send_options: SendOptions<'_>) -> anyhow::Result<Token> {
        let platform = Platform::new(login, &self.tenant, &self.client_id, send_options)?;
        let authentication = self.credential.authentication(graph, send_options).await?;
        let granted = platform.client_credentials(&authentication, format!("{}/.default", graph.as_str())).await;
        let otherwise = format!("check {AZURE_TENANT_ID}, {AZURE_CLIENT_ID} and the credential");
        let what = format!("cannot get a token with {self}");
        Ok(granted.map_err(|error| error.about(&what, "intunectl auth login", &otherwise))?.access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variables of every application, as `NAME=VALUE`.
    const APP: [&str; 2] = ["AZURE_TENANT_ID=Contoso.example", "AZURE_CLIENT_ID= an-app\n"];

    fn found(variables: &[&str]) -> Result<App, Error> {
        let variables: Vec<_> = variables.iter().map(|variable| variable.split_once('=').unwrap()).collect();
        let get = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        App::in_environment(get, None)
    }

    #[test]
    fn the_first_credential_that_is_set_is_used() {
        for (more, source) in [
            (
                &["AZURE_CLIENT_SECRET=s", "AZURE_CLIENT_CERTIFICATE_PATH=c", "AZURE_FEDERATED_TOKEN_FILE=f"][..],
                "AZURE_CLIENT_SECRET",
            ),
            (
                &[
                    "AZURE_FEDERATED_TOKEN_FILE=f",
                    "AZURE_FEDERATED_TOKEN=a",
                    "ACTIONS_ID_TOKEN_REQUEST_URL=https://x",
                    "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t",
                ],
                "AZURE_FEDERATED_TOKEN_FILE",
            ),
            (
                &[
                    "ACTIONS_ID_TOKEN_REQUEST_URL=https://x?a=b",
                    "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t",
                    "SYSTEM_OIDCREQUESTURI=d",
                ],
                "GitHub Actions",
            ),
        ] {
            let app = found(&[&APP, more].concat()).unwrap();
            assert_eq!(app.to_string(), format!("application credentials ({source})"));
            assert_eq!((app.tenant.as_str(), app.client_id.as_str()), ("contoso.example", "an-app"));
        }
    }

    #[test]
    fn incomplete_credentials_are_an_error_that_names_found_and_missing_variables() {
        let [tenant, client] = APP;
        let (secret, file) = ("AZURE_CLIENT_SECRET=s", "AZURE_FEDERATED_TOKEN_FILE=f");
        for (variables, words) in [
            (&[client, secret][..], "found AZURE_CLIENT_ID, AZURE_CLIENT_SECRET; missing AZURE_TENANT_ID;"),
            (&[tenant, file], "found AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE; missing AZURE_CLIENT_ID;"),
            (&APP, "found AZURE_TENANT_ID, AZURE_CLIENT_ID; missing a credential (AZURE_CLIENT_SECRET"),
            (&[tenant, client, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t"], "missing ACTIONS_ID_TOKEN_REQUEST_URL;"),
        ] {
            let error = found(variables).err().unwrap();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn an_unsupported_credential_is_an_error_even_if_another_one_is_set() {
        for (name, more) in [
            ("AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE=f"),
            ("AZURE_FEDERATED_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL=https://x"),
            ("SYSTEM_OIDCREQUESTURI", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID=c"),
            ("AZURESUBSCRIPTION_CLIENT_ID", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t"),
        ] {
            let error = found(&[&APP[..], &[&format!("{name}=x"), more]].concat()).err().unwrap();
            assert!(error.to_string().starts_with(&format!("{name} is set, but this version cannot ")), "{error}");
        }
    }

    #[test]
    fn empty_and_invalid_variables_are_an_error() {
        for (variable, words) in [
            ("AZURE_CLIENT_SECRET=", "is empty"),
            ("AZURE_FEDERATED_TOKEN_FILE= ", "is empty"),
            ("AZURE_TENANT_ID=", "is empty"),
            ("AZURE_CLIENT_ID=\n", "is empty"),
            ("AZURE_TENANT_ID=a/b", "must be a tenant ID"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL=github", "is not a valid URL"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL=https://a:b@x", "contains a user name or password"),
        ] {
            let github = ["ACTIONS_ID_TOKEN_REQUEST_URL=https://x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t"];
            let error = found(&[&[variable][..], &github, &APP].concat()).err().unwrap();
            let name = variable.split('=').next().unwrap();
            assert!(error.to_string().starts_with(&format!("{name} {words}")), "{error}");
        }
    }
}
