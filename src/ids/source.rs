//! The formats of IDs in files and on standard input: lines, JSON values, or a mixture.
//!
//! JSON is not parsed into a tree: values are slices of the text ([`RawValue`]), parsed one level at a time. Large
//! arrays cost no memory, deep nesting does no harm, and the position of a slice gives its line number.

use std::borrow::Cow;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::id::Quoted;
use super::{Collector, PartnerId};
use crate::text::encoding;

impl Collector {
    /// Adds all IDs of a file or of standard input; `name` is its name in messages.
    pub fn source(&mut self, name: &str, bytes: &[u8]) {
        match encoding::decode(bytes) {
            Ok(text) => Source::new(name, &text, self).read(),
            Err(e) => self.bad.line(|| {
                format!("{name}:{}: this line is not {} text; the other lines were not checked", e.line, e.encoding)
            }),
        }
    }
}

/// One source, and the collector of its IDs.
struct Source<'a, 'c> {
    name: &'a str,
    text: &'a str,
    collector: &'c mut Collector,
    /// Whether the warning about further pages was given; one is enough.
    warned: bool,
}

impl<'a, 'c> Source<'a, 'c> {
    fn new(name: &'a str, text: &'a str, collector: &'c mut Collector) -> Self {
        Self { name, text, collector, warned: false }
    }

    fn read(mut self) {
        // No list of IDs contains a NUL. Reported line by line, the reason would not be obvious.
        if let Some(at) = self.text.find('\0').and_then(|nul| self.text.get(nul..)) {
            return self.bad(at, "contains a NUL character; the file may be UTF-16 without a byte order mark");
        }
        let mut rest = self.text;
        while !rest.is_empty() {
            let (line, next) = split_line(rest);
            rest = if begins_json(line.trim_start()) {
                match self.json(rest.trim_start()) {
                    Some(next) => next,
                    None => return,
                }
            } else {
                self.line(line.trim());
                next
            };
        }
    }

    fn line(&mut self, line: &'a str) {
        if line.contains('\r') {
            // Mac OS 9 ended lines with it. Rejected in comments too: the lines after a comment would be ignored
            // silently.
            self.bad(line, format_args!("{} contains a carriage return (CR) inside the line", Quoted(line)));
        } else if !line.is_empty() && !line.starts_with('#') {
            self.id(line, line);
        }
    }

    /// Reads the JSON values from the start of `rest` to the end of the line on which the last of them ends. Returns
    /// the text after that line; `None` after invalid JSON, because the rest cannot be read.
    fn json(&mut self, mut rest: &'a str) -> Option<&'a str> {
        while begins_json(rest) {
            let json = match <&RawValue>::deserialize(&mut serde_json::Deserializer::from_str(rest)) {
                Ok(value) => value.get(),
                Err(e) => {
                    self.broken(rest, &e);
                    return None;
                }
            };
            self.value(json);
            // `rest` begins with `json`, with no white space before it.
            let (_, after) = rest.split_at(json.len());
            rest = after.trim_start_matches(|c: char| c.is_whitespace() && c != '\n');
        }
        let (line, next) = split_line(rest);
        let line = line.trim_end();
        if !line.is_empty() {
            self.bad(line, format_args!("{} follows the JSON value; put each value on its own line", Quoted(line)));
        }
        Some(next)
    }

    fn broken(&mut self, rest: &'a str, e: &serde_json::Error) {
        if e.classify() == Category::Eof {
            return self.bad(rest, "incomplete JSON: the end of the value is missing");
        }
        // Column 0 means that the line end itself is wrong, and that belongs to the line before.
        let lines_before = e.line().saturating_sub(if e.column() == 0 { 2 } else { 1 });
        let at = rest.split('\n').nth(lines_before).unwrap_or(rest);
        self.bad(at, reason(e));
    }

    /// A JSON value at the top level. Arrays and Graph pages are valid only there.
    fn value(&mut self, json: &'a str) {
        match json.as_bytes().first() {
            Some(b'[') => self.array(json),
            Some(b'{') => {
                let Some(object) = self.fields(json) else { return };
                match (object.id, object.items()) {
                    (None, Some(items)) => {
                        self.tenant_of(&object);
                        self.page(json, items, object.has_next_page());
                    }
                    _ => self.object(json, &object),
                }
            }
            _ => self.string(json),
        }
    }

    fn page(&mut self, json: &'a str, items: &'a str, has_next_page: bool) {
        if has_next_page && !self.warned {
            self.warned = true;
            self.collector.warnings.push(format!(
                "{}:{}: Graph has more pages than this one, and their IDs are missing \
                 (`intunectl partner list -o id` prints all IDs)",
                self.name,
                line_number(self.text, json)
            ));
        }
        self.array(items);
    }

    fn array(&mut self, json: &'a str) {
        let each = Elements(|element: &'a RawValue| self.element(element.get()));
        if let Err(e) = serde_json::Deserializer::from_str(json).deserialize_seq(each) {
            self.broken(json, &e);
        }
    }

    fn element(&mut self, json: &'a str) {
        match json.as_bytes().first() {
            Some(b'"') => self.string(json),
            Some(b'{') => {
                if let Some(object) = self.fields(json) {
                    self.object(json, &object);
                }
            }
            _ => self.bad(json, format_args!("{} is not an ID", kind(json))),
        }
    }

    fn string(&mut self, json: &'a str) {
        match serde_json::from_str(json) {
            Ok(JsonString(text)) => self.id(json, &text),
            Err(e) => self.bad(json, reason(&e)),
        }
    }

    fn fields(&mut self, json: &'a str) -> Option<Object<'a>> {
        serde_json::from_str(json).map_err(|e| self.bad(json, reason(&e))).ok()
    }

    /// An object that stands for one partner.
    fn object(&mut self, json: &'a str, object: &Object<'a>) {
        match (object.id, object.items(), object.error()) {
            (Some(_), Some(_), _) => self.bad(json, "an object cannot have both an `id` and a `value` array"),
            (Some(id), ..) if id.starts_with('"') => {
                self.string(id);
                self.tenant_of(object);
            }
            (Some(id), ..) => self.bad(id, format_args!("`id` is {}, not a string", kind(id))),
            (None, Some(_), _) => self.bad(json, "a Graph page cannot be in an array"),
            (None, None, Some(error)) => {
                self.bad(json, format_args!("this is an error from Graph, not a partner{}", error_code(error)));
            }
            (None, None, None) => self.bad(json, "the object has no `id`"),
        }
    }

    /// Keeps the tenant that a record or a page names.
    fn tenant_of(&mut self, object: &Object<'a>) {
        let Some(json) = object.tenant() else { return };
        let Ok(JsonString(tenant)) = serde_json::from_str(json) else {
            return self.bad(json, format_args!("`tenant_id` is {}, not a string", kind(json)));
        };
        let tenant = tenant.to_ascii_lowercase();
        let (name, text) = (self.name, self.text);
        let place = || format!("{name}:{}", line_number(text, json));
        self.collector.tenants.0.entry(tenant).or_insert_with(place);
    }

    /// `at` is the slice of the source that contains `text`, in JSON perhaps with escapes.
    fn id(&mut self, at: &'a str, text: &str) {
        match PartnerId::parse(text) {
            Ok(id) => self.collector.ids.push(id),
            Err(why) => self.bad(at, format_args!("{} {why}", Quoted(text))),
        }
    }

    /// Lines are counted from the start each time, but only for the few that are reported.
    fn bad(&mut self, at: &'a str, what: impl fmt::Display) {
        let (name, text) = (self.name, self.text);
        self.collector.bad.line(|| format!("{name}:{}: {what}", line_number(text, at)));
    }
}

/// Calls a function with each element of an array, so that no list of them is kept.
struct Elements<F>(F);

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            (self.0)(element);
        }
        Ok(())
    }
}

