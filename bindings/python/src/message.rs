//! Messages, their cards, and who they go to.

use callcta::Template;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::argument::{Argument, Read};
use crate::button::Button;
use crate::convert::{Dict, Json, dict, dict_of, read};
use crate::declare::{complete, model};
use crate::error::raise;
use crate::items::Items;
use crate::model::{Held, Make, Model, Part};
use crate::record::Violation;

/// A message: a template with its buttons, or anything else in wire form.
#[pyclass(frozen, subclass, extends = Model, module = "callcta")]
pub(crate) struct Message;

impl Part for callcta::Message {
    type Class = Message;

    fn read(wire: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(callcta::Message::raw(read::<Dict>(wire, "wire")?.0))
    }

    fn maker(&self, raw: bool) -> Make {
        match self.template() {
            _ if raw => RawMessage::make,
            Some(Template::Generic(_)) => GenericTemplate::make,
            Some(Template::Button(template)) if template.text().is_some() => ButtonTemplate::make,
            Some(Template::CallPrompt(_)) => CallPrompt::make,
            _ => RawMessage::make,
        }
    }
}

fn is_raw(cls: &Bound<'_, PyType>) -> bool {
    cls.is(cls.py().get_type::<RawMessage>())
}

#[pymethods]
impl Message {
    /// As `Model.from_dict`.
    #[classmethod]
    #[pyo3(signature = (wire) -> "typing.Self")]
    fn from_dict(cls: &Bound<'_, PyType>, wire: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        callcta::Message::from_dict(cls, wire, is_raw(cls))
    }

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
    #[pyo3(signature = (json) -> "Message")]
    fn from_json<'py>(cls: &Bound<'py, PyType>, json: Read<String>) -> PyResult<Bound<'py, PyAny>> {
        let message = callcta::Message::from_json(&json.named("json")?).map_err(raise)?;
        message.model(cls.py(), is_raw(cls))
    }

    /// The `message` object of the request body as JSON.
    fn to_json(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(callcta::Message::held(slf)?.to_json())
    }

    /// Everything that is wrong with the message, in the order of the wire form.
    ///
    /// Returns:
    ///     Violations: those of severity `error` keep it from being sent, a `warning` doesn't.
    fn validate(slf: &Bound<'_, Self>) -> PyResult<Vec<Violation>> {
        let violations = callcta::Message::held(slf)?.validate().into_iter();
        Ok(violations.map(Into::into).collect())
    }

    /// A text that comes back in the message's echo, or None.
    #[getter]
    fn metadata(slf: &Bound<'_, Self>) -> PyResult<Option<String>> {
        Ok(callcta::Message::held(slf)?.parts().metadata.map(Into::into))
    }

    /// Fields of the template that callcta has no attribute for, or None.
    #[getter]
    fn fields(slf: &Bound<'_, Self>) -> PyResult<Option<Dict>> {
        Ok(dict_of(callcta::Message::held(slf)?.template().map(Template::extra)))
    }

    /// Fields of the `message` object that callcta has no attribute for, or None.
    #[getter]
    fn message_fields(slf: &Bound<'_, Self>) -> PyResult<Option<Dict>> {
        Ok(dict_of(Some(callcta::Message::held(slf)?.parts().extra)))
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
    GenericTemplate: Message, Model (
        elements: Items<callcta::Element>;
        sharable: bool;
        metadata: String, fields: Dict, message_fields: Dict
    )
    |message: Message| {
        let template = complete!(callcta::GenericTemplate::new(elements.0); sharable, ..fields);
        complete!(callcta::Message::from(template); metadata, ..message_fields)
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
    ButtonTemplate: Message, Model (
        text: String, buttons: Items<callcta::Button>;;
        metadata: String, fields: Dict, message_fields: Dict
    )
    |message: Message| {
        let template = complete!(callcta::ButtonTemplate::new(text, buttons.0); ..fields);
        complete!(callcta::Message::from(template); metadata, ..message_fields)
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
    CallPrompt: Message, Model (
        ;
        ttl_days: i64 as "int | None";
        metadata: String, fields: Dict, message_fields: Dict
    )
    |message: Message| {
        let template = complete!(callcta::CallPrompt::new(); ttl_days, ..fields);
        complete!(callcta::Message::from(template); metadata, ..message_fields)
    }
}

model! {
    /// A message in its wire form: the way to send what callcta has no class for.
    ///
    /// Args:
    ///     wire: The `message` object of a request body, or a whole one, of which the message is
    ///         taken.
    RawMessage: Message, Model (wire: Dict => Py<PyDict> = dict(message)?)
    |message: Message| callcta::Message::raw(wire.0)
}

model! {
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
    Element: Model (
        title: String => Option<String> = element.parts().title.map(Into::into);
        subtitle: String, image_url: String,
        default_action: Py<Button> = element.parts().default_action.map(action_of).transpose()?,
        buttons: Items<callcta::Button>, fields: Dict = dict_of(Some(element.parts().extra));
    )
    |element: Element| {
        let action = |action: Py<Button>| {
            Python::attach(|py| callcta::Button::held(action.bind(py)).cloned())
        };
        let default_action = default_action.map(action).transpose()?;
        let buttons = buttons.map(|buttons| buttons.0);
        complete!(callcta::Element::new(title); subtitle, image_url, default_action, buttons, ..fields)
    },
    with {
        /// As `Model.from_dict`.
        #[classmethod]
        #[pyo3(signature = (wire) -> "typing.Self")]
        fn from_dict(cls: &Bound<'_, PyType>, wire: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
            callcta::Element::from_dict(cls, wire, false)
        }
    }
}

impl Part for callcta::Element {
    type Class = Element;

    fn read(wire: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(callcta::Element::raw(read::<Json>(wire, "wire")?.0))
    }

    fn maker(&self, _: bool) -> Make {
        Element::make
    }
}

model! {
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
    Recipient: Model (
        ;
        id: String = to.id().map(Into::into), user_ref: String = form(to, "user_ref"),
        comment_id: String = form(to, "comment_id"), post_id: String = form(to, "post_id");
    )
    |to: Recipient| {
        let forms = ["id", "user_ref", "comment_id", "post_id"].map(str::to_owned);
        let given = forms.into_iter().zip([id, user_ref, comment_id, post_id]);
        let mut given = given.filter_map(|(form, value)| Some((form, value?.into())));
        match (given.next(), given.next()) {
            (Some(form), None) => callcta::Recipient::from_map([form].into_iter().collect()),
            _ => return Err(PyTypeError::new_err("give exactly one of the arguments")),
        }
    },
    with {
        /// As `Model.from_dict`.
        #[classmethod]
        #[pyo3(signature = (wire) -> "typing.Self")]
        fn from_dict(cls: &Bound<'_, PyType>, wire: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
            callcta::Recipient::from_dict(cls, wire, false)
        }

        /// Not who it is.
        fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
            Ok(callcta::Recipient::held(slf)?.form().map_or_else(
                || "Recipient.from_dict(...)".to_owned(),
                |(name, _)| format!("Recipient({name}=...)"),
            ))
        }
    }
}

impl Part for callcta::Recipient {
    type Class = Recipient;

    fn read(wire: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(callcta::Recipient::from_map(read::<Dict>(wire, "wire")?.0))
    }

    fn maker(&self, _: bool) -> Make {
        Recipient::make
    }
}

fn action_of(button: &callcta::Button) -> PyResult<Py<Button>> {
    Python::attach(|py| Ok(button.clone().model(py, false)?.cast_into()?.unbind()))
}

/// The value of a recipient of this form.
fn form(to: &callcta::Recipient, name: &str) -> Option<String> {
    to.form().filter(|form| form.0 == name).map(|form| form.1.to_owned())
}

/// A recipient, given as such or as a PSID.
pub(crate) fn recipient(to: &Bound<'_, PyAny>) -> PyResult<callcta::Recipient> {
    if to.is_instance_of::<PyString>() {
        return Ok(read::<String>(to, "the PSID")?.into());
    }
    callcta::Recipient::held(to)
        .cloned()
        .map_err(|_| PyTypeError::new_err("who it goes to must be a PSID (str) or a Recipient"))
}
