//! The rules of templates and elements.

use serde_json::{Map, Value};

use super::checker::{Checker, PAYLOAD, Path};
use crate::limits::{
    BUTTON_TEMPLATE_TEXT_MAX, ELEMENT_BUTTONS_MAX, ELEMENT_SUBTITLE_MAX, ELEMENT_TITLE_MAX,
    ELEMENTS_MAX, ELEMENTS_MIN, TEMPLATE_BUTTONS_MAX, TEMPLATE_BUTTONS_MIN,
};
use crate::message::{
    Button, ButtonTemplate, ButtonType, CallPrompt, Element, GenericTemplate, Template,
};
use crate::violation::{
    A_BOOLEAN, A_STRING, A_WHOLE_NUMBER, AN_ARRAY, AN_OBJECT, Rule, Severity, Violation,
};

impl Checker {
    pub(super) fn template(&mut self, template: &Template) {
        match template {
            Template::Generic(template) => self.generic(template),
            Template::Button(template) => self.button_template(template),
            Template::CallPrompt(template) => self.call_prompt(template),
            Template::Other(payload) => self.other_template(payload),
        }
    }

    fn generic(&mut self, template: &GenericTemplate) {
        let extra = &template.extra;
        self.mistyped(
            &PAYLOAD,
            extra,
            &[("elements", AN_ARRAY), ("sharable", A_BOOLEAN)],
        );
        let path = PAYLOAD.field("elements");
        let Some(elements) = &template.elements else {
            if !extra.contains_key("elements") {
                self.error(&path, Rule::Required, "is required");
            }
            return;
        };
        self.count(&path, elements.len(), ELEMENTS_MIN, ELEMENTS_MAX, "element");
        for (index, element) in elements.iter().enumerate() {
            self.element(&Path::Index(&path, index), element);
        }
    }

    fn element(&mut self, path: &Path<'_>, element: &Element) {
        if let Some(value) = &element.malformed {
            self.found
                .push(Violation::wrong_type(path, AN_OBJECT, value));
            return;
        }
        let extra = &element.extra;
        self.mistyped(
            path,
            extra,
            &[
                ("title", A_STRING),
                ("subtitle", A_STRING),
                ("image_url", A_STRING),
                ("default_action", AN_OBJECT),
                ("buttons", AN_ARRAY),
            ],
        );
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
            && buttons.is_empty()
        {
            self.error(
                path,
                Rule::IncompleteElement,
                "needs a subtitle, an image, a default action or buttons beside its title",
            );
        }
        let path = path.field("buttons");
        self.count(&path, buttons.len(), 0, ELEMENT_BUTTONS_MAX, "button");
        self.buttons(&path, buttons);
    }

    /// Like a URL button, but without a title.
    fn default_action(&mut self, path: &Path<'_>, action: &Button) {
        self.button_fields(path, action);
        if action.kind.is_none() && !action.extra.contains_key("type") {
            self.error(&path.field("type"), Rule::Required, "is required");
        }
        if let Some(kind) = action
            .kind
            .as_ref()
            .filter(|kind| **kind != ButtonType::WebUrl)
        {
            let message = format!("must be web_url, is {kind}");
            self.error(&path.field("type"), Rule::NotAllowed, message);
            return;
        }
        if action.title.is_some() {
            let path = path.field("title");
            self.error(&path, Rule::NotAllowed, "a default action has no title");
        }
        self.web_url(path, action);
    }

    fn button_template(&mut self, template: &ButtonTemplate) {
        let extra = &template.extra;
        self.mistyped(
            &PAYLOAD,
            extra,
            &[("text", A_STRING), ("buttons", AN_ARRAY)],
        );
        let max = Some((BUTTON_TEMPLATE_TEXT_MAX, Severity::Error));
        self.text(&PAYLOAD, "text", template.text.as_deref(), extra, max);
        let path = PAYLOAD.field("buttons");
        let Some(buttons) = &template.buttons else {
            if !extra.contains_key("buttons") {
                self.error(&path, Rule::Required, "is required");
            }
            return;
        };
        let (min, max) = (TEMPLATE_BUTTONS_MIN, TEMPLATE_BUTTONS_MAX);
        self.count(&path, buttons.len(), min, max, "button");
        self.buttons(&path, buttons);
    }

    fn call_prompt(&mut self, template: &CallPrompt) {
        self.mistyped(&PAYLOAD, &template.extra, &[("ttl_days", A_WHOLE_NUMBER)]);
        if template.ttl_days.is_some_and(|days| days < 1) {
            self.warning(
                &PAYLOAD.field("ttl_days"),
                Rule::OutOfRange,
                "less than 1 day leaves nobody time to call",
            );
        }
    }

    /// A template callcta has no type for: only its call buttons are looked at.
    fn other_template(&mut self, payload: &Map<String, Value>) {
        match payload.get("template_type") {
            None => {
                let path = PAYLOAD.field("template_type");
                self.error(&path, Rule::Required, "is required");
            }
            Some(Value::String(_)) => {}
            Some(other) => {
                let path = PAYLOAD.field("template_type");
                self.found
                    .push(Violation::wrong_type(&path, A_STRING, other));
            }
        }
        self.undocumented_buttons(&PAYLOAD, payload.get("buttons"));
        let path = PAYLOAD.field("elements");
        let elements = payload.get("elements").and_then(Value::as_array);
        for (index, element) in elements.into_iter().flatten().enumerate() {
            let path = Path::Index(&path, index);
            self.undocumented_buttons(&path, element.get("buttons"));
        }
    }

    fn undocumented_buttons(&mut self, parent: &Path<'_>, buttons: Option<&Value>) {
        let path = parent.field("buttons");
        let buttons = buttons.and_then(Value::as_array);
        for (index, button) in buttons.into_iter().flatten().enumerate() {
            let button = Button::raw(button.clone());
            if button.kind == Some(ButtonType::AudioCall) {
                let path = Path::Index(&path, index);
                self.button(&path, &button);
                self.warning(
                    &path,
                    Rule::UndocumentedPlace,
                    "audio_call is documented for the generic and the button template only",
                );
            }
        }
    }
}
