//! Partners as text, JSON, NDJSON or IDs.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::Format;
use crate::clean::{clean, escape_json};
use crate::graph::partner::Partner;

const HEADINGS: [&str; 4] = ["ID", "NAME", "STATUS", "LAST CONNECTION"];

/// Writes the partners; `aligned` for a terminal: columns under headings instead of tabs.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, partners: &[Partner], format: Format, aligned: bool) -> io::Result<()> {
    match format {
        Format::Text => text(out, partners, aligned),
        Format::Id => partners.iter().try_for_each(|partner| writeln!(out, "{}", partner.fields.id)),
        Format::Ndjson => partners.iter().try_for_each(|partner| writeln!(out, "{}", one_line(partner))),
        Format::Json if partners.is_empty() => writeln!(out, "[]"),
        Format::Json => {
            for (n, partner) in partners.iter().enumerate() {
                let start = if n == 0 { "[\n" } else { ",\n" };
                write!(out, "{start}  {}", one_line(partner))?;
            }
            writeln!(out, "\n]")
        }
    }
}

/// Graph's own JSON on one line. A line break can stand only between JSON's tokens, never inside a string.
fn one_line(partner: &Partner) -> String {
    escape_json(partner.raw.get()).replace(['\n', '\r'], " ")
}

fn text(out: &mut impl Write, partners: &[Partner], aligned: bool) -> io::Result<()> {
    let rows = partners.iter().map(|partner| {
        let fields = &partner.fields;
        let or_empty = |field: &Option<String>| clean(field.as_deref().unwrap_or_default()).into_owned();
        [
            clean(&fields.id).into_owned(),
            or_empty(&fields.display_name),
            or_empty(&fields.onboarding_status),
            or_empty(&fields.last_connection_date_time),
        ]
    });
    write_rows(out, HEADINGS, rows, aligned)
}

/// Writes rows of cleaned text; `aligned` for a terminal: columns under headings instead of tabs.
///
/// # Errors
/// Those of `out`.
pub fn write_rows<const N: usize>(
    out: &mut impl Write,
    headings: [&str; N],
    mut rows: impl Iterator<Item = [String; N]>,
    aligned: bool,
) -> io::Result<()> {
    if !aligned {
        return rows.try_for_each(|row| writeln!(out, "{}", row.join("\t")));
    }
    let rows: Vec<_> = std::iter::once(headings.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
