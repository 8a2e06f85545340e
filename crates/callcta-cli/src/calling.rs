//! `callcta calling`: what the Page may do about calls.

use std::io::{self, Write};

use callcta::calling::{CallPermissions, FeatureStatus};
use callcta::{Client, Error, Result};
use serde::Serialize;

use crate::args::calling::CallingCommand;
use crate::exit::Exit;
use crate::output::{GOOD, WARN, after_writing, plain, styled};
use crate::report::{self, Subject, detail, line};
use crate::settings::Settings;

/// What was told.
#[derive(Serialize)]
struct Told<'a, T> {
    ok: bool,
    host: &'a str,
    #[serde(flatten)]
    answer: &'a T,
}

pub fn run(command: &CallingCommand) -> Exit {
    match command {
        CallingCommand::Status(args) => tell(
            &args.settings,
            args.json,
            |client| client.calling().feature_status(),
            status,
        ),
        CallingCommand::Permissions(args) => tell(
            &args.settings,
            args.json,
            |client| client.calling().permissions(&args.to),
            permissions,
        ),
        CallingCommand::Subscribe(args) => tell(
            &args.settings,
            args.json,
            |client| {
                client.calling().subscribe(&args.fields)?;
                Ok(Done {})
            },
            |_| format!("{}\n", styled(GOOD, "subscribed")),
        ),
    }
}

/// There is no more to say.
#[derive(Serialize)]
struct Done {}

fn tell<T: Serialize>(
    settings: &Settings,
    json: bool,
    ask: impl Fn(&Client) -> Result<T>,
    words: fn(&T) -> String,
) -> Exit {
    let fail = |error: &Error, host| report::fail(error, host, Subject::Read, json);
    let client = match settings.client() {
        Ok(client) => client,
        Err(error) => return fail(&error, None),
    };
    let host = client.host();
    match ask(&client) {
        Ok(told) => {
            let written = if json {
                let told = Told {
                    ok: true,
                    host,
                    answer: &told,
                };
                line(&told, &mut io::stdout())
            } else {
                write!(anstream::stdout(), "{}", words(&told))
            };
            after_writing(written, Exit::Done)
        }
        Err(error) => fail(&error, (error.attempts() > 0).then_some(host)),
    }
}

fn status(status: &FeatureStatus) -> String {
    let style = if status.is_enabled() { GOOD } else { WARN };
    let word = styled(style, plain(&status.status));
    format!("{}: {word}\n", plain(&status.feature))
}

fn permissions(told: &CallPermissions) -> String {
    let style = if told.has_permission() { GOOD } else { WARN };
    let word = told.status.as_deref().unwrap_or("no status told");
    let mut text = format!("{}\n", styled(style, plain(word)));
    if let Some(until) = told.expiration {
        let until = jiff::Timestamp::from_millisecond(until);
        let until = until.map_or_else(
            |_| "a time that there isn't".to_owned(),
            |it| it.to_string(),
        );
        detail(&mut text, "until", &until);
    }
    for action in &told.actions {
        let can = match action.can_perform {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not told",
        };
        let limits = action.limits.iter().filter_map(|limit| {
            let (used, most) = (limit.current_usage?, limit.max_allowed?);
            let period = limit.time_period.as_deref().unwrap_or("?");
            Some(format!(", {used} of {most} in {}", plain(period)))
        });
        let limits: String = limits.collect();
        detail(&mut text, &plain(&action.name), &format!("{can}{limits}"));
    }
    text
}
