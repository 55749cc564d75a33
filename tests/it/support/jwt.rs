//! Tokens with claims.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The tenant of [`claims`], and another tenant.
pub const TENANT: &str = "11111111-2222-3333-4444-555555555555";
pub const OTHER_TENANT: &str = "99999999-2222-3333-4444-555555555555";

/// The account of [`claims`].
pub const ACCOUNT: &str = "admin@contoso.example";

/// The permission that disconnecting needs.
pub const PERMISSION: &str = "DeviceManagementServiceConfig.ReadWrite.All";

/// The other permission that is sufficient.
pub const OTHER_PERMISSION: &str = "DeviceManagementConfiguration.ReadWrite.All";

/// A JWT with these claims, about 1.5 KB long, like the shortest real ones.
pub fn jwt(claims: &Value) -> String {
    padded(claims, 1000)
}

/// A JWT with these claims and a signature of this many bytes.
pub fn padded(claims: &Value, signature: usize) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256"}).to_string().into_bytes();
    let parts = [header, claims.to_string().into_bytes(), vec![0xA5; signature]];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

/// Valid claims that expire in `seconds`.
pub fn claims(seconds: i64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({
        "aud": "https://graph.microsoft.com",
        "exp": now.checked_add_signed(seconds).unwrap(),
        "tid": TENANT,
        "upn": ACCOUNT,
        "scp": PERMISSION,
    })
}

/// A valid token with these claims changed.
pub fn but(changes: &Value) -> String {
    let mut claims = claims(3600);
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    jwt(&claims)
}

pub fn good() -> String {
    jwt(&claims(3600))
}
