use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;

const JWT: &str = "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2ln-_x";

#[test]
fn a_token_is_read_as_it_is_or_from_a_field_in_any_case() {
    for text in [
        JWT.to_owned(),
        format!("\r\n\t {JWT} \n"),
        // Other tokens: of personal accounts, with the characters of RFC 6750, short ones, and with padding.
        "EwBwA8l6BAAUs5+/aA==".to_owned(),
        format!(r#"{{"accessToken":"{JWT}","expiresOn":"2026-01-01 10:00:00.000000","tokenType":"Bearer"}}"#),
        format!("{{\r\n  \"Token\": \"{JWT}\",\r\n  \"ExpiresOn\": \"2026-01-01T10:00:00+00:00\"\r\n}}\r\n"),
        format!(r#"{{"refresh_token":"r","ACCESS_TOKEN":" {JWT}\n","id_token":"i","expires_in":3599}}"#),
        format!(r#"{{"token":"{JWT}","access_token":"{JWT}","issued_at":"x"}}"#),
        format!(r#"{{"error":null,"a":{{"token":1}},"a":2,"acc\u0065ssToken":"{JWT}"}}"#),
    ] {
        let expected = if text.starts_with("EwB") { "EwBwA8l6BAAUs5+/aA==" } else { JWT };
        assert_eq!(read(&text).as_deref(), Ok(expected), "{text}");
    }
    for token in ["a", "unmistakable-T0ken/of+this~test", "t=EwDoAvN", "bearertoken", "none-of-these", "nulls", "a.b.c"]
    {
        assert_eq!(read(token).as_deref(), Ok(token));
        assert_eq!(read(&json!({"token": token}).to_string()).as_deref(), Ok(token));
    }
}

#[test]
fn what_is_clearly_not_a_token_is_rejected_by_its_kind_also_inside_json() {
    use NotAToken::*;
    let quoted = |quote: &str| format!("{quote}{JWT}{quote}");
    for (text, kind) in [
        (quoted("\""), Quotes),
        (quoted("'"), Quotes),
        (quoted("`"), Quotes),
        (format!("“{JWT}”"), Quotes),
        (format!("{JWT}\""), Quotes),
        (format!("Bearer {JWT}"), Bearer),
        (format!("bearer\t{JWT}"), Bearer),
        (format!("BEARER: {JWT}"), Bearer),
        ("Bearer".to_owned(), Bearer),
        (format!("Authorization: Bearer {JWT}"), Name),
        (format!("INTUNECTL_TOKEN={JWT}"), Name),
        (format!("export TOKEN='{JWT}"), Name),
        (format!("access_token: {JWT}"), Name),
        ("TOKEN=".to_owned(), Name),
        ("null".to_owned(), NoValue("null")),
        ("NULL".to_owned(), NoValue("null")),
        ("none".to_owned(), NoValue("None")),
        ("undefined".to_owned(), NoValue("undefined")),
        ("True".to_owned(), NoValue("true")),
        ("[object Object]".to_owned(), Object),
        ("System.Security.SecureString".to_owned(), SecureString),
        ("@{Token=System.Security.SecureString; TenantId=x}".to_owned(), SecureString),
        ("01000000d08c9ddf0115d1118c7a00c04fc297eb01000000".to_owned(), SecureString),
        ("650079004A00300065005800".to_owned(), SecureString),
        (format!("@{{Token={JWT}; TenantId=x}}"), Object),
        ("Microsoft.Azure.Commands.Profile.Models.PSAccessToken".to_owned(), Object),
        ("System.Object[]".to_owned(), Object),
        ("$(az account get-access-token)".to_owned(), Placeholder),
        ("${{ secrets.TOKEN }}".to_owned(), Placeholder),
        ("${TOKEN}".to_owned(), Placeholder),
        ("$TOKEN".to_owned(), Placeholder),
        ("$env:TOKEN".to_owned(), Placeholder),
        ("%TOKEN%".to_owned(), Placeholder),
        ("{{ token }}".to_owned(), Placeholder),
        ("#{Token}#".to_owned(), Placeholder),
        ("<your token>".to_owned(), Placeholder),
        ("@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/t)".to_owned(), Placeholder),
        ("***".to_owned(), Mask),
        ("eyJ0eXAiOiJKV1Qi...".to_owned(), Cut),
        ("eyJ0eXAiOiJKV1Qi…".to_owned(), Cut),
        ("<!DOCTYPE html>\n<html><body>Sign in</body></html>".to_owned(), Page),
        ("ERROR: AADSTS700082".to_owned(), Words),
        ("Please run 'az login' to set up an account.".to_owned(), Words),
        (format!("WARNING: the token is printed\n{JWT}"), Words),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----".to_owned(), Words),
        (format!("{JWT} x"), Unsendable),
        // Broken into lines, as a terminal does.
        (format!("{JWT}\n{JWT}\n{JWT}\n{JWT}\n{JWT}"), Unsendable),
        (format!("{JWT}\u{e9}"), Unsendable),
        (format!("{JWT}\0"), Unsendable),
    ] {
        assert_eq!(read(&text), Err(kind.clone()), "{text}");
        assert_eq!(read(&format!(" {text}\r\n")), Err(kind.clone()), "{text}");
        let document = json!({"token": text}).to_string();
        assert_eq!(read(&document), Err(kind), "{document}");
    }
}

#[test]
fn json_without_exactly_one_token_is_rejected_by_its_kind() {
    use NotAToken::*;
    let field = |name: &str| name.to_owned();
    for (json, kind) in [
        ("{", InvalidJson),
        ("[", InvalidJson),
        (r#"{"token":"a""#, InvalidJson),
        (r#"{"token":"a"} x"#, InvalidJson),
        (r#"{"token":"a"}{"token":"a"}"#, InvalidJson),
        ("{token: a}", InvalidJson),
        ("{'accessToken': 'a'}", InvalidJson),
        (r#"["a"]"#, Array),
        (r#"[{"token":"a"}]"#, Array),
        ("{}", NoField),
        (r#"{"refresh_token":"a","id_token":"b"}"#, NoField),
        (r#"{"a":{"token":"b"}}"#, NoField),
        (r#"{"error":null}"#, NoField),
        (r#"{"token":"a","token":"a"}"#, Repeated(field("token"))),
        (r#"{"Token":null,"Token":"a"}"#, NotText(field("Token"), "null")),
        (r#"{"token":"a","Token":"b"}"#, Different),
        (r#"{"access_token":"a","accessToken":"b"}"#, Different),
        (r#"{"accessToken":null}"#, NotText(field("accessToken"), "null")),
        (r#"{"accessToken":"a","token":null}"#, NotText(field("token"), "null")),
        (r#"{"Token":{"Length":2000}}"#, NotText(field("Token"), "an object")),
        (r#"{"token":["a"]}"#, NotText(field("token"), "an array")),
        (r#"{"token":1}"#, NotText(field("token"), "a number")),
        (r#"{"token":true}"#, NotText(field("token"), "a boolean")),
        (r#"{"token":" "}"#, NotText(field("token"), "empty")),
        (r#"{"token":"{\"token\":\"a\"}"}"#, NotText(field("token"), "JSON")),
        (
            r#"{"error":"invalid_grant","error_description":"AADSTS70000: Secret."}"#,
            ErrorResponse(" (invalid_grant, AADSTS70000)".to_owned()),
        ),
        (r#"{"error":"invalid_client"}"#, ErrorResponse(" (invalid_client)".to_owned())),
        (
            r#"{"error":{"code":"InvalidAuthenticationToken"}}"#,
            ErrorResponse(" (InvalidAuthenticationToken)".to_owned()),
        ),
        (r#"{"error":"s3cr3t","error_description":"s3cr3t"}"#, ErrorResponse(String::new())),
        (r#"{"error":"","error_description":"AADSTSx: y"}"#, ErrorResponse(String::new())),
    ] {
        assert_eq!(read(json), Err(kind), "{json}");
    }
}

/// Any name that is not one of a token.
fn other_name() -> impl Strategy<Value = String> {
    "\\PC{0,12}".prop_filter("not a token", |name| !FIELDS.into_iter().any(|field| field.eq_ignore_ascii_case(name)))
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
        upper in any::<u64>(),
        others in prop::collection::vec((other_name(), value()), 0..5),
        place in any::<prop::sample::Index>(),
        (is_pretty, around) in (any::<bool>(), "[ \t\r\n]{0,3}"),
    ) {
        prop_assume!(!token.ends_with("..."));
        let in_case = |(i, c): (usize, char)| if upper >> i & 1 == 1 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        let field: String = field.chars().enumerate().map(in_case).collect();
        let mut fields: Vec<_> = others.iter().map(|(name, value)| (json!(name), value.clone())).collect();
        fields.insert(place.index(fields.len() + 1), (json!(field), json!(format!("{around}{token}{around}"))));
        let (space, line) = if is_pretty { (" ", "\r\n    ") } else { ("", "") };
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{line}{name}:{space}{value}")).collect();
        let text = format!("{around}{{{}{line}}}{around}", fields.join(","));
        prop_assert_eq!(read(&text), Ok(token));
    }

    #[test]
    fn no_text_panics_or_gives_what_cannot_be_sent(
        text in "\\PC{0,40}|[{}\\[\\]\",:a ]{0,20}|(Bearer|token|error:|\\$|<|%|\\.\\.\\.|=|é){0,4}",
    ) {
        if let Ok(token) = read(&text) {
            prop_assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()), "{}", token);
        }
    }
}
