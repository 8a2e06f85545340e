//! JSON as it is when something on the way spoiled its texts.
//!
//! What decides about a message are a few numbers and ids. Whatever a gateway does to
//! the texts around them must not hide those: so a string may hold bytes that are no
//! UTF-8, control characters, lone surrogates and unknown escapes, a document may be in
//! UTF-16, behind a guard such as `for(;;);`, or a string that holds the document. The
//! structure must be JSON's; where it isn't, reading ends, and what was read before
//! stands.

use std::borrow::Cow;
use std::str;

/// Deeper nesting ends the reading.
const MAX_DEPTH: usize = 64;
/// How often a document may be inside of a string of another one.
const MAX_WRAPPED: usize = 4;

/// What begins a document for a browser's sake, or from an encoding, and isn't JSON.
const GUARDS: &[&[u8]] = &[
    b"\xef\xbb\xbf",
    // The same, taken for Latin-1 and written as UTF-8.
    "\u{ef}\u{bb}\u{bf}".as_bytes(),
    b"for(;;);",
    b"for (;;);",
    b"while(1);",
    b"while (1);",
    b"while(true);",
    b"throw 1;",
    b")]}',",
    b")]}'",
];

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(Text),
    List(Vec<Node>),
    /// Repeated keys stay.
    Object(Vec<(String, Node)>),
}

/// A string.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    /// With U+FFFD for what can't be read.
    pub(super) value: String,
    /// Whether it is as it was written.
    pub(super) intact: bool,
    /// The list or object that it is the JSON of.
    pub(super) inner: Option<Box<Node>>,
}

impl Node {
    /// The values of a key, if this is an object.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Node> {
        let fields = match self {
            Node::Object(fields) => fields.as_slice(),
            _ => &[],
        };
        let values = fields.iter().filter(move |(name, _)| name == key);
        values.map(|(_, value)| value)
    }

    /// The list or object that this is, or is the JSON of.
    pub(super) fn unwrapped(&self) -> &Node {
        match self {
            Node::Text(Text {
                inner: Some(inner), ..
            }) => inner,
            node => node,
        }
    }

    /// The values within a list or object, with their keys.
    pub(super) fn children(&self) -> Vec<(&str, &Node)> {
        match self {
            Node::List(items) => items.iter().map(|item| ("", item)).collect(),
            Node::Object(fields) => {
                let fields = fields.iter();
                fields.map(|(key, value)| (key.as_str(), value)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A whole number, also as a text or with a fraction of zero.
    pub(super) fn integer(&self) -> Option<i64> {
        let text = match self {
            Node::Number(text) => text,
            Node::Text(text) if text.intact => text.value.trim(),
            _ => return None,
        };
        text.parse().ok().or_else(|| {
            let number: f64 = text.parse().ok()?;
            // Up to here every whole number has its own float.
            let exact = number.fract() == 0.0 && number.abs() < 9e15;
            #[allow(clippy::cast_possible_truncation)]
            exact.then_some(number as i64)
        })
    }

    /// An id: a text, or a number of digits only.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Node::Text(text) if text.intact && !text.value.is_empty() => Some(&text.value),
            Node::Number(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits)
            }
            _ => None,
        }
    }
}

/// What there is of a document.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Its value, and those of further documents right behind it.
    pub(super) roots: Vec<Node>,
    /// Whether the first one is there from its start to its end.
    pub(super) whole: bool,
}

/// How a body begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    Nothing,
    Json,
    Html,
    Other,
}

/// A body, in an encoding in which it can be read.
pub(super) struct Body<'a>(Cow<'a, [u8]>);

impl<'a> Body<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Body(utf16(bytes).map_or(Cow::Borrowed(bytes), |text| Cow::Owned(text.into_bytes())))
    }

    pub(super) fn start(&self) -> Start {
        match self.json() {
            [] => Start::Nothing,
            [b'{' | b'[' | b'"', ..] => Start::Json,
            [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?' | b'/', ..] => Start::Html,
            _ => Start::Other,
        }
    }

    /// Whether it is made of words, without anything that JSON has and prose hasn't.
    pub(super) fn is_prose(&self) -> bool {
        let control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
        let is_key = |after: &[u8]| after.trim_ascii_start().starts_with(b":");
        let mut quoted = self.0.split(|byte| *byte == b'"').skip(1);
        !self.0.iter().any(control) && !quoted.any(is_key) && self.0.trim_ascii().len() > 2
    }

    pub(super) fn holds(&self, word: &str) -> bool {
        let mut windows = self.0.windows(word.len());
        windows.any(|window| window == word.as_bytes())
    }

    pub(super) fn read(&self) -> Document {
        read(self.json(), MAX_WRAPPED)
    }

    /// The document as it is, if nothing spoiled it.
    pub(super) fn value(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(self.json()).ok()
    }

    /// Without what stands before the document.
    fn json(&self) -> &[u8] {
        let mut rest = &*self.0;
        loop {
            rest = rest.trim_ascii_start();
            let guard = GUARDS.iter().find_map(|guard| rest.strip_prefix(*guard));
            match guard.or_else(|| comment(rest)).or_else(|| call(rest)) {
                Some(after) => rest = after,
                None => return rest,
            }
        }
    }
}

