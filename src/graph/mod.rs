//! Microsoft Graph: where it is, how it is called, what it says when it will not.

pub mod advice;
pub mod bearer;
pub mod client;
pub mod failure;
pub mod gate;
pub mod pace;
pub mod partner;
pub mod problem;
