//! The message of a campaign: JSON with `{{placeholders}}` in its texts.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use callcta::{Request, parse_json};
use minijinja::value::Object;
use minijinja::{Environment, Error as RenderError, UndefinedBehavior, Value as Cell};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::input::{KEY, PAGE, PSID, Problem, Row, hex};

/// A message, or a whole request, with placeholders.
///
/// Each text is a template of its own, so what a cell holds is never read as JSON nor as
/// a template. A cell that is blank counts as missing, and what is missing fails the row
/// unless a default is written: `{{ name | default("friend") }}`. A text that is nothing
/// but one placeholder with a filter takes the filter's type: `"{{ days | int }}"` is a
/// number.
pub struct Template {
    json: String,
    hash: String,
    environment: Environment<'static>,
    fields: Vec<(String, Part)>,
    placeholders: BTreeSet<String>,
    has_metadata: bool,
}

/// A part of the message's JSON.
enum Part {
    Fixed(Value),
    Text(Text),
    List(Vec<Part>),
    Object(Vec<(String, Part)>),
}

/// A text with placeholders.
struct Text {
    /// Its template's name in the environment.
    name: String,
    /// What is between the braces, if there is nothing else and it has a filter.
    expression: Option<String>,
    path: String,
    placeholders: Vec<String>,
}

/// What placeholders find.
#[derive(Debug)]
struct Cells(Vec<(Arc<str>, Cell)>);

impl Object for Cells {
    fn get_value(self: &Arc<Self>, name: &Cell) -> Option<Cell> {
        let name = name.as_str()?;
        let cell = self.0.iter().find(|(known, _)| known.as_ref() == name);
        cell.map(|(_, cell)| cell.clone())
    }
}

impl Template {
    /// A message from its file: a `message` object or a whole request, whose recipient
    /// doesn't count.
    ///
    /// # Errors
    ///
    /// Of the kind [`Template`](crate::ErrorKind::Template) if it isn't JSON, or if a
    /// placeholder can't be read; says where.
    pub fn new(json: impl AsRef<[u8]>) -> Result<Self> {
        let unread = |error: callcta::Error| Error::template(error.to_string());
        let Value::Object(object) = parse_json(&json).map_err(unread)? else {
            return Err(Error::template("the message must be a JSON object"));
        };
        let json = Value::Object(object.clone()).to_string();
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        let mut template = Template {
            hash: hex(&Sha256::digest(&json)),
            json,
            environment,
            fields: Vec::new(),
            placeholders: BTreeSet::new(),
            has_metadata: false,
        };
        let inner = object.get("message").and_then(Value::as_object);
        template.has_metadata = inner.unwrap_or(&object).contains_key("metadata");
        template.fields = template.object(object, "")?;
        Ok(template)
    }

