//! Every documented number, once, with the sentence it rests on.
//!
//! Lengths count Unicode code points. Meta's pages say "characters" and never
//! which kind; this is the reading that refuses the least.

use std::time::Duration;

/// Days an `audio_call` button stays clickable when the message doesn't say.
///
/// Call Audio CTA page: `expires_in_days` has a default value of 7.
pub const EXPIRES_IN_DAYS_DEFAULT: i64 = 7;

/// Most days an `audio_call` button may stay clickable.
///
/// Call Audio CTA page: the value "cannot exceed 7 days".
pub const EXPIRES_IN_DAYS_MAX: i64 = 7;

/// Fewest days an `audio_call` button may stay clickable.
///
/// No page states a minimum. A button that is clickable for no day at all can't
/// be meant, so 0 and less are refused.
pub const EXPIRES_IN_DAYS_MIN: i64 = 1;

/// Longest button title.
///
/// Button pages (URL, postback, call): "20 character limit". The Call Audio CTA
/// page gives no limit, so for `audio_call` this is a warning, not an error.
pub const BUTTON_TITLE_MAX: usize = 20;

/// Longest payload of a `postback` button.
///
/// Postback button page: "1000 character limit".
pub const POSTBACK_PAYLOAD_MAX: usize = 1000;

/// Fewest buttons in an element that has a list of them.
///
/// Observed: an empty list is answered with code 194, "has too few elements".
pub const ELEMENT_BUTTONS_MIN: usize = 1;

/// Most buttons in one element of a generic template.
///
/// Generic template page: "a maximum of 3 buttons per element".
pub const ELEMENT_BUTTONS_MAX: usize = 3;

/// Fewest elements in a generic template.
///
/// Observed: an empty list is answered with code 194, "has too few elements".
pub const ELEMENTS_MIN: usize = 1;

/// Most elements in a generic template.
///
/// Generic template page: "maximum of 10 elements".
pub const ELEMENTS_MAX: usize = 10;

/// Longest element title.
///
/// Generic template page: "80 character limit".
pub const ELEMENT_TITLE_MAX: usize = 80;

/// Longest element subtitle.
///
/// Generic template page: "80 character limit".
pub const ELEMENT_SUBTITLE_MAX: usize = 80;

/// Longest text of a button template.
///
/// Button template page: "UTF-8-encoded text of up to 640 characters".
pub const BUTTON_TEMPLATE_TEXT_MAX: usize = 640;

/// Fewest buttons in a button template.
///
/// Button template page: "set of 1-3 buttons".
pub const TEMPLATE_BUTTONS_MIN: usize = 1;

/// Most buttons in a button template.
///
/// Button template page: "set of 1-3 buttons".
pub const TEMPLATE_BUTTONS_MAX: usize = 3;

/// Elements of a media template, no more and no fewer.
///
/// Media template page: "Maximum of 1 element".
pub const MEDIA_ELEMENTS: usize = 1;

/// Longest text of a message that is a text.
///
/// Send API reference: "less than 2000 characters"; observed: a longer one is answered
/// with "must be less than or equal to 2000".
pub const TEXT_MAX: usize = 2000;

/// Fewest quick replies in a message that has a list of them.
///
/// Observed: an empty list is answered with code 194, "has too few elements".
pub const QUICK_REPLIES_MIN: usize = 1;

/// Most quick replies of a message.
///
/// Quick replies page: "A maximum of 13 quick replies are supported".
pub const QUICK_REPLIES_MAX: usize = 13;

/// Longest title of a quick reply.
///
/// Quick replies page: "20 character limit".
pub const QUICK_REPLY_TITLE_MAX: usize = 20;

/// Longest payload of a quick reply.
///
/// Quick replies page: "1000 character limit".
pub const QUICK_REPLY_PAYLOAD_MAX: usize = 1000;

/// Most items of `attachments`.
///
/// Send messages page: up to 30 images.
pub const ATTACHMENTS_MAX: usize = 30;

/// Longest `metadata`.
///
/// Send API reference: metadata "must be less than 1000 characters".
pub const METADATA_MAX: usize = 999;

/// Most `audio_call` buttons in one element before a warning.
///
/// No page says how many a message may hold; several in one card lead to the
/// same call.
pub const AUDIO_CALLS_PER_ELEMENT: usize = 1;

/// How long a call rings, and so can be accepted.
///
/// Accept call page: within 60 seconds of the `connect` webhook.
pub const CALL_RINGS: Duration = Duration::from_secs(60);

/// How long a Page may write to a person after what they did.
///
/// Send messages page: the standard window is 24 hours. Since 28 September 2026 the
/// policy page says that the first message after an ad may open one of up to 7 days.
pub const WINDOW: Duration = Duration::from_secs(24 * 3600);

/// Most tracks of one media update.
///
/// Reference of `/{page}/calls`: at most 4 `tracks`.
pub const MEDIA_TRACKS_MAX: usize = 4;

/// Messages per second that a Page can keep up.
///
/// Rate limits page: above 40 messages per second, or with constant traffic in many
/// conversations, the Page's inbox stops showing and sending messages until there
/// are fewer.
pub const PACE: f64 = 40.0;

/// Most messages per second before the platform refuses them.
///
/// Rate limits page: 300 calls per second per Page for text, links, reactions and
/// stickers. Templates are not named; none of the other limits fits them.
pub const PACE_MAX: f64 = 300.0;

/// Most requests in one batch.
///
/// Batch requests page: limited to 50 requests.
pub const BATCH_MAX: usize = 50;

/// Tags that no longer work.
///
/// Send API reference: since 27 April 2026 a request that uses one of them is
/// answered with code 100.
pub const RETIRED_TAGS: [&str; 3] = [
    "ACCOUNT_UPDATE",
    "CONFIRMED_EVENT_UPDATE",
    "POST_PURCHASE_UPDATE",
];

/// How many violations are listed. No rule of the platform's: whoever reads more than
/// these has stopped reading.
pub const VIOLATIONS_MAX: usize = 100;

/// Host of the Graph API.
pub const GRAPH_HOST: &str = "https://graph.facebook.com";

/// Version of the Graph API that a client speaks unless told otherwise.
///
/// Graph API changelog: v26.0, introduced 29 July 2026.
pub const GRAPH_VERSION: &str = "v26.0";
