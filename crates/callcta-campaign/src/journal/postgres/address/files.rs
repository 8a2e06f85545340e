//! Files that say what an address leaves out: services and passwords.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Said, Variables, know, wrong};
use crate::error::Result;

/// Adds what the service file says about the service, if one is named.
pub(super) fn service(said: &mut Said, variables: Variables<'_>) -> Result<()> {
    let named = said.get("service").cloned();
    let Some(name) = named.or_else(|| variables("PGSERVICE")) else {
        return Ok(());
    };
    let own = said.get("servicefile").cloned();
    let own = own
        .or_else(|| variables("PGSERVICEFILE"))
        .map(PathBuf::from);
    let own = own.or_else(|| Some(Path::new(&variables("HOME")?).join(".pg_service.conf")));
    let system = variables("PGSYSCONFDIR").unwrap_or_else(|| "/etc/postgresql-common".to_owned());
    let system = Path::new(&system).join("pg_service.conf");
    for path in own.into_iter().chain([system]) {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        if let Some(lines) = section(&text, &name) {
            for (key, value) in lines {
                know(key)?;
                if key != "service" {
                    said.entry(key.to_owned())
                        .or_insert_with(|| value.to_owned());
                }
            }
            return Ok(());
        }
    }
    Err(wrong(&format!(
        "there is no service {name:?} in a service file"
    )))
}

/// The lines of a section, each a name and a value.
fn section<'a>(text: &'a str, name: &str) -> Option<Vec<(&'a str, &'a str)>> {
    let lines = text.lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let header = format!("[{name}]");
    lines.find(|line| *line == header)?;
    let own = lines.take_while(|line| !line.starts_with('['));
    let pairs = own.filter_map(|line| line.split_once('='));
    Some(
        pairs
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect(),
    )
}

/// Adds the password from the password file, unless one is said; tells why not, where the
/// file is there and can't be used.
pub(super) fn password(said: &mut Said, home: Option<&Path>) -> Option<String> {
    if said.contains_key("password") {
        return None;
    }
    let given = said.get("passfile").map(PathBuf::from);
    let path = given.or_else(|| Some(home?.join(".pgpass")))?;
    let metadata = fs::metadata(&path).ok()?;
    let unused = |why: &str| Some(format!("the password file {} {why}", path.display()));
    if !metadata.is_file() {
        return unused("is no file");
    }
    if is_open(&metadata) {
        return unused("is not used: others may read it (chmod 600)");
    }
    let Ok(text) = fs::read_to_string(&path) else {
        return unused("can't be read");
    };
    let get = |name: &str| said.get(name).map_or("", String::as_str);
    let (hosts, ports) = (get("host"), get("port"));
    let host = hosts.split(',').next().unwrap_or_default();
    let host = match host {
        "" => get("hostaddr").split(',').next().unwrap_or_default(),
        // Where sockets are by default, as libpq has it.
        "/var/run/postgresql" | "/run/postgresql" | "/tmp" => "localhost",
        host => host,
    };
    let port = ports.split(',').next().unwrap_or_default();
    let wanted = [host, port, get("dbname"), get("user")];
    let Some(found) = text.lines().find_map(|line| matching(line, &wanted)) else {
        return unused("has no line for this server, database and user");
    };
    said.insert("password".to_owned(), found);
    None
}

#[cfg(unix)]
fn is_open(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open(_: &fs::Metadata) -> bool {
    false
}

/// The password of a line, if it is that of what is wanted.
fn matching(line: &str, wanted: &[&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = vec![String::new()];
    let mut stars = vec![true];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let last = fields.len() - 1;
        match letter {
            ':' if last < wanted.len() => {
                fields.push(String::new());
                stars.push(true);
            }
            '\\' => {
                stars[last] = false;
                fields[last].extend(letters.next());
            }
            letter => fields[last].push(letter),
        }
    }
    let password = fields.get(wanted.len())?;
    let fits = |index: usize| {
        let field = &fields[index];
        (field == "*" && stars[index]) || field == wanted[index]
    };
    (0..wanted.len()).all(fits).then(|| password.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let wanted = ["db.example", "5432", "callcta", "worker"];
        let of = |line: &str| matching(line, &wanted);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            of("db.example:5432:callcta:worker:a:b\\:c\\\\"),
            some("a:b:c\\")
        );
        assert_eq!(of("*:*:*:worker:secret"), some("secret"));
        assert_eq!(of("*:*:*:reader:secret"), None);
        assert_eq!(of("\\*:*:*:worker:secret"), None);
        assert_eq!(of("#*:*:*:worker:secret"), None);
        assert_eq!(of("*:*:*:worker"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn a_section_ends_where_the_next_begins() {
        let text = "# all\n[a]\nhost = one\n\n[b]\nhost=two\n#port=1\nport=6000\n[c]\nport=1\n";
        assert_eq!(
            section(text, "b"),
            Some(vec![("host", "two"), ("port", "6000")])
        );
        assert_eq!(section(text, "a"), Some(vec![("host", "one")]));
        assert_eq!(section(text, "d"), None);
    }
}
