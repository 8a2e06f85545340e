//! `callcta demo`: everything that callcta is for, on this machine alone.

use std::io::{self, Write};
use std::time::Duration;

use callcta::{
    Button, Client, Delivery, Element, Error, ErrorKind, Message, Request, RetryPolicy, SendOptions,
};
use callcta_emulator::{Action, Emulator, TapTarget, defaults};

use crate::args::DemoArgs;
use crate::exit::Exit;
use crate::output::{BAD, DIM, GOOD, STRONG, after_writing, complain, plain, styled};
use crate::{card, signals};

/// Numbers that look right and belong to nobody.
const NO_SUCH_PAGE: &str = "100000000000009";
const NO_SUCH_PSID: &str = "200000000000009";

/// Plays everything, and fails if anything comes out otherwise than documented.
pub fn run(args: &DemoArgs) -> Exit {
    let emulator = match Emulator::start() {
        Ok(emulator) => emulator,
        Err(error) => {
            complain(format_args!("can't start the emulator: {error}"));
            return Exit::NotSent;
        }
    };
    let mut demo = Demo {
        emulator,
        out: anstream::stdout().lock(),
        surprises: 0,
        sent: None,
    };
    let played = demo.play();
    let exit = if demo.surprises == 0 {
        Exit::Done
    } else {
        Exit::Failed
    };
    if played.is_err() || !args.keep_open {
        return after_writing(played, exit);
    }
    let stop = match signals::stop(false) {
        Ok(stop) => stop,
        Err(error) => {
            complain(format_args!("can't listen to signals: {error}"));
            return Exit::Usage;
        }
    };
    let invited = demo.invite();
    if invited.is_ok() {
        // An error means that nothing can stop it any more, which is no reason to stop.
        let _ = stop.recv();
    }
    after_writing(invited, exit)
}

struct Demo<W> {
    emulator: Emulator,
    out: W,
    /// What did not come out as documented.
    surprises: u32,
    /// The message that was sent last.
    sent: Option<String>,
}

/// A send that must fail.
struct Mishap {
    what: &'static str,
    page_id: &'static str,
    token: &'static str,
    psid: &'static str,
    days: i64,
    checked: bool,
    kind: ErrorKind,
    delivery: Delivery,
}

impl Mishap {
    /// A send that would work.
    const NONE: Mishap = Mishap {
        what: "",
        page_id: defaults::PAGE_ID,
        token: defaults::ACCESS_TOKEN,
        psid: defaults::PSID,
        days: 5,
        checked: true,
        kind: ErrorKind::Internal,
        delivery: Delivery::Rejected,
    };
}

/// The five conditions that the page documents, some of them in two forms.
const MISHAPS: [Mishap; 8] = [
    Mishap {
        what: "Invalid Page id",
        page_id: NO_SUCH_PAGE,
        kind: ErrorKind::InvalidPage,
        ..Mishap::NONE
    },
    Mishap {
        what: "Invalid PSID",
        psid: NO_SUCH_PSID,
        kind: ErrorKind::InvalidRecipient,
        ..Mishap::NONE
    },
    Mishap {
        what: "The Page has not enabled audio calling",
        page_id: defaults::PAGE_ID_WITHOUT_CALLING,
        token: defaults::TOKEN_WITHOUT_CALLING,
        psid: defaults::PSID_WITHOUT_CALLING,
        kind: ErrorKind::CallingNotEnabled,
        ..Mishap::NONE
    },
    Mishap {
        what: "A token without the permission",
        token: defaults::TOKEN_WITHOUT_PERMISSION,
        kind: ErrorKind::PermissionDenied,
        ..Mishap::NONE
    },
    Mishap {
        what: "A token that has expired",
        token: defaults::EXPIRED_TOKEN,
        kind: ErrorKind::Authentication,
        ..Mishap::NONE
    },
    Mishap {
        what: "expires_in_days above 7, found before sending",
        days: 8,
        kind: ErrorKind::InvalidMessage,
        delivery: Delivery::NotSent,
        ..Mishap::NONE
    },
    Mishap {
        what: "expires_in_days above 7, sent unchecked",
        days: 8,
        checked: false,
        kind: ErrorKind::InvalidRequest,
        ..Mishap::NONE
    },
    Mishap {
        what: "Outside of the allowed window",
        psid: defaults::PSID_WINDOW_CLOSED,
        kind: ErrorKind::OutsideWindow,
        ..Mishap::NONE
    },
];

impl<W: Write> Demo<W> {
    fn play(&mut self) -> io::Result<()> {
        writeln!(
            self.out,
            "{}\n\nNothing here leaves this machine. The platform is emulated at {}.",
            styled(STRONG, "callcta demo"),
            self.emulator.url()
        )?;
        let call = Button::audio_call("Call Now").expires_in_days(5);
        let generic = Message::generic([Element::new("Contact Support!").button(call.clone())]);
        let buttons = Message::buttons("Contact Support!", [call]);
        self.sample("The page's generic template", &generic)?;
        self.sample("The page's button template", &buttons)?;

        self.heading("What can go wrong, and what you are told")?;
        for mishap in &MISHAPS {
            self.mishap(mishap)?;
        }
        self.taps()?;
        self.summary()
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{}\n", styled(STRONG, text))
    }

    /// What is right, and counted if it isn't.
    fn tell(&mut self, right: bool, text: &str) -> io::Result<()> {
        let mark = if right {
            styled(GOOD, "✓")
        } else {
            self.surprises += 1;
            styled(BAD, "✗")
        };
        writeln!(self.out, "  {mark} {text}")
    }

    fn block(&mut self, text: &str) -> io::Result<()> {
        text.lines()
            .try_for_each(|line| writeln!(self.out, "    {line}"))
    }

