//! Partner IDs: what one is, and how they are collected from arguments, files and standard input.
//!
//! Disconnecting cannot be undone from here, so input is read whole and checked whole: [`Collector::finish`] gives
//! either every ID or everything that is wrong, never the good half of a bad file.

mod id;
pub mod input;
#[cfg(test)]
mod properties;
mod source;
#[cfg(test)]
mod tests;

use indexmap::IndexMap;

pub use self::id::PartnerId;
use self::id::Quoted;
use crate::error::Error;
use crate::text::sanitize::sanitize;

/// How many bad lines are reported one by one. The others are counted, so that a million of them cost no memory.
const MAX_TOLD: usize = 10;

/// IDs in input order, each once, with the 1-based place of its first occurrence in the input.
#[derive(Debug, Default)]
pub struct PartnerIds {
    first_places: IndexMap<PartnerId, usize>,
    /// Repeats count as places too.
    places: usize,
}

impl PartnerIds {
    pub fn len(&self) -> usize {
        self.first_places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.first_places.is_empty()
    }

    /// Each ID with its place, in input order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&PartnerId, usize)> {
        self.first_places.iter().map(|(id, place)| (id, *place))
    }

    /// The ID at the 0-based `index` of [`iter`](Self::iter), with its place.
    pub fn get(&self, index: usize) -> Option<(&PartnerId, usize)> {
        self.first_places.get_index(index).map(|(id, place)| (id, *place))
    }

    /// How many repeats were dropped.
    pub fn repeated(&self) -> usize {
        self.places - self.len()
    }

    /// The first spelling of a GUID stays.
    fn push(&mut self, id: PartnerId) {
        self.places += 1;
        self.first_places.entry(id).or_insert(self.places);
    }
}

/// What [`Collector::finish`] gives.
#[derive(Debug)]
pub struct Collected {
    /// May be empty.
    pub ids: PartnerIds,
    /// The tenants that the input names.
    pub tenants: Tenants,
    /// What the user should know before going on, a sentence each.
    pub warnings: Vec<String>,
}

/// The tenants that the input's records name, in small letters, each with the place of its first record.
#[derive(Debug, Default)]
pub struct Tenants(IndexMap<String, String>);

impl Tenants {
    /// Checks that all records are of the token's tenant.
    ///
    /// # Errors
    /// One is of another tenant, or the token does not name its tenant.
    pub fn check(&self, token: Option<&str>) -> Result<(), Error> {
        let is_other = |tenant: &&String| !token.is_some_and(|token| token.eq_ignore_ascii_case(tenant));
        let Some((tenant, place)) = self.0.iter().find(|(tenant, _)| is_other(tenant)) else { return Ok(()) };
        let tenant = sanitize(tenant);
        let token = match token {
            Some(token) => format!("the token is for tenant {}", sanitize(token)),
            None => "the token does not say which tenant it is for".to_owned(),
        };
        Err(Error::auth(format!("{place}: this record is of tenant {tenant}, but {token}; nothing was sent"))
            .hint("use the records of one tenant, with a token for it"))
    }
}

/// Collects IDs from all sources, then reports all mistakes at once.
#[derive(Debug, Default)]
pub struct Collector {
    ids: PartnerIds,
    tenants: Tenants,
    warnings: Vec<String>,
    bad: Bad,
}

impl Collector {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one ID from the command line, at the 1-based `position` among the arguments.
    pub fn argument(&mut self, position: usize, text: &str) {
        match PartnerId::parse(text) {
            Ok(id) => self.ids.push(id),
            Err(why) => self.bad.push(|| format!("argument {position}: {} {why}", Quoted(text))),
        }
    }

    /// # Errors
    /// A usage error if anything was not an ID. It lists the first 10 such lines.
    pub fn finish(self) -> Result<Collected, Error> {
        if self.bad.count > 0 {
            return Err(Error::usage(self.bad.message()).hint(
                "an ID is 1 to 256 characters with no white space, control or invisible character, `/`, `\\`, `?`, `#` \
                 or `%`. Accepted: an ID per line, blank lines, `#` comments, a JSON object per line with an `id`, \
                 JSON arrays of strings or of such objects, and Graph pages",
            ));
        }
        Ok(Collected { ids: self.ids, tenants: self.tenants, warnings: self.warnings })
    }
}

/// The mistakes in the input: the first few as text, all as a number.
#[derive(Debug, Default)]
struct Bad {
    told: Vec<String>,
    count: usize,
    any_line: bool,
}

impl Bad {
    fn push(&mut self, describe: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < MAX_TOLD {
            self.told.push(describe());
        }
    }

    fn line(&mut self, describe: impl FnOnce() -> String) {
        self.any_line = true;
        self.push(describe);
    }

    fn message(&self) -> String {
        let noun = if self.any_line { "line" } else { "argument" };
        let plural = if self.count == 1 { "" } else { "s" };
        let mut message = format!("{} bad {noun}{plural}, nothing was sent:", self.count);
        for told in &self.told {
            message.push_str("\n  ");
            message.push_str(told);
        }
        match self.count - self.told.len() {
            0 => message,
            more => message + &format!("\n  … and {more} more"),
        }
    }
}
