//! Where a server is and who asks: a URL, then the service file, then the environment, as
//! libpq has it.

mod files;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslNegotiation, TargetSessionAttrs};

use super::tls::{Mode, Trust};
use crate::error::{Error, Result};

/// How addresses begin that are meant for PostgreSQL.
const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// How long a connection may take to come about, unless something else is said.
const CONNECT: Duration = Duration::from_secs(10);

/// How long nothing may come back from the network before a connection is given up, unless
/// something else is said.
const SILENT: Duration = Duration::from_secs(15);

/// Parameters that are known, each with the variable that says it too, if one does.
const KNOWN: &[(&str, &str)] = &[
    ("application_name", "PGAPPNAME"),
    ("campaign", ""),
    ("channel_binding", "PGCHANNELBINDING"),
    ("client_encoding", ""),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("dbname", "PGDATABASE"),
    ("fallback_application_name", ""),
    ("gssencmode", ""),
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("keepalives", ""),
    ("keepalives_count", ""),
    ("keepalives_idle", ""),
    ("keepalives_interval", ""),
    ("options", "PGOPTIONS"),
    ("passfile", "PGPASSFILE"),
    ("password", "PGPASSWORD"),
    ("port", "PGPORT"),
    ("service", "PGSERVICE"),
    ("servicefile", "PGSERVICEFILE"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("tcp_user_timeout", ""),
    ("user", "PGUSER"),
];

/// What was said, by name.
type Said = BTreeMap<String, String>;

/// Looks up a variable of the environment; an empty one counts as none.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where a PostgreSQL server is, and how to connect to it. Neither its text nor its `Debug`
/// has the password.
#[derive(Clone)]
pub struct PostgresAddress {
    said: Said,
    shown: String,
    has_password: bool,
    pub(super) config: Config,
    pub(super) trust: Trust,
    /// Why a password that was looked for was not taken.
    pub(super) no_password: Option<String>,
}

impl PostgresAddress {
    /// Whether a text is meant to be an address, rather than a file's name.
    pub fn is_one(text: &str) -> bool {
        SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// Reads `postgresql://[user[:password]@][host[:port],…][/database][?name=value&…]`. What
    /// it leaves out comes from the service file, the environment (`PGHOST`, `PGPASSFILE` and
    /// so on) and the password file, as in all programs that use libpq.
    ///
    /// # Errors
    ///
    /// Of the kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn new(url: &str) -> Result<Self> {
        Self::with(url, &|name| std::env::var(name).ok())
    }

    fn with(url: &str, variables: Variables<'_>) -> Result<Self> {
        let variables = |name: &str| variables(name).filter(|value| !value.is_empty());
        let mut said = read(url)?;
        let shown = shown(&said);
        let has_password = said.contains_key("password");
        files::service(&mut said, &variables)?;
        for (name, variable) in KNOWN {
            if !said.contains_key(*name)
                && !variable.is_empty()
                && let Some(value) = variables(variable)
            {
                said.insert((*name).to_owned(), value);
            }
        }
        let home = variables("HOME").map(PathBuf::from);
        complete(&mut said)?;
        let no_password = files::password(&mut said, home.as_deref());
        let trust = Trust::new(&said, home.as_deref())?;
        let config = config(&said, &trust)?;
        Ok(PostgresAddress {
            said,
            shown,
            has_password,
            config,
            trust,
            no_password,
        })
    }

    /// The campaign's name, if the address has it: the one parameter that libpq doesn't know.
    pub fn campaign(&self) -> Option<&str> {
        self.said.get("campaign").map(String::as_str)
    }

    /// Whether the address itself has a password, which others may see then.
    pub fn has_password(&self) -> bool {
        self.has_password
    }

    /// The address of a campaign of this name.
    #[must_use]
    pub fn of_campaign(&self, name: &str) -> Self {
        let mut address = self.clone();
        if address.campaign() != Some(name) {
            let sign = if address.shown.contains('?') {
                '&'
            } else {
                '?'
            };
            let _ = write!(address.shown, "{sign}campaign={}", encode(name));
            address.said.insert("campaign".to_owned(), name.to_owned());
        }
        address
    }

    /// One of the hosts, or the folder of its socket.
    pub(super) fn host(&self) -> &str {
        let hosts = self.said.get("host").map_or("", String::as_str);
        hosts.split(',').next().unwrap_or_default()
    }
}

/// As it was given, without the password.
impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresAddress").field(&self.shown).finish()
    }
}

