//! Reads IDs from arguments, a file and standard input.

use std::io::{IsTerminal as _, Read};
use std::path::Path;

use super::{Collected, Collector};
use crate::error::Error;
use crate::text::humanize::without_errno;

const STDIN: &str = "standard input";
/// Ten times the size of a million IDs in the longest form.
const LARGEST: u64 = 1 << 30;

/// Arguments that are meant as options. Without a terminal, the IDs beside them would be acted on.
const WORDS: [&str; 8] = ["help", "dry-run", "what-if", "whatif", "yes", "wait", "fail-fast", "resume"];

/// What a command reports if it needs no ID and has none.
pub const NONE_GIVEN: &str = "no partner IDs were given; nothing was sent";

/// When standard input is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdin {
    /// If `-` names it. In a loop over lines, a command with an empty variable must not read the remaining lines.
    IfNamed,
    /// Also if there is no other source and it is not a terminal.
    ByDefault,
}

/// Reads and checks every ID from every source; `needed_by` is the verb that needs at least one, if it does.
///
/// # Errors
/// A usage error: a source cannot be read, something in it is not an ID, or there is no ID although one is needed.
pub fn read(
    arguments: &[String],
    from_file: Option<&Path>,
    stdin: Stdin,
    needed_by: Option<&str>,
) -> Result<Collected, Error> {
    let mut collector = Collector::new();
    let dash = Path::new("-");
    let times = arguments.iter().filter(|id| *id == "-").count() + usize::from(from_file == Some(dash));
    if times > 1 {
        return Err(Error::usage("standard input (`-`) is given more than once; nothing was sent")
            .hint("give `-` once: as an argument or with -f"));
    }
    if let Some(word) = arguments.iter().find(|id| WORDS.contains(&id.as_str())) {
        let hint = match word.as_str() {
            "help" => "for help, add --help".to_owned(),
            option => format!("an option begins with two hyphens: --{option}"),
        };
        return Err(Error::usage(format!("`{word}` is not a partner ID; nothing was sent")).hint(hint));
    }
    for (n, id) in arguments.iter().enumerate() {
        if id == "-" {
            collector.source(STDIN, &read_stdin()?);
        } else {
            collector.argument(n + 1, id);
        }
    }
    match from_file {
        Some(path) if path == dash => collector.source(STDIN, &read_stdin()?),
        Some(path) => {
            let name = path.display().to_string();
            let hint = "check the path; -f takes a file with partner IDs, or `-` for standard input";
            let bytes = file(path).map_err(|error| error.hint(hint))?;
            collector.source(&name, &bytes);
        }
        None if !arguments.is_empty() => {}
        // At a terminal, reading would wait for input without any message.
        None if stdin == Stdin::IfNamed || std::io::stdin().is_terminal() => {
            return needed_by.map_or_else(|| collector.finish(), |verb| Err(no_ids(verb)));
        }
        None => collector.source(STDIN, &read_stdin()?),
    }
    let collected = collector.finish()?;
    if collected.ids.is_empty() && needed_by.is_some() {
        // Perhaps a filter has removed all IDs.
        return Err(Error::usage("no partner IDs found in the input; nothing was sent")
            .hint("check the file or the command that prints the IDs. If there may be none, add --allow-empty"));
    }
    Ok(collected)
}

/// Whether standard input is named as a source of IDs.
pub fn is_stdin_named(arguments: &[String], from_file: Option<&Path>) -> bool {
    arguments.iter().any(|id| id == "-") || from_file.is_some_and(|path| path == Path::new("-") || is_stdin(path))
}

/// Whether a path is another name of standard input.
pub fn is_stdin(path: &Path) -> bool {
    ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].iter().any(|name| path == Path::new(name))
}

/// Reads a file that the command line names.
///
/// # Errors
/// A usage error without a hint, if it cannot be read.
pub fn file(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::File::open(path).and_then(whole).map_err(|error| {
        Error::usage(format!("cannot read {}: {}; nothing was sent", path.display(), without_errno(&error)))
    })
}

fn read_stdin() -> Result<Vec<u8>, Error> {
    whole(std::io::stdin().lock()).map_err(|error| {
        Error::usage(format!("cannot read standard input: {}; nothing was sent", without_errno(&error)))
    })
}

/// Reads a source to its end. Some, such as `/dev/zero`, have none, so the size is limited.
fn whole(source: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(std::io::Error::other("larger than 1 GiB"));
    }
    Ok(bytes)
}

fn no_ids(verb: &str) -> Error {
    let first_look = if verb == "show" { "" } else { " --dry-run" };
    Error::usage("no partner IDs given; nothing was sent").hint(format!(
        "give IDs as arguments, in a file or on standard input, or give a name, for example:
  intunectl partner {verb} 5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  intunectl partner {verb} --name TeamViewer
  intunectl partner {verb} -f ids.txt{first_look}
  intunectl partner {verb}{first_look} - < ids.txt"
    ))
}
