use std::fs;
use std::thread;
use std::time::{Duration, SystemTime};

use callcta_campaign::{
    Access, Claim, Command, Control, Echo, Echoed, ErrorKind, Filter, Format, How, Journal, Lease,
    Loader as _, Outcome, Reason, RunSettings, Settlement, SqliteJournal, SqliteLoader, State,
    Template, Want, plan, read, run,
};

use crate::support::{
    Folder, MESSAGE, client, emulator, journal, plan_with, settings, states, stored,
};

fn now() -> SystemTime {
    SystemTime::now()
}

fn claim(journal: &mut SqliteJournal, leases: &[Lease], count: usize) -> Vec<Claim> {
    let wants: Vec<Want> = leases.iter().map(|lease| Want::new(lease, count)).collect();
    journal.claim(&wants, now()).unwrap()
}

fn settle(journal: &mut SqliteJournal, claim: &Claim, outcome: Outcome) {
    let settlement = Settlement::new(claim, outcome);
    journal.settle(&[settlement], now()).unwrap();
}

#[test]
fn a_row_is_claimed_once_and_settled_as_it_turned_out() {
    let folder = Folder::new();
    let mut journal = journal(&folder, 4);
    let leases = journal.lease().unwrap();
    assert_eq!(
        leases
            .iter()
            .map(|lease| lease.page_id.as_str())
            .collect::<Vec<_>>(),
        ["7", "8"]
    );
    let claims = claim(&mut journal, &leases, 3);
    assert_eq!(claims.len(), 6);
    assert_eq!(states(&mut journal), [2, 6, 0, 0, 0, 0, 0]);
    let keys: Vec<&str> = claims.iter().map(|claim| claim.row.key.as_str()).collect();
    assert_eq!(keys, ["k7-0", "k7-1", "k7-2", "k8-0", "k8-1", "k8-2"]);
    assert_eq!(claims[1].row.cells, [("name".into(), "Ada 1".to_owned())]);
    assert_eq!((claims[0].attempt, claims[0].row.page.as_str()), (1, "7"));

    let message_id = "m_1".to_owned();
    settle(&mut journal, &claims[0], Outcome::Sent { message_id });
    settle(
        &mut journal,
        &claims[1],
        Outcome::Rejected(Reason::new("outside_window")),
    );
    settle(
        &mut journal,
        &claims[2],
        Outcome::Unknown(Reason::new("network")),
    );
    settle(
        &mut journal,
        &claims[3],
        Outcome::Skipped(Reason::new("suppressed")),
    );
    settle(&mut journal, &claims[4], Outcome::Back);
    assert_eq!(states(&mut journal), [3, 1, 1, 1, 1, 1, 0]);

    // What is sent stays sent; what was taken back can be claimed again, as its first try.
    settle(&mut journal, &claims[0], Outcome::Back);
    assert_eq!(states(&mut journal), [3, 1, 1, 1, 1, 1, 0]);
    let again = claim(&mut journal, &leases[1..], 1);
    assert_eq!((again[0].row.key.as_str(), again[0].attempt), ("k8-1", 1));
}

#[test]
fn what_a_run_that_is_gone_had_in_flight_is_unknown() {
    let folder = Folder::new();
    let mut first = journal(&folder, 2);
    let leases = first.lease().unwrap();
    let claims = claim(&mut first, &leases[..1], 1);
    drop(first);
    let mut second = SqliteJournal::open(folder.path("journal"), Access::Change).unwrap();
    assert_eq!(states(&mut second), [3, 1, 0, 0, 0, 0, 0]);
    second.lease().unwrap();
    assert_eq!(states(&mut second), [3, 0, 0, 0, 1, 0, 0]);
    let mut lost = Vec::new();
    let each = &mut |recipient: callcta_campaign::Recipient| {
        lost.push((recipient.row.key, recipient.reason.kind));
        Ok(true)
    };
    second.list(&Filter::state(State::Unknown), each).unwrap();
    assert_eq!(lost, [("k7-0".to_owned(), "worker_lost".to_owned())]);
    // An answer that comes late all the same counts.
    let message_id = "m_1".to_owned();
    settle(&mut second, &claims[0], Outcome::Sent { message_id });
    assert_eq!(states(&mut second), [3, 0, 1, 0, 0, 0, 0]);
}

