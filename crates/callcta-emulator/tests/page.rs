//! What belongs to a Page beside its messages: people's profiles, the Messenger profile, personas,
//! tokens, and edges that are not modelled.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use callcta_emulator::{Emulator, defaults};
use serde_json::{Value, json};
use support::{Answer, agent, get, post, read, send};

fn url(emulator: &Emulator, path: &str) -> String {
    format!("{}/v26.0/{path}", emulator.url())
}

fn graph_get(emulator: &Emulator, path: &str) -> Answer {
    get(&url(emulator, path), emulator.access_token())
}

fn graph_post(emulator: &Emulator, path: &str, body: &Value) -> Answer {
    post(&url(emulator, path), emulator.access_token(), body)
}

fn graph_delete(emulator: &Emulator, path: &str) -> Answer {
    let request = agent().delete(url(emulator, path)).header(
        "Authorization",
        format!("Bearer {}", emulator.access_token()),
    );
    read(request.call().unwrap()).unwrap()
}

fn why(emulator: &Emulator) -> (&'static str, String) {
    let refusal = emulator.requests().pop().unwrap().refusal.unwrap();
    (refusal.rule, refusal.detail)
}

#[test]
fn peoples_profiles_come_from_the_state() {
    let emulator = Emulator::start().unwrap();
    emulator.with_state(|state| {
        let person = state.person_mut(defaults::PSID);
        person.name = "Ada Maria Example".into();
        person.profile_pic = Some("https://example.com/ada.png".into());
        person.timezone = Some(5.5);
    });
    let psid = defaults::PSID;
    assert_eq!(
        graph_get(&emulator, psid).json(),
        json!({"first_name": "Ada", "last_name": "Maria Example",
            "profile_pic": "https://example.com/ada.png", "id": psid})
    );
    assert_eq!(
        graph_get(&emulator, &format!("{psid}?fields=name,timezone,locale")).json(),
        json!({"name": "Ada Maria Example", "timezone": 5.5, "id": psid})
    );
    assert_eq!(
        graph_get(&emulator, &format!("{psid}?fields=birthday")).error(),
        (100, None)
    );
    assert_eq!(graph_get(&emulator, "999").error(), (100, Some(33)));
    // A PSID is one Page's alone.
    assert_eq!(
        graph_get(&emulator, defaults::PSID_WITHOUT_CALLING).error(),
        (100, Some(33))
    );
    emulator.with_state(|state| state.person_mut(psid).profile_unavailable = true);
    assert_eq!(graph_get(&emulator, psid).error(), (100, Some(2_018_218)));
}

#[test]
fn the_messenger_profile_is_set_read_and_deleted() {
    let emulator = Emulator::start().unwrap();
    let edge = "me/messenger_profile";
    assert_eq!(
        graph_get(&emulator, &format!("{edge}?fields=greeting")).json(),
        json!({"data": []})
    );
    let menu = json!([{"locale": "default", "composer_input_disabled": false, "call_to_actions": [
        {"type": "postback", "title": "Talk to an agent", "payload": "CARE_HELP"},
        {"type": "web_url", "title": "Shop now", "url": "https://example.com/",
            "webview_height_ratio": "full"}]}]);
    let greeting = json!([{"locale": "default", "text": "Hello!"}]);
    assert_eq!(
        graph_post(&emulator, edge, &json!({"persistent_menu": menu})).error(),
        (100, Some(2_018_145))
    );
    let all = json!({"get_started": {"payload": "START"}, "greeting": greeting,
        "persistent_menu": menu, "whitelisted_domains": ["https://example.com"]});
    assert_eq!(
        graph_post(&emulator, edge, &all).json(),
        json!({"result": "success"})
    );
    assert_eq!(
        graph_get(
            &emulator,
            &format!("{edge}?fields=get_started,greeting,persistent_menu,commands")
        )
        .json(),
        json!({"data": [{"get_started": {"payload": "START"}, "greeting": greeting,
            "persistent_menu": menu}]})
    );
    let stored = emulator.with_state(|s| s.page_mut(defaults::PAGE_ID).messenger_profile.clone());
    assert_eq!(stored.get_started.unwrap().payload, "START");
    assert_eq!(
        stored.persistent_menu[0].call_to_actions[0]["payload"],
        "CARE_HELP"
    );

    // The menu needs the button for as long as it is there.
    let path = |fields: &str| format!("{edge}?fields={fields}");
    assert_eq!(
        graph_delete(&emulator, &path("%5B%22get_started%22%5D")).error(),
        (100, Some(2_018_145))
    );
    assert_eq!(
        graph_delete(&emulator, &path("get_started,persistent_menu")).json(),
        json!({"result": "success"})
    );
    assert_eq!(
        graph_get(
            &emulator,
            &path("get_started,persistent_menu,whitelisted_domains")
        )
        .json(),
        json!({"data": [{"whitelisted_domains": ["https://example.com"]}]})
    );
    assert_eq!(
        graph_get(&emulator, edge).error(),
        (100, None),
        "fields are required"
    );
    assert_eq!(graph_get(&emulator, &path("colour")).error(), (100, None));
}

