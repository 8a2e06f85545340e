//! Verifying and reading webhooks, for `callcta.webhook`.

mod event;
mod given;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use callcta::webhook as core;
use callcta::{Delivery, Error};
#[cfg(feature = "stubs")]
use pyo3::inspect::{PyStaticConstant, PyStaticExpr};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString, PyTuple};
#[cfg(feature = "stubs")]
use pyo3::{PyTypeInfo, type_hint_identifier, type_hint_subscript};

pub(crate) use self::event::{
    Attachment, CallEnd, CallEvent, CallPermissionReplyEvent, CallSettingsUpdateEvent,
    DeliveryEvent, Description, EchoEvent, Event, MessageEvent, PostbackEvent, ReactionEvent,
    ReadEvent, Referral, ReferralEvent, UnknownEvent,
};
use self::given::{bytes, text_or_none};
use crate::argument::{Readable, Unfit};
use crate::convert::read;
use crate::error::raise;
use crate::record::record;
use crate::repr::repr;

/// Bodies above this are hashed and read without the GIL: giving it away for less costs more.
const LARGE: usize = 64 * 1024;

static WEBHOOK_ERROR: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The `WebhookError` for a refusal.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn refuse(refusal: core::Refusal) -> PyErr {
    Python::attach(|py| {
        let (text, kind) = (refusal.to_string(), refusal.kind().as_str());
        let class = WEBHOOK_ERROR.import(py, "callcta.webhook", "WebhookError");
        match class.and_then(|class| class.call1((text, kind, refusal.http_status()))) {
            Ok(error) => PyErr::from_value(error),
            Err(failure) => failure,
        }
    })
}

/// Runs code of the core on a body. A panic there becomes an `InternalError`.
fn run<T: Send>(
    py: Python<'_>, body: &[u8], run: impl FnOnce() -> Result<T, core::Refusal> + Send,
) -> PyResult<T> {
    let guarded = || catch_unwind(AssertUnwindSafe(run));
    let done = if body.len() > LARGE { py.detach(guarded) } else { guarded() };
    match done {
        Ok(done) => done.map_err(refuse),
        Err(_) => Err(raise(Error::internal(Delivery::NotSent, "a panic in callcta"))),
    }
}

/// Every kind of `WebhookError`, with its HTTP status.
#[pyfunction(name = "_refusal_kinds")]
#[pyo3(signature = () -> "list[str]")]
pub(crate) fn refusal_kinds() -> Vec<&'static str> {
    core::RefusalKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// The app secrets that may have signed a webhook. Its `repr` doesn't show them.
///
/// Args:
///     secrets: One app secret, or several: while a secret is replaced, or when several apps share
///         an address.
///     accept_sha1: Whether the old header `X-Hub-Signature` (`sha1=` and 40 digits) is taken too.
///
/// Raises:
///     InvalidArgumentError: There is none, or one is empty: nothing would be verified.
#[pyclass(frozen, module = "callcta.webhook")]
pub(crate) struct Secrets(pub(crate) core::Secrets);

#[pymethods]
impl Secrets {
    #[new]
    #[pyo3(signature = (secrets: "str | typing.Iterable[str]", *, accept_sha1 = false))]
    fn new(secrets: &Bound<'_, PyAny>, accept_sha1: bool) -> PyResult<Self> {
        Ok(Secrets(given::secrets(secrets)?.into_owned().accept_sha1(accept_sha1)))
    }

    /// Checks the signature over the bytes that came in. Arguments and errors are those of
    /// `verify_and_parse`.
    ///
    /// Returns:
    ///     The number of the secret that made it, from 0.
    #[pyo3(signature = (
        body: "bytes | bytearray | memoryview | str", header: "str | bytes | typing.Sequence[str | bytes] | None"
    ))]
    fn verify(&self, body: &Bound<'_, PyAny>, header: &Bound<'_, PyAny>) -> PyResult<usize> {
        let (py, body, header) = (body.py(), bytes(body)?, given::header(header)?);
        run(py, &body, || self.0.verify(&body, header.as_deref()))
    }

    /// The header that Meta would send with this body, by the first secret: for tests.
    #[pyo3(signature = (body: "bytes | bytearray | memoryview | str"))]
    fn sign(&self, body: &Bound<'_, PyAny>) -> PyResult<String> {
        Ok(self.0.sign(&bytes(body)?))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!("{}(...)", slf.get_type().name()?))
    }
}

/// The events of a webhook, as Python has them.
struct Events(Py<PyTuple>);

impl<'py> IntoPyObject<'py> for Events {
    type Target = PyTuple;
    type Output = Bound<'py, PyTuple>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: PyStaticExpr = type_hint_subscript!(
        type_hint_identifier!("builtins", "tuple"),
        Event::TYPE_HINT,
        PyStaticExpr::Constant { value: PyStaticConstant::Ellipsis }
    );

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        Ok(self.0.into_bound(py))
    }
}

