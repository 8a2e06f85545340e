//! What a run does when its journal can't be written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use callcta_campaign::{
    Access, Claim, Command, Control, Count, Decision, Echo, Echoed, Error, ErrorKind, Facts,
    Filter, How, Journal, Lease, Orders, Recipient, Result, RunSettings, Settlement, SqliteJournal,
    State, Want, run,
};

use crate::support::{Folder, client, emulator, journal, states, stored};

/// A journal on a disk that may be full.
struct Full {
    inner: SqliteJournal,
    full: Arc<AtomicBool>,
}

impl Full {
    fn check(&self) -> Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Journal, "the disk is full"));
        }
        Ok(())
    }
}

impl Journal for Full {
    fn facts(&self) -> &Facts {
        self.inner.facts()
    }

    fn message(&mut self, number: i64) -> Result<String> {
        self.inner.message(number)
    }

    fn messages(&mut self) -> Result<i64> {
        self.inner.messages()
    }

    fn change_message(&mut self, json: &str, hash: &str, who: &str, now: SystemTime) -> Result<()> {
        self.inner.change_message(json, hash, who, now)
    }

    fn lease(&mut self) -> Result<Vec<Lease>> {
        self.inner.lease()
    }

    fn release(&mut self) -> Result<()> {
        self.check()?;
        self.inner.release()
    }

    fn claim(&mut self, wants: &[Want], now: SystemTime) -> Result<Vec<Claim>> {
        self.check()?;
        self.inner.claim(wants, now)
    }

    fn settle(&mut self, settlements: &[Settlement], now: SystemTime) -> Result<()> {
        self.check()?;
        self.inner.settle(settlements, now)
    }

    fn counts(&mut self) -> Result<Vec<Count>> {
        self.inner.counts()
    }

    fn keep_pause(&mut self, page_id: &str, why: Option<&str>) -> Result<()> {
        self.check()?;
        self.inner.keep_pause(page_id, why)
    }

    fn pauses(&mut self) -> Result<BTreeMap<String, String>> {
        self.inner.pauses()
    }

    fn count(&mut self, filter: &Filter) -> Result<u64> {
        self.inner.count(filter)
    }

    fn list(
        &mut self,
        filter: &Filter,
        each: &mut dyn FnMut(Recipient) -> Result<bool>,
    ) -> Result<()> {
        self.inner.list(filter, each)
    }

    fn requeue(&mut self, filter: &Filter, who: &str, now: SystemTime) -> Result<u64> {
        self.inner.requeue(filter, who, now)
    }

    fn assume_sent(&mut self, filter: &Filter, who: &str, now: SystemTime) -> Result<u64> {
        self.inner.assume_sent(filter, who, now)
    }

    fn echo(&mut self, echoes: &[Echo], now: SystemTime) -> Result<Vec<Echoed>> {
        self.inner.echo(echoes, now)
    }

    fn decisions(&mut self) -> Result<Vec<Decision>> {
        self.inner.decisions()
    }

    fn command(&mut self, command: Command) -> Result<()> {
        self.inner.command(command)
    }

    fn orders(&mut self) -> Result<Orders> {
        self.inner.orders()
    }
}

#[test]
fn a_full_disk_stops_claims_and_keeps_outcomes() {
    for comes_back in [true, false] {
        let folder = Folder::new();
        let emulator = emulator(2000);
        let full = Arc::new(AtomicBool::new(false));
        let mut broken = Full {
            inner: journal(&folder, 2000),
            full: Arc::clone(&full),
        };
        let mut settings = RunSettings::default();
        settings.pace = Some(200.0);
        settings.journal_patience = Duration::from_millis(if comes_back { 60_000 } else { 200 });
        let control = Control::new();
        let ended = thread::scope(|scope| {
            let (emulator, control) = (&emulator, &control);
            scope.spawn(move || {
                emulator
                    .wait_for_messages(30, Duration::from_secs(60))
                    .unwrap();
                full.store(true, Ordering::SeqCst);
                if comes_back {
                    // It has been noticed, and told.
                    while control.snapshot().journal.is_none() {
                        thread::yield_now();
                    }
                    full.store(false, Ordering::SeqCst);
                    control.drain();
                }
            });
            let clients = |page_id: &str| client(emulator, page_id);
            run(&mut broken, &clients, &settings, control).unwrap()
        });
        let sent = emulator.messages().len() as u64;
        assert!(stored(&emulator).values().all(|times| *times == 1));
        if comes_back {
            assert_eq!(ended.how, How::Drained);
            let [queued, in_flight, settled, ..] = states(&mut broken.inner);
            assert_eq!((settled, in_flight, queued), (sent, 0, 4000 - sent));
            continue;
        }
        let How::JournalFailed { unwritten, why } = ended.how else {
            panic!("{:?}", ended.how);
        };
        assert_eq!(why, "the disk is full");
        assert!(unwritten > 0 && sent < 4000, "{unwritten} {sent}");
        // What couldn't be written is unknown, and never sent again by itself.
        drop(broken);
        let mut again = SqliteJournal::open(folder.path("journal"), Access::Change).unwrap();
        again.lease().unwrap();
        let unknown = again.count(&Filter::state(State::Unknown)).unwrap();
        let settled = again.count(&Filter::state(State::Sent)).unwrap();
        assert_eq!(unknown, unwritten as u64);
        assert!(settled + unknown >= sent, "{settled} {unknown} {sent}");
    }
}
