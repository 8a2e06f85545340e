//! Around the button: whether the Page may ring, and what is said about its calls.
//!
//! The button works when the Page has switched calling on. [`Calling`] reads and
//! changes those settings, says what the Page may do, and carries the signalling of
//! calls; it comes from [`Client::calling`].
//!
//! ```
//! # let emulator = callcta_emulator::Emulator::start()?;
//! # let client = callcta::Client::builder(emulator.page_id(), emulator.access_token())
//! #     .base_url(emulator.url()).build()?;
//! use callcta::calling::CallSettings;
//!
//! let calling = client.calling();
//! if calling.settings()?.is_audio_enabled() != Some(true) {
//!     calling.set_settings(&CallSettings::new().audio_enabled(true))?;
//! }
//! # assert_eq!(calling.settings()?.is_audio_enabled(), Some(true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A tap on the button comes back as a webhook, whose [event](crate::webhook) names the
//! call. It can be [accepted](Calling::accept) for 60 seconds, with the session
//! description (SDP) that a WebRTC stack made: callcta has no media engine, and passes
//! these on byte for byte.
//!
//! # What is tried again
//!
//! - What only reads, and the end of a call, also when an earlier try may have arrived:
//!   another one does no harm.
//! - Accepting a call and calling somebody never, whatever happened: there is one
//!   request.
//! - All else as it is with messages: what provably never left this machine, and what
//!   was refused because of a rate limit.
//!
//! [`Error::delivery`] is about the request: *unknown* means that it may
//! have been done. What only reads does nothing, so there it means that no answer could
//! be read.

mod by_name;
mod metrics;
mod permissions;
mod settings;
mod signalling;

use std::time::SystemTime;

use serde_json::{Map, Value, json};

pub use self::metrics::CallMetrics;
pub use self::permissions::{CallAction, CallLimit, CallPermissions, FeatureStatus, Subscription};
pub use self::settings::{CallHours, CallSettings, OpenHours, RingTarget};
pub(crate) use self::signalling::MediaTrack;
pub use self::signalling::{Accept, CallSession, MediaUpdate};

use crate::client::{Ask, Client, Object, Place, Receipt, RequestOptions};
use crate::error::{Error, ErrorKind, Result, Subject};
use crate::lenient::succeeded;
use crate::message::Message;
use crate::retry::Again;
use crate::transport::Method;
use crate::validate;
use crate::violation::{Severity, Violation};
use crate::wire::Take;

/// The feature whose status says whether the Page may use the calling API.
pub const CALLING_FEATURE: &str = "messenger_api_calling";

/// The webhook field by which the platform tells of calls.
pub const CALLS_FIELD: &str = "calls";

const SETTINGS: &str = "messenger_call_settings";
const SUBSCRIPTIONS: &str = "subscribed_apps";

/// The calling side of one Page: its settings, its permissions, its calls.
///
/// It is cheap to make and to clone; see the [module](self) for what is tried again.
#[derive(Clone, Debug)]
pub struct Calling {
    client: Client,
    options: RequestOptions,
}

impl Client {
    /// What there is to ask and to say about the Page's calls.
    pub fn calling(&self) -> Calling {
        Calling {
            client: self.clone(),
            options: RequestOptions::default(),
        }
    }
}

impl Calling {
    /// The same with other options for its requests.
    #[must_use]
    pub fn with(&self, options: RequestOptions) -> Self {
        Calling {
            client: self.client.clone(),
            options,
        }
    }

    /// Reads the Page's call settings.
    ///
    /// # Errors
    ///
    /// Every kind that an answer or a connection can lead to; see [`ErrorKind`].
    pub fn settings(&self) -> Result<CallSettings> {
        let fields = "call_routing,call_hours,audio_enabled,icon_enabled,video_enabled";
        self.ask(
            &Ask::get("call settings", edge(SETTINGS, &[("fields", fields)])),
            &|answer| Ok(CallSettings::told(answer)),
        )
    }

    /// Changes the settings that are given; the others stay. Call hours are replaced as
    /// a whole.
    ///
    /// # Errors
    ///
    /// As [`settings`](Calling::settings), and
    /// [`InvalidMessage`](ErrorKind::InvalidMessage) with the violations if a documented
    /// rule is broken, before anything is sent.
    pub fn set_settings(&self, settings: &CallSettings) -> Result<()> {
        self.check(Error::invalid_settings, || settings.validate())?;
        let body = settings.to_object();
        self.change("set call settings", SETTINGS, body)
    }

