//! What stands behind the lists of options: examples, environment, exit codes.

use crate::exit::{CAMPAIGN_CODES, CODES};
use crate::settings::ENVIRONMENT;

/// Behind the short help.
pub const MORE: &str = "With --help: examples, environment variables, exit codes.";

const CALLCTA: &str = "\
Examples:
  callcta demo
  callcta send --to 1254477777772919 --generic 'Contact Support!' \\
      --call 'Call Now' --expires-in-days 5
  callcta check message.json
  callcta settings set --audio-enabled on
  callcta emulate";

const SEND: &str = "\
Examples:
  The two samples of Meta's page Call Audio CTA:
    callcta send --to 1254477777772919 --generic 'Contact Support!' \\
        --call 'Call Now' --expires-in-days 5
    callcta send --to 1254477777772919 --button 'Contact Support!' \\
        --call 'Call Now' --expires-in-days 5
  A card with a picture, and a link before the call button:
    callcta send --to 1254477777772919 --generic 'Our shop' \\
        --subtitle 'Open until six' --image-url https://example.com/shop.jpg \\
        --url 'View Website=https://example.com' --call 'Call Now'
  A sample from a page, to somebody else than it says:
    callcta send --to 1254477777772919 --file sample.json
  For a program:
    callcta send --json --file - < request.json

