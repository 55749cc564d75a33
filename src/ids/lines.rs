//! Lines with one ID each, and JSON values between them.

use super::PartnerId;
use super::entry::{is_id_heading, is_only_dashes, named_separator, split_line, unquoted, value};
use super::id::{Quoted, is_guid, may_be_token};
use super::json::{JsonString, begins_json};
use super::mistake::Place;
use super::source::Source;
use super::table::{Table, listed_id};

impl<'a> Source<'a, '_> {
    pub(super) fn lines(&mut self, mut rest: &'a str) {
        while !rest.is_empty() {
            let (line, next) = split_line(rest);
            let trimmed = line.trim();
            let read = match PartnerId::parse(trimmed) {
                // The separator may have been a tab, which was trimmed.
                Ok(id) if id.as_str() != "sep=" => {
                    self.collector.ids.push(id);
                    Some(next)
                }
                _ if begins_json(trimmed) => self.json(rest.trim_start()),
                _ => self.other_line(line, next),
            };
            let Some(next) = read else { return };
            rest = next;
        }
    }

    /// A line that is not just an ID. Returns the text after it; `None` if the rest cannot be read.
    fn other_line(&mut self, line: &'a str, next: &'a str) -> Option<&'a str> {
        let trimmed = line.trim();
        if trimmed.contains('\r') {
            // Mac OS 9 ended lines with it. Rejected in comments too: the lines after a comment would be ignored
            // silently.
            let text = Quoted(trimmed);
            self.bad(line, format_args!("{text} contains a carriage return (CR); end lines with a line feed (LF)"));
        } else if trimmed.starts_with('#') {
            // A comment.
        } else if let Some(id) = listed_id(line.trim_end_matches('\r')) {
            // Before comments at the end of a line: a name can contain `#`.
            self.id(line, id, Place::Line);
        } else if named_separator(line).is_some() || trimmed == "sep=" {
            self.bad(line, "a line `sep=` must be the first line of its file; put the CSV in a file of its own");
        } else if !trimmed.is_empty() {
            return self.entry(line, trimmed, next);
        }
        Some(next)
    }

    fn entry(&mut self, line: &'a str, trimmed: &'a str, next: &'a str) -> Option<&'a str> {
        let value = value(trimmed);
        let entry = unquoted(value);
        if is_only_dashes(entry) {
            self.dashes(line, entry, next);
        } else if is_id_heading(entry) {
            // A heading is no ID, wherever it is: files may have been put together.
        } else if PartnerId::parse(entry).is_ok() {
            self.id(line, entry, Place::Line);
        } else if value.starts_with('"')
            && let Ok(JsonString(text)) = serde_json::from_str(value)
        {
            self.id(line, &text, Place::Line);
        } else if let Some(table) = Table::recognize(trimmed, split_line(next).0) {
            self.only_bad(line, table);
            return None;
        } else if let Some(problem) = problem_of(value).filter(|_| !may_be_token(value)) {
            self.bad(line, format_args!("{} {problem}", Quoted(value)));
        } else {
            self.id(line, entry, Place::Line);
        }
        Some(next)
    }

    /// A line of dashes underlines the heading of a table with one column. If that is not `id`, what was read as an ID
    /// above it is a heading, and the IDs below it are something else.
    fn dashes(&mut self, line: &'a str, dashes: &str, next: &'a str) {
        let before = self.before(line);
        let above = before.strip_suffix('\n').and_then(|text| text.rsplit('\n').next()).unwrap_or_default();
        let heading = unquoted(value(above.trim()));
        let below = unquoted(value(split_line(next).0.trim()));
        // PowerShell underlines the heading, az the whole column. Other lines of dashes separate groups of IDs.
        let is_underline = dashes.len() > 1 && [heading.len(), below.len()].contains(&dashes.len());
        if is_underline && !is_guid(heading) && PartnerId::parse(heading).is_ok() {
            let heading = Quoted(heading);
            self.bad(
                above,
                format_args!("{heading} is the heading of a column, not an ID; print the IDs without a table"),
            );
        }
    }
}

/// What is wrong with a line as a whole: it has colours, or separators.
fn problem_of(line: &str) -> Option<&'static str> {
    if line.contains('\u{1b}') {
        return Some("has colours for a terminal; print it again without colours");
    }
    if !line.contains([',', ';', '\t']) {
        return None;
    }
    let mut cells = line.split([',', ';', '\t']).map(|cell| unquoted(cell.trim()));
    let is_id = |cell: &str| cell.is_empty() || is_guid(cell.trim_matches(['{', '}']));
    Some(if cells.clone().all(is_id) {
        "contains several IDs; put each ID on its own line"
    } else if cells.any(is_id_heading) {
        "looks like the header of CSV; give CSV in a file of its own, with the header first"
    } else {
        "has columns without headings; put each ID on its own line, or name the column `id` in the first line"
    })
}
