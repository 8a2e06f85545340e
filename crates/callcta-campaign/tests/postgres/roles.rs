use callcta_campaign::{Filter, Journal as _, PostgresJournal, State, grants};
use std::time::SystemTime;

use crate::support::{Database, MESSAGE, claim, lease, load, rows, sent, settle, states};

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn each_role_may_do_what_it_is_for_and_no_more() {
    let database = Database::new();
    let role = |name: &str| format!("{name}_{}", std::process::id());
    let names = ["loader", "worker", "reader"].map(role);
    for name in &names {
        database.sql(&format!("create role {name} login"));
    }
    let [loader, worker, reader] = &names;
    database.sql(&grants(loader, worker, reader).unwrap());

    let addresses = [loader, worker, reader].map(|name| database.address_of(name));
    assert_eq!(load(&addresses[0], &rows(3), MESSAGE).unwrap(), 6);
    assert_eq!(load(&addresses[0], &rows(4), MESSAGE).unwrap(), 2);

    let mut journal = PostgresJournal::open(&addresses[1], "autumn").unwrap();
    let leases = lease(&mut journal, 2);
    let claims = claim(&mut journal, &leases, 2);
    settle(&mut journal, &claims[0], sent("m_1"));
    journal.command(callcta_campaign::Command::Pause).unwrap();
    let now = SystemTime::now();
    let unknown = Filter::state(State::Unknown);
    assert_eq!(journal.requeue(&unknown, "me", now).unwrap(), 0);
    journal
        .change_message("{\"text\": \"Hi\"}", "h", "me", now)
        .unwrap();
    journal.release().unwrap();

    let mut looking = PostgresJournal::open(&addresses[2], "autumn").unwrap();
    assert_eq!(states(&mut looking), [4, 3, 1, 0, 0, 0, 0]);
    assert!(looking.lease().is_err());
    assert!(looking.command(callcta_campaign::Command::Resume).is_err());
    assert!(load(&addresses[2], &rows(9), MESSAGE).is_err());
    assert!(
        load(&addresses[1], &rows(9), MESSAGE).is_err(),
        "workers don't load"
    );

    // Nobody deletes, and nobody rewrites who gets what.
    for (name, statement) in [
        (worker, "delete from callcta.recipient"),
        (worker, "update callcta.recipient set psid = '1'"),
        (worker, "truncate callcta.recipient"),
        (
            worker,
            "insert into callcta.recipient (campaign, page, line, state, key, psid, cells) values (1, 1, 1, 0, 'x', '1', '{}')",
        ),
        (loader, "delete from callcta.recipient"),
        (loader, "update callcta.recipient set state = 0"),
        (loader, "update callcta.page set owner = null"),
        (reader, "update callcta.recipient set state = 0"),
        (
            reader,
            "insert into callcta.decision (campaign, at, who, what, rows) values (1, now(), '', '', 0)",
        ),
        (reader, "select callcta.analyze()"),
    ] {
        let sql = format!(
            "do $$ begin set local role {name}; {}; raise exception 'allowed'; \
             exception when insufficient_privilege then null; end $$",
            statement.replacen("select", "perform", 1)
        );
        database.sql(&sql);
    }
    for name in &names {
        database.sql(&format!("drop owned by {name}; drop role {name}"));
    }
    assert!(grants("", worker, reader).is_err());
    let odd = grants("a\"b", worker, reader).unwrap();
    assert!(odd.contains("\"a\"\"b\""), "{odd}");
}
