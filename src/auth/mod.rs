//! Tokens: which one a call uses, what it says of itself, how there comes to be one, and the keyring that keeps it.

mod aadsts;
pub mod app;
pub mod browser;
pub mod claims;
pub mod credential;
pub mod discovery;
pub mod refusal;
pub mod renewal;
pub mod session;
pub mod sign_in;
pub mod sources;
pub mod store;
pub mod tenant;
pub mod token;
