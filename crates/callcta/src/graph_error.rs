//! The documented error codes as data: code and subcode to kind and advice.
//!
//! Sources: Messenger Platform "Error codes" (25 June 2026), Graph API "Handle
//! errors" and "Rate limits", Send API reference, and "Send messages". Codes
//! decide, never texts, which the platform localizes.

use crate::error::{Delivery, ErrorKind, GraphError};
use ErrorKind::{
    Api, Authentication, CallingNotEnabled, InvalidPage, InvalidRecipient, InvalidRequest,
    OutsideWindow, PermissionDenied, RateLimited, RecipientUnavailable, Service,
};

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) kind: ErrorKind,
    pub(crate) delivery: Delivery,
    /// Whether the platform says that waiting a little helps.
    pub(crate) backoff: bool,
    /// In a few words; the kind's own when empty.
    pub(crate) what: &'static str,
    /// What can be done about it; the kind's own when empty.
    pub(crate) advice: &'static str,
}

/// Which subcodes a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sub {
    /// This one only.
    Is(i64),
    /// Any that has no row of its own, and none.
    Any,
}

/// Which codes a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Is(i64),
    Range(i64, i64),
    /// The number is listed as a code, but may come as a subcode under any code.
    Either(i64),
    /// Any code, with this row's subcode.
    Any,
}

struct Row {
    code: Code,
    sub: Sub,
    kind: ErrorKind,
    backoff: bool,
    what: &'static str,
    advice: &'static str,
}

const fn new(code: Code, sub: Sub, kind: ErrorKind, what: &'static str) -> Row {
    let backoff = false;
    Row {
        code,
        sub,
        kind,
        backoff,
        what,
        advice: "",
    }
}

const fn row(code: i64, sub: i64, kind: ErrorKind, what: &'static str) -> Row {
    new(Code::Is(code), Sub::Is(sub), kind, what)
}

const fn code(code: i64, kind: ErrorKind, what: &'static str) -> Row {
    new(Code::Is(code), Sub::Any, kind, what)
}

const fn subcode(sub: i64, kind: ErrorKind, what: &'static str) -> Row {
    new(Code::Any, Sub::Is(sub), kind, what)
}

const fn range(first: i64, last: i64, kind: ErrorKind, what: &'static str) -> Row {
    new(Code::Range(first, last), Sub::Any, kind, what)
}

const fn either(number: i64, kind: ErrorKind, what: &'static str) -> Row {
    new(Code::Either(number), Sub::Any, kind, what)
}

/// A rate limit of which the platform says that it passes.
const fn limit(number: i64, what: &'static str) -> Row {
    code(number, RateLimited, what).backing_off()
}

/// Of errors about messages that were sent all the same; it comes with code 1.
const SENT: i64 = 1_357_046;

const CALL_FAILED: i64 = 2_018_395;
const CALL_ENDED: i64 = 2_018_396;
const OVER: &str = "the call is over: wait for the next one";

/// Whether an error says that the call is over.
pub(crate) fn is_call_over(graph: &GraphError) -> bool {
    [Some(graph.code), graph.subcode]
        .into_iter()
        .flatten()
        .any(|number| number == CALL_FAILED || number == CALL_ENDED)
}

