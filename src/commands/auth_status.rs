//! `auth status`: the token that a call would use.

use std::time::SystemTime;

use serde::Serialize;

use crate::context::{Connection, Context};
use crate::error::Error;
use crate::exit::Exit;
use crate::output::stdout;
use crate::permission;
use crate::text::humanize::{approx_duration, rfc3339};
use crate::text::sanitize::{sanitize, without_tokens};

/// What is reported about a token: no secrets.
#[derive(Default, Serialize)]
struct Report {
    /// Whether a call can use it.
    usable: bool,
    /// Where it comes from, as a phrase.
    source: Option<String>,
    /// The environment variables that are set but not used.
    unused: Vec<&'static str>,
    profile: Option<String>,
    account: Option<String>,
    tenant_id: Option<String>,
    app_id: Option<String>,
    app_name: Option<String>,
    /// Whether an application acts without an account.
    app_only: Option<bool>,
    /// The ones that the token names. If it names none, they are unknown.
    permissions: Vec<String>,
    needed_permission: &'static str,
    /// Whether a permission that is enough to change partners is among them; null if the token names none.
    has_needed_permission: Option<bool>,
    expires_at: Option<String>,
    /// Whether the token can be renewed.
    renewable: bool,
    graph_url: Option<String>,
    /// Why it is not usable, and what to do.
    error: Option<ReportError>,
}

#[derive(Serialize)]
struct ReportError {
    message: String,
    hint: Option<String>,
}

/// # Errors
/// No source of a token can be selected.
pub fn run(context: &Context) -> anyhow::Result<Exit> {
    context.run_until_interrupted(status(context))
}

async fn status(context: &Context) -> anyhow::Result<Exit> {
    let selection = context.selection()?;
    let (source, unused) = (selection.source.to_string(), selection.unused.clone());
    let connection = match context.connect(selection).await {
        Ok(connection) => connection,
        Err(error) => {
            let report = unusable(source, unused, &error);
            let text = || without_tokens(&source_lines(&report)).into_owned();
            stdout::print(&context.format.report(&report, text)?)?;
            context.console.failure(&error);
            // Whatever the reason: the answer is that a call would have no token.
            return Ok(Exit::Auth);
        }
    };
    let report = report(source, unused, &connection);
    let text = || without_tokens(&text(&report, &connection)).into_owned();
    stdout::print(&context.format.report(&report, text)?)?;
    context.warn_about(&connection, permission::WRITE);
    Ok(Exit::Success)
}

fn unusable(source: String, unused: Vec<&'static str>, error: &anyhow::Error) -> Report {
    let hint = error.downcast_ref::<Error>().and_then(Error::hint_text).map(str::to_owned);
    let error = Some(ReportError { message: format!("{error:#}"), hint });
    Report { source: Some(source), unused, needed_permission: permission::ASKED, error, ..Report::default() }
}

fn report(source: String, unused: Vec<&'static str>, connection: &Connection) -> Report {
    let (claims, profile) = (connection.claims(), connection.profile());
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Report {
        usable: true,
        source: Some(source),
        unused,
        profile: profile.map(|profile| profile.name.clone()),
        account: owned(connection.person()),
        tenant_id: owned(connection.tenant()),
        app_id: owned(claims.and_then(|claims| claims.app_id())).or_else(|| profile?.client_id.clone()),
        app_name: owned(claims.and_then(|claims| claims.app_name())),
        app_only: connection.is_app_only(),
        permissions: claims.map(|claims| claims.permissions().map(str::to_owned).collect()).unwrap_or_default(),
        needed_permission: permission::ASKED,
        has_needed_permission: claims.and_then(|claims| claims.has_any(permission::WRITE)),
        expires_at: connection.token.expires_at.and_then(rfc3339),
        renewable: connection.is_renewable(),
        graph_url: Some(connection.root.as_str().to_owned()),
        error: None,
    }
}

fn text(report: &Report, connection: &Connection) -> String {
    let unknown = || "unknown".to_owned();
    let or_unknown = |field: &Option<String>| field.as_deref().map_or_else(unknown, |text| sanitize(text).into_owned());
    let account = match (&report.account, report.app_only) {
        (None, Some(true)) => "none (app-only)".to_owned(),
        (account, _) => or_unknown(account),
    };
    let application = match (&report.app_name, &report.app_id) {
        (Some(name), Some(id)) => format!("{} ({})", sanitize(name), sanitize(id)),
        (one, other) => one.as_ref().or(other.as_ref()).map_or_else(unknown, |text| sanitize(text).into_owned()),
    };
    let permissions = match report.permissions.as_slice() {
        [] => unknown(),
        // One by one, because `sanitize` would truncate a long list.
        all => all.iter().map(|one| sanitize(one).into_owned()).collect::<Vec<_>>().join(", "),
    };
    let expires = match (connection.token.expires_in(SystemTime::now()), &report.expires_at) {
        (Some(left), Some(at)) => {
            let then = if report.renewable { ", then renewed" } else { "" };
            format!("in {}{then} ({at})", approx_duration(left))
        }
        _ => unknown(),
    };
    let can_disconnect = match report.has_needed_permission {
        Some(true) => {
            let found = permission::WRITE
                .iter()
                .find(|name| report.permissions.iter().any(|one| one.eq_ignore_ascii_case(name)));
            format!("yes: the token has {}", found.unwrap_or(&permission::ASKED))
        }
        Some(false) => format!("no: the token needs {}", permission::in_words(permission::WRITE)),
        None => "unknown: the token names no permissions".to_owned(),
    };
    let fields = [
        ("Account", account),
        ("Tenant", or_unknown(&report.tenant_id)),
        ("Application", application),
        ("Permissions", permissions),
        ("Expires", expires),
        ("Graph", or_unknown(&report.graph_url)),
        ("Disconnect", can_disconnect),
    ];
    let lines = fields.map(|(name, value)| line(name, &value));
    source_lines(report) + &lines.concat()
}

/// Where the token comes from, and what is set but not used.
fn source_lines(report: &Report) -> String {
    // Before `sanitize` truncates it: a part of a token would not be recognised.
    let source = without_tokens(report.source.as_deref().unwrap_or_default());
    let source = line("Source", &sanitize(&source));
    match report.unused.as_slice() {
        [] => source,
        unused => source + &line("Not used", &unused.join(", ")),
    }
}

fn line(name: &str, value: &str) -> String {
    format!("{:13}{value}\n", format!("{name}:"))
}
