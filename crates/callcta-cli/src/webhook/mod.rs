//! `callcta webhook`: hears what comes back, and helps to build what hears it.

mod forward;
mod listen;
mod samples;
mod send;
mod show;
mod verify;

use std::time::Duration;

use callcta::webhook::Secrets;
use callcta::{Error, Result};

use crate::args::webhook::{SecretArgs, WebhookCommand};
use crate::exit::Exit;
use crate::settings::secret;

pub fn run(command: &WebhookCommand) -> Exit {
    match command {
        WebhookCommand::Listen(args) => listen::run(args),
        WebhookCommand::Verify(args) => verify::run(args),
        WebhookCommand::Send(args) => send::run(args),
    }
}

/// The secrets that are given, the app's own first; `None` if there is none.
fn secrets(args: &SecretArgs, others: &[String]) -> Result<Option<Secrets>> {
    let own = secret(args.app_secret_file.as_deref(), args.app_secret.as_ref())?;
    let all: Vec<String> = own.into_iter().chain(others.iter().cloned()).collect();
    if all.is_empty() {
        return Ok(None);
    }
    Secrets::new(all).map(Some)
}

/// What posts to receivers, which have 5 seconds to answer, as they have with the
/// platform.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .into()
}

fn no_secret() -> Error {
    Error::invalid_argument(
        "the app secret is missing; set CALLCTA_APP_SECRET or give --app-secret-file",
    )
}
