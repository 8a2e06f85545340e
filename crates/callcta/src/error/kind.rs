//! The names and numbers of what can go wrong, the same in all languages.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $slug:literal, $what:literal, $advice:literal;)+) => {
        /// What went wrong.
        ///
        /// Each kind has a stable name and a stable number, the same in all
        /// languages, and a page that says what causes it, what helps, and how the
        /// emulator makes it happen: see [`docs`](ErrorKind::docs).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum ErrorKind {
            $($(#[$doc])* $variant = $number,)+
        }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$variant,)+];

            /// The kind's stable name, such as `outside_window`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => $slug,)+
                }
            }

            /// The kind's stable number, used in C. Never used again for another
            /// kind.
            pub fn number(self) -> u32 {
                self as u32
            }

            /// The page of the documents that explains the kind, as a path in callcta's
            /// repository, such as `docs/errors/outside_window.md`.
            pub fn docs(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => concat!("docs/errors/", $slug, ".md"),)+
                }
            }

            /// What happened, in a few words.
            pub(crate) fn what(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => $what,)+
                }
            }

            /// What a person can do about it where nothing more is known.
            pub(super) fn general_advice(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => $advice,)+
                }
            }
        }
    };
}

kinds! {
    /// The message breaks a documented rule; nothing was sent.
    InvalidMessage = 100, "invalid_message", "the message breaks a rule",
        "correct the message";
    /// A setting or an argument can't be used; nothing was sent.
    InvalidArgument = 101, "invalid_argument", "a setting or argument can't be used",
        "correct the setting or argument";
    /// The access token or the app secret proof is not accepted.
    Authentication = 200, "authentication", "the access token or app secret proof was not accepted",
        "get a new Page access token and check that the app secret belongs to the same app";
    /// The app or the Page may not do this.
    PermissionDenied = 201, "permission_denied", "the app or the Page may not do this",
        "check that the app has the pages_messaging permission for this Page and isn't restricted";
    /// The Page has not enabled audio calling.
    CallingNotEnabled = 202, "calling_not_enabled", "audio calling is not enabled for this Page",
        "turn on audio calling in the Page's messenger call settings (audio_enabled)";
    /// The message came outside of the window in which the Page may write.
    OutsideWindow = 203, "outside_window", "sent outside of the allowed window",
        "wait until the person writes to the Page or otherwise opens the window again";
    /// There is no such person for this Page.
    InvalidRecipient = 204, "invalid_recipient", "no such recipient for this Page",
        "check that the PSID is a Page-scoped ID of this very Page and that the token is this Page's";
    /// The person exists but can't be reached.
    RecipientUnavailable = 205, "recipient_unavailable", "the person can't be reached",
        "don't write to this person again unless they write first";
    /// There is no such Page for this token.
    InvalidPage = 206, "invalid_page", "no such Page for this token",
        "check the Page id and that the token may act for that Page";
    /// The platform refused the request as wrong.
    InvalidRequest = 207, "invalid_request", "the platform refused a parameter",
        "check the message against Meta's page, such as the range of expires_in_days";
    /// Too many requests. Carries [`Error::retry_after`](crate::Error::retry_after) when the platform said.
    RateLimited = 210, "rate_limited", "too many requests",
        "send more slowly and wait before the next try";
    /// The platform failed; the message may have been delivered all the same.
    Service = 211, "service", "the platform failed",
        "the message may have been delivered: check before sending it again";
    /// Another error of the Graph API, with its numbers.
    Api = 299, "api", "the platform refused the request",
        "look the code up in the Messenger Platform's error codes";
    /// Resolving, connecting or TLS failed; nothing was sent.
    Connect = 300, "connect", "could not connect",
        "nothing was sent; check the network, the host name and the proxy";
    /// A time limit ran out.
    Timeout = 301, "timeout", "a time limit ran out",
        "nothing was sent; check the network, the host name and the proxy, and try again";
    /// The connection broke after the request, or part of it, was sent.
    Network = 302, "network", "the connection broke before an answer came",
        "the message may have been delivered: check before sending it again";
    /// The answer can't be read.
    InvalidResponse = 303, "invalid_response", "the answer could not be read",
        "the message may have been delivered: check before sending it again";
    /// The send was given up, or the client closed; [`Error::reason`](crate::Error::reason) tells which.
    Cancelled = 400, "cancelled", "cancelled",
        "nothing was sent; send it again if it is still wanted";
    /// The message's deadline passed before it was sent.
    DeadlinePassed = 401, "deadline_passed", "the deadline has passed",
        "send it with a later deadline if it is still of use";
    /// An outbox has no room for one more message; nothing was sent.
    QueueFull = 402, "queue_full", "the outbox is full",
        "try again when some of what waits has been sent";
    /// This process has no more files, threads or memory; nothing was sent.
    OutOfResources = 403, "out_of_resources", "out of files, threads or memory",
        "raise the limit of open files (ulimit -n) or of threads and processes (ulimit -u, the \
         container's pids limit), or send fewer messages at once";
    /// A defect in callcta.
    Internal = 900, "internal", "an internal error, which is a defect in callcta",
        "please report it";
}

