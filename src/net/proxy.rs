//! The proxies in the environment. reqwest uses those that it can read and ignores the rest. If a proxy is ignored
//! that was meant, a token is sent past the one place that has to see the traffic.

use reqwest::Url;

use crate::error::Error;
use crate::variables::{ALL_PROXY, HTTPS_PROXY, all_proxy, https_proxy};

/// The variables that lead https requests through a proxy.
const VARIABLES: [&str; 4] = [HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy];

/// Checks that each proxy that is set can be used.
///
/// # Errors
/// It is not an address. The error names the variable, not its value, which may hold a password.
pub fn check() -> Result<(), Error> {
    for name in VARIABLES {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        if value.is_some_and(|value| !value.to_str().is_some_and(is_proxy)) {
            return Err(Error::usage(format!("{name} is set, but is not the address of a proxy; nothing was sent"))
                .hint(
                    "it is of the form http://HOST:PORT (or https, socks4, socks5, socks5h); unset it for no proxy",
                ));
        }
    }
    Ok(())
}

/// `http://host:port` and its kin, or `host:port` alone.
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
    fn a_proxy_has_a_scheme_that_is_known_and_a_host() {
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
