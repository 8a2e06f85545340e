//! Settings as other languages give them.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::builder::EmulatorBuilder;
use crate::platform::{AnswerShape, State};

/// What is left out stays as it is.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    listen: Option<IpAddr>,
    port: Option<u16>,
    prefix: Option<String>,
    allow_host: Vec<String>,
    allow_origin: Vec<String>,
    state: Option<State>,
    seed_file: Option<PathBuf>,
    answer_shape: Option<AnswerShape>,
    clock: Option<i64>,
    run_clock: Option<bool>,
    seed: Option<u64>,
    keep_messages: Option<usize>,
    keep_requests: Option<usize>,
    keep_bytes: Option<usize>,
    head_timeout_ms: Option<u64>,
    threads: Option<usize>,
}

impl EmulatorBuilder {
    /// Takes settings by their names from a JSON object, as the helpers of other languages do:
    /// those of the methods here, a list for `allow_host` and `allow_origin`, and
    /// `head_timeout_ms`.
    ///
    /// Fails with `InvalidInput` on anything else, and as [`seed_file`](Self::seed_file) does.
    pub fn settings(self, settings: &Value) -> io::Result<Self> {
        // A list would pass as an object without names.
        if !settings.is_object() {
            return Err(invalid("the settings must be an object"));
        }
        let options = Options::deserialize(settings).map_err(invalid)?;
        if options.state.is_some() && options.seed_file.is_some() {
            return Err(invalid("either state or seed_file, not both"));
        }
        let hosts = options.allow_host.into_iter();
        let with_hosts = hosts.fold(self, Self::allow_host);
        let origins = options.allow_origin.into_iter();
        let builder = origins
            .fold(with_hosts, Self::allow_origin)
            .set(options.listen, Self::listen)
            .set(options.port, Self::port)
            .set(options.prefix, Self::prefix)
            .set(options.state, Self::state)
            .set(options.answer_shape, Self::answer_shape)
            .set(options.clock, Self::clock)
            .set(options.run_clock, Self::run_clock)
            .set(options.seed, Self::seed)
            .set(options.keep_messages, Self::keep_messages)
            .set(options.keep_requests, Self::keep_requests)
            .set(options.keep_bytes, Self::keep_bytes)
            .set(
                options.head_timeout_ms.map(Duration::from_millis),
                Self::head_timeout,
            )
            .set(options.threads, Self::threads);
        match options.seed_file {
            Some(file) => builder.seed_file(file),
            None => Ok(builder),
        }
    }

    fn set<T>(self, value: Option<T>, setter: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => setter(self, value),
            None => self,
        }
    }
}

fn invalid(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::emulator::Emulator;

    #[test]
    fn each_setting_has_its_name() {
        let emulator = Emulator::builder()
            .settings(&json!({
                "listen": "127.0.0.1", "port": 0, "prefix": "/emu", "allow_host": ["a.example"],
                "allow_origin": ["*"], "state": {"pages": {"7": {}}}, "clock": 5,
                "answer_shape": "nested_id", "run_clock": false, "seed": 3, "keep_messages": 1,
                "keep_requests": 2, "keep_bytes": 1_000, "head_timeout_ms": 500, "threads": 2,
            }))
            .and_then(super::EmulatorBuilder::start)
            .unwrap();
        assert!(emulator.url().ends_with("/emu"));
        assert_eq!((emulator.page_id(), emulator.now()), ("7", 5));
    }

    #[test]
    fn what_is_none_is_refused() {
        for (settings, named) in [
            (json!({"ports": 1}), "ports"),
            (json!({"port": 70_000}), "70000"),
            (json!({"state": {}, "seed_file": "x"}), "not both"),
            (json!([]), "object"),
        ] {
            let error = Emulator::builder().settings(&settings).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
