//! `callcta settings` and `callcta calling`, with the emulator.

use std::process::Command;

use callcta_emulator::{Action, Emulator, defaults};
use serde_json::{Value, json};

use crate::support::{PAGE_ID, Platform, Run, TOKEN, callcta, run, run_with_input};

/// The program, as the Page that has calling switched off.
fn without_calling(emulator: &Emulator, args: &[&str]) -> Command {
    let mut command = callcta(args);
    command
        .env("CALLCTA_BASE_URL", emulator.url())
        .env("CALLCTA_PAGE_ID", defaults::PAGE_ID_WITHOUT_CALLING)
        .env("CALLCTA_ACCESS_TOKEN", defaults::TOKEN_WITHOUT_CALLING);
    command
}

fn with_calling(emulator: &Emulator, args: &[&str]) -> Command {
    let mut command = without_calling(emulator, args);
    command
        .env("CALLCTA_PAGE_ID", defaults::PAGE_ID)
        .env("CALLCTA_ACCESS_TOKEN", defaults::ACCESS_TOKEN);
    command
}

fn at(platform: &Platform, args: &[&str]) -> Run {
    run(callcta(args)
        .env("CALLCTA_BASE_URL", &platform.url)
        .env("CALLCTA_PAGE_ID", PAGE_ID)
        .env("CALLCTA_ACCESS_TOKEN", TOKEN))
}

fn settings(emulator: &Emulator) -> Value {
    let told = run(&mut without_calling(
        emulator,
        &["settings", "get", "--json"],
    ));
    assert_eq!(told.code, 0, "{told:?}");
    told.json()["settings"].clone()
}

#[test]
fn settings_are_read_in_words_and_in_json() {
    let emulator = Emulator::start().unwrap();
    let words = run(&mut without_calling(&emulator, &["settings", "get"]));
    assert_eq!(words.code, 0, "{words:?}");
    assert!(words.stdout.contains("audio       off"), "{words:?}");
    assert!(
        words
            .stdout
            .contains("callcta settings set --audio-enabled on"),
        "{words:?}"
    );
    assert_eq!(settings(&emulator)["audio_enabled"], false);
    let on = run(&mut with_calling(&emulator, &["settings", "get"]));
    assert!(on.stdout.contains("audio       on"), "{on:?}");
    assert!(!on.stdout.contains("nobody can call"), "{on:?}");
}

#[test]
fn each_setting_has_a_flag() {
    let emulator = Emulator::start().unwrap();
    let set = run(&mut without_calling(
        &emulator,
        &[
            "settings",
            "set",
            "--audio-enabled",
            "on",
            "--video",
            "true",
            "--icon-enabled",
            "off",
            "--routing",
            "meta",
            "--timezone-id",
            "Africa/Lagos",
            "--open",
            "monday=0900-1700",
            "--open",
            "FRIDAY=0900-1300",
            "--json",
        ],
    ));
    assert_eq!(set.code, 0, "{set:?}");
    let host = emulator.url().trim_start_matches("http://");
    assert_eq!(set.json(), json!({"ok": true, "host": host}));
    assert_eq!(
        settings(&emulator),
        json!({"audio_enabled": true, "video_enabled": true, "icon_enabled": false,
            "call_routing": {"ring_target": "META"},
            "call_hours": {"timezone_id": "Africa/Lagos", "weekly_operating_hours": [
                {"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1700"},
                {"day_of_week": "FRIDAY", "open_time": "0900", "close_time": "1300"}]}})
    );
    let words = run(&mut without_calling(&emulator, &["settings", "get"]));
    assert!(words.stdout.contains("MONDAY      0900-1700"), "{words:?}");
    let closed = ["settings", "set", "--zone", "UTC", "--closed"];
    let set = run(&mut without_calling(&emulator, &closed));
    assert_eq!(set.code, 0, "{set:?}");
    assert!(set.stdout.starts_with("changed: "), "{set:?}");
    let words = run(&mut without_calling(&emulator, &["settings", "get"]));
    assert!(words.stdout.contains("closed on every day"), "{words:?}");
    assert!(words.stdout.contains("audio       on"), "{words:?}");
}

