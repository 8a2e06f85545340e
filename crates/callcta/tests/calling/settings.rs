//! Settings on the wire, in both directions.

use callcta::calling::{CallHours, CallSettings, RingTarget};
use callcta::{ErrorKind, RequestOptions};
use serde_json::{Value, json};

use crate::server::Server;
use crate::{client, json};

fn read(answer: &Value) -> CallSettings {
    let server = Server::answering(json(&answer.to_string()));
    client(&server).calling().settings().unwrap()
}

#[test]
fn both_answers_are_read_and_nothing_is_lost() {
    let wire = json!({
        "audio_enabled": true, "video_enabled": false, "icon_enabled": true,
        "call_routing": {"ring_target": "PARTNERS", "since": 7},
        "call_hours": {"timezone_id": "Africa/Lagos", "note": "x", "weekly_operating_hours": [
            {"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1700", "kind": "a"}]},
        "new_setting": {"a": [1, null]},
    });
    for answer in [wire.clone(), json!({"data": [wire]}), json!({"data": wire})] {
        let settings = read(&answer);
        assert_eq!(settings.to_value(), wire, "{answer}");
        assert_eq!(settings.is_audio_enabled(), Some(true));
        assert_eq!(settings.is_video_enabled(), Some(false));
        assert_eq!(settings.is_icon_enabled(), Some(true));
        assert_eq!(settings.ring_target(), Some(&RingTarget::Partners));
        assert_eq!(settings.extra()["new_setting"]["a"], json!([1, null]));
        let hours = settings.hours().unwrap();
        assert_eq!(hours.timezone_id(), Some("Africa/Lagos"));
        let day = &hours.weekly_operating_hours()[0];
        assert_eq!(
            (day.day_of_week(), day.open_time(), day.close_time()),
            (Some("MONDAY"), Some("0900"), Some("1700"))
        );
    }
}

#[test]
fn spellings_are_read() {
    let settings = read(&json!({
        "audio_enabled": "True", "video_enabled": null, "call_routing": "partners",
        "call_hours": {"timezone_id": "UTC", "weekly_operating_hours": [
            {"day_of_week": "Sunday", "open_time": "0000", "close_time": "2400"}]},
    }));
    assert_eq!(
        settings.to_value(),
        json!({"audio_enabled": true, "call_routing": {"ring_target": "PARTNERS"},
            "call_hours": {"timezone_id": "UTC", "weekly_operating_hours": [
                {"day_of_week": "SUNDAY", "open_time": "0000", "close_time": "2400"}]}})
    );
    assert!(settings.validate().is_empty());
    let odd = read(&json!({"audio_enabled": "perhaps", "call_routing": ["META"]}));
    assert_eq!(odd.is_audio_enabled(), None);
    assert_eq!(odd.ring_target(), None);
    assert_eq!(odd.extra()["audio_enabled"], "perhaps");
    for nothing in [json!({}), json!({"data": []}), json!({"data": [7]})] {
        assert_eq!(read(&nothing), CallSettings::new(), "{nothing}");
    }
    let server = Server::answering(json("[1]"));
    let error = client(&server).calling().settings().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[test]
fn a_change_sends_what_was_set_and_nothing_else() {
    let server = Server::answering(json(r#"{"result":"success"}"#));
    let calling = client(&server).calling();
    let hours = CallHours::new("Africa/Lagos").open("MONDAY", "0900", "1700");
    let settings = CallSettings::new()
        .audio_enabled(true)
        .call_routing("partners")
        .call_hours(hours)
        .field("new_setting", 1);
    calling.set_settings(&settings).unwrap();
    let closed = CallSettings::new().call_hours(CallHours::new("UTC"));
    calling.set_settings(&closed).unwrap();
    let requests = server.requests();
    let line = "POST /v26.0/1234567890/messenger_call_settings HTTP/1.1\r\n";
    assert!(requests[0].head.starts_with(line));
    let body = |index: usize| -> Value { serde_json::from_slice(&requests[index].body).unwrap() };
    assert_eq!(
        body(0),
        json!({"audio_enabled": true, "call_routing": {"ring_target": "PARTNERS"},
            "call_hours": {"timezone_id": "Africa/Lagos", "weekly_operating_hours": [
                {"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1700"}]},
            "new_setting": 1})
    );
    assert_eq!(
        body(1),
        json!({"call_hours": {"timezone_id": "UTC", "weekly_operating_hours": []}})
    );
}

#[test]
fn settings_are_checked_before_they_are_sent() {
    let server = Server::answering(json(r#"{"success":"true"}"#));
    let calling = client(&server).calling();
    let wrong = CallSettings::from_json(r#"{"audio_enabled": "yes"}"#).unwrap();
    let error = calling.set_settings(&wrong).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMessage);
    assert_eq!(
        error.to_string(),
        "the call settings break a rule: audio_enabled: must be a boolean, is a string"
    );
    assert_eq!(error.advice(), "correct the settings");
    assert!(server.requests().is_empty());
    // A warning passes, and so does everything that isn't checked.
    let new = CallSettings::from_json(r#"{"audio_enable": true}"#).unwrap();
    assert_eq!(new.validate().len(), 1);
    calling.set_settings(&new).unwrap();
    let unchecked = calling.with(RequestOptions::new().unchecked(true));
    unchecked.set_settings(&wrong).unwrap();
    assert_eq!(server.requests().len(), 2);
    for (text, word) in [
        ("[]", "must be an object"),
        ("{", "JSON"),
        (r#"{"a":1,"a":2}"#, "twice"),
    ] {
        let error = CallSettings::from_json(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMessage);
        assert!(error.to_string().contains(word), "{error}");
    }
}
