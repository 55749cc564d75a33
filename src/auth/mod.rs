//! Tokens: which one a call uses, what it says of itself, and the keyring that keeps it.

pub mod claims;
pub mod session;
pub mod store;
pub mod token;