/// The table. The most exact row wins: code and subcode, then a subcode under
/// any code, then the code, then its range.
#[rustfmt::skip]
static TABLE: &[Row] = &[
    // The platform itself.
    code(1, Service, "the platform met an unknown error"),
    row(1, 99, PermissionDenied, "the platform met an unknown error that often means missing permissions or Advanced Access"),
    subcode(SENT, Service, "the platform got an invalid reply; such messages were sent"),
    code(2, Service, "the platform met an unexpected error"),
    row(2, 2_018_344, PermissionDenied, "the privacy terms for labels have not been accepted"),

    // Rate limits.
    limit(4, "the app made too many requests"),
    row(4, 2_018_354, RateLimited, "marketing messages follow too fast"),
    row(9, 2_018_352, RateLimited, "the limit of marketing opt-ins is reached"),
    limit(17, "the user made too many requests"),
    limit(32, "the Page got too many requests"),
    limit(341, "the application's limit is reached"),
    limit(613, "too many requests"),
    row(613, 1996, RateLimited, "the volume of requests is inconsistent"),
    row(613, 1_893_016, RateLimited, "the person was already asked to opt in to this topic"),
    row(613, 2_018_338, RateLimited, "too many tagged messages to one person"),
    range(80_000, 80_006, RateLimited, "the Page's use case made too many requests").backing_off(),
    limit(80_008, "the use case made too many requests"),
    limit(80_009, "the use case made too many requests"),
    limit(80_014, "the use case made too many requests"),
    row(613, 2_534_040, RateLimited, "too many requests").backing_off(),
    row(17, 2_446_079, RateLimited, "the account made too many requests").backing_off(),

    // Permissions.
    code(3, PermissionDenied, "the app lacks the capability or permission"),
    code(10, PermissionDenied, "the app or the Page lacks the permission"),
    row(10, 1_404_170, PermissionDenied, "the Page may not send opt-in requests"),
    row(10, 1_893_015, RecipientUnavailable, "the person stopped these notifications"),
    row(10, 1_893_063, PermissionDenied, "the Page is temporarily restricted from sending"),
    row(10, 2_018_336, PermissionDenied, "refused because of the effect on people's threads"),
    row(10, 2_018_278, OutsideWindow, ""),
    row(10, 2_534_022, OutsideWindow, ""),
    row(10, 2_018_065, OutsideWindow, ""),
    row(10, 2_018_108, RecipientUnavailable, "the person can't receive messages from the Page now"),
    row(10, 2_534_077, PermissionDenied, "the link between the Instagram account and the Page needs attention"),

    // Parameters.
    code(100, InvalidRequest, ""),
    row(100, 33, InvalidPage, "the Page does not exist, or the token may not see it"),
    row(100, 2_018_001, InvalidRecipient, ""),
    row(100, 2_018_008, InvalidRequest, "the file at the URL could not be fetched"),
    row(100, 2_018_014, InvalidRequest, "a message and a sender action came together"),
    row(100, 2_018_015, InvalidRequest, "neither a message nor a sender action"),
    row(100, 2_018_034, InvalidRequest, "the message has neither a valid attachment nor a text"),
    row(100, 2_018_035, InvalidRequest, "an element has a title and nothing else"),
    row(100, 2_018_040, InvalidRequest, "a postback button has no payload"),
    row(100, 2_018_041, InvalidRequest, "a URL button has no URL"),
    row(100, 2_018_053, InvalidRequest, "a button has no title"),
    row(100, 2_018_047, InvalidRequest, "the attachment could not be uploaded"),
    row(100, 2_018_074, InvalidRequest, "the attachment id is not valid"),
    row(100, 2_018_109, InvalidRequest, "the attachment is too large"),
    row(100, 2_018_294, InvalidRequest, "the video took too long to process"),
    row(100, 2_018_164, PermissionDenied, "the app id is not correct"),
    row(100, 2_018_320, InvalidRequest, "a product id is not valid"),
    row(100, 2_018_328, InvalidRequest, "product templates need a newer version"),
    row(100, 2_534_013, InvalidPage, "the Page is not linked to an Instagram account"),
    row(100, 2_534_014, InvalidRecipient, "no such Instagram user"),
    row(100, 2_534_015, InvalidRequest, "the message data is not valid"),
    row(100, 2_534_025, InvalidRecipient, "the comment is not valid"),
    row(100, 2_534_029, RecipientUnavailable, "the person blocked the business"),
    row(100, 2_534_037, PermissionDenied, "the app does not own the thread"),
    code(105, InvalidRequest, "a list has too many elements"),
    code(194, InvalidRequest, "a list has too few elements"),

    // Tokens.
    code(102, Authentication, "the session is no longer valid"),
    // Not in Meta's tables; observed when no token comes with a request.
    code(104, Authentication, "the access token is missing"),
    code(190, Authentication, "the access token is not valid"),
    row(190, 458, Authentication, "the app is not installed for the token's user"),
    row(190, 459, Authentication, "the token's user must pass a security check first"),
    row(190, 460, Authentication, "the token's user changed the password or logged out"),
    row(190, 463, Authentication, "the access token has expired"),
    row(190, 464, Authentication, "the token's user is not confirmed"),
    row(190, 467, Authentication, "the access token is not valid"),
    row(190, 492, Authentication, "the token's user has no role on the Page"),

    // Permissions by range, and what has its own meaning there.
    range(200, 299, PermissionDenied, "the app lacks a permission, or Advanced Access to it"),
    row(200, 2_018_021, PermissionDenied, "the fee for phone matching is missing"),
    row(200, 2_018_027, PermissionDenied, "the permission pages_messaging_phone_number is missing"),
    row(200, 2_018_028, PermissionDenied, "the app has not passed the review for pages_messaging"),
    row(200, 2_534_041, PermissionDenied, "the owner switched off message access"),
    code(368, PermissionDenied, "temporarily blocked for a policy reason"),
    code(2022, PermissionDenied, "commerce messages are disabled"),
    code(36_103, PermissionDenied, "the Instagram account is not eligible"),

    // People.
    code(551, RecipientUnavailable, ""),
    subcode(1_545_041, RecipientUnavailable, ""),

    // The rest of the Messenger table.
    code(506, Api, "a duplicate post"),
    code(10_303, InvalidRequest, "the account linking token is not valid"),
    code(24_001, Api, "an error of the payment flow"),
    code(24_002, Api, "an error of the payment flow"),
    code(24_005, Api, "an error of the payment flow"),
    code(1_609_005, InvalidRequest, "the link could not be posted"),
    code(9_000_001, Api, "the message was deleted"),
    either(2_018_144, RateLimited, "the limit of game messages is reached"),
    either(2_018_154, Api, "an error of Messenger Extensions"),
    either(2_018_163, Api, "an error of Messenger Extensions"),
    either(2_018_166, Api, "an error of Messenger Extensions"),
    either(2_018_171, PermissionDenied, "only the primary or a secondary receiver may do this"),
    either(2_018_218, PermissionDenied, "the profile is not available"),
    either(2_018_234, PermissionDenied, "the list of secondary receivers is not visible"),
    either(2_018_247, PermissionDenied, "the permission to see the profile is missing"),
    either(2_018_300, PermissionDenied, "another app controls the conversation"),
    either(2_018_321, PermissionDenied, "an automated flow holds the conversation; wait and try again"),
    either(2_018_389, CallingNotEnabled, "the Page is not allowed to use calling"),
    // Not in Meta's tables; observed on the calling endpoints.
    subcode(1_893_056, CallingNotEnabled, ""),
    either(2_018_390, InvalidRequest, "the call id is not valid")
        .advising("use the id of the webhook that told of the call"),
    either(2_018_391, InvalidRequest, "the connection parameter is empty")
        .advising("give the session description (SDP) that the WebRTC stack made"),
    either(2_018_392, InvalidRequest, "the session description is not valid")
        .advising("pass on the offer (SDP) of the WebRTC stack as it is, with its ICE and DTLS lines"),
    either(2_018_393, PermissionDenied, "the Page is not in the call")
        .advising("check that the call is this Page's, and that the token is"),
    either(2_018_394, PermissionDenied, "the Page may not join the call")
        .advising("accept only calls that a person made to this Page, and ask for permission before calling a person"),
    either(CALL_FAILED, Api, "the call failed").advising(OVER),
    either(CALL_ENDED, Api, "the call has ended").advising(OVER),
    either(2_071_010, Api, "an error of Messenger Extensions"),
    either(2_071_011, Api, "an error of Messenger Extensions"),
    range(2_071_014, 2_071_025, Api, "an error of Messenger Extensions"),
];