fn wrong(what: &str) -> Error {
    Error::invalid(format!("the journal's address can't be used: {what}"))
}

fn encode(text: &str) -> impl fmt::Display + '_ {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    utf8_percent_encode(text, KEPT)
}

fn decode(text: &str) -> Result<String> {
    let text = percent_decode_str(text).decode_utf8();
    let text = text.map_err(|_| wrong("what is percent-encoded is no UTF-8"))?;
    if text.contains('\0') {
        return Err(wrong("it contains a NUL"));
    }
    Ok(text.into_owned())
}

/// What a URL says.
fn read(url: &str) -> Result<Said> {
    let scheme = SCHEMES.iter().find(|scheme| url.starts_with(**scheme));
    let rest = scheme.map(|scheme| &url[scheme.len()..]);
    let rest = rest.ok_or_else(|| wrong("it doesn't begin with postgresql://"))?;
    let mut said = Said::new();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            said.insert(name.to_owned(), value);
        }
    };
    add("user", decode(user)?);
    add("password", decode(password)?);
    add("dbname", decode(database)?);
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(rest) => {
                let closed = rest.split_once(']');
                let (name, port) = closed.ok_or_else(|| wrong("a bracket isn't closed"))?;
                (name, port.strip_prefix(':').unwrap_or(port))
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        names.push(decode(name)?);
        ports.push(port.to_owned());
    }
    let list = |list: &[String]| {
        let some = list.iter().any(|item| !item.is_empty());
        if some { list.join(",") } else { String::new() }
    };
    add("host", list(&names));
    add("port", list(&ports));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        // As in JDBC's URLs, which libpq takes too.
        if name == "ssl" && value == "true" {
            said.insert("sslmode".to_owned(), "require".to_owned());
            continue;
        }
        know(&name)?;
        said.insert(name, value);
    }
    Ok(said)
}

/// Refuses what isn't understood: it could be about safety.
fn know(name: &str) -> Result<()> {
    if KNOWN.iter().any(|(known, _)| *known == name) {
        return Ok(());
    }
    let name: String = name.chars().take(40).collect();
    Err(wrong(&format!("the parameter {name:?} isn't known here")))
}

/// The address as it may be shown: what was given, but the password.
fn shown(said: &Said) -> String {
    let get = |name: &str| said.get(name).map_or("", String::as_str);
    let mut shown = SCHEMES[0].to_owned();
    if !get("user").is_empty() {
        shown += get("user");
        shown.push('@');
    }
    let in_path = !get("host").contains('/');
    let ports: Vec<&str> = get("port").split(',').collect();
    if in_path {
        for (index, host) in get("host").split(',').enumerate() {
            if index > 0 {
                shown.push(',');
            }
            if host.contains(':') {
                let _ = write!(shown, "[{host}]");
            } else {
                shown += host;
            }
            if let Some(port) = ports.get(index).filter(|port| !port.is_empty()) {
                let _ = write!(shown, ":{port}");
            }
        }
    }
    shown.push('/');
    shown += get("dbname");
    let beside = |name: &str| match name {
        "user" | "password" | "dbname" => false,
        "host" | "port" => !in_path,
        _ => true,
    };
    let beside = said.iter().filter(|(name, _)| beside(name));
    for (index, (name, value)) in beside.enumerate() {
        let sign = if index == 0 { '?' } else { '&' };
        if name == "campaign" {
            let _ = write!(shown, "{sign}{name}={}", encode(value));
        } else {
            let _ = write!(shown, "{sign}{name}={value}");
        }
    }
    shown
}

/// Adds what nobody said.
fn complete(said: &mut Said) -> Result<()> {
    if !said.contains_key("host") && !said.contains_key("hostaddr") {
        said.insert("host".to_owned(), default_host());
    }
    let user = said
        .get("user")
        .cloned()
        .or_else(|| whoami::username().ok());
    let user = user.ok_or_else(|| wrong("it says no user"))?;
    said.entry("dbname".to_owned())
        .or_insert_with(|| user.clone());
    said.entry("user".to_owned()).or_insert(user);
    said.entry("port".to_owned())
        .or_insert_with(|| "5432".to_owned());
    Ok(())
}

