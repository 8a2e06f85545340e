use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use callcta_campaign::{
    Command, Echo, Echoed, ErrorKind, Filter, Journal as _, Outcome, PostgresJournal, Reason,
    Settlement, State, Want, migrate,
};

use crate::proxy::Proxy;
use crate::support::{Database, MESSAGE, claim, lease, load, planned, rows, sent, settle, states};

/// Short enough to wait for, and long enough for a slow machine.
const TTL: Duration = Duration::from_secs(2);

fn now() -> SystemTime {
    SystemTime::now()
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn a_row_is_claimed_once_and_settled_as_it_turned_out() {
    let database = Database::new();
    let mut journal = database.campaign(4);
    let leases = lease(&mut journal, 2);
    let pages: Vec<&str> = leases.iter().map(|lease| lease.page_id.as_str()).collect();
    assert_eq!(pages, ["7", "8"]);
    assert!(leases.iter().all(|lease| lease.until.is_some()));
    let claims = claim(&mut journal, &leases, 3);
    assert_eq!(states(&mut journal), [2, 6, 0, 0, 0, 0, 0]);
    let keys: Vec<&str> = claims.iter().map(|claim| claim.row.key.as_str()).collect();
    assert_eq!(keys, ["k7-0", "k7-1", "k7-2", "k8-0", "k8-1", "k8-2"]);
    assert_eq!(claims[1].row.cells, [("name".into(), "Ada 1".to_owned())]);
    assert_eq!((claims[0].attempt, claims[0].row.page.as_str()), (1, "7"));

    settle(&mut journal, &claims[0], sent("m_1"));
    let refused = Outcome::Rejected(Reason::new("outside_window"));
    settle(&mut journal, &claims[1], refused);
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
    // A Page of which nothing is queued is idle, and is given back once nothing is in flight.
    let rest = claim(&mut journal, &leases, 9);
    assert_eq!(rest.len(), 2);
    assert!(journal.lease().unwrap().iter().all(|lease| lease.idle));
    for claim in claims[5..].iter().chain(&again).chain(&rest) {
        settle(&mut journal, claim, sent("m"));
    }
    lease(&mut journal, 0);
    assert!(!journal.remains().unwrap());
    assert_eq!(journal.workers().unwrap().len(), 1);
    journal.release().unwrap();
    assert_eq!(journal.workers().unwrap(), []);
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn loading_again_adds_what_is_new_and_nothing_else() {
    let database = Database::new();
    let mut journal = database.campaign(3);
    let leases = lease(&mut journal, 2);
    let claims = claim(&mut journal, &leases, 1);
    settle(&mut journal, &claims[0], sent("m_1"));
    assert_eq!(database.load(&rows(3), MESSAGE).unwrap(), 0);
    assert_eq!(states(&mut journal), [4, 1, 1, 0, 0, 0, 0]);
    let more = rows(4)
        .replace("name\n", "name,extra\n")
        .replace("Ada 3\n", "Ada 3,x\n");
    let more = more
        .replace("Ada 0\n", "Ada 0,\n")
        .replace("Ada 1\n", "Ada 1,\n")
        .replace("Ada 2\n", "Ada 2,\n");
    assert_eq!(database.load(&more, MESSAGE).unwrap(), 2);
    let opened = database.open();
    assert_eq!(opened.facts().rows, 8);
    assert_eq!(
        opened.facts().columns,
        ["psid", "key", "page", "name", "extra"]
    );

    let error = database.load(&rows(5), "{\"text\": \"Hi\"}").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    // A key that is somebody else's would leave somebody out.
    let error = database
        .load("psid,key,page,name\n99,k7-0,7,Bob\n", MESSAGE)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    assert!(!error.to_string().contains("99"), "{error}");
    assert_eq!(states(&mut journal), [6, 1, 1, 0, 0, 0, 0]);
}

/// As copies of one task of a cluster do, whose rows come in whatever order.
#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn the_same_rows_may_be_loaded_at_once_in_any_order() {
    let database = Database::new();
    let mut journal = database.campaign(1);
    let count = 5000;
    let forth = rows(count);
    let mut lines: Vec<&str> = forth.lines().skip(1).collect();
    lines.reverse();
    let back = format!("psid,key,page,name\n{}\n", lines.join("\n"));
    let added: u64 = thread::scope(|scope| {
        let loads = [&forth, &back, &forth, &back].map(|rows| {
            let address = database.address();
            scope.spawn(move || load(&address, rows, MESSAGE).unwrap())
        });
        loads.map(|load| load.join().unwrap()).iter().sum()
    });
    assert_eq!(added, 2 * count as u64 - 2);
    assert_eq!(states(&mut journal)[0], 2 * count as u64);
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn one_person_under_two_keys_is_told_whatever_load_they_are_from() {
    let database = Database::new();
    drop(database.campaign(3));
    // Two who are there under other keys, one of them twice; one of another Page; one who is new.
    let more = "psid,key,page,name\n170,new-1,7,A\n171,new-2,7,B\n170,new-3,7,A\n\
                170,new-4,8,A\n179,new-5,7,C\n170,k7-0,7,A\n";
    let (_, planned) = planned(&database.address(), more, MESSAGE).unwrap();
    assert!(!planned.ok);
    let found: Vec<_> = planned.findings.iter().collect();
    assert_eq!((found.len(), found[0].rule), (1, "duplicate_psid"));
    // The last one repeats the first of this load, and is there already.
    assert_eq!((found[0].rows, &found[0].lines[..]), (4, &[2, 3, 4, 7][..]));
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn a_page_has_one_worker_and_workers_share_the_pages() {
    let database = Database::new();
    let mut first = database.campaign(2);
    lease(&mut first, 2);
    let mut second = database.open();
    assert_eq!(second.lease().unwrap(), []);
    assert!(second.remains().unwrap());
    // The first gives one up, as soon as nothing of it is in flight.
    let leases = lease(&mut first, 1);
    let others = lease(&mut second, 1);
    assert_ne!(leases[0].page, others[0].page);
    assert_eq!(first.workers().unwrap().len(), 2);
    let pages: Vec<Vec<String>> = first
        .workers()
        .unwrap()
        .into_iter()
        .map(|it| it.pages)
        .collect();
    assert_eq!(
        pages,
        [[leases[0].page_id.clone()], [others[0].page_id.clone()]]
    );
    // Nobody claims of a Page that it hasn't leased, whatever it says.
    let wants = [Want::new(&others[0], 9)];
    assert_eq!(first.claim(&wants, now()).unwrap().len(), 0);
    assert_eq!(second.claim(&wants, now()).unwrap().len(), 2);
    // Whoever waits because a Page of his is held up isn't waited for, or both would wait for
    // ever.
    assert!(first.remains().unwrap());
    assert!(!second.remains().unwrap());
    assert!(!first.remains().unwrap());
    // Whoever leaves gives everything back at once.
    first.release().unwrap();
    lease(&mut second, 2);
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn whoever_takes_over_says_what_is_lost_and_late_answers_count() {
    let database = Database::new();
    let mut first = database.campaign(4);
    first.set_lease_time(TTL);
    let leases = lease(&mut first, 2);
    let claims = claim(&mut first, &leases[..1], 3);
    assert_eq!(claims.len(), 3);
    let until = leases[0].until.unwrap();
    assert!(until < Instant::now() + TTL);
    // It stops for longer than its leases hold.
    let mut second = database.open();
    second.set_lease_time(TTL);
    second.lease().unwrap();
    assert_eq!(states(&mut second), [5, 3, 0, 0, 0, 0, 0]);
    thread::sleep(TTL);
    let taken = lease(&mut second, 2);
    assert!(
        Instant::now() > until,
        "it must have stopped by its own clock"
    );
    assert_eq!(states(&mut second), [5, 0, 0, 0, 3, 0, 0]);
    let mut lost = Filter::state(State::Unknown);
    lost.kinds = vec!["worker_lost".to_owned()];
    assert_eq!(second.count(&lost).unwrap(), 3);
    assert!(taken[0].epoch > leases[0].epoch);

    // It wakes up: claims nothing, and what it still says counts.
    let wants = [Want::new(&leases[0], 9)];
    assert_eq!(first.claim(&wants, now()).unwrap().len(), 0);
    settle(&mut first, &claims[0], sent("m_1"));
    settle(&mut first, &claims[1], Outcome::Back);
    assert_eq!(states(&mut second), [6, 0, 1, 0, 1, 0, 0]);
    // Somebody put the last one back, and it turns out to be sent.
    assert_eq!(second.requeue(&lost, "me", now()).unwrap(), 1);
    settle(&mut first, &claims[2], sent("m_2"));
    assert_eq!(states(&mut second), [6, 0, 2, 0, 0, 0, 0]);
    // What somebody else has claimed since is out of its reach.
    let again = claim(&mut second, &taken[..1], 9);
    assert!(again.iter().any(|it| it.id == claims[1].id));
    settle(&mut first, &claims[1], Outcome::Back);
    assert_eq!(states(&mut second)[1], again.len() as u64);
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn a_claim_that_was_never_heard_of_goes_back() {
    let database = Database::new();
    drop(database.campaign(4));
    let proxy = Proxy::new(&database.url);
    let address = callcta_campaign::PostgresAddress::new(&proxy.url).unwrap();
    let mut journal = PostgresJournal::open(&address, "autumn").unwrap();
    let leases = lease(&mut journal, 2);
    let kept = claim(&mut journal, &leases, 1);
    // The server does it, and its answer is lost.
    proxy.swallow_next_answer();
    let wants: Vec<Want> = leases.iter().map(|lease| Want::new(lease, 2)).collect();
    assert!(journal.claim(&wants, now()).is_err());
    let mut other = database.open();
    assert_eq!(states(&mut other), [2, 6, 0, 0, 0, 0, 0]);
    let later = lease(&mut journal, 2);
    assert_eq!(states(&mut other), [6, 2, 0, 0, 0, 0, 0]);
    assert!(later[0].epoch > leases[0].epoch);
    // So is a settlement: made twice, it is made once.
    proxy.swallow_next_answer();
    let back: Vec<Settlement> = kept
        .iter()
        .map(|it| Settlement::new(it, Outcome::Back))
        .collect();
    assert!(journal.settle(&back, now()).is_err());
    journal.settle(&back, now()).unwrap();
    assert_eq!(states(&mut other), [8, 0, 0, 0, 0, 0, 0]);
    let leases = lease(&mut journal, 2);
    let again = claim(&mut journal, &leases, 9);
    assert_eq!(again.len(), 8);
    assert!(again.iter().all(|claim| claim.attempt == 1));
    journal.settle(&back, now()).unwrap();
    assert_eq!(states(&mut other), [0, 8, 0, 0, 0, 0, 0]);
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn a_connection_that_breaks_is_made_anew() {
    let database = Database::new();
    let mut journal = database.campaign(2);
    let leases = lease(&mut journal, 2);
    let claims = claim(&mut journal, &leases, 1);
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity \
                where application_name = 'callcta' and datname = current_database()";
    database.sql(kill);
    assert_eq!(states(&mut journal), [2, 2, 0, 0, 0, 0, 0]);
    database.sql(kill);
    let settlement = [Settlement::new(&claims[0], sent("m"))];
    while journal.settle(&settlement, now()).is_err() {}
    assert_eq!(states(&mut journal), [2, 1, 1, 0, 0, 0, 0]);
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn people_and_echoes_decide() {
    let database = Database::new();
    let mut journal = database.campaign(3);
    let leases = lease(&mut journal, 2);
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
        Outcome::Unknown(Reason::new("network")),
    );
    let row = &claims[0];
    let echoes = [
        Echo::new(row.id, Some("99".to_owned()), "m_9"),
        Echo::new(row.id, Some(row.row.psid.clone()), "m_1"),
        Echo::new(row.id, None, "m_1"),
        Echo::new(999, None, "m_1"),
    ];
    let told = journal.echo(&echoes, now()).unwrap();
    let unknown = Echoed::Settled(State::Unknown);
    assert_eq!(
        told,
        [Echoed::Stranger, unknown, Echoed::Known, Echoed::Stranger]
    );
    let mut rejected = Filter::state(State::Rejected);
    rejected.kinds = vec!["service".to_owned()];
    assert_eq!(journal.requeue(&rejected, "me", now()).unwrap(), 0);
    rejected.kinds.push("outside_window".to_owned());
    rejected.page_id = Some("8".to_owned());
    assert_eq!(journal.requeue(&rejected, "me", now()).unwrap(), 0);
    rejected.page_id = Some("7".to_owned());
    assert_eq!(journal.requeue(&rejected, "me", now()).unwrap(), 1);
    assert_eq!(
        journal
            .assume_sent(&Filter::default(), "me", now())
            .unwrap(),
        1
    );
    assert_eq!(states(&mut journal), [3, 1, 1, 0, 0, 0, 1]);
    let decisions = journal.decisions().unwrap();
    let told: Vec<(&str, u64)> = decisions
        .iter()
        .map(|it| (it.what.as_str(), it.rows))
        .collect();
    assert_eq!(told.len(), 2);
    assert!(
        told[0].0.starts_with("retry --state rejected") && told[0].1 == 1,
        "{told:?}"
    );

    journal
        .change_message("{\"text\": \"Hi\"}", "h2", "me", now())
        .unwrap();
    assert_eq!(journal.messages().unwrap(), 2);
    let later = claim(&mut journal, &leases[..1], 1);
    assert_eq!((claims[0].message, later[0].message), (1, 2));
    assert_eq!(journal.message(2).unwrap(), "{\"text\": \"Hi\"}");

    journal.command(Command::Pace(5.0)).unwrap();
    journal.command(Command::Pause).unwrap();
    let orders = database.open().orders().unwrap();
    assert_eq!((orders.pause, orders.pace), (true, Some(5.0)));
    journal
        .keep_pause("7", Some("authentication: it is over"))
        .unwrap();
    let pauses = database.open().pauses().unwrap();
    let why = "authentication: it is over".to_owned();
    assert_eq!(pauses, BTreeMap::from([("7".to_owned(), why)]));
    // A pause stays until somebody ends it; a pace goes with the run that it was said to, and
    // why a Page was paused with whoever paused it.
    journal.release().unwrap();
    lease(&mut journal, 2);
    assert_eq!(journal.pauses().unwrap(), BTreeMap::new());
    let orders = journal.orders().unwrap();
    assert_eq!((orders.pause, orders.pace), (true, None));
    journal.command(Command::Resume).unwrap();
    assert!(!journal.orders().unwrap().pause);
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn echoes_of_what_was_sent_before_a_move_settle_it() {
    let database = Database::new();
    let exported = "psid,key,page,name,callcta_state,callcta_kind,callcta_sent_as\n\
        170,a,7,Ada,unknown,network,callcta:00ff:5\n171,b,7,Bob,sent,,callcta:00ff:6\n\
        172,c,7,Cyd,queued,,\n";
    assert_eq!(database.load(exported, MESSAGE).unwrap(), 3);
    let mut journal = database.open();
    assert_eq!(states(&mut journal), [1, 0, 1, 0, 1, 0, 0]);
    let echo = |key: &str, psid: &str| Echo::elsewhere(key, Some(psid.to_owned()), "m_1");
    let echoes = [
        echo("callcta:00ff:7", "172"),
        echo("callcta:00ff:5", "171"),
        echo("callcta:00ff:5", "170"),
        echo("callcta:00ff:6", "171"),
    ];
    let told = journal.echo(&echoes, now()).unwrap();
    let settled = Echoed::Settled(State::Unknown);
    let stranger = Echoed::Stranger;
    assert_eq!(told, [stranger, stranger, settled, Echoed::Known]);
    assert_eq!(states(&mut journal), [1, 0, 2, 0, 0, 0, 0]);
    // Moved on, its key is still that of its message; of one that is sent here it is a new one.
    let leases = lease(&mut journal, 1);
    let claims = claim(&mut journal, &leases, 1);
    settle(&mut journal, &claims[0], sent("m_2"));
    let mut keys = Vec::new();
    let mut each = |recipient: callcta_campaign::Recipient| {
        keys.push(recipient.sent_as);
        Ok(true)
    };
    journal.list(&Filter::default(), &mut each).unwrap();
    let keys: Vec<Option<&str>> = keys.iter().map(Option::as_deref).collect();
    assert_eq!(keys, [Some("callcta:00ff:5"), Some("callcta:00ff:6"), None]);
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn tables_are_made_once_and_newer_ones_refused() {
    let database = Database::new();
    let (before, after) = migrate(&database.address()).unwrap();
    assert_eq!((before, after), (after, after));
    let error = PostgresJournal::open(&database.address(), "autumn")
        .err()
        .unwrap();
    assert!(error.to_string().contains("no campaign"), "{error}");
    database.sql("insert into callcta.layout (version) values (999)");
    let error = migrate(&database.address()).unwrap_err();
    assert!(error.to_string().contains("update callcta"), "{error}");
    let error = database.load(&rows(1), MESSAGE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal);
    database.sql("drop schema callcta cascade");
    let error = database.load(&rows(1), MESSAGE).unwrap_err();
    assert!(error.to_string().contains("migrate"), "{error}");
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn older_tables_keep_their_rows_and_are_not_changed_below_who_runs() {
    let database = Database::new();
    database.sql("drop schema callcta cascade");
    database.sql(include_str!("../../src/journal/postgres/layout/1.sql"));
    // Three rows in each state, of two Pages; a thing of the past was the last to be claimed.
    let facts = "{\"id\":\"1\",\"planned_at\":0,\"input\":\"\",\"input_hash\":\"\",\"message_hash\":\"\",\
                 \"message\":\"{}\",\"columns\":[],\"page\":null,\"rows\":42,\"skipped\":6}";
    database.sql(&format!(
        "insert into callcta.layout (version) values (1); \
         insert into callcta.campaign (name, facts) values ('autumn', '{facts}'); \
         insert into callcta.message values (1, 1, '{{}}', '', now()); \
         insert into callcta.page (page_id) values ('7'), ('8'); \
         insert into callcta.recipient (campaign, page, line, state, key, psid, cells, kind, \
         claimed_at, epoch) select 1, 1 + n % 2, n, n % 7, n, n, '{{}}', \
         case when n % 7 > 2 then 'network' else '' end, \
         case when n % 7 > 0 then now() end, case when n % 7 > 0 then 0 end \
         from generate_series(1, 42) n; \
         insert into callcta.share (campaign, page, rows) values (1, 1, 21), (1, 2, 21); \
         insert into callcta.worker (name, campaign, host, pid, expires_at) \
         values ('w', 1, 'h', 1, now() + interval '1 hour')"
    ));
    let error = migrate(&database.address()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse, "{error}");
    database.sql("update callcta.worker set expires_at = now() - interval '2 days'");
    let (before, after) = migrate(&database.address()).unwrap();
    assert_eq!(before, 1);
    assert!(after > before);
    let mut journal = database.open();
    assert_eq!(states(&mut journal), [6; 7]);
    // What was in flight is lost, and what is queued can be sent.
    let leases = lease(&mut journal, 2);
    assert_eq!(states(&mut journal), [6, 0, 6, 6, 12, 6, 6]);
    assert_eq!(claim(&mut journal, &leases, 9).len(), 6);
    assert_eq!(states(&mut journal), [0, 6, 6, 6, 12, 6, 6]);
    // Whoever is gone for long is not remembered.
    let workers = database.sql("select name from callcta.worker where name = 'w'");
    assert_eq!(workers.len(), 0);
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn what_is_put_back_is_claimed_although_later_rows_were_claimed_before() {
    let database = Database::new();
    let mut journal = database.campaign(4);
    let leases = lease(&mut journal, 2);
    let first = claim(&mut journal, &leases[..1], 2);
    let unknown = Outcome::Unknown(Reason::new("network"));
    settle(&mut journal, &first[0], unknown);
    assert_eq!(claim(&mut journal, &leases[..1], 1).len(), 1);
    // By somebody else, who can't tell this one.
    let mut other = database.open();
    let unknown = Filter::state(State::Unknown);
    assert_eq!(other.requeue(&unknown, "me", now()).unwrap(), 1);
    let rest = claim(&mut journal, &leases[..1], 9);
    let keys: Vec<&str> = rest.iter().map(|claim| claim.row.key.as_str()).collect();
    assert_eq!(keys, ["k7-3", "k7-0"]);
    assert!(journal.lease().unwrap()[0].idle);
}
