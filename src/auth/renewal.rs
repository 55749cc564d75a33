//! Renewing a profile's sign-in. One process at a time renews it, stores the new tokens before it uses them, and never
//! overwrites a sign-in or sign-out that happened in the meantime.

use std::cell::RefCell;
use std::fs::File;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use secrecy::{ExposeSecret, SecretString};

use super::claims::Claims;
use super::refusal::SignInError;
use super::session::{self, Renewal, Session};
use super::sign_in::{self, Platform, TokenSet};
use super::store::{self, StoreError};
use super::tenant::Tenant;
use super::token::Token;
use crate::error::Error;
use crate::net::request::SendOptions;
use crate::net::root::Root;
use crate::text::sanitize::sanitize;

const KEYRING: &str = "start or unlock the system keyring, then run the command again";

/// A profile's sign-in at the time its token was first used. A run keeps to it: a new sign-in under the same name, or a
/// token for another tenant, does not replace it.
pub struct SignedInProfile {
    pub name: String,
    /// The Graph server that its token is for.
    pub graph: Root,
    /// The sign-in server that issued its token.
    pub login: Root,
    pub account: Option<String>,
    pub tenant: Option<Tenant>,
    /// The application that signed in and can renew the sign-in; `None` for a token stored without a refresh token.
    pub client_id: Option<String>,
    /// A renewed session that could not be stored. The refresh token in the keyring may no longer be valid.
    unkept: RefCell<Option<Session>>,
}

pub struct Renewed {
    pub token: Token,
    /// Why the renewed sign-in could not be stored. The keyring still holds the previous one.
    pub unkept: Option<anyhow::Error>,
}

/// Why there is no new token.
pub struct RenewalFailure {
    pub error: anyhow::Error,
    pub outlook: Outlook,
}

/// Whether a later attempt at the renewal may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It may.
    Passing,
    /// It will not.
    Final,
    /// Unknown: the run was interrupted.
    Stopped,
}

impl<E: Into<anyhow::Error>> From<E> for RenewalFailure {
    fn from(error: E) -> Self {
        Self { error: error.into(), outlook: Outlook::Passing }
    }
}

impl SignedInProfile {
    pub fn new(name: &str, graph: Root, login: Root, session: &Session) -> Self {
        Self {
            name: name.to_owned(),
            graph,
            login,
            account: session.account.clone(),
            tenant: session.tenant.clone(),
            client_id: session.renewal.as_ref().map(|renewal| renewal.client_id.clone()),
            unkept: RefCell::default(),
        }
    }

    /// Whether a session belongs to the same sign-in, so its tokens may be used.
    fn is_of(&self, session: &Session) -> bool {
        session.graph_url == self.graph.as_str()
            && session.login_url == self.login.as_str()
            && session.account == self.account
            && session.tenant == self.tenant
            && session.renewal.as_ref().map(|renewal| &renewal.client_id) == self.client_id.as_ref()
    }

    /// Checks that a token is for the sign-in's tenant, if its ID is known, or else for the previous token's tenant.
    pub fn check_token_tenant(&self, came: Option<&Claims>, before: Option<&Claims>) -> Result<(), Error> {
        let signed_in = self.tenant.as_ref().filter(|tenant| tenant.is_id()).map(Tenant::as_str);
        let expected = signed_in.or_else(|| before?.tenant.as_deref());
        let found = came.and_then(|claims| claims.tenant.as_deref());
        match (expected, found) {
            (Some(expected), Some(found)) if !found.eq_ignore_ascii_case(expected) => {
                let words = format!(
                    "the token of profile '{}' is for tenant {}, but the profile is for {}",
                    self.name,
                    sanitize(found),
                    sanitize(expected)
                );
                Err(Error::auth(words).hint(session::sign_in_again(&self.name)))
            }
            _ => Ok(()),
        }
    }

    /// Replaces the token `used`, which expires soon or was rejected. If another process has renewed the sign-in in the
    /// meantime, its token is used. `permission` is the one requested at sign-in. Waits up to `turn_within` for other
    /// processes.
    ///
    /// # Errors
    /// The sign-in has expired, was deleted or replaced, or the sign-in service cannot be reached.
    pub async fn renew(
        &self,
        used: &SecretString,
        permission: &str,
        turn_within: Duration,
        send_options: SendOptions<'_>,
    ) -> Result<Renewed, RenewalFailure> {
        let _turn = self.take_turn(turn_within, send_options).await?;
        let unkept = self.unkept.borrow().clone();
        let session = match unkept {
            Some(session) => session,
            None => {
                let session = self.load().await?;
                if let Some(token) = self.other_than(used, &session) {
                    return Ok(Renewed { token, unkept: None });
                }
                session
            }
        };
        if send_options.stop.is_set() {
            return Err(self.stopped());
        }
        let renewal = session
            .renewal
            .as_ref()
            .ok_or_else(|| self.cannot("it has no refresh token").hint(session::sign_in_again(&self.name)))?;
        let tenant = session.tenant.clone().unwrap_or_else(Tenant::any);
        let platform = Platform::new(&self.login, &tenant, &renewal.client_id, send_options)?;
        let scopes = sign_in::scopes(&self.graph, permission);
        let TokenSet { access, refresh, identity } = match platform.refresh(&renewal.refresh_token, &scopes).await {
            Ok(tokens) => tokens,
            Err(error) => return self.after_refusal(error, used).await,
        };
        // Checked before it is stored: a profile keeps its tenant, whatever the sign-in service issues.
        let before = Claims::read(used);
        for came in [&access.claims, &identity] {
            self.check_token_tenant(came.as_ref(), before.as_ref())
                .map_err(|error| RenewalFailure { error: error.into(), outlook: Outlook::Final })?;
        }
        // A server need not issue a new refresh token each time (RFC 6749, section 6).
        let refresh_token = refresh.unwrap_or_else(|| renewal.refresh_token.clone());
        let mut next = session.clone();
        next.access_token = access.secret.clone();
        next.expires_at = access.expires_at;
        next.renewal = Some(Renewal { refresh_token, ..renewal.clone() });
        // Stored before the token is used: the old refresh token may be invalid from now on.
        let unkept = self.save(session, next).await?;
        Ok(Renewed { token: access, unkept })
    }

