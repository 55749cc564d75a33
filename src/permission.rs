//! The permissions that calls need. One of each list is enough.
//! Source: graph-facts, "The resource" (`permissions.json` in microsoftgraph/microsoft-graph-devx-content).

/// What a sign-in asks for: enough to change and to read partners.
pub const ASKED: &str = "DeviceManagementServiceConfig.ReadWrite.All";

/// What changing a partner needs.
pub const WRITE: &[&str] = &[ASKED, "DeviceManagementConfiguration.ReadWrite.All"];

/// What reading needs.
pub const READ: &[&str] = &[
    "DeviceManagementServiceConfig.Read.All",
    "DeviceManagementConfiguration.Read.All",
    ASKED,
    "DeviceManagementConfiguration.ReadWrite.All",
];

/// What to name to people: the permission to ask for, and the one that does as well.
pub fn in_words(permissions: &[&str]) -> String {
    permissions.iter().take(2).copied().collect::<Vec<_>>().join(" or ")
}
