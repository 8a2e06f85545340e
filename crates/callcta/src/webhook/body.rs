//! Bodies that a gateway hands on as a text.

use super::BODY_MAX;
use super::refusal::{Refusal, RefusalKind};

/// The bytes of a body that comes as a text, as AWS Lambda's events and others have it:
/// `is_base64` is what they say of it, `isBase64Encoded` there.
///
/// ```
/// use callcta::webhook::decode_body;
///
/// assert_eq!(decode_body("e30=", true).as_deref(), Ok(&b"{}"[..]));
/// assert_eq!(decode_body("{}", false).as_deref(), Ok(&b"{}"[..]));
/// ```
///
/// # Errors
///
/// A [`Refusal`] of the kind `TooLarge` or `InvalidBody`: it isn't base64.
pub fn decode_body(body: &str, is_base64: bool) -> Result<Vec<u8>, Refusal> {
    if !is_base64 {
        return Ok(body.as_bytes().to_vec());
    }
    if body.len() > 2 * BODY_MAX {
        let text = format!("the body is longer than {BODY_MAX} bytes");
        return Err(Refusal::new(RefusalKind::TooLarge, text));
    }
    base64(body.as_bytes()).ok_or_else(|| {
        let text = "the body is said to be base64, but is not";
        Refusal::new(RefusalKind::InvalidBody, text)
    })
}

/// Both alphabets, with or without line ends and padding: a signature tells what is right.
pub(super) fn base64(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0);
    for &byte in body.trim_ascii().iter().filter(|byte| **byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' => continue,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_decoded_as_they_are_said_to_be() {
        for text in [
            "eyJhIjoiw6Q-In0",
            "eyJhIjoiw6Q+In0=",
            "eyJhIjoi\r\nw6Q+In0=\n",
        ] {
            let bytes = decode_body(text, true).unwrap();
            assert_eq!(bytes, "{\"a\":\"ä>\"}".as_bytes(), "{text}");
        }
        assert_eq!(decode_body("e30=", false).unwrap(), b"e30=");
        let kind = |text: &str| decode_body(text, true).unwrap_err().kind();
        assert_eq!(kind("{}"), RefusalKind::InvalidBody);
        assert_eq!(kind(&"A".repeat(2 * BODY_MAX + 1)), RefusalKind::TooLarge);
    }
}
