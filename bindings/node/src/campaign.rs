//! Campaigns. What is asked and told goes as JSON, under the core's names.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use callcta::Error;
use callcta_campaign::{Campaign, Control, ErrorKind, Location, Questions, Ready};
use napi::bindgen_prelude::Object;
use napi::{Env, JsDeferred};
use napi_derive::napi;
use serde_json::Value;

use crate::boundary::guard;
use crate::read::{Read as Checked, Refused, parse};
use crate::waiting::{Failed, waiting};

/// The kinds of a campaign's errors.
#[napi]
pub fn campaign_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// A campaign by its journal.
#[napi(object)]
pub struct Place {
    pub journal: String,
    /// The campaign's name, if it was given apart from the journal.
    pub campaign: Option<String>,
    pub moved: bool,
}

fn at(place: &Place) -> Result<Campaign, Failed> {
    let location = Location::of_campaign(&place.journal, place.campaign.as_deref())?;
    Ok(Campaign::new(location).journal_moved(place.moved))
}

/// Whether machines may share the journal.
#[napi]
pub fn is_shared(env: Env, place: Place) -> napi::Result<bool> {
    guard(env, || {
        Ok(at(&place).map_err(refused)?.location().is_shared())
    })
}

fn refused(failed: Failed) -> Refused {
    match failed {
        Failed::Core(error) => Refused::Core(error),
        // It has no other errors before it begins.
        Failed::Campaign(error) => Refused::Core(Error::invalid_argument(error.to_string())),
    }
}

/// Does something by the name that it has in the core.
#[napi(ts_return_type = "Promise<string | NativeError | NativeCampaignError>")]
pub fn campaign(
    env: &Env,
    place: Place,
    name: String,
    arguments: String,
) -> napi::Result<Object<'_>> {
    let given = guard(*env, || parse(&arguments))?;
    waiting(env, move || {
        let told = at(&place)?.by_name(&name, given)?;
        Ok(told.to_string())
    })
}

/// Settles by the echoes in a file, or in these lines.
#[napi(ts_return_type = "Promise<string | NativeError | NativeCampaignError>")]
pub fn settle(
    env: &Env,
    place: Place,
    path: Option<String>,
    lines: Vec<String>,
) -> napi::Result<Object<'_>> {
    waiting(env, move || {
        let told = at(&place)?.settle_by_name(path.map(PathBuf::from), lines)?;
        Ok(told.to_string())
    })
}

type Wanted = Box<dyn FnOnce(Env) -> napi::Result<bool>>;

/// Where rows are handed over.
#[derive(Default)]
struct Rows {
    state: Mutex<Handed>,
    changed: Condvar,
}

#[derive(Default)]
struct Handed {
    lines: Option<(String, JsDeferred<bool, Wanted>)>,
    /// No more will come; whether that is their end.
    end: Option<bool>,
    /// No more are wanted.
    over: bool,
}

fn answer(deferred: JsDeferred<bool, Wanted>, wanted: bool) {
    deferred.resolve(Box::new(move |_| Ok(wanted)));
}

impl Rows {
    fn state(&self) -> MutexGuard<'_, Handed> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, whole: bool) {
        self.state().end.get_or_insert(whole);
        self.changed.notify_all();
    }
}

/// Reads what is handed over.
struct Reader {
    rows: Arc<Rows>,
    bytes: Vec<u8>,
    at: usize,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.bytes.len() {
            let state = self.rows.state();
            let waits = |state: &mut Handed| state.lines.is_none() && state.end.is_none();
            let waited = self.rows.changed.wait_while(state, waits);
            let mut state = waited.unwrap_or_else(PoisonError::into_inner);
            let taken = state.lines.take();
            let whole = state.end == Some(true);
            drop(state);
            let Some((lines, deferred)) = taken else {
                let given_up = || io::Error::other("they were given up");
                return if whole { Ok(0) } else { Err(given_up()) };
            };
            answer(deferred, true);
            (self.bytes, self.at) = (lines.into_bytes(), 0);
        }
        let count = (&self.bytes[self.at..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.rows.state();
        state.over = true;
        let left = state.lines.take();
        drop(state);
        if let Some((_, deferred)) = left {
            answer(deferred, false);
        }
    }
}

/// A plan whose rows come from JavaScript, some at a time.
#[napi]
pub struct NativePlan(Arc<Rows>);

#[napi]
impl NativePlan {
    #[napi(constructor)]
    #[allow(clippy::new_without_default)] // for JavaScript only
    pub fn new() -> Self {
        NativePlan(Arc::default())
    }

