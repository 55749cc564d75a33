//! What every command needs, resolved once from the options and the environment: the settings and the console. The
//! token and the client (`connection`) are resolved only on request.

mod connect;
mod connection;
mod settings;
mod warnings;

use std::ffi::OsString;
use std::rc::Rc;

pub use self::connection::Connection;
pub use self::settings::{Roots, Selection};
use crate::auth::tenant::Tenant;
use crate::cancel::Cancel;
use crate::cli::Global;
use crate::error::Error;
use crate::exit::Exit;
use crate::interrupt;
use crate::net::event::Event;
use crate::net::http::Transport;
use crate::output::Format;
use crate::output::console::Console;
use crate::output::style::Color;
use crate::output::trace::Trace;
use crate::variables::{INTUNECTL_DEBUG, INTUNECTL_OUTPUT, INTUNECTL_SANDBOX};

/// The settings and streams of one run.
pub struct Context {
    pub console: Console,
    pub format: Format,
    pub color: Color,
    options: Global,
    verbosity: u8,
    pub cancel: Rc<Cancel>,
}

impl Context {
    /// Resolves the options that every command has.
    ///
    /// # Errors
    /// An environment variable has an invalid value.
    pub fn new(options: Global) -> anyhow::Result<Self> {
        let debug = settings::variable(&environment, INTUNECTL_DEBUG)?.is_some_and(|value| value != "0");
        let format = match options.output {
            Some(format) => format,
            None => match settings::variable(&environment, INTUNECTL_OUTPUT)? {
                Some(name) => {
                    name.parse().map_err(|reason| Error::usage(format!("{INTUNECTL_OUTPUT}: '{name}' {reason}")))?
                }
                None => Format::default(),
            },
        };
        Ok(Self {
            console: Console::new(options.quiet, options.color),
            format,
            color: options.color,
            verbosity: options.verbose.max(u8::from(debug)),
            options,
            cancel: Rc::default(),
        })
    }

    /// The same without traces, even with `-v`.
    #[must_use]
    pub fn without_traces(self) -> Self {
        Self { verbosity: 0, ..self }
    }

    /// Decides which token and which servers are used. Reads and sends nothing.
    ///
    /// # Errors
    /// Options or variables contradict each other, or have an invalid value.
    pub fn selection(&self) -> Result<Selection, Error> {
        settings::select(&self.options, &environment)
    }

    /// Decides where to sign in.
    pub fn roots(&self) -> Result<Roots, Error> {
        settings::roots(&self.options, &environment, false)
    }

    /// The selected profile, even if the token comes from elsewhere.
    pub fn profile(&self) -> Result<String, Error> {
        settings::profile(&self.options, &environment)
    }

    /// In a sandbox, notes that listing and deleting sign-ins does not affect the real ones.
    pub fn note_rehearsal(&self) -> Result<(), Error> {
        if settings::sandbox(&environment)?.is_some() {
            self.console.note(&format!("{INTUNECTL_SANDBOX} is set: this command sees only sign-ins to the sandbox"));
        }
        Ok(())
    }

    pub fn tenant(&self) -> Option<&Tenant> {
        self.options.tenant.as_ref()
    }

    /// Whether `--token` or `--token-file` is given.
    pub fn has_token_option(&self) -> bool {
        self.options.token.is_some() || self.options.token_file.is_some()
    }

    /// Runs a command to its end, or to the first signal.
    pub fn run_until_interrupted(&self, command: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
        interrupt::run_until_interrupted(&self.console, &self.cancel, command)
    }

    /// How to reach servers. Reads the file that `--ca-cert` names.
    pub fn transport(&self) -> Result<Transport, Error> {
        Transport::load(self.options.timeout, self.options.retries, self.options.ca_cert.as_deref())
    }

    /// Whether each step is reported on standard error (`-v`).
    pub fn is_traced(&self) -> bool {
        self.verbosity > 0
    }

    /// Reports network events: the progress bar shows pauses, `-v` shows everything.
    pub fn observer(&self) -> impl Fn(&str, &Event<'_>) + '_ {
        let trace = Trace { console: &self.console, verbosity: self.verbosity };
        move |label, event| trace.observe(label, event)
    }
}

fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