With --json, standard output gets one line:
  {\"ok\":true,\"message_id\":…,\"recipient_id\":…}
  {\"ok\":false,\"kind\":…,\"delivery\":\"not_sent|rejected|unknown\",\"message\":…,
   \"code\":…,\"subcode\":…,\"platform\":[…],\"trace_id\":…,\"http_status\":…,
   \"retry_after\":…,\"violations\":[{\"path\":…,\"rule\":…,\"severity\":…,\"message\":…}],
   \"docs\":\"docs/errors/….md\"}
Keys that have nothing to say are left out; platform has the platform's own texts, which
may be in any language and name people; retry_after counts in seconds; docs is the
page about the kind of error, below the top of callcta's repository.";

/// Behind `callcta check --help`.
pub const CHECK: &str = "\
Examples:
  callcta check message.json
  callcta check --strict --json messages/*.json
  callcta send --to 1 --generic Hello --call Call --dry-run | callcta check -

A message is checked by itself; a whole request with its recipient and options.

With --json, standard output gets one line per file:
  {\"ok\":…,\"file\":…,\"violations\":[{\"path\":…,\"rule\":…,\"severity\":…,\"message\":…}],
   \"unchecked\":[…]}
At most 100 violations are listed; one more, of the rule more, counts the others.
unchecked has the paths of what there are no rules for.

Exit codes:
  0  no rule is broken, though there may be warnings
  1  a message breaks a documented rule, or with --strict there is a warning
  2  usage: the command line or a file can't be used";

/// Behind `callcta preview --help`.
pub const PREVIEW: &str = "\
Examples:
  callcta preview card.json --open
  callcta preview card.json -o public/card.html
  callcta send --to 1 --generic Hello --call Call --dry-run | callcta preview - > card.html

Without -o, the page goes to standard output, or with --open and on a terminal beside the
file: card.preview.html for card.json. Its name is printed. Nothing in the page is
fetched: a picture is shown only if it is in the message itself.

Exit codes:
  0  done, whether or not rules are broken
  1  what was given is no message
  2  usage: the command line or a file can't be used, or no browser can be opened";

/// Behind `callcta code --help`.
pub const CODE: &str = "\
Examples:
  callcta code card.json --lang python
  callcta code request.json --lang rust --program > src/main.rs
  callcta send --to 1 --generic Hello --call Call --dry-run | callcta code - --lang c

Without --program, only the message is looked at. With it, the program has the request's
recipient and options, too; without a recipient it writes to CALLCTA_PSID. Page and token
come from CALLCTA_PAGE_ID and CALLCTA_ACCESS_TOKEN.

A message may break rules: see callcta check. In Rust, JSON needs the crate serde_json.

Exit codes:
  0  done
  1  what was given is no message
  2  usage: the command line or a file can't be used";

/// Behind `callcta demo --help`.
pub const DEMO: &str = "\
Exit codes:
  0  everything came out as documented
  1  something did not; it is marked in the output";

/// Behind `callcta emulate --help`.
pub const EMULATE: &str = "\
Examples:
  callcta emulate -- pytest
  callcta emulate --port
  callcta emulate --wait-ready http://127.0.0.1:22552
  callcta emulate --format env > .env
  eval \"$(callcta emulate --quiet --format env &)\"; …; kill $CALLCTA_EMULATOR_PID

A command runs with these variables, which --format env exports, too:
  CALLCTA_BASE_URL      where the emulated Graph API is
  CALLCTA_PAGE_ID, CALLCTA_ACCESS_TOKEN, CALLCTA_APP_SECRET
  CALLCTA_PSID          somebody who can be written to
  CALLCTA_VERIFY_TOKEN  with which the webhook is verified
  CALLCTA_CONTROL_URL   where the control API is
With --tls, CALLCTA_CA_FILE and the variables by which OpenSSL, Node, Python's requests
and curl are told what to trust name the certificate's file. Most of them then trust
nothing else.
It gets the signals HUP, INT, QUIT, TERM, USR1 and USR2 that callcta gets.

With --format json, the first line on standard output is
  {\"url\":…,\"page_id\":…,\"access_token\":…,\"app_secret\":…,\"psids\":[…]}
and with --tls \"ca_file\". The URL is the base URL for clients and, in a browser,
the inbox page.

Most settings can come from variables: CALLCTA_EMULATOR_PORT for --port, and so on.

Exit codes:
  0  told to stop, or ready
  1  not ready in time
  2  usage: the command line or a file can't be used, or the port is taken
With a command, its own; 128 and the signal's number if a signal ended it; 127 if
there is none of that name, 126 if it can't be run.";

const SETTINGS_GET: &str = "\
Examples:
  callcta settings get
  callcta settings get --json > settings.json

With --json, standard output gets one line:
  {\"ok\":true,\"host\":…,\"settings\":{\"audio_enabled\":…,…}}
  {\"ok\":false,\"kind\":…,\"delivery\":…,\"message\":…,…}";

const SETTINGS_SET: &str = "\
Examples:
  callcta settings set --audio-enabled on
  callcta settings set --call-routing PARTNERS
  callcta settings set --timezone-id Africa/Lagos \\
      --open MONDAY=0900-1700 --open FRIDAY=0900-1300
  callcta settings set --file settings.json --icon-enabled off

Before PARTNERS can be rung, the app must be subscribed to the webhook field calls.

With --json, standard output gets one line:
  {\"ok\":true,\"host\":…}
  {\"ok\":false,\"kind\":…,\"delivery\":\"not_sent|rejected|unknown\",\"message\":…,
   \"violations\":[{\"path\":…,\"rule\":…,\"severity\":…,\"message\":…}],…}";

const CALLING_STATUS: &str = "\
Example:
  callcta calling status --json

With --json, standard output gets one line:
  {\"ok\":true,\"host\":…,\"feature\":\"messenger_api_calling\",\"status\":…}
  {\"ok\":false,\"kind\":…,\"delivery\":…,\"message\":…,…}";

const CALLING_PERMISSIONS: &str = "\
Example:
  callcta calling permissions --to 1254477777772919

With --json, standard output gets one line; expiration is in Unix milliseconds:
  {\"ok\":true,\"host\":…,\"status\":…,\"expiration\":…,\"actions\":[{\"name\":…,
   \"can_perform\":…,\"limits\":[{\"time_period\":…,\"max_allowed\":…,\"current_usage\":…}]}]}
  {\"ok\":false,\"kind\":…,\"delivery\":…,\"message\":…,…}";

/// Exit codes of what is no message.
const REQUEST_CODES: &str = "\
Exit codes:
  0  done
  1  what was given breaks a documented rule; nothing was sent
  2  usage: the command line, a setting or a file can't be used
  3  rejected: the platform refused it
  4  unknown: no answer could be read; a change may have been made
  5  not sent: nothing left this machine";

/// Behind `callcta settings get --help`.
pub fn settings_get() -> String {
    format!("{SETTINGS_GET}\n\n{ENVIRONMENT}\n\n{REQUEST_CODES}")
}

/// Behind `callcta settings set --help`.
pub fn settings_set() -> String {
    format!("{SETTINGS_SET}\n\n{ENVIRONMENT}\n\n{REQUEST_CODES}")
}

/// Behind `callcta calling status --help`.
pub fn calling_status() -> String {
    format!("{CALLING_STATUS}\n\n{ENVIRONMENT}\n\n{REQUEST_CODES}")
}

/// Behind `callcta calling permissions --help`.
pub fn calling_permissions() -> String {
    format!("{CALLING_PERMISSIONS}\n\n{ENVIRONMENT}\n\n{REQUEST_CODES}")
}

/// Behind `callcta calling subscribe --help`.
pub fn calling_subscribe() -> String {
    format!("{CALLING_SUBSCRIBE}\n\n{ENVIRONMENT}\n\n{REQUEST_CODES}")
}

const CALLING_SUBSCRIBE: &str = "\
Examples:
  callcta calling subscribe calls messages messaging_postbacks message_echoes

It needs the permission pages_manage_metadata. With --json, standard output gets
one line: {\"ok\":true,\"host\":…}, or what callcta send prints of a failure.";

/// Behind `callcta doctor --help`.
pub fn doctor() -> String {
    format!("{DOCTOR}\n\n{ENVIRONMENT}\n\n{DOCTOR_CODES}")
}

const DOCTOR: &str = "\
Examples:
  callcta doctor
  callcta doctor --to 1254477777772919 --last-action 2026-11-28T09:00:00Z
  callcta doctor --webhook https://example.com/webhook --verify-token 'my token'
  callcta doctor --to 1254477777772919 --send-test

Each line says what was found; -v shows everything that stands behind it. The
verdict is the last line. Nothing is changed, and nothing is sent but with
--send-test; the webhook is asked the challenge and gets two bodies without events.

With --json, standard output gets one line:
  {\"ok\":…,\"host\":…,\"status\":\"ok|warn|fail|unknown\",\"verdict\":…,
   \"checks\":[{\"id\":…,\"title\":…,\"status\":\"ok|warn|fail|unknown|skipped\",\"result\":…,
   \"evidence\":…,\"why\":…,\"fix\":…,\"because\":…,\"kind\":…}],
   \"settings\":[{\"name\":…,\"from\":…}]}
because is the check for whose sake one was skipped; kind is that of an error, such
as timeout.";

const DOCTOR_CODES: &str = "\
Exit codes:
  0  nothing keeps the button from working, though something may deserve a look
  1  something does
  2  usage: the command line, a setting or a file can't be used
  4  unknown: what matters most can't be told";

/// Behind `callcta webhook listen --help`.
pub const WEBHOOK_LISTEN: &str = "\
Examples:
  callcta webhook listen --port 8000 --verify-token 'my token'
  callcta webhook listen --json --forward http://127.0.0.1:3000/webhook

With --json, the first line is {\"url\":…}, then a line for each event:
  {\"type\":\"call\",\"page_id\":…,\"psid\":…,\"time\":…,\"again\":…,\"identity\":…,\"raw\":…,…}
Times are Unix milliseconds; again says that the event was here before.

Exit codes:
  0  told to stop
  2  usage: the command line can't be used, or the port is taken";

/// Behind `callcta webhook verify --help`.
pub const WEBHOOK_VERIFY: &str = "\
Examples:
  callcta webhook verify body.bin --signature sha256=…
  callcta webhook verify - --signature sha256=… --other-secret … < body.bin

With --json, standard output gets one line:
  {\"ok\":…,\"cause\":\"none|reserialized|line_end|base64|recoded|other_secret|malformed|
   no_signature|unknown\",\"secret\":…,\"message\":…}

Exit codes:
  0  the signature fits
  1  it does not
  2  usage: the command line or the file can't be used";

/// Behind `callcta webhook send --help`.
pub const WEBHOOK_SEND: &str = "\
Examples:
  callcta webhook send --url http://127.0.0.1:3000/webhook
  callcta webhook send --url http://127.0.0.1:3000/webhook --event call_connect
  callcta webhook send --url http://127.0.0.1:3000/webhook --signature wrong

Exit codes:
  0  each was answered as it should be
  1  one was not
  2  usage: the command line can't be used";

/// Behind `callcta campaign plan --help`.
pub const CAMPAIGN_PLAN: &str = "\
Examples:
  callcta campaign plan people.csv --message card.json --check
  callcta campaign plan people.csv --message card.json --journal autumn.journal
  callcta campaign load people.csv --message card.json --journal postgresql://db.example/callcta \\
      --campaign autumn

Columns: psid is required. key tells a row from all others; without it, PSID and line
do. page is the Page that sends, --page-id for rows without. window_until is a time
after which the row is skipped. All others fill {{placeholders}}; a blank cell fails its
row unless a default is written: {{ name | default('friend') }}.

With --json, standard output gets one line:
  {\"ok\":…,\"rows\":…,\"ready\":…,\"skipped\":…,\"pages\":{…},\"input_hash\":…,\"message_hash\":…,
   \"findings\":[{\"weight\":…,\"rule\":…,\"place\":…,\"rows\":…,\"lines\":[…],\"message\":…}],\"notes\":[…]}

Exit codes:
  0  everything is in order, or what isn't is skipped as asked
  1  something is wrong; nothing was kept
  2  usage: the command line or a file can't be used
  6  the journal can't be written";

const CAMPAIGN_RUN: &str = "\
Examples:
  callcta campaign run people.csv --message card.json --journal autumn.journal
  callcta campaign run people.csv --message card.json --journal autumn.journal \\
      --suppress stopped.txt --tokens ~/tokens --pace 20
  callcta campaign run --journal postgresql://db.example/callcta --campaign autumn \\
      --tokens ~/tokens";

const CAMPAIGN_RESUME: &str = "\
Examples:
  callcta campaign resume --journal autumn.journal";

const CAMPAIGN_RESULT: &str = "\
Ctrl-C, or a request to end, stops gracefully: nothing more is started, and what is under
way is waited for. A second one quits at once. After a crash, what was under way is
unknown and is never sent again by itself.

With --json, standard output gets one line:
  {\"status\":\"finished|finished_needs_attention|paused\",\"rows\":…,\"states\":{…},
   \"kinds\":[{\"state\":…,\"kind\":…,\"rows\":…}],\"paused\":{PAGE:…},\"campaign\":…,
   \"input_hash\":…,\"message_hash\":…}";

/// Behind `callcta campaign pause --help`.
pub const CAMPAIGN_PAUSE: &str = "\
Examples:
  callcta campaign pause --journal autumn.journal";

/// Behind `callcta campaign status --help`.
pub const CAMPAIGN_STATUS: &str = "\
Examples:
  callcta campaign status --journal autumn.journal
  callcta campaign status --journal autumn.journal --watch
  callcta campaign status --journal autumn.journal --json
  callcta campaign status --journal postgresql://db.example/callcta --campaign autumn --watch";

/// Behind `callcta campaign change --help`.
pub const CAMPAIGN_CHANGE: &str = "\
Examples:
  callcta campaign change --journal autumn.journal --message card.json
  callcta campaign change --journal autumn.journal --pace 10

What was sent stays as it is, and what is in flight, too. A pace is that of the run that is
going on; resume takes one of its own.

Exit codes:
  0  done
  1  the message is not in order for some rows; nothing was changed
  2  usage: the command line or a file can't be used, or nothing runs whose pace could change
  5  nothing was changed: the answer was not yes
  6  the journal can't be read or written";

/// Behind `callcta campaign migrate --help`.
#[cfg(feature = "postgres")]
pub const CAMPAIGN_MIGRATE: &str = "\
Examples:
  callcta campaign migrate --journal postgresql://owner@db.example/callcta
  callcta campaign migrate --grants loader worker reader | psql postgresql://owner@db.example/callcta

What the URL leaves out comes from PGHOST, PGUSER, PGSERVICE and so on; the password best
from a password file (PGPASSFILE, ~/.pgpass), since others can see command lines.

Exit codes:
  0  done
  2  usage: the command line can't be used
  6  the server can't be reached, or says no";

/// Behind `callcta campaign retry --help`.
pub const CAMPAIGN_RETRY: &str = "\
Examples:
  callcta campaign retry --journal autumn.journal --state rejected --kind outside_window
  callcta campaign retry --journal autumn.journal --state unknown --risk-duplicates

Without --state, what was rejected is put back.

Exit codes:
  0  done
  2  usage: the command line or a file can't be used, or the risk was not accepted
  5  nothing was changed: the answer was not yes
  6  the journal can't be read or written";

/// Behind `callcta campaign settle --help`.
pub const CAMPAIGN_SETTLE: &str = "\
Examples:
  callcta webhook listen --json > events.jsonl
  callcta campaign settle --journal autumn.journal --events events.jsonl
  callcta campaign settle --journal autumn.journal --assume-sent --kind worker_lost

Each message carries a key in its metadata, which comes back in the echo that Meta sends
to those who subscribed to message_echoes.";

/// Behind `callcta campaign export --help`.
pub const CAMPAIGN_EXPORT: &str = "\
Examples:
  callcta campaign export --journal autumn.journal --state rejected > rejected.csv";

/// Behind `callcta campaign report --help`.
pub const CAMPAIGN_REPORT: &str = "\
Examples:
  callcta campaign report --journal autumn.journal --open
  callcta campaign report --journal autumn.journal -o autumn.html";

/// Behind `callcta completions --help`.
pub const COMPLETIONS: &str = "\
Examples:
  callcta completions bash > ~/.local/share/bash-completion/completions/callcta
  callcta completions fish > ~/.config/fish/completions/callcta.fish";

/// Behind `callcta man --help`.
pub const MAN: &str = "\
Examples:
  callcta man | man -l -
  callcta man send > callcta-send.1
  callcta man --all /usr/local/share/man/man1";

/// Behind `callcta --help`.
pub fn callcta() -> String {
    format!("{CALLCTA}\n\n{ENVIRONMENT}\n\n{CODES}")
}

/// Behind `callcta send --help`.
pub fn send() -> String {
    format!("{SEND}\n\n{ENVIRONMENT}\n\n{CODES}")
}

/// Behind `callcta campaign run --help`.
pub fn campaign_run() -> String {
    format!("{CAMPAIGN_RUN}\n\n{CAMPAIGN_RESULT}\n\n{ENVIRONMENT}\n\n{CAMPAIGN_CODES}")
}

/// Behind `callcta campaign resume --help`.
pub fn campaign_resume() -> String {
    format!("{CAMPAIGN_RESUME}\n\n{CAMPAIGN_RESULT}\n\n{ENVIRONMENT}\n\n{CAMPAIGN_CODES}")
}
