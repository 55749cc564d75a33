//! How text is laid out for a terminal of a given width, or for a program that reads it.

use std::borrow::Cow;

use anstream::stream::RawStream;
use terminal_size::{Width, terminal_size_of};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::style::{Color, Handle};

/// The indent of the further lines of a note, and of an entry of a list.
const INDENT: usize = 2;
/// Messages are not wrapped to less than this: every word would be on its own line.
const NARROWEST: usize = 20;

/// How text is laid out, and whether it is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextStyle {
    pub layout: Layout,
    /// Independent of the layout: the user can ask for colour in a pipe, too.
    pub color: bool,
}

/// How the parts of a line are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// For programs: everything on one line, separated by tabs.
    Tabs,
    /// For people: in columns.
    Columns {
        /// The width of the terminal; if it is not known, nothing is wrapped or cut.
        width: Option<usize>,
    },
}

impl TextStyle {
    /// For programs, and without colour.
    pub const PLAIN: Self = Self { layout: Layout::Tabs, color: false };

    /// The style for standard output or standard error.
    pub fn of(stream: &(impl RawStream + Handle), color: Color) -> Self {
        Self { layout: Layout::of(stream), color: color.on(stream) }
    }
}

impl Layout {
    /// The layout for standard output or standard error.
    pub fn of(stream: &(impl RawStream + Handle)) -> Self {
        match stream.is_terminal() {
            true => Self::Columns { width: width(variable().as_deref(), columns_of(stream)) },
            false => Self::Tabs,
        }
    }

    /// Fits a message into the terminal, as [`wrap_message`] does. For programs, it stays as it is.
    pub fn wrap(self, message: &str, label: usize, is_list: bool) -> String {
        match self {
            // A console of Windows continues in the next row when the last column is written, so that a line break
            // after it would leave a row empty.
            Self::Columns { width: Some(width) } => wrap_message(message, width.saturating_sub(1), label, is_list),
            Self::Columns { width: None } | Self::Tabs => message.to_owned(),
        }
    }
}

/// The width in `COLUMNS`.
pub fn asked_for() -> Option<usize> {
    width(variable().as_deref(), None)
}

fn variable() -> Option<String> {
    std::env::var(crate::variables::COLUMNS).ok()
}

/// The width that the terminal of a stream reports.
pub fn columns_of(stream: impl Handle) -> Option<usize> {
    width(None, terminal_size_of(stream).map(|(Width(columns), _)| usize::from(columns)))
}

/// The width to use: `COLUMNS` takes precedence over the terminal. Some terminals (a serial line, a container) report
/// 0, which means that they do not know.
fn width(variable: Option<&str>, terminal: Option<usize>) -> Option<usize> {
    let variable = variable.and_then(|columns| columns.parse().ok());
    variable.filter(|columns| *columns > 0).or(terminal.filter(|columns| *columns > 0))
}

/// How many columns of a terminal a text takes.
pub fn measure(text: &str) -> usize {
    // unicode-width joins lam and alef into one letter, as print does; terminals give each one its own column.
    let is_arabic = |c: char| matches!(c, '\u{600}'..='\u{6ff}');
    text.split_inclusive(is_arabic).map(str::width).sum()
}

/// Cuts a text to at most `width` columns, with `…` at the end if something was cut.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if measure(text) <= width {
        return Cow::Borrowed(text);
    }
    let kept = joints(text).map(|(kept, _)| kept).take_while(|kept| measure(kept) < width).last();
    Cow::Owned(format!("{}…", kept.unwrap_or_default().trim_end()))
}

/// A message on lines of at most `width` columns, of which `label` are taken on the first line. Where it is wrapped, the
/// text continues below its beginning; a note and an entry of a list continue with an indent, because others follow.
/// Lines of the message that are indented are commands, which stay whole so that they can be copied, unless `is_list`.
fn wrap_message(message: &str, width: usize, label: usize, is_list: bool) -> String {
    let wrapped = |(n, line): (usize, &str)| {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        let before = if n == 0 { label } else { 0 };
        let fits = before + measure(line) <= width;
        if fits || (indent > 0 && !is_list) {
            return line.to_owned();
        }
        let hanging = match before {
            0 if indent > 0 || !message.contains('\n') => indent + INDENT,
            before => indent + before,
        };
        let lines = wrap(text, width.saturating_sub(hanging).max(NARROWEST));
        " ".repeat(indent) + &lines.join(&format!("\n{}", " ".repeat(hanging)))
    };
    message.split('\n').enumerate().map(wrapped).collect::<Vec<_>>().join("\n")
}

