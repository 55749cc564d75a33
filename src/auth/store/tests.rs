//! The layout, on a keyring in memory that can fail at any write; the time limit; the messages. `real` tests a real
//! Secret Service.

#[cfg(target_os = "linux")]
mod real;

use std::any::Any;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use keyring::api::{CredentialApi, CredentialStoreApi};
use keyring::{Credential, Entry, Error};
use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::layout::{self, ENTRY_BYTES, PIECE_BYTES, entry_name};
use super::*;

/// The entries of the keyring, by name.
type Held = BTreeMap<String, Vec<u8>>;

/// How a write fails.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// It does not happen.
    Lost,
    /// It happens, but an error is reported.
    Unreported,
}

/// A keyring in memory. With a limit, that many writes (sets and deletes) succeed. The next one fails in the given way,
/// and then every call fails, as if the process had been killed.
#[derive(Debug, Default)]
struct Memory {
    held: Mutex<Held>,
    writes: Mutex<usize>,
    limit: Option<(usize, Fault)>,
    /// After each of these numbers of reads, another process saves the secret, or signs out.
    overtaken: Mutex<VecDeque<(usize, Option<String>)>>,
}

impl Memory {
    fn with(held: Held, limit: Option<(usize, Fault)>) -> Arc<Self> {
        Arc::new(Self { held: Mutex::new(held), writes: Mutex::default(), limit, overtaken: Mutex::default() })
    }

    fn held(&self) -> Held {
        self.held.lock().unwrap().clone()
    }

    fn writes(&self) -> usize {
        *self.writes.lock().unwrap()
    }

    fn is_dead(&self) -> bool {
        self.limit.is_some_and(|(limit, _)| self.writes() > limit)
    }

    fn write<T>(&self, act: impl FnOnce(&mut Held) -> keyring::Result<T>) -> keyring::Result<T> {
        let was_dead = self.is_dead();
        *self.writes.lock().unwrap() += 1;
        match self.limit {
            Some((_, Fault::Unreported)) if self.is_dead() && !was_dead => {
                act(&mut self.held.lock().unwrap())?;
                Err(killed())
            }
            _ if self.is_dead() => Err(killed()),
            _ => act(&mut self.held.lock().unwrap()),
        }
    }

    fn read(&self, name: &str) -> keyring::Result<Vec<u8>> {
        if self.is_dead() {
            return Err(killed());
        }
        self.let_overtake();
        self.held.lock().unwrap().get(name).cloned().ok_or(Error::NoEntry)
    }

    fn let_overtake(&self) {
        let mut overtaken = self.overtaken.lock().unwrap();
        let Some((reads, _)) = overtaken.front_mut() else { return };
        if *reads > 0 {
            *reads -= 1;
            return;
        }
        let other = Memory::with(self.held(), None);
        match overtaken.pop_front().unwrap().1 {
            Some(secret) => save(&other, &secret).unwrap(),
            None => assert!(delete(&other).unwrap()),
        }
        *self.held.lock().unwrap() = other.held();
    }
}

fn killed() -> Error {
    Error::PlatformFailure("killed".into())
}

/// The store that hands out entries of a [`Memory`].
#[derive(Debug, Clone)]
struct Store(Arc<Memory>);

impl CredentialStoreApi for Store {
    fn vendor(&self) -> String {
        "memory".into()
    }

    fn id(&self) -> String {
        "memory".into()
    }

    fn build(&self, service: &str, name: &str, _: Option<&HashMap<&str, &str>>) -> keyring::Result<Entry> {
        assert_eq!(service, super::service());
        Ok(Entry::new_with_credential(Arc::new(Cell { memory: Arc::clone(&self.0), name: name.into() })))
    }

