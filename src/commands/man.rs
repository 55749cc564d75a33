//! `man`: the manual pages, for packagers.

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::Cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::stdout;
use crate::variables::{self, Manual, Variable};

/// The start of the paragraph with the exit codes in a command's help.
const CODES: &str = "Exit codes: ";

pub fn run(path: &[String]) -> anyhow::Result<Exit> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut command = &root;
    let mut above = Vec::new();
    for name in path {
        above.push(page_name(command));
        command = below(command).find(|below| below.get_name() == name).ok_or_else(|| unknown(command, name))?;
    }
    stdout::print(&page(&root, command, &above).context("the page cannot be made")?)
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
        [] => format!("no commands are below `{above}`"),
        names => format!("below `{above}` there are: {}", names.join(", ")),
    };
    Error::usage(format!("there is no manual page of '{name}'")).hint(hint)
}

/// The page of a command; `above` are the names of the pages of the commands that it is below.
fn page(root: &Command, command: &Command, above: &[String]) -> std::io::Result<Vec<u8>> {
    let version = root.get_version().unwrap_or_default();
    // Without a date: it would be that of the build. (clap_mangen leaves the empty field out, and so moves the others.)
    let title = format!(".TH \"{}\" \"1\" \"\" \"intunectl {version}\" \"User Commands\"\n", page_name(command));
    let mut page = title.into_bytes();
    // As the help has it: not with every option.
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
    roff.text([roman(codes(command).or_else(|| codes(root)).unwrap_or_default())]);
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
    paragraphs(command).iter().find_map(|text| text.strip_prefix(CODES).map(|codes| codes.replace('\n', " ")))
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

/// Everything else below the options: lines to type, each paragraph after a heading.
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
        // As they are, line by line.
        roff.control("nf", []);
        for line in lines.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
}
