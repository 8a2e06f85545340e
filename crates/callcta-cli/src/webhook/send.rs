//! `callcta webhook send`: plays sample webhooks at a receiver.

use std::io::{self, Write};
use std::time::{Instant, SystemTime};

use callcta::webhook::{Secrets, ascii_json};
use serde::Serialize;
use serde_json::json;

use super::samples::{About, SAMPLES, Sample};
use super::{agent, no_secret, secrets};
use crate::args::webhook::{SendArgs, Signature};
use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, after_writing, complain, plain, styled};
use crate::report::line;

#[derive(Serialize)]
struct Played<'a> {
    ok: bool,
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    duration_ms: u128,
}

pub fn run(args: &SendArgs) -> Exit {
    if args.list {
        let mut out = io::stdout();
        let written = SAMPLES
            .iter()
            .try_for_each(|(name, _)| writeln!(out, "{name}"));
        return after_writing(written, Exit::Done);
    }
    let Some(url) = &args.url else {
        complain("give the receiver's address with --url");
        return Exit::Usage;
    };
    let secrets = match (secrets(&args.secret, &[]), args.signature) {
        (Ok(Some(secrets)), _) => Some(secrets),
        (Ok(None), Signature::Missing) => None,
        (Ok(None), _) => {
            complain(no_secret());
            return Exit::Usage;
        }
        (Err(error), _) => {
            complain(error);
            return Exit::Usage;
        }
    };
    let chosen = match chosen(&args.event) {
        Ok(chosen) => chosen,
        Err(name) => {
            let name = plain(name);
            complain(format_args!("there is no sample {name}; --list lists them"));
            return Exit::Usage;
        }
    };
    let agent = agent();
    let mut exit = Exit::Done;
    for (name, entry) in chosen {
        let about = About {
            page_id: &args.page_id,
            psid: &args.psid,
            now: now(),
        };
        let body = ascii_json(&json!({"object": "page", "entry": [entry(&about)]}).to_string());
        let played = play(&agent, url, name, &body, secrets.as_ref(), args.signature);
        if !played.ok {
            exit = Exit::Failed;
        }
        let written = tell(&played, args.json);
        if written.is_err() {
            return after_writing(written, exit);
        }
    }
    exit
}

fn chosen(names: &[String]) -> Result<Vec<&'static Sample>, &str> {
    if names.is_empty() {
        return Ok(SAMPLES.iter().collect());
    }
    let find = |name: &String| SAMPLES.iter().find(|(known, _)| known == name);
    names
        .iter()
        .map(|name| find(name).ok_or(name.as_str()))
        .collect()
}

fn play<'a>(
    agent: &ureq::Agent,
    url: &str,
    event: &'a str,
    body: &str,
    secrets: Option<&Secrets>,
    signature: Signature,
) -> Played<'a> {
    let mut request = agent.post(url).header("content-type", "application/json");
    let header = secrets.map(|secrets| secrets.sign(body.as_bytes()));
    match (header, signature) {
        (Some(header), Signature::Valid) => {
            request = request.header("x-hub-signature-256", header);
        }
        (Some(header), Signature::Wrong) => {
            let wrong = header.replacen("sha256=", "sha256=00", 1);
            request = request.header("x-hub-signature-256", &wrong[..header.len()]);
        }
        _ => {}
    }
    let started = Instant::now();
    let outcome = request.send(body);
    let duration_ms = started.elapsed().as_millis();
    let (http_status, message) = match outcome {
        Ok(answer) => (Some(answer.status().as_u16()), None),
        Err(error) => (None, Some(error.to_string())),
    };
    // What isn't signed well must be refused.
    let ok = match signature {
        Signature::Valid => http_status == Some(200),
        Signature::Wrong | Signature::Missing => {
            http_status.is_some_and(|status| (400..500).contains(&status))
        }
    };
    Played {
        ok,
        event,
        http_status,
        message,
        duration_ms,
    }
}

fn tell(played: &Played<'_>, json: bool) -> io::Result<()> {
    if json {
        return line(played, &mut io::stdout());
    }
    let style = if played.ok { GOOD } else { BAD };
    let status = match played.http_status {
        Some(status) => status.to_string(),
        None => "---".to_owned(),
    };
    let why = played.message.as_deref().unwrap_or_default();
    let mut out = anstream::stdout();
    writeln!(
        out,
        "{} {} {}{}",
        styled(style, status),
        played.event,
        styled(DIM, format_args!("{} ms", played.duration_ms)),
        if why.is_empty() {
            String::new()
        } else {
            format!(" {}", plain(why))
        },
    )
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
