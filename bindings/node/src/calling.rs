//! Requests that carry no message. Each waits on a thread of its own, since the event
//! loop's few must not; what is told goes out as JSON, under the core's names.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use callcta::calling::CallSettings;
use callcta::doctor::Doctor;
use callcta::{CancelToken, Delivery, Error, RequestOptions};
use napi::Env;
use napi::bindgen_prelude::{Either, Object};
use napi_derive::napi;
use serde_json::{Map, Value, json};

use crate::boundary::guard;
use crate::client::NativeClient;
use crate::outcome::{NativeError, NativeViolation};
use crate::read::{Read, Refused, parse};

/// By which a request is given up.
#[napi]
pub struct NativeCancel(CancelToken);

#[napi]
impl NativeCancel {
    #[napi(constructor)]
    #[allow(clippy::new_without_default)] // for JavaScript only
    pub fn new() -> Self {
        NativeCancel(CancelToken::new())
    }

    #[napi]
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

fn object(json: &str) -> Read<Map<String, Value>> {
    match parse(json)? {
        Value::Object(object) => Ok(object),
        _ => Err(Refused::must("an object")),
    }
}

/// Sets options that are given as JSON.
fn set_all<T>(
    all: T,
    options: &str,
    set: impl Fn(T, &str, Value) -> callcta::Result<T>,
) -> Read<T> {
    let mut options = object(options)?.into_iter();
    options.try_fold(all, |all, (name, value)| {
        set(all, &name, value).map_err(Refused::from)
    })
}

/// Makes a request by the name that it has in the core. Fulfils with what is told, or with
/// why it failed.
#[napi(ts_return_type = "Promise<string | NativeError>")]
pub fn ask<'env>(
    env: &'env Env,
    client: &NativeClient,
    name: String,
    arguments: String,
    options: String,
    cancel: &NativeCancel,
) -> napi::Result<Object<'env>> {
    let client = client.core().clone();
    let (arguments, options) = guard(*env, || {
        let options = set_all(RequestOptions::new(), &options, RequestOptions::set)?;
        Ok((object(&arguments)?, options.cancel(&cancel.0)))
    })?;
    waiting(env, move || {
        let told = client.calling().with(options).by_name(&name, arguments)?;
        Ok(told.to_string())
    })
}

/// Lets something wait on a thread of its own. Fulfils with what is told, or with why it failed.
fn waiting(
    env: &Env,
    wait: impl FnOnce() -> callcta::Result<String> + Send + 'static,
) -> napi::Result<Object<'_>> {
    let (deferred, promise) = env.create_deferred()?;
    let deferred = std::sync::Arc::new(std::sync::Mutex::new(Some(deferred)));
    let settle = {
        let deferred = std::sync::Arc::clone(&deferred);
        move |told: callcta::Result<String>| {
            let taken = deferred
                .lock()
                .ok()
                .and_then(|mut deferred| deferred.take());
            let told = match told {
                Ok(text) => Either::A(text),
                Err(error) => Either::B(NativeError::from(&error)),
            };
            if let Some(deferred) = taken {
                deferred.resolve(move |_| Ok(told));
            }
        }
    };
    let refuse = settle.clone();
    let work = move || {
        let told = catch_unwind(AssertUnwindSafe(wait));
        settle(told.unwrap_or_else(|_| {
            let what = "a panic in the Node binding";
            Err(Error::internal(Delivery::Unknown, what))
        }));
    };
    let thread = thread::Builder::new().name("callcta-ask".to_owned());
    if let Err(error) = thread.spawn(work) {
        let text = format!("no thread can be started: {error}");
        refuse(Err(Error::out_of_resources(text)));
    }
    Ok(promise)
}

/// Looks for what keeps the button from working. Fulfils with the diagnosis and its lines,
/// or with why it was given up.
#[napi(ts_return_type = "Promise<string | NativeError>")]
pub fn examine<'env>(
    env: &'env Env,
    client: &NativeClient,
    options: String,
    cancel: &NativeCancel,
) -> napi::Result<Object<'env>> {
    let doctor = client.core().doctor();
    let doctor = guard(*env, || set_all(doctor, &options, Doctor::set))?;
    let token = cancel.0.clone();
    waiting(env, move || {
        let diagnosis = doctor.examine_until(&token)?;
        Ok(json!([diagnosis, diagnosis.to_string()]).to_string())
    })
}

/// Everything that is wrong with call settings in wire form.
#[napi]
pub fn validate_settings(env: Env, settings: String) -> napi::Result<Vec<NativeViolation>> {
    guard(env, || {
        let settings = CallSettings::raw(object(&settings)?);
        Ok(settings.validate().iter().map(Into::into).collect())
    })
}
