//! `callcta emulate --tls`.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use crate::running::Running;
use crate::support::{callcta, program, run};

/// A foreign client, as strict as Python's newest.
const FOREIGN: &str = r#"
import json, os, ssl, urllib.request
context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
context.verify_flags |= ssl.VERIFY_X509_STRICT
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
port = os.environ["CALLCTA_BASE_URL"].rsplit(":", 1)[1]
for host in "127.0.0.1", "localhost":
    with opener.open(f"https://{host}:{port}/_emulator/ready") as answer:
        print(json.load(answer)["page_id"])
"#;

#[test]
fn own_clients_and_foreign_ones_trust_it() {
    let script = r#"
        "$0" send --to "$CALLCTA_PSID" --generic Hello --call Call --json || exit 9
        env -u CALLCTA_CA_FILE "$0" send --to "$CALLCTA_PSID" --generic Hello --call Call \
            --json --ca-file "$CALLCTA_CA_FILE" || exit 9
        env -u CALLCTA_CA_FILE "$0" send --to "$CALLCTA_PSID" --generic Hello --call Call \
            --json
        echo "ended with $?"
        "$0" emulate --wait-ready "$CALLCTA_BASE_URL" || exit 9
        python3 -c "$1" || exit 9
        for file in "$CALLCTA_CA_FILE" "$NODE_EXTRA_CA_CERTS" "$REQUESTS_CA_BUNDLE" "$CURL_CA_BUNDLE"
        do [ "$file" = "$SSL_CERT_FILE" ] || exit 9
        done
        echo "$CALLCTA_CA_FILE"
    "#;
    let program = &program();
    let ran = run(callcta(&[
        "emulate", "--tls", "--", "sh", "-c", script, program, FOREIGN,
    ])
    .env_remove("CALLCTA_CA_FILE"));
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with(r#"{"ok":true"#), "{ran:?}");
    assert!(lines[1].starts_with(r#"{"ok":true"#), "{ran:?}");
    assert!(lines[2].contains(r#""kind":"connect""#), "{ran:?}");
    assert_eq!(lines[3], "ended with 5");
    assert_eq!(lines[4..6], ["100000000000001"; 2]);
    assert!(
        !Path::new(lines[6]).exists(),
        "the file is gone with the emulator"
    );
}

#[test]
fn the_certificate_can_be_written_where_one_wants_it() {
    let file = format!("{}/emulator-ca.pem", env!("CARGO_TARGET_TMPDIR"));
    let emulator = Running::start(&["--tls", "--ca-file", &file, "--allow-host", "emu.example"]);
    assert_eq!(emulator.text("ca_file"), file);
    let port = emulator.text("url").rsplit(':').next().unwrap().to_owned();
    // By a name of another machine, as with a host that is built in.
    let named = Command::new("python3")
        .args(["-c", NAMED, &port, &file])
        .output()
        .unwrap();
    assert!(named.status.success(), "{named:?}");
    emulator.close();
    assert!(Path::new(&file).exists());

    let nowhere = run(&mut callcta(&[
        "emulate",
        "--tls",
        "--ca-file",
        "/no/such/folder/ca.pem",
    ]));
    assert_eq!((nowhere.code, nowhere.stdout.as_str()), (2, ""));
    assert!(
        nowhere.stderr.contains("/no/such/folder/ca.pem"),
        "{nowhere:?}"
    );
}

const NAMED: &str = r#"
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as tcp:
    with context.wrap_socket(tcp, server_hostname="emu.example") as tls:
        tls.sendall(b"GET /me HTTP/1.1\r\nHost: emu.example\r\nConnection: close\r\n\r\n")
        assert tls.recv(100).startswith(b"HTTP/1.1 400 ")
"#;
