//! Promises for what waits. Each waits on a thread of its own, since the event loop's few
//! must not; what is told goes out as JSON.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

use callcta::{Delivery, Error};
use callcta_campaign::ErrorKind;
use napi::Env;
use napi::bindgen_prelude::{Either3, Object};
use napi_derive::napi;

use crate::outcome::NativeError;

/// A campaign's own error.
#[napi(object, object_from_js = false)]
pub struct NativeCampaignError {
    pub campaign_kind: String,
    pub message: String,
}

/// Why there is nothing to tell.
pub enum Failed {
    Core(Error),
    Campaign(callcta_campaign::Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Core(error)
    }
}

/// An argument that can't be used is told like any other.
impl From<callcta_campaign::Error> for Failed {
    fn from(error: callcta_campaign::Error) -> Self {
        if error.kind() == ErrorKind::InvalidArgument {
            Failed::Core(Error::invalid_argument(error.to_string()))
        } else {
            Failed::Campaign(error)
        }
    }
}

type Told = Either3<String, NativeError, NativeCampaignError>;

fn told(told: Result<String, Failed>) -> Told {
    match told {
        Ok(text) => Either3::A(text),
        Err(Failed::Core(error)) => Either3::B(NativeError::from(&error)),
        Err(Failed::Campaign(error)) => Either3::C(NativeCampaignError {
            campaign_kind: error.kind().to_string(),
            message: error.to_string(),
        }),
    }
}

/// Lets something wait. Fulfils with what is told, or with why it failed.
pub fn waiting(
    env: &Env,
    wait: impl FnOnce() -> Result<String, Failed> + Send + 'static,
) -> napi::Result<Object<'_>> {
    let (deferred, promise) = env.create_deferred()?;
    let deferred = Arc::new(Mutex::new(Some(deferred)));
    let settle = {
        let deferred = Arc::clone(&deferred);
        move |result: Result<String, Failed>| {
            let taken = deferred
                .lock()
                .ok()
                .and_then(|mut deferred| deferred.take());
            let told = told(result);
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
            Err(Error::internal(Delivery::Unknown, what).into())
        }));
    };
    let thread = thread::Builder::new().name("callcta-ask".to_owned());
    if let Err(error) = thread.spawn(work) {
        let text = format!("no thread can be started: {error}");
        refuse(Err(Error::out_of_resources(text).into()));
    }
    Ok(promise)
}
