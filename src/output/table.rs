//! Partners as text, JSON, NDJSON or IDs; and tables of whatever there is.

use std::io::{self, Write};

use anstyle::Style;

use super::Format;
use super::style::{BOLD, DIM, GREEN, MAGENTA, painted};
use super::terminal::{Layout, Shape, cut, measure};
use crate::graph::partner::Partner;
use crate::text::sanitize::{escape_json, sanitize};

/// No column is cut to less than this: what is left would tell nothing apart.
const NARROWEST: usize = 10;
/// Between columns.
const GAP: usize = 2;
/// Before what stands below a row's first cell.
const INDENT: usize = 2;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    label: &'static str,
    may_be_cut: bool,
}

impl Column {
    /// A column that is always shown whole. Its heading is the label in capitals.
    pub const fn whole(label: &'static str) -> Self {
        Self { label, may_be_cut: false }
    }

    /// A column that is cut where the terminal has no room for all of it.
    pub const fn cut(label: &'static str) -> Self {
        Self { label, may_be_cut: true }
    }

    fn narrowest(&self) -> usize {
        NARROWEST.max(measure(self.label))
    }
}

/// What stands in a row below a heading.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Cleaned text; nothing, where nothing is known.
    pub text: String,
    /// How it is coloured. It must not say what the text does not.
    pub style: Style,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, style: Style::new() }
    }
}

/// A partner's ID, as tables have it.
pub fn id(partner: &Partner) -> Cell {
    sanitize(&partner.fields.id).into_owned().into()
}

/// A partner's name.
pub fn name(partner: &Partner) -> Cell {
    or_empty(partner.fields.display_name.as_deref()).into()
}

/// A partner's status, whatever the service calls it.
pub fn status(partner: &Partner) -> Cell {
    let text = or_empty(partner.fields.onboarding_status.as_deref());
    let style = match text.as_str() {
        "onboarded" => GREEN,
        "onboarding" => MAGENTA,
        "notOnboarded" => DIM,
        _ => Style::new(),
    };
    Cell { text, style }
}

fn or_empty(field: Option<&str>) -> String {
    sanitize(field.unwrap_or_default()).into_owned()
}

/// The last connection: for people to the minute, for programs as it came.
fn last_seen(partner: &Partner, layout: Layout) -> Cell {
    let time = partner.fields.last_connection_date_time.as_deref();
    match layout {
        Layout::Tabs => or_empty(time),
        Layout::Columns { .. } => or_empty(time.map(to_the_minute).as_deref()),
    }
    .into()
}

/// A time of Graph's as `2026-11-20 08:15`. What is no time in UTC stays as it is.
fn to_the_minute(time: &str) -> String {
    // How Graph writes a time that is not set, in a field that cannot be null.
    if time == "0001-01-01T00:00:00Z" {
        return "never".to_owned();
    }
    let minutes = time.get(..16).filter(|_| humantime::parse_rfc3339(time).is_ok());
    minutes.map_or_else(|| time.to_owned(), |minutes| minutes.replace('T', " "))
}

/// Writes the partners, as text in this shape.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, partners: &[Partner], format: Format, shape: Shape) -> io::Result<()> {
    match format {
        Format::Text => {
            // With these headings and the statuses that there are, 80 columns leave 10 for the name.
            let columns =
                [Column::whole("id"), Column::cut("name"), Column::whole("status"), Column::whole("last seen (UTC)")];
            let row = |partner| [id(partner), name(partner), status(partner), last_seen(partner, shape.layout)];
            out.write_all(text(&columns, &partners.iter().map(row).collect::<Vec<_>>(), shape).as_bytes())
        }
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

/// Rows as text: in columns under headings where these fit, if need be with some of them cut; in blocks of lines where
/// they do not; with tabs and without headings for programs.
pub fn text<const N: usize>(columns: &[Column; N], rows: &[[Cell; N]], shape: Shape) -> String {
    let rows: Vec<_> = rows.iter().map(<[Cell; N]>::as_slice).collect();
    lay_out(columns, &rows, shape)
}

fn lay_out(columns: &[Column], rows: &[&[Cell]], shape: Shape) -> String {
    let Shape { layout, color } = shape;
    if rows.is_empty() {
        return String::new();
    }
    let Layout::Columns { width } = layout else {
        return rows.iter().map(|row| with_tabs(row, color)).collect();
    };
    let width = width.unwrap_or(usize::MAX);
    let Some(widths) = widths(columns, rows, width) else {
        return rows.iter().map(|row| block(columns, row, width, color)).collect();
    };
    let heading = |column: &Column| Cell { text: column.label.to_uppercase(), style: BOLD };
    let headings: Vec<_> = columns.iter().map(heading).collect();
    std::iter::once(&headings.as_slice()).chain(rows).map(|row| in_columns(row, &widths, color)).collect()
}

/// How wide each column is, in a table no wider than `width`; `None` if that cannot be.
fn widths(columns: &[Column], rows: &[&[Cell]], width: usize) -> Option<Vec<usize>> {
    let mut widths: Vec<_> = columns.iter().map(|column| measure(column.label)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(*row) {
            *width = (*width).max(measure(&cell.text));
        }
    }
    while widths.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1) > width {
        let shrinkable =
            widths.iter_mut().zip(columns).filter(|(width, column)| column.may_be_cut && **width > column.narrowest());
        let (widest, _) = shrinkable.max_by_key(|(width, _)| **width)?;
        *widest -= 1;
    }
    Some(widths)
}

