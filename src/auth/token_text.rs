//! Reads the text that a user gives as a token: the token itself, or JSON that contains it. Scripts also give values
//! that are clearly not tokens. Each kind is rejected by its name, and no message contains a part of a token.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// What scripts write if there is no value, or only a part of a header.
const NO_VALUE: [&str; 9] = ["null", "None", "undefined", "nil", "NaN", "true", "false", "[object Object]", "Bearer"];

/// How shells, pipelines and templates write a value that they insert.
const PLACEHOLDERS: [(&str, &str); 3] = [("$(", ")"), ("${", "}"), ("{{", "}}")];

/// How a SecureString of PowerShell begins: its type, or its encrypted form in hexadecimal. Windows begins it with the
/// ID of its data protection; other systems only encode it as UTF-16, here the first three characters of a JWT.
const SECURE_STRING: [&str; 3] =
    ["System.Security.SecureString", "01000000d08c9ddf0115d1118c7a00c04fc297eb", "650079004a00"];

/// Why a text is not a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAToken {
    NoValue(&'static str),
    Placeholder,
    Quotes,
    Bearer,
    SecureString,
    Unsendable,
    InvalidJson,
    NoField,
    /// An error of the sign-in service, with its code.
    ErrorResponse(String),
    NotText,
    MoreThanOne,
}

impl fmt::Display for NotAToken {
    /// Follows the name of the source.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoValue(word) => return write!(f, "contains only `{word}`"),
            Self::Placeholder => "contains a placeholder in place of its value",
            Self::Quotes => "begins or ends with a quotation mark",
            Self::Bearer => "contains the word Bearer before the token",
            Self::SecureString => "contains a SecureString of PowerShell, not its text",
            Self::Unsendable => "contains a space or another character that no token contains",
            Self::InvalidJson => "contains JSON that is not one complete object",
            Self::NoField => "contains JSON without a token in accessToken, access_token or token",
            Self::ErrorResponse(code) => return write!(f, "contains an error response ({code}), not a token"),
            Self::NotText => "contains JSON in which the token is not text",
            Self::MoreThanOne => "contains JSON with more than one token",
        })
    }
}

impl NotAToken {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoValue(_) => "the command that gets the token printed no token. Check its error messages",
            Self::Placeholder => {
                "check the name of the variable or secret in the script or pipeline, and that it has a value"
            }
            Self::Quotes => "remove the quotation marks. If the token comes from az, add -o tsv",
            Self::Bearer => "remove the word Bearer",
            // In every version of PowerShell, and also if the token is text already.
            Self::SecureString | Self::NotText => {
                "give the token as text. In PowerShell:\n  \
                 [Net.NetworkCredential]::new('', (Get-AzAccessToken -ResourceTypeName MSGraph).Token).Password"
            }
            Self::Unsendable => "give only the token, without spaces, line breaks and other text",
            Self::InvalidJson => "save the whole output of the command that gets the token, and nothing else",
            Self::NoField => "check the output of the command that gets the token, and give only the token",
            Self::ErrorResponse(_) => "read the description in the response, then request the token again",
            Self::MoreThanOne => "give only the token, without the JSON around it",
        }
    }
}

/// The token in a text.
///
/// # Errors
/// The text contains no token, or more than a token.
pub fn read(text: &str) -> Result<String, NotAToken> {
    let text = trim(text);
    check_value(text)?;
    match text.starts_with(['{', '[']) {
        true => check(&from_json(text)?).map(str::to_owned),
        false => check(text).map(str::to_owned),
    }
}

/// Without the white space around it, and without a byte order mark, which a variable may have from a file.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// Rejects what stands for a secret, but is none.
pub fn check_value(text: &str) -> Result<(), NotAToken> {
    if let Some(word) = NO_VALUE.into_iter().find(|word| word.eq_ignore_ascii_case(text)) {
        return Err(NotAToken::NoValue(word));
    }
    let is_around = |(start, end): (&str, &str)| text.starts_with(start) && text.ends_with(end);
    if PLACEHOLDERS.into_iter().any(is_around) { Err(NotAToken::Placeholder) } else { Ok(()) }
}

/// Rejects what is not a token alone.
pub fn check(text: &str) -> Result<&str, NotAToken> {
    let text = trim(text);
    check_value(text)?;
    let begins = |start: &str| text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}');
    if text.starts_with(is_quote) || text.ends_with(is_quote) {
        Err(NotAToken::Quotes)
    } else if text.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("Bearer")) {
        Err(NotAToken::Bearer)
    } else if SECURE_STRING.into_iter().any(begins) {
        Err(NotAToken::SecureString)
    } else if is_token(text) {
        Ok(text)
    } else {
        Err(NotAToken::Unsendable)
    }
}

/// Whether it has only the characters of a token. Source: RFC 6750, 2.1.
fn is_token(text: &str) -> bool {
    let unpadded = text.trim_end_matches('=');
    !unpadded.is_empty() && unpadded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// What is read of the JSON of Azure CLI, of OAuth and of Azure PowerShell. The other fields, a refresh token among
/// them, end here.
#[derive(Deserialize)]
struct Document {
    #[serde(default, alias = "accessToken", alias = "AccessToken", alias = "access_token", alias = "Token")]
    token: Value,
    #[serde(default)]
    error: Value,
}

fn from_json(text: &str) -> Result<String, NotAToken> {
    // Serde would read the fields from an array, too.
    if text.starts_with('[') {
        return Err(NotAToken::InvalidJson);
    }
    // In an object, the only error of the data is a field that occurs twice.
    let Document { token, error } = serde_json::from_str(text)
        .map_err(|error| if error.is_data() { NotAToken::MoreThanOne } else { NotAToken::InvalidJson })?;
    match (token, error) {
        (Value::String(token), _) if !trim(&token).is_empty() => Ok(token),
        (Value::Null | Value::String(_), Value::String(code)) if is_error_code(&code) => {
            Err(NotAToken::ErrorResponse(code))
        }
        (Value::Null | Value::String(_), _) => Err(NotAToken::NoField),
        _ => Err(NotAToken::NotText),
    }
}

/// Whether it is safe to show, such as `invalid_grant`.
fn is_error_code(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests;
