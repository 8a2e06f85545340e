//! `callcta settings`: reads and changes the Page's call settings.

use std::fmt::Write as _;
use std::io::{self, Write};

use callcta::calling::{CallHours, CallSettings, RingTarget};
use callcta::{Error, RequestOptions, Result, Severity, parse_json};
use serde::Serialize;
use serde_json::Value;

use crate::args::calling::{ChangeArgs, GetArgs, SetArgs, SettingsCommand};
use crate::compose;
use crate::exit::Exit;
use crate::output::{GOOD, STRONG, WARN, after_writing, plain, say, styled, violation};
use crate::report::{self, Subject, detail, line};

pub fn run(command: &SettingsCommand) -> Exit {
    match command {
        SettingsCommand::Get(args) => get(args),
        SettingsCommand::Set(args) => set(args),
    }
}

/// Settings that were read.
#[derive(Serialize)]
struct Told<'a> {
    ok: bool,
    host: &'a str,
    settings: &'a CallSettings,
}

/// Settings that were changed.
#[derive(Serialize)]
struct Changed<'a> {
    ok: bool,
    host: &'a str,
}

fn get(args: &GetArgs) -> Exit {
    let fail = |error: &Error, host| report::fail(error, host, Subject::Read, args.json);
    let client = match args.settings.client() {
        Ok(client) => client,
        Err(error) => return fail(&error, None),
    };
    let host = client.host();
    match client.calling().settings() {
        Ok(settings) if args.json => {
            let told = Told {
                ok: true,
                host,
                settings: &settings,
            };
            after_writing(line(&told, &mut io::stdout()), Exit::Done)
        }
        Ok(settings) => {
            let written = write!(anstream::stdout(), "{}", words(&settings));
            after_writing(written, Exit::Done)
        }
        Err(error) => fail(&error, (error.attempts() > 0).then_some(host)),
    }
}

fn set(args: &SetArgs) -> Exit {
    let fail = |error: &Error, host| report::fail(error, host, Subject::Change, args.json);
    let settings = match change(&args.change) {
        Ok(settings) => settings,
        Err(error) => return fail(&error, None),
    };
    let violations = if args.unchecked {
        Vec::new()
    } else {
        settings.validate()
    };
    let refused = violations.iter().any(|it| it.severity == Severity::Error);
    // Errors come back with the warnings beside them, unless there is nobody to ask.
    if args.dry_run || !refused {
        for broken in &violations {
            say(violation(broken));
        }
    }
    if args.dry_run {
        let exit = if refused { Exit::Failed } else { Exit::Done };
        return after_writing(show(&settings, args.json), exit);
    }
    let client = match args.settings.client() {
        Ok(client) => client,
        Err(error) => return fail(&error, None),
    };
    let host = client.host();
    let options = RequestOptions::new().unchecked(args.unchecked);
    match client.calling().with(options).set_settings(&settings) {
        Ok(()) => {
            let written = if args.json {
                line(&Changed { ok: true, host }, &mut io::stdout())
            } else {
                let changed = styled(GOOD, "changed");
                let mut text = format!("{changed}: the platform took the settings\n");
                detail(&mut text, "host", host);
                write!(anstream::stdout(), "{text}")
            };
            after_writing(written, Exit::Done)
        }
        Err(error) => fail(&error, (error.attempts() > 0).then_some(host)),
    }
}

fn show(settings: &CallSettings, json: bool) -> io::Result<()> {
    let mut out = io::stdout();
    if json {
        return line(settings, &mut out);
    }
    serde_json::to_writer_pretty(&mut out, settings)?;
    writeln!(out)
}

/// The settings that the command line describes.
fn change(args: &ChangeArgs) -> Result<CallSettings> {
    let mut settings = match &args.file {
        Some(file) => read(&compose::read(file)?)?,
        None => CallSettings::new(),
    };
    if let Some(yes) = args.audio_enabled {
        settings = settings.audio_enabled(yes);
    }
    if let Some(yes) = args.video_enabled {
        settings = settings.video_enabled(yes);
    }
    if let Some(yes) = args.icon_enabled {
        settings = settings.icon_enabled(yes);
    }
    if let Some(target) = args.call_routing.as_deref() {
        settings = settings.call_routing(target);
    }
    if let Some(zone) = &args.timezone_id {
        let week = args.open.iter();
        let hours = week.fold(CallHours::new(zone), |hours, open| {
            hours.open(&open.day, &open.from, &open.until)
        });
        if args.open.is_empty() && !args.closed {
            return Err(Error::invalid_argument(
                "--timezone-id needs the hours: give --open for each day, or --closed",
            ));
        }
        settings = settings.call_hours(hours);
    }
    Ok(settings)
}

/// Settings, or the line that says what they are.
fn read(json: &[u8]) -> Result<CallSettings> {
    match parse_json(json) {
        Ok(Value::Object(mut told)) if told.contains_key("ok") => match told.remove("settings") {
            Some(Value::Object(settings)) => Ok(CallSettings::raw(settings)),
            _ => Err(Error::invalid_argument("the file tells no settings")),
        },
        _ => CallSettings::from_json(json),
    }
}

/// The settings for people.
fn words(settings: &CallSettings) -> String {
    let flag = |flag: Option<bool>| match flag {
        Some(true) => styled(GOOD, "on"),
        Some(false) => styled(WARN, "off"),
        None => "not told".to_owned(),
    };
    let mut text = format!("{}\n", styled(STRONG, "call settings"));
    detail(&mut text, "audio", &flag(settings.is_audio_enabled()));
    detail(&mut text, "video", &flag(settings.is_video_enabled()));
    detail(&mut text, "icon", &flag(settings.is_icon_enabled()));
    let rings = match settings.ring_target() {
        None => "not told".to_owned(),
        Some(RingTarget::Meta) => "META, in Meta's own inbox".to_owned(),
        Some(RingTarget::Partners) => "PARTNERS, the app by its webhook".to_owned(),
        Some(other) => plain(other.as_str()).into_owned(),
    };
    detail(&mut text, "rings", &rings);
    match settings.hours() {
        None => detail(&mut text, "hours", "none told"),
        Some(hours) => {
            let zone = hours.timezone_id().unwrap_or("no time zone");
            detail(&mut text, "hours", &plain(zone));
            for day in hours.weekly_operating_hours() {
                let part = |part: Option<&str>| plain(part.unwrap_or("?")).into_owned();
                let hours = format!("{}-{}", part(day.open_time()), part(day.close_time()));
                let _ = writeln!(text, "    {:<12}{hours}", part(day.day_of_week()));
            }
            if hours.weekly_operating_hours().is_empty() {
                let _ = writeln!(text, "    closed on every day");
            }
        }
    }
    for (name, value) in settings.extra() {
        detail(&mut text, &plain(name), &plain(&value.to_string()));
    }
    if settings.is_audio_enabled() == Some(false) {
        let command = "callcta settings set --audio-enabled on";
        let _ = writeln!(
            text,
            "While audio is off, nobody can call, and no call button can be sent: {command}"
        );
    }
    text
}