    /// Waits for the lock on renewals. It is held until the file is dropped.
    async fn take_turn(&self, within: Duration, send_options: SendOptions<'_>) -> Result<File, RenewalFailure> {
        let name = self.name.clone();
        let turn = tokio::select! {
            turn = blocking(move || store::turn_to_renew(&name, within)) => turn?,
            () = send_options.stop.wait() => return Err(self.stopped()),
        };
        Ok(turn.map_err(|reason| match reason {
            StoreError::Busy => {
                let seconds = within.as_secs();
                self.cannot(&format!("another intunectl has been renewing it for {seconds} s, or is suspended"))
                    .hint("wait for the other intunectl to finish, or end it")
            }
            // No lock file: the reason lists the directories.
            reason => {
                self.cannot(&reason.to_string()).hint("make sure that one of these directories exists and is writable")
            }
        })?)
    }

    /// Stores a renewed session, and returns why that failed, if it did. A sign-in or sign-out in the meantime is left
    /// alone; only this run then uses the renewed session.
    async fn save(&self, session: Session, next: Session) -> anyhow::Result<Option<anyhow::Error>> {
        let name = self.name.clone();
        let (next, kept) = blocking(move || {
            let kept = next.save_in_place_of(&session, &name);
            (next, kept)
        })
        .await?;
        // `next` still knows which stored session it replaces.
        *self.unkept.borrow_mut() = kept.is_err().then_some(next);
        Ok(kept.err())
    }

    /// A process that cannot see our lock, in another session of the same user, may have used the refresh token
    /// already. Its new token is then in the keyring.
    async fn after_refusal(&self, error: SignInError, used: &SecretString) -> Result<Renewed, RenewalFailure> {
        if error.is_final()
            && let Ok(session) = self.load().await
            && let Some(token) = self.other_than(used, &session)
        {
            return Ok(Renewed { token, unkept: None });
        }
        let login = session::login_command(&self.name);
        let again = session::sign_in_again(&self.name);
        let told = error.about(&format!("{} cannot be renewed", self.sign_in()), &login, &again);
        // The sign-in is lost, even if the hint advises something else first.
        let told = match told.hint_text() {
            Some(hint) if error.is_final() && !hint.contains(&login) => {
                let hint = format!("{hint}; then {again}");
                told.hint(hint)
            }
            _ => told,
        };
        let outlook = if error.is_final() { Outlook::Final } else { Outlook::Passing };
        Err(RenewalFailure { error: told.into(), outlook })
    }

    /// The session that is stored now, if it is of the same sign-in.
    async fn load(&self) -> anyhow::Result<Session> {
        let name = self.name.clone();
        let session = blocking(move || Session::load(&name)).await?.map_err(|error| {
            let hint = error.downcast_ref::<Error>().and_then(Error::hint_text).unwrap_or(KEYRING).to_owned();
            self.cannot(&error.to_string()).hint(hint)
        })?;
        session.filter(|session| self.is_of(session)).ok_or_else(|| {
            self.cannot("the profile was signed out, or signed in again, during this run")
                .hint(format!("run the command again; if it fails, sign in: {}", session::login_command(&self.name)))
                .into()
        })
    }

    /// The session's token, if it differs from `used` and does not expire soon.
    fn other_than(&self, used: &SecretString, session: &Session) -> Option<Token> {
        let is_another = session.access_token.expose_secret() != used.expose_secret();
        let before = Claims::read(used);
        let is_same_tenant = |token: &Token| self.check_token_tenant(token.claims.as_ref(), before.as_ref()).is_ok();
        let is_good = |token: &Token| !token.is_due(SystemTime::now()) && is_same_tenant(token);
        session.token().ok().filter(|token| is_another && is_good(token))
    }

    fn stopped(&self) -> RenewalFailure {
        RenewalFailure { error: self.cannot("interrupted").into(), outlook: Outlook::Stopped }
    }

    fn sign_in(&self) -> String {
        format!("the sign-in of profile '{}'", self.name)
    }

    fn cannot(&self, why: &str) -> Error {
        Error::auth(format!("{} cannot be renewed: {why}", self.sign_in()))
    }
}

/// Runs work that may wait for a file or the keyring.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the keyring thread failed")
}
