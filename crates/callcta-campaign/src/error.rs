//! What keeps a campaign from being planned or run.

use std::fmt;

/// A result with a campaign's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting can't be used, or doesn't go with the others.
    InvalidArgument,
    /// The recipients can't be read: encoding, header, or no rows at all.
    Input,
    /// The message can't be used as a template.
    Template,
    /// The journal can't be read or written: a full disk, a missing folder.
    Journal,
    /// Another process has the journal.
    InUse,
    /// The journal was copied, moved or restored since it was last used.
    Moved,
    /// Input or message differ from what was planned.
    Changed,
    /// Something can't be written out.
    Output,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: &[ErrorKind] = &[
        ErrorKind::InvalidArgument,
        ErrorKind::Input,
        ErrorKind::Template,
        ErrorKind::Journal,
        ErrorKind::InUse,
        ErrorKind::Moved,
        ErrorKind::Changed,
        ErrorKind::Output,
    ];

    /// The kind's stable name, such as `in_use`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::InvalidArgument => "invalid_argument",
            ErrorKind::Input => "input",
            ErrorKind::Template => "template",
            ErrorKind::Journal => "journal",
            ErrorKind::InUse => "in_use",
            ErrorKind::Moved => "moved",
            ErrorKind::Changed => "changed",
            ErrorKind::Output => "output",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a campaign can't go on: one line that quotes neither a PSID nor a text.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    text: String,
}

impl Error {
    /// An error of a kind, for those who add to what is said or have journals of their own.
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Error {
            kind,
            text: text.into(),
        }
    }

    /// A setting that can't be used.
    pub fn invalid(text: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvalidArgument, text)
    }

    pub(crate) fn input(text: impl Into<String>) -> Self {
        Error::new(ErrorKind::Input, text)
    }

    pub(crate) fn template(text: impl Into<String>) -> Self {
        Error::new(ErrorKind::Template, text)
    }

    pub(crate) fn journal(text: impl Into<String>) -> Self {
        Error::new(ErrorKind::Journal, text)
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}
