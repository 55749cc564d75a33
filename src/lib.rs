//! `intunectl`: Intune's remote assistance partners from the command line.

#[allow(dead_code)]
mod auth;
mod encoding;
mod error;
#[allow(dead_code)]
mod sandbox;