    /// Reads, fills in and checks; without a path what is pushed.
    #[napi(ts_return_type = "Promise<string | NativeError | NativeCampaignError>")]
    pub fn plan<'env>(
        &self,
        env: &'env Env,
        place: Place,
        arguments: String,
    ) -> napi::Result<Object<'env>> {
        let given = guard(*env, || parse(&arguments))?;
        let rows = Arc::clone(&self.0);
        waiting(env, move || {
            let from_here = given.get("path").is_none();
            let reader = Reader {
                rows,
                bytes: Vec::new(),
                at: 0,
            };
            let rows = from_here.then(|| Box::new(reader) as Box<dyn Read>);
            let told = at(&place)?.plan_by_name(given, rows, &mut |_| true)?;
            Ok(told.to_string())
        })
    }

    /// Hands over JSON lines; fulfils when more are wanted, with false if no more are.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn push<'env>(&self, env: &'env Env, lines: String) -> napi::Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred::<bool, Wanted>()?;
        let mut state = self.0.state();
        if state.over {
            drop(state);
            answer(deferred, false);
            return Ok(promise);
        }
        let before = state.lines.replace((lines, deferred));
        drop(state);
        self.0.changed.notify_all();
        // Nobody pushes before the last ones were taken.
        if let Some((_, deferred)) = before {
            answer(deferred, false);
        }
        Ok(promise)
    }

    /// No more rows come; what was planned of them counts if they are whole.
    #[napi]
    pub fn end(&self, whole: bool) {
        self.0.end(whole);
    }
}

impl Drop for NativePlan {
    fn drop(&mut self) {
        self.0.end(false);
    }
}

/// A run of a campaign.
#[napi]
pub struct NativeRun {
    control: Control,
    questions: Questions,
    ready: Mutex<Option<Ready>>,
}

#[napi]
impl NativeRun {
    #[napi(constructor)]
    pub fn new(env: Env, place: Place, arguments: String, tokens: String) -> napi::Result<Self> {
        guard(env, || {
            let campaign = at(&place).map_err(refused)?;
            let ready = campaign.run_by_name(parse(&arguments)?, texts(&tokens)?);
            let mut ready = ready.map_err(|error| refused(error.into()))?;
            let questions = Questions::default();
            if campaign.location().is_shared() {
                ready = ready.asking(questions.clone());
            }
            Ok(NativeRun {
                control: Control::new(),
                questions,
                ready: Mutex::new(Some(ready)),
            })
        })
    }

    /// The Page whose access token is asked for.
    #[napi]
    pub fn asked(&self) -> Option<String> {
        self.questions.page()
    }

    /// Answers that: its token, if it has one.
    #[napi]
    pub fn answer(&self, token: Option<String>) {
        self.questions.answer(token);
    }

    /// Runs to the end, and tells how the campaign stands then; to be called once.
    #[napi(ts_return_type = "Promise<string | NativeError | NativeCampaignError>")]
    pub fn run<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let (ready, control) = (mem::take(&mut *ready), self.control.clone());
        waiting(env, move || {
            let ready = ready.ok_or_else(|| Error::invalid_argument("it runs already"))?;
            Ok(ready.run(&control)?.to_string())
        })
    }

    /// How far it is, as JSON.
    #[napi]
    pub fn snapshot(&self, env: Env) -> napi::Result<String> {
        guard(env, || {
            let told = serde_json::to_string(&self.control.snapshot());
            told.map_err(|_| Refused::must("less deeply nested"))
        })
    }

    /// Starts nothing more.
    #[napi]
    pub fn drain(&self) {
        self.control.drain();
    }

    /// Doesn't even wait for what is being sent.
    #[napi]
    pub fn break_off(&self) {
        self.control.break_off();
    }
}

/// When JavaScript has let go of it, or its environment ends, nobody can hear of it any more.
impl Drop for NativeRun {
    fn drop(&mut self) {
        self.control.drain();
    }
}

fn texts(json: &str) -> Checked<BTreeMap<String, String>> {
    let Value::Object(object) = parse(json)? else {
        return Err(Refused::must("an object").within("tokens"));
    };
    let texts = object.into_iter().map(|(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        _ => Err(Refused::must("texts").within("tokens")),
    });
    texts.collect()
}
