//! Campaigns, for `callcta.campaign`. What is asked and told goes as JSON, under the core's
//! names; only rows come from Python.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use callcta::{Delivery, Error as CoreError};
use callcta_campaign::{Campaign, Control, Error, ErrorKind, Location, Questions, Ready, Result};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::{Value, json};

use crate::argument::{Read as Text, invalid};
use crate::convert::{Dict, read, write};
use crate::error::raise;

/// How often signals are looked for.
const LOOK: Duration = Duration::from_millis(50);

/// The kinds of a campaign's errors.
#[pyfunction(name = "_campaign_kinds")]
#[pyo3(signature = () -> "list[str]")]
pub(crate) fn campaign_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// A campaign's error as Python raises it.
fn raised(py: Python<'_>, error: &Error) -> PyErr {
    if error.kind() == ErrorKind::InvalidArgument {
        return invalid(py, error.to_string());
    }
    let made = py.import("callcta._campaign_errors").and_then(|module| {
        let given = (error.kind().as_str(), error.to_string());
        module.call_method1("from_native", given)
    });
    made.map_or_else(|failure| failure, PyErr::from_value)
}

/// Runs code of the core; a panic there is an `InternalError`.
fn guarded<T>(run: impl FnOnce() -> Result<T>) -> std::result::Result<T, Failed> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failed::Campaign(error)),
        Err(_) => Err(Failed::Panic),
    }
}

#[derive(Clone)]
enum Failed {
    Campaign(Error),
    Panic,
}

impl Failed {
    fn raise(&self, py: Python<'_>) -> PyErr {
        match self {
            Failed::Campaign(error) => raised(py, error),
            Failed::Panic => raise(CoreError::internal(Delivery::Unknown, "a panic in callcta")),
        }
    }
}

/// A journal, the campaign's name if it was given apart from that, and whether the journal is
/// known to have been moved.
type Place = (Text<String>, Option<Text<String>>, bool);

fn at(py: Python<'_>, (journal, campaign, moved): Place) -> PyResult<Campaign> {
    let journal = journal.named("journal")?;
    let campaign = campaign.map(|name| name.named("campaign")).transpose()?;
    let location = Location::of_campaign(&journal, campaign.as_deref());
    let location = location.map_err(|error| raised(py, &error))?;
    Ok(Campaign::new(location).journal_moved(moved))
}

/// What a journal's name says: `shown`, without a password, whether there is one, and whether
/// machines may share it.
#[pyfunction(name = "_place")]
#[pyo3(signature = (place: "tuple[str, str | None, bool]") -> "typing.Any")]
pub(crate) fn place(py: Python<'_>, place: Place) -> PyResult<Bound<'_, PyAny>> {
    let campaign = at(py, place)?;
    let location = campaign.location();
    let told = json!({
        "shown": location.to_string(),
        "password": location.has_password(),
        "shared": location.is_shared(),
    });
    write(py, &told)
}

fn object(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    Ok(Value::Object(read::<Dict>(given, "arguments")?.0))
}

/// Does something by the name that it has in the core.
#[pyfunction(name = "_campaign")]
#[pyo3(
    signature = (place: "tuple[str, str | None, bool]", name: "str", arguments: "typing.Any")
        -> "typing.Any"
)]
pub(crate) fn campaign<'py>(
    py: Python<'py>, place: Place, name: Text<String>, arguments: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (campaign, name) = (at(py, place)?, name.named("name")?);
    let given = object(arguments)?;
    let told = py.detach(|| guarded(|| campaign.by_name(&name, given)));
    write(py, &told.map_err(|failed| failed.raise(py))?)
}

/// JSON lines as a function of Python's gives them, some at a time, and nothing at the end.
struct Chunks {
    next: Py<PyAny>,
    bytes: Vec<u8>,
    at: usize,
    raised: Raised,
}