    /// The message as JSON, placeholders and all.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// What tells this message from any other.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The names that placeholders use, in alphabetical order.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.placeholders.iter().map(String::as_str)
    }

    /// Whether the message sets `metadata` itself, so that there is no room for a send key
    /// by which an echo could settle an unknown send.
    pub fn has_metadata(&self) -> bool {
        self.has_metadata
    }

    /// Whether there is a column for each placeholder.
    ///
    /// # Errors
    ///
    /// Of the kind [`Template`](crate::ErrorKind::Template), naming all that have none.
    pub fn check_columns(&self, columns: &[Arc<str>]) -> Result<()> {
        let known = |name: &str| columns.iter().any(|column| column.as_ref() == name);
        let missing: Vec<&str> = self.placeholders().filter(|name| !known(name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let columns: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        Err(Error::template(format!(
            "there is no column for these placeholders: {}; the columns are: {}",
            missing.join(", "),
            columns.join(", ")
        )))
    }

    /// The request for a row.
    ///
    /// # Errors
    ///
    /// A [`Problem`] with the rule `blank_cell` or `render_failed`.
    pub fn render(&self, row: &Row) -> Result<Request, Problem> {
        let cells = Cell::from_object(self.cells(row));
        let fields = self.render_fields(&self.fields, &cells, row)?;
        let mut request = Request::raw(fields);
        request.recipient = Some(row.psid.as_str().into());
        Ok(request)
    }

    /// The cells that the message uses and that aren't blank.
    fn cells(&self, row: &Row) -> Cells {
        let reserved = [(PSID, &row.psid), (KEY, &row.key), (PAGE, &row.page)];
        let reserved = reserved.map(|(name, value)| (Arc::from(name), value));
        let cells = row
            .cells
            .iter()
            .map(|(name, value)| (Arc::clone(name), value));
        let used = cells.chain(reserved).filter(|(name, value)| {
            self.placeholders.contains(name.as_ref()) && !value.trim().is_empty()
        });
        Cells(
            used.map(|(name, value)| (name, Cell::from(value.as_str())))
                .collect(),
        )
    }

    fn object(&mut self, object: Map<String, Value>, path: &str) -> Result<Vec<(String, Part)>> {
        let fields = object.into_iter().map(|(name, value)| {
            if has_placeholder(&name) {
                let text = format!("{path}: a placeholder can't stand in the name of a field");
                return Err(Error::template(text));
            }
            let path = match path {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            Ok((name, self.part(value, &path)?))
        });
        fields.collect()
    }

    fn part(&mut self, value: Value, path: &str) -> Result<Part> {
        Ok(match value {
            Value::String(text) if has_placeholder(&text) => Part::Text(self.text(text, path)?),
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                let parts = items.map(|(index, item)| self.part(item, &format!("{path}[{index}]")));
                Part::List(parts.collect::<Result<_>>()?)
            }
            Value::Object(object) => Part::Object(self.object(object, path)?),
            fixed => Part::Fixed(fixed),
        }
        .settled())
    }

    fn text(&mut self, text: String, path: &str) -> Result<Text> {
        let unread = |error: &RenderError| {
            let line = error.line().unwrap_or(1);
            let detail = error.detail().unwrap_or("it can't be read");
            Error::template(format!("{path}: a placeholder in line {line}: {detail}"))
        };
        let expression = lone_expression(&text).map(str::to_owned);
        if let Some(expression) = &expression {
            let compiled = self
                .environment
                .compile_expression_owned(expression.clone());
            compiled.map_err(|error| unread(&error))?;
        }
        // Not the path, whose end might be taken for a file's extension.
        let name = self.environment.templates().count().to_string();
        let added = self.environment.add_template_owned(name.clone(), text);
        added.map_err(|error| unread(&error))?;
        let compiled = self
            .environment
            .get_template(&name)
            .expect("it was just added");
        let undeclared = compiled.undeclared_variables(false);
        let is_global = |name: &str| self.environment.globals().any(|(known, _)| known == name);
        let mut placeholders: Vec<String> = undeclared.into_iter().collect();
        placeholders.retain(|name| !is_global(name));
        placeholders.sort_unstable();
        self.placeholders.extend(placeholders.iter().cloned());
        let text = Text {
            name,
            expression,
            path: path.to_owned(),
            placeholders,
        };
        // Filters are looked up only when they are used.
        let filled = |name: &String| (Arc::from(name.as_str()), Cell::from("1"));
        for cells in [text.placeholders.iter().map(filled).collect(), Vec::new()] {
            match self.render_text(&text, &Cell::from_object(Cells(cells))) {
                Err(error) if is_unknown_name(&error) => return Err(unread(&error)),
                _ => {}
            }
        }
        Ok(text)
    }

    fn render_fields(
        &self,
        fields: &[(String, Part)],
        cells: &Cell,
        row: &Row,
    ) -> Result<Map<String, Value>, Problem> {
        let fields = fields.iter();
        let fields =
            fields.map(|(name, part)| Ok((name.clone(), self.render_part(part, cells, row)?)));
        fields.collect()
    }

    fn render_part(&self, part: &Part, cells: &Cell, row: &Row) -> Result<Value, Problem> {
        Ok(match part {
            Part::Fixed(value) => value.clone(),
            Part::List(parts) => {
                let items = parts.iter().map(|part| self.render_part(part, cells, row));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Part::Object(fields) => Value::Object(self.render_fields(fields, cells, row)?),
            Part::Text(text) => {
                let rendered = self.render_text(text, cells);
                rendered.map_err(|error| text.problem(&error, row))?
            }
        })
    }

    fn render_text(&self, text: &Text, cells: &Cell) -> Result<Value, RenderError> {
        let Some(expression) = &text.expression else {
            let template = self.environment.get_template(&text.name)?;
            return Ok(Value::String(template.render(cells.clone())?));
        };
        let value = self
            .environment
            .compile_expression(expression)?
            .eval(cells.clone())?;
        if value.is_undefined() {
            return Err(minijinja::ErrorKind::UndefinedError.into());
        }
        Ok(match value.as_str() {
            Some(text) => Value::String(text.to_owned()),
            None if value.is_number()
                || matches!(value.kind(), minijinja::value::ValueKind::Bool) =>
            {
                // As it would be printed, which is JSON for both.
                parse_json(value.to_string()).unwrap_or_else(|_| Value::String(value.to_string()))
            }
            None => Value::String(value.to_string()),
        })
    }
}

impl Text {
    fn problem(&self, error: &RenderError, row: &Row) -> Problem {
        if error.kind() == minijinja::ErrorKind::UndefinedError {
            let blank = self.placeholders.iter().find(|name| is_blank(row, name));
            let text = format!(
                "is blank, and {} has no default for it; write {{{{ … | default(\"…\") }}}} if it \
                 may be",
                self.path
            );
            let place = blank.map_or("", String::as_str);
            return Problem::new(row.line, "blank_cell", place, text);
        }
        // Its detail may quote the cell.
        let text = format!("can't be filled in: {}", error.kind());
        Problem::new(row.line, "render_failed", &self.path, text)
    }
}

impl Part {
    /// Without taking apart what has no placeholder.
    fn settled(self) -> Self {
        let fixed = |part: &Part| matches!(part, Part::Fixed(_));
        match self {
            Part::List(parts) if parts.iter().all(fixed) => {
                Part::Fixed(Value::Array(parts.into_iter().map(Part::value).collect()))
            }
            Part::Object(fields) if fields.iter().all(|(_, part)| fixed(part)) => {
                let fields = fields.into_iter().map(|(name, part)| (name, part.value()));
                Part::Fixed(Value::Object(fields.collect()))
            }
            other => other,
        }
    }

    fn value(self) -> Value {
        match self {
            Part::Fixed(value) => value,
            _ => Value::Null,
        }
    }
}

fn is_unknown_name(error: &RenderError) -> bool {
    use minijinja::ErrorKind::{UnknownFilter, UnknownFunction, UnknownMethod, UnknownTest};
    matches!(
        error.kind(),
        UnknownFilter | UnknownFunction | UnknownMethod | UnknownTest
    )
}

fn has_placeholder(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

/// What is between the braces of a text that is one placeholder with a filter.
fn lone_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let inner = inner.trim_start_matches('-').trim_end_matches('-').trim();
    let lone = !["{{", "}}", "{%"].iter().any(|brace| inner.contains(brace));
    (lone && inner.contains('|')).then_some(inner)
}

fn is_blank(row: &Row, name: &str) -> bool {
    let value = match name {
        PSID => Some(&row.psid),
        KEY => Some(&row.key),
        PAGE => Some(&row.page),
        _ => (row.cells.iter().find(|(known, _)| known.as_ref() == name)).map(|(_, value)| value),
    };
    value.is_none_or(|value| value.trim().is_empty())
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("hash", &self.hash)
            .field("placeholders", &self.placeholders)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(&str, &str)]) -> Row {
        let mut row = Row {
            line: 7,
            ..Row::default()
        };
        for (name, value) in [("psid", "12")].iter().chain(cells) {
            row.set(&Arc::from(*name), value);
        }
        row
    }

    fn render(json: &str, cells: &[(&str, &str)]) -> Result<Value, Problem> {
        let template = Template::new(json).unwrap();
        let request = template.render(&row(cells))?;
        Ok(serde_json::from_str(&request.to_json()).unwrap())
    }

    fn text_of(text: &str, cells: &[(&str, &str)]) -> Result<Value, Problem> {
        let json = serde_json::json!({"message": {"text": text}}).to_string();
        render(&json, cells).map(|mut request| request["message"]["text"].take())
    }

    #[test]
    fn placeholders_are_filled_and_the_recipient_is_the_rows() {
        let json = r#"{"recipient": {"id": "99"}, "messaging_type": "UPDATE",
            "message": {"text": "Dear {{ name }}, {{key}}"}}"#;
        let expected = serde_json::json!({
            "recipient": {"id": "12"}, "messaging_type": "UPDATE",
            "message": {"text": "Dear Ada, k"},
        });
        assert_eq!(
            render(json, &[("name", "Ada"), ("key", "k")]).unwrap(),
            expected
        );
        let bare = render(r#"{"text": "{{ name }}"}"#, &[("name", "Ada")]).unwrap();
        assert_eq!(bare["message"]["text"], "Ada");
    }

    #[test]
    fn cells_are_data_whatever_they_hold() {
        for value in [
            "\"}, {\"a\": \"",
            "{{ psid }}",
            "{% if %}",
            "a\\u0022\n<b>&amp;",
            "{{",
        ] {
            assert_eq!(
                text_of("<{{ x }}>", &[("x", value)]).unwrap(),
                format!("<{value}>")
            );
            assert_eq!(
                text_of("{{ x|trim }}", &[("x", value)]).unwrap(),
                value.trim()
            );
        }
    }

    #[test]
    fn a_blank_cell_fails_the_row_unless_a_default_is_written() {
        for cells in [&[][..], &[("name", "")], &[("name", " \u{a0}\t")]] {
            for text in [
                "Dear {{ name }}",
                "{{ name | upper }}",
                "{% for c in name %}x{% endfor %}",
            ] {
                let problem = text_of(text, cells).unwrap_err();
                assert_eq!(
                    (
                        problem.line,
                        problem.rule,
                        problem.place.as_str(),
                        problem.fatal
                    ),
                    (7, "blank_cell", "name", false),
                    "{text}"
                );
            }
            let told = text_of("Dear {{ name | default(\"friend\") }}", cells).unwrap();
            assert_eq!(told, "Dear friend");
            let told = text_of("for you{% if name %} at {{ name }}{% endif %}", cells).unwrap();
            assert_eq!(told, "for you");
        }
    }

    #[test]
    fn a_filter_that_stands_alone_gives_its_type() {
        assert_eq!(text_of("{{ d | int }}", &[("d", "5")]).unwrap(), 5);
        assert_eq!(text_of("{{ d }}", &[("d", "5")]).unwrap(), "5");
        assert_eq!(
            text_of("{{ d | int }} days", &[("d", "5")]).unwrap(),
            "5 days"
        );
        let problem = text_of("{{ d | int }}", &[("d", "five")]).unwrap_err();
        assert_eq!(
            (problem.rule, problem.place.as_str()),
            ("render_failed", "message.text")
        );
        assert!(!problem.text.contains("five"));
        assert_eq!(
            text_of("{{ d | int }}", &[]).unwrap_err().rule,
            "blank_cell"
        );
    }

    #[test]
    fn a_message_that_is_no_template_is_refused() {
        let told = |json: &str| Template::new(json).unwrap_err().to_string();
        assert!(told(r#"{"text": "Dear {{ name"}"#).starts_with("text: a placeholder in line 1"));
        assert!(told(r#"{"text": "{{ name | nofilter }}"}"#).contains("nofilter"));
        assert!(told(r#"{"a": {"{{x}}": 1}}"#).contains("name of a field"));
        assert!(told(r#"{"text": "a","text": "b"}"#).contains("twice"));
        assert!(told("[]").contains("JSON object"));
    }

    #[test]
    fn every_placeholder_needs_a_column() {
        let json =
            r#"{"text": "{{ b }} {{ a }} {{ psid }} {% for i in range(2) %}{{ i }}{% endfor %}"}"#;
        let template = Template::new(json).unwrap();
        let names: Vec<&str> = template.placeholders().collect();
        assert_eq!(names, ["a", "b", "psid"]);
        let check = |columns: &[&str]| {
            let columns: Vec<Arc<str>> = columns.iter().map(|name| Arc::from(*name)).collect();
            template
                .check_columns(&columns)
                .map_err(|error| error.to_string())
        };
        assert_eq!(check(&["psid", "a", "b", "c"]), Ok(()));
        let told = check(&["psid", "c"]).unwrap_err();
        assert!(
            told.contains("placeholders: a, b; the columns are: psid, c"),
            "{told}"
        );
    }

    #[test]
    fn metadata_of_its_own_is_noticed() {
        for (json, own) in [
            (r#"{"text": "a"}"#, false),
            (r#"{"text": "a", "metadata": "m"}"#, true),
            (r#"{"message": {"text": "a", "metadata": "m"}}"#, true),
        ] {
            assert_eq!(Template::new(json).unwrap().has_metadata(), own, "{json}");
        }
    }
}
