//! `callcta preview`: a page that shows a message as people see it, what is wrong with it, and
//! the code that builds it.

mod page;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use callcta::{Request, check_json};

use crate::args::PreviewArgs;
use crate::code;
use crate::compose;
use crate::exit::Exit;
use crate::output::{after_writing, complain, plain};

/// Writes the page of one file.
pub fn run(args: &PreviewArgs) -> Exit {
    let content = match compose::read(&args.file) {
        Ok(content) => content,
        Err(error) => {
            complain(error);
            return Exit::Usage;
        }
    };
    let request = match Request::from_json(&content) {
        Ok(request) => request,
        Err(error) => {
            code::tell(&error);
            return Exit::Failed;
        }
    };
    let page = page::page(&title(&args.file), &request, &check_json(&content));
    let out = match &args.out {
        Some(out) if out == Path::new("-") => None,
        Some(out) => Some(out.clone()),
        None if args.open || io::stdout().is_terminal() => Some(beside(&args.file)),
        None => None,
    };
    let Some(out) = out else {
        let written = io::stdout().write_all(page.as_bytes());
        return after_writing(written, Exit::Done);
    };
    if let Err(error) = fs::write(&out, page) {
        complain(format_args!("can't write {}: {error}", shown(&out)));
        return Exit::Usage;
    }
    let written = writeln!(io::stdout(), "{}", shown(&out));
    if args.open
        && let Err(error) = open::that_detached(&out)
    {
        complain(format_args!(
            "no browser could be opened, the page is in {}: {error}",
            shown(&out)
        ));
        return Exit::Usage;
    }
    after_writing(written, Exit::Done)
}

fn title(file: &Path) -> String {
    if is_input(file) {
        return "standard input".to_owned();
    }
    let name = file.file_name().unwrap_or(file.as_os_str());
    name.to_string_lossy().into_owned()
}

/// A name of its own beside the file, so that nobody's page is overwritten.
fn beside(file: &Path) -> PathBuf {
    if is_input(file) {
        return PathBuf::from("message.preview.html");
    }
    file.with_extension("preview.html")
}

fn is_input(file: &Path) -> bool {
    file == Path::new("-")
}

fn shown(path: &Path) -> String {
    plain(&path.to_string_lossy()).into_owned()
}
