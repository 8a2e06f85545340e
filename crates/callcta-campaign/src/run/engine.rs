//! The loop of a run. It alone touches the journal.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use callcta::{Client, Outboxes, Request};

use super::follower::{Follower, Gate, Told};
use super::hours::Door;
use super::page::Page;
use super::settings::RunSettings;
use super::snapshot::{Control, Hold, Meter, Snapshot};
use super::suppression::Suppression;
use super::verdict::{self, Effect};
use crate::echo::send_key;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Claim, Journal, Lease, Outcome, Reason, Settlement, State, Want};
use crate::template::Template;

/// How often there is something to do at least.
const TICK: Duration = Duration::from_millis(20);

/// How often it is looked whether somebody said something, and which Pages there are.
const ASK: Duration = Duration::from_millis(200);

/// How often rows are counted anew, since others may settle some, and at most which part of
/// the time that may take.
const COUNT: Duration = Duration::from_secs(1);
const COUNT_SHARE: u32 = 50;

/// How long claims of a journal that others use too are apart: each is a transaction, and
/// what is claimed together costs less. Well below what may be claimed [ahead](super::page::AHEAD).
const APART: Duration = Duration::from_millis(50);

/// How often it is asked, in the end, whether others may leave something to do.
const REMAINS: Duration = Duration::from_millis(250);

/// How often a journal that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// How many outcomes are worth being written at once.
const TOGETHER: usize = 256;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// Nothing is queued any more.
    Finished,
    /// Somebody asked for it.
    Drained,
    /// Rows are queued, but every Page that has some is paused.
    Held,
    /// The journal can't be written; so many outcomes are known only to this process, and
    /// their rows will be unknown.
    JournalFailed {
        /// How many.
        unwritten: usize,
        /// Why.
        why: String,
    },
}

impl How {
    /// `finished`, `drained`, `held` or `journal_failed`.
    pub fn as_str(&self) -> &'static str {
        match self {
            How::Finished => "finished",
            How::Drained => "drained",
            How::Held => "held",
            How::JournalFailed { .. } => "journal_failed",
        }
    }
}

/// How a run ended, and how the campaign stands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ended {
    /// How.
    pub how: How,
    /// How far it came.
    pub snapshot: Snapshot,
}

impl Ended {
    /// The error that it is that the journal failed.
    pub fn failure(&self) -> Option<Error> {
        let How::JournalFailed { unwritten, why } = &self.how else {
            return None;
        };
        let text =
            format!("{why}; {unwritten} outcomes could not be written, their rows will be unknown");
        Some(Error::journal(text))
    }
}

/// Runs a campaign until nothing is left to do, somebody drains or pauses it, or every Page
/// is held up.
///
/// `clients` makes the client of a Page. It should try once only, with
/// [`RetryPolicy::none`](callcta::RetryPolicy::none): what may be tried again waits in the
/// journal, not in a thread. A Page whose client can't be made is paused.
///
/// # Errors
///
/// Of the kinds `Journal` and `Input` (the suppression list) if it can't begin, and `Input`
/// if the suppression list is lost meanwhile, since nobody may be written to without it.
pub fn run(
    journal: &mut dyn Journal,
    clients: &dyn Fn(&str) -> callcta::Result<Client>,
    settings: &RunSettings,
    control: &Control,
) -> Result<Ended> {
    let suppression = settings
        .suppression
        .clone()
        .map(Suppression::new)
        .transpose()?;
    let hours = settings.hours();
    hours.check(SystemTime::now())?;
    let now = Instant::now();
    let (sender, outcomes) = channel();
    journal.set_lease_time(settings.lease_time);
    // Said for all who run it, also those that come later.
    if journal.is_shared() && journal.orders()?.pause {
        control.drain();
    }
    let leases = journal.lease()?;
    let mut engine = Engine {
        journal,
        clients,
        settings: settings.clone(),
        control,
        gate: Arc::new(Gate::new(hours, suppression)),
        started: false,
        outboxes: Outboxes::builder()
            .workers(settings.workers_for(leases.len()))
            .build(),
        templates: HashMap::new(),
        pages: BTreeMap::new(),
        unmade: BTreeMap::new(),
        sender,
        outcomes,
        lanes: HashMap::new(),
        unsettled: Vec::new(),
        failed: None,
        pauses: BTreeMap::new(),
        snapshot: Snapshot::default(),
        meter: Meter::new(now),
        asked: now,
        remained: now,
        counted: (now, Duration::ZERO),
        claimed: None,
    };
    engine.hold(leases, now);
    engine.count()?;
    let how = engine.go();
    engine.outboxes.close();
    engine.publish(Instant::now());
    let snapshot = engine.snapshot;
    if let Some(error) = engine.gate.lost() {
        return Err(error);
    }
    let released = journal.release();
    let how = match released {
        Err(error) if how == How::Finished => return Err(error),
        _ => how,
    };
    Ok(Ended { how, snapshot })
}

