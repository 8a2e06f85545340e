//! Shell completions and manual pages, both made of the command line's
//! description.

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output::{after_writing, complain};

/// `callcta completions`.
pub fn completions(shell: Shell) -> Exit {
    // The generator panics when it can't write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "callcta", &mut script);
    after_writing(io::stdout().write_all(&script), Exit::Done)
}

/// `callcta man`: the program's page, or a command's.
pub fn man(command: &[String]) -> Exit {
    // As in `all`: a page that lists no page that isn't there.
    let mut page = Cli::command().disable_help_subcommand(true);
    page.build();
    for name in command {
        let Some(found) = page.find_subcommand(name) else {
            complain(format_args!("there is no command {name:?}"));
            return Exit::Usage;
        };
        page = found.clone();
    }
    let mut text = Vec::new();
    let written = Man::new(page)
        .render(&mut text)
        .and_then(|()| io::stdout().write_all(&text));
    after_writing(written, Exit::Done)
}

/// `callcta man --all`: every page, a file each.
pub fn all(folder: &Path) -> Exit {
    match clap_mangen::generate_to(Cli::command(), folder) {
        Ok(()) => Exit::Done,
        Err(error) => {
            complain(format_args!("{}: {error}", folder.display()));
            Exit::Usage
        }
    }
}
