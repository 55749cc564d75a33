//! How a secret is stored in a keyring whose entries are small and are written one at a time.
//!
//! The secret is cut into chunks, and a head entry says which chunks make up the secret. There are two slots for
//! chunks, `a` and `b`. Saving fills the slot that the head does not name, then writes the head, then empties the other
//! slot. Writing the head is the step that decides: a crash before it leaves the old secret intact. Leftovers of a
//! crash are in the unnamed slot, where the next save or delete removes them. Chunks are written upwards and deleted
//! downwards, so a slot never has a gap and its end can be found.
//!
//! Every chunk begins with the generation of its secret, so chunks of two saves are never joined. All entries are text,
//! because a Secret Service backed by KDE Wallet stores nothing else.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use keyring::{CredentialStore, Entry, Error as KeyringError};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::StoreError;
use crate::text::sanitize::sanitize;
use crate::variables::INTUNECTL_SANDBOX;

/// The entry that [`probe`] writes. No profile's entries begin with a slash.
const PROBE: &str = "/probe";

/// The layout that this module writes and reads.
const LAYOUT: u32 = 1;

/// The most bytes in one entry: Windows Credential Manager accepts 2,560.
pub(super) const ENTRY_BYTES: usize = 2_048;

/// The length of a generation: a UUID without hyphens.
const GENERATION_BYTES: usize = uuid::fmt::Simple::LENGTH;

/// The most bytes of the secret in one chunk.
pub(super) const PIECE_BYTES: usize = ENTRY_BYTES - GENERATION_BYTES;

/// How many times a reader starts again because a writer replaced the secret in the meantime.
const READS: u32 = 10;

/// Attributes of a new entry. On Windows an entry roams to the user's other machines unless it is marked as local.
const MODIFIERS: &[(&str, &str)] = if cfg!(target_os = "windows") { &[("persistence", "Local")] } else { &[] };

/// Which of the two sets of chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ChunkSlot {
    A,
    B,
}

impl ChunkSlot {
    fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// The JSON in the head entry.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    layout: u32,
    slot: ChunkSlot,
    generation: String,
    chunks: u32,
    /// The length of the whole secret.
    bytes: usize,
}

/// The entries of one profile.
struct ProfileEntries<'a> {
    store: &'a CredentialStore,
    name: String,
}

/// The service name of all entries. A sandbox has its own, so it neither sees nor changes a real sign-in.
pub(super) fn service() -> &'static str {
    let is_rehearsal = std::env::var_os(INTUNECTL_SANDBOX).is_some_and(|root| !root.is_empty());
    if is_rehearsal { "intunectl-sandbox" } else { "intunectl" }
}

/// Reads the secret of `profile`. Others may write at the same time.
pub(super) fn load(store: &CredentialStore, profile: &str) -> Result<Option<SecretString>, StoreError> {
    let profile = ProfileEntries::new(store, profile);
    let mut head = profile.head()?;
    for _ in 0..READS {
        let Some(current) = head else { return Ok(None) };
        let failed = match profile.secret(&current) {
            Ok(secret) => return Ok(Some(secret)),
            Err(e) => e,
        };
        // A writer may have moved the head and emptied the slot in the meantime. If the head is unchanged, nobody has
        // touched its slot, and the failure is real.
        head = profile.head()?;
        if head.as_ref() == Some(&current) {
            return Err(failed);
        }
    }
    Err(StoreError::Damaged)
}

/// Saves the secret of `profile`. The caller holds the lock on writing.
pub(super) fn save(store: &CredentialStore, profile: &str, secret: &SecretString) -> Result<(), StoreError> {
    let profile = ProfileEntries::new(store, profile);
    let slot = match profile.head() {
        Ok(Some(head)) => head.slot.other(),
        Ok(None) | Err(StoreError::Damaged) => ChunkSlot::A,
        Err(e) => return Err(e),
    };
    let head = profile.write_chunks(slot, secret.expose_secret())?;
    profile.trim(slot, head.chunks)?;
    profile.write_head(&head)?;
    // The secret is saved by now. If the old chunks remain, the next save overwrites them.
    let _ = profile.trim(slot.other(), 0);
    Ok(())
}

