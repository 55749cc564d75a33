//! Every environment variable that this program reads, sets or names. Code uses these constants. Texts that are fixed
//! at compile time have to repeat names; the tests below compare them with this table.

pub struct Variable {
    pub name: &'static str,
    pub role: Role,
    pub manual: Manual,
}

/// What a variable is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Selects the source of the token.
    TokenSource,
    /// Selects an application to sign in as. One of these is enough; no other token is used then.
    Application,
    /// A detail of an application. It selects none, because pipelines set it in every job.
    ApplicationDetail,
    /// Selects a Graph server or a sign-in server.
    Root,
    /// Neither an identity nor a server.
    Other,
}

/// The entry of a variable in the manual page and in `intunectl help environment`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manual {
    Says(&'static str),
    /// Listed with the variable above it.
    AsAbove,
    /// No entry: not for users to set, not supported yet, or common knowledge.
    Silent,
}

use Manual::{AsAbove, Says, Silent};

macro_rules! variables {
    ($($name:ident, $role:ident, $manual:expr;)+) => {
        $(#[allow(non_upper_case_globals, reason = "variable names")]
        pub const $name: &str = stringify!($name);)+

        /// All variables, in the order of the manual page and of messages that list several.
        pub const ALL: &[Variable] = &[$(Variable { name: $name, role: Role::$role, manual: $manual }),+];
    };
}

variables! {
    INTUNECTL_TOKEN, TokenSource, Says("Access token, unless --token, --token-file or --profile is given.");
    INTUNECTL_TOKEN_COMMAND, TokenSource, Silent;
    INTUNECTL_MANAGED_IDENTITY, TokenSource, Silent;
    INTUNECTL_PROFILE, TokenSource, Says("Default for --profile, unless a token is given.");
    INTUNECTL_CLOUD, Root, Says("Default for --cloud.");
    INTUNECTL_GRAPH_URL, Root, Says("Default for --graph-url.");
    INTUNECTL_LOGIN_URL, Root, Says("Default for --login-url.");
    INTUNECTL_OUTPUT, Other, Says("Default for --output.");
    INTUNECTL_DEBUG, Other, Says("1 has the effect of --verbose.");
    INTUNECTL_SANDBOX, Other,
        Says("Address of the sandbox to which every request goes. `intunectl sandbox` sets it.");
    // The shell of the completion script that runs this program. (clap's default, `COMPLETE`, is too general a name.)
    INTUNECTL_COMPLETE, Other, Silent;
    // Set and not empty if the script may not see all arguments and variables of the command.
    INTUNECTL_COMPLETE_NO_LOOKUP, Other, Silent;
    AZURE_TENANT_ID, ApplicationDetail,
        Says("Tenant and client ID of the application to sign in as. Also set AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE, or use GitHub Actions.");
    AZURE_CLIENT_ID, Application, AsAbove;
    AZURE_CLIENT_SECRET, Application, Says("Client secret of the application.");
    AZURE_CLIENT_CERTIFICATE_PATH, Application, Silent;
    AZURE_FEDERATED_TOKEN_FILE, Application, Says("File that contains a federated identity token (OIDC).");
    AZURE_FEDERATED_TOKEN, Application, Silent;
    AZURESUBSCRIPTION_CLIENT_ID, Application, Silent;
    AZURE_AUTHORITY_HOST, Root,
        Says("Sign-in server for the application. --cloud, --login-url and INTUNECTL_LOGIN_URL override it.");
    ACTIONS_ID_TOKEN_REQUEST_URL, ApplicationDetail,
        Says("GitHub Actions sets these for a job with the permission id-token: write.");
    ACTIONS_ID_TOKEN_REQUEST_TOKEN, ApplicationDetail, AsAbove;
    AZURESUBSCRIPTION_TENANT_ID, ApplicationDetail, Silent;
    AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, ApplicationDetail, Silent;
    SYSTEM_OIDCREQUESTURI, ApplicationDetail, Silent;
    SYSTEM_ACCESSTOKEN, ApplicationDetail, Silent;
    CI, Other, Says("If set, and not false: no confirmation prompt; the command acts at once.");
    HTTPS_PROXY, Other, Says("Proxy servers, and the hosts to reach without them.");
    HTTP_PROXY, Other, AsAbove;
    ALL_PROXY, Other, AsAbove;
    NO_PROXY, Other, AsAbove;
    https_proxy, Other, Silent;
    all_proxy, Other, Silent;
    SSL_CERT_FILE, Other, Says("Root certificates to trust instead of the system's.");
    SSL_CERT_DIR, Other, AsAbove;
    BROWSER, Other, Says("Command that opens the sign-in page.");
    NO_COLOR, Other, Says("Turn colour off or on, unless --color is given.");
    CLICOLOR_FORCE, Other, AsAbove;
    COLUMNS, Other, Says("Width to use instead of the terminal's own.");
    TERM, Other, Silent;
    PATH, Other, Silent;
    HOME, Other, Silent;
    XDG_RUNTIME_DIR, Other, Silent;
    XDG_STATE_HOME, Other, Silent;
    DISPLAY, Other, Silent;
    WAYLAND_DISPLAY, Other, Silent;
    WSL_DISTRO_NAME, Other, Silent;
    SSH_CONNECTION, Other, Silent;
    SSH_TTY, Other, Silent;
    // The index of the word with the cursor; the last word by default. Source: clap_complete's scripts.
    _CLAP_COMPLETE_INDEX, Other, Silent;
}

