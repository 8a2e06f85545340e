//! The person who is to get the button.

use std::time::{Duration, SystemTime};

use super::diagnosis::Finding;
use super::page::{millis, moment, now};
use super::{About, CheckStatus, Visit};
use crate::error::{Delivery, ErrorKind};
use crate::limits;
use crate::message::{Button, Message};

const PERSON: About = (
    "person",
    "Person",
    "a PSID is good for one Page only, and a person may have shut the Page out",
);
const WINDOW: About = (
    "window",
    "Window",
    "outside of it the platform refuses the card",
);
const TEST: About = (
    "test",
    "Test card",
    "only a card that is really sent shows what the platform makes of it",
);

/// By how much the platform's clock may be ahead of this machine's.
const AHEAD: Duration = Duration::from_secs(300);

impl Visit<'_> {
    pub(super) fn person(&mut self) {
        let Some(psid) = self.doctor.person.clone() else {
            return;
        };
        self.check(
            PERSON,
            &["audio", "page", "permissions"],
            |visit| match visit.calling().permissions(&psid) {
                Ok(permissions) => {
                    let may = if permissions.has_permission() {
                        "the Page may call them, too"
                    } else {
                        "the Page may not call them by itself, which the button doesn't need"
                    };
                    Finding::ok("the Page knows this person").seen(may)
                }
                Err(error) => match error.kind() {
                    ErrorKind::InvalidRecipient
                    | ErrorKind::InvalidMessage
                    | ErrorKind::RecipientUnavailable => {
                        Finding::fail("the Page knows no such person").told_by(&error)
                    }
                    ErrorKind::CallingNotEnabled => {
                        Finding::fail("the platform says that calling isn't switched on")
                            .told_by(&error)
                    }
                    _ => Finding::untold("whether the Page knows this person", &error),
                },
            },
        );
        self.check(WINDOW, &["person"], |visit| visit.window());
        if self.doctor.send_test {
            let all = self.checks.clone();
            let failed: Vec<&str> = all
                .iter()
                .filter(|check| check.status == CheckStatus::Fail)
                .map(|check| check.id)
                .collect();
            self.check(TEST, &failed, |visit| visit.test(&psid));
        }
    }

    fn window(&self) -> Finding {
        let Some(at) = self.doctor.last_action else {
            return Finding::unknown("nothing in the API tells when the person last wrote")
                .mended_by("tell when, as your webhooks know it (--last-action)");
        };
        let since = at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, millis);
        if since > now().saturating_add(millis(AHEAD)) {
            return Finding::unknown("the last action that is given is yet to come").mended_by(
                "give the moment in the unit that is asked for, by a clock that is right",
            );
        }
        let end = since.saturating_add(millis(limits::WINDOW));
        if end > now() {
            Finding::ok(format!("open until {}", moment(end)))
        } else {
            Finding::fail(format!("closed since {}", moment(end))).mended_by(
                "wait until the person writes, or let a human answer with the tag HUMAN_AGENT",
            )
        }
    }

    fn test(&self, psid: &str) -> Finding {
        let text = "This is a test of the call button.";
        let card = Message::buttons(text, [Button::audio_call("Call Now").expires_in_days(1)]);
        match self.options().send(&self.doctor.client, psid, &card) {
            Ok(receipt) => {
                Finding::ok("it was sent").seen(format!("message {}", receipt.message_id))
            }
            Err(error) if error.delivery() == Delivery::Unknown => {
                Finding::unknown("it may or may not have been sent").told_by(&error)
            }
            Err(error) => {
                Finding::fail(format!("it was not sent: {}", error.kind())).told_by(&error)
            }
        }
    }
}
