//! How to behave where Meta's documentation says nothing. Each default is a guess; each field
//! lets you make another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The behaviours that Meta does not document, each with its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "so many things are not said")]
pub struct Unverified {
    /// A call button for a Page without audio calling. Default: code 2018389 without a subcode,
    /// the only calling permission code in Meta's table.
    pub calling_not_enabled: ErrorCode,
    /// `messenger_call_permissions` and `calls` of such a Page. Default: 100/1893056; the subcode
    /// was seen in the wild, the code was not noted.
    pub call_settings_off: ErrorCode,
    /// `expires_in_days` out of range. Default: code 100 without a subcode.
    pub expires_in_days: ErrorCode,
    /// No token at all. Default: code 104 without a subcode, as seen in the wild.
    pub missing_token: ErrorCode,
    /// A token without `pages_messaging`. Default: code 230, as seen in the wild; 10 and
    /// 200/2018028 are others.
    pub missing_permission: ErrorCode,
    /// A person who blocked the Page. Default: 551/1545041; 200/1545041 was seen, too.
    pub blocked: ErrorCode,
    /// Outside the window. Default: 10/2018278.
    pub outside_window: ErrorCode,
    /// Too many calls. Default: 613 without a subcode; 80006 and 4 are others.
    pub rate_limited: ErrorCode,
    /// More than two `calling_optin` requests in a day. Default: 613 without a subcode.
    pub optin_limit: ErrorCode,
    /// Where the numbers 2018389 to 2018396 of Meta's table stand when `/calls` is refused: as
    /// `code`, or as `error_subcode` of code 100. Default: as `code`.
    pub calling_numbers: CallingNumbers,
    /// HTTP status by Graph code, where it should not be the default (400, and 403 for the codes
    /// 200 to 299). Default: none. `{"613": 429}` makes throttling look as some mocks have it.
    pub status_by_code: BTreeMap<i64, u16>,
    /// The smallest `expires_in_days` that is taken. Default: 1. `null`: anything up to 7.
    pub expires_in_days_min: Option<i32>,
    /// Take `expires_in_days` that is not a whole number. Default: `false`.
    pub expires_in_days_fractions: bool,
    /// The longest title of an `audio_call` button. Default: `null`, none.
    pub audio_call_title_max: Option<usize>,
    /// The most `audio_call` buttons in a message. Default: `null`, no limit of their own.
    pub audio_call_max: Option<usize>,
    /// Take `audio_call` in a media template. Default: `true` (the media page says "any type").
    pub audio_call_in_media: bool,
    /// Take `audio_call` for recipients named by `user_ref`, `comment_id` or `post_id`.
    /// Default: `true`.
    pub audio_call_without_psid: bool,
    /// Take `audio_call` with the tag `HUMAN_AGENT` outside the window. Default: `true`.
    pub audio_call_with_human_agent: bool,
    /// Whether a tap on a call button, or a call, opens the window. Default: `false`.
    pub call_opens_window: bool,
    /// Whether `icon_enabled: false` refuses a tap. Default: `false`. (Call hours never do.)
    pub icon_off_blocks_tap: bool,
    /// Whether `null` counts as absent, at every depth. Default: `true`: a client that sends them
    /// everywhere got past them (conbus/fbmq#19), though one in a quick reply was refused
    /// (pimax/fb-messenger-php#101).
    pub null_is_absent: bool,
    /// Take a parameter in a JSON body that is an object or an array written as text, as forms have
    /// it. Default: `true`: widely used clients send them.
    pub json_in_text: bool,
    /// Take a `recipient.id` that is a number in JSON. Default: `true`.
    pub numeric_recipient_id: bool,
    /// Let the parameter `method` say which method is meant, as in `?method=delete`. Default:
    /// `true`; new apps can't since v27.0. From v28.0 on it is never heeded.
    pub method_override: bool,
    /// A `persona_id` that the Page does not have. Default: code 100 without a subcode.
    pub unknown_persona: ErrorCode,
    /// An `attachment_id` that the Page does not have, or can't send any more.
    /// Default: 100/2018074.
    pub unknown_attachment: ErrorCode,
    /// A person whose profile can't be had. Default: 100/2018218, as seen in the wild.
    pub profile_unavailable: ErrorCode,
    /// Refuse a send without `messaging_type`. Default: `false`.
    pub messaging_type_required: bool,
    /// What "characters" are. Default: Unicode code points.
    pub length_unit: LengthUnit,
    /// What becomes of titles and subtitles that are too long. Default: refused.
    pub overlong: Overlong,
    /// Keys that the emulator does not know, in `recipient` and `message` and below.
    /// Default: refused at every level. They were seen refused in `message`.
    pub unknown_keys: UnknownKeys,
    /// How `POST messenger_call_settings` answers. Default: as the guide says.
    pub settings_answer: SettingsAnswer,
    /// Whether GET `messenger_call_settings` wraps its answer in `data`. Default: `false`.
    pub settings_in_data: bool,
    /// Whether `messenger_call_permissions` wraps its answer in `data`, as the reference does.
    /// Default: `false`, as in the guide.
    pub call_permissions_in_data: bool,
    /// Whether `messenger_call_permissions` writes its status in capitals, as the reference does.
    /// Default: `false`, as in the guide.
    pub call_permissions_upper_case: bool,
    /// How `messenger_call_permissions` names what can be done and how often.
    /// Default: `can_perform` and `max_allowed`, which live code reads.
    pub call_permissions_keys: CallPermissionKeys,
    /// The feature status of a Page that may not use the calling API. Default: `disabled`.
    pub feature_status_off: String,
    /// Whether `subscribed_apps` answers `{"success":"true"}`, as its sample does, rather than with
    /// a boolean. Default: `true`.
    pub subscribed_success_is_string: bool,
    /// Whether `sdp_response` is an object `{sdp_type, sdp}` rather than a string.
    /// Default: `false`, a string, for `accept`; `connect` always answers with an object.
    pub sdp_response_object: bool,
    /// Whether webhooks carry `X-Hub-Signature` (SHA-1) beside `X-Hub-Signature-256`. Meta's page
    /// names the latter only; most libraries know the former only. Default: `true`.
    pub sha1_signature: bool,
}

