//! `man`: the manual pages, for packagers.

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::Cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::stdout;
use crate::variables::{self, Manual, Variable};

/// The heading of the exit codes in a command's help.
const CODES: &str = "Exit codes:\n";

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
    Error::usage(format!("no manual page for '{name}'")).hint(hint)
}

/// The page of a command; `above` are the names of the pages above it.
fn page(root: &Command, command: &Command, above: &[String]) -> std::io::Result<Vec<u8>> {
    let version = root.get_version().unwrap_or_default();
    // Without a date: builds must be reproducible. (clap_mangen omits an empty date, which shifts the other fields.)
    let title = format!(".TH \"{}\" \"1\" \"\" \"intunectl {version}\" \"User Commands\"\n", page_name(command));
    let mut page = title.into_bytes();
    // As in the help, without every option.
    let usage = command.clone().render_usage().to_string().replacen("Usage: ", "", 1);
    let man = Man::new(command.clone().override_usage(usage));
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if below(command).next().is_some() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for line in codes(command).or_else(|| codes(root)).unwrap_or_default().lines() {
        let (code, meaning) = line.trim_start().split_once("  ").unwrap_or_default();
        roff.control("TP", []);
        roff.text([bold(code)]);
        roff.text([roman(meaning.trim_start())]);
    }
    if above.is_empty() {
        environment(&mut roff);
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

fn codes(command: &Command) -> Option<String> {
    paragraphs(command).iter().find_map(|text| text.strip_prefix(CODES).map(str::to_owned))
}

fn environment(roff: &mut Roff) {
    roff.control("SH", ["ENVIRONMENT"]);
    for group in variables::ALL.chunk_by(|_, next| next.manual == Manual::AsAbove) {
        let [Variable { manual: Manual::Says(meaning), .. }, ..] = group else { continue };
        let names: Vec<_> = group.iter().map(|variable| variable.name).collect();
        roff.control("TP", []);
        roff.text([bold(names.join(", "))]);
        roff.text([roman(*meaning)]);
    }
}

/// All other paragraphs below the options: a heading, and lines to type.
fn examples(roff: &mut Roff, command: &Command) {
    let paragraphs = paragraphs(command);
    let mut of_them = paragraphs.iter().filter(|text| !text.is_empty() && !text.starts_with(CODES)).peekable();
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
