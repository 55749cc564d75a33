//! Which token and which roots a command uses: decided once, from the options and the environment alone. What somebody
//! typed beats what is set, and what contradicts itself is refused. `docs/precedence.md` shows the rules as a table; a
//! test compares the two.

use std::ffi::OsString;

use super::Options;
use crate::auth::app::App;
use crate::auth::sources::Source;
use crate::clean::clean;
use crate::error::Error;
use crate::net::root::{Cloud, Root};

const TOKEN: &str = "INTUNECTL_TOKEN";
const TOKEN_COMMAND: &str = "INTUNECTL_TOKEN_COMMAND";
const MANAGED_IDENTITY: &str = "INTUNECTL_MANAGED_IDENTITY";
const PROFILE: &str = "INTUNECTL_PROFILE";
const CLOUD: &str = "INTUNECTL_CLOUD";
const GRAPH_URL: &str = "INTUNECTL_GRAPH_URL";
const LOGIN_URL: &str = "INTUNECTL_LOGIN_URL";
const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";
/// Marks a rehearsal: the root of the sandbox in which it takes place.
const SANDBOX: &str = "INTUNECTL_SANDBOX";

/// Looks up an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What a command uses.
pub struct Selection {
    /// Where the token comes from.
    pub source: Source,
    /// Where the token and whatever gets it may go.
    pub roots: Roots,
    /// The variables that are set, but not used.
    pub unused: Vec<&'static str>,
}

/// The Graph root and the sign-in root, as named or by default. A profile has roots of its own, with which these are
/// compared.
pub struct Roots {
    /// The Graph root.
    pub graph: Root,
    /// The sign-in root. None is known for a Graph root outside the Microsoft clouds.
    pub login: Option<Root>,
    /// The cloud, if the Graph root is one of its; in a rehearsal, the cloud that was named.
    pub cloud: Option<Cloud>,
    graph_by: Name,
    login_by: Name,
    unused: Vec<&'static str>,
}

/// What named a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Option(&'static str),
    Variable(&'static str),
    Nothing,
}

/// Decides which token and which roots a command uses.
///
/// # Errors
/// Options or variables contradict each other or have no usable value (exit 2).
pub fn select(options: &Options, get: Environment<'_>) -> Result<Selection, Error> {
    if let Some(any) = options.tenant.as_ref().filter(|tenant| tenant.is_any()) {
        return Err(Error::usage(format!("--tenant {any} names no tenant; nothing was sent"))
            .hint("give the tenant's ID or one of its domains"));
    }
    let source = source(options, get)?;
    let app = App::variables(get);
    let used = match &source {
        Source::Variable(_) => vec![TOKEN],
        Source::Profile(_) if options.profile.is_none() => vec![PROFILE],
        Source::App(app) => app.uses(options.tenant.is_some()),
        Source::Unusable { variables, .. } => variables.clone(),
        Source::Token(_) | Source::TokenFile(_) | Source::Profile(_) => Vec::new(),
    };
    let is_set = |name: &&str| get(name).is_some_and(|value| !value.is_empty() || *name == TOKEN);
    let ours = [TOKEN, TOKEN_COMMAND, MANAGED_IDENTITY, PROFILE].into_iter().filter(is_set);
    let mut unused: Vec<_> = ours.chain(app).filter(|name| !used.contains(name)).collect();
    let is_app = matches!(&source, Source::App(_) | Source::Unusable { is_app: true, .. });
    let roots = roots(options, get, is_app)?;
    // The roots of a profile decide about those.
    if !matches!(source, Source::Profile(_)) {
        roots.check_variables()?;
    }
    unused.extend(&roots.unused);
    Ok(Selection { source: within(source, get)?, roots, unused })
}

/// In a rehearsal, no application asks a server outside the sandbox for what proves it.
fn within(source: Source, get: Environment<'_>) -> Result<Source, Error> {
    if let (Some(sandbox), Source::App(app)) = (sandbox(get)?, &source)
        && let Some(url) = app.asks()
        && url.origin().ascii_serialization() != sandbox.as_str()
    {
        return Err(outside_sandbox("ACTIONS_ID_TOKEN_REQUEST_URL", "unset"));
    }
    Ok(source)
}