/// Those entries: the names of the variables that share one, and its text.
pub fn manual() -> impl Iterator<Item = (String, &'static str)> {
    ALL.chunk_by(|_, next| next.manual == AsAbove).filter_map(|group| {
        let [Variable { manual: Says(text), .. }, ..] = group else { return None };
        let names: Vec<_> = group.iter().map(|variable| variable.name).collect();
        Some((names.join(", "), *text))
    })
}

/// The variables with one of these roles, in the order of the table.
pub fn with(roles: &[Role]) -> impl Iterator<Item = &'static str> {
    ALL.iter().filter(|variable| roles.contains(&variable.role)).map(|variable| variable.name)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    /// Help texts and tables of hints: they are `&'static str`, which cannot contain a constant.
    const FIXED_TEXTS: [&str; 4] = ["cli.rs", "auth/aadsts.rs", "graph/advice.rs", "net/answer.rs"];

    /// The words in a text that look like names of variables: in capitals, with an underscore.
    fn names(text: &str) -> impl Iterator<Item = &str> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        words.filter(|word| {
            word.contains(char::is_uppercase)
                && !word.contains(char::is_lowercase)
                && word.trim_matches('_').contains('_')
        })
    }

    fn is_known(name: &str) -> bool {
        ALL.iter().any(|variable| variable.name == name)
    }

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }

    /// The paths from `src`, and the texts, of all files below a directory.
    fn sources(directory: &Path) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(sources(&path));
            } else {
                let name = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
        found
    }

    /// A source without its tests, its comments, and quotes within literals.
    fn code(source: &str) -> String {
        let (code, _) = source.split_once("#[cfg(test)]\nmod tests {").unwrap_or((source, ""));
        let lines: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        lines.join("\n").replace(r"\\", "").replace(r#"\""#, "").replace("'\"'", "")
    }

    /// The long help of a command and of all commands below it.
    fn help(command: &mut clap::Command) -> String {
        let mut text = command.render_long_help().to_string();
        command.get_subcommands_mut().for_each(|below| text.push_str(&help(below)));
        text
    }

    #[test]
    fn only_this_file_spells_the_names_of_variables() {
        let sources = sources(&root().join("src"));
        let is_checked = |file: &str| {
            file.ends_with(".rs") && !file.contains("tests") && file != "variables.rs" && !FIXED_TEXTS.contains(&file)
        };
        let mut count = 0;
        for (file, source) in sources.iter().filter(|(file, _)| is_checked(file)) {
            let code = code(source);
            for call in ["var(", "var_os(", "env(", "env_remove("] {
                assert!(!code.contains(&format!("{call}\"")), "{file}: {call}\"…\")");
            }
            for literal in code.split('"').skip(1).step_by(2) {
                count += 1;
                // Without braces: they contain a constant.
                let mut parts = literal.split('{');
                let first = parts.next().unwrap().to_owned();
                let text = parts.fold(first, |text, part| text + part.split_once('}').map_or(part, |(_, rest)| rest));
                // Within a text, a name without an underscore, such as PATH, may be a common word.
                assert!(!is_known(literal) && !names(&text).any(is_known), "{file}: {literal:?}");
            }
        }
        assert!(count > 1_000, "{count} literals");
    }

    #[test]
    fn every_variable_named_in_a_text_is_in_the_table() {
        // Names in HTTP/2, of cargo, and of a constant.
        let others =
            ["NO_ERROR", "NOT_GRAPH", "REFUSED_STREAM", "CARGO_PROFILE_RELEASE_DEBUG", "CARGO_PROFILE_RELEASE_STRIP"];
        let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
        let pages = docs.chain([root().join("README.md")]).map(|path| fs::read_to_string(path).unwrap());
        let sources = sources(&root().join("src"));
        let texts =
            FIXED_TEXTS.iter().map(|fixed| sources.iter().find(|(file, _)| file == fixed).expect(fixed).1.clone());
        let manual = ALL.iter().filter_map(|variable| match variable.manual {
            Says(text) => Some(text.to_owned()),
            AsAbove | Silent => None,
        });
        for text in pages.chain(texts).chain(manual) {
            for name in names(&text).filter(|name| !others.contains(name)) {
                assert!(is_known(name), "{name}");
            }
        }
        for (file, script) in sources.iter().filter(|(file, _)| file.starts_with("commands/completion/")) {
            let ours: Vec<_> = names(script).filter(|name| name.starts_with("INTUNECTL_")).collect();
            assert!(!ours.is_empty() && ours.into_iter().all(is_known), "{file}");
        }
    }

    #[test]
    fn the_help_and_the_manual_page_name_the_same_variables() {
        let help = help(&mut Cli::command());
        let is_named = |variable: &&Variable| names(&help).any(|name| name == variable.name);
        for variable in ALL.iter().filter(|variable| variable.name.starts_with("INTUNECTL_")) {
            assert_eq!(is_named(&variable), variable.manual != Silent, "{}", variable.name);
        }
        assert!(ALL.iter().filter(is_named).all(|variable| variable.manual != Silent));
        let at_options = help.split("[env: ").skip(1).map(|rest| rest.split(']').next().unwrap());
        let words = at_options.flat_map(|text| text.split([' ', ',', ';', '=', '\n']));
        let names: Vec<_> = words.filter(|word| word.len() > 1 && !word.contains(char::is_lowercase)).collect();
        assert!(names.contains(&"CLICOLOR_FORCE") && names.into_iter().all(is_known));
    }
}