#[test]
fn one_process_has_a_journal_and_others_may_look() {
    let folder = Folder::new();
    let path = folder.path("journal");
    let first = journal(&folder, 1);
    let error = SqliteJournal::open(&path, Access::Change).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InUse);
    let told = error.to_string();
    assert!(
        told.contains(&format!("process {}", std::process::id())),
        "{told}"
    );
    assert!(SqliteJournal::is_held(&path));
    let mut other = SqliteJournal::open(&path, Access::Look).unwrap();
    assert_eq!(states(&mut other), [2, 0, 0, 0, 0, 0, 0]);
    other.command(Command::Pause).unwrap();
    let error = other.lease().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    drop(first);
    assert!(!SqliteJournal::is_held(&path));
    // The lock file that is left behind blocks nobody; nor does what was said to another run.
    let mut next = SqliteJournal::open(&path, Access::Change).unwrap();
    assert!(next.orders().unwrap().pause);
    next.lease().unwrap();
    assert!(!next.orders().unwrap().pause);
}

#[test]
fn a_copy_asks_before_it_sends() {
    let folder = Folder::new();
    let path = folder.path("journal");
    drop(journal(&folder, 1));
    let open = |name: &str, access| SqliteJournal::open(folder.path(name), access);
    let refusal = |name: &str| {
        let error = open(name, Access::Change).err().expect("it is a copy");
        assert_eq!(error.kind(), ErrorKind::Moved, "{error}");
        error.to_string()
    };
    fs::copy(&path, folder.path("copy")).unwrap();
    assert!(refusal("copy").contains("last used as"));
    // Whoever knows better says so once.
    drop(open("copy", Access::ChangeMoved).unwrap());
    drop(open("copy", Access::Change).unwrap());

    // A backup in the journal's place.
    fs::copy(&path, folder.path("backup")).unwrap();
    fs::rename(folder.path("backup"), &path).unwrap();
    assert!(refusal("journal").contains("another file"));
    drop(open("journal", Access::ChangeMoved).unwrap());

    // The same, written over the file.
    let before = fs::read(&path).unwrap();
    let mut used = open("journal", Access::Change).unwrap();
    used.lease().unwrap();
    drop(used);
    fs::write(&path, before).unwrap();
    assert!(refusal("journal").contains("last run"));

    // Another campaign where one was deleted is no copy of it.
    fs::remove_file(&path).unwrap();
    let mut another = journal(&folder, 1);
    another.lease().unwrap();
    drop(another);
    drop(open("journal", Access::Change).unwrap());
}

#[test]
fn rows_go_back_only_by_somebodys_word() {
    let folder = Folder::new();
    let mut journal = journal(&folder, 3);
    let leases = journal.lease().unwrap();
    let claims = claim(&mut journal, &leases, 2);
    settle(
        &mut journal,
        &claims[0],
        Outcome::Unknown(Reason::new("network")),
    );
    settle(
        &mut journal,
        &claims[1],
        Outcome::Rejected(Reason::new("outside_window")),
    );
    settle(
        &mut journal,
        &claims[2],
        Outcome::Sent {
            message_id: "m".to_owned(),
        },
    );
    assert_eq!(states(&mut journal), [2, 1, 1, 1, 1, 0, 0]);
    // Whatever is asked for, what is sent or in flight stays.
    let all = Filter::default();
    let mut kinds = Filter::state(State::Rejected);
    kinds.kinds = vec!["service".to_owned()];
    assert_eq!(journal.count(&kinds).unwrap(), 0);
    kinds.kinds.push("outside_window".to_owned());
    assert_eq!(journal.count(&kinds).unwrap(), 1);
    assert_eq!(journal.requeue(&kinds, "me", now()).unwrap(), 1);
    assert_eq!(journal.assume_sent(&all, "me", now()).unwrap(), 1);
    assert_eq!(states(&mut journal), [3, 1, 1, 0, 0, 0, 1]);
    assert_eq!(journal.requeue(&all, "me", now()).unwrap(), 0);
    let decisions = journal.decisions().unwrap();
    let told: Vec<(&str, u64)> = decisions
        .iter()
        .map(|decision| (decision.what.as_str(), decision.rows))
        .collect();
    let retry = "retry --state rejected --kind service --kind outside_window";
    assert_eq!(told, [(retry, 1), ("assume_sent", 1)]);
    let again = claim(&mut journal, &leases[..1], 9);
    let tries: Vec<i64> = again.iter().map(|claim| claim.attempt).collect();
    assert_eq!(tries, [2, 1]);
}

