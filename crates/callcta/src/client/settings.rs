//! The client's settings by name.

use std::str::FromStr;

use serde_json::Value;

use super::{ClientBuilder, TokenPlacement};
use crate::error::{Error, Result};
use crate::named::{Named, Setters, apply, find, names, setters, unknown};
use crate::retry::RetryPolicy;

impl FromStr for TokenPlacement {
    type Err = Error;

    /// `header`, `query` or `body`.
    fn from_str(name: &str) -> Result<Self> {
        match name {
            "header" => Ok(TokenPlacement::Header),
            "query" => Ok(TokenPlacement::Query),
            "body" => Ok(TokenPlacement::Body),
            _ => Err(Error::invalid_argument(
                "token_placement must be header, query or body",
            )),
        }
    }
}

impl ClientBuilder {
    /// Changes a setting by its name, for those who read settings from elsewhere.
    /// Names are those of the methods, the ones of
    /// [`RetryPolicy`](crate::RetryPolicy) among them; `retry` takes an object of
    /// the latter, `headers` one of texts. Durations are numbers of seconds, or of milliseconds under a
    /// name with `_ms` at its end. `calling_not_enabled_codes` is a list of
    /// `{"code": 10, "subcode": 7}`, the subcode being optional. Null leaves a
    /// setting as it is.
    ///
    /// ```
    /// let mut builder = callcta::Client::builder("1234567890", "token");
    /// let settings = serde_json::json!({"version": "v26.0", "timeout_ms": 1500, "attempts": 1});
    /// for (name, value) in settings.as_object().expect("it is one") {
    ///     builder = builder.set(name, value.clone())?;
    /// }
    /// # builder.build()?;
    /// # Ok::<(), callcta::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there is no such
    /// setting, or if the value is not of its type. Whether it can be used is seen
    /// by [`build`](ClientBuilder::build).
    pub fn set(self, name: &str, value: impl Into<Value>) -> Result<Self> {
        if let Some(set) = find(SETTERS, name) {
            return apply(set, self, name, value.into());
        }
        if find(RetryPolicy::SETTERS, name).is_some() {
            let retry = self.retry.set(name, value)?;
            return Ok(self.retry(retry));
        }
        let known = names(SETTERS).chain(names(RetryPolicy::SETTERS));
        Err(unknown("setting", name, known))
    }
}

const SETTERS: Setters<ClientBuilder> = setters! {
    "base_url" => { base_url(text) },
    "version" => { version(text) },
    "use_me" => { use_me(yes) },
    "app_secret" => { app_secret(text) },
    "token_placement" => { |this, value| Ok(this.token_placement(value.text()?.parse()?)) },
    "timeout" => { timeout(duration) },
    "timeout_ms" => { timeout(duration) },
    "connect_timeout" => { connect_timeout(duration) },
    "connect_timeout_ms" => { connect_timeout(duration) },
    "body_limit" => { body_limit(count) },
    "max_idle_connections" => { max_idle_connections(count) },
    "user_agent" => { user_agent(text) },
    "proxy" => { proxy(text) },
    "proxy_from_env" => { proxy_from_env(yes) },
    "extra_ca_pem" => { extra_ca_pem(text) },
    #[cfg(feature = "platform-verifier")]
    "platform_verifier" => { platform_verifier(yes) },
    "headers" => { set_headers },
    "retry" => { set_retry },
    "calling_not_enabled_codes" => { set_codes },
};

fn set_headers(mut builder: ClientBuilder, value: Named<'_>) -> Result<ClientBuilder> {
    for (name, value) in value.texts()? {
        builder.headers.set(name, value);
    }
    Ok(builder)
}

fn set_retry(mut builder: ClientBuilder, value: Named<'_>) -> Result<ClientBuilder> {
    for (name, value) in value.object()? {
        builder.retry = builder.retry.set(&name, value)?;
    }
    Ok(builder)
}

fn set_codes(builder: ClientBuilder, value: Named<'_>) -> Result<ClientBuilder> {
    let wrong = value.must_be("a list of objects with code and perhaps subcode");
    let codes = value.list()?;
    let codes = codes.iter().map(code_and_subcode);
    let codes = codes.collect::<Option<Vec<_>>>().ok_or(wrong)?.into_iter();
    Ok(codes.fold(builder, |builder, (code, subcode)| {
        builder.calling_not_enabled_code(code, subcode)
    }))
}

/// Of an object, or of a list of the two.
fn code_and_subcode(pair: &Value) -> Option<(i64, Option<i64>)> {
    let (code, subcode, count) = match pair {
        Value::Array(pair) => (pair.first(), pair.get(1), pair.len()),
        Value::Object(pair) => (pair.get("code"), pair.get("subcode"), pair.len()),
        _ => return None,
    };
    // A misspelt subcode must not get lost.
    if count > usize::from(code.is_some()) + usize::from(subcode.is_some()) {
        return None;
    }
    let subcode = match subcode {
        None | Some(Value::Null) => None,
        Some(subcode) => Some(subcode.as_i64()?),
    };
    Some((code?.as_i64()?, subcode))
}
