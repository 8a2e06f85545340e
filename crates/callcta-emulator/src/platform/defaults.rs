//! The state that an emulator starts with unless told otherwise. Everything in it is made up.

use std::collections::BTreeMap;

use super::clock::{DAY, START};
use super::page::Page;
use super::person::Person;
use super::state::State;
use super::token::{Token, TokenKind};

/// The Page with calling switched on.
pub const PAGE_ID: &str = "100000000000001";
/// The token of [`PAGE_ID`]; it may do everything and never expires.
pub const ACCESS_TOKEN: &str = "EMULATED-PAGE-TOKEN";
/// The app secret of both Pages.
pub const APP_SECRET: &str = "emulated-app-secret";
/// A token of [`PAGE_ID`] without the permission `pages_messaging`.
pub const TOKEN_WITHOUT_PERMISSION: &str = "EMULATED-TOKEN-WITHOUT-PERMISSION";
/// A token of [`PAGE_ID`] that expired a day before the clock starts: 190/463.
pub const EXPIRED_TOKEN: &str = "EMULATED-EXPIRED-TOKEN";
/// A user token of somebody who runs [`PAGE_ID`]; not what the Send API wants.
pub const USER_TOKEN: &str = "EMULATED-USER-TOKEN";

/// The Page with `audio_enabled: false`.
pub const PAGE_ID_WITHOUT_CALLING: &str = "100000000000002";
/// The token of [`PAGE_ID_WITHOUT_CALLING`].
pub const TOKEN_WITHOUT_CALLING: &str = "EMULATED-PAGE-TOKEN-WITHOUT-CALLING";
/// Somebody in conversation with [`PAGE_ID_WITHOUT_CALLING`], window open.
pub const PSID_WITHOUT_CALLING: &str = "200000000000011";

/// Somebody in conversation with [`PAGE_ID`], window open.
pub const PSID: &str = "200000000000001";
/// Somebody whose window closed long ago.
pub const PSID_WINDOW_CLOSED: &str = "200000000000002";
/// Somebody who blocked the Page.
pub const PSID_BLOCKED: &str = "200000000000003";

/// The default state.
pub fn state() -> State {
    state_at(START)
}

/// The default state for a clock that starts elsewhere, in Unix milliseconds.
pub fn state_at(start: i64) -> State {
    let mut page = Page {
        name: "Example Page".into(),
        app_secret: APP_SECRET.into(),
        ..Page::default()
    };
    page.tokens = vec![
        Token::new(ACCESS_TOKEN),
        Token {
            scopes: vec!["pages_show_list".into()],
            ..Token::new(TOKEN_WITHOUT_PERMISSION)
        },
        Token {
            expires_at: Some(start - DAY),
            ..Token::new(EXPIRED_TOKEN)
        },
        Token {
            kind: TokenKind::User,
            ..Token::new(USER_TOKEN)
        },
    ];
    let without_calling = Page {
        name: "Example Page without calling".into(),
        app_secret: APP_SECRET.into(),
        audio_enabled: false,
        tokens: vec![Token::new(TOKEN_WITHOUT_CALLING)],
        ..Page::default()
    };
    let mut closed = Person::new("Person 2", PAGE_ID);
    closed.last_action = Some(start - 10 * DAY);
    let blocked = Person {
        blocked: true,
        ..Person::new("Person 3", PAGE_ID)
    };
    let mut state = State {
        default_page: PAGE_ID.into(),
        pages: BTreeMap::from([
            (PAGE_ID.into(), page),
            (PAGE_ID_WITHOUT_CALLING.into(), without_calling),
        ]),
        people: BTreeMap::from([
            (PSID.into(), Person::new("Person 1", PAGE_ID)),
            (PSID_WINDOW_CLOSED.into(), closed),
            (PSID_BLOCKED.into(), blocked),
            (
                PSID_WITHOUT_CALLING.into(),
                Person::new("Person 11", PAGE_ID_WITHOUT_CALLING),
            ),
        ]),
        ..State::default()
    };
    state.begin(start);
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trip() {
        let state = state();
        let again = State::from_json(&state.to_json()).unwrap();
        assert_eq!(again, state);
    }

    #[test]
    fn debug_shows_no_secret() {
        let text = format!("{:?}", state());
        assert!(!text.contains(ACCESS_TOKEN));
        assert!(!text.contains(APP_SECRET));
    }
}
