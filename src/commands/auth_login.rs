//! `auth login`: with a browser, with a device code, or with a token from elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;

use crate::auth::browser::{self, Callback, Port};
use crate::auth::claims::Claims;
use crate::auth::refusal::SignInError;
use crate::auth::session::{self, Renewal, Session};
use crate::auth::sign_in::{self, DEFAULT_CLIENT, Platform, TokenSet};
use crate::auth::sources::StaticSource;
use crate::auth::store::{self, StoreError};
use crate::auth::tenant::Tenant;
use crate::cli;
use crate::context::{Connection, Context, Roots};
use crate::error::Error;
use crate::exit::Exit;
use crate::interrupt::{Interrupts, block_on};
use crate::net::root::{Cloud, Root};
use crate::permission;
use crate::text::humanize::approx_duration;
use crate::text::sanitize::sanitize;
use crate::variables::INTUNECTL_TOKEN;

/// How long the user may take to sign in with a browser.
const BROWSER_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Tests the keyring before the user signs in: without it, the sign-in would be lost.
pub fn run(context: &Context, options: &cli::LoginOptions) -> anyhow::Result<Exit> {
    if context.has_token_option() {
        return Err(Error::usage("--token and --token-file cannot be used with `auth login`")
            .hint("to store a token: intunectl auth login --with-token < token.txt")
            .into());
    }
    if options.with_token && std::io::stdin().is_terminal() {
        return Err(Error::usage("--with-token reads a token from standard input, but standard input is a terminal")
            .hint("read the token from a file: intunectl auth login --with-token < token.txt")
            .into());
    }
    let profile = context.profile()?;
    let named = context.roots()?;
    if options.with_token {
        named.check_variables()?;
        store::check().map_err(|reason| no_keyring(&reason))?;
        return context.run_until_interrupted(keep_token(context, &profile, named));
    }
    let typed = named.are_typed().then(|| sign_in_roots(&named)).transpose()?;
    store::check().map_err(|reason| no_keyring(&reason))?;
    let before = load(&profile)?.unwrap_or_else(|error| {
        context.console.warning_with_hint(
            &format!("cannot read the settings of the previous sign-in: {error}"),
            "if you used --tenant, --cloud or --client-id before, press Ctrl-C and give them again",
        );
        None
    });
    let (graph, login) = match (typed, before.as_ref().and_then(roots_of)) {
        (Some(typed), _) => typed,
        (None, Some((graph, login))) => {
            named.check_profile(&profile, &graph, &login)?;
            (graph, login)
        }
        (None, None) => sign_in_roots(&named)?,
    };
    // A tenant and its applications belong to one cloud.
    let before = before.filter(|before| before.login_url == login.as_str());
    let client_id = options.client_id.clone().or_else(|| Some(before.as_ref()?.renewal.as_ref()?.client_id.clone()));
    let asked = Asked {
        profile,
        tenant: context.tenant().cloned().or_else(|| before.as_ref()?.asked_tenant.clone()),
        client_id: client_id.unwrap_or_else(|| DEFAULT_CLIENT.to_owned()),
        before: before.and_then(|before| before.tenant),
        graph,
        login,
    };
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        tokio::select! {
            signed_in = sign_in(context, options, asked) => signed_in.map(|()| Exit::Success),
            signal = interrupts.recv() => {
                context.console.error("interrupted; the sign-in was not completed");
                Ok(Exit::Interrupted(signal))
            }
        }
    })
}

/// The parameters of a sign-in. Without an option, they are those of the profile's previous sign-in.
struct Asked {
    profile: String,
    tenant: Option<Tenant>,
    /// The tenant of the previous sign-in.
    before: Option<Tenant>,
    client_id: String,
    graph: Root,
    login: Root,
}

/// The session of the profile's previous sign-in, or why it cannot be read.
///
/// # Errors
/// The keyring cannot be used.
fn load(profile: &str) -> Result<anyhow::Result<Option<Session>>, Error> {
    let session = Session::load(profile);
    match session.as_ref().map_err(|error| error.downcast_ref::<StoreError>()) {
        Err(Some(reason)) if *reason != StoreError::Damaged => Err(no_keyring(reason)),
        _ => Ok(session),
    }
}

/// Where to sign in, if the profile does not say.
fn sign_in_roots(named: &Roots) -> Result<(Root, Root), Error> {
    named.check_variables()?;
    named.both(Error::usage)
}

