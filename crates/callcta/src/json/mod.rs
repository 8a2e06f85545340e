//! Reads the JSON that people write and paste.
//!
//! `serde_json` decides what is JSON and what it says. What it takes without a word (a
//! key that is there twice, a number with more digits than are kept) and what it
//! can't say (why something is no JSON, and where) is found by a scan of its own.

mod encoding;
mod number;
mod scan;

use serde_json::{Map, Value};

use crate::violation::{Found, Rule, Severity};

/// Why a text was not read.
pub(crate) struct Unread {
    pub(crate) found: Found,
    /// The names at the top, so far as the text was understood; of their values only
    /// whether they are objects.
    pub(crate) top: Map<String, Value>,
}

/// Reads any JSON text: UTF-8, with or without a byte order mark.
pub(crate) fn read(text: &[u8]) -> Result<Value, Unread> {
    let malformed = |what: String| {
        let mut found = Found::default();
        found.add("", Rule::MalformedJson, Severity::Error, what);
        Unread {
            found,
            top: Map::new(),
        }
    };
    let text = encoding::decode(text).map_err(malformed)?;
    let read = serde_json::from_str(text);
    let scanned = scan::scan(text);
    match read {
        Ok(value) if scanned.found.is_empty() => Ok(value),
        Err(error) if scanned.found.is_empty() => Err(malformed(format!(
            "not valid JSON at line {}, column {}",
            error.line(),
            error.column()
        ))),
        _ => Err(Unread {
            found: scanned.found,
            top: scanned.top,
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is wrong with a text.
    fn told(text: impl AsRef<[u8]>) -> Vec<String> {
        let unread = read(text.as_ref()).expect_err("it is not sound");
        let list = unread.found.list();
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_cause_and_place() {
        for (text, cause, line, column) in [
            ("", "the text is empty", 1, 1),
            ("  \n", "the text is empty", 2, 1),
            ("{\"a\": 1,}", "a trailing comma", 1, 8),
            ("{\"a\": [1,\n  2 ,\n]}", "a trailing comma", 2, 5),
            ("[,1]", "a comma without a value before it", 1, 2),
            ("[1,,2]", "a comma without a value before it", 1, 4),
            ("{,}", "a comma without a value before it", 1, 2),
            ("{\n\t// call\n}", "a comment", 2, 2),
            ("{\"a\": /* x */ 1}", "a comment", 1, 7),
            ("# top\n{}", "a comment", 1, 1),
            ("{} // end", "a comment", 1, 4),
            ("{\"a\": \"call", "an unclosed string", 1, 7),
            ("{\"a\": \"call,\n \"b\": 1}", "an unclosed string", 1, 7),
            ("{\"a\": \"call\n}", "an unclosed string", 1, 7),
            (
                "{\"a\": \"one\ntwo\", \"b\": 1}",
                "a raw newline inside a string",
                1,
                11,
            ),
            (
                "{\"a\": \"one\r\ntwo\"}",
                "a raw newline inside a string",
                1,
                11,
            ),
            ("{\"a\": \"one\ttwo\"}", "a raw tab inside a string", 1, 11),
            (
                "{\"a\": \"one\u{1}two\"}",
                "a control character inside a string",
                1,
                11,
            ),
            ("{'a': 1}", "single quotes", 1, 2),
            ("{\"a\": 'b'}", "single quotes", 1, 7),
            ("{\"a\": `b`}", "a backtick", 1, 7),
            ("{“a”: 1}", "curly quotes", 1, 2),
            ("{a: 1}", "an unquoted key", 1, 2),
            ("{\"a\": 1, b: 2}", "an unquoted key", 1, 10),
            ("{1: 2}", "an unquoted key", 1, 2),
            ("{\"a\": audio_call}", "an unquoted text", 1, 7),
            ("{\"a\": NaN}", "NaN", 1, 7),
            ("{\"a\": -Infinity}", "Infinity", 1, 7),
            ("{\"a\": Infinity}", "Infinity", 1, 7),
            ("{\"a\": undefined}", "undefined", 1, 7),
            ("{\"a\": True}", "is written true", 1, 7),
            ("{\"a\": None}", "is written null", 1, 7),
            ("{\"a\": 1 \"b\": 2}", "a missing comma", 1, 9),
            ("{\"a\": 1\n\"b\": 2}", "a missing comma", 2, 1),
            ("[1 2]", "a missing comma", 1, 4),
            ("[{} {}]", "a missing comma", 1, 5),
            (
                "{\"a\": \"say \"hi\" now\"}",
                "a quotation mark inside a string",
                1,
                12,
            ),
            ("{\"a\" 1}", "a missing colon", 1, 6),
            ("{\"a\"}", "a missing colon", 1, 5),
            ("{\"a\" = 1}", "an equals sign", 1, 6),
            ("{\"a\": }", "a missing value", 1, 7),
            ("{\"a\": , \"b\": 1}", "a missing value", 1, 7),
            ("{\"a\": 1; \"b\": 2}", "a semicolon", 1, 8),
            ("{\"a\": \"\\x41\"}", "a bad escape", 1, 8),
            ("{\"a\": \"it\\'s\"}", "a bad escape", 1, 10),
            ("{\"a\": \"\\u12G4\"}", "a bad escape", 1, 8),
            ("{\"a\": 05}", "a leading zero", 1, 7),
            ("{\"a\": 0x10}", "a hexadecimal number", 1, 7),
            ("{\"a\": +5}", "a plus sign", 1, 7),
            ("{\"a\": .5}", "no digit before its point", 1, 7),
            ("{\"a\": 5.}", "no digit after its point", 1, 7),
            ("{\"a\": 1e}", "no digit in its exponent", 1, 7),
            ("{\"a\": -}", "a minus sign without a number", 1, 7),
            (
                "{\"a\": 1_000}",
                "a number that goes on with a letter",
                1,
                7,
            ),
            ("{\"a\": 5n}", "a number that goes on with a letter", 1, 7),
            ("{\"a\": 1e999}", "a number that is too large", 1, 7),
            ("{\"a\": <PSID>}", "a placeholder", 1, 7),
            ("{\"a\": {{psid}}}", "a placeholder", 1, 7),
            ("{\"a\": ${x}}", "a placeholder", 1, 7),
            ("<!doctype html>", "HTML", 1, 1),
            ("{\"a\":\u{a0}1}", "U+00A0", 1, 6),
            ("{\"a\": 1}\u{200b}", "U+200B", 1, 9),
            ("{\"a\": [1}", "a } that closes a [", 1, 9),
            ("[{\"a\": 1]", "a ] that closes a {", 1, 9),
            (
                "{\"a\": {\n\"b\": [1",
                "ends too early: the [ of line 2, column 6",
                2,
                8,
            ),
            (
                "{\"a\": 1",
                "ends too early: the { of line 1, column 1",
                1,
                8,
            ),
            ("{} {}", "more after the end", 1, 4),
            ("{\"a\": 1}}", "a } too many", 1, 9),
            ("[1]]", "a ] too many", 1, 4),
            ("{\"a\": tru}", "an unquoted text", 1, 7),
            ("{\"a\": (1)}", "an unexpected (", 1, 7),
            ("{\"a\": \u{1f4de}}", "an unexpected character", 1, 7),
        ] {
            let told = told(text);
            let place = format!("not valid JSON at line {line}, column {column}: ");
            assert_eq!(told.len(), 1, "{text:?}: {told:?}");
            assert!(told[0].starts_with(&place), "{text:?}: {told:?}");
            assert!(told[0].contains(cause), "{text:?}: {told:?}");
        }
    }

    #[test]
    fn columns_are_characters_and_lines_end_as_they_like() {
        for (text, line, column) in [
            ("{\"ä\": x}", 1, 7),
            ("{\"📞\": x}", 1, 7),
            ("{\t\"a\": x}", 1, 8),
            ("{\r\n\r\n\"a\": x}", 3, 6),
            ("{\r\"a\": x}", 2, 6),
            ("\u{feff}{\"a\": x}", 1, 7),
        ] {
            let told = told(text);
            assert!(
                told[0].contains(&format!("line {line}, column {column}: ")),
                "{told:?}"
            );
        }
    }

    #[test]
    fn encodings_are_named() {
        let utf_16 = |bytes: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
            let text = if mark {
                "\u{feff}{\"a\": 1}"
            } else {
                "{\"a\": 1}"
            };
            text.encode_utf16().flat_map(bytes).collect()
        };
        for (text, name) in [
            (utf_16(u16::to_le_bytes, true), "UTF-16 (little-endian)"),
            (utf_16(u16::to_be_bytes, true), "UTF-16 (big-endian)"),
            (utf_16(u16::to_le_bytes, false), "UTF-16 (little-endian)"),
            (utf_16(u16::to_be_bytes, false), "UTF-16 (big-endian)"),
            (b"\xff\xfe\0\0{\0\0\0}\0\0\0".to_vec(), "UTF-32"),
            (b"\0\0\0{\0\0\0}".to_vec(), "UTF-32"),
            (
                b"{\"a\": \"Gr\xfc\xdfe\"}".to_vec(),
                "Latin-1 (ISO 8859-1) or Windows-1252",
            ),
            (b"{\"a\": \"it\x92s\"}".to_vec(), "Windows-1252"),
            (b"{\"a\": \"\xed\xa0\xbd\"}".to_vec(), "half a character"),
            (
                b"{\"a\": \"\xf0\x9f\x93".to_vec(),
                "ends in the middle of a character",
            ),
        ] {
            let told = told(text);
            assert_eq!(told.len(), 1);
            assert!(told[0].contains(name), "{name}: {told:?}");
        }
        let told = told(b"{\n\"a\": \"\xc3\xbc\xfc\"}");
        assert!(told[0].contains("line 2, column 8: "), "{told:?}");
        let marked = read(b"\xef\xbb\xbf{\"a\": 1}")
            .map_err(|_| ())
            .expect("it is sound");
        assert_eq!(marked, serde_json::json!({"a": 1}));
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused() {
        assert_eq!(
            told("{\"a\": {\"b\": [0, {\"c\": 1,\n \"c\": 1}]}}"),
            ["a.b[1].c: is there twice, again at line 2, column 2"]
        );
        assert_eq!(
            told(r#"{"buttons": [], "\u0062uttons": [], "a": 1, "a": 2, "a": 3}"#).len(),
            3
        );
        let long = "x".repeat(1000);
        let told = told(format!("{{\"{long}\": 1, \"{long}\": 2}}"));
        assert!(told[0].len() < 100, "{told:?}");
    }

    #[test]
    fn what_would_be_changed_is_refused() {
        for (text, what) in [
            ("18446744073709551616", "whole number of more than 64 bits"),
            ("-9223372036854775809", "whole number of more than 64 bits"),
            ("0.1000000000000000055511151231257827", "more digits"),
            ("1e-400", "more digits"),
            ("9007199254740993.0", "more digits"),
            ("0.12345678901234567", "more digits"),
            (r#""\ud83d""#, "half a character"),
            (r#""\udcde""#, "half a character"),
            (r#""\ud83d\ud83d\udcde""#, "half a character"),
            (r#""\ud83d\n""#, "half a character"),
        ] {
            let told = told(format!("{{\"a\": [{text}]}}"));
            assert_eq!(told.len(), 1, "{text}: {told:?}");
            assert!(told[0].starts_with("a[0]: "), "{text}: {told:?}");
            assert!(told[0].contains(what), "{text}: {told:?}");
            let column = if text.starts_with('"') { 9 } else { 8 };
            let place = format!(", at line 1, column {column}");
            assert!(told[0].ends_with(&place), "{text}: {told:?}");
        }
        for text in [
            "9223372036854775808",
            "18446744073709551615",
            "-9223372036854775808",
            "-0",
            "5.0",
            "1e20",
            "100000000000000000000",
            "18446744073709552000",
            "1E+2",
            "0.1",
            "0.10",
            "100e-2",
            "0e5",
            "1.7976931348623157e308",
            "5e-324",
            "5.684341886080802e-14",
            "5.6843418860808015e-14",
            r#""\ud83d\udcde""#,
        ] {
            assert!(read(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let told = told("[".repeat(1 << 20));
        assert!(
            told[0].contains("nested more than 127 levels deep"),
            "{told:?}"
        );
        let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
        assert!(read(deep.as_bytes()).is_ok());
    }

    #[test]
    fn many_faults_take_little_room() {
        let text = format!("[{}0]", "{\"a\": 1, \"a\": 2},".repeat(300_000));
        let told = told(text);
        assert_eq!(told.len(), crate::limits::VIOLATIONS_MAX + 1);
        assert_eq!(
            told.last().unwrap(),
            "not listed: errors: 299900, warnings: 0"
        );
    }

    /// Almost JSON: tokens in any order.
    fn tokens() -> impl Strategy<Value = String> {
        const TOKENS: &[&str] = &[
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"a\"",
            "\"b\"",
            "\"",
            "'",
            "1",
            "-",
            "0",
            "05",
            "1.5",
            "e5",
            ".",
            "true",
            "null",
            "nul",
            "NaN",
            " ",
            "\n",
            "\t",
            "//",
            "\\u",
            "\"\\ud83d\"",
            "\"\\u0041\"",
            "\u{a0}",
            "ä",
            "📞",
            "\"x: \\\"\"",
            "{\"a\":",
            "[1,",
            "#",
            "1e400",
        ];
        proptest::collection::vec(proptest::sample::select(TOKENS), 0..12)
            .prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4096, failure_persistence: None, ..ProptestConfig::default()
        })]

        #[test]
        fn the_scan_finds_a_cause_for_all_that_is_no_json(text in tokens()) {
            let sound = serde_json::from_str::<Value>(&text).is_ok();
            let scanned = scan::scan(&text).found.list();
            let malformed = scanned.iter().any(|found| found.rule == Rule::MalformedJson);
            let inexact = scanned.iter().any(|found| found.rule == Rule::Inexact);
            prop_assert!(!sound || !malformed, "{text:?}: {scanned:?}");
            prop_assert!(sound || malformed || inexact, "{text:?}");
        }
    }
}
