//! A tenant's OpenID configuration, in which clients look up the ID of a tenant: `issuer` holds it (source: OpenID
//! Connect Discovery 1.0, section 3; graph-facts, "Tokens").

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::tokens::tenant_id;
use super::ANY_TENANT;
use super::denial::Denial;

/// The configuration at `root` of the tenant with this name. Entra names a tenant's endpoints by its ID, and leaves the
/// ID open where the name stands for any tenant.
pub(super) fn configuration(root: &str, name: &str) -> Result<Value, Denial> {
    let (tenant, issuer) = if ANY_TENANT.contains(&name) {
        (name.to_owned(), "{tenantid}".to_owned())
    } else if Uuid::try_parse(name).is_ok() || is_known_domain(name) {
        (tenant_id(name), tenant_id(name))
    } else {
        return Err(Denial::UnknownTenant(name.to_owned()));
    };
    let endpoint = |name| format!("{root}/{tenant}/oauth2/v2.0/{name}");
    Ok(json!({
        "issuer": format!("{root}/{issuer}/v2.0"),
        "authorization_endpoint": endpoint("authorize"),
        "token_endpoint": endpoint("token"),
        "device_authorization_endpoint": endpoint("devicecode"),
    }))
}

/// Whether a name is a domain's. All domains are the sandbox's but those in `.invalid`, which never exist (RFC 2606,
/// section 2): with them, a look-up that fails can be rehearsed.
fn is_known_domain(name: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    name.contains('.') && name.split('.').all(is_label) && !name.to_ascii_lowercase().ends_with(".invalid")
}
