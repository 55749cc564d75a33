//! Checks which module imports which. The tables describe the layout of `src/`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers are test code, too")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

/// The top-level modules, highest first. A module may import from its own row and from lower ones.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["lib"],
    &["bench", "commands"],
    &["batch", "context"],
    &["cli", "interrupt", "usage"],
    &["output"],
    &["auth", "graph", "ids"],
    &["net"],
    &["action", "cancel", "error", "exit", "lock", "permission", "text"],
    // Shares nothing with the client: a shared mistake would go unnoticed.
    &["sandbox"],
    &["variables"],
];

/// Modules that only these top-level modules or files may import.
const IMPORTED_ONLY_BY: &[(&str, &[&str])] = &[
    ("batch", &["bench", "commands"]),
    ("cli", &["lib", "commands", "context"]),
    ("context", &["lib", "commands"]),
    ("sandbox", &["commands/sandbox.rs"]),
];

#[test]
fn imports_run_downwards_without_cycles() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let sources: Vec<_> = sources.iter().map(|(file, text)| (&**file, &**text)).collect();
    let mut problems = problems(&imports(&sources));
    let files: BTreeSet<_> = sources.iter().map(|(file, _)| top(file)).collect();
    let listed = BTreeSet::from_iter(LAYERS.concat());
    problems.extend(files.difference(&listed).map(|name| format!("add `{name}` to a row of LAYERS")));
    problems.extend(listed.difference(&files).map(|name| format!("remove `{name}` from LAYERS: it does not exist")));
    assert!(
        problems.is_empty(),
        "\n{}\nTo remove an import, move what both modules need to a lower one, or pass it as an argument. If the \
         layout itself has changed, change the tables in tests/it/architecture.rs.\n",
        problems.join("\n")
    );
}

