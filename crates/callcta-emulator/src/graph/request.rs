//! A request as it came in.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};

use super::params::{self, Params};

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// The name under which the client called.
    pub(super) fn host(&self) -> &str {
        let host = self.headers.get(header::HOST);
        host.and_then(|host| host.to_str().ok()).unwrap_or_default()
    }

    /// Its parameters.
    pub(crate) fn params(&self) -> Params {
        params::decode(&self.headers, self.query(), &self.body)
    }
}
