//! Messages, their cards, and who they go to.

use callcta::Template;
use pyo3::exceptions::PyTypeError;
#[cfg(feature = "stubs")]
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};
#[cfg(feature = "stubs")]
use pyo3::{PyTypeInfo, type_hint_union};

use crate::button::{self, Button};
use crate::convert::{Item, Items, JsonObject, fields_of};
use crate::error::raise;
use crate::model::{Model, model, set, set_fields, text};
use crate::record::Violation;

/// A message: a template with its buttons, or anything else in wire form.
#[pyclass(frozen, eq, hash, subclass, extends = Model, module = "callcta")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Message(pub(crate) callcta::Message);

#[pymethods]
impl Message {
    /// Reads a message from JSON: a `message` object, or a whole request body, so that a sample
    /// pasted from a documentation page works. Unknown fields are kept.
    ///
    /// Returns:
    ///     The class for its template, or `RawMessage` for one that has none.
    ///
    /// Raises:
    ///     InvalidMessageError: `json` is not a JSON object. Whatever is wrong inside the object is
    ///         kept, and reported by `validate`.
    #[classmethod]
    fn from_json<'py>(cls: &Bound<'py, PyType>, json: &str) -> PyResult<Bound<'py, Self>> {
        let message = callcta::Message::from_json(json).map_err(|error| raise(&error))?;
        of(cls.py(), message, cls.is(cls.py().get_type::<RawMessage>()))
    }

    /// The `message` object of the request body as JSON.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// Everything that is wrong with the message, in the order of the wire form.
    ///
    /// Returns:
    ///     Violations: those of severity `error` keep it from being sent, a `warning` doesn't.
    fn validate(&self) -> Vec<Violation> {
        self.0.validate().iter().map(Into::into).collect()
    }

    /// A text that comes back in the message's echo, or None.
    #[getter]
    fn metadata(&self) -> Option<&str> {
        self.0.parts().metadata
    }

    /// Fields of the template that callcta has no attribute for, or None.
    #[getter]
    fn fields(&self) -> Option<JsonObject> {
        fields_of(self.0.template()?.extra())
    }

    /// Fields of the `message` object that callcta has no attribute for, or None.
    #[getter]
    fn message_fields(&self) -> Option<JsonObject> {
        fields_of(self.0.parts().extra)
    }
}

model! {
    /// A carousel of cards.
    ///
    /// Args:
    ///     elements: 1 to 10 cards.
    ///     sharable: Whether people see a native share button. The platform's default is False.
    ///     metadata: A text that comes back in the message's echo, fewer than 1000 characters.
    ///     fields: Fields of the template that callcta has no argument for.
    ///     message_fields: Fields of the `message` object that callcta has no argument for.
    GenericTemplate: Message as |message| {
        elements: Items<Element> = Items::of(generic(message).map(callcta::GenericTemplate::elements));
        *;
        sharable: bool = generic(message).and_then(callcta::GenericTemplate::is_sharable);
        metadata: String;
        fields: JsonObject;
        message_fields: JsonObject;
    } {
        let template = callcta::GenericTemplate::new(elements.0);
        let template = set(template, sharable, callcta::GenericTemplate::sharable);
        finish(set_fields(template, fields, callcta::GenericTemplate::field), metadata, message_fields)
    }
}

model! {
    /// A text with buttons under it.
    ///
    /// Args:
    ///     text: At most 640 characters.
    ///     buttons: 1 to 3 buttons.
    ///     metadata: A text that comes back in the message's echo, fewer than 1000 characters.
    ///     fields: Fields of the template that callcta has no argument for.
    ///     message_fields: Fields of the `message` object that callcta has no argument for.
    ButtonTemplate: Message as |message| {
        text: String = text(with_buttons(message).and_then(callcta::ButtonTemplate::text));
        buttons: Items<Button> = Items::of(with_buttons(message).map(callcta::ButtonTemplate::buttons));
        *;
        metadata: String;
        fields: JsonObject;
        message_fields: JsonObject;
    } {
        let template = callcta::ButtonTemplate::new(text, buttons.0);
        finish(set_fields(template, fields, callcta::ButtonTemplate::field), metadata, message_fields)
    }
}

