//! The HTTP client for Graph: one token at a time, one root, one gate, and the loop that tries again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use futures_util::future::LocalBoxFuture;
use percent_encoding::utf8_percent_encode;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, MutexGuard, Notify};
use uuid::Uuid;

use super::gate::{Departure, Gate, Pass, RequestKind, Turn};
use super::pace::Rate;
use crate::cancel::Cancel;
use crate::net::answer::{Answer, NoAnswer, Result};
use crate::net::attempt::{self, Attempt};
use crate::net::event::{Event, OwnObserver, Why};
use crate::net::http::{self, Transport};
use crate::net::request::{UNRESERVED, encodings_of_secret};
use crate::net::retry::{self, LONGEST_WAIT, Next};
use crate::net::root::Root;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
/// Far enough to be out of reach, near enough to be added to any clock.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// What a client is made of.
pub struct ClientOptions<'a> {
    /// The Graph root.
    pub root: &'a Root,
    /// `v1.0` or `beta`.
    pub version: &'a str,
    /// Sent to the root, and nowhere else.
    pub bearer: Bearer,
    /// Gets another one, where there is a way.
    pub renew: Option<Renew<'a>>,
    /// How it is reached.
    pub transport: &'a Transport,
    /// The pace that writes keep, and reads ten times that; `None` for none.
    pub rate: Option<Rate>,
    /// Follows what happens.
    pub observer: OwnObserver<'a>,
}

/// An access token, and from when on another one is better.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// Visible ASCII without spaces.
    pub token: SecretString,
    /// `None` where that is not known.
    pub renew_at: Option<SystemTime>,
}

/// Why another bearer is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewReason {
    /// There is little time left; until then the old one works.
    Due,
    /// The service does not take the old one any more.
    Refused,
}

/// There is no other bearer; why has been told by then, unless the run was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewError {
    /// There may be one at another time.
    ForNow,
    /// There will be none.
    ForGood,
    /// The run was stopped before it was known.
    Stopped,
}

/// Gets another bearer than this token.
pub type Renew<'a> =
    Box<dyn Fn(SecretString, RenewReason) -> LocalBoxFuture<'a, std::result::Result<Bearer, RenewError>> + 'a>;

/// How long after a renewal that failed another one is tried while the old token still works.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Something to send.
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// The address, from [`Client::url`].
    pub url: Url,
    /// What the observer knows it by.
    pub label: &'a str,
    /// Kept up to date while the call is under way, so that somebody who gives it up knows how far it came.
    pub progress: &'a Cell<Progress>,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Attempts begun.
    pub attempts: u32,
    /// The `client-request-id` of the last of them.
    pub client_request_id: Option<Uuid>,
    /// When the first of them began.
    pub started: Option<Instant>,
    /// Whether one of them may have been carried out, though no answer says so yet.
    pub may_be_done: bool,
}

/// How a call ended.
pub struct Outcome {
    /// What the last attempt led to; `None` where there was no attempt.
    pub last: Option<Result>,
    /// Why there was no further attempt.
    pub ended: Ended,
    /// An earlier attempt than the last may have been carried out, though no answer said so.
    pub unanswered_before: bool,
    /// Another token was asked for, in vain: why has been told.
    pub renewal_failed: bool,
}

/// Why a call had no further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The last result stands.
    Settled,
    /// The service asked for a wait too long to begin.
    Hopeless(Duration),
    /// The run was stopped.
    Stopped,
}

/// What came of a token that was refused.
enum Renewal {
    /// There is another one.
    Done,
    /// There is none.
    None,
    /// The run was stopped before it was known.
    Stopped,
}

/// Those who wait at the gate.
#[derive(Default)]
struct Queue {
    /// Held by the one that is next, so that all pass in the order in which they came.
    turn: Mutex<()>,
    /// Somebody has left, so that the next one may ask again.
    left: Notify,
}