/// Deletes every entry of `profile`, and returns whether there was one.
pub(super) fn delete(store: &CredentialStore, profile: &str) -> Result<bool, StoreError> {
    let profile = ProfileEntries::new(store, profile);
    // The head first: chunks without a head are ignored, but a head without its chunks counts as damaged.
    let head = remove(&profile.entry(&profile.name)?)?;
    let a = profile.trim(ChunkSlot::A, 0)?;
    let b = profile.trim(ChunkSlot::B, 0)?;
    Ok(head || a || b)
}

/// The names of all profiles that have an entry, in alphabetical order.
pub(super) fn profiles(store: &CredentialStore) -> Result<Vec<String>, StoreError> {
    // Windows has no such filter: it returns all entries, which are filtered below.
    let filter = if cfg!(target_os = "windows") { HashMap::new() } else { HashMap::from([("service", service())]) };
    let specifiers = store.search(&filter)?.into_iter().filter_map(|entry| entry.get_specifiers());
    let names = specifiers.filter(|(found, _)| found == service()).filter_map(|(_, entry)| profile_of(&entry));
    Ok(names.collect::<BTreeSet<_>>().into_iter().collect())
}

/// Writes an entry that belongs to no profile, reads it back and deletes it. The caller holds the lock on writing.
pub(super) fn probe(store: &CredentialStore) -> Result<(), StoreError> {
    let entry = entry(store, PROBE)?;
    let written = Uuid::new_v4().simple().to_string();
    put(&entry, written.as_bytes())?;
    let found = read(&entry)?;
    remove(&entry)?;
    match found {
        Some(found) if found.as_slice() == written.as_bytes() => Ok(()),
        _ => Err(StoreError::Unavailable("it does not return what was stored".into())),
    }
}

impl<'a> ProfileEntries<'a> {
    fn new(store: &'a CredentialStore, profile: &str) -> Self {
        Self { store, name: entry_name(profile) }
    }

    fn entry(&self, name: &str) -> Result<Entry, StoreError> {
        entry(self.store, name)
    }

    fn chunk(&self, slot: ChunkSlot, index: u32) -> Result<Entry, StoreError> {
        self.entry(&format!("{}/{}/{index}", self.name, slot.name()))
    }

    fn head(&self) -> Result<Option<Head>, StoreError> {
        let Some(json) = read(&self.entry(&self.name)?)? else { return Ok(None) };
        match serde_json::from_slice::<Head>(&json) {
            Ok(head) if head.layout == LAYOUT => Ok(Some(head)),
            _ => Err(StoreError::Damaged),
        }
    }

    fn write_head(&self, head: &Head) -> Result<(), StoreError> {
        let json = serde_json::to_vec(head).map_err(|_| StoreError::Damaged)?;
        put(&self.entry(&self.name)?, &json)
    }

    /// The secret that `head` names.
    fn secret(&self, head: &Head) -> Result<SecretString, StoreError> {
        // Not allocated for the head's number of chunks: a damaged head may claim billions.
        let mut chunks = Vec::new();
        for index in 0..head.chunks {
            chunks.push(read(&self.chunk(head.slot, index)?)?.ok_or(StoreError::Damaged)?);
        }
        join(head, &chunks)
    }

    /// Writes `text` into `slot` under a new generation, and returns the head that makes it the secret.
    fn write_chunks(&self, slot: ChunkSlot, text: &str) -> Result<Head, StoreError> {
        let generation = Uuid::new_v4().simple().to_string();
        let mut chunks = 0;
        for piece in pieces(text) {
            let mut chunk = Zeroizing::new(String::with_capacity(ENTRY_BYTES));
            chunk.push_str(&generation);
            chunk.push_str(piece);
            put(&self.chunk(slot, chunks)?, chunk.as_bytes())?;
            chunks += 1;
        }
        Ok(Head { layout: LAYOUT, slot, generation, chunks, bytes: text.len() })
    }

    /// Deletes the chunks of `slot` from index `keep` on, and returns whether there were any.
    fn trim(&self, slot: ChunkSlot, keep: u32) -> Result<bool, StoreError> {
        let mut end = keep;
        while exists(&self.chunk(slot, end)?)? {
            end += 1;
        }
        for index in (keep..end).rev() {
            remove(&self.chunk(slot, index)?)?;
        }
        Ok(end > keep)
    }
}

