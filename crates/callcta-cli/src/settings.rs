//! The settings of the client: flags, then the environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use callcta::transport::TransportConfig;
use callcta::{Client, ClientBuilder, Error, Result, RetryPolicy, TokenPlacement, limits};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};
use serde::Serialize;

use crate::output::{WARN, say, styled};

/// For the help texts.
pub const ENVIRONMENT: &str = "\
Environment:
  CALLCTA_PAGE_ID       the Page that sends
  CALLCTA_ACCESS_TOKEN  its access token
  CALLCTA_APP_SECRET    the app's secret, if requests must be proved with it
  CALLCTA_BASE_URL      another address of the Graph API, such as an emulator's
  CALLCTA_CA_FILE       certificates to trust beside the built-in ones
A flag wins over its variable. Prefer the variables, or the -file flags, for
secrets: other users of the machine can see the flags in the list of processes.";

/// Page, credentials and connection.
#[derive(Args)]
pub struct Settings {
    /// The Page that sends
    #[arg(
        long,
        value_name = "ID",
        env = "CALLCTA_PAGE_ID",
        hide_env_values = true
    )]
    page_id: Option<String>,

    /// Its access token; visible in the list of processes when given here
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CALLCTA_ACCESS_TOKEN",
        hide_env_values = true
    )]
    access_token: Option<String>,

    /// A file with the access token; wins over the token itself
    #[arg(long, value_name = "FILE")]
    access_token_file: Option<PathBuf>,

    /// The app secret, with which each request is proved (appsecret_proof); visible
    /// in the list of processes when given here
    #[arg(
        long,
        value_name = "SECRET",
        env = "CALLCTA_APP_SECRET",
        hide_env_values = true
    )]
    app_secret: Option<String>,

    /// A file with the app secret; wins over the secret itself
    #[arg(long, value_name = "FILE")]
    app_secret_file: Option<PathBuf>,

    /// The address of the Graph API
    #[arg(
        long,
        value_name = "URL",
        env = "CALLCTA_BASE_URL",
        hide_env_values = true,
        default_value = limits::GRAPH_HOST
    )]
    base_url: String,

    /// The Graph API's version; an empty text leaves it out
    #[arg(long, value_name = "VERSION", default_value = limits::GRAPH_VERSION)]
    api_version: String,

    /// Make requests to /me, where the token tells the Page, instead of /PAGE_ID
    #[arg(long)]
    me: bool,

    /// Where the access token travels
    #[arg(long, value_name = "WHERE", default_value = "header")]
    token_in: TokenIn,

    /// Longest time for one request and its answer
    #[arg(long, value_name = "SECONDS", default_value_t = Seconds(TransportConfig::default().timeout))]
    timeout: Seconds,

    /// Most requests; a message is sent again only after a rate limit, or if nothing
    /// was sent
    #[arg(
        long,
        value_name = "N",
        default_value_t = callcta::ATTEMPTS_DEFAULT,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    attempts: u32,

    /// A code that means that the Page has not enabled calling, for which Meta
    /// documents none; repeatable
    #[arg(long, value_name = "CODE[/SUBCODE]", allow_negative_numbers = true)]
    calling_not_enabled_code: Vec<Code>,

    /// The proxy to use [default: none]
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,

    /// Certificates (PEM) to trust beside the built-in ones
    #[arg(
        long,
        value_name = "FILE",
        env = "CALLCTA_CA_FILE",
        hide_env_values = true
    )]
    ca_file: Option<PathBuf>,
}

/// Where the access token travels.
#[derive(Clone, Copy, ValueEnum)]
enum TokenIn {
    /// In the header Authorization
    Header,
    /// In the query, which ends up in logs
    Query,
    /// In the body
    Body,
}

impl Settings {
    /// The time limit, unless it is the default one.
    pub fn given_timeout(&self, given: &ArgMatches) -> Option<Duration> {
        let set = given.value_source("timeout") == Some(ValueSource::CommandLine);
        set.then_some(self.timeout.0)
    }

    /// The Page, if one is said.
    pub fn page_id(&self) -> Option<&str> {
        self.page_id
            .as_deref()
            .filter(|page_id| !page_id.is_empty())
    }

    /// The client with these settings.
    pub fn client(&self) -> Result<Client> {
        let page_id = self
            .page_id()
            .ok_or_else(|| missing("the Page id", "--page-id", "CALLCTA_PAGE_ID"))?;
        let retry = RetryPolicy::new().attempts(self.attempts);
        self.client_of(page_id, None)?.retry(retry).build()
    }

