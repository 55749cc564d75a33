//! Signing in: where tokens come from and where they are kept.

pub mod store;
