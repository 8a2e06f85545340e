//! `callcta campaign run` and `resume`.

use std::env;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use callcta::ClientBuilder;
use callcta_campaign::{
    Control, Ended, Error, ErrorKind, How, Result, RunSettings, State, no_token, run_pages,
};

use super::progress::Drawing;
use super::stand::Stand;
use super::{campaign, journal_of, number, open, others, plan, rows, workers};
use crate::args::campaign::{JournalArgs, ResumeCommand, RunCommand, SendingArgs};
use crate::exit::Exit;
use crate::output::{BAD, WARN, after_writing, say, styled};
use crate::settings::{Settings, read_secret};
use crate::signals;

/// As a shell says it of a program that was interrupted.
const INTERRUPTED: i32 = 130;

pub fn run(args: &RunCommand) -> Result<Exit> {
    let run = run_settings(&args.sending)?;
    let campaign = campaign(&args.journal.place)?;
    let shared = campaign.location().is_shared();
    if shared && args.plan.recipients.is_none() && args.plan.message.is_none() {
        return go_on(&args.journal, &args.sending, &run, &args.settings, false);
    }
    if !shared && campaign.location().exists() {
        let template = plan::template(&args.plan)?;
        let same = campaign.check_same(&mut *plan::source(&args.plan)?, &template);
        same.map_err(|error| match error.kind() {
            ErrorKind::Changed => {
                let how = "callcta campaign change changes a message";
                Error::new(error.kind(), format!("{error}; {how}"))
            }
            _ => error,
        })?;
        return go_on(&args.journal, &args.sending, &run, &args.settings, false);
    }
    let planned = plan::make(&args.plan, args.settings.page_id(), &campaign, false)?;
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
    go_on(&args.journal, &args.sending, &run, &args.settings, false)
}

fn run_settings(sending: &SendingArgs) -> Result<RunSettings> {
    let mut run = RunSettings::default();
    run.pace = sending.pace.0;
    run.workers = sending.workers;
    run.suppression.clone_from(&sending.suppress);
    (sending.start_at.as_deref()).map_or(Ok(()), |at| run.set_start(at))?;
    run.set_quiet(
        sending.quiet.as_deref(),
        sending.time_zone.iter().map(String::as_str),
    )?;
    run.journal_patience = Duration::from_secs(sending.journal_patience.into());
    run.lease_time = Duration::from_secs(sending.lease_time);
    Ok(run)
}

pub fn resume(args: &ResumeCommand) -> Result<Exit> {
    let run = run_settings(&args.sending)?;
    go_on(&args.journal, &args.sending, &run, &args.settings, true)
}

/// Sends what is queued; of a journal that is shared and paused only if that `resumes`.
fn go_on(
    args: &JournalArgs,
    sending: &SendingArgs,
    run: &RunSettings,
    settings: &Settings,
    resumes: bool,
) -> Result<Exit> {
    let campaign = campaign(&args.place)?;
    let mut journal = open(args)?;
    // Said for all who run it, until somebody says otherwise.
    let paused = campaign.location().is_shared() && journal.orders()?.pause;
    if paused && !resumes {
        say(format_args!(
            "{} nothing is sent\n  callcta campaign resume --journal {}",
            styled(WARN, "paused:"),
            journal_of(&campaign)
        ));
        return Ok(Exit::NotSent);
    }
    let mut states = [0; 7];
    for count in journal.counts()? {
        states[count.state as usize] += count.rows;
    }
    let others = others(&campaign, &mut *journal)?;
    say(announcement(states, others));
    if paused {
        say("the pause ends, for all who run it");
        campaign.resume()?;
    }
    let control = Control::new();
    let signals = signals::stop(false)
        .map_err(|error| Error::invalid(format!("can't wait for Ctrl-C: {error}")))?;
    drain_when_asked(signals, control.clone(), journal_of(&campaign));
    let told = control.clone();
    let drawing = Drawing::start(sending.progress, move || told.snapshot());
    let mut page = |page_id: &str| builder(page_id, sending, settings);
    let ended = run_pages(&mut *journal, &mut page, run, &control);
    drawing.end();
    let (ended, standing) = ended?;
    let exit = exit_of(&ended);
    let stand = Stand::of(standing, &campaign);
    let written = if sending.json {
        stand.json(Some(&ended), &mut io::stdout())
    } else {
        stand.words(Some(&ended), &mut anstream::stdout())
    };
    Ok(after_writing(written, exit))
}

/// What will be done, before it is.
fn announcement(states: [u64; 7], others: usize) -> String {
    let of = |state: State| states[state as usize];
    let queued = rows(of(State::Queued));
    let mut parts = vec![format!("{queued} will be sent")];
    let mut unknown = of(State::Unknown);
    if others > 0 {
        let in_flight = number(of(State::InFlight));
        parts = vec![
            format!("{queued} will be sent, together with {}", workers(others)),
            format!("{in_flight} in flight there"),
        ];
    } else {
        // What the last run left in flight is unknown as soon as this one begins.
        unknown += of(State::InFlight);
    }
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

/// The client of a Page.
fn builder(page_id: &str, sending: &SendingArgs, settings: &Settings) -> Result<ClientBuilder> {
    let unusable = |error: callcta::Error| Error::invalid(error.to_string());
    let of_page = env::var(format!("CALLCTA_ACCESS_TOKEN_{page_id}")).ok();
    let token = match &sending.tokens {
        Some(folder) => Some(read_secret(&folder.join(page_id)).map_err(unusable)?),
        None if sending.token_command.is_some() => sending
            .token_command
            .as_deref()
            .map(|program| ask_for_token(program, page_id))
            .transpose()?,
        None if of_page.is_some() => of_page,
        None if settings.page_id().is_some_and(|own| own != page_id) => {
            let missing = no_token(page_id);
            let text = format!(
                "{missing}; give a folder with one per Page (--tokens), a program \
                 (--token-command), or CALLCTA_ACCESS_TOKEN_{page_id}"
            );
            return Err(Error::new(missing.kind(), text));
        }
        None => None,
    };
    settings.client_of(page_id, token).map_err(unusable)
}

/// What a program prints for a Page. What it says about errors is its user's to see.
fn ask_for_token(program: &Path, page_id: &str) -> Result<String> {
    let failed = |why: String| {
        let missing = no_token(page_id);
        let text = format!("{missing}: {} {why}", program.display());
        Error::new(missing.kind(), text)
    };
    let told = Command::new(program)
        .arg(page_id)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("can't be run: {error}")))?;
    if !told.status.success() {
        return Err(failed(format!("failed: {}", told.status)));
    }
    let token = String::from_utf8(told.stdout).ok();
    let token = token.map(|token| token.trim().to_owned());
    let token = token.filter(|token| !token.is_empty() && !token.contains('\n'));
    token.ok_or_else(|| failed("printed no token".to_owned()))
}

/// The first Ctrl-C, or request to end, lets what is under way come to its end; the second
/// doesn't.
fn drain_when_asked(signals: Receiver<()>, control: Control, journal: String) {
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
