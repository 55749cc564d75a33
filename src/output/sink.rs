//! The door to standard output for results. A thread of its own writes, so that a reader that stalls holds up
//! neither the requests under way, whose answers would seem to be late, nor a Ctrl-C.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use unicode_width::UnicodeWidthStr;

use super::console::{DIM, GREEN, RED, YELLOW};
use super::progress::Line;
use super::record::{Failure, Record, Status, Summary};
use super::{Format, stdout};
use crate::clean::{clean, escape_json};

/// How results look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The format.
    pub format: Format,
    /// Columns for `text`: the width of the widest ID on a terminal; `None` for tabs.
    pub id_width: Option<usize>,
    /// Whether `text` is coloured.
    pub color: bool,
}

/// What became of the writing.
#[derive(Debug, Default)]
pub struct Written {
    /// Why not everything could be written.
    pub error: Option<io::Error>,
    /// What could not be, where somebody is left who would want to know.
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
    /// The permit is given back when the record has been written: it bounds how far writing may fall behind.
    Record(Box<Record>, Option<OwnedSemaphorePermit>),
    Summary(Box<Summary>),
}

/// Takes records, and writes each the moment it comes.
pub struct Sink {
    messages: mpsc::Sender<Message>,
    failed: oneshot::Receiver<()>,
    written: oneshot::Receiver<Written>,
}

impl Sink {
    /// Starts writing to standard output. `progress` is kept out of the way of what is written to the same terminal.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(look: Look, progress: Option<Line>) -> io::Result<Self> {
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
        Ok(Self { messages, failed, written })
    }

    /// Hands a record over.
    pub fn record(&self, record: Record, permit: Option<OwnedSemaphorePermit>) {
        // The writer ends only when this end of the channel is gone.
        let _ = self.messages.send(Message::Record(Box::new(record), permit));
    }

    /// Returns when nothing can be written any more; never where all goes well.
    pub async fn failed(&mut self) {
        if (&mut self.failed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until everything is written.
    pub async fn finish(self, summary: Summary) -> Written {
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
            Message::Record(record, _) if self.look.format == Format::Json => self.kept.push(*record),
            Message::Record(record, _) if self.look.format == Format::Id && record.status != Status::Disconnected => {}
            Message::Record(record, permit) => {
                let written = if self.written.error.is_some() { Err(None) } else { self.line(&record).map_err(Some) };
                if let Err(error) = written {
                    self.lose(error, [*record]);
                }
                drop(permit);
            }
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

    fn lose(&mut self, error: Option<io::Error>, records: impl IntoIterator<Item = Record>) {
        if let Some(error) = error {
            self.written.error = Some(error);
        }
        if let Some(failed) = self.failed.take() {
            let _ = failed.send(());
        }
        // Who closes the pipe does not want the rest; who runs out of disk does.
        if !self.written.closed() {
            self.written.lost.extend(records);
        }
    }

    fn line(&mut self, record: &Record) -> io::Result<()> {
        let mut line = match self.look.format {
            Format::Ndjson | Format::Json => {
                let mut line = Escaped(Vec::with_capacity(400));
                serde_json::to_writer(&mut line, record)?;
                line.0
            }
            Format::Id => record.id.clone().into_bytes(),
            Format::Text => text_line(record, self.look).into_bytes(),
        };
        line.push(b'\n');
        self.write(&line)
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

/// A record as a line of text, without its end.
pub fn text_line(record: &Record, look: Look) -> String {
    let (id, status) = (clean(&record.id), record.status.name());
    let style = match record.status {
        Status::Disconnected => GREEN,
        Status::Failed => RED,
        Status::NotAttempted => YELLOW,
    };
    let status = if look.color { format!("{style}{status}{style:#}") } else { status.to_owned() };
    let detail = detail(record);
    let Some(width) = look.id_width else {
        return if detail.is_empty() { format!("{id}\t{status}") } else { format!("{id}\t{status}\t{detail}") };
    };
    let gap = " ".repeat(width.saturating_sub(id.width()));
    if detail.is_empty() {
        return format!("{id}{gap}  {status}");
    }
    let gap_behind = " ".repeat(Status::NotAttempted.name().len() - record.status.name().len());
    let detail = if look.color { format!("{DIM}{detail}{DIM:#}") } else { detail };
    format!("{id}{gap}  {status}{gap_behind}  {detail}")
}

/// Why an ID is not done: HTTP status, code, message, request id.
pub fn detail(record: &Record) -> String {
    let Some(Failure { code, message, .. }) = &record.error else { return String::new() };
    let status = record.http_status.map(|status| format!("{status} ")).unwrap_or_default();
    let id = record.request_id.as_deref().map(|id| format!(" (request id {})", clean(id))).unwrap_or_default();
    format!("{status}{}: {}{id}", clean(code), clean(message))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::record::FailureKind;
    use super::*;

    fn record(index: usize, status: Status) -> Record {
        let error = (status != Status::Disconnected).then(|| Failure {
            code: "Not\tFound".into(),
            message: "no\nsuch \u{1b}[2Jpartner".into(),
            kind: FailureKind::Http,
        });
        Record {
            id: format!("id-{index}"),
            index,
            action: "disconnect",
            status,
            http_status: Some(404),
            attempts: 1,
            duration_ms: 5,
            time: SystemTime::UNIX_EPOCH,
            client_request_id: Some(uuid::Uuid::nil()),
            request_id: Some("r".into()),
            error,
        }
    }

    fn look(format: Format) -> Look {
        Look { format, id_width: None, color: false }
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
        for record in records {
            writer.take(Message::Record(Box::new(record), None));
        }
        writer.take(Message::Summary(Box::default()));
        writer
    }

    #[test]
    fn text_is_one_cleaned_line_of_three_fields() {
        let line = text_line(&record(1, Status::Failed), look(Format::Text));
        assert_eq!(line, "id-1\tfailed\t404 Not Found: no such \u{fffd}[2Jpartner (request id r)");
        assert_eq!(text_line(&record(1, Status::Disconnected), look(Format::Text)), "id-1\tdisconnected");
    }

    #[test]
    fn json_keeps_a_message_as_it_came() {
        let line = serde_json::to_string(&record(1, Status::Failed)).unwrap();
        assert!(line.contains(r#""message":"no\nsuch \u001b[2Jpartner""#), "{line}");
        assert!(line.contains(r#""time":"1970-01-01T00:00:00.000Z""#), "{line}");
    }

    #[test]
    fn what_a_full_disk_swallows_is_kept_and_what_a_closed_pipe_does_is_not() {
        let records = || vec![record(1, Status::Disconnected), record(2, Status::Failed), record(3, Status::Failed)];
        let full = write(look(Format::Ndjson), Full(1, io::ErrorKind::StorageFull), records()).written;
        assert_eq!(full.lost.iter().map(|record| record.index).collect::<Vec<_>>(), [2, 3]);
        assert!(!full.closed());
        let closed = write(look(Format::Ndjson), Full(1, io::ErrorKind::BrokenPipe), records()).written;
        assert!(closed.closed() && closed.lost.is_empty());
        let document = write(look(Format::Json), Full(0, io::ErrorKind::StorageFull), records()).written;
        assert_eq!(document.lost.len(), 3);
    }

    #[test]
    fn a_document_is_in_input_order() {
        let records = vec![record(2, Status::Disconnected), record(1, Status::Failed)];
        let out = write(look(Format::Json), Vec::new(), records).out;
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(document["results"][0]["index"], 1);
        assert_eq!(document["results"][1]["index"], 2);
        assert_eq!(document["summary"]["total"], 0);
    }
}