type Raised = Arc<Mutex<Option<PyErr>>>;

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.bytes.len() {
            let next = Python::attach(|py| {
                let next = self.next.bind(py).call0()?;
                if next.is_none() {
                    return Ok(Vec::new());
                }
                let bytes = next.cast::<PyBytes>().map_err(|_| PyTypeError::new_err("bytes"))?;
                PyResult::Ok(bytes.as_bytes().to_vec())
            });
            self.bytes = next.map_err(|error| keep(&self.raised, error))?;
            self.at = 0;
        }
        let count = (&self.bytes[self.at..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

fn keep(raised: &Raised, error: PyErr) -> io::Error {
    raised.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    io::Error::other("an exception")
}

/// Plans. What the rows or a signal handler raise ends it.
#[pyfunction(name = "_plan")]
#[pyo3(
    signature = (place: "tuple[str, str | None, bool]", arguments: "typing.Any",
        rows: "typing.Callable[[], bytes | None] | None") -> "typing.Any"
)]
pub(crate) fn plan<'py>(
    py: Python<'py>, place: Place, arguments: &Bound<'py, PyAny>, rows: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (campaign, given) = (at(py, place)?, object(arguments)?);
    let raised = Raised::default();
    let told = py.detach(|| {
        let chunks = |next| -> Box<dyn Read> {
            Box::new(Chunks { next, bytes: Vec::new(), at: 0, raised: Arc::clone(&raised) })
        };
        #[expect(clippy::redundant_closure_for_method_calls, reason = "it isn't general enough")]
        let mut tell = |_| match Python::attach(|py| py.check_signals()) {
            Ok(()) => true,
            Err(error) => {
                keep(&raised, error);
                false
            }
        };
        guarded(|| campaign.plan_by_name(given, rows.map(chunks), &mut tell))
    });
    if let Some(error) = raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    write(py, &told.map_err(|failed| failed.raise(py))?)
}

/// Settles by the echoes in a file, or in these lines.
#[pyfunction(name = "_settle")]
#[pyo3(
    signature = (place: "tuple[str, str | None, bool]", path: "str | None", lines: "list[str]")
        -> "typing.Any"
)]
pub(crate) fn settle(
    py: Python<'_>, place: Place, path: Option<PathBuf>, lines: Vec<String>,
) -> PyResult<Bound<'_, PyAny>> {
    let campaign = at(py, place)?;
    let told = py.detach(|| guarded(|| campaign.settle_by_name(path, lines)));
    write(py, &told.map_err(|failed| failed.raise(py))?)
}

/// Where a run and those who wait for it meet.
struct Shared {
    control: Control,
    /// In which it runs.
    process: u32,
    told: Mutex<Option<std::result::Result<Value, Failed>>>,
    ended: Condvar,
    questions: Questions,
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, Option<std::result::Result<Value, Failed>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, told: std::result::Result<Value, Failed>) {
        *self.told() = Some(told);
        self.ended.notify_all();
    }

    /// Waits, but no longer than this; whether it has ended.
    fn wait(&self, time: Duration) -> bool {
        let told = self.told();
        let waited = self.ended.wait_timeout_while(told, time, |told| told.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_some()
    }

    fn is_here(&self) -> bool {
        self.process == process::id()
    }
}

/// Runs that have not ended, as far as is known.
static LIVE: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

/// Drains all runs and waits for them, since the end of the process would make what is under way
/// unknown. What a signal handler raises meanwhile breaks them off.
#[pyfunction(name = "_end_runs")]
pub(crate) fn end_runs(py: Python<'_>) {
    let live = mem::take(&mut *LIVE.lock().unwrap_or_else(PoisonError::into_inner));
    let live: Vec<_> = live.iter().filter_map(Weak::upgrade).filter(|run| run.is_here()).collect();
    for run in &live {
        run.control.drain();
    }
    for run in &live {
        while !py.detach(|| run.wait(LOOK)) {
            if py.check_signals().is_err() {
                for run in &live {
                    run.control.break_off();
                }
            }
        }
    }
}

