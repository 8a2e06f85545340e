//! A campaign's verbs by name, as the bindings use them.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::thread;
use std::time::Duration;

use callcta_campaign::{Campaign, Control, ErrorKind, Location, Result, State};
use callcta_emulator::Fault;
use serde_json::{Value, json};

use crate::support::{Folder, MESSAGE, emulator, stored};

fn campaign(path: &Path) -> Campaign {
    Campaign::new(Location::new(path.to_str().unwrap()).unwrap())
}

/// Plans as many rows as an emulator of [`emulator`] has people, from JSON lines.
fn plan(campaign: &Campaign, each: usize, more: &Value) -> Result<Value> {
    let mut rows = String::new();
    for number in 0..each {
        for page in [7, 8] {
            let psid = format!("1{page}{number}");
            let row = json!({"psid": psid, "key": psid, "page": page, "name": "Ada"});
            rows += &format!("{row}\n");
        }
    }
    let mut given = json!({"message": MESSAGE});
    let given_more = more.as_object().unwrap().clone();
    given.as_object_mut().unwrap().extend(given_more);
    campaign.plan_by_name(given, Some(Box::new(Cursor::new(rows))), &mut |_| true)
}

fn tokens() -> BTreeMap<String, String> {
    let token = |page: &str| (page.to_owned(), format!("token-{page}"));
    BTreeMap::from([token("7"), token("8")])
}

fn refused<T>(result: Result<T>) -> (ErrorKind, String) {
    let error = result.err().expect("an error");
    (error.kind(), error.to_string())
}

#[test]
fn a_campaign_goes_from_plan_to_export_by_name() {
    let (folder, emulator) = (Folder::new(), emulator(600));
    let campaign = campaign(&folder.path("journal"));
    let ask = |name: &str, given: Value| campaign.by_name(name, given).unwrap();
    assert_eq!(ask("exists", json!({})), false);
    let checked = plan(&campaign, 600, &json!({"check_only": true})).unwrap();
    assert_eq!(folder.names(), Vec::<String>::new());
    let planned = plan(&campaign, 600, &json!({})).unwrap();
    assert_eq!(planned, checked);
    assert_eq!(planned["pages"], json!({"7": 600, "8": 600}));
    assert_eq!(ask("pages", json!({})), json!({"7": 600, "8": 600}));
    assert_eq!(ask("pause", json!({})), Value::Null);

    let given = json!({"pace": null, "client": {"base_url": emulator.url()}});
    let ready = campaign.run_by_name(given, tokens()).unwrap();
    let told = ready.run(&Control::new()).unwrap();
    assert_eq!(
        (&told["status"], &told["ended"]),
        (&json!("finished"), &json!("finished"))
    );
    assert_eq!(told["states"]["sent"], 1200);
    assert_eq!(stored(&emulator).len(), 1200);
    assert_eq!(
        ask("count", json!({"states": ["sent"], "page_id": "7"})),
        600
    );

    let (mut keys, mut after) = (Vec::new(), json!(0));
    while !after.is_null() {
        let chunk = ask(
            "rows",
            json!({"which": {"states": ["sent"]}, "after": after}),
        );
        for line in chunk["lines"].as_str().unwrap().lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            assert_eq!(row["callcta_state"], "sent");
            keys.push(row["key"].as_str().unwrap().to_owned());
        }
        after = chunk["last"].clone();
    }
    assert_eq!(keys.len(), 1200);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 1200);
    let path = folder.path("out.jsonl");
    let rows = ask("export", json!({"path": path, "format": "jsonl"}));
    let written = std::fs::read_to_string(path).unwrap();
    assert_eq!((rows, written.lines().count()), (json!(1200), 1200));
}

#[test]
fn a_plan_may_be_made_again_only_as_it_is() {
    let folder = Folder::new();
    let campaign = campaign(&folder.path("journal"));
    let planned = plan(&campaign, 2, &json!({})).unwrap();
    assert_eq!(
        refused(plan(&campaign, 2, &json!({}))).0,
        ErrorKind::Journal
    );
    assert_eq!(
        plan(&campaign, 2, &json!({"exist_ok": true})).unwrap(),
        planned
    );
    let other = json!({"exist_ok": true, "message": "{\"text\": \"{{ name }}\"}"});
    let (kind, text) = refused(plan(&campaign, 2, &other));
    assert_eq!(kind, ErrorKind::Changed);
    assert!(
        text.starts_with("the message changed since the plan was made"),
        "{text}"
    );
    let fewer = plan(&campaign, 1, &json!({"exist_ok": true}));
    assert!(refused(fewer).1.starts_with("the recipients changed"));
}