/// The folder of the socket on this machine.
fn default_host() -> String {
    let folders = ["/var/run/postgresql", "/run/postgresql", "/tmp"];
    let there = |folder: &&&str| PathBuf::from(folder).join(".s.PGSQL.5432").exists();
    let found = folders.iter().find(there);
    let folder = found.or_else(|| folders.iter().find(|folder| PathBuf::from(folder).is_dir()));
    folder.map_or_else(|| "localhost".to_owned(), |folder| (*folder).to_owned())
}

fn number(name: &str, value: &str) -> Result<u64> {
    let number = value.trim().parse();
    number.map_err(|_| wrong(&format!("{name} must be a number")))
}

fn config(said: &Said, trust: &Trust) -> Result<Config> {
    let mut config = Config::new();
    config.connect_timeout(CONNECT).tcp_user_timeout(SILENT);
    config
        .keepalives_idle(SILENT)
        .keepalives_interval(SILENT / 3);
    config.application_name("callcta");
    let count = |name: &str| -> usize { said.get(name).map_or(0, |list| list.split(',').count()) };
    let hosts = count("host").max(count("hostaddr"));
    for (name, value) in said {
        let seconds = || number(name, value).map(Duration::from_secs);
        match name.as_str() {
            "user" => _ = config.user(value),
            "password" => _ = config.password(value),
            "dbname" => _ = config.dbname(value),
            "options" => _ = config.options(value),
            "application_name" => _ = config.application_name(value),
            "host" => {
                for host in value.split(',') {
                    config.host(if host.is_empty() { "localhost" } else { host });
                }
            }
            "hostaddr" => {
                for address in value.split(',') {
                    let address = address.trim().parse();
                    config.hostaddr(address.map_err(|_| wrong("hostaddr must be an address"))?);
                }
            }
            "port" => {
                for port in value.split(',') {
                    let port = if port.is_empty() { "5432" } else { port };
                    let port = number(name, port)?;
                    let port = u16::try_from(port).map_err(|_| wrong("there is no such port"))?;
                    config.port(port);
                }
            }
            "connect_timeout" => match seconds()? {
                Duration::ZERO => {}
                // As libpq, which waits for 2 s at least.
                time => _ = config.connect_timeout(time.max(Duration::from_secs(2))),
            },
            "tcp_user_timeout" => match number(name, value)? {
                0 => {}
                time => _ = config.tcp_user_timeout(Duration::from_millis(time)),
            },
            "keepalives" => _ = config.keepalives(number(name, value)? != 0),
            "keepalives_idle" => _ = config.keepalives_idle(seconds()?),
            "keepalives_interval" => _ = config.keepalives_interval(seconds()?),
            "keepalives_count" => {
                let count = u32::try_from(number(name, value)?);
                config.keepalives_retries(count.map_err(|_| wrong("keepalives_count"))?);
            }
            "channel_binding" => {
                config.channel_binding(match value.as_str() {
                    "disable" => ChannelBinding::Disable,
                    "prefer" => ChannelBinding::Prefer,
                    "require" => ChannelBinding::Require,
                    _ => return Err(wrong("channel_binding is disable, prefer or require")),
                });
            }
            "sslnegotiation" => {
                config.ssl_negotiation(match value.as_str() {
                    "postgres" => SslNegotiation::Postgres,
                    "direct" => SslNegotiation::Direct,
                    _ => return Err(wrong("sslnegotiation is postgres or direct")),
                });
            }
            "gssencmode" if value == "require" => {
                return Err(wrong(
                    "gssencmode=require can't be kept: only TLS encrypts here",
                ));
            }
            "client_encoding" if !["UTF8", "utf8", "UTF-8", "auto"].contains(&value.as_str()) => {
                return Err(wrong("client_encoding must be UTF8"));
            }
            "target_session_attrs"
                if !["any", "read-write", "primary"].contains(&value.as_str()) =>
            {
                return Err(wrong(
                    "a journal is read from the primary only: target_session_attrs=read-write",
                ));
            }
            // Read elsewhere, or without a meaning here.
            _ => {}
        }
    }
    // Of several servers, the one that takes writes is meant.
    let primary = |value: &String| value != "any";
    if hosts > 1 || said.get("target_session_attrs").is_some_and(primary) {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    config.ssl_mode(match trust.mode {
        Mode::Disable => tokio_postgres::config::SslMode::Disable,
        Mode::Prefer => tokio_postgres::config::SslMode::Prefer,
        Mode::Require | Mode::VerifyCa | Mode::VerifyFull => {
            tokio_postgres::config::SslMode::Require
        }
    });
    Ok(config)
}

#[cfg(test)]
mod tests;
