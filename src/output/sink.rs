//! Writes results to standard output. A separate thread does it, so that a stalled reader delays neither requests in
//! flight, which would seem to time out, nor Ctrl-C.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::format::RecordOutput;
use super::format::text::RecordStyle;
use super::progress::ProgressLine;
use super::record::{Record, Status, Summary};
use super::{Format, stdout};

/// The outcome of writing the results.
#[derive(Debug, Default)]
pub struct Written {
    /// Why some results could not be written.
    pub error: Option<io::Error>,
    /// The results that could not be written. If the reader closed the pipe, without those that were not attempted.
    pub lost: Vec<Record>,
}

impl Written {
    /// Some results were not written, and it is not known which.
    pub fn failed(why: &'static str) -> Self {
        Self { error: Some(io::Error::other(why)), lost: Vec::new() }
    }

    /// Whether the reader closed the pipe, as `| head` does. That is normal.
    pub fn closed(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

enum Message {
    Records(Vec<Queued>),
    Summary(Box<Summary>),
}

struct Queued {
    record: Record,
    /// Released when the record has been written. This limits how far writing may fall behind.
    permit: Option<OwnedSemaphorePermit>,
}

/// Takes records, and writes them on a separate thread.
pub struct Sink {
    /// Records not handed over yet: waking the thread for each one costs more than writing it.
    held: Vec<Queued>,
    batch_size: usize,
    messages: mpsc::Sender<Message>,
    failed: oneshot::Receiver<()>,
    written: oneshot::Receiver<Written>,
}

impl Sink {
    /// Starts writing to standard output. `progress` is hidden during each write, which may go to the same terminal. At
    /// most `batch_size` records are handed over together. `heading` is written before the first result.
    pub fn start(
        format: Format,
        heading: Vec<u8>,
        style: RecordStyle,
        progress: Option<ProgressLine>,
        batch_size: usize,
    ) -> io::Result<Self> {
        let (messages, inbox) = mpsc::channel();
        let (failed_tx, failed) = oneshot::channel();
        let (written_tx, written) = oneshot::channel();
        let mut writer = Writer {
            format,
            heading,
            style,
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
            // The receiver is gone if the run ended without waiting for the output.
            let _ = written_tx.send(writer.written);
        })?;
        Ok(Self { held: Vec::new(), batch_size, messages, failed, written })
    }

    /// Takes a record. It may stay here until [`Self::hand_over`], which must be called before waiting for anything.
    pub fn record(&mut self, record: Record, permit: Option<OwnedSemaphorePermit>) {
        self.held.push(Queued { record, permit });
        if self.held.len() >= self.batch_size {
            self.hand_over();
        }
    }

    /// Whether some records are not handed over yet.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Hands the records over to the thread.
    pub fn hand_over(&mut self) {
        if self.is_holding() {
            // This cannot fail: the thread ends only when the sender is dropped.
            let _ = self.messages.send(Message::Records(std::mem::take(&mut self.held)));
        }
    }

    /// Returns when writing fails; never returns if all goes well.
    pub async fn failed(&mut self) {
        if (&mut self.failed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Writes the summary, and waits until everything is written.
    pub async fn finish(mut self, summary: Summary) -> Written {
        self.hand_over();
        let _ = self.messages.send(Message::Summary(Box::new(summary)));
        drop(self.messages);
        self.written.await.unwrap_or_else(|_| Written::failed("the writing thread failed"))
    }
}

struct Writer<W> {
    format: Format,
    /// Empty after it was written.
    heading: Vec<u8>,
    style: RecordStyle,
    out: W,
    progress: Option<ProgressLine>,
    /// The records of a format that writes them at the end.
    kept: Vec<Record>,
    failed: Option<oneshot::Sender<()>>,
    written: Written,
}

impl<W: Write> Writer<W> {
    fn take(&mut self, message: Message) {
        match message {
            Message::Records(records) => records.into_iter().for_each(|queued| self.record(queued)),
            Message::Summary(summary) => {
                if !self.heading.is_empty()
                    && let Err(error) = self.write(&[])
                {
                    self.lose(Some(error), []);
                }
                let mut kept = std::mem::take(&mut self.kept);
                kept.sort_by_key(|record| record.index);
                if let Err(error) = self.format.records(&mut self.out, &summary, &kept) {
                    self.lose(Some(error), kept);
                }
            }
        }
    }

    fn record(&mut self, Queued { record, permit }: Queued) {
        match self.format.record(&record, self.style) {
            Ok(RecordOutput::AtTheEnd) => self.kept.push(record),
            Ok(RecordOutput::Hidden) => {}
            _ if self.written.error.is_some() => self.lose(None, [record]),
            Ok(RecordOutput::Line(line)) => {
                if let Err(error) = self.write(&line) {
                    self.lose(Some(error), [record]);
                }
            }
            Err(error) => self.lose(Some(error), [record]),
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
        // A reader that closed the pipe needs no list of IDs that were not attempted; a full disk does.
        let closed = self.written.closed();
        self.written.lost.extend(records.into_iter().filter(|record| !closed || record.status != Status::NotAttempted));
    }

    /// Writes in one call and flushes, so that a line is never incomplete, whatever happens next.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let headed = [std::mem::take(&mut self.heading).as_slice(), line].concat();
        let out = &mut self.out;
        let mut write = || {
            out.write_all(&headed)?;
            out.flush()
        };
        match &self.progress {
            Some(line) => line.suspend(write),
            None => write(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{DONE, record};
    use super::*;

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

    fn write<W: Write>(format: Format, out: W, records: Vec<Record>) -> Writer<W> {
        let mut writer = Writer {
            format,
            heading: format.heading(None).unwrap(),
            style: RecordStyle::PLAIN,
            out,
            progress: None,
            kept: Vec::new(),
            failed: None,
            written: Written::default(),
        };
        let records = records.into_iter().map(|record| Queued { record, permit: None }).collect();
        writer.take(Message::Records(records));
        writer.take(Message::Summary(Box::default()));
        writer
    }

    #[test]
    fn a_record_in_json_keeps_the_message_unchanged() {
        let line = serde_json::to_string(&record(1, Status::Failed)).unwrap();
        assert!(line.contains(r#""message":"no\nsuch \u001b[2Jpartner""#), "{line}");
        let owner = r#","tenant_id":"t","graph_url":"https://g","account":null,"client_request_id""#;
        assert!(line.contains(&format!(r#""time":"1970-01-01T00:00:00.000Z"{owner}"#)), "{line}");
    }

    #[test]
    fn unwritten_records_are_kept_except_unattempted_ones_on_a_closed_pipe() {
        let records = || vec![record(1, DONE), record(2, Status::Failed), record(3, Status::Failed)];
        let full = write(Format::Ndjson, Full(1, io::ErrorKind::StorageFull), records()).written;
        assert_eq!(full.lost.iter().map(|record| record.index).collect::<Vec<_>>(), [2, 3]);
        assert!(!full.closed());
        let closed = write(Format::Ndjson, Full(1, io::ErrorKind::BrokenPipe), records()).written;
        assert!(closed.closed());
        assert_eq!(closed.lost.iter().map(|record| record.index).collect::<Vec<_>>(), [2, 3]);
        let unsent = vec![record(1, DONE), record(2, Status::NotAttempted)];
        assert!(write(Format::Ndjson, Full(0, io::ErrorKind::BrokenPipe), unsent).written.lost.len() == 1);
        let document = write(Format::Json, Full(0, io::ErrorKind::StorageFull), records()).written;
        assert_eq!(document.lost.len(), 3);
    }

    #[test]
    fn a_heading_is_written_once_with_the_first_record_or_alone() {
        let heading = Format::Csv.heading(None).unwrap();
        assert_eq!(write(Format::Csv, Vec::new(), Vec::new()).out, heading);
        let out = write(Format::Csv, Vec::new(), vec![record(1, DONE), record(2, Status::Failed)]).out;
        assert!(out.starts_with(&heading));
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 3);
        let full = write(Format::Csv, Full(0, io::ErrorKind::StorageFull), Vec::new()).written;
        assert!(full.error.is_some() && full.lost.is_empty());
        assert_eq!(
            write(Format::Ndjson, Full(0, io::ErrorKind::StorageFull), Vec::new()).written.error.map(|e| e.kind()),
            None
        );
    }

    #[test]
    fn a_document_is_in_input_order() {
        let records = vec![record(2, DONE), record(1, Status::Failed)];
        let out = write(Format::Json, Vec::new(), records).out;
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(document["results"][0]["index"], 1);
        assert_eq!(document["results"][1]["index"], 2);
        assert_eq!(document["summary"]["total"], 0);
    }
}
