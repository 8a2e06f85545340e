//! JSON as Meta's own samples spell it in forms: `{'id':'1'}`, `{text:'x'}`.

use serde_json::{Map, Number, Value};

/// As deep as `serde_json` goes.
const DEPTH_MAX: usize = 128;

/// Reads JSON that may have strings in single quotes, bare keys and a comma after the last item.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text };
    let value = reader.value(DEPTH_MAX)?;
    reader.skip_space();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Takes a character if it comes next.
    fn take(&mut self, wanted: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self, allowed: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !allowed(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.skip_space();
        match self.rest.chars().next()? {
            '{' => self.object(depth),
            '[' => self.array(depth),
            '"' | '\'' => self.string().map(Value::String),
            _ => {
                let word = self.word(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
                match word {
                    "true" => Some(Value::Bool(true)),
                    "false" => Some(Value::Bool(false)),
                    "null" => Some(Value::Null),
                    number => serde_json::from_str::<Number>(number)
                        .ok()
                        .map(Value::Number),
                }
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        self.take('{');
        while !self.take('}') {
            let key = if self.rest.starts_with(['"', '\'']) {
                self.string()?
            } else {
                let word = self.word(|c| c.is_alphanumeric() || "_$".contains(c));
                (!word.is_empty()).then(|| word.to_owned())?
            };
            if !self.take(':') {
                return None;
            }
            map.insert(key, self.value(depth)?);
            if !self.take(',') && !self.next_is('}') {
                return None;
            }
        }
        Some(Value::Object(map))
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.take('[');
        while !self.take(']') {
            items.push(self.value(depth)?);
            if !self.take(',') && !self.next_is(']') {
                return None;
            }
        }
        Some(Value::Array(items))
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.skip_space();
        self.rest.starts_with(wanted)
    }

    /// A string in either kind of quotes; JSON's escapes, and those of both quotes.
    fn string(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let inner = &self.rest[1..];
        let mut json = String::from("\"");
        let mut chars = inner.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    '\'' => json.push('\''),
                    escaped => json.extend(['\\', escaped]),
                },
                '"' if quote == '\'' => json.push_str("\\\""),
                c if c == quote => {
                    json.push('"');
                    self.rest = &inner[at + 1..];
                    return serde_json::from_str(&json).ok();
                }
                c => json.push(c),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_samples_and_bots_write() {
        for (text, value) in [
            ("{'id':'1'}", json!({"id": "1"})),
            ("{text:'x'}", json!({"text": "x"})),
            (
                r#"{ 'text' : 'it\'s "so"', "n": -1.5e2, }"#,
                json!({"text": "it's \"so\"", "n": -150.0}),
            ),
            (
                r"{a: [1, 'zwei', {}, [],], $b_1: null, c: true}",
                json!({"a": [1, "zwei", {}, []], "$b_1": null, "c": true}),
            ),
            (r"{'a':'ü \u00fc \n😀'}", json!({"a": "ü ü \n😀"})),
            ("{'':''}", json!({"": ""})),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_at_all() {
        let deep = "[".repeat(100_000);
        for text in [
            "",
            "{",
            "{'a'",
            "{'a':}",
            "{a b:1}",
            "{,}",
            "[,]",
            "{'a':1 'b':2}",
            "{'a':'b}",
            "{'a':nope}",
            "{a:1}x",
            "{:1}",
            r"{'a':'\",
            &deep,
        ] {
            assert_eq!(parse(text), None, "{}", &text[..text.len().min(20)]);
        }
    }
}
