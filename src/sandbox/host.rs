//! Whether a request is meant for this machine. A web page can make its own host name resolve to 127.0.0.1 (DNS
//! rebinding); its requests arrive here, but they name that host.

use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use super::graph::GraphError;

/// Checks the hosts that a request names: exactly one in `Host`, and the one in its target, if there is one (RFC 9112,
/// section 3.2).
pub(super) fn check(head: &Parts) -> Result<(), GraphError> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(GraphError::HostInvalid) };
    let host = Authority::try_from(host.as_bytes()).map_err(|_| GraphError::HostInvalid)?;
    [Some(&host), head.uri.authority()].into_iter().flatten().try_for_each(check_authority)
}

fn check_authority(authority: &Authority) -> Result<(), GraphError> {
    let host = authority.host();
    // Only a port may follow the host. The URI grammar would also allow a user, and any text as the port.
    let is_valid = authority.as_str().strip_prefix(host).is_some_and(|port| port.is_empty() || is_port(port));
    if !is_valid {
        return Err(GraphError::HostInvalid);
    }
    if is_loopback(host) { Ok(()) } else { Err(GraphError::HostNotLoopback) }
}

fn is_port(text: &str) -> bool {
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok();
    text.strip_prefix(':').is_some_and(is_number)
}

fn is_loopback(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback()),
        None => {
            host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn checked(target: &str, hosts: &[&[u8]]) -> Result<(), GraphError> {
        let mut request = Request::builder().uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        check(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_loopback_host_is_accepted_with_any_port_or_none() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.255.255.255", "[::1]", "[0:0:0:0:0:0:0:1]"] {
            for port in ["", ":80", ":65535"] {
                assert_eq!(checked("/", &[format!("{host}{port}").as_bytes()]), Ok(()), "{host}{port}");
            }
        }
    }

    #[test]
    fn another_host_is_rejected() {
        for host in [
            "attacker.example",
            "attacker.example:80",
            "localhost.attacker.example",
            "127.0.0.1.attacker.example",
            "attacker.localhost",
            "localhost.",
            "126.255.255.255",
            "128.0.0.1",
            "0.0.0.0",
            "127.1",
            "0x7f.0.0.1",
            "127.0.0.01",
            "2130706433",
            "[::]",
            "[::2]",
            "[::ffff:127.0.0.1]",
            "[127.0.0.1]",
            "[localhost]",
        ] {
            assert_eq!(checked("/", &[host.as_bytes()]), Err(GraphError::HostNotLoopback), "{host}");
        }
    }

    #[test]
    fn a_host_that_is_missing_repeated_or_malformed_is_rejected() {
        let table: [&[&[u8]]; 16] = [
            &[],
            &[b"127.0.0.1", b"127.0.0.1"],
            &[b"127.0.0.1", b"attacker.example"],
            &[b""],
            &[b"127.0.0.1:"],
            &[b"127.0.0.1:+80"],
            &[b"127.0.0.1:80x"],
            &[b"127.0.0.1:65536"],
            &[b"127.0.0.1:80:80"],
            &[b"::1"],
            &[b"[::1"],
            &[b"[::1]localhost"],
            &[b"localhost@127.0.0.1"],
            &[b"127.0.0.1, attacker.example"],
            &[b"http://127.0.0.1"],
            &[b"127.0.0.1\xff"],
        ];
        for hosts in table {
            let shown: Vec<_> = hosts.iter().map(|host| String::from_utf8_lossy(host)).collect();
            assert_eq!(checked("/", hosts), Err(GraphError::HostInvalid), "{shown:?}");
        }
    }

    #[test]
    fn the_host_in_the_request_target_is_checked_too() {
        for (target, expected) in [
            ("http://127.0.0.1/device", Ok(())),
            ("https://localhost:1/", Ok(())),
            ("*", Ok(())),
            // This is a path, although it looks like a host.
            ("//attacker.example/", Ok(())),
            ("http://attacker.example/", Err(GraphError::HostNotLoopback)),
            // The form of CONNECT.
            ("attacker.example:443", Err(GraphError::HostNotLoopback)),
            ("http://localhost@127.0.0.1/", Err(GraphError::HostInvalid)),
        ] {
            assert_eq!(checked(target, &[b"127.0.0.1:1"]), expected, "{target}");
        }
        assert_eq!(checked("http://127.0.0.1/", &[b"attacker.example"]), Err(GraphError::HostNotLoopback));
        assert_eq!(checked("http://127.0.0.1/", &[]), Err(GraphError::HostInvalid));
    }
}
