//! `X-Hub-Signature-256`: the HMAC of the raw body with the app secret.

use std::fmt;

use ring::hmac;

use super::BODY_MAX;
use super::refusal::{Refusal, RefusalKind};
use crate::credentials::{AppSecret, hex};
use crate::error::{Error, Result as Made};

/// The app secrets that may have signed a webhook: usually one, more while a secret
/// is replaced, or when several apps share an address.
///
/// `Debug` doesn't show them.
#[derive(Clone)]
pub struct Secrets {
    keys: Vec<Keys>,
    sha1: bool,
}

#[derive(Clone)]
struct Keys {
    sha256: hmac::Key,
    sha1: hmac::Key,
}

impl Secrets {
    /// The secrets, in the order in which a match is told.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there is none, or one
    /// is empty: nothing would be verified then.
    pub fn new<S: Into<String>>(secrets: impl IntoIterator<Item = S>) -> Made<Self> {
        let keys = secrets
            .into_iter()
            .map(|secret| {
                let secret = AppSecret::new(secret)?;
                let bytes = secret.expose().as_bytes();
                Ok(Keys {
                    sha256: hmac::Key::new(hmac::HMAC_SHA256, bytes),
                    sha1: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, bytes),
                })
            })
            .collect::<Made<Vec<_>>>()?;
        if keys.is_empty() {
            return Err(Error::invalid_argument(
                "at least one app secret is needed to verify webhooks",
            ));
        }
        Ok(Secrets { keys, sha1: false })
    }

    /// Whether the old header `X-Hub-Signature`, `sha1=` and 40 digits, is taken as
    /// well. Only for what still sends nothing else. Defaults to `false`.
    #[must_use]
    pub fn accept_sha1(mut self, yes: bool) -> Self {
        self.sha1 = yes;
        self
    }

    /// Checks the signature over the bytes that came in; the number of the secret
    /// that made it, from 0, so that one app's secret can't vouch for another's.
    ///
    /// Hexadecimal digits may be upper or lower case. All secrets are tried, in
    /// constant time.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; see [`RefusalKind`].
    pub fn verify(&self, body: &[u8], header: Option<&[u8]>) -> Result<usize, Refusal> {
        let Some(header) = header.filter(|header| !header.is_empty()) else {
            return Err(Refusal::new(
                RefusalKind::MissingSignature,
                "the request has no X-Hub-Signature-256 header",
            ));
        };
        if body.len() > BODY_MAX {
            return Err(Refusal::new(
                RefusalKind::TooLarge,
                format!("the body is longer than {BODY_MAX} bytes"),
            ));
        }
        let mut tag = [0; 32];
        let (tag, is_sha1) = if let Some(hex) = header.strip_prefix(b"sha256=") {
            (decoded(hex, &mut tag), false)
        } else if let Some(hex) = header.strip_prefix(b"sha1=").filter(|_| self.sha1) {
            (decoded(hex, &mut tag[..20]), true)
        } else {
            (None, false)
        };
        let Some(tag) = tag else {
            return Err(Refusal::new(
                RefusalKind::MalformedSignature,
                "the signature header is not sha256= and 64 hexadecimal digits",
            ));
        };
        let mut matched = None;
        for (number, keys) in self.keys.iter().enumerate() {
            let key = if is_sha1 { &keys.sha1 } else { &keys.sha256 };
            if hmac::verify(key, body, tag).is_ok() {
                matched = matched.or(Some(number));
            }
        }
        matched.ok_or_else(|| {
            Refusal::new(
                RefusalKind::WrongSignature,
                "the signature does not fit the body: it was changed on its way, or signed with another app secret",
            )
        })
    }

    /// The header that Meta would send with this body, by the first secret: for
    /// tests of a receiver.
    pub fn sign(&self, body: &[u8]) -> String {
        let tag = hmac::sign(&self.keys[0].sha256, body);
        format!("sha256={}", hex(tag.as_ref()))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("count", &self.keys.len())
            .field("sha1", &self.sha1)
            .finish_non_exhaustive()
    }
}

/// A JSON text in ASCII, as the platform writes and signs it: for tests of a receiver.
pub fn ascii_json(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            escape(&mut ascii, c);
        }
    }
    ascii
}

