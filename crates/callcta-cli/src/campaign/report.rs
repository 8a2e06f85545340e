//! `callcta campaign report`.

use std::io::{self, Write as _};
use std::path::Path;

use callcta_campaign::{Error, ErrorKind, Result, report};

use super::campaign;
use crate::args::campaign::ReportCommand;
use crate::exit::Exit;
use crate::output::{after_writing, complain};

pub fn run(args: &ReportCommand) -> Result<Exit> {
    let campaign = campaign(&args.journal)?;
    let location = campaign.location();
    let name = location.name();
    let page = report(&mut *campaign.look()?, &name, location.is_held())?;
    let beside = || {
        // Of a shared journal, here.
        let file = location.path().unwrap_or(Path::new(""));
        file.with_file_name(format!("{name}.html"))
    };
    let path = args.out.clone().unwrap_or_else(beside);
    if path == Path::new("-") {
        return Ok(after_writing(
            io::stdout().write_all(page.as_bytes()),
            Exit::Done,
        ));
    }
    write(&path, &page).map_err(|error| {
        let text = format!("can't write {}: {error}", path.display());
        Error::new(ErrorKind::Output, text)
    })?;
    if args.open
        && let Err(error) = open::that_detached(&path)
    {
        complain(format_args!("can't show it in a browser: {error}"));
    }
    Ok(after_writing(
        writeln!(io::stdout(), "{}", path.display()),
        Exit::Done,
    ))
}

/// Whole or not at all, so that a browser never shows half of it.
fn write(path: &Path, page: &str) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(page.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
