//! Every documented name, once: the fields of each part of a request, and the values
//! that a field can have.
//!
//! From Meta's pages on the Send API, its templates, buttons, quick replies, sender
//! actions, saved assets, utility messages and calling, and from the API's own
//! specification (`Page.json` of the Business SDK). Where only others name something,
//! it says so.

use std::fmt;

use crate::violation::{A_BOOLEAN, A_STRING, A_WHOLE_NUMBER, AN_ARRAY, AN_OBJECT};

/// A part of a request, with the fields that it can have.
pub(crate) struct Place {
    /// What it is.
    what: &'static str,
    fields: &'static [Field],
}

/// A field, with the type of its value if callcta has a place of its own for it.
type Field = (&'static str, Option<&'static str>);

impl Place {
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|(name, _)| *name)
    }

    /// The fields that callcta has a place of its own for, with the type of their values.
    pub(crate) fn own(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let own = |&(name, kind): &Field| Some((name, kind?));
        self.fields.iter().filter_map(own)
    }
}

pub(crate) const REQUEST: Place = Place {
    what: "the request itself",
    fields: &[
        ("recipient", Some(AN_OBJECT)),
        ("message", Some(AN_OBJECT)),
        ("messaging_type", Some(A_STRING)),
        ("tag", Some(A_STRING)),
        ("notification_type", Some(A_STRING)),
        ("persona_id", Some(A_STRING)),
        ("reply_to", Some(AN_OBJECT)),
        ("sender_action", None),
        ("payload", None),
        // In the specification only.
        ("folder", None),
        ("suggestion_action", None),
        ("thread_control", None),
        // Of every request to the Graph API.
        ("access_token", None),
        ("appsecret_proof", None),
    ],
};

pub(crate) const RECIPIENT: Place = Place {
    what: "the recipient",
    fields: &[
        ("id", Some(A_STRING)),
        ("user_ref", Some(A_STRING)),
        ("comment_id", Some(A_STRING)),
        ("post_id", Some(A_STRING)),
        ("phone_number", None),
        ("notification_messages_token", None),
    ],
};

pub(crate) const REPLY_TO: Place = Place {
    what: "reply_to",
    fields: &[("mid", None)],
};

/// What a sender action is about.
pub(crate) const REACTION: Place = Place {
    what: "the payload of a reaction",
    fields: &[("message_id", None), ("reaction", None)],
};

pub(crate) const MESSAGE: Place = Place {
    what: "the message",
    fields: &[
        ("attachment", None),
        ("metadata", Some(A_STRING)),
        ("text", None),
        ("quick_replies", None),
        ("attachments", None),
        ("sticker_id", None),
        ("template", None),
    ],
};

/// The template of a utility message.
pub(crate) const UTILITY: Place = Place {
    what: "the message's template",
    fields: &[("name", None), ("language", None), ("components", None)],
};

pub(crate) const LANGUAGE: Place = Place {
    what: "the template's language",
    fields: &[("code", None)],
};

pub(crate) const QUICK_REPLY: Place = Place {
    what: "a quick reply",
    fields: &[
        ("content_type", None),
        ("title", None),
        ("payload", None),
        ("image_url", None),
    ],
};

pub(crate) const ATTACHMENT: Place = Place {
    what: "the attachment",
    fields: &[("type", None), ("payload", None)],
};

pub(crate) const ASSET: Place = Place {
    what: "the payload of an image, audio, video or file",
    fields: &[
        ("url", None),
        ("attachment_id", None),
        ("is_reusable", None),
    ],
};

pub(crate) const CALL_SETTINGS: Place = Place {
    what: "the call settings",
    fields: &[
        ("audio_enabled", Some(A_BOOLEAN)),
        ("video_enabled", Some(A_BOOLEAN)),
        ("icon_enabled", Some(A_BOOLEAN)),
        ("call_routing", Some(AN_OBJECT)),
        ("call_hours", Some(AN_OBJECT)),
    ],
};

pub(crate) const CALL_ROUTING: Place = Place {
    what: "call_routing",
    fields: &[("ring_target", Some(A_STRING))],
};

pub(crate) const CALL_HOURS: Place = Place {
    what: "call_hours",
    fields: &[
        ("timezone_id", Some(A_STRING)),
        ("weekly_operating_hours", Some(AN_ARRAY)),
    ],
};

pub(crate) const OPEN_HOURS: Place = Place {
    what: "the hours of a day",
    fields: &[
        ("day_of_week", Some(A_STRING)),
        ("open_time", Some(A_STRING)),
        ("close_time", Some(A_STRING)),
    ],
};

/// Days as call hours name them.
pub(crate) const DAYS: &[&str] = &[
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
];

/// What the platform must be told of a call after its end, and may be.
pub(crate) const CALL_METRICS: Place = Place {
    what: "the measurements of a call",
    fields: &[
        ("platform", None),
        ("call_id", None),
        ("end_call_reason", None),
        ("end_call_subreason", None),
        ("call_ended_time", None),
        ("first_audio_packet_received_time", None),
        ("first_video_packet_received_time", None),
        ("audio_stats", None),
        ("video_stats", None),
    ],
};

/// What the payload of any template has.
pub(crate) const PAYLOAD: Place = Place {
    what: "the payload of a template",
    fields: &[("template_type", Some(A_STRING))],
};

