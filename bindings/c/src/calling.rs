//! The calling side of a client: settings, permissions, calls.

use std::ffi::c_char;

use callcta::RequestOptions;
use callcta::calling::{Accept, CallSession, CallSettings, Calling};
use serde_json::{Map, Value};

use crate::client::{callcta_cancel_token, callcta_client};
use crate::ffi::{Result, output};
use crate::memory::c_string;
use crate::status::callcta_status;
use crate::told::{self, Told, callcta_error, callcta_violations};

/// What the platform answered to an accepted or a started call.
#[repr(C)]
pub struct callcta_call_session {
    /// The call.
    pub call_id: *const c_char,
    /// The platform's answer to the offer (SDP), unchanged, or NULL.
    pub answer: *const c_char,
    /// A session description (SDP) to go on with, unchanged, or NULL.
    pub renegotiation: *const c_char,
    /// The whole answer as JSON.
    pub raw: *const c_char,
}

fn session(session: &CallSession) -> Told<callcta_call_session> {
    Told::new(|kept| callcta_call_session {
        call_id: kept.text(session.call_id.as_str()),
        answer: kept.text(session.answer.as_deref()),
        renegotiation: kept.text(session.renegotiation.as_deref()),
        raw: kept.text(session.raw.to_string().as_str()),
    })
}

/// A JSON object, or none.
unsafe fn object(name: &str, json: *const c_char) -> Result<Map<String, Value>> {
    if json.is_null() {
        return Ok(Map::new());
    }
    // SAFETY: by contract.
    match unsafe { crate::ffi::json(name, json) }? {
        Value::Object(object) => Ok(object),
        _ => Err(callcta::Error::invalid_argument(format!(
            "{name} must be a JSON object"
        ))),
    }
}

/// Asks or says something by its name, and waits for the platform's answer: `settings`,
/// `set_settings`, `feature_status`, `permissions`, `request_permission`, `accept`,
/// `connect`, `reject`, `terminate`, `update_media`, `report_metrics`, `subscriptions` or
/// `subscribe`. `arguments` is a JSON object, or NULL: `settings` and `metrics` are in wire
/// form, `psid`, `call_id`, `offer` (SDP) are texts, `rang_at` is in Unix milliseconds,
/// `fields` a list of webhook fields, `tracks` a list of objects with `msid`, `label` and
/// `enabled`. `options` is a JSON object, or NULL, of `timeout_ms`, `deadline_ms` (since
/// 1970-01-01 UTC), `headers` and `unchecked`. `until`, which may be NULL, gives the request
/// up. `told` is the answer as JSON, the same in all languages, and may be NULL.
///
/// What only reads, and the end of a call, is tried again even if an earlier try may have
/// arrived; `accept` and `connect` never, whatever happened; all else as messages are. Fails
/// with any status; the error's delivery is about the request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_calling_request(
    client: *const callcta_client, name: *const c_char, arguments: *const c_char,
    options: *const c_char, until: *const callcta_cancel_token, told: *mut *mut c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let place = output(told);
        let (client, name) = (arg!(handle client), arg!(text name));
        let arguments = object("arguments", arguments)?;
        let set =
            |options: RequestOptions, (name, value): (String, Value)| options.set(&name, value);
        let mut given = object("options", options)?.into_iter();
        let mut options = given.try_fold(RequestOptions::new(), set)?;
        if let Some(token) = until.as_ref() {
            options = options.cancel(&token.0);
        }
        let told = (client.0.calling().with(options)).by_name(name, arguments)?;
        if let Some(place) = place {
            *place = c_string(&told.to_string()).into_raw();
        }
    })
}

/// Reads the Page's call settings: a JSON object with, as far as told, `audio_enabled`,
/// `video_enabled`, `icon_enabled`, `call_routing` and `call_hours`. Fails with any status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_calling_settings(
    client: *const callcta_client, settings: *mut *mut c_char, error: *mut *mut callcta_error,
) -> callcta_status {
    give!(settings, error, {
        let told = arg!(handle client).0.calling().settings()?;
        c_string(&told.to_json()).into_raw()
    })
}

