//! Questions of a run, which others answer.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::run::Control;

/// How often it is looked whether the run is draining, so that no answer counts any more.
const LOOK: Duration = Duration::from_millis(50);

/// What a run asks those who wait for it, on whatever threads they are: for the access token of
/// a Page, one after another. With a journal that machines share, others may add Pages while it
/// runs.
#[derive(Clone, Default)]
pub struct Questions(Arc<(Mutex<Question>, Condvar)>);

#[derive(Default)]
enum Question {
    #[default]
    None,
    OfPage(String),
    Answered(Option<String>),
}

impl Questions {
    fn question(&self) -> MutexGuard<'_, Question> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks and waits for the answer; there is none once the run drains.
    pub(crate) fn ask(&self, page_id: &str, control: &Control) -> Option<String> {
        let mut question = self.question();
        *question = Question::OfPage(page_id.to_owned());
        while matches!(*question, Question::OfPage(_)) && !control.is_draining() {
            let waited = self.0.1.wait_timeout(question, LOOK);
            question = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match mem::take(&mut *question) {
            Question::Answered(token) => token,
            _ => None,
        }
    }

    /// The Page whose access token is asked for.
    pub fn page(&self) -> Option<String> {
        match &*self.question() {
            Question::OfPage(page_id) => Some(page_id.clone()),
            _ => None,
        }
    }

    /// Answers that: its token, if it has one.
    pub fn answer(&self, token: Option<String>) {
        let mut question = self.question();
        if matches!(*question, Question::OfPage(_)) {
            *question = Question::Answered(token);
            self.0.1.notify_all();
        }
    }
}
