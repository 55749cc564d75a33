//! Which tenant a name in a path means.

use uuid::Uuid;

/// The sandbox's own tenant.
pub(super) const TENANT: &str = "00000000-0000-0000-0000-5a4d0b0c0001";

/// The ID of a tenant. An ID is its own; any other name means the sandbox's own tenant.
pub(super) fn id(name: &str) -> String {
    Uuid::try_parse(name).map_or_else(|_| TENANT.to_owned(), |id| id.to_string())
}

/// Whether a name means any tenant.
pub(super) fn is_any(name: &str) -> bool {
    ["common", "organizations", "consumers"].contains(&name)
}

/// Whether a tenant of this name exists: one for each ID and each domain, except domains in `.invalid`, which never
/// exist (RFC 2606, section 2). Use one to try out a failing look-up.
pub(super) fn exists(name: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_domain = || name.contains('.') && name.split('.').all(is_label);
    Uuid::try_parse(name).is_ok() || is_domain() && !name.to_ascii_lowercase().ends_with(".invalid")
}