    /// Whether the Page may use the calling API: the status of the feature
    /// [`messenger_api_calling`](CALLING_FEATURE). Pages outside of the countries that
    /// Meta lists may not.
    ///
    /// # Errors
    ///
    /// As [`settings`](Calling::settings).
    pub fn feature_status(&self) -> Result<FeatureStatus> {
        let ask = Ask {
            method: Method::Post,
            body: object([("features", json!([{"feature": CALLING_FEATURE}]))]),
            ..Ask::get(
                "calling feature status",
                edge("business_messaging_feature_status", &[]),
            )
        };
        self.ask(&ask, &|answer| {
            FeatureStatus::told(&answer, CALLING_FEATURE)
                .ok_or("the answer doesn't tell the feature's status")
        })
    }

    /// Whether the Page may call a person, and whether it may ask them to be allowed to.
    ///
    /// # Errors
    ///
    /// As [`settings`](Calling::settings), and
    /// [`InvalidMessage`](ErrorKind::InvalidMessage) if `psid` isn't one. A Page that has
    /// calling switched off gets [`CallingNotEnabled`](ErrorKind::CallingNotEnabled).
    pub fn permissions(&self, psid: &str) -> Result<CallPermissions> {
        self.check_call(|call| call.person("psid", psid))?;
        self.ask(
            &Ask::get(
                "call permissions",
                edge("messenger_call_permissions", &[("psid", psid)]),
            ),
            &|answer| CallPermissions::told(answer).ok_or("the answer tells no permission to call"),
        )
    }

    /// Asks a person to be allowed to call them, by a message: the platform's own card
    /// with two buttons, [`Message::calling_optin`]. The answer comes back as a webhook.
    /// At most 2 a day to each person; each permission lasts for 7 days.
    ///
    /// # Errors
    ///
    /// Those of [`Client::send`], and as there it is tried again.
    pub fn request_permission(&self, psid: &str) -> Result<Receipt> {
        self.options
            .send(&self.client, psid, &Message::calling_optin())
    }

    /// Accepts a person's call.
    ///
    /// There is one request, whatever happens, and none when the call has rung for
    /// [60 seconds](crate::limits::CALL_RINGS) already, as far as
    /// [`Accept::rang_at`] says.
    ///
    /// # Errors
    ///
    /// As [`settings`](Calling::settings); [`DeadlinePassed`](ErrorKind::DeadlinePassed) if
    /// it is too late; [`InvalidMessage`](ErrorKind::InvalidMessage) if the call's id or
    /// the offer is empty. When the delivery is unknown, the call may have been accepted:
    /// [end it](Calling::terminate) rather than leave the person in silence.
    pub fn accept(&self, accept: &Accept) -> Result<CallSession> {
        self.check_call(|call| call.id(&accept.call_id).offer(&accept.offer))?;
        let mut body = signalling::action("accept", Some(&accept.call_id));
        body.insert("session".to_owned(), signalling::session(&accept.offer));
        let ask = Ask {
            deadline: accept.deadline(),
            again: Again::Never,
            ..call("accept call", body)
        };
        let session = |answer| CallSession::told(&answer, Some(&accept.call_id));
        self.ask(&ask, &session).map_err(|error| {
            let now = SystemTime::now();
            let late = accept.deadline().is_some_and(|deadline| deadline <= now);
            if error.kind() == ErrorKind::DeadlinePassed && late {
                return error
                    .with_detail("the call has rung for too long to be accepted")
                    .with_advice("wait for the next call, and check this machine's clock");
            }
            error
        })
    }

    /// Calls a person, who must have allowed it, with the Page's offer (SDP).
    ///
    /// There is one request, whatever happens.
    ///
    /// # Errors
    ///
    /// As [`accept`](Calling::accept). When the delivery is unknown, the person's phone
    /// may ring.
    pub fn connect(&self, psid: &str, offer: &str) -> Result<CallSession> {
        self.check_call(|call| call.person("to", psid).offer(offer))?;
        let mut body = signalling::action("connect", None);
        body.insert("to".to_owned(), psid.into());
        body.insert("session".to_owned(), signalling::session(offer));
        let ask = Ask {
            again: Again::Never,
            ..call("connect call", body)
        };
        self.ask(&ask, &|answer| CallSession::told(&answer, None))
    }

    /// Rejects a person's call that rings. It is tried again even if an earlier try may
    /// have arrived; if a later one then finds that the call is over, it is done.
    ///
    /// # Errors
    ///
    /// As [`settings`](Calling::settings), and
    /// [`InvalidMessage`](ErrorKind::InvalidMessage) if the id is empty.
    pub fn reject(&self, call_id: &str) -> Result<()> {
        self.end("reject call", "reject", call_id)
    }

    /// Ends a call. It is tried again as [`reject`](Calling::reject) is.
    ///
    /// # Errors
    ///
    /// As [`reject`](Calling::reject).
    pub fn terminate(&self, call_id: &str) -> Result<()> {
        self.end("terminate call", "terminate", call_id)
    }

