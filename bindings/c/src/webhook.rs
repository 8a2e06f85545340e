//! What comes back: verifying and reading webhooks.

use std::ffi::{CStr, c_char, c_void};
use std::{ptr, slice};

use callcta::webhook::{self, Deduplicator, Event, EventKind, Refusal, Secrets, Webhook};

use crate::ffi::{Result, null, output};
use crate::memory::{c_string, new};
use crate::status::callcta_status;
use crate::told::{self, Kept, Told, callcta_error};

/// The app secrets that may have signed a webhook.
///
/// Threads: several may read it at once, in verifying too; one alone may change it.
pub struct callcta_secrets {
    texts: Vec<String>,
    sha1: bool,
    made: Secrets,
}

impl callcta_secrets {
    fn remake(&mut self) -> Result {
        self.made = Secrets::new(self.texts.iter().cloned())?.accept_sha1(self.sha1);
        Ok(())
    }
}

/// Remembers which events were there before: the platform sends again what wasn't
/// answered in time.
///
/// Threads: any number may use it at once. Of several that ask about the same event one
/// is told that it is new.
pub struct callcta_deduplicator(Deduplicator);

/// What one webhook request holds.
#[repr(C)]
pub struct callcta_webhook {
    /// What it is about, `page` for Messenger, or NULL.
    pub object: *const c_char,
    /// Which of the secrets signed it, from 0; -1 if nothing was verified.
    pub secret: i64,
    /// How many events there are.
    pub count: usize,
    /// Each of them, of every entry, in the order in which they came; NULL when there
    /// are none. See `callcta_event_compare`.
    pub events: *const *const callcta_event,
}

/// Something that happened on a Page.
#[repr(C)]
pub struct callcta_event {
    /// What happened: `call`, `call_permission_reply`, `call_settings_update`, `message`,
    /// `echo`, `postback`, `delivery`, `read`, `reaction`, `referral`; `unknown` for what
    /// callcta doesn't know or what is broken. Later versions may know more.
    pub r#type: *const c_char,
    /// The Page it happened on, that of the event's own entry, or NULL.
    pub page_id: *const c_char,
    /// The person, whichever side isn't the Page, or NULL.
    pub psid: *const c_char,
    /// When it happened, as the platform says, in Unix milliseconds; -1 when it doesn't.
    pub time_ms: i64,
    /// Whether it came in the standby channel: another app has the conversation.
    pub standby: bool,
    /// What tells the event from all others, the same when it is sent again. It names
    /// neither a person nor what was said, and has at most 120 characters.
    pub identity: *const c_char,
    /// By what `callcta_event_compare` orders.
    pub order: [i64; 3],
    /// Of a `call`; otherwise NULL.
    pub call: *const callcta_call,
    /// The id (mid) of a `message`, an `echo`, or the message of a `reaction`, and maybe
    /// of a `postback`; otherwise NULL.
    pub message_id: *const c_char,
    /// The text of a `message` or an `echo`, or NULL.
    pub text: *const c_char,
    /// The payload of a `postback`, or of the quick reply that was tapped, or NULL.
    pub payload: *const c_char,
    /// Why an `unknown` event could not be read; otherwise NULL.
    pub reason: *const c_char,
    /// All that was read, what has no member here included, as a JSON object that is the
    /// same in all languages.
    pub json: *const c_char,
    /// The event as it came, as JSON.
    pub raw: *const c_char,
}

/// A step in the life of a call. A tap on an `audio_call` button shows as `connect` of a
/// call that is `user_initiated`; no field names the button.
#[repr(C)]
pub struct callcta_call {
    /// The call: what is accepted, rejected and ended.
    pub id: *const c_char,
    /// Which step: `connect` (it rings, and can be accepted for 60 seconds),
    /// `call_status`, `media_update` or `terminate`; or one that callcta doesn't know.
    pub event: *const c_char,
    /// Who called: `user_initiated` or `business_initiated`; or NULL.
    pub direction: *const c_char,
    /// Of a `call_status`: `ringing` or `accepted`; or NULL.
    pub status: *const c_char,
    /// Of a `media_update`: its number, of which the highest holds; otherwise -1.
    pub version: i64,
    /// Of a `media_update`: the person's offer, unchanged; or NULL.
    pub offer_sdp: *const c_char,
    /// Of a `terminate`: `completed` or `failed`; or NULL.
    pub end_status: *const c_char,
    /// When the call began, in Unix milliseconds; -1 if nobody answered.
    pub start_time_ms: i64,
    /// When it ended, in Unix milliseconds; -1 if it hasn't.
    pub end_time_ms: i64,
    /// How long it lasted, in seconds; -1 if nobody answered.
    pub duration_s: i64,
}

