//! `--resume FILE`: reads the records of earlier runs, and checks whether this run appends to the same file.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::action::Action;
use crate::batch::resume::{self, Earlier};
use crate::context::{Connection, Context};
use crate::error::Error;
use crate::ids::PartnerId;
use crate::ids::input;
use crate::output::{Format, stdout};
use crate::text::encoding::decode_lossy;
use crate::text::humanize::counted;

/// The records of earlier runs in a file.
pub struct ResumeLog {
    path: PathBuf,
    earlier: Earlier,
    /// Whether this run appends to the same file, and the file ends in an incomplete record.
    continues_torn: bool,
}

impl ResumeLog {
    pub fn read(path: PathBuf, action: &'static Action, format: Format) -> Result<Self, Error> {
        let name = path.display();
        let is_own = stdout::is(&path);
        if is_own && !stdout::appends() {
            return Err(Error::usage(format!(
                "standard output is {name} itself, which `>` may have emptied; nothing was sent"
            ))
            .hint("restore the records if the file is empty, then use `>>`. For a first run, leave out --resume"));
        }
        if is_own && format != Format::Ndjson {
            return Err(Error::usage(format!(
                "the output would be mixed with the records in {name}; nothing was sent"
            ))
            .hint("use -o ndjson, or write the output to another file"));
        }
        let bytes = input::file(&path).map_err(|error| {
            error.hint("give the file that an earlier run wrote with -o ndjson; for a first run, leave out --resume")
        })?;
        // On Windows, `>` looks like a first `>>`: cmd passes an empty file. PowerShell passes a pipe, and may already
        // have written a byte order mark to the file.
        if cfg!(windows) && (is_own || stdout::is_pipe()) && decode_lossy(&bytes).is_empty() {
            return Err(Error::usage(format!("{name} is empty; nothing was sent")).hint(
                "`>` empties a file before intunectl reads it: restore the records if the file is empty, then use `>>`. For a first run, leave out --resume",
            ));
        }
        let earlier = resume::read(&bytes, action).map_err(|foreign| {
            Error::usage(format!("{name}: {foreign}; nothing was sent"))
                .hint("give the file that an earlier run wrote with -o ndjson")
        })?;
        let continues_torn = is_own && bytes.last().is_some_and(|last| *last != b'\n');
        Ok(Self { path, earlier, continues_torn })
    }

    /// The IDs that are done in the connection's tenant at its Graph server. Reports which records do not count, and
    /// why.
    pub fn done(&self, context: &Context, connection: &Connection) -> HashSet<PartnerId> {
        let Self { path, earlier, .. } = self;
        let name = path.display();
        if earlier.torn > 0 {
            context.console.note(&format!("{name}: ignored {}", counted(earlier.torn, "incomplete record")));
        }
        if earlier.unowned > 0 {
            context.console.warning(&format!(
                "{name}: ignored {} without a tenant, from an earlier version of intunectl",
                counted(earlier.unowned, "record")
            ));
        }
        let (done, others) = earlier.of(connection.tenant(), connection.root.as_str());
        if others > 0 {
            context
                .console
                .note(&format!("{name}: ignored {} of another tenant or Graph server", counted(others, "record")));
        }
        if connection.tenant().is_none() && !done.is_empty() {
            context.console.warning(&format!(
                "{name}: the token and the records name no tenant; check that they belong to the same tenant"
            ));
        }
        done
    }

    /// Ends the line of an incomplete last record, before this run appends its own.
    pub fn end_torn_record(&self) -> anyhow::Result<()> {
        if self.continues_torn {
            stdout::print(b"\n").map_err(|error| Error::failure(format!("{error:#}; nothing was sent")))?;
        }
        Ok(())
    }
}