/// A client for one root with one token at a time.
pub struct Client<'a> {
    http: reqwest::Client,
    base: Url,
    /// The root's own path, up to its last slash.
    root_path: String,
    /// All tokens so far, in every form in which they may come back; the last is the one in use.
    tokens: RefCell<Rc<[SecretString]>>,
    renew_at: Cell<Option<SystemTime>>,
    renew: Option<Renew<'a>>,
    /// Held by the one that renews, so that the others wait and use what it gets.
    renewing: Mutex<()>,
    /// Whether another token is asked for where one is refused, which is done once.
    may_renew: Cell<bool>,
    renewal_failed: Cell<bool>,
    transport: &'a Transport,
    gate: RefCell<Gate>,
    /// Apart, so that a read need not wait for the pace of the writes.
    reads: Queue,
    writes: Queue,
    observer: OwnObserver<'a>,
}

impl<'a> Client<'a> {
    /// Makes a client. It loads the system's trusted roots, and connects to nothing.
    ///
    /// # Errors
    /// No root can be loaded, or the extra ones are not PEM.
    pub fn new(options: ClientOptions<'a>) -> anyhow::Result<Self> {
        let base = Url::parse(&format!("{}/{}/", options.root.as_str(), options.version))
            .context("the Graph root does not take a version")?;
        let http = http::client(options.root, options.transport)?;
        // By itself it takes the clock for a seed, and two runs that start at the same time would send the same
        // `client-request-id`s.
        fastrand::seed(Uuid::new_v4().as_u64_pair().1);
        Ok(Self {
            http,
            root_path: base.path().trim_end_matches('/').trim_end_matches(options.version).to_owned(),
            base,
            tokens: RefCell::new(encodings_of_secret(options.bearer.token.expose_secret()).into()),
            renew_at: Cell::new(options.bearer.renew_at),
            renew: options.renew,
            renewing: Mutex::new(()),
            may_renew: Cell::new(true),
            renewal_failed: Cell::new(false),
            transport: options.transport,
            gate: RefCell::new(Gate::new(options.rate)),
            reads: Queue::default(),
            writes: Queue::default(),
            observer: options.observer,
        })
    }

    /// The address of a resource; each segment is percent-encoded to be one segment of the path.
    pub fn url(&self, segments: &[&str]) -> Url {
        let mut path = self.base.path().trim_end_matches('/').to_owned();
        for segment in segments {
            path.push('/');
            path.extend(utf8_percent_encode(segment, UNRESERVED));
        }
        let mut url = self.base.clone();
        url.set_path(&path);
        url
    }

    /// The host, and the port where it is not the usual one.
    pub fn host(&self) -> &str {
        self.base.authority()
    }

    /// Whether an address is below this client's root, so that the token may be sent to it.
    pub fn owns(&self, url: &Url) -> bool {
        url.origin() == self.base.origin() && url.path().starts_with(self.root_path.as_str())
    }

    /// Sends, and sends again while that makes sense. Nothing new is sent once `stop` is set.
    pub async fn send(&self, call: &Call<'_>, stop: &Cancel) -> Outcome {
        let mut last = None;
        let mut unanswered = false;
        // A call that is sent again with another token has not failed: it is no retry.
        let mut renewals = 0;
        loop {
            let pass = match self.pass(call, stop).await {
                Ok(pass) => pass,
                Err(ended) => return self.outcome(last, ended, unanswered),
            };
            let Some(tokens) = self.tokens(stop).await else {
                self.left(pass, Departure::Unsent);
                return self.outcome(last, Ended::Stopped, unanswered);
            };
            let unanswered_before = unanswered;
            let result = self.attempt(call, &tokens).await;
            unanswered |= may_be_done(&result);
            call.progress.update(|progress| Progress { may_be_done: unanswered, ..progress });
            let attempt = call.progress.get().attempts - renewals;
            let decision = retry::decide(&result, attempt, self.transport.retries, fastrand::f64());
            self.leave(call.label, pass, &result, decision.hold);
            let is_refused = result.as_ref().is_ok_and(|answer| answer.status == 401);
            last = Some(result);
            let ended = match decision.next {
                Next::Stands if is_refused => match self.renew_refused(&tokens, stop).await {
                    Renewal::Done => {
                        renewals += 1;
                        None
                    }
                    Renewal::Stopped => Some(Ended::Stopped),
                    Renewal::None => Some(Ended::Settled),
                },
                Next::Stands => Some(Ended::Settled),
                Next::Hopeless(wait) => Some(Ended::Hopeless(wait)),
                // The gate makes everybody wait, this call among them.
                Next::Again(_) if decision.hold.is_some() => None,
                Next::Again(wait) => {
                    (self.observer)(call.label, &Event::Waiting { why: Why::Backoff, wait });
                    tokio::select! {
                        () = tokio::time::sleep(wait) => None,
                        () = stop.wait() => Some(Ended::Stopped),
                    }
                }
            };
            if let Some(ended) = ended {
                return self.outcome(last, ended, unanswered_before);
            }
        }
    }

