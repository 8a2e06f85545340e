//! Conversations: the list of all, and what happened in one.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use serde_json::{Value, json};

use super::list::limit;
use super::query::Query;
use super::reply::{Answered, App, Problem, ok};
use super::timeline::{Item, What, items};
use crate::platform::{Person, Platform};
use crate::server::Core;

/// How many things of a conversation are told unless another number is given.
const ITEMS: usize = 100;

/// How things stand between a person and a Page.
#[derive(Serialize)]
struct Conversation<'a> {
    page_id: &'a str,
    page_name: Option<&'a str>,
    messages: usize,
    actions: usize,
    last_message_at: Option<i64>,
    /// Whether the Page types.
    typing: bool,
    /// When the Page last marked it as read.
    seen_at: Option<i64>,
    seen_seq: Option<u64>,
    last: Option<Last>,
    #[serde(flatten)]
    person: Facts<'a>,
}

/// What is known about a person.
#[derive(Serialize)]
pub(super) struct Facts<'a> {
    psid: &'a str,
    name: &'a str,
    /// Whether the person is in the state.
    known: bool,
    blocked: bool,
    window_open: bool,
    window_closes_at: Option<i64>,
    read_until: Option<i64>,
    call_permission_until: Option<i64>,
    locale: Option<&'a str>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(psid: &'a str, person: Option<&'a Person>, now: i64) -> Self {
        let closes = |p: &Person| Some(p.last_action?.saturating_add(p.window_ms));
        Self {
            psid,
            name: person.map_or("", |p| &p.name),
            known: person.is_some(),
            blocked: person.is_some_and(|p| p.blocked),
            window_open: person.is_none_or(|p| p.window_open(now)),
            window_closes_at: person.and_then(closes),
            read_until: person.and_then(|p| p.read_until),
            call_permission_until: person.and_then(|p| p.call_permission_until),
            locale: person.and_then(|p| p.locale.as_deref()),
        }
    }
}

/// The newest thing in a conversation.
#[derive(Serialize)]
struct Last {
    kind: &'static str,
    seq: u64,
    at: i64,
    text: String,
}

#[derive(Serialize)]
struct List<'a> {
    conversations: Vec<Conversation<'a>>,
    /// How many there are, whatever the limit.
    total: usize,
}

/// What happened in a conversation, summed up.
#[derive(Default)]
struct Sum<'a> {
    messages: usize,
    actions: usize,
    last_message_at: Option<i64>,
    last: Option<Item<'a>>,
}

impl<'a> Sum<'a> {
    fn add(&mut self, item: Item<'a>) {
        match item.what {
            What::Message(message) => {
                self.messages += 1;
                self.last_message_at = self.last_message_at.max(Some(message.sent_at));
            }
            What::Action(_) => self.actions += 1,
            What::Call(_) | What::Lost(_) => {}
        }
        if self
            .last
            .as_ref()
            .is_none_or(|last| last.seq() < item.seq())
        {
            self.last = Some(item);
        }
    }

    fn view(&'a self, platform: &'a Platform, page_id: &'a str, psid: &'a str) -> Conversation<'a> {
        let state = platform.state();
        let presence = platform.presences().get(page_id, psid);
        Conversation {
            page_id,
            page_name: state.pages.get(page_id).map(|page| page.name.as_str()),
            messages: self.messages,
            actions: self.actions,
            last_message_at: self.last_message_at,
            typing: presence.is_some_and(|presence| presence.typing),
            seen_at: presence.and_then(|presence| presence.seen_at),
            seen_seq: presence.and_then(|presence| presence.seen_seq),
            last: self.last.as_ref().map(|item| {
                let (kind, at, text) = item.told();
                let seq = item.seq();
                Last {
                    kind,
                    seq,
                    at,
                    text,
                }
            }),
            person: Facts::of(psid, state.people.get(psid), platform.now()),
        }
    }
}

/// Whether a person is found by name or PSID; the text is in lower case.
fn is_named(core: &Core, psid: &str, text: &str) -> bool {
    let person = core.platform.state().people.get(psid);
    psid.contains(text) || person.is_some_and(|p| p.name.to_lowercase().contains(text))
}

pub(super) async fn list(State(shared): App, RawQuery(raw): RawQuery) -> Answered {
    let query = Query::read(raw, &["q", "limit"])?;
    let text = query.text("q").map(str::to_lowercase);
    let limit = limit(&query)?;
    let core = shared.look();
    let platform = &core.platform;
    let state = platform.state();
    let mut all: HashMap<(&str, Cow<'_, str>), Sum<'_>> = HashMap::new();
    for item in items(&core) {
        let taken = text
            .as_deref()
            .is_none_or(|text| is_named(&core, &item.psid, text) || item.has(text));
        if taken {
            let key = (item.page_id, item.psid.clone());
            all.entry(key).or_default().add(item);
        }
    }
    for (psid, person) in &state.people {
        let taken = text
            .as_deref()
            .is_none_or(|text| is_named(&core, psid, text));
        if taken {
            all.entry((state.page_of(person), Cow::Borrowed(psid)))
                .or_default();
        }
    }
    let mut sorted: Vec<_> = all.iter().collect();
    // Those who were last heard of first.
    let newest = |sum: &Sum<'_>| sum.last.as_ref().map(Item::seq);
    sorted.sort_unstable_by(|(a, x), (b, y)| newest(y).cmp(&newest(x)).then(a.cmp(b)));
    let total = sorted.len();
    let conversations = sorted
        .into_iter()
        .take(limit)
        .map(|((page_id, psid), sum)| sum.view(platform, page_id, psid))
        .collect();
    Ok(ok(&List {
        conversations,
        total,
    }))
}

pub(super) async fn one(
    State(shared): App,
    Path((page_id, psid)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Answered {
    let query = Query::read(raw, &["q", "from", "limit"])?;
    let text = query.text("q").map(str::to_lowercase);
    let from = query.number("from")?;
    let limit = match query.text("limit") {
        Some(_) => limit(&query)?,
        None => ITEMS,
    };
    let core = shared.look();
    let state = core.platform.state();
    let mut sum = Sum::default();
    let mut found: Vec<Item<'_>> = Vec::new();
    let text = text.filter(|text| !is_named(&core, &psid, text));
    for item in items(&core).filter(|item| item.page_id == page_id && item.psid == psid) {
        if text.as_deref().is_none_or(|text| item.has(text)) {
            found.push(Item {
                psid: Cow::Borrowed(""),
                ..item
            });
        }
        sum.add(item);
    }
    let person = state.people.get(&psid);
    if sum.last.is_none() && person.is_none_or(|person| state.page_of(person) != page_id) {
        return Err(Problem::unknown("conversation"));
    }
    found.sort_unstable_by_key(Item::seq);
    let order: Vec<u64> = found.iter().map(Item::seq).collect();
    let first = match from {
        Some(from) => order.partition_point(|seq| *seq < from),
        None => order.len().saturating_sub(limit),
    };
    let items: Vec<Value> = found
        .iter()
        .skip(first)
        .take(limit)
        .map(|item| item.view(&core, shared.base()))
        .collect();
    let conversation = sum.view(&core.platform, &page_id, &psid);
    Ok(ok(
        &json!({"conversation": conversation, "order": order, "items": items}),
    ))
}
