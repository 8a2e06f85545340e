//! No token, secret, PSID or text in any log at any level, nor in any error.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callcta::calling::{Accept, MediaUpdate};
use callcta::{AppSecret, Button, Client, Message, RetryPolicy, TokenPlacement};

#[path = "transport/server.rs"]
mod server;

use self::server::{Server, answer};

const TOKEN: &str = "EAAtoken|thatmustnotshow";
const ENCODED: &str = "EAAtoken%7Cthatmustnotshow";
const SECRET: &str = "secretthatmustnotshow";
const PSID: &str = "8675309867530986";
const TEXT: &str = "Words for one person only";

struct Collector(Mutex<String>);

static LOG: Collector = Collector(Mutex::new(String::new()));

impl log::Log for Collector {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut text = self.0.lock().expect("nobody panicked");
        writeln!(
            text,
            "{} {} {}",
            record.level(),
            record.target(),
            record.args()
        )
        .expect("a string takes any text");
    }

    fn flush(&self) {}
}

/// Sends in each way that a token can travel, to a server that does as told, and
/// returns every text that came of it.
fn everything_said(url: &str) -> String {
    let mut said = String::new();
    for placement in [
        TokenPlacement::Header,
        TokenPlacement::Query,
        TokenPlacement::Body,
    ] {
        let client = Client::builder("1234567890", TOKEN)
            .app_secret(SECRET)
            .token_placement(placement)
            .base_url(url)
            .timeout(Duration::from_millis(300))
            .retry(RetryPolicy::none())
            .build()
            .expect("the settings are right");
        let message = Message::buttons(TEXT, [Button::audio_call("Call Now")]);
        said += &said_about_calls(&client);
        let outcome = client.send(PSID, &message);
        write!(said, "{client:?} {outcome:?} ").expect("a string takes any text");
        let mut cause: Option<&dyn std::error::Error> = outcome.as_ref().err().map(|e| e as _);
        while let Some(error) = cause {
            write!(said, "{error} {error:?} {error:#?} ").expect("a string takes any text");
            cause = error.source();
        }
        if let Some(graph) = outcome.err().as_ref().and_then(callcta::Error::graph) {
            // The platform's own text is kept, but without credentials.
            let text = graph.message.clone().unwrap_or_default();
            for secret in [TOKEN, ENCODED, SECRET] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
    said
}

/// The same of what is no message: all that names a person or describes a session.
fn said_about_calls(client: &Client) -> String {
    let calling = client.calling();
    let sdp = format!("v=0 {TEXT}");
    let accept = Accept::new("c_1", &sdp).rang_at(i64::MAX);
    let update = MediaUpdate::new().offer(&sdp);
    let outcomes = [
        calling.permissions(PSID).err(),
        calling.connect(PSID, &sdp).err(),
        calling.connect("no PSID", &sdp).err(),
        calling.accept(&accept).err(),
        calling.update_media("c_1", &update).err(),
        client.identity().token().err(),
    ];
    let mut said = format!("{calling:?} {accept:?} {update:?}");
    for error in outcomes.into_iter().flatten() {
        write!(said, "{error} {error:?} ").expect("a string takes any text");
    }
    said
}

#[test]
fn nothing_secret_or_personal_is_said() {
    log::set_logger(&LOG).expect("it is the only logger");
    log::set_max_level(log::LevelFilter::Trace);

    let token = callcta::AccessToken::new(TOKEN).expect("it is a token");
    let proof = AppSecret::new(SECRET)
        .expect("it is a secret")
        .proof(&token);
    let quoting = format!(
        r#"{{"error":{{"message":"Malformed access token {TOKEN}, ?access_token={ENCODED}, proof {proof}, user {PSID}","type":"OAuthException","code":190,"fbtrace_id":"{TOKEN} {PSID}"}}}}"#
    );
    let receipt = r#"{"recipient_id":"8675309867530986","message_id":"m_1"}"#;
    let servers = [
        Server::answering(answer("200 OK", "", receipt)),
        Server::answering(answer("400 Bad Request", "", quoting)),
        Server::answering(answer("200 OK", "", "<html>")),
        Server::answering(answer("302 Found", "location: /?access_token=x\r\n", "")),
        Server::start(drop),
        Server::start(|mut peer| {
            peer.request();
        }),
        Server::start(|mut peer| {
            peer.request();
            peer.wait_for_close();
        }),
    ];
    let mut said = String::new();
    for server in servers {
        let url = format!("http://127.0.0.1:{}", server.port());
        said += &everything_said(&url);
        server.finish(());
    }
    // Nobody listens at the address of a server that is gone.
    let gone = Arc::new(Server::start(drop));
    let url = format!("http://127.0.0.1:{}", gone.port());
    Arc::into_inner(gone)
        .expect("it is the only one")
        .finish(());
    said += &everything_said(&url);

    let logged = LOG.0.lock().expect("nobody panicked").clone();
    assert!(
        logged.contains("DEBUG callcta send: ok, attempts 1"),
        "{logged}"
    );
    assert!(
        logged.contains("send: authentication, delivery rejected, status 400"),
        "{logged}"
    );
    // ureq dumps answers at trace level, in rows of hexadecimal; the transport's own
    // tests take those apart.
    for (what, text) in [("log", &logged), ("error", &said)] {
        for secret in [TOKEN, ENCODED, SECRET, proof.as_str(), PSID, TEXT] {
            assert!(!text.contains(secret), "{secret} in the {what}:\n{text}");
        }
    }
}
