use std::fmt;

/// Why a webhook, or a challenge, was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// There is no signature header.
    MissingSignature,
    /// The header isn't `sha256=` and 64 hexadecimal digits.
    MalformedSignature,
    /// The signature is of another body or made with another secret.
    WrongSignature,
    /// The body is longer than [`BODY_MAX`](super::BODY_MAX), or holds more than
    /// [`EVENTS_MAX`](super::EVENTS_MAX) events.
    TooLarge,
    /// The body isn't a JSON object.
    InvalidBody,
    /// The request is no challenge.
    NoChallenge,
    /// The challenge has another verify token.
    WrongVerifyToken,
}

impl RefusalKind {
    /// Every kind.
    pub const ALL: &[RefusalKind] = &[
        RefusalKind::MissingSignature,
        RefusalKind::MalformedSignature,
        RefusalKind::WrongSignature,
        RefusalKind::TooLarge,
        RefusalKind::InvalidBody,
        RefusalKind::NoChallenge,
        RefusalKind::WrongVerifyToken,
    ];

    /// The kind's stable name, such as `wrong_signature`.
    pub fn as_str(self) -> &'static str {
        match self {
            RefusalKind::MissingSignature => "missing_signature",
            RefusalKind::MalformedSignature => "malformed_signature",
            RefusalKind::WrongSignature => "wrong_signature",
            RefusalKind::TooLarge => "too_large",
            RefusalKind::InvalidBody => "invalid_body",
            RefusalKind::NoChallenge => "no_challenge",
            RefusalKind::WrongVerifyToken => "wrong_verify_token",
        }
    }

    /// The number of the kind where there are no names, as in C. Never used again for
    /// something else, and that of no [`ErrorKind`](crate::ErrorKind).
    pub fn number(self) -> u32 {
        match self {
            RefusalKind::MissingSignature => 600,
            RefusalKind::MalformedSignature => 601,
            RefusalKind::WrongSignature => 602,
            RefusalKind::TooLarge => 603,
            RefusalKind::InvalidBody => 604,
            RefusalKind::NoChallenge => 605,
            RefusalKind::WrongVerifyToken => 606,
        }
    }
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A webhook, or a challenge, that can't be accepted. Its text quotes nothing of
/// the request and nothing of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    kind: RefusalKind,
    text: String,
}

impl Refusal {
    pub(super) fn new(kind: RefusalKind, text: impl Into<String>) -> Self {
        Refusal {
            kind,
            text: text.into(),
        }
    }

    /// Which check failed.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// The HTTP status to answer with: 401 for a signature, 403 for a verify
    /// token, 413 and 400 for a body, 400 for a request that is no challenge.
    pub fn http_status(&self) -> u16 {
        match self.kind {
            RefusalKind::MissingSignature
            | RefusalKind::MalformedSignature
            | RefusalKind::WrongSignature => 401,
            RefusalKind::WrongVerifyToken => 403,
            RefusalKind::TooLarge => 413,
            RefusalKind::InvalidBody | RefusalKind::NoChallenge => 400,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}
