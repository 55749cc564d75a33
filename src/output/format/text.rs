//! Text: columns for people, tabs for programs.

use crate::output::record::{Details, PartnerAsRead, Record, Status};
use crate::output::style::{DIM, GREEN, MAGENTA, RED, painted};
use crate::output::terminal::{Layout, TextStyle, measure, wrap};
use crate::text::sanitize::{one_line, sanitize};

/// How records look as text.
#[derive(Debug, Clone, Copy)]
pub struct RecordStyle {
    pub text: TextStyle,
    /// The width of the widest ID, in terminal columns.
    pub id_width: usize,
}

impl RecordStyle {
    pub const PLAIN: Self = Self { text: TextStyle::PLAIN, id_width: 0 };
}

pub fn record(record: &Record, style: RecordStyle) -> String {
    text_line(record, style) + "\n"
}

/// A record as a line of text, without the line end. If it does not fit the terminal, it takes several lines, indented
/// below the ID.
pub fn text_line(record: &Record, style: RecordStyle) -> String {
    const INDENT: &str = "  ";
    let (id, name, detail) = (sanitize(&record.id), record.status.name(), detail(record));
    let paint = match record.status {
        Status::Done(_) | Status::Would(_) => GREEN,
        Status::Failed => RED,
        Status::NotAttempted => MAGENTA,
        Status::Skipped | Status::Already(_) => DIM,
    };
    let status = painted(name, paint, style.text.color);
    let Layout::Columns { width } = style.text.layout else {
        return if detail.is_empty() { format!("{id}\t{status}") } else { format!("{id}\t{status}\t{detail}") };
    };
    let width = width.unwrap_or(usize::MAX);
    // The widest status that has a detail, so that all details start in the same column.
    let widest = match (record.status, record.details.as_deref()) {
        (would @ (Status::Would(_) | Status::Already(_)), _) => {
            record.action.already.as_ref().map_or(would, Status::Already)
        }
        (_, Some(Details::Onboarding { .. })) => Status::Done(record.action),
        _ => Status::NotAttempted,
    };
    let status_width = widest.name().len().max(name.len());
    let is_below = style.id_width + INDENT.len() + status_width > width;
    let gap = if is_below { "\n".to_owned() } else { " ".repeat(style.id_width.saturating_sub(measure(&id))) };
    let head = format!("{id}{gap}{INDENT}{status}");
    if detail.is_empty() {
        return head;
    }
    let detail_at = style.id_width + INDENT.len() + status_width + INDENT.len();
    if detail_at.saturating_add(measure(&detail)) <= width {
        let gap = " ".repeat(status_width - name.len());
        return format!("{head}{gap}{INDENT}{}", painted(&detail, DIM, style.text.color));
    }
    let lines = wrap(&detail, width.saturating_sub(INDENT.len()));
    let lines = lines.into_iter().map(|line| format!("\n{INDENT}{}", painted(line, DIM, style.text.color)));
    std::iter::once(head).chain(lines).collect()
}

/// The error of an ID, or other details.
pub fn detail(record: &Record) -> String {
    match (&record.error, record.details.as_deref()) {
        (Some(failure), Some(Details::Onboarding { onboarding_url: Some(url) })) => {
            format!("{}; {}", failure.in_words(), confirm_at(url))
        }
        (Some(failure), _) => failure.in_words(),
        (None, _) if record.status == Status::Skipped => "done by an earlier run".to_owned(),
        (None, Some(Details::DryRun { partner: Some(PartnerAsRead { display_name, onboarding_status }), .. })) => {
            let words: Vec<_> = [display_name, onboarding_status].into_iter().flatten().map(String::as_str).collect();
            sanitize(&words.join(", ")).into_owned()
        }
        (None, Some(Details::Onboarding { onboarding_url: Some(url) })) => confirm_at(url),
        (None, _) => String::new(),
    }
}

/// The URL is never cut, so that it can be copied.
fn confirm_at(url: &str) -> String {
    format!("confirm at {}", one_line(url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::record::tests::{DONE, record};

    #[test]
    fn text_is_one_sanitized_line_of_three_fields() {
        let line = text_line(&record(1, Status::Failed), RecordStyle::PLAIN);
        assert_eq!(line, "id-1\tfailed\t404 Not Found: no such \u{fffd}[2Jpartner (request ID r)");
        assert_eq!(text_line(&record(1, DONE), RecordStyle::PLAIN), "id-1\tdisconnected");
    }

    #[test]
    fn what_does_not_fit_on_the_line_goes_below_it() {
        let shown = |status, width| {
            let mut record = record(1, status);
            record.id = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10".to_owned();
            if let Some(error) = &mut record.error {
                error.code = "ResourceNotFound".to_owned();
                error.message = "this tenant has no such partner".to_owned();
            }
            let text = TextStyle { layout: Layout::Columns { width }, color: false };
            text_line(&record, RecordStyle { text, id_width: 36 })
        };
        const DETAIL: &str = "404 ResourceNotFound: this tenant has no such partner (request ID r)";
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
             no such partner (request ID r)"
        );
        assert_eq!(shown(DONE, Some(51)), "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10  disconnected");
        // Below for every status, not only for those that are too wide, so that all details are in one column.
        for status in [DONE, Status::Failed] {
            let shown = shown(status, Some(50));
            assert!(shown.starts_with("5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10\n  "), "{shown}");
        }
    }

    #[test]
    fn every_line_sets_and_resets_its_colour() {
        let text = TextStyle { layout: Layout::Columns { width: Some(30) }, color: true };
        let line = text_line(&record(1, Status::Failed), RecordStyle { text, id_width: 4 });
        let expected = "id-1  \u{1b}[1m\u{1b}[31mfailed\u{1b}[0m\n  \u{1b}[2m404 Not Found: no such\u{1b}[0m\n  \
                        \u{1b}[2m\u{fffd}[2Jpartner (request ID r)\u{1b}[0m";
        assert_eq!(line, expected);
    }
}
