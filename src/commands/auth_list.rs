//! `auth list`: the profiles in the keyring.

use std::time::SystemTime;

use serde::Serialize;

use crate::auth::session::Session;
use crate::auth::store;
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::net::root::Cloud;
use crate::output::format::{Listed, Tokens};
use crate::output::table::{Cell, Column};
use crate::output::terminal::{Layout, TextStyle};
use crate::output::{stdout, table};
use crate::text::humanize::{approx_duration, rfc3339};
use crate::text::sanitize::sanitize;

const COLUMNS: [Column; 5] = [
    Column::whole("profile"),
    Column::cut("account"),
    Column::whole("tenant"),
    Column::whole("graph"),
    Column::whole("token"),
];

/// A profile, without any secret.
#[derive(Serialize)]
struct Entry {
    profile: String,
    /// Whether a command without `--profile` uses it.
    current: bool,
    account: Option<String>,
    tenant_id: Option<String>,
    client_id: Option<String>,
    graph_url: Option<String>,
    login_url: Option<String>,
    expires_at: Option<String>,
    renewable: bool,
    /// Why it cannot be read or used.
    error: Option<String>,
    #[serde(skip)]
    state: String,
}

impl Listed for Entry {
    const TOKENS: Tokens = Tokens::Redacted;
    const COLUMNS: &'static [&'static str] = &[
        "profile",
        "current",
        "account",
        "tenant_id",
        "client_id",
        "graph_url",
        "login_url",
        "expires_at",
        "renewable",
        "error",
    ];

    fn id(&self) -> &str {
        &self.profile
    }

    fn table(entries: &[Self], style: TextStyle) -> String {
        let rows: Vec<_> = entries.iter().map(|entry| row(entry, style.layout)).collect();
        table::text(&COLUMNS, &rows, style)
    }
}

/// # Errors
/// There is no keyring, it is locked or does not answer.
pub fn run(context: &Context) -> anyhow::Result<Exit> {
    context.note_rehearsal()?;
    let profiles = store::profiles().map_err(|reason| {
        Error::failure(reason.to_string()).hint(format!(
            "start, unlock or install a system keyring; without one, use {} for the other commands",
            crate::variables::INTUNECTL_TOKEN
        ))
    })?;
    let current = context.profile()?;
    let entries: Vec<_> = profiles.into_iter().filter_map(|profile| entry(profile, &current)).collect();
    if entries.is_empty() {
        context.console.note("no profiles; sign in with `intunectl auth login`");
    }
    let style = TextStyle::of(&std::io::stdout(), context.color);
    stdout::print(&context.format.list(&entries, style)?)
}

/// `None` if only leftovers of an interrupted sign-in or sign-out are stored.
fn entry(profile: String, current: &str) -> Option<Entry> {
    let is_current = profile == current;
    let empty = Entry {
        profile,
        current: is_current,
        account: None,
        tenant_id: None,
        client_id: None,
        graph_url: None,
        login_url: None,
        expires_at: None,
        renewable: false,
        error: None,
        state: String::new(),
    };
    let session = match Session::load(&empty.profile) {
        Ok(session) => session?,
        Err(error) => return Some(Entry { error: Some(error.to_string()), state: "unreadable".to_owned(), ..empty }),
    };
    let (token, error) = match session.token() {
        Ok(token) => (Some(token), None),
        Err(reason) => (None, Some(format!("the token {reason}"))),
    };
    let claims = token.as_ref().and_then(|token| token.claims.as_ref());
    let renewable = session.renewal.is_some();
    let expires_at = token.as_ref().and_then(|token| token.expires_at);
    let left = expires_at.map(|at| at.duration_since(SystemTime::now()));
    let state = match left {
        Some(Ok(left)) if renewable => format!("valid for {}, then renewed", approx_duration(left)),
        Some(Ok(left)) => format!("valid for {}", approx_duration(left)),
        Some(Err(_)) if renewable => "expired, renewed when used".to_owned(),
        Some(Err(_)) => "expired".to_owned(),
        None if error.is_some() => "unusable".to_owned(),
        None => "expiry unknown".to_owned(),
    };
    let account = session.account.or_else(|| claims.and_then(|claims| claims.account().map(str::to_owned)));
    let tenant_id = session.tenant.map(|tenant| tenant.to_string());
    let tenant_id = tenant_id.or_else(|| claims.and_then(|claims| claims.tenant.clone()));
    let client_id = session.renewal.map(|renewal| renewal.client_id);
    Some(Entry {
        account,
        tenant_id,
        client_id: client_id.or_else(|| claims.and_then(|claims| claims.app_id().map(str::to_owned))),
        graph_url: Some(session.graph_url),
        login_url: Some(session.login_url),
        expires_at: expires_at.and_then(rfc3339),
        renewable,
        error,
        state,
        ..empty
    })
}

/// A profile's row. For people, the current profile is marked, and a cloud is shown by its name.
fn row(entry: &Entry, layout: Layout) -> [Cell; 5] {
    let for_people = layout != Layout::Tabs;
    let or_empty = |field: &Option<String>| sanitize(field.as_deref().unwrap_or_default()).into_owned();
    let mark = if for_people && entry.current { " *" } else { "" };
    let root = entry.graph_url.as_deref().filter(|_| for_people).and_then(|url| url.parse().ok());
    let graph = root.as_ref().and_then(Cloud::of).map(|cloud| cloud.name().to_owned());
    [
        format!("{}{mark}", sanitize(&entry.profile)),
        or_empty(&entry.account),
        or_empty(&entry.tenant_id),
        graph.unwrap_or_else(|| or_empty(&entry.graph_url)),
        entry.state.clone(),
    ]
    .map(Cell::from)
}
