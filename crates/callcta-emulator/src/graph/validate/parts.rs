//! What a checked send consists of.

use std::borrow::Cow;

/// A send that follows the rules, as far as it goes without looking at the state.
#[derive(Debug)]
pub(crate) struct Send<'a> {
    pub(crate) recipient: Recipient<'a>,
    pub(crate) content: Content,
    pub(crate) messaging_type: Option<MessagingType>,
    pub(crate) tag: Option<Tag>,
    pub(crate) reply_to: Option<&'a str>,
    /// The name of the utility template, if one is sent.
    pub(crate) utility: Option<&'a str>,
}

/// Whom a send is for.
#[derive(Debug)]
pub(crate) enum Recipient<'a> {
    Psid(Cow<'a, str>),
    UserRef(&'a str),
    CommentId(&'a str),
    PostId(&'a str),
}

/// What a send carries, as far as the state's rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Action,
    Plain,
    CustomerFeedback,
    CallPrompt,
    CallingOptin,
    /// A template with at least one `audio_call` button.
    AudioCall,
}

/// `messaging_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessagingType {
    Response,
    Update,
    MessageTag,
    Utility,
}

/// The tags that are alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    HumanAgent,
    CustomerFeedback,
}
