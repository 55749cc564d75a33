//! Tokens: which one a call uses, what it says of itself, and the keyring that keeps it.

#[cfg_attr(not(test), expect(dead_code, reason = "the sign-in flows that call it come next"))]
mod aadsts;
pub mod claims;
pub mod session;
pub mod store;
pub mod token;
