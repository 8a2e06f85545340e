//! TLS: whose certificates are trusted, and what is said when one isn't.

use std::io;

use rustls::{CertificateError, InvalidMessage, RootCertStore};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use super::failure::unusable;
use super::{TransportConfig, TransportError};

/// The setting by the names it goes by: in Rust, Python and C; in Node; on the
/// command line.
const EXTRA_CA: &str = "the setting extra_ca_pem (extraCaPem, --ca-file)";

pub(super) fn roots(config: &TransportConfig) -> Result<RootCerts, TransportError> {
    if config.platform_verifier {
        return match config.extra_ca_pem {
            _ if !cfg!(feature = "platform-verifier") => {
                Err(unusable("the platform's verifier needs its feature"))
            }
            None => Ok(RootCerts::PlatformVerifier),
            Some(_) => Err(unusable(&format!(
                "{EXTRA_CA} can't be combined with the platform's verifier"
            ))),
        };
    }
    let Some(pem) = &config.extra_ca_pem else {
        return Ok(RootCerts::WebPki);
    };
    let wrong = |what: &str| unusable(&format!("{EXTRA_CA} {what}"));
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(wrong("is not valid PEM")),
        }
    }
    if certificates.is_empty() {
        return Err(wrong("holds no certificate"));
    }
    // ureq would pass over those in silence.
    let unread = |one: &Certificate<'_>| RootCertStore::empty().add(one.der().into()).is_err();
    if certificates.iter().any(unread) {
        return Err(wrong("holds a certificate that can't be read"));
    }
    // ureq takes either its built-in roots or a list, so the list has both.
    let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    certificates.extend(built_in.map(|der| Certificate::from_der(der)));
    Ok(RootCerts::from(certificates))
}

/// What rustls found wrong, if it is in there.
pub(super) fn error_in(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            error.get_ref()?.downcast_ref()
        }
        _ => None,
    }
}

/// Whether another try would fail the same way.
pub(super) fn is_final(error: &rustls::Error) -> bool {
    use rustls::Error as Tls;

    matches!(
        error,
        Tls::InvalidCertificate(_)
            | Tls::NoCertificatesPresented
            | Tls::PeerIncompatible(_)
            | Tls::InvalidMessage(InvalidMessage::InvalidContentType)
    )
}

/// What is wrong, in words that continue "could not connect to …: ".
pub(super) fn words(error: &rustls::Error) -> String {
    use rustls::Error as Tls;

    match error {
        Tls::InvalidCertificate(error) => certificate(error),
        Tls::NoCertificatesPresented => "it showed no certificate".to_owned(),
        Tls::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "it doesn't speak TLS there; check the URL and its port".to_owned()
        }
        Tls::PeerIncompatible(_) => "it has no version or cipher of TLS in common".to_owned(),
        Tls::AlertReceived(alert) => {
            let alert = spaced(&format!("{alert:?}"));
            format!("it ended the TLS handshake ({alert})")
        }
        _ => "the TLS handshake failed".to_owned(),
    }
}

fn certificate(error: &CertificateError) -> String {
    use CertificateError as Wrong;

    match error {
        Wrong::UnknownIssuer => {
            format!(
                "its certificate is from nobody trusted here; a private CA goes into {EXTRA_CA}"
            )
        }
        Wrong::BadSignature => format!(
            "its certificate is not signed by the CA that it names; if that is a private one, \
             {EXTRA_CA} may hold another of the same name"
        ),
        Wrong::Expired | Wrong::ExpiredContext { .. } => {
            "its certificate has expired, or this machine's clock is wrong".to_owned()
        }
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or this machine's clock is wrong".to_owned()
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            "its certificate is for another host".to_owned()
        }
        Wrong::Revoked => "its certificate has been revoked".to_owned(),
        Wrong::InvalidPurpose | Wrong::InvalidPurposeContext { .. } => {
            "its certificate is not meant for servers".to_owned()
        }
        // The verifier's own error, which has no type here.
        Wrong::Other(error) if format!("{error:?}").contains("CaUsedAsEndEntity") => format!(
            "its certificate is that of a CA, which is not accepted as a server's; have the CA \
             issue one for the server, and put the CA's own into {EXTRA_CA}"
        ),
        _ => "its certificate can't be verified".to_owned(),
    }
}

/// `HandshakeFailure` as `handshake failure`.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, Error, PeerIncompatible};

    use super::*;

    #[test]
    fn words_are_for_people() {
        for (error, hint) in [
            (CertificateError::UnknownIssuer.into(), "extra_ca_pem"),
            (CertificateError::Expired.into(), "clock"),
            (CertificateError::NotValidForName.into(), "another host"),
            (CertificateError::BadEncoding.into(), "verified"),
            (
                Error::AlertReceived(AlertDescription::HandshakeFailure),
                "handshake failure",
            ),
            (PeerIncompatible::Tls12NotOffered.into(), "version"),
            (Error::DecryptError, "handshake failed"),
        ] {
            let words = words(&error);
            assert!(words.contains(hint), "{words}");
            assert!(
                words.starts_with("it") || words.starts_with("the "),
                "{words}"
            );
        }
    }
}
