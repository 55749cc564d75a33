//! Tables of partners: what `partner list` prints for programs, which is read, and tables for people, which are not: they
//! cut IDs, and their columns have no separator.

use std::fmt;

use super::entry::is_only_dashes;
use super::id::is_guid;
use super::mistake::PRINT_IDS;

/// The ID in a row that `partner list` or `partner show` prints for programs: ID, name, status, last connection, and in
/// `show` the onboarding URL, each followed by a tab. Names contain no tabs, because they are sanitized.
///
/// Another program may print other columns in the same number. So the row has to have a status that Graph knows, or an
/// ID that is a GUID.
pub(super) fn listed_id(row: &str) -> Option<&str> {
    let mut cells = row.split('\t');
    let [id, name, status, time] = [cells.next()?, cells.next()?, cells.next()?, cells.next()?];
    let url = cells.next().unwrap_or_default();
    let is_listed = cells.next().is_none()
        && (is_guid(id) || is_status(status) && !is_guid(name))
        && status.bytes().all(|byte| byte.is_ascii_alphabetic())
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
    PowerShellColumns,
    PowerShellProperties,
    Az,
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
        } else if is_underline(next) {
            Some(Self::below_heading(line, next.trim()))
        } else if is_underline(line) {
            Some(Self::PowerShellColumns)
        } else if is_property(line) {
            Some(Self::PowerShellProperties)
        } else {
            None
        }
    }

    /// PowerShell underlines each heading; az underlines whole columns, with two spaces between them.
    fn below_heading(heading: &str, underline: &str) -> Self {
        let lengths = |line: &str| line.split_whitespace().map(str::len).collect::<Vec<_>>();
        let has_gaps_of_az = underline.split("  ").all(|dashes| !dashes.is_empty() && !dashes.contains(' '));
        if has_gaps_of_az && lengths(heading) != lengths(underline) { Self::Az } else { Self::PowerShellColumns }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let powershell = "`… | Select-Object -ExpandProperty Id`";
        let (what, command) = match self {
            Self::PowerShellColumns => ("a table of PowerShell", powershell),
            Self::PowerShellProperties => ("a list of PowerShell", powershell),
            Self::Az => ("a table of az", "`az … --query \"[].id\" -o tsv` (for `az rest`: `\"value[].id\"`)"),
            Self::Ruled => ("a table with lines", PRINT_IDS),
            Self::Partners => ("a table of partners", PRINT_IDS),
        };
        write!(f, "this is {what}, made for people; print only the IDs with {command}")
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