impl ErrorKind {
    /// What an error of this kind says about its message where nothing more is known, as
    /// for one that is made by hand; `None` if that depends on how far the send was.
    pub fn delivery(self) -> Option<Delivery> {
        match self {
            Self::InvalidMessage
            | Self::InvalidArgument
            | Self::Connect
            | Self::DeadlinePassed
            | Self::QueueFull
            | Self::OutOfResources => Some(Delivery::NotSent),
            Self::Authentication
            | Self::PermissionDenied
            | Self::CallingNotEnabled
            | Self::OutsideWindow
            | Self::InvalidRecipient
            | Self::RecipientUnavailable
            | Self::InvalidPage
            | Self::InvalidRequest
            | Self::RateLimited
            | Self::Api => Some(Delivery::Rejected),
            Self::Service | Self::Network | Self::InvalidResponse => Some(Delivery::Unknown),
            Self::Timeout | Self::Cancelled | Self::Internal => None,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known about a message whose send failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Nothing left this machine: it was not delivered.
    NotSent = 1001,
    /// The platform refused it: it was not delivered.
    Rejected = 1002,
    /// It may or may not have been delivered.
    Unknown = 1003,
}

impl Delivery {
    /// Every one.
    pub const ALL: &[Delivery] = &[Delivery::NotSent, Delivery::Rejected, Delivery::Unknown];

    /// `not_sent`, `rejected` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Delivery::NotSent => "not_sent",
            Delivery::Rejected => "rejected",
            Delivery::Unknown => "unknown",
        }
    }

    /// Its stable number, used in C.
    pub fn number(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who ended a send that was [cancelled](ErrorKind::Cancelled).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelReason {
    /// The client or the outbox was closed.
    Closed = 1101,
    /// Somebody gave this one send up.
    Aborted = 1102,
}

impl CancelReason {
    /// Every one.
    pub const ALL: &[CancelReason] = &[CancelReason::Closed, CancelReason::Aborted];

    /// `closed` or `aborted`.
    pub fn as_str(self) -> &'static str {
        match self {
            CancelReason::Closed => "closed",
            CancelReason::Aborted => "aborted",
        }
    }

    /// Its stable number, used in C.
    pub fn number(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_those_that_were_promised() {
        let expected = [
            (100, "invalid_message"),
            (101, "invalid_argument"),
            (200, "authentication"),
            (201, "permission_denied"),
            (202, "calling_not_enabled"),
            (203, "outside_window"),
            (204, "invalid_recipient"),
            (205, "recipient_unavailable"),
            (206, "invalid_page"),
            (207, "invalid_request"),
            (210, "rate_limited"),
            (211, "service"),
            (299, "api"),
            (300, "connect"),
            (301, "timeout"),
            (302, "network"),
            (303, "invalid_response"),
            (400, "cancelled"),
            (401, "deadline_passed"),
            (402, "queue_full"),
            (403, "out_of_resources"),
            (900, "internal"),
        ];
        let got: Vec<_> = ErrorKind::ALL
            .iter()
            .map(|kind| (kind.number(), kind.as_str()))
            .collect();
        assert_eq!(got, expected);
    }
}