/// Writes a character as JSON's escapes.
pub(super) fn escape(out: &mut String, c: char) {
    use fmt::Write;

    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(out, "\\u{unit:04x}").expect("a string takes any text");
    }
}

/// The bytes that `hex` stands for, if there are just as many.
fn decoded<'a>(hex: &[u8], bytes: &'a mut [u8]) -> Option<&'a [u8]> {
    if hex.len() != bytes.len() * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(secrets: &Secrets, body: &[u8], header: &str) -> Option<RefusalKind> {
        let result = secrets.verify(body, Some(header.as_bytes()));
        result.err().map(|refusal| refusal.kind())
    }

    #[test]
    fn the_documented_signature_verifies() {
        // Made with `openssl dgst -sha256 -hmac`.
        let header = "sha256=d2efe49e9d24fdcd46abb49dbf29f7e36d1a7c9b0f4a6f8a1f0f4b0d1f3b5f7e";
        let secrets = Secrets::new(["secret"]).unwrap();
        let signed = secrets.sign(b"body");
        assert_eq!(
            signed,
            "sha256=dc46983557fea127b43af721467eb9b3fde2338fe3e14f51952aa8478c13d355"
        );
        assert_eq!(secrets.verify(b"body", Some(signed.as_bytes())), Ok(0));
        assert_eq!(
            kind(&secrets, b"body", header),
            Some(RefusalKind::WrongSignature)
        );
    }

    #[test]
    fn the_secret_that_matched_is_told() {
        let new = Secrets::new(["new"]).unwrap();
        let both = Secrets::new(["old", "new"]).unwrap();
        let header = new.sign(b"{}");
        assert_eq!(both.verify(b"{}", Some(header.as_bytes())), Ok(1));
        let upper = header.to_uppercase().replace("SHA256", "sha256");
        assert_eq!(both.verify(b"{}", Some(upper.as_bytes())), Ok(1));
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let secrets = Secrets::new(["secret"]).unwrap();
        let good = secrets.sign(b"{}");
        let hex = &good["sha256=".len()..];
        for bad in [
            hex.to_owned(),
            format!("sha1={}", &hex[..40]),
            format!("sha512={hex}"),
            format!("SHA256={hex}"),
            good[..good.len() - 1].to_owned(),
            format!("{good}0"),
            format!("{good}, {good}"),
            format!("sha256={}", "zz".repeat(32)),
            format!("sha256={}", "é".repeat(32)),
            format!("sha256={}", "0".repeat(100_000)),
            format!(" {good}"),
        ] {
            assert_eq!(
                kind(&secrets, b"{}", &bad),
                Some(RefusalKind::MalformedSignature),
                "{}",
                &bad[..20]
            );
        }
        for none in [None, Some(&b""[..])] {
            let refusal = secrets.verify(b"{}", none).unwrap_err();
            assert_eq!(refusal.kind(), RefusalKind::MissingSignature);
        }
    }

    #[test]
    fn the_old_header_counts_only_when_asked_for() {
        // Of the body `body` with the key `secret`.
        let header = "sha1=a18991ff7e4513a1c2d2ee51e3a8e99ca891d9cd";
        let secrets = Secrets::new(["secret"]).unwrap();
        assert_eq!(
            kind(&secrets, b"body", header),
            Some(RefusalKind::MalformedSignature)
        );
        let secrets = secrets.accept_sha1(true);
        assert_eq!(secrets.verify(b"body", Some(header.as_bytes())), Ok(0));
        assert_eq!(
            kind(&secrets, b"other", header),
            Some(RefusalKind::WrongSignature)
        );
    }

    #[test]
    fn nothing_is_verified_without_a_secret() {
        assert!(Secrets::new(Vec::<String>::new()).is_err());
        assert!(Secrets::new(["a", ""]).is_err());
        let shown = format!("{:?}", Secrets::new(["hidden"]).unwrap());
        assert!(!shown.contains("hidden"), "{shown}");
    }

    #[test]
    fn a_body_that_is_too_long_is_not_hashed() {
        let secrets = Secrets::new(["secret"]).unwrap();
        let body = vec![b' '; BODY_MAX + 1];
        assert_eq!(
            kind(&secrets, &body, "sha256=00"),
            Some(RefusalKind::TooLarge)
        );
    }
}
