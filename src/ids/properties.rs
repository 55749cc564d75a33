//! Properties of any input: IDs are read from every format, and nothing else becomes an ID.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::tests::{GUID, bad_lines, collect, ids, pairs};
use super::{Collector, PartnerId};

/// Invisible characters: Unicode's Default_Ignorable_Code_Point, and U+2800.
const SHAPELESS: &[std::ops::RangeInclusive<u32>] = &[
    0xAD..=0xAD,
    0x34F..=0x34F,
    0x115F..=0x1160,
    0x17B4..=0x17B5,
    0x180B..=0x180F,
    0x200B..=0x200F,
    0x2060..=0x206F,
    0x2800..=0x2800,
    0x3164..=0x3164,
    0xFE00..=0xFE0F,
    0xFFA0..=0xFFA0,
    0xFFF9..=0xFFFB,
    0xE0000..=0xE0FFF,
];

/// The rules for IDs, implemented differently than in the code.
fn breaks_the_rules(id: &str) -> bool {
    let bidi = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}'];
    let isolates = ['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', '\u{200b}', '\u{feff}'];
    !(1..=256).contains(&id.chars().count())
        || id == "."
        || id == ".."
        || id.contains(char::is_whitespace)
        || id.contains(char::is_control)
        || id.contains(['/', '\\', '?', '#', '%'])
        || id.contains(bidi)
        || id.contains(isolates)
        || id.contains(|c| SHAPELESS.iter().any(|range| range.contains(&u32::from(c))))
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

/// The formats in which a list of IDs may be written.
const FORMS: [fn(&[String]) -> String; 9] = [
    |ids| ids.iter().map(|id| plain(id) + "\n").collect(),
    |ids| ids.iter().map(|id| format!("  {} \r\n\r\n# a comment\r\n", plain(id))).collect(),
    |ids| ids.iter().map(|id| json!(id).to_string() + "\n").collect(),
    |ids| ids.iter().map(|id| json!({"id": id, "error": null}).to_string() + "\n").collect(),
    |ids| ids.iter().map(|id| json!({"x": [{"id": 1}], "id": id}).to_string()).collect(),
    |ids| json!(ids).to_string(),
    |ids| format!("{:#}", json!(ids)),
    |ids| format!("{:#}", page(ids)).replace('\n', "\r\n"),
    |ids| page(ids).to_string(),
];

/// The ID on a line of its own, or as JSON if it looks like JSON.
fn plain(id: &str) -> String {
    if id.starts_with(['{', '[', '"']) { json!(id).to_string() } else { id.to_owned() }
}

fn page(ids: &[String]) -> serde_json::Value {
    let items: Vec<_> = ids.iter().map(|id| json!({"id": id, "displayName": "A B"})).collect();
    json!({"@odata.context": "x", "value": items})
}

const ENCODINGS: [fn(&str) -> Vec<u8>; 4] = [
    |text| text.into(),
    |text| format!("\u{feff}{text}").into(),
    |text| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
    |text| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
];

/// Valid IDs of every kind, with repeats, and with GUIDs in upper and lower case.
fn valid_id() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab{\\[\"]{1,2}",
        select(vec![GUID.to_owned(), GUID.to_uppercase()]),
        "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9A-F]{12}",
        "\\PC{1,40}".prop_filter("an ID", |id| PartnerId::parse(id).is_ok()),
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
    fn a_bad_line_is_reported_with_its_number_after_any_other_lines(
        before in prop::collection::vec((select(&FORMS[..]), prop::collection::vec(valid_id(), 0..4)), 0..5),
        bad in select(vec!["a b", "[[]]", "{}", "\"a\n", "[", "[1]", "\"a\" b", "{\"id\":\"a/b\"}"]),
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
            "\u{202e}", "\u{feff}", "\u{a0}", "名", "\0",
        ]), 0..40),
    ) {
        prop_assert_eq!(bad_id_taken_from(tokens.concat().as_bytes()), None);
    }

    #[test]
    fn a_text_is_an_id_if_and_only_if_it_follows_the_rules(text in "(\\PC|[/?#%.\u{202e}\u{feff} \t]){0,4}") {
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
