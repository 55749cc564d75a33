//! Properties of any input: IDs are read from every format, and nothing else becomes an ID.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::tests::{GUID, bad_lines, collect, ids, pairs};
use super::{Collector, PartnerId};

/// The rules for IDs, implemented differently than in the code.
fn breaks_the_rules(id: &str) -> bool {
    const PUNCTUATION: &str = "-_.~=+@:";
    let is_token = id.starts_with("eyJ") && id.len() >= 20;
    let lower = id.to_lowercase();
    let is_printed = ["null", "none", "undefined"].contains(&lower.as_str())
        || id.starts_with("System.")
        || id.starts_with("Microsoft.")
        || id.ends_with("..");
    // None of the random texts here is a GUID with more around it.
    !(1..=256).contains(&id.len())
        || id.starts_with('-')
        || ["", ".", "..", "id"].contains(&lower.as_str())
        || is_token
        || is_printed
        || !id.contains(|c: char| c.is_ascii_alphanumeric())
        || !id.chars().all(|c| c.is_ascii_alphanumeric() || PUNCTUATION.contains(c))
}

/// An ID that should not have been accepted. Checks the collected IDs even if the input as a whole is rejected, as
/// random input nearly always is.
fn bad_id_taken_from(bytes: &[u8]) -> Option<String> {
    let mut collector = Collector::new();
    collector.source("ids.txt", bytes);
    let taken = collector.ids.iter().map(|(id, _)| id.to_string()).find(|id| breaks_the_rules(id));
    if let Err(e) = collector.finish() {
        let unsafe_to_show = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!e.to_string().contains(unsafe_to_show), "{e:?}");
    }
    taken
}

/// The formats that can be mixed in a source.
const FORMS: [fn(&[String]) -> String; 17] = [
    |ids| lines(ids, |id| format!("{id}\n")),
    |ids| lines(ids, |id| format!("  {id} \r\n\r\n# a comment\r\n")),
    |ids| lines(ids, |id| format!("{id},\t# a comment, with \"'\n")),
    |ids| lines(ids, |id| format!("'{id}'; \n")),
    |ids| lines(ids, |id| format!("\"{id}\",\r\n")),
    |ids| format!("Id\r\n--\r\n{}", lines(ids, |id| format!("{id}\r\n"))),
    |ids| format!("\"ID\"\n{}", lines(ids, |id| format!("\"{id}\"\n"))),
    |ids| lines(ids, |id| format!("{id}\tA # 1, id; \"B\tonboarded\t2026-11-20T08:15:03.6670033Z\n")),
    |ids| lines(ids, |id| format!("{id}\tid\tnotOnboarded\t\thttps://example.com/x\n")),
    |ids| lines(ids, |id| json!(id).to_string() + "\n"),
    |ids| lines(ids, |id| json!({"id": id, "error": null}).to_string() + "\n"),
    |ids| lines(ids, |id| json!({"x": [{"id": 1}], "Id": id}).to_string()),
    |ids| json!(ids).to_string(),
    |ids| format!("{:#}", json!(ids)),
    |ids| format!("{:#}", page("value", "id", ids)).replace('\n', "\r\n"),
    |ids| page("value", "Id", ids).to_string(),
    |ids| page("Value", "Id", ids).to_string(),
];

fn lines(ids: &[String], line: impl Fn(&str) -> String) -> String {
    ids.iter().map(|id| line(id)).collect()
}

fn page(value: &str, id: &str, ids: &[String]) -> serde_json::Value {
    let items: Vec<_> = ids.iter().map(|text| json!({id: text, "displayName": "A B"})).collect();
    json!({"@odata.context": "x", value: items, "Count": items.len()})
}

/// How CSV is written.
#[derive(Debug, Clone)]
struct Writer {
    separator: char,
    /// Whether `sep=` names the separator; if not, the header alone shows it.
    is_named: bool,
    above: &'static str,
    id: &'static str,
    /// The place of the column of IDs, among three.
    place: usize,
    is_quoted: bool,
    line_end: &'static str,
}

impl Writer {
    /// `names` are repeated if there are more IDs.
    fn write(&self, ids: &[String], names: &[String]) -> String {
        let mut text = if self.is_named { format!("sep={}{}", self.separator, self.line_end) } else { String::new() };
        text += self.above;
        text += &self.row(self.id, ["Display Name", "status"]);
        for (id, name) in ids.iter().zip(names.iter().cycle()) {
            text += &self.row(id, [name, "x"]);
        }
        text
    }

