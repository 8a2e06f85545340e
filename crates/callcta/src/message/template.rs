use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::button::Button;
use super::fields::{Extra, Fields, Writer};

/// The payload of a template message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Template {
    /// `generic`: 1 to 10 cards.
    Generic(GenericTemplate),
    /// `button`: a text with 1 to 3 buttons.
    Button(ButtonTemplate),
    /// `call_prompt`: the older sibling of the `audio_call` button.
    CallPrompt(CallPrompt),
    /// A template callcta has no type for, as its wire form.
    Other(Map<String, Value>),
}

impl Template {
    /// A template from its wire form: the `payload` of an attachment.
    pub fn raw(object: Map<String, Value>) -> Self {
        let read = match object.get("template_type").and_then(Value::as_str) {
            Some("generic") => GenericTemplate::read,
            Some("button") => ButtonTemplate::read,
            Some("call_prompt") => CallPrompt::read,
            _ => return Template::Other(object),
        };
        let mut fields = Fields::new(object);
        fields.string("template_type");
        read(fields)
    }

    /// The value of `template_type`, unless the wire form has none.
    pub fn template_type(&self) -> Option<&str> {
        match self {
            Template::Generic(_) => Some("generic"),
            Template::Button(_) => Some("button"),
            Template::CallPrompt(_) => Some("call_prompt"),
            Template::Other(object) => object.get("template_type").and_then(Value::as_str),
        }
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let extra = match self {
            Template::Generic(template) => &template.extra,
            Template::Button(template) => &template.extra,
            Template::CallPrompt(template) => &template.extra,
            Template::Other(object) => return object.serialize(serializer),
        };
        let mut out = Writer::new(serializer, extra)?;
        if let Some(template_type) = self.template_type() {
            out.set("template_type", template_type)?;
        }
        match self {
            Template::Generic(template) => {
                out.opt("elements", template.elements.as_ref())?;
                out.opt("sharable", template.sharable.as_ref())?;
            }
            Template::Button(template) => {
                out.opt("text", template.text.as_ref())?;
                out.opt("buttons", template.buttons.as_ref())?;
            }
            Template::CallPrompt(template) => {
                out.opt("ttl_days", template.ttl_days.as_ref())?;
            }
            Template::Other(_) => {}
        }
        out.end()
    }
}

/// A carousel of 1 to 10 cards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct GenericTemplate {
    pub(crate) elements: Option<Vec<Element>>,
    pub(crate) sharable: Option<bool>,
    pub(crate) extra: Extra,
}

impl GenericTemplate {
    /// A template with these cards.
    pub fn new(elements: impl IntoIterator<Item = Element>) -> Self {
        GenericTemplate {
            elements: Some(elements.into_iter().collect()),
            ..GenericTemplate::default()
        }
    }

    fn read(mut fields: Fields) -> Template {
        Template::Generic(GenericTemplate {
            elements: fields.list("elements", Element::raw),
            sharable: fields.boolean("sharable"),
            extra: fields.rest(),
        })
    }

    /// Adds a card, at most 10 in all.
    pub fn element(mut self, element: Element) -> Self {
        self.elements.get_or_insert_default().push(element);
        self
    }

    /// Whether people see a native share button. The platform's default is
    /// `false`.
    pub fn sharable(mut self, sharable: bool) -> Self {
        self.sharable = Some(sharable);
        self
    }

    /// Sets a field that callcta has no method for. One that has a method is no
    /// further field: checking refuses it.
    pub fn field(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// The cards.
    pub fn elements(&self) -> &[Element] {
        self.elements.as_deref().unwrap_or_default()
    }
}

/// A text with 1 to 3 buttons under it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct ButtonTemplate {
    pub(crate) text: Option<String>,
    pub(crate) buttons: Option<Vec<Button>>,
    pub(crate) extra: Extra,
}

impl ButtonTemplate {
    /// A template with this text (at most 640 characters) and these buttons.
    pub fn new(text: impl Into<String>, buttons: impl IntoIterator<Item = Button>) -> Self {
        ButtonTemplate {
            text: Some(text.into()),
            buttons: Some(buttons.into_iter().collect()),
            ..ButtonTemplate::default()
        }
    }

