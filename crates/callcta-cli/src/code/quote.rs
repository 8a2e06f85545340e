//! Texts as the languages write them.

use std::fmt::Write as _;

use serde_json::Value;

/// A text between double quotes in Rust.
pub fn rust(text: &str) -> String {
    quoted(text, '"', |out, c| match c {
        '\0' => out.push_str("\\0"),
        c => write!(out, "\\u{{{:x}}}", u32::from(c)).expect("a string takes it"),
    })
}

/// A raw string in Rust, if it can be one.
pub fn rust_raw(text: &str) -> String {
    if text.chars().any(is_hidden) {
        return rust(text);
    }
    let mut hashes = "#".to_owned();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

/// A text in Python, between the quotes that need fewer backslashes.
pub fn python(text: &str) -> String {
    let quote = preferred(text, '"', '\'');
    quoted(text, quote, |out, c| {
        let code = u32::from(c);
        let written = match code {
            0..0x100 => write!(out, "\\x{code:02x}"),
            0x100..0x1_0000 => write!(out, "\\u{code:04x}"),
            _ => write!(out, "\\U{code:08x}"),
        };
        written.expect("a string takes it");
    })
}

/// A text in TypeScript and JavaScript, between the quotes that need fewer backslashes.
pub fn javascript(text: &str) -> String {
    let quote = preferred(text, '\'', '"');
    quoted(text, quote, |out, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}").expect("a string takes it");
        }
    })
}

/// A text in C, in UTF-8; it must not hold U+0000, at which a text in C ends. Escapes in octal
/// end after three digits, whatever follows.
pub fn c(text: &str) -> String {
    let mut quoted = quoted(text, '"', |out, c| {
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            write!(out, "\\{byte:03o}").expect("a string takes it");
        }
    });
    // Two question marks begin a trigraph.
    while quoted.contains("??") {
        quoted = quoted.replace("??", "?\\?");
    }
    quoted
}

/// JSON as a text in C.
pub fn c_json(value: &Value) -> String {
    c(&value.to_string())
}

fn preferred(text: &str, first: char, second: char) -> char {
    let count = |quote| text.matches(quote).count();
    if count(first) > count(second) {
        second
    } else {
        first
    }
}

/// The text between quotes; `escape` writes what would not be seen.
fn quoted(text: &str, quote: char, escape: impl Fn(&mut String, char)) -> String {
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if is_hidden(c) => escape(&mut out, c),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Whether a character can't be seen in code, or changes how it is read. What joins emoji
/// is left as it is.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200c}' | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
        || (c.is_whitespace() && c != ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_or_change_a_text_is_escaped() {
        let text = "a\"b\\c\u{1}1\n";
        assert_eq!(rust(text), r#""a\"b\\c\u{1}1\n""#);
        assert_eq!(python(text), r#"'a"b\\c\x011\n'"#);
        assert_eq!(javascript(text), r#"'a"b\\c\u00011\n'"#);
        assert_eq!(c(text), r#""a\"b\\c\0011\n""#);
    }

    #[test]
    fn quotes_are_chosen_so_that_few_need_a_backslash() {
        assert_eq!(python("it's"), r#""it's""#);
        assert_eq!(python("\"it's\""), r#"'"it\'s"'"#);
        assert_eq!(javascript("it's"), r#""it's""#);
        assert_eq!(javascript("it's \"so\""), r#"'it\'s "so"'"#);
        assert_eq!(rust_raw("a\"#b"), "r##\"a\"#b\"##");
    }

    #[test]
    fn what_is_not_seen_is_told() {
        let text = "x\u{2028}\u{202e}\u{feff}\u{e0041}";
        assert_eq!(rust(text), r#""x\u{2028}\u{202e}\u{feff}\u{e0041}""#);
        assert_eq!(python(text), r#""x\u2028\u202e\ufeff\U000e0041""#);
        assert_eq!(javascript(text), r"'x\u2028\u202e\ufeff\udb40\udc41'");
        assert!(c(text).is_ascii());
        let family = "👩\u{200d}💻";
        assert_eq!(rust(family), format!("\"{family}\""));
    }

    #[test]
    fn c_has_no_trigraphs_left() {
        assert_eq!(c("what??/ 100 %s ???"), r#""what?\?/ 100 %s ?\?\?""#);
    }
}
