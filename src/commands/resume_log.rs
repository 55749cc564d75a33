//! `--resume FILE`: what earlier runs have done, and whether this run's records follow in the same file.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::action::{self, Action};
use crate::batch::resume::{self, Earlier};
use crate::context::{Connection, Context};
use crate::error::Error;
use crate::ids::PartnerId;
use crate::ids::input;
use crate::output::{Format, stdout};
use crate::text::encoding::decode_lossy;
use crate::text::humanize::counted;

/// The records that earlier runs have left in a file.
pub struct ResumeLog {
    path: PathBuf,
    earlier: Earlier,
    /// Whether this run's records follow in the same file, where a torn one stands at the end.
    continues_torn: bool,
}

impl ResumeLog {
    pub fn read(path: PathBuf, action: &'static Action, format: Format) -> Result<Self, Error> {
        let name = path.display();
        let is_own = stdout::is(&path);
        if is_own && !stdout::appends() {
            return Err(Error::usage(format!(
                "standard output would overwrite the records in {name}; nothing was sent"
            ))
            .hint("append to it, with `>>`; if it is the first run, leave out --resume"));
        }
        if is_own && format != Format::Ndjson {
            return Err(Error::usage(format!("the output would go between the records in {name}; nothing was sent"))
                .hint("append records to it, with -o ndjson, or write somewhere else"));
        }
        let bytes = input::file(&path).map_err(|error| {
            error.hint(
                "--resume takes the records that an earlier run has left (-o ndjson); leave it out of the first run",
            )
        })?;
        // On Windows, `>` looks like the first `>>`: cmd hands over an empty file. PowerShell hands over a pipe, and may have
        // begun the file with a byte order mark.
        if cfg!(windows) && (is_own || stdout::is_pipe()) && decode_lossy(&bytes).is_empty() {
            return Err(Error::usage(format!("{name} is empty; nothing was sent")).hint(
                "`>` empties a file before intunectl can read it: append with `>>`; if it is the first run, leave out \
                 --resume",
            ));
        }
        let earlier = resume::read(&bytes, action).map_err(|foreign| {
            Error::usage(format!("{name}: {foreign}; nothing was sent")).hint(format!(
                "--resume takes the records that an earlier run of {} has left (-o ndjson)",
                action::ALL.map(|action| action.name).join(" or ")
            ))
        })?;
        let continues_torn = is_own && bytes.last().is_some_and(|last| *last != b'\n');
        Ok(Self { path, earlier, continues_torn })
    }

    /// The IDs that are done in the connection's tenant at its root. Says which records do not count, and why.
    pub fn done(&self, context: &Context, connection: &Connection) -> HashSet<PartnerId> {
        let Self { path, earlier, .. } = self;
        let name = path.display();
        if earlier.torn > 0 {
            context.console.note(&format!("{name}: ignored {}", counted(earlier.torn, "incomplete record")));
        }
        if earlier.unowned > 0 {
            context.console.warning(&format!(
                "{name}: ignored {} of an earlier version, which did not record the tenant",
                counted(earlier.unowned, "record")
            ));
        }
        let (done, others) = earlier.of(connection.tenant(), connection.root.as_str());
        if others > 0 {
            context.console.note(&format!(
                "{name}: ignored {} that are not of this tenant and Graph root",
                counted(others, "record")
            ));
        }
        if connection.tenant().is_none() && !done.is_empty() {
            context.console.warning(&format!(
                "{name}: neither the token nor the records name a tenant: check that both are of the same one"
            ));
        }
        done
    }

    /// Ends a torn record at the end of the log, before this run's are appended to it.
    pub fn end_torn_record(&self) -> anyhow::Result<()> {
        if self.continues_torn {
            stdout::print(b"\n").map_err(|error| Error::failure(format!("{error:#}; nothing was sent")))?;
        }
        Ok(())
    }
}
