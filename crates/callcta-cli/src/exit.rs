//! What the program's exit code says.

use callcta::{Delivery, Error, ErrorKind};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The message breaks a rule, or something else is not as it should be.
    Failed = 1,
    /// The command line, a setting or a file can't be used.
    Usage = 2,
    /// The platform refused the message.
    Rejected = 3,
    /// The message may or may not have been delivered.
    Unknown = 4,
    /// The message did not leave this machine.
    NotSent = 5,
    /// The journal of a campaign can't be read or written.
    Journal = 6,
}

/// For the help texts.
pub const CODES: &str = "\
Exit codes:
  0  done
  1  the message breaks a documented rule; nothing was sent
  2  usage: the command line, a setting or a file can't be used
  3  rejected: the platform refused the message, it was not delivered
  4  unknown: the message may or may not have been delivered
  5  not sent: the message did not leave this machine";

/// For the help texts of campaigns.
pub const CAMPAIGN_CODES: &str = "\
Exit codes:
  0  everybody got the message
  1  the plan is not in order; nothing was sent
  2  usage: the command line, a setting or a file can't be used, or another process
     has the journal
  3  done, but some were rejected or skipped
  4  done, but for some it is unknown whether they got it
  5  rows are still queued: the run was stopped, or their Page is paused
  6  the journal can't be read or written
  130  interrupted twice: what was under way is unknown";

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match (error.kind(), error.delivery()) {
            (ErrorKind::InvalidMessage, _) => Exit::Failed,
            (ErrorKind::InvalidArgument, _) => Exit::Usage,
            (_, Delivery::Rejected) => Exit::Rejected,
            (_, Delivery::Unknown) => Exit::Unknown,
            (_, Delivery::NotSent) => Exit::NotSent,
        }
    }
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        exit as u8
    }
}
