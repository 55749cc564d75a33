//! A program that the tests have `intunectl` start: as a browser, as a tool on the PATH, as the sandbox's command. It does
//! the same on every system, and so needs no shell.
//!
//! What it does is in the file beside it that has its name and ends in `.steps`, with a NUL between words. Without such a
//! file, its arguments are its steps.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a program of the tests")]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::thread;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let own = std::env::current_exe().unwrap().with_extension("steps");
    let steps = match fs::read_to_string(own) {
        Ok(steps) => steps.split('\0').map(OsString::from).collect(),
        Err(_) => arguments.clone(),
    };
    let mut words = steps.into_iter();
    while let Some(step) = words.next() {
        let mut word = || words.next().unwrap_or_else(|| panic!("{} needs a word", step.display()));
        match step.to_str().unwrap_or_default() {
            "print" => write(&mut io::stdout(), &word()),
            "print-error" => write(&mut io::stderr(), &word()),
            "print-variable" => {
                write(&mut io::stdout(), &std::env::var_os(word()).unwrap_or_default());
                println!();
            }
            // Each with a NUL behind it, since a value may have a line feed in it.
            "print-variables" => {
                for (name, value) in std::env::vars_os() {
                    let entry = [name.as_encoded_bytes(), b"=", value.as_encoded_bytes(), b"\0"].concat();
                    io::stdout().write_all(&entry).unwrap();
                }
            }
            // To standard output, until standard input ends.
            "copy" => drop(io::copy(&mut io::stdin(), &mut io::stdout()).unwrap()),
            // The first argument, as a line at the end of a file.
            "append-argument" => {
                let mut file = File::options().append(true).create(true).open(word()).unwrap();
                let line = arguments.first().unwrap().to_str().unwrap();
                file.write_all(format!("{line}\n").as_bytes()).unwrap();
            }
            // The words up to "&&", or all others, are a program and its arguments. Goes on if that succeeds.
            "run" => {
                let status = command(&rest(&mut words, "&&")).status().unwrap();
                if !status.success() {
                    return code(status.code().unwrap_or(1));
                }
            }
            // All other words are two programs and their arguments, with "|" between. The first one's standard output is
            // the second one's standard input; the exit code is that of the second one.
            "pipe" => {
                let mut first = command(&rest(&mut words, "|")).stdout(Stdio::piped()).spawn().unwrap();
                let output = first.stdout.take().unwrap();
                let status = command(&rest(&mut words, "|")).stdin(output).status().unwrap();
                first.wait().unwrap();
                return code(status.code().unwrap_or(1));
            }
            // The program that a variable names, with the arguments of this one. There may be none.
            "run-variable" => {
                let program = std::env::var_os(word()).unwrap_or_default();
                let status = Command::new(program).args(&arguments).status();
                return code(status.ok().and_then(|status| status.code()).unwrap_or(127));
            }
            "exit" => return code(word().to_str().unwrap().parse().unwrap()),
            "hang" => loop {
                thread::park();
            },
            _ => panic!("{} is no step", step.display()),
        }
    }
    ExitCode::SUCCESS
}

fn rest(words: &mut impl Iterator<Item = OsString>, end: &str) -> Vec<OsString> {
    words.take_while(|word| word != end).collect()
}

fn command(words: &[OsString]) -> Command {
    let (program, arguments) = words.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn write(stream: &mut impl io::Write, text: &OsStr) {
    stream.write_all(text.as_encoded_bytes()).unwrap();
    stream.flush().unwrap();
}

/// Windows has codes beyond a byte, which [`ExitCode`] has not.
#[allow(clippy::exit, reason = "the only way to a code of 32 bits")]
fn code(code: i32) -> ExitCode {
    std::process::exit(code)
}
