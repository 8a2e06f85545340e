//! Flags at the wrong command.

use std::ffi::OsString;

use clap::Command;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// More commands than these are counted.
const NAMED_MAX: usize = 3;

/// Lets an error about a flag that a command doesn't have tell which ones have it, with the
/// whole usage of the command that was meant.
pub fn explain(error: Error, mut program: Command, arguments: &[OsString]) -> Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg).cloned() else {
        return error;
    };
    program.build();
    let meant = arguments.iter().skip(1).fold(&program, |command, word| {
        let word = word.to_str();
        word.and_then(|word| command.find_subcommand(word))
            .unwrap_or(command)
    });
    let name = |command: &Command| command.get_bin_name().unwrap_or_default().to_owned();
    let mut all = Vec::new();
    collect(&program, &mut all);
    let owners: Vec<_> = all
        .into_iter()
        .filter(|it| has(it, &flag))
        .map(name)
        .collect();
    let tip = if has(meant, &flag) {
        format!("{flag} goes behind '{}'", name(meant))
    } else if let [first @ .., last] = &owners[..] {
        match first {
            [] => format!("'{last}' has {flag}"),
            few if few.len() < NAMED_MAX => {
                format!("'{}' and '{last}' have {flag}", few.join("', '"))
            }
            many => {
                let (named, rest) = many.split_at(NAMED_MAX);
                let others = rest.len() + 1;
                format!("'{}' and {others} others have {flag}", named.join("', '"))
            }
        }
    } else {
        return error;
    };
    let usage = meant.clone().render_usage();
    let mut told = Error::new(ErrorKind::UnknownArgument).with_cmd(&program);
    told.insert(ContextKind::InvalidArg, ContextValue::String(flag));
    let tip = StyledStr::from(tip);
    told.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    told.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    told
}

fn collect<'a>(command: &'a Command, all: &mut Vec<&'a Command>) {
    all.push(command);
    for inner in command.get_subcommands() {
        collect(inner, all);
    }
}

fn has(command: &Command, flag: &str) -> bool {
    command.get_arguments().any(|argument| {
        let long = argument.get_long().map(|long| format!("--{long}"));
        let short = argument.get_short().map(|short| format!("-{short}"));
        [long, short].into_iter().flatten().any(|own| own == flag)
    })
}
