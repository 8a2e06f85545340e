//! A certificate authority, and a TLS server with a certificate from it.

#![allow(dead_code)] // Each test program uses its part.

use std::net::TcpStream;
use std::sync::Arc;

use callcta::transport::TransportConfig;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::server::{Peer, Server, Stream};

/// A server's settings for `localhost`, and the certificate of its own CA.
pub fn authority(versions: &[&'static SupportedProtocolVersion]) -> (Arc<ServerConfig>, String) {
    authority_for(versions, |_| {})
}

/// The same with something about the server's certificate changed.
pub fn authority_for(
    versions: &[&'static SupportedProtocolVersion],
    change: impl FnOnce(&mut CertificateParams),
) -> (Arc<ServerConfig>, String) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    change(&mut params);
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
    (Arc::new(config), ca_pem)
}

pub fn trusting(ca_pem: &str) -> TransportConfig {
    TransportConfig {
        extra_ca_pem: Some(ca_pem.as_bytes().to_vec()),
        ..TransportConfig::default()
    }
}

/// A TLS server that shakes hands to the end before it serves.
pub fn serve(config: Arc<ServerConfig>, serve: impl Fn(Peer) + Send + Sync + 'static) -> Server {
    let wrap = move |mut stream: TcpStream| -> Option<Box<dyn Stream>> {
        let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut stream).ok()?;
        }
        Some(Box::new(StreamOwned::new(tls, stream)))
    };
    Server::start_over(wrap, serve)
}