#[test]
fn what_is_wrong_with_a_messenger_profile() {
    let emulator = Emulator::start().unwrap();
    let item = json!({"type": "postback", "title": "T", "payload": "P"});
    let menu = |items: Value| json!({"persistent_menu": [{"locale": "default", "call_to_actions": items}]});
    for (body, code, path) in [
        (json!({}), 100, ""),
        (json!({"get_started": {}}), 100, "get_started.payload"),
        (
            json!({"get_started": {"payload": "P", "x": 1}}),
            100,
            "get_started.x",
        ),
        (
            json!({"greeting": [{"locale": "de_DE", "text": "x"}]}),
            100,
            "greeting",
        ),
        (
            json!({"greeting": [{"locale": "default", "text": "x".repeat(161)}]}),
            100,
            "greeting[0].text",
        ),
        (
            json!({"persistent_menu": [{"type": "postback", "locale": "default"}]}),
            100,
            "persistent_menu[0].type",
        ),
        (
            json!({"persistent_menu": [{"locale": "default", "composer_input_disabled": true}]}),
            100,
            "persistent_menu[0].call_to_actions",
        ),
        (
            menu(json!([{"type": "nested", "title": "T"}])),
            100,
            "persistent_menu[0].call_to_actions[0].type",
        ),
        (
            menu(json!([item, {"type": "postback", "title": "x".repeat(31), "payload": "P"}])),
            100,
            "persistent_menu[0].call_to_actions[1].title",
        ),
        (
            menu(json!([{"type": "web_url", "title": "T", "url": "/relative"}])),
            100,
            "persistent_menu[0].call_to_actions[0].url",
        ),
        (
            menu(json!(vec![item.clone(); 21])),
            105,
            "persistent_menu[0].call_to_actions",
        ),
        (
            json!({"whitelisted_domains": ["example.com"]}),
            100,
            "whitelisted_domains[0]",
        ),
        (
            json!({"account_linking_url": "http://example.com"}),
            100,
            "account_linking_url",
        ),
    ] {
        let answer = graph_post(&emulator, "me/messenger_profile", &body);
        assert_eq!(answer.error().0, code, "{body}");
        let refusal = emulator.requests().pop().unwrap().refusal.unwrap();
        assert_eq!(refusal.path, path, "{body}: {}", refusal.detail);
    }
    // A title of 30 characters is a button's no more, but a menu's.
    let long = json!([{"type": "postback", "title": "x".repeat(30), "payload": "P"}]);
    let mut body = menu(long);
    body["get_started"] = json!({"payload": "START"});
    assert_eq!(
        graph_post(&emulator, "me/messenger_profile", &body).status,
        200
    );
}

#[test]
fn personas() {
    let emulator = Emulator::start().unwrap();
    let adam = json!({"name": "Adam", "profile_picture_url": "https://example.com/adam.png"});
    let id = graph_post(&emulator, "me/personas", &adam).json()["id"].clone();
    let id = id.as_str().unwrap();
    let mut whole = adam.clone();
    whole["id"] = json!(id);
    assert_eq!(graph_get(&emulator, id).json(), whole);
    assert_eq!(
        graph_get(&emulator, "me/personas").json(),
        json!({"data": [whole], "paging": {"cursors": {"before": id, "after": id}}})
    );
    assert_eq!(
        graph_get(&emulator, "me/personas?fields=name").json()["data"],
        json!([{"name": "Adam", "id": id}])
    );
    let bob = json!({"name": "Bob", "profile_picture_url": "https://example.com/bob.png"});
    let second = graph_post(&emulator, "me/personas", &bob).json()["id"].clone();
    let second = second.as_str().unwrap();
    let page = |query: &str| {
        let page = graph_get(&emulator, &format!("me/personas?fields=name&{query}")).json();
        let list = page["data"].as_array().unwrap().iter();
        let names: Vec<_> = list.map(|persona| persona["name"].clone()).collect();
        (names, page["paging"]["cursors"]["after"].clone())
    };
    assert_eq!(page("limit=1"), (vec![json!("Adam")], json!(id)));
    assert_eq!(
        page(&format!("after={id}")),
        (vec![json!("Bob")], json!(second))
    );
    // Clients read on until there is nothing more.
    assert_eq!(page(&format!("after={second}")), (vec![], Value::Null));
    assert_eq!(
        page(&format!("before={second}")),
        (vec![json!("Adam")], json!(id))
    );
    graph_delete(&emulator, second);
    let with = |persona: &str| json!({"recipient": {"id": defaults::PSID}, "message": {"text": "x"}, "persona_id": persona});
    assert_eq!(send(&emulator, &with(id)).status, 200);
    assert_eq!(send(&emulator, &with("7")).error(), (100, None));
    assert_eq!(why(&emulator).0, "persona_unknown");
    for (name, picture) in [
        ("", "https://example.com/a.png"),
        (&"x".repeat(51), "https://example.com/a.png"),
        ("Adam", "a.png"),
    ] {
        let body = json!({"name": name, "profile_picture_url": picture});
        assert_eq!(
            graph_post(&emulator, "me/personas", &body).error(),
            (100, None)
        );
    }
    // Another Page's token finds nobody.
    let other = get(&url(&emulator, id), defaults::TOKEN_WITHOUT_CALLING);
    assert_eq!(other.error(), (100, Some(33)));
    assert_eq!(graph_delete(&emulator, id).json(), json!({"success": true}));
    assert_eq!(graph_get(&emulator, id).error(), (100, Some(33)));
    assert_eq!(
        graph_get(&emulator, "me/personas").json(),
        json!({"data": []})
    );
}

