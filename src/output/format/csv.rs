//! CSV: a heading, then a row per item. Lines end in LF, and there is no byte order mark. No cell contains control
//! characters, so a row is always one line.

use std::{fmt, io};

use indexmap::IndexSet;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json;
use super::listed::{Listed, Tokens};
use crate::output::record::{Details, Record};
use crate::text::sanitize::one_line;

/// A field of an object, or a field of an object in one of its fields.
#[derive(Clone, Copy)]
enum Field {
    Own(&'static str),
    /// The column is `error_code` and so on.
    Error(&'static str),
    Partner(&'static str),
}

/// The fields of every record.
const RECORD: [Field; 16] = [
    Field::Own("id"),
    Field::Own("index"),
    Field::Own("action"),
    Field::Own("status"),
    Field::Own("http_status"),
    Field::Own("attempts"),
    Field::Own("duration_ms"),
    Field::Own("time"),
    Field::Own("tenant_id"),
    Field::Own("graph_url"),
    Field::Own("account"),
    Field::Own("client_request_id"),
    Field::Own("request_id"),
    Field::Error("code"),
    Field::Error("message"),
    Field::Error("kind"),
];

/// The fields of the records of some runs.
fn more_fields(details: Option<&Details>) -> &'static [Field] {
    match details {
        Some(Details::DryRun { .. }) => {
            &[Field::Own("dry_run"), Field::Partner("displayName"), Field::Partner("onboardingStatus")]
        }
        Some(Details::Onboarding { .. }) => &[Field::Own("onboarding_url")],
        None => &[],
    }
}

/// The heading of the records of a run that have these details.
pub fn record_heading(details: Option<&Details>) -> io::Result<Vec<u8>> {
    let fields = RECORD.iter().chain(more_fields(details));
    rows([fields.map(|field| match field {
        Field::Own(name) | Field::Partner(name) => (*name).to_owned(),
        Field::Error(name) => error_column(name),
    })])
}

pub fn record(record: &Record) -> io::Result<Vec<u8>> {
    let object = Object::of(record, Tokens::Kept)?;
    let (error, partner) = (object.inner("error"), object.inner("partner"));
    let fields = RECORD.iter().chain(more_fields(record.details.as_deref()));
    rows([fields.map(|field| match field {
        Field::Own(name) => object.cell(name),
        Field::Error(name) => error.cell(name),
        Field::Partner(name) => partner.cell(name),
    })])
}

/// The columns that every list has, then all other fields in the order in which they appear.
pub fn list<T: Listed>(items: &[T]) -> io::Result<Vec<u8>> {
    let objects = items.iter().map(|item| Object::of(item, T::TOKENS)).collect::<io::Result<Vec<_>>>()?;
    let mut columns: IndexSet<&str> = T::COLUMNS.iter().copied().collect();
    // OData's annotations describe the other fields.
    columns.extend(objects.iter().flat_map(Object::names).filter(|name| !name.contains("@odata.")));
    let heading = columns.iter().map(|name| one_line(name).into_owned()).collect();
    let cells = |object: &Object| columns.iter().map(|name| object.cell(name)).collect();
    rows(std::iter::once(heading).chain(objects.iter().map(cells)).map(|row: Vec<_>| row.into_iter()))
}

/// One row. Lists are joined with a space.
pub fn report(report: &impl Serialize) -> io::Result<Vec<u8>> {
    let object = Object::of(report, Tokens::Redacted)?;
    let error = object.inner("error");
    let (heading, cells): (Vec<_>, Vec<_>) = object
        .0
        .iter()
        .flat_map(|(name, value)| match name.as_str() {
            "error" => ["message", "hint"].map(|name| (error_column(name), error.cell(name))).to_vec(),
            _ => {
                let list = serde_json::from_str::<Vec<String>>(value.get()).map(|list| list.join(" "));
                vec![(name.clone(), list.map_or_else(|_| cell(value), |list| one_line(&list).into_owned()))]
            }
        })
        .unzip();
    rows([heading, cells].map(Vec::into_iter))
}

fn error_column(name: &str) -> String {
    format!("error_{name}")
}

fn rows(rows: impl IntoIterator<Item = impl Iterator<Item = String>>) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.collect::<Vec<_>>())?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// The fields of a JSON object, in its order.
#[derive(Default)]
struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    fn of(value: &impl Serialize, tokens: Tokens) -> io::Result<Self> {
        let mut json = Vec::new();
        json::compact(&mut json, value, tokens)?;
        Ok(serde_json::from_slice(&json)?)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Of several fields with this name, the last.
    fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().rfind(|(other, _)| other == name).map(|(_, value)| &**value)
    }

