//! Settings from the environment, so that going live needs no change of code.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;

use super::{Client, ClientBuilder};
use crate::error::{Error, Result};

const PAGE_ID: &str = "CALLCTA_PAGE_ID";
const ACCESS_TOKEN: &str = "CALLCTA_ACCESS_TOKEN";
const APP_SECRET: &str = "CALLCTA_APP_SECRET";
const BASE_URL: &str = "CALLCTA_BASE_URL";
const CA_FILE: &str = "CALLCTA_CA_FILE";

impl Client {
    /// A client with the settings of the [`Environment`].
    ///
    /// # Errors
    ///
    /// As [`Environment::read`] and [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_env()?.build()
    }
}

impl ClientBuilder {
    /// The settings of the environment, to which others can be added; see
    /// [`Environment`].
    ///
    /// # Errors
    ///
    /// As [`Environment::read`].
    pub fn from_env() -> Result<Self> {
        Ok(Environment::read()?.into_builder())
    }
}

/// What the environment says of the Page and the app, read in one place for all
/// languages:
///
/// | variable | setting | |
/// |---|---|---|
/// | `CALLCTA_PAGE_ID` | the Page that sends | required |
/// | `CALLCTA_ACCESS_TOKEN` | its access token | required |
/// | `CALLCTA_APP_SECRET` | [`app_secret`](ClientBuilder::app_secret) | |
/// | `CALLCTA_BASE_URL` | [`base_url`](ClientBuilder::base_url), such as an emulator's | |
/// | `CALLCTA_CA_FILE` | the file with [`extra_ca_pem`](ClientBuilder::extra_ca_pem) | |
///
/// A variable that is empty counts as not set, but for `CALLCTA_BASE_URL`: that one
/// would make a test write to real people.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Environment {
    /// `CALLCTA_PAGE_ID`.
    pub page_id: String,
    /// `CALLCTA_ACCESS_TOKEN`.
    pub access_token: String,
    /// `CALLCTA_APP_SECRET`.
    pub app_secret: Option<String>,
    /// `CALLCTA_BASE_URL`.
    pub base_url: Option<String>,
    /// What is in the file that `CALLCTA_CA_FILE` names.
    pub extra_ca_pem: Option<String>,
}

impl Environment {
    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) that names all that is
    /// missing, an empty `CALLCTA_BASE_URL`, a variable that isn't UTF-8, or a file that can't
    /// be read.
    pub fn read() -> Result<Self> {
        Environment::of(|name| env::var_os(name))
    }

    fn of(read: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let text = |name: &str| match read(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(Error::invalid_argument(format!("{name} is not UTF-8"))),
        };
        let filled = |name: &str| Ok(text(name)?.filter(|text| !text.is_empty()));
        let (page_id, access_token) = match (filled(PAGE_ID)?, filled(ACCESS_TOKEN)?) {
            (Some(page_id), Some(token)) => (page_id, token),
            (page_id, token) => {
                let required = [(PAGE_ID, page_id), (ACCESS_TOKEN, token)];
                let missing = required.iter().filter(|(_, value)| value.is_none());
                let names: Vec<&str> = missing.map(|(name, _)| *name).collect();
                let names = names.join(" and ");
                return Err(Error::invalid_argument(format!("{names} must be set")));
            }
        };
        let base_url = text(BASE_URL)?;
        if base_url.as_deref() == Some("") {
            let text = "CALLCTA_BASE_URL is empty; unset it to reach the platform itself";
            return Err(Error::invalid_argument(text));
        }
        let ca_file = filled(CA_FILE)?.map(|file| {
            fs::read_to_string(&file).map_err(|error| {
                Error::invalid_argument(format!("{CA_FILE}: can't read {file}: {error}"))
            })
        });
        Ok(Environment {
            page_id,
            access_token,
            app_secret: filled(APP_SECRET)?,
            base_url,
            extra_ca_pem: ca_file.transpose()?,
        })
    }

    fn into_builder(self) -> ClientBuilder {
        let mut builder = Client::builder(self.page_id, self.access_token);
        if let Some(secret) = self.app_secret {
            builder = builder.app_secret(secret);
        }
        if let Some(url) = self.base_url {
            builder = builder.base_url(url);
        }
        if let Some(pem) = self.extra_ca_pem {
            builder = builder.extra_ca_pem(pem);
        }
        builder
    }
}

/// Shows neither token nor secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("page_id", &self.page_id)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Client> {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).into())
        };
        Environment::of(read)?.into_builder().build()
    }

    #[test]
    fn what_is_missing_is_named_all_at_once() {
        let told = |variables: &[(&str, &str)]| of(variables).unwrap_err().to_string();
        let both = "CALLCTA_PAGE_ID and CALLCTA_ACCESS_TOKEN must be set";
        assert_eq!(told(&[]), both);
        assert_eq!(told(&[(PAGE_ID, ""), (ACCESS_TOKEN, "")]), both);
        assert_eq!(told(&[(PAGE_ID, "1")]), "CALLCTA_ACCESS_TOKEN must be set");
        let given = [(PAGE_ID, "1"), (ACCESS_TOKEN, "t"), (BASE_URL, "")];
        assert!(told(&given).contains("CALLCTA_BASE_URL is empty"));
    }

    #[test]
    fn what_is_set_is_used() {
        let client = of(&[
            (PAGE_ID, "7"),
            (ACCESS_TOKEN, "t"),
            (APP_SECRET, ""),
            (BASE_URL, "http://127.0.0.1:1"),
        ])
        .unwrap();
        assert_eq!(client.page_id(), "7");
        let none = of(&[
            (PAGE_ID, "7"),
            (ACCESS_TOKEN, "t"),
            (CA_FILE, "no-such.pem"),
        ]);
        let told = none.unwrap_err().to_string();
        assert!(
            told.contains("CALLCTA_CA_FILE: can't read no-such.pem"),
            "{told}"
        );
        let wrong = of(&[(PAGE_ID, "x"), (ACCESS_TOKEN, "t")]).unwrap_err();
        assert!(wrong.to_string().contains("digits"), "{wrong}");
    }
}