/// The Rust files below a directory: their paths from there, and their texts.
pub fn sources(root: &Path) -> Vec<(String, String)> {
    let (mut sources, mut directories) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = directories.pop() {
        for path in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            let file = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            if path.is_dir() {
                directories.push(path);
            } else if file.ends_with(".rs") {
                sources.push((file, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    sources
}

/// The names that one file imports from another.
type Imports<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>;

fn problems(imports: &Imports) -> Vec<String> {
    let layer = |file| LAYERS.iter().position(|row| row.contains(&top(file)));
    let (mut problems, mut within_rows) = (circles(imports), Imports::new());
    for ((from, to), names) in imports.iter().filter(|((from, to), _)| top(from) != top(to)) {
        let mut forbid = |why| problems.push(format!("import: {from} -> {to} {names:?}: {why}"));
        if layer(to).is_some() && layer(from) > layer(to) {
            forbid(format!("`{}` is above `{}` in LAYERS", top(to), top(from)));
        } else if layer(from) == layer(to) {
            within_rows.entry((top(from), top(to))).or_default().insert(*from);
        }
        for (module, by) in IMPORTED_ONLY_BY.iter().filter(|(module, _)| *module == top(to)) {
            if !by.contains(&top(from)) && !by.contains(from) {
                forbid(format!("only {by:?} may import `{module}`"));
            }
        }
    }
    problems.extend(circles(&within_rows));
    problems
}

/// The top-level module that a file belongs to.
fn top(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// The shortest cycle through each import.
fn circles(imports: &Imports) -> Vec<String> {
    let mut circles = BTreeMap::new();
    for (from, to) in imports.keys() {
        let (mut routes, mut seen) = (VecDeque::from([vec![*from, *to]]), BTreeSet::new());
        while let Some(route) = routes.pop_front() {
            let last = route[route.len() - 1];
            if last == *from {
                let step = |step: &[&str]| format!(" -> {} {:?}", step[1], imports[&(step[0], step[1])]);
                let steps: String = route.windows(2).map(step).collect();
                circles.entry(BTreeSet::from_iter(route)).or_insert(format!("circle: {from}{steps}"));
                break;
            }
            let next = imports.keys().filter(|(start, next)| *start == last && seen.insert(*next));
            routes.extend(next.map(|(_, next)| [&route[..], &[*next]].concat()));
        }
    }
    circles.into_values().collect()
}

/// Modules by their path from the root of the crate, which is `lib.rs`.
type Modules<'a> = BTreeMap<Vec<&'a str>, Module<'a>>;

#[derive(Default)]
struct Module<'a> {
    file: &'a str,
    /// The paths of imported names.
    names: BTreeMap<&'a str, Vec<&'a str>>,
    /// All paths that it uses, from the root of the crate.
    paths: Vec<Vec<&'a str>>,
    /// The paths of modules that are only compiled for tests.
    tests: Vec<Vec<&'a str>>,
}

/// The imports of all modules except those that are only compiled for tests.
fn imports<'a>(sources: &[(&'a str, &'a str)]) -> Imports<'a> {
    let path = |file: &'a str| -> Vec<_> {
        file.trim_end_matches(".rs").trim_end_matches("/mod").split('/').filter(|name| *name != "lib").collect()
    };
    let mut modules: Modules =
        sources.iter().map(|(file, _)| (path(file), Module { file, ..Module::default() })).collect();
    for (file, text) in sources {
        let module = parse(file, path(file), &tokens(text), &modules);
        modules.insert(path(file), module);
    }
    let tests: Vec<_> = modules.values().flat_map(|module| module.tests.clone()).collect();
    modules.retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
    let mut imports = Imports::new();
    for module in modules.values() {
        let located = module.paths.iter().map(|path| locate(&modules, path));
        for (to, name) in located.filter(|(to, _)| *to != module.file) {
            imports.entry((module.file, to)).or_default().insert(name);
        }
    }
    imports
}

/// The file that defines the item at a path, and the item's name. Follows re-exports.
fn locate<'a>(modules: &Modules<'a>, path: &[&'a str]) -> (&'a str, &'a str) {
    let find = |length| Some((length, modules.get(&path[..length])?));
    let (length, module) = (0..=path.len()).rev().find_map(find).unwrap();
    let Some(name) = path.get(length) else { return (module.file, path.last().copied().unwrap_or("crate")) };
    match module.names.get(name) {
        Some(target) if !path.starts_with(target) => locate(modules, &[target, &path[length + 1..]].concat()),
        _ => (module.file, name),
    }
}

fn parse<'a>(file: &'a str, mut scope: Vec<&'a str>, tokens: &[&'a str], modules: &Modules) -> Module<'a> {
    let mut module = Module { file, ..Module::default() };
    let (mut at, mut scope_ends) = (0, Vec::new());
    while at < tokens.len() {
        while scope_ends.pop_if(|end| *end <= at).is_some() {
            scope.pop();
        }
        let rest = &tokens[at..];
        at += match rest {
            ["#", "[", "cfg", "(", "test", ..] | ["#", "[", "cfg", "(", "all", "(", "test", ..] => {
                let attribute = 1 + end(&rest[1..]);
                let item = attribute + end(&rest[attribute..]);
                if let ["mod", name, ";"] = rest[item - 3..item] {
                    module.tests.push([&scope[..], &[name]].concat());
                }
                item
            }
            // Visibility, such as `pub(in crate::net)`.
            ["pub", "(", ..] => 1 + end(&rest[1..]),
            ["mod", name, "{", ..] => {
                scope.push(name);
                scope_ends.push(at + end(rest));
                3
            }
            ["use", next, ..] if *next != "<" => {
                for (path, name) in used(&rest[1..end(rest)]) {
                    if let Some(path) = absolute(&path, &scope, &module, modules) {
                        module.paths.push(path.clone());
                        module.names.insert(name, path);
                    }
                }
                end(rest)
            }
            [name, "::", ..] if is_name(name) && (at == 0 || tokens[at - 1] != "::") => {
                let steps = rest.windows(2).step_by(2).take_while(|step| is_name(step[0]) && step[1] == "::").count();
                let path = rest.iter().step_by(2).take(steps + 1).copied().filter(|name| is_name(name));
                module.paths.extend(absolute(&path.collect::<Vec<_>>(), &scope, &module, modules));
                2 * steps
            }
            _ => 1,
        };
    }
    module
}