#[test]
fn debug_token() {
    let emulator = Emulator::start().unwrap();
    let ask = |token: &str, input: &str| {
        let path = url(&emulator, &format!("debug_token?input_token={input}"));
        get(&path, token)
    };
    let page = ask(defaults::ACCESS_TOKEN, defaults::ACCESS_TOKEN).json()["data"].clone();
    assert_eq!(page["is_valid"], true);
    assert_eq!(page["type"], "PAGE");
    assert_eq!(page["profile_id"], defaults::PAGE_ID);
    assert_eq!(page["expires_at"], 0);
    assert!(
        page["scopes"]
            .as_array()
            .unwrap()
            .contains(&json!("pages_messaging"))
    );
    let app = format!("400000000000001|{}", defaults::APP_SECRET);
    let expired = ask(&app, defaults::EXPIRED_TOKEN).json()["data"].clone();
    assert_eq!(expired["is_valid"], false);
    assert_eq!(expired["error"]["subcode"], 463);
    assert_eq!(
        ask(&app, defaults::USER_TOKEN).json()["data"]["type"],
        "USER"
    );
    let unknown = ask(&app, "nonsense").json()["data"].clone();
    assert_eq!(
        (&unknown["is_valid"], &unknown["error"]["code"]),
        (&json!(false), &json!(190))
    );
    assert_eq!(
        ask("400000000000001|wrong", "nonsense").error(),
        (190, None)
    );
    assert_eq!(ask(&app, "").error().0, 100);
}

#[test]
fn subscriptions_end() {
    let emulator = Emulator::start().unwrap();
    assert_eq!(
        graph_delete(&emulator, "me/subscribed_apps").json(),
        json!({"success": true})
    );
    assert_eq!(
        graph_get(&emulator, "me/subscribed_apps").json(),
        json!({"data": []})
    );
}

#[test]
fn what_is_not_modelled_names_what_is_near() {
    let emulator = Emulator::start().unwrap();
    let message = send(
        &emulator,
        &json!({"recipient": {"id": defaults::PSID}, "message": {"text": "x"}}),
    );
    let mid = message.json()["message_id"].as_str().unwrap().to_owned();
    // Meta has these: no answer is made up for them.
    for path in [
        "me/conversations",
        "me/custom_labels",
        "me/thread_owner",
        &mid,
    ] {
        let answer = graph_get(&emulator, path);
        assert_eq!(answer.status, 501, "{path}");
        let text = answer.json()["error"]["message"].to_string();
        assert!(text.contains("does not model"), "{text}");
        assert_eq!(why(&emulator).0, "not_modelled");
    }
    assert!(why(&emulator).1.contains("/_emulator/messages"));
    let taken = graph_post(&emulator, "me/take_thread_control", &json!({}));
    assert_eq!(taken.status, 501);
    // Nobody has these; Graph's words for that, and a hint in the log.
    let misspelt = graph_post(&emulator, "me/message", &json!({}));
    assert_eq!(misspelt.error(), (2500, None));
    assert!(
        why(&emulator).1.ends_with("; messages comes near"),
        "{}",
        why(&emulator).1
    );
    let unlike = graph_get(&emulator, "me/photos");
    assert_eq!(unlike.error(), (2500, None));
    assert!(!why(&emulator).1.contains("near"));
    // The wrong method of an edge that is there.
    assert_eq!(graph_get(&emulator, "me/messages").error(), (100, Some(33)));
    assert_eq!(why(&emulator).1, "messages takes only POST");
    assert!(!emulator.requests().pop().unwrap().modelled);
}
