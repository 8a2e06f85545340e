//! The rules of a whole request: recipient, options, and what a message holds.

use serde_json::Value;

use super::Report;
use super::checker::{Checker, MESSAGE, is_digits, string};
use super::part::Part;
use crate::limits::RETIRED_TAGS;
use crate::message::{
    Message, MessageTag, MessagingType, NotificationType, Recipient, Request, SendOptions, Template,
};
use crate::names::{
    FOLDERS, REACTION, RECIPIENT, REPLY_TO, REQUEST, SENDER_ACTIONS, SUGGESTION_ACTIONS,
};
use crate::path::Path;
use crate::violation::{AN_OBJECT, Rule, Violation};

const ROOT: Path<'static> = Path::Root;

impl Message {
    /// Everything that is wrong with the message, in the order of the wire form:
    /// [errors](crate::Severity::Error) keep it from being sent,
    /// [warnings](crate::Severity::Warning) don't.
    ///
    /// At most [`VIOLATIONS_MAX`](crate::limits::VIOLATIONS_MAX) are listed; one more, of
    /// the rule [`More`](Rule::More), then says how many are missing.
    pub fn validate(&self) -> Vec<Violation> {
        self.check().violations
    }

    /// What [`validate`](Message::validate) finds, with the number of violations and what
    /// there are no rules for.
    pub fn check(&self) -> Report {
        let mut checker = Checker::default();
        checker.message(&MESSAGE, self, None);
        checker.into()
    }
}

impl Request {
    /// Everything that is wrong with the request: recipient, message and options; see
    /// [`Message::validate`].
    pub fn validate(&self) -> Vec<Violation> {
        self.check().violations
    }

    /// What [`validate`](Request::validate) finds, with the number of violations and what
    /// there are no rules for.
    pub fn check(&self) -> Report {
        check(self.recipient.as_ref(), &self.message, &self.options).into()
    }
}

/// Checks a whole request.
pub(crate) fn request(
    recipient: Option<&Recipient>,
    message: &Message,
    options: &SendOptions,
) -> Vec<Violation> {
    check(recipient, message, options).found.list()
}

fn check(recipient: Option<&Recipient>, message: &Message, options: &SendOptions) -> Checker {
    let mut checker = Checker {
        deadline: options.deadline,
        ..Checker::default()
    };
    let extra = &options.extra;
    checker.recipient(recipient, options);
    let metadata = options.metadata.as_deref();
    let empty = metadata.is_none() && *message == Message::default();
    let acts = extra.contains_key("sender_action");
    let says = !empty || extra.contains_key("message");
    match extra.get("message") {
        Some(value) => checker.own(&MESSAGE, AN_OBJECT, value),
        None if acts && !says => {}
        None => checker.message(&MESSAGE, message, metadata),
    }
    if acts && says {
        let message = "does not go with a message: a request has one or the other";
        checker.error(&ROOT.field("sender_action"), Rule::NotAllowed, message);
    }
    checker.options(options);
    if !empty {
        checker.fits(message, options);
    }
    checker
}

impl Checker {
    fn recipient(&mut self, recipient: Option<&Recipient>, options: &SendOptions) {
        const PLACE: Path<'static> = Path::Field(&Path::Root, "recipient");
        if let Some(value) = options.extra.get("recipient") {
            self.own(&PLACE, AN_OBJECT, value);
        }
        let (name, value) = match recipient {
            None => {
                if !options.extra.contains_key("recipient") {
                    self.error(&PLACE, Rule::Required, "says who the message goes to");
                }
                return;
            }
            Some(Recipient::Other(object)) => {
                for (name, expected) in RECIPIENT.own() {
                    self.typed(&PLACE, object, name, expected);
                }
                self.fields(&PLACE, object, &[&RECIPIENT]);
                if object.is_empty() {
                    self.error(&PLACE, Rule::Required, "says who the message goes to");
                }
                let Some(id) = string(object, "id") else {
                    return;
                };
                ("id", id)
            }
            Some(Recipient::Id(id)) => ("id", id.as_str()),
            Some(Recipient::UserRef(value)) => ("user_ref", value.as_str()),
            Some(Recipient::CommentId(value)) => ("comment_id", value.as_str()),
            Some(Recipient::PostId(value)) => ("post_id", value.as_str()),
        };
        let path = PLACE.field(name);
        if value.is_empty() {
            self.required_text(&path);
        } else if name == "id" && !is_digits(value) {
            self.error(
                &path,
                Rule::InvalidId,
                "must be a Page-scoped ID, which has digits only",
            );
        }
    }