struct Engine<'a> {
    journal: &'a mut dyn Journal,
    clients: &'a dyn Fn(&str) -> callcta::Result<Client>,
    settings: RunSettings,
    control: &'a Control,
    gate: Arc<Gate>,
    /// Whether it has been so late that the run could start.
    started: bool,
    outboxes: Outboxes,
    templates: HashMap<i64, Template>,
    pages: BTreeMap<i64, Page>,
    /// Pages without a client, and why.
    unmade: BTreeMap<String, String>,
    sender: Sender<Told>,
    outcomes: Receiver<Told>,
    /// Claims that wait for an earlier one of the same person: if that one comes back, so
    /// must they, or they would overtake it.
    lanes: HashMap<(i64, String), VecDeque<Claim>>,
    /// Outcomes that aren't in the journal yet.
    unsettled: Vec<Settlement>,
    /// Since when the journal can't be written, why, and when it was tried last.
    failed: Option<(Instant, Error, Instant)>,
    /// What the journal says of why Pages are paused.
    pauses: BTreeMap<String, String>,
    snapshot: Snapshot,
    meter: Meter,
    asked: Instant,
    /// When it was asked last whether others have anything left.
    remained: Instant,
    /// When all rows were counted last, and how long that took.
    counted: (Instant, Duration),
    /// When it was claimed last.
    claimed: Option<Instant>,
}

