//! The rules of templates and elements.

use serde_json::{Map, Value};

use super::checker::{Checker, string};
use super::part::Part;
use crate::limits::{
    BUTTON_TEMPLATE_TEXT_MAX, ELEMENT_BUTTONS_MAX, ELEMENT_BUTTONS_MIN, ELEMENT_SUBTITLE_MAX,
    ELEMENT_TITLE_MAX, ELEMENTS_MAX, ELEMENTS_MIN, MEDIA_ELEMENTS, TEMPLATE_BUTTONS_MAX,
    TEMPLATE_BUTTONS_MIN,
};
use crate::message::{
    Button, ButtonTemplate, ButtonType, CallPrompt, Element, Extra, GenericTemplate, Template,
};
use crate::names::{
    BUTTON_TEMPLATE, BUTTONS, CALL_PROMPT, ELEMENT, GENERIC, IMAGE_ASPECT_RATIOS, MEDIA,
    MEDIA_ELEMENT, MEDIA_TYPES, PAYLOAD, TEMPLATE_TYPES, is_at_home,
};
use crate::near::surely;
use crate::path::Path;
use crate::violation::{A_BOOLEAN, A_STRING, AN_ARRAY, AN_OBJECT, Rule, Severity};

impl Checker {
    pub(super) fn template(&mut self, path: &Path<'_>, template: &Template) {
        match template {
            Template::Generic(template) => self.generic(path, template),
            Template::Button(template) => self.button_template(path, template),
            Template::CallPrompt(template) => self.call_prompt(path, template),
            Template::Other(payload) => self.other_template(path, payload),
        }
    }

    fn generic(&mut self, path: &Path<'_>, template: &GenericTemplate) {
        let extra = &template.extra;
        if !extra.is_empty() {
            self.further(path, extra, &[&PAYLOAD, &GENERIC]);
            self.choice(path, extra, "image_aspect_ratio", IMAGE_ASPECT_RATIOS);
        }
        let path = path.field("elements");
        let Some(elements) = &template.elements else {
            if !extra.contains_key("elements") {
                self.error(&path, Rule::Required, "is required");
            }
            return;
        };
        self.count(
            &path,
            elements.len(),
            (ELEMENTS_MIN, ELEMENTS_MAX),
            "element",
        );
        self.elements(&path, elements);
    }

    pub(super) fn elements(&mut self, path: &Path<'_>, elements: &[Element]) {
        for (index, element) in elements.iter().enumerate() {
            self.element(&Path::Index(path, index), element);
        }
    }

    pub(super) fn element(&mut self, path: &Path<'_>, element: &Element) {
        if let Some(value) = &element.malformed {
            self.wrong_type(path, AN_OBJECT, value);
            return;
        }
        let extra = &element.extra;
        if !extra.is_empty() {
            if extra.keys().any(|name| is_at_home(name))
                && let Ok(Value::Object(object)) = serde_json::to_value(element)
                && self.is_misplaced(path, &object, Part::Element)
            {
                return;
            }
            self.further(path, extra, &[&ELEMENT]);
        }
        let max = Some((ELEMENT_TITLE_MAX, Severity::Error));
        self.text(path, "title", element.title.as_deref(), extra, max);
        if let Some(subtitle) = &element.subtitle {
            let path = path.field("subtitle");
            self.length(&path, subtitle, ELEMENT_SUBTITLE_MAX, Severity::Error);
        }
        if let Some(url) = &element.image_url {
            self.url(&path.field("image_url"), url);
        }
        if let Some(action) = &element.default_action {
            self.default_action(&path.field("default_action"), action);
        }
        let buttons = element.buttons.as_deref().unwrap_or_default();
        let filled = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        if extra.is_empty()
            && !filled(&element.subtitle)
            && !filled(&element.image_url)
            && element.default_action.is_none()
            && element.buttons.is_none()
        {
            self.error(
                path,
                Rule::IncompleteElement,
                "needs a subtitle, an image, a default action or buttons beside its title",
            );
        }
        if element.buttons.is_some() {
            let path = path.field("buttons");
            let limits = (ELEMENT_BUTTONS_MIN, ELEMENT_BUTTONS_MAX);
            self.count(&path, buttons.len(), limits, "button");
            self.buttons(&path, buttons);
        }
    }

    fn button_template(&mut self, path: &Path<'_>, template: &ButtonTemplate) {
        let extra = &template.extra;
        if !extra.is_empty() {
            self.further(path, extra, &[&PAYLOAD, &BUTTON_TEMPLATE]);
            self.typed(path, extra, "sharable", A_BOOLEAN);
        }
        let max = Some((BUTTON_TEMPLATE_TEXT_MAX, Severity::Error));
        self.text(path, "text", template.text.as_deref(), extra, max);
        let path = path.field("buttons");
        let Some(buttons) = &template.buttons else {
            if !extra.contains_key("buttons") {
                self.error(&path, Rule::Required, "is required");
            }
            return;
        };
        let limits = (TEMPLATE_BUTTONS_MIN, TEMPLATE_BUTTONS_MAX);
        self.count(&path, buttons.len(), limits, "button");
        self.buttons(&path, buttons);
    }

