//! The token that Graph is called with, and the next one: renewed when it is due or was refused, by one request at a time,
//! while the others wait for it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use futures_util::future::LocalBoxFuture;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, MutexGuard};

use crate::auth::renewal::Outlook;
use crate::cancel::StopFlag;
use crate::net::secret::encodings_of_secret;

/// How long after a renewal that failed another one is tried while the old token still works.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// An access token, and from when on a new one is better.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// Visible ASCII without spaces.
    pub token: SecretString,
    /// `None` where that is not known.
    pub renew_at: Option<SystemTime>,
}

/// Why a new bearer is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewReason {
    /// There is little time left; until then the old one works.
    Due,
    /// The service rejects the old one.
    Refused,
}

/// Gets a new bearer in place of this token. Why there is none has been reported by then, unless the run was stopped.
pub type Renew<'a> = Box<dyn Fn(SecretString, RenewReason) -> LocalBoxFuture<'a, Result<Bearer, Outlook>> + 'a>;

/// The token that a request is sent with.
pub struct CurrentToken {
    pub token: SecretString,
    /// How many there were before it.
    generation: usize,
    /// What nobody may see: this token and those before it, in every form in which they may come back.
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

/// What came of a token that was refused.
pub enum RenewalOutcome {
    /// There is a new one.
    Done,
    /// There is none.
    None,
    /// The run was stopped before it was known.
    Stopped,
}

/// One token at a time.
pub struct TokenHolder<'a> {
    current: RefCell<Rc<CurrentToken>>,
    renew_at: Cell<Option<SystemTime>>,
    renew: Option<Renew<'a>>,
    /// Held by the one that renews, so that the others wait and use what it gets.
    renewing: Mutex<()>,
    /// Whether a new token is asked for where one is refused, which is done once.
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

    /// Whether a new token was asked for in vain: why has been reported.
    pub fn renewal_failed(&self) -> bool {
        self.renewal_failed.get()
    }

    /// The token to send with, renewed first where that is due. `None` where the run was stopped while waiting for it.
    pub async fn current(&self, stop: &StopFlag) -> Option<Rc<CurrentToken>> {
        let is_due = || self.renew_at.get().is_some_and(|at| at <= SystemTime::now());
        if let Some(renew) = self.renew.as_ref().filter(|_| is_due()) {
            let _turn = self.turn_to_renew(stop).await?;
            if is_due() {
                let again = || Some(SystemTime::now() + RENEW_AGAIN_AFTER);
                // The others go on with it meanwhile, and so does this one where it fails.
                self.renew_at.set(again());
                if self.renew_with(renew, RenewReason::Due).await == Err(Outlook::Passing) {
                    self.renew_at.set(again());
                }
            }
            // A renewal is not broken off by a stop, but nothing is sent after one.
            if stop.is_set() {
                return None;
            }
        }
        Some(Rc::clone(&self.current.borrow()))
    }

    /// Sees to a new token after this one was refused: another request may have renewed it by now.
    pub async fn renew_refused(&self, refused: &CurrentToken, stop: &StopFlag) -> RenewalOutcome {
        let Some(renew) = &self.renew else { return RenewalOutcome::None };
        let is_renewed = || self.current.borrow().generation > refused.generation;
        let Some(_turn) = self.turn_to_renew(stop).await else {
            // What would have come of it is not known, unless it was tried before.
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
                // Not before: until then it is not known.
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

    /// Gets a new token, stop or no stop: what the sign-in service has given by then must be kept.
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
                // What is said of a token that is only due is a warning, which not everybody sees.
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
    fn every_token_of_a_run_stays_secret_and_each_is_a_generation() {
        let first = CurrentToken::first("one/token".into());
        let second = first.next("two/token".into());
        assert_eq!((first.generation, second.generation), (0, 1));
        assert_eq!(second.token.expose_secret(), "two/token");
        for token in ["one/token", "one%2Ftoken", "two/token", "two%2ftoken"] {
            assert!(second.secrets.iter().any(|secret| secret.expose_secret() == token), "{token}");
        }
    }
}
