//! Tokens: where they come from, what they contain, how to sign in for one, and the keyring that stores it.
//!
//! To add a token source: its variables (`crate::variables`), a variant of [`sources::TokenSource`], its place in the
//! order (`context::settings` and docs/precedence.md), a variant of [`origin::TokenOrigin`], and a branch in
//! `context::connect`. To add an application credential: its variables, and a variant of [`credential`]'s enum.

mod aadsts;
pub mod app;
pub mod browser;
pub mod claims;
pub mod credential;
pub mod discovery;
pub mod origin;
pub mod refusal;
pub mod renewal;
pub mod session;
pub mod sign_in;
pub mod sources;
pub mod store;
pub mod tenant;
pub mod token;
pub mod token_text;
