//! Giving up a send while it is under way.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longest time between two questions to a token's check. callcta's own number.
pub(crate) const CHECK_INTERVAL: Duration = Duration::from_millis(50);

type Check = dyn Fn() -> ControlFlow<()> + Send + Sync;

/// Gives up sends that are under way, from another thread or by a check that the
/// sending thread makes while it waits.
///
/// A send that is given up ends at once, whatever it waits for: its request is
/// broken off, its connection closed, and it isn't tried again. Its error is
/// [`Cancelled`](crate::ErrorKind::Cancelled), with the delivery that is known:
/// *unknown* once a byte of a request went out. A send whose answer came first is
/// not affected.
///
/// Clones are one token. It can serve several sends, at once or one after another;
/// once cancelled it stays so.
///
/// ```
/// # let emulator = callcta_emulator::Emulator::start()?;
/// # let client = callcta::Client::builder(emulator.page_id(), emulator.access_token())
/// #     .base_url(emulator.url()).build()?;
/// # let psid = emulator.psids()[0].clone();
/// use callcta::{Button, CancelToken, Delivery, ErrorKind, Message, Request, SendOptions};
///
/// let message = Message::buttons("Contact Support!", [Button::audio_call("Call Now")]);
/// let request = Request::new(psid, message, SendOptions::new());
/// let token = CancelToken::new();
/// token.cancel(); // at any time, from any thread
/// let error = client.send_request_until(&request, &token).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Cancelled);
/// assert_eq!(error.delivery(), Delivery::NotSent);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct CancelToken(Arc<Shared>);

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    /// Who waits on behalf of this token's sends.
    waiting: Mutex<Vec<Arc<dyn Wake>>>,
    check: Option<Box<Check>>,
}

/// Something that waits, and that can be made to end its wait.
pub(crate) trait Wake: Send + Sync {
    fn wake(&self);
}

impl CancelToken {
    /// A token that is cancelled by [`cancel`](CancelToken::cancel) only.
    pub fn new() -> Self {
        CancelToken::default()
    }

    /// A token that also asks `check`, which cancels it by [`ControlFlow::Break`].
    ///
    /// It is called on the thread that sends, while that waits: as soon as a signal
    /// interrupts the wait, and every 50 ms. A send that is done before that doesn't
    /// call it. It may itself send.
    ///
    /// This is how a language that handles signals between two steps of a program
    /// gets to do so during a send.
    pub fn with_check(check: impl Fn() -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        CancelToken(Arc::new(Shared {
            check: Some(Box::new(check)),
            ..Shared::default()
        }))
    }

    /// Gives up this token's sends, those under way and later ones.
    pub fn cancel(&self) {
        let waiting = self.waiting();
        self.0.cancelled.store(true, Ordering::Release);
        for waiting in &*waiting {
            waiting.wake();
        }
    }

    /// Whether the token was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    /// Calls the check, if there is one, and tells whether the token was cancelled.
    /// For a [`Transport`](crate::transport::Transport) of one's own, which may do so
    /// while it waits.
    pub fn check(&self) -> bool {
        if let Some(check) = &self.0.check
            && !self.is_cancelled()
            && check().is_break()
        {
            self.cancel();
        }
        self.is_cancelled()
    }

    /// The longest wait that leaves nobody waiting who should check.
    pub(crate) fn longest_wait(&self) -> Option<Duration> {
        self.0.check.as_ref().map(|_| CHECK_INTERVAL)
    }

    /// Has `who` woken when the token is cancelled; `None` if it is already. The
    /// check of one's own follows after this.
    pub(crate) fn watch(&self, who: Arc<dyn Wake>) -> Option<Watch> {
        let mut waiting = self.waiting();
        if self.is_cancelled() {
            return None;
        }
        waiting.push(Arc::clone(&who));
        Some(Watch {
            token: self.clone(),
            who,
        })
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Arc<dyn Wake>>> {
        let waiting = self.0.waiting.lock();
        waiting.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows nothing of the check.
impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// While it lives, somebody is woken by a token. When it is gone, nobody is any more.
pub(crate) struct Watch {
    token: CancelToken,
    who: Arc<dyn Wake>,
}

impl Watch {
    pub(crate) fn is_of(&self, token: &CancelToken) -> bool {
        Arc::ptr_eq(&self.token.0, &token.0)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut waiting = self.token.waiting();
        if let Some(at) = waiting.iter().position(|it| Arc::ptr_eq(it, &self.who)) {
            waiting.swap_remove(at);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicU32);

    impl Wake for Woken {
        fn wake(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn those_who_watch_are_woken_and_nobody_else() {
        let token = CancelToken::new();
        let (stays, goes) = (Arc::<Woken>::default(), Arc::<Woken>::default());
        let watch = token.watch(stays.clone()).expect("it isn't cancelled");
        drop(token.watch(goes.clone()));
        drop(token.watch(stays.clone()));
        assert!(!token.check());
        token.clone().cancel();
        assert!(token.is_cancelled() && token.check());
        assert!(token.watch(stays.clone()).is_none());
        drop(watch);
        token.cancel();
        let count = |woken: &Woken| woken.0.load(Ordering::Relaxed);
        assert_eq!((count(&stays), count(&goes)), (1, 0));
    }

    #[test]
    fn a_check_cancels_once() {
        let left = AtomicU32::new(2);
        let token = CancelToken::with_check(move || {
            if left.fetch_sub(1, Ordering::Relaxed) > 1 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        assert_eq!(token.longest_wait(), Some(CHECK_INTERVAL));
        assert!(!token.check());
        assert!(!token.is_cancelled());
        assert!(token.check());
        assert!(token.check(), "which doesn't ask again");
    }
}
