//! The permissions that calls need, which those that sign in ask for and those that are refused are told of.

/// What changing a partner needs.
/// Source: Microsoft Graph reference, `intune-remoteassistance-remoteassistancepartner-disconnect`.
pub const WRITE: &str = "DeviceManagementServiceConfig.ReadWrite.All";
/// What reading is content with. Source: the same reference, `-list`.
pub const READ: &str = "DeviceManagementServiceConfig.Read.All";
