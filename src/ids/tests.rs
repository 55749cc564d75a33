//! Each format and each reason, with the exact line and message.

use super::{Collected, Collector};
use crate::error::{Error, ErrorKind};

pub(super) const GUID: &str = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";

pub(super) fn collect(sources: &[(&str, &[u8])]) -> Result<Collected, Error> {
    let mut collector = Collector::new();
    for (name, bytes) in sources {
        collector.source(name, bytes);
    }
    collector.finish()
}

pub(super) fn pairs(collected: &Collected) -> Vec<(&str, usize)> {
    collected.ids.iter().map(|(id, place)| (id.as_str(), place)).collect()
}

/// The IDs of one source, in order.
pub(super) fn ids(text: &str) -> Vec<String> {
    let collected = collect(&[("ids.txt", text.as_bytes())]).unwrap();
    collected.ids.iter().map(|(id, _)| id.to_string()).collect()
}

/// The bad lines that are reported for one source, without its name: `3: …`.
pub(super) fn bad_lines(text: impl AsRef<[u8]>) -> Vec<String> {
    let e = collect(&[("ids.txt", text.as_ref())]).unwrap_err();
    let mut lines = e.to_string().lines().map(ToOwned::to_owned).collect::<Vec<_>>();
    lines.remove(0);
    lines.iter().map(|line| line.strip_prefix("  ids.txt:").unwrap_or(line).to_owned()).collect()
}

/// Asserts that one bad line is reported, with this number and reason.
fn assert_bad(text: impl AsRef<[u8]>, told: &str) {
    assert_eq!(bad_lines(&text), [told], "{:?}", String::from_utf8_lossy(text.as_ref()));
}

