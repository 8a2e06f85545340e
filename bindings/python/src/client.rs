//! The client: settings in, sends without the GIL, receipts and exceptions out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use callcta::{ClientBuilder, Delivery, Request, RetryPolicy, SendOptions, TokenPlacement};
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::completions::Completions;
use crate::convert::{JsonObject, seconds};
use crate::error::{exception, guard, raise};
use crate::message::{Message, To};
use crate::model::{set, set_fields};
use crate::record::{Receipt, RetryEvent, Violation};

/// What the blocking and the asyncio client have in common: one Page, its token and settings, and
/// one pool of connections. Nothing is connected, and no thread started, before the first send.
///
/// Args:
///     page_id: The Page that sends; digits only.
///     access_token: A Page access token. It isn't shown anywhere.
///     app_secret: With it each request carries an `appsecret_proof`.
///     base_url: The Graph API's address, such as an emulator's. `https`, unless the host is this
///         machine. Defaults to `https://graph.facebook.com`.
///     version: The Graph API version, such as the default `v26.0`; an empty text leaves it out.
///     use_me: Whether to post to `/me/messages`. Defaults to False.
///     token_placement: `header`, the default, `query` or `body`.
///     timeout: Seconds for one whole request and its answer; a retry has its own. Defaults to 30.
///     connect_timeout: Seconds for connecting, TLS included. Defaults to 10.
///     body_limit: Largest answer that is read, in bytes. Defaults to 1 MiB.
///     max_idle_connections: Most idle connections that are kept. Defaults to 64.
///     user_agent: The `User-Agent`. Defaults to `callcta/` and the version.
///     proxy: The proxy's URL. None by default, whatever the environment says.
///     proxy_from_env: Whether `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count.
///     extra_ca_pem: Certificates that are trusted beside the built-in ones.
///     attempts: Most requests per send, the first included. Defaults to 3. Only what provably
///         didn't arrive is tried again.
///     base_delay: Seconds, upper bound of the first wait, doubled with each try. Defaults to 0.5.
///     max_delay: Longest wait before a next try, in seconds. Defaults to 30.
///     retry_unknown: Whether to try again when the message may have been delivered. **This can
///         deliver it twice.** Defaults to False.
///     on_retry: Called with a `RetryEvent` before the wait for each next try, on the thread that
///         sends.
///     calling_not_enabled_codes: Further pairs of code and subcode (or None) that mean that the
///         Page has not enabled audio calling.
///     workers: Most threads that send for `send_many` and the asyncio client. Defaults to 64.
///     capacity: Most messages that wait for them; more are refused. Defaults to 100,000.
///
/// Raises:
///     InvalidArgumentError: A setting can't be used.
#[pyclass(frozen, subclass, module = "callcta")]
pub(crate) struct ClientBase {
    client: callcta::Client,
    outbox: callcta::Outbox,
    workers: usize,
    on_retry: Callback,
}

/// A callback that the garbage collector can see and take away.
type Callback = Arc<Mutex<Option<Py<PyAny>>>>;

