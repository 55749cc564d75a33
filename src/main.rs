//! Parse, run, exit.

fn main() {
    // An `ExitCode` has 8 bits, but on Windows the sandbox passes on exit codes of 32 bits.
    std::process::exit(intunectl::run())
}
