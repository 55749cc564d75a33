//! The token for calls to Graph, and its renewal: when it is about to expire, or after the service refused it. One
//! request renews it while the others wait.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use futures_util::future::LocalBoxFuture;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, MutexGuard};

use crate::auth::renewal::Outlook;
use crate::cancel::StopFlag;
use crate::net::secret::encodings_of_secret;

/// How long after a failed renewal the next one is tried, while the old token still works.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// An access token, and when to renew it.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// Visible ASCII without spaces.
    pub token: SecretString,
    /// `None` if that is not known.
    pub renew_at: Option<SystemTime>,
}

/// Why a new token is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewReason {
    /// The old one expires soon, but still works.
    Due,
    /// The service refused the old one.
    Refused,
}

/// Gets a new token in place of this one. It reports a failure itself, unless the run was stopped.
pub type Renew<'a> = Box<dyn Fn(SecretString, RenewReason) -> LocalBoxFuture<'a, Result<Bearer, Outlook>> + 'a>;

/// The token that a request is sent with.
pub struct CurrentToken {
    pub token: SecretString,
    /// How many tokens of this run came before it.
    generation: usize,
    /// This token and those before it, in every encoding in which an answer may contain them. They are never shown.
    pub secrets: Rc<[SecretString]>,
}

impl CurrentToken {
    fn first(token: SecretString) -> Self {
        Self { secrets: encodings_of_secret(token.expose_secret()).into(), token, generation: 0 }
    }

    fn next(&self, token: SecretString) -> Self {
        let forms = encodings_of_secret(token.expose_secret());
        let secrets = self.secrets.iter().cloned().chain(forms).collect();
        Self { secrets, token, generation: self.generation + 1 }
    }
}

/// The outcome of a renewal after the service refused a token.
pub enum RenewalOutcome {
    /// There is a new token.
    Done,
    /// There is no new token.
    None,
    /// The run was stopped before the outcome was known.
    Stopped,
}

/// The current token, shared by all requests.
pub struct TokenHolder<'a> {
    current: RefCell<Rc<CurrentToken>>,
    renew_at: Cell<Option<SystemTime>>,
    renew: Option<Renew<'a>>,
    /// Locked during a renewal: the others wait and use the new token.
    renewing: Mutex<()>,
    /// Whether a refused token is renewed. That is done once.
    may_renew: Cell<bool>,
    renewal_failed: Cell<bool>,
}

impl<'a> TokenHolder<'a> {
    pub fn new(bearer: Bearer, renew: Option<Renew<'a>>) -> Self {
        Self {
            current: RefCell::new(Rc::new(CurrentToken::first(bearer.token))),
            renew_at: Cell::new(bearer.renew_at),
            renew,
            renewing: Mutex::new(()),
            may_renew: Cell::new(true),
            renewal_failed: Cell::new(false),
        }
    }

    /// Whether the last renewal failed. The reason has been reported.
    pub fn renewal_failed(&self) -> bool {
        self.renewal_failed.get()
    }

    /// The token to send, renewed first if that is due. `None` if the run was stopped meanwhile.
    pub async fn current(&self, stop: &StopFlag) -> Option<Rc<CurrentToken>> {
        let is_due = || self.renew_at.get().is_some_and(|at| at <= SystemTime::now());
        if let Some(renew) = self.renew.as_ref().filter(|_| is_due()) {
            let _turn = self.turn_to_renew(stop).await?;
            if is_due() {
                let again = || Some(SystemTime::now() + RENEW_AGAIN_AFTER);
                // The others use the old token meanwhile, and so does this one if the renewal fails.
                self.renew_at.set(again());
                if self.renew_with(renew, RenewReason::Due).await == Err(Outlook::Passing) {
                    self.renew_at.set(again());
                }
            }
            // A stop does not abort a renewal, but no request follows it.
            if stop.is_set() {
                return None;
            }
        }
        Some(Rc::clone(&self.current.borrow()))
    }

    /// Gets a new token after the service refused this one, unless another request already did.
    pub async fn renew_refused(&self, refused: &CurrentToken, stop: &StopFlag) -> RenewalOutcome {
        let Some(renew) = &self.renew else { return RenewalOutcome::None };
        let is_renewed = || self.current.borrow().generation > refused.generation;
        let Some(_turn) = self.turn_to_renew(stop).await else {
            // The outcome is unknown, unless the renewal was tried before.
            return if self.may_renew.get() || is_renewed() { RenewalOutcome::Stopped } else { RenewalOutcome::None };
        };
        if is_renewed() {
            return RenewalOutcome::Done;
        }
        if !self.may_renew.get() {
            return RenewalOutcome::None;
        }
        match self.renew_with(renew, RenewReason::Refused).await {
            Err(Outlook::Stopped) => RenewalOutcome::Stopped,
            renewed => {
                // Not earlier: a stop leaves the outcome unknown.
                self.may_renew.set(false);
                if renewed.is_ok() { RenewalOutcome::Done } else { RenewalOutcome::None }
            }
        }
    }

    async fn turn_to_renew(&self, stop: &StopFlag) -> Option<MutexGuard<'_, ()>> {
        tokio::select! {
            biased;
            () = stop.wait() => None,
            turn = self.renewing.lock() => Some(turn),
        }
    }

    /// Gets a new token, even if the run is stopped: the sign-in service may have replaced the refresh token already.
    async fn renew_with(&self, renew: &Renew<'_>, reason: RenewReason) -> Result<(), Outlook> {
        let used = self.current.borrow().token.clone();
        match renew(used, reason).await {
            Ok(bearer) => {
                self.renewal_failed.set(false);
                self.renew_at.set(bearer.renew_at);
                let next = self.current.borrow().next(bearer.token);
                self.current.replace(Rc::new(next));
                Ok(())
            }
            Err(error) => {
                // A failed renewal of a token that still works is only a warning, which `-q` hides.
                self.renewal_failed.set(reason == RenewReason::Refused && error != Outlook::Stopped);
                if error == Outlook::Final {
                    self.renew_at.set(None);
                }
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_of_a_run_stays_secret() {
        let first = CurrentToken::first("one/token".into());
        let second = first.next("two/token".into());
        assert_eq!((first.generation, second.generation), (0, 1));
        assert_eq!(second.token.expose_secret(), "two/token");
        for token in ["one/token", "one%2Ftoken", "two/token", "two%2ftoken"] {
            assert!(second.secrets.iter().any(|secret| secret.expose_secret() == token), "{token}");
        }
    }
}
