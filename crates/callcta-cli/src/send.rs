//! `callcta send`: sends one message and tells what became of it.

use std::io::{self, Write};

use callcta::{Client, Error, Receipt, Request, Result, Severity, Violation};

use crate::args::SendArgs;
use crate::exit::Exit;
use crate::output::{after_writing, say, violation};
use crate::{compose, report};

/// Sends, prints the outcome, and maps it to an exit code.
pub fn run(args: &SendArgs) -> Exit {
    let request = match compose::request(args) {
        Ok(request) => request,
        Err(error) => return fail(&error, None, args.json),
    };
    if args.dry_run {
        return dry_run(&request, args);
    }
    let client = match args.settings.client() {
        Ok(client) => client,
        Err(error) => return fail(&error, None, args.json),
    };
    match send(&client, &request, args.unchecked) {
        Ok(receipt) => {
            let written = if args.json {
                report::json_receipt(&receipt, client.host(), &mut io::stdout())
            } else {
                let text = report::receipt(&receipt, client.host());
                write!(anstream::stdout(), "{text}")
            };
            // The message is out, whatever became of the words about it.
            after_writing(written, Exit::Done);
            Exit::Done
        }
        Err(error) => {
            let spoken_to = (error.attempts() > 0).then(|| client.host());
            fail(&error, spoken_to, args.json)
        }
    }
}

fn send(client: &Client, request: &Request, unchecked: bool) -> Result<Receipt> {
    if !unchecked {
        // Errors come back with the warnings beside them.
        let violations = request.validate();
        if !refused(&violations) {
            warn(&violations);
        }
        return client.send_request(request);
    }
    let recipient = request
        .recipient
        .as_ref()
        .ok_or_else(|| Error::invalid_argument("the file has no recipient; give one with --to"))?;
    client.send_unchecked(recipient, &request.message, &request.options)
}

/// Prints the body, and what speaks against sending it.
fn dry_run(request: &Request, args: &SendArgs) -> Exit {
    let violations = if args.unchecked {
        Vec::new()
    } else {
        request.validate()
    };
    warn(&violations);
    let exit = if refused(&violations) {
        Exit::Failed
    } else {
        Exit::Done
    };
    after_writing(show(request, args.json), exit)
}

fn refused(violations: &[Violation]) -> bool {
    violations
        .iter()
        .any(|violation| violation.severity == Severity::Error)
}

fn warn(violations: &[Violation]) {
    for broken in violations {
        say(violation(broken));
    }
}

fn show(request: &Request, json: bool) -> io::Result<()> {
    let mut out = io::stdout();
    if json {
        return report::line(request, &mut out);
    }
    serde_json::to_writer_pretty(&mut out, request)?;
    writeln!(out)
}

fn fail(error: &Error, host: Option<&str>, json: bool) -> Exit {
    report::fail(error, host, report::Subject::Message, json)
}
