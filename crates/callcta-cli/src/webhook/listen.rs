//! `callcta webhook listen`: a receiver that tells what comes in.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use callcta::webhook::{self, BODY_MAX, Deduplicator, Event, Secrets, Webhook};
use serde::Serialize;
use serde_json::json;

use super::forward::{Forwarder, Request};
use super::{no_secret, secrets, show};
use crate::args::webhook::ListenArgs;
use crate::exit::Exit;
use crate::output::{BAD, GOOD, WARN, after_writing, complain, say, styled};
use crate::report::line;
use crate::signals;

/// How many events are remembered, to tell which come again.
const REMEMBERED: usize = 10_000;

const SIGNATURE: &str = "x-hub-signature-256";

struct Heard {
    /// `None`: nothing is verified.
    secrets: Option<Secrets>,
    verify_token: Option<String>,
    forwarder: Option<Forwarder>,
    seen: Deduplicator,
    json: bool,
    /// Held while the events of a request are told, so that they stay together.
    telling: Mutex<()>,
}

/// An event, as a line of JSON.
#[derive(Serialize)]
struct Told<'a> {
    /// Whether it was here before.
    again: bool,
    /// Which of the secrets signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<usize>,
    #[serde(flatten)]
    event: &'a Event,
}

pub fn run(args: &ListenArgs) -> Exit {
    let secrets = match secrets(&args.secret, &args.other_secret) {
        Ok(None) if !args.unverified => Err(no_secret()),
        found => found,
    };
    let secrets = match secrets {
        Ok(secrets) => secrets.filter(|_| !args.unverified),
        Err(error) => {
            complain(error);
            return Exit::Usage;
        }
    };
    let served = signals::stop(args.exit_on_stdin_close).and_then(|stop| {
        let forwarder = args.forward.clone().map(Forwarder::start).transpose()?;
        let heard = Arc::new(Heard {
            secrets,
            verify_token: args.verify_token.clone().filter(|token| !token.is_empty()),
            forwarder,
            seen: Deduplicator::new(REMEMBERED),
            json: args.json,
            telling: Mutex::new(()),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let address = SocketAddr::new(args.listen, args.port);
        let listener = runtime.block_on(tokio::net::TcpListener::bind(address))?;
        let url = format!("http://{}", listener.local_addr()?);
        announce(&url, &heard)?;
        let router = Router::new()
            .fallback(get(challenge).post(receive).head(async || StatusCode::OK))
            .layer(DefaultBodyLimit::max(BODY_MAX))
            .with_state(Arc::clone(&heard));
        runtime.spawn(async move { axum::serve(listener, router).await });
        // An error means that nothing can stop it any more, which is no reason to stop.
        let _ = stop.recv();
        runtime.shutdown_background();
        Ok(())
    });
    match served {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            after_writing(Err(error), Exit::Done)
        }
        Err(error) => {
            complain(format_args!("can't listen: {error}"));
            Exit::Usage
        }
    }
}

fn announce(url: &str, heard: &Heard) -> io::Result<()> {
    if heard.json {
        let mut out = io::stdout();
        line(&json!({"url": url}), &mut out)?;
        out.flush()?;
    }
    say(format_args!(
        "{} at {url}; Ctrl-C ends it",
        styled(GOOD, "listening")
    ));
    if heard.secrets.is_none() {
        let text = "signatures are not verified: anybody can make up what comes in";
        say(format_args!("{} {text}", styled(WARN, "warning:")));
    }
    if heard.verify_token.is_none() {
        let text = "no verify token is set, so the platform's challenge is refused";
        say(format_args!("{} {text}", styled(WARN, "note:")));
    }
    Ok(())
}

async fn challenge(State(heard): State<Arc<Heard>>, RawQuery(query): RawQuery) -> Response {
    let Some(token) = &heard.verify_token else {
        return (StatusCode::FORBIDDEN, "no verify token is set\n").into_response();
    };
    match webhook::answer_challenge(&query.unwrap_or_default(), token) {
        Ok(answer) => {
            say(format_args!("{} the challenge", styled(GOOD, "answered")));
            ([(header::CONTENT_TYPE, "text/plain")], answer).into_response()
        }
        Err(refusal) => refused(&refusal),
    }
}

async fn receive(State(heard): State<Arc<Heard>>, headers: HeaderMap, body: Bytes) -> Response {
    // Of several signatures none is trusted.
    let mut signatures = headers.get_all(SIGNATURE).iter();
    let signature = match (signatures.next(), signatures.next()) {
        (Some(signature), None) => Some(signature.as_bytes()),
        _ => None,
    };
    let received = match &heard.secrets {
        Some(secrets) => webhook::verify_and_parse(&body, signature, secrets),
        None => webhook::parse_unverified(&body),
    };
    let received = match received {
        Ok(received) => received,
        Err(refusal) => return refused(&refusal),
    };
    if let Some(forwarder) = &heard.forwarder {
        let signature = signature.map(String::from_utf8_lossy).unwrap_or_default();
        let request = Request {
            body: body.to_vec(),
            signature: signature.into_owned(),
        };
        if !forwarder.take(request) {
            say(format_args!(
                "{} too much waits to be forwarded",
                styled(BAD, "refused:")
            ));
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    heard.tell(&received);
    StatusCode::OK.into_response()
}

fn refused(refusal: &webhook::Refusal) -> Response {
    say(format_args!("{} {refusal}", styled(BAD, "refused:")));
    let status = StatusCode::from_u16(refusal.http_status());
    (
        status.unwrap_or(StatusCode::BAD_REQUEST),
        format!("{refusal}\n"),
    )
        .into_response()
}

impl Heard {
    fn tell(&self, received: &Webhook) {
        let _together = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        for event in &received.events {
            let again = !self.seen.is_new(event);
            // A reader that went away is no reason not to answer.
            let _ = if self.json {
                let told = Told {
                    again,
                    secret: received.secret,
                    event,
                };
                line(&told, &mut io::stdout())
            } else {
                let mark = if again {
                    styled(WARN, "  again")
                } else {
                    String::new()
                };
                writeln!(anstream::stdout(), "{}{mark}", show::words(event))
            };
        }
        let _ = io::stdout().flush();
    }
}
