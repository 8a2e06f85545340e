//! What a person can do about an error.

use super::kind::{CancelReason, Delivery, ErrorKind};

/// What an error is about, as far as that makes a difference to its advice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) about: Subject,
    pub(super) reason: Option<CancelReason>,
    /// Whether the answer is none of the Graph API's.
    pub(super) foreign: bool,
    /// Whether another try would end the same way.
    pub(super) is_final: bool,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A message to somebody.
    Message(Addressee),
    /// Something that is asked for and changed by nothing.
    Read,
    /// A setting, a subscription or a report.
    Change,
    /// The beginning of a call, or a change of one.
    Call,
    /// The end of a call.
    CallEnd,
}

impl Default for Subject {
    fn default() -> Self {
        Subject::Message(Addressee::default())
    }
}

/// How it was said who gets the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Addressee {
    #[default]
    Person,
    UserRef,
    Comment,
    Post,
    Other,
}

impl ErrorKind {
    /// What a person can do about an error of this kind of which nothing more is known,
    /// in one sentence. [`Error::advice`](crate::Error::advice) knows more.
    pub fn advice(self) -> &'static str {
        let delivery = self.delivery().unwrap_or(Delivery::Unknown);
        advice(self, delivery, Context::default())
    }
}

const FOREIGN: &str =
    "check the base URL, the version and the proxy: this is no answer of the Graph API";

pub(super) fn advice(kind: ErrorKind, delivery: Delivery, context: Context) -> &'static str {
    match (delivery, context.about) {
        (Delivery::NotSent, _) => of_unsent(kind, context),
        (Delivery::Rejected, Subject::Message(to)) => of_refused(kind, to, context),
        (Delivery::Rejected, _) => of_refused_other(kind, context),
        (Delivery::Unknown, Subject::Message(_)) => match kind {
            ErrorKind::Internal => {
                "please report it; the message may have been delivered: check before sending it \
                 again"
            }
            _ if context.foreign => {
                "the message may have been delivered: check that and the base URL before sending \
                 it again"
            }
            _ => "the message may have been delivered: check before sending it again",
        },
        (Delivery::Unknown, about) => of_unanswered(kind, about, context),
    }
}

/// Of requests other than messages that may have arrived.
fn of_unanswered(kind: ErrorKind, about: Subject, context: Context) -> &'static str {
    match about {
        _ if kind == ErrorKind::Internal => "please report it",
        _ if context.foreign => FOREIGN,
        Subject::Read => "it changed nothing: ask again",
        Subject::CallEnd => "the call may be over already; ending it again does no harm",
        Subject::Call => {
            "the platform may have done it all the same: see what the webhooks say, and end the \
             call if that is not known"
        }
        Subject::Change | Subject::Message(_) => {
            "it may have been done all the same: check before doing it again"
        }
    }
}

/// What happened to something that was given up or ended by closing.
pub(super) fn ended(reason: CancelReason, delivery: Delivery, about: Subject) -> &'static str {
    match (reason, delivery, about) {
        (CancelReason::Closed, Delivery::NotSent, _) => "the client is closed",
        (CancelReason::Closed, Delivery::Rejected, _) => {
            "the client was closed before the next try"
        }
        (CancelReason::Closed, Delivery::Unknown, Subject::Message(_)) => {
            "the client was closed while the message was being sent"
        }
        (CancelReason::Closed, Delivery::Unknown, _) => {
            "the client was closed while it waited for the answer"
        }
        (CancelReason::Aborted, Delivery::NotSent, _) => "cancelled before it was sent",
        (CancelReason::Aborted, Delivery::Rejected, _) => "cancelled before the next try",
        (CancelReason::Aborted, Delivery::Unknown, _) => "cancelled while it was being sent",
    }
}

fn of_unsent(kind: ErrorKind, context: Context) -> &'static str {
    match (kind, context.reason) {
        (ErrorKind::Connect, _) if context.is_final => {
            "nothing was sent; another try would end the same way"
        }
        (ErrorKind::Cancelled, Some(CancelReason::Closed)) => {
            "nothing was sent; send it with a client that is open"
        }
        (ErrorKind::Cancelled, _) => "nothing was sent; send it again if it is still wanted",
        (ErrorKind::Internal, _) => "please report it; nothing was sent",
        _ => kind.general_advice(),
    }
}

fn of_refused_other(kind: ErrorKind, context: Context) -> &'static str {
    match kind {
        ErrorKind::Api | ErrorKind::Authentication | ErrorKind::PermissionDenied
            if context.foreign =>
        {
            FOREIGN
        }
        ErrorKind::Cancelled => {
            "the platform had refused it before; ask again if it is still wanted"
        }
        ErrorKind::InvalidRequest => "check the parameters against Meta's page on this request",
        _ => kind.general_advice(),
    }
}

