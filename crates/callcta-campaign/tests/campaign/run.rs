use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use callcta_campaign::{
    Access, Command, Control, Ended, Filter, Hold, How, Journal, QuietHours, RunSettings, Snapshot,
    SqliteJournal, Standing, State, Template, check_message, run,
};
use callcta_emulator::{Emulator, Fault};

use crate::support::{Folder, client, emulator, journal, plan_with, settings, states, stored};

fn quick() -> RunSettings {
    let mut settings = RunSettings::default();
    settings.pace = None;
    settings
}

fn run_with(journal: &mut SqliteJournal, emulator: &Emulator, settings: &RunSettings) -> Ended {
    let clients = |page_id: &str| client(emulator, page_id);
    run(journal, &clients, settings, &Control::new()).unwrap()
}

fn kinds(journal: &mut SqliteJournal, state: State) -> Vec<(String, u64)> {
    let counts = journal.counts().unwrap();
    let counts = counts.into_iter().filter(|count| count.state == state);
    counts.map(|count| (count.kind, count.rows)).collect()
}

#[test]
fn everybody_gets_the_message_once() {
    let folder = Folder::new();
    let emulator = emulator(150);
    let mut journal = journal(&folder, 150);
    let ended = run_with(&mut journal, &emulator, &quick());
    assert_eq!(ended.how, How::Finished);
    assert_eq!(states(&mut journal), [0, 0, 300, 0, 0, 0, 0]);
    assert_eq!(ended.snapshot.states, states(&mut journal));
    assert_eq!((ended.snapshot.settled, ended.snapshot.rows), (300, 300));
    let stored = stored(&emulator);
    assert_eq!((stored.len(), stored.values().max()), (300, Some(&1)));
    assert!(
        stored.keys().all(|key| key.starts_with("callcta:")),
        "{stored:?}"
    );
    let text = emulator.messages()[0].body.to_string();
    assert!(text.contains("Dear Ada "), "{text}");
    // Again: there is nothing to do.
    assert_eq!(
        run_with(&mut journal, &emulator, &quick()).snapshot.settled,
        0
    );
    assert_eq!(emulator.posts(), 300);
}

#[test]
fn what_is_wrong_with_one_person_settles_that_row_only() {
    let folder = Folder::new();
    let emulator = emulator(20);
    emulator.with_state(|state| {
        state.person_mut("173").blocked = true;
        state.person_mut("174").close_window();
        state.people.remove("185");
    });
    emulator.arm(Fault::drop_after_store().on_recipient("186").times(1));
    let mut journal = journal(&folder, 20);
    let ended = run_with(&mut journal, &emulator, &quick());
    assert_eq!(ended.how, How::Finished);
    assert_eq!(states(&mut journal), [0, 0, 36, 3, 1, 0, 0]);
    assert_eq!(
        kinds(&mut journal, State::Unknown),
        [("network".to_owned(), 1)]
    );
    let rejected = kinds(&mut journal, State::Rejected);
    let names: Vec<&str> = rejected.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        names,
        [
            "outside_window",
            "recipient_unavailable",
            "invalid_recipient"
        ]
    );
    assert_eq!(emulator.posts(), 40);
}

#[test]
fn what_is_wrong_with_a_page_holds_that_page_and_its_rows_wait() {
    let folder = Folder::new();
    let emulator = emulator(50);
    emulator.with_state(|state| state.page_mut("8").tokens.clear());
    let mut journal = journal(&folder, 50);
    let ended = run_with(&mut journal, &emulator, &quick());
    assert_eq!(ended.how, How::Held);
    assert_eq!(states(&mut journal), [50, 0, 50, 0, 0, 0, 0]);
    let [(page, Hold::Paused(why))] = ended.snapshot.held.as_slice() else {
        panic!("{:?}", ended.snapshot.held);
    };
    assert_eq!(page, "8");
    assert!(why.starts_with("authentication: "), "{why}");
    // Whoever asks later is told as well.
    let paused = Standing::of(&mut journal, false).unwrap().paused;
    assert_eq!(paused, BTreeMap::from([(page.clone(), why.clone())]));
    // What came back counts as never tried.
    let each = &mut |recipient: callcta_campaign::Recipient| {
        assert_eq!((recipient.attempts, recipient.message_id), (0, None));
        Ok(true)
    };
    journal.list(&Filter::state(State::Queued), each).unwrap();
    emulator.with_state(|state| {
        let token = callcta_emulator::Token::new("token-8");
        state.page_mut("8").tokens.push(token);
    });
    assert_eq!(
        run_with(&mut journal, &emulator, &quick()).how,
        How::Finished
    );
    assert_eq!(states(&mut journal), [0, 0, 100, 0, 0, 0, 0]);
    assert_eq!(journal.pauses().unwrap(), BTreeMap::new());
}