/// The servers of a profile's sign-in; not those of a token that was stored alone, and not those on this machine, where
/// another program may have the port by now.
fn roots_of(session: &Session) -> Option<(Root, Root)> {
    if session.is_stored_token() {
        return None;
    }
    let (graph, login): (Root, Root) = (session.graph_url.parse().ok()?, session.login_url.parse().ok()?);
    (!graph.is_plain() && !login.is_plain()).then_some((graph, login))
}

async fn keep_token(context: &Context, profile: &str, named: Roots) -> anyhow::Result<Exit> {
    let reading = || StaticSource::StandardInput.read(std::io::stdin().lock(), SystemTime::now());
    let token = tokio::task::spawn_blocking(reading).await.context("reading the token failed")??;
    // Stored but never used: a token alone cannot be renewed.
    let (_, usual): (Root, Root) = Cloud::Global.into();
    let login = named.login.clone().unwrap_or(usual);
    let connection = context.accept(token, StaticSource::StandardInput, named).await?;
    let token = &connection.token;
    let replaced = replaced_by(&connection, profile)?;
    context.warn_about(&connection, permission::WRITE);
    save(profile, &Session::new(token.secret.clone(), connection.root.as_str(), login.as_str()))?;
    let expiry = token.expires_in(SystemTime::now()).map(|left| format!("; it expires in {}", approx_duration(left)));
    context.console.note(&format!(
        "stored the token{} (profile '{profile}', {}){}",
        connection.person().map(|name| format!(" of {}", sanitize(name))).unwrap_or_default(),
        connection.root.as_str(),
        expiry.unwrap_or_default()
    ));
    if let Some(replaced) = replaced {
        report_replaced(context, profile, &replaced);
    }
    context.warn_about_other_sources();
    Ok(Exit::Success)
}

/// What a token is about to replace: nothing, a session, or a sign-in that cannot be read.
///
/// # Errors
/// It can be renewed, or may be renewable, and the token is not a JWT for Graph. Such a token is more likely a mistake
/// than a replacement.
fn replaced_by(connection: &Connection, profile: &str) -> Result<Option<anyhow::Result<Session>>, Error> {
    let before = load(profile)?.transpose();
    let (what, ability) = match &before {
        None => return Ok(None),
        Some(Ok(session)) if session.renewal.is_none() => return Ok(before),
        Some(Ok(session)) => (described(session, profile), "can be renewed"),
        Some(Err(_)) => (format!("the sign-in (profile '{profile}')"), "cannot be read"),
    };
    let (flaw, hint) = if !connection.token.is_jwt() {
        let logout = session::logout_command(profile);
        let others = "to store it in another profile, add --profile NAME. To delete this sign-in first:";
        ("is not a JWT".to_owned(), format!("{others}\n  {logout}"))
    } else if let Some(audience) = connection.other_audience() {
        let graph = connection.graph();
        (format!("is for {}, not for {graph}", sanitize(&audience)), format!("get a token for the resource {graph}"))
    } else {
        return Ok(before);
    };
    Err(Error::auth(format!(
        "the token from standard input {flaw}, and would replace {what}, which {ability}; nothing was stored"
    ))
    .hint(hint))
}

fn report_replaced(context: &Context, profile: &str, replaced: &anyhow::Result<Session>) {
    let session = match replaced {
        Ok(session) => session,
        Err(error) => return context.console.warning(&format!("the replaced sign-in could not be read: {error}")),
    };
    context.console.note(&format!("replaced {}", described(session, profile)));
    if session.renewal.is_some() {
        context.console.warning_with_hint(
            "the replaced sign-in could be renewed, but a stored token cannot",
            &format!("after it expires, {}", session::sign_in_again(profile)),
        );
    }
}

/// A stored sign-in in words. A token that was stored alone names its account and tenant itself, if it is a JWT.
fn described(session: &Session, profile: &str) -> String {
    let claims = Claims::read(&session.access_token);
    let account = session.account.as_deref().or_else(|| claims.as_ref()?.account());
    let signed_in = session.tenant.as_ref().filter(|tenant| !tenant.is_any()).map(Tenant::as_str);
    let tenant = signed_in.or_else(|| claims.as_ref()?.tenant.as_deref());
    format!(
        "the {}{}{} (profile '{profile}')",
        if session.is_stored_token() { "stored token" } else { "sign-in" },
        account.map(|name| format!(" of {}", sanitize(name))).unwrap_or_default(),
        tenant.map(|tenant| format!(" to tenant {}", sanitize(tenant))).unwrap_or_default()
    )
}