    fn client(&self, page_id: &str, token: &str) -> callcta::Result<Client> {
        Client::builder(page_id, token)
            .base_url(self.emulator.url())
            .retry(RetryPolicy::none())
            .build()
    }

    /// Sends a sample, and shows what went over the wire and what it looks like.
    fn sample(&mut self, what: &str, message: &Message) -> io::Result<()> {
        self.heading(what)?;
        let sent = self
            .client(defaults::PAGE_ID, defaults::ACCESS_TOKEN)
            .and_then(|client| client.send(defaults::PSID, message));

        let request = Request::new(defaults::PSID, message.clone(), SendOptions::new());
        if let Some(received) = self.emulator.requests().last() {
            let line = format!("{} {}", received.method, received.path);
            self.block(&styled(DIM, line))?;
            // The same as what was received, in the order of the wire.
            for line in serde_json::to_string_pretty(&request)?.lines() {
                self.block(&styled(DIM, line))?;
            }
            writeln!(self.out)?;
            let same = received.json() == serde_json::to_value(&request).ok();
            self.tell(same, "this arrived at the platform")?;
        }
        match sent {
            Ok(receipt) => {
                self.tell(true, &format!("sent: message id {}", receipt.message_id))?;
                self.sent = Some(receipt.message_id);
            }
            Err(error) => self.tell(false, &error.to_string())?,
        }
        writeln!(self.out)?;
        self.block(&card::draw(&message.to_value()))
    }

    /// Sends something that must fail in the documented way.
    fn mishap(&mut self, mishap: &Mishap) -> io::Result<()> {
        let call = Button::audio_call("Call Now").expires_in_days(mishap.days);
        let message = Message::buttons("Contact Support!", [call]);
        let outcome = self
            .client(mishap.page_id, mishap.token)
            .and_then(|client| {
                if mishap.checked {
                    client.send(mishap.psid, &message)
                } else {
                    client.send_unchecked(mishap.psid, &message, &SendOptions::new())
                }
            });
        match outcome {
            Err(error) => {
                let right = error.kind() == mishap.kind && error.delivery() == mishap.delivery;
                self.tell(right, mishap.what)?;
                self.failure(&error)
            }
            Ok(_) => self.tell(false, &format!("{}: sent, against all rules", mishap.what)),
        }
    }

    fn failure(&mut self, error: &Error) -> io::Result<()> {
        let mut facts = vec![error.kind().to_string(), error.delivery().to_string()];
        if let Some(graph) = error.graph() {
            facts.push(format!("code {}", graph.code));
            facts.extend(graph.subcode.map(|subcode| format!("subcode {subcode}")));
        }
        self.block(&facts.join(", "))?;
        for violation in error.violations() {
            self.block(&plain(&violation.to_string()))?;
        }
        self.block(&styled(DIM, format_args!("→ {}", error.advice())))
    }

    /// Taps the call button, in time and too late.
    fn taps(&mut self) -> io::Result<()> {
        self.heading("When somebody taps the button")?;
        let button = TapTarget::call(self.sent.clone().unwrap_or_default());
        let webhook = match self.emulator.tap(&button) {
            Ok(tap) => tap.webhook,
            Err(refused) => return self.tell(false, &refused.to_string()),
        };
        let Some(webhook) = webhook else {
            return self.tell(false, "the tap led to no webhook");
        };
        let json = webhook.json();
        let call = &json["entry"][0]["calls"][0];
        let right = call["event"] == "connect"
            && call["call_direction"] == "user_initiated"
            && call["from"] == defaults::PSID
            && call["to"] == defaults::PAGE_ID;
        self.tell(right, "the Page rings: your webhook gets")?;
        if let Some(signature) = &webhook.signature {
            let header = format!("X-Hub-Signature-256: {signature}");
            self.block(&styled(DIM, header))?;
        }
        self.block(&styled(DIM, plain(&webhook.body)))?;

        self.emulator.advance(Duration::from_secs(6 * 24 * 60 * 60));
        match self.emulator.tap(&button) {
            Err(refused) if refused.reason == "expired" => {
                self.tell(true, "six days later the button calls nobody any more")
            }
            Err(refused) => self.tell(false, &refused.to_string()),
            Ok(_) => self.tell(false, "six days later the button still calls"),
        }
    }

    fn summary(&mut self) -> io::Result<()> {
        self.heading("And in the end")?;
        // Both samples, and nothing of what was told to have failed.
        let arrived = self.emulator.messages().len();
        self.tell(
            arrived == 2,
            &format!("{arrived} messages arrived: those with a receipt, and no other"),
        )?;
        if self.surprises == 0 {
            writeln!(self.out, "\n{}", styled(GOOD, "All as documented."))
        } else {
            let what = format!("{} not as documented.", self.surprises);
            writeln!(self.out, "\n{}", styled(BAD, what))
        }
    }

    /// Tells where to look, at buttons that still call.
    fn invite(&mut self) -> io::Result<()> {
        let text = "Can I talk to somebody?".to_owned();
        self.emulator.act(defaults::PSID, Action::Message { text });
        let sent = self
            .client(defaults::PAGE_ID, defaults::ACCESS_TOKEN)
            .and_then(|client| {
                let call = Button::audio_call("Call Now").expires_in_days(5);
                let card = Element::new("Contact Support!").button(call);
                client.send(defaults::PSID, &Message::generic([card]))
            });
        if let Err(error) = sent {
            self.tell(false, &error.to_string())?;
        }
        let url = self.emulator.url();
        writeln!(self.out, "\nThe inbox page is at {url}; Ctrl-C ends this.")?;
        self.out.flush()
    }
}
