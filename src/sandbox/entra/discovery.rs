//! A tenant's OpenID configuration. Clients look up the ID of a tenant in its `issuer` (source: OpenID Connect
//! Discovery 1.0, section 3; graph-facts, "Tokens").

use serde_json::{Value, json};

use super::error::EntraError;
use super::tenant;

/// Entra's endpoint URLs contain the tenant's ID. For a name such as `common`, `issuer` has a placeholder instead.
pub(super) fn configuration(root: &str, name: &str) -> Result<Value, EntraError> {
    let (tenant, issuer) = if tenant::is_any(name) {
        (name.to_owned(), "{tenantid}".to_owned())
    } else if tenant::exists(name) {
        (tenant::id(name), tenant::id(name))
    } else {
        return Err(EntraError::UnknownTenant(name.to_owned()));
    };
    let endpoint = |name| format!("{root}/{tenant}/oauth2/v2.0/{name}");
    Ok(json!({
        "issuer": format!("{root}/{issuer}/v2.0"),
        "authorization_endpoint": endpoint("authorize"),
        "token_endpoint": endpoint("token"),
        "device_authorization_endpoint": endpoint("devicecode"),
    }))
}
