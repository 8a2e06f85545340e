//! What is said: buttons, elements, messages.

use std::ffi::c_char;
use std::mem::take;

use callcta::{Button, Element, Error, Message, Template};
use serde_json::Value;

use crate::callcta_status;
use crate::ffi::{New, Result, with_field};
use crate::ffi::{body, change, free, get, give, json, text};
use crate::told::{self, callcta_error, callcta_violations};

/// Leaves out for how many days a button can be tapped, so that the platform's
/// default applies.
pub const CALLCTA_DAYS_DEFAULT: i64 = i64::MIN;

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
    let days = Some(expires_in_days).filter(|days| *days != CALLCTA_DAYS_DEFAULT);
    let set = |button: Button| match days {
        Some(days) => button.expires_in_days(days),
        None => button,
    };
    give! { button, error, made(set(Button::audio_call(text!(title)))) }
}

/// Makes a `web_url` button, which opens a web page.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_web_url(
    title: *const c_char, url: *const c_char, button: *mut *mut callcta_button,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give! { button, error, made(Button::web_url(text!(title), text!(url))) }
}

/// Makes a `postback` button, which sends `payload` to the webhook.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_postback(
    title: *const c_char, payload: *const c_char, button: *mut *mut callcta_button,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give! { button, error, made(Button::postback(text!(title), text!(payload))) }
}

/// Makes a `phone_number` button, which dials `number`: a `+` and digits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_phone_number(
    title: *const c_char, number: *const c_char, button: *mut *mut callcta_button,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give! { button, error, made(Button::phone_number(text!(title), text!(number))) }
}

/// Makes an `account_link` button, which starts account linking.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_account_link(
    url: *const c_char, button: *mut *mut callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { button, error, made(Button::account_link(text!(url))) }
}

/// Makes an `account_unlink` button, which undoes account linking.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_account_unlink(
    button: *mut *mut callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { button, error, made(Button::account_unlink()) }
}

/// Makes a `game_play` button, which opens an Instant Game.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_game_play(
    title: *const c_char, button: *mut *mut callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { button, error, made(Button::game_play(text!(title))) }
}

/// Makes a button of its wire form, whatever its type. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if `json` is not JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_from_json(
    json: *const c_char, button: *mut *mut callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { button, error, made(Button::raw(json!(json))) }
}

/// Sets a field by its name on the wire, such as `fallback_url`, to a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_set_text(
    button: *mut callcta_button, name: *const c_char, text: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body! { error, { change!(button).set(text!(name), text!(text).into())?; } }
}

/// Sets a field by its name on the wire, known or not, to a JSON value such as
/// `true`. Fails with `CALLCTA_INVALID_ARGUMENT` if `json` is not JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_button_set_json(
    button: *mut callcta_button, name: *const c_char, json: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body! { error, { change!(button).set(text!(name), json!(json))?; } }
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
    give! { element, error, New(callcta_element(Element::new(text!(title)))) }
}

/// Makes a card of its wire form. Fails with `CALLCTA_INVALID_ARGUMENT` if `json` is
/// not JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_from_json(
    json: *const c_char, element: *mut *mut callcta_element, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { element, error, New(callcta_element(Element::raw(json!(json)))) }
}

/// Sets a field by its name on the wire to a text: `subtitle`, `image_url`, or
/// another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_set_text(
    element: *mut callcta_element, name: *const c_char, text: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body! { error, { change!(element).set(text!(name), text!(text).into())?; } }
}

/// Sets a field by its name on the wire, known or not, to a JSON value. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if `json` is not JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_set_json(
    element: *mut callcta_element, name: *const c_char, json: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body! { error, { change!(element).set(text!(name), json!(json))?; } }
}

/// Sets what a tap on the card itself opens: a `web_url` button, whose title is
/// left out on the wire.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_set_default_action(
    element: *mut callcta_element, button: *const callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (callcta_element(element), button) = (change!(element), get!(button));
        *element = take(element).default_action(button.0.clone());
    })
}

/// Adds a copy of a button to a card.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_element_add_button(
    element: *mut callcta_element, button: *const callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (callcta_element(element), button) = (change!(element), get!(button));
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
    give! { message, error, New(callcta_message(Message::generic([]))) }
}

/// Makes a button template: a text, without buttons yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_buttons(
    text: *const c_char, message: *mut *mut callcta_message, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { message, error, New(callcta_message(Message::buttons(text!(text), []))) }
}

/// Makes a call prompt with the platform's defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_call_prompt(
    message: *mut *mut callcta_message, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { message, error, New(callcta_message(Message::call_prompt())) }
}

/// Makes a message of its wire form, or of a whole request body's. Fails with
/// `CALLCTA_INVALID_MESSAGE` if `json` is not a JSON object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_from_json(
    json: *const c_char, message: *mut *mut callcta_message, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { message, error, New(callcta_message(Message::from_json(text!(json))?)) }
}

/// Adds a copy of a card to a generic template. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if the message is anything else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_add_element(
    message: *mut callcta_message, element: *const callcta_element, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (message, element) = (change!(message), get!(element).0.clone());
        let Some(Template::Generic(template)) = message.0.template_mut() else {
            return Err(Error::invalid_argument("message is not a generic template"));
        };
        *template = take(template).element(element);
    })
}

/// Adds a copy of a button to a button template. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if the message is anything else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_add_button(
    message: *mut callcta_message, button: *const callcta_button, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (message, button) = (change!(message), get!(button).0.clone());
        let Some(Template::Button(template)) = message.0.template_mut() else {
            return Err(Error::invalid_argument("message is not a button template"));
        };
        *template = take(template).button(button);
    })
}

/// Sets a field of the template by its name on the wire, known or not, to a JSON
/// value: `sharable` of a generic template, `ttl_days` of a call prompt, or another.
/// Fails with `CALLCTA_INVALID_ARGUMENT` if the message is no template, or `json` not
/// JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_set_template_json(
    message: *mut callcta_message, name: *const c_char, json: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (message, name, value) = (change!(message), text!(name), json!(json));
        let Some(template) = message.0.template_mut() else {
            return Err(Error::invalid_argument("message is not a template"));
        };
        *template = Template::raw(with_field(template, name, value)?);
    })
}

/// Sets a field of the `message` object by its name on the wire, known or not, such
/// as `metadata`, to a JSON value. Fails with `CALLCTA_INVALID_ARGUMENT` if `json` is
/// not JSON, or if a message can't have the field.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_set_json(
    message: *mut callcta_message, name: *const c_char, json: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (callcta_message(message), name, value) = (change!(message), text!(name), json!(json));
        let wire = with_field(message, name, value)?;
        let changed = Message::raw(wire.clone());
        if changed.to_value() != Value::Object(wire) {
            return Err(Error::invalid_argument("name is no field of a message"));
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
    give! { violations, error, told::violations(&get!(message).0.validate()) }
}

/// The `message` object as JSON, to be freed with `callcta_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_to_json(
    message: *const callcta_message, json: *mut *mut c_char, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { json, error, get!(message).0.to_json() }
}

/// Frees a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_message_free(message: *mut callcta_message) {
    free!(message);
}

fn made(button: Button) -> New<callcta_button> {
    New(callcta_button(button))
}

impl callcta_button {
    fn set(&mut self, name: &str, value: Value) -> Result {
        self.0 = Button::raw(Value::Object(with_field(&self.0, name, value)?));
        Ok(())
    }
}

impl callcta_element {
    fn set(&mut self, name: &str, value: Value) -> Result {
        self.0 = Element::raw(Value::Object(with_field(&self.0, name, value)?));
        Ok(())
    }
}
