//! The real binary, from outside: one test program, so that one is linked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "its helpers are tests too"
)]

mod support;

#[cfg(all(unix, not(target_os = "macos")))]
mod browser;
mod cli;
#[cfg(unix)]
mod completion;
#[cfg(target_os = "linux")]
mod footprint;
#[cfg(unix)]
mod http2;
#[cfg(unix)]
mod ids;
#[cfg(all(unix, not(target_os = "macos")))]
mod keyring;
#[cfg(target_os = "linux")]
mod large;
#[cfg(unix)]
mod man;
#[cfg(unix)]
mod named;
mod partner_disconnect_errors;
mod partner_disconnect_output;
mod partner_disconnect_pace;
mod partner_disconnect_request;
mod partner_disconnect_retry;
mod partner_disconnect_stop;
#[cfg(target_os = "linux")]
mod partner_dry_run;
#[cfg(unix)]
mod partner_kill;
#[cfg(unix)]
mod partner_list;
#[cfg(unix)]
mod partner_onboard;
#[cfg(target_os = "linux")]
mod partner_prompt;
#[cfg(unix)]
mod partner_resume;
#[cfg(target_os = "linux")]
mod partner_show;
#[cfg(unix)]
mod partner_wait;
#[cfg(unix)]
mod progress;
#[cfg(unix)]
mod proxy;
#[cfg(all(unix, not(target_os = "macos")))]
mod renewal;
#[cfg(unix)]
mod sandbox;
#[cfg(all(unix, not(target_os = "macos")))]
mod sign_in;
mod tls;
#[cfg(unix)]
mod token;
