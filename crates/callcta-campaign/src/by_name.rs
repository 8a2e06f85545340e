//! A campaign's verbs by name, for bindings to other languages. Arguments and answers are
//! objects; null is as good as nothing, but for a pace.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use callcta::{Client, ClientBuilder};
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::campaign::{Campaign, no_token};
use crate::error::{Error, ErrorKind, Result};
use crate::export::{ExportSettings, export, rows};
use crate::input::{Format, Source, open, read};
use crate::journal::{Facts, Filter, State};
use crate::plan::PlanSettings;
use crate::questions::Questions;
use crate::run::{Control, RunSettings};
use crate::template::Template;

/// How rows are called that come from the caller.
const OWN_ROWS: &str = "the program's own rows";

/// How many rows are told at once.
const CHUNK: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Which {
    #[serde(deserialize_with = "states")]
    states: Vec<State>,
    #[serde(deserialize_with = "or_default")]
    kinds: Vec<String>,
    page_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retry {
    which: Option<Which>,
    #[serde(default, deserialize_with = "or_default")]
    risk_duplicates: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    which: Option<Which>,
    #[serde(default, deserialize_with = "or_default")]
    after: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    which: Option<Which>,
    path: PathBuf,
    format: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    excel: bool,
}

#[cfg(feature = "report")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    path: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    pace: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    #[serde(default, deserialize_with = "or_default")]
    kinds: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "they are the caller's")]
