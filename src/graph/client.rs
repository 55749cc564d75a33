//! The HTTP client for Graph: one server, one current token, one gate for rate limits, and retries.

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
/// Effectively for ever, without overflowing `Instant`.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

pub struct ClientOptions<'a> {
    pub root: &'a Root,
    /// `v1.0` or `beta`.
    pub version: &'a str,
    /// Sent to `root` only.
    pub bearer: Bearer,
    /// Gets a new token, if the source can.
    pub renew: Option<Renew<'a>>,
    pub transport: &'a Transport,
    /// The rate limit of writes, from which that of all requests follows; `None` for no limit.
    pub rate: Option<Rate>,
    pub observer: OwnObserver<'a>,
}

pub struct Call<'a> {
    pub method: Method,
    /// From [`Client::url`].
    pub url: Url,
    /// Its name for the observer.
    pub label: &'a str,
    /// Updated during the call, so that its state is known if it is abandoned.
    pub progress: &'a Cell<Progress>,
}

/// The state of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    pub attempts: u32,
    /// The `client-request-id` of the last attempt.
    pub client_request_id: Option<Uuid>,
    /// When the first attempt began.
    pub started: Option<Instant>,
    /// Whether an attempt may have been carried out, although no answer says so yet.
    pub may_be_done: bool,
}

pub struct Outcome {
    /// The result of the last attempt; `None` if there was none.
    pub last: Option<Result>,
    /// Why there was no retry.
    pub ended: Ended,
    /// An attempt before the last may have been carried out, although no answer said so.
    pub unanswered_before: bool,
    /// The renewal of the token failed. The reason has been reported.
    pub renewal_failed: bool,
}

impl Outcome {
    /// Takes the answer if its status is 2xx.
    pub fn take_success(&mut self) -> Option<Answer> {
        self.last.take_if(|last| last.as_ref().is_ok_and(|answer| (200..300).contains(&answer.status)))?.ok()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The last result is final.
    Settled,
    /// The service asked to wait longer than `LONGEST_WAIT`.
    Hopeless(Duration),
    /// The run was stopped.
    Stopped,
}

/// The calls that wait at the gate.
#[derive(Default)]
struct Queue {
    /// Locked by the call that is next, so that calls pass in the order in which they came.
    turn: Mutex<()>,
    /// A request has finished, so the next call asks again.
    left: Notify,
}

/// A client for one Graph server, with one current token.
pub struct Client<'a> {
    http: reqwest::Client,
    base: Url,
    /// The path of the Graph URL, with a slash at the end.
    root_path: String,
    tokens: TokenHolder<'a>,
    transport: &'a Transport,
    gate: RefCell<Gate>,
    /// Separate queues, so that reads do not wait for the rate limit of writes.
    reads: Queue,
    writes: Queue,
    observer: OwnObserver<'a>,
}

impl<'a> Client<'a> {
    /// Makes a client. It loads the trusted certificates and opens no connection.
    ///
    /// # Errors
    /// No certificate can be loaded, `--ca-cert` is not PEM, or a proxy variable has no usable value.
    pub fn new(options: ClientOptions<'a>) -> anyhow::Result<Self> {
        let base = Url::parse(&format!("{}/{}/", options.root.as_str(), options.version))
            .context("cannot add the API version to the Graph URL")?;
        let http = http::client(options.root, options.transport)?;
        // The default seed is the clock: two runs that start together would send the same `client-request-id`s.
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

    /// The URL of a resource. Each segment is percent-encoded, so that it stays one segment of the path.
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

    /// The host, and the port if it is not the default.
    pub fn host(&self) -> &str {
        self.base.authority()
    }

    /// Whether a URL is below the Graph URL, so that the token may be sent to it.
    pub fn owns(&self, url: &Url) -> bool {
        url.origin() == self.base.origin() && url.path().starts_with(self.root_path.as_str())
    }

    /// Sends a request, with retries. Nothing is sent after `stop` is set.
    pub async fn send(&self, call: &Call<'_>, stop: &StopFlag) -> Outcome {
        let mut last = None;
        let mut unanswered = false;
        // A request that is sent again with a new token is not a retry.
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
                // The gate pauses all calls, including this one.
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

    /// Waits until the gate allows one request.
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
        // From the generator that is seeded once per run: the system's would cost a system call for each.
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
    let unfit = |_| NoAnswer::Unknown { sent: false, reason: "the token cannot be sent in an HTTP header".to_owned() };
    let mut token = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(unfit)?;
    token.set_sensitive(true);
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(AUTHORIZATION, token);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CLIENT_REQUEST_ID, HeaderValue::from_str(&id.to_string()).map_err(unfit)?);
    if method == Method::POST {
        // hyper leaves it out if there is no body, and Graph then answers 411.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(headers)
}
