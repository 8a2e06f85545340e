//! What is sent: buttons, elements, messages.

use std::ffi::c_char;
use std::mem::take;

use callcta::{Button, Element, Error, Message, Template};
use serde::Serialize;
use serde_json::Value;

use crate::ffi::{Result, no_such};
use crate::memory::{c_string, new};
use crate::status::callcta_status;
use crate::told::{self, callcta_error, callcta_violations};

/// How the value of a field is given.
pub type callcta_form = u32;

/// The field is a text, and the value is that text.
pub const CALLCTA_TEXT: callcta_form = 2001;
/// The field is anything, and the value is its JSON, such as `true`.
pub const CALLCTA_JSON: callcta_form = 2002;

/// A type of button, and with it what its title and value are.
pub type callcta_button_type = u32;

/// Opens a web page: a title, and the URL.
pub const CALLCTA_BUTTON_WEB_URL: callcta_button_type = 2101;
/// Sends a payload to the webhook: a title, and the payload.
pub const CALLCTA_BUTTON_POSTBACK: callcta_button_type = 2102;
/// Dials a number: a title, and a `+` and digits.
pub const CALLCTA_BUTTON_PHONE_NUMBER: callcta_button_type = 2103;
/// Starts account linking: no title, and the URL.
pub const CALLCTA_BUTTON_ACCOUNT_LINK: callcta_button_type = 2104;
/// Undoes account linking: neither title nor value.
pub const CALLCTA_BUTTON_ACCOUNT_UNLINK: callcta_button_type = 2105;
/// Opens an Instant Game: a title, no value.
pub const CALLCTA_BUTTON_GAME_PLAY: callcta_button_type = 2106;
/// Whatever its wire form says: no title, and the JSON object that goes on the wire.
pub const CALLCTA_BUTTON_JSON: callcta_button_type = 2107;

/// Leaves out for how many days a button can be tapped, so that the platform's
/// default applies. A number that nobody means, and that an enum can hold.
pub const CALLCTA_DAYS_DEFAULT: i64 = -2_000_000_000;

/// A button under a card.
///
/// Threads: several may read it at once; one alone may change it.
pub struct callcta_button(Button);

/// One card of a generic template.
///
/// Threads: several may read it at once; one alone may change it.
pub struct callcta_element(Element);

/// A message: a template with its buttons, or anything else in wire form.
///
/// Threads: several may read it at once, in sends too; one alone may change it.
pub struct callcta_message(pub(crate) Message);

/// Makes an `audio_call` button: the person taps it and calls the business.
/// `expires_in_days` is how many days it can be tapped, or `CALLCTA_DAYS_DEFAULT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_audio_call(
    title: *const c_char, expires_in_days: i64, button: *mut *mut callcta_button,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give!(button, error, {
        let button = Button::audio_call(arg!(text title));
        new(callcta_button(match expires_in_days {
            CALLCTA_DAYS_DEFAULT => button,
            days => button.expires_in_days(days),
        }))
    })
}

/// Makes any other button. `type` is one of `CALLCTA_BUTTON_*` and says what `title`
/// and `value` are; what it doesn't have may be NULL and is ignored. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if they don't fit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_new(
    r#type: callcta_button_type, title: *const c_char, value: *const c_char,
    button: *mut *mut callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    give!(button, error, {
        new(callcta_button(match r#type {
            CALLCTA_BUTTON_WEB_URL => Button::web_url(arg!(text title), arg!(text value)),
            CALLCTA_BUTTON_POSTBACK => Button::postback(arg!(text title), arg!(text value)),
            CALLCTA_BUTTON_PHONE_NUMBER => Button::phone_number(arg!(text title), arg!(text value)),
            CALLCTA_BUTTON_ACCOUNT_LINK => Button::account_link(arg!(text value)),
            CALLCTA_BUTTON_ACCOUNT_UNLINK => Button::account_unlink(),
            CALLCTA_BUTTON_GAME_PLAY => Button::game_play(arg!(text title)),
            CALLCTA_BUTTON_JSON => Button::raw(arg!(json value)),
            other => return Err(no_such("type", other, "callcta_button_type")),
        }))
    })
}

/// Sets a field by its name on the wire, known or not, such as `fallback_url`. `form`
/// says what `value` is. Fails with `CALLCTA_INVALID_ARGUMENT` if they don't fit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_set(
    button: *mut callcta_button, field: *const c_char, form: callcta_form, value: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let callcta_button(button) = arg!(change button);
        *button = Button::raw(with_field(button, field, form, value)?);
    })
}

/// Frees a button.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_free(button: *mut callcta_button) {
    free!(button);
}

/// Makes a card with this title.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_new(
    title: *const c_char, element: *mut *mut callcta_element, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { element, error, new(callcta_element(Element::new(arg!(text title)))) }
}