#[test]
fn an_echo_settles_its_row() {
    let folder = Folder::new();
    let mut journal = journal(&folder, 2);
    let leases = journal.lease().unwrap();
    let claims = claim(&mut journal, &leases[..1], 1);
    settle(
        &mut journal,
        &claims[0],
        Outcome::Unknown(Reason::new("network")),
    );
    let row = &claims[0];
    let psid = Some(row.row.psid.clone());
    let echoes = [
        Echo::new(row.id, Some("99".to_owned()), "m_9"),
        Echo::new(row.id, psid, "m_1"),
        Echo::new(row.id, None, "m_1"),
        Echo::new(999, None, "m_1"),
    ];
    let told = journal.echo(&echoes, now()).unwrap();
    let unknown = Echoed::Settled(State::Unknown);
    assert_eq!(
        told,
        [Echoed::Stranger, unknown, Echoed::Known, Echoed::Stranger]
    );
    assert_eq!(states(&mut journal), [3, 0, 1, 0, 0, 0, 0]);
}

#[test]
fn a_plan_takes_nobodys_place() {
    let folder = Folder::new();
    let path = folder.path("journal");
    fs::write(&path, "something else").unwrap();
    let error = plan_with(&path, "psid\n1\n", "{\"text\": \"hi\"}", &settings()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal);
    let error = SqliteJournal::open(&path, Access::Look).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Journal);
    assert_eq!(fs::read(&path).unwrap(), b"something else");
    let nowhere = folder.path("none/journal");
    let error = plan_with(&nowhere, "psid\n1\n", MESSAGE, &settings()).unwrap_err();
    assert!(
        error.to_string().contains("can't make the journal"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_a_journal() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    drop(journal(&folder, 1));
    let mode = fs::metadata(folder.path("journal"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_a_killed_plan_left_behind_is_removed_and_a_living_one_left_alone() {
    let folder = Folder::new();
    let path = folder.path("journal");
    fs::write(folder.path("journal.planning-1"), "left behind").unwrap();
    fs::write(folder.path("journal.plan"), "something else").unwrap();
    let living = fs::File::create(folder.path("journal.planning-2")).unwrap();
    living.lock().unwrap();
    assert!(
        plan_with(&path, "psid,name\n1,x\n", MESSAGE, &settings())
            .unwrap()
            .ok
    );
    let names = ["journal", "journal.plan", "journal.planning-2"];
    assert_eq!(folder.names(), names);
}

#[test]
fn a_plan_that_is_only_checked_keeps_nothing() {
    let mut loader = Box::new(SqliteLoader::to_check().unwrap());
    let rows = "psid,key\n1,a\n2,a\n";
    let rows = Box::new(std::io::Cursor::new(rows.as_bytes()));
    let mut source = read(rows, Format::Auto).unwrap();
    let template = Template::new(r#"{"text": "hi"}"#).unwrap();
    let planned = plan(
        &mut *source,
        &template,
        &settings(),
        &mut *loader,
        &mut |_| true,
    )
    .unwrap();
    assert_eq!(planned.findings[0].rule, "duplicate_key");
    let error = loader.commit(&planned.facts).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn another_program_that_keeps_the_journal_locked_is_waited_for() {
    let folder = Folder::new();
    let emulator = emulator(100);
    let mut journal = journal(&folder, 100);
    let control = Control::new();
    let mut steady = RunSettings::default();
    steady.pace = Some(40.0);
    let ended = thread::scope(|scope| {
        let (emulator, control) = (&emulator, &control);
        let path = folder.path("journal");
        scope.spawn(move || {
            let waited = emulator.wait_for_messages(20, Duration::from_secs(60));
            waited.unwrap();
            let other = rusqlite::Connection::open(path).unwrap();
            other.busy_timeout(Duration::from_secs(10)).unwrap();
            other.execute_batch("begin immediate").unwrap();
            // For longer than one try takes: it has been told.
            while control.snapshot().journal.is_none() {
                thread::yield_now();
            }
            let told = control.snapshot().journal.unwrap();
            assert!(told.contains("another process keeps it locked"), "{told}");
            other.execute_batch("rollback").unwrap();
        });
        let clients = |page_id: &str| client(emulator, page_id);
        run(&mut journal, &clients, &steady, control).unwrap()
    });
    assert_eq!(ended.how, How::Finished);
    assert_eq!(states(&mut journal), [0, 0, 200, 0, 0, 0, 0]);
    assert!(stored(&emulator).values().all(|times| *times == 1));
}
