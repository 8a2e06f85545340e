//! Settings, the client, and how its sends are given up.

use std::ffi::{c_char, c_void};
use std::ptr;

use callcta::{CancelToken, Client, ClientBuilder, Environment};
use serde_json::Value;

use crate::ffi::{Result, call_back, name_of, output, set_to};
use crate::memory::new;
use crate::message::callcta_message;
use crate::request::callcta_request;
use crate::status::callcta_status;
use crate::told::{self, callcta_error, callcta_receipt};

/// A setting of a client. Its value is a text, such as `5000` where it is a number.
pub type callcta_setting = u32;

/// The Graph API's address, such as an emulator's; `https`, unless the host is this
/// machine. Default: `https://graph.facebook.com`.
pub const CALLCTA_SETTING_BASE_URL: callcta_setting = 4001;
/// The Graph API version; an empty text leaves it out of the path. Default: `v26.0`.
pub const CALLCTA_SETTING_VERSION: callcta_setting = 4002;
/// The app secret; with it each request carries an `appsecret_proof`. Default: none.
pub const CALLCTA_SETTING_APP_SECRET: callcta_setting = 4003;
/// The `User-Agent` header. Default: `callcta/` and the version.
pub const CALLCTA_SETTING_USER_AGENT: callcta_setting = 4004;
/// The URL of a proxy. Default: none, whatever the environment says.
pub const CALLCTA_SETTING_PROXY: callcta_setting = 4005;
/// Certificates in PEM form that are trusted beside the built-in ones. Default: none.
pub const CALLCTA_SETTING_EXTRA_CA_PEM: callcta_setting = 4006;
/// Where the token travels: `header`; `query`, and so into the logs of proxies and
/// servers; or `body`. Default: `header`.
pub const CALLCTA_SETTING_TOKEN_PLACEMENT: callcta_setting = 4007;
/// Bound for one whole request and its answer, in milliseconds. Default: 30 s.
pub const CALLCTA_SETTING_TIMEOUT_MS: callcta_setting = 4008;
/// Bound for connecting, TLS included, in milliseconds. Default: 10 s.
pub const CALLCTA_SETTING_CONNECT_TIMEOUT_MS: callcta_setting = 4009;
/// Largest answer that is read, in bytes. Default: 1 MiB.
pub const CALLCTA_SETTING_BODY_LIMIT: callcta_setting = 4010;
/// Most idle connections that are kept. Default: 64.
pub const CALLCTA_SETTING_MAX_IDLE_CONNECTIONS: callcta_setting = 4011;
/// `true` or `false`: post to `/me/messages` rather than to the Page id. Default:
/// `false`.
pub const CALLCTA_SETTING_USE_ME: callcta_setting = 4012;
/// `true` or `false`: take the proxy from the environment as curl does, from
/// `HTTPS_PROXY`, or `ALL_PROXY` without it, unless `NO_PROXY` has the host. Default:
/// `false`.
pub const CALLCTA_SETTING_PROXY_FROM_ENV: callcta_setting = 4013;
/// Most requests per send, the first included. Default: 3.
pub const CALLCTA_SETTING_ATTEMPTS: callcta_setting = 4014;
/// Upper bound of the first wait before a retry, in milliseconds; it doubles with
/// each. Default: 500 ms.
pub const CALLCTA_SETTING_BASE_DELAY_MS: callcta_setting = 4015;
/// Longest wait before a retry, in milliseconds; if the platform asks for more, the
/// send fails at once. Default: 30 s.
pub const CALLCTA_SETTING_MAX_DELAY_MS: callcta_setting = 4016;
/// `true` or `false`: try again even when the message may have been delivered. **This
/// can deliver it twice.** Default: `false`.
pub const CALLCTA_SETTING_RETRY_UNKNOWN: callcta_setting = 4017;
/// The codes that mean `CALLCTA_CALLING_NOT_ENABLED`, since Meta documents none:
/// `[{"code": 10, "subcode": 7}, {"code": 11}]`, the latter whatever the subcode.
/// Default: none.
pub const CALLCTA_SETTING_CALLING_NOT_ENABLED_CODES: callcta_setting = 4018;
/// Further headers of each request, as a JSON object of texts, such as those of tracing.
/// Default: none.
pub const CALLCTA_SETTING_HEADERS: callcta_setting = 4019;

