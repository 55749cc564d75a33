//! JSON values: objects, arrays and Graph pages.
//!
//! JSON is not parsed into a tree: values are slices of the text ([`RawValue`]), parsed one level at a time. Large
//! arrays cost no memory, deep nesting does no harm, and the position of a slice gives its line number.

use std::borrow::Cow;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::entry::{split_line, value};
use super::id::Quoted;
use super::mistake::Place;
use super::source::{Source, line_number};

impl<'a> Source<'a, '_> {
    /// Reads the JSON values from the start of `rest` to the end of the line on which the last of them ends. Returns
    /// the text after that line; `None` after invalid JSON, because the rest cannot be read.
    pub(super) fn json(&mut self, mut rest: &'a str) -> Option<&'a str> {
        while rest.starts_with(['{', '[']) {
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
        let line = value(line.trim_end());
        if !line.is_empty() {
            self.bad(line, format_args!("{} follows the JSON value; put each value on its own line", Quoted(line)));
        }
        Some(next)
    }

    fn broken(&mut self, rest: &'a str, e: &serde_json::Error) {
        if e.classify() == Category::Eof {
            return self.bad(rest, "incomplete JSON: the end of the value is missing; copy or print it again");
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
            _ => {
                let Some(object) = self.fields(json) else { return };
                match (object.id, object.items()) {
                    (None, Some(items)) => {
                        self.tenant_of(&object);
                        self.page(json, items, object.has_next_page());
                    }
                    _ => self.object(json, &object),
                }
            }
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
        match items.starts_with('[') {
            true => self.array(items),
            false => self.element(items),
        }
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
            _ => self.bad(json, format_args!("{} is not an ID; write each ID as a string", kind(json))),
        }
    }

    fn string(&mut self, json: &'a str) {
        match serde_json::from_str(json) {
            Ok(JsonString(text)) => self.id(json, &text, Place::JsonString),
            Err(e) => self.bad(json, reason(&e)),
        }
    }

    fn fields(&mut self, json: &'a str) -> Option<Object<'a>> {
        match serde_json::from_str::<Object>(json).map(Object::with_one_spelling) {
            Ok(Ok(object)) => Some(object),
            Ok(Err(names)) => {
                self.bad(json, format_args!("the object has {names} with different values; keep one of them"));
                None
            }
            Err(e) => {
                self.bad(json, reason(&e));
                None
            }
        }
    }

    /// An object that stands for one partner.
    fn object(&mut self, json: &'a str, object: &Object<'a>) {
        match (object.id, object.items(), object.error()) {
            (Some(_), Some(_), _) => {
                self.bad(json, "an object cannot have both an `id` and a `value` with partners; keep one of them");
            }
            (Some(id), ..) if id.starts_with('"') => {
                self.string(id);
                self.tenant_of(object);
            }
            (Some(id), ..) => {
                self.bad(id, format_args!("`id` is {}, not a string; write the ID as a string", kind(id)));
            }
            (None, Some(_), _) => self.bad(json, "a Graph page cannot be in another value; give each page by itself"),
            (None, None, Some(error)) => {
                let code = error_code(error);
                self.bad(
                    json,
                    format_args!("this is an error from Graph, not a partner{code}; solve that error first"),
                );
            }
            (None, None, None) if object.is_report() => {
                self.bad(json, "this is a whole document of `-o json`; print its records with `jq -c '.results[]'`");
            }
            (None, None, None) => {
                self.bad(json, "the object has no `id`; print partners with `intunectl partner list -o ndjson`");
            }
        }
    }

    /// Keeps the tenant that a record or a page names.
    fn tenant_of(&mut self, object: &Object<'a>) {
        let Some(json) = object.tenant() else { return };
        match serde_json::from_str(json) {
            Ok(JsonString(tenant)) => self.tenant(json, &tenant),
            Err(_) => {
                self.bad(json, format_args!("`tenant_id` is {}, not a string; write the ID as a string", kind(json)));
            }
        }
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
pub(super) struct JsonString<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The fields that decide what an object is. A duplicate of one is an error: another program may use the other value.
/// Other fields may be duplicates. Graph PowerShell writes `Id` and `Value`.
#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default, deserialize_with = "json")]
    id: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json", rename = "Id", alias = "ID")]
    capital_id: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json")]
    value: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json", rename = "Value")]
    capital_value: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json", rename = "@odata.nextLink")]
    next_link: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json")]
    error: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json", alias = "tenantId", alias = "TenantId")]
    tenant_id: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json")]
    summary: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "json")]
    results: Option<&'a str>,
}

impl<'a> Object<'a> {
    /// Moves what is capitalized to the fields without capitals.
    ///
    /// # Errors
    /// The names of two fields that contradict each other.
    fn with_one_spelling(mut self) -> Result<Self, &'static str> {
        if is_other(self.id, self.capital_id) {
            return Err("`id` and `Id`");
        }
        if is_other(self.value, self.capital_value) {
            return Err("`value` and `Value`");
        }
        self.id = self.id.or(self.capital_id);
        self.value = self.value.or(self.capital_value);
        Ok(self)
    }

    /// The partners of a Graph page: an array, or a single object.
    fn items(&self) -> Option<&'a str> {
        self.value.filter(|value| value.starts_with(['[', '{']))
    }

    /// Whether it is what our `-o json` prints after a change. It lists failures beside successes.
    fn is_report(&self) -> bool {
        self.summary.is_some() && self.results.is_some()
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

/// Whether two values of a field differ.
fn is_other(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    let text = |json| serde_json::from_str(json).ok().map(|JsonString(text)| text);
    one != other && (text(one).is_none() || text(one) != text(other))
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

/// Whether a line begins with a JSON object or array. A GUID, too, can be in braces.
pub(super) fn begins_json(line: &str) -> bool {
    let begins_object = |inner: &str| inner.is_empty() || inner.starts_with(['"', '}']);
    line.starts_with('[') || line.strip_prefix('{').is_some_and(|inner| begins_object(inner.trim_start()))
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
        Category::Data => format!("the object has a {message}; keep one of them"),
        _ => format!("invalid JSON: {message}; check it with `jq .`"),
    }
}
