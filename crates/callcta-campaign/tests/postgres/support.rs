//! What the tests have in common.

use std::env;
use std::io::Cursor;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use callcta_campaign::{
    Claim, Filter, Format, Journal, Lease, Loader as _, Outcome, PlanSettings, Planned,
    PostgresAddress, PostgresJournal, PostgresLoader, Result, Settlement, Template, Want, migrate,
    plan, read,
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::NoTls;

pub const MESSAGE: &str = r#"{"text": "Dear {{ name | default('friend') }}"}"#;

/// The server that `just test-postgres` starts, as its superuser.
pub fn server() -> String {
    env::var("CALLCTA_TEST_POSTGRES").expect("just test-postgres starts a server and says where")
}

/// A database of its own, which is gone with the test.
pub struct Database {
    pub url: String,
    name: String,
    runtime: Runtime,
}

impl Database {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let server = server();
        let base = server.rsplit_once('/').expect("it names a database").0;
        let url = format!("{base}/{name}");
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let database = Database { url, name, runtime };
        database.at(&server, &format!("create database {}", database.name));
        migrate(&database.address()).unwrap();
        database
    }

    fn at(&self, url: &str, sql: &str) -> Vec<Vec<Option<String>>> {
        self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
            drop(tokio::spawn(connection));
            let lines = client.simple_query(sql).await.unwrap();
            let lines = lines.into_iter().filter_map(|line| match line {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|at| row.get(at).map(str::to_owned))
                        .collect(),
                ),
                _ => None,
            });
            lines.collect()
        })
    }

    /// Runs statements as the superuser.
    pub fn sql(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.at(&self.url, sql)
    }

    pub fn address(&self) -> PostgresAddress {
        PostgresAddress::new(&self.url).unwrap()
    }

    /// The address for another role.
    pub fn address_of(&self, role: &str) -> PostgresAddress {
        PostgresAddress::new(&self.url.replace("postgres@", &format!("{role}@"))).unwrap()
    }

    pub fn open(&self) -> PostgresJournal {
        PostgresJournal::open(&self.address(), "autumn").unwrap()
    }

    /// A campaign with so many rows on each of the Pages 7 and 8.
    pub fn campaign(&self, each: usize) -> PostgresJournal {
        assert_eq!(self.load(&rows(each), MESSAGE).unwrap(), 2 * each as u64);
        self.open()
    }

    pub fn load(&self, rows: &str, message: &str) -> Result<u64> {
        load(&self.address(), rows, message)
    }
}

pub fn load(address: &PostgresAddress, rows: &str, message: &str) -> Result<u64> {
    let (loader, planned) = planned(address, rows, message)?;
    assert!(planned.ok, "{:?}", planned.findings);
    loader.commit(&planned.facts)
}

pub fn planned(
    address: &PostgresAddress,
    rows: &str,
    message: &str,
) -> Result<(Box<PostgresLoader>, Planned)> {
    let stream = Cursor::new(rows.as_bytes().to_vec());
    let mut source = read(Box::new(stream), Format::Auto)?;
    let template = Template::new(message)?;
    let mut loader = Box::new(PostgresLoader::new(address, "autumn")?);
    let mut settings = PlanSettings::default();
    settings.page = Some("7".to_owned());
    let planned = plan(
        &mut *source,
        &template,
        &settings,
        &mut *loader,
        &mut |_| true,
    )?;
    Ok((loader, planned))
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        self.at(&server(), &drop);
    }
}

pub fn rows(each: usize) -> String {
    let mut rows = "psid,key,page,name\n".to_owned();
    for number in 0..each {
        for page in ["7", "8"] {
            rows += &format!("1{page}{number},k{page}-{number},{page},Ada {number}\n");
        }
    }
    rows
}

pub fn claim(journal: &mut PostgresJournal, leases: &[Lease], count: usize) -> Vec<Claim> {
    let wants: Vec<Want> = leases.iter().map(|lease| Want::new(lease, count)).collect();
    journal.claim(&wants, SystemTime::now()).unwrap()
}

pub fn settle(journal: &mut PostgresJournal, claim: &Claim, outcome: Outcome) {
    let settlement = Settlement::new(claim, outcome);
    journal.settle(&[settlement], SystemTime::now()).unwrap();
}

pub fn sent(id: &str) -> Outcome {
    Outcome::Sent {
        message_id: id.to_owned(),
    }
}

/// How many rows are in each state; checks that the counts are those of the rows.
pub fn states(journal: &mut PostgresJournal) -> [u64; 7] {
    let (mut listed, mut counted) = ([0; 7], [0; 7]);
    let each = &mut |recipient: callcta_campaign::Recipient| {
        listed[recipient.state as usize] += 1;
        Ok(true)
    };
    journal.list(&Filter::default(), each).unwrap();
    for count in journal.counts().unwrap() {
        counted[count.state as usize] += count.rows;
    }
    assert_eq!(listed, counted);
    counted
}

/// Leases until so many Pages are held, or it takes too long.
pub fn lease(journal: &mut PostgresJournal, pages: usize) -> Vec<Lease> {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let leases = journal.lease().unwrap();
        if leases.len() == pages || Instant::now() > end {
            assert_eq!(leases.len(), pages, "{leases:?}");
            return leases;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
