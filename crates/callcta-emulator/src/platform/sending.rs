//! Pages send.

use super::clock::DAY;
use super::event::Event;
use super::message::NewMessage;
use super::notice::Notice;
use super::presence::SenderAction;
use super::whole::Platform;

impl Platform {
    /// Stores a message to a person; its message id. `comment` is the comment or post that it
    /// answers in private, `asks_to_call` says that it asks for permission to call.
    pub(crate) fn deliver(
        &mut self,
        message: NewMessage,
        comment: Option<&str>,
        asks_to_call: bool,
    ) -> String {
        let now = self.clock.now();
        if let Some(comment) = comment.and_then(|id| self.state.comments.get_mut(id)) {
            comment.answered = true;
        }
        if asks_to_call && let Some(person) = self.state.people.get_mut(&message.recipient) {
            person
                .optin_requests
                .retain(|at| now.saturating_sub(*at) < DAY);
            person.optin_requests.push(now);
        }
        let seq = self.next_seq();
        let mut message = self.messages.number(message, seq, now);
        let id = message.message_id.clone();
        self.presences.forget(&message.page_id, &message.recipient);
        message.no_webhook = if self.hears_follow_ups() {
            let app_id = self.state.app.id.clone();
            let echo = Notice::Echo {
                message: &message,
                app_id: &app_id,
            };
            let mut untold: Vec<String> = [echo, Notice::Delivered(&message)]
                .iter()
                .filter_map(|notice| self.tell(&message.page_id, notice, now).err())
                .collect();
            untold.dedup();
            (!untold.is_empty()).then(|| untold.join("; "))
        } else {
            Some("webhook.url is not set".into())
        };
        self.news.tell(|| Event::Message {
            message: message.part().unwrap_or_else(|| message.clone()),
            now,
        });
        self.messages.keep(message);
        id
    }

    /// The Page shows that it types, no longer types, or has read what the person wrote.
    pub(crate) fn show(&mut self, page_id: &str, psid: &str, action: SenderAction) {
        let when = (self.seq(), self.clock.now());
        // Of strangers nothing is kept, as there may be any number of them.
        let is_known = self.state.people.contains_key(psid);
        let presence = self.presences.show(page_id, psid, action, when, is_known);
        self.news.tell(|| Event::Presence(presence));
    }
}
