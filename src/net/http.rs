//! HTTP clients: whom they trust, which way they go, and what they never do.

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
    /// For one attempt, from connecting to the end of the answer.
    pub timeout: Duration,
    pub retries: u32,
    /// PEM with roots to trust in addition to the system's.
    pub extra_roots: Option<Vec<u8>>,
}

impl Transport {
    /// Reads the file with the extra roots, if one is named. It may be a pipe, and so block.
    pub fn load(timeout: Duration, retries: u32, ca_cert: Option<&Path>) -> Result<Self, Error> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| {
                Error::usage(format!("cannot read --ca-cert {}: {}", path.display(), without_errno(&error)))
                    .hint("--ca-cert takes a PEM file with the certificates to trust in addition to the system's")
            })
        };
        Ok(Self { timeout, retries, extra_roots: ca_cert.map(read).transpose()? })
    }
}

/// Makes a client for one root. It loads the trusted roots, and connects to nothing. The sender sets the timeout of
/// each attempt.
///
/// # Errors
/// No root can be loaded, the extra ones are not PEM, or a proxy that is set cannot be understood.
pub fn client(root: &Root, transport: &Transport) -> anyhow::Result<reqwest::Client> {
    let timeout = transport.timeout;
    let builder = reqwest::Client::builder()
        .user_agent(concat!("intunectl/", env!("CARGO_PKG_VERSION")))
        // Shorter than the whole, so that a connection that fails can be told from an answer that does not come.
        .connect_timeout(CONNECT_TIMEOUT.min(timeout - timeout / 20))
        // A dead connection would make every further attempt fail.
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        // reqwest would retry by itself what HTTP/2 declines, without regard to pace, retries and interruption.
        .retry(reqwest::retry::never())
        // A redirected POST becomes a GET without the token, and its 200 a false success.
        .redirect(reqwest::redirect::Policy::none());
    Ok(trust(builder, root, transport.extra_roots.as_deref())?.build().map_err(|error| cannot_trust(&error))?)
}

/// Sets up whom to trust. A root on this machine needs no trust and no proxy: a machine without any CA certificate
/// can run the sandbox, and the token does not leave it.
fn trust(builder: reqwest::ClientBuilder, root: &Root, extra: Option<&[u8]>) -> anyhow::Result<reqwest::ClientBuilder> {
    // An error says that there is a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let is_here = root.is_loopback();
    let builder = match is_here {
        // Without a resolver, which may not know the name, and without any proxy that is set.
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
    // On Windows and macOS the platform's verifier would not look at them.
    let named = rustls_native_certs::load_native_certs();
    if let Some(error) = named.errors.first() {
        return Err(Error::usage(format!(
            "the certificates in {SSL_CERT_FILE} or {SSL_CERT_DIR} cannot be read: {error}"
        ))
        .hint("point them at PEM files, or unset them to use the system's")
        .into());
    }
    // One that rustls cannot read must not take the others with it; the system's are treated alike.
    let usable = |certificate: &CertificateDer<'static>| RootCertStore::empty().add(certificate.clone()).is_ok();
    for certificate in named.certs.iter().filter(|certificate| usable(certificate)) {
        roots.extend(reqwest::Certificate::from_der(certificate));
    }
    Ok(builder.tls_certs_only(roots))
}

fn not_pem() -> Error {
    Error::usage("the file given with --ca-cert holds no certificate in PEM form")
        .hint("it begins with -----BEGIN CERTIFICATE-----; convert DER with `openssl x509 -inform der`")
}

fn cannot_trust(error: &reqwest::Error) -> Error {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| (*cause).source());
    let reason = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
    Error::failure(format!("no secure connection can be set up: {reason}"))
        .hint("install the system's CA certificates (Debian: ca-certificates), or name some with --ca-cert")
}
