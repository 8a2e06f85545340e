//! Whether the address of the app's webhooks works.

use std::time::{Duration, Instant, SystemTime};

use super::diagnosis::Finding;
use super::{About, Visit};
use crate::credentials::AppSecret;
use crate::error::Error;
use crate::transport::{HttpRequest, HttpResponse, Method};
use crate::webhook::Secrets;
use crate::wire;

const CHALLENGE: About = (
    "challenge",
    "Webhook's challenge",
    "without it Meta sends no webhooks to this address, so nobody hears the tap",
);
const SIGNATURE: About = (
    "signature",
    "Webhook's signature",
    "what Meta signs must be taken, in time, and what others send must not",
);

/// Webhooks page: an answer is due within 5 seconds.
const IN_TIME: Duration = Duration::from_secs(5);
/// As good as none.
const NO_EVENTS: &[u8] = br#"{"object":"page","entry":[]}"#;
const WRONG: &str = "callcta-doctor-wrong";

impl Visit<'_> {
    pub(super) fn receiver(&mut self) {
        let Some(url) = self.doctor.webhook.clone() else {
            return;
        };
        self.check(CHALLENGE, &[], |visit| visit.challenge(&url));
        // An address that isn't there won't take anything signed, either.
        self.check(SIGNATURE, &["challenge"], |visit| visit.signature(&url));
    }

    fn challenge(&self, url: &str) -> Finding {
        let Some(token) = &self.doctor.verify_token else {
            return Finding::unknown("the verify token isn't given")
                .mended_by("give the one that the app's webhook settings have (--verify-token)");
        };
        let number = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let number = number.unwrap_or_default().as_nanos().to_string();
        let answer = match self.ask(&challenge_url(url, &token.0, &number), None) {
            Ok(answer) => answer,
            Err(finding) => return finding,
        };
        let text = answer.text();
        if answer.status != 200 {
            return Finding::fail(format!(
                "it answers the challenge with status {}",
                answer.status
            ))
            .mended_by(match answer.status {
                401 | 403 => "compare the receiver's verify token with the one given",
                404 | 405 => "check the address, and that the receiver takes GET",
                _ => "answer with status 200 and the value of hub.challenge",
            });
        }
        if text != number {
            let result = if text.trim().trim_matches('"') == number {
                "it answers with more than the challenge's text, such as quotes or a line's end"
            } else {
                "it answers with another text than the challenge's"
            };
            return Finding::fail(result)
                .mended_by("answer with exactly the value of hub.challenge, as text/plain");
        }
        match self.ask(&challenge_url(url, WRONG, &number), None) {
            Ok(other) if other.status == 200 && other.text() == number => {
                Finding::warn("it takes any verify token, so anybody can claim the address")
                    .mended_by("compare hub.verify_token, and answer 403 if it is another")
            }
            _ => secure(
                url,
                format!("it passes (after {} ms)", answer.took.as_millis()),
            ),
        }
    }

    fn signature(&self, url: &str) -> Finding {
        let Some(secret) = self.doctor.client.app_secret() else {
            return Finding::unknown("the app secret isn't given")
                .mended_by("set CALLCTA_APP_SECRET or --app-secret-file");
        };
        let signed = match self.ask(url, Some(&sign(&secret))) {
            Ok(answer) => answer,
            Err(finding) => return finding,
        };
        if !(200..300).contains(&signed.status) {
            let fix = match signed.status {
                401 | 403 => {
                    "compare the receiver's app secret, and see that it verifies the \
                              bytes that came in: callcta webhook verify names the cause"
                }
                405 => "take POST at this address",
                _ => "answer with status 200 to what is verified, whatever is in it",
            };
            return Finding::fail(format!(
                "what is signed with the app's secret is answered with status {}",
                signed.status
            ))
            .mended_by(fix);
        }
        let wrong = AppSecret::new(WRONG).expect("it isn't empty");
        match self.ask(url, Some(&sign(&wrong))) {
            Ok(other) if (200..300).contains(&other.status) => Finding::warn(
                "it takes what is signed with another secret",
            )
            .mended_by("verify X-Hub-Signature-256 before anything else, and answer 401 or 403"),
            _ => Finding::ok("it takes what is signed, and nothing else")
                .seen(format!("after {} ms", signed.took.as_millis())),
        }
    }

    /// Asks the receiver for something, or posts a body without events to it.
    fn ask(&self, url: &str, signature: Option<&str>) -> Result<Answer, Finding> {
        let headers: Vec<(&str, &str)> = signature
            .map(|value| ("x-hub-signature-256", value))
            .into_iter()
            .collect();
        let request = HttpRequest {
            method: if signature.is_some() {
                Method::Post
            } else {
                Method::Get
            },
            url,
            authorization: None,
            content_type: "application/json",
            headers: &headers,
            body: if signature.is_some() { NO_EVENTS } else { b"" },
            timeout: Some(self.doctor.timeout),
            cancel: self.cancel,
        };
        let started = Instant::now();
        let response = self.doctor.client.transport().exchange(&request);
        let took = started.elapsed();
        let unreached = |error: &Error| {
            Finding::fail("the webhook's address can't be reached")
                .told_by(error)
                .mended_by(
                    "check the address, and that it can be reached from the internet by https",
                )
        };
        let response = response.map_err(|error| unreached(&wire::of_transport(error)))?;
        if took > IN_TIME {
            return Err(Finding::fail(format!(
                "the webhook's address answers after {:.1} s; Meta waits for 5",
                took.as_secs_f64()
            ))
            .mended_by("answer first, and do the work later"));
        }
        Ok(Answer::of(response, took))
    }
}

struct Answer {
    status: u16,
    body: Vec<u8>,
    took: Duration,
}

impl Answer {
    fn of(response: HttpResponse, took: Duration) -> Self {
        Answer {
            status: response.status,
            body: response.body.unwrap_or_default(),
            took,
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn sign(secret: &AppSecret) -> String {
    let secrets = Secrets::new([secret.expose()]).expect("it isn't empty");
    secrets.sign(NO_EVENTS)
}

fn challenge_url(url: &str, token: &str, number: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    let token = percent_encoding::utf8_percent_encode(token, percent_encoding::NON_ALPHANUMERIC);
    format!("{url}{separator}hub.mode=subscribe&hub.verify_token={token}&hub.challenge={number}")
}

/// Meta posts to https only.
fn secure(url: &str, result: String) -> Finding {
    if url.to_ascii_lowercase().starts_with("https://") {
        Finding::ok(result)
    } else {
        Finding::warn("it passes, but not by https, which Meta asks for")
            .mended_by("put it behind https with a certificate that is trusted everywhere")
    }
}
