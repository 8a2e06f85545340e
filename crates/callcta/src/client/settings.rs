//! The client's settings by name.

use std::str::FromStr;

use serde_json::Value;

use super::{ClientBuilder, TokenPlacement};
use crate::error::{Error, Result};
use crate::named::{Setter, apply};

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
    /// the latter. Durations are numbers of seconds, or of milliseconds under a
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
        let set: Setter<Self> = match name {
            "base_url" => |this, value| Ok(this.base_url(value.text()?)),
            "version" => |this, value| Ok(this.version(value.text()?)),
            "use_me" => |this, value| Ok(this.use_me(value.yes()?)),
            "app_secret" => |this, value| Ok(this.app_secret(value.text()?)),
            "token_placement" => |this, value| Ok(this.token_placement(value.text()?.parse()?)),
            "timeout" | "timeout_ms" => |this, value| Ok(this.timeout(value.duration()?)),
            "connect_timeout" | "connect_timeout_ms" => {
                |this, value| Ok(this.connect_timeout(value.duration()?))
            }
            "body_limit" => |this, value| Ok(this.body_limit(value.count()?)),
            "max_idle_connections" => |this, value| Ok(this.max_idle_connections(value.count()?)),
            "user_agent" => |this, value| Ok(this.user_agent(value.text()?)),
            "proxy" => |this, value| Ok(this.proxy(value.text()?)),
            "proxy_from_env" => |this, value| Ok(this.proxy_from_env(value.yes()?)),
            "extra_ca_pem" => |this, value| Ok(this.extra_ca_pem(value.text()?)),
            #[cfg(feature = "platform-verifier")]
            "platform_verifier" => |this, value| Ok(this.platform_verifier(value.yes()?)),
            "retry" => |mut this, value| {
                for (name, value) in value.object()? {
                    this.retry = this.retry.set(&name, value)?;
                }
                Ok(this)
            },
            "calling_not_enabled_codes" => |this, value| {
                let wrong = value.must_be("a list of objects with code and perhaps subcode");
                let codes = value.list()?;
                let codes = codes
                    .iter()
                    .map(code_and_subcode)
                    .collect::<Option<Vec<_>>>();
                let codes = codes.ok_or(wrong)?.into_iter();
                Ok(codes.fold(this, |this, (code, subcode)| {
                    this.calling_not_enabled_code(code, subcode)
                }))
            },
            _ => {
                let retry = self.retry.set(name, value)?;
                return Ok(self.retry(retry));
            }
        };
        apply(set, self, name, value.into())
    }
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
