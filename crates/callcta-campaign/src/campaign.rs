//! A campaign by its journal: what the program and the bindings have in common.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use callcta::{Client, ClientBuilder, RetryPolicy};

use crate::change::check_message;
use crate::decide::{Retrial, Settled, assume_sent, settle, who};
use crate::error::{Error, ErrorKind, Result};
use crate::findings::{Finding, Weight};
use crate::input::{Row, Source};
use crate::journal::{Access, Command, Facts, Filter, Journal, SqliteLoader, State};
use crate::location::Location;
use crate::plan::{PlanSettings, Planned, plan, without_rows};
use crate::run::{Control, Ended, RunSettings, run};
use crate::standing::Standing;
use crate::template::Template;

/// A campaign by its journal. Nothing is kept open between the calls, so it may be used from
/// several threads and from the child of a fork.
#[derive(Clone, Debug)]
pub struct Campaign {
    location: Location,
    access: Access,
}

impl Campaign {
    /// The campaign of a journal, which needn't be there yet.
    pub fn new(location: Location) -> Self {
        Campaign {
            location,
            access: Access::Change,
        }
    }

    /// Whether somebody knows that the journal was moved, and that no other copy was used
    /// since.
    #[must_use]
    pub fn journal_moved(mut self, yes: bool) -> Self {
        self.access = if yes {
            Access::ChangeMoved
        } else {
            Access::Change
        };
        self
    }

