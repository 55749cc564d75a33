//! Whether every sentence of the sources is on a screen.

use std::path::Path;

use crate::architecture::{ignored, sources};

/// Sentences that are never shown, or not on the system of these screens: the beginning of a file's path, a part of the
/// sentence (empty for all sentences of the file), and the reason.
const NOT_SHOWN: &[(&str, &str, &str)] = &[
    ("lib.rs", "requests in flight may have succeeded", "a panic, which no known input causes"),
    ("lib.rs", "and report this bug", "its hint"),
    ("auth/renewal.rs", "it has no refresh token", "a profile without one is never renewed"),
    ("auth/renewal.rs", "the keyring thread failed", "only if the program panics"),
    ("auth/session.rs", "cannot write the profile as JSON", "strings and a number can always be written"),
    ("auth/store.rs", "cannot start a thread", "only if the system has no memory or no processes left"),
    ("auth/store.rs", "its library failed", "only if a library panics"),
    ("auth/store/layout.rs", "it does not return what was stored", "only if the keyring loses what it stores"),
    ("commands/man.rs", "The global options are in", "the manual page of a command is like its help"),
    ("commands/sandbox.rs", "cannot find the path", "only on a system without /proc"),
    ("commands/sandbox.rs", "cannot stop the command", "only if the command runs as another user"),
    ("commands/sandbox.rs", "cannot wait for the command", "the system can always wait for a child process"),
    ("commands/sandbox.rs", "stopped before the command ended", "the sandbox never stops by itself"),
    ("interrupt.rs", "until the sign-in is renewed", "only while a profile is renewed, which needs a keyring"),
    ("output/sink.rs", "the writing thread failed", "only if that thread panics"),
    ("output/stdout.rs", "failed unexpectedly", "only if the thread that writes panics"),
    (
        "graph/client.rs",
        "cannot add the API version to the Graph URL",
        "a valid URL takes further segments of its path",
    ),
    (
        "graph/client.rs",
        "the token cannot be sent in an HTTP header",
        "such a token is refused before the first request",
    ),
    ("commands/consent.rs", "no answer within 10 minutes", "a test would have to wait for 10 minutes"),
    ("commands/resume_log.rs", "is empty; nothing was sent", "only on Windows"),
    ("commands/resume_log.rs", "`>` empties a file before", "only on Windows"),
    ("ids/input.rs", "larger than 1 GiB", "a test would have to read 1 GiB"),
    ("lock/directory.rs", "belongs to another user", "only root can create the directory of another user"),
    ("lock/directory.rs", "other users can write to it", "needs a file system that does not apply modes"),
    ("output/tty/windows.rs", "", "only on Windows"),
    ("batch/mod.rs", "the output has ended before the run", "the semaphore that it waits for is never closed"),
    ("commands/partner_", "reading the IDs failed", "only if the thread that reads them panicked"),
    ("commands/partner_write.rs", "cannot start to write the results", "only if the system refuses a thread"),
    ("commands/partner_write.rs", "the console was closed, or Windows", "only on Windows"),
    ("output/record.rs", "no such \\u", "a record for tests"),
    ("auth/browser.rs", "default-src 'none'", "a header"),
    ("auth/browser.rs", "<!doctype html>", "HTML around the text of a page"),
    ("auth/browser.rs", "</title><meta", "HTML around the text of a page"),
    ("auth/browser.rs", "sans-serif;max-width", "the style of a page"),
    ("auth/sign_in.rs", "the request cannot be made", "the requests have no part that can be invalid"),
    ("commands/auth_login.rs", "cannot listen on a port of", "a loopback port is always free"),
    ("commands/auth_login.rs", "reading the token failed", "only after a panic"),
    ("commands/auth_login.rs", "looking for a browser failed", "only after a panic"),
    ("commands/auth_login.rs", "the browser did not return within", "after 15 minutes"),
    ("sandbox/entra/", "", "what Microsoft Entra says"),
    ("sandbox/graph/", "", "what Graph says"),
    ("sandbox/mod.rs", "cannot read the port", "a socket that listens has a port"),
    ("sandbox/mod.rs", "is not an error status", "the command line rejects such values first"),
    ("sandbox/mod.rs", "must be", "the command line rejects such values first"),
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

/// The string literals of a source, without the reasons of lints.
fn literals(source: &str) -> Vec<&str> {
    let (mut literals, mut at) = (Vec::new(), 0);
    while let Some(first) = source[at..].chars().next() {
        let end = at + ignored(&source[at..]).max(first.len_utf8());
        if first == '"' && !source[..at].ends_with("reason = ") {
            literals.push(&source[at + 1..end - 1]);
        }
        at = end;
    }
    literals
}

/// The fixed parts of a literal that have at least three words.
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

/// Replaces all white space with single spaces.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_parts_of_a_literal_are_its_fixed_texts() {
    let source = r#"let a = "no {b}: c d e\n f"; // "x y z"
        let g = "one \
                 two three{four}five \"six\" seven"; reason = "not this one either"; "a b""#;
    let found: Vec<_> = literals(source).iter().flat_map(|literal| parts(literal)).collect();
    assert_eq!(found, [": c d e f", "one two three", "five \"six\" seven"]);
}