/// What one webhook request holds.
#[pyclass(frozen, module = "callcta.webhook")]
pub(crate) struct Webhook {
    object: Option<String>,
    events: Py<PyTuple>,
    secret: Option<usize>,
}

#[pymethods]
impl Webhook {
    #[classattr]
    fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        PyTuple::new(py, ["object", "events", "secret"])
    }

    /// What it is about; `page` for Messenger.
    #[getter]
    fn object(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// Its events, in the order in which they came; see `sort`.
    #[getter]
    fn events(&self, py: Python<'_>) -> Events {
        Events(self.events.clone_ref(py))
    }

    /// Which of the secrets signed it, from 0; None if nothing was verified.
    #[getter]
    fn secret(&self) -> Option<usize> {
        self.secret
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf)
    }
}

impl Webhook {
    fn of(py: Python<'_>, webhook: core::Webhook) -> PyResult<Self> {
        let events = webhook.events.into_iter().map(|event| event::made(py, event));
        let events = PyTuple::new(py, events.collect::<PyResult<Vec<_>>>()?)?;
        let (object, secret) = (webhook.object, webhook.secret);
        Ok(Webhook { object, events: events.unbind(), secret })
    }
}

/// Verifies a webhook's signature over the bytes that came in, and reads all events of every entry.
///
/// Args:
///     body: The request's body as it came in, before anything parsed it. A text is taken as UTF-8.
///     header: The value of `X-Hub-Signature-256`, or None if the request has none. Of a list of
///         values more than one are refused.
///     secrets: The app secret, several of them, or a `Secrets`, which is quicker.
///
/// Raises:
///     WebhookError: It is refused: answer with the error's `http_status` and do nothing else.
///     InvalidArgumentError: There is no secret, or an empty one.
///     TypeError: Something else was given, such as a parsed body.
#[pyfunction]
#[pyo3(signature = (
    body: "bytes | bytearray | memoryview | str", header: "str | bytes | typing.Sequence[str | bytes] | None",
    secrets: "Secrets | str | typing.Iterable[str]"
))]
pub(crate) fn verify_and_parse(
    body: &Bound<'_, PyAny>, header: &Bound<'_, PyAny>, secrets: &Bound<'_, PyAny>,
) -> PyResult<Webhook> {
    let (py, body, header) = (body.py(), bytes(body)?, given::header(header)?);
    let secrets = given::secrets(secrets)?;
    let read = run(py, &body, || core::verify_and_parse(&body, header.as_deref(), &secrets))?;
    Webhook::of(py, read)
}

/// Reads a webhook's events **without verifying** who sent it.
///
/// Only for bodies that were verified before; everybody can post to a webhook's address.
///
/// Raises:
///     WebhookError: The body is no JSON object, or too large.
#[pyfunction]
#[pyo3(signature = (body: "bytes | bytearray | memoryview | str"))]
pub(crate) fn parse_unverified(body: &Bound<'_, PyAny>) -> PyResult<Webhook> {
    let (py, body) = (body.py(), bytes(body)?);
    let read = run(py, &body, || core::parse_unverified(&body))?;
    Webhook::of(py, read)
}

/// Reads a challenge, the GET by which Meta checks an address, from its query (what follows the
/// `?`).
///
/// Returns:
///     The text to answer with: exactly it, as `text/plain`, with status 200.
///
/// Raises:
///     WebhookError: Of the kind `no_challenge`, as for any other GET, or `wrong_verify_token`.
#[pyfunction]
#[pyo3(signature = (query: "str | bytes", verify_token: "str"))]
pub(crate) fn answer_challenge(
    query: &Bound<'_, PyAny>, verify_token: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let text = match query.cast::<PyBytes>() {
        Ok(bytes) => String::from_utf8_lossy(bytes.as_bytes()),
        Err(_) if query.is_instance_of::<PyString>() => Cow::Owned(read(query, "query")?),
        Err(_) => {
            let what = "the query as it came (str or bytes); pass what was parsed to challenge()";
            return Err(Unfit::Not(what).named(query.py(), "query"));
        }
    };
    let verify_token = read::<String>(verify_token, "verify_token")?;
    run(query.py(), &[], || core::answer_challenge(&text, &verify_token))
}

/// As `answer_challenge`, from the values of `hub.mode`, `hub.verify_token` and `hub.challenge`,
/// where a framework has taken the query apart.
#[pyfunction]
#[pyo3(signature = (
    mode: "str | None", token: "str | None", challenge: "str | None", verify_token: "str"
))]
pub(crate) fn challenge(
    mode: &Bound<'_, PyAny>, token: &Bound<'_, PyAny>, challenge: &Bound<'_, PyAny>,
    verify_token: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let py = mode.py();
    let mode = text_or_none(mode, "mode")?;
    let token = text_or_none(token, "token")?;
    let challenge = text_or_none(challenge, "challenge")?;
    let verify_token = read::<String>(verify_token, "verify_token")?;
    run(py, &[], || {
        core::challenge(mode.as_deref(), token.as_deref(), challenge.as_deref(), &verify_token)
    })
}

