//! A Page that goes from one worker to another.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use callcta::Client;
use callcta::transport::{HttpRequest, HttpResponse, Transport, TransportError};
use callcta_campaign::{Control, RunSettings, run};

use crate::support::Database;

/// A message that arrived: which worker sent it, for which Page, and when.
#[derive(Clone, Debug)]
struct Arrival(usize, String, Instant);

#[derive(Debug)]
struct Platform(usize, String, Sender<Arrival>);

impl Transport for Platform {
    fn exchange(&self, _: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        let _ = self.2.send(Arrival(self.0, self.1.clone(), Instant::now()));
        Ok(HttpResponse::new(200, r#"{"message_id":"m"}"#))
    }
}

#[test]
#[ignore = "needs PostgreSQL: just test-postgres"]
fn whoever_takes_a_page_over_keeps_its_pace_with_the_one_before() {
    let database = Database::new();
    drop(database.campaign(100));
    let mut settings = RunSettings::default();
    settings.pace = Some(0.5);
    let controls = [Control::default(), Control::default()];
    let (told, arrivals) = channel();
    let work = |worker: usize| {
        let told = told.clone();
        let client = move |page: &str| {
            let transport = Platform(worker, page.to_owned(), told.clone());
            Client::builder(page, "t")
                .transport(Arc::new(transport))
                .build()
        };
        let mut journal = database.open();
        run(&mut journal, &client, &settings, &controls[worker]).unwrap();
    };
    let mut all = Vec::new();
    let mut until = |there: &dyn Fn(&[Arrival]) -> bool| {
        while !there(&all) {
            let patience = Duration::from_secs(60);
            all.push(arrivals.recv_timeout(patience).expect("more arrive"));
        }
        all.clone()
    };
    thread::scope(|scope| {
        scope.spawn(|| work(0));
        until(&|all| all.len() > 1);
        scope.spawn(|| work(1));
        until(&|all| all.iter().filter(|it| it.0 == 1).count() > 0);
        controls.iter().for_each(Control::drain);
    });
    let all = until(&|_| true);
    let page = &all.iter().find(|it| it.0 == 1).expect("it has a Page").1;
    let times: Vec<Instant> = all
        .iter()
        .filter(|it| it.1 == *page)
        .map(|it| it.2)
        .collect();
    for two in times.windows(2) {
        let gap = two[1].duration_since(two[0]);
        assert!(gap >= Duration::from_secs(2), "{gap:?}");
    }
}
