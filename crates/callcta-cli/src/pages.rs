//! Shell completions and manual pages, both made of the command line's
//! description.

use std::io::{self, Write};

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
pub fn man(command: Option<&str>) -> Exit {
    let mut cli = Cli::command();
    cli.build();
    let page = if let Some(name) = command {
        let Some(found) = cli.find_subcommand(name) else {
            complain(format_args!("there is no command {name:?}"));
            return Exit::Usage;
        };
        // A page is named callcta-send, though it is called as callcta send.
        Man::new(found.clone()).title(format!("callcta-{name}"))
    } else {
        Man::new(cli)
    };
    let mut text = Vec::new();
    let written = page
        .render(&mut text)
        .and_then(|()| io::stdout().write_all(&text));
    after_writing(written, Exit::Done)
}
