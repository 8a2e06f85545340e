//! What was said and done in one conversation, in order: as JSON, or as Markdown to read.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::query::Query;
use super::reply::{Answered, App, Problem, ok};
use super::timeline::{What, items};
use super::views;
use crate::platform::{Action, CallDirection, PhoneCall, StoredMessage};
use crate::server::Core;
use crate::traffic::Entry;

pub(super) async fn read(
    State(shared): App,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Answered {
    let query = Query::read(raw, &["psid", "page_id", "format"])?;
    let psid = query
        .text("psid")
        .ok_or_else(|| Problem::bad("psid is required"))?;
    let markdown = match query.text("format") {
        Some("markdown") => true,
        Some("json") => false,
        Some(_) => return Err(Problem::bad("format is json or markdown")),
        None => wants_markdown(&headers),
    };
    let core = shared.look();
    let transcript = Transcript::of(&core, psid, query.text("page_id"))?;
    if !markdown {
        return Ok(ok(&transcript.json()));
    }
    let mut response = Response::new(Body::from(transcript.markdown()));
    let kind = HeaderValue::from_static("text/markdown; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// Whether text is asked for before JSON is.
fn wants_markdown(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accepted.is_some_and(|kinds| {
        let kind = kinds.split(',').next().unwrap_or_default();
        kind.trim().starts_with("text/markdown") || kind.trim().starts_with("text/plain")
    })
}

/// One line of a transcript.
struct Line {
    at: i64,
    seq: u64,
    who: &'static str,
    kind: &'static str,
    text: String,
    /// What can be tapped in it.
    buttons: Vec<Value>,
    /// The name of what it tells of, and its number.
    of: (&'static str, u64),
}

struct Transcript<'a> {
    psid: &'a str,
    name: &'a str,
    page_id: &'a str,
    page_name: &'a str,
    lines: Vec<Line>,
}

impl<'a> Transcript<'a> {
    fn of(core: &'a Core, psid: &'a str, page_id: Option<&'a str>) -> Result<Self, Problem> {
        let platform = &core.platform;
        let state = platform.state();
        let person = state.people.get(psid);
        let page_id = page_id
            .or_else(|| person.map(|person| state.page_of(person)))
            .or_else(|| state.default_page_id())
            .unwrap_or_default();
        let mut lines = Vec::new();
        for item in items(core) {
            if item.page_id != page_id || item.psid != psid {
                continue;
            }
            match item.what {
                What::Message(message) => {
                    lines.push(sent(message, platform.now()));
                    let request = core.traffic.log().get(message.request_id);
                    let spoilt = request.filter(|entry| entry.fault.is_some());
                    lines.extend(spoilt.map(rejected));
                }
                What::Action(action) => lines.push(Line {
                    at: action.at,
                    seq: action.seq,
                    who: "person",
                    kind: "action",
                    text: done(&action.action),
                    buttons: Vec::new(),
                    of: ("action", action.id),
                }),
                What::Call(call) => lines.extend(called(call)),
                What::Lost(entry) => lines.push(rejected(entry)),
            }
        }
        if person.is_none() && lines.is_empty() {
            return Err(Problem::unknown("person"));
        }
        lines.sort_by_key(|line| (line.at, line.seq));
        Ok(Self {
            psid,
            name: person.map_or(psid, |person| &person.name),
            page_id,
            page_name: state.pages.get(page_id).map_or(page_id, |page| &page.name),
            lines,
        })
    }

    fn json(&self) -> Value {
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|line| {
                json!({
                    "at": line.at,
                    "time": time(line.at),
                    "seq": line.seq,
                    "who": line.who,
                    "kind": line.kind,
                    "text": line.text,
                    "buttons": line.buttons,
                    "of": line.of.0,
                    "id": line.of.1,
                })
            })
            .collect();
        json!({
            "psid": self.psid,
            "name": self.name,
            "page_id": self.page_id,
            "page_name": self.page_name,
            "lines": lines,
        })
    }

    fn markdown(&self) -> String {
        let (name, page) = (escaped(self.name), escaped(self.page_name));
        let mut text = vec![
            format!("# {name} and {page}\n"),
            format!(
                "PSID {}, Page {}\n",
                escaped(self.psid),
                escaped(self.page_id)
            ),
        ];
        for line in &self.lines {
            let who = match line.who {
                "page" => &page,
                _ => &name,
            };
            let (at, what) = (time(line.at), escaped(&line.text));
            text.push(format!("- {at} **{who}**: {what}"));
            text.extend(line.buttons.iter().map(|button| {
                let title = escaped(button["title"].as_str().unwrap_or_default());
                let kind = escaped(button["type"].as_str().unwrap_or_default());
                let until = button["expires_at"].as_i64();
                let until = until.map(|at| format!(", clickable until {}", time(at)));
                format!("  - [{title}] {kind}{}", until.unwrap_or_default())
            }));
        }
        text.join("\n") + "\n"
    }
}

/// A message of the Page.
fn sent(message: &StoredMessage, now: i64) -> Line {
    let view = views::message(message, now, false);
    let body = &view["body"]["message"];
    let payload = &body["attachment"]["payload"];
    let mut parts = Vec::new();
    for text in [&body["text"], &payload["text"]] {
        parts.extend(text.as_str().map(str::to_owned));
    }
    for element in payload["elements"].as_array().into_iter().flatten() {
        let texts = [&element["title"], &element["subtitle"], &element["url"]];
        let texts: Vec<_> = texts.into_iter().filter_map(Value::as_str).collect();
        parts.push(texts.join("\n"));
    }
    if parts.is_empty() {
        let kind = payload["template_type"]
            .as_str()
            .or_else(|| body["attachment"]["type"].as_str());
        let what = payload["url"].as_str().unwrap_or_default();
        parts.push(
            format!("({}) {what}", kind.unwrap_or("message"))
                .trim_end()
                .to_owned(),
        );
    }
    let mut buttons = view["buttons"].as_array().cloned().unwrap_or_default();
    for (place, reply) in body["quick_replies"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        buttons.push(json!({"type": "quick_reply", "title": reply["title"], "quick_reply": place}));
    }
    Line {
        at: message.sent_at,
        seq: message.seq,
        who: "page",
        kind: "message",
        text: parts.join("\n"),
        buttons,
        of: ("message", message.id),
    }
}

/// What a person did.
fn done(action: &Action) -> String {
    match action {
        Action::Message { text } => text.clone(),
        Action::AdMessage { text } => format!("(after an ad) {text}"),
        Action::Postback { title, payload } => format!("taps \"{title}\" (payload {payload})"),
        Action::QuickReply { title, payload } => {
            format!("taps the quick reply \"{title}\" (payload {payload})")
        }
        Action::Attachment { kind, url } => {
            let kind = json!(kind);
            format!("({}) {url}", kind.as_str().unwrap_or_default())
        }
        Action::Sticker { sticker_id } => format!("(sticker {sticker_id})"),
        Action::Reaction {
            message_id,
            reaction,
            remove,
        } => {
            let does = if *remove { "takes back" } else { "reacts with" };
            format!("{does} {reaction} to {message_id}")
        }
        Action::Read => "has read everything".into(),
        Action::Referral { reference } => format!("follows an m.me link (ref {reference})"),
        Action::Comment { comment_id } => format!("comments ({comment_id})"),
        Action::VisitorPost { post_id } => format!("posts on the Page ({post_id})"),
        Action::CallPermission { approve: true } => "allows calls for 7 days".into(),
        Action::CallPermission { approve: false } => "allows no calls".into(),
        Action::Block { blocked: true } => "blocks the Page".into(),
        Action::Block { blocked: false } => "no longer blocks the Page".into(),
    }
}

/// A call: when it rang, was taken, and ended.
fn called(call: &PhoneCall) -> Vec<Line> {
    let (caller, other) = match call.direction {
        CallDirection::UserInitiated => ("person", "page"),
        CallDirection::BusinessInitiated => ("page", "person"),
    };
    let line = |at, who, text: String| Line {
        at,
        seq: call.seq,
        who,
        kind: "call",
        text,
        buttons: Vec::new(),
        of: ("call", call.id),
    };
    let rings = match &call.message_id {
        Some(message) => format!(
            "taps the call button of {message}: call {} rings",
            call.call_id
        ),
        None => format!("calls: {} rings", call.call_id),
    };
    let taken = format!("takes the call {}", call.call_id);
    let over = match call.accepted_at {
        Some(at) => {
            let seconds = call.ended_at.unwrap_or(at).saturating_sub(at) / 1000;
            format!("the call {} is over after {seconds} seconds", call.call_id)
        }
        None => format!("the call {} is over, and was never taken", call.call_id),
    };
    let rest = [
        (call.accepted_at, other, taken),
        (call.ended_at, caller, over),
    ];
    let rest = rest
        .into_iter()
        .filter_map(|(at, who, text)| Some(line(at?, who, text)));
    std::iter::once(line(call.started_at, caller, rings))
        .chain(rest)
        .collect()
}

/// A send that was not taken, or of whose end the Page learnt nothing.
fn rejected(entry: &Entry) -> Line {
    let status = entry.status.map(|status| format!("status {status}"));
    let status = status.unwrap_or_else(|| "no answer".into());
    let mut text = vec![match &entry.message_id {
        Some(id) => format!("message {id} was stored: {status}"),
        None => format!("a message was not taken: {status}"),
    }];
    let answer: Value = serde_json::from_slice(&entry.answer).unwrap_or_default();
    let (code, subcode) = (&answer["error"]["code"], &answer["error"]["error_subcode"]);
    if code.is_i64() {
        let subcode = subcode.as_i64().map(|subcode| format!("/{subcode}"));
        text.push(format!("code {code}{}", subcode.unwrap_or_default()));
    }
    text.extend(entry.fault.as_ref().map(|fault| format!("fault {fault}")));
    let refusal = entry.refusal.as_ref();
    text.extend(refusal.map(|refusal| format!("{}: {}", refusal.rule, refusal.detail)));
    Line {
        at: entry.received_at,
        seq: entry.seq,
        who: "page",
        kind: "rejection",
        text: format!("({})", text.join(", ")),
        buttons: Vec::new(),
        of: ("request", entry.id),
    }
}

/// Text that Markdown shows as it is, on one line.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("<br>"),
            '\r' => {}
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~' => {
                safe.extend(['\\', c]);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// A time as ISO 8601 has it.
fn time(ms: i64) -> String {
    let (days, ms) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Years that begin in March end with the day that leap years add; an era has 400 of them.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    let seconds = ms / 1000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::START;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (START, "2026-10-01T12:00:00Z"),
            (951_782_399_999, "2000-02-28T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(time(ms), text);
        }
    }

    #[test]
    fn texts_can_not_become_markup() {
        assert_eq!(escaped("a\n- *b* <c>"), "a<br>- \\*b\\* \\<c\\>");
    }
}