async fn sign_in(context: &Context, options: &cli::LoginOptions, asked: Asked) -> anyhow::Result<()> {
    let Asked { profile, tenant: asked_tenant, before, client_id, graph, login } = asked;
    let again = session::login_command(&profile);
    let tenant = asked_tenant.clone().unwrap_or_else(Tenant::any);
    let transport = context.transport()?;
    let observer = context.observer();
    let platform = Platform::new(&login, &tenant, &client_id, context.send_options(&transport, &observer))?;
    let scopes = sign_in::scopes(&graph, permission::ASKED);
    let tokens = match Way::choose(options).await? {
        Way::DeviceCode => with_device_code(context, &platform, &scopes, &again).await?,
        Way::Browser { or_device_code } => with_browser(context, &platform, &scopes, or_device_code, &again).await?,
    };
    let TokenSet { access, refresh, identity } = tokens;
    let claims = [identity.as_ref(), access.claims.as_ref()];
    let account = claims.into_iter().flatten().find_map(|claims| claims.account()).map(str::to_owned);
    let tenant_id: Option<Tenant> =
        claims.into_iter().flatten().find_map(|claims| claims.tenant.as_deref()?.parse().ok());
    check_signed_in_tenant(asked_tenant.as_ref(), tenant_id.as_ref(), login.host())?;
    // From now on by its ID, if that is known: `organizations` would mean the home tenant of any account.
    let tenant = tenant_id.unwrap_or(tenant);
    let can_renew = refresh.is_some();
    let mut session = Session::new(access.secret.clone(), graph.as_str(), login.as_str());
    session.expires_at = access.expires_at;
    session.account = account.clone();
    session.tenant = Some(tenant.clone());
    session.asked_tenant = asked_tenant;
    session.renewal = refresh.map(|refresh_token| Renewal { client_id, refresh_token });
    save(&profile, &session)?;
    context.console.note(&format!(
        "signed in{} to tenant {tenant} (profile '{profile}', {})",
        account.map(|name| format!(" as {}", sanitize(&name))).unwrap_or_default(),
        graph.as_str()
    ));
    if let Some(before) = before.filter(|before| before.is_id() && *before != tenant) {
        context
            .console
            .warning(&format!("profile '{profile}' was for tenant {before} before; this sign-in replaced it"));
    }
    context.warn_about_other_sources();
    if !can_renew {
        let expiry =
            access.expires_in(SystemTime::now()).map(|left| format!(" and expires in {}", approx_duration(left)));
        context.console.warning(&format!(
            "this sign-in cannot be renewed (the service sent no refresh token){}",
            expiry.unwrap_or_default()
        ));
    }
    if let Some(claims) = &access.claims {
        context.warn_about_permissions(claims, permission::WRITE, "sign in again");
    }
    Ok(())
}

/// A sign-in must be to the tenant that was named, if both IDs are known.
fn check_signed_in_tenant(asked: Option<&Tenant>, got: Option<&Tenant>, host: &str) -> Result<(), Error> {
    match (asked, got) {
        (Some(asked), Some(got)) if asked.is_id() && asked != got => {
            let message = format!("sign-in failed: {host} issued a token for tenant {got}, not for {asked}");
            Err(Error::auth(message).hint("check --tenant and --login-url"))
        }
        _ => Ok(()),
    }
}

/// A way to sign in.
enum Way {
    Browser {
        /// Whether to use a device code if no browser opens. Not with --browser.
        or_device_code: bool,
    },
    DeviceCode,
}

impl Way {
    async fn choose(options: &cli::LoginOptions) -> anyhow::Result<Self> {
        if options.browser {
            return Ok(Self::Browser { or_device_code: false });
        }
        // Blocks: it may start another program.
        let can_be_opened = async { tokio::task::spawn_blocking(browser::can_be_opened).await };
        Ok(match !options.device_code && can_be_opened.await.context("looking for a browser failed")? {
            true => Self::Browser { or_device_code: true },
            false => Self::DeviceCode,
        })
    }
}