/// Sets a field by its name on the wire: `subtitle`, `image_url`, or another; see
/// `callcta_button_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_set(
    element: *mut callcta_element, field: *const c_char, form: callcta_form, value: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let callcta_element(element) = arg!(change element);
        *element = Element::raw(with_field(element, field, form, value)?);
    })
}

/// Sets what a tap on the card itself opens: a `web_url` button, whose title is
/// left out on the wire.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_set_default_action(
    element: *mut callcta_element, button: *const callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (callcta_element(element), button) = (arg!(change element), arg!(handle button));
        *element = take(element).default_action(button.0.clone());
    })
}

/// Adds a copy of a button to a card.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_add_button(
    element: *mut callcta_element, button: *const callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (callcta_element(element), button) = (arg!(change element), arg!(handle button));
        *element = take(element).button(button.0.clone());
    })
}

/// Frees a card.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_free(element: *mut callcta_element) {
    free!(element);
}

/// Makes a generic template without cards yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_generic(
    message: *mut *mut callcta_message, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { message, error, new(callcta_message(Message::generic([]))) }
}

/// Makes a button template: a text, without buttons yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_buttons(
    text: *const c_char, message: *mut *mut callcta_message, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { message, error, new(callcta_message(Message::buttons(arg!(text text), []))) }
}

/// Makes a call prompt with the platform's defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_call_prompt(
    message: *mut *mut callcta_message, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { message, error, new(callcta_message(Message::call_prompt())) }
}

/// Makes a message of its wire form, or of a whole request body's. Fails with
/// `CALLCTA_INVALID_MESSAGE` if `json` is not a JSON object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_from_json(
    json: *const c_char, message: *mut *mut callcta_message, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { message, error, new(callcta_message(Message::from_json(arg!(text json))?)) }
}

/// Adds a copy of a card to a generic template. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if the message is anything else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_add_element(
    message: *mut callcta_message, element: *const callcta_element, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (message, element) = (arg!(change message), arg!(handle element));
        match message.0.template_mut() {
            Some(Template::Generic(it)) => *it = take(it).element(element.0.clone()),
            _ => return Err(Error::invalid_argument("message is not a generic template")),
        }
    })
}

/// Adds a copy of a button to a button template. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if the message is anything else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_add_button(
    message: *mut callcta_message, button: *const callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (message, button) = (arg!(change message), arg!(handle button));
        match message.0.template_mut() {
            Some(Template::Button(it)) => *it = take(it).button(button.0.clone()),
            _ => return Err(Error::invalid_argument("message is not a button template")),
        }
    })
}

/// Sets a field of the `message` object by its path on the wire, known or not:
/// `metadata`, or `attachment.payload.sharable` for a template's; see
/// `callcta_button_set`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_set(
    message: *mut callcta_message, field: *const c_char, form: callcta_form, value: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let callcta_message(message) = arg!(change message);
        let wire = with_field(message, field, form, value)?;
        let changed = Message::raw(wire.as_object().cloned().unwrap_or_default());
        if changed.to_value() != wire {
            return Err(Error::invalid_argument("field is no field of a message"));
        }
        *message = changed;
    })
}

/// Checks a message by itself. `CALLCTA_OK` says that it was checked; the list, empty
/// if all is well, says with what result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_validate(
    message: *const callcta_message, violations: *mut *mut callcta_violations,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give! { violations, error, told::violations(&arg!(handle message).0.validate()).into_raw() }
}

/// The `message` object as JSON, to be freed with `callcta_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_to_json(
    message: *const callcta_message, json: *mut *mut c_char, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { json, error, c_string(&arg!(handle message).0.to_json()).into_raw() }
}

/// Frees a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_free(message: *mut callcta_message) {
    free!(message);
}

/// The wire form of `model` with one field set, which is inside the objects that the
/// path before its name says.
unsafe fn with_field(
    model: &impl Serialize, field: *const c_char, form: callcta_form, value: *const c_char,
) -> Result<Value> {
    // SAFETY: by contract.
    let (field, value) = unsafe {
        match form {
            CALLCTA_TEXT => (arg!(text field), arg!(text value).into()),
            CALLCTA_JSON => (arg!(text field), arg!(json value)),
            other => return Err(no_such("form", other, "callcta_form")),
        }
    };
    let mut wire = serde_json::to_value(model).expect("models have a wire form");
    let mut path = field.split('.');
    let name = path.next_back().unwrap_or_default();
    match path.try_fold(&mut wire, |place, key| place.get_mut(key)) {
        Some(Value::Object(object)) => object.insert(name.to_owned(), value),
        _ => return Err(Error::invalid_argument("field is not inside a JSON object")),
    };
    Ok(wire)
}