    fn row(&self, id: &str, others: [&str; 2]) -> String {
        let mut cells = others.to_vec();
        cells.insert(self.place, id);
        let cells: Vec<_> = cells.into_iter().map(|cell| self.cell(cell)).collect();
        cells.join(&self.separator.to_string()) + self.line_end
    }

    fn cell(&self, text: &str) -> String {
        let needs_quotes = text.starts_with('#') || text.contains(['"', '\r', '\n', self.separator]);
        match self.is_quoted || needs_quotes {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        }
    }
}

fn writer() -> impl Strategy<Value = Writer> {
    let separator = prop_oneof![(select(vec![',', ';', '\t']), any::<bool>()), (Just('|'), Just(true)),];
    let above = select(vec!["", "\n", "#TYPE Selected.System.Management.Automation.PSCustomObject\r\n", "# a id\n \n"]);
    let id = select(vec!["id", "Id", "ID"]);
    (separator, above, id, 0..3_usize, any::<bool>(), select(vec!["\n", "\r\n"])).prop_map(
        |((separator, is_named), above, id, place, is_quoted, line_end)| Writer {
            separator,
            is_named,
            above,
            id,
            place,
            is_quoted,
            line_end,
        },
    )
}

/// Tables for people.
const TABLES: [fn(&[String]) -> String; 7] = [
    |ids| format!("\r\nId DisplayName\r\n-- -----------\r\n{}", lines(ids, |id| format!("{id} A B\r\n"))),
    |ids| lines(ids, |id| format!("\nDisplayName : A\nId          : {id}\n")),
    |ids| format!("Id    DisplayName\n----  -------------\n{}", lines(ids, |id| format!("{id}  A\n"))),
    |ids| format!("+----+---+\n| id | x |\n+----+---+\n{}+----+---+", lines(ids, |id| format!("| {id} | A |\n"))),
    |ids| format!("┌────┐\n│ id │\n├────┤\n{}└────┘\n", lines(ids, |id| format!("│ {id} │\n"))),
    |ids| format!("ID  NAME  STATUS\n{}", lines(ids, |id| format!("{id}  A  onboarded  2026-11-20 08:15\n"))),
    |ids| lines(ids, |id| format!("{id}\n  name: A\n  status: onboarded\n")),
];

const ENCODINGS: [fn(&str) -> Vec<u8>; 4] = [
    |text| text.into(),
    |text| format!("\u{feff}{text}").into(),
    |text| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
    |text| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
];

/// Valid IDs of every kind, with repeats, and with GUIDs in upper and lower case.
fn valid_id() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{1,2}",
        select(vec![GUID.to_owned(), GUID.to_uppercase()]),
        "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9A-F]{12}",
        "[-A-Za-z0-9_.~=+@:]{1,40}".prop_filter("an ID", |id| PartnerId::parse(id).is_ok() && id != "sep="),
    ]
}

/// The expected result for a list of IDs: each once, with its place.
fn without_repeats(ids: &[String]) -> Vec<(&str, usize)> {
    let mut seen = HashSet::new();
    let is_guid = |id: &str| id.len() == 36 && uuid::Uuid::try_parse(id).is_ok();
    let key = |id: &str| if is_guid(id) { id.to_lowercase() } else { id.to_owned() };
    ids.iter().zip(1..).filter(|(id, _)| seen.insert(key(id))).map(|(id, place)| (id.as_str(), place)).collect()
}