impl Row {
    const fn advising(mut self, advice: &'static str) -> Row {
        self.advice = advice;
        self
    }

    const fn backing_off(mut self) -> Row {
        self.backoff = true;
        self
    }

    /// How exactly the row fits, or not at all.
    fn fit(&self, code: i64, subcode: Option<i64>) -> Option<u8> {
        match (self.code, self.sub) {
            (Code::Is(own), Sub::Is(sub)) => (own == code && subcode == Some(sub)).then_some(4),
            (Code::Any, Sub::Is(sub)) => (subcode == Some(sub)).then_some(3),
            (Code::Either(own), _) => (own == code || subcode == Some(own)).then_some(3),
            (Code::Is(own), Sub::Any) => (own == code).then_some(2),
            (Code::Range(first, last), _) => (first..=last).contains(&code).then_some(1),
            (Code::Any, Sub::Any) => None,
        }
    }
}

/// A row as the documents show it.
#[cfg(test)]
pub(crate) struct Shown {
    pub(crate) kind: ErrorKind,
    pub(crate) code: String,
    pub(crate) subcode: Option<i64>,
    pub(crate) what: &'static str,
}

/// Every row, in the table's order.
#[cfg(test)]
pub(crate) fn rows() -> impl Iterator<Item = Shown> {
    TABLE.iter().map(|row| Shown {
        kind: row.kind,
        code: match row.code {
            Code::Is(number) => number.to_string(),
            Code::Range(first, last) => format!("{first} to {last}"),
            Code::Either(number) => format!("{number}, as code or subcode"),
            Code::Any => "any".to_owned(),
        },
        subcode: match row.sub {
            Sub::Is(number) => Some(number),
            Sub::Any => None,
        },
        what: if row.what.is_empty() {
            row.kind.what()
        } else {
            row.what
        },
    })
}

