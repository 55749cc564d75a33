//! What a shell offers at a TAB. Its script, from `intunectl completion`, runs this program with the words of the line
//! after `--`. clap completes commands, options and files; partner IDs are looked up here.
//!
//! A lookup sends a token, and people act on what is offered. It must do exactly what the command on the line would do,
//! or nothing. It is fast, never prompts, changes nothing, and prints no messages: they would appear in the middle of
//! the line.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use clap::{CommandFactory as _, Parser as _};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::cli::{self, Cli, Global};
use crate::commands::help;
use crate::context::Context;
use crate::exit::Exit;
use crate::graph::failure::CallContext;
use crate::graph::pace::Rate;
use crate::graph::partner;
use crate::ids::PartnerId;
use crate::interrupt::block_on;
use crate::text::sanitize::sanitize;
use crate::variables::{_CLAP_COMPLETE_INDEX, INTUNECTL_COMPLETE, INTUNECTL_COMPLETE_NO_LOOKUP};

/// The time limit of a lookup, from the start of the process, which must end within 300 ms.
const WITHIN: Duration = Duration::from_millis(250);

/// The line to complete, if a completion script runs this program.
pub fn command_line() -> Option<CommandLine> {
    let started = Instant::now();
    std::env::var_os(INTUNECTL_COMPLETE).filter(|shell| !shell.is_empty() && shell != "0")?;
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().filter(|dashes| dashes == "--")?;
    let words: Vec<_> = arguments.collect();
    let last = words.len().checked_sub(1)?;
    let index = std::env::var(_CLAP_COMPLETE_INDEX).ok().and_then(|index| index.parse().ok()).unwrap_or(last);
    let is_all = std::env::var_os(INTUNECTL_COMPLETE_NO_LOOKUP).is_none_or(|value| value.is_empty());
    Some(CommandLine { words, index, is_all, until: started + WITHIN })
}

pub struct CommandLine {
    /// The words as typed; the first is the program.
    words: Vec<OsString>,
    /// The index of the word with the cursor.
    index: usize,
    /// Whether the command would get exactly these words and the variables of this process.
    is_all: bool,
    until: Instant,
}

impl CommandLine {
    /// Prints the offers in the format of the shell's script.
    pub fn complete(self) -> Exit {
        std::panic::set_hook(Box::new(|_| {}));
        let line = Arc::new(self);
        let completion = CompleteEnv::with_factory(|| command(&line)).var(INTUNECTL_COMPLETE);
        let current_dir = std::env::current_dir().ok();
        match completion.try_complete(std::env::args_os(), current_dir.as_deref()) {
            Ok(true) => Exit::Success,
            Ok(false) | Err(_) => Exit::Failure,
        }
    }

    /// The partners whose IDs start with what is typed, without those already on the line.
    fn partners(&self, typed: &OsStr) -> Vec<CompletionCandidate> {
        let offers = || {
            let typed = typed.to_str().filter(|typed| typed.is_empty() || is_word(typed))?;
            let words = self.plain_words()?;
            let named: Vec<_> = words.iter().filter_map(|word| PartnerId::parse(word).ok()).collect();
            let (send, receive) = mpsc::sync_channel(1);
            // If it takes too long, it ends with the process.
            thread::Builder::new().spawn(move || send.send(look_up(words))).ok()?;
            let mut partners = receive.recv_timeout(self.until.saturating_duration_since(Instant::now())).ok()??;
            partners.retain(|partner| {
                let beginning = partner.id.as_str().get(..typed.len());
                beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(typed)) && !named.contains(&partner.id)
            });
            Some(partners)
        };
        let candidate =
            |offer: Offer| CompletionCandidate::new(offer.id.as_str()).help(offer.description.map(Into::into));
        offers().unwrap_or_default().into_iter().map(candidate).collect()
    }

    /// The words as the command would get them, with an unused ID at the cursor. `None` if the shell would change one
    /// (a variable, a pattern, quotes) or add to them.
    fn plain_words(&self) -> Option<Vec<String>> {
        if !self.is_all {
            return None;
        }
        let mut words = self.words.clone();
        let here = OsString::from("00000000-0000-0000-0000-000000000000");
        match words.get_mut(self.index) {
            Some(word) => *word = here,
            // zsh omits an empty word.
            None => words.push(here),
        }
        // The name of the program may be anything.
        words.drain(..1);
        let plain = words.iter().map(|word| plain(word.to_str()?));
        std::iter::once(Some("intunectl".to_owned())).chain(plain).collect()
    }
}

