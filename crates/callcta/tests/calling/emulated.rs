//! With the emulator, which has its own reading of Meta's pages.

use std::time::{Duration, SystemTime};

use callcta::calling::{Accept, CallHours, CallMetrics, CallSettings, MediaUpdate, RingTarget};
use callcta::webhook::{self, Event};
use callcta::{Button, Client, Delivery, ErrorKind, Extra, Message};
use callcta_emulator::{
    Action, CallPermissionKeys, CallStatus, CallingNumbers, Emulator, SettingsAnswer, TapTarget,
    defaults,
};
use serde_json::json;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

fn start() -> Emulator {
    // Calls can be accepted for a minute of this machine's clock.
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    Emulator::builder().clock(now).start().unwrap()
}

fn client_of(emulator: &Emulator, page_id: &str, token: &str) -> Client {
    let builder = Client::builder(page_id, token).base_url(emulator.url());
    builder.build().unwrap()
}

fn client(emulator: &Emulator) -> Client {
    client_of(emulator, emulator.page_id(), emulator.access_token())
}

fn without_calling(emulator: &Emulator) -> Client {
    let (page_id, token) = (
        defaults::PAGE_ID_WITHOUT_CALLING,
        defaults::TOKEN_WITHOUT_CALLING,
    );
    client_of(emulator, page_id, token)
}

/// What the last webhook told.
fn last_event(emulator: &Emulator) -> Event {
    let webhooks = emulator.webhooks();
    let body = webhooks.last().unwrap().body.as_bytes();
    webhook::parse_unverified(body).unwrap().events.remove(0)
}

/// Somebody gets a button and taps it.
fn ring(emulator: &Emulator) -> Event {
    let message = Message::buttons("Contact Support!", [Button::audio_call("Call Now")]);
    let receipt = client(emulator).send(defaults::PSID, &message).unwrap();
    emulator.tap(&TapTarget::call(receipt.message_id)).unwrap();
    last_event(emulator)
}

#[test]
fn settings_are_read_and_changed_in_each_documented_way() {
    for (in_data, answer) in [
        (false, SettingsAnswer::Guide),
        (true, SettingsAnswer::Reference),
    ] {
        let emulator = start();
        emulator.with_state(|state| {
            state.unverified.settings_in_data = in_data;
            state.unverified.settings_answer = answer;
        });
        let calling = without_calling(&emulator).calling();
        assert_eq!(calling.settings().unwrap().is_audio_enabled(), Some(false));
        let hours = CallHours::new("Africa/Lagos").open("MONDAY", "0900", "1700");
        let settings = CallSettings::new()
            .audio_enabled(true)
            .video_enabled(true)
            .icon_enabled(false)
            .call_routing(RingTarget::Meta)
            .call_hours(hours);
        calling.set_settings(&settings).unwrap();
        assert_eq!(calling.settings().unwrap(), settings);
        calling
            .set_settings(&CallSettings::new().icon_enabled(true))
            .unwrap();
        let read = calling.settings().unwrap();
        assert_eq!(read.is_icon_enabled(), Some(true));
        assert_eq!(read.hours(), settings.hours());
    }
}

#[test]
fn routing_needs_a_subscription_first() {
    let emulator = start();
    let calling = client(&emulator).calling();
    calling.subscribe(["messages"]).unwrap();
    let partners = CallSettings::new().call_routing(RingTarget::Partners);
    let error = calling.set_settings(&partners).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    calling.subscribe(["calls", "messages"]).unwrap();
    let apps = calling.subscriptions().unwrap();
    assert_eq!(apps.len(), 1);
    assert_eq!(apps[0].fields, ["calls", "messages"]);
    assert!(apps[0].app_id.is_some());
    calling.set_settings(&partners).unwrap();
    let read = calling.settings().unwrap();
    assert_eq!(read.ring_target(), Some(&RingTarget::Partners));
    let poor = client_of(
        &emulator,
        emulator.page_id(),
        defaults::TOKEN_WITHOUT_PERMISSION,
    );
    let error = poor.calling().subscriptions().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.advice().contains("pages_manage_metadata"), "{error}");
}

#[test]
fn the_feature_status_is_told() {
    let emulator = start();
    let calling = client(&emulator).calling();
    assert!(calling.feature_status().unwrap().is_enabled());
    emulator.with_state(|state| state.page_mut(defaults::PAGE_ID).calling_eligible = false);
    let status = calling.feature_status().unwrap();
    assert_eq!((status.is_enabled(), &*status.status), (false, "disabled"));
}

#[test]
fn permissions_are_read_in_each_documented_way() {
    for in_data in [false, true] {
        for upper_case in [false, true] {
            for keys in [CallPermissionKeys::Short, CallPermissionKeys::Long] {
                let emulator = start();
                emulator.with_state(|state| {
                    let rules = &mut state.unverified;
                    rules.call_permissions_in_data = in_data;
                    rules.call_permissions_upper_case = upper_case;
                    rules.call_permissions_keys = keys;
                });
                let calling = client(&emulator).calling();
                let before = calling.permissions(defaults::PSID).unwrap();
                assert!(!before.has_permission());
                assert_eq!(before.can("start_call"), Some(false));
                assert_eq!(before.actions[0].limits[0].max_allowed, Some(2));
                let receipt = calling.request_permission(defaults::PSID).unwrap();
                let stored = emulator.messages().pop().unwrap();
                assert_eq!(stored.message_id, receipt.message_id);
                emulator.act(defaults::PSID, Action::CallPermission { approve: true });
                let after = calling.permissions(defaults::PSID).unwrap();
                assert!(after.has_permission());
                assert_eq!(after.can("start_call"), Some(true));
                let limit = &after.actions[0].limits[0];
                assert_eq!(limit.current_usage, Some(1));
                let week = emulator.now() + 7 * 86_400_000;
                assert!((week - after.expiration.unwrap()).abs() < 1000);
            }
        }
    }
}

