//! Campaigns with the program, the emulator, and what befalls processes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use callcta_emulator::{Apply, Emulator, Fault, FaultAction, Strangers};
use serde_json::{Value, json};

use crate::support::{Run, callcta, run};

/// A folder with the files of a campaign, gone with the test.
pub struct Campaign {
    pub folder: PathBuf,
    pub emulator: Emulator,
}

const MESSAGE: &str = r#"{"attachment": {"type": "template", "payload": {
    "template_type": "button", "text": "Dear {{ name }}",
    "buttons": [{"type": "audio_call", "title": "Call Now"}]}}}"#;

fn psid(number: usize) -> String {
    format!("3000000{number:05}")
}

impl Campaign {
    pub fn new(people: usize) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("callcta-cli-campaign-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let emulator = Emulator::builder().keep_messages(100_000).start().unwrap();
        emulator.with_state(|state| state.strangers = Strangers::Welcome);
        let campaign = Campaign { folder, emulator };
        let rows = (0..people).map(|number| format!("{},order-{number},Ada\n", psid(number)));
        let rows: String = rows.collect();
        fs::write(
            campaign.path("people.csv"),
            format!("psid,key,name\n{rows}"),
        )
        .unwrap();
        fs::write(campaign.path("card.json"), MESSAGE).unwrap();
        campaign
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn journal(&self) -> PathBuf {
        self.path("a journal")
    }

    /// `callcta campaign` with these words, in the folder.
    pub fn command(&self, words: &str, more: &[&str]) -> Command {
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut command = callcta(&[&["campaign"], words.as_slice(), more].concat());
        command
            .current_dir(&self.folder)
            .env("CALLCTA_PAGE_ID", self.emulator.page_id())
            .env("CALLCTA_ACCESS_TOKEN", self.emulator.access_token())
            .env("CALLCTA_BASE_URL", self.emulator.url());
        command
    }

    pub fn run(&self, words: &str) -> Run {
        run(&mut self.command(words, &["--journal", "a journal"]))
    }

    pub fn plan(&self) {
        let run = self.run("plan people.csv --message card.json");
        assert_eq!(run.code, 0, "{run:?}");
    }

    /// Begins to send, with a pace that leaves time for what shall befall it.
    pub fn start(&self, words: &str) -> Child {
        let mut command = self.command(words, &["--journal", "a journal"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// How often each person got the message.
    fn received(&self) -> BTreeMap<String, u32> {
        let mut received = BTreeMap::new();
        for message in self.emulator.messages() {
            *received.entry(message.recipient).or_default() += 1;
        }
        received
    }

    pub fn wait_for(&self, messages: usize) {
        let waited = self
            .emulator
            .wait_for_messages(messages, Duration::from_secs(120));
        assert!(waited.is_some(), "{messages} messages did not come");
    }

    /// The rows with what became of them.
    fn rows(&self) -> Vec<Value> {
        let run = self.run("export --format json-lines");
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The same of so many people, to each of whom it was sent or may have been.
    pub fn check_ended(&self, people: usize) {
        let stood = self.check();
        assert_eq!(stood.values().sum::<usize>(), people);
        let ended = |state: &String| state == "sent" || state == "unknown";
        assert!(stood.keys().all(ended), "{stood:?}");
    }

    /// Whether what the journal says of each person is what the platform knows, and how many
    /// rows are in each state.
    pub fn check(&self) -> BTreeMap<String, usize> {
        let received = self.received();
        let mut states = BTreeMap::new();
        for row in self.rows() {
            let state = row["callcta_state"].as_str().unwrap();
            let times = received
                .get(row["psid"].as_str().unwrap())
                .copied()
                .unwrap_or_default();
            let right = match state {
                "sent" => times == 1,
                "unknown" | "in_flight" => times <= 1,
                _ => times == 0,
            };
            assert!(right, "{times} messages: {row}");
            *states.entry(state.to_owned()).or_default() += 1;
        }
        let told = self.run("status --json").json();
        for (state, count) in &states {
            assert_eq!(told["states"][state], *count, "{told}");
        }
        states
    }

    /// What the platform tells of its messages.
    fn echoes(&self) -> String {
        let page_id = self.emulator.page_id();
        let echo = |message: &callcta_emulator::StoredMessage| {
            let metadata = &message.body["message"]["metadata"];
            json!({"object": "page", "entry": [{"id": page_id, "time": message.sent_at,
                "messaging": [{"sender": {"id": page_id}, "recipient": {"id": message.recipient},
                    "timestamp": message.sent_at, "message": {"mid": message.message_id,
                    "is_echo": true, "metadata": metadata}}]}]})
        };
        let echoes = self.emulator.messages();
        let lines: Vec<String> = echoes.iter().map(|it| echo(it).to_string()).collect();
        lines.join(
            "
",
        )
    }
}

impl Drop for Campaign {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub fn states(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    pairs
        .iter()
        .map(|(state, count)| ((*state).to_owned(), *count))
        .collect()
}

#[test]
fn a_campaign_from_file_to_result() {
    let campaign = Campaign::new(30);
    let checked = run(&mut campaign.command("plan people.csv --message card.json --check", &[]));
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(
        checked.stdout.contains("checked: 30 rows of 1 Page"),
        "{checked:?}"
    );
    assert!(!campaign.journal().exists());
    let ran = campaign.run("run people.csv --message card.json --pace none");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("30 rows will be sent"), "{ran:?}");
    assert!(
        ran.stdout.starts_with("finished: 30 of 30 rows sent\n"),
        "{ran:?}"
    );
    assert_eq!(campaign.check(), states(&[("sent", 30)]));
    // Again: nothing is left to do, and nothing is done.
    let again = campaign.run("run people.csv --message card.json --json");
    assert_eq!(
        (again.code, &again.json()["status"]),
        (0, &json!("finished"))
    );
    assert_eq!(campaign.emulator.posts(), 30);
}

#[test]
fn a_plan_that_is_not_in_order_sends_nothing() {
    let campaign = Campaign::new(2);
    fs::write(
        campaign.path("people.csv"),
        "psid;key;name\n12;a;Ada\n13;b;\n",
    )
    .unwrap();
    let ran = campaign.run("run people.csv --message card.json");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("separated by semicolons"), "{ran:?}");
    assert!(
        ran.stderr.contains("error: 1 row (line 3): name: is blank"),
        "{ran:?}"
    );
    assert!(!campaign.journal().exists());
    let planned = campaign
        .run("plan people.csv --message card.json --json")
        .json();
    assert_eq!(
        (&planned["ok"], &planned["rows"], &planned["ready"]),
        (&json!(false), &json!(2), &json!(1))
    );
    assert_eq!(planned["findings"][0]["lines"], json!([3]));
    let skipped = campaign.run("run people.csv --message card.json --skip-invalid");
    assert_eq!(skipped.code, 3, "{skipped:?}");
    assert!(
        skipped.stdout.contains("skipped: invalid_message"),
        "{skipped:?}"
    );
    assert_eq!(campaign.check(), states(&[("sent", 1), ("skipped", 1)]));
}

#[test]
fn another_input_or_message_is_another_campaign() {
    let campaign = Campaign::new(3);
    campaign.plan();
    fs::write(
        campaign.path("other.json"),
        MESSAGE.replace("Dear", "Hello"),
    )
    .unwrap();
    fs::write(campaign.path("other.csv"), "psid,key,name\n12,a,Ada\n").unwrap();
    for (words, what) in [
        ("run people.csv --message other.json", "the message changed"),
        (
            "run other.csv --message card.json",
            "the recipients changed",
        ),
    ] {
        let ran = campaign.run(words);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(what), "{ran:?}");
    }
    let again = campaign.run("plan people.csv --message card.json");
    assert_eq!(again.code, 6, "{again:?}");
    assert_eq!(campaign.emulator.posts(), 0);
}

#[test]
fn what_went_wrong_is_summed_up_with_the_next_command() {
    let campaign = Campaign::new(5);
    campaign.emulator.arm(
        Fault::graph(400, 10, Some(2_018_278))
            .on_recipient(psid(1))
            .times(1),
    );
    campaign
        .emulator
        .arm(Fault::drop_after_store().on_recipient(psid(2)).times(1));
    let ran = campaign.run("run people.csv --message card.json");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.stdout
            .starts_with("finished, needs attention: 3 of 5 rows sent\n"),
        "{ran:?}"
    );
    let retry =
        "callcta campaign retry --journal 'a journal' --state rejected --kind outside_window";
    for text in [
        "rejected: outside_window",
        retry,
        "unknown: network",
        "settle --journal",
    ] {
        assert!(ran.stdout.contains(text), "{text}: {ran:?}");
    }
    // Nobody is there to say yes.
    let asked = campaign.run("retry --state rejected --kind outside_window");
    assert_eq!(asked.code, 5, "{asked:?}");
    assert!(
        asked.stderr.contains("1 row would be put back"),
        "{asked:?}"
    );
    let risky = campaign.run("retry --state unknown --yes");
    assert_eq!(risky.code, 2, "{risky:?}");
    assert!(
        risky.stderr.contains("can get the message twice"),
        "{risky:?}"
    );
    let sent = campaign.run("retry --state sent --yes");
    assert_eq!(sent.code, 2, "{sent:?}");
    assert_eq!(
        campaign.check(),
        states(&[("rejected", 1), ("sent", 3), ("unknown", 1)])
    );
    assert_eq!(campaign.run("retry --yes").code, 0);
    let resumed = campaign.run("resume");
    assert_eq!(resumed.code, 4, "{resumed:?}");
    assert!(
        resumed
            .stderr
            .contains("1 row will be sent; 1 unknown, left alone"),
        "{resumed:?}"
    );
    assert_eq!(
        campaign
            .run("settle --assume-sent --kind network --yes")
            .code,
        0
    );
    assert_eq!(campaign.run("resume").code, 0);
    assert_eq!(
        campaign.run("status --json").json()["states"]["assumed_sent"],
        1
    );
}

#[test]
fn a_page_without_a_token_of_its_own_is_known_before_anything_is_sent() {
    let campaign = Campaign::new(0);
    let page_id = campaign.emulator.page_id().to_owned();
    let rows = format!("psid,page\n12,{page_id}\n13,100000000000002\n");
    fs::write(campaign.path("people.csv"), rows).unwrap();
    fs::write(campaign.path("card.json"), r#"{"text": "hi"}"#).unwrap();
    let ran = campaign.run("run people.csv --message card.json");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stderr
            .contains("no access token for the Page 100000000000002"),
        "{ran:?}"
    );
    assert_eq!(campaign.emulator.posts(), 0);
    let tokens = campaign.path("tokens");
    fs::create_dir(&tokens).unwrap();
    fs::write(tokens.join(&page_id), campaign.emulator.access_token()).unwrap();
    let other = callcta_emulator::defaults::TOKEN_WITHOUT_CALLING;
    fs::write(tokens.join("100000000000002"), format!("{other}\n")).unwrap();
    let ran = campaign.run("resume --tokens tokens");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(campaign.received().values().sum::<u32>(), 2);
}

#[cfg(unix)]
#[test]
fn the_first_interruption_drains_and_says_how_to_go_on() {
    use crate::support::signal;
    for name in ["INT", "TERM"] {
        let campaign = Campaign::new(2000);
        campaign.plan();
        let child = campaign.start("resume --pace 200 --progress none");
        campaign.wait_for(20);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{stderr}");
        let resume = "callcta campaign resume --journal 'a journal'";
        assert!(
            stderr.contains("stopping:") && stderr.contains(resume),
            "{stderr}"
        );
        let stood = campaign.check();
        assert_eq!(stood.values().sum::<usize>(), 2000);
        assert!(
            stood
                .keys()
                .all(|state| state == "sent" || state == "queued"),
            "{stood:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn the_second_interruption_quits_at_once() {
    use crate::support::signal;
    let campaign = Campaign::new(100);
    campaign.plan();
    // No answer comes, so that a graceful end would take its time.
    let silence = Fault::delay(Duration::from_secs(100))
        .applied(Apply::Before)
        .forever();
    campaign.emulator.arm(silence);
    let mut child = campaign.start("resume --progress none");
    while campaign.emulator.posts() == 0 {
        std::thread::yield_now();
    }
    signal(&child, "INT");
    let mut seen = String::new();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    while !seen.contains("stopping:") {
        let read = std::io::BufRead::read_line(&mut stderr, &mut seen).unwrap();
        assert!(read > 0, "{seen}");
    }
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    campaign.emulator.clear_faults();
    let status = campaign.run("status --json").json();
    let in_flight = status["states"]["in_flight"].as_u64().unwrap();
    assert!(in_flight > 0 && status["status"] == "paused", "{status}");
    let resumed = campaign.run("resume --pace none");
    assert_eq!(resumed.code, 4, "{resumed:?}");
    assert_eq!(campaign.check()["unknown"] as u64, in_flight);
}

#[test]
fn pause_returns_when_nothing_more_is_sent() {
    let campaign = Campaign::new(2000);
    campaign.plan();
    let child = campaign.start("resume --pace 200 --progress json");
    campaign.wait_for(20);
    let busy = campaign.run("resume");
    assert_eq!(busy.code, 2, "{busy:?}");
    assert!(
        busy.stderr.contains(&format!("process {}", child.id())),
        "{busy:?}"
    );
    assert_eq!(campaign.run("status --json").json()["status"], "running");
    let paused = campaign.run("pause");
    assert_eq!(paused.code, 0, "{paused:?}");
    let sent = campaign.emulator.messages().len();
    assert!(paused.stderr.contains("nothing more is sent"), "{paused:?}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    for line in String::from_utf8(output.stderr)
        .unwrap()
        .lines()
        .filter(|line| line.starts_with('{'))
    {
        let told: Value = serde_json::from_str(line).unwrap();
        let states = told["states"].as_object().unwrap();
        let sum: u64 = states.values().filter_map(Value::as_u64).sum();
        assert_eq!(told["rows"], sum, "{line}");
    }
    assert_eq!(campaign.emulator.messages().len(), sent);
    assert_eq!(campaign.check()["sent"], sent);
    assert!(campaign.run("pause").stderr.contains("nothing runs"));
}

#[test]
fn a_campaign_is_changed_and_settled_while_it_runs() {
    let campaign = Campaign::new(1000);
    campaign
        .emulator
        .arm(Fault::drop_after_store().on_recipient(psid(1)).times(1));
    campaign.plan();
    let still = campaign.run("change --pace 1");
    assert_eq!(still.code, 2, "{still:?}");
    assert!(still.stderr.contains("nothing runs"), "{still:?}");
    let child = campaign.start("resume --pace 20 --progress none");
    campaign.wait_for(5);
    let changed = MESSAGE.replace("Dear", "Hello");
    fs::write(campaign.path("changed.json"), &changed).unwrap();
    let wrong = changed.replace("{{ name }}", &"x".repeat(1000));
    fs::write(campaign.path("wrong.json"), wrong).unwrap();
    let refused = campaign.run("change --message wrong.json --yes");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("[too_long]"), "{refused:?}");
    let asked = campaign.run("change --message changed.json");
    assert_eq!(asked.code, 5, "{asked:?}");
    let done = campaign.run("change --message changed.json --yes");
    assert_eq!(done.code, 0, "{done:?}");
    while campaign.run("status --json").json()["states"]["unknown"] == 0 {}
    fs::write(campaign.path("echoes"), campaign.echoes()).unwrap();
    let settled = campaign.run("settle --events echoes");
    assert_eq!(settled.code, 0, "{settled:?}");
    assert!(settled.stdout.contains("1 were unknown"), "{settled:?}");
    let quick = campaign.run("change --pace none");
    assert_eq!(quick.code, 0, "{quick:?}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(campaign.check(), states(&[("sent", 1000)]));
    let texts = campaign.emulator.messages();
    let texts = texts.iter().map(|message| message.body.to_string());
    let hello = texts.filter(|text| text.contains("Hello Ada")).count();
    assert!((1..=995).contains(&hello), "{hello}");
    // The changed message is that of the campaign now.
    let again = campaign.run("run people.csv --message changed.json");
    assert_eq!(again.code, 0, "{again:?}");
    let before = campaign.run("run people.csv --message card.json");
    assert_eq!(before.code, 2, "{before:?}");
}

#[test]
fn a_run_is_watched_from_outside_until_it_has_ended() {
    let campaign = Campaign::new(200);
    campaign.plan();
    let child = campaign.start("resume --pace 100 --progress none");
    campaign.wait_for(20);
    let watched = campaign.run("status --watch --json");
    assert_eq!(watched.code, 0, "{watched:?}");
    assert_eq!(watched.json()["status"], "finished");
    let told: Vec<Value> = watched
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = told.last().unwrap();
    assert_eq!(
        (&last["states"]["sent"], &last["rows"]),
        (&json!(200), &json!(200))
    );
    for told in &told {
        let states = told["states"].as_object().unwrap();
        let sum: u64 = states.values().filter_map(Value::as_u64).sum();
        assert_eq!(told["rows"], sum, "{told}");
    }
    assert!(child.wait_with_output().unwrap().status.success());
    let again = campaign.run("status --watch");
    assert!(
        again.stdout.starts_with("finished: 200 of 200"),
        "{again:?}"
    );
}

#[test]
fn a_report_is_one_file_that_names_nobody() {
    let campaign = Campaign::new(30);
    campaign.emulator.arm(
        Fault::graph(400, 10, Some(2_018_278))
            .on_recipient(psid(1))
            .times(1),
    );
    assert_eq!(campaign.run("run people.csv --message card.json").code, 3);
    assert_eq!(campaign.run("retry --yes").code, 0);
    let done = campaign.run("report");
    assert_eq!((done.code, done.stdout.trim()), (0, "a journal.html"));
    let page = fs::read_to_string(campaign.path("a journal.html")).unwrap();
    assert_eq!(campaign.run("report -o other.html").code, 0);
    let printed = campaign.run("report -o -");
    assert!(printed.stdout.starts_with("<!doctype html>"), "{printed:?}");
    for text in [
        "<title>a journal: paused</title>",
        "default-src 'none'",
        "<strong>paused</strong>: 29 of 30 rows sent",
        "retry --state rejected",
        "<svg",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let token = campaign.emulator.access_token();
    for text in [
        "Ada",
        "Dear",
        "order-1",
        &psid(1),
        token,
        "http://",
        "https://",
        "<script",
    ] {
        let told = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!told.contains(text), "{text}");
    }
    let nowhere = campaign.run("report -o none/report.html");
    assert_eq!(nowhere.code, 2, "{nowhere:?}");
}

#[cfg(unix)]
#[test]
fn a_reader_who_does_not_read_holds_nothing_up() {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    use std::io::Write as _;
    let campaign = Campaign::new(300);
    campaign.plan();
    let (_reader, mut writer) = std::io::pipe().unwrap();
    let mut command = campaign.command(
        "resume --pace 100 --progress json",
        &["--journal", "a journal"],
    );
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(writer.try_clone().unwrap());
    let child = command.spawn().unwrap();
    campaign.wait_for(20);
    // Nothing more goes into the pipe: the next line of progress waits for ever.
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    for size in [4096, 1] {
        while writer.write(&vec![b' '; size]).is_ok() {}
    }
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stdout.starts_with(b"finished: 300 of 300"),
        "{output:?}"
    );
    assert_eq!(campaign.check(), states(&[("sent", 300)]));
}

/// Numbers that are different each time, and can be had again.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        let seed = std::time::SystemTime::now();
        let seed = seed.duration_since(std::time::UNIX_EPOCH).unwrap();
        Dice(seed.subsec_nanos().into())
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Sends to so many people, killed hard again and again, and settles what is unknown by
/// echoes in the end.
fn survives_kills(people: usize, kills: usize, lost: f64) {
    let mut dice = Dice::new();
    let campaign = Campaign::new(people);
    campaign.plan();
    if lost > 0.0 {
        let drop = |apply| {
            let fault = Fault::drop_after_store().applied(apply);
            assert!(matches!(fault.action, FaultAction::Drop));
            fault.probability(lost).times(1)
        };
        // One after another, since a fault that doesn't strike shields those behind it.
        for _ in 0..people {
            campaign.emulator.arm(drop(Apply::After));
            campaign.emulator.arm(drop(Apply::Before));
        }
    }
    let resume = "resume --pace 300 --progress none";
    for _ in 0..kills {
        let before = campaign.emulator.messages().len();
        let mut child = campaign.start(resume);
        let few = people / (kills + 2);
        campaign.wait_for(before + 1 + dice.below(few));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let ended = campaign.run(&format!("{resume} --json"));
    assert!([0, 4].contains(&ended.code), "{ended:?}");
    campaign.check_ended(people);

    // What arrived is settled by its echo; what did not can be sent now without a risk.
    campaign.emulator.clear_faults();
    fs::write(campaign.path("echoes"), campaign.echoes()).unwrap();
    let settled = campaign.run("settle --events echoes");
    assert_eq!(settled.code, 0, "{settled:?}");
    let arrived = campaign.received().len();
    assert_eq!(campaign.check()["sent"], arrived, "{settled:?}");
    let retried = campaign.run("retry --state unknown --risk-duplicates --yes");
    assert_eq!(retried.code, 0, "{retried:?}");
    assert_eq!(campaign.run("resume --pace none").code, 0);
    assert_eq!(campaign.check(), states(&[("sent", people)]));
}

#[test]
fn a_run_that_is_killed_sends_nothing_twice_and_loses_nothing() {
    survives_kills(900, 6, 0.0);
}

#[test]
fn nor_does_one_whose_answers_get_lost_as_well() {
    survives_kills(900, 4, 0.02);
}

#[test]
fn a_journal_that_is_not_there_is_named() {
    let campaign = Campaign::new(1);
    for words in [
        "resume",
        "status",
        "pause",
        "retry",
        "settle --assume-sent",
        "export",
    ] {
        let ran = campaign.run(words);
        assert_eq!(ran.code, 6, "{words}: {ran:?}");
        assert!(ran.stderr.contains("no journal a journal; plan"), "{ran:?}");
    }
    assert!(!Path::new("a journal").exists());
}

#[test]
fn a_start_and_quiet_hours_hold_what_is_queued() {
    let campaign = Campaign::new(20);
    campaign.plan();
    let late = campaign.run("resume --start-at 2020-01-01T12:00:00Z --progress none");
    assert_ne!(late.code, 0, "{late:?}");
    assert!(late.stderr.contains("minutes past"), "{late:?}");
    for wrong in [
        "--start-at noon",
        "--quiet 21:00-08:00",
        "--quiet 21-8 --time-zone UTC",
        "--quiet 21:00-08:00 --time-zone Mars/Olympus",
    ] {
        let refused = campaign.run(&format!("resume {wrong} --progress none"));
        assert_ne!(refused.code, 0, "{wrong}: {refused:?}");
        assert!(!refused.stderr.is_empty());
    }
    // Another Page's zone is not this one's.
    let held = campaign.run("resume --quiet 21:00-08:00 --time-zone 999=UTC --progress none");
    assert_ne!(held.code, 0, "{held:?}");
    assert!(held.stdout.contains("zone is unknown"), "{held:?}");
    let queued = campaign.run("status --json").json()["states"]["queued"].clone();
    assert_eq!(queued, json!(20));
    let soon = std::time::SystemTime::now() - Duration::from_secs(60);
    let soon = soon
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let soon = jiff::Timestamp::from_second(soon.try_into().unwrap()).unwrap();
    let sent = campaign.run(&format!("resume --start-at {soon} --progress none"));
    assert_eq!(sent.code, 0, "{sent:?}");
}