    /// The client of a Page, with another token than these settings say, if one is given, and
    /// with callcta's own retries.
    pub fn client_of(&self, page_id: &str, token: Option<String>) -> Result<ClientBuilder> {
        let own = || {
            secret(
                self.access_token_file.as_deref(),
                self.access_token.as_ref(),
            )
        };
        let token = match token {
            Some(token) => Some(token),
            None => own()?,
        };
        let token = token.ok_or_else(|| {
            missing(
                "the access token",
                "--access-token-file",
                "CALLCTA_ACCESS_TOKEN",
            )
        })?;

        let mut builder = Client::builder(page_id, token)
            .base_url(&self.base_url)
            .version(&self.api_version)
            .use_me(self.me)
            .token_placement(match self.token_in {
                TokenIn::Header => TokenPlacement::Header,
                TokenIn::Query => TokenPlacement::Query,
                TokenIn::Body => TokenPlacement::Body,
            })
            .timeout(self.timeout.0)
            .on_retry(|event| {
                say(format_args!(
                    "{} try {} failed: {}; next try in {:.1} s",
                    styled(WARN, "note:"),
                    event.attempt,
                    event.error.kind(),
                    event.wait.as_secs_f64()
                ));
            });
        if let Some(secret) = secret(self.app_secret_file.as_deref(), self.app_secret.as_ref())? {
            builder = builder.app_secret(secret);
        }
        for Code(code, subcode) in &self.calling_not_enabled_code {
            builder = builder.calling_not_enabled_code(*code, *subcode);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy);
        }
        if let Some(file) = self.ca_file.as_ref().filter(|f| !f.as_os_str().is_empty()) {
            let pem = fs::read(file).map_err(|error| unreadable(file, &error))?;
            builder = builder.extra_ca_pem(pem);
        }
        Ok(builder)
    }
}

/// Where a setting comes from.
#[derive(Serialize)]
pub struct Source {
    pub name: &'static str,
    pub from: String,
}

/// A setting: its name, flag and variable, and the flag for a file that wins over both.
type Known = (
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
);

const KNOWN: &[Known] = &[
    ("Page id", "page_id", Some("CALLCTA_PAGE_ID"), None),
    (
        "access token",
        "access_token",
        Some("CALLCTA_ACCESS_TOKEN"),
        Some("access_token_file"),
    ),
    (
        "app secret",
        "app_secret",
        Some("CALLCTA_APP_SECRET"),
        Some("app_secret_file"),
    ),
    ("base URL", "base_url", Some("CALLCTA_BASE_URL"), None),
    ("API version", "api_version", None, None),
    ("proxy", "proxy", None, None),
    ("CA file", "ca_file", Some("CALLCTA_CA_FILE"), None),
];

/// Where the settings come from, and what they win over. No values: some are secret.
pub fn sources(given: &ArgMatches) -> Vec<Source> {
    let flag = |id: &str| format!("--{}", id.replace('_', "-"));
    let from = |(name, id, variable, file): &Known| {
        let in_variable =
            variable.filter(|name| std::env::var_os(name).is_some_and(|it| !it.is_empty()));
        let source = given.value_source(id);
        let mut all = Vec::new();
        if let Some(file) = file.filter(|file| given.contains_id(file)) {
            all.push(flag(file));
        }
        if source == Some(ValueSource::CommandLine) {
            all.push(flag(id));
        }
        all.extend(in_variable.map(str::to_owned));
        let from = match all.split_first() {
            None if source == Some(ValueSource::DefaultValue) => "the default".to_owned(),
            None => "not set".to_owned(),
            Some((first, [])) => first.clone(),
            Some((first, others)) => format!("{first}, which wins over {}", others.join(" and ")),
        };
        Source { name, from }
    };
    KNOWN.iter().map(from).collect()
}

/// What can't be read.
pub fn unreadable(file: &Path, error: &std::io::Error) -> Error {
    Error::invalid_argument(format!("can't read {}: {error}", file.display()))
}

fn missing(what: &str, flag: &str, variable: &str) -> Error {
    Error::invalid_argument(format!("{what} is missing; set {variable} or give {flag}"))
}

/// An empty variable counts as none.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

pub fn secret(file: Option<&Path>, given: Option<&String>) -> Result<Option<String>> {
    let Some(file) = file else {
        return Ok(filled(given.cloned()));
    };
    read_secret(file).map(Some)
}

pub fn read_secret(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    // An editor leaves a line end behind.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// A time in seconds.
#[derive(Clone, Copy, PartialEq)]
pub struct Seconds(pub Duration);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_secs_f64().fmt(f)
    }
}

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .filter(|duration| !duration.is_zero())
            .map(Seconds)
            .ok_or("a number of seconds above 0 is needed")
    }
}

/// A code of the Graph API, with a subcode or for all of them.
#[derive(Clone, Copy)]
struct Code(i64, Option<i64>);

impl FromStr for Code {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (code, subcode) = match text.split_once('/') {
            Some((code, subcode)) => (code, Some(subcode)),
            None => (text, None),
        };
        let number = |text: &str| text.parse().map_err(|_| "numbers are needed");
        Ok(Code(number(code)?, subcode.map(number).transpose()?))
    }
}