model! {
    /// The call prompt: a card of the platform's own wording that asks the person to call.
    ///
    /// Args:
    ///     ttl_days: For how many days the person can call. The platform's default is 7.
    ///     metadata: A text that comes back in the message's echo, fewer than 1000 characters.
    ///     fields: Fields of the template that callcta has no argument for.
    ///     message_fields: Fields of the `message` object that callcta has no argument for.
    CallPrompt: Message as |message| {
        *;
        ttl_days: i64 as "int | None" = prompt(message).and_then(callcta::CallPrompt::days);
        metadata: String;
        fields: JsonObject;
        message_fields: JsonObject;
    } {
        let template = set(callcta::CallPrompt::new(), ttl_days, callcta::CallPrompt::ttl_days);
        finish(set_fields(template, fields, callcta::CallPrompt::field), metadata, message_fields)
    }
}

model! {
    /// A message in its wire form: the way to send what callcta has no class for.
    ///
    /// Args:
    ///     wire: The `message` object of a request body, or a whole one, of which the message is
    ///         taken.
    RawMessage: Message as |message| {
        wire: JsonObject = JsonObject::of(message);
    }
    callcta::Message::raw(wire.0)
}

/// A card of a generic template. A title alone is refused: a card needs something beside it.
///
/// Args:
///     title: At most 80 characters. None only if the wire form had none.
///     subtitle: The line under the title, at most 80 characters.
///     image_url: The picture above the title. Pictures that aren't 1.91:1 are scaled or cropped.
///     default_action: What a tap on the card itself opens: a `WebUrlButton`, whose title is left
///         out.
///     buttons: At most 3 buttons.
///     fields: Fields that callcta has no argument for.
#[pyclass(frozen, eq, hash, extends = Model, module = "callcta")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Element(pub(crate) callcta::Element);

#[pymethods]
impl Element {
    #[classattr]
    fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        PyTuple::new(py, ["title", "subtitle", "image_url", "default_action", "buttons", "fields"])
    }

    #[new]
    #[pyo3(signature = (
        title, *, subtitle=None, image_url=None, default_action=None, buttons=None, fields=None
    ))]
    fn new(
        title: String, subtitle: Option<String>, image_url: Option<String>,
        default_action: Option<Bound<'_, Button>>, buttons: Option<Items<Button>>,
        fields: Option<JsonObject>,
    ) -> PyClassInitializer<Self> {
        let action = default_action.map(|action| action.get().0.clone());
        let card = set(callcta::Element::new(title), subtitle, callcta::Element::subtitle);
        let card = set(card, image_url, callcta::Element::image_url);
        let card = set(card, action, callcta::Element::default_action);
        let card = set(card, buttons.map(|buttons| buttons.0), callcta::Element::buttons);
        Element::init(set_fields(card, fields, callcta::Element::field))
    }

    #[getter]
    fn title(&self) -> Option<&str> {
        self.0.parts().title
    }

    #[getter]
    fn subtitle(&self) -> Option<&str> {
        self.0.parts().subtitle
    }

    #[getter]
    fn image_url(&self) -> Option<&str> {
        self.0.parts().image_url
    }

    #[getter]
    fn default_action<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, Button>>> {
        let action = self.0.parts().default_action;
        action.map(|action| button::of(py, action.clone(), false)).transpose()
    }

    #[getter]
    fn buttons(&self) -> Option<Items<Button>> {
        self.0.parts().buttons.map(|buttons| Items::of(Some(buttons)))
    }

    #[getter]
    fn fields(&self) -> Option<JsonObject> {
        fields_of(self.0.parts().extra)
    }
}

impl Item for Element {
    type Core = callcta::Element;

    fn core(&self) -> &callcta::Element {
        &self.0
    }

    fn of(py: Python<'_>, core: callcta::Element) -> PyResult<Bound<'_, Self>> {
        Bound::new(py, Element::init(core))
    }
}

impl Element {
    pub(crate) fn init(card: callcta::Element) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Model).add_subclass(Element(card))
    }
}

/// Who a message goes to, when a PSID as a plain string doesn't say it. Its `repr` shows the form
/// only: who is written to doesn't belong in a log.
///
/// Args:
///     id: A Page-scoped ID (PSID), digits only.
///     user_ref: The reference of a plugin, such as the checkbox.
///     comment_id: A private reply to a comment, once, within 7 days.
///     post_id: A private reply to a visitor's post, once, within 7 days.
///
/// Raises:
///     TypeError: Not exactly one of them is given. Any other form comes from `from_dict`.
#[pyclass(frozen, eq, hash, extends = Model, module = "callcta")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Recipient(pub(crate) callcta::Recipient);

