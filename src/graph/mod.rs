//! Microsoft Graph: its client, the calls on partners, and what failed calls mean.

pub mod advice;
pub mod bearer;
pub mod client;
pub mod failure;
pub mod gate;
pub mod pace;
pub mod partner;
pub mod problem;
