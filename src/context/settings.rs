//! Which token and which servers a command uses, decided once, from the options and the environment alone. Options
//! override variables, and contradictions are errors. `docs/precedence.md` shows the rules as a table; a test compares
//! the two.
//!
//! Servers: the options are one layer, and the variables fill in what the options leave open. Each layer fits some
//! clouds, or contradicts itself. The first cloud that fits both layers is used.

use std::ffi::OsString;

use crate::auth::app::{self, App};
use crate::auth::credential;
use crate::auth::sources::TokenSource;
use crate::cli::Global;
use crate::error::Error;
use crate::net::root::{Cloud, Root};
use crate::text::sanitize::sanitize;
use crate::variables::{
    self, AZURE_AUTHORITY_HOST, AZURE_TENANT_ID, INTUNECTL_CLOUD, INTUNECTL_GRAPH_URL, INTUNECTL_LOGIN_URL,
    INTUNECTL_MANAGED_IDENTITY, INTUNECTL_PROFILE, INTUNECTL_SANDBOX, INTUNECTL_TOKEN, INTUNECTL_TOKEN_COMMAND, Role,
};

/// Looks up a variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

pub struct Selection {
    pub source: TokenSource,
    /// Where the token, and what it is requested with, may be sent.
    pub roots: Roots,
    /// Variables that are set but not used.
    pub unused: Vec<&'static str>,
}

impl Selection {
    /// The Graph server, unless a profile decides it.
    pub fn graph(&self) -> Option<&Root> {
        (!matches!(self.source, TokenSource::Profile(_))).then_some(&self.roots.graph)
    }
}

/// The Graph server and the sign-in server, named or by default. A profile has its own servers, which must agree with
/// the named ones.
pub struct Roots {
    pub graph: Root,
    /// Not known by default for a Graph server outside the Microsoft clouds.
    pub login: Option<Root>,
    /// In a sandbox, the cloud that was named.
    pub rehearsed: Option<Cloud>,
    /// The option or variable that names each server.
    graph_by: Option<&'static str>,
    login_by: Option<&'static str>,
    /// The variables that decided.
    used: Vec<&'static str>,
}

/// Decides which token and which servers a command uses.
///
/// # Errors
/// A usage error: options or variables contradict each other, or have an invalid value.
pub fn select(options: &Global, get: Environment<'_>) -> Result<Selection, Error> {
    if let Some(any) = options.tenant.as_ref().filter(|tenant| tenant.is_any()) {
        return Err(Error::usage(format!("--tenant {any} does not select a single tenant; nothing was sent"))
            .hint("use the tenant's ID or a domain, for example --tenant contoso.com"));
    }
    let app = credential::variables(get);
    let (source, used) = source(options, get, &app)?;
    let is_app = app.iter().any(|name| used.contains(name));
    let roots = roots(options, get, is_app)?;
    if let TokenSource::App(app) = &source
        && roots.graph_by == Some(INTUNECTL_SANDBOX)
        && let Some(name) = app.names_other_server(&roots.graph)
    {
        return Err(outside_sandbox(name));
    }
    // A profile's own servers decide.
    if !matches!(source, TokenSource::Profile(_)) {
        roots.check_variables()?;
    }
    // Alone it selects nothing, which users do not expect.
    let tenant = (app.is_empty() && is_set(get, AZURE_TENANT_ID)).then_some(AZURE_TENANT_ID);
    let set = |role: &'static [Role]| variables::with(role).filter(|name| is_set(get, name));
    let all = set(&[Role::TokenSource]).chain(tenant).chain(app).chain(set(&[Role::Root]));
    let unused = all.filter(|name| !used.contains(name) && !roots.used.contains(name)).collect();
    Ok(Selection { source, roots, unused })
}

