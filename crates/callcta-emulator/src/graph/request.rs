//! A request as it came in.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use super::params::{self, Params};

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// A request that keeps no part of the buffers from which its head was read, since they may be
    /// much larger.
    pub(crate) fn detached(method: Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Self {
        // One piece of memory for all of it.
        let mut texts = uri.to_string().into_bytes();
        let uri_end = texts.len();
        for value in headers.values() {
            texts.extend_from_slice(value.as_bytes());
        }
        let texts = Bytes::from(texts);
        let mut own = HeaderMap::with_capacity(headers.len());
        let mut start = uri_end;
        for (name, value) in headers {
            let end = start + value.len();
            // Both were valid before.
            let name = HeaderName::from_bytes(name.as_str().as_bytes());
            let value = HeaderValue::from_maybe_shared(texts.slice(start..end));
            if let (Ok(name), Ok(value)) = (name, value) {
                own.append(name, value);
            }
            start = end;
        }
        Self {
            method,
            uri: Uri::from_maybe_shared(texts.slice(..uri_end)).unwrap_or_default(),
            headers: own,
            body,
        }
    }

    /// The same with another body.
    pub(crate) fn with_body(&self, body: Bytes) -> Self {
        Self {
            method: self.method.clone(),
            uri: self.uri.clone(),
            headers: self.headers.clone(),
            body,
        }
    }

    /// About how much memory its head takes.
    pub(crate) fn head_bytes(&self) -> usize {
        let uri = self.uri.path().len() + self.query().len();
        self.headers.iter().fold(uri, |sum, (name, value)| {
            sum + 2 * size_of::<(HeaderName, HeaderValue)>() + name.as_str().len() + value.len()
        })
    }

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