const SETTINGS: &[(callcta_setting, &str)] = &[
    (CALLCTA_SETTING_BASE_URL, "base_url"),
    (CALLCTA_SETTING_VERSION, "version"),
    (CALLCTA_SETTING_APP_SECRET, "app_secret"),
    (CALLCTA_SETTING_USER_AGENT, "user_agent"),
    (CALLCTA_SETTING_PROXY, "proxy"),
    (CALLCTA_SETTING_EXTRA_CA_PEM, "extra_ca_pem"),
    (CALLCTA_SETTING_TOKEN_PLACEMENT, "token_placement"),
    (CALLCTA_SETTING_TIMEOUT_MS, "timeout_ms"),
    (CALLCTA_SETTING_CONNECT_TIMEOUT_MS, "connect_timeout_ms"),
    (CALLCTA_SETTING_BODY_LIMIT, "body_limit"),
    (CALLCTA_SETTING_MAX_IDLE_CONNECTIONS, "max_idle_connections"),
    (CALLCTA_SETTING_USE_ME, "use_me"),
    (CALLCTA_SETTING_PROXY_FROM_ENV, "proxy_from_env"),
    (CALLCTA_SETTING_ATTEMPTS, "attempts"),
    (CALLCTA_SETTING_BASE_DELAY_MS, "base_delay_ms"),
    (CALLCTA_SETTING_MAX_DELAY_MS, "max_delay_ms"),
    (CALLCTA_SETTING_RETRY_UNKNOWN, "retry_unknown"),
    (
        CALLCTA_SETTING_CALLING_NOT_ENABLED_CODES,
        "calling_not_enabled_codes",
    ),
    (CALLCTA_SETTING_HEADERS, "headers"),
];

/// Settings of a client.
///
/// Threads: several may read it at once; one alone may change it.
pub struct callcta_config {
    page_id: String,
    access_token: String,
    settings: Vec<(String, Value)>,
    on_retry: callcta_on_retry,
    user_data: usize,
}

impl callcta_config {
    fn new(page_id: String, access_token: String) -> Self {
        callcta_config {
            page_id,
            access_token,
            settings: Vec::new(),
            on_retry: None,
            user_data: 0,
        }
    }

    fn set(&mut self, name: &str, text: &str) -> Result {
        let value = set_to(text, |value| {
            // So that a wrong type shows here already.
            let _ = Client::builder("", "").set(name, value.clone())?;
            Ok(value)
        })?;
        self.settings.push((name.to_owned(), value));
        Ok(())
    }
}

/// Sends messages for one Page, over connections that it keeps.
///
/// Threads: any number may use it at once.
pub struct callcta_client(pub(crate) Client);

/// Is told of each retry before its wait, on the thread that sends, which may be
/// any. `user_data` is what was set with the callback, or for the request by
/// `callcta_request_set_retry_data`. `error` says why; it lives until the callback
/// returns. `attempt` is the try that failed, from 1. It may close the client, but not
/// free it, nor wait for an outbox.
pub type callcta_on_retry = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        error: *const callcta_error,
        attempt: u32,
        wait_ms: u64,
    ),
>;

/// Makes settings for a client of this Page. `page_id` has digits only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_new(
    page_id: *const c_char, access_token: *const c_char, config: *mut *mut callcta_config,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give!(config, error, {
        let (page_id, access_token) = (arg!(text page_id), arg!(text access_token));
        new(callcta_config::new(
            page_id.to_owned(),
            access_token.to_owned(),
        ))
    })
}

/// Makes settings of the environment: `CALLCTA_PAGE_ID` and `CALLCTA_ACCESS_TOKEN`, and,
/// where they are set, `CALLCTA_APP_SECRET`, `CALLCTA_BASE_URL`, which may lead to an
/// emulator, and `CALLCTA_CA_FILE`, the name of a file with certificates to trust. Fails with `CALLCTA_INVALID_ARGUMENT`, which names what is missing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_from_env(
    config: *mut *mut callcta_config, error: *mut *mut callcta_error,
) -> callcta_status {
    give!(config, error, {
        let environment = Environment::read()?;
        let mut made = callcta_config::new(environment.page_id, environment.access_token);
        let set = [
            ("app_secret", environment.app_secret),
            ("base_url", environment.base_url),
            ("extra_ca_pem", environment.extra_ca_pem),
        ]
        .into_iter();
        let set = set.filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        made.settings.extend(set);
        new(made)
    })
}

/// Sets one of `CALLCTA_SETTING_*`, which says what `value` is. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if it is something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_set(
    config: *mut callcta_config, setting: callcta_setting, value: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (config, value) = (arg!(change config), arg!(text value));
        config.set(
            name_of(SETTINGS, "setting", setting, "callcta_setting")?,
            value,
        )?;
    })
}

/// Sets a setting by its name, as a configuration file has it: that of its constant in
/// small letters without `CALLCTA_SETTING_`, such as `timeout_ms`. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if there is no such setting, and names the one that is
/// likely meant.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_set_named(
    config: *mut callcta_config, name: *const c_char, value: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (config, name, value) = (arg!(change config), arg!(text name), arg!(text value));
        config.set(name, value)?;
    })
}
/// Sets who is told of retries: nobody if that is NULL, the default. `user_data` comes
/// back as it is; it may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_set_on_retry(
    config: *mut callcta_config, on_retry: callcta_on_retry, user_data: *mut c_void,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let config = arg!(change config);
        // As an address it may cross threads; the header says which.
        (config.on_retry, config.user_data) = (on_retry, user_data.expose_provenance());
    })
}

/// Frees settings. Clients made of them are not touched.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_free(config: *mut callcta_config) {
    free!(config);
}

