//! Requests that carry no message. Each waits on a thread of its own, since the event
//! loop's few must not; what is told goes out as JSON, under the core's names.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use callcta::calling::CallSettings;
use callcta::{CancelToken, Delivery, Error, RequestOptions};
use napi::Env;
use napi::bindgen_prelude::{Either, Object};
use napi_derive::napi;
use serde_json::{Map, Value};

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
        let set = |options: RequestOptions, (name, value): (String, Value)| {
            options.set(&name, value).map_err(Refused::from)
        };
        let mut options = object(&options)?.into_iter();
        let options = options.try_fold(RequestOptions::new(), set)?;
        Ok((object(&arguments)?, options.cancel(&cancel.0)))
    })?;
    let (deferred, promise) = env.create_deferred()?;
    let deferred = std::sync::Arc::new(std::sync::Mutex::new(Some(deferred)));
    let settle = {
        let deferred = std::sync::Arc::clone(&deferred);
        move |told: callcta::Result<Value>| {
            let taken = deferred
                .lock()
                .ok()
                .and_then(|mut deferred| deferred.take());
            let told = match told {
                Ok(value) => Either::A(value.to_string()),
                Err(error) => Either::B(NativeError::from(&error)),
            };
            if let Some(deferred) = taken {
                deferred.resolve(move |_| Ok(told));
            }
        }
    };
    let refuse = settle.clone();
    let work = move || {
        let calling = client.calling().with(options);
        let asked = catch_unwind(AssertUnwindSafe(|| calling.by_name(&name, arguments)));
        settle(asked.unwrap_or_else(|_| {
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

/// Everything that is wrong with call settings in wire form.
#[napi]
pub fn validate_settings(env: Env, settings: String) -> napi::Result<Vec<NativeViolation>> {
    guard(env, || {
        let settings = CallSettings::raw(object(&settings)?);
        Ok(settings.validate().iter().map(Into::into).collect())
    })
}
