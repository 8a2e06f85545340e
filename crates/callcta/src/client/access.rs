//! As whom requests are made, while that can change.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::endpoint::Endpoint;
use crate::credentials::AccessToken;
use crate::error::{Delivery, Error, ErrorKind, Result};

type Provider = dyn Fn() -> Result<String, Box<dyn std::error::Error + Send + Sync>> + Send + Sync;

/// The endpoint with the token of now. Read without a lock, which a fork might find
/// taken by a thread that the child doesn't have.
pub(super) struct Access {
    endpoint: ArcSwap<Endpoint>,
    provider: Option<Box<Provider>>,
}

impl Access {
    pub(super) fn new(endpoint: Endpoint, provider: Option<Box<Provider>>) -> Self {
        Access {
            endpoint: ArcSwap::from_pointee(endpoint),
            provider,
        }
    }

    /// The endpoint as it was used last.
    pub(super) fn last(&self) -> Arc<Endpoint> {
        self.endpoint.load_full()
    }

    /// The endpoint for a request that is about to be made.
    pub(super) fn now(&self) -> Result<Arc<Endpoint>> {
        let Some(provider) = &self.provider else {
            return Ok(self.last());
        };
        let token = provider().map_err(|error| {
            Error::new(ErrorKind::Authentication, Delivery::NotSent)
                .with_detail("the access token could not be had")
                .with_source(Failed(error))
        })?;
        self.set(token)?;
        Ok(self.last())
    }

    /// Makes requests with another token from now on.
    pub(super) fn set(&self, token: String) -> Result<()> {
        let token = AccessToken::new(token)?;
        let last = self.last();
        if !last.is_with(&token) {
            self.endpoint.store(Arc::new(last.with_token(token)?));
        }
        Ok(())
    }
}

/// What a provider failed with.
#[derive(Debug)]
struct Failed(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

pub(super) type TokenProvider = Box<Provider>;
