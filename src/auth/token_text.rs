//! Reads the text that a user gives as a token: the token itself, or JSON that contains it. Scripts also give values
//! that are clearly not tokens. Each kind is rejected by its name, and no message contains a part of the text.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// The fields of a token, in any case: of Azure CLI, of OAuth, and of Azure PowerShell (`Token`).
const FIELDS: [&str; 3] = ["accessToken", "access_token", "token"];

/// What scripts write if there is no value.
const NO_VALUE: [&str; 7] = ["null", "None", "undefined", "nil", "NaN", "true", "false"];

/// What JavaScript writes for an object.
const OBJECT: &str = "[object Object]";

/// A SecureString that PowerShell has encrypted, in hexadecimal. Windows begins it with the ID of its data protection;
/// other systems only encode it as UTF-16, here the first three characters of a JWT.
const ENCRYPTED: [&str; 2] = ["01000000d08c9ddf0115d1118c7a00c04fc297eb", "650079004a00"];

/// Why a text is not a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAToken {
    Bearer,
    Name,
    Quotes,
    NoValue(&'static str),
    SecureString,
    Object,
    Placeholder,
    Mask,
    Cut,
    Page,
    Words,
    Unsendable,
    InvalidJson,
    Array,
    NoField,
    /// An error response, with its code if that is safe to show.
    ErrorResponse(String),
    /// A field, and what it is instead of a text.
    NotText(String, &'static str),
    Repeated(String),
    Different,
}

impl fmt::Display for NotAToken {
    /// Follows the name of the source.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer => "contains the word Bearer before the token",
            Self::Name => "contains a name before the token",
            Self::Quotes => "begins or ends with a quotation mark",
            Self::NoValue(word) => return write!(f, "contains `{word}`, not a token"),
            Self::SecureString => "contains a SecureString of PowerShell, not its text",
            Self::Object => "contains an object, not its token",
            Self::Placeholder => "contains a placeholder or a variable without its value, not a token",
            Self::Mask => "contains a mask (***), not a token",
            Self::Cut => "contains a token whose end is missing (...)",
            Self::Page => "contains a page of HTML or XML, not a token",
            Self::Words => "contains a message or other words, not only a token",
            Self::Unsendable => "contains a space, control character or non-ASCII character",
            Self::InvalidJson => "contains JSON that is incomplete or not valid",
            Self::Array => "contains a JSON array, not one object with a token",
            Self::NoField => "contains JSON without the field accessToken, access_token or token",
            Self::ErrorResponse(code) => return write!(f, "contains an error response{code}, not a token"),
            Self::NotText(field, kind) => return write!(f, "contains JSON in which the field {field} is {kind}"),
            Self::Repeated(field) => return write!(f, "contains JSON that has the field {field} twice"),
            Self::Different => "contains JSON with more than one token",
        })
    }
}

impl NotAToken {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Bearer => "remove this word",
            Self::Name => "give only what follows the name",
            Self::Quotes => "remove the quotation marks. If the token comes from az, add -o tsv",
            Self::NoValue(_) | Self::NotText(_, "null" | "empty") => {
                "the command that should print the token printed none. Check its errors, and the name of the field that it reads"
            }
            Self::SecureString | Self::NotText(_, "an object") => {
                "convert it to text, in PowerShell 7:\n  \
                 (Get-AzAccessToken -ResourceTypeName MSGraph).Token | ConvertFrom-SecureString -AsPlainText"
            }
            Self::Object => "give the object's token as text, for example (...).Token in PowerShell",
            Self::Placeholder => {
                "check the name of the variable or secret in the script or pipeline, and that it has a value"
            }
            Self::Mask => "get a new token: a log shows *** in place of a token",
            Self::Cut => "print only the token: a table or a list cuts long values",
            Self::Page => "request the token again. A proxy or a sign-in page may have answered instead of the service",
            Self::Words => "run only the command that gets the token, and correct the error that it reports, if any",
            Self::Unsendable => "copy the token again: a token has no spaces and no line breaks",
            Self::InvalidJson => "save the whole output of the command that gets the token, and nothing else",
            Self::Array => "give only the token, or the JSON object that contains it",
            Self::ErrorResponse(_) => "read the description in the response, then request the token again",
            Self::NoField | Self::NotText(..) | Self::Repeated(_) | Self::Different => {
                "give only the token, without the JSON around it"
            }
        }
    }
}

/// The token in a text.
///
/// # Errors
/// The text contains no token, or more than a token.
pub fn read(text: &str) -> Result<String, NotAToken> {
    let text = text.trim();
    if !is_json(text) {
        return check(text).map(str::to_owned);
    }
    let (field, value) = from_json(text)?;
    match value.trim() {
        "" => Err(NotAToken::NotText(field, "empty")),
        value if is_json(value) => Err(NotAToken::NotText(field, "JSON")),
        value => check(value).map(str::to_owned),
    }
}

fn is_json(text: &str) -> bool {
    text.starts_with(['{', '[']) && !["{{", OBJECT].into_iter().any(|other| text.starts_with(other))
}

/// What can be sent in a header.
pub(super) fn sendable(text: &str) -> Result<&str, NotAToken> {
    let text = text.trim();
    match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text),
        false => Err(NotAToken::Unsendable),
    }
}

