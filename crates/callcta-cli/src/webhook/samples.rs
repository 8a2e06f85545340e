//! One webhook of each kind, as Meta's pages show them.

use serde_json::{Value, json};

/// Who and when the samples are about.
pub struct About<'a> {
    pub page_id: &'a str,
    pub psid: &'a str,
    /// Unix milliseconds.
    pub now: i64,
}

/// A sample's name, and what makes its entry.
pub type Sample = (&'static str, fn(&About<'_>) -> Value);

/// The samples, in the order of a conversation that ends in a call.
pub const SAMPLES: &[Sample] = &[
    ("message", |about| {
        messaging(
            about,
            json!({"message": {"mid": "m_sample_1", "text": "Hello! \u{1f44b}"}}),
        )
    }),
    ("quick_reply", |about| {
        let reply = json!({"mid": "m_sample_2", "text": "Yes", "quick_reply": {"payload": "YES"}});
        messaging(about, json!({"message": reply}))
    }),
    ("sticker", |about| {
        let payload = json!({"url": "https://example.com/sticker.png", "sticker_id": 369_239_263_222_822_i64});
        let message =
            json!({"mid": "m_sample_3", "attachments": [{"type": "sticker", "payload": payload}]});
        messaging(about, json!({"message": message}))
    }),
    ("postback", |about| {
        let postback =
            json!({"mid": "m_sample_4", "title": "Get Started", "payload": "GET_STARTED"});
        messaging(about, json!({"postback": postback}))
    }),
    ("referral", |about| {
        let referral = json!({"ref": "shop", "source": "SHORTLINK", "type": "OPEN_THREAD"});
        messaging(about, json!({"referral": referral}))
    }),
    ("echo", |about| {
        json!({"id": about.page_id, "time": about.now, "messaging": [{
            "sender": {"id": about.page_id},
            "recipient": {"id": about.psid},
            "timestamp": about.now,
            "message": {"is_echo": true, "app_id": 1_517_776_481_860_111_i64, "metadata": "sample",
                "mid": "m_sample_5", "text": "Call us!"},
        }]})
    }),
    ("delivery", |about| {
        let delivery = json!({"mids": ["m_sample_5"], "watermark": about.now});
        messaging(about, json!({"delivery": delivery}))
    }),
    ("read", |about| {
        messaging(about, json!({"read": {"watermark": about.now}}))
    }),
    ("reaction", |about| {
        let reaction = json!({"reaction": "love", "emoji": "\u{2764}", "action": "react", "mid": "m_sample_5"});
        messaging(about, json!({"reaction": reaction}))
    }),
    ("call_permission_reply", |about| {
        json!({
            "sender": {"id": about.psid},
            "recipient": {"id": about.page_id},
            "timestamp": about.now / 1000,
            "call_permission_reply": {
                "response": "approve",
                "expiration_timestamp": (about.now / 1000 + 7 * 86_400).to_string(),
            },
        })
    }),
    ("call_settings_update", |about| {
        json!({"id": about.page_id, "time": about.now / 1000, "call_settings": {
            "audio_enabled": true, "icon_enabled": true, "call_routing": "PARTNERS",
        }})
    }),
    ("call_connect", |about| {
        call(
            about,
            json!({"event": "connect", "call_direction": "user_initiated"}),
        )
    }),
    ("call_status", |about| {
        call(
            about,
            json!({"event": "call_status", "call_status": "ringing"}),
        )
    }),
    ("call_media_update", |about| {
        let offer = json!({"sdp_type": "offer", "sdp": "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"});
        let session = json!({"version": 2, "sdp_renegotiation": offer});
        call(about, json!({"event": "media_update", "session": session}))
    }),
    ("call_terminate", |about| {
        let now = about.now / 1000;
        call(
            about,
            json!({"event": "terminate", "status": "Completed",
            "start_time": now - 42, "end_time": now, "duration": 42}),
        )
    }),
];

fn messaging(about: &About<'_>, mut event: Value) -> Value {
    event["sender"] = json!({"id": about.psid});
    event["recipient"] = json!({"id": about.page_id});
    event["timestamp"] = about.now.into();
    json!({"id": about.page_id, "time": about.now, "messaging": [event]})
}

fn call(about: &About<'_>, mut call: Value) -> Value {
    call["id"] = "c_sample".into();
    call["from"] = about.psid.into();
    call["to"] = about.page_id.into();
    call["timestamp"] = (about.now / 1000).into();
    json!({"id": about.page_id, "time": about.now / 1000, "calls": [call]})
}

#[cfg(test)]
mod tests {
    use callcta::webhook::parse_unverified;

    use super::*;

    #[test]
    fn each_sample_is_read_as_what_it_is_called() {
        let about = About {
            page_id: "1",
            psid: "2",
            now: 1_671_644_824_000,
        };
        for (name, entry) in SAMPLES {
            let body = json!({"object": "page", "entry": [entry(&about)]}).to_string();
            let events = parse_unverified(body.as_bytes()).unwrap().events;
            let [event] = &events[..] else {
                panic!("{name}: {}", events.len())
            };
            let kind = event.kind.name();
            let expected = match *name {
                "quick_reply" | "sticker" => "message",
                call if call.starts_with("call_") && kind == "call" => "call",
                name => name,
            };
            assert_eq!(kind, expected, "{name}");
            if *name != "call_settings_update" {
                assert_eq!(event.psid.as_deref(), Some("2"), "{name}");
            }
            assert_eq!(event.page_id.as_deref(), Some("1"), "{name}");
        }
    }
}
