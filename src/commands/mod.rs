//! One file per verb. `consent` is the prompt of the verbs that change partners, `by_name` their `--name`; `complete`
//! answers a TAB.

pub mod auth_list;
pub mod auth_login;
pub mod auth_logout;
pub mod auth_status;
pub mod auth_token;
mod by_name;
pub mod complete;
pub mod completion;
mod consent;
pub mod help;
pub mod man;
pub mod partner_list;
pub mod partner_show;
pub mod partner_write;
mod resume_log;
pub mod sandbox;