async fn with_device_code(
    context: &Context,
    platform: &Platform<'_>,
    scopes: &[String],
    again: &str,
) -> anyhow::Result<TokenSet> {
    let code = platform.device_code(scopes).await.map_err(|error| failed(again, &error, OTHER_WAY_BROWSER))?;
    context.console.instruction(&format!(
        "To sign in at {}, open this page in a browser on any device:\n\n  {}\n\nand enter this code:\n\n  {}\n\n\
         Waiting. The code expires in {}. Never enter a code that someone else sent you.",
        platform.host(),
        code.page,
        code.code,
        approx_duration(code.expires_in)
    ));
    Ok(platform.await_device(&code).await.map_err(|error| failed(again, &error, OTHER_WAY_BROWSER))?)
}

async fn with_browser(
    context: &Context,
    platform: &Platform<'_>,
    scopes: &[String],
    or_device_code: bool,
    again: &str,
) -> anyhow::Result<TokenSet> {
    let port = Port::listen().await.context("cannot listen on a port of this machine")?;
    let asked = platform.browser(port.redirect(), scopes)?;
    let url = asked.url.clone();
    // `$BROWSER`, or the system's. A text browser runs until the user quits it, and returns to the port before that.
    let opening = tokio::task::spawn_blocking(move || webbrowser::open(&url));
    context.console.instruction(&format!(
        "Opening a browser to sign in at {}. If no browser opens, open this address on this machine:\n\n  {}\n\n\
         Waiting for the browser. If this machine has no browser, press Ctrl-C and use --device-code.",
        platform.host(),
        asked.url
    ));
    let back = async {
        let waiting = port.wait(&asked.state);
        tokio::pin!(waiting);
        tokio::select! {
            back = &mut waiting => Some(back),
            opened = opening => match opened {
                Ok(Err(_)) if or_device_code => None,
                // The user can still open the address by hand.
                _ => Some(waiting.await),
            },
        }
    };
    let back = tokio::time::timeout(BROWSER_WITHIN, back).await.map_err(|_| {
        Error::auth(format!("sign-in failed: the browser did not return within {}", approx_duration(BROWSER_WITHIN)))
            .hint(OTHER_WAY_CODE)
    })?;
    match back {
        Some(Callback::Code(code)) => {
            Ok(platform.redeem(&code, asked).await.map_err(|error| failed(again, &error, OTHER_WAY_CODE))?)
        }
        Some(Callback::Refused { error, description }) => {
            let error = platform.refused(&error, description.as_deref());
            Err(failed(again, &error, OTHER_WAY_CODE).into())
        }
        None => {
            context.console.note("the browser did not open: sign in with a code instead");
            with_device_code(context, platform, scopes, again).await
        }
    }
}

const OTHER_WAY_BROWSER: &str =
    "run the command again. If that fails, check --tenant, --client-id and --cloud, or add --browser";
const OTHER_WAY_CODE: &str =
    "run the command again. If that fails, check --tenant, --client-id and --cloud, or add --device-code";

/// `again` is the command that signs in.
fn failed(again: &str, error: &SignInError, otherwise: &str) -> Error {
    error.about("sign-in failed", again, otherwise)
}

fn save(profile: &str, session: &Session) -> anyhow::Result<()> {
    session.save(profile).map_err(|error| match error.downcast::<StoreError>() {
        Ok(reason) => no_keyring(&reason).into(),
        Err(error) => error,
    })
}

fn no_keyring(reason: &StoreError) -> Error {
    Error::failure(format!("cannot store a sign-in: {reason}")).hint(match reason {
        StoreError::Busy => format!("try again later, or set {INTUNECTL_TOKEN} instead"),
        _ => format!("start, unlock or install a system keyring, or set {INTUNECTL_TOKEN} instead"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_remembers_the_servers_of_its_sign_in_but_not_those_on_this_machine() {
        let session = |graph: &str, login: &str, can_renew: bool| {
            let mut session = Session::new("token".into(), graph, login);
            session.renewal = can_renew.then(|| Renewal { client_id: "c".to_owned(), refresh_token: "r".into() });
            roots_of(&session).map(|(graph, login)| (graph.as_str().to_owned(), login.as_str().to_owned()))
        };
        let (graph, login) = ("https://graph.microsoft.us", "https://login.microsoftonline.us");
        assert_eq!(session(graph, login, true), Some((graph.to_owned(), login.to_owned())));
        assert_eq!(session(graph, login, false), None);
        assert_eq!(session("http://127.0.0.1:1", login, true), None);
        assert_eq!(session(graph, "http://127.0.0.1:1", true), None);
        assert_eq!(session("nonsense", login, true), None);
    }
}