    /// Changes what is sent in a call.
    ///
    /// # Errors
    ///
    /// As [`settings`](Calling::settings), and
    /// [`InvalidMessage`](ErrorKind::InvalidMessage) with the violations if a documented
    /// rule is broken.
    pub fn update_media(&self, call_id: &str, update: &MediaUpdate) -> Result<()> {
        self.check_call(|call| {
            let offer = update.offer.as_deref();
            let call = call.id(call_id).tracks(&update.tracks);
            offer.into_iter().fold(call, validate::Call::offer)
        })?;
        let ask = call("update call media", update.body(call_id));
        self.ask_done(&ask)
    }

    /// Tells the platform how a call was: once, within 24 hours of its end.
    ///
    /// # Errors
    ///
    /// As [`update_media`](Calling::update_media).
    pub fn report_metrics(&self, metrics: &CallMetrics) -> Result<()> {
        let mut body = metrics.body.clone();
        body.entry("platform").or_insert_with(|| "messenger".into());
        self.check_call(|call| call.metrics(&body))?;
        self.change("call metrics", "call_metrics", body)
    }

    /// The apps that are told what happens on the Page, with the webhook fields of each.
    ///
    /// # Errors
    ///
    /// As [`settings`](Calling::settings); it needs the permission
    /// `pages_manage_metadata`.
    pub fn subscriptions(&self) -> Result<Vec<Subscription>> {
        let asked = self.ask(
            &Ask::get("subscriptions", edge(SUBSCRIPTIONS, &[])),
            &|answer| Subscription::told(&answer).ok_or("the answer is no list of apps"),
        );
        asked.map_err(of_subscriptions)
    }

    /// Subscribes the token's app to webhook fields of the Page, such as
    /// [`calls`](CALLS_FIELD). What isn't named is not told any more: name all that are
    /// wanted.
    ///
    /// # Errors
    ///
    /// As [`subscriptions`](Calling::subscriptions), and
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if no field is named.
    pub fn subscribe<F: AsRef<str>>(&self, fields: impl IntoIterator<Item = F>) -> Result<()> {
        let mut names = String::new();
        for field in fields {
            if !names.is_empty() {
                names.push(',');
            }
            names.push_str(field.as_ref());
        }
        if names.is_empty() {
            return Err(Error::invalid_argument("no webhook field is named"));
        }
        let body = object([("subscribed_fields", names.into())]);
        let done = self.change("subscribe", SUBSCRIPTIONS, body);
        done.map_err(of_subscriptions)
    }

    fn ask<T>(&self, ask: &Ask<'_>, take: &Take<'_, T>) -> Result<T> {
        self.client.ask(ask, &self.options, take)
    }

    /// Asks for something to be done: the answer is `{"success": true}` or the like.
    fn ask_done(&self, ask: &Ask<'_>) -> Result<()> {
        self.ask(ask, &|answer| match succeeded(&answer) {
            Some(true) => Ok(()),
            _ => Err("the answer doesn't say that it was done"),
        })
    }

    fn change(&self, name: &'static str, to: &str, body: Map<String, Value>) -> Result<()> {
        self.ask_done(&Ask {
            method: Method::Post,
            body,
            about: Subject::Change,
            again: Again::Certain,
            ..Ask::get(name, edge(to, &[]))
        })
    }

    fn end(&self, name: &'static str, action: &str, call_id: &str) -> Result<()> {
        self.check_call(|call| call.id(call_id))?;
        self.ask_done(&Ask {
            about: Subject::CallEnd,
            again: Again::Always,
            ..call(name, signalling::action(action, Some(call_id)))
        })
    }

    fn check_call(&self, rules: impl FnOnce(validate::Call) -> validate::Call) -> Result<()> {
        self.check(Error::invalid_call, || {
            rules(validate::Call::default()).found()
        })
    }

    fn check(
        &self,
        wrong: fn(Vec<Violation>) -> Error,
        rules: impl FnOnce() -> Vec<Violation>,
    ) -> Result<()> {
        if self.options.unchecked {
            return Ok(());
        }
        let found = rules();
        if found.iter().any(|it| it.severity == Severity::Error) {
            return Err(wrong(found));
        }
        Ok(())
    }
}

fn edge<'a>(edge: &'a str, query: &'a [(&'a str, &'a str)]) -> Place<'a> {
    Place {
        object: Object::Page,
        edge,
        query,
    }
}

/// A request about a call.
fn call(name: &'static str, body: Map<String, Value>) -> Ask<'static> {
    Ask {
        method: Method::Post,
        body,
        about: Subject::Call,
        again: Again::Certain,
        ..Ask::get(name, edge("calls", &[]))
    }
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Subscriptions need another permission than all else.
fn of_subscriptions(error: Error) -> Error {
    match error.kind() {
        ErrorKind::PermissionDenied => error.with_advice(
            "check that the token has pages_manage_metadata, and that its user has the task \
             MODERATE on the Page",
        ),
        _ => error,
    }
}
