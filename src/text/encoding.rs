//! Decodes the bytes of a file or pipe: UTF-8 with or without a byte order mark, or UTF-16 with one, which `>` writes
//! in Windows PowerShell 5.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// All characters except those that RFC 3986 calls unreserved. Browsers leave `|` and `[` unencoded, which strict
/// gateways reject.
pub const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why bytes are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotText {
    /// The 1-based line of the first invalid byte.
    pub line: usize,
    /// The encoding that the bytes were read as.
    pub encoding: &'static str,
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is not {} text (line {})", self.encoding, self.line)
    }
}

/// Decodes `bytes`, without their byte order mark.
///
/// # Errors
/// The bytes are not valid in the encoding of their byte order mark (UTF-8 if there is none).
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, NotText> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest).map(Cow::Borrowed),
        _ => utf8(bytes).map(Cow::Borrowed),
    }
}

/// Decodes `bytes` likewise, with U+FFFD for invalid parts. An incomplete character at the end is dropped or becomes
/// U+FFFD.
pub fn decode_lossy(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16_lossy(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16_lossy(rest, u16::from_be_bytes)),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn utf16_lossy(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn utf8(bytes: &[u8]) -> Result<&str, NotText> {
    std::str::from_utf8(bytes).map_err(|e| {
        let valid = bytes.get(..e.valid_up_to()).unwrap_or_default();
        NotText { line: 1 + valid.iter().filter(|b| **b == b'\n').count(), encoding: "UTF-8" }
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    // A single byte at the end is half a character: the file is incomplete.
    let cut_short = (!odd.is_empty()).then_some(Err(()));
    let decoded = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(|c| c.map_err(|_| ()));
    for c in decoded.chain(cut_short) {
        match c {
            Ok(c) => text.push(c),
            Err(()) => return Err(NotText { line: 1 + text.matches('\n').count(), encoding: "UTF-16" }),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn le(text: &str) -> Vec<u8> {
        [vec![0xFF, 0xFE], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()
    }

    #[test]
    fn the_encodings_of_windows_and_unix_tools_are_decoded() {
        let be = [vec![0xFE, 0xFF], "a\r\n名".encode_utf16().flat_map(u16::to_be_bytes).collect()].concat();
        for bytes in ["a\r\n名".into(), "\u{feff}a\r\n名".into(), le("a\r\n名"), be] {
            assert_eq!(decode(&bytes).unwrap(), "a\r\n名");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_rejected_with_their_line() {
        assert_eq!(decode(b"a\nb\xff\n"), Err(NotText { line: 2, encoding: "UTF-8" }));
        let mut cut = le("a\nb");
        cut.pop();
        assert_eq!(decode(&cut), Err(NotText { line: 2, encoding: "UTF-16" }));
        assert_eq!(decode(&[0xFF, 0xFE, 0x00, 0xD8]), Err(NotText { line: 1, encoding: "UTF-16" }));
    }
}
