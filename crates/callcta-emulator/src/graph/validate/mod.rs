//! What a send may look like: the emulator's own reading of the documentation. Like Graph, it
//! stops at the first broken rule.

mod button;
mod content;
mod parts;
mod place;
mod profile;
mod send;
mod template;
#[cfg(test)]
mod tests;

pub(super) use self::button::is_url;
pub(super) use self::parts::{Content, MessagingType, Recipient, Send, Tag};
pub(super) use self::profile::profile;
pub(super) use self::send::{attachment, send};
