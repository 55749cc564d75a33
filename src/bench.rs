//! Access for `benches/micro.rs` to the code that a run spends its own time in.
//!
//! These are functions, and expose no types: the compiler counts every method of a public type as used, and would no
//! longer report dead code.

use std::io;
use std::time::{Instant, SystemTime};

use uuid::Uuid;

use crate::action::DISCONNECT;
use crate::graph::failure::{CallFailure, FailureKind};
use crate::graph::gate::{Departure, Gate, RequestKind, Turn};
use crate::graph::pace::Rate;
use crate::graph::problem::{self, Problem};
use crate::ids::Collector;
use crate::net::answer::Answer;
use crate::net::secret::encodings_of_secret;
use crate::output::Format;
use crate::output::format::RecordOutput;
use crate::output::format::text::RecordStyle;
use crate::output::record::{Owner, Record, Status};

/// Reads a source of IDs, and returns them in its order.
pub fn read_ids(source: &[u8]) -> anyhow::Result<impl ExactSizeIterator<Item = String>> {
    let mut collector = Collector::new();
    collector.source("ids", source);
    let ids = collector.finish()?.ids;
    Ok((0..ids.len()).map(move |at| ids.get(at).map(|(id, _)| id.to_string()).unwrap_or_default()))
}

/// An answer with this body to a request with this token. The returned function searches it for the token, and returns
/// the code, message and request ID of the error in it.
pub fn error_answer(status: u16, body: &[u8], token: &str) -> impl FnOnce() -> [String; 3] + Clone {
    let secrets = encodings_of_secret(token).into();
    let answer = Answer { status, body: body.to_vec(), whole: true, secrets, ..Answer::default() };
    move || {
        let Problem { code, message, request_id } = problem::read(&answer.redacted());
        [code, message, request_id.unwrap_or_default()]
    }
}

/// The record of a partner that was disconnected, or that failed with this code and message. The returned function
/// returns its line, as text or as ndjson.
pub fn record(id: &str, error: Option<[&str; 2]>, is_text: bool) -> impl Fn() -> io::Result<Vec<u8>> {
    let record = Record {
        id: id.to_owned(),
        index: 1,
        action: &DISCONNECT,
        status: if error.is_some() { Status::Failed } else { Status::Done(&DISCONNECT) },
        http_status: Some(if error.is_some() { 404 } else { 204 }),
        attempts: 1,
        duration_ms: 184,
        time: SystemTime::now(),
        owner: Owner {
            tenant_id: Some("11111111-2222-3333-4444-555555555555".into()),
            graph_url: Some("https://graph.microsoft.com".into()),
            account: Some("admin@contoso.example".into()),
        },
        client_request_id: Some(Uuid::new_v4()),
        request_id: Some(Uuid::new_v4().to_string()),
        error: error.map(|[code, message]| CallFailure {
            code: code.to_owned(),
            message: message.to_owned(),
            kind: FailureKind::Http,
            http_status: Some(404),
            request_id: Some(Uuid::new_v4().to_string()),
            hint: None,
            is_unsent: false,
        }),
        details: None,
    };
    let format = if is_text { Format::Text } else { Format::Ndjson };
    move || match format.record(&record, RecordStyle::PLAIN)? {
        RecordOutput::Line(line) => Ok(line),
        RecordOutput::AtTheEnd | RecordOutput::Hidden => Ok(Vec::new()),
    }
}

/// The gate that every request passes, at the published rate or without a limit. The returned function reports whether
/// a write may be sent at this time, and if so, sends it through.
pub fn gate(is_paced: bool) -> impl FnMut(Instant) -> bool {
    let mut gate = Gate::new(is_paced.then_some(Rate::PUBLISHED));
    move |now| match gate.enter(now, RequestKind::Write) {
        Turn::Go(pass) => {
            gate.leave(now, pass, Departure::Passed);
            true
        }
        Turn::Paced(_) | Turn::Held(_) | Turn::AfterAnswer => false,
    }
}
