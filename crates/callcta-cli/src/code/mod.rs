//! `callcta code`: a message as code that builds it.

mod c;
mod javascript;
mod layout;
mod plan;
mod program;
mod python;
mod quote;
mod rust;

use std::io::{self, Write};

use callcta::{Error, Request};
use clap::ValueEnum;

use crate::args::CodeArgs;
use crate::compose;
use crate::exit::Exit;
use crate::output::{after_writing, complain, say, violation};

use self::program::Unsaid;

/// A language that messages are said in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// With the crate callcta
    #[value(alias = "rs")]
    Rust,
    /// With the package callcta
    #[value(alias = "py")]
    Python,
    /// With the package callcta
    #[value(name = "typescript", alias = "ts")]
    TypeScript,
    /// As TypeScript, without types
    #[value(name = "javascript", alias = "js")]
    JavaScript,
    /// With callcta.h
    C,
}

/// Code that makes the request's message and names it.
pub fn message(request: &Request, language: Language, name: &str) -> String {
    let message = &request.message;
    match language {
        Language::Rust => rust::message(message, name),
        Language::Python => python::message(message, name),
        Language::TypeScript => javascript::message(message, name, true),
        Language::JavaScript => javascript::message(message, name, false),
        Language::C => c::message(message, name),
    }
}

/// A whole program that sends the request.
fn program(request: &Request, language: Language, name: &str) -> Result<String, Unsaid> {
    match language {
        Language::Rust => rust::program(request, name),
        Language::Python => python::program(request, name),
        Language::TypeScript => javascript::program(request, name, true),
        Language::JavaScript => javascript::program(request, name, false),
        Language::C => c::program(request, name),
    }
}

/// Prints the code of one file.
pub fn run(args: &CodeArgs) -> Exit {
    let content = match compose::read(&args.file) {
        Ok(content) => content,
        Err(error) => {
            complain(error);
            return Exit::Usage;
        }
    };
    let request = match Request::from_json(content) {
        Ok(request) => request,
        Err(error) => {
            tell(&error);
            return Exit::Failed;
        }
    };
    let code = if args.program {
        match program(&request, args.lang, &args.name) {
            Ok(code) => code,
            Err(Unsaid(why)) => {
                complain(format_args!("there is no program for this request: {why}"));
                return Exit::Failed;
            }
        }
    } else {
        message(&request, args.lang, &args.name)
    };
    let written = io::stdout().write_all(code.as_bytes());
    after_writing(written, Exit::Done)
}

/// Says why a text is no message, as `callcta check` does.
pub fn tell(error: &Error) {
    for broken in error.violations() {
        say(violation(broken));
    }
}

/// A name for a variable in any of the languages.
pub fn name(text: &str) -> Result<String, &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if begins && text.chars().all(plain) && text.len() <= 40 {
        return Ok(text.to_owned());
    }
    Err("a name has letters, digits and _, begins with a letter, and is at most 40 long")
}
