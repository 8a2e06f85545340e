//! A scan of a text that should be JSON: why and where it is none, and what in it
//! would be lost.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Value};

use super::number;
use crate::path::Path;
use crate::violation::{Found, Rule, Severity};

/// How deep arrays and objects may stand in each other; `serde_json` has the same limit.
const DEPTH_MAX: usize = 127;

pub(super) struct Scanned {
    pub(super) found: Found,
    pub(super) top: Map<String, Value>,
}

/// Finds everything that keeps a text from being read, up to where it stops being JSON.
pub(super) fn scan(text: &str) -> Scanned {
    let mut scan = Scan {
        text,
        at: 0,
        open: Vec::new(),
        found: Found::default(),
        top: Map::new(),
        counted: (0, (1, 1)),
    };
    if let Err(fault) = scan.whole() {
        let (line, column) = scan.position(fault.at);
        let what = fault.what;
        scan.found.add(
            "",
            Rule::MalformedJson,
            Severity::Error,
            format_args!("not valid JSON at line {line}, column {column}: {what}"),
        );
    }
    Scanned {
        found: scan.found,
        top: scan.top,
    }
}

/// Line and column of a byte, from 1. A column is a character (a Unicode code point),
/// tabs included; lines end with LF, CR, or both.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    advance(text, (0, (1, 1)), at)
}

/// The position of `at`, counted on from one before it.
fn advance(text: &str, from: (usize, (usize, usize)), at: usize) -> (usize, usize) {
    let (start, (mut line, mut column)) = from;
    let bytes = text.as_bytes();
    for (index, character) in text[start..at].char_indices() {
        match character {
            '\r' if bytes.get(start + index + 1) == Some(&b'\n') => {}
            '\n' | '\r' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
    }
    (line, column)
}

/// Where a text stops being JSON, and why.
struct Fault {
    what: Cow<'static, str>,
    at: usize,
}

type Step<T = ()> = Result<T, Fault>;

fn fault<T>(at: usize, what: impl Into<Cow<'static, str>>) -> Step<T> {
    let what = what.into();
    Err(Fault { what, at })
}

struct Scan<'a> {
    text: &'a str,
    /// Always between two characters.
    at: usize,
    /// The brackets that are open.
    open: Vec<usize>,
    found: Found,
    top: Map<String, Value>,
    /// A position that is known.
    counted: (usize, (usize, usize)),
}

impl<'a> Scan<'a> {
    fn whole(&mut self) -> Step {
        self.white()?;
        match self.rest() {
            "" => return fault(self.at, "the text is empty"),
            html if html.starts_with("<!") || html.starts_with("<html") => {
                return fault(self.at, "this is HTML");
            }
            _ => self.value(&Path::Root)?,
        }
        self.white()?;
        match self.peek() {
            None => Ok(()),
            Some(close @ ('}' | ']')) => fault(self.at, format!("a {close} too many")),
            Some(_) => fault(self.at, "more after the end of the value"),
        }
    }

    fn value(&mut self, path: &Path<'_>) -> Step {
        match self.peek() {
            Some('{') => self.inside(|this| this.object(path)),
            Some('[') => self.inside(|this| this.array(path)),
            Some('"') => self.string(path).map(drop),
            Some('-' | '0'..='9') => self.number(path),
            _ => self.word(),
        }
    }

    /// Scans an object or an array, at its opening bracket.
    fn inside(&mut self, scan: impl FnOnce(&mut Self) -> Step) -> Step {
        if self.open.len() == DEPTH_MAX {
            return fault(self.at, format!("nested more than {DEPTH_MAX} levels deep"));
        }
        self.open.push(self.at);
        self.at += 1;
        scan(self)?;
        self.open.pop();
        Ok(())
    }

    fn object(&mut self, path: &Path<'_>) -> Step {
        let mut names = HashSet::new();
        let mut comma = None;
        loop {
            self.white()?;
            if self.ends('}', comma)? {
                return Ok(());
            }
            let start = self.at;
            let name = self.name(comma.is_none())?;
            let path = path.field(&name);
            self.white()?;
            match self.peek() {
                Some(':') => self.at += 1,
                Some('=') => return fault(self.at, "an equals sign where a colon belongs"),
                None => return self.too_early(),
                Some(_) => return fault(self.at, "a missing colon"),
            }
            self.white()?;
            if let Some(',' | '}' | ']') = self.peek() {
                return fault(self.at, "a missing value");
            }
            if self.open.len() == 1 {
                let value = match self.peek() {
                    Some('{') => Value::Object(Map::new()),
                    _ => Value::Null,
                };
                self.top.insert(name.to_string(), value);
            }
            if names.contains(&name) {
                self.report(&path, Rule::DuplicateKey, start, "is there twice, again");
            }
            self.value(&path)?;
            names.insert(name);
            comma = self.after('}')?;
            if comma.is_none() {
                return Ok(());
            }
        }
    }

