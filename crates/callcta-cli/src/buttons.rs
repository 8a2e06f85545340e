//! The flags for buttons, which keep the order of the command line.

use callcta::Button;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};

/// The buttons in the order in which their flags were given.
#[derive(Clone, Debug, Default)]
pub struct Buttons(pub Vec<Button>);

/// A flag that makes a button of `TITLE=VALUE`.
struct Titled {
    id: &'static str,
    value_name: &'static str,
    help: &'static str,
    button: MakeButton,
}

type MakeButton = fn(String, String) -> Button;

const TITLED: [Titled; 3] = [
    Titled {
        id: "url",
        value_name: "TITLE=URL",
        help: "A web_url button, which opens a web page",
        button: |title, url| Button::web_url(title, url),
    },
    Titled {
        id: "postback",
        value_name: "TITLE=PAYLOAD",
        help: "A postback button, which sends the payload to your webhook",
        button: |title, payload| Button::postback(title, payload),
    },
    Titled {
        id: "phone",
        value_name: "TITLE=NUMBER",
        help: "A phone_number button, which dials a number such as +15105559999",
        button: |title, number| Button::phone_number(title, number),
    },
];

enum Flag {
    Titled(MakeButton, String, String),
    Call(String),
    Days(i64),
}

impl Args for Buttons {
    fn augment_args(command: Command) -> Command {
        let flag = |id: &'static str, value_name: &'static str, help: &'static str| {
            Arg::new(id)
                .long(id)
                .value_name(value_name)
                .help(help)
                .action(ArgAction::Append)
                .conflicts_with("file")
        };
        let command = command
            .arg(flag(
                "call",
                "TITLE",
                "An audio_call button, with which people call the Page",
            ))
            .arg(
                flag(
                    "expires-in-days",
                    "N",
                    "For how many days the --call before it is clickable, 1 to 7",
                )
                .long_help(
                    "For how many days the --call before it is clickable, 1 to 7. Left out \
                     unless given; the platform's default is 7",
                )
                .value_parser(value_parser!(i64))
                .allow_negative_numbers(true),
            );
        TITLED.iter().fold(command, |command, titled| {
            let arg = flag(titled.id, titled.value_name, titled.help).value_parser(split);
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Buttons {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags: Vec<(usize, Flag)> = Vec::new();
        flags.extend(given(matches, "call", Flag::Call));
        flags.extend(given(matches, "expires-in-days", Flag::Days));
        for titled in &TITLED {
            flags.extend(given(matches, titled.id, |(title, value)| {
                Flag::Titled(titled.button, title, value)
            }));
        }
        flags.sort_by_key(|(index, _)| *index);

        let mut buttons = Vec::new();
        // The call button that a number of days can still be for.
        let mut call = None;
        for (_, flag) in flags {
            match flag {
                Flag::Days(days) => match call.take() {
                    Some(button) => buttons.push(Button::expires_in_days(button, days)),
                    None => {
                        return Err(Error::raw(
                            ErrorKind::ArgumentConflict,
                            "--expires-in-days goes right behind the --call that it is for, once",
                        ));
                    }
                },
                Flag::Call(title) => {
                    buttons.extend(call.replace(Button::audio_call(title)));
                }
                Flag::Titled(button, title, value) => {
                    buttons.extend(call.take());
                    buttons.push(button(title, value));
                }
            }
        }
        buttons.extend(call);
        Ok(Buttons(buttons))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The values of a flag with their places on the command line.
fn given<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    id: &str,
    flag: impl Fn(T) -> Flag,
) -> Vec<(usize, Flag)> {
    let values = matches.get_many::<T>(id).into_iter().flatten().cloned();
    let places = matches.indices_of(id).into_iter().flatten();
    places.zip(values.map(flag)).collect()
}

/// A title and what follows the first `=`.
fn split(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(title, value)| (title.to_owned(), value.to_owned()))
        .ok_or_else(|| "a title, a = and a value are needed".to_owned())
}