impl Default for Unverified {
    fn default() -> Self {
        Self {
            calling_not_enabled: ErrorCode::new(2_018_389, None),
            call_settings_off: ErrorCode::new(100, Some(1_893_056)),
            expires_in_days: ErrorCode::new(100, None),
            missing_token: ErrorCode::new(104, None),
            missing_permission: ErrorCode::new(230, None),
            blocked: ErrorCode::new(551, Some(1_545_041)),
            outside_window: ErrorCode::new(10, Some(2_018_278)),
            rate_limited: ErrorCode::new(613, None),
            optin_limit: ErrorCode::new(613, None),
            calling_numbers: CallingNumbers::Code,
            status_by_code: BTreeMap::new(),
            expires_in_days_min: Some(1),
            expires_in_days_fractions: false,
            audio_call_title_max: None,
            audio_call_max: None,
            audio_call_in_media: true,
            audio_call_without_psid: true,
            audio_call_with_human_agent: true,
            call_opens_window: false,
            icon_off_blocks_tap: false,
            null_is_absent: true,
            json_in_text: true,
            numeric_recipient_id: true,
            method_override: true,
            unknown_persona: ErrorCode::new(100, None),
            unknown_attachment: ErrorCode::new(100, Some(2_018_074)),
            profile_unavailable: ErrorCode::new(100, Some(2_018_218)),
            messaging_type_required: false,
            length_unit: LengthUnit::CodePoints,
            overlong: Overlong::Refuse,
            unknown_keys: UnknownKeys::Refuse,
            settings_answer: SettingsAnswer::Guide,
            settings_in_data: false,
            call_permissions_in_data: false,
            call_permissions_upper_case: false,
            call_permissions_keys: CallPermissionKeys::Short,
            feature_status_off: "disabled".into(),
            subscribed_success_is_string: true,
            sdp_response_object: false,
            sha1_signature: true,
        }
    }
}

/// A Graph error's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorCode {
    /// `error.code`.
    pub code: i64,
    /// `error.error_subcode`; `null` leaves it out.
    #[serde(default)]
    pub subcode: Option<i64>,
}

impl ErrorCode {
    /// A code and its subcode.
    pub const fn new(code: i64, subcode: Option<i64>) -> Self {
        Self { code, subcode }
    }
}

/// What a documented "character" is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthUnit {
    /// Unicode code points.
    #[default]
    CodePoints,
    /// UTF-16 code units.
    Utf16,
    /// UTF-8 bytes.
    Bytes,
}

impl LengthUnit {
    pub(crate) fn count(self, text: &str) -> usize {
        match self {
            Self::CodePoints => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
        }
    }
}

/// What becomes of titles and subtitles that are too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlong {
    /// Code 100.
    #[default]
    Refuse,
    /// Taken as they are.
    Accept,
}

/// What becomes of unknown keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownKeys {
    /// Refused at every level below a parameter.
    #[default]
    Refuse,
    /// Refused directly in `message`, ignored elsewhere.
    RefuseInMessage,
    /// Ignored everywhere.
    Ignore,
}

/// Where a calling error's number stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallingNumbers {
    /// `error.code`.
    #[default]
    Code,
    /// `error.error_subcode`, under code 100.
    Subcode,
}

/// Names in the answer of `messenger_call_permissions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallPermissionKeys {
    /// `can_perform` and `max_allowed`: the reference, and one rendition of the guide.
    #[default]
    Short,
    /// `can_perform_action` and `max_allowed_per_user`: the other one.
    Long,
}

/// How `POST messenger_call_settings` answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingsAnswer {
    /// `{"result":"success"}` when only `icon_enabled` is set, otherwise `{"success":true}`.
    #[default]
    Guide,
    /// `{"result":"success"}` always.
    Reference,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_differ_where_they_should() {
        let text = "aé😀";
        assert_eq!(LengthUnit::CodePoints.count(text), 3);
        assert_eq!(LengthUnit::Utf16.count(text), 4);
        assert_eq!(LengthUnit::Bytes.count(text), 7);
    }
}
