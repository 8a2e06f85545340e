//! Settings, the client, and what a send that worked returned.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use callcta::{
    Client, ClientBuilder, Delivery, Error, Receipt, RetryEvent, RetryPolicy, TokenPlacement,
};

use crate::callcta_status;
use crate::ffi::{Give, New, Result, body, change, free, get, give, null, read, start_null, text};
use crate::message::callcta_message;
use crate::request::callcta_request;
use crate::told::{self, callcta_error, callcta_receipt};

/// A setting of a client.
pub type callcta_setting = u32;

/// Text: the Graph API's address, such as an emulator's; `https`, unless the host
/// is this machine. Default: `https://graph.facebook.com`.
pub const CALLCTA_SETTING_BASE_URL: callcta_setting = 1;
/// Text: the Graph API version; an empty text leaves it out of the path. Default:
/// `v26.0`.
pub const CALLCTA_SETTING_VERSION: callcta_setting = 2;
/// Text: the app secret; with it each request carries an `appsecret_proof`.
/// Default: none.
pub const CALLCTA_SETTING_APP_SECRET: callcta_setting = 3;
/// Text: the `User-Agent` header. Default: `callcta/` and the version.
pub const CALLCTA_SETTING_USER_AGENT: callcta_setting = 4;
/// Text: the URL of a proxy. Default: none, whatever the environment says.
pub const CALLCTA_SETTING_PROXY: callcta_setting = 5;
/// Text: certificates in PEM form that are trusted beside the built-in ones.
/// Default: none.
pub const CALLCTA_SETTING_EXTRA_CA_PEM: callcta_setting = 6;
/// Number: bound for one whole request and its answer, in milliseconds. Default:
/// 30 s.
pub const CALLCTA_SETTING_TIMEOUT_MS: callcta_setting = 101;
/// Number: bound for connecting, TLS included, in milliseconds. Default: 10 s.
pub const CALLCTA_SETTING_CONNECT_TIMEOUT_MS: callcta_setting = 102;
/// Number: largest answer that is read, in bytes. Default: 1 MiB.
pub const CALLCTA_SETTING_BODY_LIMIT: callcta_setting = 103;
/// Number: most idle connections that are kept. Default: 64.
pub const CALLCTA_SETTING_MAX_IDLE_CONNECTIONS: callcta_setting = 104;
/// Number, 0 or 1: post to `/me/messages` rather than to the Page id. Default: 0.
pub const CALLCTA_SETTING_USE_ME: callcta_setting = 105;
/// Number, 0 or 1: take the proxy from the environment (`ALL_PROXY`,
/// `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). Default: 0.
pub const CALLCTA_SETTING_PROXY_FROM_ENV: callcta_setting = 106;
/// Number: where the token travels, one of `CALLCTA_TOKEN_*`. Default:
/// `CALLCTA_TOKEN_HEADER`.
pub const CALLCTA_SETTING_TOKEN_PLACEMENT: callcta_setting = 107;
/// Number: most requests per send, the first included. Default: 3.
pub const CALLCTA_SETTING_ATTEMPTS: callcta_setting = 108;
/// Number: upper bound of the first wait before a retry, in milliseconds; it
/// doubles with each. Default: 500 ms.
pub const CALLCTA_SETTING_BASE_DELAY_MS: callcta_setting = 109;
/// Number: longest wait before a retry, in milliseconds; if the platform asks for
/// more, the send fails at once. Default: 30 s.
pub const CALLCTA_SETTING_MAX_DELAY_MS: callcta_setting = 110;
/// Number, 0 or 1: try again even when the message may have been delivered. **This
/// can deliver it twice.** Default: 0.
pub const CALLCTA_SETTING_RETRY_UNKNOWN: callcta_setting = 111;

/// The token travels in the header `Authorization`.
pub const CALLCTA_TOKEN_HEADER: u64 = 1;
/// The token travels in the query, and so into the logs of proxies and servers.
pub const CALLCTA_TOKEN_QUERY: u64 = 2;
/// The token travels in the body.
pub const CALLCTA_TOKEN_BODY: u64 = 3;

/// Settings of a client.
///
/// Threads: several may read it at once; one alone may change it.
pub struct callcta_config {
    page_id: String,
    access_token: String,
    settings: Vec<Setting>,
    retry: Option<RetryPolicy>,
}