fn source(options: &Options, get: Environment<'_>) -> Result<Source, Error> {
    let both = |one: &str, other: &str, what: &str| {
        Err(Error::usage(format!("{one} and {other} are both {what}; nothing was sent")).hint("use one of them"))
    };
    // clap notices this only if both stand after the same command.
    match (&options.token, &options.token_file, &options.profile) {
        (Some(_), Some(_), _) => return both("--token", "--token-file", "given"),
        (Some(_), _, Some(_)) => return both("--token", "--profile", "given"),
        (_, Some(_), Some(_)) => return both("--token-file", "--profile", "given"),
        (Some(token), ..) => return Ok(Source::Token(token.clone())),
        (_, Some(path), _) => return Ok(Source::TokenFile(path.clone())),
        (_, _, Some(_)) => return Ok(Source::Profile(profile(options, get)?)),
        (None, None, None) => {}
    }
    let other = [TOKEN_COMMAND, MANAGED_IDENTITY].into_iter().find(|name| text(get, name).is_ok_and(|v| v.is_some()));
    match (get(TOKEN), other) {
        (Some(_), Some(other)) => return both(TOKEN, other, "set"),
        (Some(token), None) => return Ok(Source::Variable(token)),
        (None, Some(other)) => {
            let error = Error::auth(format!("{other} is set, but this version cannot use it; nothing was sent"))
                .hint(format!("unset {other}, and set {TOKEN} or give --profile NAME"));
            return Ok(Source::Unusable { name: other, variables: vec![other], is_app: false, error });
        }
        (None, None) => {}
    }
    let app = App::variables(get);
    if text(get, PROFILE)?.is_some() || app.is_empty() {
        return Ok(Source::Profile(profile(options, get)?));
    }
    Ok(match App::in_environment(get, options.tenant.as_ref()) {
        Ok(app) => Source::App(app),
        Err(error) => {
            Source::Unusable { name: "app credentials in the environment", variables: app, is_app: true, error }
        }
    })
}

/// The profile in force, whether or not it is where the token comes from.
///
/// # Errors
/// Its name is not one that can be used.
pub fn profile(options: &Options, get: Environment<'_>) -> Result<String, Error> {
    let (from, name) = match &options.profile {
        Some(name) => ("--profile", name.clone()),
        None => match text(get, PROFILE)? {
            Some(name) => (PROFILE, name),
            None => return Ok("default".to_owned()),
        },
    };
    if name.is_empty() || name.chars().count() > 64 || clean(&name) != name {
        return Err(Error::usage(format!(
            "the profile name in {from} is empty, longer than 64 characters, or holds control characters or others that \
             would not be shown as they are"
        )));
    }
    Ok(name)
}

