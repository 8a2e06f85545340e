//! Settings from the environment, so that going live needs no change of code.

use std::env;

use super::{Client, ClientBuilder};
use crate::error::{Error, Result};

const PAGE_ID: &str = "CALLCTA_PAGE_ID";
const ACCESS_TOKEN: &str = "CALLCTA_ACCESS_TOKEN";
const APP_SECRET: &str = "CALLCTA_APP_SECRET";
const BASE_URL: &str = "CALLCTA_BASE_URL";

impl Client {
    /// A client with the settings of the environment; see
    /// [`ClientBuilder::from_env`].
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::from_env`] and [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_env()?.build()
    }
}

impl ClientBuilder {
    /// The settings of the environment, to which others can be added:
    ///
    /// | variable | setting | |
    /// |---|---|---|
    /// | `CALLCTA_PAGE_ID` | the Page that sends | required |
    /// | `CALLCTA_ACCESS_TOKEN` | its access token | required |
    /// | `CALLCTA_APP_SECRET` | [`app_secret`](ClientBuilder::app_secret) | |
    /// | `CALLCTA_BASE_URL` | [`base_url`](ClientBuilder::base_url), such as an emulator's | |
    ///
    /// A variable that is empty counts as not set, but for `CALLCTA_BASE_URL`: that
    /// one would make a test write to real people.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) that names all that is
    /// missing, or an empty `CALLCTA_BASE_URL`.
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_variables(|name| env::var_os(name))
    }

    fn from_variables(read: impl Fn(&str) -> Option<std::ffi::OsString>) -> Result<Self> {
        let text = |name: &str| match read(name).map(std::ffi::OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(Error::invalid_argument(format!("{name} is not UTF-8"))),
        };
        let filled = |name: &str| Ok(text(name)?.filter(|text| !text.is_empty()));
        let (page_id, token) = match (filled(PAGE_ID)?, filled(ACCESS_TOKEN)?) {
            (Some(page_id), Some(token)) => (page_id, token),
            (page_id, token) => {
                let required = [(PAGE_ID, page_id), (ACCESS_TOKEN, token)];
                let missing = required.iter().filter(|(_, value)| value.is_none());
                let names: Vec<&str> = missing.map(|(name, _)| *name).collect();
                let names = names.join(" and ");
                return Err(Error::invalid_argument(format!("{names} must be set")));
            }
        };
        let mut builder = Client::builder(page_id, token);
        if let Some(secret) = filled(APP_SECRET)? {
            builder = builder.app_secret(secret);
        }
        if let Some(url) = text(BASE_URL)? {
            if url.is_empty() {
                let text = "CALLCTA_BASE_URL is empty; unset it to reach the platform itself";
                return Err(Error::invalid_argument(text));
            }
            builder = builder.base_url(url);
        }
        Ok(builder)
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
        ClientBuilder::from_variables(read)?.build()
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
        let wrong = of(&[(PAGE_ID, "x"), (ACCESS_TOKEN, "t")]).unwrap_err();
        assert!(wrong.to_string().contains("digits"), "{wrong}");
    }
}
