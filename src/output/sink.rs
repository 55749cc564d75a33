//! The door to standard output for results. A thread of its own writes, so that a reader that stalls holds up
//! neither the requests under way, whose answers would seem to be late, nor a Ctrl-C.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::progress::Line;
use super::record::{Record, Status, Summary};
use super::style::{DIM, GREEN, MAGENTA, RED, painted};
use super::terminal::{Layout, Shape, measure, wrap};
use super::{Format, stdout};
use crate::text::sanitize::{escape_json, sanitize};

/// How results look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The format.
    pub format: Format,
    /// The layout and colour of `text`.
    pub shape: Shape,
    /// The width of the widest ID, in columns of a terminal.
    pub id_width: usize,
}

/// What became of the writing.
#[derive(Debug, Default)]
pub struct Written {
    /// Why not everything could be written.
    pub error: Option<io::Error>,
    /// What could not be. Where the reader went away, without that for which nothing was sent.
    pub lost: Vec<Record>,
}

impl Written {
    /// Not everything was written, and what was not is not known.
    pub fn failed(why: &'static str) -> Self {
        Self { error: Some(io::Error::other(why)), lost: Vec::new() }
    }

    /// Whether the reader went away, as `| head` does; no reason for alarm.
    pub fn closed(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

enum Message {
    Records(Vec<Given>),
    Summary(Box<Summary>),
}

/// A record to be written.
struct Given {
    record: Record,
    /// Given back when the record has been written: it bounds how far writing may fall behind.
    permit: Option<OwnedSemaphorePermit>,
}

/// Takes records, and writes them on a thread of its own, so that a reader who stalls holds up nothing else.
pub struct Sink {
    /// Those not handed over yet: to wake the thread for each one alone costs more than to write it.
    held: Vec<Given>,
    together: usize,
    messages: mpsc::Sender<Message>,
    failed: oneshot::Receiver<()>,
    written: oneshot::Receiver<Written>,
}

impl Sink {
    /// Starts writing to standard output. `progress` is kept out of the way of what is written to the same terminal. At
    /// most so many records are handed over `together`.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(look: Look, progress: Option<Line>, together: usize) -> io::Result<Self> {
        let (messages, inbox) = mpsc::channel();
        let (failed_tx, failed) = oneshot::channel();
        let (written_tx, written) = oneshot::channel();
        let mut writer = Writer {
            look,
            out: stdout::open()?,
            progress,
            kept: Vec::new(),
            failed: Some(failed_tx),
            written: Written::default(),
        };
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            for message in inbox {
                writer.take(message);
            }
            // Nobody listens where the run ended without waiting for the output.
            let _ = written_tx.send(writer.written);
        })?;
        Ok(Self { held: Vec::new(), together, messages, failed, written })
    }

    /// Takes a record. It may stay here until [`Self::hand_over`], which is due before anything is waited for.
    pub fn record(&mut self, record: Record, permit: Option<OwnedSemaphorePermit>) {
        self.held.push(Given { record, permit });
        if self.held.len() >= self.together {
            self.hand_over();
        }
    }

    /// Whether there are records that are not on their way yet.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Sends them on their way.
    pub fn hand_over(&mut self) {
        if self.is_holding() {
            // The writer ends only when this end of the channel is gone.
            let _ = self.messages.send(Message::Records(std::mem::take(&mut self.held)));
        }
    }

    /// Returns when nothing can be written any more; never where all goes well.
    pub async fn failed(&mut self) {
        if (&mut self.failed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until everything is written.
    pub async fn finish(mut self, summary: Summary) -> Written {
        self.hand_over();
        let _ = self.messages.send(Message::Summary(Box::new(summary)));
        drop(self.messages);
        self.written.await.unwrap_or_else(|_| Written::failed("the output broke off"))
    }
}

/// JSON on its way out, in pieces that are each whole UTF-8.
struct Escaped<W>(W);

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes).map(escape_json) {
            Ok(Cow::Owned(escaped)) => self.0.write_all(escaped.as_bytes())?,
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

struct Writer<W> {
    look: Look,
    out: W,
    progress: Option<Line>,
    /// The records of a `json` document, which is written at the end.
    kept: Vec<Record>,
    failed: Option<oneshot::Sender<()>>,
    written: Written,
}

#[derive(Serialize)]
struct Document<'a> {
    summary: &'a Summary,
    results: &'a [Record],
}

impl<W: Write> Writer<W> {
    fn take(&mut self, message: Message) {
        match message {
            Message::Records(records) => records.into_iter().for_each(|given| self.record(given)),
            Message::Summary(summary) if self.look.format == Format::Json => {
                let mut kept = std::mem::take(&mut self.kept);
                kept.sort_by_key(|record| record.index);
                if let Err(error) = self.document(&summary, &kept) {
                    self.lose(Some(error), kept);
                }
            }
            Message::Summary(_) => {}
        }
    }

    fn record(&mut self, Given { record, permit }: Given) {
        match self.look.format {
            Format::Json => self.kept.push(record),
            Format::Id if !record.status.has_succeeded() => {}
            _ if self.written.error.is_some() => self.lose(None, [record]),
            _ => {
                if let Err(error) = self.line(&record) {
                    self.lose(Some(error), [record]);
                }
            }
        }
        drop(permit);
    }

