//! HTTP clients: trusted certificates, proxies, timeouts.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::proxy;
use super::root::Root;
use crate::error::Error;
use crate::text::humanize::without_errno;
use crate::variables::{SSL_CERT_DIR, SSL_CERT_FILE};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// How any server is reached.
#[derive(Debug, Clone)]
pub struct Transport {
    /// The time limit of one attempt, from connecting to the end of the answer.
    pub timeout: Duration,
    pub retries: u32,
    /// Certificates to trust in addition to the system's, in PEM form.
    pub extra_roots: Option<Vec<u8>>,
}

impl Transport {
    /// Reads the file of `--ca-cert`. It may be a pipe, so this can block.
    pub fn load(timeout: Duration, retries: u32, ca_cert: Option<&Path>) -> Result<Self, Error> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| {
                Error::usage(format!("cannot read --ca-cert {}: {}", path.display(), without_errno(&error)))
                    .hint("check the path; --ca-cert needs a PEM file with root certificates")
            })
        };
        Ok(Self { timeout, retries, extra_roots: ca_cert.map(read).transpose()? })
    }
}

/// Makes a client for one server. It loads the trusted certificates and opens no connection. The sender sets the
/// timeout of each attempt.
///
/// # Errors
/// No certificate can be loaded, `--ca-cert` is not PEM, or a proxy variable has no usable value.
pub fn client(root: &Root, transport: &Transport) -> anyhow::Result<reqwest::Client> {
    let timeout = transport.timeout;
    let builder = reqwest::Client::builder()
        .user_agent(concat!("intunectl/", env!("CARGO_PKG_VERSION")))
        // Shorter than the timeout of the attempt, to distinguish a failed connection from a missing answer.
        .connect_timeout(CONNECT_TIMEOUT.min(timeout - timeout / 20))
        // Without pings, all retries would fail on a dead connection.
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        // reqwest would retry requests that HTTP/2 declines, ignoring --rate, --retries and Ctrl-C.
        .retry(reqwest::retry::never())
        // A redirected POST becomes a GET without the token, whose 200 would look like success.
        .redirect(reqwest::redirect::Policy::none());
    Ok(trust(builder, root, transport.extra_roots.as_deref())?.build().map_err(|error| cannot_trust(&error))?)
}

/// Sets the trusted certificates. A server on this machine needs neither certificates nor a proxy: the sandbox runs on
/// machines without CA certificates, and the token does not leave the machine.
fn trust(builder: reqwest::ClientBuilder, root: &Root, extra: Option<&[u8]>) -> anyhow::Result<reqwest::ClientBuilder> {
    // It fails only if a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let is_here = root.is_loopback();
    let builder = match is_here {
        // The resolver may not know this name, and a proxy must not see the token.
        true => {
            let here = [(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()];
            builder.resolve_to_addrs("localhost", &here).no_proxy()
        }
        false => builder,
    };
    if root.is_plain() {
        return Ok(builder.tls_certs_only([]));
    }
    if !is_here {
        proxy::check()?;
    }
    let mut roots = match extra {
        Some(pem) => reqwest::Certificate::from_pem_bundle(pem).map_err(|_| not_pem())?,
        None => Vec::new(),
    };
    if extra.is_some() && roots.is_empty() {
        return Err(not_pem().into());
    }
    if std::env::var_os(SSL_CERT_FILE).is_none() && std::env::var_os(SSL_CERT_DIR).is_none() {
        return Ok(builder.tls_certs_merge(roots));
    }
    // The platform verifier of Windows and macOS ignores these variables.
    let named = rustls_native_certs::load_native_certs();
    if let Some(error) = named.errors.first() {
        return Err(Error::usage(format!(
            "cannot read the certificates in {SSL_CERT_FILE} or {SSL_CERT_DIR}: {error}"
        ))
        .hint("correct the path in the variable, or unset it to use the system's certificates")
        .into());
    }
    // Skips a certificate that rustls cannot read, as is done with the system's.
    let usable = |certificate: &CertificateDer<'static>| RootCertStore::empty().add(certificate.clone()).is_ok();
    for certificate in named.certs.iter().filter(|certificate| usable(certificate)) {
        roots.extend(reqwest::Certificate::from_der(certificate));
    }
    Ok(builder.tls_certs_only(roots))
}

fn not_pem() -> Error {
    Error::usage("the file in --ca-cert contains no PEM certificate")
        .hint("use a PEM file. To convert a DER certificate:\n  openssl x509 -inform der -in FILE -out FILE.pem")
}

fn cannot_trust(error: &reqwest::Error) -> Error {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| (*cause).source());
    let reason = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
    Error::failure(format!("cannot set up TLS: {reason}"))
        .hint("check the certificates in --ca-cert; without --ca-cert, check the system's (Debian: ca-certificates)")
}
