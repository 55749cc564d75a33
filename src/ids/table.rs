//! Tables of partners: what `partner list` prints for programs, which is read, and tables for people, which are not: they
//! cut IDs, and their columns have no separator.

use std::fmt;

use super::entry::is_only_dashes;
use super::id::is_guid;

/// The ID in a row that `partner list` or `partner show` prints for programs: ID, name, status, last connection, and in
/// `show` the onboarding URL, each followed by a tab. Names contain no tabs, because they are sanitized.
///
/// Another program may print other columns in the same number. So the row has to have a status that Graph knows, or an
/// ID that is a GUID and perhaps a newer status. The name is no GUID.
pub(super) fn listed_id(row: &str) -> Option<&str> {
    let mut cells = row.split('\t');
    let [id, name, status, time] = [cells.next()?, cells.next()?, cells.next()?, cells.next()?];
    let url = cells.next().unwrap_or_default();
    let is_listed = cells.next().is_none()
        && (is_guid(id) || is_status(status))
        && !is_guid(name)
        && status
            .bytes()
            .enumerate()
            .all(|(at, byte)| byte.is_ascii_lowercase() || at > 0 && byte.is_ascii_uppercase())
        && is_time(time)
        && (url.is_empty() || url.starts_with("https://") || url.starts_with("http://"));
    is_listed.then_some(id)
}

fn is_status(text: &str) -> bool {
    matches!(text, "notOnboarded" | "onboarding" | "onboarded")
}

/// Whether a text may be a time as Graph writes it, or is empty.
fn is_time(text: &str) -> bool {
    text.is_empty() || text.contains('T') && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.+TZ".contains(&byte))
}

/// A table for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// Lines of dashes underline its headings.
    Underlined,
    /// Each line is `Name : value`.
    Properties,
    /// With lines between its columns.
    Ruled,
    /// Ours, or another one with the status of partners.
    Partners,
}

impl Table {
    /// The table that a line belongs to; `next` is the line after it.
    pub(super) fn recognize(line: &str, next: &str) -> Option<Self> {
        if is_ruled(line) {
            Some(Self::Ruled)
        } else if is_of_partners(line) {
            Some(Self::Partners)
        } else if is_underline(next) || is_underline(line) {
            Some(Self::Underlined)
        } else if is_property(line) {
            Some(Self::Properties)
        } else {
            None
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A command that prints all partners would be wrong: the table may show only some.
        f.write_str(match self {
            Self::Underlined => {
                "this is a table, made for people; print only the IDs with `| Select-Object -ExpandProperty Id` \
                 (PowerShell) or `--query \"[].id\" -o tsv` (az)"
            }
            Self::Properties => {
                "this is a list, made for people; print only the IDs with `| Select-Object -ExpandProperty Id` (PowerShell)"
            }
            Self::Ruled | Self::Partners => {
                "this is a table, made for people; print only the IDs, with `-o id` if intunectl printed it"
            }
        })
    }
}

fn is_ruled(line: &str) -> bool {
    line.starts_with('|') || line.contains(" | ") || line.contains(|c| matches!(c, '\u{2500}'..='\u{257f}'))
}

/// Our own table on a terminal: its heading, a row, or a line of the form for narrow terminals.
fn is_of_partners(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    match first {
        "ID" => words.any(|word| word == "STATUS"),
        "name:" | "status:" => true,
        _ => is_guid(first) && !line.contains('\t') && words.any(is_status),
    }
}

/// Whether a line underlines several headings.
fn is_underline(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.clone().count() > 1 && words.all(is_only_dashes)
}

/// Whether a line is `Name : value`.
fn is_property(line: &str) -> bool {
    line.split_once(" :").is_some_and(|(name, value)| {
        let name = name.trim_end();
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && (value.is_empty() || value.starts_with(' '))
    })
}
