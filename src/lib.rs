//! `intunectl`: Intune's remote assistance partners from the command line.

mod encoding;
mod error;
#[allow(dead_code)]
mod ids;
