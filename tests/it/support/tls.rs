//! A self-signed certificate for TLS servers of the tests. The benchmarks include it, too.
#![allow(clippy::unwrap_used, reason = "a test's helper")]

use std::sync::{Arc, OnceLock};

use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;

/// A server's identity on this machine.
pub struct Identity {
    /// The configuration of a TLS server.
    pub config: Arc<ServerConfig>,
    /// The certificate in PEM, for clients that should trust it.
    pub pem: String,
    /// Its key in PEM.
    #[allow(dead_code, reason = "for the nginx of the benchmarks")]
    pub key: String,
}

impl Identity {
    /// A new certificate for a server that speaks these protocols.
    pub fn new(protocols: &[&str]) -> Self {
        static PROVIDER: OnceLock<()> = OnceLock::new();
        PROVIDER.get_or_init(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into())
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Self { config: Arc::new(config), pem: cert.pem(), key: signing_key.serialize_pem() }
    }
}