    fn lose(&mut self, error: Option<io::Error>, records: impl IntoIterator<Item = Record>) {
        if let Some(error) = error {
            self.written.error = Some(error);
        }
        if let Some(failed) = self.failed.take() {
            let _ = failed.send(());
        }
        // Who closes the pipe does not want to hear of what was not even sent; who runs out of disk does.
        let closed = self.written.closed();
        self.written.lost.extend(records.into_iter().filter(|record| !closed || record.status != Status::NotAttempted));
    }

    fn line(&mut self, record: &Record) -> io::Result<()> {
        self.write(&line(record, self.look)?)
    }

    fn document(&mut self, summary: &Summary, results: &[Record]) -> io::Result<()> {
        // In pieces: as one text it would take more memory than the records.
        let mut out = Escaped(io::BufWriter::new(&mut self.out));
        serde_json::to_writer_pretty(&mut out, &Document { summary, results })?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Writes in one call and flushes: a line is there whole, whatever happens next.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let out = &mut self.out;
        let mut write = || {
            out.write_all(bytes)?;
            out.flush()
        };
        match &self.progress {
            Some(line) => line.suspend(write),
            None => write(),
        }
    }
}

/// A record as what is written of it, with the end of the line.
///
/// # Errors
/// None: memory takes whatever is written to it.
pub fn line(record: &Record, look: Look) -> io::Result<Vec<u8>> {
    let mut line = match look.format {
        Format::Ndjson | Format::Json => {
            let mut line = Escaped(Vec::with_capacity(400));
            serde_json::to_writer(&mut line, record)?;
            line.0
        }
        Format::Id => record.id.clone().into_bytes(),
        Format::Text => text_line(record, look).into_bytes(),
    };
    line.push(b'\n');
    Ok(line)
}

/// A record as a line of text, without its end. On a terminal on which the line does not fit, as several: what is
/// below the ID is indented.
pub fn text_line(record: &Record, look: Look) -> String {
    const INDENT: &str = "  ";
    let (id, name, detail) = (sanitize(&record.id), record.status.name(), detail(record));
    let style = match record.status {
        Status::Done(_) | Status::Would(_) => GREEN,
        Status::Failed => RED,
        Status::NotAttempted => MAGENTA,
        Status::Skipped | Status::Already(_) => DIM,
    };
    let status = painted(name, style, look.shape.color);
    let Layout::Columns { width } = look.shape.layout else {
        return if detail.is_empty() { format!("{id}\t{status}") } else { format!("{id}\t{status}\t{detail}") };
    };
    let width = width.unwrap_or(usize::MAX);
    // The widest of those that have a detail; what stands behind it begins in one column.
    let widest = match record.status {
        Status::Would(action) | Status::Already(action) => Status::Already(action),
        _ => Status::NotAttempted,
    };
    let status_width = widest.name().len().max(name.len());
    let is_below = look.id_width + INDENT.len() + status_width > width;
    let gap = if is_below { "\n".to_owned() } else { " ".repeat(look.id_width.saturating_sub(measure(&id))) };
    let head = format!("{id}{gap}{INDENT}{status}");
    if detail.is_empty() {
        return head;
    }
    let detail_at = look.id_width + INDENT.len() + status_width + INDENT.len();
    if detail_at.saturating_add(measure(&detail)) <= width {
        let gap = " ".repeat(status_width - name.len());
        return format!("{head}{gap}{INDENT}{}", painted(&detail, DIM, look.shape.color));
    }
    let lines = wrap(&detail, width.saturating_sub(INDENT.len()));
    let lines = lines.into_iter().map(|line| format!("\n{INDENT}{}", painted(line, DIM, look.shape.color)));
    std::iter::once(head).chain(lines).collect()
}

