//! CSV with a header that names the column `id`, as spreadsheets, PowerShell and intunectl write it.

use std::borrow::Cow;

use csv::{Reader, ReaderBuilder, StringRecord, Terminator};

use super::entry::{is_id_heading, named_separator, split_line, unquoted, without_comment};
use super::id::is_guid;
use super::json::begins_json;
use super::mistake::Place;
use super::source::Source;
use super::table::listed_id;
use crate::text::humanize::counted;

const SEPARATORS: &[u8] = b",;\t";

impl<'a> Source<'a, '_> {
    pub(super) fn csv_or_lines(&mut self) {
        let (separator, rest) = first_line(self.text);
        let separators = separator.as_ref().map_or(SEPARATORS, std::slice::from_ref);
        let mut tables = separators.iter().filter_map(|separator| Csv::new(rest, *separator));
        match (tables.next(), tables.next()) {
            (None, _) => self.lines(rest),
            (Some(_), Some(_)) => {
                self.bad(rest, "the header has two kinds of separators; put a line `sep=,` or `sep=;` above it");
            }
            (Some(csv), None) => self.csv(csv),
        }
    }

    /// Never read as lines: after a header, each row has to fit.
    fn csv(&mut self, mut csv: Csv<'a>) {
        for (name, is) in [("id", is_id_heading as fn(&str) -> bool), ("tenant_id", is_tenant_heading)] {
            if csv.columns.iter().filter(|column| is(column)).count() > 1 {
                return self.bad(csv.text, format_args!("the header names `{name}` more than once; keep one of them"));
            }
        }
        let mut cells = StringRecord::new();
        loop {
            let start = csv.offset();
            match csv.reader.read_record(&mut cells) {
                Ok(true) => {}
                Ok(false) => return,
                // Impossible for text in memory.
                Err(e) => return self.bad(csv.text, e),
            }
            let row = csv.text.get(start..csv.offset()).unwrap_or_default();
            self.row(&csv, row.trim_start_matches(['\r', '\n']), &cells);
        }
    }

    fn row(&mut self, csv: &Csv<'a>, row: &'a str, cells: &StringRecord) {
        let text = row.trim_end_matches(['\r', '\n']);
        if csv.is_ignored(text, cells) {
            return;
        }
        if let Some(problem) = csv.problem(text, cells) {
            return self.bad(row, problem);
        }
        self.id(row, csv.id_in(cells), Place::CsvCell);
        let tenant = csv.tenant.and_then(|tenant| cells.get(tenant)).unwrap_or_default();
        let tenant = unquoted(without_comment(tenant.trim()));
        if !tenant.is_empty() {
            self.tenant(row, tenant);
        }
    }
}

fn is_tenant_heading(column: &str) -> bool {
    ["tenant_id", "tenantId"].iter().any(|name| column.eq_ignore_ascii_case(name))
}

/// Skips blank lines and comments, among them PowerShell's `#TYPE`, and Excel's `sep=`. Returns the separator that it
/// names, and the text from the first other line.
fn first_line(text: &str) -> (Option<u8>, &str) {
    let (mut rest, mut separator) = (text, None);
    while !rest.is_empty() {
        let (line, next) = split_line(rest);
        let trimmed = line.trim();
        if separator.is_none() && named_separator(line).is_some() {
            separator = named_separator(line);
        } else if trimmed.contains('\r') || !(trimmed.is_empty() || trimmed.starts_with('#')) {
            break;
        }
        rest = next;
    }
    (separator, rest)
}

/// CSV whose header was read.
struct Csv<'a> {
    /// From the header.
    text: &'a str,
    reader: Reader<&'a [u8]>,
    separator: u8,
    columns: Vec<String>,
    /// The column of IDs.
    id: usize,
    tenant: Option<usize>,
}

impl<'a> Csv<'a> {
    /// `None` if `text` does not begin with a header that names the column `id` beside another one.
    fn new(text: &'a str, separator: u8) -> Option<Self> {
        let (line, _) = split_line(text);
        // A row of `partner list` may belong to a partner with the name `id`.
        if !line.as_bytes().contains(&separator) || begins_json(line.trim()) || listed_id(line.trim_end()).is_some() {
            return None;
        }
        // Only LF ends a row, so that a stray CR is noticed.
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(text.as_bytes());
        let mut header = StringRecord::new();
        reader.read_record(&mut header).ok().filter(|is_read| *is_read)?;
        let columns: Vec<_> = header.iter().map(|cell| unquoted(cell.trim()).to_owned()).collect();
        let id = columns.iter().position(|column| is_id_heading(column))?;
        let tenant = columns.iter().position(|column| is_tenant_heading(column));
        let csv = Self { text, reader, separator, columns, id, tenant };
        csv.has_header().then_some(csv)
    }

