//! The HTTP client for Graph: one token at a time, one root, one gate, and the loop that tries again.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use percent_encoding::utf8_percent_encode;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use super::bearer::{Bearer, CurrentToken, Renew, RenewalOutcome, TokenHolder};
use super::gate::{Departure, Gate, Pass, RequestKind, Turn};
use super::pace::Rate;
use crate::cancel::StopFlag;
use crate::net::answer::{self, Answer, NoAnswer, Result};
use crate::net::attempt::{self, Attempt};
use crate::net::event::{Event, OwnObserver, Why};
use crate::net::http::{self, Transport};
use crate::net::retry::{self, LONGEST_WAIT, Next};
use crate::net::root::Root;
use crate::text::encoding::UNRESERVED;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
/// Far enough to be out of reach, near enough to be added to any clock.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

pub struct ClientOptions<'a> {
    pub root: &'a Root,
    /// `v1.0` or `beta`.
    pub version: &'a str,
    /// Sent to the root, and nowhere else.
    pub bearer: Bearer,
    /// Gets a new one, where there is a way.
    pub renew: Option<Renew<'a>>,
    pub transport: &'a Transport,
    /// The pace that writes keep, and reads ten times that; `None` for none.
    pub rate: Option<Rate>,
    pub observer: OwnObserver<'a>,
}

pub struct Call<'a> {
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
    pub attempts: u32,
    /// The `client-request-id` of the last of them.
    pub client_request_id: Option<Uuid>,
    /// When the first of them began.
    pub started: Option<Instant>,
    /// Whether one of them may have been carried out, though no answer says so yet.
    pub may_be_done: bool,
}

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

impl Outcome {
    /// Takes the answer out if its status is one of success.
    pub fn take_success(&mut self) -> Option<Answer> {
        self.last.take_if(|last| last.as_ref().is_ok_and(|answer| (200..300).contains(&answer.status)))?.ok()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The last result stands.
    Settled,
    /// The service asked for a wait too long to begin.
    Hopeless(Duration),
    /// The run was stopped.
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
    tokens: TokenHolder<'a>,
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
            tokens: TokenHolder::new(options.bearer, options.renew),
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
    pub async fn send(&self, call: &Call<'_>, stop: &StopFlag) -> Outcome {
        let mut last = None;
        let mut unanswered = false;
        // A call that is sent again with another token has not failed: it is no retry.
        let mut renewals = 0;
        loop {
            let pass = match self.pass(call, stop).await {
                Ok(pass) => pass,
                Err(ended) => return self.outcome(last, ended, unanswered),
            };
            let Some(token) = self.tokens.current(stop).await else {
                self.release(pass, Departure::Unsent);
                return self.outcome(last, Ended::Stopped, unanswered);
            };
            let unanswered_before = unanswered;
            let result = self.attempt(call, &token).await;
            unanswered |= answer::may_be_done(&result);
            call.progress.update(|progress| Progress { may_be_done: unanswered, ..progress });
            let attempt = call.progress.get().attempts - renewals;
            let decision = retry::decide(&result, attempt, self.transport.retries, fastrand::f64());
            self.leave(call.label, pass, &result, decision.hold);
            let is_refused = result.as_ref().is_ok_and(|answer| answer.status == 401);
            last = Some(result);
            let ended = match decision.next {
                Next::Stands if is_refused => match self.tokens.renew_refused(&token, stop).await {
                    RenewalOutcome::Done => {
                        renewals += 1;
                        None
                    }
                    RenewalOutcome::Stopped => Some(Ended::Stopped),
                    RenewalOutcome::None => Some(Ended::Settled),
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
        Outcome { last, ended, unanswered_before, renewal_failed: self.tokens.renewal_failed() }
    }

    /// Waits for the right to send one request.
    async fn pass(&self, call: &Call<'_>, stop: &StopFlag) -> std::result::Result<Pass, Ended> {
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
        self.release(pass, left);
    }

    fn release(&self, pass: Pass, left: Departure) {
        self.gate.borrow_mut().leave(Instant::now(), pass, left);
        self.reads.left.notify_one();
        self.writes.left.notify_one();
    }

    async fn attempt(&self, call: &Call<'_>, token: &CurrentToken) -> Result {
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
        *request.headers_mut() = headers(&call.method, &token.token, id)?;
        *request.timeout_mut() = Some(self.transport.timeout);
        let attempt = Attempt {
            label: call.label,
            number,
            wanted: call.method == Method::GET,
            secrets: &token.secrets,
            observer: &*self.observer,
        };
        Ok(attempt::send(&self.http, request, &attempt).await?.redacted())
    }
}

fn headers(method: &Method, token: &SecretString, id: Uuid) -> std::result::Result<HeaderMap, NoAnswer> {
    let unfit = |_| NoAnswer::Unknown { sent: false, reason: "the token does not fit into a header".to_owned() };
    let mut token = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(unfit)?;
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
