//! People act.

use super::action::{Action, PersonAction};
use super::clock::DAY;
use super::event::Event;
use super::notice::Notice;
use super::person::Comment;
use super::whole::{Platform, split};

impl Platform {
    /// A person does something; `None` if nobody has that PSID.
    pub(crate) fn act(&mut self, psid: &str, action: Action) -> Option<PersonAction> {
        let now = self.clock.now();
        let page_id = self.state.page_of(self.state.people.get(psid)?).to_owned();
        let id = self.actions.next_id();
        let seq = self.next_seq();
        let message_id = action
            .has_message_id()
            .then(|| format!("m_received{id:010}"));
        let person = self.state.people.get_mut(psid)?;
        let opens = match &action {
            Action::CallPermission { approve } => {
                person.call_permission_until = approve.then_some(now + 7 * DAY);
                None
            }
            Action::Block { blocked } => {
                person.blocked = *blocked;
                None
            }
            Action::Read => {
                person.read_until = Some(now);
                None
            }
            Action::AdMessage { .. } => Some(7 * DAY),
            _ => Some(DAY),
        };
        if let Some(window) = opens {
            person.last_action = Some(now);
            person.window_ms = window;
        }
        if let Action::Comment { comment_id: id } | Action::VisitorPost { post_id: id } = &action {
            let comment = Comment {
                psid: psid.into(),
                created_at: now,
                answered: false,
            };
            self.state.comments.insert(id.clone(), comment);
        }
        let notice = Notice::Action {
            psid,
            action: &action,
            message_id: message_id.as_deref(),
        };
        let (webhook_id, no_webhook) = split(self.tell(&page_id, &notice, now));
        let record = PersonAction {
            id,
            seq,
            psid: psid.into(),
            page_id,
            action,
            message_id,
            at: now,
            webhook_id,
            no_webhook,
        };
        self.actions.keep(record.clone());
        self.news.tell(|| Event::Action(record.clone()));
        self.tell_person(psid);
        Some(record)
    }
}