fn event(kept: &mut Kept, event: &Event) -> callcta_event {
    let (time, rank, version) = event.order();
    let mut told = callcta_event {
        r#type: kept.text(event.kind.name()),
        page_id: kept.text(event.page_id.as_deref()),
        psid: kept.text(event.psid.as_deref()),
        time_ms: event.time.unwrap_or(-1),
        standby: event.standby,
        identity: kept.text(event.identity.as_str()),
        order: [time, rank.into(), version],
        call: ptr::null(),
        message_id: ptr::null(),
        text: ptr::null(),
        payload: ptr::null(),
        reason: ptr::null(),
        json: kept.text(serde_json::to_string(event).expect("it is JSON").as_str()),
        raw: kept.text(event.raw.to_string().as_str()),
    };
    match &event.kind {
        EventKind::Call(it) => {
            let call = call(kept, it);
            told.call = kept.keep(call);
        }
        EventKind::Message(it) | EventKind::Echo(it) => {
            told.message_id = kept.text(it.message_id.as_str());
            told.text = kept.text(it.text.as_deref());
            told.payload = kept.text(it.quick_reply.as_deref());
        }
        EventKind::Postback(it) => {
            told.message_id = kept.text(it.message_id.as_deref());
            told.payload = kept.text(it.payload.as_deref());
        }
        EventKind::Reaction(it) => told.message_id = kept.text(it.message_id.as_str()),
        EventKind::Unknown { reason } => told.reason = kept.text(reason.as_str()),
        _ => {}
    }
    told
}

fn call(kept: &mut Kept, call: &webhook::Call) -> callcta_call {
    let end = call.end.clone().unwrap_or_default();
    callcta_call {
        id: kept.text(call.id.as_str()),
        event: kept.text(call.event.as_str()),
        direction: kept.text(call.direction.as_deref()),
        status: kept.text(call.status.as_deref()),
        version: call.version.unwrap_or(-1),
        offer_sdp: kept.text(call.offer.as_ref().map(|offer| offer.sdp.as_str())),
        end_status: kept.text(end.status.as_deref()),
        start_time_ms: end.start_time.unwrap_or(-1),
        end_time_ms: end.end_time.unwrap_or(-1),
        duration_s: end.duration.unwrap_or(-1),
    }
}

fn told(webhook: &Webhook) -> Told<callcta_webhook> {
    Told::new(|kept| {
        let events = webhook.events.iter().map(|it| event(kept, it)).collect();
        callcta_webhook {
            object: kept.text(webhook.object.as_deref()),
            secret: webhook
                .secret
                .map_or(-1, |number| i64::try_from(number).unwrap_or(i64::MAX)),
            count: webhook.events.len(),
            events: kept.list(events),
        }
    })
}

/// Runs what may be refused, and gives what came of it.
unsafe fn give<T, O>(
    name: &str, out: *mut *mut O, error: *mut *mut callcta_error,
    run: impl FnOnce() -> Result<std::result::Result<T, Refusal>>, make: impl FnOnce(T) -> *mut O,
) -> callcta_status {
    let mut refused = None;
    let status = body!(error, {
        let place = output(out).ok_or_else(|| null(name))?;
        match run()? {
            Ok(value) => *place = make(value),
            Err(refusal) => refused = Some(refusal),
        }
    });
    let Some(refusal) = refused else {
        return status;
    };
    // SAFETY: by contract; it was set to NULL, since nothing failed.
    if let Some(error) = unsafe { output(error) } {
        *error = told::refusal(&refusal).into_raw();
    }
    refusal.kind().number()
}

/// What somebody else sent, whatever bytes they are.
unsafe fn foreign<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: by contract it ends with a NUL.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

unsafe fn bytes<'a>(body: *const c_void, length: usize) -> Result<&'a [u8]> {
    if body.is_null() {
        return Err(null("body"));
    }
    // SAFETY: by contract there are as many.
    Ok(unsafe { slice::from_raw_parts(body.cast(), length) })
}

/// Holds an app secret. Fails with `CALLCTA_INVALID_ARGUMENT` if it is empty: nothing
/// would be verified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_secrets_new(
    secret: *const c_char, secrets: *mut *mut callcta_secrets, error: *mut *mut callcta_error,
) -> callcta_status {
    give!(secrets, error, {
        let texts = vec![arg!(text secret).to_owned()];
        let made = Secrets::new(texts.iter().cloned())?;
        new(callcta_secrets {
            texts,
            sha1: false,
            made,
        })
    })
}

/// Adds another app secret: while a secret is replaced, or when several apps share an
/// address. Fails as `callcta_secrets_new`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_secrets_add(
    secrets: *mut callcta_secrets, secret: *const c_char, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let secrets = arg!(change secrets);
        secrets.texts.push(arg!(text secret).to_owned());
        if let Err(failure) = secrets.remake() {
            secrets.texts.pop();
            return Err(failure);
        }
    })
}

/// Whether the old header `X-Hub-Signature`, `sha1=` and 40 digits, is taken as well. As
/// long as nobody says so, it isn't.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_secrets_accept_sha1(
    secrets: *mut callcta_secrets, yes: bool, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let secrets = arg!(change secrets);
        secrets.sha1 = yes;
        secrets.remake()?;
    })
}