struct Plan {
    message: String,
    /// A file; otherwise the rows come from the caller.
    path: Option<PathBuf>,
    format: Option<String>,
    page_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    skip_invalid: bool,
    #[serde(default, deserialize_with = "or_default")]
    allow_repeated: bool,
    #[serde(default, deserialize_with = "or_default")]
    ids_confirmed: bool,
    #[serde(default, deserialize_with = "or_default")]
    check_only: bool,
    #[serde(default, deserialize_with = "or_default")]
    exist_ok: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    /// Null for none, which is not the default.
    #[serde(default = "default_pace")]
    pace: Option<f64>,
    workers: Option<usize>,
    suppress: Option<PathBuf>,
    start_at: Option<String>,
    quiet_hours: Option<String>,
    /// Of all Pages, or of one behind its id and an equals sign.
    #[serde(default, deserialize_with = "or_default")]
    time_zones: Vec<String>,
    /// Seconds, as the next one.
    journal_patience: Option<f64>,
    lease_time: Option<f64>,
    /// The client's settings.
    #[serde(default)]
    client: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    message: String,
    columns: Vec<String>,
    page_id: Option<String>,
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn default_pace() -> Option<f64> {
    RunSettings::default().pace
}

fn states<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<State>, D::Error> {
    let names: Vec<String> = or_default(deserializer)?;
    let states = names.iter().map(|name| {
        State::from_name(name).ok_or_else(|| {
            let names: Vec<_> = State::ALL.iter().map(|state| state.as_str()).collect();
            D::Error::custom(format!("a state is none of: {}", names.join(", ")))
        })
    });
    states.collect()
}

/// Reads arguments in words that quote nothing of a text.
fn arguments<T: DeserializeOwned>(given: Value) -> Result<T> {
    serde_json::from_value(given).map_err(|error| {
        let told = error.to_string();
        let words = match told.split_once(": string ") {
            Some((before, _)) => format!("{before} of a text"),
            None => told,
        };
        Error::invalid(format!("the arguments can't be used: {words}"))
    })
}

fn filter(which: Option<Which>) -> Filter {
    let which = which.unwrap_or_default();
    Filter {
        states: which.states,
        kinds: which.kinds,
        page_id: which.page_id,
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    let text = format!("can't write {}: {error}", path.display());
    Error::new(ErrorKind::Output, text)
}

fn value(told: &impl Serialize) -> Value {
    serde_json::to_value(told).expect("what is told has only string keys")
}

impl Campaign {
    /// Does something by the name of its method: `exists`, `held`, `status`, `pages`, `pause`,
    /// `resume`, `create` (`message`, `columns`, `page_id`), `check_run` (what
    /// [`run_by_name`](Campaign::run_by_name) takes, without running), `count` (`states`,
    /// `kinds`, `page_id`), `retry` (`which`, as for `count`, and `risk_duplicates`),
    /// `change_message` (`message`), `change_pace` (`pace`, null for none),
    /// `assume_sent` (`kinds`), `rows` (`which`, `after`), `export`
    /// (`which`, `path`, `format`: `csv` or `jsonl`, `excel`), and with the feature `report`
    /// that (`path`).
    ///
    /// ```
    /// use callcta_campaign::{Campaign, Location};
    ///
    /// let campaign = Campaign::new(Location::new("autumn.journal")?);
    /// assert_eq!(campaign.by_name("exists", serde_json::json!({}))?, false);
    /// # Ok::<(), callcta_campaign::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the method, and of the kind
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for names and values that can't
    /// be used.
    pub fn by_name(&self, name: &str, given: Value) -> Result<Value> {
        match name {
            "exists" => {
                arguments::<Nothing>(given)?;
                Ok(self.location().exists().into())
            }
            "held" => {
                arguments::<Nothing>(given)?;
                Ok(self.location().is_held().into())
            }
            "status" => {
                arguments::<Nothing>(given)?;
                Ok(value(&self.standing()?.told(None)))
            }
            "pages" => {
                arguments::<Nothing>(given)?;
                Ok(value(&self.pages()?))
            }
            "pause" => {
                arguments::<Nothing>(given)?;
                Ok(value(&self.pause()?))
            }
            "resume" => {
                arguments::<Nothing>(given)?;
                self.resume()?;
                Ok(Value::Null)
            }
            "create" => {
                let given: Create = arguments(given)?;
                let settings = PlanSettings {
                    input: OWN_ROWS.to_owned(),
                    page: some_page(given.page_id),
                    ..PlanSettings::default()
                };
                let columns = given.columns.into_iter().map(Arc::from);
                let columns: Vec<_> = columns.collect();
                self.create(&Template::new(&given.message)?, &settings, &columns)?;
                Ok(Value::Null)
            }
            "check_run" => {
                self.run_by_name(given, BTreeMap::new())?;
                Ok(Value::Null)
            }
            "count" => Ok(self.look()?.count(&filter(arguments(given)?))?.into()),
            "retry" => {
                let retry: Retry = arguments(given)?;
                let filter = filter(retry.which);
                Ok(self.retry(filter, retry.risk_duplicates)?.into())
            }
            "change_message" => {
                let Change { message } = arguments(given)?;
                let findings = self.change_message(&Template::new(message)?)?;
                Ok(value(&findings))
            }
            "change_pace" => {
                let Pace { pace } = arguments(given)?;
                self.change_pace(pace)?;
                Ok(Value::Null)
            }
            "assume_sent" => {
                let Kinds { kinds } = arguments(given)?;
                Ok(self.assume_sent(&kinds)?.into())
            }
            "rows" => {
                let Rows { which, after } = arguments(given)?;
                let chunk = rows(&mut *self.look()?, &filter(which), after, CHUNK)?;
                Ok(json!({"lines": chunk.lines, "last": chunk.last}))
            }
            "export" => Ok(self.export_to(arguments(given)?)?.into()),
            #[cfg(feature = "report")]
            "report" => {
                let Report { path } = arguments(given)?;
                let name = self.location().name();
                let held = self.location().is_held();
                let page = crate::report::report(&mut *self.look()?, &name, held)?;
                std::fs::write(&path, page).map_err(|error| unwritten(&path, &error))?;
                Ok(Value::Null)
            }
            _ => Err(Error::invalid("a campaign has no such verb")),
        }
    }

    fn export_to(&self, given: Export) -> Result<u64> {
        let mut settings = ExportSettings {
            excel: given.excel,
            ..ExportSettings::default()
        };
        settings.json_lines = match given.format.as_deref() {
            None | Some("csv") => false,
            Some("jsonl") => true,
            Some(_) => return Err(Error::invalid("the format must be csv or jsonl")),
        };
        let unwritten = |error| unwritten(&given.path, &error);
        let mut journal = self.look()?;
        let mut out = BufWriter::new(File::create(&given.path).map_err(unwritten)?);
        let rows = export(&mut *journal, &filter(given.which), settings, &mut out)?;
        out.flush().map_err(unwritten)?;
        Ok(rows)
    }

    /// Plans: `message` (JSON, as a text), a `path` with its `format` (`auto`, `csv`, `tsv` or
    /// `jsonl`) or else `rows`, which are JSON lines; `page_id`, `skip_invalid`,
    /// `allow_repeated`, `ids_confirmed`, `check_only`, and `exist_ok`: a campaign that is
    /// planned already is left alone if recipients and message are the same. A journal that
    /// machines share takes in what is new anyway.
    ///
    /// # Errors
    ///
    /// As [`Campaign::plan`] and [`Campaign::check_same`].
    pub fn plan_by_name(
        &self,
        given: Value,
        rows: Option<Box<dyn Read>>,
        tell: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Value> {
        let given: Plan = arguments(given)?;
        let template = Template::new(&given.message)?;
        let mut source = source(given.path.as_deref(), given.format.as_deref(), rows)?;
        let adds = self.location().is_shared();
        if given.exist_ok && !given.check_only && !adds && self.location().exists() {
            let facts = self.check_same(&mut *source, &template)?;
            return self.planned_before(&facts);
        }
        let input = given.path.as_deref().map(Path::to_string_lossy);
        let settings = PlanSettings {
            input: input.unwrap_or(OWN_ROWS.into()).into_owned(),
            page: some_page(given.page_id),
            skip_invalid: given.skip_invalid,
            allow_repeated: given.allow_repeated,
            ids_confirmed: given.ids_confirmed,
        };
        let check_only = given.check_only;
        let planned = self.plan(&mut *source, &template, &settings, check_only, tell)?;
        Ok(value(&planned))
    }

    /// What was planned, in the words of a plan.
    fn planned_before(&self, facts: &Facts) -> Result<Value> {
        let mut pages = BTreeMap::<String, u64>::new();
        for count in self.look()?.counts()? {
            if (count.state, count.kind.as_str()) != (State::Skipped, "invalid_message") {
                *pages.entry(count.page_id).or_default() += count.rows;
            }
        }
        Ok(json!({
            "ok": true, "rows": facts.rows, "ready": facts.rows - facts.skipped,
            "skipped": facts.skipped, "pages": pages, "input_hash": facts.input_hash,
            "message_hash": facts.message_hash, "findings": [], "notes": [],
        }))
    }

    /// Makes a run ready, with an access token for each Page: `pace` (null for none),
    /// `workers`, `suppress` (a file), `start_at`, `quiet_hours` and `time_zones` (as
    /// [`RunSettings::set_start`] and [`RunSettings::set_quiet`] take them),
    /// `journal_patience` and `lease_time` (seconds) and the `client`'s settings, as [`ClientBuilder::set`] takes them.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn run_by_name(&self, given: Value, tokens: BTreeMap<String, String>) -> Result<Ready> {
        let given: Run = arguments(given)?;
        let mut settings = RunSettings::default();
        given.pace.map_or(Ok(()), RunSettings::check_pace)?;
        settings.pace = given.pace;
        given.workers.map_or(Ok(()), RunSettings::check_workers)?;
        settings.workers = given.workers;
        settings.suppression = given.suppress;
        (given.start_at.as_deref()).map_or(Ok(()), |at| settings.set_start(at))?;
        let zones = given.time_zones.iter().map(String::as_str);
        settings.set_quiet(given.quiet_hours.as_deref(), zones)?;
        if let Some(patience) = given.journal_patience {
            settings.journal_patience = seconds(patience).ok_or_else(|| {
                Error::invalid("the journal patience must be a number of seconds")
            })?;
        }
        if let Some(time) = given.lease_time {
            settings.lease_time = seconds(time).unwrap_or_default();
            RunSettings::check_lease_time(settings.lease_time)?;
        }
        // What can't be used shall be told at once.
        let ready = Ready {
            campaign: self.clone(),
            settings,
            tokens,
            questions: None,
            client: given.client,
        };
        ready
            .builder("1", "token")?
            .build()
            .map_err(|error| unusable(&error))?;
        Ok(ready)
    }

    /// Settles by echoes: a file with bodies or events, one per line, or else those lines.
    /// Tells what they did, as [`Settled`](crate::Settled) says.
    ///
    /// # Errors
    ///
    /// As [`Campaign::settle`].
    pub fn settle_by_name(&self, path: Option<PathBuf>, lines: Vec<String>) -> Result<Value> {
        let Some(path) = path else {
            return Ok(value(&self.settle(&mut lines.into_iter().map(Ok))?));
        };
        let unreadable = |error: std::io::Error| {
            Error::invalid(format!("can't read {}: {error}", path.display()))
        };
        let file = BufReader::new(File::open(&path).map_err(unreadable)?);
        let mut lines = file.lines().map(|line| line.map_err(unreadable));
        Ok(value(&self.settle(&mut lines)?))
    }
}

fn source(
    path: Option<&Path>,
    format: Option<&str>,
    rows: Option<Box<dyn Read>>,
) -> Result<Box<dyn Source>> {
    match (path, rows) {
        (Some(path), _) => {
            let format = match format {
                None | Some("auto") => Format::Auto,
                Some("csv") => Format::Csv,
                Some("tsv") => Format::Tsv,
                Some("jsonl") => Format::JsonLines,
                Some(_) => {
                    return Err(Error::invalid("the format must be auto, csv, tsv or jsonl"));
                }
            };
            open(path, format)
        }
        (None, Some(_)) if format.is_some() => Err(Error::invalid("a format is for files only")),
        (None, Some(rows)) => read(rows, Format::JsonLines),
        (None, None) => Err(Error::invalid("the recipients must be given")),
    }
}

fn some_page(page_id: Option<String>) -> Option<String> {
    page_id.filter(|page_id| !page_id.is_empty())
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

fn unusable(error: &callcta::Error) -> Error {
    Error::invalid(error.to_string())
}

/// A run that can begin. It holds access tokens, which it shows nowhere.
pub struct Ready {
    campaign: Campaign,
    settings: RunSettings,
    tokens: BTreeMap<String, String>,
    questions: Option<Questions>,
    client: Map<String, Value>,
}

impl Ready {
    /// Asks for the token of a Page that isn't among them, once it is needed.
    #[must_use]
    pub fn asking(mut self, questions: Questions) -> Self {
        self.questions = Some(questions);
        self
    }

    /// Runs it to its end, and tells how the campaign stands then.
    ///
    /// # Errors
    ///
    /// As [`Campaign::run`]. That the journal failed meanwhile is told with the rest:
    /// `failure` has the words.
    pub fn run(&self, control: &Control) -> Result<Value> {
        let mut page = |page_id: &str| {
            let questions = self.questions.as_ref();
            let token = self.tokens.get(page_id).cloned();
            let token = token.or_else(|| questions?.ask(page_id, control));
            self.builder(page_id, &token.ok_or_else(|| no_token(page_id))?)
        };
        let (ended, standing) = self.campaign.run(&mut page, &self.settings, control)?;
        let mut told = value(&standing.told(Some(&ended)));
        if let Some(failure) = ended.failure() {
            told["failure"] = failure.to_string().into();
        }
        Ok(told)
    }

    fn builder(&self, page_id: &str, token: &str) -> Result<ClientBuilder> {
        let builder = Client::builder(page_id, token);
        let settings = self.client.iter();
        settings
            .into_iter()
            .try_fold(builder, |builder, (name, value)| {
                builder.set(name, value.clone())
            })
            .map_err(|error| unusable(&error))
    }
}
