//! Further headers of requests, such as those of tracing.

use std::fmt;

use crate::error::{Error, Result};

/// What callcta, or HTTP itself, sets.
const OWN: [&str; 16] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Names and values; a name is there once. `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Adds a header, or replaces the one of that name.
    pub(crate) fn set(&mut self, name: String, value: String) {
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.0.push((name, value));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each can be sent, and is none that callcta sets itself.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, value) in &self.0 {
            if !is_name(name) {
                let text = "a header has a name that is not valid";
                return Err(Error::invalid_argument(text));
            }
            if OWN.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                let text = format!("the header {name} is set by callcta itself");
                return Err(Error::invalid_argument(text));
            }
            if !is_value(value) {
                let text = format!("the header {name} has a value that is not valid");
                return Err(Error::invalid_argument(text));
            }
        }
        Ok(())
    }

    /// These, without those that `others` have, and the others.
    pub(crate) fn with<'a>(&'a self, others: &'a Headers) -> Vec<(&'a str, &'a str)> {
        let is_replaced = |name: &str| {
            let mut others = others.0.iter();
            others.any(|(other, _)| other.eq_ignore_ascii_case(name))
        };
        let own = self.0.iter().filter(|(name, _)| !is_replaced(name));
        own.chain(&others.0)
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}

/// A token, as HTTP calls it.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

/// Visible ASCII and blanks: nothing that could end the line.
pub(crate) fn is_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t')
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::default();
        for (name, value) in list {
            headers.set((*name).to_owned(), (*value).to_owned());
        }
        headers
    }

    #[test]
    fn the_later_one_of_a_name_holds() {
        let client = headers(&[("a", "1"), ("B", "2"), ("A", "3")]);
        let send = headers(&[("b", "4")]);
        assert_eq!(client.with(&send), [("A", "3"), ("b", "4")]);
    }

    #[test]
    fn what_could_change_the_request_is_refused_and_not_quoted() {
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("a:", "x"),
            ("x\r\ny", "x"),
            ("ä", "x"),
            ("Content-Length", "1"),
            ("AUTHORIZATION", "secret"),
            ("x", "secret\r\ny: z"),
            ("x", "secret\0"),
            ("x", "secret ä"),
        ] {
            let headers = headers(&[(name, value)]);
            let error = headers.check().unwrap_err().to_string();
            assert!(
                !error.contains("secret") && !error.contains('\r'),
                "{error}"
            );
            assert!(!format!("{headers:?}").contains("secret"));
        }
        let fine = headers(&[(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )]);
        assert!(fine.check().is_ok());
    }
}
