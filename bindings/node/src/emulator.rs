//! The emulator, for tests.

use callcta::{Delivery, Error};
use callcta_emulator::Emulator;
use napi::Env;
use napi_derive::napi;

use crate::boundary::guard;

/// A local Graph API inside of this process; the rest is done over its control API.
#[napi]
pub struct NativeEmulator(Emulator);

#[napi]
impl NativeEmulator {
    #[napi(constructor)]
    pub fn new(env: Env) -> napi::Result<Self> {
        guard(env, || {
            let started = Emulator::start().map_err(|error| {
                let text = format!("the emulator can't be started: {error}");
                Error::internal(Delivery::NotSent, text)
            })?;
            Ok(NativeEmulator(started))
        })
    }

    /// Where it is, and who and what it knows, as JSON.
    #[napi(getter)]
    pub fn facts(&self) -> String {
        self.0.ready_line()
    }

    #[napi]
    pub fn stop(&self) {
        self.0.stop();
    }
}
