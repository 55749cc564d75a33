use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;

const JWT: &str = "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2ln-_x";

/// The fields that may contain the token.
const FIELDS: [&str; 5] = ["accessToken", "AccessToken", "access_token", "token", "Token"];

#[test]
fn a_token_is_read_as_it_is_or_from_one_field_of_json() {
    for text in [
        JWT.to_owned(),
        format!("\r\n\t {JWT} \n"),
        format!("\u{feff}{JWT}\r\n"),
        format!(r#"{{"accessToken":"{JWT}","expiresOn":"2026-01-01 10:00:00.000000","tokenType":"Bearer"}}"#),
        format!("\u{feff}{{\r\n  \"Token\": \"{JWT}\",\r\n  \"ExpiresOn\": \"2026-01-01T10:00:00+00:00\"\r\n}}\r\n"),
        format!(r#"{{"refresh_token":"r","access_token":" {JWT}\n","id_token":"i","expires_in":3599}}"#),
        format!(r#"{{"error":null,"a":{{"token":1}},"a":2,"acc\u0065ssToken":"{JWT}"}}"#),
    ] {
        assert_eq!(read(&text).as_deref(), Ok(JWT), "{text}");
    }
    // Other tokens: short ones, those with the characters of RFC 6750 and with padding, and those like words.
    for token in ["a", "EwBwA8l6BAAUs5+/aA==", "unmistakable-T0ken/of+this~test", "abctoken=", "bearertoken", "nulls"] {
        assert_eq!(read(token).as_deref(), Ok(token));
        assert_eq!(read(&json!({"token": token}).to_string()).as_deref(), Ok(token));
    }
}

#[test]
fn what_is_clearly_not_a_token_is_rejected_by_its_kind_also_inside_json() {
    use NotAToken::*;
    for (text, kind) in [
        (format!("\"{JWT}\""), Quotes),
        (format!("'{JWT}'"), Quotes),
        (format!("`{JWT}`"), Quotes),
        (format!("“{JWT}”"), Quotes),
        (format!("{JWT}\""), Quotes),
        (format!("Bearer {JWT}"), Bearer),
        (format!("bearer\t{JWT}"), Bearer),
        ("bearer".to_owned(), NoValue("Bearer")),
        ("null".to_owned(), NoValue("null")),
        ("NULL".to_owned(), NoValue("null")),
        ("none".to_owned(), NoValue("None")),
        ("undefined".to_owned(), NoValue("undefined")),
        ("True".to_owned(), NoValue("true")),
        ("[object Object]".to_owned(), NoValue("[object Object]")),
        ("System.Security.SecureString".to_owned(), SecureString),
        ("01000000d08c9ddf0115d1118c7a00c04fc297eb01000000".to_owned(), SecureString),
        ("650079004A00300065005800".to_owned(), SecureString),
        ("$(az account get-access-token)".to_owned(), Placeholder),
        ("${{ secrets.TOKEN }}".to_owned(), Placeholder),
        ("${TOKEN}".to_owned(), Placeholder),
        ("{{ token }}".to_owned(), Placeholder),
        ("$TOKEN".to_owned(), Unsendable),
        ("%TOKEN%".to_owned(), Unsendable),
        ("***".to_owned(), Unsendable),
        ("<!DOCTYPE html>\n<html><body>Sign in</body></html>".to_owned(), Unsendable),
        ("ERROR: AADSTS700082".to_owned(), Unsendable),
        (format!("Authorization: Bearer {JWT}"), Unsendable),
        (format!("INTUNECTL_TOKEN={JWT}"), Unsendable),
        ("==".to_owned(), Unsendable),
        (format!("@{{Token={JWT}; TenantId=x}}"), Unsendable),
        (format!("{JWT}\n{JWT}"), Unsendable),
        (format!("{JWT}…"), Unsendable),
        (format!("{JWT}\0"), Unsendable),
    ] {
        assert_eq!(read(&text), Err(kind.clone()), "{text}");
        assert_eq!(read(&format!(" {text}\r\n")), Err(kind.clone()), "{text}");
        assert_eq!(check(&text), Err(kind.clone()), "{text}");
        let document = json!({"token": text}).to_string();
        assert_eq!(read(&document), Err(kind), "{document}");
    }
}

#[test]
fn json_without_exactly_one_token_is_rejected_by_its_kind() {
    use NotAToken::*;
    for (json, kind) in [
        ("{", InvalidJson),
        ("[", InvalidJson),
        (r#"{"token":"a""#, InvalidJson),
        (r#"{"token":"a"} x"#, InvalidJson),
        (r#"{"token":"a"}{"token":"a"}"#, InvalidJson),
        ("{token: a}", InvalidJson),
        ("{'accessToken': 'a'}", InvalidJson),
        (r#"["a"]"#, InvalidJson),
        (r#"[{"token":"a"}]"#, InvalidJson),
        ("{}", NoField),
        (r#"{"refresh_token":"a","id_token":"b"}"#, NoField),
        (r#"{"a":{"token":"b"}}"#, NoField),
        (r#"{"accessToken":null,"error":null}"#, NoField),
        (r#"{"token":" "}"#, NoField),
        (r#"{"token":"a","token":"a"}"#, MoreThanOne),
        (r#"{"Token":null,"Token":"a"}"#, MoreThanOne),
        (r#"{"token":"a","Token":"b"}"#, MoreThanOne),
        (r#"{"access_token":"a","accessToken":"b"}"#, MoreThanOne),
        (r#"{"Token":{"Length":2000}}"#, NotText),
        (r#"{"token":["a"]}"#, NotText),
        (r#"{"token":1}"#, NotText),
        (r#"{"token":"{\"token\":\"a\"}"}"#, Unsendable),
        (r#"{"error":"invalid_grant","error_description":"Secret."}"#, ErrorResponse("invalid_grant".to_owned())),
        (r#"{"error":"s3cr3t"}"#, NoField),
        (r#"{"error":{"code":"InvalidAuthenticationToken"}}"#, NoField),
    ] {
        assert_eq!(read(json), Err(kind), "{json}");
        assert!(check(json).is_err(), "{json}");
    }
}

#[test]
fn words_and_placeholders_stand_for_no_secret_but_other_texts_may_be_one() {
    for text in ["null", "None", "$(SECRET)", "${{ secrets.SECRET }}", "${SECRET}"] {
        assert!(check_value(text).is_err(), "{text}");
    }
    for text in ["s", "$ecret", "a$(b)", "$(a", "Q~8{}[]", "nullable", "two words", "\"quoted\""] {
        assert_eq!(check_value(text), Ok(()), "{text}");
    }
}

/// Any name that is not one of a token.
fn other_name() -> impl Strategy<Value = String> {
    "\\PC{0,12}".prop_filter("not a token", |name| name != "error" && !FIELDS.contains(&name.as_str()))
}

/// Any JSON value, with fields of tokens within it.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(json!(null)), any::<bool>().prop_map(Value::from), "\\PC{0,20}".prop_map(Value::from)];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("token|a|accessToken", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_with_a_token_in_one_of_the_fields_gives_this_token(
        token in "[A-Za-z0-9_-]{20,60}(\\.[A-Za-z0-9_-]{20,60}){2}|[A-Za-z0-9+/~._-]{41,80}={0,2}",
        field in select(&FIELDS[..]),
        others in prop::collection::vec((other_name(), value()), 0..5),
        place in any::<prop::sample::Index>(),
        (is_pretty, around) in (any::<bool>(), "[ \t\r\n]{0,3}"),
    ) {
        let mut fields: Vec<_> = others.iter().map(|(name, value)| (json!(name), value.clone())).collect();
        fields.insert(place.index(fields.len() + 1), (json!(field), json!(format!("{around}{token}{around}"))));
        let (space, line) = if is_pretty { (" ", "\r\n    ") } else { ("", "") };
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{line}{name}:{space}{value}")).collect();
        let text = format!("{around}{{{}{line}}}{around}", fields.join(","));
        prop_assert_eq!(read(&text), Ok(token));
    }

    #[test]
    fn no_text_panics_or_gives_what_cannot_be_sent(
        text in "\\PC{0,40}|[{}\\[\\]\",:a ]{0,20}|(Bearer|token|error:|\\$|<|%|=|é){0,4}",
    ) {
        if let Ok(token) = read(&text) {
            prop_assert!(!token.is_empty() && is_token(&token), "{}", token);
        }
    }
}
