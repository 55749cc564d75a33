//! `man`: the manual pages, for packagers.

use clap::{Arg, Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::Cli;
use crate::commands::help;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::stdout;
use crate::variables;

/// How the paragraph about exit codes begins in a command's help.
const CODES: &str = "Exit codes:";

pub fn run(path: &[String]) -> anyhow::Result<Exit> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut command = &root;
    let mut above = Vec::new();
    for name in path {
        above.push(page_name(command));
        command = below(command).find(|below| below.get_name() == name).ok_or_else(|| unknown(command, name))?;
    }
    stdout::print(&page(&root, command, &above)?)
}

/// The commands that have a page.
fn below(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|below| !below.is_hide_set())
}

fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn unknown(above: &Command, name: &str) -> Error {
    let names: Vec<_> = below(above).map(Command::get_name).collect();
    let above = page_name(above).replace('-', " ");
    let hint = match names.as_slice() {
        [] => format!("run `{}`", above.replacen(' ', " man ", 1)),
        names => {
            format!("run for example `intunectl man partner disconnect`. Commands of `{above}`: {}", names.join(", "))
        }
    };
    Error::usage(format!("no manual page for '{}'", crate::usage::shown(name))).hint(hint)
}

/// The page of a command; `above` are the names of the pages above it.
fn page(root: &Command, command: &Command, above: &[String]) -> std::io::Result<Vec<u8>> {
    let version = root.get_version().unwrap_or_default();
    // Without a date: builds must be reproducible. (clap_mangen omits an empty date, which shifts the other fields.)
    let title = format!(".TH \"{}\" \"1\" \"\" \"intunectl {version}\" \"User Commands\"\n", page_name(command));
    let mut page = title.into_bytes();
    // As in the help, without every option.
    let usage = command.clone().render_usage().to_string().replacen("Usage: ", "", 1);
    let is_hidden = |argument: &Arg| argument.is_global_set() && !above.is_empty();
    let own = command.clone().mut_args(|argument| {
        let is_hidden = is_hidden(&argument);
        argument.hide(is_hidden)
    });
    let man = Man::new(own.override_usage(usage));
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if below(command).next().is_some() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    if !above.is_empty() {
        roff.control("PP", []);
        roff.text([roman("The global options are in intunectl(1).")]);
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in codes(command) {
        definition(&mut roff, code, meaning);
    }
    if above.is_empty() {
        roff.control("SH", ["ENVIRONMENT"]);
        for (names, text) in variables::manual() {
            definition(&mut roff, names, text);
        }
    }
    examples(&mut roff, command);
    if !above.is_empty() {
        roff.control("SH", ["SEE ALSO"]);
        let pages: Vec<_> = above.iter().map(|name| format!("{name}(1)")).collect();
        roff.text([roman(pages.join(", "))]);
    }
    roff.to_writer(&mut page)?;
    if !page.ends_with(b"\n") {
        page.push(b'\n');
    }
    Ok(page)
}

/// The paragraphs below the options in a command's help.
fn paragraphs(command: &Command) -> Vec<String> {
    let text = command.get_after_long_help().or_else(|| command.get_after_help()).map(ToString::to_string);
    text.unwrap_or_default().split("\n\n").map(str::to_owned).collect()
}

/// Exit codes and their meanings: the command's own, or those of all commands.
fn codes(command: &Command) -> Vec<(String, String)> {
    let own =
        paragraphs(command).iter().find_map(|text| text.strip_prefix(CODES)?.strip_prefix('\n').map(str::to_owned));
    match own {
        Some(lines) => {
            let parts = lines.lines().filter_map(|line| line.trim_start().split_once("  "));
            parts.map(|(code, meaning)| (code.to_owned(), meaning.trim_start().to_owned())).collect()
        }
        None => help::CODES.map(|(code, meaning, _)| (code.to_owned(), meaning.to_owned())).to_vec(),
    }
}

fn definition(roff: &mut Roff, term: String, text: impl Into<String>) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(text)]);
}

/// All other paragraphs below the options: a heading, and lines to type.
fn examples(roff: &mut Roff, command: &Command) {
    let paragraphs = paragraphs(command);
    // The sections of this page say the same as "More help".
    let is_example = |text: &&String| !text.is_empty() && !text.starts_with(CODES) && !text.starts_with("More help:");
    let mut of_them = paragraphs.iter().filter(is_example).peekable();
    if of_them.peek().is_some() {
        roff.control("SH", ["EXAMPLES"]);
    }
    for paragraph in of_them {
        let (heading, lines) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        if !heading.starts_with("Example") {
            roff.text([roman(heading)]);
        }
        // Keeps line breaks ("no fill").
        roff.control("nf", []);
        for line in lines.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
}