    fn outcome(&self, last: Option<Result>, ended: Ended, unanswered_before: bool) -> Outcome {
        Outcome { last, ended, unanswered_before, renewal_failed: self.renewal_failed.get() }
    }

    /// Waits for the right to send one request.
    async fn pass(&self, call: &Call<'_>, stop: &Cancel) -> std::result::Result<Pass, Ended> {
        let (kind, queue) = if call.method == Method::GET {
            (RequestKind::Read, &self.reads)
        } else {
            (RequestKind::Write, &self.writes)
        };
        let next = async {
            let _turn = queue.turn.lock().await;
            loop {
                let now = Instant::now();
                let turn = self.gate.borrow_mut().enter(now, kind);
                let (until, why) = match turn {
                    Turn::Go(pass) => return Ok(pass),
                    Turn::AfterAnswer => {
                        queue.left.notified().await;
                        continue;
                    }
                    Turn::Paced(until) => (until, Why::Pace),
                    Turn::Held(until) => (until, Why::Throttled),
                };
                let wait = until.saturating_duration_since(now);
                if why == Why::Throttled && wait > LONGEST_WAIT {
                    return Err(Ended::Hopeless(wait));
                }
                (self.observer)(call.label, &Event::Waiting { why, wait });
                tokio::time::sleep_until(until.into()).await;
            }
        };
        tokio::select! {
            biased;
            () = stop.wait() => Err(Ended::Stopped),
            pass = next => pass,
        }
    }

    fn leave(&self, label: &str, pass: Pass, result: &Result, hold: Option<Duration>) {
        let hold = hold.map(|hold| hold.min(FAR));
        if let (Some(wait), Ok(answer)) = (hold, result) {
            let is_named = answer.retry_after.is_some_and(|asked| !asked.is_zero());
            (self.observer)(label, &Event::Held { host: self.host(), status: answer.status, wait, is_named });
        }
        let left = match (hold, result) {
            (Some(hold), _) => Departure::Throttled(Instant::now() + hold),
            (None, Err(reason)) if !reason.was_seen() => Departure::Unsent,
            (None, _) => Departure::Passed,
        };
        self.left(pass, left);
    }

    fn left(&self, pass: Pass, left: Departure) {
        self.gate.borrow_mut().leave(Instant::now(), pass, left);
        self.reads.left.notify_one();
        self.writes.left.notify_one();
    }

    /// The tokens to send with, the last of which is the one in use; another one first where that is due. `None` where
    /// the run was stopped while waiting for it.
    async fn tokens(&self, stop: &Cancel) -> Option<Rc<[SecretString]>> {
        let is_due = || self.renew_at.get().is_some_and(|at| at <= SystemTime::now());
        if let Some(renew) = self.renew.as_ref().filter(|_| is_due()) {
            let _turn = self.turn_to_renew(stop).await?;
            if is_due() {
                let again = || Some(SystemTime::now() + RENEW_AGAIN_AFTER);
                // The others go on with it meanwhile, and so does this one where it fails.
                self.renew_at.set(again());
                if self.renew_with(renew, RenewReason::Due).await == Err(RenewError::ForNow) {
                    self.renew_at.set(again());
                }
            }
            // A renewal is not broken off by a stop, but nothing is sent after one.
            if stop.is_set() {
                return None;
            }
        }
        Some(Rc::clone(&self.tokens.borrow()))
    }

