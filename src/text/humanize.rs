//! Durations, counts, times and system errors as people read them.

use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime};

/// A duration in its two largest units.
pub fn approx_duration(duration: Duration) -> String {
    let text = humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// `1 record`, `2 records`.
pub fn counted(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// The text of a system error without its number.
pub fn without_errno(error: &(impl fmt::Display + ?Sized)) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_owned()
}

/// A time in RFC 3339; `None` after the year 9999, which RFC 3339 cannot express.
pub fn rfc3339(time: SystemTime) -> Option<String> {
    let mut text = String::new();
    write!(text, "{}", humantime::format_rfc3339_seconds(time)).ok().map(|()| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_at_most_two_units() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (3_725, "1h 2m"), (200_000, "2days 7h")] {
            assert_eq!(approx_duration(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn only_a_count_of_one_is_singular() {
        assert_eq!([0, 1, 2].map(|count| counted(count, "record")), ["0 records", "1 record", "2 records"]);
    }

    #[test]
    fn a_system_error_is_shown_without_its_number() {
        let error = std::io::Error::from_raw_os_error(2);
        let sentence = without_errno(&error).to_string();
        assert!(!sentence.is_empty());
        assert_eq!(format!("{sentence} (os error 2)"), error.to_string());
        assert_eq!(without_errno("no number"), "no number");
    }
}
