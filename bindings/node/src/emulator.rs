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

    #[napi(getter)]
    pub fn url(&self) -> &str {
        self.0.url()
    }

    #[napi(getter)]
    pub fn page_id(&self) -> &str {
        self.0.page_id()
    }

    #[napi(getter)]
    pub fn access_token(&self) -> &str {
        self.0.access_token()
    }

    #[napi(getter)]
    pub fn app_secret(&self) -> &str {
        self.0.app_secret()
    }

    #[napi(getter)]
    pub fn psids(&self) -> Vec<String> {
        self.0.psids()
    }

    #[napi]
    pub fn stop(&self) {
        self.0.stop();
    }
}