#[test]
fn a_message_is_changed_only_if_it_is_in_order_and_a_pace_only_of_a_run() {
    let folder = Folder::new();
    let campaign = campaign(&folder.path("journal"));
    plan(&campaign, 1, &json!({})).unwrap();
    let wrong = json!({"message": MESSAGE.replace("Dear", &"x".repeat(700))});
    let findings = campaign.by_name("change_message", wrong).unwrap();
    assert_eq!(
        (&findings[0]["rule"], &findings[0]["weight"]),
        (&json!("too_long"), &json!("error"))
    );
    plan(&campaign, 1, &json!({"exist_ok": true})).unwrap();
    let message = MESSAGE.replace("Dear", "Hello");
    let findings = campaign.by_name("change_message", json!({"message": message}));
    assert_eq!(findings.unwrap(), json!([]));
    assert_eq!(
        refused(plan(&campaign, 1, &json!({"exist_ok": true}))).0,
        ErrorKind::Changed
    );
    plan(&campaign, 1, &json!({"exist_ok": true, "message": message})).unwrap();
    let (_, text) = refused(campaign.by_name("change_pace", json!({"pace": 5})));
    assert_eq!(text, "nothing runs with this journal");
}

#[test]
fn what_cant_be_used_is_refused_in_words_that_quote_nothing() {
    let folder = Folder::new();
    let campaign = campaign(&folder.path("journal"));
    plan(&campaign, 1, &json!({})).unwrap();
    let location = Location::new("postgresql://user:secret@host/x").map(|_| ());
    for result in [
        location,
        campaign.by_name("send", json!({})).map(|_| ()),
        campaign
            .by_name("count", json!({"states": ["secret"]}))
            .map(|_| ()),
        campaign
            .by_name("count", json!({"kinds": "secret"}))
            .map(|_| ()),
        campaign.by_name("status", json!({"secret": 1})).map(|_| ()),
        campaign
            .by_name("retry", json!({"which": {"states": ["sent"]}}))
            .map(|_| ()),
        campaign
            .run_by_name(json!({"pace": 0}), tokens())
            .map(|_| ()),
        campaign
            .run_by_name(json!({"workers": 0}), tokens())
            .map(|_| ()),
        campaign
            .run_by_name(json!({"client": {"proxy": 5}}), tokens())
            .map(|_| ()),
        campaign
            .run_by_name(json!({"client": {"base_url": "secret"}}), tokens())
            .map(|_| ()),
        campaign
            .plan_by_name(json!({"message": "{}"}), None, &mut |_| true)
            .map(|_| ()),
    ] {
        let (kind, text) = refused(result);
        assert_eq!(kind, ErrorKind::InvalidArgument, "{text}");
        assert!(
            !text.contains("secret") || text.contains("unknown field"),
            "{text}"
        );
    }
    let ready = campaign.run_by_name(json!({}), BTreeMap::new()).unwrap();
    let (kind, text) = refused(ready.run(&Control::new()));
    assert_eq!(kind, ErrorKind::InvalidArgument);
    assert_eq!(text, "there is no access token for the Page 7");
}

#[test]
fn what_is_broken_off_is_unknown_and_put_back_by_a_clear_word_only() {
    let (folder, emulator) = (Folder::new(), emulator(2));
    let campaign = campaign(&folder.path("journal"));
    plan(&campaign, 2, &json!({})).unwrap();
    emulator.arm(Fault::delay(Duration::from_secs(60)).forever());
    let given = json!({"pace": null, "client": {"base_url": emulator.url()}});
    let ready = campaign.run_by_name(given, tokens()).unwrap();
    let control = Control::new();
    let told = thread::scope(|scope| {
        let run = scope.spawn(|| ready.run(&control).unwrap());
        while emulator.posts() < 4 {
            thread::yield_now();
        }
        let elsewhere = self::campaign(&folder.path("journal"));
        let retry = elsewhere.by_name("retry", json!({}));
        assert_eq!(refused(retry).0, ErrorKind::InUse);
        control.break_off();
        run.join().unwrap()
    });
    assert_eq!(told["ended"], "drained");
    assert_eq!(told["states"]["unknown"], 4);
    let unknown = json!({"which": {"states": ["unknown"]}});
    let (_, text) = refused(campaign.by_name("retry", unknown));
    assert!(
        text.starts_with("nothing was changed: 4 of these rows may have arrived"),
        "{text}"
    );
    assert_eq!(campaign.standing().unwrap().rows_in(State::Unknown), 4);
    let risky = json!({"which": {"states": ["unknown"]}, "risk_duplicates": true});
    assert_eq!(campaign.by_name("retry", risky).unwrap(), 4);
}
