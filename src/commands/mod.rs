//! One file per verb.

pub mod auth_list;
pub mod auth_login;
pub mod auth_logout;
pub mod auth_status;
pub mod auth_token;
pub mod completion;
pub mod man;
pub mod partner_disconnect;
pub mod partner_list;
pub mod sandbox;
