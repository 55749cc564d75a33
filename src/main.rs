//! Parse, run, exit.

fn main() {
    // Not by returning an `ExitCode`, which has eight bits: on Windows the sandbox passes on codes of 32.
    std::process::exit(intunectl::run())
}
