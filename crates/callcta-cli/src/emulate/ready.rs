//! Says what a client needs.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use callcta_emulator::Emulator;

use crate::args::emulate::Format;

/// Variables for programs that talk to an emulator.
pub fn environment(emulator: &Emulator) -> Vec<(&'static str, String)> {
    emulator.environment()
}

/// Says it on standard output.
pub fn tell(emulator: &Emulator, format: Option<Format>) -> io::Result<()> {
    let mut out = io::stdout();
    match format {
        Some(Format::Env) => {
            export(&mut out, emulator)?;
            // With its number a script that didn't start it itself can end it.
            writeln!(out, "export CALLCTA_EMULATOR_PID={}", std::process::id())?;
            out.flush()?;
            close_stdout()
        }
        None if out.is_terminal() => {
            export(&mut out, emulator)?;
            writeln!(out, "inbox page: {}/", emulator.url())
        }
        Some(Format::Json) | None => {
            writeln!(out, "{}", emulator.ready_line())?;
            out.flush()
        }
    }
}

fn export(out: &mut impl Write, emulator: &Emulator) -> io::Result<()> {
    environment(emulator)
        .iter()
        .try_for_each(|(name, value)| writeln!(out, "export {name}={}", quoted(value)))
}

/// Whoever reads to the end, as `$(…)` does, gets there while the emulator runs.
#[cfg(unix)]
fn close_stdout() -> io::Result<()> {
    let nothing = std::fs::File::options().write(true).open("/dev/null")?;
    nix::unistd::dup2_stdout(nothing).map_err(io::Error::from)
}

#[cfg(not(unix))]
fn close_stdout() -> io::Result<()> {
    Ok(())
}

/// A value as a shell reads it; bare if it can be, for files of variables know no quoting.
fn quoted(value: &str) -> Cow<'_, str> {
    let bare = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    if !value.is_empty() && value.chars().all(bare) {
        return value.into();
    }
    format!("'{}'", value.replace('\'', r"'\''")).into()
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quoting() {
        assert_eq!(quoted("http://127.0.0.1:1/_x"), "http://127.0.0.1:1/_x");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(x)'\"~"), r#"'$(x)'\''"~'"#);
    }
}