/// A run on a thread of its own, which never needs Python.
#[pyclass(frozen, name = "_Run", module = "callcta._native")]
pub(crate) struct Run {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[pymethods]
impl Run {
    #[new]
    #[pyo3(
        signature = (place: "tuple[str, str | None, bool]", arguments: "typing.Any",
            tokens: "dict[str, str]", asks: "bool") -> "typing.Self"
    )]
    fn new(
        py: Python<'_>, place: Place, arguments: &Bound<'_, PyAny>,
        tokens: BTreeMap<String, Text<String>>, asks: bool,
    ) -> PyResult<Self> {
        let (campaign, given) = (at(py, place)?, object(arguments)?);
        let tokens = tokens.into_iter().map(|(page, it)| Ok((page, it.named("a token")?)));
        let tokens = tokens.collect::<PyResult<_>>()?;
        let ready = guarded(|| campaign.run_by_name(given, tokens));
        start(ready.map_err(|failed| failed.raise(py))?, asks)
    }

    /// The Page whose access token is asked for.
    fn asked(&self) -> Option<String> {
        self.shared.questions.page()
    }

    /// Answers that: its token, if it has one.
    #[pyo3(signature = (token: "str | None"))]
    fn answer(&self, token: Option<Text<String>>) -> PyResult<()> {
        let token = token.map(|token| token.named("a token")).transpose()?;
        self.shared.questions.answer(token);
        Ok(())
    }

    /// Waits at most so many seconds; whether the run has ended. Signal handlers run meanwhile.
    /// It returns earlier if a token is asked for.
    fn wait(&self, py: Python<'_>, seconds: f64) -> PyResult<bool> {
        self.check_here(py)?;
        let time = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
        let until = Instant::now().checked_add(time);
        loop {
            let left = until.map_or(LOOK, |until| until.saturating_duration_since(Instant::now()));
            if py.detach(|| self.shared.wait(left.min(LOOK))) {
                return Ok(true);
            }
            py.check_signals()?;
            if left.is_zero() || self.shared.questions.page().is_some() {
                return Ok(false);
            }
        }
    }

    /// How far it is.
    #[pyo3(signature = () -> "typing.Any")]
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.check_here(py)?;
        write(py, &self.shared.control.snapshot())
    }

    /// Starts nothing more.
    fn drain(&self) {
        self.shared.control.drain();
    }

    /// Doesn't even wait for what is being sent.
    fn break_off(&self) {
        self.shared.control.break_off();
    }

    /// How the campaign stands after it, once it has ended.
    #[pyo3(signature = () -> "typing.Any")]
    fn result<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.check_here(py)?;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| thread.map(JoinHandle::join));
        // It stays, since the end of the interpreter may wait for it, too.
        let told = self.shared.told().clone().unwrap_or(Err(Failed::Panic));
        write(py, &told.map_err(|failed| failed.raise(py))?)
    }
}

impl Run {
    fn check_here(&self, py: Python<'_>) -> PyResult<()> {
        if self.shared.is_here() {
            return Ok(());
        }
        Err(invalid(py, "this run belongs to the process that began it".to_owned()))
    }
}

fn start(ready: Ready, asks: bool) -> PyResult<Run> {
    let shared = Arc::new(Shared {
        control: Control::new(),
        process: process::id(),
        told: Mutex::default(),
        ended: Condvar::new(),
        questions: Questions::default(),
    });
    let for_thread = Arc::clone(&shared);
    let ready = if asks { ready.asking(shared.questions.clone()) } else { ready };
    let run = move || {
        let told = guarded(|| ready.run(&for_thread.control));
        // First: what holds tokens is gone when the run has ended.
        drop(ready);
        for_thread.end(told);
    };
    let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
    live.retain(|run| run.strong_count() > 0);
    live.push(Arc::downgrade(&shared));
    drop(live);
    let thread = thread::Builder::new().name("callcta-campaign".to_owned()).spawn(run);
    let none = |error| CoreError::out_of_resources(format!("no thread can be started: {error}"));
    let thread = Mutex::new(Some(thread.map_err(none).map_err(raise)?));
    Ok(Run { shared, thread })
}

/// A run that nobody can ask any more drains.
impl Drop for Run {
    fn drop(&mut self) {
        if self.shared.is_here() {
            self.shared.control.drain();
        } else if let Ok(thread) = self.thread.get_mut() {
            // The child of a fork has no such thread.
            mem::forget(thread.take());
        }
    }
}