#[pymethods]
impl ClientBase {
    #[new]
    #[pyo3(signature = (
        page_id, access_token, *, app_secret=None, base_url=None, version=None, use_me=None,
        token_placement: "typing.Literal['header', 'query', 'body'] | None" = None,
        timeout: "float | None" = None, connect_timeout: "float | None" = None,
        body_limit: "int | None" = None, max_idle_connections: "int | None" = None,
        user_agent=None, proxy=None, proxy_from_env=None, extra_ca_pem=None,
        attempts: "int | None" = None, base_delay: "float | None" = None,
        max_delay: "float | None" = None, retry_unknown=None,
        on_retry: "typing.Callable[[RetryEvent], object] | None" = None,
        calling_not_enabled_codes: "typing.Iterable[tuple[int, int | None]] | None" = None,
        workers: "int | None" = None, capacity: "int | None" = None
    ) -> "typing.Self")]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn new(
        page_id: String, access_token: String, app_secret: Option<String>,
        base_url: Option<String>, version: Option<String>, use_me: Option<bool>,
        token_placement: Option<&str>, timeout: Option<f64>, connect_timeout: Option<f64>,
        body_limit: Option<u64>, max_idle_connections: Option<usize>, user_agent: Option<String>,
        proxy: Option<String>, proxy_from_env: Option<bool>, extra_ca_pem: Option<Vec<u8>>,
        attempts: Option<u32>, base_delay: Option<f64>, max_delay: Option<f64>,
        retry_unknown: Option<bool>, on_retry: Option<Py<PyAny>>,
        calling_not_enabled_codes: Option<Bound<'_, PyAny>>, workers: Option<usize>,
        capacity: Option<usize>,
    ) -> PyResult<Self> {
        let duration =
            |name, value: Option<f64>| value.map(|value| seconds(name, value)).transpose();
        let placement = token_placement.map(placement).transpose()?;

        let policy = set(RetryPolicy::new(), attempts, RetryPolicy::attempts);
        let policy = set(policy, duration("base_delay", base_delay)?, RetryPolicy::base_delay);
        let policy = set(policy, duration("max_delay", max_delay)?, RetryPolicy::max_delay);
        let policy = set(policy, retry_unknown, RetryPolicy::retry_unknown);

        let builder = callcta::Client::builder(page_id, access_token).retry(policy);
        let builder = set(builder, app_secret, ClientBuilder::app_secret);
        let builder = set(builder, base_url, ClientBuilder::base_url);
        let builder = set(builder, version, ClientBuilder::version);
        let builder = set(builder, use_me, ClientBuilder::use_me);
        let builder = set(builder, placement, ClientBuilder::token_placement);
        let builder = set(builder, duration("timeout", timeout)?, ClientBuilder::timeout);
        let connect = duration("connect_timeout", connect_timeout)?;
        let builder = set(builder, connect, ClientBuilder::connect_timeout);
        let builder = set(builder, body_limit, ClientBuilder::body_limit);
        let builder = set(builder, max_idle_connections, ClientBuilder::max_idle_connections);
        let builder = set(builder, user_agent, ClientBuilder::user_agent);
        let builder = set(builder, proxy, ClientBuilder::proxy);
        let builder = set(builder, proxy_from_env, ClientBuilder::proxy_from_env);
        let builder = set(builder, extra_ca_pem, ClientBuilder::extra_ca_pem);
        let tell = on_retry.is_some();
        let on_retry: Callback = Arc::new(Mutex::new(on_retry));
        let callback = Arc::clone(&on_retry);
        let mut builder = set(builder, tell.then_some(callback), |builder, callback| {
            builder.on_retry(move |event| tell_retry(&callback, event))
        });
        if let Some(codes) = calling_not_enabled_codes {
            for pair in codes.try_iter()? {
                let (code, subcode) = pair?.extract()?;
                builder = builder.calling_not_enabled_code(code, subcode);
            }
        }

        let client = guard(Delivery::NotSent, || builder.build()).map_err(|error| raise(&error))?;
        let workers = workers.unwrap_or(callcta::WORKERS_DEFAULT).max(1);
        let capacity = capacity.unwrap_or(callcta::CAPACITY_DEFAULT);
        let outbox = callcta::Outbox::with_limits(client.clone(), workers, capacity);
        Ok(ClientBase { client, outbox, workers, on_retry })
    }

    /// The Page that the client sends for.
    #[getter]
    fn page_id(&self) -> &str {
        self.client.page_id()
    }

    /// Most threads that send for `send_many` and the asyncio client.
    #[getter]
    fn workers(&self) -> usize {
        self.workers
    }

    /// Sends and waits.
    #[pyo3(signature = (to, message, options: "typing.Mapping[str, object]", checked))]
    fn _send(
        &self, py: Python<'_>, to: To, message: &Bound<'_, Message>, options: &Bound<'_, PyDict>,
        checked: bool,
    ) -> PyResult<Receipt> {
        let options = read_options(options)?;
        let (client, message) = (&self.client, &message.get().0);
        let sent = py.detach(|| {
            guard(Delivery::Unknown, || {
                if checked {
                    client.send_with(to.0, message, &options)
                } else {
                    client.send_unchecked(to.0, message, &options)
                }
            })
        });
        sent.map(|receipt| (&receipt).into()).map_err(|error| raise(&error))
    }

    /// Queues a message, whose outcome will be in `completions` under `key`.
    #[pyo3(signature = (
        completions, key: "int", to, message, options: "typing.Mapping[str, object]", checked
    ))]
    fn _submit(
        &self, completions: &Completions, key: u64, to: To, message: &Bound<'_, Message>,
        options: &Bound<'_, PyDict>, checked: bool,
    ) -> PyResult<Ticket> {
        let request = Request::new(to.0, message.get().0.clone(), read_options(options)?);
        let done = completions.sender(key);
        let ticket = guard(Delivery::NotSent, || {
            if checked {
                self.outbox.try_submit(request, done)
            } else {
                self.outbox.try_submit_unchecked(request, done)
            }
        });
        ticket.map(Ticket).map_err(|error| raise(&error))
    }

    /// Closes every connection and cancels what is queued.
    fn _close(&self, py: Python<'_>) {
        py.detach(|| {
            self.outbox.close();
            self.client.close();
        });
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&*lock(&self.on_retry))
    }

    fn __clear__(&self) {
        lock(&self.on_retry).take();
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!("{}(page_id='{}')", slf.get_type().name()?, slf.get().page_id()))
    }
}

