//! The proxy variables. reqwest ignores those that it cannot parse, and would send the token directly, although the
//! traffic is meant to pass through the proxy.

use reqwest::Url;

use crate::error::Error;
use crate::variables::{ALL_PROXY, HTTPS_PROXY, all_proxy, https_proxy};

/// The variables that name a proxy for https requests.
const VARIABLES: [&str; 4] = [HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy];

/// Checks that each proxy that is set can be used.
///
/// # Errors
/// One is not a proxy address. The error does not quote the value: it may contain a password.
pub fn check() -> Result<(), Error> {
    for name in VARIABLES {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        if value.is_some_and(|value| !value.to_str().is_some_and(is_proxy)) {
            return Err(Error::usage(format!("{name} is not the address of a proxy; nothing was sent"))
                .hint("use http://HOST:PORT (or https, socks4, socks5, socks5h), or unset the variable"));
        }
    }
    Ok(())
}

/// `http://host:port`, other schemes alike, or `host:port`.
fn is_proxy(value: &str) -> bool {
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    ["http", "https", "socks4", "socks4a", "socks5", "socks5h"].contains(&scheme)
        && !authority.contains(|c: char| c.is_whitespace() || "/?#".contains(c))
        && Url::parse(&format!("http://{authority}")).is_ok_and(|url| url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_address_has_a_known_scheme_and_a_host() {
        for proxy in ["http://proxy.corp:8080", "https://u:p%40ss@10.0.0.1:3128/", "socks5h://[::1]:1080", "proxy:80"] {
            assert!(is_proxy(proxy), "{proxy}");
        }
        for other in [
            "http//proxy:80",
            "http:// proxy:80",
            "http://proxy:80 80",
            "%%%",
            "socks9://x",
            "ftp://x",
            "http://[::",
            "http://",
        ] {
            assert!(!is_proxy(other), "{other}");
        }
    }
}