/// The source, and the variables that name it. `app` has the variables of an application, if the environment names one.
fn source(
    options: &Global,
    get: Environment<'_>,
    app: &[&'static str],
) -> Result<(TokenSource, Vec<&'static str>), Error> {
    // clap detects this only if both options are at the same command.
    let typed = [
        ("--token", options.token.is_some()),
        ("--token-file", options.token_file.is_some()),
        ("--profile", options.profile.is_some()),
    ];
    at_most_one(typed.into_iter().filter_map(|(name, is_given)| is_given.then_some(name)), "given")?;
    if let Some(token) = &options.token {
        return Ok((TokenSource::Token(token.clone()), Vec::new()));
    }
    if let Some(path) = &options.token_file {
        return Ok((TokenSource::TokenFile(path.clone()), Vec::new()));
    }
    if options.profile.is_some() {
        return Ok((TokenSource::Profile(profile(options, get)?), Vec::new()));
    }
    let set = [INTUNECTL_TOKEN, INTUNECTL_TOKEN_COMMAND, INTUNECTL_MANAGED_IDENTITY]
        .into_iter()
        .filter(|name| is_set(get, name));
    if let Some(name) = at_most_one(set, "set")? {
        let source = match get(INTUNECTL_TOKEN) {
            Some(token) => TokenSource::Variable(token),
            None => TokenSource::unsupported(name),
        };
        return Ok((source, vec![name]));
    }
    if is_set(get, INTUNECTL_PROFILE) || app.is_empty() {
        return Ok((TokenSource::Profile(profile(options, get)?), vec![INTUNECTL_PROFILE]));
    }
    Ok(match App::in_environment(get, options.tenant.as_ref()) {
        Ok(app) => {
            let used = app.uses(options.tenant.is_some());
            (TokenSource::App(app), used)
        }
        Err(error) => (TokenSource::Unusable { name: app::NAME, error }, app.to_vec()),
    })
}

fn at_most_one<'a>(mut names: impl Iterator<Item = &'a str>, what: &str) -> Result<Option<&'a str>, Error> {
    match (names.next(), names.next()) {
        (Some(one), Some(other)) => {
            let hint = if what == "given" { "leave out one of them" } else { "unset one of them" };
            Err(Error::usage(format!("{one} and {other} cannot be used together; nothing was sent")).hint(hint))
        }
        (one, _) => Ok(one),
    }
}

/// Whether a variable counts as set. An empty variable counts as not set, except for a token source: there it is an
/// error, because a script may have filled it from a missing variable.
fn is_set(get: Environment<'_>, name: &str) -> bool {
    let is_source = || variables::with(&[Role::TokenSource]).any(|source| source == name);
    get(name).is_some_and(|value| !value.is_empty() || is_source())
}

/// The selected profile, even if the token comes from elsewhere.
pub fn profile(options: &Global, get: Environment<'_>) -> Result<String, Error> {
    let (from, name) = match &options.profile {
        Some(name) => ("--profile", name.clone()),
        None => match get(INTUNECTL_PROFILE).map(OsString::into_string) {
            Some(Ok(name)) => (INTUNECTL_PROFILE, name),
            Some(Err(_)) => return Err(not_unicode(INTUNECTL_PROFILE)),
            None => return Ok("default".to_owned()),
        },
    };
    if name.is_empty() {
        return Err(Error::usage(format!("{from} is empty; nothing was sent"))
            .hint(format!("give the name of a profile, or {}", without(from))));
    }
    if name.chars().count() > 64 || sanitize(&name) != name {
        return Err(Error::usage(format!(
            "the profile name in {from} is longer than 64 characters, or contains control or invisible characters"
        )));
    }
    Ok(name)
}

