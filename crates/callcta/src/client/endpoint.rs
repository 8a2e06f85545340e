use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::credentials::{AccessToken, AppSecret};
use crate::error::{Error, Result};
use crate::transport::{Method, check_head, has_valid_authority};

/// Everything outside of RFC 3986's unreserved characters.
pub(super) const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where the access token travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenPlacement {
    /// In the header `Authorization: Bearer …`. The default.
    #[default]
    Header,
    /// In the query, as Meta's Send API samples have it. URLs end up in the logs
    /// of proxies and servers.
    Query,
    /// In the body, as the field `access_token`. Requests that read have no body;
    /// theirs is in the header.
    Body,
}

/// Where and as whom requests are made; all of it is fixed when the client is
/// built.
pub(super) struct Endpoint {
    /// The base URL with the version.
    root: String,
    /// The Page, or `me`.
    page: String,
    /// That of the Page's messages, with the token when it travels in the query.
    pub(super) url: String,
    authorization: String,
    pub(super) loopback: bool,
    token: AccessToken,
    secret: Option<AppSecret>,
    proof: Option<String>,
    placement: TokenPlacement,
}

/// Where a request goes.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) object: Object,
    /// What is asked of the object, such as `calls`; empty for the object itself.
    pub(crate) edge: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
}

/// What a request is made to.
#[derive(Clone, Copy)]
pub(crate) enum Object {
    /// The client's Page.
    Page,
    /// Whoever the token is of.
    Me,
    /// The Graph API itself.
    Root,
}

pub(super) struct Address {
    pub(super) base_url: String,
    pub(super) version: Option<String>,
    pub(super) page_id: String,
    /// `/me` instead of the Page id.
    pub(super) me: bool,
}