    fn options(&mut self, options: &SendOptions) {
        if !options.extra.is_empty() {
            self.further_options(options);
        }
        if let Some(kind) = &options.messaging_type {
            let path = ROOT.field("messaging_type");
            self.value(&path, kind.as_str(), MessagingType::KNOWN);
        }
        if let Some(kind) = &options.notification_type {
            let path = ROOT.field("notification_type");
            self.value(&path, kind.as_str(), NotificationType::KNOWN);
        }
        let tagged = options.messaging_type == Some(MessagingType::MessageTag);
        match &options.tag {
            Some(tag) => {
                let path = ROOT.field("tag");
                if RETIRED_TAGS.contains(&tag.as_str()) {
                    let message = format_args!(
                        "{tag} no longer works; use the messaging type UTILITY with an approved template"
                    );
                    self.error(&path, Rule::RetiredTag, message);
                } else {
                    self.value(&path, tag.as_str(), MessageTag::KNOWN);
                }
                if !tagged {
                    self.error(
                        &ROOT.field("messaging_type"),
                        Rule::TagMismatch,
                        "must be MESSAGE_TAG when a tag is given",
                    );
                }
            }
            None if tagged && !options.extra.contains_key("tag") => self.error(
                &ROOT.field("tag"),
                Rule::TagMismatch,
                "is required with the messaging type MESSAGE_TAG",
            ),
            None => {}
        }
    }

    /// The fields that there is no option for.
    fn further_options(&mut self, options: &SendOptions) {
        let extra = &options.extra;
        let reply_to = match extra.get("reply_to") {
            // With more or less than a mid, for which there is an option.
            Some(Value::Object(reply_to)) if options.reply_to.is_none() => Some(reply_to),
            _ => None,
        };
        if let Some(reply_to) = reply_to {
            let path = ROOT.field("reply_to");
            self.fields(&path, reply_to, &[&REPLY_TO]);
            self.needs_text(&path, reply_to, "mid");
        }
        let others = extra.iter().filter(|(name, _)| match name.as_str() {
            "reply_to" => reply_to.is_none(),
            // Checked before.
            name => name != "recipient" && name != "message",
        });
        self.further(&ROOT, others, &[&REQUEST]);
        let action = self.choice(&ROOT, extra, "sender_action", SENDER_ACTIONS);
        if let Some(Value::Object(payload)) = extra.get("payload") {
            let path = ROOT.field("payload");
            if let Some("react" | "unreact" | "REACT" | "UNREACT") = action {
                self.fields(&path, payload, &[&REACTION]);
            } else {
                // That of a template or of an attachment belongs somewhere else.
                self.is_misplaced(&path, payload, Part::Request);
            }
        }
        self.choice(&ROOT, extra, "folder", FOLDERS);
        self.choice(&ROOT, extra, "suggestion_action", SUGGESTION_ACTIONS);
    }

    /// Whether the message is one that these options are for.
    fn fits(&mut self, message: &Message, options: &SendOptions) {
        let utility = options.messaging_type == Some(MessagingType::Utility);
        let path = MESSAGE.field("template");
        match message.extra.contains_key("template") {
            false if utility => self.warning(
                &path,
                Rule::Required,
                "names the approved template, which the messaging type UTILITY is for",
            ),
            true if !utility => self.warning(
                &path,
                Rule::NotAllowed,
                "goes with the messaging type UTILITY only",
            ),
            _ => {}
        }
        let template_type = message.template.as_ref().and_then(Template::template_type);
        if options.tag == Some(MessageTag::CustomerFeedback)
            && template_type != Some("customer_feedback")
        {
            self.error(
                &ROOT.field("tag"),
                Rule::TagMismatch,
                "CUSTOMER_FEEDBACK goes with the template customer_feedback only",
            );
        }
    }
}