    fn search(&self, _: &HashMap<&str, &str>) -> keyring::Result<Vec<Entry>> {
        let cell = |name: String| Entry::new_with_credential(Arc::new(Cell { memory: Arc::clone(&self.0), name }));
        Ok(self.0.held().into_keys().map(cell).collect())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// One entry of a [`Memory`].
struct Cell {
    memory: Arc<Memory>,
    name: String,
}

impl CredentialApi for Cell {
    fn set_secret(&self, secret: &[u8]) -> keyring::Result<()> {
        assert!(secret.len() <= ENTRY_BYTES, "{} bytes in {}", secret.len(), self.name);
        assert!(std::str::from_utf8(secret).is_ok(), "{} is not text", self.name);
        self.memory.write(|held| {
            held.insert(self.name.clone(), secret.into());
            Ok(())
        })
    }

    fn get_secret(&self) -> keyring::Result<Vec<u8>> {
        self.memory.read(&self.name)
    }

    fn delete_credential(&self) -> keyring::Result<()> {
        self.memory.write(|held| held.remove(&self.name).map(drop).ok_or(Error::NoEntry))
    }

    fn get_credential(&self) -> keyring::Result<Option<Arc<Credential>>> {
        self.memory.read(&self.name).map(|_| None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some((service().to_owned(), self.name.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A text of `bytes` bytes that differs by `seed`, with no two chunks alike.
fn text(bytes: usize, seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| random.alphanumeric()).take(bytes).collect()
}

fn save(memory: &Arc<Memory>, secret: &str) -> Result<(), StoreError> {
    layout::save(&Store(Arc::clone(memory)), "default", &SecretString::from(secret))
}

fn load(memory: &Arc<Memory>) -> Result<Option<String>, StoreError> {
    let secret = layout::load(&Store(Arc::clone(memory)), "default")?;
    Ok(secret.map(|s| s.expose_secret().to_owned()))
}

fn delete(memory: &Arc<Memory>) -> Result<bool, StoreError> {
    layout::delete(&Store(Arc::clone(memory)), "default")
}

/// The number of entries of a secret: its chunks and the head.
fn entries(secret: &str) -> usize {
    1 + secret.len().div_ceil(PIECE_BYTES)
}

/// The entries after `secrets` were saved one after another.
fn held_after(secrets: &[&str]) -> Held {
    let memory = Memory::with(Held::new(), None);
    for secret in secrets {
        save(&memory, secret).unwrap();
    }
    memory.held()
}

/// Runs `act` on `held`, interrupted at every write in turn and in both ways, and passes the rest to `then` each time.
fn broken_off_anywhere(held: &Held, act: impl Fn(&Arc<Memory>), then: impl Fn(Arc<Memory>)) {
    let whole = Memory::with(held.clone(), None);
    act(&whole);
    assert!(whole.writes() > 0);
    for limit in 0..whole.writes() {
        for fault in [Fault::Lost, Fault::Unreported] {
            let memory = Memory::with(held.clone(), Some((limit, fault)));
            act(&memory);
            assert!(memory.is_dead());
            then(Memory::with(memory.held(), None));
        }
    }
}

#[test]
fn a_save_interrupted_at_any_write_leaves_the_old_or_the_new_secret_intact() {
    for (before, after) in [(0, 3), (3, 0), (2, 5), (5, 2), (1, 1)] {
        let (old, new) = (text(before * PIECE_BYTES, 1), text(after * PIECE_BYTES, 2));
        for held in [held_after(&[&old]), held_after(&["", &old])] {
            let left = |memory: Arc<Memory>| {
                let found = load(&memory).unwrap().unwrap();
                assert!(found == old || found == new);
                // The next save works, and removes all leftovers.
                let next = text(PIECE_BYTES + 1, 3);
                save(&memory, &next).unwrap();
                assert_eq!(load(&memory).unwrap().unwrap(), next);
                assert_eq!(memory.held().len(), entries(&next));
            };
            broken_off_anywhere(&held, |memory| drop(save(memory, &new)), left);
        }
    }
}

#[test]
fn a_first_save_or_a_delete_interrupted_at_any_write_leaves_nothing_or_the_secret() {
    let secret = text(3 * PIECE_BYTES, 1);
    let left = |memory: Arc<Memory>| {
        assert!(load(&memory).unwrap().is_none_or(|found| found == secret));
        delete(&memory).unwrap();
        assert_eq!(memory.held(), Held::new());
    };
    broken_off_anywhere(&Held::new(), |memory| drop(save(memory, &secret)), left);
    broken_off_anywhere(&held_after(&[&secret]), |memory| drop(delete(memory)), left);
}

#[test]
fn a_save_that_fails_to_clean_up_still_succeeds() {
    let held = held_after(&["old"]);
    // The chunk and the head are written, but the old chunk is not deleted.
    let memory = Memory::with(held, Some((2, Fault::Lost)));
    assert_eq!(save(&memory, "new"), Ok(()));
    assert_eq!(load(&Memory::with(memory.held(), None)).unwrap().unwrap(), "new");
}

#[test]
fn a_missing_changed_or_mixed_up_entry_is_damage_that_save_and_delete_repair() {
    let secret = text(3 * PIECE_BYTES, 1);
    let (held, another) = (held_after(&[&secret]), held_after(&[&secret]));
    for name in held.keys() {
        let is_head = !name.contains('/');
        let lost = |held: &mut Held| drop(held.remove(name));
        let cut = |held: &mut Held| assert!(held.get_mut(name).unwrap().pop().is_some());
        let binary = |held: &mut Held| held.get_mut(name).unwrap().push(0xFF);
        let mixed = |held: &mut Held| drop(held.insert(name.clone(), another[name].clone()));
        for (spoil, is_damage) in
            [(&lost as &dyn Fn(&mut Held), !is_head), (&cut, true), (&binary, true), (&mixed, true)]
        {
            let mut spoilt = held.clone();
            spoil(&mut spoilt);
            let expected = if is_damage { Err(StoreError::Damaged) } else { Ok(None) };
            assert_eq!(load(&Memory::with(spoilt.clone(), None)), expected, "{name}");

            let saved = Memory::with(spoilt.clone(), None);
            save(&saved, "new").unwrap();
            assert_eq!(load(&saved).unwrap().unwrap(), "new");
            assert_eq!(delete(&Memory::with(spoilt, None)), Ok(true));
        }
    }
}

#[test]
fn an_invalid_head_is_damage() {
    let generation = "0".repeat(32);
    for head in [
        format!(
            r#"{{"layout":1,"slot":"a","generation":"{generation}","chunks":4294967295,"bytes":18446744073709551615}}"#
        ),
        format!(r#"{{"layout":1,"slot":"a","generation":"{generation}","chunks":0,"bytes":1}}"#),
        format!(r#"{{"layout":2,"slot":"a","generation":"{generation}","chunks":0,"bytes":0}}"#),
        "{}".into(),
        String::new(),
    ] {
        let memory = Memory::with(Held::from([("default".into(), head.into_bytes())]), None);
        assert_eq!(load(&memory), Err(StoreError::Damaged));
    }
}

#[test]
fn a_reader_overtaken_by_a_save_or_a_delete_finds_the_old_or_the_new_state() {
    let old = text(3 * PIECE_BYTES, 1);
    // The reader reads the head and three chunks.
    for reads in 0..4 {
        for new in [Some(String::new()), Some(text(5 * PIECE_BYTES, 2)), None] {
            let memory = Memory::with(held_after(&[&old]), None);
            *memory.overtaken.lock().unwrap() = [(reads, new.clone())].into();
            let found = load(&memory).unwrap();
            assert!(found == new || reads > 0 && found.as_ref() == Some(&old), "{reads}");
            assert!(memory.overtaken.lock().unwrap().is_empty());
        }
    }
    // Saves overtake it as often as it may start again. It still finds the last secret.
    let memory = Memory::with(held_after(&[&old]), None);
    *memory.overtaken.lock().unwrap() = (0..12).map(|n| (0, Some(text(6 * PIECE_BYTES, n)))).collect();
    assert_eq!(load(&memory).unwrap(), Some(text(6 * PIECE_BYTES, 11)));
}

#[test]
fn profiles_with_similar_names_do_not_affect_each_other() {
    let store = Store(Memory::with(Held::new(), None));
    let names = ["a", "A", "a/b", "a/a/0", "%000041", "/probe", "ä", "a ", "名"];
    for name in names {
        layout::save(&store, name, &SecretString::from(name)).unwrap();
    }
    layout::probe(&store).unwrap();
    for name in names {
        assert_eq!(layout::load(&store, name).unwrap().unwrap().expose_secret(), name);
        assert!(layout::delete(&store, name).unwrap());
    }
    assert_eq!(store.0.held(), Held::new());
}

#[test]
fn a_profile_is_listed_and_deleted_while_any_of_its_entries_exists() {
    let store = Store(Memory::with(Held::new(), None));
    let names = ["A", "a", "a ", "a/b", "default", "ä", "名"];
    for name in names {
        layout::save(&store, name, &SecretString::from(text(2 * PIECE_BYTES, 1))).unwrap();
    }
    let mut held = store.0.held();
    // Remove the head of one and the chunks of another, and add entries that are not ours.
    assert!(held.remove("default").is_some());
    held.retain(|name, _| !name.starts_with("a/"));
    for foreign in ["/probe", "", "%", "%zz", "%+00041", "%000061", "%110000", "Upper", "%D800", "a%"] {
        held.insert(foreign.into(), Vec::new());
    }
    let store = Store(Memory::with(held, None));
    assert_eq!(layout::profiles(&store).unwrap(), names);
    for name in names {
        assert!(layout::delete(&store, name).unwrap(), "{name}");
    }
    assert_eq!(layout::profiles(&store).unwrap(), [""; 0]);
}

#[test]
fn the_longest_profile_name_fits_into_windows_credential_manager() {
    let name = format!("{}/a/{}", entry_name(&"名".repeat(64)), u32::MAX);
    assert!(name.len() <= 513, "{}", name.len());
}

#[test]
fn the_probe_leaves_nothing_and_fails_if_saving_would_fail() {
    let memory = Memory::with(Held::new(), None);
    layout::probe(&Store(Arc::clone(&memory))).unwrap();
    assert_eq!(memory.held(), Held::new());
    let memory = Memory::with(Held::new(), Some((0, Fault::Lost)));
    assert!(matches!(layout::probe(&Store(memory)), Err(StoreError::Unavailable(_))));
}

#[test]
fn a_panic_in_the_library_makes_the_keyring_unusable() {
    let answer: Result<(), _> = in_time(|_| panic!("a failure of the library"));
    assert!(matches!(answer, Err(StoreError::Unavailable(_))));
}

#[test]
fn messages_never_contain_bytes_read_from_the_keyring() {
    let secret = || b"secret".to_vec();
    let cases = [
        (
            Error::NoStorageAccess("why".into()),
            "the keyring cannot be used: it is locked, not set up yet, or denies access (why)",
        ),
        (Error::PlatformFailure("why".into()), "the keyring cannot be used: its service is missing or failed (why)"),
        (Error::TooLong("user".into(), 513), "the keyring cannot be used: the user exceeds 513 characters"),
    ];
    for (error, message) in cases {
        assert_eq!(StoreError::from(error).to_string(), message);
    }
    for error in [Error::BadEncoding(secret()), Error::BadDataFormat(secret(), "secret".into()), Error::NoEntry] {
        assert_eq!(StoreError::from(error), StoreError::Damaged);
    }
}

proptest! {
    #[test]
    fn any_secret_is_read_back_and_takes_only_the_entries_it_needs(
        secrets in prop::collection::vec("\\PC{0,100}|[a-z]{0,3}(é|名|🦀){0,5000}|[a-zA-Z0-9._-]{0,20480}", 1..4)
    ) {
        let memory = Memory::with(Held::new(), None);
        for secret in &secrets {
            save(&memory, secret).unwrap();
            prop_assert_eq!(&load(&memory).unwrap().unwrap(), secret);
            // A piece may end up to three bytes early if a character does not fit.
            prop_assert!(memory.held().len() <= 1 + secret.len().div_ceil(PIECE_BYTES - 3));
        }
        prop_assert_eq!(delete(&memory), Ok(true));
        prop_assert_eq!(memory.held(), Held::new());
        prop_assert_eq!((load(&memory), delete(&memory)), (Ok(None), Ok(false)));
    }

    #[test]
    fn after_any_series_of_interrupted_saves_the_last_complete_secret_is_intact(
        saves in prop::collection::vec((0usize..12_000, 0usize..20), 1..8)
    ) {
        let mut held = held_after(&["first"]);
        let mut current = "first".to_owned();
        for (seed, (size, limit)) in saves.into_iter().enumerate() {
            let next = text(size, seed as u64);
            let memory = Memory::with(held, Some((limit, Fault::Lost)));
            let saved = save(&memory, &next);
            held = memory.held();
            if saved.is_ok() {
                current = next;
            }
            prop_assert_eq!(&load(&Memory::with(held.clone(), None)).unwrap().unwrap(), &current);
        }
        let memory = Memory::with(held, None);
        save(&memory, "last").unwrap();
        prop_assert_eq!(memory.held().len(), entries("last"));
    }
}
