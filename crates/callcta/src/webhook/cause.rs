//! Why a signature doesn't fit.

use super::body::base64;
use super::refusal::RefusalKind;
use super::signature::{Secrets, escape};

/// What most likely happened to a webhook whose signature doesn't fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// Nothing: it fits.
    None,
    /// There is no signature to compare with.
    NoSignature,
    /// The header is no signature.
    Malformed,
    /// It fits one of the other secrets: its number.
    OtherSecret(usize),
    /// The body was parsed and written again.
    Reserialized,
    /// White space at the body's end was taken away or added.
    LineEnd,
    /// The body is still base64, as some gateways hand it on.
    Base64,
    /// The body was decoded as Latin-1 and encoded as UTF-8.
    Recoded,
    /// None of these: another secret, or another body.
    Unknown,
}

impl Cause {
    /// The cause's stable name, such as `reserialized`.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::None => "none",
            Cause::NoSignature => "no_signature",
            Cause::Malformed => "malformed",
            Cause::OtherSecret(_) => "other_secret",
            Cause::Reserialized => "reserialized",
            Cause::LineEnd => "line_end",
            Cause::Base64 => "base64",
            Cause::Recoded => "recoded",
            Cause::Unknown => "unknown",
        }
    }

    /// What it is and what helps, in one sentence or two.
    pub fn advice(self) -> &'static str {
        match self {
            Cause::None => "the signature fits the body",
            Cause::NoSignature => {
                "the request has no X-Hub-Signature-256 header: it isn't from the platform, or a proxy takes the header away"
            }
            Cause::Malformed => {
                "the header is not sha256= and 64 hexadecimal digits: pass the value of X-Hub-Signature-256 as it came"
            }
            Cause::OtherSecret(_) => {
                "it was signed with another app's secret: use that of the app whose webhook this is"
            }
            Cause::Reserialized => {
                "the body was parsed and written again, likely by the framework's JSON parser: verify the bytes that came in, before parsing"
            }
            Cause::LineEnd => {
                "white space at the end of the body was taken away or added: verify the bytes that came in, without trimming"
            }
            Cause::Base64 => {
                "the body is still base64: decode it first (on AWS Lambda when isBase64Encoded is true)"
            }
            Cause::Recoded => {
                "the body was decoded as Latin-1 and encoded as UTF-8: verify the bytes that came in, not a text made of them"
            }
            Cause::Unknown => {
                "the app secret is another one, or the body was changed: compare the app secret in the app's basic settings, and log the body's length where it comes in"
            }
        }
    }
}

/// Finds out why a webhook's signature doesn't fit: a help for people, not for a
/// receiver. `secrets` are the one that should fit, then any others that might.
pub fn likely_cause(body: &[u8], header: Option<&[u8]>, secrets: &Secrets) -> Cause {
    let fits = |body: &[u8]| secrets.verify(body, header).is_ok();
    match secrets.verify(body, header) {
        Ok(0) => return Cause::None,
        Ok(other) => return Cause::OtherSecret(other),
        Err(refusal) => match refusal.kind() {
            RefusalKind::MissingSignature => return Cause::NoSignature,
            RefusalKind::MalformedSignature => return Cause::Malformed,
            _ => {}
        },
    }
    if line_ends(body).iter().any(|body| fits(body)) {
        return Cause::LineEnd;
    }
    if base64(body).is_some_and(|body| fits(&body)) {
        return Cause::Base64;
    }
    if latin1(body).is_some_and(|body| fits(&body)) {
        return Cause::Recoded;
    }
    let as_signed = [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .filter_map(|(ascii, slashes)| rewritten(body, ascii, slashes));
    for body in as_signed {
        if fits(&body) || line_ends(&body).iter().any(|body| fits(body)) {
            return Cause::Reserialized;
        }
    }
    Cause::Unknown
}

/// The body without white space at its end, and with the usual ones.
fn line_ends(body: &[u8]) -> Vec<Vec<u8>> {
    let bare = body.trim_ascii_end();
    [&b""[..], b"\n", b"\r\n"]
        .into_iter()
        .map(|end| [bare, end].concat())
        .collect()
}

/// The bytes that were read as Latin-1, if they can have been.
fn latin1(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    if text.is_ascii() {
        return None;
    }
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect()
}

/// The JSON text without white space between its parts, its texts escaped as the
/// platform does: `ascii` for everything beyond ASCII as `\u…`, `slashes` for `\/`.
fn rewritten(body: &[u8], ascii: bool, slashes: bool) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => {
                let end = string_end(rest)?;
                let value: String = serde_json::from_str(&rest[..end]).ok()?;
                write_string(&mut out, &value, ascii, slashes);
                rest = &rest[end..];
            }
            ' ' | '\t' | '\r' | '\n' => rest = &rest[1..],
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Some(out.into_bytes())
}