proptest! {
    #[test]
    fn ids_are_read_from_every_format_and_encoding_and_any_mixture_of_them(
        parts in prop::collection::vec((select(&FORMS[..]), prop::collection::vec(valid_id(), 0..5)), 1..6),
        encode in select(&ENCODINGS[..]),
    ) {
        let text: Vec<String> = parts.iter().map(|(form, ids)| form(ids)).collect();
        let all: Vec<String> = parts.into_iter().flat_map(|(_, ids)| ids).collect();
        match collect(&[("ids.txt", &encode(&text.join("\n")))]) {
            Ok(collected) => {
                prop_assert_eq!(pairs(&collected), without_repeats(&all));
                prop_assert_eq!(collected.ids.repeated(), all.len() - collected.ids.len());
            }
            Err(e) => return Err(TestCaseError::fail(e.to_string())),
        }
    }

    #[test]
    fn ids_are_read_from_csv_of_every_kind(
        writer in writer(),
        ids in prop::collection::vec(valid_id(), 0..6),
        names in prop::collection::vec("[-a-z# ,;|\t\"'\n日é]{0,8}", 1..4),
        encode in select(&ENCODINGS[..]),
        copies in 1..3_usize,
    ) {
        // Files put together repeat the header.
        let text = writer.write(&ids, &names).repeat(copies);
        match collect(&[("ids.csv", &encode(&text))]) {
            Ok(collected) => prop_assert_eq!(pairs(&collected), without_repeats(&ids), "{}", text),
            Err(e) => return Err(TestCaseError::fail(format!("{e}\n{text}"))),
        }
    }

    #[test]
    fn csv_that_has_lost_a_part_is_an_error_or_yields_the_same_ids(
        writer in writer(),
        ids in prop::collection::vec(valid_id(), 2..5),
        at in any::<prop::sample::Index>(),
    ) {
        let names = ["name".to_owned()];
        let whole = writer.write(&ids, &names);
        let header = writer.write(&[], &names);
        let rows = whole.strip_prefix(header.as_str()).unwrap();
        // Each separator and each quote matters.
        let parts: Vec<_> = rows.match_indices([writer.separator, '"']).collect();
        let (cut, part) = parts[at.index(parts.len())];
        let text = format!("{header}{}{}", &rows[..cut], &rows[cut + part.len()..]);
        if let Ok(collected) = collect(&[("ids.csv", text.as_bytes())]) {
            prop_assert_eq!(pairs(&collected), without_repeats(&ids), "{}", text);
        }
    }

    #[test]
    fn a_table_for_people_is_one_error(
        form in select(&TABLES[..]),
        prompt in select(vec!["", "PS C:\\> Get-Partner\n"]),
        before in prop::collection::vec(valid_id(), 0..3),
        ids in prop::collection::vec(valid_id(), 1..4),
        encode in select(&ENCODINGS[..]),
    ) {
        let text = prompt.to_owned() + &lines(&before, |id| format!("{id}\n")) + &form(&ids);
        let e = collect(&[("ids.txt", &encode(&text))]).unwrap_err().to_string();
        prop_assert!(e.starts_with("1 error") && e.contains("made for people"), "{}\n{}", e, text);
    }

    #[test]
    fn a_bad_line_is_reported_with_its_number_after_any_other_lines(
        before in prop::collection::vec((select(&FORMS[..]), prop::collection::vec(valid_id(), 0..4)), 0..5),
        bad in select(vec![
            "a b", "[[]]", "{}", "\"a\n", "[", "[1]", "\"a\" b", "{\"id\":\"a/b\"}", "a,b", "\"a\",\"b\"", "Id : a", "| a |",
            "A\ta\t\t", "--all", "a…",
        ]),
    ) {
        let text: String = before.iter().map(|(form, ids)| form(ids) + "\n").collect();
        let told = bad_lines(format!("{text}{bad}"));
        prop_assert_eq!(told.len(), 1);
        prop_assert!(told[0].starts_with(&format!("{}: ", text.matches('\n').count() + 1)), "{}", told[0]);
    }

    #[test]
    fn no_bytes_panic_or_yield_an_id_that_breaks_the_rules(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(bad_id_taken_from(&bytes), None);
    }

    #[test]
    fn no_text_that_looks_like_input_panics_or_yields_an_id_that_breaks_the_rules(
        tokens in prop::collection::vec(select(vec![
            "{", "}", "[", "]", "\"", ",", ":", "\n", "\r\n", "\r", " ", "#", "\\", "\\u00", "\\ud800", "a", "..", "1",
            "null", "\"id\"", "\"value\"", "\"error\"", "\"@odata.nextLink\"", "\"a\"", "{\"id\":", "{\"value\":[",
            "\u{202e}", "\u{feff}", "\u{a0}", "名", "\0", ";", "\t", "'", "-", "--", "|", "id", "id,x\n", "x;ID\n", "sep=;\n",
            "#TYPE x\n", "Id : ", "onboarded", "\tA\tonboarded\t\n",
        ]), 0..40),
    ) {
        prop_assert_eq!(bad_id_taken_from(tokens.concat().as_bytes()), None);
    }

    #[test]
    fn a_text_is_an_id_if_and_only_if_it_follows_the_rules(
        text in "(\\PC|[/?#%.\u{202e}\u{feff} \t]){0,4}|[-_.~=+@:a-zA-Z0-9]{0,4}|[-.iIdD]{1,2}|a{255,258}|eyJ[a-z.]{0,30}",
    ) {
        prop_assert_eq!(PartnerId::parse(&text).is_err(), breaks_the_rules(&text));
    }

    #[test]
    fn a_guid_is_the_same_id_in_any_case(guid in "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", upper in any::<u64>()) {
        let other: String = guid
            .chars()
            .enumerate()
            .map(|(i, c)| if upper >> i & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        prop_assert_eq!(ids(&format!("{guid}\n{other}")), [guid]);
    }
}