    fn array(&mut self, path: &Path<'_>) -> Step {
        let mut comma = None;
        for index in 0.. {
            self.white()?;
            if self.ends(']', comma)? {
                return Ok(());
            }
            self.value(&Path::Index(path, index))?;
            comma = self.after(']')?;
            if comma.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Before a name or an item, behind a comma if there is one: whether the bracket
    /// closes here.
    fn ends(&mut self, close: char, comma: Option<usize>) -> Step<bool> {
        match (self.peek(), comma) {
            (None, _) => self.too_early(),
            (Some(','), _) => fault(self.at, "a comma without a value before it"),
            (Some('}' | ']'), Some(comma)) => fault(comma, "a trailing comma"),
            (Some(found @ ('}' | ']')), None) => self.close(close, found).map(|()| true),
            _ => Ok(false),
        }
    }

    /// Behind a value: the place of the comma, or none if the bracket closes.
    fn after(&mut self, close: char) -> Step<Option<usize>> {
        let end = self.at;
        self.white()?;
        let adjacent = self.at == end && self.text[..end].ends_with('"');
        match self.peek() {
            None => self.too_early(),
            Some(',') => {
                self.at += 1;
                Ok(Some(self.at - 1))
            }
            Some(found @ ('}' | ']')) => self.close(close, found).map(|()| None),
            Some(';') => fault(self.at, "a semicolon where a comma belongs"),
            Some(':') => fault(self.at, "an unexpected :"),
            Some(letter) if adjacent && letter.is_alphanumeric() => fault(
                end - 1,
                "a quotation mark inside a string without a \\ before it",
            ),
            Some(_) => fault(self.at, "a missing comma"),
        }
    }

    fn close(&mut self, close: char, found: char) -> Step {
        if found != close {
            let open = if close == '}' { '{' } else { '[' };
            return fault(self.at, format!("a {found} that closes a {open}"));
        }
        self.at += 1;
        Ok(())
    }

    fn too_early<T>(&mut self) -> Step<T> {
        let end = self.at;
        let Some(&open) = self.open.last() else {
            return fault(end, "the text ends too early");
        };
        let (line, column) = self.position(open);
        let bracket = &self.text[open..=open];
        let place = format!("the {bracket} of line {line}, column {column}");
        fault(
            end,
            format!("the text ends too early: {place} is not closed"),
        )
    }

    /// The name of a field; `first` if no other is before it.
    fn name(&mut self, first: bool) -> Step<Cow<'a, str>> {
        match self.peek() {
            Some('"') => self.string(&Path::Root),
            Some('{') if first && self.text[..self.at].ends_with('{') => {
                fault(self.at - 1, "a placeholder in place of a value")
            }
            Some(letter) if letter.is_alphanumeric() || letter == '_' || letter == '$' => {
                fault(self.at, "an unquoted key")
            }
            _ => self.unexpected(),
        }
    }

    /// What begins neither a string, a number nor a bracket.
    fn word(&mut self) -> Step {
        let start = self.at;
        let rest = self.rest();
        let length = rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        let what = match &rest[..length] {
            "true" | "false" | "null" => {
                self.at += length;
                return Ok(());
            }
            "" if rest.starts_with("${") => "a placeholder in place of a value",
            "" => return self.unexpected(),
            "NaN" => "NaN, which JSON doesn't have",
            "Infinity" => "Infinity, which JSON doesn't have",
            "undefined" => "undefined, which JSON doesn't have",
            "True" | "TRUE" => "true is written true in small letters",
            "False" | "FALSE" => "false is written false in small letters",
            "None" | "Null" | "NULL" | "nil" => "nothing is written null",
            _ => "an unquoted text",
        };
        fault(start, what)
    }

    fn unexpected<T>(&mut self) -> Step<T> {
        let what = match self.peek() {
            None => return self.too_early(),
            Some('\'') => "single quotes, where JSON has double quotes".into(),
            Some('`') => "a backtick, where JSON has double quotes".into(),
            Some('“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»' | '＂') => {
                "curly quotes, where JSON has straight ones".into()
            }
            Some('<') => "a placeholder in place of a value".into(),
            Some('+') => "a plus sign before a number".into(),
            Some('.') => "a number with no digit before its point".into(),
            Some(sign) if sign.is_ascii_punctuation() => format!("an unexpected {sign}").into(),
            Some(other) => format!("an unexpected character (U+{:04X})", u32::from(other)).into(),
        };
        Err(Fault { what, at: self.at })
    }

    /// Goes past a string, at its first quotation mark, and tells what it holds.
    fn string(&mut self, path: &Path<'_>) -> Step<Cow<'a, str>> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        self.at += 1;
        loop {
            let Some(byte) = bytes.get(self.at) else {
                return fault(start, "an unclosed string");
            };
            match byte {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape(path)?;
                }
                b'\n' | b'\r' => return self.broken_string(start),
                b'\t' => return fault(self.at, "a raw tab inside a string, which is written \\t"),
                0..0x20 => return fault(self.at, "a control character inside a string"),
                _ => self.at += 1,
            }
        }
        self.at += 1;
        let quoted = &self.text[start..self.at];
        // Half a character is nothing that can be read; it has been reported.
        let read = escaped.then(|| serde_json::from_str(quoted).ok()).flatten();
        Ok(read.map_or(Cow::Borrowed(&quoted[1..quoted.len() - 1]), Cow::Owned))
    }

