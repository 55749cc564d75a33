//! Renewing a profile's sign-in: by one process at a time, stored before it is used, and never over a sign-in or
//! sign-out that happened meanwhile.

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

const KEYRING: &str = "unlock the system's keyring, then run again";

/// A profile's sign-in, as it was when its token was first used. A run stays with it: another sign-in under the same
/// name, or a token for another tenant, does not take its place.
pub struct SignedInProfile {
    pub name: String,
    /// The Graph root that its token is for.
    pub graph: Root,
    /// The sign-in root that it is from.
    pub login: Root,
    pub account: Option<String>,
    pub tenant: Option<Tenant>,
    /// The application that signed in, and can renew the sign-in; `None` for a token that was stored alone.
    pub client_id: Option<String>,
    /// A renewed session that could not be stored. The refresh token in the keyring may be used up.
    unkept: RefCell<Option<Session>>,
}

pub struct Renewed {
    pub token: Token,
    /// Why the renewed sign-in could not be stored. The keyring still has the previous one.
    pub unkept: Option<anyhow::Error>,
}

/// Why there is no new token.
pub struct RenewalFailure {
    pub error: anyhow::Error,
    pub outlook: Outlook,
}

/// Whether it makes sense to try the renewal again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It may work later.
    Passing,
    /// It will not.
    Final,
    /// The run was interrupted before that was known.
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

    /// Whether a session is of the same sign-in, so that its tokens may be used.
    fn is_of(&self, session: &Session) -> bool {
        session.graph_url == self.graph.as_str()
            && session.login_url == self.login.as_str()
            && session.account == self.account
            && session.tenant == self.tenant
            && session.renewal.as_ref().map(|renewal| &renewal.client_id) == self.client_id.as_ref()
    }

    /// Makes sure that a token is for the tenant that was signed in to, if its ID is known; otherwise for that of the
    /// token before.
    pub fn check_token_tenant(&self, came: Option<&Claims>, before: Option<&Claims>) -> Result<(), Error> {
        let signed_in = self.tenant.as_ref().filter(|tenant| tenant.is_id()).map(Tenant::as_str);
        let expected = signed_in.or_else(|| before?.tenant.as_deref());
        let found = came.and_then(|claims| claims.tenant.as_deref());
        match (expected, found) {
            (Some(expected), Some(found)) if !found.eq_ignore_ascii_case(expected) => {
                let words = format!(
                    "{}: its token is for tenant {}, not for {}",
                    self.sign_in(),
                    sanitize(found),
                    sanitize(expected)
                );
                Err(Error::auth(words).hint(format!("sign in again: {}", session::login_command(&self.name))))
            }
            _ => Ok(()),
        }
    }

    /// Gets a token in place of `used`, which is due or was refused: another process's, if it has renewed the sign-in
    /// meanwhile. `permission` is what was asked for at sign-in. Waits up to `turn_within` for another process.
    ///
    /// # Errors
    /// The sign-in has expired, was deleted or replaced, or the platform cannot be reached.
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
        let renewal = session.renewal.as_ref().ok_or_else(|| {
            self.cannot("it is a token alone").hint(format!("sign in: {}", session::login_command(&self.name)))
        })?;
        let tenant = session.tenant.clone().unwrap_or_else(Tenant::any);
        let platform = Platform::new(&self.login, &tenant, &renewal.client_id, send_options)?;
        let scopes = sign_in::scopes(&self.graph, permission);
        let TokenSet { access, refresh, identity } = match platform.refresh(&renewal.refresh_token, &scopes).await {
            Ok(tokens) => tokens,
            Err(error) => return self.after_refusal(error, used).await,
        };
        // Before it is stored: a profile stays with its tenant, whatever the sign-in service issues.
        let before = Claims::read(used);
        for came in [&access.claims, &identity] {
            self.check_token_tenant(came.as_ref(), before.as_ref())
                .map_err(|error| RenewalFailure { error: error.into(), outlook: Outlook::Final })?;
        }
        // Not every server gives a new one every time (RFC 6749, section 6).
        let refresh_token = refresh.unwrap_or_else(|| renewal.refresh_token.clone());
        let mut next = session.clone();
        next.access_token = access.secret.clone();
        next.expires_at = access.expires_at;
        next.renewal = Some(Renewal { refresh_token, ..renewal.clone() });
        // Before the token is used.
        let unkept = self.save(session, next).await?;
        Ok(Renewed { token: access, unkept })
    }

    /// Waits for the turn to renew. It lasts until the file is dropped.
    async fn take_turn(&self, within: Duration, send_options: SendOptions<'_>) -> Result<File, RenewalFailure> {
        let name = self.name.clone();
        let turn = tokio::select! {
            turn = blocking(move || store::turn_to_renew(&name, within)) => turn?,
            () = send_options.stop.wait() => return Err(self.stopped()),
        };
        Ok(turn.map_err(|reason| match reason {
            StoreError::Busy => {
                let seconds = within.as_secs();
                self.cannot(&format!("another intunectl has been at it for {seconds} s, or was stopped while it was"))
                    .hint("try again when it is done")
            }
            reason => self.cannot(&reason.to_string()).hint(KEYRING),
        })?)
    }

    /// Stores a renewed session, and returns why that failed, if it did. If somebody has signed in or out meanwhile,
    /// that stays, and ours ends with this run.
    async fn save(&self, session: Session, next: Session) -> anyhow::Result<Option<anyhow::Error>> {
        let name = self.name.clone();
        let (next, kept) = blocking(move || {
            let kept = next.save_in_place_of(&session, &name);
            (next, kept)
        })
        .await?;
        // It still says which stored session it replaces.
        *self.unkept.borrow_mut() = kept.is_err().then_some(next);
        Ok(kept.err())
    }

    /// A process that cannot see our lock (in another session of the same user) may have used the refresh token up.
    async fn after_refusal(&self, error: SignInError, used: &SecretString) -> Result<Renewed, RenewalFailure> {
        if error.is_final()
            && let Ok(session) = self.load().await
            && let Some(token) = self.other_than(used, &session)
        {
            return Ok(Renewed { token, unkept: None });
        }
        let login = session::login_command(&self.name);
        let again = format!("sign in again: {login}");
        let told = error.about(&format!("{} cannot be renewed", self.sign_in()), &login, &again);
        // Whatever else has to be done first: the sign-in itself is lost.
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
            self.cannot("somebody has signed out, or in again, meanwhile")
                .hint(format!("sign in: {}", session::login_command(&self.name)))
                .into()
        })
    }

    /// The session's token, if it is not `used` and is valid for some time.
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

/// Runs what may wait for a file or a keyring.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a thread for the keyring broke off")
}
