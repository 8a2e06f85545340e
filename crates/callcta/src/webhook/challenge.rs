//! The GET by which Meta checks that a webhook's address is its owner's.

use percent_encoding::percent_decode_str;
use ring::hmac;

use super::refusal::{Refusal, RefusalKind};

/// Reads a challenge from the query of a GET (what follows the `?`), and returns
/// the text to answer with: exactly it, as `text/plain`, with status 200.
///
/// Any other GET, such as a health check's, is [`RefusalKind::NoChallenge`].
///
/// ```
/// use callcta::webhook::{self, RefusalKind};
///
/// let query = "hub.mode=subscribe&hub.verify_token=my+token&hub.challenge=1158201444";
/// assert_eq!(webhook::answer_challenge(query, "my token").as_deref(), Ok("1158201444"));
/// let refusal = webhook::answer_challenge(query, "another").unwrap_err();
/// assert_eq!(refusal.kind(), RefusalKind::WrongVerifyToken);
/// ```
///
/// # Errors
///
/// A [`Refusal`] of the kind `NoChallenge` or `WrongVerifyToken`.
pub fn answer_challenge(query: &str, verify_token: &str) -> Result<String, Refusal> {
    let query = query.strip_prefix('?').unwrap_or(query);
    let [mut mode, mut token, mut challenge_text] = [None, None, None];
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // PHP, and what was built after it, writes `hub_mode`.
        let place = match decoded(name).replace('_', ".").as_str() {
            "hub.mode" => &mut mode,
            "hub.verify.token" => &mut token,
            "hub.challenge" => &mut challenge_text,
            _ => continue,
        };
        if place.replace(decoded(value)).is_some() {
            return Err(no_challenge("a parameter of the challenge is there twice"));
        }
    }
    challenge(
        mode.as_deref(),
        token.as_deref(),
        challenge_text.as_deref(),
        verify_token,
    )
}

/// As [`answer_challenge`], from the values of `hub.mode`, `hub.verify_token` and
/// `hub.challenge`, where a framework has taken the query apart.
///
/// # Errors
///
/// As [`answer_challenge`].
pub fn challenge(
    mode: Option<&str>,
    given_token: Option<&str>,
    challenge: Option<&str>,
    verify_token: &str,
) -> Result<String, Refusal> {
    if mode != Some("subscribe") {
        return Err(no_challenge("hub.mode is not subscribe"));
    }
    let Some(challenge) = challenge.filter(|text| !text.is_empty()) else {
        return Err(no_challenge("there is no hub.challenge"));
    };
    let given = given_token.unwrap_or_default();
    if verify_token.is_empty() || !are_equal(given, verify_token) {
        return Err(Refusal::new(
            RefusalKind::WrongVerifyToken,
            "hub.verify_token is not the token that was set for this webhook",
        ));
    }
    Ok(challenge.to_owned())
}

fn no_challenge(text: &str) -> Refusal {
    Refusal::new(RefusalKind::NoChallenge, text)
}

/// Compares by the authentication codes of both, which takes as long wherever
/// they differ.
fn are_equal(given: &str, expected: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, expected.as_bytes());
    let tag = hmac::sign(&key, given.as_bytes());
    hmac::verify(&key, expected.as_bytes(), tag.as_ref()).is_ok()
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(query: &str) -> RefusalKind {
        answer_challenge(query, "t").unwrap_err().kind()
    }

    #[test]
    fn the_challenge_comes_back_as_it_was_sent() {
        for query in [
            "hub.mode=subscribe&hub.verify_token=t&hub.challenge=a%20%22b%22%2B1",
            "?hub_mode=subscribe&hub_verify_token=t&hub_challenge=a+%22b%22%2b1&x=1",
            "hub%2Emode=subscribe&hub%2Everify_token=t&hub%2Echallenge=a%20%22b%22%2B1",
        ] {
            assert_eq!(answer_challenge(query, "t").unwrap(), "a \"b\"+1");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for none in [
            "",
            "health=1",
            "hub.verify_token=t&hub.challenge=1",
            "hub.mode=unsubscribe&hub.verify_token=t&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=t",
            "hub.mode=subscribe&hub.verify_token=t&hub.challenge=",
            "hub.mode=subscribe&hub.verify_token=t&hub.challenge=1&hub_challenge=2",
        ] {
            assert_eq!(kind(none), RefusalKind::NoChallenge, "{none}");
        }
        for token in ["", "T", "tt", "x"] {
            let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1");
            assert_eq!(kind(&query), RefusalKind::WrongVerifyToken, "{token}");
        }
        let query = "hub.mode=subscribe&hub.verify_token=&hub.challenge=1";
        let refusal = answer_challenge(query, "").unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::WrongVerifyToken);
    }
}