    /// Sees to another token than the one that was refused: somebody else may have renewed it by now.
    async fn renew_refused(&self, refused: &[SecretString], stop: &Cancel) -> Renewal {
        let Some(renew) = &self.renew else { return Renewal::None };
        let is_another = || self.tokens.borrow().len() > refused.len();
        let Some(_turn) = self.turn_to_renew(stop).await else {
            // What would have come of it is not known, unless it was tried before.
            return if self.may_renew.get() || is_another() { Renewal::Stopped } else { Renewal::None };
        };
        if is_another() {
            return Renewal::Done;
        }
        if !self.may_renew.get() {
            return Renewal::None;
        }
        match self.renew_with(renew, RenewReason::Refused).await {
            Err(RenewError::Stopped) => Renewal::Stopped,
            renewed => {
                // Not before: until then it is not known.
                self.may_renew.set(false);
                if renewed.is_ok() { Renewal::Done } else { Renewal::None }
            }
        }
    }

    async fn turn_to_renew(&self, stop: &Cancel) -> Option<MutexGuard<'_, ()>> {
        tokio::select! {
            biased;
            () = stop.wait() => None,
            turn = self.renewing.lock() => Some(turn),
        }
    }

    /// Gets another token, stop or no stop: what the sign-in service has given by then must be kept.
    async fn renew_with(&self, renew: &Renew<'_>, need: RenewReason) -> std::result::Result<(), RenewError> {
        let current = self.tokens.borrow().last().cloned().ok_or(RenewError::ForGood)?;
        match renew(current, need).await {
            Ok(bearer) => {
                self.renewal_failed.set(false);
                self.renew_at.set(bearer.renew_at);
                let mut tokens = self.tokens.borrow_mut();
                *tokens = tokens.iter().cloned().chain(encodings_of_secret(bearer.token.expose_secret())).collect();
                Ok(())
            }
            Err(reason) => {
                // What is said of a token that is only due is a warning, which not everybody sees.
                self.renewal_failed.set(need == RenewReason::Refused && reason != RenewError::Stopped);
                if reason == RenewError::ForGood {
                    self.renew_at.set(None);
                }
                Err(reason)
            }
        }
    }

    async fn attempt(&self, call: &Call<'_>, tokens: &Rc<[SecretString]>) -> Result {
        // By the generator that was seeded for this run: a random number of the system's for each costs a call each.
        let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
        let before = call.progress.get();
        let number = before.attempts + 1;
        call.progress.set(Progress {
            attempts: number,
            client_request_id: Some(id),
            started: before.started.or_else(|| Some(Instant::now())),
            may_be_done: true,
        });
        let mut request = reqwest::Request::new(call.method.clone(), call.url.clone());
        *request.headers_mut() = headers(&call.method, tokens, id)?;
        *request.timeout_mut() = Some(self.transport.timeout);
        let attempt = Attempt {
            label: call.label,
            number,
            wanted: call.method == Method::GET,
            secrets: tokens,
            observer: &*self.observer,
        };
        Ok(attempt::send(&self.http, request, &attempt).await?.redacted())
    }
}

fn headers(method: &Method, tokens: &[SecretString], id: Uuid) -> std::result::Result<HeaderMap, NoAnswer> {
    let unfit = |_| NoAnswer::Unknown { sent: false, reason: "the token does not fit into a header".to_owned() };
    let token = tokens.last().map(ExposeSecret::expose_secret).unwrap_or_default();
    let mut token = HeaderValue::from_str(&format!("Bearer {token}")).map_err(unfit)?;
    token.set_sensitive(true);
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(AUTHORIZATION, token);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CLIENT_REQUEST_ID, HeaderValue::from_str(&id.to_string()).map_err(unfit)?);
    if method == Method::POST {
        // hyper leaves it out where there is no body, and Graph then answers 411.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(headers)
}

/// Whether the service may have carried a request out without saying so: the answer was lost, or a gateway gave the
/// answer because the service's own did not come.
fn may_be_done(result: &Result) -> bool {
    match result {
        Ok(Answer { status, .. }) => matches!(status, 502 | 504),
        Err(reason) => reason.was_sent(),
    }
}
