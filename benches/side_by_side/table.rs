//! The table of results.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

/// The file with the table of the last run.
const REPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
/// The lines before and after the table.
const MARKS: (&str, &str) = ("<!-- the last run -->\n", "<!-- its end -->\n");

/// One measurement.
pub struct Row {
    measure: String,
    ours: String,
    other: String,
    ratio: Option<f64>,
    bar: Option<Bar>,
}

struct Bar {
    words: String,
    is_met: bool,
}

impl Row {
    /// A measurement without a comparison.
    pub fn alone(measure: &str, ours: String) -> Self {
        Self { measure: measure.to_owned(), ours, other: String::new(), ratio: None, bar: None }
    }

    /// A measurement with a comparison, and the ratio of both.
    pub fn against(measure: &str, ours: String, other: String, ratio: f64) -> Self {
        Self { other, ratio: Some(ratio), ..Self::alone(measure, ours) }
    }

    /// Limits the ratio.
    pub fn ratio_at_most(self, most: f64) -> Self {
        let is_met = self.ratio.is_some_and(|ratio| ratio <= most);
        self.bar(format!("at most {most:.2}"), is_met)
    }

    /// Adds a limit, and whether it is met.
    pub fn bar(self, words: impl Into<String>, is_met: bool) -> Self {
        Self { bar: Some(Bar { words: words.into(), is_met }), ..self }
    }
}

/// The rows.
#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// Adds a row, and prints it at once because a run takes long.
    pub fn push(&mut self, row: Row) {
        eprintln!("{}", line(&row));
        self.0.push(row);
    }

    /// Adds several.
    pub fn extend(&mut self, rows: impl IntoIterator<Item = Row>) {
        rows.into_iter().for_each(|row| self.push(row));
    }

    /// Whether every limit is met.
    pub fn is_met(&self) -> bool {
        self.0.iter().all(|row| row.bar.as_ref().is_none_or(|bar| bar.is_met))
    }

    /// The table in Markdown, below the description of the run.
    pub fn markdown(&self, about: &str) -> String {
        let mut text = format!("{about}\n\n| measure | intunectl | against | ratio | bar |\n|---|---|---|---|---|\n");
        for row in &self.0 {
            text.push_str(&line(row));
            text.push('\n');
        }
        text
    }
}

fn line(row: &Row) -> String {
    let Row { measure, ours, other, ratio, bar } = row;
    let mut line = format!("| {measure} | {ours} | {other} | ");
    if let Some(ratio) = ratio {
        let _ = write!(line, "{ratio:.3}");
    }
    line.push_str(" | ");
    if let Some(Bar { words, is_met }) = bar {
        let _ = write!(line, "{words}: {}", if *is_met { "met" } else { "**missed**" });
    }
    line.push_str(" |");
    line
}

/// Replaces the text of the last run.
///
/// # Errors
/// The file has no place for it.
pub fn save(text: &str) -> Result<()> {
    let report = std::fs::read_to_string(REPORT).context("docs/performance.md")?;
    let place = report.split_once(MARKS.0).and_then(|(before, rest)| Some((before, rest.split_once(MARKS.1)?.1)));
    let (before, after) = place.context("docs/performance.md has no place for the last run")?;
    Ok(std::fs::write(REPORT, format!("{before}{}{text}{}{after}", MARKS.0, MARKS.1))?)
}