/// Why an ID is not done, or what else there is to say of it.
pub fn detail(record: &Record) -> String {
    match &record.error {
        Some(failure) => failure.in_words(),
        None => sanitize(record.remark.as_deref().unwrap_or_default()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::record::Owner;
    use super::*;
    use crate::action::DISCONNECT;
    use crate::graph::failure::{CallFailure, FailureKind};

    const DONE: Status = Status::Done(&DISCONNECT);

    fn record(index: usize, status: Status) -> Record {
        let error = (status != DONE).then(|| CallFailure {
            code: "Not\tFound".into(),
            message: "no\nsuch \u{1b}[2Jpartner".into(),
            kind: FailureKind::Http,
            http_status: Some(404),
            request_id: Some("r".into()),
            hint: None,
            is_unsent: false,
        });
        Record {
            id: format!("id-{index}"),
            index,
            action: &DISCONNECT,
            status,
            http_status: Some(404),
            attempts: 1,
            duration_ms: 5,
            time: SystemTime::UNIX_EPOCH,
            owner: Owner { tenant_id: Some("t".into()), graph_url: Some("https://g".into()), account: None },
            client_request_id: Some(uuid::Uuid::nil()),
            request_id: Some("r".into()),
            error,
            dry_run: false,
            remark: None,
        }
    }

    fn look(format: Format) -> Look {
        Look { format, shape: Shape::PLAIN, id_width: 0 }
    }

    struct Full(usize, io::ErrorKind);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(self.1)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write<W: Write>(look: Look, out: W, records: Vec<Record>) -> Writer<W> {
        let mut writer =
            Writer { look, out, progress: None, kept: Vec::new(), failed: None, written: Written::default() };
        let records = records.into_iter().map(|record| Given { record, permit: None }).collect();
        writer.take(Message::Records(records));
        writer.take(Message::Summary(Box::default()));
        writer
    }

    #[test]
    fn text_is_one_cleaned_line_of_three_fields() {
        let line = text_line(&record(1, Status::Failed), look(Format::Text));
        assert_eq!(line, "id-1\tfailed\t404 Not Found: no such \u{fffd}[2Jpartner (request id r)");
        assert_eq!(text_line(&record(1, DONE), look(Format::Text)), "id-1\tdisconnected");
    }

    #[test]
    fn what_does_not_fit_on_a_line_of_the_terminal_stands_below_it() {
        let shown = |status, width| {
            let mut record = record(1, status);
            record.id = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10".to_owned();
            if let Some(error) = &mut record.error {
                error.code = "ResourceNotFound".to_owned();
                error.message = "this tenant has no such partner".to_owned();
            }
            let shape = Shape { layout: Layout::Columns { width }, color: false };
            text_line(&record, Look { format: Format::Text, shape, id_width: 36 })
        };
        const DETAIL: &str = "404 ResourceNotFound: this tenant has no such partner (request id r)";
        for width in [None, Some(200), Some(121)] {
            assert_eq!(
                shown(Status::Failed, width),
                format!("5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10  failed         {DETAIL}")
            );
        }
        for width in [120, 80, 70] {
            assert_eq!(
                shown(Status::Failed, Some(width)),
                format!("5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10  failed\n  {DETAIL}")
            );
        }
        assert_eq!(
            shown(Status::Failed, Some(40)),
            "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10\n  failed\n  404 ResourceNotFound: this tenant has\n  \
             no such partner (request id r)"
        );
        assert_eq!(shown(DONE, Some(51)), "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10  disconnected");
        // Below for each, not just for those that are too wide: a column of statuses is read at a glance.
        for status in [DONE, Status::Failed] {
            let shown = shown(status, Some(50));
            assert!(shown.starts_with("5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10\n  "), "{shown}");
        }
    }

    #[test]
    fn each_line_has_its_own_colour() {
        let shape = Shape { layout: Layout::Columns { width: Some(30) }, color: true };
        let text = text_line(&record(1, Status::Failed), Look { format: Format::Text, shape, id_width: 4 });
        let expected = "id-1  \u{1b}[1m\u{1b}[31mfailed\u{1b}[0m\n  \u{1b}[2m404 Not Found: no such\u{1b}[0m\n  \
                        \u{1b}[2m\u{fffd}[2Jpartner (request id r)\u{1b}[0m";
        assert_eq!(text, expected);
    }

    #[test]
    fn json_keeps_a_message_as_it_came() {
        let line = serde_json::to_string(&record(1, Status::Failed)).unwrap();
        assert!(line.contains(r#""message":"no\nsuch \u001b[2Jpartner""#), "{line}");
        let owner = r#","tenant_id":"t","graph_url":"https://g","account":null,"client_request_id""#;
        assert!(line.contains(&format!(r#""time":"1970-01-01T00:00:00.000Z"{owner}"#)), "{line}");
    }

    #[test]
    fn what_a_full_disk_swallows_is_kept_and_of_what_a_closed_pipe_does_all_for_which_something_was_sent() {
        let records = || vec![record(1, DONE), record(2, Status::Failed), record(3, Status::Failed)];
        let full = write(look(Format::Ndjson), Full(1, io::ErrorKind::StorageFull), records()).written;
        assert_eq!(full.lost.iter().map(|record| record.index).collect::<Vec<_>>(), [2, 3]);
        assert!(!full.closed());
        let closed = write(look(Format::Ndjson), Full(1, io::ErrorKind::BrokenPipe), records()).written;
        assert!(closed.closed());
        assert_eq!(closed.lost.iter().map(|record| record.index).collect::<Vec<_>>(), [2, 3]);
        let unsent = vec![record(1, DONE), record(2, Status::NotAttempted)];
        assert!(write(look(Format::Ndjson), Full(0, io::ErrorKind::BrokenPipe), unsent).written.lost.len() == 1);
        let document = write(look(Format::Json), Full(0, io::ErrorKind::StorageFull), records()).written;
        assert_eq!(document.lost.len(), 3);
    }

    #[test]
    fn a_document_is_in_input_order() {
        let records = vec![record(2, DONE), record(1, Status::Failed)];
        let out = write(look(Format::Json), Vec::new(), records).out;
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(document["results"][0]["index"], 1);
        assert_eq!(document["results"][1]["index"], 2);
        assert_eq!(document["summary"]["total"], 0);
    }
}
