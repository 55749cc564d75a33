//! A certificate of the tests' own, and what a TLS server makes of it. The benchmarks have it, too.
#![allow(clippy::unwrap_used, reason = "a test's helper")]

use std::sync::{Arc, OnceLock};

use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;

/// A server's identity on this machine.
pub struct Identity {
    /// What a TLS server needs.
    pub config: Arc<ServerConfig>,
    /// The certificate, for those who are to trust it.
    pub pem: String,
    /// Its key, in the same form.
    #[allow(dead_code, reason = "for the nginx of the benchmarks")]
    pub key: String,
}

impl Identity {
    /// A new one, for a server that speaks these protocols.
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
