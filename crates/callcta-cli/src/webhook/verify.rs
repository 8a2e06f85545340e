//! `callcta webhook verify`: does a signature fit, and if not, why.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use callcta::Result;
use callcta::webhook::{Cause, likely_cause};
use serde::Serialize;

use super::{no_secret, secrets};
use crate::args::webhook::VerifyArgs;
use crate::exit::Exit;
use crate::output::{BAD, GOOD, after_writing, complain, styled};
use crate::report::line;
use crate::settings::unreadable;

#[derive(Serialize)]
struct Found {
    ok: bool,
    cause: &'static str,
    /// Which of the secrets fits, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<usize>,
    message: &'static str,
}

pub fn run(args: &VerifyArgs) -> Exit {
    let secrets = match secrets(&args.secret, &args.other_secret) {
        Ok(Some(secrets)) => secrets,
        Ok(None) => {
            complain(no_secret());
            return Exit::Usage;
        }
        Err(error) => {
            complain(error);
            return Exit::Usage;
        }
    };
    let body = match read(&args.file) {
        Ok(body) => body,
        Err(error) => {
            complain(error);
            return Exit::Usage;
        }
    };
    let cause = likely_cause(&body, Some(args.signature.as_bytes()), &secrets);
    let ok = cause == Cause::None;
    let written = if args.json {
        let secret = match cause {
            Cause::None => Some(0),
            Cause::OtherSecret(number) => Some(number),
            _ => None,
        };
        let found = Found {
            ok,
            cause: cause.as_str(),
            secret,
            message: cause.advice(),
        };
        line(&found, &mut io::stdout())
    } else {
        let (style, word) = if ok {
            (GOOD, "fits:")
        } else {
            (BAD, "does not fit:")
        };
        let mut out = anstream::stdout();
        writeln!(out, "{} {}", styled(style, word), cause.advice())
    };
    after_writing(written, if ok { Exit::Done } else { Exit::Failed })
}

/// The bytes of a file, or of standard input for `-`: just as they are.
fn read(file: &Path) -> Result<Vec<u8>> {
    if file != Path::new("-") {
        return fs::read(file).map_err(|error| unreadable(file, &error));
    }
    let mut body = Vec::new();
    match io::stdin().read_to_end(&mut body) {
        Ok(_) => Ok(body),
        Err(error) => Err(unreadable(Path::new("standard input"), &error)),
    }
}
