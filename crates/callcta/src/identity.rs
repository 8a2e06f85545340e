//! As whom requests are made: the token, and the Page behind it.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::client::{Ask, Client, Object, Place, RequestOptions};
use crate::error::Result;
use crate::lenient::{self, Object as Fields};
use crate::transport::HttpResponse;

/// What there is to ask about the client's token and its Page; from
/// [`Client::identity`].
#[derive(Clone, Debug)]
pub struct Identity {
    client: Client,
    options: RequestOptions,
}

/// Somebody or something that a token can be of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Profile {
    /// Its id.
    pub id: String,
    /// Its name, if told.
    pub name: Option<String>,
}

/// What a token is worth.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenInfo {
    /// Whether it can be used.
    pub is_valid: bool,
    /// `PAGE`, `USER`, `SYSTEM_USER` or another, if told.
    pub kind: Option<String>,
    /// The app that it was made for.
    pub app_id: Option<String>,
    /// The app's name.
    pub application: Option<String>,
    /// The Page that it is of, if it is a Page's.
    pub profile_id: Option<String>,
    /// The permissions that were granted, such as `pages_messaging`.
    pub scopes: Vec<String>,
    /// Until when it can be used, in Unix milliseconds; `None` if for ever, or if not
    /// told.
    pub expires_at: Option<i64>,
    /// Until when the app may see data by it, in Unix milliseconds.
    pub data_access_expires_at: Option<i64>,
    /// Code and subcode of why it can't be used.
    pub error: Option<TokenError>,
}

/// Why a token can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenError {
    /// The Graph API's code, such as 190.
    pub code: i64,
    /// Its subcode, such as 463 for one that has expired.
    pub subcode: Option<i64>,
}

/// Shows no names.
impl fmt::Debug for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenInfo")
            .field("is_valid", &self.is_valid)
            .field("kind", &self.kind)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// What there is to ask about the client's token and its Page.
    pub fn identity(&self) -> Identity {
        Identity {
            client: self.clone(),
            options: RequestOptions::default(),
        }
    }
}

impl Identity {
    /// The same with other options for its requests.
    #[must_use]
    pub fn with(&self, options: RequestOptions) -> Self {
        Identity {
            client: self.client.clone(),
            options,
        }
    }

    /// Who the token is of: with a Page's token, the Page.
    ///
    /// # Errors
    ///
    /// Every kind that an answer or a connection can lead to; see
    /// [`ErrorKind`](crate::ErrorKind). It is tried again as
    /// [reads](crate::calling) are.
    pub fn me(&self) -> Result<Profile> {
        self.profile("me", Object::Me, &|_| {})
    }

    /// As [`me`](Identity::me), and tells each answer.
    #[cfg(feature = "doctor")]
    pub(crate) fn me_seen(&self, seen: &dyn Fn(&HttpResponse)) -> Result<Profile> {
        self.profile("me", Object::Me, seen)
    }

    /// The client's Page.
    ///
    /// # Errors
    ///
    /// As [`me`](Identity::me).
    pub fn page(&self) -> Result<Profile> {
        self.profile("page", Object::Page, &|_| {})
    }

    /// What the client's token is worth. The platform may tell so of one that can't be
    /// used, too, or answer with an error.
    ///
    /// The platform wants the token in the query of this request, so it is in the logs
    /// of whatever reads those.
    ///
    /// # Errors
    ///
    /// As [`me`](Identity::me).
    pub fn token(&self) -> Result<TokenInfo> {
        let token = self.client.last_token();
        let query = [("input_token", token.expose())];
        let place = Place {
            object: Object::Root,
            edge: "debug_token",
            query: &query,
        };
        let ask = Ask {
            holds_errors: |answer| {
                let data = answer.get("data");
                data.is_some_and(|data| data.get("is_valid").is_some())
            },
            ..Ask::get("token", place)
        };
        self.client.ask(&ask, &self.options, &|answer| {
            TokenInfo::told(answer).ok_or("the answer says nothing of the token")
        })
    }

    fn profile(
        &self,
        name: &'static str,
        object: Object,
        seen: &dyn Fn(&HttpResponse),
    ) -> Result<Profile> {
        let place = Place {
            object,
            edge: "",
            query: &[("fields", "id,name")],
        };
        let ask = Ask {
            seen,
            ..Ask::get(name, place)
        };
        self.client.ask(&ask, &self.options, &|answer| {
            Profile::told(&answer).ok_or("the answer has no id")
        })
    }
}

impl Profile {
    fn told(answer: &Fields) -> Option<Self> {
        Some(Profile {
            id: lenient::text(answer, "id").ok()??,
            name: lenient::text(answer, "name").unwrap_or_default(),
        })
    }
}

impl TokenInfo {
    fn told(answer: Fields) -> Option<Self> {
        let data = lenient::bare(answer);
        let text = |name| lenient::text(&data, name).unwrap_or_default();
        // 0 means never.
        let moment = |name| {
            let moment = lenient::moment(&data, name).unwrap_or_default();
            moment.filter(|moment| *moment != 0)
        };
        let error = data.get("error").and_then(Value::as_object);
        let code = |error: &Fields, name| lenient::integer(error, name).unwrap_or_default();
        Some(TokenInfo {
            is_valid: lenient::flag(&data, "is_valid").ok()??,
            kind: text("type"),
            app_id: text("app_id"),
            application: text("application"),
            profile_id: text("profile_id"),
            scopes: lenient::items(data.get("scopes"))
                .iter()
                .filter_map(|scope| scope.as_str().map(str::to_owned))
                .collect(),
            expires_at: moment("expires_at"),
            data_access_expires_at: moment("data_access_expires_at"),
            error: error.and_then(|error| {
                Some(TokenError {
                    code: code(error, "code")?,
                    subcode: code(error, "subcode").or_else(|| code(error, "error_subcode")),
                })
            }),
        })
    }
}
