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
        ("id\na\n\"ID\"\nb\n--\nc\nId # names\nd", &["a", "b", "c", "d"]),
        ("Id\r\n--\r\na\r\n\r\n", &["a"]),
        ("a,\nb;\n c , \r\nd", &["a", "b", "c", "d"]),
        ("'a'\n'b',\n\"c\";\n  \"d\" , # last", &["a", "b", "c", "d"]),
        ("a # one\nb\t#two\nc, # three", &["a", "b", "c"]),
        (r#""a""#, &["a"]),
        ("\"a\"\n  \"b\" \r\n\"c\"", &["a", "b", "c"]),
        (r#""\u0061b""#, &["ab"]),
        ("\"a\" # why\n\"b\"", &["a", "b"]),
        (r#"{"id":"a"}"#, &["a"]),
        ("{\"id\":\"a\",\"x\":[1,{\"id\":2}]}\n\n{\"x\":1,\"x\":2,\"id\":\"b\"}\n", &["a", "b"]),
        (r#"{"\u0069d":"a"}"#, &["a"]),
        ("{\"id\":\"a\"}{\"id\":\"b\"}\t[\"d\"]\ne", &["a", "b", "d", "e"]),
        ("{\"id\":\"a\"},\n{\"id\":\"b\"}, # the last\n", &["a", "b"]),
        (r#"{"Id":"a","DisplayName":"A","AdditionalProperties":{}}"#, &["a"]),
        (r#"{"id":"a","Id":"a"}"#, &["a"]),
        (r#"{"id":"a","Id":"\u0061"}"#, &["a"]),
        (r#"{"Value":[{"Id":"a"},{"id":"b"}],"Count":2}"#, &["a", "b"]),
        (r#"{"value":["a"],"Value":["a"]}"#, &["a"]),
        (r#"{"value":{"id":"a"}}"#, &["a"]),
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
    let only = "an ID has only the letters A to Z, digits and - _ . ~ = + @ :";
    let columns =
        "has columns without headings; put each ID on its own line, or name the column `id` in the first line";
    let bullet = format!("- {GUID}");
    let old = format!("{GUID} old");
    let two = format!("{GUID},{{{GUID}}}");
    let url = format!("https://graph.microsoft.com/v1.0/x('{GUID}')/disconnect");
    let table = [
        ("a\n\nfoo bar\n", "3: `foo bar` contains a space; put each ID on its own line, and `#` before other text"),
        ("a\r\nfoo bar\r\n", "2: `foo bar` contains a space; put each ID on its own line, and `#` before other text"),
        (
            "a\u{a0}b",
            "1: `a\\u{a0}b` contains white space (U+00A0); put each ID on its own line, and `#` before other text",
        ),
        ("{a}", "1: `{a}` contains `{`; only a GUID can be in braces"),
        (&bullet, &format!("1: `- {GUID}` contains a space; give only the ID: {GUID}")),
        (&old, &format!("1: `{GUID} old` contains a space; put a `#` before text after the ID")),
        ("a b # why", "1: `a b` contains a space; put each ID on its own line, and `#` before other text"),
        (&two, &format!("1: `{GUID},{{0a…` contains several IDs; put each ID on its own line")),
        ("a,b", &format!("1: `a,b` {columns}")),
        ("'a';'b'", &format!("1: `'a';'b'` {columns}")),
        ("\"a\",\"b\"", &format!("1: `\"a\",\"b\"` {columns}")),
        ("\"a\"\t\"b\"", &format!("1: `\"a\"\\t\"b\"` {columns}")),
        ("TeamViewer\ta\tb", &format!("1: `TeamViewer\\ta\\tb` {columns}")),
        ("a,,", &format!("1: `a,` {columns}")),
        (
            "a\nid,displayName",
            "2: `id,displayName` looks like the header of CSV; give CSV in a file of its own, with the header first",
        ),
        ("..", "1: `..` is not an ID; give only IDs"),
        ("a\n.\n", "2: `.` is not an ID; give only IDs"),
        ("a/b", "1: `a/b` contains `/`; give only the ID, usually the last part"),
        ("a\\b", "1: `a\\b` contains `\\`; give only the ID, usually the last part"),
        ("a?b", "1: `a?b` contains `?`; give only the ID, usually the last part"),
        (&url, &format!("1: `https://graph.microsoft.com/v1.0/x('0a1b…` contains `/`; give only the ID: {GUID}")),
        ("a#b", "1: `a#b` contains `#`; put a space before a comment"),
        ("a%2Fb", "1: `a%2Fb` contains `%`; give the ID without percent-encoding"),
        ("5f0e1c9a…", "1: `5f0e1c9a…` contains `…`; a table has cut the ID: print whole IDs, for example with `-o id`"),
        ("“a”", "1: `“a”` contains `“`; use straight quotes, or none"),
        ("\"a", "1: `\"a` contains `\"`; use the same quote (' or \") on both sides, or none"),
        ("'a\"", "1: `'a\"` contains `'`; use the same quote (' or \") on both sides, or none"),
        ("``", "1: ```` contains a backtick; remove the quotes"),
        ("''", "1: the ID is empty; add the ID, or remove the line"),
        ("\",\"", "1: `,` contains `,`; put each ID on its own line, and `#` before other text"),
        ("--dry-run", "1: `--dry-run` begins with `-`; options go on the command line"),
        ("a–b", "1: `a–b` contains `–`; type a hyphen (-) instead"),
        ("a}", "1: `a}` contains `}`; only a GUID can be in braces"),
        ("a*", &format!("1: `a*` contains `*`; {only}")),
        ("日本", &format!("1: `日本` contains `日`; {only}")),
        ("a\u{1b}[2Jb", "1: `a\\u{1b}[2Jb` has colours for a terminal; print it again without colours"),
        ("a\u{7}b", "1: `a\\u{7}b` contains a control character (U+0007); remove it, or type the ID again"),
        ("a\u{202e}b", "1: `a\\u{202e}b` contains an invisible character (U+202E); remove it, or type the ID again"),
        ("a\n\u{feff}b", "2: `\\u{feff}b` contains an invisible character (U+FEFF); remove it, or type the ID again"),
        ("a\rb\r", "1: `a\\rb` contains a carriage return (CR); end lines with a line feed (LF)"),
        ("# a\rb", "1: `# a\\rb` contains a carriage return (CR); end lines with a line feed (LF)"),
        ("a\nsep=;\nb", "2: a line `sep=` must be the first line of its file; put the CSV in a file of its own"),
        ("a\nsep=\t\nb", "2: a line `sep=` must be the first line of its file; put the CSV in a file of its own"),
    ];
    for (text, told) in table {
        assert_bad(text, told);
    }
}

#[test]
fn input_that_is_not_text_is_reported_with_its_line() {
    assert_bad(b"a\nb\xff\n", "2: this line is not UTF-8 text; save the file as UTF-8 (in Excel: `CSV UTF-8`)");
    // Shift-JIS.
    let shift_jis = b"id,displayName\n5f0e,\x83\x8a\x83\x82\n";
    assert_bad(shift_jis, "2: this line is not UTF-8 text; save the file as UTF-8 (in Excel: `CSV UTF-8`)");
    let no_bom: Vec<u8> = "a\r\nb".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_bad(no_bom, "1: contains a NUL character, so it may be UTF-16; save it as UTF-8");
    assert_bad("a\n# \0", "2: contains a NUL character, so it may be UTF-16; save it as UTF-8");
}

#[test]
fn json_that_is_not_an_id_is_reported_with_the_line_of_the_element() {
    let table = [
        ("[\n\"a\",\n[\"b\"]\n]", "3: an array is not an ID; write each ID as a string"),
        ("[\r\n\"a\",\r\n\r\n42]", "4: a number is not an ID; write each ID as a string"),
        ("[-1]", "1: a number is not an ID; write each ID as a string"),
        ("[true]", "1: a boolean is not an ID; write each ID as a string"),
        ("[\n\n  null\n]", "3: null is not an ID; write each ID as a string"),
        ("x\n[\"a\",\n \"b c\"]", "3: `b c` contains a space; write each ID as its own string"),
        ("[\"\"]", "1: the ID is empty; add the ID, or remove the line"),
        ("[\" a\"]", "1: ` a` contains a space; write each ID as its own string"),
        (r#""a\u0000b""#, "1: `a\\u{0}b` contains a control character (U+0000); remove it, or type the ID again"),
        (r#""a\nb""#, "1: `a\\nb` contains a line break; put each ID on its own line, and `#` before other text"),
        ("[\n\"\\ud800\"]", "2: invalid JSON: unexpected end of hex escape; check it with `jq .`"),
        ("a\n{}", "2: the object has no `id`; print partners with `intunectl partner list -o ndjson`"),
        (
            "[\n{\"id\":\"a\"},\n{\n\"iD\":\"b\"\n}]",
            "3: the object has no `id`; print partners with `intunectl partner list -o ndjson`",
        ),
        (
            r#"{"summary":{},"results":[{"id":"a"}]}"#,
            "1: this is a whole document of `-o json`; print its records with `jq -c '.results[]'`",
        ),
        (r#"["id"]"#, "1: `id` is a column heading, not an ID; give only IDs"),
        (r#"{"Id":"ID"}"#, "1: `ID` is a column heading, not an ID; give only IDs"),
        (r#"["-a"]"#, "1: `-a` begins with `-`; options go on the command line"),
        (r#"{"id":"a","Id":"b"}"#, "1: the object has `id` and `Id` with different values; keep one of them"),
        (r#"{"id":"a","Id":null}"#, "1: the object has `id` and `Id` with different values; keep one of them"),
        (
            r#"{"value":[],"Value":["a"]}"#,
            "1: the object has `value` and `Value` with different values; keep one of them",
        ),
        (r#"{"Id":"a","Id":"b"}"#, "1: the object has a duplicate field `Id`; keep one of them"),
        (
            r#"{"id":"a","value":{"id":"b"}}"#,
            "1: an object cannot have both an `id` and a `value` with partners; keep one of them",
        ),
        (r#"{"value":{"value":["a"]}}"#, "1: a Graph page cannot be in another value; give each page by itself"),
        (r#"{"value":"a"}"#, "1: the object has no `id`; print partners with `intunectl partner list -o ndjson`"),
        (r#"{"error":null}"#, "1: the object has no `id`; print partners with `intunectl partner list -o ndjson`"),
        ("{\n\"id\":\n7}", "3: `id` is a number, not a string; write the ID as a string"),
        (r#"{"id":null}"#, "1: `id` is null, not a string; write the ID as a string"),
        (r#"{"id":["a"]}"#, "1: `id` is an array, not a string; write the ID as a string"),
        (r#"{"id":{"id":"a"}}"#, "1: `id` is an object, not a string; write the ID as a string"),
        (r#"{"id":false}"#, "1: `id` is a boolean, not a string; write the ID as a string"),
        ("[{\n\"x\":1,\n\"id\":\"a/b\"}]", "3: `a/b` contains `/`; give only the ID, usually the last part"),
        (r#"{"id":"a","id":"b"}"#, "1: the object has a duplicate field `id`; keep one of them"),
        (r#"{"id":null,"\u0069d":"b"}"#, "1: the object has a duplicate field `id`; keep one of them"),
        (r#"{"value":["a"],"value":[]}"#, "1: the object has a duplicate field `value`; keep one of them"),
        ("a\n{\"\\ud800\":1}", "2: invalid JSON: unexpected end of hex escape; check it with `jq .`"),
        (
            r#"{"id":"a","value":["b"]}"#,
            "1: an object cannot have both an `id` and a `value` with partners; keep one of them",
        ),
        (
            r#"[{"id":"a","value":["b"]}]"#,
            "1: an object cannot have both an `id` and a `value` with partners; keep one of them",
        ),
        ("[\n{\"value\":[\"a\"]}]", "2: a Graph page cannot be in another value; give each page by itself"),
        ("{\"value\":[\n{\"value\":[\"a\"]}]}", "2: a Graph page cannot be in another value; give each page by itself"),
        (
            r#"{"error":{"code":"Forbidden","message":"no"}}"#,
            "1: this is an error from Graph, not a partner: `Forbidden`; solve that error first",
        ),
        (
            r#"{"error":"invalid_grant"}"#,
            "1: this is an error from Graph, not a partner: `invalid_grant`; solve that error first",
        ),
        (r#"{"error":{"code":403}}"#, "1: this is an error from Graph, not a partner; solve that error first"),
        (
            "{\"id\":\"a\"}, {\"id\":\"b\"}",
            "1: `, {\"id\":\"b\"}` follows the JSON value; put each value on its own line",
        ),
        ("{\"id\":\"a\"} \"b\"", "1: `\"b\"` follows the JSON value; put each value on its own line"),
        ("[\n\"a\"\n] b", "3: `b` follows the JSON value; put each value on its own line"),
    ];
    for (text, told) in table {
        assert_bad(text, told);
    }
    assert_bad(
        format!(r#"{{"error":{{"code":"{}"}}}}"#, "x".repeat(65)),
        "1: this is an error from Graph, not a partner; solve that error first",
    );
}

#[test]
fn after_invalid_json_the_rest_of_the_source_is_not_read() {
    let table = [
        ("a\n[\n\"b\",\n\"c\" \"d\"]\ne f", "4: invalid JSON: expected `,` or `]`; check it with `jq .`"),
        ("[\"a\",]\ne f", "1: invalid JSON: expected value; check it with `jq .`"),
        ("[\r\n\"a\",\r\n]", "3: invalid JSON: expected value; check it with `jq .`"),
        ("[\nnul\n]", "2: invalid JSON: expected ident; check it with `jq .`"),
        ("x\n{\n0a1b}\ne f", "3: invalid JSON: key must be a string; check it with `jq .`"),
        ("{\"id\":\"a\"}{]\ne f", "1: invalid JSON: key must be a string; check it with `jq .`"),
        ("a\n[\n\"b\",\n", "2: incomplete JSON: the end of the value is missing; copy or print it again"),
        ("{\"id\":\"a\"}\n{\"id\":\"b", "2: incomplete JSON: the end of the value is missing; copy or print it again"),
    ];
    for (text, told) in table {
        assert_bad(text, told);
    }
    let e = collect(&[("one", b"[\"a\" b"), ("two", b"c d\ne")]).unwrap_err();
    assert_eq!(
        e.to_string(),
        "2 errors in the IDs; nothing was sent:\n  one:1: invalid JSON: expected `,` or `]`; check it with `jq .`\n  two:1: `c d` contains a space; put each ID on its own line, and `#` before other text"
    );
}

#[test]
fn deeply_nested_json_is_an_ordinary_bad_line() {
    let deep = 1_000_000;
    let cut_short = "1: incomplete JSON: the end of the value is missing; copy or print it again";
    assert_bad("[".repeat(deep), cut_short);
    assert_bad("[\n".repeat(deep), cut_short);
    assert_bad("{\"id\":".repeat(deep), cut_short);
    assert_bad("{\"error\":".repeat(deep), cut_short);
    assert_bad("[".repeat(deep) + &"]".repeat(deep), "1: an array is not an ID; write each ID as a string");
    let nested = |field: &str| format!("{}1{}", format!("{{\"{field}\":").repeat(deep), "}".repeat(deep));
    assert_bad(nested("id"), "1: `id` is an object, not a string; write the ID as a string");
    assert_bad(nested("value"), "1: a Graph page cannot be in another value; give each page by itself");
    assert_bad(nested("error"), "1: this is an error from Graph, not a partner; solve that error first");
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
        (" a", "` a` contains a space; give each ID as its own argument"),
        ("", "the ID is empty; check the variable that it comes from"),
        ("#a", "`#a` contains `#`; an ID has only the letters A to Z, digits and - _ . ~ = + @ :"),
        ("a,b", "`a,b` contains `,`; give each ID as its own argument"),
        ("'a'", "`'a'` contains `'`; remove the quotes"),
        ("'a", "`'a` contains `'`; use the same quote (' or \") on both sides, or none"),
        ("null", "`null` is not an ID; check the command that printed it"),
        (
            "System.Object[]",
            "`System.Object[]` contains `[`; an ID has only the letters A to Z, digits and - _ . ~ = + @ :",
        ),
        (
            "System.Collections.Hashtable",
            "`System.Collections.Hashtable` is not an ID; check the command that printed it",
        ),
        (
            "0a1b2c3d...",
            "`0a1b2c3d...` is not an ID; a table has cut the ID: print whole IDs, for example with `-o id`",
        ),
        (&format!("id={GUID}"), &format!("`id={GUID}` is not an ID; give only the ID: {GUID}")),
        (&format!("({GUID})"), &format!("`({GUID})` contains `(`; give only the ID: {GUID}")),
        (
            &format!("https://a.example/{GUID}/{GUID}"),
            "`https://a.example/0a1b2c3d-4e5f-6789-abc…` contains `/`; give only the ID, usually the last part",
        ),
        ("a\n", "`a\\n` contains a line break; give each ID as its own argument"),
        ("a\nb", "`a\\nb` contains a line break; give each ID as its own argument"),
        ("Id", "`Id` is a column heading, not an ID; give only IDs"),
        ("--all", "`--all` begins with `-`; options go before `--`"),
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
    assert_eq!(told[9], "10: `a b` contains a space; put each ID on its own line, and `#` before other text");
    assert_eq!(told[10], "  … and 37 more");
    assert_eq!(bad_lines("a b\n".repeat(10)).len(), 10);
    assert_eq!(bad_lines("a b\n".repeat(11))[10], "  … and 1 more");
    let e = collect(&[("ids.txt", "a b\n".repeat(1_000_000).as_bytes())]).unwrap_err();
    assert!(e.to_string().starts_with("1000000 errors in the IDs; nothing was sent:\n"));
    assert!(e.to_string().len() < 1000);
    assert!(e.hint_text().unwrap().starts_with("for a name, use --name"));
    assert_eq!(e.kind(), ErrorKind::Usage);
}

#[test]
fn text_that_may_be_a_token_is_never_shown() {
    let jwt = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.{}", "x".repeat(2000));
    for text in [
        jwt.clone(),
        format!("Bearer {jwt}"),
        "INTUNECTL_TOKEN=eyJ0eXAi /".to_owned(),
        format!("a,{jwt}"),
        format!("id,name\n{jwt},x"),
        format!("id,name\nb,{jwt},x"),
        format!("{jwt},x\n"),
        format!("Id : {jwt}"),
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
    let told = "a text that looks like an access token (not shown) is not an ID; give a token with --token-file";
    assert_bad("eyJ0eXAi/", &format!("1: {told}"));
    assert_bad("a\neyJ0eXAiOiJKV1QiLCJh.eyJhIjoxfQ.c2ln", &format!("2: {told}"));
    assert_bad("[\"eyJ0eXAiOiJKV1QiLCJh.eyJhIjoxfQ.c2ln\"]", &format!("1: {told}"));
    assert_bad(
        "a".repeat(257),
        "1: a text of 257 characters (not shown) is longer than 256 characters; check where it comes from",
    );
    let list = [GUID; 9].join(",");
    assert_bad(list, "1: a text of 332 characters (not shown) contains several IDs; put each ID on its own line");
}

#[test]
fn an_excerpt_is_at_most_forty_characters() {
    let fix = "give only the ID, usually the last part";
    assert_bad("e".repeat(39) + "/", &format!("1: `{}/` contains `/`; {fix}", "e".repeat(39)));
    assert_bad("e".repeat(40) + "/", &format!("1: `{}…` contains `/`; {fix}", "e".repeat(40)));
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

#[test]
fn a_guid_in_braces_is_that_guid_in_every_format() {
    let braced = format!("{{{GUID}}}");
    for text in [
        braced.clone(),
        format!("a-line-before\n  {braced},\n\"{braced}\";\n'{braced}' # why\n").replace("a-line-before", GUID),
        format!("[\"{braced}\", {{\"id\":\"{braced}\"}}]"),
        format!("id,name\n{braced},A\n\"{braced}\",B"),
    ] {
        assert_eq!(ids(&text), [GUID], "{text}");
    }
    let mut collector = Collector::new();
    collector.argument(1, &braced);
    assert_eq!(pairs(&collector.finish().unwrap()), [(GUID, 1)]);
    for text in ["{a}", "{0a1b2c3d4e5f6789abcdef0123456789}", "{{0a1b2c3d-4e5f-6789-abcd-ef0123456789}}"] {
        assert_eq!(bad_lines(text).len(), 1, "{text}");
    }
}

#[test]
fn csv_is_read_with_every_separator_and_kind_of_quoting() {
    let table: &[(&str, &[&str])] = &[
        ("id,displayName\na,A\nb,B\n", &["a", "b"]),
        ("displayName;ID\r\nA;a\r\nB;b", &["a", "b"]),
        ("displayName\tId\tstatus\nA\ta\tx\n\tb\t", &["a", "b"]),
        ("\"Id\",\"DisplayName\"\r\n\"a\",\"A, \"\"B\"\"\"\r\n\"b\",\"\"\r\n", &["a", "b"]),
        ("\n# from Graph\n#TYPE Selected.System.String\n\"Id\";\"x\"\na;1", &["a"]),
        ("sep=;\r\nid;name\r\na;A\r\n", &["a"]),
        ("\"sep=,\"\nname,id\nA,a", &["a"]),
        ("sep=\t\nid\tname\na\tA", &["a"]),
        ("SEP=|\nid|name\na|A, B; C", &["a"]),
        ("sep=,\nid\na\nb", &["a", "b"]),
        ("name,id\n\"two\nlines\",a\n\"and, three\r\n\r\nlines\",b\n", &["a", "b"]),
        (
            "id,name\na,A\n\n  \n,\nid,name\n# no longer\n#c,C\nb,B # x\n\"ID\",x\n".rsplit_once("\"ID\"").unwrap().0,
            &["a", "b"],
        ),
        ("name,id\nA,a # why\n# no separator\nB,'b'", &["a", "b"]),
        ("sep=,\nid,x\na,1\nsep=,\nid,x\nb,2", &["a", "b"]),
        (" id , x\n a , 1", &["a"]),
        // Excel: empty cells at the end of rows, more or fewer than in the header.
        ("id;;\na;;\nb;;;", &["a", "b"]),
        (&format!("id,name,note\n{GUID},A\nb,B,,\n"), &[GUID, "b"]),
        ("'id','x'\n'a','1'", &["a"]),
        ("id,name\na,5\" screen\nb,B", &["a", "b"]),
        ("id;a,b\nx;1,2", &["x"]),
        ("id,\na,\nb", &["a", "b"]),
        ("id,x", &[]),
    ];
    for (text, expected) in table {
        assert_eq!(ids(text), *expected, "{text:?}");
    }
}

#[test]
fn a_row_of_csv_that_is_not_clear_is_reported_with_its_number() {
    let another = "the row looks like another header; give each CSV in a file of its own";
    let hash = "the row begins with `#`, as a comment does; put the first cell in quotes, or remove the row";
    let closed = "text follows a closing quote; quote whole cells, and double a quote in a cell";
    let table = [
        ("id,name\na,A\nb", "3: the row has 1 cell, but the header has 2; complete the row, or remove it"),
        ("id,x,y\na,1", "2: the row has 2 cells, but the header has 3; complete the row, or remove it"),
        ("x,id,y\n1", "2: the row has 1 cell, but the header has 3; complete the row, or remove it"),
        ("id,x\n\"a,\"\"A\"\"\"", "2: the row has 1 cell, but the header has 2; remove the quotes around it"),
        (
            "name,id,note\n#1 Support,a\nB,b,x",
            "2: the row begins with `#`, as a comment does; put the first cell in quotes, or remove the row",
        ),
        (
            "name,id\nContoso, Inc,a",
            "2: the row has 3 cells, but the header has 2; put a cell that contains `,` in quotes",
        ),
        (
            "x\tid\ta\n1\ta\tb\tc",
            "2: the row has 4 cells, but the header has 3; put a cell that contains `\\t` in quotes",
        ),
        ("id,name\n,A", "2: the ID is empty; add the ID, or remove the line"),
        ("id,name\na b,A", "2: `a b` contains a space; put each ID in its own row"),
        ("id,name\n\"two\nlines\",A\nb,B", "2: `two\\nlines` contains a line break; put each ID in its own row"),
        ("name,id\n\"two\nlines\",a\nB,b/c", "4: `b/c` contains `/`; give only the ID, usually the last part"),
        ("#TYPE x\r\n\r\nid,name\r\n\r\na,A\r\n..,B", "6: `..` is not an ID; give only IDs"),
        ("id,name\n{\"id\":\"a\"}", "2: the row has 1 cell, but the header has 2; complete the row, or remove it"),
        ("id,x,id\na,1,b", "1: the header names `id` more than once; keep one of them"),
        ("id,tenant_id,TENANT_ID\na,1,b", "1: the header names `tenant_id` more than once; keep one of them"),
        ("id;a,id\nx;y,z", "1: the header has two kinds of separators; put a line `sep=,` or `sep=;` above it"),
        ("id,name\na,A\nname,id\nB,b", &format!("3: {another}")),
        ("id,name\na,A\nid,status\nb,B", &format!("3: {another}")),
        ("name,id\n#1 Support,a", &format!("2: {hash}")),
        ("id,name\n#a,\"A\nb,B", &format!("2: {hash}")),
        (
            "sep=,\nid,x\na,1\nsep=;\nid;x",
            "4: a line `sep=` names another separator than before; give each file by itself",
        ),
        (
            "id,name\na,\"A\nb,B\n",
            "2: a quote is opened and not closed; quote whole cells, and double a quote in a cell",
        ),
        ("id,name\na,\"A\nb,\"B\"\n", &format!("2: {closed}")),
        ("id,name\na,\"A\"B\n", &format!("2: {closed}")),
        ("name,id\n \"A,b\nc\",d\n", "2: a space is before a quote; remove it"),
        ("id,name\na,A\rb,B\n", "2: a cell contains a carriage return (CR); end lines with a line feed (LF)"),
        ("id,name\ra,A\r", "1: `id,name\\ra,A` contains a carriage return (CR); end lines with a line feed (LF)"),
    ];
    for (text, told) in table {
        assert_eq!(bad_lines(text)[0], told, "{text:?}");
    }
}

#[test]
fn the_first_row_of_a_csv_without_headings_is_not_a_header() {
    for text in [format!("{GUID},ID\nb,Other"), format!("ID;{GUID}\nOther;b"), format!("{GUID}  Contoso, id, x\nb,c,d")]
    {
        assert_eq!(bad_lines(&text).len(), 2, "{text}");
    }
    let listed = format!("{GUID}\tID\tonboarded\t\nb\tOther\tonboarded\t");
    assert_eq!(ids(&listed), [GUID, "b"]);
    let listed = format!("{GUID}\tContoso, id, x\tonboarded\t");
    assert_eq!(ids(&listed), [GUID]);
}

#[test]
fn the_tenants_that_csv_names_are_checked_like_those_of_records() {
    let text = b"tenant_id,id\nT1,a\n,b\n\"\",c\nt2,d\nT2,e\n";
    let tenants = collect(&[("ids.csv", text)]).unwrap().tenants.0;
    assert_eq!(
        tenants.into_iter().collect::<Vec<_>>(),
        [("t1".into(), "ids.csv:2".into()), ("t2".into(), "ids.csv:5".into())]
    );
}

#[test]
fn the_text_of_list_and_show_is_read() {
    let time = "2026-11-20T08:15:03.6670033Z";
    for (text, expected) in [
        (format!("a\tTeamViewer\tonboarded\t{time}\nb\t\tnotOnboarded\t0001-01-01T00:00:00Z\r\n"), &["a", "b"][..]),
        (format!("a\tA # 1\tonboarding\t\n# more\n\nb\t#B, \"C\tonboarded\t{time}"), &["a", "b"]),
        (format!("a\tA\tonboarded\t{time}\thttps://example.com/x\nb\tB\tonboarded\t\t"), &["a", "b"]),
        (format!("{GUID}\tA\t\t\n"), &[GUID]),
        (format!("{GUID}\tA\tsomeNewStatus\t{time}\n"), &[GUID]),
    ] {
        assert_eq!(ids(&text), expected, "{text:?}");
    }
}

#[test]
fn tab_separated_columns_of_other_programs_are_not_read() {
    for row in [
        "TeamViewer\ta\tonboarded",
        "TeamViewer\tHelpdesk\t\t",
        &format!("TeamViewer\t{GUID}\tonboarded\t2026-11-20T08:15:03Z"),
        "TeamViewer\tonboarded\ta\t2026-11-20T08:15:03Z",
        "a\tA\tonboarded\tyesterday",
        "a\tA\tonboarded\t\tnot a URL",
        "a\tA\tonboarded\t\t\t",
        &format!("{GUID}\tA\tis onboarded\t"),
        "a\tfailed\t403 Forbidden\tno",
        &format!("{GUID}\t{GUID}\tonboarded\t2026-11-20T08:15:03Z"),
        &format!("{GUID}\tDESKTOP-1\tWindows\t2026-11-20T08:15:03Z"),
    ] {
        let told = bad_lines(format!("b\n{row}\n"));
        assert_eq!(told.len(), 1, "{row:?}");
        assert!(told[0].starts_with("2: ") && told[0].contains("has columns without headings"), "{told:?}");
    }
}

#[test]
fn a_table_for_people_is_one_error_with_the_command_that_prints_ids() {
    let underlined = "this is a table, made for people; print only the IDs with `| Select-Object -ExpandProperty Id` \
                      (PowerShell) or `--query \"[].id\" -o tsv` (az)";
    let properties = "this is a list, made for people; print only the IDs with `| Select-Object -ExpandProperty Id` \
                      (PowerShell)";
    let other = "this is a table, made for people; print only the IDs, with `-o id` if intunectl printed it";
    let table = [
        (
            format!(
                "\r\nId                                   DisplayName OnboardingStatus\r\n--                                   ----------- ----------------\r\n{GUID} TeamViewer  onboarded\r\nb A B onboarded\r\n"
            ),
            format!("2: {underlined}"),
        ),
        ("DisplayName Id\n----------- --\nTeamViewer  5f0e1…\nB b".to_owned(), format!("1: {underlined}")),
        (
            format!("\n\nDisplayName      : TeamViewer\nId               : {GUID}\nOnboardingUrl    :\n\nId : b\n"),
            format!("3: {properties}"),
        ),
        (
            format!(
                "Id                                    DisplayName\n------------------------------------  -------------\n{GUID}  Other Partner\n"
            ),
            format!("1: {underlined}"),
        ),
        (format!("┏━━━━┳━━━┓\n┃ id ┃ x ┃\n│ {GUID} │ A │\n"), format!("1: {other}")),
        (format!("+----+---+\n| id | x |\n+----+---+\n| {GUID} | A |\n"), format!("2: {other}")),
        (format!("| id | name |\n|----|------|\n| {GUID} | A |"), format!("1: {other}")),
        (format!(" id | name \n----+-----\n {GUID} | A"), format!("1: {other}")),
        (
            format!(
                "ID                                    NAME        STATUS     LAST SEEN (UTC)\n{GUID}  TeamViewer  onboarded  2026-11-20 08:15\n"
            ),
            format!("1: {other}"),
        ),
        (format!("{GUID}  TeamViewer  onboarded  2026-11-20 08:15\nb  Other  onboarded\n"), format!("1: {other}")),
        (format!("{GUID}\n  name: TeamViewer\n  status: onboarded\nb\n  status: onboarded"), format!("2: {other}")),
        (
            format!("PS> Get-Partner\n\n   OnboardingStatus: onboarded\n\nId DisplayName\n-- -----------\n{GUID} A\n"),
            format!("5: {underlined}"),
        ),
        (
            "Name\n----\nTeamViewer\n".to_owned(),
            "1: `Name` is the heading of a column, not an ID; print the IDs without a table".to_owned(),
        ),
        (
            format!("\nResult\n{}\n{GUID}\n", "-".repeat(36)),
            "2: `Result` is the heading of a column, not an ID; print the IDs without a table".to_owned(),
        ),
    ];
    for (text, told) in table {
        assert_eq!(bad_lines(&text), [told], "{text}");
    }
}

#[test]
fn a_line_of_dashes_between_ids_is_ignored() {
    for text in ["a\n--\nb", "Id\n--\na\n\nId\n--\nb", "-----\na\n-\nb\n--------"] {
        assert_eq!(ids(text), ["a", "b"], "{text:?}");
    }
    assert_eq!(ids(&format!("{GUID}\n{}\nb", "-".repeat(36))), [GUID, "b"]);
}