    fn read(mut fields: Fields) -> Template {
        Template::Button(ButtonTemplate {
            text: fields.string("text"),
            buttons: fields.list("buttons", Button::raw),
            extra: fields.rest(),
        })
    }

    /// Adds a button, at most 3 in all.
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.get_or_insert_default().push(button);
        self
    }

    /// Sets a field that callcta has no method for. One that has a method is no
    /// further field: checking refuses it.
    pub fn field(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// The text.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The buttons.
    pub fn buttons(&self) -> &[Button] {
        self.buttons.as_deref().unwrap_or_default()
    }
}

/// The call prompt: a card of the platform's own wording that asks the person
/// to call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct CallPrompt {
    pub(crate) ttl_days: Option<i64>,
    pub(crate) extra: Extra,
}

impl CallPrompt {
    /// A call prompt with the platform's defaults.
    pub fn new() -> Self {
        CallPrompt::default()
    }

    fn read(mut fields: Fields) -> Template {
        Template::CallPrompt(CallPrompt {
            ttl_days: fields.integer("ttl_days"),
            extra: fields.rest(),
        })
    }

    /// For how many days the person can call. The platform's default is 7; no
    /// maximum is documented.
    pub fn ttl_days(mut self, days: impl Into<i64>) -> Self {
        self.ttl_days = Some(days.into());
        self
    }

    /// Sets a field that callcta has no method for. One that has a method is no
    /// further field: checking refuses it.
    pub fn field(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }
}

/// One card of a generic template.
///
/// A title alone is refused: a card needs a subtitle, an image, a default
/// action or buttons beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Element {
    pub(crate) title: Option<String>,
    pub(crate) subtitle: Option<String>,
    pub(crate) image_url: Option<String>,
    /// Boxed, or cards without one would be far larger.
    pub(crate) default_action: Option<Box<Button>>,
    pub(crate) buttons: Option<Vec<Button>>,
    pub(crate) extra: Extra,
    /// Set when the JSON held something other than an object.
    pub(crate) malformed: Option<Value>,
}

impl Element {
    /// A card with this title, at most 80 characters.
    pub fn new(title: impl Into<String>) -> Self {
        Element {
            title: Some(title.into()),
            ..Element::default()
        }
    }

    /// A card from its wire form, unknown fields included.
    pub fn raw(json: Value) -> Self {
        let object = match json {
            Value::Object(object) => object,
            other => {
                return Element {
                    malformed: Some(other),
                    ..Element::default()
                };
            }
        };
        let mut fields = Fields::new(object);
        Element {
            title: fields.string("title"),
            subtitle: fields.string("subtitle"),
            image_url: fields.string("image_url"),
            default_action: fields
                .object("default_action")
                .map(|action| Box::new(Button::raw(Value::Object(action)))),
            buttons: fields.list("buttons", Button::raw),
            extra: fields.rest(),
            malformed: None,
        }
    }

    /// The line under the title, at most 80 characters.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// The picture above the title. Pictures that aren't 1.91:1 are scaled or
    /// cropped.
    pub fn image_url(mut self, url: impl Into<String>) -> Self {
        self.image_url = Some(url.into());
        self
    }

    /// What a tap on the card itself opens: a [`Button::web_url`], whose title
    /// is left out on the wire.
    pub fn default_action(mut self, mut action: Button) -> Self {
        action.title = None;
        self.default_action = Some(Box::new(action));
        self
    }

    /// Adds a button, at most 3.
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.get_or_insert_default().push(button);
        self
    }

    /// Adds several buttons, at most 3 in all.
    pub fn buttons(mut self, buttons: impl IntoIterator<Item = Button>) -> Self {
        self.buttons.get_or_insert_default().extend(buttons);
        self
    }

    /// Sets a field that callcta has no method for. One that has a method is no
    /// further field: checking refuses it.
    pub fn field(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }
}

impl Serialize for Element {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(value) = &self.malformed {
            return value.serialize(serializer);
        }
        let mut out = Writer::new(serializer, &self.extra)?;
        out.opt("title", self.title.as_ref())?;
        out.opt("subtitle", self.subtitle.as_ref())?;
        out.opt("image_url", self.image_url.as_ref())?;
        out.opt("default_action", self.default_action.as_ref())?;
        out.opt("buttons", self.buttons.as_ref())?;
        out.end()
    }
}
