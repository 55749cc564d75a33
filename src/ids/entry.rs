//! The parts of a line.

/// The first line, without its line feed, and the text after it.
pub(super) fn split_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// A trimmed line without its comment, and without one comma or semicolon at its end.
pub(super) fn value(line: &str) -> &str {
    let text = without_comment(line);
    text.strip_suffix([',', ';']).map_or(text, str::trim_end)
}

/// A comment begins with `#`, at the start or after white space.
pub(super) fn without_comment(text: &str) -> &str {
    let begins = |(at, _): &(usize, &str)| text.get(..*at).is_some_and(|before| !before.ends_with(is_no_space));
    text.match_indices('#').find(begins).and_then(|(at, _)| text.get(..at)).map_or(text, str::trim_end)
}

fn is_no_space(c: char) -> bool {
    !c.is_whitespace()
}

pub(super) fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|text: &str| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// Whether a text names the column of IDs.
pub(super) fn is_id_heading(text: &str) -> bool {
    text.eq_ignore_ascii_case("id")
}

pub(super) fn is_only_dashes(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'-')
}

/// The separator that a line such as `sep=;` names. Excel reads and writes it above CSV.
pub(super) fn named_separator(line: &str) -> Option<u8> {
    let line = unquoted(line.trim_end_matches(['\r', '\n']));
    let (name, separator) = line.split_at_checked(4)?;
    match separator.as_bytes() {
        [separator @ (b',' | b';' | b'\t' | b'|')] if name.eq_ignore_ascii_case("sep=") => Some(*separator),
        _ => None,
    }
}
