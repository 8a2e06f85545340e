//! The platform: all its parts, and what goes on between them.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::json;

use super::action::Actions;
use super::call::Calls;
use super::clock::Clock;
use super::event::Event;
use super::media::Media;
use super::message::Messages;
use super::news::News;
use super::notice::Notice;
use super::presence::Presences;
use super::ring::Held;
use super::state::State;
use super::target::{Signature, WebhookTarget};
use super::usage::{OverLimit, Usage};
use super::webhook::{Attempt, Draft, ReleaseOrder, Verdict, Webhook, Webhooks, escaped};

/// How many calls, webhooks and people's actions are kept.
pub(super) const KEPT: usize = 500;

/// What Messenger is and remembers at a moment.
///
/// What people and Pages do to it stands in files of its own: [`super::acting`], `calling`,
/// `sending`, `settings`, `tapping`.
pub(crate) struct Platform {
    pub(super) state: State,
    pub(super) clock: Clock,
    pub(super) messages: Messages,
    pub(super) actions: Actions,
    pub(super) calls: Calls,
    pub(super) presences: Presences,
    pub(super) webhooks: Webhooks,
    pub(super) news: News<Event>,
    pub(super) usage: Usage,
    pub(super) seq: u64,
    pub(super) traces: u64,
    pub(super) made: u64,
    /// The ids of uploaded files, oldest first.
    pub(super) uploads: VecDeque<String>,
    pub(super) media: Option<Arc<dyn Media>>,
}

impl Platform {
    pub(crate) fn new(state: State, clock: Clock, keep_messages: usize) -> Self {
        Self {
            state,
            clock,
            messages: Messages::new(keep_messages),
            actions: Actions::new(KEPT),
            calls: Calls::new(KEPT),
            presences: Presences::default(),
            webhooks: Webhooks::new(KEPT),
            news: News::default(),
            usage: Usage::default(),
            seq: 0,
            traces: 0,
            made: 0,
            uploads: VecDeque::new(),
            media: None,
        }
    }

