//! What must be known of a request to show it: whom it is for, and what in it is secret.

use http::header::AUTHORIZATION;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::form::pairs;
use super::params::Params;
use super::request::Request;
use crate::platform::start;

const SECRET_NAMES: &[&str] = &[
    "access_token",
    "oauth_token",
    "input_token",
    "appsecret_proof",
];

/// Nothing longer is a token; of what is, only the start is hidden.
const SECRET_MAX: usize = 1024;

/// The gist of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gist {
    /// The recipient's id, if it names one.
    pub(crate) recipient: Option<String>,
    /// Every secret, in each form in which it may stand there.
    pub(crate) secrets: Vec<String>,
    /// How far a secret may reach, in whatever escapes it stands.
    pub(crate) reach: usize,
}

impl Gist {
    pub(crate) fn of(request: &Request, params: &Params) -> Self {
        let recipient = params.map.get("recipient").and_then(|r| r.get("id"));
        let plain = plain_secrets(request, params);
        let mut secrets: Vec<String> = plain
            .iter()
            .flat_map(|secret| {
                let once = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
                let twice = utf8_percent_encode(&once, NON_ALPHANUMERIC).to_string();
                [secret.clone(), once, twice]
            })
            .collect();
        // Longest first, so that no rest of a longer one stays.
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self {
            recipient: recipient
                .map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)),
            secrets,
            // Escaped twice, a byte becomes nine.
            reach: plain
                .iter()
                .map(|secret| 9 * secret.len())
                .max()
                .unwrap_or(0),
        }
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.secrets
            .iter()
            .map(|secret| size_of::<String>() + secret.len())
            .sum()
    }
}

fn plain_secrets(request: &Request, params: &Params) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(value) = request
        .headers
        .get(AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
    {
        let token = value.split_once(' ').map_or(value, |(_, token)| token);
        found.push(token.trim().to_owned());
    }
    params
        .map
        .iter()
        .for_each(|(name, value)| collect_named(name, value, &mut found));
    // JSON that could not be read may hold a token all the same.
    if params.unread.is_some() {
        let text = String::from_utf8_lossy(&request.body);
        for name in SECRET_NAMES {
            for rest in text.split(name).skip(1) {
                let value = rest.trim_start_matches(['"', '\'', ':', '=', ' ']);
                let end = value
                    .find(['"', '\'', '&', ',', '}'])
                    .unwrap_or(value.len());
                found.push(value[..end].to_owned());
            }
        }
    }
    for secret in &mut found {
        secret.truncate(start(secret, SECRET_MAX).len());
    }
    found.retain(|secret| !secret.is_empty());
    found
}

fn collect_named(name: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if SECRET_NAMES.contains(&name) => found.push(text.clone()),
        // `access_token[]=…` is none that works, but one all the same.
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_named(name, item, found)),
        Value::Object(map) if SECRET_NAMES.contains(&name) => map
            .values()
            .for_each(|item| collect_named(name, item, found)),
        _ => collect(value, found),
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                collect_named(name, value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        // Batch items carry queries and forms as text.
        Value::String(text) => {
            let text = text
                .split_once('?')
                .map_or(text.as_str(), |(_, query)| query);
            if SECRET_NAMES.iter().any(|name| text.contains(name)) {
                for (name, value) in pairs(text.as_bytes()) {
                    if SECRET_NAMES.contains(&name.as_str()) {
                        found.push(value);
                    }
                }
            }
        }
        _ => {}
    }
}
