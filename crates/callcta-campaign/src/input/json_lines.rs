//! JSON lines: an object per line. Digits are taken as they are written.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::bytes::{BUFFER, RECORD_MAX, Seen};
use super::{COLUMNS_MAX, KEY, OWN_PREFIX, PAGE, PSID, Problem, Row, Source, check_ids};
use crate::error::{Error, Result};

pub(super) struct JsonLines<R> {
    reader: BufReader<R>,
    line: u64,
    text: String,
    columns: Vec<Arc<str>>,
    known: HashMap<Arc<str>, usize>,
    seen: Arc<Seen>,
    read: u64,
}

impl<R: Read> JsonLines<R> {
    pub(super) fn new(stream: R, seen: Arc<Seen>) -> Self {
        JsonLines {
            reader: BufReader::with_capacity(BUFFER, stream),
            line: 0,
            text: String::new(),
            columns: Vec::new(),
            known: HashMap::new(),
            seen,
            read: 0,
        }
    }
}

impl<R: Read> Source for JsonLines<R> {
    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), Problem>>> {
        loop {
            self.text.clear();
            self.seen.mark(self.read);
            let mut line = (&mut self.reader).take(RECORD_MAX + 1);
            let count = line.read_line(&mut self.text);
            let count = count.map_err(|error| self.seen.failure(&error))? as u64;
            self.line += 1;
            self.read += count;
            if count == 0 {
                return Ok(None);
            }
            if count > RECORD_MAX {
                let text = format!("line {}: it has more than {RECORD_MAX} bytes", self.line);
                return Err(Error::input(text));
            }
            if !self.text.trim().is_empty() {
                row.line = self.line;
                return self.parse(row).map(Some);
            }
        }
    }

    fn columns(&self) -> Vec<Arc<str>> {
        let ours = self
            .columns
            .iter()
            .filter(|name| !name.starts_with(OWN_PREFIX));
        ours.cloned().collect()
    }

    fn hash(&mut self) -> String {
        self.seen.hash()
    }
}

impl<R> JsonLines<R> {
    fn parse(&mut self, row: &mut Row) -> Result<Result<(), Problem>> {
        let line = row.line;
        let object: Object<'_> = match serde_json::from_str(&self.text) {
            Ok(object) => object,
            Err(error) => {
                let text = format!("not a JSON object, at column {}", error.column());
                return Ok(Err(Problem::new(line, "malformed_json", "", text).fatal()));
            }
        };
        let mut names: Vec<&str> = Vec::with_capacity(object.0.len());
        // The other names are columns all the same.
        let mut wrong = None;
        for (name, raw) in &object.0 {
            if names.contains(&name.as_str()) {
                let text = "is there twice in one object";
                return Ok(Err(Problem::new(line, "duplicate_key", name, text).fatal()));
            }
            names.push(name);
            let column = match self.known.get(name.as_str()) {
                Some(at) => &self.columns[*at],
                None if self.columns.len() >= COLUMNS_MAX => {
                    let text = format!("line {line}: there are more than {COLUMNS_MAX} names");
                    return Err(Error::input(text));
                }
                None => {
                    let column: Arc<str> = name.as_str().into();
                    self.known.insert(Arc::clone(&column), self.columns.len());
                    self.columns.push(column);
                    &self.columns[self.columns.len() - 1]
                }
            };
            match read_value(column, raw.get()) {
                Ok(Some(value)) => row.set(column, &value),
                Ok(None) => {}
                Err((rule, text)) => {
                    wrong.get_or_insert_with(|| Problem::new(line, rule, name, text).fatal());
                }
            }
        }
        Ok(wrong.map_or_else(|| check_ids(row), Err))
    }
}

/// A value as text; `None` for null.
fn read_value(column: &str, raw: &str) -> Result<Option<String>, (&'static str, &'static str)> {
    match raw.as_bytes().first() {
        Some(b'"') => {
            let text = serde_json::from_str(raw);
            text.map(Some)
                .map_err(|_| ("malformed_json", "is no text that can be kept"))
        }
        Some(b'{' | b'[') => Err(("wrong_type", "must be a text or a number")),
        Some(b'n') => Ok(None),
        Some(b't' | b'f') if is_id(column) => Err(("wrong_type", "must be a text or a number")),
        Some(b'0'..=b'9' | b'-') if is_id(column) && raw.contains(['.', 'e', 'E', '-']) => Err((
            "excel_changed",
            "is a number with a fraction, an exponent or a sign; write ids as text",
        )),
        _ => Ok(Some(raw.to_owned())),
    }
}

fn is_id(column: &str) -> bool {
    [PSID, KEY, PAGE].contains(&column)
}

/// Names and values as they are written, in their order.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}
