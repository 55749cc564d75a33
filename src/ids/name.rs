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

    /// Whether this may be meant by a name without case that is not equal: one contains the other, or they have a word
    /// or the first three characters in common.
    pub fn resembles(&self, other: &str) -> bool {
        let (this, start) = (self.folded.as_str(), |text: &str| text.chars().take(3).collect::<String>());
        let words = |text| str::split(text, |c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        this.contains(other)
            || other.contains(this)
            || words(this).any(|word| words(other).any(|other| other == word))
            || start(this) == start(other)
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

/// A text without case: texts that differ only in case are the same.
/// Source: Unicode, full case folding, which the standard library has only as upper and lower case.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Has the upper case of `i`, but is another letter.
            'ı' => folded.push(c),
            _ => folded.extend(c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_case_are_equal() {
        let equal = [
            ("TeamViewer", "TEAMVIEWER"),
            ("Fernwartung Zürich", "FERNWARTUNG ZÜRICH"),
            ("Straße", "STRASSE"),
            ("STRAẞE", "strasse"),
            ("ΟΔΟΣ", "οδος"),
            ("οδος", "οδοσ"),
            ("Удалённая", "УДАЛЁННАЯ"),
            ("ﬁnance", "FINANCE"),
            ("İstanbul", "i̇stanbul"),
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
            ("リモート", "ﾘﾓｰﾄ"),
        ];
        for (one, other) in different {
            assert_ne!(folded(one), folded(other));
        }
    }

    #[test]
    fn similar_names_contain_each_other_or_have_a_word_or_the_beginning_in_common() {
        let table = [
            ("Teamviewr", "TeamViewer", true),
            ("team", "Old Team", true),
            ("TeamViewer GmbH", "teamviewer", true),
            ("Contoso Europe", "Support (Europe)", true),
            ("東京", "リモートサポート 東京", true),
            ("Contoso", "TeamViewer", false),
            ("Re", "Beyond", false),
        ];
        for (typed, name, expected) in table {
            assert_eq!(typed.parse::<PartnerName>().unwrap().resembles(&folded(name)), expected, "{typed} {name}");
        }
    }

    #[test]
    fn a_blank_name_is_rejected() {
        for blank in ["", " ", "\t\n", "\u{3000}"] {
            assert_eq!(blank.parse::<PartnerName>().err(), Some("the name is empty"));
        }
    }
}
