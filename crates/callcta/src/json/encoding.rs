//! Texts that are not UTF-8, by name.

use super::scan::position;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text without the mark that some editors put in front, or what is wrong with it.
pub(super) fn decode(text: &[u8]) -> Result<&str, String> {
    let text = text.strip_prefix(MARK).unwrap_or(text);
    if let Some(name) = wide(text) {
        return Err(format!(
            "not valid JSON: the text is {name}; save it as UTF-8"
        ));
    }
    std::str::from_utf8(text).map_err(|error| {
        let (sound, rest) = text.split_at(error.valid_up_to());
        let what = narrow(rest, error.error_len());
        let sound = std::str::from_utf8(sound).expect("it is valid up to there");
        let (line, column) = position(sound, sound.len());
        format!("not valid JSON at line {line}, column {column}: {what}")
    })
}

/// Encodings with more than one byte for every character: they begin with a mark, or
/// with a sign of ASCII, which JSON does.
fn wide(text: &[u8]) -> Option<&'static str> {
    Some(match text {
        [0xff, 0xfe, 0, 0, ..] | [1..=0xff, 0, 0, 0, ..] => "UTF-32 (little-endian)",
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, 1..=0xff, ..] => "UTF-32 (big-endian)",
        [0xff, 0xfe, ..] | [1..=0xff, 0, ..] => "UTF-16 (little-endian)",
        [0xfe, 0xff, ..] | [0, 1..=0xff, ..] => "UTF-16 (big-endian)",
        _ => return None,
    })
}

/// What begins with a byte that is not UTF-8.
fn narrow(rest: &[u8], length: Option<usize>) -> &'static str {
    match (length, rest) {
        (None, _) => "the text ends in the middle of a character",
        (_, [0xed, 0xa0..=0xbf, ..]) => "half a character (a surrogate), which is not UTF-8",
        // Latin-1 has no signs there.
        _ if rest.iter().any(|byte| (0x80..0xa0).contains(byte)) => {
            "the text is not UTF-8 and looks like Windows-1252; save it as UTF-8"
        }
        _ => {
            "the text is not UTF-8 and looks like Latin-1 (ISO 8859-1) or Windows-1252; save it as UTF-8"
        }
    }
}