    /// A line ends inside a string: it goes on there, unless what follows the next
    /// quotation mark is no JSON, so that this one opens a string.
    fn broken_string(&self, start: usize) -> Step<Cow<'a, str>> {
        let closes = self.rest().split_once('"').is_some_and(|(_, behind)| {
            let behind = behind.trim_start();
            behind.is_empty() || behind.starts_with([',', '}', ']', ':'])
        });
        if closes {
            return fault(
                self.at,
                "a raw newline inside a string, which is written \\n",
            );
        }
        fault(start, "an unclosed string")
    }

    fn escape(&mut self, path: &Path<'_>) -> Step {
        let start = self.at;
        match self.text.as_bytes().get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let Some(unit) = self.unit(start) else {
                    return fault(start, "a bad escape: \\u needs four hexadecimal digits");
                };
                self.at += 6;
                match (unit, self.unit(self.at)) {
                    (0xd800..0xdc00, Some(0xdc00..0xe000)) => self.at += 6,
                    (0xd800..0xe000, _) => self.report(
                        path,
                        Rule::Inexact,
                        start,
                        "holds half a character (a lone surrogate), which can't be kept,",
                    ),
                    _ => {}
                }
            }
            // A string that isn't closed, which its caller sees.
            None => self.at += 1,
            Some(_) => return fault(start, "a bad escape"),
        }
        Ok(())
    }

    /// The UTF-16 unit that is escaped there.
    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| plain)
    }

    fn number(&mut self, path: &Path<'_>) -> Step {
        let start = self.at;
        let minus = self.skip("-");
        if minus && self.rest().starts_with("Inf") {
            return fault(start, "Infinity, which JSON doesn't have");
        }
        let whole = self.at;
        match self.digits() {
            0 => return fault(start, "a minus sign without a number"),
            1 => {}
            _ if self.text[whole..].starts_with('0') => {
                return fault(start, "a number with a leading zero");
            }
            _ => {}
        }
        if self.text[whole..self.at] == *"0" && self.rest().starts_with(['x', 'X']) {
            return fault(start, "a hexadecimal number");
        }
        if self.skip(".") && self.digits() == 0 {
            return fault(start, "a number with no digit after its point");
        }
        if self.skip("e") || self.skip("E") {
            let _ = self.skip("+") || self.skip("-");
            if self.digits() == 0 {
                return fault(start, "a number with no digit in its exponent");
            }
        }
        if self
            .peek()
            .is_some_and(|next| next.is_alphanumeric() || next == '_')
        {
            return fault(start, "a number that goes on with a letter");
        }
        let number = &self.text[start..self.at];
        match number::change(number) {
            Some(_) if number.contains(['e', 'E', '.']) && number::is_too_large(number) => {
                fault(start, "a number that is too large")
            }
            Some(why) => {
                self.report(path, Rule::Inexact, start, why);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn digits(&mut self) -> usize {
        let rest = self.rest().as_bytes();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn skip(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    /// Goes past white space.
    fn white(&mut self) -> Step {
        let rest = self.rest();
        let is_white = |sign: &u8| b" \t\n\r".contains(sign);
        self.at += rest.bytes().take_while(|byte| is_white(byte)).count();
        let rest = self.rest();
        if rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with('#') {
            return fault(self.at, "a comment, which JSON doesn't have");
        }
        match self.peek() {
            Some(
                space @ ('\u{b}'
                | '\u{c}'
                | '\u{85}'
                | '\u{a0}'
                | '\u{1680}'
                | '\u{2000}'..='\u{200d}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202f}'
                | '\u{205f}'
                | '\u{2060}'
                | '\u{3000}'
                | '\u{feff}'),
            ) => {
                let what = format!(
                    "a space that JSON doesn't have (U+{:04X})",
                    u32::from(space)
                );
                fault(self.at, what)
            }
            _ => Ok(()),
        }
    }

    fn report(&mut self, path: &Path<'_>, rule: Rule, at: usize, what: &str) {
        // The position costs more than the rest.
        if self.found.counts().0 >= crate::limits::VIOLATIONS_MAX {
            self.found.add("", rule, Severity::Error, "");
            return;
        }
        let (line, column) = self.position(at);
        let message = format_args!("{what} at line {line}, column {column}");
        self.found.add(path, rule, Severity::Error, message);
    }

    fn position(&mut self, at: usize) -> (usize, usize) {
        let known = if self.counted.0 <= at {
            self.counted
        } else {
            (0, (1, 1))
        };
        let position = advance(self.text, known, at);
        self.counted = (at, position);
        position
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
}