/// The path from the root of the crate, unless it leads to another crate or starts with a type of this file.
fn absolute<'a>(path: &[&'a str], scope: &[&'a str], module: &Module<'a>, modules: &Modules) -> Option<Vec<&'a str>> {
    let supers = path.iter().take_while(|name| **name == "super").count();
    Some(match path[0] {
        "crate" | env!("CARGO_PKG_NAME") => path[1..].to_vec(),
        "super" => [&scope[..scope.len().checked_sub(supers)?], &path[supers..]].concat(),
        "self" => [scope, &path[1..]].concat(),
        name if modules.contains_key(&[scope, &[name]].concat()) => [scope, path].concat(),
        name => [&module.names.get(name)?[..], &path[1..]].concat(),
    })
}

/// The paths in a `use` item, and the names that they get.
fn used<'a>(tokens: &[&'a str]) -> Vec<(Vec<&'a str>, &'a str)> {
    let (mut used, mut groups, mut path) = (Vec::new(), vec![vec![]], Vec::new());
    for token in tokens {
        match *token {
            "{" => groups.push(std::mem::take(&mut path)),
            "," | "}" | ";" => {
                if let Some(name) = path.pop() {
                    match path.last() {
                        Some(&"as") => _ = path.pop(),
                        _ => path.push(name),
                    }
                    used.push((std::mem::take(&mut path), name));
                }
                if *token == "}" {
                    groups.pop();
                }
            }
            "::" => {}
            name => {
                if path.is_empty() {
                    path.clone_from(&groups[groups.len() - 1]);
                }
                if name != "self" || path.is_empty() {
                    path.push(name);
                }
            }
        }
    }
    used
}