/// Rejects what is clearly not a token. What decides is a character that no token contains (RFC 6750, 2.1), or a text
/// that scripts print.
fn check(text: &str) -> Result<&str, NotAToken> {
    let begins = |start: &str| text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}');
    let after_bearer = text.get("bearer".len()..).filter(|_| begins("bearer"));
    Err(if text.starts_with(is_quote) || text.ends_with(is_quote) {
        NotAToken::Quotes
    } else if after_bearer
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == ':'))
    {
        NotAToken::Bearer
    } else if let Some(word) = NO_VALUE.into_iter().find(|word| word.eq_ignore_ascii_case(text)) {
        NotAToken::NoValue(word)
    } else if text.contains("System.Security.SecureString") || ENCRYPTED.into_iter().any(begins) {
        NotAToken::SecureString
    } else if ["@{", "System.", "Microsoft.", OBJECT].into_iter().any(begins) {
        NotAToken::Object
    } else if is_placeholder(text) {
        NotAToken::Placeholder
    } else if has_name(text) {
        NotAToken::Name
    } else if text.starts_with('*') {
        NotAToken::Mask
    } else if text.ends_with("...") || text.ends_with('…') {
        NotAToken::Cut
    } else if text.starts_with('<') {
        NotAToken::Page
    } else if ["error:", "warning:"].into_iter().any(begins) || is_sentence(text) {
        NotAToken::Words
    } else {
        return sendable(text);
    })
}

/// Whether a name is before the token, as in `export TOKEN=…` or in a header. The `=` at the end of a token is not.
fn has_name(text: &str) -> bool {
    const LONGEST_NAME: usize = 40;
    let name = text.split_once(['=', ':']).map_or("", |(name, _)| name.trim_end());
    let ends = |end: &str| {
        let at = name.len().checked_sub(end.len());
        at.and_then(|at| name.get(at..)).is_some_and(|name| name.eq_ignore_ascii_case(end))
    };
    name.len() <= LONGEST_NAME && (ends("token") || ends("authorization"))
}

/// Whether a shell, a pipeline or a person should have replaced this: `$NAME`, `$(NAME)`, `${{ NAME }}`, `%NAME%`,
/// `{{NAME}}`, `#{NAME}#`, `<NAME>` or a reference to a key vault.
fn is_placeholder(text: &str) -> bool {
    ["$", "{{", "#{", "@Microsoft.KeyVault"].into_iter().any(|start| text.starts_with(start))
        || (text.starts_with('%') && text.ends_with('%'))
        || (text.starts_with('<') && text.ends_with('>') && text.matches('<').count() == 1)
}

/// Whether it is a message, and not a token that was broken into lines: a line of a token is longer than a word.
fn is_sentence(text: &str) -> bool {
    const LONGEST_WORD: usize = 24;
    let mut words = text.split_whitespace();
    words.next().is_some_and(|first| first.len() <= LONGEST_WORD) && words.nth(2).is_some()
}

/// The fields of a JSON object in their order, repeated ones too.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
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
        json.deserialize_map(Fields)
    }
}

/// The field with the token, and its value. The other fields, a refresh token among them, end here.
fn from_json(text: &str) -> Result<(String, String), NotAToken> {
    let Object(fields) = serde_json::from_str(text).map_err(|_| match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => NotAToken::Array,
        Err(_) => NotAToken::InvalidJson,
    })?;
    let is_token = |(name, _): &&(String, Value)| FIELDS.into_iter().any(|field| field.eq_ignore_ascii_case(name));
    let mut found: Vec<(&String, &str)> = Vec::new();
    for (name, value) in fields.iter().filter(is_token) {
        if found.iter().any(|(other, _)| *other == name) {
            return Err(NotAToken::Repeated(name.clone()));
        }
        found.push((name, value.as_str().ok_or_else(|| NotAToken::NotText(name.clone(), kind(value)))?));
    }
    match found.split_first() {
        None => Err(error_response(&fields)),
        Some(((_, first), others)) if others.iter().any(|(_, other)| other.trim() != first.trim()) => {
            Err(NotAToken::Different)
        }
        Some(((name, token), _)) => Ok(((*name).clone(), (*token).to_owned())),
    }
}

/// Why there is no token in these fields.
fn error_response(fields: &[(String, Value)]) -> NotAToken {
    let field = |name| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value);
    let Some(error) = field("error").filter(|error| !error.is_null()) else { return NotAToken::NoField };
    // The sign-in service's is a string, Graph's an object.
    let code = error.as_str().or_else(|| error.get("code")?.as_str());
    let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_'));
    let number = field("error_description").and_then(Value::as_str).and_then(|text| text.split(':').next());
    let is_number = |text: &&str| {
        text.strip_prefix("AADSTS").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let shown = code.into_iter().chain(number.filter(is_number));
    let shown: Vec<_> = shown.filter(|text| (1..=40).contains(&text.len())).collect();
    NotAToken::ErrorResponse(if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) })
}

/// What a value is instead of a text.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Object(_) => "an object",
        Value::Array(_) => "an array",
        Value::Bool(_) => "a boolean",
        Value::Number(_) | Value::String(_) => "a number",
    }
}

#[cfg(test)]
mod tests;
