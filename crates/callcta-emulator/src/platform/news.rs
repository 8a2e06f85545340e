//! Events that wait to be told.

/// What has happened since somebody last looked.
pub(crate) struct News<E> {
    wanted: bool,
    events: Vec<E>,
}

impl<E> Default for News<E> {
    fn default() -> Self {
        Self {
            wanted: false,
            events: Vec::new(),
        }
    }
}

impl<E> News<E> {
    /// Whether anybody wants to know.
    pub(crate) fn want(&mut self, wanted: bool) {
        self.wanted = wanted;
    }

    /// Notes an event, which is made only if anybody wants to know.
    pub(crate) fn tell(&mut self, event: impl FnOnce() -> E) {
        if self.wanted {
            self.events.push(event());
        }
    }

    pub(crate) fn take(&mut self) -> Vec<E> {
        std::mem::take(&mut self.events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_that_nobody_wants() {
        let mut news = News::default();
        news.tell(|| unreachable!("nobody listens"));
        news.want(true);
        news.tell(|| 7);
        assert_eq!(news.take(), [7]);
        assert!(news.take().is_empty());
    }
}
