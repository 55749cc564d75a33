//! The addresses of the Graph server and the sign-in server: those of the Microsoft clouds, and others that users name.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// A Microsoft cloud. Source: Microsoft Graph, "National cloud deployments".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// The worldwide service, GCC included.
    Global,
    /// US Government L4.
    GccHigh,
    /// US Government L5.
    Dod,
    /// 21Vianet.
    China,
}

impl Cloud {
    pub const ALL: [Self; 4] = [Self::Global, Self::GccHigh, Self::Dod, Self::China];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::GccHigh => "gcc-high",
            Self::Dod => "dod",
            Self::China => "china",
        }
    }

    /// Without a version.
    pub const fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::GccHigh => "https://graph.microsoft.us",
            Self::Dod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    pub const fn login(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::GccHigh | Self::Dod => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }

    pub fn of(root: &Root) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| cloud.graph() == root.as_str())
    }

    /// Whether this is the cloud's sign-in server. Two clouds share one.
    pub fn signs_in_at(self, root: &Root) -> bool {
        self.login() == root.as_str()
    }
}

impl FromStr for Cloud {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|cloud| cloud.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("is not a cloud; use one of {names}")
        })
    }
}

/// The address of a server that tokens may be sent to: `https`, or `http` on loopback only; without user, query,
/// fragment and trailing slash.
#[derive(Clone, PartialEq, Eq)]
pub struct Root(String);

impl Root {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, and the port if it is not the usual one.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// Whether the address is plain `http`, and therefore on loopback: it needs no TLS, and no proxy may see its
    /// traffic.
    pub fn is_plain(&self) -> bool {
        self.0.starts_with("http://")
    }

    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }

    /// Whether this is the Graph server or the sign-in server of a Microsoft cloud.
    pub fn is_of_a_cloud(&self) -> bool {
        Cloud::of(self).is_some() || Cloud::ALL.into_iter().any(|cloud| cloud.signs_in_at(self))
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Cloud> for (Root, Root) {
    fn from(cloud: Cloud) -> Self {
        (Root(cloud.graph().to_owned()), Root(cloud.login().to_owned()))
    }
}

impl FromStr for Root {
    type Err = &'static str;

    // The reasons never quote the text: it may contain a password.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim()).map_err(|_| "is not a valid URL")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("contains a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has a query or fragment");
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err("uses http, which exposes the token; http is allowed only for this machine");
            }
            _ => return Err("is neither https nor http"),
        }
        let path = url.path().trim_end_matches('/');
        if path.ends_with("/v1.0") || path.ends_with("/beta") {
            return Err("ends in a version; remove it and use --api-version");
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

pub fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_addresses_may_receive_tokens() {
        let table = [
            ("https://graph.microsoft.com/", Ok("https://graph.microsoft.com")),
            ("https://GRAPH.example:8443/proxy//", Ok("https://graph.example:8443/proxy")),
            ("http://127.0.0.1:80", Ok("http://127.0.0.1")),
            ("http://127.1.2.3:8080", Ok("http://127.1.2.3:8080")),
            ("http://[::1]:9", Ok("http://[::1]:9")),
            ("http://localhost:1/", Ok("http://localhost:1")),
            ("http://localhost.example.com", Err("uses http")),
            ("http://127.0.0.1.example.com", Err("uses http")),
            ("http://graph.microsoft.com", Err("uses http")),
            ("http://0.0.0.0:1", Err("uses http")),
            ("https://admin:secret@graph.microsoft.com", Err("user name")),
            ("https://graph.microsoft.com/v1.0", Err("version")),
            ("https://graph.microsoft.com/beta/", Err("version")),
            ("https://graph.microsoft.com?x=1", Err("query")),
            ("https://graph.microsoft.com#x", Err("query")),
            ("file:///etc/passwd", Err("neither")),
            ("graph.microsoft.com", Err("not a valid URL")),
            ("", Err("not a valid URL")),
        ];
        for (text, expected) in table {
            match (text.parse::<Root>(), expected) {
                (Ok(root), Ok(expected)) => assert_eq!(root.as_str(), expected),
                (Err(reason), Err(part)) => assert!(reason.contains(part), "{text}: {reason}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }

    #[test]
    fn every_cloud_is_found_by_its_name_and_its_graph_url() {
        for cloud in Cloud::ALL {
            assert_eq!(cloud.name().parse(), Ok(cloud));
            assert_eq!(Cloud::of(&cloud.graph().parse().unwrap()), Some(cloud));
            assert!(cloud.login().parse::<Root>().is_ok());
        }
        assert!("Global".parse::<Cloud>().unwrap_err().contains("gcc-high"));
    }
}