/// A JSON string, copied only if it has escapes.
#[derive(Deserialize)]
struct JsonString<'a>(#[serde(borrow)] Cow<'a, str>);

/// The fields that decide what an object is. A duplicate of one is an error: another program may use the other value.
/// Other fields may be duplicates.
#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default, deserialize_with = "json")]
    id: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json")]
    value: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json", rename = "@odata.nextLink")]
    next_link: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json")]
    error: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json")]
    tenant_id: Option<&'a str>,
}

impl<'a> Object<'a> {
    /// The array of a Graph page.
    fn items(&self) -> Option<&'a str> {
        self.value.filter(|value| value.starts_with('['))
    }

    fn has_next_page(&self) -> bool {
        self.next_link.is_some_and(|link| !matches!(link, "null" | r#""""#))
    }

    /// The tenant that it names. Our own records may have `"tenant_id":null`.
    fn tenant(&self) -> Option<&'a str> {
        self.tenant_id.filter(|tenant| *tenant != "null")
    }

    /// The content of an error response. Our own records have `"error":null`.
    fn error(&self) -> Option<&'a str> {
        self.error.filter(|error| *error != "null")
    }
}

/// A field as JSON text. `null` is not the same as no field.
fn json<'de: 'a, 'a, D: Deserializer<'de>>(field: D) -> Result<Option<&'a str>, D::Error> {
    <&RawValue>::deserialize(field).map(|json| Some(json.get()))
}

/// The code of an error response, to append to a message: Graph sends `{"code":…}`, the sign-in service a string. Empty
/// if there is no code, or if it is too long to be one.
fn error_code(error: &str) -> String {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Body {
        Graph { code: String },
        SignIn(String),
    }
    match serde_json::from_str(error) {
        Ok(Body::Graph { code } | Body::SignIn(code)) if code.len() <= 64 => format!(": {}", Quoted(&code)),
        _ => String::new(),
    }
}

fn begins_json(text: &str) -> bool {
    text.starts_with(['{', '[', '"'])
}

fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The message of `serde_json` without its position, which counts from the start of the slice.
fn reason(e: &serde_json::Error) -> String {
    let message = e.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    match e.classify() {
        // Only a duplicate field: no type can be wrong, because every field is read as raw JSON.
        Category::Data => format!("the object has a {message}"),
        _ => format!("invalid JSON: {message}"),
    }
}

fn split_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// The 1-based line of `text` on which `part`, a slice of it, begins.
fn line_number(text: &str, part: &str) -> usize {
    let offset = part.as_ptr().addr() - text.as_ptr().addr();
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