/// Changes the call settings that are given, as a JSON object; the others stay. They are
/// checked first. Fails with any status, `CALLCTA_INVALID_MESSAGE` and the violations if a
/// documented rule is broken.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_calling_set_settings(
    client: *const callcta_client, settings: *const c_char, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (client, settings) = (arg!(handle client), arg!(text settings));
        let settings = CallSettings::from_json(settings)?;
        client.0.calling().set_settings(&settings)?;
    })
}

/// Everything that is wrong with call settings. Fails with `CALLCTA_INVALID_MESSAGE` if they
/// are no JSON object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_call_settings_validate(
    settings: *const c_char, violations: *mut *mut callcta_violations,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give!(violations, error, {
        let settings = CallSettings::from_json(arg!(text settings))?;
        told::violations(&settings.validate()).into_raw()
    })
}

/// Whether the Page may call a person, and whether it may ask to be allowed to: a JSON object
/// with `status`, `expiration` (Unix milliseconds) and `actions`. Fails with any status,
/// `CALLCTA_CALLING_NOT_ENABLED` if the Page has calling switched off.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_calling_permissions(
    client: *const callcta_client, psid: *const c_char, permissions: *mut *mut c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give!(permissions, error, {
        let (client, psid) = (arg!(handle client), arg!(text psid));
        let told = client.0.calling().permissions(psid)?;
        let json = serde_json::to_string(&told).expect("it has only string keys");
        c_string(&json).into_raw()
    })
}

/// Gives a session to whoever wants it.
fn give(
    told: Option<&mut *mut callcta_call_session>, client: &callcta_client,
    ask: impl FnOnce(&Calling) -> Result<CallSession>,
) -> Result {
    let asked = ask(&client.0.calling())?;
    if let Some(place) = told {
        *place = session(&asked).into_raw();
    }
    Ok(())
}

/// Accepts a person's call with the Page's offer (SDP): one request, whatever happens.
/// `rang_at_ms` is when it began to ring, the `time_ms` of its `connect` event, or -1. It is
/// not accepted later than 60 seconds after that, by this machine's clock, but fails with
/// `CALLCTA_DEADLINE_PASSED`. `session` may be NULL. Fails with any status; when the delivery
/// is unknown, end the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_calling_accept(
    client: *const callcta_client, call_id: *const c_char, offer: *const c_char, rang_at_ms: i64,
    session: *mut *mut callcta_call_session, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let session = output(session);
        let (client, call_id, offer) = (arg!(handle client), arg!(text call_id), arg!(text offer));
        let rang_at = (rang_at_ms >= 0).then_some(rang_at_ms);
        let accept = Accept::new(call_id, offer).rang_at(rang_at);
        give(session, client, |calling| calling.accept(&accept))?;
    })
}

/// Calls a person, who must have allowed it, with the Page's offer (SDP): one request,
/// whatever happens. `session` may be NULL. Fails with any status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_calling_connect(
    client: *const callcta_client, psid: *const c_char, offer: *const c_char,
    session: *mut *mut callcta_call_session, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let session = output(session);
        let (client, psid, offer) = (arg!(handle client), arg!(text psid), arg!(text offer));
        give(session, client, |calling| calling.connect(psid, offer))?;
    })
}

/// Rejects a person's call that rings. Fails with any status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_calling_reject(
    client: *const callcta_client, call_id: *const c_char, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (client, call_id) = (arg!(handle client), arg!(text call_id));
        client.0.calling().reject(call_id)?;
    })
}

/// Ends a call. Fails with any status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_calling_terminate(
    client: *const callcta_client, call_id: *const c_char, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (client, call_id) = (arg!(handle client), arg!(text call_id));
        client.0.calling().terminate(call_id)?;
    })
}

/// Frees a session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_call_session_free(session: *mut callcta_call_session) {
    free!(session as Told<callcta_call_session>);
}