/// What the options, or the variables, say about roots: each with its name.
#[derive(Default)]
struct Layer {
    cloud: Option<(&'static str, Cloud)>,
    graph: Option<(&'static str, Root)>,
    login: Option<(&'static str, Root)>,
}

impl Layer {
    /// The clouds that fit: all, if none is named.
    fn clouds(&self) -> impl Iterator<Item = Cloud> {
        let of_graph = self.graph.as_ref().and_then(|(_, root)| Cloud::of(root));
        Cloud::ALL.into_iter().filter(move |cloud| {
            self.cloud.is_none_or(|(_, named)| named == *cloud)
                && of_graph.is_none_or(|named| named == *cloud)
                && self.login.as_ref().is_none_or(|(_, root)| !root.is_of_a_cloud() || cloud.signs_in_at(root))
        })
    }

    /// Whether a cloud is named: by its name or by a root of its.
    fn names_a_cloud(&self) -> bool {
        self.cloud.is_some() || [&self.graph, &self.login].into_iter().flatten().any(|(_, root)| root.is_of_a_cloud())
    }

    /// # Errors
    /// It contradicts itself.
    fn check(&self) -> Result<(), Error> {
        if let (Some((name, cloud)), Some((other, root))) = (self.cloud, &self.graph)
            && Cloud::of(root) != Some(cloud)
        {
            return Err(contradiction(
                name,
                other,
                &format!("the Graph root of {} is {}", cloud.name(), cloud.graph()),
            ));
        }
        if let (Some((name, cloud)), Some((other, root))) = (self.cloud, &self.login)
            && !cloud.signs_in_at(root)
        {
            return Err(contradiction(
                name,
                other,
                &format!("the sign-in root of {} is {}", cloud.name(), cloud.login()),
            ));
        }
        match (&self.graph, &self.login) {
            (Some((name, _)), Some((other, _))) if self.clouds().next().is_none() => {
                Err(contradiction(name, other, "they are roots of different clouds"))
            }
            _ => Ok(()),
        }
    }
}

fn contradiction(one: &str, other: &str, why: &str) -> Error {
    Error::usage(format!("{one} and {other} contradict each other: {why}; nothing was sent"))
        .hint(format!("use {one} or {other}, not both"))
}

/// Decides the roots. `is_app` is whether application credentials from the environment are used.
///
/// # Errors
/// Options or variables contradict each other, or are no roots (exit 2).
pub fn roots(options: &Options, get: Environment<'_>, is_app: bool) -> Result<Roots, Error> {
    let option = |name: &'static str, text: &Option<String>| -> Result<_, Error> {
        text.as_deref().map(|text| Ok((name, root(name, text)?))).transpose()
    };
    let typed = Layer {
        cloud: options.cloud.map(|cloud| ("--cloud", cloud)),
        graph: option("--graph-url", &options.graph_url)?,
        login: option("--login-url", &options.login_url)?,
    };
    if let Some(sandbox) = sandbox(get)? {
        return rehearsal(typed, sandbox, get);
    }
    typed.check()?;
    let variable = |name: &'static str, is_overridden: bool| -> Result<_, Error> {
        let text = if is_overridden { None } else { text(get, name)? };
        text.map(|text| Ok((name, root(name, &text)?))).transpose()
    };
    let has_graph = typed.cloud.is_some() || typed.graph.is_some();
    let has_login = typed.cloud.is_some() || typed.login.is_some();
    let mut set = Layer {
        cloud: if has_graph { None } else { cloud_variable(get)? },
        graph: variable(GRAPH_URL, has_graph)?,
        login: variable(LOGIN_URL, has_login)?,
    };
    let mut clouds: Vec<_> = typed.clouds().collect();
    let is_cloud_typed = typed.names_a_cloud();
    if is_cloud_typed {
        set.cloud = set.cloud.filter(|(_, cloud)| clouds.contains(cloud));
        set.graph = set.graph.filter(|(_, root)| Cloud::of(root).is_some_and(|cloud| clouds.contains(&cloud)));
        set.login = set.login.filter(|(_, root)| clouds.iter().any(|cloud| cloud.signs_in_at(root)));
    }
    set.check()?;
    clouds.retain(|cloud| set.clouds().any(|other| other == *cloud));
    let mut is_authority_used = false;
    let is_graph_known = [&typed.graph, &set.graph].into_iter().flatten().all(|(_, root)| root.is_of_a_cloud());
    if is_app && is_graph_known && !has_login && set.login.is_none() {
        let fitting =
            authority(get)?.map(|root| clouds.iter().copied().filter(|cloud| cloud.signs_in_at(&root)).collect());
        match fitting {
            Some(fitting) if !Vec::is_empty(&fitting) => {
                clouds = fitting;
                is_authority_used = true;
            }
            // What was typed wins.
            Some(_) if is_cloud_typed => {}
            Some(_) => {
                let other = if set.cloud.is_some() { CLOUD } else { GRAPH_URL };
                return Err(contradiction(AUTHORITY, other, "they name different clouds"));
            }
            None => {}
        }
    }
    let used = [
        set.cloud.as_ref().map(|(name, _)| *name),
        set.graph.as_ref().map(|(name, _)| *name),
        set.login.as_ref().map(|(name, _)| *name),
        is_authority_used.then_some(AUTHORITY),
    ];
    let considered = [CLOUD, GRAPH_URL, LOGIN_URL].into_iter().chain(is_app.then_some(AUTHORITY));
    let unused = considered.filter(|name| text(get, name).is_ok_and(|v| v.is_some()) && !used.contains(&Some(name)));
    let unused = unused.collect();
    let cloud = clouds.first().copied().unwrap_or(Cloud::Global);
    let (cloud_graph, cloud_login) = cloud.into();
    let by_cloud = match (typed.cloud, set.cloud) {
        (Some((name, _)), _) => Name::Option(name),
        (None, Some((name, _))) => Name::Variable(name),
        (None, None) => Name::Nothing,
    };
    let (graph, graph_by) = named(typed.graph, set.graph).unwrap_or((cloud_graph, by_cloud));
    let is_known = Cloud::of(&graph).is_some();
    let (login, login_by) = match named(typed.login, set.login) {
        Some((login, by)) => (Some(login), by),
        None => (is_known.then_some(cloud_login), Name::Nothing),
    };
    Ok(Roots { cloud: Cloud::of(&graph), graph, login, graph_by, login_by, unused })
}

fn named(typed: Option<(&'static str, Root)>, set: Option<(&'static str, Root)>) -> Option<(Root, Name)> {
    let typed = typed.map(|(name, root)| (root, Name::Option(name)));
    typed.or_else(|| set.map(|(name, root)| (root, Name::Variable(name))))
}

/// The roots of a rehearsal: the sandbox's, whatever cloud is named.
fn rehearsal(typed: Layer, sandbox: Root, get: Environment<'_>) -> Result<Roots, Error> {
    for (name, root) in [typed.graph, typed.login].into_iter().flatten() {
        if root != sandbox {
            return Err(outside_sandbox(name, "leave out"));
        }
    }
    for name in [GRAPH_URL, LOGIN_URL] {
        if let Some(text) = text(get, name)?
            && root(name, &text)? != sandbox
        {
            return Err(outside_sandbox(name, "unset"));
        }
    }
    let cloud = match typed.cloud {
        Some((_, cloud)) => Some(cloud),
        None => cloud_variable(get)?.map(|(_, cloud)| cloud),
    };
    let by = Name::Variable(SANDBOX);
    Ok(Roots { graph: sandbox.clone(), login: Some(sandbox), cloud, graph_by: by, login_by: by, unused: Vec::new() })
}

fn outside_sandbox(name: &str, verb: &str) -> Error {
    Error::usage(format!(
        "{name} leads out of the sandbox, and this is a rehearsal ({SANDBOX} is set); nothing was sent"
    ))
    .hint(format!("{verb} {name}; or unset {SANDBOX} to end the rehearsal"))
}

/// The sandbox in which this is a rehearsal.
fn sandbox(get: Environment<'_>) -> Result<Option<Root>, Error> {
    let Some(text) = text(get, SANDBOX)? else { return Ok(None) };
    let root = text.parse::<Root>().ok().filter(Root::is_plain);
    root.map(Some).ok_or_else(|| {
        Error::usage(format!("{SANDBOX} is set, but is not the address of a sandbox on this machine; nothing was sent"))
            .hint(format!("unset {SANDBOX}; `intunectl sandbox -- COMMAND` sets it"))
    })
}

/// The sign-in root that `AZURE_AUTHORITY_HOST` names. Azure's libraries take it with and without the scheme.
fn authority(get: Environment<'_>) -> Result<Option<Root>, Error> {
    let Some(text) = text(get, AUTHORITY)? else { return Ok(None) };
    let text = if text.contains("://") { text } else { format!("https://{text}") };
    let root = text.parse::<Root>().ok().filter(|root| Cloud::ALL.into_iter().any(|cloud| cloud.signs_in_at(root)));
    root.map(Some).ok_or_else(|| {
        Error::usage(format!("{AUTHORITY} is not the sign-in root of a Microsoft cloud; nothing was sent"))
            .hint("if you mean another sign-in root, give it as an option: --login-url URL")
    })
}

impl Roots {
    /// Whether an option named one of them.
    pub fn are_typed(&self) -> bool {
        [self.graph_by, self.login_by].into_iter().any(|by| matches!(by, Name::Option(_)))
    }