/// The definitions, with the lookup of partner IDs.
fn command(line: &Arc<CommandLine>) -> clap::Command {
    let mut command = help::with_topics(Cli::command()).mut_subcommands(|group| {
        group.mut_subcommands(|verb| {
            verb.mut_args(|argument| {
                let is_id = argument.get_value_names().is_some_and(|names| matches!(names, [name] if name == "ID"));
                if !(is_id && argument.is_positional()) {
                    return argument;
                }
                let line = Arc::clone(line);
                argument.add(ArgValueCompleter::new(move |typed: &OsStr| line.partners(typed)))
            })
        })
    });
    command.build();
    // The topics are hidden as commands.
    command.mut_subcommand("help", |help| {
        help.mut_subcommands(|topic| {
            let is_hidden = topic.is_hide_set() && !help::is_topic(topic.get_name());
            topic.hide(is_hidden)
        })
    })
}

/// A partner that can be offered.
struct Offer {
    id: PartnerId,
    /// The name and status.
    description: Option<String>,
}

/// All partners of the tenant that this command line would act in: a part would look like the whole list. `None` if no
/// valid token is available, or the service does not list them in time.
fn look_up(words: Vec<String>) -> Option<Vec<Offer>> {
    // Strict: an option that is ignored here could select another tenant than the command's.
    if cli::repeated_selector(words.iter().map(OsString::from)).is_some() {
        return None;
    }
    let options = Cli::try_parse_from(words).ok()?.global;
    let options = Global { timeout: WITHIN, retries: 0, verbose: 0, ..options };
    let context = Context::new(options).ok()?.without_traces();
    let connection = context.connection_at_hand().ok()??;
    let client = context.client(&connection, Some(Rate::PUBLISHED)).ok()?;
    let caller = connection.caller();
    let call_context = CallContext::new(&client, &caller, &context.cancel);
    let partners = block_on(async { Ok(partner::list(&client, call_context).await?) }).ok()?;
    let offer = |fields: partner::Fields| {
        let id = PartnerId::parse(&fields.id).ok().filter(|id| is_word(id.as_str()))?;
        let texts = [fields.display_name, fields.onboarding_status];
        let texts: Vec<_> = texts.iter().flatten().map(|text| sanitize(text).into_owned()).collect();
        let description = Some(texts.join(", ")).filter(|text| !text.is_empty());
        Some(Offer { id, description })
    };
    Some(partners.into_iter().filter_map(|partner| offer(partner.fields)).collect())
}

/// Whether a text is safe on a command line without quotes. Shells insert an offer unquoted, and the next Enter runs
/// it: an ID from the network must not become a substitution, a second command or an option.
fn is_word(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain)
}

/// The word as the command gets it; `None` if the shell would change it. `~/` is expanded, because all shells do so
/// alike. At the start of a word, `@` is a list in PowerShell, and `=` is a command's path in zsh.
fn plain(word: &str) -> Option<String> {
    if let Some(rest) = word.strip_prefix("~/") {
        return plain(Path::new(&std::env::home_dir()?).join(rest).to_str()?);
    }
    let is_path = |c: char| cfg!(windows) && c == '\\';
    let is_plain = |c: char| c.is_alphanumeric() || " -_.:/=,@+".contains(c) || is_path(c);
    (!word.starts_with(['@', '=']) && word.chars().all(is_plain)).then(|| word.to_owned())
}