pub(crate) const GENERIC: Place = Place {
    what: "the payload of a generic template",
    fields: &[
        ("elements", Some(AN_ARRAY)),
        ("sharable", Some(A_BOOLEAN)),
        // Not on the current page; in others' libraries.
        ("image_aspect_ratio", None),
    ],
};

pub(crate) const BUTTON_TEMPLATE: Place = Place {
    what: "the payload of a button template",
    fields: &[
        ("text", Some(A_STRING)),
        ("buttons", Some(AN_ARRAY)),
        // Not on the current page; in older code.
        ("sharable", None),
    ],
};

pub(crate) const CALL_PROMPT: Place = Place {
    what: "the payload of a call prompt",
    fields: &[("ttl_days", Some(A_WHOLE_NUMBER))],
};

pub(crate) const MEDIA: Place = Place {
    what: "the payload of a media template",
    fields: &[("elements", None), ("sharable", None)],
};

pub(crate) const ELEMENT: Place = Place {
    what: "an element",
    fields: &[
        ("title", Some(A_STRING)),
        ("subtitle", Some(A_STRING)),
        ("image_url", Some(A_STRING)),
        ("default_action", Some(AN_OBJECT)),
        ("buttons", Some(AN_ARRAY)),
    ],
};

pub(crate) const MEDIA_ELEMENT: Place = Place {
    what: "an element of a media template",
    fields: &[("media_type", None), ("attachment_id", None), ("url", None)],
};

/// What an element of a media template has as any element.
pub(crate) const BUTTONS: Place = Place {
    what: "an element",
    fields: &[("buttons", None)],
};

/// Any button, whatever its type.
pub(crate) const BUTTON: Place = Place {
    what: "a button",
    fields: &[
        ("type", Some(A_STRING)),
        ("title", Some(A_STRING)),
        ("url", Some(A_STRING)),
        ("payload", Some(A_STRING)),
        ("expires_in_days", Some(A_WHOLE_NUMBER)),
        ("webview_height_ratio", Some(A_STRING)),
        ("messenger_extensions", Some(A_BOOLEAN)),
        ("fallback_url", Some(A_STRING)),
        ("webview_share_button", Some(A_STRING)),
        ("game_metadata", Some(AN_OBJECT)),
    ],
};

pub(crate) const GAME_METADATA: Place = Place {
    what: "game_metadata",
    fields: &[("player_id", None), ("context_id", None)],
};

/// Types of attachments that are no templates.
pub(crate) const ASSET_TYPES: &[&str] = &["image", "audio", "video", "file"];

pub(crate) const ATTACHMENT_TYPES: &[&str] = &["template", "image", "audio", "video", "file"];

/// Templates with a page of their own, though callcta has no rules for most of them.
pub(crate) const TEMPLATE_TYPES: &[&str] = &[
    "generic",
    "button",
    "call_prompt",
    "media",
    "calling_optin",
    "receipt",
    "product",
    "coupon",
    "customer_feedback",
    "utility",
    "image_grid",
    "notification_messages",
    "open_graph",
    "airline_boardingpass",
    "airline_checkin",
    "airline_itinerary",
    "airline_update",
];

pub(crate) const MEDIA_TYPES: &[&str] = &["image", "video"];

pub(crate) const CONTENT_TYPES: &[&str] = &["text", "user_phone_number", "user_email"];

/// The guides write them in lower case, the specification in upper case.
pub(crate) const SENDER_ACTIONS: &[&str] = &[
    "typing_on",
    "typing_off",
    "mark_seen",
    "react",
    "unreact",
    "TYPING_ON",
    "TYPING_OFF",
    "MARK_SEEN",
    "REACT",
    "UNREACT",
];

pub(crate) const WEBVIEW_HEIGHT_RATIOS: &[&str] = &["compact", "tall", "full"];

pub(crate) const WEBVIEW_SHARE_BUTTONS: &[&str] = &["hide"];

/// Not on the current page; in others' libraries.
pub(crate) const IMAGE_ASPECT_RATIOS: &[&str] = &["horizontal", "square"];

pub(crate) const FOLDERS: &[&str] = &["PARTNERSHIP"];

pub(crate) const SUGGESTION_ACTIONS: &[&str] = &["ACCEPT", "DISMISS", "IMPRESSION"];

/// Parts that a field may belong to which stands somewhere else.
const HOMES: &[Place] = &[
    REQUEST,
    RECIPIENT,
    REPLY_TO,
    MESSAGE,
    ATTACHMENT,
    PAYLOAD,
    GENERIC,
    BUTTON_TEMPLATE,
    CALL_PROMPT,
    ELEMENT,
    BUTTON,
    QUICK_REPLY,
    ASSET,
    MEDIA_ELEMENT,
];

/// The names of all fields that have a home.
pub(crate) fn at_home() -> impl Iterator<Item = &'static str> {
    HOMES.iter().flat_map(Place::names)
}

/// Whether a field has a home.
pub(crate) fn is_at_home(name: &str) -> bool {
    at_home().any(|known| known == name)
}

/// Where a field belongs, for people: `the message or a button`.
pub(crate) struct Homes<'a>(pub(crate) &'a str);

impl fmt::Display for Homes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let homes = HOMES
            .iter()
            .filter(|place| place.names().any(|name| name == self.0));
        let homes: Vec<_> = homes.map(|place| place.what).collect();
        match homes.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} or {last}", others.join(", ")),
            None => Ok(()),
        }
    }
}