    /// The same with somebody who takes part in the media of calls.
    pub(crate) fn with_media(mut self, media: Option<Arc<dyn Media>>) -> Self {
        self.media = media;
        self
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// How much each log holds, by its name.
    pub(crate) fn held(&self) -> [(&'static str, Held); 4] {
        [
            ("actions", self.actions.held()),
            ("calls", self.calls.held()),
            ("messages", self.messages.held()),
            ("webhooks", self.webhooks.held()),
        ]
    }

    /// Lets the oldest thing fall out of a log.
    pub(crate) fn drop_oldest(&mut self, log: &str) -> bool {
        match log {
            "actions" => self.actions.drop_oldest(),
            "calls" => self.calls.drop_oldest(),
            "messages" => self.messages.drop_oldest(),
            "webhooks" => self.webhooks.drop_oldest(),
            _ => false,
        }
    }

    /// Changes the state from outside.
    pub(crate) fn change_state<T>(&mut self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state);
        self.news.tell(|| Event::State);
        result
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Lets the clock follow real time, or stops it.
    pub(crate) fn run_clock(&mut self, run: bool) {
        self.clock.run(run);
        self.tell_clock();
    }

    pub(super) fn tell_clock(&mut self) {
        self.news.tell(|| Event::Clock(self.clock));
    }

    pub(crate) fn messages(&self) -> &Messages {
        &self.messages
    }

    /// Deletes a message by its number, or all of them.
    pub(crate) fn delete_messages(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.messages.remove(number),
            None => self.messages.clear(),
        }
        self.news.tell(|| Event::MessagesDeleted(number));
    }

    pub(crate) fn actions(&self) -> &Actions {
        &self.actions
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.calls
    }

    pub(crate) fn presences(&self) -> &Presences {
        &self.presences
    }

    pub(crate) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Counts a call to Graph for a Page.
    pub(crate) fn count(&mut self, page_id: &str, is_message: bool) -> Result<(), OverLimit> {
        let Some(page) = self.state.pages.get(page_id) else {
            return Ok(());
        };
        let now = self.clock.now();
        self.usage
            .count(page_id, &page.rate_limits, now, is_message)
    }

    /// What has happened since this was last asked.
    pub(crate) fn news(&mut self) -> &mut News<Event> {
        &mut self.news
    }

    /// The next place in the order of all that happens.
    pub(crate) fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// The newest place in that order.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// The id under which Meta would find a request in its own logs.
    pub(crate) fn next_trace_id(&mut self) -> String {
        self.traces += 1;
        format!("AEmulated{:010}", self.traces)
    }

    /// How many things with ids of their own were made, this one included.
    pub(super) fn next_made(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(crate) fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// Whether webhooks are made of what follows from every send: only for those who listen.
    pub(super) fn hears_follow_ups(&self) -> bool {
        self.state.webhook.url.is_some() || self.state.webhook.hold
    }

    /// Makes a webhook; its number, or in one sentence why there is none.
    pub(super) fn tell(
        &mut self,
        page_id: &str,
        notice: &Notice<'_>,
        at: i64,
    ) -> Result<u64, String> {
        let Some(page) = self.state.pages.get(page_id) else {
            return Err("the Page is not in the state".into());
        };
        let (field, entry) = notice.entry(page_id, page, at)?;
        if !page.subscribed_fields.iter().any(|f| f == field) {
            return Err(format!("the app is not subscribed to {field}"));
        }
        let draft = Draft {
            page_id,
            field,
            body: escaped(&json!({"object": "page", "entry": [entry]})),
            signature: self.state.webhook.signature,
            sha1: self.state.unverified.sha1_signature,
            secret: &page.app_secret,
            redelivery_of: None,
        };
        let now = self.clock.now();
        let id = self.webhooks.make(draft, &self.state.webhook, now);
        self.tell_webhook(id);
        Ok(id)
    }

    /// Sends a webhook once more; the number of the new one.
    pub(crate) fn redeliver(&mut self, id: u64, signature: Signature) -> Option<u64> {
        let old = self.webhooks.get(id)?.clone();
        let page = self.state.pages.get(&old.page_id);
        let draft = Draft {
            page_id: &old.page_id,
            field: &old.field,
            body: old.body,
            signature,
            sha1: self.state.unverified.sha1_signature,
            secret: page.map_or("", |page| &page.app_secret),
            redelivery_of: Some(id),
        };
        let now = self.clock.now();
        let id = self.webhooks.make(draft, &self.state.webhook, now);
        self.tell_webhook(id);
        Some(id)
    }

    /// Lets held webhooks go; how many.
    pub(crate) fn release(&mut self, order: &ReleaseOrder) -> usize {
        let ids = self
            .webhooks
            .release(order, self.state.webhook.url.is_some());
        for id in &ids {
            self.tell_webhook(*id);
        }
        ids.len()
    }

    pub(crate) fn delete_webhooks(&mut self) {
        self.webhooks.clear();
        self.news.tell(|| Event::WebhooksDeleted);
    }

    /// Takes the next webhook that is to be sent, with the target it goes to.
    pub(crate) fn next_webhook(&mut self) -> Option<(&Webhook, &WebhookTarget)> {
        let id = loop {
            let id = self.webhooks.next_queued()?;
            // The target or the webhook may have been taken away meanwhile.
            if self.state.webhook.url.is_some() && self.webhooks.get(id).is_some() {
                break id;
            }
        };
        Some((self.webhooks.get(id)?, &self.state.webhook))
    }

    /// Notes an attempt to send a webhook; `last` says that no other will follow.
    pub(crate) fn attempted(&mut self, id: u64, attempt: Attempt, last: bool) {
        let Some(page_id) = self.webhooks.get(id).map(|w| w.page_id.clone()) else {
            return;
        };
        match self.webhooks.attempted(id, attempt, last, self.clock.now()) {
            Some(Verdict::GivenUp) => {
                if let Some(page) = self.state.pages.get_mut(&page_id) {
                    page.subscribed_fields.clear();
                }
                self.news.tell(|| Event::WebhooksDisabled { page_id });
            }
            Some(Verdict::Failing(failing_ms)) => self.news.tell(|| Event::WebhooksFailing {
                page_id,
                failing_ms,
            }),
            None => {}
        }
        self.tell_webhook(id);
    }

    /// Tells how things stand with a person, after something has changed there.
    pub(super) fn tell_person(&mut self, psid: &str) {
        let Some(person) = self.state.people.get(psid) else {
            return;
        };
        let now = self.clock.now();
        self.news.tell(|| Event::Person {
            psid: psid.to_owned(),
            page_id: self.state.page_of(person).to_owned(),
            person: Box::new(person.clone()),
            now,
        });
    }

    fn tell_webhook(&mut self, id: u64) {
        if let Some(webhook) = self.webhooks.get(id) {
            self.news
                .tell(|| Event::Webhook(webhook.part().into_owned()));
        }
    }
}

/// The number of a webhook, or why there is none.
pub(super) fn split(told: Result<u64, String>) -> (Option<u64>, Option<String>) {
    match told {
        Ok(id) => (Some(id), None),
        Err(why) => (None, Some(why)),
    }
}