fn of_refused(kind: ErrorKind, to: Addressee, context: Context) -> &'static str {
    match (kind, to) {
        // Also what looks like a token or a permission.
        (ErrorKind::Api | ErrorKind::Authentication | ErrorKind::PermissionDenied, _)
            if context.foreign =>
        {
            FOREIGN
        }
        (ErrorKind::Cancelled, _) => {
            "the platform had refused it before, so it was not delivered; send it again if it is \
             still wanted"
        }
        (ErrorKind::InvalidRecipient, Addressee::UserRef) => {
            "check that the user_ref is one that the plugin reported for this very Page, and that \
             the token is this Page's"
        }
        (ErrorKind::InvalidRecipient, Addressee::Comment) => {
            "check that the comment is there, on this very Page, at most 7 days old, and has had \
             no private reply yet"
        }
        (ErrorKind::InvalidRecipient, Addressee::Post) => {
            "check that the post is there, a visitor's on this very Page, at most 7 days old, and \
             has had no private reply yet"
        }
        (ErrorKind::InvalidRecipient, Addressee::Other) => {
            "check who the message is for, and that the token is this Page's"
        }
        (ErrorKind::OutsideWindow, Addressee::Comment | Addressee::Post) => {
            "a private reply can be sent once, within 7 days; for more, wait until the person \
             writes to the Page"
        }
        _ => kind.general_advice(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: [Addressee; 5] = [
        Addressee::Person,
        Addressee::UserRef,
        Addressee::Comment,
        Addressee::Post,
        Addressee::Other,
    ];

    fn every_context() -> Vec<Context> {
        let mut contexts = Vec::new();
        for to in FORMS {
            for reason in [
                None,
                Some(CancelReason::Closed),
                Some(CancelReason::Aborted),
            ] {
                for foreign in [false, true] {
                    for is_final in [false, true] {
                        contexts.push(Context {
                            about: Subject::Message(to),
                            reason,
                            foreign,
                            is_final,
                        });
                    }
                }
            }
        }
        contexts
    }

    #[test]
    fn advice_knows_what_happened_to_the_message() {
        let deliveries = [Delivery::NotSent, Delivery::Rejected, Delivery::Unknown];
        for kind in ErrorKind::ALL {
            // Where a kind comes with one delivery only, the others don't happen. Nor does a
            // refusal that came too late.
            let happens = |delivery: &Delivery| match kind.delivery() {
                Some(only) => only == *delivery,
                None => *kind != ErrorKind::Timeout || *delivery != Delivery::Rejected,
            };
            for delivery in deliveries.iter().filter(|it| happens(it)) {
                for context in every_context() {
                    let text = advice(*kind, *delivery, context);
                    let says = |word: &str| text.contains(word);
                    let told = format!("{kind} {delivery} {context:?}: {text}");
                    assert_eq!(
                        says("may have been delivered"),
                        *delivery == Delivery::Unknown,
                        "{told}"
                    );
                    assert!(!says("delivery") && !says(" if the "), "{told}");
                    assert!(
                        *delivery == Delivery::NotSent || !says("nothing was sent"),
                        "{told}"
                    );
                    assert!(
                        text.starts_with(char::is_lowercase) && !says("\n"),
                        "{told}"
                    );
                    let person = context.about == Subject::default();
                    assert!(person || !says("PSID"), "{told}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_message_is_not_called_one() {
        for kind in ErrorKind::ALL {
            for about in [
                Subject::Read,
                Subject::Change,
                Subject::Call,
                Subject::CallEnd,
            ] {
                for delivery in [Delivery::Rejected, Delivery::Unknown] {
                    // What doesn't happen; see above.
                    let late = *kind == ErrorKind::Timeout && delivery == Delivery::Rejected;
                    if late || kind.delivery().is_some_and(|only| only != delivery) {
                        continue;
                    }
                    for foreign in [false, true] {
                        let context = Context {
                            about,
                            foreign,
                            ..Context::default()
                        };
                        let text = advice(*kind, delivery, context);
                        let told = format!("{kind} {delivery} {context:?}: {text}");
                        assert!(!text.contains("the message"), "{told}");
                        assert!(!text.contains("delivered"), "{told}");
                        assert!(!text.contains("nothing was sent"), "{told}");
                    }
                }
            }
        }
    }

    #[test]
    fn advice_is_as_close_as_it_can_be() {
        let about = |to| Context {
            about: Subject::Message(to),
            ..Context::default()
        };
        let foreign = Context {
            foreign: true,
            ..Context::default()
        };
        let cases = [
            (
                ErrorKind::Timeout,
                Delivery::NotSent,
                Context::default(),
                "nothing was sent",
            ),
            (
                ErrorKind::InvalidRecipient,
                Delivery::Rejected,
                Context::default(),
                "PSID",
            ),
            (
                ErrorKind::InvalidRecipient,
                Delivery::Rejected,
                about(Addressee::Comment),
                "comment",
            ),
            (
                ErrorKind::InvalidRecipient,
                Delivery::Rejected,
                about(Addressee::Post),
                "post",
            ),
            (
                ErrorKind::InvalidRecipient,
                Delivery::Rejected,
                about(Addressee::UserRef),
                "user_ref",
            ),
            (
                ErrorKind::OutsideWindow,
                Delivery::Rejected,
                about(Addressee::Post),
                "7 days",
            ),
            (
                ErrorKind::Api,
                Delivery::Rejected,
                foreign,
                "check the base URL",
            ),
            (
                ErrorKind::Authentication,
                Delivery::Rejected,
                foreign,
                "check the base URL",
            ),
            (
                ErrorKind::InvalidResponse,
                Delivery::Unknown,
                foreign,
                "base URL",
            ),
            (
                ErrorKind::OutOfResources,
                Delivery::NotSent,
                Context::default(),
                "ulimit",
            ),
        ];
        for (kind, delivery, context, word) in cases {
            let text = advice(kind, delivery, context);
            assert!(text.contains(word), "{kind}: {text}");
        }
    }
}