type Setting = Box<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>;

/// Sends messages for one Page, over connections that it keeps.
///
/// Threads: any number may use it at once.
pub struct callcta_client(pub(crate) Client);

/// Is told of each retry before its wait, on the thread that sends, which may be
/// any. `error` says why; it lives until the callback returns. `attempt` is the try
/// that failed, from 1.
pub type callcta_on_retry = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        error: *const callcta_error,
        attempt: u32,
        wait_ms: u64,
    ),
>;

/// What the caller wants back in a callback.
#[derive(Clone, Copy)]
pub(crate) struct UserData(pub(crate) *mut c_void);

// SAFETY: it is handed back, never looked at; the header says on which threads.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl callcta_config {
    fn add(&mut self, setting: impl Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static) {
        self.settings.push(Box::new(setting));
    }

    fn retry(&mut self, change: impl FnOnce(RetryPolicy) -> RetryPolicy) {
        self.retry = Some(change(self.retry.take().unwrap_or_default()));
    }

    fn builder(&self) -> ClientBuilder {
        let builder = Client::builder(&self.page_id, &self.access_token);
        let settings = self.settings.iter();
        let builder = settings.fold(builder, |builder, set| set(builder));
        match self.retry {
            Some(retry) => builder.retry(retry),
            None => builder,
        }
    }
}

/// Makes settings for a client of this Page. `page_id` has digits only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_new(
    page_id: *const c_char, access_token: *const c_char, config: *mut *mut callcta_config,
    error: *mut *mut callcta_error,
) -> callcta_status {
    give!(config, error, {
        New(callcta_config {
            page_id: text!(page_id).to_owned(),
            access_token: text!(access_token).to_owned(),
            settings: Vec::new(),
            retry: None,
        })
    })
}

/// Sets a `CALLCTA_SETTING_*` that is a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_set_text(
    config: *mut callcta_config, setting: callcta_setting, text: *const c_char,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (config, text) = (change!(config), text!(text).to_owned());
        let set: fn(ClientBuilder, String) -> ClientBuilder = match setting {
            CALLCTA_SETTING_BASE_URL => ClientBuilder::base_url,
            CALLCTA_SETTING_VERSION => ClientBuilder::version,
            CALLCTA_SETTING_APP_SECRET => ClientBuilder::app_secret,
            CALLCTA_SETTING_USER_AGENT => ClientBuilder::user_agent,
            CALLCTA_SETTING_PROXY => ClientBuilder::proxy,
            CALLCTA_SETTING_EXTRA_CA_PEM => ClientBuilder::extra_ca_pem,
            _ => return Err(Error::invalid_argument("setting is no text setting")),
        };
        config.add(move |builder| set(builder, text.clone()));
    })
}

/// Sets a `CALLCTA_SETTING_*` that is a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_set_number(
    config: *mut callcta_config, setting: callcta_setting, number: u64,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let config = change!(config);
        let (yes, ms) = (number != 0, Duration::from_millis(number));
        match setting {
            CALLCTA_SETTING_TIMEOUT_MS => config.add(move |builder| builder.timeout(ms)),
            CALLCTA_SETTING_CONNECT_TIMEOUT_MS => {
                config.add(move |builder| builder.connect_timeout(ms));
            }
            CALLCTA_SETTING_BODY_LIMIT => config.add(move |builder| builder.body_limit(number)),
            CALLCTA_SETTING_MAX_IDLE_CONNECTIONS => {
                let most = usize::try_from(number).unwrap_or(usize::MAX);
                config.add(move |builder| builder.max_idle_connections(most));
            }
            CALLCTA_SETTING_USE_ME => config.add(move |builder| builder.use_me(yes)),
            CALLCTA_SETTING_PROXY_FROM_ENV => {
                config.add(move |builder| builder.proxy_from_env(yes));
            }
            CALLCTA_SETTING_TOKEN_PLACEMENT => {
                let placement = match number {
                    CALLCTA_TOKEN_HEADER => TokenPlacement::Header,
                    CALLCTA_TOKEN_QUERY => TokenPlacement::Query,
                    CALLCTA_TOKEN_BODY => TokenPlacement::Body,
                    _ => return Err(Error::invalid_argument("number is no CALLCTA_TOKEN_*")),
                };
                config.add(move |builder| builder.token_placement(placement));
            }
            CALLCTA_SETTING_ATTEMPTS => {
                let attempts = u32::try_from(number).unwrap_or(u32::MAX);
                config.retry(|retry| retry.attempts(attempts));
            }
            CALLCTA_SETTING_BASE_DELAY_MS => config.retry(|retry| retry.base_delay(ms)),
            CALLCTA_SETTING_MAX_DELAY_MS => config.retry(|retry| retry.max_delay(ms)),
            CALLCTA_SETTING_RETRY_UNKNOWN => config.retry(|retry| retry.retry_unknown(yes)),
            _ => return Err(Error::invalid_argument("setting is no number setting")),
        }
    })
}