fn with_tabs(row: &[Cell], color: bool) -> String {
    let cells: Vec<_> = row.iter().map(|cell| painted(&cell.text, cell.style, color)).collect();
    cells.join("\t") + "\n"
}

fn in_columns(row: &[Cell], widths: &[usize], color: bool) -> String {
    let mut line = String::new();
    // Written only before something else, so that no line ends in spaces.
    let mut spaces = 0;
    for (cell, width) in row.iter().zip(widths) {
        let text = cut(&cell.text, *width);
        if !text.is_empty() {
            line.push_str(&" ".repeat(spaces));
            line.push_str(&painted(&text, cell.style, color));
            spaces = 0;
        }
        spaces += width.saturating_sub(measure(&text)) + GAP;
    }
    line + "\n"
}

/// A row as lines of its own: its first cell, and below, what there is of the others behind their labels.
fn block(columns: &[Column], row: &[Cell], width: usize, color: bool) -> String {
    let mut cells = columns.iter().zip(row);
    let mut lines = cells.next().map(|(_, first)| painted(&first.text, BOLD, color) + "\n").unwrap_or_default();
    let indent = " ".repeat(INDENT);
    for (column, Cell { text, style }) in cells.filter(|(_, cell)| !cell.text.is_empty()) {
        let label = format!("{}:", column.label);
        let is_beside = INDENT + measure(&label) + 1 + measure(text) <= width;
        let between = if is_beside { " " } else { &format!("\n{indent}{indent}") };
        let text = match column.may_be_cut {
            true => cut(text, width.saturating_sub(2 * INDENT).max(NARROWEST)),
            false => text.into(),
        };
        lines += &format!("{indent}{}{between}{}\n", painted(&label, DIM, color), painted(&text, *style, color));
    }
    lines
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use proptest::prelude::*;

    use super::*;

    const GUIDS: [&str; 2] = ["5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10", "5a4d0b0c-0002-4000-8000-000000000001"];

    fn partner(id: &str, name: &str, status: &str, time: &str) -> Partner {
        let json = serde_json::json!({
            "id": id, "displayName": name, "onboardingStatus": status, "lastConnectionDateTime": time
        });
        let raw = serde_json::value::to_raw_value(&json).unwrap();
        Partner { fields: serde_json::from_str(raw.get()).unwrap(), raw }
    }

    fn partners() -> Vec<Partner> {
        vec![
            partner(GUIDS[0], "リモートサポート 東京", "onboarded", "2026-11-20T08:15:03.6670033Z"),
            partner(GUIDS[1], "", "notOnboarded", "0001-01-01T00:00:00Z"),
        ]
    }

    fn columns(width: Option<usize>) -> Shape {
        Shape { layout: Layout::Columns { width }, color: false }
    }

    fn written(partners: &[Partner], shape: Shape) -> String {
        let mut out = Vec::new();
        write(&mut out, partners, Format::Text, shape).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_is_as_wide_as_it_has_to_be_and_no_wider_than_the_terminal() {
        let natural = "\
ID                                    NAME                   STATUS        LAST SEEN (UTC)
5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10  リモートサポート 東京  onboarded     2026-11-20 08:15
5a4d0b0c-0002-4000-8000-000000000001                         notOnboarded  never
";
        let cut = "\
ID                                    NAME        STATUS        LAST SEEN (UTC)
5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10  リモート…   onboarded     2026-11-20 08:15
5a4d0b0c-0002-4000-8000-000000000001              notOnboarded  never
";
        let blocks = "\
5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  name: リモートサポート 東京
  status: onboarded
  last seen (UTC): 2026-11-20 08:15
5a4d0b0c-0002-4000-8000-000000000001
  status: notOnboarded
  last seen (UTC): never
";
        for (widths, expected) in
            [(&[None, Some(200), Some(91)][..], natural), (&[Some(80)], cut), (&[Some(79), Some(40)], blocks)]
        {
            for width in widths {
                assert_eq!(written(&partners(), columns(*width)), expected, "{width:?}");
            }
        }
    }

    #[test]
    fn what_a_block_has_no_room_for_beside_its_label_stands_below_it() {
        let shown = |name, width| written(&[partner("a", name, "", "")], columns(Some(width)));
        let name = "Contoso Remote Assist";
        assert_eq!(shown(name, 29), "a\n  name: Contoso Remote Assist\n");
        assert_eq!(shown(name, 28), "a\n  name:\n    Contoso Remote Assist\n");
        assert_eq!(shown(name, 24), "a\n  name:\n    Contoso Remote Assi…\n");
        // Nothing is made unreadable for a window that nobody can work in.
        assert_eq!(shown(name, 1), "a\n  name:\n    Contoso R…\n");
    }

    #[test]
    fn programs_get_what_graph_wrote() {
        let tabs = "\
5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10\tリモートサポート 東京\tonboarded\t2026-11-20T08:15:03.6670033Z
5a4d0b0c-0002-4000-8000-000000000001\t\tnotOnboarded\t0001-01-01T00:00:00Z
";
        assert_eq!(written(&partners(), Shape::PLAIN), tabs);
    }

    #[test]
    fn a_time_is_shown_to_the_minute_and_what_is_none_as_it_is() {
        let table = [
            ("2026-11-20T08:15:03.6670033Z", "2026-11-20 08:15"),
            ("2026-11-20T08:15:03Z", "2026-11-20 08:15"),
            ("0001-01-01T00:00:00Z", "never"),
            ("2026-11-20T08:15:03+09:00", "2026-11-20T08:15:03+09:00"),
            ("2026-11-20T08:15:03", "2026-11-20T08:15:03"),
            ("2026-13-20T08:15:03Z", "2026-13-20T08:15:03Z"),
            ("yesterday, as it were", "yesterday, as it were"),
            ("昨日の午後の三時ごろ", "昨日の午後の三時ごろ"),
            ("", ""),
        ];
        for (time, shown) in table {
            assert_eq!(to_the_minute(time), shown);
        }
    }

    #[test]
    fn colour_says_nothing_that_the_text_does_not() {
        let mut partners = partners();
        partners.push(partner("c", "Wide", "onboarding", ""));
        partners.push(partner("d", "New", "someNewStatus", ""));
        for layout in [Layout::Tabs, columns(None).layout, columns(Some(40)).layout] {
            let plain = written(&partners, Shape { layout, color: false });
            let colored = written(&partners, Shape { layout, color: true });
            assert!(!plain.contains('\u{1b}'));
            assert_eq!(strip_str(&colored).to_string(), plain);
            for part in
                ["\u{1b}[32monboarded\u{1b}[0m", "\u{1b}[35monboarding\u{1b}[0m", "\u{1b}[2mnotOnboarded\u{1b}[0m"]
            {
                assert!(colored.contains(part), "{colored:?}");
            }
            let is_plain = colored.contains("\tsomeNewStatus\t") || colored.contains(" someNewStatus\n");
            assert!(is_plain, "{colored:?}");
        }
    }

    #[test]
    fn the_widest_of_the_columns_that_may_be_cut_is_cut_first() {
        let columns = [Column::cut("one"), Column::cut("two"), Column::whole("three")];
        let row = ["x".repeat(30), "y".repeat(14), "z".repeat(20)].map(Cell::from);
        let widths = |width| widths(&columns, &[&row], width);
        assert_eq!(widths(68), Some(vec![30, 14, 20]));
        assert_eq!(widths(60), Some(vec![22, 14, 20]));
        assert_eq!(widths(50), Some(vec![13, 13, 20]));
        assert_eq!(widths(44), Some(vec![10, 10, 20]));
        assert_eq!(widths(43), None);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_the_terminal_and_no_id_is_cut(
            names in proptest::collection::vec("([ -~日本語]|👩‍💻|か\u{3099}){0,60}", 0..6),
            statuses in proptest::collection::vec("[a-zA-Z]{0,20}", 6),
            width in 40_usize..200,
        ) {
            let partners: Vec<_> = names.iter().zip(&statuses).enumerate().map(|(n, (name, status))| {
                partner(&format!("5a4d0b0c-0002-4000-8000-{n:012}"), name, status, "2026-11-20T08:15:03Z")
            }).collect();
            let text = written(&partners, columns(Some(width)));
            for line in text.lines() {
                prop_assert!(measure(line) <= width, "{line:?} in {width}");
            }
            for partner in &partners {
                let id = &partner.fields.id;
                prop_assert!(text.lines().any(|line| line.starts_with(id)));
                let status = partner.fields.onboarding_status.as_deref().unwrap();
                prop_assert!(text.contains(status));
            }
        }
    }
}
