//! Tables.

use anstyle::Style;

use super::style::{BOLD, DIM, painted};
use super::terminal::{Layout, TextStyle, cut, measure};

/// Columns are not cut below this width: shorter values could not be told apart.
const NARROWEST: usize = 10;
/// The space between columns.
const GAP: usize = 2;
/// The indent of the lines below the first cell of a block.
const INDENT: usize = 2;

#[derive(Debug, Clone, Copy)]
pub struct Column {
    label: &'static str,
    may_be_cut: bool,
}

impl Column {
    /// A column that is never cut. The heading is the label in capitals.
    pub const fn whole(label: &'static str) -> Self {
        Self { label, may_be_cut: false }
    }

    /// A column that is cut if the terminal is too narrow.
    pub const fn cut(label: &'static str) -> Self {
        Self { label, may_be_cut: true }
    }

    fn narrowest(&self) -> usize {
        NARROWEST.max(measure(self.label))
    }
}

#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Sanitized text; empty if unknown.
    pub text: String,
    /// The colour. It must not add information to the text.
    pub style: Style,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, style: Style::new() }
    }
}

/// Rows as text. On a terminal: columns with headings, some of them cut if necessary, or, if they do not fit, blocks of
/// lines. For programs: tabs, and no headings.
pub fn text<const N: usize>(columns: &[Column; N], rows: &[[Cell; N]], style: TextStyle) -> String {
    let rows: Vec<_> = rows.iter().map(<[Cell; N]>::as_slice).collect();
    lay_out(columns, &rows, style)
}

fn lay_out(columns: &[Column], rows: &[&[Cell]], style: TextStyle) -> String {
    let TextStyle { layout, color } = style;
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

/// The widths of the columns in a table of at most `width`; `None` if they do not fit.
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
    // Written only before more text, so that no line ends in spaces.
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

/// A row as a block of lines: the first cell, then a line for every other cell that is not empty, with its label.
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
    use super::*;

    #[test]
    fn of_the_columns_that_may_be_cut_the_widest_is_cut_first() {
        let columns = [Column::cut("one"), Column::cut("two"), Column::whole("three")];
        let row = ["x".repeat(30), "y".repeat(14), "z".repeat(20)].map(Cell::from);
        let widths = |width| widths(&columns, &[&row], width);
        assert_eq!(widths(68), Some(vec![30, 14, 20]));
        assert_eq!(widths(60), Some(vec![22, 14, 20]));
        assert_eq!(widths(50), Some(vec![13, 13, 20]));
        assert_eq!(widths(44), Some(vec![10, 10, 20]));
        assert_eq!(widths(43), None);
    }
}