/// Adds a code that means `CALLCTA_CALLING_NOT_ENABLED`, since Meta documents none:
/// with that subcode, or whatever the subcode if `subcode` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_add_calling_not_enabled_code(
    config: *mut callcta_config, code: i64, subcode: *const i64, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let (config, subcode) = (change!(config), subcode.as_ref().copied());
        config.add(move |builder| builder.calling_not_enabled_code(code, subcode));
    })
}

/// Sets who is told of retries; nobody by default. `user_data` comes back as it is;
/// it may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_config_set_on_retry(
    config: *mut callcta_config, on_retry: callcta_on_retry, user_data: *mut c_void,
    error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, {
        let config = change!(config);
        let tell = teller(on_retry, UserData(user_data))?;
        config.add(move |builder| builder.on_retry(tell.clone()));
    })
}

/// What tells of a retry to C.
fn teller(
    on_retry: callcta_on_retry, user_data: UserData,
) -> Result<impl Fn(&RetryEvent<'_>) + Clone + Send + Sync + 'static> {
    let tell = on_retry.ok_or_else(|| null("on_retry"))?;
    Ok(move |event: &RetryEvent<'_>| {
        // Moved as a whole: the pointer in it may not cross threads by itself.
        let UserData(user_data) = { user_data };
        let wait_ms = u64::try_from(event.wait.as_millis()).unwrap_or(u64::MAX);
        let why = told::error(event.error);
        // SAFETY: the header says how it is called.
        unsafe { tell(user_data, &raw const why.record, event.attempt, wait_ms) };
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
    give! { client, error, New(callcta_client(get!(config).builder().build()?)) }
}

/// Sends a message to a PSID and waits for the platform's answer. `receipt` may be
/// NULL. Fails with any status; the error's delivery tells whether the message may
/// have arrived.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_send(
    client: *const callcta_client, to: *const c_char, message: *const callcta_message,
    receipt: *mut *mut callcta_receipt, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, Delivery::Unknown, {
        let receipt = start_null(receipt);
        let (client, to, message) = (get!(client), text!(to), get!(message));
        let sent = client.0.send(to, &message.0)?;
        hand_over(&sent, receipt);
    })
}

/// Sends a whole request; see `callcta_client_send`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_send_request(
    client: *const callcta_client, request: *const callcta_request,
    receipt: *mut *mut callcta_receipt, error: *mut *mut callcta_error,
) -> callcta_status {
    body!(error, Delivery::Unknown, {
        let receipt = start_null(receipt);
        let (client, request) = (get!(client), get!(request));
        let (unchecked, request) = (request.unchecked, &request.request);
        let sent = match &request.recipient {
            Some(to) if unchecked => {
                client
                    .0
                    .send_unchecked(to, &request.message, &request.options)?
            }
            _ => client.0.send_request(request)?,
        };
        hand_over(&sent, receipt);
    })
}

fn hand_over(sent: &Receipt, receipt: Option<&mut *mut callcta_receipt>) {
    if let Some(receipt) = receipt {
        *receipt = told::receipt(sent).into_raw();
    }
}

/// Closes every connection. Sends in flight end at once, later ones fail with
/// `CALLCTA_CANCELLED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_close(client: *const callcta_client) {
    read!(client, (), |client| client.0.close());
}

/// Frees a client. An outbox that was made of it keeps its connections.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_client_free(client: *mut callcta_client) {
    free!(client);
}
