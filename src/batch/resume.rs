//! The IDs that earlier runs have done, from their records.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Deserialize;

use crate::action::{self, Action};
use crate::ids::PartnerId;
use crate::output::record::Status;
use crate::text::encoding;

/// The beginning of every record. In a JSON string its quotation marks would be escaped, so a record begins wherever
/// this occurs, even within a line: the record before it is incomplete, and this one was appended to it.
const BEGINNING: &str = "{\"id\":";

/// The content of a file of records.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    owners: HashMap<OwnerKey, Done>,
    /// How many records are incomplete: the run was killed, or the disk was full, while it wrote them. The results of
    /// their IDs are unknown.
    pub torn: usize,
    /// How many records do not name their tenant and Graph server: an earlier version wrote them.
    pub unowned: usize,
}

/// The tenant, in lower case, if the record names one, and the Graph server.
type OwnerKey = (Option<String>, String);

/// The content of the records of one tenant at one Graph server.
#[derive(Debug, Default, PartialEq, Eq)]
struct Done {
    ids: HashSet<PartnerId>,
    records: usize,
}

/// A line that is not a record of an earlier run.
#[derive(Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is not a record of an earlier run", self.line)
    }
}

#[derive(Deserialize)]
struct LoggedRecord<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    tenant_id: Option<String>,
    /// Every record of an action that was done has it, unless an earlier version wrote the record.
    #[serde(default)]
    graph_url: Option<String>,
}

/// Reads the records of earlier runs, in the order in which they were written: for each tenant and Graph server, the
/// last record of an ID decides.
///
/// # Errors
/// The bytes contain something other than records, so the user probably named the wrong file.
pub fn read(bytes: &[u8], action: &'static Action) -> Result<Earlier, Foreign> {
    // At the end of an incomplete record a character may be incomplete too; any replacement does.
    let text = encoding::decode_lossy(bytes);
    let mut earlier = Earlier::default();
    for (n, line) in text.lines().enumerate() {
        // After a power failure, some file systems put NUL characters where data was being written. If two files were
        // concatenated, a byte order mark is in the middle.
        let mut line = line.trim_matches(|c: char| c.is_whitespace() || "\0\u{feff}".contains(c));
        while !line.is_empty() {
            let next = line.get(1..).and_then(|rest| rest.find(BEGINNING)).map_or(line.len(), |at| at + 1);
            let (piece, rest) = line.split_at(next);
            line = rest;
            // Only the first value: text after a complete record is a fragment of another one.
            let first = serde_json::Deserializer::from_str(piece).into_iter::<LoggedRecord>().next();
            match first.unwrap_or_else(|| serde_json::from_str(piece)) {
                Ok(record) => earlier.take(record, action).ok_or(Foreign { line: n + 1 })?,
                Err(error) if is_torn(piece, &error, !rest.is_empty()) => earlier.torn += 1,
                Err(_) => return Err(Foreign { line: n + 1 }),
            }
        }
    }
    Ok(earlier)
}

/// Whether this is the beginning of a record whose end is missing, or is replaced by something else.
fn is_torn(piece: &str, error: &serde_json::Error, is_followed: bool) -> bool {
    let begins = piece.starts_with(BEGINNING) || BEGINNING.starts_with(piece);
    begins && (error.is_eof() || is_followed)
}

impl Earlier {
    /// `None` if it is not a record of ours.
    fn take(&mut self, record: LoggedRecord<'_>, action: &'static Action) -> Option<()> {
        let id = PartnerId::parse(&record.id).ok()?;
        let of = action::ALL.into_iter().find(|of| of.name == record.action)?;
        let is = |status: Status| status.name() == record.status;
        let has_done = is(Status::Done(of)) || is(Status::Skipped);
        if record.dry_run || !(has_done || is(Status::Failed)) {
            return Some(());
        }
        let Some(root) = record.graph_url else {
            self.unowned += 1;
            return Some(());
        };
        let owner = self.owners.entry((record.tenant_id.map(|id| id.to_ascii_lowercase()), root)).or_default();
        owner.records += 1;
        if of == action && has_done {
            owner.ids.insert(id);
        } else if of == action || action.undone_by.contains(&of.name) {
            // One that failed may have been carried out.
            owner.ids.remove(&id);
        }
        Some(())
    }