#[test]
fn what_calling_switched_off_answers() {
    let emulator = start();
    let client = without_calling(&emulator);
    let psid = defaults::PSID_WITHOUT_CALLING;
    for error in [
        client.calling().permissions(psid).unwrap_err(),
        client.calling().connect(psid, OFFER).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::CallingNotEnabled);
        assert_eq!(error.graph().unwrap().subcode, Some(1_893_056));
        assert_eq!(error.delivery(), Delivery::Rejected);
    }
    let nobody = client.calling().permissions("999").unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::InvalidRecipient);
}

#[test]
fn a_call_is_accepted_changed_and_ended() {
    let emulator = start();
    let calling = client(&emulator).calling();
    let event = ring(&emulator);
    let accept = Accept::of(&event, OFFER).unwrap();
    let session = calling.accept(&accept).unwrap();
    assert!(session.answer.unwrap().starts_with("v=0\r\n"));
    let call_id = session.call_id;
    assert_eq!(emulator.calls()[0].status, CallStatus::Accepted);
    let update = MediaUpdate::new().track("a", "default_audio", false);
    calling.update_media(&call_id, &update).unwrap();
    emulator.advance(Duration::from_secs(75));
    calling.terminate(&call_id).unwrap();
    assert_eq!(emulator.calls()[0].status, CallStatus::Completed);
    assert_eq!(Accept::of(&last_event(&emulator), OFFER), None);
    for numbers in [CallingNumbers::Code, CallingNumbers::Subcode] {
        emulator.with_state(|state| state.unverified.calling_numbers = numbers);
        let error = calling.terminate(&call_id).unwrap_err();
        assert!(error.advice().contains("over"), "{error}");
    }
    let metrics = CallMetrics::new(&call_id, "Hangup_Call", 75, 1, Extra::new())
        .field("end_call_subreason", "x");
    calling.report_metrics(&metrics).unwrap();
    let again = calling.report_metrics(&metrics).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::InvalidRequest);
}

#[test]
fn a_call_is_rejected() {
    let emulator = start();
    let calling = client(&emulator).calling();
    let event = ring(&emulator);
    let accept = Accept::of(&event, OFFER).unwrap();
    let call_id = &emulator.calls()[0].call_id;
    calling.reject(call_id).unwrap();
    assert_eq!(emulator.calls()[0].status, CallStatus::Failed);
    let error = calling.accept(&accept).unwrap_err();
    assert_eq!(error.graph().unwrap().code, 2_018_395);
    assert_eq!(error.delivery(), Delivery::Rejected);
}

#[test]
fn the_page_calls() {
    let emulator = start();
    let calling = client(&emulator).calling();
    let error = calling.connect(defaults::PSID, OFFER).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    emulator.act(defaults::PSID, Action::CallPermission { approve: true });
    let session = calling.connect(defaults::PSID, OFFER).unwrap();
    assert_eq!(session.call_id, emulator.calls()[0].call_id);
    assert!(session.answer.unwrap().starts_with("v=0\r\n"));
    // It is not the Page's to accept.
    assert_eq!(Accept::of(&last_event(&emulator), OFFER), None);
    calling.terminate(&session.call_id).unwrap();
}

#[test]
fn a_token_and_its_page_are_told() {
    let emulator = start();
    let identity = client(&emulator).identity();
    let page = identity.page().unwrap();
    assert_eq!(page.id, emulator.page_id());
    assert!(page.name.is_some());
    assert_eq!(identity.me().unwrap(), page);
    let token = identity.token().unwrap();
    assert!(token.is_valid && token.error.is_none());
    assert_eq!(token.kind.as_deref(), Some("PAGE"));
    assert_eq!(token.profile_id.as_deref(), Some(emulator.page_id()));
    assert!(token.scopes.iter().any(|scope| scope == "pages_messaging"));
    assert_eq!(token.expires_at, None);
    let expired = client_of(&emulator, emulator.page_id(), defaults::EXPIRED_TOKEN);
    let error = expired.identity().me().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let error = expired.identity().token().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let other = client_of(&emulator, "999", emulator.access_token());
    assert_eq!(
        other.identity().page().unwrap_err().kind(),
        ErrorKind::InvalidPage
    );
    assert_eq!(other.identity().me().unwrap().id, emulator.page_id());
}

#[test]
fn a_token_that_is_told_to_be_invalid_is_an_answer() {
    let told = json!({"data": {"is_valid": false, "scopes": [], "error":
        {"code": 190, "subcode": 463, "message": "expired"}, "expires_at": 1_671_644_824}});
    let server = crate::Server::answering(crate::json(&told.to_string()));
    let token = crate::client(&server).identity().token().unwrap();
    assert!(!token.is_valid);
    let error = token.error.unwrap();
    assert_eq!((error.code, error.subcode), (190, Some(463)));
    assert_eq!(token.expires_at, Some(1_671_644_824_000));
    let line = server.requests()[0].head.lines().next().unwrap().to_owned();
    assert_eq!(
        line,
        "GET /v26.0/debug_token?input_token=test-token HTTP/1.1"
    );
}
