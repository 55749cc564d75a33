//! How long texts are, and which words they use.

use std::path::Path;

/// Lines of three screens of 80 columns and 50 lines.
const README_LINES: usize = 150;

#[test]
fn no_hint_is_longer_than_two_lines() {
    for (file, text) in super::all() {
        for hint in text.lines().filter(|line| line.starts_with("hint: ")) {
            assert!(lines(hint, 80) <= 2, "{file}: {hint}");
        }
    }
}

#[test]
fn the_readme_is_three_screens_long() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let lines: usize = readme.lines().map(|line| lines(line, 80)).sum();
    assert!(lines <= README_LINES, "the README has {lines} lines: move something to docs/");
}

#[test]
fn each_thing_has_one_name() {
    let words = words_not_to_use();
    assert!(words.len() > 10, "{words:?}");
    let pages = pages().into_iter().map(|path| (path.clone(), std::fs::read_to_string(root().join(path)).unwrap()));
    let screens = super::all().into_iter().map(|(file, text)| (file.to_owned(), text));
    let mut found = Vec::new();
    for (name, text) in pages.chain(screens) {
        let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        found.extend(words.iter().filter(|word| has_word(&text, word)).map(|word| format!("{name}: {word}")));
    }
    assert!(found.is_empty(), "{found:#?}: the table of terms in CONTRIBUTING.md has the words to use");
}

#[test]
fn a_word_is_found_only_as_a_whole_word() {
    assert!(has_word("the pace is kept", "pace") && has_word("pace", "pace") && has_word("(pace)", "pace"));
    assert!(!has_word("a space", "pace") && !has_word("paces", "pace"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What users read besides screens.
fn pages() -> Vec<String> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap();
    let docs = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()));
    ["README.md", "CHANGELOG.md"].map(str::to_owned).into_iter().chain(docs).collect()
}

/// The last column of the table of terms.
fn words_not_to_use() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let rows = text.lines().skip_while(|line| *line != "| term | meaning | not |").skip(2);
    let cells = rows.take_while(|line| line.starts_with('|')).map(|row| row.trim_end_matches('|').rsplit('|').next());
    let words = cells.flat_map(|cell| cell.unwrap().split(',')).map(|word| word.trim().to_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

/// Whether these words are in a text, and not as a part of longer ones.
fn has_word(text: &str, words: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(words)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + words.len()..].chars().next()))
}

/// How many lines of this width a text takes if it is wrapped between words.
fn lines(text: &str, width: usize) -> usize {
    let (lines, _) = text.split(' ').fold((1, 0), |(lines, used), word| {
        let length = unicode_width::UnicodeWidthStr::width(word);
        match used {
            0 => (lines, length),
            _ if used + 1 + length <= width => (lines, used + 1 + length),
            _ => (lines + 1, length),
        }
    });
    lines
}