    /// The IDs that are done in this tenant (`None` if the token names no tenant) at this Graph server, and the number
    /// of records of other tenants and servers.
    pub fn of(&self, tenant: Option<&str>, root: &str) -> (HashSet<PartnerId>, usize) {
        let own = self.owners.get(&(tenant.map(str::to_ascii_lowercase), root.to_owned()));
        let all: usize = self.owners.values().map(|owner| owner.records).sum();
        let (done, records) = own.map(|own| (own.ids.clone(), own.records)).unwrap_or_default();
        (done, all - records)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::action::DISCONNECT;

    fn record(id: &str, action: &str, status: &str) -> String {
        record_of(id, action, status, "\"t\"", "\"https://g\"")
    }

    fn record_of(id: &str, action: &str, status: &str, tenant: &str, root: &str) -> String {
        format!(
            r#"{{"id":"{id}","index":1,"action":"{action}","status":"{status}","http_status":204,"tenant_id":{tenant},"graph_url":{root},"error":null}}"#
        ) + "\n"
    }

    fn read(bytes: &[u8], action: &'static Action) -> Result<(HashSet<PartnerId>, usize), Foreign> {
        let earlier = super::read(bytes, action)?;
        Ok((earlier.of(Some("T"), "https://g").0, earlier.torn))
    }

    fn done(text: &str) -> (Vec<String>, usize) {
        let (done, torn) = read(text.as_bytes(), &DISCONNECT).unwrap();
        let mut done: Vec<_> = done.iter().map(|id| id.as_str().to_owned()).collect();
        done.sort();
        (done, torn)
    }

    #[test]
    fn only_completed_actions_count_and_the_last_record_of_an_id_decides() {
        type Records = &'static [(&'static str, &'static str, &'static str)];
        let table: &[(Records, &[&str])] = &[
            (&[("a", "disconnect", "disconnected")], &["a"]),
            (&[("a", "disconnect", "failed")], &[]),
            (&[("a", "disconnect", "failed"), ("a", "disconnect", "disconnected")], &["a"]),
            (&[("a", "disconnect", "disconnected"), ("a", "disconnect", "skipped")], &["a"]),
            (&[("a", "disconnect", "disconnected"), ("a", "disconnect", "failed")], &[]),
            (&[("a", "disconnect", "disconnected"), ("a", "disconnect", "not_attempted")], &["a"]),
            (&[("a", "disconnect", "would_disconnect"), ("b", "disconnect", "already_disconnected")], &[]),
            (&[("a", "disconnect", "disconnected"), ("a", "onboard", "onboarding_started")], &[]),
            (&[("a", "disconnect", "disconnected"), ("a", "onboard", "would_onboard")], &["a"]),
            (&[("a", "onboard", "onboarding_started")], &[]),
        ];
        for (records, expected) in table {
            let text: String = records.iter().map(|(id, action, status)| record(id, action, status)).collect();
            assert_eq!(done(&text), (expected.iter().map(|id| (*id).to_owned()).collect(), 0), "{records:?}");
        }
        let guid = record("5A4D0B0C-0002-4000-8000-000000000001", "disconnect", "disconnected");
        let lower = PartnerId::parse("5a4d0b0c-0002-4000-8000-000000000001").unwrap();
        assert!(read(guid.as_bytes(), &DISCONNECT).unwrap().0.contains(&lower));
    }

    #[test]
    fn records_count_only_for_their_own_tenant_and_graph_server() {
        let done = |id: &str, tenant: &str, root: &str| record_of(id, "disconnect", "disconnected", tenant, root);
        let (own, here) = (r#""T""#, r#""https://g""#);
        let log = done("own", own, here)
            + &done("other-tenant", r#""u""#, here)
            + &done("other-root", own, r#""https://h""#)
            + &done("no-tenant", "null", here)
            // Another tenant's record of this ID changes nothing here.
            + &record_of("own", "disconnect", "failed", r#""u""#, here)
            + r#"{"id":"old","action":"disconnect","status":"disconnected","error":null}"#;
        let of = |tenant: Option<&str>, root: &str| {
            let earlier = super::read(log.as_bytes(), &DISCONNECT).unwrap();
            assert_eq!(earlier.unowned, 1);
            let (done, others) = earlier.of(tenant, root);
            let mut done: Vec<_> = done.iter().map(|id| id.as_str().to_owned()).collect();
            done.sort();
            (done.join(" "), others)
        };
        assert_eq!(of(Some("t"), "https://g"), ("own".into(), 4));
        assert_eq!(of(Some("U"), "https://g"), ("other-tenant".into(), 3));
        assert_eq!(of(Some("t"), "https://h"), ("other-root".into(), 4));
        assert_eq!(of(None, "https://g"), ("no-tenant".into(), 4));
        assert_eq!(of(Some("v"), "https://g"), (String::new(), 5));
    }

    #[test]
    fn records_without_an_effect_are_not_counted() {
        let log = record_of("a", "disconnect", "not_attempted", "null", "null")
            + &record_of("a", "disconnect", "would_disconnect", r#""u""#, r#""https://g""#)
            + r#"{"id":"a","action":"disconnect","status":"not_attempted"}"#;
        assert_eq!(super::read(log.as_bytes(), &DISCONNECT), Ok(Earlier::default()));
    }

    #[test]
    fn a_line_that_is_not_a_record_is_reported_by_its_number() {
        let good = record("a", "disconnect", "disconnected");
        let foreign = [
            "id,status",
            "p-0001",
            "[1]",
            "{}",
            "{\"error\":{}}",
            "{\"id\":\"a\",\"displayName\":\"TeamViewer\"}",
            "{\"id\":\"a b\",\"action\":\"disconnect\",\"status\":\"disconnected\"}",
            "{\"id\":\"a\",\"action\":\"rename\",\"status\":\"disconnected\"}",
            "{\"id\":\"a\",\"action\":\"disconnect\",\"status\":7}",
            "{\"summary\":",
            "not a record{\"id\":",
        ];
        for line in foreign {
            let text = format!("{good}{line}");
            assert_eq!(read(text.as_bytes(), &DISCONNECT), Err(Foreign { line: 2 }), "{line}");
        }
        for nothing in ["", "\n", "\r\n \n", "\u{feff}"] {
            assert_eq!(super::read(nothing.as_bytes(), &DISCONNECT), Ok(Earlier::default()));
        }
    }

    #[test]
    fn nul_characters_from_a_power_failure_are_ignored() {
        let [first, next] = ["a", "c"].map(|id| record(id, "disconnect", "disconnected"));
        assert_eq!(done(&format!("{first}\0\0\0\0")), (vec!["a".to_owned()], 0));
        assert_eq!(done(&format!("{first}\0\0{next}")), (vec!["a".to_owned(), "c".to_owned()], 0));
        assert_eq!(done(&format!("{first}{{\"id\":\"b\0\0\0{next}")), (vec!["a".to_owned(), "c".to_owned()], 1));
    }

    #[test]
    fn utf_16_from_windows_powershell_is_read() {
        let text = record("a", "disconnect", "disconnected").replace('}', ",\"x\":\"名\"}").replace('\n', "\r\n");
        let utf16: Vec<_> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16, &DISCONNECT).unwrap().0.len(), 1);
    }

    proptest! {
        #[test]
        fn an_incomplete_record_hides_no_other_even_if_the_next_was_appended_to_it(
            cut in 1..40_usize,
            has_line_break in any::<bool>(),
            has_next in any::<bool>(),
        ) {
            let torn = record("ö名", "disconnect", "disconnected");
            let torn = torn.as_bytes().get(..cut).unwrap();
            let mut bytes = record("a", "disconnect", "disconnected").into_bytes();
            bytes.extend(torn);
            if has_line_break {
                bytes.push(b'\n');
            }
            if has_next {
                bytes.extend(record("c", "disconnect", "disconnected").bytes());
            }
            let (done, torn) = read(&bytes, &DISCONNECT).unwrap();
            prop_assert_eq!((done.len(), torn), (1 + usize::from(has_next), 1));
        }
    }
}
