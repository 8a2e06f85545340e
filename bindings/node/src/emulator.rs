//! The emulator, for tests.

use std::collections::BTreeMap;
use std::io::ErrorKind::{
    self, AddrInUse, AddrNotAvailable, InvalidData, InvalidInput, NotFound, OutOfMemory,
    PermissionDenied, WouldBlock,
};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use callcta::{Delivery, Error};
use callcta_emulator::{Emulator, EmulatorBuilder};
use napi::bindgen_prelude::Object;
use napi::{Env, JsDeferred};
use napi_derive::napi;
use serde_json::json;

use crate::boundary::guard;
use crate::read::parse;

/// Whether it is about what was asked for.
fn is_given(kind: ErrorKind) -> bool {
    matches!(
        kind,
        InvalidInput | InvalidData | NotFound | PermissionDenied | AddrInUse | AddrNotAvailable
    )
}

/// What makes a value of the answer of the control API.
type Answer = Box<dyn FnOnce(Env) -> napi::Result<String> + Send>;

/// A local Graph API inside of this process.
#[napi]
pub struct NativeEmulator(Arc<Emulator>);

#[napi]
impl NativeEmulator {
    #[napi(constructor)]
    pub fn new(env: Env, settings: String) -> napi::Result<Self> {
        guard(env, || {
            let settings = parse(&settings)?;
            let builder = Emulator::builder().settings(&settings);
            let started = builder.and_then(EmulatorBuilder::start).map_err(|error| {
                let text = format!("the emulator can't be started: {error}");
                if is_given(error.kind()) {
                    return Error::invalid_argument(text);
                }
                // Of threads, or of files (EMFILE, ENFILE), for which there is no name.
                let is_spent = matches!(error.kind(), WouldBlock | OutOfMemory)
                    || matches!(error.raw_os_error(), Some(23 | 24));
                if is_spent {
                    Error::out_of_resources(text)
                } else {
                    Error::internal(Delivery::NotSent, text)
                }
            })?;
            Ok(NativeEmulator(Arc::new(started)))
        })
    }

    /// Where it is, and who and what it knows, as JSON.
    #[napi(getter)]
    pub fn facts(&self) -> String {
        self.0.ready_line()
    }

    /// Variables for a program that talks to it, as JSON.
    #[napi(getter)]
    pub fn environment(&self) -> String {
        let variables: BTreeMap<_, _> = self.0.environment().into_iter().collect();
        json!(variables).to_string()
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
        let (sender, receiver) = channel::<JsDeferred<String, Answer>>();
        guard(*env, || {
            let body = body.as_deref().map(parse).transpose()?;
            let emulator = Arc::clone(&self.0);
            // Elsewhere, since it may wait for this event loop to take a webhook.
            let thread = thread::Builder::new().name("callcta-control".to_owned());
            let started = thread.spawn(move || {
                let answer = emulator.control(&method, &path, body.as_ref());
                if let Ok(deferred) = receiver.recv() {
                    deferred.resolve(Box::new(move |_| Ok(json!(answer).to_string())));
                }
            });
            started.map_err(|error| {
                Error::out_of_resources(format!("no thread can be started: {}", error.kind()))
            })?;
            Ok(())
        })?;
        let (deferred, promise) = env.create_deferred()?;
        // Fails only if the thread panicked.
        let _ = sender.send(deferred);
        Ok(promise)
    }

    #[napi]
    pub fn stop(&self) {
        self.0.stop();
    }
}