impl Endpoint {
    pub(super) fn new(
        address: Address,
        token: AccessToken,
        secret: Option<AppSecret>,
        placement: TokenPlacement,
    ) -> Result<Self> {
        let page_id = address.page_id;
        if page_id.is_empty() || !page_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::invalid_argument("the Page id must have digits only"));
        }
        let (base, loopback) = check_base_url(&address.base_url)?;
        let mut root = base;
        if let Some(version) = &address.version {
            check_version(version)?;
            root = format!("{root}/{version}");
        }
        let page = if address.me { "me".to_owned() } else { page_id };
        Endpoint::of(root, page, loopback, token, secret, placement)
    }

    /// The same with another token.
    pub(super) fn with_token(&self, token: AccessToken) -> Result<Self> {
        let secret = self.secret.clone();
        let (root, page) = (self.root.clone(), self.page.clone());
        Endpoint::of(root, page, self.loopback, token, secret, self.placement)
    }

    /// With its port, if that is in the URL.
    pub(super) fn host(&self) -> &str {
        let after = self.root.split_once("://").map_or("", |(_, it)| it);
        after.split('/').next().unwrap_or_default()
    }

    pub(super) fn token(&self) -> &AccessToken {
        &self.token
    }

    /// Where all URLs begin.
    pub(super) fn root(&self) -> &str {
        &self.root
    }

    /// The Page as it stands in URLs.
    pub(super) fn page(&self) -> &str {
        &self.page
    }

    /// Where batches go.
    pub(super) fn url_of_batch(&self) -> String {
        let place = Place {
            object: Object::Root,
            edge: "",
            query: &[],
        };
        let url = self.url_of(&place, Method::Post);
        // A bare host and a version have no path of their own.
        match url.split_once('?') {
            Some((url, query)) => format!("{url}/?{query}"),
            None => format!("{url}/"),
        }
    }

    #[cfg(feature = "doctor")]
    pub(super) fn secret(&self) -> Option<&AppSecret> {
        self.secret.as_ref()
    }

    /// Of the root, whose last part it is.
    #[cfg(feature = "doctor")]
    pub(super) fn version(&self) -> Option<&str> {
        let (_, last) = self.root.rsplit_once('/')?;
        check_version(last).is_ok().then_some(last)
    }

    pub(super) fn is_with(&self, token: &AccessToken) -> bool {
        self.token == *token
    }

    fn of(
        root: String,
        page: String,
        loopback: bool,
        token: AccessToken,
        secret: Option<AppSecret>,
        placement: TokenPlacement,
    ) -> Result<Self> {
        let proof = secret.as_ref().map(|secret| secret.proof(&token));
        let authorization = format!("Bearer {}", token.expose());
        let mut endpoint = Endpoint {
            root,
            page,
            url: String::new(),
            authorization,
            loopback,
            token,
            secret,
            proof,
            placement,
        };
        let messages = Place {
            object: Object::Page,
            edge: "messages",
            query: &[],
        };
        endpoint.url = endpoint.url_of(&messages, Method::Post);
        check_head(&endpoint.url, endpoint.authorization(Method::Post))
            .map_err(|error| Error::invalid_argument(error.message))?;
        Ok(endpoint)
    }

    /// The URL of a place, with what travels in its query.
    pub(super) fn url_of(&self, place: &Place<'_>, method: Method) -> String {
        let object = match place.object {
            Object::Page => &self.page,
            Object::Me => "me",
            Object::Root => "",
        };
        let mut url = self.root.clone();
        for part in [object, place.edge] {
            if !part.is_empty() {
                url.push('/');
                url.push_str(part);
            }
        }
        let mut query = Vec::new();
        if self.placement == TokenPlacement::Query {
            query.push(("access_token", self.token.expose()));
        }
        if self.placement != TokenPlacement::Body || method == Method::Get {
            let proof = self.proof.as_deref();
            query.extend(proof.map(|proof| ("appsecret_proof", proof)));
        }
        query.extend(place.query);
        for (index, (name, value)) in query.into_iter().enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            let value = utf8_percent_encode(value, QUERY);
            url = format!("{url}{separator}{name}={value}");
        }
        url
    }

    /// The value of the header that carries the token, if one does.
    pub(super) fn authorization(&self, method: Method) -> Option<&str> {
        let in_header = match self.placement {
            TokenPlacement::Header => true,
            TokenPlacement::Query => false,
            TokenPlacement::Body => method == Method::Get,
        };
        in_header.then_some(&self.authorization)
    }

    /// What goes into the body beside the message.
    pub(super) fn body_parameters(&self) -> Vec<(&'static str, &str)> {
        if self.placement != TokenPlacement::Body {
            return Vec::new();
        }
        self.credentials().collect()
    }

    /// The token, and the proof if there is one, by their names.
    pub(super) fn credentials(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let proof = self
            .proof
            .as_deref()
            .map(|proof| ("appsecret_proof", proof));
        [("access_token", self.token.expose())]
            .into_iter()
            .chain(proof)
    }

    /// Takes the credentials out of a text: the platform quotes malformed tokens.
    pub(super) fn blank(&self, text: &str) -> String {
        let secret = self.secret.as_ref().map(AppSecret::expose);
        let secrets = [Some(self.token.expose()), secret, self.proof.as_deref()];
        let blank = |text: String, secret| {
            let encoded = utf8_percent_encode(secret, QUERY).to_string();
            text.replace(secret, "[redacted]")
                .replace(&encoded, "[redacted]")
        };
        secrets.into_iter().flatten().fold(text.to_owned(), blank)
    }
}

/// The base URL without a slash at its end, and whether its host is this machine.
fn check_base_url(base_url: &str) -> Result<(String, bool)> {
    let invalid = |what: &str| Error::invalid_argument(format!("the base URL {what}"));
    if base_url.is_empty() {
        return Err(invalid("is empty; leave it out to reach Meta"));
    }
    let base_url = base_url.trim_end_matches('/');
    let uri: ureq::http::Uri = base_url.parse().map_err(|_| invalid("is not a URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(invalid("must start with https:// and name a host"));
    };
    if uri.query().is_some() || base_url.contains('#') {
        return Err(invalid("must not have a query or a fragment"));
    }
    if authority.as_str().contains('@') {
        return Err(invalid("must not hold a user name"));
    }
    if !has_valid_authority(&uri) {
        return Err(invalid("has a host or port that is not valid"));
    }
    let loopback = is_loopback(authority.host());
    // Which `Uri` has in lower case.
    let written = format!("{scheme}{}", &base_url[scheme.len()..]);
    match scheme {
        "https" => Ok((written, loopback)),
        "http" if loopback => Ok((written, loopback)),
        "http" => Err(invalid(
            "must be https, unless its host is this machine (loopback)",
        )),
        _ => Err(invalid("must start with https://")),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn check_version(version: &str) -> Result<()> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = version
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('.'));
    match numbers {
        Some((major, minor)) if digits(major) && digits(minor) => Ok(()),
        _ => Err(Error::invalid_argument(
            "the version must look like v26.0; empty is for unversioned requests",
        )),
    }
}
