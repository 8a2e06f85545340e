//! Edges that Meta has and the emulator has not, and what comes near.

/// Edges of a Page by their name, and what to look at instead.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "conversations",
        "GET /_emulator/conversations and /_emulator/messages show what was said",
    ),
    (
        "custom_labels",
        "people have no labels; keep them beside the PSID in your own data",
    ),
    (
        "custom_user_settings",
        "messenger_profile sets one menu for everybody",
    ),
    (
        "feed",
        "a person's action `comment` or `visitor_post` makes something to answer",
    ),
    (
        "insights",
        "nothing is counted; GET /_emulator/requests shows each request",
    ),
    (
        "label",
        "people have no labels; keep them beside the PSID in your own data",
    ),
    (
        "message_templates",
        "name approved ones in the Page's utility_templates in the state",
    ),
    (
        "messaging_feature_review",
        "business_messaging_feature_status tells of the calling API",
    ),
    ("nlp_configs", "there is no language processing"),
    ("pass_metadata", "one app has every thread"),
    ("pass_thread_control", "one app has every thread"),
    ("release_thread_control", "one app has every thread"),
    ("request_thread_control", "one app has every thread"),
    ("secondary_receivers", "one app has every thread"),
    ("take_thread_control", "one app has every thread"),
    ("thread_owner", "one app has every thread"),
    ("thread_settings", "messenger_profile has taken its place"),
    (
        "threads",
        "GET /_emulator/conversations and /_emulator/messages show what was said",
    ),
    (
        "unread_message_count",
        "GET /_emulator/conversations shows what was said",
    ),
];

/// What comes near an edge of Meta's that is not modelled.
pub(super) fn elsewhere(edge: &str) -> Option<&'static str> {
    ELSEWHERE
        .iter()
        .find(|(name, _)| *name == edge)
        .map(|(_, near)| *near)
}