/// A queued message.
#[pyclass(frozen, name = "_Ticket", module = "callcta._native")]
pub(crate) struct Ticket(callcta::Ticket);

#[pymethods]
impl Ticket {
    /// Cancels the message if it still waits; False if it is being sent or done.
    fn cancel(&self) -> bool {
        self.0.cancel()
    }
}

/// Everything that is wrong with a message, who it goes to and its options.
#[pyfunction(name = "_validate_request")]
#[pyo3(signature = (to, message, options: "typing.Mapping[str, object]"))]
pub(crate) fn validate_request(
    to: To, message: &Bound<'_, Message>, options: &Bound<'_, PyDict>,
) -> PyResult<Vec<Violation>> {
    let request = Request::new(to.0, message.get().0.clone(), read_options(options)?);
    Ok(request.validate().iter().map(Into::into).collect())
}

fn read_options(given: &Bound<'_, PyDict>) -> PyResult<SendOptions> {
    fn read<'py, T>(name: &str, value: &Bound<'py, PyAny>) -> PyResult<Option<T>>
    where
        T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
    {
        let told =
            |error: PyErr| PyTypeError::new_err(format!("{name}: {}", error.value(value.py())));
        value.extract::<Option<T>>().map_err(told)
    }

    let mut options = SendOptions::new();
    for (name, value) in given {
        let name = name.extract::<String>()?;
        options = match &*name {
            "messaging_type" => {
                set(options, read::<String>(&name, &value)?, SendOptions::messaging_type)
            }
            "tag" => set(options, read::<String>(&name, &value)?, SendOptions::tag),
            "notification_type" => {
                set(options, read::<String>(&name, &value)?, SendOptions::notification_type)
            }
            "persona_id" => set(options, read::<String>(&name, &value)?, SendOptions::persona_id),
            "reply_to" => set(options, read::<String>(&name, &value)?, SendOptions::reply_to),
            "metadata" => set(options, read::<String>(&name, &value)?, SendOptions::metadata),
            "deadline" => set(options, read::<SystemTime>(&name, &value)?, SendOptions::deadline),
            "fields" => set_fields(options, read::<JsonObject>(&name, &value)?, SendOptions::field),
            _ => return Err(PyTypeError::new_err(format!("no such option: {name}"))),
        };
    }
    Ok(options)
}

fn placement(name: &str) -> PyResult<TokenPlacement> {
    match name {
        "header" => Ok(TokenPlacement::Header),
        "query" => Ok(TokenPlacement::Query),
        "body" => Ok(TokenPlacement::Body),
        _ => Err(raise(&callcta::Error::invalid_argument(
            "token_placement must be header, query or body",
        ))),
    }
}

/// Locked only while the GIL is held, and for no longer than it takes to look.
fn lock(callback: &Callback) -> MutexGuard<'_, Option<Py<PyAny>>> {
    callback.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the callback on this thread, unless the interpreter is ending.
fn tell_retry(callback: &Callback, event: &callcta::RetryEvent<'_>) {
    Python::try_attach(|py| {
        let Some(callback) = lock(callback).as_ref().map(|callback| callback.clone_ref(py)) else {
            return;
        };
        let told = exception(py, event.error).and_then(|error| {
            let (error, wait) = (error.0.unbind(), event.wait.as_secs_f64());
            callback.call1(py, (RetryEvent { error, attempt: event.attempt, wait },))
        });
        if let Err(error) = told {
            error.write_unraisable(py, Some(callback.bind(py)));
        }
    });
}