/// Pairs of code and subcode that mean "audio calling is not enabled" beside the
/// table's; `None` for any subcode.
pub(crate) type CallingCodes = [(i64, Option<i64>)];

/// Reads what the numbers of an error mean.
pub(crate) fn meaning(graph: &GraphError, http_status: u16, calling: &CallingCodes) -> Meaning {
    let (code, subcode) = (graph.code, graph.subcode);
    let configured =
        |&(own, sub): &(i64, Option<i64>)| own == code && (sub.is_none() || sub == subcode);
    if subcode != Some(SENT) && calling.iter().any(configured) {
        return rejected(CallingNotEnabled, false, "");
    }
    if code == 100 && mentions_proof(graph) {
        return rejected(
            Authentication,
            false,
            "the app secret proof is missing or wrong",
        );
    }
    let best = TABLE
        .iter()
        .filter_map(|row| Some((row.fit(code, subcode)?, row)))
        .max_by_key(|(fit, _)| *fit);
    match best {
        Some((_, row)) if row.kind == Service => unknown(row.what),
        Some((_, row)) => Meaning {
            advice: row.advice,
            ..rejected(row.kind, row.backoff, row.what)
        },
        None if http_status == 429 => rejected(RateLimited, true, ""),
        // Refusals have 4xx, or a code where a gateway left the status as it is.
        None if code == 0 && matches!(http_status, 401 | 403) => meaning_of_status(http_status),
        None if matches!(http_status, 408 | 500..) => unknown(""),
        None if http_status >= 400 || (code != 0 && http_status < 300) => rejected(Api, false, ""),
        None => unknown(""),
    }
}

/// What a status stands for when no Graph error came with it.
pub(crate) fn meaning_of_status(status: u16) -> Meaning {
    match status {
        429 => rejected(RateLimited, true, ""),
        401 => rejected(Authentication, false, ""),
        403 => rejected(PermissionDenied, false, ""),
        // 408 may come from a gateway that gave up on a request in progress.
        408 | 500.. => unknown("the platform, or a gateway before it, failed"),
        _ => rejected(Api, false, "the request was refused without a reason"),
    }
}

fn rejected(kind: ErrorKind, backoff: bool, what: &'static str) -> Meaning {
    Meaning {
        kind,
        delivery: Delivery::Rejected,
        backoff,
        what,
        advice: "",
    }
}

fn unknown(what: &'static str) -> Meaning {
    Meaning {
        kind: Service,
        delivery: Delivery::Unknown,
        backoff: false,
        what,
        advice: "",
    }
}

/// The one text that is read: a wrong or missing `appsecret_proof` comes as a
/// code 100 like any other bad parameter, and the parameter's name is the only
/// thing that tells it apart.
fn mentions_proof(graph: &GraphError) -> bool {
    graph
        .message
        .as_deref()
        .is_some_and(|text| text.contains("appsecret_proof"))
}