    fn call_prompt(&mut self, path: &Path<'_>, template: &CallPrompt) {
        if !template.extra.is_empty() {
            self.further(path, &template.extra, &[&PAYLOAD, &CALL_PROMPT]);
        }
        if template.ttl_days.is_some_and(|days| days < 1) {
            self.warning(
                &path.field("ttl_days"),
                Rule::OutOfRange,
                "less than 1 day leaves nobody time to call",
            );
        }
    }

    /// A template that callcta has no type for.
    fn other_template(&mut self, path: &Path<'_>, payload: &Map<String, Value>) {
        match payload.get("template_type") {
            None => {
                if self.is_misplaced(path, payload, Part::Payload) {
                    return;
                }
                let place = path.field("template_type");
                self.error(&place, Rule::Required, "is required");
                let has = |name| payload.contains_key(name);
                let guess = has("elements").then_some("generic");
                if let Some(guess) = guess.or(has("buttons").then_some("button")) {
                    return self.template(path, &retyped(payload, guess));
                }
            }
            Some(Value::String(kind)) => {
                self.value(&path.field("template_type"), kind, TEMPLATE_TYPES);
                // What can only be meant has that template's rules.
                match surely(kind, TEMPLATE_TYPES) {
                    Some("media") => return self.media(path, payload),
                    Some("calling_optin") => return self.fields(path, payload, &[&PAYLOAD]),
                    Some(meant) if meant != kind => {
                        return self.template(path, &retyped(payload, meant));
                    }
                    _ => self.not_checked(path),
                }
            }
            Some(other) => self.wrong_type(&path.field("template_type"), A_STRING, other),
        }
        self.undocumented_buttons(path, payload.get("buttons"));
        let path = path.field("elements");
        let elements = payload.get("elements").and_then(Value::as_array);
        for (index, element) in elements.into_iter().flatten().enumerate() {
            let path = Path::Index(&path, index);
            self.undocumented_buttons(&path, element.get("buttons"));
        }
    }

    fn media(&mut self, path: &Path<'_>, payload: &Map<String, Value>) {
        self.fields(path, payload, &[&PAYLOAD, &MEDIA]);
        self.typed(path, payload, "sharable", A_BOOLEAN);
        let path = path.field("elements");
        let elements = match payload.get("elements") {
            None => return self.error(&path, Rule::Required, "is required"),
            Some(Value::Array(elements)) => elements,
            Some(other) => return self.wrong_type(&path, AN_ARRAY, other),
        };
        let limits = (MEDIA_ELEMENTS, MEDIA_ELEMENTS);
        self.count(&path, elements.len(), limits, "element");
        for (index, element) in elements.iter().enumerate() {
            let path = Path::Index(&path, index);
            match element {
                Value::Object(element) => self.media_element(&path, element),
                other => self.wrong_type(&path, AN_OBJECT, other),
            }
        }
    }

    fn media_element(&mut self, path: &Path<'_>, element: &Extra) {
        self.fields(path, element, &[&MEDIA_ELEMENT, &BUTTONS]);
        if !element.contains_key("media_type") {
            self.required_text(&path.field("media_type"));
        }
        self.choice(path, element, "media_type", MEDIA_TYPES);
        self.source(path, element);
        let path = path.field("buttons");
        match element.get("buttons") {
            None => {}
            Some(Value::Array(items)) => {
                let limits = (ELEMENT_BUTTONS_MIN, ELEMENT_BUTTONS_MAX);
                self.count(&path, items.len(), limits, "button");
                let buttons: Vec<_> = items.iter().cloned().map(Button::raw).collect();
                self.buttons(&path, &buttons);
                for (index, button) in buttons.iter().enumerate() {
                    self.undocumented(&Path::Index(&path, index), button);
                }
            }
            Some(other) => self.wrong_type(&path, AN_ARRAY, other),
        }
    }

    /// Where a picture or the like comes from: one of two fields.
    pub(super) fn source(&mut self, path: &Path<'_>, object: &Extra) {
        match (object.get("url"), object.contains_key("attachment_id")) {
            (None, false) => {
                self.error(path, Rule::Required, "must have a url or an attachment_id");
            }
            (Some(_), true) => {
                let message = "takes only one of url and attachment_id";
                self.error(path, Rule::NotAllowed, message);
            }
            _ => {}
        }
        self.typed(path, object, "url", A_STRING);
        if let Some(url) = string(object, "url") {
            self.url(&path.field("url"), url);
        }
    }

    /// Call buttons where there are no other rules.
    fn undocumented_buttons(&mut self, parent: &Path<'_>, buttons: Option<&Value>) {
        let path = parent.field("buttons");
        let buttons = buttons.and_then(Value::as_array);
        for (index, button) in buttons.into_iter().flatten().enumerate() {
            let button = Button::raw(button.clone());
            if button.kind == Some(ButtonType::AudioCall) {
                let path = Path::Index(&path, index);
                self.button(&path, &button);
                self.undocumented(&path, &button);
            }
        }
    }

    fn undocumented(&mut self, path: &Path<'_>, button: &Button) {
        if button.kind == Some(ButtonType::AudioCall) {
            self.warning(
                path,
                Rule::UndocumentedPlace,
                "audio_call is documented for the generic and the button template only",
            );
        }
    }
}

/// The template that has this type and is otherwise the same.
fn retyped(payload: &Map<String, Value>, template_type: &str) -> Template {
    let mut payload = payload.clone();
    payload.insert("template_type".to_owned(), template_type.into());
    Template::raw(payload)
}