    /// Whether the first row is a header, and not a row of a partner with the name `id`.
    fn has_header(&self) -> bool {
        let row = self.text.get(..self.offset()).unwrap_or_default().trim_end_matches(['\r', '\n']);
        // `id,` alone may be a list with commas.
        (self.columns.len() > 2 || self.columns.iter().all(|column| !column.is_empty()))
            && !self.columns.iter().flat_map(|column| column.split_whitespace()).any(is_guid)
            && problem_of_quotes(row, char::from(self.separator)).is_none()
    }

    /// Where the next row begins.
    fn offset(&self) -> usize {
        usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX)
    }

    fn id_in<'r>(&self, cells: &'r StringRecord) -> &'r str {
        unquoted(without_comment(cells.get(self.id).unwrap_or_default().trim()))
    }

    /// Whether a row is blank, is a comment, or repeats the header because files were put together.
    fn is_ignored(&self, row: &str, cells: &StringRecord) -> bool {
        let is_blank = || cells.iter().all(|cell| cell.trim().is_empty());
        let is_header = || cells.iter().map(|cell| unquoted(cell.trim())).eq(self.columns.iter().map(String::as_str));
        is_blank() || is_header() || self.is_comment(row, cells) || named_separator(row) == Some(self.separator)
    }

    /// If the IDs are in another column than the first, a row with several cells may as well begin with a name. A
    /// comment with several lines has quotes, and may hide rows.
    fn is_comment(&self, row: &str, cells: &StringRecord) -> bool {
        row.starts_with('#') && !row.contains('\n') && (self.id == 0 || cells.len() == 1)
    }

    /// Why it is not clear which ID a row has.
    fn problem(&self, row: &str, cells: &StringRecord) -> Option<Cow<'static, str>> {
        let separator = char::from(self.separator);
        if named_separator(row).is_some() {
            return Some("a line `sep=` names another separator than before; give each file by itself".into());
        }
        if row.starts_with('#') {
            let problem = "the row begins with `#`, as a comment does; put the first cell in quotes, or remove the row";
            return Some(problem.into());
        }
        if let Some(problem) = problem_of_quotes(row, separator) {
            return Some(problem.into());
        }
        // Excel leaves out empty cells at the end of a row, or adds some.
        let filled = cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()).last();
        let (filled, expected) = (filled.map_or(0, |(last, _)| last + 1), self.columns.len());
        if filled > expected || cells.len() < expected && !is_guid(self.id_in(cells)) {
            let fix = match filled > expected {
                true => format!("put a cell that contains `{}` in quotes", separator.escape_default()),
                false if cells.iter().all(|cell| cell.contains(separator)) => "remove the quotes around it".to_owned(),
                false => "complete the row, or remove it".to_owned(),
            };
            let has = counted(cells.len(), "cell");
            return Some(format!("the row has {has}, but the header has {expected}; {fix}").into());
        }
        let has_heading = || cells.iter().any(|cell| is_id_heading(cell.trim()));
        let is_header = !is_guid(self.id_in(cells)) && has_heading();
        is_header.then(|| "the row looks like another header; give each CSV in a file of its own".into())
    }
}

/// What is wrong with the quotes of a row. The parser accepts everything, so a stray quote would hide the rows after it.
fn problem_of_quotes(row: &str, separator: char) -> Option<&'static str> {
    if !row.contains(['"', '\r']) {
        return None;
    }
    let mut rest = row;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let (cell, next) = rest.split_once(separator).map_or((rest, None), |(cell, next)| (cell, Some(next)));
            if cell.trim_start().starts_with('"') {
                return Some("a space is before a quote; remove it");
            }
            if cell.contains('\r') {
                return Some("a cell contains a carriage return (CR); end lines with a line feed (LF)");
            }
            rest = next?;
            continue;
        };
        // A quote in a cell is doubled.
        let Some(end) = end_of_quoted(quoted) else {
            return Some("a quote is opened and not closed; quote whole cells, and double a quote in a cell");
        };
        let after = end.trim_start_matches(' ');
        if after.is_empty() {
            return None;
        }
        let Some(next) = after.strip_prefix(separator) else {
            return Some("text follows a closing quote; quote whole cells, and double a quote in a cell");
        };
        rest = next;
    }
}

/// The text after the quote that closes a cell.
fn end_of_quoted(mut text: &str) -> Option<&str> {
    loop {
        let (_, after) = text.split_once('"')?;
        match after.strip_prefix('"') {
            Some(more) => text = more,
            None => return Some(after),
        }
    }
}
