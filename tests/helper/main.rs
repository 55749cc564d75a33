//! A program that `intunectl` starts in tests: a browser, a tool on the PATH, or the sandbox's command. It works alike
//! on every system and needs no shell.
//!
//! It reads its steps from the file beside it that has its name and ends in `.steps`, with a NUL between words. Without
//! such a file, its arguments are its steps.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test program")]

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
            // With a NUL after each, because a value may contain a line feed.
            "print-variables" => {
                for (name, value) in std::env::vars_os() {
                    let entry = [name.as_encoded_bytes(), b"=", value.as_encoded_bytes(), b"\0"].concat();
                    io::stdout().write_all(&entry).unwrap();
                }
            }
            // To standard output, until standard input ends.
            "copy" => drop(io::copy(&mut io::stdin(), &mut io::stdout()).unwrap()),
            // Appends the first argument to a file, as a line.
            "append-argument" => {
                let mut file = File::options().append(true).create(true).open(word()).unwrap();
                let line = arguments.first().unwrap().to_str().unwrap();
                file.write_all(format!("{line}\n").as_bytes()).unwrap();
            }
            // Runs a program: the words up to "&&", or all others. Continues if it succeeds.
            "run" => {
                let status = command(&rest(&mut words, "&&")).status().unwrap();
                if !status.success() {
                    return code(status.code().unwrap_or(1));
                }
            }
            // Runs a pipeline of two programs: all other words, with "|" between. The exit code is that of the second.
            "pipe" => {
                let mut first = command(&rest(&mut words, "|")).stdout(Stdio::piped()).spawn().unwrap();
                let output = first.stdout.take().unwrap();
                let status = command(&rest(&mut words, "|")).stdin(output).status().unwrap();
                first.wait().unwrap();
                return code(status.code().unwrap_or(1));
            }
            // Runs the program that a variable names, with the arguments of this one. It may be missing.
            "run-variable" => {
                let program = std::env::var_os(word()).unwrap_or_default();
                let status = Command::new(program).args(&arguments).status();
                return code(status.ok().and_then(|status| status.code()).unwrap_or(127));
            }
            "exit" => return code(word().to_str().unwrap().parse().unwrap()),
            "hang" => loop {
                thread::park();
            },
            _ => panic!("{} is not a step", step.display()),
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

/// [`ExitCode`] has 8 bits; Windows has 32.
#[allow(clippy::exit, reason = "the only way to return a 32-bit exit code")]
fn code(code: i32) -> ExitCode {
    std::process::exit(code)
}
