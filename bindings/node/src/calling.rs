//! Requests that carry no message. What is told goes out as JSON, under the core's names.

use callcta::calling::CallSettings;
use callcta::doctor::Doctor;
use callcta::{CancelToken, RequestOptions};
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use serde_json::{Map, Value, json};

use crate::boundary::guard;
use crate::client::NativeClient;
use crate::outcome::NativeViolation;
use crate::read::{Read, Refused, parse};
use crate::waiting::waiting;

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
