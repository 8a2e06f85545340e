//! Pages upload files and make personas: what they make gets an id.

use super::attachment::Attachment;
use super::persona::Persona;
use super::whole::Platform;

/// How many of the things that were made are kept; the oldest go.
const KEPT: usize = 10_000;

const FIRST_ATTACHMENT: u64 = 1_800_000_000_000_000;
const FIRST_PERSONA: u64 = 300_000_000_000_000;

impl Platform {
    /// Keeps an attachment; its id.
    pub(crate) fn upload(&mut self, mut attachment: Attachment) -> String {
        attachment.created_at = self.clock.now();
        let id = self.free_id(FIRST_ATTACHMENT, |platform, id| {
            platform.state.attachments.contains_key(id)
        });
        self.change_state(|state| state.attachments.insert(id.clone(), attachment));
        self.uploads.push_back(id.clone());
        if self.uploads.len() > KEPT
            && let Some(oldest) = self.uploads.pop_front()
        {
            self.state.attachments.remove(&oldest);
        }
        id
    }

    /// Gives a Page a persona; its id.
    pub(crate) fn create_persona(&mut self, page_id: &str, persona: Persona) -> String {
        let id = self.free_id(FIRST_PERSONA, |platform, id| {
            platform.state.persona(id).is_some()
        });
        self.change_state(|state| {
            if let Some(page) = state.pages.get_mut(page_id) {
                page.personas.insert(id.clone(), persona);
            }
        });
        id
    }

    /// The next id that a seed has not taken already.
    fn free_id(&mut self, first: u64, taken: impl Fn(&Self, &str) -> bool) -> String {
        loop {
            let id = (first + self.next_made()).to_string();
            if !taken(self, &id) {
                return id;
            }
        }
    }
}