/// Wraps a text to lines of at most `width` columns, at spaces and beside double-width characters (Japanese and Chinese
/// have no spaces), but not in a command between backticks. The terminal breaks a longer word, so that a URL can still
/// be copied.
pub fn wrap(text: &str, width: usize) -> Vec<&str> {
    let is_wide = |c: char| c.width() == Some(2);
    let mut lines = Vec::new();
    let mut rest = text;
    while measure(rest) > width {
        let mut parted = None;
        for (line, next) in joints(rest).filter(|(line, next)| {
            let is_behind_space = line.ends_with(' ') && !next.starts_with(' ');
            let may_part = is_behind_space || line.ends_with(is_wide) || next.starts_with(is_wide);
            let is_in_command = line.matches('`').count() % 2 == 1 && next.contains('`');
            !line.trim().is_empty() && may_part && !is_in_command
        }) {
            // If nothing fits, take the shortest possible line.
            if parted.is_some() && measure(line.trim_end()) > width {
                break;
            }
            parted = Some((line.trim_end(), next));
        }
        let Some((line, next)) = parted else { break };
        lines.push(line);
        rest = next;
    }
    lines.push(rest);
    lines
}

/// The positions at which a text can be split, each as the text before and after it. A character on the screen is not
/// split, as far as widths show it: a mark stays with its base, and the parts of a joined emoji stay together.
fn joints(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let whole = measure(text);
    text.char_indices()
        .filter(|(_, next)| next.width() != Some(0))
        .filter_map(|(at, _)| text.split_at_checked(at))
        .filter(move |(before, behind)| measure(before) + measure(behind) == whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_variable_columns_takes_precedence_and_a_width_of_zero_is_ignored() {
        let table = [
            (None, None, None),
            (None, Some(0), None),
            (None, Some(80), Some(80)),
            (Some("100"), Some(80), Some(100)),
            (Some("100"), None, Some(100)),
            (Some("0"), Some(80), Some(80)),
            (Some(""), Some(80), Some(80)),
            (Some("-5"), Some(80), Some(80)),
            (Some("wide"), None, None),
        ];
        for (variable, terminal, expected) in table {
            assert_eq!(width(variable, terminal), expected, "{variable:?} {terminal:?}");
        }
    }

    #[test]
    fn text_is_measured_as_terminals_show_it() {
        let table = [
            ("", 0),
            ("Zürich", 6),
            ("e\u{301}", 1),
            ("東京", 4),
            ("か\u{3099}", 2),
            ("서울", 4),
            ("ช่วย", 3),
            ("مكتب الأمان", 11),
            ("بُعد", 3),
            ("👩‍💻", 2),
            ("👍🏽", 2),
        ];
        for (text, expected) in table {
            assert_eq!(measure(text), expected, "{text}");
        }
    }

    #[test]
    fn text_is_cut_between_characters() {
        let table = [
            ("TeamViewer", 10, "TeamViewer"),
            ("TeamViewers", 10, "TeamViewe…"),
            ("Team Viewers", 6, "Team…"),
            // Two columns each: only half of the sixth character would fit.
            ("リモートサポート", 16, "リモートサポート"),
            ("リモートサポート", 10, "リモート…"),
            ("リモートサポート", 11, "リモートサ…"),
            // Marks stay with their base: か and ゛, e and ´.
            ("か\u{3099}き\u{3099}く", 5, "か\u{3099}き\u{3099}…"),
            ("か\u{3099}き\u{3099}く", 4, "か\u{3099}…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            // A woman at a computer is three characters, a thumb with a skin tone two.
            ("a👩‍💻bcd", 4, "a👩‍💻…"),
            ("a👩‍💻bcd", 3, "a…"),
            ("👍🏽👍🏽👍🏽", 5, "👍🏽👍🏽…"),
            ("👍🏽👍🏽👍🏽", 4, "👍🏽…"),
            ("日本", 1, "…"),
            ("日本", 0, "…"),
        ];
        for (text, width, expected) in table {
            assert_eq!(cut(text, width), expected, "{text:?} in {width}");
        }
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        let table: [(&str, usize, &[&str]); 11] = [
            ("", 10, &[""]),
            ("as it is", 8, &["as it is"]),
            ("as it is", 7, &["as it", "is"]),
            ("no such  partner", 7, &["no such", "partner"]),
            ("see https://a.example/long/path now", 10, &["see", "https://a.example/long/path", "now"]),
            ("パートナーが見つかりません", 10, &["パートナー", "が見つかり", "ません"]),
            ("404 見つかりません (request ID r)", 12, &["404 見つかり", "ません", "(request ID", "r)"]),
            ("か\u{3099}き\u{3099}", 2, &["か\u{3099}", "き\u{3099}"]),
            ("check with `partner list -o id` now", 20, &["check with", "`partner list -o id`", "now"]),
            ("check with `partner list -o id`, or not", 10, &["check with", "`partner list -o id`,", "or not"]),
            ("it's a `b c d", 8, &["it's a", "`b c d"]),
        ];
        for (text, width, expected) in table {
            assert_eq!(wrap(text, width), expected, "{text:?} in {width}");
        }
    }

    #[test]
    fn the_further_lines_of_a_message_begin_below_its_text() {
        let url = "https://graph.microsoft.com/v1.0/deviceManagement/remoteAssistancePartners";
        let command = "  intunectl auth login --tenant contoso.com --profile contoso-emergency";
        let table = [
            ("it fits on one line", 40, 7, false, "it fits on one line".to_owned()),
            (
                "cannot list the partners: 403 Forbidden: no",
                40,
                7,
                false,
                "cannot list the partners: 403\n       Forbidden: no".to_owned(),
            ),
            // Without a label.
            (
                "3 partners: 1 disconnected, 2 not attempted",
                40,
                0,
                false,
                "3 partners: 1 disconnected, 2 not\n  attempted".to_owned(),
            ),
            // Paragraphs.
            (
                "To sign in at graph.microsoft.com, open this page:\n\n  https://microsoft.com/devicelogin",
                40,
                0,
                false,
                "To sign in at graph.microsoft.com, open\nthis page:\n\n  https://microsoft.com/devicelogin".to_owned(),
            ),
            // A command stays whole.
            (
                &format!("sign in to the other tenant with this:\n{command}"),
                40,
                6,
                false,
                format!("sign in to the other tenant with\n      this:\n{command}"),
            ),
            // A list keeps its lines.
            (
                "2 IDs are invalid; nothing was sent:\n  ids.txt:1: `a b` contains a space; put each ID on its own line\n  ids.txt:3: it is empty",
                40,
                7,
                true,
                "2 IDs are invalid; nothing was\n       sent:\n  ids.txt:1: `a b` contains a space;\n    put each ID on its own line\n  \
                 ids.txt:3: it is empty"
                    .to_owned(),
            ),
            (&format!("open {url} now"), 40, 6, false, format!("open\n      {url}\n      now")),
            // There is no room for the label.
            ("no usable token was found", 10, 9, false, "no usable token was\n         found".to_owned()),
        ];
        for (message, width, label, is_list, expected) in table {
            assert_eq!(wrap_message(message, width, label, is_list), expected, "in {width}");
        }
    }

    proptest! {
        #[test]
        fn a_wrapped_message_has_the_same_words_and_no_line_that_could_be_shorter(
            lines in proptest::collection::vec("( {0,3}[a-z日本:/`]{1,30}){1,12}", 1..4),
            width in 33_usize..100, label in 0_usize..10, is_list in any::<bool>(),
        ) {
            let message = lines.join("\n");
            let wrapped = wrap_message(&message, width, label, is_list);
            let words = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(words(&wrapped), words(&message));
            for (n, line) in wrapped.lines().enumerate() {
                let columns = measure(line) + if n == 0 { label } else { 0 };
                let is_whole = !line.trim().contains(' ') || line.contains('`') || (line.starts_with(' ') && !is_list);
                prop_assert!(columns <= width || is_whole, "{line:?} in {width}");
            }
        }

        #[test]
        fn a_cut_text_fits_and_is_a_prefix_of_the_original(text in "([a-z日本 ]|👩‍💻|👍🏽|か\u{3099}|e\u{301}){0,30}", width in 1_usize..40) {
            let short = cut(&text, width);
            prop_assert!(measure(&short) <= width);
            match short.strip_suffix('…') {
                Some(start) => prop_assert!(text.starts_with(start) && measure(&text) > width),
                None => prop_assert_eq!(short.as_ref(), text.as_str()),
            }
        }

        #[test]
        fn wrapping_loses_nothing_but_spaces(text in "([a-z日本 ]|👩‍💻|か\u{3099}){0,60}", width in 1_usize..40) {
            let lines = wrap(&text, width);
            let without_spaces = |text: &str| text.replace(' ', "");
            prop_assert_eq!(without_spaces(&lines.concat()), without_spaces(&text));
            for line in lines {
                let line = line.trim();
                prop_assert!(measure(line) <= width || !line.contains(' '), "{line:?}");
            }
        }
    }
}