#[test]
fn a_server_that_is_not_there_holds_everything() {
    let folder = Folder::new();
    let emulator = emulator(1);
    emulator.stop();
    let mut journal = journal(&folder, 30);
    let ended = run_with(&mut journal, &emulator, &quick());
    assert_eq!((ended.how, ended.snapshot.held.len()), (How::Held, 2));
    assert_eq!(states(&mut journal), [60, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_rate_limit_costs_time_and_no_row() {
    let folder = Folder::new();
    let emulator = emulator(20);
    emulator.arm(
        Fault::graph(400, 613, None)
            .times(3)
            .header("retry-after", "1"),
    );
    let mut journal = journal(&folder, 20);
    let ended = run_with(&mut journal, &emulator, &quick());
    assert_eq!(ended.how, How::Finished);
    assert_eq!(states(&mut journal), [0, 0, 40, 0, 0, 0, 0]);
    let each = &mut |recipient: callcta_campaign::Recipient| {
        assert_eq!(recipient.attempts, 1);
        Ok(true)
    };
    journal.list(&Filter::default(), each).unwrap();
}

#[test]
fn many_unknown_in_a_row_hold_the_page() {
    let folder = Folder::new();
    let emulator = emulator(200);
    emulator.arm(Fault::drop_after_store().forever());
    let mut journal = journal(&folder, 200);
    let mut few = quick();
    few.workers = Some(2);
    few.unknown_in_a_row = 5;
    let ended = run_with(&mut journal, &emulator, &few);
    assert_eq!(ended.how, How::Held);
    let [queued, in_flight, sent, rejected, unknown, ..] = states(&mut journal);
    assert_eq!((in_flight, sent, rejected), (0, 0, 0));
    assert!(
        (10..40).contains(&unknown) && queued + unknown == 400,
        "{unknown}"
    );
    // Those that tripped it are among what can be tried again.
    assert_eq!(
        journal.count(&Filter::state(State::Unknown)).unwrap(),
        unknown
    );
    assert_eq!(stored(&emulator).values().max(), Some(&1));
}

#[test]
fn whoever_is_suppressed_or_out_of_time_is_skipped() {
    let folder = Folder::new();
    let emulator = emulator(10);
    let list = folder.path("never.txt");
    fs::write(&list, "# asked us to stop\n171\n\n\"182\",2026-11-01\n").unwrap();
    let mut rows = "psid,key,page,window_until\n".to_owned();
    for number in 0..10 {
        let until = if number == 5 {
            "2020-01-01T00:00:00Z"
        } else {
            "2999-01-01T00:00+01:00"
        };
        rows += &format!("17{number},a{number},7,{until}\n18{number},b{number},8,\n");
    }
    let path = folder.path("journal");
    let text = r#"{"text": "hi"}"#;
    assert!(plan_with(&path, &rows, text, &settings()).unwrap().ok);
    let mut journal = SqliteJournal::open(&path, Access::Change).unwrap();
    let mut careful = quick();
    careful.suppression = Some(list.clone());
    let ended = run_with(&mut journal, &emulator, &careful);
    assert_eq!(ended.how, How::Finished);
    assert_eq!(states(&mut journal), [0, 0, 17, 0, 0, 3, 0]);
    let skipped = kinds(&mut journal, State::Skipped);
    let expected = [("suppressed", 1), ("window_closed", 1), ("suppressed", 1)];
    assert_eq!(
        skipped,
        expected.map(|(kind, rows)| (kind.to_owned(), rows))
    );
    assert_eq!(emulator.posts(), 17);
}

#[test]
fn without_its_suppression_list_a_run_does_not_begin() {
    let folder = Folder::new();
    let emulator = emulator(1);
    let mut journal = journal(&folder, 1);
    let mut careful = quick();
    careful.suppression = Some(folder.path("none"));
    let clients = |page_id: &str| client(&emulator, page_id);
    let error = run(&mut journal, &clients, &careful, &Control::new()).unwrap_err();
    assert!(error.to_string().contains("suppression list"), "{error}");
    assert_eq!(emulator.posts(), 0);
}

#[test]
fn a_run_that_is_asked_to_stop_leaves_nothing_in_flight() {
    for by_command in [false, true] {
        let folder = Folder::new();
        let emulator = emulator(2000);
        let mut journal = journal(&folder, 2000);
        let mut slow = RunSettings::default();
        slow.pace = Some(100.0);
        let control = Control::new();
        let path = folder.path("journal");
        let ended = thread::scope(|scope| {
            let steering = control.clone();
            let emulator = &emulator;
            scope.spawn(move || {
                emulator
                    .wait_for_messages(20, Duration::from_secs(60))
                    .unwrap();
                if by_command {
                    let mut other = SqliteJournal::open(path, Access::Look).unwrap();
                    other.command(Command::Pause).unwrap();
                } else {
                    steering.drain();
                }
            });
            let clients = |page_id: &str| client(emulator, page_id);
            run(&mut journal, &clients, &slow, &control).unwrap()
        });
        assert_eq!(ended.how, How::Drained);
        let [queued, in_flight, sent, ..] = states(&mut journal);
        assert_eq!((in_flight, queued + sent), (0, 4000));
        assert!((20..4000).contains(&sent), "{sent}");
        assert_eq!(emulator.messages().len() as u64, sent);
        // The next run goes on where this one ended.
        assert_eq!(
            run_with(&mut journal, &emulator, &quick()).how,
            How::Finished
        );
        let stored = stored(&emulator);
        assert_eq!((stored.len(), stored.values().max()), (4000, Some(&1)));
    }
}

#[test]
fn a_list_that_changes_holds_for_whoever_was_not_sent_to_yet() {
    let folder = Folder::new();
    let emulator = emulator(400);
    let mut journal = journal(&folder, 400);
    let list = folder.path("never.txt");
    fs::write(&list, "").unwrap();
    let mut careful = RunSettings::default();
    careful.pace = Some(200.0);
    careful.suppression = Some(list.clone());
    let (ended, before) = thread::scope(|scope| {
        let emulator = &emulator;
        let everybody = scope.spawn(move || {
            emulator
                .wait_for_messages(40, Duration::from_secs(60))
                .unwrap();
            let people = (0..400).map(|number| format!("17{number}\n18{number}\n"));
            // A whole list takes the place of the other.
            let next = list.with_extension("next");
            fs::write(&next, people.collect::<String>()).unwrap();
            fs::rename(next, list).unwrap();
            emulator.posts() as u64
        });
        let clients = |page_id: &str| client(emulator, page_id);
        let ended = run(&mut journal, &clients, &careful, &Control::new()).unwrap();
        (ended, everybody.join().unwrap())
    });
    assert_eq!(ended.how, How::Finished);
    let [.., skipped, _] = states(&mut journal);
    let sent = ended.snapshot.of(State::Sent);
    assert_eq!((sent + skipped, emulator.posts() as u64), (800, sent));
    // Those that were about to be sent when the list changed: one per thread at most.
    assert!((before..before + 65).contains(&sent), "{before} {sent}");
}

/// Runs slowly, and does something from a second connection once some were sent.
fn run_beside(
    folder: &Folder,
    emulator: &Emulator,
    journal: &mut SqliteJournal,
    settings: &RunSettings,
    beside: impl FnOnce(&mut SqliteJournal) + Send,
) -> Ended {
    let path = folder.path("journal");
    thread::scope(|scope| {
        scope.spawn(move || {
            emulator
                .wait_for_messages(20, Duration::from_secs(60))
                .unwrap();
            beside(&mut SqliteJournal::open(path, Access::Look).unwrap());
        });
        let clients = |page_id: &str| client(emulator, page_id);
        run(journal, &clients, settings, &Control::new()).unwrap()
    })
}

#[test]
fn a_changed_message_goes_to_those_who_were_not_sent_to_yet() {
    let folder = Folder::new();
    let emulator = emulator(300);
    let mut journal = journal(&folder, 300);
    let mut slow = RunSettings::default();
    slow.pace = Some(100.0);
    let changed = Template::new(r#"{"text": "Hello {{ name }}"}"#).unwrap();
    let hash = changed.hash().to_owned();
    let ended = run_beside(&folder, &emulator, &mut journal, &slow, |other| {
        assert_eq!(check_message(other, &changed).unwrap(), []);
        let now = SystemTime::now();
        other
            .change_message(changed.json(), changed.hash(), "me", now)
            .unwrap();
    });
    assert_eq!(ended.how, How::Finished);
    assert_eq!(states(&mut journal), [0, 0, 600, 0, 0, 0, 0]);
    // Each row says which of them it got.
    let mut got = [0, 0];
    let messages = emulator.messages();
    let count = |word: &str| {
        let texts = messages.iter().map(|message| message.body.to_string());
        texts.filter(|text| text.contains(word)).count()
    };
    let each = &mut |recipient: callcta_campaign::Recipient| {
        got[usize::try_from(recipient.message).unwrap() - 1] += 1;
        Ok(true)
    };
    journal.list(&Filter::default(), each).unwrap();
    assert_eq!(got, [count("Dear Ada"), count("Hello Ada")]);
    assert!(got[0] >= 20 && got[1] > 0, "{got:?}");
    let decisions = journal.decisions().unwrap();
    let [decision] = decisions.as_slice() else {
        panic!("{decisions:?}");
    };
    assert_eq!(decision.what, format!("change_message {hash}"));
    assert_eq!(decision.who, "me");
}

#[test]
fn a_changed_message_is_checked_for_each_row_first() {
    let folder = Folder::new();
    let path = folder.path("journal");
    let rows = "psid,name\n1,Ada\n2,Alexandrina of Hanover\n3,\n";
    assert!(
        plan_with(&path, rows, r#"{"text": "hi"}"#, &settings())
            .unwrap()
            .ok
    );
    let mut journal = SqliteJournal::open(&path, Access::Change).unwrap();
    let unknown = Template::new(r#"{"text": "{{ surname }}"}"#).unwrap();
    let error = check_message(&mut journal, &unknown).unwrap_err();
    assert!(error.to_string().contains("surname"), "{error}");
    let long = r#"{"attachment": {"type": "template", "payload": {"template_type": "button",
        "text": "x", "buttons": [{"type": "postback", "title": "{{ name }}", "payload": "x"},
        {"type": "audio_call", "title": "Call"}]}}}"#;
    let findings = check_message(&mut journal, &Template::new(long).unwrap()).unwrap();
    let told: Vec<(&str, &[u64])> = findings
        .iter()
        .map(|finding| (finding.rule, finding.lines.as_slice()))
        .collect();
    assert_eq!(told, [("too_long", [3].as_slice()), ("blank_cell", &[4])]);
}

#[test]
fn the_pace_of_a_run_can_be_changed() {
    let folder = Folder::new();
    let emulator = emulator(500);
    let mut journal = journal(&folder, 500);
    let mut slow = RunSettings::default();
    slow.pace = Some(5.0);
    let began = Instant::now();
    let ended = run_beside(&folder, &emulator, &mut journal, &slow, |other| {
        other.command(Command::Pace(f64::INFINITY)).unwrap();
    });
    assert_eq!(ended.how, How::Finished);
    assert_eq!(states(&mut journal), [0, 0, 1000, 0, 0, 0, 0]);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}, not 100 s");
    // It was that run's.
    journal.lease().unwrap();
    assert_eq!(journal.orders().unwrap().pace, None);
}

#[test]
fn an_echo_that_comes_while_the_campaign_runs_settles_its_row() {
    let folder = Folder::new();
    let emulator = emulator(200);
    emulator.arm(Fault::drop_after_store().on_recipient("170").times(1));
    let mut journal = journal(&folder, 200);
    let mut slow = RunSettings::default();
    slow.pace = Some(100.0);
    let ended = run_beside(&folder, &emulator, &mut journal, &slow, |other| {
        let unknown = Filter::state(State::Unknown);
        while other.count(&unknown).unwrap() == 0 {
            thread::yield_now();
        }
        let mut row = 0;
        let each = &mut |recipient: callcta_campaign::Recipient| {
            row = recipient.id;
            Ok(true)
        };
        other.list(&unknown, each).unwrap();
        let echo = callcta_campaign::Echo::new(row, None, "m_echo");
        let told = other.echo(&[echo], SystemTime::now()).unwrap();
        assert_eq!(told, [callcta_campaign::Echoed::Settled(State::Unknown)]);
    });
    assert_eq!(ended.how, How::Finished);
    assert_eq!(ended.snapshot.states, [0, 0, 400, 0, 0, 0, 0]);
    assert_eq!(states(&mut journal), ended.snapshot.states);
}

#[test]
fn the_messages_of_a_person_arrive_in_the_order_of_the_rows() {
    let folder = Folder::new();
    let emulator = emulator(60);
    // Some are refused for now, some get lost, some take their time.
    for _ in 0..6 {
        for fault in [
            Fault::graph(400, 613, None).header("retry-after", "1"),
            Fault::drop_after_read(),
            Fault::drop_after_store(),
            Fault::delay(Duration::from_millis(20)),
        ] {
            emulator.arm(fault.probability(0.03).times(1));
        }
    }
    let mut rows = "psid,key\n".to_owned();
    for person in 0..60 {
        for number in 0..20 {
            rows += &format!("17{person},{person}-{number}\n");
        }
    }
    let mut several = settings();
    several.allow_repeated = true;
    let path = folder.path("journal");
    let message = r#"{"text": "{{ key }}"}"#;
    assert!(plan_with(&path, &rows, message, &several).unwrap().ok);
    let mut journal = SqliteJournal::open(&path, Access::Change).unwrap();
    let ended = run_with(&mut journal, &emulator, &quick());
    assert_eq!(ended.how, How::Finished);
    let [_, _, sent, _, unknown, ..] = states(&mut journal);
    assert_eq!(sent + unknown, 1200);
    assert!(emulator.posts() > 1200, "nothing was refused");
    let mut last = vec![-1; 60];
    for message in emulator.messages() {
        let text = message.body["message"]["text"].as_str().unwrap();
        let (person, number) = text.split_once('-').unwrap();
        let (person, number): (usize, i32) = (person.parse().unwrap(), number.parse().unwrap());
        assert!(last[person] < number, "{text} after {}", last[person]);
        last[person] = number;
    }
}

#[test]
fn a_page_at_its_limit_waits_alone_and_says_for_how_long() {
    let folder = Folder::new();
    let emulator = emulator(100);
    let limit = Fault::graph(400, 613, None).header("retry-after", "300");
    emulator.arm(limit.on_path("/7/messages").forever());
    let mut journal = journal(&folder, 100);
    let control = Control::new();
    let ended = thread::scope(|scope| {
        let steering = &control;
        scope.spawn(move || {
            // All of the other Page are sent, though the run could wait for this one.
            let snapshot = loop {
                let snapshot = steering.snapshot();
                if snapshot.of(State::Sent) == 100 && snapshot.of(State::InFlight) == 0 {
                    break snapshot;
                }
                thread::yield_now();
            };
            let [(page, Hold::LimitedUntil(until))] = snapshot.held.as_slice() else {
                panic!("{:?}", snapshot.held);
            };
            let wait = until.duration_since(SystemTime::now()).unwrap();
            assert_eq!(page, "7");
            assert!(wait > Duration::from_secs(200), "{wait:?}");
            // The wait can be broken off.
            steering.drain();
        });
        let clients = |page_id: &str| client(&emulator, page_id);
        run(&mut journal, &clients, &quick(), &control).unwrap()
    });
    assert_eq!(ended.how, How::Drained);
    assert_eq!(states(&mut journal), [100, 0, 100, 0, 0, 0, 0]);
}

#[test]
fn nothing_is_sent_before_the_start() {
    let folder = Folder::new();
    let emulator = emulator(20);
    let mut journal = journal(&folder, 20);
    let mut later = quick();
    let start = SystemTime::now() + Duration::from_secs(3);
    later.start_at = Some(start);
    let clients = |page_id: &str| client(&emulator, page_id);
    let control = Control::new();
    thread::scope(|scope| {
        let running = scope.spawn(|| run(&mut journal, &clients, &later, &control));
        let mut shown = false;
        while !running.is_finished() {
            let (posts, now) = (emulator.posts(), SystemTime::now());
            assert!(posts == 0 || now >= start, "{posts} were sent too early");
            let held = control.snapshot().held;
            shown |= held.len() == 2 && held.iter().all(|it| it.1 == Hold::StartsAt(start));
            thread::sleep(Duration::from_millis(1));
        }
        assert!(shown, "it is told what is waited for");
        assert_eq!(running.join().unwrap().unwrap().how, How::Finished);
    });
    assert!(SystemTime::now() >= start);
    assert_eq!(emulator.posts(), 40);
}

#[test]
fn a_start_that_is_long_past_is_not_acted_on() {
    let folder = Folder::new();
    let emulator = emulator(5);
    let mut journal = journal(&folder, 5);
    let mut late = quick();
    late.start_at = Some(SystemTime::now() - Duration::from_secs(5 * 3600));
    let clients = |page_id: &str| client(&emulator, page_id);
    let error = run(&mut journal, &clients, &late, &Control::new()).unwrap_err();
    assert!(error.to_string().contains("300 minutes past"), "{error}");
    assert_eq!(emulator.posts(), 0);
    assert_eq!(states(&mut journal), [10, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn in_quiet_hours_a_page_waits_alone() {
    let folder = Folder::new();
    let emulator = emulator(20);
    let mut journal = journal(&folder, 20);
    // From an hour ago until in two, in UTC; half a day away it is another time of day.
    let at = |hours: i64| {
        let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
        let then = now.saturating_add(jiff::Span::new().hours(hours));
        then.strftime("%H:%M").to_string()
    };
    let quiet = QuietHours::new(&format!("{}-{}", at(-1), at(2))).unwrap();
    let quiet = quiet.zone("UTC").unwrap();
    let mut careful = quick();
    careful.quiet = Some(quiet.page_zone("8", "Etc/GMT-12").unwrap());
    let clients = |page_id: &str| client(&emulator, page_id);
    let control = Control::new();
    thread::scope(|scope| {
        let running = scope.spawn(|| run(&mut journal, &clients, &careful, &control));
        let is_sent = |snapshot: &Snapshot| snapshot.of(State::Sent) == 20;
        while !is_sent(&control.snapshot()) {
            assert!(!running.is_finished(), "it ends too early");
            thread::sleep(Duration::from_millis(1));
        }
        let held = control.snapshot().held;
        let [(page, Hold::QuietUntil(until))] = held.as_slice() else {
            panic!("{held:?}");
        };
        assert_eq!(page, "7");
        assert!(*until > SystemTime::now());
        control.drain();
        assert_eq!(running.join().unwrap().unwrap().how, How::Drained);
    });
    assert_eq!(states(&mut journal), [20, 0, 20, 0, 0, 0, 0]);
    let ended = run_with(&mut journal, &emulator, &quick());
    assert_eq!(ended.how, How::Finished);
    let stored = stored(&emulator);
    assert_eq!((stored.len(), stored.values().max()), (40, Some(&1)));
}

#[test]
fn quiet_hours_of_an_unknown_zone_hold() {
    let folder = Folder::new();
    let emulator = emulator(10);
    let mut journal = journal(&folder, 10);
    let quiet = QuietHours::new("00:00-00:01").unwrap();
    let mut careful = quick();
    careful.quiet = Some(quiet);
    let ended = run_with(&mut journal, &emulator, &careful);
    assert_eq!(ended.how, How::Held);
    assert!(
        (ended.snapshot.held.iter())
            .all(|(_, hold)| matches!(hold, Hold::Paused(why) if why.contains("zone is unknown"))),
        "{:?}",
        ended.snapshot.held
    );
    assert_eq!(ended.snapshot.held.len(), 2);
    assert_eq!(states(&mut journal), [20, 0, 0, 0, 0, 0, 0]);
    assert_eq!(emulator.posts(), 0);
}