/// Where the text that begins `rest` ends.
fn string_end(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn write_string(out: &mut String, value: &str, ascii: bool, slashes: bool) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' if slashes => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_control() && c.is_ascii() || ascii && !c.is_ascii() => {
                escape(out, c);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "{\"object\":\"page\",\"entry\":[{\"id\":\"1\",\"messaging\":[{\"message\":{\"text\":\"\\u00e4 \\ud83d\\ude00 https:\\/\\/e.example\"}}]}]}";

    fn cause(received: &[u8]) -> Cause {
        let secrets = Secrets::new(["secret"]).unwrap();
        let header = secrets.sign(BODY.as_bytes());
        likely_cause(received, Some(header.as_bytes()), &secrets)
    }

    #[test]
    fn what_happened_to_the_body_is_found() {
        let again = serde_json::from_str::<serde_json::Value>(BODY).unwrap();
        assert_eq!(cause(BODY.as_bytes()), Cause::None);
        // As a dictionary keeps its order and `json.dumps` writes it.
        let dumped = BODY
            .replace(':', ": ")
            .replace(',', ", ")
            .replace("https: ", "https:")
            .replace("\\/", "/");
        assert_eq!(cause(dumped.as_bytes()), Cause::Reserialized);
        let stringified = BODY
            .replace("\\u00e4", "ä")
            .replace("\\ud83d\\ude00", "😀")
            .replace("\\/", "/");
        assert_eq!(cause(stringified.as_bytes()), Cause::Reserialized);
        assert_ne!(again.to_string(), stringified);
        assert_eq!(cause(format!("{BODY}\n").as_bytes()), Cause::LineEnd);
        let encoded = "eyJvYmplY3QiOiJwYWdlIiwiZW50cnkiOlt7ImlkIjoiMSIsIm1lc3NhZ2luZyI6W3sibWVzc2FnZSI6eyJ0ZXh0IjoiXHUwMGU0IFx1ZDgzZFx1ZGUwMCBodHRwczpcL1wvZS5leGFtcGxlIn19XX1dfQ==";
        assert_eq!(cause(encoded.as_bytes()), Cause::Base64);
        assert_eq!(cause(b"{}"), Cause::Unknown);
        assert_eq!(cause(b"\xff\x00\"\\"), Cause::Unknown);
    }

    #[test]
    fn what_is_wrong_with_the_secret_or_the_header_is_found() {
        let others = Secrets::new(["mine", "other"]).unwrap();
        let header = Secrets::new(["other"]).unwrap().sign(b"{}");
        assert_eq!(
            likely_cause(b"{}", Some(header.as_bytes()), &others),
            Cause::OtherSecret(1)
        );
        assert_eq!(likely_cause(b"{}", None, &others), Cause::NoSignature);
        assert_eq!(likely_cause(b"{}", Some(b"x"), &others), Cause::Malformed);
        // Signed as bytes, received as a text that was made of them wrongly.
        let body = "{\"a\":\"ä\"}".as_bytes();
        let header = Secrets::new(["mine"]).unwrap().sign(body);
        let recoded: String = body.iter().map(|byte| char::from(*byte)).collect();
        assert_eq!(
            likely_cause(recoded.as_bytes(), Some(header.as_bytes()), &others),
            Cause::Recoded
        );
    }
}
