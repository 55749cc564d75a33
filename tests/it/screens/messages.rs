//! Whether every sentence of the sources is on a screen.

use std::path::Path;

use crate::architecture::{ignored, sources};

/// What nobody sees, or nobody on the system of these screens: the beginning of a file's path, a part of the sentence or
/// nothing for all in the file, and the reason.
const NOT_SHOWN: &[(&str, &str, &str)] = &[
    ("auth/browser.rs", "default-src 'none'", "a header"),
    ("auth/browser.rs", "<!doctype html>", "HTML around the text of a page"),
    ("auth/browser.rs", "</title><meta", "HTML around the text of a page"),
    ("auth/browser.rs", "sans-serif;max-width", "the style of a page"),
    ("auth/sign_in.rs", "the request cannot be made", "the requests have no part that can be invalid"),
    ("bench.rs", "", "only benchmarks use it"),
    ("commands/auth_login.rs", "cannot listen on a port of", "a loopback port is always free"),
    ("commands/auth_login.rs", "reading the token failed", "only after a panic"),
    ("commands/auth_login.rs", "looking for a browser failed", "only after a panic"),
    ("commands/auth_login.rs", "the browser did not return within", "after 15 minutes"),
    ("sandbox/entra/", "", "what Microsoft Entra says"),
    ("sandbox/graph/", "", "what Graph says"),
];

#[test]
fn every_sentence_of_the_sources_is_on_a_screen() {
    let screens: Vec<_> = super::all().into_iter().map(|(_, text)| squeezed(&text)).collect();
    let mut missing = Vec::new();
    let mut is_used = vec![false; NOT_SHOWN.len()];
    for (file, text) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        if file.contains("tests") || file.ends_with("properties.rs") {
            continue;
        }
        for sentence in literals(without_tests(&text)).iter().flat_map(|literal| parts(literal)) {
            let excused =
                NOT_SHOWN.iter().position(|(path, part, _)| file.starts_with(path) && sentence.contains(part));
            if let Some(excused) = excused {
                is_used[excused] = true;
            } else if !screens.iter().any(|screen| screen.contains(&sentence)) {
                missing.push(format!("{file}: {sentence}"));
            }
        }
    }
    let unused = NOT_SHOWN.iter().zip(is_used).filter(|(_, is_used)| !is_used);
    missing.extend(unused.map(|(excuse, _)| format!("NOT_SHOWN: {excuse:?} fits nothing")));
    assert!(missing.is_empty(), "\n{}\nNo screen of tests/screens/ has this. Add one.", missing.join("\n"));
}

/// The text before the tests in a file.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

/// The string literals of a source.
fn literals(mut text: &str) -> Vec<&str> {
    let mut literals = Vec::new();
    while let Some(first) = text.chars().next() {
        let length = ignored(text).max(first.len_utf8());
        let (token, rest) = text.split_at(length);
        if first == '"' {
            literals.push(token.trim_matches('"'));
        }
        text = rest;
    }
    literals
}

/// What is fixed in a literal, as far as it is three words or more.
fn parts(literal: &str) -> Vec<String> {
    let literal = literal.replace("\\\n", " ").replace("\\n", " ").replace("\\\"", "\"").replace("\\\\", "\\");
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in literal.chars() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                parts.push(String::new());
            }
            _ if depth > 0 => {}
            c => parts.last_mut().unwrap().push(c),
        }
    }
    let parts = parts.into_iter().map(|part| squeezed(&part));
    parts.filter(|part| part.split(' ').filter(|word| word.chars().any(char::is_alphabetic)).count() >= 3).collect()
}

/// With one space wherever there is space.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_parts_of_a_literal_are_what_does_not_change() {
    let source = r#"let a = "no {b}: c d e\n f"; // "x y z"
        let g = "one \
                 two three{four}five \"six\" seven"; "a b""#;
    let found: Vec<_> = literals(source).iter().flat_map(|literal| parts(literal)).collect();
    assert_eq!(found, [": c d e f", "one two three", "five \"six\" seven"]);
}
