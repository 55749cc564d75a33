//! Tests of the real binary, from outside. One test program for all: each further program would link everything again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers are test code, too"
)]

#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "some of it is only for tests on Linux"))]
mod architecture;
#[cfg_attr(target_os = "macos", allow(dead_code, reason = "the tests that sign in do not run there"))]
mod support;

#[cfg(target_os = "linux")]
mod browser;
mod cli;
mod completion;
#[cfg(windows)]
mod console;
mod csv_output;
#[cfg(target_os = "linux")]
mod footprint;
mod http2;
mod ids;
mod keyring;
#[cfg(target_os = "linux")]
mod large;
mod man;
mod messages;
mod named;
mod partner_allow_empty;
mod partner_delete;
mod partner_disconnect_errors;
mod partner_disconnect_output;
mod partner_disconnect_pace;
mod partner_disconnect_request;
mod partner_disconnect_retry;
mod partner_disconnect_stop;
mod partner_dry_run;
mod partner_kill;
mod partner_list;
mod partner_name;
mod partner_onboard;
mod partner_prompt;
mod partner_resume;
mod partner_show;
mod partner_wait;
mod progress;
mod proxy;
mod renewal;
mod sandbox;
#[cfg(target_os = "linux")]
mod screens;
mod sign_in;
mod tls;
mod token;