    fn cell(&self, name: &str) -> String {
        self.get(name).map(cell).unwrap_or_default()
    }

    /// The object in a field; without fields if there is none.
    fn inner(&self, name: &str) -> Self {
        self.get(name).and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// A value as the content of a cell: null is empty, a text is itself, anything else is JSON.
fn cell(value: &RawValue) -> String {
    let json = value.get();
    if json == "null" {
        return String::new();
    }
    // Also a string with half of a surrogate pair, which is JSON but no text.
    let text = serde_json::from_str(json).unwrap_or_else(|_| without_spaces(json));
    one_line(&text).into_owned()
}

/// JSON without the white space between its tokens.
fn without_spaces(json: &str) -> String {
    let (mut is_in_string, mut is_escaped) = (false, false);
    let is_kept = |c: &char| {
        let is_space = !is_in_string && c.is_ascii_whitespace();
        is_in_string ^= *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        !is_space
    };
    json.chars().filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::action::{DISCONNECT, ONBOARD};
    use crate::output::record::tests::{DONE, record as any_record};
    use crate::output::record::{PartnerAsRead, Status};
    use crate::output::terminal::TextStyle;
    use crate::text::sanitize::acts_on_terminal;

    /// A partner as Graph sends it.
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Item(Box<RawValue>);

    impl Listed for Item {
        const TOKENS: Tokens = Tokens::Redacted;
        const COLUMNS: &'static [&'static str] = &["id", "name"];

        fn id(&self) -> &str {
            "id"
        }

        fn table(_: &[Self], _: TextStyle) -> String {
            String::new()
        }
    }

    fn listed(objects: &[&str]) -> String {
        let items: Vec<_> = objects.iter().map(|json| Item(serde_json::from_str(json).unwrap())).collect();
        String::from_utf8(list(&items).unwrap()).unwrap()
    }

    /// The rows of a text that are read with the `csv` crate.
    fn read(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let row = |row: csv::Result<csv::StringRecord>| row.unwrap().iter().map(str::to_owned).collect();
        reader.records().map(row).collect()
    }

    #[test]
    fn a_record_has_a_cell_for_every_column_of_the_heading() {
        let read_partner = PartnerAsRead { display_name: Some("Team, \"Viewer\"".into()), onboarding_status: None };
        let cases = [
            (Details::of_run(&DISCONNECT, false), &[][..], &[][..]),
            (Details::of_run(&DISCONNECT, true), &["dry_run", "displayName", "onboardingStatus"], &["true", "", ""]),
            (
                Some(Details::DryRun { dry_run: true, partner: Some(read_partner) }),
                &["dry_run", "displayName", "onboardingStatus"],
                &["true", "Team, \"Viewer\"", ""],
            ),
            (Details::of_run(&ONBOARD, false), &["onboarding_url"], &[""]),
            (
                Some(Details::Onboarding { onboarding_url: Some("https://a.example".into()) }),
                &["onboarding_url"],
                &["https://a.example"],
            ),
        ];
        for (details, names, cells) in cases {
            let heading = read(&String::from_utf8(record_heading(details.as_ref()).unwrap()).unwrap()).remove(0);
            let common = "id,index,action,status,http_status,attempts,duration_ms,time,tenant_id,graph_url,account,\
                          client_request_id,request_id,error_code,error_message,error_kind";
            let expected: Vec<_> = common.split(',').chain(names.iter().copied()).collect();
            assert_eq!(heading, expected);
            for status in [DONE, Status::Failed] {
                let text = record(&Record { details: details.clone().map(Box::new), ..any_record(1, status) }).unwrap();
                let text = String::from_utf8(text).unwrap();
                assert!(text.ends_with('\n') && text.lines().count() == 1, "{text:?}");
                let row = read(&text).remove(0);
                assert_eq!(row.len(), heading.len());
                assert_eq!(row[16..], *cells);
                let error = ["Not Found", "no such \u{fffd}[2Jpartner", "http"];
                assert_eq!(row[13..16], if status == DONE { [""; 3] } else { error });
                assert_eq!(row[..6], ["id-1", "1", "disconnect", status.name(), "404", "1"]);
                assert_eq!(row[10], "", "an unknown account");
            }
        }
    }

    #[test]
    fn the_columns_are_the_fields_of_the_json_record_in_its_order() {
        let object = Object::of(&any_record(1, Status::Failed), Tokens::Kept).unwrap();
        let heading = String::from_utf8(record_heading(None).unwrap()).unwrap();
        let mut columns: Vec<_> =
            read(&heading).remove(0).iter().map(|name| name.split("error_").last().unwrap().to_owned()).collect();
        assert_eq!(columns.split_off(13), object.inner("error").names().collect::<Vec<_>>());
        columns.push("error".to_owned());
        assert_eq!(columns, object.names().collect::<Vec<_>>());
    }

    #[test]
    fn a_list_has_its_own_columns_first_and_unknown_fields_after_them() {
        let text = listed(&[
            r#"{"@odata.type":"x","b":1.50,"id":"1","c@odata.type":"y","c":[ {"a b": "c \" d"} , 1E2 ]}"#,
            r#"{"d":"x\u2028y\r\nz","name":"Ltd., \"A\"","id":"2","b":null,"dup":1,"dup":true}"#,
        ]);
        let expected = "id,name,b,c,d,dup\n\
                        1,,1.50,\"[{\"\"a b\"\":\"\"c \\\"\" d\"\"},1E2]\",,\n\
                        2,\"Ltd., \"\"A\"\"\",,,x y z,true\n";
        assert_eq!(text, expected);
        assert_eq!(listed(&[]), "id,name\n");
        // Half of a surrogate pair is not a text.
        assert_eq!(listed(&[r#"{"id":"\ud800"}"#]), "id,name\n\"\"\"\\ud800\"\"\",\n");
    }

    #[test]
    fn text_that_looks_like_a_token_is_redacted_where_json_does_it() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2ln-_x";
        assert_eq!(listed(&[&format!(r#"{{"id":"{token}","new":["{token}"]}}"#)]), {
            "id,name,new\n[redacted],,\"[\"\"[redacted]\"\"]\"\n"
        });
    }

    #[test]
    fn a_report_joins_lists_and_always_has_the_columns_of_its_error() {
        let shown = |value: serde_json::Value| String::from_utf8(report(&value).unwrap()).unwrap();
        let value = serde_json::json!({ "error": null, "permissions": ["a", "b"], "usable": true });
        assert_eq!(shown(value), "error_message,error_hint,permissions,usable\n,,a b,true\n");
        let error = serde_json::json!({ "message": "no\ntoken", "hint": null });
        let value = serde_json::json!({ "error": error, "permissions": [], "usable": false });
        assert_eq!(shown(value), "error_message,error_hint,permissions,usable\nno token,,,false\n");
    }

    proptest! {
        #[test]
        fn any_text_is_one_row_with_the_same_text_but_control_characters(
            texts in proptest::collection::vec("\\PC*|.*|[,\"\n\r; \u{7f}-\u{9f}\u{200e}-\u{2069}]*", 1..4),
        ) {
            let objects: Vec<_> = texts.iter().map(|text| serde_json::json!({ "id": "a", "name": text }).to_string()).collect();
            let text = listed(&objects.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert!(!text.contains(|c| c != '\n' && acts_on_terminal(c)));
            prop_assert_eq!(text.matches('\n').count(), 1 + texts.len());
            let rows = read(&text);
            for (row, text) in rows[1..].iter().zip(&texts) {
                prop_assert_eq!(&row[1], &one_line(text));
            }
        }

        #[test]
        fn a_nested_value_is_the_same_json(keys in proptest::collection::vec("[ -~\u{e9}]*", 0..4)) {
            let nested = serde_json::json!({ "a": keys, "b": { "c": keys } });
            let text = listed(&[&format!("{{\"id\":\"a\",\"new\":{nested:#}}}")]);
            // On Windows, all characters beyond ASCII are escaped in it.
            let shown = &read(&text)[1][2];
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(shown).unwrap(), nested);
            prop_assert!(!shown.contains(['\n', '\r']));
        }
    }
}
