//! The name of a tenant, as used in the URLs of the sign-in service.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A tenant's ID, one of its domains, or `organizations` for the home tenant of the account. It is valid as one path
/// segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant(String);

impl Tenant {
    /// The home tenant of the work or school account that signs in.
    pub fn any() -> Self {
        Self("organizations".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a placeholder for any tenant.
    pub fn is_any(&self) -> bool {
        ["organizations", "common"].contains(&self.as_str())
    }

    /// Whether it is an ID, as in tokens.
    pub fn is_id(&self) -> bool {
        Uuid::try_parse(&self.0).is_ok()
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Tenant {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        if text.is_empty() || text.len() > 253 || text.starts_with('.') || !text.bytes().all(is_allowed) {
            return Err("must be a tenant ID or a domain, for example contoso.com");
        }
        if text.eq_ignore_ascii_case("consumers") {
            return Err("means personal accounts; use a tenant ID or a domain, for example contoso.com");
        }
        // In the form that tokens have.
        Ok(Self(Uuid::try_parse(text).map_or_else(|_| text.to_ascii_lowercase(), |id| id.hyphenated().to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_an_id_or_a_domain() {
        for (text, expected, is_id) in [
            ("organizations", "organizations", false),
            (" Contoso.onmicrosoft.com ", "contoso.onmicrosoft.com", false),
            ("11111111-2222-3333-4444-55555555AAAA", "11111111-2222-3333-4444-55555555aaaa", true),
            ("1111111122223333444455555555AAAA", "11111111-2222-3333-4444-55555555aaaa", true),
        ] {
            let tenant: Tenant = text.parse().unwrap();
            assert_eq!((tenant.as_str(), tenant.is_id()), (expected, is_id));
        }
        let long = "a".repeat(300);
        for text in ["", " ", "a/b", "..", ".", "a?b", "a#b", "a%2fb", "a b", "münchen.de", "consumers", &long] {
            assert!(text.parse::<Tenant>().is_err(), "{text}");
        }
    }
}