/// Makes a client. Nothing is connected before the first send. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if a setting can't be used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_new(
    config: *const callcta_config, client: *mut *mut callcta_client, error: *mut *mut callcta_error,
) -> callcta_status {
    give!(client, error, {
        let builder = builder(arg!(handle config))?;
        new(callcta_client(builder.build()?))
    })
}

/// The same, with the connections of another client: for many Pages in one process. Settings
/// of connections, such as the proxy and the time for connecting, are the other client's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_new_beside(
    config: *const callcta_config, other: *const callcta_client, client: *mut *mut callcta_client,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give!(client, error, {
        let (config, other) = (arg!(handle config), arg!(handle other));
        let builder = builder(config)?.share_connections(&other.0);
        new(callcta_client(builder.build()?))
    })
}

fn builder(config: &callcta_config) -> callcta::Result<ClientBuilder> {
    let mut builder = Client::builder(&config.page_id, &config.access_token);
    for (name, value) in &config.settings {
        builder = builder.set(name, value.clone())?;
    }
    if let (Some(tell), user_data) = (config.on_retry, config.user_data) {
        builder = builder.on_retry(move |event| {
            let of_request = event.key.and_then(|key| usize::try_from(key).ok());
            let user_data = ptr::with_exposed_provenance_mut(of_request.unwrap_or(user_data));
            let wait_ms = u64::try_from(event.wait.as_millis()).unwrap_or(u64::MAX);
            let why = told::error(event.error);
            // SAFETY: the header says how it is called.
            call_back(|| unsafe { tell(user_data, &raw const why.record, event.attempt, wait_ms) });
        });
    }
    Ok(builder)
}

/// Makes requests with another access token from now on. Fails with
/// `CALLCTA_INVALID_ARGUMENT` if it can't be one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_set_access_token(
    client: *const callcta_client, access_token: *const c_char, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (client, access_token) = (arg!(handle client), arg!(text access_token));
        client.0.set_access_token(access_token)?;
    })
}

/// Sends a message to a PSID and waits for the platform's answer. `receipt` may be
/// NULL. Fails with any status; the error's delivery tells whether the message may
/// have arrived.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_send(
    client: *const callcta_client, to: *const c_char, message: *const callcta_message,
    receipt: *mut *mut callcta_receipt, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let receipt = output(receipt);
        let (client, to, message) = (arg!(handle client), arg!(text to), arg!(handle message));
        let sent = client.0.send(to, &message.0)?;
        if let Some(receipt) = receipt {
            *receipt = told::receipt(&sent).into_raw();
        }
    })
}

/// Sends a whole request; see `callcta_client_send`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_send_request(
    client: *const callcta_client, request: *const callcta_request,
    receipt: *mut *mut callcta_receipt, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let receipt = output(receipt);
        let (client, request) = (arg!(handle client), arg!(handle request));
        let sent = client.0.send_request(&request.0)?;
        if let Some(receipt) = receipt {
            *receipt = told::receipt(&sent).into_raw();
        }
    })
}

/// By which sends that are under way can be given up.
///
/// Threads: any number may use it at once.
pub struct callcta_cancel_token(pub(crate) CancelToken);

/// Makes a token. It can serve several sends, at once or one after another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_cancel_token_new(
    token: *mut *mut callcta_cancel_token, error: *mut *mut callcta_error,
) -> callcta_status {
    give! { token, error, new(callcta_cancel_token(CancelToken::new())) }
}

/// Gives up the sends with this token, those under way and later ones. Each ends at once
/// with `CALLCTA_CANCELLED` and the delivery that is known, unless its answer was first.
/// Not from a signal handler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_cancel_token_cancel(token: *const callcta_cancel_token) {
    body!({ arg!(handle token).0.cancel() });
}

/// Frees a token.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_cancel_token_free(token: *mut callcta_cancel_token) {
    free!(token);
}

/// Sends a whole request until `token` is cancelled; see `callcta_client_send`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_send_request_until(
    client: *const callcta_client, request: *const callcta_request,
    token: *const callcta_cancel_token, receipt: *mut *mut callcta_receipt,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let receipt = output(receipt);
        let (client, request) = (arg!(handle client), arg!(handle request));
        let sent = (client.0).send_request_until(&request.0, &arg!(handle token).0)?;
        if let Some(receipt) = receipt {
            *receipt = told::receipt(&sent).into_raw();
        }
    })
}

/// Closes every connection. Sends in flight end at once, later ones fail with
/// `CALLCTA_CANCELLED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_close(client: *const callcta_client) {
    body!({ arg!(handle client).0.close() });
}

/// Frees a client. An outbox that was made of it keeps its connections. Not from the
/// callback for retries.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_free(client: *mut callcta_client) {
    free!(client);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_goes_by_the_name_of_its_constant() {
        let header = include_str!("../include/callcta.h");
        for (number, name) in SETTINGS {
            let constant = format!("  CALLCTA_SETTING_{} = {number},\n", name.to_uppercase());
            assert!(header.contains(&constant), "{constant}");
        }
        assert_eq!(
            header.matches("\n  CALLCTA_SETTING_").count(),
            SETTINGS.len()
        );
    }
}