#[pymethods]
impl Recipient {
    #[classattr]
    fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        PyTuple::new(py, ["id", "user_ref", "comment_id", "post_id"])
    }

    #[new]
    #[pyo3(signature = (*, id=None, user_ref=None, comment_id=None, post_id=None))]
    fn new(
        id: Option<String>, user_ref: Option<String>, comment_id: Option<String>,
        post_id: Option<String>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let to = match (id, user_ref, comment_id, post_id) {
            (Some(id), None, None, None) => callcta::Recipient::Id(id),
            (None, Some(id), None, None) => callcta::Recipient::UserRef(id),
            (None, None, Some(id), None) => callcta::Recipient::CommentId(id),
            (None, None, None, Some(id)) => callcta::Recipient::PostId(id),
            _ => return Err(PyTypeError::new_err("give exactly one of the arguments")),
        };
        Ok(Recipient::init(to))
    }

    #[getter]
    fn id(&self) -> Option<&str> {
        self.0.id()
    }

    #[getter]
    fn user_ref(&self) -> Option<&str> {
        match &self.0 {
            callcta::Recipient::UserRef(id) => Some(id),
            _ => None,
        }
    }

    #[getter]
    fn comment_id(&self) -> Option<&str> {
        match &self.0 {
            callcta::Recipient::CommentId(id) => Some(id),
            _ => None,
        }
    }

    #[getter]
    fn post_id(&self) -> Option<&str> {
        match &self.0 {
            callcta::Recipient::PostId(id) => Some(id),
            _ => None,
        }
    }

    fn __repr__(&self) -> &'static str {
        match self.0 {
            callcta::Recipient::Id(_) => "Recipient(id=...)",
            callcta::Recipient::UserRef(_) => "Recipient(user_ref=...)",
            callcta::Recipient::CommentId(_) => "Recipient(comment_id=...)",
            callcta::Recipient::PostId(_) => "Recipient(post_id=...)",
            _ => "Recipient.from_dict(...)",
        }
    }
}

impl Recipient {
    pub(crate) fn init(to: callcta::Recipient) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Model).add_subclass(Recipient(to))
    }
}

/// A recipient from a PSID or a `Recipient`.
pub(crate) struct To(pub(crate) callcta::Recipient);

impl<'py> FromPyObject<'_, 'py> for To {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(String::INPUT_TYPE, Recipient::TYPE_HINT);

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(to) = object.cast::<Recipient>() {
            return Ok(To(to.get().0.clone()));
        }
        match object.cast::<PyString>() {
            Ok(psid) => Ok(To(psid.to_cow()?.into_owned().into())),
            Err(_) => Err(PyTypeError::new_err("must be a PSID (str) or a Recipient")),
        }
    }
}

fn finish(
    template: impl Into<callcta::Message>, metadata: Option<String>, fields: Option<JsonObject>,
) -> callcta::Message {
    let message = set(template.into(), metadata, callcta::Message::metadata);
    set_fields(message, fields, callcta::Message::field)
}

/// The class for a message of the core: its template's, if it has what the class
/// promises to have.
pub(crate) fn of(
    py: Python<'_>, message: callcta::Message, raw: bool,
) -> PyResult<Bound<'_, Message>> {
    match message.template() {
        _ if raw => RawMessage::of(py, message),
        Some(Template::Generic(_)) => GenericTemplate::of(py, message),
        Some(Template::Button(template)) if template.text().is_some() => {
            ButtonTemplate::of(py, message)
        }
        Some(Template::CallPrompt(_)) => CallPrompt::of(py, message),
        _ => RawMessage::of(py, message),
    }
}

fn generic(message: &callcta::Message) -> Option<&callcta::GenericTemplate> {
    match message.template()? {
        Template::Generic(template) => Some(template),
        _ => None,
    }
}

fn with_buttons(message: &callcta::Message) -> Option<&callcta::ButtonTemplate> {
    match message.template()? {
        Template::Button(template) => Some(template),
        _ => None,
    }
}

fn prompt(message: &callcta::Message) -> Option<&callcta::CallPrompt> {
    match message.template()? {
        Template::CallPrompt(template) => Some(template),
        _ => None,
    }
}