/// The number of tokens up to the end of the first group or item.
fn end(tokens: &[&str]) -> usize {
    let mut depth = 0;
    let is_end = |token: &&str| {
        depth += i32::from(["(", "[", "{"].contains(token)) - i32::from([")", "]", "}"].contains(token));
        depth < 0 || depth == 0 && (["(", "["].contains(&tokens[0]) || [";", "}"].contains(token))
    };
    tokens.iter().position(is_end).map_or(tokens.len(), |last| last + 1)
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::` and other characters, without comments, strings and lifetimes.
fn tokens(mut text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    while let Some(first) = text.chars().next() {
        let length = match ignored(text) {
            0 => {
                let word = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
                let length = if text.starts_with("::") { 2 } else { word.max(first.len_utf8()) };
                tokens.push(&text[..length]);
                length
            }
            length => length,
        };
        text = &text[length..];
    }
    tokens
}

/// The length of the white space, comment, string, character or lifetime at the start, or 0.
pub fn ignored(text: &str) -> usize {
    let through = |from: usize, end: &str| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| text.starts_with(prefix)).unwrap_or_default().len();
    let hashes = text[prefix..].bytes().take_while(|byte| *byte == b'#').count();
    if text.starts_with(char::is_whitespace) {
        text.len() - text.trim_start().len()
    } else if text.starts_with("//") {
        through(2, "\n")
    } else if text.starts_with("/*") {
        through(2, "*/")
    } else if prefix > 0 && text[prefix + hashes..].starts_with('"') {
        through(prefix + hashes + 1, &format!("\"{}", "#".repeat(hashes)))
    } else if text.starts_with('"') {
        let mut is_escaped = true;
        let ends = |c| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        };
        text.find(ends).map_or(text.len(), |at| at + 1)
    } else if text.starts_with("'\\") {
        through(3, "'")
    } else if let Some(rest) = text.strip_prefix('\'') {
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        match rest.char_indices().nth(1) {
            Some((at, '\'')) => at + 2,
            _ => name + 1,
        }
    } else {
        0
    }
}

#[test]
fn imports_of_every_form_are_found() {
    let table: &[(&str, &[&str])] = &[
        ("use crate::text::A; use std::fmt; use clap::{text::A, Parser};", &["text.rs A"]),
        (
            "use crate::{\n    // Why.\n    text::{A, b::{C as D, *}}, // {\n    output::stdout::{self, print},\n};",
            &["output/stdout.rs print", "output/stdout.rs stdout", "text.rs A", "text.rs b"],
        ),
        ("use super::b::B; use super::{Own, Alias as Other};", &["net/b.rs B", "net/mod.rs Own"]),
        (
            "use super::super::text::A; pub(super) use self::e::E; use super::*;",
            &["net/a/e.rs E", "net/mod.rs *", "text.rs A"],
        ),
        ("fn f() { let x = crate::output::stdout::print(e::E::new()); }", &["net/a/e.rs E", "output/stdout.rs print"]),
        ("use crate::output; fn f() -> output::stdout::X {}", &["output/mod.rs output", "output/stdout.rs X"]),
        ("pub(in crate::text) fn f<'a>(x: &'a str) -> impl A + use<'a> { X::<Y>::text::Z }", &[]),
        (
            "// crate::text::A\n/* use crate::text::A; */ 'x' '\"' \"\\\"crate::text::A\" r#\"\"crate::text::A\"# + crate::text::B",
            &["text.rs B"],
        ),
        ("mod inline { use super::super::b::B; use super::A; } use super::Own;", &["net/b.rs B", "net/mod.rs Own"]),
        ("#[cfg(test)] #[a(b)] mod t { use crate::text::A; } #[cfg(not(test))] use crate::text::B;", &["text.rs B"]),
        (
            "#[cfg(test)] pub(super) mod e; #[cfg(all(test, unix))] use crate::text::{A, C}; use crate::text::D;",
            &["text.rs D"],
        ),
    ];
    for (text, expected) in table {
        let is_test = text.contains("mod e;");
        let sources = [
            ("lib.rs", ""),
            ("net/a.rs", *text),
            ("net/a/e.rs", if is_test { "use crate::output::stdout;" } else { "" }),
            ("net/b.rs", ""),
            ("net/mod.rs", "pub use self::b::B as Alias;"),
            ("output/mod.rs", ""),
            ("output/stdout.rs", ""),
            ("text.rs", ""),
        ];
        let imports = imports(&sources);
        let found = imports.iter().filter(|((from, _), _)| *from != "net/mod.rs");
        let found = found.flat_map(|((_, to), names)| names.iter().map(move |name| format!("{to} {name}")));
        assert_eq!(found.collect::<Vec<_>>(), *expected, "{text}");
    }
}

#[test]
fn cycles_and_forbidden_imports_are_reported() {
    type Files = &'static [(&'static str, &'static str)];
    let table: &[(Files, &[&str])] = &[
        (&[("net/a.rs", "use super::b::B;"), ("net/b.rs", "use crate::text::T;")], &[]),
        (
            &[("net/a.rs", "use super::b::B;"), ("net/b.rs", "use super::c::C;"), ("net/c.rs", "use super::a::A;")],
            &[r#"circle: net/a.rs -> net/b.rs {"B"} -> net/c.rs {"C"} -> net/a.rs {"A"}"#],
        ),
        (
            &[("net/mod.rs", "use self::a::A; pub struct Own;"), ("net/a.rs", "use super::Own;")],
            &[r#"circle: net/a.rs -> net/mod.rs {"Own"} -> net/a.rs {"A"}"#],
        ),
        (
            &[
                ("ids/a.rs", "use crate::auth::b::B;"),
                ("auth/c.rs", "use crate::ids::d::D;"),
                ("auth/b.rs", ""),
                ("ids/d.rs", ""),
            ],
            &[r#"circle: auth -> ids {"auth/c.rs"} -> auth {"ids/a.rs"}"#],
        ),
        (
            &[("net/a.rs", "use crate::output::Format;"), ("output/mod.rs", "")],
            &[r#"import: net/a.rs -> output/mod.rs {"Format"}: `output` is above `net` in LAYERS"#],
        ),
        (
            &[("commands/a.rs", "use crate::sandbox::S;"), ("sandbox/mod.rs", "use crate::text::T;")],
            &[
                r#"import: commands/a.rs -> sandbox/mod.rs {"S"}: only ["commands/sandbox.rs"] may import `sandbox`"#,
                r#"import: sandbox/mod.rs -> text.rs {"T"}: `text` is above `sandbox` in LAYERS"#,
            ],
        ),
    ];
    for (files, expected) in table {
        let sources = [&[("lib.rs", ""), ("text.rs", "")], *files].concat();
        assert_eq!(problems(&imports(&sources)), *expected, "{files:?}");
    }
}
