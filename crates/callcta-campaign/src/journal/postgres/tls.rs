//! TLS, with `sslmode` and root certificates as libpq means them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result};

/// How much of the server is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// No TLS.
    Disable,
    /// TLS if the server has it; nothing is checked.
    Prefer,
    /// TLS; nothing is checked, unless there are root certificates.
    Require,
    /// TLS, with a certificate of a known authority.
    VerifyCa,
    /// The same, for this host.
    VerifyFull,
}

/// What is trusted, and how this side proves who it is.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    pub(super) mode: Mode,
    roots: Roots,
    own: Option<(PathBuf, PathBuf)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Roots {
    None,
    File(PathBuf),
    System,
}

fn wrong(what: impl AsRef<str>) -> Error {
    Error::invalid(format!(
        "the journal's TLS can't be used: {}",
        what.as_ref()
    ))
}

impl Trust {
    pub(super) fn new(said: &BTreeMap<String, String>, home: Option<&Path>) -> Result<Self> {
        let get = |name: &str| said.get(name).filter(|value| !value.is_empty());
        let mut mode = match get("sslmode").map(String::as_str) {
            Some("disable") => Mode::Disable,
            // Whoever allows TLS doesn't mind it either.
            None | Some("prefer" | "allow") => Mode::Prefer,
            Some("require") => Mode::Require,
            Some("verify-ca") => Mode::VerifyCa,
            Some("verify-full") => Mode::VerifyFull,
            Some(_) => {
                let modes = "disable, allow, prefer, require, verify-ca or verify-full";
                return Err(wrong(format!("sslmode is one of {modes}")));
            }
        };
        let folder = home.map(|home| home.join(".postgresql"));
        let beside = |name: &str| {
            let path = folder.as_ref()?.join(name);
            path.exists().then_some(path)
        };
        let roots = match get("sslrootcert").map(String::as_str) {
            Some("system") => Roots::System,
            Some(path) => Roots::File(PathBuf::from(path)),
            None => beside("root.crt").map_or(Roots::None, Roots::File),
        };
        match &roots {
            // Whoever may get a certificate from a public authority isn't the server yet.
            Roots::System if get("sslmode").is_none() => mode = Mode::VerifyFull,
            Roots::System if mode < Mode::VerifyFull => {
                return Err(wrong("sslrootcert=system needs sslmode=verify-full"));
            }
            Roots::None if mode >= Mode::VerifyCa => {
                return Err(wrong(
                    "there are no root certificates; sslrootcert names a file with them, or system",
                ));
            }
            Roots::File(path) if mode == Mode::Require && path.exists() => mode = Mode::VerifyCa,
            _ => {}
        }
        let own = match (get("sslcert"), get("sslkey")) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => beside("postgresql.crt").zip(beside("postgresql.key")),
            _ => return Err(wrong("sslcert and sslkey go together")),
        };
        Ok(Trust { mode, roots, own })
    }

    /// What makes TLS connections by this.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier {
            mode: self.mode,
            anchors: self.anchors()?,
            known: self.known(),
            provider: Arc::clone(&provider),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.own {
            Some((chain, key)) if self.mode != Mode::Disable => {
                let chain = certificates(chain)?;
                let path = key.display();
                let key = PrivateKeyDer::from_pem_file(key)
                    .map_err(|_| wrong(format!("there is no private key in {path}")))?;
                config
                    .with_client_auth_cert(chain, key)
                    .map_err(|_| wrong(format!("the key in {path} doesn't fit")))?
            }
            _ => config.with_no_client_auth(),
        };
        // Asked for where TLS begins without PostgreSQL's own question, and harmless else.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(MakeRustlsConnect::new(config))
    }

    fn known(&self) -> Vec<CertificateDer<'static>> {
        match &self.roots {
            Roots::File(path) if self.mode >= Mode::VerifyCa => {
                certificates(path).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn anchors(&self) -> Result<RootCertStore> {
        let mut anchors = RootCertStore::empty();
        if self.mode < Mode::VerifyCa {
            return Ok(anchors);
        }
        let roots = match &self.roots {
            Roots::None => Vec::new(),
            Roots::File(path) => certificates(path)?,
            Roots::System => rustls_native_certs::load_native_certs().certs,
        };
        anchors.add_parsable_certificates(roots);
        if anchors.is_empty() {
            return Err(wrong("no root certificate can be read"));
        }
        Ok(anchors)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let unreadable = || wrong(format!("can't read certificates from {}", path.display()));
    let list = CertificateDer::pem_file_iter(path).map_err(|_| unreadable())?;
    let list: Vec<_> = list.collect::<Result<_, _>>().map_err(|_| unreadable())?;
    if list.is_empty() {
        return Err(unreadable());
    }
    Ok(list)
}

#[derive(Debug)]
struct Verifier {
    mode: Mode,
    anchors: RootCertStore,
    /// What the file of root certificates has: a server may show one of them itself.
    known: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.mode < Mode::VerifyCa {
            return Ok(ServerCertVerified::assertion());
        }
        let certificate = ParsedCertificate::try_from(end_entity)?;
        if !self.known.iter().any(|known| known == end_entity) {
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &self.anchors,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        if self.mode == Mode::VerifyFull {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
