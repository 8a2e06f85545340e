//! `callcta campaign migrate`.

use std::io::{self, Write as _};

use callcta_campaign::{PostgresAddress, Result, grants, migrate};

use crate::args::campaign::MigrateCommand;
use crate::exit::Exit;
use crate::output::{GOOD, after_writing, say, styled};

pub fn run(args: &MigrateCommand) -> Result<Exit> {
    if let Some([loader, worker, reader]) = args.grants.as_deref() {
        let text = grants(loader, worker, reader)?;
        let written = io::stdout().write_all(text.as_bytes());
        return Ok(after_writing(written, Exit::Done));
    }
    let address = PostgresAddress::new(args.journal.as_deref().unwrap_or_default())?;
    let (before, after) = migrate(&address)?;
    if before == after {
        say(format_args!("the tables have layout {after} already"));
    } else {
        say(format_args!(
            "{} the tables have layout {after} now",
            styled(GOOD, "migrated:")
        ));
        if before > 0 {
            say("  callcta campaign migrate --grants LOADER WORKER READER has what the roles need");
        }
    }
    Ok(Exit::Done)
}
