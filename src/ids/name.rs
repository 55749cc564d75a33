//! Display names of partners.

use std::fmt;
use std::str::FromStr;

use super::id::Quoted;

/// A display name as the user typed it.
#[derive(Clone)]
pub struct PartnerName {
    typed: String,
    folded: String,
}

impl PartnerName {
    /// The name without case, see [`folded`].
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl FromStr for PartnerName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        // Perhaps a variable is not set.
        if name.trim().is_empty() {
            return Err("the name is empty");
        }
        Ok(Self { typed: name.to_owned(), folded: folded(name) })
    }
}

/// Quoted for a message, unless it may be a token.
impl fmt::Display for PartnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(&self.typed).fmt(f)
    }
}

/// A text without case: texts that differ only in the case of characters are the same. `ß` is not `ss`, which makes
/// another word.
pub fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// Source: Unicode, simple case folding, which the standard library has only as upper and lower case.
fn fold(c: char) -> char {
    // Has the upper case of `i`, but is another letter.
    if c == 'ı' {
        return c;
    }
    let upper = single(c.to_uppercase()).unwrap_or(c);
    single(upper.to_lowercase()).unwrap_or(upper)
}

fn single(mut chars: impl Iterator<Item = char>) -> Option<char> {
    chars.next().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_case_are_equal() {
        let equal = [
            ("TeamViewer", "TEAMVIEWER"),
            ("Fernwartung Zürich", "FERNWARTUNG ZÜRICH"),
            ("Straße", "STRAẞE"),
            ("ΟΔΟΣ", "οδος"),
            ("οδος", "οδοσ"),
            ("Удалённая", "УДАЛЁННАЯ"),
            ("リモート 東京", "リモート 東京"),
        ];
        for (one, other) in equal {
            assert_eq!(folded(one), folded(other));
        }
        let different = [
            ("TeamViewer", "TeamViewer "),
            ("TeamViewer", "Team Viewer"),
            ("Zürich", "Zurich"),
            ("kız", "kiz"),
            ("Maße", "Masse"),
            ("ﬁnance", "finance"),
            ("İstanbul", "istanbul"),
            ("リモート", "ﾘﾓｰﾄ"),
        ];
        for (one, other) in different {
            assert_ne!(folded(one), folded(other));
        }
    }

    #[test]
    fn a_blank_name_is_rejected() {
        for blank in ["", " ", "\t\n", "\u{3000}"] {
            assert_eq!(blank.parse::<PartnerName>().err(), Some("the name is empty"));
        }
    }
}