/// A server, and the option or variable that names it.
type Named = (&'static str, Root);

/// The servers and the cloud that the options name, or the variables.
#[derive(Default)]
struct Layer {
    cloud: Option<(&'static str, Cloud)>,
    graph: Option<Named>,
    login: Option<Named>,
}

impl Layer {
    fn typed(options: &Global) -> Result<Self, Error> {
        let option = |name: &'static str, text: &Option<String>| -> Result<_, Error> {
            text.as_deref().map(|text| Ok((name, root(name, text)?))).transpose()
        };
        Ok(Self {
            cloud: options.cloud.map(|cloud| ("--cloud", cloud)),
            graph: option("--graph-url", &options.graph_url)?,
            login: option("--login-url", &options.login_url)?,
        })
    }

    /// What the variables add to `typed`: nothing that an option names and, if an option names a server of a cloud,
    /// nothing outside `clouds`. Variables that lose to an option are not parsed, so a mistake in them cannot fail the
    /// run.
    fn set(get: Environment<'_>, is_app: bool, typed: &Self, clouds: &[Cloud]) -> Result<Self, Error> {
        let mut set = Self::default();
        if typed.cloud.is_none() && typed.graph.is_none() {
            set.cloud = cloud_variable(get)?;
            set.graph = root_variable(get, INTUNECTL_GRAPH_URL)?;
        }
        if typed.cloud.is_none() && typed.login.is_none() {
            set.login = root_variable(get, INTUNECTL_LOGIN_URL)?;
            let mut graphs = [&typed.graph, &set.graph].into_iter().flatten();
            // It selects a cloud, and a Graph server outside the clouds belongs to none.
            if is_app && set.login.is_none() && graphs.all(|(_, root)| root.is_of_a_cloud()) {
                set.login = authority(get)?.map(|root| (AZURE_AUTHORITY_HOST, root));
            }
        }
        if [&typed.graph, &typed.login].into_iter().flatten().any(|(_, root)| root.is_of_a_cloud()) {
            set.cloud.take_if(|(_, cloud)| !clouds.contains(cloud));
            set.graph.take_if(|(_, root)| !clouds.iter().any(|cloud| cloud.graph() == root.as_str()));
            set.login.take_if(|(_, root)| !clouds.iter().any(|cloud| cloud.signs_in_at(root)));
        }
        Ok(set)
    }

    /// The clouds that fit; all, if none is named.
    fn clouds(&self) -> Result<Vec<Cloud>, Error> {
        if let Some((name, cloud)) = self.cloud {
            for (named, own, what) in [(&self.graph, cloud.graph(), "Graph"), (&self.login, cloud.login(), "sign-in")] {
                if let Some((other, _)) = named.as_ref().filter(|(_, root)| root.as_str() != own) {
                    return Err(contradiction(name, other, &format!("the {what} server of {} is {own}", cloud.name())));
                }
            }
            return Ok(vec![cloud]);
        }
        let of_graph = self.graph.as_ref().and_then(|(_, root)| Cloud::of(root));
        let login = self.login.as_ref().map(|(_, root)| root).filter(|root| root.is_of_a_cloud());
        let clouds = Cloud::ALL.into_iter().filter(|cloud| {
            of_graph.is_none_or(|named| named == *cloud) && login.is_none_or(|root| cloud.signs_in_at(root))
        });
        let clouds: Vec<_> = clouds.collect();
        match (&self.graph, &self.login) {
            (Some((name, _)), Some((other, _))) if clouds.is_empty() => {
                Err(contradiction(name, other, "they name servers of different clouds"))
            }
            _ => Ok(clouds),
        }
    }
}

fn contradiction(one: &str, other: &str, why: &str) -> Error {
    Error::usage(format!("{one} and {other} contradict each other: {why}; nothing was sent")).hint(format!(
        "{}, or {}",
        without(one),
        without(other)
    ))
}

/// Decides the servers. `is_app`: the token is requested with application credentials.
///
/// # Errors
/// A usage error: options or variables contradict each other, or contain no valid address.
pub fn roots(options: &Global, get: Environment<'_>, is_app: bool) -> Result<Roots, Error> {
    let typed = Layer::typed(options)?;
    if let Some(sandbox) = sandbox(get)? {
        return rehearsal(typed, sandbox, get);
    }
    let clouds = typed.clouds()?;
    let set = Layer::set(get, is_app, &typed, &clouds)?;
    let fitting = set.clouds()?;
    let cloud = clouds.into_iter().find(|cloud| fitting.contains(cloud)).unwrap_or(Cloud::Global);
    let (cloud_graph, cloud_login) = cloud.into();
    let name = |named: &Option<Named>| named.as_ref().map(|(name, _)| *name);
    let used = [set.cloud.map(|(name, _)| name), name(&set.graph), name(&set.login)].into_iter().flatten().collect();
    let by_cloud = typed.cloud.or(set.cloud).map(|(name, _)| name);
    let (graph_by, graph) = match typed.graph.or(set.graph) {
        Some((name, root)) => (Some(name), root),
        None => (by_cloud, cloud_graph),
    };
    let (login_by, login) = match typed.login.or(set.login) {
        Some((name, root)) => (Some(name), Some(root)),
        None => (None, Cloud::of(&graph).map(|_| cloud_login)),
    };
    Ok(Roots { graph, login, rehearsed: None, graph_by, login_by, used })
}

/// The servers in a sandbox: always the sandbox itself, whatever cloud is named.
fn rehearsal(typed: Layer, sandbox: Root, get: Environment<'_>) -> Result<Roots, Error> {
    let set = [root_variable(get, INTUNECTL_GRAPH_URL)?, root_variable(get, INTUNECTL_LOGIN_URL)?];
    let named = [typed.graph, typed.login].into_iter().chain(set).flatten();
    if let Some((name, _)) = named.into_iter().find(|(_, root)| *root != sandbox) {
        return Err(outside_sandbox(name));
    }
    let cloud = match typed.cloud {
        Some(cloud) => Some(cloud),
        None => cloud_variable(get)?,
    };
    Ok(Roots {
        graph: sandbox.clone(),
        login: Some(sandbox),
        rehearsed: cloud.map(|(_, cloud)| cloud),
        graph_by: Some(INTUNECTL_SANDBOX),
        login_by: Some(INTUNECTL_SANDBOX),
        used: vec![INTUNECTL_CLOUD, INTUNECTL_GRAPH_URL, INTUNECTL_LOGIN_URL],
    })
}

fn outside_sandbox(name: &str) -> Error {
    Error::usage(format!("{name} names a server outside the sandbox, but {INTUNECTL_SANDBOX} is set; nothing was sent"))
        .hint(format!("{}. To use a real tenant, run the command outside the sandbox", without(name)))
}

fn is_option(name: &str) -> bool {
    name.starts_with("--")
}

/// The advice to remove an option or a variable.
fn without(name: &str) -> String {
    format!("{} {name}", if is_option(name) { "leave out" } else { "unset" })
}

/// The sandbox's address, if this runs in a sandbox.
pub fn sandbox(get: Environment<'_>) -> Result<Option<Root>, Error> {
    let Some(text) = variable(get, INTUNECTL_SANDBOX)? else { return Ok(None) };
    let root = text.parse::<Root>().ok().filter(Root::is_plain);
    root.map(Some).ok_or_else(|| {
        Error::usage(format!("{INTUNECTL_SANDBOX} is not the address of a sandbox on this machine; nothing was sent"))
            .hint(format!("unset {INTUNECTL_SANDBOX}. To use a sandbox, run `intunectl sandbox -- COMMAND`"))
    })
}

/// The sign-in server that `AZURE_AUTHORITY_HOST` names. Azure's libraries accept it with and without the scheme.
fn authority(get: Environment<'_>) -> Result<Option<Root>, Error> {
    let Some(text) = variable(get, AZURE_AUTHORITY_HOST)? else { return Ok(None) };
    let text = if text.contains("://") { text } else { format!("https://{text}") };
    let root = text.parse::<Root>().ok().filter(|root| Cloud::ALL.into_iter().any(|cloud| cloud.signs_in_at(root)));
    root.map(Some).ok_or_else(|| {
        Error::usage(format!("{AZURE_AUTHORITY_HOST} is not the sign-in server of a Microsoft cloud; nothing was sent"))
            .hint("unset it, or use --login-url URL")
    })
}

impl Roots {
    /// Both servers, for a sign-in. Its token is for this Graph server only.
    ///
    /// # Errors
    /// No sign-in server is known for the Graph server; `kind` makes the error.
    pub fn both(&self, kind: impl Fn(String) -> Error) -> Result<(Root, Root), Error> {
        // A sign-in server in a variable that was left set does not belong to a Graph server in an option.
        let is_leftover = Cloud::of(&self.graph).is_none()
            && self.graph_by.is_some_and(is_option)
            && !self.login_by.is_some_and(is_option);
        let login = self.login.clone().filter(|_| !is_leftover).ok_or_else(|| {
            let name = self.graph_by.unwrap_or("--graph-url");
            kind(format!("no sign-in server is known for the Graph server in {name}; nothing was sent"))
                .hint(format!("add --login-url URL, or {}", without(name)))
        })?;
        Ok((self.graph.clone(), login))
    }

    /// The sign-in server that can look up the tenants of the Graph server: for a Microsoft cloud the cloud's own,
    /// unless an option names another one.
    pub fn directory(&self) -> Option<Root> {
        match Cloud::of(&self.graph).filter(|_| !self.login_by.is_some_and(is_option)) {
            Some(cloud) => Some(<(Root, Root)>::from(cloud).1),
            None => self.login.clone(),
        }
    }

    /// Whether an option names one of the servers.
    pub fn are_typed(&self) -> bool {
        self.graph_by.into_iter().chain(self.login_by).any(is_option)
    }

    /// For each server: the option or variable that names it, its address, and whether it is the Graph server.
    fn named(&self) -> impl Iterator<Item = (&'static str, &Root, bool)> {
        let graph = self.graph_by.map(|name| (name, &self.graph, true));
        let login = self.login_by.zip(self.login.as_ref()).map(|(name, root)| (name, root, false));
        graph.into_iter().chain(login)
    }

    /// Checks that an option names every server that is neither a Microsoft cloud's nor on this machine. A variable may
    /// have been left set by something else.
    pub fn check_variables(&self) -> Result<(), Error> {
        let is_foreign = |root: &Root| !root.is_of_a_cloud() && !root.is_loopback();
        let foreign = self.named().find(|(name, root, _)| !is_option(name) && is_foreign(root));
        let Some((name, root, is_graph)) = foreign else { return Ok(()) };
        let option = if is_graph { "--graph-url" } else { "--login-url" };
        Err(Error::usage(format!(
            "{name} names {}, which is neither a Microsoft cloud nor this machine; nothing was sent",
            root.host()
        ))
        .hint(format!("unset {name}. If you trust this server, use {option} {}", root.as_str())))
    }

    /// Checks that the named servers are those of a profile. Its token is sent only to the Graph server that it was
    /// issued for, and its refresh token only to the sign-in server that issued it.
    pub fn check_profile(&self, profile: &str, graph: &Root, login: &Root) -> Result<(), Error> {
        let own = |is_graph| if is_graph { graph } else { login };
        let Some((name, root, is_graph)) = self.named().find(|(_, root, is_graph)| *root != own(*is_graph)) else {
            return Ok(());
        };
        Err(Error::auth(format!(
            "the {} server of profile '{profile}' is {}, but {name} names {}; nothing was sent",
            if is_graph { "Graph" } else { "sign-in" },
            own(is_graph).as_str(),
            root.as_str()
        ))
        .hint(match name {
            // The profile is of an earlier sandbox.
            INTUNECTL_SANDBOX => "sign in to this sandbox: intunectl auth login".to_owned(),
            _ => format!("{}, or use another profile from `intunectl auth list`", without(name)),
        }))
    }
}

fn cloud_variable(get: Environment<'_>) -> Result<Option<(&'static str, Cloud)>, Error> {
    let Some(text) = variable(get, INTUNECTL_CLOUD)? else { return Ok(None) };
    let cloud = text.parse().map_err(|reason| Error::usage(format!("{INTUNECTL_CLOUD}: '{text}' {reason}")))?;
    Ok(Some((INTUNECTL_CLOUD, cloud)))
}

fn root_variable(get: Environment<'_>, name: &'static str) -> Result<Option<Named>, Error> {
    variable(get, name)?.map(|text| Ok((name, root(name, &text)?))).transpose()
}

/// Parses the address of a server. The error does not repeat the address, which may contain a password.
fn root(name: &str, text: &str) -> Result<Root, Error> {
    text.parse().map_err(|reason| {
        Error::usage(format!("the address in {name} {reason}"))
            .hint("use an address such as https://graph.microsoft.com")
    })
}

/// A variable's text. An empty variable counts as not set, except for a token source (`is_set`).
pub fn variable(get: Environment<'_>, name: &str) -> Result<Option<String>, Error> {
    match get(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
        Some(Err(_)) => Err(not_unicode(name)),
    }
}

fn not_unicode(name: &str) -> Error {
    Error::usage(format!("{name} is not valid Unicode"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::error::ErrorKind;

    const HERE: &str = "http://127.0.0.1:1";
    const OTHER: &str = "https://graph.example";
    const APP: &str = "AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET";

    /// Options and variables.
    #[derive(Default)]
    struct Inputs {
        options: Global,
        variables: HashMap<String, String>,
    }

    impl Inputs {
        /// Takes `NAME` or `NAME=VALUE`; the value of a server is a cloud's name, `here`, `other` or an address.
        fn with(mut self, word: &str) -> Self {
            let (name, value) = word.split_once('=').unwrap_or((word, "x"));
            let root = |login: bool| match value.parse::<Cloud>() {
                Ok(cloud) if login => cloud.login().to_owned(),
                Ok(cloud) => cloud.graph().to_owned(),
                Err(_) if value == "here" => HERE.to_owned(),
                Err(_) if value == "other" || value == "x" => OTHER.to_owned(),
                Err(_) => value.to_owned(),
            };
            let options = &mut self.options;
            match name {
                "--token" => options.token = Some("t".into()),
                "--token-file" => options.token_file = Some("f".into()),
                "--profile" => options.profile = Some("typed".to_owned()),
                "--tenant" => options.tenant = Some(value.parse().unwrap()),
                "--cloud" => options.cloud = Some(value.parse().unwrap()),
                "--graph-url" => options.graph_url = Some(root(false)),
                "--login-url" => options.login_url = Some(root(true)),
                _ => {
                    let value = match name {
                        INTUNECTL_GRAPH_URL | INTUNECTL_SANDBOX => root(false),
                        INTUNECTL_LOGIN_URL | AZURE_AUTHORITY_HOST => root(true),
                        _ => value.to_owned(),
                    };
                    self.variables.insert(name.to_owned(), value);
                }
            }
            self
        }

        fn of(words: &str) -> Self {
            words.split_whitespace().fold(Self::default(), Self::with)
        }

        fn get(&self, name: &str) -> Option<OsString> {
            self.variables.get(name).map(OsString::from)
        }

        fn select(&self) -> Result<Selection, Error> {
            select(&self.options, &|name| self.get(name))
        }

        fn source(&self) -> String {
            match self.select() {
                Ok(Selection { source: TokenSource::Unusable { error, .. }, .. }) => {
                    assert_eq!(error.kind(), ErrorKind::Auth);
                    "exit 4".to_owned()
                }
                Ok(Selection { source, .. }) => source.to_string(),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Usage);
                    assert!(
                        error.to_string().ends_with("; nothing was sent") && error.hint_text().is_some(),
                        "{error}"
                    );
                    "exit 2".to_owned()
                }
            }
        }

        fn roots(&self) -> String {
            let name = |root: &Root| match Cloud::ALL
                .into_iter()
                .find(|cloud| cloud.graph() == root.as_str() || (cloud.signs_in_at(root) && *cloud != Cloud::Dod))
            {
                Some(cloud) => cloud.name().to_owned(),
                None if root.as_str() == HERE => "here".to_owned(),
                None => "other".to_owned(),
            };
            match self.select() {
                Ok(Selection { roots, .. }) => {
                    let graph = name(&roots.graph);
                    let mut login = roots.login.as_ref().map_or_else(|| "none".to_owned(), name);
                    // Both clouds share one sign-in server.
                    if graph == "dod" && login == "gcc-high" {
                        login = graph.clone();
                    }
                    format!("Graph of {graph}, sign-in of {login}")
                }
                Err(_) => self.source(),
            }
        }
    }

    #[test]
    fn precedence_md_agrees_with_the_decisions() {
        let page = include_str!("../../docs/precedence.md");
        let rows: Vec<_> = page.lines().filter(|line| line.starts_with('|')).skip(2).collect();
        assert!(rows.len() >= 30, "the table is gone");
        for row in rows {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [typed, set, used] = cells[..] else { panic!("{row}") };
            let words = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
            let app = if set.contains(AZURE_AUTHORITY_HOST) { APP } else { "" };
            let given = [words(typed), words(set), vec![app.to_owned()]].concat();
            let given = Inputs::of(&given.join(" "));
            let expected = used.split(':').next().unwrap();
            let found = match expected {
                "the token of `--token`" | "the token of `INTUNECTL_TOKEN`" => {
                    format!("the token of `{}`", given.source())
                }
                "the sign-in of that profile" => match given.source().as_str() {
                    "profile 'typed'" if typed.contains("--profile") => expected.to_owned(),
                    "profile 'x'" if set.contains(INTUNECTL_PROFILE) => expected.to_owned(),
                    other => other.to_owned(),
                },
                "the sign-in of profile `default`" => format!("the sign-in of {}", given.source().replace('\'', "`")),
                "the application" => given.source().replace("application credentials (AZURE_CLIENT_SECRET)", expected),
                "exit 2" | "exit 4" => given.source(),
                _ => given.roots(),
            };
            assert_eq!(found, expected, "{row}");
        }
    }

    #[test]
    fn every_pair_of_sources_selects_one_or_is_an_error() {
        let sources = [
            "--token",
            "--token-file",
            "--profile",
            INTUNECTL_TOKEN,
            INTUNECTL_TOKEN_COMMAND,
            INTUNECTL_MANAGED_IDENTITY,
            INTUNECTL_PROFILE,
            APP,
            "AZURE_CLIENT_ID",
        ];
        // A row for each source: with itself alone, and with each one after it.
        let [token, file, typed, set, default_app] = [
            "--token",
            "the token file f",
            "profile 'typed'",
            "INTUNECTL_TOKEN",
            "application credentials (AZURE_CLIENT_SECRET)",
        ];
        let table: [&[&str]; 9] = [
            &[token, "exit 2", "exit 2", token, token, token, token, token, token],
            &[file, "exit 2", file, file, file, file, file, file],
            &[typed, typed, typed, typed, typed, typed, typed],
            &[set, "exit 2", "exit 2", set, set, set],
            &["exit 4", "exit 2", "exit 4", "exit 4", "exit 4"],
            &["exit 4", "exit 4", "exit 4", "exit 4"],
            &["profile 'x'", "profile 'x'", "profile 'x'"],
            &[default_app, default_app],
            &["exit 4"],
        ];
        for (one, row) in table.iter().enumerate() {
            assert_eq!(row.len(), sources.len() - one);
            for (other, expected) in row.iter().enumerate() {
                let words = format!("{} {}", sources[one], sources[one + other]);
                assert_eq!(Inputs::of(&words).source(), *expected, "{words}");
            }
        }
        assert_eq!(Inputs::default().source(), "profile 'default'");
    }

    #[test]
    fn a_variable_that_names_an_application_rules_out_a_profile() {
        for name in [
            "AZURE_CLIENT_ID",
            "AZURE_CLIENT_SECRET",
            "AZURE_CLIENT_CERTIFICATE_PATH",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_FEDERATED_TOKEN",
            "AZURESUBSCRIPTION_CLIENT_ID",
        ] {
            assert_eq!(Inputs::of(name).source(), "exit 4", "{name}");
        }
        for alone in [
            "AZURE_TENANT_ID",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "AZURESUBSCRIPTION_TENANT_ID",
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
            "SYSTEM_OIDCREQUESTURI",
            "SYSTEM_ACCESSTOKEN",
            AZURE_AUTHORITY_HOST,
        ] {
            assert_eq!(Inputs::of(alone).source(), "profile 'default'", "{alone}");
        }
    }

    #[test]
    fn variables_that_are_set_but_not_used_are_listed() {
        for (words, expected) in [
            ("", ""),
            (INTUNECTL_TOKEN, ""),
            ("--token INTUNECTL_TOKEN INTUNECTL_PROFILE", "INTUNECTL_TOKEN INTUNECTL_PROFILE"),
            ("--profile INTUNECTL_PROFILE AZURE_CLIENT_ID", "INTUNECTL_PROFILE AZURE_CLIENT_ID"),
            ("INTUNECTL_TOKEN AZURE_TENANT_ID AZURE_CLIENT_SECRET", "AZURE_TENANT_ID AZURE_CLIENT_SECRET"),
            ("INTUNECTL_PROFILE AZURE_TENANT_ID AZURE_AUTHORITY_HOST=china", "AZURE_TENANT_ID AZURE_AUTHORITY_HOST"),
            ("AZURE_CLIENT_ID", ""),
            (
                "--tenant=a.example AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_FEDERATED_TOKEN_FILE",
                "AZURE_TENANT_ID AZURE_FEDERATED_TOKEN_FILE",
            ),
            ("--cloud=dod INTUNECTL_CLOUD=china INTUNECTL_LOGIN_URL=here", "INTUNECTL_CLOUD INTUNECTL_LOGIN_URL"),
            ("--graph-url=dod INTUNECTL_LOGIN_URL=here", "INTUNECTL_LOGIN_URL"),
            ("INTUNECTL_CLOUD=china INTUNECTL_LOGIN_URL=china", ""),
        ] {
            let Ok(Selection { unused, .. }) = Inputs::of(words).select() else { panic!("{words}") };
            assert_eq!(unused.join(" "), expected, "{words}");
        }
    }

    #[test]
    fn variables_that_lose_to_an_option_are_not_parsed() {
        for words in [
            "--cloud=china INTUNECTL_CLOUD=nonsense",
            "--graph-url=china INTUNECTL_CLOUD=nonsense",
            "--cloud=china INTUNECTL_GRAPH_URL=nonsense INTUNECTL_LOGIN_URL=nonsense",
        ] {
            assert_eq!(Inputs::of(words).roots(), "Graph of china, sign-in of china");
        }
        assert!(Inputs::of("INTUNECTL_CLOUD=nonsense").select().is_err());
    }

    #[test]
    fn contradictions_and_foreign_servers_in_variables_are_usage_errors() {
        for words in [
            "--cloud=global --graph-url=here",
            "--cloud=gcc-high --graph-url=dod",
            "--graph-url=global --login-url=gcc-high",
            "INTUNECTL_CLOUD=global INTUNECTL_LOGIN_URL=china",
            "INTUNECTL_GRAPH_URL=global AZURE_AUTHORITY_HOST=china AZURE_CLIENT_ID",
            "INTUNECTL_TOKEN INTUNECTL_LOGIN_URL=other",
            "--graph-url=other INTUNECTL_TOKEN INTUNECTL_LOGIN_URL=other",
            "AZURE_AUTHORITY_HOST=other AZURE_CLIENT_ID",
            "AZURE_AUTHORITY_HOST=here AZURE_CLIENT_ID",
            "--tenant=organizations",
            "--tenant=common INTUNECTL_TOKEN",
            "INTUNECTL_SANDBOX=global",
            "INTUNECTL_SANDBOX=here INTUNECTL_GRAPH_URL=global",
            "INTUNECTL_SANDBOX=here --login-url=other",
            "INTUNECTL_SANDBOX=here AZURE_TENANT_ID AZURE_CLIENT_ID ACTIONS_ID_TOKEN_REQUEST_TOKEN \
             ACTIONS_ID_TOKEN_REQUEST_URL=https://token.example",
        ] {
            assert_eq!(Inputs::of(words).source(), "exit 2", "{words}");
        }
    }

    #[test]
    fn azure_authority_host_is_accepted_with_and_without_a_scheme() {
        for host in ["login.chinacloudapi.cn", "https://login.chinacloudapi.cn", "https://login.chinacloudapi.cn/"] {
            let roots = |words: &str| Inputs::of(&format!("{words} AZURE_AUTHORITY_HOST={host}")).roots();
            assert_eq!(roots(APP), "Graph of china, sign-in of china", "{host}");
            // Only an application uses it.
            assert_eq!(roots(INTUNECTL_TOKEN), "Graph of global, sign-in of global", "{host}");
        }
    }

    #[test]
    fn in_a_sandbox_the_servers_are_its_own_even_if_a_cloud_is_named() {
        for words in ["", "--cloud=china", "INTUNECTL_CLOUD=dod", "--graph-url=here INTUNECTL_LOGIN_URL=here"] {
            let given = Inputs::of(&format!("{words} INTUNECTL_SANDBOX=here"));
            assert_eq!(given.roots(), "Graph of here, sign-in of here", "{words}");
        }
        let named = |words: &str| Inputs::of(words).select().ok().unwrap().roots.rehearsed.map(Cloud::name);
        assert_eq!(named("--cloud=china INTUNECTL_CLOUD=dod INTUNECTL_SANDBOX=here"), Some("china"));
        assert_eq!(named("INTUNECTL_CLOUD=dod INTUNECTL_SANDBOX=here"), Some("dod"));
        assert_eq!(named("INTUNECTL_SANDBOX=here"), None);
    }

    #[test]
    fn a_profile_is_used_only_at_its_own_servers() {
        let [own, china] = [Cloud::Global, Cloud::China].map(<(Root, Root)>::from);
        let check = |words: &str, (graph, login): &(Root, Root)| {
            let roots = Inputs::of(words).select().ok().unwrap().roots;
            roots
                .check_profile("p", graph, login)
                .map_err(|error| (error.kind(), error.hint_text().unwrap().to_owned()))
        };
        for words in
            ["", "--cloud=global", "INTUNECTL_CLOUD=global", "--graph-url=global", "INTUNECTL_LOGIN_URL=global"]
        {
            assert_eq!(check(words, &own), Ok(()), "{words}");
        }
        for (words, hint) in [
            ("--cloud=global", "leave out --cloud,"),
            ("INTUNECTL_CLOUD=global", "unset INTUNECTL_CLOUD,"),
            ("INTUNECTL_GRAPH_URL=here", "unset INTUNECTL_GRAPH_URL,"),
            ("INTUNECTL_GRAPH_URL=other", "unset INTUNECTL_GRAPH_URL,"),
            ("--graph-url=other", "leave out --graph-url,"),
            ("--login-url=global", "leave out --login-url,"),
            ("INTUNECTL_SANDBOX=here", "sign in to this sandbox: intunectl auth login"),
        ] {
            let (kind, found) = check(words, &china).unwrap_err();
            assert!(kind == ErrorKind::Auth && found.starts_with(hint), "{words}: {found}");
        }
    }
}
