//! What a person can do about an error.

use super::kind::{CancelReason, Delivery, ErrorKind};

/// What an error is about, as far as that makes a difference to its advice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) to: Addressee,
    pub(super) reason: Option<CancelReason>,
    /// Whether the answer is none of the Graph API's.
    pub(super) foreign: bool,
    /// Whether another try would end the same way.
    pub(super) is_final: bool,
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

pub(super) fn advice(kind: ErrorKind, delivery: Delivery, context: Context) -> &'static str {
    match delivery {
        Delivery::NotSent => of_unsent(kind, context),
        Delivery::Rejected => of_refused(kind, context),
        Delivery::Unknown => match kind {
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

fn of_refused(kind: ErrorKind, context: Context) -> &'static str {
    match (kind, context.to) {
        // Also what looks like a token or a permission.
        (ErrorKind::Api | ErrorKind::Authentication | ErrorKind::PermissionDenied, _)
            if context.foreign =>
        {
            "check the base URL, the version and the proxy: this is no answer of the Graph API"
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
                            to,
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
                    assert!(context.to == Addressee::Person || !says("PSID"), "{told}");
                }
            }
        }
    }

    #[test]
    fn advice_is_as_close_as_it_can_be() {
        let about = |to| Context {
            to,
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