    /// Where the journal is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Reads and checks everything. A plan that is [ok](Planned::ok) counts from then on,
    /// unless it is to be checked only.
    ///
    /// # Errors
    ///
    /// As [`plan`], and of the kind `Journal` if there is a journal already.
    pub fn plan(
        &self,
        source: &mut dyn Source,
        template: &Template,
        settings: &PlanSettings,
        check_only: bool,
        tell: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Planned> {
        let mut loader = if check_only {
            Box::new(SqliteLoader::to_check()?)
        } else {
            self.location.loader()?
        };
        let mut planned = plan(source, template, settings, &mut *loader, tell)?;
        if planned.ok && !check_only {
            let added = loader.commit(&planned.facts)?;
            let before = planned.facts.rows.saturating_sub(added);
            if before > 0 {
                let note = format!("{before} rows were there already, and stay as they are");
                planned.notes.push(note);
            }
        }
        Ok(planned)
    }

    /// Makes a campaign without rows, unless it is there already: so whoever loads them in
    /// parts, on several machines, knows before that the message and the columns fit.
    ///
    /// # Errors
    ///
    /// Of the kinds `Input` and `Template` if a column is missing, `Changed` if the campaign
    /// has another message, `InvalidArgument` if the journal is a file, and `Journal`.
    pub fn create(
        &self,
        template: &Template,
        settings: &PlanSettings,
        columns: &[Arc<str>],
    ) -> Result<()> {
        if !self.location.is_shared() {
            let text = "a journal in a file is planned at once; rows can be added in PostgreSQL";
            return Err(Error::invalid(text));
        }
        let facts = without_rows(template, settings, columns)?;
        self.location.loader()?.commit(&facts)?;
        Ok(())
    }

    /// Reads a source, and checks that it and the message are what was planned: a plan is
    /// frozen, so others are another campaign.
    ///
    /// # Errors
    ///
    /// Of the kind [`Changed`](ErrorKind::Changed) if they aren't, and those of the source
    /// and the journal.
    pub fn check_same(&self, source: &mut dyn Source, template: &Template) -> Result<Facts> {
        let mut journal = self.look()?;
        let last = journal.messages()?;
        let last = Template::new(journal.message(last)?)?;
        let facts = journal.facts().clone();
        let mut row = Row::default();
        while source.next(&mut row)?.is_some() {
            row.clear();
        }
        let input = source.hash();
        let pairs = [
            ("the recipients", input.as_str(), facts.input_hash.as_str()),
            ("the message", template.hash(), last.hash()),
        ];
        for (what, now, planned) in pairs {
            if now != planned {
                let text = format!(
                    "{what} changed since the plan was made (planned {planned}, now {now}); take \
                     another journal for another campaign, or resume this one"
                );
                return Err(Error::new(ErrorKind::Changed, text));
            }
        }
        Ok(facts)
    }

    /// Opens the journal to look.
    ///
    /// # Errors
    ///
    /// As [`Location::open`].
    pub fn look(&self) -> Result<Box<dyn Journal>> {
        self.location.open(Access::Look)
    }

    /// Opens the journal to change it.
    ///
    /// # Errors
    ///
    /// As [`Location::open`].
    pub fn open(&self) -> Result<Box<dyn Journal>> {
        self.location.open(self.access)
    }

    /// Opens the journal for what may be done while another process runs the campaign.
    ///
    /// # Errors
    ///
    /// As [`Location::open`].
    pub fn beside(&self) -> Result<Box<dyn Journal>> {
        match self.open() {
            Err(error) if error.kind() == ErrorKind::InUse => self.look(),
            opened => opened,
        }
    }

    /// How the campaign stands.
    ///
    /// # Errors
    ///
    /// As [`Location::open`].
    pub fn standing(&self) -> Result<Standing> {
        Standing::of(&mut *self.look()?, self.location.is_held())
    }

    /// The Pages that have something to send, and how much.
    ///
    /// # Errors
    ///
    /// As [`Location::open`].
    pub fn pages(&self) -> Result<BTreeMap<String, u64>> {
        pages(&mut *self.look()?)
    }

    /// Sends what is queued, with a client for each Page.
    ///
    /// # Errors
    ///
    /// As [`Location::open`], [`clients`] and [`run`].
    pub fn run(
        &self,
        page: &mut dyn FnMut(&str) -> Result<ClientBuilder>,
        settings: &RunSettings,
        control: &Control,
    ) -> Result<(Ended, Standing)> {
        let mut journal = self.open()?;
        run_pages(&mut *journal, page, settings, control)
    }

    /// Lets it be run again after a pause. A journal in a file needs no such word: whoever
    /// runs it says so.
    ///
    /// # Errors
    ///
    /// As [`Location::open`].
    pub fn resume(&self) -> Result<()> {
        self.look()?.command(Command::Resume)
    }

    /// Asks those who run it to stop, and returns how many messages are under way; `None` if
    /// nobody does, except that a journal that is shared is paused for those too who would
    /// run it. They have stopped when [`Location::is_held`] says no.
    ///
    /// # Errors
    ///
    /// As [`Location::open`].
    pub fn pause(&self) -> Result<Option<u64>> {
        let mut journal = self.look()?;
        if !self.location.is_shared() && !self.location.is_held() {
            return Ok(None);
        }
        journal.command(Command::Pause)?;
        journal.count(&Filter::state(State::InFlight)).map(Some)
    }

    /// Puts rows back into the queue, and returns how many.
    ///
    /// # Errors
    ///
    /// As [`Retrial::of`], and of the kind `InvalidArgument` if some may have arrived and
    /// that risk isn't taken.
    pub fn retry(&self, filter: Filter, risk_duplicates: bool) -> Result<u64> {
        let mut journal = self.open()?;
        let retrial = Retrial::of(&mut *journal, filter)?;
        if retrial.doubtful > 0 && !risk_duplicates {
            let text = format!(
                "nothing was changed: {} of these rows may have arrived, so that people can get \
                 the message twice; that risk must be accepted",
                retrial.doubtful
            );
            return Err(Error::invalid(text));
        }
        retrial.put_back(&mut *journal)
    }

    /// Changes the message of all that is sent from now on, while it runs or not, unless it
    /// isn't in order for some rows: returns what is wrong, the heaviest first.
    ///
    /// # Errors
    ///
    /// As [`check_message`] and [`Location::open`].
    pub fn change_message(&self, template: &Template) -> Result<Vec<Finding>> {
        let mut journal = self.beside()?;
        let findings = check_message(&mut *journal, template)?;
        let last = journal.messages()?;
        let same = Template::new(journal.message(last)?)?.hash() == template.hash();
        if !same && findings.iter().all(|it| it.weight == Weight::Warning) {
            let (json, hash) = (template.json(), template.hash());
            journal.change_message(json, hash, &who(), SystemTime::now())?;
        }
        Ok(findings)
    }

    /// Changes the pace of those who run it, until their run ends; `None` for no bounds.
    ///
    /// # Errors
    ///
    /// Of the kind `InvalidArgument` if nobody runs it, or if it is no pace; as
    /// [`Location::open`].
    pub fn change_pace(&self, pace: Option<f64>) -> Result<()> {
        pace.map_or(Ok(()), RunSettings::check_pace)?;
        let mut journal = self.look()?;
        if !self.location.is_held() {
            return Err(Error::invalid("nothing runs with this journal"));
        }
        journal.command(Command::Pace(pace.unwrap_or(f64::INFINITY)))
    }

    /// Settles rows by the echoes among these lines.
    ///
    /// # Errors
    ///
    /// As [`settle`].
    pub fn settle(&self, lines: &mut dyn Iterator<Item = Result<String>>) -> Result<Settled> {
        settle(&mut *self.beside()?, lines)
    }

    /// Takes unknown rows for sent, those of these kinds or all, and returns how many.
    ///
    /// # Errors
    ///
    /// As [`assume_sent`].
    pub fn assume_sent(&self, kinds: &[String]) -> Result<u64> {
        assume_sent(&mut *self.beside()?, kinds)
    }
}

fn pages(journal: &mut dyn Journal) -> Result<BTreeMap<String, u64>> {
    let counts = journal.counts()?.into_iter();
    let queued = counts.filter(|count| count.state == State::Queued);
    Ok(queued.map(|count| (count.page_id, count.rows)).collect())
}

/// A client for each Page that has something to send; all of them before anything is sent.
/// `page` says all about a Page but how often it is tried: what may be tried again waits in
/// the journal, and not in a thread. They share their connections.
///
/// # Errors
///
/// Those of `page`, of the kind [`InvalidArgument`](ErrorKind::InvalidArgument) if a client
/// can't be made, and [`Journal`](ErrorKind::Journal).
pub fn clients(
    journal: &mut dyn Journal,
    page: &mut dyn FnMut(&str) -> Result<ClientBuilder>,
) -> Result<BTreeMap<String, Client>> {
    let mut clients: BTreeMap<String, Client> = BTreeMap::new();
    for (page_id, _) in pages(journal)? {
        let mut builder = page(&page_id)?.retry(RetryPolicy::none());
        if let Some(other) = clients.values().next() {
            builder = builder.share_connections(other);
        }
        let client = builder
            .build()
            .map_err(|error| Error::invalid(error.to_string()))?;
        clients.insert(page_id, client);
    }
    Ok(clients)
}

/// Runs a campaign, with a client for each Page as [`clients`] makes them: all before
/// anything is sent, or, of a journal that others use too, when the Page is leased. There a
/// Page whose client can't be made is paused. Tells how the campaign stands then.
///
/// # Errors
///
/// As [`clients`] and [`run`].
pub fn run_pages(
    journal: &mut dyn Journal,
    page: &mut dyn FnMut(&str) -> Result<ClientBuilder>,
    settings: &RunSettings,
    control: &Control,
) -> Result<(Ended, Standing)> {
    if !journal.is_shared() {
        let clients = clients(journal, page)?;
        return run_with(journal, &clients, settings, control);
    }
    let page = RefCell::new(page);
    let first: RefCell<Option<Client>> = RefCell::new(None);
    let client = |page_id: &str| {
        let builder = (page.borrow_mut())(page_id);
        let builder = builder.map_err(|error| callcta::Error::invalid_argument(error.to_string()));
        let mut builder = builder?.retry(RetryPolicy::none());
        let mut first = first.borrow_mut();
        if let Some(first) = &*first {
            builder = builder.share_connections(first);
        }
        let client = builder.build()?;
        first.get_or_insert_with(|| client.clone());
        Ok(client)
    };
    let ended = run(journal, &client, settings, control)?;
    let held = !journal.workers()?.is_empty();
    let standing = Standing::of(journal, held)?;
    Ok((ended, standing))
}

/// There is no access token for a Page.
pub fn no_token(page_id: &str) -> Error {
    Error::invalid(format!("there is no access token for the Page {page_id}"))
}

/// Runs a campaign with these clients, and tells how it stands then.
///
/// # Errors
///
/// As [`run`].
pub fn run_with(
    journal: &mut dyn Journal,
    clients: &BTreeMap<String, Client>,
    settings: &RunSettings,
    control: &Control,
) -> Result<(Ended, Standing)> {
    let client = |page_id: &str| match clients.get(page_id) {
        Some(client) => Ok(client.clone()),
        None => Err(callcta::Error::invalid_argument(
            "there is no client for this Page",
        )),
    };
    let ended = run(journal, &client, settings, control)?;
    let standing = Standing::of(journal, false)?;
    Ok((ended, standing))
}
