//! Says what a client needs.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use serde_json::json;

use super::Running;
use crate::args::emulate::Format;

/// Where clients are told what to trust: callcta's own, those that use OpenSSL, Go's, Node,
/// Python's requests, and curl.
const CA_VARIABLES: [&str; 5] = [
    "CALLCTA_CA_FILE",
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];

/// Variables for programs that talk to an emulator.
pub fn environment(running: &Running) -> Vec<(&'static str, String)> {
    let mut variables = running.emulator.environment();
    if let Some(file) = &running.ca {
        variables.extend(CA_VARIABLES.map(|name| (name, file.path())));
    }
    variables
}

/// Says it on standard output.
pub fn tell(running: &Running, format: Option<Format>) -> io::Result<()> {
    let mut out = io::stdout();
    match format {
        Some(Format::Env) => {
            export(&mut out, running)?;
            // With its number a script that didn't start it itself can end it.
            writeln!(out, "export CALLCTA_EMULATOR_PID={}", std::process::id())?;
            out.flush()?;
            close_stdout()
        }
        None if out.is_terminal() => {
            export(&mut out, running)?;
            writeln!(out, "inbox page: {}/", running.emulator.url())
        }
        Some(Format::Json) | None => {
            writeln!(out, "{}", ready_line(running))?;
            out.flush()
        }
    }
}

/// The emulator's own, and where the certificate is.
fn ready_line(running: &Running) -> String {
    let line = running.emulator.ready_line();
    match (&running.ca, line.strip_suffix('}')) {
        (Some(file), Some(start)) => format!("{start},\"ca_file\":{}}}", json!(file.path())),
        _ => line,
    }
}

fn export(out: &mut impl Write, running: &Running) -> io::Result<()> {
    environment(running)
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
