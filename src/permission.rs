//! The permissions that calls need. One of a list is enough.
//! Source: graph-facts, "The resource" (`permissions.json` in microsoftgraph/microsoft-graph-devx-content).

/// The permission that a sign-in asks for: enough to read and change partners.
pub const ASKED: &str = "DeviceManagementServiceConfig.ReadWrite.All";

/// For changing a partner.
pub const WRITE: &[&str] = &[ASKED, "DeviceManagementConfiguration.ReadWrite.All"];

/// For reading partners.
pub const READ: &[&str] = &[
    "DeviceManagementServiceConfig.Read.All",
    "DeviceManagementConfiguration.Read.All",
    ASKED,
    "DeviceManagementConfiguration.ReadWrite.All",
];

/// For messages: the permission to ask for, and its alternative.
pub fn in_words(permissions: &[&str]) -> String {
    permissions.iter().take(2).copied().collect::<Vec<_>>().join(" or ")
}