    /// A root that is neither a Microsoft cloud's nor on this machine must have been typed: a variable may be left over
    /// from anything.
    ///
    /// # Errors
    /// A variable alone names such a root.
    pub fn check_variables(&self) -> Result<(), Error> {
        let login = self.login.as_ref().map(|login| (login, self.login_by, "--login-url"));
        for (root, by, option) in [(&self.graph, self.graph_by, "--graph-url")].into_iter().chain(login) {
            if let Name::Variable(name) = by
                && !root.is_of_a_cloud()
                && !root.is_loopback()
            {
                return Err(Error::usage(format!(
                    "{name} names {}, which is neither a Microsoft cloud nor this machine; nothing was sent",
                    root.host()
                ))
                .hint(format!("unset {name}; or, if you mean that server, give it as an option: {option} URL")));
            }
        }
        Ok(())
    }

    /// Compares what is named with the roots of a profile: its token goes to the root that it was issued for, its
    /// refresh token to the one that issued it, and both nowhere else.
    ///
    /// # Errors
    /// Another root is named.
    pub fn check_profile(&self, profile: &str, graph: &Root, login: &Root) -> Result<(), Error> {
        let named_login = self.login.as_ref().map(|root| (root, self.login_by, login, "sign-in"));
        for (root, by, own, what) in [(&self.graph, self.graph_by, graph, "token")].into_iter().chain(named_login) {
            let (verb, name) = match by {
                Name::Option(name) => ("leave out", name),
                Name::Variable(name) => ("unset", name),
                Name::Nothing => continue,
            };
            if root != own {
                return Err(Error::auth(format!(
                    "the {what} of profile '{profile}' is for {} and is sent nowhere else, but {name} names {}; nothing \
                     was sent",
                    own.as_str(),
                    root.as_str()
                ))
                .hint(match name {
                    // That sandbox is gone.
                    SANDBOX => "sign in to this sandbox: intunectl auth login".to_owned(),
                    _ => format!(
                        "{verb} {name}, or sign in there under another profile: intunectl auth login --profile NAME"
                    ),
                }));
            }
        }
        Ok(())
    }
}

fn cloud_variable(get: Environment<'_>) -> Result<Option<(&'static str, Cloud)>, Error> {
    let Some(text) = text(get, CLOUD)? else { return Ok(None) };
    let cloud = text.parse().map_err(|reason| Error::usage(format!("{CLOUD}: '{text}' {reason}")))?;
    Ok(Some((CLOUD, cloud)))
}

/// A root that was named. The address itself is not repeated: it may hold a password.
fn root(name: &str, text: &str) -> Result<Root, Error> {
    text.parse().map_err(|reason| {
        Error::usage(format!("the address in {name} {reason}")).hint("give a root such as https://graph.microsoft.com")
    })
}

/// A variable's text; a variable that is empty counts as not set. (`INTUNECTL_TOKEN` and application credentials are the
/// exceptions.)
///
/// # Errors
/// It is not Unicode.
pub fn text(get: Environment<'_>, name: &str) -> Result<Option<String>, Error> {
    match get(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
        Some(Err(_)) => Err(Error::usage(format!("{name} is not text"))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::error::Kind;

    const HERE: &str = "http://127.0.0.1:1";
    const OTHER: &str = "https://graph.example";

    /// What is typed and what is set.
    #[derive(Default)]
    struct Given {
        options: Options,
        variables: HashMap<String, String>,
    }

    impl Given {
        /// Takes `NAME` or `NAME=VALUE`; the value of a root is a cloud's name, `here` or `other`.
        fn with(mut self, word: &str) -> Self {
            let (name, value) = word.split_once('=').unwrap_or((word, "x"));
            let root = |login: bool| match value.parse::<Cloud>() {
                Ok(cloud) if login => cloud.login().to_owned(),
                Ok(cloud) => cloud.graph().to_owned(),
                Err(_) if value == "here" => HERE.to_owned(),
                Err(_) => OTHER.to_owned(),
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
                        GRAPH_URL | SANDBOX => root(false),
                        LOGIN_URL | AUTHORITY => root(true),
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

        /// The source, in a word; or the exit code.
        fn source(&self) -> String {
            match self.select() {
                Ok(Selection { source: Source::Unusable { error, .. }, .. }) => {
                    assert_eq!(error.kind(), Kind::Auth);
                    "exit 4".to_owned()
                }
                Ok(Selection { source, .. }) => source.to_string(),
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Usage);
                    assert!(
                        error.to_string().ends_with("; nothing was sent") && error.hint_text().is_some(),
                        "{error}"
                    );
                    "exit 2".to_owned()
                }
            }
        }

        /// The roots, as words; or the exit code.
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
                    // They share it.
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
    fn the_page_about_precedence_is_right() {
        let page = include_str!("../../docs/precedence.md");
        let rows: Vec<_> = page.lines().filter(|line| line.starts_with('|')).skip(2).collect();
        assert!(rows.len() >= 30, "the table is gone");
        for row in rows {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [typed, set, used] = cells[..] else { panic!("{row}") };
            let words = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
            let mut given = words(typed);
            given.extend(words(set));
            if set.contains(AUTHORITY) {
                given.extend(["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"].map(str::to_owned));
            }
            let given = Given::of(&given.join(" "));
            let expected = used.split(':').next().unwrap();
            let found = match expected {
                "the token of `--token`" | "the token of `INTUNECTL_TOKEN`" => {
                    format!("the token of `{}`", given.source())
                }
                "the sign-in of that profile" => match given.source().as_str() {
                    "profile 'typed'" if typed.contains("--profile") => expected.to_owned(),
                    "profile 'x'" if set.contains(PROFILE) => expected.to_owned(),
                    other => other.to_owned(),
                },
                "the sign-in of profile `default`" => format!("the sign-in of {}", given.source().replace('\'', "`")),
                "the application" => {
                    given.source().replace("app credentials in the environment (AZURE_CLIENT_SECRET)", expected)
                }
                "exit 2" | "exit 4" => given.source(),
                _ => given.roots(),
            };
            assert_eq!(found, expected, "{row}");
        }
    }

    #[test]
    fn every_pair_of_sources_is_decided() {
        const APP: &str = "AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET";
        let sources = [
            "--token",
            "--token-file",
            "--profile",
            TOKEN,
            TOKEN_COMMAND,
            MANAGED_IDENTITY,
            PROFILE,
            APP,
            "AZURE_CLIENT_ID",
        ];
        // A row for each source: with itself alone, and with each one after it.
        let [token, file, typed, set, default_app] = [
            "--token",
            "the token file f",
            "profile 'typed'",
            "INTUNECTL_TOKEN",
            "app credentials in the environment (AZURE_CLIENT_SECRET)",
        ];
        let table: [&[&str]; 9] = [
            &[token, "exit 2", "exit 2", token, token, token, token, token, token],
            &[file, "exit 2", file, file, file, file, file, file],
            &[typed, typed, typed, typed, typed, typed, typed],
            &[set, "exit 2", "exit 2", set, set, set],
            &["exit 4", "exit 4", "exit 4", "exit 4", "exit 4"],
            &["exit 4", "exit 4", "exit 4", "exit 4"],
            &["profile 'x'", "profile 'x'", "profile 'x'"],
            &[default_app, default_app],
            &["exit 4"],
        ];
        for (one, row) in table.iter().enumerate() {
            assert_eq!(row.len(), sources.len() - one);
            for (other, expected) in row.iter().enumerate() {
                let words = format!("{} {}", sources[one], sources[one + other]);
                assert_eq!(Given::of(&words).source(), *expected, "{words}");
            }
        }
        assert_eq!(Given::default().source(), "profile 'default'");
    }

    #[test]
    fn every_variable_of_an_application_but_the_tenant_keeps_a_profile_out() {
        for name in [
            "AZURE_CLIENT_ID",
            "AZURE_CLIENT_SECRET",
            "AZURE_CLIENT_CERTIFICATE_PATH",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_FEDERATED_TOKEN",
            "AZURESUBSCRIPTION_CLIENT_ID",
        ] {
            assert_eq!(Given::of(name).source(), "exit 4", "{name}");
        }
        for alone in ["AZURE_TENANT_ID", "ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI", AUTHORITY] {
            assert_eq!(Given::of(alone).source(), "profile 'default'", "{alone}");
        }
    }

    #[test]
    fn what_is_set_in_vain_is_listed() {
        for (words, expected) in [
            ("", ""),
            (TOKEN, ""),
            ("--token INTUNECTL_TOKEN INTUNECTL_PROFILE", "INTUNECTL_TOKEN INTUNECTL_PROFILE"),
            ("--profile INTUNECTL_PROFILE AZURE_CLIENT_ID", "INTUNECTL_PROFILE AZURE_CLIENT_ID"),
            ("INTUNECTL_TOKEN AZURE_TENANT_ID AZURE_CLIENT_SECRET", "AZURE_TENANT_ID AZURE_CLIENT_SECRET"),
            ("INTUNECTL_PROFILE AZURE_TENANT_ID", ""),
            ("AZURE_CLIENT_ID", ""),
            (
                "--tenant=a.example AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_FEDERATED_TOKEN_FILE",
                "AZURE_TENANT_ID AZURE_FEDERATED_TOKEN_FILE",
            ),
            ("--cloud=dod INTUNECTL_CLOUD=china INTUNECTL_LOGIN_URL=here", "INTUNECTL_CLOUD INTUNECTL_LOGIN_URL"),
            ("--graph-url=dod INTUNECTL_LOGIN_URL=here", "INTUNECTL_LOGIN_URL"),
            ("INTUNECTL_CLOUD=china INTUNECTL_LOGIN_URL=china", ""),
        ] {
            let Ok(Selection { unused, .. }) = Given::of(words).select() else { panic!("{words}") };
            assert_eq!(unused.join(" "), expected, "{words}");
        }
    }

    #[test]
    fn what_loses_is_not_even_looked_at() {
        for words in ["--cloud=china INTUNECTL_CLOUD=nonsense", "--graph-url=china INTUNECTL_CLOUD=nonsense"] {
            assert_eq!(Given::of(words).roots(), "Graph of china, sign-in of china");
        }
        let mut given = Given::of("--cloud=china");
        given.variables.extend([GRAPH_URL, LOGIN_URL].map(|name| (name.to_owned(), "nonsense".to_owned())));
        assert_eq!(given.roots(), "Graph of china, sign-in of china");
        assert!(Given::of("INTUNECTL_CLOUD=nonsense").select().is_err());
    }

    #[test]
    fn a_contradiction_or_a_place_that_only_a_variable_names_is_refused() {
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
            assert_eq!(Given::of(words).source(), "exit 2", "{words}");
        }
    }

    #[test]
    fn an_authority_is_taken_as_azures_libraries_take_it() {
        const APP: &str = "AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET";
        for host in ["login.chinacloudapi.cn", "https://login.chinacloudapi.cn", "https://login.chinacloudapi.cn/"] {
            let mut given = Given::of(APP);
            given.variables.insert(AUTHORITY.to_owned(), host.to_owned());
            assert_eq!(given.roots(), "Graph of china, sign-in of china", "{host}");
            // Nobody else looks at it.
            let mut given = Given::of(TOKEN);
            given.variables.insert(AUTHORITY.to_owned(), host.to_owned());
            assert_eq!(given.roots(), "Graph of global, sign-in of global", "{host}");
        }
    }

    #[test]
    fn a_rehearsal_stays_in_the_sandbox_whatever_cloud_is_named() {
        for words in ["", "--cloud=china", "INTUNECTL_CLOUD=dod", "--graph-url=here INTUNECTL_LOGIN_URL=here"] {
            let given = Given::of(&format!("{words} INTUNECTL_SANDBOX=here"));
            assert_eq!(given.roots(), "Graph of here, sign-in of here", "{words}");
        }
        let named = |words: &str| Given::of(words).select().ok().unwrap().roots.cloud.map(Cloud::name);
        assert_eq!(named("--cloud=china INTUNECTL_CLOUD=dod INTUNECTL_SANDBOX=here"), Some("china"));
        assert_eq!(named("INTUNECTL_CLOUD=dod INTUNECTL_SANDBOX=here"), Some("dod"));
        assert_eq!(named("INTUNECTL_SANDBOX=here"), None);
    }

    #[test]
    fn a_profile_is_used_at_its_own_roots_alone() {
        let [own, china] = [Cloud::Global, Cloud::China].map(<(Root, Root)>::from);
        let check = |words: &str, (graph, login): &(Root, Root)| {
            let roots = Given::of(words).select().ok().unwrap().roots;
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
            assert!(kind == Kind::Auth && found.starts_with(hint), "{words}: {found}");
        }
    }
}