impl Engine<'_> {
    fn go(&mut self) -> How {
        let (mut drained, mut broken_off) = (false, false);
        loop {
            let now = Instant::now();
            let due = self.is_due(now);
            if due {
                self.settle(now);
            }
            if let Some((since, error, _)) = &self.failed
                && self.outstanding() == 0
                && (now.saturating_duration_since(*since) >= self.settings.journal_patience)
            {
                return How::JournalFailed {
                    unwritten: self.unsettled.len(),
                    why: error.to_string(),
                };
            }
            if now.saturating_duration_since(self.asked) >= ASK {
                self.asked = now;
                self.ask(now);
            }
            if !drained && (self.control.is_draining() || self.gate.lost().is_some()) {
                drained = true;
                self.snapshot.draining = true;
                self.journal.take_no_more();
                self.outboxes.cancel();
            }
            if !broken_off && self.control.is_broken_off() {
                broken_off = true;
                for page in self.pages.values() {
                    page.outbox.client().close();
                }
            }
            if due && !drained && self.failed.is_none() {
                self.look_at_the_clock();
                self.claim(now);
            }
            self.publish(now);
            self.keep_pauses(now);
            if self.outstanding() == 0 && self.unsettled.is_empty() && self.outcomes_are_in() {
                if drained {
                    return How::Drained;
                }
                // Of a Page that is shut it isn't known whether it has any.
                let none = self.snapshot.of(State::Queued) == 0;
                let done = |page: &Page| page.is_done() || none && page.shut.is_some();
                if self.pages.values().all(done) && !self.remains(now) {
                    if let Err(error) = self.count() {
                        self.fail(error, now);
                        continue;
                    }
                    let held = self.snapshot.of(State::Queued) > 0;
                    return if held { How::Held } else { How::Finished };
                }
            }
            self.wait();
        }
    }

    /// Whether it is time to write and to claim.
    fn is_due(&mut self, now: Instant) -> bool {
        let apart = self.claimed.is_none_or(|last| now >= last + APART);
        if self.journal.is_shared() && !apart {
            return false;
        }
        self.claimed = Some(now);
        true
    }

    fn outstanding(&self) -> usize {
        self.pages.values().map(|page| page.outstanding).sum()
    }

    /// Takes what is there without waiting; whether that was nothing.
    fn outcomes_are_in(&mut self) -> bool {
        match self.outcomes.try_recv() {
            Ok(told) => {
                self.hear(told);
                false
            }
            Err(_) => true,
        }
    }

    /// Waits for outcomes, but no longer than until there is something else to do.
    fn wait(&mut self) {
        let until = Instant::now() + TICK;
        // So many that those who send will soon have nothing to do.
        let enough = TOGETHER.max(self.outstanding() / 2);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.outcomes.recv_timeout(left) {
                Ok(told) => {
                    self.hear(told);
                    if self.unsettled.len() >= enough {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn hear(&mut self, told: Told) {
        let now = Instant::now();
        let claim = told.claim;
        let (outcome, effect) = match told.skipped {
            Some(why) => (Outcome::Skipped(Reason::new(why)), Effect::None),
            None => verdict::of(&told.result),
        };
        let error = told.result.err();
        let settings = &self.settings;
        if let Some(page) = self.pages.get_mut(&claim.page) {
            page.outstanding -= 1;
            page.done += 1;
            page.unstarted += u64::from(!told.started);
            if outcome == Outcome::Back {
                page.came_back();
            }
            match effect {
                Effect::Pause => {
                    let why = error.map(|error| format!("{}: {error}", error.kind()));
                    page.pause(why.unwrap_or_default());
                }
                Effect::Freeze(wait) => page.freeze(wait, now),
                Effect::Doubt => {
                    if let Some(why) = page.judge(true, settings) {
                        page.pause(why);
                    }
                }
                Effect::None if told.started && outcome != Outcome::Back => {
                    page.judge(false, settings);
                }
                Effect::None => {}
            }
        }
        let back = outcome == Outcome::Back;
        self.unsettled.push(Settlement::new(&claim, outcome));
        self.next(&(claim.page, claim.row.psid), back);
    }

    /// Writes outcomes down; if that fails they are kept, and nothing more is claimed.
    fn settle(&mut self, now: Instant) {
        if let Some((_, _, tried)) = &self.failed
            && now.saturating_duration_since(*tried) < TRY_AGAIN
        {
            return;
        }
        if self.unsettled.is_empty() && self.failed.is_none() {
            return;
        }
        match self.journal.settle(&self.unsettled, SystemTime::now()) {
            Ok(()) => {
                self.failed = None;
                self.snapshot.journal = None;
                for settlement in mem::take(&mut self.unsettled) {
                    let to = settlement.outcome.state();
                    self.moved(State::InFlight, to, 1);
                    if to != State::Queued {
                        self.snapshot.settled += 1;
                    }
                }
            }
            Err(error) => self.fail(error, now),
        }
    }

    /// Whether other workers may leave something to this one. Asked at intervals.
    fn remains(&mut self, now: Instant) -> bool {
        if !self.journal.is_shared() {
            return false;
        }
        if self.failed.is_some() || now.saturating_duration_since(self.remained) < REMAINS {
            return true;
        }
        self.remained = now;
        self.journal.remains().unwrap_or_else(|error| {
            self.fail(error, now);
            true
        })
    }

    fn fail(&mut self, error: Error, now: Instant) {
        self.snapshot.journal = Some(error.to_string());
        let since = self.failed.as_ref().map_or(now, |(since, ..)| *since);
        self.failed = Some((since, error, now));
    }

    fn moved(&mut self, from: State, to: State, rows: u64) {
        let from = &mut self.snapshot.states[from as usize];
        *from = from.saturating_sub(rows);
        self.snapshot.states[to as usize] += rows;
    }

    /// What others did is known to the journal alone.
    fn count(&mut self) -> Result<()> {
        let began = Instant::now();
        let mut states = [0; 7];
        for count in self.journal.counts()? {
            states[count.state as usize] += count.rows;
        }
        // Rows may have been added.
        self.snapshot.rows = states.iter().sum();
        self.snapshot.states = states;
        let now = Instant::now();
        self.counted = (now, now.saturating_duration_since(began));
        Ok(())
    }

    /// What others want, and which Pages there are.
    fn ask(&mut self, now: Instant) {
        if self.failed.is_some() {
            return;
        }
        let orders = match self.journal.orders() {
            Ok(orders) => orders,
            Err(error) => return self.fail(error, now),
        };
        if orders.pause {
            self.control.drain();
        }
        if let Some(pace) = orders.pace {
            self.change_pace(Some(pace).filter(|pace| pace.is_finite()));
        }
        let (counted, took) = self.counted;
        if now.saturating_duration_since(counted) >= COUNT.max(took * COUNT_SHARE)
            && let Err(error) = self.count()
        {
            return self.fail(error, now);
        }
        match self.journal.lease() {
            Ok(leases) => self.hold(leases, now),
            Err(error) => self.fail(error, now),
        }
    }

    /// Writes down why Pages are paused, where that has changed.
    fn keep_pauses(&mut self, now: Instant) {
        if self.failed.is_some() {
            return;
        }
        let paused = self
            .snapshot
            .held
            .iter()
            .filter_map(|(page_id, hold)| match hold {
                Hold::Paused(why) => Some((page_id.clone(), why.clone())),
                _ => None,
            });
        let paused: BTreeMap<String, String> = paused.collect();
        if paused == self.pauses {
            return;
        }
        for page_id in self.pauses.keys().chain(paused.keys()) {
            let why = paused.get(page_id);
            if why != self.pauses.get(page_id)
                && let Err(error) = self.journal.keep_pause(page_id, why.map(String::as_str))
            {
                return self.fail(error, now);
            }
        }
        self.pauses = paused;
    }

    fn change_pace(&mut self, pace: Option<f64>) {
        if pace == self.settings.pace {
            return;
        }
        let set = |page: &Page| page.outbox.set_pace(pace);
        // Whoever said it may have said what is no pace.
        if self.pages.values().try_for_each(set).is_ok() {
            self.settings.pace = pace;
        }
    }

    fn hold(&mut self, leases: Vec<Lease>, now: Instant) {
        let kept: HashSet<i64> = leases.iter().map(|lease| lease.page).collect();
        for page in self.pages.values_mut() {
            if !kept.contains(&page.lease.page) {
                page.let_go();
            }
        }
        for lease in leases {
            if let Some(page) = self.pages.get_mut(&lease.page) {
                page.hold(lease, now);
                continue;
            }
            if self.unmade.contains_key(&lease.page_id) {
                continue;
            }
            match (self.clients)(&lease.page_id) {
                Ok(client) => {
                    let outbox = self.outboxes.outbox(client);
                    outbox.set_brief_callbacks(true);
                    match outbox.set_pace(self.settings.pace) {
                        Ok(()) => {
                            self.pages.insert(lease.page, Page::new(lease, outbox, now));
                        }
                        Err(error) => {
                            self.unmade.insert(lease.page_id, error.to_string());
                        }
                    }
                }
                Err(error) => {
                    let why = format!("{}: {error}", error.kind());
                    self.unmade.insert(lease.page_id, why);
                }
            }
        }
    }

    /// Shuts and opens Pages by the time of day.
    fn look_at_the_clock(&mut self) {
        let (mut started, mut late) = (self.started, None);
        for page in self.pages.values_mut() {
            let door = self.gate.door(&page.lease.page_id);
            if !started && !matches!(door, Door::StartsAt(_)) {
                // It may have slept over it.
                late = self.settings.hours().check(SystemTime::now()).err();
                started = true;
            }
            page.look(door);
        }
        self.started = started;
        if let Some(late) = late {
            for page in self.pages.values_mut() {
                page.pause(format!("{}: {late}", late.kind()));
            }
        }
    }

    fn claim(&mut self, now: Instant) {
        let settings = &self.settings;
        let mut wants: Vec<Want> = Vec::new();
        for page in self.pages.values_mut() {
            page.thaw(now);
            let count = page.wanted(settings, now);
            if count > 0 {
                wants.push(Want::new(&page.lease, count));
            }
        }
        if wants.is_empty() {
            return;
        }
        let claims = match self.journal.claim(&wants, SystemTime::now()) {
            Ok(claims) => claims,
            Err(error) => return self.fail(error, now),
        };
        self.moved(State::Queued, State::InFlight, claims.len() as u64);
        let mut counts: HashMap<i64, usize> = HashMap::new();
        for claim in &claims {
            *counts.entry(claim.page).or_default() += 1;
        }
        for want in wants {
            let got = counts.get(&want.page).copied().unwrap_or_default();
            if let Some(page) = self.pages.get_mut(&want.page) {
                page.outstanding += got;
                page.claimed += got as u64;
                page.exhausted = got < want.count;
            }
        }
        for claim in claims {
            let lane = (claim.page, claim.row.psid.clone());
            match self.lanes.entry(lane.clone()) {
                Entry::Occupied(mut earlier) => earlier.get_mut().push_back(claim),
                Entry::Vacant(free) => {
                    free.insert(VecDeque::from([claim]));
                    self.next(&lane, false);
                }
            }
        }
    }

    /// Starts what comes next in a lane; `back` if the one before came back.
    fn next(&mut self, lane: &(i64, String), mut back: bool) {
        while let Some(claim) = self.lanes.get_mut(lane).and_then(VecDeque::pop_front) {
            let started = if back {
                Err(Outcome::Back)
            } else {
                self.start(&claim)
            };
            let Err(outcome) = started else {
                return;
            };
            back |= outcome == Outcome::Back;
            self.drop_claim(&claim, outcome);
        }
        self.lanes.remove(lane);
    }

    /// Hands a claim to its outbox, or says what becomes of it instead.
    fn start(&mut self, claim: &Claim) -> Result<(), Outcome> {
        let now = Instant::now();
        let request = self.prepare(claim)?;
        let page = self.pages.get_mut(&claim.page);
        let page = page.filter(|page| page.is_open(now) && !self.snapshot.draining);
        let page = page.ok_or(Outcome::Back)?;
        let follower = Follower {
            claim: claim.clone(),
            gate: Arc::clone(&self.gate),
            deadline: Arc::clone(&page.deadline),
            starts: Arc::clone(&page.starts),
            sender: self.sender.clone(),
            started: false,
            skipped: None,
        };
        page.outbox
            .submit_with(request, follower)
            .map_err(|error| {
                // Whatever it is, nothing was sent.
                page.pause(format!("{}: {error}", error.kind()));
                Outcome::Back
            })?;
        Ok(())
    }

    /// Settles a claim of which nothing was started.
    fn drop_claim(&mut self, claim: &Claim, outcome: Outcome) {
        if let Some(page) = self.pages.get_mut(&claim.page) {
            page.outstanding -= 1;
            page.unstarted += 1;
            if outcome == Outcome::Back {
                page.came_back();
            }
        }
        self.unsettled.push(Settlement::new(claim, outcome));
    }

    /// The request of a claim.
    fn prepare(&mut self, claim: &Claim) -> Result<Request, Outcome> {
        if self.gate.lost().is_some() {
            return Err(Outcome::Back);
        }
        let gate = Arc::clone(&self.gate);
        let id = self.journal.facts().id.clone();
        let template = match self.template(claim.message) {
            Ok(template) => template,
            Err(error) => {
                gate.lose(error);
                return Err(Outcome::Back);
            }
        };
        let mut request = match template.render(&claim.row) {
            Ok(request) => request,
            Err(problem) => return Err(Outcome::Skipped(Reason::new(problem.rule))),
        };
        if !template.has_metadata() {
            request.options = request.options.metadata(send_key(&id, claim.id));
        }
        if let Some(until) = claim.window_until {
            let until = Duration::from_millis(u64::try_from(until).unwrap_or_default());
            if let Some(deadline) = UNIX_EPOCH.checked_add(until) {
                request.options = request.options.deadline(deadline);
            }
        }
        Ok(request)
    }

    fn template(&mut self, number: i64) -> Result<&Template> {
        if !self.templates.contains_key(&number) {
            let json = self.journal.message(number)?;
            let unusable = |error: Error| Error::new(ErrorKind::Journal, error.to_string());
            let template = Template::new(json).map_err(unusable)?;
            self.templates.insert(number, template);
        }
        Ok(&self.templates[&number])
    }

    fn publish(&mut self, now: Instant) {
        let settings = &self.settings;
        let unmade = self.unmade.iter();
        let unmade = unmade.map(|(page_id, why)| (page_id.clone(), Hold::Paused(why.clone())));
        let mut held: Vec<(String, Hold)> = unmade.collect();
        let mut open = 0_u32;
        for page in self.pages.values() {
            let why = match (&page.paused, &page.shut, page.frozen) {
                (Some(text), ..) => Hold::Paused(text.clone()),
                (None, Some(shut), _) => shut.clone(),
                (None, None, Some(until)) if until > now => {
                    Hold::LimitedUntil(SystemTime::now() + until.saturating_duration_since(now))
                }
                _ => {
                    open += u32::from(!page.exhausted);
                    continue;
                }
            };
            held.push((page.lease.page_id.clone(), why));
        }
        let snapshot = &mut self.snapshot;
        snapshot.held = held;
        snapshot.pace = settings
            .pace
            .filter(|_| open > 0)
            .map(|pace| pace * f64::from(open));
        snapshot.rate = self.meter.rate(snapshot.settled, now);
        let rows = snapshot.of(State::Queued) + snapshot.of(State::InFlight);
        let (settled, rate) = (snapshot.settled, snapshot.rate);
        snapshot.left = self.meter.left(rows, settled, rate, snapshot.pace, now);
        self.control.publish(snapshot.clone());
    }
}