/// What follows on a comment.
fn comment(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(b"/*")?;
    let end = rest.windows(2).position(|pair| pair == b"*/")?;
    Some(&rest[end + 2..])
}

/// The argument of a call (JSONP), or what follows on the size of a chunk.
fn call(rest: &[u8]) -> Option<&[u8]> {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$.".contains(byte);
    let length = rest.iter().take_while(|byte| in_name(byte)).count();
    let (name, rest) = rest.split_at(length);
    let size = name.iter().all(u8::is_ascii_hexdigit);
    let rest = match rest {
        [b'(', rest @ ..] => rest,
        [b'\r', b'\n', rest @ ..] if size => rest,
        _ => return None,
    };
    let document = matches!(rest.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'));
    (length > 0 && document).then_some(rest)
}

/// The text of a body in UTF-16, or in UTF-32 as far as it has the same characters.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (rest, little) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, true),
        [0xfe, 0xff, rest @ ..] | [0, 0, 0xfe, 0xff, rest @ ..] => (rest, false),
        _ => {
            let zeros = |odd: usize| bytes.iter().skip(odd).step_by(2).filter(|b| **b == 0);
            let (even, odd) = (zeros(0).count(), zeros(1).count());
            if even.max(odd) * 4 < bytes.len() || even + odd == 0 {
                return None;
            }
            (bytes, odd > even)
        }
    };
    let units = rest.chunks(2).map(|unit| match unit {
        [low, high] if little => u16::from_le_bytes([*low, *high]),
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => u16::from(b'?'),
    });
    let text = char::decode_utf16(units.filter(|unit| *unit != 0));
    let text = text.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(text.collect())
}

fn read(bytes: &[u8], wrapped: usize) -> Document {
    let mut reader = Reader {
        rest: bytes.trim_ascii_start(),
        broken: false,
        wrapped,
    };
    let mut document = Document::default();
    while matches!(reader.rest.first(), Some(b'{' | b'[' | b'"')) {
        let value = reader.value(0);
        reader.rest = reader.rest.trim_ascii_start();
        if document.roots.is_empty() {
            // What begins with a string and goes on has lost its beginning.
            let text = matches!(&value, Some(Node::Text(text)) if text.inner.is_none());
            document.whole = !reader.broken && (!text || reader.rest.is_empty());
        }
        document.roots.extend(value);
        if reader.broken {
            break;
        }
    }
    document
}

struct Reader<'a> {
    rest: &'a [u8],
    /// Where reading ended, or the end came too early.
    broken: bool,
    wrapped: usize,
}

