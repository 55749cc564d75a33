//! Partner IDs: their grammar, and how they are collected from arguments, files and standard input.
//!
//! A disconnect cannot be undone from here, so all input is read and checked first: [`Collector::finish`] returns
//! either all IDs or the mistakes, never the valid part of a bad file.

mod csv;
mod entry;
mod id;
pub mod input;
mod json;
mod lines;
mod mistake;
pub mod name;
#[cfg(test)]
mod properties;
mod source;
mod table;
#[cfg(test)]
mod tests;

use indexmap::IndexMap;

pub use self::id::PartnerId;
use self::mistake::{Mistake, Place, may_be_name};
use crate::error::Error;
use crate::text::humanize::counted;
use crate::text::sanitize::sanitize;

/// How many bad lines are reported one by one. The others are counted, so that a million of them cost no memory.
const MAX_TOLD: usize = 10;

/// IDs in input order, each once, with the 1-based place of its first occurrence in the input.
#[derive(Debug, Default)]
pub struct PartnerIds {
    first_places: IndexMap<PartnerId, usize>,
    /// Includes repeats.
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

    /// Keeps the first spelling of a GUID.
    fn push(&mut self, id: PartnerId) {
        self.places += 1;
        self.first_places.entry(id).or_insert(self.places);
    }
}

/// Adds IDs after those of the input.
impl Extend<PartnerId> for PartnerIds {
    fn extend<T: IntoIterator<Item = PartnerId>>(&mut self, ids: T) {
        ids.into_iter().for_each(|id| self.push(id));
    }
}

/// The result of [`Collector::finish`].
#[derive(Debug)]
pub struct Collected {
    /// May be empty.
    pub ids: PartnerIds,
    /// The tenants that the input names.
    pub tenants: Tenants,
    /// Shown to the user before anything is sent; one sentence each.
    pub warnings: Vec<String>,
}

/// The tenants that the input's records name, in lower case, each with the place of its first record.
#[derive(Debug, Default)]
pub struct Tenants(IndexMap<String, String>);

impl Tenants {
    /// Checks that all records belong to the token's tenant.
    ///
    /// # Errors
    /// A record belongs to another tenant, or the token does not name its tenant.
    pub fn check(&self, token: Option<&str>) -> Result<(), Error> {
        let is_other = |tenant: &&String| !token.is_some_and(|token| token.eq_ignore_ascii_case(tenant));
        let Some((tenant, place)) = self.0.iter().find(|(tenant, _)| is_other(tenant)) else { return Ok(()) };
        let tenant = sanitize(tenant);
        let token = match token {
            Some(token) => format!("the token is for tenant {}", sanitize(token)),
            None => "the token does not name its tenant".to_owned(),
        };
        Err(Error::auth(format!("{place}: this record belongs to tenant {tenant}, but {token}; nothing was sent"))
            .hint("give records of one tenant only, and a token that names that tenant"))
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

    /// Adds one ID from the command line, at the 1-based `position` among the arguments.
    pub fn argument(&mut self, position: usize, text: &str) {
        match PartnerId::parse(text) {
            Ok(id) => self.ids.push(id),
            Err(why) => {
                let mistake = Mistake { text, why, place: Place::Argument };
                self.bad.mistake(|| format!("argument {position}"), &mistake);
            }
        }
    }

    /// # Errors
    /// A usage error if anything was not an ID. It lists the first 10 such lines.
    pub fn finish(self) -> Result<Collected, Error> {
        if self.bad.count > 0 {
            let error = Error::usage(self.bad.message());
            return Err(match self.bad.has_name {
                true => error.hint("for a name, use --name; `intunectl partner list` shows IDs and names"),
                false => error,
            });
        }
        Ok(Collected { ids: self.ids, tenants: self.tenants, warnings: self.warnings })
    }
}

/// The mistakes in the input: the text of the first ones, and the number of all.
#[derive(Debug, Default)]
struct Bad {
    told: Vec<String>,
    count: usize,
    /// Whether one of them may be the name of a partner.
    has_name: bool,
}

impl Bad {
    fn push(&mut self, describe: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < MAX_TOLD {
            self.told.push(describe());
        }
    }

    /// A text that is not an ID, at the place that `at` names.
    fn mistake(&mut self, at: impl FnOnce() -> String, mistake: &Mistake<'_>) {
        self.has_name = self.has_name || may_be_name(mistake.text);
        self.push(|| format!("{}: {mistake}", at()));
    }

    /// Forgets all but the first `count` mistakes.
    fn keep(&mut self, count: usize) {
        self.count = count;
        self.told.truncate(count);
        self.has_name &= count > 0;
    }

    fn message(&self) -> String {
        let mut message = format!("{} in the IDs; nothing was sent:", counted(self.count, "error"));
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