#[test]
fn what_was_read_can_be_set_again() {
    let emulator = Emulator::start().unwrap();
    let told = run(&mut with_calling(&emulator, &["settings", "get", "--json"])).stdout;
    let again = ["settings", "set", "--file", "-", "--icon", "off"];
    let set = run_with_input(&mut without_calling(&emulator, &again), &told);
    assert_eq!(set.code, 0, "{set:?}");
    let plain = r#"{"audio_enabled": true, "video_enabled": true}"#;
    let set = run_with_input(&mut without_calling(&emulator, &again), plain);
    assert_eq!(set.code, 0, "{set:?}");
    let now = settings(&emulator);
    assert_eq!(
        (&now["audio_enabled"], &now["icon_enabled"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn settings_are_checked_before_they_are_sent() {
    let platform = Platform::answering("200 OK", "", r#"{"success":true}"#);
    let set = [
        "settings",
        "set",
        "--zone",
        "UTC",
        "--open",
        "someday=9-1700",
    ];
    let wrong = at(&platform, &set);
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(
        wrong.stderr.contains("the settings break these rules"),
        "{wrong:?}"
    );
    assert!(wrong.stderr.contains("[invalid_time]"), "{wrong:?}");
    assert!(
        wrong.stderr.contains("nothing left this machine"),
        "{wrong:?}"
    );
    let wrong = at(&platform, &[&set[..], &["--json"]].concat());
    assert_eq!(wrong.code, 1);
    let told = wrong.json();
    assert_eq!(told["kind"], "invalid_message");
    assert_eq!(told["delivery"], "not_sent");
    assert_eq!(
        told["violations"][0]["path"],
        "call_hours.weekly_operating_hours[0].day_of_week"
    );
    let dry = at(&platform, &[&set[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, 1);
    assert!(
        dry.stdout.contains("\"SOMEDAY\"") && dry.stderr.contains("error:"),
        "{dry:?}"
    );
    assert!(platform.received().is_empty());
    let unchecked = at(&platform, &[&set[..], &["--unchecked"]].concat());
    assert_eq!(unchecked.code, 0, "{unchecked:?}");
    assert_eq!(platform.received().len(), 1);
    let dry = [
        "settings",
        "set",
        "--routing",
        "partner",
        "--dry-run",
        "--json",
    ];
    let dry = at(&platform, &dry);
    assert_eq!(dry.code, 0, "{dry:?}");
    assert_eq!(
        dry.json(),
        json!({"call_routing": {"ring_target": "partner"}})
    );
    assert!(dry.stderr.contains("did you mean PARTNERS?"), "{dry:?}");
}

#[test]
fn usage_is_told() {
    let platform = Platform::answering("200 OK", "", r#"{"success":true}"#);
    for args in [
        &["settings", "set"][..],
        &["settings", "set", "--audio", "perhaps"],
        &["settings", "set", "--open", "MONDAY=0900-1700"],
        &["settings", "set", "--zone", "UTC"],
        &["settings", "set", "--zone", "UTC", "--open", "MONDAY"],
        &["settings", "set", "--file", "/nowhere/settings.json"],
        &["settings"],
        &["calling", "permissions"],
    ] {
        let run = at(&platform, args);
        assert_eq!(run.code, 2, "{args:?}: {run:?}");
    }
    let input = run_with_input(
        &mut callcta(&["settings", "set", "--dry-run", "--file", "-"]),
        "{",
    );
    assert_eq!(input.code, 1, "{input:?}");
    assert!(platform.received().is_empty());
    let nobody = run(&mut callcta(&["settings", "get"]));
    assert_eq!(nobody.code, 2);
    assert!(nobody.stderr.contains("CALLCTA_PAGE_ID"), "{nobody:?}");
}

#[test]
fn exit_codes_say_what_became_of_it() {
    let refused = r#"{"error":{"message":"no","code":230}}"#;
    let refused = Platform::answering("403 Forbidden", "", refused);
    let failed = Platform::hanging_up();
    for (platform, args, code, word) in [
        (&refused, &["settings", "get"][..], 3, "what to do"),
        (
            &refused,
            &["settings", "set", "--audio", "on"],
            3,
            "nothing was changed",
        ),
        (
            &failed,
            &["settings", "set", "--audio", "on"],
            4,
            "may or may not have been made",
        ),
        (&failed, &["calling", "status"], 4, "ask again"),
    ] {
        let run = at(platform, args);
        assert_eq!(run.code, code, "{args:?}: {run:?}");
        assert!(run.stderr.contains(word), "{run:?}");
        assert!(!run.stderr.contains("message may"), "{run:?}");
        assert_eq!(run.stdout, "");
    }
    // A read is asked again.
    assert_eq!(failed.received().len(), 1 + 3);
}

#[test]
fn the_calling_side_is_told() {
    let emulator = Emulator::start().unwrap();
    let status = run(&mut with_calling(&emulator, &["calling", "status"]));
    assert_eq!(status.stdout, "messenger_api_calling: enabled\n");
    let status = run(&mut with_calling(
        &emulator,
        &["calling", "status", "--json"],
    ));
    assert_eq!(status.json()["status"], "enabled");
    let ask = ["calling", "permissions", "--to", defaults::PSID];
    let before = run(&mut with_calling(&emulator, &ask));
    assert_eq!(before.code, 0, "{before:?}");
    assert!(before.stdout.contains("no_permission"), "{before:?}");
    assert!(before.stdout.contains("0 of 2 in PT24H"), "{before:?}");
    emulator.act(defaults::PSID, Action::CallPermission { approve: true });
    let after = run(&mut with_calling(
        &emulator,
        &[&ask[..], &["--json"]].concat(),
    ));
    let told = after.json();
    assert_eq!(
        (&told["ok"], &told["status"]),
        (&json!(true), &json!("has_permission"))
    );
    let after = run(&mut with_calling(&emulator, &ask));
    assert!(after.stdout.contains("2026-10-08T12:00:00Z"), "{after:?}");
    let off = run(&mut without_calling(
        &emulator,
        &[
            "calling",
            "permissions",
            "--to",
            defaults::PSID_WITHOUT_CALLING,
            "--json",
        ],
    ));
    assert_eq!(off.code, 3, "{off:?}");
    assert_eq!(off.json()["kind"], "calling_not_enabled");
    assert_eq!(off.json()["subcode"], 1_893_056);
}
