//! The emulator, for tests.

use std::sync::Arc;
use std::thread;

use callcta::{Delivery, Error};
use callcta_emulator::Emulator;
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use serde_json::{Value, json};

use crate::boundary::guard;
use crate::read::parse;

/// A local Graph API inside of this process.
#[napi]
pub struct NativeEmulator(Arc<Emulator>);

#[napi]
impl NativeEmulator {
    #[napi(constructor)]
    pub fn new(env: Env) -> napi::Result<Self> {
        guard(env, || {
            let started = Emulator::start().map_err(|error| {
                let text = format!("the emulator can't be started: {error}");
                Error::internal(Delivery::NotSent, text)
            })?;
            Ok(NativeEmulator(Arc::new(started)))
        })
    }

    /// Where it is, and who and what it knows, as JSON.
    #[napi(getter)]
    pub fn facts(&self) -> String {
        self.0.ready_line()
    }

    /// Asks the control API, and tells `[status, answer]`, as JSON. Nothing that a test
    /// puts in place of HTTP, clocks and the like has a part in it.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn control<'env>(
        &self,
        env: &'env Env,
        method: String,
        path: String,
        body: Option<String>,
    ) -> napi::Result<Object<'env>> {
        let body = guard(*env, || body.as_deref().map(parse).transpose())?;
        let (answered, promise) = env.create_deferred::<String, _>()?;
        let emulator = Arc::clone(&self.0);
        // Elsewhere, since it may wait for this event loop to take a webhook.
        thread::Builder::new()
            .name("callcta-control".to_owned())
            .spawn(move || {
                let (status, answer): (u16, Value) =
                    emulator.control(&method, &path, body.as_ref());
                answered.resolve(move |_| Ok(json!([status, answer]).to_string()));
            })?;
        Ok(promise)
    }

    #[napi]
    pub fn stop(&self) {
        self.0.stop();
    }
}
