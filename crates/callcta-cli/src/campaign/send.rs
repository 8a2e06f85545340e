//! `callcta campaign run` and `resume`.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::thread;

use callcta::{Client, RetryPolicy};
use callcta_campaign::{
    Control, Ended, Error, ErrorKind, How, Journal as _, Loader as _, Result, RunSettings,
    SqliteJournal, State, Template, run as send,
};

use super::progress::Drawing;
use super::{number, open, plan, quoted, rows, stand};
use crate::args::campaign::{JournalArgs, ResumeCommand, RunCommand, SendingArgs};
use crate::exit::Exit;
use crate::output::{BAD, WARN, after_writing, say, styled};
use crate::settings::{Settings, read_secret};
use crate::signals;

/// As a shell says it of a program that was interrupted.
const INTERRUPTED: i32 = 130;

pub fn run(args: &RunCommand) -> Result<Exit> {
    let path = &args.journal.journal;
    if path.exists() {
        let mut journal = open(&args.journal)?;
        check_same(args, &mut journal)?;
        return go_on(&mut journal, &args.journal, &args.sending, &args.settings);
    }
    let (planned, loader) = plan::read(&args.plan, args.settings.page_id(), path)?;
    plan::tell(&planned);
    if !planned.ok {
        let ready = number(planned.ready);
        let what = styled(BAD, "nothing was sent:");
        say(format_args!(
            "{what} of {}, {ready} can be sent",
            rows(planned.facts.rows)
        ));
        return Ok(Exit::Failed);
    }
    loader.commit(&planned.facts)?;
    let mut journal = open(&args.journal)?;
    go_on(&mut journal, &args.journal, &args.sending, &args.settings)
}

pub fn resume(args: &ResumeCommand) -> Result<Exit> {
    let mut journal = open(&args.journal)?;
    go_on(&mut journal, &args.journal, &args.sending, &args.settings)
}

/// A plan is frozen: another input or message is another campaign.
fn check_same(args: &RunCommand, journal: &mut SqliteJournal) -> Result<()> {
    let message = plan::template(&args.plan.message)?;
    let input = plan::input_hash(&args.plan)?;
    let last = journal.messages()?;
    let last = Template::new(journal.message(last)?)?;
    let facts = journal.facts();
    let pairs = [
        ("the recipients", input.as_str(), facts.input_hash.as_str()),
        ("the message", message.hash(), last.hash()),
    ];
    for (what, now, planned) in pairs {
        if now != planned {
            let text = format!(
                "{what} changed since the plan was made (planned {planned}, now {now}); take \
                 another journal for another campaign, or resume this one; callcta campaign \
                 change changes a message"
            );
            return Err(Error::new(ErrorKind::Changed, text));
        }
    }
    Ok(())
}

fn go_on(
    journal: &mut SqliteJournal,
    args: &JournalArgs,
    sending: &SendingArgs,
    settings: &Settings,
) -> Result<Exit> {
    let mut states = [0; 7];
    for count in journal.counts()? {
        states[count.state as usize] += count.rows;
    }
    say(announcement(states));
    let clients = clients(journal, sending, settings)?;
    let mut run = RunSettings::default();
    run.pace = sending.pace.0;
    run.workers = sending.workers;
    run.suppression.clone_from(&sending.suppress);

    let control = Control::new();
    let signals = signals::stop(false)
        .map_err(|error| Error::invalid(format!("can't wait for Ctrl-C: {error}")))?;
    drain_when_asked(signals, control.clone(), &args.journal);
    let drawing = Drawing::start(sending.progress, control.clone());
    let client = |page_id: &str| match clients.get(page_id) {
        Some(client) => Ok(client.clone()),
        None => Err(callcta::Error::invalid_argument(
            "there is no client for this Page",
        )),
    };
    let ended = send(journal, &client, &run, &control);
    drawing.end();
    let ended = ended?;
    let exit = exit_of(&ended);
    let stand = stand::Stand::of(journal, &args.journal, true)?;
    let written = if sending.json {
        stand.json(Some(&ended), &mut io::stdout())
    } else {
        stand.words(Some(&ended), &mut anstream::stdout())
    };
    Ok(after_writing(written, exit))
}

/// What will be done, before it is.
fn announcement(states: [u64; 7]) -> String {
    let of = |state: State| states[state as usize];
    // What the last run left in flight is unknown as soon as this one begins.
    let unknown = of(State::Unknown) + of(State::InFlight);
    let mut parts = vec![format!("{} will be sent", rows(of(State::Queued)))];
    if unknown > 0 {
        parts.push(format!("{} unknown, left alone", number(unknown)));
    }
    let attention = of(State::Rejected) + of(State::Skipped);
    if attention > 0 {
        parts.push(format!("{} rejected or skipped", number(attention)));
    }
    parts.join("; ")
}

fn exit_of(ended: &Ended) -> Exit {
    let has = |state| ended.snapshot.of(state) > 0;
    match ended.how {
        How::JournalFailed { .. } => Exit::Journal,
        How::Finished if has(State::Unknown) => Exit::Unknown,
        How::Finished if has(State::Rejected) || has(State::Skipped) => Exit::Rejected,
        How::Finished => Exit::Done,
        _ => Exit::NotSent,
    }
}

/// A client for each Page that has something to send; all of them before anything is sent.
fn clients(
    journal: &mut SqliteJournal,
    sending: &SendingArgs,
    settings: &Settings,
) -> Result<HashMap<String, Client>> {
    let unusable = |error: callcta::Error| Error::invalid(error.to_string());
    let mut clients: HashMap<String, Client> = HashMap::new();
    for count in journal.counts()? {
        let page_id = count.page_id;
        if count.state != State::Queued || clients.contains_key(&page_id) {
            continue;
        }
        let token = match &sending.tokens {
            Some(folder) => Some(read_secret(&folder.join(&page_id)).map_err(unusable)?),
            None if settings.page_id().is_some_and(|own| own != page_id) => {
                let text = format!(
                    "there is no access token for the Page {page_id}; give a folder with one per \
                     Page (--tokens)"
                );
                return Err(Error::invalid(text));
            }
            None => None,
        };
        // What may be tried again waits in the journal, and not in a thread.
        let beside = clients.values().next();
        let client = settings
            .client_of(&page_id, token, RetryPolicy::none(), beside)
            .map_err(unusable)?;
        clients.insert(page_id, client);
    }
    Ok(clients)
}

/// The first Ctrl-C, or request to end, lets what is under way come to its end; the second
/// doesn't.
fn drain_when_asked(signals: Receiver<()>, control: Control, journal: &Path) {
    let journal = quoted(journal);
    thread::spawn(move || {
        if signals.recv().is_err() {
            return;
        }
        control.drain();
        let in_flight = control.snapshot().of(State::InFlight);
        say(format_args!(
            "\n{} nothing more is started, {} under way are waited for; again to quit at once\n  \
             to go on later: callcta campaign resume --journal {journal}",
            styled(WARN, "stopping:"),
            number(in_flight),
        ));
        if signals.recv().is_ok() {
            let in_flight = control.snapshot().of(State::InFlight);
            say(format_args!(
                "{} {} under way will be unknown",
                styled(BAD, "quit:"),
                number(in_flight)
            ));
            std::process::exit(INTERRUPTED);
        }
    });
}
