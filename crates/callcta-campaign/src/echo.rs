//! Settling what is unknown: a key that is sent along comes back in the message's echo.

use callcta::webhook::{Event, EventKind, parse_unverified};

use crate::journal::{Echo, Facts};

const PREFIX: &str = "callcta";

/// The `metadata` of a row's message. It names nobody.
pub(crate) fn send_key(campaign: &str, row: i64) -> String {
    format!("{PREFIX}:{campaign}:{row}")
}

/// The campaign and the row of a send key.
fn read(metadata: &str) -> Option<(&str, i64)> {
    let mut parts = metadata.split(':');
    let (prefix, campaign, row) = (parts.next()?, parts.next()?, parts.next()?);
    let ours = prefix == PREFIX && parts.next().is_none();
    ours.then(|| Some((campaign, row.parse().ok()?)))?
}

/// The echo of a row of this campaign that an event is, if it may be one: only the journal
/// knows which of its rows were sent as those of another one.
pub fn echo_of(facts: &Facts, event: &Event) -> Option<Echo> {
    let EventKind::Echo(message) = &event.kind else {
        return None;
    };
    let metadata = message.metadata.as_deref()?;
    let (campaign, row) = read(metadata)?;
    let (psid, message_id) = (event.psid.clone(), &message.message_id);
    Some(if campaign == facts.id {
        Echo::new(row, psid, message_id)
    } else {
        Echo::elsewhere(metadata, psid, message_id)
    })
}

/// The events of a line: a webhook's body, or an event as `callcta webhook listen --json`
/// prints it. `None` if it is neither.
///
/// Nothing is verified: a line should come from a receiver that did that.
pub fn events_of(line: &str) -> Option<Vec<Event>> {
    if let Ok(event) = serde_json::from_str::<Event>(line) {
        return Some(vec![event]);
    }
    let webhook = parse_unverified(line.as_bytes()).ok()?;
    webhook.object.is_some().then_some(webhook.events)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            id: "00ff".to_owned(),
            ..Facts::default()
        }
    }

    fn body(metadata: &str) -> String {
        serde_json::json!({"object": "page", "entry": [{"id": "7", "time": 1_764_000_000_000_u64,
            "messaging": [{"sender": {"id": "7"}, "recipient": {"id": "12"},
                "timestamp": 1_764_000_000_000_u64,
                "message": {"mid": "m_1", "is_echo": true, "metadata": metadata}}]}]})
        .to_string()
    }

    #[test]
    fn an_echo_is_known_by_its_send_key() {
        let echoes = |metadata: &str| {
            let events = events_of(&body(metadata)).unwrap();
            let echoes = events.iter().filter_map(|event| echo_of(&facts(), event));
            echoes
                .map(|echo| (echo.id, echo.sent_as, echo.psid, echo.message_id))
                .collect::<Vec<_>>()
        };
        let (psid, message_id) = (Some("12".to_owned()), "m_1".to_owned());
        let ours = (42, None, psid.clone(), message_id.clone());
        assert_eq!(echoes(&send_key("00ff", 42)), [ours]);
        let others = send_key("00fe", 42);
        let other = (0, Some(others.clone()), psid, message_id);
        assert_eq!(echoes(&others), [other]);
        for other in ["callcta:00ff:x", "callcta:00ff:42:1", "order 42", ""] {
            assert!(echoes(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn an_event_that_was_printed_is_read_like_a_body() {
        let event = &events_of(&body(&send_key("00ff", 42))).unwrap()[0];
        let mut printed = serde_json::to_value(event).unwrap();
        printed["again"] = false.into();
        let again = events_of(&printed.to_string()).unwrap();
        assert_eq!(echo_of(&facts(), &again[0]).unwrap().id, 42);
        assert!(events_of("nonsense").is_none());
        assert!(events_of("{\"url\":\"http://127.0.0.1:1\"}").is_none());
    }
}
