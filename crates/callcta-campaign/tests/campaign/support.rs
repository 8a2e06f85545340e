//! What the tests have in common.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use callcta_campaign::{
    Access, Format, Journal, Loader, PlanSettings, Planned, Result, SqliteJournal, SqliteLoader,
    State, Template, plan, read,
};

/// A folder that is gone with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("callcta-campaign-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub const MESSAGE: &str = r#"{"attachment": {"type": "template", "payload": {
    "template_type": "button", "text": "Dear {{ name | default('friend') }}",
    "buttons": [{"type": "audio_call", "title": "Call Now"}]}}}"#;

pub fn settings() -> PlanSettings {
    let mut settings = PlanSettings::default();
    settings.page = Some("7".to_owned());
    settings
}

/// Plans rows into `path`; they are kept if the plan is ok.
pub fn plan_with(
    path: &Path,
    rows: &str,
    message: &str,
    settings: &PlanSettings,
) -> Result<Planned> {
    let mut source = read(
        Box::new(Cursor::new(rows.as_bytes().to_vec())),
        Format::Auto,
    )?;
    let template = Template::new(message)?;
    let mut loader = Box::new(SqliteLoader::new(path)?);
    let planned = plan(&mut *source, &template, settings, &mut *loader, &mut |_| {
        true
    })?;
    if planned.ok {
        loader.commit(&planned.facts)?;
    }
    Ok(planned)
}

/// A journal with so many rows on each of two Pages.
pub fn journal(folder: &Folder, each: usize) -> SqliteJournal {
    let mut rows = "psid,key,page,name\n".to_owned();
    for number in 0..each {
        for page in ["7", "8"] {
            rows += &format!("1{page}{number},k{page}-{number},{page},Ada {number}\n");
        }
    }
    let path = folder.path("journal");
    let planned = plan_with(&path, &rows, MESSAGE, &settings()).unwrap();
    assert!(planned.ok, "{:?}", planned.findings);
    SqliteJournal::open(path, Access::Change).unwrap()
}

/// How many rows are in each state, in the order of [`State::ALL`]; checks that the kept
/// counts are those of the rows.
pub fn states(journal: &mut SqliteJournal) -> [u64; 7] {
    let mut counted = [0; 7];
    let mut kept = [0; 7];
    let each = &mut |recipient: callcta_campaign::Recipient| {
        counted[recipient.state as usize] += 1;
        Ok(true)
    };
    journal
        .list(&callcta_campaign::Filter::default(), each)
        .unwrap();
    for count in journal.counts().unwrap() {
        kept[count.state as usize] += count.rows;
    }
    assert_eq!(counted, kept);
    assert_eq!(kept.iter().sum::<u64>(), journal.facts().rows);
    assert_eq!(State::ALL.len(), kept.len());
    kept
}

/// An emulator with so many people on each of the Pages 7 and 8, who have the PSIDs of
/// [`journal`]'s rows.
pub fn emulator(each: usize) -> callcta_emulator::Emulator {
    use callcta_emulator::{Page, Person, Token};
    let emulator = callcta_emulator::Emulator::builder()
        .keep_messages(100_000)
        .start()
        .unwrap();
    let now = emulator.now();
    emulator.with_state(|state| {
        for page_id in ["7", "8"] {
            let mut page = Page::default();
            page.tokens = vec![Token::new(format!("token-{page_id}"))];
            state.pages.insert(page_id.to_owned(), page);
            for number in 0..each {
                let mut person = Person::new("", page_id);
                person.last_action = Some(now);
                state.people.insert(format!("1{page_id}{number}"), person);
            }
        }
    });
    emulator
}

/// How often each row was stored, by its send key.
pub fn stored(emulator: &callcta_emulator::Emulator) -> std::collections::BTreeMap<String, u32> {
    let mut stored = std::collections::BTreeMap::new();
    for message in emulator.messages() {
        let key = message.body["metadata"].as_str();
        let key = key.or_else(|| message.body["message"]["metadata"].as_str());
        *stored
            .entry(key.unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    stored
}

pub fn client(
    emulator: &callcta_emulator::Emulator,
    page_id: &str,
) -> callcta::Result<callcta::Client> {
    callcta::Client::builder(page_id, format!("token-{page_id}"))
        .base_url(emulator.url())
        .retry(callcta::RetryPolicy::none())
        .build()
}
