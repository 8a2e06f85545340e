//! What ends a blocking send early: signals, and what comes out of its callback.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::process;

use callcta::CancelToken;
use pyo3::prelude::*;

struct Sending {
    token: CancelToken,
    raised: Option<PyErr>,
}

thread_local! {
    /// This thread's innermost blocking send.
    static SENDING: RefCell<Option<Sending>> = const { RefCell::new(None) };
    /// In which process this thread was seen to run signal handlers or not: in the child
    /// of a fork the one that forked does.
    static SIGNALS: Cell<Option<(u32, bool)>> = const { Cell::new(None) };
}

/// Runs a blocking send, which Python's signal handlers interrupt on the thread where they
/// run. When one raises, or the callback does (if there is one), the send is given up, and
/// what was raised is returned too.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>, callback: bool, send: impl FnOnce(Option<&CancelToken>) -> T + Send,
) -> PyResult<(T, Option<PyErr>)> {
    let signals = runs_handlers(py)?;
    if !signals && !callback {
        return Ok((py.detach(|| send(None)), None));
    }
    let token = if signals { CancelToken::with_check(check) } else { CancelToken::new() };
    let before = SENDING.replace(Some(Sending { token: token.clone(), raised: None }));
    let outcome = py.detach(|| send(Some(&token)));
    // Of signals that came with the answer.
    let late = if signals { py.check_signals().err() } else { None };
    let raised = SENDING.replace(before).and_then(|sending| sending.raised);
    Ok((outcome, raised.or(late)))
}

/// Ends this thread's blocking send because of what was raised, or gives that back.
pub(crate) fn give_up(raised: PyErr) -> Option<PyErr> {
    SENDING.with_borrow_mut(|sending| match sending {
        Some(sending) => {
            sending.raised = Some(raised);
            sending.token.cancel();
            None
        }
        None => Some(raised),
    })
}

fn check() -> ControlFlow<()> {
    match Python::try_attach(|py| py.check_signals().err()).flatten() {
        Some(raised) => {
            give_up(raised);
            ControlFlow::Break(())
        }
        None => ControlFlow::Continue(()),
    }
}

/// Whether Python runs signal handlers on this thread. Where that is hard to tell, it might:
/// then a wait takes the GIL every now and then.
fn runs_handlers(py: Python<'_>) -> PyResult<bool> {
    if !cfg!(target_os = "linux") {
        return Ok(true);
    }
    let pid = process::id();
    match SIGNALS.get() {
        Some((process, runs)) if process == pid => Ok(runs),
        _ => {
            let id = py.import("_thread")?.getattr("get_native_id")?.call0()?;
            let runs = id.extract::<u32>()? == pid;
            SIGNALS.set(Some((pid, runs)));
            Ok(runs)
        }
    }
}
