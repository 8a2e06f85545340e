//! Pages change how they are called.

use super::event::Event;
use super::notice::Notice;
use super::page::Page;
use super::whole::Platform;

impl Platform {
    /// Replaces a Page whose call settings were changed, and tells the app.
    pub(crate) fn change_call_settings(&mut self, page_id: &str, page: &Page) {
        let now = self.clock.now();
        self.state.pages.insert(page_id.into(), page.clone());
        self.news.tell(|| Event::State);
        let _ = self.tell(page_id, &Notice::CallSettings(page), now);
    }
}
