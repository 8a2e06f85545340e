//! What people do.

use serde::{Deserialize, Serialize};

use super::attachment::AttachmentKind;
use super::ring::{Held, Item, Ring, SavedRing};
use super::size::ENTRY;

/// Something a person does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Action {
    /// Writes to the Page. Opens the window.
    Message {
        /// What they write.
        text: String,
    },
    /// Taps Get Started or another postback. Opens the window.
    Postback {
        /// The button's title.
        title: String,
        /// The button's payload.
        payload: String,
    },
    /// Taps a quick reply: writes its title. Opens the window.
    QuickReply {
        /// What the quick reply says.
        title: String,
        /// The quick reply's payload.
        payload: String,
    },
    /// Sends a picture, a recording, a film or a file. Opens the window.
    Attachment {
        /// Which of them.
        kind: AttachmentKind,
        /// Where it can be fetched.
        url: String,
    },
    /// Sends a sticker. Opens the window.
    Sticker {
        /// The sticker's id, such as `369239263222822`.
        sticker_id: u64,
    },
    /// Reacts to a message. Opens the window.
    Reaction {
        /// The message id.
        message_id: String,
        /// For instance `love`.
        reaction: String,
        /// Takes the reaction back. Default: `false`.
        #[serde(default)]
        remove: bool,
    },
    /// Reads everything that is there. Does not open the window.
    Read,
    /// Follows an m.me link into the conversation. Opens the window.
    Referral {
        /// The link's `ref`.
        #[serde(rename = "ref")]
        reference: String,
    },
    /// Writes after a Click-to-Messenger ad. Opens the window for up to 7 days.
    AdMessage {
        /// What they write.
        text: String,
    },
    /// Comments on a post. Opens the window; the comment can be answered once in private.
    Comment {
        /// The comment's id.
        comment_id: String,
    },
    /// Posts on the Page. Opens the window; the post can be answered once in private.
    VisitorPost {
        /// The post's id.
        post_id: String,
    },
    /// Answers a `calling_optin` request. Does not open the window.
    CallPermission {
        /// Whether they allow calls, for 7 days.
        approve: bool,
    },
    /// Blocks the Page, or no longer. Does not open the window.
    Block {
        /// Whether the Page is blocked from now on.
        blocked: bool,
    },
}

impl Action {
    /// How long its texts are together.
    fn texts(&self) -> usize {
        match self {
            Action::Message { text } | Action::AdMessage { text } => text.len(),
            Action::Postback { title, payload } | Action::QuickReply { title, payload } => {
                title.len() + payload.len()
            }
            Action::Attachment { url, .. } => url.len(),
            Action::Reaction {
                message_id,
                reaction,
                ..
            } => message_id.len() + reaction.len(),
            Action::Referral { reference } => reference.len(),
            Action::Comment { comment_id: id } | Action::VisitorPost { post_id: id } => id.len(),
            Action::Sticker { .. }
            | Action::Read
            | Action::CallPermission { .. }
            | Action::Block { .. } => 0,
        }
    }

    /// Whether it comes with a message id: messages do, and taps on postbacks.
    pub(super) fn has_message_id(&self) -> bool {
        matches!(
            self,
            Action::Message { .. }
                | Action::AdMessage { .. }
                | Action::QuickReply { .. }
                | Action::Attachment { .. }
                | Action::Sticker { .. }
                | Action::Postback { .. }
        )
    }
}

/// An action in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PersonAction {
    /// Its number, from 1 on.
    pub id: u64,
    /// Its place in the order of all messages, requests, calls and actions.
    pub seq: u64,
    /// Who.
    pub psid: String,
    /// In conversation with which Page.
    pub page_id: String,
    /// What.
    pub action: Action,
    /// The id of the message, if it is one, or of the tap on a postback.
    pub message_id: Option<String>,
    /// When, in Unix milliseconds of the emulator's clock.
    pub at: i64,
    /// The number of the webhook that it made.
    pub webhook_id: Option<u64>,
    /// Why it made none, in one sentence.
    pub no_webhook: Option<String>,
}

impl Item for PersonAction {
    fn number(&self) -> u64 {
        self.id
    }

    fn bytes(&self) -> usize {
        ENTRY + self.psid.len() + self.action.texts()
    }
}

/// The newest actions.
pub(crate) struct Actions {
    kept: Ring<PersonAction>,
    count: u64,
}

impl Actions {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            kept: Ring::new(keep),
            count: 0,
        }
    }

    /// The number of the next action.
    pub(super) fn next_id(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(super) fn keep(&mut self, action: PersonAction) {
        self.kept.push(action);
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &PersonAction> {
        self.kept.iter()
    }

    pub(crate) fn held(&self) -> Held {
        self.kept.held()
    }

    pub(super) fn save(&self) -> SavedRing<PersonAction> {
        self.kept.save(self.count, Clone::clone)
    }

    pub(super) fn restore(saved: SavedRing<PersonAction>, keep: usize) -> Result<Self, String> {
        let (kept, count) = Ring::restore(saved, keep)?;
        Ok(Self { kept, count })
    }

    pub(super) fn drop_oldest(&mut self) -> bool {
        self.kept.drop_oldest()
    }
}