/// The bytes of a body that comes as a text, as AWS Lambda's events have it.
///
/// Args:
///     body: The event's `body`.
///     is_base64: The event's `isBase64Encoded`.
///
/// Raises:
///     WebhookError: It is too large, or said to be base64 but is not.
#[pyfunction]
#[pyo3(signature = (body: "str", is_base64: "bool"))]
pub(crate) fn decode_body<'py>(
    body: &Bound<'py, PyAny>, is_base64: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let text = read::<String>(body, "body")?;
    let decoded = run(body.py(), text.as_bytes(), || core::decode_body(&text, is_base64))?;
    Ok(PyBytes::new(body.py(), &decoded))
}

/// The events in the order in which they happened, as far as the platform tells: by `Event.order`,
/// and as they came where that is the same. When they came decides nothing: the end of a call may
/// come before its beginning.
#[pyfunction]
#[pyo3(signature = (events: "typing.Iterable[Event]") -> "list[Event]")]
pub(crate) fn sort<'py>(events: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, Event>>> {
    let events = events.try_iter()?.map(|event| Ok(event?.cast_into::<Event>()?));
    let mut events = events.collect::<PyResult<Vec<_>>>()?;
    events.sort_by_key(|event| event.get().0.order());
    Ok(events)
}

record! {
    /// What most likely happened to a webhook whose signature doesn't fit.
    Cause ["kind", "secret"] from |cause: core::Cause| {
        /// Its stable name, such as `reserialized`; `none` if the signature fits.
        kind: String = cause.as_str().to_owned();
        /// What it is and what helps, in one sentence or two.
        advice: String = cause.advice().to_owned();
        /// Of `other_secret`: the number of the secret that fits.
        secret: Option<u64> = match cause {
            core::Cause::OtherSecret(number) => u64::try_from(number).ok(),
            _ => None,
        }, or None;
    }
}

/// Finds out why a webhook's signature doesn't fit: a help for people, not for a receiver.
///
/// Args:
///     body: The body, as for `verify_and_parse`.
///     header: The header, as there.
///     secrets: The secret that should fit, then any others that might.
#[pyfunction]
#[pyo3(signature = (
    body: "bytes | bytearray | memoryview | str", header: "str | bytes | typing.Sequence[str | bytes] | None",
    secrets: "Secrets | str | typing.Iterable[str]"
))]
pub(crate) fn likely_cause(
    body: &Bound<'_, PyAny>, header: &Bound<'_, PyAny>, secrets: &Bound<'_, PyAny>,
) -> PyResult<Cause> {
    let (py, body, header) = (body.py(), bytes(body)?, given::header(header)?);
    let secrets = given::secrets(secrets)?;
    let cause = run(py, &body, || Ok(core::likely_cause(&body, header.as_deref(), &secrets)))?;
    Ok(cause.into())
}

/// Remembers which events were there before: the platform sends again what wasn't answered in time.
///
/// It is bounded, may be shared by threads, and of two that ask about the same event at the same
/// time only one is told that it is new. It knows this process only: where several receive, put
/// `Event.identity` into a database under a unique key.
///
/// Args:
///     capacity: How many events are remembered, the last ones; each takes some 200 bytes.
#[pyclass(frozen, module = "callcta.webhook")]
pub(crate) struct Deduplicator(core::Deduplicator);

#[pymethods]
impl Deduplicator {
    #[new]
    #[pyo3(signature = (capacity: "int"))]
    fn new(capacity: &Bound<'_, PyAny>) -> PyResult<Self> {
        let count = i64::read(capacity).ok().and_then(|count| usize::try_from(count).ok());
        let not = || Unfit::Not("a whole number above 0").refused(capacity.py(), "capacity");
        let capacity = count.filter(|count| *count > 0).ok_or_else(not)?;
        Ok(Deduplicator(core::Deduplicator::new(capacity)))
    }

    /// Whether this event, or one of this identity, is new; from now on it isn't.
    #[pyo3(signature = (event: "Event | str"))]
    fn is_new(&self, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.0.is_new_identity(&identity(event)?))
    }

    /// Forgets an event, so that it counts as new again: when what was begun because of it failed,
    /// and shall be done when it is sent again.
    #[pyo3(signature = (event: "Event | str"))]
    fn forget(&self, event: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.forget(&identity(event)?);
        Ok(())
    }
}

fn identity<'a>(event: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    match event.cast::<Event>() {
        Ok(event) => Ok(Cow::Borrowed(&event.get().0.identity)),
        Err(_) if event.is_instance_of::<PyString>() => Ok(Cow::Owned(read(event, "event")?)),
        Err(_) => Err(Unfit::Not("an Event or its identity").named(event.py(), "event")),
    }
}
