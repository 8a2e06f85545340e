//! Verifying and reading webhooks. What is read goes out as JSON, under the core's names.

use callcta::webhook::{self, Cause, Deduplicator, Event, Refusal, RefusalKind, Secrets, Webhook};
use napi::Env;
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;
use serde::Serialize;

use crate::boundary::guard;

/// What the public package makes a `WebhookError` of.
#[napi(object, object_from_js = false)]
pub struct NativeRefusal {
    #[napi(ts_type = "RefusalKind")]
    pub kind: &'static str,
    pub http_status: u16,
    pub message: String,
}

impl From<Refusal> for NativeRefusal {
    fn from(refusal: Refusal) -> Self {
        NativeRefusal {
            kind: refusal.kind().as_str(),
            http_status: refusal.http_status(),
            message: refusal.to_string(),
        }
    }
}

fn told<T>(
    env: Env,
    run: impl FnOnce() -> Result<T, Refusal>,
) -> napi::Result<Either<T, NativeRefusal>> {
    guard(env, || {
        Ok(match run() {
            Ok(value) => Either::A(value),
            Err(refusal) => Either::B(refusal.into()),
        })
    })
}

/// The names of all kinds of refusals.
#[napi(ts_return_type = "RefusalKind[]")]
pub fn refusal_kinds() -> Vec<&'static str> {
    RefusalKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// Longest body that is hashed and read, in bytes.
#[expect(clippy::cast_possible_truncation, reason = "it is less by far")]
#[napi]
pub const BODY_MAX: u32 = webhook::BODY_MAX as u32;

/// A webhook, and by what its events are ordered.
#[derive(Serialize)]
struct Read {
    object: Option<String>,
    secret: Option<usize>,
    orders: Vec<(i64, u8, i64)>,
    events: Vec<Event>,
}

/// The largest whole number that is exact in JavaScript.
const SAFE: i64 = (1 << 53) - 1;

fn json(webhook: Webhook) -> String {
    let order = |event: &Event| {
        let (time, rank, version) = event.order();
        (time.clamp(-SAFE, SAFE), rank, version.clamp(-SAFE, SAFE))
    };
    let read = Read {
        orders: webhook.events.iter().map(order).collect(),
        object: webhook.object,
        secret: webhook.secret,
        events: webhook.events,
    };
    serde_json::to_string(&read).expect("what is read is JSON")
}

/// App secrets.
#[napi]
pub struct NativeSecrets(Secrets);

#[napi]
impl NativeSecrets {
    #[napi(constructor)]
    pub fn new(env: Env, secrets: Vec<String>, accept_sha1: bool) -> napi::Result<Self> {
        guard(env, || {
            let secrets = Secrets::new(secrets)?;
            Ok(NativeSecrets(secrets.accept_sha1(accept_sha1)))
        })
    }

    /// The number of the secret that made the signature.
    #[napi]
    pub fn verify(
        &self,
        env: Env,
        body: &[u8],
        header: Option<String>,
    ) -> napi::Result<Either<u32, NativeRefusal>> {
        told(env, || {
            let number = self.0.verify(body, bytes(header.as_ref()))?;
            Ok(u32::try_from(number).unwrap_or(u32::MAX))
        })
    }

    /// What the webhook holds, as JSON.
    #[napi]
    pub fn verify_and_parse(
        &self,
        env: Env,
        body: &[u8],
        header: Option<String>,
    ) -> napi::Result<Either<String, NativeRefusal>> {
        told(env, || {
            webhook::verify_and_parse(body, bytes(header.as_ref()), &self.0).map(json)
        })
    }

    #[napi]
    pub fn sign(&self, body: &[u8]) -> String {
        self.0.sign(body)
    }

    #[napi]
    pub fn likely_cause(
        &self,
        env: Env,
        body: &[u8],
        header: Option<String>,
    ) -> napi::Result<NativeCause> {
        guard(env, || {
            Ok(webhook::likely_cause(body, bytes(header.as_ref()), &self.0).into())
        })
    }
}

fn bytes(header: Option<&String>) -> Option<&[u8]> {
    header.map(String::as_bytes)
}

/// What the webhook holds, as JSON.
#[napi]
pub fn parse_unverified(env: Env, body: &[u8]) -> napi::Result<Either<String, NativeRefusal>> {
    told(env, || webhook::parse_unverified(body).map(json))
}

#[napi]
pub fn answer_challenge(
    env: Env,
    query: String,
    verify_token: String,
) -> napi::Result<Either<String, NativeRefusal>> {
    told(env, || webhook::answer_challenge(&query, &verify_token))
}

#[napi]
pub fn challenge(
    env: Env,
    mode: Option<String>,
    token: Option<String>,
    challenge: Option<String>,
    verify_token: String,
) -> napi::Result<Either<String, NativeRefusal>> {
    told(env, || {
        let (mode, token) = (mode.as_deref(), token.as_deref());
        webhook::challenge(mode, token, challenge.as_deref(), &verify_token)
    })
}

#[napi]
pub fn decode_body(
    env: Env,
    body: String,
    is_base64: bool,
) -> napi::Result<Either<Uint8Array, NativeRefusal>> {
    told(env, || {
        webhook::decode_body(&body, is_base64).map(Uint8Array::from)
    })
}

/// What most likely happened to a webhook whose signature doesn't fit.
#[napi(object, object_from_js = false)]
pub struct NativeCause {
    /// Its stable name, such as `reserialized`; `none` if the signature fits.
    pub kind: &'static str,
    /// What it is and what helps, in one sentence or two.
    pub advice: &'static str,
    /// Of `other_secret`: the number of the secret that fits.
    pub secret: Option<u32>,
}

impl From<Cause> for NativeCause {
    fn from(cause: Cause) -> Self {
        NativeCause {
            kind: cause.as_str(),
            advice: cause.advice(),
            secret: match cause {
                Cause::OtherSecret(number) => u32::try_from(number).ok(),
                _ => None,
            },
        }
    }
}

#[napi]
pub struct NativeDeduplicator(Deduplicator);

#[napi]
impl NativeDeduplicator {
    #[napi(constructor)]
    pub fn new(capacity: u32) -> Self {
        NativeDeduplicator(Deduplicator::new(capacity as usize))
    }

    #[napi]
    pub fn is_new(&self, identity: String) -> bool {
        self.0.is_new_identity(&identity)
    }

    #[napi]
    pub fn forget(&self, identity: String) {
        self.0.forget(&identity);
    }
}
