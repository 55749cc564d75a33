//! How this process reaches a server, whichever it is: roots, trust, proxies, what one attempt leads to, and whether
//! another one makes sense.

pub mod answer;
pub mod attempt;
pub mod event;
pub mod http;
mod proxy;
pub mod request;
pub mod retry;
pub mod root;
pub mod secret;