/// The name of a profile's head entry, and the prefix of its chunks' names.
///
/// Windows Credential Manager ignores case, so everything except lower-case letters, digits, `-` and `_` becomes `%`
/// and six hexadecimal digits: two profiles never share a name. The 64 characters of a profile's name stay below the
/// limit of 513 bytes for a user name there.
pub(super) fn entry_name(profile: &str) -> String {
    let mut name = String::new();
    for c in profile.chars() {
        match c {
            'a'..='z' | '0'..='9' | '-' | '_' => name.push(c),
            // Writing to a string cannot fail.
            _ => drop(write!(name, "%{:06x}", u32::from(c))),
        }
    }
    name
}

/// The profile that an entry with this name belongs to; `None` for [`PROBE`] and the entries of other programs.
fn profile_of(entry: &str) -> Option<String> {
    let mut rest = entry.split('/').next().filter(|name| !name.is_empty())?;
    let mut profile = String::new();
    while let Some(at) = rest.find('%') {
        let (plain, escaped) = rest.split_at(at);
        let (escape, after) = escaped.split_at_checked(7)?;
        profile.push_str(plain);
        profile.push(char::from_u32(u32::from_str_radix(escape.trim_start_matches('%'), 16).ok()?)?);
        rest = after;
    }
    profile.push_str(rest);
    if sanitize(&profile) != profile {
        return None;
    }
    (entry_name(&profile) == entry.split('/').next()?).then_some(profile)
}

/// Cuts `text` into pieces of at most [`PIECE_BYTES`], never within a character.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let end = (1..=text.len().min(PIECE_BYTES)).rfind(|end| text.is_char_boundary(*end))?;
        let (piece, rest) = text.split_at_checked(end)?;
        text = rest;
        Some(piece)
    })
}

/// Joins the chunks, if they are the ones that `head` names.
fn join(head: &Head, chunks: &[Zeroizing<Vec<u8>>]) -> Result<SecretString, StoreError> {
    let pieces: Option<Vec<&str>> =
        chunks.iter().map(|chunk| std::str::from_utf8(chunk.strip_prefix(head.generation.as_bytes())?).ok()).collect();
    // `concat` allocates the full size at once: a buffer that grows would leave copies of the secret behind.
    let secret = SecretString::from(pieces.ok_or(StoreError::Damaged)?.concat());
    if secret.expose_secret().len() == head.bytes { Ok(secret) } else { Err(StoreError::Damaged) }
}

fn entry(store: &CredentialStore, name: &str) -> Result<Entry, StoreError> {
    let modifiers: HashMap<_, _> = MODIFIERS.iter().copied().collect();
    Ok(store.build(service(), name, Some(&modifiers))?)
}

fn read(entry: &Entry) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    match entry.get_secret() {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(KeyringError::NoEntry) => Ok(None),
        // A Secret Service finds an entry with one call and reads it with another. If the entry is deleted in between,
        // the bus reports a failure (gnome-keyring: "No such interface") that looks like any other.
        Err(e @ KeyringError::PlatformFailure(_)) => match exists(entry) {
            Ok(false) => Ok(None),
            _ => Err(e.into()),
        },
        Err(e) => Err(e.into()),
    }
}

fn exists(entry: &Entry) -> Result<bool, StoreError> {
    match entry.get_credential() {
        Ok(_) | Err(KeyringError::Ambiguous(_)) => Ok(true),
        Err(KeyringError::NoEntry) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Writes `entry`, replacing all entries of its name.
fn put(entry: &Entry, bytes: &[u8]) -> Result<(), StoreError> {
    match entry.set_secret(bytes) {
        Err(KeyringError::Ambiguous(_)) => {
            remove(entry)?;
            Ok(entry.set_secret(bytes)?)
        }
        written => Ok(written?),
    }
}

/// Deletes `entry`, and returns whether it existed.
fn remove(entry: &Entry) -> Result<bool, StoreError> {
    match entry.delete_credential() {
        Ok(()) => Ok(true),
        Err(KeyringError::NoEntry) => Ok(false),
        // Another tool, or a restored backup, has created further entries of the same name.
        Err(KeyringError::Ambiguous(entries)) => {
            entries.iter().try_for_each(Entry::delete_credential)?;
            Ok(true)
        }
        Err(e) => Err(e.into()),
    }
}
