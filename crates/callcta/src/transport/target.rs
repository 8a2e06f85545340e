//! A request taken apart: what ureq gets to see, and the head it doesn't.

use ureq::http::Uri;

use super::failure::unusable;
use super::{HttpRequest, Method, TransportError};
use crate::headers::{is_name, is_value};

/// Longest URL, `Authorization` and `Content-Type` together.
pub(super) const MAX_HEAD: usize = 32 * 1024;

/// A URL in its two parts.
pub(super) struct Target<'a> {
    /// Scheme, host and port: all that ureq gets to see.
    pub(super) origin: &'a str,
    /// Path and query, without a fragment.
    path: &'a str,
}

impl<'a> Target<'a> {
    pub(super) fn of(request: &HttpRequest<'a>, https_only: bool) -> Result<Self, TransportError> {
        let url = request.url;
        let scheme = match url.split_once("://") {
            Some((scheme @ "https", _)) => scheme,
            Some((scheme @ "http", _)) if !https_only => scheme,
            Some(("http", _)) => return Err(unusable("the URL must be https")),
            _ => return Err(unusable("the URL must be absolute, http or https")),
        };
        let host_at = scheme.len() + "://".len();
        let end = url[host_at..]
            .find(['/', '?', '#'])
            .map_or(url.len(), |at| host_at + at);
        let (origin, rest) = url.split_at(end);
        if origin.contains('@') {
            return Err(unusable(
                "credentials in front of the host are not supported",
            ));
        }
        let path = rest.split('#').next().unwrap_or_default();
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unusable(
                "the URL has a character that must be percent-encoded",
            ));
        }
        let authorization = request.authorization.unwrap_or_default();
        if !is_value(authorization) {
            return Err(unusable("the authorization is not a valid header value"));
        }
        if !is_value(request.content_type) {
            return Err(unusable("the content type is not a valid header value"));
        }
        let mut length = url.len() + authorization.len() + request.content_type.len();
        for (name, value) in request.headers {
            if !is_name(name) || !is_value(value) {
                return Err(unusable("a further header is not valid"));
            }
            length += name.len() + value.len() + ": \r\n".len();
        }
        if length > MAX_HEAD {
            return Err(unusable("the URL and headers are longer than 32 KiB"));
        }
        Ok(Self { origin, path })
    }

    pub(super) fn write_head(&self, request: &HttpRequest<'_>, head: &mut Vec<u8>) {
        let mut add = |parts: &[&str]| {
            for part in parts {
                head.extend_from_slice(part.as_bytes());
            }
        };
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        add(&[
            request.method.as_str(),
            " ",
            slash,
            self.path,
            " HTTP/1.1\r\n",
        ]);
        if request.method == Method::Post {
            add(&["content-type: ", request.content_type, "\r\n"]);
        }
        if let Some(authorization) = request.authorization {
            add(&["authorization: ", authorization, "\r\n"]);
        }
        for (name, value) in request.headers {
            add(&[name, ": ", value, "\r\n"]);
        }
    }
}

/// Whether every request to this URL would be refused.
pub(crate) fn check_head(url: &str, authorization: Option<&str>) -> Result<(), TransportError> {
    let request = HttpRequest {
        method: Method::Post,
        url,
        authorization,
        content_type: "application/json",
        headers: &[],
        body: b"",
        timeout: None,
        cancel: None,
    };
    Target::of(&request, false).map(drop)
}

/// Host and port of a URL that has a host.
pub(super) fn place(uri: &Uri) -> (&str, u16) {
    let default = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    (
        uri.host().unwrap_or_default(),
        uri.port_u16().unwrap_or(default),
    )
}

/// `Uri` takes any digits for a port, and ureq the default one if they are too many.
pub(crate) fn has_valid_authority(uri: &Uri) -> bool {
    uri.authority().is_some_and(|authority| {
        let host = authority.host();
        let place = authority.as_str().rsplit('@').next();
        !host.is_empty() && (place == Some(host) || authority.port_u16().is_some())
    })
}