/// Gives the header that Meta would send with a body, by the first secret, for tests of
/// a receiver; to be freed with `callcta_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_secrets_sign(
    secrets: *const callcta_secrets, body: *const c_void, length: usize,
    signature: *mut *mut c_char, error: *mut *mut callcta_error,
) -> callcta_status {
    give!(signature, error, {
        let secrets = arg!(handle secrets);
        c_string(&secrets.made.sign(bytes(body, length)?)).into_raw()
    })
}

/// Frees secrets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_secrets_free(secrets: *mut callcta_secrets) {
    free!(secrets);
}

/// Verifies a webhook's signature over the `length` bytes of its body as they came in, and
/// reads its events. `header` is the value of `X-Hub-Signature-256`, whatever it is; NULL
/// if the request has none, or more than one.
///
/// If it is refused, with `CALLCTA_MISSING_SIGNATURE`, `CALLCTA_MALFORMED_SIGNATURE`,
/// `CALLCTA_WRONG_SIGNATURE`, `CALLCTA_TOO_LARGE` or `CALLCTA_INVALID_BODY`, answer with
/// the error's `http_status` and do nothing else. Otherwise answer with 200 within 5
/// seconds and do the work later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_webhook_verify_and_parse(
    body: *const c_void, length: usize, header: *const c_char, secrets: *const callcta_secrets,
    webhook: *mut *mut callcta_webhook, error: *mut *mut callcta_error,
) -> callcta_status {
    // SAFETY: the caller keeps the contract at the top of the header.
    unsafe {
        let run = || {
            let (body, secrets) = (bytes(body, length)?, arg!(handle secrets));
            Ok(webhook::verify_and_parse(
                body,
                foreign(header),
                &secrets.made,
            ))
        };
        give("webhook", webhook, error, run, |it| told(&it).into_raw())
    }
}

/// Reads a webhook's events WITHOUT VERIFYING who sent it. Only for bodies that were
/// verified before; everybody can post to a webhook's address. Fails with
/// `CALLCTA_TOO_LARGE` or `CALLCTA_INVALID_BODY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_webhook_parse_unverified(
    body: *const c_void, length: usize, webhook: *mut *mut callcta_webhook,
    error: *mut *mut callcta_error,
) -> callcta_status {
    // SAFETY: the caller keeps the contract at the top of the header.
    unsafe {
        let run = || Ok(webhook::parse_unverified(bytes(body, length)?));
        give("webhook", webhook, error, run, |it| told(&it).into_raw())
    }
}

/// Frees a webhook and its events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_webhook_free(webhook: *mut callcta_webhook) {
    free!(webhook as Told<callcta_webhook>);
}

/// Reads a challenge, the GET by which Meta checks an address, from its query (what
/// follows the `?`), and gives the text to answer with: exactly it, as `text/plain`, with
/// status 200; to be freed with `callcta_string_free`. Fails with `CALLCTA_NO_CHALLENGE`,
/// as for any other GET, or `CALLCTA_WRONG_VERIFY_TOKEN`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_webhook_answer_challenge(
    query: *const c_char, verify_token: *const c_char, answer: *mut *mut c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    // SAFETY: the caller keeps the contract at the top of the header.
    unsafe {
        let run = || {
            let query = foreign(query).ok_or_else(|| null("query"))?;
            let query = String::from_utf8_lossy(query);
            Ok(webhook::answer_challenge(&query, arg!(text verify_token)))
        };
        give("answer", answer, error, run, |it| c_string(&it).into_raw())
    }
}

/// Tells, less than 0, 0 or more than 0, whether one event happened before, at the same
/// time as, or after another, as far as the platform tells: by its time, then by the life
/// of a call. When they came decides nothing: the end of a call may come before its
/// beginning.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_event_compare(
    one: *const callcta_event, other: *const callcta_event,
) -> i32 {
    let mut order = 0;
    body!({ order = arg!(handle one).order.cmp(&arg!(handle other).order) as i32 });
    order
}

/// Makes a memory of the last `capacity` events, at least 1; each takes some 200 bytes. It
/// knows this process only: where several receive, put `identity` into a database under a
/// unique key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_deduplicator_new(
    capacity: usize, deduplicator: *mut *mut callcta_deduplicator, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { deduplicator, error, new(callcta_deduplicator(Deduplicator::new(capacity))) }
}

/// Whether the event of this identity is here for the first time; from now on it isn't.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_deduplicator_is_new(
    deduplicator: *const callcta_deduplicator, identity: *const c_char,
) -> bool {
    let mut is_new = false;
    body!({
        let deduplicator = arg!(handle deduplicator);
        is_new = deduplicator.0.is_new_identity(arg!(text identity));
    });
    is_new
}

/// Forgets an event, so that it counts as new again: when what was begun because of it
/// failed, and shall be done when it is sent again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_deduplicator_forget(
    deduplicator: *const callcta_deduplicator, identity: *const c_char,
) {
    body!({ arg!(handle deduplicator).0.forget(arg!(text identity)) });
}

/// Frees a deduplicator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_deduplicator_free(deduplicator: *mut callcta_deduplicator) {
    free!(deduplicator);
}
