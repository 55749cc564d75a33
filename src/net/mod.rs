//! How any server is reached: addresses, trusted certificates, proxies, single attempts, retries.

pub mod answer;
pub mod attempt;
pub mod event;
pub mod http;
mod proxy;
pub mod request;
pub mod retry;
pub mod root;
pub mod secret;