#[test]
fn every_format_is_read() {
    let table: &[(&str, &[&str])] = &[
        ("a", &["a"]),
        ("a\nb\n", &["a", "b"]),
        ("a\r\nb\r\n", &["a", "b"]),
        ("a\r\r\nb\r", &["a", "b"]),
        ("\u{feff}a\nb", &["a", "b"]),
        ("\n  a \t\n\u{a0}b\u{3000}\n\n", &["a", "b"]),
        ("# one\na\n  # b c / d\n#\nb", &["a", "b"]),
        ("a,b\nc", &["a,b", "c"]),
        (r#""a""#, &["a"]),
        ("\"a\"\n  \"b\" \r\n\"c\"", &["a", "b", "c"]),
        (r#""\u0061\"b""#, &["a\"b"]),
        (r#"{"id":"a"}"#, &["a"]),
        ("{\"id\":\"a\",\"x\":[1,{\"id\":2}]}\n\n{\"x\":1,\"x\":2,\"id\":\"b\"}\n", &["a", "b"]),
        (r#"{"\u0069d":"a"}"#, &["a"]),
        ("{\"id\":\"a\"}{\"id\":\"b\"} \"c\"\t[\"d\"]\ne", &["a", "b", "c", "d", "e"]),
        (r#"{"id":"a","index":1,"status":"failed","error":{"code":"Forbidden"}}"#, &["a"]),
        (r#"{"id":"a","value":"not a page"}"#, &["a"]),
        (r#"["a","b",{"id":"c"}]"#, &["a", "b", "c"]),
        ("[\r\n  \"a\",\r\n  {\r\n    \"id\": \"b\"\r\n  }\r\n]\r\nc", &["a", "b", "c"]),
        ("a\n[]\n[ ]\n{\"value\":[]}", &["a"]),
        ("{\"@odata.context\":\"x\",\"value\":[{\"id\":\"a\",\"displayName\":\"A B\"},\"b\"]}", &["a", "b"]),
        ("{\n  \"value\": [\n    {\"id\": \"a\"}\n  ]\n}\n# more\nb\n\"c\"", &["a", "b", "c"]),
    ];
    for (text, expected) in table {
        assert_eq!(ids(text), *expected, "{text:?}");
    }
}

#[test]
fn a_line_that_is_not_an_id_is_reported_with_its_number_and_the_reason() {
    let table = [
        ("a\n\nfoo bar\n", "3: `foo bar` contains white space"),
        ("a\r\nfoo\tbar\r\n", "2: `foo\\tbar` contains white space"),
        ("a\u{2028}b", "1: `a\\u{2028}b` contains white space"),
        ("a # why", "1: `a # why` contains white space"),
        ("..", "1: `..` is not an ID"),
        ("a\n.\n", "2: `.` is not an ID"),
        ("a/b", "1: `a/b` contains `/`"),
        ("a\\b", "1: `a\\b` contains `\\`"),
        ("a?b", "1: `a?b` contains `?`"),
        ("a#b", "1: `a#b` contains `#`"),
        ("a%2Fb", "1: `a%2Fb` contains `%`"),
        ("a\u{1b}[2Jb", "1: `a\\u{1b}[2Jb` contains a control character"),
        ("a\u{202e}b", "1: `a\\u{202e}b` contains an invisible character (U+202E)"),
        ("a\n\u{feff}b", "2: `\\u{feff}b` contains an invisible character (U+FEFF)"),
        ("a\rb\r", "1: `a\\rb` contains a carriage return (CR) inside the line"),
        ("# a\rb", "1: `# a\\rb` contains a carriage return (CR) inside the line"),
    ];
    for (text, told) in table {
        assert_bad(text, told);
    }
}

#[test]
fn input_that_is_not_text_is_reported_with_its_line() {
    assert_bad(b"a\nb\xff\n", "2: this line is not UTF-8 text; the other lines were not checked");
    let no_bom: Vec<u8> = "a\r\nb".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_bad(no_bom, "1: contains a NUL character; the file may be UTF-16 without a byte order mark");
    assert_bad("a\n# \0", "2: contains a NUL character; the file may be UTF-16 without a byte order mark");
}

#[test]
fn json_that_is_not_an_id_is_reported_with_the_line_of_the_element() {
    let table = [
        ("[\n\"a\",\n[\"b\"]\n]", "3: an array is not an ID"),
        ("[\r\n\"a\",\r\n\r\n42]", "4: a number is not an ID"),
        ("[-1]", "1: a number is not an ID"),
        ("[true]", "1: a boolean is not an ID"),
        ("[\n\n  null\n]", "3: null is not an ID"),
        ("x\n[\"a\",\n \"b c\"]", "3: `b c` contains white space"),
        ("\"\"", "1: `` is empty"),
        ("\" a\"", "1: ` a` contains white space"),
        (r#""a\u0000b""#, "1: `a\\u{0}b` contains a control character"),
        (r#""a\nb""#, "1: `a\\nb` contains white space"),
        ("[\n\"\\ud800\"]", "2: invalid JSON: unexpected end of hex escape"),
        ("a\n{}", "2: the object has no `id`"),
        ("[\n{\"id\":\"a\"},\n{\n\"ID\":\"b\"\n}]", "3: the object has no `id`"),
        (r#"{"summary":{},"results":[{"id":"a"}]}"#, "1: the object has no `id`"),
        (r#"{"value":"a"}"#, "1: the object has no `id`"),
        (r#"{"error":null}"#, "1: the object has no `id`"),
        ("{\n\"id\":\n7}", "3: `id` is a number, not a string"),
        (r#"{"id":null}"#, "1: `id` is null, not a string"),
        (r#"{"id":["a"]}"#, "1: `id` is an array, not a string"),
        (r#"{"id":{"id":"a"}}"#, "1: `id` is an object, not a string"),
        (r#"{"id":false}"#, "1: `id` is a boolean, not a string"),
        ("[{\n\"x\":1,\n\"id\":\"a/b\"}]", "3: `a/b` contains `/`"),
        (r#"{"id":"a","id":"b"}"#, "1: the object has a duplicate field `id`"),
        (r#"{"id":null,"\u0069d":"b"}"#, "1: the object has a duplicate field `id`"),
        (r#"{"value":["a"],"value":[]}"#, "1: the object has a duplicate field `value`"),
        ("a\n{\"\\ud800\":1}", "2: invalid JSON: unexpected end of hex escape"),
        (r#"{"id":"a","value":["b"]}"#, "1: an object cannot have both an `id` and a `value` array"),
        (r#"[{"id":"a","value":["b"]}]"#, "1: an object cannot have both an `id` and a `value` array"),
        ("[\n{\"value\":[\"a\"]}]", "2: a Graph page cannot be in an array"),
        ("{\"value\":[\n{\"value\":[\"a\"]}]}", "2: a Graph page cannot be in an array"),
        (
            r#"{"error":{"code":"Forbidden","message":"no"}}"#,
            "1: this is an error from Graph, not a partner: `Forbidden`",
        ),
        (r#"{"error":"invalid_grant"}"#, "1: this is an error from Graph, not a partner: `invalid_grant`"),
        (r#"{"error":{"code":403}}"#, "1: this is an error from Graph, not a partner"),
        (
            "{\"id\":\"a\"}, {\"id\":\"b\"}",
            "1: `, {\"id\":\"b\"}` follows the JSON value; put each value on its own line",
        ),
        ("\"a\" # why\nb", "1: `# why` follows the JSON value; put each value on its own line"),
        ("[\n\"a\"\n] b", "3: `b` follows the JSON value; put each value on its own line"),
    ];
    for (text, told) in table {
        assert_bad(text, told);
    }
    assert_bad(
        format!(r#"{{"error":{{"code":"{}"}}}}"#, "x".repeat(65)),
        "1: this is an error from Graph, not a partner",
    );
}

#[test]
fn after_invalid_json_the_rest_of_the_source_is_not_read() {
    let table = [
        ("a\n[\n\"b\",\n\"c\" \"d\"]\ne f", "4: invalid JSON: expected `,` or `]`"),
        ("[\"a\",]\ne f", "1: invalid JSON: expected value"),
        ("[\r\n\"a\",\r\n]", "3: invalid JSON: expected value"),
        ("x\n\"a\nb c", "2: invalid JSON: control character (\\u0000-\\u001F) found while parsing a string"),
        ("x\n\"a\r\nb c", "2: invalid JSON: control character (\\u0000-\\u001F) found while parsing a string"),
        ("\"a\n\n", "1: invalid JSON: control character (\\u0000-\\u001F) found while parsing a string"),
        ("[\nnul\n]", "2: invalid JSON: expected ident"),
        ("x\n{0a1b}\ne f", "2: invalid JSON: key must be a string"),
        ("{\"id\":\"a\"}{]\ne f", "1: invalid JSON: key must be a string"),
        ("a\n[\n\"b\",\n", "2: incomplete JSON: the end of the value is missing"),
        ("a\n\"b", "2: incomplete JSON: the end of the value is missing"),
        ("{\"id\":\"a\"}\n{\"id\":\"b", "2: incomplete JSON: the end of the value is missing"),
    ];
    for (text, told) in table {
        assert_bad(text, told);
    }
    let e = collect(&[("one", b"[\"a\" b"), ("two", b"c d\ne")]).unwrap_err();
    assert_eq!(
        e.to_string(),
        "2 errors in the IDs; nothing was sent:\n  one:1: invalid JSON: expected `,` or `]`\n  two:1: `c d` contains white space"
    );
}

#[test]
fn deeply_nested_json_is_an_ordinary_bad_line() {
    let deep = 1_000_000;
    let cut_short = "1: incomplete JSON: the end of the value is missing";
    assert_bad("[".repeat(deep), cut_short);
    assert_bad("[\n".repeat(deep), cut_short);
    assert_bad("{\"id\":".repeat(deep), cut_short);
    assert_bad("{\"error\":".repeat(deep), cut_short);
    assert_bad("[".repeat(deep) + &"]".repeat(deep), "1: an array is not an ID");
    let nested = |field: &str| format!("{}1{}", format!("{{\"{field}\":").repeat(deep), "}".repeat(deep));
    assert_bad(nested("id"), "1: `id` is an object, not a string");
    assert_bad(nested("value"), "1: the object has no `id`");
    assert_bad(nested("error"), "1: this is an error from Graph, not a partner");
}

#[test]
fn many_values_on_one_line_are_read_in_one_pass() {
    assert_eq!(ids(&"{\"id\":\"a\"}".repeat(200_000)), ["a"]);
}

#[test]
fn a_page_that_is_not_the_last_causes_one_warning() {
    let more = r#"{"value":["a"],"@odata.nextLink":"https://graph.microsoft.com/v1.0/x?$skiptoken=1"}"#;
    let warnings = |text: &str| collect(&[("page.json", text.as_bytes())]).unwrap().warnings;
    assert_eq!(
        warnings(&format!("# page\n{more}\n{more}")),
        ["page.json:2: Graph has more pages than this one, and their IDs are missing \
          (`intunectl partner list -o id` prints all IDs)"]
    );
    for last in
        [r#"{"value":["a"]}"#, r#"{"value":["a"],"@odata.nextLink":""}"#, r#"{"value":["a"],"@odata.nextLink":null}"#]
    {
        assert_eq!(warnings(last), [""; 0], "{last}");
    }
}

#[test]
fn arguments_are_not_trimmed_and_not_read_as_lines() {
    for (text, told) in [
        (" a", "` a` contains white space"),
        ("", "`` is empty"),
        ("# a", "`# a` contains `#`"),
        ("a\n", "`a\\n` contains white space"),
        ("a\nb", "`a\\nb` contains white space"),
    ] {
        let mut collector = Collector::new();
        collector.argument(3, text);
        let message = collector.finish().unwrap_err().to_string();
        assert_eq!(message, format!("1 error in the IDs; nothing was sent:\n  argument 3: {told}"));
    }
}

#[test]
fn the_first_ten_bad_lines_are_reported_and_the_others_counted() {
    let told = bad_lines("a b\n".repeat(47));
    assert_eq!(told.len(), 11);
    assert_eq!(told[9], "10: `a b` contains white space");
    assert_eq!(told[10], "  … and 37 more");
    assert_eq!(bad_lines("a b\n".repeat(10)).len(), 10);
    assert_eq!(bad_lines("a b\n".repeat(11))[10], "  … and 1 more");
    let e = collect(&[("ids.txt", "a b\n".repeat(1_000_000).as_bytes())]).unwrap_err();
    assert!(e.to_string().starts_with("1000000 errors in the IDs; nothing was sent:\n"));
    assert!(e.to_string().len() < 1000);
    assert_eq!(e.kind(), ErrorKind::Usage);
    assert!(e.hint_text().unwrap().starts_with("give one ID per line"));
}

#[test]
fn text_that_may_be_a_token_is_never_shown() {
    let jwt = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.{}", "x".repeat(2000));
    for text in [
        jwt.clone(),
        format!("Bearer {jwt}"),
        "INTUNECTL_TOKEN=eyJ0eXAi /".to_owned(),
        format!("\"{jwt}\""),
        format!("{{\"accessToken\":\"{jwt}\"}}"),
        format!("{{\"id\":\"{jwt}\"}}"),
        format!("{{\"error\":\"{jwt}\"}}"),
        "{\"error\":\"eyJ0eXAi\"}".to_owned(),
        format!("[] {jwt}"),
        format!("[{jwt}]"),
        format!("{{{jwt}}}"),
    ] {
        let message = format!("{:?}", collect(&[("ids.txt", text.as_bytes())]).unwrap_err());
        assert!(!message.contains("eyJ") && !message.contains("xxx"), "{message}");
    }
    assert_bad("eyJ0eXAi/", "1: (not shown: looks like an access token) contains `/`");
    assert_bad("名".repeat(257), "1: (not shown) is longer than 256 characters");
}

#[test]
fn an_excerpt_is_at_most_forty_characters() {
    assert_bad("é".repeat(39) + "/", &format!("1: `{}/` contains `/`", "é".repeat(39)));
    assert_bad("é".repeat(40) + "/", &format!("1: `{}…` contains `/`", "é".repeat(40)));
}

#[test]
fn guids_compare_without_case_and_other_ids_exactly() {
    let upper = GUID.to_uppercase();
    let not_hex = GUID.replace('a', "g");
    let bare = GUID.replace('-', "");
    let others = ["abc", "ABC", &not_hex, &not_hex.to_uppercase(), &bare, &bare.to_uppercase()];
    let text = format!("{upper}\n{GUID}\n{}", others.join("\n"));
    assert_eq!(ids(&text), [&[upper.as_str()], &others[..]].concat());
}