impl Reader<'_> {
    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn give_up<T>(&mut self) -> Option<T> {
        self.broken = true;
        None
    }

    /// A value, or what there is of a list or object.
    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return self.give_up();
        }
        match self.next() {
            Some(b'{') => Some(self.object(depth)),
            Some(b'[') => Some(self.list(depth)),
            Some(b'"') => self.text().map(|text| Node::Text(self.open(text))),
            Some(first) => self.word(first),
            None => self.give_up(),
        }
    }

    fn object(&mut self, depth: usize) -> Node {
        let mut fields = Vec::new();
        let mut next = self.next();
        while next != Some(b'}') || !fields.is_empty() {
            let key = match next {
                Some(b'"') => self.text(),
                _ => self.give_up(),
            };
            let Some(key) = key else { break };
            if self.next() != Some(b':') {
                self.broken = true;
                break;
            }
            let value = self.value(depth + 1);
            fields.extend(value.map(|value| (key.value, value)));
            if self.broken || !self.goes_on(b'}') {
                break;
            }
            next = self.next();
        }
        Node::Object(fields)
    }

    fn list(&mut self, depth: usize) -> Node {
        let mut items = Vec::new();
        self.rest = self.rest.trim_ascii_start();
        if let Some(rest) = self.rest.strip_prefix(b"]") {
            self.rest = rest;
            return Node::List(items);
        }
        loop {
            items.extend(self.value(depth + 1));
            if self.broken || !self.goes_on(b']') {
                return Node::List(items);
            }
        }
    }

    /// Whether a comma follows, and not the end.
    fn goes_on(&mut self, end: u8) -> bool {
        let next = self.next();
        self.broken |= next != Some(b',') && next != Some(end);
        next == Some(b',')
    }

    /// A number or one of the three words, of which the first byte is taken.
    fn word(&mut self, first: u8) -> Option<Node> {
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let length = self.rest.iter().take_while(|byte| part(byte)).count();
        let (word, rest) = self.rest.split_at(length);
        // At the very end it may be the beginning of another one.
        let next = rest.first();
        if !next.is_some_and(|byte| byte.is_ascii_whitespace() || b",]}".contains(byte)) {
            return self.give_up();
        }
        self.rest = rest;
        let word = [&[first], word].concat();
        let number = || str::from_utf8(&word).ok().filter(|word| is_number(word));
        match &*word {
            b"null" => Some(Node::Null),
            b"true" => Some(Node::Bool(true)),
            b"false" => Some(Node::Bool(false)),
            _ => match number() {
                Some(number) => Some(Node::Number(number.to_owned())),
                None => self.give_up(),
            },
        }
    }

    /// A string, of which the first quote is taken; none if it has no end.
    fn text(&mut self) -> Option<Text> {
        let mut bytes = Vec::new();
        let mut intact = true;
        loop {
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..=0x1f);
            let Some(length) = self.rest.iter().position(special) else {
                return self.give_up();
            };
            let (plain, rest) = self.rest.split_at(length);
            bytes.extend_from_slice(plain);
            self.rest = &rest[1..];
            match rest[0] {
                b'"' => break,
                b'\\' => intact &= self.escape(&mut bytes)?,
                control => {
                    bytes.push(control);
                    intact = false;
                }
            }
        }
        let value = String::from_utf8(bytes).unwrap_or_else(|error| {
            intact = false;
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        Some(Text {
            value,
            intact,
            inner: None,
        })
    }

    /// An escape, of which the backslash is taken; whether it is one of JSON's.
    fn escape(&mut self, bytes: &mut Vec<u8>) -> Option<bool> {
        let Some((&byte, rest)) = self.rest.split_first() else {
            return self.give_up();
        };
        self.rest = rest;
        let (byte, known) = match byte {
            b'u' => return Some(self.unicode(bytes)),
            b'n' => (b'\n', true),
            b't' => (b'\t', true),
            b'r' => (b'\r', true),
            b'b' => (8, true),
            b'f' => (12, true),
            other => (other, matches!(other, b'"' | b'\\' | b'/')),
        };
        bytes.push(byte);
        Some(known)
    }

    /// An escaped character, of which `\u` is taken.
    fn unicode(&mut self, bytes: &mut Vec<u8>) -> bool {
        let read = self.unit().and_then(|first| {
            let rest = self.rest;
            let second = rest.strip_prefix(b"\\u").and_then(|after| {
                self.rest = after;
                self.unit()
            });
            let pair = second.map(|second| [first, second]);
            match pair.map(|pair| char::decode_utf16(pair).next()) {
                Some(Some(Ok(character))) if character.len_utf16() == 2 => Some(character),
                _ => {
                    self.rest = rest;
                    char::from_u32(u32::from(first))
                }
            }
        });
        let character = read.unwrap_or(char::REPLACEMENT_CHARACTER);
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        read.is_some()
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u16> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        let digits = str::from_utf8(digits).ok();
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.rest = rest;
        u16::from_str_radix(digits, 16).ok()
    }

    /// Reads what is written in a text.
    fn open(&self, mut text: Text) -> Text {
        let value = text.value.trim_start();
        if self.wrapped > 0 && value.starts_with(['{', '[', '"']) {
            let document = read(value.as_bytes(), self.wrapped - 1);
            if let (true, [root]) = (document.whole, &*document.roots)
                && let node @ (Node::List(_) | Node::Object(_)) = root.unwrapped()
            {
                text.inner = Some(Box::new(node.clone()));
            }
        }
        text
    }
}

fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && word.parse::<f64>().is_ok()
}
