//! One source of IDs: a file or standard input.

use std::fmt;

use super::mistake::{Mistake, Place};
use super::{Collector, PartnerId};
use crate::text::encoding;

impl Collector {
    /// Adds all IDs of a file or of standard input; `name` is its name in messages.
    pub fn source(&mut self, name: &str, bytes: &[u8]) {
        match encoding::decode(bytes) {
            Ok(text) => Source::new(name, &text, self).read(),
            Err(e) => self.bad.push(|| {
                format!(
                    "{name}:{}: this line is not {} text; save the file as UTF-8 (in Excel: `CSV UTF-8`)",
                    e.line, e.encoding
                )
            }),
        }
    }
}

/// One source, and the collector of its IDs.
pub(super) struct Source<'a, 'c> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    pub(super) collector: &'c mut Collector,
    /// The number of mistakes in earlier sources.
    earlier_mistakes: usize,
    /// Whether the warning about further pages was given; one is enough.
    pub(super) warned: bool,
}

impl<'a, 'c> Source<'a, 'c> {
    fn new(name: &'a str, text: &'a str, collector: &'c mut Collector) -> Self {
        let earlier_mistakes = collector.bad.count;
        Self { name, text, collector, earlier_mistakes, warned: false }
    }

    fn read(mut self) {
        // No list of IDs contains a NUL. Reported line by line, the reason would not be obvious.
        match self.text.find('\0').and_then(|nul| self.text.get(nul..)) {
            Some(at) => self.bad(at, "contains a NUL character, so it may be UTF-16; save it as UTF-8"),
            None => self.csv_or_lines(),
        }
    }

    /// `at` is the slice of the source that contains `text`, perhaps with escapes.
    pub(super) fn id(&mut self, at: &'a str, text: &str, place: Place) {
        match PartnerId::parse(text) {
            Ok(id) => self.collector.ids.push(id),
            Err(why) => {
                let (name, source) = (self.name, self.text);
                let at = || format!("{name}:{}", line_number(source, at));
                self.collector.bad.mistake(at, &Mistake { text, why, place });
            }
        }
    }

    /// Keeps the tenant that a record, a page or a row names.
    pub(super) fn tenant(&mut self, at: &'a str, tenant: &str) {
        let (name, text) = (self.name, self.text);
        let place = || format!("{name}:{}", line_number(text, at));
        self.collector.tenants.0.entry(tenant.to_ascii_lowercase()).or_insert_with(place);
    }

    /// Lines are counted from the start each time, but only for the few that are reported.
    pub(super) fn bad(&mut self, at: &'a str, what: impl fmt::Display) {
        let (name, text) = (self.name, self.text);
        self.collector.bad.push(|| format!("{name}:{}: {what}", line_number(text, at)));
    }

    /// The same, in place of all other mistakes in this source.
    pub(super) fn only_bad(&mut self, at: &'a str, what: impl fmt::Display) {
        self.collector.bad.keep(self.earlier_mistakes);
        self.bad(at, what);
    }

    /// The text before `part`, a slice of the source.
    pub(super) fn before(&self, part: &'a str) -> &'a str {
        before(self.text, part)
    }
}

fn before<'a>(text: &'a str, part: &str) -> &'a str {
    text.get(..part.as_ptr().addr() - text.as_ptr().addr()).unwrap_or_default()
}

/// The 1-based line of `text` on which `part`, a slice of it, begins.
pub(super) fn line_number(text: &str, part: &str) -> usize {
    1 + before(text, part).bytes().filter(|byte| *byte == b'\n').count()
}
